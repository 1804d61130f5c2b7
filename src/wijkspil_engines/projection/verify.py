"""Is a projection right? A second opinion, slow and obvious.

Steps some areas forward through the years in plain loops over sex and age, with draws
made again by the standard library; shares no arithmetic with ``cohorts``, ``supply``
and ``quantiles``. A value below is an array over runs.
"""

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.projection.draws import draw_uniform
from wijkspil_engines.projection.ensemble import shares_of_units
from wijkspil_engines.projection.problem import (
    LEVERS,
    Closure,
    Inflow,
    Kind,
    Parameter,
    ProjectionProblem,
    Skill,
    Variant,
)
from wijkspil_engines.projection.solve import Result

Floats = NDArray[np.float64]

_RELATIVE = 1e-9


class Failure(NamedTuple):
    """What is not as it must be, where, and both values."""

    what: str
    where: str
    expected: float
    found: float


def verify(
    problem: ProjectionProblem, result: Result, *, areas: Sequence[int] | None = None
) -> list[Failure]:
    """Return what is wrong; nothing when all is well.

    Parameters
    ----------
    areas
        Rows to step again in all runs (each some 0.1 s per kind for 1,000 runs); None:
        the first and the last. The smallest region is added up in run 0 and in the
        last run.
    """
    if result.input_hash != problem.input_hash:
        return [Failure("input", "the result is of another problem", 0, 1)]
    chosen = areas if areas is not None else sorted({0, len(problem.areas) - 1})
    return [
        *_check_shape_of(problem, result),
        *_check_areas(problem, result, chosen),
        *_check_region(problem, result),
    ]


class Runs:
    """Some runs: their figures, and what they do to an area or a unit.

    Parameters
    ----------
    numbers
        Which runs; 0 has every figure in the middle.
    """

    def __init__(
        self, problem: ProjectionProblem, seed: int, numbers: Sequence[int]
    ) -> None:
        self.problem = problem
        self.seed = seed
        self.numbers = list(numbers)
        self.values = {each.name: self._draw(each) for each in problem.parameters}

    def _chances(self, name: str) -> list[float]:
        drawn = draw_uniform(name, seed=self.seed, n_runs=max(self.numbers))
        return [float(drawn[number]) for number in self.numbers]

    def _draw(self, parameter: Parameter) -> Floats:
        middle = (parameter.low + parameter.high) / 2
        spread = (parameter.high - parameter.low) / 2 / NormalDist().inv_cdf(0.9)
        lever = LEVERS.get(parameter.name.split(".")[0])
        made = []
        for number, chance in zip(
            self.numbers, self._chances(parameter.name), strict=True
        ):
            value = middle
            if number > 0:
                value += spread * NormalDist().inv_cdf(chance)
            value = min(max(value, parameter.valid_low), parameter.valid_high)
            made.append(min(max(value, lever.low), lever.high) if lever else value)
        return np.array(made)

    def lever(self, name: str, of: Kind | Skill | None = None) -> Floats:
        """Return the value of a lever."""
        if of is not None and f"{name}.{of.name}" in self.values:
            return self.values[f"{name}.{of.name}"]
        if name in self.values:
            return self.values[name]
        usual = LEVERS[name].usual
        return self._same(float(getattr(of, name)) if usual is None else usual)

    def _same(self, value: float) -> Floats:
        return np.full(len(self.numbers), float(value))

    @cached_property
    def _variants(self) -> list[Variant]:
        """Variant of each run; empty without variants."""
        variants = self.problem.variants
        made = []
        for number, chance in zip(
            self.numbers, self._chances("variant of the population"), strict=True
        ):
            if not variants:
                continue
            taken, total = variants[-1], 0.0
            for each in variants:
                total += each.probability
                if chance < total:
                    taken = each
                    break
            if number == 0:
                taken = max(variants, key=lambda each: each.probability)
            made.append(taken)
        return made

    def _variant(self, name: str, year: int) -> Floats:
        if not self.problem.variants:
            return self._same(1)
        values = [getattr(each, name) for each in self._variants]
        return np.array([v[year] if isinstance(v, tuple) else v for v in values])

    def people(self, area: int) -> Iterator[list[list[Floats]]]:
        """Yield people by sex and age of an area, year after year."""
        problem = self.problem
        assert problem.class_of_area is not None
        assert problem.departures is not None
        assert problem.arrivals is not None
        c, g = problem.class_of_area[area], problem.n_ages
        people = [[self._same(n) for n in row] for row in problem.population[area]]
        mortality: list[list[float]] = problem.mortality[c].tolist()
        departures: list[list[float]] = problem.departures[c].tolist()
        arrivals: list[list[float]] = problem.arrivals[area].tolist()
        fertility: list[float] = problem.fertility[c].tolist()
        for year in range(problem.n_years):
            yield people
            if "population" in problem.frozen:
                continue
            levels = {
                name: self.lever(name) * self._variant(name, year)
                for name in ("mortality", "fertility", "arrivals", "departures")
            }
            fall = (1 - self.lever("mortality_improvement")) ** year
            children = self._same(0)
            for a in range(g):
                children += people[1][a] * fertility[a] * levels["fertility"]
            after = [[self._same(0) for _ in range(g)] for _ in (0, 1)]
            for sex in (0, 1):
                for a in range(g):
                    dies = mortality[sex][a] * levels["mortality"] * fall
                    goes = departures[sex][a] * levels["departures"]
                    left = people[sex][a] * (1 - np.minimum(dies, 1))
                    left = left * (1 - np.minimum(goes, 1))
                    after[sex][a] += left
                    if a < g - 1:
                        after[sex][a] -= left / problem.years_per_band
                        after[sex][a + 1] += left / problem.years_per_band
                    after[sex][a] += arrivals[sex][a] * levels["arrivals"]
            after[0][0] += children * (1 - problem.share_girls)
            after[1][0] += children * problem.share_girls
            people = after

    def care(self, area: int, row: int) -> list[dict[str, Floats]]:
        """Return need, clients, starts and people of an area per year."""
        problem, kind = self.problem, self.problem.kinds[row]
        assert problem.area_factor is not None
        factor = float(problem.area_factor[area, row])
        is_frozen = "use" in problem.frozen
        flows = kind.stay_years > 0
        level = self._same(1) if is_frozen and flows else self.lever("use", kind)
        trend = self._same(0) if is_frozen else self.lever("use_trend", kind)
        stay = self._same(1) if is_frozen else self.lever("stay", kind)
        years = kind.stay_years * stay
        same = np.array([math.exp(-1 / each) if each > 1e-3 else 0.0 for each in years])
        stock: list[list[Floats]] = []
        made = []
        for year, people in enumerate(self.people(area)):
            starts = level * (1 + trend) ** year
            total = {
                name: self._same(0) for name in ("need", "clients", "starts", "people")
            }
            now = []
            for sex in (0, 1):
                line = []
                for a, count in enumerate(people[sex]):
                    use = float(kind.use[sex, a])
                    if flows and year == 0:
                        clients = use * count
                    else:
                        wanted = use * starts * (stay if flows else 1.0)
                        clients = np.minimum(wanted, 1) * count
                        if year > 0:
                            clients = same * stock[sex][a] + (1 - same) * clients
                    line.append(clients)
                    total["clients"] += clients * factor
                    total["need"] += clients * factor * self._hours(kind, sex, a, year)
                    total["people"] += count
                    if flows:
                        new = use / kind.stay_years * starts * count
                        total["starts"] += new * factor
                now.append(line)
            stock = now
            made.append(total)
        return made

    def _hours(self, kind: Kind, sex: int, a: int, year: int) -> Floats:
        problem = self.problem
        trend = self.lever("hours_trend", kind) * ("hours" not in problem.frozen)
        hours = float(kind.hours[sex, a]) * self.lever("hours", kind)
        hours = hours * (1 + trend) ** year
        for unit in ("share", "hours"):
            for saving in problem.savings:
                if saving.kind != kind.name or saving.unit != unit:
                    continue
                size = saving.scale * (
                    self._named(saving.target) - self._named(saving.now)
                )
                for name in saving.factors:
                    size = size * self.values[name]
                at = 0 if "digital" in problem.frozen else year
                size = size * float(saving.progress[at])
                if saving.by_age is not None:
                    size = size * float(saving.by_age[a])
                if unit == "share":
                    hours = hours * (1 - np.minimum(size, 1))
                else:
                    hours = hours - size
        return np.maximum(hours, 0)

    def _named(self, value: float | str) -> Floats:
        return self.values[value] if isinstance(value, str) else self._same(value)

    def _stops(self, closure: Closure) -> Floats:
        """Return 1 where a practice stops."""
        chances = self._chances(f"closure {closure.name}")
        return np.array(
            [
                float(closure.chance >= 0.5 if number == 0 else chance < closure.chance)
                for number, chance in zip(self.numbers, chances, strict=True)
            ]
        )

    def capacity(self, unit: int, row: int) -> list[Floats]:
        """Return hours a week of a unit per year, after practices that stop."""
        problem = self.problem
        own = self._workers_hours(unit, row)
        if "closures" in problem.frozen or not problem.closures:
            return own
        rows = {problem.unit_rows[each.unit] for each in problem.closures}
        before = {at: self._workers_hours(at, row) for at in rows}
        stops = [self._stops(each) for each in problem.closures]
        out = []
        for year in range(problem.n_years):
            kept = {at: self._same(1) for at in (*rows, unit)}
            gained = self._same(0)
            for closure, stopped in zip(problem.closures, stops, strict=True):
                if problem.years[year] < closure.year:
                    continue
                at = problem.unit_rows[closure.unit]
                lost = kept[at] * closure.share * stopped
                kept[at] = kept[at] - lost
                for name, share in closure.moves_to:
                    if problem.unit_rows[name] == unit:
                        gained = gained + before[at][year] * lost * share
            out.append(own[year] * kept[unit] + gained)
        return out

    def _workers_hours(self, unit: int, row: int) -> list[Floats]:
        problem, kind = self.problem, self.problem.kinds[row]
        assert problem.workers is not None
        total = [self._same(0) for _ in range(problem.n_years)]
        rate = self.lever("productivity", kind) * ("productivity" not in problem.frozen)
        for j, skill in enumerate(problem.skills):
            if skill.kind != kind.name:
                continue
            hours = self.lever("part_time", skill) * self.lever("hours_per_fte", skill)
            hours = hours * (1 - self.lever("absence", skill))
            hours = hours * self.lever("client_facing", skill)
            workers = [self._same(each) for each in problem.workers[unit, j]]
            for year in range(problem.n_years):
                for count in workers:
                    total[year] += count * hours * (1 + rate) ** year
                if "workers" in problem.frozen:
                    continue
                after = [self._same(0) for _ in workers]
                for b, count in enumerate(workers):
                    leave = float(skill.leave[b]) * self.lever("outflow", skill)
                    retire = float(skill.retire[b]) * self.lever("retirement", skill)
                    left = count * (1 - np.minimum(leave, 1))
                    left = left * (1 - np.minimum(retire, 1))
                    after[b] += left
                    if b < len(workers) - 1:
                        after[b] -= left / problem.worker_years_per_band
                        after[b + 1] += left / problem.worker_years_per_band
                for inflow in problem.inflows:
                    if inflow.skill == skill.name:
                        new = self._coming(inflow, skill, year, unit, j)
                        for b in range(len(after)):
                            after[b] += new * float(skill.entry[b])
                workers = after
        return total

    def _coming(
        self, inflow: Inflow, skill: Skill, year: int, unit: int, j: int
    ) -> Floats:
        factor = self.lever("training", skill)
        for name in inflow.factors:
            factor = factor * self.values[name]
        new = float(inflow.workers_by_year[year]) * np.maximum(factor, 0)
        if inflow.share_of_unit is not None:
            return new * float(inflow.share_of_unit[unit])
        assert self.problem.workers is not None
        here = self.problem.workers[:, j].sum(axis=1)
        if here.sum() == 0:
            return new / len(here)
        return new * float(here[unit] / here.sum())


def _apart(expected: float, found: float, size: float) -> bool:
    """Say whether two values differ by more than rounding."""
    if math.isnan(expected) or math.isnan(found):
        return math.isnan(expected) != math.isnan(found)
    return abs(expected - found) > _RELATIVE * max(size, 1.0)


def _check_areas(
    problem: ProjectionProblem, result: Result, areas: Sequence[int]
) -> Iterator[Failure]:
    assert problem.unit_of_area is not None
    shares = shares_of_units(problem)
    n_runs = result.params.n_runs
    runs = Runs(problem, result.seed, range(n_runs + 1))
    for area in areas:
        for row, kind in enumerate(problem.kinds):
            unit = int(problem.unit_of_area[area, row])
            capacity = None
            if unit >= 0 and any(each.kind == kind.name for each in problem.skills):
                capacity = runs.capacity(unit, row)
            for year, found in enumerate(runs.care(area, row)):
                where = f"{problem.areas[area]} {kind.name} {problem.years[year]}"
                has = np.full(n_runs + 1, np.nan)
                if capacity is not None:
                    has = float(shares[area, row]) * capacity[year]
                found |= {"capacity": has, "gap": found["need"] - has}
                yield from _check_values(result, found, (area, row, year), where)
                if not n_runs:
                    continue
                chance = math.nan
                if capacity is not None:
                    limit = result.params.short_ratio * has
                    lacking = [n > m for n, m in zip(found["need"], limit, strict=True)]
                    chance = sum(lacking[1:]) / n_runs
                value = float(result.chance_short[area, row, year])
                if _apart(chance, value, 1.0):
                    yield Failure("chance short", where, chance, value)


def _check_values(
    result: Result, found: dict[str, Floats], at: tuple[int, int, int], where: str
) -> Iterator[Failure]:
    """Compare the runs of an area and year with what is said of them."""
    size = float(np.abs(found["need"]).max())
    for name, values in found.items():
        drawn = values[1:].tolist() or values.tolist()
        pairs = [
            (f"baseline {name}", float(values[0]), result.baselines[name][at]),
            (f"mean {name}", math.fsum(drawn) / len(drawn), result.means[name][at]),
        ]
        if name in result.quantiles and result.params.n_runs:
            wanted = np.quantile(drawn, result.params.quantiles).tolist()
            pairs += [
                (f"quantile {name}", each, result.quantiles[name][(q, *at)])
                for q, each in enumerate(wanted)
            ]
        for what, expected, given in pairs:
            if _apart(expected, float(given), size):
                yield Failure(what, where, expected, float(given))


def _check_region(problem: ProjectionProblem, result: Result) -> Iterator[Failure]:
    """Add up the smallest region, in run 0 and in the last."""
    assert problem.unit_of_area is not None
    counts = np.bincount(problem.region_of_area, minlength=len(problem.regions))
    region = int(np.argmin(np.where(counts > 0, counts, counts.max() + 1)))
    areas = np.flatnonzero(problem.region_of_area == region).tolist()
    shares = shares_of_units(problem)
    numbers = sorted({0, result.params.n_runs})
    runs = Runs(problem, result.seed, numbers)
    names = ("need", "clients", "starts", "people", "capacity", "short")
    for row, kind in enumerate(problem.kinds):
        has_workers = any(each.kind == kind.name for each in problem.skills)
        total = {name: np.zeros((problem.n_years, len(numbers))) for name in names}
        of_unit: dict[int, list[Floats]] = {}
        for area in areas:
            unit = int(problem.unit_of_area[area, row])
            if unit >= 0 and has_workers and unit not in of_unit:
                of_unit[unit] = runs.capacity(unit, row)
            for year, care in enumerate(runs.care(area, row)):
                for name in ("need", "clients", "starts", "people"):
                    total[name][year] += care[name]
                if unit in of_unit:
                    has = float(shares[area, row]) * of_unit[unit][year]
                    total["capacity"][year] += has
                    total["short"][year] += np.maximum(care["need"] - has, 0)
        for name, summed in total.items():
            for year, place in np.ndindex(*summed.shape):
                number, expected = numbers[place], float(summed[year, place])
                value = float(result.totals[name][region, row, year, number])
                if _apart(
                    expected, value, max(float(total["need"][year, place]), expected)
                ):
                    where = (
                        f"{problem.regions[region]} {kind.name} "
                        f"{problem.years[year]} run {number}"
                    )
                    yield Failure(f"total {name}", where, expected, value)


def _check_shape_of(problem: ProjectionProblem, result: Result) -> Iterator[Failure]:
    """Check what must hold whatever the figures are."""
    for name, value in result.quantiles.items():
        order = np.argsort(result.params.quantiles)
        falls = np.diff(value[order], axis=0)
        if falls.size and np.nanmin(falls, initial=0) < 0:
            yield Failure(f"quantiles {name} ascend", "", 0, float(np.nanmin(falls)))
    chance = result.chance_short
    if np.nanmin(chance, initial=0) < 0 or np.nanmax(chance, initial=0) > 1:
        yield Failure("chance", "between 0 and 1", 1, float(np.nanmax(chance)))
    least = float((result.totals["short"] - np.maximum(result.totals["gap"], 0)).min())
    size = float(np.abs(result.totals["need"]).max())
    if least < -_RELATIVE * max(size, 1):
        yield Failure("short", "at least what a region lacks as a whole", 0, least)
    if result.years != problem.years:
        yield Failure("years", "", problem.years[0], result.years[0])
