"""Send a whole request at once, as other systems do: all of it, or nothing.

Who asks follows from the organization whose system it is. Every wrong field is refused
together, by the part it stands in (``need.``, ``requester.``, ``patient.``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.listing import get_organization_type
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.permissions import check_can_create_request
from wijkspil.referrals.selectors.listing import KIND_OF
from wijkspil.referrals.services.offers import record_phone_agreement
from wijkspil.referrals.services.requests import (
    check_need,
    check_patient,
    check_requester,
    start_request,
    submit_request,
)
from wijkspil.referrals.types import (
    ConsentGiven,
    Need,
    PatientDetails,
    Requester,
    Submitted,
)


@dataclass(frozen=True)
class PhoneAgreement:
    """A team took the client on the phone, so that no other is asked."""

    service_id: int
    spoke_with: str = ""


@transaction.atomic
def send_request(
    *,
    actor: Actor,
    need: Need,
    requester: Requester,
    patient: PatientDetails,
    consent: ConsentGiven,
    at: datetime,
    phone_agreement: PhoneAgreement | None = None,
) -> Submitted:
    """Store need, client and consent, and ask the first team.

    Raises
    ------
    NotPermitted
        If the actor may not ask.
    InvalidRequest
        With every field that breaks a rule.
    UnknownPostcode, NoBasis
        As for ``start_request`` and ``submit_request``.
    """
    check_can_create_request(actor)
    requester = complete_requester(actor, requester)
    today = localdate(at)
    _check_all(
        {
            "need": lambda: check_need(need, today=today),
            "requester": lambda: check_requester(requester),
            "patient": lambda: check_patient(patient, today=today),
        }
    )
    draft = start_request(actor=actor, need=need, requester=requester, at=at)
    submitted = submit_request(
        actor=actor,
        request_id=draft.pk,
        patient=patient,
        consent=consent,
        at=at,
        is_agreed_by_phone=phone_agreement is not None,
    )
    if phone_agreement is not None:
        record_phone_agreement(
            actor=actor,
            request_id=draft.pk,
            service_id=phone_agreement.service_id,
            spoke_with=phone_agreement.spoke_with,
            at=at,
        )
    return submitted


def start_draft(
    *, actor: Actor, need: Need, requester: Requester, at: datetime
) -> ServiceRequest:
    """Keep a need of an organization's system as a draft; nobody is named in it.

    Raises
    ------
    NotPermitted, InvalidRequest, UnknownPostcode
        As for ``send_request``.
    """
    check_can_create_request(actor)
    return start_request(
        actor=actor, need=need, requester=complete_requester(actor, requester), at=at
    )


def complete_requester(actor: Actor, given: Requester) -> Requester:
    """Return who asks: an organization's system asks for its organization.

    Raises
    ------
    InvalidRequest
        If the kind is not that of the organization.
    """
    own = [grant.organization_id for grant in actor.grants]
    follows = None
    if own and own[0] is not None:
        follows = KIND_OF.get(get_organization_type(own[0]))
    if follows is not None and given.kind not in {"", follows}:
        raise InvalidRequest(
            {
                "requester.kind": [
                    _("Your organization asks as “%(kind)s”. Leave this out.")
                    % {"kind": follows.value}
                ]
            }
        )
    return Requester(
        kind=given.kind if follows is None else follows.value,
        name=given.name,
        phone=given.phone,
        organization_id=own[0] if own else None,
    )


def _check_all(checks: Mapping[str, Callable[[], object]]) -> None:
    wrong: dict[str, list[str]] = {}
    for part, check in checks.items():
        try:
            check()
        except InvalidRequest as error:
            wrong |= {
                f"{part}.{name}": reasons for name, reasons in error.fields.items()
            }
    if wrong:
        raise InvalidRequest(wrong)
