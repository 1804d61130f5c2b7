"""Real servers in folders of their own, stopped and removed afterwards."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wijkspil.config import postgres

SOURCES = Path(postgres.__file__).parents[3]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder that any account could reach, unlike pytest's own for root."""
    place = Path(tempfile.mkdtemp(prefix="wijkspil-test-"))
    place.chmod(0o755)
    yield place / "postgres"
    for made in place.rglob("record.json"):
        postgres.discard(made.parent)
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    place = Path(tempfile.mkdtemp(prefix="wijkspil-test-"))
    place.chmod(0o755)
    yield postgres.ensure_running(place / "postgres", durable=False)
    postgres.discard(place / "postgres")
    shutil.rmtree(place)


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python programs beside the test; what still runs at its end is ended."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
