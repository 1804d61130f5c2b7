"""Draw a round on one page: what it came to, who moved where, where a place helps most.

One HTML file without scripts and without persons, to open, print or send. Practices
are points; a line is a stream of people between two practices; a point is darker the
more people could also move if that practice had one place more.
"""

import csv
import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.exchange.problem import ExchangeProblem
from wijkspil_engines.exchange.result import Result, taken_practice

#: Streams drawn at most, the largest first: more is a blot.
MOST_STREAMS = 3_000
#: Places named where one more helps most.
MOST_NAMED = 20
_WIDTH = 900.0
_MARGIN = 20.0
_COLORS = ("#8fb8b3", "#e0b04a", "#c2571a", "#8c1d18")


@dataclass(frozen=True, eq=False)
class Streams:
    """People per pair of practices, the largest stream first; (K,) each."""

    origin: NDArray[np.int64]
    to: NDArray[np.int64]
    people: NDArray[np.int64]


def read_practice_places(
    file: Path, practice_ids: Sequence[str]
) -> NDArray[np.float64]:
    """Return (P, 2) longitude and latitude in degrees, nan where a place is not told.

    Columns ``practice_id`` (or ``id``), ``lon`` and ``lat``; others are passed over, so
    that the file of practice locations can be used as it is.

    Raises
    ------
    InvalidFile
        If the file cannot be read, lacks a column, or a value is no degree.
    """
    row_of = {name: b for b, name in enumerate(practice_ids)}
    found = np.full((len(practice_ids), 2), np.nan)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            names = reader.fieldnames or ()
            key = "practice_id" if "practice_id" in names else "id"
            for name in (key, "lon", "lat"):
                if name not in names:
                    raise InvalidFile(f"{file}:1:{name}: the column is missing")
            for row in reader:
                b = row_of.get(row[key] or "")
                if b is None or not row["lon"]:
                    continue
                found[b] = [
                    _degrees(file, reader.line_num, name, row[name], most)
                    for name, most in (("lon", 180.0), ("lat", 90.0))
                ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidFile(f"{file}: cannot be read ({error})") from error
    if np.isnan(found).all():
        raise InvalidFile(f"{file}: names none of the practices of this round")
    return found


def count_streams(problem: ExchangeProblem, result: Result) -> Streams:
    """Return who moved from which practice to which; who had none is left out."""
    moved = np.flatnonzero((result.choice >= 0) & (problem.origin >= 0))
    to = taken_practice(problem, result.choice)[moved].astype(np.int64)
    pair = problem.origin[moved].astype(np.int64) * problem.n_practices + to
    pairs, where = np.unique(pair, return_inverse=True)
    people = np.bincount(where, weights=problem.size[moved], minlength=pairs.size)
    whole = np.rint(people).astype(np.int64)
    order = np.lexsort((pairs, -whole))
    return Streams(
        origin=pairs[order] // problem.n_practices,
        to=pairs[order] % problem.n_practices,
        people=whole[order],
    )


def draw_page(
    problem: ExchangeProblem,
    result: Result,
    report: Mapping[str, Any],
    places: NDArray[np.float64],
) -> bytes:
    """Return the page as the bytes of an HTML file; the same for the same round.

    Parameters
    ----------
    report
        As ``csvio.report_of`` makes it, with ``groups_beside_waiting_list``.
    places
        (P, 2) degrees, as ``read_practice_places`` reads them.
    """
    streams = count_streams(problem, result)
    prices = result.seat_prices
    parts = [
        f"<h1>{_say_result(report)}</h1>",
        f"<p>{_say_facts(problem, report)}</p>",
        "<h2>Who moved where</h2>",
        _draw_map(places, streams, prices),
        _legend(streams, prices),
        "<h2>Where one more place helps most</h2>",
        _table_of_places(problem, prices),
        "<h2>Beside the waiting list</h2>",
        _table_of_groups(report),
        f"<p>Receipt: SHA-256 of the input <code>{_text(report['input_sha256'])}</code>"
        f", {_text(report['mechanism'])}, version {_text(report['version'])}, seed "
        f"{_text(report['seed'])}. Check it with <code>wijkspil exchange "
        "verify</code>.</p>",
    ]
    return _PAGE.format(body="\n".join(parts)).encode()


def _say_result(report: Mapping[str, Any]) -> str:
    people = f"{report['moved_people']:,} people move to a practice of their choice"
    if report["status"] == "optimal":
        return f"{people}. No other plan does better."
    return f"{people}, of at most {report['bound_people'] or '?'}."


def _say_facts(problem: ExchangeProblem, report: Mapping[str, Any]) -> str:
    first = report["first_choices"]
    return (
        f"{problem.n_people:,} people asked, {problem.n_practices:,} practices take "
        f"part with {int(problem.free_places.sum()):,} free places. {first:,} people "
        f"get their first choice. {report['moved_people_by_class'][0]:,} people "
        "without a practice get one."
    )


def _draw_map(
    places: NDArray[np.float64], streams: Streams, prices: NDArray[np.int64] | None
) -> str:
    known: NDArray[np.bool_] = ~np.isnan(places[:, 0]) & ~np.isnan(places[:, 1])
    x, y, height = _project(places, known)
    lines = ['<g stroke="#0b646f" fill="none" stroke-linecap="round">']
    drawn = 0
    for a, b, people in zip(
        streams.origin.tolist(),
        streams.to.tolist(),
        streams.people.tolist(),
        strict=True,
    ):
        if drawn == MOST_STREAMS:
            break
        if not (known[a] and known[b]):
            continue
        drawn += 1
        width = min(4.0, 0.25 + 0.12 * math.sqrt(people))
        lines.append(
            f'<path d="M{x[a]:.1f} {y[a]:.1f}L{x[b]:.1f} {y[b]:.1f}" '
            f'stroke-width="{width:.2f}" opacity="0.35"/>'
        )
    lines.append("</g><g>")
    for b in np.flatnonzero(known).tolist():
        price = 0 if prices is None else int(prices[b])
        color = _COLORS[min(max(price, 0), len(_COLORS) - 1)]
        lines.append(
            f'<circle cx="{x[b]:.1f}" cy="{y[b]:.1f}" r="{1.6 if price <= 0 else 2.4}" '
            f'fill="{color}"/>'
        )
    lines.append("</g>")
    label = f"Map of {int(known.sum())} practices and {drawn} streams between them"
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(lines)}</svg>'
    )


def _project(
    places: NDArray[np.float64], known: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return x and y of each practice and the height, a degree of latitude to scale."""
    lon, lat = places[:, 0], places[:, 1]
    west, east = float(lon[known].min()), float(lon[known].max())
    south, north = float(lat[known].min()), float(lat[known].max())
    narrow = math.cos(math.radians((south + north) / 2))
    scale = (_WIDTH - 2 * _MARGIN) / max((east - west) * narrow, 1e-6)
    x = _MARGIN + (lon - west) * narrow * scale
    y = _MARGIN + (north - lat) * scale
    return x, y, 2 * _MARGIN + (north - south) * scale


def _legend(streams: Streams, prices: NDArray[np.int64] | None) -> str:
    words = ["nobody more", "1 person more", "2 people more", "3 or more"]
    keys = "".join(
        f'<li><span style="background:{color}"></span>{word}</li>'
        for color, word in zip(_COLORS, words, strict=True)
    )
    shown = min(MOST_STREAMS, streams.people.size)
    note = (
        f"The {shown:,} largest of {streams.people.size:,} streams are drawn; who had "
        "no practice comes from nowhere and has no line."
    )
    if prices is None:
        return f"<p>{note}</p>"
    return f"<p>A point tells who could also move by one more place:</p><ul>{keys}</ul><p>{note}</p>"  # noqa: E501 - one sentence of HTML


def _table_of_places(problem: ExchangeProblem, prices: NDArray[np.int64] | None) -> str:
    if prices is None:
        return "<p>This round has no prices of places.</p>"
    helps = np.flatnonzero(prices > 0)
    if helps.size == 0:
        return "<p>Nowhere: one more place would let nobody more move.</p>"
    wanted = np.bincount(problem.option, minlength=problem.n_practices)
    best = helps[np.lexsort((helps, -wanted[helps], -prices[helps]))][:MOST_NAMED]
    rows = [
        [problem.practice_ids[b], int(prices[b]), int(problem.free_places[b])]
        for b in best.tolist()
    ]
    more = f"<p>{helps.size:,} practices in all; the first {len(rows)}:</p>"
    return more + _table(["practice", "people who could also move", "free now"], rows)


def _table_of_groups(report: Mapping[str, Any]) -> str:
    groups = report.get("groups_beside_waiting_list") or []
    if not groups:
        return "<p>Not compared.</p>"
    names = [name for name in groups[0] if not isinstance(groups[0][name], dict)]
    return _table(
        [name.replace("_", " ") for name in names],
        [[group[name] for name in names] for group in groups],
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: Any) -> str:
    said = f"{value:,}" if isinstance(value, int) else str(value)
    return html.escape(said)


def _degrees(file: Path, line: int, column: str, text: str, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= most:
        raise InvalidFile(
            f"{file}:{line}:{column}: {text[:40]!r} is not a number of degrees from "
            f"-{most:.0f} to {most:.0f}"
        )
    return value


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A round of swaps between GP practices</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; color: #12262b; margin: 2rem auto;
  max-width: 60rem; padding: 0 1rem; }}
svg {{ background: #f4f7f7; border: 1px solid #c8d6d8; height: auto; width: 100%; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
th, td {{ border-bottom: 1px solid #c8d6d8; padding: .3rem .8rem .3rem 0;
  text-align: start; }}
ul {{ display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0; }}
li span {{ border-radius: 50%; display: inline-block; height: .8em;
  margin-inline-end: .4em; width: .8em; }}
code {{ overflow-wrap: anywhere; }}
</style></head><body>
{body}
</body></html>
"""
