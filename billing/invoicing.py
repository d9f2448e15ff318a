"""Issuing an invoice: a number and a frozen copy of everything that will be printed on it."""

from typing import Any

from django.conf import settings

from accounts.models import Establishment
from eligibility.siret import siren_of
from notifications import wording
from orders.models import Order

from . import numbering
from .models import Invoice, Payment

INVOICE_SERIES = "F"
SPECIMEN_PREFIX = "D"  # documents of a payment that moved no money take no real number


def issue(order: Order, payment: Payment) -> Invoice:
    """Number and freeze the invoice of a paid order. The caller holds the order's lock.

    Raises IntegrityError where the order already has one: an order is invoiced once.
    """
    assert order.total_excl_vat is not None
    assert order.vat_rate is not None
    assert order.vat_amount is not None
    assert order.total_incl_vat is not None
    series = INVOICE_SERIES if payment.livemode else SPECIMEN_PREFIX + INVOICE_SERIES
    number = numbering.take(series)
    return Invoice.objects.create(
        order=order,
        payment=payment,
        series=number.series,
        year=number.year,
        sequence=number.sequence,
        number=str(number),
        issued_at=number.issued_at,
        total_excl_vat=order.total_excl_vat,
        vat_rate=order.vat_rate,
        vat_amount=order.vat_amount,
        total_incl_vat=order.total_incl_vat,
        content=freeze(order, payment),
    )


def freeze(order: Order, payment: Payment) -> dict[str, Any]:
    """Every text of the page, as it must read for ten years: later changes of name or address change nothing.

    The mentions are those of CGI ann. II art. 242 nonies A, C. com. L441-9 and décret 2022-1299.
    """
    establishment = order.establishment
    assert payment.succeeded_at is not None
    assert order.confirmed_at is not None
    return {
        "seller": dict(settings.SELLER),
        "client": {
            "number": establishment.customer_number,
            "siren": siren_of(establishment.siret),
            "siret": establishment.siret,
            "vat_number": establishment.vat_number,
            "lines": billing_lines(establishment, fallback=order.legal_name),
        },
        "delivery_lines": order.delivery_lines,
        "reference": order.reference,
        "purchase_order": order.purchase_order,
        "ordered_on": wording.paris_date(order.confirmed_at).isoformat(),
        "paid_on": wording.paris_date(payment.succeeded_at).isoformat(),
        "by_means": "par carte bancaire",
        "line": {
            "name": order.product_name,
            "quantity": order.lots,
            "unit_price_excl_vat": str(order.unit_price_excl_vat),
        },
        "vat_text": order.vat_text,
    }


def billing_lines(establishment: Establishment, *, fallback: str) -> list[str]:
    """Name and billing address; the recipient's name where the register keeps the firm's own confidential."""
    return [establishment.legal_name or fallback, *establishment.address_lines]
