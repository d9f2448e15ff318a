"""Every e-mail and SMS, posted by the code that posts it in life, with the longest values that fit into the fields."""

import html
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as shop_settings
from django.test import Client
from django.utils import timezone

from accounts import handover, letters, signup
from accounts.adapter import CHANGES
from accounts.models import User
from billing import payments
from eligibility import ages
from eligibility.cases import intake_letters, verbs
from eligibility.cases import letters as case_letters
from eligibility.cases.mail_headers import Headers
from eligibility.cases.models import Case, CaseMessage
from eligibility.models import SireneLoad
from eligibility.sirene.models import Stock
from masques.contact import SUBJECTS
from notifications.models import Message
from notifications.sms import sms_length
from orders import notices as order_notices
from orders.models import Order
from shipping import notices as parcel_notices
from shipping import tracking
from shipping.models import Shipment, TrackingEvent
from shipping.steps import MEANINGS
from tests.factories import CaseFactory, EstablishmentFactory, OrderFactory, UserFactory

pytestmark = pytest.mark.django_db

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
LINE = "ÉTABLISSEMENTS L’ŒUVRE & FILS".ljust(35, "À")
SUBJECT, SMS = 70, 160


def user() -> User:
    establishment = EstablishmentFactory(legal_name="W" * 160)
    return UserFactory(establishment=establishment, username="w" * 30, email=f"{'w' * 60}@entreprise.example")


def order(**facts: object) -> Order:
    return OrderFactory(
        lots=3, legal_name=LINE, department=LINE, contact_name=LINE, street_name="X" * 26, hamlet=LINE, building=LINE,
        address_extra=LINE, city=LINE, email=f"{'w' * 60}@entreprise.example", mobile="+33639980001", **facts,
    )  # fmt: skip


def settled(outcome: str) -> None:
    traits = {"order_paid": {}, "late": {"expired": True}, "cancelled": {"cancelled": True}, "overpaid": {"paid": True}}
    bought = order(**traits[outcome])
    payment = bought.payments.create(
        amount_incl_vat=bought.total_incl_vat, amount_received=bought.total_incl_vat, status="succeeded",
        succeeded_at=timezone.now(), session_expires_at=timezone.now(),
    )  # fmt: skip
    payments.settle(payment, at=timezone.now())


def parcel(kind: str) -> None:
    shipment = Shipment.objects.create(
        order=order(paid=True), weight_kg="1.40", parcel_number="6A1234567890123", status="shipped",
        shipped_at=timezone.now(),
    )  # fmt: skip
    event = TrackingEvent.objects.create(
        shipment=shipment, code="AG1", label="L" * 300, at=timezone.now(), point="P" * 120
    )
    parcel_notices.post(shipment, kind, event=event, at=timezone.now())


def case(**facts: object) -> Case:
    now = timezone.now()
    return CaseFactory(
        state="documents_received", legal_name="W" * 160, documents_received_at=now, due_at=now + timedelta(hours=48),
        **facts,
    )  # fmt: skip


def headers() -> Headers:
    return Headers("<1@a.example>", (), f"{'w' * 60}@entreprise.example", "W" * 100, "Rejet SIRET", is_automatic=False)


def contact() -> None:
    subject = max(SUBJECTS, key=len)
    client = Client()
    client.force_login(user())
    data = {"subject": subject, "reference": "W" * 12, "message": "Où est mon colis\u00a0?", "token": uuid.uuid4()}
    assert client.post("/aide/", data).status_code == 302


def old_register() -> None:
    """One near its limit, of the longest names."""
    at = timezone.now() - timedelta(days=40)
    SireneLoad.objects.create(
        stock=max(Stock, key=lambda stock: len(stock.label)), file_name="W" * 255, sha256="0" * 64, report={},
        rows_read=1, rows_rejected=0, rows_total=1, rows_closed=0, rows_confidential=0, started_at=at, finished_at=at,
        loaded_by="W" * 150,
    )  # fmt: skip
    ages.warn(timezone.now())


def handed_over(kind: str) -> None:
    """Hand an account to somebody new and keep one of the two letters: a test reads one."""
    handover.hand_over(
        user().establishment, email=f"{'n' * 60}@entreprise.example", first_name="N", last_name="N", reason="R" * 120,
        at=timezone.now(),
    )  # fmt: skip
    Message.objects.exclude(kind=kind).delete()


LETTERS: dict[str, Callable[[], object]] = {
    "accounts/account_confirmation": lambda: letters.send_code(user(), "a@b.example", "ABCD-EFGH"),
    "accounts/account_exists": lambda: letters.tell_account_exists(user(), "a@b.example"),
    "accounts/account_changed": lambda: letters.tell_change(user(), "a@b.example", max(CHANGES.values(), key=len)),
    "accounts/account_taken_over": lambda: handed_over("accounts/account_taken_over"),
    "accounts/account_handed_over": lambda: handed_over("accounts/account_handed_over"),
    "accounts/password_reset": lambda: letters.send_reset_link(user(), "a@b.example", "https://shop.example/x-y/"),
    "accounts/staff_invited": lambda: letters.invite(
        user(), link="https://shop.example/x-y/", by=UserFactory(staff=True, first_name="W" * 150, last_name="W" * 150)
    ),
    "accounts/siret_already_taken": lambda: signup.tell_holder(user().establishment.siret, at=timezone.now()),
    "billing/payment_receipt": lambda: settled("order_paid"),
    "billing/payment_alert": lambda: settled("late"),
    "billing/payment_kept": lambda: settled("overpaid"),
    "eligibility/case_acknowledged": lambda: verbs.open_case(
        siret="73282932000074", at=timezone.now(), legal_name="W" * 160, contact_name="W" * 100, email="a@b.example",
        postal_code="35600", headcount=4, register="cma",
    ),
    "eligibility/register_age": old_register,
    "eligibility/case_documents_requested": lambda: case_letters.documents_requested(case(documents_wanted="W" * 2000)),
    "eligibility/case_documents_received": lambda: case_letters.documents_received(case()),
    "eligibility/case_answered": lambda: case_letters.answered(
        case(), CaseMessage(pk=1, body="Votre extrait Kbis est-il récent\u00a0?")
    ),
    "eligibility/case_accepted": lambda: case_letters.accepted(case()),
    "eligibility/case_refused": lambda: case_letters.refused(
        case(refusal="l’effectif de votre entreprise est de 50\u00a0salariés ou plus")
    ),
    "eligibility/case_due_soon": lambda: case_letters.due_soon(
        case(assigned_to=UserFactory(staff=True, username="w" * 30)), to="a@b.example"
    ),
    "eligibility/case_no_siret": lambda: intake_letters.no_siret(headers(), has_files=True, at=timezone.now()),
    "eligibility/case_joined": lambda: intake_letters.joined(
        headers(), siret="73282932000074", case=case(), at=timezone.now()
    ),
    "eligibility/case_files_refused": lambda: intake_letters.files_refused(
        CaseMessage(pk=1, case=case(), refused=["«\u00a0photo.heic\u00a0»\u00a0: refusé.", "W" * 200])
    ),
    "eligibility/case_mail_too_big": lambda: intake_letters.too_big(headers(), at=timezone.now()),
    "eligibility/mailbox_waiting": lambda: intake_letters.waiting(12, folder="À voir", at=timezone.now()),
    "eligibility/mailbox_unreachable": lambda: intake_letters.unreachable(
        "E" * 200, since=timezone.now(), at=timezone.now()
    ),
    "masques/contact": contact,
    "orders/order_confirmed": lambda: order_notices.order_confirmed(order()),
    "orders/order_cancelled": lambda: order_notices.order_cancelled(order(cancelled=True), reason="à votre demande"),
    "orders/order_expired": lambda: order_notices.order_expired(order(expired=True)),
    "shipping/tracking_alert": lambda: tracking._alert_staff(timezone.now()),
} | {
    f"shipping/{kind}": lambda kind=kind: parcel(kind)
    for kind in sorted({"preparation_started", "shipped"} | {meaning.notice for meaning in MEANINGS.values()} - {""})
}  # fmt: skip
TO_STAFF = {"billing/payment_alert", "masques/contact"}


def kinds(folder: str, ending: str) -> set[str]:
    """orders/order_confirmed, for each of these templates."""
    found = TEMPLATES.glob(f"*/{folder}/*{ending}")
    return {f"{path.parents[1].name}/{path.name.removesuffix(ending)}" for path in found} - {"notifications/frame"}


@pytest.fixture(autouse=True)
def everything_goes_by_sms_too(settings) -> None:
    settings.SMS_ORDER_KINDS = ["order_confirmed", "order_cancelled", "order_expired"]
    settings.SMS_LINK_BASE = "https://" + "m" * 21 + ".fr"


@pytest.fixture
def posted() -> Callable[[str, str], Message]:
    def post(kind: str, channel: str = "email") -> Message:
        LETTERS[kind]()
        return Message.objects.get(channel=channel, kind=kind)

    return post


# --- templates and code know each other


def test_every_template_of_a_letter_is_posted_and_every_letter_has_its_templates():
    assert kinds("email", ".subject.txt") == set(LETTERS)
    assert {kind for kind in kinds("email", ".txt") if not kind.endswith(".subject")} == set(LETTERS)


def test_every_template_of_an_sms_is_posted():
    for kind in LETTERS:
        if kind.startswith(("orders/", "shipping/")):
            Shipment.objects.all().delete()
            LETTERS[kind]()
    assert set(Message.objects.filter(channel="sms").values_list("kind", flat=True)) == kinds("sms", ".txt")


@pytest.mark.parametrize("outcome", ["late", "cancelled", "overpaid"])
def test_staff_are_told_of_every_kind_of_strange_money(outcome):
    settled(outcome)
    assert Message.objects.get(kind="billing/payment_alert").recipient == shop_settings.STAFF_ALERT_EMAIL
    assert Message.objects.get(kind="billing/payment_kept").recipient == Order.objects.get().email


# --- what each of them says


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_has_a_short_subject_and_no_hole(kind, posted):
    message = posted(kind)
    assert 10 < len(message.subject) <= SUBJECT, len(message.subject)
    for text in (message.subject, message.body_text):
        assert not re.search(r"{[{%]|[%}]}|\bNone\b|\bFalse\b|&[a-z#0-9]+;| {2}|\bà le\b", text)
    assert not re.search(r"\n{3}|[ \t]\n", message.body_text)


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_greets_and_signs_in_the_houses_frame(kind, posted, settings):
    message = posted(kind)
    if kind not in TO_STAFF:
        assert message.body_text.startswith("Bonjour,\n\n")
    for part in (message.body_text, html.unescape(message.body_html)):
        for words in (
            "Le service client masques-pme", settings.SUPPORT_EMAIL, settings.SELLER["name"], "RCS",
            "/donnees-personnelles/",
        ):  # fmt: skip
            assert words in part, words
    assert message.body_html.count("<html") == 1
    assert "<script" not in message.body_html
    assert not re.search(r"""(?:src|background)=["']?https?:""", message.body_html)


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_says_the_same_as_text_and_as_html(kind, posted):
    message = posted(kind)
    shown = html.unescape(
        re.sub(r"<(?:style|head)\b.*?</(?:style|head)>|<[^>]*>", " ", message.body_html, flags=re.DOTALL)
    )
    # Punctuation may stand apart where a link ended.
    seen = re.sub(r"[\s.,:;()]+", "", shown)
    for line in filter(None, message.body_text.splitlines()):
        assert re.sub(r"[\s.,:;()]+", "", line) in seen, line


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_keeps_french_typography(kind, posted):
    message = posted(kind)
    for text in (message.subject, message.body_text):
        bare = re.sub(r"https?://\S+", "¤", text).replace(LINE, "¤")
        found = re.search(r".{0,20}(?: [:;!?»%€°]|« |\w'\w|\d (?:€|h\b|%)|\.\.\.|[\"“”]).{0,20}", bare)
        assert not found, found


@pytest.mark.parametrize("kind", LETTERS)
def test_links_are_whole_and_lead_home_or_to_the_carrier(kind, posted, settings):
    message = posted(kind)
    for address in re.findall(r"https?://[^\s)]+", message.body_text):
        known = (settings.SITE_URL + "/", "https://www.laposte.fr/", "https://shop.example/")
        assert address.rstrip(".") == settings.SITE_URL or address.startswith(known), address


@pytest.mark.parametrize("kind", sorted(kinds("sms", ".txt")))
def test_an_sms_fits_into_one_and_keeps_to_the_alphabet_of_telephones(kind, posted):
    message = posted(kind, "sms")
    assert sms_length(message.body_text) <= SMS
    assert message.body_text.startswith("masques-pme : ")
    assert not re.search(r"[’«»\u00a0êçâîôûœÀÈ°…–€]", message.body_text)
    assert "\n" not in message.body_text


def test_the_day_of_payment_is_the_same_in_subject_and_text(posted):
    message = posted("orders/order_confirmed")
    day = Order.objects.get().last_payment_day
    assert f"{day:%d/%m/%Y}" in message.subject
    assert (
        f"jusqu’au {['lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi', 'dimanche'][day.weekday()]}"
        in message.body_text
    )
    assert day == timezone.localdate() + timedelta(days=7)
