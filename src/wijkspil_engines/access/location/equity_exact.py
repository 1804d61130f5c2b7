"""How much can the worst-off have at most, proven by branch and bound (HiGHS)?

One binary per site; the edge t of the worst-off and, per client, how far below t. The
most of t minus the people below it times how far, over the share.
"""

from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from wijkspil_engines.access.location.core import Floats, States
from wijkspil_engines.access.location.equity_core import Sites

_INFINITY = highspy.kHighsInf
#: HiGHS decides to within 1e-6; costs are scaled so that this is far below a site.
_SCALE_TO = 1000.0
_SLACK = 1e-7


class Searched(NamedTuple):
    """The best plan found (None: none) and the bound, in access per person."""

    is_open: NDArray[np.bool_] | None
    bound: float


def search_worst(
    sites: Sites,
    people: Floats,
    share: float,
    state: States,
    n_open: int,
    start: NDArray[np.bool_],
    *,
    seconds: float,
    max_nodes: int,
) -> Searched:
    """Return the best plan and the bound after so many nodes or seconds."""
    n, m = people.size, state.size
    largest = float(sites.worth.max(initial=0.0))
    if largest == 0.0:
        return Searched(None, 0.0)
    scale = _SCALE_TO / largest
    worth = sparse.csc_array((sites.worth * scale, sites.client, sites.first), (n, m))
    # Columns: sites, how far each client is below the edge, the edge.
    clients = sparse.hstack(
        [worth, sparse.eye_array(n), -np.ones((n, 1))], format="csr"
    )
    count = sparse.csr_array(np.concatenate([np.ones(m), np.zeros(n + 1)])[None])
    rows = sparse.vstack([clients, count], format="csr")
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = m + n + 1, n + 1
    program.col_cost_ = np.concatenate([np.zeros(m), people / share, [-1.0]])
    program.col_lower_ = np.concatenate([state == 1, np.zeros(n + 1)]).astype(float)
    program.col_upper_ = np.concatenate([state >= 0, np.full(n + 1, _INFINITY)]).astype(
        float
    )
    program.row_lower_ = np.concatenate([np.zeros(n), [n_open]])
    program.row_upper_ = np.concatenate([np.full(n, _INFINITY), [n_open]])
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = rows.indptr
    program.a_matrix_.index_ = rows.indices
    program.a_matrix_.value_ = rows.data
    program.integrality_ = [highspy.HighsVarType.kInteger] * m + [
        highspy.HighsVarType.kContinuous
    ] * (n + 1)
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("mip_rel_gap", 0.0),
        ("mip_max_nodes", max_nodes),
        ("time_limit", min(seconds, 1e9)),
    ):
        model.setOptionValue(name, value)
    model.passModel(program)
    model.run()
    info = model.getInfo()
    bound = -float(info.mip_dual_bound)
    proven = (bound + _SLACK * abs(bound)) / scale if np.isfinite(bound) else np.inf
    found = np.array(model.getSolution().col_value)
    if found.size != m + n + 1 or round(found[:m].sum()) != n_open:
        return Searched(None, proven)
    is_open = found[:m] > 0.5
    if is_open.sum() != n_open:
        return Searched(None, proven)
    return Searched(is_open, proven)
