"""Step 1: the recipient and the address, field by field."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from accounts.models import DeliveryProfile
from orders.models import Order
from tests.orders.conftest import DELIVERY, draft_of, text_of

REQUIRED = "Ce champ est obligatoire."
TOO_LONG = "35\u00a0caractères au maximum."
NO_BOX = "Colissimo ne livre pas les boîtes postales\u00a0: indiquez une adresse de rue."
STREET = "Numéro et voie\u00a0: 35\u00a0caractères au maximum. Abrégez, par exemple AV, BD."
FIVE_DIGITS = "Le code postal comporte 5\u00a0chiffres."
MOBILE = "Indiquez un numéro de mobile, par exemple 06\u00a012\u00a034\u00a056\u00a078 ou 0690\u00a012\u00a034\u00a056."
PHONE = "Indiquez un numéro français à 10\u00a0chiffres, par exemple 06\u00a012\u00a034\u00a056\u00a078."
EMAIL = "Indiquez une adresse e-mail complète, par exemple nom@entreprise.fr."


@pytest.fixture
def order(user):
    return draft_of(user)


@pytest.fixture
def send(browser, order):
    def post(**changes: str):
        typed = {name: value for name, value in (DELIVERY | changes).items() if value is not None}
        return browser.post(reverse("orders:delivery", args=[order.reference]), typed)

    return post


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("legal_name", "", REQUIRED),
        ("legal_name", "X" * 36, TOO_LONG),
        ("legal_name", "X" * 10_000, TOO_LONG),
        ("department", "X" * 36, TOO_LONG),
        ("department", "總務", "Nous ne pouvons pas imprimer\u00a0: 務 總. Écrivez en lettres latines."),
        ("city", "PARIS \U0001f600", "Nous ne pouvons pas imprimer\u00a0: \U0001f600. Écrivez en lettres latines."),
        ("contact_name", "สมชาย", "Nous ne pouvons pas imprimer\u00a0: ช ม ย ส า. Écrivez en lettres latines."),
        ("contact_name", "   ", REQUIRED),
        ("email", "camille", EMAIL),
        ("email", "a" * 80 + "@entreprise.example", "80\u00a0caractères au maximum."),
        ("mobile", "", REQUIRED),
        ("mobile", "01 42 34 56 78", MOBILE),
        ("mobile", "+44 7911 123456", MOBILE),
        ("mobile", "6" * 10_000, MOBILE),
        ("phone", "12", PHONE),
        ("purchase_order", "X" * 31, "30\u00a0caractères au maximum."),
        ("street_number", "123456789", "8\u00a0caractères au maximum."),
        ("street_name", "", REQUIRED),
        ("street_name", "RUE DE LA TRES LONGUE RUE DES VIGNES", TOO_LONG),
        ("street_name", "RUE DE LA LONGUE RUE DES VIGNERONS", STREET),
        ("street_name", "BP 12", NO_BOX),
        ("street_name", "B.P. 12", NO_BOX),
        ("hamlet", "CS 30012", NO_BOX),
        ("address_extra", "TSA 50 000", NO_BOX),
        ("building", "Boîte postale 4", NO_BOX),
        ("city", "LIBOURNE CEDEX", NO_BOX),
        ("city", "PARIS CEDEX 13", NO_BOX),
        ("postal_code", "", REQUIRED),
        ("postal_code", "3560", FIVE_DIGITS),
        ("postal_code", "356000", FIVE_DIGITS),
        ("postal_code", "2A004", FIVE_DIGITS),
        ("postal_code", "７５０１５", FIVE_DIGITS),
        ("postal_code", "1" * 10_000, FIVE_DIGITS),
        ("postal_code", "97150", "Nous ne livrons pas ce territoire. Écrivez-nous à aide@masques.example."),
        ("postal_code", "98800", "Nous ne livrons pas ce territoire. Écrivez-nous à aide@masques.example."),
        ("city", "", REQUIRED),
    ],
)
def test_each_mistake_has_its_sentence_and_nothing_typed_is_lost(send, order, field, typed, error):
    page = send(**{field: typed})
    assert page.status_code == 200
    form = page.context["form"]
    assert form.errors[field] == [error]
    kept = {name: form[name].value() for name in DELIVERY if name not in (field, "sms_wanted")}
    assert kept == {name: DELIVERY[name] for name in kept}
    assert "1\u00a0point à corriger" in text_of(page)
    order.refresh_from_db()
    assert order.legal_name != DELIVERY["legal_name"]


def test_mistakes_are_summed_up_in_the_order_of_the_page(send):
    page = send(city="", mobile="12", legal_name="")
    assert list(page.context["form"].errors) == ["legal_name", "mobile", "city"]


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("legal_name", "  L’ATELIER\u00a0 & FILS\t", "L’ATELIER & FILS"),
        ("legal_name", "ATELIER\r\nBcc: x@y.z", "ATELIER Bcc: x@y.z"),
        ("contact_name", "Łukasz Jōji", "Łukasz Joji"),
        ("mobile", "0690 12 34 56", "+590690123456"),
        ("mobile", "+262 692 12 34 56", "+262692123456"),
        ("mobile", "06.39.98.00.02", "+33639980002"),
        ("phone", "01 42 34 56 78", "+33142345678"),
        ("phone", "", ""),
        ("postal_code", "35 600", "35600"),
        ("street_name", "RUE DE LA LONGUE RUE DES VIGNES", "RUE DE LA LONGUE RUE DES VIGNES"),
        ("city", "SAINT-BPOLIN", "SAINT-BPOLIN"),
        ("sms_wanted", None, False),
    ],
)
def test_what_is_well_formed_is_kept_in_its_shortest_form(send, order, field, typed, kept):
    assert send(**{field: typed}).status_code == 302
    order.refresh_from_db()
    assert getattr(order, field) == kept


def test_an_unknown_postal_code_is_a_warning_and_insisting_is_enough(send, order):
    page = send(postal_code="33506", city="LIBOURNE")
    assert "Nous ne connaissons pas ce code postal." in text_of(page)
    assert '<input type="hidden" name="checked_postal_code" value="33506">' in text_of(page)
    assert Order.objects.get().postal_code == "35600"
    # Another unknown code is asked about again.
    assert send(postal_code="33507", city="LIBOURNE", checked_postal_code="33506").status_code == 200
    assert send(postal_code="33506", city="LIBOURNE", checked_postal_code="33506").status_code == 302
    assert Order.objects.get().postal_code == "33506"


def test_a_territory_that_opens_later_says_when(send, settings):
    opening = datetime(2030, 5, 11, tzinfo=ZoneInfo("Europe/Paris"))
    settings.ZONE_OPENS_AT = settings.ZONE_OPENS_AT | {"GF_YT": opening}
    page = send(postal_code="97300", city="CAYENNE")
    assert page.context["form"].errors["postal_code"] == [
        "Les commandes pour ce territoire ouvrent le samedi 11 mai 2030."
    ]


def test_delivery_in_another_price_zone_shows_the_old_and_the_new_total(browser, send, order):
    page = send(postal_code="97300", city="CAYENNE")
    page = text_of(browser.get(page["Location"]))
    assert "Le tarif dépend du lieu de livraison\u00a0: le total passe de 97,59\u00a0€ à 98,38\u00a0€ TTC." in page
    assert "TVA non applicable – article 294, 1 du CGI" in page
    assert "1 à 2\u00a0semaines après l’expédition" in page


def test_communes_of_the_postal_code_are_offered_and_free_text_is_allowed(browser, send, order):
    page = browser.get(reverse("orders:delivery", args=[order.reference]))
    assert 'list="communes"' in text_of(page)
    assert '<option value="Redon">' in text_of(page) or '<option value="REDON">' in text_of(page)
    assert send(city="LIEU INCONNU").status_code == 302


def test_the_address_is_kept_for_the_next_time_where_the_customer_says_so(send):
    send()
    assert not DeliveryProfile.objects.exists()
    send(save_address="on")
    assert DeliveryProfile.objects.get().contact_name == "Camille Martin"


def test_interrupting_keeps_what_is_typed_and_well_formed(browser, order):
    typed = DELIVERY | {"contact_name": "Dominique Petit", "mobile": "12", "postal_code": "97200", "city": ""}
    page = browser.post(reverse("orders:interrupt", args=[order.reference]), typed, follow=True)
    assert "Votre demande est gardée 30\u00a0jours." in text_of(page)
    order.refresh_from_db()
    assert (order.contact_name, order.mobile, order.zone) == ("Dominique Petit", "+33639980001", "GP_MQ_RE")


def test_the_step_costs_few_queries(browser, order, django_assert_max_num_queries):
    url = reverse("orders:delivery", args=[order.reference])
    with django_assert_max_num_queries(4):
        browser.get(url)
    with django_assert_max_num_queries(4):
        browser.post(url, DELIVERY)
