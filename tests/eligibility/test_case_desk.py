"""The Rejet SIRET desk in the admin: the queue, the page of a case, each thing that can be done, and who may."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from eligibility.cases import decisions
from eligibility.cases.acts import ACTS
from eligibility.cases.models import Case
from eligibility.cases.states import State
from eligibility.models import Admission
from notifications import wording
from notifications.models import Message
from notifications.wording import short_date
from tests.eligibility.conftest import plain, sirets
from tests.eligibility.files import PDF
from tests.eligibility.test_case_documents import inspect, send
from tests.factories import CaseFactory, UserFactory, make_siret

pytestmark = pytest.mark.django_db
NEXT_MONTH = f"{date.today() + timedelta(days=30)}"
QUEUE = "/gestion/eligibility/case/"
TYPED = {
    "prendre": {}, "rendre": {}, "rouvrir": {}, "clore": {}, "note": {"text": "Appelée."},
    "repondre": {"text": "Bonjour"}, "documents": {"text": "- Kbis"}, "refuser": {"reason": "l’établissement fermé"},
    "accepter": {"legal_name": "ATELIER DUPONT", "headcount": "12", "expires_on": NEXT_MONTH}, "confier": {},
    "reunir": {},
}  # fmt: skip


@pytest.fixture
def agent(client: Client) -> User:
    """A member of staff who may do everything, at the browser."""
    user = UserFactory(staff=True, is_superuser=True, username="camille")
    client.force_login(user)
    return user


def page_of(case: Case) -> str:
    return reverse("admin:eligibility_case_change", args=[case.pk])


def url_of(case: Case, act: str) -> str:
    return reverse("admin:eligibility_case_act", args=[case.pk, act])


def do(client: Client, case: Case, act: str, **changes: Any) -> Any:
    """Open the page of an act, send what it asks for."""
    asked = client.get(url_of(case, act))
    assert asked.status_code == 200
    typed = dict(TYPED[act])
    if act == "accepter":
        typed["network"] = str(asked.context["form"].fields["network"].queryset.get(code="CMA").pk)
    return client.post(url_of(case, act), {"seen": asked.context["form"]["seen"].value()} | typed | changes)


def answers(response: Any) -> str:
    return plain(" ".join(str(message) for message in get_messages(response.wsgi_request)))


def text(response: Any) -> str:
    return plain(response.content.decode().replace("&nbsp;", " "))


def rows(client: Client, **query: str) -> list[Case]:
    response = client.get(QUEUE, query)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def with_documents(hours: float, **facts: Any) -> Case:
    """A case whose answer is due in so many hours."""
    due_at = timezone.now() + timedelta(hours=hours)
    return CaseFactory(
        state="documents_received", documents_received_at=due_at - timedelta(hours=48), due_at=due_at, **facts
    )


# --- the queue


def test_the_next_due_case_comes_first_and_what_is_over_last(client: Client, agent: User) -> None:
    now = timezone.now()
    over = CaseFactory(state="refused", refusal="x", decided_at=now, due_at=now - timedelta(days=9))
    newer, older = CaseFactory(), CaseFactory(created_at=now - timedelta(days=3))
    calm, late, soon = with_documents(47), with_documents(-3.2), with_documents(2)
    assert rows(client) == [late, soon, calm, older, newer, over]
    page = text(client.get(QUEUE))
    assert "En retard de 3 h" in page
    assert [short_date(case.due_at) in page for case in (calm, soon)] == [True, True]
    for level in ("late", "soon", "calm"):
        assert page.count(f"desk__tag--{level}") == 1


def test_the_queue_is_filtered_by_state_follower_due_time_news_and_source(client: Client, agent: User) -> None:
    mine, nobodys = with_documents(-1, assigned_to=agent), with_documents(6)
    others = CaseFactory(assigned_to=UserFactory(staff=True), news_at=timezone.now())
    mail = CaseFactory(source="email", state="closed", closed_at=timezone.now())
    assert rows(client, suivi="moi") == [mine]
    assert set(rows(client, suivi="personne")) == {nobodys, mail}
    assert rows(client, echeance="depassee") == [mine]
    assert rows(client, echeance="proche") == [mine, nobodys]
    assert rows(client, nouvelles="oui") == [others]
    assert rows(client, source__exact="email") == rows(client, state__exact="closed") == [mail]


def test_the_queue_costs_the_same_with_many_cases(
    client: Client, agent: User, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for hours in range(20):
        with_documents(hours, assigned_to=agent)
    with django_assert_max_num_queries(9):
        client.get(QUEUE)


# --- a case


def test_a_case_shows_everything_known_and_nothing_to_edit(
    client: Client, agent: User, entry: Callable[..., Any]
) -> None:
    siret = sirets(1)[0]
    case = CaseFactory(siret=siret, verdict_then={"reason": "unknown"}, message="Inscrite depuis mars.")
    entry(siret, headcount=7, legal_name="LE GAL")
    send(case, inspect("kbis.pdf", PDF), body="Voici le Kbis.")
    send(case, sender="autre@ailleurs.example", body="Et moi\u00a0?")
    decisions.add_note(case, "Appelée ce matin.", by=agent, at=timezone.now())
    response = client.get(page_of(case))
    page = text(response)
    for words in (
        case.number, "Inconnu des registres", "Peut commander", "LE GAL", "Voici le Kbis.", "Télécharger kbis.pdf",
        "non analysé", "autre expéditeur", "autre@ailleurs.example", "Appelée ce matin.", "Inscrite depuis mars.",
        "À traiter avant", "Le demandeur a écrit le", "note interne", "camille",
    ):  # fmt: skip
        assert words in page, words
    assert case.token not in page
    assert 'name="legal_name"' not in response.content.decode()
    assert client.post(page_of(case), {"legal_name": "AUTRE"}).status_code == 403
    assert client.get(f"{QUEUE}{case.pk}/delete/").status_code == 403


def test_what_is_declared_stands_beside_what_registers_say(
    client: Client, agent: User, entry: Callable[..., Any]
) -> None:
    siret = sirets(1)[0]
    case = CaseFactory(siret=siret, legal_name="ATELIER", headcount=4, register="both", postal_code="35000",
                       verdict_then={"reason": "unknown"})  # fmt: skip
    entry(siret, headcount=7, legal_name="LE GAL", postal_code="35600")
    lines = {line.label: (line.declared, line.then, line.now) for line in client.get(page_of(case)).context["verdict"]}
    assert lines["Effectif"] == ("4", "–", "7")
    assert lines["Raison sociale"] == ("ATELIER", "–", "LE GAL")
    assert lines["Code postal"] == ("35000", "–", "35600")
    assert lines["Réseau"] == ("les deux", "–", "CCI")
    assert lines["Verdict"] == ("–", "Inconnu des registres", "Peut commander")


@pytest.mark.parametrize("state", State)
def test_buttons_follow_the_state(client: Client, agent: User, state: str) -> None:
    now = timezone.now()
    ended = {
        "accepted": {"decided_at": now},
        "refused": {"decided_at": now, "refusal": "x"},
        "closed": {"closed_at": now},
    }
    clock = {"documents_received": {"documents_received_at": now, "due_at": now}}
    asked = {"documents_requested": {"documents_requested_at": now}}
    case = CaseFactory(state=state, **(ended | clock | asked).get(state, {}))
    offered = {act.name for act in client.get(page_of(case)).context["acts"]}
    always = {"repondre", "note"}
    if state in ("refused", "closed"):
        assert offered == always | {"rouvrir"}
    elif state == "accepted":
        assert offered == always
    else:
        assert offered == set(ACTS) - {"rouvrir", "rendre"}


@pytest.mark.parametrize("path", ["inconnu/agir/", "documents/99/"])
def test_an_address_that_is_none_is_not_found(client: Client, agent: User, path: str) -> None:
    assert client.get(f"{QUEUE}{CaseFactory().pk}/{path}").status_code == 404
    assert client.get(f"{QUEUE}999999/accepter/agir/").status_code == 404


@pytest.mark.parametrize("typed", ["{siren}", "{siren:.3} {siren_b} {siren_c}", "RS{pk:06d}", "{siret}", " {siren} "])
def test_a_case_is_found_by_what_a_caller_dictates(client: Client, agent: User, typed: str) -> None:
    case, _other = CaseFactory(), CaseFactory()
    siren = case.siret[:9]
    asked = typed.format(siren=siren, siren_b=siren[3:6], siren_c=siren[6:], pk=case.pk, siret=case.siret)
    found = client.get(QUEUE, {"q": asked}).context["cl"].queryset
    assert list(found) == [case]


@pytest.mark.parametrize("typed", ["06 12 34 56 78", "+33612345678", "06.12.34.56.78", "O’Brien"])
def test_a_case_is_found_by_who_calls(client: Client, agent: User, typed: str) -> None:
    case = CaseFactory(phone="+33612345678", contact_name="Léa O’Brien")
    CaseFactory(phone="+33612345679", contact_name="Camille Dupont")
    assert list(client.get(QUEUE, {"q": typed}).context["cl"].queryset) == [case]


def test_the_queue_says_when_an_applicant_wrote_and_nothing_where_none_did(client: Client, agent: User) -> None:
    CaseFactory(news_at=datetime(2026, 5, 12, 8, 2, tzinfo=UTC))
    CaseFactory()
    cells = re.findall(r"field-news[^>]*>\s*([^<]*?)\s*<", client.get(QUEUE).content.decode())
    assert sorted(plain(cell) for cell in cells) == ["12/05/2026 à 10 h 02", "–"]


def test_in_a_merged_case_each_applicant_is_named(client: Client, agent: User) -> None:
    case, duplicate = CaseFactory(), CaseFactory()
    send(case, inspect("kbis.pdf", PDF))
    send(duplicate, inspect("urssaf.pdf", PDF))
    decisions.merge(duplicate, case, by=agent, at=timezone.now())
    page = client.get(page_of(case)).content.decode()
    assert f"le demandeur, {duplicate.email}" in page
    assert f"le demandeur, {case.email}" not in page
    assert page_of(duplicate) in page


def test_numbers_and_the_first_message_are_read_as_people_say_them(client: Client, agent: User) -> None:
    case = CaseFactory(phone="+33612345678", message="Inscrite depuis mars.")
    page = client.get(page_of(case)).content.decode()
    assert wording.siret(case.siret) in page
    assert page.index("le demandeur, à l’ouverture") < page.index("Inscrite depuis mars.")
    assert "Aucun message encore" not in page
    assert "06\u00a012\u00a034\u00a056\u00a078" in page
    assert "+33612345678" not in page


# --- what can be done


def test_accepting_from_the_desk_opens_the_way(client: Client, agent: User) -> None:
    case = CaseFactory(legal_name="ATELIER DUPONT", headcount=12, register="cma")
    form = client.get(url_of(case, "accepter")).context["form"]
    assert form["headcount"].value() == 12
    assert form["legal_name"].value() == "ATELIER DUPONT"
    response = do(client, case, "accepter")
    assert response.headers["Location"] == page_of(case)
    assert answers(response) == f"Demande {case.number} : acceptée."
    admission = Admission.objects.get()
    assert (admission.siret, admission.headcount, admission.author, admission.network_id) == (
        case.siret, 12, agent, "CMA",
    )  # fmt: skip
    page = text(client.get(page_of(case)))
    assert "Admission" in page
    assert "acceptée" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"headcount": "50"}, "moins de 50"),
        ({"headcount": "-1"}, "supérieure ou égale à 0"),
        ({"headcount": "9" * 400}, "moins de 50"),
        ({"legal_name": ""}, "obligatoire"),
        ({"expires_on": "2020-01-01"}, "passée"),
        ({"expires_on": "hier"}, "date"),
        ({"expires_on": "9999-12-31"}, "deux ans au plus"),
        ({"network": "XXX"}, "choix"),
        ({"territory": "LUNE"}, "choix"),
    ],
)
def test_a_mistake_in_an_admission_is_said_and_grants_nothing(
    client: Client, agent: User, changes: dict[str, str], words: str
) -> None:
    case = CaseFactory()
    response = do(client, case, "accepter", **changes)
    assert response.status_code == 200
    assert words in plain(" ".join(error for found in response.context["form"].errors.values() for error in found))
    assert not Admission.objects.exists()
    case.refresh_from_db()
    assert case.state == "received"


def test_refusing_asking_and_answering_write_to_the_applicant(client: Client, agent: User) -> None:
    case = CaseFactory()
    do(client, case, "documents", text="- extrait Kbis\n- attestation Urssaf")
    letter = Message.objects.get(kind="eligibility/case_documents_requested")
    assert "- extrait Kbis\n- attestation Urssaf" in letter.body_text
    do(client, case, "repondre", text="Le Kbis doit dater de moins de trois mois.")
    assert "moins de trois mois" in Message.objects.get(kind="eligibility/case_answered").body_text
    do(client, case, "refuser", reason="l’établissement\r\n est  fermé")
    assert "l’établissement est fermé." in Message.objects.get(kind="eligibility/case_refused").body_text
    do(client, case, "rouvrir")
    do(client, case, "clore")
    case.refresh_from_db()
    assert case.state == "closed"
    assert {event.by for event in case.events.all()} == {agent}


def test_a_case_is_taken_handed_over_and_given_back(client: Client, agent: User) -> None:
    case, colleague = CaseFactory(), UserFactory(staff=True, username="dominique")
    colleague.user_permissions.add(Permission.objects.get(codename="handle_case"))
    UserFactory()  # a customer is offered to nobody, nor is staff who may not open a case
    UserFactory(staff=True)
    do(client, case, "prendre")
    form = client.get(url_of(case, "confier")).context["form"]
    assert set(form.fields["to"].queryset) == {agent, colleague}
    do(client, case, "confier", to=colleague.pk)
    case.refresh_from_db()
    assert case.assigned_to == colleague
    # The audit trail of the desk has it too.
    acts = [entry.change_message for entry in LogEntry.objects.filter(object_id=str(case.pk)).order_by("pk")]
    assert [act.partition("\u00a0:")[0] for act in acts] == [ACTS["prendre"].label, ACTS["confier"].label]
    do(client, case, "rendre")
    case.refresh_from_db()
    assert case.assigned_to is None
    history = text(client.get(page_of(case)))
    for note in ("confiée à camille", "confiée à dominique", "rendue à l’équipe"):
        assert note in history


@pytest.mark.parametrize("typed", ["{number}", "rs {pk}", "{pk}"])
def test_a_duplicate_is_merged_by_the_number_that_people_dictate(client: Client, agent: User, typed: str) -> None:
    kept = CaseFactory()
    double = CaseFactory(siret=make_siret(kept.siret[:9], 2))
    response = do(client, double, "reunir", into=typed.format(number=kept.number, pk=kept.pk))
    assert "réunie" in answers(response)
    double.refresh_from_db()
    assert double.merged_into == kept


def test_cases_of_two_companies_are_merged_only_by_who_has_read_that(client: Client, agent: User) -> None:
    kept, double = CaseFactory(), CaseFactory()
    response = do(client, double, "reunir", into=kept.number)
    assert f"{kept.number} ({kept.legal_name}) porte un autre SIREN" in text(response)
    double.refresh_from_db()
    assert double.merged_into is None
    do(client, double, "reunir", into=kept.number, is_same_company="on")
    double.refresh_from_db()
    assert double.merged_into == kept


@pytest.mark.parametrize("typed", ["RS999999", "²", "RS" + "9" * 18, "abc"])
def test_a_number_of_no_case_is_said_to_be_none(client: Client, agent: User, typed: str) -> None:
    response = do(client, CaseFactory(), "reunir", into=typed)
    assert "Aucune demande ne porte ce numéro." in text(response)


def test_who_clicks_second_is_told_who_was_first_and_keeps_what_was_typed(client: Client, agent: User) -> None:
    case, colleague = CaseFactory(), UserFactory(staff=True, username="dominique")
    asked = client.get(url_of(case, "refuser"))
    decisions.request_documents(case, "- Kbis", by=colleague, at=timezone.now())
    typed = {"seen": asked.context["form"]["seen"].value(), "reason": "justificatifs manquants"}
    response = client.post(url_of(case, "refuser"), typed)
    assert "documents demandés par dominique" in text(response)
    assert "rien n’a été enregistré" in text(response)
    assert "justificatifs manquants</textarea>" in response.content.decode()
    case.refresh_from_db()
    assert case.state == "documents_requested"
    # Having read it, the same page may be sent.
    seen = re.search(r'name="seen" value="(\d+)"', response.content.decode())
    assert seen
    client.post(url_of(case, "refuser"), typed | {"seen": seen[1]})
    case.refresh_from_db()
    assert case.state == "refused"


@pytest.mark.parametrize("seen", ["", "abc", "-1", "9" * 30])
def test_a_page_without_its_version_does_nothing(client: Client, agent: User, seen: str) -> None:
    case = CaseFactory()
    response = do(client, case, "refuser", seen=seen)
    assert response.status_code == 200
    case.refresh_from_db()
    assert case.state == "received"


# --- who may


PERMISSIONS = {act.name: act.permission for act in ACTS.values()}


@pytest.mark.parametrize("act", ACTS)
def test_each_act_needs_its_permission(client: Client, act: str) -> None:
    now = timezone.now()
    case = CaseFactory(state="refused", refusal="x", decided_at=now) if act == "rouvrir" else CaseFactory()
    case.events.create(state="received", at=now, note="ouverte par le formulaire")
    reader = UserFactory(staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_case"))
    client.force_login(reader)
    page = client.get(page_of(case))
    assert page.context["acts"] == []
    assert "Historique" in text(page)
    assert "ouverte par le formulaire" in text(page)
    for method in (client.get, client.post):
        assert method(url_of(case, act)).status_code == 403
    reader.user_permissions.add(Permission.objects.get(codename=PERMISSIONS[act]))
    assert client.get(url_of(case, act)).status_code == 200
    others = {name for name, permission in PERMISSIONS.items() if permission != PERMISSIONS[act]}
    assert all(client.post(url_of(case, other)).status_code == 403 for other in others)


def test_who_may_not_see_cases_does_nothing_with_them(client: Client) -> None:
    stranger = UserFactory(staff=True)
    stranger.user_permissions.add(Permission.objects.get(codename="decide_case"))
    client.force_login(stranger)
    assert client.get(url_of(CaseFactory(), "accepter")).status_code == 403
    client.force_login(UserFactory())
    assert client.get(url_of(CaseFactory(), "accepter")).status_code == 302
