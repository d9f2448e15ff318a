"""What the desk shows of a case: how pressing it is, what the registers said then and say now, what was sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from eligibility.check import check
from eligibility.verdict import Reason
from eligibility.zones import Zone
from notifications.wording import short_date

from .acts import ACTS
from .due import urgency
from .models import Case, Document
from .verbs import as_json

# For staff, who may know what the public answer does not tell.
REASONS = {
    Reason.NO_REGISTER: "Aucun registre en service",
    Reason.UNKNOWN: "Inconnu des registres",
    Reason.NOT_AFFILIATED: "Connu de Sirene, affilié à aucun réseau",
    Reason.OPTED_OUT: "Dans un registre, sans opt-in",
    Reason.CLOSED: "Établissement fermé",
    Reason.TOO_LARGE: "50\u00a0salariés ou plus",
    Reason.TERRITORY_NOT_SERVED: "Territoire non desservi",
    Reason.TERRITORY_NOT_OPEN: "Territoire pas encore ouvert",
    Reason.ELIGIBLE: "Peut commander",
}


@dataclass(frozen=True)
class Line:
    """One fact: what the applicant declares, what the registers said when the case was opened, and say now."""

    label: str
    declared: str
    then: str
    now: str

    @property
    def has_changed(self) -> bool:
        return self.then != self.now


def context(case: Case, user: Any, *, at: datetime) -> dict[str, Any]:
    """Everything the page of a case needs beside its fields."""
    documents = Prefetch("documents", Document.objects.order_by("received_at", "pk"))
    return {
        "case": case,
        "urgency": urgency(case.due_at, at=at) if case.is_under_way else None,
        "acts": [act for act in ACTS.values() if act.is_offered(case, user)],
        "merged": case.merged.order_by("pk"),
        "verdict": verdict_lines(case, at=at),
        "thread": case.messages.select_related("author").prefetch_related(documents),
        "may_read": user.has_perm("eligibility.read_document"),
    }


def verdict_lines(case: Case, *, at: datetime) -> list[Line]:
    """What the applicant declares, beside what the registers said when the case was opened and say now."""
    now = as_json(check(case.siret, at=at)) if case.siret else {}
    declared = {"headcount": case.headcount, "legal_name": case.legal_name, "postal_code": case.postal_code}
    network = {"registers": case.get_register_display() or "–"}
    lines = [
        Line(
            label,
            network.get(name) or _plain(declared.get(name)),
            tell(case.verdict_then.get(name)),
            tell(now.get(name)),
        )
        for name, label, tell in (
            ("reason", "Verdict", _reason),
            ("headcount", "Effectif", _plain),
            ("zone", "Territoire", _zone),
            ("legal_name", "Raison sociale", _plain),
            ("postal_code", "Code postal", _plain),
            ("registers", "Réseau", _registers),
            ("as_of", "À jour au", _day),
        )
    ]
    return [line for line in lines if {line.declared, line.then, line.now} != {"–"}]


def _plain(value: Any) -> str:
    return "–" if value in (None, "") else str(value)


def _reason(value: Any) -> str:
    return REASONS[Reason(value)] if value else "–"


def _zone(value: Any) -> str:
    return str(Zone(value).label) if value else "–"


def _registers(value: Any) -> str:
    return ", ".join(value) if value else "–"


def _day(value: Any) -> str:
    return short_date(datetime.fromisoformat(value).date()) if value else "–"
