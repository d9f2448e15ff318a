import io
import re
from types import SimpleNamespace

import pytest

from eligibility.registers import progress
from eligibility.registers.files import Block
from eligibility.registers.progress import Line, Silent

BLOCKS = [Block(1, b"a;b\n" * 1000), Block(1001, b"a;b\n" * 3000)]


def test_a_watcher_reads_share_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 10.0, 40.0))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    stream = io.StringIO()
    line = Line(stream)
    assert list(line.reading(BLOCKS, 16_000)) == BLOCKS
    quarter, whole = stream.getvalue().split("\r")[1:]
    assert re.search(r"█{5}░{15}\s+25\u00a0% – 100 lignes/s – encore 0\u00a0min 30\u00a0s", quarter)
    assert re.search(r"█{20} 100\u00a0% – 100 lignes/s – encore 0\u00a0min 00\u00a0s", whole)


def test_a_step_writes_over_the_one_before_and_the_end_leaves_nothing() -> None:
    stream = io.StringIO()
    line = Line(stream)
    line.step("Comparaison avec le registre en service")
    line.step("Mise en service")
    line.end()
    shown = stream.getvalue().split("\r")
    assert shown[2].rstrip() == "Mise en service…"
    assert len(shown[2]) == len(shown[1])
    assert shown[3].strip() == shown[4] == ""


def test_nobody_watching_changes_nothing() -> None:
    assert list(Silent().reading(BLOCKS, 16_000)) == BLOCKS
