"""The staff's pages speak French, the dress they wear (Unfold) included."""

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
import unfold
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from eligibility.cases import canned
from eligibility.cases.acts import ACTS
from eligibility.models import SireneLoad
from notifications.models import Message
from orders.catalogue import seed
from orders.models import Order
from tests.eligibility.files import PDF
from tests.eligibility.test_case_documents import inspect, send
from tests.factories import AdmissionFactory, CaseFactory, OrderFactory, UserFactory
from tests.journeys import customer
from tests.shipping.conftest import pay

pytestmark = pytest.mark.django_db

LOCALE = Path(__file__).resolve().parents[2] / "locale"
CATALOGUE = LOCALE / "fr" / "LC_MESSAGES" / "django.po"
# Words that stand in no French sentence, and what other languages never say of a list.
ENGLISH = re.compile(
    r"\b(?:the|and|your|this|that|with|from|are|has|was|will|not|more|all|any|please|select(?:ed)?|search|filters?|apply|"
    r"click|clear|reset|back|results?|results|add|changed|delete|deleted|save|home|history|view|log ?out|"
    r"yes|next|previous|open|show|hide|light|dark|system|submit|run|unknown|choose|welcome|"
    r"recent|actions? (?:to|for)|items?|rows?|type to|value|empty|apps|models|toggle|user|password|today|now|by)\b",
    re.IGNORECASE,
)
# Names and codes that people chose, the trade’s own words, and a permission on a model of a library.
OWN = re.compile(
    r"masques-pme|support|warehouse|accounting|operator|/[a-z_/-]+|[\w.]+@[\w.]+|Stripe|user session", re.IGNORECASE
)


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(UserFactory(staff=True, is_superuser=True, username="equipe"))
    return client


@pytest.fixture
def full_desk(desk: Client) -> Client:
    """Something in every list that can be filled by a few lines."""
    call_command("seed_groups", stdout=io.StringIO())
    seed()
    canned.seed()
    order = pay(OrderFactory(establishment=customer().establishment))
    Order.objects.get(pk=order.pk)
    AdmissionFactory()
    case = CaseFactory()
    send(case, inspect("kbis.pdf", PDF))
    now = timezone.now()
    SireneLoad.objects.create(
        stock="unites_legales", file_name="s.zip", sha256="0" * 64, report={}, rows_read=1, rows_rejected=0,
        rows_total=1, rows_closed=0, rows_confidential=0, started_at=now, finished_at=now, loaded_by="x",
        is_active=True,
    )  # fmt: skip
    staff = User.objects.get(username="equipe")
    for flag in (1, 2, 3):
        LogEntry.objects.log_actions(staff.pk, [case], flag, change_message="", single_object=True)
    return desk


def addresses(client: Client) -> Iterator[str]:
    """Every page of the desk that can be opened by its address: lists, one sheet of each, their histories and acts."""
    yield "/gestion/"
    yield reverse("lookup")
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield f"{reverse(f'{name}_changelist')}?q=zzzz"
        yield reverse(f"{name}_add")
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            for page in ("change", "history", "delete"):
                yield reverse(f"{name}_{page}", args=[row.pk])
        if model._meta.model_name == "case" and row is not None:
            yield from (reverse("admin:eligibility_case_act", args=[row.pk, act]) for act in ACTS)
        if model._meta.model_name == "establishment" and row is not None:
            yield f"/gestion/accounts/establishment/{row.pk}/titulaire/"
        assert model_admin
    for app in {model._meta.app_label for model in admin.site._registry}:
        yield reverse("admin:app_list", args=[app])


class Reader(HTMLParser):
    """What somebody reads or hears of a page: texts, and the attributes that are said; no drawings, nothing typed."""

    SAID = ("alt", "aria-label", "title", "placeholder")
    UNREAD = ("script", "style", "textarea", "pre")

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.texts += [value for name in self.SAID if (value := named.get(name))]
        if tag in self.UNREAD or "material-symbols" in (named.get("class") or ""):
            self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.texts.append(data)


def english_of(page: str) -> list[str]:
    """The texts of a page that are not French."""
    dress = {entry.msgid for entry in polib.pofile(CATALOGUE) if len(entry.msgid) > 3}
    reader = Reader()
    reader.feed(page)
    plain = [" ".join(OWN.sub(" ", text).split()) for text in reader.texts]
    return [text for text in plain if text in dress or ENGLISH.search(text)]


def test_no_page_of_the_desk_speaks_english_or_lacks_its_landmark(full_desk: Client) -> None:
    faults, seen = {}, 0
    for address in addresses(full_desk):
        response = full_desk.get(address)
        assert response.status_code in (200, 403), address
        if response.status_code == 200:
            seen += 1
            page = response.content.decode()
            assert page.count("<main") == 1, address
            assert not re.search(r"<th[^>]*>\s*</th>", page), address
            if english := english_of(page):
                faults[address] = english
    assert seen > 60
    assert not faults, "\n".join(f"{address}: {words}" for address, words in faults.items())


@pytest.mark.parametrize(
    "word", ["Select action", "Search apps and models...", "Go back", "3 results", "Clear all filters"]
)
def test_an_english_word_would_be_found(word: str) -> None:
    assert english_of(f'<p>Demandes</p><button title="{word}">+</button>') == [word]
    assert english_of(f"<p>Demandes</p><b>{word}</b>") == [word]


def test_the_compiled_words_are_those_that_people_edit() -> None:
    words, compiled = polib.pofile(CATALOGUE), polib.mofile(CATALOGUE.with_suffix(".mo"))
    assert len(words) > 50
    assert {entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in compiled} == {
        entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in words
    }


def test_the_frame_of_the_desk_is_unfolds_with_a_main_landmark() -> None:
    theirs = (Path(unfold.__file__).parent / "templates" / "admin" / "base.html").read_text("utf-8")
    ours = (LOCALE.parent / "templates" / "admin" / "base.html").read_text("utf-8").partition("\n")[2]
    assert ours.count("<main") == ours.count("</main>") == 1
    ours = ours.replace("<main", "<div").replace("</main>", "</div>")
    ours, theirs = (re.sub(r"{% endblock [\w-]+ %}", "{% endblock %}", text) for text in (ours, theirs))
    assert ours == theirs


def test_the_messages_log_has_nothing_to_show_yet(desk: Client) -> None:
    Message.objects.all().delete()
    page = desk.get(reverse("admin:notifications_message_changelist")).content.decode()
    assert "Aucun résultat" in page
