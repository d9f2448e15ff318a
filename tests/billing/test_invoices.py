"""The invoice: every mention of the law, frozen, as a PDF whose bytes never change."""

import hashlib
import io
import logging
import sys
from decimal import Decimal
from functools import partial

import pytest
from django.core.files.storage import storages
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from billing import gateway, payments, pdf
from billing.models import Invoice
from tests.factories import UserFactory
from tests.journeys import an_order
from tests.races import at_once

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
    siren = order.establishment.siren
    for mention in (
        seller["name"], "000 000 018 RCS", seller["vat_number"], f"RCS {seller['rcs_city']}", seller["capital"],
        f"FACTURE n° {invoice.number}", order.reference, order.establishment.customer_number,
        f"SIREN {siren[:3]} {siren[3:6]} {siren[6:]}", "Adresse de facturation", "Adresse de livraison",
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
def test_the_longest_names_and_addresses_fit_on_one_page(invoice: Invoice):
    line = "RÉSIDENCE DES TILLEULS BATIMENT C12"
    assert len(line) == 35
    invoice.vat_amount = invoice.vat_rate = Decimal(0)
    content = invoice.content
    content["vat_text"] = "TVA non applicable – article 294, 1 du CGI"
    content["purchase_order"] = "B" * 30
    content["client"]["lines"] = ["ÉTABLISSEMENTS DUPONT ET FILS " * 5, *[line] * 5]
    content["delivery_lines"] = [line] * 8
    text = text_of(invoice)
    assert "Reste à payer 0,00 €" in text
    assert "code de commerce" in text


@pytest.mark.pango
def test_the_same_invoice_drawn_again_is_the_same_to_the_byte(invoice: Invoice):
    assert pdf.render(invoice) == pdf.render(Invoice.objects.get(pk=invoice.pk))


class NoPango:
    """An import hook: WeasyPrint as it behaves where its libraries are not installed."""

    def find_spec(self, name: str, *args: object) -> None:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")


def test_without_pango_the_site_sells_and_the_job_says_so_once(
    processor: Processor, client, monkeypatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    pdf._engine.cache_clear()
    first, second = (invoice_of(an_order(), processor) for _ in range(2))
    pdf.make_pdf(first.pk)
    assert caplog.text.count("WeasyPrint finds no Pango") == 1
    pdf.make_missing()
    assert caplog.text.count("WeasyPrint finds no Pango") == 2
    assert "Traceback" not in caplog.text
    assert set(Invoice.objects.values_list("pdf_path", flat=True)) == {""}
    client.force_login(second.order.placed_by)
    assert "en cours de préparation" in client.get(reverse("billing:invoices")).content.decode()
    pdf._engine.cache_clear()


def test_a_document_that_cannot_be_stored_keeps_nobody_elses_waiting(
    processor: Processor, monkeypatch, caplog: pytest.LogCaptureFixture
):
    first, second = (invoice_of(an_order(), processor) for _ in range(2))
    monkeypatch.setattr(pdf, "render", lambda invoice: b"%PDF-1.7")
    save = storages["private"].save

    def full(name: str, content: object) -> str:
        if first.number in name:
            raise OSError(28, "No space left on device")
        return save(name, content)

    monkeypatch.setattr(storages["private"], "save", full)
    with caplog.at_level(logging.CRITICAL):
        pdf.make_missing()
    paths = dict(Invoice.objects.values_list("pk", "pdf_path"))
    assert paths[first.pk] == ""
    assert second.number in paths[second.pk]


def documents_of(year: int) -> set[str]:
    """The paths of all invoices of a year that are stored."""
    folder = f"invoices/{year}"
    if not storages["private"].exists(folder):
        return set()
    return {f"{folder}/{name}" for name in storages["private"].listdir(folder)[1]}


def test_two_jobs_at_once_keep_one_document(processor: Processor, monkeypatch):
    invoice = invoice_of(an_order(), processor)
    monkeypatch.setattr(pdf, "render", lambda invoice: b"%PDF-1.7")
    before = documents_of(invoice.year)  # other tests' invoices bore the same number
    copies = [Invoice.objects.get(pk=invoice.pk) for _ in range(2)]
    assert at_once(*(partial(pdf.store, copy) for copy in copies)) == [None, None]
    invoice.refresh_from_db()
    assert documents_of(invoice.year) - before == {invoice.pdf_path}


def test_a_document_that_storage_has_lost_is_no_error_page(invoice: Invoice, client, caplog):
    Invoice.objects.update(pdf_path="invoices/lost.pdf", pdf_size=1)
    client.force_login(invoice.order.placed_by)
    url = reverse("billing:invoice_pdf", args=[invoice.number])
    with caplog.at_level(logging.CRITICAL):
        assert "momentanément indisponible" in client.get(url, follow=True).content.decode()
    client.force_login(UserFactory(staff=True, is_superuser=True))
    url = reverse("admin:billing_invoice_pdf", args=[invoice.pk])
    with caplog.at_level(logging.CRITICAL):
        assert "ne peut pas être lu" in client.get(url, follow=True).content.decode()


def test_staff_download_the_same_bytes(invoice: Invoice, client, monkeypatch):
    monkeypatch.setattr(pdf, "render", lambda invoice: b"%PDF-1.7 the same")
    url = reverse("admin:billing_invoice_pdf", args=[invoice.pk])
    client.force_login(UserFactory(staff=True, is_superuser=True))
    assert client.get(url).status_code == 404
    pdf.store(invoice)
    assert b"".join(client.get(url).streaming_content) == b"%PDF-1.7 the same"
    assert url in client.get(reverse("admin:billing_invoice_changelist")).content.decode()
    client.force_login(UserFactory(staff=True))
    assert client.get(url).status_code in (302, 403, 404)


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
