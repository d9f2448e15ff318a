"""Hand an e-mail to the relay, and tell failures apart by what the relay answered."""

import logging
import re
import smtplib
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email

from notifications.failures import Undelivered
from notifications.models import Failure, Message
from notifications.safety import refuse_outside_in_demo

log = logging.getLogger(__name__)


def send(message: Message) -> None:
    """Send one e-mail or raise Undelivered."""
    refuse_outside_in_demo(settings.EMAIL_HOST)
    try:
        validate_email(message.recipient)
    except ValidationError as error:
        raise Undelivered(Failure.REFUSED, f"Adresse inutilisable\u00a0: {message.recipient}") from error
    relay = get_connection()
    try:
        _open(relay)
        _hand_over(relay, message)
    finally:
        _close(relay)


def _open(relay: BaseEmailBackend) -> None:
    """Reach the relay and log in; whatever fails here, nothing has been sent."""
    try:
        relay.open()
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered(Failure.CONFIGURATION, _answer(error)) from error
    except smtplib.SMTPResponseException as error:
        raise Undelivered(Failure.DELAYED, _answer(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(Failure.CONNECTION, str(error)) from error


def _hand_over(relay: BaseEmailBackend, message: Message) -> None:
    try:
        relay.send_messages([letter(message)])
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = error.recipients[message.recipient]
        raise Undelivered(of_recipient(code, answer), _text(code, answer)) from error
    except smtplib.SMTPResponseException as error:
        raise Undelivered(of_message(error), _answer(error)) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Undelivered(Failure.REFUSED, str(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        # The line broke during the dialogue: the relay may have taken the message or not.
        raise Undelivered(Failure.UNCERTAIN, str(error)) from error


def letter(message: Message) -> EmailMultiAlternatives:
    """The message as MIME: text first, HTML as the alternative."""
    email = EmailMultiAlternatives(
        subject=message.subject,
        body=message.body_text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.recipient],
        reply_to=[settings.SUPPORT_EMAIL],
        headers={"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"},
    )
    email.attach_alternative(message.body_html, "text/html")
    return email


def message_id(message: Message) -> str:
    """The same for every attempt, so that a mailbox that gets the message twice can show it once."""
    host = urlsplit(settings.SITE_URL).hostname
    return f"<{message.pk}.{message.created_at.timestamp():.0f}@{host}>"


def sent_as(identifier: str) -> Message | None:
    """Find the message that left under this Message-ID, where a relay has not given it another."""
    found = re.fullmatch(r"<([0-9]{1,18})\.[0-9]+@[^@]+>", identifier)
    message = Message.objects.filter(pk=found[1]).first() if found else None
    return message if message is not None and message_id(message) == identifier else None


def of_recipient(code: int, answer: bytes) -> Failure:
    """Class of an answer to RCPT TO: full or greylisted waits, a policy refuses, else nobody lives there."""
    if code < 500 or code == 552 or answer.startswith((b"4.", b"5.2.2")):
        return Failure.DELAYED
    return Failure.REFUSED if answer.startswith(b"5.7.") else Failure.UNKNOWN_RECIPIENT


def of_message(error: smtplib.SMTPResponseException) -> Failure:
    """Class of an answer to the sender's address or to the message itself."""
    if error.smtp_code < 500:
        return Failure.DELAYED
    return Failure.CONFIGURATION if isinstance(error, smtplib.SMTPSenderRefused) else Failure.REFUSED


def _close(relay: BaseEmailBackend) -> None:
    """Say goodbye; what the relay answers to that changes nothing, the message has been taken or refused."""
    try:
        relay.close()
    except (OSError, smtplib.SMTPException) as error:
        log.info("relay closed the line: %s", error)


def _answer(error: smtplib.SMTPResponseException) -> str:
    return _text(error.smtp_code, error.smtp_error)


def _text(code: int, answer: bytes | str) -> str:
    words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {words}"
