from django.apps import AppConfig


class MasquesConfig(AppConfig):
    name = "masques"
    verbose_name = "Boutique"

    def ready(self) -> None:
        # Registering the deploy checks is what importing the module is for.
        from . import checks  # noqa: F401
