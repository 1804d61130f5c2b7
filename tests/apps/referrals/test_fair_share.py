"""How work is spread over providers, against what they said they could do."""

from datetime import timedelta

import pytest

from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    AT,
    ServiceRequestFactory,
    make_team,
    make_wijk,
    place,
)
from wijkspil.referrals.selectors.fair_share import (
    WEEKS,
    Share,
    get_shares,
    relative_shares,
)
from wijkspil.referrals.services.steering import withdraw_request

pytestmark = pytest.mark.django_db


def taken(service, **values):
    """Make a request that a service took an hour ago."""
    return ServiceRequestFactory(
        **{
            "status": "in-care",
            "placed_service": service,
            "placed_at": AT - timedelta(hours=1),
            **values,
        }
    )


def share_of(service, at=AT):
    return get_shares([service.organization_id], at=at)[service.organization_id]


def test_work_counts_by_its_weight_and_capacity_by_clients():
    team = make_team(AreaFactory(), new_clients=3)
    taken(team, complexity=2.0)
    taken(team, complexity=0.5, status="ended")
    share = share_of(team)
    assert (share.load, share.clients, share.free_clients) == (2.5, 2, 3)
    assert share.capacity == 5


@pytest.mark.parametrize(
    "values",
    [
        {"placed_at": AT - timedelta(weeks=WEEKS)},
        {"placed_at": AT + timedelta(seconds=1)},
        {"status": "withdrawn"},
    ],
)
def test_old_work_later_work_and_who_withdrew_do_not_count(values):
    team = make_team(AreaFactory())
    taken(team, **values)
    assert share_of(team).clients == 0


def test_a_client_who_withdraws_after_a_team_accepted_is_no_load():
    wijk = make_wijk()
    request = place(wijk)
    at = AT + timedelta(hours=1)
    assert share_of(wijk.teams[0], at).clients == 1
    withdraw_request(
        actor=wijk.referrer.actor, request_id=request.pk, reason="died", at=at
    )
    assert share_of(wijk.teams[0], at).clients == 0


def test_room_that_is_not_known_is_no_capacity():
    assert share_of(make_team(AreaFactory(), new_clients=None)).capacity == 0


def test_the_same_load_for_the_same_capacity_is_exactly_fair():
    shares = {1: Share(2.0, 2, 2), 2: Share(4.0, 4, 4)}
    assert relative_shares(shares) == {1: 1.0, 2: 1.0}


def test_who_took_more_than_its_part_is_above_one():
    found = relative_shares({1: Share(3.0, 3, 1), 2: Share(0.0, 0, 4)})
    assert found[1] == pytest.approx(2.0)
    assert found[2] == 0.0


def test_without_work_or_capacity_everybody_is_at_one():
    assert relative_shares({1: Share(0.0, 0, 4)}) == {1: 1.0}
    assert relative_shares({1: Share(0.0, 0, 0), 2: Share(1.0, 1, 0)})[1] == 1.0
    assert relative_shares({}) == {}
