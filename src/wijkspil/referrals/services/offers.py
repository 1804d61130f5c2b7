"""Teams are asked, and answer: one request, several offers, one winner.

Everything about one request happens under the lock of its row, so two accepts come one
after the other and the second finds it taken; the database refuses a second winner as
well. Accepting takes the room in the same transaction, or nothing happens.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from django.db import transaction
from django.db.models import F, Q
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.models import AuditEvent
from wijkspil.directory.permissions import can_report_capacity
from wijkspil.directory.selectors.capacity import RoomLeft, get_room_left
from wijkspil.directory.selectors.care_teams import (
    get_service_names,
    list_services_by_organization,
)
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.services.reservations import reserve_room
from wijkspil.directory.types import Care
from wijkspil.referrals.engine_io import CandidateTeam, RankedTeams, rank_teams
from wijkspil.referrals.errors import (
    AlreadyTaken,
    InvalidRequest,
    OfferIsClosed,
    UnknownOffer,
)
from wijkspil.referrals.models import (
    AssignmentAgreement,
    Offer,
    ServiceRequest,
)
from wijkspil.referrals.permissions import (
    check_can_answer_offer,
    check_can_coordinate,
    check_can_steer_request,
    requester_target,
)
from wijkspil.referrals.policies import can, next_status
from wijkspil.referrals.selectors.policy import Agreed, get_agreed
from wijkspil.referrals.selectors.requests import (
    band_of,
    list_answers,
    lock_request,
    need_of,
)
from wijkspil.referrals.services.correction import (
    RoomCorrection,
    get_stated_room,
    is_against,
    store_correction,
)
from wijkspil.referrals.services.notices import (
    tell_asked_teams,
    tell_offers,
    tell_owner,
    tell_requester,
)
from wijkspil.referrals.services.ownership import (
    answer_by,
    end_of_first_day,
    give_to_coordinator,
    is_coordinated,
    set_owner,
)
from wijkspil.referrals.services.reminders import (
    remind_owners,
    remind_teams,
    tell_all_coordinators,
)
from wijkspil.referrals.services.trail import (
    SYSTEM,
    add_event,
    record_patient_access,
)
from wijkspil.referrals.types import (
    CORRECTS_ROOM,
    OWNED,
    PLACED,
    RESTING,
    ROOM_REASONS,
    UNPLACED,
    DeclineReason,
    EventKind,
    Expired,
    OfferOrigin,
    OfferStatus,
    OwnerKind,
    RequestStatus,
)

#: A team that said no, or nothing, or gave the client back, is not asked the same
#: again so soon, unless it had no room and reports some.
REST_AFTER_ANSWER = timedelta(days=7)


def rank_for(request: ServiceRequest, *, agreed: Agreed, at: datetime) -> RankedTeams:
    """Return who can take a stored request now, without who answered this week.

    A team that had no room and has reported new room since can be asked again.
    """
    place = request.place
    return rank_teams(
        need=need_of(request),
        band=band_of(request),
        place_id=request.place_id,
        lon=place.lon,
        lat=place.lat,
        agreed=agreed,
        at=at,
        without=_not_to_ask(request, at=at),
    )


def _not_to_ask(request: ServiceRequest, *, at: datetime) -> set[int]:
    found: set[int] = set()
    had_no_room: dict[int, datetime] = {}
    for service_id, status, reason, answered_at in list_answers(request.pk):
        if status in (OfferStatus.OPEN, OfferStatus.ACCEPTED):
            found.add(service_id)
        elif (
            status not in RESTING
            or answered_at is None
            or answered_at <= at - REST_AFTER_ANSWER
        ):
            continue
        elif reason in CORRECTS_ROOM:
            had_no_room[service_id] = answered_at
        else:
            found.add(service_id)
    room = get_room_left(list(had_no_room), at=at) if had_no_room else {}
    return found | {
        service_id
        for service_id, answered_at in had_no_room.items()
        if not _has_new_room(room.get(service_id), since=answered_at)
    }


def _has_new_room(room: RoomLeft | None, *, since: datetime) -> bool:
    return (
        room is not None
        and room.is_known
        and room.clients > 0
        and room.reported_at is not None
        and room.reported_at > since
    )


def ask_next_teams(
    request: ServiceRequest, *, agreed: Agreed, actor: Actor, at: datetime
) -> list[Offer]:
    """Ask the next best teams, or give the request to a coordinator if none is left.

    The caller holds the lock on the request. How many at once is the region's
    agreement per urgency; a rare profile always goes to one team.
    """
    found = rank_for(request, agreed=agreed, at=at)
    if not found.candidates:
        if request.status == RequestStatus.OFFERED:
            request.status = next_status("all decline", request.status)
        add_event(
            request,
            EventKind.NO_TEAM,
            actor=SYSTEM,
            at=at,
            excluded=_count_first_conditions(found),
        )
        give_to_coordinator(request, agreed=agreed, actor=SYSTEM, at=at)
        request.overdue_since = None
        request.save()
        tell_owner(request, "referrals.no-team", at=at)
        return []
    return _ask(
        request,
        next_wave(
            found.candidates,
            urgency=request.urgency,
            one_at_a_time=request.one_at_a_time,
            agreed=agreed,
        ),
        OfferOrigin.RANKING,
        agreed=agreed,
        actor=actor,
        at=at,
    )


class _Own(Protocol):
    @property
    def is_own(self) -> bool: ...


AnyTeam = TypeVar("AnyTeam", bound=_Own)


def next_wave(
    candidates: Sequence[AnyTeam],
    *,
    urgency: str,
    one_at_a_time: bool,
    agreed: Agreed,
) -> Sequence[AnyTeam]:
    """Return whom to ask now: the own team alone where that was agreed, or a wave."""
    if agreed.own_team_first:
        own = [team for team in candidates if team.is_own]
        if own:
            return own[:1]
    at_once = 1 if one_at_a_time else agreed.wave_of(urgency)
    return candidates[:at_once]


@transaction.atomic
def ask_teams(
    *, actor: Actor, request_id: int, service_ids: Sequence[int], at: datetime
) -> list[Offer]:
    """Let a coordinator (or who sent it) choose whom to ask; no ranking decides.

    A team that was asked before may be asked again; one that is asked now may not. A
    rare profile goes to one team at a time, whoever chooses.

    Raises
    ------
    NotPermitted
        If the actor neither sent the request nor coordinates its region.
    NotNow
        If it is placed or closed.
    InvalidRequest
        If nobody was chosen, the client objects to one of them, or more than one team
        would see a rare profile.
    """
    request = lock_request(request_id)
    check_can_steer_request(actor, request)
    next_status("ask teams", request.status)
    agreed = get_agreed(request.region_id, at=at)
    waiting = set(
        Offer.objects.filter(request=request, status=OfferStatus.OPEN).values_list(
            "service_id", flat=True
        )
    )
    chosen = _chosen_teams(request, service_ids, agreed=agreed, at=at)
    chosen = [team for team in chosen if team.service_id not in waiting]
    if not chosen:
        raise InvalidRequest(
            {"service_ids": [_("Choose a team that is not being asked already.")]}
        )
    if request.one_at_a_time and (waiting or len(chosen) > 1):
        raise InvalidRequest(
            {
                "service_ids": [
                    _(
                        "So few people match this profile that one team sees it at a "
                        "time. Choose one, and wait for its answer."
                    )
                ]
            }
        )
    return _ask(
        request, chosen, OfferOrigin.COORDINATOR, agreed=agreed, actor=actor, at=at
    )


def ask_found_team(
    request: ServiceRequest, *, service_id: int, actor: Actor, at: datetime
) -> list[Offer]:
    """Ask the team that the insurer's mediation found; it answers in its inbox.

    The caller holds the lock and has checked the actor.

    Raises
    ------
    NotNow
        If it is placed or closed.
    InvalidRequest
        If it gives no district nursing, or the client objects to it.
    """
    next_status("ask teams", request.status)
    agreed = get_agreed(request.region_id, at=at)
    return _ask(
        request,
        _chosen_teams(request, [service_id], agreed=agreed, at=at),
        OfferOrigin.COORDINATOR,
        agreed=agreed,
        actor=actor,
        at=at,
    )


@transaction.atomic
def accept_offer(
    *, actor: Actor, offer_id: int, at: datetime, over_capacity: bool = False
) -> ServiceRequest:
    """Take the client: the first acceptance wins, room is reserved, identity released.

    Locks the request, then the offer, then the service. The same team accepting twice
    gets the same answer. ``over_capacity``: the team takes one more than it has room
    for, or has not said how much room it has.

    Raises
    ------
    NotPermitted
        If the question was put to another team.
    AlreadyTaken
        If another team was first.
    OfferIsClosed
        If the offer was declined, withdrawn or has expired.
    NoRoomLeft
        If the team has no room left and ``over_capacity`` is false.
    """
    request, offer = _lock_offer(offer_id)
    check_can_answer_offer(actor, get_service_target(offer.service_id))
    if offer.status == OfferStatus.ACCEPTED:
        return request
    if request.status in PLACED:
        raise AlreadyTaken(
            _("Another team has accepted this request. You do not need to do anything.")
        )
    if offer.status != OfferStatus.OPEN:
        raise _closed(offer)
    return _place(request, offer, actor=actor, at=at, over_capacity=over_capacity)


@transaction.atomic
def decline_offer(
    *,
    actor: Actor,
    offer_id: int,
    reason: str,
    at: datetime,
    note: str = "",
    room_again_on: date | None = None,
    correction: RoomCorrection | None = None,
) -> ServiceRequest:
    """Say no with a reason; the next team is asked in the same transaction.

    Declining for want of room corrects the room that others see: to full, or to what
    the team says is left (``correction``). The same team declining twice gets the same
    answer.

    Raises
    ------
    NotPermitted
        If the question was put to another team.
    InvalidRequest
        If the reason is not a known one, or the day of new room is not ahead.
    OfferIsClosed
        If the offer was accepted, withdrawn or has expired.
    InvalidCapacity
        If the correction contradicts itself.
    """
    if room_again_on is not None and room_again_on <= localdate(at):
        raise InvalidRequest(
            {
                "room_again_on": [
                    _("%(day)s is not ahead. Give a later day, or leave it empty.")
                    % {"day": room_again_on.isoformat()}
                ]
            }
        )
    if reason not in DeclineReason.values:
        raise InvalidRequest(
            {
                "reason": [
                    _("Choose why your team cannot take it: %(known)s.")
                    % {"known": ", ".join(DeclineReason.values)}
                ]
            }
        )
    request, offer = _lock_offer(offer_id)
    target = get_service_target(offer.service_id)
    check_can_answer_offer(actor, target)
    if offer.status == OfferStatus.DECLINED:
        return request
    if offer.status != OfferStatus.OPEN:
        raise _closed(offer)
    _answer(offer, OfferStatus.DECLINED, actor=actor, at=at)
    offer.decline_reason = reason
    offer.decline_note = note.strip()[:300]
    offer.room_again_on = room_again_on
    offer.against_own_room = is_against(
        get_stated_room(offer.service_id, at=at),
        reason,
        tasks=request.tasks,
        parts_of_day=request.parts_of_day,
    )
    offer.save()
    add_event(
        request,
        EventKind.DECLINED,
        actor=actor,
        at=at,
        service_id=offer.service_id,
        reason=reason,
        against_own_room=offer.against_own_room,
    )
    if reason in ROOM_REASONS and can_report_capacity(actor, target):
        store_correction(
            actor=actor,
            service_id=offer.service_id,
            reason=reason,
            correction=correction,
            until=room_again_on,
            at=at,
        )
    go_on_without(request, at=at)
    return request


@transaction.atomic
def record_phone_agreement(
    *, actor: Actor, request_id: int, service_id: int, spoke_with: str, at: datetime
) -> ServiceRequest:
    """Keep that a team took it on the phone: one tap, the same consequences.

    Raises
    ------
    NotPermitted
        If the actor neither sent the request nor coordinates its region.
    NotNow
        If it is placed or closed.
    InvalidRequest
        If the client objects to this provider.
    """
    request = lock_request(request_id)
    check_can_steer_request(actor, request)
    next_status("accept", request.status)
    agreed = get_agreed(request.region_id, at=at)
    [team] = _chosen_teams(request, [service_id], agreed=agreed, at=at)
    offer = _offer_row(
        request, team, OfferOrigin.PHONE, rank=1, at=at, until=at + timedelta(days=1)
    )
    request = _place(request, offer, actor=actor, at=at, over_capacity=True)
    offer.answered_by_name = spoke_with.strip()[:120] or actor.label
    offer.save(update_fields=["answered_by_name"])
    return request


@transaction.atomic
def assign_by_agreement(
    *, actor: Actor, request_id: int, service_id: int, at: datetime
) -> ServiceRequest:
    """Assign to a provider that signed for it; a nurse may stop it on safety grounds.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    InvalidRequest
        If the provider has no signed agreement that holds today.
    NoRoomLeft
        If the team has no room: an agreement is not a duty to take more.
    """
    request = lock_request(request_id)
    check_can_coordinate(actor, requester_target(request))
    next_status("accept", request.status)
    agreed = get_agreed(request.region_id, at=at)
    [team] = _chosen_teams(request, [service_id], agreed=agreed, at=at)
    if not _signed(team.organization_id, request.region_id, on=localdate(at)):
        raise InvalidRequest(
            {
                "service_id": [
                    _(
                        "%(name)s has not signed for being assigned clients. Ask the "
                        "team instead."
                    )
                    % {"name": team.organization_name}
                ]
            }
        )
    offer = _offer_row(request, team, OfferOrigin.AGREEMENT, rank=1, at=at, until=at)
    return _place(request, offer, actor=actor, at=at, over_capacity=False)


def run_timers(*, at: datetime, limit: int = 1000) -> Expired:
    """Close offers whose time has passed, ask the next team, and escalate what is late.

    Each request in a transaction of its own, skipping what somebody has in hand right
    now; safe to run twice and on several machines at once.
    """
    reminded = remind_teams(at=at, limit=limit) + remind_owners(at=at, limit=limit)
    late_offers = (
        Offer.objects.filter(status=OfferStatus.OPEN, answer_by__lte=at)
        .order_by("answer_by")
        .values_list("request_id", flat=True)[:limit]
    )
    expired = sum(
        _expire(request_id, at=at) for request_id in dict.fromkeys(late_offers)
    )
    late = (
        ServiceRequest.objects.filter(_LATE, due_at__lte=at)
        .order_by("due_at")
        .values_list("pk", flat=True)[:limit]
    )
    overdue = sum(_escalate(request_id, at=at) for request_id in list(late))
    tell_all_coordinators(at=at, limit=limit)
    return Expired(offers=expired, overdue=overdue, reminded=reminded, at=at)


#: Each date that passes is noticed once.
_LATE = Q(status__in=[*map(str, OWNED)]) & (
    Q(overdue_since=None) | Q(overdue_since__lt=F("due_at"))
)


def _expire(request_id: int, *, at: datetime) -> int:
    with transaction.atomic():
        request = _lock_free(request_id)
        if request is None:
            return 0
        late = list(
            Offer.objects.select_for_update().filter(
                request=request, status=OfferStatus.OPEN, answer_by__lte=at
            )
        )
        for offer in late:
            _answer(offer, OfferStatus.EXPIRED, actor=SYSTEM, at=at)
            offer.save()
            add_event(
                request,
                EventKind.EXPIRED,
                actor=SYSTEM,
                at=at,
                service_id=offer.service_id,
            )
        if late:
            go_on_without(request, at=at)
        return len(late)


def _escalate(request_id: int, *, at: datetime) -> int:
    with transaction.atomic():
        # Weighed again under the lock: another run may have been first.
        request = _lock_free(request_id, _LATE, due_at__lte=at)
        if request is None:
            return 0
        add_event(
            request,
            EventKind.OVERDUE,
            actor=SYSTEM,
            at=at,
            owner=request.owner_name,
        )
        request.overdue_since = request.due_at
        if request.status in UNPLACED and not is_coordinated(request, at=at):
            owner = (request.owner_kind, request.owner_id)
            agreed = get_agreed(request.region_id, at=at)
            give_to_coordinator(request, agreed=agreed, actor=SYSTEM, at=at)
            if (request.owner_kind, request.owner_id) == owner:
                # Nobody to hand it to: the date that passed remains.
                request.due_at = request.overdue_since
        request.save()
        tell_owner(request, "referrals.overdue", at=at)
        return 1


def _lock_free(request_id: int, *which: Q, **also: Any) -> ServiceRequest | None:
    return (
        ServiceRequest.objects.select_for_update(skip_locked=True)
        .filter(*which, pk=request_id, **also)
        .first()
    )


def withdraw_open_offers(request: ServiceRequest, *, at: datetime) -> None:
    """Take the question back from every team that still has it."""
    Offer.objects.filter(request=request, status=OfferStatus.OPEN).update(
        status=OfferStatus.WITHDRAWN, answered_at=at
    )


def _lock_offer(offer_id: int) -> tuple[ServiceRequest, Offer]:
    request_id = (
        Offer.objects.filter(pk=offer_id).values_list("request_id", flat=True).first()
    )
    if request_id is None:
        raise UnknownOffer(
            _("There is no question with number %(id)s.") % {"id": offer_id}
        )
    request = lock_request(request_id)
    return request, Offer.objects.select_for_update().get(pk=offer_id)


def _closed(offer: Offer) -> OfferIsClosed:
    if offer.status == OfferStatus.EXPIRED:
        return OfferIsClosed(
            _(
                "The time to answer has passed and other teams were asked. Call the "
                "coordinator if you still have room."
            )
        )
    if offer.status == OfferStatus.WITHDRAWN:
        return OfferIsClosed(
            _("This question is no longer needed. You do not need to do anything.")
        )
    return OfferIsClosed(
        _("This question was answered already: %(status)s.")
        % {"status": OfferStatus(offer.status).label}
    )


def _place(
    request: ServiceRequest,
    offer: Offer,
    *,
    actor: Actor,
    at: datetime,
    over_capacity: bool,
) -> ServiceRequest:
    request.status = next_status("accept", request.status)
    others = Offer.objects.filter(request=request, status=OfferStatus.OPEN).exclude(
        pk=offer.pk
    )
    tell_asked_teams(request, "referrals.taken", at=at, without=offer.service_id)
    others.update(status=OfferStatus.WITHDRAWN, answered_at=at)
    _answer(offer, OfferStatus.ACCEPTED, actor=actor, at=at)
    offer.save()
    reserve_room(
        service_id=offer.service_id,
        reference=request.number,
        hours_per_week=request.hours_high,
        parts_of_day=request.parts_of_day,
        at=at,
        over_capacity=over_capacity,
    )
    request.placed_service_id = offer.service_id
    request.placed_at = at
    request.bridged_by = ""
    _give_to_team(request, offer, actor=actor, at=at)
    request.save()
    add_event(
        request,
        EventKind.ACCEPTED,
        actor=actor,
        at=at,
        service_id=offer.service_id,
        origin=offer.origin,
    )
    record_patient_access(
        request.pk,
        actor=actor,
        action=AuditEvent.Action.READ,
        purpose=f"release-to-service-{offer.service_id}",
        at=at,
    )
    tell_requester(request, "referrals.accepted", actor=actor, at=at)
    return request


def _give_to_team(
    request: ServiceRequest, offer: Offer, *, actor: Actor, at: datetime
) -> None:
    """The team has it, until the end of the day of the first visit."""
    is_of_team = offer.origin == OfferOrigin.RANKING or (
        offer.origin == OfferOrigin.COORDINATOR
    )
    name = actor.label
    if not is_of_team or actor.user_id is None:
        name = get_service_names([offer.service_id])[offer.service_id][0]
    set_owner(
        request,
        user_id=actor.user_id if is_of_team else None,
        name=name,
        kind=OwnerKind.TEAM,
    )
    request.due_at = end_of_first_day(request, at=at)
    request.overdue_since = None


def _answer(offer: Offer, status: OfferStatus, *, actor: Actor, at: datetime) -> None:
    offer.status = status
    offer.answered_at = at
    offer.answered_by_id = actor.user_id
    offer.answered_by_name = actor.label


def go_on_without(request: ServiceRequest, *, at: datetime) -> None:
    """Ask the next team unless others still have the question."""
    if Offer.objects.filter(request=request, status=OfferStatus.OPEN).exists():
        return
    if not can("ask teams", request.status):
        return
    agreed = get_agreed(request.region_id, at=at)
    ask_next_teams(request, agreed=agreed, actor=SYSTEM, at=at)


def _ask(
    request: ServiceRequest,
    teams: Sequence[CandidateTeam],
    origin: OfferOrigin,
    *,
    agreed: Agreed,
    actor: Actor,
    at: datetime,
) -> list[Offer]:
    until = answer_by(request.urgency, agreed=agreed, at=at)
    asked_before = Offer.objects.filter(request=request).count()
    offers = Offer.objects.bulk_create(
        _offer_row(request, team, origin, rank=asked_before + place, at=at, until=until)
        for place, team in enumerate(teams, start=1)
    )
    request.status = next_status("ask teams", request.status)
    # Whoever has it in hand hears from the teams first.
    request.due_at = max(until, at) + agreed.time_to_move(request.urgency)
    request.overdue_since = None
    request.save()
    add_event(
        request,
        EventKind.OFFERED,
        actor=actor,
        at=at,
        services=[team.service_id for team in teams],
        answer_by=until.isoformat(),
        origin=origin.value,
    )
    tell_offers(request, offers, at=at)
    return offers


def _offer_row(
    request: ServiceRequest,
    team: CandidateTeam,
    origin: OfferOrigin,
    *,
    rank: int,
    at: datetime,
    until: datetime,
) -> Offer:
    return Offer(
        request=request,
        service_id=team.service_id,
        status=OfferStatus.OPEN,
        origin=origin,
        rank=rank,
        reasons=list(map(dict, team.reasons)),
        offered_at=at,
        answer_by=until,
        remind_at=at + (until - at) / 2,
    )


def _chosen_teams(
    request: ServiceRequest,
    service_ids: Iterable[int],
    *,
    agreed: Agreed,
    at: datetime,
) -> list[CandidateTeam]:
    """Return the chosen services as candidates, also those without room.

    What the client objects to, or gives no district nursing, is never asked, whoever
    chooses.
    """
    ids = list(dict.fromkeys(service_ids))
    ranked = {
        team.service_id: team
        for team in rank_for(request, agreed=agreed, at=at).candidates
    }
    names = get_service_names(ids)
    nursing = list_services_by_organization(
        {organization_id for _name, _organization, organization_id in names.values()},
        care=Care.DISTRICT_NURSING,
    )
    for service_id in ids:
        if service_id not in nursing:
            raise InvalidRequest(
                {
                    "service_ids": [
                        _("Number %(id)s is no team for district nursing.")
                        % {"id": service_id}
                    ]
                }
            )
        if names[service_id][2] in request.refused_organizations:
            raise InvalidRequest(
                {
                    "service_ids": [
                        _("The client objects to %(name)s, so it cannot be asked.")
                        % {"name": names[service_id][1]}
                    ]
                }
            )
    return [
        ranked.get(service_id)
        or CandidateTeam(
            service_id=service_id,
            organization_id=names[service_id][2],
            name=names[service_id][0],
            organization_name=names[service_id][1],
            is_own=False,
            distance_km=None,
            room=None,
            score=0.0,
            terms={},
            warnings=(),
            reasons=(),
        )
        for service_id in ids
    ]


def _signed(organization_id: int, region_id: int, *, on: date) -> bool:
    return (
        AssignmentAgreement.objects.filter(
            organization_id=organization_id,
            region_id=region_id,
            signed_on__lte=on,
            valid_from__lte=on,
        )
        .filter(Q(valid_until=None) | Q(valid_until__gt=on))
        .exists()
    )


def _count_first_conditions(found: RankedTeams) -> dict[str, int]:
    counts: dict[str, int] = {}
    for team in found.excluded:
        counts[team.conditions[0]] = counts.get(team.conditions[0], 0) + 1
    return counts
