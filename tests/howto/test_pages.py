"""What a page lets its reader type works, and prints what the page shows."""

from pathlib import Path

import psycopg
import pytest

from tests.howto.conftest import ROOT, Sandbox, free_port
from tests.howto.pages import Step, is_as_shown, read_steps, run_steps

#: Pages with commands for the sandbox.
PAGES = ("connect.md", "systems.md")
HOWTO = ROOT / "docs" / "howto"


@pytest.mark.parametrize("name", PAGES)
def test_each_command_of_a_page_prints_what_the_page_shows(
    name: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    steps = read_steps(HOWTO / name)
    printed = run_steps(
        steps,
        folder=tmp_path,
        instead={"localhost:8000": sandbox.address, "8765": str(free_port())},
        database_url=sandbox.database_url,
    )
    wrong = [
        f"line {step.line}: {said!r} is not as shown: {step.shown!r}"
        for step, said in zip(steps, printed, strict=True)
        if step.shown is not None and not is_as_shown(step.shown, said)
    ]
    assert wrong == []
    assert any(step.shown for step in steps)


def test_requests_of_the_page_are_really_placed_and_one_is_cancelled(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    run_steps(
        read_steps(HOWTO / "connect.md"),
        folder=tmp_path,
        instead={"localhost:8000": sandbox.address, "8765": str(free_port())},
        curl_in_python=True,  # the same commands, where there is no curl
    )
    with psycopg.connect(sandbox.database_url) as connection:
        found = connection.execute(
            "SELECT r.status FROM referrals_servicerequest r"
            " JOIN directory_organization o ON o.id = r.requester_organization_id"
            " WHERE o.name = 'Proefziekenhuis (verzonnen)' ORDER BY r.id DESC LIMIT 3"
        ).fetchall()
    assert found == [("intake-done",), ("cancelled",), ("in-care",)]


def test_the_page_names_the_tokens_and_the_postcode_of_the_demo(
    sandbox: Sandbox,
) -> None:
    page = (HOWTO / "connect.md").read_text()
    for token in ("sandbox-hospital", "sandbox-gp-practice", "sandbox-provider"):
        assert token in sandbox.tokens
        assert f"`{token}`" in page
    assert "Wolkenveldzorg" in sandbox.tokens


def test_a_command_that_fails_is_named_with_its_line(tmp_path: Path) -> None:
    steps = [Step(3, "echo first\n", None), Step(9, "echo no; false\n", None)]
    with pytest.raises(AssertionError, match="line 9 ended with 1"):
        run_steps(steps, folder=tmp_path, instead={})


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("A-...\noffered\n", "A-D29YJG\noffered\n", True),
        ("A-...\noffered\n", "A-D29YJG\nplaced\n", False),
        ("401\n", "  401", True),
        ("401\n", "4010\n", False),
        ("{'low': 1.0}", "{'low': 110}", False),
    ],
)
def test_dots_stand_for_anything_and_nothing_else_does(
    shown: str, printed: str, expected: bool
) -> None:
    assert is_as_shown(shown, printed) is expected
