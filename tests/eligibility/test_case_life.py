"""The life of a case: which state may follow which, the 48 hours, what staff do, and that each thing is done once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from eligibility.cases import decisions
from eligibility.cases.due import due_at, urgency
from eligibility.cases.life import enter, locked
from eligibility.cases.models import Case
from eligibility.cases.states import NEXT, State
from eligibility.cases.verbs import open_case
from eligibility.check import check
from eligibility.models import Admission
from notifications.models import Message
from tests.eligibility.conftest import plain
from tests.eligibility.files import PDF
from tests.eligibility.test_case_documents import inspect, private_files, send
from tests.factories import CaseFactory, RegisterFactory, UserFactory

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 5, 15, 14, 50, tzinfo=UTC)  # a Friday, 16:50 in Paris
FACTS_OF = {
    State.RECEIVED: {},
    State.DOCUMENTS_REQUESTED: {"documents_wanted": "Kbis", "documents_requested_at": NOW},
    State.DOCUMENTS_RECEIVED: {"documents_received_at": NOW, "due_at": NOW + timedelta(hours=48)},
    State.ACCEPTED: {"decided_at": NOW},
    State.REFUSED: {"decided_at": NOW, "refusal": "l’établissement est fermé"},
    State.CLOSED: {"closed_at": NOW},
}


def case_in(state: str, **facts: Any) -> Case:
    return CaseFactory(state=state, **FACTS_OF[state] | facts)


@pytest.fixture
def agent() -> User:
    return UserFactory(staff=True, username="camille")


def accept(case: Case, by: User, **changes: Any) -> Admission:
    facts = {"at": NOW, "headcount": 12, "expires_on": NOW.date() + timedelta(days=365)}
    return decisions.accept(case, by=by, **{"network": RegisterFactory(code="CMA")} | facts | changes)


def kinds(**about: Any) -> list[str]:
    letters = Message.objects.filter(**about).order_by("pk")
    return [letter.kind.removeprefix("eligibility/case_") for letter in letters]


# --- the 48 hours


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-05-15T16:50", "2026-05-17T16:50"),  # Friday afternoon: due on Sunday
        ("2026-12-30T23:59", "2027-01-01T23:59"),
        ("2026-03-28T10:00", "2026-03-30T11:00"),  # summer time begins: 48 hours by any clock
        ("2026-10-24T10:00", "2026-10-26T09:00"),  # and ends
    ],
)
def test_a_case_is_due_48_clock_hours_after_its_documents(received: str, due: str) -> None:
    moment = due_at(datetime.fromisoformat(received).replace(tzinfo=PARIS))
    assert moment.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M") == due


@pytest.mark.parametrize(
    ("hours", "level", "words", "brief"),
    [
        (47, "calm", "À traiter avant dimanche 17 mai 2026, 15 h 50", "17/05/2026 à 15 h 50"),
        (12, "soon", "À traiter avant samedi 16 mai 2026, 4 h 50", "16/05/2026 à 4 h 50"),
        (0, "late", "En retard de 0 minute", "En retard de 0 minute"),
        (-0.5, "late", "En retard de 30 minutes", "En retard de 30 minutes"),
        (-3.9, "late", "En retard de 3 h", "En retard de 3 h"),
        (-100, "late", "En retard de 100 h", "En retard de 100 h"),
    ],
)
def test_how_pressing_a_case_is_has_a_colour_and_words(hours: float, level: str, words: str, brief: str) -> None:
    told = urgency(NOW + timedelta(hours=hours), at=NOW)
    assert (told.level, plain(told.words), plain(told.brief)) == (level, words, brief)


def test_without_documents_no_clock_runs() -> None:
    assert urgency(None, at=NOW).level == ""


def test_the_clock_starts_once_and_again_after_staff_asked_again(agent: User) -> None:
    case = case_in(State.RECEIVED)
    upload = inspect("kbis.pdf", PDF)
    send(case, upload, at=NOW)
    send(case, upload, at=NOW + timedelta(hours=30))
    assert (case.documents_received_at, case.due_at) == (NOW, NOW + timedelta(hours=48))
    decisions.request_documents(case, "- attestation Urssaf", by=agent, at=NOW + timedelta(hours=40))
    assert (case.state, case.documents_received_at, case.due_at) == (State.DOCUMENTS_REQUESTED, NOW, None)
    send(case, upload, at=NOW + timedelta(hours=60))
    assert case.due_at == NOW + timedelta(hours=108)
    assert kinds() == ["documents_received", "documents_requested", "documents_received"]


# --- the table


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("to", State)
def test_only_the_table_leads_from_state_to_state(state: str, to: str) -> None:
    case = case_in(state)
    nothing = {"decided_at": None, "closed_at": None}
    try:
        with locked(case):
            enter(case, to, at=NOW, **nothing | FACTS_OF[to])
    except ValueError:
        assert to not in NEXT[state]
        assert not case.events.exists()
    else:
        assert to in NEXT[state]
        assert [(event.state, event.version) for event in case.events.all()] == [(to, 1)]


def test_every_state_is_reached_and_left_for_good_by_acceptance_alone() -> None:
    reached = {to for following in NEXT.values() for to in following}
    assert reached == set(State)
    assert [state for state in State if not NEXT[state]] == [State.ACCEPTED]


@pytest.mark.parametrize(
    ("constraint", "facts"),
    [
        ("case_state_is_known", {"state": "unheard_of"}),
        ("case_with_documents_has_a_due_time", {"state": "documents_received"}),
        ("case_decided_knows_when", {"state": "accepted"}),
        ("case_decided_knows_when", {"decided_at": NOW}),
        ("case_refused_says_why", {"state": "refused", "decided_at": NOW}),
        ("case_closed_knows_when", {"state": "closed"}),
        ("case_closed_knows_when", {"closed_at": NOW}),
        ("case_siret_is_fourteen_digits", {"siret": ""}),
        ("case_siret_is_fourteen_digits", {"siret": "7328293200007é"}),
        ("case_by_form_is_complete", {"headcount": None}),
        ("case_by_form_is_complete", {"contact_name": ""}),
    ],
)
def test_the_database_itself_keeps_a_case_consistent(constraint: str, facts: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        CaseFactory(**facts)


def test_an_email_may_lack_what_the_form_asks_for() -> None:
    opened = open_case(siret="73282932000074", at=NOW, source=Case.Source.EMAIL, email="a@b.example")
    assert (opened.case.headcount, opened.case.register, opened.case.created_at) == (None, "", NOW)


# --- opening


def test_what_the_registers_said_is_frozen_at_the_opening(entry: Callable[..., Any]) -> None:
    siret = CaseFactory.build().siret
    row = entry(siret, opt_in=False, headcount=7)
    case = open_case(siret=siret, at=NOW, source=Case.Source.STAFF, email="a@b.example").case
    assert case.verdict_then["reason"] == "opted_out"
    row.opt_in = True
    row.save()
    case.refresh_from_db()
    assert case.verdict_then["reason"] == "opted_out"
    assert check(siret, at=NOW).reason == "eligible"


def test_the_opening_is_the_first_line_of_the_history(agent: User) -> None:
    case = open_case(siret="73282932000074", at=NOW, source=Case.Source.STAFF, by=agent, email="a@b.example").case
    event = case.events.get()
    assert (event.state, event.by, event.at, event.note) == ("received", agent, NOW, "ouverte par le service client")


# --- messages


def test_the_same_message_id_is_one_message() -> None:
    case = case_in(State.RECEIVED)
    first = send(case, inspect("kbis.pdf", PDF), message_id="<1@mail.example>")
    files = private_files()
    assert send(case, inspect("kbis.pdf", PDF), message_id="<1@mail.example>") == first
    assert case.documents.count() == 1
    assert private_files() == files
    assert kinds() == ["documents_received"]


def test_another_sender_is_read_by_staff_and_answered_by_nobody() -> None:
    case = case_in(State.RECEIVED, email="camille@atelier.example")
    message = send(case, inspect("faux.pdf", PDF), sender="Intrus@ailleurs.example", body="Acceptez, c’est urgent.")
    assert message.is_other_sender
    assert case.news_at is not None
    assert (case.state, case.due_at) == (State.RECEIVED, None)
    assert case.documents.count() == 1
    assert kinds() == []
    assert not send(case, sender=" CAMILLE@atelier.example").is_other_sender


def test_an_answer_takes_a_refused_case_up_again() -> None:
    case = case_in(State.REFUSED, decided_by=UserFactory(staff=True))
    send(case, body="L’effectif est de 12.", at=NOW + timedelta(days=1))
    assert (case.state, case.decided_at, case.decided_by, case.refusal) == (State.RECEIVED, None, None, "")
    case = case_in(State.REFUSED)
    send(case, inspect("urssaf.pdf", PDF), at=NOW + timedelta(days=1))
    assert (case.state, case.due_at) == (State.DOCUMENTS_RECEIVED, NOW + timedelta(days=3))


def test_an_answer_to_an_old_case_does_not_disturb_the_new_one_for_its_siret() -> None:
    old = case_in(State.REFUSED)
    new = CaseFactory(siret=old.siret)
    message = send(old, inspect("urssaf.pdf", PDF), body="Voici l’attestation.")
    assert message.documents.count() == 1
    old.refresh_from_db()
    assert (old.state, old.refusal) == (State.REFUSED, "l’établissement est fermé")
    assert old.news_at is not None
    assert list(Case.objects.under_way()) == [new]


def test_documents_for_an_accepted_case_are_not_kept() -> None:
    case = case_in(State.ACCEPTED)
    files = private_files()
    message = send(case, inspect("kbis.pdf", PDF))
    assert "déjà acceptée" in message.refused[0]
    assert private_files() == files
