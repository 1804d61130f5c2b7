"""The description keeps the Dutch API Design Rules, by Spectral and ``adr.yaml``.

That each rule can fail is shown in ``tests/conformance/test_design_rules.py``.
"""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from conformance.node import FOLDER, run_node, version_of
from conformance.proof import Outcome, Stage

RULES = FOLDER / "adr.yaml"


def list_rules() -> list[str]:
    """Return the names of the rules."""
    rules: Mapping[str, Any] = yaml.safe_load(RULES.read_text())["rules"]
    return list(rules)


def lint(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Return what Spectral says of these descriptions: code, message, path, source.

    Raises
    ------
    RuntimeError
        If Spectral did not come to a result.
    """
    done = run_node(
        [
            "node_modules/@stoplight/spectral-cli/dist/index.js",
            *("lint", "--ruleset", RULES, "--format", "json", "--quiet"),
            *files,
        ]
    )
    # Ends with 1 when a rule is broken; anything else is no result.
    if done.returncode not in (0, 1):
        raise RuntimeError(f"Spectral failed.\n{done.stdout}\n{done.stderr}")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def prove(stage: Stage) -> Outcome:
    """Lint the description that the site answers with."""
    started_s = time.monotonic()
    file = stage.folder / "openapi.json"
    file.write_bytes(httpx.get(f"{stage.address}/api/v1/openapi.json").content)
    found = lint([file])
    rules = list_rules()
    broken = {one["code"] for one in found}
    return Outcome(
        name="Dutch API Design Rules",
        tool=f"spectral-cli {version_of('@stoplight/spectral-cli')}",
        command="spectral lint --ruleset conformance/adr.yaml openapi.json",
        passed=len(rules) - len(broken),
        failed=len(broken),
        seconds=time.monotonic() - started_s,
        detail=[
            *(
                f"{one['code']} at {'/'.join(map(str, one['path']))}: "
                f"{one['message'][:200]}"
                for one in found
            ),
            f"{len(rules)} rules, {len(found)} errors",
        ],
    )
