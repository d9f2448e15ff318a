"""The summary, one order, the list: what is shown, what can be done, and for whom."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.models import Invoice, Payment
from eligibility.models import RegisterEntry
from orders import views
from orders.models import Order, Price, Stock
from orders.reference import draw
from shipping.models import Shipment
from tests.factories import PASSWORD, EstablishmentFactory, OrderFactory, UserFactory
from tests.orders.conftest import DELIVERY, commitment, draft_of, text_of

PARIS = ZoneInfo("Europe/Paris")
NAMES = ("order", "delivery", "documents", "summary", "interrupt", "cancel")


def url(name: str, order: Order | str) -> str:
    reference = order if isinstance(order, str) else order.reference
    return reverse(f"{'billing' if name == 'cancel' else 'orders'}:{name}", args=[reference])


@pytest.fixture
def draft(user):
    return draft_of(user, lots=3)


class TestSummary:
    def test_it_shows_everything_before_the_commitment(self, browser, draft):
        page = text_of(browser.get(url("summary", draft)))
        for words in (
            "3\u00a0lots de 40\u00a0masques en tissu lavables", "277,50\u00a0€", "TVA 5,5\u00a0%", "15,26\u00a0€",
            "292,76\u00a0€", "14 RUE DE BRIANGAUD", "06\u00a039\u00a098\u00a000\u00a001", "Prochaine commande possible",
            "conditions générales de vente</a>, version du 01/11/2026", "5 à 7\u00a0jours après l’expédition",
            "ne sont déclenchées qu’après le règlement", "Commander et payer maintenant",
        ):  # fmt: skip
            assert words in page
        assert re.search(r"payer plus tard, jusqu’au \w+ \w+ \w+ inclus", page)

    def test_without_the_box_nothing_is_ordered(self, browser, draft):
        page = browser.get(url("summary", draft))
        page = browser.post(url("summary", draft), commitment(page, terms=""))
        assert "version du 01/11/2026\u00a0: Acceptez les conditions générales pour commander." in text_of(page)
        assert Order.objects.get().is_draft

    def test_a_second_click_lands_on_the_order(self, browser, draft):
        said = commitment(browser.get(url("summary", draft)))
        first, second = (browser.post(url("summary", draft), said) for _ in range(2))
        assert first["Location"] == second["Location"] == draft.get_absolute_url()
        assert draft.events.count() == 1

    def test_a_changed_price_shows_the_summary_again_and_the_new_total_can_be_confirmed(self, browser, draft):
        said = commitment(browser.get(url("summary", draft)))
        Price.objects.filter(zone="METRO", lot_size=40).update(amount_excl_vat=100)
        page = browser.post(url("summary", draft), said)
        assert "Le tarif a changé depuis l’ouverture de cette page." in text_of(page)
        assert "316,50\u00a0€" in text_of(page)
        assert Order.objects.get().is_draft
        assert browser.post(url("summary", draft), commitment(page)).status_code == 302

    def test_a_changed_headcount_is_said_and_the_new_offer_can_be_confirmed(self, browser, draft):
        said = commitment(browser.get(url("summary", draft)))
        RegisterEntry.objects.update(headcount=5)
        page = browser.post(url("summary", draft), said)
        assert "Votre demande porte maintenant sur 2\u00a0lots de 6\u00a0masques" in text_of(page)
        assert browser.post(url("summary", draft), commitment(page)).status_code == 302
        assert (Order.objects.get().offer, Order.objects.get().lots) == ("TPE", 2)

    @pytest.mark.parametrize("field", ["shown_total", "shown_terms", "shown_revision"])
    @pytest.mark.parametrize("value", ["", "1.00", "9" * 10_000, "1e9", "<script>"])
    def test_hidden_fields_typed_by_hand_order_nothing(self, browser, draft, field, value):
        said = commitment(browser.get(url("summary", draft)))
        assert browser.post(url("summary", draft), said | {field: value}).status_code == 200
        assert Order.objects.get().is_draft

    def test_a_colleague_who_came_first_is_told_with_the_date(self, browser, user, draft):
        said = commitment(browser.get(url("summary", draft)))
        OrderFactory(establishment=EstablishmentFactory(company=user.establishment.company), paid=True)
        page = text_of(browser.post(url("summary", draft), said))
        assert "Une commande vient d’être passée pour votre entreprise." in page
        assert "Commander et payer maintenant" not in page

    def test_the_last_lots_gone_are_told_before_paying(self, browser, draft):
        said = commitment(browser.get(url("summary", draft)))
        Stock.objects.update(available=2)
        assert "Le stock ne permet plus cette quantité." in text_of(browser.post(url("summary", draft), said))
        assert Order.objects.get().is_draft

    def test_without_an_address_the_first_step_comes_back(self, browser, draft):
        Order.objects.update(mobile="")
        assert browser.get(url("summary", draft))["Location"] == url("delivery", draft)

    def test_paying_at_once_goes_on_where_the_caller_says(self, rf, user, browser, draft, monkeypatch):
        said = commitment(browser.get(url("summary", draft)))
        request = rf.post("/", said)
        request.user, request.establishment = user, user.establishment
        answers = [
            views.summary(request, draft.reference, then=lambda request, order: order.reference) for _ in range(2)
        ]
        assert answers == [draft.reference] * 2
        assert Order.objects.get().status == "awaiting_payment"

    def test_the_certificate_of_headcount_is_asked_for_where_the_operator_wants_it(self, browser, draft, settings):
        assert "Je certifie" not in text_of(browser.get(url("summary", draft)))
        settings.HEADCOUNT_CERTIFIED = True
        page = browser.get(url("summary", draft))
        assert "Je certifie que mon entreprise compte moins de 50\u00a0salariés\u00a0<span" in text_of(page)
        browser.post(url("summary", draft), commitment(page))
        assert Order.objects.get().is_draft
        browser.post(url("summary", draft), commitment(page, headcount_ok="on"))
        assert not Order.objects.get().is_draft

    def test_it_costs_few_queries(self, browser, draft, django_assert_max_num_queries):
        with django_assert_max_num_queries(8):
            page = browser.get(url("summary", draft))
        with django_assert_max_num_queries(17):
            browser.post(url("summary", draft), commitment(page))

    def test_a_confirmed_order_shows_a_summary_to_print_that_is_no_invoice(self, browser, user):
        order = OrderFactory(establishment=user.establishment)
        page = text_of(browser.get(url("summary", order)))
        assert f"Récapitulatif de la commande {order.reference}" in page
        assert "Ce document n’est pas une facture." in page


class TestOrder:
    def test_unpaid_it_says_until_when_and_how_to_pay(self, browser, user):
        order = OrderFactory(establishment=user.establishment)
        page = text_of(browser.get(url("order", order)))
        assert f"Votre commande {order.reference} est enregistrée" in page
        assert "Payer 97,59\u00a0€" in page
        assert reverse("billing:pay", args=[order.reference]) in page
        assert "Annuler ma commande" in page

    def test_on_the_last_day_it_says_so(self, browser, user):
        order = OrderFactory(establishment=user.establishment, ordered_at=timezone.now() - timedelta(days=7))
        assert "Dernier jour" in text_of(browser.get(url("order", order)))

    def test_in_the_silent_grace_no_payment_is_begun_and_the_sentence_explains(self, browser, user, monkeypatch):
        order = OrderFactory(establishment=user.establishment, ordered_at=datetime(2026, 11, 2, 12, tzinfo=PARIS))
        monkeypatch.setattr(views.timezone, "now", lambda: datetime(2026, 11, 10, 3, tzinfo=PARIS))
        page = text_of(browser.get(url("order", order)))
        assert "Le délai est dépassé." in page
        assert "Un paiement déjà commencé est encore pris en compte jusqu’à 7\u00a0h\u00a0; ensuite" in page
        assert reverse("billing:pay", args=[order.reference]) not in page

    def test_dispatched_it_shows_its_dates_its_parcel_and_its_invoice(self, browser, user):
        now = timezone.now()
        order = OrderFactory(establishment=user.establishment, paid=True)
        Shipment.objects.create(
            order=order, weight_kg="0.50", status="shipped", prepared_at=now, shipped_at=now,
            parcel_number="6A12345678901",
        )  # fmt: skip
        payment = Payment.objects.create(
            order=order, amount_incl_vat=order.total_incl_vat, session_expires_at=order.due_at
        )
        Invoice.objects.create(
            order=order, payment=payment, series="DF", year=2026, sequence=1, number="DF2026-000001", issued_at=now,
            total_excl_vat=order.total_excl_vat, vat_rate=order.vat_rate, vat_amount=order.vat_amount,
            total_incl_vat=order.total_incl_vat, content={},
        )  # fmt: skip
        page = text_of(browser.get(url("order", order)))
        assert reverse("shipping:track", args=["6A12345678901"]) in page
        assert reverse("billing:invoice_pdf", args=["DF2026-000001"]) in page
        assert [(step.label, step.mark) for step in order.timeline] == [
            ("Confirmée", "done"), ("Réglée", "done"), ("Préparée", "done"), ("Expédiée", "done"),
            ("Livraison", "current"),
        ]  # fmt: skip
        assert order.state.label == "Expédiée"

    def test_the_steps_of_the_way_stand_on_the_timeline_each_once_with_its_date(self, browser, user):
        now = timezone.now()
        order = OrderFactory(establishment=user.establishment, paid=True)
        shipment = Shipment.objects.create(
            order=order, weight_kg="0.50", status="delivered", shipped_at=now, delivered_at=now, is_final=True,
            parcel_number="6A12345678901",
        )  # fmt: skip
        for hours, code in ((90, "PC1"), (80, "ET1"), (70, "EP1"), (60, "AG1"), (50, "AG1"), (40, "XX9"), (1, "DI1")):
            shipment.events.create(code=code, at=now - timedelta(hours=hours))
        page = text_of(browser.get(url("order", order)))
        way = re.findall(r"<li>([^<]+) <time", page)
        assert way == ["Prise en charge", "Veille de livraison", "Mise à disposition (mise en instance)"]
        assert "https://www.laposte.fr/outils/suivre-vos-envois?code=6A12345678901" in page

    @pytest.mark.parametrize(
        ("status", "rank", "label"),
        [
            ("to_prepare", 1, "Réglée"),
            ("preparing", 1, "En préparation"),
            ("shipped", 1, "Expédiée"),
            ("shipped", 2, "Réexpédiée"),
            ("ready_for_pickup", 1, "À retirer au bureau de poste"),
            ("delivered", 1, "Livrée"),
            ("incident", 1, "Incident de livraison"),
            ("returned", 1, "Retournée"),
        ],
    )
    def test_the_state_follows_the_last_parcel(self, db, status, rank, label):
        order, now = OrderFactory(paid=True), timezone.now()
        Shipment.objects.create(
            order=order, rank=rank, weight_kg="0.50", status=status, prepared_at=now, shipped_at=now,
            parcel_number="6A12345678901",
        )  # fmt: skip
        assert order.state.label == label
        marks = [step.mark for step in order.timeline]
        assert ("problem" in marks) == (status in ("ready_for_pickup", "incident", "returned"))

    @pytest.mark.parametrize(
        ("trait", "words"),
        [
            ("expired", "Le délai de règlement de cette commande est dépassé\u00a0: elle est annulée."),
            ("cancelled", "Cette commande est annulée."),
            ("refunded", "Remboursée"),
        ],
    )
    def test_over_it_says_how_it_ended(self, browser, user, trait, words):
        order = OrderFactory(establishment=user.establishment, **{trait: True})
        page = text_of(browser.get(url("order", order)))
        assert words in page
        assert reverse("billing:pay", args=[order.reference]) not in page

    def test_a_draft_goes_on_at_its_next_step(self, browser, draft):
        assert browser.get(url("order", draft))["Location"] == url("summary", draft)
        Order.objects.update(street_name="")
        assert browser.get(url("order", draft))["Location"] == url("delivery", draft)

    def test_it_costs_few_queries(self, browser, user, django_assert_max_num_queries):
        order = OrderFactory(establishment=user.establishment, paid=True)
        with django_assert_max_num_queries(6):
            browser.get(url("order", order))


class TestList:
    def test_it_is_empty_at_first(self, browser):
        assert "Aucun dossier trouvé." in text_of(browser.get("/commandes/"))

    def test_it_shows_every_state_with_a_fixed_number_of_queries(self, browser, user, django_assert_max_num_queries):
        now = timezone.now()
        for weeks, traits in enumerate([{"draft": True}, {}, {"paid": True}, {"expired": True}, {"cancelled": True}]):
            OrderFactory(establishment=user.establishment, ordered_at=now - timedelta(weeks=3 * weeks), **traits)
        with django_assert_max_num_queries(4):
            page = text_of(browser.get("/commandes/"))
        for words in ("Demande en cours", "À régler jusqu’au", "Réglée", "Expirée, non réglée", "Annulée"):
            assert words in page


class TestCancel:
    def test_a_draft_is_asked_about_and_then_deleted(self, browser, draft):
        assert f"Supprimer la demande {draft.reference}" in text_of(browser.get(url("cancel", draft)))
        assert Order.objects.exists()
        page = browser.post(url("cancel", draft), follow=True)
        assert "La demande est supprimée." in text_of(page)
        assert not Order.objects.exists()

    def test_an_unpaid_order_is_asked_about_and_then_cancelled(self, browser, user):
        order = OrderFactory(establishment=user.establishment)
        assert "Vous pourrez commander de nouveau aussitôt." in text_of(browser.get(url("cancel", order)))
        page = browser.post(url("cancel", order), follow=True)
        assert "La commande est annulée." in text_of(page)
        order.refresh_from_db()
        assert (order.status, order.events.get().by) == ("cancelled", user)

    def test_a_paid_order_is_for_support(self, browser, user):
        order = OrderFactory(establishment=user.establishment, paid=True)
        assert "Écrivez-nous pour l’annuler avant son expédition." in text_of(browser.get(url("cancel", order)))
        page = browser.post(url("cancel", order), follow=True)
        assert "écrivez-nous pour l’annuler avant son expédition" in text_of(page)
        order.refresh_from_db()
        assert order.status == "paid"


class TestStrangers:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_an_order_of_another_company_does_not_exist(self, browser, name, method):
        for other in (OrderFactory(draft=True), OrderFactory()):
            answer = getattr(browser, method)(url(name, other))
            assert answer.status_code in (404, 405)
            if answer.status_code == 405:
                assert (name, method) in {("order", "post"), ("documents", "post"), ("interrupt", "get")}

    def test_nor_does_one_of_another_site_of_the_same_company(self, browser, user):
        other = OrderFactory(establishment=EstablishmentFactory(company=user.establishment.company))
        assert browser.get(url("order", other)).status_code == 404
        assert other.reference not in text_of(browser.get("/commandes/"))

    @pytest.mark.parametrize("text", ["AAAA111", "ECTZ3261", "%00", "..", "ECTZ326;--"])
    def test_nor_does_what_is_no_reference(self, browser, text):
        assert browser.get(f"/commandes/{text}/").status_code == 404

    @pytest.mark.parametrize("name", ["shop", "list"])
    def test_a_visitor_is_asked_to_sign_in(self, client, db, name):
        assert client.get(reverse(f"orders:{name}"))["Location"].startswith(reverse("account_login"))

    def test_staff_without_an_establishment_are_sent_to_the_desk(self, client, db):
        client.force_login(UserFactory(staff=True), backend="accounts.backends.AccountBackend")
        assert client.get("/commander/")["Location"] == reverse("admin:index")

    @pytest.mark.parametrize("name", NAMES)
    def test_other_methods_are_refused(self, browser, draft, name):
        assert browser.put(url(name, draft)).status_code == 405
        assert browser.delete(url(name, draft)).status_code == 405


def test_a_session_that_ends_in_the_middle_leads_back_to_the_step(user, draft):
    browser = Client()
    page = browser.post(url("delivery", draft), DELIVERY)
    assert page.status_code == 302
    assert page["Location"].startswith(reverse("account_login"))
    page = browser.post(page["Location"], {"login": user.username, "password": PASSWORD})
    assert page["Location"] == url("delivery", draft)
    assert browser.get(page["Location"]).status_code == 200
    assert Order.objects.get() == draft


def test_without_the_form_token_nothing_is_sent(user, draft):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user, backend="accounts.backends.AccountBackend")
    assert browser.post(url("summary", draft), {"terms": "on"}).status_code == 403
    assert Order.objects.get().is_draft


class TestDeletedInAnotherTab:
    GONE = "Cette demande n’existe plus"

    @pytest.mark.parametrize("name", ["orders:delivery", "orders:summary", "orders:interrupt", "billing:order_and_pay"])
    def test_what_is_sent_from_the_first_tab_says_so_and_leads_on(self, browser, draft, name):
        address = reverse(name, args=[draft.reference])
        browser.post(url("cancel", draft))
        answer = browser.post(address, DELIVERY | {"terms": "on"})
        assert answer.status_code == 404
        assert self.GONE in text_of(answer)
        assert 'href="/commander/"' in text_of(answer)
        assert 'href="/commandes/"' in text_of(answer)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_stranger_s_order_reads_like_one_that_never_was(self, browser, name):
        pages = []
        for reference in (OrderFactory(draft=True).reference, draw()):
            answer = browser.get(url(name, reference))
            assert answer.status_code == 404
            pages.append(text_of(answer))
        assert pages[0] == pages[1]
        assert self.GONE in pages[0]
