"""The engines, and the command that runs them on files, need neither Django nor
PostgreSQL: seen in a process of their own.
"""

import pkgutil
import subprocess
import sys
from pathlib import Path

import wijkspil_engines

_FORBIDDEN = ("django", "psycopg", "procrastinate", "ninja", "pghistory")
_TELL = f"""
import sys
loaded = set(sys.modules)
bad = [name for name in loaded if name.split(".")[0] in {_FORBIDDEN!r}]
bad += [name for name in loaded if name.startswith("wijkspil.") and
        (name.endswith(".models") or not name.startswith("wijkspil.config"))]
print(sorted(bad))
"""


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code + _TELL],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


def test_every_engine_loads_without_django() -> None:
    names = [
        module.name
        for module in pkgutil.walk_packages(
            wijkspil_engines.__path__, "wijkspil_engines."
        )
    ]
    assert "wijkspil_engines.routing.solve" in names
    assert _run("\n".join(f"import {name}" for name in names)) == "[]"


def test_the_engines_command_runs_without_django(tmp_path: Path) -> None:
    requests, teams = tmp_path / "requests.csv", tmp_path / "teams.csv"
    requests.write_text("key,area\nr1,Zuid\n")
    teams.write_text("key,provider,tiers,free_clients\nt1,p1,Zuid=own,2\n")
    code = f"""
from wijkspil.config import cli_engines
for command in ("rank", "assign"):
    try:
        cli_engines.routing_app([command, {str(requests)!r}, {str(teams)!r}])
    except SystemExit as end:
        assert not end.code, end.code
"""
    assert _run(code) == "[]"
