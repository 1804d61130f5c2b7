"""The real product in a real browser: a fictional region served by granian.

One database and one server for all journeys of a run; each journey has a browser
context of its own. Pictures land in ``docs/images`` only when ``WIJKSPIL_PICTURES``
is set, so that a test run leaves the checkout as it was.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PASSWORD = "wijkspil-demo"
CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass(frozen=True)
class Site:
    """Where the product is served, and on which database."""

    url: str
    database_url: str
    postcode: str

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read from the database, to see what really happened."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, values).fetchall()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all journeys on one worker: they share one server."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """Generate a fictional region, serve it, and throw it away afterwards."""
    base = os.environ["DATABASE_URL"]
    name = f"wijkspil_e2e_{os.getpid()}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    parts = urlsplit(base)
    database_url = urlunsplit(parts._replace(path=f"/{name}"))
    environment = {**os.environ, "DATABASE_URL": database_url}
    subprocess.run(
        [BIN / "wijkspil", "generate", "--seed", "1", "--password", PASSWORD],
        env=environment,
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    port = free_port()
    server = subprocess.Popen(
        [BIN / "wijkspil", "serve", "--port", str(port), "--workers", "1"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        with psycopg.connect(database_url) as connection:
            row = connection.execute(
                "SELECT code FROM directory_area WHERE kind = 'pc6' "
                "ORDER BY population DESC NULLS LAST, code LIMIT 1"
            ).fetchone()
        assert row is not None
        yield Site(f"http://127.0.0.1:{port}", database_url, row[0])
    finally:
        server.terminate()
        server.wait(timeout=30)
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; fails (never skips) where it is absent."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(QUIET)
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    """A Dutch visitor; the test fails on any error in the browser's console."""
    context = browser.new_context(
        base_url=site.url, locale="nl-NL", viewport={"width": 1440, "height": 1000}
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    # A form that was refused is no fault: the page itself answers with 4xx then.
    page.on(
        "console",
        lambda message: (
            problems.append(message.text)
            if message.type == "error" and message.location["url"] != page.url
            else None
        ),
    )
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def sign_in(page: Page) -> Callable[[str], None]:
    """Sign in by the form, as a person does."""

    def act(email: str) -> None:
        page.goto("/account/aanmelden")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Wachtwoord").fill(PASSWORD)
        page.locator("main").get_by_role("button", name="Inloggen").click()
        page.wait_for_url(lambda url: "aanmelden" not in url)

    return act


@pytest.fixture
def picture(page: Page) -> Callable[..., None]:
    """Keep a picture for the README when pictures are asked for."""

    def keep(name: str, *, width: int = 1440, height: int = 1000) -> None:
        folder = os.environ.get("WIJKSPIL_PICTURES")
        if folder is None:
            return
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(1500)
        page.screenshot(path=Path(folder) / f"{name}.png")
        page.set_viewport_size({"width": 1440, "height": 1000})

    return keep


@pytest.fixture
def assert_accessible(page: Page) -> Callable[[], None]:
    """Run axe-core on the page as it stands: no violations."""
    source = (ROOT / "node_modules/axe-core/axe.min.js").read_text()

    def check() -> None:
        page.evaluate(source)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found = [
            f"{item['id']}: {item['nodes'][0]['html'][:160]}"
            for item in result["violations"]
        ]
        assert found == [], page.url

    return check
