"""The verdict on a SIRET: what registers and support say, and whether the company may order. Pure rule.

The reason is for staff and log. The public reads `public_answer` only, which tells a stranger no more than needed:
unknown, not affiliated and opted out are one answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from . import headcount as bands
from .quota import Offer, max_lots, offer_for
from .siret import siren_of
from .zones import Zone, is_open, opens_at, zone_of


class Reason(StrEnum):
    NO_REGISTER = "no_register"
    UNKNOWN = "unknown"
    NOT_AFFILIATED = "not_affiliated"
    OPTED_OUT = "opted_out"
    CLOSED = "closed"
    TOO_LARGE = "too_large"
    TERRITORY_NOT_SERVED = "territory_not_served"
    TERRITORY_NOT_OPEN = "territory_not_open"
    ELIGIBLE = "eligible"


class PublicAnswer(StrEnum):
    ELIGIBLE = "eligible"
    NOT_RECOGNISED = "not_recognised"
    TOO_LARGE = "too_large"
    CLOSED = "closed"
    TERRITORY_NOT_SERVED = "territory_not_served"
    TERRITORY_NOT_OPEN = "territory_not_open"
    UNAVAILABLE = "unavailable"


PUBLIC_ANSWERS = {
    Reason.NO_REGISTER: PublicAnswer.UNAVAILABLE,
    Reason.UNKNOWN: PublicAnswer.NOT_RECOGNISED,
    Reason.NOT_AFFILIATED: PublicAnswer.NOT_RECOGNISED,
    Reason.OPTED_OUT: PublicAnswer.NOT_RECOGNISED,
    Reason.CLOSED: PublicAnswer.CLOSED,
    Reason.TOO_LARGE: PublicAnswer.TOO_LARGE,
    Reason.TERRITORY_NOT_SERVED: PublicAnswer.TERRITORY_NOT_SERVED,
    Reason.TERRITORY_NOT_OPEN: PublicAnswer.TERRITORY_NOT_OPEN,
    Reason.ELIGIBLE: PublicAnswer.ELIGIBLE,
}
# The short sentence for each answer; the page `eligibility/_verdict.html` adds what can be done about it.
TITLES = {
    PublicAnswer.ELIGIBLE: "Votre entreprise peut commander.",
    PublicAnswer.NOT_RECOGNISED: "Nous ne reconnaissons pas ce SIRET.",
    PublicAnswer.TOO_LARGE: "Cette offre est réservée aux entreprises de moins de 50\u00a0salariés.",
    PublicAnswer.CLOSED: "Cet établissement est fermé.",
    PublicAnswer.TERRITORY_NOT_SERVED: "Nous ne livrons pas encore ce territoire.",
    PublicAnswer.TERRITORY_NOT_OPEN: "Les commandes ouvrent bientôt dans votre territoire.",
    PublicAnswer.UNAVAILABLE: "Le service est momentanément indisponible.",
}


@dataclass(frozen=True)
class Row:
    """What one register says of one establishment."""

    register: str
    siret: str
    opt_in: bool = True
    is_open: bool = True
    headcount: int | None = None  # exact number of employees of the company
    headcount_code: str = bands.NO_EMPLOYEE  # INSEE's code, counted where there is no exact number
    legal_name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    naf: str = ""
    updated_on: date | None = None

    @property
    def employees(self) -> int:
        """The headcount that counts for this row: the exact number wins over the code."""
        return bands.employees(self.headcount_code or bands.NO_EMPLOYEE) if self.headcount is None else self.headcount


@dataclass(frozen=True)
class Grant:
    """An admission by support, valid on the day of the check: it stands in for affiliation and gives the headcount."""

    network: str
    headcount: int
    legal_name: str = ""
    zone: Zone | None = None


@dataclass(frozen=True)
class Facts:
    """What registers know of the establishment. Never shown before sign-in."""

    legal_name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    naf: str = ""
    registers: tuple[str, ...] = ()
    as_of: date | None = None


@dataclass(frozen=True)
class Verdict:
    """The answer for one SIRET at one moment."""

    siret: str
    reason: Reason
    headcount: int | None = None
    headcount_text: str = ""
    zone: Zone | None = None
    facts: Facts = Facts()
    # Rows of the company disagree about its headcount: the largest counted, staff should know.
    headcounts_differ: bool = False

    @property
    def siren(self) -> str:
        return siren_of(self.siret)

    @property
    def public_answer(self) -> PublicAnswer:
        return PUBLIC_ANSWERS[self.reason]

    @property
    def is_eligible(self) -> bool:
        return self.reason is Reason.ELIGIBLE

    @property
    def title(self) -> str:
        """The answer in one public sentence."""
        return TITLES[self.public_answer]

    @property
    def offer(self) -> Offer | None:
        return None if self.headcount is None else offer_for(self.headcount)

    @property
    def lot_size(self) -> int | None:
        return self.offer.lot_size if self.offer else None

    @property
    def max_lots(self) -> int:
        """The most lots in one order; 0 where there is no offer."""
        if self.headcount is None or self.lot_size is None:
            return 0
        return max_lots(self.headcount, self.lot_size)

    @property
    def opens_at(self) -> datetime | None:
        """The opening of the establishment's zone, where it has one."""
        return opens_at(self.zone) if self.zone else None


def unavailable(siret: str) -> Verdict:
    """The verdict while no register can be read: never a refusal."""
    return Verdict(siret, Reason.NO_REGISTER)


def decide(
    siret: str, *, is_any_register_loaded: bool, rows: Sequence[Row], grant: Grant | None, at: datetime
) -> Verdict:
    """Judge a SIRET from the rows of its whole company (SIREN) and the admission granted to that company, if any."""
    if not is_any_register_loaded:
        return unavailable(siret)
    own_rows = [row for row in rows if row.siret == siret]
    affiliations = [row for row in own_rows if row.opt_in]
    if not affiliations and not grant:
        return Verdict(siret, Reason.OPTED_OUT if own_rows else Reason.UNKNOWN)
    chosen = affiliations or own_rows
    facts = _facts(chosen, grant)
    if chosen and not any(row.is_open for row in chosen):
        return Verdict(siret, Reason.CLOSED, facts=facts)

    open_rows = [row for row in rows if row.is_open]
    headcount, headcount_text = _headcount(open_rows, grant)
    is_located = bool(facts.postal_code)
    zone = zone_of(facts.postal_code) if is_located else grant.zone if grant else None
    return Verdict(
        siret,
        _reason(headcount, zone, is_located=is_located, at=at),
        headcount=headcount,
        headcount_text=headcount_text,
        zone=zone,
        facts=facts,
        headcounts_differ=len({row.employees for row in open_rows}) > 1,
    )


def _reason(headcount: int, zone: Zone | None, *, is_located: bool, at: datetime) -> Reason:
    if offer_for(headcount) is None:
        return Reason.TOO_LARGE
    # Without a usable postal code the territory is judged at the order, by the delivery address.
    if zone is None:
        return Reason.TERRITORY_NOT_SERVED if is_located else Reason.ELIGIBLE
    return Reason.ELIGIBLE if is_open(zone, at=at) else Reason.TERRITORY_NOT_OPEN


def _headcount(open_rows: Iterable[Row], grant: Grant | None) -> tuple[int, str]:
    """The company's headcount and how to say it: support's figure, else the largest of its open rows.

    The company counts as a whole: a site of three people may belong to a company of sixty.
    """
    if grant:
        return grant.headcount, in_words(grant.headcount)
    # Of two rows that give the same number, the exact one is the better wording.
    largest = max(open_rows, key=lambda row: (row.employees, row.headcount is not None))
    if largest.headcount is None:
        return largest.employees, bands.label(largest.headcount_code or bands.NO_EMPLOYEE)
    return largest.headcount, in_words(largest.headcount)


def in_words(headcount: int) -> str:
    """12 salariés."""
    if headcount == 0:
        return "aucun salarié"
    return f"{headcount:,}\u00a0salarié{'s' if headcount > 1 else ''}".replace(",", "\u00a0")


def _facts(rows: Sequence[Row], grant: Grant | None) -> Facts:
    """Name and address from the newest row that has them, so that a half-filled newer row hides nothing."""
    by_register = sorted(rows, key=lambda row: row.register)
    newest_first = sorted(by_register, key=lambda row: row.updated_on or date.min, reverse=True)
    named = next((row for row in newest_first if row.legal_name), None)
    located = next((row for row in newest_first if row.postal_code), None)
    located = located or next((row for row in newest_first if row.street or row.city), None)
    networks = {row.register for row in rows if row.opt_in} | ({grant.network} if grant else set())
    return Facts(
        legal_name=named.legal_name if named else grant.legal_name if grant else "",
        street=located.street if located else "",
        postal_code=located.postal_code if located else "",
        city=located.city if located else "",
        naf=next((row.naf for row in newest_first if row.naf), ""),
        registers=tuple(sorted(networks)),
        as_of=newest_first[0].updated_on if newest_first else None,
    )
