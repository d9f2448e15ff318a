"""What Twisted's IMAP server asks of an account, a folder and a message, answered from the store."""

from collections.abc import Iterable
from typing import IO, Any

from twisted.internet.defer import Deferred, succeed
from twisted.mail import imap4
from zope.interface import implementer

from sandbox.mail import folders, imap_search, messages
from sandbox.mail.imap_message import Message
from sandbox.store import Store

SEEN, DELETED = r"\Seen", r"\Deleted"
FLAGS = (SEEN, r"\Answered", r"\Flagged", DELETED, r"\Draft")


@implementer(imap4.IAccount)
class Account:
    """The mailbox of one address."""

    def __init__(self, store: Store, name: str) -> None:
        """Look at the folders of an address, in lower case."""
        self.memory, self.name = store, name

    def select(self, name: str, rw: bool = True) -> "Folder | None":
        """Open a folder; None where there is no such folder."""
        name = folders.INBOX if name.upper() == folders.INBOX else name
        return Folder(self, name, rw) if name in folders.names(self.memory, self.name) else None

    def create(self, pathspec: str) -> bool:
        """Make a folder; False where there is one."""
        return folders.create(self.memory, self.name, pathspec)

    def delete(self, name: str) -> None:
        """Delete a folder with its messages."""
        if name not in folders.names(self.memory, self.name):
            raise imap4.NoSuchMailbox(name.encode("ascii", "replace"))
        folders.remove(self.memory, self.name, name)

    def rename(self, oldname: str, newname: str) -> None:
        """Refuse: nobody needs it here."""
        raise imap4.MailboxException("Folders keep their names here")

    def isSubscribed(self, name: str) -> bool:  # noqa: N802 Twisted's name
        """Every folder is shown."""
        return True

    def subscribe(self, name: str) -> None:
        """Accept: every folder is shown anyhow."""

    def unsubscribe(self, name: str) -> None:
        """Accept: every folder stays shown."""

    def listMailboxes(self, ref: str, wildcard: str) -> list[tuple[str, "Folder"]]:  # noqa: N802 Twisted's name
        """List the folders whose names fit the pattern."""
        pattern = imap4.wildcardToRegexp(ref + wildcard, "/")
        return [(name, Folder(self, name)) for name in folders.names(self.memory, self.name) if pattern.match(name)]


@implementer(imap4.IMailbox, imap4.IMessageCopier, imap4.ISearchableMailbox)
class Folder:
    """A folder as one connection sees it: numbered when it was opened, so that places do not slip under the client."""

    def __init__(self, account: Account, name: str, rw: bool = True) -> None:
        """Number what lies in the folder now."""
        self.memory, self.owner, self.name, self.rw = account.memory, account.name, name, rw
        self.uids: list[int] = [entry["uid"] for entry in folders.entries(self.memory, self.owner, name)]

    def getFlags(self) -> tuple[str, ...]:  # noqa: N802 Twisted's name
        """Name the flags a message may have."""
        return FLAGS

    def getHierarchicalDelimiter(self) -> str:  # noqa: N802 Twisted's name
        """Folders may be named as paths."""
        return "/"

    def getUIDValidity(self) -> int:  # noqa: N802 Twisted's name
        """Numbers never come back, so they stay valid for ever."""
        return 1

    def getUIDNext(self) -> int:  # noqa: N802 Twisted's name
        """Promise a number above all that were given here."""
        return max(self.uids, default=0) + 1

    def getUID(self, message: int) -> int:  # noqa: N802 Twisted's name
        """Translate a place in this connection's list, from 1, into the number for ever."""
        return self.uids[message - 1]

    def getMessageCount(self) -> int:  # noqa: N802 Twisted's name
        """Count what this connection sees."""
        return len(self.uids)

    def getRecentCount(self) -> int:  # noqa: N802 Twisted's name
        """Say none: nobody needs this old count."""
        return 0

    def getUnseenCount(self) -> int:  # noqa: N802 Twisted's name
        """Count what nobody has read."""
        return sum(SEEN not in entry["flags"] for entry in folders.entries(self.memory, self.owner, self.name))

    def isWriteable(self) -> bool:  # noqa: N802 Twisted's name
        """Tell SELECT from EXAMINE."""
        return bool(self.rw)

    def destroy(self) -> None:
        """Do nothing: the account deletes."""

    def requestStatus(self, names: Iterable[str]) -> "Deferred[Any]":  # noqa: N802 Twisted's name
        """Answer STATUS."""
        return succeed(imap4.statusRequestHelper(self, names))

    def addListener(self, listener: object) -> None:  # noqa: N802 Twisted's name
        """Tell nobody of new messages: a client that wants to know opens the folder again."""

    def removeListener(self, listener: object) -> None:  # noqa: N802 Twisted's name
        """Do nothing: there is none."""

    def addMessage(  # noqa: N802 Twisted's name
        self, message: IO[bytes], flags: Iterable[str] = (), date: object = None
    ) -> "Deferred[int]":
        """Take a message that the client brings."""
        number = messages.keep_raw(self.memory, message.read())
        return succeed(folders.put(self.memory, self.owner, self.name, number, flags))

    def copy(self, message: Message) -> int:
        """Take a message that lies in another folder."""
        entry = message.entry
        return folders.put(self.memory, self.owner, self.name, entry["message"], message.flags, entry["arrived"])

    def fetch(self, named: imap4.MessageSet, uid: bool) -> list[tuple[int, Message]]:
        """Give the named messages that are still here, with their places."""
        named.last = max(self.uids, default=1) if uid else max(len(self.uids), 1)
        found = []
        for place, number in enumerate(self.uids, 1):
            if (number if uid else place) not in named:
                continue
            entry = folders.entry(self.memory, self.owner, self.name, number)
            if entry is not None:
                raw = messages.raw(self.memory, entry["message"]) or b""
                found.append((place, Message(entry, raw)))
        return found

    def search(self, query: imap_search.Terms, uid: bool) -> list[int]:
        """Give the places of the messages that meet all terms."""
        last = max(self.uids, default=1)
        everything = self.fetch(imap4.parseIdList(b"1:*"), uid=False)
        return [place for place, message in everything if imap_search.meets(query, message, last)]

    def store(self, named: imap4.MessageSet, flags: Iterable[str], mode: int, uid: bool) -> dict[int, list[str]]:
        """Set (0), add (1) or remove (-1) flags; give the flags that the messages have now, by place."""
        changed = {}
        with self.memory.lock():
            for place, message in self.fetch(named, uid):
                had, new = set(message.flags), set(flags)
                message.flags = sorted({0: new, 1: had | new, -1: had - new}[mode])
                folders.write(self.memory, self.owner, self.name, message.entry | {"flags": message.flags})
                changed[place] = message.flags
        return changed

    def expunge(self) -> list[int]:
        """Delete what is flagged so; give the places from the last to the first, so that none slips meanwhile."""
        everything = imap4.parseIdList(b"1:*")
        return self.take_out(place for place, message in self.fetch(everything, uid=False) if DELETED in message.flags)

    def take_out(self, places: Iterable[int]) -> list[int]:
        """Remove messages by their places; give these from the last to the first."""
        last_first = sorted(places, reverse=True)
        for place in last_first:
            folders.take_out(self.memory, self.owner, self.name, self.uids.pop(place - 1))
        return last_first
