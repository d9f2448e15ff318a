"""Registers by the codes that operators type."""

from django.core.management.base import CommandError

from eligibility.registers.history import known
from eligibility.registers.refusal import LoadRefused


def known_code(code: str) -> str:
    """The code of a register as it is written, or an error that names those there are."""
    try:
        return known(code)
    except LoadRefused as refusal:
        raise CommandError(str(refusal))
