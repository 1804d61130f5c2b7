"""Places, answers in the form that was asked, and searches that decide."""

import pytest

from tests.factories.directory import HealthcareServiceFactory, OrganizationFactory
from tests.fhir.feeding import KVK, Feeder, make_feeder
from wijkspil.directory.models import HealthcareService

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def feeder() -> Feeder:
    return make_feeder()


def test_a_service_is_where_its_place_is_and_moves_with_it(feeder):
    feeder.put(feeder.location("l1"))
    feeder.put(feeder.service("s1", location=[{"reference": "Location/l1"}]))
    row = HealthcareService.objects.get(fhir_id="s1")
    assert (row.postcode, row.lon, row.lat) == ("2512AB", 4.31, 52.08)

    moved = feeder.location("l1", position={"longitude": 5.1, "latitude": 52.1})
    moved["address"] = {"postalCode": "3511 AB"}
    feeder.put(moved)

    row.refresh_from_db()
    assert (row.postcode, row.lon, row.lat) == ("3511AB", 5.1, 52.1)
    assert feeder.send("GET", "Location/s1").status_code == 404


def test_the_place_of_a_service_of_ours_can_be_fed(feeder):
    service = HealthcareServiceFactory.create(organization=feeder.organization)
    path = f"Location/{service.fhir_id}"
    place = feeder.get(path)
    place["address"] |= {"line": ["Lange Voorhout 1"], "postalCode": "2514 EA"}
    place["position"] = {"longitude": 4.32, "latitude": 52.082}

    response = feeder.put(place)

    assert (response.status_code, response["ETag"]) == (200, 'W/"2"'), response.content
    service.refresh_from_db()
    assert (service.postcode, service.lon) == ("2514EA", 4.32)
    read = feeder.get(path)
    assert read["address"]["line"] == ["Lange Voorhout 1"]
    assert read["position"] == {"longitude": 4.32, "latitude": 52.082}


def test_a_service_of_ours_that_gets_fed_places_has_no_place_of_its_own(feeder):
    service = HealthcareServiceFactory.create(organization=feeder.organization)
    feeder.put(feeder.location("l1"))
    path = f"HealthcareService/{service.fhir_id}"

    feeder.put(feeder.get(path) | {"location": [{"reference": "Location/l1"}]})
    feeder.put(feeder.get(path))

    assert feeder.get(path)["location"] == [{"reference": "Location/l1"}]
    assert feeder.get(f"Location/{service.fhir_id}")["status"] == "inactive"


def test_a_service_of_a_kind_we_do_not_work_with_is_kept_whole(feeder):
    sent = feeder.service(
        "s1",
        type=[
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/service-type",
                        "code": "220",
                    }
                ]
            }
        ],
        notAvailable=[{"description": "Kerst", "during": {"start": "2026-12-25"}}],
    )
    assert feeder.put(sent).status_code == 201

    read = feeder.get("HealthcareService/s1")

    assert not HealthcareService.objects.exists()
    assert {n: v for n, v in read.items() if n != "meta"} == sent


@pytest.mark.parametrize(
    ("prefer", "kind"),
    [
        ("return=minimal", None),
        ("return=representation", "HealthcareService"),
        ("return=OperationOutcome", "OperationOutcome"),
        ("", "HealthcareService"),
    ],
)
def test_the_answer_is_what_was_asked_for(feeder, prefer, kind):
    response = feeder.put(feeder.service("s1"), prefer=prefer)

    assert response.status_code == 201
    assert (response.json()["resourceType"] if response.content else None) == kind


def test_an_update_by_search_finds_makes_or_refuses(feeder):
    search = "HealthcareService?identifier=https://ecd.example/id|service-new"

    made = feeder.send("PUT", search, feeder.service())
    found = feeder.send("PUT", search, feeder.service(name="Anders"))
    other = feeder.send("PUT", search, feeder.service("elders"))
    nothing = feeder.send("PUT", "HealthcareService", feeder.service())
    unknown = feeder.send("PUT", "HealthcareService?kleur=rood", feeder.service())

    assert (made.status_code, found.status_code) == (201, 200)
    assert made.json()["id"] == found.json()["id"]
    assert found.json()["name"] == "Anders"
    assert (other.status_code, nothing.status_code) == (400, 405)
    assert unknown.status_code == 400


def test_a_question_with_more_than_one_answer_decides_nothing(feeder):
    for n in (1, 2):
        feeder.put(feeder.service(f"s{n}", name="Wijkteam"))

    response = feeder.post(feeder.service(), if_none_exist="name=wijkteam")

    assert response.status_code == 412
    assert HealthcareService.objects.count() == 2


def test_a_create_that_was_sent_before_is_answered_with_what_is_here(feeder):
    first = feeder.post(feeder.service())
    again = feeder.post(feeder.service())
    other = feeder.post(feeder.service(name="Anders"))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 409
    assert first.json()["id"] in other.json()["issue"][0]["diagnostics"]


def test_an_organization_that_is_here_by_its_number_is_not_made_again(feeder):
    OrganizationFactory.create(ura="90000555", name="Elders")
    child = feeder.child("o1")
    child["identifier"] = [feeder.identifier("90000555", "urn:oid:2.16.528.1.1007.3.3")]

    response = feeder.put(child)

    assert response.status_code == 409


def test_full_addresses_of_ours_are_local(feeder):
    full = f"http://testserver/fhir/Organization/{feeder.organization.fhir_id}"

    response = feeder.put(feeder.service("s1", providedBy={"reference": full}))

    assert response.status_code == 201, response.content
    assert response.json()["providedBy"] == feeder.reference


def test_an_owner_may_be_named_by_its_number(feeder):
    feeder.organization.kvk_number = "12345678"
    feeder.organization.save()

    response = feeder.put(
        feeder.service(
            "s1", providedBy={"identifier": {"system": KVK, "value": "12345678"}}
        )
    )

    assert response.status_code == 201, response.content
    assert HealthcareService.objects.get().organization == feeder.organization
