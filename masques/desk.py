"""The staff's landing page: what waits for somebody, each figure a link to its list, and the last days at a glance."""

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
from eligibility.cases import figures
from eligibility.cases.due import SOON
from eligibility.cases.models import Case
from eligibility.cases.states import UNDER_WAY
from eligibility.models import Register
from notifications.models import Message
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
    """One figure of the landing page."""

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
    """Add the queues, the registers' ages, the desk's weeks and the orders of the last days to the admin's index."""
    now = timezone.now()
    return context | {
        "queues": queues(now),
        "registers": register_ages(now),
        "days": last_days(now),
        "case_weeks": figures.weeks(now),
        "case_due_hours": settings.REJECTION_DUE_HOURS,
    }


def queues(now: datetime) -> list[Queue]:
    """What waits, in the order of the journey; red where somebody should act today."""
    cases_under_way = Case.objects.under_way().count()
    cases_soon, cases_late = Case.objects.due_before(now + SOON).count(), Case.objects.due_before(now).count()
    cases_with_news = Case.objects.exclude(news_at=None).count()
    to_prepare = Shipment.objects.filter(status=Shipment.Status.TO_PREPARE).count()
    doubtful = Shipment.objects.filter(label_state=Shipment.LabelState.DOUBTFUL).count()
    silent = Shipment.objects.silent(now).count()
    troubled = Shipment.objects.filter(status__in=TROUBLED).count()
    strange_money = Payment.objects.filter(outcome__in=STRANGE_MONEY).count()
    late_pdf = now - PDF_PATIENCE
    no_pdf = Invoice.objects.filter(pdf_path="", issued_at__lt=late_pdf).count()
    failed = Message.objects.filter(status="failed").count()
    cases, shipments, payments, invoices = "eligibility_case", "shipping_shipment", "billing_payment", "billing_invoice"
    pdf_is_late = {"pdf_path__exact": "", "issued_at__lt": late_pdf.isoformat()}
    return [
        Queue("Demandes Rejet SIRET en cours", cases_under_way, _list(cases, state__in=",".join(UNDER_WAY))),
        Queue("Demandes Rejet SIRET à lire", cases_with_news, _list(cases, nouvelles="oui")),
        Queue("Demandes Rejet SIRET à décider bientôt", cases_soon, _list(cases, echeance="proche")),
        Queue("Demandes Rejet SIRET en retard", cases_late, _list(cases, echeance="depassee"), cases_late > 0),
        Queue("Colis à préparer", to_prepare, _list(shipments, status__exact="to_prepare")),
        Queue("Étiquettes à vérifier", doubtful, _list(shipments, label_state__exact="doubtful"), doubtful > 0),
        Queue("Colis sans nouvelles", silent, _list(shipments, nouvelles="aucune"), silent > 0),
        Queue("Incidents et retours", troubled, _list(shipments, status__in=",".join(TROUBLED)), troubled > 0),
        Queue(
            "Règlements à examiner",
            strange_money,
            _list(payments, outcome__in=",".join(STRANGE_MONEY)),
            strange_money > 0,
        ),
        Queue("Factures sans PDF", no_pdf, _list(invoices, **pdf_is_late), no_pdf > 0),
        Queue("Messages en échec", failed, _list("notifications_message", status__exact="failed"), failed > 0),
    ]


def _list(model: str, **filters: str) -> str:
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def register_ages(now: datetime) -> list[dict[str, Any]]:
    """Each register with its active load and whether it has grown too old to be trusted."""
    limit = timedelta(days=settings.REGISTER_MAX_AGE_DAYS)
    registers = Register.objects.filter(loads__is_active=True).annotate(
        loaded_at=F("loads__finished_at"), rows=F("loads__rows_total"), rejected=F("loads__rows_rejected")
    )
    return [
        {
            "label": register.label,
            "loaded_at": register.loaded_at,
            "rows": register.rows,
            "rejected": register.rejected,
            "is_old": now - register.loaded_at > limit,
        }
        for register in registers
    ]


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
