"""Workers are killed while systems work: nothing is lost, nothing is done twice.

A small version of ``benchmarks/kill.py``, on the product as it is served.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.enable_socket
@pytest.mark.xdist_group("browser")
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_and_repeats_nothing() -> None:
    migrated = str(connections["default"].settings_dict["NAME"])
    connections.close_all()

    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.kill", "--moments", "6"),
            *("--pause", "2", "--settle", "0", "--template", migrated),
        ],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Lost: 0. Done twice: 0." in done.stdout
