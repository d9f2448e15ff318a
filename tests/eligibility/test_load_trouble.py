"""Register files as they come in life: a bad row is left out, a bad file is refused with a sentence."""

import gzip
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from eligibility.models import RegisterEntry, RegisterLoad
from eligibility.registers.refusal import LoadRefused
from tests.eligibility.archives import zipped
from tests.eligibility.conftest import HEADER, SAMPLES, plain, put_into_service, register_row, sirets

pytestmark = pytest.mark.django_db
Writer = Callable[..., str]


def rows_in_service(register: str = "CCI") -> list[str]:
    return list(RegisterEntry.objects.filter(register=register).order_by("siret").values_list("siret", flat=True))


def test_the_file_of_another_network_is_refused_and_said_so(write: Writer) -> None:
    put_into_service(SAMPLES / "sample_cci.csv")
    with pytest.raises(LoadRefused, match="n’est pas celui du registre CCI"):
        put_into_service(SAMPLES / "sample_cma.csv", "cci")
    assert len(rows_in_service()) == 579


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Le fichier est vide"),
        (b" \n", "Le fichier est vide"),
        (b"siret;registre;opt_in\n", "aucune ligne"),
        (b"siret;registre;opt_in\nabc;CCI;O\n", "Aucune ligne n"),
        (b"siret;raison_sociale\n", "registre, opt_in"),
        (HEADER.encode("utf-16"), "en UTF-16"),
        (b"siret;registre;opt_in\n\x81\x8d\xff", "octets illisibles"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(content: bytes, words: str, write: Writer) -> None:
    with pytest.raises(LoadRefused, match=words):
        put_into_service(write(content))
    assert not RegisterLoad.objects.exists()


def test_what_cannot_be_opened_is_refused_in_french(write: Writer, tmp_path: Path) -> None:
    present = write(b"siret")
    for path, reason in (
        (tmp_path / "absent.csv", "il n’existe pas"),
        (tmp_path, "c’est un dossier"),
        (f"{present}/cci.csv", "son chemin passe par ce qui n’est pas un dossier"),
        (tmp_path / ("x" * 300), "son nom est trop long"),
    ):
        with pytest.raises(LoadRefused, match=f"ne peut pas être lu\u00a0: {reason}\\."):
            put_into_service(path)


@pytest.mark.parametrize(
    ("encode", "separator"),
    [
        (lambda text: text.encode("utf-8"), ";"),
        (lambda text: text.encode("utf-8-sig"), ","),
        (lambda text: text.encode("cp1252"), "\t"),
        (lambda text: text.replace("\n", "\r\n").encode("cp1252"), ";"),
    ],
)
def test_encodings_separators_and_line_ends_of_real_life(
    encode: Callable[[str], bytes], separator: str, write: Writer
) -> None:
    siret = sirets(1)[0]
    text = f"{HEADER}\n\n{register_row(siret, raison_sociale='CAFÉ ŒUVRE')}\n   \n".replace(";", separator)
    put_into_service(write(encode(text)))
    assert RegisterEntry.objects.get(siret=siret).legal_name == "CAFÉ ŒUVRE"


def test_a_line_of_a_hundred_thousand_characters_is_one_rejected_row(write: Writer) -> None:
    good = sirets(1)[0]
    report = put_into_service(write(["x" * 100_000, register_row(good), '"' + "y" * 50_000]))
    assert report.rejected == {"line_too_long": 2}
    assert rows_in_service() == [good]


def test_an_open_quote_spoils_its_own_line_only(write: Writer) -> None:
    good = sirets(2)
    report = put_into_service(write([register_row(good[0], raison_sociale='"OUVERT'), register_row(good[1])]))
    assert report.rejected == {"field_count": 1}
    assert rows_in_service() == [good[1]]


def test_a_file_without_a_good_row_is_not_read_to_its_end(write: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eligibility.registers.sieve.HOPELESS", 100)
    path = write([register_row(sirets(1)[0], register="CMA")] * 90_000)  # more than one block
    rejects = io.StringIO()
    with pytest.raises(LoadRefused, match="n’est pas celui du registre CCI"):
        put_into_service(path, rejects=rejects)
    assert len(rejects.getvalue().splitlines()) < 85_000


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("fichier.csv", data))], ids=["gzip", "zip"])
def test_an_archive_is_loaded_like_what_it_holds(pack: Callable[[bytes], bytes], write: Writer) -> None:
    data = (SAMPLES / "sample_cci.csv").read_bytes()
    packed = pack(data)  # a gzip holds the second in which it was made
    report = put_into_service(write(packed, "archive"))
    assert (report.accepted, len(rows_in_service())) == (579, 579)
    assert report.sha256 == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize("has_line_end", [True, False])
def test_half_a_file_is_refused_for_what_it_would_remove(write: Writer, has_line_end: bool) -> None:
    """Cut between two lines, before or after the end of the first, which is none of its fields."""
    data = (SAMPLES / "sample_cci.csv").read_bytes()
    put_into_service(write(data))
    cut = data.rindex(b"\n", 0, len(data) // 2) + (1 if has_line_end else 0)
    report = put_into_service(write(data[:cut], "moitie.csv"), allowed=("few-rows",))
    assert report.rejected == {}
    assert [objection.name for objection in report.unlifted] == ["drop", "shift"]
    assert not report.is_applied
    assert len(rows_in_service()) == 579


@pytest.mark.parametrize("delta", [True, False], ids=["delta", "full"])
def test_a_file_that_ends_in_the_middle_of_a_row_is_refused_whatever_was_allowed(write: Writer, delta: bool) -> None:
    """A delta removes nothing, so that no other guard would see that half of its rows never came."""
    data = (SAMPLES / "sample_cci.csv").read_bytes()
    put_into_service(write(data))
    cut = data.rindex(b"\n", 0, len(data) // 2) + 20
    with pytest.raises(LoadRefused, match="paraît coupé\u00a0: sa dernière ligne est incomplète"):
        put_into_service(write(data[:cut], "moitie.csv"), delta=delta)
    assert RegisterLoad.objects.get().file_name == "cci.csv"


def test_when_nothing_is_kept_every_reason_is_told_with_its_count(write: Writer) -> None:
    siret = sirets(1)[0]
    lines = [register_row(""), register_row("123"), register_row(""), register_row(siret, register="CMA")]
    with pytest.raises(LoadRefused) as refusal:
        put_into_service(write(lines))
    assert plain(str(refusal.value)) == (
        "Aucune ligne n’est retenue sur 4 lues : 2 fois, le SIRET manque ; 1 fois, le SIRET ne comporte pas"
        " 14 chiffres ; 1 fois, la ligne appartient à un autre registre que celui du chargement."
    )


@pytest.mark.parametrize(
    ("separator", "shown"),
    [("|", "«\u00a0|\u00a0»"), (":", "«\u00a0:\u00a0»"), (" ", "espace")],
)
def test_a_separator_that_is_none_of_ours_is_named(write: Writer, separator: str, shown: str) -> None:
    content = f"{HEADER}\n{register_row(sirets(1)[0])}\n".replace(";", separator)
    with pytest.raises(LoadRefused, match=f"séparées par {re.escape(shown)}\u00a0: utilisez point-virgule, virgule"):
        put_into_service(write(content.encode()))


def test_a_line_of_a_hundred_megabytes_is_one_rejected_row(write: Writer) -> None:
    good = sirets(2)
    lines = [register_row(good[0]), "x" * 100_000_000, register_row(good[1])]
    rejects = io.StringIO()
    report = put_into_service(write(lines), rejects=rejects)
    assert report.rejected == {"line_too_long": 1}
    assert rows_in_service() == good
    assert len(rejects.getvalue()) < 30_000
