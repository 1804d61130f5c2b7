"""The client objects to one more provider after a request was sent."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.care_teams import get_organization_names
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.models import Consent, Offer, Patient, ServiceRequest
from wijkspil.referrals.permissions import check_can_steer_request
from wijkspil.referrals.policies import next_status
from wijkspil.referrals.selectors.requests import lock_request
from wijkspil.referrals.services.offers import go_on_without
from wijkspil.referrals.services.trail import add_event
from wijkspil.referrals.types import (
    ConsentDecision,
    ConsentGiver,
    EventKind,
    OfferStatus,
)


@transaction.atomic
def record_objection(
    *,
    actor: Actor,
    request_id: int,
    organization_id: int,
    given_by: str,
    at: datetime,
) -> ServiceRequest:
    """Keep the objection; teams of that provider no longer have the question.

    The next team is asked if nobody else has it. Saying it twice is harmless.

    Raises
    ------
    NotPermitted
        If the actor neither sent the request nor coordinates its region.
    NotNow
        If a team has the client (re-open it first), or it is closed.
    InvalidRequest
        If there is no such provider, or it is not said who objects.
    """
    request = lock_request(request_id)
    check_can_steer_request(actor, request)
    next_status("ask teams", request.status)
    names = get_organization_names([organization_id])
    wrong: dict[str, list[str]] = {}
    if organization_id not in names:
        wrong["organization"] = [
            _("There is no provider with number %(id)s.") % {"id": organization_id}
        ]
    if given_by not in ConsentGiver.values:
        wrong["given_by"] = [_("Say who said it: the client or the representative.")]
    if wrong:
        raise InvalidRequest(wrong)
    if organization_id in request.refused_organizations:
        return request
    request.refused_organizations = sorted(
        [*request.refused_organizations, organization_id]
    )
    request.save(update_fields=["refused_organizations"])
    Consent.objects.create(
        request=request,
        decision=ConsentDecision.OBJECTED,
        given_by=given_by,
        organization_id=organization_id,
        recorded_by=actor.label[:120],
        recorded_at=at,
        retain_until=Patient.objects.get(pk=request.pk).retain_until,
    )
    add_event(
        request,
        EventKind.NOTE,
        actor=actor,
        at=at,
        code="objection",
        organization=names[organization_id],
    )
    stopped = Offer.objects.filter(
        request=request,
        status=OfferStatus.OPEN,
        service__organization_id=organization_id,
    ).update(status=OfferStatus.WITHDRAWN, answered_at=at)
    if stopped:
        go_on_without(request, at=at)
    return request
