"""Delivery over real SMTP: what goes out, and what each answer of a relay leads to."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import delivery, failures
from notifications.models import Channel, Failure, Message, Status, Urgency
from tests.notifications.conftest import a_message

pytestmark = pytest.mark.django_db
LATER = timedelta(seconds=30)  # past the head start that the job has over the sweeper


def fresh(message: Message) -> Message:
    message.refresh_from_db()
    return message


def wait_of(message: Message) -> timedelta:
    return fresh(message).next_attempt_at - timezone.now()


def test_a_letter_has_two_parts_and_an_address_to_answer_to(relay):
    message = a_message(body_text="Bonjour,\n\nà régler : 292,76\u00a0€.\n", body_html="<p>à régler</p>")
    assert delivery.deliver(message.pk) is None
    [letter] = relay.received
    assert letter.get_content_type() == "multipart/alternative"
    text, html = letter.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == "Bonjour,\n\nà régler : 292,76\u00a0€.\n"
    assert html.get_content().strip() == "<p>à régler</p>"
    assert letter["To"] == "menuiserie@exemple.fr"
    assert letter["Reply-To"] == "aide@masques.example"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in letter
    assert (fresh(message).status, message.attempts, message.failure) == (Status.SENT, 1, "")
    assert message.sent_at is not None


def test_a_message_goes_once(relay):
    message = a_message()
    delivery.deliver(message.pk)
    delivery.deliver(message.pk)
    delivery.deliver_due(now=timezone.now() + LATER)
    assert len(relay.received) == 1


def test_the_message_id_is_the_same_at_every_attempt(relay):
    relay.say("DATA", "451 4.3.0 later")
    message = a_message()
    delivery.deliver(message.pk)
    first = delivery.mail.message_id(message)
    delivery.deliver(message.pk, now=timezone.now() + timedelta(hours=1))
    assert relay.received[0]["Message-ID"] == first


ANSWERS = [
    ("RCPT", "451 4.7.1 Greylisted, try again later", Failure.DELAYED),
    ("RCPT", "452 4.2.2 Mailbox full", Failure.DELAYED),
    ("RCPT", "552 5.2.2 Mailbox full", Failure.DELAYED),
    ("RCPT", "550 5.1.1 No such user", Failure.UNKNOWN_RECIPIENT),
    ("RCPT", "550 No such user here", Failure.UNKNOWN_RECIPIENT),
    ("RCPT", "553 5.1.3 Bad address", Failure.UNKNOWN_RECIPIENT),
    ("RCPT", "550 5.7.1 Rejected by policy", Failure.REFUSED),
    ("RCPT", "421 4.3.2 Shutting down", Failure.DELAYED),
    ("MAIL", "451 4.3.0 Busy", Failure.DELAYED),
    ("MAIL", "550 5.7.1 Sender not allowed", Failure.CONFIGURATION),
    ("DATA", "451 4.3.0 Try again later", Failure.DELAYED),
    ("DATA", "554 5.7.1 Spam", Failure.REFUSED),
    ("DATA", "cut", Failure.UNCERTAIN),
]


@pytest.mark.parametrize(("verb", "answer", "failure"), ANSWERS)
def test_failures_are_told_apart_by_what_the_relay_answers(relay, verb, answer, failure):
    relay.say(verb, answer)
    message = a_message()
    assert delivery.deliver(message.pk) == failure
    assert fresh(message).failure == failure
    given_up = failure in (Failure.UNKNOWN_RECIPIENT, Failure.REFUSED)
    assert message.status == (Status.FAILED if given_up else Status.PENDING)
    assert answer == "cut" or message.last_error == answer


def test_a_greylisted_message_waits_minutes_then_arrives(relay):
    relay.say("RCPT", "451 4.7.1 Greylisted")
    message = a_message()
    delivery.deliver(message.pk)
    assert timedelta(minutes=4) < wait_of(message) <= timedelta(minutes=5)
    delivery.deliver_due(now=timezone.now() + timedelta(minutes=6))
    assert (fresh(message).status, message.attempts, message.last_error) == (Status.SENT, 2, "")
    assert len(relay.received) == 1


def test_an_unreachable_relay_is_tried_again_in_seconds(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    message = a_message()
    assert delivery.deliver(message.pk) == Failure.CONNECTION
    assert timedelta(0) < wait_of(message) <= timedelta(seconds=5)


def test_a_refused_password_keeps_the_messages_for_later(relay, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "old"
    message = a_message()
    assert delivery.deliver(message.pk) == Failure.CONFIGURATION
    assert fresh(message).status == Status.PENDING
    assert message.last_error.startswith("535")


def test_an_unusable_address_is_refused_without_asking_the_relay(relay):
    message = a_message(recipient="a@exemple.fr\nBcc: b@exemple.fr")
    assert delivery.deliver(message.pk) == Failure.REFUSED
    assert relay.received == []


def test_a_message_is_given_up_at_last_and_says_so(relay, caplog):
    message = a_message()
    now = timezone.now()
    for attempt in range(len(failures.WAITS[Failure.DELAYED]) + 1):
        assert fresh(message).status == Status.PENDING, attempt
        relay.say("RCPT", "451 4.7.1 Greylisted")
        now = max(now, message.next_attempt_at)
        delivery.deliver(message.pk, now=now)
    assert fresh(message).status == Status.FAILED
    assert "given up" in caplog.text
    assert now - message.created_at > timedelta(hours=24)


def test_an_interrupted_letter_goes_again_and_an_interrupted_code_does_not(relay):
    relay.say("DATA", "cut", "cut")
    letter, code = a_message(), a_message(is_secret=True, urgency=Urgency.CODE)
    delivery.deliver(letter.pk)
    delivery.deliver(code.pk)
    assert fresh(letter).status == Status.PENDING
    assert (fresh(code).status, code.failure, code.body_text) == (Status.FAILED, Failure.UNCERTAIN, "")


def test_a_code_that_surely_did_not_leave_goes_again(relay):
    relay.say("RCPT", "451 4.7.1 Greylisted")
    code = a_message(is_secret=True)
    delivery.deliver(code.pk)
    assert fresh(code).body_text
    delivery.deliver(code.pk, now=timezone.now() + timedelta(hours=1))
    assert fresh(code).status == Status.SENT


def test_a_code_is_erased_once_sent(relay):
    code = a_message(is_secret=True, subject="Votre code : ABCD-EFGH", body_text="ABCD-EFGH")
    delivery.deliver(code.pk)
    assert relay.received[0]["Subject"] == "Votre code : ABCD-EFGH"
    assert (fresh(code).subject, code.body_text, code.body_html) == ("", "", "")


def test_a_message_that_has_lost_its_reason_is_not_sent(relay):
    message = a_message(not_after=timezone.now() - timedelta(seconds=1))
    delivery.deliver(message.pk)
    assert fresh(message).status == Status.WITHDRAWN
    assert relay.received == []


def test_the_sweeper_sends_codes_first_then_receipts_then_notices(relay):
    for urgency in (Urgency.NOTICE, Urgency.CODE, Urgency.RECEIPT):
        a_message(urgency=urgency, subject=urgency.name)
    assert delivery.deliver_due(now=timezone.now() + LATER) == 3
    assert [letter["Subject"] for letter in relay.received] == ["CODE", "RECEIPT", "NOTICE"]


def test_the_sweeper_is_bounded(relay):
    for _ in range(3):
        a_message()
    assert delivery.deliver_due(limit=2, now=timezone.now() + LATER) == 2
    assert Message.objects.filter(status=Status.PENDING).count() == 1


def test_the_sweeper_leaves_fresh_rows_to_their_own_job(relay):
    a_message()
    assert delivery.deliver_due() == 0


def test_a_dead_relay_costs_a_sweep_one_attempt_and_not_one_for_each_row(settings, relay):
    settings.EMAIL_PORT = 1
    rows = [a_message() for _ in range(3)]
    sms = a_message(channel=Channel.SMS, recipient="+33639980001")
    settings.SMS_BACKEND, settings.SMS_QUIET_HOURS = "console", ""
    delivery.deliver_due(now=timezone.now() + LATER)
    assert [fresh(row).attempts for row in rows] == [1, 0, 0]
    assert fresh(sms).status == Status.SENT


def test_while_a_relay_rests_jobs_leave_their_row_to_the_sweeper(settings, relay):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    first, second = a_message(), a_message()
    delivery.deliver_at_once(first.pk)
    delivery.deliver_at_once(second.pk)
    assert (fresh(first).attempts, fresh(second).attempts) == (1, 0)
    settings.EMAIL_PORT = port
    delivery.deliver_due(now=timezone.now() + LATER)
    assert len(relay.received) == 2


def test_a_job_for_a_row_that_is_gone_is_harmless():
    delivery.deliver_at_once(4_000_000)


def test_a_demo_writes_to_nobody_outside(settings):
    settings.DEMO = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "smtp.exemple.fr"
    message = a_message()
    assert delivery.deliver(message.pk) == Failure.REFUSED
    assert "Démonstration" in fresh(message).last_error


# --- SMS


@pytest.fixture
def night(settings, monkeypatch):
    settings.SMS_BACKEND, settings.SMS_QUIET_HOURS = "console", "20-8"
    return timezone.datetime(2030, 1, 15, 1, 0, tzinfo=timezone.get_fixed_timezone(60))


def test_an_sms_due_at_night_is_held_until_morning(night):
    message = a_message(channel=Channel.SMS, next_attempt_at=night - timedelta(hours=5))
    delivery.deliver(message.pk, now=night)
    assert (fresh(message).status, message.attempts) == (Status.PENDING, 0)
    assert message.next_attempt_at == night + timedelta(hours=7)
    delivery.deliver(message.pk, now=message.next_attempt_at)
    assert fresh(message).status == Status.SENT


def test_an_sms_that_is_stale_by_morning_is_dropped(night):
    message = a_message(channel=Channel.SMS, next_attempt_at=night, not_after=night + timedelta(hours=6))
    delivery.deliver(message.pk, now=night)
    delivery.deliver(message.pk, now=night + timedelta(hours=7))
    assert fresh(message).status == Status.WITHDRAWN


def test_a_code_rings_at_night(night):
    message = a_message(channel=Channel.SMS, next_attempt_at=night, urgency=Urgency.CODE)
    delivery.deliver(message.pk, now=night)
    assert fresh(message).status == Status.SENT


def test_a_shop_without_sms_withdraws_them(settings):
    settings.SMS_BACKEND = "off"
    message = a_message(channel=Channel.SMS)
    delivery.deliver(message.pk)
    assert fresh(message).status == Status.WITHDRAWN


# --- Workers that never came back


def sending(**facts):
    return a_message(
        **{"status": Status.SENDING, "attempts": 1, "claimed_at": timezone.now() - timedelta(minutes=61)} | facts
    )


def test_a_letter_stuck_for_an_hour_is_taken_back_and_sent(relay):
    message = sending()
    assert delivery.take_back_stuck() == 1
    assert (fresh(message).status, message.failure) == (Status.PENDING, Failure.UNCERTAIN)
    delivery.deliver(message.pk, now=message.next_attempt_at)
    assert fresh(message).status == Status.SENT


@pytest.mark.parametrize("facts", [{"channel": Channel.SMS}, {"is_secret": True}])
def test_a_stuck_sms_or_code_is_not_sent_again(facts):
    message = sending(**facts)
    delivery.take_back_stuck()
    assert (fresh(message).status, message.failure) == (Status.FAILED, Failure.UNCERTAIN)


def test_a_row_claimed_a_moment_ago_is_left_to_its_worker():
    sending(claimed_at=timezone.now() - timedelta(minutes=59))
    assert delivery.take_back_stuck() == 0


def test_a_late_success_wins_over_taking_back(relay):
    message = sending()
    delivery.take_back_stuck()
    delivery._write_success(message, timezone.now())
    assert fresh(message).status == Status.SENT


def test_a_late_failure_does_not_disturb_the_worker_that_has_the_row_now():
    message = sending()
    Message.objects.filter(pk=message.pk).update(claimed_at=timezone.now())
    delivery._write_failure(message, failures.Undelivered(Failure.REFUSED, "late"), timezone.now())
    assert fresh(message).status == Status.SENDING
