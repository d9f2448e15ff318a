"""Identifiant, mot de passe: user name, password, address, second factor, and where one is signed in."""

from typing import cast

from allauth.account.decorators import reauthentication_required
from allauth.decorators import rate_limit
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from . import letters, signup
from .forms import UsernameForm
from .models import User

# What a browser calls itself, most particular first: Edge also says Chrome, and Chrome also says Safari.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def device(user_agent: str) -> str:
    """Firefox sur Windows."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "Navigateur inconnu")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser} sur {system}" if system else browser


@require_safe
def credentials(request: HttpRequest) -> HttpResponse:
    """Everything about signing in, on one page; staff have it, too."""
    sessions = UserSession.objects.purge_and_list(request.user)
    current = request.session.session_key
    context = {
        "devices": [
            {
                "name": device(session.user_agent),
                "since": session.created_at,
                "is_current": session.session_key == current,
            }
            for session in sorted(sessions, key=lambda session: session.created_at, reverse=True)
        ],
        "has_others": any(session.session_key != current for session in sessions),
        "has_second_factor": is_mfa_enabled(request.user),
    }
    return render(request, "accounts/credentials.html", context)


@rate_limit(action="change_password")
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_username(request: HttpRequest) -> HttpResponse:
    """Take another user name; a confirmed account's is refused, a sign-up never confirmed makes way."""
    user = cast(User, request.user)
    form = UsernameForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid() and _rename(user, form):
        messages.success(request, "Votre identifiant est modifié.")
        return redirect("accounts:credentials")
    return render(request, "accounts/change_username.html", {"form": form})


def _rename(user: User, form: UsernameForm) -> bool:
    try:
        with transaction.atomic():
            signup.release(username=form.cleaned_data["username"], besides=user)
            user.username = form.cleaned_data["username"]
            user.save(update_fields=["username"])
            letters.tell_change(user, user.email, "l’identifiant de votre compte a été modifié")
    except IntegrityError:
        form.add_error("username", "Cet identifiant n’est pas disponible.")
        user.refresh_from_db(fields=["username"])
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here; a GET is somebody who had to sign in again on the way."""
    if request.method != "POST":
        return redirect("accounts:credentials")
    for session in UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key):
        session.end()
    messages.success(request, "Les autres appareils sont déconnectés.")
    return redirect("accounts:credentials")
