"""How long a case, its documents and its applicant's data are kept; run every night, safe to repeat.

- accepted: documents go at the decision (`decisions.accept`);
- refused or closed: documents go six months later;
- asked for documents and silent for 30 days: closed;
- three years after the last event: nothing is left that tells who asked.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q

from . import decisions, documents
from .life import CaseError, enter, locked
from .models import Case, CaseMessage, CaseQuerySet, Document, new_token
from .states import State

SILENT_AFTER = timedelta(days=30)
DOCUMENTS_KEPT = timedelta(days=183)  # six months
CASE_KEPT = timedelta(days=3 * 365 + 1)
FORGOTTEN = "close sans activité depuis trois ans"
SILENCE = "close sans nouvelles du demandeur depuis 30\u00a0jours"
PERSONAL = (
    "siret", "legal_name", "contact_name", "email", "phone", "postal_code", "message", "documents_wanted", "refusal",
)  # fmt: skip


def forget(at: datetime) -> dict[str, int]:
    """Do what the table above says; returns what was done, by line."""
    return {
        "closed": close_silent(at),
        "documents": delete_old_documents(at),
        "files": documents.delete_files(),
        "orphans": documents.delete_orphans(at),
        "anonymised": anonymise_old(at),
    }


def close_silent(at: datetime) -> int:
    """Close cases whose applicant was asked for documents and has not written for 30 days."""
    silent = Case.objects.filter(state=State.DOCUMENTS_REQUESTED, documents_requested_at__lte=at - SILENT_AFTER)
    silent = silent.filter(Q(news_at=None) | Q(news_at__lte=at - SILENT_AFTER))
    done = 0
    for case in silent.order_by("pk"):
        try:
            # What came in since is told by the version: the case stays open then.
            decisions.close(case, at=at, by=None, note=SILENCE, seen=case.version)
        except CaseError:
            continue
        done += 1
    return done


def delete_old_documents(at: datetime) -> int:
    """Mark documents of refusals and closed cases of six months ago; `documents.delete_files` does the rest.

    A case that nobody ever decided must not keep its documents for ever.
    """
    ended = Q(case__decided_at__lte=at - DOCUMENTS_KEPT) | Q(case__closed_at__lte=at - DOCUMENTS_KEPT)
    return Document.objects.kept().filter(ended | Q(case__in=_untouched(at))).update(deleted_at=at)


def anonymise_old(at: datetime, *, limit: int = 500) -> int:
    """Make cases anonymous three years after their last event; figures and dates stay."""
    with_files = Document.objects.filter(case=OuterRef("pk")).exclude(path="")
    old = _untouched(at).filter(~Exists(with_files))
    pks = list(old.order_by("pk").values_list("pk", flat=True)[:limit])
    for case in Case.objects.filter(pk__in=pks).order_by("pk"):
        _anonymise(case, at)
    return len(pks)


def _untouched(at: datetime) -> CaseQuerySet:
    """Cases whose last event is three years old; anonymous ones too, where somebody has written to them since."""
    named = Case.objects.filter(Q(anonymised_at=None) | Exists(CaseMessage.objects.filter(case=OuterRef("pk"))))
    last = named.annotate(last=Max("events__at"))
    return last.filter(Q(last__lte=at - CASE_KEPT) | Q(last=None, created_at__lte=at - CASE_KEPT))


def _anonymise(case: Case, at: datetime) -> None:
    with locked(case):
        if case.is_under_way:
            enter(case, State.CLOSED, at=at, note=FORGOTTEN, closed_at=at)
        for name in PERSONAL:
            setattr(case, name, "")
        case.verdict_then = {"reason": case.verdict_then.get("reason", "")}
        case.assigned_to = case.decided_by = None
        case.anonymised_at, case.token = at, new_token()
        case.save()
        case.messages.all().delete()
        case.events.update(note="", by=None)
