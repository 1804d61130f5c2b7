"""Another system creates and updates what belongs to its organization (ITI-130)."""

from datetime import datetime

import pytest
from django.utils.http import http_date

from tests.fhir.feeding import Feeder, make_feeder
from wijkspil.directory.models import HealthcareService, Organization

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def feeder() -> Feeder:
    return make_feeder()


def test_a_service_is_created_with_an_id_of_ours_and_is_on_our_pages(feeder):
    response = feeder.post(feeder.service(comment="Ook in de avond."))

    assert response.status_code == 201, response.content
    made = response.json()
    row = HealthcareService.objects.get(fhir_id=made["id"])
    assert (row.name, row.care, row.description) == (
        "Wijkteam Noord",
        "district-nursing",
        "Ook in de avond.",
    )
    assert row.organization_id == feeder.organization.pk
    assert response["ETag"] == 'W/"1"'
    assert response["Location"].endswith(
        f"/fhir/HealthcareService/{made['id']}/_history/1"
    )
    assert "Last-Modified" in response
    assert feeder.get(f"HealthcareService/{made['id']}") == made


def test_a_part_of_an_organization_is_created_under_its_senders_id(feeder):
    response = feeder.put(feeder.child("noord.1"))

    assert response.status_code == 201, response.content
    row = Organization.objects.get(fhir_id="noord.1")
    assert row.part_of == feeder.organization
    assert row.type == "home-care"


def test_what_was_sent_is_read_back(feeder):
    sent = feeder.service(
        "s1",
        comment="Voor iedereen.",
        communication=[{"coding": [{"system": "urn:ietf:bcp:47", "code": "nl"}]}],
        availableTime=[
            {
                "daysOfWeek": ["mon", "tue"],
                "availableStartTime": "08:00:00",
                "availableEndTime": "17:30:00",
            },
            {"daysOfWeek": ["sat"], "allDay": True},
        ],
        telecom=[{"system": "phone", "value": "070 123 45 67"}],
        appointmentRequired=True,
        extension=[{"url": "https://ecd.example/x", "valueString": "eigen"}],
    )
    assert feeder.put(sent).status_code == 201

    read = feeder.get("HealthcareService/s1")

    for name, value in sent.items():
        if isinstance(value, list):
            assert all(item in read[name] for item in value), name
        else:
            assert read[name] == value, name


def test_sending_the_same_again_makes_no_version(feeder):
    feeder.put(feeder.service("s1"))

    again = feeder.put(feeder.service("s1"))

    assert (again.status_code, again["ETag"]) == (200, 'W/"1"')


def test_sending_back_what_was_read_makes_no_version(feeder):
    feeder.put(feeder.service("s1", telecom=[{"system": "phone", "value": "070"}]))

    again = feeder.put(feeder.get("HealthcareService/s1"))

    assert (again.status_code, again["ETag"]) == (200, 'W/"1"'), again.content


def test_an_update_changes_the_row_and_makes_a_version(feeder):
    feeder.put(feeder.service("s1"))

    response = feeder.put(feeder.service("s1", name="Wijkteam Zuid", active=False))

    assert (response.status_code, response["ETag"]) == (200, 'W/"2"'), response.content
    row = HealthcareService.objects.get(fhir_id="s1")
    assert (row.name, row.is_active) == ("Wijkteam Zuid", False)


def test_a_stale_version_is_refused(feeder):
    feeder.put(feeder.service("s1"))
    feeder.put(feeder.service("s1", name="Anders"))

    response = feeder.put(feeder.service("s1"), if_match='W/"1"')

    assert response.status_code == 412
    assert response.json()["issue"][0]["code"] == "conflict"


def test_reading_tells_when_it_was_last_changed(feeder):
    feeder.put(feeder.service("s1"))

    response = feeder.send("GET", "HealthcareService/s1")

    changed = datetime.fromisoformat(response.json()["meta"]["lastUpdated"])
    assert response["Last-Modified"] == http_date(int(changed.timestamp()))
    assert "Last-Modified-Instant" not in response
