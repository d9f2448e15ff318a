"""What staff do with a case. Each verb acts once under the case's lock, signs the history, and writes to the applicant.

`seen` is the version of the case that the member of staff had before their eyes.
"""

from datetime import date, datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction

from eligibility.check import check
from eligibility.models import Admission, Register
from eligibility.verdict import Reason
from eligibility.zones import Zone
from notifications.queue import enqueue

from . import documents, letters
from .due import due_at
from .life import CaseError, demand, enter, entered, locked, record, told, write
from .models import Case, CaseMessage
from .states import State
from .verbs import UNDECIDED

# What an admission cannot repair: the check refuses all the same, and the letter would promise too much.
BEYOND_ADMISSION = {
    Reason.CLOSED: "un registre dit l’établissement fermé",
    Reason.TOO_LARGE: "l’offre est réservée aux entreprises de moins de 50\u00a0salariés",
    Reason.TERRITORY_NOT_SERVED: "le territoire de l’établissement n’est pas desservi",
}


# --- who looks after it


def take(case: Case, *, by: AbstractBaseUser, at: datetime) -> None:
    """Look after a case oneself; a colleague who was quicker is named. Taking it twice is harmless."""
    with locked(case):
        _refuse_unless_under_way(case)
        if case.assigned_to_id == by.pk:
            return
        if case.assigned_to is not None:
            raise CaseError(f"Demande {case.number}\u00a0: déjà suivie par {case.assigned_to.get_username()}.")
        _assign(case, by, by=by, at=at)


def assign(case: Case, to: AbstractBaseUser, *, by: AbstractBaseUser, at: datetime) -> None:
    """Hand a case over to a colleague, whoever looks after it now."""
    with locked(case):
        _refuse_unless_under_way(case)
        if case.assigned_to_id != to.pk:
            _assign(case, to, by=by, at=at)


def release(case: Case, *, by: AbstractBaseUser, at: datetime) -> None:
    """Give a case back to everybody. Twice is harmless."""
    with locked(case):
        if case.assigned_to_id is not None:
            _assign(case, None, by=by, at=at)


def _assign(case: Case, to: Any, *, by: AbstractBaseUser, at: datetime) -> None:
    case.assigned_to = to
    case.save(update_fields=["assigned_to"])
    record(case, at=at, by=by, note=f"confiée à {to.get_username()}" if to else "rendue à l’équipe")


# --- what is said


def add_note(case: Case, text: str, *, by: AbstractBaseUser, at: datetime) -> CaseMessage:
    """Write down something for colleagues only."""
    with locked(case):
        message = case.messages.create(direction=CaseMessage.Direction.NOTE, author_id=by.pk, body=text, created_at=at)
        record(case, at=at, by=by, note="note interne")
        return message


def answer(case: Case, text: str, *, by: AbstractBaseUser, at: datetime, seen: int | None = None) -> CaseMessage:
    """Write to the applicant without changing the state."""
    with locked(case, seen=seen):
        if case.anonymised_at:
            raise CaseError(f"Demande {case.number}\u00a0: rendue anonyme, personne ne peut plus recevoir de réponse.")
        message = _say(case, text, by=by, at=at)
        write(case, at=at, by=by, note="réponse envoyée", news_at=None)
        letters.answered(case, message)
        return message


def request_documents(case: Case, wanted: str, *, by: AbstractBaseUser, at: datetime, seen: int | None = None) -> None:
    """Ask the applicant for documents; the 48 hours begin again when they come."""
    with locked(case, seen=seen):
        demand(case, State.DOCUMENTS_REQUESTED)
        _say(case, wanted, by=by, at=at)
        enter(
            case, State.DOCUMENTS_REQUESTED, at=at, by=by, note="documents demandés", documents_wanted=wanted,
            documents_requested_at=at, due_at=None, news_at=None,
        )  # fmt: skip
        letters.documents_requested(case)


def _say(case: Case, text: str, *, by: AbstractBaseUser, at: datetime) -> CaseMessage:
    return case.messages.create(direction=CaseMessage.Direction.OUT, author_id=by.pk, body=text, created_at=at)


# --- what is decided


def accept(
    case: Case,
    *,
    by: AbstractBaseUser,
    at: datetime,
    headcount: int,
    network: Register,
    expires_on: date,
    territory: Zone | str = "",
    legal_name: str = "",
    seen: int | None = None,
) -> Admission:
    """Admit the company: it may sign up and order from now on. The documents have served and are deleted."""
    with locked(case, seen=seen):
        demand(case, State.ACCEPTED)
        admission = Admission.objects.create(
            siret=case.siret, legal_name=legal_name or case.legal_name, headcount=headcount, network=network,
            territory=territory, author_id=by.pk, expires_on=expires_on,
        )  # fmt: skip
        verdict = check(case.siret, at=at)
        if verdict.reason in BEYOND_ADMISSION:
            raise CaseError(
                f"Demande {case.number}\u00a0: une admission n’y changerait rien, "
                f"car {BEYOND_ADMISSION[verdict.reason]}. Rien n’a été enregistré."
            )
        _say(case, "Votre entreprise est admise.", by=by, at=at)
        enter(
            case, State.ACCEPTED, at=at, by=by, note="acceptée", decided_at=at, decided_by=by, news_at=None,
            admission=admission, legal_name=legal_name or case.legal_name,
        )  # fmt: skip
        letters.accepted(case)
        case.documents.kept().update(deleted_at=at)
        enqueue(documents.delete_files)
        return admission


def refuse(case: Case, reason: str, *, by: AbstractBaseUser, at: datetime, seen: int | None = None) -> None:
    """Refuse, with a reason that the applicant reads. The documents stay for six months, for a second look."""
    with locked(case, seen=seen):
        demand(case, State.REFUSED)
        _say(case, reason, by=by, at=at)
        enter(
            case, State.REFUSED, at=at, by=by, note=f"refusée ({reason.rstrip('.')})", decided_at=at, decided_by=by,
            news_at=None, refusal=reason,
        )  # fmt: skip
        letters.refused(case)


def close(
    case: Case, *, at: datetime, by: AbstractBaseUser | None, note: str = "close", seen: int | None = None
) -> None:
    """End a case without a decision, so that a new one may be opened for its SIRET. Calling twice is harmless."""
    with locked(case, seen=seen):
        if case.closed_at is None:
            demand(case, State.CLOSED)
            enter(case, State.CLOSED, at=at, by=by, note=note, closed_at=at, news_at=None)


def reopen(case: Case, *, by: AbstractBaseUser, at: datetime, seen: int | None = None) -> None:
    """Look at a refused or closed case again; with its documents at hand the answer is due in 48 hours."""
    with locked(case, seen=seen):
        if case.merged_into is not None:
            raise CaseError(f"Demande {case.number}\u00a0: réunie à la demande {case.merged_into.number}.")
        has_documents = case.documents.kept().exists()
        state = State.DOCUMENTS_RECEIVED if has_documents else State.RECEIVED
        demand(case, state)
        due = {"documents_received_at": at, "due_at": due_at(at)} if has_documents else {"due_at": None}
        try:
            with transaction.atomic():
                enter(case, state, at=at, by=by, note="rouverte", reminded_at=None, **due, **UNDECIDED)
        except IntegrityError:
            other = Case.objects.under_way().filter(siret=case.siret).first()
            number = other.number if other else "?"
            raise CaseError(f"Demande {case.number}\u00a0: la demande {number} est déjà en cours pour ce SIRET.")


def merge(case: Case, into: Case, *, by: AbstractBaseUser, at: datetime, seen: int | None = None) -> None:
    """Close a duplicate: what was said and sent in it goes to the other case, and so does what is sent later.

    Both rows are locked, the older one first, so that two agents who merge crosswise wait for one another.
    """
    if case.pk == into.pk:
        raise CaseError("Une demande ne peut pas être réunie à elle-même.")
    with transaction.atomic():
        for each in sorted((case, into), key=lambda one: one.pk):
            Case.objects.select_for_update(of=("self",), no_key=True).get(pk=each.pk)
        into.refresh_from_db()
        with locked(case, seen=seen):
            demand(case, State.CLOSED)
            _refuse_unless_under_way(into)
            news_at = case.news_at
            case.messages.update(case=into)
            due = _earlier_due(case, into, at)
            case.documents.update(case=into)
            case.merged.update(merged_into=into)
            enter(
                case, State.CLOSED, at=at, by=by, note=f"réunie à la demande {into.number}", closed_at=at,
                merged_into=into, news_at=None,
            )  # fmt: skip
        facts = {"news_at": into.news_at or news_at, "note": f"la demande {case.number} y est réunie"} | due
        if due and into.state != State.DOCUMENTS_RECEIVED:
            enter(into, State.DOCUMENTS_RECEIVED, at=at, by=by, **facts)
        else:
            write(into, at=at, by=by, **facts)


def _earlier_due(case: Case, into: Case, at: datetime) -> dict[str, Any]:
    """What the case that goes on takes over of the duplicate's clock: nobody waits longer because of a merger."""
    received_at = case.documents_received_at or at
    running = case.due_at if case.state == State.DOCUMENTS_RECEIVED else None
    if into.state == State.DOCUMENTS_RECEIVED:
        assert into.due_at is not None  # a constraint of the database
        due = running if running and running < into.due_at else None
    else:
        due = running or (due_at(received_at) if case.documents.kept().exists() else None)
    return {"documents_received_at": received_at, "due_at": due, "reminded_at": None} if due else {}


def _refuse_unless_under_way(case: Case) -> None:
    if case.is_under_way:
        return
    raise CaseError(told(case, entered(case)))
