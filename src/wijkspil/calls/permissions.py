"""Who may enter, answer, follow, settle and open what is closed. Deny by default.

A call is seen by who entered it (and colleagues of the same organization), by the
coordinators of its region, and by the teams whose nurse was alerted. Who the client is,
is open to the team that goes, only as long as the call takes and 48 hours from its
start; afterwards only by emergency access, which is reported.
"""

from django.utils.translation import gettext_noop

from wijkspil.accounts.permissions import permission_pair
from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.calls.models import Call
from wijkspil.core.permissions import Scope, declare

ENTER_CALL = declare(
    "calls.enter",
    "See which nurses can come now, and enter an unplanned call.",
    grants={
        Role.TRIAGE: Scope.ORGANIZATION,
        Role.REFERRER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
        Role.COORDINATOR: Scope.REGION,
    },
)
FOLLOW_CALL = declare(
    "calls.follow",
    "Follow, steer and cancel unplanned calls of your own organization or region.",
    grants={
        Role.TRIAGE: Scope.ORGANIZATION,
        Role.REFERRER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
        Role.COORDINATOR: Scope.REGION,
    },
)
COORDINATE_CALLS = declare(
    "calls.coordinate",
    "See every running call of the region and take over what no nurse took.",
    grants={Role.COORDINATOR: Scope.REGION},
)
ANSWER_CALL = declare(
    "calls.answer",
    "Answer an alert; see the client during the call; go, arrive and finish.",
    grants={
        Role.TEAM_MEMBER: Scope.SERVICE,
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
    },
)
READ_REPORT = declare(
    "calls.report",
    "Read in the morning what was done at night for clients of your own team.",
    grants={
        Role.TEAM_MEMBER: Scope.SERVICE,
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
    },
)
SETTLE = declare(
    "calls.settle",
    "See and export the minutes per call that your organization gave or received.",
    grants={
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.COORDINATOR: Scope.REGION,
    },
)
VIEW_SETTLED_TOTALS = declare(
    "calls.settle-totals",
    "See totals of minutes per provider, without single calls.",
    grants={Role.INSURER: Scope.REGION},
)
BREAK_GLASS = declare(
    "calls.break-glass",
    "Open a client's data after the access ended, with a reason that is reported.",
    grants={
        Role.TEAM_MEMBER: Scope.SERVICE,
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
    },
)
REVIEW_BREAK_GLASS = declare(
    "calls.review-break-glass",
    "See every emergency access, who did it and why.",
    grants={Role.PRIVACY_OFFICER: Scope.REGION, Role.AUDITOR: Scope.EVERYWHERE},
)

check_can_enter_call, can_enter_call = permission_pair(
    ENTER_CALL,
    gettext_noop(
        "Calls are entered by an alarm center, out-of-hours post, hospital or triage "
        "nurse, for the own organization."
    ),
)
check_can_follow_call, can_follow_call = permission_pair(
    FOLLOW_CALL,
    gettext_noop("Only who entered this call or the region's coordinator can do this."),
)
check_can_coordinate_calls, can_coordinate_calls = permission_pair(
    COORDINATE_CALLS,
    gettext_noop("Only a coordinator of this region can do this."),
)
check_can_answer_call, can_answer_call = permission_pair(
    ANSWER_CALL,
    gettext_noop("Another team was alerted. Only that team can answer."),
)
check_can_read_report, can_read_report = permission_pair(
    READ_REPORT,
    gettext_noop("Reports of the night are for the client's own team."),
)
check_can_settle, can_settle = permission_pair(
    SETTLE,
    gettext_noop("Minutes of single calls are for the providers concerned."),
)
check_can_view_settled_totals, can_view_settled_totals = permission_pair(
    VIEW_SETTLED_TOTALS,
    gettext_noop("The totals of this region are not open to your role."),
)
check_can_break_glass, can_break_glass = permission_pair(
    BREAK_GLASS,
    gettext_noop("Emergency access is for nurses of a team this call concerns."),
)
check_can_review_break_glass, can_review_break_glass = permission_pair(
    REVIEW_BREAK_GLASS,
    gettext_noop("Emergency access is reviewed by the privacy officer."),
)


def caller_target(call: Call) -> Target:
    """Return where following a call lands: who entered it, and the region."""
    return Target(
        organization_id=call.caller_organization_id,
        region_ids=frozenset({call.region_id}),
    )


def is_caller(actor: Actor, call: Call) -> bool:
    """Whether the actor entered it and still may, or works where it was entered.

    Who has left, or has no role any more, sees nothing of what was entered before.
    """
    organization_id = call.caller_organization_id
    if actor.is_still(call.caller_id, organization_id=organization_id):
        return can_follow_call(actor)
    return organization_id is not None and can_follow_call(
        actor, Target(organization_id=organization_id)
    )


def is_coordinator(actor: Actor, call: Call) -> bool:
    """Whether the actor coordinates the region of the call."""
    return can_coordinate_calls(actor, Target(region_ids=frozenset({call.region_id})))


def steers(actor: Actor, call: Call) -> bool:
    """Whether the actor may steer the call: who entered it, or its coordinator."""
    return is_caller(actor, call) or is_coordinator(actor, call)


def entering_organization(actor: Actor) -> int | None:
    """Return for which organization the actor enters calls; None for a coordinator."""
    for grant in actor.grants:
        if grant.role in ENTER_CALL.grants and grant.organization_id is not None:
            return grant.organization_id
    return None
