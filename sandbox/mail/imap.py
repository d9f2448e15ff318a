"""The IMAP side of the mailboxes: IMAP4rev1 with MOVE, for every address that ever got a message.

The user name is the address, the password anything, unless the switch refuses it. Twisted's reactor runs in one thread
for the life of the process, because it cannot be started twice.
"""

import threading
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from twisted.cred.error import UnauthorizedLogin
from twisted.internet import protocol, threads
from twisted.internet import reactor as the_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.mail import imap4

from sandbox.mail.imap_mailbox import SEEN, Account
from sandbox.mail.imap_message import Message
from sandbox.switches import FAILING, TIMEOUT

if TYPE_CHECKING:
    from sandbox.world import World

reactor: Any = the_reactor  # a module to the type checker


class Connection(imap4.IMAP4Server):
    """One client. Twisted's server, with what it leaves out: MOVE, headers as they came, reading that marks as read…"""

    transport: Any
    account: Any
    mbox: Any

    def __init__(self, world: "World") -> None:
        """Look at the world's switch and read its store."""
        super().__init__()
        self.world = world

    def connectionMade(self) -> None:  # noqa: N802 Twisted's name
        """Hang up at once when the switch says so."""
        if self.world.switches.get("imap") == FAILING:
            self.transport.loseConnection()
            return
        super().connectionMade()

    def capabilities(self) -> dict[bytes, list[bytes] | None]:
        """Offer MOVE after the login, as many servers do, unless the switch plays an old one."""
        offered: dict[bytes, list[bytes] | None] = super().capabilities()
        has_move = self.account is not None and self.world.switches.get("imap") != "plain"
        return offered | {b"MOVE": None} if has_move else offered

    def authenticateLogin(self, user: bytes, passwd: bytes) -> Any:  # noqa: N802 Twisted's name
        """Let anybody read any mailbox: nothing here is real."""
        mode = self.world.switches.get("imap")
        if mode == "auth":
            raise UnauthorizedLogin
        if mode == TIMEOUT:
            return Deferred()
        account = Account(self.world.store, user.decode("utf-8", "replace").lower())
        return deferLater(reactor, self.world.switches.seconds("imap"), lambda: (imap4.IAccount, account, lambda: None))

    def spew_body(self, part: Any, id: int, msg: Message, _w: Any = None, _f: Any = None) -> Any:  # noqa: A002
        """Send a whole header as it came (Twisted loses what is repeated or not ASCII), and mark what is read."""
        if not part.peek and SEEN not in msg.getFlags() and self.mbox.isWriteable():
            self.mbox.store(imap4.parseIdList(b"%d" % msg.uid), [SEEN], 1, uid=True)
        if part.header and not part.header.fields and not part.part:
            _w(b"%b {%d}\r\n%b" % (bytes(part), len(msg.header), msg.header))
            return None
        return super().spew_body(part, id, msg, _w, _f)

    def do_APPEND(  # noqa: N802 Twisted's name
        self, tag: bytes, mailbox: bytes, flags: list[bytes] | None, date: Any, message: IO[bytes]
    ) -> None:
        """Take a message without flags as well."""
        super().do_APPEND(tag, mailbox, flags or [], date, message)

    select_APPEND: Any = (do_APPEND, *imap4.IMAP4Server.select_APPEND[1:])  # noqa: N815
    auth_APPEND = select_APPEND  # noqa: N815

    def do_MOVE(self, tag: bytes, named: imap4.MessageSet, name: bytes, uid: int = 0) -> None:  # noqa: N802
        """Move messages into another folder in one go (RFC 6851)."""
        folder = self.account.select(name.decode("imap4-utf-7"))
        if folder is None:
            self.sendNegativeResponse(tag, b"[TRYCREATE] No such mailbox")
            return
        with self.world.store.lock():
            found = self.mbox.fetch(named, uid)
            for _, message in found:
                folder.copy(message)
            gone = self.mbox.take_out(place for place, _ in found)
        for place in gone:
            self.sendUntaggedResponse(b"%d EXPUNGE" % place)
        self.sendPositiveResponse(tag, b"MOVE completed")

    select_MOVE = (do_MOVE, *imap4.IMAP4Server.select_COPY[1:])  # noqa: N815

    def do_UID(self, tag: bytes, command: bytes, line: bytes) -> None:  # noqa: N802 Twisted's name
        """Know UID MOVE beside the others."""
        if command.upper() == b"MOVE":
            self.dispatchCommand(tag, b"MOVE", line, uid=1)
        else:
            super().do_UID(tag, command, line)

    select_UID: Any = (do_UID, *imap4.IMAP4Server.select_UID[1:])  # noqa: N815


@cache
def run_reactor() -> None:
    """Start Twisted's reactor, once in a process, away from the main thread and its signals."""
    threading.Thread(target=reactor.run, args=(False,), name="sandbox-imap", daemon=True).start()


class ImapServer:
    """The IMAP server; port 0 takes a free one."""

    def __init__(self, world: "World", host: str, port: int) -> None:
        """Prepare; nothing listens before start()."""
        self.host, self.port = host, port
        self._factory: Any = protocol.Factory.forProtocol(lambda: Connection(world))
        self._listening: Any = None

    def start(self) -> None:
        """Listen."""
        run_reactor()
        self._listening = threads.blockingCallFromThread(
            reactor, reactor.listenTCP, self.port, self._factory, interface=self.host
        )
        self.port = self._listening.getHost().port

    def stop(self) -> None:
        """Listen no more."""
        threads.blockingCallFromThread(reactor, self._listening.stopListening)
