"""The one way to put the test into a form.

    class CaseForm(CaptchaFormMixin, forms.Form):
        captcha_form_name = "case"

    form = CaseForm(request.POST, request=request)

The mixin adds the field `captcha` at the end and spends the answer last, when everything else is right: a person who
mistyped an address does not lose a good answer. Draw it with `{{ form }}` or `{{ form.captcha.as_field_group }}`.
"""

import logging
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from redis.exceptions import RedisError

from captcha import google, proof
from captcha.fields import FAILED, CaptchaField, Solved
from captcha.ratelimit import RateLimit, client_ip

log = logging.getLogger(__name__)

UNAVAILABLE = "Le service de vérification ne répond pas. Réessayez dans un instant, votre saisie est conservée."
TOO_MANY = (
    "Trop d’envois sans vérification depuis votre connexion. Activez JavaScript et cochez la case, "
    "ou réessayez dans {minutes}\u00a0minutes, ou écrivez à {support}."
)

FORM_NAMES: set[str] = set()  # of every form that ends with the test

# Without JavaScript there is no answer: a few such posts an hour and address pass. It is a protection, so it shuts
# where it cannot count.
unsolved = RateLimit("captcha_unsolved", lambda: settings.NO_SCRIPT_RATE, fails_open=False)


class CaptchaFormMixin(forms.BaseForm):
    """A form that ends with « Je ne suis pas un robot »."""

    captcha_form_name: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        FORM_NAMES.add(cls.captcha_form_name)

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request
        self.fields["captcha"] = CaptchaField(form_name=self.captcha_form_name)
        if google.is_configured():
            request.offers_google_test = True  # type: ignore[attr-defined]  # read by GoogleTestPolicyMiddleware

    def full_clean(self) -> None:
        """Clean everything, then spend the answer if it is the only thing left to check."""
        super().full_clean()
        if not self.is_bound or self.errors:
            return
        try:
            self._spend(self.cleaned_data["captcha"])
        except ValidationError as error:
            self.add_error("captcha", error)

    def _spend(self, solved: Solved) -> None:
        try:
            if solved.google:
                self._spend_google(solved.google)
            elif solved.nonce:
                proof.spend(solved.nonce)
            else:
                self._pass_without()
        except (RedisError, google.Unreachable) as error:
            log.warning("captcha: form %s refused, check unavailable: %s", self.captcha_form_name, error)
            raise ValidationError(UNAVAILABLE, code="captcha") from error
        except proof.NotProved as error:
            log.info("captcha: answer for form %s refused: %s", self.captcha_form_name, error)
            raise ValidationError(FAILED, code="captcha") from error

    def _spend_google(self, token: str) -> None:
        if not google.accepts(token, client_ip(self._request)):
            raise ValidationError(FAILED, code="captcha")

    def _pass_without(self) -> None:
        wait = unsolved.allow(client_ip(self._request))
        if wait:
            text = TOO_MANY.format(minutes=-(-wait // 60), support=settings.SUPPORT_EMAIL)
            raise ValidationError(text, code="captcha")
