"""From the last prices: the same values and prices as anew, whatever changed."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engines.exchange.cases import draw_round
from wijkspil_engines.exchange import (
    LEVELS,
    NO_LIMIT,
    ExchangeProblem,
    Infeasible,
    InvalidProblem,
    LevelValue,
    Params,
    Result,
    solve,
    verify,
)
from wijkspil_engines.exchange.warm import mend


def draw_larger(rng: np.random.Generator, *, with_caps: bool) -> ExchangeProblem:
    p, w = int(rng.integers(3, 12)), int(rng.integers(5, 90))
    origin = rng.integers(-1, p, w)
    return ExchangeProblem.build(
        practice_ids=[f"p{b}" for b in range(p)],
        free_places=rng.choice([0, 0, 0, 1, 2, 6], p),
        wish_ids=[f"w{i}" for i in range(w)],
        origin=origin,
        options=[
            rng.permutation(np.setdiff1d(range(p), [here]))[
                : rng.integers(0, 5)
            ].tolist()
            for here in origin
        ],
        priority_class=rng.integers(0, 3, w),
        waiting_days=rng.choice([0, 1, 2, 3, 500, 5000, int(rng.integers(0, 99))], w),
        max_inflow=rng.choice([0, 1, 2, 5, NO_LIMIT], p) if with_caps else None,
    )


def next_week(rng: np.random.Generator, old: ExchangeProblem) -> ExchangeProblem:
    """Draw who leaves, who comes, whose list changes and where places open."""
    begins = old.first_option
    wishes: list[tuple[int, list[int], int]] = [
        (
            int(old.origin[i]),
            old.option[begins[i] : begins[i + 1]].tolist(),
            int(old.priority_class[i]),
        )
        for i in range(old.n_wishes)
        if rng.random() < 0.9
    ]
    for _ in range(int(rng.integers(0, 2 + old.n_wishes // 5))):
        origin, options, group = wishes.pop() if wishes else (-1, [], 0)
        others = np.setdiff1d(range(old.n_practices), [origin])
        new = rng.permutation(others)[: rng.integers(0, 4)].tolist()
        wishes.insert(0, (origin, new, group))
        if rng.random() < 0.5:
            wishes.append((-1, options, int(rng.integers(0, 3))))
    return ExchangeProblem.build(
        practice_ids=old.practice_ids,
        free_places=np.maximum(
            0, old.free_places + rng.choice([-1, 0, 0, 0, 1], old.n_practices)
        ),
        max_inflow=old.max_inflow,
        wish_ids=[f"n{i}" for i in range(len(wishes))],
        origin=[origin for origin, _, _ in wishes],
        options=[options for _, options, _ in wishes],
        priority_class=[group for _, _, group in wishes],
        waiting_days=rng.choice([0, 7, 8, 400, 4000], len(wishes)),
    )


def prices_of(level: LevelValue) -> NDArray[np.int64]:
    assert level.prices is not None
    return level.prices


def same(one: Result, other: Result) -> bool:
    return all(
        a.value == b.value and prices_of(a).tolist() == prices_of(b).tolist()
        for a, b in zip(one.levels, other.levels, strict=True)
    )


@pytest.mark.parametrize("batch", range(6))
def test_a_changed_round_ends_as_one_solved_anew(batch: int) -> None:
    mended = 0
    for seed in range(200 * batch, 200 * (batch + 1)):
        rng = np.random.default_rng(seed)
        draw = draw_larger if seed % 4 else draw_round
        before = draw(rng, with_caps=seed % 2 == 1)
        levels = LEVELS
        if seed % 3:
            levels = tuple(rng.permutation(LEVELS)[: rng.integers(1, 6)].tolist())
        last = solve(before, params=Params(levels=levels)).levels
        problem = next_week(rng, before)
        params = Params(levels=levels)
        if seed % 5 == 0:
            required = rng.random(problem.n_wishes) < 0.1
            params = replace(params, required=required)
        try:
            cold = solve(problem, params=params)
        except Infeasible:
            with pytest.raises(Infeasible):
                solve(problem, params=params, warm=last)
            continue
        mended += mend(problem, params, last) is not None
        warm = solve(problem, params=params, warm=last)
        assert same(warm, cold), seed
        assert not verify(problem, warm, params=params), seed
    assert mended > 150


def test_prices_of_another_number_of_practices_are_refused() -> None:
    rng = np.random.default_rng(2)
    problem = draw_larger(rng, with_caps=False)
    last = [replace(x, prices=prices_of(x)[:-1]) for x in solve(problem).levels]
    with pytest.raises(InvalidProblem, match="prices"):
        solve(problem, warm=last)


def test_prices_too_large_to_compare_are_left_for_a_new_start() -> None:
    rng = np.random.default_rng(3)
    problem = draw_larger(rng, with_caps=False)
    cold = solve(problem)
    wild = [replace(x, prices=np.full(problem.n_practices, 2**40)) for x in cold.levels]
    assert same(solve(problem, warm=wild), cold)
