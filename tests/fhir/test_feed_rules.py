"""What is refused when another system feeds, how, and where it says it is wrong."""

import pytest

from tests.fhir.feeding import Feeder, make_feeder

pytestmark = pytest.mark.django_db

HOSTILE = "\u0000"


@pytest.fixture
def feeder() -> Feeder:
    return make_feeder()


def issues_of(response):
    return [
        (issue["code"], *issue.get("expression", []))
        for issue in response.json()["issue"]
    ]


@pytest.mark.parametrize(
    ("changed", "issue"),
    [
        ({"nme": "x"}, ("structure", "HealthcareService.nme")),
        ({"active": "true"}, ("structure", "HealthcareService.active")),
        ({"comment": ""}, ("structure", "HealthcareService.comment")),
        ({"telecom": []}, ("structure", "HealthcareService.telecom")),
        ({"comment": HOSTILE}, ("value", "HealthcareService.comment")),
        ({"comment": "\ud800"}, ("value", "HealthcareService.comment")),
        (
            {"availableTime": [{"availableStartTime": "25:00:00"}]},
            ("structure", "HealthcareService.availableTime[0].availableStartTime"),
        ),
        ({"type": None}, ("structure", "HealthcareService.type")),
        (
            {"identifier": [{"value": "x"}]},
            ("required", "HealthcareService.identifier"),
        ),
        (
            {"implicitRules": "https://x.example"},
            ("structure", "HealthcareService.implicitRules"),
        ),
        (
            {"type": [{"coding": [{"system": "https://x.example", "code": "1"}]}]},
            ("code-invalid", "HealthcareService.type"),
        ),
        (
            {"location": [{"reference": "Location/none"}]},
            ("not-found", "HealthcareService.location[0].reference"),
        ),
        (
            {"location": [{"reference": "Practitioner/none"}]},
            ("not-found", "HealthcareService.location[0].reference"),
        ),
        ({"name": "x" * 201}, ("business-rule", "HealthcareService.name")),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_place(feeder, changed, issue):
    response = feeder.put(feeder.service("s1") | changed)

    assert response.status_code == 422, response.content
    assert issue in issues_of(response)


def test_an_element_that_the_profile_asks_for_is_missed(feeder):
    resource = feeder.service("s1")
    del resource["name"], resource["type"]

    response = feeder.put(resource)

    assert response.status_code == 422
    assert issues_of(response) == [
        ("required", "HealthcareService.name"),
        ("required", "HealthcareService.type"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Location", "id": "s1"},
        {"id": "s1"},
        {"resourceType": "HealthcareService", "id": "other"},
        {"resourceType": "HealthcareService"},
        [],
        None,
    ],
)
def test_what_is_not_the_resource_of_the_address_is_no_request(feeder, body):
    response = feeder.send("PUT", "HealthcareService/s1", body)

    assert response.status_code == 400
    assert response.json()["resourceType"] == "OperationOutcome"


def test_an_id_that_fhir_does_not_know_is_refused(feeder):
    assert feeder.put(feeder.service("s_1")).status_code == 400
    assert feeder.put(feeder.service("s" * 65)).status_code == 400


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"partOf": None, "identifier": []}, "Organization.identifier"),
        ({"endpoint": [{"reference": "Endpoint/x"}]}, "Organization.endpoint"),
        ({"type": [{"text": "thuiszorg"}]}, "Organization.type"),
    ],
)
def test_an_organization_meets_the_dutch_profile(feeder, changed, place):
    resource = feeder.child("o1", **changed)
    resource = {n: v for n, v in resource.items() if v not in (None, [])}

    response = feeder.put(resource)

    assert response.status_code == 422
    assert place in [expression for _code, expression in issues_of(response)]


def test_a_registered_number_has_its_form(feeder):
    resource = feeder.child("o1")
    resource["identifier"].append({"system": "http://kvk.nl", "value": "123"})

    response = feeder.put(resource)

    assert issues_of(response) == [("value", "Organization.identifier[1].value")]


def test_an_affiliation_has_no_network_and_says_whether_it_holds(feeder):
    resource = feeder.mandate(feeder.reference, "m1", network=[feeder.reference])
    del resource["active"]

    response = feeder.put(resource)

    assert {place for _code, place in issues_of(response)} == {
        "OrganizationAffiliation.network",
        "OrganizationAffiliation.active",
    }


def test_an_endpoint_has_an_address_that_can_be_called(feeder):
    response = feeder.put(feeder.endpoint("e1", address="ecd.example/fhir"))

    assert issues_of(response) == [("value", "Endpoint.address")]


def test_nothing_is_deleted(feeder):
    feeder.put(feeder.service("s1"))

    response = feeder.send("DELETE", "HealthcareService/s1")

    assert response.status_code == 405
    assert "DELETE" not in response["Allow"]
    assert feeder.get("HealthcareService/s1")["active"] is True


def test_a_service_keeps_its_organization_and_kind_of_care(feeder):
    feeder.put(feeder.service("s1"))
    feeder.put(feeder.child("o1"))

    moved = feeder.put(
        feeder.service("s1", providedBy={"reference": "Organization/o1"})
    )
    other = feeder.service("s1")
    other["type"][0]["coding"][0]["code"] = "124"
    changed = feeder.put(other)

    assert issues_of(moved) == [("business-rule", "HealthcareService.providedBy")]
    assert issues_of(changed) == [("business-rule", "HealthcareService.type")]


def test_an_organization_is_not_a_part_of_itself(feeder):
    feeder.put(feeder.child("o1"))
    feeder.put(feeder.child("o2", partOf={"reference": "Organization/o1"}))

    response = feeder.put(feeder.child("o1", partOf={"reference": "Organization/o2"}))

    assert issues_of(response) == [("business-rule", "Organization.partOf")]


def test_a_body_that_is_no_json_is_refused_in_fhir(feeder):
    response = feeder.send("PUT", "HealthcareService/s1")
    deep = "[" * 100_000

    assert response.status_code == 400
    from django.test import Client

    response = Client().generic(
        "PUT",
        "/fhir/HealthcareService/s1",
        deep,
        content_type="application/fhir+json",
        headers={"Authorization": f"Bearer {feeder.secret}"},
    )
    assert response.status_code == 400
    assert response.json()["resourceType"] == "OperationOutcome"
