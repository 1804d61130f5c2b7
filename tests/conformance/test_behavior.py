"""The small form of ``conformance.rest``."""

from datetime import UTC, datetime
from pathlib import Path

from conformance.proof import Outcome, Stage, list_groups, list_proofs
from conformance.report import HEAD, section, write_report
from conformance.rest import behavior, description


def test_the_site_does_what_its_description_says(small_site: Stage) -> None:
    outcomes = [description.prove(small_site), *behavior.prove(small_site)]
    for one in outcomes:
        assert one.holds, (one.name, one.detail)
    asked = sum(one.passed for one in outcomes)
    assert asked >= 100


def test_every_group_has_proofs_and_a_proof_is_found_by_its_module() -> None:
    assert "rest" in list_groups()
    assert {"behavior", "description", "design_rules"} <= {
        name for name, _prove in list_proofs("rest")
    }


def test_an_outcome_without_anything_checked_does_not_hold() -> None:
    none = Outcome("n", "t", "c", passed=0, failed=0, seconds=1)
    some = Outcome("n", "t", "c", passed=1, failed=0, seconds=1)
    wrong = Outcome("n", "t", "c", passed=9, failed=1, seconds=1)
    assert [one.holds for one in (none, some, wrong)] == [False, True, False]


def test_the_report_keeps_the_parts_of_groups_that_were_not_run(
    tmp_path: Path,
) -> None:
    report = tmp_path / "conformance.md"
    told = {
        group: section(
            group,
            [Outcome(f"proof of {group}", "tool 1", "run it", 5, 0, 3.0, ["line"])],
            at=datetime(2026, 11, 22, 14, 0, tzinfo=UTC),
            machine="2 cores",
            size="region",
        )
        for group in ("fhir", "rest")
    }
    write_report(report, told)
    write_report(report, {"rest": told["rest"].replace("proof of", "new proof of")})
    text = report.read_text()
    assert text.startswith(HEAD)
    assert text.count("## ") - text.count("### ") == 2
    assert "| proof of fhir | tool 1 | 5 | 0 | 3 |" in text
    assert "new proof of rest" in text
    assert "22 November 2026, 14:00 UTC" in text
