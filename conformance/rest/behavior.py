"""The site does what its description says, by schemathesis.

Every operation gets examples, the edges of each parameter, values made at random
(right and wrong ones), and chains along the links of the description; as a visitor, as
each of the systems that connect, and with every operation asked by the system it is
meant for. All checks of schemathesis are on; one was told more:

* ``positive_data_acceptance`` also takes 400: what the description cannot say (a day
  that has passed, a number of a citizen that fails its test, a team of another region)
  is refused with 400 and the field, as the Dutch design rules ask. A 400 that says
  that the request *cannot be read* (code ``unreadable-request``) to a value that fits
  the description is a failure all the same: the hooks check it.
"""

import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from conformance.proof import ROOT, Outcome, Stage

HOOKS = "conformance.rest.schemathesis_hooks"
SETTINGS = f"""
hooks = "{HOOKS}"
continue-on-failure = true
request-timeout = 30.0

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422"]
"""
#: Who asks; "" is a visitor, "each" every operation by whom it is meant for.
ASKING = ("", "hospital", "practice", "provider", "triage", "night", "stay", "each")
ALL_PHASES = "examples,coverage,fuzzing,stateful"


def prove(stage: Stage) -> list[Outcome]:
    """Run schemathesis once for everybody who asks."""
    if stage.is_small:
        return [
            run(stage, "", phases="examples,fuzzing", examples=2, most_s=10),
            run(stage, "each", phases="fuzzing,stateful", examples=2, most_s=18),
        ]
    return [
        run(stage, name, phases=ALL_PHASES, examples=30, most_s=150) for name in ASKING
    ]


def run(
    stage: Stage, asking: str, *, phases: str, examples: int, most_s: int
) -> Outcome:
    """Run schemathesis as one system and return what it found."""
    started_s = time.monotonic()
    folder = stage.folder / f"schemathesis-{asking or 'visitor'}"
    folder.mkdir()
    (folder / "schemathesis.toml").write_text(SETTINGS)
    arguments = [
        *("--phases", phases, "--max-examples", str(examples)),
        *("--max-time", str(most_s), "--seed", "20261122"),
    ]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(folder / "schemathesis.toml")),
            *("run", f"{stage.address}/api/v1/openapi.json"),
            *arguments,
            *("--report", "json", "--report-json-path", str(folder / "report.json")),
            "--no-color",
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "WIJKSPIL_ASKS_AS": asking,
            "WIJKSPIL_TOKENS": json.dumps(dict(stage.tokens)),
            "WIJKSPIL_SERVICES": json.dumps(_own_services(stage)),
            "WIJKSPIL_POSTCODE": _postcode(stage),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    (folder / "output.txt").write_text(done.stdout + done.stderr)
    report = _read(folder / "report.json")
    cases = report.get("test_cases", {})
    failures = report.get("failures", [])
    failed = sum(one["count"] for one in failures) + len(report.get("errors", []))
    if not report:
        failed = 1
    phases_done = [
        name
        for name, one in report.get("phases", {}).items()
        if one.get("skip_reason") is None
    ]
    return Outcome(
        name=f"Behavior, asked by {asking or 'a visitor'}",
        tool=f"schemathesis {version('schemathesis')}",
        command=f"st run /api/v1/openapi.json {' '.join(arguments)}",
        passed=cases.get("generated", 0) - cases.get("with_failures", 0),
        failed=failed,
        seconds=time.monotonic() - started_s,
        detail=[
            *(
                f"{one['title']}: {one['count']}, in {', '.join(one['operations'])}"
                for one in failures
            ),
            *(str(error)[:300] for error in report.get("errors", [])),
            *([] if report else [done.stdout[-1500:] + done.stderr[-1500:]]),
            f"{report.get('operations', {}).get('tested', 0)} operations, phases: "
            f"{', '.join(phases_done)}",
        ],
    )


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _own_services(stage: Stage) -> dict[str, int]:
    """Return name of a system -> a service that it keeps up."""
    cares = {"stay": "temporary-stay", "practice": "gp-care"}
    found = {}
    for name, token in stage.tokens.items():
        answer = httpx.get(
            f"{stage.address}/api/v1/own-organization",
            headers={"Authorization": f"Bearer {token}"},
        )
        for service in answer.raise_for_status().json()["services"]:
            if service["care"] == cares.get(name, "district-nursing"):
                found[name] = service["id"]
    return found


def _postcode(stage: Stage) -> str:
    """Return a postcode in the region: where a team of the provider is."""
    headers = {"Authorization": f"Bearer {stage.tokens['provider']}"}
    with httpx.Client(base_url=f"{stage.address}/api/v1", headers=headers) as client:
        own = client.get("/own-organization").raise_for_status().json()
        found = client.get("/services", params={"organization": own["id"]})
        postcode: str = found.raise_for_status().json()["items"][0]["postcode"]
    return postcode
