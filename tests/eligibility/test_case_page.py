"""The applicant's page: what it shows in each state, and how messages and documents get through it."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from eligibility.cases import decisions
from eligibility.cases.documents import FILES_PER_CASE
from eligibility.cases.models import LINK_LIFE, Case
from notifications.models import Message
from tests.eligibility.conftest import plain
from tests.eligibility.files import picture, upload
from tests.eligibility.test_cases import FACTS, SIRET, form
from tests.factories import CaseFactory, RegisterFactory, UserFactory

pytestmark = pytest.mark.django_db
FORM = "/rejet-siret/"


def url(case: Case) -> str:
    return f"/rejet-siret/{case.token}/"


def post(client: Client, case: Case, *files: Any, follow: bool = True, **typed: Any) -> Any:
    data = {"message": "", "sending": str(uuid.uuid4())} | typed
    return client.post(url(case), data | ({"files": list(files)} if files else {}), follow=follow)


def text(response: Any) -> str:
    return plain(response.content.decode().replace("&nbsp;", " "))


# --- sending


def test_several_documents_and_a_message_arrive_and_start_the_48_hours(client: Client) -> None:
    case = CaseFactory()
    page = post(client, case, upload("kbis.pdf"), upload("photo.jpg", picture()), message="Voici les pièces.")
    case.refresh_from_db()
    assert case.state == "documents_received"
    assert case.due_at == case.documents_received_at + timedelta(hours=48)
    assert case.news_at == case.documents_received_at
    assert sorted(case.documents.values_list("name", flat=True)) == ["kbis.pdf", "photo.jpg"]
    assert "Bien reçu : 2 documents." in text(page)
    assert "Réponse au plus tard le" in text(page)
    assert "Voici les pièces." in text(page)
    letter = Message.objects.get(kind="eligibility/case_documents_received")
    assert letter.recipient == case.email
    assert case.number in letter.subject


def test_documents_that_came_without_a_word_are_listed(client: Client) -> None:
    case = CaseFactory()
    page = text(post(client, case, upload("kbis.pdf")))
    assert "Documents reçus" in page
    assert "kbis.pdf" in page
    assert "Messages" not in page


def test_sizes_are_told_in_the_units_of_the_form(client: Client) -> None:
    page = text(post(client, CaseFactory(), upload("photo.jpg", picture() + bytes(3_000))))
    assert re.search(r"photo\.jpg \([0-9,]+ Ko\)", page)


def test_nothing_is_said_to_be_deleted_where_nothing_was_sent(client: Client, put_in_service: Any) -> None:
    put_in_service("CCI")
    case = CaseFactory()
    decisions.accept(
        case, by=UserFactory(staff=True), at=timezone.now(), headcount=4, network=RegisterFactory(),
        expires_on=timezone.localdate() + timedelta(days=365), legal_name="ATELIER",
    )  # fmt: skip
    page = text(client.get(url(case)))
    assert "Votre entreprise est admise." in page
    assert "justificatifs" not in page


def test_the_same_page_sent_twice_is_one_sending(client: Client) -> None:
    case = CaseFactory()
    sending = str(uuid.uuid4())
    for _ in range(2):
        post(client, case, upload("kbis.pdf"), message="Bonjour", sending=sending)
    assert case.messages.count() == case.documents.count() == 1


def test_nothing_at_all_is_not_a_sending(client: Client) -> None:
    case = CaseFactory()
    assert "Écrivez un message ou choisissez un fichier." in text(post(client, case))
    assert not case.messages.exists()


def test_a_path_in_a_name_is_cut_off_by_the_time_it_is_stored(client: Client) -> None:
    case = CaseFactory()
    post(client, case, upload("x.pdf"), upload("../../../etc/cron.d/kbis.pdf"))
    assert set(case.documents.values_list("name", flat=True)) == {"x.pdf", "kbis.pdf"}
    assert all(re.fullmatch(r"cases/[0-9a-f]{32}", path) for path in case.documents.values_list("path", flat=True))


def test_a_case_holds_so_many_documents_and_no_more(client: Client) -> None:
    case = CaseFactory()
    for number in range(FILES_PER_CASE // 10 + 1):
        page = post(client, case, *(upload(f"{number}-{rank}.pdf") for rank in range(10)))
    assert text(page).count("20 par demande au maximum") == 10
    assert case.documents.count() == FILES_PER_CASE


def test_too_many_sendings_from_one_address_are_slowed_and_keep_what_was_typed(client: Client, settings: Any) -> None:
    settings.CASE_UPLOAD_RATE = "1/h"
    case = CaseFactory()
    assert post(client, case, message="Premier").status_code == 200
    page = post(client, case, message="Second message")
    assert page.status_code == 429
    assert re.search(r"Réessayez dans \d+ minutes", text(page))
    assert "Second message</textarea>" in page.content.decode()
    assert case.messages.count() == 1


@pytest.mark.parametrize("sending", ["", "abc", "\0", "x" * 5000])
def test_an_odd_sending_number_is_no_error(client: Client, sending: str) -> None:
    case = CaseFactory()
    assert post(client, case, message="Bonjour", sending=sending).status_code == 200


# --- after the end


def test_a_link_that_was_passed_on_shows_no_document_once_decided(client: Client) -> None:
    case = CaseFactory(message="Une phrase privée.")
    post(client, case, upload("bulletins-de-paie.pdf"), message="Confidentiel")
    assert "bulletins-de-paie.pdf" in text(client.get(url(case)))
    agent = UserFactory(staff=True)
    decisions.refuse(case, "les justificatifs sont illisibles", by=agent, at=timezone.now())
    page = text(client.get(url(case)))
    assert "bulletins-de-paie.pdf" not in page
    assert "Motif : les justificatifs sont illisibles" in page
    assert "Répondre" in page


def test_an_accepted_applicant_is_led_to_sign_up_and_sees_nothing_else(client: Client, put_in_service: Any) -> None:
    put_in_service("CCI")
    case = CaseFactory(message="Une phrase privée.")
    post(client, case, upload("kbis.pdf"), message="Confidentiel")
    decisions.accept(
        case, by=UserFactory(staff=True), at=timezone.now(), headcount=4, network=RegisterFactory(),
        expires_on=timezone.localdate() + timedelta(days=365), legal_name="ATELIER",
    )  # fmt: skip
    response = client.get(url(case))
    page = text(response)
    assert "Votre entreprise est admise." in page
    assert "Créer mon compte" in page
    for private in ("kbis.pdf", "Confidentiel", "Une phrase privée."):
        assert private not in page
    assert "Vos justificatifs ont été supprimés" in page
    # Who had the page open still: the words reach staff, a document is not kept, and its author is told both.
    told = text(post(client, case, upload("encore.pdf"), message="J’arrive trop tard\u00a0?"))
    assert "Votre message est parti." in told
    assert "« encore.pdf » : la demande est déjà acceptée, ce document n’est pas conservé." in told
    assert case.messages.filter(body="J’arrive trop tard\u00a0?").exists()
    assert not case.documents.kept().exists()
    siret = re.search(r'name="siret" value="(\d{14})"', response.content.decode())
    assert siret
    assert client.post("/inscription/", {"siret": siret[1]}).headers["Location"] == "/inscription/compte/"


@pytest.mark.parametrize("state", ["refused", "closed"])
def test_a_link_expires_some_months_after_the_end(client: Client, state: str) -> None:
    now = timezone.now()
    ended = {"decided_at": now, "refusal": "x"} if state == "refused" else {"closed_at": now}
    case = CaseFactory(state=state, **ended)
    assert client.get(url(case)).status_code == 200
    Case.objects.update(**{name: now - LINK_LIFE for name in ended if name.endswith("_at")})
    for response in (client.get(url(case)), post(client, case, upload("kbis.pdf"))):
        assert response.status_code == 410
        assert "Ce lien a expiré" in text(response)
        assert case.siret not in text(response)
    assert not case.documents.exists()


def test_a_closed_case_leads_to_a_new_one_for_the_same_siret(client: Client) -> None:
    case = CaseFactory(state="closed", closed_at=timezone.now())
    page = client.get(url(case)).content.decode()
    assert "Faire une nouvelle demande" in page
    assert f'name="siret" value="{case.siret}"' in page


def test_notes_and_other_peoples_messages_are_not_shown(client: Client) -> None:
    case = CaseFactory()
    agent = UserFactory(staff=True)
    decisions.add_note(case, "Douteux, appeler l’Urssaf", by=agent, at=timezone.now())
    case.messages.create(
        direction="in", is_other_sender=True, sender="x@y.example", body="Je suis son voisin", created_at=timezone.now()
    )
    decisions.answer(case, "Quel est votre effectif\u00a0?", by=agent, at=timezone.now())
    page = text(client.get(url(case)))
    assert "Quel est votre effectif ?" in page
    assert "Urssaf" not in page
    assert "voisin" not in page
    assert agent.username not in page


def test_the_page_is_kept_by_nobody_and_found_by_no_robot(client: Client) -> None:
    response = client.get(url(CaseFactory()))
    assert "no-store" in response["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in response.content.decode()


# --- with the form


def test_documents_may_come_with_the_form(client: Client) -> None:
    data = form(client) | {"files": [upload("kbis.pdf"), upload("photo.jpg", picture())]}
    receipt = client.post(FORM, data, follow=True)
    case = Case.objects.get()
    assert case.state == "documents_received"
    assert sorted(case.documents.values_list("name", flat=True)) == ["kbis.pdf", "photo.jpg"]
    assert "Bien reçu : 2 documents." in text(receipt)
    kinds = set(Message.objects.values_list("kind", flat=True))
    assert kinds == {"eligibility/case_acknowledged", "eligibility/case_documents_received"}


def test_who_fills_in_the_form_for_a_case_under_way_is_read_by_staff_alone(client: Client) -> None:
    """Anybody may know a SIRET and even the first applicant's address: the form proves neither."""
    case = CaseFactory(siret=SIRET, email=FACTS["email"])
    client.post(FORM, form(client, message="Où en est-on\u00a0?") | {"files": [upload("faux.pdf")]}, follow=True)
    case.refresh_from_db()
    assert (case.state, case.due_at) == ("received", None)
    message = case.messages.get()
    assert message.is_other_sender
    assert "Camille Martin" in message.body
    assert "Où en est-on\u00a0?" in message.body
    page = text(client.get(url(case)))
    assert "faux.pdf" not in page
    assert "Où en est-on" not in page
    assert [letter.kind for letter in Message.objects.all()] == ["eligibility/case_acknowledged"]
