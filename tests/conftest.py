"""What every test may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import settings

# A shared machine can be slow for a moment; that is no failure.
settings.register_profile("wijkspil", deadline=None)
settings.load_profile("wijkspil")

#: Where the publishers' open data lies, if it does.
OPEN_DATA = Path(
    os.environ.get("WIJKSPIL_OPEN_DATA", Path(__file__).parents[2] / "shared" / "data")
)


@pytest.fixture(autouse=True)
def _speak_english() -> Iterator[None]:
    """Give each test the message ids; pages choose their language per request."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def open_data() -> Path:
    """Folder with the publishers' files; the test is skipped where it is absent."""
    if not OPEN_DATA.is_dir():
        pytest.skip(f"no open data at {OPEN_DATA} (set WIJKSPIL_OPEN_DATA)")
    return OPEN_DATA
