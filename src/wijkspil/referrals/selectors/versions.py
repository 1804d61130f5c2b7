"""How often a request changed, for who keeps a copy of it: a number that only rises.

Derived from the timeline, to which every act adds. A team that was only asked counts
what changed in its profile, not what others answered.
"""

from datetime import datetime

from wijkspil.core.prepared import fetch_row
from wijkspil.referrals.types import EventKind

_OF_REQUEST = """
SELECT count(e.id) + 1, greatest(r.created_at, max(e.at))
  FROM referrals_servicerequest r
  LEFT JOIN referrals_requestevent e ON e.request_id = r.id
 WHERE r.id = %(id)s GROUP BY r.id
"""
_OF_PROFILE = f"""
SELECT count(e.id) + 1 + (o.status <> 'open')::int,
       greatest(o.offered_at, o.answered_at, max(e.at))
  FROM referrals_offer o
  LEFT JOIN referrals_requestevent e
    ON e.request_id = o.request_id AND e.at > o.offered_at
   AND (o.answered_at IS NULL OR e.at < o.answered_at)
   AND e.kind IN ('{EventKind.VISIT_MOVED.value}', '{EventKind.NEED_CHANGED.value}')
 WHERE o.id = %(id)s GROUP BY o.id
"""


def get_request_version(request_id: int) -> tuple[int, datetime]:
    """Return the version of a request and when it began (one query)."""
    row = fetch_row(_OF_REQUEST, {"id": request_id})
    assert row is not None
    return row[0], row[1]


def get_profile_version(offer_id: int) -> tuple[int, datetime]:
    """Return the version of what a team that was asked sees (one query)."""
    row = fetch_row(_OF_PROFILE, {"id": offer_id})
    assert row is not None
    return row[0], row[1]
