"""Who sees the picture of a region, plans, supposes and uploads. Deny by default.

Figures are counts over areas: no person, and of providers only what these brought in
themselves. ``Target(region_ids=...)`` says which region a page is about.
"""

from django.utils.translation import gettext_noop

from wijkspil.accounts.permissions import permission_pair
from wijkspil.accounts.types import Role
from wijkspil.core.permissions import Scope, declare

VIEW_INSIGHT = declare(
    "insight.view",
    "See the picture of the region: figures, maps, projections, plans, reports.",
    grants={
        Role.ANALYST: Scope.REGION,
        Role.COORDINATOR: Scope.REGION,
        Role.GP_COORDINATOR: Scope.REGION,
        Role.INSURER: Scope.REGION,
        Role.AUDITOR: Scope.EVERYWHERE,
        Role.ADMINISTRATOR: Scope.EVERYWHERE,
    },
)
MAKE_SCENARIO = declare(
    "insight.make-scenario",
    "Suppose a future of the region, compute it, save it and share it.",
    grants={
        Role.ANALYST: Scope.REGION,
        Role.COORDINATOR: Scope.REGION,
        Role.INSURER: Scope.REGION,
    },
)
PLAN = declare(
    "insight.plan",
    "Make a measure of a gap, with an owner and a date, and say what came of it.",
    grants={
        Role.ANALYST: Scope.REGION,
        Role.COORDINATOR: Scope.REGION,
        Role.INSURER: Scope.REGION,
    },
)
UPLOAD_INDICATORS = declare(
    "insight.upload-indicators",
    "Bring in indicators of quality of one's own organization (analyst: of all).",
    grants={
        Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
        Role.ANALYST: Scope.REGION,
    },
)

check_can_view_insight, can_view_insight = permission_pair(
    VIEW_INSIGHT,
    gettext_noop("The picture of a region is for who works on care in that region."),
)
check_can_make_scenario, can_make_scenario = permission_pair(
    MAKE_SCENARIO,
    gettext_noop("Scenarios are made by analysts, coordinators and insurers."),
)
check_can_plan, can_plan = permission_pair(
    PLAN, gettext_noop("Measures are made by analysts, coordinators and insurers.")
)
check_can_upload_indicators, can_upload_indicators = permission_pair(
    UPLOAD_INDICATORS,
    gettext_noop("Indicators are brought in by the provider they are about."),
)
