"""Signing up: the SIRET, then the account. The third step, the e-mailed code, is in `verification`."""

from typing import cast

from allauth.account.models import EmailAddress
from allauth.decorators import rate_limit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from captcha.ratelimit import RateLimit, client_ip
from eligibility.cases.models import Case
from eligibility.cases.states import State
from eligibility.check import check
from eligibility.verdict import Verdict
from notifications.wording import count

from . import signup
from .adapter import PENDING
from .forms import SignupForm, SiretForm
from .models import User
from .verification import STEPS, ask_for_code

# Where the home page and step 1 leave the SIRET for step 2: it never stands in an address.
SIRET = "signup_siret"
# The same counter as the home page's check.
checks = RateLimit("siret_check", lambda: settings.SIRET_CHECK_RATE)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def signup_siret(request: HttpRequest) -> HttpResponse:
    """Step 1: may this SIRET have an account? Also the page of a user who has none bound yet."""
    user = cast(User, request.user)
    if user.is_authenticated and (user.establishment_id or user.is_staff):
        return redirect("admin:index" if user.is_staff else "accounts:space")
    known = request.session.get(SIRET) or getattr(user, "signup_siret", "")
    form = SiretForm(request.POST if request.method == "POST" else None, initial={"siret": known})
    if form.is_valid():
        return _judge(request, form)
    return _siret_page(request, form)


def _judge(request: HttpRequest, form: SiretForm) -> HttpResponse:
    siret, now = form.cleaned_data["siret"], timezone.now()
    if seconds := checks.allow(client_ip(request)):
        wait = f"Réessayez dans {count(-(-seconds // 60), 'minute')}."
        return _siret_page(request, form, wait=wait, status=429)
    if signup.is_taken(siret):
        signup.tell_holder(siret, at=now)
        return render(request, "accounts/signup_taken.html", {"siret": siret})
    verdict = check(siret, at=now)
    if not verdict.is_eligible:
        return _siret_page(request, form, verdict=verdict)
    if request.user.is_authenticated:
        return _bind(request, siret)
    return _go_on(request, siret, verdict)


@login_not_required
@never_cache
@require_safe
def signup_admitted(request: HttpRequest, token: str) -> HttpResponse:
    """Step 1 for a company that support has admitted: its letter leads here, and names no SIRET."""
    case, now = get_object_or_404(Case.objects.select_related("merged_into"), token=token), timezone.now()
    siret = case.current.siret
    if case.current.state != State.ACCEPTED or case.is_link_expired(at=now):
        return redirect("eligibility:case", token)
    if request.user.is_authenticated:
        request.session[SIRET] = siret
        return redirect("accounts:signup")
    if signup.is_taken(siret):
        return render(request, "accounts/signup_taken.html", {"siret": siret})
    verdict = check(siret, at=now)
    if not verdict.is_eligible:
        return _siret_page(request, SiretForm(initial={"siret": siret}), verdict=verdict)
    return _go_on(request, siret, verdict)


def _go_on(request: HttpRequest, siret: str, verdict: Verdict) -> HttpResponse:
    request.session[SIRET] = siret
    messages.success(request, verdict.title)
    return redirect("accounts:signup_account")


def _bind(request: HttpRequest, siret: str) -> HttpResponse:
    """Give a SIRET to a user whose address is confirmed already."""
    try:
        signup.bind(cast(User, request.user), siret, at=timezone.now())
    except signup.SignupError as error:
        messages.error(request, str(error))
        return redirect("accounts:signup")
    messages.success(request, "Votre établissement est rattaché. Vous pouvez commander.")
    return redirect("accounts:profile")


def _siret_page(
    request: HttpRequest, form: SiretForm, *, verdict: Verdict | None = None, wait: str = "", status: int = 200
) -> HttpResponse:
    context = {"form": form, "verdict": verdict, "wait": wait, "steps": STEPS}
    return render(request, "accounts/signup.html", context, status=status)


@login_not_required
@never_cache
@sensitive_post_parameters()
@rate_limit(action="signup")
@require_http_methods(["GET", "HEAD", "POST"])
def signup_account(request: HttpRequest) -> HttpResponse:
    """Step 2: user name, password and address for the SIRET of step 1."""
    if request.user.is_authenticated:
        return redirect("accounts:signup")
    siret = request.session.get(SIRET)
    if not siret:
        messages.warning(request, "Votre vérification de SIRET a expiré, recommencez.")
        return redirect("accounts:signup")
    if request.method != "POST":
        return _account_page(request, SignupForm(request=request), siret)
    with transaction.atomic():
        # Two clicks on one page come in one after the other: the second finds what the first has done.
        Session.objects.select_for_update(of=("self",)).filter(pk=request.session.session_key).first()
        if _was_sent_before(request, siret):
            return redirect("account_email_verification_sent")
        form = SignupForm(request.POST, request=request)
        if not form.is_valid():
            return _account_page(request, form, siret)
        response = ask_for_code(request, _open_account(form, siret))
        request.session.save()
    return response


def _account_page(request: HttpRequest, form: SignupForm, siret: str) -> HttpResponse:
    return render(request, "accounts/signup_account.html", {"form": form, "siret": siret, "steps": STEPS})


def _open_account(form: SignupForm, siret: str) -> User:
    values = form.cleaned_data
    wanted = {"username": values["username"], "email": values["email"], "password": values["password1"]}
    try:
        return signup.open_account(**wanted, siret=siret)
    except IntegrityError:
        # Somebody else has just typed the same name or address: now that it is there, it can be replaced.
        return signup.open_account(**wanted, siret=siret)


def _addresses_of(user: User) -> set[str]:
    return set(EmailAddress.objects.filter(user=user).values_list("email", flat=True))


def _was_sent_before(request: HttpRequest, siret: str) -> bool:
    """Whether this very form has just opened an account; if so, take over the session that waits for its code."""
    left = type(request.session)(request.session.session_key)
    user = User.objects.unconfirmed().filter(pk=left.get(PENDING), signup_siret=siret).first()
    if (
        user is None
        or user.username != request.POST.get("username", "").strip()
        or request.POST.get("email", "").strip().lower() not in _addresses_of(user)
        or not user.check_password(request.POST.get("password1", ""))
    ):
        return False
    request.session.update(dict(left.items()))
    return True
