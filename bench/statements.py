"""Run inside the shop's environment: one journey through Django's own client, statements counted page by page."""

import json
import sys

import django
from django.conf import settings


def main(cookie: str, firm: dict[str, str]) -> None:
    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from .client import Browser, Page
    from .journeys import CARD, _path

    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.cookies[cookie] = firm["session"]
    counted: dict[str, int] = {}

    def ask(name: str, method: str, path: str, fields: dict[str, str] | None = None) -> Page:
        with CaptureQueriesContext(connection) as captured:
            answer = getattr(client, method)(path, fields or {})
        counted[name] = len(captured)
        return Page(answer.status_code, answer.headers.get("Location", ""), answer.content.decode())

    home = ask("home", "get", "/")
    ask("SIRET", "post", "/", home.fields('name="siret"') | {"siret": firm["siret"]})
    shop = ask("shop", "get", "/commander/")
    delivery_path = ask("quantity", "post", "/commander/", shop.fields('name="lots"') | {"lots": "1"}).location
    delivery = ask("delivery", "get", delivery_path)
    summary_path = ask("address", "post", delivery_path, delivery.fields('name="street_name"')).location
    summary = ask("summary", "get", summary_path)
    pay_path = summary_path.replace("recapitulatif", "payer")
    page = ask("confirm and pay", "post", pay_path, summary.fields('name="terms"') | {"terms": "on"})
    back = Browser(settings.SITE_URL).post(page.location, CARD, status=303).location
    ask("return", "get", _path(back))
    pages = ", ".join(f"{name} {count}" for name, count in counted.items())
    print(f"{sum(counted.values())} ({pages})")


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
