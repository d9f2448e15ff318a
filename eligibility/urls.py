"""Addresses of the Rejet SIRET pages."""

from django.urls import path

from .cases import views

urlpatterns = [
    path("rejet-siret/", views.case_new, name="case_new"),
    path("rejet-siret/envoyee/", views.case_sent, name="case_sent"),
    path("rejet-siret/<slug:token>/", views.case, name="case"),
]
