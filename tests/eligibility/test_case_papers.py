"""What staff bring to the desk and take from it: papers saved, cases dictated on the telephone, canned answers."""

import io

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from eligibility.cases import canned
from eligibility.cases.models import CannedAnswer, Case, Document
from notifications.models import Message
from tests.eligibility.conftest import plain, sirets
from tests.eligibility.files import PDF, picture
from tests.eligibility.test_case_desk import QUEUE, do, page_of, text, url_of
from tests.eligibility.test_case_documents import inspect, send
from tests.factories import CaseFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client: Client) -> User:
    """A member of staff who may do everything, at the browser."""
    user = UserFactory(staff=True, is_superuser=True, username="camille")
    client.force_login(user)
    return user


# --- documents


def test_a_document_is_saved_not_shown_and_who_took_it_is_written_down(client: Client, agent: User) -> None:
    case = CaseFactory()
    send(case, inspect("trompeur.html", picture()), inspect("extrait.pdf", PDF))
    document = case.documents.get(name="trompeur.html")
    response = client.get(reverse("admin:eligibility_case_document", args=[case.pk, document.pk]))
    assert b"".join(response.streaming_content) == picture()  # type: ignore[arg-type]
    assert response["Content-Disposition"] == 'attachment; filename="trompeur.html.jpg"'
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    event = case.events.latest("pk")
    assert (event.by, plain(event.note)) == (agent, "document téléchargé : trompeur.html")
    # A colleague's page stays good: reading changes nothing.
    assert Case.objects.get().version == case.version


def test_an_infected_a_deleted_or_a_lost_document_is_not_opened(client: Client, agent: User) -> None:
    case = CaseFactory()
    send(case, *(inspect(f"{name}.pdf", PDF) for name in ("infected", "deleted", "lost")))
    case.documents.filter(name="infected.pdf").update(scan=Document.Scan.INFECTED)
    case.documents.filter(name="deleted.pdf").update(deleted_at=timezone.now())
    case.documents.filter(name="lost.pdf").update(path="cases/lost")
    for document in case.documents.all():
        response = client.get(reverse("admin:eligibility_case_document", args=[case.pk, document.pk]), follow=True)
        assert response.redirect_chain == [(page_of(case), 302)]
        assert document.name in text(response)
    assert not case.events.filter(note__startswith="document téléchargé").exists()


def test_a_document_needs_its_own_permission_and_its_own_case(client: Client, agent: User) -> None:
    case = CaseFactory()
    send(case, inspect("kbis.pdf", PDF))
    document = case.documents.get()
    assert (
        client.get(reverse("admin:eligibility_case_document", args=[CaseFactory().pk, document.pk])).status_code == 404
    )
    reader = UserFactory(staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_case"))
    client.force_login(reader)
    address = reverse("admin:eligibility_case_document", args=[case.pk, document.pk])
    assert client.get(address).status_code == 403
    page = client.get(page_of(case)).content.decode()
    assert "kbis.pdf" in page
    assert address not in page


# --- by hand


def dictated(**changes: str) -> dict[str, str]:
    return {
        "siret": f"{sirets(1)[0][:9]} {sirets(1)[0][9:]}", "legal_name": "ATELIER MARTIN", "email": "a@b.example",
        "phone": "06 12 34 56 78", "headcount": "", "register": "", "postal_code": "", "contact_name": "",
        "message": "",
    } | changes  # fmt: skip


def test_a_case_dictated_on_the_telephone_is_opened_by_the_same_verb(client: Client, agent: User) -> None:
    response = client.post(f"{QUEUE}add/", dictated(), follow=True)
    case = Case.objects.get()
    assert (case.source, case.siret, case.phone, case.headcount) == ("staff", sirets(1)[0], "+33612345678", None)
    assert case.verdict_then["reason"] == "no_register"
    assert case.events.get().by == agent
    assert Message.objects.get().kind == "eligibility/case_acknowledged"
    assert case.number in text(response)
    assert response.redirect_chain == [(page_of(case), 302)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"siret": "123"}, "14 chiffres"), ({"email": ""}, "obligatoire"), ({"phone": "1"}, "10 chiffres"),
        ({"postal_code": "3560"}, "5 chiffres"),
    ],
)  # fmt: skip
def test_a_mistake_by_hand_is_said(client: Client, agent: User, changes: dict[str, str], words: str) -> None:
    assert words in text(client.post(f"{QUEUE}add/", dictated(**changes)))
    assert not Case.objects.exists()


def test_a_siret_that_is_looked_after_already_is_said_with_its_number(client: Client, agent: User) -> None:
    case = CaseFactory(siret=sirets(1)[0])
    assert f"La demande {case.number} est déjà en cours" in text(client.post(f"{QUEUE}add/", dictated()))
    assert Case.objects.count() == 1


# --- canned answers


def test_a_canned_answer_is_a_beginning_that_may_be_changed(client: Client, agent: User) -> None:
    canned.seed()
    case = CaseFactory()
    asked = client.get(url_of(case, "refuser"))
    offered = asked.context["canned_answers"]
    assert {answer.use for answer in offered} == {"refusal"}
    chosen = offered.get(key="refus-ferme")
    assert f"?modele={chosen.pk}" in asked.content.decode()
    begun = client.get(url_of(case, "refuser"), {"modele": chosen.pk})
    assert "l’établissement est fermé</textarea>" in begun.content.decode()
    do(client, case, "refuser", reason="l’établissement est fermé depuis mars")
    case.refresh_from_db()
    assert case.refusal == "l’établissement est fermé depuis mars"


@pytest.mark.parametrize("chosen", ["abc", "", "²", "9" * 40, "999"])
def test_an_answer_that_is_none_leaves_the_text_empty(client: Client, agent: User, chosen: str) -> None:
    response = client.get(url_of(CaseFactory(), "refuser"), {"modele": chosen})
    assert response.status_code == 200
    assert not response.context["form"]["reason"].value()


def test_seeding_twice_adds_nothing_and_touches_nothing() -> None:
    out = io.StringIO()
    call_command("seed_canned_answers", stdout=out)
    assert out.getvalue().count("+ ") == len(canned.FIRST_ANSWERS)
    CannedAnswer.objects.filter(key="refus-ferme").update(text="fermé", is_active=False)
    call_command("seed_canned_answers", stdout=out)
    assert out.getvalue().endswith("Nothing to add.\n")
    assert CannedAnswer.objects.get(key="refus-ferme").text == "fermé"


def test_canned_answers_are_edited_at_the_desk(client: Client, agent: User) -> None:
    canned.seed()
    answer = CannedAnswer.objects.get(key="refus-ferme")
    address = reverse("admin:eligibility_cannedanswer_change", args=[answer.pk])
    client.post(address, {"use": "refusal", "title": "Fermé", "text": "c’est fermé", "is_active": "on"})
    answer.refresh_from_db()
    assert (answer.key, answer.title, answer.text) == ("refus-ferme", "Fermé", "c’est fermé")
    assert client.get(reverse("admin:eligibility_cannedanswer_add")).status_code == 200
