"""Two sites: one is written to, the other copies it, while all of it is killed.

Each site is served as it is (``runtime.serve``), on a database of its own. Systems feed
the first over FHIR, two of them the same resources with ``If-Match``; others change
organizations by the services of the pages. The second follows the first, by the same
code as ``wijkspil fhir replicate --follow``, beside its own worker. At random moments
the first or second site, web or job workers, the copying process or database
connections are killed without warning, and started again.

A ledger outside (a file) holds what was acknowledged: id, ETag and content. At the end
both databases are compared, version by version.

    python -m tests.fhir.two_servers [--seconds 45] [--template NAME] [--report FILE]

Ends with 1 when anything is missing, double, out of order or different.
"""

import argparse
import contextlib
import http.client
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np
import psycopg
from psycopg import sql

Resource = dict[str, Any]

SEED = 20261122
TYPES = (
    "Organization",
    "Endpoint",
    "Location",
    "HealthcareService",
    "OrganizationAffiliation",
)
FEEDERS, RACERS, EDITORS = 3, 2, 2
OWN_RESOURCES = 3
THINK_S = (0.05, 0.4)
PAUSE_S = (1.0, 4.0)
ANSWER_WITHIN_S = 60.0
SETTLE_WITHIN_S = 600.0

SERVE = """
import os, sys, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
django.setup()
from wijkspil.config.runtime import serve
serve(host="127.0.0.1", port=int(sys.argv[1]), workers=1)
"""

#: As ``wijkspil fhir replicate --follow`` does, without migrating at each start.
COPY = """
import os, sys, time, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
django.setup()
from secrets import SystemRandom
from django.db import DatabaseError, connections
from django.utils import timezone
from wijkspil.fhir.services.other_directories import follow
from wijkspil.fhir.services.replica import copy_directory
address, secret, types, once = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4]
while True:
    try:
        directory = follow(address=address, secret=secret, types=types.split(","),
                           page_size=20, overlap_s=0)
        done = copy_directory(directory_id=directory.pk, clock=timezone.now,
                              draw=SystemRandom().random)
        print(done, flush=True)
        if once == "once" and not done.is_busy and not done.error:
            sys.exit(0 if not done.stored else 3)
    except DatabaseError as error:
        print("database:", error, flush=True)
        connections.close_all()
    time.sleep(0.3)
"""

RENDER = """
import os, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
django.setup()
from wijkspil.fhir.services.rendering import render_pending
render_pending()
"""


# --- what is killed


class Process:
    """A process that is killed with all it started, and started again."""

    def __init__(
        self,
        code: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
    ) -> None:
        self.command = [sys.executable, "-c", code, *arguments]
        self.environment = dict(environment)
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=log, stderr=log
            )

    def keep(self) -> None:
        """Start it if it does not run."""
        if self.process is None or self.process.poll() is not None:
            self.start()

    def kill(self) -> None:
        """Kill it with all its descendants, without warning."""
        if self.process is None:
            return
        for pid in [self.process.pid, *descendants_of(self.process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()


class Site(Process):
    """A served site."""

    def __init__(self, database_url: str, port: int, log: Path) -> None:
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "WIJKSPIL_WEBHOOK_PRIVATE": "yes",
            "WIJKSPIL_EMAIL_URL": "console:",
        }
        super().__init__(SERVE, [str(port)], environment, log)
        self.port = port
        self.database_url = database_url

    def await_answer(self) -> None:
        """Start it, as often as it takes, until it answers."""
        until_s = time.monotonic() + ANSWER_WITHIN_S
        while time.monotonic() < until_s:
            self.keep()
            with contextlib.suppress(OSError, http.client.HTTPException):
                line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                line.request("GET", "/healthz")
                if line.getresponse().status == 200:
                    return
            time.sleep(0.2)
        raise SystemExit(f"a site does not answer; see {self.log}")


def descendants_of(pid: int) -> list[int]:
    """Return the processes that a process started, and those started by them."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(after_name[1]), []).append(int(entry.name))
    found, left = [], [pid]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


@contextmanager
def own_databases(template: str) -> Iterator[tuple[str, str, str]]:
    """Make two databases; yield the addresses of the server's and of both."""
    base = os.environ["DATABASE_URL"]
    admin_url = urlunsplit(urlsplit(base)._replace(path="/postgres"))
    names = [f"wijkspil_two_{secrets.token_hex(4)}_{name}" for name in "ab"]
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for name in names:
            made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
    urls = [urlunsplit(urlsplit(base)._replace(path=f"/{name}")) for name in names]
    try:
        yield admin_url, urls[0], urls[1]
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            for name in names:
                dropped = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
                admin.execute(dropped.format(sql.Identifier(name)))


# --- who writes


@dataclass
class Stage:
    """What writers share."""

    port: int
    ledger: Path
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def enter(self, type_: str, id_: str, etag: str, name: str) -> None:
        """Write down what was acknowledged."""
        with self.lock, self.ledger.open("a") as file:
            file.write(
                json.dumps({"type": type_, "id": id_, "etag": etag, "name": name})
                + "\n"
            )
            self.counts["acknowledged"] += 1

    def note(self, what: str) -> None:
        """Count something."""
        with self.lock:
            self.counts[what] += 1


class Line:
    """A system that sends over FHIR until it is answered."""

    def __init__(self, stage: Stage, secret: str) -> None:
        self.stage = stage
        self.headers = {
            "Authorization": f"Bearer {secret}",
            "Content-Type": "application/fhir+json",
        }
        self.connection: http.client.HTTPConnection | None = None

    def send(
        self, method: str, path: str, body: Resource | None = None, *, match: str = ""
    ) -> tuple[int, str, Resource, bool]:
        """Return (status, ETag, body, whether an answer was lost before)."""
        was_lost = False
        until_s = time.monotonic() + ANSWER_WITHIN_S * 2
        content = None if body is None else json.dumps(body).encode()
        headers = self.headers | ({"If-Match": match} if match else {})
        while time.monotonic() < until_s:
            try:
                if self.connection is None or self._is_closed():
                    self.connection = http.client.HTTPConnection(
                        "127.0.0.1", self.stage.port, timeout=ANSWER_WITHIN_S
                    )
                self.connection.request(method, f"/fhir/{path}", content, headers)
                answer = self.connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                self.connection = None
                was_lost = True
                self.stage.note("lost answers")
                time.sleep(0.1)
                continue
            if answer.status in {429, 500, 503}:
                # A killed database connection gives 500: nothing was acknowledged.
                was_lost = was_lost or answer.status == 500
                self.stage.note(f"answers {answer.status}")
                time.sleep(0.2)
                continue
            told = json.loads(text) if text else {}
            return answer.status, answer.getheader("ETag") or "", told, was_lost
        raise TimeoutError(f"{method} {path}: no answer")

    def _is_closed(self) -> bool:
        assert self.connection is not None
        sock = self.connection.sock
        return sock is None or bool(select.select([sock], [], [], 0)[0])


def feed(
    stage: Stage, line: Line, rng: np.random.Generator, own: Sequence[Resource]
) -> None:
    """Change resources of its own, one after the other."""
    number = 0
    while not stage.stop.is_set():
        resource = dict(own[int(rng.integers(len(own)))])
        number += 1
        resource["name"] = f"{resource['id'][:8]} {number}"
        type_, id_ = resource["resourceType"], resource["id"]
        status, etag, told, _lost = line.send("PUT", f"{type_}/{id_}", resource)
        if status in {200, 201}:
            stage.enter(type_, id_, etag, resource["name"])
        else:
            stage.wrong.append(f"PUT {type_}: {status} {json.dumps(told)[:300]}")
        time.sleep(rng.uniform(*THINK_S))


def race(
    stage: Stage, line: Line, rng: np.random.Generator, shared: Resource, who: str
) -> None:
    """Change a resource that another changes as well, on the version that was read."""
    type_, id_ = shared["resourceType"], shared["id"]
    number = 0
    while not stage.stop.is_set():
        status, match, _told, _lost = line.send("GET", f"{type_}/{id_}")
        number += 1
        resource = shared | {"name": f"shared {who} {number}"}
        status, etag, told, was_lost = line.send(
            "PUT", f"{type_}/{id_}", resource, match=match if status == 200 else ""
        )
        if status in {200, 201}:
            stage.enter(type_, id_, etag, resource["name"])
        elif status == 412:
            stage.note("refused as stale")
            if was_lost:  # perhaps it was ours: then it is there, or was
                stage.note("unknown outcomes")
        else:
            stage.wrong.append(f"PUT {type_}: {status} {json.dumps(told)[:300]}")
        time.sleep(rng.uniform(*THINK_S))


def edit(stage: Stage, rng: np.random.Generator, organizations: Sequence[Any]) -> None:
    """Change organizations as their pages do."""
    from django.db import DatabaseError, connection

    from wijkspil.accounts.types import Actor, Grant, Role
    from wijkspil.directory.services.organizations import (
        OrganizationDetails,
        change_organization,
    )

    actor = Actor(label="editor", grants=(Grant(Role.ADMINISTRATOR),))
    number = 0
    while not stage.stop.is_set():
        one = organizations[int(rng.integers(len(organizations)))]
        number += 1
        name = f"{one.fhir_id[:8]} {number}"
        try:
            change_organization(
                actor=actor,
                organization_id=one.pk,
                version=None,
                details=OrganizationDetails(
                    name=name, type=one.type, ura=one.ura, agb_code=one.agb_code
                ),
            )
        except DatabaseError:  # killed: perhaps it was done, perhaps not
            stage.note("unknown outcomes")
            connection.close()
            continue
        stage.enter("Organization", one.fhir_id, "", name)
        time.sleep(rng.uniform(*THINK_S))
    connection.close()


def report_room(stage: Stage, rng: np.random.Generator, service: Any) -> None:
    """Report room, as a team does. Not in the ledger: the databases are compared."""
    from django.db import DatabaseError, connection

    from tests.factories.directory import CapacityReportFactory

    number = 0
    while not stage.stop.is_set():
        number += 1
        try:
            CapacityReportFactory.create(
                service=service,
                new_clients=number,
                reported_at=service_clock(number),
                valid_until=service_clock(number + 4320),
            )
        except DatabaseError:
            stage.note("unknown outcomes")
            connection.close()
        time.sleep(rng.uniform(*THINK_S) * 4)
    connection.close()


def service_clock(minute: int) -> datetime:
    """Return a moment that much after the start of the reports."""
    return datetime(2026, 11, 20, 8, tzinfo=UTC) + timedelta(minutes=minute)


def prepare(stage: Stage, rng: np.random.Generator) -> list[threading.Thread]:
    """Make organizations with tokens, and who works for them."""
    from django.db import connection

    from tests.factories.directory import (
        CapacityReportFactory,
        ContactPointFactory,
        CoverageFactory,
        HealthcareServiceFactory,
        OrganizationFactory,
    )
    from tests.fhir.feeding import make_feeder

    threads: list[threading.Thread] = []

    def add(act: Callable[..., None], *values: Any) -> None:
        def run() -> None:
            try:
                act(*values)
            except Exception as error:  # noqa: BLE001 - the edge of a thread
                stage.wrong.append(f"{act.__name__}: {error!r}")

        threads.append(threading.Thread(target=run, daemon=True))

    for number in range(FEEDERS):
        feeder = make_feeder(ura=f"9100000{number}")
        own = [
            make(f"{secrets.token_hex(4)}-{number}-{place}")
            for place in range(OWN_RESOURCES)
            for make in (feeder.endpoint, feeder.location, feeder.service)
        ]
        add(feed, stage, Line(stage, feeder.secret), *rng.spawn(1), own)
        if number == 0:
            shared = feeder.endpoint("shared-by-two")
            for racer in range(RACERS):
                line = Line(stage, feeder.secret)
                add(race, stage, line, *rng.spawn(1), shared, str(racer))
    for _editor in range(EDITORS):
        made = [OrganizationFactory.create() for _one in range(OWN_RESOURCES)]
        for one in made:
            one.refresh_from_db()
        service = HealthcareServiceFactory.create(organization=made[0])
        ContactPointFactory.create(service=service)
        ContactPointFactory.create(service=service, for_referrers=True)
        CoverageFactory.create(service=service)
        CapacityReportFactory.create(service=service)
        add(edit, stage, *rng.spawn(1), made)
        add(report_room, stage, *rng.spawn(1), service)
    connection.close()
    return threads


# --- what is compared


def read_versions(url: str) -> dict[tuple[str, str], list[tuple[int, Resource]]]:
    """Return (type, id) -> (version, resource) in order, without version and moment."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT type, fhir_id, version, body FROM fhir_version "
            "WHERE type = ANY(%s) ORDER BY type, fhir_id, version",
            [list(TYPES)],
        ).fetchall()
    found: dict[tuple[str, str], list[tuple[int, Resource]]] = {}
    for type_, id_, version, body in rows:
        resource = json.loads(body)
        for name in ("versionId", "lastUpdated"):
            resource["meta"].pop(name)
        resource = _in_order(resource)
        found.setdefault((type_, id_), []).append((version, resource))
    return found


def _in_order(content: Any) -> Any:
    """Return content with lists of objects sorted: their order has no meaning."""
    if isinstance(content, dict):
        return {name: _in_order(value) for name, value in content.items()}
    if isinstance(content, list) and any(isinstance(one, dict) for one in content):
        return sorted(map(_in_order, content), key=_say_sorted)
    return content


def _say_sorted(content: Any) -> str:
    return json.dumps(content, sort_keys=True)


def compare(
    ours: Mapping[tuple[str, str], list[tuple[int, Resource]]],
    copies: Mapping[tuple[str, str], list[tuple[int, Resource]]],
    known_before: Mapping[tuple[str, str], int],
    ledger: Sequence[Mapping[str, str]],
) -> list[str]:
    """Return what is wrong, in words."""
    wrong = [f"{'/'.join(key)} is only in the copy" for key in {*copies} - {*ours}]
    for key, versions in ours.items():
        first = known_before.get(key, 1)
        expected: list[Resource] = []
        for version, resource in versions:
            if version >= first and (not expected or expected[-1] != resource):
                expected.append(resource)
        found = [resource for _version, resource in copies.get(key, [])]
        if found != expected:
            wrong.append(f"{'/'.join(key)}: {_say_difference(expected, found)}")
    for line in ledger:
        key = (line["type"], line["id"])
        there = [r.get("name") for _v, r in copies.get(key, [])].count(line["name"])
        if there != 1:
            wrong.append(f"{'/'.join(key)} “{line['name']}” is {there} times there")
        if line["etag"]:
            version = int(line["etag"].removeprefix('W/"').rstrip('"'))
            names = {v: r.get("name") for v, r in ours.get(key, [])}
            if names.get(version) != line["name"]:
                wrong.append(f"{'/'.join(key)} {line['etag']} is not “{line['name']}”")
    return wrong


def _say_difference(expected: list[Resource], found: list[Resource]) -> str:
    if [r.get("name") for r in expected] != [r.get("name") for r in found]:
        names = [[r.get("name") for r in one][-8:] for one in (expected, found)]
        return f"{len(expected)} versions became {len(found)}: {names}"
    for one, other in zip(expected, found, strict=True):
        for name in {*one, *other}:
            if one.get(name) != other.get(name):
                return f"{name}: {one.get(name)!r} became {other.get(name)!r}"
    return "different"


# --- the run


@dataclass
class Outcome:
    """What a run found."""

    seconds: float
    acknowledged: int
    versions: int
    resources: int
    killed: dict[str, int]
    settled_s: float
    counts: dict[str, int]
    wrong: list[str]


def run(*, seconds: float, template: str, seed: int, folder: Path) -> Outcome:
    """Write, copy and kill for some time, and compare."""
    rng = np.random.default_rng(seed)
    with own_databases(template) as (admin_url, url_a, url_b):
        os.environ["DATABASE_URL"] = url_a
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
        django.setup()
        from tests.factories.accounts import ApiTokenFactory

        stage = Stage(free_port(), folder / "ledger.jsonl")
        stage.ledger.touch()
        threads = prepare(stage, rng)
        secret = secrets.token_hex(16)
        ApiTokenFactory.create(secret=secret)
        close_connections()
        site_a = Site(url_a, stage.port, folder / "a.log")
        site_b = Site(url_b, free_port(), folder / "b.log")
        address = f"http://127.0.0.1:{site_a.port}/fhir"
        copier, last = (
            Process(
                COPY,
                [address, secret, ",".join(TYPES), often],
                site_b.environment,
                folder / "copy.log",
            )
            for often in ("always", "once")
        )
        try:
            for site in (site_a, site_b):
                site.start()
            for site in (site_a, site_b):
                site.await_answer()
            settle(last, folder)
            known_before = {
                key: versions[-1][0] for key, versions in read_rendered(site_a).items()
            }
            copier.start()
            started = time.monotonic()
            for thread in threads:
                thread.start()
            killed = kill_at_moments(
                rng,
                until_s=started + seconds,
                site_a=site_a,
                site_b=site_b,
                copier=copier,
                admin_url=admin_url,
            )
            stage.stop.set()
            site_a.await_answer()
            for thread in threads:
                thread.join(ANSWER_WITHIN_S * 3)
            lasted_s = time.monotonic() - started
            copier.kill()
            site_b.await_answer()
            settled_s = settle(last, folder)
            ours, copies = read_rendered(site_a), read_rendered(site_b)
        finally:
            for process in (copier, last, site_a, site_b):
                process.stop()
            close_connections()
    ledger = [json.loads(line) for line in stage.ledger.read_text().splitlines()]
    wrong = stage.wrong + compare(ours, copies, known_before, ledger)
    return Outcome(
        seconds=round(lasted_s, 1),
        acknowledged=len(ledger),
        versions=sum(map(len, copies.values())),
        resources=len(copies),
        killed=dict(killed),
        settled_s=round(settled_s, 1),
        counts=dict(stage.counts),
        wrong=wrong,
    )


def settle(last: Process, folder: Path) -> float:
    """Copy until nothing is left; return the seconds."""
    started = time.monotonic()
    while time.monotonic() - started < SETTLE_WITHIN_S:
        last.start()
        assert last.process is not None
        if last.process.wait(SETTLE_WITHIN_S) == 0:
            return time.monotonic() - started
    raise SystemExit(f"the copy does not become complete; see {folder}")


def read_rendered(site: Site) -> dict[tuple[str, str], list[tuple[int, Resource]]]:
    """Return the versions of a site, all of them rendered."""
    subprocess.run([sys.executable, "-c", RENDER], env=site.environment, check=True)
    return read_versions(site.database_url)


def kill_at_moments(
    rng: np.random.Generator,
    *,
    until_s: float,
    site_a: Site,
    site_b: Site,
    copier: Process,
    admin_url: str,
) -> Counter[str]:
    """Kill something at each random moment, and let it be started again."""
    killed: Counter[str] = Counter()
    kinds = {
        "first site": site_a.kill,
        "second site": site_b.kill,
        "copying process": copier.kill,
        "worker of the first site": lambda: kill_one_of(site_a, rng),
        "worker of the second site": lambda: kill_one_of(site_b, rng),
        "database connection of the first site": lambda: end_connection(
            admin_url, site_a.database_url, rng
        ),
        "database connection of the second site": lambda: end_connection(
            admin_url, site_b.database_url, rng
        ),
    }
    names = list(kinds)
    order: list[str] = []
    while time.monotonic() < until_s:
        time.sleep(rng.uniform(*PAUSE_S))
        # A whole site is away for seconds: the smaller ones happen more often.
        order = order or [str(n) for n in rng.permutation([*names[:2], *names[2:] * 3])]
        name = order.pop()
        kinds[name]()
        killed[name] += 1
        copier.keep()
        for site in (site_a, site_b):
            site.await_answer()
    return killed


def kill_one_of(site: Site, rng: np.random.Generator) -> None:
    """Kill one process of a site but its first."""
    assert site.process is not None
    if found := descendants_of(site.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(rng.choice(found)), signal.SIGKILL)


def end_connection(admin_url: str, url: str, rng: np.random.Generator) -> None:
    """End half of the connections to a database."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        found = admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s ORDER BY pid",
            [urlsplit(url).path.lstrip("/")],
        ).fetchall()
        for (pid,) in found:
            if rng.random() < 0.5:
                admin.execute("SELECT pg_terminate_backend(%s)", [pid])


def close_connections() -> None:
    """Close what this process has open."""
    from django.db import connections

    connections.close_all()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def say(outcome: Outcome) -> list[str]:
    """Return the outcome as lines."""
    killed = ", ".join(f"{name} {times}" for name, times in outcome.killed.items())
    return [
        f"{outcome.acknowledged:,} acknowledged writes in {outcome.seconds:.0f} s; "
        f"{outcome.versions:,} versions of {outcome.resources} resources in the copy.",
        f"Killed {sum(outcome.killed.values())} times: {killed}.",
        f"Complete {timedelta(seconds=round(outcome.settled_s))} after the last write.",
        f"On the way: {outcome.counts}.",
        f"Missing, double, out of order or different: {len(outcome.wrong)}.",
    ]


def main() -> None:
    """Run; end with 1 unless both are equal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--template", required=True, help="a migrated database")
    parser.add_argument("--report", type=Path, help="write the outcome here, as JSON")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="wijkspil-two-servers-"))
    outcome = run(
        seconds=asked.seconds, template=asked.template, seed=asked.seed, folder=folder
    )
    print("\n".join(say(outcome)))
    for text in outcome.wrong[:20]:
        print("WRONG", text)
    if asked.report:
        asked.report.write_text(json.dumps(outcome.__dict__))
    print(f"ledger and logs: {folder}")
    sys.exit(bool(outcome.wrong))


if __name__ == "__main__":
    main()
