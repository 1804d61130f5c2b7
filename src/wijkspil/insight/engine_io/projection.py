"""Call the projection engine: what is needed and what can be given, years ahead."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from wijkspil.core.errors import InvalidValue
from wijkspil.insight.engine_io import national, problems
from wijkspil.insight.engine_io.figure_table import FigureTable
from wijkspil.insight.engine_io.gp_years import project_gp_places
from wijkspil.insight.engine_io.need import BASE, CareUse, base_scenario
from wijkspil.insight.engine_io.results import (
    Comparison,
    Difference,
    Projection,
    TornadoRow,
    WaterfallRow,
)
from wijkspil.insight.types import Assumption, Ground
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
    "project_parts",
    "schema_json",
]

Floats = NDArray[np.float64]

#: Told how many of how many draws are done.
ProgressOf = Callable[[int, int], None]

_TARGET = ".target"
_LOW, _HIGH = 0.1, 0.9
_SOURCE = gettext_noop("Projection")
#: Of so many draws one place is computed again by plain loops.
_VERIFIED_DRAWS = 8


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
    parts = project_parts(
        ground, scenario, (None,), seed=seed, draws=draws, horizon_year=horizon_year,
        progress=progress, place_years=place_years, workers=workers, care=care,
        around=around,
    )  # fmt: skip
    return parts[None]


def project_parts(
    ground: Ground,
    scenario: LoadedScenario,
    codes: Sequence[str | None],
    *,
    seed: int,
    draws: int,
    horizon_year: int,
    progress: ProgressOf | None = None,
    place_years: Sequence[int] | None = None,
    workers: int = 1,
    care: CareUse | None = None,
    around: Ground | None = None,
) -> dict[str | None, Projection]:
    """Project once and return the projection of some areas of it, each by its code.

    None is the whole. Other arguments and errors: see ``project``.

    Raises
    ------
    InvalidValue
        Also if no place lies in one of the areas.
    """
    started = time.perf_counter()
    first_year = max(ground.year, scenario.engine.first_year or ground.year)
    _check(ground, scenario, draws=draws, first=first_year, last=horizon_year)

    def told(done: int, of: int) -> None:
        if progress is not None:
            progress(draws * done // of, draws)

    with _said_of(scenario):
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
                n_runs=draws,
                quantiles=(_LOW, _HIGH),
                measures=("need", "capacity", "gap"),
            ),
            seed=seed,
            workers=workers,
            progress=told,
        )
        _verify(problem, result)
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
        table = FigureTable(ground, problem, result, atoms, source=_SOURCE)
        rows = [*table.figures(place_years), *gp]
        assumptions = (
            *national.list_assumptions(),
            *problems.list_assumptions(),
            *_assumptions_of(scenario, problem),
        )
        found = {}
        for code in codes:
            inside = _inside(ground, code)
            here = {
                code
                for place, is_in in zip(ground.places, inside, strict=True)
                if is_in
                for code in (place.code, *place.within)
            }
            together = problems.collapse(problem, inside)
            atoms_in = table.atoms_in(code)
            found[code] = Projection(
                scenario=scenario.key,
                title=scenario.title,
                first_year=first_year,
                horizon_year=horizon_year,
                draws=draws,
                seed=seed,
                figures=tuple(
                    rows
                    if code is None
                    else (row for row in rows if row.area_code in here)
                ),
                totals=table.totals(atoms_in),
                waterfall=_waterfall(together, horizon_year),
                tornado=_tornado(together),
                assumptions=assumptions,
                draws_by_indicator=table.draws_of(atoms_in),
                version=f"{ALGORITHM} {VERSION}",
                input_hash=result.input_hash,
                runtime_s=time.perf_counter() - started,
            )
    return found


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


@contextmanager
def _said_of(scenario: LoadedScenario) -> Iterator[None]:
    """Say an error of the engine as one of the scenario."""
    try:
        yield
    except (InvalidProblem, InvalidScenario) as error:
        raise InvalidValue(
            _("The scenario “%(title)s” cannot be computed here: %(reason)s")
            % {"title": scenario.title, "reason": error}
        ) from error


def _inside(ground: Ground, code: str | None) -> NDArray[np.bool_]:
    inside = np.array([code is None or code in place.within for place in ground.places])
    if not inside.any():
        raise InvalidValue(
            _("No place of %(name)s lies in %(code)s.")
            % {"name": ground.name, "code": code}
        )
    return inside


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
                text=parameter.why,
                source=row.source if row else parameter.source,
                status=parameter.status,
                low=parameter.low,
                high=parameter.high,
                unit=parameter.unit,
            )
        )
    return found


# --- what comes out


def _verify(problem: ProjectionProblem, result: Result) -> None:
    """Check the largest place and a region in the first draws, by plain loops.

    Draws do not depend on how many there are: the first ones are made again, verified,
    and must be those of the result.
    """
    runs = min(_VERIFIED_DRAWS, result.params.n_runs)
    sample = solve(
        problem, params=replace(result.params, n_runs=runs), seed=result.seed
    )
    largest = int(np.argmax(result.means["need"][:, 0, 0]))
    failures: list[object] = list(verify(problem, sample, areas=[largest]))
    failures += [
        f"{name}: the first draws differ"
        for name, values in sample.totals.items()
        if not np.allclose(
            values, result.totals[name][..., : runs + 1], rtol=1e-9, equal_nan=True
        )
    ]
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


def _tornado(problem: ProjectionProblem) -> tuple[TornadoRow, ...]:
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
