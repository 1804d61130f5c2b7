"""Words of shipped data are messages: without Dutch the check of the words fails."""

from wijkspil.config.messages import find_messages
from wijkspil_engines.projection.digital import check_letter
from wijkspil_engines.projection.scenario import Scenario, read_shipped, shipped


def _reasons(scenario: Scenario) -> set[str]:
    rows = [
        *scenario.parameters.values(),
        *scenario.paths.values(),
        *scenario.variants.values(),
        *scenario.funds.values(),
        *scenario.closures,
    ]
    return {row.reason.why for row in rows}


def test_every_word_of_a_shipped_scenario_is_a_message() -> None:
    messages = {message for _file, _line, message, _context in find_messages()}
    for name in shipped():
        scenario = read_shipped(name)
        said = {scenario.title, scenario.description, *_reasons(scenario)} - {""}
        assert said <= messages, name


def test_a_message_of_a_scenario_says_where_it_stands() -> None:
    lines = {
        line
        for file, line, message, _context in find_messages()
        if file.endswith("base.toml") and message == "Leave and illness together."
    }
    assert len(lines) == 1
    assert min(lines) > 1


def test_what_the_engine_found_of_the_letters_is_a_message() -> None:
    messages = {message for _file, _line, message, _context in find_messages()}
    assert {check.explanation for check in check_letter()} <= messages
