"""One e-mail taken into the cases: joined to its case, or a case opened for its SIRET, in one transaction.

The same Message-ID twice, also after a crash or from two pollers at once, is one message and one answer. An e-mail
without a SIRET leaves no row but the letter that asks for it.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from notifications import wording
from notifications.mail import sent_as

from . import documents, intake_letters, verbs
from .documents import DocumentRefused, Upload
from .mail import Mail
from .mail_headers import Headers
from .mail_subject import case_number, sirets
from .models import Case, CaseMessage
from .states import Source

QUOTED_LIMIT = 5_000  # characters
# The first half of the advisory lock's key, positive in 32 bits; the sender's address is the other.
LOCK = zlib.crc32(b"eligibility.cases.intake") & 0x7FFFFFFF


class SetAside(Exception):
    """A person must look at this e-mail; the text says why, for the log."""


def take(mail: Mail, *, at: datetime) -> None:
    """Do what an e-mail asks for, once for ever, or raise SetAside having done nothing."""
    if _is_known(mail):
        return
    # Before the lock: the scanner may be slow. What a machine sends along is not looked at.
    uploads, refused = ([], []) if mail.headers.is_automatic else _inspected(mail)
    with transaction.atomic():
        _hold(mail.headers.sender)
        if not _is_known(mail):
            _take(mail, uploads, refused, at=at)


def _hold(sender: str) -> None:
    """Let nobody else take e-mails of this sender until the transaction ends: another poller may be doing so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, sender])


def _is_known(mail: Mail) -> bool:
    """Whether this e-mail has had its effect: a message in a case, or the question for the SIRET."""
    message_id = mail.headers.message_id
    return CaseMessage.objects.filter(message_id=message_id).exists() or intake_letters.was_asked(message_id)


def _take(mail: Mail, uploads: Sequence[Upload], refused: Sequence[str], *, at: datetime) -> None:
    case = _case_of(mail)
    if mail.headers.is_automatic:
        _keep_automatic(mail, case, at=at)
    elif case is not None:
        _receive(mail, case, uploads, refused, at=at)
    elif siret := _siret_of(mail):
        _open(mail, siret, uploads, refused, at=at)
    else:
        _demand_patience(mail.headers.sender, at=at)
        intake_letters.no_siret(mail.headers, has_files=bool(mail.attachments), at=at)


def _case_of(mail: Mail) -> Case | None:
    """The case whose number the subject quotes, or that the letter answered here is about."""
    number = case_number(mail.headers.subject)
    if number is None:
        letters = (sent_as(message_id) for message_id in mail.headers.references)
        numbers = (case_number(letter.about) for letter in letters if letter is not None)
        number = next((number for number in numbers if number is not None), None)
    return Case.objects.filter(pk=number).first() if number else None


def _siret_of(mail: Mail) -> str | None:
    """The first SIRET, in the subject before the text, in what was written now before what is quoted."""
    found = (siret for text in (mail.headers.subject, mail.text, mail.quoted) for siret in sirets(text))
    return next(found, None)


def _keep_automatic(mail: Mail, case: Case | None, *, at: datetime) -> None:
    """Let staff read in the case what a machine answered; it changes nothing and is never answered."""
    if case is None:
        raise SetAside("sent by a machine")
    verbs.receive(
        case, at=at, sender=mail.headers.sender, subject=mail.headers.subject, body=mail.text, uploads=(), refused=(),
        message_id=mail.headers.message_id, is_other_sender=True,
    )  # fmt: skip


def _open(mail: Mail, siret: str, uploads: Sequence[Upload], refused: Sequence[str], *, at: datetime) -> None:
    """Open a case for this SIRET, or join the one under way."""
    headers = mail.headers
    _demand_patience(headers.sender, at=at)
    opened = verbs.open_case(
        siret=siret, at=at, source=Source.EMAIL, email=headers.sender, contact_name=headers.sender_name[:100]
    )
    message = _receive(mail, opened.case, uploads, refused, at=at)
    if message.is_other_sender:
        intake_letters.joined(headers, siret=siret, case=opened.case, at=at)


def _receive(mail: Mail, case: Case, uploads: Sequence[Upload], refused: Sequence[str], *, at: datetime) -> CaseMessage:
    """Write the message into its case, tell its author which files were not taken, and leave staff a note."""
    headers = mail.headers
    message = verbs.receive(
        case, at=at, sender=headers.sender, subject=headers.subject, body=mail.text, uploads=uploads, refused=refused,
        message_id=headers.message_id,
    )  # fmt: skip
    if message.refused and not message.is_other_sender and not _is_impatient(headers.sender, at=at):
        intake_letters.files_refused(message)
    others = [siret for siret in sirets(f"{headers.subject}\n\n{mail.text}") if siret != message.case.siret]
    if note := _note(mail, message.case, others):
        message.case.messages.create(direction=CaseMessage.Direction.NOTE, body=note, created_at=at)
    return message


def _note(mail: Mail, case: Case, others: Sequence[str]) -> str:
    """What staff may want to know beside what was written now; the applicant's link is nobody else's, quoted or not."""
    lines = []
    if others:
        lines.append(f"Autres SIRET dans l’e-mail\u00a0: {', '.join(map(wording.siret, others))}.")
    if mail.quoted:
        lines.append(f"Texte cité dans l’e-mail\u00a0:\n{mail.quoted.replace(case.token, '…')[:QUOTED_LIMIT]}")
    return "\n\n".join(lines)


def _inspected(mail: Mail) -> tuple[list[Upload], list[str]]:
    """Look at each file; a sentence for each that is not taken. Outside of any lock: the scanner may be slow."""
    uploads, refused = [], []
    for attachment in mail.attachments:
        try:
            uploads.append(documents.inspect(attachment.name, attachment.content))
        except DocumentRefused as refusal:
            refused.append(str(refusal))
    if mail.left_out:
        more = wording.count(mail.left_out, "autre fichier", "autres fichiers")
        refused.append(f"{more} du même envoi n’ont pas été lus\u00a0: envoyez-les séparément.")
    return uploads, refused


@transaction.atomic
def refuse_size(headers: Headers, *, at: datetime) -> None:
    """Tell the author of an e-mail that it is too big to be read."""
    if not headers.is_automatic and not _is_impatient(headers.sender, at=at):
        intake_letters.too_big(headers, at=at)


def _demand_patience(sender: str, *, at: datetime) -> None:
    """Stop answering somebody who gets more answers in a day than a person can want."""
    if _is_impatient(sender, at=at):
        raise SetAside("too many answers to this address today")


def _is_impatient(sender: str, *, at: datetime) -> bool:
    return len(intake_letters.answers_of_the_day(sender, at=at)) >= settings.MAILBOX_ANSWERS_PER_DAY
