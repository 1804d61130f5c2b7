"""The map of the country: 3,340 wijken, from an empty browser until the map is idle.

    DATABASE_URL=... python -m benchmarks.country_map [--repeats 5] [--port 8765]

On a database with the wijken of the country and their shapes. Figures that are missing
are laid down first, one a wijk, and taken away at the end: drawing is measured, not
counting. Each repeat is a new browser context (nothing kept, cold cache) that signs in,
opens ``/regiobeeld/`` and waits for the map; Chromium draws without a graphics card
(SwiftShader). The peer is the same page and browser with the shapes as plain GeoJSON,
as the map drew them before. Both in turn; reported are the median in seconds from the
start of the navigation, and the CPU seconds of the browser.
"""

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine

BIN = Path(sys.executable).parent
ARGUMENTS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
SECRET = secrets.token_urlsafe(12)
EMAIL = "kaartmeting@example.nl"
REACH_S, AIM_S = 4.0, 2.0


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--port", type=int, default=8765)
    given = parser.parse_args()
    wijken, undo = prepare()
    try:
        with serving(given.port):
            runs = measure(f"http://127.0.0.1:{given.port}", given.repeats)
    finally:
        undo()
    print(f"{describe_machine()}; {wijken:,} wijken; {given.repeats} repeats")
    print("| shapes | seconds (median) | fastest | slowest | CPU s of the browser |")
    print("|---|---|---|---|---|")
    for name, found in runs.items():
        walls = [wall for wall, _cpu in found]
        cpu = statistics.median(cpu for _wall, cpu in found)
        print(
            f"| {name} | {statistics.median(walls):.2f} | {min(walls):.2f} | "
            f"{max(walls):.2f} | {cpu:.2f} |"
        )
    print(f"to reach {REACH_S:g} s, aim {AIM_S:g} s")


def prepare() -> tuple[int, Any]:
    """Make an account and the figures that are missing; return how to undo it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from wijkspil.accounts.models import Membership
    from wijkspil.accounts.services import create_user
    from wijkspil.accounts.types import Role
    from wijkspil.directory.selectors.insight import list_wijken_in_use
    from wijkspil.insight.models import Figure

    now = timezone.now()
    users = get_user_model().objects
    users.filter(email=EMAIL).delete()
    user_id = create_user(
        email=EMAIL, name="Kaartmeting", password=SECRET, is_fictional=True
    )
    Membership.objects.create(user_id=user_id, role=Role.AUDITOR, valid_from=now)
    wijken = list_wijken_in_use()
    first = now.date().replace(day=1)
    until = (first + timedelta(days=32)).replace(day=1)
    made = []
    if not Figure.objects.filter(indicator="gap_share", area__kind="wijk").exists():
        made = Figure.objects.bulk_create(
            Figure(
                indicator=code,
                area_id=wijk.id,
                valid_from=first,
                valid_until=until,
                value=(number * 37 % 101 - 20) * times,
                source="Made for a measurement",
                computed_at=now,
            )
            for number, wijk in enumerate(wijken)
            for code, times in (("gap_share", 0.3), ("gap_hours", 1.0))
        )

    def undo() -> None:
        Figure.objects.filter(pk__in=[row.pk for row in made]).delete()
        users.filter(pk=user_id).delete()

    return len(wijken), undo


@contextmanager
def serving(port: int) -> Iterator[None]:
    """Serve the product on a port."""
    server = subprocess.Popen(
        [BIN / "wijkspil", "serve", "--port", str(port), "--workers", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)


def measure(url: str, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Return (seconds, CPU seconds of the browser) of each way, in turn."""
    from playwright.sync_api import sync_playwright

    runs: dict[str, list[tuple[float, float]]] = {"ours": [], "plain GeoJSON": []}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(ARGUMENTS)
        )
        plain = read_plain(chromium, url)
        for number in range(repeats + 1):
            for name, found in runs.items():
                body = plain if name != "ours" else None
                once = draw_once(chromium, url, body)
                if number:  # the first warms the server
                    found.append(once)
        chromium.close()
    return runs


def draw_once(chromium: Any, url: str, plain: str | None) -> tuple[float, float]:
    """Open the page in an empty browser; return seconds and CPU seconds."""
    context = chromium.new_context(
        base_url=url, locale="nl-NL", viewport={"width": 1440, "height": 1000}
    )
    page = sign_in(context)
    # Signing in fetched the looks of the site: forget them, the cache is to be cold.
    session = context.new_cdp_session(page)
    session.send("Network.clearBrowserCache")
    if plain is not None:
        page.route(
            "**/regiobeeld/vormen/**",
            lambda route: route.fulfill(body=plain, content_type="application/json"),
        )
    before, start = cpu_of_browser(), time.perf_counter()
    page.goto("/regiobeeld/", wait_until="commit")
    page.wait_for_selector('[data-map-state="ready"]', timeout=120_000)
    taken = time.perf_counter() - start
    used = cpu_of_browser() - before
    context.close()
    return taken, used


def sign_in(context: Any) -> Any:
    """Sign in by the form."""
    page = context.new_page()
    page.goto("/account/aanmelden")
    page.locator('main input[type="email"], main input[name="username"]').first.fill(
        EMAIL
    )
    page.locator('main input[type="password"]').fill(SECRET)
    page.locator('main button[type="submit"]').first.click()
    page.wait_for_url(lambda address: "aanmelden" not in address)
    return page


def read_plain(chromium: Any, url: str) -> str:
    """Return the shapes of the page as plain GeoJSON."""
    context = chromium.new_context(base_url=url)
    page = sign_in(context)
    page.goto("/regiobeeld/", wait_until="commit")
    source = page.locator("[data-map]").get_attribute("data-map-source")
    document = page.request.get(source).json()
    context.close()
    unit = document["unit"]

    def ring_of(steps: list[int]) -> list[list[float]]:
        ring, x, y = [], 0, 0
        for number in range(0, len(steps), 2):
            x, y = x + steps[number], y + steps[number + 1]
            ring.append([round(x * unit, 5), round(y * unit, 5)])
        return [*ring, ring[0]]

    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"code": code, "name": name},
                    "geometry": {
                        "type": "MultiPolygon",
                        "coordinates": [
                            [ring_of(steps) for steps in rings] for rings in polygons
                        ],
                    },
                }
                for code, name, polygons in document["areas"]
            ],
        }
    )


def cpu_of_browser() -> float:
    """Return the CPU seconds of this process's children, alive now."""
    parents, seconds = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(file.parent.name)
        parents[pid] = int(words[1])
        seconds[pid] = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    total = 0.0
    for pid, used in seconds.items():
        above = pid
        while above not in (0, os.getpid()):
            above = parents.get(above, 0)
        if above and pid != os.getpid() and "chrom" in name_of(pid):
            total += used
    return total


def name_of(pid: int) -> str:
    """Return the command of a process, empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


if __name__ == "__main__":
    main()
