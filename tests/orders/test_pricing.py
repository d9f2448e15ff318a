"""Prices, to the cent: the golden tables, and what happens on the day a price changes."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from orders import catalogue, pricing
from orders.errors import OrderError
from orders.models import Price, VatRate

GOLDEN = Path(__file__).parents[1] / "golden"
DAY = date(2020, 5, 5)


def rows(name: str) -> list[dict[str, str]]:
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def prices(db):
    catalogue.seed()


def test_every_golden_price_comes_out_to_the_cent(prices):
    offers = {zone: pricing.offers(zone, on=DAY) for zone in ("METRO", "GP_MQ_RE", "GF_YT")}
    for row in rows("golden_prices"):
        quote = offers[row["zone"]][int(row["lot_size"])].times(int(row["lots"]))
        computed = (quote.masks, quote.total_excl_vat, quote.vat_rate, quote.vat_amount, quote.total_incl_vat)
        expected = [row[name] for name in ("masks", "total_ht", "vat_rate", "vat", "total_ttc")]
        assert list(computed) == [Decimal(text) for text in expected], row


def test_every_golden_unit_price_comes_out_to_the_cent(prices):
    for row in rows("golden_unit_prices"):
        quote = pricing.quote(row["zone"], int(row["lot_size"]), 1, on=DAY)
        assert quote.unit_price_excl_vat == Decimal(row["lot_price_ht"])
        assert quote.per_mask_excl_vat == Decimal(row["per_mask_shown"])
        assert quote.per_use_excl_vat == Decimal(row["per_use_shown"])


def test_a_quote_costs_one_query(prices, django_assert_num_queries):
    with django_assert_num_queries(1):
        pricing.quote("METRO", 40, 3, on=DAY)
    with django_assert_num_queries(1):
        pricing.grid(DAY)


def test_price_and_rate_change_on_their_day_and_not_before(prices):
    change = date(2026, 1, 1)
    Price.objects.filter(zone="METRO", lot_size=40).update(valid_to=change)
    VatRate.objects.filter(zone="METRO").update(valid_to=change)
    Price.objects.create(zone="METRO", lot_size=40, amount_excl_vat=Decimal("95.00"), valid_from=change)
    VatRate.objects.create(zone="METRO", rate=Decimal("20.00"), valid_from=change)
    before = pricing.quote("METRO", 40, 1, on=change - timedelta(days=1))
    after = pricing.quote("METRO", 40, 1, on=change)
    assert (before.total_incl_vat, after.total_incl_vat) == (Decimal("97.59"), Decimal("114.00"))


@pytest.mark.parametrize("model", [Price, VatRate])
def test_without_price_or_rate_there_is_a_refusal_not_a_wrong_price(prices, model):
    model.objects.filter(zone="METRO").delete()
    with pytest.raises(OrderError, match="Aucun tarif"):
        pricing.quote("METRO", 40, 1, on=DAY)
    assert [zone.zone for zone in pricing.grid(DAY)] == ["GP_MQ_RE", "GF_YT"]


def test_where_there_is_no_vat_the_law_is_named(prices):
    quote = pricing.quote("GF_YT", 40, 1, on=DAY)
    assert quote.total_incl_vat == quote.total_excl_vat
    assert "article 294, 1 du CGI" in quote.vat_text
