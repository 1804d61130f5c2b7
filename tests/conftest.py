"""One PostgreSQL for the whole run: the embedded server, or DATABASE_URL."""

import os
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
os.environ.setdefault("WIJKSPIL_POOL_SIZE", "8")

SHARED_DATA = Path(os.environ.get("WIJKSPIL_OPEN_DATA", "../shared/data"))


def pytest_configure(config: pytest.Config) -> None:
    """Start the embedded server once (workers inherit its address)."""
    if hasattr(config, "workerinput") or os.environ.get("DATABASE_URL"):
        return
    from wijkspil.config import postgres

    folder = Path(tempfile.mkdtemp(prefix="wijkspil-test-"))
    server = postgres.ensure_running(folder, durable=False)
    postgres.ensure_database(server, "wijkspil")
    os.environ["DATABASE_URL"] = server.url("wijkspil")
    config.stash[SERVER] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server this run started."""
    folder = config.stash.get(SERVER, None)
    if folder is not None:
        from wijkspil.config import postgres

        postgres.stop(folder)


SERVER = pytest.StashKey[Path]()


@pytest.fixture(scope="session")
def open_data() -> Path:
    """Folder with the publishers' files; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no open data at {SHARED_DATA} (set WIJKSPIL_OPEN_DATA)")
    return SHARED_DATA
