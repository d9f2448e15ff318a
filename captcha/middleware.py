"""The Content-Security-Policy of the few pages that offer Google's test."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from captcha import google


class GoogleTestPolicyMiddleware:
    """Allow Google's script and frame on a page whose form offers them; every other page keeps the strict policy.

    Stands below CSPMiddleware, which writes the header from what is left on the response here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "offers_google_test", False):
            response._csp_update = google.content_security_policy()  # type: ignore[attr-defined]
        return response
