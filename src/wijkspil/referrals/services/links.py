"""The client's private link: progress for who holds it, more with the code.

How far it is stays open to who has the link: it says nothing about health.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.referrals.errors import NotNow, UnknownRequest
from wijkspil.referrals.models import ClientLink, Patient
from wijkspil.referrals.permissions import can_see_patient
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.requests import lock_request, team_target
from wijkspil.referrals.services.trail import record_patient_access


def make_client_link(*, request_id: int, valid_until: datetime) -> tuple[str, str]:
    """Make a link and a six-digit code for the client; return both, once.

    A new link replaces the old one.
    """
    told = ClientLink.make(valid_until=valid_until, request_id=request_id)
    return told.token, told.code


@transaction.atomic
def renew_client_link(
    *, actor: Actor, request_id: int, at: datetime
) -> tuple[str, str]:
    """Make a new link and code for whoever may see who the client is; logged.

    The old link ends. Both are returned once.

    Raises
    ------
    UnknownRequest
        If there is no such request.
    NotPermitted
        If the actor neither sent it, nor coordinates its region, nor has the client.
    NotNow
        If it was not sent yet, or who it is about was removed.
    """
    request = lock_request(request_id)
    if not can_see_patient(actor, request, team_target(request)):
        raise NotPermitted(
            _("A new link is made by who sent the request, a coordinator or the team.")
        )
    if not Patient.objects.filter(pk=request_id).exists():
        raise NotNow(_("There is no client to make a link for (any more)."))
    record_patient_access(
        request_id,
        actor=actor,
        action=AuditEvent.Action.UPDATE,
        purpose="client-link.renew",
        at=at,
    )
    days = get_agreed(request.region_id, at=at).retention_days
    return make_client_link(
        request_id=request_id, valid_until=at + timedelta(days=days)
    )


def find_by_link(token: str, *, at: datetime) -> int:
    """Return the id of the request behind a link (one query).

    Raises
    ------
    UnknownRequest
        If the link is not known or has ended.
    """
    return _get_link(token, at=at).request_id


def check_code(token: str, code: str, *, at: datetime) -> int:
    """Return the id of the request if the code belongs to the link.

    Raises
    ------
    UnknownRequest
        If the link is not known or has ended.
    WrongCode
        If the code is not right, or was tried too often.
    """
    link = _get_link(token, at=at)
    link.check_code(token, code, at=at)
    return link.request_id


def _get_link(token: str, *, at: datetime) -> ClientLink:
    link = ClientLink.find(token, at=at)
    if link is None:
        raise UnknownRequest(
            _(
                "This link does not work (any more). Ask who sent the request for a "
                "new one."
            )
        )
    return link
