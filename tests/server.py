"""One PostgreSQL for the whole test run: DATABASE_URL, or an embedded server.

Loaded with ``-p tests.server``, because pytest-django reads the settings before any
conftest. Workers of a parallel run inherit the address.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

_STARTED = pytest.StashKey[Path]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, None, None]:
    """Compile the Dutch words and start the server before any setting is read."""
    from wijkspil.config import messages

    messages.compile_catalogues()
    if not os.environ.get("DATABASE_URL"):
        from wijkspil.config import postgres

        folder = Path(tempfile.mkdtemp(prefix="wijkspil-test-"))
        server = postgres.ensure_running(folder, durable=False)
        postgres.ensure_database(server, "wijkspil")
        os.environ["DATABASE_URL"] = server.url("wijkspil")
        early_config.stash[_STARTED] = folder
    return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop and remove the server that this run started."""
    folder = config.stash.get(_STARTED, None)
    if folder is not None:
        from wijkspil.config import postgres

        postgres.discard(folder)
        shutil.rmtree(folder)
