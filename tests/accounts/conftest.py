"""A SIRET that may sign up, and a visitor who does it as the browser would."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import altcha
import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from eligibility.models import Register, RegisterEntry, RegisterLoad
from notifications.models import Message
from tests.factories import PASSWORD, make_siren, make_siret

CODE = re.compile(r"^[A-Z]{4}-[A-Z]{4}$", re.MULTILINE)


@pytest.fixture
def register(db: None) -> Callable[..., str]:
    """Put an establishment into a register that is in service; gives its SIRET."""
    now = timezone.now()
    cci, _ = Register.objects.get_or_create(code="CCI", defaults={"label": "CCI"})
    counts = dict.fromkeys(("read", "rejected", "added", "changed", "removed", "unchanged", "total"), 0)
    RegisterLoad.objects.create(
        register=cci, mode="full", file_name="test.csv", sha256="0", report={}, started_at=now, finished_at=now,
        loaded_by="test", **{f"rows_{name}": number for name, number in counts.items()},
    )  # fmt: skip

    def add(number: int = 1, **facts: Any) -> str:
        siret = make_siret(make_siren(5000 + number))
        RegisterEntry.objects.create(
            **{
                "siret": siret, "register": "CCI", "legal_name": "LE GAL", "chamber": "CCI Ille-et-Vilaine",
                "headcount_code": "12", "street": "14 RUE DE BRIANGAUD", "postal_code": "35600", "city": "REDON",
                "naf": "23.70Z", "opt_in": True, "is_open": True, "updated_on": date(2020, 5, 1),
            } | facts
        )  # fmt: skip
        return str(facts.get("siret", siret))

    return add


def solve(client: Client) -> str:
    """Answer the captcha of the sign-up form as its widget does."""
    challenge = altcha.Challenge.from_dict(client.get("/captcha/?form=signup").json())
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return str(altcha.Payload(challenge, solution).to_base64())


@dataclass
class Visitor:
    """Somebody who signs up; `client` is the browser."""

    siret: str
    username: str = "legal.redon"
    email: str = "atelier@legal.example"
    password: str = PASSWORD
    client: Client = field(default_factory=Client)

    def choose_siret(self) -> HttpResponse:
        return self.client.post("/inscription/", {"siret": self.siret})  # type: ignore[return-value]

    def form(self, **changes: str) -> dict[str, str]:
        return {
            "username": self.username, "username2": self.username, "password1": self.password,
            "password2": self.password, "email": self.email, "email2": self.email, "captcha": solve(self.client),
        } | changes  # fmt: skip

    def sign_up(self, **changes: str) -> HttpResponse:
        self.choose_siret()
        return self.client.post("/inscription/compte/", self.form(**changes))  # type: ignore[return-value]

    def confirm(self, code: str = "") -> HttpResponse:
        data = {"code": code or last_code(self.email)}
        return self.client.post("/inscription/verification/", data)  # type: ignore[return-value]


def letters(kind: str = "", to: str = "") -> list[Message]:
    """Letters in the outbox, newest first."""
    found = Message.objects.order_by("-pk")
    if kind:
        found = found.filter(kind=f"accounts/{kind}")
    if to:
        found = found.filter(recipient=to)
    return list(found)


def last_code(to: str) -> str:
    found = CODE.search(letters("account_confirmation", to)[0].body_text)
    assert found
    return found.group()


def read(response: Any) -> str:
    """The page, its no-break spaces made plain."""
    return response.content.decode().replace("&nbsp;", " ").replace("\u00a0", " ")
