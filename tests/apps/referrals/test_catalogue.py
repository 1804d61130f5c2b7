"""What tasks usually take: a provisional band, the weight of a case, what is rare."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkspil.directory.types import CareTask, PartOfDay
from wijkspil.referrals.catalogue import (
    complexity,
    hours_band,
    is_rare,
    task_figures,
)

TASKS = st.lists(st.sampled_from(CareTask.values), unique=True)
PARTS = st.lists(st.sampled_from(PartOfDay.values), unique=True, min_size=1)


def test_every_task_of_the_directory_has_figures() -> None:
    assert set(task_figures()) == set(CareTask.values)
    for row in task_figures().values():
        assert 0 < row.minutes[0] <= row.minutes[1]
        assert 0 < row.visits[0] <= row.visits[1] <= 7
        assert row.complexity > 0


def test_stockings_every_morning_take_one_to_two_hours() -> None:
    band = hours_band(["stockings"], ["morning"])
    assert (band.low, band.high) == (Decimal("1.00"), Decimal("1.75"))
    assert band.by_part == {"morning": Decimal("1.75")}


def test_a_daily_task_comes_back_in_every_part_of_the_day() -> None:
    once, twice = (
        hours_band(["stockings"], parts)
        for parts in (["morning"], PartOfDay.values[:2])
    )
    assert twice.high == 2 * once.high


def test_a_task_that_is_not_daily_is_done_in_the_first_part() -> None:
    band = hours_band(["wound"], ["morning", "evening"])
    assert band.by_part["evening"] == 0
    assert band.by_part["morning"] == band.high


def test_thirds_of_an_hour_do_not_round_up() -> None:
    # 70 + 10 + 40 minutes are two hours, though none of the three is exact in decimals.
    band = hours_band(["insulin", "injection", "stoma"], ["morning"])
    assert band.low == Decimal("2.00")


@given(TASKS, PARTS)
def test_the_band_is_ordered_adds_up_and_fits_a_week(
    tasks: list[str], parts: list[str]
) -> None:
    band = hours_band(tasks, parts)
    assert Decimal("0.25") <= band.low <= band.high <= 168
    assert set(band.by_part) == set(parts)
    assert band.high == max(Decimal("0.25"), sum(band.by_part.values()))
    for hours in (band.low, band.high, *band.by_part.values()):
        assert hours % Decimal("0.25") == 0


@given(TASKS, PARTS, st.sampled_from(CareTask.values))
def test_more_to_do_never_takes_less(
    tasks: list[str], parts: list[str], more: str
) -> None:
    less, all_of_it = hours_band(tasks, parts), hours_band([*tasks, more], parts)
    assert less.low <= all_of_it.low
    assert less.high <= all_of_it.high


def test_a_case_weighs_as_its_heaviest_task() -> None:
    assert (
        complexity(["stockings", "infusion"]) == task_figures()["infusion"].complexity
    )
    assert complexity([]) == 1.0


@pytest.mark.parametrize(
    ("tasks", "language", "rare"),
    [
        (["stockings"], "nl", False),
        (["stockings"], "", False),
        (["infusion"], "nl", True),
        (["stockings", "tube-feeding"], "nl", True),
        (["stockings"], "tr", True),
    ],
)
def test_a_rare_task_or_language_makes_a_profile_rare(
    tasks: list[str], language: str, rare: bool
) -> None:
    assert is_rare(tasks, language) is rare
