"""Writing to the service client from the help page: one e-mail to the support address, posted through the outbox."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from captcha.forms import CaptchaFormMixin
from captcha.ratelimit import RateLimit, client_ip
from eligibility.fields import EmailField, LineField, TextField
from notifications import outbox
from notifications.wording import count

contacts = RateLimit("contact", lambda: settings.CONTACT_RATE)
REQUIRED = {"required": "Ce champ est obligatoire."}
SUBJECTS = ("Mon compte", "Ma commande", "Mon paiement", "Ma livraison", "Rejet SIRET", "Autre")


class ContactForm(forms.Form):
    """What a signed-in customer writes: the account says who it is."""

    subject = forms.ChoiceField(
        label="Objet",
        choices=[("", "Choisissez un objet"), *((subject, subject) for subject in SUBJECTS)],
        error_messages=REQUIRED,
    )
    reference = LineField(
        label="N°\u00a0de commande", required=False, max_length=12, help_text="Facultatif, par exemple ECTZ326."
    )
    message = TextField(label="Message", max_length=4000, rows=7)
    # Drawn with the page: the same page sent twice is one message.
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    @transaction.atomic
    def send(self, request: HttpRequest) -> None:
        """Post the message; who writes is said in its text, because every answer goes out by hand."""
        fields = self.cleaned_data
        user = request.user
        establishment = getattr(request, "establishment", None)
        outbox.post(
            "masques/contact",
            to=settings.SUPPORT_EMAIL,
            key=f"contact:{fields['token']}",
            context={
                "subject": fields["subject"],
                "reference": fields["reference"],
                "message": fields["message"],
                "email": fields.get("email") or getattr(user, "email", ""),
                "username": user.get_username() if user.is_authenticated else "",
                "siret": establishment.siret if establishment else "",
            },
            about=fields["reference"],
        )


class VisitorContactForm(CaptchaFormMixin, ContactForm):
    """The same for a visitor, who says where to answer and proves to be a person."""

    captcha_form_name = "contact"

    email = EmailField(label="Votre adresse e-mail", max_length=254)

    field_order = ["subject", "reference", "message", "email"]


def form_for(request: HttpRequest) -> ContactForm:
    """The form this person is shown, bound where something was sent."""
    data: Any = request.POST if request.method == "POST" else None
    if request.user.is_authenticated:
        return ContactForm(data)
    return VisitorContactForm(data, request=request)


def refuse_too_many(form: ContactForm, request: HttpRequest) -> None:
    """Add an error to a valid form where this connection has written too often."""
    if seconds := contacts.allow(client_ip(request)):
        minutes = count(-(-seconds // 60), "minute")
        form.add_error(None, f"Trop de messages en peu de temps. Réessayez dans {minutes}.")
