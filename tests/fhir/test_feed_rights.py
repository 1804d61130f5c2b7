"""Who may feed what: one's own organization, its parts, and by mandate."""

import pytest

from tests.factories.directory import HealthcareServiceFactory, OrganizationFactory
from tests.fhir.feeding import KVK, Feeder, make_feeder
from wijkspil.directory.models import HealthcareService
from wijkspil.fhir.models import FedElements

pytestmark = pytest.mark.django_db


@pytest.fixture
def feeder() -> Feeder:
    return make_feeder()


@pytest.fixture
def other() -> Feeder:
    return make_feeder("90000456")


@pytest.fixture
def supplier() -> Feeder:
    return make_feeder("90000789", kvk_number="87654321")


SUPPLIER = {"identifier": {"system": KVK, "value": "87654321"}}


def kinds(of: Feeder):
    return {
        "child": of.child("x"),
        "service": of.service("x"),
        "location": of.location("x"),
        "endpoint": of.endpoint("x"),
        "mandate": of.mandate(
            {"identifier": {"system": KVK, "value": "87654321"}}, "x"
        ),
    }


KINDS = ["child", "service", "location", "endpoint", "mandate"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_system_feeds_its_own(feeder, kind):
    assert feeder.put(kinds(feeder)[kind]).status_code == 201


@pytest.mark.parametrize("kind", KINDS)
def test_a_system_feeds_nothing_of_another(feeder, other, kind):
    resource = kinds(feeder)[kind]

    assert other.put(resource).status_code == 403
    assert not FedElements.objects.exists()

    assert feeder.put(resource).status_code == 201
    assert other.put(resource).status_code == 403


@pytest.mark.parametrize("kind", ["service", "location", "endpoint", "mandate"])
def test_a_system_takes_nothing_over(feeder, other, kind):
    feeder.put(kinds(feeder)[kind])

    assert other.put(kinds(other)[kind]).status_code == 403


@pytest.mark.parametrize("kind", KINDS)
def test_a_visitor_feeds_nothing(feeder, kind):
    from django.test import Client

    resource = kinds(feeder)[kind]
    response = Client().put(
        f"/fhir/{resource['resourceType']}/x",
        resource,
        content_type="application/fhir+json",
    )

    assert response.status_code == 403


def test_a_system_feeds_for_a_part_of_its_organization(feeder):
    feeder.put(feeder.child("o1"))

    response = feeder.put(
        feeder.service("s1", providedBy={"reference": "Organization/o1"})
    )

    assert response.status_code == 201, response.content


def test_a_system_changes_its_own_organization_but_not_its_number(feeder):
    path = f"Organization/{feeder.organization.fhir_id}"
    own = feeder.get(path)

    renamed = feeder.put(own | {"name": "Nieuwe naam"})
    own["identifier"][0]["value"] = "90000999"
    renumbered = feeder.put(own)

    assert renamed.status_code == 200, renamed.content
    assert renumbered.status_code == 422
    feeder.organization.refresh_from_db()
    assert (feeder.organization.name, feeder.organization.ura) == (
        "Nieuwe naam",
        "90000123",
    )


def test_a_system_adds_no_organization_that_is_part_of_nothing(feeder):
    resource = feeder.child("o1")
    del resource["partOf"]
    resource["identifier"][0] |= {"system": "http://kvk.nl", "value": "12345678"}

    assert feeder.put(resource).status_code == 403


@pytest.mark.parametrize("by", ["reference", "number"])
def test_with_a_mandate_another_system_feeds_all_but_mandates(feeder, supplier, by):
    to = (
        supplier.reference
        if by == "reference"
        else {"identifier": {"system": KVK, "value": "87654321"}}
    )
    assert supplier.put(feeder.service("s1")).status_code == 403

    assert feeder.put(feeder.mandate(to, "m1")).status_code == 201

    assert supplier.put(feeder.service("s1")).status_code == 201
    assert supplier.put(feeder.child("o1")).status_code == 201
    assert supplier.put(feeder.mandate(to, "m2")).status_code == 403
    assert supplier.put(feeder.mandate(to, "m1")).status_code == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"active": False},
        {"period": {"end": "2026-01-01"}},
        {"period": {"start": "2999-01-01"}},
        {
            "code": [
                {
                    "coding": [
                        {
                            "system": "http://hl7.org/fhir/organization-role",
                            "code": "member",
                        }
                    ]
                }
            ]
        },
        {
            "participatingOrganization": {
                "identifier": {
                    "system": "urn:oid:2.16.528.1.1007.3.3",
                    "value": "87654321",
                }
            }
        },
    ],
)
def test_a_mandate_that_does_not_hold_gives_nothing(feeder, supplier, changed):
    resource = feeder.mandate(supplier.reference, "m1") | changed
    assert feeder.put(resource).status_code == 201

    assert supplier.put(feeder.service("s1")).status_code == 403


def test_a_mandate_for_endpoints_gives_only_those(feeder, supplier):
    resource = feeder.mandate(supplier.reference, "m1")
    resource["code"][0]["coding"][0]["code"] = "lrza-endpoint-admin"
    feeder.put(resource)

    assert supplier.put(feeder.endpoint("e1")).status_code == 201
    assert supplier.put(feeder.service("s1")).status_code == 403


def test_a_mandate_copied_from_another_directory_gives_nothing(feeder, supplier):
    resource = feeder.mandate(supplier.reference, "m1")
    FedElements.objects.create(
        type="OrganizationAffiliation",
        fhir_id="m1",
        elements={n: v for n, v in resource.items() if n not in {"id", "resourceType"}},
        origin="https://directory.example/fhir",
    )

    assert supplier.put(feeder.service("s1")).status_code == 403


def test_a_mandate_that_is_withdrawn_gives_nothing_any_more(feeder, supplier):
    feeder.put(feeder.mandate(supplier.reference, "m1"))
    feeder.put(feeder.mandate(supplier.reference, "m1", active=False))

    assert supplier.put(feeder.service("s1")).status_code == 403


def test_a_service_of_our_pages_is_of_its_organizations_system(feeder, other):
    service = HealthcareServiceFactory.create(organization=feeder.organization)
    path = f"HealthcareService/{service.fhir_id}"
    resource = feeder.get(path) | {"name": "Gevoed"}

    assert other.put(resource).status_code == 403
    assert feeder.put(resource).status_code == 200
    assert HealthcareService.objects.get(pk=service.pk).name == "Gevoed"


def test_what_nobody_here_owns_is_fed_by_nobody_here(feeder):
    OrganizationFactory.create()
    resource = feeder.endpoint(
        "e1",
        managingOrganization={"identifier": {"system": KVK, "value": "11112222"}},
    )

    assert feeder.put(resource).status_code == 403


def test_alliances_are_kept_on_our_pages(feeder):
    from tests.factories.directory import AllianceFactory

    alliance = AllianceFactory.create()
    resource = feeder.child(alliance.fhir_id)

    assert feeder.put(resource).status_code == 403
