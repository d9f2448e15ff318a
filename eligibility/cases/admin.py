"""The Rejet SIRET desk in the admin: the queue, a case with all that is known of it, and the pages of what can be done.

Every fact is written by a verb; nothing of a case is edited in place.
"""

import logging
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline

from eligibility.check import check
from eligibility.siret import SIREN_LENGTH, strip_separators
from notifications import phones
from notifications.wording import short_date, siret, time_of_day

from . import desk
from .acts import ACTS, Act
from .desk_forms import ActForm, StaffCaseForm, find
from .documents import ENDINGS
from .due import SOON, urgency
from .life import CaseError, record
from .models import CannedAnswer, Case, CaseEvent, Document, by_urgency
from .states import Source
from .verbs import open_case

logger = logging.getLogger(__name__)
# A stranger's file opened in the desk's own window would run in staff's session: it is saved, never shown.
FILE_POLICY = "default-src 'none'; sandbox"


class FollowedFilter(admin.SimpleListFilter):
    title, parameter_name = "suivi", "suivi"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("moi", "Suivies par moi"), ("personne", "Suivies par personne")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "moi":
            return queryset.filter(assigned_to=request.user.pk)
        return queryset.filter(assigned_to=None) if self.value() == "personne" else queryset


class DueFilter(admin.SimpleListFilter):
    title, parameter_name = "échéance", "echeance"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("depassee", "En retard"), ("proche", f"Dans les {SOON.seconds // 3600}\u00a0heures, ou en retard")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        now = timezone.now()
        if self.value() == "depassee":
            return queryset.due_before(now)
        return queryset.due_before(now + SOON) if self.value() == "proche" else queryset


class NewsFilter(admin.SimpleListFilter):
    title, parameter_name = "nouvelles", "nouvelles"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("oui", "Le demandeur a écrit depuis")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.exclude(news_at=None) if self.value() == "oui" else queryset


class EventInline(TabularInline):
    """Who did what and when, as the verbs wrote it."""

    model = CaseEvent
    fields = readonly_fields = ("at", "state", "by", "note")
    ordering = ("at", "pk")
    extra = 0
    can_delete = False
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[CaseEvent]:
        return super().get_queryset(request).select_related("by")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may see the case sees its history

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Case)
class CaseAdmin(ModelAdmin):
    change_form_template = "admin/eligibility/case/change_form.html"
    list_display = ("number", "due", "company", "state", "followed_by", "news", "created_at")
    list_filter = ("state", FollowedFilter, DueFilter, NewsFilter, "source", "register", "created_at")
    list_filter_submit = True
    list_select_related = ("assigned_to",)
    search_fields = ("siret__exact", "email__iexact", "legal_name__icontains", "contact_name__icontains")
    search_help_text = "Numéro de demande, SIRET, SIREN, téléphone, adresse e-mail, raison sociale ou nom"
    ordering = tuple(by_urgency())
    list_per_page = 50
    inlines = (EventInline,)
    readonly_fields = ("siret_told", "phone_told")
    fieldsets = (("Le demandeur", {"fields": (("siret_told", "contact_name"), ("email", "phone_told"))}),)

    # --- the queue

    @admin.display(description="numéro", ordering="pk")
    def number(self, case: Case) -> str:
        return case.number

    @admin.display(description="échéance", ordering="due_at", empty_value="–")
    def due(self, case: Case) -> SafeString | None:
        """The due time in words, with a colour beside them."""
        told = urgency(case.due_at if case.is_under_way else None, at=timezone.now())
        if not told.level:
            return None
        return format_html('<span class="desk__tag desk__tag--{}">{}</span>', told.level, told.brief)

    @admin.display(description="entreprise", ordering="legal_name")
    def company(self, case: Case) -> SafeString:
        name = case.legal_name or case.verdict_then.get("legal_name") or case.contact_name or case.email
        return format_html("{}<br>{}", name, siret(case.siret))

    @admin.display(description="suivie par", ordering="assigned_to", empty_value="personne")
    def followed_by(self, case: Case) -> str | None:
        return case.assigned_to.get_username() if case.assigned_to else None

    @admin.display(description="nouvelles du demandeur", ordering="news_at", empty_value="–")
    def news(self, case: Case) -> str | None:
        return f"{short_date(case.news_at)} à {time_of_day(case.news_at)}" if case.news_at else None

    @admin.display(description="SIRET")
    def siret_told(self, case: Case) -> str:
        return siret(case.siret) or "–"

    @admin.display(description="téléphone")
    def phone_told(self, case: Case) -> str:
        return phones.show(case.phone) or "–"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """Find by what a caller dictates: RS000042, a SIRET, a SIREN or a telephone number with its blanks."""
        dictated = strip_separators(search_term).upper()
        if dictated.startswith("RS") and (found := find(dictated)):
            return queryset.filter(pk=found.pk), False
        if dictated.isdecimal() and len(dictated) == SIREN_LENGTH:
            return queryset.filter(siret__startswith=dictated), False
        if number := phones.to_e164(search_term):
            return queryset.filter(phone=number), False
        return super().get_search_results(request, queryset, dictated if dictated.isdecimal() else search_term)

    # --- a case by hand

    def get_form(self, request: HttpRequest, obj: Case | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs if obj else kwargs | {"form": StaffCaseForm})

    def get_fieldsets(self, request: HttpRequest, obj: Case | None = None) -> Any:
        return self.fieldsets if obj else ((None, {"fields": StaffCaseForm.Meta.fields}),)

    def get_inlines(self, request: HttpRequest, obj: Case | None) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Case, form: Any, change: bool) -> None:
        """Open the case as the form of the shop does: acknowledged, with what the registers say now."""
        facts = {name: form.cleaned_data[name] for name in StaffCaseForm.Meta.fields}
        opened = open_case(at=timezone.now(), source=Source.STAFF, by=_who(request), **facts)
        obj.pk = opened.case.pk
        obj.refresh_from_db()

    def response_post_save_add(self, request: HttpRequest, obj: Case) -> HttpResponseRedirect:
        """Go on with the case: it was opened to be dealt with."""
        return redirect("admin:eligibility_case_change", obj.pk)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- one case

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        case = self.get_object(request, object_id)
        extra = desk.context(case, request.user, at=timezone.now()) if case else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | extra)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/documents/<int:document_pk>/", wrap(self.document), name="eligibility_case_document"),
            path("<int:pk>/<slug:name>/agir/", wrap(self.act), name="eligibility_case_act"),
            *super().get_urls(),
        ]

    def act(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """GET asks, POST acts; whoever is second is told who was first, and keeps what was typed."""
        case = get_object_or_404(self.get_queryset(request), pk=pk)
        if (act := ACTS.get(name)) is None:
            raise Http404
        if not self.has_view_permission(request, case) or not act.is_allowed(request.user):
            raise PermissionDenied
        form = act.form(request.POST if request.method == "POST" else None, case=case, template=_chosen(request))
        if form.is_valid():
            try:
                with transaction.atomic():
                    act.does(case, form.cleaned_data, _who(request), timezone.now())
                    self.log_change(request, case, f"{act.label}\u00a0: {act.done}.")
            except CaseError as refusal:
                messages.error(request, str(refusal))
                case.refresh_from_db()
                form = act.form({**request.POST.dict(), "seen": case.version}, case=case)
            else:
                messages.success(request, f"Demande {case.number}\u00a0: {act.done}.")
                return redirect("admin:eligibility_case_change", case.pk)
        return self._act_page(request, case, act, form)

    def _act_page(self, request: HttpRequest, case: Case, act: Act, form: ActForm) -> HttpResponse:
        answers = CannedAnswer.objects.filter(use=act.form.canned, is_active=True) if act.form.canned else ()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{act.label} – demande {case.number}",
            "case": case,
            "act": act,
            "form": form,
            "canned_answers": answers,
            "verdict_now": check(case.siret, at=timezone.now()) if act.name == "accepter" else None,
        }
        return TemplateResponse(request, "admin/eligibility/case/act.html", context)

    def document(self, request: HttpRequest, pk: int, document_pk: int) -> FileResponse | HttpResponseRedirect:
        """A supporting document, to be saved and not shown; who took it stands in the history."""
        case = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, case) or not request.user.has_perm("eligibility.read_document"):
            raise PermissionDenied
        document = get_object_or_404(case.documents, pk=document_pk)
        if document.deleted_at is not None or document.scan == Document.Scan.INFECTED:
            messages.error(request, f"«\u00a0{document.name}\u00a0» est supprimé ou infecté\u00a0: il ne s’ouvre plus.")
            return redirect("admin:eligibility_case_change", pk)
        try:
            file = storages["private"].open(document.path)
        except OSError:
            logger.exception("document %s of case %s cannot be read", document.pk, case.number)
            messages.error(request, f"«\u00a0{document.name}\u00a0» ne peut pas être lu.")
            return redirect("admin:eligibility_case_change", pk)
        record(case, at=timezone.now(), by=_who(request), note=f"document téléchargé\u00a0: {document.name}")
        ending = ENDINGS[document.content_type]
        name = document.name if document.name.lower().endswith(ending) else f"{document.name}{ending}"
        response = FileResponse(file, as_attachment=True, filename=name, content_type=document.content_type)
        response["Content-Security-Policy"] = FILE_POLICY
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response


@admin.register(CannedAnswer)
class CannedAnswerAdmin(ModelAdmin):
    list_display = ("title", "use", "is_active")
    list_filter = ("use", "is_active")
    search_fields = ("title__icontains", "text__icontains")
    fields = ("title", "use", "text", "is_active", "key")
    prepopulated_fields = {"key": ("title",)}

    def get_readonly_fields(self, request: HttpRequest, obj: CannedAnswer | None = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: CannedAnswer | None = None) -> Any:
        return {} if obj else self.prepopulated_fields


def _chosen(request: HttpRequest) -> CannedAnswer | None:
    """The canned answer that was asked for, to start from."""
    chosen = request.GET.get("modele", "")
    if not (chosen.isascii() and chosen.isdecimal() and len(chosen) < 19):
        return None
    return CannedAnswer.objects.filter(pk=int(chosen), is_active=True).first()


def _who(request: HttpRequest) -> AbstractBaseUser:
    """The member of staff who acts; the admin has let nobody else in."""
    return cast(AbstractBaseUser, request.user)
