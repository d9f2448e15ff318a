"""Why a row is left out, or kept with a remark: the sentence that the chamber reads."""

from collections import Counter
from collections.abc import Mapping

from notifications.wording import NBSP, count

REJECTIONS = {
    "field_count": "la ligne n’a pas autant de champs que l’en-tête",
    "line_too_long": "la ligne est trop longue pour être une fiche",
    "siret_missing": "le SIRET manque",
    "siret_is_siren": "9\u00a0chiffres\u00a0: c’est un SIREN, il manque les 5\u00a0chiffres de l’établissement",
    "siret_scientific": "le tableur a écrit le SIRET en notation scientifique\u00a0: les derniers chiffres sont perdus",
    "siret_format": "le SIRET contient autre chose que des chiffres",
    "siret_length": "le SIRET ne comporte pas 14\u00a0chiffres",
    "siret_checksum": "la clé du SIRET est fausse",
    "register_unknown": "le registre n’est pas connu",
    "register_other": "la ligne appartient à un autre registre que celui du chargement",
    "headcount_unusable": "ni l’effectif ni la tranche ne sont exploitables",
    "state_unknown": "l’état n’est ni A (ouvert) ni F (fermé)",
}
WARNINGS = {
    "siret_padded": "SIRET complété par des zéros à gauche",
    "name_missing": "raison sociale absente",
    "headcount_invalid": "effectif non entier\u00a0: la tranche est retenue",
    "band_padded": "tranche complétée par un zéro à gauche",
    "band_unknown": "tranche inconnue\u00a0: l’effectif exact est retenu",
    "headcount_missing": "ni effectif ni tranche\u00a0: compté comme non employeur (NN), sauf si Sirene en sait plus",
    "headcount_mismatch": "effectif et tranche en désaccord\u00a0: l’effectif exact est retenu",
    "postcode_padded": "code postal complété par un zéro à gauche",
    "postcode_invalid": "code postal illisible\u00a0: laissé vide",
    "naf_invalid": "code NAF illisible\u00a0: laissé vide",
    "aprm_invalid": "code APRM illisible\u00a0: laissé vide",
    "opt_in_missing": "opt-in absent\u00a0: compté comme non",
    "opt_in_invalid": "opt-in illisible\u00a0: compté comme non",
    "date_invalid": "date impossible\u00a0: laissée vide",
    "date_future": "date dans le futur\u00a0: conservée",
    "duplicate": "SIRET présent plusieurs fois\u00a0: la fiche la plus récente est retenue",
    "encoding_suspect": "caractère de remplacement (\ufffd)\u00a0: encodage d’origine douteux",
}


def why_nothing(rejected: Counter[str], sentences: Mapping[str, str]) -> str:
    """Why a file of which nothing is kept is refused: every reason, and how often."""
    if not rejected:
        return "Le fichier ne contient aucune ligne après son en-tête."
    told = [f"{count(rows, 'fois')}, {sentences[reason]}" for reason, rows in rejected.most_common()]
    return f"Aucune ligne n’est retenue sur {count(rejected.total(), 'lue')}{NBSP}: {f'{NBSP}; '.join(told)}."
