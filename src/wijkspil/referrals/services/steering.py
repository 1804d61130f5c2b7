"""Nothing rots: take over, move the date, bridge, hand on, withdraw, cancel.

For who sent the request and for the coordinators of its region. Each act leaves either
an owner with a date, or an end with a coded reason.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role
from wijkspil.core.models import AuditEvent
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.services.reservations import release_room
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.permissions import (
    check_can_coordinate,
    check_can_steer_request,
    requester_target,
)
from wijkspil.referrals.policies import next_status
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.requests import lock_request
from wijkspil.referrals.services.course import check_close_reason
from wijkspil.referrals.services.notices import tell_asked_teams, tell_team
from wijkspil.referrals.services.offers import withdraw_open_offers
from wijkspil.referrals.services.ownership import set_owner
from wijkspil.referrals.services.retention import keep_until
from wijkspil.referrals.services.trail import add_event, record_patient_access
from wijkspil.referrals.types import (
    UNPLACED,
    EventKind,
    OwnerKind,
    RequestStatus,
)

#: A date is moved or a client bridged by at most this.
LONGEST_DELAY = timedelta(days=31)


@transaction.atomic
def take_over(*, actor: Actor, request_id: int, at: datetime) -> ServiceRequest:
    """Make the coordinator who acts the owner; taking over twice is harmless.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    NotNow
        If a team has the client, or it is closed.
    """
    request = _lock_unplaced(request_id)
    check_can_coordinate(actor, requester_target(request))
    is_owner = (
        request.owner_id == actor.user_id
        and request.owner_kind == OwnerKind.COORDINATOR
    )
    if not is_owner:
        _change_owner(request, actor.user_id, actor.label, actor=actor, at=at)
    return request


@transaction.atomic
def hand_over(
    *, actor: Actor, request_ids: list[int], user_id: int, at: datetime
) -> int:
    """Give requests to another coordinator, as at the end of a shift; return how many.

    All or nothing.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region of each of them.
    InvalidRequest
        If the other is no coordinator of that region.
    """
    for request_id in sorted(set(request_ids)):
        request = _lock_unplaced(request_id)
        check_can_coordinate(actor, requester_target(request))
        holders = dict(
            list_role_holders(Role.COORDINATOR, region_id=request.region_id, at=at)
        )
        if user_id not in holders:
            raise InvalidRequest(
                {"user_id": [_("Choose a coordinator of this region.")]}
            )
        _change_owner(request, user_id, holders[user_id], actor=actor, at=at)
    return len(set(request_ids))


@transaction.atomic
def move_date(
    *, actor: Actor, request_id: int, due_at: datetime, why: str, at: datetime
) -> ServiceRequest:
    """Give a request a new date, with a word why.

    Raises
    ------
    NotPermitted
        If the actor neither sent it nor coordinates its region.
    InvalidRequest
        If the date is not ahead, or more than a month away, or no reason is given.
    """
    request = _lock_unplaced(request_id)
    check_can_steer_request(actor, request)
    _check_ahead("due_at", due_at, at=at)
    if not why.strip():
        raise InvalidRequest({"why": [_("Say in a few words why the date moves.")]})
    request.due_at = due_at
    request.overdue_since = None
    request.save()
    add_event(
        request,
        EventKind.DATE_MOVED,
        actor=actor,
        at=at,
        due_at=due_at.isoformat(),
        why=why.strip()[:200],
    )
    return request


@transaction.atomic
def add_note(*, actor: Actor, request_id: int, text: str, at: datetime) -> None:
    """Add a line to the timeline, for colleagues.

    Raises
    ------
    NotPermitted
        If the actor neither sent it nor coordinates its region.
    InvalidRequest
        If there is no text.
    """
    request = lock_request(request_id)
    check_can_steer_request(actor, request)
    if not text.strip():
        raise InvalidRequest({"text": [_("Write what colleagues should know.")]})
    add_event(request, EventKind.NOTE, actor=actor, at=at, text=text.strip()[:300])


@transaction.atomic
def bridge(
    *, actor: Actor, request_id: int, helped_by: str, until: date, at: datetime
) -> ServiceRequest:
    """Keep that somebody helps for now; the owner and the date of its end remain.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    NotNow
        If teams are being asked, or it is placed or closed.
    InvalidRequest
        If nobody is named, or the day is not ahead within a month.
    """
    request = lock_request(request_id)
    check_can_coordinate(actor, requester_target(request))
    status = next_status("bridge", request.status)
    if not helped_by.strip():
        raise InvalidRequest({"helped_by": [_("Say who helps until then.")]})
    due_at = datetime.combine(until, time(9), AMSTERDAM)
    _check_ahead("until", due_at, at=at)
    request.status = status
    request.bridged_by = helped_by.strip()[:200]
    request.due_at = due_at
    request.overdue_since = None
    request.save()
    add_event(
        request,
        EventKind.BRIDGED,
        actor=actor,
        at=at,
        helped_by=request.bridged_by,
        until=until.isoformat(),
    )
    return request


@transaction.atomic
def move_to_temporary_stay(
    *, actor: Actor, request_id: int, where: str, at: datetime
) -> ServiceRequest:
    """Close the search: the client goes to a bed for a while.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    NotNow
        If it is placed or closed.
    InvalidRequest
        If no place is named.
    """
    request = lock_request(request_id)
    check_can_coordinate(actor, requester_target(request))
    request.status = next_status("move to temporary stay", request.status)
    if not where.strip():
        raise InvalidRequest({"where": [_("Say where the client stays.")]})
    return _close(
        request,
        EventKind.TEMPORARY_STAY,
        actor=actor,
        at=at,
        where=where.strip()[:200],
    )


@transaction.atomic
def hand_to_insurer(*, actor: Actor, request_id: int, at: datetime) -> ServiceRequest:
    """Hand the request to the client's insurer, which owes the care (zorgplicht).

    The dossier to send along is ``services.disclosure.export_dossier``.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    NotNow
        If teams are being asked, or it is placed or closed.
    InvalidRequest
        If the insurer of the client is not known.
    """
    request = lock_request(request_id)
    check_can_coordinate(actor, requester_target(request))
    request.status = next_status("hand to the insurer", request.status)
    if not request.insurer:
        raise InvalidRequest(
            {"insurer": [_("The insurer of the client is not known. Ask the client.")]}
        )
    record_patient_access(
        request.pk,
        actor=actor,
        action=AuditEvent.Action.EXPORT,
        purpose="mediation",
        at=at,
    )
    return _close(
        request, EventKind.MEDIATION, actor=actor, at=at, insurer=request.insurer
    )


@transaction.atomic
def withdraw_request(
    *, actor: Actor, request_id: int, reason: str, at: datetime
) -> ServiceRequest:
    """Stop at the client's wish; the room is given back.

    Raises
    ------
    NotPermitted
        If the actor neither sent it nor coordinates its region.
    NotNow
        If care has started, or it is closed.
    InvalidRequest
        If the reason is not a known one.
    """
    request = lock_request(request_id)
    check_can_steer_request(actor, request)
    return _withdraw(request, reason, actor=actor, at=at)


@transaction.atomic
def withdraw_for_client(
    *, request_id: int, reason: str, at: datetime
) -> ServiceRequest:
    """Stop at the client's own word; the caller has checked the link and its code.

    Raises
    ------
    NotNow, InvalidRequest
        As for ``withdraw_request``.
    """
    request = lock_request(request_id)
    return _withdraw(request, reason, actor=Actor(label=_("The client")), at=at)


@transaction.atomic
def cancel_request(
    *, actor: Actor, request_id: int, reason: str, at: datetime
) -> ServiceRequest:
    """Stop because it was sent by mistake or is no longer needed.

    Raises
    ------
    NotPermitted, NotNow, InvalidRequest
        As for ``withdraw_request``.
    """
    request = lock_request(request_id)
    check_can_steer_request(actor, request)
    request.status = next_status("cancel", request.status)
    request.close_reason = check_close_reason(reason)
    return _close(request, EventKind.CANCELLED, actor=actor, at=at, reason=reason)


def _withdraw(
    request: ServiceRequest, reason: str, *, actor: Actor, at: datetime
) -> ServiceRequest:
    request.status = next_status("withdraw", request.status)
    request.close_reason = check_close_reason(reason)
    return _close(request, EventKind.WITHDRAWN, actor=actor, at=at, reason=reason)


def _close(
    request: ServiceRequest,
    kind: EventKind,
    *,
    actor: Actor,
    at: datetime,
    **detail: Any,
) -> ServiceRequest:
    tell_asked_teams(request, "referrals.no-longer-needed", at=at)
    withdraw_open_offers(request, at=at)
    tell_team(request, "referrals.stopped", actor=actor, at=at)
    release_room(reference=request.number, reason=kind.value, at=at)
    request.closed_at = at
    request.due_at = None
    request.overdue_since = None
    request.save()
    keep_until(request, at=at)
    add_event(request, kind, actor=actor, at=at, **detail)
    return request


def _lock_unplaced(request_id: int) -> ServiceRequest:
    request = lock_request(request_id)
    if request.status not in UNPLACED:
        raise NotNow(
            _("This cannot be done now: the request is at “%(status)s”.")
            % {"status": RequestStatus(request.status).label}
        )
    return request


def _change_owner(
    request: ServiceRequest,
    user_id: int | None,
    name: str,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    set_owner(request, user_id=user_id, name=name, kind=OwnerKind.COORDINATOR)
    if request.due_at is None or request.due_at <= at:
        agreed = get_agreed(request.region_id, at=at)
        request.due_at = at + agreed.time_to_move(request.urgency)
        request.overdue_since = None
    request.save()
    add_event(
        request,
        EventKind.OWNER_CHANGED,
        actor=actor,
        at=at,
        owner=name,
        owner_kind=OwnerKind.COORDINATOR.value,
    )


def _check_ahead(field: str, moment: datetime, *, at: datetime) -> None:
    if at < moment <= at + LONGEST_DELAY:
        return
    raise InvalidRequest(
        {
            field: [
                _("%(day)s: give a day ahead, at most 31 days from now.")
                % {"day": localdate(moment).isoformat()}
            ]
        }
    )
