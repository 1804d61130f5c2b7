"""What a coordinator does by hand: a call, a team of one's own choice, a shift.

Each act is one transaction with a line on the timeline that says who did it and why.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.care_teams import get_service_names
from wijkspil.directory.selectors.wijken import list_home_care_of_region
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.permissions import check_can_coordinate, requester_target
from wijkspil.referrals.selectors.requests import lock_request
from wijkspil.referrals.selectors.worklist import lock_own_unplaced
from wijkspil.referrals.services.offers import (
    ask_teams,
    assign_by_agreement,
    go_on_without,
    record_phone_agreement,
)
from wijkspil.referrals.services.steering import hand_over, move_date
from wijkspil.referrals.services.trail import add_event
from wijkspil.referrals.types import (
    UNPLACED,
    CallOutcome,
    DeclineReason,
    EventKind,
    OfferOrigin,
    OfferStatus,
    RequestStatus,
)


class PlacementReason(models.TextChoices):
    """Why a coordinator chooses another team than the one that ranks best."""

    CLIENT = "client", gettext_lazy("The client wants this team")
    KNOWN = "known", gettext_lazy("The team knows the client or the household")
    CONSULTED = "consulted", gettext_lazy("Agreed in consultation with the team")
    ROOM = "room", gettext_lazy("The team has room that is not reported yet")
    SKILL = "skill", gettext_lazy("The team can do what is special here")
    NEARBY = "nearby", gettext_lazy("The team is around there already")
    LAST = "last", gettext_lazy("No other team is left")
    OTHER = "other", gettext_lazy("Something else, in the words below")


class PlacementWay(models.TextChoices):
    """What happens with the team that a coordinator chose."""

    ASK = "ask", gettext_lazy("Ask the team; it answers in its inbox")
    PHONE = "phone", gettext_lazy("The team agreed by phone: place the client")
    AGREEMENT = "agreement", gettext_lazy("Assign it, under the signed agreement")


@transaction.atomic
def record_call(
    *,
    actor: Actor,
    request_id: int,
    service_id: int,
    outcome: str,
    at: datetime,
    spoke_with: str = "",
    reason: str = "",
    call_back_at: datetime | None = None,
) -> ServiceRequest:
    """Keep that a team was called and what came of it; do what follows from it.

    Call back later: the request gets that moment as its date. Says no: the team is not
    proposed again for a week, and when nobody else has the question the next team is
    asked. Says yes: the client is placed.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    NotNow
        If a team has the client already, or it is closed.
    InvalidRequest
        If the outcome is not a known one, calling back has no moment ahead, or a no
        has no reason.
    """
    request = _lock_coordinated(actor, request_id)
    if outcome not in CallOutcome.values:
        raise InvalidRequest({"outcome": [_("Choose what came of the call.")]})
    if request.status not in UNPLACED:
        raise NotNow(
            _("This cannot be done now: the request is at “%(status)s”.")
            % {"status": RequestStatus(request.status).label}
        )
    name = _check_team_of_region(request, service_id, at=at)
    spoke_with = spoke_with.strip()[:120]
    words = _("called %(team)s") % {"team": name}
    if spoke_with:
        words = _("called %(team)s (%(person)s)") % {
            "team": name,
            "person": spoke_with,
        }
    if outcome == CallOutcome.CALL_BACK:
        if call_back_at is None:
            raise InvalidRequest({"call_back_at": [_("Say when you call back.")]})
        try:
            move_date(
                actor=actor,
                request_id=request_id,
                due_at=call_back_at,
                why=_("%(call)s, call back then") % {"call": words},
                at=at,
            )
        except InvalidRequest as error:
            raise InvalidRequest(
                {"call_back_at": error.fields.get("due_at", [str(error)])}
            ) from error
        return lock_request(request_id)
    add_event(
        request,
        EventKind.CALLED,
        actor=actor,
        at=at,
        service_id=service_id,
        spoke_with=spoke_with,
        outcome=outcome,
    )
    if outcome == CallOutcome.SAYS_YES:
        return record_phone_agreement(
            actor=actor,
            request_id=request_id,
            service_id=service_id,
            spoke_with=spoke_with,
            at=at,
        )
    if outcome == CallOutcome.SAYS_NO:
        _decline_by_phone(
            request, service_id, reason, spoke_with=spoke_with, actor=actor, at=at
        )
    return lock_request(request_id)


@transaction.atomic
def place_by_hand(
    *,
    actor: Actor,
    request_id: int,
    service_id: int,
    way: str,
    reason: str,
    at: datetime,
    why: str = "",
) -> ServiceRequest:
    """Choose a team of the region oneself, with a reason that stays on the timeline.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    NotNow
        If it is placed or closed.
    InvalidRequest
        If there is no reason, the team does not work in the region, or the client
        objects to it.
    NoRoomLeft
        If it is assigned under an agreement to a team that has no room.
    """
    request = _lock_coordinated(actor, request_id)
    why = why.strip()[:200]
    if reason not in PlacementReason.values:
        raise InvalidRequest({"reason": [_("Choose why you choose this team.")]})
    if reason == PlacementReason.OTHER and not why:
        raise InvalidRequest({"why": [_("Say in a few words why this team.")]})
    if way not in PlacementWay.values:
        raise InvalidRequest({"way": [_("Choose what happens now.")]})
    name = _check_team_of_region(request, service_id, at=at)
    label = PlacementReason(reason).label
    said = why if reason == PlacementReason.OTHER else label
    if why and reason != PlacementReason.OTHER:
        said = f"{label}, {why}"
    _note(
        request,
        _("chose %(team)s by hand: %(why)s") % {"team": name, "why": said},
        actor=actor,
        at=at,
        service_id=service_id,
        code="placement",
        reason=reason,
        way=way,
    )
    if way == PlacementWay.ASK:
        ask_teams(actor=actor, request_id=request_id, service_ids=[service_id], at=at)
        return lock_request(request_id)
    if way == PlacementWay.PHONE:
        return record_phone_agreement(
            actor=actor,
            request_id=request_id,
            service_id=service_id,
            spoke_with="",
            at=at,
        )
    return assign_by_agreement(
        actor=actor, request_id=request_id, service_id=service_id, at=at
    )


@transaction.atomic
def hand_over_shift(
    *, actor: Actor, region_ids: Iterable[int], user_id: int, at: datetime
) -> int:
    """Give all that the actor has in hand in the regions to a colleague.

    Return how many. Nothing is left behind: the rows are locked first, so that none is
    placed or taken between counting and giving.

    Raises
    ------
    NotPermitted, InvalidRequest
        As for ``steering.hand_over``.
    """
    if actor.user_id is None:
        return 0
    mine = lock_own_unplaced(actor.user_id, region_ids=region_ids)
    if not mine:
        return 0
    return hand_over(actor=actor, request_ids=mine, user_id=user_id, at=at)


def _lock_coordinated(actor: Actor, request_id: int) -> ServiceRequest:
    request = lock_request(request_id)
    check_can_coordinate(actor, requester_target(request))
    return request


def _check_team_of_region(
    request: ServiceRequest, service_id: int, *, at: datetime
) -> str:
    """Return the name of a team whose provider works in the region of the request."""
    found = get_service_names([service_id]).get(service_id)
    if found is None:
        raise InvalidRequest({"service_id": [_("Choose a team from the list.")]})
    name, organization_name, organization_id = found
    if organization_id in request.refused_organizations:
        raise InvalidRequest(
            {
                "service_id": [
                    _("The client objects to %(name)s, so it cannot be asked.")
                    % {"name": organization_name}
                ]
            }
        )
    was_asked = Offer.objects.filter(request=request, service_id=service_id).exists()
    if not was_asked and organization_id not in list_home_care_of_region(
        request.region_id, at=at
    ):
        raise InvalidRequest(
            {
                "service_id": [
                    _("%(name)s gives no district nursing in this region.")
                    % {"name": organization_name}
                ]
            }
        )
    return name


def _decline_by_phone(
    request: ServiceRequest,
    service_id: int,
    reason: str,
    *,
    spoke_with: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Keep the no as an answer, so that the team rests and the figures count it."""
    if reason not in DeclineReason.values:
        raise InvalidRequest({"reason": [_("Choose why the team says no.")]})
    offer = (
        Offer.objects.select_for_update()
        .filter(request=request, service_id=service_id, status=OfferStatus.OPEN)
        .first()
    )
    had_question = offer is not None
    if offer is None:
        offer = Offer(
            request=request,
            service_id=service_id,
            origin=OfferOrigin.PHONE,
            rank=Offer.objects.filter(request=request).count() + 1,
            offered_at=at,
            answer_by=at,
        )
    offer.status = OfferStatus.DECLINED
    offer.decline_reason = reason
    offer.answered_at = at
    offer.answered_by_id = actor.user_id
    offer.answered_by_name = spoke_with or actor.label
    offer.save()
    add_event(
        request,
        EventKind.DECLINED,
        actor=actor,
        at=at,
        service_id=service_id,
        reason=reason,
        by_phone=True,
    )
    if had_question:
        go_on_without(request, at=at)


def _note(
    request: ServiceRequest,
    text: str,
    *,
    actor: Actor,
    at: datetime,
    service_id: int,
    **detail: Any,
) -> None:
    add_event(
        request,
        EventKind.NOTE,
        actor=actor,
        at=at,
        service_id=service_id,
        text=text[:300],
        **detail,
    )
