"""Which nurse should go to this call, in what order, and why not the others?

First the hard conditions (``Condition``), then the shortest expected arrival: the
minutes until she is free, to get ready, to drive, and to get in. Equal arrivals go to
who is free first, then by key. Alerts nobody, and reads no clock.
"""

import math
import time
from types import MappingProxyType

from wijkspil_engines.dispatch.problem import (
    Call,
    CallProblem,
    Candidate,
    Choice,
    Condition,
    Nurse,
)
from wijkspil_engines.dispatch.travel import Place

#: Minutes are compared to this many decimals, so that rounding cannot decide.
DECIMALS = 9


def choose(problem: CallProblem) -> Choice:
    """Order the nurses that can come; say of all others why not."""
    started = time.perf_counter()
    call = problem.call
    candidates: list[Candidate] = []
    excluded: dict[int, tuple[str, ...]] = {}
    for row, nurse in enumerate(problem.nurses):
        travel_min, arrival_min = expect(problem, nurse)
        conditions = _find_conditions(call, nurse, travel_min, arrival_min)
        if conditions:
            excluded[row] = conditions.codes
            continue
        in_time = None
        if arrival_min is not None:
            in_time = arrival_min <= call.allowed_min
        candidates.append(
            Candidate(
                row, nurse.key, nurse.organization, arrival_min, travel_min, in_time
            )
        )
    candidates.sort(
        key=lambda candidate: (
            math.inf if candidate.arrival_min is None else candidate.arrival_min,
            problem.nurses[candidate.nurse].free_from_min,
            candidate.key,
        )
    )
    terms = {
        "candidates": float(len(candidates)),
        "excluded": float(len(excluded)),
        "in_time": float(sum(candidate.in_time is True for candidate in candidates)),
    }
    if candidates and candidates[0].arrival_min is not None:
        terms["arrival_min"] = candidates[0].arrival_min
    return Choice(
        status="optimal" if candidates else "infeasible",
        candidates=tuple(candidates),
        excluded=MappingProxyType(excluded),
        terms=MappingProxyType(terms),
        runtime_s=time.perf_counter() - started,
        input_hash=problem.input_hash,
    )


def expect(
    problem: CallProblem, nurse: Nurse
) -> tuple[float, float] | tuple[None, None]:
    """Return the minutes of driving, and from the call until she is there.

    Infinite when there is no way; None when not known.
    """
    call, overhead = problem.call, problem.overhead
    leaves_min = nurse.free_from_min + overhead.preparation_min
    travel_min = problem.travel.minutes(
        Place(nurse.key, nurse.lon, nurse.lat),
        Place(call.key, call.lon, call.lat),
        (call.hour + leaves_min / 60) % 24,
    )
    if travel_min is None:
        return None, None
    arrival_min = leaves_min + travel_min + overhead.access_min
    return round(travel_min, DECIMALS), round(arrival_min, DECIMALS)


def _find_conditions(
    call: Call, nurse: Nurse, travel_min: float | None, arrival_min: float | None
) -> Condition:
    ends_min = math.inf if nurse.duty_ends_min is None else nurse.duty_ends_min
    # Without a place it is at least known when she can leave.
    needed_min = nurse.free_from_min if arrival_min is None else arrival_min
    found = Condition(0)
    for condition, holds in (
        (Condition.OFF_DUTY, not nurse.on_duty),
        (Condition.NOT_COVERING, not nurse.covers),
        (Condition.OBJECTED, nurse.organization in call.objected),
        (Condition.TASK, not call.tasks <= nurse.tasks),
        (Condition.REFUSED, nurse.answer == "refused"),
        (Condition.ALERTED, nurse.answer == "alerted"),
        (Condition.UNREACHABLE, travel_min is not None and math.isinf(travel_min)),
        (
            Condition.DUTY_ENDS,
            ends_min < needed_min and not math.isinf(needed_min),
        ),
    ):
        if holds:
            found |= condition
    return found
