"""Figures are counted for every area, per month, and small numbers are withheld."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.apps.directory.signing_in import actor_of
from tests.factories.calls import CallFactory
from tests.factories.directory import (
    AreaFactory,
    CapacityReportFactory,
    CoverageFactory,
    HealthcareServiceFactory,
)
from tests.factories.insight import AT, InsightRegion, make_base_run, make_region
from tests.factories.referrals import OfferFactory, ServiceRequestFactory
from tests.factories.registrations import publish
from wijkspil.accounts.types import Role
from wijkspil.core.errors import NotFound, NotPermitted
from wijkspil.directory.models import Area
from wijkspil.directory.types import Care
from wijkspil.insight.models import Figure, IndicatorUpload, UploadedFigure
from wijkspil.insight.selectors.figures import (
    list_children,
    list_figures,
    list_months,
)
from wijkspil.insight.services.counting import Month
from wijkspil.insight.services.refreshing import refresh_figures, refresh_now
from wijkspil.insight.types import Theme
from wijkspil.referrals.models import RequestEvent, UnmetDemand
from wijkspil.referrals.types import (
    EventKind,
    OfferStatus,
    RequestStatus,
    UnmetKind,
)
from wijkspil.registrations.types import ListStatus

pytestmark = pytest.mark.django_db


def send(
    made: InsightRegion,
    number: int,
    *,
    times: int = 1,
    minutes: float | None = 30,
    own: bool = False,
    before: timedelta = timedelta(days=3),
) -> None:
    """Send requests in a wijk; with minutes a team took them after so many."""
    for _ in range(times):
        status = RequestStatus.OPEN if minutes is None else RequestStatus.WITHDRAWN
        row = ServiceRequestFactory(
            wijk=made.wijken[number],
            region=made.zorgkantoor,
            status=status,
            submitted_at=AT - before,
            hours_high=Decimal(4),
            hours_by_part={"morning": 4},
        )
        if minutes is not None:
            RequestEvent.objects.create(
                request=row,
                kind=EventKind.ACCEPTED,
                at=row.submitted_at + timedelta(minutes=minutes),
            )
            OfferFactory(
                request=row,
                status=OfferStatus.ACCEPTED,
                reasons=[{"code": "own-team"}] if own else [],
            )


def figure(area: Area, indicator: str, *, part: str = "") -> Figure:
    return Figure.objects.get(
        area=area,
        indicator=indicator,
        part_of_day=part,
        valid_from=date(2026, 11, 1),
        run=None,
    )


def refresh(made: InsightRegion, *themes: Theme) -> int:
    return refresh_figures(region_id=made.region.pk, at=AT, themes=themes)


class TestLevels:
    def test_people_add_up_over_gemeente_and_region(self) -> None:
        made = make_region()

        refresh(made, Theme.PEOPLE)

        assert figure(made.wijken[2], "population").value == 3000
        assert figure(made.gemeenten[1], "population").value == 6000
        assert figure(made.region, "population").value == 16000
        assert figure(made.zorgkantoor, "population").value == 16000

    def test_a_share_is_of_all_people_not_of_all_wijken(self) -> None:
        made = make_region()
        made.wijken[0].population_by_age = {"0-74": 2500.0, "75+": 2500.0}
        made.wijken[0].save()
        for wijk in made.wijken[1:]:
            wijk.population_by_age = {"0-74": 3000.0}
            wijk.save()

        refresh(made, Theme.PEOPLE)

        row = figure(made.region, "population_75plus_share")
        assert row.value == pytest.approx(100 * 2500 / 16000)
        assert row.numerator == pytest.approx(2500)

    def test_a_gemeente_can_be_refreshed_without_its_region(self) -> None:
        made = make_region()

        refresh_figures(region_id=made.gemeenten[0].pk, at=AT, themes=[Theme.PEOPLE])

        assert figure(made.gemeenten[0], "population").value == 10000
        assert not Figure.objects.filter(area=made.region).exists()

    def test_the_country_is_every_wijk(self) -> None:
        made = make_region()
        alone = AreaFactory(name="Elders", population=700)

        refresh_figures(region_id=None, at=AT, themes=[Theme.PEOPLE])

        assert figure(alone, "population").value == 700
        assert figure(made.region, "population").value == 16000

    def test_an_area_without_a_wijk_is_refused(self) -> None:
        region = AreaFactory(region=True)

        with pytest.raises(NotFound, match="choose a region"):
            refresh_figures(region_id=region.pk, at=AT)


class TestGap:
    def test_need_less_capacity_is_the_gap(self) -> None:
        made = make_region()
        send(made, 0, times=6, minutes=None)
        service = HealthcareServiceFactory()
        CoverageFactory(service=service, area=made.wijken[0])
        CapacityReportFactory(
            service=service,
            new_clients=2,
            hours_per_week=Decimal(10),
            parts_of_day=["evening"],
            reported_at=AT - timedelta(hours=1),
            valid_until=AT + timedelta(hours=1),
        )

        refresh(made, Theme.GAP)

        assert figure(made.wijken[0], "gap_hours").value == pytest.approx(24 - 10)
        assert figure(made.region, "gap_hours").value == pytest.approx(14)
        assert figure(made.region, "gap_hours", part="morning").value == 24
        assert figure(made.region, "gap_hours", part="evening").value == -10
        assert figure(made.region, "asked_hours").value == 24
        assert figure(made.region, "free_hours").value == 10
        share = figure(made.region, "gap_share")
        assert share.value == pytest.approx(100 * 14 / (share.denominator or 0))

    def test_a_team_counts_once_in_the_region(self) -> None:
        made = make_region()
        for clients in (0, 2):
            service = HealthcareServiceFactory()
            for wijk in made.wijken[:3]:
                CoverageFactory(service=service, area=wijk)
            CapacityReportFactory(
                service=service,
                new_clients=clients,
                no_room_reason="" if clients else "full",
                reported_at=AT - timedelta(hours=1),
                valid_until=AT + timedelta(hours=1),
            )

        refresh(made, Theme.GAP)

        row = figure(made.region, "room_teams_share")
        assert (row.value, row.numerator, row.denominator) == (50, 1, 2)

    def test_unmet_demand_is_counted_without_single_declines(self) -> None:
        made = make_region()
        for kind in (UnmetKind.SEARCH, UnmetKind.MEDIATION, UnmetKind.DECLINE):
            for _ in range(5):
                UnmetDemand.objects.create(
                    at=AT - timedelta(days=1),
                    region=made.zorgkantoor,
                    wijk=made.wijken[1],
                    kind=kind,
                    tasks=[],
                    parts_of_day=[],
                    urgency="days",
                    hours_high=3,
                )

        refresh(made, Theme.GAP)

        assert figure(made.wijken[1], "unmet_requests").value == 10


class TestWaiting:
    def test_times_are_medians_of_each_level(self) -> None:
        made = make_region()
        send(made, 0, times=5, minutes=10)
        send(made, 1, times=5, minutes=30)
        send(made, 2, times=7, minutes=60)

        refresh(made, Theme.WAITING)

        code = "placement_minutes_median"
        assert figure(made.wijken[0], code).value == pytest.approx(10)
        assert figure(made.gemeenten[0], code).value == pytest.approx(20)
        assert figure(made.region, code).value == pytest.approx(30)

    def test_placed_in_time_is_of_what_could_be(self) -> None:
        made = make_region()
        send(made, 0, times=6, minutes=60)
        send(made, 1, times=6, minutes=2 * 24 * 60)
        send(made, 2, times=8, minutes=None, before=timedelta(hours=2))

        refresh(made, Theme.WAITING)

        row = figure(made.region, "placed_share")
        assert (row.numerator, row.denominator) == (6, 12)
        assert row.low is not None
        assert row.high is not None
        assert row.low < 50 < row.high

    def test_own_team_is_told_from_ten_on(self) -> None:
        made = make_region()
        send(made, 0, times=10, own=True)
        send(made, 1, times=2)

        refresh(made, Theme.WAITING)

        assert figure(made.wijken[1], "own_team_share").is_withheld
        # ... and the other wijk with it, or the two would follow from the total.
        assert figure(made.wijken[0], "own_team_share").is_withheld
        assert figure(made.region, "own_team_share").value == pytest.approx(1000 / 12)

    def test_a_withheld_figure_holds_nothing(self) -> None:
        made = make_region()
        send(made, 0, times=3, minutes=None)

        refresh(made, Theme.WAITING)

        row = figure(made.wijken[0], "open_requests")
        assert row.is_withheld
        assert (row.value, row.numerator, row.denominator) == (None, None, None)

    def test_nobody_waiting_is_told(self) -> None:
        made = make_region()

        refresh(made, Theme.WAITING)

        assert figure(made.wijken[0], "open_requests").value == 0


class TestGp:
    def test_reach_and_stops_are_counted(self) -> None:
        made = make_region()
        AreaFactory(pc4=True, code="2512", parent=made.wijken[0])
        for status in (ListStatus.OPEN, ListStatus.CLOSED):
            service = HealthcareServiceFactory(
                organization=made.other_provider,
                care=Care.GP_CARE,
                postcode="2512AB",
                lon=4.25,
                lat=52.05,
            )
            publish(service, status=status, people=2000, at=AT - timedelta(days=1))

        refresh(made, Theme.GP)

        stop = figure(made.wijken[0], "gp_stop_share")
        assert (stop.value, stop.denominator) == (50, 2)
        places = figure(made.region, "gp_places_per_1000").value
        assert places is not None
        assert places > 0
        assert figure(made.region, "gp_open_share").value == pytest.approx(100)
        assert not Figure.objects.filter(
            area=made.wijken[2], indicator="gp_stop_share"
        ).exists(), "no practice told anything there"


class TestNight:
    def test_hours_without_anybody_are_not_covered(self) -> None:
        made = make_region()
        team = HealthcareServiceFactory(
            opening_hours=[
                {
                    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                    "from": "00:00",
                    "until": "24:00",
                }
            ]
        )
        for wijk in made.wijken[:2]:
            CoverageFactory(service=team, area=wijk)

        refresh(made, Theme.NIGHT)

        assert figure(made.wijken[0], "night_covered_share").value == 100
        assert figure(made.wijken[2], "night_covered_share").value == 0
        assert figure(made.region, "night_covered_share").value == pytest.approx(
            100 * 10 / 16
        )

    def test_a_nurse_comes_within_the_usual_time(self) -> None:
        made = make_region()
        place = AreaFactory(pc4=True, parent=made.wijken[0])
        for minutes in (10, 20, 30, 40, 50):
            CallFactory(
                place=place,
                region=made.zorgkantoor,
                started_at=AT - timedelta(days=1),
                arrived_at=AT - timedelta(days=1) + timedelta(minutes=minutes),
            )

        refresh(made, Theme.NIGHT)

        row = figure(made.wijken[0], "night_arrival_min_median")
        assert (row.value, row.denominator) == (30, 5)


class TestQuality:
    def test_three_providers_make_a_figure_of_the_region(self) -> None:
        made = make_region()
        upload = IndicatorUpload.objects.create(
            indicator="prem_score",
            file_name="prem.csv",
            sha256="0" * 64,
            rows=3,
            uploaded_at=AT,
        )
        for value in (7.0, 8.0, 9.0):
            team = HealthcareServiceFactory()
            CoverageFactory(service=team, area=made.wijken[0])
            refresh(made, Theme.QUALITY)
            assert not Figure.objects.filter(indicator="prem_score").exists()
            UploadedFigure.objects.create(
                upload=upload,
                organization=team.organization,
                indicator="prem_score",
                valid_from=date(2026, 3, 1),
                valid_until=date(2026, 10, 1),
                count=50,
                value=value,
            )

        refresh(made, Theme.QUALITY)

        row = Figure.objects.get(area=made.region, indicator="prem_score")
        assert (row.value, row.denominator) == (8.0, 150)
        assert row.valid_until == date(2026, 10, 1)

        UploadedFigure.objects.first().delete()  # type: ignore[union-attr]
        refresh(made, Theme.QUALITY)
        assert not Figure.objects.filter(indicator="prem_score").exists()


class TestStoring:
    def test_twice_is_the_same(self) -> None:
        made = make_region()
        first = refresh(made, Theme.PEOPLE, Theme.GAP)

        assert refresh(made, Theme.PEOPLE, Theme.GAP) == first
        assert Figure.objects.count() == first

    def test_another_month_stays(self) -> None:
        made = make_region()
        refresh_figures(
            region_id=made.region.pk,
            at=AT - timedelta(days=31),
            themes=[Theme.PEOPLE],
        )

        refresh(made, Theme.PEOPLE)

        months = list_months([made.region.pk])
        assert [first.month for first, _next in months] == [11, 10]

    def test_what_is_projected_stays(self) -> None:
        made = make_region()
        make_base_run(made, chances={2030: 60.0})
        before = Figure.objects.exclude(run=None).count()

        refresh(made, Theme.GAP)

        assert Figure.objects.exclude(run=None).count() == before

    def test_only_who_sees_the_region_refreshes_it(self) -> None:
        made = make_region()
        stranger = actor_of(Role.REFERRER, organization_id=made.provider.pk)

        with pytest.raises(NotPermitted):
            refresh_now(region_id=made.region.pk, actor=stranger, at=AT)
        assert refresh_now(region_id=made.region.pk, actor=made.analyst.actor, at=AT)


class TestReading:
    def test_the_newest_of_each_is_read(self) -> None:
        made = make_region()
        for ago in (31, 0):
            refresh_figures(
                region_id=made.region.pk,
                at=AT - timedelta(days=ago),
                themes=[Theme.PEOPLE],
            )

        rows = list_figures(area_ids=[made.region.pk], indicators=["population"])
        [october] = list_figures(
            area_ids=[made.region.pk],
            indicators=["population"],
            period=(date(2026, 10, 1), date(2026, 11, 1)),
        )

        assert [row.valid_from for row in rows] == [date(2026, 11, 1)]
        assert october.valid_from == date(2026, 10, 1)
        assert rows[0].area_code == "DUIN"

    def test_from_the_country_to_a_wijk_in_two_steps(self) -> None:
        made = make_region()

        [region] = list_children(None, "resv")
        wijken = list_children(region.id, "wijk")

        assert region.key == "resv/DUIN"
        assert {one.id for one in wijken} == {wijk.pk for wijk in made.wijken}
        assert {one.gemeente for one in wijken} == {"Duinrade", "Zeedorp"}
        assert [one.name for one in list_children(region.id, "gemeente")] == [
            "Duinrade",
            "Zeedorp",
        ]


def test_a_month_is_that_of_amsterdam() -> None:
    month = Month.of(AT.replace(month=11, day=30, hour=23, minute=30))

    assert month.days == (date(2026, 12, 1), date(2027, 1, 1))
    assert month.previous.days == (date(2026, 11, 1), date(2026, 12, 1))
