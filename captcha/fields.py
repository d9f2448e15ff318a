"""The field « Je ne suis pas un robot » and its widget; use it through `captcha.forms.CaptchaFormMixin`."""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from captcha import google, proof

log = logging.getLogger(__name__)

LABEL = "Je ne suis pas un robot"
HELP = "Vérification automatique, sans image à déchiffrer."
FAILED = "La vérification n’a pas abouti. Cochez de nouveau la case."
HONEYPOT = "comment"  # a name no browser fills in by itself


class Answer(NamedTuple):
    """What the browser sent: proof of work, Google's token, and what a robot wrote where nobody writes."""

    proof: str = ""
    google: str = ""
    trap: str = ""


class Solved(NamedTuple):
    """An answer that was read and looks right, not spent yet; both empty where there was none."""

    nonce: str = ""
    google: str = ""


class CaptchaWidget(forms.Widget):
    """Reads the answer; the drawing is the field's template."""

    use_fieldset = True

    def value_from_datadict(self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str) -> Answer:
        return Answer(
            proof=str(data.get(name, "")),
            google=str(data.get(google.FIELD, "")) if google.is_configured() else "",
            trap=str(data.get(f"{name}_{HONEYPOT}", "")),
        )

    def value_omitted_from_data(self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str) -> bool:
        return False

    def render(self, *args: Any, **kwargs: Any) -> str:  # type: ignore[override]
        raise NotImplementedError("The captcha is drawn as a group: {{ form.captcha.as_field_group }}")


class CaptchaField(forms.Field):
    """Checks that the answer belongs to this form; spending it is left to the form, when all else is right."""

    widget = CaptchaWidget

    def __init__(self, *, form_name: str) -> None:
        super().__init__(required=False, label=LABEL, help_text=HELP, template_name="captcha/field.html")
        self.form_name = form_name

    def clean(self, value: Answer) -> Solved:
        """Read an answer; none at all is left to the form's own, stricter limit."""
        if value.trap:
            log.info("captcha: honeypot of form %s filled in", self.form_name)
            raise ValidationError(FAILED, code="captcha")
        if value.google:
            return Solved(google=value.google)
        if not value.proof:
            return Solved()
        try:
            return Solved(nonce=proof.check(value.proof, self.form_name))
        except proof.NotProved as error:
            log.info("captcha: answer for form %s refused: %s", self.form_name, error)
            raise ValidationError(FAILED, code="captcha") from error

    @property
    def challenge_url(self) -> str:
        return f"{reverse('captcha:challenge')}?{urlencode({'form': self.form_name})}"

    @property
    def honeypot(self) -> str:
        return HONEYPOT

    @property
    def google_key(self) -> str:
        """Google's public key where its test is offered, else nothing."""
        return settings.RECAPTCHA_PUBLIC_KEY if google.is_configured() else ""

    @property
    def google_api(self) -> str:
        return f"https://{google.domain()}/recaptcha/api.js"
