"""Absolute addresses for texts that leave the site: e-mails, SMS, documents, return addresses of providers."""

from django.conf import settings


def absolute(path: str) -> str:
    """Put the site's own address before a path; the request's Host header is never trusted for this."""
    return settings.SITE_URL.rstrip("/") + "/" + path.lstrip("/")
