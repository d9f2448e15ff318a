"""Bad stock files: nothing is guessed, nothing is half applied."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eligibility.models import SireneEstablishment, SireneLoad
from eligibility.registers.refusal import LoadRefused
from tests.eligibility.archives import zipped
from tests.eligibility.conftest import put_sirene_into_service, sirets
from tests.eligibility.sirene_files import COLUMNS, SAMPLE, establishment, text

SIRET = sirets(1)[0]
SIREN = SIRET[:9]


def test_a_bad_row_is_left_out_and_counted_with_an_example(load_stock: Callable[..., Any]) -> None:
    good, short, odd = sirets(3)
    report = load_stock([establishment(good), establishment(short[1:]), establishment(odd, etatAdministratif="X")])
    assert dict(report.rejected) == {"key_invalid": 1, "state_unknown": 1}
    assert report.examples == {"key_invalid": [short[1:]], "state_unknown": [odd]}
    assert SireneEstablishment.objects.get().pk == good
    assert SireneLoad.objects.get().rows_rejected == 2


WHOLE = text("etablissements", [establishment(siret) for siret in sirets(20)])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Le fichier est vide"),
        (b"\x00\x01\x02", "octets nuls"),
        (WHOLE.encode().replace(b"REDON", b"RED\x00N", 1), "octets nuls"),
        (WHOLE.encode().replace(b"REDON", b"R\xe9DON", 1), "n’est pas en UTF-8"),
        (WHOLE.replace("REDON", '"REDON', 1).encode(), "abîmé entre les lignes 2 et 21"),
        (WHOLE.partition("\n")[0].encode(), "aucune ligne après son en-tête"),
        (WHOLE.replace(",A,", ",Z,"), "Aucune ligne n’est retenue sur 20\u00a0lues\u00a0: 20\u00a0fois, l’état n’est"),
        (WHOLE.replace("enseigne2E", "enseigne1E"), "deux fois dans l’en-tête\u00a0: enseigne1Etablissement"),
        ("siren;siret\n" * 3, "en-tête"),
        (WHOLE.replace(",", ";"), "séparées par point-virgule, et non par virgule"),
        (WHOLE.replace(",", "\t"), "séparées par tabulation, et non par virgule"),
        (WHOLE[: WHOLE.rindex("REDON")], "paraît coupé"),
    ],
    ids=[
        "empty",
        "binary",
        "NUL",
        "latin",
        "quote",
        "header alone",
        "states",
        "column twice",
        "other file",
        "semicolons",
        "tabs",
        "cut",
    ],
)
def test_a_damaged_file_is_refused_with_a_sentence_and_changes_nothing(
    load_stock: Callable[..., Any], content: bytes | str, sentence: str
) -> None:
    load_stock([establishment(SIRET)])
    with pytest.raises(LoadRefused, match=sentence):
        load_stock(content)
    assert SireneEstablishment.objects.get().pk == SIRET


def test_a_row_out_of_step_with_the_header_is_left_out(load_stock: Callable[..., Any]) -> None:
    shifted, short, good = (text("etablissements", [establishment(siret)]).splitlines()[1] for siret in sirets(3))
    header = ",".join(COLUMNS["etablissements"])
    report = load_stock("\n".join((header, shifted.replace("REDON", "RE,DON") + "62.01Z", short[:60], good, "")))
    assert dict(report.rejected) == {"field_count": 1, "state_unknown": 1}
    assert SireneEstablishment.objects.get().pk == sirets(3)[2]


def test_a_line_without_end_is_a_bad_row_and_fills_no_memory(load_stock: Callable[..., Any]) -> None:
    report = load_stock(
        WHOLE + "9" * 30_000_000 + "\n" + text("etablissements", [establishment(SIRET[:13])]).splitlines()[1]
    )
    assert dict(report.rejected) == {"key_invalid": 2}
    assert report.examples == {"key_invalid": ["(vide)", SIRET[:13]]}


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("fichier.csv", data))], ids=["gzip", "zip"])
def test_a_packed_stock_is_read_as_it_is_published(db: None, tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "StockUniteLegale_utf8.zip"
    path.write_bytes(pack(SAMPLE["unites_legales"].read_bytes()))
    assert put_sirene_into_service(path, "unites_legales").accepted == 638


def test_one_number_twice_refuses_the_file(load_stock: Callable[..., Any]) -> None:
    with pytest.raises(LoadRefused, match="Un même SIRET figure deux fois"):
        load_stock([establishment(SIRET), establishment(SIRET)])


def test_a_file_without_its_last_line_end_is_read_whole(load_stock: Callable[..., Any]) -> None:
    load_stock(WHOLE.rstrip("\n"))
    assert SireneEstablishment.objects.count() == 20
