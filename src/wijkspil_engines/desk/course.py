"""What happens to requests in time: moments in order, true room, and the log of it.

The ground both ways of working stand on. Who is asked and in which order is in
``today`` and ``wijkspil``; how it is on the phone in ``phoning``.
"""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count as numbers
from typing import Literal, NamedTuple

from wijkspil_engines.desk import clock
from wijkspil_engines.desk.assumptions import Assumptions
from wijkspil_engines.desk.draws import Draws
from wijkspil_engines.desk.problem import FALLBACKS, DeskProblem
from wijkspil_engines.routing.problem import HOURS_TOLERANCE

Way = Literal["today", "wijkspil"]
WAYS: tuple[Way, ...] = ("today", "wijkspil")

#: ``call``: a provider is reached (who: provider). ``unanswered``: it is not. ``ask``:
#: a team gets a question (who: team). ``no``, ``silent``, ``withdrawn``: what came of
#: it (who: team after ``ask``, provider after ``call``). ``yes``: who: team, place.
Kind = Literal["call", "unanswered", "ask", "no", "silent", "withdrawn", "yes", "end"]


class Event(NamedTuple):
    """One line of the log; ``who`` and ``place`` are rows, or -1."""

    at_h: float
    kind: Kind
    request: int
    who: int = -1
    place: int = -1


class End(NamedTuple):
    """How a request ended: with a team (``placed``), or by which fallback.

    ``through``: ``phone``, ``offer`` or ``coordinator``; empty when not placed.
    """

    at_h: float
    outcome: str
    team: int = -1
    through: str = ""


@dataclass(frozen=True, eq=False)
class Course:
    """What happened in one way of working; ``ends`` has one row per request.

    ``phone_min`` (n_requests) is what referrers and coordinators spent on the phone,
    ``form_min`` what it cost to fill the form.
    """

    way: Way
    log: tuple[Event, ...]
    ends: tuple[End, ...]
    phone_min: tuple[float, ...]
    form_min: float


class Room:
    """The true room of the teams: which places are there now, and what fits."""

    def __init__(self, problem: DeskProblem, draws: Draws) -> None:
        """Sort the places by team; nothing is taken yet."""
        places = draws.places
        self._from = places.from_h.tolist()
        self._until = places.until_h.tolist()
        self._of_team: list[list[int]] = [[] for _ in range(problem.teams.n)]
        for place, team in enumerate(places.team.tolist()):
            self._of_team[team].append(place)
        self._taken: set[int] = set()
        self._problem = problem
        self._parts = problem.parts.tolist()
        self._largest = problem.largest_hours.tolist()
        rows = problem.teams.task_row
        self._tasks = [
            [rows[task] for task in sorted(request.need.tasks) if task in rows]
            for request in problem.requests
        ]

    def period(self, at_h: float) -> int:
        """Return the period a moment falls in."""
        return min(int(at_h // self._problem.period_h), len(self._largest) - 1)

    def free_places(self, team: int, at_h: float) -> list[int]:
        """Return the places nobody took, soonest gone first."""
        return sorted(
            (
                place
                for place in self._of_team[team]
                if self._from[place] <= at_h < self._until[place]
                and place not in self._taken
            ),
            key=self._until.__getitem__,
        )

    def look(self, team: int, request: int, at_h: float) -> str:
        """Return ``fits``, ``other`` (hours or size), ``tasks`` or ``full``."""
        if not self.free_places(team, at_h):
            return "full"
        period = self.period(at_h)
        excluded = self._problem.excluded[period]
        if any(excluded[row, team] for row in self._tasks[request]):
            return "tasks"
        need = self._problem.requests[request].need
        parts = self._parts[period][team]
        hours_fit = all(
            parts[part] for part, hours in enumerate(need.hours_by_part) if hours > 0
        )
        size_fits = need.hours <= self._largest[period][team] + HOURS_TOLERANCE
        return "fits" if hours_fit and size_fits else "other"

    def take(self, team: int, at_h: float) -> int:
        """Take the place that is soonest gone and return it."""
        place = self.free_places(team, at_h)[0]
        self._taken.add(place)
        return place


class World:
    """One way of working in one region and seed; ``run`` plays it to the end."""

    way: Way

    def __init__(
        self, problem: DeskProblem, assumptions: Assumptions, draws: Draws
    ) -> None:
        """Start empty, at hour 0."""
        self.problem = problem
        self.assumptions = assumptions
        self.draws = draws
        self.room = Room(problem, draws)
        self.log: list[Event] = []
        self.ends: dict[int, End] = {}
        self.phone_min = [0.0] * len(problem.requests)
        self._queue: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = numbers()

    def run(self) -> Course:
        """Play until every request has ended."""
        for row, request in enumerate(self.problem.requests):
            self.later(request.at_h, lambda at_h, row=row: self.come_in(row, at_h))  # type: ignore[misc]
            patience_h = self.problem.patience_h[request.urgency]
            self.later(
                request.at_h + patience_h * self.assumptions.patience,
                lambda at_h, row=row: self._fall_back(row, at_h),  # type: ignore[misc]
            )
        while self._queue and len(self.ends) < len(self.problem.requests):
            at_h, _number, act = heapq.heappop(self._queue)
            act(at_h)
        return Course(
            way=self.way,
            log=tuple(self.log),
            ends=tuple(self.ends[row] for row in range(len(self.problem.requests))),
            phone_min=tuple(self.phone_min),
            form_min=self.assumptions.form_min if self.way == "wijkspil" else 0.0,
        )

    def come_in(self, request: int, at_h: float) -> None:
        """A request is there."""
        raise NotImplementedError

    def later(self, at_h: float, act: Callable[[float], None]) -> None:
        """Do ``act`` at a moment; of equal moments the first planned goes first."""
        heapq.heappush(self._queue, (at_h, next(self._order), act))

    def has_ended(self, request: int) -> bool:
        """Whether a request has a team or fell back."""
        return request in self.ends

    def note(
        self, at_h: float, kind: Kind, request: int, who: int = -1, place: int = -1
    ) -> None:
        """Write a line of the log."""
        self.log.append(Event(at_h, kind, request, who, place))

    def wants(self, team: int, request: int, at_h: float) -> bool:
        """Whether a team says yes now: its true room and its own willingness.

        A team without room never does: nobody is placed over the room there is.
        """
        state = self.room.look(team, request, at_h)
        taken = self.assumptions
        chance = {
            "fits": taken.accepts_when_it_fits,
            "other": taken.takes_at_other_hours,
        }.get(state, 0.0)
        return bool(self.draws.willing[request, team] < chance)

    def place(self, request: int, team: int, at_h: float, through: str) -> None:
        """A team takes the client; it is binding and the place is gone."""
        place = self.room.take(team, at_h)
        self.note(at_h, "yes", request, team, place)
        self._end(request, End(at_h, "placed", team, through))

    def _fall_back(self, request: int, at_h: float) -> None:
        if not self.has_ended(request):
            asker = self.problem.requests[request].asker
            self._end(request, End(at_h, FALLBACKS[asker]))

    def _end(self, request: int, end: End) -> None:
        self.ends[request] = end
        self.close_questions(request, end.at_h)
        self.note(end.at_h, "end", request, end.team)

    def close_questions(self, request: int, at_h: float) -> None:
        """Withdraw what is still open elsewhere."""

    # --- time

    def hurry(self, request: int) -> float:
        """Return what waiting around calls is multiplied by."""
        is_urgent = self.problem.requests[request].is_urgent
        return self.assumptions.hurry if is_urgent else 1.0

    def phone_hours(self, request: int) -> clock.Hours:
        """Return when providers are on the phone for a request."""
        is_urgent = self.problem.requests[request].is_urgent
        return clock.PHONE_URGENT if is_urgent else clock.PHONE

    def next_open(self, at_h: float, hours: clock.Hours) -> float:
        """Return the first moment within the hours."""
        return clock.next_open(at_h, hours, self.problem.first_weekday)

    def after(self, at_h: float, open_h: float, hours: clock.Hours) -> float:
        """Return the moment when so many hours within the hours have gone by."""
        return clock.after(at_h, open_h, hours, self.problem.first_weekday)


def lognormal(median: float, sigma: float, normal: float) -> float:
    """Return a value with this median from a standard normal draw."""
    return median * math.exp(sigma * float(normal))
