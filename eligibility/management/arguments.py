"""What operators type after a command, understood or refused in French."""

from argparse import ArgumentTypeError

from django.core.management.base import CommandError

from eligibility.registers.history import known
from eligibility.registers.refusal import LoadRefused


def known_code(code: str) -> str:
    """The code of a register as it is written, or an error that names those there are."""
    try:
        return known(code)
    except LoadRefused as refusal:
        raise CommandError(str(refusal))


def whole_number(text: str) -> int:
    """A number of things."""
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"«\u00a0{text}\u00a0» n’est pas un nombre entier, positif ou nul")
    return int(text)


def share(text: str) -> float:
    """A part of a whole."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"«\u00a0{text}\u00a0» n’est pas un nombre entre 0 et 1, écrit avec un point")
    return value
