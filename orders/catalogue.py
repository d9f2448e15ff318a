"""The first rows of the catalogue. `seed` may run at every deployment: it never changes a row that exists."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from eligibility.quota import Offer
from eligibility.zones import Zone

from .models import Price, Stock, VatRate

OPENING = date(2020, 5, 2)
# EUR HT a lot, delivery included.
PRICES = {
    (Zone.METRO, Offer.PME): Decimal("92.50"),
    (Zone.METRO, Offer.TPE): Decimal("17.80"),
    (Zone.GP_MQ_RE, Offer.PME): Decimal("98.38"),
    (Zone.GP_MQ_RE, Offer.TPE): Decimal("23.68"),
    (Zone.GF_YT, Offer.PME): Decimal("98.38"),
    (Zone.GF_YT, Offer.TPE): Decimal("23.68"),
}
# Percent, and the text of law an invoice must print where there is no VAT (CGI 294, 1).
VAT_RATES = {
    Zone.METRO: (Decimal("5.50"), ""),
    Zone.GP_MQ_RE: (Decimal("2.10"), ""),
    Zone.GF_YT: (Decimal("0.00"), "TVA non applicable – article 294, 1 du CGI"),
}


@transaction.atomic
def seed() -> list[str]:
    """Add what is missing and say what was added. Where a zone has any row of its own, an operator was there."""
    return [*_seed_prices(), *_seed_vat_rates(), *_seed_stock()]


def _seed_prices() -> list[str]:
    known = set(Price.objects.order_by().values_list("zone", "lot_size"))
    missing = [
        Price(zone=zone, lot_size=offer.lot_size, amount_excl_vat=amount, valid_from=OPENING)
        for (zone, offer), amount in PRICES.items()
        if (zone, offer.lot_size) not in known
    ]
    return [f"{price}\u00a0: {price.amount_excl_vat}\u00a0€ HT" for price in Price.objects.bulk_create(missing)]


def _seed_vat_rates() -> list[str]:
    known = set(VatRate.objects.order_by().values_list("zone", flat=True))
    missing = [
        VatRate(zone=zone, rate=rate, legal_text=text, valid_from=OPENING)
        for zone, (rate, text) in VAT_RATES.items()
        if zone not in known
    ]
    return [f"TVA {rate}" for rate in VatRate.objects.bulk_create(missing)]


def _seed_stock() -> list[str]:
    lots = {Offer.TPE.lot_size: settings.STOCK_LOTS_OF_6, Offer.PME.lot_size: settings.STOCK_LOTS_OF_40}
    added = [Stock.objects.get_or_create(lot_size=size, defaults={"available": count}) for size, count in lots.items()]
    return [f"Stock, {stock}" for stock, is_new in added if is_new]
