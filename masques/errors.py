"""Error pages: they say what happened, what was kept and what to do, and need neither database nor session."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from accounts import kept
from orders.errors import NoSuchOrderError

STATUS_TEMPLATES = {400: "400.html", 403: "403.html", 404: "404.html", 405: "405.html", 413: "413.html"}


def _page(request: HttpRequest, status: int) -> HttpResponse:
    return render(request, STATUS_TEMPLATES[status], status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A draft deleted in another tab and a stranger's order read alike: nobody learns which references exist."""
    if isinstance(exception, NoSuchOrderError):
        return render(request, "orders/not_found.html", status=404)
    return _page(request, 404)


def wrong_method(request: HttpRequest, refusal: HttpResponse) -> HttpResponse:
    """A page in the place of an empty refusal, with the methods that it names."""
    response = _page(request, 405)
    response["Allow"] = refusal["Allow"]
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show the page anew, filled in, where that is possible; else say how to come by what was typed."""
    return kept.show_again(request) or render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say it without context processors: the database or the cache may be what failed."""
    context = {"request_id": getattr(request, "request_id", ""), "support_email": settings.SUPPORT_EMAIL}
    return HttpResponse(render_to_string("500.html", context), status=500)
