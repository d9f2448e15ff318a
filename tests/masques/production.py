"""The settings as another environment would give them, read beside those of the tests."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import environ
import pytest

from sandbox.commands import production_example

SETTINGS = Path(__file__).resolve().parents[2] / "masques" / "settings.py"
# What an operator fills in beyond what must not be empty.
OF_AN_OPERATOR = {
    "SELLER_NAME": "MASQUES DE BRETAGNE", "SELLER_LEGAL_FORM": "SAS", "SELLER_CAPITAL": "50 000 euros",
    "SELLER_SIREN": "732829320", "SELLER_RCS_CITY": "RENNES", "SELLER_ADDRESS": "2 rue du Port, 35600 Redon",
    "SELLER_STREET": "2 RUE DU PORT", "SELLER_POSTAL_CODE": "35600", "SELLER_CITY": "REDON",
    "SELLER_VAT_NUMBER": "FR44732829320", "SELLER_PHONE": "02 99 00 00 00", "SELLER_PUBLISHER": "Camille Martin",
    "HOST_NAME": "HÉBERGEUR", "HOST_ADDRESS": "1 rue du Nuage, 75002 Paris", "HOST_PHONE": "01 99 00 00 01",
}  # fmt: skip


def environment(place: Path, **changes: str | None) -> dict[str, str]:
    """A good production's environment with these changes; None leaves a variable out."""
    env: dict[str, str | None] = {**production_example(place), **OF_AN_OPERATOR, **changes}
    return {name: value for name, value in env.items() if value is not None}


def read_settings(env: Mapping[str, str], patch: pytest.MonkeyPatch) -> ModuleType:
    """Run masques/settings.py with this environment and nothing of ours; gives the module."""
    spec = importlib.util.spec_from_file_location("settings_of_another_shop", SETTINGS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with patch.context() as inner:
        inner.setattr(environ.Env, "ENVIRON", dict(env))
        spec.loader.exec_module(module)
    return module


def names_of(module: ModuleType) -> list[str]:
    return [name for name in vars(module) if name.isupper()]
