from django.apps import AppConfig
from django.urls import register_converter

from .reference import ReferenceConverter


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Commandes"

    def ready(self) -> None:
        register_converter(ReferenceConverter, "reference")
