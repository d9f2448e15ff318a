"""The page on which somebody writes an e-mail as a customer of the shop would."""

from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, localtime, make_msgid, parseaddr
from typing import TYPE_CHECKING

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.environment import SUPPORT_EMAIL
from sandbox.mail import messages
from sandbox.store import Doc
from sandbox.wire import field, moment

if TYPE_CHECKING:
    from sandbox.world import World

Letter = dict[str, str]

NEW: Letter = {
    "from": "Camille Martin <camille@atelier.example>",
    "to": SUPPORT_EMAIL,
    "subject": "Rejet SIRET",
    "text": "Bonjour,\n\nMon SIRET 732 829 320 00074 n’est pas reconnu. Que vous envoyer\u00a0?\n\nCamille Martin\n",
    "in_reply_to": "",
}


def add_page(mail: Blueprint, world: "World") -> None:
    """Serve the page beside the mailbox."""

    @mail.get("/ecrire/")
    def write() -> str:
        number = request.args.get("reponse", type=int)
        answered = world.store.get(messages.KIND, str(number)) or abort(404) if number else None
        return render_template("mail/write.html", letter=answer_to(answered) if answered else NEW)

    @mail.post("/ecrire/")
    def send() -> Response:
        letter = {name: field(name) for name in NEW}
        to = [address for _, address in getaddresses([letter["to"]]) if "@" in address]
        if not to:
            return make_response(render_template("mail/write.html", letter=letter, wrong=True), 400)
        pieces = [(file.filename, file.mimetype, file.read()) for file in request.files.getlist("pieces")]
        content = build(letter, [(name, kind, piece) for name, kind, piece in pieces if name])
        number = messages.keep(world.store, content, sender=parseaddr(letter["from"])[1], to=to)
        return redirect(url_for("mail.read", number=number), 303)


def answer_to(mail: Doc) -> Letter:
    """Begin an answer as a mail program would: same subject, the text quoted below."""
    subject = mail["subject"]
    quoted = "\n".join(f"> {line}" for line in mail["text"].splitlines())
    return {
        "from": mail["to"],
        "to": mail["reply_to"] or mail["from"],
        "subject": subject if subject.lower().startswith("re:") else f"Re: {subject}",
        "text": f"\n\nLe {moment(mail['date'])}, {mail['from']} a écrit :\n{quoted}\n",
        "in_reply_to": mail["message_id"],
    }


def build(letter: Letter, pieces: Sequence[tuple[str, str, bytes]]) -> bytes:
    """Make the message with its attachments (name, type, content); a line break in a header becomes a blank."""
    message = EmailMessage()
    for header, name in (("From", "from"), ("To", "to"), ("Subject", "subject"), ("In-Reply-To", "in_reply_to")):
        if value := " ".join(letter[name].split()):
            message[header] = value
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = make_msgid(domain="sandbox.localhost")
    message.set_content(letter["text"].replace("\r\n", "\n"))
    for name, mimetype, content in pieces:
        kind, _, subtype = mimetype.partition("/")
        message.add_attachment(
            content, maintype=kind or "application", subtype=subtype or "octet-stream", filename=name
        )
    return message.as_bytes()
