"""Who is loading, in words: the name that a load claims, as the one who must wait reads it."""

from datetime import UTC, datetime

import pytest

from eligibility.registers.exclusive import _in_words, _written
from tests.eligibility.conftest import plain

SINCE = datetime(2020, 5, 12, 8, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (
            ("registre CCI", "mai 2020 (1).csv", "anne"),
            "chargement du registre CCI, fichier mai 2020 (1).csv, par anne",
        ),
        (("registre CCI", "été|1.csv", ""), "chargement du registre CCI, fichier ete 1.csv"),
        (
            ("stock Sirene unites_legales", "Stock.zip", "root"),
            "chargement du stock Sirene unites_legales, fichier Stock.zip, par root",
        ),
        (("registre CCI", "", "root"), "retour au chargement précédent du registre CCI, par root"),
    ],
)
def test_a_claim_is_read_as_a_sentence(claim: tuple[str, str, str], words: str) -> None:
    assert plain(_in_words(_written(*claim), SINCE)) == f"{words}, depuis 10 h 32"


@pytest.mark.parametrize("what", ["registre CCI", "stock Sirene etablissements"])
def test_a_name_too_long_for_the_server_is_cut_in_the_middle(what: str) -> None:
    """What the server cuts is the end, where the operator's name stands."""
    written = _written(what, f"{'x' * 200}.csv", "camille.exemple" * 10)
    assert len(written) == 63
    assert "x..., par camille.exemplecamil, depuis" in _in_words(written, SINCE)
