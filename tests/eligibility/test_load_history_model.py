"""Any history of loads, deltas and returns, beside plain dictionaries: the same rows, counts and examples all along."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from eligibility.headcount import code_of
from eligibility.models import RegisterEntry, RegisterLoad
from eligibility.registers import fingerprints
from eligibility.registers.columns import SCHEMA
from eligibility.registers.diff import EXAMPLES
from eligibility.registers.guards import NAMES
from eligibility.registers.history import roll_back
from eligibility.registers.refusal import LoadRefused
from eligibility.registers.report import Report
from eligibility.registers.staging import partition
from tests.eligibility.conftest import HEADER, put_into_service, register_row, sirets
from tests.factories import RegisterFactory

pytestmark = pytest.mark.django_db
CODES = ("CCI", "CMA", "ASSO")  # the third one has no partition before its first load
MOSTLY_ONE = st.sampled_from(("CCI", "CCI", *CODES))  # long histories of one register, beside others
SIRETS = sirets(EXAMPLES + 3)
Rows = dict[str, "Row"]


@dataclass(frozen=True)
class Row:
    """The cells that differ from one row to another."""

    city: str = "BREST"
    headcount: int | None = 12
    updated_on: date | None = date(2020, 5, 1)
    is_open: bool = True

    def written(self, siret: str, register: str) -> str:
        exact, band = ("", "") if self.headcount is None else (str(self.headcount), code_of(self.headcount))
        return register_row(
            siret, register=register, commune=self.city, effectif=exact, tranche=band,
            date_maj=str(self.updated_on or ""), etat="A" if self.is_open else "F",
        )  # fmt: skip


@dataclass(frozen=True)
class State:
    """A register as one load has left it."""

    rows: Rows
    file: "File"
    is_delta: bool
    newest_on: date | None


File = list[tuple[str, Row]]
NOTHING = State({}, [], is_delta=False, newest_on=None)
ROWS = st.builds(
    Row,
    city=st.sampled_from(["BREST", "LILLE"]),
    headcount=st.sampled_from([12, 3, None]),
    updated_on=st.sampled_from([date(2020, 5, 1), date(2019, 1, 1), None]),
    is_open=st.sampled_from([True, False]),
)
FILES = st.lists(st.tuples(st.sampled_from(SIRETS), ROWS), min_size=1, max_size=len(SIRETS) - 2)


def settled(file: File) -> Rows:
    """Of several rows of one SIRET the newest stays, then the last."""
    rows: Rows = {}
    for siret, row in file:
        if siret not in rows or (row.updated_on or date.min) >= (rows[siret].updated_on or date.min):
            rows[siret] = row
    return rows


def newest(dates: Iterable[date | None]) -> date | None:
    return max(filter(None, dates), default=None)


def after(active: State, file: File, *, is_delta: bool) -> State:
    """What a load makes of a register."""
    dates = [row.updated_on for _, row in file] + ([active.newest_on] if is_delta else [])
    return State(active.rows | settled(file) if is_delta else settled(file), file, is_delta, newest(dates))


def is_same(file: File, active: State, *, is_delta: bool) -> bool:
    """Whether there is nothing to do: what a delta brought is not all that the register holds."""
    return file == active.file and (is_delta or not active.is_delta)


def content(code: str, file: File) -> bytes:
    return "\n".join((HEADER, *(row.written(siret, code) for siret, row in file), "")).encode()


def compare(report: Report, before: Rows, file: Rows) -> None:
    """Hold what a load tells against the two registers; a delta names no row that it misses."""
    shared = before.keys() & file.keys()
    unchanged = {siret for siret in shared if before[siret] == file[siret]}
    expected = {"added": file.keys() - shared, "changed": shared - unchanged, "removed": before.keys() - shared}
    counts = {kind: len(sirets) for kind, sirets in expected.items()} | {"unchanged": len(unchanged)}
    assert {kind: getattr(report.diff, kind) for kind in counts} == counts
    named = expected | ({"removed": set()} if report.is_delta else {})
    assert report.diff.examples == {kind: sorted(sirets)[:EXAMPLES] for kind, sirets in named.items()}
    assert sorted(report.diff.changes.rows()) == sorted((int(siret), kind) for kind in named for siret in named[kind])


def kept_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, %s)", [partition("")])
        return {name for (name,) in cursor.fetchall()}


class History(RuleBasedStateMachine):
    """Registers in the database, beside what they ought to be."""

    directory: Path
    monkeypatch: pytest.MonkeyPatch

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        for code in CODES:
            RegisterFactory(code=code)
        self.change_the_library(0)
        self.active: dict[str, State] = {}
        self.former: dict[str, State] = {}
        self.kept: dict[str, str] = {}  # the table that a return would use

    @initialize(cci=FILES, cma=FILES)
    def load_the_first_two(self, cci: File, cma: File) -> None:
        for code, file in (("CCI", cci), ("CMA", cma)):
            self.load(code, file, is_delta=False, apply=True)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @rule(code=MOSTLY_ONE, file=FILES, is_delta=st.booleans(), apply=st.sampled_from([True, True, False]))
    def load(self, code: str, file: File, *, is_delta: bool, apply: bool) -> None:
        active = self.active.get(code, NOTHING)
        if is_delta and active is NOTHING:
            with pytest.raises(LoadRefused, match="commencez par un fichier complet"):
                self.loaded(code, file, delta=True)
            return
        report = self.loaded(code, file, delta=is_delta, apply=apply)
        if is_same(file, active, is_delta=is_delta):
            assert (report.is_same_file, report.is_applied) == (True, False)
            return
        assert (report.is_same_file, report.is_applied) == (False, apply)
        assert report.warnings["duplicate"] == len(file) - len(settled(file))
        compare(report, active.rows, settled(file))
        if apply:
            self.enter(code, after(active, file, is_delta=is_delta))

    @rule(code=MOSTLY_ONE, is_delta=st.booleans())
    def load_what_is_there_in_another_order(self, code: str, *, is_delta: bool) -> None:
        rows = list(self.active.get(code, NOTHING).rows.items())
        if rows:
            self.load(code, rows[::-1], is_delta=is_delta, apply=True)

    @rule(code=MOSTLY_ONE, is_delta=st.booleans())
    def load_the_same_file_again(self, code: str, *, is_delta: bool) -> None:
        if file := self.active.get(code, NOTHING).file:
            self.load(code, file, is_delta=is_delta, apply=True)

    @rule(code=MOSTLY_ONE, file=FILES, is_delta=st.booleans())
    def load_and_let_the_guards_decide(self, code: str, file: File, *, is_delta: bool) -> None:
        """A full file of few rows is refused, a delta is where it is older."""
        active = self.active.get(code, NOTHING)
        if active is NOTHING or is_same(file, active, is_delta=is_delta):
            return
        report = self.loaded(code, file, delta=is_delta, allowed=())
        state, dated = after(active, file, is_delta=is_delta), newest(row.updated_on for _, row in file)
        is_older = bool(dated and active.newest_on and dated < active.newest_on)
        objected = {objection.name for objection in report.objections}
        assert ("older" in objected, "few-rows" in objected) == (is_older, not is_delta)
        assert report.is_applied is (is_delta and not is_older)
        if report.is_applied:
            self.enter(code, state)

    @rule(code=MOSTLY_ONE)
    def go_back(self, code: str) -> None:
        if code not in self.former:
            with pytest.raises(LoadRefused, match="Aucun chargement précédent"):
                roll_back(code, by="essai", at=timezone.now())
            return
        roll_back(code, by="essai", at=timezone.now())
        self.active[code], self.former[code] = self.former[code], self.active[code]

    @rule(seed=st.integers(0, 1))
    def change_the_library(self, seed: int) -> None:
        """Another version of it numbers all rows in another way."""

        def numbered(rows: pl.DataFrame) -> pl.Series:
            hashed = rows.select(*SCHEMA).hash_rows(seed=seed)
            return hashed.reinterpret(signed=True).alias(fingerprints.COLUMN)

        self.monkeypatch.setattr(fingerprints, "fingerprints", numbered)

    @invariant()
    def every_register_holds_its_rows(self) -> None:
        held: dict[str, Rows] = {code: {} for code in CODES}
        for entry in RegisterEntry.objects.all():
            row = Row(entry.city, entry.headcount, entry.updated_on, entry.is_open)
            held[entry.register][entry.siret] = row
        assert held == {code: self.active[code].rows if code in self.active else {} for code in CODES}

    @invariant()
    def what_the_next_load_is_told_is_true(self) -> None:
        for load in RegisterLoad.objects.filter(is_active=True):
            state = self.active[load.register_id]
            assert (load.rows_total, load.sha256) == (
                len(state.rows),
                hashlib.sha256(content(load.register_id, state.file)).hexdigest(),
            )
            assert load.newest_on == state.newest_on
            if load.bands is not None:
                codes = ("" if row.headcount is None else code_of(row.headcount) for row in state.rows.values())
                assert Counter(load.bands) == Counter(codes)
            if load.specimen == fingerprints.specimen():
                columns = (*RegisterEntry.STORED, fingerprints.COLUMN)
                stored = [*RegisterEntry.objects.filter(register=load.register_id).values_list(*columns)]
                frame = pl.DataFrame([row[:-1] for row in stored], schema=SCHEMA, orient="row")
                assert fingerprints.fingerprints(frame).to_list() == [row[-1] for row in stored]

    @invariant()
    def one_step_back_is_kept(self) -> None:
        tables = kept_tables()
        for code in CODES:
            if code in self.kept:
                both = {partition(code, "former"), partition(code, "replaced")}
                assert tables & both == {partition(code, self.kept[code])}
        assert not {name for name in tables if name.endswith(("_fresh", "_leaving", "_in_hand"))}

    # --- what the rules are made of

    def loaded(self, code: str, file: File, **wishes: Any) -> Report:
        (self.directory / "file.csv").write_bytes(content(code, file))
        return put_into_service(self.directory / "file.csv", code, **{"allowed": NAMES} | wishes)

    def enter(self, code: str, state: State) -> None:
        if code in self.active:
            self.former[code] = self.active[code]
            self.kept[code] = "replaced" if state.is_delta else "former"
        self.active[code] = state


def test_any_history_of_loads_leaves_what_dictionaries_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    History.directory, History.monkeypatch = tmp_path, monkeypatch
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
