"""A neighbourhood alliance: its members by role and its contact."""

import pytest

from tests.apps.directory.signing_in import actor_of
from tests.factories.directory import (
    AllianceFactory,
    AllianceMemberFactory,
    AreaFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.errors import (
    InvalidEntry,
    OverlapsAnother,
    UnknownEntry,
    UnknownService,
)
from wijkspil.directory.models import AllianceMember
from wijkspil.directory.services.alliances import (
    AllianceDetails,
    add_member,
    change_alliance,
    remove_member,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def region():
    return AreaFactory(region=True)


@pytest.fixture
def alliance(region):
    alliance = AllianceFactory()
    AreaFactory(lies_in=[region, alliance.area])
    return alliance


@pytest.fixture
def coordinator(region):
    return actor_of(Role.COORDINATOR, region_id=region.pk)


def test_a_member_has_a_role_and_may_have_two(coordinator, alliance):
    service = HealthcareServiceFactory()
    for role in ("district-nurse", "paramedic"):
        add_member(
            actor=coordinator,
            alliance_id=alliance.pk,
            service_id=service.pk,
            role=role,
        )
    assert AllianceMember.objects.count() == 2


def test_the_same_role_twice_is_refused(coordinator, alliance):
    member = AllianceMemberFactory(alliance=alliance)
    with pytest.raises(OverlapsAnother):
        add_member(
            actor=coordinator,
            alliance_id=alliance.pk,
            service_id=member.service_id,
            role=member.role,
        )


@pytest.mark.parametrize("role", ["", "mascot"])
def test_an_unknown_role_is_refused(coordinator, alliance, role):
    with pytest.raises(InvalidEntry) as refusal:
        add_member(
            actor=coordinator,
            alliance_id=alliance.pk,
            service_id=HealthcareServiceFactory().pk,
            role=role,
        )
    assert "role" in refusal.value.fields


def test_a_service_or_alliance_that_is_not_there_is_named(coordinator, alliance):
    with pytest.raises(UnknownService):
        add_member(
            actor=coordinator, alliance_id=alliance.pk, service_id=99999, role="gp"
        )
    with pytest.raises(UnknownEntry):
        add_member(actor=coordinator, alliance_id=99999, service_id=1, role="gp")


def test_a_member_is_removed(coordinator, alliance):
    member = AllianceMemberFactory(alliance=alliance)
    remove_member(actor=coordinator, member_id=member.pk, version=None)
    assert not AllianceMember.objects.exists()


def test_the_contact_changes_and_must_be_a_phone_number(coordinator, alliance):
    change_alliance(
        actor=coordinator,
        alliance_id=alliance.pk,
        version=None,
        details=AllianceDetails(
            name=" Laak ", complex_care_name="POH", complex_care_phone="070 123 45 67"
        ),
    )
    alliance.refresh_from_db()
    assert alliance.name == "Laak"
    with pytest.raises(InvalidEntry) as refusal:
        change_alliance(
            actor=coordinator,
            alliance_id=alliance.pk,
            version=None,
            details=AllianceDetails(name="Laak", complex_care_phone="in the hall"),
        )
    assert "complex_care_phone" in refusal.value.fields


@pytest.mark.parametrize(
    "role", [Role.PROVIDER_MANAGER, Role.TEAM_MEMBER, Role.REFERRER, Role.AUDITOR]
)
def test_others_may_not_change_it(alliance, region, role):
    actor = actor_of(role, region_id=region.pk)
    with pytest.raises(NotPermitted):
        change_alliance(
            actor=actor,
            alliance_id=alliance.pk,
            version=None,
            details=AllianceDetails(name="Mine"),
        )


def test_the_coordinator_of_another_region_may_not(alliance):
    stranger = actor_of(Role.COORDINATOR, region_id=AreaFactory(region=True).pk)
    with pytest.raises(NotPermitted):
        add_member(
            actor=stranger,
            alliance_id=alliance.pk,
            service_id=HealthcareServiceFactory().pk,
            role="gp",
        )
