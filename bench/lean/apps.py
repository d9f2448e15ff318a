from django.apps import AppConfig


class LeanConfig(AppConfig):
    name = "bench.lean"
    label = "lean"
