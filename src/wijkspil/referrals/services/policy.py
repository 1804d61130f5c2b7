"""How a region comes to other agreements: draft, preview, propose, approve, in force.

A coordinator drafts; the representatives of nurses and of referrers each say yes or no,
with a remark; when both agree it takes effect at the moment that was proposed, or at
once. What no region can agree on (``policies.LONGEST_ANSWER`` and the rest) is refused
when it is saved, and again when it is proposed.
"""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.core.audit import record_access
from wijkspil.core.errors import NotFound
from wijkspil.core.models import AuditEvent
from wijkspil.directory.selectors.wijken import list_wijken_without_nursing
from wijkspil.directory.services.organizations import check_phone
from wijkspil.referrals.engine_io import check_ranking
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.models import PolicyApproval, PolicyVersion, Signal
from wijkspil.referrals.permissions import (
    check_can_approve,
    check_can_edit_policy,
    party_of,
)
from wijkspil.referrals.policies import (
    LEAST_RESIDENTS,
    LEAST_RETENTION_DAYS,
    LONGEST_ANSWER,
    LONGEST_TO_MOVE,
    MOST_RETENTION_DAYS,
    MOST_ROOM_KEPT_DAYS,
    MOST_TEAMS_AT_ONCE,
)
from wijkspil.referrals.selectors.agreements import POLICY_ENTITY
from wijkspil.referrals.selectors.policy import (
    Agreed,
    as_agreed,
    get_base,
    list_changed_terms,
)
from wijkspil.referrals.services.notices import tell_about_policy
from wijkspil.referrals.types import (
    AnswerHours,
    Party,
    PolicyStatus,
    SignalStatus,
    Urgency,
)
from wijkspil.ui.moments import say_exactly

IN_THE_MAKING = (PolicyStatus.DRAFT, PolicyStatus.PROPOSED)


class UnknownPolicy(NotFound):
    """There is no such version of agreements in the region."""

    code = "unknown-policy"


@transaction.atomic
def save_draft(
    *, actor: Actor, region_id: int, agreed: Agreed, why: str, at: datetime
) -> PolicyVersion:
    """Keep a draft of other agreements; one is in the making at a time.

    Changing what was proposed takes the proposal back, with what was said to it: nobody
    agreed to the new text. Saving the same again changes nothing.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    InvalidRequest
        With every term that is out of its range or breaks a national rule.
    """
    check_can_edit_policy(actor, Target(region_ids=frozenset({region_id})))
    check_national_rules(region_id, agreed, at=at)
    row = _lock_in_the_making(region_id)
    why = why.strip()[:500]
    if row is None:
        row = PolicyVersion(
            region_id=region_id,
            number=_last_number(region_id) + 1,
            made_by_id=actor.user_id,
            made_by_name=actor.label,
            made_at=at,
        )
    elif (row.terms, row.why) == (agreed.terms, why):
        return row
    else:
        PolicyApproval.objects.filter(policy=row).delete()
    row.status = PolicyStatus.DRAFT
    row.terms = agreed.terms
    row.why = why
    row.preview = row.previewed_at = row.proposed_at = None
    row.save()
    _record(row, "policy.draft", actor=actor, at=at)
    return row


@transaction.atomic
def propose(
    *, actor: Actor, policy_id: int, effective_from: datetime | None, at: datetime
) -> PolicyVersion:
    """Put a draft before the representatives; without a moment it starts at once.

    Raises
    ------
    NotPermitted, InvalidRequest
        As for ``save_draft``; also if the moment has passed or lies before the start of
        a later version, nothing differs, or a party has nobody who could approve.
    NotNow
        If it is no draft.
    """
    row = lock_policy(policy_id)
    check_can_edit_policy(actor, Target(region_ids=frozenset({row.region_id})))
    _check_status(row, PolicyStatus.DRAFT)
    check_national_rules(row.region_id, as_agreed(row), at=at)
    wrong: dict[str, list[str]] = {}
    if effective_from is not None and effective_from <= at:
        wrong["effective_from"] = [_("Give a moment ahead, or leave it empty.")]
    later = _approved_start_after(row, at=at)
    if later is not None and (effective_from is None or effective_from <= later):
        # The version that starts later would end this one without a word.
        wrong["effective_from"] = [
            _("Approved agreements start at %(moment)s. Give a moment after that.")
            % {"moment": say_exactly(later)}
        ]
    if not list_changed_terms(get_base(row), as_agreed(row)):
        wrong["terms"] = [_("Nothing differs from what was approved before.")]
    if not row.why:
        wrong["why"] = [_("Say what it is to mend, for who must approve.")]
    for party in Party:
        if not list_representatives(party, region_id=row.region_id, at=at):
            wrong.setdefault("parties", []).append(
                _("Nobody speaks for the %(party)s in this region yet.")
                % {"party": party.label.lower()}
            )
    if wrong:
        raise InvalidRequest(wrong)
    row.status = PolicyStatus.PROPOSED
    row.proposed_at = at
    row.effective_from = effective_from
    row.save()
    _record(row, "policy.propose", actor=actor, at=at)
    for party in Party:
        tell_about_policy(
            "referrals.policy-proposed",
            row,
            to_users=[
                user_id
                for user_id, _name in list_representatives(
                    party, region_id=row.region_id, at=at
                )
            ],
            at=at,
        )
    return row


@transaction.atomic
def approve(
    *, actor: Actor, policy_id: int, agrees: bool, remark: str, at: datetime
) -> PolicyVersion:
    """Say yes or no for the party the actor represents; both yes puts it in force.

    A party says it once; a no ends the proposal, and needs a remark. The same person
    saying the same again changes nothing.

    Raises
    ------
    NotPermitted
        If the actor represents nobody in this region.
    NotNow
        If it is not proposed, or this party has spoken.
    InvalidRequest
        If a no has no remark.
    """
    row = lock_policy(policy_id)
    target = Target(region_ids=frozenset({row.region_id}))
    check_can_approve(actor, target)
    party = party_of(actor, target)
    if _said_before(row, party, actor=actor, agrees=agrees):
        return row
    _check_status(row, PolicyStatus.PROPOSED)
    if PolicyApproval.objects.filter(policy=row, party=party).exists():
        raise NotNow(
            _("The %(party)s have spoken already.") % {"party": party.label.lower()}
        )
    if not agrees and not remark.strip():
        raise InvalidRequest({"remark": [_("Say what has to change.")]})
    PolicyApproval.objects.create(
        policy=row,
        party=party,
        agrees=agrees,
        remark=remark.strip()[:500],
        given_by_id=actor.user_id,
        given_by_name=actor.label,
        given_at=at,
    )
    said = "policy.approve" if agrees else "policy.refuse"
    _record(row, said, actor=actor, at=at)
    if not agrees:
        row.status = PolicyStatus.REFUSED
        row.save()
        tell_about_policy("referrals.policy-refused", row, to_users=_maker(row), at=at)
    elif PolicyApproval.objects.filter(policy=row, agrees=True).count() == len(Party):
        row.status = PolicyStatus.APPROVED
        row.effective_from = max(row.effective_from or at, at)
        row.save()
        tell_about_policy("referrals.policy-approved", row, to_users=_maker(row), at=at)
    return row


@transaction.atomic
def withdraw_policy(*, actor: Actor, policy_id: int, at: datetime) -> PolicyVersion:
    """Take a draft or proposal back; what holds goes on to hold.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    NotNow
        If it was decided already.
    """
    row = lock_policy(policy_id)
    check_can_edit_policy(actor, Target(region_ids=frozenset({row.region_id})))
    if row.status not in IN_THE_MAKING:
        raise NotNow(_("This version was decided already."))
    row.status = PolicyStatus.WITHDRAWN
    row.save()
    _record(row, "policy.withdraw", actor=actor, at=at)
    return row


@transaction.atomic
def keep_preview(
    *,
    policy_id: int,
    terms: Mapping[str, Any],
    preview: Mapping[str, Any],
    run: str,
    at: datetime,
) -> bool:
    """Keep what a version would have done.

    False if its terms changed meanwhile, or another run took the place of ``run``.
    """
    row = PolicyVersion.objects.select_for_update().filter(pk=policy_id).first()
    if row is None or row.terms != dict(terms):
        return False
    if row.previewed_at is not None or (row.preview or {}).get("run") != run:
        return False
    row.preview = dict(preview)
    row.previewed_at = at
    row.save(update_fields=["preview", "previewed_at"])
    return True


@transaction.atomic
def link_signals(*, actor: Actor, policy_id: int, signal_ids: list[int]) -> int:
    """Keep which signals prompted a version, and no others; return how many.

    Only what waits for an answer, or was answered with other agreements to come.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    NotNow
        If the version was decided already.
    """
    row = lock_policy(policy_id)
    check_can_edit_policy(actor, Target(region_ids=frozenset({row.region_id})))
    if row.status not in IN_THE_MAKING:
        raise NotNow(_("This version was decided already."))
    can_prompt = Signal.objects.filter(
        region_id=row.region_id,
        status__in=[SignalStatus.OPEN, SignalStatus.CHANGED],
    )
    can_prompt.filter(led_to=row).exclude(pk__in=signal_ids).update(led_to=None)
    # What led to agreements that were approved stays in their history.
    return (
        can_prompt.filter(pk__in=signal_ids)
        .filter(~Q(led_to__status=PolicyStatus.APPROVED) | Q(led_to=None))
        .update(led_to=row)
    )


def _said_before(
    row: PolicyVersion, party: Party, *, actor: Actor, agrees: bool
) -> bool:
    return PolicyApproval.objects.filter(
        policy=row, party=party, agrees=agrees, given_by_id=actor.user_id
    ).exists()


def list_representatives(
    party: Party, *, region_id: int, at: datetime
) -> list[tuple[int, str]]:
    """Return (user id, name) of who speaks for a party in a region (one query)."""
    role = {
        Party.NURSES: Role.NURSE_REPRESENTATIVE,
        Party.REFERRERS: Role.REFERRER_REPRESENTATIVE,
    }[party]
    return list_role_holders(role, region_id=region_id, at=at)


def check_national_rules(region_id: int, agreed: Agreed, *, at: datetime) -> None:
    """Raise unless the agreements keep to what holds for every region.

    Each request has an owner and a date; referrers reach somebody day and night; no
    wijk is left out; limits on the time to answer per urgency; privacy.

    Raises
    ------
    InvalidRequest
        With every term that breaks a rule, and what would mend it.
    """
    wrong: dict[str, list[str]] = {}
    try:
        check_ranking(agreed.ranking)
    except InvalidRequest as error:
        wrong |= error.fields
    for name, longest in (
        ("answer_minutes", LONGEST_ANSWER),
        ("coordinator_minutes", LONGEST_TO_MOVE),
    ):
        for urgency, minutes in getattr(agreed, name).items():
            most = longest[Urgency(urgency)] if urgency in Urgency.values else 0
            if not 1 <= minutes <= most:
                wrong.setdefault(f"{name}_{urgency}", []).append(
                    _("%(minutes)s minutes: at “%(urgency)s” at most %(most)s.")
                    % {
                        "minutes": minutes,
                        "urgency": Urgency(urgency).label if most else urgency,
                        "most": most,
                    }
                )
    for urgency, teams in agreed.teams_at_once.items():
        if urgency not in Urgency.values or not 1 <= teams <= MOST_TEAMS_AT_ONCE:
            wrong.setdefault(f"teams_at_once_{urgency}", []).append(
                _("Give a number from 1 to %(most)s.") % {"most": MOST_TEAMS_AT_ONCE}
            )
    if agreed.min_residents < LEAST_RESIDENTS:
        wrong["min_residents"] = [
            _("Fewer than %(least)s residents would point at a person.")
            % {"least": LEAST_RESIDENTS}
        ]
    if not LEAST_RETENTION_DAYS <= agreed.retention_days <= MOST_RETENTION_DAYS:
        wrong["retention_days"] = [
            _("Give a number of days from %(least)s to %(most)s.")
            % {"least": LEAST_RETENTION_DAYS, "most": MOST_RETENTION_DAYS}
        ]
    if not 0 <= agreed.room_kept_days <= MOST_ROOM_KEPT_DAYS:
        wrong["room_kept_days"] = [
            _("Give a number of days from 0 to %(most)s.")
            % {"most": MOST_ROOM_KEPT_DAYS}
        ]
    if agreed.answer_hours not in AnswerHours.values:
        wrong["answer_hours"] = [_("Choose when the time to answer runs.")]
    _check_daytime(agreed, wrong)
    _check_reachable(agreed, wrong)
    coordinators = dict(list_role_holders(Role.COORDINATOR, region_id=region_id, at=at))
    if not coordinators:
        wrong["fallback_user_id"] = [
            _("Nobody coordinates this region: a request could be without an owner.")
        ]
    elif agreed.fallback_user_id and agreed.fallback_user_id not in coordinators:
        wrong["fallback_user_id"] = [_("Choose a coordinator of this region.")]
    left_out = list_wijken_without_nursing(region_id, at=at)
    if left_out:
        wrong["wijken"] = [
            _(
                "No team for district nursing covers %(wijken)s. Enter who covers it "
                "first: no wijk is left out."
            )
            % {"wijken": ", ".join(wijk.name for wijk in left_out[:5])}
        ]
    if wrong:
        raise InvalidRequest(wrong)


def _check_daytime(agreed: Agreed, wrong: dict[str, list[str]]) -> None:
    try:
        first, last = agreed.daytime
    except ValueError:
        wrong["day_from"] = [_("Write a time as 08:00.")]
        return
    # At most half of the day is without answers to what is not urgent.
    hours = (last.hour - first.hour) + (last.minute - first.minute) / 60
    if first > time(10) or hours < 8:
        wrong["day_until"] = [
            _("The day begins at 10:00 at the latest and lasts 8 hours or more.")
        ]


def _check_reachable(agreed: Agreed, wrong: dict[str, list[str]]) -> None:
    if not agreed.reach_name.strip():
        wrong["reach_name"] = [_("Say whom referrers reach day and night.")]
    try:
        check_phone(agreed.reach_phone.strip())
    except ValidationError:
        wrong["reach_phone"] = [
            _("“%(value)s” is not a phone number. Write it as 06 12 34 56 78.")
            % {"value": agreed.reach_phone[:30]}
        ]


def lock_policy(policy_id: int) -> PolicyVersion:
    """Return a version with its row locked until the transaction ends.

    Raises
    ------
    UnknownPolicy
        If there is none with this id.
    """
    row = PolicyVersion.objects.select_for_update().filter(pk=policy_id).first()
    if row is None:
        raise UnknownPolicy(
            _("There are no agreements with number %(id)s.") % {"id": policy_id}
        )
    return row


def _lock_in_the_making(region_id: int) -> PolicyVersion | None:
    return (
        PolicyVersion.objects.select_for_update()
        .filter(region_id=region_id, status__in=[*map(str, IN_THE_MAKING)])
        .first()
    )


def _approved_start_after(row: PolicyVersion, *, at: datetime) -> datetime | None:
    """Return the last start of an approved version that is still to come."""
    return (
        PolicyVersion.objects.filter(
            region_id=row.region_id,
            status=PolicyStatus.APPROVED,
            effective_from__gt=at,
        )
        .order_by("-effective_from")
        .values_list("effective_from", flat=True)
        .first()
    )


def _last_number(region_id: int) -> int:
    last = (
        PolicyVersion.objects.filter(region_id=region_id)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    return last or 0


def _check_status(row: PolicyVersion, status: PolicyStatus) -> None:
    if row.status != status:
        raise NotNow(
            _("This cannot be done now: these agreements are at “%(status)s”.")
            % {"status": PolicyStatus(row.status).label}
        )


def _maker(row: PolicyVersion) -> list[int]:
    return [row.made_by_id] if row.made_by_id is not None else []


def _record(row: PolicyVersion, purpose: str, *, actor: Actor, at: datetime) -> None:
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=AuditEvent.Action.UPDATE,
        entity_type=POLICY_ENTITY,
        entity_ids=[row.pk],
        purpose=purpose,
    )
