"""The proof of responsibility in time, against examples and a slow oracle."""

import dataclasses
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.factories.directory import (
    ALWAYS,
    EVERY_DAY,
    AreaFactory,
    AreaOverlapFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
)
from wijkspil.core.errors import InvalidValue, NotFound
from wijkspil.core.periods import Period
from wijkspil.directory.interval_cover import Division, Spans, cover, merge, overlay
from wijkspil.directory.models import (
    Area,
    AreaOverlap,
    Coverage,
    DutyPeriod,
    RegionMember,
)
from wijkspil.directory.opening_hours import dutch_holidays, is_open
from wijkspil.directory.selectors.coverage_check import check_coverage, list_gaps
from wijkspil.directory.selectors.responsibility import Answer, get_who_helps
from wijkspil.directory.types import Care, RegionPurpose

#: Friday 20 November 2026, 00.00 to Saturday 00.00 in Amsterdam.
FRIDAY = Period(
    datetime(2026, 11, 19, 23, tzinfo=UTC), datetime(2026, 11, 20, 23, tzinfo=UTC)
)
OFFICE_START = datetime(2026, 11, 20, 7, tzinfo=UTC)
OFFICE_END = datetime(2026, 11, 20, 16, tzinfo=UTC)


def covered_hours(wijk, **question):
    """Return the (covered, partial, gap) hours of one wijk on the Friday."""
    result = check_coverage(period=FRIDAY, **question)
    hours = next(w.hours for w in result.wijken if w.area_id == wijk.pk)
    return hours.covered, hours.partial, hours.gap


@pytest.fixture
def wijk(db):
    return AreaFactory()


class TestOneWijk:
    def test_it_is_covered_while_a_service_that_covers_it_is_open(self, wijk):
        CoverageFactory(area=wijk)
        (found,) = check_coverage(period=FRIDAY).wijken
        assert (found.hours.covered, found.hours.gap) == (9.0, 15.0)
        assert [(gap.period.start, gap.period.end) for gap in found.gaps] == [
            (FRIDAY.start, OFFICE_START),
            (OFFICE_END, FRIDAY.end),
        ]
        assert found.longest_gap == Period(FRIDAY.start, OFFICE_START)

    def test_a_duty_covers_it_while_everyone_is_closed(self, wijk):
        CoverageFactory(area=wijk)
        DutyPeriodFactory(area=wijk)
        assert covered_hours(wijk) == (16.0, 0.0, 8.0)

    def test_a_coverage_counts_from_its_start_until_its_end(self, wijk):
        CoverageFactory(
            area=wijk,
            service__always_open=True,
            valid_from=OFFICE_START,
            valid_until=OFFICE_START + timedelta(seconds=90),
        )
        assert covered_hours(wijk) == (90 / 3600, 0.0, 24 - 90 / 3600)

    def test_a_wijk_without_anybody_is_one_gap(self, wijk):
        (found,) = check_coverage(period=FRIDAY).wijken
        assert found.longest_gap == FRIDAY
        assert [gap.covered_share for gap in found.gaps] == [0.0]

    @pytest.mark.parametrize(
        "change",
        [
            {"service__is_active": False},
            {"service__organization__is_active": False},
            {"care": Care.PHARMACY},
            {"service__opening_hours": []},
            {"valid_until": FRIDAY.start},
            {"valid_from": FRIDAY.end},
        ],
    )
    def test_it_counts_only_what_is_active_valid_open_and_of_the_care(
        self, wijk, change
    ):
        CoverageFactory(area=wijk, **{"service__always_open": True, **change})
        assert covered_hours(wijk) == (0.0, 0.0, 24.0)

    def test_a_duty_of_an_inactive_service_does_not_count(self, wijk):
        DutyPeriodFactory(area=wijk, service__is_active=False)
        assert covered_hours(wijk) == (0.0, 0.0, 24.0)

    def test_the_night_the_clock_goes_back_has_an_hour_more(self, wijk):
        CoverageFactory(area=wijk, service__always_open=True)
        sunday = Period(
            datetime(2026, 10, 24, 22, tzinfo=UTC),
            datetime(2026, 10, 25, 23, tzinfo=UTC),
        )
        (found,) = check_coverage(period=sunday).wijken
        assert found.hours.covered == 25.0


class TestAreasAround:
    def test_a_gemeente_covers_its_wijken(self, db):
        gemeente = AreaFactory(gemeente=True)
        wijk = AreaFactory(parent=gemeente)
        CoverageFactory(area=gemeente, service__always_open=True)
        assert covered_hours(wijk) == (24.0, 0.0, 0.0)

    def test_a_service_for_the_region_counts_only_as_fallback(self, db):
        region = AreaFactory(region=True)
        AreaFactory(lies_in=[region])
        CoverageFactory(area=region, service__always_open=True)
        (found,) = check_coverage(period=FRIDAY).wijken
        assert found.hours.gap == 24.0
        assert found.hours_with_fallback.covered == 24.0
        assert [gap.has_fallback for gap in found.gaps] == [True]

    def test_an_alliance_covers_its_members(self, db):
        alliance = AreaFactory(alliance=True)
        member, other = AreaFactory(lies_in=[alliance]), AreaFactory()
        CoverageFactory(area=alliance, service__always_open=True)
        assert covered_hours(member) == (24.0, 0.0, 0.0)
        assert covered_hours(other) == (0.0, 0.0, 24.0)


class TestPieces:
    def test_all_its_postcode_areas_together_cover_a_wijk(self, wijk):
        for share in (0.7, 0.295):
            part = AreaOverlapFactory(whole=wijk, share_of_whole=share).part
            CoverageFactory(area=part, service__always_open=True)
        # A sliver of less than one percent asks for nothing.
        AreaOverlapFactory(whole=wijk, share_of_whole=0.005)
        assert covered_hours(wijk) == (24.0, 0.0, 0.0)

    def test_some_of_them_cover_it_partly_by_their_share_of_the_ground(self, wijk):
        covered = AreaOverlapFactory(whole=wijk, share_of_whole=0.3).part
        AreaOverlapFactory(whole=wijk, share_of_whole=0.6)
        CoverageFactory(area=covered)
        (found,) = check_coverage(period=FRIDAY).wijken
        assert (found.hours.covered, found.hours.partial) == (0.0, 9.0)
        assert [gap.covered_share for gap in found.gaps] == pytest.approx(
            [0.0, 0.3 / 0.9, 0.0]
        )
        assert found.longest_gap == FRIDAY

    def test_all_its_buurten_together_cover_a_wijk(self, wijk):
        buurten = AreaFactory.create_batch(4, buurt=True, parent=wijk)
        CoverageFactory(area=buurten[0], service__always_open=True)
        assert covered_hours(wijk) == (0.0, 24.0, 0.0)
        for buurt in buurten[1:]:
            DutyPeriodFactory(area=buurt)
        assert covered_hours(wijk) == (7.0, 17.0, 0.0)

    def test_a_postcode_area_filed_under_a_covered_wijk_does_not_cover_another(
        self, wijk
    ):
        # The PC4 lies mostly in the covered neighbour, but this ground does not.
        neighbour = AreaFactory()
        part = AreaFactory(pc4=True, parent=neighbour)
        AreaOverlapFactory(part=part, whole=wijk, share_of_whole=1.0)
        CoverageFactory(area=neighbour, service__always_open=True)
        assert covered_hours(wijk) == (0.0, 0.0, 24.0)

    def test_the_pc6_in_the_wijk_cover_its_piece_of_a_postcode_area(self, wijk):
        neighbour = AreaFactory()
        part = AreaOverlapFactory(whole=wijk, share_of_whole=1.0).part
        AreaOverlapFactory(part=part, whole=neighbour, share_of_whole=1.0)
        inside = AreaFactory(pc6=True, parent=part, lies_in=[wijk])
        inside_too = AreaFactory(pc6=True, parent=part, lies_in=[wijk])
        AreaFactory(pc6=True, parent=part, lies_in=[neighbour])
        CoverageFactory(area=inside, service__always_open=True)
        assert covered_hours(wijk) == (0.0, 0.0, 24.0)
        DutyPeriodFactory(area=inside_too)
        assert covered_hours(wijk) == (7.0, 0.0, 17.0)
        assert covered_hours(neighbour) == (0.0, 0.0, 24.0)

    def test_a_region_of_postcode_areas_is_a_fallback_for_its_members(self, wijk):
        region = AreaFactory(region=True)
        for lies_in in ([region], []):
            part = AreaFactory(pc4=True, lies_in=lies_in)
            AreaOverlapFactory(part=part, whole=wijk)
        DutyPeriodFactory(area=region)
        (found,) = check_coverage(period=FRIDAY).wijken
        assert found.hours.gap == 24.0
        assert found.hours_with_fallback.partial == 7.0
        assert not any(gap.has_fallback for gap in found.gaps)


class TestQuestion:
    def test_a_region_limits_the_answer_without_changing_it(self, db):
        region = AreaFactory(region=True, code="HAAGLANDEN")
        gemeente = AreaFactory(gemeente=True, lies_in=[region])
        wijk = AreaFactory(parent=gemeente)
        pieces = AreaOverlapFactory.create_batch(2, whole=wijk)
        pc6 = AreaFactory(pc6=True, parent=pieces[1].part)
        CoverageFactory(area=pieces[0].part)
        DutyPeriodFactory(area=pieces[0].part)
        DutyPeriodFactory(area=pc6)
        CoverageFactory(area=region, service__always_open=True)
        CoverageFactory()
        everything = check_coverage(period=FRIDAY)
        for code in ("HAAGLANDEN", gemeente.code):
            result = check_coverage(period=FRIDAY, region_code=code)
            assert result.wijken == tuple(
                w for w in everything.wijken if w.area_id == wijk.pk
            )
            assert result.totals.n_wijken == 1
        assert result.wijken[0].hours.covered == 7.0

    def test_an_unknown_region_is_named_with_the_remedy(self, db):
        AreaFactory(region=True, purpose=RegionPurpose.ZORGKANTOOR, code="delta")
        with pytest.raises(NotFound, match=r"NERGENS.*delta"):
            check_coverage(period=FRIDAY, region_code="NERGENS")

    def test_a_code_of_several_purposes_asks_for_the_purpose(self, db):
        for purpose in (RegionPurpose.RESV, RegionPurpose.NIGHT_CARE):
            AreaFactory(region=True, purpose=purpose, code="delta")
        with pytest.raises(InvalidValue, match="night-care/delta, resv/delta"):
            check_coverage(period=FRIDAY, region_code="delta")
        result = check_coverage(period=FRIDAY, region_code="resv/delta")
        assert result.region_code == "delta"

    def test_the_region_of_the_care_office_goes_first_by_code_or_name(self, db):
        for purpose in (RegionPurpose.RESV, RegionPurpose.ZORGKANTOOR):
            region = AreaFactory(
                region=True, purpose=purpose, code="delta", name="De Delta"
            )
            AreaFactory(lies_in=[region], code=purpose)
        for asked in ("DELTA", "de delta"):
            result = check_coverage(period=FRIDAY, region_code=asked)
            assert [wijk.code for wijk in result.wijken] == ["zorgkantoor"]

    def test_an_unknown_care_is_refused_with_what_is_known(self, db):
        with pytest.raises(InvalidValue, match=r"“nursing”.*district-nursing"):
            check_coverage(period=FRIDAY, care="nursing")

    def test_a_period_of_more_than_a_year_is_refused(self, db):
        long = Period(FRIDAY.start, FRIDAY.start + timedelta(days=367))
        with pytest.raises(InvalidValue, match="367"):
            check_coverage(period=long)

    def test_the_newest_division_not_after_the_period_is_used(self, db):
        for year in (2024, 2025, 2027):
            AreaFactory(year=year, code=f"WK{year}")
        AreaFactory(year=2025, code="WK2025-without-point", lon=None)
        AreaFactory(year=2026, code="WK2026-figures-only", lon=None)
        result = check_coverage(period=FRIDAY)
        assert result.year == 2025
        assert [wijk.code for wijk in result.wijken] == [
            "WK2025",
            "WK2025-without-point",
        ]

    def test_without_wijken_there_is_nothing_to_prove(self, db):
        result = check_coverage(period=FRIDAY)
        assert (result.wijken, result.year) == ((), 0)
        assert result.totals.wijk_hours.covered_share == 1.0

    def test_the_number_of_queries_does_not_grow(self, db):
        def n_queries():
            with CaptureQueriesContext(
                connection,
            ) as queries:
                check_coverage(period=FRIDAY, region_code="HERE")
            return len(queries)

        region = AreaFactory(region=True, code="HERE")
        counts = []
        for _size in range(2):
            for _wijk in range(3):
                piece = AreaOverlapFactory(whole=AreaFactory(lies_in=[region])).part
                CoverageFactory(area=AreaFactory(pc6=True, parent=piece))
                DutyPeriodFactory(area=piece)
            counts.append(n_queries())
        assert counts[0] == counts[1] <= 9


class TestAgreement:
    def test_an_address_gets_the_answer_that_the_proof_counts(self, db):
        region = AreaFactory(region=True)
        wijk = AreaFactory(lies_in=[region])
        AreaFactory(pc4=True, code="9901", parent=wijk)
        CoverageFactory(area=wijk)
        CoverageFactory(area=region, service__always_open=True)
        DutyPeriodFactory(area=wijk)
        (found,) = check_coverage(period=FRIDAY).wijken

        for hour in range(24):
            moment = FRIDAY.start + timedelta(hours=hour)
            who = get_who_helps(
                postcode="9901",
                at=moment,
                cares=[Care.DISTRICT_NURSING],
                audiences=[],
                show_room=False,
                show_duty_person=False,
            )
            is_gap = any(g.period.start <= moment < g.period.end for g in found.gaps)
            answer = who.by_care[Care.DISTRICT_NURSING].answer
            assert (answer == Answer.REGION_FALLBACK) == is_gap, moment
        assert all(gap.has_fallback for gap in found.gaps)


class TestTotals:
    def test_wijken_are_weighed_by_their_inhabitants(self, db):
        crowded = AreaFactory(population=9000)
        AreaFactory(population=1000)
        AreaFactory(population=None)
        CoverageFactory(area=crowded, service__always_open=True)
        totals = check_coverage(period=FRIDAY).totals
        assert totals.wijk_hours.covered_share == pytest.approx(1 / 3)
        assert totals.person_hours.covered_share == pytest.approx(0.9)
        assert totals.n_wijken_with_gap == 2
        assert totals.n_wijken_with_gap_despite_fallback == 2
        assert totals.n_wijken_without_population == 1

    def test_the_gaps_that_hurt_most_come_first(self, db):
        region = AreaFactory(region=True)
        CoverageFactory(area=region, service__always_open=True)
        with_fallback = AreaFactory(code="A", lies_in=[region])
        office_hours, nobody = AreaFactory(code="B"), AreaFactory(code="C")
        CoverageFactory(area=office_hours)
        gaps = list_gaps(check_coverage(period=FRIDAY))
        assert [(wijk.area_id, gap.period.hours) for wijk, gap in gaps] == [
            (nobody.pk, 24.0),
            (office_hours.pk, 8.0),
            (office_hours.pk, 7.0),
            (with_fallback.pk, 24.0),
        ]

    def test_a_result_turns_into_plain_data(self, wijk):
        CoverageFactory(area=wijk)
        plain = dataclasses.asdict(check_coverage(period=FRIDAY))
        assert plain["wijken"][0]["gaps"][0]["period"]["start"] == FRIDAY.start


# The oracle: minute by minute, in plain Python, from the rows of the database.

#: Around the night in which the clock goes back.
ORACLE_START = datetime(2026, 10, 24, 20, 7, tzinfo=UTC)
HOLIDAYS = dutch_holidays([2026])
ORACLE_MINUTES = 420
PATTERNS = [
    ALWAYS,
    [{"days": EVERY_DAY, "from": "23:10", "until": "24:00"}],
    [{"days": ["sun"], "from": "01:00", "until": "02:30"}],
    [
        {"days": ["sat"], "from": "22:00", "until": "23:45"},
        {"days": ["sun"], "from": "02:00", "until": "03:05"},
    ],
]


class Oracle:
    """Say of a minute what share of a wijk is covered, by the rules in the docs."""

    def __init__(self):
        self.areas = {area.pk: area for area in Area.objects.all()}
        self.overlaps = list(AreaOverlap.objects.all())
        self.members = list(RegionMember.objects.all())
        self.coverages, self.duties = (
            list(model.objects.select_related("service__organization"))
            for model in (Coverage, DutyPeriod)
        )

    def is_answered(self, area_id, minute, region_wide):
        area = self.areas[area_id]
        is_region = area.kind == "region" and area.purpose != RegionPurpose.ALLIANCE
        if is_region and not region_wide:
            return False
        for row in [*self.coverages, *self.duties]:
            is_valid = (
                row.area_id == area_id
                and row.care == Care.DISTRICT_NURSING
                and row.valid_from <= minute
                and (row.valid_until is None or minute < row.valid_until)
                and row.service.is_active
                and row.service.organization.is_active
            )
            if is_valid and (
                isinstance(row, DutyPeriod)
                or is_open(
                    row.service.opening_hours,
                    row.service.is_open_on_holidays,
                    minute,
                    holidays=HOLIDAYS,
                )
            ):
                return True
        return False

    def is_piece_answered(self, area_id, *when):
        regions = [m.region_id for m in self.members if m.area_id == area_id]
        return any(self.is_answered(pk, *when) for pk in (area_id, *regions))

    def is_pc4_covered_in(self, wijk, pc4_id, *when):
        every_pc6 = [a for a in self.areas.values() if a.parent_id == pc4_id]
        of_wijk = [pc6 for pc6 in every_pc6 if wijk.pk in pc6.within] or every_pc6
        return self.is_piece_answered(pc4_id, *when) or (
            bool(of_wijk)
            and all(self.is_piece_answered(pc6.pk, *when) for pc6 in of_wijk)
        )

    def share(self, wijk, *when):
        if any(self.is_answered(area_id, *when) for area_id in wijk.within):
            return 1.0
        divisions = [
            [
                (o.share_of_whole, self.is_pc4_covered_in(wijk, o.part_id, *when))
                for o in self.overlaps
                if o.whole_id == wijk.pk and o.share_of_whole >= 0.01
            ],
            [
                (1.0, self.is_piece_answered(buurt.pk, *when))
                for buurt in self.areas.values()
                if buurt.kind == "buurt" and buurt.parent_id == wijk.pk
            ],
        ]
        shares = [0.0]
        for pieces in divisions:
            if pieces and all(is_covered for _size, is_covered in pieces):
                return 1.0
            if pieces:
                part = sum(size for size, is_covered in pieces if is_covered)
                shares.append(part / sum(size for size, _covered in pieces))
        return max(shares)


def shares_per_minute(found, period, attribute):
    """Return the share the check gives every minute of the period."""
    n_minutes = round(period.hours * 60)
    shares = [1.0] * n_minutes
    for gap in found.gaps:
        first = round((gap.period.start - period.start) / timedelta(minutes=1))
        last = round((gap.period.end - period.start) / timedelta(minutes=1))
        shares[first:last] = [getattr(gap, attribute)] * (last - first)
    return shares


SHARES = st.sampled_from([None, 0.004, 0.25, 0.5, 0.9])
SOURCES = st.lists(
    st.fixed_dictionaries(
        {
            "place": st.integers(0, 30),
            "is_duty": st.booleans(),
            "hours": st.sampled_from(PATTERNS),
            "begin": st.integers(-30, ORACLE_MINUTES - 1),
            "lasts": st.sampled_from([20, 90, 240, 500]),
            "is_active": st.sampled_from([True, True, True, False]),
        }
    ),
    min_size=3,
    max_size=16,
)
GROUND = st.fixed_dictionaries(
    {
        "shares": st.lists(SHARES, min_size=6, max_size=6),
        "members": st.lists(st.integers(0, 30), max_size=4),
        "alliance_members": st.lists(st.integers(0, 30), max_size=3),
    }
)


def make_ground(ground):
    """Make two wijken in a gemeente, three PC4, some PC6 and buurten; return areas."""
    region = AreaFactory(region=True)
    alliance = AreaFactory(alliance=True)
    gemeente = AreaFactory(gemeente=True)
    wijken = AreaFactory.create_batch(2, parent=gemeente)
    buurten = AreaFactory.create_batch(2, buurt=True, parent=wijken[0])
    pc4s = AreaFactory.create_batch(3, pc4=True, parent=wijken[1])
    pairs = [(pc4, wijk) for pc4 in pc4s for wijk in wijken]
    for (part, whole), share in zip(pairs, ground["shares"], strict=True):
        if share is not None:
            AreaOverlapFactory(part=part, whole=whole, share_of_whole=share)
    pc6s = [
        AreaFactory(pc6=True, parent=pc4s[0], lies_in=[]) for _number in range(2)
    ] + [AreaFactory(pc6=True, parent=pc4s[1])]
    for pc6, wijk in zip(pc6s, wijken, strict=False):
        pc6.within = sorted({pc6.pk, pc4s[0].pk, wijk.pk})
        pc6.save()
    members = [*wijken, *buurten, *pc4s, *pc6s]
    for whole, numbers in (
        (region, ground["members"]),
        (alliance, ground["alliance_members"]),
    ):
        for area in {members[number % len(members)] for number in numbers}:
            RegionMember.objects.create(region=whole, area=area)
            if area in wijken:
                area.within = sorted({*area.within, whole.pk})
                area.save()
    return [region, alliance, gemeente, *members]


def add_source(areas, source):
    service = HealthcareServiceFactory(
        opening_hours=source["hours"], is_active=source["is_active"]
    )
    factory = DutyPeriodFactory if source["is_duty"] else CoverageFactory
    valid_from = ORACLE_START + timedelta(minutes=source["begin"])
    return factory(
        service=service,
        area=areas[source["place"] % len(areas)],
        valid_from=valid_from,
        valid_until=valid_from + timedelta(minutes=source["lasts"]),
    )


#: A failing example is not made smaller: with a database that takes minutes.
IN_DATABASE = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


class TestAgainstOracle(TestCase):
    @IN_DATABASE
    @given(ground=GROUND, sources=SOURCES)
    def test_every_minute_has_the_share_the_rules_give(self, ground, sources):
        areas = make_ground(ground)
        for source in sources:
            add_source(areas, source)
        period = Period(ORACLE_START, ORACLE_START + timedelta(minutes=ORACLE_MINUTES))
        result = check_coverage(period=period)
        oracle = Oracle()
        for found in result.wijken:
            wijk = oracle.areas[found.area_id]
            for attribute, region_wide in (
                ("covered_share", False),
                ("covered_share_with_fallback", True),
            ):
                shares = shares_per_minute(found, period, attribute)
                for number, share in enumerate(shares):
                    minute = period.start + timedelta(minutes=number)
                    expected = oracle.share(wijk, minute, region_wide)
                    assert share == pytest.approx(expected), (wijk, minute)
            shares = shares_per_minute(found, period, "covered_share")
            assert found.hours.covered == pytest.approx(shares.count(1.0) / 60)
            assert found.hours.gap == pytest.approx(shares.count(0.0) / 60)

    @IN_DATABASE
    @given(
        ground=GROUND,
        sources=SOURCES,
        extra=SOURCES,
        cut=st.integers(1, ORACLE_MINUTES - 1),
    )
    def test_more_cover_never_makes_a_gap_and_split_periods_add_up(
        self, ground, sources, extra, cut
    ):
        areas = make_ground(ground)
        for source in sources:
            add_source(areas, source)
        end = ORACLE_START + timedelta(minutes=ORACLE_MINUTES)
        period = Period(ORACLE_START, end)
        middle = ORACLE_START + timedelta(minutes=cut)
        before = check_coverage(period=period)
        halves = [
            check_coverage(period=half)
            for half in (Period(ORACLE_START, middle), Period(middle, end))
        ]
        for whole, *parts in zip(
            before.wijken, *(half.wijken for half in halves), strict=True
        ):
            for name in ("covered", "partial", "gap"):
                assert getattr(whole.hours, name) == pytest.approx(
                    sum(getattr(part.hours, name) for part in parts)
                )
            assert whole.hours.total == pytest.approx(ORACLE_MINUTES / 60)
        for source in extra:
            add_source(areas, source)
        after = check_coverage(period=period)
        for old, new in zip(before.wijken, after.wijken, strict=True):
            for attribute in ("covered_share", "covered_share_with_fallback"):
                assert all(
                    later >= sooner - 1e-12
                    for sooner, later in zip(
                        shares_per_minute(old, period, attribute),
                        shares_per_minute(new, period, attribute),
                        strict=True,
                    )
                )


# The computation alone: many more cases, no database.

LENGTH = 24
KEYED_SPANS = st.lists(
    st.tuples(
        st.integers(0, 4), st.tuples(*[st.integers(0, LENGTH)] * 2).map(sorted)
    ).filter(lambda row: row[1][0] < row[1][1]),
    max_size=10,
)


def as_spans(rows):
    columns = np.array(
        [(key, start, end) for key, (start, end) in rows], dtype=np.int64
    ).reshape(-1, 3)
    return merge(Spans(*columns.T), length=LENGTH)


def is_in(rows, key, moment):
    return any(k == key and start <= moment < end for k, (start, end) in rows)


class TestIntervalCover:
    @given(KEYED_SPANS)
    def test_merged_spans_are_ordered_disjoint_and_cover_the_same(self, rows):
        merged = as_spans(rows)
        listed = list(
            zip(
                merged.key.tolist(),
                merged.start.tolist(),
                merged.end.tolist(),
                strict=True,
            )
        )
        for (key, _start, end), (next_key, start, _end) in pairwise(listed):
            assert (key, end) < (next_key, start)
        for key in range(5):
            for moment in range(LENGTH):
                assert is_in(rows, key, moment) == any(
                    k == key and start <= moment < end for k, start, end in listed
                )

    @given(
        direct=KEYED_SPANS.map(lambda rows: [(k % 3, span) for k, span in rows]),
        pieces=KEYED_SPANS,
        piece_target=st.lists(st.integers(0, 2), min_size=5, max_size=5),
        weights=st.lists(
            st.sampled_from([0.01, 0.1, 1 / 3, 1.0]), min_size=5, max_size=5
        ),
    )
    def test_it_says_of_every_moment_what_a_walk_says(
        self, direct, pieces, piece_target, weights
    ):
        division = Division(np.array(piece_target), np.array(weights), as_spans(pieces))
        timeline = cover(
            n_targets=3, length=LENGTH, direct=as_spans(direct), divisions=[division]
        )
        segments = overlay(timeline, timeline)
        for target in range(3):
            mine = [piece for piece in range(5) if piece_target[piece] == target]
            chosen = segments.target == target
            assert (segments.end - segments.start)[chosen].sum() == LENGTH
            for moment in range(LENGTH):
                covered = [piece for piece in mine if is_in(pieces, piece, moment)]
                expected = sum(weights[p] for p in covered) / (
                    sum(weights[p] for p in mine) or 1.0
                )
                is_whole = bool(mine) and covered == mine
                if is_in(direct, target, moment) or is_whole:
                    expected = 1.0
                (share,) = segments.share[
                    chosen & (segments.start <= moment) & (moment < segments.end)
                ]
                assert share == pytest.approx(expected, abs=1e-8)
                assert (share == 1.0) == (expected == 1.0)
