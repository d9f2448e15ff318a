"""The folders of every mailbox: which message lies where, under which number, with which flags.

A mailbox exists as soon as somebody writes to it, or opens it. The message itself is kept once, however many folders
show it. An entry is `{"uid", "message", "flags", "arrived"}`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from sandbox.store import Doc, Store

INBOX = "INBOX"


def names(store: Store, account: str) -> list[str]:
    """List the folders of a mailbox; the first is always there."""
    return [INBOX, *(doc["name"] for doc in store.all(_folders(account), newest_first=False))]


def create(store: Store, account: str, name: str) -> bool:
    """Make a folder; say whether it is new."""
    with store.lock():
        is_new = name not in names(store, account)
        if is_new:
            store.put(_folders(account), name, {"name": name})
    return is_new


def remove(store: Store, account: str, name: str) -> None:
    """Forget a folder and what lies in it."""
    with store.lock():
        for entry in entries(store, account, name):
            take_out(store, account, name, entry["uid"])
        store.delete(_folders(account), name)


def put(store: Store, account: str, folder: str, message: str, flags: Iterable[str] = (), arrived: str = "") -> int:
    """Lay a stored message into a folder; numbers only grow and never come back, whatever is deleted."""
    arrived = arrived or datetime.now(UTC).isoformat(timespec="seconds")
    with store.lock():
        uid = store.next_number("imap")
        entry = {"uid": uid, "message": message, "flags": sorted(set(flags)), "arrived": arrived}
        write(store, account, folder, entry)
    return uid


def write(store: Store, account: str, folder: str, entry: Doc) -> None:
    """Write an entry, as a new one or with its new flags."""
    store.put(_entries(account, folder), str(entry["uid"]), entry)


def entry(store: Store, account: str, folder: str, uid: int) -> Doc | None:
    """Find an entry, unless it has been moved or deleted meanwhile."""
    return store.get(_entries(account, folder), str(uid))


def entries(store: Store, account: str, folder: str) -> list[Doc]:
    """List what lies in a folder, oldest first."""
    return store.all(_entries(account, folder), newest_first=False)


def take_out(store: Store, account: str, folder: str, uid: int) -> None:
    """Remove an entry; the message stays readable on the sandbox's pages."""
    store.delete(_entries(account, folder), str(uid))


def _folders(account: str) -> str:
    return f"imap_folders:{account}"


def _entries(account: str, folder: str) -> str:
    return f"imap:{account}:{folder}"
