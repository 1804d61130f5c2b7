"""Most people helped, level after level, proven: for single persons.

Each level is solved to the end with a whole price per practice. What follows from
those prices holds for every plan that is as good: places that are not worth most to a
person at these prices are used by none of them, a practice with a price is full in
all of them (complementary slackness). Only such plans are left to the next level.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange import face
from wijkspil_engines.exchange.problem import (
    NO_LIMIT,
    ExchangeProblem,
    Infeasible,
    InvalidProblem,
    Params,
)
from wijkspil_engines.exchange.result import (
    LevelValue,
    Progress,
    Result,
    level_value,
    make_result,
)
from wijkspil_engines.exchange.warm import Prices, mend

#: A level with larger worths is solved coarsely first, this many bits at a time.
_BITS = 3

#: Pairs are listed anew when fewer than this share of the places are left.
_REUSE = 0.9


@dataclass(eq=False)
class _Left:
    """What is left to decide: people, their places, and room at the nodes."""

    first: NDArray[np.int64]
    node: NDArray[np.int32]
    rank: NDArray[np.int8]
    person: NDArray[np.int32]
    pos: NDArray[np.int64]
    cap: NDArray[np.int64]
    equal: NDArray[np.bool_]
    twin: NDArray[np.int32]
    thru: NDArray[np.int64]
    limit: NDArray[np.int64]
    #: The practice of an entry whose door has a price from a level before.
    shut: NDArray[np.int32]
    #: Pairs of nodes, and how many places there were when they were listed.
    pairs: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]] | None = None
    n_paired: int = 0


def solve_optimum(
    problem: ExchangeProblem,
    *,
    params: Params,
    seed: int = 0,
    warm: Sequence[LevelValue] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Solve a problem of single persons to the proven optimum of every level.

    Parameters
    ----------
    warm
        Levels to begin from, those of the last round: only their prices are used.

    Raises
    ------
    InvalidProblem
        If there are households of more than one, or loads that differ.
    Infeasible
        If the required wishes cannot all move.
    """
    started = time.perf_counter()
    if not problem.is_unit:
        raise InvalidProblem("only single persons with one load", field="size")
    mended = mend(problem, params, warm) if warm else None
    choice, levels = mended or _solve_anew(problem, params, progress)
    values = tuple(
        LevelValue(
            name=name,
            value=(value := level_value(problem, choice, name)),
            bound=value,
            prices=prices,
            entry_prices=entry_prices,
        )
        for name, prices, entry_prices in levels
    )
    return make_result(
        problem,
        choice,
        status="optimal",
        mechanism="optimum",
        seed=seed,
        seconds=time.perf_counter() - started,
        levels=values,
        bound_people=next((v.bound for v in values if v.name == "moved"), None),
        seat_prices=next((v.prices for v in values if v.name == "moved"), None),
    )


def _solve_anew(
    problem: ExchangeProblem, params: Params, progress: Progress | None
) -> tuple[NDArray[np.int32], list[Prices]]:
    n_places = problem.n_practices
    left, taken = _lay_out(problem, params)
    levels: list[Prices] = []
    for index, name in enumerate(params.levels):
        if progress is not None:
            progress(name, index, len(params.levels))
        worth = _worth(problem, left, name)
        price = np.zeros(left.cap.size, dtype=np.int64)
        _solve_level(left, worth, price, n_places)
        prices, entry_prices = _close_doors(left, price, n_places)
        levels.append((name, prices, entry_prices))
        left = _narrow(left, worth, price, n_places, taken)
    taken[left.person] = left.rank[left.pos]
    return taken.astype(np.int32), levels


def _lay_out(
    problem: ExchangeProblem, params: Params
) -> tuple[_Left, NDArray[np.int8]]:
    n_places = problem.n_practices
    required = params.required
    if required is None:
        required = np.zeros(problem.n_wishes, dtype=np.bool_)
    lengths = np.diff(problem.first_option)
    stuck = np.flatnonzero(required & (lengths == 0))
    if stuck.size:
        raise Infeasible(
            f"{problem.wish_ids[stuck[0]]!r} must move and has no option; "
            f"{stuck.size} such wishes"
        )
    wanted = np.bincount(problem.option, minlength=n_places)
    narrow = np.flatnonzero(problem.max_inflow < np.minimum(wanted, NO_LIMIT))
    entry = np.full(n_places, -1, dtype=np.int32)
    entry[narrow] = n_places + 1 + np.arange(narrow.size)
    first, node, rank, person, settled = face.lay_out(
        problem.first_option, problem.option, problem.origin, required, entry, n_places
    )
    n_nodes = n_places + 1 + narrow.size
    settled = settled[:n_nodes]
    home = problem.origin[problem.origin >= 0]
    cap = np.zeros(n_nodes, dtype=np.int64)
    cap[:n_places] = problem.unit_places + np.bincount(home, minlength=n_places)
    cap -= settled
    cap[n_places] = NO_LIMIT
    equal = np.zeros(n_nodes, dtype=np.bool_)
    equal[n_places + 1 :] = True
    twin = np.full(n_nodes, -1, dtype=np.int32)
    twin[narrow] = entry[narrow]
    twin[entry[narrow]] = narrow
    limit = np.zeros(n_nodes, dtype=np.int64)
    limit[n_places + 1 :] = problem.max_inflow[narrow]
    left = _Left(
        first=first,
        node=node,
        rank=rank,
        person=person,
        pos=first[:-1].copy(),
        cap=cap,
        equal=equal,
        twin=twin,
        thru=np.zeros(n_nodes, dtype=np.int64),
        limit=limit,
        shut=np.full(n_nodes, -1, dtype=np.int32),
    )
    taken = np.full(problem.n_wishes, -1, dtype=np.int8)
    taken[required & (lengths == 1)] = 0
    return left, taken


def _worth_of_person(
    problem: ExchangeProblem, left: _Left, name: str
) -> NDArray[np.int64]:
    """Return what moving is worth on a level, by person."""
    if name == "moved":
        return np.ones(left.person.size, dtype=np.int64)
    if name == "waiting":
        return problem.capped_days[left.person]
    one: NDArray[np.int64] = (problem.priority_class == int(name[-1])).astype(np.int64)
    return one[left.person]


def _worth(problem: ExchangeProblem, left: _Left, name: str) -> NDArray[np.int32]:
    """Return what each place left is worth on a level."""
    if name == "rank":
        return -np.maximum(left.rank, 0).astype(np.int32)
    if name == "moved":
        return (left.rank >= 0).astype(np.int32)
    each = _worth_of_person(problem, left, name).astype(np.int32)
    worth = np.repeat(each, np.diff(left.first))
    worth[left.rank < 0] = 0
    return worth


def _solve_level(
    left: _Left, worth: NDArray[np.int32], price: NDArray[np.int64], n_places: int
) -> None:
    """Move ``left.pos`` and ``price`` to the optimum of a level."""
    n_nodes = price.size
    if left.pairs is None or left.node.size < _REUSE * left.n_paired:
        left.pairs = face.find_pairs(n_nodes, left.first, left.node)
        left.n_paired = left.node.size
    start, to, back = left.pairs
    n_entries = left.node.size - left.person.size
    n_entries += n_entries // 2 + 1000
    key = np.empty(n_entries, dtype=np.int32)
    pool = np.empty((n_entries, 3), dtype=np.int32)
    free = np.zeros(1, dtype=np.int32)
    root = np.empty(to.size, dtype=np.int32)
    least = np.empty(to.size, dtype=np.int32)
    least_in = np.empty(to.size, dtype=np.int32)
    counts = np.zeros(3, dtype=np.int64)
    top = int(np.abs(worth).max(initial=0)).bit_length()
    shift = max(0, -(-(top - _BITS) // _BITS) * _BITS) if top > 2 * _BITS else 0
    price >>= shift
    while True:
        coarse = worth >> shift
        occ = np.bincount(left.node[left.pos], minlength=n_nodes)
        left.thru[:] = 0
        _pass_doors(left, price, occ, n_places)
        face.choose(left.first, left.node, coarse, left.pos, price, left.cap, occ)
        _pass_doors(left, price, occ, n_places)
        while True:
            face.fill_heaps(
                left.first, left.node, coarse, left.pos, start, to, back, root, least,
                least_in, key, pool, free,
            )  # fmt: skip
            found = face.clear(
                n_places, left.first, left.node, coarse, left.pos, price, left.cap,
                occ, left.equal, left.twin, left.thru, left.limit, start, to, back,
                root, least, least_in, key, pool, free, counts,
            )  # fmt: skip
            if found != 3:
                break
        if found:
            raise Infeasible("the required wishes cannot all move: too few places")
        if shift == 0:
            break
        shift -= _BITS
        price <<= _BITS
    face.lower(
        n_places, price, left.equal, occ, left.twin, left.thru, left.limit, start, to,
        least,
    )  # fmt: skip


def _pass_doors(
    left: _Left, price: NDArray[np.int64], occ: NDArray[np.int64], n_places: int
) -> None:
    """Let who is at an entry pass its door: as many as its price asks."""
    entry = n_places + 1 + np.flatnonzero(left.twin[n_places + 1 :] >= 0)
    if entry.size == 0:
        return
    inside, limit = left.twin[entry], left.limit[entry]
    before = left.thru[entry]
    there = occ[entry] + before - left.cap[entry]
    thru = np.minimum(there, limit)
    thru[price[entry] > price[inside]] = limit[price[entry] > price[inside]]
    thru[price[entry] < price[inside]] = 0
    occ[entry] += before - thru
    occ[inside] += thru - before
    left.thru[entry] = thru


def _close_doors(
    left: _Left, price: NDArray[np.int64], n_places: int
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Return the prices of places and of coming in; a door with a price stays full."""
    entry = n_places + 1 + np.flatnonzero(left.twin[n_places + 1 :] >= 0)
    coming_in = np.zeros(n_places, dtype=np.int64)
    if entry.size:
        inside = left.twin[entry]
        price[entry] = np.maximum(price[entry], price[inside])
        coming_in[inside] = price[entry] - price[inside]
    shut = n_places + 1 + np.flatnonzero(left.shut[n_places + 1 :] >= 0)
    coming_in[left.shut[shut]] = price[shut] - price[left.shut[shut]]
    closing = entry[price[entry] > price[left.twin[entry]]]
    inside = left.twin[closing]
    left.cap[closing] += left.limit[closing]
    left.cap[inside] -= left.limit[closing]
    left.thru[closing] = 0
    left.shut[closing] = inside
    left.twin[closing] = -1
    left.twin[inside] = -1
    return price[:n_places].copy(), coming_in if coming_in.any() else None


def _narrow(
    left: _Left,
    worth: NDArray[np.int32],
    price: NDArray[np.int64],
    n_places: int,
    taken: NDArray[np.int8],
) -> _Left:
    cap = left.cap.copy()
    first, node, pos, person, rank = face.narrow(
        left.first, left.node, worth, left.pos, price, cap, left.person, left.rank,
        taken,
    )  # fmt: skip
    equal = left.equal | (price != 0)
    equal[n_places] = False
    cap[n_places] = NO_LIMIT
    return _Left(
        first,
        node,
        rank,
        person,
        pos,
        cap,
        equal,
        left.twin,
        left.thru,
        left.limit,
        left.shut,
        left.pairs,
        left.n_paired,
    )
