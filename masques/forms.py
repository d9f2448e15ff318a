"""How every form of the shop is drawn, allauth's included: one template for a form, one for a field."""

from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest


class ShopRenderer(TemplatesSetting):
    """Draw forms and fields with `templates/forms/`; widgets keep Django's own templates."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        if template_name == self.form_template_name:
            has_required = any(field.field.required for field, _errors in context["fields"])
            context = context | {"has_required": has_required}
        return super().render(template_name, context, request)
