"""The small form of ``conformance.fhir``, and that its list of exceptions is honest."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.fhir import scenarios, structure
from conformance.proof import Stage, list_proofs

#: May never be left out: what the directory and the exchange are for.
_MUST = {
    "CapabilityStatement",
    "Create Patient",
    "Read Patient",
    "Conditional create does not duplicate",
    "Search by identifier finds exactly one",
    "Update with correct If-Match",
    "Stale If-Match is rejected (409/412)",
    "vread first version",
    "Instance history",
    "Paging returns next link",
    "Invalid resource is rejected",
}


def shipped(name: str) -> dict[str, Any]:
    library = files("sekmet") / "scenarios" / "library"
    found: dict[str, Any] = yaml.safe_load((library / f"{name}.yaml").read_text())
    return found


def listed() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(scenarios.NOT_APPLICABLE.read_text())
    return found


def test_two_systems_hold_every_conversation_with_the_site(small_site: Stage) -> None:
    own, smoke = scenarios.prove(small_site)
    assert own.holds, own.detail
    assert own.passed >= 150
    assert smoke.holds, smoke.detail
    assert smoke.passed >= len(_MUST)
    assert not [line for line in smoke.detail if "on the list, and passes" in line]


def test_every_resource_that_the_site_gives_out_is_r4(small_site: Stage) -> None:
    for one in structure.prove(small_site):
        assert one.holds, (one.tool, one.detail)
        assert one.passed > 500


def test_both_proofs_are_found_by_their_module() -> None:
    assert {"scenarios", "structure"} <= {name for name, _prove in list_proofs("fhir")}


def test_the_list_names_scenarios_and_steps_that_the_tool_has() -> None:
    for one in listed():
        steps = {step.get("name") for step in shipped(one["scenario"])["steps"]}
        assert set(one.get("steps", ())) <= steps, one["scenario"]
        assert len(one["reference"]) > 40, one["scenario"]
        assert any(
            name in one["reference"] for name in ("FHIR R4", "mCSD", "fhir.nl.gf")
        )


def test_what_the_site_is_for_is_not_on_the_list() -> None:
    smoke = scenarios.read_not_applicable()[scenarios.SMOKE]
    steps = {step.get("name") for step in shipped(scenarios.SMOKE)["steps"]} - {None}
    assert steps - set(smoke) == _MUST


def test_what_is_left_out_about_tasks_and_subscriptions_is_proven_by_our_own() -> None:
    own = {path.stem for path in scenarios.OWN.glob("*.yaml")}
    for one in listed():
        text = yaml.safe_dump(shipped(one["scenario"])["steps"])
        if "steps" not in one and ("subscribe:" in text or "Task" in text):
            assert one["instead"].split(":")[0] in own, one["scenario"]


def result(status: str, name: str = "Read", kind: str = "request") -> Any:
    step = {"name": name, "kind": kind, "status": status, "message": "said"}
    return [{"file": "library/smoke.yaml", "steps": [step]}]


@pytest.mark.parametrize("status", ["failed", "error", "warning", "skipped"])
def test_a_step_that_did_not_pass_counts_unless_it_is_listed(status: str) -> None:
    assert scenarios.judge(result(status), {}).problems == [
        f"smoke: Read: {status}: said"
    ]
    for steps in ({"Read": "because"}, {"*": "because"}):
        judged = scenarios.judge(result(status), {"smoke": steps})
        assert (judged.problems, judged.listed, judged.passed) == ([], 1, 0)


def test_a_listed_step_that_passes_is_told() -> None:
    judged = scenarios.judge(result("passed"), {"smoke": {"Read": "because"}})
    assert judged.passed_though_listed == ["smoke: Read"]
    assert scenarios.judge(result("passed"), {}).passed_though_listed == []


def test_setting_a_variable_is_no_step_that_passed() -> None:
    assert scenarios.judge(result("passed", kind="set"), {}).passed == 0


def test_each_own_scenario_tells_what_it_is_about() -> None:
    for path in scenarios.OWN.glob("*.yaml"):
        spec = yaml.safe_load(Path(path).read_text())
        assert spec["description"].strip(), path.name
        assert all(step.get("name") or "set" in step for step in spec["steps"])
