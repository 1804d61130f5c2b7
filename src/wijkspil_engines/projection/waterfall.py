"""Which cause changes need or gap by how much, between two years or two scenarios?

Each cause is let in alone; what they do together on top of that is the interaction.
So the parts do not depend on an order, and parts + interaction = total exactly: all is
kept in whole millionths of an hour a week.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.problem import (
    CAUSES,
    LEVERS,
    InvalidProblem,
    ProjectionProblem,
)
from wijkspil_engines.projection.solve import Result, solve

#: Parts of an hour a week in which all is counted.
MILLIONTHS = 1_000_000

Level = Literal["areas", "regions"]
_MUST_BE_EQUAL = ("areas", "regions", "units", "first_year", "n_years")
_ITEMS = ("kinds", "skills", "inflows", "closures", "savings", "variants")


@dataclass(frozen=True, eq=False)
class Waterfall:
    """Start, parts, interaction and end, in millionths of an hour a week.

    Shapes: n areas or regions, k kinds of care. start + sum of parts + interaction =
    end, to the last unit.

    Parameters
    ----------
    causes
        Names of the parts.
    start, interaction, end
        (n, k).
    parts
        (causes, n, k).
    known
        (n, k) False where the measure is not known (no supply); 0 there.
    """

    measure: str
    causes: tuple[str, ...]
    start: NDArray[np.int64]
    parts: NDArray[np.int64]
    interaction: NDArray[np.int64]
    end: NDArray[np.int64]
    known: NDArray[np.bool_]

    def total(self) -> "Waterfall":
        """Return the same of all areas or regions together, (1, k)."""
        return Waterfall(
            self.measure,
            self.causes,
            self.start.sum(axis=0, keepdims=True),
            self.parts.sum(axis=1, keepdims=True),
            self.interaction.sum(axis=0, keepdims=True),
            self.end.sum(axis=0, keepdims=True),
            np.asarray(self.known.all(axis=0, keepdims=True)),
        )

    def hours(self, row: int, kind: int) -> dict[str, float]:
        """Return start, each cause, interaction and end in hours a week."""
        named = {"start": self.start[row, kind]}
        named |= {
            cause: self.parts[i, row, kind] for i, cause in enumerate(self.causes)
        }
        named |= {
            "interaction": self.interaction[row, kind],
            "end": self.end[row, kind],
        }
        return {name: int(value) / MILLIONTHS for name, value in named.items()}


def explain_years(
    problem: ProjectionProblem,
    *,
    year: int,
    since: int | None = None,
    measure: str = "gap",
    level: Level = "regions",
    n_runs: int = 0,
    seed: int = 0,
    workers: int = 1,
) -> Waterfall:
    """Return what changes between two years, by ``CAUSES``.

    A part is what a cause changes in that time when all others stay as in the first
    year of the problem.

    Parameters
    ----------
    year, since
        To and from, as 2035; ``since`` None: the first year.
    measure
        A measure of ``Result.means`` in hours a week (``need``, ``capacity``,
        ``gap``), or also ``short`` for regions.
    n_runs
        0: of run 0; else of the mean of so many runs.

    Raises
    ------
    InvalidProblem
        If the year is not one of the problem's.
    """
    first = 0 if since is None else _place(problem, since)
    last = _place(problem, year)

    def value(frozen: frozenset[str]) -> NDArray[np.float64]:
        return _values(
            replace(problem, frozen=problem.frozen | frozen),
            measure, level, n_runs, seed, workers,
        )  # fmt: skip

    everything = frozenset(CAUSES)
    causes = tuple(each for each in CAUSES if each not in problem.frozen)
    moved = value(frozenset())
    alone = [value(everything - {cause}) for cause in causes]
    return _compose(
        measure,
        causes,
        moved[..., first],
        [(each[..., first], each[..., last]) for each in alone],
        moved[..., last],
    )


def explain_scenarios(
    base: ProjectionProblem,
    other: ProjectionProblem,
    *,
    year: int,
    measure: str = "gap",
    level: Level = "regions",
    n_runs: int = 0,
    seed: int = 0,
    workers: int = 1,
) -> Waterfall:
    """Return what changes from one scenario to another in a year, by change.

    Causes are named after what differs: ``use_trend`` (a parameter),
    ``savings.dispensers``, ``closures.x``, ``population``. Other arguments: see
    ``explain_years``.

    Raises
    ------
    InvalidProblem
        If areas, regions, units or years differ, or the year is none of them.
    """
    last = _place(base, year)

    def value(problem: ProjectionProblem) -> NDArray[np.float64]:
        return _values(problem, measure, level, n_runs, seed, workers)[..., last]

    changes = dict(list_changes(base, other))
    start = value(base)
    return _compose(
        measure,
        tuple(changes),
        start,
        [(start, value(problem)) for problem in changes.values()],
        value(other),
    )


def list_changes(
    base: ProjectionProblem, other: ProjectionProblem
) -> Iterator[tuple[str, ProjectionProblem]]:
    """Yield each difference and the base with only that.

    The parameters that one saving or inflow alone uses change together with it.
    """
    for name in _MUST_BE_EQUAL:
        if getattr(base, name) != getattr(other, name):
            raise InvalidProblem("differs between the scenarios", field=name)
    ours = {each.name: each for each in base.parameters}
    theirs = {each.name: each for each in other.parameters}
    users: dict[str, set[str]] = {}
    for problem in (base, other):
        for name, where in problem.used_names():
            users.setdefault(name, set()).add(where)
    with_item: set[str] = set()
    for field in _ITEMS:
        before = {each.name: each for each in getattr(base, field)}
        after = {each.name: each for each in getattr(other, field)}
        if field == "variants":
            if base.variants != other.variants:
                yield field, replace(base, variants=other.variants)
            continue
        for name in dict.fromkeys((*before, *after)):
            where = f"{field}[{name}]"
            own = {
                each
                for each, used in users.items()
                if where in used and (len(used) == 1 or each not in ours)
            }
            taken = {each: theirs[each] for each in own if each in theirs}
            changed = {k: v for k, v in taken.items() if ours.get(k) != v}
            is_same = _is_same(before.get(name), after.get(name))
            if is_same and not changed:
                continue
            with_item |= own
            items = {**before}
            items.pop(name, None)
            if name in after:
                order = {**before, **after}
                items = {
                    each: after[each] if each == name else before[each]
                    for each in order
                    if each == name or each in before
                }
            yield (
                f"{field}.{name}",
                _rebuild(base, {**ours, **changed}, **{field: tuple(items.values())}),
            )
    for name in dict.fromkeys((*ours, *theirs)):
        if name in with_item or ours.get(name) == theirs.get(name):
            continue
        named = {**ours}
        named.pop(name, None)
        if name in theirs:
            named[name] = theirs[name]
        elif name in users:
            continue
        yield name, _rebuild(base, named)
    for each in fields(base):
        name = each.name
        if name in (*_ITEMS, *_MUST_BE_EQUAL, "parameters", "key_of_share"):
            continue
        if not _is_same(getattr(base, name), getattr(other, name)):
            yield name, replace(base, **{name: getattr(other, name)})


def _rebuild(
    base: ProjectionProblem, parameters: Mapping[str, Any], **changed: Any
) -> ProjectionProblem:
    """Return the base with changes, without parameters that nothing uses any more."""
    savings = changed.get("savings", base.savings)
    inflows = changed.get("inflows", base.inflows)
    used = {name for each in inflows for name in each.factors}
    for each in savings:
        used |= {*each.factors, each.now, each.target}
    kept = tuple(
        each
        for name, each in parameters.items()
        if name in used or name.partition(".")[0] in LEVERS
    )
    return replace(base, parameters=kept, **changed)


def _is_same(one: Any, two: Any) -> bool:
    if one is None or two is None:
        return one is two
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, two))
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(two) and all(
            _is_same(getattr(one, each.name), getattr(two, each.name))
            for each in fields(one)
        )
    return bool(one == two)


def _place(problem: ProjectionProblem, year: int) -> int:
    if year not in problem.years:
        raise InvalidProblem(
            f"{year} is not one of {problem.years[0]} to {problem.years[-1]}",
            field="year",
        )
    return year - problem.first_year


def _values(
    problem: ProjectionProblem,
    measure: str,
    level: Level,
    n_runs: int,
    seed: int,
    workers: int,
) -> NDArray[np.float64]:
    """Return (n, k, y) of a measure."""
    result = solve(
        problem,
        params=Params(n_runs=n_runs, measures=()),
        seed=seed,
        workers=workers,
    )
    return take_values(result, measure, level)


def take_values(result: Result, measure: str, level: Level) -> NDArray[np.float64]:
    """Return (n, k, y) means of areas or regions; of run 0 when no run was drawn.

    Raises
    ------
    InvalidProblem
        If there is no such measure at that level.
    """
    table = result.means if level == "areas" else result.totals
    if measure not in table:
        raise InvalidProblem(
            f"{measure!r} is not one of {', '.join(table)}", field="measure"
        )
    value = table[measure]
    if level == "areas":
        return value
    drawn = value[..., 1:] if result.params.n_runs else value
    made: NDArray[np.float64] = drawn.mean(axis=-1)
    return made


def _compose(
    measure: str,
    causes: tuple[str, ...],
    start: NDArray[np.float64],
    alone: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    end: NDArray[np.float64],
) -> Waterfall:
    known = np.isfinite(start) & np.isfinite(end)
    for before, after in alone:
        known &= np.isfinite(before) & np.isfinite(after)

    def whole(value: NDArray[np.float64]) -> NDArray[np.int64]:
        scaled = np.rint(np.where(known, value, 0) * MILLIONTHS)
        return np.asarray(scaled, dtype=np.int64)

    first, last = whole(start), whole(end)
    parts = np.array([whole(b) - whole(a) for a, b in alone], dtype=np.int64)
    parts = parts.reshape(len(alone), *first.shape)
    return Waterfall(
        measure, causes, first, parts, last - first - parts.sum(axis=0), last, known
    )
