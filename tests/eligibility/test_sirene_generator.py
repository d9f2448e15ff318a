"""Invented stock files of Sirene: their shape, their agreement with each other and with the invented register."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.core.management import call_command

from eligibility.models import SireneEstablishment, SireneUnit
from eligibility.registers import generator as registers
from eligibility.registers.invented import Dice
from eligibility.sirene.generator import Order, _establishment, _unit, batches
from eligibility.sirene.models import Stock
from eligibility.siret import has_valid_key
from eligibility.zones import is_known
from tests.eligibility.conftest import put_sirene_into_service
from tests.eligibility.sirene_files import COLUMNS

ROWS = 20_000
Rows = list[dict[str, str]]


def read(pieces: Iterable[bytes], delimiter: str = ",") -> Rows:
    return list(csv.DictReader(io.StringIO(b"".join(pieces).decode()), delimiter=delimiter))


def made(stock: str, rows: int = ROWS, seed: int = 7) -> Rows:
    return read(batches(Order(Stock(stock), rows, seed)))


@pytest.fixture(scope="module")
def sites() -> Rows:
    return made("etablissements")


@pytest.fixture(scope="module")
def units() -> Rows:
    return made("unites_legales")


def share(rows: Rows, column: str, value: str) -> float:
    return Counter(row[column] for row in rows)[value] / len(rows)


@pytest.mark.parametrize("stock", Stock.values)
def test_the_same_seed_makes_the_same_file_and_another_one_another(stock: str) -> None:
    assert made(stock, 500) == made(stock, 500)
    assert made(stock, 500, seed=8) != made(stock, 500)


@pytest.mark.parametrize(("stock", "width"), [("etablissements", 54), ("unites_legales", 35)])
def test_the_columns_are_those_of_the_published_file_in_their_order(stock: str, width: int) -> None:
    header = next(batches(Order(Stock(stock), 10))).decode().rstrip("\n").split(",")
    assert (header, len(header)) == (COLUMNS[stock], width)


@pytest.mark.parametrize("stock", Stock.values)
def test_every_cell_that_is_worked_out_is_written(stock: str, sites: Rows, units: Rows) -> None:
    """A name that the header does not know would be left out without a word."""
    cells = _unit(Dice(7)) if stock == "unites_legales" else _establishment()
    rows = units if stock == "unites_legales" else sites
    filled = {name for row in rows for name, cell in row.items() if cell}
    assert len(filled) == len(cells)


def test_numbers_are_right_different_and_in_their_order(sites: Rows, units: Rows) -> None:
    sirets, sirens = [row["siret"] for row in sites], [row["siren"] for row in units]
    assert (len(sirets), sirets, sirens) == (ROWS, sorted(set(sirets)), sorted(set(sirens)))
    assert all(has_valid_key(siret) for siret in sirets)
    assert all(row["siret"] == row["siren"] + row["nic"] for row in sites)


def test_every_site_belongs_to_a_unit_which_has_one_head_office(sites: Rows, units: Rows) -> None:
    assert {row["siren"] for row in sites} == {row["siren"] for row in units}
    head_offices = {row["siret"] for row in sites if row["etablissementSiege"] == "true"}
    assert head_offices == {row["siren"] + row["nicSiegeUniteLegale"] for row in units}


def test_it_has_the_shape_of_the_real_thing(sites: Rows, units: Rows) -> None:
    assert 0.6 < len(units) / len(sites) < 0.75
    assert 0.6 < share(sites, "etatAdministratifEtablissement", "F") < 0.72
    assert 0.5 < share(units, "etatAdministratifUniteLegale", "C") < 0.65
    assert 0.5 < share(units, "categorieJuridiqueUniteLegale", "1000") < 0.62
    assert 0.05 < share(units, "statutDiffusionUniteLegale", "P") < 0.12
    sites_of = Counter(Counter(row["siren"] for row in sites).values())
    assert sites_of[1] > sites_of[2] > sites_of[4] > 100
    assert all(is_known(row["codePostalEtablissement"]) for row in sites if row["statutDiffusionEtablissement"] == "O")
    assert max(row["dateDernierTraitementUniteLegale"] for row in units) < "2020-05-01"


def test_of_a_ceased_unit_every_site_is_closed(sites: Rows, units: Rows) -> None:
    ceased = {row["siren"] for row in units if row["etatAdministratifUniteLegale"] == "C"}
    assert {row["etatAdministratifEtablissement"] for row in sites if row["siren"] in ceased} == {"F"}


def test_a_sole_trader_has_a_persons_name_which_is_masked_where_it_was_asked_for(units: Rows) -> None:
    for row in units:
        named = [row["nomUniteLegale"], row["prenomUsuelUniteLegale"]]
        if row["categorieJuridiqueUniteLegale"] != "1000":
            assert (row["denominationUniteLegale"] != "", named) == (True, ["", ""])
            assert row["statutDiffusionUniteLegale"] == "O"
        else:
            assert row["denominationUniteLegale"] == ""
            assert ("[ND]" in named) == (row["statutDiffusionUniteLegale"] == "P")
            assert all(named)


def test_the_invented_register_is_found_in_it_and_says_the_same(sites: Rows, units: Rows) -> None:
    """One seed, one France: a register of a fifth of the rows, two months later at that."""
    known, firms = {row["siret"]: row for row in sites}, {row["siren"]: row for row in units}
    first, later = (
        read(registers.batches(registers.Order("CCI", ROWS // 5, seed=7, month=month)), ";") for month in (0, 2)
    )
    assert {row["siret"] for row in first} | {row["siret"] for row in later} <= known.keys()
    head_offices = [row for row in first if known[row["siret"]]["etablissementSiege"] == "true"]
    assert len(head_offices) > 0.8 * len(first)
    for row in head_offices:
        site, firm = known[row["siret"]], firms[row["siret"][:9]]
        assert row["code_naf"] == site["activitePrincipaleEtablissement"] == firm["activitePrincipaleUniteLegale"]
        assert site["codePostalEtablissement"] in (row["code_postal"], "[ND]")
        assert firm["denominationUniteLegale"] in (row["raison_sociale"], "")
        is_alive = row["etat"] == "A"
        assert (site["etatAdministratifEtablissement"] == "A") == is_alive
        assert firm["trancheEffectifsUniteLegale"] == (row["tranche"] if is_alive else "")


@pytest.mark.django_db
def test_what_is_made_is_loaded_without_a_reject(tmp_path: Path) -> None:
    for stock, model in (("etablissements", SireneEstablishment), ("unites_legales", SireneUnit)):
        path = tmp_path / f"{stock}.csv"
        path.write_bytes(b"".join(batches(Order(Stock(stock), 3000))))
        report = put_sirene_into_service(path, stock)
        assert (report.rejected.total(), report.accepted) == (0, model._default_manager.count())
        assert 0 < report.confidential < report.closed
        assert str(report.newest_on).startswith("2020-04")
    assert not SireneUnit.objects.filter(is_active=True, is_confidential=False, legal_name="").exists()
    assert not SireneEstablishment.objects.filter(is_open=True, is_confidential=False, street="").exists()


@pytest.mark.parametrize(("stock", "lines"), [("etablissements", 8), ("unites_legales", 6)])
def test_the_command_writes_the_file_to_standard_output(stock: str, lines: int) -> None:
    out = io.StringIO()
    call_command("generate_sirene", stock, "--rows", "7", "--seed", "7", stdout=out)
    assert len(out.getvalue().splitlines()) == lines
    assert out.getvalue().startswith("siren,")
