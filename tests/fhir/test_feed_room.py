"""Room by feed: a system tells it as it tells the rest, and it counts on our pages."""

import pytest

from tests.factories.directory import CapacityReportFactory, HealthcareServiceFactory
from tests.fhir.feeding import Feeder, make_feeder
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.directory.models import CapacityReport
from wijkspil.directory.services.organizations import ServiceDetails, change_service

pytestmark = pytest.mark.django_db(transaction=True)

CAPACITY = "https://wijkspil.nl/fhir/StructureDefinition/capacity"


@pytest.fixture
def feeder() -> Feeder:
    return make_feeder()


def room(number=2, **parts):
    extension = [
        {"url": "status", "valueCode": "capacity" if number else "no-capacity"},
        {"url": "number", "valueUnsignedInt": number},
    ]
    extension += [
        {"url": name.replace("_", "-"), "valueCode": item}
        for name, value in parts.items()
        for item in (value if isinstance(value, list) else [value])
    ]
    return {"url": CAPACITY, "extension": extension}


WHOLE = {"size_band": "to-5", "part_of_day": ["morning", "evening"]}


def test_room_of_a_new_service_is_reported(feeder):
    response = feeder.put(feeder.service("s1", extension=[room(**WHOLE)]))

    assert response.status_code == 201, response.content
    report = CapacityReport.objects.get()
    assert (report.new_clients, report.size_band, report.source) == (
        2,
        "to-5",
        "system",
    )
    assert report.parts_of_day == ["morning", "evening"]
    assert report.reporter_label.startswith("system:")
    (shown,) = [e for e in response.json()["extension"] if e["url"] == CAPACITY]
    assert {"url": "number", "valueUnsignedInt": 2} in shown["extension"]


def test_a_patch_of_the_number_reports_the_rest_as_it_was(feeder):
    service = HealthcareServiceFactory.create(organization=feeder.organization)
    told = CapacityReportFactory.create(service=service, new_clients=2)
    path = f"HealthcareService/{service.fhir_id}"
    before = feeder.get(path)
    place = [e["url"] for e in before["extension"]].index(CAPACITY)
    number = [e["url"] for e in before["extension"][place]["extension"]].index("number")

    response = feeder.patch(
        path,
        {
            "op": "replace",
            "path": f"/extension/{place}/extension/{number}/valueUnsignedInt",
            "value": 1,
        },
        if_match=f'W/"{before["meta"]["versionId"]}"',
    )

    assert response.status_code == 200, response.content
    newest = CapacityReport.objects.order_by("-id")[0]
    assert (newest.new_clients, newest.source) == (1, "system")
    assert (newest.size_band, newest.parts_of_day) == (
        told.size_band,
        told.parts_of_day,
    )
    assert int(response.json()["meta"]["versionId"]) > int(before["meta"]["versionId"])


def test_no_room_needs_no_more_than_that(feeder):
    feeder.put(feeder.service("s1", extension=[room(**WHOLE)]))

    response = feeder.put(feeder.service("s1", extension=[room(0)]))

    assert response.status_code == 200, response.content
    newest = CapacityReport.objects.order_by("-id")[0]
    assert (newest.new_clients, newest.no_room_reason) == (0, "full")


def test_room_that_is_left_out_stays_as_it_was(feeder):
    feeder.put(feeder.service("s1", extension=[room(**WHOLE)]))

    feeder.put(feeder.service("s1", name="Anders"))

    assert CapacityReport.objects.count() == 1
    shown = feeder.get("HealthcareService/s1")["extension"]
    assert CAPACITY in [e["url"] for e in shown]


def test_room_that_was_read_and_sent_back_is_no_news(feeder):
    feeder.put(feeder.service("s1", extension=[room(**WHOLE)]))

    response = feeder.put(feeder.get("HealthcareService/s1"))

    assert response["ETag"] == 'W/"1"'
    assert CapacityReport.objects.count() == 1


def test_the_same_room_of_a_later_moment_counts_anew(feeder):
    feeder.put(feeder.service("s1", extension=[room(**WHOLE)]))
    again = feeder.get("HealthcareService/s1")
    for part in again["extension"][0]["extension"]:
        if part["url"] == "updated":
            part["valueInstant"] = "2999-01-01T00:00:00Z"

    feeder.put(again)

    assert CapacityReport.objects.count() == 2


@pytest.mark.parametrize(
    "extension",
    [
        {"url": CAPACITY, "extension": [{"url": "number", "valueString": "veel"}]},
        {"url": CAPACITY, "extension": [{"url": "status", "valueCode": "soms"}]},
        room(2),
        room(2, size_band="reuze", part_of_day="morning"),
        room(200, **WHOLE),
    ],
)
def test_room_that_cannot_be_understood_is_refused(feeder, extension):
    response = feeder.put(feeder.service("s1", extension=[extension]))

    assert response.status_code == 422
    assert response.json()["issue"][0]["expression"] == ["HealthcareService.extension"]
    assert not CapacityReport.objects.exists()


def test_a_status_is_patched_without_sending_the_rest(feeder):
    feeder.put(feeder.service("s1", comment="Blijft."))

    response = feeder.patch(
        "HealthcareService/s1", {"op": "replace", "path": "/active", "value": False}
    )

    assert response.status_code == 200, response.content
    assert response.json()["active"] is False
    assert response.json()["comment"] == "Blijft."


@pytest.mark.parametrize(
    ("operations", "status"),
    [
        ([{"op": "test", "path": "/active", "value": False}], 422),
        ([{"op": "remove", "path": "/nowhere"}], 422),
        ([{"op": "replace", "path": "/active"}], 422),
        ([{"op": "zap", "path": "/active"}], 422),
        (["x"], 422),
        ([{"op": "add", "path": "/nme", "value": "x"}], 422),
        ([{"op": "replace", "path": "/id", "value": "x"}], 400),
        ([{"op": "replace", "path": "", "value": 3}], 422),
        ([{"op": "add", "path": "/type/7", "value": {}}], 422),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(feeder, operations, status):
    feeder.put(feeder.service("s1"))

    response = feeder.patch("HealthcareService/s1", *operations)

    assert response.status_code == status, response.content
    assert feeder.get("HealthcareService/s1")["meta"]["versionId"] == "1"


def test_a_patch_of_what_is_not_there_or_was_changed_is_refused(feeder):
    operation = {"op": "replace", "path": "/active", "value": False}
    assert feeder.patch("HealthcareService/none", operation).status_code == 404
    feeder.put(feeder.service("s1"))

    stale = feeder.patch("HealthcareService/s1", operation, if_match='W/"7"')

    assert stale.status_code == 412


def test_a_patch_is_a_list_of_operations(feeder):
    feeder.put(feeder.service("s1"))

    response = feeder.send(
        "PATCH", "HealthcareService/s1", {"resourceType": "Parameters"}
    )

    assert response.status_code == 415


def test_an_edit_on_our_pages_makes_the_senders_version_old(feeder):
    feeder.put(feeder.service("s1"))
    editor = Actor(
        user_id=None, label="R. Edacteur", grants=(Grant(Role.ADMINISTRATOR),)
    )
    service = feeder.organization.services.get()

    change_service(
        actor=editor,
        service_id=service.pk,
        version=None,
        details=ServiceDetails(name="Op de pagina gewijzigd"),
    )

    assert feeder.get("HealthcareService/s1")["meta"]["versionId"] == "2"
    assert feeder.put(feeder.service("s1"), if_match='W/"1"').status_code == 412
