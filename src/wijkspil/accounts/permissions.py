"""Who may read the trail of who saw what. Deny by default."""

from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.core.permissions import Scope, declare

VIEW_AUDIT = declare(
    "accounts.view-audit",
    "Read and export the trail of who saw or changed what; reading is logged too.",
    grants={
        Role.AUDITOR: Scope.EVERYWHERE,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)


def can_view_audit(actor: Actor) -> bool:
    """Whether the actor may read the trail."""
    return actor.holds(VIEW_AUDIT)


def check_can_view_audit(actor: Actor) -> None:
    """Raise NotPermitted unless the actor may read the trail."""
    if not can_view_audit(actor):
        raise NotPermitted(_("The log of who saw what is for the auditor."))
