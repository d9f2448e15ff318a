"""The papers of a parcel: label and customs declaration, as small PDFs marked SPÉCIMEN."""

from datetime import date

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from sandbox.colissimo.checks import number, part, text
from sandbox.store import Doc

SIZES = {"10x15": (100, 150), "10x12": (100, 120), "10x10": (100, 100), "A4": (210, 297)}
# The built-in fonts know Latin-1 only.
LATIN = str.maketrans({"’": "'", "‘": "'", "œ": "oe", "Œ": "OE", "–": "-", "—": "-", "…": "...", "\u202f": "\u00a0"})


def label(order: Doc, parcel_number: str) -> bytes:
    """Draw the label in the format asked for."""
    letter, output = part(order, "letter"), part(order, "outputFormat")
    pdf = _paper(SIZES[text(output, "outputPrintingType").split("_")[1]], title=f"Étiquette {parcel_number}")
    service = part(letter, "service")
    _line(pdf, "COLISSIMO", size=20, bold=True)
    weight = f"{number(part(letter, 'parcel'), 'weight'):.2f} kg".replace(".", ",")
    _line(pdf, f"Produit {text(service, 'productCode')} - {weight}", size=9)
    day = date.fromisoformat(text(service, "depositDate")).strftime("%d/%m/%Y")
    _line(pdf, f"Dépôt le {day} - commande {text(service, 'orderNumber')}", size=9)
    _rule(pdf)
    _address(pdf, "Expéditeur", part(letter, "sender", "address"), size=8)
    _rule(pdf)
    _address(pdf, "Destinataire", part(letter, "addressee", "address"), size=12)
    _rule(pdf)
    _barcode(pdf, parcel_number)
    return bytes(pdf.output())


def customs_declaration(order: Doc, parcel_number: str) -> bytes:
    """Draw the CN23, as many copies as asked for."""
    letter = part(order, "letter")
    customs = part(letter, "customsDeclarations")
    pdf = _paper(SIZES["A4"], title=f"CN23 {parcel_number}", pages=int(customs.get("numberOfCopies", 4)))
    for page in range(1, pdf.pages_count + 1):
        pdf.page = page
        pdf.set_y(pdf.t_margin)
        _line(pdf, "DÉCLARATION EN DOUANE CN 23", size=16, bold=True)
        _line(pdf, f"Colis {parcel_number} - facture {text(customs, 'invoiceNumber')} - exemplaire {page}", size=10)
        _rule(pdf)
        _address(pdf, "Expéditeur", part(letter, "sender", "address"), size=10)
        _rule(pdf)
        _address(pdf, "Destinataire", part(letter, "addressee", "address"), size=10)
        _rule(pdf)
        for article in part(customs, "contents")["article"]:
            _line(pdf, text(article, "description"), size=11, bold=True)
            _line(pdf, _customs_facts(article), size=10)
        _rule(pdf)
        _line(pdf, f"Catégorie {text(part(customs, 'contents', 'category'), 'value')}", size=10)
    return bytes(pdf.output())


def _customs_facts(article: Doc) -> str:
    facts = [
        f"quantité {text(article, 'quantity')}",
        f"{text(article, 'weight')} kg".replace(".", ","),
        f"{number(article, 'value'):.2f}".replace(".", ",") + f" {text(article, 'currency') or 'EUR'} l'unité",
        f"SH {text(article, 'hsCode')}",
        f"origine {text(article, 'originCountry')}",
    ]
    return " - ".join(facts)


def _paper(size: tuple[int, int], *, title: str, pages: int = 1) -> FPDF:
    """Open a document whose pages bear the word SPÉCIMEN across."""
    pdf = FPDF(unit="mm", format=size)
    pdf.set_title(title)
    pdf.set_lang("fr-FR")
    pdf.set_margin(6)
    pdf.set_auto_page_break(auto=False)
    for _ in range(pages):
        pdf.add_page()
        middle_x, middle_y = pdf.w / 2, pdf.h / 2
        pdf.set_font("Helvetica", "B", pdf.w * 0.38)
        pdf.set_text_color(222, 222, 222)
        with pdf.rotation(50, middle_x, middle_y):
            pdf.text(middle_x - pdf.get_string_width("SPÉCIMEN") / 2, middle_y, "SPÉCIMEN")
        pdf.set_text_color(0, 0, 0)
    return pdf


def _line(pdf: FPDF, words: str, *, size: float, bold: bool = False) -> None:
    """Write one line; nothing where there are no words."""
    if not words:
        return
    pdf.set_font("Helvetica", "B" if bold else "", size)
    printable = words.translate(LATIN).encode("latin-1", "replace").decode("latin-1")
    pdf.cell(0, size * 0.45, printable, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _rule(pdf: FPDF) -> None:
    pdf.ln(2)
    pdf.line(pdf.l_margin, pdf.get_y(), pdf.w - pdf.r_margin, pdf.get_y())
    pdf.ln(2)


def _address(pdf: FPDF, heading: str, address: Doc, *, size: float) -> None:
    _line(pdf, heading, size=7)
    _line(pdf, text(address, "companyName"), size=size, bold=True)
    _line(pdf, f"{text(address, 'firstName')} {text(address, 'lastName')}".strip(), size=size)
    for name in ("line0", "line1", "line2", "line3"):
        _line(pdf, text(address, name), size=size)
    _line(pdf, f"{text(address, 'zipCode')} {text(address, 'city')} ({text(address, 'countryCode')})", size=size)
    _line(pdf, text(address, "mobileNumber"), size=size * 0.8)


def _barcode(pdf: FPDF, parcel_number: str) -> None:
    """Draw the number as Code 39, which any scanner reads, and in figures below."""
    pdf.set_fill_color(0, 0, 0)
    pdf.code39(f"*{parcel_number}*", x=pdf.l_margin + 2, y=pdf.get_y(), w=1.05, h=18)
    pdf.ln(20)
    figures = " ".join([parcel_number[:2], parcel_number[2:6], parcel_number[6:10], parcel_number[10:]])
    _line(pdf, figures, size=14, bold=True)
