"""Posting: a row in the business transaction, once, on time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from freezegun import freeze_time

from notifications import outbox
from notifications.models import Message, Status, Urgency
from notifications.sms import sms_length
from tests.notifications.conftest import at_the_same_instant

pytestmark = pytest.mark.usefixtures("texts")
CONTEXT = {"reference": "ECTZ326", "name": "Menuiserie", "url": "https://shop.example/"}


@pytest.fixture(autouse=True)
def enqueued(monkeypatch):
    """Jobs handed to Celery, without a broker."""
    jobs = []
    monkeypatch.setattr(outbox, "enqueue", lambda task, *args: jobs.append((task.name, args)))
    return jobs


def post(key="order_confirmed:1", **options):
    return outbox.post("essai/note", **({"to": "a@exemple.fr", "key": key, "context": CONTEXT} | options))


def post_sms(key="order_confirmed:1", **options):
    return outbox.post_sms("essai/note", **({"to": "+33639980001", "key": key, "context": CONTEXT} | options))


@pytest.mark.django_db
def test_a_posted_message_holds_the_text_of_the_moment(enqueued):
    message = post(about="ECTZ326")
    assert message.subject == "Commande ECTZ326 enregistrée"
    assert message.body_text.startswith("Bonjour,\n\nLa commande ECTZ326 de Menuiserie vous attend :")
    assert "https://shop.example/" in message.body_html
    assert (message.status, message.urgency, message.about) == (Status.PENDING, Urgency.NOTICE, "ECTZ326")
    assert enqueued == [("notifications.tasks.deliver_message", (message.pk,))]


@pytest.mark.django_db
def test_the_same_key_is_posted_once():
    first = post()
    second = post(to="autre@exemple.fr")
    assert second.pk == first.pk
    assert second.recipient == "a@exemple.fr"
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_mail_and_sms_of_one_fact_share_their_key():
    assert post().pk != post_sms().pk
    assert Message.objects.count() == 2


@pytest.mark.django_db
def test_a_message_that_went_out_is_not_enqueued_again(enqueued):
    Message.objects.filter(pk=post().pk).update(status=Status.SENT)
    enqueued.clear()
    post()
    assert enqueued == []


@pytest.mark.django_db(transaction=True)
def test_posting_needs_the_transaction_of_its_reason():
    with pytest.raises(transaction.TransactionManagementError, match="inside the transaction"):
        post()
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_fact_leaves_no_message():
    def fail():
        with transaction.atomic():
            post()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_news_write_one_row_and_both_go_on():
    def work():
        with transaction.atomic():
            message = post()
            return message.pk, Message.objects.count()  # the caller's transaction is still usable

    for _ in range(5):
        first, second = at_the_same_instant(work, work)
        assert first == second == (Message.objects.get().pk, 1)
        Message.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_where_the_first_writer_rolls_back_the_second_one_writes():
    def fail():
        with transaction.atomic():
            post()
            raise LookupError

    def work():
        with transaction.atomic():
            return post().pk

    failed, written = at_the_same_instant(fail, work)
    assert isinstance(failed, LookupError)
    assert Message.objects.get().pk == written


@pytest.mark.django_db
def test_what_has_lost_its_reason_is_withdrawn_on_both_channels():
    post()
    post_sms()
    post(key="another")
    assert outbox.withdraw("order_confirmed:1") is True
    assert outbox.withdraw("order_confirmed:1") is False
    assert list(Message.objects.order_by("pk").values_list("status", flat=True)) == [
        "withdrawn",
        "withdrawn",
        "pending",
    ]


@pytest.mark.django_db
def test_what_was_sent_cannot_be_withdrawn():
    Message.objects.filter(pk=post().pk).update(status=Status.SENT)
    assert outbox.withdraw("order_confirmed:1") is False


@pytest.mark.django_db
def test_a_withdrawn_code_is_erased_and_a_withdrawn_notice_kept():
    post()
    outbox.post("essai/code", to="a@exemple.fr", key="code:1", context={"code": "ABCD-EFGH"}, secret=True)
    outbox.withdraw("order_confirmed:1")
    outbox.withdraw("code:1")
    notice, code = Message.objects.order_by("pk")
    assert notice.body_text
    assert (code.subject, code.body_text, code.body_html) == ("", "", "")


@pytest.mark.django_db
def test_codes_are_the_most_urgent():
    message = outbox.post("essai/code", to="a@exemple.fr", key="code:1", context={"code": "ABCD-EFGH"}, secret=True)
    assert message.urgency == Urgency.CODE
    assert post(urgency=Urgency.RECEIPT).urgency == Urgency.RECEIPT


@pytest.mark.django_db
def test_an_sms_is_transliterated_and_fits():
    message = post_sms()
    assert message.body_text == "masques-pme : commande ECTZ326 enregistrée, à régler d'ici au 12/05."
    assert sms_length(message.body_text) <= 160


NIGHT = [
    # now (UTC), first allowed (UTC): 20 h to 8 h in Paris, over both changes of the clock
    ("2020-05-12T18:00", "2020-05-13T06:00"),
    ("2020-05-12T17:59", "2020-05-12T17:59"),
    ("2020-05-13T05:59", "2020-05-13T06:00"),
    ("2020-05-13T06:00", "2020-05-13T06:00"),
    ("2020-10-24T20:00", "2020-10-25T07:00"),
    ("2020-03-28T20:00", "2020-03-29T06:00"),
    ("2020-12-31T22:59", "2021-01-01T07:00"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("now", "allowed"), NIGHT)
def test_no_sms_rings_at_night(now, allowed, settings):
    settings.SMS_QUIET_HOURS = "20-8"
    with freeze_time(now):
        assert post_sms().next_attempt_at == datetime.fromisoformat(allowed).replace(tzinfo=UTC)
        code = outbox.post_sms("essai/note", to="+33639980001", key="code:1", context=CONTEXT, secret=True)
        assert code.next_attempt_at == timezone.now()


@pytest.mark.django_db
def test_a_shop_without_quiet_hours_sends_at_any_hour(settings):
    settings.SMS_QUIET_HOURS = ""
    assert post_sms().next_attempt_at <= timezone.now()


# --- Sending again


@pytest.fixture
def colleague(django_user_model):
    return django_user_model.objects.create(username="support", email="support@exemple.fr", is_staff=True)


def sent(message, **facts):
    Message.objects.filter(pk=message.pk).update(**({"status": Status.SENT} | facts))
    return message


@pytest.mark.django_db
def test_sending_again_is_a_new_row_with_author_and_origin(colleague):
    first = sent(post(about="ECTZ326"))
    copy = outbox.resend(first, by=colleague)
    assert (copy.resend_of, copy.resent_by, copy.status) == (first, colleague, Status.PENDING)
    assert (copy.recipient, copy.about, copy.body_text) == (first.recipient, "ECTZ326", first.body_text)
    again = outbox.resend(sent(copy), by=colleague)
    assert again.pk != copy.pk
    assert again.resend_of == first


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"is_secret": True, "body_text": ""}, "jamais renvoyé"),
        ({"body_text": ""}, "effacé"),
        ({"status": Status.PENDING}, "pas parti"),
        ({"status": Status.WITHDRAWN}, "pas parti"),
        ({"not_after": timezone.now() - timedelta(days=1)}, "plus d’objet"),
    ],
)
def test_some_messages_are_not_sent_again(facts, reason, colleague):
    with pytest.raises(outbox.ResendRefused, match=reason):
        outbox.resend(sent(post(), **facts), by=colleague)
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_send_one_copy(colleague):
    with transaction.atomic():
        first = sent(post())
    results = at_the_same_instant(*[lambda: outbox.resend(first, by=colleague)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["Message", "ResendRefused"]
    assert Message.objects.count() == 2
