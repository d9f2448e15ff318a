"""What the customer is told: word for word, once, and within an SMS."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from notifications import rendering
from notifications.models import Message
from notifications.sms import gsm7, sms_length
from orders import catalogue
from tests.factories import OrderFactory, UserFactory
from tests.journeys import order_of

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 5, 12, tzinfo=PARIS)


@pytest.fixture
def order(user):
    return order_of(user, lots=3, at=NOON)


def test_the_confirmation_says_what_when_and_how_to_pay(order):
    message = Message.objects.get()
    assert message.subject == f"Commande {order.reference} enregistrée – à régler d’ici au 12/11/2026"
    assert (message.recipient, message.about) == (order.email, order.reference)
    body = f"""Bonjour,

Nous avons bien enregistré votre commande {order.reference} du jeudi 5 novembre 2026.

3 lots de 40 masques en tissu lavables, soit 120 masques
Total HT : 277,50 €
TVA 5,5 % : 15,26 €
Total TTC : 292,76 €, livraison incluse

Livraison : {order.legal_name}, Camille Martin, 14 RUE DE BRIANGAUD, 35600 REDON

Règlement attendu jusqu’au jeudi 12 novembre 2026 inclus (heure de Paris). Si vous n’avez pas encore payé :
http://testserver/commandes/{order.reference}/

La préparation et la livraison ne sont déclenchées qu’après le règlement. \
Sans règlement à cette date, la commande est annulée sans frais.

Prochaine commande possible à partir du jeudi 19 novembre 2026.
Vous pouvez annuler tant que la commande n’est pas réglée : http://testserver/commandes/{order.reference}/
Les conditions générales acceptées (version du 01/11/2026) sont consultables ici : http://testserver/cgv/.
"""
    assert message.body_text.replace("\u00a0", " ").startswith(body.rstrip(".\n"))


@pytest.mark.parametrize(
    ("reason", "by_whom"),
    [("", "à votre demande"), ("adresse introuvable", "par notre service client\u00a0: adresse introuvable")],
)
def test_a_cancellation_says_by_whom_and_that_nothing_was_charged(order, reason, by_whom):
    order.cancel(at=NOON, by=UserFactory(staff=True), reason=reason)
    message = Message.objects.get(kind="orders/order_cancelled")
    assert message.subject == f"Commande {order.reference} annulée"
    assert f"Votre commande {order.reference} du jeudi 5 novembre 2026 est annulée {by_whom}." in message.body_text
    assert "Rien n’a été débité et aucune facture n’est émise." in message.body_text
    assert "http://testserver/commander/" in message.body_text


def test_an_expiry_names_the_announced_day_and_never_the_grace(order):
    assert order.expire(at=order.expires_from)
    message = Message.objects.get(kind="orders/order_expired")
    assert message.subject == f"Commande {order.reference} annulée faute de règlement"
    assert "est passé le jeudi 12 novembre 2026." in message.body_text
    assert "vendredi 13" not in message.body_text


def test_no_sms_by_default_and_one_where_the_operator_and_the_customer_want_it(user, settings):
    catalogue.seed()
    order_of(user, at=NOON).cancel(at=NOON, by=user)
    assert not Message.objects.filter(channel="sms").exists()

    settings.SMS_ORDER_KINDS = ["order_confirmed"]
    order = order_of(user, at=NOON)
    sms = Message.objects.get(channel="sms")
    assert (sms.recipient, sms.about) == (order.mobile, order.reference)
    order.cancel(at=NOON, by=user)
    assert Message.objects.filter(channel="sms").count() == 1


def test_who_does_not_want_sms_gets_none(user, settings):
    settings.SMS_ORDER_KINDS = ["order_confirmed"]
    user.sms_wanted = False
    order_of(user, at=NOON)
    assert not Message.objects.filter(channel="sms").exists()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            "order_confirmed",
            "masques-pme : commande ECTZ326 enregistrée, 1 234,56 EUR TTC à régler jusqu'au 12/11 inclus. {link}",
        ),
        ("order_cancelled", "masques-pme : votre commande ECTZ326 est annulée. Détails : {link}"),
        (
            "order_expired",
            "masques-pme : commande ECTZ326 annulée faute de règlement. Vous pouvez commander de nouveau : {link}",
        ),
    ],
)
def test_an_sms_fits_into_one_with_the_longest_values(db, kind, text):
    order = OrderFactory(reference="ECTZ326", ordered_at=NOON)
    order.total_incl_vat = Decimal("1234.56")
    link = "https://" + "x" * 44
    sent = gsm7(rendering.sms(f"orders/{kind}", {"order": order, "link": link}))
    assert sent == text.format(link=link)
    assert sms_length(sent) <= 160
