"""The rule in columns and the rule for one row: the same outcome, whatever the file says."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eligibility import headcount as bands
from eligibility.registers import columns
from eligibility.registers.files import Block
from eligibility.registers.layout import COLUMNS, Layout, read_header
from eligibility.registers.report import Report
from eligibility.registers.rows import Accepted, Rejected, clean
from eligibility.registers.sieve import Sieve
from eligibility.siret import LA_POSTE_HEAD_OFFICE
from tests.eligibility.conftest import GOLDEN, register_row, sirets

TODAY = date(2026, 11, 15)
KNOWN = {"CCI", "CMA"}
GOOD = sirets(6)


class Outcome(NamedTuple):
    """What a file came to."""

    entries: list[tuple[object, ...]]
    rejected: list[tuple[str, str]]
    warnings: list[str]
    read: int


def report() -> Report:
    return Report("CCI", "essai.csv", "0" * 64, "utf-8-sig", is_delta=False)


def in_columns(lines: list[str], layout: Layout) -> Outcome:
    found, rejects = report(), io.StringIO()
    sieve = Sieve(layout, found, known=KNOWN, today=TODAY, rejects=rejects)
    blocks = [Block(2, "".join(f"{line}\n" for line in lines).encode())]
    entries = [row for frame in sieve.entries(blocks) for row in frame.rows()]
    written = list(csv.reader(io.StringIO(rejects.getvalue()), delimiter=";"))[1:]
    rejected = [(row[0], row[2]) for row in written]
    return Outcome(entries, rejected, sorted(found.warnings.elements()), found.read)


def row_by_row(lines: list[str], layout: Layout) -> Outcome:
    """The rule of `rows.clean` and nothing else."""
    outcome = Outcome([], [], [], sum(bool(line.strip()) for line in lines))
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        fields = layout.split(line)
        judged: Accepted | Rejected = Rejected("field_count")
        if len(line) >= 10_000:
            judged = Rejected("line_too_long")
        elif len(fields) == layout.width:
            judged = clean(layout.cells(fields), register="CCI", known=KNOWN, today=TODAY)
        if isinstance(judged, Rejected):
            outcome.rejected.append((str(number), judged.reason))
        else:
            outcome.entries.append(tuple(judged.entry))
            outcome.warnings.extend(judged.warnings)
    return outcome._replace(warnings=sorted(outcome.warnings))


def same(lines: list[str], layout: Layout) -> None:
    assert in_columns(lines, layout) == row_by_row(lines, layout)


FULL = read_header(";".join(COLUMNS))
# What stands in a cell in real life, and some of what never should.
LIKELY = {
    "siret": [
        *GOOD, GOOD[0][:3] + " " + GOOD[0][3:], "00628023400169", "628023400169", "0628023400169", "73282932000074",
        "73282932000075", "732829320", "7,32829E+13", "", "0" * 14, "0" * 12, "+0628023400169",
        "１２３４５６７８９０１２３４",
        LA_POSTE_HEAD_OFFICE, "35600000000048", "35600000000097", "35600000000055", f" {GOOD[1]}\u00a0",
        "-6280234001690",
    ],
    "raison_sociale": [
        "ATELIER", "[ND]", " [ND] ", "", "  ", "X" * 161, "É" * 100, "O'HARA & \\N", "\\.", "A\u00a0",
        "\u2028A",
    ],
    "registre": ["CCI", "cci", " CCI ", "CMA", "ANNUAIRE", "", "CCI\u00a0", "ﬁ"],
    "chambre": ["CCI Paris", "[ND]", "C" * 101, "C" * 99 + "  D"],
    "effectif": ["", "0", "9", "12", "49", "50", "999999", "1000000", "-3", "12,5", "douze", " 12 ", "012", "+9"],
    "tranche": ["", *bands.BANDS, "0", "1", "2", "3", "4", "13", "nn", " 12", "53"],
    "adresse": ["1 RUE X", "", "[ND]", "Y" * 121],
    "code_postal": ["75015", "1000", "", "2A004", "[ND]", "750150", "０１０００", " 1000"],
    "commune": ["PARIS 15", "[nd]", "", "Z" * 81],
    "code_naf": ["56.30Z", "5630Z", "5630z", "", "CAFE", "[ND]", "[nd]", "56.3Z"],
    "aprm": ["", "3212ZZ", "3212zz", "XX", "[ND]", "321200"],
    "opt_in": ["O", "N", "oui", "NON", "1", "0", "", "peut-être", " o "],
    "date_maj": [
        "2026-11-01", "01/11/2026", "", "2026-11-16", "31/02/2020", "2020-2-1", "1899-12-31", "0000-01-01",
        "0001-01-01",
        "2026-11-15 ", "99/99/9999", "2026-02-29",
    ],
    "etat": ["A", "F", "", "a", " f", "X"],
}  # fmt: skip
ANY = st.text(alphabet=st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=12)
CELLS = st.tuples(*(st.one_of(st.sampled_from(LIKELY[name]), ANY) for name in COLUMNS))
PLAIN = register_row(GOOD[2])


def spelt(cells: tuple[str, ...], separator: str, *, is_quoted: bool) -> str:
    """A line as software writes it: quoted where it must be, or everywhere."""
    line = io.StringIO()
    style = csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL
    csv.writer(line, delimiter=separator, quoting=style, lineterminator="").writerow(cells)
    return line.getvalue()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CELLS, max_size=8), st.sampled_from(";,\t"), st.booleans())
def test_columns_and_rows_come_to_the_same(rows: list[tuple[str, ...]], separator: str, is_quoted: bool) -> None:
    layout = read_header(separator.join(COLUMNS))
    same([PLAIN.replace(";", separator), *(spelt(cells, separator, is_quoted=is_quoted) for cells in rows)], layout)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in LIKELY.items()}))
def test_a_row_of_real_life_comes_to_the_same(cells: dict[str, str]) -> None:
    same([PLAIN, spelt(tuple(cells.values()), ";", is_quoted=False), PLAIN], FULL)


@settings(deadline=None)
@given(st.lists(st.text(alphabet='"; ,0AÉ\u00a0\ufffd\x07\t\\', max_size=30), max_size=6))
@example(['"', '""', 'a"b;c', '"a";"b"', ";" * 13, '"";' * 13 + '""', '"a"b' + ";" * 13])
def test_lines_that_are_no_rows_come_to_the_same(lines: list[str]) -> None:
    same([PLAIN, *lines, PLAIN], FULL)


@pytest.mark.parametrize("name", COLUMNS)
def test_every_likely_cell_comes_to_the_same_alone(name: str) -> None:
    at = COLUMNS.index(name)
    usual = PLAIN.split(";")
    lines = [spelt((*usual[:at], cell, *usual[at + 1 :]), ";", is_quoted=False) for cell in LIKELY[name]]
    same(lines, FULL)
    same([line for line in lines if '"' not in line], FULL)


def test_columns_may_be_few_and_in_any_order() -> None:
    layout = read_header("couleur;opt_in;Registre;SIRET")
    same([f"bleu;O;CCI;{siret}" for siret in GOOD] + [f"{'bleu' * 3000};O;CCI;{GOOD[0]}", "bleu;O;CCI"], layout)


def test_the_golden_rows_come_to_the_same() -> None:
    header, *lines = (GOLDEN / "golden_register_rows.cci.csv").read_text("utf-8").splitlines()
    same(lines, read_header(header))


def plain_rows(lines: list[str]) -> Iterable[bool]:
    data = "".join(f"{line}\n" for line in lines).encode()
    frame = columns.tidy(columns.cut(Block(2, data), FULL), FULL, data, register="CCI", today=TODAY)
    return frame[columns.IS_PLAIN]


def test_usual_rows_are_all_judged_in_columns() -> None:
    """Otherwise a national file would take minutes: the remarks that a whole file may earn are usual too."""
    usual = [
        PLAIN, register_row(GOOD[0], effectif="", tranche=""), register_row(GOOD[0], tranche="1"),
        register_row("628023400169"), register_row(GOOD[0], code_postal="1000"), register_row(GOOD[0], opt_in=""),
        register_row(GOOD[0], raison_sociale="[ND]", adresse="[ND]", code_postal="[ND]", commune="[ND]"),
        register_row(GOOD[0], raison_sociale="CAFÉ « ŒUVRE » N° 5", registre="cci  ", date_maj="01/11/2020"),
        register_row(GOOD[0], raison_sociale='"DUPONT; FILS"'), register_row(GOOD[0], code_naf="5630Z", opt_in="non"),
    ]  # fmt: skip
    assert all(plain_rows(usual))


def test_rows_keep_the_order_of_the_file() -> None:
    days = ("2020-05-01", "31/02/2020") * 3  # every second row is left to the rule for one
    lines = [register_row(siret, date_maj=day) for siret, day in zip(GOOD, days, strict=True)]
    assert [row[0] for row in in_columns(lines, FULL).entries] == GOOD
