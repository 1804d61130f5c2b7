"""Which round may be read by whom: its public report, and what it means for a practice.

The pages and the REST interface ask here, so that both keep the same rule.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.gp_practices import get_gp_practice
from wijkspil.registrations.errors import UnknownRound
from wijkspil.registrations.models import Round
from wijkspil.registrations.permissions import can_run_rounds, round_target
from wijkspil.registrations.promise import Promise
from wijkspil.registrations.selectors.practice_rounds import (
    RoundOfPractice,
    find_joined,
)
from wijkspil.registrations.selectors.rounds import get_round
from wijkspil.registrations.services.joining import find_region_id
from wijkspil.registrations.types import RoundStatus


def find_reported_round(actor: Actor, round_id: int) -> Round:
    """Return a round whose report the actor may read; public once it was published.

    Raises
    ------
    UnknownRound
        If there is none, or it is not public yet.
    """
    row = get_round(round_id)
    if row.passes > 0 and row.status != RoundStatus.CANCELLED:
        return row
    if row.receipt is not None and can_run_rounds(actor, round_target(row)):
        return row
    raise UnknownRound(
        _("There is no report of a round with number %(id)s.") % {"id": round_id}
    )


def get_round_of_practice(
    round_id: int, service_id: int, *, at: datetime
) -> RoundOfPractice:
    """Return a round as far as it is for a practice; permission is for who calls.

    Raises
    ------
    UnknownService
        If there is no such practice.
    UnknownRound
        If there is none, or it is of another region and was not joined.
    """
    practice = get_gp_practice(service_id, at=at)
    row = get_round(round_id)
    joined = find_joined(round_id, service_id)
    if (
        joined is None
        and row.region_id is not None
        and find_region_id(practice) != row.region_id
    ):
        raise UnknownRound(_("There is no such round for this practice."))
    return RoundOfPractice(row, joined)


def promise_of(one: RoundOfPractice, *, most_inflow: int) -> Promise | None:
    """Return what a round does to a list at most; None for who did not join."""
    joined = one.joined
    if joined is None:
        return None
    return Promise(
        free_places=joined.free_places,
        max_inflow=most_inflow if joined.max_inflow is None else joined.max_inflow,
        free_load=joined.free_load,
        people_before=joined.people_before,
    )
