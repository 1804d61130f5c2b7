"""How far off was a projection of an earlier year, and was its interval wide enough?

From figures as they were known in a *vintage* year later years are projected, with the
intervals of a scenario and nothing learned since, and laid beside what was counted
later. An 80 % interval should hold 70 to 90 % of the outcomes; what it holds is
reported as it is, per vintage.

- People by age (United Nations, World Population Prospects 2019, estimates 2000-2020):
  rates from the five years before the vintage, projected by the engine itself, and by
  cohort ratios (Hamilton & Perry 1962, doi:10.2307/2573607) as a plain second opinion.
- The United Nations' own medium projection against counts by CBS of 2021 to 2024.
- Working GPs: the parameter values of each estimate of the Capaciteitsorgaan since 2010
  against the number counted for a later one.
- The shortage of staff by AZW: no outcome is known, so only how far one edition lies
  from the next.

Reads the publishers' files from a folder. What came out is told in
``docs/algorithms/projection-scenarios.md``.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.projection.ages import split_people
from wijkspil_engines.projection.apply import as_parameter, variants
from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.problem import (
    LEVERS,
    NORMAL_90,
    Kind,
    ProjectionProblem,
)
from wijkspil_engines.projection.scenario import Scenario
from wijkspil_engines.projection.solve import solve

UN_FILE = Path("forecast") / "un_wpp2019_nederland_leeftijd.csv"
GP_FILE = (
    Path("gp_capacity") / "capaciteitsorgaan_parameterwaarden_huisartsen_2010_2025.csv"
)
PC4_FILE = Path("pc4") / "pc4_leeftijd_geslacht_2021.csv"
GEMEENTEN_2022_FILE = Path("cbs_areas") / "gemeenten_2022.csv"
GEMEENTEN_2024_FILE = Path("cbs_areas") / "gemeenten_wijken_2024.csv"

#: Years of the United Nations' estimates.
STEP_YEARS = 5
_SEXES = ("m", "v")
_FERTILE = slice(3, 10)

#: Levers of a scenario that say something about people only.
POPULATION_LEVERS = (
    "mortality",
    "mortality_improvement",
    "fertility",
    "arrivals",
    "departures",
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One projected figure and what was counted.

    Attributes
    ----------
    series
        What it is, as ``people``; ``label`` which one, as an age band.
    low, high
        80 % interval of the projection; None where none was published.
    """

    series: str
    vintage: int
    year: int
    label: str
    projected: float
    actual: float
    low: float | None = None
    high: float | None = None

    @property
    def error(self) -> float:
        """Projected less counted, as a share of what was counted."""
        return (self.projected - self.actual) / self.actual

    @property
    def is_covered(self) -> bool | None:
        """Whether the interval holds what was counted; None without an interval."""
        if self.low is None or self.high is None:
            return None
        return self.low <= self.actual <= self.high


@dataclass(frozen=True)
class Score:
    """How the cases of a vintage (None: of all) did.

    Attributes
    ----------
    n
        Cases.
    mean_error, mean_absolute_error
        Shares of what was counted.
    coverage
        Share of the intervals that hold what was counted; None where none has one.
    """

    series: str
    vintage: int | None
    n: int
    mean_error: float
    mean_absolute_error: float
    coverage: float | None


def score(cases: Iterable[Case]) -> tuple[Score, ...]:
    """Return a score per series and vintage, and per series over all vintages."""
    by_series: dict[str, list[Case]] = {}
    for case in cases:
        by_series.setdefault(case.series, []).append(case)
    scores = []
    for series, mine in sorted(by_series.items()):
        for vintage in sorted({case.vintage for case in mine}):
            part = [case for case in mine if case.vintage == vintage]
            scores.append(_score(series, vintage, part))
        scores.append(_score(series, None, mine))
    return tuple(scores)


def _score(series: str, vintage: int | None, cases: Sequence[Case]) -> Score:
    errors = np.array([case.error for case in cases])
    covered = [case.is_covered for case in cases if case.is_covered is not None]
    return Score(
        series=series,
        vintage=vintage,
        n=len(cases),
        mean_error=float(errors.mean()),
        mean_absolute_error=float(np.abs(errors).mean()),
        coverage=float(np.mean(covered)) if covered else None,
    )


# People ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class People:
    """People by year, sex (men, women) and age band of five years, the last one open.

    ``counts`` is ``(n_years, 2, n_ages)``; ``is_estimate`` ``(n_years,)``: not a
    projection.
    """

    years: tuple[int, ...]
    ages: tuple[str, ...]
    counts: Floats
    is_estimate: NDArray[np.bool_]

    def of(self, year: int) -> Floats:
        """Return ``(2, n_ages)`` of one year."""
        found: Floats = self.counts[self.years.index(year)]
        return found


def read_un_people(folder: Path) -> People:
    """Read the United Nations' figures; 95 and over is one band, as in CBS's areas.

    Raises
    ------
    InvalidFile
        If the file is absent or a row cannot be read.
    """
    path = folder / UN_FILE
    found: dict[tuple[int, str, str], float] = {}
    estimates: set[int] = set()
    for line, row in enumerate(_rows(path), 2):
        try:
            year, people = int(row["jaar"]), float(row["inwoners_x1000"]) * 1000
        except (KeyError, ValueError) as error:
            raise InvalidFile(
                f"{path}:{line}: {row} has no jaar and inwoners_x1000 in figures"
            ) from error
        found[year, row["geslacht"], row["age"]] = people
        if row["soort"] == "schatting":
            estimates.add(year)
    years = tuple(sorted({year for year, _, _ in found}))
    ages = tuple(sorted({age for _, _, age in found}, key=_first_age))
    counts = np.array([[[found[y, s, a] for a in ages] for s in _SEXES] for y in years])
    counts[:, :, -2] += counts[:, :, -1]
    counts, ages = counts[:, :, :-1], (*ages[:-2], "95+")
    return People(years, ages, counts, np.array([year in estimates for year in years]))


def cohort_ratio(earlier: Floats, now: Floats, *, steps: int) -> Floats:
    """Project people by the ratios of the last five years (Hamilton & Perry).

    Parameters
    ----------
    earlier, now
        ``(2, n_ages)`` people five years ago and now.
    steps
        Periods of five years ahead.

    Returns
    -------
    Floats
        ``(2, n_ages)``.
    """
    ratios = now[:, 1:-1] / earlier[:, :-2]
    last = now[:, -1] / (earlier[:, -2] + earlier[:, -1])
    children = now[:, 0] / now[1, _FERTILE].sum()
    people = now
    for _ in range(steps):
        moved = np.empty_like(people)
        moved[:, 1:-1] = people[:, :-2] * ratios
        moved[:, -1] = (people[:, -2] + people[:, -1]) * last
        moved[:, 0] = children * moved[1, _FERTILE].sum()
        people = moved
    return people


def vintage_problem(
    people: People,
    vintage: int,
    scenario: Scenario,
    *,
    n_years: int,
    years_per_band: int = STEP_YEARS,
) -> ProjectionProblem:
    """Return the country as it was known in a year, one kind per band of five years.

    What a cohort lost over the five years before is a yearly chance to die, what it
    gained yearly arrivals; a cohort goes from one band to the next, so its rate is
    that of the age in between, and other ages lie on a line. Children per woman of 15
    to 49 as in the youngest band. A kind with a use of 1 in one band makes the engine
    count that band.

    Parameters
    ----------
    years_per_band
        5, or 1: single years of age, see `ages.split_people`.
    """
    earlier, now = people.of(vintage - STEP_YEARS), people.of(vintage)
    ratios = np.empty((2, now.shape[1] - 1))
    ratios[:, :-1] = now[:, 1:-1] / earlier[:, :-2]
    ratios[:, -1] = now[:, -1] / (earlier[:, -2] + earlier[:, -1])
    per_band = STEP_YEARS // years_per_band
    starting = now if per_band == 1 else split_people(now)
    n_ages = starting.shape[1]
    middles = (np.arange(n_ages) + 0.5) * years_per_band
    # Beyond the last cohort mortality rises as it did over the two before (Gompertz).
    between = np.arange(1, ratios.shape[1] + 2) * float(STEP_YEARS)
    between[-1] += STEP_YEARS
    logs = np.log(ratios) / STEP_YEARS
    beyond = logs[:, -1:] * (logs[:, -2:-1] / logs[:, -3:-2]) ** 2
    yearly = np.array(
        [
            np.interp(middles, between, each)
            for each in np.concatenate([logs, beyond], axis=1)
        ]
    )
    fertile = slice(_FERTILE.start * per_band, _FERTILE.stop * per_band)
    fertility = np.zeros((1, n_ages))
    fertility[0, fertile] = now[:, 0].sum() / STEP_YEARS / now[1, _FERTILE].sum()
    band_of_age = np.minimum(np.arange(n_ages) // per_band, now.shape[1] - 1)
    return ProjectionProblem(
        first_year=vintage,
        n_years=n_years,
        areas=("NL",),
        regions=("NL",),
        region_of_area=np.zeros(1, np.int32),
        population=starting[None],
        mortality=(1 - np.exp(np.minimum(yearly, 0)))[None],
        arrivals=(starting * np.expm1(np.maximum(yearly, 0)))[None],
        fertility=fertility,
        kinds=tuple(
            Kind(
                age,
                "zvw",
                use=np.tile(band_of_age == row, (2, 1)).astype(float),
                hours=np.ones((2, n_ages)),
            )
            for row, age in enumerate(people.ages)
        ),
        parameters=tuple(
            as_parameter(scenario.parameters[name], scenario.sources)
            for name in POPULATION_LEVERS
            if name in scenario.parameters
        ),
        variants=variants(scenario),
        years_per_band=years_per_band,
        share_girls=float(now[1, 0] / now[:, 0].sum()),
    )


def backtest_people(
    people: People,
    scenario: Scenario,
    *,
    vintages: Sequence[int],
    years_per_band: int = STEP_YEARS,
    need_by_age: ArrayLike | None = None,
    seed: int = 0,
    n_runs: int = 500,
) -> tuple[Case, ...]:
    """Project each vintage to every later estimate, by the engine.

    Series ``people`` has a case per age band and year, ``people-75-plus`` and
    ``people-total`` one per year, and so has ``need``: people times ``need_by_age``
    (n_ages,), as hours of care per inhabitant, which stays the same. ``cohort-ratio``
    is the second opinion, per band and without an interval.
    """
    old = np.array([_first_age(age) >= 75 for age in people.ages])
    sums = {"people-total": np.ones(len(old)), "people-75-plus": old.astype(float)}
    if need_by_age is not None:
        sums["need"] = np.asarray(need_by_age, dtype=np.float64)
    last = max(
        year
        for year, is_estimate in zip(people.years, people.is_estimate, strict=True)
        if is_estimate
    )
    cases = []
    for vintage in vintages:
        problem = vintage_problem(
            people,
            vintage,
            scenario,
            n_years=last - vintage + 1,
            years_per_band=years_per_band,
        )
        result = solve(problem, params=Params(n_runs=n_runs), seed=seed)
        runs = result.totals["need"][0]
        for year in range(vintage + STEP_YEARS, last + 1, STEP_YEARS):
            actual = people.of(year).sum(axis=0)
            plain = cohort_ratio(
                people.of(vintage - STEP_YEARS),
                people.of(vintage),
                steps=(year - vintage) // STEP_YEARS,
            ).sum(axis=0)
            of_year = runs[:, year - vintage, 1:]
            cases += [
                _case(series, vintage, year, "all", per_age @ of_year, per_age @ actual)
                for series, per_age in sums.items()
            ]
            for row, age in enumerate(people.ages):
                cases += [
                    _case("people", vintage, year, age, of_year[row], actual[row]),
                    Case("cohort-ratio", vintage, year, age, plain[row], actual[row]),
                ]
    return tuple(cases)


def backtest_un_medium(people: People, folder: Path) -> tuple[Case, ...]:
    """Lay the United Nations' medium projection beside counts by CBS.

    Mid-year figures of 2020 (an estimate) and 2025 are joined by a line: 1 January
    2021, 2022 and 2024 lie 0.5, 1.5 and 3.5 years along it. Per age band for 2021, in
    total for all three. It has no interval.

    Raises
    ------
    InvalidFile
        If a file is absent or cannot be read.
    """
    start, end = people.of(2020).sum(axis=0), people.of(2025).sum(axis=0)
    counted = read_cbs_2021(folder)
    projected = start + (end - start) * 0.5 / STEP_YEARS
    cases = [
        Case("un-medium", 2019, 2021, age, float(projected[row]), counted[age])
        for row, age in enumerate(people.ages)
    ]
    totals = {
        2021: (0.5, sum(counted.values())),
        2022: (1.5, _sum(folder / GEMEENTEN_2022_FILE, "population")),
        2024: (3.5, _sum(folder / GEMEENTEN_2024_FILE, "inwoners", only="GM")),
    }
    for year, (after, actual) in totals.items():
        total = float((start + (end - start) * after / STEP_YEARS).sum())
        cases.append(Case("un-medium-total", 2019, year, "all", total, actual))
    return tuple(cases)


def read_cbs_2021(folder: Path) -> dict[str, float]:
    """Return people per age band on 1 January 2021, summed over PC4 areas (CBS).

    Raises
    ------
    InvalidFile
        If the file is absent or a cell is no number.
    """
    path = folder / PC4_FILE
    found: dict[str, float] = {}
    for line, row in enumerate(_rows(path), 2):
        for column, text in row.items():
            if column == "pc4" or not text:
                continue
            age = column[2:].replace("_", "-").replace("95plus", "95+")
            found[age] = found.get(age, 0.0) + _number(text, f"{path}:{line}:{column}")
    return found


# Working GPs -----------------------------------------------------------------------


@dataclass(frozen=True)
class GpEstimate:
    """What one estimate of the Capaciteitsorgaan assumed; people and shares.

    ``outflow`` by years ahead (5, 10, 15, 20), ``stays`` of who finished training by
    years since (1, 5, 10, 15).
    """

    year: int
    working: float
    outflow: Mapping[int, float]
    starting: float
    starting_later: float
    training_years: float
    finishes: float
    stays: Mapping[int, float]
    from_abroad: float

    def project(
        self, years: int, *, outflow: ArrayLike = 1.0, training: ArrayLike = 1.0
    ) -> Floats:
        """Return working GPs so many years later, with factors on two assumptions.

        Factors may be draws, ``(n_runs,)``; so is the answer then.
        """
        gone = np.interp(years, (0, *self.outflow), (0.0, *self.outflow.values()))
        remaining = self.working * (1 - np.minimum(gone * np.asarray(outflow), 1.0))
        added = 0.0
        for finished in range(1, years + 1):
            started_before = finished <= self.training_years
            cohort = self.starting if started_before else self.starting_later
            stay = np.interp(years - finished, [*self.stays], [*self.stays.values()])
            added += cohort * self.finishes * float(stay)
        return np.asarray(
            remaining + added * np.asarray(training) + self.from_abroad * years
        )


def read_gp_estimates(folder: Path) -> tuple[GpEstimate, ...]:
    """Read the parameter values of all estimates, the earliest first.

    Raises
    ------
    InvalidFile
        If the file is absent or a value is missing or no number.
    """
    path = folder / GP_FILE
    rows = {row["Variabele"]: row for row in _rows(path, delimiter=";")}
    columns = [name for name in next(iter(rows.values())) if name.startswith("raming_")]

    def value(name: str, column: str) -> float:
        if name not in rows:
            raise InvalidFile(f"{path}: has no row with Variabele {name}")
        return _number(rows[name][column].replace(",", "."), f"{path}: {name}:{column}")

    by_years = {5: "vijf", 10: "tien", 15: "vijftien", 20: "twintig"}
    return tuple(
        GpEstimate(
            year=round(value("ramingsjaar", column)),
            working=value("aanbod_personen", column),
            outflow={
                years: value(f"uitstroom_totaal_basis_{word}", column)
                for years, word in by_years.items()
            },
            starting=value("n_inopleiding_perjaar", column),
            starting_later=value("n_inopleiding_perjaar2", column),
            training_years=value("opleidingsduur", column),
            finishes=value("intern_rendement", column),
            stays={
                years: value(f"extern_rendement_totaal_{years}jaar", column)
                for years in (1, 5, 10, 15)
            },
            from_abroad=value("n_buitenland", column)
            * value("rendement_buitenland", column),
        )
        for column in columns
    )


def backtest_gps(
    estimates: Sequence[GpEstimate],
    scenario: Scenario,
    *,
    seed: int = 0,
    n_runs: int = 5_000,
) -> tuple[Case, ...]:
    """Project each estimate to the year of every later one.

    The interval is that of the levers ``outflow`` and ``training`` of the scenario:
    what a user of the scenario would have drawn.
    """
    generator = np.random.default_rng(seed)
    drawn = {
        name: _draw(scenario, name, generator.standard_normal(n_runs))
        for name in ("outflow", "training")
    }
    cases = []
    for estimate in estimates:
        for later in estimates:
            if later.year <= estimate.year:
                continue
            years = later.year - estimate.year
            runs = estimate.project(years, **drawn)
            cases.append(
                _case(
                    "working-gps", estimate.year, later.year, "all", runs, later.working
                )
            )
    return tuple(cases)


# Editions --------------------------------------------------------------------------


@dataclass(frozen=True)
class Edition:
    """What an edition of a forecast said about one year; no outcome is known yet."""

    series: str
    vintage: int
    year: int
    value: float
    source: str


#: Shortage of staff in care and welfare, in people, by edition (AZW Prognosemodel).
EDITIONS = (
    Edition("care-and-welfare", 2022, 2031, 135_000, "azwinfo.nl"),
    Edition("care-and-welfare", 2024, 2033, 232_000, "azwinfo.nl, 2024-05-27"),
    Edition("home-care", 2024, 2024, 5_600, "skipr.nl, 2024-03"),
    Edition("home-care", 2024, 2033, 27_400, "skipr.nl, 2024-03"),
)


@dataclass(frozen=True)
class Revision:
    """From one edition to the next, as a share of the first; years ahead differ."""

    series: str
    first: Edition
    second: Edition

    @property
    def change(self) -> float:
        """Second less first, as a share of the first."""
        return self.second.value / self.first.value - 1


def revisions(editions: Sequence[Edition] = EDITIONS) -> tuple[Revision, ...]:
    """Return successive editions that look the same number of years ahead."""
    found = []
    for first in editions:
        for second in editions:
            ahead = first.year - first.vintage == second.year - second.vintage
            later = first.vintage < second.vintage
            if first.series == second.series and ahead and later:
                found.append(Revision(first.series, first, second))
    return tuple(found)


# Reading and drawing ---------------------------------------------------------------


def _case(
    series: str, vintage: int, year: int, label: str, runs: Floats, actual: float
) -> Case:
    low, high = np.quantile(runs, [0.1, 0.9])
    return Case(
        series,
        vintage,
        year,
        label,
        projected=float(runs.mean()),
        actual=float(actual),
        low=float(low),
        high=float(high),
    )


def _draw(scenario: Scenario, name: str, normal: Floats) -> Floats:
    parameter, lever = scenario.parameters[name], LEVERS[name]
    spread = (parameter.high - parameter.low) / (2 * NORMAL_90)
    return np.clip(parameter.central + spread * normal, lever.low, lever.high)


def _rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter=delimiter))
    except OSError as error:
        raise InvalidFile(
            f"{path}: cannot be read ({error.strerror}); give the folder of open data"
        ) from error


def _number(text: str, place: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidFile(f"{place}: {text[:40]!r} is not a number, as in 2.5")
    return value


def _sum(path: Path, column: str, only: str = "") -> float:
    return sum(
        _number(row[column], f"{path}:{line}:{column}")
        for line, row in enumerate(_rows(path), 2)
        if row["code"].startswith(only) and row[column]
    )


def _first_age(band: str) -> int:
    return int(band.rstrip("+").split("-")[0])
