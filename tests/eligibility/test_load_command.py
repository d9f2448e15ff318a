import errno
import io
import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from eligibility.models import RegisterEntry, RegisterLoad
from eligibility.registers import guards
from tests.eligibility.conftest import GOLDEN, SAMPLES

pytestmark = pytest.mark.django_db


def rows_in_service(register: str = "CCI") -> int:
    return RegisterEntry.objects.filter(register=register).count()


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("load_register", *args, stdout=out, no_color=True)
    return out.getvalue()


def test_it_is_a_dry_run_by_default() -> None:
    out = run("cci", str(SAMPLES / "sample_cci.csv"), "--allow-few-rows")
    assert "579\u00a0lignes\u00a0: 579\u00a0retenues, 0\u00a0rejetée" in out
    assert "rien n’est changé" in out
    assert rows_in_service() == 0


def test_it_puts_into_service_with_apply() -> None:
    out = run("CCI", str(SAMPLES / "sample_cci.csv"), "--apply", "--allow-few-rows")
    assert "Le registre CCI est en service." in out
    assert rows_in_service() == 579


def test_it_refuses_what_nobody_allowed_and_names_the_option() -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="rien n’est changé"):
        call_command("load_register", "cci", str(SAMPLES / "sample_cci.csv"), "--apply", stdout=out)
    assert "--allow-few-rows" in out.getvalue()
    assert rows_in_service() == 0


def test_it_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, (SAMPLES / "sample_cma.csv").read_bytes())
    os.close(writing)
    with os.fdopen(reading) as pipe:
        monkeypatch.setattr("sys.stdin", pipe)
        run("cma", "-", "--apply", "--allow-few-rows")
    assert rows_in_service("CMA") == 4


def test_it_writes_the_rejects_with_a_mark_for_spreadsheets(tmp_path: Path) -> None:
    target = tmp_path / "rejets.csv"
    source = str(GOLDEN / "golden_register_rows.cci.csv")
    allowed = [f"--allow-{name}" for name in guards.NAMES]
    run("cci", source, "--rejects", str(target), *allowed)
    assert target.read_bytes().startswith(b"\xef\xbb\xbfligne;siret;motif")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("nulle/part.csv", "le dossier .*nulle n’existe pas"), (".", "c’est un dossier")],
    ids=["nowhere", "folder"],
)
def test_a_rejects_file_that_cannot_be_written_stops_before_anything(tmp_path: Path, path: str, reason: str) -> None:
    with pytest.raises(CommandError, match=f"ne peuvent pas être écrites dans .*\u00a0: {reason}"):
        run("cci", str(SAMPLES / "sample_cci.csv"), "--apply", "--rejects", str(tmp_path / path))
    assert not RegisterLoad.objects.exists()


def test_a_rejects_file_never_writes_over_the_file_to_load(tmp_path: Path) -> None:
    source = tmp_path / "cci.csv"
    source.write_bytes((SAMPLES / "sample_cci.csv").read_bytes())
    with pytest.raises(CommandError, match="écrites dans le fichier à charger"):
        run("cci", str(source), "--rejects", f"{tmp_path}/./cci.csv")
    assert source.read_bytes() == (SAMPLES / "sample_cci.csv").read_bytes()


def test_a_disk_that_fails_half_way_is_told_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("masques.management.commands.load_register.load", fail)
    with pytest.raises(CommandError, match="interrompu, rien n’est changé\u00a0: le disque est plein"):
        run("cci", str(SAMPLES / "sample_cci.csv"))


def test_a_name_in_another_encoding_than_utf_8_is_kept_as_well_as_can_be(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/registre_\xe9t\xe9.csv"
    with open(path, "wb") as file:
        file.write((SAMPLES / "sample_cci.csv").read_bytes())
    assert "registre_?t?.csv" in run("cci", os.fsdecode(path), "--apply", "--allow-few-rows")
    assert RegisterLoad.objects.get().file_name == "registre_?t?.csv"


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (KeyboardInterrupt(), "interrompu au clavier"),
        (OperationalError("terminating connection"), "interrompu par la base de données.*terminating connection"),
    ],
    ids=["keyboard", "database"],
)
def test_an_interruption_says_where_to_look(
    trouble: BaseException, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: object) -> None:
        raise trouble

    monkeypatch.setattr("masques.management.commands.load_register.load", interrupt)
    with pytest.raises(CommandError, match=words) as told:
        run("cci", str(SAMPLES / "sample_cci.csv"))
    assert "«\u00a0manage.py registers\u00a0» dit ce qui est en service" in str(told.value)


def test_a_column_without_a_name_is_told(tmp_path: Path) -> None:
    source = tmp_path / "cci.csv"
    source.write_text((SAMPLES / "sample_cci.csv").read_text("utf-8").replace("\n", ";\n"), "utf-8")
    assert "Colonnes inconnues, ignorées\u00a0: (sans nom)" in run("cci", str(source), "--allow-few-rows")
