"""The mailbox when something goes wrong: two pollers, a killed one, a server that is down, slow, or somebody else."""

import datetime as dt
import multiprocessing
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection
from django.utils import timezone

from eligibility.cases import imap, intake, intake_letters, mail, mailbox
from eligibility.cases.models import Case, CaseMessage, Document
from notifications.models import Message
from tests.eligibility import processes
from tests.eligibility.helpdesk import PDF, SENDER, SIRET, HelpDesk, letter
from tests.factories import CaseFactory, UserFactory
from tests.races import at_once

NOW = timezone.now


def kinds() -> list[str]:
    return [kind.removeprefix("eligibility/") for kind in Message.objects.order_by("pk").values_list("kind", flat=True)]


# --- two pollers, a killed one


@pytest.mark.django_db(transaction=True)
def test_two_pollers_at_once_make_one_message_and_one_answer(helpdesk: HelpDesk, monkeypatch):
    known = intake._is_known

    def slowly(found):
        answer = known(found)
        time.sleep(0.2)
        return answer

    monkeypatch.setattr(intake, "_is_known", slowly)
    text = f"SIRET {SIRET}\n\nLe 3 mai 2026, masques-pme a écrit :\n> Bonjour"
    helpdesk.put(letter(text, files=[("kbis.pdf", PDF)]))
    assert at_once(helpdesk.poll, helpdesk.poll) == [None, None]
    assert (Case.objects.count(), Document.objects.count()) == (1, 1)
    assert sorted(CaseMessage.objects.values_list("direction", flat=True)) == ["in", "note"]
    assert kinds() == ["case_acknowledged", "case_documents_received"]
    assert helpdesk.subjects("INBOX") == []
    assert len(helpdesk.subjects("Traités")) == 1


@pytest.mark.django_db(transaction=True)
def test_two_pollers_ask_one_person_once(monkeypatch):
    """Two e-mails of one sender, one in the hands of each: without the lock each finds that nobody has asked yet."""
    of_the_day = intake_letters.answers_of_the_day

    def slowly(sender, *, at):
        answers = of_the_day(sender, at=at)
        time.sleep(0.2)
        return answers

    monkeypatch.setattr(intake_letters, "answers_of_the_day", slowly)
    first, second = (mail.read(letter(text).as_bytes()) for text in ("sans numéro", "toujours sans numéro"))
    assert at_once(lambda: intake.take(first, at=NOW()), lambda: intake.take(second, at=NOW())) == [None, None]
    assert kinds() == ["case_no_siret"]


@pytest.mark.django_db(transaction=True)
def test_a_poller_killed_before_it_moves_the_email_leaves_no_double(helpdesk: HelpDesk):
    helpdesk.put(letter(files=[("kbis.pdf", PDF)]))
    server = urlsplit(os.environ["DATABASE_URL"])
    database = server._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    worker = multiprocessing.get_context("spawn").Process(target=processes.poll_and_die, args=(database, helpdesk.url))
    worker.start()
    worker.join(60)
    assert worker.exitcode == -9
    assert CaseMessage.objects.count() == 1
    assert helpdesk.subjects("INBOX") == ["Rejet SIRET"]
    helpdesk.poll()
    assert helpdesk.subjects("INBOX") == []
    assert helpdesk.subjects("Traités") == ["Rejet SIRET"]
    assert (CaseMessage.objects.count(), Document.objects.count()) == (1, 1)
    assert kinds() == ["case_acknowledged", "case_documents_received"]


@pytest.mark.django_db(transaction=True)
def test_what_fails_half_way_is_not_half_done(helpdesk: HelpDesk, monkeypatch):
    def fail(*args, **options):
        raise ZeroDivisionError

    monkeypatch.setattr(intake_letters, "files_refused", fail)
    helpdesk.put(letter(files=[("virus.exe", b"MZ"), ("kbis.pdf", PDF)]))
    helpdesk.poll()
    assert not Case.objects.exists()
    assert not Message.objects.exists()
    assert helpdesk.subjects("INBOX") == ["Rejet SIRET"]
    monkeypatch.undo()
    helpdesk.poll()
    assert Case.objects.get().documents.count() == 1


@pytest.mark.django_db
def test_an_emptied_cache_costs_time_only(helpdesk: HelpDesk, lose_the_cache):
    helpdesk.put(letter(subject="Bonjour"))
    helpdesk.put(letter())
    helpdesk.poll()
    lose_the_cache()
    helpdesk.put(letter("encore"))
    helpdesk.poll()
    assert Case.objects.count() == 1
    assert len(helpdesk.subjects("Traités")) == 2
    assert helpdesk.subjects("INBOX") == ["Bonjour"]


@pytest.mark.django_db
def test_an_old_server_without_move_serves_as_well(helpdesk: HelpDesk, imap_world):
    imap_world.switches.set("imap", "plain")
    helpdesk.put(letter())
    helpdesk.poll()
    assert helpdesk.subjects("INBOX") == []
    assert helpdesk.subjects("Traités") == ["Rejet SIRET"]


# --- a server in trouble


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["failing", "auth", "timeout"])
def test_a_mailbox_out_of_reach_is_tried_again_and_the_operator_told_once(
    helpdesk: HelpDesk, imap_world, settings, monkeypatch, caplog, mode
):
    monkeypatch.setattr(imap, "TIMEOUT", 0.3)
    helpdesk.put(letter())
    imap_world.switches.set("imap", mode)
    began = NOW()
    for minutes in (0, 1, 29):
        helpdesk.poll(began + timedelta(minutes=minutes))
    assert "cannot be read" in caplog.text
    assert not Message.objects.exists()
    for minutes in (30, 31, 45):
        helpdesk.poll(began + timedelta(minutes=minutes))
    alert = Message.objects.get()
    assert (alert.kind, alert.recipient) == ("eligibility/mailbox_unreachable", settings.STAFF_ALERT_EMAIL)
    imap_world.switches.set("imap", "ok")
    helpdesk.poll(began + timedelta(minutes=46))
    assert Case.objects.count() == 1
    imap_world.switches.set("imap", mode)
    helpdesk.poll(began + timedelta(minutes=47))
    assert Message.objects.filter(kind="eligibility/mailbox_unreachable").count() == 1


@pytest.mark.django_db
def test_a_password_never_reaches_the_log(helpdesk: HelpDesk, imap_world, settings, caplog):
    imap_world.switches.set("imap", "auth")
    settings.IMAP_URL = settings.IMAP_URL.replace(":sandbox@", ":tres-secret@")
    caplog.set_level("DEBUG")
    helpdesk.poll()
    assert "cannot be read" in caplog.text
    assert "tres-secret" not in caplog.text


@pytest.mark.django_db
def test_a_line_cut_in_the_middle_leaves_the_rest_for_the_next_poll(helpdesk: HelpDesk, monkeypatch):
    for number in range(3):
        helpdesk.put(letter(subject=f"Rejet SIRET {number}"))
    raw, calls = imap.raw, []

    def cut(box, uid):
        calls.append(uid)
        if len(calls) == 2:
            box.client.sock.shutdown(socket.SHUT_RDWR)
        return raw(box, uid)

    monkeypatch.setattr(imap, "raw", cut)
    helpdesk.poll()
    assert len(helpdesk.subjects("Traités")) == 1
    helpdesk.poll()
    assert len(helpdesk.subjects("Traités")) == 3
    assert CaseMessage.objects.count() == 3


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[int]:
    """A server with a certificate that nobody has signed; gives its port."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            client, _ = server.accept()
            with client:
                try:
                    context.wrap_socket(client, server_side=True).sendall(b"* OK ready\r\n")
                except ssl.SSLError:
                    return

        thread = threading.Thread(target=greet)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


@pytest.mark.django_db
def test_a_server_that_cannot_prove_its_name_does_not_get_the_password(impostor: int, settings, caplog):
    settings.IMAP_URL = f"imaps://aide:secret@localhost:{impostor}/INBOX"
    mailbox.poll(at=NOW())
    assert "certificate verify failed" in caplog.text


@pytest.mark.django_db
def test_a_demo_with_real_settings_copied_into_it_reads_no_real_mailbox(settings, caplog):
    """The tests refuse every address outside: had the demo tried, this would fail."""
    settings.DEMO = True
    settings.IMAP_URL = "imaps://aide:secret@mail.example.fr/INBOX"
    mailbox.poll(at=NOW())
    assert "a demo does not read the mailbox of mail.example.fr" in caplog.text


# --- the address


def test_the_address_of_a_mailbox_is_taken_apart():
    assert imap.address("imaps://aide%40masques.example:p%40ss@mail.example/INBOX.Rejets%20SIRET") == imap.Address(
        True, "mail.example", 993, "aide@masques.example", "p@ss", "INBOX.Rejets SIRET"
    )
    assert imap.address("imap://a:b@mail.example").port == 143
    assert imap.address("imap://a:b@mail.example:8143/").folder == "INBOX"


@pytest.mark.parametrize(
    "url", ["http://a:b@mail.example/", "imaps://mail.example/", "imaps://a@mail.example", "imaps://a:b@/INBOX", "x"]
)
def test_a_crooked_address_is_refused(url):
    with pytest.raises(ValueError, match="IMAP_URL"):
        imap.address(url)


# --- what is kept


@pytest.mark.django_db
def test_the_copies_of_an_accepted_case_are_deleted_and_the_others_stay(helpdesk: HelpDesk):
    helpdesk.put(letter(files=[("kbis.pdf", PDF)], subject="Rejet SIRET accepté"))
    helpdesk.poll()
    case = Case.objects.get()
    other = CaseFactory(email=SENDER)
    helpdesk.put(letter(subject=f"Rejet SIRET {other.number}"))
    helpdesk.poll()
    Case.objects.filter(pk=case.pk).update(state="accepted", decided_at=NOW(), decided_by=UserFactory(staff=True))
    mailbox.tidy(at=NOW())
    assert helpdesk.subjects("Traités") == [f"Rejet SIRET {other.number}"]


@pytest.mark.django_db
def test_what_was_dealt_with_a_month_ago_is_deleted(helpdesk: HelpDesk):
    helpdesk.put(letter("sans numéro"))
    helpdesk.poll()
    mailbox.tidy(at=NOW() + timedelta(days=29))
    assert len(helpdesk.subjects("Traités")) == 1
    mailbox.tidy(at=NOW() + timedelta(days=32))
    assert helpdesk.subjects("Traités") == []


@pytest.mark.django_db
def test_tidying_an_empty_or_unreachable_mailbox_does_no_harm(helpdesk: HelpDesk, imap_world, settings):
    mailbox.tidy(at=NOW())
    imap_world.switches.set("imap", "failing")
    mailbox.tidy(at=NOW())
    settings.IMAP_URL = ""
    mailbox.tidy(at=NOW())
