"""From the letter of an acceptance to an account: the SIRET is known, and stands in no address."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from eligibility.cases import decisions
from eligibility.cases.models import LINK_LIFE, Case
from eligibility.models import Admission
from notifications.models import Message
from tests.factories import CaseFactory, EstablishmentFactory, RegisterFactory, UserFactory

from .conftest import Visitor, letters, read
from .test_signup import Register

pytestmark = pytest.mark.django_db


def accepted(register: Register, **facts: str) -> Case:
    register()  # one is in service
    case: Case = CaseFactory(**facts)
    decisions.accept(
        case, by=UserFactory(staff=True), at=timezone.now(), headcount=4, network=RegisterFactory(),
        expires_on=timezone.localdate() + timedelta(days=365),
    )  # fmt: skip
    return case


def link_of(recipient: str) -> str:
    letter = Message.objects.get(kind="eligibility/case_accepted", recipient=recipient)
    found = re.search(r"http://testserver(/inscription/demande/\S+/)", letter.body_text)
    assert found
    return found[1]


def test_the_letter_leads_to_the_second_step_and_to_an_account(register: Register) -> None:
    case = accepted(register)
    visitor = Visitor(siret=case.siret)
    response = visitor.client.get(link_of(case.email))
    assert response.headers["Location"] == "/inscription/compte/"
    page = read(visitor.client.get("/inscription/compte/"))
    assert "Votre entreprise peut commander." in page
    assert visitor.sign_up().headers["Location"] == "/inscription/verification/"
    visitor.confirm()
    user = User.objects.get(username=visitor.username)
    assert user.establishment is not None
    assert user.establishment.siret == case.siret


def test_the_letter_of_a_duplicate_leads_there_too(register: Register) -> None:
    first, second = CaseFactory(email="une@a.example"), CaseFactory(email="autre@b.example")
    register()
    decisions.merge(second, first, by=UserFactory(staff=True), at=timezone.now())
    decisions.accept(
        first, by=UserFactory(staff=True), at=timezone.now(), headcount=4, network=RegisterFactory(),
        expires_on=timezone.localdate(),
    )  # fmt: skip
    client = Client()
    assert client.get(link_of("autre@b.example")).headers["Location"] == "/inscription/compte/"
    assert client.session["signup_siret"] == first.siret


def test_a_company_that_has_its_account_is_told_so_and_nobody_is_alarmed(register: Register) -> None:
    case = accepted(register)
    UserFactory(establishment=EstablishmentFactory(siret=case.siret))
    assert "Un compte existe déjà pour ce SIRET." in read(Client().get(link_of(case.email)))
    assert not letters("siret_already_taken")


def test_an_admission_that_has_expired_says_what_the_registers_say(register: Register) -> None:
    case = accepted(register)
    Admission.objects.update(expires_on=timezone.localdate() - timedelta(days=1))
    client = Client()
    assert "Nous ne reconnaissons pas ce SIRET." in read(client.get(link_of(case.email)))
    assert "signup_siret" not in client.session


@pytest.mark.parametrize("state", ["received", "refused"])
def test_a_case_that_is_not_accepted_shows_its_page(state: str) -> None:
    facts = {"decided_at": timezone.now(), "refusal": "x"} if state == "refused" else {}
    case = CaseFactory(state=state, **facts)
    response = Client().get(f"/inscription/demande/{case.token}/")
    assert response.headers["Location"] == f"/rejet-siret/{case.token}/"


def test_a_link_that_has_had_its_time_says_so(register: Register) -> None:
    case = accepted(register)
    Case.objects.update(decided_at=timezone.now() - LINK_LIFE)
    response = Client().get(link_of(case.email), follow=True)
    assert response.status_code == 410


@pytest.mark.parametrize("token", ["inconnu", "x" * 500])
def test_a_guessed_link_leads_nowhere(token: str) -> None:
    assert Client().get(f"/inscription/demande/{token}/").status_code == 404


def test_whoever_is_signed_in_finds_the_siret_in_the_first_step(register: Register) -> None:
    case = accepted(register)
    client = Client()
    client.force_login(UserFactory(establishment=None))
    page = client.get(link_of(case.email), follow=True)
    assert page.request["PATH_INFO"] == "/inscription/"
    assert f'value="{case.siret}"' in page.content.decode()
