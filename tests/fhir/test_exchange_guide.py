"""What the guide says of the exchange is what the code does."""

import re
from pathlib import Path

from django.urls import URLResolver

from wijkspil.config.api import api
from wijkspil.fhir.exchange.mapping import codes
from wijkspil.fhir.exchange.mapping.service_request import STATUS_OF
from wijkspil.fhir.exchange.mapping.task import STATUS_OF_REQUEST
from wijkspil.fhir.exchange.services.acting import ACTS
from wijkspil.fhir.exchange.services.changing import OPERATIONS
from wijkspil.fhir.exchange.services.following_requests import REQUEST_PARAMETERS
from wijkspil.fhir.exchange.services.following_tasks import TASK_PARAMETERS
from wijkspil.fhir.exchange.services.rooms import TAKES
from wijkspil.referrals.types import RequestStatus

GUIDE = (Path(__file__).parents[2] / "docs/howto/connect-fhir.md").read_text()


def rows(name: str) -> list[list[str]]:
    table = GUIDE.partition(f"<!-- table: {name} -->\n")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()[2:]
    ]


def test_the_table_of_acts_is_that_of_the_code() -> None:
    assert [tuple(row[:3]) for row in rows("acts")] == [
        (act.before, act.after, act.act or "decline") for act in ACTS
    ]


def test_every_operation_and_its_values_are_in_the_guide() -> None:
    shown = {}
    for row in rows("operations"):
        for name, values in re.findall(r"`(\$[a-z-]+)`([^|`]*)", row[1]):
            if name not in {"$check-room", "$new-client-link"}:
                shown[name] = {value.strip() for value in values.split(",")} - {""}
    assert shown == {name: set(one.takes) for name, one in OPERATIONS.items()}


def test_every_act_of_the_rest_interface_has_its_like() -> None:
    acts = {
        str(pattern.pattern).removeprefix("requests/<number>")
        for resolver in api.urls[0]
        for pattern in (
            resolver.url_patterns if isinstance(resolver, URLResolver) else [resolver]
        )
        if str(pattern.pattern).startswith("requests/<number>/")
    } - {"/events", "/offers", "/patient"}
    named = [re.findall("`(/[a-z-]+)`", row[0]) for row in rows("operations")]
    shown = {word for words in named for word in words}
    assert acts <= shown


def test_every_search_parameter_is_in_the_guide() -> None:
    section = GUIDE.partition("## 3. Follow")[2].partition("## 4.")[0]
    for name in {*TASK_PARAMETERS, *REQUEST_PARAMETERS}:
        assert f"`{name}`" in section
    first = GUIDE.partition("## 1.")[2].partition("## 2.")[0]
    assert [name for name in TAKES if name not in first] == []


def test_every_value_of_a_task_is_in_the_guide() -> None:
    assert [v for v in codes.TaskValue.values if f"`{v}`" not in GUIDE] == []


def test_the_states_are_those_of_the_code() -> None:
    table = GUIDE.partition("| State of the request |")[2]
    for line in table.splitlines()[2:]:
        if not line.startswith("|"):
            break
        states, task, request = (cell.strip() for cell in line.strip("|").split("|"))
        for state in states.split(", "):
            assert STATUS_OF[RequestStatus(state)] == request
            if state != "draft":
                assert STATUS_OF_REQUEST[RequestStatus(state)] == task
