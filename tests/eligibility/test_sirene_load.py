"""Sirene goes live, and back."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from eligibility.check import check
from eligibility.models import RegisterEntry, SireneEstablishment, SireneLoad, SireneUnit
from eligibility.sirene.history import roll_back
from eligibility.sirene.models import Stock
from eligibility.verdict import Reason
from tests.eligibility.conftest import sirets
from tests.eligibility.sirene_files import SAMPLE, establishment, unit

SIRET = sirets(1)[0]
SIREN = SIRET[:9]
Rows = list[dict[str, str]]


def test_a_dry_run_reports_the_same_and_changes_nothing(load_stock: Callable[..., Any]) -> None:
    dry = list(load_stock([establishment(SIRET)], apply=False).lines())
    assert not SireneEstablishment.objects.exists()
    assert not SireneLoad.objects.exists()
    assert dry == list(load_stock([establishment(SIRET)]).lines())


def test_the_same_file_again_is_nothing_to_do(load_stock: Callable[..., Any]) -> None:
    load_stock([establishment(SIRET)])
    report = load_stock([establishment(SIRET)])
    assert report.is_same_file
    assert SireneLoad.objects.count() == 1


@pytest.mark.parametrize(
    ("rows", "objection"),
    [
        ([establishment(siret) for siret in sirets(18)], "drop"),
        ([establishment(number) for siret in sirets(20) for number in (siret, siret[:13])], "many-rejects"),
        ([establishment(siret, dateDernierTraitement="2026-09-30T10:00:00") for siret in sirets(20)], "older"),
    ],
    ids=["drop", "many-rejects", "older"],
)  # fmt: skip
def test_a_suspect_file_waits_for_its_objection_to_be_lifted_by_name(
    load_stock: Callable[..., Any], rows: Rows, objection: str
) -> None:
    load_stock([establishment(siret, dateDernierTraitement="2026-10-31T10:00:00") for siret in sirets(20)])
    # A thousand rows is the floor, and these files have twenty.
    report = load_stock(rows, allowed=("few-rows",))
    assert [found.name for found in report.unlifted] == [objection]
    assert not report.is_applied
    assert load_stock(rows, allowed=("few-rows", objection)).is_applied


def test_a_load_says_who_what_and_when(load_stock: Callable[..., Any]) -> None:
    load_stock([establishment(siret) for siret in sirets(3)] + [establishment(sirets(4)[3], etatAdministratif="F")])
    kept = SireneLoad.objects.get()
    assert (kept.stock, kept.file_name, kept.loaded_by, kept.is_active) == (
        "etablissements", "etablissements.csv", "essai", True,
    )  # fmt: skip
    assert (kept.rows_read, kept.rows_total, kept.rows_closed) == (4, 4, 1)
    assert kept.started_at <= kept.finished_at <= timezone.now()


def test_the_command_is_dry_unless_told_to_apply(db: None) -> None:
    path = str(SAMPLE["etablissements"])
    out = StringIO()
    with pytest.raises(CommandError, match="levez chaque objection"):
        call_command("load_sirene", "etablissements", path, "--apply", stdout=out)
    call_command("load_sirene", "etablissements", path, "--allow-few-rows", stdout=out)
    assert "Essai à blanc" in out.getvalue()
    assert not SireneEstablishment.objects.exists()
    call_command("load_sirene", "etablissements", path, "--apply", "--allow-few-rows", stdout=out, no_color=True)
    assert "Stock Sirene des établissements\u00a0: le fichier est en service." in out.getvalue()
    assert SireneEstablishment.objects.count() == 639


def test_the_command_refuses_a_file_that_is_not_there(db: None) -> None:
    with pytest.raises(CommandError, match="ne peut pas être lu"):
        call_command("load_sirene", "unites_legales", "/nulle/part.csv")


def test_what_a_load_found_is_what_the_next_check_judges(
    load_stock: Callable[..., Any], entry: Callable[..., RegisterEntry]
) -> None:
    entry(SIRET, headcount_code="", legal_name="", street="", postal_code="", city="")
    load_stock([unit(SIREN, trancheEffectifs="02")], "unites_legales")
    load_stock([establishment(SIRET)])
    verdict = check(SIRET, at=timezone.now())
    assert (verdict.is_eligible, verdict.headcount, verdict.facts.legal_name) == (True, 5, "ATELIER DES ARTS")
    assert (verdict.facts.street, verdict.facts.city) == ("7 AVENUE DES ARTS", "REDON")
    load_stock([unit(SIREN, etatAdministratif="C")], "unites_legales")
    assert check(SIRET, at=timezone.now()).reason is Reason.CLOSED


# --- the way back


def test_a_rollback_returns_to_the_former_stock_and_a_second_one_undoes_it(
    load_stock: Callable[..., Any],
) -> None:
    for name in ("PREMIER", "DEUXIEME", "TROISIEME"):
        load_stock([unit(SIREN, denomination=name)], "unites_legales")
    for expected in ("DEUXIEME", "TROISIEME", "DEUXIEME"):
        call_command("rollback_sirene", "unites_legales", stdout=StringIO())
        assert SireneUnit.objects.get().legal_name == expected
    states = list(SireneLoad.objects.order_by("pk").values_list("is_active", "is_former"))
    assert states == [(False, False), (True, False), (False, True)]
    restored = SireneLoad.objects.get(is_active=True)
    assert restored.restored_at
    assert restored.restored_by


def test_after_a_rollback_the_next_load_goes_on_from_there(load_stock: Callable[..., Any]) -> None:
    for name in ("PREMIER", "DEUXIEME"):
        load_stock([unit(SIREN, denomination=name)], "unites_legales")
    roll_back(Stock.UNITS, by="essai", at=timezone.now())
    load_stock([unit(SIREN, denomination="TROISIEME")], "unites_legales")
    roll_back(Stock.UNITS, by="essai", at=timezone.now())
    assert SireneUnit.objects.get().legal_name == "PREMIER"


def test_without_a_former_stock_a_rollback_is_refused(load_stock: Callable[..., Any]) -> None:
    load_stock([establishment(SIRET)])
    with pytest.raises(CommandError, match="Aucun chargement précédent n’est conservé"):
        call_command("rollback_sirene", "etablissements")
    assert SireneEstablishment.objects.exists()


def test_the_command_registers_lists_sirenes_loads_too(load_stock: Callable[..., Any]) -> None:
    for postal_code in ("35600", "35000"):
        load_stock([establishment(SIRET, codePostal=postal_code)])
    call_command("rollback_sirene", "etablissements", stdout=StringIO())
    out = StringIO()
    call_command("registers", stdout=out)
    listed = out.getvalue().partition("Stock Sirene des établissements")[2]
    assert [mark for mark in ("○ retour ici", "● en service", "↺ rétabli le") if mark in listed] == [
        "○ retour ici", "● en service", "↺ rétabli le",
    ]  # fmt: skip
    assert "Stock Sirene des unités légales\n  aucun chargement" in listed


def test_a_load_shows_how_far_it_is_where_somebody_watches(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command(
        "load_sirene", "etablissements", str(SAMPLE["etablissements"]), "--progress", "--allow-few-rows",
        stdout=StringIO(),
    )  # fmt: skip
    assert "Construction de la clé…" in capsys.readouterr().err
