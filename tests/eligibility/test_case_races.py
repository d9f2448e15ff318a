"""Two at once on one case: one acts, the other is told; nobody waits for ever, nothing is written twice."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from accounts.models import User
from eligibility.cases import decisions
from eligibility.cases.life import CaseError
from eligibility.cases.models import Case, CaseMessage, Document
from eligibility.cases.states import UNDER_WAY, State
from eligibility.models import Admission
from notifications.models import Message
from tests.eligibility.files import PDF
from tests.eligibility.test_case_documents import inspect, send
from tests.eligibility.test_case_life import NOW, accept
from tests.factories import CaseFactory, RegisterFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def both(first: Callable[[], object], second: Callable[[], object]) -> list[str]:
    """Let two threads begin at once; gives what the desk answers to those who came second."""
    barrier = threading.Barrier(2)

    def run(act: Callable[[], object]) -> str:
        barrier.wait(10)
        try:
            act()
        except CaseError as refusal:
            return str(refusal)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        return [answer for answer in pool.map(run, (first, second)) if answer]


ACTS: dict[str, Callable[[Case, User], object]] = {
    "accept": lambda case, by: accept(case, by, network=RegisterFactory(code="CMA"), seen=0),
    "refuse": lambda case, by: decisions.refuse(case, "illisible", by=by, at=NOW, seen=0),
    "ask": lambda case, by: decisions.request_documents(case, "Kbis", by=by, at=NOW, seen=0),
    "answer": lambda case, by: decisions.answer(case, "Bonjour", by=by, at=NOW, seen=0),
    "close": lambda case, by: decisions.close(case, by=by, at=NOW, seen=0),
    "take": lambda case, by: decisions.take(case, by=by, at=NOW),
}


@pytest.mark.parametrize("name", ACTS)
def test_of_two_agents_who_click_one_acts_and_the_other_is_told_who(name: str) -> None:
    RegisterFactory(code="CMA")
    agents = [UserFactory(staff=True, username=username) for username in ("camille", "dominique")]
    case = CaseFactory()
    answers = both(*(lambda by=by: ACTS[name](Case.objects.get(pk=case.pk), by) for by in agents))
    assert len(answers) == 1
    event = case.events.get()
    assert event.by is not None
    assert event.by.username in answers[0]
    assert case.number in answers[0]
    assert Message.objects.count() == (0 if name in ("close", "take") else 1)
    assert Admission.objects.count() == (1 if name == "accept" else 0)


def test_of_one_who_accepts_and_one_who_refuses_only_one_decides() -> None:
    RegisterFactory(code="CMA")
    agents = [UserFactory(staff=True, username=username) for username in ("camille", "dominique")]
    case = CaseFactory()
    answers = both(
        lambda: accept(Case.objects.get(), agents[0]),
        lambda: decisions.refuse(Case.objects.get(), "fermé", by=agents[1], at=NOW),
    )
    case.refresh_from_db()
    assert len(answers) == 1
    assert case.decided_by.username in answers[0]
    assert Message.objects.count() == 1
    assert Admission.objects.exists() is (case.state == State.ACCEPTED)


def test_documents_that_come_while_somebody_decides_are_seen_first() -> None:
    """The page was opened before: whoever clicks is told to read it again."""
    agent = UserFactory(staff=True)
    case = CaseFactory()
    seen = case.version
    send(Case.objects.get(), inspect("kbis.pdf", PDF))
    with pytest.raises(CaseError, match="message du demandeur, 1\u00a0document"):
        decisions.refuse(case, "justificatifs manquants", by=agent, at=NOW, seen=seen)
    assert Case.objects.get().state == State.DOCUMENTS_RECEIVED


def test_two_agents_who_merge_crosswise_do_not_block_one_another() -> None:
    """Somebody holds the older case while they come one after the other; then both want both."""
    agent = UserFactory(staff=True)
    older, newer = CaseFactory(), CaseFactory()

    def merge(case: Case, into: Case, seconds: float) -> str:
        time.sleep(seconds)
        try:
            decisions.merge(Case.objects.get(pk=case.pk), Case.objects.get(pk=into.pk), by=agent, at=NOW)
        except CaseError as refusal:
            return str(refusal)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            Case.objects.select_for_update(of=("self",)).get(pk=older.pk)
            merging = [pool.submit(merge, older, newer, 0), pool.submit(merge, newer, older, 0.3)]
            time.sleep(0.8)
        answers = [job.result(20) for job in merging]
    assert answers[0] == ""
    assert older.number in answers[1]
    assert Case.objects.filter(state__in=UNDER_WAY).get() == newer


def test_the_same_email_read_by_two_jobs_is_one_message() -> None:
    case = CaseFactory()
    both(
        lambda: send(Case.objects.get(pk=case.pk), inspect("kbis.pdf", PDF), message_id="<2@mail.example>"),
        lambda: send(Case.objects.get(pk=case.pk), inspect("kbis.pdf", PDF), message_id="<2@mail.example>"),
    )
    assert CaseMessage.objects.count() == Document.objects.count() == 1
    assert Message.objects.count() == 1
