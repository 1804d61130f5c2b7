"""Find GP practices near an address, over HTTP, at the size of DATABASE_URL.

Distinct random postcodes, no response cache, granian, 20 connections, client on the
same cores: the REST answer and the page, and in the same run a plain-text view with one
``get(pk=random)`` under the same server and middleware, in turns. Where no practice
published a list, lists are made first (40 % open, 35 % with conditions, 25 % closed)
and taken away again.

    DATABASE_URL=... .venv/bin/python -m benchmarks.find_practices

Ends with 1 if the limit of the REST answer is missed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from benchmarks.http_load import LoadResult, load
from benchmarks.machine import describe_machine
from benchmarks.responsible import CONNECTIONS, PORT, start_server

if TYPE_CHECKING:
    from wijkspil.registrations.models import PracticeList

REQUESTS = 2_000
ROUNDS = 3
LIMIT_P95_MS = 50
AIM_P95_MS = 20
REST, PAGE, PLAIN = "REST answer", "page", "plain view"
_PUBLISHER = "benchmark"


def postcodes(count: int, *, seed: int) -> list[str]:
    """Return distinct known postcodes, each as likely as its area has addresses."""
    from wijkspil.directory.models import Area

    rng = np.random.default_rng(seed)
    codes = list(
        Area.objects.filter(kind__in=["pc4", "pc6"], lon__isnull=False).values_list(
            "code", flat=True
        )
    )
    picked = rng.choice(len(codes), size=min(count, len(codes)), replace=False)
    return [quote(codes[int(place)]) for place in picked]


@contextmanager
def published_lists() -> Iterator[int]:
    """Make a list for every practice where there are none, and take them away after."""
    from wijkspil.directory.models import HealthcareService
    from wijkspil.registrations.models import PracticeList

    ids = list(
        HealthcareService.objects.filter(care="gp-care", is_active=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if not PracticeList.objects.exists():
        rng = np.random.default_rng(1)
        now = datetime.now(UTC)  # noqa: TID251 - an edge
        PracticeList.objects.bulk_create(
            (_make_list(service_id, rng, now) for service_id in ids), batch_size=1_000
        )
    try:
        yield len(ids)
    finally:
        PracticeList.objects.filter(publisher_name=_PUBLISHER).delete()


def _make_list(
    service_id: int, rng: np.random.Generator, now: datetime
) -> PracticeList:
    from wijkspil.registrations.models import PracticeList

    drawn = float(rng.random())
    status = "open" if drawn < 0.4 else "limited" if drawn < 0.75 else "closed"
    return PracticeList(
        service_id=service_id,
        status=status,
        reason="" if status == "open" else "full",
        places_per_month=None if status == "closed" else int(rng.integers(1, 20)),
        most_minutes=15 if status == "limited" and rng.random() < 0.5 else None,
        only_with_member=status == "limited" and bool(rng.random() < 0.5),
        publisher_name=_PUBLISHER,
        valid_from=now,
    )


def measure(seed: int) -> dict[str, LoadResult]:
    """Measure each address once, one after the other."""
    codes = postcodes(2 * REQUESTS, seed=seed)
    half = len(codes) // 2
    paths = {
        PLAIN: ["/plain"] * REQUESTS,
        REST: [f"/api/v1/gp-practices?postcode={code}" for code in codes[:half]],
        PAGE: [f"/huisarts/?postcode={code}" for code in codes[half:]],
    }
    return {
        name: load(PORT, asked, connections=CONNECTIONS)
        for name, asked in paths.items()
    }


def main() -> None:
    """Measure in turns and print every round and the medians."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    import django

    django.setup()
    print(describe_machine())
    with published_lists() as practices:
        print(f"{practices:,} practices with a list, {CONNECTIONS} connections")
        server = start_server()
        try:
            measure(0)  # warm up
            rounds = []
            for seed in range(1, ROUNDS + 1):
                rounds.append(measure(seed))
                for name, run in rounds[-1].items():
                    print(run.line(f"{name:11}"), flush=True)
            alone = load(
                PORT,
                [f"/huisarts/?postcode={code}" for code in postcodes(300, seed=9)],
                connections=1,
            )
            print(alone.line("page, one by one"))
        finally:
            server.terminate()
            server.wait()
    p95 = {
        name: float(np.median([run[name].percentile_ms(95) for run in rounds]))
        for name in (REST, PAGE)
    }
    share = float(
        np.median(
            [run[REST].requests_per_s / run[PLAIN].requests_per_s for run in rounds]
        )
    )
    print(
        f"median p95 of the REST answer {p95[REST]:.1f} ms (limit {LIMIT_P95_MS}, "
        f"aim {AIM_P95_MS})"
    )
    print(f"median p95 of the page {p95[PAGE]:.1f} ms")
    print(f"median share of the plain view {share:.0%}")
    sys.exit(p95[REST] > LIMIT_P95_MS)


if __name__ == "__main__":
    main()
