"""The tests a SIRET must pass, in their order; the first that refuses is the answer. Pure rules.

Each test is one line of the table: what it asks, whether it refuses, and what it looked at. The verdict takes the
first refusal; the staff's page walks the same table and tells each line, so that the two can never differ.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import models

from notifications.wording import NBSP, count, long_date, siret

from . import headcount as bands
from .evidence import ADMISSION, SIRENE_SITE, SIRENE_UNIT, Evidence, Row
from .quota import HEADCOUNT_LIMIT, offer_for
from .zones import is_open, opens_at


class Reason(models.TextChoices):
    """The answer for staff and log. What the public reads of it is `verdict.PUBLIC_ANSWERS`' business."""

    NO_REGISTER = "no_register", "aucun registre en service"
    UNKNOWN = "unknown", "inconnu des registres et de Sirene"
    NOT_AFFILIATED = "not_affiliated", "connu de Sirene, inscrit à aucun réseau"
    OPTED_OUT = "opted_out", "inscrit sans opt-in"
    CLOSED = "closed", "établissement fermé ou entreprise cessée"
    TOO_LARGE = "too_large", f"{HEADCOUNT_LIMIT}{NBSP}salariés ou plus"
    TERRITORY_NOT_SERVED = "territory_not_served", "territoire non desservi"
    TERRITORY_NOT_OPEN = "territory_not_open", "territoire pas encore ouvert"
    ELIGIBLE = "eligible", "peut commander"


@dataclass(frozen=True)
class Remark:
    """One figure a test looked at, and where it comes from; `counts` marks what decided."""

    source: str
    figure: str
    counts: bool = True


@dataclass(frozen=True)
class Rule:
    """One test: its question to staff, its refusal if any, and the figures it rests on."""

    question: str
    refusal: Callable[[Evidence], Reason | None]
    remarks: Callable[[Evidence], Iterator[Remark]]


class Outcome(models.TextChoices):
    PASSED = "passed", "Oui"
    REFUSED = "refused", "Non"
    NOT_REACHED = "not_reached", "Non examiné"


@dataclass(frozen=True)
class Line:
    """One test as staff read it."""

    question: str
    outcome: Outcome
    refusal: Reason | None = None
    remarks: tuple[Remark, ...] = ()


def first_refusal(evidence: Evidence) -> Reason | None:
    """Why this SIRET may not order, or None where it may."""
    return next((reason for rule in RULES if (reason := rule.refusal(evidence))), None)


def explain(evidence: Evidence) -> list[Line]:
    """Every test with its outcome and figures; what comes after a refusal was not looked at."""
    lines: list[Line] = []
    is_refused = False
    for rule in RULES:
        if is_refused:
            lines.append(Line(rule.question, Outcome.NOT_REACHED))
            continue
        reason = rule.refusal(evidence)
        is_refused = reason is not None
        outcome = Outcome.REFUSED if is_refused else Outcome.PASSED
        lines.append(Line(rule.question, outcome, reason, tuple(rule.remarks(evidence))))
    return lines


# --- a register is in service


def _no_register(evidence: Evidence) -> Reason | None:
    return None if evidence.is_any_register_loaded else Reason.NO_REGISTER


def _registers(evidence: Evidence) -> Iterator[Remark]:
    yield Remark("Registres", "en service" if evidence.is_any_register_loaded else "aucun chargement en service")


# --- affiliated, with opt-in, or admitted


def _not_affiliated(evidence: Evidence) -> Reason | None:
    if evidence.is_affiliated or evidence.grant:
        return None
    if evidence.own_rows:
        return Reason.OPTED_OUT
    return Reason.NOT_AFFILIATED if evidence.is_in_sirene else Reason.UNKNOWN


def _affiliations(evidence: Evidence) -> Iterator[Remark]:
    is_refused = not evidence.is_affiliated and not evidence.grant
    for row in evidence.own_rows:
        yield Remark(row.register, f"inscrit {'avec' if row.opt_in else 'sans'} opt-in", row.opt_in or is_refused)
    if not evidence.own_rows:
        yield Remark("Registres", "SIRET absent de tous les registres", counts=not evidence.grant)
    if evidence.grant:
        yield Remark(ADMISSION, f"réseau {evidence.grant.network}, tient lieu d’inscription")
    elif not evidence.is_affiliated:
        yield Remark(
            "Sirene", "SIRET connu" if evidence.is_in_sirene else "SIRET inconnu", counts=not evidence.own_rows
        )


# --- open


def _closed(evidence: Evidence) -> Reason | None:
    return Reason.CLOSED if evidence.is_closed else None


def _states(evidence: Evidence) -> Iterator[Remark]:
    """What each source says; of an answer "closed", those that made it so."""
    site, unit, is_closed = evidence.site, evidence.unit, evidence.is_closed
    for row in evidence.chosen:
        counts = row.is_open is not is_closed and not evidence.is_closed_in_sirene
        yield Remark(row.register, "ouvert" if row.is_open else "fermé", counts)
    if site:
        yield Remark(SIRENE_SITE, "ouvert" if site.is_open else "fermé", site.is_open is not is_closed)
    if unit:
        yield Remark(SIRENE_UNIT, "active" if unit.is_active else "cessée", unit.is_active is not is_closed)
    if not evidence.chosen and not evidence.is_in_sirene:
        yield Remark("Registres et Sirene", "état inconnu, tenu pour ouvert")


# --- fewer than fifty employees


def _too_large(evidence: Evidence) -> Reason | None:
    return Reason.TOO_LARGE if offer_for(evidence.headcount.employees) is None else None


def _headcounts(evidence: Evidence) -> Iterator[Remark]:
    """Every figure of the company; the one that counts is marked."""
    decisive = evidence.headcount
    if evidence.grant:
        yield Remark(ADMISSION, decisive.text)
    seen: dict[tuple[str, int | None, str], list[Row]] = {}
    for row in evidence.told:
        seen.setdefault((row.register, row.headcount, row.headcount_code), []).append(row)
    for rows in seen.values():
        first = rows[0]
        who = siret(first.siret) if len(rows) == 1 else count(len(rows), "établissement")
        counts = (first.register, first.headcount_text) == (decisive.source, decisive.text)
        yield Remark(
            f"{first.register}, {who}",
            _band(first.headcount_code) if first.headcount is None else first.headcount_text,
            counts,
        )
    if evidence.unit and evidence.unit.headcount_code:
        yield Remark(SIRENE_UNIT, _band(evidence.unit.headcount_code), decisive.source == SIRENE_UNIT)
    if not decisive.source:
        yield Remark("Registres et Sirene", "effectif inconnu, compté comme aucun salarié")


def _band(code: str) -> str:
    """tranche 12, entre 20 et 49 salariés, compte pour 49."""
    return f"tranche {code}, {bands.label(code)}, compte pour {bands.employees(code)}"


# --- territory


def _not_served(evidence: Evidence) -> Reason | None:
    # Without a usable postal code the territory is judged at the order, by the delivery address.
    return Reason.TERRITORY_NOT_SERVED if evidence.place.postal_code and evidence.zone is None else None


def _served(evidence: Evidence) -> Iterator[Remark]:
    place, zone = evidence.place, evidence.zone
    if place.postal_code:
        yield Remark(place.source, f"{place.postal_code}, {zone.label if zone else 'sans tarif'}")
    elif zone:
        yield Remark(ADMISSION, zone.label)
    else:
        yield Remark("Registres et Sirene", "aucun code postal\u00a0: l’adresse de livraison décidera")


def _not_open(evidence: Evidence) -> Reason | None:
    is_shut = evidence.zone is not None and not is_open(evidence.zone, at=evidence.at)
    return Reason.TERRITORY_NOT_OPEN if is_shut else None


def _opening(evidence: Evidence) -> Iterator[Remark]:
    if evidence.zone is None:
        yield Remark("Calendrier", "l’adresse de livraison décidera")
        return
    verb = "ouvert depuis le" if is_open(evidence.zone, at=evidence.at) else "ouvre le"
    yield Remark("Calendrier", f"{evidence.zone.label}, {verb} {long_date(opens_at(evidence.zone))}")


RULES = (
    Rule("Un registre est en service", _no_register, _registers),
    Rule("L’établissement est inscrit à un réseau, avec opt-in, ou admis", _not_affiliated, _affiliations),
    Rule("L’établissement et l’entreprise sont ouverts", _closed, _states),
    Rule(f"L’entreprise compte moins de {HEADCOUNT_LIMIT}{NBSP}salariés", _too_large, _headcounts),
    Rule("Le territoire de l’établissement est desservi", _not_served, _served),
    Rule("Les commandes y sont ouvertes", _not_open, _opening),
)
