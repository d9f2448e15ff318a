"""What was typed into a form that could not be taken, because the session had ended or the page was too old.

It waits in a signed cookie that only the form's own page receives, for a quarter of an hour: nothing is stored here
for somebody who is not signed in, and nothing typed is carried out later. The page shows it once, to be sent again.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

COOKIE = SALT = "typed"
LIFETIME = 15 * 60  # seconds
LONGEST = 3_500  # characters: browsers refuse a cookie of more than 4096, its name and attributes included

SESSION_ENDED = "Votre session a pris fin."
IS_KEPT = f"{SESSION_ENDED} Identifiez-vous\u00a0: ce que vous avez saisi est conservé."
IS_NOT_KEPT = f"{SESSION_ENDED} Rien n’a été envoyé\u00a0: identifiez-vous, puis recommencez."
SHOWN_AGAIN = "Voici ce que vous aviez saisi. Rien n’a encore été enregistré\u00a0: vérifiez, puis envoyez de nouveau."

View = TypeVar("View", bound=Callable[..., Any])


def keeps_typed(page: str, *, with_field: str = "") -> Callable[[View], View]:
    """Let what is posted to this view in vain come back on the page of this name, which calls `refill`.

    `with_field` names the field that tells such a form where the view takes others, too. A view with passwords is
    never marked.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def marked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response: HttpResponse = view(request, *args, **kwargs)
            if COOKIE in request.COOKIES:
                response.delete_cookie(COOKIE, path=request.path, samesite="Lax")
            return response

        marked.typed_page, marked.typed_field = page, with_field  # type: ignore[attr-defined]
        return marked  # type: ignore[return-value]

    return mark


def ask_to_sign_in(request: HttpRequest, view: Callable[..., Any]) -> HttpResponseRedirect:
    """Answer a form of somebody who is no longer signed in."""
    page = _page(request, view)
    response = redirect_to_login(page or request.get_full_path())
    is_kept = bool(page) and _keep(request, response, page)
    messages.warning(request, IS_KEPT if is_kept else IS_NOT_KEPT)
    return response


def show_again(request: HttpRequest) -> HttpResponseRedirect | None:
    """Answer a form whose token is out of date: the page anew with what was typed; None where that cannot be.

    Only a form that our own page has sent is kept, as the browser itself says: nobody else fills in a form here.
    """
    match = request.resolver_match
    page = _page(request, match.func) if match else ""
    if not page or request.headers.get("Origin") != f"{request.scheme}://{request.get_host()}":
        return None
    response = HttpResponseRedirect(page)
    return response if _keep(request, response, page) else None


def refill(form: forms.BaseForm, request: HttpRequest) -> None:
    """Put what was typed in vain into a form that is about to be shown."""
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_salt(request.path), max_age=LIFETIME)
    except signing.BadSignature:
        return
    data = MultiValueDict(kept)
    for name, field in form.fields.items():
        if not field.widget.value_omitted_from_data(data, {}, form.add_prefix(name)):
            form.initial[name] = field.widget.value_from_datadict(data, {}, form.add_prefix(name))
    messages.info(request, SHOWN_AGAIN)


def _page(request: HttpRequest, view: Callable[..., Any]) -> str:
    """The address where this form is shown again, as it was opened; empty where the view keeps nothing."""
    name, match = getattr(view, "typed_page", ""), request.resolver_match
    if request.method != "POST" or not name or match is None:
        return ""
    if view.typed_field and view.typed_field not in request.POST:  # type: ignore[attr-defined]
        return ""
    path = reverse(name, kwargs=match.kwargs)
    return request.get_full_path() if path == request.path else path


def _keep(request: HttpRequest, response: HttpResponse, page: str) -> bool:
    """Put the fields into the cookie of this page, if they fit."""
    path = page.partition("?")[0]
    fields = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    value = signing.dumps(fields, salt=_salt(path), compress=True)
    if len(value) > LONGEST:
        return False
    response.set_cookie(
        COOKIE, value, max_age=LIFETIME, path=path, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return True


def _salt(path: str) -> str:
    return f"{SALT}:{path}"
