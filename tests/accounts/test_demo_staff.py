"""The demo's staff: there at every start, with a second factor whose code the sandbox can tell, and in a demo only."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from masques import groups
from sandbox import environment, totp
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

CODE = "/identifiants/double-authentification/connexion/"


@pytest.fixture
def staff(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> list[dict[str, str]]:
    """The environment of a demo; gives who works there."""
    settings.DEMO = True
    members = environment.staff(environment.keep_secrets(tmp_path))
    monkeypatch.setenv("DEMO_STAFF", json.dumps(members))
    monkeypatch.setenv("DEMO_STAFF_PASSWORD", PASSWORD)
    groups.seed()
    return members


def test_everybody_signs_in_with_the_code_that_the_sandbox_tells_again_and_again(staff: list[dict[str, str]]) -> None:
    for _ in range(2):
        call_command("demo_staff")
    for member in staff:
        client = Client()
        assert (
            client.post("/connexion/", {"login": member["username"], "password": PASSWORD}).headers["Location"] == CODE
        )
        assert client.post(CODE, {"code": totp.code(member["secret"])}).headers["Location"] == "/gestion/"
        call_command("demo_staff")
        assert client.get("/gestion/").status_code == 200, "still right: keeps its sessions"
        user = User.objects.get(username=member["username"])
        assert user.is_superuser is not bool(member["group"])
        assert [group.name for group in user.groups.all()] == [member["group"]][: bool(member["group"])]
        assert user.emailaddress_set.get().verified
        assert set(Authenticator.objects.filter(user=user).values_list("type", flat=True)) == {"totp", "recovery_codes"}
    assert {member["group"] for member in staff} == {"", *groups.ROLES}


def test_another_secret_takes_the_place_of_the_first(
    staff: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("demo_staff")
    monkeypatch.setenv("DEMO_STAFF", json.dumps([staff[0] | {"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}]))
    call_command("demo_staff")
    factor = Authenticator.objects.get(user__username="equipe", type="totp")
    assert factor.data["secret"] == "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_outside_a_demo_there_is_no_such_staff(staff: list[dict[str, str]], settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="demo"):
        call_command("demo_staff")
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["DEMO_STAFF", "DEMO_STAFF_PASSWORD"])
def test_the_environment_must_say_who_and_how(
    staff: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(CommandError, match=name):
        call_command("demo_staff")


def test_the_password_is_told_to_nobody(staff: list[dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo_staff")
    assert PASSWORD not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("at", "expected"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_sandbox_computes_as_the_norm_does(at: int, expected: str) -> None:
    """RFC 6238, appendix B, the last six digits; and as the shop does."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp.code(secret, at) == expected
    assert format_hotp_value(hotp_value(secret, at // 30)) == expected
