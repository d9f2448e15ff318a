"""From the draft to the order: what is looked at again under the lock, and what the customer reads."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import DeliveryProfile
from eligibility.check import check
from eligibility.models import RegisterEntry, RegisterLoad
from notifications.models import Message
from orders import checkout
from orders.errors import OrderChangedError, OrderError
from orders.models import Order, Price, Stock
from tests.factories import DeliveryProfileFactory, EstablishmentFactory, OrderFactory
from tests.journeys import customer
from tests.orders.conftest import draft_of, shown
from tests.orders.test_pricing import rows

PARIS = ZoneInfo("Europe/Paris")


def confirm(order: Order, user, *, at=None, **changes) -> None:
    said = shown(order)
    at = at or timezone.now()
    checkout.confirm(order, by=user, at=at, shown=checkout.Shown(**(said.__dict__ | changes)))


def test_confirming_freezes_price_period_and_deadline(user):
    at = datetime(2026, 11, 23, 12, tzinfo=PARIS)
    order = draft_of(user, lots=3, at=at)
    confirm(order, user, at=at)
    order = Order.objects.get(pk=order.pk)
    assert (order.status, order.zone, order.headcount, order.placed_by) == ("awaiting_payment", "METRO", 49, user)
    assert (order.total_excl_vat, order.vat_amount, order.total_incl_vat) == (
        Decimal("277.50"), Decimal("15.26"), Decimal("292.76"),
    )  # fmt: skip
    assert (order.quota_period.lower, order.quota_period.upper) == (date(2026, 11, 23), date(2026, 12, 7))
    assert order.last_payment_day == date(2026, 11, 30)
    assert order.next_order_on == date(2026, 12, 7)
    assert order.terms_version == "2026-11-01"
    assert [(event.status, event.at, event.by) for event in order.events.all()] == [("awaiting_payment", at, user)]
    assert Stock.objects.get(lot_size=40).available == 175_000 - 3
    assert Message.objects.get().dedupe_key == f"order_confirmed:{order.pk}:email"


def test_what_was_frozen_stays_when_prices_move(user):
    order = draft_of(user)
    confirm(order, user)
    Price.objects.update(amount_excl_vat=Decimal("200.00"))
    order.refresh_from_db()
    assert order.total_incl_vat == Decimal("97.59")


def test_confirming_again_changes_nothing(user):
    order = draft_of(user)
    said = shown(order)
    for _ in range(2):
        checkout.confirm(order, by=user, at=timezone.now(), shown=said)
    assert Message.objects.count() == 1
    assert order.events.count() == 1


@pytest.mark.parametrize(
    ("moment", "day"),
    [("2026-10-18T21:59:59Z", date(2026, 10, 18)), ("2026-10-18T22:00:00Z", date(2026, 10, 19))],
)
def test_the_day_of_the_order_is_the_day_in_paris(user, settings, moment, day):
    at = datetime.fromisoformat(moment)
    order = draft_of(user, at=at)
    confirm(order, user, at=at)
    assert order.quota_period.lower == day


def test_headcounts_of_the_golden_table_bound_the_lots(db):
    user = customer()
    establishment = user.establishment
    for row in rows("golden_quota"):
        RegisterEntry.objects.update(headcount=int(row["headcount"]))
        verdict = check(establishment.siret, at=timezone.now())
        if row["eligible"] != "yes":
            assert verdict.max_lots == 0
            with pytest.raises(OrderError):
                checkout.open_draft(establishment, by=user, verdict=verdict, lots=1, at=timezone.now())
            continue
        most = int(row["max_lots"])
        order = checkout.open_draft(establishment, by=user, verdict=verdict, lots=most, at=timezone.now())
        assert (order.offer, order.lot_size, order.masks) == (row["offer"], int(row["lot_size"]), int(row["max_masks"]))
        for lots in (most + 1, 0, -1):
            with pytest.raises(OrderError, match="au maximum"):
                checkout.set_lots(order, verdict=verdict, lots=lots, at=timezone.now())


class TestDraft:
    def test_there_is_one_and_every_tab_writes_to_it(self, user):
        first, second = draft_of(user, lots=1), draft_of(user, lots=2)
        assert first.pk == second.pk
        assert Order.objects.get().lots == 2

    def test_it_spends_nothing(self, user):
        order = draft_of(user)
        assert order.quota_period is None
        assert Stock.objects.get(lot_size=40).available == 175_000

    def test_it_is_filled_from_the_company_and_the_person(self, user):
        user.establishment.legal_name = "SOCIETE " + "X" * 60
        user.establishment.usual_purchase_order = "BC-7"
        user.establishment.save()
        order = draft_of(user)
        assert order.legal_name == ("SOCIETE " + "X" * 60)[:35]
        assert (order.contact_name, order.email, order.mobile) == ("Camille Martin", user.email, "+33639980001")
        assert (order.postal_code, order.zone, order.purchase_order) == ("35600", "METRO", "BC-7")
        assert order.has_delivery

    def test_it_is_filled_from_the_last_delivery_that_was_kept(self, user):
        DeliveryProfileFactory(
            establishment=user.establishment, contact_name="Le dépôt", postal_code="97300", city="CAYENNE"
        )
        order = draft_of(user)
        assert (order.contact_name, order.city, order.zone) == ("Le dépôt", "CAYENNE", "GF_YT")

    def test_a_delivery_is_kept_for_the_next_time(self, user):
        order = draft_of(user, city="RENNES")
        checkout.save_address(order)
        checkout.set_delivery(order, {"city": "REDON"}, at=timezone.now())
        checkout.save_address(order)
        assert DeliveryProfile.objects.get().city == "REDON"

    def test_what_another_tab_confirmed_is_not_written_to_any_more(self, user):
        order = draft_of(user)
        stale = Order.objects.get(pk=order.pk)
        confirm(order, user)
        with pytest.raises(OrderError, match="n’est plus en cours"):
            checkout.set_delivery(stale, {"city": "AILLEURS"}, at=timezone.now())
        with pytest.raises(OrderError, match="ne peut plus être supprimée"):
            checkout.discard(stale)
        assert Order.objects.get().city == "REDON"

    def test_one_that_was_deleted_in_another_tab_says_so(self, user):
        order = draft_of(user)
        said, stale = shown(order), Order.objects.get(pk=order.pk)
        checkout.discard(order)
        with pytest.raises(OrderError, match="a été supprimée"):
            checkout.confirm(stale, by=user, at=timezone.now(), shown=said)

    def test_after_thirty_days_untouched_it_goes(self, user):
        old, fresh = draft_of(user), OrderFactory(draft=True)
        paid = OrderFactory(paid=True)
        now = timezone.now()
        Order.objects.exclude(pk=fresh.pk).update(updated_at=now - timedelta(days=31))
        checkout.delete_untouched(since=now - timedelta(days=30))
        assert set(Order.objects.values_list("pk", flat=True)) == {fresh.pk, paid.pk}
        assert old.pk not in {fresh.pk, paid.pk}


class TestRefusal:
    """Nothing is written, and the sentence is fit for the customer."""

    @pytest.fixture(autouse=True)
    def nothing_is_written(self, user):
        self.order = draft_of(user)
        yield
        self.order.refresh_from_db()
        assert self.order.status == "draft"
        assert Stock.objects.get(lot_size=40).available == 175_000 or self.stock_is_short
        assert not Message.objects.exists()

    stock_is_short = False

    def test_another_site_of_the_company_has_just_ordered(self, user):
        OrderFactory(establishment=EstablishmentFactory(company=user.establishment.company), paid=True)
        with pytest.raises(OrderError, match="Une commande vient d’être passée pour votre entreprise"):
            confirm(self.order, user)

    def test_the_establishment_has_closed_meanwhile(self, user):
        RegisterEntry.objects.update(is_open=False)
        with pytest.raises(OrderError, match="Cet établissement est fermé"):
            confirm(self.order, user)

    def test_the_company_has_grown_to_fifty(self, user):
        RegisterEntry.objects.update(headcount=50)
        with pytest.raises(OrderError, match="moins de 50\u00a0salariés"):
            confirm(self.order, user)

    def test_no_register_is_loaded(self, user):
        RegisterLoad.objects.update(is_active=False)
        with pytest.raises(OrderError, match="momentanément indisponible"):
            confirm(self.order, user)

    @pytest.mark.parametrize("headcount", [9, 20])
    def test_another_offer_or_fewer_lots_apply_now(self, user, headcount):
        checkout.set_lots(
            self.order, verdict=check(user.establishment.siret, at=timezone.now()), lots=3, at=timezone.now()
        )
        RegisterEntry.objects.update(headcount=headcount)
        with pytest.raises(OrderChangedError, match="L’effectif"):
            confirm(self.order, user)

    @pytest.mark.parametrize(
        ("state", "sentence"),
        [("paused", "momentanément suspendues"), ("closed", "L’opération est terminée"), ("announced", "ouvriront")],
    )
    def test_the_programme_takes_no_orders(self, user, settings, state, sentence):
        settings.PROGRAMME_STATE = state
        with pytest.raises(OrderError, match=sentence):
            confirm(self.order, user)

    def test_the_territory_of_the_delivery_opens_later(self, user, settings):
        checkout.set_delivery(self.order, {"postal_code": "97300", "city": "CAYENNE"}, at=timezone.now())
        settings.ZONE_OPENS_AT = settings.ZONE_OPENS_AT | {"GF_YT": datetime(2030, 5, 11, tzinfo=PARIS)}
        with pytest.raises(OrderError, match="ouvrent le samedi 11 mai 2030"):
            confirm(self.order, user)

    def test_the_address_is_not_complete(self, user):
        Order.objects.update(mobile="")
        self.order.refresh_from_db()
        with pytest.raises(OrderError, match="Complétez"):
            confirm(self.order, user)

    def test_the_price_was_changed_meanwhile(self, user):
        said = shown(self.order)
        Price.objects.update(amount_excl_vat=Decimal("93.00"))
        with pytest.raises(OrderChangedError, match="Le tarif a changé"):
            checkout.confirm(self.order, by=user, at=timezone.now(), shown=said)

    def test_a_total_typed_by_hand_buys_nothing(self, user):
        with pytest.raises(OrderChangedError, match="Le tarif a changé"):
            confirm(self.order, user, total_incl_vat=Decimal("1.00"))

    def test_the_address_was_changed_in_another_tab(self, user):
        said = shown(self.order)
        checkout.set_delivery(self.order, {"city": "RENNES"}, at=timezone.now())
        with pytest.raises(OrderChangedError, match="a été modifiée"):
            checkout.confirm(self.order, by=user, at=timezone.now(), shown=said)

    def test_the_terms_were_changed_meanwhile(self, user, settings):
        said = shown(self.order)
        settings.TERMS_VERSION = "2026-12-01"
        with pytest.raises(OrderChangedError, match="conditions générales"):
            checkout.confirm(self.order, by=user, at=timezone.now(), shown=said)

    def test_the_stock_is_short(self, user):
        self.stock_is_short = True
        Stock.objects.filter(lot_size=40).update(available=0)
        with pytest.raises(OrderError, match="Le stock ne permet plus"):
            confirm(self.order, user)
        assert Stock.objects.get(lot_size=40).available == 0


def test_an_announced_programme_opens_at_its_hour_by_itself(user, settings):
    settings.PROGRAMME_STATE, settings.PROGRAMME_OPENS_AT = "announced", "2026-12-01T09:00"
    order = draft_of(user)
    with pytest.raises(OrderError, match="le mardi 1er décembre 2026 à 9\u00a0h"):
        confirm(order, user, at=datetime(2026, 12, 1, 8, 59, tzinfo=PARIS))
    confirm(order, user, at=datetime(2026, 12, 1, 9, tzinfo=PARIS))
    assert order.status == "awaiting_payment"


def test_a_change_of_headcount_is_said_and_never_silent(user):
    order = draft_of(user, lots=3)
    RegisterEntry.objects.update(headcount=9)
    verdict = check(user.establishment.siret, at=timezone.now())
    said = checkout.adapt(order, verdict, at=timezone.now())
    assert "3\u00a0lots de 6" in said
    assert (order.offer, order.lot_size, order.lots) == ("TPE", 6, 3)
    assert checkout.adapt(order, verdict, at=timezone.now()) == ""


def test_confirming_needs_few_statements(user, django_assert_max_num_queries):
    order = draft_of(user)
    said = shown(order)
    with django_assert_max_num_queries(14):
        checkout.confirm(order, by=user, at=timezone.now(), shown=said)
