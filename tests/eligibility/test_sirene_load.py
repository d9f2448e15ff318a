"""Sirene's stock files: what is read, what is kept, what is refused, and how a load goes live."""

import csv
import gzip
import io
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.utils import timezone

from eligibility.check import check
from eligibility.models import RegisterEntry, SireneEstablishment, SireneLoad, SireneUnit
from eligibility.registers.refusal import LoadRefused
from eligibility.sirene import swap
from eligibility.sirene.history import roll_back
from eligibility.sirene.models import Stock
from eligibility.verdict import Reason
from tests.eligibility.conftest import put_into_service, put_sirene_into_service, register_row, sirets
from tests.eligibility.sirene_files import COLUMNS, SAMPLE, establishment, text, unit, written

SIRET = sirets(1)[0]
SIREN = SIRET[:9]
STOCKS = ("etablissements", "unites_legales")
Rows = list[dict[str, str]]


@pytest.fixture
def load(db: None, tmp_path: Path) -> Callable[..., Any]:
    """Load rows, or a whole text, as one stock file."""

    def load_rows(rows: Rows | str | bytes, stock: str = "etablissements", **wishes: Any) -> Any:
        content = text(stock, rows) if isinstance(rows, list) else rows
        path = tmp_path / f"{stock}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return put_sirene_into_service(path, stock, **wishes)

    return load_rows


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("StockUniteLegale_utf8.csv", content)
    return buffer.getvalue()


def cells(row: models.Model) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in row._meta.fields}


# --- what is kept of a row


def test_the_whole_sample_is_read(db: None) -> None:
    reports = [put_sirene_into_service(SAMPLE[stock], stock) for stock in STOCKS]
    assert [(report.read, report.accepted, report.rejected.total()) for report in reports] == [
        (639, 639, 0), (638, 638, 0),
    ]  # fmt: skip
    assert SireneEstablishment.objects.count() == 639
    assert SireneUnit.objects.count() == 638
    site, firm = SireneEstablishment.objects.get(pk="00628023400169"), SireneUnit.objects.get(pk="006280234")
    assert (site.street, site.postal_code, site.city, site.headcount_code, site.headcount_year) == (
        "14 RUE DE BRIANGAUD", "35600", "REDON", "02", 2016,
    )  # fmt: skip
    assert (firm.legal_name, firm.headcount_code, firm.legal_category, firm.naf) == ("LE GAL", "12", "5710", "43.99D")


@pytest.mark.parametrize("stock", STOCKS)
def test_every_key_of_the_sample_is_kept_with_its_zeros(db: None, stock: str) -> None:
    put_sirene_into_service(SAMPLE[stock], stock)
    model, key = (SireneEstablishment, "siret") if stock == "etablissements" else (SireneUnit, "siren")
    with SAMPLE[stock].open(encoding="utf-8", newline="") as file:
        expected = {row[key] for row in csv.DictReader(file)}
    assert set(model._default_manager.values_list("pk", flat=True)) == expected


def test_an_establishment_is_kept_in_the_shapes_the_shop_needs(load: Callable[..., Any]) -> None:
    load(
        [
            establishment(
                SIRET, enseigne1="  LE PETIT\tGAL ", denominationUsuelle="AUTRE", complementAdresse="BAT A",
                indiceRepetition="B", distributionSpeciale="BP 12", codeCedex="35603", libelleCedex="REDON CEDEX",
                activitePrincipaleRegistreMetiers="3212ZZ",
            )
        ]
    )  # fmt: skip
    assert cells(SireneEstablishment.objects.get()) == {
        "siret": SIRET, "is_open": True, "is_confidential": False, "is_head_office": True, "trade_name": "LE PETITGAL",
        "address_extra": "BAT A", "street": "7 B AVENUE DES ARTS", "box": "BP 12", "postal_code": "35600",
        "city": "REDON", "commune": "35236", "cedex": "35603 REDON CEDEX", "naf": "23.70Z", "aprm": "3212ZZ",
        "headcount_code": "02", "headcount_year": 2024,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"denomination": "LE GAL", "nom": "MARTIN"}, "LE GAL"),
        ({"denomination": "", "prenomUsuel": "CAMILLE", "nom": "MARTIN"}, "CAMILLE MARTIN"),
        ({"denomination": "", "prenomUsuel": "CAMILLE", "nom": "MARTIN", "nomUsage": "LE GAL"}, "CAMILLE LE GAL"),
        ({"denomination": "", "nom": "MARTIN"}, "MARTIN"),
        ({"denomination": ""}, ""),
    ],
    ids=["company", "person", "name in use", "no first name", "nothing"],
)
def test_a_sole_trader_bears_the_persons_name(load: Callable[..., Any], given: dict[str, str], name: str) -> None:
    load([unit(SIREN, **given)], "unites_legales")
    assert SireneUnit.objects.get().legal_name == name


def test_a_masked_cell_is_empty_and_its_mask_stands_nowhere(load: Callable[..., Any]) -> None:
    """Every column that INSEE masks for a firm of partial diffusion, and one it did not mask before."""
    kept = {"siren", "nic", "siret", "statutDiffusionEtablissement", "etatAdministratifEtablissement"}
    site = {name: "[ND]" for name in COLUMNS["etablissements"] if name not in kept}
    load([establishment(SIRET, statutDiffusion="P") | site])
    kept = {"siren", "statutDiffusionUniteLegale", "etatAdministratifUniteLegale", "trancheEffectifsUniteLegale"}
    firm = {name: "[ND]" for name in COLUMNS["unites_legales"] if name not in kept}
    load([unit(SIREN, statutDiffusion="P") | firm], "unites_legales")
    for row in (SireneEstablishment.objects.get(), SireneUnit.objects.get()):
        assert row.is_confidential
        assert not [value for value in cells(row).values() if "ND" in str(value)]
    assert SireneUnit.objects.get().headcount_code == "12"


def test_what_is_not_clearly_public_is_confidential(load: Callable[..., Any]) -> None:
    statuses = ("O", "P", "N", "")
    load([establishment(siret, statutDiffusion=status) for siret, status in zip(sirets(4), statuses, strict=True)])
    found = dict(SireneEstablishment.objects.values_list("siret", "is_confidential"))
    assert [found[siret] for siret in sirets(4)] == [False, True, True, True]


def test_of_what_is_closed_only_number_and_state_are_kept(load: Callable[..., Any]) -> None:
    load([establishment(SIRET, etatAdministratif="F", enseigne1="LE PETIT GAL", complementAdresse="BAT A")])
    load([unit(SIREN, etatAdministratif="C", sigle="LPG")], "unites_legales")
    for row, key in ((SireneEstablishment.objects.get(), SIRET), (SireneUnit.objects.get(), SIREN)):
        values = cells(row)
        assert key in values.values()
        assert {value for value in values.values() if value != key} == {"", False, None}


@pytest.mark.parametrize(("code", "stored"), [("12", "12"), ("", "NN"), ("NN", "NN"), ("99", "")])
def test_an_empty_headcount_means_none_and_an_unknown_code_says_nothing(
    load: Callable[..., Any], code: str, stored: str
) -> None:
    load([unit(SIREN, trancheEffectifs=code)], "unites_legales")
    assert SireneUnit.objects.get().headcount_code == stored


@pytest.mark.parametrize("character", ["\t", "\x01", "\x7f", "\x85"])
def test_a_control_character_is_dropped_wherever_it_stands(load: Callable[..., Any], character: str) -> None:
    load([establishment(siret, enseigne1=f"LE{character} GAL{character}") for siret in sirets(2)])
    assert set(SireneEstablishment.objects.values_list("trade_name", flat=True)) == {"LE GAL"}


@pytest.mark.parametrize("postal_code", ["", "3560", "35600 ", "B-1000", "[ND]"])
def test_a_postal_code_is_five_digits_or_nothing(load: Callable[..., Any], postal_code: str) -> None:
    load([establishment(SIRET, codePostal=postal_code)])
    assert SireneEstablishment.objects.get().postal_code == (postal_code.strip() if postal_code == "35600 " else "")


def test_an_endless_cell_is_cut_to_its_column(load: Callable[..., Any]) -> None:
    load([establishment(SIRET, libelleVoie="É" * 500, libelleCommune="Œ" * 500)])
    site = SireneEstablishment.objects.get()
    assert (len(site.street), len(site.city)) == (160, 100)


# --- the layout moves


def test_columns_are_read_by_name_in_any_order_and_unknown_ones_ignored(load: Callable[..., Any]) -> None:
    columns = ["nouveauChampEtablissement", *reversed(COLUMNS["etablissements"])]
    load("\ufeff" + text("etablissements", [establishment(SIRET)], columns).replace("\n", "\r\n"))
    assert SireneEstablishment.objects.get().street == "7 AVENUE DES ARTS"


def test_the_forty_eight_columns_of_2023_are_enough(load: Callable[..., Any]) -> None:
    since = {
        "dernierNumeroVoieEtablissement", "indiceRepetitionDernierNumeroVoieEtablissement",
        "identifiantAdresseEtablissement", "coordonneeLambertAbscisseEtablissement",
        "coordonneeLambertOrdonneeEtablissement", "activitePrincipaleNAF25Etablissement",
    }  # fmt: skip
    columns = [name for name in COLUMNS["etablissements"] if name not in since]
    assert len(columns) == 48
    load(text("etablissements", [establishment(SIRET)], columns))
    assert SireneEstablishment.objects.count() == 1


@pytest.mark.parametrize(
    ("stock", "missing"),
    [("etablissements", "etatAdministratifEtablissement"), ("unites_legales", "trancheEffectifsUniteLegale")],
)
def test_a_needed_column_that_is_missing_refuses_the_file_by_its_name(
    load: Callable[..., Any], stock: str, missing: str
) -> None:
    columns = [name for name in COLUMNS[stock] if name != missing]
    with pytest.raises(LoadRefused, match=missing):
        load(text(stock, [], columns), stock)


@pytest.mark.parametrize("stock", STOCKS)
def test_the_other_stock_is_no_file_for_this_one(db: None, stock: str) -> None:
    other = next(name for name in STOCKS if name != stock)
    with pytest.raises(LoadRefused, match="n’est pas l’en-tête attendu"):
        put_sirene_into_service(SAMPLE[other], stock)


# --- bad input: nothing is guessed, nothing is half applied


def test_a_bad_row_is_left_out_and_counted_with_an_example(load: Callable[..., Any]) -> None:
    good, short, odd = sirets(3)
    report = load([establishment(good), establishment(short[1:]), establishment(odd, etatAdministratif="X")])
    assert dict(report.rejected) == {"key_invalid": 1, "state_unknown": 1}
    assert report.examples == {"key_invalid": [short[1:]], "state_unknown": [odd]}
    assert SireneEstablishment.objects.get().pk == good
    assert SireneLoad.objects.get().rows_rejected == 2


WHOLE = text("etablissements", [establishment(siret) for siret in sirets(20)])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "en-tête"),
        (b"\x00\x01\x02", "octets nuls"),
        (WHOLE.encode().replace(b"REDON", b"RED\x00N", 1), "octets nuls"),
        (WHOLE.encode().replace(b"REDON", b"R\xe9DON", 1), "n’est pas en UTF-8"),
        (WHOLE.replace("REDON", '"REDON', 1).encode(), "abîmé entre les lignes 2 et 21"),
        (WHOLE.partition("\n")[0].encode(), "aucune ligne exploitable"),
        ("siren;siret\n" * 3, "en-tête"),
    ],
    ids=["empty", "binary", "NUL", "latin", "quote", "header alone", "other file"],
)
def test_a_damaged_file_is_refused_with_a_sentence_and_changes_nothing(
    load: Callable[..., Any], content: bytes | str, sentence: str
) -> None:
    load([establishment(SIRET)])
    with pytest.raises(LoadRefused, match=sentence):
        load(content)
    assert SireneEstablishment.objects.get().pk == SIRET


def test_a_row_out_of_step_with_the_header_is_left_out(load: Callable[..., Any]) -> None:
    shifted, short, good = (text("etablissements", [establishment(siret)]).splitlines()[1] for siret in sirets(3))
    header = ",".join(COLUMNS["etablissements"])
    report = load("\n".join((header, shifted.replace("REDON", "RE,DON") + "62.01Z", short[:60], good, "")))
    assert dict(report.rejected) == {"field_count": 1, "state_unknown": 1}
    assert SireneEstablishment.objects.get().pk == sirets(3)[2]


def test_a_line_without_end_is_a_bad_row_and_fills_no_memory(load: Callable[..., Any]) -> None:
    report = load(WHOLE + "9" * 30_000_000 + "\n" + text("etablissements", [establishment(SIRET[:13])]).splitlines()[1])
    assert dict(report.rejected) == {"key_invalid": 2}
    assert report.examples == {"key_invalid": ["(vide)", SIRET[:13]]}


@pytest.mark.parametrize("pack", [gzip.compress, zipped], ids=["gzip", "zip"])
def test_a_packed_stock_is_read_as_it_is_published(db: None, tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "StockUniteLegale_utf8.zip"
    path.write_bytes(pack(SAMPLE["unites_legales"].read_bytes()))
    assert put_sirene_into_service(path, "unites_legales").accepted == 638


def test_one_number_twice_refuses_the_file(load: Callable[..., Any]) -> None:
    with pytest.raises(LoadRefused, match="Un même SIRET figure deux fois"):
        load([establishment(SIRET), establishment(SIRET)])


def test_a_file_without_its_last_line_end_is_read_whole(load: Callable[..., Any]) -> None:
    load(WHOLE.rstrip("\n"))
    assert SireneEstablishment.objects.count() == 20


# --- going live


def test_a_dry_run_reports_the_same_and_changes_nothing(load: Callable[..., Any]) -> None:
    dry = list(load([establishment(SIRET)], apply=False).lines())
    assert not SireneEstablishment.objects.exists()
    assert not SireneLoad.objects.exists()
    assert dry == list(load([establishment(SIRET)]).lines())


def test_the_same_file_again_is_nothing_to_do(load: Callable[..., Any]) -> None:
    load([establishment(SIRET)])
    report = load([establishment(SIRET)])
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
    load: Callable[..., Any], rows: Rows, objection: str
) -> None:
    load([establishment(siret, dateDernierTraitement="2026-10-31T10:00:00") for siret in sirets(20)])
    # A thousand rows is the floor, and these files have twenty.
    report = load(rows, allowed=("few-rows",))
    assert [found.name for found in report.unlifted] == [objection]
    assert not report.is_applied
    assert load(rows, allowed=("few-rows", objection)).is_applied


def test_a_load_says_who_what_and_when(load: Callable[..., Any]) -> None:
    load([establishment(siret) for siret in sirets(3)] + [establishment(sirets(4)[3], etatAdministratif="F")])
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


# --- the way back


def test_a_rollback_returns_to_the_former_stock_at_once_and_a_second_one_undoes_it(load: Callable[..., Any]) -> None:
    for name in ("PREMIER", "DEUXIEME", "TROISIEME"):
        load([unit(SIREN, denomination=name)], "unites_legales")
    for expected in ("DEUXIEME", "TROISIEME", "DEUXIEME"):
        call_command("rollback_sirene", "unites_legales", stdout=StringIO())
        assert SireneUnit.objects.get().legal_name == expected
    states = list(SireneLoad.objects.order_by("pk").values_list("is_active", "is_former"))
    assert states == [(False, False), (True, False), (False, True)]
    restored = SireneLoad.objects.get(is_active=True)
    assert restored.restored_at
    assert restored.restored_by


def test_after_a_rollback_the_next_load_goes_on_from_there(load: Callable[..., Any]) -> None:
    for name in ("PREMIER", "DEUXIEME"):
        load([unit(SIREN, denomination=name)], "unites_legales")
    roll_back(Stock.UNITS, by="essai", at=timezone.now())
    load([unit(SIREN, denomination="TROISIEME")], "unites_legales")
    roll_back(Stock.UNITS, by="essai", at=timezone.now())
    assert SireneUnit.objects.get().legal_name == "PREMIER"


def test_without_a_former_stock_a_rollback_is_refused(load: Callable[..., Any]) -> None:
    load([establishment(SIRET)])
    with pytest.raises(CommandError, match="Aucun chargement précédent n’est conservé"):
        call_command("rollback_sirene", "etablissements")
    assert SireneEstablishment.objects.exists()


def test_the_command_registers_lists_sirenes_loads_too(load: Callable[..., Any]) -> None:
    for postal_code in ("35600", "35000"):
        load([establishment(SIRET, codePostal=postal_code)])
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


# --- beside readers and beside other loads


@pytest.fixture
def two_files(tmp_path: Path) -> list[Path]:
    return [
        written(
            tmp_path, "unites_legales", [unit(siret[:9], denomination=name) for siret in sirets(200)], f"{name}.csv"
        )
        for name in ("AVANT", "APRES")
    ]


@pytest.mark.django_db(transaction=True)
def test_readers_see_the_old_stock_or_the_new_one_and_never_neither(two_files: list[Path]) -> None:
    put_sirene_into_service(two_files[0], "unites_legales")
    over = threading.Event()

    def read() -> set[tuple[str, int]]:
        seen = set()
        try:
            while not over.is_set():
                names = list(SireneUnit.objects.values_list("legal_name", flat=True))
                assert len(set(names)) == 1
                seen.add((names[0], len(names)))
        finally:
            connection.close()
        return seen

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for number in range(1, 9):
            put_sirene_into_service(two_files[number % 2], "unites_legales")
        over.set()
        seen = {each for reader in readers for each in reader.result(30)}
    assert seen == {("AVANT", 200), ("APRES", 200)}
    assert SireneLoad.objects.filter(is_active=True).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["build", "replace"])
def test_a_load_that_is_killed_leaves_the_stock_usable_and_can_be_run_again(
    two_files: list[Path], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    put_sirene_into_service(two_files[0], "unites_legales")
    whole = getattr(swap, moment)

    def killed(*args: Any, **options: Any) -> None:
        whole(*args, **options)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(swap, moment, killed)
    with pytest.raises(Exception, match="terminat"):
        put_sirene_into_service(two_files[1], "unites_legales")
    connection.close()
    assert set(SireneUnit.objects.values_list("legal_name", flat=True)) == {"AVANT"}
    monkeypatch.setattr(swap, moment, whole)
    assert put_sirene_into_service(two_files[1], "unites_legales").is_applied
    assert set(SireneUnit.objects.values_list("legal_name", flat=True)) == {"APRES"}


@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_are_refused_whatever_they_load(
    two_files: list[Path], write: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one is told who holds the place; a register and Sirene wait for each other too."""
    inside, go_on = threading.Event(), threading.Event()
    build = swap.build

    def slow(*args: Any, **options: Any) -> None:
        inside.set()
        assert go_on.wait(30)
        build(*args, **options)

    monkeypatch.setattr(swap, "build", slow)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(in_thread, put_sirene_into_service, two_files[0], "unites_legales")
        assert inside.wait(30)
        try:
            for second in (
                lambda: put_sirene_into_service(SAMPLE["etablissements"]),
                lambda: put_into_service(write([register_row(SIRET)])),
                lambda: roll_back(Stock.UNITS, by="essai", at=timezone.now()),
            ):
                with pytest.raises(LoadRefused, match=r"Un autre chargement est en cours.*SIRENE unites_legales AVANT"):
                    second()
        finally:
            go_on.set()
        assert running.result(30).is_applied


def in_thread(action: Callable[..., Any], *args: Any) -> Any:
    try:
        return action(*args)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_load_waits_for_a_long_reader_without_making_others_wait(two_files: list[Path]) -> None:
    """A customer's transaction has read Sirene and is still at work: the exchange gives way again and again."""
    put_sirene_into_service(two_files[0], "unites_legales")
    reading, go_on = threading.Event(), threading.Event()

    def long_reader() -> tuple[int, int]:
        with transaction.atomic():
            before = SireneUnit.objects.filter(legal_name="AVANT").count()
            reading.set()
            assert go_on.wait(30)
            return before, SireneUnit.objects.filter(legal_name="AVANT").count()

    with ThreadPoolExecutor(2) as pool:
        reader = pool.submit(in_thread, long_reader)
        assert reading.wait(30)
        loading = pool.submit(in_thread, put_sirene_into_service, two_files[1], "unites_legales")
        waits = []
        for _ in range(20):
            started = time.monotonic()
            assert SireneUnit.objects.filter(legal_name="AVANT").count() == 200
            waits.append(time.monotonic() - started)
            time.sleep(0.05)
        assert not loading.done()
        go_on.set()
        assert reader.result(30) == (200, 200)
        assert loading.result(30).is_applied
    assert max(waits) < 1
    assert SireneUnit.objects.filter(legal_name="APRES").count() == 200


def test_what_a_load_found_is_what_the_next_check_judges(
    load: Callable[..., Any], entry: Callable[..., RegisterEntry]
) -> None:
    entry(SIRET, headcount_code="", legal_name="", street="", postal_code="", city="")
    load([unit(SIREN, trancheEffectifs="02")], "unites_legales")
    load([establishment(SIRET)])
    verdict = check(SIRET, at=timezone.now())
    assert (verdict.is_eligible, verdict.headcount, verdict.facts.legal_name) == (True, 5, "ATELIER DES ARTS")
    assert (verdict.facts.street, verdict.facts.city) == ("7 AVENUE DES ARTS", "REDON")
    load([unit(SIREN, etatAdministratif="C")], "unites_legales")
    assert check(SIRET, at=timezone.now()).reason is Reason.CLOSED
