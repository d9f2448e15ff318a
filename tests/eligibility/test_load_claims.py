"""Who is loading, in words: the name that a load claims, as the one who must wait reads it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from eligibility.registers.exclusive import LOCK, _in_words, _written, claim
from eligibility.registers.refusal import LoadRefused
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


@pytest.mark.django_db(transaction=True)
def test_a_load_that_ends_while_it_is_asked_about_has_just_ended(in_thread: Callable[..., Any]) -> None:
    """Its lock is still seen, its name and its transaction no more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        asked = in_thread(refused)
        assert asked.result(30).endswith("il vient de se terminer. Attendez qu’il se termine.")
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def refused() -> str:
    with pytest.raises(LoadRefused) as refusal, transaction.atomic():
        claim("registre CCI", by="essai")
    return str(refusal.value)
