"""Rules that the tests keep and production does not: mistakes that would pass in silence fail here."""

import ipaddress
import random
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.db.models import QuerySet
from django.template.base import FilterExpression, Node

ROOT = Path(__file__).resolve().parent.parent
SITE_PACKAGES = str(Path(finders.__file__).resolve().parents[3])
SHUFFLE = random.Random(0)
APPS = ("accounts", "billing", "captcha", "eligibility", "masques", "notifications", "orders", "shipping")


def is_ours(filename: str) -> bool:
    """Tell the project's files from those of installed packages and of the standard library."""
    return filename.startswith(f"{ROOT}/") and not filename.startswith(SITE_PACKAGES)


class Undefined:
    """Stand for `string_if_invalid`: fail on an undefined variable in our templates, be empty in the others.

    Django formats it with the variable (`%`). `{{ name|default:"…" }}` says itself that the name may be missing.
    """

    def __contains__(self, text: str) -> bool:
        return True

    def __mod__(self, variable: object) -> object:
        expression, node, context = self._where(sys._getframe(1))
        excused = any(function.__name__ in ("default", "default_if_none") for function, _ in expression.filters)
        if node is not None and is_ours(node.origin.name) and not excused:
            line = node.token.lineno if node.token else "?"
            raise AssertionError(f"undefined variable {variable} in {node.origin.name}, line {line}")
        # Resolve again as production does, filters included.
        engine = context.template.engine
        engine.string_if_invalid = ""
        try:
            return expression.resolve(context)
        finally:
            engine.string_if_invalid = self

    @staticmethod
    def _where(frame: FrameType | None) -> tuple[FilterExpression, Node | None, Any]:
        assert frame is not None
        expression, context = frame.f_locals["self"], frame.f_locals["context"]
        while frame is not None:
            node = frame.f_locals.get("self")
            if isinstance(node, Node) and hasattr(node, "origin"):
                return expression, node, context
            frame = frame.f_back
        return expression, None, context


class ExistingStaticFiles(StaticFilesStorage):
    """Plain addresses as in development, but only of files that exist."""

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        if name and not name.endswith("/") and finders.find(name) is None:
            raise AssertionError(f"static file {name} does not exist")
        return super().url(name)


def _lock_names_its_tables(original: Callable[..., Any]) -> Callable[..., Any]:
    def select_for_update(self: Any, nowait: bool = False, skip_locked: bool = False, of: Any = (), **rest: Any) -> Any:
        if not of and is_ours(sys._getframe(1).f_code.co_filename):
            raise AssertionError(
                'select_for_update without of: say of=("self",), a join must not be locked by accident'
            )
        return original(self, nowait=nowait, skip_locked=skip_locked, of=of, **rest)

    return select_for_update


def _unordered_is_shuffled(original: Callable[..., None]) -> Callable[..., None]:
    def fetch_all(self: Any) -> None:
        fresh = self._result_cache is None
        original(self)
        if fresh and len(self._result_cache) > 1 and _may_come_in_any_order(self):
            SHUFFLE.shuffle(self._result_cache)

    return fetch_all


def _may_come_in_any_order(queryset: Any) -> bool:
    ours = queryset.model.__module__.partition(".")[0] in APPS
    return ours and not queryset.query.is_sliced and not queryset.ordered


def _stays_at_home(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            raise AssertionError(f"a test wanted to speak to {address[0]}:{address[1]}")
        return original(self, address)

    return connect


def _is_here(host: str) -> bool:
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def install() -> None:
    """Put the rules in place for the rest of the process."""
    setattr(QuerySet, "select_for_update", _lock_names_its_tables(QuerySet.select_for_update))  # noqa: B010
    setattr(QuerySet, "_fetch_all", _unordered_is_shuffled(QuerySet._fetch_all))  # noqa: B010
    setattr(socket.socket, "connect", _stays_at_home(socket.socket.connect))  # noqa: B010
