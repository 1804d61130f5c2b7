"""After a team said yes: intake and hours, start, review, end - or give it back.

The nurse sets the hours, with a review date and the decrease she expects; the reserved
room follows. Giving back is never silent: a coordinator owns it from that moment.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.care_teams import get_service_names
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.services.reservations import change_reservation, release_room
from wijkspil.referrals.errors import InvalidRequest, NoBasis, NotNow
from wijkspil.referrals.models import (
    AssignmentStop,
    Offer,
    Patient,
    ServiceRequest,
)
from wijkspil.referrals.permissions import (
    can_give_care,
    check_can_give_care,
    check_can_steer_request,
)
from wijkspil.referrals.policies import next_status
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.requests import lock_request
from wijkspil.referrals.services.offers import ask_next_teams
from wijkspil.referrals.services.ownership import (
    end_of_first_day,
    give_to_coordinator,
    set_owner,
)
from wijkspil.referrals.services.retention import keep_until
from wijkspil.referrals.services.trail import add_event
from wijkspil.referrals.types import (
    PLACED,
    REOPEN_BY_HAND,
    CloseReason,
    EventKind,
    OfferOrigin,
    OfferStatus,
    OwnerKind,
    ReopenReason,
    RequestStatus,
    SafetyGround,
)

#: Nobody gets more district nursing than this: all hours of a week.
MOST_HOURS = Decimal(168)
#: Care is looked at again within a year; a later date would let a request rot.
LONGEST_TO_REVIEW = timedelta(days=366)


@transaction.atomic
def set_hours(
    *,
    actor: Actor,
    request_id: int,
    hours_per_week: Decimal,
    review_on: date,
    at: datetime,
    hours_expected: Decimal | None = None,
) -> ServiceRequest:
    """Set the hours after the intake, or at a review; the reservation follows.

    ``hours_expected`` is what the nurse expects at the review (reablement), at most
    ``hours_per_week``.

    Raises
    ------
    NotPermitted
        If the actor is not of the team that has the client.
    NotNow
        If no team has the client.
    InvalidRequest
        With every field that breaks a rule.
    """
    request = lock_request(request_id)
    _check_own_client(actor, request)
    after = next_status("set hours", request.status)
    _check_hours(hours_per_week, hours_expected, review_on, today=localdate(at))
    hours_per_week = round(hours_per_week, 2)
    kind = (
        EventKind.INTAKE
        if request.status == RequestStatus.ACCEPTED
        else EventKind.HOURS_CHANGED
    )
    request.status = after
    request.hours_set = hours_per_week
    request.hours_expected = hours_expected
    request.review_on = review_on
    _make_team_owner(request, actor)
    if after == RequestStatus.INTAKE_DONE:
        # What must happen next is the first visit; the review comes after it.
        request.due_at = end_of_first_day(request, at=at)
    request.overdue_since = None
    request.save()
    change_reservation(
        reference=request.number,
        hours_per_week=hours_per_week,
        parts_of_day=request.parts_of_day,
        at=at,
    )
    add_event(
        request,
        kind,
        actor=actor,
        at=at,
        service_id=request.placed_service_id,
        review_on=review_on.isoformat(),
    )
    return request


@transaction.atomic
def start_care(*, actor: Actor, request_id: int, at: datetime) -> ServiceRequest:
    """Say that care has started.

    Raises
    ------
    NotPermitted, NotNow
        As for ``set_hours``.
    """
    request = lock_request(request_id)
    _check_own_client(actor, request)
    request.status = next_status("start care", request.status)
    _make_team_owner(request, actor)
    request.save()
    add_event(
        request,
        EventKind.CARE_STARTED,
        actor=actor,
        at=at,
        service_id=request.placed_service_id,
    )
    return request


@transaction.atomic
def end_care(
    *, actor: Actor, request_id: int, reason: str, at: datetime
) -> ServiceRequest:
    """End care with a coded reason; the room is given back.

    Raises
    ------
    NotPermitted, NotNow
        As for ``set_hours``.
    InvalidRequest
        If the reason is not a known one.
    """
    request = lock_request(request_id)
    _check_own_client(actor, request)
    request.status = next_status("end care", request.status)
    request.close_reason = check_close_reason(reason)
    request.closed_at = at
    request.due_at = None
    request.save()
    release_room(reference=request.number, reason="ended", at=at)
    keep_until(request, at=at)
    add_event(
        request,
        EventKind.ENDED,
        actor=actor,
        at=at,
        service_id=request.placed_service_id,
        reason=reason,
    )
    return request


@transaction.atomic
def reopen_request(
    *, actor: Actor, request_id: int, reason: str, at: datetime
) -> ServiceRequest:
    """Look for a team again, with a coded reason.

    The team that has the client gives it back; who sent it or a coordinator re-opens a
    closed one, for which identity and its basis must still be there. A coordinator owns
    it at once, and the next team is asked.

    Raises
    ------
    NotPermitted
        If the actor has no part in this request.
    NotNow
        If the state does not allow it, or nobody knows any more who the client is.
    NoBasis
        If it was closed because the client objected.
    InvalidRequest
        If the reason is not a known one.
    """
    request = lock_request(request_id)
    if request.status not in PLACED or not _is_own_client(actor, request):
        check_can_steer_request(actor, request)
    if reason not in REOPEN_BY_HAND:
        raise InvalidRequest(
            {
                "reason": [
                    _("Choose why: %(known)s.") % {"known": ", ".join(REOPEN_BY_HAND)}
                ]
            }
        )
    after = next_status("re-open", request.status)
    _check_basis(request)
    return _reopen(
        request, after, ReopenReason(reason), actor=actor, at=at, is_asking=True
    )


def reopen_for_objection(
    request: ServiceRequest, *, actor: Actor, at: datetime
) -> ServiceRequest:
    """Take the client away from the team whose provider it objects to.

    The caller holds the lock, has kept the objection, and refuses that provider. A
    coordinator owns it at once; the next team is asked.

    Raises
    ------
    NotNow
        If no team has the client.
    """
    after = next_status("re-open", request.status)
    return _reopen(
        request, after, ReopenReason.OBJECTION, actor=actor, at=at, is_asking=True
    )


def reopen_after_mediation(
    request: ServiceRequest, *, has_team: bool, actor: Actor, at: datetime
) -> ServiceRequest:
    """Take a request back from the insurer's mediation, with or without a team found.

    The caller holds the lock and has checked the actor. A coordinator owns it at once;
    without a team found, the next team is asked.

    Raises
    ------
    NotNow
        If nobody knows any more who the client is.
    NoBasis
        If it was closed because the client objected.
    """
    _check_basis(request)
    return _reopen(
        request,
        next_status("re-open", request.status),
        ReopenReason.MEDIATED if has_team else ReopenReason.NOT_MEDIATED,
        actor=actor,
        at=at,
        is_asking=not has_team,
    )


@transaction.atomic
def stop_assignment(
    *,
    actor: Actor,
    request_id: int,
    ground: str,
    explanation: str,
    at: datetime,
) -> ServiceRequest:
    """Let a nurse of the team stop an automatic assignment on a safety ground.

    The request goes back to the coordinator at once; the room is given back.

    Raises
    ------
    NotPermitted
        If the actor is not of the team it was assigned to.
    InvalidRequest
        If it was not assigned by agreement, or no ground is stated.
    NotNow
        If care has started, or no team has the client.
    """
    request = lock_request(request_id)
    _check_own_client(actor, request)
    after = next_status("stop assignment", request.status)
    offer = Offer.objects.filter(
        request=request, status=OfferStatus.ACCEPTED, origin=OfferOrigin.AGREEMENT
    ).first()
    if offer is None:
        raise InvalidRequest(
            {"request": [_("This client was not assigned; you accepted it yourself.")]}
        )
    wrong = {}
    if ground not in SafetyGround.values:
        wrong["ground"] = [_("Choose on which ground you stop it.")]
    if not explanation.strip():
        wrong["explanation"] = [_("Explain in one sentence what is not safe.")]
    if wrong:
        raise InvalidRequest(wrong)
    AssignmentStop.objects.create(
        offer=offer,
        ground=ground,
        explanation=explanation.strip()[:300],
        stopped_by=actor.label,
        stopped_at=at,
    )
    add_event(
        request,
        EventKind.STOPPED,
        actor=actor,
        at=at,
        service_id=offer.service_id,
        ground=ground,
    )
    return _reopen(
        request, after, ReopenReason.UNSAFE, actor=actor, at=at, is_asking=False
    )


def _check_basis(request: ServiceRequest) -> None:
    if request.close_reason == CloseReason.OBJECTION:
        raise NoBasis(
            _(
                "The client objected to sharing. Ask the client again, and send a new "
                "request."
            )
        )
    if not Patient.objects.filter(request=request).exists():
        raise NotNow(
            _(
                "Nobody knows any more who this request was about, or it was never "
                "sent. Send a new request."
            )
        )


def _reopen(
    request: ServiceRequest,
    after: RequestStatus,
    reason: ReopenReason,
    *,
    actor: Actor,
    at: datetime,
    is_asking: bool,
) -> ServiceRequest:
    had_it = request.placed_service_id
    _end_acceptance(request, at=at)
    request.status = after
    release_room(reference=request.number, reason=reason.value, at=at)
    request.placed_service_id = None
    request.placed_at = None
    request.closed_at = None
    request.close_reason = ""
    request.hours_set = request.hours_expected = request.review_on = None
    request.overdue_since = None
    request.bridged_by = ""
    request.first_visit_on = max(request.first_visit_on, localdate(at))
    add_event(
        request,
        EventKind.REOPENED,
        actor=actor,
        at=at,
        service_id=had_it,
        reason=reason.value,
    )
    agreed = get_agreed(request.region_id, at=at)
    # Where nobody coordinates, it goes back to who asked.
    set_owner(
        request,
        user_id=request.requester_id,
        name=request.requester_name or actor.label,
        kind=OwnerKind.REQUESTER,
    )
    give_to_coordinator(request, agreed=agreed, actor=actor, at=at)
    request.save()
    keep_until(request, at=at)
    if is_asking:
        ask_next_teams(request, agreed=agreed, actor=actor, at=at)
    return request


def _end_acceptance(request: ServiceRequest, *, at: datetime) -> None:
    """End what a team accepted; why is in the timeline.

    Who gives a client back is not asked again at once; a team whose care had ended, or
    whose client withdrew, may be asked first.
    """
    accepted = Offer.objects.filter(request=request, status=OfferStatus.ACCEPTED)
    if request.status in PLACED:
        accepted.update(status=OfferStatus.RETURNED, answered_at=at)
    else:
        accepted.update(status=OfferStatus.WITHDRAWN)


def check_close_reason(reason: str) -> CloseReason:
    """Return a known reason for closing.

    Raises
    ------
    InvalidRequest
        If it is not a known one.
    """
    if reason not in CloseReason.values:
        raise InvalidRequest(
            {
                "reason": [
                    _("Choose why: %(known)s.")
                    % {"known": ", ".join(CloseReason.values)}
                ]
            }
        )
    return CloseReason(reason)


def _is_own_client(actor: Actor, request: ServiceRequest) -> bool:
    return request.placed_service_id is not None and can_give_care(
        actor, get_service_target(request.placed_service_id)
    )


def _check_own_client(actor: Actor, request: ServiceRequest) -> None:
    if request.placed_service_id is None:
        check_can_steer_request(actor, request)
        return
    check_can_give_care(actor, get_service_target(request.placed_service_id))


def _make_team_owner(request: ServiceRequest, actor: Actor) -> None:
    name = actor.label
    if actor.user_id is None and request.placed_service_id is not None:
        # A system acts: in people's hands it is the team's.
        service_id = request.placed_service_id
        name = get_service_names([service_id])[service_id][0]
    set_owner(request, user_id=actor.user_id, name=name, kind=OwnerKind.TEAM)


def _check_hours(
    hours: Decimal, expected: Decimal | None, review_on: date, *, today: date
) -> None:
    wrong: dict[str, list[str]] = {}
    if not (hours.is_finite() and 0 < round(hours, 2) <= MOST_HOURS):
        wrong["hours_per_week"] = [
            _("%(value)s hours a week: give a number above 0, at most %(max)s.")
            % {"value": hours, "max": MOST_HOURS}
        ]
    elif expected is not None and not (expected.is_finite() and 0 <= expected <= hours):
        wrong["hours_expected"] = [
            _("%(value)s hours expected: give 0 up to the hours of now (%(hours)s).")
            % {"value": expected, "hours": hours}
        ]
    if review_on <= today:
        wrong["review_on"] = [
            _("%(day)s is not ahead. Give the day on which you look again.")
            % {"day": review_on.isoformat()}
        ]
    elif review_on > today + LONGEST_TO_REVIEW:
        wrong["review_on"] = [
            _("%(day)s is more than a year ahead. Look again within a year.")
            % {"day": review_on.isoformat()}
        ]
    if wrong:
        raise InvalidRequest(wrong)
