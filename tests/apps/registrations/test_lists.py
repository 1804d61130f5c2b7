"""A practice says whether its list is open; what is left of a month is counted."""

import itertools
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.registrations import (
    AT,
    GpRegion,
    make_gp_region,
    make_wish,
    publish,
)
from wijkspil.accounts.types import VISITOR
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.errors import UnknownService
from wijkspil.registrations.conditions import check_conditions
from wijkspil.registrations.errors import InvalidRegistration, ListFull
from wijkspil.registrations.models import Move, PracticeList, Round, RoundPractice
from wijkspil.registrations.selectors.lists import get_list, list_lists, month_of
from wijkspil.registrations.services.lists import lock_list, publish_list
from wijkspil.registrations.types import (
    Conditions,
    ListGiven,
    ListReason,
    ListStatus,
    MoveStatus,
    RoundStatus,
)

pytestmark = pytest.mark.django_db

OPEN = ListGiven(status=ListStatus.OPEN, places_per_month=10, people=2300)


def make_move(
    region: GpRegion, *, to: int, origin: int | None = None, **changes: Any
) -> Move:
    """Make a proposal; ``to`` and ``origin`` count in practices."""
    people = changes.pop("people", 1)
    wish = changes.pop("wish", None) or make_wish(
        region, choices=[to], current=origin, people=people, status="proposed"
    )
    values: dict[str, Any] = {
        "wish": wish,
        "from_service": None if origin is None else region.practices[origin],
        "to_service": region.practices[to],
        "choice_rank": 1,
        "size": people,
        "load": people * 1000,
        "status": MoveStatus.PROPOSED,
        "proposed_at": region.at,
        "answer_by": region.at + timedelta(days=10),
        "effective_on": date(2026, 12, 14),
    }
    return Move.objects.create(**(values | changes))


def make_round(of: GpRegion, **changes: Any) -> Round:
    """Make a round practices can join."""
    values: dict[str, Any] = {
        "name": "Ronde december",
        "region": of.region,
        "status": RoundStatus.OPEN,
        "seed": 1,
        "join_until": of.at + timedelta(days=14),
        "effective_on": date(2026, 12, 14),
        "opened_by_name": "R. Ho",
        "opened_at": of.at,
    }
    return Round.objects.create(**(values | changes))


def say(region: GpRegion, given: ListGiven, at: datetime = AT) -> PracticeList:
    return publish_list(
        actor=region.managers[0].actor,
        service_id=region.practices[0].pk,
        given=given,
        at=at,
    )


def test_a_practice_publishes_its_list_and_history_is_kept() -> None:
    region = make_gp_region()
    say(region, OPEN)
    say(
        region,
        ListGiven(status=ListStatus.CLOSED, reason=ListReason.FULL),
        AT + timedelta(days=3),
    )
    rows = list(PracticeList.objects.order_by("valid_from"))
    assert [row.status for row in rows] == ["open", "closed"]
    assert rows[0].valid_until == rows[1].valid_from
    now = get_list(region.practices[0].pk, AT + timedelta(days=4))
    assert now is not None
    assert (now.status, now.places_left_this_month) == (ListStatus.CLOSED, 0)
    assert now.publisher == "P. Manager 1"


def test_the_same_sent_twice_adds_one_row() -> None:
    region = make_gp_region()
    assert say(region, OPEN) == say(region, OPEN, AT + timedelta(seconds=1))
    assert PracticeList.objects.count() == 1


def test_still_true_a_week_later_counts_as_said_anew() -> None:
    region = make_gp_region()
    say(region, OPEN)
    again = say(region, OPEN, AT + timedelta(days=7))
    assert again.valid_from == AT + timedelta(days=7)
    assert PracticeList.objects.count() == 2


def test_a_clock_that_runs_behind_does_not_break_the_order() -> None:
    region = make_gp_region()
    first = say(region, OPEN)
    second = say(
        region,
        ListGiven(status=ListStatus.CLOSED, reason=ListReason.STAFF),
        AT - timedelta(minutes=5),
    )
    assert second.valid_from > first.valid_from


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (ListGiven(status="half-open"), "status"),
        (ListGiven(status="closed"), "reason"),
        (ListGiven(status="closed", reason="too-ill-people"), "reason"),
        (ListGiven(status="limited", reason="full"), "status"),
        (
            ListGiven(status="open", conditions=Conditions(only_with_member=True)),
            "status",
        ),
        (ListGiven(status="open", places_per_month=0), "places_per_month"),
        (ListGiven(status="open", places_per_month=40_000), "places_per_month"),
        (ListGiven(status="open", people=-1), "people"),
        (
            ListGiven(status="closed", reason="full", expected_until=date(2020, 1, 1)),
            "expected_until",
        ),
        (
            ListGiven(
                status="limited",
                reason="full",
                conditions=Conditions(postcodes=("0012",)),
            ),
            "postcodes",
        ),
        (
            ListGiven(
                status="limited",
                reason="full",
                conditions=Conditions(most_of_band={"50-60": 1}),
            ),
            "most_of_band",
        ),
        (
            ListGiven(
                status="limited",
                reason="full",
                conditions=Conditions(most_minutes=500),
            ),
            "most_minutes",
        ),
    ],
)
def test_a_field_that_breaks_a_rule_is_named(given: ListGiven, field: str) -> None:
    region = make_gp_region()
    with pytest.raises(InvalidRegistration) as refused:
        say(region, given)
    assert field in refused.value.fields
    assert not PracticeList.objects.exists()


def test_only_the_manager_of_this_practice_publishes() -> None:
    region = make_gp_region()
    for actor in (VISITOR, region.managers[1].actor, region.coordinator.actor):
        with pytest.raises(NotPermitted):
            publish_list(
                actor=actor,
                service_id=region.practices[0].pk,
                given=OPEN,
                at=AT,
            )


def test_a_service_that_gives_no_gp_care_has_no_list() -> None:
    region = make_gp_region()
    service = region.practices[0]
    service.care = "district-nursing"
    service.save()
    with pytest.raises(UnknownService):
        say(region, OPEN)


def test_direct_registrations_of_this_month_take_places() -> None:
    region = make_gp_region()
    publish(region.practices[0])
    make_move(region, to=0, people=3)
    make_move(region, to=0, people=2, status=MoveStatus.REFUSED)
    make_move(region, to=0, proposed_at=month_of(AT)[0] - timedelta(seconds=1))
    now = get_list(region.practices[0].pk, AT)
    assert now is not None
    assert now.places_left_this_month == 7
    assert now.can_take(people=7, load=9000)
    assert not now.can_take(people=8, load=9000)
    later = get_list(region.practices[0].pk, month_of(AT)[1])
    assert later is not None
    assert later.places_left_this_month == 10


def test_a_swap_takes_no_place_and_growth_does() -> None:
    region = make_gp_region()
    for practice in region.practices:
        publish(practice)
    round_ = make_round(region, status=RoundStatus.EXECUTED)
    done = {"round": round_, "status": MoveStatus.EXECUTED, "closed_at": AT}
    yes = {"household_answer": "yes", "practice_answer": "yes"}
    make_move(region, to=0, origin=1, **done, **yes)
    make_move(region, to=1, origin=0, **done, **yes)
    make_move(region, to=2, origin=0, people=2, **done, **yes)
    found = list_lists([p.pk for p in region.practices], AT)
    left = [found[p.pk].places_left_this_month for p in region.practices]
    assert left == [10, 10, 8]


def test_places_given_to_a_round_that_runs_are_set_apart() -> None:
    region = make_gp_region()
    publish(region.practices[0])
    round_ = make_round(region)
    RoundPractice.objects.create(
        round=round_,
        service=region.practices[0],
        free_places=4,
        joined_by_name="P",
        joined_at=AT,
    )
    now = get_list(region.practices[0].pk, AT)
    assert now is not None
    assert (now.places_left_this_month, now.set_apart) == (6, 4)


def test_people_per_age_band_are_counted_where_there_is_a_cap() -> None:
    region = make_gp_region()
    publish(region.practices[0], status="limited", most_of_band={"0-64": 3})
    make_move(region, to=0, people=2)
    now = get_list(region.practices[0].pk, AT)
    assert now is not None
    assert now.taken_of_band == {"0-64": 2}
    one: dict[str, Any] = {"postcode": "2512AB", "minutes": 4.0, "has_member": False}
    taken = now.taken_of_band
    fits = check_conditions(now.conditions, bands=["0-64"], taken_of_band=taken, **one)
    assert fits == ()
    two = ["0-64", "0-64"]
    assert check_conditions(now.conditions, bands=two, taken_of_band=taken, **one) == (
        "band",
    )


def test_each_condition_is_told_by_its_code() -> None:
    given: dict[str, Any] = {"bands": ["0-64"], "taken_of_band": {}}
    conditions = Conditions(
        postcodes=("2512", "2513XY"), most_minutes=10, only_with_member=True
    )
    for postcode, minutes, member in itertools.product(
        ("2512AB", "2513XY", "2513XZ"), (10.0, 10.1, None), (True, False)
    ):
        expected = [
            code
            for code, is_unmet in (
                ("postcode", postcode == "2513XZ"),
                ("minutes", minutes == 10.1),
                ("member", not member),
            )
            if is_unmet
        ]
        unmet = check_conditions(
            conditions, postcode=postcode, minutes=minutes, has_member=member, **given
        )
        assert list(unmet) == expected


def test_many_lists_are_read_with_few_queries() -> None:
    region = make_gp_region(practices=6)
    for practice in region.practices:
        publish(practice, status="limited", most_of_band={"85+": 1})
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = list_lists([p.pk for p in region.practices], AT)
    assert len(found) == 6
    assert len(queries) <= 5


def test_a_practice_that_said_nothing_cannot_be_locked() -> None:
    region = make_gp_region()
    with pytest.raises(ListFull):
        lock_list(service_id=region.practices[0].pk, at=AT)


@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_runs_from_the_first_to_the_first(month: int) -> None:
    start, end = month_of(datetime(2026, month, 17, 12, tzinfo=AT.tzinfo))
    assert (start.day, start.hour, start.month) == (1, 0, month)
    assert (end.day, end.hour, end.month) == (1, 0, month % 12 + 1)
