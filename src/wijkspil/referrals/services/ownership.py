"""Who has a request in hand, and until when. It is never nobody.

The referrer keeps it while teams are asked; when no team takes it, or the date passes,
it goes to a named coordinator of the region: the one with the fewest in hand.
"""

from datetime import datetime, time, timedelta

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.care_teams import get_service_names
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.selectors.policy import Agreed
from wijkspil.referrals.selectors.worklist import count_in_hand
from wijkspil.referrals.services.trail import SYSTEM, add_event
from wijkspil.referrals.types import (
    AnswerHours,
    EventKind,
    OwnerKind,
    Urgency,
)

#: What cannot wait for the day.
URGENT = (Urgency.TODAY, Urgency.TOMORROW)


def find_coordinator(
    region_id: int, *, at: datetime, agreed: Agreed
) -> tuple[int, str] | None:
    """Return (user id, name) of who owns what nobody takes, or None.

    Whom the region agreed on, while that is a coordinator; else the coordinator with
    the fewest in hand.
    """
    holders = list_role_holders(Role.COORDINATOR, region_id=region_id, at=at)
    if not holders:
        return None
    if agreed.fallback_user_id in dict(holders):
        return next(h for h in holders if h[0] == agreed.fallback_user_id)
    in_hand = count_in_hand(user_id for user_id, _name in holders)
    return min(holders, key=lambda holder: (in_hand.get(holder[0], 0), holder[0]))


def give_to_coordinator(
    request: ServiceRequest, *, agreed: Agreed, actor: Actor, at: datetime
) -> None:
    """Make a coordinator of the region the owner, with a new date (not yet saved).

    A region without a coordinator leaves it with who has it, with a new date.
    """
    request.due_at = at + agreed.time_to_move(request.urgency)
    if is_coordinated(request, at=at):
        return
    found = find_coordinator(request.region_id, at=at, agreed=agreed)
    if found is None:
        return
    set_owner(request, user_id=found[0], name=found[1], kind=OwnerKind.COORDINATOR)
    add_event(
        request,
        EventKind.OWNER_CHANGED,
        actor=actor if actor.user_id else SYSTEM,
        at=at,
        owner=request.owner_name,
        owner_kind=OwnerKind.COORDINATOR.value,
    )


def is_coordinated(request: ServiceRequest, *, at: datetime) -> bool:
    """Whether it is in the hands of who coordinates its region at ``at``.

    A coordinator who left, or whose account ended, has nothing in hand any more.
    """
    if request.owner_kind != OwnerKind.COORDINATOR or request.owner_id is None:
        return False
    holders = list_role_holders(Role.COORDINATOR, region_id=request.region_id, at=at)
    return request.owner_id in dict(holders)


def set_owner(
    request: ServiceRequest, *, user_id: int | None, name: str, kind: OwnerKind
) -> None:
    """Put a request in somebody's hands (not yet saved)."""
    request.owner_id = user_id
    request.owner_name = name
    request.owner_kind = kind


def give_to_team(request: ServiceRequest) -> None:
    """Put a request in the hands of the team that has the client (not yet saved)."""
    if request.owner_kind == OwnerKind.TEAM or request.placed_service_id is None:
        return
    service_id = request.placed_service_id
    name = get_service_names([service_id])[service_id][0]
    set_owner(request, user_id=None, name=name, kind=OwnerKind.TEAM)


def answer_by(urgency: str, *, agreed: Agreed, at: datetime) -> datetime:
    """Return when a team must have answered.

    What is not urgent waits for the day, unless the region agreed on day and night: an
    answer due at night is due the next morning, as long after the first hour as it fell
    after the last.
    """
    until = at + agreed.time_to_answer(urgency)
    if urgency in URGENT or agreed.answer_hours == AnswerHours.ALWAYS:
        return until
    first_hour, last_hour = agreed.daytime
    local = until.astimezone(AMSTERDAM)
    if first_hour <= local.time() < last_hour:
        return until
    day = local.date()
    last = datetime.combine(day, last_hour, AMSTERDAM)
    if local < last:
        last -= timedelta(days=1)
    else:
        day += timedelta(days=1)
    late = min(local - last, timedelta(hours=4))
    return datetime.combine(day, first_hour, AMSTERDAM) + late


def end_of_first_day(request: ServiceRequest, *, at: datetime) -> datetime:
    """Return when the first visit must have been: the end of its day, or soon."""
    end_of_day = datetime.combine(request.first_visit_on, time(23, 59), AMSTERDAM)
    return max(end_of_day, at + timedelta(hours=4))
