"""Which parameters each call takes, and of what type.

The names come from the typed classes of the client library (data/parameters.json): a renamed or removed
parameter is refused here exactly as Stripe would refuse it, while the library sends it unchecked.
"""

import json
import re
from pathlib import Path
from typing import Any

from sandbox.stripe.errors import StripeError, invalid, missing
from sandbox.stripe.wire import Tree

Spec = dict[str, Any]

_FILE = json.loads((Path(__file__).parent / "data" / "parameters.json").read_text())
API_VERSION: str = _FILE["x-api-version"]
DEFINITIONS: dict[str, Spec] = _FILE["definitions"]

METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500


def check(tree: Tree, name: str) -> dict[str, Any]:
    """Return the parameters with Python types, or refuse the first that is unknown, wrong or missing."""
    return _object(tree, DEFINITIONS[name], "")


def _object(tree: Tree, spec: Spec, path: str) -> dict[str, Any]:
    if "properties" not in spec:
        return _metadata(tree, path)
    known = spec["properties"]
    if unknown := [_join(path, key) for key in tree if key not in known]:
        plural = "s" if len(unknown) > 1 else ""
        raise invalid(
            f"Received unknown parameter{plural}: {', '.join(unknown)}", param=unknown[0], code="parameter_unknown"
        )
    clean = {key: _value(value, known[key], _join(path, key)) for key, value in tree.items()}
    for key in spec.get("required", ()):
        if key not in clean:
            raise missing(_join(path, key))
    return clean


def _join(path: str, key: str) -> str:
    return f"{path}[{key}]" if path else key


def _value(value: Any, spec: Spec, path: str) -> Any:
    if "$ref" in spec:
        spec = DEFINITIONS.get(spec["$ref"], {})
    if "anyOf" in spec:
        return _any_of(value, spec["anyOf"], path)
    kind = "enum" if "enum" in spec else spec.get("type")
    if kind is None:
        return value
    if kind in ("object", "array") and not isinstance(value, dict):
        if value == "":
            return {} if kind == "object" else []
        raise invalid(f"Invalid {kind}", param=path)
    if kind == "object":
        return _object(value, spec, path)
    if kind == "array":
        return _array(value, spec["items"], path)
    if isinstance(value, dict):
        raise invalid(f"Invalid {'string' if kind == 'enum' else kind}: {path} is an object", param=path)
    return _scalar(value, kind, spec, path)


def _any_of(value: Any, choices: list[Spec], path: str) -> Any:
    """Take the first choice that fits; where none does, the refusal of the last speaks."""
    refusal: StripeError | None = None
    for choice in choices:
        try:
            return _value(value, choice, path)
        except StripeError as error:
            refusal = error
    raise refusal or invalid("Invalid value", param=path)


def _array(tree: Tree, spec: Spec, path: str) -> list[Any]:
    if not all(re.fullmatch("[0-9]+", key) for key in tree):
        raise invalid("Invalid array", param=path)
    return [_value(tree[key], spec, f"{path}[{key}]") for key in sorted(tree, key=int)]


def _scalar(value: str, kind: str, spec: Spec, path: str) -> Any:
    if kind == "enum":
        return _one_of(value, spec["enum"], path)
    if value == "":
        raise invalid(
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{path}' cannot be unset. You should remove '{path}' from your request or supply a "
            "non-empty value.",
            param=path,
            code="parameter_invalid_empty",
        )
    if kind == "integer":
        if not re.fullmatch("-?[0-9]+", value):
            raise invalid(f"Invalid integer: {value}", param=path, code="parameter_invalid_integer")
        return int(value)
    if kind == "boolean":
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value}", param=path)
        return value == "true"
    return value


def _one_of(value: str, allowed: list[str], path: str) -> str:
    if value not in allowed:
        *most, last = allowed
        names = f"{', '.join(most)}, or {last}" if most else last
        raise invalid(f"Invalid {path}: must be one of {names}", param=path)
    return value


def _metadata(tree: Tree, path: str) -> dict[str, str]:
    """Check the limits of a metadata dictionary; an empty value unsets its key."""
    if len(tree) > METADATA_KEYS:
        raise invalid(f"Metadata can have up to {METADATA_KEYS} keys, but you passed in {len(tree)}.", param=path)
    for key, value in tree.items():
        if isinstance(value, dict):
            raise invalid("Metadata values must be strings, but you passed in an object.", param=_join(path, key))
        if len(key) > METADATA_KEY_LENGTH:
            raise invalid(
                f"Metadata keys can have up to {METADATA_KEY_LENGTH} characters, but you passed in a key that is "
                f"{len(key)} characters. Invalid key: {key}",
                param=path,
            )
        if len(value) > METADATA_VALUE_LENGTH:
            raise invalid(
                f"Metadata values can have up to {METADATA_VALUE_LENGTH} characters, but you passed in a value that "
                f"is {len(value)} characters. Invalid value: {value}",
                param=_join(path, key),
            )
    return {key: value for key, value in tree.items() if value != ""}
