"""A round: fixed, divided, checked, proposed, answered, divided again, carried out."""


import pytest

from tests.apps.registrations.round_play import (
    DAY,
    both_say_yes,
    join,
    move_of,
    open_one,
    step,
)
from tests.factories.registrations import make_gp_region, make_wish, publish
from wijkspil.registrations.models import Wish
from wijkspil.registrations.types import ListStatus, MoveStatus, RoundStatus, WishStatus

pytestmark = pytest.mark.django_db


def test_full_practices_swap_without_growing() -> None:
    region = make_gp_region(practices=3)
    for service in region.practices:
        publish(service, status=ListStatus.CLOSED)
    a = make_wish(region, current=0, choices=[1])
    b = make_wish(region, current=1, choices=[2])
    c = make_wish(region, current=2, choices=[0, 1])
    row = open_one(region)
    for place in range(3):
        join(row, region, place)
    at = region.at + 15 * DAY
    row = step(row, "divide", at)
    assert row.status == RoundStatus.VERIFIED
    assert row.receipt["moved_people"] == 3
    assert row.receipt["status"] == "optimal"
    row = step(row, "publish", at)
    assert row.status == RoundStatus.PUBLISHED
    assert Wish.objects.filter(status=WishStatus.PROPOSED).count() == 3
    for wish in (a, b, c):
        both_say_yes(region, wish, at + DAY)
    row = step(row, "close", at + 2 * DAY)
    row = step(row, "execute", at + 2 * DAY)
    assert row.status == RoundStatus.EXECUTED
    assert Wish.objects.filter(status=WishStatus.PLACED).count() == 3
    assert move_of(c, MoveStatus.EXECUTED).choice_rank == 1
