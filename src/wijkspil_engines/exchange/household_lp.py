"""What can no plan exceed where load counts, and which plan comes near?

The linear program of one level, households split: its prices are of places, of coming
in, of load, and of what was reached on the levels before. Solved by HiGHS, rounded to
whole numbers over a scale, so that what they prove is exact whatever HiGHS rounded.

Its solutions split few households: as many as there are limits that bind. That is
where a plan begins from, if load counts.
"""

from collections.abc import Sequence
from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.household_bound import Layout, Proof
from wijkspil_engines.exchange.household_exact import Rows, make_program, room_rows
from wijkspil_engines.exchange.problem import (
    LOAD_UNIT,
    NO_LIMIT,
    ExchangeProblem,
    option_weights,
)

#: More options than this are not tried.
MOST_OPTIONS = 20_000
#: Prices are in parts of at most this.
_MOST_SCALE = 2**24
_MOST_PRICE = 2.0**38


class _Solved(NamedTuple):
    value: float
    taken: NDArray[np.float64]
    row_dual: NDArray[np.float64]


def _solve(rows: Rows, n_columns: int, worth: NDArray[np.float64]) -> _Solved | None:
    program = make_program(rows, n_columns, worth)
    program.integrality_ = []
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.passModel(program)
    model.run()
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = model.getSolution()
    return _Solved(
        -float(model.getInfo().objective_function_value),
        np.array(solution.col_value),
        np.array(solution.row_dual),
    )


def prove_by_program(
    layout: Layout,
    row: int,
    names: Sequence[str],
    values: Sequence[int],
    required: NDArray[np.bool_] | None,
) -> Proof | None:
    """Return prices that bound a level, given what was reached before it.

    ``values`` (L,) as ``Layout.values``. None if HiGHS found no optimum.
    """
    problem = layout.problem
    p, k = problem.n_practices, problem.option.size
    people = problem.size[problem.wish_of_option]
    worths = [(option_weights(problem, name) * people).astype(float) for name in names]
    rows = room_rows(problem, required)
    index = row - layout.n_extra
    for worth, value in zip(worths[:index], values[layout.n_extra :], strict=False):
        rows.add(worth, value)
    solved = _solve(rows, k, worths[index])
    if solved is None:
        return None
    price = np.maximum(-solved.row_dual[problem.n_wishes :], 0.0)
    place, load, entry = (price[each * p : (each + 1) * p] for each in range(3))
    load = load / LOAD_UNIT
    earlier = np.maximum(solved.row_dual[problem.n_wishes + 3 * p :], 0.0)
    if (problem.load == problem.size.astype(np.int64) * LOAD_UNIT).all():
        # Load is a limit on people then, and in the places.
        place, load = place + load * LOAD_UNIT, np.zeros(p)
    largest = max(
        float(each.max(initial=0.0)) for each in (place, load, entry, earlier)
    )
    scale = _MOST_SCALE
    while scale > 1 and largest * scale > _MOST_PRICE:
        scale //= 2
    if largest * scale > _MOST_PRICE:
        return None

    def whole(given: NDArray[np.float64]) -> NDArray[np.int64]:
        made: NDArray[np.int64] = np.rint(given * scale).astype(np.int64)
        return made

    entry = np.where(problem.max_inflow < NO_LIMIT, entry, 0.0)
    load = np.where(problem.free_load < NO_LIMIT, load, 0.0)
    weights = (0,) * layout.n_extra + tuple(whole(earlier).tolist())
    return Proof(row, weights, scale, whole(place), whole(entry), whole(load))


def split_best(
    problem: ExchangeProblem,
    names: Sequence[str],
    required: NDArray[np.bool_] | None,
) -> NDArray[np.float64] | None:
    """Return how much of each option (K,) the best plan takes if households split.

    Level after level, as far as rounding allows.
    """
    k = problem.option.size
    people = problem.size[problem.wish_of_option]
    rows = room_rows(problem, required)
    taken: NDArray[np.float64] | None = None
    for name in names:
        worth = (option_weights(problem, name) * people).astype(float)
        solved = _solve(rows, k, worth)
        if solved is None:
            return taken
        taken = solved.taken
        rows.add(worth, solved.value - 1e-6 * max(1.0, abs(solved.value)))
    return taken


__all__ = ["MOST_OPTIONS", "prove_by_program", "split_best"]
