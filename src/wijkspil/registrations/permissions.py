"""Who may find a practice, make a wish, keep a list, run a round. Deny by default.

A resident needs no account: a confirmed address and a private link stand for one.
"""

from django.utils.translation import gettext_noop

from wijkspil.accounts.permissions import permission_pair
from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.core.permissions import Scope, declare
from wijkspil.registrations.models import Round, Wish

ASSIST_WISH = declare(
    "registrations.assist",
    "Write down a wish for a GP for somebody at the desk or on the phone, and follow "
    "what your organization wrote down.",
    grants={
        Role.REFERRER: Scope.ORGANIZATION,
        Role.TEAM_MEMBER: Scope.ORGANIZATION,
        Role.COORDINATOR: Scope.EVERYWHERE,
        Role.GP_COORDINATOR: Scope.EVERYWHERE,
        Role.INSURER: Scope.ORGANIZATION,
    },
)
KEEP_LIST = declare(
    "registrations.keep-list",
    "Publish the list of a practice, join rounds, answer households, see the work.",
    grants={
        Role.PRACTICE_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
    },
)
RUN_ROUNDS = declare(
    "registrations.run-rounds",
    "Open, divide, publish and report rounds of the region; nobody is named in them.",
    grants={Role.GP_COORDINATOR: Scope.REGION, Role.ADMINISTRATOR: Scope.EVERYWHERE},
)
REHOUSE = declare(
    "registrations.rehouse",
    "Find a practice for everybody of a practice that stops at once.",
    grants={Role.GP_COORDINATOR: Scope.REGION},
)
VIEW_LIST_FIGURES = declare(
    "registrations.view-figures",
    "See wishes and places per practice in numbers, beyond what is public.",
    grants={
        Role.GP_COORDINATOR: Scope.REGION,
        Role.INSURER: Scope.REGION,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)

check_can_assist_wish, can_assist_wish = permission_pair(
    ASSIST_WISH, gettext_noop("Helping somebody with a wish is for desks and GPs.")
)
check_can_keep_list, can_keep_list = permission_pair(
    KEEP_LIST, gettext_noop("Only the manager of this practice can do this.")
)
check_can_run_rounds, can_run_rounds = permission_pair(
    RUN_ROUNDS, gettext_noop("Rounds are run by the GP organization of the region.")
)
check_can_rehouse, can_rehouse = permission_pair(
    REHOUSE, gettext_noop("Only the GP organization of this region can do this.")
)
check_can_view_list_figures, can_view_list_figures = permission_pair(
    VIEW_LIST_FIGURES, gettext_noop("These figures are not open to your role.")
)


def round_target(round_: Round) -> Target:
    """Return where an act on a round lands; a national one lies in no region."""
    return Target(
        region_ids=frozenset(() if round_.region_id is None else {round_.region_id})
    )


def is_helper_of(actor: Actor, wish: Wish) -> bool:
    """Whether the actor wrote the wish down, or works where that was done."""
    if wish.helper_id is None and wish.helper_organization_id is None:
        return False
    organization_id = wish.helper_organization_id
    return actor.is_still(wish.helper_id, organization_id=organization_id) or (
        organization_id is not None
        and can_assist_wish(actor, Target(organization_id=organization_id))
        and any(grant.organization_id == organization_id for grant in actor.grants)
    )
