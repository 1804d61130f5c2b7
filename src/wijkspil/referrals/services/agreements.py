"""Keep who signed for being assigned requests.

For the coordinators of the region; every change is in the trail.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.audit import record_access
from wijkspil.core.errors import NotFound
from wijkspil.core.models import AuditEvent
from wijkspil.directory.selectors.wijken import list_home_care_of_region
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.models import AssignmentAgreement
from wijkspil.referrals.permissions import check_can_edit_policy
from wijkspil.referrals.selectors.agreements import AGREEMENT_ENTITY


class UnknownAgreement(NotFound):
    """There is no such signed agreement in the region."""

    code = "unknown-agreement"


@transaction.atomic
def add_agreement(
    *,
    actor: Actor,
    region_id: int,
    organization_id: int,
    signed_by: str,
    signed_on: date,
    valid_from: date,
    valid_until: date | None,
    document: str,
    at: datetime,
) -> int:
    """Keep that a provider signed for being assigned requests; return the id.

    The same agreement twice is stored once.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    InvalidRequest
        If the provider gives no district nursing there, or a value is missing.
    """
    check_can_edit_policy(actor, Target(region_ids=frozenset({region_id})))
    wrong: dict[str, list[str]] = {}
    if organization_id not in list_home_care_of_region(region_id, at=at):
        wrong["organization_id"] = [_("Choose a provider that works in this region.")]
    if not signed_by.strip():
        wrong["signed_by"] = [_("Say who signed, and as what.")]
    if not document.strip():
        wrong["document"] = [_("Say where the signed document is kept.")]
    if signed_on > localdate(at):
        wrong["signed_on"] = [_("Only what is signed counts; give a day until today.")]
    if valid_until is not None and valid_until <= valid_from:
        wrong["valid_until"] = [_("The end lies after the start.")]
    if wrong:
        raise InvalidRequest(wrong)
    row, is_new = AssignmentAgreement.objects.get_or_create(
        organization_id=organization_id,
        region_id=region_id,
        signed_by=signed_by.strip()[:120],
        signed_on=signed_on,
        valid_from=valid_from,
        valid_until=valid_until,
        document=document.strip()[:200],
    )
    if is_new:
        _record(row, AuditEvent.Action.CREATE, actor=actor, at=at)
    return row.pk


@transaction.atomic
def end_agreement(
    *, actor: Actor, region_id: int, agreement_id: int, at: datetime
) -> None:
    """End a signed agreement today; one that has ended stays as it is.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    UnknownAgreement
        If there is none with this id in the region.
    """
    check_can_edit_policy(actor, Target(region_ids=frozenset({region_id})))
    row = (
        AssignmentAgreement.objects.select_for_update()
        .filter(pk=agreement_id, region_id=region_id)
        .first()
    )
    if row is None:
        raise UnknownAgreement(
            _("There is no agreement with number %(id)s in this region.")
            % {"id": agreement_id}
        )
    today = localdate(at)
    if row.valid_until is not None and row.valid_until <= today:
        return
    row.valid_until = today
    row.save()
    _record(row, AuditEvent.Action.UPDATE, actor=actor, at=at)


def _record(
    row: AssignmentAgreement,
    action: AuditEvent.Action,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=action,
        entity_type=AGREEMENT_ENTITY,
        entity_ids=[row.pk],
        purpose=f"region-{row.region_id}",
    )
