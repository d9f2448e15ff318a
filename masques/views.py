"""Home: may this company order? The answer, with offer and price, is composed here, above all the apps."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from captcha.ratelimit import RateLimit, client_ip
from eligibility.check import check
from eligibility.fields import SiretField
from eligibility.verdict import Verdict
from eligibility.zones import Zone, is_open, opens_at
from notifications.wording import count, paris_date
from orders import pricing
from orders.pricing import ZonePrices

# Sign-up takes the SIRET from here: it never stands in an address.
SIGNUP_SIRET = "signup_siret"
FRAGMENT = "X-Fragment"
checks = RateLimit("siret_check", lambda: settings.SIRET_CHECK_RATE)


class CheckForm(forms.Form):
    siret = SiretField(label="Numéro SIRET de votre établissement")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        # The answer stands under the field and says what is wrong with the number, too.
        self.fields["siret"].widget.attrs["aria-describedby"] = "id_siret_helptext reponse"


@dataclass(frozen=True)
class Answer:
    """What is said of a SIRET: a mistake in the number, too many tries, or the verdict with its price."""

    title: str
    error: str = ""
    wait: str = ""
    verdict: Verdict | None = None
    price: Decimal | None = None  # EUR HT a lot


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Show the shop's first page; a POST answers a SIRET on it, or alone when the page's script asks for that."""
    now = timezone.now()
    form = CheckForm(request.POST if request.method == "POST" else None)
    price_grid = pricing.grid(paris_date(now))
    answer = _answer(request, form, price_grid, now) if form.is_bound else None
    status = 429 if answer and answer.wait else 200
    if answer and request.headers.get(FRAGMENT) == "answer":
        response = render(request, "masques/_answer.html", {"answer": answer}, status=status)
        response[FRAGMENT] = "answer"
        return response
    context = {
        "form": form,
        "answer": answer,
        "price_grid": price_grid,
        "overseas_opens_at": _overseas_opening(now),
    }
    return render(request, "masques/home.html", context, status=status)


def _answer(request: HttpRequest, form: CheckForm, price_grid: list[ZonePrices], now: datetime) -> Answer:
    if not form.is_valid():
        return Answer("Numéro à corriger", error=str(form.errors["siret"][0]))
    # A malformed number was refused above without a look-up, and is not counted.
    if seconds := checks.allow(client_ip(request)):
        minutes = count(-(-seconds // 60), "minute")
        return Answer("Trop de vérifications en peu de temps.", wait=f"Réessayez dans {minutes}.")
    verdict = check(form.cleaned_data["siret"], at=now)
    if verdict.is_eligible and not request.user.is_authenticated:
        request.session[SIGNUP_SIRET] = verdict.siret
    return Answer(verdict.title, verdict=verdict, price=_price(verdict, price_grid))


def _price(verdict: Verdict, price_grid: list[ZonePrices]) -> Decimal | None:
    """The price of a lot at the establishment's own address; none where the address or the price is not known."""
    if not verdict.is_eligible:
        return None
    quotes = (quote for zone in price_grid if zone.zone == verdict.zone for quote in zone.prices)
    return next((quote.unit_price_excl_vat for quote in quotes if quote.lot_size == verdict.lot_size), None)


def _overseas_opening(now: datetime) -> datetime | None:
    """The last opening of an overseas zone, as long as one is still to come."""
    closed = [opens_at(zone) for zone in Zone if zone is not Zone.METRO and not is_open(zone, at=now)]
    return max(closed, default=None)
