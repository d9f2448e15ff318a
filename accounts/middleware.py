"""Who asks: the sign-in page for whoever is not signed in, the establishment for a customer."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from . import kept


class SignInMiddleware(LoginRequiredMiddleware):
    """Close every door; somebody whose session ended over a form is told so, and what was typed is kept."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        if request.method == "POST":
            return kept.ask_to_sign_in(request, view_func)
        return super().handle_no_permission(request, view_func)


class EstablishmentMiddleware:
    """Set `request.establishment` before the view: the signed-in customer's, or None.

    It comes with the user, whom `AccountBackend` fetches together with establishment and company: no query more.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        request.establishment = getattr(request.user, "establishment", None)  # type: ignore[attr-defined]
