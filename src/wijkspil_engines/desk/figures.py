"""What came of the requests in one way of working: counted from its log."""

from collections.abc import Mapping, Sequence

import numpy as np

from wijkspil_engines.desk.course import Course, Way
from wijkspil_engines.desk.draws import Places
from wijkspil_engines.desk.problem import DeskProblem
from wijkspil_engines.routing.problem import Tier

#: A provider with fewer places is all or nothing; its ratio says little.
FEWEST_PLACES = 10

#: name -> (what it says, decimals, times this for showing)
FIGURES: Mapping[str, tuple[str, int, float]] = {
    "providers_mean": ("providers contacted per placement, mean", 2, 1),
    "providers_median": ("providers contacted per placement, median", 1, 1),
    "providers_p95": ("providers contacted per placement, p95", 1, 1),
    "providers_all": ("providers contacted, over all requests, per placement", 2, 1),
    "hours_mean": ("hours to a binding answer, mean", 1, 1),
    "hours_median": ("hours to a binding answer, median", 1, 1),
    "hours_p95": ("hours to a binding answer, p95", 1, 1),
    "hours_urgent_median": ("the same, today or tomorrow, median", 1, 1),
    "hours_hospital_median": ("the same, asked by a hospital, median", 1, 1),
    "placed": ("placed, % of requests", 1, 100),
    "own_team": ("with the wijk's own team, % of placed", 1, 100),
    "by_coordinator": ("placed by a coordinator's calls, % of requests", 1, 100),
    "extra_hospital_days": ("fell back: extra hospital days, % of requests", 1, 100),
    "gp_practice": ("fell back: the GP practice bridges, % of requests", 1, 100),
    "family": ("fell back: family, % of requests", 1, 100),
    "load_p10": ("load against room over providers, p10", 2, 1),
    "load_p90": ("load against room over providers, p90", 2, 1),
    "load_gini": ("the same, Gini (0 is even)", 3, 1),
    "phone_min": ("minutes on the phone per request, all callers", 1, 1),
}
#: Only of the difference, over requests that both ways placed.
PAIRED: Mapping[str, tuple[str, int, float]] = {
    "both_hours_mean": (
        "hours to a binding answer, requests both ways placed, mean",
        1,
        1,
    ),
    "both_hours_median": (
        "hours to a binding answer, requests both ways placed, median",
        1,
        1,
    ),
}


def count_figures(
    problem: DeskProblem, places: Places, course: Course
) -> dict[str, float]:
    """Return every figure of ``FIGURES``; NaN where nothing can be said."""
    n = len(problem.requests)
    contacted = count_contacted(problem, course)
    placed = [row for row, end in enumerate(course.ends) if end.outcome == "placed"]
    hours = hours_to_answer(problem, course)
    urgent = [hours[row] for row in placed if problem.requests[row].is_urgent]
    hospital = [
        hours[row] for row in placed if problem.requests[row].asker == "hospital"
    ]
    tier = problem.teams.tier
    own = [
        bool(tier[problem.requests[row].need.area, course.ends[row].team] == Tier.OWN)
        for row in placed
    ]
    outcomes = [end.outcome for end in course.ends]
    ratios = load_ratios(problem, places, course)
    per_placed = [contacted[row] for row in placed]
    answered = [hours[row] for row in placed]
    return {
        "providers_mean": _mean(per_placed),
        "providers_median": _quantile(per_placed, 0.5),
        "providers_p95": _quantile(per_placed, 0.95),
        "providers_all": sum(contacted) / len(placed) if placed else np.nan,
        "hours_mean": _mean(answered),
        "hours_median": _quantile(answered, 0.5),
        "hours_p95": _quantile(answered, 0.95),
        "hours_urgent_median": _quantile(urgent, 0.5),
        "hours_hospital_median": _quantile(hospital, 0.5),
        "placed": len(placed) / n if n else np.nan,
        "own_team": _mean(own),
        "by_coordinator": sum(e.through == "coordinator" for e in course.ends) / n
        if n
        else np.nan,
        "extra_hospital_days": outcomes.count("extra-hospital-days") / n
        if n
        else np.nan,
        "gp_practice": outcomes.count("gp-practice") / n if n else np.nan,
        "family": outcomes.count("family") / n if n else np.nan,
        "load_p10": _quantile(ratios, 0.1),
        "load_p90": _quantile(ratios, 0.9),
        "load_gini": gini(ratios),
        "phone_min": _mean(course.phone_min),
    }


def count_contacted(problem: DeskProblem, course: Course) -> list[int]:
    """Return how many different providers were reached or asked, per request.

    A call nobody answers does not count.
    """
    seen: list[set[int]] = [set() for _ in problem.requests]
    for event in course.log:
        if event.kind == "call":
            seen[event.request].add(event.who)
        elif event.kind == "ask":
            seen[event.request].add(problem.provider_of[event.who])
    return [len(providers) for providers in seen]


def hours_to_answer(problem: DeskProblem, course: Course) -> list[float]:
    """Return hours from the moment a request comes in to its end."""
    return [
        end.at_h - request.at_h
        for end, request in zip(course.ends, problem.requests, strict=True)
    ]


def load_ratios(problem: DeskProblem, places: Places, course: Course) -> list[float]:
    """Return share of the load over share of the places that came free, per provider.

    Load is weighted by complexity. Only providers with ``FEWEST_PLACES`` places, or
    all with a place where none has so many.
    """
    capacity = np.zeros(len(problem.providers))
    load = np.zeros(len(problem.providers))
    for team in places.team.tolist():
        capacity[problem.provider_of[team]] += 1
    for request, end in zip(problem.requests, course.ends, strict=True):
        if end.outcome == "placed":
            load[problem.provider_of[end.team]] += request.need.complexity
    if load.sum() == 0:
        return []
    counted = capacity >= FEWEST_PLACES
    if not counted.any():
        counted = capacity > 0
    ratios = (load[counted] / load.sum()) / (capacity[counted] / capacity.sum())
    values: list[float] = ratios.tolist()
    return values


def gini(values: Sequence[float]) -> float:
    """Return the Gini coefficient: 0 when all are equal; NaN without values."""
    ordered = np.sort(np.asarray(values, np.float64))
    total = ordered.sum()
    if not ordered.size or total == 0:
        return float("nan")
    n = ordered.size
    weights = 2 * np.arange(1, n + 1) - n - 1
    return float((weights * ordered).sum() / (n * total))


def count_paired(
    problem: DeskProblem, courses: Mapping[Way, Course]
) -> dict[str, float]:
    """Return Wijkspil minus today over the requests both placed (``PAIRED``)."""
    today, wijkspil = courses["today"], courses["wijkspil"]
    differences = [
        wijkspil.ends[row].at_h - today.ends[row].at_h
        for row in range(len(problem.requests))
        if today.ends[row].outcome == wijkspil.ends[row].outcome == "placed"
    ]
    return {
        "both_hours_mean": _mean(differences),
        "both_hours_median": _quantile(differences, 0.5),
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _quantile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else float("nan")
