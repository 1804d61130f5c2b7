"""Linear programs over pairs: how room is shared and what each kind of it is worth."""

import highspy
import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.routing.assign import N_ROOM, Pairs

INFINITY = highspy.kHighsInf


def quiet() -> highspy.Highs:
    """Return an empty model that prints nothing."""
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    # One thread: the same result everywhere.
    model.setOptionValue("threads", 1)
    return model


def _program(
    pairs: Pairs,
    use: NDArray[np.float64],
    rows: NDArray[np.int64],
    upper: NDArray[np.float64],
    most: float,
) -> highspy.HighsLp:
    """Return min -value x, rows of ``use`` x at most ``upper``, 0 <= x <= most."""
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = pairs.n, upper.size
    lp.col_cost_ = -pairs.value
    lp.col_lower_, lp.col_upper_ = np.zeros(pairs.n), np.full(pairs.n, most)
    lp.row_lower_, lp.row_upper_ = np.full(upper.size, -INFINITY), upper
    filled = use > 0
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.concatenate(([0], np.cumsum(filled.sum(1))))
    lp.a_matrix_.index_ = rows[filled]
    lp.a_matrix_.value_ = use[filled]
    return lp


def _room_rows(pairs: Pairs, first_row: int) -> NDArray[np.int64]:
    rows: NDArray[np.int64] = (
        first_row + N_ROOM * pairs.team[:, None] + np.arange(N_ROOM)
    )
    return rows


class TeamPrices:
    """Prices of room when each team may choose for itself; warm from call to call."""

    def __init__(self, pairs: Pairs) -> None:
        self._model = quiet()
        self._model.passModel(
            _program(pairs, pairs.use, _room_rows(pairs, 0), pairs.room.ravel(), 1.0)
        )
        self._columns = np.arange(pairs.n, dtype=np.int32)

    def find(self, profit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n_teams, 6) prices of room, 0 or more."""
        self._model.changeColsCost(self._columns.size, self._columns, -profit)
        self._model.run()
        dual = -np.array(self._model.getSolution().row_dual)
        price: NDArray[np.float64] = np.maximum(dual.reshape(-1, N_ROOM), 0.0)
        return price


def solve_relaxation(
    pairs: Pairs,
) -> tuple[float, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return bound, prices of requests (n_requests,) and room (n_teams, 6), shares."""
    n = pairs.n_requests
    lp = _program(
        pairs,
        np.column_stack((np.ones(pairs.n), pairs.use)),
        np.column_stack((pairs.request, _room_rows(pairs, n))),
        np.concatenate((np.ones(n), pairs.room.ravel())),
        INFINITY,
    )
    model = quiet()
    model.passModel(lp)
    model.run()
    solution = model.getSolution()
    dual = np.maximum(-np.array(solution.row_dual), 0.0)
    prices, room_price = dual[:n], dual[n:].reshape(-1, N_ROOM)
    # From the prices, not from the objective: any prices of 0 or more give a bound
    # that holds, whatever the tolerances of the solver.
    left = pairs.value - prices[pairs.request]
    left -= (room_price[pairs.team] * pairs.use).sum(1)
    extra = np.zeros(n)
    np.maximum.at(extra, pairs.request, left)
    bound = float(prices.sum() + (room_price * pairs.room).sum() + extra.sum())
    return bound, prices, room_price, np.array(solution.col_value)
