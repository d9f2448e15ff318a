"""Which customers a stock of Sirene would cost the right to order: told before anything changes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from eligibility.check import check
from eligibility.models import RegisterEntry, SireneUnit
from tests.eligibility.conftest import sirets
from tests.eligibility.sirene_files import establishment, unit

Loader = Callable[..., Any]
CUSTOMERS = ONE, TWO, THREE = sirets(3)
STRANGER = sirets(4)[3]


@pytest.fixture(autouse=True)
def in_service(entry: Callable[..., RegisterEntry]) -> None:
    """The chambers tell no headcount: Sirene's counts."""
    for siret in (*CUSTOMERS, STRANGER):
        entry(siret, headcount_code="")


def lost(load_stock: Loader, rows: list[dict[str, str]], stock: str = "unites_legales") -> list[str]:
    found: list[str] = load_stock(rows, stock, apply=False, customers=lambda: CUSTOMERS).losers
    return found


@pytest.mark.parametrize("cells", [{"etatAdministratif": "C"}, {"trancheEffectifs": "21"}], ids=["ceased", "large"])
@pytest.mark.parametrize("is_first", [True, False], ids=["first load", "later load"])
def test_a_company_is_lost_when_it_ceases_or_grows_too_large(
    load_stock: Loader, cells: dict[str, str], *, is_first: bool
) -> None:
    if not is_first:
        load_stock([unit(siret[:9]) for siret in (*CUSTOMERS, STRANGER)], "unites_legales")
    assert lost(load_stock, [unit(ONE[:9]), unit(TWO[:9], **cells), unit(STRANGER[:9], **cells)]) == [TWO]


def test_an_establishment_is_lost_when_it_closes(load_stock: Loader) -> None:
    load_stock([establishment(siret) for siret in CUSTOMERS])
    rows = [establishment(ONE), establishment(THREE, etatAdministratif="F")]
    assert lost(load_stock, rows, "etablissements") == [THREE]


def test_who_could_not_order_before_is_not_lost(load_stock: Loader) -> None:
    load_stock([unit(TWO[:9], trancheEffectifs="21")], "unites_legales")
    assert lost(load_stock, [unit(TWO[:9], etatAdministratif="C")]) == []


def test_the_view_of_what_would_be_is_gone_after_the_look(load_stock: Loader) -> None:
    rows = [unit(TWO[:9], etatAdministratif="C")]
    assert load_stock(rows, "unites_legales", customers=lambda: CUSTOMERS).losers == [TWO]
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"pg_temp.{SireneUnit._meta.db_table}"])
        assert cursor.fetchone() == (None,)
    assert not check(TWO, at=timezone.now()).is_eligible
