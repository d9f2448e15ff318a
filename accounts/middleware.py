"""Who asks: the sign-in page for strangers, the establishment of a customer, the second factor of staff."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from . import kept, second_factor


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


class SecondFactorMiddleware:
    """Keep staff out of the desk until this session has shown a second factor, whatever door it came through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user = request.user
        if not (user.is_authenticated and user.is_staff and second_factor.is_guarded(request)):
            return None
        if not second_factor.is_shown(request):
            return second_factor.ask(request)
        if second_factor.is_desk(request):
            request.session.pop(second_factor.GOAL, None)
        return None
