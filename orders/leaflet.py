"""The leaflet as PDF, made once for each text and style: its name carries their fingerprint."""

import hashlib
from functools import cache
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.template.loader import render_to_string


def make() -> str:
    """Make the PDF unless it exists; return its name in the private storage."""
    name = _name()
    if not _storage().exists(name):
        # Loading the engine takes half a second and 60 MB, which a web worker that never makes a PDF is spared.
        from weasyprint import HTML

        pdf = HTML(string=_html(), base_url=f"{settings.BASE_DIR}/static/").write_pdf(pdf_variant="pdf/ua-1")
        _storage().save(name, ContentFile(pdf))
    return name


def open_pdf() -> IO[bytes]:
    """The PDF, made now if no command has made it before."""
    return _storage().open(make())


def size() -> int | None:
    """Its size in bytes, where it has been made."""
    return _storage().size(_name()) if _storage().exists(_name()) else None


def _storage() -> Storage:
    return storages["private"]


@cache
def _html() -> str:
    return render_to_string("orders/leaflet.html", {"support_email": settings.SUPPORT_EMAIL, "seller": settings.SELLER})


@cache
def _name() -> str:
    style = (settings.BASE_DIR / "static" / "css" / "leaflet.css").read_bytes()
    return f"leaflets/{hashlib.sha256(_html().encode() + style).hexdigest()[:16]}.pdf"
