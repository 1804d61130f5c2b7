"""Does a household that is proposed meet what the list of the practice asks now?"""

from datetime import datetime

from wijkspil.registrations.conditions import check_conditions
from wijkspil.registrations.models import Move, WishChoice
from wijkspil.registrations.policies import drive_minutes
from wijkspil.registrations.selectors.lists import get_list
from wijkspil.registrations.selectors.proposals import bands_of, km_of
from wijkspil.registrations.types import LIVE_MOVES, Unmet


def check_fit(move: Move, *, at: datetime) -> tuple[Unmet, ...]:
    """Return the conditions that are not met, as the list stands now.

    Its own people are not counted against the caps of age bands. At most seven
    queries.
    """
    now = get_list(move.to_service_id, at)
    if now is None:
        return ()
    bands = bands_of([move.wish_id]).get(move.wish_id, [])
    taken = dict(now.taken_of_band)
    if move.round_id is None and move.status in LIVE_MOVES:
        for band in bands:
            taken[band] = max(0, taken.get(band, 0) - 1)
    km = km_of(move)
    return check_conditions(
        now.conditions,
        postcode=move.wish.postcode,
        minutes=None if km is None else drive_minutes(km),
        has_member=WishChoice.objects.filter(
            wish_id=move.wish_id, service_id=move.to_service_id, has_member=True
        ).exists(),
        bands=bands,
        taken_of_band=taken,
    )
