"""The steps a parcel can take: La Poste's event codes, words and five-step timeline. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """`button` is what the parcels page offers; `label` what La Poste writes; `step` where the timeline stands."""

    code: str
    button: str
    label: str
    step: int


EVENTS = {
    event.code: event
    for event in (
        Event(
            "DR1",
            "Annoncé",
            "Votre Colissimo va bientôt nous être confié ! Il est en cours de préparation chez votre expéditeur.",
            0,
        ),
        Event("PC1", "Pris en charge", "Votre colis a été déposé dans un point postal.", 1),
        Event("ET1", "En transit", "Votre colis est en cours d'acheminement.", 2),
        Event("DO1", "Entré en douane", "Votre colis est en cours de traitement par la douane.", 2),
        Event("DO2", "Sorti de douane", "Votre colis est sorti de douane.", 2),
        Event("EP1", "Veille de livraison", "Votre colis est en attente de présentation.", 3),
        Event(
            "MD2",
            "En livraison",
            "Votre colis est dans le site de livraison qui dessert votre adresse."
            " Nous le préparons pour le mettre en livraison.",
            4,
        ),
        Event("AG1", "À retirer au guichet", "Votre colis vous attend dans votre bureau de poste.", 4),
        Event("PB1", "Incident", "Votre colis fait l'objet d'un incident : un problème est en cours de résolution.", 2),
        Event("PB2", "Incident résolu", "Le problème est résolu, votre colis reprend son acheminement.", 2),
        Event("RE1", "Retour", "Votre colis est retourné à l'expéditeur.", 4),
        Event("DI1", "Livré", "Votre colis est livré.", 5),
        Event("DI2", "Rendu à l’expéditeur", "Votre colis a été remis à l'expéditeur.", 5),
        Event("XX9", "Code inconnu", "Votre colis poursuit son chemin.", 2),
    )
}
FINAL = {"DI1", "DI2"}
PROBLEMS = {"PB1", "RE1", "DI2"}
STEP_LABELS = (
    "Votre colis est entre nos mains.",
    "Il est en chemin.",
    "Il est arrivé sur son site de livraison.",
    "Nous préparons sa livraison.",
    "Il est livré.",
)

PATH = ("DR1", "PC1", "ET1", "EP1", "MD2", "DI1")
PATH_OVERSEAS = ("DR1", "PC1", "ET1", "DO1", "DO2", "EP1", "MD2", "DI1")
SIDEWAYS = {"AG1": "DI1", "PB1": "PB2", "RE1": "DI2"}


def next_step(codes: list[str], *, overseas: bool) -> str | None:
    """Say what usually comes next, given the codes so far, newest first; None at the end of the way."""
    newest = codes[0] if codes else None
    if newest in FINAL:
        return None
    if newest in SIDEWAYS:
        return SIDEWAYS[newest]
    path = PATH_OVERSEAS if overseas else PATH
    reached = max((path.index(code) for code in codes if code in path), default=-1)
    return path[reached + 1] if reached + 1 < len(path) else None
