"""The log of messages at the staff desk: read, found by what a caller dictates, sent again."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from notifications import outbox, phones
from notifications.models import Channel, Message

HIDDEN = "(confidentiel)"


class GivenUpFilter(admin.SimpleListFilter):
    title, parameter_name = "à examiner", "examiner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("oui", "En échec et jamais renvoyés")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.given_up() if self.value() == "oui" else queryset


@admin.register(Message)
class MessageAdmin(ModelAdmin):
    list_display = ("created_at", "shown_recipient", "shown_subject", "kind", "about", "status", "attempts", "failure")
    list_display_links = ("created_at", "shown_subject")
    list_filter = (GivenUpFilter, "status", "failure", "channel", "urgency", "is_secret")
    date_hierarchy = "created_at"
    search_fields = ("recipient",)
    search_help_text = "Adresse e-mail, numéro de téléphone, référence de commande, SIRET ou numéro de demande"
    show_full_result_count = False
    actions = ("resend",)
    fieldsets = (
        (None, {"fields": ("status", "channel", "kind", "shown_recipient", "about", "shown_subject", "shown_text")}),
        (
            "Envoi",
            {
                "fields": (
                    ("created_at", "sent_at"),
                    ("attempts", "next_attempt_at", "not_after"),
                    ("failure", "last_error"),
                    ("urgency", "is_secret"),
                )
            },
        ),
        ("Renvoi", {"fields": (("resend_of", "resent_by"),)}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.resend_message")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """Exactly what was dictated first; parts of it only where nothing is called so."""
        if not search_term.strip():
            return queryset, False
        exact = queryset.filter(_exactly(search_term))
        if exact.exists():
            return exact, False
        part = search_term.strip()
        return queryset.filter(Q(recipient__icontains=part) | Q(about__icontains=part)), False

    @admin.display(description="destinataire", ordering="recipient")
    def shown_recipient(self, message: Message) -> str:
        return phones.show(message.recipient) if message.channel == Channel.SMS else message.recipient

    @admin.display(description="objet")
    def shown_subject(self, message: Message) -> str:
        return HIDDEN if message.is_secret else message.subject or "SMS"

    @admin.display(description="texte")
    def shown_text(self, message: Message) -> str:
        if message.is_secret:
            return HIDDEN
        return format_html('<div class="whitespace-pre-wrap">{}</div>', message.body_text or "(effacé)")

    @admin.action(description="Renvoyer le message", permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Send each chosen message again and say for each what became of it."""
        assert request.user.is_authenticated  # the desk lets nobody else in
        for message in queryset.order_by("pk"):
            try:
                with transaction.atomic():
                    copy = outbox.resend(message, by=request.user)
                    self.log_change(request, message, f"Renvoyé (message {copy.pk}).")
            except outbox.ResendRefused as refusal:
                self.message_user(request, f"Message {message.pk}\u00a0: non renvoyé, {refusal}.", messages.WARNING)
            else:
                text = f"Message {message.pk}\u00a0: renvoyé à {self.shown_recipient(message)} (message {copy.pk})."
                self.message_user(request, text, messages.SUCCESS)


def _exactly(dictated: str) -> Q:
    """An address, a number or a reference, with the blanks and capitals people put into them."""
    term = dictated.strip()
    solid = "".join(term.split())
    recipients: list[str | None] = [term, term.lower(), phones.to_e164(term)]
    return Q(recipient__in=[each for each in recipients if each]) | Q(about__in=[term, solid, solid.upper()])
