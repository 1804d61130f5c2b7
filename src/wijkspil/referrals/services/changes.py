"""Life goes on while a request runs: another day, another need, admitted, died.

Each is one act by who sent it, who coordinates it or the team that has the client;
each leaves an owner and a date, or an end with a coded reason. Everybody concerned is
told in the same transaction.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.services.reservations import (
    change_reservation,
    release_room,
)
from wijkspil.referrals.catalogue import complexity, hours_band
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.permissions import can_give_care, check_can_steer_request
from wijkspil.referrals.policies import next_status
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.requests import lock_request, need_of
from wijkspil.referrals.services.notices import (
    tell_asked_teams,
    tell_requester,
    tell_team,
)
from wijkspil.referrals.services.offers import ask_next_teams, withdraw_open_offers
from wijkspil.referrals.services.ownership import (
    end_of_first_day,
    give_to_coordinator,
    give_to_team,
)
from wijkspil.referrals.services.requests import LONGEST_AHEAD, check_need
from wijkspil.referrals.services.retention import keep_until
from wijkspil.referrals.services.trail import SYSTEM, add_event
from wijkspil.referrals.types import (
    PLACED,
    UNPLACED,
    AdmissionPlace,
    ChangeReason,
    CloseReason,
    EventKind,
    OfferStatus,
    RequestStatus,
)

#: Without a day on which the client comes home, somebody asks after this long.
ASK_AGAIN = timedelta(days=7)
#: A client who is away longer than this gets a new request.
LONGEST_AWAY = timedelta(days=183)


@transaction.atomic
def move_first_visit(
    *, actor: Actor, request_id: int, day: date, reason: str, at: datetime
) -> ServiceRequest:
    """Give the first visit another day, as when the discharge moves.

    Teams that were asked keep the question and see the new day; a team that has the
    client is told, and can give it back. What is not yet asked is asked anew.

    Raises
    ------
    NotPermitted
        If the actor has no part in this request.
    NotNow
        If care has started, or it is closed.
    InvalidRequest
        If the day has passed, is the same, or no known reason is given.
    """
    request = lock_request(request_id)
    _check_involved(actor, request)
    request.status = next_status("move the first visit", request.status)
    _check_day("first_visit_on", day, today=localdate(at))
    _check_choice("reason", reason, ChangeReason.values)
    if day == request.first_visit_on:
        raise InvalidRequest(
            {"first_visit_on": [_("This is the day it was already. Give another.")]}
        )
    before, request.first_visit_on = request.first_visit_on, day
    if request.status in PLACED:
        request.due_at = end_of_first_day(request, at=at)
        request.overdue_since = None
    request.save()
    add_event(
        request,
        EventKind.VISIT_MOVED,
        actor=actor,
        at=at,
        before=before.isoformat(),
        first_visit_on=day.isoformat(),
        reason=reason,
    )
    _tell_all(request, "referrals.visit-moved", actor=actor, at=at)
    if request.status == RequestStatus.OPEN:
        agreed = get_agreed(request.region_id, at=at)
        ask_next_teams(request, agreed=agreed, actor=actor, at=at)
    return request


@transaction.atomic
def change_asked_care(
    *,
    actor: Actor,
    request_id: int,
    tasks: Sequence[str],
    parts_of_day: Sequence[str],
    reason: str,
    at: datetime,
) -> ServiceRequest:
    """Change which care is asked of a request that was sent.

    Who was only asked is told that the question is gone, and the best teams for the
    new need are asked. A team that has the client looks again: it sets the hours, or
    gives the client back; the provisional band of the new need is reserved meanwhile.

    Raises
    ------
    NotPermitted
        If the actor has no part in this request.
    NotNow
        If it is closed, or the client is admitted.
    InvalidRequest
        With every field that breaks a rule; also when nothing is different.
    """
    request = lock_request(request_id)
    _check_involved(actor, request)
    was_placed = request.status in PLACED
    status = next_status("change what is needed", request.status)
    _check_choice("reason", reason, ChangeReason.values)
    need = need_of(request, tasks=tasks, parts_of_day=parts_of_day)
    # A first visit that has been stays in the past.
    need = check_need(need, today=min(localdate(at), need.first_visit_on))
    before = (list(request.tasks), list(request.parts_of_day))
    if before == (list(need.tasks), list(need.parts_of_day)):
        raise InvalidRequest({"tasks": [_("Nothing is different. Change something.")]})
    request.status = status
    request.tasks, request.parts_of_day = list(need.tasks), list(need.parts_of_day)
    band = hours_band(need.tasks, need.parts_of_day)
    request.hours_low, request.hours_high = band.low, band.high
    request.hours_by_part = {part: float(h) for part, h in band.by_part.items()}
    request.complexity = complexity(need.tasks)
    request.hours_set = request.hours_expected = request.review_on = None
    add_event(
        request,
        EventKind.NEED_CHANGED,
        actor=actor,
        at=at,
        service_id=request.placed_service_id,
        before=before[0],
        tasks=list(request.tasks),
        reason=reason,
    )
    agreed = get_agreed(request.region_id, at=at)
    if was_placed:
        change_reservation(
            reference=request.number,
            hours_per_week=request.hours_high,
            parts_of_day=request.parts_of_day,
            at=at,
        )
        give_to_team(request)
        request.due_at = at + agreed.time_to_move(request.urgency)
        request.overdue_since = None
        request.save()
        tell_team(request, "referrals.need-changed", actor=actor, at=at)
        tell_requester(request, "referrals.care-changed", actor=actor, at=at)
        return request
    tell_asked_teams(request, "referrals.no-longer-needed", at=at)
    withdraw_open_offers(request, at=at)
    request.save()
    ask_next_teams(request, agreed=agreed, actor=actor, at=at)
    return request


@transaction.atomic
def pause_request(
    *,
    actor: Actor,
    request_id: int,
    where: str,
    home_on: date | None,
    at: datetime,
) -> ServiceRequest:
    """Keep that the client is admitted. A team's place is kept for a while.

    For how long is the region's agreement (``room_kept_days``); then the place is given
    to others, and the client who comes home is asked for first at the same provider.

    Raises
    ------
    NotPermitted
        If the actor has no part in this request.
    NotNow
        If it is closed, or paused already.
    InvalidRequest
        If the place is not a known one, or the day is not ahead within half a year.
    """
    request = lock_request(request_id)
    _check_involved(actor, request)
    status = next_status("pause", request.status)
    _check_choice("where", where, AdmissionPlace.values)
    today = localdate(at)
    if home_on is not None and not today <= home_on <= today + LONGEST_AWAY:
        raise InvalidRequest(
            {
                "home_on": [
                    _("%(day)s: give a day from today, at most half a year ahead.")
                    % {"day": home_on.isoformat()}
                ]
            }
        )
    agreed = get_agreed(request.region_id, at=at)
    tell_asked_teams(request, "referrals.no-longer-needed", at=at)
    withdraw_open_offers(request, at=at)
    request.status = status
    request.bridged_by = ""
    request.room_kept_until = None
    if request.placed_service_id is not None:
        request.room_kept_until = today + timedelta(days=agreed.room_kept_days)
    add_event(
        request,
        EventKind.PAUSED,
        actor=actor,
        at=at,
        service_id=request.placed_service_id,
        place=where,
        home_on=home_on.isoformat() if home_on else "",
    )
    if request.placed_service_id is not None:
        give_to_team(request)
    else:
        give_to_coordinator(request, agreed=agreed, actor=actor, at=at)
    request.due_at = (
        datetime.combine(home_on, time(9), AMSTERDAM) if home_on else at + ASK_AGAIN
    )
    request.due_at = max(request.due_at, at + timedelta(hours=1))
    request.overdue_since = None
    request.save()
    _tell_all(request, "referrals.paused", actor=actor, at=at)
    return request


@transaction.atomic
def resume_request(
    *, actor: Actor, request_id: int, first_visit_on: date, at: datetime
) -> ServiceRequest:
    """Go on when the client comes home: with the team that kept the place, or search.

    After an admission the need is looked at anew: the team does an intake again.

    Raises
    ------
    NotPermitted
        If the actor has no part in this request.
    NotNow
        If it is not paused.
    InvalidRequest
        If the day has passed or lies too far ahead.
    """
    request = lock_request(request_id)
    _check_involved(actor, request)
    has_team = request.placed_service_id is not None
    act = "resume with the team" if has_team else "resume the search"
    status = next_status(act, request.status)
    _check_day("first_visit_on", first_visit_on, today=localdate(at))
    request.status = status
    request.first_visit_on = first_visit_on
    request.room_kept_until = None
    request.overdue_since = None
    add_event(
        request,
        EventKind.RESUMED,
        actor=actor,
        at=at,
        service_id=request.placed_service_id,
        first_visit_on=first_visit_on.isoformat(),
    )
    agreed = get_agreed(request.region_id, at=at)
    if has_team:
        give_to_team(request)
        request.due_at = end_of_first_day(request, at=at)
        request.save()
        tell_team(request, "referrals.resumed", actor=actor, at=at)
        tell_requester(request, "referrals.resumed", actor=actor, at=at)
        return request
    request.due_at = at + agreed.time_to_move(request.urgency)
    request.save()
    ask_next_teams(request, agreed=agreed, actor=actor, at=at)
    return request


@transaction.atomic
def report_death(*, actor: Actor, request_id: int, at: datetime) -> ServiceRequest:
    """Close everything because the client has died; nobody is reminded any more.

    Doing it twice is harmless.

    Raises
    ------
    NotPermitted
        If the actor has no part in this request.
    NotNow
        If it was closed for another reason.
    """
    request = lock_request(request_id)
    _check_involved(actor, request)
    return _close_for_death(request, actor=actor, at=at)


@transaction.atomic
def report_death_for_client(*, request_id: int, at: datetime) -> ServiceRequest:
    """Close everything at the word of the family; the caller checked link and code.

    Raises
    ------
    NotNow
        As for ``report_death``.
    """
    request = lock_request(request_id)
    return _close_for_death(request, actor=Actor(label=_("The family")), at=at)


def _close_for_death(
    request: ServiceRequest, *, actor: Actor, at: datetime
) -> ServiceRequest:
    if request.close_reason == CloseReason.DIED:
        return request
    request.status = next_status("report a death", request.status)
    tell_asked_teams(request, "referrals.no-longer-needed", at=at)
    withdraw_open_offers(request, at=at)
    release_room(reference=request.number, reason=CloseReason.DIED.value, at=at)
    request.close_reason = CloseReason.DIED
    request.closed_at = at
    request.due_at = request.overdue_since = request.room_kept_until = None
    request.save()
    keep_until(request, at=at)
    add_event(
        request,
        EventKind.DIED,
        actor=actor,
        at=at,
        service_id=request.placed_service_id,
    )
    _tell_all(request, "referrals.died", actor=actor, at=at)
    return request


def release_kept_rooms(*, at: datetime, limit: int = 500) -> int:
    """Give kept places to others once their time has passed; return how many.

    A coordinator owns the client from then on. Each in a transaction of its own,
    skipping what somebody has in hand; safe to run twice and on several machines.
    """
    due = ServiceRequest.objects.filter(
        status=RequestStatus.PAUSED,
        room_kept_until__lt=localdate(at),
        placed_service__isnull=False,
    ).values_list("pk", flat=True)[:limit]
    return sum(_release_kept_room(request_id, at=at) for request_id in list(due))


def _release_kept_room(request_id: int, *, at: datetime) -> int:
    with transaction.atomic():
        request = (
            ServiceRequest.objects.select_for_update(skip_locked=True)
            .filter(
                pk=request_id,
                status=RequestStatus.PAUSED,
                room_kept_until__lt=localdate(at),
                placed_service__isnull=False,
            )
            .first()
        )
        if request is None:
            return 0
        had_it = request.placed_service_id
        assert had_it is not None
        tell_team(request, "referrals.room-released", actor=SYSTEM, at=at)
        release_room(reference=request.number, reason="admitted", at=at)
        Offer.objects.filter(request=request, status=OfferStatus.ACCEPTED).update(
            status=OfferStatus.WITHDRAWN
        )
        # Who cared for the client is asked first when the client comes home.
        request.known_organization_id = get_service_target(had_it).organization_id
        request.placed_service_id = request.placed_at = None
        request.room_kept_until = None
        request.hours_set = request.hours_expected = request.review_on = None
        add_event(
            request,
            EventKind.ROOM_RELEASED,
            actor=SYSTEM,
            at=at,
            service_id=had_it,
        )
        due_at = request.due_at
        agreed = get_agreed(request.region_id, at=at)
        give_to_coordinator(request, agreed=agreed, actor=SYSTEM, at=at)
        request.due_at = due_at
        request.save()
        return 1


def _check_involved(actor: Actor, request: ServiceRequest) -> None:
    """Raise NotPermitted unless the actor sent it, coordinates it or has the client."""
    if request.placed_service_id is not None and can_give_care(
        actor, get_service_target(request.placed_service_id)
    ):
        return
    check_can_steer_request(actor, request)


def _tell_all(
    request: ServiceRequest, topic: str, *, actor: Actor, at: datetime
) -> None:
    """Tell the team and who asked, whoever of them did not do it."""
    tell_team(request, topic, actor=actor, at=at)
    tell_requester(request, topic, actor=actor, at=at)
    if request.status in UNPLACED:
        tell_asked_teams(request, topic, at=at)


def _check_day(field: str, day: date, *, today: date) -> None:
    if today <= day <= today + LONGEST_AHEAD:
        return
    raise InvalidRequest(
        {
            field: [
                _("%(day)s: give a day from today, at most half a year ahead.")
                % {"day": day.isoformat()}
            ]
        }
    )


def _check_choice(field: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise InvalidRequest(
            {field: [_("Choose one of: %(known)s.") % {"known": ", ".join(known)}]}
        )
