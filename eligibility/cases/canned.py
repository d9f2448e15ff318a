"""The canned answers the desk begins with. Seeding adds what is missing and never touches what staff have changed."""

from .models import CannedAnswer

NBSP = "\u00a0"
Use = CannedAnswer.Use

FIRST_ANSWERS: tuple[tuple[str, CannedAnswer.Use, str, str], ...] = (
    ("documents-affiliation", Use.DOCUMENTS, "Affiliation et immatriculation",
     (f"- un extrait Kbis de moins de 3{NBSP}mois, ou une attestation d’immatriculation au Registre national des "
     "entreprises\n- une attestation de votre CCI ou de votre CMA")),
    ("documents-effectif", Use.DOCUMENTS, "Effectif",
     ("- une attestation Urssaf ou la dernière déclaration sociale nominative, indiquant l’effectif de l’entreprise "
     "entière")),
    ("documents-existence", Use.DOCUMENTS, "Existence de l’établissement",
     f"- un avis de situation Sirene de moins de 3{NBSP}mois pour ce SIRET"),
    ("refus-effectif", Use.REFUSAL, f"50{NBSP}salariés ou plus",
     f"l’effectif de votre entreprise est de 50{NBSP}salariés ou plus"),
    ("refus-affiliation", Use.REFUSAL, "Ni CCI ni CMA", "votre entreprise ne relève ni d’une CCI ni d’une CMA"),
    ("refus-ferme", Use.REFUSAL, "Établissement fermé", "l’établissement est fermé"),
    ("refus-illisible", Use.REFUSAL, "Justificatifs illisibles ou étrangers",
     "les justificatifs sont illisibles ou ne concernent pas ce SIRET"),
    ("refus-manquants", Use.REFUSAL, "Justificatifs manquants", "les justificatifs ne nous sont pas parvenus"),
    ("refus-territoire", Use.REFUSAL, "Territoire non desservi", "le territoire n’est pas desservi"),
    ("reponse-en-cours", Use.ANSWER, "Examen en cours",
     "Nous avons bien votre dossier et l’examinons. Vous n’avez rien à faire pour l’instant."),
    ("reponse-opt-in", Use.ANSWER, "Choisir l’opt-in",
     ("Votre chambre ne nous transmet pas vos coordonnées, faute d’accord de votre part. Vous pouvez le lui donner, ou "
     "nous envoyer une attestation d’immatriculation.")),
)  # fmt: skip


def seed() -> list[str]:
    """Add the first answers that are missing; returns their titles."""
    added = []
    for key, use, title, text in FIRST_ANSWERS:
        facts = {"use": use, "title": title, "text": text}
        answer, is_new = CannedAnswer.objects.get_or_create(key=key, defaults=facts)
        if is_new:
            added.append(f"{answer.get_use_display()}{NBSP}: {title}")
    return added
