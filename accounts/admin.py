"""Accounts, companies and establishments at the staff desk. What registers and customers said is read-only."""

from collections.abc import Callable
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.decorators import action as unfold_action

from . import handover, staff
from .desk import ExactSearch, ReadOnly, ShowsPhones
from .models import Company, DeliveryProfile, Establishment, User
from .staff_forms import HandoverForm, StaffForm

# Other people's doors: allauth registers pages where an address could be marked as confirmed by hand, the secret of
# a colleague's second factor read, the key of somebody's session taken over.
for model in (EmailAddress, Authenticator, UserSession, Group):
    admin.site.unregister(model)


CONTACT = (
    "civility", "first_name", "last_name", "job_title", "department", "mobile_shown", "phone_shown", "sms_wanted",
    "renewal_wanted",
)  # fmt: skip


class AddressInline(ReadOnly, TabularInline):
    model = EmailAddress
    fields = ("email", "verified", "primary")
    verbose_name, verbose_name_plural = "adresse e-mail", "adresses e-mail"
    extra = 0


@admin.register(User)
class UserAdmin(ShowsPhones, ExactSearch):
    """Every account; what staff do to one are actions, each with its own permission and its line in the audit trail."""

    add_form = StaffForm
    actions = ("unlock", "send_password_link", "reset_second_factor", "close", "reopen")
    list_display = ("username", "email", "establishment", "is_staff", "has_factor", "is_active", "date_joined")
    list_filter = ("is_staff", "groups", "is_active")
    list_select_related = ("establishment",)
    search_fields = ("username__iexact", "email__iexact", "establishment__siret__exact", "last_name__istartswith")
    search_help_text = "Identifiant, adresse e-mail, SIRET ou nom"
    ordering = ("-date_joined", "-pk")
    filter_horizontal = ("groups",)
    readonly_fields = (
        "username", "email", "establishment", "signup_siret", "civility", "job_title", "department", "mobile_shown",
        "phone_shown", "sms_wanted", "renewal_wanted", "last_login", "date_joined",
    )  # fmt: skip
    inlines = (AddressInline,)
    fieldsets = (
        (None, {"fields": ("username", "email", "establishment", "signup_siret", "last_login", "date_joined")}),
        (
            "Contact",
            {"fields": CONTACT},
        ),
        ("Droits", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        factors = Authenticator.objects.filter(user=OuterRef("pk"))
        return super().get_queryset(request).annotate(has_factor=Exists(factors))

    @admin.display(description="second moyen", boolean=True)
    def has_factor(self, user: Any) -> bool:
        return bool(user.has_factor)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = self.add_form
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else ((None, {"fields": self.add_form.Meta.fields}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser hands out rights: otherwise whoever may edit accounts could make himself one."""
        if obj is None:
            return ()
        rights = () if request.user.is_superuser else ("is_staff", "is_superuser", "groups")
        return (*self.readonly_fields, *rights)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.is_staff = True
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change:
            staff.invite(obj, by=cast(User, request.user))
            self.message_user(
                request, f"Compte créé, une invitation part à {obj.email}. Donnez-lui maintenant ses groupes."
            )

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        """Go on to the sheet, where the groups are given: without any, the colleague finds an empty desk."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return redirect("admin:accounts_user_change", obj.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A colleague's account is edited by superusers only; whoever may edit accounts could shut out the others."""
        if obj is not None and obj.is_staff and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.unlock_user")

    def has_link_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.send_password_link")

    def has_staff_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.manage_staff")

    @admin.action(description="Lever le frein de connexion", permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, lambda user: staff.unlock(user, request=request), "frein de connexion levé")

    @admin.action(description="Envoyer un lien de mot de passe", permissions=["link"])
    def send_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, staff.send_password_link, "lien de mot de passe envoyé à l’adresse du compte")

    @admin.action(description="Retirer le second moyen d’un collègue (e-mail à la personne)", permissions=["staff"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        by = cast(User, request.user)
        done = "second moyen retiré, sessions terminées, personne prévenue"
        self._each(request, queryset, lambda user: staff.reset_second_factor(user, by=by), done)

    @admin.action(description="Fermer le compte d’un collègue", permissions=["staff"])
    def close(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        by = cast(User, request.user)
        self._each(request, queryset, lambda user: staff.close(user, by=by), "compte fermé, sessions terminées")

    @admin.action(description="Rouvrir le compte d’un collègue", permissions=["staff"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        by = cast(User, request.user)
        self._each(request, queryset, lambda user: staff.reopen(user, by=by), "compte rouvert")

    def _each(self, request: HttpRequest, queryset: QuerySet[User], verb: Callable[[User], object], done: str) -> None:
        """Call the verb on every account, write it into the audit trail, and answer for each."""
        for user in queryset.order_by("pk"):
            try:
                with transaction.atomic():
                    verb(user)
                    self.log_change(request, user, f"{done[0].upper()}{done[1:]}.")
            except staff.StaffError as refusal:
                self.message_user(request, f"{user}\u00a0: {refusal}.", messages.ERROR)
            else:
                self.message_user(request, f"{user}\u00a0: {done}.", messages.SUCCESS)


class EstablishmentInline(ReadOnly, TabularInline):
    model = Establishment
    fields = ("siret", "legal_name", "postal_code", "city")
    show_change_link = True
    extra = 0


class DeliveryInline(ShowsPhones, ReadOnly, StackedInline):
    model = DeliveryProfile
    fields = ShowsPhones.shown(DeliveryProfile.RECIPIENT_FIELDS)
    readonly_fields = ("mobile_shown", "phone_shown")
    extra = 0


@admin.register(Company)
class CompanyAdmin(ReadOnly, ExactSearch):
    list_display = ("siren", "created_at")
    search_fields = ("siren__exact", "establishments__siret__exact", "establishments__legal_name__istartswith")
    search_help_text = "SIREN, SIRET ou raison sociale"
    inlines = (EstablishmentInline,)


@admin.register(Establishment)
class EstablishmentAdmin(ReadOnly, ExactSearch):
    list_display = ("siret", "legal_name", "postal_code", "city", "account")
    list_select_related = ("account",)
    search_fields = ("siret__exact", "legal_name__istartswith", "account__email__iexact")
    search_help_text = "SIRET, raison sociale ou adresse e-mail du compte"
    inlines = (DeliveryInline,)
    actions_detail = ("hand_over",)

    @unfold_action(
        description="Confier le compte à une autre personne",
        url_path="titulaire",
        # Named by a method: a permission named here would be looked up in the database by the system checks.
        permissions=["hand_over"],
    )
    def hand_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask who takes the account over, and why; then do it, with its line in the audit trail."""
        establishment = get_object_or_404(self.get_queryset(request), pk=object_id)
        form = HandoverForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and self._hand_over(request, establishment, form):
            return redirect("admin:accounts_establishment_change", establishment.pk)
        context = self.admin_site.each_context(request) | {
            "title": "Confier le compte à une autre personne",
            "opts": self.opts,
            "form": form,
            "establishment": establishment,
            "account": getattr(establishment, "account", None),
        }
        return render(request, "admin/accounts/establishment/hand_over.html", context)

    def has_hand_over_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.hand_over_establishment")

    def _hand_over(self, request: HttpRequest, establishment: Establishment, form: HandoverForm) -> bool:
        try:
            with transaction.atomic():
                former = getattr(establishment, "account", None)
                holder = handover.hand_over(establishment, **form.cleaned_data, at=timezone.now())
                told = f"Compte confié à {holder.email} (avant\u00a0: {former.email if former else 'personne'})."
                self.log_change(request, establishment, f"{told} Motif\u00a0: {form.cleaned_data['reason']}.")
        except handover.HandoverRefused as refusal:
            form.add_error("email", str(refusal))
            return False
        except IntegrityError:
            form.add_error("email", "Quelqu’un vient de créer un compte avec cette adresse. Réessayez.")
            return False
        self.message_user(request, f"{establishment}\u00a0: compte confié à {holder.email}. Les deux sont prévenus.")
        return True

    @admin.display(description="compte")
    def account(self, establishment: Establishment) -> str:
        account = getattr(establishment, "account", None)
        return str(account) if account else "–"


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    """Django's groups, in the desk's dress."""


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnly, ModelAdmin):
    """Who of the staff did what, and when; `audit` says how long it is kept."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag", "what")
    list_display_links = ("action_time", "object_repr")
    list_filter = ("action_flag", ("content_type", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("user", "content_type")
    search_fields = ("user__username__iexact", "object_repr__icontains", "object_id__exact")
    search_help_text = "Identifiant d’un collègue, objet (référence, SIRET, identifiant)"
    date_hierarchy = "action_time"
    show_full_result_count = False
    fields = ("action_time", "user", "content_type", "object_id", "object_repr", "action_flag", "what")

    @admin.display(description="ce qui a été fait")
    def what(self, entry: LogEntry) -> str:
        return entry.get_change_message() or "–"
