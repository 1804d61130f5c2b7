"""Make the engine's problem of a ground: people, care, who gives it, how sure that is.

What is not known of a region is a national rate or an assumption, each named by
``list_assumptions``. Capacity is known in hours a week, so workers are counted back
from hours with the middle values of the shipped base, and what only says how many
hours a worker gives (``_LEVELS``) is drawn only where a scenario changes it.
"""

from dataclasses import replace

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from wijkspil.insight.engine_io.national import ARRIVALS, FERTILITY, MORTALITY
from wijkspil.insight.engine_io.need import (
    INHABITANTS,
    KIND,
    CareUse,
    base_scenario,
    factor_of,
    national_use,
)
from wijkspil.insight.selectors.national import read_national
from wijkspil.insight.types import AGE_BANDS, Assumption, Ground
from wijkspil_engines.projection.ages import by_single_years
from wijkspil_engines.projection.apply import apply_scenario
from wijkspil_engines.projection.cohorts import project_population
from wijkspil_engines.projection.problem import (
    Inflow,
    Kind,
    Parameter,
    ProjectionProblem,
    Skill,
)
from wijkspil_engines.projection.scenario import Scenario

Floats = NDArray[np.float64]

GP_KIND = "huisartsenzorg"
#: First age of each band; the last one is open.
_BAND_STARTS = tuple(range(0, 5 * len(AGE_BANDS), 5))
LEVELS = ("niveau-2", "niveau-3", "niveau-4", "niveau-5")
GP_SKILL = "huisarts"
#: Levers that only say how many hours a worker gives.
_LEVELS = ("absence", "client_facing", "hours_per_fte", "part_time")
_PART_TIME = 0.7
#: Of everybody a tenth, who count for ten: only growth of need per person is asked.
_GP_USE = 0.1
#: Ten bands of age of workers, 20-24 to 65-69.
_LEAVE = (0.12, 0.10, 0.08, 0.07, 0.06, 0.06, 0.05, 0.05, 0.04, 0.04)
_RETIRE = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.01, 0.08, 0.45)
_ENTRY = (0.35, 0.20, 0.12, 0.10, 0.08, 0.06, 0.05, 0.03, 0.01, 0.0)
#: First band that counts as 75 and over.
_FROM_75 = 15


def list_assumptions() -> tuple[Assumption, ...]:
    """Return what is supposed of workers."""
    return (
        Assumption(
            key="workers",
            text=gettext_noop(
                "Ages of workers, their chance to leave and their division over levels "
                "2 to 5 (a quarter each) are assumed; as many come as leave today, so "
                "without a scenario the number of workers stays about the same."
            ),
            source=gettext_noop("Wijkspil; no figure by region was at hand"),
            status="assumed",
        ),
        Assumption(
            key="hours-of-workers",
            text=gettext_noop(
                "Workers are counted back from hours given: 36 hours a week, less "
                "leave and illness, less time without clients, which is 1,158 hours "
                "with clients a year."
            ),
            source=gettext_noop("Letter W23 (666,000 hours is 575 full-time workers)"),
            status="published",
        ),
        Assumption(
            key="training-key",
            text=gettext_noop(
                "Training money of the country is divided over regions by people of 75 "
                "and over."
            ),
            source=gettext_noop("Wijkspil; the letters give no division"),
            status="assumed",
        ),
    )


def nursing_problem(
    ground: Ground,
    scenario: Scenario,
    *,
    first_year: int,
    horizon_year: int,
    care: CareUse | None = None,
) -> tuple[ProjectionProblem, tuple[frozenset[str], ...]]:
    """Return the problem of district nursing, and what each of its regions lies in.

    Regions of the problem are groups of places that lie in the same areas, so that
    every area above places is a sum of some of them. People of ``ground.year`` are
    first brought to ``first_year`` with middle values.
    """
    care = care or national_use()
    start = age_to(ground, first_year)
    atoms = list(dict.fromkeys(place.within for place in ground.places))
    region_of = {within: row for row, within in enumerate(atoms)}
    hours = np.where(np.isfinite(ground.capacity_hours), ground.capacity_hours, 0.0)
    known = np.isfinite(ground.capacity_hours)
    units = tuple(dict.fromkeys(place.gemeente for place in ground.places))
    unit_row = {name: row for row, name in enumerate(units)}
    unit = np.array([unit_row[place.gemeente] for place in ground.places], np.int32)
    per_unit = np.bincount(unit, hours, minlength=len(units))
    counts = np.bincount(unit[known], minlength=len(units))
    share = np.where(
        per_unit[unit] > 0,
        hours / np.where(per_unit[unit] > 0, per_unit[unit], 1.0),
        known / np.maximum(counts[unit], 1),
    )
    n_years = horizon_year - first_year + 1
    skills = tuple(_skill(name) for name in LEVELS)
    ages = _stationary()
    workers = (
        per_unit[:, None, None]
        / len(skills)
        / np.array([_hours_of_worker(skill) for skill in skills])[None, :, None]
        * ages[None, None, :]
    )
    coming = float(ages @ _leaving())
    problem = ProjectionProblem(
        first_year=first_year,
        n_years=n_years,
        areas=tuple(place.code for place in ground.places),
        regions=tuple(f"{row}" for row in range(len(atoms))),
        region_of_area=np.array(
            [region_of[place.within] for place in ground.places], np.int32
        ),
        population=start.population,
        mortality=MORTALITY[None],
        fertility=FERTILITY[None],
        arrivals=start.population * ARRIVALS[None],
        kinds=(
            Kind(
                name=KIND,
                care_law="zvw",
                use=np.array([care.use, care.use]),
                hours=np.array([care.hours, care.hours]),
                stay_years=care.stay_years,
            ),
        ),
        area_factor=factor_of(start, care)[:, None],
        skills=skills,
        units=units,
        workers=workers,
        unit_of_area=np.where(known, unit, -1).astype(np.int32)[:, None],
        share_of_unit=np.where(known, share, 0.0)[:, None],
        key_of_share="hours given per place, within a gemeente",
        inflows=tuple(
            Inflow(
                name=f"as-today.{skill.name}",
                skill=skill.name,
                workers_by_year=np.full(n_years, workers[:, row].sum() * coming),
            )
            for row, skill in enumerate(skills)
        ),
    )
    national_75 = float(read_national().profile[:, _FROM_75:].sum())
    national_75 *= INHABITANTS / float(read_national().profile.sum())
    old = start.population[:, :, _FROM_75:].sum(axis=(1, 2))
    part = np.bincount(unit, old, minlength=len(units)) / national_75
    part /= max(1.0, float(part.sum()))
    made = apply_scenario(
        problem,
        replace(scenario, closures=()),
        unit_shares=dict(zip(units, part.tolist(), strict=True)),
    )
    return by_single_years(_keep_levels(made, scenario)), tuple(atoms)


def gp_problem(
    people: Floats, scenario: Scenario, *, first_year: int, horizon_year: int
) -> ProjectionProblem:
    """Return the problem of GP care for all people (2, 20) of a ground together.

    Of it only the ratio of capacity to need is used: what lists can grow or must
    shrink against today.
    """
    base = base_scenario()
    per_gp = base.central(f"{GP_KIND}.people_per_gp")
    hours = base.central(f"{GP_KIND}.patient_hours_per_worker")
    unmet = base.central(f"{GP_KIND}.unmet")
    leaving = 1 - (1 - base.central(f"{GP_KIND}.outflow_5_years")) ** 0.2
    coming = (
        base.central(f"{GP_KIND}.trainees_per_year")
        * base.central(f"{GP_KIND}.finishes")
        / base.central(f"{GP_KIND}.workers")
    )
    workers = float(people.sum()) / per_gp
    n_years = horizon_year - first_year + 1
    skill = Skill(
        name=GP_SKILL,
        kind=GP_KIND,
        leave=np.array([leaving]),
        retire=np.zeros(1),
        entry=np.ones(1),
        part_time=1.0,
        hours_per_fte=hours,
    )
    problem = ProjectionProblem(
        first_year=first_year,
        n_years=n_years,
        areas=("all",),
        regions=("all",),
        region_of_area=np.zeros(1, np.int32),
        population=people[None],
        mortality=MORTALITY[None],
        fertility=FERTILITY[None],
        arrivals=(people * ARRIVALS)[None],
        kinds=(
            Kind(
                name=GP_KIND,
                care_law="zvw",
                # Room to grow: the engine lets no more than all people use care.
                use=np.full((2, len(AGE_BANDS)), _GP_USE),
                hours=np.full(
                    (2, len(AGE_BANDS)), hours / per_gp / (1 - unmet) / _GP_USE
                ),
            ),
        ),
        skills=(skill,),
        units=("all",),
        workers=np.full((1, 1, 1), workers),
        unit_of_area=np.zeros((1, 1), np.int32),
        share_of_unit=np.ones((1, 1)),
        inflows=(
            Inflow(
                name=f"as-today.{GP_SKILL}",
                skill=GP_SKILL,
                workers_by_year=np.full(n_years, workers * coming),
            ),
        ),
    )
    plain = replace(scenario, closures=(), paths={}, funds={})
    made = apply_scenario(problem, plain)
    fixed = [
        Parameter(
            name=f"{name}.{GP_SKILL}",
            low=value,
            high=value,
            unit="share",
            source=gettext_noop("In the hours with patients of a GP already"),
        )
        for name, value in (("absence", 0.0), ("client_facing", 1.0))
    ]
    fixed.append(
        Parameter(
            name=f"hours_per_fte.{GP_SKILL}",
            low=hours,
            high=hours,
            unit="hours a week",
            source=gettext_noop("Capaciteitsorgaan, the hours of a GP for patients"),
        )
    )
    return by_single_years(made.with_parameters(*fixed))


def age_to(ground: Ground, year: int) -> Ground:
    """Return the ground with its people brought to a later year, by middle values.

    Only people change; capacity and what was counted stay as they were.
    """
    if year <= ground.year:
        return ground
    aged = _aged(ground, year)
    return replace(ground, year=year, population=aged[..., -1])


def people_by_year(ground: Ground, *, first_year: int, horizon_year: int) -> Floats:
    """Return (places, years) people of the years from the first on, by middle values.

    Where the ground is younger than the first year, its people stand for that year.
    """
    start = replace(ground, year=min(ground.year, first_year))
    people: Floats = _aged(start, horizon_year).sum(axis=(1, 2))
    return people[:, first_year - start.year :]


def _aged(ground: Ground, year: int) -> Floats:
    """Return (places, 2, 20, years) people from the ground's year on."""
    people = np.nan_to_num(ground.population)
    problem = ProjectionProblem(
        first_year=ground.year,
        n_years=year - ground.year + 1,
        areas=tuple(place.code for place in ground.places),
        regions=("all",),
        region_of_area=np.zeros(len(ground.places), np.int32),
        population=people,
        mortality=MORTALITY[None],
        fertility=FERTILITY[None],
        arrivals=people * ARRIVALS[None],
        kinds=(
            Kind(
                name=KIND,
                care_law="zvw",
                use=np.zeros((2, len(AGE_BANDS))),
                hours=np.zeros((2, len(AGE_BANDS))),
            ),
        ),
    )
    plain = replace(base_scenario(), closures=(), paths={}, funds={})
    single = project_population(by_single_years(apply_scenario(problem, plain)))
    bands: Floats = np.add.reduceat(single, _BAND_STARTS, axis=2)
    return bands


def _keep_levels(problem: ProjectionProblem, scenario: Scenario) -> ProjectionProblem:
    """Fix the hours that a worker gives, where the scenario leaves them as in the base.

    A scenario that changes one changes it against today, with its own interval.
    """
    base = base_scenario()
    fixed = []
    for parameter in problem.parameters:
        before = base.parameters.get(parameter.name)
        if parameter.name.partition(".")[0] not in _LEVELS or before is None:
            continue
        if (before.low, before.high) == (parameter.low, parameter.high):
            middle = before.central
            fixed.append(replace(parameter, low=middle, high=middle))
    return problem.with_parameters(*fixed)


def _skill(name: str) -> Skill:
    base = base_scenario()
    return Skill(
        name=name,
        kind=KIND,
        leave=np.array(_LEAVE),
        retire=np.array(_RETIRE),
        entry=np.array(_ENTRY),
        part_time=_PART_TIME,
        hours_per_fte=base.central("hours_per_fte"),
        absence=base.central("absence"),
        client_facing=base.central("client_facing"),
    )


def _hours_of_worker(skill: Skill) -> float:
    return (
        skill.part_time
        * skill.hours_per_fte
        * (1 - skill.absence)
        * skill.client_facing
    )


def _leaving() -> Floats:
    """Return (b,) chance that a worker of an age is gone a year later."""
    made: Floats = 1 - (1 - np.array(_LEAVE)) * (1 - np.array(_RETIRE))
    return made


def _stationary(bands_years: int = 5) -> Floats:
    """Return (b,) ages of workers that stay as they are when as many come as leave."""
    keep, entry = 1 - _leaving(), np.array(_ENTRY)
    ages = np.full(len(entry), 1 / len(entry))
    for _year in range(500):
        stay = ages * keep
        moving = stay / bands_years
        moving[-1] = 0.0
        stay -= moving
        stay[1:] += moving[:-1]
        ages = stay + entry * (1 - stay.sum())
    made: Floats = ages / ages.sum()
    return made


def collapse(
    problem: ProjectionProblem, inside: NDArray[np.bool_] | None = None
) -> ProjectionProblem:
    """Return areas (None: all) whose supply is known as one area, for their totals.

    Need and capacity are sums over people and workers, so totals of the first kind of
    care are the same, up to rounding.
    """
    assert problem.unit_of_area is not None
    assert problem.share_of_unit is not None
    assert problem.area_factor is not None
    assert problem.arrivals is not None
    assert problem.workers is not None
    chosen = problem.unit_of_area[:, 0] >= 0
    if inside is not None:
        chosen &= inside
    weight = problem.area_factor[chosen, 0, None, None]
    part = np.bincount(
        problem.unit_of_area[chosen, 0],
        problem.share_of_unit[chosen, 0],
        minlength=len(problem.units),
    )
    workers = (problem.workers * part[:, None, None]).sum(axis=0)
    inflows = []
    for row, skill in enumerate(problem.skills):
        now = problem.workers[:, row].sum(axis=1)
        as_now = float(now @ part) / float(now.sum()) if now.sum() else 0.0
        inflows += [
            replace(
                inflow,
                share_of_unit=None,
                workers_by_year=inflow.workers_by_year
                * (
                    as_now
                    if inflow.share_of_unit is None
                    else float(inflow.share_of_unit @ part)
                ),
            )
            for inflow in problem.inflows
            if inflow.skill == skill.name
        ]
    return replace(
        problem,
        areas=("all",),
        regions=("all",),
        region_of_area=np.zeros(1, np.int32),
        class_of_area=np.zeros(1, np.int32),
        population=(problem.population[chosen] * weight).sum(axis=0)[None],
        arrivals=(problem.arrivals[chosen] * weight).sum(axis=0)[None],
        area_factor=np.ones((1, 1)),
        units=("all",),
        workers=workers[None],
        unit_of_area=np.zeros((1, 1), np.int32),
        share_of_unit=np.ones((1, 1)),
        inflows=tuple(inflows),
    )
