"""Invented lists, wishes and rounds for a demo: much is there, and it goes again."""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories import registrations as make
from tests.factories.directory import AreaFactory
from tests.factories.registrations import AT, GpRegion
from wijkspil.core.models import AuditEvent
from wijkspil.registrations.fictional import (
    RegistrationsMade,
    delete_fictional_registrations,
    make_lists_wishes_rounds,
)
from wijkspil.registrations.fictional.figures import load_figures
from wijkspil.registrations.fictional.households import make_wishes, read_ground
from wijkspil.registrations.fictional.lists import make_lists
from wijkspil.registrations.models import (
    Move,
    PracticeList,
    RehousedHousehold,
    Rehousing,
    Round,
    Wish,
    WishMember,
)
from wijkspil.registrations.selectors.lists import list_lists
from wijkspil.registrations.services.household import read_member
from wijkspil.registrations.services.wishes import check_wish_code
from wijkspil.registrations.types import (
    Answer,
    MoveStatus,
    RehousingStatus,
    RoundStatus,
    WishStatus,
)

pytestmark = pytest.mark.django_db


def make_ground(*, practices: int = 8) -> GpRegion:
    """A region with practices in a row and people between them."""
    gps = make.make_gp_region(practices=practices)
    for place in range(30):
        AreaFactory(
            pc6=True,
            code=f"2512{'BC'[place // 26]}{chr(65 + place % 26)}",
            parent=gps.pc4,
            lon=make.LON + 0.004 * place,
            lat=make.LAT + 0.001 * (place % 3),
            population=40,
        )
    return gps


def play(gps: GpRegion, *, seed: int = 1) -> RegistrationsMade:
    return make_lists_wishes_rounds(
        region_id=gps.region.pk,
        at=AT,
        seed=seed,
        coordinator=gps.coordinator.actor,
        managers=[gps.managers[0].actor, gps.managers[1].actor],
    )


def drawn(gps: GpRegion, seed: int) -> list[Any]:
    """What is drawn for lists and wishes, without numbers of wishes."""
    make_lists(at=AT, seed=seed)
    ground = read_ground(gps.region.pk, at=AT, seed=seed)
    assert ground is not None
    make_wishes(ground, count=30, since=AT - timedelta(days=99), until=AT, seed=seed)
    found = [
        list(
            PracticeList.objects.order_by("valid_from").values_list(
                "service_id", "status", "reason", "places_per_month", "postcodes"
            )
        ),
        list(
            Wish.objects.order_by("created_at").values_list(
                "created_at", "reason", "postcode", "size", "load"
            )
        ),
    ]
    delete_fictional_registrations()
    return found


def test_a_region_gets_lists_wishes_and_two_rounds_to_look_at_and_answer() -> None:
    gps = make_ground()
    made = play(gps)
    assert made.lists == len(list_lists([one.pk for one in gps.practices], AT))
    assert made.wishes == Wish.objects.count() >= 40
    past, live = Round.objects.order_by("opened_at")
    assert (past.status, live.status) == (RoundStatus.EXECUTED, RoundStatus.PUBLISHED)
    assert past.receipt
    assert past.fairness
    assert past.passes == 2
    assert live.answer_by is not None
    assert live.answer_by > AT
    assert made.moved == past.moves.filter(status=MoveStatus.EXECUTED).count() > 3
    assert Wish.objects.filter(status=WishStatus.WAITING).exists()
    # Both who sign in for a practice have households to answer.
    waiting = live.moves.filter(status=MoveStatus.PROPOSED, practice_answer=Answer.NONE)
    assert made.proposals >= waiting.count()
    for practice in gps.practices[:2]:
        assert waiting.filter(to_service=practice).exists()
    # The link that is told opens a wish with a proposal nobody answered.
    assert made.link is not None
    wish = check_wish_code(made.link.token, made.link.code, at=AT)
    assert (wish.number, wish.status) == (made.number, WishStatus.PROPOSED)
    move = wish.moves.get(status=MoveStatus.PROPOSED)
    assert move.household_answer == Answer.NONE


def test_what_is_invented_is_sealed_current_and_half_re_housed() -> None:
    play(make_ground())
    rehousing = Rehousing.objects.get()
    assert rehousing.status == RehousingStatus.RUNNING
    placed = RehousedHousehold.objects.filter(to_service__isnull=False)
    assert 0 < placed.filter(moved_at__isnull=False).count() < placed.count()
    for member in WishMember.objects.all()[:5]:
        who = read_member(member)
        assert who is not None
        assert who.name.endswith("(verzonnen)")
        assert who.name.encode() not in bytes(member.identity or b"")
    live = Wish.objects.filter(status__in=[WishStatus.WAITING, WishStatus.PROPOSED])
    assert not live.filter(reconfirm_until__lte=AT.date()).exists()
    assert not live.filter(created_at__gt=AT).exists()
    looked = AuditEvent.objects.filter(
        entity_type="household", action=AuditEvent.Action.READ
    )
    assert not looked.exists()


def test_the_same_seed_gives_the_same() -> None:
    gps = make_ground()
    found = [drawn(gps, seed) for seed in (3, 3, 4)]
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_all_of_it_goes_again_before_the_areas_do() -> None:
    made = play(make_ground())
    assert delete_fictional_registrations() == made.wishes
    for table in (Round, Rehousing, PracticeList, Move, Wish):
        assert not table._default_manager.exists(), table


def test_a_region_without_people_has_lists_only() -> None:
    gps = make.make_gp_region(practices=1)
    made = make_lists_wishes_rounds(
        region_id=gps.region.pk, at=AT, seed=1, coordinator=gps.coordinator.actor
    )
    assert (made.wishes, made.link) == (0, None)
    assert not Round.objects.exists()


def test_every_figure_has_a_unit_and_a_source() -> None:
    for name, figure in load_figures().items():
        assert set(figure) == {"value", "unit", "source"}, name
        assert figure["unit"], name
        assert figure["source"], name
        if isinstance(figure["value"], dict):
            assert sum(figure["value"].values()) == pytest.approx(1), name
