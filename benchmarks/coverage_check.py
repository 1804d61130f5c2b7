"""How long does the proof of coverage take for the country, and for one region?

Limit: the country for a week in 10 s; one region in 0.3 s; a month under 500 MB.
Uses what is in DATABASE_URL. With ``--synthetic`` an empty database is first filled
with a made-up country of the real size (seeded), for use without the generator.

    python benchmarks/coverage_check.py [--synthetic] [--json FILE]
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from wijkspil.config.runtime import start_application

SEED = 20261121
N_GEMEENTEN, N_WIJKEN, N_BUURTEN, N_PC4, N_REGIONS = 342, 3340, 14500, 4070, 31
N_SERVICES, AREAS_PER_SERVICE = 9000, 3
START = datetime(2026, 11, 15, 23, tzinfo=UTC)
LIMITS_S = {"country, week": 10.0, "region, week": 0.3}
LIMIT_MONTH_MB = 500.0


def fill_synthetic() -> None:
    """Insert a made-up country; about a minute."""
    from wijkspil.directory import models
    from wijkspil.directory.types import (
        WEEKDAYS,
        AreaKind,
        Care,
        CoverageRole,
        OrganizationType,
        RegionPurpose,
    )

    if models.Area.objects.exists():
        sys.exit(
            "This database already holds areas: give an empty one, or leave out "
            "--synthetic to measure what is there."
        )
    rng = np.random.default_rng(SEED)

    def make(kind: str, count: int, parents: list[Any] | None, **fields: Any) -> Any:
        chosen = rng.integers(len(parents) if parents else 1, size=count)
        if parents:  # every parent has a child
            chosen[: len(parents)] = np.arange(min(len(parents), count))
        rows = models.Area.objects.bulk_create(
            [
                models.Area(
                    kind=kind,
                    code=f"{kind}-{number:05d}",
                    name=f"Made-up {kind} {number}",
                    year=2025,
                    parent=parents[int(chosen[number])] if parents else None,
                    population=int(rng.integers(200, 12000)),
                    lon=float(rng.uniform(3.4, 7.2)),
                    lat=float(rng.uniform(50.8, 53.5)),
                    source="benchmark",
                    is_fictional=True,
                    **fields,
                )
                for number in range(count)
            ],
            batch_size=2000,
        )
        for row in rows:
            row.within = sorted({row.pk, *(row.parent.within if row.parent else [])})
        return rows

    regions = make(AreaKind.REGION, N_REGIONS, None, purpose=RegionPurpose.ZORGKANTOOR)
    gemeenten = make(AreaKind.GEMEENTE, N_GEMEENTEN, None)
    for number, gemeente in enumerate(gemeenten):
        gemeente.within = sorted([gemeente.pk, regions[number % N_REGIONS].pk])
    models.RegionMember.objects.bulk_create(
        models.RegionMember(region=regions[number % N_REGIONS], area=gemeente)
        for number, gemeente in enumerate(gemeenten)
    )
    wijken = make(AreaKind.WIJK, N_WIJKEN, gemeenten)
    buurten = make(AreaKind.BUURT, N_BUURTEN, wijken)
    pc4s = make(AreaKind.PC4, N_PC4, wijken)
    areas = [*regions, *gemeenten, *wijken, *buurten, *pc4s]
    models.Area.objects.bulk_update(areas, ["within"], batch_size=2000)
    overlaps: dict[tuple[int, int], models.AreaOverlap] = {}
    pieces_of: dict[int, list[Any]] = {wijk.pk: [] for wijk in wijken}
    for pc4 in pc4s:
        others = rng.choice(len(wijken), size=int(rng.integers(0, 3)), replace=False)
        for wijk in {pc4.parent, *(wijken[int(other)] for other in others)}:
            pieces_of[wijk.pk].append(pc4)
            overlaps[pc4.pk, wijk.pk] = models.AreaOverlap(
                part=pc4,
                whole=wijk,
                share_of_part=0.4,
                share_of_whole=float(rng.uniform(0.005, 0.9)),
            )
    models.AreaOverlap.objects.bulk_create(overlaps.values(), batch_size=5000)
    organizations = models.Organization.objects.bulk_create(
        models.Organization(
            name=f"Made-up provider {number}",
            type=OrganizationType.HOME_CARE,
            is_fictional=True,
        )
        for number in range(3000)
    )
    buurten_of: dict[int, list[Any]] = {wijk.pk: [] for wijk in wijken}
    for buurt in buurten:
        buurten_of[buurt.parent_id].append(buurt)
    patterns = [
        [{"days": list(WEEKDAYS[:days]), "from": f"{start:02d}:00", "until": until}]
        for days in (5, 6, 7)
        for start in (6, 7, 8)
        for until in ("16:30", "17:00", "18:00", "22:00", "23:00")
    ]
    services = models.HealthcareService.objects.bulk_create(
        [
            models.HealthcareService(
                organization=organizations[number % len(organizations)],
                care=Care.DISTRICT_NURSING,
                name=f"Made-up team {number}",
                opening_hours=patterns[int(rng.integers(len(patterns)))],
                is_fictional=True,
            )
            for number in range(N_SERVICES)
        ],
        batch_size=1000,
    )
    coverages: dict[tuple[int, int], models.Coverage] = {}
    for number, service in enumerate(services):
        home = wijken[number % N_WIJKEN]
        around: list[Any] = [home, *pieces_of[home.pk], *buurten_of[home.pk]]
        for _area in range(AREAS_PER_SERVICE):
            area = around[int(rng.integers(len(around)))]
            coverages[service.pk, area.pk] = models.Coverage(
                service=service,
                area=area,
                care=Care.DISTRICT_NURSING,
                role=CoverageRole.REGULAR,
                valid_from=START - timedelta(days=int(rng.integers(1, 400))),
            )
    models.Coverage.objects.bulk_create(coverages.values(), batch_size=2000)
    nights = 31
    models.DutyPeriod.objects.bulk_create(
        [
            models.DutyPeriod(
                service=services[number],
                area=wijk,
                care=Care.DISTRICT_NURSING,
                person_name="Made up",
                phone="085 000 0000",
                valid_from=START + timedelta(days=night, hours=22),
                valid_until=START + timedelta(days=night, hours=31),
            )
            for number, wijk in enumerate(wijken)
            for night in range(nights)
            if rng.random() < 0.95
        ],
        batch_size=2000,
    )


def measure() -> dict[str, Any]:
    """Run the check for the country and for one region; seconds and peak MB."""
    from django.db import connection

    from wijkspil.core.periods import Period
    from wijkspil.directory.selectors.coverage_check import check_coverage

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(
            # The region of zorgkantoor with the most wijken.
            "SELECT r.code FROM directory_area r JOIN directory_area w"
            " ON w.kind = 'wijk' AND r.id = ANY (w.within)"
            " WHERE r.kind = 'region' AND r.purpose = 'zorgkantoor'"
            " GROUP BY r.id ORDER BY count(*) DESC, r.code LIMIT 1"
        )
        row = cursor.fetchone()
        # From the first night of which the duties are known.
        cursor.execute("SELECT min(valid_from) FROM directory_dutyperiod")
        start = cursor.fetchone()[0] or START
    region = f"zorgkantoor/{row[0]}" if row else None
    report: dict[str, Any] = {"peak_mb_before": peak_mb()}
    for name, days, code in (
        ("region, week", 7, region),
        ("country, week", 7, None),
        ("country, month", 31, None),
    ):
        if name.startswith("region") and code is None:
            continue
        seconds = []
        for _run in range(5):
            begin = time.perf_counter()
            result = check_coverage(
                period=Period(start, start + timedelta(days=days)), region_code=code
            )
            seconds.append(time.perf_counter() - begin)
        report[name] = {
            "seconds": [round(value, 3) for value in seconds],
            "peak_mb": peak_mb(),
            "wijken": result.totals.n_wijken,
            "gaps": sum(len(wijk.gaps) for wijk in result.wijken),
            "covered_share": round(result.totals.wijk_hours.covered_share, 4),
        }
    return report


def peak_mb() -> float:
    """Return the most memory this process has held, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--synthetic", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    start_application()
    if options.synthetic:
        fill_synthetic()
        # A fresh process: filling must not count in the memory.
        rest = [arg for arg in sys.argv if arg != "--synthetic"]
        sys.exit(subprocess.run([sys.executable, *rest], check=False).returncode)
    report = measure()
    text = json.dumps(report, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    failed = [
        name
        for name, limit in LIMITS_S.items()
        if name in report and min(report[name]["seconds"]) > limit
    ]
    if report["country, month"]["peak_mb"] > LIMIT_MONTH_MB:
        failed.append(f"memory above {LIMIT_MONTH_MB:.0f} MB")
    if failed:
        sys.exit(f"Above the limit: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
