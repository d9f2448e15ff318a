"""« Chercher un SIRET »: who may look, what is shown, and that the explanation is the verdict's own."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from eligibility.models import RegisterEntry, SireneEstablishment, SireneUnit
from eligibility.verdict import Reason
from tests.eligibility.conftest import put_into_service, put_sirene_into_service
from tests.eligibility.sirene_files import SAMPLE, establishment, unit, written
from tests.factories import AdmissionFactory, CaseFactory, OrderFactory, UserFactory, make_siret
from tests.journeys import customer

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).resolve().parents[2] / "eligibility" / "data"
LOOKUP = "/gestion/siret/"
BOTH, TOO_LARGE, NOT_AFFILIATED = "44446272500029", "00708077300182", "00973290000015"


def staff(*permissions: str) -> Client:
    """A member of staff with these permissions and no other."""
    user = UserFactory(staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(UserFactory(staff=True, is_superuser=True))
    return client


@pytest.fixture
def samples() -> None:
    put_into_service(SAMPLES / "sample_cci.csv", "cci")
    put_into_service(SAMPLES / "sample_cma.csv", "cma")
    for stock, path in SAMPLE.items():
        put_sirene_into_service(path, stock)


def look(client: Client, number: str) -> Any:
    response = client.post(LOOKUP, {"q": number}, follow=True)
    assert response.status_code == 200
    return response


def text_of(response: Any) -> str:
    """What a reader sees of the page's own content, blanks made plain."""
    body = response.content.decode().partition('<div class="desk lookup">')[2]
    return " ".join(re.sub(r"<[^>]*>", " ", body).replace("&nbsp;", " ").replace("\u00a0", " ").split())


# --- who may look


def test_the_page_is_for_staff_who_may_read_registers(client: Client) -> None:
    assert client.get(LOOKUP)["Location"].startswith("/connexion/")
    client.force_login(customer())
    assert client.get(LOOKUP, follow=True).request["PATH_INFO"] == "/mon-espace/"
    assert staff("view_order").get(LOOKUP).status_code == 403
    assert staff("view_registerentry").get(LOOKUP).status_code == 200
    assert staff("view_order").post(LOOKUP, {"q": BOTH}).status_code == 403
    assert staff("view_registerentry").put(LOOKUP).status_code == 405


def test_the_landing_page_asks_for_a_number_where_one_may_look(desk: Client) -> None:
    assert f'action="{LOOKUP}"' in desk.get("/gestion/").content.decode()
    assert f'action="{LOOKUP}"' not in staff("view_order").get("/gestion/").content.decode()


def test_each_list_is_shown_to_those_who_may_see_it_elsewhere() -> None:
    user = customer()
    order = OrderFactory(establishment=user.establishment)
    siret = user.establishment.siret
    case, admission = CaseFactory(siret=siret), AdmissionFactory(siret=siret)
    everything = {
        "view_order": order.reference, "view_case": case.number, "view_establishment": user.username,
        "view_admission": str(admission.author),
    }  # fmt: skip
    for permission, secret in everything.items():
        page = text_of(look(staff("view_registerentry", permission), siret))
        assert secret in page, permission
        for other in set(everything.values()) - {secret}:
            assert other not in page, (permission, other)


# --- what is asked for


@pytest.mark.parametrize("typed", ["444 462 725 00029", "444.462.725-00029", " 44446272500029\u00a0"])
def test_a_number_is_read_in_the_shape_it_is_dictated(desk: Client, samples: None, typed: str) -> None:
    assert "SIRET 444 462 725 00029" in text_of(look(desk, typed))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "obligatoire"),
        ("44446272500020", "n’existe pas"),
        ("4444627250002", "14 chiffres"),
        ("abc", "que des chiffres"),
        ("9" * 200, "100 caractères"),
    ],
)
def test_what_is_no_number_is_said_beside_the_field_and_kept(desk: Client, typed: str, sentence: str) -> None:
    response = look(desk, typed)
    assert sentence in text_of(response)
    html = response.content.decode()
    assert 'aria-describedby="id_q_error"' in html
    assert f'value="{typed}"' in html


# --- what is shown


def test_everything_known_of_a_firm_is_told_with_the_load_it_comes_from(desk: Client, samples: None) -> None:
    page = text_of(look(desk, BOTH))
    for words in (
        "DYNAMIC", "Verdict : peut commander", "Offre TPE, jusqu’à 1 lot de 6 masques", "11 PL LIBERATION",
        "sample_cci.csv", "sample_cma.csv", "sirene_sample_etablissement.csv", "sirene_sample_unite_legale.csv",
        "par essai", "Unité légale 444462725", "8121ZZ (artisan)",
    ):  # fmt: skip
        assert words in page, words


@pytest.mark.parametrize(
    ("siret", "reason", "outcomes"),
    [
        (BOTH, Reason.ELIGIBLE, ["Oui"] * 6),
        (TOO_LARGE, Reason.TOO_LARGE, ["Oui"] * 3 + ["Non"] + ["Non examiné"] * 2),
        (NOT_AFFILIATED, Reason.NOT_AFFILIATED, ["Oui", "Non"] + ["Non examiné"] * 4),
        ("73282932000074", Reason.UNKNOWN, ["Oui", "Non"] + ["Non examiné"] * 4),
    ],
)
def test_the_verdict_is_explained_line_by_line(
    desk: Client, samples: None, siret: str, reason: Reason, outcomes: list[str]
) -> None:
    response = look(desk, siret)
    assert f"Verdict : {reason.label}".replace("\u00a0", " ") in text_of(response)
    found = re.findall(r'<span class="lookup__outcome">([^<]*)</span>', response.content.decode())
    assert found == outcomes


def test_the_figure_that_decided_stands_out_from_those_that_did_not(desk: Client, samples: None) -> None:
    page = text_of(look(desk, TOO_LARGE))
    assert "CCI, 007 080 773 00182 : tranche 21, entre 50 et 99 salariés, compte pour 99" in page
    assert "Sirene, unité légale : tranche 21, entre 50 et 99 salariés, compte pour 99 (non retenu)" in page


def test_staff_are_told_that_registers_disagree(desk: Client, samples: None) -> None:
    RegisterEntry.objects.filter(siret=BOTH, register="CMA").update(headcount=12)
    page = text_of(look(desk, BOTH))
    assert "ne donnent pas le même effectif" in page
    assert "CMA, 444 462 725 00029 : 12 salariés" in page
    assert "CCI, 444 462 725 00029 : tranche 01, 1 ou 2 salariés, compte pour 2 (non retenu)" in page


def test_a_confidential_firm_is_marked_and_no_mask_is_shown(desk: Client, samples: None, tmp_path: Path) -> None:
    names = ("enseigne1", "numeroVoie", "typeVoie", "libelleVoie", "codePostal", "libelleCommune")
    site = establishment(BOTH, statutDiffusion="P", **dict.fromkeys(names, "[ND]"))
    put_sirene_into_service(written(tmp_path, "etablissements", [site]))
    firm = unit(BOTH[:9], statutDiffusion="P", denomination="[ND]")
    put_sirene_into_service(written(tmp_path, "unites_legales", [firm]), "unites_legales")
    response = look(desk, BOTH)
    assert "Diffusion partielle : nom et adresse ne se communiquent qu’à l’entreprise." in text_of(response)
    assert "[ND]" not in response.content.decode()


def test_a_siren_shows_the_company_and_leads_to_each_of_its_establishments(desk: Client, samples: None) -> None:
    response = look(desk, BOTH[:9])
    assert "Verdict" not in text_of(response)
    button = re.search(rf'<button[^>]* form="([^"]+)" name="q" value="{BOTH}">', response.content.decode())
    assert button
    assert f'action="{LOOKUP}" id="{button[1]}"' in response.content.decode()


# --- what an address tells


def test_no_number_stands_in_an_address_and_a_page_can_be_reloaded(desk: Client, samples: None) -> None:
    first, second = look(desk, BOTH), look(desk, TOO_LARGE)
    for response, siret in ((first, BOTH), (second, TOO_LARGE)):
        [(address, status)] = response.redirect_chain
        assert status == 302
        assert not re.search(r"\d{9}", address)
        again = desk.get(address)
        assert f'value="{siret}"' in again.content.decode()
        assert "Verdict" in text_of(again)


def test_the_address_of_a_look_up_is_worth_nothing_to_anybody_else(desk: Client, samples: None) -> None:
    [(address, _)] = look(desk, BOTH).redirect_chain
    other = staff("view_registerentry").get(address)
    assert other.status_code == 200
    assert BOTH not in other.content.decode()


@pytest.mark.parametrize("query", ["?q=44446272500029", "?recherche=", "?recherche=x", "?recherche=%F0%9F%98%B7"])
def test_an_address_without_a_look_up_asks_for_the_number(desk: Client, query: str) -> None:
    response = desk.get(f"{LOOKUP}{query}")
    assert response.status_code == 200
    assert "Verdict" not in response.content.decode()
    assert BOTH not in response.content.decode()


def test_the_session_forgets_the_oldest_look_ups(desk: Client) -> None:
    for rank in range(25):
        desk.post(LOOKUP, {"q": make_siret("444462725", rank + 1)})
    kept = list(desk.session["lookups"].values())
    assert len(kept) == 20
    assert kept[-1] == make_siret("444462725", 25)


def test_a_case_leads_to_everything_known_of_its_siret(desk: Client, samples: None) -> None:
    case = CaseFactory(siret=BOTH)
    page = desk.get(f"/gestion/eligibility/case/{case.pk}/change/").content.decode()
    assert f'action="{LOOKUP}"' in page
    assert f'name="q" value="{BOTH}"' in page


def test_of_many_establishments_the_one_asked_for_comes_first_and_the_rest_is_counted(
    desk: Client, samples: None
) -> None:
    others = [make_siret(BOTH[:9], rank) for rank in range(100, 140)]
    SireneEstablishment.objects.bulk_create(
        SireneEstablishment(siret=siret, is_open=True, is_confidential=False, is_head_office=False) for siret in others
    )
    response = look(desk, others[-1])
    assert response.context["sites"].rows[0].siret == others[-1]
    assert "Et 16 autres établissements." in text_of(response)


def test_a_number_that_nobody_knows_is_told_so(desk: Client) -> None:
    page = text_of(look(desk, "73282932000074"))
    assert "Aucun registre ne connaît cette entreprise." in page
    assert page.count("le stock n’est pas chargé") == 2
    assert "Verdict : aucun registre en service" in page


def test_the_page_asks_the_same_of_a_large_company_as_of_a_small_one(
    desk: Client, samples: None, django_assert_max_num_queries: Any
) -> None:
    user = customer()
    siren = user.establishment.siren
    SireneUnit.objects.create(siren=siren, is_active=True, is_confidential=False)
    for rank in range(40):
        siret = make_siret(siren, 5000 + rank)
        RegisterEntry.objects.create(siret=siret, register="CCI", opt_in=True, is_open=True)
        CaseFactory(siret=siret)
        OrderFactory(establishment=user.establishment, cancelled=True, ordered_at=timezone.now() - timedelta(days=rank))
    [(address, _)] = look(desk, user.establishment.siret).redirect_chain
    with django_assert_max_num_queries(26):
        desk.get(address)
