"""Fifty teams accept the same request at the same instant, over HTTP, 1,000 times.

Each round one request was put to 50 teams, and 50 systems say yes at once. In half of
the rounds they also send the same again at once with the same ``Idempotency-Key``, and
a third of them hang up before the answer and ask once more, as after a lost network.
Teams have little room, so many of them run out on the way.

An outside ledger is kept of what HTTP answers said, and of nothing else: one winner per
request, with the hours it was told. At the end the tables are compared with it. Makes a
database of its own, on the server of DATABASE_URL or on the embedded one, and drops it.

    .venv/bin/python -m benchmarks.offer_race [--rounds 1000] [--clients 50]

Ends with 1 on any violation.
"""

import argparse
import json
import os
import secrets
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np
import psycopg

from benchmarks.http_load import LENGTH

SEED = 20261122
#: Places of all teams together, as a multiple of the requests: most teams run out.
PLACES_PER_REQUEST = 1.25
#: Sending again stops after this long; an answer must have come by then.
LONGEST_WAIT_S = 60.0


# --- a database of its own


@contextmanager
def own_database() -> Iterator[str]:
    """Make an empty database, yield its address, and drop it in the end."""
    from wijkspil.config import postgres

    base = os.environ.get("DATABASE_URL")
    if not base:
        server = postgres.ensure_running(postgres.default_data_dir())
        postgres.ensure_database(server, "wijkspil")
        base = server.url("wijkspil")
    name = f"wijkspil_race_{secrets.token_hex(4)}"
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(base)._replace(path=f"/{name}"))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass(frozen=True)
class Team:
    """A team that takes part: its service, its system's token and its places."""

    service_id: int
    secret: str
    places: int


@dataclass(frozen=True)
class Round:
    """One request put to all teams: its number, client and offer per team."""

    number: str
    client_name: str
    hours: Decimal
    offer_ids: Sequence[int]


def fill(*, rounds: int, clients: int) -> tuple[list[Team], list[Round]]:
    """Insert teams with tokens and room, and a request per round put to all of them."""
    import hashlib

    from wijkspil.accounts.models import ApiToken
    from wijkspil.directory import models as directory
    from wijkspil.referrals import models

    rng = np.random.default_rng(SEED)
    now = datetime.now(UTC)  # noqa: TID251 - an edge
    region = directory.Area.objects.create(
        kind="region",
        purpose="zorgkantoor",
        code="race",
        name="Made-up region",
        year=2025,
        source="benchmark",
        is_fictional=True,
    )
    place = directory.Area.objects.create(
        kind="pc4",
        code="1000",
        name="Made-up place",
        year=2025,
        source="benchmark",
        is_fictional=True,
    )
    organizations = directory.Organization.objects.bulk_create(
        directory.Organization(
            name=f"Made-up provider {number}", type="home-care", is_fictional=True
        )
        for number in range(clients)
    )
    services = directory.HealthcareService.objects.bulk_create(
        directory.HealthcareService(
            organization=organization,
            care="district-nursing",
            name=f"Made-up team {number}",
            is_fictional=True,
        )
        for number, organization in enumerate(organizations)
    )
    places = max(1, ceil(rounds * PLACES_PER_REQUEST / clients))
    directory.CapacityReport.objects.bulk_create(
        directory.CapacityReport(
            service=service,
            new_clients=places,
            size_band="any",
            parts_of_day=["morning"],
            reported_at=now - timedelta(minutes=5),
            valid_until=now + timedelta(days=1),
            source="system",
            reporter_label="benchmark",
        )
        for service in services
    )
    teams = [
        Team(service.pk, secret=secrets.token_hex(16), places=places)
        for service in services
    ]
    ApiToken.objects.bulk_create(
        ApiToken(
            organization=organization,
            name=f"race {number}",
            digest=hashlib.sha256(team.secret.encode()).hexdigest(),
            valid_from=now - timedelta(days=1),
        )
        for number, (organization, team) in enumerate(
            zip(organizations, teams, strict=True)
        )
    )
    hours = [Decimal(int(quarters)) / 4 for quarters in rng.integers(4, 60, rounds)]
    requests = models.ServiceRequest.objects.bulk_create(
        [
            models.ServiceRequest(
                number=f"A-{number:06d}",
                status="offered",
                region=region,
                place=place,
                postcode="1000",
                requester_kind="hospital",
                requester_name="Made-up ward",
                requester_phone="000",
                tasks=["stockings"],
                parts_of_day=["morning"],
                first_visit_on=now.date() + timedelta(days=2),
                urgency="today",
                urgency_reason="discharge",
                care_law="zvw",
                order_present="not-needed",
                materials_present="not-needed",
                hours_low=each - Decimal(1),
                hours_high=each,
                hours_by_part={"morning": float(each)},
                owner_name="Made-up ward",
                due_at=now + timedelta(days=1),
                created_at=now,
                submitted_at=now,
            )
            for number, each in enumerate(hours)
        ],
        batch_size=1000,
    )
    models.Patient.objects.bulk_create(
        models.Patient(
            request=request,
            name=f"Made-up client {request.number}",
            birth_date=now.date() - timedelta(days=30_000),
            address="Made-up street 1",
            retain_until=now.date() + timedelta(days=365),
        )
        for request in requests
    )
    offers = models.Offer.objects.bulk_create(
        [
            models.Offer(
                request=request,
                service=service,
                status="open",
                origin="coordinator",
                offered_at=now,
                answer_by=now + timedelta(days=1),
            )
            for request in requests
            for service in services
        ],
        batch_size=5000,
    )
    return teams, [
        Round(
            number=request.number,
            client_name=f"Made-up client {request.number}",
            hours=request.hours_high,
            offer_ids=[
                offer.pk for offer in offers[row * clients : (row + 1) * clients]
            ],
        )
        for row, request in enumerate(requests)
    ]


# --- the server


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def served(*, threads: int) -> Iterator[int]:
    """Run granian with two workers, as the product does; yield its port."""
    port = free_port()
    process = subprocess.Popen(
        [
            Path(sys.executable).with_name("granian"),
            *("--interface", "wsgi", "--port", str(port), "--workers", "2"),
            *("--blocking-threads", str(threads), "--no-ws", "--log-level", "warning"),
            "wijkspil.config.wsgi:application",
        ],
        # Django writes a line for each of the 49 that come too late.
        stderr=subprocess.DEVNULL,
    )
    try:
        for _attempt in range(150):
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/api/v1/openapi.json"
                ):
                    break
            except urllib.error.URLError:
                time.sleep(0.2)
        else:
            raise SystemExit("the server did not start")
        yield port
    finally:
        process.terminate()
        process.wait()


# --- the clients


@dataclass(frozen=True)
class Answer:
    """What came back: status, code of the refusal, body, and how long it took."""

    status: int
    code: str
    body: bytes
    seconds: float


class Line:
    """One kept-alive connection; opened anew after it was hung up."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None
        self.received = b""
        self.sent_at = 0.0

    def send(self, message: bytes) -> None:
        """Send a whole request."""
        self.connect()
        assert self.socket is not None
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(message)

    def connect(self) -> None:
        """Connect, unless it is."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def hang_up(self) -> None:
        """Close without reading what may come."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def receive(self) -> Answer | None:
        """Take what came in; return the answer once it is complete."""
        assert self.socket is not None
        part = self.socket.recv(65_536)
        if not part:
            raise SystemExit("the server closed a connection before it answered")
        self.received += part
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = LENGTH.search(head)
        if length is None or len(body) < int(length[1]):
            return None
        status = int(head[9:12])
        return Answer(
            status=status,
            code="" if status < 400 else str(_read(body).get("code", "")),
            body=body,
            seconds=time.perf_counter() - self.sent_at,
        )


def _read(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


@dataclass
class Entrant:
    """A team's system in one round, on one or two lines."""

    team: Team
    offer_id: int
    message: bytes
    lines: list[Line]
    answers: list[Answer] = field(default_factory=list)
    told_to_wait: int = 0

    @property
    def acceptances(self) -> list[Answer]:
        """The answers that said it has the client."""
        return [answer for answer in self.answers if answer.status == 201]


def message_of(team: Team, offer_id: int) -> bytes:
    """Return the request by which a team says yes, with a key of its own."""
    body = b"{}"
    return (
        f"POST /api/v1/offers/{offer_id}/acceptance HTTP/1.1\r\n"
        f"Host: localhost\r\nAuthorization: Bearer {team.secret}\r\n"
        f"Idempotency-Key: {uuid.uuid4()}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def race(entrants: Sequence[Entrant], *, hanging_up: Sequence[Entrant]) -> None:
    """Let everybody send at once on every line, and wait for a last word for each.

    ``hanging_up`` close their first line after sending. Who has no last word yet -
    hung up, or was told that the first sending still runs - sends the same again.
    """
    deadline = time.perf_counter() + LONGEST_WAIT_S
    for entrant in entrants:
        for line in entrant.lines:
            line.connect()
    for entrant in entrants:
        for line in entrant.lines:
            line.send(entrant.message)
    for entrant in hanging_up:
        entrant.lines[0].hang_up()
    with selectors.DefaultSelector() as selector:
        for entrant in entrants:
            for line in entrant.lines:
                if line.socket is not None:
                    selector.register(
                        line.socket, selectors.EVENT_READ, (entrant, line)
                    )
        while selector.get_map():
            if time.perf_counter() > deadline:
                raise SystemExit("no answer within a minute")
            for key, _events in selector.select(timeout=1):
                entrant, line = key.data
                answer = line.receive()
                if answer is None:
                    continue
                if answer.code == "request-in-progress":
                    entrant.told_to_wait += 1
                    line.send(entrant.message)
                    continue
                entrant.answers.append(answer)
                selector.unregister(key.fileobj)


# --- the ledger


@dataclass
class Ledger:
    """What HTTP answers said, and what they should never have said."""

    won: dict[str, tuple[int, int, Decimal]] = field(default_factory=dict)
    rounds: int = 0
    violations: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    winner_seconds: list[float] = field(default_factory=list)

    def enter(self, each: Round, entrants: Sequence[Entrant]) -> None:
        """Enter the answers of a round."""
        for entrant in entrants:
            self.outcomes["request-in-progress"] += entrant.told_to_wait
            for answer in entrant.answers:
                self.outcomes[answer.code or str(answer.status)] += 1
                self.seconds.append(answer.seconds)
                if answer.status not in {201, 409}:
                    self.refuse(each, f"an answer {answer.status} {answer.body!r:.200}")
                if answer.status != 201 and each.client_name.encode() in answer.body:
                    self.refuse(each, "a team that did not win was told who it is")
            kinds = {answer.status for answer in entrant.answers}
            if len(kinds) != 1:
                self.refuse(each, f"one team was told {sorted(kinds)}")
        winners = [entrant for entrant in entrants if entrant.acceptances]
        if len(winners) != 1:
            self.refuse(each, f"{len(winners)} winners")
            return
        (winner,) = winners
        first = winner.acceptances[0]
        self.winner_seconds.append(first.seconds)
        if any(answer.body != first.body for answer in winner.acceptances):
            self.refuse(each, "the same acceptance was answered in two ways")
        told = _read(first.body)
        request = told["request"]
        if request["number"] != each.number or told["offerId"] != winner.offer_id:
            self.refuse(each, f"told of {request['number']}")
        if told["patient"]["name"] != each.client_name:
            self.refuse(each, "the winner was told of another client")
        self.won[each.number] = (
            request["serviceId"],
            winner.offer_id,
            Decimal(str(request["hours"]["high"])),
        )
        if request["serviceId"] != winner.team.service_id:
            self.refuse(each, "the client was placed with another team")

    def refuse(self, each: Round, what: str) -> None:
        """Enter a violation."""
        self.violations.append(f"{each.number}: {what}")


def compare(ledger: Ledger, teams: Sequence[Team], rounds: Sequence[Round]) -> None:
    """Compare the tables with the ledger; add what differs to its violations."""
    from wijkspil.core.models import AuditEvent
    from wijkspil.directory.models import CapacityReservation
    from wijkspil.referrals.models import Offer, RequestEvent, ServiceRequest

    def differ(what: str, stored: object, told: object) -> None:
        if stored != told:
            ledger.violations.append(f"{what}: the tables differ from the answers")

    stored = ServiceRequest.objects.filter(status="accepted").values_list(
        "number", "placed_service_id"
    )
    differ(
        "who has the client",
        dict(stored),
        {number: service for number, (service, _offer, _h) in ledger.won.items()},
    )
    accepted = Offer.objects.filter(status="accepted").values_list(
        "request__number", "pk"
    )
    differ(
        "which offer won",
        sorted(accepted),
        sorted((number, offer) for number, (_s, offer, _h) in ledger.won.items()),
    )
    differ(
        "offers of the others",
        Offer.objects.filter(status="withdrawn").count(),
        len(rounds) * (len(teams) - 1),
    )
    running = CapacityReservation.objects.filter(released_at=None).values_list(
        "reference", "service_id", "hours_per_week"
    )
    differ(
        "reserved hours",
        sorted(running),
        sorted((number, service, h) for number, (service, _o, h) in ledger.won.items()),
    )
    differ(
        "accepted bands",
        {each.number: each.hours for each in rounds},
        {number: hours for number, (_s, _o, hours) in ledger.won.items()},
    )
    taken = Counter(service for service, _offer, _hours in ledger.won.values())
    ledger.violations += [
        f"team {team.service_id}: {taken[team.service_id]} clients in {team.places}"
        for team in teams
        if taken[team.service_id] > team.places
    ]
    one_each = dict.fromkeys(sorted(ledger.won), 1)
    happened = RequestEvent.objects.filter(kind="accepted").values_list(
        "request__number", flat=True
    )
    differ(
        "acceptances in timelines", dict(sorted(Counter(happened).items())), one_each
    )
    releases = AuditEvent.objects.filter(purpose__startswith="release-to-service-")
    differ("releases of identity", releases.count(), len(rounds))


# --- the measurement


def _stop_at_interrupt() -> threading.Event:
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_signal: asked.set())
    return asked


def run(
    port: int, teams: Sequence[Team], rounds: Sequence[Round]
) -> tuple[Ledger, float]:
    """Hold the rounds; every second one with sendings again. Return wall seconds.

    Ctrl-C ends it after the round that runs; what was done is compared all the same.
    """
    rng = np.random.default_rng(SEED)
    stop = _stop_at_interrupt()
    first, second = ([Line(port) for _team in teams] for _line in range(2))
    ledger = Ledger()
    started = time.perf_counter()
    for number, each in enumerate(rounds):
        is_resent = number % 2 == 1
        entrants = [
            Entrant(
                team=teams[row],
                offer_id=each.offer_ids[row],
                message=message_of(teams[row], each.offer_ids[row]),
                lines=[first[row], second[row]] if is_resent else [first[row]],
            )
            for row in rng.permutation(len(teams))
        ]
        hanging_up = [e for e in entrants if is_resent and rng.random() < 1 / 3]
        race(entrants, hanging_up=hanging_up)
        ledger.enter(each, entrants)
        ledger.rounds += 1
        if stop.is_set():
            break
        if (number + 1) % 100 == 0:
            print(
                f"  {number + 1} rounds, {time.perf_counter() - started:.0f} s, "
                f"{len(ledger.violations)} violations",
                flush=True,
            )
    seconds = time.perf_counter() - started
    for line in (*first, *second):
        line.hang_up()
    return ledger, seconds


def report(ledger: Ledger, *, clients: int, seconds: float) -> None:
    """Print the figures and every kind of violation."""
    took = np.array(ledger.seconds) * 1000
    winners = np.array(ledger.winner_seconds or [0.0]) * 1000
    print(
        f"{ledger.rounds} rounds x {clients} clients, {len(took)} answers in "
        f"{seconds:.0f} s: {len(took) / seconds:.0f} acceptances/s"
    )
    print(
        f"an answer, {clients} at once: p50 {np.percentile(took, 50):.0f} ms, "
        f"p95 {np.percentile(took, 95):.0f} ms; the winner's: "
        f"p50 {np.percentile(winners, 50):.0f} ms, "
        f"p95 {np.percentile(winners, 95):.0f} ms"
    )
    print("answers:", ", ".join(f"{n} {k}" for k, n in ledger.outcomes.most_common()))
    print(f"winners {len(ledger.won)}, violations {len(ledger.violations)}")
    for violation in ledger.violations[:20]:
        print("VIOLATION", violation)


def main() -> None:
    """Race, compare and print; end with 1 on any violation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument(
        "--threads", type=int, default=1, help="per worker; the product has 1"
    )
    options = parser.parse_args()
    if options.rounds < 1 or options.clients < 2:
        parser.error("give at least one round and two clients")
    with own_database() as url:
        os.environ["DATABASE_URL"] = url
        from wijkspil.config.runtime import start_application

        start_application()
        from django.db import connection

        teams, rounds = fill(rounds=options.rounds, clients=options.clients)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        connection.close()
        with served(threads=options.threads) as port:
            ledger, seconds = run(port, teams, rounds)
        compare(ledger, teams, rounds[: ledger.rounds])
        connection.close()
    report(ledger, clients=options.clients, seconds=seconds)
    sys.exit(bool(ledger.violations))


if __name__ == "__main__":
    main()
