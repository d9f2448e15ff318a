import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eligibility.cases.models import Case
from eligibility.check import check
from eligibility.models import Admission, Register, RegisterLoad, RegisterRollback, SireneLoad
from tests.eligibility.conftest import SAMPLES, put_into_service, put_sirene_into_service, sirets
from tests.factories import AdmissionFactory, CaseFactory, RegisterFactory, UserFactory

pytestmark = pytest.mark.django_db
SIRET = sirets(1)[0]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(UserFactory(staff=True, is_superuser=True))
    return client


def page(client: Client, model: type, kind: str = "changelist", *args: Any, **query: Any) -> Any:
    return client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args), query)  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", [Register, RegisterLoad, RegisterRollback, Admission, Case])
def test_lists_and_sheets_can_be_opened(staff: Client, model: type) -> None:
    put_into_service(SAMPLES / "sample_cma.csv", "cma")
    one = RegisterLoad.objects.get()
    RegisterRollback.objects.create(register_id="CMA", withdrawn=one, restored=one, at=timezone.now(), by="essai")
    AdmissionFactory()
    CaseFactory()
    assert page(staff, model).status_code == 200
    assert page(staff, model, "change", model.objects.first().pk).status_code == 200  # type: ignore[attr-defined]


def test_lists_take_the_same_queries_for_one_row_and_for_twenty(
    staff: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(20):
        AdmissionFactory(network=RegisterFactory(code=f"R{number}"))
        CaseFactory()
    for model in (Register, Admission, Case):
        with django_assert_max_num_queries(12):
            page(staff, model)


def test_a_load_is_read_only(staff: Client) -> None:
    put_into_service(SAMPLES / "sample_cma.csv", "cma")
    load = RegisterLoad.objects.get()
    assert page(staff, RegisterLoad, "add").status_code == 403
    assert page(staff, RegisterLoad, "delete", load.pk).status_code == 403
    assert staff.post(reverse("admin:eligibility_registerload_change", args=[load.pk]), {}).status_code == 403


def test_a_load_shows_the_report_that_its_operator_read(staff: Client) -> None:
    report = put_into_service(SAMPLES / "sample_cma.csv", "cma")
    shown = html.unescape(page(staff, RegisterLoad, "change", RegisterLoad.objects.get().pk).content.decode())
    lines = list(report.lines())
    assert len(lines) > 5
    assert "\n".join(lines) in shown
    assert "overridden" not in shown


def test_a_load_of_sirene_shows_its_report_too(staff: Client) -> None:
    report = put_sirene_into_service(SAMPLES / "sirene_sample_etablissement.csv")
    shown = html.unescape(page(staff, SireneLoad, "change", SireneLoad.objects.get().pk).content.decode())
    assert "\n".join(report.lines()) in shown


@pytest.mark.parametrize("dictated", ["RS{pk:06d}", "rs {pk:06d}", "{spaced}", "{email}"])
def test_a_case_is_found_by_what_a_caller_dictates(staff: Client, dictated: str) -> None:
    case = CaseFactory(siret=SIRET)
    CaseFactory()
    spaced = f"{SIRET[:3]} {SIRET[3:6]}\u00a0{SIRET[6:9]}.{SIRET[9:]}"
    found = page(staff, Case, q=dictated.format(pk=case.pk, spaced=spaced, email=case.email.upper()))
    assert list(found.context["cl"].result_list) == [case]


def test_an_impossible_case_number_finds_nothing(staff: Client) -> None:
    CaseFactory()
    for query in ("RS" + "9" * 40, "RS٣", "RS²"):
        assert list(page(staff, Case, q=query).context["cl"].result_list) == []


def granted(**changes: Any) -> dict[str, Any]:
    expires_on = timezone.localdate() + timedelta(days=30)
    return {
        "siret": SIRET, "legal_name": "MENUISERIE MARTIN", "headcount": "12", "network": "CMA", "territory": "METRO",
        "expires_on": f"{expires_on:%d/%m/%Y}",
    } | changes  # fmt: skip


def test_an_admission_lets_the_company_order_and_names_its_author(
    staff: Client, put_in_service: Callable[..., None]
) -> None:
    put_in_service("CMA")
    spaced = f"{SIRET[:3]} {SIRET[3:6]} {SIRET[6:9]} {SIRET[9:]}"
    response = staff.post(reverse("admin:eligibility_admission_add"), granted(siret=spaced))
    assert response.status_code == 302, response.context["errors"]
    admission = Admission.objects.get()
    assert (admission.siret, admission.siren, admission.author) == (SIRET, SIRET[:9], response.wsgi_request.user)
    assert check(SIRET, at=timezone.now()).is_eligible


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"siret": "73282932000075"}, "siret"),
        ({"headcount": "50"}, "headcount"),
        ({"expires_on": "31/12/2199"}, "expires_on"),
    ],
)
def test_an_admission_that_could_not_order_is_refused(staff: Client, changes: dict[str, str], field: str) -> None:
    RegisterFactory(code="CMA")
    page = staff.post(reverse("admin:eligibility_admission_add"), granted(**changes))
    assert set(page.context["adminform"].form.errors) == {field}


def test_changing_an_admission_keeps_its_author(staff: Client) -> None:
    admission = AdmissionFactory(network=RegisterFactory(code="CMA"))
    author = admission.author
    staff.post(
        reverse("admin:eligibility_admission_change", args=[admission.pk]),
        granted(siret=admission.siret, headcount="7"),
    )
    admission.refresh_from_db()
    assert (admission.headcount, admission.author) == (7, author)


def test_a_new_admission_lasts_a_year_unless_said_otherwise(staff: Client) -> None:
    initial = page(staff, Admission, "add").context["adminform"].form.initial["expires_on"]
    assert initial == timezone.localdate() + timedelta(days=365)


def test_a_register_is_added_as_a_row_and_keeps_its_code(staff: Client) -> None:
    staff.post(reverse("admin:eligibility_register_add"), {"code": "ASSO", "label": "Associations"})
    register = Register.objects.get()
    staff.post(
        reverse("admin:eligibility_register_change", args=["ASSO"]), {"code": "AUTRE", "label": "Associations loi 1901"}
    )
    register.refresh_from_db()
    assert (register.code, register.label) == ("ASSO", "Associations loi 1901")


def test_a_code_in_small_letters_is_refused_with_a_sentence(staff: Client) -> None:
    page = staff.post(reverse("admin:eligibility_register_add"), {"code": "asso 1", "label": "Associations"})
    assert "capitales" in str(page.context["adminform"].form.errors)


def test_the_list_of_registers_shows_the_load_in_service(staff: Client) -> None:
    put_into_service(SAMPLES / "sample_cma.csv", "cma")
    RegisterFactory(code="ASSO")
    rows = {register.code: register.rows for register in Register.objects.with_active_load()}
    assert rows == {"CMA": 4, "ASSO": None}
