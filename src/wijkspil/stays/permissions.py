"""Who may ask for a stay, promise beds, coordinate and count. Deny by default.

A request for a stay is seen by who asked (and colleagues), by the coordinators of its
region, and by the provider whose bed was claimed. Who the client is, the provider sees
from the moment the claim is confirmed. Checks come in pairs.
"""

from django.utils.translation import gettext_noop

from wijkspil.accounts.permissions import permission_pair
from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.core.permissions import Scope, declare
from wijkspil.stays.errors import unknown_stay
from wijkspil.stays.models import BedClaim, StayRequest
from wijkspil.stays.types import RELEASED_TO_PROVIDER

REQUEST_STAY = declare(
    "stays.request",
    "Look for a bed for a temporary stay and claim one.",
    grants={
        Role.REFERRER: Scope.EVERYWHERE,
        Role.TEAM_MEMBER: Scope.EVERYWHERE,
        Role.COORDINATOR: Scope.EVERYWHERE,
        Role.PROVIDER_SYSTEM: Scope.EVERYWHERE,
    },
)
FOLLOW_STAY = declare(
    "stays.follow",
    "Follow and confirm a temporary stay that your organization asked for.",
    grants={
        Role.REFERRER: Scope.ORGANIZATION,
        Role.TEAM_MEMBER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
    },
)
VIEW_BEDS = declare(
    "stays.view-beds",
    "See which providers have free beds for a temporary stay.",
    grants={
        Role.REFERRER: Scope.EVERYWHERE,
        Role.TEAM_MEMBER: Scope.EVERYWHERE,
        Role.PROVIDER_MANAGER: Scope.EVERYWHERE,
        Role.COORDINATOR: Scope.EVERYWHERE,
        Role.INSURER: Scope.EVERYWHERE,
        Role.PROVIDER_SYSTEM: Scope.EVERYWHERE,
    },
)
REPORT_BEDS = declare(
    "stays.report-beds",
    "Promise free beds; receive who claimed them; say what cannot be delivered.",
    grants={
        Role.TEAM_MEMBER: Scope.SERVICE,
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
    },
)
COORDINATE_STAYS = declare(
    "stays.coordinate",
    "See every open stay and all beds of the region; take over and close.",
    grants={Role.COORDINATOR: Scope.REGION},
)
VIEW_STAY_STATISTICS = declare(
    "stays.view-statistics",
    "See counts of the region: searches, promises of beds, and those not kept.",
    grants={Role.COORDINATOR: Scope.REGION, Role.INSURER: Scope.REGION},
)

check_can_request_stay, can_request_stay = permission_pair(
    REQUEST_STAY,
    gettext_noop(
        "Looking for a bed is for GPs, hospitals, district nurses and coordinators. "
        "Call your GP if you need a stay."
    ),
)
check_can_follow_stay, can_follow_stay = permission_pair(
    FOLLOW_STAY,
    gettext_noop("This stay was asked for by another organization."),
)
check_can_view_beds, can_view_beds = permission_pair(
    VIEW_BEDS, gettext_noop("Which beds are free is shown to professionals.")
)
check_can_report_beds, can_report_beds = permission_pair(
    REPORT_BEDS,
    gettext_noop(
        "You can only report beds of your own team or organization. "
        "Ask its manager to add you."
    ),
)
check_can_coordinate_stays, can_coordinate_stays = permission_pair(
    COORDINATE_STAYS, gettext_noop("Only a coordinator of this region can do this.")
)
check_can_view_stay_statistics, can_view_stay_statistics = permission_pair(
    VIEW_STAY_STATISTICS,
    gettext_noop("The figures of this region are not open to your role."),
)


def region_target(stay: StayRequest) -> Target:
    """Return where coordinating a stay lands."""
    return Target(region_ids=frozenset({stay.region_id}))


def is_requester(actor: Actor, stay: StayRequest) -> bool:
    """Whether the actor asked for it and still may, or works where it was asked."""
    organization_id = stay.requester_organization_id
    if actor.is_still(stay.requester_id, organization_id=organization_id):
        return can_request_stay(actor)
    return organization_id is not None and can_follow_stay(
        actor, Target(organization_id=organization_id)
    )


def can_steer_stay(actor: Actor, stay: StayRequest) -> bool:
    """Whether the actor asked for it or coordinates its region."""
    return is_requester(actor, stay) or can_coordinate_stays(actor, region_target(stay))


def check_can_steer_stay(actor: Actor, stay: StayRequest) -> None:
    """Raise NotPermitted unless the actor asked for it or coordinates its region."""
    if not is_requester(actor, stay):
        check_can_coordinate_stays(actor, region_target(stay))


def can_see_stay(actor: Actor, stay: StayRequest, provider: Target | None) -> bool:
    """Whether the actor may see it; ``provider`` is the target of the bed claimed."""
    return can_steer_stay(actor, stay) or (
        provider is not None and can_report_beds(actor, provider)
    )


def check_can_see_stay(
    actor: Actor, stay: StayRequest, provider: Target | None
) -> None:
    """Raise UnknownStay unless the actor may see it: not even that it exists."""
    if not can_see_stay(actor, stay, provider):
        raise unknown_stay(stay.number)


def can_see_stay_patient(
    actor: Actor, stay: StayRequest, claim: BedClaim | None, provider: Target | None
) -> bool:
    """Whether the actor may see who the client is; every showing is logged.

    Who asked, the coordinator of the region, and the provider of the bed once the
    claim is confirmed: not of a bed that is only held, given back or not delivered.
    """
    if can_steer_stay(actor, stay):
        return True
    return (
        claim is not None
        and claim.status in RELEASED_TO_PROVIDER
        and provider is not None
        and can_report_beds(actor, provider)
    )
