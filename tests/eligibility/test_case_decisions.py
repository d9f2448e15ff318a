"""What staff do with a case: accept, refuse, merge, reopen, answer, take and hand over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from eligibility.cases import decisions, documents
from eligibility.cases.life import CaseError
from eligibility.cases.models import Case
from eligibility.cases.states import State
from eligibility.cases.verbs import receive
from eligibility.check import check
from eligibility.models import Admission
from notifications.models import Message
from tests.eligibility.conftest import plain
from tests.eligibility.files import PDF
from tests.eligibility.test_case_documents import inspect, private_files, send
from tests.eligibility.test_case_life import NOW, accept, case_in, kinds
from tests.factories import CaseFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> User:
    return UserFactory(staff=True, username="camille")


# --- deciding


def test_accepting_admits_the_company_tells_the_applicant_and_lets_the_documents_go(
    agent: User, put_in_service: Callable[..., None], django_capture_on_commit_callbacks: Any
) -> None:
    put_in_service("CCI")
    case = case_in(State.RECEIVED, email="camille@atelier.example")
    send(case, inspect("kbis.pdf", PDF), at=NOW)
    path = case.documents.get().path
    assert check(case.siret, at=NOW).reason == "unknown"
    admission = accept(case, agent, legal_name="ATELIER DUPONT", at=NOW + timedelta(hours=20))
    assert (admission.siret, admission.headcount, admission.author) == (case.siret, 12, agent)
    verdict = check(case.siret, at=NOW)
    assert (verdict.reason, verdict.headcount, verdict.facts.legal_name) == ("eligible", 12, "ATELIER DUPONT")
    letter = Message.objects.get(kind="eligibility/case_accepted")
    assert letter.recipient == "camille@atelier.example"
    assert "/inscription/" in letter.body_text
    assert "ATELIER DUPONT" in letter.body_text
    assert case.documents.get().deleted_at == NOW + timedelta(hours=20)
    documents.delete_files()
    assert path not in private_files()
    assert case.events.last().by == agent


@pytest.mark.parametrize(
    ("row", "headcount", "words"),
    [
        ({"opt_in": True, "is_open": False}, 12, "l’établissement fermé"),
        ({"opt_in": True, "postal_code": "98800"}, 12, "n’est pas desservi"),
        ({"opt_in": False}, 50, "moins de 50"),
    ],
)
def test_what_an_admission_cannot_repair_is_not_accepted(
    agent: User, entry: Callable[..., Any], row: dict[str, Any], headcount: int, words: str
) -> None:
    """Closed, too large, territory: the check would refuse all the same, and the letter would promise too much."""
    case = case_in(State.DOCUMENTS_RECEIVED)
    entry(case.siret, **row)
    with pytest.raises(CaseError, match="Rien n’a été enregistré") as refusal:
        accept(case, agent, headcount=headcount)
    assert words in plain(str(refusal.value))
    case.refresh_from_db()
    assert case.state == State.DOCUMENTS_RECEIVED
    assert not Admission.objects.exists()
    assert kinds() == []


def test_refusing_gives_the_reason_and_keeps_the_documents(agent: User) -> None:
    case = case_in(State.RECEIVED)
    send(case, inspect("kbis.pdf", PDF))
    decisions.refuse(case, "les justificatifs sont illisibles", by=agent, at=NOW)
    assert (case.state, case.decided_by, case.news_at) == (State.REFUSED, agent, None)
    assert "les justificatifs sont illisibles." in Message.objects.get(kind="eligibility/case_refused").body_text
    assert case.documents.kept().count() == 1


def test_everybody_who_asked_is_told_the_decision(agent: User, put_in_service: Callable[..., None]) -> None:
    put_in_service()
    first, second = case_in(State.RECEIVED, email="a@b.example"), case_in(State.RECEIVED, email="c@d.example")
    send(second, inspect("kbis.pdf", PDF), at=NOW)
    decisions.add_note(second, "doublon", by=agent, at=NOW)
    decisions.merge(second, first, by=agent, at=NOW + timedelta(hours=1))
    assert (second.state, second.merged_into) == (State.CLOSED, first)
    assert (first.state, first.due_at) == (State.DOCUMENTS_RECEIVED, NOW + timedelta(hours=48))
    assert first.messages.count() == 2
    assert first.documents.count() == 1
    accept(first, agent)
    assert set(Message.objects.filter(kind="eligibility/case_accepted").values_list("recipient", flat=True)) == {
        "a@b.example", "c@d.example",
    }  # fmt: skip


def test_what_is_sent_to_a_merged_case_reaches_the_other(agent: User) -> None:
    kept, double = case_in(State.RECEIVED), case_in(State.RECEIVED)
    decisions.merge(double, kept, by=agent, at=NOW)
    message = send(double, inspect("kbis.pdf", PDF), at=NOW)
    kept.refresh_from_db()
    assert (message.case, message.is_other_sender, kept.state) == (kept, False, State.DOCUMENTS_RECEIVED)


@pytest.mark.parametrize(
    ("double_hours", "kept_hours", "due_hours"),
    [(0, 5, 48), (5, 0, 48), (0, None, 48), (None, 5, 53), (None, None, None)],
    ids=[
        "the duplicate's is earlier",
        "the kept one's is earlier",
        "only the duplicate's",
        "only the kept one's",
        "none",
    ],
)
def test_of_two_due_times_the_earlier_one_holds_after_a_merger(
    agent: User, double_hours: int | None, kept_hours: int | None, due_hours: int | None
) -> None:
    kept, double = case_in(State.RECEIVED), case_in(State.RECEIVED)
    for case, hours in ((kept, kept_hours), (double, double_hours)):
        if hours is not None:
            send(case, inspect("kbis.pdf", PDF), at=NOW + timedelta(hours=hours))
    Case.objects.update(reminded_at=NOW)
    kept.refresh_from_db()
    decisions.merge(double, kept, by=agent, at=NOW + timedelta(hours=6))
    kept.refresh_from_db()
    due_at = None if due_hours is None else NOW + timedelta(hours=due_hours)
    assert kept.due_at == due_at
    assert kept.documents_received_at == (due_at and due_at - timedelta(hours=48))
    # A nearer due time is told of anew.
    is_taken_over = double_hours == 0
    assert (kept.reminded_at is None) is is_taken_over


def test_a_duplicate_whose_applicant_was_asked_again_hurries_nobody(agent: User) -> None:
    kept, double = case_in(State.RECEIVED), case_in(State.RECEIVED)
    send(double, inspect("vieux.pdf", PDF), at=NOW)
    decisions.request_documents(double, "- Kbis récent", by=agent, at=NOW + timedelta(hours=1))
    send(kept, inspect("kbis.pdf", PDF), at=NOW + timedelta(hours=2))
    decisions.merge(double, kept, by=agent, at=NOW + timedelta(hours=3))
    kept.refresh_from_db()
    assert kept.due_at == NOW + timedelta(hours=50)


def test_of_two_merged_cases_neither_applicant_reads_the_others_words(agent: User, client: Client) -> None:
    kept = case_in(State.RECEIVED, email="mal@a.example")
    double = case_in(State.RECEIVED, email="noe@b.example")
    receive(
        double, at=NOW, sender="noe@b.example", subject="", body="Mon numéro\u00a0: 06 39 98 00 01",
        uploads=[inspect("noe.pdf", PDF)], refused=[], message_id=None,
    )  # fmt: skip
    decisions.merge(double, kept, by=agent, at=NOW)
    page = client.get(reverse("eligibility:case", args=[kept.token])).content.decode()
    assert "06 39 98 00 01" not in page
    assert "noe.pdf" not in page


def test_what_strangers_send_takes_no_place_from_the_applicant() -> None:
    case = case_in(State.RECEIVED)
    for number in range(3):
        receive(
            case, at=NOW, sender=f"stranger{number}@x.example", subject="", body="",
            uploads=[inspect("autre.pdf", PDF)] * documents.FILES_PER_SENDING, refused=[], message_id=None,
        )  # fmt: skip
    message = send(case, inspect("kbis.pdf", PDF), at=NOW)
    assert (message.documents.count(), message.refused) == (1, [])
    case.refresh_from_db()
    assert case.state == State.DOCUMENTS_RECEIVED


def test_asking_again_keeps_the_receipt_for_the_figures(agent: User) -> None:
    case = case_in(State.RECEIVED)
    send(case, inspect("kbis.pdf", PDF), at=NOW)
    decisions.request_documents(case, "- Kbis récent", by=agent, at=NOW + timedelta(hours=1))
    assert (case.documents_received_at, case.due_at) == (NOW, None)


@pytest.mark.parametrize("has_documents", [True, False])
def test_a_refusal_says_that_documents_are_kept_where_there_are_some(agent: User, has_documents: bool) -> None:
    case = case_in(State.RECEIVED)
    if has_documents:
        send(case, inspect("kbis.pdf", PDF), at=NOW)
    decisions.refuse(case, "votre effectif n’est pas établi.", by=agent, at=NOW)
    letter = Message.objects.get(kind="eligibility/case_refused")
    assert ("Vos justificatifs sont conservés six mois" in letter.body_text) == has_documents


def test_who_comes_second_reads_the_reason_apart_from_the_name(agent: User) -> None:
    case = case_in(State.RECEIVED)
    decisions.refuse(case, "votre effectif n’est pas établi.", by=agent, at=NOW)
    words = rf"refusée \(votre effectif n’est pas établi\) par {agent.get_username()}, le "
    with pytest.raises(CaseError, match=words):
        decisions.refuse(case, "fermé", by=agent, at=NOW)


@pytest.mark.parametrize("has_documents", [True, False])
def test_the_letter_says_that_documents_are_deleted_where_there_were_some(
    agent: User, put_in_service: Callable[..., None], has_documents: bool
) -> None:
    put_in_service("CCI")
    case = case_in(State.RECEIVED)
    if has_documents:
        send(case, inspect("kbis.pdf", PDF), at=NOW)
    accept(case, agent)
    letter = Message.objects.get(kind="eligibility/case_accepted")
    assert ("justificatifs ont été supprimés" in letter.body_text) == has_documents


@pytest.mark.parametrize("state", [State.ACCEPTED, State.REFUSED, State.CLOSED])
def test_an_ended_case_takes_no_duplicate(agent: User, state: str) -> None:
    ended, double = case_in(state), case_in(State.RECEIVED)
    with pytest.raises(CaseError, match=ended.number):
        decisions.merge(double, ended, by=agent, at=NOW)
    with pytest.raises(CaseError, match="elle-même"):
        decisions.merge(double, double, by=agent, at=NOW)


def test_reopening_with_documents_at_hand_gives_48_hours(agent: User) -> None:
    case = case_in(State.RECEIVED)
    send(case, inspect("kbis.pdf", PDF), at=NOW)
    decisions.refuse(case, "illisible", by=agent, at=NOW)
    decisions.reopen(case, by=agent, at=NOW + timedelta(days=9))
    assert (case.state, case.due_at, case.refusal) == (State.DOCUMENTS_RECEIVED, NOW + timedelta(days=11), "")
    closed = case_in(State.CLOSED)
    decisions.reopen(closed, by=agent, at=NOW)
    assert (closed.state, closed.closed_at, closed.due_at) == (State.RECEIVED, None, None)


def test_what_cannot_be_reopened_says_why(agent: User) -> None:
    accepted, old = case_in(State.ACCEPTED), case_in(State.REFUSED)
    new = CaseFactory(siret=old.siret)
    merged = case_in(State.CLOSED, merged_into=new)
    for case, words in ((accepted, "acceptée"), (old, new.number), (merged, new.number)):
        with pytest.raises(CaseError, match=words):
            decisions.reopen(case, by=agent, at=NOW)


def test_an_answer_and_a_note_change_no_state(agent: User) -> None:
    case = case_in(State.RECEIVED, news_at=NOW)
    decisions.add_note(case, "Appelée, rappeler mardi.", by=agent, at=NOW)
    assert case.news_at == NOW
    decisions.answer(case, "Quel est votre effectif\u00a0?", by=agent, at=NOW)
    assert (case.state, case.news_at) == (State.RECEIVED, None)
    assert "Quel est votre effectif\u00a0?" in Message.objects.get().body_text
    assert [(one.direction, one.author) for one in case.messages.all()] == [("note", agent), ("out", agent)]


# --- who looks after it


def test_taking_and_releasing_are_told_by_name(agent: User) -> None:
    case, colleague = case_in(State.RECEIVED), UserFactory(staff=True, username="dominique")
    for _ in range(2):
        decisions.take(case, by=agent, at=NOW)
    with pytest.raises(CaseError, match="camille"):
        decisions.take(case, by=colleague, at=NOW)
    decisions.assign(case, colleague, by=agent, at=NOW)
    for _ in range(2):
        decisions.release(case, by=colleague, at=NOW)
    notes = [event.note for event in case.events.all()]
    assert notes == ["confiée à camille", "confiée à dominique", "rendue à l’équipe"]
