"""From a change in the tables to versions: the right ones, once, and no more."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection, transaction
from fhir.resources.R4B import get_fhir_model_class

from tests.factories import directory as make
from wijkspil.directory.models import (
    CapacityReport,
    ContactPoint,
    Coverage,
    Organization,
)
from wijkspil.directory.types import (
    AreaKind,
    Audience,
    ContactPurpose,
    ContactSystem,
    RegionPurpose,
)
from wijkspil.fhir.models import FedElements, Resource, Version
from wijkspil.fhir.services.clearing import forget_fictional
from wijkspil.fhir.services.publishing import publish_all
from wijkspil.fhir.services.rendering import render_pending

pytestmark = pytest.mark.django_db(transaction=True)


class Watch:
    """The versions that were made since the last look."""

    def __init__(self) -> None:
        self.newest = 0
        self.look()

    def look(self) -> Counter[str]:
        """Return how many versions per type were made, and start anew."""
        found = Version.objects.filter(id__gt=self.newest)
        made = Counter(found.values_list("type", flat=True))
        newest = Version.objects.order_by("-id").first()
        self.newest = newest.pk if newest else 0
        return made


def newest(type_: str, fhir_id: str) -> dict[str, Any]:
    """Return the source of the newest version."""
    version = Version.objects.filter(type=type_, fhir_id=fhir_id).order_by("-version")
    source: dict[str, Any] = version[0].source
    return source


def fhir_contact(**values: Any) -> ContactPoint:
    """Make an address where systems reach a service."""
    contact: ContactPoint = make.ContactPointFactory.create(
        audience=Audience.PROFESSIONAL,
        purpose=ContactPurpose.EXCHANGE,
        system=ContactSystem.FHIR,
        value="https://fhir.example.nl/r4",
        **values,
    )
    return contact


def test_a_new_organization_and_service_each_make_one_version() -> None:
    watch = Watch()
    organization = make.OrganizationFactory.create()
    assert watch.look() == {"Organization": 1}
    make.HealthcareServiceFactory.create(organization=organization)
    assert watch.look() == {"HealthcareService": 1, "Location": 1}


def test_a_service_without_a_place_has_no_location() -> None:
    watch = Watch()
    service = make.HealthcareServiceFactory.create(postcode="", lon=None, lat=None)
    assert watch.look()["Location"] == 0
    service.postcode = "2512AB"
    service.save()
    assert watch.look() == {"HealthcareService": 1, "Location": 1}
    service.postcode = ""
    service.save()
    assert watch.look() == {"HealthcareService": 1, "Location": 1}
    assert newest("Location", service.fhir_id)["removed"] is True


@pytest.mark.parametrize(
    ("factory", "values"),
    [
        (make.ContactPointFactory, {}),
        (make.CapacityReportFactory, {"new_clients": 5}),
        (make.CapacityReservationFactory, {}),
        (make.CoverageFactory, {}),
    ],
)
def test_a_part_of_a_service_is_shown_in_its_service(
    factory: Any, values: dict[str, Any]
) -> None:
    service = make.HealthcareServiceFactory.create()
    make.CapacityReportFactory.create(service=service)
    watch = Watch()
    part = factory.create(service=service, **values)
    assert watch.look() == {"HealthcareService": 1}
    part.save()
    assert watch.look() == {}
    part.delete()
    assert watch.look() == {"HealthcareService": 1}


def test_an_unchanged_save_makes_no_version() -> None:
    member = make.AllianceMemberFactory.create()
    team = make.CareTeamFactory.create(service=member.service)
    contact = fhir_contact(service=member.service)
    watch = Watch()
    for row in (
        member,
        member.alliance,
        member.service,
        member.service.organization,
        team,
        contact,
    ):
        row.save()
    assert watch.look() == {}


def test_a_team_an_alliance_and_its_member_are_published() -> None:
    service = make.HealthcareServiceFactory.create()
    alliance = make.AllianceFactory.create()
    watch = Watch()
    team = make.CareTeamFactory.create(service=service)
    assert watch.look() == {"CareTeam": 1}
    member = make.AllianceMemberFactory.create(alliance=alliance, service=service)
    assert watch.look() == {"OrganizationAffiliation": 1}
    alliance.name = "Other name"
    alliance.save()
    assert watch.look() == {"Organization": 1}
    alliance.is_active = False
    alliance.save()
    assert watch.look() == {"Organization": 1, "OrganizationAffiliation": 1}
    member.delete()
    team.delete()
    assert watch.look() == {"OrganizationAffiliation": 1, "CareTeam": 1}


def test_a_new_number_of_an_organization_reaches_all_that_it_vouches_for() -> None:
    service = make.HealthcareServiceFactory.create()
    make.CareTeamFactory.create(service=service)
    make.AllianceMemberFactory.create(service=service)
    fhir_contact(service=service)
    part = make.OrganizationFactory.create(part_of=service.organization)
    watch = Watch()
    Organization.objects.filter(pk=service.organization_id).update(ura="90000123")
    assert watch.look() == {
        "Organization": 2,
        "HealthcareService": 1,
        "Location": 1,
        "CareTeam": 1,
        "OrganizationAffiliation": 1,
        "Endpoint": 1,
    }
    assert newest("Organization", part.fhir_id)["part_of"]["ura"] == "90000123"


def test_an_address_for_systems_is_an_endpoint_until_it_is_none() -> None:
    service = make.HealthcareServiceFactory.create()
    watch = Watch()
    contact = fhir_contact(service=service)
    assert watch.look() == {"HealthcareService": 1, "Endpoint": 1}
    (shown,) = newest("HealthcareService", service.fhir_id)["contacts"]
    endpoint = Resource.objects.get(type="Endpoint")
    assert shown["endpoint"] == endpoint.fhir_id
    contact.system = ContactSystem.WEB
    contact.save()
    assert watch.look() == {"HealthcareService": 1, "Endpoint": 1}
    assert newest("Endpoint", endpoint.fhir_id)["removed"] is True
    contact.system = ContactSystem.FHIR
    contact.save()
    assert "removed" not in newest("Endpoint", endpoint.fhir_id)
    watch.look()
    contact.delete()
    assert watch.look() == {"HealthcareService": 1, "Endpoint": 1}
    assert newest("Endpoint", endpoint.fhir_id)["removed"] is True


def test_deleting_a_service_retires_all_of_it_in_one_version_each() -> None:
    service = make.HealthcareServiceFactory.create()
    make.CareTeamFactory.create(service=service)
    make.AllianceMemberFactory.create(service=service)
    fhir_contact(service=service)
    make.CoverageFactory.create(service=service)
    make.CapacityReportFactory.create(service=service)
    fhir_id = service.fhir_id
    watch = Watch()
    service.delete()
    assert watch.look() == {
        "HealthcareService": 1,
        "Location": 1,
        "CareTeam": 1,
        "OrganizationAffiliation": 1,
        "Endpoint": 1,
    }
    assert newest("HealthcareService", fhir_id)["removed"] is True
    render_pending()
    for version in Version.objects.exclude(body=None):
        model = get_fhir_model_class(version.type)
        assert version.body
        assert version.public_body
        model.model_validate_json(version.body)
        model.model_validate_json(version.public_body)


def test_many_changes_in_one_transaction_make_one_version_each() -> None:
    service = make.HealthcareServiceFactory.create()
    watch = Watch()
    with transaction.atomic():
        for number in range(3):
            make.ContactPointFactory.create(service=service)
            service.name = f"Team {number} anew"
            service.save()
    assert watch.look() == {"HealthcareService": 1, "Location": 1}


def test_loading_many_rows_at_once_publishes_each_once() -> None:
    services = make.HealthcareServiceFactory.create_batch(20)
    area = make.AreaFactory.create()
    watch = Watch()
    Coverage.objects.bulk_create(
        make.CoverageFactory.build(service=service, area=area, care=service.care)
        for service in services
    )
    CapacityReport.objects.bulk_create(
        make.CapacityReportFactory.build(service=service) for service in services
    )
    assert watch.look() == {"HealthcareService": 40}


def test_what_is_said_of_a_person_never_leaves_the_tables() -> None:
    service = make.HealthcareServiceFactory.create()
    make.ContactPointFactory.create(service=service, complex_care=True)
    make.CapacityReportFactory.create(service=service)
    make.AllianceMemberFactory.create(service=service)
    sources = str(list(Version.objects.values_list("source", flat=True)))
    for words in (
        "Coordinator of the wijk",
        "A. de Vries",
        "Coordinator of the alliance",
    ):
        assert words not in sources


# --- regional partnerships


def region(**values: Any) -> Any:
    """Make a region of a regional partnership."""
    return make.AreaFactory.create(
        kind=AreaKind.REGION,
        purpose=RegionPurpose.RESV,
        code=values.pop("code", "SPIL"),
        **values,
    )


def partners() -> set[tuple[str, bool]]:
    """Return which organizations take part in a partnership, and whether still."""
    return {
        (
            source["organization"]["fhir_id"],
            not source.get("removed") and source["organization"]["is_active"],
        )
        for resource in Resource.objects.filter(
            type="OrganizationAffiliation", fhir_id__startswith="resv-"
        )
        for source in [newest(resource.type, resource.fhir_id)]
    }


def test_a_regional_partnership_is_an_organization_with_a_lasting_id() -> None:
    watch = Watch()
    area = region()
    assert watch.look() == {"Organization": 1}
    assert newest("Organization", f"resv-SPIL-{area.year}")["region"]["name"]
    area.delete()
    assert newest("Organization", f"resv-SPIL-{area.year}")["removed"] is True


def test_an_organization_takes_part_while_a_service_covers_a_part_of_the_region() -> (
    None
):
    wijk = make.AreaFactory.create(lies_in=[region()])
    coverage = make.CoverageFactory.create(area=wijk)
    member = coverage.service.organization.fhir_id
    assert partners() == {(member, True)}
    watch = Watch()
    second = make.CoverageFactory.create(
        area=wijk, service__organization=coverage.service.organization
    )
    assert watch.look()["OrganizationAffiliation"] == 0
    coverage.delete()
    assert partners() == {(member, True)}
    second.service.is_active = False
    second.service.save()
    assert partners() == {(member, False)}
    second.service.is_active = True
    second.service.save()
    assert partners() == {(member, True)}


def test_a_region_of_another_purpose_is_no_partnership() -> None:
    night = make.AreaFactory.create(
        kind=AreaKind.REGION, purpose=RegionPurpose.NIGHT_CARE, code="nacht"
    )
    watch = Watch()
    make.CoverageFactory.create(area=make.AreaFactory.create(lies_in=[night]))
    assert watch.look()["OrganizationAffiliation"] == 0


# --- what others fed


def test_fed_elements_are_shown_with_the_row_they_belong_to() -> None:
    service = make.HealthcareServiceFactory.create()
    watch = Watch()
    fed = FedElements.objects.create(
        type="HealthcareService",
        fhir_id=service.fhir_id,
        elements={"location": [{"reference": "Location/x"}]},
        origin="test",
    )
    # Its own place is gone: it was fed with another.
    assert watch.look() == {"HealthcareService": 1, "Location": 1}
    assert newest("Location", service.fhir_id)["removed"] is True
    fed.delete()
    assert watch.look() == {"HealthcareService": 1, "Location": 1}
    assert "removed" not in newest("Location", service.fhir_id)


def test_a_fed_resource_without_a_row_stands_by_itself_until_it_is_taken_back() -> None:
    watch = Watch()
    fed = FedElements.objects.create(
        type="Endpoint", fhir_id="e-1", elements={"status": "active"}, origin="test"
    )
    assert watch.look() == {"Endpoint": 1}
    fed.delete()
    assert newest("Endpoint", "e-1")["removed"] is True


# --- all at once


def test_publishing_all_anew_finds_what_triggers_at_rest_did_not_tell() -> None:
    wijk = make.AreaFactory.create(lies_in=[region()])
    coverage = make.CoverageFactory.create(area=wijk)
    gone = make.HealthcareServiceFactory.create()
    publish_all()
    watch = Watch()
    publish_all()
    assert watch.look() == {}
    tables = (
        "directory_organization",
        "directory_healthcareservice",
        "directory_careteam",
    )
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        make.CareTeamFactory.create(service=coverage.service)
        gone.delete()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    assert watch.look() == {}
    publish_all()
    assert watch.look() == {"CareTeam": 1, "HealthcareService": 1, "Location": 1}
    assert newest("HealthcareService", gone.fhir_id)["removed"] is True


def test_an_invented_region_made_anew_leaves_nothing_behind() -> None:
    kept = make.HealthcareServiceFactory.create(
        is_fictional=False, organization__is_fictional=False
    )
    real = make.HealthcareServiceFactory.create(
        is_fictional=False, organization__is_fictional=False
    )
    invented = make.HealthcareServiceFactory.create()
    make.CareTeamFactory.create(service=invented)
    render_pending()
    gone = [invented.fhir_id, invented.organization.fhir_id]
    organization = invented.organization
    invented.delete()
    organization.delete()
    real_id = real.fhir_id
    real.delete()
    render_pending()
    assert forget_fictional() == 4
    assert not Version.objects.filter(fhir_id__in=gone).exists()
    assert newest("HealthcareService", real_id)["removed"] is True
    assert "removed" not in newest("HealthcareService", kept.fhir_id)
    assert forget_fictional() == 0
