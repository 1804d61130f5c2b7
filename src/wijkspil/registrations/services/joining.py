"""A practice joins a round: what it gives, and how much it can take in.

It joins each round anew, and can change or take back until the practices are fixed.
What comes in is bound by what its desk can enter in the days before the change.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.errors import UnknownPostcode
from wijkspil.directory.selectors.gp_practices import (
    GpPractice,
    get_gp_place,
    get_gp_practice,
)
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.registrations.errors import InvalidRegistration, NotNow, UnknownRound
from wijkspil.registrations.models import Round, RoundPractice
from wijkspil.registrations.permissions import check_can_keep_list
from wijkspil.registrations.selectors.desk_work import get_usual_per_day
from wijkspil.registrations.selectors.lists import get_list
from wijkspil.registrations.selectors.rounds import lock_round
from wijkspil.registrations.services.trail import add_round_event
from wijkspil.registrations.types import RoundStatus
from wijkspil.registrations.work_days import most_in_round

#: More free places than this is a slip of the finger.
MOST_FREE = 2_000
MOST_FREE_LOAD = MOST_FREE * 2_300


@transaction.atomic
def join_round(
    *,
    actor: Actor,
    round_id: int,
    service_id: int,
    free_places: int,
    max_inflow: int | None = None,
    free_load: int | None = None,
    at: datetime,
) -> RoundPractice:
    """Join a round, or change what the practice gives to it. Locks the round.

    ``max_inflow`` is lowered to what the desk can enter in time; empty means that.
    ``free_load`` is in thousandths; empty: load is not bound.

    Raises
    ------
    UnknownService
        If there is no such practice.
    NotPermitted
        If it is not the actor's practice.
    UnknownRound
        If there is no such round, or it is of another region.
    NotNow
        If practices can no longer join.
    InvalidRegistration
        With every field that breaks a rule.
    """
    check_can_keep_list(actor, get_service_target(service_id))
    practice = get_gp_practice(service_id, at=at)
    row = lock_round(round_id)
    _check_region(row, practice)
    _check_open(row, at=at)
    _check_numbers(free_places, max_inflow, free_load)
    most = most_inflow(row, service_id, at=at)
    known = get_list(service_id, at)
    joined, _is_new = RoundPractice.objects.update_or_create(
        round=row,
        service_id=service_id,
        defaults={
            "free_places": free_places,
            "max_inflow": most if max_inflow is None else min(max_inflow, most),
            "free_load": free_load,
            "people_before": None if known is None else known.people,
            "joined_by_id": actor.user_id,
            "joined_by_name": actor.label[:120],
            "joined_at": at,
        },
    )
    add_round_event(
        row,
        "joined",
        actor=actor,
        at=at,
        service_id=service_id,
        free_places=free_places,
        max_inflow=joined.max_inflow,
        free_load=free_load,
    )
    return joined


@transaction.atomic
def leave_round(*, actor: Actor, round_id: int, service_id: int, at: datetime) -> bool:
    """Take part no longer; whether it did. Locks the round.

    Raises
    ------
    UnknownService, NotPermitted, UnknownRound, NotNow
        As for ``join_round``.
    """
    check_can_keep_list(actor, get_service_target(service_id))
    row = lock_round(round_id)
    _check_open(row, at=at)
    removed, _kinds = RoundPractice.objects.filter(
        round=row, service_id=service_id
    ).delete()
    if removed:
        add_round_event(row, "left", actor=actor, at=at, service_id=service_id)
    return bool(removed)


def most_inflow(row: Round, service_id: int, *, at: datetime) -> int:
    """Return how many people the desk of a practice can enter in a round."""
    return most_in_round(
        answers_until=localdate(row.join_until) + timedelta(days=row.answer_days),
        effective_on=row.effective_on,
        usual=get_usual_per_day(service_id, at=at),
    )


def find_region_id(practice: GpPractice) -> int | None:
    """Return the region of the GP organization around a practice, if it is known."""
    try:
        return get_gp_place(practice.postcode).region_id
    except UnknownPostcode:
        return None


def _check_region(row: Round, practice: GpPractice) -> None:
    if row.region_id is not None and find_region_id(practice) != row.region_id:
        raise UnknownRound(
            _("Round %(name)s is not of the region of %(practice)s.")
            % {"name": row.name, "practice": practice.name}
        )


def _check_open(row: Round, *, at: datetime) -> None:
    if row.status != RoundStatus.OPEN or at >= row.join_until:
        raise NotNow(
            _("Practices can no longer join or change: the round is being divided.")
        )


def _check_numbers(
    free_places: int, max_inflow: int | None, free_load: int | None
) -> None:
    wrong = {}
    for name, value, most in (
        ("free_places", free_places, MOST_FREE),
        ("max_inflow", max_inflow, MOST_FREE),
        ("free_load", free_load, MOST_FREE_LOAD),
    ):
        if value is not None and not 0 <= value <= most:
            wrong[name] = [
                _("%(value)s: give a whole number from %(least)s to %(most)s.")
                % {"value": value, "least": 0, "most": most}
            ]
    if wrong:
        raise InvalidRegistration(wrong)
