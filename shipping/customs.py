"""Customs data (CN23) of an overseas parcel. Amounts: EUR HT on articles, cents in the service block."""

from typing import Any

from django.conf import settings

from orders.models import Order

from .errors import ShippingError
from .models import Shipment

COMMERCIAL = 3  # category of the shipment
MASK_WEIGHT_KG = 0.0101


def amounts(order: Order) -> dict[str, int]:
    """Totals in cents, as the service block wants them with a CN23; carriage is included in the price."""
    assert order.total_excl_vat is not None
    return {"totalAmount": int(order.total_excl_vat * 100), "transportationAmount": 0}


def declaration(shipment: Shipment) -> dict[str, Any]:
    """The declaration: what is inside, worth what, made where. Raises ShippingError without an invoice."""
    order = shipment.order
    if not hasattr(order, "invoice"):
        raise ShippingError("Un colis outre-mer ne part pas sans facture.")
    if not order.unit_price_excl_vat:
        raise ShippingError("La douane refuse une valeur nulle.")
    article = {
        "description": f"Masques textiles reutilisables, lot de {order.lot_size}",
        "quantity": order.lots,
        "weight": round(order.lot_size * MASK_WEIGHT_KG, 2),
        "value": float(order.unit_price_excl_vat),
        "hsCode": settings.CUSTOMS_HS_CODE,
        "originCountry": settings.CUSTOMS_ORIGIN_COUNTRY,
        "currency": "EUR",
    }
    return {
        "includeCustomsDeclarations": 1,
        "numberOfCopies": 4,
        "invoiceNumber": order.invoice.number,
        "contents": {"category": {"value": COMMERCIAL}, "article": [article]},
    }
