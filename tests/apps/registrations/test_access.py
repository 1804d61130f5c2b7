"""How GPs can be reached: figures per area, what is told in public, and what not."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.factories import registrations as make
from tests.factories.directory import AreaFactory, HealthcareServiceFactory
from tests.factories.registrations import AT, GpRegion
from wijkspil.directory.models import AreaShape
from wijkspil.directory.selectors.gp_areas import list_gp_regions
from wijkspil.registrations.access import (
    CLOSE_MINUTES,
    Access,
    AreaAccess,
    Level,
    Reach,
    count_access,
    round_people,
)
from wijkspil.registrations.conditions import check_conditions
from wijkspil.registrations.travel import drive_minutes
from wijkspil.registrations.types import Conditions, ListReason, ListStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def gps() -> GpRegion:
    """A region with three practices, 1, 2 and 3 km east of its one postcode."""
    region = make.make_gp_region()
    region.pc4.population = 6000
    region.pc4.save()
    region.gemeente.population = 6100
    region.gemeente.save()
    return region


def count(gps: GpRegion, level: Level = Level.PC4) -> Access:
    (region,) = list_gp_regions()
    return count_access(level=level, region=region, regions=[region], at=AT)


def only_row(gps: GpRegion, level: Level = Level.PC4) -> AreaAccess:
    (row,) = count(gps, level).rows
    return row


def test_an_open_list_near_is_room_and_its_minutes_are_told(gps: GpRegion) -> None:
    make.publish(gps.practices[1])
    row = only_row(gps)
    assert (row.code, row.practices, row.open, row.untold) == ("2512", 3, 1, 2)
    assert row.reach is Reach.OPEN
    assert row.minutes == pytest.approx(drive_minutes(2.0), rel=0.01)
    assert (row.people_per_practice, row.places, row.people_per_place) == (
        2000,
        10,
        600,
    )


def test_an_open_list_that_is_farther_away_is_less_than_one_near(gps: GpRegion) -> None:
    make.publish(gps.practices[2])
    assert drive_minutes(3.0) > CLOSE_MINUTES
    row = only_row(gps)
    assert (row.reach, row.share_near) == (Reach.LIMITED, 1.0)


def test_where_nobody_told_anything_nothing_is_said(gps: GpRegion) -> None:
    row = only_row(gps)
    assert (row.reach, row.minutes, row.share_near) == (Reach.UNKNOWN, None, None)


def test_where_all_lists_are_closed_there_is_no_room(gps: GpRegion) -> None:
    for practice in gps.practices:
        make.publish(practice, status=ListStatus.CLOSED, places_per_month=None)
    access = count(gps)
    assert access.rows[0].reach is Reach.NONE
    assert access.rows[0].share_near == 0
    assert access.reasons == ((ListReason.FULL, 3),)


@pytest.mark.parametrize(
    ("condition", "reach"),
    [
        ({"postcodes": ["2512"]}, Reach.LIMITED),
        ({"postcodes": ["2513"]}, Reach.NONE),
        ({"most_minutes": 10}, Reach.LIMITED),
        ({"most_minutes": 1}, Reach.NONE),
        ({"only_with_member": True}, Reach.NONE),
    ],
)
def test_a_condition_counts_as_for_somebody_new_from_there(
    gps: GpRegion, condition: dict[str, Any], reach: Reach
) -> None:
    made = make.publish(gps.practices[0], status=ListStatus.LIMITED, **condition)
    assert only_row(gps).reach is reach
    unmet = check_conditions(
        Conditions(
            postcodes=tuple(made.postcodes),
            most_minutes=made.most_minutes,
            only_with_member=made.only_with_member,
        ),
        postcode="2512AB",
        minutes=drive_minutes(1.0),
        has_member=False,
        bands=(),
        taken_of_band={},
    )
    assert bool(unmet) is (reach is Reach.NONE)


def test_a_list_that_is_full_this_month_is_no_room(gps: GpRegion) -> None:
    from wijkspil.registrations.models import Move
    from wijkspil.registrations.types import MoveStatus

    make.publish(gps.practices[0], places_per_month=1)
    assert only_row(gps).reach is Reach.OPEN
    wish = make.make_wish(gps, choices=[0])
    Move.objects.create(
        wish=wish,
        to_service=gps.practices[0],
        choice_rank=1,
        size=1,
        load=1000,
        status=MoveStatus.PROPOSED,
        proposed_at=AT,
        answer_by=AT + timedelta(days=5),
        effective_on=AT.date() + timedelta(days=14),
    )
    row = only_row(gps)
    assert (row.open, row.places, row.reach) == (1, 0, Reach.NONE)


def test_a_practice_just_outside_the_region_counts_for_whoever_is_near(
    gps: GpRegion,
) -> None:
    make.publish(gps.practices[0], status=ListStatus.CLOSED)
    outside = HealthcareServiceFactory(
        gp_practice=True, postcode="9999AA", lon=make.LON - 0.0146, lat=make.LAT
    )
    make.publish(outside)
    row = only_row(gps)
    assert (row.practices, row.open, row.reach) == (3, 0, Reach.OPEN)


def test_a_gemeente_has_the_mean_over_its_people_and_its_own_inhabitants(
    gps: GpRegion,
) -> None:
    make.publish(gps.practices[0])
    AreaFactory(
        pc4=True,
        code="2599",
        parent=gps.pc4.parent,
        lon=make.LON - 0.0146 * 20,
        lat=make.LAT,
        population=2000,
    )
    row = only_row(gps, Level.GEMEENTE)
    assert row.population == 6100
    near, far = drive_minutes(1.0), drive_minutes(21.0)
    assert row.minutes == pytest.approx((3 * near + far) / 4, rel=0.02)
    assert row.share_near == pytest.approx(0.75)
    assert row.reach is Reach.OPEN


def test_few_people_are_never_told_and_none_per_postcode(gps: GpRegion) -> None:
    assert [round_people(n) for n in (0, 4, 5, 7, 8, 12, 13)] == [
        *(None, None, 5, 5, 10, 10, 15)
    ]
    for _wish in range(3):
        make.make_wish(gps, choices=[0])
    assert only_row(gps, Level.GEMEENTE).waiting == 3
    assert only_row(gps).waiting is None


def test_a_wish_that_ended_does_not_count(gps: GpRegion) -> None:
    make.make_wish(gps, choices=[0], people=4, status="placed")
    make.make_wish(gps, choices=[0], people=2, status="proposed")
    assert only_row(gps, Level.GEMEENTE).waiting == 2


def test_the_page_shows_the_figures_to_anybody(client: Client, gps: GpRegion) -> None:
    make.publish(gps.practices[0])
    make.publish(gps.practices[1], status=ListStatus.CLOSED, reason="neighbors")
    for _wish in range(3):
        make.make_wish(gps, choices=[0])
    answer = client.get("/huisartsenzorg/", headers={"accept-language": "en"})
    text = answer.content.decode()
    assert "1 of 3 practices take new patients" in text
    assert "fewer than 5" in text
    assert "Practices around are closed: 1 practice" in text
    postcodes = client.get("/huisartsenzorg/", {"niveau": "pc4", "sort": "-open"})
    assert 'data-map-area="2512"' in postcodes.content.decode()
    assert "People with a wish</th>" not in postcodes.content.decode()


def test_a_region_that_is_not_there_is_not_found(client: Client, gps: GpRegion) -> None:
    for asked in ("999999999", "x", "9" * 400):
        assert client.get("/huisartsenzorg/", {"regio": asked}).status_code == 404


def test_the_country_lists_the_regions(client: Client, gps: GpRegion) -> None:
    AreaFactory(region=True, purpose="gp-out-of-hours", name="Polders")
    text = client.get("/huisartsenzorg/").content.decode()
    assert f"?regio={gps.region.pk}&amp;niveau=gemeente" in text


def test_without_areas_the_page_says_why_it_is_empty(client: Client) -> None:
    answer = client.get("/huisartsenzorg/", headers={"accept-language": "en"})
    assert "There is nothing to show" in answer.content.decode()


def test_the_map_gets_the_shapes_of_the_level(client: Client, gps: GpRegion) -> None:
    square = {"type": "Polygon", "coordinates": [[[4, 52], [5, 52], [5, 53], [4, 52]]]}
    AreaShape.objects.create(area=gps.pc4, geometry=square)
    got = client.get("/huisartsenzorg/gebieden.json", {"niveau": "pc4"})
    (feature,) = json.loads(got.content)["features"]
    assert feature["properties"]["code"] == "2512"
    got = client.get("/huisartsenzorg/gebieden.json", {"niveau": "gemeente"})
    assert json.loads(got.content)["features"] == []


def test_the_csv_has_a_row_per_area(client: Client, gps: GpRegion) -> None:
    make.publish(gps.practices[0])
    make.make_wish(gps, choices=[0])
    got = client.get("/huisartsenzorg/cijfers.csv")
    header, row = b"".join(got).decode().lstrip("\ufeff").splitlines()
    told = dict(zip(header.split(";"), row.split(";"), strict=True))
    assert told["name"] == "Duinrade"
    assert (told["open"], told["not_told"], told["people_waiting"]) == ("1", "2", "<5")


def test_a_system_asks_the_same_figures(client: Client, gps: GpRegion) -> None:
    make.publish(gps.practices[0])
    make.make_wish(gps, choices=[0])
    got = client.get("/api/v1/gp-access", {"region": gps.region.code})
    body = got.json()
    assert body["items"][0]["peopleWaiting"] is None
    assert body["items"][0]["reach"] == "open"
    assert body["total"]["practices"] == 3
    assert client.get("/api/v1/gp-access", {"region": "nowhere"}).status_code == 404
    assert client.get("/api/v1/gp-access", {"level": "wijk"}).status_code == 400


def test_the_figures_take_few_queries(
    gps: GpRegion, django_assert_max_num_queries: Any
) -> None:
    for practice in gps.practices:
        make.publish(practice, most_of_band={"85+": 1})
    with django_assert_max_num_queries(10):
        count(gps, Level.GEMEENTE)
