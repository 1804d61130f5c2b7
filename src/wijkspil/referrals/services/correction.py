"""A team that declines against the room it stated says on the spot what is left.

Others see the corrected room from the moment of the decline: both are stored in one
transaction. What the team did not touch stays as it said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.capacity import (
    RoomLeft,
    get_newest_report,
    get_reserved,
    get_room_left,
)
from wijkspil.directory.services.capacity import (
    Capacity,
    lock_active_service,
    report_capacity,
)
from wijkspil.directory.services.reservations import correct_room
from wijkspil.directory.types import CapacitySource, NoRoomReason
from wijkspil.referrals.types import CORRECTS_ROOM, DeclineReason


@dataclass(frozen=True)
class RoomCorrection:
    """What a team says is left; None is as it said before, or as its reason says.

    ``tasks_excluded`` comes on top of what the team had excluded already.
    """

    new_clients: int | None = None
    parts_of_day: Sequence[str] | None = None
    tasks_excluded: Sequence[str] = ()


def get_stated_room(service_id: int, *, at: datetime) -> RoomLeft | None:
    """Return the room a team said it has, and still has; None when none or unknown."""
    room = get_room_left([service_id], at=at).get(service_id)
    return room if room is not None and room.is_known and room.clients > 0 else None


def is_against(
    room: RoomLeft | None,
    reason: str,
    *,
    tasks: Sequence[str],
    parts_of_day: Sequence[str],
) -> bool:
    """Whether declining for a reason contradicts the room a team said it has."""
    if room is None:
        return False
    if reason == DeclineReason.PART_OF_DAY:
        return set(parts_of_day) <= set(room.parts_of_day)
    if reason == DeclineReason.SKILLS:
        return not set(tasks) & set(room.tasks_excluded)
    return reason in CORRECTS_ROOM


def store_correction(
    *,
    actor: Actor,
    service_id: int,
    reason: str,
    correction: RoomCorrection | None,
    until: date | None,
    at: datetime,
) -> None:
    """Report the room of a team that declined, in the caller's transaction.

    Without a correction "no room" and illness report full until the day given, and
    other reasons leave the room as it is. A team that had stated no room has nothing
    to correct.

    Raises
    ------
    NotPermitted, InvalidCapacity
        As for ``report_capacity``.
    """
    lock_active_service(service_id)
    capacity = None
    if correction is not None and get_stated_room(service_id, at=at) is not None:
        capacity = _corrected(service_id, reason, correction, until=until)
    if capacity is not None:
        report_capacity(
            actor=actor,
            service_id=service_id,
            capacity=capacity,
            at=at,
            source=CapacitySource.DECLINE,
        )
    elif reason in CORRECTS_ROOM:
        correct_room(
            service_id=service_id,
            actor=actor,
            reason=CORRECTS_ROOM[DeclineReason(reason)],
            until=until,
            at=at,
        )


def _corrected(
    service_id: int, reason: str, correction: RoomCorrection, *, until: date | None
) -> Capacity | None:
    """Return what to report; None where nothing was corrected."""
    report = get_newest_report(service_id)
    if report is None:
        return None
    stated = Capacity.left_of(report, get_reserved(report))
    places = correction.new_clients
    if places is None and reason in CORRECTS_ROOM:
        return None
    if places == 0:
        full = CORRECTS_ROOM.get(DeclineReason(reason), NoRoomReason.FULL)
        return Capacity(new_clients=0, no_room_reason=full, no_room_until=until)
    parts = correction.parts_of_day
    corrected = replace(
        stated,
        new_clients=stated.new_clients if places is None else places,
        parts_of_day=stated.parts_of_day if parts is None else tuple(parts),
        tasks_excluded=(
            *stated.tasks_excluded,
            *(t for t in correction.tasks_excluded if t not in stated.tasks_excluded),
        ),
    )
    return None if corrected == stated else corrected
