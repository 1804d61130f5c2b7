"""The database itself keeps what must never be."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.factories.registrations import AT, make_gp_region, make_wish, publish
from wijkspil.registrations.models import Move, Round
from wijkspil.registrations.types import Answer, MoveStatus, RoundStatus

pytestmark = pytest.mark.django_db


def move(**changes: object) -> Move:
    region = make_gp_region()
    values: dict[str, object] = {
        "wish": make_wish(region, choices=[1], current=0),
        "from_service": region.practices[0],
        "to_service": region.practices[1],
        "choice_rank": 1,
        "size": 1,
        "load": 1000,
        "status": MoveStatus.PROPOSED,
        "proposed_at": AT,
        "answer_by": AT + timedelta(days=10),
        "effective_on": date(2026, 11, 10),
    }
    return Move.objects.create(**(values | changes))


def test_a_household_has_one_live_proposal_at_a_time() -> None:
    first = move()
    first.pk = None
    with pytest.raises(IntegrityError, match="move_one_live_each"):
        first.save()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"effective_on": date(2027, 1, 1)}, "move_not_on_a_quarter_day"),
        ({"practice_answer": Answer.NO}, "move_refusal_has_a_reason"),
        ({"status": MoveStatus.CONFIRMED}, "move_carried_out_by_both"),
    ],
)
def test_a_move_keeps_the_rules(changes: dict[str, object], name: str) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        move(**changes)


def test_a_practice_has_one_list_at_a_time() -> None:
    region = make_gp_region()
    publish(region.practices[0])
    with pytest.raises(IntegrityError, match="practicelist_one_at_a_time"):
        publish(region.practices[0], at=AT + timedelta(days=1))


def test_a_region_and_the_country_have_one_live_round_each() -> None:
    region = make_gp_region()
    for where in (region.region, None):
        values = {
            "name": "Ronde",
            "region": where,
            "status": RoundStatus.OPEN,
            "seed": 1,
            "join_until": AT,
            "effective_on": date(2026, 11, 10),
            "opened_at": AT,
        }
        Round.objects.create(**values)
        with (
            pytest.raises(IntegrityError, match="round_one_live"),
            transaction.atomic(),
        ):
            Round.objects.create(**values)
