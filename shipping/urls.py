"""Addresses of the parcels."""

from django.urls import path

from . import views

urlpatterns = [
    path("suivi/", views.search, name="search"),
    path("suivi/<str:parcel>/", views.track, name="track"),
]
