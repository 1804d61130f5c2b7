"""``wijkspil coverage-check``: prove who is responsible when, and list the gaps."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from rich.console import Console
from rich.table import Table

from wijkspil.core.errors import Conflict, InvalidValue
from wijkspil.core.periods import Period
from wijkspil.directory.types import Care
from wijkspil.ui.moments import say_clock

if TYPE_CHECKING:
    from wijkspil.directory.selectors.coverage_check import (
        CoverageResult,
        Hours,
        WijkCoverage,
    )

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
#: Columns of the tables in a log file, where there is no terminal to fit.
_WIDE = 120
#: As many as the check takes at once.
_MOST_DAYS = 366
#: Wijken shown; a file has them all.
_MOST_ROWS = 25


def coverage_check(
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="ISO",
            help="First day (2026-11-23) or moment with zone; empty: today.",
        ),
    ] = "",
    days: Annotated[int, typer.Option(help="How many days, 1 to 366.")] = 7,
    care: Annotated[
        str, typer.Option(help="Kind of care, for example district-nursing or gp-care.")
    ] = "district-nursing",
    region: Annotated[
        str | None,
        typer.Option(help="Only this region or gemeente, by code or name."),
    ] = None,
    gaps: Annotated[
        bool, typer.Option("--gaps", help="List every gap (also in the CSV).")
    ] = False,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write a CSV file.")
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write everything as JSON."),
    ] = None,
    fail_on_gap: Annotated[
        bool,
        typer.Option(
            "--fail-on-gap",
            help="Exit with 1 when a wijk-hour is not covered, fallback not counted.",
        ),
    ] = False,
) -> None:
    """Prove which wijk-hours have a responsible service, and list the gaps.

    What only a service for the whole region answers is counted in its own column.
    """
    # The tables can be read only when the application was started.
    from wijkspil.directory.selectors.coverage_check import check_coverage

    for file in (csv_file, json_file):
        _check_writable(file)
    period = read_period(from_, days=days, today=timezone.localdate())
    result = check_coverage(period=period, care=care, region_code=region)
    if not result.wijken:
        raise Conflict(
            _(
                "There are no wijken to check. Load areas first (`wijkspil load`) or "
                "make a fictional region (`wijkspil generate`)."
            )
        )
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    console.print(_totals_table(result))
    if result.totals.n_wijken_with_gap:
        console.print(_gaps_table(result) if gaps else _wijken_table(result))
    try:
        if csv_file is not None:
            _write_csv(csv_file, list((_gap_rows if gaps else _wijk_rows)(result)))
        if json_file is not None:
            _write_json(json_file, result)
    except OSError as error:
        raise InvalidValue(
            _("“%(file)s” cannot be written: %(reason)s.")
            % {"file": error.filename, "reason": error.strerror}
        ) from error
    if fail_on_gap and result.totals.wijk_hours.uncovered > 0:
        raise typer.Exit(1)


def read_period(text: str, *, days: int, today: date) -> Period:
    """Return the period of ``days`` local days from a day or a moment.

    Empty text is the start of ``today``. A day has 23 or 25 hours when the clock
    changes.

    Raises
    ------
    InvalidValue
        If the text is neither a day nor a moment with its zone, or the days are
        not 1 to 366.
    """
    if not 1 <= days <= _MOST_DAYS:
        raise InvalidValue(
            _("--days %(value)d: give the number of days to check, 1 to %(most)d.")
            % {"value": days, "most": _MOST_DAYS},
            field="days",
        )
    try:
        if len(text) <= len("2026-11-23"):
            day = date.fromisoformat(text) if text else today
            start = datetime.combine(day, time(), AMSTERDAM)
        else:
            start = datetime.fromisoformat(text)
        if start.tzinfo is None:
            raise ValueError(text)
        local = start.astimezone(AMSTERDAM)
        # On the clock: so many days later at the same local time.
        end = local + timedelta(days=days)
        return Period(local.astimezone(UTC), end.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise InvalidValue(
            _(
                "--from “%(value)s” is not a day or a moment with its zone: write "
                "2026-11-23 or 2026-11-23T22:30:00+01:00."
            )
            % {"value": text[:40]},
            field="from",
        ) from error


def _check_writable(file: Path | None) -> None:
    """Refuse a file that cannot be written before the work is done, not after."""
    if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
        raise InvalidValue(
            _("“%(file)s” cannot be written: give a file in a folder that exists.")
            % {"file": file}
        )


def _write_csv(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0] if rows else ["wijk"])
        writer.writeheader()
        writer.writerows(rows)


def _write_json(file: Path, result: "CoverageResult") -> None:
    text = json.dumps(asdict(result), ensure_ascii=False, indent=1, default=_plain)
    file.write_text(text + "\n", encoding="utf-8")


def _totals_table(result: "CoverageResult") -> Table:
    totals = result.totals
    table = Table(
        title=_("Who is responsible: %(care)s, %(place)s, %(from)s until %(until)s")
        % {
            "care": str(Care(result.care).label),
            "place": result.region_name or _("everything loaded"),
            "from": _say(result.period.start),
            "until": _say(result.period.end),
        },
        caption=_("%(count)s wijken, of which %(gap)s with a gap.")
        % {
            "count": _number(totals.n_wijken),
            "gap": _number(totals.n_wijken_with_gap),
        },
    )
    table.add_column("")
    for title in (_("wijk-hours"), _("share"), _("by inhabitants")):
        table.add_column(title, justify="right")
    table.add_column(_("with region-wide fallback"), justify="right")
    table.add_column(_("share"), justify="right")
    for label, part in (
        (_("covered"), "covered"),
        (_("partly covered"), "partial"),
        (_("gap"), "gap"),
    ):
        with_fallback = totals.wijk_hours_with_fallback
        table.add_row(
            label,
            _number(getattr(totals.wijk_hours, part), 1),
            _share(totals.wijk_hours, part),
            _share(totals.person_hours, part),
            _number(getattr(with_fallback, part), 1),
            _share(with_fallback, part),
        )
    return table


def _wijken_table(result: "CoverageResult") -> Table:
    found = sorted(
        (wijk for wijk in result.wijken if wijk.gaps),
        key=lambda wijk: (
            -wijk.hours_with_fallback.uncovered,
            -wijk.hours.uncovered,
            wijk.code,
        ),
    )
    table = Table(title=_("Wijken with a gap, worst first"))
    if len(found) > _MOST_ROWS:
        table.caption = _("And %(count)s more: --csv writes all.") % {
            "count": _number(len(found) - _MOST_ROWS)
        }
    table.add_column(_("wijk"), ratio=1)
    for title in (_("gap, hours"), _("partly, hours"), _("left with fallback")):
        table.add_column(title, justify="right")
    table.add_column(_("first gap"), no_wrap=True)
    for wijk in found[:_MOST_ROWS]:
        table.add_row(
            _place(wijk),
            _number(wijk.hours.gap, 1),
            _number(wijk.hours.partial, 1),
            _number(wijk.hours_with_fallback.uncovered, 1),
            _in_words(wijk.gaps[0].period),
        )
    return table


def _gaps_table(result: "CoverageResult") -> Table:
    from wijkspil.directory.selectors.coverage_check import list_gaps

    table = Table(title=_("Gaps: without fallback first, then the longest"))
    for title in (_("wijk"), _("gap"), _("ground covered"), _("fallback")):
        table.add_column(title)
    for wijk, gap in list_gaps(result):
        table.add_row(
            _place(wijk),
            _in_words(gap.period),
            _percent(gap.covered_share),
            _("yes") if gap.has_fallback else _("no"),
        )
    return table


def _wijk_rows(result: "CoverageResult") -> Iterator[dict[str, Any]]:
    for wijk in result.wijken:
        longest = wijk.longest_gap
        yield {
            "wijk": wijk.code,
            "name": wijk.name,
            "gemeente": wijk.gemeente_name,
            "population": wijk.population,
            "hours": round(wijk.hours.total, 4),
            "covered_hours": round(wijk.hours.covered, 4),
            "partial_hours": round(wijk.hours.partial, 4),
            "gap_hours": round(wijk.hours.gap, 4),
            "covered_hours_with_fallback": round(wijk.hours_with_fallback.covered, 4),
            "partial_hours_with_fallback": round(wijk.hours_with_fallback.partial, 4),
            "gap_hours_with_fallback": round(wijk.hours_with_fallback.gap, 4),
            "longest_gap_from": _iso(longest.start) if longest else "",
            "longest_gap_until": _iso(longest.end) if longest else "",
        }


def _gap_rows(result: "CoverageResult") -> Iterator[dict[str, Any]]:
    for wijk in result.wijken:
        for gap in wijk.gaps:
            yield {
                "wijk": wijk.code,
                "name": wijk.name,
                "gemeente": wijk.gemeente_name,
                "from": _iso(gap.period.start),
                "until": _iso(gap.period.end),
                "hours": round(gap.period.hours, 4),
                "covered_share": round(gap.covered_share, 4),
                "covered_share_with_fallback": round(
                    gap.covered_share_with_fallback, 4
                ),
            }


def _place(wijk: "WijkCoverage") -> str:
    return f"{wijk.name}, {wijk.gemeente_name}" if wijk.gemeente_name else wijk.name


def _in_words(period: Period) -> str:
    """Say when a gap is: "Wed 25 Nov 22:30 – 7:00 (8.5 hours)"."""
    # Less than a day needs one date: the clock says whether it is the next morning.
    is_short = period.hours < 24
    return _("%(from)s – %(until)s (%(hours)s hours)") % {
        "from": _say(period.start),
        "until": say_clock(period.end) if is_short else _say(period.end),
        "hours": _number(period.hours, 1),
    }


def _say(moment: datetime) -> str:
    day = formats.date_format(
        timezone.localtime(moment), pgettext("format of a short date", "D j M")
    )
    return f"{day} {say_clock(moment)}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).isoformat()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return _iso(value)
    raise TypeError(f"{value!r} has no JSON form here.")


def _number(value: float, decimals: int = 0) -> str:
    return str(formats.number_format(value, decimals, force_grouping=True))


def _share(hours: "Hours", part: str) -> str:
    return _percent(getattr(hours, part) / hours.total) if hours.total else "-"


def _percent(share: float) -> str:
    # Rounded down: 100 % is said only of what is whole.
    return f"{_number(int(share * 1000) / 10, 1)} %"
