"""What staff can do with a case, as data: the words of the button, who may, when it is offered, and the verb.

Buttons follow the state of the page; the verb looks again under the lock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from . import decisions
from .desk_forms import (
    AcceptForm,
    ActForm,
    AnswerForm,
    AssignForm,
    DocumentsForm,
    MergeForm,
    NoteForm,
    RefusalForm,
)
from .models import Case
from .states import UNDER_WAY, State

Does = Callable[[Case, dict[str, Any], AbstractBaseUser, datetime], Any]


@dataclass(frozen=True)
class Act:
    """One button of the desk; `name` stands in the address."""

    name: str
    label: str
    done: str  # what the desk answers
    permission: str
    does: Does
    states: tuple[str, ...]
    form: type[ActForm] = ActForm
    explanation: str = ""
    is_main: bool = False

    def is_offered(self, case: Case, user: Any) -> bool:
        """Whether the button makes sense for this case and this member of staff."""
        if case.state not in self.states or not self.is_allowed(user):
            return False
        if self.name == "prendre":
            return case.assigned_to_id is None
        if self.name == "rendre":
            return case.assigned_to_id is not None
        return not (self.name == "rouvrir" and case.merged_into_id) and case.anonymised_at is None

    def is_allowed(self, user: Any) -> bool:
        return bool(user.has_perm(f"eligibility.{self.permission}"))


def _accept(case: Case, typed: dict[str, Any], by: AbstractBaseUser, at: datetime) -> None:
    decisions.accept(case, by=by, at=at, **typed)


def _refuse(case: Case, typed: dict[str, Any], by: AbstractBaseUser, at: datetime) -> None:
    decisions.refuse(case, typed["reason"], by=by, at=at, seen=typed["seen"])


def _request(case: Case, typed: dict[str, Any], by: AbstractBaseUser, at: datetime) -> None:
    decisions.request_documents(case, typed["text"], by=by, at=at, seen=typed["seen"])


def _answer(case: Case, typed: dict[str, Any], by: AbstractBaseUser, at: datetime) -> None:
    decisions.answer(case, typed["text"], by=by, at=at, seen=typed["seen"])


def _merge(case: Case, typed: dict[str, Any], by: AbstractBaseUser, at: datetime) -> None:
    decisions.merge(case, typed["into"], by=by, at=at, seen=typed["seen"])


EVERY_STATE = tuple(State)
ENDED = (State.REFUSED, State.CLOSED)

ACTS = {
    act.name: act
    for act in (
        Act("prendre", "Prendre en charge", "vous la suivez", "handle_case",
            lambda case, typed, by, at: decisions.take(case, by=by, at=at), UNDER_WAY),
        Act("accepter", "Accepter et admettre", "acceptée", "decide_case", _accept, UNDER_WAY, AcceptForm,
            "L’entreprise pourra commander aussitôt. Le demandeur reçoit le lien pour créer son compte\u00a0; "
            "les justificatifs sont supprimés.", is_main=True),
        Act("documents", "Demander des documents", "documents demandés", "handle_case", _request, UNDER_WAY,
            DocumentsForm, "Le délai de 48\u00a0heures commencera à la réception des documents."),
        Act("refuser", "Refuser", "refusée", "decide_case", _refuse, UNDER_WAY, RefusalForm,
            "Le demandeur reçoit ce motif. Ses justificatifs sont conservés six mois pour un second examen."),
        Act("repondre", "Répondre", "réponse envoyée", "handle_case", _answer, EVERY_STATE, AnswerForm,
            "Un e-mail part au demandeur\u00a0; l’état de la demande ne change pas."),
        Act("note", "Ajouter une note", "note ajoutée", "handle_case",
            lambda case, typed, by, at: decisions.add_note(case, typed["text"], by=by, at=at), EVERY_STATE, NoteForm,
            "Le demandeur ne la voit pas."),
        Act("confier", "Confier", "confiée", "handle_case",
            lambda case, typed, by, at: decisions.assign(case, typed["to"], by=by, at=at), UNDER_WAY, AssignForm),
        Act("rendre", "Rendre à l’équipe", "rendue à l’équipe", "handle_case",
            lambda case, typed, by, at: decisions.release(case, by=by, at=at), UNDER_WAY),
        Act("rouvrir", "Rouvrir", "rouverte", "reopen_case",
            lambda case, typed, by, at: decisions.reopen(case, by=by, at=at, seen=typed["seen"]), ENDED,
            explanation="Si des justificatifs sont encore là, la réponse est due dans les 48\u00a0heures."),
        Act("reunir", "Réunir à une autre", "réunie", "merge_case", _merge, UNDER_WAY, MergeForm,
            "Pour un doublon\u00a0: cette demande est close, l’autre continue."),
        Act("clore", "Clore", "close", "handle_case",
            lambda case, typed, by, at: decisions.close(case, by=by, at=at, seen=typed["seen"]), UNDER_WAY,
            explanation="Sans décision et sans e-mail\u00a0; une nouvelle demande pourra être faite pour ce SIRET."),
    )
}  # fmt: skip
