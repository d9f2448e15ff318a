"""From a draft to an order. `confirm` is the one door through which quota is spent.

A draft spends nothing and shows today's price; there is one per establishment, and every tab writes to it.
Paying at once is `billing`'s: its view calls `views.summary`, which confirms and hands over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import DeliveryProfile, Establishment, User
from eligibility.check import check
from eligibility.quota import Offer
from eligibility.verdict import PublicAnswer, Verdict
from eligibility.zones import Zone, is_open, opens_at, zone_of
from notifications.wording import count, long_date

from . import programme, reference
from .calendar import next_order_on, paris_date
from .errors import OrderChangedError, OrderError
from .models import Order
from .pricing import Quote, quote

REFERENCE_TRIES = 5


@dataclass(frozen=True)
class Shown:
    """What the summary said when the customer committed: sent back with the form and compared."""

    total_incl_vat: Decimal
    terms_version: str
    revision: str


def revision(order: Order) -> str:
    """Changes with every change of the draft, in whatever tab."""
    return order.updated_at.astimezone(UTC).isoformat()


def open_draft(
    establishment: Establishment, *, by: User, verdict: Verdict, lots: int, at: datetime, draft: Order | None = None
) -> Order:
    """The establishment's draft with this many lots: the one it has, or a new one filled from what is known.

    A caller that has just looked gives what it found; a draft opened since is found by its constraint.
    """
    offer = _checked_offer(verdict, lots)
    order = draft or _new_draft(establishment, by=by, offer=offer, lots=lots)
    if order.lots != lots or order.offer != offer:
        set_lots(order, verdict=verdict, lots=lots, at=at)
    return order


def _new_draft(establishment: Establishment, *, by: User, offer: Offer, lots: int) -> Order:
    order = Order(
        company=establishment.company,
        establishment=establishment,
        placed_by=by,
        offer=offer,
        lot_size=offer.lot_size,
        lots=lots,
        purchase_order=establishment.usual_purchase_order,
        **known_recipient(establishment, by),
    )
    order.zone = _zone_if_served(order.postal_code) or ""
    for _ in range(REFERENCE_TRIES):
        order.reference = reference.draw()
        try:
            with transaction.atomic():
                order.save(force_insert=True)
        except IntegrityError:
            # The reference is taken, or another tab has just opened this establishment's draft.
            if draft := establishment.orders.drafts().first():
                return draft
        else:
            return order
    raise RuntimeError("no free order reference found")


def known_recipient(establishment: Establishment, user: User) -> dict[str, Any]:
    """Where the last delivery went, if it was kept; else the establishment's address and the user's contacts."""
    if profile := DeliveryProfile.objects.filter(establishment=establishment).first():
        return {name: getattr(profile, name) for name in DeliveryProfile.RECIPIENT_FIELDS}
    address = ("street_number", "street_name", "hamlet", "building", "address_extra", "postal_code", "city")
    contact = ("department", "email", "mobile", "phone", "sms_wanted")
    return (
        {name: getattr(establishment, name) for name in address}
        | {name: getattr(user, name) for name in contact}
        | {
            # A label line holds 35 characters; what is cut is offered for correction.
            "legal_name": (establishment.legal_name or establishment.trade_name)[:35].strip(),
            "contact_name": user.contact_name[:35].strip(),
            "email": user.email[:80],
        }
    )


def set_lots(order: Order, *, verdict: Verdict, lots: int, at: datetime) -> None:
    """Choose how many lots of the company's offer."""
    offer = _checked_offer(verdict, lots)
    _write(order, at=at, offer=offer, lot_size=offer.lot_size, lots=lots)


def set_delivery(order: Order, values: Mapping[str, Any], *, at: datetime) -> None:
    """Write recipient and address on the draft; the postal code gives the price zone."""
    zone = _zone_if_served(values.get("postal_code", order.postal_code))
    if zone is None:
        raise OrderError("Nous ne livrons pas ce territoire.")
    _write(order, at=at, zone=zone, **values)


def keep_typed(order: Order, values: Mapping[str, Any], *, at: datetime) -> None:
    """Keep what was typed before an interruption, complete or not."""
    zone = _zone_if_served(values.get("postal_code", order.postal_code))
    _write(order, at=at, zone=zone or "", **values)


def save_address(order: Order) -> None:
    """Remember this delivery for the next one."""
    values = {name: getattr(order, name) for name in DeliveryProfile.RECIPIENT_FIELDS}
    DeliveryProfile.objects.update_or_create(establishment=order.establishment, defaults=values)


def discard(order: Order) -> None:
    """Delete a draft: nothing was ordered."""
    with order.locked():
        if not order.is_draft:
            raise OrderError(f"La commande {order.reference} est confirmée\u00a0: elle ne peut plus être supprimée.")
        order.delete()


def delete_untouched(*, since: datetime, limit: int = 1000) -> None:
    """Delete drafts left alone since then; one that is being confirmed at this moment is locked, and skipped."""
    with transaction.atomic():
        stale = Order.objects.drafts().untouched_since(since).select_for_update(of=("self",), skip_locked=True)
        pks = list(stale.order_by("updated_at").values_list("pk", flat=True)[:limit])
        Order.objects.filter(pk__in=pks).delete()


def adapt(order: Order, verdict: Verdict, *, at: datetime) -> str:
    """Fit the draft to what the company may order now; say what changed, so that nothing is switched silently."""
    if not verdict.is_eligible or (order.offer == verdict.offer and order.lots <= verdict.max_lots):
        return ""
    set_lots(order, verdict=verdict, lots=min(order.lots, verdict.max_lots), at=at)
    return (
        "L’effectif retenu pour votre entreprise a changé. Votre demande porte maintenant sur "
        f"{count(order.lots, 'lot')} de {order.lot_size}\u00a0masques. Vérifiez la quantité et le nouveau total."
    )


def confirm(order: Order, *, by: User, at: datetime, shown: Shown) -> None:
    """Spend the company's quota on this order, or raise an OrderError that says why not. Repeating is harmless.

    The company row is the lock: without it two colleagues who click in the same second would both read the same
    free period and spend it twice. Stock, the row all customers share, is taken last.
    """
    with order.locked():
        if order.confirmed_at is not None:
            return
        programme.check(at=at)
        _check_period(order, at=at)
        verdict = check(order.establishment.siret, at=at)
        _check_verdict(verdict)
        _check_delivery(order, at=at)
        price = todays_quote(order, at=at)
        _check_shown(order, verdict, price, shown)
        order.place(
            price,
            by=by,
            at=at,
            headcount=verdict.headcount,
            terms_version=shown.terms_version,
            note=_doubt(verdict),
        )


def todays_quote(order: Order, *, at: datetime) -> Quote:
    """The draft's price today; before the address is known, that of metropolitan France."""
    return quote(order.zone or Zone.METRO, order.lot_size, order.lots, on=paris_date(at))


def refusal(verdict: Verdict) -> str:
    """Why this company may not order, in one public sentence."""
    if verdict.public_answer == PublicAnswer.TERRITORY_NOT_OPEN and verdict.opens_at:
        return f"{verdict.title} Elles seront possibles à partir du {long_date(verdict.opens_at)} (heure de Paris)."
    return verdict.title


def _write(order: Order, *, at: datetime, **values: Any) -> None:
    """Write on a draft only: what was confirmed in another tab meanwhile keeps what it was confirmed with."""
    values["updated_at"] = at
    if not Order.objects.drafts().filter(pk=order.pk).update(**values):
        raise OrderError(f"La demande {order.reference} n’est plus en cours\u00a0: elle a été confirmée ou supprimée.")
    for name, value in values.items():
        setattr(order, name, value)


def _zone_if_served(postal_code: str) -> Zone | None:
    try:
        return zone_of(postal_code)
    except ValueError:
        return None


def _checked_offer(verdict: Verdict, lots: int) -> Offer:
    """The company's offer, where it may order this many lots of it."""
    if not verdict.is_eligible or verdict.offer is None:
        raise OrderError(refusal(verdict))
    if not 1 <= lots <= verdict.max_lots:
        raise OrderError(f"Vous pouvez commander {count(verdict.max_lots, 'lot')} au maximum.")
    return verdict.offer


def _check_verdict(verdict: Verdict) -> None:
    if not verdict.is_eligible:
        raise OrderError(refusal(verdict))


def _doubt(verdict: Verdict) -> str:
    """What staff should know, on the order's history, of the headcount that was counted."""
    if not verdict.headcounts_differ:
        return ""
    return f"Les registres ne donnent pas le même effectif\u00a0: le plus grand est retenu ({verdict.headcount_text})."


def _check_period(order: Order, *, at: datetime) -> None:
    today = paris_date(at)
    other = order.company.orders.spending_any_of(today, next_order_on(today)).only("quota_period").first()
    if other is not None and other.next_order_on is not None:
        raise OrderError(
            "Une commande vient d’être passée pour votre entreprise. "
            f"Prochaine commande possible à partir du {long_date(other.next_order_on)}."
        )


def _check_delivery(order: Order, *, at: datetime) -> None:
    if not order.has_delivery:
        raise OrderError("Complétez d’abord l’adresse de livraison.")
    if not is_open(Zone(order.zone), at=at):
        opening = long_date(opens_at(Zone(order.zone)))
        raise OrderError(f"Les commandes pour ce territoire ouvrent le {opening} (heure de Paris).")


def _check_shown(order: Order, verdict: Verdict, price: Quote, shown: Shown) -> None:
    """Nothing is ordered that the customer has not just read."""
    if order.offer != verdict.offer or order.lots > verdict.max_lots:
        raise OrderChangedError("L’effectif retenu pour votre entreprise a changé.")
    if revision(order) != shown.revision:
        raise OrderChangedError(
            "La demande a été modifiée depuis l’ouverture de cette page. Vérifiez-la avant de confirmer."
        )
    if price.total_incl_vat != shown.total_incl_vat:
        raise OrderChangedError(
            "Le tarif a changé depuis l’ouverture de cette page. Vérifiez le nouveau total avant de confirmer."
        )
    if shown.terms_version != settings.TERMS_VERSION:
        raise OrderChangedError(
            "Les conditions générales ont changé depuis l’ouverture de cette page. Relisez-les avant de confirmer."
        )
