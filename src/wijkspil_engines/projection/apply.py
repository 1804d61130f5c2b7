"""How does a scenario change a problem: levers, savings, inflow, closures, variants?

The problem holds what is counted (people, rates, workers); the scenario what is not
known. ``apply_scenario`` puts the second into the first. Parameters by which a problem
is built, such as ``wijkverpleging.hours.85_plus``, are no levers: who builds it reads
them with ``Scenario.central``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np

from wijkspil_engines.projection.digital import logistic_path
from wijkspil_engines.projection.problem import (
    LEVERS,
    Closure,
    Parameter,
    ProjectionProblem,
    Saving,
    Status,
    Variant,
)
from wijkspil_engines.projection.scenario import (
    AdoptionPath,
    Assumption,
    Reason,
    Scenario,
    Source,
)
from wijkspil_engines.projection.training import training_inflows

#: In a scenario: the practice that who runs it names.
CHOSEN = "chosen"


@dataclass(frozen=True)
class Technology:
    """A chain of parameters that makes a saving, and which of them grows.

    ``scale`` turns the product of ``factors`` into hours a week (or a share).
    """

    name: str
    grows: str
    factors: tuple[str, ...]
    scale: float
    unit: Literal["hours", "share"]
    kind: str = "wijkverpleging"


#: Eligible x adopted (grows) x still in use x unique visits x minutes, and its like.
TECHNOLOGIES = (
    Technology(
        name="dispenser",
        grows="dispenser.adopted",
        factors=(
            "dispenser.eligible",
            "dispenser.still_used",
            "dispenser.unique_visits_per_week",
            "dispenser.minutes_per_visit",
        ),
        scale=1 / 60,
        unit="hours",
    ),
    Technology(
        name="lifestyle",
        grows="lifestyle.adopted",
        factors=(
            "lifestyle.eligible",
            "lifestyle.still_used",
            "lifestyle.hours_per_client_week",
        ),
        scale=1.0,
        unit="hours",
    ),
    Technology(
        name="remote_guidance",
        grows="remote_guidance.adopted",
        factors=(
            "remote_guidance.eligible",
            "remote_guidance.still_used",
            "remote_guidance.visits_replaced_per_week",
            "remote_guidance.minutes_saved_per_visit",
        ),
        scale=1 / 60,
        unit="hours",
    ),
    Technology(
        name="hybrid",
        grows="hybrid.available",
        factors=("hybrid.suitable", "hybrid.adopted", "hybrid.hours_saved"),
        scale=1.0,
        unit="share",
    ),
)


def apply_scenario(
    problem: ProjectionProblem,
    scenario: Scenario,
    *,
    chosen: Sequence[str] = (),
    moves_to: Mapping[str, Sequence[tuple[str, float]]] | None = None,
    unit_shares: Mapping[str, float] | None = None,
) -> ProjectionProblem:
    """Return the problem under a scenario.

    What the problem has of its own stays, unless the scenario has one of the same
    name: parameters, savings, inflows, closures. The variants are the scenario's.

    Parameters
    ----------
    chosen
        Units that close where the scenario says ``chosen``.
    moves_to
        Unit that closes -> units that take its work over, with shares.
    unit_shares
        Share of the country's training money per unit of the problem, see
        ``training.training_inflows``.

    Raises
    ------
    InvalidScenario
        If a path has its target in the problem's first year or before, it belongs to
        no technology, or the scenario closes a chosen practice and none is chosen.
    InvalidProblem
        If the result is no problem, as when a practice is no unit.
    """
    kinds = tuple(kind.name for kind in problem.kinds)
    skills = tuple(skill.name for skill in problem.skills)
    savings = digital_savings(scenario, years=problem.years, kinds=kinds)
    shares = unit_shares
    if shares is not None:
        shares = {unit: shares.get(unit, 0.0) for unit in problem.units}
    inflows = training_inflows(
        scenario, years=problem.years, skills=skills, region_shares=shares
    )
    named = [
        name
        for saving in savings
        for name in (*saving.factors, saving.now)
        if isinstance(name, str)
    ]
    named += [name for inflow in inflows for name in inflow.factors]
    parameters = [
        as_parameter(scenario.parameters[name], scenario.sources)
        for name in scenario.parameters
        if name in named or _is_lever(name, kinds, skills)
    ]
    parameters += [
        target_parameter(path, scenario)
        for path in scenario.paths.values()
        if any(saving.target == f"{path.parameter}.target" for saving in savings)
    ]
    closing = closures(scenario, chosen=chosen, moves_to=moves_to)
    all_parameters = {each.name: each for each in (*problem.parameters, *parameters)}
    all_savings = {each.name: each for each in (*problem.savings, *savings)}
    all_inflows = {each.name: each for each in (*problem.inflows, *inflows)}
    all_closures = {each.name: each for each in (*problem.closures, *closing)}
    return replace(
        problem,
        parameters=tuple(all_parameters.values()),
        savings=tuple(all_savings.values()),
        inflows=tuple(all_inflows.values()),
        closures=tuple(all_closures.values()),
        variants=variants(scenario) or problem.variants,
    )


def digital_savings(
    scenario: Scenario, *, years: Sequence[int], kinds: Sequence[str]
) -> tuple[Saving, ...]:
    """Return a saving for each path of a technology whose kind of care is there.

    The curve is that of the middle values; a run scales it between its own first and
    last value. It starts from the parameter's value, which is that of today: in the
    first year of the projection, if that is later than the path says.

    Raises
    ------
    InvalidScenario
        If a path has its target in the first year or before, or belongs to no
        technology.
    """
    by_growth = {technology.grows: technology for technology in TECHNOLOGIES}
    savings = []
    for name, path in scenario.paths.items():
        technology = by_growth.get(name)
        if technology is None:
            raise scenario.wrong(
                ("paths", name),
                f"belongs to no technology; only {', '.join(by_growth)} can grow",
            )
        if technology.kind not in kinds:
            continue
        if path.target_year <= years[0]:
            raise scenario.wrong(
                ("paths", name, "target_year"),
                f"{path.target_year} is not later than the first year {years[0]} of "
                "the projection; give a later year",
            )
        savings.append(
            Saving(
                name=technology.name,
                kind=technology.kind,
                factors=technology.factors,
                now=name,
                target=f"{name}.target",
                progress=_progress(path, scenario, years),
                scale=technology.scale,
                unit=technology.unit,
            )
        )
    return tuple(savings)


def _progress(
    path: AdoptionPath, scenario: Scenario, years: Sequence[int]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    start, target = scenario.central(path.parameter), (path.low + path.high) / 2
    if not 0 < start < path.ceiling:
        raise scenario.wrong(
            ("paths", path.parameter),
            f"starts at {start:g}, which does not lie between 0 and the ceiling "
            f"{path.ceiling:g}; change the parameter",
        )
    if start == target:
        return np.zeros(len(years))
    shares = logistic_path(
        np.asarray(years),
        start_year=max(path.start_year, years[0]),
        start_share=start,
        target_year=path.target_year,
        target_share=target,
        ceiling=path.ceiling,
    )
    return np.clip((shares - start) / (target - start), 0.0, 1.0)


def closures(
    scenario: Scenario,
    *,
    chosen: Sequence[str] = (),
    moves_to: Mapping[str, Sequence[tuple[str, float]]] | None = None,
) -> tuple[Closure, ...]:
    """Return the practices that close, ``chosen`` filled in.

    Raises
    ------
    InvalidScenario
        If a practice must be chosen and none is.
    """
    found = []
    for place, closure in enumerate(scenario.closures):
        practices = tuple(chosen) if closure.practice == CHOSEN else (closure.practice,)
        if not practices:
            raise scenario.wrong(
                ("closures", place, "practice"), "is to be chosen; name a practice"
            )
        found += [
            Closure(
                name=f"{practice}.{closure.year}",
                unit=practice,
                year=closure.year,
                share=closure.share,
                moves_to=tuple((moves_to or {}).get(practice, ())),
                chance=closure.chance,
            )
            for practice in practices
        ]
    return tuple(found)


def variants(scenario: Scenario) -> tuple[Variant, ...]:
    """Return the demographic variants of a scenario."""
    return tuple(
        Variant(
            name=each.name,
            probability=each.chance,
            mortality=each.mortality,
            fertility=each.fertility,
            arrivals=each.arrivals,
            departures=each.departures,
            source=source_text(each.reason, scenario.sources),
        )
        for each in scenario.variants.values()
    )


def as_parameter(assumption: Assumption, sources: Mapping[str, Source]) -> Parameter:
    """Return an assumption as the engine draws it."""
    return Parameter(
        name=assumption.name,
        low=assumption.low,
        high=assumption.high,
        unit=assumption.unit,
        source=source_text(assumption.reason, sources),
        status=cast("Status", assumption.reason.status),
        valid_low=assumption.least,
        valid_high=assumption.most,
        set_by=assumption.reason.set_by,
        why=assumption.reason.why,
    )


def target_parameter(path: AdoptionPath, scenario: Scenario) -> Parameter:
    """Return the target of a path as a parameter, ``<name>.target``."""
    grown = scenario.parameters[path.parameter]
    return Parameter(
        name=f"{path.parameter}.target",
        low=path.low,
        high=path.high,
        unit=grown.unit,
        source=source_text(path.reason, scenario.sources),
        status=cast("Status", path.reason.status),
        valid_low=grown.least,
        valid_high=path.ceiling,
        set_by=path.reason.set_by,
        why=path.reason.why,
    )


def source_text(reason: Reason, sources: Mapping[str, Source]) -> str:
    """Return the sources of a value in words: publisher, title, place, date."""
    texts = []
    for name in reason.source:
        source = sources[name]
        place = source.url or source.document or source.letter
        texts.append(f"{source.publisher}, {source.title} ({place}, {source.date})")
    return "; ".join(texts)


def _is_lever(name: str, kinds: Sequence[str], skills: Sequence[str]) -> bool:
    base, _, of = name.partition(".")
    if base not in LEVERS:
        return False
    known = {"kind": kinds, "skill": skills, "": ()}[LEVERS[base].per]
    return not of or of in known
