"""Addresses. The converter `reference` is registered by `OrdersConfig.ready`."""

from django.urls import path

from . import pages, views

urlpatterns = [
    path("produit/", pages.product, name="product"),
    path("produit/notice.pdf", pages.leaflet, name="leaflet"),
    path("tarifs/", pages.prices, name="prices"),
    path("commander/", views.shop, name="shop"),
    path("commandes/", views.order_list, name="list"),
    path("commandes/<reference:reference>/", views.order_page, name="order"),
    path("commandes/<reference:reference>/livraison/", views.delivery, name="delivery"),
    path("commandes/<reference:reference>/pieces/", views.documents, name="documents"),
    path("commandes/<reference:reference>/recapitulatif/", views.summary, name="summary"),
    path("commandes/<reference:reference>/interrompre/", views.interrupt, name="interrupt"),
]
