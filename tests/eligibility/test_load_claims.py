"""Who is loading, in words: the name that a load claims, as the one who must wait reads it."""

from datetime import UTC, datetime

import pytest

from eligibility.registers.exclusive import _fitted, described
from tests.eligibility.conftest import plain

SINCE = datetime(2020, 5, 12, 8, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("claimed", "words"),
    [
        ("CCI big.csv root", "chargement du registre CCI, fichier big.csv, par root, depuis 10 h 32"),
        ("CMA mai 2020 (1).csv anne", "chargement du registre CMA, fichier mai 2020 (1).csv, par anne, depuis 10 h 32"),
        (
            "CCI été.csv root",
            "chargement du registre CCI, fichier ete.csv, par root, depuis 10 h 32",
        ),
        (
            "SIRENE unites_legales Stock.zip root",
            "chargement du stock Sirene « unites_legales », fichier Stock.zip, par root, depuis 10 h 32",
        ),
        ("CCI retour root", "retour au chargement précédent du registre CCI, par root, depuis 10 h 32"),
        (
            "SIRENE etablissements retour root",
            "retour au chargement précédent du stock Sirene « etablissements », par root, depuis 10 h 32",
        ),
        ("CCI", "CCI, depuis 10 h 32"),
    ],
)
def test_a_claim_is_read_as_a_sentence(claimed: str, words: str) -> None:
    assert plain(described(_fitted(claimed), SINCE)) == words


def test_a_name_too_long_for_the_server_is_cut_in_the_middle() -> None:
    """What the server cuts is the end, where the operator's name stands."""
    fitted = _fitted(f"CCI {'x' * 200}.csv camille.exemple")
    assert len(fitted) == 63
    assert described(fitted, SINCE).endswith("x..., par camille.exemple, depuis 10\u00a0h\u00a032")
