"""The label service: real multipart, real PDF, right numbers, and its refusals."""

import email
import email.policy
import io
import json
from datetime import date, timedelta

import pypdf
import pytest
import requests

from sandbox.colissimo.numbers import check_digit, parcel_number

BASE = "/colissimo/sls-ws/SlsServiceWSRest/2.0"


def order(**changes) -> dict:
    """Make a mainland order; keys such as letter__parcel__weight replace a value."""
    made = {
        "contractNumber": "000000",
        "password": "sandbox",
        "outputFormat": {"x": 0, "y": 0, "outputPrintingType": "PDF_10x15_300dpi"},
        "letter": {
            "service": {
                "productCode": "DOM",
                "depositDate": date.today().isoformat(),
                "orderNumber": "ECTZ326",
                "commercialName": "masques-pme",
            },
            "parcel": {"weight": 1.4, "insuranceValue": 0, "nonMachinable": False},
            "sender": {
                "senderParcelRef": "ECTZ326",
                "address": {
                    "companyName": "Vendeur Exemple",
                    "line2": "1 rue de l'Exemple",
                    "countryCode": "FR",
                    "city": "Paris",
                    "zipCode": "75015",
                    "email": "expedition@example.com",
                },
            },
            "addressee": {
                "addresseeParcelRef": "ECTZ326",
                "address": {
                    "companyName": "Menuiserie d’Œuvre",
                    "lastName": "Martin",
                    "firstName": "Marie",
                    "line2": "2 rue de l’Exemple",
                    "countryCode": "FR",
                    "city": "Lyon",
                    "zipCode": "69001",
                    "mobileNumber": "0639980012",
                    "email": "marie.martin@example.com",
                },
            },
        },
    }
    return changed(made, changes)


def overseas(**changes) -> dict:
    """Make an order for Fort-de-France with its customs declaration."""
    made = order(letter__service__productCode="COM", letter__service__totalAmount=588, letter__parcel__ftd=True)
    made["letter"]["addressee"]["address"] |= {"zipCode": "97200", "city": "Fort-de-France"}
    article = {
        "description": "Masques textiles réutilisables, lot de 40",
        "quantity": 1,
        "weight": 0.41,
        "value": 98.38,
        "hsCode": "630790",
        "originCountry": "VN",
        "currency": "EUR",
    }
    made["letter"]["customsDeclarations"] = {
        "includeCustomsDeclarations": 1,
        "numberOfCopies": 4,
        "invoiceNumber": "F2020-000043",
        "contents": {"category": {"value": 3}, "article": [article]},
    }
    return changed(made, changes)


def changed(made: dict, changes: dict) -> dict:
    for path, value in changes.items():
        *way, last = path.split("__")
        place = made
        for name in way:
            place = place[int(name)] if name.isdigit() else place[name]
        place[last] = value
    return made


def send(http, body, verb="generateLabel", **options) -> requests.Response:
    return http.post(f"{BASE}/{verb}", json=body, **options)


def parts_of(answer: requests.Response) -> dict[str, bytes]:
    """Read the multipart as the shop does, with the standard library."""
    head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + answer.content, policy=email.policy.HTTP)
    assert message.get_content_type() == "multipart/mixed"
    assert not message.defects
    return {part["Content-ID"]: part.get_payload(decode=True) for part in message.iter_parts()}


def infos_of(answer: requests.Response) -> dict:
    return json.loads(parts_of(answer)["<jsonInfos>"])


def test_a_label_is_made(http):
    answer = send(http, order())
    assert answer.status_code == 200
    parts = parts_of(answer)
    assert list(parts) == ["<jsonInfos>", "<label>"]
    infos = json.loads(parts["<jsonInfos>"])
    assert infos["messages"] == [
        {"id": "0", "type": "INFOS", "messageContent": "La requête a été traitée avec succès", "replacementValues": []}
    ]
    made = infos["labelV2Response"]
    assert made["parcelNumber"].startswith("6A")
    assert len(made["parcelNumber"]) == 13
    assert len(made["parcelNumberPartner"]) == 28
    assert made["parcelNumberPartner"].startswith("0069001")


def test_the_answer_is_written_as_the_carrier_writes_it(http):
    answer = send(http, order())
    boundary = answer.headers["Content-Type"].split('boundary="')[1].split('"')[0]
    assert boundary.startswith("uuid:")
    head = (
        f"--{boundary}\r\nContent-Type: application/json;charset=UTF-8\r\n"
        "Content-Transfer-Encoding: binary\r\nContent-ID: <jsonInfos>\r\n\r\n"
    )
    assert answer.content.startswith(head.encode())
    assert answer.content.endswith(f"\r\n--{boundary}--\r\n".encode())


@pytest.mark.parametrize(
    ("output", "size"),
    [("PDF_10x15_300dpi", (283, 425)), ("PDF_A4_300dpi", (595, 842)), ("PDF_10x10_300dpi", (283, 283))],
)
def test_the_label_is_a_real_pdf_of_the_size_asked_for(http, output, size):
    parts = parts_of(send(http, order(outputFormat__outputPrintingType=output)))
    [page] = pypdf.PdfReader(io.BytesIO(parts["<label>"])).pages
    text = page.extract_text()
    assert (round(page.mediabox.width), round(page.mediabox.height)) == size
    assert "SPÉCIMEN" in text
    assert "Menuiserie d'OEuvre" in text
    assert "69001 Lyon" in text


def test_numbers_count_up_with_their_check_digit(http):
    first, second = (infos_of(send(http, order()))["labelV2Response"]["parcelNumber"] for _ in range(2))
    assert int(second[2:12]) == int(first[2:12]) + 1
    for number in (first, second):
        assert int(number[-1]) == check_digit(number[2:12])


@pytest.mark.parametrize(
    "number",
    ["6A99277756826", "6A91733639278", "8L71279870700", "8V53181942089", "7Q89339442668", "6A15602683841"],
)
def test_check_digits_agree_with_published_numbers(number):
    assert check_digit(number[2:12]) == int(number[12])


def test_prefixes_follow_the_product():
    assert [parcel_number(product, 1)[:2] for product in ("DOM", "COM", "CDS", "CORE")] == ["6A", "8L", "7Q", "8R"]


def test_overseas_the_customs_declaration_comes_along(http):
    parts = parts_of(send(http, overseas()))
    assert list(parts) == ["<jsonInfos>", "<label>", "<cn23>"]
    assert json.loads(parts["<jsonInfos>"])["labelV2Response"]["parcelNumber"].startswith("8L")
    pages = pypdf.PdfReader(io.BytesIO(parts["<cn23>"])).pages
    assert len(pages) == 4
    assert "Masques textiles réutilisables, lot de 40" in pages[3].extract_text()


def test_la_poste_knows_the_parcel_at_once(http):
    number = infos_of(send(http, order()))["labelV2Response"]["parcelNumber"]
    answer = http.get(f"/laposte/suivi/v2/idships/{number}", headers={"X-Okapi-Key": "okapi-sandbox"})
    assert [event["code"] for event in answer.json()["shipment"]["event"]] == ["DR1"]
    [parcel] = http.get("/parcels.json").json()
    assert (parcel["number"], parcel["reference"], parcel["city"]) == (number, "ECTZ326", "Lyon")


def test_checking_makes_no_label(http):
    infos = infos_of(send(http, order(), verb="checkGenerateLabel"))
    assert infos["labelV2Response"] is None
    assert infos["messages"][0]["type"] == "INFOS"
    assert http.get("/parcels.json").json() == []


YESTERDAY = (date.today() - timedelta(days=2)).isoformat()
ADDRESS = "letter__addressee__address__"


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (order(outputFormat__outputPrintingType="ZPL_10x15_203dpi"), "39001"),
        (order(letter__service__productCode="XYZ"), "39002"),
        (order(letter__service__depositDate=YESTERDAY), "39003"),
        (order(letter__service__depositDate="11/05/2020"), "39004"),
        (order(letter__parcel__weight=0), "39006"),
        (order(letter__parcel__weight=30.01), "39006"),
        (order(letter__parcel=[]), "39006"),
        (order(**{ADDRESS + "lastName": ""}), "39008"),
        (order(letter__sender__address__companyName=None), "39009"),
        (order(**{ADDRESS + "line2": " "}), "39010"),
        (order(**{ADDRESS + "zipCode": None}), "39012"),
        (order(**{ADDRESS + "zipCode": "6900"}), "39012"),
        (order(**{ADDRESS + "city": "L" * 36}), "39014"),
        (order(**{ADDRESS + "mobileNumber": "0123456789"}), "39015"),
        (order(**{ADDRESS + "zipCode": "97200"}), "39020"),
        (order(letter__service__productCode="COM"), "39021"),
        (overseas(letter__parcel__ftd=False), "39022"),
        (overseas(letter__customsDeclarations=None), "39023"),
        (overseas(letter__service__totalAmount=0), "39024"),
        (overseas(letter__customsDeclarations__numberOfCopies=5), "39025"),
        (overseas(letter__customsDeclarations__contents__article=[]), "39027"),
        (overseas(letter__customsDeclarations__contents__article__0__value=0), "39031"),
        (overseas(letter__customsDeclarations__contents__article__0__hsCode="6307"), "30519"),
        (overseas(letter__customsDeclarations__contents__article__0__originCountry=""), "39032"),
    ],
)
def test_what_is_wrong_is_refused_with_a_message(http, body, number):
    answer = send(http, body)
    assert answer.status_code == 400
    assert list(parts_of(answer)) == ["<jsonInfos>"]
    infos = infos_of(answer)
    assert infos["labelV2Response"] is None
    assert number in [message["id"] for message in infos["messages"]]
    assert {message["type"] for message in infos["messages"]} == {"ERROR"}
    assert http.get("/parcels.json").json() == []


def test_a_cedex_address_needs_no_name(http):
    assert send(http, order(**{ADDRESS + "lastName": "", ADDRESS + "city": "Lyon CEDEX 02"})).status_code == 200


def test_monaco_is_not_overseas(http):
    assert send(http, order(**{ADDRESS + "zipCode": "98000", ADDRESS + "city": "Monaco"})).status_code == 200


def test_a_wrong_login_is_30000_and_an_api_key_signs_in_too(http):
    answer = send(http, order(password="other"))
    assert answer.status_code == 403
    assert infos_of(answer)["messages"][0]["id"] == "30000"
    assert send(http, order(password=None), headers={"apiKey": "colissimo-sandbox"}).status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b""])
def test_what_is_no_json_object_is_422(http, body):
    answer = http.post(f"{BASE}/generateLabel", data=body)
    assert answer.status_code == 422
    assert infos_of(answer)["messages"][0]["type"] == "ERROR"


def test_switches_fail_refuse_and_break_without_making_a_label(http):
    http.switch("colissimo", "failing")
    assert send(http, order()).status_code == 500
    http.switch("colissimo", "error")
    answer = send(http, order())
    assert answer.status_code == 200
    assert infos_of(answer)["messages"][0]["type"] == "ERROR"
    http.switch("colissimo", "broken")
    answer = send(http, order())
    assert answer.status_code == 200
    assert b"<label>" not in answer.content
    assert http.get("/parcels.json").json() == []


def test_an_answer_can_be_lost_after_the_label_was_made(http):
    http.switch("colissimo", "timeout", seconds=1.5)
    with pytest.raises(requests.ReadTimeout):
        send(http, order(), timeout=0.5)
    assert len(http.get("/parcels.json").json()) == 1
