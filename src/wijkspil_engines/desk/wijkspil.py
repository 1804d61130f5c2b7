"""By Wijkspil: the desk ranks on the room that is known, asks teams and keeps time.

Ranking and hard conditions are those of ``wijkspil_engines.routing.rank``. The room
that is known is what teams reported, less what was placed since; it can be stale,
silent or wrong, because places come and go between reports. When nobody is left to
ask, a coordinator phones teams that have no fitting room on paper; when that fails
too, it is tried again the next day, as long as a referrer today would go on.
"""

import math
from collections.abc import Callable
from copy import copy

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.desk import clock
from wijkspil_engines.desk.assumptions import Assumptions
from wijkspil_engines.desk.course import World, lognormal
from wijkspil_engines.desk.draws import ROUNDS, Draws
from wijkspil_engines.desk.phoning import PhoneRound
from wijkspil_engines.desk.problem import DeskProblem
from wijkspil_engines.desk.terrain import Terrain
from wijkspil_engines.routing.problem import PARTS_OF_DAY, Condition, Teams, Tier
from wijkspil_engines.routing.rank import Ranking, find_conditions, rank

#: Spread of the minutes until a team answers (of the logarithm), as in the demo.
ANSWER_SIGMA = 0.9
#: Spread of the minutes until a coordinator begins.
COORDINATOR_SIGMA = 0.7
#: A coordinator does nothing else: calls follow soon, two questions open at a time.
COORDINATOR_BETWEEN_MIN, COORDINATOR_AT_ONCE = 5.0, 2
_FOR_WANT_OF_ROOM = Condition.NO_ROOM | Condition.TOO_LARGE | Condition.PART_OF_DAY
#: An answer due after the last hour is due the next morning, this much later at most.
_LATE_H = 4.0


class Wijkspil(World):
    """One desk that knows what was reported."""

    way = "wijkspil"

    def __init__(
        self,
        problem: DeskProblem,
        assumptions: Assumptions,
        draws: Draws,
        terrain: Terrain,
    ) -> None:
        """Plan all reports of room; those before the start are in at once."""
        super().__init__(problem, assumptions, draws)
        self._terrain = terrain
        n = problem.teams.n
        self._told_clients = [0] * n
        self._told_parts = np.zeros((n, len(PARTS_OF_DAY)), bool)
        self._told_largest = np.zeros(n)
        self._told_excluded = np.zeros((len(problem.teams.task_codes), n), bool)
        self._told_h = [-math.inf] * n
        self._load = [0.0] * len(problem.providers)
        self._clients = [0] * len(problem.providers)
        self._teams_of_provider = [
            problem.teams.rows_of_provider[key].tolist() for key in problem.providers
        ]
        self._open: dict[int, set[int]] = {}
        self._answered_h: dict[int, dict[int, float]] = {}
        self._had_no_room: set[tuple[int, int]] = set()
        self._rounds: dict[int, PhoneRound] = {}
        self._plan_reports()

    # --- room that is known

    def _plan_reports(self) -> None:
        taken = self.assumptions
        every_h = taken.report_every_h
        longest_h = max(self.problem.patience_h.values()) * taken.patience
        end_h = self.problem.days * 24 + longest_h
        for team in range(self.problem.teams.n):
            if self.draws.silent[team] < taken.never_reports:
                continue
            turn, told_h = 0, -float(self.draws.phase[team]) * every_h
            while told_h < end_h:
                if self.draws.skips[team, turn % ROUNDS] >= taken.skips_report:
                    self.later(max(0.0, told_h), self._report_of(team, told_h))
                turn, told_h = turn + 1, told_h + every_h

    def _report_of(self, team: int, told_h: float) -> Callable[[float], None]:
        def report(at_h: float) -> None:
            period = self.room.period(at_h)
            self._told_clients[team] = len(self.room.free_places(team, at_h))
            self._told_parts[team] = self.problem.parts[period, team]
            self._told_largest[team] = self.problem.largest_hours[period, team]
            self._told_excluded[:, team] = self.problem.excluded[period, :, team]
            self._told_h[team] = told_h

        return report

    def _rank(self, request: int, at_h: float) -> Ranking:
        area = self.problem.requests[request].need.area
        return rank(
            self._terrain.alone(request),
            self._teams_as_known(self._terrain.around(area), area, at_h),
            self.problem.policy.ranking,
        )

    def _teams_as_known(self, around: Teams, area: int, at_h: float) -> Teams:
        rows = self._terrain.rows_of(area)
        teams = rows.tolist()
        since_h = at_h - self.problem.policy.room_valid_h
        is_known = np.array([self._told_h[team] > since_h for team in teams], bool)
        known = copy(around)
        # Thousands of times a seed only the room differs: all else was checked when
        # ``around`` was made, and what it computed from that still holds.
        vars(known).update(
            tasks=around.tasks & ~(self._told_excluded[:, rows] & is_known),
            free_clients=np.array([self._told_clients[team] for team in teams], int),
            free_hours_by_part=np.where(self._told_parts[rows], np.inf, 0.0),
            largest_hours=self._told_largest[rows],
            room_known=is_known,
            share=self._shares(teams, at_h),
        )
        return known

    def _shares(self, rows: list[int], at_h: float) -> NDArray[np.float64]:
        """Return load over capacity against that of all around; 1 is exactly fair."""
        since_h = at_h - self.problem.policy.room_valid_h
        clients, told_h = self._told_clients, self._told_h
        of_team = [self.problem.provider_of[row] for row in rows]
        capacity = {
            provider: self._clients[provider]
            + sum(
                clients[team]
                for team in self._teams_of_provider[provider]
                if told_h[team] > since_h
            )
            for provider in set(of_team)
        }
        load = sum(self._load[provider] for provider in capacity)
        total = sum(capacity.values())
        if load == 0 or total == 0:
            return np.ones(len(rows))
        mean = load / total
        return np.array(
            [
                self._load[p] / capacity[p] / mean if capacity[p] else 1.0
                for p in of_team
            ]
        )

    # --- questions

    def come_in(self, request: int, at_h: float) -> None:
        """The form is filled and sent."""
        self.later(
            at_h + self.assumptions.form_min / 60, lambda at: self._ask(request, at)
        )

    def _ask(self, request: int, at_h: float) -> None:
        """Ask the next best teams; if there are none, a coordinator takes over."""
        if self.has_ended(request):
            return
        policy = self.problem.policy
        desk_request = self.problem.requests[request]
        if policy.hours == "office":
            moment = self.next_open(at_h, clock.OFFICE)
            if moment > at_h:
                self.later(moment, lambda at: self._ask(request, at))
                return
        rows = self._terrain.rows_of(desk_request.need.area)
        ranking = self._rank(request, at_h)
        asked = [
            int(rows[candidate.team])
            for candidate in ranking.candidates
            if not self._rests(request, int(rows[candidate.team]), at_h)
        ]
        if not asked:
            self._hand_to_coordinator(request, at_h)
            return
        own = [team for team in asked if self._is_own(request, team)]
        if policy.own_team_first and own:
            asked = own[:1]
        else:
            wave = policy.teams_at_once[desk_request.urgency]
            asked = asked[: 1 if desk_request.one_at_a_time else wave]
        self._open[request] = set(asked)
        for team in asked:
            self.note(at_h, "ask", request, team)
            self._plan_answer(request, team, at_h)

    def _rests(self, request: int, team: int, at_h: float) -> bool:
        """Whether a team is left alone; not who had no room and reports some."""
        answered_h = self._answered_h.get(request, {}).get(team)
        policy = self.problem.policy
        if answered_h is None or at_h - answered_h >= policy.rest_h:
            return False
        has_new_room = self._told_clients[team] > 0 and self._told_h[team] > max(
            answered_h, at_h - policy.room_valid_h
        )
        return not (has_new_room and (request, team) in self._had_no_room)

    def _is_own(self, request: int, team: int) -> bool:
        area = self.problem.requests[request].need.area
        return bool(self.problem.teams.tier[area, team] == Tier.OWN)

    def _reading_hours(self, request: int) -> clock.Hours:
        policy = self.problem.policy
        if policy.hours == "office":
            return clock.OFFICE
        if policy.hours == "always" or self.problem.requests[request].is_urgent:
            return clock.READING_URGENT
        return clock.Hours(policy.day_from_h, policy.day_until_h, weekends=True)

    def _answer_by(self, request: int, at_h: float) -> float:
        """Return when a team must have answered, as the product reckons."""
        desk_request = self.problem.requests[request]
        policy = self.problem.policy
        given_h = policy.answer_minutes[desk_request.urgency] / 60
        if policy.hours == "office":
            return self.after(at_h, given_h, clock.OFFICE)
        until = at_h + given_h
        day, hour = divmod(until, 24)
        if (
            desk_request.is_urgent
            or policy.hours == "always"
            or policy.day_from_h <= hour < policy.day_until_h
        ):
            return until
        last_day = day if hour >= policy.day_until_h else day - 1
        late = min(until - last_day * 24 - policy.day_until_h, _LATE_H)
        return (last_day + 1) * 24 + policy.day_from_h + late

    def _plan_answer(self, request: int, team: int, at_h: float) -> None:
        taken, draws = self.assumptions, self.draws
        until = self._answer_by(request, at_h)
        minutes = lognormal(
            taken.answer_min, ANSWER_SIGMA, draws.answer_delay[request, team]
        )
        answer_h = self.after(at_h, minutes / 60, self._reading_hours(request))
        chance = taken.answers_in_time
        if not self.problem.requests[request].is_urgent and clock.is_weekend(
            answer_h, self.problem.first_weekday
        ):
            chance *= taken.answers_at_weekend
        if draws.answers[request, team] < chance and answer_h <= until:
            self.later(answer_h, lambda at: self._answer(request, team, at))
        else:
            self.later(until, lambda at: self._hear_nothing(request, team, at))

    def _answer(self, request: int, team: int, at_h: float) -> None:
        if team not in self._open.get(request, ()):
            return
        if self.wants(team, request, at_h):
            self._open[request].discard(team)
            self.place(request, team, at_h, "offer")
            return
        self.note(at_h, "no", request, team)
        if not self.room.free_places(team, at_h):
            # Who says no for want of room corrects what others see.
            self._told_clients[team] = 0
            self._told_h[team] = at_h
        self._let_rest(request, [team], at_h)
        self._go_on_without(request, team, at_h)

    def _hear_nothing(self, request: int, team: int, at_h: float) -> None:
        if team in self._open.get(request, ()):
            self.note(at_h, "silent", request, team)
            self._answered_h.setdefault(request, {})[team] = at_h
            self._had_no_room.discard((request, team))
            self._go_on_without(request, team, at_h)

    def _go_on_without(self, request: int, team: int, at_h: float) -> None:
        self._open[request].discard(team)
        if not self._open[request]:
            self._ask(request, at_h)

    # --- the coordinator

    def _hand_to_coordinator(self, request: int, at_h: float) -> None:
        minutes = lognormal(
            self.assumptions.coordinator_starts_min,
            COORDINATOR_SIGMA,
            self.draws.desk_start[request],
        )
        is_urgent = self.problem.requests[request].is_urgent
        if self.problem.policy.hours == "office":
            hours = clock.OFFICE
        else:
            hours = clock.DESK_URGENT if is_urgent else clock.DESK
        self.later(
            self.after(at_h, minutes / 60, hours),
            lambda at: self._coordinate(request, at),
        )

    def _coordinate(self, request: int, at_h: float) -> None:
        """Phone who has room at other hours or of other size, then who was full."""
        if self.has_ended(request):
            return
        area = self.problem.requests[request].need.area
        conditions = find_conditions(
            self._terrain.alone(request),
            self._teams_as_known(self._terrain.around(area), area, at_h),
            self.problem.policy.ranking,
        ).tolist()
        tier = self.problem.teams.tier[area]
        found = sorted(
            (bool(bits & Condition.NO_ROOM), -int(tier[team]), team)
            for bits, team in zip(
                conditions, self._terrain.rows_of(area).tolist(), strict=True
            )
            if bits
            and not bits & ~int(_FOR_WANT_OF_ROOM)
            and not self._rests(request, team, at_h)
        )
        most = max(0, round(self.assumptions.coordinator_calls))
        teams_of: dict[int, list[int]] = {}
        for _is_full, _tier, team in found:
            provider = self.problem.provider_of[team]
            if provider in teams_of or len(teams_of) < most:
                teams_of.setdefault(provider, []).append(team)
        self._rounds[request] = PhoneRound(
            self,
            request,
            teams_of,
            through="coordinator",
            at_once=COORDINATOR_AT_ONCE,
            between_min=COORDINATOR_BETWEEN_MIN,
            refused=lambda provider, at: self._let_rest(
                request, teams_of[provider], at
            ),
            exhausted=lambda at: self._try_later(request, at),
        )
        self._rounds[request].plan(at_h)

    def _let_rest(self, request: int, teams: list[int], at_h: float) -> None:
        """Remember who said no, and whether it was for want of room."""
        answered_h = self._answered_h.setdefault(request, {})
        answered_h.update(dict.fromkeys(teams, at_h))
        for team in teams:
            if self.room.free_places(team, at_h):
                self._had_no_room.discard((request, team))
            else:
                self._had_no_room.add((request, team))

    def _try_later(self, request: int, at_h: float) -> None:
        self.later(
            at_h + self.problem.policy.retry_h, lambda at: self._ask(request, at)
        )

    # --- a team takes it

    def place(self, request: int, team: int, at_h: float, through: str) -> None:
        """Reserve the room and count the work, at once."""
        provider = self.problem.provider_of[team]
        self._told_clients[team] = max(0, self._told_clients[team] - 1)
        self._load[provider] += self.problem.requests[request].need.complexity
        self._clients[provider] += 1
        super().place(request, team, at_h, through)

    def close_questions(self, request: int, at_h: float) -> None:
        """Withdraw the question everywhere else."""
        for team in sorted(self._open.pop(request, ())):
            self.note(at_h, "withdrawn", request, team)
        if request in self._rounds:
            self._rounds[request].let_go(at_h)
