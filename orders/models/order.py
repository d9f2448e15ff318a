"""The life of an order: the verbs that walk the table `states.NEXT`, and `_enter`, the only writer of `status`.

The parcel's life is an axis of its own (`shipping`), and so is the money's (`billing`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Company, Establishment, Recipient, User
from eligibility.quota import Offer
from eligibility.zones import Zone
from orders import notices, stock
from orders.calendar import expires_from, next_order_on, paris_date, payment_due_at
from orders.errors import OrderError
from orders.locks import impatient
from orders.querysets import OrderQuerySet
from orders.reference import LENGTH
from orders.states import NEXT, Status
from orders.timeline import State, Step, last_parcel, state_of, steps_of

if TYPE_CHECKING:
    from orders.pricing import Quote


NEEDED_FOR_DELIVERY = ("legal_name", "contact_name", "email", "mobile", "street_name", "postal_code", "city", "zone")


class Order(Recipient):
    """A request (draft), then an order, of one offer: n lots of one size. The address is the delivery address.

    Amounts are EUR, frozen at confirmation; before that they are computed from today's prices.
    """

    Status = Status

    reference = models.CharField("référence", max_length=LENGTH, unique=True)
    company = models.ForeignKey(Company, models.PROTECT, related_name="orders", verbose_name="entreprise")
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="orders", verbose_name="établissement"
    )
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="passée par"
    )
    status = models.CharField("état", max_length=20, choices=Status, default=Status.DRAFT, editable=False)
    offer = models.CharField("offre", max_length=3, choices=Offer)
    lot_size = models.PositiveSmallIntegerField("taille du lot")
    lots = models.PositiveSmallIntegerField("nombre de lots")
    purchase_order = models.CharField("n° de bon de commande", max_length=30, blank=True)

    zone = models.CharField("zone tarifaire", max_length=10, choices=Zone, blank=True)
    headcount = models.PositiveIntegerField("effectif retenu", null=True, blank=True)
    unit_price_excl_vat = models.DecimalField("prix unitaire HT", max_digits=8, decimal_places=2, null=True)
    total_excl_vat = models.DecimalField("total HT", max_digits=9, decimal_places=2, null=True)
    vat_rate = models.DecimalField("taux de TVA (%)", max_digits=4, decimal_places=2, null=True)
    vat_amount = models.DecimalField("TVA", max_digits=9, decimal_places=2, null=True)
    total_incl_vat = models.DecimalField("total TTC", max_digits=9, decimal_places=2, null=True)
    vat_text = models.CharField("mention de TVA", max_length=200, blank=True)
    terms_version = models.CharField("version des CGV acceptée", max_length=20, blank=True)

    created_at = models.DateTimeField("créée le", auto_now_add=True)
    updated_at = models.DateTimeField("modifiée le", auto_now=True)
    confirmed_at = models.DateTimeField("confirmée le", null=True, blank=True)
    due_at = models.DateTimeField("à régler avant (exclu)", null=True, blank=True)
    paid_at = models.DateTimeField("réglée le", null=True, blank=True)
    cancelled_at = models.DateTimeField("annulée le", null=True, blank=True)
    expired_at = models.DateTimeField("expirée le", null=True, blank=True)
    refunded_at = models.DateTimeField("remboursée le", null=True, blank=True)
    quota_period = DateRangeField("période dépensée", null=True, blank=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = "commande"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["establishment", "-created_at"], name="order_by_establishment"),
            models.Index(fields=["due_at"], name="order_due", condition=Q(status="awaiting_payment")),
            models.Index(fields=["paid_at"], name="order_paid", condition=Q(status="paid")),
            models.Index(fields=["updated_at"], name="order_stale_draft", condition=Q(status="draft")),
        ]
        constraints = [
            # The second belt of "one order per fourteen days": the code's lock is the first.
            ExclusionConstraint(
                name="order_periods_of_a_company_do_not_overlap",
                expressions=[("company", RangeOperators.EQUAL), ("quota_period", RangeOperators.OVERLAPS)],
                violation_error_message="Une commande a déjà été passée pour votre entreprise pendant cette période.",
            ),
            models.UniqueConstraint(
                fields=["establishment"], condition=Q(status="draft"), name="order_one_draft_per_establishment"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="order_status_is_known"),
            models.CheckConstraint(condition=Q(lots__gte=1), name="order_has_lots"),
            models.CheckConstraint(
                condition=Q(offer="TPE", lot_size=6) | Q(offer="PME", lot_size=40), name="order_lot_fits_offer"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["awaiting_payment", "paid"]) | Q(quota_period__isnull=False),
                name="order_that_counts_spends_a_period",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["draft", "cancelled", "expired"]) | Q(quota_period__isnull=True),
                name="order_that_does_not_count_spends_nothing",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", confirmed_at__isnull=True)
                | Q(
                    ~Q(status="draft"),
                    zone__gt="",
                    confirmed_at__isnull=False,
                    due_at__isnull=False,
                    unit_price_excl_vat__isnull=False,
                    total_excl_vat__isnull=False,
                    vat_rate__isnull=False,
                    vat_amount__isnull=False,
                    total_incl_vat__isnull=False,
                ),
                name="order_is_frozen_once_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(total_incl_vat__isnull=True)
                | Q(
                    total_excl_vat=F("unit_price_excl_vat") * F("lots"),
                    total_incl_vat=F("total_excl_vat") + F("vat_amount"),
                ),
                name="order_totals_add_up",
            ),
            models.CheckConstraint(
                condition=~Q(status="paid") | Q(paid_at__isnull=False), name="order_paid_knows_since_when"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("orders:order", args=[self.reference])

    @property
    def is_draft(self) -> bool:
        return self.status == Status.DRAFT

    @property
    def has_delivery(self) -> bool:
        """Whether everything a parcel needs is known."""
        return all(getattr(self, name) for name in NEEDED_FOR_DELIVERY)

    @property
    def can_mend_recipient(self) -> bool:
        """Whether support may still change who receives the parcel: until a label, which prints it, is wanted."""
        if self.status not in (Status.AWAITING_PAYMENT, Status.PAID):
            return False
        parcel = last_parcel(self)
        return parcel is None or not (parcel.label_state or parcel.parcel_number or parcel.shipped_at)

    @property
    def masks(self) -> int:
        return self.lots * self.lot_size

    @property
    def product_name(self) -> str:
        """The designation printed on summaries and invoices."""
        return f"Lot de {self.lot_size} masques en tissu lavables"

    @property
    def state(self) -> State:
        """The state of order and parcel in one word. Prefetch `shipments` where many orders are shown."""
        return state_of(self)

    @property
    def timeline(self) -> list[Step]:
        """The steps of the order and its parcel, with their dates."""
        return steps_of(self)

    @property
    def last_payment_day(self) -> date | None:
        """The last day (Paris, included) on which the customer may pay."""
        return paris_date(self.due_at) - timedelta(days=1) if self.due_at else None

    @property
    def terms_on(self) -> date | None:
        """The day of the terms of sale that were accepted."""
        return date.fromisoformat(self.terms_version) if self.terms_version else None

    @property
    def delivery_estimate(self) -> str:
        """How long a parcel takes once dispatched."""
        return "5 à 7\u00a0jours" if self.zone == Zone.METRO else "1 à 2\u00a0semaines"

    @property
    def next_order_on(self) -> date | None:
        """The first Paris day of the company's next order, while this one counts."""
        return self.quota_period.upper if self.quota_period else None

    @property
    def expires_from(self) -> datetime:
        """The end of the silent grace, never announced: until then money is accepted as if in time."""
        if self.due_at is None:
            raise ValueError(f"{self.reference} was never confirmed: it has no deadline")
        return expires_from(self.due_at)

    def is_payable(self, *, at: datetime) -> bool:
        """Whether the customer may begin to pay: unpaid, and within the announced deadline."""
        return self.status == Status.AWAITING_PAYMENT and self.due_at is not None and at < self.due_at

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the company's row, then this order's, read afresh: the fixed order of locks.

        Whoever else spends or frees the company's quota (a colleague confirming, the expiry job, a payment
        coming in) waits here, and gets BusyError after some seconds. `no_key` lets rows that merely point to the
        company or the order be inserted. A verb called by somebody who holds the lock takes it for granted.
        """
        if getattr(self, "_is_locked", False):
            yield
            return
        with impatient():
            Company.objects.select_for_update(of=("self",), no_key=True).get(pk=self.company_id)
            mine = Order.objects.select_related("company", "establishment")
            try:
                self.refresh_from_db(from_queryset=mine.select_for_update(of=("self",), no_key=True))
            except Order.DoesNotExist:
                raise OrderError(f"La demande {self.reference} a été supprimée.")
            self._is_locked = True
            try:
                yield
            finally:
                self._is_locked = False

    def place(
        self, quote: "Quote", *, by: User, at: datetime, headcount: int | None, terms_version: str, note: str = ""
    ) -> None:
        """Turn the draft into an order: amounts frozen, period spent, stock taken. `checkout.confirm` has checked."""
        ordered_on = paris_date(at)
        self._enter(
            Status.AWAITING_PAYMENT,
            at=at,
            by=by,
            note=note,
            placed_by=by,
            zone=quote.zone,
            headcount=headcount,
            unit_price_excl_vat=quote.unit_price_excl_vat,
            total_excl_vat=quote.total_excl_vat,
            vat_rate=quote.vat_rate,
            vat_amount=quote.vat_amount,
            total_incl_vat=quote.total_incl_vat,
            vat_text=quote.vat_text,
            terms_version=terms_version,
            confirmed_at=at,
            due_at=payment_due_at(ordered_on),
            quota_period=DateRange(ordered_on, next_order_on(ordered_on)),
        )
        notices.order_confirmed(self)
        stock.reserve(self.lot_size, self.lots)

    def mark_paid(self, *, at: datetime) -> None:
        """Record that the money arrived. Calling twice is harmless: the provider may notify twice, even late.

        Raises OrderError when the order no longer waits for money (cancelled, expired): the payment then stands
        by itself and staff decide.
        """
        with self.locked():
            if self.paid_at is not None:
                return
            if self.status != Status.AWAITING_PAYMENT:
                raise OrderError(f"La commande {self.reference} n’attend plus de règlement.")
            self._enter(Status.PAID, at=at, paid_at=at)

    def cancel(self, *, at: datetime, by: User | None, reason: str = "") -> None:
        """Cancel an unpaid order: quota and stock are free at once. Calling twice is harmless.

        Staff give a reason, which the customer reads.
        """
        with self.locked():
            if self.cancelled_at is not None:
                return
            if self.status == Status.PAID:
                raise OrderError("Votre commande est réglée\u00a0: écrivez-nous pour l’annuler avant son expédition.")
            if self.status != Status.AWAITING_PAYMENT:
                raise OrderError(f"La commande {self.reference} ne peut plus être annulée.")
            self._enter(Status.CANCELLED, at=at, by=by, note=reason, cancelled_at=at, quota_period=None)
            notices.order_cancelled(self, reason=reason)
            stock.release(self.lot_size, self.lots)

    def expire(self, *, at: datetime) -> bool:
        """Let an unpaid order lapse; tell whether it did. A payment that came first wins."""
        with self.locked():
            if self.status != Status.AWAITING_PAYMENT or at < self.expires_from:
                return False
            self._enter(Status.EXPIRED, at=at, expired_at=at, quota_period=None)
            notices.order_expired(self)
            stock.release(self.lot_size, self.lots)
            return True

    def _enter(self, status: str, *, at: datetime, by: User | None = None, note: str = "", **facts: Any) -> None:
        """Write the new state, its facts and its event. The caller holds the lock."""
        if status not in NEXT[self.status]:
            raise ValueError(f"{self.reference}: {self.status} → {status} is not allowed")
        self.status = status
        for name, value in facts.items():
            setattr(self, name, value)
        self.save(update_fields=["status", "updated_at", *facts])
        self.events.create(status=status, at=at, by=by, note=note)
