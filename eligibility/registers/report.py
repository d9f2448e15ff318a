"""What a load found and did: the same report for the dry run and the real one."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from notifications.wording import NBSP, count, figure, short_date

from .diff import EXAMPLES, Diff
from .guards import Objection
from .layout import SEPARATORS
from .reasons import REJECTIONS, WARNINGS, why_nothing

ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}


@dataclass
class Report:
    """Figures of one load; `is_applied` once it is in service."""

    register: str
    file_name: str
    sha256: str
    encoding: str
    is_delta: bool
    separator: str = ""
    ignored_columns: tuple[str, ...] = ()
    read: int = 0
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    diff: Diff = field(default_factory=Diff)
    losers: list[str] | None = None  # one SIRET of each customer who would lose the right to order; None: not asked
    newest_on: date | None = None
    objections: list[Objection] = field(default_factory=list)
    overridden: list[str] = field(default_factory=list)
    is_same_file: bool = False
    is_applied: bool = False

    @property
    def unlifted(self) -> list[Objection]:
        """The objections nobody has lifted."""
        return [objection for objection in self.objections if objection.name not in self.overridden]

    @property
    def why_nothing(self) -> str:
        """Why an empty load is refused whatever was allowed: most often it is the other network's file."""
        if self.read and self.rejected["register_other"] == self.read:
            return f"Ce fichier n’est pas celui du registre {self.register}\u00a0: ses lignes sont d’un autre registre."
        return why_nothing(self.rejected, REJECTIONS)

    def as_json(self) -> dict[str, Any]:
        """What the load's row keeps besides its own columns: the figures, and the report as it was read."""
        return {
            "lines": [*self.lines()],
            "encoding": self.encoding,
            "separator": self.separator,
            "ignored_columns": list(self.ignored_columns),
            "rejected": dict(self.rejected),
            "warnings": dict(self.warnings),
            "examples": self.diff.examples,
            "overridden": self.overridden,
            "losers": None if self.losers is None else len(self.losers),
        }

    def lines(self) -> Iterator[str]:
        """The report in French, for the operator and for the chamber."""
        kind = "différentiel" if self.is_delta else "complet"
        yield f"Registre {self.register}, chargement {kind}{NBSP}: {self.file_name}"
        yield f"Empreinte SHA-256{NBSP}: {self.sha256}"
        if self.is_same_file:
            yield "Ce fichier est déjà en service, octet pour octet\u00a0: rien à faire."
            return
        yield f"Encodage {ENCODINGS[self.encoding]}, séparateur {SEPARATORS[self.separator]}"
        if self.ignored_columns:
            names = ", ".join(name or "(sans nom)" for name in self.ignored_columns)
            yield f"Colonnes inconnues, ignorées{NBSP}: {names}"
        yield from self._row_lines()
        yield from self._diff_lines()
        yield from told_objections(self.objections, self.overridden)

    def _row_lines(self) -> Iterator[str]:
        outcome = [count(self.accepted, "retenue"), count(self.rejected.total(), "rejetée")]
        if duplicates := self.warnings["duplicate"]:
            outcome.append(count(duplicates, "en double", "en double"))
        yield f"{count(self.read, 'ligne')}{NBSP}: {', '.join(outcome)}"
        for reason, rows in self.rejected.most_common():
            yield f"  rejet {reason}{NBSP}: {figure(rows)} – {REJECTIONS[reason]}"
        for warning, rows in self.warnings.most_common():
            yield f"  remarque {warning}{NBSP}: {figure(rows)} – {WARNINGS[warning]}"
        if self.newest_on:
            yield f"Mise à jour la plus récente{NBSP}: {short_date(self.newest_on)}"

    def _diff_lines(self) -> Iterator[str]:
        kept = "absentes du fichier, conservées" if self.is_delta else "retirées"
        named = (("added", "ajoutées"), ("changed", "modifiées"), ("removed", kept), ("unchanged", "inchangées"))
        for kind, label in named:
            examples = ", ".join(self.diff.examples.get(kind, ()))
            suffix = f" (par exemple {examples})" if examples else ""
            yield f"  {label}{NBSP}: {figure(getattr(self.diff, kind))}{suffix}"
        yield from told_losers(self.losers)


def told_losers(losers: list[str] | None) -> Iterator[str]:
    """The customers who would lose their right, if they were looked for."""
    if losers is not None:
        examples = f" (par exemple {', '.join(losers[:EXAMPLES])})" if losers else ""
        yield f"Clients qui perdraient le droit de commander{NBSP}: {figure(len(losers))}{examples}"


def told_objections(objections: Iterable[Objection], overridden: Collection[str]) -> Iterator[str]:
    """What speaks against a load, each with the option that lifts it or the word that it was lifted."""
    for objection in objections:
        lifted = "levée par l’opérateur" if objection.name in overridden else f"--allow-{objection.name}"
        yield f"Objection ({lifted}){NBSP}: {objection.sentence}"
