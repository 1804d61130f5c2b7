"""How many people can be covered at most, proven by branch and bound (HiGHS)?

One binary per site, one column per different set of sites that cover somebody. Used
where the own search of ``p_median`` does not end, for few pairs.
"""

from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from wijkspil_engines.access.location.problem import LocationProblem

_INFINITY = highspy.kHighsInf


class Searched(NamedTuple):
    """The best plan found (None: none) and the most people any plan covers."""

    is_open: NDArray[np.bool_] | None
    bound: float


def search_cover(
    covering: LocationProblem, *, seconds: float, max_nodes: int
) -> Searched:
    """Return the best plan and the bound after so many nodes or seconds."""
    m = covering.n_sites
    groups: dict[bytes, tuple[NDArray[np.int32], float]] = {}
    for i in range(covering.n_clients):
        pairs = slice(int(covering.first[i]), int(covering.first[i + 1]))
        sites = np.sort(covering.site[pairs])
        weight = float(covering.weight[i])
        if sites.size and weight:
            before = groups.get(sites.tobytes(), (sites, 0.0))[1]
            groups[sites.tobytes()] = (sites, before + weight)
    k = len(groups)
    if k == 0:
        return Searched(None, 0.0)
    sets = [sites for sites, _ in groups.values()]
    people = np.array([weight for _, weight in groups.values()])
    rows = np.repeat(np.arange(k), [each.size for each in sets])
    sites = np.concatenate(sets)
    covers = sparse.csr_array((np.ones(sites.size), (rows, sites)), shape=(k, m))
    table = sparse.vstack(
        [
            sparse.hstack([covers, -sparse.eye_array(k)]),
            sparse.csr_array(np.concatenate([np.ones(m), np.zeros(k)])[None]),
        ],
        format="csr",
    )
    scale = 1000.0 / people.max()
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = m + k, k + 1
    program.col_cost_ = np.concatenate([np.zeros(m), -people * scale])
    program.col_lower_ = np.concatenate([covering.is_fixed, np.zeros(k)]).astype(float)
    usable = covering.is_fixed | covering.is_candidate
    program.col_upper_ = np.concatenate([usable, np.ones(k)]).astype(float)
    program.row_lower_ = np.concatenate([np.zeros(k), [covering.n_open]])
    program.row_upper_ = np.concatenate([np.full(k, _INFINITY), [covering.n_open]])
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = table.indptr
    program.a_matrix_.index_ = table.indices
    program.a_matrix_.value_ = table.data
    program.integrality_ = [highspy.HighsVarType.kInteger] * m + [
        highspy.HighsVarType.kContinuous
    ] * k
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("mip_rel_gap", 0.0),
        ("mip_max_nodes", max_nodes),
        ("time_limit", max(0.0, min(seconds, 1e9))),
    ):
        model.setOptionValue(name, value)
    model.passModel(program)
    model.run()
    bound = -float(model.getInfo().mip_dual_bound)
    proven = bound * (1 + 1e-7) / scale if np.isfinite(bound) else np.inf
    found = np.array(model.getSolution().col_value)
    is_open = found[:m] > 0.5
    if found.size != m + k or is_open.sum() != covering.n_open:
        return Searched(None, proven)
    return Searched(is_open, proven)
