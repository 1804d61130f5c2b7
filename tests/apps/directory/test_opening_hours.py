"""Opening hours over nights, holidays and the change of the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkspil.core.errors import InvalidValue
from wijkspil.core.periods import Period
from wijkspil.directory.opening_hours import (
    clock_moment,
    dutch_holidays,
    is_open,
    next_opening,
    open_spans,
)
from wijkspil.directory.types import WEEKDAYS

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OFFICE = [{"days": list(WEEKDAYS[:5]), "from": "08:00", "until": "17:00"}]
ALWAYS = [{"days": list(WEEKDAYS), "from": "00:00", "until": "24:00"}]
NO_HOLIDAYS: frozenset[date] = frozenset()
HOLIDAYS_2026 = dutch_holidays([2026])
SPRING = date(2026, 3, 29)
AUTUMN = date(2026, 10, 25)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestIsOpen:
    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2026-11-20 07:59", False),
            ("2026-11-20 08:00", True),
            ("2026-11-20 16:59:59", True),
            ("2026-11-20 17:00", False),
            ("2026-11-21 12:00", False),
        ],
    )
    def test_it_opens_at_the_first_moment_and_closes_before_the_last(
        self, moment, expected
    ):
        assert is_open(OFFICE, False, local(moment), holidays=NO_HOLIDAYS) is expected

    def test_the_zone_of_the_question_does_not_matter(self):
        # 23.30 UTC on Sunday is Monday morning in Amsterdam.
        monday = [{"days": ["mon"], "from": "00:00", "until": "01:00"}]
        assert is_open(monday, False, utc("2026-11-22 23:30"), holidays=NO_HOLIDAYS)
        tokyo = utc("2026-11-22 23:30").astimezone(ZoneInfo("Asia/Tokyo"))
        assert is_open(monday, False, tokyo, holidays=NO_HOLIDAYS)

    def test_it_is_closed_on_a_holiday_unless_it_says_otherwise(self):
        kings_day = local("2026-04-27 10:00")
        assert not is_open(OFFICE, False, kings_day, holidays=HOLIDAYS_2026)
        assert is_open(OFFICE, True, kings_day, holidays=HOLIDAYS_2026)

    def test_unknown_hours_count_as_closed(self):
        assert not is_open([], True, local("2026-11-20 10:00"), holidays=NO_HOLIDAYS)

    def test_midnight_joins_a_day_that_ends_at_24_to_the_next(self):
        for text in ("2026-11-20 23:59:59", "2026-11-21 00:00"):
            assert is_open(ALWAYS, False, local(text), holidays=NO_HOLIDAYS)

    def test_a_moment_without_zone_is_refused_with_the_value(self):
        with pytest.raises(InvalidValue, match="2026-11-20T10:00"):
            is_open(OFFICE, False, datetime(2026, 11, 20, 10), holidays=NO_HOLIDAYS)  # noqa: DTZ001 - the case


class TestClockChange:
    @pytest.mark.parametrize(
        ("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 6, 1), 24)]
    )
    def test_a_full_day_has_23_24_or_25_hours(self, day, hours):
        period = Period(clock_moment(day, "00:00"), clock_moment(day, "24:00"))
        assert open_spans(ALWAYS, False, period, NO_HOLIDAYS) == [period]
        assert period.hours == hours

    @pytest.mark.parametrize(
        ("day", "clock", "expected"),
        [
            (SPRING, "01:59", "2026-03-29 00:59"),
            (SPRING, "02:00", "2026-03-29 01:00"),
            (SPRING, "02:30", "2026-03-29 01:00"),
            (SPRING, "03:00", "2026-03-29 01:00"),
            (SPRING, "03:01", "2026-03-29 01:01"),
            (AUTUMN, "02:00", "2026-10-25 00:00"),
            (AUTUMN, "02:30", "2026-10-25 00:30"),
            (AUTUMN, "03:00", "2026-10-25 02:00"),
        ],
    )
    def test_a_clock_time_is_the_first_moment_the_clock_shows_it_or_later(
        self, day, clock, expected
    ):
        assert clock_moment(day, clock) == utc(expected)

    def test_a_line_inside_the_skipped_hour_never_opens(self):
        skipped = [{"days": ["sun"], "from": "02:15", "until": "02:45"}]
        period = Period(utc("2026-03-28 12:00"), utc("2026-03-30 12:00"))
        assert open_spans(skipped, False, period, NO_HOLIDAYS) == []

    def test_lines_that_touch_on_the_clock_leave_no_hole_in_either_night(self):
        lines = [
            {"days": list(WEEKDAYS), "from": "00:00", "until": "02:30"},
            {"days": list(WEEKDAYS), "from": "02:30", "until": "24:00"},
        ]
        for day in (SPRING, AUTUMN):
            period = Period(clock_moment(day, "00:00"), clock_moment(day, "24:00"))
            assert open_spans(lines, False, period, NO_HOLIDAYS) == [period]

    @pytest.mark.parametrize("clock", ["8:00", "24:01", "25:00", "08:60", "", "noon"])
    def test_a_clock_time_written_otherwise_is_refused(self, clock):
        with pytest.raises(InvalidValue, match="is not a clock time"):
            clock_moment(SPRING, clock)


class TestNextOpening:
    def test_it_is_the_moment_itself_when_open(self):
        moment = local("2026-11-20 10:00")
        assert next_opening(OFFICE, False, moment, holidays=NO_HOLIDAYS) == moment

    def test_it_skips_the_weekend_and_the_holidays(self):
        # Good Friday afternoon, Easter Sunday and Easter Monday follow.
        evening = local("2026-04-03 18:00")
        expected = local("2026-04-07 08:00")
        found = next_opening(OFFICE, False, evening, holidays=HOLIDAYS_2026)
        assert found == expected

    def test_a_service_of_one_day_a_week_is_found_past_christmas_and_new_year(self):
        fridays = [{"days": ["fri"], "from": "09:00", "until": "12:00"}]
        holidays = dutch_holidays([2026, 2027])
        found = next_opening(
            fridays, False, local("2026-12-18 12:00"), holidays=holidays
        )
        assert found == local("2027-01-08 09:00")

    def test_there_is_none_when_it_never_opens(self):
        moment = local("2026-11-20 10:00")
        assert next_opening([], True, moment, holidays=NO_HOLIDAYS) is None


class TestDutchHolidays:
    def test_the_list_of_2026(self):
        assert sorted(HOLIDAYS_2026) == [
            date(2026, 1, 1),
            date(2026, 4, 5),
            date(2026, 4, 6),
            date(2026, 4, 27),
            date(2026, 5, 14),
            date(2026, 5, 24),
            date(2026, 5, 25),
            date(2026, 12, 25),
            date(2026, 12, 26),
        ]

    def test_liberation_day_counts_once_in_five_years(self):
        assert date(2025, 5, 5) in dutch_holidays([2025])
        assert date(2030, 5, 5) in dutch_holidays([2030])
        assert date(2026, 5, 5) not in HOLIDAYS_2026

    def test_kings_day_moves_off_a_sunday(self):
        assert date(2025, 4, 26) in dutch_holidays([2025])
        assert date(2025, 4, 27) not in dutch_holidays([2025])


CLOCKS = st.integers(0, 24 * 12).map(lambda n: f"{n // 12:02d}:{n % 12 * 5:02d}")
LINES = st.builds(
    lambda days, clocks: {"days": sorted(days), "from": clocks[0], "until": clocks[1]},
    st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    st.lists(CLOCKS, min_size=2, max_size=2, unique=True).map(sorted),
)
HOURS = st.lists(LINES, max_size=4)
#: Starts near both clock changes, a holiday weekend and the turn of the year.
STARTS = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes),
    st.sampled_from(
        [
            utc("2026-03-28 00:00"),
            utc("2026-10-24 00:00"),
            utc("2026-04-03 00:00"),
            utc("2026-12-30 00:00"),
        ]
    ),
    st.integers(0, 3 * 24 * 60),
)
HOLIDAYS = dutch_holidays([2026, 2027])


def is_open_by_the_clock(hours, open_on_holidays, moment):
    """Say it independently: walk the local day minute by minute in UTC."""
    day = moment.astimezone(AMSTERDAM).date()
    if day in HOLIDAYS and not open_on_holidays:
        return False
    shown_latest = "00:00"
    minute = moment
    while minute.astimezone(AMSTERDAM).date() == day:
        shown_latest = max(shown_latest, f"{minute.astimezone(AMSTERDAM):%H:%M}")
        minute -= timedelta(minutes=1)
    return any(
        WEEKDAYS[day.weekday()] in line["days"]
        and line["from"] <= shown_latest < line["until"]
        for line in hours
    )


class TestProperties:
    @given(HOURS, st.booleans(), STARTS)
    def test_is_open_says_what_a_walk_along_the_clock_says(self, hours, always, moment):
        assert is_open(hours, always, moment, holidays=HOLIDAYS) == (
            is_open_by_the_clock(hours, always, moment)
        )

    @given(HOURS, st.booleans(), STARTS, st.integers(1, 4 * 24 * 60), st.data())
    def test_open_spans_and_is_open_agree(self, hours, always, start, minutes, data):
        period = Period(start, start + timedelta(minutes=minutes))
        spans = open_spans(hours, always, period, HOLIDAYS)
        edges = [edge for span in spans for edge in (span.start, span.end)]
        assert edges == sorted(set(edges)), "in order, disjoint and merged"
        assert all(period.start <= edge <= period.end for edge in edges)
        moment = start + timedelta(minutes=data.draw(st.integers(0, minutes - 1)))
        in_span = any(span.start <= moment < span.end for span in spans)
        assert is_open(hours, always, moment, holidays=HOLIDAYS) == in_span

    @given(HOURS, st.booleans(), STARTS)
    def test_the_next_opening_is_the_start_of_the_first_span(
        self, hours, always, start
    ):
        spans = open_spans(
            hours, always, Period(start, start + timedelta(days=36)), HOLIDAYS
        )
        found = next_opening(hours, always, start, holidays=HOLIDAYS)
        if found is None:
            assert not [s for s in spans if s.start < start + timedelta(days=35)]
        else:
            assert spans
            assert found == spans[0].start
