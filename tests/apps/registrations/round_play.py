"""Play a round as its people do: practices join, steps are set, both sides answer."""

from datetime import datetime, timedelta
from typing import Any

from tests.factories.registrations import GpRegion
from wijkspil.registrations.models import Move, Round, RoundPractice, Wish
from wijkspil.registrations.services.moves import (
    answer_for_household,
    answer_for_practice,
)
from wijkspil.registrations.services.rounds import (
    RoundGiven,
    open_round,
    run_step,
    suggest_round,
)
from wijkspil.registrations.services.trail import SYSTEM
from wijkspil.registrations.types import MoveStatus

DAY = timedelta(days=1)


def given(region: GpRegion, **changes: Any) -> RoundGiven:
    """Return what a form gives, with the usual dates."""
    usual = suggest_round(region.region.pk, "Ruilronde najaar", at=region.at)
    return RoundGiven(**(vars(usual) | changes))


def open_one(region: GpRegion, **changes: Any) -> Any:
    """Open a round of the region."""
    return open_round(
        actor=region.coordinator.actor, given=given(region, **changes), at=region.at
    )


def join(
    round_: Round, region: GpRegion, place: int, free: int = 0, **values: Any
) -> RoundPractice:
    """Let a practice join with free places."""
    return RoundPractice.objects.create(
        round=round_,
        service=region.practices[place],
        free_places=free,
        joined_by_name="P. Manager",
        joined_at=region.at,
        **values,
    )


def step(round_: Round, name: str, at: datetime) -> Any:
    """Do a step as the worker does, and return the round as it is then."""
    run_step(round_id=round_.pk, step=name, at=at, clock=lambda: at)
    return Round.objects.get(pk=round_.pk)


def move_of(wish: Wish, status: str = MoveStatus.PROPOSED) -> Move:
    """Return the move of a wish in a state."""
    return Move.objects.get(wish=wish, status=status)


def household_says(wish: Wish, answer: str, at: datetime, reason: str = "") -> Move:
    """Let the household answer its proposal."""
    return answer_for_household(
        actor=SYSTEM,
        wish_id=wish.pk,
        move_id=move_of(wish).pk,
        answer=answer,
        reason=reason,
        at=at,
    )


def practice_says(
    region: GpRegion, wish: Wish, answer: str, at: datetime, reason: str = ""
) -> Move:
    """Let the new practice answer."""
    move = move_of(wish)
    place = [one.pk for one in region.practices].index(move.to_service_id)
    return answer_for_practice(
        actor=region.managers[place].actor,
        move_id=move.pk,
        answer=answer,
        reason=reason,
        at=at,
    )


def both_say_yes(region: GpRegion, wish: Wish, at: datetime) -> None:
    """Let household and practice say yes."""
    household_says(wish, "yes", at)
    practice_says(region, wish, "yes", at)
