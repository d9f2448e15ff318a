"""How each provider behaves today: in order, slow, failing, or badly in a way of its own."""

import time
from collections.abc import Callable

from flask import Response

from sandbox.store import Store

OK, SLOW, FAILING, TIMEOUT = "ok", "slow", "failing", "timeout"

MODES: dict[str, dict[str, str]] = {
    "mail": {
        OK: "accepte les courriels",
        SLOW: "accepte les courriels, lentement",
        FAILING: "panne passagère (451)",
        "refusing": "boîte inconnue (550)",
        "auth": "identifiants refusés (535)",
    },
    "imap": {
        OK: "remet les courriels reçus",
        SLOW: "répond lentement",
        FAILING: "raccroche aussitôt",
        "auth": "mot de passe refusé",
        TIMEOUT: "ne répond pas au mot de passe",
        "plain": "vieux serveur, sans MOVE",
    },
    "sms": {
        OK: "envoie les SMS",
        SLOW: "envoie les SMS, lentement",
        FAILING: "panne (500)",
        "invalid": "déclare tous les numéros invalides",
        TIMEOUT: "envoie le SMS, puis ne répond pas",
    },
    "laposte": {
        OK: "répond",
        SLOW: "répond lentement",
        FAILING: "panne (500, JSON)",
        "html": "panne (500, page HTML)",
        "quota": "quota dépassé (429)",
        "unauthorized": "clé refusée (401)",
        "unknown": "ne connaît encore aucun colis (404)",
    },
    "colissimo": {
        OK: "délivre les étiquettes",
        SLOW: "délivre les étiquettes, lentement",
        FAILING: "panne (500)",
        "error": "refus métier dans une réponse 200",
        "broken": "réponse multipart abîmée",
        TIMEOUT: "crée l’étiquette, puis ne répond pas",
    },
    "stripe": {
        OK: "encaisse",
        SLOW: "répond lentement",
        FAILING: "panne (500)",
        "conflict": "requête déjà en cours (409)",
        "limited": "trop de requêtes (429)",
        TIMEOUT: "agit, puis ne répond pas",
        "broken": "agit, puis répond 500",
        "twice": "envoie chaque évènement deux fois",
        "late": "envoie les évènements en retard",
        "disorder": "envoie les évènements dans le désordre",
        "lost": "n’envoie aucun évènement",
        "refund_pending": "laisse les remboursements en attente",
        "refund_failing": "fait échouer les remboursements",
    },
}

SECONDS = {SLOW: 3.0, TIMEOUT: 30.0}


class Switches:
    """The switchboard; positions live in the store and survive a restart."""

    def __init__(self, store: Store) -> None:
        """Begin with every provider in order unless the store says otherwise."""
        self._store = store
        self._failing: dict[str, Callable[[], Response]] = {}

    def on_failing(self, provider: str, answer: Callable[[], Response]) -> None:
        """Let a provider say what its outage looks like on the wire."""
        self._failing[provider] = answer

    def get(self, provider: str) -> str:
        """Return the provider's mode."""
        switch = self._store.get("switch", provider)
        return str(switch["mode"]) if switch else OK

    def set(self, provider: str, mode: str, seconds: float | None = None) -> None:
        """Choose a mode; `seconds` overrides how long "slow" and "timeout" make the caller wait."""
        if mode not in MODES.get(provider, {}):
            raise ValueError(f"unknown mode {mode!r} for provider {provider!r}")
        self._store.put("switch", provider, {"provider": provider, "mode": mode, "seconds": seconds})

    def seconds(self, provider: str) -> float:
        """Return how long the present mode makes a caller wait; 0 where it does not."""
        switch = self._store.get("switch", provider) or {"mode": OK, "seconds": None}
        usual = SECONDS.get(switch["mode"], 0.0)
        return usual if switch["seconds"] is None or not usual else float(switch["seconds"])

    def before(self, provider: str) -> Response | None:
        """Apply the common modes at the start of a request: wait when slow, give the answer of an outage."""
        mode = self.get(provider)
        if mode == SLOW:
            time.sleep(self.seconds(provider))
        if mode == FAILING:
            return self._failing[provider]()
        return None

    def after_acting(self, provider: str) -> Response | None:
        """Lose the answer of a request that was carried out, when the mode is "timeout"."""
        if self.get(provider) != TIMEOUT:
            return None
        time.sleep(self.seconds(provider))
        return Response("<html><body><h1>504 Gateway Time-out</h1></body></html>", 504, mimetype="text/html")
