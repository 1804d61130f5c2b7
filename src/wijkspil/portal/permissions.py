"""Who may see figures of a whole region. Deny by default."""

from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.core.errors import NotPermitted
from wijkspil.core.permissions import Scope, declare

VIEW_ROOM_OVERVIEW = declare(
    "portal.view-room-overview",
    "See per wijk how many teams have room: counts only, no names and no numbers.",
    grants={
        Role.COORDINATOR: Scope.REGION,
        Role.INSURER: Scope.REGION,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)


def can_view_room_overview(actor: Actor, target: Target | None = None) -> bool:
    """Whether the actor may see the room of a region."""
    return actor.holds(VIEW_ROOM_OVERVIEW, target)


def check_can_view_room_overview(actor: Actor, target: Target | None = None) -> None:
    """Raise NotPermitted unless the actor may see the room of a region."""
    if not can_view_room_overview(actor, target):
        raise NotPermitted(
            _(
                "The figures of this region are for its coordinator and for the "
                "insurers that work there."
            )
        )
