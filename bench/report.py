"""Measure and print: figures of one run, as ratios where machines differ."""

import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU used so far by a process and all its living descendants, plus what its dead children left behind."""
    total = 0.0
    for process in (pid, *descendants(pid)):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(fields[place]) for place in (11, 12, 13, 14)) / TICKS
    return total


def descendants(pid: int) -> list[int]:
    """Every living process below this one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


@dataclass
class Figures:
    """What one round of journeys took."""

    seconds: float
    durations: list[float]
    requests: int
    errors: list[str] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Journeys a second."""
        return len(self.durations) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds a journey, at this share of the sorted durations."""
        return 1000 * percentile(self.durations, share)

    def line(self, name: str) -> str:
        done = len(self.durations)
        return (
            f"{name:<34} {self.rate:7.1f}/s   p50 {self.percentile(0.5):6.0f} ms   p95 {self.percentile(0.95):6.0f} ms"
            f"   {self.requests / done:.1f} requests  CPU {1000 * self.cpu / done:5.1f} ms   {len(self.errors)} errors"
        )


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of all lies; not a number where there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def medians(rounds: list[Figures]) -> float:
    """The median rate of several rounds."""
    return statistics.median(figures.rate for figures in rounds)


def with_cpu(pids: list[int], run: Callable[[], Figures]) -> Figures:
    """Run a round and add the CPU that these processes spent on it."""
    before = sum(cpu_seconds(pid) for pid in pids)
    figures = run()
    figures.cpu = sum(cpu_seconds(pid) for pid in pids) - before
    return figures
