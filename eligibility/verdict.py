"""The verdict on a SIRET: what registers and support say, and whether the company may order. Pure rule.

The reason is for staff and log. The public reads `public_answer` only, which tells a stranger no more than needed:
unknown, not affiliated and opted out are one answer.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from .evidence import Evidence
from .quota import Offer, max_lots, offer_for
from .rules import Reason as Reason
from .rules import first_refusal
from .siret import siren_of
from .zones import Zone, opens_at


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
class Facts:
    """What registers know of the establishment. Never shown before sign-in."""

    legal_name: str = ""
    trade_name: str = ""
    street: str = ""
    address_extra: str = ""
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


# A stranger must not learn from the answer which of these it is: nothing else is told, not even by mistake.
NOT_RECOGNISED = tuple(reason for reason, answer in PUBLIC_ANSWERS.items() if answer is PublicAnswer.NOT_RECOGNISED)


def decide(evidence: Evidence) -> Verdict:
    """Judge a SIRET: the first rule that refuses is the answer, and no more is told than it takes to say so."""
    refusal = first_refusal(evidence)
    if refusal is Reason.NO_REGISTER:
        return unavailable(evidence.siret)
    if refusal in NOT_RECOGNISED:
        return Verdict(evidence.siret, refusal)
    if refusal is Reason.CLOSED:
        return Verdict(evidence.siret, refusal, facts=_facts(evidence))
    return Verdict(
        evidence.siret,
        refusal or Reason.ELIGIBLE,
        headcount=evidence.headcount.employees,
        headcount_text=evidence.headcount.text,
        zone=evidence.zone,
        facts=_facts(evidence),
        headcounts_differ=evidence.headcounts_differ,
    )


def _facts(evidence: Evidence) -> Facts:
    """Name and address from the newest row that has them, so that a half-filled newer row hides nothing.

    What no row tells comes from support, then from Sirene; what INSEE masks is empty there, and the customer types it.
    """
    rows, grant, site, unit, place = (
        evidence.chosen, evidence.grant, evidence.site, evidence.unit, evidence.place
    )  # fmt: skip
    names = (*(row.legal_name for row in rows), grant.legal_name if grant else "", unit.legal_name if unit else "")
    networks = {row.register for row in rows if row.opt_in} | ({grant.network} if grant else set())
    return Facts(
        legal_name=next(filter(None, names), ""),
        trade_name=site.trade_name if site else "",
        street=place.street,
        address_extra=place.address_extra,
        postal_code=place.postal_code,
        city=place.city,
        naf=next(filter(None, (*(row.naf for row in rows), site.naf if site else "")), ""),
        registers=tuple(sorted(networks)),
        as_of=rows[0].updated_on if rows else None,
    )
