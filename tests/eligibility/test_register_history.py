"""The way back: one step, at once, by name, and undone by asking again. After a delta too."""

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from eligibility.models import RegisterEntry, RegisterLoad, RegisterRollback
from eligibility.registers.history import roll_back
from eligibility.registers.refusal import LoadRefused
from eligibility.registers.staging import partition
from tests.eligibility.conftest import SAMPLES, put_into_service, register_row, sirets

pytestmark = pytest.mark.django_db
Writer = Callable[..., str]
ONE, TWO, THREE, FOUR = sirets(4)
PREFIX = partition("CCI")


def in_service(register: str = "CCI") -> dict[str, str]:
    """City by SIRET: enough to tell one load from another."""
    return dict(RegisterEntry.objects.filter(register=register).order_by("siret").values_list("siret", "city"))


def back(by: str = "camille") -> RegisterRollback:
    return roll_back("cci", by=by, at=timezone.now())


def active() -> str:
    return RegisterLoad.objects.get(register="CCI", is_active=True).file_name


def tables() -> set[str]:
    """What stands beside the register in service."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, %s)", [f"{PREFIX}_"])
        return {name.removeprefix(f"{PREFIX}_") for (name,) in cursor.fetchall()}


@pytest.fixture
def three_loads(write: Writer) -> None:
    for name in ("un", "deux", "trois"):
        put_into_service(write([register_row(ONE, commune=name), register_row(TWO)], f"{name}.csv"))


def test_a_return_puts_the_load_before_back_and_a_second_one_undoes_it(three_loads: None) -> None:
    rollback = back()
    assert (in_service()[ONE], active()) == ("deux", "deux.csv")
    assert (rollback.withdrawn.file_name, rollback.restored.file_name, rollback.by) == (
        "trois.csv",
        "deux.csv",
        "camille",
    )
    back("dominique")
    assert (in_service()[ONE], active()) == ("trois", "trois.csv")
    back()
    assert in_service()[ONE] == "deux"
    assert list(RegisterRollback.objects.values_list("by", flat=True).order_by("pk")) == [
        "camille",
        "dominique",
        "camille",
    ]


def test_there_is_one_step_back_and_never_two(three_loads: None) -> None:
    assert tables() == {"former"}
    assert [load.file_name for load in RegisterLoad.objects.filter(is_former=True)] == ["deux.csv"]


def test_a_load_after_a_return_leaves_the_load_returned_to_as_the_one_before(three_loads: None, write: Writer) -> None:
    back()
    put_into_service(write([register_row(ONE, commune="quatre")], "quatre.csv"))
    back()
    assert (in_service(), active()) == ({ONE: "deux", TWO: "PARIS 15"}, "deux.csv")


def test_what_was_withdrawn_can_be_loaded_again(three_loads: None, write: Writer) -> None:
    path = write([register_row(ONE, commune="trois"), register_row(TWO)], "trois.csv")
    assert put_into_service(path).is_same_file
    back()
    assert put_into_service(path).is_applied


def test_a_delta_is_taken_back_row_by_row_and_put_on_again(write: Writer) -> None:
    put_into_service(write([register_row(ONE, commune="A"), register_row(TWO, commune="B")]))
    before = in_service()
    delta = [register_row(TWO, commune="B2"), register_row(THREE, commune="C"), register_row(ONE, commune="A")]
    put_into_service(write(delta, "delta.csv"), delta=True)
    after = in_service()
    assert after == {ONE: "A", TWO: "B2", THREE: "C"}
    for expected in (before, after, before, after):
        back()
        assert in_service() == expected
    assert tables() == {"replaced"}


def test_a_delta_and_its_return_leave_the_same_companies_in_another_register_alone(write: Writer) -> None:
    """Of ONE both registers have a row, of TWO and THREE the other one only: the delta changes and adds."""
    put_into_service(write([register_row(ONE, commune="A")]))
    others = [register_row(siret, register="CMA", commune="Z") for siret in (ONE, TWO, THREE)]
    put_into_service(write(others, "cma.csv"), "cma")
    delta = [register_row(ONE, commune="B"), register_row(TWO, commune="Z"), register_row(THREE, commune="C")]
    report = put_into_service(write(delta, "delta.csv"), delta=True)
    assert (report.diff.added, report.diff.changed, report.diff.unchanged) == (2, 1, 0)
    for expected in ({ONE: "A"}, {ONE: "B", TWO: "Z", THREE: "C"}, {ONE: "A"}):
        back()
        assert in_service() == expected
        assert in_service("CMA") == {ONE: "Z", TWO: "Z", THREE: "Z"}


def test_after_two_deltas_the_last_one_is_taken_back_and_no_more(write: Writer) -> None:
    put_into_service(write([register_row(ONE, commune="A")]))
    put_into_service(write([register_row(ONE, commune="B")], "b.csv"), delta=True)
    put_into_service(write([register_row(ONE, commune="C"), register_row(FOUR)], "c.csv"), delta=True)
    back()
    assert in_service() == {ONE: "B"}
    back()
    assert in_service()[ONE] == "C"


def test_a_full_load_after_a_delta_returns_to_the_register_with_its_delta(write: Writer) -> None:
    put_into_service(write([register_row(ONE, commune="A")]))
    put_into_service(write([register_row(TWO, commune="B")], "delta.csv"), delta=True)
    put_into_service(write([register_row(ONE, commune="Z")], "plein.csv"))
    back()
    assert in_service() == {ONE: "A", TWO: "B"}
    assert tables() == {"former"}


def test_a_delta_on_a_load_returned_to(three_loads: None, write: Writer) -> None:
    back()
    put_into_service(write([register_row(FOUR, commune="D")], "delta.csv"), delta=True)
    back()
    assert (FOUR in in_service(), in_service()[ONE]) == (False, "deux")


def test_a_register_keeps_its_way_back_while_another_is_loaded(three_loads: None) -> None:
    put_into_service(SAMPLES / "sample_cma.csv", "cma")
    back()
    assert in_service()[ONE] == "deux"
    assert len(in_service("CMA")) == 4


def test_with_nothing_to_return_to_a_return_is_refused(write: Writer) -> None:
    for code, words in (("cci", "Aucun chargement précédent"), ("rien", "n’existe pas")):
        with pytest.raises(LoadRefused, match=words):
            roll_back(code, by="camille", at=timezone.now())
    put_into_service(write([register_row(ONE)]))
    with pytest.raises(LoadRefused, match="Aucun chargement précédent"):
        back()
    assert in_service() == {ONE: "PARIS 15"}


def test_one_load_is_active_and_another_one_former(three_loads: None) -> None:
    for flags in ({"is_active": True}, {"is_former": True}, {"is_active": True, "is_former": True}):
        first = RegisterLoad.objects.get(file_name="un.csv")
        with pytest.raises(IntegrityError), transaction.atomic():
            RegisterLoad.objects.filter(pk=first.pk).update(**flags)


def run(*args: str) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out, no_color=True)
    return out.getvalue()


def test_the_list_says_what_is_in_service_from_whom_and_where_one_can_return(three_loads: None) -> None:
    put_into_service(SAMPLES / "sample_cma.csv", "cma", by="dominique")
    back()
    said = run("registers")
    lines = {line.split(",")[0].strip(): line for line in said.splitlines()}
    assert "● en service   deux.csv" in lines
    assert "○ retour ici   trois.csv" in lines
    assert "remplacé     un.csv" in lines
    assert "par dominique" in lines["● en service   sample_cma.csv"]
    assert "il y a 0\u00a0jour" in lines["● en service   sample_cma.csv"]
    assert RegisterLoad.objects.get(file_name="deux.csv").sha256[:16] in said
    assert "camille est revenu de «\u00a0trois.csv\u00a0» à «\u00a0deux.csv\u00a0»" in said
    assert "deux.csv" not in run("registers", "cma")


def test_the_list_of_an_empty_shop() -> None:
    assert run("registers").startswith("Aucun registre.\n")


def test_the_command_returns_and_says_to_what(three_loads: None) -> None:
    assert "revenu au chargement «\u00a0deux.csv\u00a0» (2\u00a0lignes)" in run("rollback_register", "cci")
    assert RegisterRollback.objects.get().by
    with pytest.raises(CommandError, match="rien n’est changé"):
        run("rollback_register", "cma")


def test_a_return_that_fails_changes_nothing(three_loads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(register: str) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr("eligibility.registers.swap.restore", fail)
    with pytest.raises(RuntimeError):
        back()
    assert (in_service()[ONE], active(), RegisterRollback.objects.count()) == ("trois", "trois.csv", 0)


def test_a_dry_run_leaves_the_way_back_alone(write: Writer) -> None:
    put_into_service(write([register_row(ONE, commune="A")]))
    put_into_service(write([register_row(ONE, commune="B")], "b.csv"))
    put_into_service(write([register_row(ONE, commune="C")], "c.csv"), apply=False)
    back()
    assert in_service() == {ONE: "A"}
