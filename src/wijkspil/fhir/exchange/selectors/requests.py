"""Requests that an actor may see: in full, or the profile its team was asked with."""

from typing import Any

from django.db import connection

from wijkspil.accounts.types import Actor
from wijkspil.core.prepared import fetch_row
from wijkspil.core.spoken_numbers import read_number
from wijkspil.fhir.exchange.selectors.tasks import reach_parameters
from wijkspil.fhir.exchange.types import Conditions, FoundRequest, Page, Seen

_STEERS = """(r.requester_organization_id = ANY(%(asked_by)s)
              OR r.region_id = ANY(%(regions)s))"""
_CARES = """(r.placed_service_id IS NOT NULL AND r.placed_service_id IN (
              SELECT id FROM directory_healthcareservice
               WHERE id = ANY(%(cares)s) OR organization_id = ANY(%(cares_of)s)))"""
_ASKED = """
SELECT max(o.id) AS id FROM referrals_offer o
  JOIN directory_healthcareservice s ON s.id = o.service_id
 WHERE o.request_id = r.id
   AND (s.id = ANY(%(asked)s) OR s.organization_id = ANY(%(asked_of)s))
"""
_ONE = f"""
SELECT r.number, r.id, f.id, r.placed_service_id, coalesce({_STEERS}, false), {_CARES}
  FROM referrals_servicerequest r LEFT JOIN LATERAL ({_ASKED}) f ON true
 WHERE r.number = %(number)s AND ({_STEERS} OR {_CARES} OR f.id IS NOT NULL)
"""
#: In full for who asked, coordinates or gives care; else the newest question.
_VISIBLE = f"""
SELECT r.id, r.number::text AS number, NULL::bigint AS offer_id,
       greatest(r.created_at, (SELECT max(e.at) FROM referrals_requestevent e
                                WHERE e.request_id = r.id)) AS changed_at,
       r.submitted_at, r.status, r.requester_organization_id, r.placed_service_id
  FROM referrals_servicerequest r WHERE {_STEERS} OR {_CARES}
UNION ALL
SELECT r.id, r.number, f.id,
       (SELECT greatest(o.offered_at, o.answered_at) FROM referrals_offer o
         WHERE o.id = f.id),
       NULL, r.status, NULL, NULL
  FROM referrals_servicerequest r JOIN LATERAL ({_ASKED}) f ON f.id IS NOT NULL
 WHERE r.id IN (SELECT o.request_id FROM referrals_offer o
                  JOIN directory_healthcareservice s ON s.id = o.service_id
                 WHERE s.id = ANY(%(asked)s) OR s.organization_id = ANY(%(asked_of)s))
   AND NOT coalesce({_STEERS}, false) AND NOT {_CARES}
"""
_SEARCH = f"""
  FROM ({_VISIBLE}) t
  LEFT JOIN directory_organization q ON q.id = t.requester_organization_id
  LEFT JOIN directory_healthcareservice s ON s.id = t.placed_service_id
  LEFT JOIN referrals_offer o ON o.id = t.offer_id
  CROSS JOIN LATERAL (
    SELECT (extract(epoch FROM t.changed_at) * 1000000)::bigint AS tick) c
 WHERE true
"""


def find_request(actor: Actor, number: str) -> Seen | None:
    """Return what the actor may see of a request, or None (one query).

    ``answers``: its team has the client. Otherwise, unless it ``steers``, its team was
    asked, and ``offer_id`` is its newest question.
    """
    values = {"number": read_number(number), **reach_parameters(actor)}
    row = fetch_row(_ONE, values)
    return Seen(*row) if row else None


def search_requests(
    actor: Actor, conditions: Conditions, page: Page, *, is_falling: bool
) -> tuple[list[FoundRequest], int]:
    """Return a page of the requests that fit, by when they changed, and how many.

    Two queries.
    """
    values: dict[str, Any] = reach_parameters(actor)
    for condition in conditions:
        values |= condition.values
    where = "".join(f" AND ({condition.sql})" for condition in conditions)
    order, beyond = ("DESC", "<") if is_falling else ("ASC", ">")
    after = ""
    if page.after is not None:
        after = f" AND (c.tick, t.number) {beyond} (%(after_tick)s, %(after_id)s)"
        values |= {"after_tick": page.after[0], "after_id": page.after[1]}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_SEARCH} {where}", values)
        total = cursor.fetchone()[0]
        cursor.execute(
            "SELECT t.number, t.id, t.offer_id, t.changed_at, t.submitted_at "
            f"{_SEARCH} {where} {after} "
            f"ORDER BY c.tick {order}, t.number {order} LIMIT %(count)s",
            values | {"count": page.count},
        )
        return [FoundRequest(*row) for row in cursor.fetchall()], total
