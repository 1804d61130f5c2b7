"""How do people age, and what care does that ask of each area?

People of an area move as a cohort model: a fifth of a band of five years moves up each
year, people die, move away, arrive and are born. Deaths, births and departures are
chances that all areas of a class share, so the hours of a year in a run are a sum over
who lives in the area today and who arrives, each times a weight that is the same for
all areas of the class. The weights come from going back in time from the year of care
to today (the transposed step), for all runs at once; an area then is one short sum.
That is exact: it is the same arithmetic in another order.

Clients are a flow. Who starts with care in a year stays for a mean time; from the
stock of today it moves to what starts and stay lead to:
stock(y) = q stock(y - 1) + (1 - q) target(y), q = exp(-1 / stay in years).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled
from wijkspil_engines.projection.draws import Draws, growth, share_that_stays
from wijkspil_engines.projection.problem import Kind, ProjectionProblem

Floats = NDArray[np.float64]

#: Runs taken together: their weights of a year stay in the cache of a core.
_TILE = 256


@dataclass(frozen=True, eq=False)
class Steps:
    """What happens to people of a class in each year; r = runs.

    Parameters
    ----------
    keep
        (y, 2 g, r) chance to be alive and still there at the end of the year.
    births
        (y, g, r) children per woman at the end of the year.
    arrive
        (y, r) factor on arrivals.
    width
        Years in a band of age.
    """

    keep: Floats
    births: Floats
    arrive: Floats
    width: int
    share_girls: float
    is_frozen: bool


def make_steps(problem: ProjectionProblem, draws: Draws, row: int) -> Steps:
    """Return the steps of a class of areas in all runs."""
    years, g = problem.n_years, problem.n_ages
    assert problem.departures is not None
    mortality = draws.lever("mortality") * growth(
        -draws.lever("mortality_improvement"), years
    )
    mortality *= draws.variant_factor("mortality")
    departures = draws.lever("departures") * draws.variant_factor("departures")
    fertility = draws.lever("fertility") * draws.variant_factor("fertility")
    dying = problem.mortality[row].reshape(1, 2 * g, 1) * mortality[:, None, :]
    leaving = problem.departures[row].reshape(1, 2 * g, 1) * departures[:, None, :]
    keep = np.minimum(dying, 1, out=dying)
    np.subtract(1, keep, out=keep)
    keep *= 1 - np.minimum(leaving, 1)
    return Steps(
        keep=keep,
        births=problem.fertility[row].reshape(1, g, 1) * fertility[:, None, :],
        arrive=draws.lever("arrivals") * draws.variant_factor("arrivals"),
        width=problem.years_per_band,
        share_girls=problem.share_girls,
        is_frozen="population" in problem.frozen,
    )


def people_of(problem: ProjectionProblem, areas: NDArray[np.int64]) -> Floats:
    """Return (n, columns) of what weights are for: people, then arrivals if any."""
    assert problem.arrivals is not None
    people = problem.population[areas].reshape(len(areas), -1)
    if not has_arrivals(problem):
        return people
    arriving = problem.arrivals[areas].reshape(len(areas), -1)
    return np.concatenate([people, arriving], axis=1)


def has_arrivals(problem: ProjectionProblem) -> bool:
    """Say whether anybody arrives, which doubles the work."""
    assert problem.arrivals is not None
    return bool(problem.arrivals.any()) and "population" not in problem.frozen


def need_weights(
    problem: ProjectionProblem, draws: Draws, steps: Steps, kind: Kind
) -> Floats:
    """Return (y, columns, r) hours a week that one person of today means."""
    target, stays = _clients(problem, draws, kind)
    return _weigh(problem, steps, target, stays, _hours(problem, draws, kind))


def client_weights(
    problem: ProjectionProblem, draws: Draws, steps: Steps, kind: Kind
) -> Floats:
    """Return (y, columns, r) clients at a moment that one person of today means."""
    target, stays = _clients(problem, draws, kind)
    return _weigh(problem, steps, target, stays, np.ones_like(target))


def start_weights(
    problem: ProjectionProblem, draws: Draws, steps: Steps, kind: Kind
) -> Floats:
    """Return (y, columns, r) new clients a year; 0 where a kind has no turnover."""
    years, g = problem.n_years, problem.n_ages
    shape = (years, 2 * g, draws.n_runs + 1)
    if kind.stay_years == 0:
        target = np.zeros(shape)
    else:
        level = _starts(problem, draws, kind)
        target = kind.use.reshape(1, -1, 1) / kind.stay_years * level[:, None, :]
    nobody = np.zeros(draws.n_runs + 1)
    return _weigh(problem, steps, target, nobody, np.ones(shape))


def people_weights(
    problem: ProjectionProblem, draws: Draws, steps: Steps, *, from_age: int = 0
) -> Floats:
    """Return (y, columns, r) people, from an age on, that one person of today means."""
    g = problem.n_ages
    counts = np.arange(g) * problem.years_per_band >= from_age
    shape = (problem.n_years, 2 * g, draws.n_runs + 1)
    target = np.broadcast_to(np.tile(counts, 2)[None, :, None], shape).astype(float)
    return _weigh(problem, steps, target, np.zeros(draws.n_runs + 1), np.ones(shape))


def _starts(problem: ProjectionProblem, draws: Draws, kind: Kind) -> Floats:
    """Return (y, r) new clients relative to today, at the same age."""
    trend = draws.lever("use_trend", kind)
    if "use" in problem.frozen:
        level = draws.ones if kind.stay_years > 0 else draws.lever("use", kind)
        trend = 0 * trend
    else:
        level = draws.lever("use", kind)
    return level * growth(trend, problem.n_years)


def _clients(
    problem: ProjectionProblem, draws: Draws, kind: Kind
) -> tuple[Floats, Floats]:
    """Return (y, 2 g, r) clients per person in the end, and (r,) who stays a year.

    In the first year the stock is what is seen today, unless there is no turnover.
    """
    level = _starts(problem, draws, kind)
    stay = draws.ones if "use" in problem.frozen else draws.lever("stay", kind)
    if kind.stay_years > 0:
        level = level * stay
        level[0] = 1.0
    target = kind.use.reshape(1, -1, 1) * level[:, None, :]
    return np.minimum(target, 1, out=target), share_that_stays(kind.stay_years, stay)


def _hours(problem: ProjectionProblem, draws: Draws, kind: Kind) -> Floats:
    """Return (y, 2 g, r) hours a week of a client, after what digital care saves."""
    years, g = problem.n_years, problem.n_ages
    trend = draws.lever("hours_trend", kind)
    if "hours" in problem.frozen:
        trend = 0 * trend
    level = draws.lever("hours", kind) * growth(trend, years)
    hours = kind.hours.reshape(1, 2 * g, 1) * level[:, None, :]
    savings = [each for each in problem.savings if each.kind == kind.name]
    for saving in sorted(savings, key=lambda each: each.unit == "hours"):
        saved = draws.named(saving.target) - draws.named(saving.now)
        saved = saving.scale * saved
        for name in saving.factors:
            saved = saved * draws.named(name)
        progress = saving.progress
        if "digital" in problem.frozen:
            progress = np.full(years, progress[0])
        by_age = np.ones(g) if saving.by_age is None else saving.by_age
        size = progress[:, None, None] * np.tile(by_age, 2)[:, None] * saved
        if saving.unit == "share":
            hours *= 1 - np.minimum(size, 1)
        else:
            hours -= size
    return np.maximum(hours, 0, out=hours)


def _weigh(
    problem: ProjectionProblem,
    steps: Steps,
    target: Floats,
    stays: Floats,
    hours: Floats,
) -> Floats:
    years, columns, runs = target.shape
    arriving = has_arrivals(problem)
    out = np.zeros((years, columns * (2 if arriving else 1), runs))
    _sweep(
        steps.keep,
        steps.births,
        steps.arrive,
        steps.width,
        steps.share_girls,
        steps.is_frozen,
        arriving,
        np.ascontiguousarray(target),
        stays,
        np.ascontiguousarray(hours),
        out,
    )
    return out


@compiled
def _sweep(
    keep: Floats,
    births: Floats,
    arrive: Floats,
    width: int,
    share_girls: float,
    is_frozen: bool,
    arriving: bool,
    target: Floats,
    stays: Floats,
    hours: Floats,
    out: Floats,
) -> None:
    """Go back from each year to today; fills ``out`` (y, columns, r)."""
    years, columns, runs = target.shape
    g = columns // 2
    up = 1.0 / width
    value = np.empty((columns, runs))
    child = np.empty(runs)
    left = np.empty(runs)
    for year in range(years):
        for r in range(runs):
            left[r] = 1.0 if year == 0 else 1.0 - stays[r]
        for c in range(columns):
            for r in range(runs):
                value[c, r] = left[r] * hours[year, c, r] * target[year, c, r]
        for r in range(runs):
            left[r] = 1.0
        for t in range(year - 1, -1, -1):
            if arriving:
                for c in range(columns):
                    for r in range(runs):
                        out[year, columns + c, r] += arrive[t, r] * value[c, r]
            if not is_frozen:
                for r in range(runs):
                    child[r] = (1.0 - share_girls) * value[0, r]
                    child[r] += share_girls * value[g, r]
                for c in range(columns):
                    is_last = c == g - 1 or c == columns - 1
                    for r in range(runs):
                        kept = value[c, r]
                        if not is_last:
                            kept = (1.0 - up) * kept + up * value[c + 1, r]
                        value[c, r] = keep[t, c, r] * kept
                for a in range(g):
                    for r in range(runs):
                        value[g + a, r] += births[t, a, r] * child[r]
            for r in range(runs):
                left[r] *= stays[r]
            for c in range(columns):
                for r in range(runs):
                    part = left[r] if t == 0 else left[r] * (1.0 - stays[r])
                    value[c, r] += part * hours[year, c, r] * target[t, c, r]
        for c in range(columns):
            for r in range(runs):
                out[year, c, r] = value[c, r]


@compiled
def mix(amounts: Floats, weights: Floats, out: Floats) -> None:
    """Fill out (n, y, r) with the sum over columns of (n, c) x weights (y, c, r).

    Always added in the order of the columns: the same bits whatever runs beside it,
    and however areas are taken together.
    """
    n, columns = amounts.shape
    years, _, runs = weights.shape
    whole = columns - columns % 4
    for year in range(years):
        for start in range(0, runs, _TILE):
            end = min(start + _TILE, runs)
            size = end - start
            for i in range(0, n, 2):
                # Two areas at once: each weight is fetched half as often. The last
                # of an odd number is done twice, with the same outcome.
                j = min(i + 1, n - 1)
                one, two = out[i, year, start:end], out[j, year, start:end]
                for r in range(size):
                    one[r] = 0.0
                    two[r] = 0.0
                if i == j:
                    two = np.empty(size)
                    two[:] = 0.0
                for c in range(0, whole, 4):
                    a0, a1 = amounts[i, c], amounts[i, c + 1]
                    a2, a3 = amounts[i, c + 2], amounts[i, c + 3]
                    b0, b1 = amounts[j, c], amounts[j, c + 1]
                    b2, b3 = amounts[j, c + 2], amounts[j, c + 3]
                    w0 = weights[year, c, start:end]
                    w1 = weights[year, c + 1, start:end]
                    w2 = weights[year, c + 2, start:end]
                    w3 = weights[year, c + 3, start:end]
                    for r in range(size):
                        one[r] += a0 * w0[r] + a1 * w1[r] + a2 * w2[r] + a3 * w3[r]
                        two[r] += b0 * w0[r] + b1 * w1[r] + b2 * w2[r] + b3 * w3[r]
                for c in range(whole, columns):
                    w0 = weights[year, c, start:end]
                    for r in range(size):
                        one[r] += amounts[i, c] * w0[r]
                        two[r] += amounts[j, c] * w0[r]


def project_population(
    problem: ProjectionProblem,
    *,
    areas: NDArray[np.int64] | None = None,
    seed: int = 0,
    run: int = 0,
) -> Floats:
    """Return (n, s, g, y) people of areas (all of them) in one run, forward in time."""
    rows = np.arange(len(problem.areas)) if areas is None else areas
    assert problem.arrivals is not None
    assert problem.class_of_area is not None
    draws = Draws(problem, seed, run)
    g, years = problem.n_ages, problem.n_years
    out = np.empty((len(rows), 2, g, years))
    for row in np.unique(problem.class_of_area[rows]):
        steps = make_steps(problem, draws, int(row))
        here = np.flatnonzero(problem.class_of_area[rows] == row)
        people = problem.population[rows[here]]
        arriving = problem.arrivals[rows[here]]
        for year in range(years):
            out[here, :, :, year] = people
            if steps.is_frozen:
                continue
            children = people[:, 1] @ steps.births[year, :, run]
            kept = people * steps.keep[year, :, run].reshape(2, g)
            moving = kept[:, :, :-1] / steps.width
            people = kept + arriving * steps.arrive[year, run]
            people[:, :, :-1] -= moving
            people[:, :, 1:] += moving
            people[:, 0, 0] += (1 - steps.share_girls) * children
            people[:, 1, 0] += steps.share_girls * children
    return out
