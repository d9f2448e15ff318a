"""What a page must not do while a test drives it: complain in the console, call strangers, fail."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response


class Watch:
    """Collect the misbehaviour of a context's pages.

    Chromium reports breaches of the Content-Security-Policy and failed loads in the console; `excused` are words of
    console messages that a test provokes.
    """

    def __init__(self, context: BrowserContext, origins: tuple[str, ...]) -> None:
        self.context = context
        self.origins = origins
        self.excused: list[str] = []
        self.complaints: list[str] = []
        context.on("console", self._console)
        context.on("weberror", lambda error: self._complain(f"script error: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complain(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((*(f"{origin}/" for origin in self.origins), "data:", "blob:")):
            self._complain(f"request to a stranger: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self._complain(f"{response.status} {response.url}")

    def _complain(self, complaint: str) -> None:
        if not any(words in complaint for words in self.excused):
            self.complaints.append(complaint)

    def describe(self) -> str:
        """Say what the open pages show, for the report of a failure."""
        return "\n\n".join(f"{page.url}\n{_words(page)}" for page in self.context.pages)


def _words(page: Page) -> str:
    return page.evaluate("document.querySelector('main')?.innerText || document.body?.innerText || ''")[:1500]
