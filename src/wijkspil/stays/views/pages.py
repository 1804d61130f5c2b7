"""What the pages of stays share: where one may go from here."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.care_teams import get_service_names
from wijkspil.directory.selectors.listing import TeamRow, list_reporting_teams
from wijkspil.directory.types import Care
from wijkspil.directory.views.pages import reach_of
from wijkspil.stays.permissions import (
    REPORT_BEDS,
    can_coordinate_stays,
    can_report_beds,
    can_request_stay,
    can_view_stay_statistics,
)
from wijkspil.stays.selectors.statistics import count_promises
from wijkspil.ui.navigation import Chip

#: Promises are told over so many days.
FIGURE_DAYS = 90


def make_chips(actor: Actor, current: str) -> list[Chip]:
    """Return the pages of stays this actor may use, as chips."""
    pages = (
        ("stays:start", _("Find a bed"), can_request_stay(actor)),
        ("stays:own", _("My stays"), can_request_stay(actor)),
        ("stays:beds", _("Our beds"), can_report_beds(actor)),
        ("stays:board", _("Board of the region"), can_coordinate_stays(actor)),
        ("stays:statistics", _("Figures"), can_view_stay_statistics(actor)),
    )
    chips = [
        Chip(label, reverse(name), active=name == current)
        for name, label, may in pages
        if may
    ]
    return chips if len(chips) > 1 else []


def list_own_places(actor: Actor, *, at: datetime) -> list[TeamRow]:
    """Return the services for temporary stay whose beds the actor reports."""
    reach = reach_of(actor, REPORT_BEDS)
    return [
        team
        for team in list_reporting_teams(
            service_ids=reach.service_ids,
            organization_ids=reach.organization_ids,
            at=at,
        )
        if team.care == Care.TEMPORARY_STAY
    ]


def say_promises(region_id: int, *, at: datetime) -> str:
    """Say how many promises of beds were kept in a region; this is public."""
    promised, broken = count_promises(
        region_id, since=at - timedelta(days=FIGURE_DAYS), until=at + timedelta(1)
    )
    if promised == 0:
        return ""
    return _(
        "In %(days)s days %(promised)s beds were taken here; %(broken)s were not "
        "delivered."
    ) % {"days": FIGURE_DAYS, "promised": promised, "broken": broken}


def name_of(service_id: int) -> str:
    """Return the name of a service."""
    names = get_service_names([service_id])
    return names[service_id][0] if service_id in names else ""
