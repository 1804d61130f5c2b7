"""The week of duties and its gaps: exact to the minute, also when the clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apps.directory.at_once import at_once
from tests.apps.directory.signing_in import actor_of, browser_of
from tests.factories.directory import (
    AreaFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import InvalidValue, NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.core.periods import Period
from wijkspil.directory.errors import (
    AlreadyChanged,
    CannotSwap,
    InvalidEntry,
    OverlapsAnother,
)
from wijkspil.directory.models import DutyCalendar, DutyPeriod
from wijkspil.directory.selectors.coverage_check import check_coverage
from wijkspil.directory.selectors.duty_week import (
    Week,
    get_duty_week,
    list_area_gaps,
)
from wijkspil.directory.selectors.history import EntryKind, get_version
from wijkspil.directory.selectors.management import list_coverage_regions
from wijkspil.directory.services.duty import Duty, change_duty, swap_duties
from wijkspil.directory.services.duty_calendars import (
    UnknownCalendar,
    make_calendar,
    read_calendar,
    revoke_calendar,
)
from wijkspil.directory.services.editing import save_entry

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
CARE = "district-nursing"
MINUTE = timedelta(minutes=1)


def make_region():
    return AreaFactory(region=True, purpose="zorgkantoor", name="Delta", code="DELTA")


def choice(region):
    return list_coverage_regions([region.pk])[0]


@pytest.fixture
def region(db):
    return make_region()


@pytest.fixture
def wijk(region):
    return AreaFactory(name="Dorp", lies_in=[region])


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)


def on_duty(area, start, end, service=None, **values):
    return DutyPeriodFactory(
        area=area,
        service=service or HealthcareServiceFactory(never_open=True),
        valid_from=local(start),
        valid_until=local(end),
        **values,
    )


class TestWeek:
    def test_the_week_of_the_clock_going_back_has_169_hours(self):
        assert Week.read("2026-W43").period.hours == 169
        assert Week.read("2027-W12").period.hours == 167
        assert Week.read("2026-w48").monday == date(2026, 11, 23)
        assert Week.of(date(2027, 1, 3)).code == "2026-W53"

    @pytest.mark.parametrize("text", ["", "2026", "2026-W54", "2026-48", "x-W01"])
    def test_another_text_is_no_week(self, text):
        with pytest.raises(InvalidValue, match="2026-W48"):
            Week.read(text)


class TestGrid:
    def test_a_night_stands_on_both_its_days(self, region, wijk):
        on_duty(wijk, "2026-11-20T23:00", "2026-11-21T07:00")
        found = get_duty_week(
            region=choice(region), week=Week.read("2026-W47"), care=CARE, now=NOW
        )
        ((line,),) = [area.lines for area in found.areas]
        shown = [[s.is_continued for s in cell.shifts] for cell in line.cells]
        assert shown == [[], [], [], [], [False], [True], []]

    @pytest.mark.parametrize(
        ("week", "day", "hours"), [("2026-W43", 6, 25.0), ("2027-W12", 6, 23.0)]
    )
    def test_a_day_of_25_or_23_hours_is_empty_as_long(
        self, region, wijk, week, day, hours
    ):
        found = get_duty_week(
            region=choice(region), week=Week.read(week), care=CARE, now=NOW
        )
        (area,) = found.areas
        assert sum(gap.period.hours for gap in area.gap_cells[day].gaps) == hours

    @pytest.mark.parametrize(
        ("start", "end", "week"),
        [
            ("2026-10-24T23:00", "2026-10-25T07:00", "2026-W43"),
            ("2027-03-27T23:00", "2027-03-28T07:00", "2027-W12"),
        ],
    )
    def test_a_night_over_the_change_of_the_clock_leaves_no_gap(
        self, region, wijk, start, end, week
    ):
        on_duty(wijk, start, end)
        found = get_duty_week(
            region=choice(region), week=Week.read(week), care=CARE, now=NOW
        )
        (area,) = found.areas
        saturday, sunday = area.gap_cells[5].gaps, area.gap_cells[6].gaps
        assert [gap.period.end for gap in saturday] == [local(start)]
        assert [gap.period.start for gap in sunday] == [local(end)]

    def test_areas_with_nobody_come_first(self, region, wijk):
        quiet = AreaFactory(name="Aa", lies_in=[region])
        CoverageFactory(area=quiet, service=HealthcareServiceFactory(always_open=True))
        on_duty(quiet, "2026-11-20T23:00", "2026-11-21T07:00")
        found = get_duty_week(
            region=choice(region), week=Week.read("2026-W47"), care=CARE, now=NOW
        )
        assert [area.name for area in found.areas] == ["Dorp", "Aa"]

    def test_a_provider_sees_its_own_duties_and_areas(self, region, wijk):
        coverage = CoverageFactory(area=AreaFactory(name="Veld", lies_in=[region]))
        mine = on_duty(
            coverage.area, "2026-11-20T23:00", "2026-11-21T07:00", coverage.service
        )
        on_duty(coverage.area, "2026-11-20T23:00", "2026-11-21T07:00")
        found = get_duty_week(
            region=choice(region),
            week=Week.read("2026-W47"),
            care=CARE,
            now=NOW,
            service_ids=[coverage.service_id],
        )
        assert [area.name for area in found.areas] == ["Veld"]
        assert found.duty_ids == (mine.pk,)

    def test_the_number_of_queries_does_not_grow(
        self, region, wijk, django_assert_max_num_queries
    ):
        for _number in range(15):
            on_duty(
                AreaFactory(lies_in=[region]), "2026-11-20T23:00", "2026-11-21T07:00"
            )
        asked = choice(region)
        for week, most in (("2026-W47", 11), ("2027-W30", 20)):
            with django_assert_max_num_queries(most):
                get_duty_week(region=asked, week=Week.read(week), care=CARE, now=NOW)


def minutes_of(row):
    """Return the minutes of the period that a duty answers for."""
    first = (row.valid_from - START) // MINUTE
    last = (row.valid_until - START) // MINUTE
    return range(max(first, 0), min(last, LENGTH))


#: A night with 25 hours in its day is inside.
START = datetime(2026, 10, 24, 18, tzinfo=UTC)
LENGTH = 36 * 60

spans = st.lists(
    st.tuples(
        st.integers(0, 2),  # area: two wijken, or the region
        st.integers(-60, LENGTH),
        st.integers(1, 14 * 60),
    ),
    max_size=14,
)


@pytest.mark.django_db
@given(spans)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_gaps_are_those_of_a_search_minute_by_minute(django_db_blocker, drawn):
    """Compare with an oracle that asks for every minute who answers."""
    DutyPeriod.objects.all().delete()
    from wijkspil.directory.models import Area, RegionMember

    RegionMember.objects.all().delete()
    Area.objects.all().delete()
    region = make_region()
    wijken = [AreaFactory(lies_in=[region]) for _ in range(2)]
    places = [*wijken, region]
    service = HealthcareServiceFactory(never_open=True)
    rows = [
        DutyPeriodFactory(
            service=service,
            area=places[area],
            rank=rank,
            valid_from=START + first * MINUTE,
            valid_until=START + (first + length) * MINUTE,
        )
        for rank, (area, first, length) in enumerate(drawn, start=1)
    ]
    period = Period(START, START + LENGTH * MINUTE)

    found = list_area_gaps(region=choice(region), period=period, care=CARE)

    wide = {m for row in rows if row.area_id == region.pk for m in minutes_of(row)}
    for area in found:
        own = {
            m for row in rows if row.area_id == area.area_id for m in minutes_of(row)
        }
        for fallback in (False, True):
            told = {
                minute
                for gap in area.gaps
                if gap.has_fallback is fallback
                for minute in range(
                    (gap.period.start - START) // MINUTE,
                    (gap.period.end - START) // MINUTE,
                )
            }
            empty = set(range(LENGTH)) - own
            assert told == (empty & wide if fallback else empty - wide)
    assert len(found) == 2
    checked = check_coverage(period=period, care=CARE, region_code="zorgkantoor/DELTA")
    for area, proof in zip(found, checked.wijken, strict=True):
        assert area.hours == pytest.approx(proof.hours.uncovered)
        assert area.hours_nobody == pytest.approx(proof.hours_with_fallback.uncovered)


def duty_of(row, **values):
    kept = {
        "area_id": row.area_id,
        "care": row.care,
        "rank": row.rank,
        "person_name": row.person_name,
        "phone": row.phone,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
    }
    return Duty(**{**kept, **values})


@pytest.mark.django_db
class TestChanging:
    @pytest.fixture
    def coverage(self, wijk):
        return CoverageFactory(area=wijk)

    @pytest.fixture
    def row(self, coverage):
        return DutyPeriodFactory(service=coverage.service, area=coverage.area)

    @pytest.fixture
    def manager(self, coverage):
        return actor_of(
            Role.PROVIDER_MANAGER, organization_id=coverage.service.organization_id
        )

    def test_another_person_takes_the_place_and_the_uid_stays(self, row, manager):
        new = change_duty(
            actor=manager,
            duty_id=row.pk,
            duty=duty_of(row, person_name="B. Beter"),
            at=NOW,
        )
        stored = DutyPeriod.objects.get()
        assert (stored.pk, stored.person_name) == (new.pk, "B. Beter")
        assert stored.external_uid == f"duty-{row.pk}@wijkspil"

    def test_a_running_duty_is_split_at_the_change(self, row, manager):
        at = row.valid_from + timedelta(hours=2)
        change_duty(
            actor=manager,
            duty_id=row.pk,
            duty=duty_of(row, person_name="B. Beter"),
            at=at,
        )
        assert list(
            DutyPeriod.objects.order_by("valid_from").values_list(
                "person_name", "valid_from", "valid_until"
            )
        ) == [
            (row.person_name, row.valid_from, at),
            ("B. Beter", at, row.valid_until),
        ]

    def test_a_change_that_fails_changes_nothing(self, row, manager):
        other = DutyPeriodFactory(
            service=row.service,
            area=row.area,
            valid_from=row.valid_until,
            valid_until=row.valid_until + timedelta(hours=4),
        )
        with pytest.raises(OverlapsAnother):
            change_duty(
                actor=manager,
                duty_id=row.pk,
                duty=duty_of(row, valid_until=other.valid_until),
                at=NOW,
            )
        assert set(DutyPeriod.objects.values_list("pk", flat=True)) == {
            row.pk,
            other.pk,
        }

    def test_what_has_ended_and_what_changed_since_are_refused(self, row, manager):
        version = get_version(EntryKind.DUTY, row.pk)
        with pytest.raises(InvalidEntry, match="ended"):
            change_duty(
                actor=manager, duty_id=row.pk, duty=duty_of(row), at=row.valid_until
            )
        row.phone = "070 1234567"
        row.save()
        with pytest.raises(AlreadyChanged):
            change_duty(
                actor=manager,
                duty_id=row.pk,
                duty=duty_of(row),
                at=NOW,
                version=version,
            )

    def test_two_persons_swap_and_both_are_in_the_trail(self, row, manager):
        other = DutyPeriodFactory(
            service=row.service,
            area=row.area,
            rank=2,
            person_name="B. Beter",
            phone="070 1234567",
        )
        swap_duties(actor=manager, duty_id=row.pk, other_id=other.pk, at=NOW)
        assert dict(DutyPeriod.objects.values_list("pk", "person_name")) == {
            row.pk: "B. Beter",
            other.pk: row.person_name,
        }
        assert AuditEvent.objects.filter(purpose="duty.swap").count() == 2

    def test_a_swap_with_itself_a_begun_one_or_a_stranger_is_refused(
        self, row, manager
    ):
        strange = DutyPeriodFactory()
        with pytest.raises(CannotSwap):
            swap_duties(actor=manager, duty_id=row.pk, other_id=row.pk, at=NOW)
        with pytest.raises(NotPermitted):
            swap_duties(actor=manager, duty_id=row.pk, other_id=strange.pk, at=NOW)
        other = DutyPeriodFactory(service=row.service, area=row.area, rank=2)
        with pytest.raises(CannotSwap, match="begun"):
            swap_duties(
                actor=manager, duty_id=row.pk, other_id=other.pk, at=row.valid_from
            )


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_the_database_itself_refuses_two_persons_at_once(self):
        service, area = HealthcareServiceFactory(), AreaFactory()
        start = datetime(2026, 11, 20, 22, tzinfo=UTC)

        def enter(number):
            save_entry(
                DutyPeriod(
                    service=service,
                    area=area,
                    care=CARE,
                    rank=1,
                    person_name=f"Person {number}",
                    phone="061",
                    valid_from=start + number * MINUTE,
                    valid_until=start + timedelta(hours=8),
                )
            )
            return "stored"

        outcomes = at_once(*[lambda n=n: enter(n) for n in range(4)])
        assert outcomes.count("stored") == 1
        assert sum(isinstance(o, OverlapsAnother) for o in outcomes) == 3
        assert DutyPeriod.objects.count() == 1

    def test_two_swaps_of_one_pair_never_wait_for_each_other(self):
        coverage = CoverageFactory()
        rows = [
            DutyPeriodFactory(
                service=coverage.service,
                area=coverage.area,
                rank=rank,
                person_name=f"P{rank}",
            )
            for rank in (1, 2)
        ]
        actor = actor_of(
            Role.PROVIDER_MANAGER, organization_id=coverage.service.organization_id
        )
        first, second = rows[0].pk, rows[1].pk
        at_once(
            lambda: swap_duties(actor=actor, duty_id=first, other_id=second, at=NOW),
            lambda: swap_duties(actor=actor, duty_id=second, other_id=first, at=NOW),
        )
        assert list(
            DutyPeriod.objects.order_by("rank").values_list("person_name", flat=True)
        ) == ["P1", "P2"]


@pytest.mark.django_db
class TestCalendars:
    @pytest.fixture
    def coverage(self, wijk):
        return CoverageFactory(area=wijk)

    @pytest.fixture
    def browser(self, coverage):
        return browser_of(
            Role.TEAM_MEMBER,
            service=coverage.service,
            organization=coverage.service.organization,
        )

    def member(self, browser, coverage):
        from wijkspil.accounts.selectors import get_actor

        user_id = int(browser.session["_auth_user_id"])
        return get_actor(user_id=user_id, label="x", at=timezone.now())

    def test_the_address_answers_until_it_is_revoked(self, coverage, browser):
        duty = DutyPeriodFactory(service=coverage.service, area=coverage.area)
        actor = self.member(browser, coverage)
        made = make_calendar(actor=actor, service_id=coverage.service_id, at=NOW)

        text = read_calendar(token=made.token, at=NOW).ics
        assert "BEGIN:VEVENT" in text
        assert "Nacht" not in text
        assert duty.phone not in text
        assert made.token not in str(DutyCalendar.objects.values_list())
        assert AuditEvent.objects.filter(purpose="duty.calendar").count() == 1

        revoke_calendar(actor=actor, calendar_id=made.calendar_id, at=NOW)
        with pytest.raises(UnknownCalendar):
            read_calendar(token=made.token, at=NOW)

    def test_numbers_only_when_asked_for(self, coverage, browser):
        DutyPeriodFactory(service=coverage.service, area=coverage.area)
        actor = self.member(browser, coverage)
        made = make_calendar(
            actor=actor, service_id=coverage.service_id, at=NOW, with_phone=True
        )
        assert "085 000 0001" in read_calendar(token=made.token, at=NOW).ics

    def test_only_the_person_asked_for(self, coverage, browser):
        DutyPeriodFactory(service=coverage.service, area=coverage.area)
        made = make_calendar(
            actor=self.member(browser, coverage),
            service_id=coverage.service_id,
            person_name="A. Ander",
            at=NOW,
        )
        assert "BEGIN:VEVENT" not in read_calendar(token=made.token, at=NOW).ics

    def test_who_left_the_team_reads_nothing_any_more(self, coverage, browser):
        from tests.factories.accounts import MembershipFactory

        actor = self.member(browser, coverage)
        made = make_calendar(actor=actor, service_id=coverage.service_id, at=NOW)
        MembershipFactory._meta.model.objects.all().delete()
        with pytest.raises(UnknownCalendar):
            read_calendar(token=made.token, at=NOW)

    def test_another_team_and_another_person_may_not(self, coverage, browser):
        stranger = actor_of(Role.TEAM_MEMBER, service_id=HealthcareServiceFactory().pk)
        with pytest.raises(NotPermitted):
            make_calendar(actor=stranger, service_id=coverage.service_id, at=NOW)
        made = make_calendar(
            actor=self.member(browser, coverage),
            service_id=coverage.service_id,
            at=NOW,
        )
        with pytest.raises(UnknownCalendar):
            revoke_calendar(actor=stranger, calendar_id=made.calendar_id, at=NOW)

    def test_a_calendar_program_reads_it_without_signing_in(
        self, client, coverage, browser
    ):
        page = browser.post(
            reverse("directory:duty-calendars"), {"service": coverage.service_id}
        ).content.decode()
        address = page.split('<code class="wd-address">')[1].split("<")[0]
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/calendar")
        assert "no-store" in answer["Cache-Control"]
        assert client.get(address.replace(".ics", "x.ics")).status_code == 404
