"""May this establishment order now, and if not, what does it read? For pages; `checkout` asks again under lock."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Q

from accounts.models import Establishment
from eligibility.check import check
from eligibility.verdict import Verdict

from . import programme
from .calendar import next_order_on, paris_date
from .models import Order, Status, Stock


class State(StrEnum):
    OPEN = "open"
    UNPAID = "unpaid"  # this establishment's own order waits for its money
    GRACE = "grace"  # its deadline is past, and a payment begun before it still counts until the morning
    PERIOD = "period"  # an order of the company, perhaps another site's, holds the period
    SUSPENDED = "suspended"
    NOT_ELIGIBLE = "not_eligible"  # the verdict says why
    OUT_OF_STOCK = "out_of_stock"


@dataclass(frozen=True)
class Availability:
    state: State
    draft: Order | None = None
    # The order that holds the company's period. Of another site's order a page shows the two dates, nothing else.
    holder: Order | None = None
    is_own: bool = True
    verdict: Verdict | None = None
    lots_in_stock: int = 0
    notice: str = ""

    @property
    def can_order(self) -> bool:
        return self.state is State.OPEN

    @property
    def max_lots(self) -> int:
        """The most lots one order may hold; the stock may allow fewer."""
        return self.verdict.max_lots if self.verdict else 0

    @property
    def next_order_on(self) -> date | None:
        return self.holder.next_order_on if self.holder else None


def of(establishment: Establishment, *, at: datetime) -> Availability:
    """Look it up, in four queries at most."""
    today = paris_date(at)
    company_orders = Q(company=establishment.company_id, quota_period__overlap=(today, next_order_on(today)))
    orders = list(Order.objects.filter(Q(establishment=establishment, status=Status.DRAFT) | company_orders))
    draft = next((order for order in orders if order.is_draft), None)
    holder = next((order for order in orders if not order.is_draft), None)
    if holder is not None:
        is_own = holder.establishment_id == establishment.pk
        return Availability(_state_of(holder, at) if is_own else State.PERIOD, draft, holder, is_own)
    if notice := programme.notice(at=at):
        return Availability(State.SUSPENDED, draft, notice=notice)
    return _by_verdict_and_stock(check(establishment.siret, at=at), draft)


def _state_of(own_order: Order, at: datetime) -> State:
    if own_order.status != Status.AWAITING_PAYMENT:
        return State.PERIOD
    return State.UNPAID if own_order.is_payable(at=at) else State.GRACE


def _by_verdict_and_stock(verdict: Verdict, draft: Order | None) -> Availability:
    if not verdict.is_eligible:
        return Availability(State.NOT_ELIGIBLE, draft, verdict=verdict)
    stock = Stock.objects.filter(lot_size=verdict.lot_size or 0).values_list("available", flat=True).first() or 0
    return Availability(State.OPEN if stock else State.OUT_OF_STOCK, draft, verdict=verdict, lots_in_stock=stock)
