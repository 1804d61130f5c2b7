"""What the client says: who may not come, and seeing by the private link who does.

By the private link callers have checked the link and its code (``services.links``); a
word on the phone is recorded by who sent the request or coordinates it.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.models import AuditEvent
from wijkspil.directory.selectors.care_teams import get_organization_names
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.models import Consent, Offer, Patient, ServiceRequest
from wijkspil.referrals.permissions import check_can_steer_request
from wijkspil.referrals.policies import can
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.requests import lock_request, team_target
from wijkspil.referrals.services.course import reopen_for_objection
from wijkspil.referrals.services.offers import ask_next_teams
from wijkspil.referrals.services.trail import (
    SYSTEM,
    add_event,
    record_patient_access,
)
from wijkspil.referrals.types import (
    PLACED,
    UNPLACED,
    ConsentDecision,
    ConsentGiver,
    EventKind,
    OfferStatus,
)

#: Who acts when the client does, by the link with its code.
CLIENT = Actor(label="client", grants=())


@transaction.atomic
def show_to_client(*, request_id: int, at: datetime) -> Patient | None:
    """Return who it is about to the holder of link and code, and log it.

    None when it was removed.
    """
    patient = Patient.objects.filter(pk=request_id).first()
    if patient is not None:
        record_patient_access(
            request_id,
            actor=CLIENT,
            action=AuditEvent.Action.READ,
            purpose="client-page",
            at=at,
        )
    return patient


@transaction.atomic
def record_objection(
    *,
    actor: Actor,
    request_id: int,
    organization_id: int,
    at: datetime,
    given_by: str = ConsentGiver.CLIENT,
) -> ServiceRequest:
    """Keep that the client objects to one provider; it is not asked (any more).

    ``actor`` is ``CLIENT``, or the person who wrote it down for the client.

    An open question to that provider ends, and the next team is asked in the same
    transaction. If the provider has the client it loses it at once, with the sight of
    who it is: a coordinator owns the request. Objecting twice is harmless.

    Raises
    ------
    UnknownRequest
        If there is no such request.
    NotPermitted
        If the actor neither is the client, nor sent it, nor coordinates its region.
    InvalidRequest
        If there is no such provider, or it is not said who objects.
    NotNow
        If another provider has the client, or the request is closed.
    """
    request = lock_request(request_id)
    if actor is not CLIENT:
        check_can_steer_request(actor, request)
    names = get_organization_names([organization_id])
    wrong: dict[str, list[str]] = {}
    if organization_id not in names:
        wrong["organization"] = [_("Choose a provider from the list.")]
    if given_by not in ConsentGiver.values:
        wrong["given_by"] = [_("Say who said it: the client or the representative.")]
    if wrong:
        raise InvalidRequest(wrong)
    if organization_id in request.refused_organizations:
        return request
    has_client = _has_client(request, organization_id)
    if request.status not in UNPLACED and not has_client:
        raise NotNow(
            _("We are not looking for a team now. Call who sent the request instead.")
        )
    retain_until = (
        Patient.objects.filter(pk=request_id)
        .values_list("retain_until", flat=True)
        .first()
    )
    Consent.objects.create(
        request=request,
        decision=ConsentDecision.OBJECTED,
        given_by=given_by,
        organization_id=organization_id,
        recorded_by=actor.label[:120],
        recorded_at=at,
        retain_until=retain_until or at.date(),
    )
    request.refused_organizations = [*request.refused_organizations, organization_id]
    request.save(update_fields=["refused_organizations"])
    add_event(
        request,
        EventKind.NOTE,
        actor=actor,
        at=at,
        code="objection",
        organization=names[organization_id],
    )
    if has_client:
        return reopen_for_objection(request, actor=actor, at=at)
    waiting = Offer.objects.filter(request=request, status=OfferStatus.OPEN)
    ended = waiting.filter(service__organization_id=organization_id).update(
        status=OfferStatus.WITHDRAWN, answered_at=at
    )
    if ended and not waiting.exists() and can("ask teams", request.status):
        agreed = get_agreed(request.region_id, at=at)
        ask_next_teams(request, agreed=agreed, actor=SYSTEM, at=at)
    return request


def _has_client(request: ServiceRequest, organization_id: int) -> bool:
    team = team_target(request) if request.status in PLACED else None
    return team is not None and team.organization_id == organization_id
