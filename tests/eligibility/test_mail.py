"""One e-mail taken apart, without mailbox or database."""

import email.policy
import time
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eligibility.cases import mail
from eligibility.cases.mail import Mail, Unreadable, read
from eligibility.cases.mail_subject import case_number, concerns_rejection, sirets
from eligibility.cases.mail_text import from_html, part_quotation
from eligibility.siret import has_valid_key
from tests.factories import make_siren, make_siret

SIRET = "73282932000074"
OTHER = "06480230900019"
PDF = b"%PDF-1.4 kbis"
# A loaded machine is no fault of the parser.
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def write(text: str = "Bonjour", **headers: str) -> EmailMessage:
    message = EmailMessage()
    usual = {
        "From": "Marie Dubois <Marie@Atelier.example>",
        "Subject": "Rejet SIRET",
        "Message-ID": "<1@atelier.example>",
    }
    for name, value in (usual | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        if value:
            message[name] = value
    message.set_content(text)
    return message


def taken_apart(message: EmailMessage) -> Mail:
    return read(message.as_bytes())


def names(found: Mail) -> list[str]:
    return [attachment.name for attachment in found.attachments]


# --- the subject


@pytest.mark.parametrize(
    "subject",
    [
        "Rejet SIRET",
        "rejet siret",
        "REJET DE MON SIRET",
        "RE: TR: Fwd: [client] Rejet  Siret 732 829 320 00074",
        "Réjet Sirét",
        "Rejet-SIRET",
        "Re: Rejet SIRET – demande RS000042 reçue",
        "documents demandés (demande RS000042)",
        "re: rs 000042",
    ],
)
def test_a_subject_about_a_rejected_siret_is_recognised(subject):
    assert concerns_rejection(subject)


@pytest.mark.parametrize(
    "subject",
    ["", "SIRET", "Rejet", "Bonjour", "Commande ECTZ326", "projet siretage", "RS42", "XRS000042", "RS1234567890"],
)
def test_any_other_subject_is_left_alone(subject):
    assert not concerns_rejection(subject)


def test_the_number_of_the_case_is_read_from_the_subject():
    assert case_number("RE: Rejet SIRET – demande RS000042 reçue") == 42
    assert case_number("rs 1234567") == 1_234_567
    assert case_number("RS000000") is None
    assert case_number("Rejet SIRET 73282932000074") is None


# --- the SIRET


@pytest.mark.parametrize(
    "text",
    [
        "73282932000074",
        "732 829 320 00074",
        "732.829.320.00074",
        "732\u00a0829\u202f320\u00a000074",
        "732829320 00074",
        "732-829-320-00074",
        "SIRET : 732 829 320 00074.",
        "SIRET:73282932000074,",
        "732 829\n320 00074",
        "73 28 29 32 00 00 74",
        "Tél. 01 23 45 67 89 – SIRET 732 829 320 00074 – APE 4332A",
        "01 23 45 67 89 732 829 320 00074",
        "n°73282932000074",
    ],
)
def test_a_siret_is_found_however_it_is_written(text):
    assert sirets(text) == [SIRET]


@pytest.mark.parametrize(
    "text",
    [
        "732 829 320",
        "73282932000075",
        "732829320000740",
        "FR44732829320",
        "00000000000000",
        "IBAN FR76 3000 6000 0112 3456 7890 189",
        "7328293200007",
        "٧٣٢٨٢٩٣٢٠٠٠٠٧٤",
    ],
)
def test_what_only_looks_like_a_siret_is_none(text):
    assert sirets(text) == []


def test_several_sirets_come_in_the_order_of_the_text_each_once():
    assert sirets(f"{OTHER}, puis {SIRET} et encore {OTHER}") == [OTHER, SIRET]


@patiently
@given(
    st.integers(0, 90_000), st.sampled_from(["", " ", ".", "\u00a0", "  "]), st.text(max_size=30), st.text(max_size=30)
)
def test_any_siret_is_found_in_any_text(number, gap, before, after):
    siret = make_siret(make_siren(number))
    written = gap.join((siret[:3], siret[3:6], siret[6:9], siret[9:]))
    text = f"{before.rstrip('0123456789')}\n\n:{written};{after.lstrip('0123456789')}"
    assert siret in sirets(text)


@patiently
@given(st.text(alphabet="0123456789 .-\n\u00a0abc", max_size=200))
def test_nothing_but_valid_sirets_is_found(text):
    for siret in sirets(text):
        assert has_valid_key(siret)
        assert siret.isascii()


# --- header


def test_the_author_is_read_with_a_name_in_any_encoding():
    headers = taken_apart(write(From="=?iso-8859-1?q?Ma=EFt=E9_Dubois?= <Marie@Atelier.example>")).headers
    assert (headers.sender, headers.sender_name) == ("marie@atelier.example", "Maïté Dubois")


@pytest.mark.parametrize("author", ["", "Marie", "<>", "marie@", "undisclosed-recipients:;", "a" * 300 + "@b.example"])
def test_an_unusable_author_is_nobody_and_gets_no_answer(author):
    raw = f"From: {author}\r\nSubject: Rejet SIRET\r\n\r\nBonjour".encode()
    headers = read(raw).headers
    assert headers.sender == ""
    assert headers.is_automatic


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?q?Rejet_SIRET_=E2=80=93_=C3=A9t=C3=A9?=", "Rejet SIRET – été"),
        (b"=?iso-8859-1?Q?Rejet_SIRET_=E9t=E9?=", "Rejet SIRET été"),
        (b"=?utf-8?b?UmVqZXQg?=\r\n =?utf-8?b?U0lSRVQ=?=", "Rejet SIRET"),
        ("Rejet SIRET été".encode(), "Rejet SIRET été"),
        (b"Rejet SIRET \xe9t\xe9", "Rejet SIRET été"),
        (b"=?klingon?q?Rejet_SIRET?=", "Rejet SIRET"),
        (b"=?utf-8?b?%%%?= Rejet SIRET", "Rejet SIRET"),
        (b"Rejet\r\n\tSIRET", "Rejet SIRET"),
    ],
)
def test_a_subject_is_read_however_it_is_encoded(raw, subject):
    assert read(b"From: a@b.example\r\nSubject: " + raw + b"\r\n\r\n").headers.subject == subject


def test_a_subject_of_ten_thousand_characters_is_read():
    assert read(b"Subject: Rejet SIRET " + b"x" * 10_000 + b"\r\n\r\n").headers.subject.startswith("Rejet SIRET xxx")


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "Auto-Generated"},
        {"Precedence": "Bulk"},
        {"Precedence": "auto_reply"},
        {"X_Auto_Response_Suppress": "All"},
        {"X_Autoreply": "yes"},
        {"List_Id": "<nouvelles.example>"},
        {"Return_Path": "<>"},
        {"From": "MAILER-DAEMON@relais.example"},
        {"From": "noreply@atelier.example"},
        {"From": "ne-pas-repondre+42@atelier.example"},
        {"Subject": "Réponse automatique\u00a0: Rejet SIRET"},
        {"Subject": "Automatic reply: Rejet SIRET"},
    ],
)
def test_what_a_machine_sends_is_recognised(header):
    assert taken_apart(write(**header)).headers.is_automatic


def test_a_bounce_is_recognised_by_its_type():
    raw = b"From: relais@b.example\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\nrefus\r\n--x--"
    assert read(raw).headers.is_automatic


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Auto_Submitted": "no"},
        {"Precedence": "normal"},
        {"From": "noreplyer@b.example"},
        {"Subject": "Rejet SIRET, réponse automatique reçue"},
    ],
)
def test_what_a_person_sends_is_answered(header):
    assert not taken_apart(write(**header)).headers.is_automatic


def test_what_is_answered_is_known():
    headers = taken_apart(
        write(In_Reply_To="<7.1@shop.example>", References="<5@x.example> <7.1@shop.example>")
    ).headers
    assert headers.references == ("<7.1@shop.example>", "<5@x.example>")


def test_a_mail_without_message_id_has_a_name_that_is_always_the_same():
    first, again, other = (read(write(text, Message_ID="").as_bytes()) for text in ("Bonjour", "Bonjour", "Bonsoir"))
    assert first.headers.message_id == again.headers.message_id != other.headers.message_id
    moved = read(b"Received: from relais.example\r\n" + write(Message_ID="").as_bytes())
    assert moved.headers.message_id == first.headers.message_id


# --- text


def test_the_plain_text_is_read_rather_than_the_html():
    message = write("En clair")
    message.add_alternative("<p>En HTML</p>", "html")
    assert taken_apart(message).text == "En clair"


def test_html_alone_is_read_without_markup_script_or_style():
    message = write()
    message.set_content(
        "<html><head><title>T</title><style>p{color:red}</style></head><body><script>alert(1)</script>"
        "<p>Bonjour&nbsp;Marie,</p><p>SIRET<br>732&nbsp;829&nbsp;320 <b>00074</b></p></body></html>",
        subtype="html",
    )
    assert taken_apart(message).text == "Bonjour Marie,\n\nSIRET\n732 829 320 00074"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Un<p>Deux</div></b>&nbsp;&eacute;<script>jamais", "Un Deux é"),
        ("5 < 6 &lt; 7 & 8 > 2", "5 < 6 < 7 & 8 > 2"),
        ("<td>732</td><td>829</td>", "732 829"),
        ("avant<!-- <p>caché</p> -->après", "avantaprès"),
        ("avant<!-- jamais fermé", "avant"),
        ("<STYLE>p{}</STYLE >Bonjour<HEAD><title>x</title></HEAD>", "Bonjour"),
        ("fin <a href=", "fin"),
        ("<", "<"),
        ("", ""),
    ],
)
def test_crooked_html_is_read_as_far_as_it_goes(html, text):
    assert " ".join(from_html(html).split()) == text


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", "<!", "<![CDATA[", "<script>", "</", "<p", "&", "<style><!--", "&#", "< "]
)
def test_html_made_to_keep_us_busy_does_not(piece):
    started = time.process_time()
    from_html((piece * 100_000)[:100_000])
    assert time.process_time() - started < 2


@patiently
@given(st.text(alphabet="<>!-/abps&; \"'=\n", max_size=80))
def test_any_html_becomes_text_that_holds_no_tag_from_it(html):
    assert "<p>" not in from_html(f"<p>{html}</p>".replace("&", ""))


def test_a_text_in_a_wrong_charset_is_read_all_the_same():
    for raw in (
        b"Content-Type: text/plain; charset=klingon\r\n\r\n\xc3\xa9t\xc3\xa9",
        b"Content-Type: text/plain; charset=us-ascii\r\n\r\n\xe9t\xe9",
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xe9t\xe9",
        b"Content-Type: text/plain; charset=idna\r\n\r\n\xe9t\xe9",
        b"\r\n\xe9t\xe9",
    ):
        assert read(raw).text == "été"


def test_controls_and_nul_leave_no_trace():
    assert read(b"\r\nBon\x00jour\x07\r\n\r\n\r\n\r\n\r\nMarie").text == "Bonjour\n\nMarie"


@pytest.mark.parametrize(
    "quotation",
    [
        "Le 3 mai 2026 à 10:12, masques-pme <aide@masques.example> a écrit :\n> Bonjour,",
        "Le dim. 3 mai 2026 à 10:12, masques-pme\n<aide@masques.example> a écrit\u00a0:\n\n> Bonjour,",
        "On Sun, 3 May 2026 at 10:12, masques-pme wrote:\n> Bonjour,",
        "-----Message d'origine-----\nDe : masques-pme",
        "----- Original Message -----\nFrom: masques-pme",
        "________________________________\nDe : masques-pme <aide@masques.example>\nEnvoyé : dimanche",
        "De : masques-pme <aide@masques.example>\nEnvoyé : dimanche 3 mai 2026 10:12\nObjet : Rejet SIRET",
        "> Bonjour,\n> nous avons bien reçu",
    ],
)
def test_what_is_quoted_below_is_parted_from_what_was_written(quotation):
    text, quoted = part_quotation(f"Voici mon Kbis.\n\n{quotation}")
    assert text == "Voici mon Kbis."
    assert quoted == quotation


@pytest.mark.parametrize("text", ["Bonjour,\nLe matin convient.", "> cité\nréponse dessous", "De : moi\nà vous", ""])
def test_a_text_without_quotation_below_is_left_whole(text):
    assert part_quotation(text) == (text, "")


# --- files


def test_ten_attachments_are_kept_with_their_names():
    message = write()
    for number in range(10):
        message.add_attachment(PDF, maintype="application", subtype="pdf", filename=f"pièce n° {number}.pdf")
    found = taken_apart(message)
    assert names(found) == [f"pièce n° {number}.pdf" for number in range(10)]
    assert {attachment.content for attachment in found.attachments} == {PDF}
    assert found.left_out == 0


def test_more_files_than_anybody_needs_are_counted_and_not_read():
    message = write()
    for _ in range(23):
        message.add_attachment(PDF, maintype="application", subtype="pdf", filename="kbis.pdf")
    found = taken_apart(message)
    assert (len(found.attachments), found.left_out) == (20, 3)


def test_a_name_loses_the_folders_that_a_program_sent_along():
    message = write()
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="C:\\Mes documents\\kbis.pdf")
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="../../etc/passwd")
    assert names(taken_apart(message)) == ["kbis.pdf", "passwd"]


def test_a_name_encoded_as_old_programs_do_is_read():
    raw = (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: application/pdf;"
        b' name="=?utf-8?q?re=C3=A7u.pdf?="\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--x--"
    )
    [attachment] = read(raw).attachments
    assert (attachment.name, attachment.content) == ("reçu.pdf", b"%PDF")


def test_a_forwarded_message_gives_its_words_and_its_files():
    inner = write("Mon SIRET : 732 829 320 00074", Subject="Mes papiers")
    inner.add_attachment(PDF, maintype="application", subtype="pdf", filename="kbis.pdf")
    outer = write("Je vous transmets.")
    outer.add_attachment(inner)
    found = taken_apart(outer)
    assert names(found) == ["kbis.pdf"]
    assert found.text == "Je vous transmets.\n\nMes papiers\n\nMon SIRET : 732 829 320 00074"


def picture(size: int, **options: Any) -> Mail:
    message = write()
    message.add_alternative('<p>Bonjour</p><img src="cid:1">', "html")
    html = message.get_payload()[1]
    html.add_related(b"\x89PNG" + b"x" * size, maintype="image", subtype="png", cid="<1>", **options)
    return taken_apart(message)


def test_the_logo_of_a_signature_is_no_document_but_a_pasted_picture_is():
    assert names(picture(2_000)) == []
    assert names(picture(50_000, filename="image001.png")) == ["image001.png"]


def test_a_signature_of_the_message_itself_is_no_document():
    message = write()
    message.add_attachment(b"...", maintype="application", subtype="pkcs7-signature", filename="smime.p7s")
    assert names(taken_apart(message)) == []


# --- broken


BROKEN = b"""From: Marie <marie@atelier.example>
Subject: Rejet SIRET
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: text/plain; charset=utf-8

Mon SIRET est 732 829 320 00074
--x
Content-Type: application/pdf; name="kbis.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQ
--x
Content-Type: application/pdf; name*0*=utf-8''%zz; name*1="
Content-Transfer-Encoding: bogus

%PDF
"""


def test_a_broken_part_does_not_spoil_the_others():
    found = read(BROKEN)
    assert sirets(found.text) == [SIRET]
    assert found.attachments[0].name == "kbis.pdf"
    assert len(found.attachments) == 2


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"no header at all\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nMon SIRET 73282932000074",
        b"Content-Type: multipart/mixed\r\n\r\nMon SIRET 73282932000074",
        b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x--",
        b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n====",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Type: text/plain; charset*=x\r\n\r\nBonjour",
        b"Content-Disposition: attachment; filename*=utf-8'\r\n\r\nx",
        b"From: =?utf-8?q?=?= <a@b.example>\r\nSubject: =?utf-8?q?=ZZ?=\r\n\r\n",
    ],
)
def test_a_crooked_message_is_read_or_refused_and_never_raises_anything_else(raw):
    assert isinstance(readable(raw), Mail)


def test_a_message_of_a_thousand_boxes_in_boxes_is_refused_or_read_without_its_depths():
    raw = b"Subject: Rejet SIRET\r\n"
    for level in range(1000):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
    found = readable(raw)
    assert found is None or found.attachments == ()


def readable(raw: bytes) -> Mail | None:
    try:
        return read(raw)
    except Unreadable:
        return None


@settings(patiently, max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw):
    readable(raw)
    readable(b"Content-Type: multipart/mixed; boundary=x\r\nSubject: " + raw + b"\r\n\r\n--x\r\n" + raw + b"\r\n--x--")


@patiently
@given(st.integers(0, len(BROKEN)), st.binary(min_size=1, max_size=4))
def test_any_damage_is_survived(place, noise):
    found = readable(BROKEN[:place] + noise + BROKEN[place + len(noise) :])
    if found is not None:
        assert found.headers.message_id
        found.text.encode()
        found.headers.subject.encode()
        found.headers.sender_name.encode()


@patiently
@given(st.text(max_size=200), st.text(max_size=200))
def test_what_was_written_is_found_again(subject, text):
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = "marie@atelier.example"
    message["Subject"] = " ".join(subject.split())
    message.set_content(text)
    found = read(message.as_bytes())
    assert "".join(found.headers.subject.split()) == "".join(mail.clean(subject).split())
    assert "".join((found.text + found.quoted).split()) == "".join(mail.clean(text).split())
