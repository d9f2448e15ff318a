"""The e-mailed code: typed, lost, late, wrong three times, or sent to a mistyped address.

allauth keeps the code in the session and forgets everything once it is spent; whoever signed up in this browser
then only needs a new code. The page is the same whether or not the address has an account already.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.account.forms import ConfirmEmailVerificationCodeForm
from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.stagekit import clear_login, get_pending_stage
from allauth.account.models import EmailAddress
from allauth.account.utils import perform_login
from allauth.account.views import ConfirmEmailVerificationCodeView
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from captcha.ratelimit import RateLimit
from notifications.wording import count

from . import signup
from .adapter import PENDING
from .forms import AddressChangeForm, CodeForm
from .models import User

EXPIRED = "Ce code a expiré. Demandez-en un nouveau."
SPENT = "Trop d’essais. Un nouveau code est nécessaire."
RESENT = "Un nouveau code est parti. Pensez à regarder dans les courriers indésirables."
TOO_SOON = "Plusieurs codes viennent de partir. Attendez une minute avant d’en demander un autre."
ELSEWHERE = (
    "Le code se saisit dans le navigateur où vous avez commencé votre inscription. "
    "Ici, connectez-vous\u00a0: un nouveau code vous sera envoyé."
)
PROBLEM = "accounts_code_problem"
TEMPLATE = "account/confirm_email_verification_code.html"

STEPS = ("Mon SIRET", "Mes informations de connexion", "Mon adresse e-mail")
address_changes = RateLimit("signup_address_change", "5/h,10/d")


def pending_signup(request: HttpRequest) -> User | None:
    """Whoever waits for a code in this browser: mostly a sign-up it has begun, if that still stands."""
    key = request.session.get(PENDING)
    return User.objects.awaiting_code().filter(pk=key).first() if key else None


def ask_for_code(request: HttpRequest, user: User, *, sent: str = "") -> HttpResponse:
    """Send a code and wait for it: allauth's sign-in, held at its second stage.

    Where too many codes were asked for, the last one stays good.
    """
    request.session[PENDING] = user.pk
    response: HttpResponse = perform_login(request, user, signup=True)
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        messages.warning(request, TOO_SOON)
        return redirect("account_email_verification_sent")
    request.session.pop(PROBLEM, None)
    if sent:
        messages.success(request, sent)
    return response


@method_decorator([login_not_required, never_cache], name="dispatch")
class CodeView(ConfirmEmailVerificationCodeView):
    """Step 3 of sign-up, and the same page when a signed-in customer changes address."""

    template_name = TEMPLATE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return super().dispatch(request, *args, **kwargs)
        user = pending_signup(request)
        if user is None:
            clear_login(request)
            messages.info(request, ELSEWHERE)
            return redirect("account_login")
        action = ACTIONS.get(request.POST.get("action", ""))
        if action and (user.is_signing_up or action is _resend):
            return action(request, user)
        if EmailVerificationProcess.resume(request) and get_pending_stage(request):
            return super().dispatch(request, *args, **kwargs)
        return self._without_code(request, user)

    def _without_code(self, request: HttpRequest, user: User) -> HttpResponse:
        """Say what became of the code, and offer a new one: the steps already done are kept."""
        return render(request, TEMPLATE, page(user, problem=request.session.get(PROBLEM, EXPIRED)))

    def form_invalid(self, form: ConfirmEmailVerificationCodeForm) -> HttpResponse:
        """Count a wrong code as a try; an empty field is none."""
        if not form.has_error("code", "incorrect_code"):
            return self.render_to_response(self.get_context_data(form=form))
        if not self._process.record_invalid_attempt():
            self.request.session[PROBLEM] = SPENT
            if self.request.user.is_authenticated:
                messages.error(self.request, SPENT)
                return redirect("account_email")
            return redirect("account_email_verification_sent")
        left = self._process.max_attempts - self._process.state["failed_attempts"]
        form.errors["code"] = form.error_class(
            [f"Ce code n’est pas le bon. Il vous reste {count(left, 'essai')}."], renderer=form.renderer
        )
        return self.render_to_response(self.get_context_data(form=form))

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        """A new code to a signed-in customer, with its full time and tries."""
        self._process.state.update(at=time.time(), failed_attempts=0)
        try:
            response: HttpResponse = super()._resend_form_valid(form)
        except ImmediateHttpResponse:
            messages.warning(self.request, TOO_SOON)
            return redirect("account_email_verification_sent")
        messages.success(self.request, RESENT)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if self.request.user.is_authenticated:
            return context | {"is_signup": False, "problem": ""}
        return context | page(self._process.user, verify_form=context["verify_form"])


def page(
    user: User,
    *,
    verify_form: CodeForm | None = None,
    address_form: AddressChangeForm | None = None,
    problem: str = "",
) -> dict[str, Any]:
    """What the page of a sign-up shows."""
    return {
        "is_signup": user.is_signing_up,
        "steps": STEPS,
        "email": EmailAddress.objects.filter(user=user).values_list("email", flat=True).first() or user.email,
        "verify_form": verify_form,
        "address_form": address_form or AddressChangeForm(auto_id="address_%s"),
        "is_changing": address_form is not None,
        "problem": problem,
        "can_resend": True,
    }


def _resend(request: HttpRequest, user: User) -> HttpResponse:
    return ask_for_code(request, user, sent=RESENT)


def _change(request: HttpRequest, user: User) -> HttpResponse:
    form = AddressChangeForm(request.POST, auto_id="address_%s")
    if not form.is_valid():
        return render(request, TEMPLATE, page(user, verify_form=CodeForm(), address_form=form))
    if address_changes.allow(str(user.pk)):
        messages.warning(request, TOO_SOON)
        return redirect("account_email_verification_sent")
    signup.change_address(user, form.cleaned_data["email"])
    return ask_for_code(request, user)


ACTIONS: dict[str, Callable[..., HttpResponse]] = {"resend": _resend, "change": _change}
