"""The coordinator's worklist over HTTP with 200, 2,000 and 20,000 open dossiers.

A copy of the database in DATABASE_URL is filled with made-up open requests (questions
to teams and what happened included) in the region of one coordinator, served by
granian, and dropped afterwards; the database itself is only read. Nobody may be
connected to it while it is copied.

    DATABASE_URL=... .venv/bin/python -m benchmarks.worklist

Ends with 1 if a limit is missed.
"""

import http.client
import os
import sys
import time
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np
import psycopg
from psycopg import sql

from benchmarks.responsible import start_server

SIZES = (200, 2_000, 20_000)
REQUESTS = 200
WARM_UP = 20
LIMIT_P95_MS = 150
PORT = 8393
COPY = "bench_worklist_copy"
COORDINATOR = "coordinator@example.nl"
#: What a coordinator looks at, over and over: mostly the top of the list.
PATHS = (
    "/regietafel/?toon=alles",
    "/regietafel/?toon=te-laat",
    "/regietafel/?toon=alles",
    "/regietafel/?van=mij",
    "/regietafel/?toon=vandaag",
    "/regietafel/?toon=geen-team&pagina=3",
    "/regietafel/?snel=tomorrow",
    "/regietafel/?van=niemand&toon=wacht-op-antwoord",
)
#: Deep in the list, where nobody looks; told beside it.
DEEP = "/regietafel/?toon=alles&pagina=300"

#: Requests in all states of the list. An eighth is late, a tenth due today.
REQUEST = {
    "number": "'B-' || lpad(n::text, 6, '0')",
    "status": "status",
    "region_id": "%(region)s",
    "place_id": "place.id",
    "postcode": "place.code",
    "requester_kind": "'gp'",
    "requester_name": "'Huisartsenpraktijk'",
    "tasks": "CASE WHEN n %% 3 = 0 THEN ARRAY['wound', 'medication'] "
    "ELSE ARRAY['stockings'] END",
    "parts_of_day": "CASE WHEN n %% 2 = 0 THEN ARRAY['morning'] "
    "ELSE ARRAY['morning', 'evening'] END",
    "first_visit_on": "(%(at)s::timestamptz + (n %% 9) * interval '1 day')::date",
    "urgency": "(ARRAY['today', 'tomorrow', 'days', 'week', 'planned'])[1 + n %% 5]",
    "urgency_reason": "'discharge'",
    "age": "60 + n %% 40",
    "insurer": "'9981'",
    "care_law": "'zvw'",
    "order_present": "'not-needed'",
    "materials_present": "'not-needed'",
    "hours_low": "1",
    "hours_high": "3.5",
    "owner_id": "CASE WHEN n %% 4 = 0 THEN %(user)s WHEN n %% 4 = 1 THEN %(other)s END",
    "owner_kind": "CASE WHEN n %% 4 < 2 THEN 'coordinator' ELSE 'requester' END",
    "owner_name": "'Iemand van de regio'",
    "due_at": "due_at",
    "overdue_since": "CASE WHEN due_at < %(at)s THEN due_at END",
    "created_at": "%(at)s - (n %% 200) * interval '1 hour'",
    "submitted_at": "%(at)s - (n %% 200) * interval '1 hour'",
}
REQUESTS_FROM = """
(
  SELECT n, (ARRAY['offered', 'offered', 'offered', 'open', 'bridged'])[1 + n / 5 %% 5]
    AS status,
    %(at)s + CASE WHEN n %% 8 = 0 THEN -1 ELSE 1 END * (random() * 90 + 0.1)
      * interval '1 hour' AS due_at
  FROM generate_series(1, %(rows)s) AS n
) AS drawn
JOIN (
  SELECT id, code, row_number() OVER (ORDER BY id) - 1 AS place_row
  FROM directory_area
  WHERE kind IN ('pc6', 'pc4') AND within @> ARRAY[%(region)s::bigint]
) AS place ON place_row = n %% %(places)s
"""
#: One to four questions to teams for each; of "offered" the last one is open.
_WAITS = "k = request.id %% 4 AND request.status = 'offered'"
OFFER = {
    "request_id": "request.id",
    "service_id": "service.id",
    "status": f"CASE WHEN {_WAITS} THEN 'open' "
    "WHEN k %% 2 = 0 THEN 'declined' ELSE 'expired' END",
    "origin": "'ranking'",
    "rank": "1 + k",
    "offered_at": "%(at)s - interval '1 day'",
    "answer_by": "%(at)s + interval '2 hours'",
    "answered_at": f"CASE WHEN NOT ({_WAITS}) THEN %(at)s - interval '1 hour' END",
    "decline_reason": f"CASE WHEN ({_WAITS}) OR k %% 2 = 1 THEN '' ELSE 'no-room' END",
}
OFFERS_FROM = """
referrals_servicerequest AS request
CROSS JOIN generate_series(0, 3) AS k
JOIN (
  SELECT id, row_number() OVER (ORDER BY id) - 1 AS service_row
  FROM directory_healthcareservice WHERE care = 'district-nursing'
) AS service ON service_row = (request.id * 7 + k) %% %(services)s
WHERE request.number LIKE 'B-%%' AND k <= request.id %% 4
"""
EVENT = {
    "request_id": "request.id",
    "at": "%(at)s - k * interval '1 hour'",
    "kind": "'note'",
    "actor_name": "'Iemand'",
    "detail": """'{"text": "Familie gebeld, zij redden het tot morgen."}'""",
}
EVENTS_FROM = """
referrals_servicerequest AS request CROSS JOIN generate_series(1, 4) AS k
WHERE request.number LIKE 'B-%%'
"""


def other_database(url: str, name: str) -> str:
    """Return the address of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def copy_database(url: str) -> str:
    """Copy the database at ``url``; return the address of the copy."""
    source = urlsplit(url).path.lstrip("/")
    drop_copy(url)
    with psycopg.connect(other_database(url, "postgres"), autocommit=True) as server:
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(COPY), sql.Identifier(source)
            )
        )
    return other_database(url, COPY)


def drop_copy(url: str) -> None:
    """Drop the copy, if there is one."""
    with psycopg.connect(other_database(url, "postgres"), autocommit=True) as server:
        server.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                sql.Identifier(COPY)
            )
        )


def fill(rows: int) -> None:
    """Replace what is open in the coordinator's region by ``rows`` requests."""
    from django.db import connection
    from django.utils import timezone

    from wijkspil.accounts.models import Membership
    from wijkspil.directory.models import Area, HealthcareService
    from wijkspil.referrals.models import Offer, RequestEvent, ServiceRequest

    role = Membership.objects.get(user__email=COORDINATOR, role="coordinator")
    other = (
        Membership.objects.filter(role="coordinator", region_id=role.region_id)
        .exclude(user_id=role.user_id)
        .values_list("user_id", flat=True)
        .first()
    )
    values = {
        "at": timezone.now(),
        "region": role.region_id,
        "user": role.user_id,
        "other": other,
        "rows": rows,
        "services": HealthcareService.objects.filter(care="district-nursing").count(),
        "places": Area.objects.filter(
            kind__in=["pc4", "pc6"], within__contains=[role.region_id]
        ).count(),
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute("TRUNCATE referrals_servicerequest CASCADE")
        for model, columns, source in (
            (ServiceRequest, REQUEST, REQUESTS_FROM),
            (Offer, OFFER, OFFERS_FROM),
            (RequestEvent, EVENT, EVENTS_FROM),
        ):
            insert(cursor, model, columns, source, values)
        cursor.execute("VACUUM ANALYZE")


def insert(
    cursor: Any,
    model: Any,
    columns: dict[str, str],
    source: str,
    values: dict[str, Any],
) -> None:
    """Insert rows made by the database; a column that is not given gets its default."""
    table = model._meta  # noqa: SLF001 - as documented by Django
    defaults = {
        field.column: field.get_db_prep_save(field.get_default(), cursor.db)
        for field in table.concrete_fields
        if field.column not in columns and not field.primary_key and not field.null
    }
    given = columns | {name: f"%(default_{name})s" for name in defaults}
    cursor.execute(
        f"INSERT INTO {table.db_table} ({', '.join(given)}) "
        f"SELECT {', '.join(given.values())} FROM {source}",
        values | {f"default_{name}": value for name, value in defaults.items()},
    )


class Coordinator:
    """The coordinator, signed in, on one kept-alive connection."""

    def __init__(self) -> None:
        from django.conf import settings
        from django.test import Client

        from wijkspil.accounts.models import User

        self.client = Client()
        self.client.force_login(User.objects.get(email=COORDINATOR))
        session = self.client.cookies[settings.SESSION_COOKIE_NAME].value
        self.headers = {"Host": "localhost", "Cookie": f"sessionid={session}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT)

    def get(self, path: str, **headers: str) -> tuple[int, float, str]:
        """Ask for a page; return its status, milliseconds and ETag."""
        started = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers | headers)
        answer = self.connection.getresponse()
        answer.read()
        took_ms = (time.perf_counter() - started) * 1000
        return answer.status, took_ms, answer.headers.get("ETag", "")

    def count_queries(self, path: str) -> int:
        """Return how many queries a page costs, in this process."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            assert self.client.get(path, headers={"Host": "localhost"}).status_code == (
                200
            )
        return len(captured)


def measure(path: str, coordinator: Coordinator, *, times: int) -> np.ndarray:
    """Return milliseconds of each time a page was asked for."""
    taken = []
    for _n in range(times):
        status, took_ms, _tag = coordinator.get(path)
        if status != 200:
            raise SystemExit(f"{path} was answered with {status}")
        taken.append(took_ms)
    return np.array(taken)


def main() -> None:
    """Measure each size and print percentiles and queries."""
    url = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = copy_database(url)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    p95, queries = 0.0, set()
    try:
        call_command("migrate", verbosity=0)
        server = start_server(PORT)
        try:
            for size in SIZES:
                fill(size)
                coordinator = Coordinator()
                measure(PATHS[0], coordinator, times=WARM_UP)
                coordinator.count_queries(PATHS[0])  # the session keeps the filter
                queries.add(coordinator.count_queries(PATHS[0]))
                paths = cycle(PATHS)
                taken = np.concatenate(
                    [
                        measure(next(paths), coordinator, times=1)
                        for _n in range(REQUESTS)
                    ]
                )
                p50, p95 = np.percentile(taken, [50, 95]).tolist()
                print(
                    f"{size:,} open: {len(taken)} pages, p50 {p50:.1f} ms, p95 "
                    f"{p95:.1f} ms, slowest {taken.max():.1f} ms, "
                    f"{queries} queries",
                    flush=True,
                )
                deep = measure(DEEP, coordinator, times=REQUESTS // 10)
                print(f"  page 300: p95 {np.percentile(deep, 95):.1f} ms", flush=True)
                report_detail(coordinator)
                report_polling(coordinator)
        finally:
            server.terminate()
            server.wait()
    finally:
        connections.close_all()
        drop_copy(url)
    print(f"worklist p95 {p95:.1f} ms (limit {LIMIT_P95_MS}), queries {queries}")
    sys.exit(p95 > LIMIT_P95_MS or len(queries) > 1)


def report_detail(coordinator: Coordinator) -> None:
    """Print what a request beside the list costs, with the teams that fit."""
    from wijkspil.referrals.models import ServiceRequest

    numbers = ServiceRequest.objects.filter(number__startswith="B-").order_by("due_at")
    taken = [
        coordinator.get(f"/regietafel/{number}/?deel=1")[1]
        for number in numbers.values_list("number", flat=True)[: REQUESTS // 4]
    ]
    print(f"  a request beside it: p95 {np.percentile(taken, 95):.1f} ms", flush=True)


def report_polling(coordinator: Coordinator) -> None:
    """Print what asking costs when nothing happened since."""
    path = "/regietafel/?deel=lijst"
    taken = []
    for _n in range(REQUESTS // 4):
        _status, _ms, tag = coordinator.get(path)
        status, took_ms, _tag = coordinator.get(path, **{"If-None-Match": tag})
        if status == 304:
            taken.append(took_ms)
    if taken:
        print(
            f"  nothing new: {len(taken)} times 304, p50 {np.median(taken):.1f} ms, "
            f"p95 {np.percentile(taken, 95):.1f} ms",
            flush=True,
        )


if __name__ == "__main__":
    main()
