"""A copy of another site is equal to it, whatever is killed on the way.

A small form of ``conformance/two_servers``, on the product as it is served.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests.fhir.two_servers import compare

ROOT = Path(__file__).resolve().parents[2]
KEY = ("Endpoint", "e")


def versions(*names: str) -> dict[tuple[str, str], list[tuple[int, dict[str, Any]]]]:
    """Return an endpoint that had these names, one after the other."""
    return {KEY: [(n, {"name": name}) for n, name in enumerate(names, start=1)]}


def line(name: str, version: int) -> dict[str, str]:
    """Return a line of the ledger."""
    return {"type": "Endpoint", "id": "e", "name": name, "etag": f'W/"{version}"'}


@pytest.mark.parametrize(
    ("copy", "ledger"),
    [
        pytest.param(["a", "b"], [], id="missing"),
        pytest.param(["a", "b", "b", "c"], [], id="double"),
        pytest.param(["a", "c", "b"], [], id="order"),
        pytest.param(["a", "b", "x"], [], id="other content"),
        pytest.param(["a", "b", "c"], [line("d", 4)], id="acknowledged and lost"),
        pytest.param(["a", "b", "c"], [line("c", 2)], id="another version"),
    ],
)
def test_what_is_lost_double_or_out_of_order_is_found(
    copy: list[str], ledger: list[dict[str, str]]
) -> None:
    assert compare(versions("a", "b", "c"), versions(*copy), {}, ledger)


def test_what_was_there_before_the_copy_began_comes_in_its_newest_version() -> None:
    ours = versions("a", "b", "b", "c")

    assert compare(ours, versions("b", "c"), {KEY: 2}, [line("c", 4)]) == []


@pytest.mark.enable_socket
@pytest.mark.xdist_group("browser")
@pytest.mark.django_db(transaction=True)
def test_two_sites_are_equal_after_writes_kills_and_restarts() -> None:
    migrated = str(connections["default"].settings_dict["NAME"])
    connections.close_all()

    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fhir.two_servers"),
            *("--seconds", "30", "--template", migrated),
        ],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "out of order or different: 0." in done.stdout
