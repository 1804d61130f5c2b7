"""Does the log hold? A slow, plain second opinion on one seed.

Reads only the problem, the places and the log, line by line, and shares no computation
with what made it. Checks that nobody is placed over the room there is, that every
request ends in exactly one way and in time, that questions come before answers, and
that both ways of working had the same requests and places.
"""

import math
from collections.abc import Mapping

import numpy as np

from wijkspil_engines.desk.assumptions import Assumptions
from wijkspil_engines.desk.course import Course, Way
from wijkspil_engines.desk.draws import draw_places
from wijkspil_engines.desk.problem import FALLBACKS, DeskProblem
from wijkspil_engines.desk.study import Result, hash_study

_TOLERANCE = 1e-9


def verify(result: Result) -> tuple[str, ...]:
    """Return what is wrong with any seed, in sentences; empty when all holds."""
    wrong: list[str] = []
    problems = {run.seed: run.problem for run in result.runs}
    if result.status == "complete" and result.input_hash != hash_study(
        problems, result.assumptions
    ):
        wrong.append("The result belongs to other input.")
    for run in result.runs:
        found = verify_courses(run.problem, result.assumptions, run.seed, run.courses)
        wrong += [f"Seed {run.seed}: {sentence}" for sentence in found]
        for way, course in run.courses.items():
            wrong += [
                f"Seed {run.seed}, {way}: {sentence}"
                for sentence in _check_figures(run.problem, course, run.figures[way])
            ]
    return tuple(wrong)


def verify_courses(
    problem: DeskProblem,
    assumptions: Assumptions,
    seed: int,
    courses: Mapping[Way, Course],
) -> list[str]:
    """Return what is wrong with the courses of one seed."""
    wrong = []
    counts = {way: len(course.ends) for way, course in courses.items()}
    if set(counts.values()) - {len(problem.requests)}:
        wrong.append(f"not every way has all {len(problem.requests)} requests")
    for way, course in courses.items():
        wrong += [
            f"{way}: {sentence}"
            for sentence in _check_course(problem, assumptions, seed, course)
        ]
    return wrong


def _check_course(
    problem: DeskProblem, assumptions: Assumptions, seed: int, course: Course
) -> list[str]:
    wrong: list[str] = []
    places = draw_places(problem, assumptions, seed=seed)
    taken: dict[int, int] = {}
    # (request, who) with the question; a provider on the phone, a team in writing.
    open_calls: set[tuple[int, int]] = set()
    open_asks: set[tuple[int, int]] = set()
    # (request, team) that said nothing, or no with a place free -> when.
    rests: dict[tuple[int, int], float] = {}
    accepted: dict[int, tuple[float, int]] = {}
    ended: dict[int, tuple[float, int]] = {}
    now = 0.0
    for at_h, kind, request, who, place in course.log:
        where = f"{kind} of request {problem.requests[request].need.key!r} at {at_h:g}"
        if at_h < now - _TOLERANCE:
            wrong.append(f"{where} is before what was written earlier")
        now = at_h
        if at_h < problem.requests[request].at_h:
            wrong.append(f"{where} is before it came in")
        if request in ended and (kind != "end" or ended[request][0] < at_h):
            wrong.append(f"{where} comes after its end")
        if kind == "call":
            open_calls.add((request, who))
        elif kind == "ask":
            open_asks.add((request, who))
            if at_h - rests.get((request, who), -math.inf) < problem.policy.rest_h:
                wrong.append(f"{where}: team {who} was asked too soon again")
            if problem.teams.tier[problem.requests[request].need.area, who] == 0:
                wrong.append(f"{where} goes to a team that does not cover the place")
        elif kind in ("no", "silent", "withdrawn"):
            if (request, who) in open_asks:
                open_asks.discard((request, who))
                is_there = (places.from_h <= at_h) & (at_h < places.until_h)
                free = np.flatnonzero(is_there & (places.team == who)).tolist()
                rests.pop((request, who), None)
                if kind == "silent" or set(free) - taken.keys():
                    rests[request, who] = at_h
            elif (request, who) in open_calls:
                open_calls.discard((request, who))
            else:
                wrong.append(f"{where}: {who} did not have the question")
        elif kind == "yes":
            provider = problem.provider_of[who]
            if (request, who) in open_asks:
                open_asks.discard((request, who))
            elif (request, provider) in open_calls:
                open_calls.discard((request, provider))
            else:
                wrong.append(f"{where}: team {who} did not have the question")
            if request in accepted:
                wrong.append(f"{where}: a second team takes it")
            accepted[request] = (at_h, who)
            wrong += [f"{where}: {w}" for w in _check_team(problem, request, who)]
            if place in taken:
                wrong.append(f"{where}: place {place} went to {taken[place]} before")
            elif int(places.team[place]) != who:
                wrong.append(f"{where}: place {place} is of another team")
            elif not places.from_h[place] <= at_h < places.until_h[place]:
                wrong.append(f"{where}: place {place} is not there then")
            taken[place] = request
        elif kind == "end":
            if request in ended:
                wrong.append(f"{where}: it ended before")
            ended[request] = (at_h, who)
    wrong += _check_ends(problem, assumptions, course, accepted, ended)
    if open_asks:
        wrong.append(f"{len(open_asks)} questions were never answered or withdrawn")
    if open_calls:
        wrong.append(f"{len(open_calls)} calls were never answered or withdrawn")
    return wrong


def _check_team(problem: DeskProblem, request: int, team: int) -> list[str]:
    need, teams = problem.requests[request].need, problem.teams
    does = {
        c for c, row in zip(teams.task_codes, teams.tasks, strict=True) if row[team]
    }
    laws = zip(teams.care_law_codes, teams.care_laws, strict=True)
    wrong = []
    if teams.tier[need.area, team] == 0:
        wrong.append(f"{teams.keys[team]!r} does not cover the place")
    if not need.tasks <= does:
        wrong.append(f"{teams.keys[team]!r} does not do the tasks")
    if need.care_law not in {law for law, row in laws if row[team]}:
        wrong.append(f"{teams.keys[team]!r} does not work under the care law")
    if teams.providers[team] in need.objected:
        wrong.append("the client objects to the provider")
    return wrong


def _check_ends(
    problem: DeskProblem,
    assumptions: Assumptions,
    course: Course,
    accepted: Mapping[int, tuple[float, int]],
    ended: Mapping[int, tuple[float, int]],
) -> list[str]:
    wrong = []
    for row, (request, end) in enumerate(
        zip(problem.requests, course.ends, strict=True)
    ):
        key = repr(request.need.key)
        if row not in ended or ended[row] != (end.at_h, end.team):
            wrong.append(f"request {key} does not end in the log as it says")
        if end.outcome == "placed":
            if accepted.get(row) != (end.at_h, end.team):
                wrong.append(f"request {key} is placed with nobody's yes")
        elif row in accepted:
            wrong.append(f"request {key} fell back although a team took it")
        elif end.outcome != FALLBACKS[request.asker] or end.team != -1:
            wrong.append(f"request {key} fell back to {end.outcome!r}")
        patience_h = problem.patience_h[request.urgency] * assumptions.patience
        if not 0 <= end.at_h - request.at_h <= patience_h + _TOLERANCE * end.at_h:
            wrong.append(f"request {key} ends after its time")
    return wrong


def _check_figures(
    problem: DeskProblem, course: Course, figures: Mapping[str, float]
) -> list[str]:
    """Recount three of the figures from the log, the plain way."""
    contacted: dict[int, set[str]] = {}
    for event in course.log:
        if event.kind == "ask":
            provider = problem.teams.providers[event.who]
        elif event.kind == "call":
            provider = problem.providers[event.who]
        else:
            continue
        contacted.setdefault(event.request, set()).add(provider)
    placed = sorted({event.request for event in course.log if event.kind == "yes"})
    if not placed:
        return []
    yes_h = {event.request: event.at_h for event in course.log if event.kind == "yes"}
    found = {
        "placed": len(placed) / len(problem.requests),
        "providers_mean": sum(len(contacted[row]) for row in placed) / len(placed),
        "hours_mean": sum(yes_h[row] - problem.requests[row].at_h for row in placed)
        / len(placed),
    }
    return [
        f"{name} says {figures[name]}, but is {value}"
        for name, value in found.items()
        if abs(figures[name] - value) > 1e-6 * max(1.0, abs(value))
    ]
