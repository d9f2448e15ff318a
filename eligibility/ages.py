"""How old the registers in service are, and the warning to staff before and while one is too old to be trusted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from notifications import outbox
from notifications.addresses import absolute
from notifications.wording import count, paris_date

from .models import RegisterLoad, SireneLoad

# A chamber needs notice to send a file, and INSEE publishes once a month.
NOTICE = timedelta(days=15)


@dataclass(frozen=True)
class Age:
    """A register, or a stock of Sirene, with its load in service."""

    code: str
    name: str
    load: RegisterLoad | SireneLoad
    at: datetime

    @property
    def days(self) -> int:
        """Whole days since it was loaded."""
        return (self.at - self.load.finished_at).days

    @property
    def since(self) -> str:
        """il y a 12 jours."""
        return f"il y a {count(self.days, 'jour')}" if self.days else "il y a moins d’un jour"

    @property
    def due_at(self) -> datetime:
        """From this moment it is too old."""
        return self.load.finished_at + timedelta(days=settings.REGISTER_MAX_AGE_DAYS)

    @property
    def is_old(self) -> bool:
        return self.at >= self.due_at

    @property
    def is_due_soon(self) -> bool:
        return not self.is_old and self.at >= self.due_at - NOTICE


def ages(at: datetime) -> Iterator[Age]:
    """Every register in service, then Sirene's stocks; what was never loaded has no age."""
    for load in RegisterLoad.objects.filter(is_active=True).order_by("register"):
        yield Age(load.register_id, f"Registre {load.register_id}", load, at)
    for stock in SireneLoad.objects.filter(is_active=True).order_by("stock"):
        yield Age(stock.stock, stock.get_stock_display(), stock, at)


def warn(at: datetime) -> None:
    """Write to staff once when a load comes near its age limit, then once a week while it is past it."""
    for age in ages(at):
        if age.is_old:
            year, week, _ = paris_date(at).isocalendar()
            _post(age, key=f"register_old:{age.code}:{year}w{week:02d}")
        elif age.is_due_soon:
            _post(age, key=f"register_due:{age.code}:{age.load.pk}")


def _post(age: Age, *, key: str) -> None:
    with transaction.atomic():
        outbox.post(
            "eligibility/register_age",
            to=settings.STAFF_ALERT_EMAIL,
            key=key,
            about=age.code,
            context={
                "age": age,
                "limit": settings.REGISTER_MAX_AGE_DAYS,
                "admin_url": absolute(reverse("admin:index")),
            },
        )
