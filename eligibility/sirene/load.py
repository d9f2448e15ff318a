"""Load a stock file of Sirene: look at every row, say what was found, and, if wanted and nothing objects, swap it in.

The whole load is one transaction under the lock that all loads share: killed at any point it leaves nothing behind.
"""

import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl
from django.db import transaction
from django.utils import timezone

from eligibility.registers.ahead import ahead
from eligibility.registers.exclusive import claim
from eligibility.registers.files import UTF_8, RegisterFile, opened
from eligibility.registers.guards import Figures, objections
from eligibility.registers.load import limits
from eligibility.registers.losses import Customers
from eligibility.registers.progress import Silent
from eligibility.registers.reasons import why_nothing
from eligibility.registers.refusal import LoadRefused

from . import swap
from .history import enter
from .layout import LAYOUTS, Layout
from .losses import losers
from .models import SireneLoad, Stock
from .records import SURPLUS, batches
from .report import EXAMPLES, REJECTIONS, Report


@dataclass(frozen=True)
class Wish:
    """What the operator asks for."""

    apply: bool = False
    allowed: Collection[str] = ()  # names of the objections that do not stop this load
    by: str = ""
    customers: Customers | None = None  # whose loss of eligibility is to be told
    progress: Silent = field(default_factory=Silent)


def load(stock: Stock, path: str, wish: Wish) -> Report:
    """Load a stock file, or raise LoadRefused and change nothing. Without `apply`, only report."""
    with opened(path) as file, transaction.atomic():
        claim(f"stock Sirene {stock}", file=file.name, by=wish.by)
        report = _load(LAYOUTS[stock], file, wish)
        if not report.is_applied:
            transaction.set_rollback(True)
        return report


def _load(layout: Layout, file: RegisterFile, wish: Wish) -> Report:
    started_at = timezone.now()
    active = SireneLoad.objects.filter(stock=layout.stock, is_active=True).first()
    report = Report(layout.stock, file.name, file.sha256, rows_before=active.rows_total if active else None)
    if active and active.sha256 == file.sha256:
        report.is_same_file = True
        return report
    if file.encoding != UTF_8:
        raise LoadRefused("Le fichier n’est pas en UTF-8\u00a0: ce n’est pas un stock tel que l’Insee le publie.")
    with closing(file.blocks()) as blocks:
        cleaned = _cleaned(batches(wish.progress.reading(blocks, file.size), layout), layout, report)
        # Where the server gives up half-way, the thread ahead ends before the file is closed under it.
        with closing(ahead(cleaned)) as pieces:
            swap.build(layout, pieces, is_kept=wish.apply, progress=wish.progress)
    if not report.accepted:
        raise LoadRefused(why_nothing(report.rejected, REJECTIONS))
    if wish.customers:
        wish.progress.step("Recherche des clients qui perdraient leur droit")
        report.losers = losers(layout, wish.customers, at=started_at)
    report.objections = objections(_figures(report, active), limits())
    report.overridden = [objection.name for objection in report.objections if objection.name in wish.allowed]
    if wish.apply and not report.unlifted:
        wish.progress.step("Mise en service")
        _put_into_service(layout, report, wish, started_at)
    return report


def _put_into_service(layout: Layout, report: Report, wish: Wish, started_at: datetime) -> None:
    """Write the load down, then exchange the tables: readers wait from the exchange to the end of the transaction."""
    enter(
        layout.stock,
        file_name=report.file_name[:255],
        sha256=report.sha256,
        rows_read=report.read,
        rows_rejected=report.rejected.total(),
        rows_total=report.accepted,
        rows_closed=report.closed,
        rows_confidential=report.confidential,
        newest_on=report.newest_on,
        report=report.as_json(),
        started_at=started_at,
        finished_at=timezone.now(),
        loaded_by=wish.by[:150],
    )
    swap.replace(layout)
    report.is_applied = True


def _cleaned(frames: Iterable[pl.DataFrame], layout: Layout, report: Report) -> Iterator[bytes]:
    """Clean batch after batch into what COPY reads, keeping the report's figures."""
    newest = ""
    for frame in frames:
        report.read += frame.height
        if layout.treated in frame.columns:
            newest = max(newest, str(frame[layout.treated].max() or ""))
        judged = frame.with_columns(_rejection(layout).alias("rejection"))
        _note_rejected(judged.filter(pl.col("rejection").is_not_null()), layout, report)
        rows = _rows(judged.filter(pl.col("rejection").is_null()), layout)
        report.accepted += rows.height
        report.closed += rows.height - int(rows[layout.alive].sum())
        report.confidential += int(rows["is_confidential"].sum())
        text = io.BytesIO()
        # Texts are quoted: unquoted, an empty one would read as NULL.
        rows.write_csv(text, include_header=False, quote_style="non_numeric")
        yield text.getvalue()
    report.newest_on = _date(newest)


def _rows(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """The rows of the table. Two in three have closed, and nothing is worked out for these.

    The order of the file is kept: INSEE writes by number, and a key is built in no time over what is sorted.
    """
    places = frame.select(layout.is_alive().alias("living"), pl.int_range(pl.len()).alias("place"))
    placed = pl.concat([frame, places], how="horizontal").lazy()
    living = placed.filter("living").select("place", *layout.living())
    gone = placed.filter(~pl.col("living")).select("place", *layout.gone())
    return pl.concat([living, gone], how="vertical_relaxed").sort("place").drop("place").collect()


def _rejection(layout: Layout) -> pl.Expr:
    """Why a row is left out; null where it is kept."""
    return (
        pl.when(pl.col(SURPLUS).is_not_null())
        .then(pl.lit("field_count"))
        .when(~layout.is_key())
        .then(pl.lit("key_invalid"))
        .when(layout.is_alive().is_null())
        .then(pl.lit("state_unknown"))
    )


def _note_rejected(rows: pl.DataFrame, layout: Layout, report: Report) -> None:
    found = rows.group_by("rejection").agg(pl.len(), pl.col(layout.key).fill_null("(vide)").head(EXAMPLES))
    for reason, number, keys in found.iter_rows():
        report.rejected[reason] += number
        examples = report.examples.setdefault(reason, [])
        examples.extend(key[:20] for key in keys[: EXAMPLES - len(examples)])


def _date(moment: str) -> date | None:
    """The day of 2026-11-01T04:12:33, as INSEE writes it."""
    try:
        return date.fromisoformat(moment[:10])
    except ValueError:
        return None


def _figures(report: Report, active: SireneLoad | None) -> Figures:
    before = active.rows_total if active else 0
    return Figures(
        is_full=True,
        read=report.read,
        accepted=report.accepted,
        rejected=report.rejected.total(),
        of_others=0,
        removed=max(0, before - report.accepted),
        current_rows=before,
        bands=Counter(),
        current_bands=Counter(),
        newest_on=report.newest_on,
        current_newest_on=active.newest_on if active else None,
    )
