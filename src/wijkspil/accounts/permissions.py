"""Who may read the trail of who saw what. Deny by default."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.core.errors import NotPermitted
from wijkspil.core.permissions import Permission, Scope, declare


def permission_pair(
    permission: Permission, refusal: str
) -> tuple[Callable[..., None], Callable[..., bool]]:
    """Return ``check_can_x`` (raises) and ``can_x`` (yes or no) for a permission.

    ``refusal`` is a message id; it is translated when it is raised.
    """

    def can(actor: Actor, target: Target | None = None) -> bool:
        return actor.holds(permission, target)

    def check(actor: Actor, target: Target | None = None) -> None:
        if not can(actor, target):
            raise NotPermitted(_(refusal))

    can.__doc__ = f"Whether the actor may: {permission.description}"
    check.__doc__ = f"Raise NotPermitted unless the actor may: {permission.description}"
    return check, can


VIEW_AUDIT = declare(
    "accounts.view-audit",
    "Read and export the trail of who saw or changed what; reading is logged too.",
    grants={
        Role.AUDITOR: Scope.EVERYWHERE,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)

check_can_view_audit, can_view_audit = permission_pair(
    VIEW_AUDIT, gettext_noop("The log of who saw what is for the auditor.")
)
