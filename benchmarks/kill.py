"""Kill workers at random moments while systems and people work; nothing may be lost.

The product is served as it is (``runtime.serve``: two web workers, two job workers) on
a database of its own. Systems of a hospital and of teams send requests, answer
questions, set hours and report room over the REST interface, each write with an
``Idempotency-Key``; a coordinator puts notes on pages; each organization has a webhook
that is written down here. At each moment one of these:

* a job worker gets SIGKILL, just after a question was made late: 0 errors, and each
  late question is closed once;
* a web worker gets SIGTERM: 0 errors, for it answers what it has in hand;
* a web worker gets SIGKILL: only requests in hand break, the same is sent again with
  the same key, and there is one effect.

An outside ledger (a file) holds what answers said, and nothing else. At the end tables
and webhooks are compared with it.

    .venv/bin/python -m benchmarks.kill [--moments 200] [--report FILE]

About 13 minutes with 200 moments, plus at most four until the last message has gone.
Ends with 1 on any error, loss or double effect.
"""

import argparse
import http.client
import http.server
import json
import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import numpy as np
import psycopg
from psycopg import sql

from benchmarks.machine import describe_machine
from wijkspil.config.runtime import SITE_NAME, TIMERS_NAME

SEED = 20261122
KINDS = ("job-kill", "web-term", "web-kill")
SAID = {
    "job-kill": "job worker, SIGKILL",
    "web-term": "web worker, SIGTERM",
    "web-kill": "web worker, SIGKILL",
}
LONGEST_PAUSE_S = 6.0
TEAMS = 12
HOSPITAL_SYSTEMS, COORDINATORS = 3, 2
#: Between two acts of one system.
THINK_S = (0.0, 0.3)
ANSWER_WITHIN_S = 90.0
NO_HEADERS: Mapping[str, str] = {}

SERVE = """
import sys
from wijkspil.config.runtime import serve, start_application
start_application()
serve(host="127.0.0.1", port=int(sys.argv[1]), workers=2, job_workers=int(sys.argv[2]))
"""


# --- a database, the product and its processes


@contextmanager
def own_database(template: str) -> Iterator[str]:
    """Make a database (as a copy of ``template``), yield its address, and drop it."""
    from wijkspil.config import postgres

    base = os.environ.get("DATABASE_URL")
    if not base:
        server = postgres.ensure_running(postgres.default_data_dir())
        postgres.ensure_database(server, "wijkspil")
        base = server.url("wijkspil")
    admin_url = urlunsplit(urlsplit(base)._replace(path="/postgres"))
    name = f"wijkspil_bench_{secrets.token_hex(4)}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        admin.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield urlunsplit(urlsplit(base)._replace(path=f"/{name}"))
        finally:
            dropped = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            admin.execute(dropped.format(sql.Identifier(name)))


@contextmanager
def served(port: int, log: IO[bytes], *, jobs: int) -> Iterator[int]:
    """Serve the product with two web workers and job workers; yield its process id."""
    environment = {**os.environ, "WIJKSPIL_WEBHOOK_PRIVATE": "yes"}
    # Messages go to the log of the site, not to files.
    environment["WIJKSPIL_EMAIL_URL"] = "console:"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port), str(jobs)],
        env=environment,
        stdout=log,
        stderr=log,
    )
    try:
        for _attempt in range(600):
            if process.poll() is not None:
                raise SystemExit(f"the site ended with {process.returncode}")
            try:
                line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                line.request("GET", "/healthz")
                if line.getresponse().status == 200:
                    break
            except OSError:
                time.sleep(0.2)
        else:
            raise SystemExit("the site did not start")
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def children_of(pid: int) -> list[tuple[int, str]]:
    """Return the processes that a process started, with their names."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            after_name = (entry / "stat").read_text().rpartition(")")[2].split()
            name = (entry / "comm").read_text().strip()
        except OSError:  # it has just ended
            continue
        if int(after_name[1]) == pid and after_name[0] != "Z":
            found.append((int(entry.name), name))
    return found


def job_workers(site: int) -> list[int]:
    """Return the ids of the processes that do jobs."""
    return [pid for pid, name in children_of(site) if name == TIMERS_NAME]


def web_workers(site: int) -> list[int]:
    """Return the ids of the processes that answer; not of the one that starts them."""
    return [
        worker
        for pid, name in children_of(site)
        if name == SITE_NAME
        for worker, _name in children_of(pid)
    ]


class Sink:
    """What webhooks brought: (path of the endpoint, id in header, id in body)."""

    def __init__(self) -> None:
        received: list[tuple[str, str, str]] = []

        class Taking(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told = json.loads(body)["id"]
                received.append((self.path, self.headers["Wijkspil-Id"] or "", told))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.received = received
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, name: str) -> str:
        """Return an address of an endpoint."""
        return f"http://127.0.0.1:{self.server.server_port}/{name}"


# --- who works


@dataclass
class Counts:
    """What happened to sendings, by the kind of the last moment before."""

    answers: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    replayed: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    slowest_s: dict[str, float] = field(default_factory=dict)


class Ledger:
    """A file with a line for each acknowledged act, written when the answer is in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = path.open("w")

    def enter(self, act: str, key: str, **told: Any) -> None:
        """Write a line."""
        with self._lock:
            self._file.write(json.dumps({"act": act, "key": key, **told}) + "\n")
            self._file.flush()

    def read(self) -> list[dict[str, Any]]:
        """Return all lines."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]


class Stage:
    """What the workers of this benchmark share: port, counts, ledger and the clock."""

    def __init__(self, port: int, ledger: Ledger) -> None:
        self.port = port
        self.ledger = ledger
        self.counts = Counts()
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.kind = "before"
        #: Days as the interface takes them; set when the stage is ready.
        self.first_visit_on = self.review_on = ""

    def note(self, what: Counter[str], kind: str) -> None:
        """Count something."""
        with self.lock:
            what[kind] += 1

    def wrong(self, text: str) -> None:
        """Write an error down."""
        with self.lock:
            self.counts.errors.append(f"after {self.kind}: {text}")


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        """The body as data."""
        return json.loads(self.body) if self.body else {}


class Line:
    """One kept-alive connection of one system or browser."""

    def __init__(self, stage: Stage, headers: Mapping[str, str]) -> None:
        self.stage = stage
        self.headers = dict(headers)
        self.connection: http.client.HTTPConnection | None = None

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        is_resent: bool = True,
    ) -> Reply | None:
        """Send until there is an answer; None when it broke and may not be resent.

        An answer 409 "still running" is asked for again. Each break is counted.
        """
        given_up_at = time.monotonic() + ANSWER_WITHIN_S
        tries = 0
        while time.monotonic() < given_up_at:
            tries += 1
            kind_before, started = self.stage.kind, time.monotonic()
            try:
                reply = self._once(method, path, body, headers)
            except ConnectionRefusedError:
                self.stage.wrong(f"{method} {path}: nobody listens")
                self._close()
                time.sleep(0.5)
                continue
            except TimeoutError:
                self.stage.wrong(f"{method} {path}: no answer")
                self._close()
                return None
            except (OSError, http.client.HTTPException) as error:
                self._broke(kind_before, method, path, error)
                if not is_resent:
                    return None
                self.stage.note(self.stage.counts.again, self.stage.kind)
                continue
            self._answered(reply, method, path, time.monotonic() - started)
            if reply.status == 409 and b"request-in-progress" in reply.body:
                time.sleep(0.05)
                continue
            return reply
        self.stage.wrong(f"{method} {path}: {tries} times no answer")
        return None

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        if self.connection is not None and self._is_closed():
            self._close()
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", self.stage.port, timeout=ANSWER_WITHIN_S
            )
        self.connection.request(method, path, body, {**self.headers, **headers})
        answer = self.connection.getresponse()
        content = answer.read()
        return Reply(
            answer.status, {k.lower(): v for k, v in answer.getheaders()}, content
        )

    def _is_closed(self) -> bool:
        """Whether the server closed it while it was idle."""
        assert self.connection is not None
        if self.connection.sock is None:
            return True
        return bool(select.select([self.connection.sock], [], [], 0)[0])

    def _close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _broke(
        self, kind_before: str, method: str, path: str, error: Exception
    ) -> None:
        self._close()
        stage = self.stage
        time.sleep(0.02)  # whoever kills tells so just before
        stage.note(stage.counts.broken, stage.kind)
        if "web-kill" not in {kind_before, stage.kind}:
            stage.wrong(f"{method} {path} broke: {error!r}")

    def _answered(self, reply: Reply, method: str, path: str, seconds: float) -> None:
        stage, counts = self.stage, self.stage.counts
        stage.note(counts.answers, stage.kind)
        with stage.lock:
            slowest = counts.slowest_s.get(stage.kind, 0.0)
            counts.slowest_s[stage.kind] = max(slowest, seconds)
        if reply.headers.get("idempotency-replayed"):
            stage.note(counts.replayed, stage.kind)
        if reply.status >= 500:
            stage.wrong(f"{method} {path}: {reply.status} {reply.body[:200]!r}")


class System:
    """An organization's own system: it writes with a key, and keeps the ledger."""

    def __init__(self, stage: Stage, secret: str) -> None:
        self.stage = stage
        self.line = Line(stage, {"Authorization": f"Bearer {secret}"})

    def read(self, path: str) -> Any:
        """Return what a path below /api/v1 answers."""
        reply = self.line.send("GET", f"/api/v1{path}")
        if reply is None or reply.status != 200:
            self._unexpected("GET", path, reply)
            return {}
        return reply.told

    def write(
        self, act: str, path: str, body: Any = None, *, key: str = "", **told: Any
    ) -> Any:
        """Write once; enter it in the ledger if it was done. None if it was refused."""
        key = key or str(uuid.uuid4())
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        reply = self.line.send("POST", f"/api/v1{path}", content, headers=headers)
        if reply is not None and 200 <= reply.status < 300:
            answered = reply.told
            told |= {
                name: answered[name] for name in ("id", "number") if name in answered
            }
            self.stage.ledger.enter(act, key, **told)
            return answered
        if reply is not None and reply.status == 409:
            self.stage.note(self.stage.counts.refused, reply.told.get("code", "?"))
            return None
        self._unexpected("POST", path, reply)
        return None

    def _unexpected(self, method: str, path: str, reply: Reply | None) -> None:
        if reply is not None and reply.status < 500:  # the rest is written down
            self.stage.wrong(f"{method} {path}: {reply.status} {reply.body[:300]!r}")


def work_as_hospital(system: System, rng: np.random.Generator) -> None:
    """Send requests, look at them, and withdraw some."""
    while not system.stage.stop.is_set():
        key = str(uuid.uuid4())
        sent = system.write(
            "request",
            "/requests",
            request_body(rng, key, system.stage.first_visit_on),
            key=key,
        )
        if sent is not None and rng.random() < 0.5:
            number = sent["number"] if "number" in sent else sent["request"]["number"]
            system.read(f"/requests/{number}")
            if rng.random() < 0.3:
                system.write(
                    "withdraw",
                    f"/requests/{number}/withdrawal",
                    {"reason": "own-network"},
                    request=number,
                )
        if rng.random() < 0.2:
            endpoint = system.read("/webhook-endpoints")["items"][0]["id"]
            system.write("message", f"/webhook-endpoints/{endpoint}/test")
        system.stage.stop.wait(0.4 + rng.uniform(*THINK_S))


def request_body(
    rng: np.random.Generator, key: str, first_visit_on: str
) -> dict[str, Any]:
    """Return a request whose client is named after the key."""
    return {
        "need": {
            "postcode": "2512AB",
            "tasks": rng.permutation(["stockings", "medication", "wound"])[:2].tolist(),
            "partsOfDay": ["morning"],
            "firstVisitOn": first_visit_on,
            "urgency": str(rng.choice(["tomorrow", "days", "week"])),
            "urgencyReason": "discharge",
        },
        "requester": {"name": "Made-up ward", "phone": "070 000 0001"},
        "patient": {
            "name": f"Client {key}",
            "birthDate": "1940-02-03",
            "address": "Made-up street 1",
            "phone": "070 000 0002",
        },
        "consent": {"decision": "agreed", "givenBy": "client"},
    }


def work_as_team(system: System, rng: np.random.Generator, service_id: int) -> None:
    """Answer questions, set hours, start care, and report room."""
    while not system.stage.stop.is_set():
        for offer in system.read("/offers?status=open").get("items", ())[:5]:
            if system.stage.stop.is_set():
                break
            answer(system, rng, offer["id"])
            system.stage.stop.wait(rng.uniform(*THINK_S))
        system.write(
            "room",
            f"/services/{service_id}/capacity",
            {"newClients": 40, "sizeBand": "any", "partsOfDay": ["morning"]},
            service=service_id,
        )
        system.stage.stop.wait(0.3 + rng.uniform(*THINK_S))


def answer(system: System, rng: np.random.Generator, offer_id: int) -> None:
    """Say yes or no to a question; after a yes come hours and the start of care."""
    if rng.random() < 0.5:
        reason = str(rng.choice(["skills", "travel", "other-better"]))
        path = f"/offers/{offer_id}/decline"
        system.write("decline", path, {"reason": reason}, offer=offer_id)
        return
    path = f"/offers/{offer_id}/acceptance"
    taken = system.write("accept", path, {"overCapacity": True}, offer=offer_id)
    if taken is None:
        return
    number = taken["request"]["number"]
    hours = {"hoursPerWeek": 3.5, "reviewOn": system.stage.review_on}
    if rng.random() < 0.6 and system.write(
        "hours", f"/requests/{number}/hours", hours, request=number
    ):
        system.write("start", f"/requests/{number}/care-start", request=number)


def work_at_desk(
    line: Line, rng: np.random.Generator, pick: Callable[[], str | None]
) -> None:
    """Look at pages, and put notes on the timeline; a page has no key to send again."""
    stage = line.stage
    token = secrets.token_hex(16)
    line.headers["Cookie"] += f"; csrftoken={token}"
    while not stage.stop.is_set():
        for path in ("/regietafel/", "/regiocijfers/", "/berichten/"):
            reply = line.send("GET", path)
            if reply is not None and reply.status >= 400:
                stage.wrong(f"GET {path}: {reply.status}")
            stage.stop.wait(rng.uniform(*THINK_S))
        number = pick()
        if number is None:
            continue
        key = str(uuid.uuid4())
        form = {"csrfmiddlewaretoken": token, "text": f"Note {key}"}
        reply = line.send(
            "POST",
            f"/regietafel/{number}/notitie",
            urlencode(form).encode(),
            is_resent=False,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        if reply is None:
            stage.note(stage.counts.unanswered, stage.kind)
        elif reply.status == 302:
            stage.ledger.enter("note", key)
        elif reply.status >= 400:
            stage.wrong(f"a note on {number}: {reply.status}")


# --- the moments


def kill_at_moments(
    stage: Stage,
    site: int,
    rng: np.random.Generator,
    *,
    moments: int,
    longest_pause_s: float,
    late: Callable[[], int | None],
) -> tuple[Counter[str], set[int]]:
    """Kill at each moment; return how often what, and which questions came late."""
    done: Counter[str] = Counter()
    made_late: set[int] = set()
    kinds = [KINDS[number % len(KINDS)] for number in range(moments)]
    rng.shuffle(kinds)
    for number, kind in enumerate(kinds, start=1):
        time.sleep(rng.uniform(longest_pause_s / 4, longest_pause_s))
        if kind == "job-kill" and (offer_id := late()) is not None:
            made_late.add(offer_id)
            # Now and then while it is closed: timers run with each minute.
            time.sleep(rng.uniform(0.0, 0.5))
        workers = (job_workers if kind == "job-kill" else web_workers)(site)
        while not workers:
            time.sleep(0.05)
            workers = (job_workers if kind == "job-kill" else web_workers)(site)
        stage.kind = kind
        how = signal.SIGTERM if kind == "web-term" else signal.SIGKILL
        try:
            os.kill(int(rng.choice(workers)), how)
        except ProcessLookupError:  # it has just ended by an earlier moment
            continue
        done[kind] += 1
        if number % 20 == 0:
            print(
                f"  {number} moments, {sum(stage.counts.answers.values())} answers, "
                f"{sum(stage.counts.broken.values())} broken, "
                f"{len(stage.counts.errors)} errors",
                flush=True,
            )
    time.sleep(3)
    return done, made_late


def make_one_late(connection: psycopg.Connection[Any]) -> int | None:
    """Let the time of an open question pass; return its id."""
    row = connection.execute(
        "UPDATE referrals_offer SET answer_by = now() WHERE id = ("
        "SELECT id FROM referrals_offer WHERE status = 'open' AND answer_by > now() "
        "ORDER BY random() LIMIT 1) AND status = 'open' RETURNING id"
    ).fetchone()
    return None if row is None else int(row[0])


# --- the comparison


@dataclass
class Findings:
    """What the comparison of tables and webhooks with the ledger gave."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    late: int = 0
    deliveries: int = 0
    arrivals: int = 0

    def expect_one(self, what: str, rows: int) -> None:
        """Judge an acknowledged act by the number of its effects."""
        if rows == 0:
            self.lost.append(what)
        elif rows > 1:
            self.double.append(f"{what}: {rows} times")


#: Effects of an act, by what it was about.
EFFECTS = {
    "request": "SELECT name, count(*) FROM referrals_patient GROUP BY 1",
    "accept": "SELECT o.id, (SELECT count(*) FROM referrals_requestevent e WHERE "
    "e.request_id = o.request_id AND e.service_id = o.service_id AND "
    "e.kind = 'accepted') FROM referrals_offer o WHERE o.status = 'accepted'",
    "decline": "SELECT o.id, (SELECT count(*) FROM referrals_requestevent e WHERE "
    "e.request_id = o.request_id AND e.service_id = o.service_id AND "
    "e.kind = 'declined') FROM referrals_offer o WHERE o.status = 'declined'",
    "hours": "SELECT r.number, count(*) FROM referrals_requestevent e JOIN "
    "referrals_servicerequest r ON r.id = e.request_id WHERE e.kind = 'intake' "
    "GROUP BY 1",
    "start": "SELECT r.number, count(*) FROM referrals_requestevent e JOIN "
    "referrals_servicerequest r ON r.id = e.request_id WHERE e.kind = 'care-started' "
    "GROUP BY 1",
    "withdraw": "SELECT r.number, count(*) FROM referrals_requestevent e JOIN "
    "referrals_servicerequest r ON r.id = e.request_id WHERE e.kind = 'withdrawn' "
    "GROUP BY 1",
    "note": "SELECT detail ->> 'text', count(*) FROM referrals_requestevent "
    "WHERE kind = 'note' GROUP BY 1",
    "message": "SELECT id::text, count(*) FROM communications_communication GROUP BY 1",
}
ABOUT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "request": lambda line: f"Client {line['key']}",
    "accept": lambda line: line["offer"],
    "decline": lambda line: line["offer"],
    "hours": lambda line: line["request"],
    "start": lambda line: line["request"],
    "withdraw": lambda line: line["request"],
    "note": lambda line: f"Note {line['key']}",
    "message": lambda line: line["id"],
}


def compare(
    connection: psycopg.Connection[Any],
    ledger: list[dict[str, Any]],
    sink: Sink,
    made_late: set[int],
    *,
    is_settled: bool,
) -> Findings:
    """Compare the tables and what arrived with the ledger."""
    found = Findings(late=len(made_late))
    found.acknowledged.update(line["act"] for line in ledger)
    for act, query in EFFECTS.items():
        rows = dict(connection.execute(query).fetchall())
        told = [ABOUT[act](line) for line in ledger if line["act"] == act]
        for about in told:
            found.expect_one(f"{act} {about}", rows.get(about, 0))
        found.double += [
            f"{act} {about}: {times} times, unacknowledged"
            for about, times in rows.items()
            if times > 1 and about not in told
        ]
    _compare_counts(connection, ledger, found)
    _compare_late(connection, made_late, found, is_settled=is_settled)
    _compare_messages(connection, sink, found, is_settled=is_settled)
    return found


def _compare_counts(
    connection: psycopg.Connection[Any], ledger: list[dict[str, Any]], found: Findings
) -> None:
    """Compare what is told only by its number: test messages, reports, keys, places."""
    counts = Counter(line["act"] for line in ledger)
    for what, query, expected in (
        (
            "test messages",
            "SELECT count(*) FROM communications_communication WHERE topic = "
            "'communications.test'",
            counts["message"],
        ),
        (
            "reports of room",
            "SELECT count(*) FROM directory_capacityreport WHERE source = 'system' "
            "AND new_clients = 40",
            counts["room"],
        ),
        (
            "keys",
            "SELECT count(*) FROM core_idempotencyrecord",
            sum(counts.values()) - counts["note"],
        ),
        (
            "places taken",
            "SELECT count(*) FROM directory_capacityreservation",
            counts["accept"],
        ),
        ("clients", "SELECT count(*) FROM referrals_patient", counts["request"]),
    ):
        row = connection.execute(query).fetchone()
        assert row is not None
        if row[0] > expected:
            found.double.append(f"{what}: {row[0]}, acknowledged {expected}")
        elif row[0] < expected:
            found.lost.append(f"{what}: {row[0]}, acknowledged {expected}")


def _compare_late(
    connection: psycopg.Connection[Any],
    made_late: set[int],
    found: Findings,
    *,
    is_settled: bool,
) -> None:
    """A question whose time passed is closed once, however often timers were killed."""
    rows = connection.execute(
        "SELECT o.id, o.status, (SELECT count(*) FROM referrals_requestevent e "
        "WHERE e.request_id = o.request_id AND e.service_id = o.service_id "
        "AND e.kind = 'expired') FROM referrals_offer o "
        "WHERE o.id = ANY(%s) OR o.status = 'expired'",
        [list(made_late)],
    ).fetchall()
    for offer_id, status, times in rows:
        if status == "expired":
            found.expect_one(f"late question {offer_id}", times)
        elif status == "open" and is_settled:
            found.lost.append(f"late question {offer_id} is open")


def _compare_messages(
    connection: psycopg.Connection[Any],
    sink: Sink,
    found: Findings,
    *,
    is_settled: bool,
) -> None:
    """Each message arrived where it should, always with the one id it has."""
    arrived = list(sink.received)
    found.arrivals = len(arrived)
    stored = {
        (urlsplit(url).path, identifier): status
        for url, identifier, status in connection.execute(
            "SELECT w.url, d.communication_id::text, d.status FROM "
            "communications_delivery d JOIN communications_webhookendpoint w "
            "ON w.id = d.endpoint_id WHERE d.channel = 'webhook'"
        )
    }
    found.deliveries = len(stored)
    for path, in_header, in_body in arrived:
        if in_header != in_body or (path, in_body) not in stored:
            found.double.append(f"a message with another id at {path}: {in_body}")
    seen = {(path, in_body) for path, _in_header, in_body in arrived}
    for (path, identifier), status in stored.items():
        if (status == "sent" or is_settled) and (path, identifier) not in seen:
            found.lost.append(f"message {identifier} at {path} ({status})")
    keyed = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM communications_communication WHERE "
        "key <> '' GROUP BY topic, key, to_user_id, to_organization_id, "
        "to_service_id, to_region_id HAVING count(*) > 1) AS twice"
    ).fetchone()
    if keyed is not None and keyed[0]:
        found.double.append(f"{keyed[0]} messages have a second id")


def wait_until_settled(
    connection: psycopg.Connection[Any], *, at_most_s: float
) -> float:
    """Wait until nothing is late and nothing waits to go; return the seconds."""
    started = time.monotonic()
    while time.monotonic() - started < at_most_s:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM communications_delivery WHERE "
            "status = 'waiting') + (SELECT count(*) FROM referrals_offer WHERE "
            "status = 'open' AND answer_by <= now()) + (SELECT count(*) FROM "
            "procrastinate_jobs WHERE status = 'doing' AND queueing_lock IS NULL)"
        ).fetchone()
        if row == (0,):
            break
        time.sleep(1)
    return time.monotonic() - started


# --- the run


def prepare(
    stage: Stage, sink: Sink, rng: np.random.Generator
) -> list[threading.Thread]:
    """Make who works: organizations with teams, tokens, webhooks, and coordinators."""
    import hashlib

    from django.conf import settings
    from django.db import connection
    from django.utils import timezone
    from tests.factories.accounts import ApiTokenFactory
    from tests.factories.referrals import make_coordinator, make_wijk

    from wijkspil.referrals.models import ServiceRequest

    now = timezone.now()
    wijk = make_wijk(at=now, teams=TEAMS, new_clients=40)
    today = timezone.localdate(now)
    stage.first_visit_on = (today + timedelta(days=2)).isoformat()
    stage.review_on = (today + timedelta(days=40)).isoformat()
    threads: list[threading.Thread] = []

    def add(act: Callable[..., None], *values: Any) -> None:
        threads.append(threading.Thread(target=act, args=values, daemon=True))

    def token(organization: Any) -> str:
        secret = secrets.token_hex(16)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        ApiTokenFactory.create(organization=organization, digest=digest, valid_from=now)
        return secret

    secret = token(wijk.hospital)
    connect(System(stage, secret), sink.url("hospital"))
    for _number in range(HOSPITAL_SYSTEMS):
        add(work_as_hospital, System(stage, secret), *rng.spawn(1))
    for number, service in enumerate(wijk.teams):
        secret = token(service.organization)
        connect(System(stage, secret), sink.url(f"team-{number}"))
        add(work_as_team, System(stage, secret), *rng.spawn(1), service.pk)

    def pick() -> str | None:
        try:
            return (
                ServiceRequest.objects.filter(status__in=["open", "offered"])
                .order_by("?")
                .values_list("number", flat=True)
                .first()
            )
        finally:
            connection.close()

    for number in range(COORDINATORS):
        person = make_coordinator(wijk.region, name=f"Coordinator {number}", at=now)
        session = person.browser().cookies[settings.SESSION_COOKIE_NAME].value
        line = Line(stage, {"Cookie": f"sessionid={session}", "Host": "localhost"})
        add(work_at_desk, line, *rng.spawn(1), pick)
    connection.close()
    return threads


def connect(system: System, url: str) -> None:
    """Connect a webhook for an organization; it is no act of the ledger."""
    body = json.dumps({"url": url}).encode()
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
    reply = system.line.send("POST", "/api/v1/webhook-endpoints", body, headers=headers)
    if reply is None or reply.status != 201:
        raise SystemExit(f"no webhook: {reply}")


def report_lines(
    stage: Stage,
    done: Counter[str],
    found: Findings,
    *,
    seconds: float,
    settled_s: float,
    at: datetime,
) -> list[str]:
    """Return the report as lines of Markdown."""
    counts = stage.counts
    errors = Counter(
        text.split(":")[0].removeprefix("after ") for text in counts.errors
    )
    lines = [
        "# Kill test",
        "",
        f"Made by `python -m benchmarks.kill` on {at:%Y-%m-%d}, {describe_machine()}. "
        f"{sum(done.values())} random moments in {seconds / 60:.0f} minutes, two web "
        "workers and two job workers on a real PostgreSQL.",
        "",
        "| killed | moments | answers | errors | broken in flight | sent again "
        "| answered from the key | slowest answer |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {SAID[kind]} | {done[kind]} | {counts.answers[kind]:,} | "
        f"{errors[kind]} | {counts.broken[kind]} | {counts.again[kind]} | "
        f"{counts.replayed[kind]} | {counts.slowest_s.get(kind, 0):.2f} s |"
        for kind in KINDS
    ]
    acts = ", ".join(f"{n:,} {act}" for act, n in found.acknowledged.most_common())
    lines += [
        "",
        f"Acknowledged acts in the outside ledger: {acts}.",
        "",
        f"- Lost: {len(found.lost)}. Done twice: {len(found.double)}.",
        f"- Questions that were made late just before a job worker died: {found.late}.",
        f"- Outward messages: {found.deliveries:,}; arrivals {found.arrivals:,}, so "
        f"{max(0, found.arrivals - found.deliveries)} came again, with the same id.",
        f"- Notes on a page whose answer broke (a page has no key, nothing is sent "
        f"again): {sum(counts.unanswered.values())}.",
        f"- After the last moment everything was done within {settled_s:.0f} s.",
        f"- Refusals that belong to the work: {dict(counts.refused)}.",
        "",
    ]
    return lines


def run(options: argparse.Namespace) -> bool:
    """Hold the moments, compare and report; return whether all went well."""
    from django.utils import timezone

    from benchmarks.offer_race import free_port

    rng = np.random.default_rng(options.seed)
    port = free_port()
    sink = Sink()
    folder = Path(tempfile.mkdtemp(prefix="wijkspil-kill-"))
    stage = Stage(port, Ledger(folder / "ledger.jsonl"))
    with (
        (folder / "site.log").open("wb") as log,
        served(port, log, jobs=2) as site,
        psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection,
    ):
        threads = prepare(stage, sink, rng)
        # What came before the first act is not counted.
        connection.execute("DELETE FROM core_idempotencyrecord")
        connection.execute("UPDATE directory_capacityreport SET source = 'generated'")
        started = time.monotonic()
        for thread in threads:
            thread.start()
        done, made_late = kill_at_moments(
            stage,
            site,
            rng,
            moments=options.moments,
            longest_pause_s=options.pause,
            late=lambda: make_one_late(connection) if options.settle else None,
        )
        stage.stop.set()
        for thread in threads:
            thread.join(ANSWER_WITHIN_S)
        seconds = time.monotonic() - started
        settled_s = wait_until_settled(connection, at_most_s=options.settle)
        is_settled = options.settle > 0
        found = compare(
            connection, stage.ledger.read(), sink, made_late, is_settled=is_settled
        )
    lines = report_lines(
        stage,
        done,
        found,
        seconds=seconds,
        settled_s=settled_s,
        at=timezone.localtime(),
    )
    print("\n".join(lines))
    for title, wrong in (
        ("ERROR", stage.counts.errors),
        ("LOST", found.lost),
        ("DOUBLE", found.double),
    ):
        for text in wrong[:20]:
            print(title, text)
    if options.report:
        options.report.write_text("\n".join(lines))
    print(f"ledger and log: {folder}")
    return not (stage.counts.errors or found.lost or found.double)


def main() -> None:
    """Run on a database of its own; end with 1 unless all went well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--settle",
        type=float,
        default=300.0,
        help="seconds in which what was late must be done; 0: that is not judged",
    )
    parser.add_argument(
        "--pause", type=float, default=LONGEST_PAUSE_S, help="longest, in seconds"
    )
    parser.add_argument("--template", default="template1", help="database to copy")
    parser.add_argument("--report", type=Path, help="write the report to this file")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(143))
    with own_database(options.template) as url:
        os.environ["DATABASE_URL"] = url
        from wijkspil.config.runtime import start_application

        start_application()
        from django.db import connections

        connections.close_all()
        is_well = run(options)
        connections.close_all()
    sys.exit(not is_well)


if __name__ == "__main__":
    main()
