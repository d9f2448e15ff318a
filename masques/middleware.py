"""What holds for every request: its name, addresses that can be looked up, who may keep a page, the desk's policy."""

import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from . import errors

NO_DEVICES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"  # no page of ours asks for any


class RequestIdMiddleware:
    """Give the request a short id, shown on the error page and sent back as `X-Request-Id`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = secrets.token_hex(4)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        response["Permissions-Policy"] = NO_DEVICES
        return response


class NoNulMiddleware:
    """Refuse an address or a cookie with a NUL in it: PostgreSQL takes none, and every look-up would have to know.

    In what is typed Django's form fields refuse it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        if any("\0" in value for value in request.COOKIES.values()):
            raise BadRequest("NUL in a cookie")
        return self.get_response(request)


class PrivatePagesMiddleware:
    """Let nobody keep a page drawn for somebody: whoever has a session reads names, addresses, prices of his own.

    Without this, the next person at a shared computer reads them with the "back" button after signing out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class WrongMethodMiddleware:
    """Give a browser a page to read where a view says 405 and nothing more; other clients need the header only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_browser = "text/html" in request.headers.get("Accept", "")
        return errors.wrong_method(request, response) if response.status_code == 405 and is_browser else response


class DeskPolicyMiddleware:
    """Put the Content-Security-Policy of `/gestion/` on its pages; the shop's strict one is django-csp's work.

    A file that a stranger sent brings a stricter one of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/gestion/"):
            response.headers.setdefault("Content-Security-Policy", settings.DESK_CONTENT_SECURITY_POLICY)
        return response
