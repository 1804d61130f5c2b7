"""What can no plan for households exceed, level by level?

Households that could be split give a bound: the splittable problem is solved exactly,
with prices (``household_flow``). All levels are one weighted sum: what a level is
worth outweighs any chain of moves met in practice on the levels after it (``SPREAD``
times its largest worth). The prices of the sum fall apart in one price per level, as
digits do. Any prices and any weights of earlier levels give a bound that holds:

    value <= sum of free places x p + sum of max inflow x m
             + sum over wishes of max(0, best over its options of size x
                  (worth + earlier weights x earlier worths + p(a) - p(b) - m(b)))
             - earlier weights x earlier values

for every plan that is as good as this one on the earlier levels. The flow leaves load
out: a limit on it can only lower what is possible. ``household_lp`` has prices for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.household_flow import Flow
from wijkspil_engines.exchange.problem import (
    LOAD_UNIT,
    NO_LIMIT,
    NONE,
    ExchangeProblem,
    InvalidProblem,
    option_weights,
)
from wijkspil_engines.exchange.result import LevelValue

#: A level outweighs this many times the largest worth of the level after it.
SPREAD = 64
#: Weighted sums must stay below this.
_MOST_WEIGHT = 2**50
#: Prices of a level after a level with a gap are in parts of this.
_SCALE = 4
#: Worth of what cannot be.
_NEVER = np.int64(2**61)
#: Bits of a worth that are added at a time.
_BITS = 3


@dataclass(frozen=True, eq=False)
class Layout:
    """The slots of a problem, one row each, and what a person there is worth.

    ``option`` (S,) row of the option of each slot, -1 for staying and for quotas.
    ``size`` (H,) people of a household, 0 for a quota of coming in. ``wish`` (H,).
    ``door`` (P,) node that people come in through, the practice itself if inflow is
    not limited. ``worth`` (L, S) of one person, by level; the first is ``required``
    if any wish is. ``weight`` (L,) what one unit of each level counts for.
    """

    problem: ExchangeProblem
    flow: Flow
    option: NDArray[np.int64]
    size: NDArray[np.int32]
    wish: NDArray[np.int64]
    door: NDArray[np.int64]
    worth: NDArray[np.int32]
    weight: tuple[int, ...]
    n_required: int
    #: (wishes laid out,) which must move.
    is_required: NDArray[np.bool_]

    @property
    def n_extra(self) -> int:
        """How many rows come before those of the levels."""
        return int(self.n_required > 0)

    def flow_at_home(self) -> NDArray[np.int32]:
        """Return the people on slots when everybody stays and all quotas are left."""
        people = np.zeros(self.option.size, dtype=np.int32)
        begins = self.flow.slot[:-1]
        n = self.wish.size
        people[begins[:n]] = self.size[:n]
        narrow = self.flow.node[begins[n:] + 1]
        people[begins[n:]] = self.problem.max_inflow[narrow]
        return people

    @property
    def sizes(self) -> NDArray[np.int32]:
        """Sizes of households, largest first."""
        found: NDArray[np.int32] = np.unique(self.size[self.size > 0])[::-1].copy()
        return found

    def values(self, people: NDArray[np.int32]) -> list[int]:
        """Return what people on slots come to at each level (``rank`` negative)."""
        return [int(np.dot(row.astype(np.int64), people)) for row in self.worth]


def places_of(problem: ExchangeProblem) -> NDArray[np.int64]:
    """Return the free places (P,), fewer where load says so for everybody alike."""
    if bool((problem.load == problem.size.astype(np.int64) * LOAD_UNIT).all()):
        return problem.unit_places
    return problem.free_places


def lay_out(
    problem: ExchangeProblem,
    levels: Sequence[str],
    required: NDArray[np.bool_] | None,
) -> Layout:
    """Put a problem on slots, households with the same first option together."""
    p = problem.n_practices
    lengths = np.diff(problem.first_option)
    has_option = np.flatnonzero(lengths > 0)
    order = has_option[
        np.argsort(problem.option[problem.first_option[has_option]], kind="stable")
    ]
    size = problem.size[order].astype(np.int64)
    # People that could come: where no more can, a limit on inflow changes nothing.
    could_come = np.bincount(
        problem.option, weights=problem.size[problem.wish_of_option], minlength=p
    ).astype(np.int64)
    narrow = np.flatnonzero(problem.max_inflow < could_come)
    nowhere = p + narrow.size
    door = np.arange(p, dtype=np.int64)
    door[narrow] = p + np.arange(narrow.size)

    count = lengths[order] + 1
    slot = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
    n_slots = int(slot[-1])
    is_stay = np.zeros(n_slots, dtype=np.bool_)
    is_stay[slot[:-1]] = True
    option = np.arange(n_slots) - np.repeat(slot[:-1], count) - 1
    option += np.repeat(problem.first_option[order], count)
    option[is_stay] = -1
    node = np.empty(n_slots, dtype=np.int64)
    home = problem.origin[order]
    node[is_stay] = np.where(home == NONE, nowhere, home)
    node[~is_stay] = door[problem.option[option[~is_stay]]]
    household = np.repeat(np.arange(order.size), count)
    # A quota: as many places at the door as may come in; taken ones sit inside.
    quota = problem.max_inflow[narrow]
    q = narrow.size
    slot = np.concatenate((slot, slot[-1] + 2 * np.arange(1, q + 1)))
    node = np.concatenate((node, np.column_stack((p + np.arange(q), narrow)).ravel()))
    household = np.concatenate((household, np.repeat(order.size + np.arange(q), 2)))
    option = np.concatenate((option, np.full(2 * q, -1)))
    people = np.zeros(node.size, dtype=np.int64)
    people[slot[: order.size]] = size
    people[slot[order.size : -1]] = quota
    used = np.bincount(node, weights=people, minlength=nowhere + 1).astype(np.int64)
    room = used.copy()
    # Those without an option stay, and so does the room they take.
    room[:p] += np.minimum(places_of(problem), could_come)
    room[nowhere] = NO_LIMIT

    names = list(levels)
    rows = [option_weights(problem, name) for name in names]
    n_required = 0
    if required is not None and required.any():
        rows.insert(0, required[problem.wish_of_option].astype(np.int64))
        n_required = int(problem.size[required].sum())
    worth = np.zeros((len(rows), node.size), dtype=np.int32)
    given = option >= 0
    for row, values in enumerate(rows):
        worth[row, given] = values[option[given]]
    weight = [1]
    for row in reversed(worth[1:]):
        largest = int(np.abs(row).max(initial=1))
        weight.insert(0, weight[0] * SPREAD * max(largest, 1))
    if weight[0] > _MOST_WEIGHT:
        raise InvalidProblem(
            "lists are too long to weigh all levels together", field="option"
        )
    flow = Flow(
        slot=slot,
        node=node.astype(np.int32),
        household=household.astype(np.int32),
        value=np.zeros(node.size, dtype=np.int64),
        people=people.astype(np.int32),
        room=room,
        used=used,
        price=np.zeros(nowhere + 1, dtype=np.int64),
        seen_from=np.zeros(nowhere + 2, dtype=np.int64),
        seen=np.zeros(0, dtype=np.int32),
        stuck=np.zeros(nowhere + 1, dtype=np.bool_),
    )
    flow.take_part(np.ones(slot.size - 1, dtype=np.bool_))
    return Layout(
        problem=problem,
        flow=flow,
        option=option,
        size=np.concatenate((size, np.zeros(q))).astype(np.int32),
        wish=order,
        door=door,
        worth=worth,
        weight=tuple(weight),
        n_required=n_required,
        is_required=(
            np.zeros(order.size, dtype=np.bool_)
            if required is None
            else required[order]
        ),
    )


def weigh_to(layout: Layout, level: int) -> NDArray[np.int64]:
    """Return what one person on each slot counts for, levels up to ``level``."""
    total = np.zeros(layout.option.size, dtype=np.int64)
    for row in range(level + 1):
        total += layout.worth[row] * np.int64(layout.weight[row])
    return total


def solve_split(layout: Layout, level: int) -> None:
    """Bring the flow from the optimum of the levels before to that of ``level``.

    The worth of a level comes in bits, the heaviest first: prices then change little
    at a time, and few people have to go elsewhere.
    """
    flow = layout.flow
    before = (
        weigh_to(layout, level - 1) if level else np.zeros(layout.option.size, np.int64)
    )
    worth = layout.worth[level].astype(np.int64)
    sign, left = np.sign(worth), np.abs(worth)
    shift = int(left.max(initial=0)).bit_length()
    while shift > 0:
        shift = max(0, shift - _BITS)
        flow.value[:] = (
            before + sign * ((left >> shift) << shift) * layout.weight[level]
        )
        flow.choose_best()
        if flow.settle() >= 0:
            raise AssertionError("everybody can stay, so that all people fit")


def digits_of(layout: Layout) -> list[NDArray[np.int64]]:
    """Return the prices of the flow, one array (N,) per level, as digits."""
    left = layout.flow.price.copy()
    digits = []
    for weight in layout.weight:
        digit = (left + weight // 2) // weight
        digits.append(digit)
        left = left - digit * weight
    return digits


def level_entry(
    layout: Layout,
    row: int,
    values: Sequence[int],
    name: str,
    proof: "Proof",
) -> LevelValue:
    """Return a level with its value and the bound that a proof gives."""
    bound = proof.bound(layout, values)
    is_rank = name == "rank"
    return LevelValue(
        name=name,
        value=-values[row] if is_rank else values[row],
        bound=-bound if is_rank else bound,
        prices=proof.place,
        entry_prices=proof.entry if proof.entry.any() else None,
        load_prices=proof.load if proof.load.any() else None,
        scale=proof.scale,
        earlier=proof.earlier[layout.n_extra :],
    )


@dataclass(frozen=True, eq=False)
class DigitProof:
    """A level bounded by its own prices on what is best at those of levels before."""

    place: NDArray[np.int64]
    entry: NDArray[np.int64]
    most: int


def prove_by_digits(
    layout: Layout, digits: Sequence[NDArray[np.int64]], row: int
) -> DigitProof | None:
    """Return the proof of a level after levels that reach their bounds.

    None where a price is below 0 although no earlier one is above it.
    """
    p, n = layout.problem.n_practices, layout.wish.size
    slot = layout.flow.slot[: n + 1]
    end = int(slot[-1])
    count = np.diff(slot)
    kept = np.ones(end, dtype=np.bool_)
    kept[slot[:-1][layout.is_required]] = False
    had_place, had_entry = np.zeros(p, dtype=np.bool_), np.zeros(p, dtype=np.bool_)
    for each in range(layout.n_extra, row + 1):
        place = digits[each][:p].copy()
        entry = digits[each][layout.door] - place
        if (place[~had_place] < 0).any() or (entry[~had_entry] < 0).any():
            return None
        had_place |= place > 0
        had_entry |= entry > 0
        gain = gain_of(layout, layout.worth[each].astype(np.int64), place, entry)
        gain[~kept] = -_NEVER
        if n:
            most = np.maximum.reduceat(gain, slot[:-1])
            kept &= gain == np.repeat(most, count)
    total = exact_sum(most) if n else 0
    return DigitProof(place, entry, total + cost_of_room(layout, place, entry))


def _add_up(
    layout: Layout, digits: Sequence[NDArray[np.int64]], weights: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return weighed prices of places and of coming in, (P,) each, none below 0."""
    price = np.zeros(digits[0].size, dtype=np.int64)
    for digit, weight in zip(digits, weights, strict=False):
        price += digit * weight
    place = np.maximum(price[: layout.problem.n_practices], 0)
    return place, np.maximum(price[layout.door] - place, 0)


@dataclass(frozen=True, eq=False)
class Proof:
    """Prices times ``scale`` that bound level ``row``, and weights of those before.

    Holds for every plan that is as good on the levels before: those may be weighed
    with anything, ``earlier`` says with what (times ``scale``). Required wishes move
    in every plan: they need no weight.
    """

    row: int
    earlier: tuple[int, ...]
    scale: int
    place: NDArray[np.int64]
    entry: NDArray[np.int64]
    load: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def bound(self, layout: Layout, values: Sequence[int]) -> int:
        """Return the most that the level can be, given ``values`` of those before."""
        earlier = (0,) * layout.n_extra + self.earlier[layout.n_extra :]
        worth = _weigh(layout, self.row, earlier, self.scale)
        total = bound_of(layout, worth, self.place, self.entry, self.load)
        for weight, value in zip(earlier, values, strict=False):
            total -= weight * value
        return total // self.scale


def _weigh(
    layout: Layout, row: int, earlier: Sequence[int], scale: int
) -> NDArray[np.int64]:
    worth: NDArray[np.int64] = layout.worth[row].astype(np.int64) * scale
    for before, weight in enumerate(earlier):
        worth += layout.worth[before].astype(np.int64) * weight
    return worth


def tighten(
    layout: Layout,
    digits: Sequence[NDArray[np.int64]],
    row: int,
    values: Sequence[int],
    *,
    rounds: int,
) -> Proof:
    """Return the best proof found for a level whose earlier levels have a gap.

    A missing unit of an earlier level raises the bound by its weight, so that the
    weights should be small: just so large that the splittable plan is as good on the
    earlier levels as the plan with ``values``. Found by halving; changes the flow.
    """
    flow = layout.flow
    p = layout.problem.n_practices
    largest = max(1, int(np.abs(layout.worth[row]).max(initial=1)))
    low, high = [0] * row, [8 * largest * _SCALE] * row
    weights = [largest * _SCALE] * row
    best: Proof | None = None
    lowest = 0
    for _ in range(rounds):
        flow.value[:] = _weigh(layout, row, weights, _SCALE)
        place, entry = _add_up(layout, digits, [*weights, _SCALE])
        flow.price[:p] = place
        flow.price[layout.door] = place + entry
        flow.price[-1] = 0
        flow.choose_best()
        if flow.settle() >= 0:
            raise AssertionError("everybody can stay, so that all people fit")
        place = np.maximum(flow.price[:p], 0)
        entry = np.maximum(flow.price[layout.door] - place, 0)
        proof = Proof(row, tuple(weights), _SCALE, place, entry)
        bound = proof.bound(layout, values)
        if best is None or bound < lowest:
            best, lowest = proof, bound
        reached = layout.values(flow.people)
        for before in range(row):
            if reached[before] > values[before]:
                high[before] = weights[before]
            elif reached[before] < values[before]:
                low[before] = weights[before]
            weights[before] = (low[before] + high[before]) // 2
    if best is None:
        raise ValueError("rounds must be 1 or more")
    return best


def weigh_lighter(
    layout: Layout,
    digits: Sequence[NDArray[np.int64]],
    row: int,
    values: Sequence[int],
) -> Proof:
    """Return the best proof with lighter weights of earlier levels, prices as found.

    Quicker than ``tighten`` where worths have many values: nothing is solved again.
    """
    largest = max(1, int(np.abs(layout.worth[row]).max(initial=1)))
    proofs = []
    for heavy in (1, 2, 4, 8, 16):
        for spread in (1, 2, 4):
            weights = [
                heavy * largest * spread ** (row - 1 - before) for before in range(row)
            ]
            place, entry = _add_up(layout, digits, [*weights, 1])
            proofs.append(Proof(row, tuple(weights), 1, place, entry))
    none = np.zeros(layout.problem.n_practices, dtype=np.int64)
    proofs.append(Proof(row, (0,) * row, 1, none, none))
    return min(proofs, key=lambda proof: proof.bound(layout, values))


def gain_of(
    layout: Layout,
    worth: NDArray[np.int64],
    place: NDArray[np.int64],
    entry: NDArray[np.int64],
    load: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return what households gain on each of their slots, by these prices."""
    problem, flow = layout.problem, layout.flow
    p = problem.n_practices
    n = layout.wish.size
    slot = flow.slot[: n + 1]
    end = int(slot[-1])
    count = np.diff(slot)
    cost = np.concatenate((place, np.zeros(1, dtype=np.int64)))
    is_stay = layout.option[:end] < 0
    target = np.full(end, p, dtype=np.int64)
    target[~is_stay] = problem.option[layout.option[:end][~is_stay]]
    home = problem.origin[layout.wish]
    home = np.where(home == NONE, p, home)
    gain: NDArray[np.int64] = worth[:end] + np.repeat(cost[home], count) - cost[target]
    gain[~is_stay] -= entry[target[~is_stay]]
    gain *= np.repeat(layout.size[:n].astype(np.int64), count)
    if load is not None and load.any():
        heavy = np.concatenate((load, np.zeros(1, dtype=np.int64)))
        weighs = problem.load[layout.wish]
        gain += np.repeat(weighs * heavy[home], count)
        gain -= np.repeat(weighs, count) * heavy[target]
    gain[is_stay] = 0
    return gain


def cost_of_room(
    layout: Layout,
    place: NDArray[np.int64],
    entry: NDArray[np.int64],
    load: NDArray[np.int64] | None = None,
) -> int:
    """Return what all room comes to at these prices."""
    problem = layout.problem
    total = 0
    for price, room in (
        (place, places_of(problem)),
        (entry, problem.max_inflow),
        (np.zeros(0) if load is None else load, problem.free_load),
    ):
        for b in np.flatnonzero(price).tolist():
            total += int(price[b]) * int(room[b])
    return total


def bound_of(
    layout: Layout,
    worth: NDArray[np.int64],
    place: NDArray[np.int64],
    entry: NDArray[np.int64],
    load: NDArray[np.int64],
) -> int:
    """Return the most that a worth per person (S,) can come to, by these prices."""
    total = cost_of_room(layout, place, entry, load)
    n = layout.wish.size
    if n:
        gain = gain_of(layout, worth, place, entry, load)
        begins = layout.flow.slot[:n]
        gain[begins[layout.is_required]] = -_NEVER
        total += exact_sum(np.maximum.reduceat(gain, begins))
    return total


def exact_sum(values: NDArray[np.int64]) -> int:
    """Return a sum that may be larger than 64 bits hold."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


__all__ = [
    "SPREAD",
    "DigitProof",
    "Layout",
    "Proof",
    "digits_of",
    "exact_sum",
    "lay_out",
    "level_entry",
    "places_of",
    "prove_by_digits",
    "solve_split",
    "tighten",
    "weigh_lighter",
    "weigh_to",
]
