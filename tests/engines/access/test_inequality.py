"""Lorenz, Gini and deciles: against every person one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wijkspil_engines.access.inequality import (
    InvalidDistribution,
    concentration_index,
    gini,
    group_by,
    lorenz_curve,
    mean_of_worst,
    share_of_worst,
)

areas = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.5, 1.0, 1.5, 4.0, 9.25]),
        st.integers(0, 6),
        st.sampled_from([-1.0, 0.0, 2.0, 3.0, 5.0]),
    ),
    min_size=1,
    max_size=12,
).filter(lambda rows: any(people for _, people, _ in rows))


def columns(rows):
    value, people, by = (
        np.array(each, dtype=float) for each in zip(*rows, strict=True)
    )
    return value, people, by


def persons(rows):
    """One (value, by) for each person."""
    return [(value, by) for value, people, by in rows for _ in range(people)]


def plain_gini(rows):
    values = [value for value, _ in persons(rows)]
    total = sum(values)
    if not total:
        return 0.0
    apart = sum(abs(a - b) for a in values for b in values)
    return apart / (2 * len(values) * total)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(areas)
def test_gini_is_the_mean_difference_between_two_people(rows):
    value, people, _ = columns(rows)
    assert gini(value, people) == pytest.approx(plain_gini(rows), abs=1e-12)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(areas)
def test_gini_is_twice_the_area_above_the_lorenz_curve(rows):
    value, people, _ = columns(rows)
    across, up = lorenz_curve(value, people)
    area = float(((up[1:] + up[:-1]) / 2 * np.diff(across)).sum())
    assert gini(value, people) == pytest.approx(1 - 2 * area, abs=1e-12)
    assert (across[0], up[0], across[-1], up[-1]) == (0, 0, 1, 1)
    slope = np.diff(up) / np.diff(across)
    assert (np.diff(slope) >= -1e-12).all()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(areas, st.sampled_from([0.1, 0.25, 1 / 3, 0.9, 1.0]))
def test_the_worst_off_are_counted_person_by_person(rows, share):
    value, people, _ = columns(rows)
    values = sorted(value for value, _ in persons(rows))
    wanted, left, total = share * len(values), share * len(values), 0.0
    for each in values:
        taken = min(1.0, max(left, 0.0))
        total += taken * each
        left -= taken
    assert mean_of_worst(value, people, share) == pytest.approx(total / wanted)
    whole = sum(values)
    expected = total / whole if whole else share
    assert share_of_worst(value, people, share) == pytest.approx(expected)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(areas, st.integers(1, 5))
def test_groups_are_those_of_people_in_a_row_with_ties_shared(rows, k):
    value, people, by = columns(rows)
    row = sorted(persons(rows), key=lambda person: person[1])
    mean_of = {
        key: np.mean([value for value, other in row if other == key]) for _, key in row
    }
    # Everybody in k equal parts: each group is len(row) parts in a row.
    parts = [(mean_of[key], key) for _, key in row for _ in range(k)]
    groups = group_by(value, people, by, k)
    for g in range(k):
        part = parts[g * len(row) : (g + 1) * len(row)]
        assert groups.mean_value[g] == pytest.approx(
            np.mean([each for each, _ in part])
        )
        assert groups.mean_by[g] == pytest.approx(np.mean([key for _, key in part]))
    assert groups.people.sum() == pytest.approx(len(row))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(areas, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows, shuffler):
    other = list(rows)
    shuffler.shuffle(other)
    (value, people, by), (value2, people2, by2) = columns(rows), columns(other)
    assert gini(value, people) == pytest.approx(gini(value2, people2), abs=1e-13)
    one, two = group_by(value, people, by, 4), group_by(value2, people2, by2, 4)
    assert one.mean_value == pytest.approx(two.mean_value)
    assert concentration_index(value, people, by) == pytest.approx(
        concentration_index(value2, people2, by2), abs=1e-13
    )


def test_concentration_by_the_value_itself_is_gini():
    value, people = np.array([3.0, 1.0, 2.0]), np.array([10.0, 20.0, 5.0])
    assert concentration_index(value, people, value) == pytest.approx(
        gini(value, people)
    )
    assert concentration_index(value, people, -value) == pytest.approx(
        -gini(value, people)
    )


def test_known_values():
    assert gini([1, 1, 1], [5, 6, 7]) == 0.0
    assert gini([0, 1], [3, 1]) == pytest.approx(0.75)
    assert gini([1, 3], [1, 1]) == pytest.approx(0.25)
    assert gini([0, 0], [3, 1]) == 0.0
    assert share_of_worst([0, 1], [1, 9], 0.1) == 0.0
    assert mean_of_worst([2, 8], [5, 5], 0.75) == pytest.approx(4.0)


def test_scale_changes_no_gini_and_adding_people_without_changes_it():
    value, people = np.array([1.0, 2.0, 5.0]), np.array([3.0, 3.0, 3.0])
    assert gini(value * 7, people) == pytest.approx(gini(value, people))
    assert gini(value, people * 11) == pytest.approx(gini(value, people))
    assert gini([0, *value], [3, *people]) > gini(value, people)


@pytest.mark.parametrize(
    ("value", "people", "said"),
    [
        ([1, -1], [1, 1], r"value\[1\] is -1"),
        ([1, 1], [1, np.nan], r"people\[1\] is nan"),
        ([1, 1], [0, 0], "nobody lives"),
        ([1, 1], [1], "one number of each"),
    ],
)
def test_what_cannot_be_is_told(value, people, said):
    with pytest.raises(InvalidDistribution, match=said):
        gini(value, people)


def test_shares_and_groups_that_cannot_be_are_told():
    with pytest.raises(InvalidDistribution, match="share is 0"):
        mean_of_worst([1], [1], 0)
    with pytest.raises(InvalidDistribution, match="n_groups is 0"):
        group_by([1], [1], [1], 0)
    with pytest.raises(InvalidDistribution, match=r"by\[0\] is inf"):
        group_by([1], [1], [np.inf], 2)
