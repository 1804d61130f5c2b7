"""Small random rounds, and the slow obvious checks on what mechanisms make of them."""

import numpy as np

from wijkspil_engines.exchange.problem import NO_LIMIT, NONE, ExchangeProblem, Params
from wijkspil_engines.exchange.result import Result, taken_practice

__all__ = ["Params", "balance_breaks", "draw_round", "rank_of"]


def draw_round(
    rng: np.random.Generator,
    *,
    wishes: int = 6,
    practices: int = 4,
    most_size: int = 1,
    most_free: int = 1,
    with_caps: bool = False,
    with_load: bool = False,
) -> ExchangeProblem:
    origin = rng.integers(NONE, practices, wishes)
    options = []
    for at in origin:
        others = [b for b in range(practices) if b != at]
        length = int(rng.integers(0, len(others) + 1))
        options.append([int(b) for b in rng.permutation(others)[:length]])
    size = rng.integers(1, most_size + 1, wishes)
    caps = rng.integers(0, 3, practices) if with_caps else np.full(practices, NO_LIMIT)
    return ExchangeProblem.build(
        practice_ids=[f"p{b}" for b in range(practices)],
        free_places=rng.integers(0, most_free + 1, practices),
        max_inflow=caps,
        free_load=rng.integers(0, 1500, practices) if with_load else None,
        wish_ids=[f"w{i}" for i in range(wishes)],
        origin=origin,
        options=options,
        size=size,
        load=rng.integers(500, 2500, wishes) if with_load else None,
        priority_class=np.where(origin == NONE, 0, rng.integers(1, 3, wishes)),
        waiting_days=rng.integers(0, 4, wishes) * 100,
    )


def options_of(problem: ExchangeProblem, wish: int) -> list[int]:
    begin, end = problem.first_option[wish], problem.first_option[wish + 1]
    return [int(b) for b in problem.option[begin:end]]


def balance_breaks(problem: ExchangeProblem, result: Result) -> list[str]:
    """What is wrong with a plan; empty when it is feasible."""
    place = taken_practice(problem, result.choice)
    people = np.zeros(problem.n_practices, int)
    load = np.zeros(problem.n_practices, int)
    inflow = np.zeros(problem.n_practices, int)
    wrong = []
    for wish in range(problem.n_wishes):
        to, left = int(place[wish]), int(problem.origin[wish])
        if to == left:
            continue
        if to not in options_of(problem, wish):
            wrong.append(f"{wish} not on list")
        people[to] += problem.size[wish]
        inflow[to] += problem.size[wish]
        load[to] += problem.load[wish]
        if left != NONE:
            people[left] -= problem.size[wish]
            load[left] -= problem.load[wish]
    wrong += [f"{b} people" for b in np.flatnonzero(people > problem.free_places)]
    wrong += [f"{b} inflow" for b in np.flatnonzero(inflow > problem.max_inflow)]
    wrong += [f"{b} load" for b in np.flatnonzero(load > problem.free_load)]
    return wrong


def rank_of(problem: ExchangeProblem, result: Result, wish: int) -> int:
    """Places down the own list; staying comes after all of it."""
    chosen = int(result.choice[wish])
    return chosen if chosen >= 0 else len(options_of(problem, wish))
