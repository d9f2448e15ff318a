"""Rejet SIRET for the applicant: the form, its receipt, and the page behind the unguessable link."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from captcha.ratelimit import RateLimit, client_ip
from notifications.wording import count

from .file_forms import AGAIN
from .forms import AnswerForm, CaseForm
from .models import Case, CaseMessage
from .states import State
from .verbs import Opened, open_case, receive

# The refusal page sends the SIRET in a POST with this name: a SIRET never stands in an address.
START = "start"
RECEIPT = "case_sent"
openings = RateLimit("case", lambda: settings.CASE_RATE)
sendings = RateLimit("case_upload", lambda: settings.CASE_UPLOAD_RATE)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def case_new(request: HttpRequest) -> HttpResponse:
    """Ask support to look at a SIRET. Works without any register."""
    if request.method != "POST" or START in request.POST:
        initial = {"siret": request.POST.get("siret", "")[:40]}
        form = CaseForm(request=request, session=request.session, initial=initial)
        return _form_page(request, form)
    form, wait = _posted(request)
    if _was_sent_before(form):
        return redirect("eligibility:case_sent")
    if not wait and form.is_valid():
        wait = openings.allow(client_ip(request))
    if wait or not form.is_valid():
        form.keep_files()
        return _form_page(request, form, wait=wait)
    opened = open_case(at=timezone.now(), **form.facts)
    message = _receive_first(opened, form)
    form.forget_files()
    request.session[RECEIPT] = _receipt(opened, message)
    return redirect("eligibility:case_sent")


def _posted(request: HttpRequest) -> tuple[CaseForm, int]:
    """The form as it was sent, looked at; and the seconds to wait where files came too often: that costs time."""
    wait = sendings.allow(client_ip(request)) if request.FILES else 0
    form = CaseForm(request.POST, None if wait else request.FILES, request=request, session=request.session)
    form.full_clean()
    if wait:
        form.add_error("files", AGAIN)
    return form, wait


def _was_sent_before(form: CaseForm) -> bool:
    """Whether this is a second click: then the first one has taken the files off the shelf."""
    return "siret" in form.cleaned_data and CaseMessage.objects.filter(message_id=_sending(form)).exists()


def _sending(form: CaseForm) -> str:
    """The name of what a form brings along; filled in again for another SIRET it is another sending."""
    return f"form:{form.number}:{form.cleaned_data['siret']}"


def _receive_first(opened: Opened, form: CaseForm) -> CaseMessage | None:
    """Take what came with the form; a new case with no file at all needs no message.

    Who fills in the form again for a SIRET that is being looked after may be anybody: staff read it, nothing else.
    """
    if opened.is_new and not form.uploads:
        return None
    body = "" if opened.is_new else _second_request(form)
    return receive(
        opened.case, at=timezone.now(), sender=form.cleaned_data["email"], subject="", body=body, uploads=form.uploads,
        refused=(), message_id=_sending(form), is_other_sender=not opened.is_new,
    )  # fmt: skip


def _receipt(opened: Opened, message: CaseMessage | None) -> dict[str, Any]:
    """What the receipt says. Who joins a case learns nothing of it, not even its number."""
    received = message.documents.count() if message and opened.is_new else 0
    return {
        "number": opened.case.number if opened.is_new else "",
        "received": count(received, "document") if received else "",
        "refused": list(message.refused) if message else [],
    }


def _second_request(form: CaseForm) -> str:
    """What somebody else has typed into the form, for staff to read."""
    lines = [
        f"{form[name].label}\u00a0: {value}"
        for name, value in form.facts.items()
        if name not in ("siret", "message") and value not in ("", None)
    ]
    return "\n".join([*lines, "", form.cleaned_data["message"]]).strip()


def _form_page(request: HttpRequest, form: CaseForm, *, wait: int = 0) -> HttpResponse:
    context = {"form": form, "wait": _wait(wait), "support_email": settings.SUPPORT_EMAIL}
    return render(request, "eligibility/case_new.html", context, status=429 if wait else 200)


@login_not_required
@never_cache
@require_safe
def case_sent(request: HttpRequest) -> HttpResponse:
    """Say that the request is recorded, or joined to the one under way; reloading says it again."""
    receipt = request.session.get(RECEIPT)
    if receipt is None:
        return redirect("eligibility:case_new")
    return render(request, "eligibility/case_sent.html", receipt)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, token: str) -> HttpResponse:
    """Show the applicant where the request stands; take messages and documents."""
    asked = get_object_or_404(Case.objects.select_related("merged_into"), token=token)
    if asked.is_link_expired(at=timezone.now()):
        return render(request, "eligibility/case_expired.html", {"case": asked}, status=410)
    if request.method != "POST":
        return _case_page(request, asked, AnswerForm(session=request.session))
    wait = sendings.allow(client_ip(request))
    form = AnswerForm(request.POST, None if wait else request.FILES, session=request.session)
    if wait and request.FILES:
        form.add_error("files", AGAIN)
    return _case_page(request, asked, form, wait=wait) if wait else _send(request, asked, form)


def _send(request: HttpRequest, asked: Case, form: AnswerForm) -> HttpResponse:
    """Take the message and its files together, once; or show them again with what is to be mended."""
    sending, is_valid = f"page:{form.number}", form.is_valid()
    # Looked up last: while a second click was being validated, the first may have taken the files off the shelf.
    if CaseMessage.objects.filter(message_id=sending).exists():
        return redirect("eligibility:case", asked.token)
    if not is_valid:
        return _case_page(request, asked, form)
    message = receive(
        asked, at=timezone.now(), sender=asked.email, subject="", body=form.cleaned_data["message"],
        uploads=form.uploads, refused=(), message_id=sending,
    )  # fmt: skip
    form.forget_files()
    _confirm(request, message)
    return redirect("eligibility:case", asked.token)


def _confirm(request: HttpRequest, message: CaseMessage) -> None:
    """Say what has arrived and, file by file, what has not."""
    if received := message.documents.count():
        messages.success(request, f"Bien reçu\u00a0: {count(received, 'document')}.")
    elif message.body:
        messages.success(request, "Votre message est parti.")
    for sentence in message.refused:
        messages.error(request, sentence)


def _case_page(request: HttpRequest, asked: Case, form: AnswerForm, *, wait: int = 0) -> HttpResponse:
    """The applicant's page. A link that was passed on shows no document once the case is decided."""
    if form.is_bound:
        form.keep_files()
    current = asked.current
    is_merged = current != asked
    passed = current.messages.shown_to(asked.email)
    is_open = current.is_under_way and not is_merged
    is_talk_shown = is_open or (current.state == State.REFUSED and not is_merged)
    context = {
        "case": asked,
        "current": current,
        "is_merged": is_merged,
        "form": form,
        "said": passed.exclude(body="") if is_talk_shown else (),
        "is_message_shown": bool(asked.message) and is_talk_shown,
        "had_documents": current.state == State.ACCEPTED and current.documents.filter(message__in=passed).exists(),
        "documents": current.documents.kept().filter(message__in=passed) if is_open else (),
        "wait": _wait(wait),
    }
    return render(request, "eligibility/case.html", context, status=429 if wait else 200)


def _wait(seconds: int) -> str:
    return f"Réessayez dans {count(-(-seconds // 60), 'minute')}\u00a0: votre saisie est conservée." if seconds else ""
