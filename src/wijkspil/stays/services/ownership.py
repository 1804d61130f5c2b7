"""Who has a stay in hand, and until when. It is never nobody.

Who asked keeps it while a bed is looked for and claimed; the provider has it while the
client is there; what is late or has no bed goes to a named coordinator of the region.
"""

from datetime import date, datetime, time, timedelta

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.stays.models import StayRequest
from wijkspil.stays.selectors.stays import count_in_hand
from wijkspil.stays.services.notices import TO_COORDINATOR, tell_owner
from wijkspil.stays.services.trail import SYSTEM, add_event
from wijkspil.stays.types import Agreed, EventKind, OwnerKind

#: Local hour before which a client has left on the planned day.
LEAVES_BY = time(20)


def find_coordinator(region_id: int, *, at: datetime) -> tuple[int, str] | None:
    """Return (user id, name) of the coordinator with the fewest in hand, or None."""
    holders = list_role_holders(Role.COORDINATOR, region_id=region_id, at=at)
    if not holders:
        return None
    in_hand = count_in_hand([user_id for user_id, _name in holders])
    return min(holders, key=lambda holder: (in_hand.get(holder[0], 0), holder[0]))


def set_owner(
    stay: StayRequest, *, user_id: int | None, name: str, kind: OwnerKind
) -> None:
    """Put a stay in somebody's hands (not yet saved)."""
    stay.owner_id = user_id
    stay.owner_name = name[:120]
    stay.owner_kind = kind


def give_to_requester(stay: StayRequest) -> None:
    """Put a stay in the hands of who asked (not yet saved)."""
    set_owner(
        stay,
        user_id=stay.requester_id,
        name=stay.requester_name,
        kind=OwnerKind.REQUESTER,
    )


def give_to_coordinator(
    stay: StayRequest, *, agreed: Agreed, actor: Actor, at: datetime, key: str
) -> None:
    """Make a coordinator of the region the owner, with a new date (not yet saved).

    A coordinator who has it keeps it; a region without one leaves it where it is, with
    a new date.
    """
    stay.due_at = at + timedelta(hours=agreed.coordinator_hours)
    holders = dict(list_role_holders(Role.COORDINATOR, region_id=stay.region_id, at=at))
    has_it = stay.owner_kind == OwnerKind.COORDINATOR and stay.owner_id in holders
    if not has_it:
        found = find_coordinator(stay.region_id, at=at)
        if found is None:
            return
        set_owner(stay, user_id=found[0], name=found[1], kind=OwnerKind.COORDINATOR)
        add_event(
            stay,
            EventKind.OWNER,
            actor=actor if actor.user_id else SYSTEM,
            at=at,
            owner=stay.owner_name,
            owner_kind=OwnerKind.COORDINATOR.value,
        )
    tell_owner(stay, TO_COORDINATOR, at=at, key=key)


def end_of_day(day: date) -> datetime:
    """Return the moment before which a client has left on that local day."""
    return datetime.combine(day, LEAVES_BY, AMSTERDAM)
