"""The invoice: every mention of the law, frozen, as a PDF whose bytes never change."""

import hashlib
import io

import pytest
from django.core.files.storage import storages
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from billing import gateway, payments, pdf
from billing.models import Invoice
from tests.factories import UserFactory
from tests.journeys import an_order

from .conftest import Processor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def invoice(processor: Processor) -> Invoice:
    return invoice_of(an_order(headcount=49, lots=3), processor)


def invoice_of(order, processor: Processor) -> Invoice:
    processor.pay(payments.start(order, by=order.placed_by, at=timezone.now()))
    payments.observe(gateway.retrieve(order.payments.get().session_id), at=timezone.now())
    return Invoice.objects.get(order=order)


def stored(invoice: Invoice) -> bytes:
    with storages["private"].open(invoice.pdf_path) as file:
        return file.read()


def pages_of(invoice: Invoice) -> list[str]:
    reader = PdfReader(io.BytesIO(pdf.render(invoice)))
    return [" ".join(page.extract_text().replace("\u00a0", " ").split()) for page in reader.pages]


def text_of(invoice: Invoice) -> str:
    (only_page,) = pages_of(invoice)
    return only_page


@pytest.mark.pango
def test_the_page_bears_every_mention_of_the_law(invoice: Invoice, settings):
    text = text_of(invoice)
    seller, order = settings.SELLER, invoice.order
    for mention in (
        seller["name"], seller["siren"], seller["vat_number"], f"RCS {seller['rcs_city']}", seller["capital"],
        f"FACTURE n° {invoice.number}", order.reference, order.establishment.customer_number,
        f"SIREN {order.establishment.siret[:9]}", "Adresse de facturation", "Adresse de livraison",
        "Nature de l’opération : livraison de biens", "Lot de 40 masques en tissu lavables", "92,50 €", "5,5 %",
        "277,50 €", "15,26 €", "292,76 €", "Reste à payer 0,00 €", "par carte bancaire",
        "Pas d’escompte pour paiement anticipé", "articles L441-10 et D441-5 du code de commerce", "40 €",
    ):  # fmt: skip
        assert mention.replace("\u00a0", " ") in text, mention


@pytest.mark.pango
def test_a_payment_that_moved_no_money_makes_a_specimen_of_its_own_series(invoice: Invoice):
    assert invoice.number.startswith("DF")
    assert "SPÉCIMEN – document sans valeur" in text_of(invoice)


@pytest.mark.pango
def test_without_vat_the_reason_is_printed(processor: Processor):
    invoice = invoice_of(an_order(lots=1, postal_code="97300", city="CAYENNE"), processor)
    assert invoice.vat_amount == 0
    assert "TVA non applicable – article 294, 1 du CGI" in text_of(invoice)


@pytest.mark.pango
@pytest.mark.parametrize("name", ["L’ŒUF & <FILS> 😀", "X" * 160, "A\x07B", "ÉTABLISSEMENTS DUPONT " * 7])
def test_odd_company_names_make_a_readable_page(invoice: Invoice, name: str):
    invoice.content["client"]["lines"][0] = name
    assert invoice.number in pages_of(invoice)[0]


@pytest.mark.pango
def test_the_stored_bytes_never_change(invoice: Invoice):
    pdf.store(invoice)
    invoice.refresh_from_db()
    first = stored(invoice)
    assert hashlib.sha256(first).hexdigest() == invoice.pdf_sha256
    pdf.store(invoice)
    pdf.make_missing()
    invoice.refresh_from_db()
    assert stored(invoice) == first
    assert len(first) == invoice.pdf_size


def test_a_change_of_name_or_address_changes_no_invoice(invoice: Invoice):
    before = dict(invoice.content)
    invoice.order.establishment.legal_name = "AUTRE NOM"
    invoice.order.establishment.save()
    invoice.refresh_from_db()
    assert invoice.content == before


@pytest.mark.pango
def test_the_owner_downloads_it_and_a_stranger_finds_nothing(invoice: Invoice, client):
    pdf.store(invoice)
    url = reverse("billing:invoice_pdf", args=[invoice.number])
    client.force_login(invoice.order.placed_by)
    response = client.get(url)
    assert response["Content-Type"] == "application/pdf"
    assert f"facture-{invoice.number}.pdf" in response["Content-Disposition"]
    assert b"".join(response.streaming_content).startswith(b"%PDF")
    client.force_login(UserFactory())
    assert client.get(url).status_code == 404


def test_until_the_pdf_is_there_the_list_says_so(invoice: Invoice, client):
    client.force_login(invoice.order.placed_by)
    assert "en cours de préparation" in client.get(reverse("billing:invoices")).content.decode()
    assert client.get(reverse("billing:invoice_pdf", args=[invoice.number])).status_code == 302
