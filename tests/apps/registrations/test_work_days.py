"""Work is planned on working days before a change, spread, never on a quarter day."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkspil.registrations.policies import is_quarter_day
from wijkspil.registrations.work_days import (
    MOST_TIMES_USUAL,
    earliest_effective_on,
    is_work_day,
    list_work_days,
    most_in_round,
    plan_effective_on,
    plan_in_round,
    plan_record_day,
    plan_work_day,
)

MONDAY = date(2026, 11, 23)
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))


def test_quarter_days_weekends_and_holidays_are_no_working_days() -> None:
    assert not is_work_day(date(2026, 10, 1))  # a Thursday
    assert not is_work_day(date(2026, 11, 21))  # a Saturday
    assert not is_work_day(date(2026, 12, 25))  # a Friday, Christmas
    assert is_work_day(date(2026, 10, 2))


def test_work_days_lie_strictly_between() -> None:
    found = list_work_days(after=MONDAY, before=MONDAY + timedelta(days=7))
    assert found == [MONDAY + timedelta(days=n) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (MONDAY, date(2026, 11, 26)),  # after Tuesday and Wednesday
        (date(2026, 11, 20), date(2026, 11, 25)),  # Friday: Monday and Tuesday
        (date(2026, 12, 29), date(2027, 1, 2)),  # not on 1 January: a quarter starts
    ],
)
def test_a_direct_registration_leaves_the_desk_two_working_days(
    today: date, expected: date
) -> None:
    assert earliest_effective_on(today) == expected


@given(today=DAYS)
def test_no_change_starts_on_the_first_day_of_a_quarter(today: date) -> None:
    effective_on = earliest_effective_on(today)
    assert not is_quarter_day(effective_on)
    assert len(list_work_days(after=today, before=effective_on)) == 2


@given(
    today=DAYS,
    ahead=st.integers(0, 30),
    households=st.lists(st.integers(1, 6), max_size=60),
    usual=st.integers(1, 8),
)
def test_direct_work_is_before_the_change_and_never_twice_the_usual(
    today: date, ahead: int, households: list[int], usual: int
) -> None:
    planned: dict[date, int] = {}
    for people in households:
        wanted = today + timedelta(days=ahead)
        effective_on, work_on = plan_effective_on(
            today=today,
            effective_on=wanted,
            people=people,
            planned=planned,
            usual=usual,
        )
        assert today < work_on < effective_on
        assert effective_on >= wanted
        assert is_work_day(work_on)
        assert not is_quarter_day(effective_on)
        before = planned.get(work_on, 0)
        planned[work_on] = before + people
        assert planned[work_on] <= MOST_TIMES_USUAL * usual or before == 0


@given(
    today=DAYS,
    ahead=st.integers(5, 30),
    usual=st.integers(1, 8),
    seed=st.integers(1, 5),
)
def test_what_a_practice_may_take_in_a_round_fits_its_desk(
    today: date, ahead: int, usual: int, seed: int
) -> None:
    effective_on = today + timedelta(days=ahead)
    most = most_in_round(answers_until=today, effective_on=effective_on, usual=usual)
    assert most >= MOST_TIMES_USUAL * usual
    planned: dict[date, int] = {}
    for _person in range(most):
        work_on = plan_in_round(
            today=today,
            effective_on=effective_on,
            people=1,
            planned=planned,
            usual=usual,
        )
        assert today < work_on
        if list_work_days(after=today, before=effective_on):
            assert work_on < effective_on
        assert is_work_day(work_on)
        planned[work_on] = planned.get(work_on, 0) + 1
    assert all(n <= MOST_TIMES_USUAL * usual for n in planned.values())
    if planned:
        assert max(planned.values()) - min(planned.values()) <= 1


def test_work_is_spread_over_the_calmest_days() -> None:
    planned: dict[date, int] = {}
    for _ in range(8):
        day = plan_work_day(
            today=MONDAY,
            effective_on=MONDAY + timedelta(days=7),
            people=1,
            planned=planned,
            usual=6,
        )
        assert day is not None
        planned[day] = planned.get(day, 0) + 1
    assert sorted(planned.values()) == [2, 2, 2, 2]


def test_a_full_desk_moves_a_direct_change_and_not_one_of_a_round() -> None:
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    full = {tuesday: 12, wednesday: 12}
    thursday = MONDAY + timedelta(days=3)
    given_days: dict[str, Any] = {
        "today": MONDAY,
        "effective_on": thursday,
        "people": 1,
    }
    effective_on, work_on = plan_effective_on(**given_days, planned=full, usual=6)
    assert (effective_on, work_on) == (date(2026, 11, 27), thursday)
    assert plan_in_round(**given_days, planned=full, usual=6) == tuesday


def test_a_change_that_is_carried_out_late_is_worked_on_the_day_itself() -> None:
    day = plan_in_round(
        today=MONDAY, effective_on=MONDAY, people=1, planned={}, usual=6
    )
    assert day == MONDAY


@given(today=DAYS, ahead=st.integers(-10, 20))
def test_a_record_is_sent_on_after_the_change(today: date, ahead: int) -> None:
    effective_on = today + timedelta(days=ahead)
    day = plan_record_day(today=today, effective_on=effective_on, people=2, planned={})
    assert day >= effective_on
    assert day >= min(today, effective_on)
    assert is_work_day(day)
