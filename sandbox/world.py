"""One process that plays the outside world: card processor, La Poste, Colissimo, SMS gateway and mail server."""

import argparse
import importlib
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, after_this_request, has_request_context
from twisted.internet.error import CannotListenError
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox import pages
from sandbox.background import Background
from sandbox.mail.imap import ImapServer
from sandbox.mail.server import MailServer
from sandbox.store import Store
from sandbox.switches import Switches

logger = logging.getLogger("sandbox")

PROVIDERS = ("mail", "sms", "laposte", "colissimo", "stripe")


@dataclass(frozen=True)
class Page:
    """An entry of the menu and of the front page; `count` gives the figure shown beside it."""

    label: str
    path: str
    sentence: str
    count: Callable[[], int]


class World:
    """What the providers share: memory, switches, the way to the shop's webhook, work for later."""

    def __init__(
        self, state: Path | str, *, webhook_url: str = "", webhook_secret: str = "", base_url: str = ""
    ) -> None:
        """Open the state directory; `base_url` is how browsers and the shop reach the sandbox."""
        self.store = Store(state)
        self.switches = Switches(self.store)
        self.webhook_url = webhook_url
        self.webhook_secret = webhook_secret
        self.base_url = base_url.rstrip("/")
        self.smtp_port = self.imap_port = 0
        self.pages: list[Page] = []
        self._background = Background()

    def background(self, fn: Callable[..., object], *args: object, delay: float = 0) -> None:
        """Run fn(*args) in the queue thread after `delay` seconds.

        Called during a request, the job is queued only once the answer has left: a webhook never
        overtakes the answer that it tells about. Jobs run one at a time, in order of their due time.
        """
        if not has_request_context():
            self._background.put(delay, fn, *args)
            return

        @after_this_request
        def queue_when_sent(response: Response) -> Response:
            response.call_on_close(lambda: self._background.put(delay, fn, *args))
            return response

    def add_page(self, label: str, path: str, sentence: str, kind: str) -> None:
        """Put a page that lists the documents of a kind into the menu and on the front page."""
        self.pages.append(Page(label, path, sentence, lambda: self.store.count(kind)))

    def close(self) -> None:
        """Stop the queue thread and close the store."""
        self._background.stop()
        self.store.close()


def create_app(world: World) -> Flask:
    """Build the Flask application with every provider."""
    app = Flask("sandbox", root_path=str(Path(__file__).parent))
    app.json.sort_keys = False  # type: ignore[attr-defined]
    for provider in PROVIDERS:
        # By name: the providers' modules import this one for World.
        app.register_blueprint(importlib.import_module(f"sandbox.{provider}").blueprint(world))
    app.register_blueprint(pages.blueprint(world))
    return app


class Handler(WSGIRequestHandler):
    """Werkzeug's handler, quiet, and without the 40 ms that Nagle and delayed acknowledgement cost together."""

    disable_nagle_algorithm = True
    wbufsize = -1

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep requests out of the terminal unless somebody asks for DEBUG."""
        logger.debug("%s %s", self.requestline, code)


@contextmanager
def running(
    world: World, *, host: str = "127.0.0.1", port: int = 0, smtp_port: int = 0, imap_port: int = 0
) -> Iterator[str]:
    """Serve HTTP, SMTP and IMAP in threads while the block runs; gives the base URL. Port 0 takes a free one."""
    with ExitStack() as stack:
        stack.callback(world.close)
        mail, imap = MailServer(world, host, smtp_port), ImapServer(world, host, imap_port)
        mail.start()
        stack.callback(mail.stop)
        imap.start()
        stack.callback(imap.stop)
        world.smtp_port, world.imap_port = mail.port, imap.port
        server = make_server(host, port, create_app(world), threaded=True, request_handler=Handler)
        world.base_url = world.base_url or f"http://{host}:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="sandbox-http", daemon=True)
        thread.start()
        try:
            yield world.base_url
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the outside world until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m sandbox world", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8001, help="HTTP port")
    parser.add_argument("--smtp-port", type=int, default=8025, help="SMTP port")
    parser.add_argument("--imap-port", type=int, default=0, help="IMAP port; 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="directory that keeps the state")
    parser.add_argument("--webhook-url", default="", help="where the card processor reports to")
    parser.add_argument("--webhook-secret", default="", help="what it signs its reports with")
    parser.add_argument("--base-url", default="", help="how browsers reach the sandbox, where that differs")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    world = World(
        options.state,
        webhook_url=options.webhook_url,
        webhook_secret=options.webhook_secret,
        base_url=options.base_url,
    )
    try:
        ports = {"port": options.port, "smtp_port": options.smtp_port, "imap_port": options.imap_port}
        with running(world, host=options.host, **ports) as url:
            logger.info("ready at %s, SMTP on port %s, IMAP on port %s", url, world.smtp_port, world.imap_port)
            stop.wait()
    except (OSError, CannotListenError) as error:
        logger.error("cannot listen on ports %s: %s", ", ".join(map(str, ports.values())), error)
        return 1
    return 0
