"""Who may ask, answer, coordinate and count. Deny by default.

A request is seen by who asked (and colleagues of the same organization), by the
coordinators of its region, and by the team that accepted it. A team that was only asked
sees a profile without identity. Checks come in pairs: ``check_can_x`` raises.
"""

from django.utils.translation import gettext_noop

from wijkspil.accounts.permissions import permission_pair
from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.core.permissions import Scope, declare
from wijkspil.referrals.errors import unknown_request
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.types import PLACED, Party, RequestStatus

CREATE_REQUEST = declare(
    "referrals.create-request",
    "Check who has room and send a request for district nursing.",
    grants={
        Role.RESIDENT: Scope.EVERYWHERE,
        Role.REFERRER: Scope.EVERYWHERE,
        Role.TEAM_MEMBER: Scope.EVERYWHERE,
        Role.PROVIDER_MANAGER: Scope.EVERYWHERE,
        Role.COORDINATOR: Scope.EVERYWHERE,
        Role.PROVIDER_SYSTEM: Scope.EVERYWHERE,
    },
)
FOLLOW_REQUEST = declare(
    "referrals.follow-request",
    "Follow, withdraw or cancel a request of your own organization.",
    grants={
        Role.REFERRER: Scope.ORGANIZATION,
        Role.TEAM_MEMBER: Scope.ORGANIZATION,
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
        Role.COORDINATOR: Scope.REGION,
    },
)
ANSWER_OFFER = declare(
    "referrals.answer-offer",
    "See the pseudonymous profile of an offer; accept or decline it.",
    grants={
        Role.TEAM_MEMBER: Scope.SERVICE,
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
    },
)
GIVE_CARE = declare(
    "referrals.give-care",
    "See who the client is after accepting; set hours, start, review and end care.",
    grants={
        Role.TEAM_MEMBER: Scope.SERVICE,
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
    },
)
COORDINATE = declare(
    "referrals.coordinate",
    "See every request of the region; ask teams, bridge, hand over and close.",
    grants={Role.COORDINATOR: Scope.REGION},
)
SEE_IDENTITY = declare(
    "referrals.see-identity",
    "See the client of a request one coordinates, to arrange it by phone; logged.",
    grants={Role.COORDINATOR: Scope.REGION},
)
VIEW_STATISTICS = declare(
    "referrals.view-statistics",
    "See counts of the region: requests, waiting times, declines, fair share.",
    grants={
        Role.COORDINATOR: Scope.REGION,
        Role.INSURER: Scope.REGION,
        Role.PROVIDER_MANAGER: Scope.REGION,
        Role.AUDITOR: Scope.EVERYWHERE,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)
EDIT_POLICY = declare(
    "referrals.edit-policy",
    "Change what the region agreed on: order, weights and times.",
    grants={Role.COORDINATOR: Scope.REGION, Role.ADMINISTRATOR: Scope.EVERYWHERE},
)
APPROVE_POLICY = declare(
    "referrals.approve-policy",
    "Say yes or no to other agreements of the region, for nurses or for referrers.",
    grants={
        Role.NURSE_REPRESENTATIVE: Scope.REGION,
        Role.REFERRER_REPRESENTATIVE: Scope.REGION,
    },
)
VIEW_POLICY = declare(
    "referrals.view-policy",
    "Read what a region agreed on, all versions, and who said what to them.",
    grants={role: Scope.EVERYWHERE for role in Role if role != Role.RESIDENT},
)
FILE_SIGNAL = declare(
    "referrals.file-signal",
    "Say that an agreement does harm; it gets an owner and an answer.",
    grants=dict.fromkeys(
        (
            Role.REFERRER,
            Role.TEAM_MEMBER,
            Role.PROVIDER_MANAGER,
            Role.COORDINATOR,
            Role.TRIAGE,
            Role.NURSE_REPRESENTATIVE,
            Role.REFERRER_REPRESENTATIVE,
            Role.INSURER,
            Role.PRIVACY_OFFICER,
            Role.PROVIDER_SYSTEM,
        ),
        Scope.EVERYWHERE,
    ),
)
ANSWER_SIGNAL = declare(
    "referrals.answer-signal",
    "Answer signals about the agreements of the region.",
    grants={Role.COORDINATOR: Scope.REGION},
)
FOLLOW_MEDIATION = declare(
    "referrals.follow-mediation",
    "See what was handed to the insurer's mediation, without who it is about.",
    grants={Role.COORDINATOR: Scope.REGION, Role.INSURER: Scope.REGION},
)
COMPARE_PROVIDERS = declare(
    "referrals.compare-providers",
    "See by name how the work is divided over the providers of the region.",
    grants={
        Role.COORDINATOR: Scope.REGION,
        Role.INSURER: Scope.REGION,
        Role.AUDITOR: Scope.EVERYWHERE,
    },
)
SEE_OWN_SHARE = declare(
    "referrals.see-own-share",
    "See the own share of the work against the region, others without a name.",
    grants={
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.TEAM_MEMBER: Scope.ORGANIZATION,
    },
)


check_can_create_request, can_create_request = permission_pair(
    CREATE_REQUEST, gettext_noop("Your role cannot send a request for care.")
)
check_can_follow_request, can_follow_request = permission_pair(
    FOLLOW_REQUEST,
    gettext_noop("This request is not of your organization. Ask who sent it."),
)
check_can_answer_offer, can_answer_offer = permission_pair(
    ANSWER_OFFER,
    gettext_noop("This question was put to another team. Only that team can answer."),
)
check_can_give_care, can_give_care = permission_pair(
    GIVE_CARE,
    gettext_noop("Another team has this client. Only that team can do this."),
)
check_can_coordinate, can_coordinate = permission_pair(
    COORDINATE,
    gettext_noop("Only a coordinator of this region can do this."),
)
check_can_see_identity, can_see_identity = permission_pair(
    SEE_IDENTITY,
    gettext_noop("Who the client is, is only for the team that takes the client."),
)
check_can_view_statistics, can_view_statistics = permission_pair(
    VIEW_STATISTICS,
    gettext_noop("The figures of this region are not open to your role."),
)
check_can_edit_policy, can_edit_policy = permission_pair(
    EDIT_POLICY,
    gettext_noop("Only a coordinator of this region can change its agreements."),
)


check_can_approve, can_approve = permission_pair(
    APPROVE_POLICY,
    gettext_noop("Only who speaks for the nurses or the referrers can approve."),
)
check_can_view_policy, can_view_policy = permission_pair(
    VIEW_POLICY, gettext_noop("Sign in to read what the region agreed on.")
)
check_can_file_signal, can_file_signal = permission_pair(
    FILE_SIGNAL,
    gettext_noop("Only who works with the agreements can file a signal."),
)
check_can_answer_signal, can_answer_signal = permission_pair(
    ANSWER_SIGNAL,
    gettext_noop("Only a coordinator of this region answers its signals."),
)
check_can_follow_mediation, can_follow_mediation = permission_pair(
    FOLLOW_MEDIATION,
    gettext_noop("Only the insurer and the coordinators see what was handed over."),
)
check_can_compare_providers, can_compare_providers = permission_pair(
    COMPARE_PROVIDERS,
    gettext_noop("Providers do not see each other by name."),
)
check_can_see_own_share, can_see_own_share = permission_pair(
    SEE_OWN_SHARE,
    gettext_noop("This is the share of another organization."),
)


def party_of(actor: Actor, target: Target) -> Party:
    """Return for whom the actor speaks on a target; the nurses before the referrers.

    Raises
    ------
    NotPermitted
        If the actor represents nobody there.
    """
    check_can_approve(actor, target)
    nurses = any(
        grant.role == Role.NURSE_REPRESENTATIVE and grant.region_id in target.region_ids
        for grant in actor.grants
    )
    return Party.NURSES if nurses else Party.REFERRERS


def requester_target(request: ServiceRequest) -> Target:
    """Return where following a request lands: who asked, and the region."""
    return Target(
        organization_id=request.requester_organization_id,
        region_ids=frozenset({request.region_id}),
    )


def is_requester(actor: Actor, request: ServiceRequest) -> bool:
    """Whether the actor sent it, or works where it was sent from."""
    organization_id = request.requester_organization_id
    if actor.is_still(request.requester_id, organization_id=organization_id):
        return True
    return organization_id is not None and can_follow_request(
        actor, Target(organization_id=organization_id)
    )


def can_see_request(actor: Actor, request: ServiceRequest, team: Target | None) -> bool:
    """Whether the actor may see the request with its timeline.

    ``team`` is the target of the service that has the client, if any.
    """
    return (
        is_requester(actor, request)
        or can_coordinate(actor, requester_target(request))
        or (team is not None and can_give_care(actor, team))
    )


def check_can_see_request(
    actor: Actor, request: ServiceRequest, team: Target | None
) -> None:
    """Raise UnknownRequest unless the actor may see it: not even that it exists."""
    if not can_see_request(actor, request, team):
        raise unknown_request(request.number)


def can_see_patient(actor: Actor, request: ServiceRequest, team: Target | None) -> bool:
    """Whether the actor may see who the client is; every showing is logged.

    The team that accepted, not after the client withdrew; who sent it; a coordinator of
    the region.
    """
    gave_care = request.status in (
        *PLACED,
        RequestStatus.PAUSED,
        RequestStatus.ENDED,
    )
    return (
        is_requester(actor, request)
        or can_see_identity(actor, requester_target(request))
        or (gave_care and team is not None and can_give_care(actor, team))
    )


def check_can_steer_request(actor: Actor, request: ServiceRequest) -> None:
    """Raise NotPermitted unless the actor sent it or coordinates its region."""
    if not is_requester(actor, request):
        check_can_coordinate(actor, requester_target(request))
