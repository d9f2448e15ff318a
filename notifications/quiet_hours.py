"""When an SMS may ring: not between 20 h and 8 h in Paris, codes excepted."""

from datetime import datetime, timedelta

from django.conf import settings

from notifications.models import Channel, Message, Urgency
from notifications.wording import in_paris


def earliest(message: Message, now: datetime) -> datetime:
    """The first instant from `now` on at which this message may leave."""
    if message.channel != Channel.SMS or message.urgency == Urgency.CODE:
        return now
    return end_of_quiet(now, settings.SMS_QUIET_HOURS)


def end_of_quiet(now: datetime, hours: str) -> datetime:
    """`now` itself in the daytime, else the coming morning; `hours` is "20-8", empty for none."""
    if not hours:
        return now
    evening, morning = (int(hour) for hour in hours.split("-"))
    local = in_paris(now)
    if morning <= local.hour < evening:
        return now
    day = local.date() + timedelta(days=1 if local.hour >= evening else 0)
    return local.replace(year=day.year, month=day.month, day=day.day, hour=morning, minute=0, second=0, microsecond=0)
