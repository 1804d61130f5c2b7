"""Programs over pairs: how room is shared, what it is worth, and who gets it whole."""

import highspy
import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.routing.assign import N_ROOM, Pairs

INFINITY = highspy.kHighsInf
#: Room that a whole solution may exceed by rounding.
_TINY = 1e-6


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


def _shared_program(pairs: Pairs) -> highspy.HighsLp:
    """Return the relaxation: rows of the requests, then of the room of each team."""
    n = pairs.n_requests
    return _program(
        pairs,
        np.column_stack((np.ones(pairs.n), pairs.use)),
        np.column_stack((pairs.request, _room_rows(pairs, n))),
        np.concatenate((np.ones(n), pairs.room.ravel())),
        INFINITY,
    )


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
    model = quiet()
    model.passModel(_shared_program(pairs))
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


def solve_whole(
    pairs: Pairs,
    start: NDArray[np.int64],
    *,
    least: int,
    seconds: float,
    max_nodes: int,
) -> tuple[float, NDArray[np.int64]]:
    """Search by branch and cut, from an assignment (pairs by request, or -1) on.

    Parameters
    ----------
    least
        Requests to place; ``start`` does.
    seconds, max_nodes
        Ends after so long or so many nodes; the nodes alone are the same everywhere.

    Returns
    -------
    bound, chosen
        What no assignment that places enough exceeds (infinite if the time was too
        short for any), within the tolerances of HiGHS; the best assignment met.
    """
    model = quiet()
    model.passModel(_shared_program(pairs))
    columns = np.arange(pairs.n, dtype=np.int32)
    whole = np.full(pairs.n, highspy.HighsVarType.kInteger)
    model.changeColsIntegrality(pairs.n, columns, whole)
    model.addRow(least, INFINITY, pairs.n, columns, np.ones(pairs.n))
    solution = highspy.HighsSolution()
    shares = np.zeros(pairs.n)
    shares[start[start >= 0]] = 1.0
    solution.col_value = shares.tolist()
    model.setSolution(solution)
    # Until it is proven, not until the gap is usual.
    model.setOptionValue("mip_rel_gap", 0.0)
    # Below zero it would be refused, and there would be no limit.
    model.setOptionValue("time_limit", max(seconds, 0.0))
    model.setOptionValue("mip_max_nodes", max_nodes)
    model.run()
    bound = -model.getInfo().mip_dual_bound
    hit = np.flatnonzero(np.array(model.getSolution().col_value) > 0.5)
    chosen = np.full(pairs.n_requests, -1)
    chosen[pairs.request[hit]] = hit
    used = np.zeros_like(pairs.room)
    np.add.at(used, pairs.team[hit], pairs.use[hit])
    if (used > pairs.room + _TINY).any() or pairs.total(chosen) < pairs.total(start):
        return bound, start
    return bound, chosen
