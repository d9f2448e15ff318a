"""A name for every request, and the staff pages' own content policy."""

import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class RequestIdMiddleware:
    """Give the request a short id, shown on the error page and sent back as `X-Request-Id`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = secrets.token_hex(4)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class DeskPolicyMiddleware:
    """Put the Content-Security-Policy of `/gestion/` on its pages; the shop's strict one is django-csp's work."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/gestion/"):
            response["Content-Security-Policy"] = settings.DESK_CONTENT_SECURITY_POLICY
        return response
