"""Who may see and change what in the directory. Deny by default.

Each right is declared once with the roles that hold it and their scope; checks come
in pairs: ``check_can_x`` raises ``NotPermitted``, ``can_x`` answers yes or no. The
matrix in ``docs/reference/permissions.md`` is generated from these declarations.
"""

from django.utils.translation import gettext_noop

from wijkspil.accounts.permissions import permission_pair
from wijkspil.accounts.types import Actor, Role
from wijkspil.core.permissions import Scope, declare
from wijkspil.directory.types import Audience

_PROFESSIONALS = (
    Role.REFERRER,
    Role.TEAM_MEMBER,
    Role.PROVIDER_MANAGER,
    Role.COORDINATOR,
    Role.DIRECTORY_EDITOR,
    Role.ADMINISTRATOR,
    Role.PROVIDER_SYSTEM,
)

VIEW_PROFESSIONAL_CONTACTS = declare(
    "directory.view-professional-contacts",
    "See numbers meant for referrers and colleagues, and who has room.",
    grants=dict.fromkeys(_PROFESSIONALS, Scope.EVERYWHERE),
)
VIEW_DUTY_PERSON = declare(
    "directory.view-duty-person",
    "See the name and number of the person on duty; every view is logged.",
    grants=dict.fromkeys(_PROFESSIONALS, Scope.EVERYWHERE),
)
REPORT_CAPACITY = declare(
    "directory.report-capacity",
    "Say how many new clients a team can take.",
    grants={
        Role.TEAM_MEMBER: Scope.SERVICE,
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
    },
)
VIEW_CAPACITY_HISTORY = declare(
    "directory.view-capacity-history",
    "See what a team reported before, when and by whom.",
    grants={
        Role.TEAM_MEMBER: Scope.SERVICE,
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.COORDINATOR: Scope.REGION,
        Role.AUDITOR: Scope.EVERYWHERE,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)
EDIT_DIRECTORY = declare(
    "directory.edit",
    "Change organizations, services, contacts and teams, and undo a change.",
    grants={
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
        Role.DIRECTORY_EDITOR: Scope.REGION,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)
EDIT_COVERAGE = declare(
    "directory.edit-coverage",
    "Change which service covers which area, and in what role.",
    grants={
        Role.COORDINATOR: Scope.REGION,
        Role.DIRECTORY_EDITOR: Scope.REGION,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)
EDIT_DUTY = declare(
    "directory.edit-duty",
    "Enter, change and withdraw duty periods.",
    grants={
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
        Role.COORDINATOR: Scope.REGION,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)
VIEW_DUTY_WEEK = declare(
    "directory.view-duty-week",
    "See the duties of a week with their gaps, and take them along as a calendar.",
    grants={
        Role.TEAM_MEMBER: Scope.SERVICE,
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
        Role.COORDINATOR: Scope.REGION,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)
EDIT_ALLIANCE = declare(
    "directory.edit-alliance",
    "Change the members and contact of a neighborhood alliance.",
    grants={
        Role.COORDINATOR: Scope.REGION,
        Role.DIRECTORY_EDITOR: Scope.REGION,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)
VIEW_HISTORY = declare(
    "directory.view-history",
    "See who changed what in the directory.",
    grants={
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.COORDINATOR: Scope.REGION,
        Role.DIRECTORY_EDITOR: Scope.REGION,
        Role.AUDITOR: Scope.EVERYWHERE,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)
VIEW_COVERAGE_GAPS = declare(
    "directory.view-coverage-gaps",
    "See which neighborhood-hours have nobody responsible.",
    grants={
        Role.COORDINATOR: Scope.REGION,
        Role.DIRECTORY_EDITOR: Scope.REGION,
        Role.INSURER: Scope.REGION,
        Role.AUDITOR: Scope.EVERYWHERE,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)


check_can_view_professional_contacts, can_view_professional_contacts = permission_pair(
    VIEW_PROFESSIONAL_CONTACTS,
    gettext_noop("These numbers are for professionals. Sign in to see them."),
)
check_can_view_duty_person, can_view_duty_person = permission_pair(
    VIEW_DUTY_PERSON,
    gettext_noop("Who is on duty is shown to professionals. Sign in to see it."),
)
check_can_report_capacity, can_report_capacity = permission_pair(
    REPORT_CAPACITY,
    gettext_noop(
        "You can report room only for your own team or organization. "
        "Ask its manager to add you to the team."
    ),
)
check_can_view_capacity_history, can_view_capacity_history = permission_pair(
    VIEW_CAPACITY_HISTORY,
    gettext_noop("The history of this team is for the team and its region."),
)
check_can_edit_directory, can_edit_directory = permission_pair(
    EDIT_DIRECTORY,
    gettext_noop(
        "You cannot change this entry. Its own manager and the directory editor of "
        "the region can."
    ),
)
check_can_edit_coverage, can_edit_coverage = permission_pair(
    EDIT_COVERAGE,
    gettext_noop(
        "You cannot change who covers this area. The coordinator of the region can."
    ),
)
check_can_edit_duty, can_edit_duty = permission_pair(
    EDIT_DUTY,
    gettext_noop(
        "You cannot change this duty. The manager of the provider and the coordinator "
        "of the region can."
    ),
)
check_can_view_duty_week, can_view_duty_week = permission_pair(
    VIEW_DUTY_WEEK,
    gettext_noop(
        "The duties of this week are for its own teams and the coordinator of the "
        "region."
    ),
)
check_can_edit_alliance, can_edit_alliance = permission_pair(
    EDIT_ALLIANCE,
    gettext_noop("You cannot change this alliance. The coordinator of the region can."),
)
check_can_view_history, can_view_history = permission_pair(
    VIEW_HISTORY,
    gettext_noop("The history of this entry is not open to your role."),
)
check_can_view_coverage_gaps, can_view_coverage_gaps = permission_pair(
    VIEW_COVERAGE_GAPS,
    gettext_noop("The coverage of this region is not open to your role."),
)


def visible_audiences(actor: Actor) -> list[str]:
    """Return the audiences whose contacts the actor may see."""
    if can_view_professional_contacts(actor):
        return [Audience.RESIDENT, Audience.REFERRER, Audience.PROFESSIONAL]
    return [Audience.RESIDENT]
