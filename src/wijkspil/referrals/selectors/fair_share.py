"""How the work of the last 13 weeks is spread over providers, against their capacity.

Load is the accepted work weighted by complexity; capacity is what a provider took plus
the room it has now, so that a provider is compared with what it said it could do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from wijkspil.core.prepared import fetch_rows
from wijkspil.directory.selectors.capacity import count_free_places
from wijkspil.directory.types import Care
from wijkspil.referrals.types import PLACED, RequestStatus

WEEKS = 13


@dataclass(frozen=True)
class Share:
    """A provider's weighted load and capacity over the last 13 weeks."""

    load: float
    clients: int
    free_clients: int

    @property
    def capacity(self) -> float:
        """Clients it took and clients it can still take."""
        return self.clients + self.free_clients


#: Who withdrew after a team accepted is no work of that team.
_COUNTED = [*map(str, PLACED), str(RequestStatus.ENDED)]
_TAKEN = """
SELECT s.organization_id, coalesce(sum(r.complexity), 0), count(*)
  FROM referrals_servicerequest r
  JOIN directory_healthcareservice s ON s.id = r.placed_service_id
 WHERE s.organization_id = ANY(%(organizations)s::bigint[])
   AND r.status = ANY(%(statuses)s::text[])
   AND r.placed_at > %(after)s AND r.placed_at <= %(at)s
 GROUP BY s.organization_id
"""


def get_shares(organization_ids: Iterable[int], *, at: datetime) -> dict[int, Share]:
    """Return the share per provider (two queries)."""
    ids = set(organization_ids)
    free = count_free_places(ids, care=Care.DISTRICT_NURSING, at=at)
    wanted = {
        "organizations": list(ids),
        "statuses": _COUNTED,
        "after": at - timedelta(weeks=WEEKS),
        "at": at,
    }
    taken = {pk: (load, clients) for pk, load, clients in fetch_rows(_TAKEN, wanted)}
    return {
        pk: Share(*taken.get(pk, (0.0, 0)), free_clients=free.get(pk, 0)) for pk in ids
    }


def relative_shares(shares: Mapping[int, Share]) -> dict[int, float]:
    """Return load over capacity per provider, against that of all together.

    1 is exactly fair, 0 took nothing; without any load everybody is at 1.
    """
    load = sum(share.load for share in shares.values())
    capacity = sum(share.capacity for share in shares.values())
    if load == 0 or capacity == 0:
        return dict.fromkeys(shares, 1.0)
    mean = load / capacity
    return {
        pk: (share.load / share.capacity) / mean if share.capacity else 1.0
        for pk, share in shares.items()
    }
