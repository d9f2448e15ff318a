"""Which load of a register is in service, which came before it, and the way back."""

from datetime import datetime
from typing import Any

from django.db import transaction

from eligibility.models import Register, RegisterLoad, RegisterRollback

from . import swap
from .exclusive import claim
from .refusal import LoadRefused


def known(code: str) -> str:
    """This code as registers write it, or a refusal that names those there are."""
    codes = Register.objects.known_codes()
    if code.upper() not in codes:
        raise LoadRefused(f"Le registre {code} n’existe pas. Registres connus\u00a0: {', '.join(sorted(codes))}.")
    return code.upper()


def register_named(code: str) -> Register:
    """The register of this code, or a refusal."""
    return Register.objects.named(known(code))


def enter(register: Register, **facts: Any) -> RegisterLoad:
    """Write down a load that goes live; the one it follows becomes the one to return to."""
    register.loads.filter(is_former=True).update(is_former=False)
    register.loads.filter(is_active=True).update(is_active=False, is_former=True)
    return RegisterLoad.objects.create(register=register, **facts)


def roll_back(code: str, *, by: str, at: datetime) -> RegisterRollback:
    """Return to the load before the last one, at once; a second return undoes the first.

    The exchange comes last: readers wait for the few milliseconds between it and the end of the transaction.
    """
    with transaction.atomic():
        claim(f"registre {code.upper()}", by=by)
        register = register_named(code)
        withdrawn, restored = (register.loads.filter(**{flag: True}).first() for flag in ("is_active", "is_former"))
        if not withdrawn or not restored:
            raise LoadRefused(f"Aucun chargement précédent du registre {register.code} n’est conservé.")
        register.loads.filter(pk=withdrawn.pk).update(is_active=False)
        register.loads.filter(pk=restored.pk).update(is_active=True, is_former=False)
        register.loads.filter(pk=withdrawn.pk).update(is_former=True)
        rollback = RegisterRollback.objects.create(
            register=register, withdrawn=withdrawn, restored=restored, at=at, by=by[:150]
        )
        # The two states differ by the later of the two loads, whichever of them is in service.
        later = max(withdrawn, restored, key=lambda load: load.pk)
        if later.mode == RegisterLoad.Mode.DELTA:
            swap.unmerge(register.code)
        else:
            swap.restore(register.code)
        return rollback
