import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from eligibility.models import RegisterEntry, RegisterLoad
from eligibility.registers import diff, guards, swap
from eligibility.registers.load import Wish, load
from eligibility.registers.reasons import REJECTIONS, WARNINGS
from eligibility.registers.refusal import LoadRefused
from tests.eligibility.conftest import GOLDEN, SAMPLES, golden, put_into_service, register_row, sirets
from tests.factories import CaseFactory, RegisterFactory

pytestmark = pytest.mark.django_db
Writer = Callable[..., str]
ALL_BUT = {name: [other for other in guards.NAMES if other != name] for name in guards.NAMES}


def rows_in_service(register: str = "CCI") -> list[str]:
    return list(RegisterEntry.objects.filter(register=register).order_by("siret").values_list("siret", flat=True))


def test_the_golden_file_is_stored_and_counted_as_the_golden_rows_say() -> None:
    report = put_into_service(GOLDEN / "golden_register_rows.cci.csv")
    expected = golden("register_rows")
    rejected = sorted(row["reason"] for row in expected if row["outcome"] == "rejected")
    warned = sorted(row["reason"] for row in expected if row["outcome"] == "warning")
    assert (report.read, sorted(report.rejected.elements())) == (38, rejected)
    # The file may be younger than the clock: a date in the future is kept with a remark of its own.
    assert sorted(reason for reason in report.warnings.elements() if reason != "date_future") == warned
    assert report.accepted == len(rows_in_service()) == 24
    stored = RegisterEntry.objects.get(siret="00000101600013")
    assert (stored.headcount, stored.legal_name, stored.city, stored.naf) == (
        12,
        "ATELIER EXEMPLE",
        "PARIS 15",
        "56.30Z",
    )


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    dry = put_into_service(SAMPLES / "sample_cci.csv", apply=False)
    assert rows_in_service() == []
    assert not RegisterLoad.objects.exists()
    real = put_into_service(SAMPLES / "sample_cci.csv")
    assert list(dry.lines()) == list(real.lines())
    assert (dry.is_applied, real.is_applied) == (False, True)
    assert len(rows_in_service()) == 579


def test_the_load_is_kept_with_its_figures_and_its_author() -> None:
    put_into_service(SAMPLES / "sample_cci.csv", by="camille")
    kept = RegisterLoad.objects.get(is_active=True)
    assert (kept.register_id, kept.file_name, kept.loaded_by, kept.mode) == ("CCI", "sample_cci.csv", "camille", "full")
    assert (kept.rows_read, kept.rows_added, kept.rows_total, kept.rows_rejected) == (579, 579, 579, 0)
    assert kept.report["overridden"] == ["few-rows"]
    assert str(kept.newest_on) == "2018-01-01"


def test_the_same_file_twice_is_nothing_to_do() -> None:
    put_into_service(SAMPLES / "sample_cci.csv")
    again = put_into_service(SAMPLES / "sample_cci.csv")
    assert (again.is_same_file, again.is_applied) == (True, False)
    assert any("rien à faire" in line for line in again.lines())
    assert RegisterLoad.objects.count() == 1


def test_a_full_load_adds_changes_and_removes(write: Writer) -> None:
    kept, changed, gone, added = sirets(4)
    put_into_service(write([register_row(kept), register_row(changed), register_row(gone)]))
    report = put_into_service(write([register_row(added), register_row(changed, commune="LILLE"), register_row(kept)]))
    assert (report.diff.added, report.diff.changed, report.diff.removed, report.diff.unchanged) == (1, 1, 1, 1)
    assert report.diff.examples == {"added": [added], "changed": [changed], "removed": [gone]}
    assert rows_in_service() == sorted([kept, changed, added])
    assert RegisterEntry.objects.get(siret=changed).city == "LILLE"
    assert [active.rows_total for active in RegisterLoad.objects.filter(is_active=True)] == [3]


def test_loads_follow_each_other_any_number_of_times(write: Writer) -> None:
    for number in range(1, 6):
        put_into_service(write([register_row(siret) for siret in sirets(number)]))
        assert len(rows_in_service()) == number


def test_a_register_leaves_the_others_alone(write: Writer) -> None:
    siret = sirets(1)[0]
    put_into_service(write([register_row(siret)]))
    put_into_service(write([register_row(siret, register="CMA")], "cma.csv"), "cma")
    put_into_service(write([register_row(sirets(2)[1])]), "cci")
    assert rows_in_service("CMA") == [siret]


def test_a_delta_adds_and_changes_and_removes_nothing(write: Writer) -> None:
    kept, changed, added = sirets(3)
    put_into_service(write([register_row(kept), register_row(changed)]))
    report = put_into_service(write([register_row(changed, commune="LILLE"), register_row(added)]), delta=True)
    assert (report.diff.added, report.diff.changed) == (1, 1)
    assert rows_in_service() == sorted([kept, changed, added])
    assert RegisterEntry.objects.get(siret=changed).city == "LILLE"
    active = RegisterLoad.objects.get(is_active=True)
    assert (active.mode, active.rows_removed, active.rows_total) == ("delta", 0, 3)


def test_a_full_file_that_was_taken_for_a_delta_is_loaded_again_as_what_it_is(write: Writer) -> None:
    gone, kept = sirets(2)
    put_into_service(write([register_row(gone), register_row(kept)]))
    path = write([register_row(kept, commune="LILLE")])
    assert put_into_service(path, delta=True).is_applied
    assert put_into_service(path, delta=True).is_same_file
    assert rows_in_service() == [gone, kept]
    report = put_into_service(path)
    assert (report.is_applied, report.diff.removed) == (True, 1)
    assert rows_in_service() == [kept]
    assert put_into_service(path).is_same_file


def test_a_delta_needs_a_register_to_complete(write: Writer) -> None:
    with pytest.raises(LoadRefused, match="commencez par un fichier complet"):
        put_into_service(write([register_row(sirets(1)[0])]), delta=True)


def test_a_third_network_is_loaded_once_it_is_a_row(write: Writer) -> None:
    siret = sirets(1)[0]
    path = write([register_row(siret, register="ASSO")])
    with pytest.raises(LoadRefused, match=r"asso n’existe pas.*CCI, CMA"):
        put_into_service(path, "asso")
    RegisterFactory(code="ASSO")
    put_into_service(path, "asso")
    assert rows_in_service("ASSO") == [siret]


def test_of_a_duplicate_the_newest_row_stays_then_the_last(write: Writer) -> None:
    one, two, three = sirets(3)
    report = put_into_service(
        write(
            [
                register_row(one, date_maj="2020-03-01", commune="NEUVE"),
                register_row(one, date_maj="2020-01-01", commune="ANCIENNE"),
                register_row(two, commune="PREMIERE"),
                register_row(two, commune="DERNIERE"),
                register_row(three, date_maj="", commune="SANS DATE"),
                register_row(three, date_maj="2019-01-01", commune="DATEE"),
                register_row(three, date_maj="", commune="SANS DATE"),
            ]
        )
    )
    cities = dict(RegisterEntry.objects.values_list("siret", "city"))
    assert cities == {one: "NEUVE", two: "DERNIERE", three: "DATEE"}
    assert (report.accepted, report.warnings["duplicate"]) == (3, 4)


def test_rejected_rows_go_to_a_file_for_the_chamber(tmp_path: Path) -> None:
    rejects = io.StringIO()
    put_into_service(GOLDEN / "golden_register_rows.cci.csv", rejects=rejects)
    written = list(csv.DictReader(io.StringIO(rejects.getvalue()), delimiter=";"))
    assert len(written) == 13
    assert written[0] == {
        "ligne": "5",
        "siret": "732829320",
        "motif": "siret_is_siren",
        "explication": REJECTIONS["siret_is_siren"],
        "contenu": golden("register_rows")[3]["line"],
    }


def test_a_rejected_row_is_no_formula_for_the_spreadsheet_that_opens_it(write: Writer) -> None:
    rejects = io.StringIO()
    put_into_service(write(["=CMD();x;CCI;;;;;;;;;O;;A", register_row(sirets(1)[0])]), rejects=rejects)
    written = list(csv.reader(io.StringIO(rejects.getvalue()), delimiter=";"))[1]
    assert (written[1], written[4][:3]) == ("'=CMD()", "'=C")


class TestGuards:
    @pytest.fixture(autouse=True)
    def in_service(self, write: Writer, settings: Any) -> None:
        settings.REGISTER_MIN_ROWS = 20
        put_into_service(write([register_row(siret) for siret in sirets(40)]))

    def refused(self, path: str, name: str, **wishes: Any) -> bool:
        """One objection, which lifts by its own name and by no other."""
        report = put_into_service(path, allowed=ALL_BUT[name], **wishes)
        assert [objection.name for objection in report.unlifted] == [name], report.objections
        assert not report.is_applied
        assert len(rows_in_service()) == 40
        assert put_into_service(path, **wishes).is_applied
        return True

    def test_too_few_rows(self, write: Writer) -> None:
        assert self.refused(write([register_row(siret) for siret in sirets(19)]), "few-rows")

    def test_too_many_rejects(self, write: Writer) -> None:
        rows = [register_row(siret) for siret in sirets(41)]
        assert self.refused(write([*rows, "abc"]), "many-rejects")

    def test_the_file_of_another_register(self, write: Writer) -> None:
        others = [register_row(siret, register="CMA") for siret in sirets(40, first=41)]
        path = write([*(register_row(siret) for siret in sirets(39)), *others])
        report = put_into_service(path, allowed=ALL_BUT["wrong-register"])
        assert [objection.name for objection in report.unlifted] == ["wrong-register"]
        assert put_into_service(path).is_applied

    def test_too_large_a_drop(self, write: Writer) -> None:
        assert self.refused(write([register_row(siret) for siret in sirets(37)]), "drop")

    def test_headcounts_that_shift(self, write: Writer) -> None:
        rows = [register_row(siret) for siret in sirets(37)]
        larger = [register_row(siret, effectif="", tranche="21") for siret in sirets(3, first=38)]
        assert self.refused(write(rows + larger), "shift")

    def test_a_date_in_the_future_makes_no_later_file_look_old(self, write: Writer) -> None:
        rows = [register_row(siret, date_maj="2020-05-01") for siret in sirets(40)]
        rows[0] = register_row(sirets(40)[0], date_maj="2099-01-01")
        report = put_into_service(write(rows, "demain.csv"))
        assert report.warnings["date_future"] == 1
        assert report.newest_on == date(2020, 5, 1)

    def test_a_file_older_than_the_register(self, write: Writer) -> None:
        assert self.refused(write([register_row(siret, date_maj="2019-12-31") for siret in sirets(40)]), "older")

    @pytest.mark.parametrize("day", ["2020-04-30", ""], ids=["older", "undated"])
    def test_a_delta_does_not_make_the_register_older(self, write: Writer, day: str) -> None:
        put_into_service(write([register_row(sirets(1)[0], date_maj=day, commune="LILLE")], "delta.csv"), delta=True)
        path = write([register_row(siret, date_maj="2020-04-30") for siret in sirets(40)])
        report = put_into_service(path, allowed=ALL_BUT["older"])
        assert [objection.name for objection in report.unlifted] == ["older"]

    def test_a_delta_is_small_by_nature(self, write: Writer) -> None:
        delta = [register_row(sirets(41)[40], effectif="", tranche="21")]
        assert put_into_service(write(delta), allowed=(), delta=True).is_applied

    def test_a_delta_full_of_mistakes_is_refused_all_the_same(self, write: Writer) -> None:
        report = put_into_service(write([register_row(sirets(41)[40]), "abc"]), allowed=(), delta=True)
        assert [objection.name for objection in report.unlifted] == ["many-rejects"]


def test_every_objection_has_its_option_and_every_reason_its_sentence() -> None:
    assert set(guards.NAMES) == {"few-rows", "many-rejects", "wrong-register", "drop", "shift", "older"}
    assert not set(REJECTIONS) & set(WARNINGS)


def test_a_vanished_company_keeps_its_requests(write: Writer) -> None:
    gone, stays = sirets(2)
    case = CaseFactory(siret=gone)
    put_into_service(write([register_row(gone), register_row(stays)]))
    put_into_service(write([register_row(stays)]))
    case.refresh_from_db()
    assert case.siret == gone


def test_a_load_that_fails_at_the_very_end_leaves_nothing(write: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    put_into_service(write([register_row(siret) for siret in sirets(3)]))

    def fail(**facts: Any) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(RegisterLoad.objects, "create", fail)
    with pytest.raises(RuntimeError):
        put_into_service(write([register_row(siret) for siret in sirets(5)]))
    assert len(rows_in_service()) == 3
    assert RegisterLoad.objects.get().is_active
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"{swap.PARENT}_cci_fresh"])
        assert cursor.fetchone() == (None,)


def test_shares_are_compared_by_the_code_that_counts(write: Writer) -> None:
    by_code, by_number = sirets(2)
    put_into_service(write([register_row(by_code, effectif="", tranche="11"), register_row(by_number, effectif="12")]))
    assert diff.current_bands("CCI") == {"11": 2}


def test_the_library_function_takes_a_wish() -> None:
    report = load("cci", str(SAMPLES / "sample_cci.csv"), Wish())
    assert not report.is_applied
