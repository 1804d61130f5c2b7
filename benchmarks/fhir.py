"""FHIR at the size of the national directory: read, search, history, first load.

20,000 organizations, 60,000 services, as many places and endpoints: 200,000 resources,
made by seed in the database of DATABASE_URL, on its PC4 areas if it has those of the
country, beside what it holds.
The server is granian with two workers; the client runs on the same cores, signed in by
token, and every access is written in the trail.

    DATABASE_URL=... .venv/bin/python -m benchmarks.fhir [load]

``load`` only fills and renders. Ends with 1 if a limit is missed.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np

from benchmarks.http_load import LoadResult, load
from benchmarks.machine import describe_machine
from benchmarks.responsible import PORT, start_server

ORGANIZATIONS = 20_000
SERVICES = 60_000
SEED = 20261122
SECRET = "benchmark-of-fhir"

LIMIT_READ_P95_MS = 20
LIMIT_READS_PER_S_PER_CORE = 350
LIMIT_SEARCH_P95_MS = 100
LIMIT_HISTORY_P95_MS = 60
LIMIT_FIRST_LOAD_S = 60
HISTORY_PAGE = 500
LOAD_PAGE = 1_000
READS = 20_000
CONNECTIONS = 8
TYPES = ("Organization", "HealthcareService", "Location", "Endpoint")

_FIRST = ["Arnica", "Boterbloem", "Cypres", "Dovenetel", "Els", "Fazant", "Goudvink"]
_FIRST += ["Hazelaar", "Iris", "Judaspenning", "Klaproos", "Lijster", "Merel"]
_FIRST += ["Nachtegaal", "Ooievaar", "Populier", "Reiger", "Sleedoorn", "Tureluur"]
_WHAT = ["Thuiszorg", "Zorggroep", "Huisartsenpraktijk", "Apotheek", "Buurtzorgteam"]
_WHAT += ["Stichting", "Fysiotherapie", "Verpleging"]
_PLACES = ["Aalzoom", "Berkhout", "Dorpsveld", "Eemoever", "Heidestad", "Kanaalwijk"]
_PLACES += ["Lindeloo", "Meerzicht", "Oosterhaven", "Polderdam", "Rietmond", "Zandwijk"]

#: Parts of each statement: the triggers that keep who changed what take time with the
#: square of the checks that wait, whether for the statement or for the transaction.
PARTS = 20
#: In one transaction, so that each resource gets one version; words come as lists, and
#: ``part`` says which rows.
_LOAD = """
INSERT INTO directory_area (kind, purpose, code, name, year, within, lon, lat, source,
                            within_is_estimate, is_fictional, population_by_age)
SELECT 'pc4', '', (1000 + n)::text, (1000 + n)::text, 2024, '{}',
       3.6 + 3.4 * ((n * 7919) %% 4000) / 4000.0,
       50.8 + 2.6 * ((n * 104729) %% 4000) / 4000.0, 'made by seed', false, true, '{}'
  FROM generate_series(1, 3900) n
 WHERE (SELECT count(*) FROM directory_area WHERE kind = 'pc4') < 1000;

CREATE TEMP TABLE pc4 ON COMMIT DROP AS
SELECT id, code, lon, lat, row_number() OVER (ORDER BY code) - 1 AS place
  FROM directory_area a
 WHERE kind = 'pc4' AND lon IS NOT NULL
   AND (source = 'made by seed'
        OR NOT EXISTS (SELECT FROM directory_area WHERE source = 'made by seed'));

INSERT INTO directory_organization
       (name, type, agb_code, ura, kvk_number, is_active, is_fictional)
SELECT (%(what)s::text[])[1 + n %% cardinality(%(what)s::text[])] || ' '
         || (%(first)s::text[])
              [1 + (n * 31 + %(seed)s) %% cardinality(%(first)s::text[])]
         || ' '
         || (%(places)s::text[])
              [1 + (n * 17 + %(seed)s) %% cardinality(%(places)s::text[])]
         || ' ' || n,
       (ARRAY['home-care', 'gp-practice', 'pharmacy'])[1 + n %% 3],
       '75' || lpad(n::text, 6, '0'), '90' || lpad(n::text, 6, '0'),
       lpad((10000000 + n)::text, 8, '0'), n %% 50 <> 0, true
  FROM generate_series(1, %(organizations)s) n WHERE n %% %(parts)s = %(part)s;

INSERT INTO directory_healthcareservice
       (organization_id, care, name, description, specialty, tasks, languages, insurers,
        care_laws, opening_hours, is_open_on_holidays, postcode, lon, lat, is_active,
        is_fictional)
SELECT o.id, (ARRAY['district-nursing', 'gp-care', 'night-care'])[1 + n %% 3],
       'Team ' || (%(first)s::text[])[1 + (n * 13) %% cardinality(%(first)s::text[])]
         || ' '
         || (%(places)s::text[])[1 + (n * 29) %% cardinality(%(places)s::text[])]
         || ' ' || n,
       '', '', CASE n %% 4 WHEN 0 THEN '{medication,insulin}'::text[]
                           ELSE '{personal-care}'::text[] END,
       '{nl}', ('{' || 3300 + n %% 12 || '}')::text[], '{zvw}',
       '[{"days": ["mon","tue","wed","thu","fri"], "from": "08:00", "until": "17:00"}]',
       false, pc4.code || 'AB', pc4.lon + (n %% 97) / 5000.0,
       pc4.lat + (n %% 89) / 5000.0, n %% 40 <> 0, true
  FROM generate_series(1, %(services)s) n
  JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place
          FROM directory_organization WHERE ura LIKE '90%%') o
    ON o.place = n %% %(organizations)s
  JOIN pc4 ON pc4.place = (n * 7919) %% (SELECT count(*) FROM pc4)
 WHERE n %% %(parts)s = %(part)s;

CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT s.* FROM directory_healthcareservice s
  JOIN directory_organization o ON o.id = s.organization_id WHERE o.ura LIKE '90%%';

INSERT INTO directory_contactpoint
       (service_id, audience, purpose, system, value, person_name, valid_from)
SELECT s.id, 'referrer', 'general', 'fhir',
       'https://fhir.example.nl/' || s.fhir_id || '/r4', '', timestamptz '2026-01-01'
  FROM made s WHERE s.id %% %(parts)s = %(part)s
UNION ALL
SELECT s.id, 'resident', 'general', 'phone', '085 ' || lpad(s.id::text, 7, '0'), '',
       timestamptz '2026-01-01'
  FROM made s WHERE s.id %% %(parts)s = %(part)s;

INSERT INTO directory_coverage (service_id, area_id, care, role, rank, valid_from)
SELECT s.id, pc4.id, s.care, 'regular', 1, timestamptz '2026-01-01'
  FROM made s JOIN pc4 ON pc4.code = left(s.postcode, 4)
 WHERE s.id %% %(parts)s = %(part)s;

INSERT INTO directory_capacityreport
       (service_id, new_clients, size_band, parts_of_day, tasks_excluded,
        no_room_reason, reported_at, valid_until, source, reporter_label)
SELECT s.id, s.id %% 6, '', '{morning}', '{}',
       CASE s.id %% 6 WHEN 0 THEN 'staff-shortage' ELSE '' END,
       timestamptz '2026-11-20' + s.id %% 2880 * interval '1 minute',
       timestamptz '2026-11-27', 'page', 'made by seed'
  FROM made s
 WHERE s.care = 'district-nursing' AND s.id %% %(parts)s = %(part)s;
"""


def fill(*, organizations: int = ORGANIZATIONS, services: int = SERVICES) -> None:
    """Make the directory once, in one transaction; and render it."""
    from django.db import connection, transaction

    from wijkspil.accounts.models import ApiToken
    from wijkspil.directory.models import Organization
    from wijkspil.fhir.services.rendering import render_all

    if not Organization.objects.filter(ura__startswith="90").exists():
        started = time.perf_counter()
        values: dict[str, Any] = {
            "what": _WHAT,
            "first": _FIRST,
            "places": _PLACES,
            "seed": SEED % 1000,
            "organizations": organizations,
            "services": services,
            "parts": PARTS,
        }
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for statement in _LOAD.split(";\n"):
                for part in range(PARTS if "%(part)s" in statement else 1):
                    cursor.execute(statement, {**values, "part": part})
        print(f"loaded in {time.perf_counter() - started:.0f} s", flush=True)
    started = time.perf_counter()
    done = render_all()
    if done:
        print(
            f"rendered {done:,} versions in {time.perf_counter() - started:.0f} s",
            flush=True,
        )
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    ApiToken.objects.get_or_create(
        digest=digest,
        defaults={
            "organization": Organization.objects.order_by("pk").first(),
            "name": "benchmark",
            "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
        },
    )


@dataclass(frozen=True)
class Timed:
    """Milliseconds of one kind of question."""

    name: str
    times_ms: list[float]

    @property
    def p95_ms(self) -> float:
        """What 95 percent stay under."""
        return float(np.percentile(self.times_ms, 95))

    def line(self) -> str:
        """Return one line of the report."""
        return (
            f"{self.name}: {len(self.times_ms)} questions, "
            f"p50 {statistics.median(self.times_ms):.1f} ms, "
            f"p95 {self.p95_ms:.1f} ms, slowest {max(self.times_ms):.1f} ms"
        )


class Client:
    """A FHIR client with one kept-alive connection and a token."""

    def __init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
        self.headers = {"Authorization": f"Bearer {SECRET}", "Host": "localhost"}

    def get(self, address: str) -> bytes:
        """Return what an address answers."""
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self.connection.request("GET", path, headers=self.headers)
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"{path}: {response.status} {body[:300]!r}")
        return body


def searches(*, seed: int, count: int) -> dict[str, list[str]]:
    """Return questions per kind, each distinct, as clients of the directory ask."""
    from wijkspil.directory.models import HealthcareService, Organization

    rng = np.random.default_rng(seed)
    organizations = list(
        Organization.objects.order_by("?").values_list("fhir_id", "ura")[:count]
    )
    places = list(
        HealthcareService.objects.order_by("?").values_list("lat", "lon", "postcode")[
            :count
        ]
    )
    words = [f"{first} {place}" for first in _FIRST for place in _PLACES]
    ura = "http://fhir.nl/fhir/NamingSystem/ura"

    def of(type_: str, **params: object) -> str:
        return f"/fhir/{type_}?{urlencode(params)}"

    return {
        "identifier": [
            of("Organization", identifier=f"{ura}|{o[1]}") for o in organizations
        ],
        "name": [
            of("Organization", name=words[int(n)].lower())
            for n in rng.integers(len(words), size=count)
        ],
        "name of one word": [
            of("HealthcareService", name=str(rng.choice(_FIRST))[:5].lower(), _count=50)
            for _ in range(count)
        ],
        "name contains": [
            of("Organization", **{"name:contains": str(rng.choice(_PLACES))[2:7]})
            for _ in range(count)
        ],
        "services of": [
            of("HealthcareService", organization=o[0]) + "&_include=*"
            for o in organizations
        ],
        "chain": [
            of("HealthcareService", **{"organization.identifier": f"{ura}|{o[1]}"})
            for o in organizations
        ],
        "near": [
            of("Location", near=f"{p[0]:.4f}|{p[1]:.4f}|5|km")
            + "&_revinclude=HealthcareService:location&_count=50"
            for p in places
        ],
        "room near": [
            "/fhir/HealthcareService?"
            + urlencode(
                {
                    "location.near": f"{p[0]:.4f}|{p[1]:.4f}|10|km",
                    "capacity-available": "gt0",
                    "care": "district-nursing",
                    "_include": "HealthcareService:organization",
                }
            )
            for p in places
        ],
        "who has services": [
            of(
                "Organization",
                **{
                    "_has:HealthcareService:organization:covers": p[2][:4],
                    "active": "true",
                },
            )
            for p in places
        ],
        "all active, sorted": [
            of("Organization", active="true", _sort="name", _count=100)
            for _ in range(count)
        ],
        "all with room": [
            of("HealthcareService", **{"capacity-available": "gt2", "_count": 100})
            for _ in range(count)
        ],
        "changed today": [
            of("Location", _lastUpdated="ge2026-01-01", _sort="-_lastUpdated")
            for _ in range(count)
        ],
    }


def time_each(client: Client, name: str, addresses: Sequence[str]) -> Timed:
    """Ask each address once."""
    times = []
    for address in addresses:
        started = time.perf_counter()
        client.get(address)
        times.append((time.perf_counter() - started) * 1000)
    return Timed(name, times)


def read_many() -> LoadResult:
    """Read resources by id over several connections at once."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT '/fhir/' || type || '/' || fhir_id FROM fhir_resource "
            "WHERE type = ANY(%s) ORDER BY md5(fhir_id) LIMIT %s",
            [list(TYPES), READS],
        )
        paths = [path for (path,) in cursor.fetchall()]
    load(PORT, paths[:500], connections=CONNECTIONS, token=SECRET)
    return load(PORT, paths, connections=CONNECTIONS, token=SECRET)


def time_history(client: Client, *, pages: int) -> Timed:
    """Page through the history of everything."""
    times = []
    address: str | None = f"/fhir/_history?_count={HISTORY_PAGE}"
    for _ in range(pages):
        if address is None:
            break
        started = time.perf_counter()
        body = client.get(address)
        times.append((time.perf_counter() - started) * 1000)
        address = _next(body)
    return Timed(f"history, pages of {HISTORY_PAGE}", times)


def _next(body: bytes) -> str | None:
    """Return the next address without reading the resources."""
    head = body[: body.find(b'"entry":')] + b'"end":0}'
    return next(
        (
            each["url"]
            for each in json.loads(head)["link"]
            if each["relation"] == "next"
        ),
        None,
    )


def first_load(client: Client) -> tuple[int, float]:
    """Load everything page by page, as a replica does; return how many, and seconds."""
    started = time.perf_counter()
    count = 0
    for type_ in TYPES:
        address: str | None = f"/fhir/{type_}?_count={LOAD_PAGE}"
        while address:
            body = client.get(address)
            count += body.count(b'"fullUrl":')
            address = _next(body)
    return count, time.perf_counter() - started


def main() -> None:
    """Fill if empty, measure and print."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    import django

    django.setup()
    fill()
    if "load" in sys.argv[1:]:
        return
    print(describe_machine())
    asked = searches(seed=SEED, count=100)
    server = start_server()
    missed = []
    try:
        reads = read_many()
        per_core = reads.requests_per_s / (os.cpu_count() or 1)
        print(reads.line("read"), f"({per_core:.0f}/s per core)")
        if (
            reads.percentile_ms(95) > LIMIT_READ_P95_MS
            or per_core < LIMIT_READS_PER_S_PER_CORE
        ):
            missed.append("read")
        client = Client()
        for addresses in asked.values():
            time_each(client, "warm up", addresses[:5])
        results = [time_each(client, name, ways) for name, ways in asked.items()]
        for result in results:
            print(f"search {result.line()}")
        every = Timed("all", [ms for result in results for ms in result.times_ms])
        print(f"search {every.line()}")
        if every.p95_ms > LIMIT_SEARCH_P95_MS:
            missed.append("search")
        history = time_history(client, pages=200)
        print(history.line())
        if history.p95_ms > LIMIT_HISTORY_P95_MS:
            missed.append("history")
        count, seconds = first_load(client)
        print(f"first load: {count:,} resources in {seconds:.1f} s")
        if seconds > LIMIT_FIRST_LOAD_S:
            missed.append("first load")
    finally:
        server.terminate()
    if missed:
        sys.exit(f"Above the limit: {', '.join(missed)}.")


if __name__ == "__main__":
    main()
