"""What chance decides, drawn before anything happens, so that both ways share it.

Every draw hangs on the request and the team (or provider), never on the order of what
happens: the same team has the same willingness for the same request however and
whenever it is asked, and the same places come free (common random numbers). A figure
that is varied moves the threshold, not the draw.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.desk.assumptions import Assumptions
from wijkspil_engines.desk.problem import DeskProblem

#: Calls to one provider for one request that have a draw of their own.
ATTEMPTS = 3
#: How long before their moment some places are there at the start.
HEAD_START_H = 72.0
_ROOM, _TEAMS, _PHONE, _DESK = 101, 102, 103, 104


@dataclass(frozen=True, eq=False)
class Places:
    """Free places: team, and from when until when, unless somebody takes it first."""

    team: NDArray[np.int64]
    from_h: NDArray[np.float64]
    until_h: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Draws:
    """All draws of one seed; r = requests, n = teams, p = providers.

    ``willing``, ``answers`` (r, n) uniform; ``answer_delay`` (r, n), ``call_back``
    (r, p), ``start``, ``desk_start`` (r,) normal; ``phone`` (r, p, attempts),
    ``at_once``, ``forgets``, ``knows`` (r, p), ``knows_own`` (r,) uniform; ``liking``
    (n_referrers, p) Gumbel; ``phase``, ``silent`` (n,) and ``skips`` (n, n_rounds)
    uniform.
    """

    places: Places
    willing: NDArray[np.float64]
    answers: NDArray[np.float64]
    answer_delay: NDArray[np.float64]
    phone: NDArray[np.float64]
    at_once: NDArray[np.float64]
    call_back: NDArray[np.float64]
    forgets: NDArray[np.float64]
    knows: NDArray[np.float64]
    knows_own: NDArray[np.float64]
    liking: NDArray[np.float64]
    start: NDArray[np.float64]
    desk_start: NDArray[np.float64]
    phase: NDArray[np.float64]
    silent: NDArray[np.float64]
    skips: NDArray[np.float64]


def draw(problem: DeskProblem, assumptions: Assumptions, *, seed: int) -> Draws:
    """Draw everything that chance decides in one region and seed."""
    r, n, p = len(problem.requests), problem.teams.n, len(problem.providers)
    referrers = len({request.referrer for request in problem.requests})
    teams = np.random.default_rng([seed, _TEAMS])
    phone = np.random.default_rng([seed, _PHONE])
    desk = np.random.default_rng([seed, _DESK])
    return Draws(
        places=draw_places(problem, assumptions, seed=seed),
        willing=teams.random((r, n)),
        answers=teams.random((r, n)),
        answer_delay=teams.standard_normal((r, n)),
        phone=phone.random((r, p, ATTEMPTS)),
        at_once=phone.random((r, p)),
        call_back=phone.standard_normal((r, p)),
        forgets=phone.random((r, p)),
        knows=phone.random((r, p)),
        knows_own=phone.random(r),
        liking=phone.gumbel(size=(referrers, p)),
        start=phone.standard_normal(r),
        desk_start=desk.standard_normal(r),
        phase=desk.random(n),
        silent=desk.random(n),
        # Enough rounds for a report every hour of the stretch and what follows.
        skips=desk.random((n, ROUNDS)),
    )


#: Reports of a team that have a draw of their own; used again in turn.
ROUNDS = 64


def draw_places(problem: DeskProblem, assumptions: Assumptions, *, seed: int) -> Places:
    """Draw which places come free, where and for how long.

    Their number is ``supply`` times the requests, spread unevenly over the teams. They
    come evenly over the stretch, the first three days' already there at the start. A
    place that nobody takes is gone after an exponential time.
    """
    rng = np.random.default_rng([seed, _ROOM])
    n = problem.teams.n
    length_h = problem.days * 24
    count = round(assumptions.supply * len(problem.requests)) if n else 0
    # Separate streams: another shape or number must not move the other draws.
    leaning, where, when, life = (np.random.default_rng(s) for s in rng.spawn(4))
    share = leaning.gamma(assumptions.uneven_places, 1.0, n) + 0.05
    team = np.searchsorted(np.cumsum(share / share.sum()), where.random(count))
    head = min(HEAD_START_H, length_h / 4)
    from_h = np.maximum(0.0, when.random(count) * length_h - head)
    until_h = from_h + life.exponential(1.0, count) * assumptions.place_lives_days * 24
    order = np.argsort(from_h, kind="stable")
    return Places(np.minimum(team, n - 1)[order], from_h[order], until_h[order])
