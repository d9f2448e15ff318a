"""Rejet SIRET for the applicant: the form, its receipt, and the page behind the unguessable link."""

import uuid
from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from captcha.ratelimit import RateLimit, client_ip
from notifications.wording import count

from .documents import FILES_PER_SENDING, MAX_SIZE, DocumentRefused, Upload, inspect, too_big
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
        form = CaseForm(request=request, initial={"siret": request.POST.get("siret", "")[:40]})
        return _form_page(request, form)
    form = CaseForm(request.POST, request.FILES, request=request)
    if not form.is_valid():
        return _form_page(request, form)
    if wait := openings.allow(client_ip(request)):
        return _form_page(request, form, wait=_wait(wait), status=429)
    opened = open_case(at=timezone.now(), **form.facts)
    refused = _receive_first(opened, form)
    number = opened.case.number if opened.is_new else ""
    request.session[RECEIPT] = {"number": number, "refused": refused}
    return redirect("eligibility:case_sent")


def _receive_first(opened: Opened, form: CaseForm) -> list[str]:
    """Take what came with the form; gives a sentence for each file that was not taken.

    Who fills in the form again for a SIRET that is being looked after may be anybody: staff read it, nothing else.
    """
    uploads, refused = _inspect(form.cleaned_data["files"])
    if opened.is_new and not uploads:
        return refused
    body = "" if opened.is_new else _second_request(form)
    message = receive(
        opened.case, at=timezone.now(), sender=form.cleaned_data["email"], subject="", body=body, uploads=uploads,
        refused=refused, message_id=None, is_other_sender=not opened.is_new,
    )  # fmt: skip
    return list(message.refused)


def _second_request(form: CaseForm) -> str:
    """What somebody else has typed into the form, for staff to read."""
    lines = [
        f"{form[name].label}\u00a0: {value}"
        for name, value in form.facts.items()
        if name not in ("siret", "message") and value not in ("", None)
    ]
    return "\n".join([*lines, "", form.cleaned_data["message"]]).strip()


def _form_page(request: HttpRequest, form: CaseForm, *, wait: str = "", status: int = 200) -> HttpResponse:
    context = {"form": form, "wait": wait, "support_email": settings.SUPPORT_EMAIL}
    return render(request, "eligibility/case_new.html", context, status=status)


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
        return _case_page(request, asked, AnswerForm())
    form = AnswerForm(request.POST, request.FILES)
    if wait := sendings.allow(client_ip(request)):
        return _case_page(request, asked, form, wait=_wait(wait), status=429)
    if asked.current.state == State.ACCEPTED:
        return redirect("eligibility:case", token)
    return _send(request, asked, form)


def _send(request: HttpRequest, asked: Case, form: AnswerForm) -> HttpResponse:
    """Take what is good and keep on the page what is not: nobody types a message twice for a wrong file."""
    is_valid = form.is_valid()
    uploads, refused = _inspect(form.cleaned_data.get("files", []))
    text = form.cleaned_data.get("message", "")
    # A message that speaks of documents does not leave without any of them.
    if not uploads and (refused or not is_valid):
        return _case_page(request, asked, form, refused=refused)
    message = receive(
        asked, at=timezone.now(), sender=asked.email, subject="", body=text, uploads=uploads, refused=refused,
        message_id=f"page:{form.cleaned_data.get('sending') or uuid.uuid4()}",
    )  # fmt: skip
    _confirm(request, message)
    if is_valid:
        return redirect("eligibility:case", asked.token)
    typed = request.POST.copy()
    typed["sending"] = str(uuid.uuid4())  # the corrected message is another sending
    form = AnswerForm(typed)
    form.add_error(None, "Vos documents sont arrivés, votre message n’est pas encore parti.")
    return _case_page(request, asked, form)


def _confirm(request: HttpRequest, message: CaseMessage) -> None:
    """Say what has arrived and, file by file, what has not."""
    if received := message.documents.count():
        messages.success(request, f"Bien reçu\u00a0: {count(received, 'document')}.")
    elif message.body:
        messages.success(request, "Votre message est parti.")
    for sentence in message.refused:
        messages.error(request, sentence)


def _case_page(
    request: HttpRequest, asked: Case, form: AnswerForm, *, refused: Sequence[str] = (), wait: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The applicant's page. A link that was passed on shows no document once the case is decided."""
    current = asked.current
    is_merged = current != asked
    said = current.messages.shown_to(asked.email)
    is_open = current.is_under_way and not is_merged
    is_talk_shown = is_open or (current.state == State.REFUSED and not is_merged)
    context = {
        "case": asked,
        "current": current,
        "is_merged": is_merged,
        "form": form,
        "said": said if is_talk_shown else (),
        "is_message_shown": bool(asked.message) and is_talk_shown,
        "documents": current.documents.kept().filter(message__in=said) if is_open else (),
        "refused": refused,
        "wait": wait,
    }
    return render(request, "eligibility/case.html", context, status=status)


def _inspect(files: Sequence[UploadedFile]) -> tuple[list[Upload], list[str]]:
    """Look at each file by itself: the good ones, and a sentence for each of the others."""
    uploads, refused = [], []
    for file in files[:FILES_PER_SENDING]:
        name = file.name or ""
        try:
            if (file.size or 0) > MAX_SIZE:
                raise too_big(name)
            uploads.append(inspect(name, file.read()))
        except DocumentRefused as refusal:
            refused.append(str(refusal))
    refused += [
        f"«\u00a0{file.name}\u00a0»\u00a0: {FILES_PER_SENDING}\u00a0fichiers au maximum par envoi."
        for file in files[FILES_PER_SENDING:]
    ]
    return uploads, refused


def _wait(seconds: int) -> str:
    return f"Réessayez dans {count(-(-seconds // 60), 'minute')}\u00a0: votre saisie est conservée."
