"""What makes a load suspect: half a file, the wrong file, an old file. Pure rules on figures.

Each objection has a name, and the operator who knows better lifts it by that name.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from notifications.wording import NBSP, count, figure, short_date

FEW_ROWS, MANY_REJECTS, WRONG_REGISTER = "few-rows", "many-rejects", "wrong-register"
DROP, SHIFT, OLDER = "drop", "shift", "older"
NAMES = (FEW_ROWS, MANY_REJECTS, WRONG_REGISTER, DROP, SHIFT, OLDER)
# A file of which more rows than this name another register was meant for that one.
MOST = 0.5


@dataclass(frozen=True)
class Limits:
    """The limits of the settings REGISTER_*; shares between 0 and 1."""

    min_rows: int
    max_reject_rate: float
    max_drop: float
    max_shift: float


@dataclass(frozen=True)
class Figures:
    """What is known of a load before it goes live, beside the register in service (none at the first load)."""

    is_full: bool
    read: int
    accepted: int
    rejected: int
    of_others: int  # rows rejected because they name another register, or none that is known
    removed: int
    current_rows: int
    bands: Counter[str]
    current_bands: Counter[str]
    newest_on: date | None
    current_newest_on: date | None


@dataclass(frozen=True)
class Objection:
    name: str
    sentence: str


def objections(figures: Figures, limits: Limits) -> list[Objection]:
    """Everything that speaks against this load."""
    found = [_many_rejects(figures, limits), _wrong_register(figures), _older(figures)]
    if figures.is_full:
        found += [_few_rows(figures, limits), _drop(figures, limits), _shift(figures, limits)]
    return [objection for objection in found if objection]


def _many_rejects(figures: Figures, limits: Limits) -> Objection | None:
    rate = figures.rejected / figures.read if figures.read else 0
    if rate <= limits.max_reject_rate:
        return None
    return Objection(
        MANY_REJECTS, f"{_percent(rate)} des lignes sont rejetées (limite\u00a0: {_percent(limits.max_reject_rate)})."
    )


def _wrong_register(figures: Figures) -> Objection | None:
    rate = figures.of_others / figures.read if figures.read else 0
    if rate <= MOST:
        return None
    return Objection(WRONG_REGISTER, f"{_percent(rate)} des lignes nomment un autre registre que celui du chargement.")


def _few_rows(figures: Figures, limits: Limits) -> Objection | None:
    if figures.accepted >= limits.min_rows:
        return None
    return Objection(
        FEW_ROWS,
        f"{count(figures.accepted, 'ligne retenue', 'lignes retenues')} seulement"
        f" (minimum\u00a0: {figure(limits.min_rows)}).",
    )


def _drop(figures: Figures, limits: Limits) -> Objection | None:
    rate = figures.removed / figures.current_rows if figures.current_rows else 0
    if rate <= limits.max_drop:
        return None
    return Objection(
        DROP, f"{_percent(rate)} du registre en service disparaîtrait (limite\u00a0: {_percent(limits.max_drop)})."
    )


def _shift(figures: Figures, limits: Limits) -> Objection | None:
    if not figures.current_bands or not figures.bands:
        return None
    fresh, current = _shares(figures.bands), _shares(figures.current_bands)
    code, moved = max(
        ((code, abs(fresh.get(code, 0) - current.get(code, 0))) for code in fresh | current), key=lambda pair: pair[1]
    )
    if moved <= limits.max_shift:
        return None
    return Objection(
        SHIFT,
        f"la part de la tranche d’effectif {code or 'vide'} passe de {_percent(current.get(code, 0))}"
        f" à {_percent(fresh.get(code, 0))} (limite\u00a0: {100 * limits.max_shift:.0f}{NBSP}points).",
    )


def _older(figures: Figures) -> Objection | None:
    if not figures.current_newest_on or not figures.newest_on or figures.newest_on >= figures.current_newest_on:
        return None
    return Objection(
        OLDER,
        f"la mise à jour la plus récente du fichier date du {short_date(figures.newest_on)},"
        f" celle du registre en service du {short_date(figures.current_newest_on)}.",
    )


def _shares(bands: Counter[str]) -> dict[str, float]:
    return {code: rows / bands.total() for code, rows in bands.items()}


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".replace(".", ",") + f"{NBSP}%"
