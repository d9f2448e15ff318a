"""Refusals. `str(error)` is a French sentence fit for the customer."""

from django.http import Http404


class OrderError(Exception):
    """An order rule said no."""


class OrderChangedError(OrderError):
    """What the customer was shown is no longer so: show the summary again, with what changed."""


class NoSuchOrderError(Http404):
    """The customer's establishment has no order of this reference: deleted, a stranger's, or never there."""


class BusyError(Exception):
    """Somebody else holds the row; nothing was written and trying again is safe.

    No OrderError on purpose: a webhook or job must come back later, not take this for an answer.
    """

    def __init__(self) -> None:
        super().__init__("Une autre opération est en cours pour votre entreprise\u00a0: réessayez dans un instant.")
