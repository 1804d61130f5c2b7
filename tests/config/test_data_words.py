"""Words of shipped data are messages: without Dutch the check of the words fails."""

import pytest

from wijkspil.config.messages import find_messages
from wijkspil_engines.projection.digital import check_letter
from wijkspil_engines.projection.scenario import Scenario, read_shipped, shipped


def _reasons(scenario: Scenario) -> set[str]:
    return {
        *(row.reason.why for row in scenario.parameters.values()),
        *(row.reason.why for row in scenario.paths.values()),
        *(row.reason.why for row in scenario.variants.values()),
        *(row.reason.why for row in scenario.funds.values()),
        *(row.reason.why for row in scenario.closures),
    }


Found = list[tuple[str, int, str, str | None]]


@pytest.fixture(scope="module")
def found() -> Found:
    """Return the messages, found once: every source is read."""
    return list(find_messages())


def test_every_word_of_a_shipped_scenario_is_a_message(found: Found) -> None:
    messages = {message for _file, _line, message, _context in found}
    for name in shipped():
        scenario = read_shipped(name)
        said = {scenario.title, scenario.description, *_reasons(scenario)} - {""}
        assert said <= messages, name


def test_a_message_of_a_scenario_says_where_it_stands(found: Found) -> None:
    lines = {
        line
        for file, line, message, _context in found
        if file.endswith("base.toml") and message == "Leave and illness together."
    }
    assert len(lines) == 1
    assert min(lines) > 1


def test_what_the_engine_found_of_the_letters_is_a_message(found: Found) -> None:
    messages = {message for _file, _line, message, _context in found}
    assert {check.explanation for check in check_letter()} <= messages
