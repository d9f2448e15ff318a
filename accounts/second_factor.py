"""The second factor that the desk asks of staff: who has shown it in this session, and the way to one's first.

allauth keeps in the session how its owner signed in. A session counts when it names a factor that its owner still
has, read afresh with the user at every request: one opened with the password alone does not count, nor one whose
factor was taken away since, wherever and by whom.
"""

import re
import time
from typing import Any, cast

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse
from django.utils.http import urlencode
from django.views.generic.edit import FormView

from .models import User

METHOD = "mfa"
# Where a member of staff wanted to go before a second factor had to be set up.
GOAL = "desk_goal"
# Where a factor is shown; every other page about factors is closed until it has been.
ENTRANCES = {"mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"}


def is_desk(request: HttpRequest) -> bool:
    """Whether this is an address of the desk; signing out there is never refused."""
    match = _match(request)
    is_inside = request.path_info.startswith(reverse("admin:index")) or "admin" in match.app_names
    return is_inside and match.view_name != "admin:logout"


def is_asked(request: HttpRequest) -> bool:
    """Whether this is an address where a factor is shown."""
    return _match(request).url_name in ENTRANCES


def is_guarded(request: HttpRequest) -> bool:
    """Whether this address asks staff for their second factor: the desk, and the factors of whoever has one.

    A session that knows the password alone could otherwise add a factor of its own, or read the recovery codes.
    """
    name = _match(request).url_name or ""
    is_about_factors = name.startswith("mfa_") and name not in ENTRANCES
    return is_desk(request) or (is_about_factors and bool(_user(request).second_factors))


def is_shown(request: HttpRequest) -> bool:
    """Whether this session has shown a factor that its owner still has. Costs no query."""
    factors = _user(request).second_factors
    return any(record.get("id") in factors for record in _records(request, METHOD))


def ask(request: HttpRequest) -> HttpResponse:
    """Lead to where the factor is shown, or to where the first one is set up, and from there to this address."""
    user, here = _user(request), request.get_full_path() if request.method in ("GET", "HEAD") else request.path
    if not user.second_factors:
        request.session[GOAL] = here
        return redirect("mfa_index")
    has_codes = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN).exists()
    page = reverse("mfa_reauthenticate" if has_codes else "mfa_reauthenticate_webauthn")
    return redirect(f"{page}?{urlencode({'next': here})}")


def was_shown_lately(request: HttpRequest) -> bool:
    """Whether staff have just signed in with all they have: then nothing is asked again to set up the first factor."""
    user = _user(request)
    if not user.is_staff:
        return False
    since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    if user.second_factors:
        return any(
            record["at"] > since and record.get("id") in user.second_factors for record in _records(request, METHOD)
        )
    return any(record["at"] > since for record in _records(request, "password"))


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _match(request: HttpRequest) -> ResolverMatch:
    assert request.resolver_match is not None  # asked once the address is known
    return request.resolver_match


def _records(request: HttpRequest, method: str) -> list[dict[str, Any]]:
    return [record for record in get_authentication_records(request, _user(request)) if record["method"] == method]


class _ShownAtOnce(FormView):
    """Whoever has just set up a factor has shown it."""

    kind: Authenticator.Type

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        user = _user(self.request)
        factor = Authenticator.objects.filter(user=user, type=self.kind).latest("pk")
        record_authentication(self.request, user, METHOD, id=factor.pk, type=factor.type)
        return response


class SetUpApplication(_ShownAtOnce, ActivateTOTPView):
    """The secret as a drawing, and in fours for whoever copies it."""

    kind = Authenticator.Type.TOTP

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"secret_in_fours": " ".join(re.findall(".{1,4}", context["form"].secret))}


class SetUpKey(_ShownAtOnce, AddWebAuthnView):
    kind = Authenticator.Type.WEBAUTHN


class RecoveryCodes(ViewRecoveryCodesView):
    """The codes, and for staff the way on to where they wanted to go."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        is_staff = _user(self.request).is_staff
        goal = self.request.session.get(GOAL) or reverse("admin:index")
        return super().get_context_data(**kwargs) | {"goal": goal if is_staff else ""}
