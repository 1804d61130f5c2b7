"""A scenario says who set each value and why, and errors say where."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkspil_engines.projection.scenario import (
    InvalidScenario,
    Scenario,
    differences,
    dump,
    key_lines,
    load,
    parse_scenario,
    read_scenario,
    read_shipped,
    resolve,
    shipped,
)
from wijkspil_engines.projection.schema import SCHEMA, first_violation, schema_json

SMALL = """\
schema = "1.0"
name = "small"
title = "Small"
description = "Two parameters"
first_year = 2026
last_year = 2030

[sources.W23]
publisher = "Ministerie van VWS"
title = "Stand van zaken"
date = 2023-03-01
letter = "W23"

[parameters.outflow]
interval = [0.9, 1.1]
range = [0, 10]
unit = "factor"
status = "assumed"
source = ["W23"]
set_by = "RESV"
why = "As an example"

[parameters."dispenser.adopted"]
interval = [0.2, 0.3]
range = [0, 1]
unit = "share"
status = "published"
source = ["W23"]
set_by = "RESV"
why = "As an example"
"""

CHANGE = """\
schema = "1.0"
name = "change"
title = "Change"
description = "One parameter"
extends = "small"

[parameters.outflow]
interval = [1.2, 1.4]
status = "expert"
source = ["W23"]
set_by = "Insurer"
why = "Seen in the region"
"""


def plain(scenario: Scenario) -> object:
    return json.loads(json.dumps(tomllib.loads(dump(scenario))))


class TestWhatComesWithTheEngine:
    @pytest.mark.parametrize("name", shipped())
    def test_each_scenario_is_read_and_resolved(self, name: str) -> None:
        scenario = load(name)

        assert scenario.applied[0] == "base"
        assert len(scenario.parameters) > 50

    @pytest.mark.parametrize("name", shipped())
    def test_each_scenario_is_of_the_published_schema(self, name: str) -> None:
        jsonschema.Draft202012Validator(SCHEMA).validate(plain(read_shipped(name)))

    def test_the_published_schema_is_a_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(json.loads(schema_json()))

    def test_what_is_assumed_without_a_figure_is_wide_and_says_so(self) -> None:
        for name, parameter in load("base").parameters.items():
            if "no-figure" in parameter.reason.source:
                assert parameter.reason.status == "assumed", name
                assert parameter.high > parameter.low, name

    def test_every_value_says_who_set_it_and_why(self) -> None:
        for parameter in load("retirement-early").parameters.values():
            assert parameter.reason.source
            assert parameter.reason.set_by
            assert parameter.reason.why
        assert load("retirement-early").parameters["retirement"].reason.scenario == (
            "retirement-early"
        )

    def test_two_scenarios_on_one_base_are_applied_in_order(self) -> None:
        both = load("training-money", "retirement-early")

        assert both.applied == ("base", "training-money", "retirement-early")
        assert differences(load("training-money"), both) == ("parameters.retirement",)

    def test_a_wrong_name_gets_the_nearest(self) -> None:
        with pytest.raises(InvalidScenario, match="did you mean training-money"):
            load("traning-money")


class TestChanges:
    def test_a_change_keeps_unit_and_range(self) -> None:
        both = resolve(parse_scenario(SMALL), parse_scenario(CHANGE))

        outflow = both.parameters["outflow"]
        assert (outflow.low, outflow.high, outflow.unit) == (1.2, 1.4, "factor")
        assert outflow.most == 10
        assert outflow.reason.set_by == "Insurer"
        assert both.parameters["dispenser.adopted"].reason.scenario == "small"

    def test_a_change_in_another_unit_is_refused(self) -> None:
        text = CHANGE.replace("[1.2, 1.4]", '[1.2, 1.4]\nunit = "percent"')

        with pytest.raises(InvalidScenario, match="'percent' and was 'factor'"):
            resolve(parse_scenario(SMALL), parse_scenario(text))

    def test_a_change_outside_the_range_of_the_base_is_refused(self) -> None:
        text = CHANGE.replace("[1.2, 1.4]", "[9, 11]")

        with pytest.raises(InvalidScenario, match=r"range \[0, 10\] of factor"):
            resolve(parse_scenario(SMALL), parse_scenario(text))

    def test_a_parameter_the_base_does_not_have_is_refused(self) -> None:
        text = CHANGE.replace("parameters.outflow", "parameters.outflw")

        with pytest.raises(InvalidScenario, match="did you mean outflow") as error:
            resolve(parse_scenario(SMALL), parse_scenario(text, place="mine.toml"))
        assert str(error.value).startswith("mine.toml:7: parameters.outflw ")

    def test_a_source_nobody_gives_is_refused(self) -> None:
        text = CHANGE.replace('["W23"]', '["W99"]')

        with pytest.raises(
            InvalidScenario, match=r"'W99' is not in .sources.; use W23"
        ):
            resolve(parse_scenario(SMALL), parse_scenario(text))

    def test_a_change_of_another_base_is_refused(self) -> None:
        text = CHANGE.replace('"small"', '"large"')

        with pytest.raises(InvalidScenario, match="extends large is not among small"):
            resolve(parse_scenario(SMALL), parse_scenario(text))

    def test_a_file_extends_one_beside_it(self, tmp_path: Path) -> None:
        (tmp_path / "small.toml").write_text(SMALL, "utf-8")
        (tmp_path / "mine.toml").write_text(CHANGE, "utf-8")

        assert load(tmp_path / "mine.toml").applied == ("small", "change")

    def test_files_that_extend_each_other_are_refused(self, tmp_path: Path) -> None:
        text = CHANGE.replace('extends = "small"', 'extends = "change"')
        (tmp_path / "change.toml").write_text(text, "utf-8")

        with pytest.raises(InvalidScenario, match="goes round"):
            load(tmp_path / "change.toml")


class TestErrors:
    @pytest.mark.parametrize(
        ("old", "new", "line", "says"),
        [
            ("[0.9, 1.1]", "[1.1, 0.9]", 15, r"outflow.interval .*reversed; write"),
            ("[0.9, 1.1]", '"0.9"', 15, "is not a list"),
            ("[0.9, 1.1]", "[0.9]", 15, "has 1 items and needs 2"),
            ("[0.9, 1.1]", "[0.9, inf]", 15, "is not a number"),
            ("[0.9, 1.1]", "[0.9, true]", 15, "is not a number"),
            ("[0.9, 1.1]", "[0.9, 11]", 15, r"does not lie in the range \[0, 10\]"),
            ("[0.2, 0.3]", "[0.2, 1.3]", 24, r"does not lie in the range \[0, 1\]"),
            ("unit = ", "unti = ", 17, "did you mean unit"),
            ("[sources.W23]", "[source.W23]", 8, "did you mean sources"),
            ('"assumed"', '"guessed"', 18, "use measured, published, expert, assumed"),
            ('source = ["W23"]', "source = []", 19, "needs at least 1"),
            ('source = ["W23"]', 'source = ["W24"]', 19, "did you mean W23"),
            ('why = "As an example"\n', "", 14, "why is absent"),
            ('unit = "factor"\n', "", 14, "unit is absent; a base gives it"),
            ('letter = "W23"\n', "", 8, "add url, letter or document"),
            ("2023-03-01", '"last year"', 11, "does not have the form"),
            ('schema = "1.0"', 'schema = "2.0"', 1, "use 1.0"),
            ("2026", "20260", 5, "is above 2200"),
            ('title = "Small"', "title = ", 3, "is no TOML"),
        ],
    )
    def test_an_error_says_file_line_and_what_to_do(
        self, tmp_path: Path, old: str, new: str, line: int, says: str
    ) -> None:
        file = tmp_path / "mine.toml"
        file.write_text(SMALL.replace(old, new, 1), "utf-8")

        with pytest.raises(InvalidScenario, match=says) as error:
            read_scenario(file)

        assert str(error.value).startswith(f"{file}:{line}: ")

    def test_a_period_that_ends_before_it_starts_is_refused(self) -> None:
        with pytest.raises(InvalidScenario, match="not a period of a year or more"):
            parse_scenario(SMALL.replace("2030", "2026"))

    def test_chances_that_do_not_add_up_are_refused(self) -> None:
        reason = 'status = "assumed"\nsource = ["W23"]\nset_by = "a"\nwhy = "b"\n'
        text = f"{SMALL}\n[variants.low]\nchance = 0.4\n{reason}"

        with pytest.raises(InvalidScenario, match=r"add up to 0\.4"):
            parse_scenario(text)

    def test_a_path_to_a_share_no_curve_reaches_is_refused(self) -> None:
        text = SMALL + (
            '[paths."dispenser.adopted"]\nstart_year = 2026\ntarget_year = 2030\n'
            'target = [0.9, 1.0]\nstatus = "assumed"\nsource = ["W23"]\n'
            'set_by = "a"\nwhy = "b"\n'
        )

        with pytest.raises(InvalidScenario, match="never reaches either end"):
            parse_scenario(text)

    def test_a_file_that_is_absent_or_no_text_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidScenario, match="cannot be read"):
            read_scenario(tmp_path / "nothing.toml")
        (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
        with pytest.raises(InvalidScenario, match="save it as UTF-8"):
            read_scenario(tmp_path / "bytes.toml")


class TestLines:
    def test_keys_are_found_past_values_of_many_lines(self) -> None:
        text = (
            'a = """\nb = 1\n[c]\n"""\n'
            "d = [ # ]\n  1, '''x\n]''',\n]\n"
            '[x."y.z"]\nq.r = { s = "}" }\n'
            "[[list]]\nk = 1\n[[list]]\nk = 2\n[list.sub]\nm = 3\n"
        )
        tomllib.loads(text)

        lines = key_lines(text)

        assert lines[("a",)] == 1
        assert ("b",) not in lines
        assert lines[("d",)] == 5
        assert lines[("x", "y.z", "q", "r")] == 10
        assert lines[("list", 1, "k")] == 14
        assert lines[("list", 1, "sub", "m")] == 16

    @pytest.mark.parametrize("name", shipped())
    def test_every_table_of_a_shipped_file_is_found(self, name: str) -> None:
        text = dump(read_shipped(name))
        headers = re.findall(r"(?m)^\[", text)

        found = list(key_lines(text).values())

        assert len(found) > len(headers)


class TestWriting:
    @pytest.mark.parametrize("name", shipped())
    def test_what_is_written_is_read_back(self, name: str) -> None:
        scenario = read_shipped(name)

        assert parse_scenario(dump(scenario)) == scenario

    @given(st.text(min_size=1), st.text(min_size=1))
    def test_any_text_is_kept(self, who: str, why: str) -> None:
        scenario = parse_scenario(SMALL)
        parameter = scenario.parameters["outflow"]
        changed = vars(parameter.reason) | {"set_by": who, "why": why}
        new = type(parameter.reason)(**changed)
        scenario.parameters["outflow"] = type(parameter)(  # type: ignore[index]
            **(vars(parameter) | {"reason": new})
        )

        try:
            text = dump(scenario)
            text.encode()
        except UnicodeEncodeError:
            return
        assert parse_scenario(text).parameters["outflow"].reason == new

    def test_the_digest_changes_with_a_value(self) -> None:
        one = parse_scenario(SMALL)
        other = parse_scenario(SMALL.replace("[0.9, 1.1]", "[0.9, 1.2]"))

        assert one.digest == parse_scenario(SMALL).digest
        assert one.digest != other.digest


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(list(SCHEMA["properties"])), inner)
        ),
        max_leaves=8,
    )
)
def test_the_check_agrees_with_a_full_implementation(value: object) -> None:
    full = jsonschema.Draft202012Validator(SCHEMA).is_valid(value)

    assert (first_violation(value) is None) == full


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("parameters", "interval", [1]),
        ("parameters", "interval", [1, 2, 3]),
        ("parameters", "interval", ["a", 2]),
        ("parameters", "source", []),
        ("parameters", "status", "none"),
        ("parameters", "extra", 1),
        ("parameters", "why", ""),
        ("sources", "date", "soon"),
        ("sources", "publisher", 1),
    ],
)
def test_the_check_refuses_what_a_full_implementation_refuses(
    table: str, key: str, value: object
) -> None:
    values = json.loads(json.dumps(plain(parse_scenario(SMALL))))
    assert first_violation(values) is None
    next(iter(values[table].values()))[key] = value

    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(values)
    assert first_violation(values) is not None
