"""Is this result what it says it is? A slow, plain second opinion.

Computes anew from the definitions in ``docs/algorithms/dispatch.md``, and shares no
computation with ``choose``, ``loop`` or ``simulate`` but the driving times, the drawn
calls and the formula of the interval.
"""

import heapq
import math
from dataclasses import dataclass, field

from wijkspil_engines.dispatch.draw import Calls, draw_calls
from wijkspil_engines.dispatch.night import (
    Mode,
    NightParams,
    NightProblem,
    NightResult,
    NightTeam,
)
from wijkspil_engines.dispatch.problem import Call, CallProblem, Choice, Nurse
from wijkspil_engines.dispatch.travel import Place

_TOLERANCE = 1e-6


def verify_choice(problem: CallProblem, choice: Choice) -> tuple[str, ...]:
    """Return what is wrong with a choice, in sentences; empty when it holds."""
    wrong: list[str] = []
    if choice.input_hash != problem.input_hash:
        wrong.append("The choice belongs to other input.")
    listed = sorted([c.nurse for c in choice.candidates] + list(choice.excluded))
    if listed != list(range(len(problem.nurses))):
        return (*wrong, "Not every nurse is listed once.")
    arrivals: list[tuple[float, float, str]] = []
    for candidate in choice.candidates:
        nurse = problem.nurses[candidate.nurse]
        arrival = expect_plainly(problem, nurse)
        if find_conditions_plainly(problem.call, nurse, arrival):
            wrong.append(f"{nurse.key} cannot come, but is a candidate.")
        if (arrival is None) != (candidate.arrival_min is None) or (
            arrival is not None
            and candidate.arrival_min is not None
            and abs(arrival - candidate.arrival_min) > _TOLERANCE
        ):
            wrong.append(
                f"{nurse.key} arrives after {arrival} minutes, not "
                f"{candidate.arrival_min}."
            )
        known = candidate.arrival_min
        arrivals.append(
            (math.inf if known is None else known, nurse.free_from_min, nurse.key)
        )
        in_time = None if known is None else known <= problem.call.allowed_min
        if candidate.in_time != in_time:
            wrong.append(f"{nurse.key} has the wrong word on being in time.")
    if arrivals != sorted(arrivals):
        wrong.append("The candidates are not in order of arrival.")
    for row, codes in choice.excluded.items():
        nurse = problem.nurses[row]
        found = find_conditions_plainly(
            problem.call, nurse, expect_plainly(problem, nurse)
        )
        if found != tuple(codes):
            wrong.append(f"{nurse.key} is excluded by {found}, not {tuple(codes)}.")
    if (choice.status == "optimal") != bool(choice.candidates):
        wrong.append(f"The status {choice.status} does not fit the candidates.")
    return tuple(wrong)


def expect_plainly(problem: CallProblem, nurse: Nurse) -> float | None:
    """Return the minutes until this nurse is there; None when not known."""
    call = problem.call
    leaves = nurse.free_from_min + problem.overhead.preparation_min
    drive = problem.travel.minutes(
        Place(nurse.key, nurse.lon, nurse.lat),
        Place(call.key, call.lon, call.lat),
        math.fmod(call.hour + leaves / 60, 24),
    )
    return None if drive is None else leaves + drive + problem.overhead.access_min


def find_conditions_plainly(
    call: Call, nurse: Nurse, arrival: float | None
) -> tuple[str, ...]:
    """Return the codes that exclude this nurse, first reason first."""
    codes = []
    if not nurse.on_duty:
        codes.append("off-duty")
    if not nurse.covers:
        codes.append("not-covering")
    if nurse.organization in call.objected:
        codes.append("objected")
    if any(task not in nurse.tasks for task in call.tasks):
        codes.append("task")
    if nurse.answer:
        codes.append(nurse.answer)
    if arrival == math.inf:
        codes.append("unreachable")
    elif nurse.duty_ends_min is not None:
        needed = nurse.free_from_min if arrival is None else round(arrival, 9)
        if needed > nurse.duty_ends_min:
            codes.append("duty-ends")
    return tuple(codes)


def verify_night(
    problem: NightProblem, result: NightResult, *, n_nights: int = 10
) -> tuple[str, ...]:
    """Return what is wrong with a result, in sentences; empty when it holds.

    Plays the first nights once more, one nurse at a time, and compares the counts.
    """
    wrong: list[str] = []
    if result.input_hash != problem.input_hash:
        return ("The result belongs to other input.",)
    n_nights = min(n_nights, result.n_nights)
    nights = next(
        draw_calls(problem, result.params, seed=result.seed, n_nights=n_nights)
    )
    for name, mode in result.modes.items():
        if mode.calls_by_night.size != result.n_nights:
            wrong.append(f"{name}: the nights are not {result.n_nights}.")
        if mode.calls.sum() != mode.calls_by_night.sum():
            wrong.append(f"{name}: the calls by wijk and by night differ.")
        if mode.in_time.sum() != mode.in_time_by_night.sum():
            wrong.append(f"{name}: the hits by wijk and by night differ.")
        if (mode.in_time + mode.unserved > mode.calls).any():
            wrong.append(f"{name}: a wijk has more hits than calls.")
        if mode.histogram.sum() + mode.unserved.sum() != mode.calls.sum():
            wrong.append(f"{name}: not every call is in the histogram.")
        for i, wijk in enumerate(problem.wijken):
            if not mode.calls[i]:
                continue
            low, high = mode.chance_low[i], mode.chance_high[i]
            chance = mode.in_time[i] / mode.calls[i]
            if abs(chance - mode.chance[i]) > _TOLERANCE or not low <= chance <= high:
                wrong.append(f"{name}: the chance of {wijk.key} does not follow.")
        for i in range(n_nights):
            hits, number = _count_plainly(problem, result.params, nights, i, name)
            if (hits, number) != (mode.in_time_by_night[i], mode.calls_by_night[i]):
                wrong.append(
                    f"{name}, night {i}: {hits} of {number} in time, not "
                    f"{mode.in_time_by_night[i]} of {mode.calls_by_night[i]}."
                )
    calls = [mode.calls_by_night.tolist() for mode in result.modes.values()]
    if any(other != calls[0] for other in calls):
        wrong.append("The modes did not get the same calls.")
    return tuple(wrong)


@dataclass
class _Car:
    """One nurse on her way through the night: what she was told, in order."""

    team: NightTeam
    number: int
    place: Place
    free: float = -math.inf
    jobs: list[tuple[float, float, float, Place]] = field(default_factory=list)


def play_plainly(
    problem: NightProblem, params: NightParams, calls: Calls, night: int, mode: Mode
) -> list[float]:
    """Return the moment of arrival of each call of one night; infinite: nobody."""
    first, last = int(calls.offsets[night]), int(calls.offsets[night + 1])
    cars = [
        _Car(team, number, team.place)
        for team in sorted(problem.teams, key=lambda team: team.key)
        for number in range(team.n_nurses)
    ]
    arrivals = [math.inf] * (last - first)
    waiting: list[int] = []
    freed: list[tuple[float, int]] = []

    def serve(call: int, car: _Car, at: float) -> None:
        wijk = problem.wijken[calls.wijk[first + call]]
        drive = _drive_plainly(problem, params, car, at, wijk.place)
        there = at + params.overhead.preparation_min + drive
        there += params.overhead.access_min
        arrivals[call] = there
        minutes = float(calls.service_min[first + call])
        if params.service_covers == "visit":
            car.free, car.place = there + minutes, wijk.place
        else:
            car.free = at + minutes
        car.jobs.append((at, there, car.free, wijk.place))
        heapq.heappush(freed, (car.free, cars.index(car)))

    def may(call: int, car: _Car) -> bool:
        if mode == "pooled":
            return True
        row = calls.provider[first + call]
        wijk = problem.wijken[calls.wijk[first + call]]
        covers = car.team.covers is None or wijk.key in car.team.covers
        return row >= 0 and problem.providers[row] == car.team.provider and covers

    def release(until: float) -> None:
        while freed and freed[0][0] <= until:
            at, index = heapq.heappop(freed)
            for call in waiting:
                to = problem.wijken[calls.wijk[first + call]].place
                drive = _drive_plainly(problem, params, cars[index], at, to)
                if may(call, cars[index]) and drive < math.inf:
                    waiting.remove(call)
                    serve(call, cars[index], at)
                    break

    for call in range(last - first):
        now = float(calls.time_min[first + call])
        to = problem.wijken[calls.wijk[first + call]].place
        able = [car for car in cars if may(call, car)]
        if params.when_busy == "commit":
            options = []
            for car in able:
                leaves = _expect_free(problem, params, car, now)
                # Busy now: she goes on from her last client, whenever that will be.
                since = leaves if car.free > now else car.free
                drive = _drive_plainly(problem, params, car, leaves, to, since)
                options.append((round(leaves + drive, 7), cars.index(car)))
            if options and min(options)[0] < math.inf:
                car = cars[min(options)[1]]
                serve(call, car, max(now, car.free))
            continue
        release(now)
        able = [car for car in able if car.free <= now]
        reach = [
            (round(_drive_plainly(problem, params, car, now, to), 7), cars.index(car))
            for car in able
        ]
        if reach and min(reach)[0] < math.inf:
            serve(call, cars[min(reach)[1]], now)
        elif params.when_busy == "queue":
            waiting.append(call)
    release(math.inf)
    return arrivals


def _count_plainly(
    problem: NightProblem, params: NightParams, calls: Calls, night: int, mode: Mode
) -> tuple[int, int]:
    first, last = int(calls.offsets[night]), int(calls.offsets[night + 1])
    times = [float(at) for at in calls.time_min[first:last]]
    arrivals = play_plainly(problem, params, calls, night, mode)
    after = [there - at for at, there in zip(times, arrivals, strict=True) if at >= 0]
    return sum(m <= params.within_min + 1e-9 for m in after), len(after)


def _drive_plainly(
    problem: NightProblem,
    params: NightParams,
    car: _Car,
    leaves: float,
    to: Place,
    since: float | None = None,
) -> float:
    """Return the minutes to drive; ``since`` she is free to drive back to base."""
    free = car.free if since is None else since
    off = params.start_hour + (leaves + params.overhead.preparation_min) / 60
    hour = off % 24

    def minutes(origin: Place, destination: Place) -> float:
        found = problem.travel.minutes(origin, destination, hour)
        return math.inf if found is None else found

    direct = minutes(car.place, to)
    base = car.team.place
    returning = params.after_visit == "return" and car.place.key != base.key
    if not returning or leaves <= free:
        return direct
    back = minutes(car.place, base)
    if math.isinf(back):
        return direct
    part = min((leaves - free) / back, 1.0) if back > 0 else 1.0
    if part >= 1.0:
        return minutes(base, to)
    return (1 - part) * direct + part * minutes(base, to)


def _expect_free(
    problem: NightProblem, params: NightParams, car: _Car, now: float
) -> float:
    """Return when she is expected to be free, as known at ``now``."""
    jobs = [job for job in car.jobs if job[2] > now]
    leaves = now
    before = car.team.place
    for i, (start, there, _, place) in enumerate(jobs):
        if i == 0:
            began = start if params.service_covers == "round-trip" else there
            leaves = max(now, began) + _left(params, now - began)
        elif params.service_covers == "round-trip":
            leaves += params.service_mean_min
        else:
            off = leaves + params.overhead.preparation_min
            hour = (params.start_hour + off / 60) % 24
            drive = problem.travel.minutes(before, place, hour)
            assert drive is not None
            leaves = off + drive + params.overhead.access_min + params.service_mean_min
        before = place
    return leaves


def _left(params: NightParams, elapsed: float) -> float:
    """Return the expected minutes left."""
    if elapsed <= 0 or params.service_shape == "exponential":
        return params.service_mean_min
    sd = params.log_sd
    z = (math.log(elapsed) - params.log_mean) / sd
    if z > 8:
        return elapsed * sd / z
    tail = _above(z)
    return params.service_mean_min * _above(z - sd) / tail - elapsed


def _above(z: float) -> float:
    return math.erfc(z / math.sqrt(2)) / 2
