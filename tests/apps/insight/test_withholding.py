"""No count of few people is told, and none follows from what is told."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wijkspil.insight.services.withholding import Levels, withhold

#: Two gemeenten (ids 11 and 12) of three and two wijken (ids 1 to 5) in region 21.
LEVELS = Levels(
    wijk_ids=[1, 2, 3, 4, 5],
    gemeente_of=np.array([0, 0, 0, 1, 1]),
    gemeenten=[11, 12],
    regions={21: np.array([0, 1])},
    others={31: np.array([0, 1])},
)


def told(*counts: int) -> set[int]:
    """Return which of the areas are told."""
    hidden = withhold(np.array(counts), LEVELS, smallest=5)
    return {1, 2, 3, 4, 5, 11, 12, 21, 31} - hidden


def test_enough_is_told_everywhere() -> None:
    assert told(5, 6, 7, 8, 9) == {1, 2, 3, 4, 5, 11, 12, 21, 31}


def test_nothing_is_told_as_nothing() -> None:
    assert told(0, 0, 0, 0, 0) == {1, 2, 3, 4, 5, 11, 12, 21, 31}


def test_one_small_wijk_takes_the_next_smallest_with_it() -> None:
    assert told(3, 9, 20, 8, 9) == {3, 4, 5, 11, 12, 21}


def test_two_small_wijken_that_are_enough_together_hide_each_other() -> None:
    assert told(3, 4, 20, 8, 9) == {3, 4, 5, 11, 12, 21}


def test_two_ones_that_are_few_together_take_a_third() -> None:
    assert told(1, 1, 20, 8, 9) == {4, 5, 11, 12, 21}


def test_a_small_gemeente_is_not_told_nor_the_other_that_would_give_it_away() -> None:
    assert told(10, 10, 10, 2, 1) == {2, 3, 21}


def test_a_small_region_is_not_told() -> None:
    assert told(2, 0, 0, 0, 0) == {2, 3, 4, 5, 12}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=5, max_size=5))
def test_no_small_count_follows_from_the_others(counts: list[int]) -> None:
    shown = told(*counts)
    # Every table that fits what is told, as a system of equations over the wijken.
    rows, sums = [], []
    for pk, members in (
        *((number + 1, [number]) for number in range(5)),
        (11, [0, 1, 2]),
        (12, [3, 4]),
        (21, [0, 1, 2, 3, 4]),
        (31, [0, 1]),
    ):
        if pk in shown:
            rows.append([1.0 if number in members else 0.0 for number in range(5)])
            sums.append(sum(counts[number] for number in members))
    known = np.array(rows or [[0.0] * 5])
    for number, count in enumerate(counts):
        if not 0 < count < 5:
            continue
        unit = np.zeros(5)
        unit[number] = 1.0
        # Told exactly only where the wijk lies in the span of what is told.
        both = np.linalg.matrix_rank(np.vstack([known, unit]))
        assert both > np.linalg.matrix_rank(known), (counts, shown, number)
