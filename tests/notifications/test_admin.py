"""The log of messages at the staff desk."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from notifications import retention
from notifications.models import Message, Status
from tests.notifications.conftest import a_message

pytestmark = pytest.mark.django_db
LIST = "admin:notifications_message_changelist"


@pytest.fixture
def staff(django_user_model):
    return django_user_model.objects.create_user("support", "support@exemple.fr", "Rabot+Ciseau-42", is_staff=True)


def allow(user, *names):
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))


@pytest.fixture
def desk(client, staff):
    allow(staff, "view_message", "resend_message")
    client.force_login(staff)
    return client


def found(desk, dictated):
    response = desk.get(reverse(LIST), {"q": dictated})
    assert response.status_code == 200
    return set(response.context["cl"].queryset.values_list("pk", flat=True))


def resend(desk, *messages):
    data = {"action": "resend", "_selected_action": [message.pk for message in messages]}
    return desk.post(reverse(LIST), data, follow=True)


def answers(response):
    return [str(message).replace("\u00a0", " ") for message in response.context["messages"]]


@pytest.mark.parametrize(
    "dictated", ["ECTZ326", " ectz 326 ", "menuiserie@exemple.fr", "Menuiserie@Exemple.fr", "menuis"]
)
def test_a_message_is_found_by_what_a_caller_dictates(desk, dictated):
    wanted = a_message()
    a_message(recipient="autre@exemple.fr", about="ABCD123")
    assert found(desk, dictated) == {wanted.pk}


def test_an_sms_is_found_by_its_number(desk):
    wanted = a_message(channel="sms", recipient="+33639980001")
    assert found(desk, "06 39 98 00 01") == {wanted.pk}


def test_an_exact_find_hides_what_only_resembles(desk):
    exact = a_message(recipient="jean@exemple.fr")
    a_message(recipient="petit-jean@exemple.fr")
    assert found(desk, "jean@exemple.fr") == {exact.pk}


def test_the_page_of_a_message_shows_text_and_cause(desk):
    message = a_message(
        status=Status.FAILED, failure="unknown_recipient", last_error="550 No such user", body_text="<b>Bonjour</b>"
    )
    page = desk.get(reverse("admin:notifications_message_change", args=[message.pk])).content.decode()
    assert "550 No such user" in page
    assert "Destinataire inconnu" in page
    assert "&lt;b&gt;Bonjour&lt;/b&gt;" in page


def test_a_secret_is_shown_nowhere(desk):
    message = a_message(is_secret=True, subject="Votre code : ABCD-EFGH", body_text="ABCD-EFGH", body_html="ABCD-EFGH")
    pages = (reverse(LIST), reverse("admin:notifications_message_change", args=[message.pk]))
    for page in pages:
        text = desk.get(page).content.decode()
        assert "ABCD-EFGH" not in text
        assert "(confidentiel)" in text


def test_nothing_is_written_by_hand(desk, staff):
    allow(staff, "add_message", "change_message", "delete_message")
    message = a_message()
    assert desk.get(reverse("admin:notifications_message_add")).status_code == 403
    assert desk.post(reverse("admin:notifications_message_change", args=[message.pk]), {}).status_code == 403
    assert desk.post(reverse("admin:notifications_message_delete", args=[message.pk])).status_code == 403


def test_resending_in_bulk_answers_for_each_row(desk, staff):
    failed = a_message(status=Status.FAILED)
    secret = a_message(status=Status.SENT, is_secret=True)
    pending = a_message()
    response = resend(desk, failed, secret, pending)
    copy = Message.objects.get(resend_of=failed)
    assert copy.resent_by == staff
    assert answers(response) == [
        f"Message {failed.pk} : renvoyé à menuiserie@exemple.fr (message {copy.pk}).",
        f"Message {secret.pk} : non renvoyé, un code ou un lien personnel n’est jamais renvoyé.",
        f"Message {pending.pk} : non renvoyé, le message n’est pas parti (état : À envoyer).",
    ]


def test_resending_needs_its_own_permission(client, staff):
    allow(staff, "view_message")
    client.force_login(staff)
    message = a_message(status=Status.FAILED)
    resend(client, message)
    assert not Message.objects.filter(resend_of=message).exists()


def test_the_list_asks_the_same_questions_however_long_it_is(desk, django_assert_max_num_queries):
    for _ in range(20):
        a_message()
    with django_assert_max_num_queries(12):
        desk.get(reverse(LIST))


def test_after_thirteen_months_only_kind_date_and_state_remain(desk):
    old = a_message(status=Status.SENT, created_at=timezone.now() - timedelta(days=400))
    young = a_message(status=Status.SENT, created_at=timezone.now() - timedelta(days=390))
    assert retention.erase_old(timezone.now()) == 1
    assert retention.erase_old(timezone.now()) == 0
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.recipient, old.subject, old.body_text, old.about) == ("", "", "", "")
    assert (old.kind, old.status) == ("essai/note", Status.SENT)
    assert young.recipient
    assert "le texte a été effacé" in answers(resend(desk, old))[0]
