"""Texts to post, a relay that answers as told, and several actors at the same instant."""

import copy
import socket
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from django.db import connection

from notifications import delivery
from notifications.models import Channel, Message

TEXTS = {
    "email/note.subject.txt": "Commande {{ reference }} enregistrée\n",
    "email/note.txt": "Bonjour,\n\nLa commande {{ reference }} de {{ name }} vous attend :\n{{ url }}\n\nMerci.\n",
    "email/code.subject.txt": "Votre code : {{ code }}",
    "email/code.txt": "Voici le code :\n\n{{ code }}\n",
    "sms/note.txt": "masques-pme : commande {{ reference }} enregistrée, à régler d’ici au 12/05.\n",
}


@pytest.fixture
def texts(tmp_path: Path, settings: Any) -> None:
    """Kinds `essai/note` and `essai/code`."""
    for name, text in TEXTS.items():
        path = tmp_path / "essai" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    templates = copy.copy(settings.TEMPLATES)
    templates[0] = templates[0] | {"DIRS": [*templates[0]["DIRS"], tmp_path]}
    settings.TEMPLATES = templates


@pytest.fixture(autouse=True)
def rested() -> None:
    """No relay rests because of the test before."""
    for pause in delivery.pauses.values():
        pause.end()


def a_message(**facts: Any) -> Message:
    """A row as the outbox writes it, due now."""
    number = Message.objects.count() + 1
    return Message.objects.create(
        **{
            "channel": Channel.EMAIL, "kind": "essai/note", "recipient": "menuiserie@exemple.fr", "subject": "Bonjour",
            "body_text": "Bonjour,\n\nà bientôt.\n", "body_html": "<p>Bonjour,</p>", "about": "ECTZ326",
            "dedupe_key": f"note:{number}:email",
        } | facts
    )  # fmt: skip


class Relay:
    """An SMTP server on a free port: `answers` maps a verb to what it says, once for each item."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.answers: dict[str, list[str]] = {}

    def say(self, verb: str, *answers: str) -> None:
        self.answers[verb] = list(answers)

    def _answer(self, verb: str) -> str:
        waiting = self.answers.get(verb, [])
        return waiting.pop(0) if waiting else ""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self._answer("RCPT")
        if not refusal:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self._answer("MAIL") or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        refusal = self._answer("DATA")
        if refusal == "cut":
            server.transport.abort()
            return ""
        if not refusal:
            assert isinstance(envelope.content, bytes)
            self.received.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return refusal or "250 OK"

    def refuse_login(self, *args: Any) -> AuthResult:
        return AuthResult(success=False, handled=False, message="535 5.7.8 Authentication failed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def relay(settings: Any) -> Iterator[Relay]:
    """A relay that takes everything unless told otherwise; the shop is configured to use it."""
    handler = Relay()
    controller = Controller(
        handler, hostname="127.0.0.1", port=free_port(), authenticator=handler.refuse_login, auth_require_tls=False
    )
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    settings.EMAIL_TIMEOUT = 5
    yield handler
    controller.stop()


def at_the_same_instant(*actions: Callable[[], Any]) -> list[Any]:
    """Run each action in a thread of its own, all released together; give results or exceptions."""
    barrier = threading.Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(at: int, action: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            results[at] = action()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            results[at] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results
