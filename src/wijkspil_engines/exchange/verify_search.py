"""Is there really no better plan, where branch and bound says so and no prices do?

For few wishes only. The program is set up anew, in other code than the solver's. If
households that may split do no better, that proves the level. Else a better plan is
searched for once more: that none is found rests on the search (HiGHS), not on prices.
"""

import math
from collections.abc import Sequence

import highspy
import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.problem import NO_LIMIT, ExchangeProblem
from wijkspil_engines.exchange.result import LevelValue

_MOST_NODES = 10_000
_ROUNDING = 1e-5


def can_be_better(
    problem: ExchangeProblem,
    levels: Sequence[LevelValue],
    required: NDArray[np.bool_] | None,
    *,
    split: bool,
) -> bool:
    """Return whether a plan betters the last level and is as good on those before.

    With ``split`` households may split. False also if a search takes too long.
    """
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("mip_max_nodes", _MOST_NODES)
    worths = [[_worth(problem, level, k) for level in levels] for k in _slots(problem)]
    people: list[dict[int, float]] = [{} for _ in range(problem.n_practices)]
    load: list[dict[int, float]] = [{} for _ in range(problem.n_practices)]
    came: list[dict[int, float]] = [{} for _ in range(problem.n_practices)]
    once: dict[int, list[int]] = {}
    for column, (wish, rank) in enumerate(_slots(problem)):
        model.addCol(-float(worths[column][-1]), 0.0, 1.0, 0, [], [])
        once.setdefault(wish, []).append(column)
        b = int(problem.option[problem.first_option[wish] + rank])
        size, weight = float(problem.size[wish]), float(problem.load[wish]) / 1000
        people[b][column], load[b][column], came[b][column] = size, weight, size
        home = int(problem.origin[wish])
        if home >= 0:
            people[home][column], load[home][column] = -size, -weight
    infinity = highspy.kHighsInf

    def add(least: float, most: float, row: dict[int, float]) -> None:
        model.addRow(least, most, len(row), list(row), list(row.values()))

    for wish, columns in once.items():
        must = required is not None and bool(required[wish])
        add(float(must), 1.0, dict.fromkeys(columns, 1.0))
    for b in range(problem.n_practices):
        for row, limit, unit in (
            (people[b], int(problem.free_places[b]), 1),
            (load[b], int(problem.free_load[b]), 1000),
            (came[b], int(problem.max_inflow[b]), 1),
        ):
            if limit < NO_LIMIT and row:
                add(-infinity, limit / unit, row)
    for each, level in enumerate(levels[:-1]):
        row = {k: float(worth[each]) for k, worth in enumerate(worths) if worth[each]}
        add(_signed(level) - 0.5 * (not split), infinity, row)
    goal = _signed(levels[-1])
    if not split:
        row = {k: float(worth[-1]) for k, worth in enumerate(worths) if worth[-1]}
        add(goal + 0.5, infinity, row)
        integer = highspy.HighsVarType.kInteger
        for column in range(len(worths)):
            model.changeColIntegrality(column, integer)
    if worths:
        model.run()
    status = model.getModelStatus()
    if not split:
        return bool(
            model.getInfo().primal_solution_status
            == highspy.SolutionStatus.kSolutionStatusFeasible
        )
    if not worths or status != highspy.HighsModelStatus.kOptimal:
        return bool(worths)
    most = -float(model.getInfo().objective_function_value)
    return math.floor(most + _ROUNDING * max(1.0, abs(most))) > goal


def _slots(problem: ExchangeProblem) -> list[tuple[int, int]]:
    lengths = np.diff(problem.first_option).tolist()
    return [(wish, rank) for wish, n in enumerate(lengths) for rank in range(n)]


def _signed(level: LevelValue) -> int:
    return -level.value if level.name == "rank" else level.value


def _worth(problem: ExchangeProblem, level: LevelValue, slot: tuple[int, int]) -> int:
    wish, rank = slot
    each = {
        "class0": int(problem.priority_class[wish] == 0),
        "class1": int(problem.priority_class[wish] == 1),
        "moved": 1,
        "waiting": min(int(problem.waiting_days[wish]), 3650),
        "rank": -rank,
    }[level.name]
    return each * int(problem.size[wish])


__all__ = ["can_be_better"]
