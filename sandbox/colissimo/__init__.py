"""Colissimo's label service (SLS)."""

from sandbox.colissimo.web import blueprint

__all__ = ["blueprint"]
