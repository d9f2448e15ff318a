"""What a load of a stock found and did: the same report for the dry run and the real one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from eligibility.registers.guards import Objection
from eligibility.registers.report import told_losers, told_objections
from notifications.wording import NBSP, count, figure, short_date

from .models import Stock

EXAMPLES = 5

REJECTIONS = {
    "field_count": "la ligne a plus de champs que l’en-tête",
    "key_invalid": "le numéro n’a pas le nombre de chiffres attendu",
    "state_unknown": "l’état n’est ni ouvert (actif) ni fermé (cessé)",
}


@dataclass
class Report:
    """Figures of one load; `is_applied` once it is in service."""

    stock: Stock
    file_name: str
    sha256: str
    read: int = 0
    accepted: int = 0
    closed: int = 0
    confidential: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    newest_on: date | None = None
    rows_before: int | None = None
    losers: list[str] | None = None  # one SIRET of each customer who would lose the right to order; None: not asked
    objections: list[Objection] = field(default_factory=list)
    overridden: list[str] = field(default_factory=list)
    is_same_file: bool = False
    is_applied: bool = False

    @property
    def unlifted(self) -> list[Objection]:
        """The objections nobody has lifted."""
        return [objection for objection in self.objections if objection.name not in self.overridden]

    def as_json(self) -> dict[str, Any]:
        """What the load's row keeps besides its own columns: the figures, and the report as it was read."""
        return {
            "lines": [*self.lines()],
            "rejected": dict(self.rejected),
            "examples": self.examples,
            "losers": None if self.losers is None else len(self.losers),
            "overridden": self.overridden,
        }

    def lines(self) -> Iterator[str]:
        """The report in French, for the operator."""
        yield f"{self.stock.label}{NBSP}: {self.file_name}"
        yield f"Empreinte SHA-256{NBSP}: {self.sha256}"
        if self.is_same_file:
            yield "Ce fichier est déjà en service, octet pour octet\u00a0: rien à faire."
            return
        outcome = f"{count(self.accepted, 'retenue')}, {count(self.rejected.total(), 'rejetée')}"
        yield f"{count(self.read, 'ligne')}{NBSP}: {outcome}"
        for reason, rows in self.rejected.most_common():
            examples = ", ".join(self.examples[reason])
            yield f"  rejet {reason}{NBSP}: {figure(rows)} – {REJECTIONS[reason]} (par exemple {examples})"
        yield f"  dont fermées ou cessées{NBSP}: {figure(self.closed)}, gardées sans nom ni adresse"
        yield f"  dont à diffusion partielle{NBSP}: {figure(self.confidential)}"
        if self.rows_before is not None:
            yield f"  lignes en service jusqu’ici{NBSP}: {figure(self.rows_before)}"
        if self.newest_on:
            yield f"Traitement le plus récent{NBSP}: {short_date(self.newest_on)}"
        yield from told_losers(self.losers)
        yield from told_objections(self.objections, self.overridden)
