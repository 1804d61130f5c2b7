"""What can no plan exceed where load counts, and which plan comes near?

The linear program of one level, households split: its prices are of places, of coming
in, of load, and of what was reached on the levels before. Solved by HiGHS, rounded to
whole numbers over a scale, so that what they prove is exact whatever HiGHS rounded.

Its solutions split few households: as many as there are limits that bind. These are
fixed one after the other (``dive``): the plan, if load counts.
"""

from collections.abc import Callable, Sequence
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
#: In diving a level counts so many times the next one.
_SPREAD = 16.0
#: Share of the split households that are fixed at a time, and limits on the work.
_AT_A_TIME, _MOST_STEPS = 0.1, 600
#: In the end: searches, and the shares of households that may do anything.
_FINISHES, _FREE, _FREE_STAYING = 2, 0.3, 0.6
#: Nearer to 0 or 1 than this is whole.
_WHOLE = 1e-6


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


def dive(
    problem: ExchangeProblem,
    names: Sequence[str],
    required: NDArray[np.bool_] | None,
    *,
    seed: int,
    is_over: Callable[[], bool],
) -> NDArray[np.bool_] | None:
    """Return which options (K,) are taken when split households are fixed in turn.

    All levels count at once, each ``_SPREAD`` times the next. Households that are
    nearly whole are fixed, the others flow around them, until none is split. What
    cannot be is forbidden. In the end room is exceeded a little: a short branch and
    bound, in which who moves may stay and some may do anything, makes it fit.
    None if it is over before that.
    """
    n, k = problem.n_wishes, problem.option.size
    wish, first = problem.wish_of_option, problem.first_option
    worth = np.zeros(k)
    for power, name in enumerate(reversed(names)):
        each = option_weights(problem, name).astype(float)
        worth += each / max(1.0, np.abs(each).max(initial=1.0)) * _SPREAD**power
    worth *= problem.size[wish] / _SPREAD ** (len(names) // 2)
    program = make_program(room_rows(problem, required), k, worth)
    program.integrality_ = []
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
        model.setOptionValue(option, value)
    model.passModel(program)
    must = np.zeros(n, dtype=np.bool_) if required is None else required.copy()
    fixed = np.zeros(n, dtype=np.bool_)
    upper = np.ones(k)
    taken: NDArray[np.float64] | None = None
    rng = np.random.default_rng(seed)

    def bind(wishes: NDArray[np.int64], target: NDArray[np.int64] | None) -> None:
        """Fix wishes at an option (K,) each, -1 for staying; None lets go."""
        columns = np.flatnonzero(np.isin(wish, wishes)).astype(np.int32)
        low, high = np.zeros(columns.size), upper[columns]
        if target is not None:
            low = high = np.isin(columns, target).astype(float)
        model.changeColsBounds(columns.size, columns, low, high)
        fixed[wishes] = target is not None

    def solve() -> bool:
        model.run()
        return bool(model.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    at_a_time = _AT_A_TIME
    is_solved = solve()
    for _ in range(_MOST_STEPS):
        if not is_solved or is_over():
            break
        taken = np.array(model.getSolution().col_value)
        is_split = (taken > _WHOLE) & (taken < 1 - _WHOLE) & ~fixed[wish]
        if not is_split.any():
            break
        split = np.unique(wish[is_split])
        stays = 1 - np.bincount(wish, taken, minlength=n)
        target = np.array(
            [first[i] + taken[first[i] : first[i + 1]].argmax() for i in split]
        )
        share = taken[target]
        target = np.where((share >= stays[split]) | must[split], target, -1)
        order = np.argsort(-np.maximum(share, stays[split]), kind="stable")
        chosen = order[: max(1, int(order.size * at_a_time))]
        bind(split[chosen], target[chosen])
        is_solved = solve()
        if is_solved:
            at_a_time = _AT_A_TIME
            continue
        bind(split[chosen], None)
        if chosen.size > 1:
            at_a_time = 0.0
            is_solved = solve()
            continue
        who, tried = split[chosen], int(target[chosen][0])
        if tried >= 0:
            upper[tried] = 0.0
            bind(who, None)
        else:
            must[who] = True
            model.changeRowBounds(int(who[0]), 1.0, 1.0)
        is_solved = solve()
    if taken is None or is_over():
        return None
    plan: NDArray[np.bool_] | None = None
    for _ in range(_FINISHES):
        plan = _finish(problem, program, taken, plan, rng)
        if plan is None or is_over():
            break
        taken = plan.astype(float)
    return plan


def _finish(
    problem: ExchangeProblem,
    program: highspy.HighsLp,
    taken: NDArray[np.float64],
    plan: NDArray[np.bool_] | None,
    rng: np.random.Generator,
) -> NDArray[np.bool_] | None:
    """Return a plan that fits: who moves may stay, some may do anything (K,)."""
    n, k, wish = problem.n_wishes, problem.option.size, problem.wish_of_option
    stays = np.bincount(wish, taken > 1 - _WHOLE, minlength=n) == 0
    is_free = rng.random(n) < np.where(stays, _FREE_STAYING, _FREE)
    program.col_upper_ = ((taken > _WHOLE) | is_free[wish]).astype(float)
    program.integrality_ = [highspy.HighsVarType.kInteger] * k
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("mip_rel_gap", 0.003),
        ("mip_max_nodes", 3),
    ):
        model.setOptionValue(option, value)
    model.passModel(program)
    if plan is not None:
        solution = highspy.HighsSolution()
        solution.col_value = plan.astype(float)
        model.setSolution(solution)
    model.run()
    found = np.array(model.getSolution().col_value)
    return found > 0.5 if found.size == k else plan


__all__ = ["MOST_OPTIONS", "dive", "prove_by_program"]
