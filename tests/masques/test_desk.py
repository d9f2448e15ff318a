"""The staff's landing page: every figure is the length of the list it leads to, and nothing waits unseen."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.models import Invoice, Payment
from eligibility.models import Case, RegisterLoad, SireneLoad, WaitingMails
from masques.desk import CHART_DAYS
from notifications.models import Message
from orders.models import Order
from shipping.models import Shipment
from tests.factories import CaseFactory, OrderFactory, UserFactory
from tests.journeys import customer
from tests.shipping.conftest import pay

pytestmark = pytest.mark.django_db

CUSTOMER_PAGES = (
    "accounts:space", "accounts:profile", "accounts:company", "orders:shop", "orders:list", "billing:invoices",
)  # fmt: skip
ORDER_PAGES = (
    "orders:order", "orders:delivery", "orders:documents", "orders:summary", "billing:cancel", "orders:interrupt",
    "billing:pay", "billing:order_and_pay", "billing:return",
)  # fmt: skip


CALM = {
    "Demandes Rejet SIRET en cours", "Demandes Rejet SIRET à lire", "Demandes Rejet SIRET à décider bientôt",
    "Colis à préparer",
}  # fmt: skip


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(UserFactory(staff=True, is_superuser=True))
    return client


def landing(client: Client) -> dict[str, Any]:
    response = client.get("/gestion/")
    assert response.status_code == 200
    return response.context


def shipment(number: int, **facts: Any) -> Shipment:
    order = OrderFactory(paid=True)
    return Shipment.objects.create(
        **{"order": order, "weight_kg": "0.50", "parcel_number": f"6A{number:011d}", "shipped_at": timezone.now()}
        | facts
    )


def payment(outcome: str) -> Payment:
    order = OrderFactory(paid=True)
    return Payment.objects.create(
        order=order, amount_incl_vat=order.total_incl_vat, amount_received=order.total_incl_vat, status="succeeded",
        outcome=outcome, succeeded_at=timezone.now(), settled_at=timezone.now(), session_expires_at=order.due_at,
    )  # fmt: skip


def letter(number: int, status: str) -> Message:
    return Message.objects.create(
        channel="email", kind="orders/order_confirmed", recipient="a@b.example", dedupe_key=f"k{number}", status=status
    )


@pytest.fixture
def busy_day(db) -> dict[str, int]:
    """Something in every queue, and beside it what does not belong there; gives the right figures."""
    now = timezone.now()
    long_ago = now - timedelta(days=8)
    for _ in range(2):
        CaseFactory()
    CaseFactory(state="closed", closed_at=now)
    for hours in (-1, 1, 47):
        due_at = now + timedelta(hours=hours)
        CaseFactory(state="documents_received", documents_received_at=due_at - timedelta(hours=48), due_at=due_at)
    CaseFactory(state="refused", decided_at=now, refusal="x", due_at=long_ago, news_at=now)
    for number, status in enumerate(("to_prepare", "to_prepare", "preparing")):
        shipment(number, status=status, shipped_at=None, parcel_number=None)
    shipment(10, status="preparing", label_state="doubtful", shipped_at=None, parcel_number=None)
    shipment(20, status="shipped", shipped_at=long_ago)
    heard_of = shipment(21, status="shipped", shipped_at=long_ago)
    heard_of.events.create(code="ET1", at=now - timedelta(days=1))
    shipment(22, status="shipped", shipped_at=now)
    shipment(30, status="incident")
    shipment(31, status="returned")
    shipment(32, status="delivered", is_final=True)
    for outcome in ("late", "overpaid", "cancelled", "mismatch", "order_paid"):
        payment(outcome)
    for minutes, path in ((11, ""), (1, ""), (60, "invoices/x.pdf")):
        invoice_of_minutes_ago(minutes, path)
    for number, status in enumerate(("failed", "failed", "failed", "sent", "pending")):
        letter(number, status)
    return {
        "Demandes Rejet SIRET en cours": 5, "Demandes Rejet SIRET à lire": 1,
        "Demandes Rejet SIRET à décider bientôt": 2, "Demandes Rejet SIRET en retard": 1,
        "Colis à préparer": 2, "Étiquettes à vérifier": 1, "Colis sans nouvelles": 1, "Incidents et retours": 2,
        "Règlements à examiner": 4, "Factures sans PDF": 1, "Messages en échec": 3,
    }  # fmt: skip


def mails_to_see(number: int, *, minutes_ago: int = 1) -> None:
    WaitingMails.objects.create(pk=1, to_see=number, counted_at=timezone.now() - timedelta(minutes=minutes_ago))


def invoice_of_minutes_ago(minutes: int, path: str) -> None:
    paid = payment("order_paid")
    order = paid.order
    Invoice.objects.create(
        order=order, payment=paid, series="DF", year=2026, sequence=minutes, number=f"DF2026-{minutes:06d}",
        issued_at=timezone.now() - timedelta(minutes=minutes), total_excl_vat=order.total_excl_vat,
        vat_rate=order.vat_rate, vat_amount=order.vat_amount, total_incl_vat=order.total_incl_vat, content={},
        pdf_path=path,
    )  # fmt: skip


def test_every_queue_counts_what_waits_and_nothing_else(desk, busy_day):
    assert {queue.title: queue.count for queue in landing(desk)["queues"]} == busy_day


def test_every_figure_leads_to_a_list_of_just_as_many(desk, busy_day):
    for queue in landing(desk)["queues"]:
        page = desk.get(queue.url)
        assert page.status_code == 200, queue.title
        assert page.context["cl"].queryset.count() == queue.count, queue.title
        assert f'href="{queue.url.replace("&", "&amp;")}"' in desk.get("/gestion/").content.decode() or (
            queue.title == "Factures sans PDF"  # its address holds the minute
        )


def test_what_somebody_should_act_on_is_marked_and_an_empty_desk_is_calm(desk, busy_day):
    urgent = {queue.title for queue in landing(desk)["queues"] if queue.is_urgent}
    assert urgent == set(busy_day) - CALM
    for model in (Message, Invoice, Payment, Shipment, Case):
        model.objects.all().delete()
    assert not any(queue.is_urgent or queue.count for queue in landing(desk)["queues"])


# --- e-mails that a person must see: their list is in the mailbox, not here


def figure_of_mails(client: Client) -> dict[str, tuple[int, bool]]:
    queues = landing(client)["queues"]
    return {queue.title: (queue.count, queue.is_urgent) for queue in queues if queue.title.startswith("E-mails")}


def test_emails_that_could_not_be_made_into_a_case_are_counted(desk, settings):
    settings.IMAP_URL = "imap://nobody:x@127.0.0.1:1/INBOX"  # nobody listens there, and nobody is asked
    title = "E-mails à voir, dans le dossier «\u00a0À voir\u00a0» de la boîte aux lettres"
    assert figure_of_mails(desk) == {}
    mails_to_see(3)
    assert figure_of_mails(desk) == {title: (3, True)}
    WaitingMails.objects.update(to_see=0)
    assert figure_of_mails(desk) == {title: (0, False)}
    assert 'href=""' not in desk.get("/gestion/").content.decode()


def test_a_mailbox_that_was_not_read_for_a_while_says_since_when(desk, settings):
    settings.IMAP_URL = "imap://nobody:x@127.0.0.1:1/INBOX"
    mails_to_see(0, minutes_ago=40)
    [(title, figure)] = figure_of_mails(desk).items()
    assert "boîte non lue depuis le" in title
    assert figure == (0, True)


def test_without_a_mailbox_or_without_the_right_there_is_no_figure(desk, settings):
    mails_to_see(3)
    settings.IMAP_URL = ""
    assert figure_of_mails(desk) == {}
    settings.IMAP_URL = "imap://nobody:x@127.0.0.1:1/INBOX"
    assert figure_of_mails(granted("view_order")) == {}


def test_without_a_register_the_desk_says_that_nobody_can_order(desk):
    sirene_load(days=1)
    assert "Aucun registre n’est chargé" in desk.get("/gestion/").content.decode()
    customer()
    assert "Aucun registre n’est chargé" not in desk.get("/gestion/").content.decode()


def sirene_load(*, days: int) -> SireneLoad:
    at = timezone.now() - timedelta(days=days)
    return SireneLoad.objects.create(
        stock="etablissements", file_name="StockEtablissement_utf8.zip", sha256="0" * 64, rows_read=1239,
        rows_rejected=5, rows_total=1234, rows_closed=3, rows_confidential=2, report={}, started_at=at, finished_at=at,
        loaded_by="essai",
    )  # fmt: skip


def read(page) -> str:
    return page.content.decode().replace("\u202f", " ").replace("\u00a0", " ").replace("&nbsp;", " ")


@pytest.mark.parametrize(
    ("days", "words"),
    [(29, ""), (30, "à recharger avant le"), (44, "à recharger avant le"), (45, "trop ancien, à recharger")],
)
@pytest.mark.parametrize("name", ["Registre CCI", "Stock Sirene des établissements"])
def test_a_register_shows_its_age_and_warns_before_and_when_it_is_too_old(desk, settings, name, days, words):
    settings.REGISTER_MAX_AGE_DAYS = 45
    customer()
    if name == "Registre CCI":
        RegisterLoad.objects.update(finished_at=timezone.now() - timedelta(days=days), rows_total=1234, rows_rejected=5)
    else:
        sirene_load(days=days)
    line = next(line for line in read(desk.get("/gestion/")).splitlines() if f"{name} chargé le" in line)
    assert f"il y a {days} jours : 1 234 lignes, 5 rejetées" in line
    assert "à recharger" not in line if not words else words in line


def test_the_chart_has_every_day_and_counts_orders_and_masks(desk):
    now = timezone.now()
    OrderFactory(ordered_at=now, lots=3)
    OrderFactory(ordered_at=now, cancelled=True)
    OrderFactory(ordered_at=now - timedelta(days=2), paid=True, lots=2)
    OrderFactory(ordered_at=now - timedelta(days=CHART_DAYS + 1), paid=True)
    OrderFactory(draft=True)
    days = landing(desk)["days"]
    assert len(days) == CHART_DAYS
    assert [(day.orders, day.masks, day.height) for day in (days[-1], days[-2], days[-3])] == [
        (2, 160, 100), (0, 0, 0), (1, 80, 50),
    ]  # fmt: skip
    assert sum(day.orders for day in days) == 3
    assert (days[-1].on - days[0].on).days == CHART_DAYS - 1


def test_the_landing_page_costs_the_same_on_a_busy_day(desk, busy_day, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        desk.get("/gestion/")


# --- who may come in


@pytest.mark.parametrize("name", CUSTOMER_PAGES)
def test_staff_who_open_a_customers_page_are_told_so_and_sent_to_the_desk(desk, name):
    response = desk.get(reverse(name), follow=True)
    assert response.redirect_chain == [("/gestion/", 302)]
    assert "votre compte de gestion n’a pas d’établissement" in response.content.decode()


@pytest.mark.parametrize("name", ORDER_PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_staff_have_no_customers_order_pages_either(desk, name, method):
    order = OrderFactory()
    response = getattr(desk, method)(reverse(name, args=[order.reference]))
    assert (response.status_code, response.headers.get("Location")) in {(302, "/gestion/"), (405, None)}


def test_a_customer_finds_no_way_into_the_desk(client):
    client.force_login(customer())
    order = OrderFactory()
    for path in (
        "/gestion/", "/gestion/orders/order/", f"/gestion/orders/order/{order.pk}/change/",
        "/gestion/shipping/shipment/",
        "/gestion/shipping/shipment/1/etiquette.pdf", "/gestion/billing/invoice/", "/gestion/jsi18n/",
    ):  # fmt: skip
        for response in (client.get(path), client.post(path)):
            assert response.status_code in (302, 403, 404), path
    for path in ("/gestion/", "/gestion/orders/order/"):
        page = client.get(path, follow=True)  # a loop of redirections raises
        assert page.request["PATH_INFO"] == "/mon-espace/"
        assert "Cette page est réservée au personnel." in page.content.decode()


def test_a_visitor_is_asked_to_sign_in_and_led_back_to_the_desk(client):
    staff = UserFactory(staff=True, is_superuser=True)
    page = client.get("/gestion/orders/order/", follow=True)
    assert page.request["PATH_INFO"] == "/connexion/"
    answer = client.post(
        f"/connexion/?{page.request['QUERY_STRING']}",
        {"login": staff.username, "password": "Rabot+Ciseau-42", "next": "/gestion/orders/order/"},
    )
    assert answer["Location"] == "/gestion/orders/order/"


# --- what is written by verbs only


def granted(*names: str) -> Client:
    """A member of staff with these permissions."""
    staff = UserFactory(staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def paid_order() -> Order:
    return pay(OrderFactory())


@pytest.mark.parametrize("model", ["payment", "invoice", "counter", "providerevent"])
def test_money_is_read_and_never_typed(desk, paid_order, model):
    paid_order.payments.update(session_id="cs_1")
    apps = paid_order._meta.apps
    apps.get_model("billing", "providerevent").objects.create(event_id="evt_1", kind="checkout.session.completed")
    row = apps.get_model("billing", model).objects.get()
    before = {field.name: getattr(row, field.attname) for field in row._meta.fields}
    assert desk.get(reverse(f"admin:billing_{model}_changelist")).status_code == 200
    sheet = desk.get(reverse(f"admin:billing_{model}_change", args=[row.pk]))
    assert sheet.status_code == 200
    assert not sheet.context["adminform"].form.fields
    assert 'name="_save"' not in sheet.content.decode()
    assert desk.get(reverse(f"admin:billing_{model}_add")).status_code == 403
    for page, data in (("change", {"status": "created", "number": "F1"}), ("delete", {"post": "yes"})):
        assert desk.post(reverse(f"admin:billing_{model}_{page}", args=[row.pk]), data).status_code == 403
    desk.post(
        reverse(f"admin:billing_{model}_changelist"),
        {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
    )
    row.refresh_from_db()
    assert {field.name: getattr(row, field.attname) for field in row._meta.fields} == before


def test_money_is_found_by_what_a_caller_dictates(desk, paid_order):
    pay(OrderFactory())
    invoice = paid_order.invoice
    siret = paid_order.establishment.siret
    reference = f" {paid_order.reference[:4]} {paid_order.reference[4:]}".lower()
    for model, typed in (
        ("payment", reference), ("invoice", reference), ("invoice", invoice.number.lower()),
        ("invoice", f"{siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}"),
    ):  # fmt: skip
        page = desk.get(reverse(f"admin:billing_{model}_changelist"), {"q": typed})
        assert [row.order for row in page.context["cl"].queryset] == [paid_order], (model, typed)


def test_without_permission_the_money_is_not_even_seen(paid_order):
    client = granted("view_order")
    assert client.get(reverse("admin:orders_order_changelist")).status_code == 200
    for name in ("payment", "invoice"):
        assert client.get(reverse(f"admin:billing_{name}_changelist")).status_code == 403


def test_two_hundred_rows_fit_into_one_action(desk, paid_order):
    """AD1: the fields of one request are limited, and a bulk action sends one for each row."""
    response = desk.post(
        reverse("admin:orders_order_changelist"),
        {"action": "cancel_unpaid", "_selected_action": [paid_order.pk, *range(10_000, 10_199)], "index": "0"},
    )
    assert response.status_code == 302
