"""Addresses of the money."""

from django.urls import path

from . import views, webhooks

urlpatterns = [
    path("commandes/<reference:reference>/payer/", views.pay, name="pay"),
    path("commandes/<reference:reference>/commander-et-payer/", views.pay, name="order_and_pay"),
    path("commandes/<reference:reference>/paiement/", views.payment_return, name="return"),
    path("commandes/<reference:reference>/annuler/", views.cancel, name="cancel"),
    path("mes-factures/", views.invoices, name="invoices"),
    path("mes-factures/<str:number>.pdf", views.invoice_pdf, name="invoice_pdf"),
    path("webhooks/stripe/", webhooks.stripe_webhook, name="stripe_webhook"),
]
