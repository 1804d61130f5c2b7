"""Who is responsible, over HTTP, at the size of the database in DATABASE_URL.

Distinct random postcodes and moments, no response cache, granian, 20 connections,
client on the same cores; a plain-text view with one ``get(pk=random)`` under the same
server and middleware is measured in the same run, in turns.

    DATABASE_URL=... .venv/bin/python -m benchmarks.responsible

Ends with 1 if a limit is missed.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from benchmarks.http_load import LoadResult, load

CONNECTIONS = 20
REQUESTS = 4_000
ROUNDS = 3
LIMIT_P95_MS = 30
LIMIT_SHARE = 0.25
PORT = 8377


def sizes() -> dict[str, int]:
    """Return how large the directory is."""
    from wijkspil.directory import models

    return {
        "organizations": models.Organization.objects.count(),
        "services": models.HealthcareService.objects.count(),
        "teams": models.CareTeam.objects.count(),
        "wijken": models.Area.objects.filter(kind="wijk").count(),
        "coverages": models.Coverage.objects.count(),
        "duty periods": models.DutyPeriod.objects.count(),
    }


def questions(count: int, *, seed: int) -> list[str]:
    """Return distinct (postcode, moment) questions on known postcodes."""
    from wijkspil.directory.models import Area

    rng = np.random.default_rng(seed)
    codes = list(
        Area.objects.filter(kind__in=["pc4", "pc6"]).values_list("code", flat=True)
    )
    start = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - an edge
    return [
        "/api/v1/responsible?"
        + urlencode(
            {
                "postcode": codes[int(rng.integers(len(codes)))],
                "at": (start + timedelta(seconds=int(second))).isoformat(),
                "care": "district-nursing",
            }
        )
        for second in rng.choice(6 * 86_400, size=count, replace=False)
    ]


def start_server(port: int = PORT) -> subprocess.Popen[bytes]:
    """Start granian as the product does, with the plain view beside it."""
    with socket.socket() as probe:
        # Two servers can share a port; each would then answer the other's load.
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            raise SystemExit(f"port {PORT} is in use: end that server first")
    process = subprocess.Popen(
        [
            Path(sys.executable).with_name("granian"),
            *("--interface", "wsgi", "--port", str(port), "--workers", "2"),
            *("--blocking-threads", "1", "--no-ws", "--log-level", "warning"),
            "wijkspil.config.wsgi:application",
        ],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.plain_settings"},
    )
    for _attempt in range(400):  # a loaded machine takes its time
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/plain"):
                return process
        except urllib.error.URLError:
            time.sleep(0.2)
    process.terminate()  # not kill: its workers would stay, and keep the port
    raise SystemExit("the server did not start")


def main() -> None:
    """Measure in turns and print every round and the medians."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    import django

    django.setup()
    print("directory:", ", ".join(f"{v:,} {k}" for k, v in sizes().items()))
    server = start_server()
    try:
        load(PORT, questions(1_000, seed=0), connections=CONNECTIONS)  # warm up
        answers: list[LoadResult] = []
        plains: list[LoadResult] = []
        for number in range(1, ROUNDS + 1):
            plains.append(load(PORT, ["/plain"] * REQUESTS, connections=CONNECTIONS))
            answers.append(
                load(PORT, questions(REQUESTS, seed=number), connections=CONNECTIONS)
            )
            print(plains[-1].line("plain      "))
            print(answers[-1].line("responsible"))
    finally:
        server.terminate()
        server.wait()
    p95 = float(np.median([run.percentile_ms(95) for run in answers]))
    share = float(
        np.median(
            [
                answer.requests_per_s / plain.requests_per_s
                for answer, plain in zip(answers, plains, strict=True)
            ]
        )
    )
    print(f"median p95 {p95:.1f} ms (limit {LIMIT_P95_MS})")
    print(f"median share of the plain view {share:.0%} (limit {LIMIT_SHARE:.0%})")
    sys.exit(p95 > LIMIT_P95_MS or share < LIMIT_SHARE)


if __name__ == "__main__":
    main()
