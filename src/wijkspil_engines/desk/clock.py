"""When somebody is there: moments and stretches within opening hours."""

from dataclasses import dataclass

_DAY = 24.0
_SATURDAY = 5


@dataclass(frozen=True)
class Hours:
    """Daily opening hours [first, last), on working days or on all days."""

    first: float
    last: float
    weekends: bool


#: Providers and practices on the phone; on-call numbers at weekends if urgent.
PHONE = Hours(8.5, 17.0, False)
PHONE_URGENT = Hours(8.5, 17.0, True)
#: Teams that read urgent questions; what is not urgent has the hours of the policy.
READING_URGENT = Hours(7.0, 22.0, True)
OFFICE = Hours(8.0, 17.0, False)
#: Coordinators.
DESK = Hours(8.0, 18.0, False)
DESK_URGENT = Hours(8.0, 20.0, True)


def is_weekend(at_h: float, first_weekday: int) -> bool:
    """Whether the moment falls on Saturday or Sunday."""
    return (int(at_h // _DAY) + first_weekday) % 7 >= _SATURDAY


def next_open(at_h: float, hours: Hours, first_weekday: int) -> float:
    """Return the first moment from ``at_h`` within the hours."""
    day = at_h // _DAY
    if at_h >= day * _DAY + hours.last:
        day += 1
    while not hours.weekends and (int(day) + first_weekday) % 7 >= _SATURDAY:
        day += 1
    return max(at_h, day * _DAY + hours.first)


def after(at_h: float, open_h: float, hours: Hours, first_weekday: int) -> float:
    """Return the moment when ``open_h`` hours within the hours have gone by."""
    at_h = next_open(at_h, hours, first_weekday)
    while True:
        left = at_h // _DAY * _DAY + hours.last - at_h
        if open_h < left:
            return at_h + open_h
        open_h -= left
        at_h = next_open(at_h + left, hours, first_weekday)
