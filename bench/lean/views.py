"""The same pages as the shop's journey, each as small as it can be."""

from functools import lru_cache

import stripe
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from .models import Firm, Order

PRICE = 9759


@lru_cache(maxsize=1)
def client() -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_sandbox", base_addresses={"api": settings.STRIPE_API_BASE})


def home(request: HttpRequest) -> HttpResponse:
    answer = ""
    if request.method == "POST":
        firm = Firm.objects.filter(siret=request.POST["siret"]).first()
        answer = "oui" if firm and firm.headcount < 50 else "non"
    return render(request, "lean/page.html", {"name": "siret", "answer": answer})


def shop(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        order = Order.objects.create(user=request.user, lots=int(request.POST["lots"]))
        return redirect(f"/delivery/{order.pk}")
    return render(request, "lean/page.html", {"name": "lots", "value": 1, "answer": request.user.username})


def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order, pk=pk, user=request.user)
    if request.method == "POST":
        order.address = request.POST["address"]
        order.save(update_fields=["address"])
        return redirect(f"/summary/{pk}")
    return render(request, "lean/page.html", {"name": "address", "value": "1 rue de l’Exemple", "answer": order.lots})


def summary(request: HttpRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order, pk=pk, user=request.user)
    if request.method == "POST":
        session = client().v1.checkout.sessions.create(
            params={
                "mode": "payment",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": "eur", "unit_amount": PRICE, "product_data": {"name": f"Order {pk}"},
                        },
                    }
                ],
                "success_url": f"{settings.SITE_URL}/return/{pk}?session_id={{CHECKOUT_SESSION_ID}}",
                "cancel_url": f"{settings.SITE_URL}/return/{pk}",
            }
        )  # fmt: skip
        order.status, order.session_id = "confirmed", session.id
        order.save(update_fields=["status", "session_id"])
        return redirect(session.url)
    return render(request, "lean/page.html", {"name": "terms", "value": "on", "answer": order.address})


def back(request: HttpRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order, pk=pk, user=request.user)
    session = client().v1.checkout.sessions.retrieve(order.session_id)
    if session.payment_status == "paid":
        Order.objects.filter(pk=pk).update(status="paid")
    return render(request, "lean/page.html", {"name": "done", "answer": session.payment_status})


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    event = client().construct_event(request.body, request.headers["Stripe-Signature"], settings.WEBHOOK_SECRET)
    if event.type == "checkout.session.completed":
        session = client().v1.checkout.sessions.retrieve(event.data.object.id)
        if session.payment_status == "paid":
            Order.objects.filter(session_id=session.id).update(status="paid")
    return HttpResponse()


urlpatterns = [
    path("", home),
    path("shop", shop),
    path("delivery/<int:pk>", delivery),
    path("summary/<int:pk>", summary),
    path("return/<int:pk>", back),
    path("webhook", webhook),
]
