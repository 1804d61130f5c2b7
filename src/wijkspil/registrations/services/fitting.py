"""Does a household that is proposed meet what the list of the practice asks now?"""

from wijkspil.registrations.conditions import check_conditions
from wijkspil.registrations.selectors.lists import ListNow
from wijkspil.registrations.selectors.proposals import Proposal
from wijkspil.registrations.travel import drive_minutes
from wijkspil.registrations.types import LIVE_MOVES, Unmet


def check_fit(proposal: Proposal, now: ListNow | None) -> tuple[Unmet, ...]:
    """Return the conditions that are not met, as the list stands now.

    Its own people are not counted against the caps of age bands.
    """
    if now is None:
        return ()
    taken = dict(now.taken_of_band)
    if proposal.round_id is None and proposal.status in LIVE_MOVES:
        for band in proposal.bands:
            taken[band] = max(0, taken.get(band, 0) - 1)
    return check_conditions(
        now.conditions,
        postcode=proposal.postcode,
        minutes=None if proposal.km is None else drive_minutes(proposal.km),
        has_member=proposal.has_member,
        bands=proposal.bands,
        taken_of_band=taken,
    )
