"""The mailboxes over real IMAP, with the client that the shop uses."""

import imaplib
import smtplib
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from imap_tools import AND, NOT, BaseMailBox, H, MailBoxUnencrypted
from imap_tools.errors import MailboxLoginError

from sandbox.world import World, running

ADDRESS = "aide@masques.example"


def send(world: World, subject: str = "Rejet SIRET", to: str = ADDRESS, body: bytes = b"Bonjour\r\n") -> bytes:
    raw = b"From: marie@example.com\r\nSubject: %b\r\n\r\n%b" % (subject.encode(), body)
    with smtplib.SMTP("127.0.0.1", world.smtp_port, timeout=5) as client:
        client.sendmail("marie@example.com", [to], raw)
    return raw


def open_box(world: World, address: str = ADDRESS) -> BaseMailBox:
    return MailBoxUnencrypted("127.0.0.1", world.imap_port, timeout=5).login(address, "sandbox")


@pytest.fixture
def box(world):
    with open_box(world) as client:
        yield client


def reopen(box: BaseMailBox, folder: str = "INBOX") -> list[str]:
    box.folder.set(folder)
    return box.uids("ALL")


def test_what_comes_by_smtp_is_read_by_imap_to_the_byte(world):
    raw = send(world, "Été à Saint-Malo", body=b"caf\xe9 \xff\r\n")
    with open_box(world) as box:
        [uid] = box.uids("ALL")
        status, answer = box.client.uid("FETCH", uid, "(BODY.PEEK[])")
    assert status == "OK"
    assert answer[0][1] == raw


def test_every_address_has_a_mailbox_of_its_own_whatever_its_capitals(world):
    send(world, to="Marie@Example.com")
    with open_box(world, "marie@example.COM") as hers, open_box(world) as others:
        assert len(hers.uids("ALL")) == 1
        assert others.uids("ALL") == []


def test_a_whole_header_comes_as_it_was_sent(world, box):
    send(world, "sujet brut été")
    reopen(box)
    [mail] = list(box.fetch(headers_only=True, mark_seen=False, bulk=True))
    assert mail.size_rfc822 > 0
    assert "sujet brut été".encode() in mail.obj.as_bytes()


def test_peeking_leaves_a_message_unread_and_reading_marks_it(world, box):
    send(world)
    reopen(box)
    list(box.fetch(mark_seen=False))
    assert box.uids(AND(seen=False)) != []
    list(box.fetch(mark_seen=True))
    assert box.uids(AND(seen=False)) == []
    assert box.folder.status("INBOX", ["UNSEEN"]) == {"UNSEEN": 0}


@pytest.mark.parametrize("mode", ["ok", "plain"])
def test_a_message_moves_into_another_folder_with_its_flags(world, http, mode):
    http.switch("imap", mode)
    send(world)
    send(world, "Deuxième")
    with open_box(world) as box:
        assert "MOVE" not in box.client.capabilities
        capabilities = box.client.capability()[1][0].decode().split()
        assert ("MOVE" in capabilities) is (mode == "ok")
        box.client.capabilities = tuple(capabilities)
        first, second = box.uids("ALL")
        box.folder.create("Traités")
        assert box.folder.exists("Traités")
        box.flag(first, r"\Flagged", True)
        box.move(first, "Traités")
        assert reopen(box) == [second]
        assert len(reopen(box, "Traités")) == 1
        assert r"\Flagged" in next(iter(box.fetch())).flags


def test_a_number_is_never_given_again(world, box):
    send(world)
    [first] = reopen(box)
    box.delete(first)
    send(world)
    [second] = reopen(box)
    assert int(second) > int(first)


def test_a_message_that_another_client_took_is_simply_gone(world, box):
    send(world)
    [uid] = reopen(box)
    with open_box(world) as other:
        other.delete(uid)
    assert list(box.fetch(uid_list=[uid])) == []


def test_a_search_by_number_finds_what_is_new(world, box):
    send(world)
    send(world)
    first, second = reopen(box)
    assert box.uids(f"UID {int(first) + 1}:*") == [second]


def test_a_search_knows_headers_days_and_flags(world, box):
    send(world, "=?utf-8?q?Rejet_SIRET_=C3=A9t=C3=A9?=")
    send(world, "Bonjour")
    first, second = reopen(box)
    today = datetime.now(UTC).date()
    assert box.uids(AND(subject="rejet siret")) == [first]
    assert box.uids(AND(header=H("From", "marie@example.com"), date_gte=today)) == [first, second]
    assert box.uids(AND(date_lt=today)) == []
    assert box.uids(AND(date_lt=today + timedelta(days=2))) == [first, second]
    assert box.uids(NOT(subject="bonjour")) == [first]
    with pytest.raises(imaplib.IMAP4.error, match="not known here"):
        box.uids("LARGER 3")


def test_a_client_can_bring_a_message(world, box):
    box.append(b"Subject: apport\xc3\xa9\r\n\r\nBonjour\r\n", "INBOX", flag_set=[r"\Seen"])
    box.append(b"Subject: grand\r\n\r\n" + b"x" * 100_000, "INBOX")
    first, second = reopen(box)
    assert next(box.fetch(uid_list=[first], mark_seen=False)).flags == (r"\Seen",)
    assert len(next(box.fetch(uid_list=[second], mark_seen=False)).text) == 100_000


def test_folders_are_made_once_and_deleted(world, box):
    box.folder.create("À voir")
    with pytest.raises(Exception, match="not created"):
        box.folder.create("À voir")
    box.folder.delete("À voir")
    assert [folder.name for folder in box.folder.list()] == ["INBOX"]


@contextmanager
def not_signed_in(world: World, timeout: float = 5) -> Iterator[BaseMailBox]:
    box = MailBoxUnencrypted("127.0.0.1", world.imap_port, timeout=timeout)
    try:
        yield box
    finally:
        box.client.shutdown()


def test_the_switch_refuses_the_password(world, http):
    http.switch("imap", "auth")
    with not_signed_in(world) as box, pytest.raises(MailboxLoginError):
        box.login(ADDRESS, "sandbox")


def test_the_switch_keeps_the_client_waiting_for_ever(world, http):
    http.switch("imap", "timeout")
    with not_signed_in(world, timeout=0.3) as box, pytest.raises(TimeoutError):
        box.login(ADDRESS, "sandbox")


def test_the_switch_hangs_up(world, http):
    http.switch("imap", "failing")
    with socket.create_connection(("127.0.0.1", world.imap_port), timeout=5) as client:
        assert client.recv(100) == b""


def test_the_switch_slows_the_login_down(world, http):
    http.switch("imap", "slow", seconds=0.3)
    start = time.monotonic()
    with open_box(world) as box:
        assert box.uids("ALL") == []
    assert time.monotonic() - start >= 0.3


def test_folders_and_flags_survive_a_restart(tmp_path):
    first = World(tmp_path)
    with running(first):
        send(first)
        with open_box(first) as box:
            box.folder.create("Traités")
            box.move(box.uids("ALL"), "Traités")
    second = World(tmp_path)
    with running(second), open_box(second) as box:
        assert reopen(box) == []
        assert len(reopen(box, "Traités")) == 1
