"""What the insurer does with a request that was handed to its mediation.

It never learns who the client is here: the dossier goes to it outside this page. It
writes down whom it passed the request on to, and how it ends: a team that it found is
asked and answers itself, and without a team a coordinator has it in hand again at once.
Either way the request is back on the region's desk with an owner and a date.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.selectors.care_teams import get_service_names
from wijkspil.referrals.errors import InvalidRequest, NotNow, unknown_request
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.permissions import can_follow_mediation, requester_target
from wijkspil.referrals.selectors.mediation import CODE, FOUND, NOBODY, PASSED_ON
from wijkspil.referrals.selectors.requests import lock_request
from wijkspil.referrals.services.course import reopen_after_mediation
from wijkspil.referrals.services.offers import ask_found_team
from wijkspil.referrals.services.trail import add_event
from wijkspil.referrals.types import EventKind, RequestStatus

#: Longest name of whom it was passed on to.
MOST_LETTERS = 120


@transaction.atomic
def pass_on(*, actor: Actor, request_id: int, to: str, at: datetime) -> ServiceRequest:
    """Write down whom the insurer passed the request on to; it stays with the insurer.

    Raises
    ------
    UnknownRequest
        If the actor may not know of it.
    NotPermitted
        If the actor is no insurer of the region.
    NotNow
        If it is not in mediation.
    InvalidRequest
        If nobody is named.
    """
    request = _lock_mediated(actor, request_id)
    to = " ".join(to.split())[:MOST_LETTERS]
    if not to:
        raise InvalidRequest({"to": [_("Say to whom you passed it on.")]})
    _write(request, PASSED_ON, _("passed on to %(to)s") % {"to": to}, actor, at)
    return request


@transaction.atomic
def report_found(
    *, actor: Actor, request_id: int, service_id: int, at: datetime
) -> ServiceRequest:
    """Say which team the insurer found: it is asked at once, and answers itself.

    Raises
    ------
    UnknownRequest, NotPermitted, NotNow
        As for ``pass_on``; also NotNow if nobody knows any more who the client is.
    NoBasis
        If it was closed because the client objected.
    InvalidRequest
        If it is no team for district nursing, or the client objects to its provider.
    """
    request = _lock_mediated(actor, request_id)
    names = get_service_names([service_id])
    if service_id not in names:
        raise InvalidRequest({"service_id": [_("Choose the team that you found.")]})
    team, organization, _organization_id = names[service_id]
    text = _("found %(team)s of %(organization)s") % {
        "team": team,
        "organization": organization,
    }
    _write(request, FOUND, text, actor, at, service_id=service_id)
    request = reopen_after_mediation(request, has_team=True, actor=actor, at=at)
    try:
        ask_found_team(request, service_id=service_id, actor=actor, at=at)
    except InvalidRequest as error:
        raise InvalidRequest(
            {"service_id": error.fields.get("service_ids", [str(error)])}
        ) from error
    return request


@transaction.atomic
def report_nobody(
    *, actor: Actor, request_id: int, tried: str, at: datetime
) -> ServiceRequest:
    """Say that the insurer found nobody: a coordinator has it in hand again at once.

    Raises
    ------
    UnknownRequest, NotPermitted, NotNow, NoBasis
        As for ``report_found``.
    InvalidRequest
        If it is not said what was tried.
    """
    request = _lock_mediated(actor, request_id)
    tried = " ".join(tried.split())[:200]
    if not tried:
        raise InvalidRequest({"tried": [_("Say in a few words what you tried.")]})
    text = _("found nobody; tried: %(tried)s") % {"tried": tried}
    _write(request, NOBODY, text, actor, at)
    return reopen_after_mediation(request, has_team=False, actor=actor, at=at)


def _lock_mediated(actor: Actor, request_id: int) -> ServiceRequest:
    request = lock_request(request_id)
    target = requester_target(request)
    if not can_follow_mediation(actor, target):
        raise unknown_request(request.number)
    if not any(
        grant.role == Role.INSURER and grant.region_id == request.region_id
        for grant in actor.grants
    ):
        raise NotPermitted(
            _("Only the insurer writes down how mediation goes. Re-open the request.")
        )
    if request.status != RequestStatus.MEDIATION:
        raise NotNow(
            _("This request is no longer with the insurer: it is at “%(status)s”.")
            % {"status": RequestStatus(request.status).label}
        )
    return request


def _write(
    request: ServiceRequest,
    step: str,
    text: str,
    actor: Actor,
    at: datetime,
    service_id: int | None = None,
) -> None:
    add_event(
        request,
        EventKind.NOTE,
        actor=actor,
        at=at,
        service_id=service_id,
        code=CODE,
        step=step,
        text=text,
    )
