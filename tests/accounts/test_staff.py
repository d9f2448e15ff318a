"""What staff do to accounts: the brake, the password link, a colleague's lost telephone, a colleague who has left."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from accounts import audit, staff
from accounts.models import User
from accounts.tasks import delete_old_audit
from billing.deadlines import expire_overdue
from masques import groups
from tests.factories import PASSWORD, OrderFactory, UserFactory
from tests.races import at_once
from tests.staff import code_of, set_up_application

from .conftest import last_code, letters, read

pytestmark = pytest.mark.django_db

USERS = "/gestion/accounts/user/"
VERIFICATION = "/inscription/verification/"
CODE = "/identifiants/double-authentification/connexion/"


@pytest.fixture
def member() -> Callable[[str], Client]:
    """The browser of somebody of a group; the superuser's for none."""
    groups.seed()

    def of(group: str) -> Client:
        user = UserFactory(username=f"agent.{group or 'chef'}", staff=True, is_superuser=not group)
        user.groups.set(Group.objects.filter(name=group))
        client = Client()
        client.force_login(user)
        return client

    return of


def act(client: Client, action: str, *users: User) -> str:
    """Choose the rows and the action; gives the page with the desk's answers."""
    data = {"action": action, "_selected_action": [user.pk for user in users], "index": "0"}
    return read(client.post(USERS, data, follow=True))


def sign_in(user: User, password: str = PASSWORD) -> tuple[Client, Any]:
    client = Client()
    return client, client.post("/connexion/", {"login": user.username, "password": password})


def trail(user: User) -> list[tuple[str, str]]:
    """Who did what to this account, as the audit trail has it."""
    entries = LogEntry.objects.filter(object_id=str(user.pk), content_type__model="user").order_by("pk")
    return [(entry.user.username, entry.get_change_message()) for entry in entries]


# --- the brake (AC14)


def test_support_lifts_the_brake_and_the_right_person_gets_in(member: Callable[[str], Client]) -> None:
    user = UserFactory(username="legal.redon")
    for login in (user.username, user.email):
        for _ in range(6):
            Client().post("/connexion/", {"login": login, "password": "Faux+Faux-1"})
    assert "Trop d’essais." in read(sign_in(user)[1])
    page = act(member("support"), "unlock", user)
    assert "legal.redon : frein de connexion levé." in page
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post("/connexion/", {"login": user.username, "password": PASSWORD}).status_code == 302
    answer = Client(REMOTE_ADDR="192.0.2.7").post("/connexion/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert trail(user) == [("agent.support", "Frein de connexion levé.")]


def test_the_brake_of_the_second_factor_is_lifted_too(member: Callable[[str], Client]) -> None:
    colleague = UserFactory(username="collegue", staff=True)
    secret = set_up_application(colleague)
    client, _ = sign_in(colleague)
    for _ in range(5):
        client.post(CODE, {"code": "000000"})
    assert "Trop d’essais" in read(client.post(CODE, {"code": code_of(secret)}))
    act(member("support"), "unlock", colleague)
    assert client.post(CODE, {"code": code_of(secret)}).headers["Location"] == "/gestion/"


# --- the password link


def test_support_sends_the_link_to_the_account_s_own_address(member: Callable[[str], Client]) -> None:
    user = UserFactory(username="legal.redon")
    assert "lien de mot de passe envoyé à l’adresse du compte" in act(member("support"), "send_password_link", user)
    letter = letters("password_reset", user.email)[0]
    assert letter.is_secret
    link = re.search(r"http://testserver(/mot-de-passe/nouveau/\S+/)", letter.body_text)
    assert link
    visitor = Client()
    form = visitor.get(link[1], follow=True).redirect_chain[-1][0]
    visitor.post(form, {"password1": "Equerre+Niveau-7", "password2": "Equerre+Niveau-7"})
    assert sign_in(user, "Equerre+Niveau-7")[1].headers["Location"] == "/mon-espace/"
    assert trail(user) == [("agent.support", "Lien de mot de passe envoyé à l’adresse du compte.")]


def test_one_answer_for_each_account_and_no_link_to_a_closed_one(member: Callable[[str], Client]) -> None:
    user, closed = UserFactory(), UserFactory(is_active=False)
    nowhere = UserFactory(email="")
    page = act(member("support"), "send_password_link", user, closed, nowhere)
    assert f"{closed} : le compte est fermé." in page
    assert f"{nowhere} : le compte n’a pas d’adresse e-mail." in page
    assert [letter.recipient for letter in letters("password_reset")] == [user.email]
    assert trail(closed) == trail(nowhere) == []


# --- a colleague's second factor


def test_an_operator_takes_away_a_lost_factor_and_the_person_is_told(member: Callable[[str], Client]) -> None:
    colleague = UserFactory(username="collegue", staff=True, is_superuser=False)
    secret = set_up_application(colleague)
    client, _ = sign_in(colleague)
    client.post(CODE, {"code": code_of(secret)})
    assert client.get("/gestion/").status_code == 200
    page = act(member("operator"), "reset_second_factor", colleague)
    assert "collegue : second moyen retiré, sessions terminées, personne prévenue." in page
    assert not Authenticator.objects.filter(user=colleague).exists()
    assert not UserSession.objects.filter(user=colleague).exists()
    assert "_auth_user_id" not in client.session
    letter = letters("account_changed", colleague.email)[0]
    assert "le second moyen de connexion de votre compte a été retiré par agent.operator." in letter.body_text
    assert trail(colleague) == [("agent.operator", "Second moyen retiré, sessions terminées, personne prévenue.")]
    client, answer = sign_in(colleague)
    assert answer.headers["Location"] == "/gestion/"
    assert client.get("/gestion/").headers["Location"] == "/identifiants/double-authentification/"


def test_what_an_operator_may_not_do_to_an_account_is_refused_with_a_reason(member: Callable[[str], Client]) -> None:
    operator = member("operator")
    myself = User.objects.get(username="agent.operator")
    chief = UserFactory(username="chef", staff=True, is_superuser=True)
    customer, bare = UserFactory(username="legal.redon"), UserFactory(username="nouveau", staff=True)
    for user in (chief, customer):
        set_up_application(user)
    for action in ("reset_second_factor", "close", "reopen"):
        page = act(operator, action, myself, chief, customer)
        assert "agent.operator : c’est votre propre compte." in page
        assert "chef : seul un super-utilisateur touche à un super-utilisateur." in page
        assert "legal.redon : ce n’est pas un compte de gestion." in page
    assert "nouveau : aucun second moyen n’est en place." in act(operator, "reset_second_factor", bare)
    assert Authenticator.objects.count() == 3
    assert not User.objects.filter(is_active=False).exists()
    assert not LogEntry.objects.exists()


def test_a_superuser_helps_a_superuser_and_whoever_has_no_address_gets_no_letter(
    member: Callable[[str], Client],
) -> None:
    chief = UserFactory(username="chef", staff=True, is_superuser=True, email="")
    set_up_application(chief)
    act(member(""), "reset_second_factor", chief)
    assert not Authenticator.objects.filter(user=chief).exists()
    assert letters() == []


@pytest.mark.parametrize("group", ["support", "warehouse", "accounting"])
def test_nobody_else_touches_colleagues(member: Callable[[str], Client], group: str) -> None:
    colleague = UserFactory(username="collegue", staff=True)
    set_up_application(colleague)
    client = member(group)
    for action in ("reset_second_factor", "close"):
        act(client, action, colleague)
    colleague.refresh_from_db()
    assert colleague.is_active
    assert Authenticator.objects.filter(user=colleague).exists()


@pytest.mark.django_db(transaction=True)
def test_two_operators_who_take_one_factor_away_at_once_do_it_once_and_write_one_letter() -> None:
    operators = UserFactory.create_batch(2, staff=True)
    for number in range(5):
        colleague = UserFactory(username=f"collegue{number}", staff=True)
        set_up_application(colleague)
        # Each has read the account for himself, as two pages do.
        pages = [(User.objects.get(pk=colleague.pk), operator) for operator in operators]
        results = at_once(*(partial(staff.reset_second_factor, user, by=operator) for user, operator in pages))
        assert sorted(type(result).__name__ for result in results) == ["NoneType", "StaffError"], results
        assert len(letters("account_changed", colleague.email)) == 1


# --- colleagues come and go


def test_a_colleague_who_left_is_out_at_once_and_can_come_back(member: Callable[[str], Client]) -> None:
    colleague = UserFactory(username="collegue", staff=True)
    secret = set_up_application(colleague)
    client, _ = sign_in(colleague)
    client.post(CODE, {"code": code_of(secret)})
    operator = member("operator")
    assert "collegue : compte fermé, sessions terminées." in act(operator, "close", colleague)
    assert client.get("/gestion/").status_code == 302
    assert sign_in(colleague)[1].headers["Location"] == "/connexion/compte-ferme/"
    assert "collegue : compte rouvert." in act(operator, "reopen", colleague)
    assert sign_in(colleague)[1].headers["Location"] == CODE
    assert [what for _, what in trail(colleague)] == ["Compte fermé, sessions terminées.", "Compte rouvert."]


def test_a_new_colleague_comes_in_by_the_mail_the_code_and_the_factor(
    member: Callable[[str], Client], django_capture_on_commit_callbacks: Any
) -> None:
    """From the superuser's form to the desk: nobody else ever knows the password."""
    chief = member("")
    form = {"username": "nouvelle", "email": "nouvelle@masques.example", "first_name": "", "last_name": ""}
    chief.post(f"{USERS}add/", form)
    user = User.objects.get(username="nouvelle")
    page = f"{USERS}{user.pk}/change/"
    rights = {"is_active": "on", "is_staff": "on", "groups": [Group.objects.get(name="warehouse").pk],
              "first_name": "", "last_name": "", "emailaddress_set-TOTAL_FORMS": "0",
              "emailaddress_set-INITIAL_FORMS": "0"}  # fmt: skip
    assert chief.post(page, rights).headers["Location"] == USERS
    assert [group.name for group in user.groups.all()] == ["warehouse"]
    client = Client()
    invitation = letters("staff_invited")[0]
    assert (invitation.recipient, invitation.is_secret) == (user.email, True)
    assert "Votre identifiant est nouvelle." in invitation.body_text
    link = re.search(r"http://testserver(/mot-de-passe/nouveau/\S+/)", invitation.body_text)
    assert link
    client.post(client.get(link[1], follow=True).redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    answer = client.post("/connexion/", {"login": "nouvelle", "password": PASSWORD})
    assert answer.headers["Location"] == VERIFICATION
    page = read(client.get(VERIFICATION))
    assert "Nous avons envoyé un code à" in page
    for not_hers in ("Mon SIRET", "Changer d’adresse", "Garder mon adresse"):
        assert not_hers not in page
    client.post(VERIFICATION, {"action": "change", "email": "pirate@entreprise.example"})
    assert not letters("account_confirmation", "pirate@entreprise.example")
    client.post(VERIFICATION, {"action": "resend"})
    assert client.post(VERIFICATION, {"code": last_code(user.email)}).headers["Location"] == "/gestion/"
    assert client.get("/gestion/").headers["Location"] == "/identifiants/double-authentification/"
    client.get("/identifiants/double-authentification/application/")
    secret = client.session["mfa.totp.secret"]
    client.post("/identifiants/double-authentification/application/", {"code": code_of(secret)})
    assert client.get("/gestion/shipping/shipment/").status_code == 200
    assert client.get("/gestion/billing/payment/").status_code == 403


def test_who_is_late_asks_for_another_link_by_the_letter(member: Callable[[str], Client]) -> None:
    member("").post(f"{USERS}add/", {"username": "tardive", "email": "tardive@masques.example"})
    text = letters("staff_invited")[0].body_text
    assert "/mot-de-passe/oublie/" in text
    Client().post("/mot-de-passe/oublie/", {"email": "tardive@masques.example"})
    assert letters("password_reset", "tardive@masques.example")


def test_a_mistake_in_the_form_invites_nobody(member: Callable[[str], Client]) -> None:
    member("").post(f"{USERS}add/", {"username": "a@b", "email": "nouvelle@masques.example"})
    assert not letters("staff_invited")


def test_whoever_may_edit_accounts_does_not_edit_colleagues(member: Callable[[str], Client]) -> None:
    helper = UserFactory(username="aide", staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(helper)
    colleague = UserFactory(staff=True)
    assert 'name="_save"' not in read(client.get(f"{USERS}{colleague.pk}/change/"))
    client.post(f"{USERS}{colleague.pk}/change/", {"first_name": "X"})
    colleague.refresh_from_db()
    assert colleague.is_active


# --- the audit trail


def test_the_operator_reads_the_trail_and_nobody_writes_it(member: Callable[[str], Client]) -> None:
    user = UserFactory(username="legal.redon")
    act(member("support"), "unlock", user)
    client = member("operator")
    page = read(client.get("/gestion/admin/logentry/"))
    for words in ("agent.support", "legal.redon", "Frein de connexion levé."):
        assert words in page
    assert "legal.redon" in read(client.get("/gestion/admin/logentry/", {"q": "agent.support"}))
    entry = LogEntry.objects.get()
    sheet = read(client.get(f"/gestion/admin/logentry/{entry.pk}/change/"))
    assert "Frein de connexion levé." in sheet
    for browser in (client, member("")):
        for path in ("add/", f"{entry.pk}/change/", f"{entry.pk}/delete/"):
            assert browser.post(f"/gestion/admin/logentry/{path}", {"post": "yes"}).status_code == 403
        browser.post("/gestion/admin/logentry/", {"action": "delete_selected", "_selected_action": [entry.pk]})
    assert LogEntry.objects.filter(pk=entry.pk).exists()


def test_the_trail_is_kept_for_three_years() -> None:
    user = UserFactory(staff=True)
    now = timezone.now()
    for days in (1, 3 * 365, 3 * 365 + 2):
        LogEntry.objects.create(user=user, action_flag=2, object_repr=str(days), action_time=now - timedelta(days=days))
    delete_old_audit()
    assert {entry.object_repr for entry in LogEntry.objects.all()} == {"1", "1095"}
    assert audit.delete_old(now) == 0


def test_no_page_of_the_desk_shows_a_secret_or_a_session(member: Callable[[str], Client]) -> None:
    """allauth brings such pages."""
    chief = member("")
    models = ("mfa/authenticator", "usersessions/usersession", "account/emailaddress", "account/emailconfirmation")
    for path in models:
        assert chief.get(f"/gestion/{path}/").status_code == 404


# --- an order whose account is closed (AC18)


def test_an_order_of_a_closed_account_follows_its_usual_end_and_its_links_explain() -> None:
    user = UserFactory(username="legal.redon", is_active=False)
    order = OrderFactory(establishment=user.establishment, overdue=True)
    client = Client()
    answer = client.get(f"/commandes/{order.reference}/")
    assert answer.headers["Location"] == f"/connexion/?next=/commandes/{order.reference}/"
    form = {"login": user.username, "password": PASSWORD, "next": f"/commandes/{order.reference}/"}
    page = read(client.post("/connexion/", form, follow=True))
    assert "Ce compte est fermé" in page
    assert "Pour une commande ou une facture, écrivez à" in page
    expire_overdue(at=timezone.now())
    order.refresh_from_db()
    assert order.status == "expired"
