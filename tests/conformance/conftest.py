"""One small site, served for all proofs by others' tools."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.kill import own_database
from django.db import connections

from conformance.proof import Stage
from conformance.serving import serve_region

_HERE = Path(__file__).parent
#: Asks for whatever the description allows, so it comes after who needs a quiet site.
_LAST = "test_behavior.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep who shares the site on one worker, and the roughest visitor last."""
    places = [place for place, item in enumerate(items) if _HERE in item.path.parents]
    ours = sorted(
        (items[place] for place in places), key=lambda item: item.path.name == _LAST
    )
    for place, item in zip(places, ours, strict=True):
        items[place] = item
        if "small_site" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture(scope="session")
def small_site(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Serve an invented gemeente on a copy of the migrated database."""
    migrated = str(connections["default"].settings_dict["NAME"])
    connections.close_all()
    with (
        own_database(migrated) as address,
        serve_region(
            tmp_path_factory.mktemp("site"),
            size="small",
            database_url=address,
            is_small=True,
        ) as stage,
    ):
        yield stage
