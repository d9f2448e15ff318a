"""What is kept of a row of Sirene, whatever columns INSEE adds."""

import csv
from collections.abc import Callable
from typing import Any

import pytest
from django.db import models

from eligibility.models import SireneEstablishment, SireneUnit
from eligibility.registers.refusal import LoadRefused
from tests.eligibility.conftest import put_sirene_into_service, sirets
from tests.eligibility.sirene_files import COLUMNS, SAMPLE, establishment, text, unit

SIRET = sirets(1)[0]
SIREN = SIRET[:9]
STOCKS = ("etablissements", "unites_legales")


def cells(row: models.Model) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in row._meta.fields}


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


def test_an_establishment_is_kept_in_the_shapes_the_shop_needs(load_stock: Callable[..., Any]) -> None:
    load_stock(
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
def test_a_sole_trader_bears_the_persons_name(load_stock: Callable[..., Any], given: dict[str, str], name: str) -> None:
    load_stock([unit(SIREN, **given)], "unites_legales")
    assert SireneUnit.objects.get().legal_name == name


def test_a_masked_cell_is_empty_and_its_mask_stands_nowhere(load_stock: Callable[..., Any]) -> None:
    """Every column that INSEE masks for a firm of partial diffusion, and one it did not mask before."""
    kept = {"siren", "nic", "siret", "statutDiffusionEtablissement", "etatAdministratifEtablissement"}
    site = {name: "[ND]" for name in COLUMNS["etablissements"] if name not in kept}
    load_stock([establishment(SIRET, statutDiffusion="P") | site])
    kept = {"siren", "statutDiffusionUniteLegale", "etatAdministratifUniteLegale", "trancheEffectifsUniteLegale"}
    firm = {name: "[ND]" for name in COLUMNS["unites_legales"] if name not in kept}
    load_stock([unit(SIREN, statutDiffusion="P") | firm], "unites_legales")
    for row in (SireneEstablishment.objects.get(), SireneUnit.objects.get()):
        assert row.is_confidential
        assert not [value for value in cells(row).values() if "ND" in str(value)]
    assert SireneUnit.objects.get().headcount_code == "12"


def test_what_is_not_clearly_public_is_confidential(load_stock: Callable[..., Any]) -> None:
    statuses = ("O", "P", "N", "")
    load_stock(
        [establishment(siret, statutDiffusion=status) for siret, status in zip(sirets(4), statuses, strict=True)]
    )
    found = dict(SireneEstablishment.objects.values_list("siret", "is_confidential"))
    assert [found[siret] for siret in sirets(4)] == [False, True, True, True]


def test_of_what_is_closed_only_number_and_state_are_kept(load_stock: Callable[..., Any]) -> None:
    load_stock([establishment(SIRET, etatAdministratif="F", enseigne1="LE PETIT GAL", complementAdresse="BAT A")])
    load_stock([unit(SIREN, etatAdministratif="C", sigle="LPG")], "unites_legales")
    for row, key in ((SireneEstablishment.objects.get(), SIRET), (SireneUnit.objects.get(), SIREN)):
        values = cells(row)
        assert key in values.values()
        assert {value for value in values.values() if value != key} == {"", False, None}


@pytest.mark.parametrize(("code", "stored"), [("12", "12"), ("", "NN"), ("NN", "NN"), ("99", "")])
def test_an_empty_headcount_means_none_and_an_unknown_code_says_nothing(
    load_stock: Callable[..., Any], code: str, stored: str
) -> None:
    load_stock([unit(SIREN, trancheEffectifs=code)], "unites_legales")
    assert SireneUnit.objects.get().headcount_code == stored


@pytest.mark.parametrize("character", ["\t", "\x01", "\x7f", "\x85"])
def test_a_control_character_is_dropped_wherever_it_stands(load_stock: Callable[..., Any], character: str) -> None:
    load_stock([establishment(siret, enseigne1=f"LE{character} GAL{character}") for siret in sirets(2)])
    assert set(SireneEstablishment.objects.values_list("trade_name", flat=True)) == {"LE GAL"}


@pytest.mark.parametrize("postal_code", ["", "3560", "35600 ", "B-1000", "[ND]"])
def test_a_postal_code_is_five_digits_or_nothing(load_stock: Callable[..., Any], postal_code: str) -> None:
    load_stock([establishment(SIRET, codePostal=postal_code)])
    assert SireneEstablishment.objects.get().postal_code == (postal_code.strip() if postal_code == "35600 " else "")


def test_an_endless_cell_is_cut_to_its_column(load_stock: Callable[..., Any]) -> None:
    load_stock([establishment(SIRET, libelleVoie="É" * 500, libelleCommune="Œ" * 500)])
    site = SireneEstablishment.objects.get()
    assert (len(site.street), len(site.city)) == (160, 100)


# --- the layout moves


def test_columns_are_read_by_name_in_any_order_and_unknown_ones_ignored(load_stock: Callable[..., Any]) -> None:
    columns = ["nouveauChampEtablissement", *reversed(COLUMNS["etablissements"])]
    load_stock("\ufeff" + text("etablissements", [establishment(SIRET)], columns).replace("\n", "\r\n"))
    assert SireneEstablishment.objects.get().street == "7 AVENUE DES ARTS"


def test_the_forty_eight_columns_of_2023_are_enough(load_stock: Callable[..., Any]) -> None:
    since = {
        "dernierNumeroVoieEtablissement", "indiceRepetitionDernierNumeroVoieEtablissement",
        "identifiantAdresseEtablissement", "coordonneeLambertAbscisseEtablissement",
        "coordonneeLambertOrdonneeEtablissement", "activitePrincipaleNAF25Etablissement",
    }  # fmt: skip
    columns = [name for name in COLUMNS["etablissements"] if name not in since]
    assert len(columns) == 48
    load_stock(text("etablissements", [establishment(SIRET)], columns))
    assert SireneEstablishment.objects.count() == 1


@pytest.mark.parametrize(
    ("stock", "missing"),
    [("etablissements", "etatAdministratifEtablissement"), ("unites_legales", "trancheEffectifsUniteLegale")],
)
def test_a_needed_column_that_is_missing_refuses_the_file_by_its_name(
    load_stock: Callable[..., Any], stock: str, missing: str
) -> None:
    columns = [name for name in COLUMNS[stock] if name != missing]
    with pytest.raises(LoadRefused, match=missing):
        load_stock(text(stock, [], columns), stock)


@pytest.mark.parametrize("stock", STOCKS)
def test_the_other_stock_is_no_file_for_this_one(db: None, stock: str) -> None:
    other = next(name for name in STOCKS if name != stock)
    with pytest.raises(LoadRefused, match="n’est pas l’en-tête attendu"):
        put_sirene_into_service(SAMPLE[other], stock)
