"""The functions of notifications.wording as template filters. Without a value they draw nothing."""

from collections.abc import Callable
from typing import Any, Literal

from django import template

from notifications import wording

register = template.Library()


def _filter(function: Callable[[Any], str]) -> None:
    """Register a wording function under its own name, empty for an empty value."""

    def draw(value: Any) -> str:
        return "" if value is None or value == "" else function(value)

    register.filter(function.__name__, draw)


for each in (
    wording.long_date,
    wording.short_date,
    wording.day_month,
    wording.time_of_day,
    wording.amount,
    wording.euros,
    wording.percent,
    wording.siret,
    wording.file_size,
):
    _filter(each)


@register.filter
def count(number: int | Literal[""] | None, noun: str) -> str:
    """{{ lots|count:"lot" }}; an irregular plural follows a comma: {{ days|count:"jour ouvré,jours ouvrés" }}."""
    if number is None or number == "":
        return ""
    singular, _, plural = noun.partition(",")
    return wording.count(number, singular, plural)
