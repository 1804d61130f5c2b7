"""Half-open periods."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from wijkspil.core.errors import InvalidValue
from wijkspil.core.periods import Period

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def test_the_night_the_clock_goes_back_has_an_hour_more() -> None:
    night = Period(
        datetime(2026, 10, 24, 23, tzinfo=AMSTERDAM),
        datetime(2026, 10, 25, 7, tzinfo=AMSTERDAM),
    )
    assert night.hours == 9


def test_a_period_without_length_is_refused() -> None:
    moment = datetime(2026, 10, 24, 23, tzinfo=AMSTERDAM)
    with pytest.raises(InvalidValue, match="ends after it starts"):
        Period(moment, moment)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(InvalidValue, match="time zone"):
        Period(
            datetime(2026, 10, 24, 23),  # noqa: DTZ001 - what is refused
            datetime(2026, 10, 25, 7, tzinfo=AMSTERDAM),
        )
