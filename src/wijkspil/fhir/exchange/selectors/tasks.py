"""Tasks that an actor may see: of its own requests, put to its teams, of its region.

A visitor sees none. All statements join on who sees what, so that nothing else can be
found, counted or paged over.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from wijkspil.accounts.types import Actor
from wijkspil.core.prepared import fetch_row
from wijkspil.directory.views.pages import reach_of
from wijkspil.fhir.exchange.mapping.task import read_task_id
from wijkspil.fhir.exchange.types import Conditions, Page, Seen, TaskVersion
from wijkspil.referrals.permissions import (
    ANSWER_OFFER,
    COORDINATE,
    FOLLOW_REQUEST,
    GIVE_CARE,
)

_STEERS = """(r.requester_organization_id = ANY(%(asked_by)s)
              OR r.region_id = ANY(%(regions)s))"""
_ANSWERS = """(s.id = ANY(%(asked)s) OR s.organization_id = ANY(%(asked_of)s))"""
_GIVES_CARE = """(s.id = ANY(%(cares)s) OR s.organization_id = ANY(%(cares_of)s))"""

#: Of one request where ``{one}`` says so, else of all.
_VISIBLE = f"""
SELECT r.number::text AS fhir_id, r.number::text AS number, r.id AS request_id,
       NULL::bigint AS offer_id, r.placed_service_id AS service_id,
       {_STEERS} AS steers, coalesce({_GIVES_CARE}, false) AS answers,
       r.requester_organization_id
  FROM referrals_servicerequest r
  LEFT JOIN directory_healthcareservice s ON s.id = r.placed_service_id
 WHERE r.submitted_at IS NOT NULL AND ({_STEERS} OR {_GIVES_CARE}) {{one}}
UNION ALL
SELECT r.number || '.' || o.id, r.number, r.id, o.id, o.service_id, {_STEERS},
       {_ANSWERS}, r.requester_organization_id
  FROM referrals_offer o
  JOIN referrals_servicerequest r ON r.id = o.request_id
  JOIN directory_healthcareservice s ON s.id = o.service_id
 WHERE r.submitted_at IS NOT NULL
   AND o.id IN (
     SELECT o.id FROM referrals_offer o JOIN referrals_servicerequest r
                                          ON r.id = o.request_id
      WHERE {_STEERS} {{one}}
      UNION
     SELECT o.id FROM directory_healthcareservice s
       JOIN referrals_offer o ON o.service_id = s.id
       JOIN referrals_servicerequest r ON r.id = o.request_id
      WHERE {_ANSWERS} {{one}})
"""
_ONE = """
SELECT number, request_id, offer_id, service_id, coalesce(steers, false), answers
  FROM ({visible}) t WHERE t.fhir_id = %(id)s
""".format(visible=_VISIBLE.format(one="AND r.number = %(number)s"))
_CURRENT = """
  FROM ({visible}) t
  JOIN fhir_resource c ON c.type = 'Task' AND c.fhir_id = t.fhir_id
  JOIN fhir_version v ON v.type = 'Task' AND v.fhir_id = c.fhir_id
                     AND v.version = c.version
  CROSS JOIN LATERAL (SELECT v.body::jsonb AS b) j
  LEFT JOIN directory_organization q ON q.id = t.requester_organization_id
 WHERE v.body IS NOT NULL
""".format(visible=_VISIBLE.format(one=""))
_HISTORY = """
  FROM ({visible}) t
  JOIN fhir_version v ON v.type = 'Task' AND v.fhir_id = t.fhir_id
 WHERE v.body IS NOT NULL AND v.tick <= %(until)s AND v.tick > %(since)s
   AND (%(id)s = '' OR v.fhir_id = %(id)s)
"""


def reach_parameters(actor: Actor) -> dict[str, Any]:
    """Return where an actor asks, answers, gives care and coordinates."""
    follows = reach_of(actor, FOLLOW_REQUEST)
    answers = reach_of(actor, ANSWER_OFFER)
    cares = reach_of(actor, GIVE_CARE)
    return {
        "asked_by": list(follows.organization_ids),
        "regions": list(reach_of(actor, COORDINATE).region_ids),
        "asked": list(answers.service_ids),
        "asked_of": list(answers.organization_ids),
        "cares": list(cares.service_ids),
        "cares_of": list(cares.organization_ids),
    }


def find_task(actor: Actor, task_id: str) -> Seen | None:
    """Return what the actor may see of a Task, or None if not even that (one query)."""
    number, _offer = read_task_id(task_id)
    row = fetch_row(_ONE, {"id": task_id, "number": number, **reach_parameters(actor)})
    return Seen(*row) if row else None


def search_tasks(
    actor: Actor, conditions: Conditions, page: Page, *, is_falling: bool
) -> tuple[list[TaskVersion], int]:
    """Return a page of the Tasks that fit, by when they changed, and their number.

    Two queries. Sees only what is rendered (``services.rendering``).
    """
    values = _values_of(actor, conditions)
    where = "".join(f" AND ({condition.sql})" for condition in conditions)
    order, beyond = ("DESC", "<") if is_falling else ("ASC", ">")
    after = ""
    if page.after is not None:
        after = f" AND (v.tick, v.fhir_id) {beyond} (%(after_tick)s, %(after_id)s)"
        values |= {"after_tick": page.after[0], "after_id": page.after[1]}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_CURRENT} {where}", values)
        total = cursor.fetchone()[0]
        cursor.execute(
            f"SELECT v.fhir_id, v.version, v.tick, v.body {_CURRENT} {where} {after} "
            f"ORDER BY v.tick {order}, v.fhir_id {order} LIMIT %(count)s",
            values | {"count": page.count},
        )
        return [TaskVersion(*row) for row in cursor.fetchall()], total


def list_task_versions(
    actor: Actor, *, task_id: str, since: int, until: int, page: Page
) -> tuple[list[TaskVersion], int]:
    """Return versions after ``since`` up to ``until``, newest first, and their number.

    Of one Task, or of all with an empty id. Two queries.
    """
    one = "AND r.number = %(number)s" if task_id else ""
    history = _HISTORY.format(visible=_VISIBLE.format(one=one))
    values = {
        **reach_parameters(actor),
        "id": task_id,
        "number": read_task_id(task_id)[0],
        "since": since,
        "until": until,
        "count": page.count,
    }
    after = ""
    if page.after is not None:
        after = " AND (v.tick, v.fhir_id) < (%(after_tick)s, %(after_id)s)"
        values |= {"after_tick": page.after[0], "after_id": page.after[1]}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {history}", values)
        total = cursor.fetchone()[0]
        cursor.execute(
            f"SELECT v.fhir_id, v.version, v.tick, v.body {history} {after} "
            "ORDER BY v.tick DESC, v.fhir_id DESC LIMIT %(count)s",
            values,
        )
        return [TaskVersion(*row) for row in cursor.fetchall()], total


def list_task_ids(request_id: int) -> Mapping[int, str]:
    """Return the Task of each question of a request, newest last (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id, r.number || '.' || o.id FROM referrals_offer o "
            "JOIN referrals_servicerequest r ON r.id = o.request_id "
            "WHERE r.id = %s ORDER BY o.id",
            [request_id],
        )
        return dict(cursor.fetchall())


def _values_of(actor: Actor, conditions: Conditions) -> dict[str, Any]:
    values = reach_parameters(actor)
    for condition in conditions:
        values |= condition.values
    return values
