"""As it goes today: who refers phones providers without knowing their room.

No straw man: the referrer knows who covers the address and mostly who does the task,
phones who knows the client and the wijk's own provider first, then those it always
calls, keeps several questions open at a time, remembers who said no this week, and
begins anew the next day with who may have room by then. Every provider looks at all
its teams there before it says no.
"""

import math

from wijkspil_engines.desk.assumptions import Assumptions
from wijkspil_engines.desk.course import World, lognormal
from wijkspil_engines.desk.draws import Draws
from wijkspil_engines.desk.phoning import PhoneRound
from wijkspil_engines.desk.problem import DeskProblem
from wijkspil_engines.desk.terrain import Terrain
from wijkspil_engines.routing.problem import Tier

#: Spread of the time until the first call (of the logarithm).
START_SIGMA = 0.8
NEXT_ROUND_H = 8.0


class Today(World):
    """Referrers phone, each for itself."""

    way = "today"

    def __init__(
        self,
        problem: DeskProblem,
        assumptions: Assumptions,
        draws: Draws,
        terrain: Terrain,
    ) -> None:
        """Nobody remembers anything yet."""
        super().__init__(problem, assumptions, draws)
        self._terrain = terrain
        self._said_no: dict[tuple[str, int], float] = {}
        self._rounds: dict[int, PhoneRound] = {}
        self._well_known = _well_known(problem, assumptions, draws, terrain)

    def come_in(self, request: int, at_h: float) -> None:
        """The referrer phones when it finds a moment."""
        minutes = self.hurry(request) * lognormal(
            self.assumptions.starts_phoning_min, START_SIGMA, self.draws.start[request]
        )
        hours = self.phone_hours(request)
        self.later(
            self.after(at_h, minutes / 60, hours),
            lambda moment: self._begin_round(request, moment),
        )

    def _begin_round(self, request: int, at_h: float) -> None:
        if self.has_ended(request):
            return
        order = self._order_of_calling(request, at_h)
        if not order:
            return
        teams = self._terrain.teams_of(request)
        self._rounds[request] = PhoneRound(
            self,
            request,
            {provider: teams[provider] for provider in order},
            through="phone",
            at_once=max(1, round(self.assumptions.calls_at_once)),
            between_min=self.assumptions.between_calls_min,
            refused=lambda provider, at: self._remember(request, provider, at),
            exhausted=lambda at: self._begin_anew(request, at),
        )
        self._rounds[request].plan(at_h)

    def _begin_anew(self, request: int, at_h: float) -> None:
        """All were asked: try again after a working day."""
        moment = self.after(at_h, NEXT_ROUND_H, self.phone_hours(request))
        self.later(moment, lambda at: self._begin_round(request, at))

    def _order_of_calling(self, request: int, at_h: float) -> list[int]:
        desk_request = self.problem.requests[request]
        need = desk_request.need
        teams = self._terrain.teams_of(request)
        able = self._terrain.able_of(request)
        well_known = self._well_known.get(desk_request.referrer, {})
        knows_own = self.draws.knows_own[request] < self.assumptions.knows_own_team
        keys = self.problem.providers

        def turn(provider: int) -> tuple[float, ...]:
            said_no_h = self._said_no.get((desk_request.referrer, provider))
            is_own = self._terrain.tier_of(request, provider) == Tier.OWN
            return (
                said_no_h is not None
                and at_h - said_no_h < self.assumptions.remembers_days * 24,
                keys[provider] not in need.known_to,
                keys[provider] not in need.preferred,
                not (is_own and knows_own),
                well_known.get(provider, len(well_known)),
                self._terrain.km_of(request, provider),
                provider,
            )

        knows_not = self.draws.knows[request] >= self.assumptions.knows_tasks
        return sorted(
            (
                provider
                for provider in teams
                if provider in able or bool(knows_not[provider])
            ),
            key=turn,
        )

    def _remember(self, request: int, provider: int, at_h: float) -> None:
        referrer = self.problem.requests[request].referrer
        if referrer:
            self._said_no[referrer, provider] = at_h

    def close_questions(self, request: int, at_h: float) -> None:
        """Call off who was still looking."""
        if request in self._rounds:
            self._rounds[request].let_go(at_h)


def _well_known(
    problem: DeskProblem, assumptions: Assumptions, draws: Draws, terrain: Terrain
) -> dict[str, dict[int, int]]:
    """Return for each referrer its few providers, in the order of calling.

    Drawn by the number of teams a provider has where the referrer's clients live.
    """
    counts: dict[str, dict[int, int]] = {}
    for row, request in enumerate(problem.requests):
        if request.referrer:
            seen = counts.setdefault(request.referrer, {})
            for provider in terrain.able_of(row):
                teams = terrain.teams_of(row)[provider]
                seen[provider] = seen.get(provider, 0) + len(teams)
    few = max(0, round(assumptions.knows_well))
    known = {}
    for place, referrer in enumerate(sorted(counts)):
        # Largest logarithm plus Gumbel: a draw by weight without putting back.
        liked = sorted(
            (-(math.log(teams) + float(draws.liking[place, provider])), provider)
            for provider, teams in counts[referrer].items()
        )
        known[referrer] = {
            provider: turn for turn, (_weight, provider) in enumerate(liked[:few])
        }
    return known
