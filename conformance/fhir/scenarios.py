"""Whole conversations with the server, as sekmet-fhir (a tester of FHIR R4) holds them.

Two lots: the scenarios that the tool ships, less what does not apply
(``not_applicable.yaml``, each with the place in a specification that says why), and
our own in its language (``scenarios/*.yaml``), with the systems of a hospital and of a
provider as its peers. Subscriptions call back to the tool, so the site must be served
with ``WIJKSPIL_WEBHOOK_PRIVATE``.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml

from conformance.proof import Outcome, Stage
from conformance.serving import find_free_port
from wijkspil.fhir.subscriptions.criteria import TASK_TOPIC

OWN = Path(__file__).with_name("scenarios")
NOT_APPLICABLE = Path(__file__).with_name("not_applicable.yaml")
#: Of which every step must pass, but for those on the list.
SMOKE = "conformance_smoke"
_COMMAND = "python -m conformance fhir --only scenarios"


@dataclass
class Judged:
    """What became of the steps of some scenarios, against the list."""

    passed: int = 0
    problems: list[str] = field(default_factory=list)
    #: On the list, and did not pass or was not run.
    listed: int = 0
    #: On the list and passed all the same: the list says too much.
    passed_though_listed: list[str] = field(default_factory=list)


def prove(stage: Stage) -> list[Outcome]:
    """Run our own scenarios, and then those that are shipped."""
    talk = Conversation(stage)
    own = _outcome(
        "Own scenarios: directory, referral and subscriptions",
        talk,
        [str(path) for path in sorted(OWN.glob("*.yaml"))],
        peer="provider",
        listed={},
    )
    names = [SMOKE] if stage.is_small else list_shipped()
    shipped = _outcome(
        f"Shipped scenarios ({', '.join(names)})"
        if stage.is_small
        else f"All {len(names)} shipped scenarios",
        talk,
        names,
        peer="hospital",
        listed=read_not_applicable(),
    )
    return [own, shipped]


def list_shipped() -> list[str]:
    """Return the names of the scenarios in the tool's library."""
    library = files("sekmet") / "scenarios" / "library"
    return sorted(
        one.name.removesuffix(".yaml")
        for one in library.iterdir()
        if one.name.endswith(".yaml")
    )


def read_not_applicable() -> dict[str, dict[str, str]]:
    """Return scenario -> step -> reference; the step ``*`` stands for the rest."""
    found: dict[str, dict[str, str]] = {}
    for one in yaml.safe_load(NOT_APPLICABLE.read_text()):
        steps = found.setdefault(one["scenario"], {})
        for step in one.get("steps", ["*"]):
            steps[step] = one["reference"]
    return found


def judge(
    results: Sequence[Mapping[str, Any]], listed: Mapping[str, Mapping[str, str]]
) -> Judged:
    """Weigh the tool's results: a step passes, or is on the list."""
    judged = Judged()
    for result in results:
        scenario = Path(result["file"]).stem
        off = listed.get(scenario, {})
        for step in result["steps"]:
            name = f"{scenario}: {step['name']}"
            is_listed = step["name"] in off or "*" in off
            if step["kind"] in ("set", "sleep"):
                continue
            # What a specification only advises is asked for here as well.
            if step["status"] == "passed":
                judged.passed += 1
                if is_listed:
                    judged.passed_though_listed.append(name)
            elif is_listed:
                judged.listed += 1
            else:
                judged.problems.append(
                    f"{name}: {step['status']}: {step['message'][:300]}"
                )
    return judged


class Conversation:
    """The tool beside a served site: its settings, and runs of it."""

    def __init__(self, stage: Stage) -> None:
        self.folder = stage.folder / f"scenarios-{uuid4().hex[:8]}"
        self.folder.mkdir()
        self.variables = _find_variables(stage)
        port = find_free_port()
        settings = {
            "base_url": f"http://127.0.0.1:{port}/fhir",
            "public_url": f"http://127.0.0.1:{port}",
            "host": "127.0.0.1",
            "port": port,
            "data_dir": str(self.folder),
            "peers": {
                name: {
                    "base_url": f"{stage.address}/fhir",
                    "auth": {"type": "bearer", "token": stage.tokens[name]},
                    "timeout": 120,
                }
                for name in ("hospital", "provider")
            },
        }
        (self.folder / "settings.yaml").write_text(yaml.safe_dump(settings))

    def run(self, names: Sequence[str], *, peer: str) -> list[dict[str, Any]]:
        """Run scenarios as one of the systems and return the tool's results."""
        reports = self.folder / f"reports-{uuid4().hex[:8]}"
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "from sekmet.cli import app; app()",
                "scenario",
                "run",
                *names,
                "--peer",
                peer,
                "--serve",
                "--report-dir",
                str(reports),
                "--config",
                "settings.yaml",
                *(
                    word
                    for name, value in self.variables.items()
                    for word in ("--var", f"{name}={value}")
                ),
            ],
            cwd=self.folder,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        found = list(reports.glob("*/results.json"))
        if not found:
            raise SystemExit(f"The tool did not run.\n{done.stdout}{done.stderr}")
        results: list[dict[str, Any]] = json.loads(found[0].read_text())
        return results


def _outcome(
    name: str,
    talk: Conversation,
    scenarios: Sequence[str],
    *,
    peer: str,
    listed: Mapping[str, Mapping[str, str]],
) -> Outcome:
    started_s = time.monotonic()
    results = talk.run(scenarios, peer=peer)
    judged = judge(results, listed)
    if len(results) != len(scenarios):
        judged.problems.append(f"{len(scenarios)} asked for, {len(results)} run")
    return Outcome(
        name=name,
        tool=f"sekmet-fhir {version('sekmet-fhir')}",
        command=_COMMAND,
        passed=judged.passed,
        failed=len(judged.problems),
        seconds=time.monotonic() - started_s,
        detail=[
            *judged.problems,
            *(
                f"{one}: is on the list and passes"
                for one in judged.passed_though_listed
            ),
            *(
                [f"{judged.listed} steps do not apply (not_applicable.yaml)"]
                if judged.listed
                else []
            ),
        ],
    )


def _find_variables(stage: Stage) -> dict[str, str]:
    """Return who the provider is, and a postcode where its team is asked first.

    Its teams tell first that they have room, as their systems would.
    """
    provider = {"Authorization": f"Bearer {stage.tokens['provider']}"}
    hospital = {"Authorization": f"Bearer {stage.tokens['hospital']}"}
    today = datetime.now(UTC).date()  # noqa: TID251 - the edge: days of the requests
    with httpx.Client(base_url=stage.address, timeout=120) as http:
        own = http.get("/api/v1/own-organization", headers=provider).json()
        for service in own["services"]:
            http.post(
                f"/api/v1/services/{service['id']}/capacity",
                headers={**provider, "Idempotency-Key": str(uuid4())},
                json={
                    "newClients": 9,
                    "sizeBand": "any",
                    "partsOfDay": ["morning", "afternoon", "evening"],
                },
            ).raise_for_status()
        organization = _only(
            http.get(
                "/fhir/Organization",
                params={
                    "identifier": f"http://fhir.nl/fhir/NamingSystem/ura|{own['ura']}"
                },
            ).json()
        )
        custodian = organization["identifier"][0]
        other = next(
            entry["resource"]["id"]
            for entry in http.get("/fhir/Organization?_count=2").json()["entry"]
            if entry["resource"]["id"] != organization["id"]
        )
        found = {
            "organization": organization["id"],
            "custodian_system": custodian["system"],
            "custodian": custodian["value"],
            "other": other,
            "first_visit": str(today + timedelta(days=3)),
            "review": str(today + timedelta(days=42)),
            "task_topic": TASK_TOPIC,
        }
        reference = f"Organization/{organization['id']}"
        places = http.get(
            "/fhir/HealthcareService",
            params={
                "organization": reference,
                "active": "true",
                "_include": "HealthcareService:location",
            },
        ).json()
        for place in _resources(places, "Location"):
            postcode = place.get("address", {}).get("postalCode", "")
            team = postcode and _first_asked(
                http, hospital, postcode, reference, found["first_visit"]
            )
            if team:
                return {**found, "postcode": postcode, "team": team}
    raise SystemExit("The provider of the sandbox has no team that is asked first.")


def _first_asked(
    http: httpx.Client,
    headers: Mapping[str, str],
    postcode: str,
    organization: str,
    first_visit: str,
) -> str:
    """Return the id of the team that is asked first there, if it is of this one."""
    asked: dict[str, dict[str, Any]] = {
        "postcode": {"valueString": postcode},
        "task": {"valueCode": "stockings"},
        "part-of-day": {"valueCode": "morning"},
        "first-visit-on": {"valueDate": first_visit},
        "urgency": {"valueCode": "days"},
        "urgency-reason": {"valueCode": "discharge"},
        "preferred-provider": {"valueReference": {"reference": organization}},
    }
    answer = http.post(
        "/fhir/HealthcareService/$check-room",
        headers={**headers, "Content-Type": "application/fhir+json"},
        json={
            "resourceType": "Parameters",
            "parameter": [{"name": name, **value} for name, value in asked.items()],
        },
    ).json()
    for one in answer.get("parameter", []):
        if one["name"] == "candidate":
            parts = {
                part["name"]: part["valueReference"]["reference"]
                for part in one["part"]
                if "valueReference" in part
            }
            if parts["organization"] != organization:
                return ""
            return str(parts["service"].rpartition("/")[2])
    return ""


def _only(bundle: Mapping[str, Any]) -> dict[str, Any]:
    (entry,) = bundle["entry"]
    resource: dict[str, Any] = entry["resource"]
    return resource


def _resources(bundle: Mapping[str, Any], type_: str) -> list[dict[str, Any]]:
    return [
        entry["resource"]
        for entry in bundle.get("entry", [])
        if entry["resource"]["resourceType"] == type_
    ]
