"""Change what a region agreed on, and who signed for being assigned requests.

For the coordinators of the region; every change is in the trail with the names of
the values that changed.
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
from wijkspil.referrals.engine_io import check_ranking
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.models import AssignmentAgreement, RoutingPolicy
from wijkspil.referrals.permissions import check_can_edit_policy
from wijkspil.referrals.selectors.agreements import AGREEMENT_ENTITY, POLICY_ENTITY
from wijkspil.referrals.selectors.policy import Agreed
from wijkspil.referrals.types import Urgency

#: Identity is kept at least and at most this many days after the end.
LEAST_RETENTION_DAYS, MOST_RETENTION_DAYS = 30, 7305
MOST_TEAMS_AT_ONCE = 10
_POLICY_FIELDS = (
    "ranking",
    "teams_at_once",
    "min_residents",
    "answer_minutes",
    "coordinator_minutes",
    "retention_days",
    "approved_by",
    "approved_on",
)


class UnknownAgreement(NotFound):
    """There is no such signed agreement in the region."""

    code = "unknown-agreement"


@transaction.atomic
def change_policy(
    *, actor: Actor, region_id: int, agreed: Agreed, at: datetime
) -> list[str]:
    """Store what a region agreed on; return the names of what changed.

    Storing the same again changes nothing and leaves no trace.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    InvalidRequest
        If a value is out of its range; the engine checks the ranking.
    """
    check_can_edit_policy(actor, Target(region_ids=frozenset({region_id})))
    check_ranking(agreed.ranking)
    _check_values(agreed, today=localdate(at))
    RoutingPolicy.objects.get_or_create(pk=region_id)
    row = RoutingPolicy.objects.select_for_update().get(pk=region_id)
    values = {name: getattr(agreed, name) for name in _POLICY_FIELDS}
    for name in ("ranking", "answer_minutes", "coordinator_minutes"):
        values[name] = dict(values[name])
    changed = [name for name in _POLICY_FIELDS if getattr(row, name) != values[name]]
    if not changed:
        return []
    for name in changed:
        setattr(row, name, values[name])
    row.save()
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=AuditEvent.Action.UPDATE,
        entity_type=POLICY_ENTITY,
        entity_ids=[region_id],
        purpose="change-agreements",
        fields=changed,
    )
    return changed


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


def _check_values(agreed: Agreed, *, today: date) -> None:
    wrong: dict[str, list[str]] = {}
    if not 1 <= agreed.teams_at_once <= MOST_TEAMS_AT_ONCE:
        wrong["teams_at_once"] = [
            _("Give a number from 1 to %(most)s.") % {"most": MOST_TEAMS_AT_ONCE}
        ]
    if agreed.min_residents < 1:
        wrong["min_residents"] = [_("Give a number of 1 or more.")]
    if not LEAST_RETENTION_DAYS <= agreed.retention_days <= MOST_RETENTION_DAYS:
        wrong["retention_days"] = [
            _("Give a number of days from %(least)s to %(most)s.")
            % {"least": LEAST_RETENTION_DAYS, "most": MOST_RETENTION_DAYS}
        ]
    for name in ("answer_minutes", "coordinator_minutes"):
        for urgency, minutes in getattr(agreed, name).items():
            if urgency not in Urgency.values or minutes < 1:
                wrong.setdefault(f"{name}_{urgency}", []).append(
                    _("Give a number of minutes of 1 or more.")
                )
    if agreed.approved_on is not None and agreed.approved_on > today:
        wrong["approved_on"] = [_("Give a day until today.")]
    if agreed.approved_on is None or not agreed.approved_by.strip():
        wrong["approved_by"] = [
            _("Say who of those who work with it approved, and on which day.")
        ]
    if wrong:
        raise InvalidRequest(wrong)
