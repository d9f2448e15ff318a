"""How long what was written to people is kept: 13 months, then kind, date and state alone remain."""

from datetime import datetime, timedelta

from notifications.models import Message

KEPT_FOR = timedelta(days=396)  # 13 months
BLANK = dict.fromkeys(("recipient", "subject", "body_text", "body_html", "about", "last_error"), "")


def erase_old(now: datetime, *, limit: int = 5000) -> int:
    """Erase texts and recipients of messages past their time, oldest first; return how many."""
    old = Message.objects.filter(created_at__lt=now - KEPT_FOR).exclude(recipient="").order_by("created_at")
    return Message.objects.filter(pk__in=old.values("pk")[:limit]).update(**BLANK)
