"""What an order costs. Money is Decimal EUR; VAT is rounded half up, once per document, never per lot."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings

from eligibility.zones import Zone

from .errors import OrderError
from .models import Price

CENT = Decimal("0.01")
TITLES = {
    Zone.METRO: "Tarifs métropole",
    Zone.GP_MQ_RE: "Tarifs Guadeloupe, Martinique, La Réunion",
    Zone.GF_YT: "Tarifs Mayotte et Guyane",
}


def to_cent(amount: Decimal) -> Decimal:
    """Round half up to the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Quote:
    """Price of n lots of one size delivered in one zone. `vat_rate` is in percent."""

    zone: Zone
    lot_size: int
    lots: int
    unit_price_excl_vat: Decimal
    vat_rate: Decimal
    vat_text: str = ""

    def times(self, lots: int) -> "Quote":
        """The same price for another number of lots."""
        return replace(self, lots=lots)

    @property
    def masks(self) -> int:
        return self.lots * self.lot_size

    @property
    def total_excl_vat(self) -> Decimal:
        return self.unit_price_excl_vat * self.lots

    @property
    def vat_amount(self) -> Decimal:
        return to_cent(self.total_excl_vat * self.vat_rate / 100)

    @property
    def total_incl_vat(self) -> Decimal:
        return self.total_excl_vat + self.vat_amount

    @property
    def per_mask_excl_vat(self) -> Decimal:
        """Price of one mask, to the cent."""
        return to_cent(self.unit_price_excl_vat / self.lot_size)

    @property
    def per_use_excl_vat(self) -> Decimal:
        """Price of one use of one mask, to the cent."""
        return to_cent(self.unit_price_excl_vat / self.lot_size / settings.USES_FOR_PRICE)


def quote(zone: Zone | str, lot_size: int, lots: int, *, on: date) -> Quote:
    """The price on that Paris day, in one query; OrderError where the operator has set none."""
    price = offers(zone, on=on).get(lot_size)
    if price is None:
        raise OrderError("Aucun tarif n’est en vigueur pour ce lieu de livraison. Réessayez plus tard.")
    return price.times(lots)


def offers(zone: Zone | str, *, on: date) -> dict[int, Quote]:
    """The price of one lot of each size in a zone on that Paris day, by lot size, in one query."""
    return {price.lot_size: _quote(price, 1) for price in Price.objects.with_vat(on) if price.zone == zone}


@dataclass(frozen=True)
class ZonePrices:
    """The price list of one delivery zone: one lot of each size, the larger first."""

    zone: Zone
    prices: list[Quote]

    @property
    def title(self) -> str:
        return TITLES[self.zone]

    @property
    def vat_rate(self) -> Decimal:
        return self.prices[0].vat_rate

    @property
    def is_overseas(self) -> bool:
        return self.zone != Zone.METRO


def grid(on: date) -> list[ZonePrices]:
    """The whole price list of that Paris day, in one query; a zone without price or rate is left out."""
    quotes = [_quote(price, 1) for price in Price.objects.with_vat(on)]
    zones = ((zone, [quote for quote in quotes if quote.zone == zone]) for zone in Zone)
    return [ZonePrices(zone, prices) for zone, prices in zones if prices]


def _quote(price: Price, lots: int) -> Quote:
    return Quote(
        zone=Zone(price.zone),
        lot_size=price.lot_size,
        lots=lots,
        unit_price_excl_vat=price.amount_excl_vat,
        vat_rate=price.vat_rate,
        vat_text=price.vat_text,
    )
