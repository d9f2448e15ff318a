import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility import headcount as bands
from eligibility.evidence import Row
from eligibility.models import RegisterEntry
from eligibility.registers.layout import COLUMNS, Layout, read_header
from eligibility.registers.reasons import REJECTIONS, WARNINGS
from eligibility.registers.refusal import LoadRefused
from eligibility.registers.rows import Accepted, Entry, Rejected, clean
from eligibility.siret import has_valid_key
from tests.eligibility.conftest import HEADER, golden, sirets

TODAY = date(2026, 11, 15)
KNOWN = {"CCI", "CMA"}
# Of one row alone nobody can tell that it is a duplicate: `staging` does.
ROWS = [row for row in golden("register_rows") if row["reason"] != "duplicate"]


def judge(line: str) -> Accepted | Rejected:
    layout = read_header(HEADER)
    fields = layout.split(line)
    if len(fields) != layout.width:
        return Rejected("field_count")
    return clean(layout.cells(fields), register="CCI", known=KNOWN, today=TODAY)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['no']}-{row['reason'] or 'accepted'}")
def test_a_row_is_kept_remarked_or_left_out(row: dict[str, str]) -> None:
    outcome = judge(row["line"])
    if row["outcome"] == "rejected":
        assert outcome == Rejected(row["reason"])
        return
    assert isinstance(outcome, Accepted)
    assert outcome.warnings == ((row["reason"],) if row["reason"] else ())
    if row["stored"]:
        assert stored(outcome.entry, row["stored"])


def stored(entry: Entry, expectation: str) -> bool:
    """Read the golden table's words for what is stored."""
    employees = Row("CCI", entry.siret, headcount=entry.headcount, headcount_code=entry.headcount_code).employees
    readings = {
        r"headcount (\d+)(?: .*)?": lambda number: employees == int(number),
        r"siret (\d+)": lambda siret: entry.siret == siret,
        r"postal code (\d+)": lambda code: entry.postal_code == code,
        r"naf (\d.+)": lambda naf: entry.naf == naf,
        r"date (\S+)": lambda day: (entry.updated_on.isoformat() if entry.updated_on else "empty") == day,
        r"name (.+)": lambda name: (entry.legal_name or "empty") == name,
        r"postal code empty": lambda: entry.postal_code == "",
        r"naf empty": lambda: entry.naf == "",
        r"aprm empty": lambda: entry.aprm == "",
        r"opt_in no": lambda: not entry.opt_in,
        r"closed": lambda: not entry.is_open,
    }
    for pattern, holds in readings.items():
        if match := re.fullmatch(pattern, expectation):
            return holds(*match.groups())
    raise AssertionError(f"the table says something new: {expectation}")


def test_every_reason_of_the_golden_table_has_its_sentence() -> None:
    for row in golden("register_rows"):
        assert not row["reason"] or row["reason"] in REJECTIONS | WARNINGS


def row(**cells: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {"siret": sirets(1)[0], "registre": "CCI", "opt_in": "O"} | cells


def accepted(**cells: str) -> Accepted:
    outcome = clean(row(**cells), register="CCI", known=KNOWN, today=TODAY)
    assert isinstance(outcome, Accepted)
    return outcome


def test_a_masked_cell_is_stored_empty_and_never_shown() -> None:
    masked = accepted(raison_sociale="[ND]", adresse="[ND]", code_postal="[ND]", commune="[ND]").entry
    assert (masked.legal_name, masked.street, masked.postal_code, masked.city) == ("", "", "", "")


def test_a_date_in_the_future_is_kept_with_a_remark() -> None:
    outcome = accepted(date_maj="16/11/2026", tranche="01")
    assert (outcome.entry.updated_on, outcome.warnings) == (date(2026, 11, 16), ("name_missing", "date_future"))


def test_what_is_no_clear_yes_is_a_no() -> None:
    for cell, opt_in in (("oui", True), ("1", True), (" o ", True), ("NON", False), ("0", False), ("peut-être", False)):
        assert accepted(opt_in=cell).entry.opt_in is opt_in
    assert "opt_in_invalid" in accepted(opt_in="peut-être").warnings


def test_a_replacement_character_is_remarked() -> None:
    assert "encoding_suspect" in accepted(commune="CH\ufffdTEAU").warnings


def test_long_texts_are_cut_and_control_characters_dropped() -> None:
    entry = accepted(raison_sociale="A\x07TELIER " + "X" * 200, chambre="C" * 200).entry
    assert entry.legal_name.startswith("ATELIER")
    assert (len(entry.legal_name), len(entry.chamber)) == (160, 100)


@given(st.fixed_dictionaries(dict.fromkeys(COLUMNS, st.text(max_size=30))))
def test_any_cells_give_a_row_that_fits_the_table_or_a_known_reason(cells: dict[str, str]) -> None:
    check(clean(cells, register="CCI", known=KNOWN, today=TODAY))


@given(
    st.fixed_dictionaries(
        {
            "effectif": st.sampled_from(["", "0", "12", "50", "-3", "12,5", "1000000", "douze"]),
            "tranche": st.sampled_from(["", *bands.BANDS, "1", "3", "4", "13", "nn"]),
            "code_postal": st.text(alphabet="0123456789A ", max_size=6),
            "date_maj": st.from_regex(r"[0-9]{2}/[0-9]{2}/20[0-9]{2}|20[0-9]{2}-[0-9]{2}-[0-9]{2}", fullmatch=True),
            "etat": st.sampled_from(["", "A", "F", "a", "X"]),
            "raison_sociale": st.text(max_size=300),
        }
    )
)
def test_likely_mistakes_give_a_row_that_fits_the_table_or_a_known_reason(cells: dict[str, str]) -> None:
    check(clean(row(**cells), register="CCI", known=KNOWN, today=TODAY))


def check(outcome: Accepted | Rejected) -> None:
    if isinstance(outcome, Rejected):
        assert outcome.reason in REJECTIONS
        return
    assert set(outcome.warnings) <= set(WARNINGS)
    entry = outcome.entry
    assert has_valid_key(entry.siret)
    is_silent = "headcount_missing" in outcome.warnings
    assert entry.headcount_code in bands.BANDS or entry.headcount is not None or is_silent
    for name, value in entry._asdict().items():
        longest = RegisterEntry._meta.get_field(name).max_length
        if isinstance(value, str):
            assert "\0" not in value
            assert len(value) <= longest, name


def test_columns_are_found_by_name_in_any_order_and_unknown_ones_ignored() -> None:
    layout = read_header("OPT_IN, Registre ,couleur,siret")
    assert layout == Layout(",", 4, {"siret": 3, "registre": 1, "opt_in": 0}, ("couleur",))
    assert layout.cells(["O", "CCI", "bleu", "1"])["siret"] == "1"
    assert layout.cells(["O", "CCI", "bleu", "1"])["commune"] == ""


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "n’est pas un en-tête"),
        ("00628023400169;LE GAL;CCI", "n’est pas un en-tête"),
        ("siret;registre", "opt_in"),
        ("siret;registre;opt_in;siret", "deux fois"),
    ],
)
def test_a_header_that_cannot_be_read_refuses_the_file(header: str, words: str) -> None:
    with pytest.raises(LoadRefused, match=words):
        read_header(header)


def test_entries_are_written_in_the_order_of_the_table() -> None:
    assert Entry._fields == RegisterEntry.STORED
