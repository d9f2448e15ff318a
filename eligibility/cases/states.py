"""The states of a "Rejet SIRET" case, and which may follow which."""

from django.db import models


class State(models.TextChoices):
    RECEIVED = "received", "reçue"
    DOCUMENTS_REQUESTED = "documents_requested", "documents demandés"
    DOCUMENTS_RECEIVED = "documents_received", "documents reçus"
    ACCEPTED = "accepted", "acceptée"
    REFUSED = "refused", "refusée"
    CLOSED = "closed", "close"


UNDER_WAY = (State.RECEIVED, State.DOCUMENTS_REQUESTED, State.DOCUMENTS_RECEIVED)
DECIDED = (State.ACCEPTED, State.REFUSED)

NEXT: dict[str, set[str]] = {
    State.RECEIVED: {
        State.DOCUMENTS_REQUESTED, State.DOCUMENTS_RECEIVED, State.ACCEPTED, State.REFUSED, State.CLOSED,
    },
    # Documents are asked for again while some are still missing.
    State.DOCUMENTS_REQUESTED: {
        State.DOCUMENTS_REQUESTED, State.DOCUMENTS_RECEIVED, State.ACCEPTED, State.REFUSED, State.CLOSED,
    },
    State.DOCUMENTS_RECEIVED: {State.DOCUMENTS_REQUESTED, State.ACCEPTED, State.REFUSED, State.CLOSED},
    State.ACCEPTED: set(),  # an admission is withdrawn by its expiry date
    State.REFUSED: {State.RECEIVED, State.DOCUMENTS_RECEIVED},
    State.CLOSED: {State.RECEIVED, State.DOCUMENTS_RECEIVED},
}  # fmt: skip


class Source(models.TextChoices):
    """How a case was opened."""

    FORM = "form", "formulaire"
    EMAIL = "email", "e-mail"
    STAFF = "staff", "service client"
