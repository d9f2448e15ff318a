"""What a page must not do while a test drives it: complain in the console, call strangers, fail."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response


class Complaints:
    """What the pages of one test have complained of.

    Chromium reports breaches of the Content-Security-Policy and failed loads in the console.
    """

    def __init__(self, *origins: str) -> None:
        self.origins = tuple(f"{origin}/" for origin in origins)
        self.heard: list[str] = []
        self._allowed: list[str] = []

    def allow(self, words: str) -> None:
        """Excuse the complaints that contain these words: the test provokes them."""
        self._allowed.append(words)

    @property
    def unexcused(self) -> list[str]:
        return [one for one in self.heard if not any(words in one for words in self._allowed)]

    def listen_to(self, context: BrowserContext) -> None:
        """Hear all pages of a session."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.heard.append(f"script error: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((*self.origins, "data:", "blob:")):
            self.heard.append(f"request to a stranger: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.heard.append(f"status of {response.status}: {response.url}")


def words_of(page: Page) -> str:
    """What a page shows, for the report of a failure."""
    words = page.evaluate("(document.querySelector('main') ?? document.body)?.innerText ?? ''")
    return f"{page.url}\n{words[:1500]}"
