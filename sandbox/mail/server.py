"""The SMTP side of the mailbox: accepts everything, or refuses as its switch says."""

import asyncio
import socket
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.mail import messages
from sandbox.switches import FAILING, SLOW

if TYPE_CHECKING:
    from sandbox.world import World

UNKNOWN_MAILBOX = "550 5.1.1 <%s>: Recipient address rejected: User unknown in virtual mailbox table"
ALWAYS_UNKNOWN = "inconnu@"


class Mailbox:
    """What aiosmtpd asks at each command."""

    def __init__(self, world: "World") -> None:
        """Look at the world's switch and write into its store."""
        self.world = world

    async def handle_MAIL(  # noqa: N802 aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse a sender who is not signed in when the switch wants a login."""
        mode = self.world.switches.get("mail")
        if mode == "auth" and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if mode == SLOW:
            await asyncio.sleep(self.world.switches.seconds("mail"))
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802 aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse the recipient when the switch says so, and inconnu@… always."""
        if self.world.switches.get("mail") == "refusing" or address.lower().startswith(ALWAYS_UNKNOWN):
            return UNKNOWN_MAILBOX % address
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802 aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Store the message, or fail for now."""
        if self.world.switches.get("mail") == FAILING:
            return "451 4.3.0 Error: queue file write error"
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        number = messages.keep(self.world.store, content, sender=envelope.mail_from or "", to=envelope.rcpt_tos)
        return f"250 2.0.0 Ok: queued as {number}"


class MailServer(Controller):
    """The SMTP server in a thread of its own; port 0 takes a free one."""

    def __init__(self, world: "World", host: str, port: int) -> None:
        """Prepare; nothing listens before start()."""
        self.world = world
        if port == 0:
            with socket.socket() as free:
                free.bind((host, 0))
                port = free.getsockname()[1]
        super().__init__(
            Mailbox(world),
            hostname=host,
            port=port,
            server_hostname="sandbox.localhost",
            ident="masques-pme sandbox",
            auth_require_tls=False,
            authenticator=self.authenticate,
        )

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        """Accept any login, or none when the switch says so."""
        return AuthResult(success=self.world.switches.get("mail") != "auth", handled=False)
