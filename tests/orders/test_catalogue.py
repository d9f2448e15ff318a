"""The first rows of the catalogue, and the leaflet."""

import io
from datetime import date
from decimal import Decimal

import pypdf
import pytest
from django.core.management import call_command

from orders import catalogue, leaflet, tasks
from orders.models import Order, Price, Stock, VatRate
from tests.factories import OrderFactory


def seed() -> str:
    out = io.StringIO()
    call_command("seed_catalogue", stdout=out)
    return out.getvalue()


def test_seeding_twice_adds_nothing_the_second_time(db):
    assert "92.50" in seed()
    before = [list(model.objects.order_by("pk").values()) for model in (Price, VatRate, Stock)]
    assert "Nothing to add." in seed()
    assert [list(model.objects.order_by("pk").values()) for model in (Price, VatRate, Stock)] == before
    assert (Price.objects.count(), VatRate.objects.count(), Stock.objects.count()) == (6, 3, 2)


def test_the_two_stocks_make_ten_million_masks(db):
    catalogue.seed()
    assert sum(stock.lot_size * stock.available for stock in Stock.objects.all()) == 10_000_000


def test_what_an_operator_changed_stays(db):
    catalogue.seed()
    Price.objects.filter(zone="METRO", lot_size=40).update(valid_to=date(2030, 1, 1))
    VatRate.objects.filter(zone="METRO").update(rate=Decimal("20.00"))
    Stock.objects.filter(lot_size=6).update(available=7)
    assert catalogue.seed() == []
    assert VatRate.objects.get(zone="METRO").rate == 20
    assert Stock.objects.get(lot_size=6).available == 7


def test_stale_drafts_are_deleted_by_the_job(db):
    OrderFactory(draft=True)
    Order.objects.update(updated_at=date(2026, 1, 1).isoformat() + "T00:00:00Z")
    tasks.delete_stale_drafts()
    assert not Order.objects.exists()


@pytest.mark.pango
class TestLeaflet:
    @pytest.fixture(autouse=True)
    def own_storage(self, settings, tmp_path):
        storages = {name: dict(options) for name, options in settings.STORAGES.items()}
        storages["private"]["OPTIONS"] = {"location": tmp_path}
        settings.STORAGES = storages

    def test_it_is_made_once_and_then_read(self, client, monkeypatch):
        assert leaflet.size() is None
        first = b"".join(client.get("/produit/notice.pdf").streaming_content)
        monkeypatch.setattr("weasyprint.HTML.write_pdf", None)
        page = client.get("/produit/notice.pdf")
        assert b"".join(page.streaming_content) == first
        assert page["Content-Type"] == "application/pdf"
        assert leaflet.size() == len(first)

    def test_a_command_makes_it_before_anybody_asks(self):
        out = io.StringIO()
        call_command("make_leaflet", stdout=out)
        assert out.getvalue().startswith("leaflets/")
        assert leaflet.size()

    def test_it_is_one_readable_page_that_says_who_sells(self, client):
        leaflet.make()
        with leaflet.open_pdf() as file:
            pdf = pypdf.PdfReader(file)
            text = pdf.pages[0].extract_text()
            assert len(pdf.pages) == 1
            assert pdf.metadata.title == "Notice d’utilisation – masque en tissu lavable"
        for words in ("57\u00a0% coton", "Retirer le masque", "après 21\u00a0utilisations", "aide@masques.example"):
            assert words.replace("\u00a0", " ") in " ".join(text.replace("\u00a0", " ").split())

    def test_the_product_page_tells_its_size(self, client):
        leaflet.make()
        assert "Télécharger la notice (PDF, " in client.get("/produit/").content.decode()
