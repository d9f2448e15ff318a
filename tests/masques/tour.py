"""A walk past every page of the shop: for tests of what holds on all of them."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from eligibility.check import check
from orders import checkout
from orders.models import Order
from shipping import preparation
from shipping.models import Shipment
from tests.factories import PASSWORD, CaseFactory, UserFactory
from tests.journeys import customer, order_of
from tests.shipping.conftest import pay

PARCEL = "6A12345678901"
NOW = timezone.now()
CASES: dict[str, dict[str, object]] = {
    "received": {"message": "Inscrite depuis mars."},
    "documents_requested": {"documents_wanted": "- extrait Kbis\n- attestation Urssaf", "documents_requested_at": NOW},
    "documents_received": {"documents_received_at": NOW, "due_at": NOW + timedelta(hours=48)},
    "accepted": {"decided_at": NOW},
    "refused": {"decided_at": NOW, "refusal": "l’établissement est fermé"},
    "closed": {"closed_at": NOW},
}
SIGNUP = {"password1": PASSWORD, "password2": PASSWORD}


@dataclass
class Visit:
    """One person's browser and the pages that are drawn for this person, by a name for the test's report."""

    client: Client
    pages: dict[str, str] = field(default_factory=dict)
    order: Order | None = None

    def see(self) -> dict[str, HttpResponse]:
        """Open every page."""
        return {name: self.client.get(url) for name, url in self.pages.items()}


def named(*names: str) -> dict[str, str]:
    return {name: reverse(name) for name in names}


def of_order(order: Order, *names: str) -> dict[str, str]:
    return {f"{name} ({order.status})": reverse(name, args=[order.reference]) for name in names}


def sign_in(user: User) -> Client:
    """Sign in as a person does, and type the password once more, as the pages about credentials ask."""
    client = Client()
    for path, data in (("/connexion/", {"login": user.username}), ("/connexion/confirmation/", {})):
        answer = client.post(path, data | {"password": PASSWORD})
        assert answer.status_code == 302, answer.content
    return client


def visitor() -> Visit:
    """A stranger: all that is public, up to the second step of sign-up."""
    siret = customer_to_be().establishment.siret
    User.objects.filter(establishment__siret=siret).delete()
    client = Client()
    assert client.post("/inscription/", {"siret": siret}).status_code == 302
    pages = named(
        "home", "orders:product", "orders:prices", "accounts:signup", "accounts:signup_account", "account_login",
        "account_reset_password", "account_reset_password_done", "account_inactive", "eligibility:case_new",
        "shipping:search", "pages:help", "pages:legal", "pages:terms", "pages:privacy", "pages:accessibility",
        "pages:sitemap",
    )  # fmt: skip
    for state, facts in CASES.items():
        pages[f"eligibility:case ({state})"] = reverse(
            "eligibility:case", args=[CaseFactory(state=state, **facts).token]
        )
    pages["shipping:track"] = reverse("shipping:track", args=[PARCEL])
    return Visit(client, pages)


def newcomer() -> Visit:
    """Somebody who has signed up and waits for the e-mailed code."""
    visit = visitor()
    names = {"username": "nouveau.client", "username2": "nouveau.client"}
    emails = {"email": "nouveau@entreprise.example", "email2": "nouveau@entreprise.example"}
    answer = visit.client.post("/inscription/compte/", names | emails | SIGNUP)
    assert answer.status_code == 302, answer.content
    return Visit(visit.client, named("account_email_verification_sent"))


def customer_to_be() -> User:
    return customer(headcount=49)


def with_nothing() -> Visit:
    """A customer who has just come: everything about the account, and the offer."""
    pages = named(
        "accounts:space", "accounts:profile", "accounts:company", "accounts:credentials", "accounts:change_username",
        "account_change_password", "account_email", "account_logout", "mfa_index", "mfa_activate_totp",
        "mfa_list_webauthn", "mfa_add_webauthn", "account_reauthenticate", "orders:shop", "orders:list",
        "billing:invoices", "pages:help",
    )  # fmt: skip
    return Visit(sign_in(customer_to_be()), pages)


def with_draft() -> Visit:
    """A customer whose draft is ready for its summary."""
    user = customer_to_be()
    now = timezone.now()
    order = checkout.open_draft(
        user.establishment, by=user, verdict=check(user.establishment.siret, at=now), lots=2, at=now
    )
    pages = named("accounts:space", "orders:shop", "orders:list") | of_order(
        order, "orders:delivery", "orders:documents", "orders:summary", "orders:cancel"
    )
    return Visit(sign_in(user), pages, order)


def with_unpaid() -> Visit:
    """A customer who pays later."""
    user = customer_to_be()
    order = order_of(user, lots=3, at=timezone.now())
    pages = named("accounts:space", "orders:shop", "orders:list", "billing:invoices") | of_order(
        order, "orders:order", "orders:summary", "orders:cancel", "billing:return"
    )
    return Visit(sign_in(user), pages, order)


def with_parcel() -> Visit:
    """A customer whose parcel is on its way."""
    user = customer_to_be()
    order = pay(order_of(user, lots=3, at=timezone.now()))
    preparation.open_missing()
    now = timezone.now()
    Shipment.objects.filter(order=order).update(
        status="ready_for_pickup", prepared_at=now, shipped_at=now, parcel_number=PARCEL
    )
    Shipment.objects.get(order=order).events.create(code="AG1", at=now, point="Bureau de poste de Redon")
    pages = named("accounts:space", "orders:shop", "orders:list", "billing:invoices") | of_order(
        order, "orders:order", "orders:summary", "orders:cancel", "billing:return"
    )
    return Visit(sign_in(user), pages | {"shipping:track": reverse("shipping:track", args=[PARCEL])}, order)


def staff() -> Visit:
    """A member of staff on the pages that are the shop's."""
    user = UserFactory(staff=True)
    return Visit(sign_in(user), named("home", "pages:help", "accounts:credentials"))


PUBLIC = (visitor, newcomer)
PRIVATE = (with_nothing, with_draft, with_unpaid, with_parcel)
EVERYBODY = (*PUBLIC, *PRIVATE, staff)
