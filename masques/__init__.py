"""Composition only: settings, addresses, timetable, home and the pages that join several apps."""

from .celery import app as celery_app

__all__ = ["celery_app"]
