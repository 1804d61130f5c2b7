"""Who reads messages, and who connects systems. Deny by default.

A message to a person is for that person only, whatever the role.
"""

from django.utils.translation import gettext_noop

from wijkspil.accounts.permissions import permission_pair
from wijkspil.accounts.types import Role
from wijkspil.communications.types import INBOX_SCOPES
from wijkspil.core.permissions import Scope, declare

READ_MESSAGES = declare(
    "communications.read-messages",
    "Read messages to the own team, organization or (coordinator) region.",
    grants=INBOX_SCOPES,
)
MANAGE_WEBHOOKS = declare(
    "communications.manage-webhooks",
    "Connect systems of an organization by webhook; see what did not arrive.",
    grants={
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)

check_can_read_messages, can_read_messages = permission_pair(
    READ_MESSAGES, gettext_noop("This message is for others.")
)
check_can_manage_webhooks, can_manage_webhooks = permission_pair(
    MANAGE_WEBHOOKS,
    gettext_noop(
        "Connecting systems is for the manager of an organization. Ask that person."
    ),
)
