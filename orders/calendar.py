"""Dates of an order. Pure: Paris calendar dates in, aware instants out; the clock is an argument.

Deadlines are computed from dates, never from hours: a week that changes the clocks is still a week.
"""

from datetime import date, datetime, time, timedelta

from django.conf import settings


def paris_date(moment: datetime) -> date:
    """The calendar date in Paris at an aware instant."""
    return moment.astimezone(settings.PARIS).date()


def paris_midnight(day: date) -> datetime:
    """The first instant of a day in Paris."""
    return datetime.combine(day, time.min, tzinfo=settings.PARIS)


def last_payment_day(ordered_on: date) -> date:
    """The last Paris day on which an order may be paid, as announced: D+7 included."""
    return ordered_on + timedelta(days=settings.PAYMENT_DEADLINE_DAYS)


def payment_due_at(ordered_on: date) -> datetime:
    """The announced deadline as an instant, excluded: the midnight that ends D+7 in Paris."""
    return paris_midnight(last_payment_day(ordered_on) + timedelta(days=1))


def expires_from(due_at: datetime) -> datetime:
    """The end of the silent grace: 07:00 Paris on the day after the announced deadline."""
    return datetime.combine(paris_date(due_at), time(settings.PAYMENT_GRACE_HOURS), tzinfo=settings.PARIS)


def next_order_on(ordered_on: date) -> date:
    """The first Paris day of the company's next order: D+14."""
    return ordered_on + timedelta(days=settings.ORDER_RENEWAL_DAYS)
