"""Small rounds, and the slow answer to each: every plan tried."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange import (
    NO_LIMIT,
    ExchangeProblem,
    level_value,
)


def draw_round(rng: np.random.Generator, *, with_caps: bool) -> ExchangeProblem:
    """Draw a round of at most six single persons and five practices."""
    p, w = int(rng.integers(2, 6)), int(rng.integers(1, 7))
    origin = rng.integers(-1, p, w)
    options = []
    for here in origin:
        others = [b for b in range(p) if b != here]
        rng.shuffle(others)
        options.append(others[: rng.integers(0, min(4, len(others) + 1))])
    return ExchangeProblem.build(
        practice_ids=[f"p{b}" for b in range(p)],
        free_places=rng.choice([0, 0, 0, 1, 2], p),
        wish_ids=[f"w{i}" for i in range(w)],
        origin=origin,
        options=options,
        priority_class=rng.integers(0, 3, w),
        waiting_days=rng.choice([0, 1, 2, 3, 500, 5000, int(rng.integers(0, 100))], w),
        max_inflow=rng.choice([0, 1, 2, NO_LIMIT, NO_LIMIT], p) if with_caps else None,
    )


def best_values(
    problem: ExchangeProblem,
    levels: Sequence[str],
    required: NDArray[np.bool_] | None = None,
) -> tuple[int, ...] | None:
    """Return the best value of each level, more is better; None if nothing is."""
    lengths = np.diff(problem.first_option).tolist()
    least = [
        0 if required is not None and required[i] else -1
        for i in range(problem.n_wishes)
    ]
    best: tuple[int, ...] | None = None
    for plan in itertools.product(
        *(range(low, high) for low, high in zip(least, lengths, strict=True))
    ):
        came = [0] * problem.n_practices
        left = [0] * problem.n_practices
        for i, k in enumerate(plan):
            if k >= 0:
                came[problem.option[problem.first_option[i] + k]] += 1
                if problem.origin[i] >= 0:
                    left[problem.origin[i]] += 1
        if any(
            came[b] - left[b] > problem.free_places[b]
            or came[b] > problem.max_inflow[b]
            for b in range(problem.n_practices)
        ):
            continue
        choice = np.array(plan, dtype=np.int32)
        value = tuple(
            (-1 if name == "rank" else 1) * level_value(problem, choice, name)
            for name in levels
        )
        if best is None or value > best:
            best = value
    return best
