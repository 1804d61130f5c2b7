"""Asking for care over HTTP, at the size of the database in DATABASE_URL.

A signed-in referrer sends the first page for distinct random postcodes (real session,
CSRF token and form) and is shown who has room. One person at a time: what is measured
is how long one page takes, not how many people fit. Drafts and counted questions are
removed afterwards.

    DATABASE_URL=... .venv/bin/python -m benchmarks.ask

Ends with 1 if a limit is missed.
"""

import http.client
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import numpy as np

from benchmarks.responsible import sizes, start_server

POSTCODES = 200
WARM_UP = 20
LIMIT_P95_MS = 80
PORT = 8391

TASKS = (
    ["stockings", "medication"],
    ["personal-care"],
    ["wound", "medication"],
    ["insulin"],
    ["palliative", "personal-care"],
    ["dementia"],
)
PARTS = (["morning"], ["morning", "evening"], ["afternoon"], ["evening"])
URGENCIES = ("today", "tomorrow", "days", "week")


def questions(count: int, *, seed: int) -> Iterator[dict[str, object]]:
    """Yield what is asked at distinct postcodes that lie in a care office region."""
    from wijkspil.core.errors import NotFound
    from wijkspil.directory.models import Area
    from wijkspil.directory.selectors.care_teams import get_care_place

    rng = np.random.default_rng(seed)
    codes = list(
        Area.objects.filter(kind__in=["pc4", "pc6"]).values_list("code", flat=True)
    )
    left = count
    for row in rng.permutation(len(codes)).tolist():
        try:
            get_care_place(codes[row])
        except NotFound:
            continue
        yield {
            "postcode": codes[row],
            "tasks": TASKS[int(rng.integers(len(TASKS)))],
            "parts_of_day": PARTS[int(rng.integers(len(PARTS)))],
            "urgency": URGENCIES[int(rng.integers(len(URGENCIES)))],
            "urgency_reason": "discharge",
            "age": int(rng.integers(60, 100)),
            "insurer": f"998{int(rng.integers(1, 9))}",
            "order_present": "yes",
            "materials_present": "yes",
        }
        left -= 1
        if left == 0:
            return


class Browser:
    """One referrer who is signed in, on one kept-alive connection."""

    def __init__(self) -> None:
        from django.conf import settings
        from django.test import Client

        from wijkspil.accounts.models import Membership

        member = (
            Membership.objects.filter(role="referrer", organization__isnull=False)
            .select_related("user")
            .order_by("pk")
            .first()
        )
        if member is None:
            raise SystemExit("nobody may ask here: generate a fictional region first")
        client = Client()
        client.force_login(member.user)
        self.session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.csrf = ""
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT)
        _status, _headers, body, _ms = self.send("GET", "/zorg-aanvragen/")
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', body)
        assert found is not None
        self.token = found[1]

    def send(
        self, method: str, path: str, form: dict[str, object] | None = None
    ) -> tuple[int, http.client.HTTPMessage, str, float]:
        """Send one request; return status, headers, body and milliseconds."""
        headers = {
            "Host": "localhost",
            "Cookie": f"sessionid={self.session}; csrftoken={self.csrf}",
        }
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode({"csrfmiddlewaretoken": self.token, **form}, doseq=True)
        started = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        took_ms = (time.perf_counter() - started) * 1000
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _equals, value = cookie.partition(";")[0].partition("=")
            if name == "csrftoken":
                self.csrf = value
        return answer.status, answer.headers, text, took_ms


def ask(browser: Browser, form: dict[str, object]) -> tuple[float, float, int]:
    """Ask at one postcode; return ms of sending, ms of "who has room", its bytes."""
    status, headers, body, send_ms = browser.send("POST", "/zorg-aanvragen/", form)
    if status != 302:
        raise SystemExit(f"{form} was answered with {status}: {body[-2000:]}")
    status, _headers, body, room_ms = browser.send("GET", str(headers["Location"]))
    if status != 200:
        raise SystemExit(f"{headers['Location']} was answered with {status}")
    return send_ms, room_ms, len(body)


def main() -> None:
    """Measure both pages and print their percentiles."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    import django

    django.setup()
    from wijkspil.referrals.models import RoomCheck, ServiceRequest

    print("directory:", ", ".join(f"{v:,} {k}" for k, v in sizes().items()))
    since = datetime.now(UTC)  # noqa: TID251 - an edge
    server = start_server(PORT)
    try:
        browser = Browser()
        for form in questions(WARM_UP, seed=0):
            ask(browser, form)
        rows = np.array([ask(browser, form) for form in questions(POSTCODES, seed=1)])
    finally:
        server.terminate()
        server.wait()
        ServiceRequest.objects.filter(status="draft", created_at__gte=since).delete()
        RoomCheck.objects.filter(at__gte=since).delete()
    p95 = 0.0
    for name, column in (("what and where", 0), ("who has room", 1)):
        p50, p95 = np.percentile(rows[:, column], [50, 95]).tolist()
        print(
            f"{name}: {len(rows)} postcodes, p50 {p50:.1f} ms, p95 {p95:.1f} ms, "
            f"slowest {rows[:, column].max():.1f} ms"
        )
    print(f"“who has room” p95 {p95:.1f} ms (limit {LIMIT_P95_MS})")
    sys.exit(p95 > LIMIT_P95_MS)


if __name__ == "__main__":
    main()
