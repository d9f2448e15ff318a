"""What the legal pages list: purposes and bases of processing, periods of keeping, version of the terms."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings


@dataclass(frozen=True)
class Purpose:
    """Why data are processed, which, and on what basis (RGPD, article 6)."""

    title: str
    data: str
    basis: str


@dataclass(frozen=True)
class Period:
    """How long data are kept, and what becomes of them."""

    data: str
    kept: str
    then: str


# The day on which the accessibility statement was written; renew it with every audit.
ACCESSIBILITY_STATED_ON = date(2026, 11, 23)

PURPOSES = (
    Purpose("Vérifier que l’entreprise peut commander", "SIRET, lignes des registres", "intérêt légitime"),
    Purpose(
        "Tenir le compte et la connexion",
        "identifiant, adresse e-mail, empreinte du mot de passe, second facteur, adresse IP",
        "contrat",
    ),
    Purpose(
        "Commande, livraison, service après-vente",
        "nom, adresse, téléphone, adresse e-mail, commande, colis",
        "contrat",
    ),
    Purpose("Paiement", "montant, identifiants du prestataire de paiement", "contrat"),
    Purpose("Factures", "nom, adresse, SIREN", "obligation légale"),
    Purpose("Rejet SIRET", "coordonnées, justificatifs", "mesures précontractuelles"),
    Purpose("Étapes de livraison par SMS", "numéro de mobile", "contrat\u00a0; vous pouvez les désactiver"),
    Purpose(
        "Message «\u00a0vous pouvez de nouveau commander\u00a0»",
        "adresse e-mail",
        "intérêt légitime\u00a0; lien de désabonnement dans chaque message",
    ),
    Purpose("Lutte contre les abus", "adresse IP, compteurs, vérification anti-robot", "intérêt légitime"),
)

PERIODS = (
    Period(
        "Factures, avoirs, paiements, écritures",
        "10\u00a0ans à compter de la clôture de l’exercice",
        "suppression",
    ),
    Period(
        "Commandes, version acceptée des CGV, adresse de livraison",
        "5\u00a0ans après le dernier événement",
        "anonymisation",
    ),
    Period(
        "Compte, contact, entreprise",
        "3\u00a0ans après la dernière commande ou connexion, avec un avertissement 30\u00a0jours avant",
        "anonymisation",
    ),
    Period("Compte jamais utilisé, adresse e-mail non confirmée", "7\u00a0jours", "suppression"),
    Period("Demandes non confirmées", "30\u00a0jours", "suppression"),
    Period("Numéro de mobile pour les SMS", "13\u00a0mois après la livraison", "effacement"),
    Period(
        "Rejet SIRET\u00a0: justificatifs",
        "jusqu’à la décision si elle est favorable\u00a0; 6\u00a0mois après un refus",
        "suppression des fichiers",
    ),
    Period("Rejet SIRET\u00a0: fichiers d’un formulaire à corriger", "1\u00a0heure", "suppression"),
    Period("Rejet SIRET\u00a0: demande sans les fichiers", "3\u00a0ans", "anonymisation"),
    Period("Texte et destinataire des messages envoyés", "13\u00a0mois", "effacement"),
    Period("Numéros de colis et étapes", "13\u00a0mois après la livraison", "suppression"),
    Period("Journaux techniques, adresses IP", "12\u00a0mois", "suppression"),
    Period("Compteurs de la vérification anti-robot et des limites d’usage", "24\u00a0heures", "expiration"),
    Period("Trace des opérations du personnel", "3\u00a0ans", "suppression"),
    Period(
        "Lignes des fichiers CCI, CMA et Sirene",
        "jusqu’au chargement suivant\u00a0; un chargement antérieur est gardé en secours",
        "remplacement",
    ),
)


def terms_version() -> date:
    """The date that names the terms in force; it is stored with every order."""
    return date.fromisoformat(settings.TERMS_VERSION)
