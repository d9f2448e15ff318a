"""Stripe's form encoding: `line_items[0][price_data][currency]=eur` as nested dictionaries.

Brackets come literally in a body and percent-encoded in a query; both read the same here. Lists stay
dictionaries with the keys "0", "1", …: only the parameter types know that a list is meant.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import invalid

Tree = dict[str, Any]

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_KEY = re.compile(r"\[([^\[\]]*)\]")


def parse(text: str) -> Tree:
    """Read a query or a form body."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    except ValueError as error:
        raise invalid("Invalid request: the parameters are not well-formed form data in UTF-8.") from error
    tree: Tree = {}
    for name, value in pairs:
        _plant(tree, _path(name), value, name)
    return tree


def _path(name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise invalid(f"Invalid parameter name: {name}", param=name)
    return [match[1], *_KEY.findall(match[2])]


def _plant(tree: Tree, path: list[str], value: str, name: str) -> None:
    """Set one value; `[]` takes the next free index."""
    for depth, key in enumerate(path):
        key = key or str(len(tree))
        if depth == len(path) - 1:
            if isinstance(tree.get(key), dict):
                raise invalid(f"Invalid object: {name} is given both as a value and as an object", param=name)
            tree[key] = value
            return
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise invalid(f"Invalid object: {name} is given both as a value and as an object", param=name)
