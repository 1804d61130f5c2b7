"""Whatever a system feeds, it reads back in meaning; and sending it back is no news."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fhir.feeding import Feeder, make_feeder
from wijkspil.directory.types import CareLaw, CareTask
from wijkspil.fhir.services.feeding import is_within

pytestmark = pytest.mark.django_db(transaction=True)

OWN = "https://wijkspil.nl/fhir"
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]),
    min_size=1,
    max_size=40,
)
DAYS = st.lists(
    st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
    min_size=1,
    unique=True,
)
CLOCK = st.tuples(st.integers(0, 22), st.sampled_from([0, 15, 30, 59]))


@st.composite
def available_times(draw: st.DrawFn) -> dict[str, Any]:
    line: dict[str, Any] = {"daysOfWeek": draw(DAYS)}
    match draw(st.sampled_from(["all", "span", "odd", "start"])):
        case "all":
            line["allDay"] = True
        case "span":
            hour, minute = draw(CLOCK)
            line["availableStartTime"] = f"{hour:02d}:{minute:02d}:00"
            line["availableEndTime"] = f"{hour + 1:02d}:{minute:02d}:00"
        case "odd":
            line["availableStartTime"] = "08:00:30"
            line["availableEndTime"] = "07:00:00"
        case "start":
            line["availableStartTime"] = "08:00:00"
    return line


def coded(system: str, codes: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(
        st.sampled_from(codes).map(
            lambda code: {"coding": [{"system": system, "code": code}]}
        ),
        min_size=1,
        max_size=3,
        unique_by=repr,
    )


ELEMENTS = st.fixed_dictionaries(
    {},
    optional={
        "active": st.booleans(),
        "name": TEXT,
        "comment": TEXT,
        "extraDetails": TEXT,
        "availabilityExceptions": TEXT,
        "appointmentRequired": st.booleans(),
        "availableTime": st.lists(available_times(), min_size=1, max_size=3),
        "notAvailable": st.lists(
            st.fixed_dictionaries({"description": TEXT}), min_size=1, max_size=2
        ),
        "telecom": st.lists(
            st.fixed_dictionaries(
                {"system": st.sampled_from(["phone", "email", "url"]), "value": TEXT}
            ),
            min_size=1,
            max_size=3,
        ),
        "communication": coded("urn:ietf:bcp:47", ["nl", "en-GB", "tr"]),
        "characteristic": coded(f"{OWN}/CodeSystem/care-task", [*CareTask, "other"]),
        "program": coded(f"{OWN}/CodeSystem/care-law", [*CareLaw, "jw"]),
        "specialty": st.lists(
            st.fixed_dictionaries({"text": TEXT}), min_size=1, max_size=2
        ),
        "extension": st.lists(
            st.fixed_dictionaries(
                {"url": st.just("https://ecd.example/x"), "valueString": TEXT}
            ),
            min_size=1,
            max_size=2,
        ),
        "meta": st.fixed_dictionaries(
            {"tag": st.lists(st.fixed_dictionaries({"code": st.just("t")}), min_size=1)}
        ),
    },
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(elements=ELEMENTS, changed=ELEMENTS)
def test_what_is_fed_is_read_back_and_sent_back_without_a_version(
    db_feeder: Feeder, elements: dict[str, Any], changed: dict[str, Any]
) -> None:
    id_ = str(uuid.uuid4())
    for number, sent in enumerate((elements, changed), start=1):
        resource = db_feeder.service(id_, **sent)
        response = db_feeder.put(resource)
        assert response.status_code in {200, 201}, response.content
        read = response.json()
        assert int(read["meta"]["versionId"]) <= number
        for name, value in resource.items():
            assert is_within(value, read.get(name)), name
        for name in ("comment", "telecom", "notAvailable", "extraDetails"):
            assert (name in read) == (name in resource), name
        again = db_feeder.put(read)
        assert again.json() == read


@pytest.fixture
def db_feeder() -> Iterator[Feeder]:
    """Return one feeder for all examples, who may be quick."""
    with override_settings(FHIR_WRITES_PER_SECOND=100_000):
        yield make_feeder()
