import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import altcha
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from eligibility.cases.decisions import close
from eligibility.cases.models import Case
from eligibility.cases.verbs import Opened, open_case
from notifications.models import Message
from tests.eligibility.conftest import sirets
from tests.factories import CaseFactory, UserFactory

pytestmark = pytest.mark.django_db
SIRET = sirets(1)[0]
URL = "/rejet-siret/"
FACTS = {
    "legal_name": "ATELIER MARTIN",
    "contact_name": "Camille Martin",
    "email": "camille@atelier.example",
    "phone": "",
    "postal_code": "35600",
    "headcount": 4,
    "register": "cma",
    "message": "Inscrite depuis mars.",
}


def form(client: Client, **changes: Any) -> dict[str, Any]:
    """What the applicant types, with the captcha solved as its widget does."""
    challenge = altcha.Challenge.from_dict(client.get("/captcha/?form=case").json())
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    answer = altcha.Payload(challenge, solution).to_base64()
    return FACTS | {"siret": SIRET, "email2": FACTS["email"], "captcha": answer} | changes


def errors(response: Any) -> dict[str, list[str]]:
    return {name: list(found) for name, found in response.context["form"].errors.items()}


def test_the_form_opens_a_case_and_acknowledges_it(client: Client) -> None:
    response = client.post(URL, form(client, siret=f"{SIRET[:9]} {SIRET[9:]}"), follow=True)
    case = Case.objects.get()
    assert (case.siret, case.legal_name, case.headcount, case.register, case.state) == (
        SIRET, "ATELIER MARTIN", 4, "cma", "received",
    )  # fmt: skip
    assert f"Votre demande n°&nbsp;{case.number} est enregistrée" in response.content.decode()
    letter = Message.objects.get()
    assert (letter.recipient, letter.about) == ("camille@atelier.example", case.number)
    assert letter.subject == f"Rejet SIRET – demande {case.number} reçue"
    assert f"/rejet-siret/{case.token}/" in letter.body_text
    # The receipt goes to whoever filled in the form; the link goes by e-mail alone.
    assert case.token not in response.content.decode()


def test_the_applicant_follows_the_link(client: Client) -> None:
    case = CaseFactory()
    page = client.get(f"{URL}{case.token}/")
    assert page.status_code == 200
    text = page.content.decode()
    assert case.number in text
    assert "Demande reçue le" in text
    assert case.email not in text
    close(case, by=None, at=timezone.now())
    assert "Faire une nouvelle demande" in client.get(f"{URL}{case.token}/").content.decode()


@pytest.mark.parametrize("token", ["inconnu", "x" * 500, "%00", "%27--", "é"])
def test_a_guessed_link_leads_nowhere(client: Client, token: str) -> None:
    CaseFactory()
    assert client.get(f"{URL}{token}/").status_code == 404


def test_links_cannot_be_counted_through() -> None:
    tokens = {CaseFactory().token for _ in range(20)}
    assert len(tokens) == 20
    assert min(len(token) for token in tokens) == 43


def test_the_refusal_page_hands_the_siret_over_by_post(client: Client) -> None:
    page = client.post(URL, {"siret": SIRET, "start": "1"})
    assert page.status_code == 200
    assert page.context["form"]["siret"].value() == SIRET
    assert not page.context["form"].errors
    assert not Case.objects.exists()


def test_no_register_is_needed_to_ask(client: Client) -> None:
    """Where registers are down or not loaded a case is the way out."""
    assert client.post(URL, form(client)).status_code == 302


def test_a_mistake_keeps_what_was_typed_and_says_what_is_wanted(client: Client) -> None:
    page = client.post(
        URL,
        form(
            client,
            siret="732829320",
            email="camille",
            email2="autre@x.fr",
            phone="12",
            postal_code="3560",
            headcount="12,5",
            register="x",
        ),
    )
    found = errors(page)
    assert set(found) == {"siret", "email", "phone", "postal_code", "headcount", "register"}
    assert "SIREN" in found["siret"][0]
    assert found["postal_code"] == ["Le code postal comporte 5\u00a0chiffres."]
    assert page.context["form"]["legal_name"].value() == "ATELIER MARTIN"
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"headcount": "50"}, "headcount", "moins de 50"),
        ({"headcount": "-1"}, "headcount", "nombre entier"),
        ({"headcount": "9" * 5000}, "headcount", "nombre entier"),
        ({"email2": "autre@atelier.example"}, "email2", "pas identiques"),
        ({"legal_name": "x" * 161}, "legal_name", "160"),
        ({"legal_name": ""}, "legal_name", "obligatoire"),
        ({"message": "x" * 2001}, "message", "2000"),
        ({"siret": "x" * 10_000}, "siret", "chiffres"),
        ({"postal_code": "35600\n9"}, "postal_code", "5"),
    ],
)
def test_each_mistake_has_its_sentence(client: Client, changes: dict[str, str], field: str, words: str) -> None:
    page = client.post(URL, form(client, **changes))
    assert page.status_code == 200
    assert words in " ".join(errors(page)[field])
    assert not Case.objects.exists()


def test_a_line_break_never_reaches_the_mail(client: Client) -> None:
    client.post(URL, form(client, legal_name="ATELIER\r\nBcc: tous@exemple.fr"))
    assert Case.objects.get().legal_name == "ATELIER Bcc: tous@exemple.fr"


def test_addresses_differ_by_more_than_capitals(client: Client) -> None:
    client.post(URL, form(client, email="Camille@Atelier.example", email2="camille@atelier.EXAMPLE"))
    assert Case.objects.get().email == "camille@atelier.example"


def test_a_second_applicant_joins_the_case_and_learns_nothing(client: Client) -> None:
    case = CaseFactory(siret=SIRET, email="premiere@atelier.example")
    page = client.post(URL, form(client), follow=True).content.decode()
    assert "Une demande est déjà en cours pour ce SIRET" in page
    assert "Ce que vous venez d’envoyer y est joint." in page
    for secret in (case.number, case.token, case.email):
        assert secret not in page
    assert Case.objects.count() == 1
    assert [letter.recipient for letter in Message.objects.all()] == ["premiere@atelier.example"]


def test_the_first_applicant_gets_the_link_again_once_a_day_at_most() -> None:
    case = CaseFactory(siret=SIRET)
    now = timezone.now()
    for moment in (now, now, now + timedelta(days=1)):
        assert open_case(siret=SIRET, at=moment, **FACTS) == Opened(case, is_new=False)
    assert Message.objects.filter(recipient=case.email).count() == 2


def test_a_closed_case_makes_room_for_a_new_one() -> None:
    case = CaseFactory(siret=SIRET)
    agents = UserFactory.create_batch(2, staff=True)
    for agent in agents:
        close(case, by=agent, at=timezone.now())
    assert [event.by for event in case.events.filter(state="closed")] == [agents[0]]
    assert open_case(siret=SIRET, at=timezone.now(), **FACTS).is_new


def test_the_database_itself_refuses_a_second_case_under_way() -> None:
    CaseFactory(siret=SIRET)
    with pytest.raises(IntegrityError, match="one_case_under_way_per_siret"), transaction.atomic():
        CaseFactory(siret=SIRET)


@pytest.mark.django_db(transaction=True)
def test_two_applicants_in_the_same_second_share_one_case() -> None:
    barrier = threading.Barrier(4)

    def apply(number: int) -> Opened:
        barrier.wait(10)
        try:
            return open_case(siret=SIRET, at=timezone.now(), **FACTS | {"email": f"{number}@atelier.example"})
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(apply, range(4)))
    assert sorted(one.is_new for one in opened) == [False, False, False, True]
    assert len({one.case.pk for one in opened}) == 1
    assert {letter.recipient for letter in Message.objects.all()} == {Case.objects.get().email}


def test_too_many_requests_from_one_address_are_slowed_and_keep_what_was_typed(client: Client, settings: Any) -> None:
    settings.CASE_RATE = "1/h"
    assert client.post(URL, form(client)).status_code == 302
    page = client.post(URL, form(client, siret=sirets(2)[1]))
    assert page.status_code == 429
    text = page.content.decode()
    assert re.search(r"Réessayez dans \d+\u00a0minutes", text)
    assert "ATELIER MARTIN" in text
    assert Case.objects.count() == 1


def test_a_robot_without_an_answer_is_refused(client: Client, settings: Any) -> None:
    settings.NO_SCRIPT_RATE = "0/h"
    page = client.post(URL, form(client, captcha=""))
    assert "captcha" in errors(page)
    assert not Case.objects.exists()


def test_the_receipt_needs_a_request(client: Client) -> None:
    assert client.get("/rejet-siret/envoyee/").headers["Location"] == URL


def test_the_receipt_takes_no_post(client: Client) -> None:
    assert client.post("/rejet-siret/envoyee/").status_code == 405


def test_the_form_says_what_to_expect(client: Client, django_assert_max_num_queries: Callable[..., Any]) -> None:
    with django_assert_max_num_queries(2):
        text = client.get(URL).content.decode()
    assert "Mon SIRET n’est pas reconnu" in text
    assert "dans les 48&nbsp;heures, la commande sera rendue possible" in text
    assert "extrait Kbis de moins de 3\u00a0mois" in text
