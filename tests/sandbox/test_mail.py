"""The mailbox over real SMTP."""

import smtplib
import threading
import time
from email.message import EmailMessage

import pytest
import requests
from imap_tools import MailBoxUnencrypted

from sandbox.mail import messages
from sandbox.world import World, running


@pytest.fixture
def smtp(world):
    with smtplib.SMTP("127.0.0.1", world.smtp_port, timeout=5) as client:
        yield client


FORWARDED = b"""Content-Type: multipart/mixed; boundary=x

--x
Content-Type: message/rfc822

Subject: a

b
--x--"""


def letter(to="marie@example.com", subject="Votre commande ECTZ326 est confirmée", html=True) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "masques-pme <boutique@example.com>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = "<1@example.com>"
    message.set_content("Bonjour,\n\nà payer : 292,76 €\nhttps://example.com/suite\n")
    if html:
        message.add_alternative("<p>Bonjour,</p><script>alert(1)</script><p style='color:red'>292,76 €</p>", "html")
    return message


def inbox(http, **query) -> list[dict]:
    return http.get("/mail/messages.json", params=query).json()


def test_a_mail_is_stored_with_text_html_and_envelope(smtp, http):
    smtp.send_message(letter())
    [mail] = inbox(http)
    assert mail["to"] == "marie@example.com"
    assert mail["from"] == "masques-pme <boutique@example.com>"
    assert mail["subject"] == "Votre commande ECTZ326 est confirmée"
    assert mail["text"] == "Bonjour,\n\nà payer : 292,76 €\nhttps://example.com/suite\n"
    assert "292,76 €" in mail["html"]
    assert mail["message_id"] == "<1@example.com>"


def test_mails_are_found_by_recipient_subject_and_age_newest_first(smtp, http):
    smtp.send_message(letter("marie@example.com", "Un"))
    smtp.send_message(letter("paul@example.com", "Deux"))
    smtp.send_message(letter("marie@example.com", "Trois"))
    assert [mail["subject"] for mail in inbox(http)] == ["Trois", "Deux", "Un"]
    assert [mail["subject"] for mail in inbox(http, to="MARIE@example.com")] == ["Trois", "Un"]
    assert [mail["subject"] for mail in inbox(http, subject="deux")] == ["Deux"]
    first = inbox(http)[-1]
    assert [mail["subject"] for mail in inbox(http, since=first["id"])] == ["Trois", "Deux"]
    assert [mail["subject"] for mail in inbox(http, since=first["date"])] == ["Trois", "Deux"]
    unescaped = http.get("/mail/messages.json?since=" + first["date"]).json()
    assert [mail["subject"] for mail in unescaped] == ["Trois", "Deux"]
    assert http.get("/mail/messages.json?since=hier").status_code == 400


def test_a_percent_sign_in_a_search_is_only_a_percent_sign(smtp, http):
    smtp.send_message(letter("marie+100%@example.com"))
    assert len(inbox(http, to="+100%@")) == 1
    assert inbox(http, to="m%e") == []


def test_hidden_copies_are_seen(smtp, http):
    smtp.send_message(letter(), to_addrs=["marie@example.com", "copie@example.com"])
    assert inbox(http, to="copie@")[0]["to"] == "marie@example.com, copie@example.com"


def test_the_page_shows_the_text_and_keeps_the_html_in_a_cage(smtp, http):
    smtp.send_message(letter())
    number = inbox(http)[0]["id"]
    page = http.get(f"/mail/{number}/").text
    assert "à payer : 292,76 €" in page
    assert '<a href="https://example.com/suite"' in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "alert(1)" not in page
    cage = http.get(f"/mail/{number}/html")
    assert cage.headers["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert "default-src 'none'" in cage.headers["Content-Security-Policy"]


def test_a_subject_cannot_inject_markup_into_the_list(smtp, http):
    smtp.send_message(letter(subject="<b>gras</b>"))
    assert "&lt;b&gt;gras&lt;/b&gt;" in http.get("/mail/").text


def test_attachments_are_listed_and_downloaded_never_opened(smtp, http):
    message = letter()
    message.add_attachment(b"%PDF-1.4 ...", maintype="application", subtype="pdf", filename="reçu été.pdf")
    smtp.send_message(message)
    mail = inbox(http)[0]
    assert mail["attachments"] == [{"name": "reçu été.pdf", "type": "application/pdf", "size": 12}]
    piece = http.get(f"/mail/{mail['id']}/pieces/0")
    assert piece.content == b"%PDF-1.4 ..."
    assert piece.headers["Content-Disposition"].startswith("attachment")
    assert http.get(f"/mail/{mail['id']}/pieces/1").status_code == 404


def test_the_source_is_kept_to_the_byte(smtp, http):
    raw = b"Subject: =?utf-8?q?=C3=A9t=C3=A9?=\r\n\r\nBonjour\r\n"
    smtp.sendmail("a@example.com", ["b@example.com"], raw)
    mail = inbox(http)[0]
    assert mail["subject"] == "été"
    assert mail["from"] == "a@example.com"
    assert http.get(f"/mail/{mail['id']}/source.eml").content == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no header at all\xff\xfe",
        b"Subject: \xe9t\xe9\r\nTo: \xff\r\n\r\n\xe9t\xe9",
        b"Content-Type: application/pdf\r\n\r\n%PDF",
        b"Content-Type: text/plain; charset=klingon\r\n\r\nBonjour",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nnothing",
        FORWARDED,
    ],
)
def test_a_crooked_message_is_kept_all_the_same(world, http, raw):
    number = messages.keep(world.store, raw, sender="a@example.com", to=["b@example.com"])
    assert http.get(f"/mail/{number}/").status_code == 200


def test_unknown_mails_are_404(http):
    for path in ("/mail/999/", "/mail/999/html", "/mail/999/source.eml", "/mail/999/pieces/0"):
        assert http.get(path).status_code == 404


def test_a_failing_server_says_451_and_keeps_nothing(smtp, http):
    http.switch("mail", "failing")
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        smtp.send_message(letter())
    assert refusal.value.smtp_code == 451
    assert inbox(http) == []
    http.switch("mail", "ok")
    smtp.send_message(letter())
    assert len(inbox(http)) == 1


def test_a_refusing_server_knows_no_mailbox(smtp, http):
    http.switch("mail", "refusing")
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        smtp.send_message(letter())
    assert refusal.value.recipients["marie@example.com"][0] == 550


def test_one_address_is_always_unknown(smtp):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        smtp.send_message(letter("inconnu@example.com"))


def test_any_login_is_accepted_unless_the_switch_refuses_it(smtp, http, world):
    smtp.login("boutique", "secret")
    http.switch("mail", "auth")
    with smtplib.SMTP("127.0.0.1", world.smtp_port, timeout=5) as other:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
            other.login("boutique", "secret")
        assert refusal.value.smtp_code == 535
        with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
            other.send_message(letter())
        assert refusal.value.smtp_code == 530


def test_a_slow_server_holds_up_nobody_else(smtp, http, world):
    http.switch("mail", "slow", seconds=0.4)
    start = time.monotonic()

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", world.smtp_port, timeout=5) as client:
            client.send_message(letter())

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.4 <= time.monotonic() - start < 1.4
    assert len(inbox(http)) == 4


def test_mails_survive_a_restart(tmp_path):
    for expected in (1, 2):
        world = World(tmp_path)
        with running(world) as url:
            with smtplib.SMTP("127.0.0.1", world.smtp_port, timeout=5) as client:
                client.send_message(letter())
            assert len(requests.get(url + "/mail/messages.json", timeout=5).json()) == expected


def test_somebody_writes_to_the_help_desk_as_a_customer(http, world):
    assert 'value="Rejet SIRET"' in http.get("/mail/ecrire/").text
    letter = {
        "from": "Marie <marie@example.com>",
        "to": "aide@masques.example",
        "subject": "Rejet\r\nSIRET",
        "text": "Été",
    }
    pieces = [("pieces", ("kbis été.pdf", b"%PDF-1.4", "application/pdf")), ("pieces", ("photo", b"x", ""))]
    page = http.post("/mail/ecrire/", data=letter, files=pieces)
    assert page.status_code == 200
    [mail] = inbox(http)
    assert (mail["from"], mail["subject"], mail["text"]) == ("Marie <marie@example.com>", "Rejet SIRET", "Été\n")
    assert [piece["name"] for piece in mail["attachments"]] == ["kbis été.pdf", "photo"]
    with MailBoxUnencrypted("127.0.0.1", world.imap_port, timeout=5).login("aide@masques.example", "x") as box:
        assert len(box.uids("ALL")) == 1


def test_an_answer_quotes_the_letter_and_names_it(smtp, http):
    smtp.send_message(letter(to="marie@example.com", subject="Rejet SIRET – demande RS000042 reçue"))
    page = http.get(f"/mail/ecrire/?reponse={inbox(http)[0]['id']}").text
    assert 'value="marie@example.com"' in page
    assert "Re: Rejet SIRET – demande RS000042 reçue" in page
    assert "&gt; Bonjour," in page
    assert "&lt;1@example.com&gt;" in page


def test_a_letter_to_nobody_keeps_what_was_written(http):
    page = http.post("/mail/ecrire/", data={"to": "personne", "subject": "Objet à garder", "text": "Texte à garder"})
    assert page.status_code == 400
    assert "Objet à garder" in page.text
    assert "Texte à garder" in page.text
    assert inbox(http) == []
