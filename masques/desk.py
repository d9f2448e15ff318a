"""The staff's landing page: what waits for somebody, each figure a link to its list, and the last days at a glance."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, F, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from billing.models import Invoice, Payment
from eligibility.ages import ages
from eligibility.cases import figures, mailbox
from eligibility.cases.due import SOON
from eligibility.cases.models import Case
from eligibility.cases.states import UNDER_WAY
from eligibility.cases.waiting import WaitingMails
from eligibility.models import RegisterLoad
from notifications.models import Message
from notifications.wording import short_date, time_of_day
from orders.calendar import paris_date
from orders.models import Order
from shipping.models import Shipment

TROUBLED = (Shipment.Status.INCIDENT, Shipment.Status.RETURNED)
STRANGE_MONEY = tuple(
    outcome for outcome in Payment.Outcome if outcome not in (Payment.Outcome.NONE, Payment.Outcome.ORDER_PAID)
)
PDF_PATIENCE = timedelta(minutes=10)
CHART_DAYS = 14


@dataclass(frozen=True)
class Queue:
    """One figure of the landing page; without an address where its list lies outside of the shop."""

    title: str
    count: int
    url: str
    is_urgent: bool = False


@dataclass(frozen=True)
class Day:
    """Orders confirmed on one Paris day, and the height of its bar in hundredths."""

    on: date
    orders: int
    masks: int
    height: int


def landing(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add queues, the registers' ages, the desk's weeks and the orders of the last days to the index, as each may."""
    now, may = timezone.now(), request.user.has_perm
    loads = list(ages(now)) if may("eligibility.view_registerload") else None
    return context | {
        "title": "Accueil",
        "queues": [queue for permission, count in QUEUES if may(permission) for queue in count(now)],
        "ages": loads,
        "may_anybody_order": loads is not None and any(isinstance(age.load, RegisterLoad) for age in loads),
        "days": last_days(now) if may("orders.view_order") else None,
        "case_weeks": figures.weeks(now) if may("eligibility.view_case") else None,
        "case_due_hours": settings.REJECTION_DUE_HOURS,
    }


def cases(now: datetime) -> list[Queue]:
    model = "eligibility_case"
    under_way = Case.objects.under_way().count()
    soon, late = Case.objects.due_before(now + SOON).count(), Case.objects.due_before(now).count()
    with_news = Case.objects.exclude(news_at=None).count()
    return [
        Queue("Demandes Rejet SIRET en cours", under_way, _list(model, state__in=",".join(UNDER_WAY))),
        Queue("Demandes Rejet SIRET à lire", with_news, _list(model, nouvelles="oui")),
        Queue("Demandes Rejet SIRET à décider bientôt", soon, _list(model, echeance="proche")),
        Queue("Demandes Rejet SIRET en retard", late, _list(model, echeance="depassee"), late > 0),
    ]


def mails(now: datetime) -> list[Queue]:
    """What the mailbox's last reading left to a person; nobody is kept waiting for the mail server here."""
    found = WaitingMails.objects.first() if settings.IMAP_URL else None
    if found is None:
        return []
    if found.counted_at < now - mailbox.PATIENCE:
        since = f"{short_date(found.counted_at)}, {time_of_day(found.counted_at)}"
        return [Queue(f"E-mails à voir\u00a0: boîte non lue depuis le {since}", found.to_see, "", is_urgent=True)]
    title = f"E-mails à voir, dans le dossier «\u00a0{mailbox.TO_SEE}\u00a0» de la boîte aux lettres"
    return [Queue(title, found.to_see, "", is_urgent=found.to_see > 0)]


def parcels(now: datetime) -> list[Queue]:
    model = "shipping_shipment"
    to_prepare = Shipment.objects.filter(status=Shipment.Status.TO_PREPARE).count()
    doubtful = Shipment.objects.filter(label_state=Shipment.LabelState.DOUBTFUL).count()
    silent = Shipment.objects.silent(now).count()
    troubled = Shipment.objects.filter(status__in=TROUBLED).count()
    return [
        Queue("Colis à préparer", to_prepare, _list(model, status__exact="to_prepare")),
        Queue("Étiquettes à vérifier", doubtful, _list(model, label_state__exact="doubtful"), doubtful > 0),
        Queue("Colis sans nouvelles", silent, _list(model, nouvelles="aucune"), silent > 0),
        Queue("Incidents et retours", troubled, _list(model, status__in=",".join(TROUBLED)), troubled > 0),
    ]


def payments(now: datetime) -> list[Queue]:
    strange = Payment.objects.filter(outcome__in=STRANGE_MONEY).count()
    address = _list("billing_payment", outcome__in=",".join(STRANGE_MONEY))
    return [Queue("Règlements à examiner", strange, address, strange > 0)]


def invoices(now: datetime) -> list[Queue]:
    late = now - PDF_PATIENCE
    no_pdf = Invoice.objects.filter(pdf_path="", issued_at__lt=late).count()
    address = _list("billing_invoice", pdf_path__exact="", issued_at__lt=late.isoformat())
    return [Queue("Factures sans PDF", no_pdf, address, no_pdf > 0)]


def letters(now: datetime) -> list[Queue]:
    failed = Message.objects.given_up().count()
    return [Queue("Messages en échec", failed, _list("notifications_message", examiner="oui"), failed > 0)]


# What waits, in the order of the journey, red where somebody should act today; shown to whoever may open the list.
QUEUES: tuple[tuple[str, Callable[[datetime], list[Queue]]], ...] = (
    ("eligibility.view_case", cases),
    ("eligibility.view_case", mails),
    ("shipping.view_shipment", parcels),
    ("billing.view_payment", payments),
    ("billing.view_invoice", invoices),
    ("notifications.view_message", letters),
)


def _list(model: str, **filters: str) -> str:
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def last_days(now: datetime) -> list[Day]:
    """Orders and masks confirmed per Paris day, oldest first, days without orders included."""
    today = paris_date(now)
    rows = (
        Order.objects.confirmed()
        .filter(confirmed_at__gt=now - timedelta(days=CHART_DAYS))
        .annotate(on=TruncDate("confirmed_at", tzinfo=settings.PARIS))
        .values("on")
        .annotate(orders=Count("pk"), sum_of_masks=Sum(F("lots") * F("lot_size")))
        .order_by("on")
    )
    found = {row["on"]: row for row in rows}
    most = max((row["orders"] for row in found.values()), default=1)
    days = [today - timedelta(days=back) for back in reversed(range(CHART_DAYS))]
    return [
        Day(on, row["orders"], row["sum_of_masks"], round(100 * row["orders"] / most))
        for on, row in ((on, found.get(on, {"orders": 0, "sum_of_masks": 0})) for on in days)
    ]
