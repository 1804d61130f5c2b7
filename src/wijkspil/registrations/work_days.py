"""On which working day does a practice enter a registration, or send a record on?

Pure. A registration may start today or later, never in the past and never on the first
day of a quarter (rules of the national register, see ``policies``), so the work is done
on working days before the day on which it changes. It is spread: no day gets more than
twice what the desk usually enters.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from wijkspil.directory.opening_hours import dutch_holidays
from wijkspil.registrations.policies import is_quarter_day

#: No day gets more than so many times the usual.
MOST_TIMES_USUAL = 2
#: A direct registration leaves the desk a choice of so many working days.
LEAD_WORK_DAYS = 2
#: A record is sent on within so many working days after the change; assumption.
RECORD_WORK_DAYS = 10
#: Further ahead nobody plans a desk.
_FARTHEST_DAYS = 120


def is_work_day(day: date) -> bool:
    """Whether a desk works with registrations: no weekend, holiday or quarter day."""
    return (
        day.weekday() < 5
        and day not in dutch_holidays([day.year])
        and not is_quarter_day(day)
    )


def list_work_days(*, after: date, before: date) -> list[date]:
    """Return the working days strictly between two days."""
    days = (before - after).days
    every = (after + timedelta(days=n) for n in range(1, days))
    return [day for day in every if is_work_day(day)]


def earliest_effective_on(today: date) -> date:
    """Return the first day on which a registration of today may start.

    With ``LEAD_WORK_DAYS`` working days before it, and never a quarter day.
    """
    left = LEAD_WORK_DAYS
    for day in _days_after(today):
        if left == 0 and not is_quarter_day(day):
            return day
        left = max(0, left - is_work_day(day))
    raise AssertionError("every quarter has working days")


def plan_work_day(
    *,
    today: date,
    effective_on: date,
    people: int,
    planned: Mapping[date, int],
    usual: int,
) -> date | None:
    """Return the calmest working day between today and the change, or None.

    ``planned`` has the registrations per day that are planned already. None where
    every day would get more than twice the usual; a household larger than that fits
    on a day that has nothing yet.
    """
    most = MOST_TIMES_USUAL * usual
    fitting = [
        day
        for day in list_work_days(after=today, before=effective_on)
        if planned.get(day, 0) + people <= most or not planned.get(day, 0)
    ]
    return min(fitting, key=lambda day: (planned.get(day, 0), day), default=None)


def plan_effective_on(
    *,
    today: date,
    effective_on: date,
    people: int,
    planned: Mapping[date, int],
    usual: int,
) -> tuple[date, date]:
    """Return (day of the change, working day): later where the desk has no room.

    For a registration that stands alone. The change is never on a quarter day.
    """
    effective_on = max(effective_on, earliest_effective_on(today))
    for day in (effective_on, *_days_after(effective_on)):
        if is_quarter_day(day):
            continue
        work_on = plan_work_day(
            today=today,
            effective_on=day,
            people=people,
            planned=planned,
            usual=usual,
        )
        if work_on is not None:
            return day, work_on
    return effective_on, _last_resort(today, effective_on)


def plan_in_round(
    *,
    today: date,
    effective_on: date,
    people: int,
    planned: Mapping[date, int],
    usual: int,
) -> date:
    """Return the working day of a change whose day is fixed for the whole round.

    What a practice takes in a round is bound when it joins (``most_in_round``), so a
    day that fits is there; where it is not, because answers were late, the calmest.
    """
    fitting = plan_work_day(
        today=today,
        effective_on=effective_on,
        people=people,
        planned=planned,
        usual=usual,
    )
    if fitting is not None:
        return fitting
    days = list_work_days(after=today, before=effective_on)
    if not days:
        return _last_resort(today, effective_on)
    return min(days, key=lambda day: (planned.get(day, 0), day))


def plan_record_day(
    *, today: date, effective_on: date, people: int, planned: Mapping[date, int]
) -> date:
    """Return the calmest of the working days after a change, to send a record on."""
    first = max(today, effective_on - timedelta(days=1))
    days: list[date] = []
    for day in _days_after(first):
        if is_work_day(day):
            days.append(day)
        if len(days) == RECORD_WORK_DAYS:
            break
    return min(days, key=lambda day: (planned.get(day, 0), day))


def most_in_round(*, answers_until: date, effective_on: date, usual: int) -> int:
    """Return how many people a desk can enter between the answers and the change.

    At least those of one day: where no working day lies between, that of the change.
    """
    days = list_work_days(after=answers_until, before=effective_on)
    return max(1, len(days)) * MOST_TIMES_USUAL * usual


def _days_after(day: date) -> Iterator[date]:
    return (day + timedelta(days=n) for n in range(1, _FARTHEST_DAYS + 1))


def _last_resort(today: date, effective_on: date) -> date:
    """Return the day of the change itself: a registration may start that day."""
    day = max(today, effective_on)
    return (
        day if is_work_day(day) else next(d for d in _days_after(day) if is_work_day(d))
    )
