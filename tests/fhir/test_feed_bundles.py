"""Many writes at once: each alone in a batch, all or nothing in a transaction."""

import uuid

import pytest

from tests.fhir.feeding import Feeder, make_feeder
from wijkspil.directory.models import HealthcareService, Organization

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def feeder() -> Feeder:
    return make_feeder()


def entry(resource, method="PUT", url="", full_url="", **request):
    path = resource["resourceType"]
    if method == "PUT":
        path += f"/{resource['id']}"
    return {
        **({"fullUrl": full_url} if full_url else {}),
        "resource": resource,
        "request": {"method": method, "url": url or path, **request},
    }


def bundle(type_, *entries):
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries)}


def statuses(response):
    assert response.status_code == 200, response.content
    return [item["response"]["status"][:3] for item in response.json()["entry"]]


def test_a_refused_entry_of_a_batch_stands_alone(feeder):
    bad = feeder.service("s2")
    del bad["name"]

    response = feeder.post(
        bundle(
            "batch", entry(feeder.service("s1")), entry(bad), entry(feeder.child("o"))
        )
    )

    assert statuses(response) == ["201", "422", "201"]
    answers = response.json()["entry"]
    assert answers[0]["response"]["etag"] == 'W/"1"'
    assert answers[0]["response"]["location"].endswith(
        "HealthcareService/s1/_history/1"
    )
    assert answers[0]["response"]["lastModified"].endswith("Z")
    assert answers[1]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert "resource" not in answers[0]


def test_a_batch_reads_and_searches_as_well(feeder):
    feeder.put(feeder.service("s1"))

    response = feeder.post(
        bundle(
            "batch",
            {"request": {"method": "GET", "url": "HealthcareService/s1"}},
            {"request": {"method": "GET", "url": "HealthcareService/s1/_history/1"}},
            {"request": {"method": "GET", "url": "HealthcareService/none"}},
            {"request": {"method": "DELETE", "url": "HealthcareService/s1"}},
        )
    )

    assert statuses(response) == ["200", "200", "404", "405"]
    assert response.json()["entry"][0]["resource"]["id"] == "s1"


def test_a_transaction_stores_what_refers_to_each_other(feeder):
    child, place, service = (f"urn:uuid:{uuid.uuid4()}" for _ in range(3))
    response = feeder.post(
        bundle(
            "transaction",
            entry(
                feeder.service(
                    providedBy={"reference": child}, location=[{"reference": place}]
                ),
                "POST",
                full_url=service,
            ),
            entry(
                feeder.location(managingOrganization={"reference": child}),
                "POST",
                full_url=place,
            ),
            entry(feeder.child(), "POST", full_url=child),
        ),
        prefer="return=representation",
    )

    assert statuses(response) == ["201", "201", "201"]
    made = [item["resource"] for item in response.json()["entry"]]
    assert made[0]["providedBy"] == {"reference": f"Organization/{made[2]['id']}"}
    assert made[0]["location"] == [{"reference": f"Location/{made[1]['id']}"}]
    row = HealthcareService.objects.get(fhir_id=made[0]["id"])
    assert (row.postcode, row.lon, row.lat) == ("2512AB", 4.31, 52.08)
    assert row.organization.part_of == feeder.organization


def test_one_refused_entry_refuses_the_transaction(feeder):
    bad = feeder.service("s2")
    del bad["name"]

    response = feeder.post(bundle("transaction", entry(feeder.child("o1")), entry(bad)))

    assert response.status_code == 422
    assert response.json()["issue"][0]["expression"] == [
        "Bundle.entry[1].resource.name"
    ]
    assert not Organization.objects.filter(fhir_id="o1").exists()
    assert feeder.send("GET", "Organization/o1").status_code == 404


def test_a_stale_version_refuses_the_transaction(feeder):
    feeder.put(feeder.service("s1"))
    feeder.put(feeder.service("s1", name="Anders"))

    response = feeder.post(
        bundle(
            "transaction",
            entry(feeder.child("o1")),
            entry(feeder.service("s1"), ifMatch='W/"1"'),
        )
    )

    assert response.status_code == 412
    assert not Organization.objects.filter(fhir_id="o1").exists()


def test_parts_may_come_before_their_whole(feeder):
    response = feeder.post(
        bundle(
            "transaction",
            entry(feeder.child("o2", partOf={"reference": "Organization/o1"})),
            entry(feeder.child("o1")),
        )
    )

    assert statuses(response) == ["201", "201"]
    part = Organization.objects.get(fhir_id="o2")
    assert part.part_of == Organization.objects.get(fhir_id="o1")


def test_a_conditional_reference_is_looked_up(feeder):
    search = {
        "reference": "Organization?identifier=urn:oid:2.16.528.1.1007.3.3|90000123"
    }
    response = feeder.post(
        bundle("transaction", entry(feeder.service("s1", providedBy=search)))
    )
    nowhere = feeder.post(
        bundle(
            "transaction",
            entry(
                feeder.service(
                    "s2", providedBy={"reference": "Organization?identifier=x|y"}
                )
            ),
        )
    )

    assert statuses(response) == ["201"]
    assert feeder.get("HealthcareService/s1")["providedBy"] == feeder.reference
    assert nowhere.status_code == 412


def test_a_transaction_finds_what_it_would_create(feeder):
    feeder.put(feeder.child("o1"))
    child = f"urn:uuid:{uuid.uuid4()}"

    response = feeder.post(
        bundle(
            "transaction",
            entry(
                feeder.child("o1"),
                "POST",
                full_url=child,
                ifNoneExist="identifier=https://ecd.example/id|org-o1",
            ),
            entry(feeder.service("s1", providedBy={"reference": child})),
        )
    )

    assert statuses(response) == ["200", "201"]
    assert feeder.get("HealthcareService/s1")["providedBy"] == {
        "reference": "Organization/o1"
    }


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Organization"},
        bundle("batch", {"request": {"method": "GET", "url": "https://x.example/a"}}),
        bundle("batch", {"request": {"method": "LOOK", "url": "Organization"}}),
        bundle("batch", {"request": {"method": "PUT"}}),
        bundle("batch", "x"),
        {"resourceType": "Bundle", "type": "batch", "entry": {"a": 1}},
    ],
)
def test_what_is_no_bundle_of_requests_is_refused(feeder, body):
    response = feeder.send("POST", "", body)

    assert response.status_code == 400
    assert response.json()["resourceType"] == "OperationOutcome"


def test_one_resource_is_written_once_in_a_transaction(feeder):
    response = feeder.post(
        bundle("transaction", entry(feeder.child("o1")), entry(feeder.child("o1")))
    )

    assert response.status_code == 400
