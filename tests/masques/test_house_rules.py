"""Rules of the house that no single app can keep: nothing unused, nothing unnamed, one typography, stable addresses."""

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Field, Model
from django.template import engines
from django.urls import get_resolver, reverse

from tests.masques import tour
from tests.masques.test_bad_requests import addresses
from tests.strict import APPS

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
SOURCES = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
EVERY_TEMPLATE = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*") if path.is_file())


# --- nothing unused


def strings() -> Iterator[tuple[Path, int, str]]:
    """Every string constant of the apps but docstrings, with where it stands."""
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield path, node.lineno, node.value


def library_folders() -> list[Path]:
    """Where installed packages keep their templates: ours of the same name stand in for theirs."""
    backend = engines["django"]
    return [Path(folder) for folder in backend.template_dirs if not str(folder).startswith(str(TEMPLATES))] + [
        Path(config.path) / "templates" for config in apps.get_app_configs()
    ]


def test_every_template_is_used():
    named = {text for _, _, text in strings()}
    named |= {f"pages/{text}.html" for _, _, text in strings()}  # masques.pages names its page alone
    for name in EVERY_TEMPLATE:
        named |= set(re.findall(r"""{%\s*(?:include|extends)\s+["']([^"']+)""", (TEMPLATES / name).read_text("utf-8")))
    folders = library_folders()
    asked_for_by_a_library = {name for name in EVERY_TEMPLATE if any((folder / name).is_file() for folder in folders)}
    # Django asks for these, or allauth for the one that says "too often"; letters are test_letters' business.
    by_rule = {name for name in EVERY_TEMPLATE if re.search(r"/(?:email|sms)/|^(?:400|403|404|429|500)\.html$", name)}
    assert set(EVERY_TEMPLATE) - named - asked_for_by_a_library - by_rule == set()


def test_every_static_file_is_used():
    texts = [path.read_text("utf-8") for path in [*SOURCES, *TEMPLATES.rglob("*.html")]]
    static = ROOT / "static"
    drawn_from = {"social-card.svg"}  # the PNG is made from it
    texts += [path.read_text("utf-8") for path in static.rglob("*") if path.suffix in (".css", ".js", ".webmanifest")]
    everything = "\n".join(texts)
    for path in static.rglob("*"):
        if path.is_file() and path.suffix not in (".txt", ".md") and path.name not in drawn_from:
            assert path.name in everything, path.relative_to(static)


def test_every_address_is_linked_from_somewhere():
    """A door that nothing leads to is forgotten, or was never finished."""
    texts = "\n".join(path.read_text("utf-8") for path in [*SOURCES, *TEMPLATES.rglob("*.html")])
    # What the card processor calls, what a script asks for, and the step of an order that is passed over.
    unlinked = {"billing:stripe_webhook", "accounts:communes", "orders:documents"}
    for name, _ in addresses(get_resolver().url_patterns):
        if ":" in name:  # the others are allauth's, or asked for by programs
            is_linked = f'"{name}"' in texts or f"'{name}'" in texts
            assert is_linked is (name not in unlinked), name


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


# --- stable addresses: people bookmark them, staff dictate them


ADDRESSES = {
    "home": "/", "orders:product": "/produit/", "orders:leaflet": "/produit/notice.pdf", "orders:prices": "/tarifs/",
    "accounts:signup": "/inscription/", "accounts:signup_account": "/inscription/compte/",
    "account_signup": "/inscription/compte/", "account_email_verification_sent": "/inscription/verification/",
    "account_login": "/connexion/", "account_logout": "/deconnexion/",
    "account_reset_password": "/mot-de-passe/oublie/", "account_change_password": "/mot-de-passe/modifier/",
    "accounts:space": "/mon-espace/", "accounts:profile": "/mes-informations/", "accounts:company": "/mon-entreprise/",
    "accounts:credentials": "/identifiants/",
    "orders:shop": "/commander/", "orders:list": "/commandes/", "billing:invoices": "/mes-factures/",
    "shipping:search": "/suivi/", "eligibility:case_new": "/rejet-siret/", "captcha:challenge": "/captcha/",
    "pages:help": "/aide/", "pages:legal": "/mentions-legales/", "pages:terms": "/cgv/",
    "pages:privacy": "/donnees-personnelles/", "pages:accessibility": "/accessibilite/",
    "pages:sitemap": "/plan-du-site/",
    "billing:stripe_webhook": "/webhooks/stripe/", "healthz": "/healthz", "readyz": "/readyz", "metrics": "/metrics",
    "admin:index": "/gestion/",
}  # fmt: skip
WITH_A_HOLE = {
    ("orders:order", "ECTZ326"): "/commandes/ECTZ326/",
    ("orders:delivery", "ECTZ326"): "/commandes/ECTZ326/livraison/",
    ("orders:documents", "ECTZ326"): "/commandes/ECTZ326/pieces/",
    ("orders:summary", "ECTZ326"): "/commandes/ECTZ326/recapitulatif/",
    ("orders:interrupt", "ECTZ326"): "/commandes/ECTZ326/interrompre/",
    ("billing:cancel", "ECTZ326"): "/commandes/ECTZ326/annuler/",
    ("billing:pay", "ECTZ326"): "/commandes/ECTZ326/payer/",
    ("billing:return", "ECTZ326"): "/commandes/ECTZ326/paiement/",
    ("billing:invoice_pdf", "F2026-000001"): "/mes-factures/F2026-000001.pdf",
    ("shipping:track", "6A12345678901"): "/suivi/6A12345678901/",
    ("eligibility:case", "abc"): "/rejet-siret/abc/",
}


@pytest.mark.parametrize(("name", "path"), ADDRESSES.items())
def test_an_address_stays_where_it_is(name, path):
    assert reverse(name) == path


@pytest.mark.parametrize(("name", "path"), WITH_A_HOLE.items(), ids=lambda value: str(value))
def test_an_address_of_one_thing_stays_where_it_is(name, path):
    assert reverse(name[0], args=[name[1]]) == path


# --- names that staff read


def our_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model.__module__.partition(".")[0] in APPS]


ENGLISH = re.compile(
    r"\b(?:order|shipment|payment|invoice|company|establishment|address|user|status|number|name|date|at|of|the|is|"
    r"created|updated|event|counter|price|rate|size|headcount|delivery|profile|case|entry|load)s?\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("app", APPS)
def test_an_app_has_a_french_name(app):
    config = apps.get_app_config(app)
    assert "verbose_name" in vars(type(config)), f"{app} has no verbose_name of its own"
    assert not ENGLISH.search(config.verbose_name)
    assert config.verbose_name.lower() != app


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model.__name__)
def test_a_model_and_its_fields_have_french_names(model):
    assert "verbose_name" in model._meta.original_attrs
    assert not ENGLISH.search(str(model._meta.verbose_name))
    assert not ENGLISH.search(str(model._meta.verbose_name_plural))
    for field in model._meta.local_fields:
        if is_shown(field):
            assert field._verbose_name, f"{model.__name__}.{field.name} is shown to staff by its English name"
            assert not ENGLISH.search(str(field.verbose_name)), field.verbose_name


def is_shown(field: Field) -> bool:
    """Keys of rows, and what Django's own user model brings with its translation, have no name of ours."""
    is_ours = field.model.__module__.partition(".")[0] in APPS
    inherited = {
        "password", "last_login", "is_superuser", "username", "first_name", "last_name", "is_staff", "is_active",
        "date_joined",
    }  # fmt: skip
    return is_ours and not field.primary_key and field.editable and field.name not in inherited


def test_choices_are_french():
    for model in our_models():
        for field in model._meta.local_fields:
            for value, label in field.flatchoices:
                derived = str(value).replace("_", " ").title()
                assert str(label) != derived or derived in ("Cci", "Sms"), f"{model.__name__}.{field.name}: {label}"


# --- one typography, in templates, in code and on the page as drawn


def test_sentences_in_code_keep_their_no_break_spaces():
    """« Commande ECTZ326 : … », pieces of such sentences included; commands for operators speak English."""
    faults = [
        f"{path.relative_to(ROOT)}:{line} {text!r}"
        for path, line, text in strings()
        if "management" not in path.parts
        and re.search(r" [:;!?»%€](?:\s|$)|« ", text)
        and not re.search(r"SELECT|UPDATE|INSERT|default-src|'self'", text)
    ]
    assert faults == []


@pytest.mark.parametrize("who", [who.__name__ for who in tour.EVERYBODY])
def test_every_page_as_drawn_keeps_its_no_break_spaces_and_apostrophes(walks, who):
    for name, response in walks[who].items():
        for text in texts_of(response.content.decode()):
            found = re.search(
                r".{0,30}(?:(?<=[^\s]) [:;!?»%€](?!\w)|« |\d (?:€|%)|[a-zéèêà]'[a-zéèêàh]|\.\.\.).{0,20}", text
            )
            assert not found, (name, found)


def texts_of(page: str) -> Iterator[str]:
    """The texts a reader sees or hears, each without its tags."""
    body = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", " ", page, flags=re.DOTALL)
    yield from (html.unescape(value) for value in re.findall(r'\s(?:alt|aria-label|title|placeholder)="([^"]*)"', body))
    yield from (html.unescape(" ".join(text.split("\n"))) for text in re.split(r"<[^>]*>", body) if text.strip())


@pytest.mark.parametrize("who", [who.__name__ for who in tour.EVERYBODY])
def test_every_page_has_one_heading_a_title_and_its_landmarks(walks, who):
    for name, response in walks[who].items():
        page = response.content.decode()
        assert page.count("<h1") == 1, name
        assert '<html lang="fr">' in page, name
        for landmark in ("<main", "<header", "<footer"):
            assert page.count(landmark) >= 1, (name, landmark)
        assert page.count("<main") == 1
        assert re.search(r"<title>\S.* – masques-pme</title>", page), name
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), (name, {each for each in ids if ids.count(each) > 1})


@pytest.mark.django_db
@pytest.mark.parametrize("who", [tour.visitor, tour.with_parcel], ids=lambda who: who.__name__)
def test_every_link_of_every_page_leads_somewhere(who):
    visit = who()
    seen: set[str] = set()
    for response in visit.see().values():
        seen |= set(re.findall(r'href="(/[^"#]*)"', response.content.decode()))
    pages = {
        html.unescape(link)
        for link in seen
        if not link.startswith(("/static/", "/deconnexion/")) and ".pdf" not in link
    }
    assert len(pages) > 10
    for link in sorted(pages):
        assert visit.client.get(link).status_code in (200, 302), link
