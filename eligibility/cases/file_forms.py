"""Forms with files, which outlive the form's mistakes: a browser forgets them, `shelf.py` does not."""

import hashlib
import logging
import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils import timezone

from notifications.wording import file_size

from . import shelf
from .documents import FILES_PER_SENDING, MAX_SIZE, DocumentRefused, Upload, inspect, too_big
from .waiting import WaitingFile

log = logging.getLogger(__name__)

FILES_HELP = f"PDF, JPG ou PNG, 10\u00a0Mo par fichier, {FILES_PER_SENDING}\u00a0fichiers au maximum."
KEPT_HELP = (
    "Pas encore envoyés\u00a0: ils partiront avec le formulaire. Décochez ceux que vous ne voulez plus envoyer. "
    "Ils sont gardés une heure."
)
AGAIN = "Choisissez de nouveau vos fichiers\u00a0: nous ne pouvons pas les garder cette fois."
GONE = "Un fichier gardé n’est plus là\u00a0: choisissez-le de nouveau."


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class DocumentsField(forms.FileField):
    """Any number of files; what each of them is, `documents.inspect` says, one by one."""

    def __init__(self, **kwargs: Any) -> None:
        # On a phone this opens the camera too.
        widget = FilesInput(attrs={"accept": "application/pdf,image/jpeg,image/png"})
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        return [file for file in data or [] if isinstance(file, UploadedFile)]


class KeptField(forms.MultipleChoiceField):
    """The files on the shelf, each with a box; one that is no longer there is told beside the files."""

    def __init__(self) -> None:
        widget = forms.CheckboxSelectMultiple()
        super().__init__(label="Fichiers gardés", help_text=KEPT_HELP, required=False, widget=widget)

    def validate(self, value: list[str]) -> None:
        """Take any tick."""


class FilesForm(forms.Form):
    """A form with files. Where it is shown again, `keep_files` first; once it has had its effect, `forget_files`.

    A file that is not taken is a mistake like any other, told together with the others: nobody learns afterwards that
    the paper that mattered has not come along.
    """

    kept = KeptField()
    files = DocumentsField()  # type: ignore[assignment]
    # The form's number from its first showing to its effect: the same one sent twice is one sending.
    sending = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def __init__(self, *args: Any, session: SessionBase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Files come last, the kept ones ahead of the new.
        self._order = [name for name in self.fields if name not in ("kept", "files")] + ["kept", "files"]
        self._kept_field = self.fields["kept"]
        self.number = self._number()
        self.place = shelf.Shelf(session, self.number, at=timezone.now())
        self.uploads: list[Upload] = []
        self._new: list[Upload] = []
        self._offer(self.place.files() if self.is_bound else [])

    def _number(self) -> uuid.UUID:
        """The number that was sent; one that reads as none is replaced."""
        try:
            return uuid.UUID(str(self.data.get("sending", "")))
        except ValueError:
            number = uuid.uuid4()
        self._retype("sending", [str(number)])
        return number

    def _retype(self, name: str, values: list[str]) -> None:
        """Let the form, shown again, have other values in a field than those that were sent."""
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data.setlist(name, values)

    def _offer(self, waiting: Sequence[WaitingFile]) -> None:
        """Draw a box for each kept file; without any, no field."""
        self.on_shelf = {str(each.pk): each for each in waiting}
        choices = [(pk, f"{each.name} ({file_size(each.size)})") for pk, each in self.on_shelf.items()]
        self._kept_field.choices = choices  # type: ignore[attr-defined]
        if choices:
            self.fields["kept"] = self._kept_field
        else:
            self.fields.pop("kept", None)
        self.order_fields(self._order)

    def _ticked(self) -> tuple[list[WaitingFile], bool]:
        """The kept files that shall be sent, and whether one of them is no longer there."""
        ticked = set(self.data.getlist("kept")) if isinstance(self.data, QueryDict) else set()
        return [each for pk, each in self.on_shelf.items() if pk in ticked], not ticked <= self.on_shelf.keys()

    def clean_files(self) -> list[UploadedFile]:
        """Look at each file by itself; a sentence for each that is not taken."""
        kept, is_one_gone = self._ticked()
        # Out of habit people choose again what is kept.
        chosen = [file for file in self.cleaned_data["files"] if not _is_among(file, kept)]
        self._new, refused = _inspected(chosen, room=max(0, FILES_PER_SENDING - len(kept)))
        if is_one_gone:
            refused.append(GONE)
        if refused:
            raise ValidationError(refused)
        return chosen

    def clean(self) -> None:
        """Once all is right, have all files at hand."""
        if not self.errors:
            self.uploads = [*self._read(self._ticked()[0]), *self._new]

    def _read(self, kept: Sequence[WaitingFile]) -> list[Upload]:
        uploads = []
        for waiting in kept:
            try:
                uploads.append(shelf.read(waiting))
            except OSError:
                log.exception("the file %s on the shelf cannot be read", waiting.pk)
                shelf.remove([waiting])
                del self.on_shelf[str(waiting.pk)]
                self.add_error("files", GONE)
        return uploads

    def keep_files(self) -> None:
        """Put the good new files on the shelf, take off what is no longer ticked, and tick what lies there now."""
        kept, _ = self._ticked()
        shelf.remove([each for each in self.on_shelf.values() if each not in kept])
        if self._new and not self.place.put(self._new):
            self.add_error("files", AGAIN)
        self._offer(self.place.files())
        self._retype("kept", list(self.on_shelf))

    def forget_files(self) -> None:
        """Empty the shelf: the files are where they should be."""
        shelf.remove(list(self.on_shelf.values()))


def _is_among(file: UploadedFile, kept: Sequence[WaitingFile]) -> bool:
    """Whether this very file is kept already."""
    digests = {waiting.sha256 for waiting in kept if waiting.size == file.size}
    if not digests:
        return False
    digest = hashlib.sha256(file.read()).hexdigest()
    file.seek(0)
    return digest in digests


def _inspected(files: Sequence[UploadedFile], *, room: int) -> tuple[list[Upload], list[str]]:
    """Look at each file by itself: the good ones, and a sentence for each of the others."""
    uploads, refused = [], []
    for file in files[:room]:
        name = file.name or ""
        try:
            if (file.size or 0) > MAX_SIZE:
                raise too_big(name)
            uploads.append(inspect(name, file.read()))
        except DocumentRefused as refusal:
            refused.append(str(refusal))
    refused += [
        f"«\u00a0{file.name}\u00a0»\u00a0: {FILES_PER_SENDING}\u00a0fichiers au maximum par envoi."
        for file in files[room:]
    ]
    return uploads, refused
