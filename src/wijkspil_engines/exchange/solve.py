"""Solve one round by the mechanism of that name.

Each mechanism is loaded when it is asked for: what is compiled takes half a second to
load.
"""

from collections.abc import Sequence

from wijkspil_engines.exchange.problem import (
    MECHANISMS,
    ExchangeProblem,
    InvalidProblem,
    Params,
)
from wijkspil_engines.exchange.result import LevelValue, Progress, Result


def solve(
    problem: ExchangeProblem,
    *,
    params: Params | None = None,
    mechanism: str = "optimum",
    seed: int = 0,
    time_limit_s: float | None = None,
    warm: Sequence[LevelValue] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Return who moves where.

    Parameters
    ----------
    mechanism
        ``optimum``, ``ttc``, ``waitlist`` or ``waitlist-without-refill``.
    time_limit_s
        For households: how long ``optimum`` searches. Single persons are solved to
        the end.
    warm
        Levels of the last round: ``optimum`` begins from their prices, which must be
        in the order of this problem's practices. For single persons; households begin
        anew, so that their plan does not depend on it.

    Raises
    ------
    InvalidProblem
        If the mechanism is not known.
    Infeasible
        If the required wishes cannot all move.
    """
    chosen = params or Params()
    if mechanism == "optimum" and problem.is_unit:
        from wijkspil_engines.exchange.optimum import solve_optimum

        return solve_optimum(
            problem, params=chosen, seed=seed, warm=warm, progress=progress
        )
    if mechanism == "optimum":
        from wijkspil_engines.exchange.households import solve_households

        return solve_households(
            problem,
            params=chosen,
            seed=seed,
            time_limit_s=time_limit_s,
            progress=progress,
        )
    if mechanism == "ttc":
        from wijkspil_engines.exchange.cycles import solve_cycles

        return solve_cycles(problem, params=chosen, seed=seed, progress=progress)
    if mechanism == "waitlist":
        from wijkspil_engines.exchange.waitlist import solve_waitlist

        return solve_waitlist(problem, params=chosen, seed=seed, progress=progress)
    if mechanism == "waitlist-without-refill":
        from wijkspil_engines.exchange.waitlist import solve_waitlist_without_refill

        return solve_waitlist_without_refill(
            problem, params=chosen, seed=seed, progress=progress
        )
    raise InvalidProblem(
        f"{mechanism[:40]!r} is not known; use {', '.join(MECHANISMS)}",
        field="mechanism",
    )
