"""The PDF of an invoice, made by a job from the frozen copy and stored with its fingerprint.

WeasyPrint is imported when the first document is made: the site boots and sells where Pango is missing, and the
sweep makes the documents once it is there.
"""

import hashlib
import logging
import time
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.template.loader import render_to_string

from notifications.wording import NBSP

from .models import Invoice

logger = logging.getLogger(__name__)
ROUND_BUDGET = 40.0  # seconds; a page takes about half of one


class EngineMissing(Exception):
    """Pango is not installed here: no document can be made."""


@shared_task
def make_pdf(invoice_pk: int) -> None:
    """Make the PDF of one invoice, unless it exists; where that fails the sweep tries again."""
    make_all(Invoice.objects.filter(pk=invoice_pk))


def store(invoice: Invoice) -> None:
    """Render and keep the PDF. Two jobs at once are harmless: the first path written stays, the bytes never change."""
    if invoice.pdf_path:
        return
    data = render(invoice)
    path = storages["private"].save(f"invoices/{invoice.year}/{invoice.number}.pdf", ContentFile(data))
    is_first = Invoice.objects.filter(pk=invoice.pk, pdf_path="").update(
        pdf_path=path, pdf_size=len(data), pdf_sha256=hashlib.sha256(data).hexdigest()
    )
    if not is_first:
        storages["private"].delete(path)


def make_missing(*, limit: int = 50) -> None:
    """The sweep: make what a lost or failed job left out, oldest first."""
    make_all(Invoice.objects.filter(pdf_path="").order_by("issued_at")[:limit])


def make_all(invoices: Iterable[Invoice]) -> None:
    """Make the PDF of each, while the budget lasts: one that cannot be made keeps nobody else's waiting."""
    stop_at = time.monotonic() + ROUND_BUDGET
    for invoice in invoices:
        if time.monotonic() > stop_at:
            return
        try:
            store(invoice)
        except EngineMissing as error:
            logger.error("invoices wait for their PDF: %s", error)
            return
        except Exception:
            logger.exception("no PDF for invoice %s", invoice)


def render(invoice: Invoice) -> bytes:
    """The page as PDF/UA bytes (tagged: a screen reader reads it)."""
    weasyprint, font_configuration = _engine()
    html = weasyprint.HTML(
        string=render_to_string("billing/invoice.html", page_context(invoice)),
        base_url=str(settings.BASE_DIR / "static"),
    )
    data: bytes = html.write_pdf(font_config=font_configuration, pdf_variant="pdf/ua-1")
    return data


def page_context(invoice: Invoice) -> dict[str, Any]:
    """What the template prints: the row's amounts and the frozen texts, dates and figures typed again."""
    content = invoice.content
    return {
        "invoice": invoice,
        "content": content,
        "ordered_on": date.fromisoformat(content["ordered_on"]),
        "paid_on": date.fromisoformat(content["paid_on"]),
        "seller_siren": _in_threes(content["seller"]["siren"]),
        "client_siren": _in_threes(content["client"]["siren"]),
        "unit_price_excl_vat": Decimal(content["line"]["unit_price_excl_vat"]),
    }


def _in_threes(siren: str) -> str:
    """732 829 320, as a SIREN is read."""
    return NBSP.join((siren[:3], siren[3:6], siren[6:]))


@lru_cache(maxsize=1)
def _engine() -> tuple[Any, Any]:
    """WeasyPrint and one font configuration for the life of the worker: a third of a page's cost otherwise."""
    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
    except OSError as error:
        raise EngineMissing("WeasyPrint finds no Pango") from error

    return weasyprint, FontConfiguration()
