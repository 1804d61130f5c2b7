"""Why this nurse, and why not that one? Ingredients of sentences, not sentences.

Each ingredient is a code with values; the pages say it in words. The night desk is
told all; a nurse is told only about her own drive, a client only when someone comes.
"""

from dataclasses import dataclass
from typing import Any, Literal

from wijkspil_engines.dispatch.problem import CallProblem, Candidate, Choice
from wijkspil_engines.dispatch.travel import Place, distance_km

Audience = Literal["desk", "nurse", "client"]
Ingredient = dict[str, Any]

#: Ingredients an audience is not given.
HIDDEN: dict[str, frozenset[str]] = {
    "desk": frozenset(),
    "nurse": frozenset({"objected", "later-than-first"}),
    "client": frozenset(
        {"free", "free-from", "ready", "distance", "drive", "access", "objected",
         "later-than-first", "duty-ends", "off-duty", "refused", "alerted"}
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Explanation:
    """Why a nurse is where she is in the order.

    ``place`` counts from 1, and is None for an excluded nurse. ``reasons`` add up to
    her arrival, ``warnings`` must be said with it, ``exclusions`` are all conditions
    that exclude her, first reason first.
    """

    nurse: int
    key: str
    place: int | None
    reasons: tuple[Ingredient, ...]
    warnings: tuple[Ingredient, ...]
    exclusions: tuple[Ingredient, ...]


def explain(
    problem: CallProblem, choice: Choice, nurse: int, *, audience: Audience = "desk"
) -> Explanation:
    """Explain the place of one nurse (row of ``problem.nurses``).

    Raises
    ------
    IndexError
        If there is no such row.
    """
    if not 0 <= nurse < len(problem.nurses):
        raise IndexError(nurse)
    hidden = HIDDEN[audience]
    place, reasons, warnings = None, [], []
    for number, candidate in enumerate(choice.candidates, 1):
        if candidate.nurse == nurse:
            place = number
            reasons = _reasons(problem, candidate)
            warnings = _warnings(problem, choice, candidate)
    exclusions = _exclusions(problem, choice, nurse)

    def shown(items: list[Ingredient]) -> tuple[Ingredient, ...]:
        return tuple(item for item in items if item["code"] not in hidden)

    return Explanation(
        nurse,
        problem.nurses[nurse].key,
        place,
        shown(reasons),
        shown(warnings),
        shown(exclusions),
    )


def _reasons(problem: CallProblem, candidate: Candidate) -> list[Ingredient]:
    nurse, call = problem.nurses[candidate.nurse], problem.call
    items: list[Ingredient] = []
    if nurse.free_from_min > 0:
        items.append({"code": "free-from", "minutes": nurse.free_from_min})
    else:
        items.append({"code": "free"})
    if candidate.arrival_min is None:
        return items
    items.append({"code": "ready", "minutes": problem.overhead.preparation_min})
    items.append({"code": "drive", "minutes": candidate.travel_min})
    km = distance_km(
        Place(nurse.key, nurse.lon, nurse.lat), Place(call.key, call.lon, call.lat)
    )
    if km is not None:
        items.append({"code": "distance", "km": round(km, 1)})
    items.append({"code": "access", "minutes": problem.overhead.access_min})
    items.append({"code": "arrival", "minutes": candidate.arrival_min})
    return items


def _warnings(
    problem: CallProblem, choice: Choice, candidate: Candidate
) -> list[Ingredient]:
    if candidate.arrival_min is None:
        return [{"code": "arrival-unknown"}]
    items: list[Ingredient] = []
    if not candidate.in_time:
        items.append(
            {
                "code": "late",
                "minutes": candidate.arrival_min,
                "allowed_minutes": problem.call.allowed_min,
            }
        )
    first = choice.candidates[0].arrival_min
    if first is not None and candidate.arrival_min > first:
        items.append(
            {"code": "later-than-first", "minutes": candidate.arrival_min - first}
        )
    return items


def _exclusions(problem: CallProblem, choice: Choice, nurse: int) -> list[Ingredient]:
    row = problem.nurses[nurse]
    values: dict[str, Ingredient] = {
        "task": {"tasks": sorted(problem.call.tasks - row.tasks)},
        "objected": {"organization": row.organization},
        "duty-ends": {"minutes": row.duty_ends_min},
    }
    codes = choice.excluded.get(nurse, ())
    return [{"code": code, **values.get(code, {})} for code in codes]
