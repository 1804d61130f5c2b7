"""Is a projection right? A second opinion, slow and obvious.

Steps some areas forward through the years in plain loops, one run after the other,
with draws made again by the standard library; shares no arithmetic with ``cohorts``,
``supply`` and ``quantiles``. For a test, or before figures are handed over.
"""

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from wijkspil_engines.projection.draws import draw_uniform
from wijkspil_engines.projection.ensemble import shares_of_units
from wijkspil_engines.projection.problem import (
    LEVERS,
    Inflow,
    Kind,
    Parameter,
    ProjectionProblem,
    Skill,
)
from wijkspil_engines.projection.solve import Result

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
        Rows to step again in all runs (some 10 ms for each run and kind over 25 years);
        None: the first and the last. The smallest region is added up in run 0 and in
        the last run.
    """
    if result.input_hash != problem.input_hash:
        return [Failure("input", "the result is of another problem", 0, 1)]
    chosen = areas if areas is not None else sorted({0, len(problem.areas) - 1})
    return [
        *_check_shape_of(problem, result),
        *_check_areas(problem, result, chosen),
        *_check_region(problem, result),
    ]


class Run:
    """One run: its figures, and what it does to an area or a unit."""

    def __init__(self, problem: ProjectionProblem, seed: int, number: int) -> None:
        self.problem = problem
        self.seed = seed
        self.number = number
        self.values = {each.name: self._draw(each) for each in problem.parameters}

    def _chance(self, name: str) -> float:
        return float(draw_uniform(name, seed=self.seed, n_runs=self.number)[-1])

    def _draw(self, parameter: Parameter) -> float:
        value = (parameter.low + parameter.high) / 2
        if self.number > 0 and parameter.high > parameter.low:
            spread = (parameter.high - parameter.low) / 2 / NormalDist().inv_cdf(0.9)
            value += spread * NormalDist().inv_cdf(self._chance(parameter.name))
        value = min(max(value, parameter.valid_low), parameter.valid_high)
        lever = LEVERS.get(parameter.name.split(".")[0])
        return min(max(value, lever.low), lever.high) if lever else value

    def lever(self, name: str, of: Kind | Skill | None = None) -> float:
        """Return the value of a lever."""
        if of is not None and f"{name}.{of.name}" in self.values:
            return self.values[f"{name}.{of.name}"]
        if name in self.values:
            return self.values[name]
        usual = LEVERS[name].usual
        return float(getattr(of, name)) if usual is None else usual

    def _variant(self, name: str, year: int) -> float:
        variants = self.problem.variants
        if not variants:
            return 1.0
        if self.number == 0:
            taken = max(variants, key=lambda each: each.probability)
        else:
            chance, total = self._chance("variant of the population"), 0.0
            taken = variants[-1]
            for each in variants:
                total += each.probability
                if chance < total:
                    taken = each
                    break
        value = getattr(taken, name)
        return float(value[year] if isinstance(value, tuple) else value)

    def people(self, area: int) -> Iterator[list[list[float]]]:
        """Yield people by sex and age of an area, year after year."""
        problem = self.problem
        assert problem.class_of_area is not None
        assert problem.departures is not None
        assert problem.arrivals is not None
        c, g = problem.class_of_area[area], problem.n_ages
        people: list[list[float]] = problem.population[area].tolist()
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
            children = 0.0
            for a in range(g):
                children += people[1][a] * fertility[a] * levels["fertility"]
            after = [[0.0] * g, [0.0] * g]
            for sex in (0, 1):
                for a in range(g):
                    dies = mortality[sex][a] * levels["mortality"] * fall
                    goes = departures[sex][a] * levels["departures"]
                    left = people[sex][a] * (1 - min(dies, 1)) * (1 - min(goes, 1))
                    older = left / problem.years_per_band if a < g - 1 else 0.0
                    after[sex][a] += left - older
                    if older:
                        after[sex][a + 1] += older
                    after[sex][a] += arrivals[sex][a] * levels["arrivals"]
            after[0][0] += children * (1 - problem.share_girls)
            after[1][0] += children * problem.share_girls
            people = after

    def care(self, area: int, row: int) -> list[dict[str, float]]:
        """Return need, clients, starts and people of an area per year."""
        problem, kind = self.problem, self.problem.kinds[row]
        assert problem.area_factor is not None
        factor = float(problem.area_factor[area, row])
        is_frozen = "use" in problem.frozen
        flows = kind.stay_years > 0
        level = 1.0 if is_frozen and flows else self.lever("use", kind)
        trend = 0.0 if is_frozen else self.lever("use_trend", kind)
        stay = 1.0 if is_frozen else self.lever("stay", kind)
        years = kind.stay_years * stay
        same = math.exp(-1 / years) if years > 1e-3 else 0.0
        stock: list[list[float]] = []
        made = []
        for year, people in enumerate(self.people(area)):
            starts = level * (1 + trend) ** year
            total = {"need": 0.0, "clients": 0.0, "starts": 0.0, "people": 0.0}
            now = []
            for sex in (0, 1):
                line = []
                for a, count in enumerate(people[sex]):
                    use = float(kind.use[sex, a])
                    if flows and year == 0:
                        clients = use * count
                    else:
                        wanted = min(use * starts * (stay if flows else 1.0), 1.0)
                        clients = wanted * count
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

    def _hours(self, kind: Kind, sex: int, a: int, year: int) -> float:
        problem = self.problem
        trend = 0.0 if "hours" in problem.frozen else self.lever("hours_trend", kind)
        hours = float(kind.hours[sex, a]) * self.lever("hours", kind)
        hours *= (1 + trend) ** year
        for unit in ("share", "hours"):
            for saving in problem.savings:
                if saving.kind != kind.name or saving.unit != unit:
                    continue
                size = saving.scale * (
                    self._named(saving.target) - self._named(saving.now)
                )
                for name in saving.factors:
                    size *= self.values[name]
                size *= saving.progress[0 if "digital" in problem.frozen else year]
                size *= 1.0 if saving.by_age is None else float(saving.by_age[a])
                hours = hours * (1 - min(size, 1)) if unit == "share" else hours - size
        return max(hours, 0.0)

    def _named(self, value: float | str) -> float:
        return self.values[value] if isinstance(value, str) else value

    def capacity(self, unit: int, row: int) -> list[float]:
        """Return hours a week of a unit per year, after practices that stop."""
        problem = self.problem
        made = self._workers_hours(unit, row)
        if "closures" in problem.frozen:
            return made
        own = list(made)
        kept = dict.fromkeys(range(len(problem.units)), 1.0)
        out = []
        for year in range(problem.n_years):
            kept = dict.fromkeys(kept, 1.0)
            gained = 0.0
            for closure in problem.closures:
                stops = (
                    closure.chance >= 0.5
                    if self.number == 0
                    else self._chance(f"closure {closure.name}") < closure.chance
                )
                if not stops or problem.years[year] < closure.year:
                    continue
                at = problem.unit_rows[closure.unit]
                lost = kept[at] * closure.share
                kept[at] -= lost
                for name, share in closure.moves_to:
                    if problem.unit_rows[name] == unit:
                        gained += self._workers_hours(at, row)[year] * lost * share
            out.append(own[year] * kept[unit] + gained)
        return out

    def _workers_hours(self, unit: int, row: int) -> list[float]:
        problem, kind = self.problem, self.problem.kinds[row]
        assert problem.workers is not None
        total = [0.0] * problem.n_years
        rate = (
            0.0
            if "productivity" in problem.frozen
            else self.lever("productivity", kind)
        )
        for j, skill in enumerate(problem.skills):
            if skill.kind != kind.name:
                continue
            hours = self.lever("part_time", skill) * self.lever("hours_per_fte", skill)
            hours *= 1 - self.lever("absence", skill)
            hours *= self.lever("client_facing", skill)
            workers: list[float] = problem.workers[unit, j].tolist()
            for year in range(problem.n_years):
                total[year] += sum(workers) * hours * (1 + rate) ** year
                if "workers" in problem.frozen:
                    continue
                after = [0.0] * len(workers)
                for b, count in enumerate(workers):
                    leave = skill.leave[b] * self.lever("outflow", skill)
                    retire = skill.retire[b] * self.lever("retirement", skill)
                    left = count * (1 - min(leave, 1)) * (1 - min(retire, 1))
                    older = 0.0
                    if b < len(workers) - 1:
                        older = left / problem.worker_years_per_band
                        after[b + 1] += older
                    after[b] += left - older
                for inflow in problem.inflows:
                    if inflow.skill == skill.name:
                        new = self._coming(inflow, skill, year, unit, j)
                        for b in range(len(after)):
                            after[b] += new * float(skill.entry[b])
                workers = after
        return total

    def _coming(
        self, inflow: Inflow, skill: Skill, year: int, unit: int, j: int
    ) -> float:
        factor = self.lever("training", skill)
        for name in inflow.factors:
            factor *= self.values[name]
        new = float(inflow.workers_by_year[year]) * max(factor, 0.0)
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
    runs = [Run(problem, result.seed, number) for number in range(n_runs + 1)]
    for area in areas:
        for row, kind in enumerate(problem.kinds):
            unit = int(problem.unit_of_area[area, row])
            has_supply = unit >= 0 and any(
                each.kind == kind.name for each in problem.skills
            )
            rows: dict[str, list[list[float]]] = {}
            for run in runs:
                care = run.care(area, row)
                need = [each["need"] for each in care]
                found = {
                    name: [each[name] for each in care]
                    for name in ("need", "clients", "starts", "people")
                }
                capacity = [math.nan] * problem.n_years
                if has_supply:
                    share = float(shares[area, row])
                    capacity = [share * each for each in run.capacity(unit, row)]
                found["capacity"] = capacity
                found["gap"] = [n - c for n, c in zip(need, capacity, strict=True)]
                for name, by_year in found.items():
                    rows.setdefault(name, []).append(by_year)
            for year in range(problem.n_years):
                where = f"{problem.areas[area]} {kind.name} {problem.years[year]}"
                size = max(abs(each[year]) for each in rows["need"])
                for name, table in rows.items():
                    drawn = [line[year] for line in table[1:]] or [table[0][year]]
                    pairs = [
                        ("baseline", table[0][year], result.baselines[name]),
                        ("mean", math.fsum(drawn) / len(drawn), result.means[name]),
                    ]
                    for what, expected, given in pairs:
                        value = float(given[area, row, year])
                        if _apart(expected, value, size):
                            yield Failure(f"{what} {name}", where, expected, value)
                    if name not in result.quantiles or not n_runs:
                        continue
                    wanted = np.quantile(drawn, result.params.quantiles).tolist()
                    for q, expected in enumerate(wanted):
                        value = float(result.quantiles[name][q, area, row, year])
                        if _apart(expected, value, size):
                            yield Failure(f"quantile {name}", where, expected, value)
                if n_runs:
                    chance = math.nan
                    if has_supply:
                        ratio = result.params.short_ratio
                        lacking = [
                            asked[year] > ratio * has[year]
                            for asked, has in zip(
                                rows["need"][1:], rows["capacity"][1:], strict=True
                            )
                        ]
                        chance = sum(lacking) / n_runs
                    value = float(result.chance_short[area, row, year])
                    if _apart(chance, value, 1.0):
                        yield Failure("chance short", where, chance, value)


def _check_region(problem: ProjectionProblem, result: Result) -> Iterator[Failure]:
    """Add up the smallest region, in run 0 and in the last."""
    assert problem.unit_of_area is not None
    counts = np.bincount(problem.region_of_area, minlength=len(problem.regions))
    region = int(np.argmin(np.where(counts > 0, counts, counts.max() + 1)))
    areas = np.flatnonzero(problem.region_of_area == region).tolist()
    shares = shares_of_units(problem)
    for number in sorted({0, result.params.n_runs}):
        run = Run(problem, result.seed, number)
        for row, kind in enumerate(problem.kinds):
            total = {
                name: [0.0] * problem.n_years
                for name in ("need", "clients", "starts", "people", "capacity", "short")
            }
            for area in areas:
                care = run.care(area, row)
                unit = int(problem.unit_of_area[area, row])
                capacity = None
                if unit >= 0 and any(each.kind == kind.name for each in problem.skills):
                    capacity = run.capacity(unit, row)
                for year in range(problem.n_years):
                    for name in ("need", "clients", "starts", "people"):
                        total[name][year] += care[year][name]
                    if capacity is not None:
                        has = float(shares[area, row]) * capacity[year]
                        total["capacity"][year] += has
                        total["short"][year] += max(care[year]["need"] - has, 0)
            for name, summed in total.items():
                for year, expected in enumerate(summed):
                    value = float(result.totals[name][region, row, year, number])
                    if _apart(expected, value, max(total["need"][year], expected)):
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
