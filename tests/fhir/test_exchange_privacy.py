"""Before a team takes the client, nothing it can read over FHIR says who that is."""

import json
import string
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.referrals import ReferralsWijk, make_wijk
from tests.fhir.exchanging import System, request_resource
from wijkspil.core.models import AuditEvent
from wijkspil.fhir.models import PlacedIdentifier, StagedPatient, Version

pytestmark = pytest.mark.django_db

#: Begins as no word does, so that it stands nowhere by chance.
WORD = st.text(string.ascii_lowercase, min_size=7, max_size=12).map(
    lambda letters: f"Zqx{letters}"
)
NUMBER = st.integers(10**8, 10**9 - 1).map(lambda number: f"06{number}")
#: Of who asks: hidden as well until the team has the client.
REQUESTER = ("Transferpunt Aanvraagster", "070 555 0744", "2512AB", "2512 AB")


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


def patient_of(words: list[str], phones: list[str]) -> dict[str, Any]:
    given_name, family, street, representative, doctor = words
    return {
        "resourceType": "Patient",
        "id": "client",
        "identifier": [{"system": "urn:oid:1.2.3", "value": phones[2]}],
        "name": [{"given": [given_name], "family": family}],
        "birthDate": "1943-02-03",
        "address": [
            {"line": [f"{street} 71"], "city": "Duinrade", "postalCode": "2512AB"}
        ],
        "telecom": [{"system": "phone", "value": phones[0]}],
        "contact": [
            {
                "name": {"text": representative},
                "telecom": [{"system": "phone", "value": phones[1]}],
            }
        ],
        "generalPractitioner": [{"display": doctor}],
    }


def everything_read_by(system: System, number: str) -> str:
    """Return all that a system can get about a request, by every way there is."""
    tasks = system.all("Task")
    paths = [
        "Task",
        "Task/_history",
        "ServiceRequest",
        f"ServiceRequest/{number}",
        f"ServiceRequest?identifier={number}",
        f"Patient/{number}",
        "Patient",
        f"Consent?patient={number}",
        f"Composition/{number}",
        f"Composition/{number}/$document",
        f"Composition?_id={number}",
    ]
    for task in tasks:
        paths += [
            f"Task/{task['id']}",
            f"Task/{task['id']}/_history",
            f"Task/{task['id']}/_history/1",
            f"Composition/{task['id']}",
            f"Composition/{task['id']}/$document",
            f"Composition?_id={task['id']}",
        ]
    return "\n".join(system.get(path).content.decode() for path in paths)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(WORD, min_size=5, max_size=5, unique=True),
    phones=st.lists(NUMBER, min_size=3, max_size=3, unique=True),
)
def test_no_way_of_reading_gives_identity_to_who_was_only_asked(
    wijk: ReferralsWijk, words: list[str], phones: list[str]
) -> None:
    hospital = System(wijk.hospital)
    body = request_resource(wijk)
    body["contained"][0] = patient_of(words, phones)
    answer = hospital.post("ServiceRequest", body)
    assert answer.status_code == 201, answer.content
    number = answer.json()["id"]
    readers = [System(team.organization) for team in wijk.teams]
    readers += [System(wijk.practice), System(None)]
    identity = [*words, *phones, "1943-02-03", *REQUESTER, wijk.hospital.fhir_id]
    for reader in readers:
        read = everything_read_by(reader, number).lower()
        assert not [word for word in identity if word.lower() in read]
        directory = reader.get("_history?_count=500").content.decode().lower()
        assert not [word for word in [*words, *phones] if word.lower() in directory]
    # Who asked reads all of it, so the words could have been found.
    own = everything_read_by(hospital, number)
    assert all(word in own for word in words)


def test_what_is_kept_for_others_holds_nothing_of_the_client(
    wijk: ReferralsWijk,
) -> None:
    hospital = System(wijk.hospital)
    words = [
        "Geertruidaxx",
        "Clientsmaxxx",
        "Geheimlaanxx",
        "Mantelzorgst",
        "Praktijkveld",
    ]
    phones = ["06111111111", "06222222222", "06333333333"]
    patient = {**patient_of(words, phones), "id": None}
    del patient["id"]
    sent = hospital.post("Patient", patient).json()
    body = request_resource(wijk, subject={"reference": f"Patient/{sent['id']}"})
    del body["contained"][0]
    assert hospital.post("ServiceRequest", body).status_code == 201
    hospital.all("Task")
    kept = json.dumps(
        [
            list(Version.objects.filter(type="Task").values_list("source", "body")),
            list(StagedPatient.objects.values_list("keys", "number", "client")),
            list(PlacedIdentifier.objects.values_list("value", "system")),
            list(AuditEvent.objects.values_list("detail", "purpose", "entity_id")),
        ]
    )
    assert not [word for word in [*words, *phones] if word in kept]
    assert StagedPatient.objects.get().versions is None
