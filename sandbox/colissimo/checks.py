"""What the label service refuses. Pure: a request and a date in, complaints out.

Only 30000, 30027 and 30519 are ids seen in the wild; those from 39001 on are our own, since the list is not public.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from sandbox.colissimo.numbers import OVERSEAS_PRODUCTS, PRODUCTS, is_overseas
from sandbox.store import Doc

CONTRACT, PASSWORD, API_KEY = "000000", "sandbox", "colissimo-sandbox"

Complaint = tuple[str, str]
WRONG_LOGIN: Complaint = ("30000", "Identifiant ou mot de passe incorrect")
RUN_OF_DIGITS = "123456789"
LENGTHS = {
    "companyName": 35,
    "lastName": 35,
    "firstName": 29,
    "line0": 35,
    "line1": 35,
    "line2": 35,
    "line3": 35,
    "city": 35,
    "mobileNumber": 15,
    "doorCode1": 8,
    "doorCode2": 8,
    "intercom": 30,
}
PRINTING = re.compile(r"PDF_(10x15|A4|10x10|10x12)_300dpi(_UL)?")


def part(doc: Any, *path: str) -> Doc:
    """Walk down to an object of a request that may lack anything; {} where the way ends."""
    for name in path:
        doc = doc.get(name) if isinstance(doc, dict) else None
    return doc if isinstance(doc, dict) else {}


def text(doc: Doc, name: str) -> str:
    """Read a field as text; "" where it is missing."""
    value = doc.get(name)
    return "" if value is None else str(value).strip()


def number(doc: Doc, name: str) -> float:
    """Read a field as a number; 0 where it is none."""
    value = doc.get(name)
    try:
        return float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        return 0.0


def is_signed_in(order: Doc, api_key: str | None) -> bool:
    """Accept the contract's number and password, or the API key in the header."""
    return api_key == API_KEY or (text(order, "contractNumber"), text(order, "password")) == (CONTRACT, PASSWORD)


def complaints(order: Doc, *, today: date) -> list[Complaint]:
    """List everything that is wrong with a label order."""
    return [
        *_output(part(order, "outputFormat")),
        *_service(part(order, "letter", "service"), today),
        *_parcel(part(order, "letter", "parcel")),
        *_address(part(order, "letter", "sender", "address"), "expéditeur", needs_name=False),
        *_address(part(order, "letter", "addressee", "address"), "destinataire", needs_name=True),
        *_destination(part(order, "letter")),
    ]


def _output(output: Doc) -> Iterator[Complaint]:
    if not PRINTING.fullmatch(text(output, "outputPrintingType")):
        yield "39001", "Le format d'impression est absent ou n'est pas disponible (le bac à sable n'imprime que du PDF)"


def _service(service: Doc, today: date) -> Iterator[Complaint]:
    if text(service, "productCode") not in PRODUCTS:
        yield "39002", "Le code produit est absent ou incorrect"
    try:
        if date.fromisoformat(text(service, "depositDate")) < today:
            yield "39003", "La date de dépôt est antérieure à la date du jour"
    except ValueError:
        yield "39004", "La date de dépôt est absente ou incorrecte (aaaa-mm-jj)"
    if len(text(service, "orderNumber")) > 30:
        yield "39005", "Le numéro de commande dépasse 30 caractères"


def _parcel(parcel: Doc) -> Iterator[Complaint]:
    if not 0.01 <= number(parcel, "weight") <= 30:
        yield "39006", "Le poids du colis est absent ou n'est pas compris entre 0,01 et 30 kg"
    if len(text(parcel, "instructions")) > 35:
        yield "39007", "Les instructions dépassent 35 caractères"


def _address(address: Doc, whose: str, *, needs_name: bool) -> Iterator[Complaint]:
    yield from _names(address, whose, needs_name=needs_name)
    if not text(address, "line2"):
        yield "39010", f"Le numéro et le libellé de voie du {whose} (line2) sont absents"
    country = text(address, "countryCode")
    if not re.fullmatch(r"[A-Z]{2}", country):
        yield "39011", f"Le code pays du {whose} est absent ou incorrect"
    if not text(address, "zipCode") or (country == "FR" and not re.fullmatch(r"\d{5}", text(address, "zipCode"))):
        yield "39012", f"Le code postal du {whose} est absent ou incorrect"
    if not text(address, "city"):
        yield "39013", f"La commune du {whose} est absente"
    for name, longest in LENGTHS.items():
        if len(text(address, name)) > longest:
            yield "39014", f"Le champ {name} du {whose} dépasse {longest} caractères"
    if RUN_OF_DIGITS in text(address, "mobileNumber"):
        yield "39015", f"Le numéro de portable du {whose} est incorrect"
    email = text(address, "email")
    if email and not (5 <= len(email) <= 80 and "@" in email):
        yield "39016", f"Le courriel du {whose} est incorrect"


def _names(address: Doc, whose: str, *, needs_name: bool) -> Iterator[Complaint]:
    if needs_name and not text(address, "lastName") and "CEDEX" not in text(address, "city").upper():
        yield "39008", f"Le nom du {whose} est absent"
    if not needs_name and not (text(address, "companyName") or text(address, "lastName")):
        yield "39009", f"La raison sociale ou le nom du {whose} est absent"


def _destination(letter: Doc) -> Iterator[Complaint]:
    """Check that product, customs and tax flag fit the place."""
    address = part(letter, "addressee", "address")
    product = text(part(letter, "service"), "productCode")
    if product not in PRODUCTS or text(address, "countryCode") != "FR":
        return
    overseas = is_overseas("FR", text(address, "zipCode"))
    if overseas and product in ("DOM", "DOS", "CECO", "HD"):
        yield "39020", f"Le produit {product} n'est pas autorisé pour une destination Outre-Mer"
    if not overseas and product in OVERSEAS_PRODUCTS:
        yield "39021", f"Le produit {product} est réservé aux destinations Outre-Mer"
    if overseas:
        if part(letter, "parcel").get("ftd") is not True:
            yield "39022", "L'indicateur ftd doit être vrai pour une destination Outre-Mer"
        yield from _customs(letter)


def _customs(letter: Doc) -> Iterator[Complaint]:
    customs = part(letter, "customsDeclarations")
    if customs.get("includeCustomsDeclarations") not in (1, True):
        yield "39023", "La déclaration en douane est obligatoire pour une destination Outre-Mer"
        return
    if number(part(letter, "service"), "totalAmount") <= 0:
        yield "39024", "Le montant total (totalAmount) est obligatoire avec une déclaration en douane"
    if customs.get("numberOfCopies", 4) not in (1, 2, 3, 4):
        yield "39025", "Le nombre d'exemplaires de la déclaration doit être compris entre 1 et 4"
    category = number(part(customs, "contents", "category"), "value")
    if category not in (1, 2, 3, 4, 5, 6):
        yield "39026", "La catégorie du contenu est absente ou incorrecte"
    articles = part(customs, "contents").get("article")
    if not isinstance(articles, list) or not 1 <= len(articles) <= 100:
        yield "39027", "La déclaration doit comporter entre 1 et 100 articles"
        return
    for article in articles:
        yield from _article(article if isinstance(article, dict) else {}, commercial=category == 3)


def _article(article: Doc, *, commercial: bool) -> Iterator[Complaint]:
    if not 1 <= len(text(article, "description")) <= 64:
        yield "39030", "La description de l'article est absente ou dépasse 64 caractères"
    for name in ("quantity", "weight", "value"):
        if number(article, name) <= 0:
            yield "39031", f"Le champ {name} de l'article est absent ou nul"
    code = text(article, "hsCode")
    if (commercial or code) and not re.fullmatch(r"\d{6}|\d{8}|\d{10}", code):
        yield "30519", "Le code tarifaire (hsCode) de l'article est incorrect"
    if commercial and not re.fullmatch(r"[A-Z]{2}", text(article, "originCountry")):
        yield "39032", "Le pays d'origine de l'article est absent ou incorrect"
