"""How long a case is kept, line by line; the reminder before a case is overdue; the figures by week."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from eligibility.cases import decisions, figures, reminders, retention, tasks
from eligibility.cases.models import Case
from eligibility.cases.states import State
from masques.celery import app
from notifications.models import Message
from tests.eligibility.files import PDF
from tests.eligibility.test_case_documents import inspect, private_files, send
from tests.eligibility.test_case_life import accept
from tests.eligibility.test_case_races import both
from tests.factories import CaseFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 15, 14, 50, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def agent() -> User:
    return UserFactory(staff=True)


def received(**facts: Any) -> Case:
    """A case with one document, received NOW."""
    case = CaseFactory(created_at=NOW, **facts)
    send(case, inspect("kbis.pdf", PDF), at=NOW, body="Voici le Kbis.")
    return case


def path_of(case: Case) -> str:
    return str(case.documents.get().path)


# --- accepted: until the decision


def test_documents_of_an_accepted_case_go_with_the_decision(
    agent: User, put_in_service: Callable[..., None], django_capture_on_commit_callbacks: Any
) -> None:
    put_in_service()
    case = received()
    path = path_of(case)
    accept(case, agent, at=NOW + DAY)
    document = case.documents.get()
    assert document.deleted_at == NOW + DAY
    # Until the decision is committed the file stays: it might be rolled back.
    assert path in private_files()
    retention.forget(NOW + DAY)
    document.refresh_from_db()
    assert (document.path, document.name) == ("", "kbis.pdf")
    assert path not in private_files()


# --- refused, closed: six months


@pytest.mark.parametrize("end", ["refuse", "close"])
def test_documents_of_a_refusal_go_six_months_later(agent: User, end: str) -> None:
    case, fresh = received(), received()
    for each, at in ((case, NOW), (fresh, NOW + DAY)):
        if end == "refuse":
            decisions.refuse(each, "fermé", by=agent, at=at)
        else:
            decisions.close(each, by=agent, at=at)
    path, kept = path_of(case), path_of(fresh)
    assert retention.forget(NOW + retention.DOCUMENTS_KEPT - timedelta(seconds=1))["documents"] == 0
    done = retention.forget(NOW + retention.DOCUMENTS_KEPT)
    assert (done["documents"], done["files"]) == (1, 1)
    assert path not in private_files()
    assert kept in private_files()
    assert retention.forget(NOW + retention.DOCUMENTS_KEPT)["documents"] == 0


def test_documents_of_a_case_under_way_stay_however_long_it_takes() -> None:
    path = path_of(received())
    retention.delete_old_documents(NOW + 900 * DAY)
    assert path in private_files()


def test_documents_of_a_case_taken_up_again_stay(agent: User) -> None:
    case = received()
    decisions.refuse(case, "illisible", by=agent, at=NOW)
    decisions.reopen(case, by=agent, at=NOW + 100 * DAY)
    assert retention.delete_old_documents(NOW + 200 * DAY) == 0


# --- silent for 30 days


def test_an_applicant_who_is_silent_for_thirty_days_finds_the_case_closed(agent: User) -> None:
    silent, written, answered = CaseFactory.create_batch(3, created_at=NOW)
    for case in (silent, written, answered):
        decisions.request_documents(case, "- Kbis", by=agent, at=NOW)
    send(written, body="Le Kbis arrive.", at=NOW + 20 * DAY)
    send(answered, inspect("kbis.pdf", PDF), at=NOW + DAY)
    assert retention.close_silent(NOW + 30 * DAY - timedelta(seconds=1)) == 0
    assert retention.close_silent(NOW + 30 * DAY) == 1
    silent.refresh_from_db()
    assert (silent.state, silent.closed_at) == (State.CLOSED, NOW + 30 * DAY)
    event = silent.events.latest("pk")
    assert (event.by, "sans nouvelles" in event.note) == (None, True)
    assert retention.close_silent(NOW + 50 * DAY) == 1


@pytest.mark.django_db(transaction=True)
def test_documents_that_come_while_the_night_closes_are_not_shut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    case = CaseFactory(created_at=NOW)
    decisions.request_documents(case, "- Kbis", by=UserFactory(staff=True), at=NOW)
    close = decisions.close

    def documents_first(case: Case, **facts: Any) -> None:
        send(Case.objects.get(), inspect("kbis.pdf", PDF), at=NOW + 30 * DAY)
        close(case, **facts)

    monkeypatch.setattr(decisions, "close", documents_first)
    assert retention.close_silent(NOW + 30 * DAY) == 0
    assert Case.objects.get().state == State.DOCUMENTS_RECEIVED


# --- three years


def test_after_three_years_nothing_tells_who_asked(agent: User) -> None:
    case = received(message="Je suis malade.", phone="+33612345678")
    decisions.refuse(case, "fermé", by=agent, at=NOW + DAY)
    token, personal = case.token, (case.siret, case.legal_name, case.email, case.contact_name, "malade", "+33612345678")
    assert retention.forget(NOW + retention.CASE_KEPT)["anonymised"] == 0
    done = retention.forget(NOW + DAY + retention.CASE_KEPT)
    assert done["anonymised"] == 1
    case.refresh_from_db()
    assert case.anonymised_at == NOW + DAY + retention.CASE_KEPT
    assert (case.state, case.headcount, case.register, case.decided_at) == (State.REFUSED, 4, "cma", NOW + DAY)
    assert len(case.token) == len(token)
    assert case.token != token
    assert not case.messages.exists()
    assert not case.documents.exists()
    left = str(Case.objects.values().get()) + str(list(case.events.values()))
    for each in personal:
        assert each not in left
    assert {event.by for event in case.events.all()} == {None}
    assert [event.at for event in case.events.all()] == [NOW, NOW + DAY]
    assert retention.forget(NOW + DAY + retention.CASE_KEPT)["anonymised"] == 0


def test_a_case_forgotten_by_everybody_is_closed_and_made_anonymous() -> None:
    case = CaseFactory(created_at=NOW)
    assert retention.anonymise_old(NOW + retention.CASE_KEPT) == 1
    case.refresh_from_db()
    assert (case.state, case.siret) == (State.CLOSED, "")


def test_what_is_written_to_an_anonymous_case_is_forgotten_in_its_turn() -> None:
    case = CaseFactory(created_at=NOW)
    years = NOW + retention.CASE_KEPT
    retention.forget(years)
    send(case, body="Et maintenant\u00a0?", sender="a@b.example", at=years + DAY)
    assert retention.forget(years + 2 * DAY)["anonymised"] == 0
    assert retention.forget(years + DAY + retention.CASE_KEPT)["anonymised"] == 1
    assert not case.messages.exists()


def test_a_case_whose_file_could_not_be_deleted_waits() -> None:
    case = received()
    assert retention.anonymise_old(NOW + retention.CASE_KEPT) == 0
    case.refresh_from_db()
    assert case.email


def test_a_case_that_nobody_ever_decided_does_not_keep_its_documents_for_ever() -> None:
    path = path_of(received())
    done = retention.forget(NOW + retention.CASE_KEPT)
    assert (done["documents"], done["files"], done["anonymised"]) == (1, 1, 1)
    assert path not in private_files()


# --- the reminder


def test_staff_are_reminded_once_before_a_case_is_overdue(agent: User, settings: Any) -> None:
    settings.STAFF_ALERT_EMAIL = "equipe@masques.example"
    mine, nobodys, calm = received(), received(), CaseFactory()
    decisions.take(mine, by=agent, at=NOW)
    soon = NOW + timedelta(hours=36)
    assert reminders.remind(soon - timedelta(seconds=1)) == 0
    assert reminders.remind(soon) == 2
    assert reminders.remind(soon + timedelta(minutes=10)) == 0
    letters = {letter.about: letter for letter in Message.objects.filter(kind="eligibility/case_due_soon")}
    assert letters[mine.number].recipient == agent.email
    assert letters[nobodys.number].recipient == "equipe@masques.example"
    assert "dimanche 17 mai 2026 à 16\u00a0h\u00a050" in letters[mine.number].body_text
    assert f"/gestion/eligibility/case/{mine.pk}/change/" in letters[mine.number].body_text
    assert calm.number not in letters


def test_a_colleague_who_has_left_is_not_written_to(settings: Any) -> None:
    case = received(assigned_to=UserFactory(staff=True, is_active=False))
    reminders.remind(NOW + timedelta(hours=40))
    letter = Message.objects.get(kind="eligibility/case_due_soon")
    assert (letter.recipient, letter.about) == (settings.STAFF_ALERT_EMAIL, case.number)


def test_nothing_is_decided_by_the_clock() -> None:
    case = received()
    for days in (2, 31, 400):
        reminders.remind(NOW + days * DAY)
        retention.forget(NOW + days * DAY)
    case.refresh_from_db()
    assert (case.state, case.decided_at) == (State.DOCUMENTS_RECEIVED, None)
    assert case.documents.kept().count() == 1
    assert set(Message.objects.values_list("kind", flat=True)) == {
        "eligibility/case_documents_received", "eligibility/case_due_soon",
    }  # fmt: skip


def test_each_new_due_time_has_its_reminder(agent: User) -> None:
    case = received()
    reminders.remind(NOW + 2 * DAY)
    decisions.request_documents(case, "- Urssaf", by=agent, at=NOW + 2 * DAY)
    send(case, inspect("urssaf.pdf", PDF), at=NOW + 5 * DAY)
    reminders.remind(NOW + 7 * DAY)
    assert Message.objects.filter(kind="eligibility/case_due_soon").count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_jobs_remind_once() -> None:
    received()
    both(lambda: reminders.remind(NOW + 2 * DAY), lambda: reminders.remind(NOW + 2 * DAY))
    assert Message.objects.filter(kind="eligibility/case_due_soon").count() == 1
    assert Case.objects.get().events.filter(note__startswith="rappel").count() == 1


# --- the figures


def decided(created: datetime, documents: datetime | None, at: datetime) -> Case:
    return CaseFactory(
        state="refused", refusal="x", created_at=created, documents_received_at=documents, decided_at=at
    )  # fmt: skip


def test_the_weeks_begin_on_monday_in_paris_and_tell_how_quick_the_desk_was() -> None:
    monday = datetime(2026, 5, 11, tzinfo=figures.settings.PARIS)
    for hours in (4, 20, 48, 60):
        decided(monday, monday + DAY, monday + DAY + timedelta(hours=hours))
    decided(monday, None, monday + DAY)  # refused without documents: no time to measure
    CaseFactory(created_at=monday - timedelta(seconds=1))
    this, last, *before = figures.weeks(NOW)
    assert (this.begins_on, last.begins_on) == (date(2026, 5, 11), date(2026, 5, 4))
    assert (this.opened, this.decided, this.measured, this.in_time) == (5, 5, 4, 3)
    assert (this.median_hours, this.share_in_time) == (34, 75)
    assert (last.opened, last.decided, last.median_hours, last.share_in_time) == (1, 0, None, None)
    assert [(week.opened, week.decided) for week in before] == [(0, 0), (0, 0)]


def test_a_week_in_which_the_clock_changes_is_a_week() -> None:
    sunday_night = datetime(2026, 3, 29, 23, 59, tzinfo=figures.settings.PARIS)
    CaseFactory(created_at=sunday_night)
    weeks = figures.weeks(sunday_night + DAY)
    assert [(week.begins_on, week.opened) for week in weeks][:2] == [(date(2026, 3, 30), 0), (date(2026, 3, 23), 1)]


# --- the timetable


def test_every_job_of_the_desk_is_in_the_timetable_and_does_its_work(settings: Any) -> None:
    app.loader.import_default_modules()
    planned = {entry["task"] for entry in app.conf.beat_schedule.values()}
    for job in (tasks.remind, tasks.forget, tasks.scan_waiting):
        assert job.name in planned
        assert job.name in app.tasks
    case = CaseFactory()
    now = timezone.now()
    send(case, inspect("kbis.pdf", PDF), at=now - 2 * DAY)
    tasks.remind()
    tasks.scan_waiting()
    tasks.forget()
    assert Message.objects.filter(kind="eligibility/case_due_soon").count() == 1
