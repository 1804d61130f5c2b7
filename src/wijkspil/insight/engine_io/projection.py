"""Call the projection engine: what is needed and what can be given, years ahead."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from wijkspil.core.errors import InvalidValue
from wijkspil.insight.engine_io import national, problems
from wijkspil.insight.engine_io.gp_years import project_gp_places
from wijkspil.insight.engine_io.need import BASE, CareUse, base_scenario
from wijkspil.insight.engine_io.results import (
    Comparison,
    Difference,
    Projection,
    TornadoRow,
    WaterfallRow,
    YearTotal,
)
from wijkspil.insight.types import Assumption, FigureRow, Ground
from wijkspil_engines.projection.apply import CHOSEN, source_text
from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.problem import InvalidProblem, ProjectionProblem
from wijkspil_engines.projection.scenario import (
    AdoptionPath,
    InvalidScenario,
    Reason,
    Scenario,
    read_shipped,
    shipped,
)
from wijkspil_engines.projection.scenario import Assumption as Supposed
from wijkspil_engines.projection.scenario import load as load_shipped
from wijkspil_engines.projection.schema import schema_json
from wijkspil_engines.projection.solve import ALGORITHM, VERSION, Result, solve
from wijkspil_engines.projection.tornado import problem_tornado
from wijkspil_engines.projection.verify import verify
from wijkspil_engines.projection.waterfall import explain_years

__all__ = [
    "Closing",
    "LoadedScenario",
    "ScenarioParameter",
    "compare",
    "list_parameters",
    "list_shipped",
    "load_scenario",
    "project",
    "schema_json",
]

Floats = NDArray[np.float64]

#: Told how many of how many draws are done.
ProgressOf = Callable[[int, int], None]

#: Fewer people than this: a figure is not shown.
SMALLEST = 10
_TARGET = ".target"
_LOW, _HIGH = 0.1, 0.9
_SOURCE = "Projection, scenario {scenario}"


@dataclass(frozen=True, slots=True)
class ScenarioParameter:
    """One uncertain number of a scenario, for a slider.

    ``low`` and ``high`` are the 80 % interval; ``least`` and ``most`` what can exist.
    ``group`` is the part of the name before the first dot.
    """

    name: str
    unit: str
    low: float
    high: float
    least: float
    most: float
    source: str
    status: str
    group: str
    set_by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """A practice (``Site.code``) that is not there from ``year`` on."""

    site_code: str
    year: int


@dataclass(frozen=True, eq=False)
class LoadedScenario:
    """A shipped scenario with overrides: what ``project`` computes."""

    key: str
    title: str
    description: str
    parameters: tuple[ScenarioParameter, ...]
    closing: tuple[Closing, ...]
    #: the engine's own scenario
    engine: Scenario


def list_shipped() -> tuple[tuple[str, str, str], ...]:
    """Return key, title and description of the scenarios that are shipped, base first.

    Titles are English msgids.
    """
    keys = sorted(shipped(), key=lambda key: (key != BASE, key))
    found = [(key, read_shipped(key)) for key in keys]
    return tuple((key, each.title, each.description) for key, each in found)


def list_parameters(base: str) -> tuple[ScenarioParameter, ...]:
    """Return the parameters of a shipped scenario, targets of growth included.

    Raises
    ------
    InvalidValue
        If there is no such scenario.
    """
    return _parameters_of(_load(base))


def load_scenario(
    base: str,
    overrides: Mapping[str, Mapping[str, object]] | None = None,
    closing: Sequence[Closing] = (),
) -> LoadedScenario:
    """Return a shipped scenario with intervals replaced.

    ``overrides`` as ``models.Scenario.overrides``: ``{name: {"low", "high", "why",
    "set_by"}}``.

    Raises
    ------
    InvalidValue
        If a name is not known or an interval is reversed or out of range.
    """
    scenario = _load(base)
    for name, given in (overrides or {}).items():
        scenario = _override(scenario, name, given)
    return LoadedScenario(
        key=base,
        title=scenario.title,
        description=scenario.description,
        parameters=_parameters_of(scenario),
        closing=tuple(closing),
        engine=scenario,
    )


def project(
    ground: Ground,
    scenario: LoadedScenario,
    *,
    seed: int,
    draws: int,
    horizon_year: int,
    progress: ProgressOf | None = None,
    place_years: Sequence[int] | None = None,
    workers: int = 1,
    care: CareUse | None = None,
    around: Ground | None = None,
) -> Projection:
    """Project need and capacity of district nursing, and room on lists of GPs.

    From the later of the ground's year and the first year of the scenario. Verified on
    a sample before it is handed on.

    Parameters
    ----------
    draws
        1 or more.
    place_years
        Years in which places get figures (None: all); areas above them get all years.
    workers
        Cores; the result is the same for any number.
    care
        Use of district nursing by age (None: that of the country).
    around
        The same places and those around them with all practices: who lives there goes
        to the same GPs. None: the ground alone.

    Raises
    ------
    InvalidValue
        If the years or draws do not fit, or a practice that closes is not known.
    """
    started = time.perf_counter()
    first_year = max(ground.year, scenario.engine.first_year or ground.year)
    _check(ground, scenario, draws=draws, first=first_year, last=horizon_year)

    def told(done: int, of: int) -> None:
        if progress is not None:
            progress(draws * done // of, draws)

    try:
        problem, atoms = problems.nursing_problem(
            ground,
            scenario.engine,
            first_year=first_year,
            horizon_year=horizon_year,
            care=care,
        )
        result = solve(
            problem,
            params=Params(
                n_runs=draws, quantiles=(_LOW, _HIGH),
                measures=("need", "capacity", "gap"),
            ),
            seed=seed,
            workers=workers,
            progress=told,
        )  # fmt: skip
        _verify(problem, result)
        together = problems.collapse(problem)
        waterfall = _waterfall(together, horizon_year)
        tornado = _tornado(together, scenario.engine)
        gp = project_gp_places(
            ground,
            scenario.engine,
            {each.site_code: each.year for each in scenario.closing},
            first_year=first_year,
            horizon_year=horizon_year,
            seed=seed,
            draws=draws,
            years=place_years,
            around=around,
        )
    except (InvalidProblem, InvalidScenario) as error:
        raise InvalidValue(
            _("The scenario “%(title)s” cannot be computed here: %(reason)s")
            % {"title": scenario.title, "reason": error}
        ) from error
    table = _Table(ground, problem, result, atoms, scenario)
    totals = table.totals()
    return Projection(
        scenario=scenario.key,
        title=scenario.title,
        first_year=first_year,
        horizon_year=horizon_year,
        draws=draws,
        seed=seed,
        figures=(*table.figures(place_years), *gp),
        totals=totals,
        waterfall=waterfall,
        tornado=tornado,
        assumptions=(
            *national.ASSUMPTIONS,
            *problems.ASSUMPTIONS,
            *_assumptions_of(scenario, problem),
        ),
        draws_by_indicator=table.draws_of_all(),
        version=f"{ALGORITHM} {VERSION}",
        input_hash=result.input_hash,
        runtime_s=time.perf_counter() - started,
    )


def compare(first: Projection, second: Projection) -> Comparison:
    """Lay the second beside the first, draw by draw (second minus first).

    Raises
    ------
    InvalidValue
        If seed, draws or years are not the same.
    """
    for name in ("seed", "draws", "first_year", "horizon_year"):
        one, two = getattr(first, name), getattr(second, name)
        if one != two:
            raise InvalidValue(
                _(
                    "The two cannot be laid side by side: %(name)s is %(one)s and "
                    "%(two)s. Compute both again."
                )
                % {"name": name, "one": one, "two": two}
            )
    differences = []
    for indicator, values in first.draws_by_indicator.items():
        apart = second.draws_by_indicator[indicator] - values
        low, high = np.quantile(apart, (_LOW, _HIGH), axis=1)
        differences += [
            Difference(
                indicator=indicator,
                year=year,
                value=float(apart[row].mean()),
                low=float(low[row]),
                high=float(high[row]),
                share_lower=float((apart[row] < 0).mean()),
            )
            for row, year in enumerate(first.years)
        ]
    return Comparison(
        first=first.scenario,
        second=second.scenario,
        differences=tuple(differences),
        waterfall=_apart(first, second),
    )


# --- the scenario


def _load(base: str) -> Scenario:
    try:
        return base_scenario() if base == BASE else load_shipped(base)
    except InvalidScenario as error:
        raise InvalidValue(
            _("There is no scenario “%(name)s”. Choose from: %(names)s.")
            % {"name": base[:60], "names": ", ".join(sorted(shipped()))},
            field="base",
        ) from error


def _parameters_of(scenario: Scenario) -> tuple[ScenarioParameter, ...]:
    found = [_row_of(scenario, each) for each in scenario.parameters.values()]
    found += [_row_of_path(scenario, path) for path in scenario.paths.values()]
    return tuple(found)


def _row_of(scenario: Scenario, each: Supposed) -> ScenarioParameter:
    return ScenarioParameter(
        name=each.name,
        unit=each.unit,
        low=each.low,
        high=each.high,
        least=each.least,
        most=each.most,
        source=source_text(each.reason, scenario.sources),
        status=each.reason.status,
        group=each.name.partition(".")[0],
        set_by=each.reason.set_by,
        why=each.reason.why,
    )


def _row_of_path(scenario: Scenario, path: AdoptionPath) -> ScenarioParameter:
    grown = scenario.parameters[path.parameter]
    return replace(
        _row_of(scenario, grown),
        name=f"{path.parameter}{_TARGET}",
        low=path.low,
        high=path.high,
        most=min(grown.most, path.ceiling),
        source=source_text(path.reason, scenario.sources),
        status=path.reason.status,
        set_by=path.reason.set_by,
        why=path.reason.why,
    )


def _override(scenario: Scenario, name: str, given: Mapping[str, object]) -> Scenario:
    rows = {row.name: row for row in _parameters_of(scenario)}
    row = rows.get(name)
    if row is None:
        raise InvalidValue(
            _("%(name)s is not a value that can be supposed here.") % {"name": name},
            field=name,
        )
    low, high = float(str(given["low"])), float(str(given["high"]))
    if not row.least <= low <= high <= row.most:
        raise InvalidValue(
            _(
                "%(name)s: %(low)g to %(high)g is not an interval from %(least)g to "
                "%(most)g, lowest first."
            )
            % {
                "name": name,
                "low": low,
                "high": high,
                "least": row.least,
                "most": row.most,
            },
            field=name,
        )
    reason = _reason(scenario, name, given)
    if name.endswith(_TARGET):
        grown = name.removesuffix(_TARGET)
        path = replace(scenario.paths[grown], low=low, high=high, reason=reason)
        return replace(scenario, paths={**scenario.paths, grown: path})
    changed = replace(scenario.parameters[name], low=low, high=high, reason=reason)
    return replace(scenario, parameters={**scenario.parameters, name: changed})


def _reason(scenario: Scenario, name: str, given: Mapping[str, object]) -> Reason:
    before = (
        scenario.paths[name.removesuffix(_TARGET)].reason
        if name.endswith(_TARGET)
        else scenario.parameters[name].reason
    )
    return replace(
        before,
        status="assumed",
        set_by=str(given.get("set_by") or before.set_by),
        why=str(given.get("why") or before.why),
    )


def _check(
    ground: Ground, scenario: LoadedScenario, *, draws: int, first: int, last: int
) -> None:
    if draws < 1:
        raise InvalidValue(
            _("%(draws)d draws: give 1 or more.") % {"draws": draws}, field="draws"
        )
    if not first < last:
        raise InvalidValue(
            _("The horizon %(last)d must be later than %(first)d.")
            % {"last": last, "first": first},
            field="horizon",
        )
    if not ground.places:
        raise InvalidValue(
            _("%(name)s has no wijken or postcodes with inhabitants.")
            % {"name": ground.name}
        )
    is_to_choose = any(each.practice == CHOSEN for each in scenario.engine.closures)
    if is_to_choose and not scenario.closing:
        raise InvalidValue(
            _("“%(title)s”: choose a practice that closes.")
            % {"title": scenario.title},
            field="closing",
        )
    codes = {site.code for site in ground.gp_sites}
    for each in scenario.closing:
        if each.site_code not in codes:
            raise InvalidValue(
                _("There is no practice %(code)s in or near %(name)s.")
                % {"code": each.site_code, "name": ground.name},
                field="closing",
            )


def _assumptions_of(
    scenario: LoadedScenario, problem: ProjectionProblem
) -> list[Assumption]:
    """Return what was drawn, each with its interval, source and status."""
    rows = {row.name: row for row in scenario.parameters}
    found = []
    for parameter in problem.parameters:
        row = rows.get(parameter.name)
        found.append(
            Assumption(
                key=parameter.name,
                text=(
                    f"{parameter.low:g} – {parameter.high:g} {parameter.unit}. "
                    f"{parameter.why}"
                ).strip(),
                source=row.source if row else parameter.source,
                status=parameter.status,
            )
        )
    return found


# --- what comes out


def _verify(problem: ProjectionProblem, result: Result) -> None:
    largest = int(np.argmax(result.means["need"][:, 0, 0]))
    failures = verify(problem, result, areas=[largest])
    if failures:
        raise RuntimeError(
            f"the projection does not hold: {'; '.join(map(str, failures[:3]))}"
        )


def _waterfall(
    problem: ProjectionProblem, horizon_year: int
) -> tuple[WaterfallRow, ...]:
    hours = explain_years(problem, year=horizon_year).hours(0, 0)
    kinds = {"start": "start", "interaction": "interaction", "end": "end"}
    return tuple(
        WaterfallRow(key=key, kind=kinds.get(key, "cause"), value=value)
        for key, value in hours.items()
    )


def _tornado(problem: ProjectionProblem, scenario: Scenario) -> tuple[TornadoRow, ...]:
    params = Params(n_runs=0, measures=())

    def gap(certain: ProjectionProblem) -> float:
        return float(solve(certain, params=params).totals["gap"][0, 0, -1, 0])

    return tuple(
        TornadoRow(
            parameter=swing.name,
            unit=swing.unit,
            low=swing.low,
            high=swing.high,
            at_low=swing.at_low,
            at_high=swing.at_high,
            status=swing.status,
            source=swing.source,
            set_by=swing.set_by,
            why=swing.why,
        )
        for swing in problem_tornado(problem, gap)
        if swing.low < swing.high
    )


def _apart(first: Projection, second: Projection) -> tuple[WaterfallRow, ...]:
    """Say which causes make the gap of the last year differ.

    From the first's gap to the second's: each cause by what it does more in the second.
    """
    one = {row.key: row.value for row in first.waterfall}
    two = {row.key: row.value for row in second.waterfall}
    if not one or not two:
        return ()
    causes = [row.key for row in second.waterfall if row.kind == "cause"]
    begin = two["start"] - one["start"]
    rows = [WaterfallRow("start", "start", one["end"])]
    if begin:
        rows.append(WaterfallRow("today", "cause", begin))
    rows += [WaterfallRow(key, "cause", two[key] - one.get(key, 0.0)) for key in causes]
    rows.append(
        WaterfallRow(
            "interaction",
            "interaction",
            two["end"] - one["end"] - sum(row.value for row in rows[1:]),
        )
    )
    rows.append(WaterfallRow("end", "end", two["end"]))
    return tuple(rows)


class _Table:
    """Figures of a result: per place, per area above places, of the whole."""

    def __init__(
        self,
        ground: Ground,
        problem: ProjectionProblem,
        result: Result,
        atoms: Sequence[frozenset[str]],
        scenario: LoadedScenario,
    ) -> None:
        self.ground = ground
        self.result = result
        self.atoms = atoms
        self.years = problem.years
        self.source = _SOURCE.format(scenario=scenario.key)
        assert problem.unit_of_area is not None
        self.is_known = problem.unit_of_area[:, 0] >= 0
        # Without known supply an atom has no capacity, which is not the same as 0.
        self.has_supply = np.zeros(len(atoms), bool)
        self.has_supply[problem.region_of_area[self.is_known]] = True

    def figures(self, place_years: Sequence[int] | None) -> list[FigureRow]:
        """Return the rows of places and of the areas they lie in."""
        rows: list[FigureRow] = []
        wanted = set(self.years if place_years is None else place_years)
        for at, year in enumerate(self.years):
            if year in wanted:
                rows += self._of_places(at, year)
        for code in sorted({code for atom in self.atoms for code in atom}):
            inside = np.array([code in atom for atom in self.atoms])
            rows += self._of_area(code, inside)
        return rows

    def totals(self) -> tuple[YearTotal, ...]:
        """Return each projected number of the whole ground in each year."""
        rows = []
        for indicator, values in self._draws(np.ones(len(self.atoms), bool)).items():
            for at, year in enumerate(self.years):
                rows.append(_total(indicator, year, values[at]))
        return tuple(rows)

    def draws_of_all(self) -> dict[str, Floats]:
        """Return (years, draws) of each indicator of the whole ground."""
        return {
            name: values
            for name, values in self._draws(np.ones(len(self.atoms), bool)).items()
            if name != "gap_chance"
        }

    def _draws(self, inside: NDArray[np.bool_]) -> dict[str, Floats]:
        """Return (years, draws) of each indicator over some atoms."""
        totals = self.result.totals

        def sum_of(name: str, rows: NDArray[np.bool_]) -> Floats:
            made: Floats = totals[name][rows, 0, :, 1:].sum(axis=0)
            return made

        need = sum_of("need", inside)
        made = {"need_hours": need, "clients": sum_of("clients", inside)}
        supplied = inside & self.has_supply
        if supplied.any():
            capacity, gap = sum_of("capacity", supplied), sum_of("gap", supplied)
            known_need = capacity + gap
            made["capacity_hours"] = capacity
            made["gap_hours"] = gap
            made["gap_share"] = 100 * np.divide(
                gap, known_need, out=np.zeros_like(gap), where=known_need > 0
            )
            made["gap_fte"] = gap / self.result.hours_of_fte[0, :, 1:]
            made["gap_chance"] = 100.0 * (gap > 0)
        return made

    def _of_area(self, code: str, inside: NDArray[np.bool_]) -> list[FigureRow]:
        people = self.result.totals["people"][inside, 0, :, 1:].sum(axis=0)
        draws = self._draws(inside)
        rows = []
        for indicator, values in draws.items():
            for at, year in enumerate(self.years):
                total = _total(indicator, year, values[at])
                count = float(people[at].mean())
                top, below = total.value, count
                if indicator == "gap_share":
                    top = float(draws["gap_hours"][at].mean())
                    below = float(draws["need_hours"][at].mean())
                rows.append(self._row(indicator, code, year, total, top, below, count))
        return rows

    def _of_places(self, at: int, year: int) -> list[FigureRow]:
        means, quantiles = self.result.means, self.result.quantiles
        need, capacity = means["need"][:, 0, at], means["capacity"][:, 0, at]
        gap, people = means["gap"][:, 0, at], means["people"][:, 0, at]
        hours = float(self.result.hours_of_fte[0, at, 1:].mean())
        clients = means["clients"][:, 0, at]
        chance = 100 * self.result.chance_short[:, 0, at]
        bounds = {
            f"{name}_hours": quantiles[name][:, :, 0, at]
            for name in ("need", "capacity", "gap")
        }
        share = 100 * np.divide(gap, need, out=np.zeros_like(gap), where=need > 0)
        values = {
            "need_hours": need, "capacity_hours": capacity, "gap_hours": gap,
            "gap_share": share, "gap_fte": gap / hours, "clients": clients,
            "gap_chance": chance,
        }  # fmt: skip
        rows = []
        for row, place in enumerate(self.ground.places):
            count = float(people[row])
            for indicator, value in values.items():
                if not np.isfinite(value[row]):
                    continue
                low, high = (
                    bounds[indicator][:, row] if indicator in bounds else (None, None)
                )
                total = YearTotal(
                    indicator,
                    year,
                    float(value[row]),
                    None if low is None else float(low),
                    None if high is None else float(high),
                )
                top, below = total.value, count
                if indicator == "gap_share":
                    top, below = float(gap[row]), float(need[row])
                rows.append(
                    self._row(indicator, place.code, year, total, top, below, count)
                )
        return rows

    def _row(
        self,
        indicator: str,
        code: str,
        year: int,
        total: YearTotal,
        numerator: float,
        denominator: float,
        people: float,
    ) -> FigureRow:
        is_withheld = people < SMALLEST
        return FigureRow(
            indicator=indicator,
            area_code=code,
            valid_from=date(year, 1, 1),
            valid_until=date(year + 1, 1, 1),
            value=None if is_withheld else total.value,
            numerator=None if is_withheld else numerator,
            denominator=None if is_withheld else denominator,
            low=None if is_withheld else total.low,
            high=None if is_withheld else total.high,
            source=self.source,
            is_withheld=is_withheld,
        )


def _total(indicator: str, year: int, values: Floats) -> YearTotal:
    if indicator == "gap_chance":
        return YearTotal(indicator, year, float(values.mean()))
    low, high = np.quantile(values, (_LOW, _HIGH))
    return YearTotal(indicator, year, float(values.mean()), float(low), float(high))
