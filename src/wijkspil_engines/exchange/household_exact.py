"""What is the best plan for few households, proven by branch and bound?

One program per level with the values of the levels before as constraints (HiGHS).
Within reach for some hundreds of wishes; limited in nodes, so that the outcome is the
same on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.problem import (
    LOAD_UNIT,
    NO_LIMIT,
    NONE,
    ExchangeProblem,
    Infeasible,
    option_weights,
)
from wijkspil_engines.exchange.result import taken_practice

#: More options than this are not tried.
MOST_OPTIONS = 2000
_MOST_NODES = 3000
_INFINITY = highspy.kHighsInf
#: Rows, columns and values of a matrix.
_Entries = tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]


class Searched(NamedTuple):
    """The best plan found, and for how many levels it is proven the best."""

    choice: NDArray[np.int32]
    n_proven: int


@dataclass
class Rows:
    """The rows of a program over options (K,): entries, least and most, and count."""

    entries: list[_Entries]
    lower: list[NDArray[np.float64]]
    upper: list[NDArray[np.float64]]
    count: int

    def add(self, worth: NDArray[np.float64], least: float) -> None:
        """Add that the worth (K,) of what is taken is at least this."""
        filled = np.flatnonzero(worth)
        self.entries.append((np.full(filled.size, self.count), filled, worth[filled]))
        self.lower.append(np.array([least]))
        self.upper.append(np.array([_INFINITY]))
        self.count += 1


def room_rows(problem: ExchangeProblem, required: NDArray[np.bool_] | None) -> Rows:
    """Return what every plan keeps: one row per wish, then per practice and kind.

    Kinds: places, load (in ``LOAD_UNIT``), people coming in.
    """
    wish, option = problem.wish_of_option, problem.option
    n, p = problem.n_wishes, problem.n_practices
    columns = np.arange(option.size)
    home = problem.origin[wish]
    leaves = home != NONE
    rows = Rows(
        [(wish, columns, np.ones(option.size))],
        [np.zeros(n) if required is None else required.astype(np.float64)],
        [np.ones(n)],
        n,
    )
    for amount, limit, unit in (
        (problem.size, problem.free_places, 1),
        (problem.load, problem.free_load, LOAD_UNIT),
        (problem.size, problem.max_inflow, 1),
    ):
        used = amount[wish].astype(np.float64) / unit
        rows.entries.append((rows.count + option, columns, used))
        if limit is not problem.max_inflow:
            rows.entries.append(
                (rows.count + home[leaves], columns[leaves], -used[leaves])
            )
        rows.upper.append(np.where(limit >= NO_LIMIT, _INFINITY, limit / unit))
        rows.lower.append(np.full(p, -_INFINITY))
        rows.count += p
    return rows


def search(
    problem: ExchangeProblem,
    levels: Sequence[str],
    required: NDArray[np.bool_] | None,
) -> Searched | None:
    """Return the best plan as far as it can be proven; None if none was found.

    Raises
    ------
    Infeasible
        If it is proven that the required wishes cannot all move.
    """
    wish = problem.wish_of_option
    n, k = problem.n_wishes, problem.option.size
    size = problem.size.astype(np.int64)
    rows = room_rows(problem, required)
    best: NDArray[np.int32] | None = None
    for index, name in enumerate(levels):
        worth = (option_weights(problem, name) * size[wish]).astype(np.float64)
        program = make_program(rows, k, worth)
        model = highspy.Highs()  # type: ignore[no-untyped-call]
        for option_name, value in (
            ("output_flag", False),
            ("threads", 1),
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", 0.5),
            ("mip_max_nodes", _MOST_NODES),
        ):
            model.setOptionValue(option_name, value)
        model.passModel(program)
        if best is not None:
            model.setSolution(_as_solution(problem, best))
        model.run()
        status = model.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible and best is None:
            raise Infeasible("the required wishes cannot all move: too few places")
        found = np.array(model.getSolution().col_value)
        if found.size == k:
            choice = np.full(n, -1, dtype=np.int32)
            taken = np.flatnonzero(found > 0.5)
            choice[wish[taken]] = taken - problem.first_option[wish[taken]]
            if is_possible(problem, choice, required) and (
                best is None
                or _total(problem, choice, worth) >= _total(problem, best, worth)
            ):
                best = choice
        if best is None:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            return Searched(best, index)
        # Levels before stay at least as they are; half a unit for rounding.
        rows.add(worth, _total(problem, best, worth) - 0.5)
    return None if best is None else Searched(best, len(levels))


def make_program(
    rows: Rows, n_columns: int, worth: NDArray[np.float64]
) -> highspy.HighsLp:
    """Return the program of the most worth (K,) with each option taken or not."""
    row, columns, values = (
        np.concatenate([each[part] for each in rows.entries]) for part in range(3)
    )
    order = np.lexsort((row, columns))
    lp = highspy.HighsLp()
    lp.num_col_ = n_columns
    lp.row_lower_, lp.row_upper_ = (
        np.concatenate(rows.lower),
        np.concatenate(rows.upper),
    )
    lp.num_row_ = rows.count
    lp.col_cost_ = -worth
    lp.col_lower_, lp.col_upper_ = np.zeros(n_columns), np.ones(n_columns)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    counts = np.bincount(columns, minlength=n_columns)
    lp.a_matrix_.start_ = np.concatenate(([0], np.cumsum(counts)))
    lp.a_matrix_.index_, lp.a_matrix_.value_ = row[order], values[order]
    lp.integrality_ = [highspy.HighsVarType.kInteger] * n_columns
    return lp


def _as_solution(
    problem: ExchangeProblem, choice: NDArray[np.int32]
) -> highspy.HighsSolution:
    moved = np.flatnonzero(choice >= 0)
    values = np.zeros(problem.option.size)
    values[problem.first_option[moved] + choice[moved]] = 1.0
    solution = highspy.HighsSolution()
    solution.col_value = values
    return solution


def _total(
    problem: ExchangeProblem, choice: NDArray[np.int32], worth: NDArray[np.float64]
) -> float:
    moved = np.flatnonzero(choice >= 0)
    return float(worth[problem.first_option[moved] + choice[moved]].sum())


def is_possible(
    problem: ExchangeProblem,
    choice: NDArray[np.int32],
    required: NDArray[np.bool_] | None,
) -> bool:
    """Return whether people, load and inflow fit and the required wishes move."""
    moved = np.flatnonzero(choice >= 0)
    if required is not None and (choice[required] < 0).any():
        return False
    into = taken_practice(problem, choice)[moved]
    home = problem.origin[moved]
    p = problem.n_practices
    for amount, limit, frees in (
        (problem.size, problem.free_places, True),
        (problem.load, problem.free_load, True),
        (problem.size, problem.max_inflow, False),
    ):
        change = np.zeros(p + 1, dtype=np.int64)
        np.add.at(change, into, amount[moved])
        if frees:
            np.subtract.at(change, home, amount[moved])  # Nowhere is the last.
        if ((change[:p] > limit) & (limit < NO_LIMIT)).any():
            return False
    return True


__all__ = [
    "MOST_OPTIONS",
    "Rows",
    "Searched",
    "is_possible",
    "make_program",
    "room_rows",
    "search",
]
