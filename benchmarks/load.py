"""300 signed-in people at work in a region of a million inhabitants, on two cores.

A copy of a filled database is given 1,000 more open requests and 300 accounts of all
roles, and is served as the product is (two web workers, one job worker). Each person
waits three to eight seconds and does what ``load_urls.yaml`` draws: nine in ten acts
read. Three parts: as it is; the same while the job worker gets SIGKILL every ten
seconds; and ever more people, until p95 passes 200 ms (the knee).

    .venv/bin/wijkspil demo --data FOLDER --region UTRECHT --no-serve     (once)
    .venv/bin/python -m benchmarks.load [--minutes 10] [--report FILE]

Client and server share the machine: what the client takes is told. The database copied
is ``wijkspil_utrecht`` of the embedded server (``--source``), or of DATABASE_URL;
nobody may be connected to it while it is copied. Ends with 1 if a limit is missed.
"""

import argparse
import asyncio
import hashlib
import json
import os
import secrets
import signal
import sys
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from string import Formatter
from typing import Any
from urllib.parse import urlencode

import numpy as np
import yaml

from benchmarks.http_load import LENGTH
from benchmarks.kill import job_workers, own_database, served
from benchmarks.machine import describe_machine
from benchmarks.offer_race import free_port

SEED = 20261122
LIMIT_P95_MS, KNEE_P95_MS = 80.0, 200.0
OPEN_REQUESTS = 1_000
KILL_EVERY_S = 10.0
WARM_UP_S = 45.0
#: Of each step of the ramp the first part is not counted.
STEP_S, STEP_WARM_UP_S = 60.0, 15.0
GROWTH = 1.25
ANSWER_WITHIN_S = 30.0
ACTS = yaml.safe_load(Path(__file__).with_name("load_urls.yaml").read_text())

PATIENTS = """
INSERT INTO referrals_patient (request_id, name, birth_date, address, phone,
  representative_name, representative_phone, gp_name, retain_until)
SELECT id, 'Client ' || number, '1940-02-03', 'Made-up street 1', '', '', '', '',
  current_date + 365
FROM referrals_servicerequest WHERE number LIKE 'B-%'
"""


# --- who works


@dataclass(frozen=True)
class Act:
    """What can be done: a name, an address and for whom; ``kind`` of a write."""

    name: str
    path: str
    weight: float
    kind: str
    roles: frozenset[str]

    @property
    def needs(self) -> list[str]:
        """Names of what is filled in."""
        return [
            name for _text, name, _spec, _how in Formatter().parse(self.path) if name
        ]


def read_acts() -> list[Act]:
    """Return the list of acts of the file beside this one."""
    return [
        Act(
            name=row["name"],
            path=row["path"],
            weight=row["weight"],
            kind=row.get("act", ""),
            roles=frozenset(row.get("roles", ACTS["users"])),
        )
        for part in ("reads", "writes")
        for row in ACTS[part]
    ]


@dataclass
class Person:
    """Somebody signed in: the role, the cookie, and what can be filled in."""

    role: str
    session: str
    values: dict[str, list[Any]]
    secret: str = ""
    csrf: str = field(default_factory=lambda: secrets.token_hex(16))


def fill(rng: np.random.Generator) -> list[Person]:
    """Add open requests, and accounts of all roles with sessions."""
    from django.db import connection
    from django.utils import timezone

    from benchmarks import worklist as rows
    from wijkspil.accounts.models import ApiToken, Membership
    from wijkspil.directory.models import Area, HealthcareService
    from wijkspil.referrals.models import Offer, RequestEvent, ServiceRequest

    now = timezone.now()
    role = Membership.objects.get(user__email=rows.COORDINATOR, role="coordinator")
    region_id = role.region_id
    assert region_id is not None
    teams = HealthcareService.objects.filter(care="district-nursing")
    values = {
        "at": now,
        "region": region_id,
        "user": role.user_id,
        "other": role.user_id,
        "rows": OPEN_REQUESTS,
        "services": teams.count(),
        "places": Area.objects.filter(
            kind__in=["pc4", "pc6"], within__contains=[region_id]
        ).count(),
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        for model, columns, source in (
            (ServiceRequest, rows.REQUEST, rows.REQUESTS_FROM),
            (Offer, rows.OFFER, rows.OFFERS_FROM),
            (RequestEvent, rows.EVENT, rows.EVENTS_FROM),
        ):
            rows.insert(cursor, model, columns, source, values)
        cursor.execute(PATIENTS)
    numbers = ServiceRequest.objects.exclude(status="draft").filter(region_id=region_id)
    postcodes = list(
        Area.objects.filter(kind="pc4", within__contains=[region_id]).values_list(
            "code", flat=True
        )
    )
    asking = list(
        numbers.exclude(requester_organization=None)
        .values_list("requester_organization", flat=True)
        .distinct()
    )
    open_offers: dict[int, list[int]] = defaultdict(list)
    for service_id, offer_id in Offer.objects.filter(
        status="open", answer_by__gt=now
    ).values_list("service_id", "pk"):
        open_offers[service_id].append(offer_id)
    services = list(teams.filter(pk__in=open_offers).values_list("pk", "organization"))
    organizations = sorted({organization for _service, organization in services})
    people = []
    for name, count in ACTS["users"].items():
        for n in range(count):
            bound: dict[str, int] = {}
            mine: dict[str, list[Any]] = {"postcode": postcodes}
            if name == "team-member":
                service, organization = services[n % len(services)]
                bound = {"service_id": service, "organization_id": organization}
                mine |= {"service": [service], "offer": open_offers[service]}
            elif name == "provider-manager":
                organization = organizations[n % len(organizations)]
                bound = {"organization_id": organization}
                mine["service"] = [s for s, o in services if o == organization]
            elif name in {"referrer", "triage"}:
                organization = asking[n % len(asking)]
                bound = {"organization_id": organization}
                mine["number"] = list(
                    numbers.filter(requester_organization=organization).values_list(
                        "number", flat=True
                    )[:200]
                )
            elif name not in {"auditor", "administrator"}:
                bound = {"region_id": region_id}
                mine["number"] = list(
                    numbers.filter(status__in=["open", "offered", "bridged"])
                    .order_by("?")
                    .values_list("number", flat=True)[:200]
                )
            person = _sign_up(name, n, bound, mine, at=now)
            if name == "referrer":
                person.secret = secrets.token_hex(16)
                ApiToken.objects.create(
                    organization_id=bound["organization_id"],
                    name=f"load {n}",
                    digest=hashlib.sha256(person.secret.encode()).hexdigest(),
                    valid_from=now - timedelta(days=1),
                )
            people.append(person)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return [people[place] for place in rng.permutation(len(people))]


def _sign_up(
    role: str, n: int, bound: dict[str, int], mine: dict[str, list[Any]], *, at: Any
) -> Person:
    """Make an account with one role, signed in; a referrer has a draft."""
    from django.conf import settings
    from django.test import Client

    from wijkspil.accounts.models import Membership, User
    from wijkspil.accounts.types import Actor, Grant, Role
    from wijkspil.referrals.services.requests import start_request
    from wijkspil.referrals.types import Need, Requester

    user = User.objects.create(
        email=f"load-{role}-{n}@example.nl",
        name=f"Load {role} {n}",
        password="!",
        is_fictional=True,
    )
    Membership.objects.create(
        user=user, role=role, valid_from=at - timedelta(days=1), **bound
    )
    if role == "referrer":
        actor = Actor(user.pk, user.name, (Grant(Role.REFERRER, **bound),))
        draft = start_request(
            actor=actor,
            need=Need(**need_of(mine["postcode"][n % len(mine["postcode"])], at)),
            requester=Requester(
                "gp", "Made-up", "070 000 0001", bound["organization_id"]
            ),
            at=at,
        )
        mine["draft"] = [draft.number]
    client = Client()
    client.force_login(user)
    return Person(role, client.cookies[settings.SESSION_COOKIE_NAME].value, mine)


def need_of(postcode: str, at: Any) -> dict[str, Any]:
    """Return an ordinary need, as the services take it."""
    from django.utils import timezone

    return {
        "postcode": postcode,
        "tasks": ["stockings", "medication"],
        "parts_of_day": ["morning"],
        "first_visit_on": timezone.localdate(at) + timedelta(days=2),
        "urgency": "days",
        "urgency_reason": "discharge",
    }


# --- the client: one process, one kept-alive connection per person


@dataclass
class Tally:
    """What came back: milliseconds per act, and what went wrong."""

    taken_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    reopened: int = 0
    writes: int = 0

    @property
    def all_ms(self) -> np.ndarray:
        """All acts together."""
        parts = [each for each in self.taken_ms.values() if each]
        return np.concatenate(parts) if parts else np.array([0.0])


class Browser:
    """One person with one connection: waits, acts, waits."""

    def __init__(
        self, person: Person, acts: Sequence[Act], port: int, rng: np.random.Generator
    ) -> None:
        self.person, self.port, self.rng = person, port, rng
        self.acts = [
            act
            for act in acts
            if person.role in act.roles
            and all(person.values.get(name) for name in act.needs)
        ]
        weights = np.array([act.weight for act in self.acts], dtype=float)
        self.shares = weights / weights.sum()
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def work(self, load: "Load") -> None:
        """Act until told to stop."""
        low, high = ACTS["think_time_s"]
        await asyncio.sleep(self.rng.uniform(0, high))
        while not load.is_over:
            act = self.acts[self.rng.choice(len(self.acts), p=self.shares)]
            await self._do(act, load)
            await asyncio.sleep(self.rng.uniform(low, high))

    async def _do(self, act: Act, load: "Load") -> None:
        filled = {}
        for name in act.needs:
            choices = self.person.values[name]
            if not choices:  # all questions were answered
                return
            if act.kind == "decline":
                filled[name] = choices.pop()
            else:
                filled[name] = choices[self.rng.integers(len(choices))]
        message = self._message(act, act.path.format(**filled))
        started = time.perf_counter()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                status, body = await self._exchange(message, load)
        except (OSError, EOFError, TimeoutError) as error:
            self._hang_up()
            load.tally.errors.append(f"{act.name}: {error!r}")
            return
        tally = load.tally
        tally.taken_ms[act.name].append((time.perf_counter() - started) * 1000)
        tally.writes += bool(act.kind)
        expected = {"": {200}, "submit": {201}}.get(act.kind, {302})
        if status not in expected:
            path = message.split(b" ", 2)[1].decode()
            tally.errors.append(f"{act.name} {path}: {status} {body[:200]!r}")

    def _message(self, act: Act, path: str) -> bytes:
        cookies = f"sessionid={self.person.session}; csrftoken={self.person.csrf}"
        head = f"Host: localhost\r\nCookie: {cookies}\r\nAccept-Language: nl\r\n"
        if not act.kind:
            return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()
        if act.kind == "submit":
            from django.utils import timezone

            head = (
                f"Host: localhost\r\nAuthorization: Bearer {self.person.secret}\r\n"
                f"Idempotency-Key: {uuid.uuid4()}\r\n"
            )
            kind = "application/json"
            postcodes = self.person.values["postcode"]
            postcode = postcodes[self.rng.integers(len(postcodes))]
            body = json.dumps(_request_body(postcode, timezone.now())).encode()
        else:
            kind = "application/x-www-form-urlencoded"
            form = {"csrfmiddlewaretoken": self.person.csrf}
            if act.kind == "note":
                form["text"] = "Familie gebeld, zij redden het tot morgen."
            if act.kind == "decline":
                form["reason"] = "travel"
            body = urlencode(form).encode()
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def _exchange(self, message: bytes, load: "Load") -> tuple[int, bytes]:
        if self.streams is not None and self.streams[0].at_eof():
            self._hang_up()
            load.tally.reopened += 1
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(message)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = LENGTH.search(head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        return status, body

    def _hang_up(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


def _request_body(postcode: str, at: Any) -> dict[str, Any]:
    need = need_of(postcode, at)
    return {
        "need": {
            "postcode": need["postcode"],
            "tasks": need["tasks"],
            "partsOfDay": need["parts_of_day"],
            "firstVisitOn": need["first_visit_on"].isoformat(),
            "urgency": need["urgency"],
            "urgencyReason": need["urgency_reason"],
        },
        "requester": {"name": "Made-up ward", "phone": "070 000 0001"},
        "patient": {
            "name": "Made-up client",
            "birthDate": "1940-02-03",
            "address": "Made-up street 1",
            "phone": "070 000 0002",
        },
        "consent": {"decision": "agreed", "givenBy": "client"},
    }


class Load:
    """People at work; the tally can be changed for a new one while they are."""

    def __init__(self, people: Sequence[Person], port: int) -> None:
        self.people, self.port = people, port
        self.acts = read_acts()
        self.rng = np.random.default_rng(SEED)
        self.tally = Tally()
        self.is_over = False
        self.tasks: list[asyncio.Task[None]] = []

    def bring_to(self, count: int) -> None:
        """Let more people work, until there are so many; accounts are shared then."""
        while len(self.tasks) < count:
            person = self.people[len(self.tasks) % len(self.people)]
            browser = Browser(person, self.acts, self.port, self.rng.spawn(1)[0])
            self.tasks.append(asyncio.create_task(browser.work(self)))

    async def measure(self, seconds: float) -> Tally:
        """Return what came back in so many seconds."""
        self.tally = Tally()
        await asyncio.sleep(seconds)
        return self.tally

    async def end(self) -> None:
        """Let everybody go home."""
        self.is_over = True
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


# --- the run


@dataclass(frozen=True)
class Part:
    """A part of the run: its name, how many people, how long, and what it gave."""

    name: str
    people: int
    seconds: float
    tally: Tally
    client_share: float
    machine_share: float
    kills: int = 0

    @property
    def p95_ms(self) -> float:
        """The time that 95 in 100 acts stay under."""
        return float(np.percentile(self.tally.all_ms, 95))

    @property
    def per_s(self) -> float:
        """Answers per second."""
        return len(self.tally.all_ms) / self.seconds

    def line(self) -> str:
        """Return a row of the table."""
        p50, p95, p99 = np.percentile(self.tally.all_ms, [50, 95, 99])
        count = len(self.tally.all_ms)
        return (
            f"| {self.name} | {self.people} | {self.seconds / 60:.1f} min | "
            f"{count:,} | {self.per_s:.1f} | "
            f"{100 * (1 - self.tally.writes / count):.0f} % | "
            f"{p50:.0f} | {p95:.0f} | {p99:.0f} | {self.tally.all_ms.max():.0f} | "
            f"{len(self.tally.errors)} | {self.kills} | {self.client_share:.0%} | "
            f"{self.machine_share:.0%} |"
        )


def busy_ticks() -> tuple[int, int]:
    """Return busy and all clock ticks of the machine so far, of all cores."""
    line = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    ticks = [int(each) for each in line]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


async def hold(
    load: Load, name: str, seconds: float, *, warm_up_s: float, site: int = 0
) -> Part:
    """Measure a part; with ``site`` its job worker is killed every ten seconds."""
    kills = Counter[str]()

    async def kill() -> None:
        while True:
            await asyncio.sleep(KILL_EVERY_S)
            for pid in job_workers(site):
                os.kill(pid, signal.SIGKILL)
                kills["killed"] += 1

    killing = asyncio.create_task(kill()) if site else None
    if warm_up_s:
        await asyncio.sleep(warm_up_s)
    busy, ticks = busy_ticks()
    client, wall = time.process_time(), time.perf_counter()
    kills.clear()
    tally = await load.measure(seconds)
    wall = time.perf_counter() - wall
    client = time.process_time() - client
    busy_after, ticks_after = busy_ticks()
    if killing is not None:
        killing.cancel()
    part = Part(
        name=name,
        people=len(load.tasks),
        seconds=wall,
        tally=tally,
        client_share=client / wall,
        machine_share=(busy_after - busy) / (ticks_after - ticks),
        kills=kills["killed"],
    )
    load.tally = Tally()
    print(part.line(), flush=True)
    for error in part.tally.errors[:5]:
        print("  ERROR", error, flush=True)
    return part


async def run(
    people: Sequence[Person], port: int, site: int, options: argparse.Namespace
) -> list[Part]:
    """Hold all parts."""
    load = Load(people, port)
    load.bring_to(options.users)
    seconds = options.minutes * 60
    parts = [await hold(load, "as it is", seconds, warm_up_s=options.warm_up)]
    if not options.no_kills:
        parts.append(
            await hold(
                load, "job worker killed", seconds, warm_up_s=KILL_EVERY_S, site=site
            )
        )
    if not options.no_ramp:
        if parts[-1].p95_ms >= KNEE_P95_MS:  # the knee is below: from fewer people on
            await load.end()
            load = Load(people, port)
            load.bring_to(max(1, options.users // 6))
            parts.append(await hold(load, "ramp", STEP_S, warm_up_s=STEP_WARM_UP_S))
        while parts[-1].p95_ms < KNEE_P95_MS and len(parts) < 20:
            load.bring_to(round(len(load.tasks) * GROWTH))
            parts.append(await hold(load, "ramp", STEP_S, warm_up_s=STEP_WARM_UP_S))
    await load.end()
    return parts


def find_knee(parts: Sequence[Part]) -> str:
    """Say at how many requests a second p95 is 200 ms, between two steps."""
    for before, after in pairwise(parts):
        if before.p95_ms < KNEE_P95_MS <= after.p95_ms and after.name == "ramp":
            share = (KNEE_P95_MS - before.p95_ms) / (after.p95_ms - before.p95_ms)
            per_s = before.per_s + share * (after.per_s - before.per_s)
            people = before.people + share * (after.people - before.people)
            return (
                f"Knee: p95 is {KNEE_P95_MS:.0f} ms at {per_s:.0f} requests a second "
                f"({people:.0f} people)."
            )
    return "The knee was not reached."


def report_lines(parts: Sequence[Part], *, inhabitants: int, day: str) -> list[str]:
    """Return the report as lines of Markdown."""
    first = parts[0]
    lines = [
        "# Load test",
        "",
        f"Made by `python -m benchmarks.load` on {day}, {describe_machine()}; client "
        "and PostgreSQL share the machine. Region of "
        f"{inhabitants:,} inhabitants, {OPEN_REQUESTS:,} requests open beside those of "
        "the demo, two web workers, one job worker; acts and weights in "
        "`benchmarks/load_urls.yaml`. Times in milliseconds.",
        "",
        "| part | people | time | requests | per s | reads | p50 | p95 | p99 | slowest "
        "| errors | kills | client, of a core | machine |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(part.line() for part in parts),
        "",
        find_knee(parts),
        "",
        f"Limit: p95 of {LIMIT_P95_MS:.0f} ms, without errors, as it is and while the "
        "job worker is killed every ten seconds.",
        "",
        "Per act, as it is:",
        "",
        "| act | requests | p50 | p95 | p99 |",
        "|---|---:|---:|---:|---:|",
    ]
    rows = sorted(
        first.tally.taken_ms.items(), key=lambda row: -np.percentile(row[1], 95)
    )
    for name, taken in rows:
        p50, p95, p99 = np.percentile(taken, [50, 95, 99])
        lines.append(f"| {name} | {len(taken):,} | {p50:.0f} | {p95:.0f} | {p99:.0f} |")
    return [*lines, ""]


@contextmanager
def source_server(source: str) -> Iterator[None]:
    """Point DATABASE_URL to the server that has the database to copy."""
    from wijkspil.config import postgres

    if not os.environ.get("DATABASE_URL"):
        server = postgres.ensure_running(postgres.default_data_dir())
        if source not in postgres.list_databases(server):
            raise SystemExit(
                f"There is no database {source}. Make it with: "
                "wijkspil demo --data FOLDER --region UTRECHT --no-serve"
            )
        os.environ["DATABASE_URL"] = server.url(source)
    yield


def main() -> None:
    """Fill a copy, serve it, hold the parts and report; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--users", type=int, default=sum(ACTS["users"].values()))
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S, metavar="SECONDS")
    parser.add_argument("--source", default="wijkspil_utrecht")
    parser.add_argument("--no-kills", action="store_true")
    parser.add_argument("--no-ramp", action="store_true")
    parser.add_argument("--report", type=Path, help="write the report to this file")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(143))
    # Messages go to the log of the site, not to files.
    os.environ["WIJKSPIL_EMAIL_URL"] = "console:"
    with source_server(options.source), own_database(options.source) as url:
        os.environ["DATABASE_URL"] = url
        from wijkspil.config.runtime import start_application

        start_application()
        from django.db import connections
        from django.utils import timezone

        from wijkspil.directory.models import Area

        people = fill(np.random.default_rng(SEED))
        inhabitants = sum(
            population or 0
            for population in Area.objects.filter(kind="pc4").values_list(
                "population", flat=True
            )
        )
        connections.close_all()
        folder = Path(tempfile.mkdtemp(prefix="wijkspil-load-"))
        port = free_port()
        with (
            (folder / "site.log").open("wb") as log,
            served(port, log, jobs=1) as site,
        ):
            parts = asyncio.run(run(people, port, site, options))
        connections.close_all()
    day = timezone.localdate().isoformat()
    lines = report_lines(parts, inhabitants=inhabitants, day=day)
    print("\n".join(lines))
    for part in parts:
        for error, count in Counter(part.tally.errors).most_common(10):
            print(f"ERROR {part.name}: {count} times {error}")
    if options.report:
        options.report.write_text("\n".join(lines))
    print(f"log of the site: {folder}")
    judged = [part for part in parts if part.name != "ramp"]
    sys.exit(any(part.p95_ms > LIMIT_P95_MS or part.tally.errors for part in judged))


if __name__ == "__main__":
    main()
