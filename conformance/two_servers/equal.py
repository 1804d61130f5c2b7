"""One site is fed, the other copies it, half an hour long: equal at the end.

Both are sites of their own, on databases of their own (``tests/fhir/two_servers.py``);
what was acknowledged stands in a ledger outside.
"""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

from conformance.proof import ROOT, Outcome, Stage

LONG_S, SHORT_S = 30 * 60, 45
_EMPTY = "wijkspil_two_servers"

#: A migrated database to copy, and the address of its server.
_PREPARE = """
import os, sys
from wijkspil.config.runtime import start_application
start_application(database=sys.argv[1])
print(os.environ["DATABASE_URL"])
"""


def prove(stage: Stage) -> Outcome:
    """Return how many acknowledged writes are in the copy exactly once, in order."""
    environment = {
        **os.environ,
        "WIJKSPIL_DATA_DIR": str(stage.folder / "site"),
    }
    environment.pop("DATABASE_URL", None)
    if stage.database_url:
        environment["DATABASE_URL"] = stage.database_url
    prepared = subprocess.run(
        [sys.executable, "-c", _PREPARE, _EMPTY],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    url = prepared.stdout.splitlines()[-1]
    seconds = SHORT_S if stage.is_small else LONG_S
    report = stage.folder / "two-servers.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fhir.two_servers"),
            *("--seconds", str(seconds), "--report", str(report)),
            *("--template", urlsplit(url).path.lstrip("/")),
        ],
        env={**environment, "DATABASE_URL": url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    command = f"python -m tests.fhir.two_servers --seconds {seconds}"
    if not report.is_file():
        said = (done.stdout + done.stderr).splitlines()[-5:]
        return Outcome("Two sites", "outside ledger", command, 0, 1, 0.0, said)
    found = json.loads(report.read_text())
    return Outcome(
        name="Two sites",
        tool="outside ledger",
        command=command,
        passed=found["acknowledged"],
        failed=len(found["wrong"]),
        seconds=found["seconds"],
        detail=[*found["wrong"], *done.stdout.splitlines()[:5]],
    )
