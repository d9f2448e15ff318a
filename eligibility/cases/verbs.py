"""What an applicant does, by form or by e-mail: open a case, write, send documents. Staff's verbs: `decisions.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction

from eligibility.check import check
from eligibility.verdict import Verdict
from notifications.wording import count

from . import documents, letters
from .documents import FILES_PER_CASE, FILES_PER_SENDING, Upload
from .due import due_at
from .life import enter, locked, record, write
from .models import Case, CaseMessage, Document
from .states import NEXT, Source, State

BODY_LIMIT = 20_000  # characters of an e-mail that are kept
OPENED_BY = {
    Source.FORM: "ouverte par le formulaire",
    Source.EMAIL: "ouverte par e-mail",
    Source.STAFF: "ouverte par le service client",
}
# What a case that is taken up again no longer knows.
UNDECIDED: dict[str, Any] = {
    "decided_at": None, "decided_by": None, "refusal": "", "closed_at": None, "merged_into": None,
}  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """The case under way for a SIRET, and whether this applicant is the one who opened it."""

    case: Case
    is_new: bool


def open_case(
    *, siret: str, at: datetime, source: Source = Source.FORM, by: AbstractBaseUser | None = None, **facts: Any
) -> Opened:
    """Open a case for this SIRET, or join the one under way.

    Two applicants in the same second: the constraint lets one row in, and the other finds it. The link goes to the
    address of the first applicant only, once a day at most, whoever asks. What the registers say now is kept.
    """
    # Before the transaction: registers that cannot be read must not keep anybody from asking.
    verdict = check(siret, at=at)
    defaults = {"source": source, "created_at": at, "verdict_then": as_json(verdict), **facts}
    with transaction.atomic():
        case, is_new = Case.objects.under_way().get_or_create(siret=siret, defaults=defaults)
        if is_new:
            record(case, at=at, by=by, note=OPENED_BY[source])
            letters.acknowledged(case)
        else:
            letters.link_again(case, at=at)
    return Opened(case, is_new)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict's reason and figures, as they are kept with a case."""
    facts = verdict.facts
    return {
        "reason": verdict.reason.value,
        "headcount": verdict.headcount,
        "zone": verdict.zone.value if verdict.zone else None,
        "legal_name": facts.legal_name,
        "postal_code": facts.postal_code,
        "registers": list(facts.registers),
        "as_of": facts.as_of.isoformat() if facts.as_of else None,
    }


def receive(
    case: Case,
    *,
    at: datetime,
    sender: str,
    subject: str,
    body: str,
    uploads: Sequence[Upload],
    refused: Sequence[str],
    message_id: str | None,
    is_other_sender: bool | None = None,
) -> CaseMessage:
    """Take a message of the applicant with its documents; the same Message-ID twice gives the first row.

    Documents start the 48 hours, once: what follows before staff ask again does not put the answer off. A case that
    was refused or closed is taken up again. Another sender than the applicant is kept for staff to read and changes
    nothing; a form filled in by anybody says so by `is_other_sender`.
    """
    case = case.current
    # Outside of the lock: the storage may be a slow one.
    paths = [documents.keep(upload) for upload in uploads]
    used: set[str] = set()
    try:
        with locked(case):
            if message_id and (known := CaseMessage.objects.filter(message_id=message_id).first()):
                return known
            if is_other_sender is None:
                is_other_sender = sender.strip().lower() not in case.applicants
            message = case.messages.create(
                direction=CaseMessage.Direction.IN, sender=sender.strip()[:254], is_other_sender=is_other_sender,
                subject=subject[:200], body=body[:BODY_LIMIT], refused=list(refused), created_at=at,
                message_id=message_id,
            )  # fmt: skip
            stored = _store(message, list(zip(uploads, paths, strict=True)), at=at)
            _take_note(case, message, has_documents=bool(stored), at=at)
            used = stored
            return message
    except BaseException:
        used = set()
        raise
    finally:
        documents.drop(path for path in paths if path not in used)


def _store(message: CaseMessage, kept: list[tuple[Upload, str]], *, at: datetime) -> set[str]:
    """Write the documents' rows, as many as a case may hold of one sender; gives the paths that are in use."""
    case = message.case
    # A SIRET is public: what strangers send about it takes no place from the applicant's own documents.
    on_the_shelf = case.documents.kept().filter(message__is_other_sender=message.is_other_sender).count()
    room = 0 if case.state == State.ACCEPTED else FILES_PER_CASE - on_the_shelf
    taken = kept[: max(0, min(room, FILES_PER_SENDING))]
    case.documents.bulk_create(
        Document(
            case=case, message=message, name=upload.name, content_type=upload.content_type, size=upload.size,
            sha256=upload.sha256, path=path, scan=upload.scan, received_at=at,
        )
        for upload, path in taken
    )  # fmt: skip
    if left := kept[len(taken) :]:
        message.refused += [_no_room(case, upload.name) for upload, _ in left]
        message.save(update_fields=["refused"])
    return {path for _, path in taken}


def _no_room(case: Case, name: str) -> str:
    if case.state == State.ACCEPTED:
        return f"«\u00a0{name}\u00a0»\u00a0: la demande est déjà acceptée, ce document n’est pas conservé."
    limits = f"{FILES_PER_SENDING}\u00a0fichiers par envoi et {FILES_PER_CASE} par demande au maximum"
    return f"«\u00a0{name}\u00a0» n’a pas été conservé\u00a0: {limits}."


def _take_note(case: Case, message: CaseMessage, *, has_documents: bool, at: datetime) -> None:
    """Bring the case to the state in which this message puts it, and tell staff that there is news."""
    what = "message d’un autre expéditeur" if message.is_other_sender else "message du demandeur"
    if has_documents:
        what = f"{what}, {count(message.documents.count(), 'document')}"
    if not message.is_other_sender:
        is_moved = _start_clock(case, at, what) if has_documents else _wake(case, State.RECEIVED, at, what)
        if is_moved:
            return
    write(case, at=at, note=what, news_at=at)


def _start_clock(case: Case, at: datetime, what: str) -> bool:
    """Documents are here: the answer is due. Not a second time while the clock runs."""
    due = {"documents_received_at": at, "due_at": due_at(at), "reminded_at": None}
    if not _wake(case, State.DOCUMENTS_RECEIVED, at, what, **due):
        return False
    letters.documents_received(case)
    return True


def _wake(case: Case, state: State, at: datetime, what: str, **facts: Any) -> bool:
    """Let the case enter a state because of news; tell whether it did.

    Another case may be under way for the same SIRET since this one ended: then this one stays as it is, and staff
    read the message there.
    """
    if state not in NEXT[case.state]:
        return False
    before = (case.version, {name: getattr(case, name) for name in ("state", "news_at", *facts, *UNDECIDED)})
    try:
        with transaction.atomic():
            enter(case, state, at=at, note=what, news_at=at, **facts, **UNDECIDED)
    except IntegrityError:
        case.version, known = before
        for name, value in known.items():
            setattr(case, name, value)
        return False
    return True
