"""A browser reduced to what a journey needs: cookies, forms, no parsing beyond a few patterns, no keep-alive."""

import html
import http.client
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from .report import Figures

INPUT = re.compile(r"<(?:input|textarea)\b[^>]*>")
NAME, VALUE, TYPE = (re.compile(rf'\b{name}="([^"]*)"') for name in ("name", "value", "type"))


class Failed(Exception):
    """A page did not answer as the journey expects."""


@dataclass
class Page:
    status: int
    location: str
    text: str

    def fields(self, marker: str = "") -> dict[str, str]:
        """The values of the form that holds `marker`, as a browser would send them (boxes are left out)."""
        text = self.text
        if marker:
            start = text.rfind("<form", 0, text.index(marker))
            text = text[start : text.index("</form>", start)]
        found = {}
        for tag in INPUT.findall(text):
            name, kind = NAME.search(tag), TYPE.search(tag)
            if name and (kind is None or kind[1] not in ("checkbox", "radio", "submit")):
                value = VALUE.search(tag)
                found[name[1]] = html.unescape(value[1]) if value else ""
        return found


class Browser:
    """One visitor. Counts the requests it makes to its own shop, not those to the provider's pages."""

    def __init__(self, base: str, cookies: dict[str, str] | None = None) -> None:
        self.base = urlsplit(base)
        self.cookies = dict(cookies or {})
        self.requests = 0

    def get(self, path: str, *, status: int = 200) -> Page:
        return self._ask("GET", path, None, status)

    def post(self, path: str, fields: dict[str, str], *, status: int = 302) -> Page:
        return self._ask("POST", path, fields, status)

    def _ask(self, method: str, address: str, fields: dict[str, str] | None, status: int) -> Page:
        parts = urlsplit(address)
        host = parts.netloc or self.base.netloc
        is_ours = host == self.base.netloc
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Host": host}
        if is_ours:
            self.requests += 1
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if is_ours:
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
        if answer.status not in (status, 303 if status == 302 else status):
            raise Failed(f"{method} {path}: {answer.status}, not {status}\n{_visible(text)}")
        return Page(answer.status, answer.headers.get("Location", ""), text)


def _visible(text: str) -> str:
    main = text[text.find("<main") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))[:600]


def run_journeys(journeys: list[Callable[[], int]], clients: int) -> Figures:
    """Share journeys among clients that work side by side; a journey returns the requests it made."""
    todo, lock = list(reversed(journeys)), threading.Lock()
    durations: list[float] = []
    errors: list[str] = []
    requests = 0

    def work() -> None:
        nonlocal requests
        while True:
            with lock:
                if not todo:
                    return
                journey = todo.pop()
            started = time.perf_counter()
            try:
                made = journey()
            except (Failed, OSError, http.client.HTTPException, ValueError) as error:
                with lock:
                    errors.append(str(error))
                continue
            with lock:
                durations.append(time.perf_counter() - started)
                requests += made

    threads = [threading.Thread(target=work) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not durations:
        raise Failed(f"no journey came through: {errors[0] if errors else 'none asked for'}")
    return Figures(time.perf_counter() - started, durations, requests, errors)
