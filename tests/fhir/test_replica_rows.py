"""What is copied becomes part of the directory, and what is added here stays."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from tests.factories.directory import (
    CapacityReportFactory,
    ContactPointFactory,
    CoverageFactory,
)
from tests.fhir.feeding import SBI, SERVICE_TYPE, URA
from tests.fhir.peer import Peer, served
from tests.fhir.test_replica import copy, follow
from wijkspil.directory.models import HealthcareService, Organization
from wijkspil.fhir.models import FedElements, FollowedDirectory, ReplicaConflict

pytestmark = [pytest.mark.django_db, pytest.mark.enable_socket]

NURSING = [{"coding": [{"system": SBI, "code": "86942"}]}]
#: No number of a register.
OTHER = [{"system": "https://register.example/number", "value": "1"}]
DISTRICT_NURSING = [{"coding": [{"system": SERVICE_TYPE, "code": "322"}]}]


@pytest.fixture(autouse=True)
def _private_addresses() -> Iterator[None]:
    with override_settings(WEBHOOK_PRIVATE=True):
        yield


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def directory(peer: Peer) -> Iterator[FollowedDirectory]:
    with served(peer) as address:
        yield follow(address, types=["Organization", "HealthcareService"])


def put_provider(peer: Peer, id_: str = "org", **elements: Any) -> None:
    """Let the other directory have a home care provider."""
    given = {
        "name": "Thuiszorg Noord",
        "active": True,
        "type": NURSING,
        "identifier": [{"system": URA, "value": "94000001"}],
    }
    peer.put("Organization", id_, **given | elements)


def put_team(peer: Peer, id_: str = "team", **elements: Any) -> None:
    """Let the other directory have a district nursing service."""
    given = {
        "name": "Team Noord",
        "active": True,
        "type": DISTRICT_NURSING,
        "providedBy": {"reference": "Organization/org"},
        "telecom": [{"system": "phone", "value": "070 123 45 67"}],
    }
    peer.put("HealthcareService", id_, **given | elements)


def test_a_provider_and_its_service_become_rows_that_follow_the_source(
    peer: Peer, directory: FollowedDirectory
) -> None:
    put_provider(peer)
    put_team(peer)
    copy(directory)
    put_team(peer, name="Team Noord-Oost")
    put_provider(peer, active=False)
    copy(directory)

    service = HealthcareService.objects.get(fhir_id="team")
    assert service.name == "Team Noord-Oost"
    assert service.organization.ura == "94000001"
    assert not service.organization.is_active
    kept = FedElements.objects.get(type="HealthcareService")
    assert kept.elements["telecom"][0]["value"] == "070 123 45 67"
    assert kept.origin == directory.address


def test_room_coverage_and_contacts_that_were_added_here_stay(
    peer: Peer, directory: FollowedDirectory
) -> None:
    put_provider(peer)
    put_team(peer)
    copy(directory)
    service = HealthcareService.objects.get(fhir_id="team")
    CapacityReportFactory.create(service=service, new_clients=4)
    CoverageFactory.create(service=service)
    ContactPointFactory.create(service=service)

    put_team(peer, name="Renamed")
    done = copy(directory)

    service.refresh_from_db()
    assert (done.error, service.name) == ("", "Renamed")
    assert service.capacity_reports.get().new_clients == 4
    assert service.coverages.count() == 1
    assert service.contacts.count() == 1


def test_a_service_becomes_a_row_when_its_organization_comes_later(
    peer: Peer, directory: FollowedDirectory
) -> None:
    put_team(peer)
    copy(directory)
    before = HealthcareService.objects.count()
    put_provider(peer)
    copy(directory)

    assert before == 0
    assert HealthcareService.objects.get().organization.fhir_id == "org"


def test_a_part_becomes_a_row_when_what_it_is_part_of_comes_later(
    peer: Peer, directory: FollowedDirectory
) -> None:
    part_of = {"reference": "Organization/org"}
    put_provider(
        peer, "smaller", identifier=OTHER, partOf={"reference": "Organization/p"}
    )
    put_provider(peer, "p", identifier=OTHER, partOf=part_of)
    copy(directory)
    before = Organization.objects.count()
    put_provider(peer)
    copy(directory)

    assert before == 0
    smaller = Organization.objects.get(fhir_id="smaller")
    assert smaller.part_of is not None
    assert smaller.part_of.part_of is not None
    assert smaller.part_of.part_of.fhir_id == "org"


def test_what_the_directory_refuses_is_kept_whole_and_told(
    peer: Peer, directory: FollowedDirectory
) -> None:
    put_provider(peer, name="x" * 500)
    put_provider(peer, "fine", identifier=OTHER)

    done = copy(directory)

    assert done.error == ""
    assert [one.fhir_id for one in Organization.objects.all()] == ["fine"]
    assert FedElements.objects.filter(fhir_id="org").exists()
    conflict = ReplicaConflict.objects.get()
    assert (conflict.remote_id, conflict.reason) == ("org", "not-stored")


def test_a_service_that_moves_to_another_organization_is_left_and_told(
    peer: Peer, directory: FollowedDirectory
) -> None:
    put_provider(peer)
    put_provider(peer, "other", identifier=OTHER)
    put_team(peer)
    copy(directory)
    put_team(peer, providedBy={"reference": "Organization/other"})

    done = copy(directory)

    assert done.error == ""
    assert HealthcareService.objects.get().organization.fhir_id == "org"
    assert ReplicaConflict.objects.get().reason == "not-stored"


def test_a_removed_service_ends_and_its_row_stays(
    peer: Peer, directory: FollowedDirectory
) -> None:
    put_provider(peer)
    put_team(peer)
    copy(directory)
    peer.delete("HealthcareService", "team")

    done = copy(directory)

    service = HealthcareService.objects.get()
    assert (done.removed, service.is_active) == (1, False)
    assert service.name == "Team Noord"
