"""E-mails to the help desk become cases, over a real IMAP server."""

import base64
import smtplib
from datetime import timedelta

import pytest
from django.utils import timezone

from eligibility.cases import documents, intake, mailbox
from eligibility.cases.models import Case, CaseMessage, Document
from eligibility.cases.waiting import WaitingMails
from notifications import wording
from notifications.mail import message_id
from notifications.models import Message
from tests.eligibility.helpdesk import OTHER_SIRET, PDF, SENDER, SIRET, HelpDesk, letter
from tests.eligibility.test_mail import BROKEN
from tests.factories import CaseFactory

pytestmark = pytest.mark.django_db


def letters_to(address: str) -> list[str]:
    """The kinds of what was posted to an address, in order."""
    found = Message.objects.filter(recipient=address).order_by("pk")
    return [kind.removeprefix("eligibility/") for kind in found.values_list("kind", flat=True)]


def test_an_email_opens_a_case_and_is_acknowledged_and_filed_away(helpdesk: HelpDesk):
    helpdesk.put(letter(f"Bonjour,\n\nmon SIRET {SIRET} n’est pas reconnu."))
    helpdesk.poll()
    case = Case.objects.get()
    assert (case.siret, case.email, case.contact_name, case.source) == (SIRET, SENDER, "Marie Dubois", "email")
    message = case.messages.get()
    assert (message.direction, message.sender, message.subject) == ("in", SENDER, "Rejet SIRET")
    assert message.body == f"Bonjour,\n\nmon SIRET {SIRET} n’est pas reconnu."
    assert letters_to(SENDER) == ["case_acknowledged"]
    assert case.number in Message.objects.get().subject
    assert helpdesk.subjects("INBOX") == []
    assert helpdesk.subjects("Traités") == ["Rejet SIRET"]
    assert helpdesk.unread("Traités") == 0


def test_what_came_by_smtp_is_taken_as_well(helpdesk: HelpDesk, imap_world):
    with smtplib.SMTP("127.0.0.1", imap_world.smtp_port, timeout=5) as client:
        client.send_message(letter(subject="TR: rejet de mon siret"))
    helpdesk.poll()
    assert Case.objects.get().siret == SIRET


def test_other_emails_are_left_untouched_and_unread(helpdesk: HelpDesk):
    for subject in ("Où est mon colis ?", "Bonjour", ""):
        helpdesk.put(letter(subject=subject))
    helpdesk.put(letter())
    helpdesk.poll()
    helpdesk.poll()
    assert helpdesk.subjects("INBOX") == ["Où est mon colis ?", "Bonjour", ""]
    assert helpdesk.unread("INBOX") == 3
    assert Case.objects.count() == 1


def test_what_a_colleague_has_marked_as_deleted_is_not_deleted_for_good(helpdesk: HelpDesk):
    helpdesk.put(letter(subject="Peut-être à garder"))
    with helpdesk.opened() as box:
        box.client.uid("STORE", box.uids("ALL")[0], "+FLAGS", r"(\Deleted)")
    helpdesk.put(letter())
    helpdesk.put(letter(Auto_Submitted="auto-replied"))
    helpdesk.poll()
    assert helpdesk.subjects("INBOX") == ["Peut-être à garder"]


def test_what_the_shop_writes_to_its_own_help_desk_is_left_to_people(helpdesk: HelpDesk, settings):
    own = letter(
        subject="Rejet SIRET – demande RS000042 à traiter bientôt", From=f"masques-pme <{settings.SUPPORT_EMAIL}>"
    )
    helpdesk.put(own)
    helpdesk.poll()
    assert helpdesk.unread("INBOX") == 1
    assert not Message.objects.exists()


def test_ten_attachments_become_documents_and_start_the_clock(helpdesk: HelpDesk, settings):
    now = timezone.now()
    helpdesk.put(letter(files=[(f"pièce {number}.pdf", PDF + b"%d" % number) for number in range(10)]))
    helpdesk.poll(now)
    case = Case.objects.get()
    assert case.state == "documents_received"
    assert case.due_at == now + timedelta(hours=48)
    assert sorted(case.documents.values_list("name", flat=True)) == [f"pièce {number}.pdf" for number in range(10)]
    assert letters_to(SENDER) == ["case_acknowledged", "case_documents_received"]


def test_files_that_are_not_taken_are_told_with_their_reasons_and_the_others_kept(helpdesk: HelpDesk):
    files = [("kbis.pdf", PDF), ("virus.exe", b"MZ"), ("vide.pdf", b""), ("photo.heic", b"\0\0\0\x18ftypheic")]
    helpdesk.put(letter(files=files))
    helpdesk.poll()
    assert Document.objects.get().name == "kbis.pdf"
    told = Message.objects.get(kind="eligibility/case_files_refused")
    assert told.recipient == SENDER
    for name in ("virus.exe", "vide.pdf", "photo.heic"):
        assert name in told.body_text
    assert "kbis.pdf" not in told.body_text


def test_documents_for_an_accepted_case_are_not_asked_for_again(helpdesk: HelpDesk):
    case = CaseFactory(email=SENDER, state="accepted", decided_at=timezone.now())
    helpdesk.put(letter("Merci.", subject=f"Re: {case.number}", files=[("kbis.pdf", PDF)]))
    helpdesk.poll()
    told = Message.objects.get(kind="eligibility/case_files_refused").body_text
    assert "la demande est déjà acceptée" in told
    assert "de nouveau" not in told


def test_an_answer_to_a_letter_goes_into_its_case(helpdesk: HelpDesk):
    case = CaseFactory(email=SENDER, siret=SIRET)
    quoted = (
        f"Le 3 mai 2026 à 10:12, masques-pme a écrit :\n> Bonjour,\n> votre SIRET https://shop.example/{case.token}/"
    )
    helpdesk.put(
        letter(
            f"Voici mon Kbis.\n\n{quoted}",
            subject=f"RE: Rejet SIRET – demande {case.number} reçue",
            files=[("k.pdf", PDF)],
        )
    )
    helpdesk.poll()
    case.refresh_from_db()
    received, note = case.messages.order_by("pk")
    assert (received.direction, received.body, received.is_other_sender) == ("in", "Voici mon Kbis.", False)
    assert note.direction == "note"
    assert "> votre SIRET" in note.body
    assert case.token not in note.body
    assert case.state == "documents_received"
    assert Case.objects.count() == 1


def test_an_answer_whose_subject_lost_the_number_is_known_by_what_it_answers(helpdesk: HelpDesk):
    helpdesk.put(letter())
    helpdesk.poll()
    acknowledgement = Message.objects.get()
    helpdesk.put(letter("Merci", subject="Rejet SIRET", In_Reply_To=message_id(acknowledgement)))
    helpdesk.poll()
    assert Case.objects.get().messages.count() == 2


def test_somebody_else_may_write_into_a_case_but_learns_nothing(helpdesk: HelpDesk):
    case = CaseFactory(email="chef@atelier.example")
    helpdesk.put(letter("Où en est-on ?", subject=f"Rejet SIRET {case.number}"))
    helpdesk.poll()
    assert case.messages.get().is_other_sender
    assert letters_to(SENDER) == []
    assert letters_to("chef@atelier.example") == []


def test_a_second_applicant_joins_the_open_case_and_is_told_no_more_than_that(helpdesk: HelpDesk):
    case = CaseFactory(siret=SIRET, email="chef@atelier.example")
    helpdesk.put(letter())
    helpdesk.poll()
    assert Case.objects.get() == case
    assert case.messages.get().is_other_sender
    assert letters_to("chef@atelier.example") == ["case_acknowledged"]
    [told] = Message.objects.filter(recipient=SENDER)
    assert told.kind == "eligibility/case_joined"
    for secret in (case.number, case.token, "chef@"):
        assert secret not in told.body_text


def test_the_siret_of_the_subject_counts_and_the_others_are_noted(helpdesk: HelpDesk):
    helpdesk.put(letter(f"et aussi {OTHER_SIRET}", subject=f"Rejet SIRET {SIRET}"))
    helpdesk.poll()
    case = Case.objects.get()
    assert case.siret == SIRET
    assert wording.siret(OTHER_SIRET) in case.messages.get(direction="note").body


def test_another_siret_in_an_answer_is_noted(helpdesk: HelpDesk):
    case = CaseFactory(email=SENDER, siret=SIRET)
    helpdesk.put(letter(f"{SIRET}, ou plutôt {OTHER_SIRET}", subject=f"Rejet SIRET {case.number}"))
    helpdesk.poll()
    assert wording.siret(OTHER_SIRET) in case.messages.get(direction="note").body
    assert Case.objects.get() == case


def test_an_email_without_siret_is_answered_by_a_question_once_a_day(helpdesk: HelpDesk):
    for text in ("Mon numéro n’est pas reconnu", "Mon SIREN est 732 829 320"):
        helpdesk.put(letter(text, files=[("kbis.pdf", PDF)]))
    helpdesk.poll()
    assert not Case.objects.exists()
    [question] = Message.objects.all()
    assert (question.kind, question.recipient) == ("eligibility/case_no_siret", SENDER)
    assert "vos fichiers joints de nouveau" in question.body_text
    assert len(helpdesk.subjects("Traités")) == 2
    helpdesk.put(letter("Alors ?"))
    helpdesk.poll(timezone.now() + timedelta(days=1))
    assert letters_to(SENDER) == ["case_no_siret"] * 2


def test_the_answer_with_the_siret_opens_the_case(helpdesk: HelpDesk):
    helpdesk.put(letter("Mon numéro n’est pas reconnu"))
    helpdesk.poll()
    helpdesk.put(letter(f"Le voici : {SIRET}", subject="Re: Rejet SIRET – votre numéro SIRET nous manque"))
    helpdesk.poll()
    assert Case.objects.get().siret == SIRET


def test_the_same_email_delivered_twice_is_one_message_and_one_answer(helpdesk: HelpDesk):
    message = letter(files=[("kbis.pdf", PDF)])
    helpdesk.put(message)
    helpdesk.put(message)
    helpdesk.poll()
    assert (Case.objects.count(), CaseMessage.objects.count(), Document.objects.count()) == (1, 1, 1)
    assert letters_to(SENDER) == ["case_acknowledged", "case_documents_received"]
    assert len(helpdesk.subjects("Traités")) == 2


@pytest.mark.parametrize("text", [f"SIRET {SIRET}", "sans numéro"])
def test_an_email_put_back_into_the_mailbox_has_no_second_effect(helpdesk: HelpDesk, text):
    helpdesk.put(letter(text, Message_ID=None))
    helpdesk.poll()
    Case.objects.update(state="closed", closed_at=timezone.now())
    helpdesk.move_back("Traités")
    helpdesk.poll(timezone.now() + timedelta(days=2))
    assert Message.objects.count() == 1
    assert CaseMessage.objects.count() == Case.objects.count() == (1 if SIRET in text else 0)


MACHINES = [
    {"Auto_Submitted": "auto-replied"},
    {"X_Auto_Response_Suppress": "OOF"},
    {"From": "MAILER-DAEMON@b.example"},
]


@pytest.mark.parametrize("header", MACHINES)
def test_a_machine_gets_no_answer_and_its_email_waits_for_a_person(helpdesk: HelpDesk, header):
    helpdesk.put(letter(subject=f"Réponse automatique : Rejet SIRET {SIRET}", **header))
    helpdesk.poll()
    assert not Case.objects.exists()
    assert [message.kind for message in Message.objects.all()] == ["eligibility/mailbox_waiting"]
    assert len(helpdesk.subjects("À voir")) == 1
    assert helpdesk.unread("À voir") == 1


@pytest.mark.parametrize("header", MACHINES)
def test_what_a_machine_answers_about_a_case_is_read_there_and_changes_nothing(helpdesk: HelpDesk, header):
    case = CaseFactory(email=SENDER)
    helpdesk.put(letter("Absent", subject=f"Re: Rejet SIRET – demande {case.number}", files=[("k.pdf", PDF)], **header))
    helpdesk.poll()
    case.refresh_from_db()
    assert case.state == "received"
    assert case.messages.get().body == "Absent"
    assert not Document.objects.exists()
    assert not Message.objects.exists()


def test_two_machines_that_answer_each_other_come_to_rest(helpdesk: HelpDesk, settings):
    """Ours answers at most so often a day, even where the other does not say that it is a machine."""
    settings.MAILBOX_ANSWERS_PER_DAY = 3
    for number in range(8):
        helpdesk.put(letter(f"Ticket {number} {SIRET if number else ''}", subject="Rejet SIRET"))
        helpdesk.put(letter(f"Ticket bis {number}", subject="Rejet SIRET"))
        helpdesk.poll()
    assert len(letters_to(SENDER)) <= 3


def test_an_address_that_writes_about_too_many_companies_is_left_to_a_person(helpdesk: HelpDesk, settings):
    settings.MAILBOX_ANSWERS_PER_DAY = 1
    helpdesk.put(letter())
    helpdesk.put(letter(f"et {OTHER_SIRET}"))
    helpdesk.poll()
    assert Case.objects.get().siret == SIRET
    assert len(helpdesk.subjects("À voir")) == 1


def test_a_broken_part_does_not_keep_the_rest_out(helpdesk: HelpDesk):
    whole = base64.encodebytes(PDF).rstrip(b"=\n")
    helpdesk.put(BROKEN.replace(b"JVBERi0xLjQ", whole).replace(b"\n", b"\r\n"))
    helpdesk.poll()
    assert Case.objects.get().siret == SIRET
    assert Document.objects.get().name == "kbis.pdf"
    assert helpdesk.subjects("Traités") == ["Rejet SIRET"]


def test_an_email_without_body_with_a_long_subject_is_understood(helpdesk: HelpDesk):
    helpdesk.put(b"From: marie@atelier.example\r\nSubject: Rejet SIRET %b %b\r\n\r\n" % (SIRET.encode(), b"x" * 10_000))
    helpdesk.poll()
    message = Case.objects.get().messages.get()
    assert message.body == ""
    assert len(message.subject) == 200


def test_a_huge_email_is_never_read_and_its_author_is_told_where_to_go(helpdesk: HelpDesk, monkeypatch):
    monkeypatch.setattr(mailbox, "MAX_SIZE", 2_000)
    helpdesk.put(letter(files=[("kbis.pdf", PDF * 1_000)]))
    helpdesk.put(letter(f"plus petit : {SIRET}"))
    helpdesk.poll()
    assert Case.objects.count() == 1
    assert letters_to(SENDER) == ["case_mail_too_big", "case_acknowledged"]
    assert len(helpdesk.subjects("À voir")) == 1


def test_an_email_that_makes_us_stumble_holds_up_nobody_and_is_left_to_a_person(
    helpdesk: HelpDesk, monkeypatch, caplog
):
    take = intake.take

    def stumble(found, *, at):
        if "piège" in found.text:
            raise ZeroDivisionError
        take(found, at=at)

    monkeypatch.setattr(intake, "take", stumble)
    helpdesk.put(letter(f"piège {OTHER_SIRET}", subject="Rejet SIRET (piège)"))
    helpdesk.put(letter())
    helpdesk.poll()
    assert Case.objects.get().siret == SIRET
    assert helpdesk.subjects("INBOX") == ["Rejet SIRET (piège)"]
    assert "ZeroDivisionError" in caplog.text
    for _ in range(3):
        helpdesk.poll()
    assert helpdesk.subjects("INBOX") == []
    assert helpdesk.subjects("À voir") == ["Rejet SIRET (piège)"]


def test_a_full_mailbox_is_worked_off_a_part_at_a_time(helpdesk: HelpDesk, monkeypatch):
    monkeypatch.setattr(mailbox, "MAILS_PER_RUN", 2)
    monkeypatch.setattr(mailbox, "HEADERS_PER_RUN", 3)
    for number in range(4):
        helpdesk.put(letter(subject=f"Bonjour {number}"))
        helpdesk.put(letter(subject=f"Rejet SIRET {number}"))
    seen = []
    for _ in range(5):
        helpdesk.poll()
        seen.append(len(helpdesk.subjects("Traités")))
    assert seen[0] == 1
    assert seen[-1] == 4
    assert len(helpdesk.subjects("INBOX")) == 4


def test_staff_are_told_once_a_day_what_waits_for_them(helpdesk: HelpDesk, settings):
    now = timezone.now()
    for _ in range(2):
        helpdesk.put(letter(Auto_Submitted="auto-replied"))
        helpdesk.poll(now)
    helpdesk.poll(now + timedelta(days=1))
    told = Message.objects.filter(kind="eligibility/mailbox_waiting").order_by("pk")
    assert [message.recipient for message in told] == [settings.STAFF_ALERT_EMAIL] * 2
    assert "2\u00a0e-mails" in told[1].body_text


def test_nothing_happens_where_no_mailbox_is_named(settings):
    settings.IMAP_URL = ""
    mailbox.poll(at=timezone.now())
    assert not Message.objects.exists()


def test_the_scanner_is_asked_before_the_lock_is_held(helpdesk: HelpDesk, monkeypatch):
    order = []
    inspect, hold = documents.inspect, intake._hold
    monkeypatch.setattr(documents, "inspect", lambda *args: order.append("inspect") or inspect(*args))
    monkeypatch.setattr(intake, "_hold", lambda sender: order.append("hold") or hold(sender))
    helpdesk.put(letter(files=[("kbis.pdf", PDF)]))
    helpdesk.poll()
    assert order == ["inspect", "hold"]


def test_what_is_left_to_a_person_is_counted_for_the_desk(helpdesk: HelpDesk):
    helpdesk.poll()
    assert WaitingMails.objects.get().to_see == 0
    helpdesk.put(letter("Absent", Auto_Submitted="auto-replied"))
    helpdesk.put(letter())
    now = timezone.now()
    helpdesk.poll(now)
    counted = WaitingMails.objects.get()
    assert (counted.to_see, counted.counted_at) == (1, now)
