"""Any process may be killed at any moment; nothing acknowledged is lost."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import psycopg
import pytest

from wijkspil.config import postgres
from wijkspil.config.postgres.folder import DataFolder, read_folder
from wijkspil.config.postgres.processes import (
    end,
    is_alive,
    postgres_processes,
    postmaster,
)

Process = Any
Python = Callable[..., subprocess.Popen[str]]

#: Commits numbers one by one and acknowledges each to a file outside the database.
WRITER = """
import os, sys
import psycopg
url, file, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
acknowledged = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
with psycopg.connect(url, autocommit=True) as connection:
    for number in range(first, first + 10**6):
        connection.execute("INSERT INTO promise VALUES (%s)", [number])
        os.write(acknowledged, f"{number}\\n".encode())
"""

START = """
import sys
from pathlib import Path
from wijkspil.config import postgres
print("begin", flush=True)
postgres.ensure_running(Path(sys.argv[1]), durable=False)
"""


def folder_of(data_dir: Path) -> DataFolder:
    folder = read_folder(data_dir)
    assert folder is not None
    return folder


def kill_server(data_dir: Path) -> None:
    process = postmaster(folder_of(data_dir).cluster)
    assert process is not None
    process.kill()


def wait_for(condition: Callable[[], object], *, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def titled(cluster: Path, word: str) -> list[Process]:
    """Return the server's processes that show ``word`` in the process list."""
    found = []
    for process in postgres_processes(cluster):
        with contextlib.suppress(psutil.Error):
            if word in " ".join(process.cmdline()):
                found.append(process)
    return found


def writing(python: Python, url: str, file: Path, *, turn: int) -> Process:
    """Return a writer that has had at least one row of this turn acknowledged."""
    n_bytes = file.stat().st_size if file.exists() else 0
    writer = python(WRITER, url, file, turn * 10**6)
    wait_for(lambda: file.exists() and file.stat().st_size > n_bytes)
    return writer


def check_promises_kept(url: str, file: Path, *, n_kills: int) -> None:
    acknowledged = {int(line) for line in file.read_text().splitlines()}
    with psycopg.connect(url) as connection:
        found = {row[0] for row in connection.execute("SELECT number FROM promise")}
    assert acknowledged <= found
    # Of each kill, the row in flight may be kept without having been acknowledged.
    assert len(found - acknowledged) <= n_kills


@pytest.fixture
def promises(data_dir: Path) -> str:
    server = postgres.ensure_running(data_dir)
    postgres.ensure_database(server, "promises")
    with psycopg.connect(server.url("promises")) as connection:
        connection.execute("CREATE TABLE promise (number int PRIMARY KEY)")
    return server.url("promises")


def test_every_acknowledged_row_survives_a_killed_server(
    data_dir: Path, promises: str, python: Python
) -> None:
    file = data_dir.parent / "acknowledged"
    delays_s = np.random.default_rng(20261122).uniform(0.0, 0.6, size=5)
    for turn, delay_s in enumerate(delays_s):
        writer = writing(python, promises, file, turn=turn)
        time.sleep(delay_s)
        kill_server(data_dir)
        assert writer.wait(timeout=20) != 0
        postgres.ensure_running(data_dir)
        check_promises_kept(promises, file, n_kills=turn + 1)


def test_every_acknowledged_row_survives_any_killed_process(
    data_dir: Path, promises: str, python: Python
) -> None:
    file = data_dir.parent / "acknowledged"
    cluster = folder_of(data_dir).cluster
    kinds = ["checkpointer", "walwriter", "promises", "io worker"]
    for turn, kind in enumerate(kinds):
        writer = writing(python, promises, file, turn=turn)
        titled(cluster, kind)[0].kill()
        writer.wait(timeout=20)
        postgres.ensure_running(data_dir)
        check_promises_kept(promises, file, n_kills=turn + 1)


def test_a_start_killed_midway_is_simply_done_again(
    data_dir: Path, python: Python
) -> None:
    for turn, delay_s in enumerate([0.1, 0.5, 0.9]):
        place = data_dir.parent / f"turn-{turn}"
        starter = python(START, place)
        assert starter.stdout is not None
        starter.stdout.readline()
        time.sleep(delay_s)
        starter.kill()
        server = postgres.ensure_running(place, durable=False)
        with psycopg.connect(server.url("postgres")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert not list(place.rglob("data.unfinished"))
        postgres.stop(place)


def test_a_stale_number_of_a_living_stranger_is_seen_through(data_dir: Path) -> None:
    server = postgres.ensure_running(data_dir, durable=False)
    folder = folder_of(data_dir)
    account = folder.account()
    pid_file = folder.cluster / "postmaster.pid"
    socket_lock = folder.socket_dir / ".s.PGSQL.5432.lock"
    before = {file: file.read_text() for file in (pid_file, socket_lock)}
    kill_server(data_dir)
    # Of the same account, so that PostgreSQL alone would believe the number.
    stranger = subprocess.Popen(
        ["sleep", "60"],
        cwd="/",
        **({} if account.is_caller() else {"user": account.uid}),  # type: ignore[call-overload]
    )
    try:
        for file, text in before.items():
            lines = text.splitlines()
            file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert postgres.status(data_dir).state == "stopped"
        assert postgres.stop(data_dir) is False
        assert stranger.poll() is None
        assert postgres.ensure_running(data_dir, durable=False) == server
        assert postgres.status(data_dir).pid != stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_children_that_outlive_their_server_are_ended_before_a_new_one(
    data_dir: Path, python: Python
) -> None:
    server = postgres.ensure_running(data_dir, durable=False)
    busy = python(
        "import psycopg, sys\n"
        "with psycopg.connect(sys.argv[1]) as connection:\n"
        "    connection.execute('SELECT count(*) FROM generate_series(1, 1e12::int8)'"
        ")\n",
        server.url("postgres"),
    )
    cluster = folder_of(data_dir).cluster

    wait_for(lambda: titled(cluster, "SELECT"))
    kill_server(data_dir)
    orphans = titled(cluster, "SELECT")
    assert orphans
    begin = time.perf_counter()
    server = postgres.ensure_running(data_dir, durable=False)
    assert time.perf_counter() - begin < 10
    assert not any(is_alive(orphan) for orphan in orphans)
    with psycopg.connect(server.url("postgres")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    busy.wait(timeout=10)


def test_a_process_that_ignores_one_signal_gets_the_next(data_dir: Path) -> None:
    postgres.ensure_running(data_dir, durable=False)
    cluster = folder_of(data_dir).cluster
    process = postmaster(cluster)
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    assert end([process], [(signal.SIGINT, 0.2)]) is False
    assert end([process], [(signal.SIGINT, 0.2), (signal.SIGKILL, 5.0)]) is True
    assert postgres.stop(data_dir) is False
    assert postgres_processes(cluster) == []
