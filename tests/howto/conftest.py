"""A fictional region with its sandbox tokens, served as ``make demo`` does."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Sandbox:
    """Where the sandbox is served, and what its command printed."""

    address: str
    tokens: str
    database_url: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests on one worker: they share one server."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("howto"))
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Generate the region of the demo, serve it with its timers, and remove it."""
    base = os.environ["DATABASE_URL"]
    name = f"wijkspil_howto_{os.getpid()}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database_url = urlunsplit(urlsplit(base)._replace(path=f"/{name}"))
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "WIJKSPIL_WEBHOOK_PRIVATE": "yes",
        "WIJKSPIL_URL": f"http://localhost:{port}",
    }

    def run(*arguments: str) -> str:
        return subprocess.run(
            [BIN / "wijkspil", *arguments],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        ).stdout

    run("generate", "--seed", "1")
    tokens = run("sandbox-tokens")
    server = subprocess.Popen(
        [BIN / "wijkspil", "serve", "--port", str(port), "--workers", "1"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        yield Sandbox(f"localhost:{port}", tokens, database_url)
    finally:
        server.terminate()
        server.wait(timeout=30)
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline_s = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.2)
