"""Somebody phones providers one after the other about one request.

A referrer today, or a coordinator of the desk: the same phone, the same draws. Who
says yes on the phone does so for one of its teams that has room.
"""

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from wijkspil_engines.desk.course import World, lognormal
from wijkspil_engines.desk.draws import ATTEMPTS

#: Spread of the time until a provider calls back (of the logarithm).
CALL_BACK_SIGMA = 0.8
#: Times a provider that does not answer is tried in a round, and hours between.
TRIES, AGAIN_H = 2, 1.0
#: A call nobody answers takes this share of one that is answered.
UNANSWERED_SHARE = 0.25
#: Working hours after which a promised call back is no longer waited for.
LETS_GO_H = 4.0


class PhoneRound:
    """Calls about one request, until somebody takes it or all were asked."""

    def __init__(
        self,
        world: World,
        request: int,
        teams_of: Mapping[int, Sequence[int]],
        *,
        through: str,
        at_once: int,
        between_min: float,
        refused: Callable[[int, float], None],
        exhausted: Callable[[float], None],
    ) -> None:
        """Prepare a round; ``teams_of`` lists providers in the order of calling.

        ``refused`` hears which provider said no, ``exhausted`` when nobody is left.
        """
        self._world = world
        self._request = request
        self._teams_of = teams_of
        self._through = through
        self._at_once = at_once
        self._hurry = world.hurry(request)
        self._between_h = between_min / 60 * self._hurry
        self._refused = refused
        self._exhausted = exhausted
        self._to_call = deque(teams_of)
        self._again: list[tuple[float, int]] = []
        self._tries: dict[int, int] = {}
        self._open: set[int] = set()
        self._free_from_h = 0.0
        self._is_planned = False
        self._hours = world.phone_hours(request)

    def plan(self, at_h: float) -> None:
        """Call the next one as soon as the phone and the caller allow."""
        if self._is_planned or self._world.has_ended(self._request):
            return
        if len(self._open) >= self._at_once:
            return
        if not self._to_call:
            if not self._again:
                if not self._open:
                    self._exhausted(at_h)
                return
            at_h = max(at_h, self._again[0][0])
        at_h = self._world.next_open(max(at_h, self._free_from_h), self._hours)
        self._is_planned = True
        self._world.later(at_h, self._call)

    def let_go(self, at_h: float) -> None:
        """The request ended: tell who is still looking."""
        for provider in sorted(self._open):
            self._world.note(at_h, "withdrawn", self._request, provider)
        self._open.clear()

    def _call(self, at_h: float) -> None:
        self._is_planned = False
        world, request = self._world, self._request
        if world.has_ended(request):
            return
        if self._again and (self._again[0][0] <= at_h or not self._to_call):
            provider = heapq.heappop(self._again)[1]
        else:
            provider = self._to_call.popleft()
        tries = self._tries[provider] = self._tries.get(provider, 0) + 1
        draws, taken = world.draws, world.assumptions
        is_reached = (
            draws.phone[request, provider, (tries - 1) % ATTEMPTS] >= taken.no_answer
        )
        minutes = taken.call_min * (1.0 if is_reached else UNANSWERED_SHARE)
        world.phone_min[request] += minutes
        done_h = at_h + minutes / 60
        self._free_from_h = done_h + self._between_h
        if is_reached:
            world.note(at_h, "call", request, provider)
            self._open.add(provider)
            world.later(*self._answer_to_come(provider, done_h))
        else:
            world.note(at_h, "unanswered", request, provider)
            if tries < TRIES:
                again_h = world.after(done_h, AGAIN_H * self._hurry, self._hours)
                heapq.heappush(self._again, (again_h, provider))
        self.plan(done_h)

    def _answer_to_come(
        self, provider: int, done_h: float
    ) -> tuple[float, Callable[[float], None]]:
        world, request = self._world, self._request
        draws, taken = world.draws, world.assumptions
        if draws.at_once[request, provider] < taken.answers_at_once:
            return done_h, lambda at_h: self._answer(provider, at_h)
        if draws.forgets[request, provider] < taken.never_calls_back:
            return (
                world.after(done_h, LETS_GO_H * self._hurry, self._hours),
                lambda at_h: self._hear_nothing(provider, at_h),
            )
        open_h = self._hurry * lognormal(
            taken.call_back_h, CALL_BACK_SIGMA, draws.call_back[request, provider]
        )
        return (
            world.after(done_h, open_h, self._hours),
            lambda at_h: self._answer(provider, at_h),
        )

    def _answer(self, provider: int, at_h: float) -> None:
        world, request = self._world, self._request
        if world.has_ended(request):
            return
        self._open.discard(provider)
        for team in self._teams_of[provider]:
            if world.wants(team, request, at_h):
                world.place(request, team, at_h, self._through)
                return
        world.note(at_h, "no", request, provider)
        self._refused(provider, at_h)
        self.plan(at_h)

    def _hear_nothing(self, provider: int, at_h: float) -> None:
        if self._world.has_ended(self._request):
            return
        self._open.discard(provider)
        self._world.note(at_h, "silent", self._request, provider)
        self.plan(at_h)
