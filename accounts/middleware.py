"""The establishment a request acts for."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse


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
