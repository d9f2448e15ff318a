import csv
import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from eligibility import headcount as bands
from eligibility.models import RegisterEntry
from eligibility.registers.generator import Order, batches
from eligibility.registers.invented import HEADCOUNTS
from eligibility.siret import has_valid_key
from eligibility.zones import is_known
from tests.eligibility.conftest import ROOT, put_into_service
from tests.factories import RegisterFactory


def rows(**wishes: object) -> list[dict[str, str]]:
    order = Order(**{"register": "CCI", "rows": 3000, "seed": 7} | wishes)  # type: ignore[arg-type]
    return list(csv.DictReader(io.StringIO(b"".join(batches(order)).decode()), delimiter=";"))


def test_the_same_seed_makes_the_same_file_and_another_one_another() -> None:
    assert rows() == rows()
    assert rows(seed=8) != rows()


def test_sirets_are_right_and_different() -> None:
    sirets = [row["siret"] for row in rows()]
    assert len(set(sirets)) == 3000
    assert all(has_valid_key(siret) for siret in sirets)


def test_it_has_the_shape_of_the_real_thing() -> None:
    made = rows(rows=20_000)
    shares = Counter(row["tranche"] for row in made)
    assert all(abs(shares[code] / 20_000 - share / 1000) < 0.02 for code, share in HEADCOUNTS.items())
    assert all(not row["effectif"] or bands.is_within(int(row["effectif"]), row["tranche"]) for row in made)
    assert all(is_known(row["code_postal"]) for row in made)
    paris = sum(row["code_postal"].startswith("75") for row in made)
    assert 0.05 < paris / 20_000 < 0.15
    assert 0.8 < sum(row["opt_in"] == "O" for row in made) / 20_000 < 0.95


def test_a_later_month_is_the_earlier_one_with_its_changes() -> None:
    first, second = ({row["siret"]: row for row in rows(month=month)} for month in (0, 1))
    assert 0 < len(first.keys() - second.keys()) < 30
    assert 0 < len(second.keys() - first.keys()) < 30
    changed = {siret for siret in first.keys() & second.keys() if first[siret] != second[siret]}
    assert 5 < len(changed) < 100
    delta = {row["siret"] for row in rows(month=1, is_delta=True)}
    assert delta == (changed & delta) | (second.keys() - first.keys())
    assert changed == delta & first.keys()


@pytest.mark.django_db
def test_what_is_made_is_loaded_without_a_remark_and_defects_are_found(write: Callable[..., str]) -> None:
    good = put_into_service(write(b"".join(batches(Order("CCI", 2000)))))
    assert (good.accepted, good.warnings.total()) == (2000, 0)
    bad = put_into_service(write(b"".join(batches(Order("CCI", 2000, defects=0.2)))))
    assert 100 < bad.rejected.total() < 400
    assert {"siret_format", "siret_is_siren", "siret_scientific", "headcount_unusable"} <= set(bad.rejected)
    assert bad.warnings["date_invalid"]
    assert RegisterEntry.objects.count() == bad.accepted


@pytest.mark.django_db
def test_the_command_writes_the_file_to_standard_output() -> None:
    out = io.StringIO()
    call_command("generate_register", "cma", "--rows", "5", "--seed", "7", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 6
    assert {line.split(";")[2] for line in lines[1:]} == {"CMA"}


@pytest.mark.django_db
def test_the_command_writes_no_register_that_is_not_known() -> None:
    with pytest.raises(CommandError, match=r"Le registre zzz n’existe pas\. Registres connus\u00a0: CCI, CMA"):
        call_command("generate_register", "zzz", "--rows", "5")
    RegisterFactory(code="ZZZ")
    out = io.StringIO()
    call_command("generate_register", "zzz", "--rows", "5", stdout=out)
    assert ";ZZZ;" in out.getvalue()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rows", "beaucoup"), "«\u00a0beaucoup\u00a0» n’est pas un nombre entier"),
        (("--rows", "-3"), "«\u00a0-3\u00a0» n’est pas un nombre entier"),
        (("--rows", "5", "--defects", "7"), "«\u00a07\u00a0» n’est pas un nombre entre 0 et 1"),
        (("--rows", "5", "--defects", "0,5"), "«\u00a00,5\u00a0» n’est pas un nombre entre 0 et 1"),
    ],
)
def test_a_number_that_is_none_is_refused_in_french(options: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("generate_register", "cci", *options)


def test_a_reader_that_has_seen_enough_stops_the_file_without_a_word() -> None:
    command = [sys.executable, "manage.py", "generate_sirene", "etablissements", "--rows", "300000"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "masques.settings"}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=environment, **pipes) as process:
        assert process.stdout
        assert process.stdout.read(6) == b"siren,"
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == b""
    assert process.returncode == 0
