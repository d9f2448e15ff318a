"""Who may open a customer's page. `SignInMiddleware` has closed every door; this looks for an establishment."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from .models import Establishment, User

P = ParamSpec("P")


class CustomerRequest(HttpRequest):
    """A request of a signed-in customer, for annotations."""

    user: User
    establishment: Establishment


def customer_required(
    view: Callable[Concatenate[Any, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let customers in; send everybody else where they can go on, with a reason."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if getattr(request, "establishment", None) is None:
            return send_elsewhere(request)
        return view(request, *args, **kwargs)

    return guarded


def send_elsewhere(request: HttpRequest) -> HttpResponse:
    """Tell a user without establishment why this page is not theirs, and where to go."""
    if cast(User, request.user).is_staff:
        messages.info(
            request, "Cette page est celle d’un client\u00a0: votre compte de gestion n’a pas d’établissement."
        )
        return redirect("admin:index")
    messages.info(request, "Votre compte n’est rattaché à aucun établissement\u00a0: indiquez d’abord votre SIRET.")
    return redirect("accounts:signup")


@login_not_required
def desk_login(request: HttpRequest) -> HttpResponse:
    """Take the place of the admin's sign-in page, which knows neither brake nor second factor.

    A signed-in customer is turned away here: sent to the sign-in page, he would be led back to the desk, and so on.
    """
    if request.user.is_authenticated and not request.user.is_staff:
        messages.error(request, "Cette page est réservée au personnel.")
        return redirect("accounts:space")
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{reverse('account_login')}?{query}" if query else "account_login")
