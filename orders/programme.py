"""The operation's switch: announced, open, paused, closed. Only new orders hang on it; what was ordered goes on."""

from datetime import datetime

from django.conf import settings

from notifications.wording import long_date, time_of_day

from .errors import OrderError

PAUSED = "Les commandes sont momentanément suspendues. Règlements, livraisons et factures suivent leur cours."
CLOSED = "L’opération est terminée. Vos commandes et vos factures restent dans Mon espace."


def opens_at() -> datetime | None:
    """The announced moment, Paris time, where there is one."""
    text = settings.PROGRAMME_OPENS_AT
    return datetime.fromisoformat(text).replace(tzinfo=settings.PARIS) if text else None


def notice(*, at: datetime) -> str:
    """Why no order is taken at this moment, for everybody to read; empty while orders are taken."""
    match settings.PROGRAMME_STATE:
        case "paused":
            return PAUSED
        case "closed":
            return CLOSED
        case "announced":
            return _announcement(opens_at(), at)
    return ""


def check(*, at: datetime) -> None:
    """Raise OrderError while no order is taken."""
    if reason := notice(at=at):
        raise OrderError(reason)


def _announcement(opening: datetime | None, at: datetime) -> str:
    if opening is None:
        return "Les commandes ouvriront bientôt. Vous pouvez déjà vérifier votre SIRET et créer votre compte."
    if at >= opening:
        return ""
    return (
        f"Les commandes ouvriront le {long_date(opening)} à {time_of_day(opening)} (heure de Paris). "
        "Vous pouvez déjà vérifier votre SIRET et créer votre compte."
    )
