"""Which counts may be told: none of few people, and none that gives such a one away.

Wijken lie in gemeenten, and gemeenten in regions of several sets; totals of all of them
are told. A count below ``smallest`` (but not 0) is left out. Where it would follow from
a total and the other counts, the next smallest is left out as well, or the total:

- in a gemeente that is told, either no wijk is left out, or at least two that together
  are at least ``smallest``;
- in a region that is told, the same of its gemeenten;
- a set of wijken that are not whole gemeenten (an alliance) is told only where none of
  its wijken is left out.

Method: complementary cell suppression, Hundepool e.a., Statistical Disclosure Control
(Wiley, 2012), ch. 4, one level after the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Levels:
    """Areas above the wijken, as places in the list of wijken.

    ``gemeente_of`` is (wijken,): which gemeente (0, 1, ...), ``gemeenten`` their ids.
    ``regions`` are ids with the gemeenten they are made of; ``others`` ids with their
    wijken, of what is not made of whole gemeenten.
    """

    wijk_ids: Sequence[int]
    gemeente_of: Counts
    gemeenten: Sequence[int]
    regions: Mapping[int, Counts]
    others: Mapping[int, Counts]


def withhold(counts: Counts, levels: Levels, *, smallest: int) -> frozenset[int]:
    """Return the ids of the areas whose count is not told.

    ``counts`` is (wijken,), of people or requests; of areas above them it adds up.
    """
    if smallest <= 1 or not counts.size:
        return frozenset()
    is_hidden = (counts > 0) & (counts < smallest)
    n_gemeenten = len(levels.gemeenten)
    of_gemeente = np.bincount(
        levels.gemeente_of, weights=counts, minlength=n_gemeenten
    ).astype(np.int64)
    is_gemeente_hidden = np.zeros(n_gemeenten, dtype=bool)
    for number in range(n_gemeenten):
        members = np.flatnonzero(levels.gemeente_of == number)
        if not _cover(counts, is_hidden, members, smallest):
            is_gemeente_hidden[number] = True
    hidden_regions: set[int] = set()
    # What one region leaves out may lie in a region of another set as well.
    for _again in range(3):
        for pk, members in levels.regions.items():
            if not _cover(of_gemeente, is_gemeente_hidden, members, smallest):
                hidden_regions.add(pk)
    for number in np.flatnonzero(is_gemeente_hidden).tolist():
        _hide_one(counts, is_hidden, np.flatnonzero(levels.gemeente_of == number))
    return frozenset(
        {
            *(levels.wijk_ids[place] for place in np.flatnonzero(is_hidden).tolist()),
            *(
                levels.gemeenten[place]
                for place in np.flatnonzero(is_gemeente_hidden).tolist()
            ),
            *hidden_regions,
            *(pk for pk, members in levels.others.items() if is_hidden[members].any()),
        }
    )


def _cover(
    counts: Counts, is_hidden: NDArray[np.bool_], members: Counts, smallest: int
) -> bool:
    """Hide more of some members until their total can be told; False: it cannot."""
    hidden = members[is_hidden[members]]
    total = int(counts[members].sum())
    if 0 < total < smallest:
        return False
    if not hidden.size:
        return True
    can_go = members[~is_hidden[members] & (counts[members] > 0)]
    can_go = can_go[np.argsort(counts[can_go], kind="stable")]
    sum_hidden, n_hidden = int(counts[hidden].sum()), hidden.size
    for place in can_go:
        if n_hidden >= 2 and sum_hidden >= smallest:
            break
        is_hidden[place] = True
        sum_hidden += int(counts[place])
        n_hidden += 1
    return n_hidden >= 2 and sum_hidden >= smallest


def _hide_one(counts: Counts, is_hidden: NDArray[np.bool_], members: Counts) -> None:
    """Keep a total that is not told from following from all its members."""
    shown = members[~is_hidden[members] & (counts[members] > 0)]
    if shown.size and not is_hidden[members].any():
        is_hidden[shown[np.argmin(counts[shown])]] = True
