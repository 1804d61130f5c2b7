"""Write a result down: figures for JSON, and a dated report in Markdown."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from wijkspil_engines.desk.assumptions import ASSUMED, list_assumptions
from wijkspil_engines.desk.course import WAYS
from wijkspil_engines.desk.figures import FIGURES, PAIRED
from wijkspil_engines.desk.study import (
    HEADLINES,
    Interval,
    NightArrival,
    Result,
    Swing,
    Together,
)

#: Every figure: what it says, decimals, times this for showing.
LABELS = {**FIGURES, **PAIRED}

FIRST_WORDS = (
    "An internal check of the design, not a promise to users. All clients, teams and "
    "answers are invented; what people do on the phone and in the app is assumed."
)


def to_figures(result: Result) -> dict[str, Any]:
    """Return everything but the logs as plain values; None where nothing is known."""
    return {
        "note": FIRST_WORDS,
        "status": result.status,
        "algorithm": f"{result.algorithm} {result.version}",
        "input_hash": result.input_hash,
        "seeds": list(result.seeds),
        "requests": [len(run.problem.requests) for run in result.runs],
        "teams": result.runs[0].problem.teams.n,
        "days": result.runs[0].problem.days,
        "runtime_s": round(result.runtime_s, 2),
        "figures": {
            name: {
                "says": says,
                **{way: _plain(result.means[way][name]) for way in WAYS},
                "difference": _plain(result.differences[name]),
            }
            for name, (says, _decimals, _scale) in FIGURES.items()
        },
        "paired": {
            name: {"says": says, "difference": _plain(result.differences[name])}
            for name, (says, _decimals, _scale) in PAIRED.items()
        },
        "by_seed": [
            {
                "seed": run.seed,
                **{
                    way: {name: _or_none(x) for name, x in run.figures[way].items()}
                    for way in WAYS
                },
            }
            for run in result.runs
        ],
        "sweep_seeds": list(result.sweep_seeds),
        "sweep": [
            {
                "assumption": swing.assumption.name,
                "headline": swing.headline,
                "low": swing.assumption.low,
                "high": swing.assumption.high,
                "difference_at_low": _or_none(swing.at_low),
                "difference_as_taken": _or_none(swing.at_value),
                "difference_at_high": _or_none(swing.at_high),
            }
            for swing in result.swings
        ],
        "together": [
            {
                "headline": joint.headline,
                "assumptions": list(joint.names),
                "difference_as_taken": _or_none(joint.at_value),
                "difference": _or_none(joint.difference),
            }
            for joint in result.together
        ],
        "night": None if result.night is None else _night_figures(result.night),
        "assumptions": [asdict(row) for row in list_assumptions(result.assumptions)],
    }


def _night_figures(night: NightArrival) -> dict[str, Any]:
    return {
        "minutes": night.minutes,
        "pooled": _plain(night.pooled),
        "separate": _plain(night.separate),
        "difference": _plain(night.difference),
        "nights": night.n_nights,
        "nurses": night.n_nurses,
        "calls_a_night": _or_none(night.calls_a_night),
        "setting": night.setting,
        "less_when_pooled": list(night.less),
        "worst": [
            {"wijk": wijk, "pooled": _or_none(pooled), "separate": _or_none(separate)}
            for wijk, pooled, separate in night.worst
        ],
        "sweep": [
            {
                name: value if isinstance(value, str) else _or_none(value)
                for name, value in swing._asdict().items()
            }
            for swing in night.swings
        ],
    }


def to_markdown(result: Result, *, region: str, day: date) -> str:
    """Return the report; ``day`` is that of the run."""
    return "\n".join(_lines(result, region, day)) + "\n"


def _lines(result: Result, region: str, day: date) -> Iterator[str]:
    runs = result.runs
    requests = sum(len(run.problem.requests) for run in runs) / len(runs)
    yield f"# The desk, simulated: {region}, {day.isoformat()}"
    yield ""
    yield f"**{FIRST_WORDS}**"
    yield ""
    yield (
        "The same requests are placed (a) as today, by phoning providers one by one, "
        "and (b) by Wijkspil under the region's policy. Method: "
        "[desk-simulation](../algorithms/desk-simulation.md)."
    )
    yield ""
    yield (
        f"{len(runs)} seeds, {runs[0].problem.days:g} days, {requests:,.0f} requests a "
        f"seed, {runs[0].problem.teams.n} teams of "
        f"{len(runs[0].problem.providers)} providers, "
        f"supply {result.assumptions.supply:g} (places that come free per request). "
        "Mean and "
        "95 % interval over seeds; the difference is Wijkspil minus today, paired by "
        f"seed. {result.algorithm} {result.version}, input {result.input_hash}, "
        f"{result.runtime_s:.0f} s."
    )
    yield ""
    yield "| | today | Wijkspil | difference |"
    yield "|---|---|---|---|"
    for name, (says, decimals, scale) in FIGURES.items():
        cells = [
            say_interval(values[name], decimals, scale)
            for values in (*(result.means[way] for way in WAYS), result.differences)
        ]
        yield f"| {says} | {' | '.join(cells)} |"
    for name, (says, decimals, scale) in PAIRED.items():
        cell = say_interval(result.differences[name], decimals, scale)
        yield f"| {says} | | | {cell} |"
    yield ""
    yield from _undecided(result.differences)
    yield from _night(result)
    yield from _sweep(result)
    yield from _assumptions(result)


def _undecided(differences: Mapping[str, Interval]) -> Iterator[str]:
    names = [
        says
        for name, (says, _decimals, _scale) in FIGURES.items()
        if not is_decided(differences[name])
    ]
    if names:
        yield "No difference can be told from chance in: " + "; ".join(names) + "."
        yield ""


def _night(result: Result) -> Iterator[str]:
    yield "## Night arrival"
    yield ""
    night = result.night
    if night is None:
        yield "Not simulated in this run."
        yield ""
        return
    yield (
        f"Chance that a nurse is there within {night.minutes:g} minutes of an "
        "unplanned call at night: any provider's nurse goes (pooled), or only those "
        "of the client's own (separate). The calls are the same. Method: "
        "[dispatch](../algorithms/dispatch.md)."
    )
    yield ""
    if night.n_nights:
        yield (
            f"{night.n_nights:,} nights, {night.n_nurses} nurses, "
            f"{night.calls_a_night:.1f} calls a night; 95 % intervals over nights. "
            f"{night.setting}".rstrip()
        )
        yield ""
    yield "| separate, % | pooled between providers, % | difference |"
    yield "|---|---|---|"
    cells = (night.separate, night.pooled, night.difference)
    yield "| " + " | ".join(say_interval(cell, 1, 100) for cell in cells) + " |"
    yield ""
    if night.worst:
        yield f"{say_worst(night)}."
        if night.less:
            yield f"Less than separate, intervals apart: {'; '.join(night.less)}."
        yield ""
    if night.swings:
        yield "The three that move these chances most, first:"
        yield ""
        yield "| assumption | from, to | at from: separate, pooled | at to |"
        yield "|---|---|---|---|"
        for place, swing in enumerate(night.swings):
            mark = "**" if place < 3 else ""
            yield (
                f"| {mark}{swing.unit}{mark} ({swing.value:g}) | "
                f"{swing.low:g}, {swing.high:g} | "
                f"{100 * swing.separate_at_low:.1f}, {100 * swing.pooled_at_low:.1f} | "
                f"{100 * swing.separate_at_high:.1f}, "
                f"{100 * swing.pooled_at_high:.1f} |"
            )
        yield ""


def say_worst(night: NightArrival) -> str:
    """Say which wijken have the least chance when pooled."""
    said = "; ".join(
        f"{wijk} {100 * pooled:.1f} % ({100 * separate:.1f} % separate)"
        for wijk, pooled, separate in night.worst
    )
    return f"Least when pooled: {said}"


def _sweep(result: Result) -> Iterator[str]:
    yield "## What decides it"
    yield ""
    if not result.swings:
        yield "The assumptions were not varied in this run."
        yield ""
        return
    yield (
        f"Each assumption moved to its ends, all others as taken, {_count(result)}: "
        "the difference (Wijkspil minus today) at both ends. First the three that move "
        "it most; with so few seeds the order of those that are close is not certain."
    )
    yield ""
    for headline in HEADLINES:
        says, decimals, _scale = LABELS[headline]
        swings = result.largest_swings(headline, len(result.swings))
        taken = swings[0].at_value
        yield f"### {says[0].upper()}{says[1:]}: {taken:+.{decimals}f} as taken"
        yield ""
        yield "| assumption | from, to | difference at from | at to |"
        yield "|---|---|---|---|"
        for swing in swings[:3]:
            yield _swing_row(swing, decimals, strong=True)
        for swing in swings[3:10]:
            yield _swing_row(swing, decimals)
        yield ""
        flips = [s.assumption.unit for s in swings if _flips(s)]
        if flips:
            yield f"The sign turns at an end of: {'; '.join(flips)}."
        else:
            yield "At no end of any single assumption does the sign turn."
        for joint in result.together:
            if joint.headline == headline:
                yield ""
                yield say_together(joint, len(swings))
        yield ""


def say_together(joint: Together, of: int) -> str:
    """Say what several assumptions at their unfavorable ends do together."""
    _says, decimals, _scale = LABELS[joint.headline]
    which = "all" if len(joint.names) == of else f"the first {len(joint.names)}"
    turned = " The sign turns." if joint.difference * joint.at_value < 0 else ""
    return (
        f"With {which} at the ends unfavorable to Wijkspil together: "
        f"{joint.difference:+.{decimals}f}.{turned}"
    )


def _count(result: Result) -> str:
    count = len(result.sweep_seeds)
    return f"{count} seed{'s' if count != 1 else ''} and fewer days"


def _swing_row(swing: Swing, decimals: int, *, strong: bool = False) -> str:
    row = swing.assumption
    mark = "**" if strong else ""
    return (
        f"| {mark}{row.unit}{mark} (`{row.name}`, {row.value:g}) | "
        f"{row.low:g}, {row.high:g} | {swing.at_low:+.{decimals}f} | "
        f"{swing.at_high:+.{decimals}f} |"
    )


def _flips(swing: Swing) -> bool:
    return min(swing.at_low, swing.at_high) * swing.at_value < 0 or (
        max(swing.at_low, swing.at_high) * swing.at_value < 0
    )


def _assumptions(result: Result) -> Iterator[str]:
    yield "## Every assumption"
    yield ""
    yield (
        "None of these figures was measured. Where a source is named, it is one the "
        "figure can be compared with, not one it was taken from."
    )
    yield ""
    yield "| name | value | low, high | unit | plays a part in | source |"
    yield "|---|---|---|---|---|---|"
    for row in list_assumptions(result.assumptions):
        yield (
            f"| `{row.name}` | {row.value:g} | {row.low:g}, {row.high:g} | {row.unit} "
            f"| {row.touches} | {row.source or ASSUMED} |"
        )


def say_interval(interval: Interval, decimals: int, scale: float) -> str:
    """Return a mean with its interval, as in ``2.6 (2.5 to 2.7)``; ``-`` if unknown."""
    if math.isnan(interval.mean):
        return "-"
    mean, low, high = (value * scale for value in interval)
    said = f"{mean:.{decimals}f}"
    if math.isnan(low):
        return said
    return f"{said} ({low:.{decimals}f} to {high:.{decimals}f})"


def say_short(interval: Interval, decimals: int, scale: float) -> str:
    """Return a mean with half its interval, as in ``2.6 ± 0.1``; ``-`` if unknown."""
    if math.isnan(interval.mean):
        return "-"
    said = f"{interval.mean * scale:.{decimals}f}"
    if math.isnan(interval.high):
        return said
    half = (interval.high - interval.mean) * scale
    return f"{said} ± {half:.{decimals}f}"


def is_decided(interval: Interval) -> bool:
    """Whether the interval leaves zero out."""
    return interval.low > 0 or interval.high < 0


def _plain(interval: Interval) -> list[float | None]:
    return [_or_none(value) for value in interval]


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)
