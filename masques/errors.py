"""Error pages: they say what happened, what was kept and what to do, and need neither database nor session."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

STATUS_TEMPLATES = {400: "400.html", 403: "403.html", 404: "404.html", 500: "500.html"}


def _page(request: HttpRequest, status: int) -> HttpResponse:
    return render(request, STATUS_TEMPLATES[status], status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say it without context processors: the database or the cache may be what failed."""
    request_id = getattr(request, "request_id", "")
    return HttpResponse(render_to_string("500.html", {"request_id": request_id}), status=500)
