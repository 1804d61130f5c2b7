"""Organizations, services, teams and contacts: add, change, end, and two editors."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.apps.directory.at_once import at_once
from tests.apps.directory.signing_in import actor_of
from tests.factories.directory import (
    AreaFactory,
    CareTeamFactory,
    ContactPointFactory,
    CoverageFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.errors import (
    AlreadyChanged,
    InvalidEntry,
    UnknownEntry,
    UnknownService,
)
from wijkspil.directory.models import (
    CareTeam,
    ContactPoint,
    HealthcareService,
    Organization,
)
from wijkspil.directory.selectors.history import EntryKind, get_version
from wijkspil.directory.services.organizations import (
    ContactDetails,
    OrganizationDetails,
    ServiceDetails,
    TeamDetails,
    add_contact,
    add_organization,
    add_service,
    add_team,
    change_contact,
    change_organization,
    change_service,
    change_team,
    end_contact,
    end_organization,
    end_service,
    remove_team,
)

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def details(**values: Any) -> OrganizationDetails:
    return OrganizationDetails(**{"name": "Zorg", "type": "home-care", **values})


def phone(**values: Any) -> ContactDetails:
    return ContactDetails(
        **{
            "audience": "resident",
            "purpose": "general",
            "system": "phone",
            "value": "070 123 45 67",
            **values,
        }
    )


@pytest.fixture
def covered():
    """A service that covers a wijk of a region."""
    region = AreaFactory(region=True)
    coverage = CoverageFactory(area=AreaFactory(lies_in=[region]))
    return coverage.service, region


@pytest.fixture
def editor(covered):
    return actor_of(Role.DIRECTORY_EDITOR, region_id=covered[1].pk)


@pytest.mark.django_db
class TestOrganizations:
    def test_codes_are_stored_without_spaces(self, editor):
        row = add_organization(actor=editor, details=details(agb_code="75 12 34 56"))
        row.refresh_from_db()
        assert row.agb_code == "75123456"
        assert row.is_fictional

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"name": "  "}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"name": "nul\0"}, "name"),
            ({"type": "bakery"}, "type"),
            ({"agb_code": "123"}, "agb_code"),
            ({"ura": "00000000"}, "ura"),
            ({"kvk_number": "1234567x"}, "kvk_number"),
        ],
    )
    def test_a_wrong_value_is_refused_at_its_field(self, editor, values, field):
        with pytest.raises(InvalidEntry) as refusal:
            add_organization(actor=editor, details=details(**values))
        assert field in refusal.value.fields
        # Only the organization of the fixture is there.
        assert Organization.objects.count() == 1

    def test_a_code_of_another_organization_names_it(self, editor):
        OrganizationFactory(name="Eerste", agb_code="75000001", ura="12345678")
        with pytest.raises(InvalidEntry, match="Eerste") as refusal:
            add_organization(actor=editor, details=details(agb_code="75000001"))
        assert "agb_code" in refusal.value.fields
        with pytest.raises(InvalidEntry, match="Eerste"):
            add_organization(actor=editor, details=details(ura="12345678"))

    def test_only_fields_that_differ_are_a_change(self, covered, editor):
        organization = covered[0].organization
        version = get_version(EntryKind.ORGANIZATION, organization.pk)
        change_organization(
            actor=editor,
            organization_id=organization.pk,
            version=version,
            details=details(name=organization.name, agb_code=organization.agb_code),
        )
        assert get_version(EntryKind.ORGANIZATION, organization.pk) == version

    def test_an_ended_organization_stays_in_the_tables(self, covered, editor):
        organization = covered[0].organization
        end_organization(actor=editor, organization_id=organization.pk, version=None)
        organization.refresh_from_db()
        assert not organization.is_active

    def test_what_does_not_exist_is_named(self, editor):
        with pytest.raises(UnknownEntry, match="999"):
            change_organization(
                actor=editor, organization_id=999, version=None, details=details()
            )
        with pytest.raises(UnknownService, match="999"):
            end_service(actor=editor, service_id=999, version=None)


@pytest.mark.django_db
class TestWhoMayEdit:
    def test_the_editor_of_another_region_may_not(self, covered):
        stranger = actor_of(
            Role.DIRECTORY_EDITOR, region_id=AreaFactory(region=True).pk
        )
        with pytest.raises(NotPermitted):
            end_service(actor=stranger, service_id=covered[0].pk, version=None)

    def test_a_manager_edits_the_own_organization_only(self, covered):
        service, _region = covered
        mine = actor_of(Role.PROVIDER_MANAGER, organization_id=service.organization_id)
        add_contact(actor=mine, service_id=service.pk, details=phone(), at=AT)
        other = HealthcareServiceFactory()
        with pytest.raises(NotPermitted):
            add_contact(actor=mine, service_id=other.pk, details=phone(), at=AT)
        with pytest.raises(NotPermitted):
            add_organization(actor=mine, details=details())

    def test_a_system_changes_its_own_organization_only(self, covered):
        service, _region = covered
        own = actor_of(Role.PROVIDER_SYSTEM, organization_id=service.organization_id)
        change_service(
            actor=own,
            service_id=service.pk,
            version=None,
            details=ServiceDetails(name="Wijkteam Noord"),
        )
        service.refresh_from_db()
        assert service.name == "Wijkteam Noord"
        other = HealthcareServiceFactory()
        with pytest.raises(NotPermitted):
            change_service(
                actor=own,
                service_id=other.pk,
                version=None,
                details=ServiceDetails(name="Mine"),
            )

    @pytest.mark.parametrize(
        "role",
        [
            Role.RESIDENT,
            Role.REFERRER,
            Role.TEAM_MEMBER,
            Role.COORDINATOR,
            Role.INSURER,
            Role.AUDITOR,
        ],
    )
    def test_other_roles_may_not(self, covered, role):
        service, region = covered
        actor = actor_of(
            role,
            organization_id=service.organization_id,
            service_id=service.pk,
            region_id=region.pk,
        )
        with pytest.raises(NotPermitted):
            change_service(
                actor=actor,
                service_id=service.pk,
                version=None,
                details=ServiceDetails(name="Mine"),
            )
        with pytest.raises(NotPermitted):
            add_organization(actor=actor, details=details())

    def test_what_is_new_can_be_finished_by_the_editor_who_added_it(self, editor):
        organization = add_organization(actor=editor, details=details())
        service = add_service(
            actor=editor,
            organization_id=organization.pk,
            care="district-nursing",
            details=ServiceDetails(name="Team Nieuw"),
        )
        add_contact(actor=editor, service_id=service.pk, details=phone(), at=AT)

    def test_a_new_service_belongs_to_the_region_of_its_postcode(self, covered):
        _service, region = covered
        pc4 = AreaFactory(pc4=True, code="9711", lies_in=[region])
        far = HealthcareServiceFactory(postcode="9711AA")
        there = actor_of(Role.DIRECTORY_EDITOR, region_id=region.pk)
        elsewhere = actor_of(
            Role.DIRECTORY_EDITOR, region_id=AreaFactory(region=True).pk
        )
        assert pc4.within
        add_contact(actor=there, service_id=far.pk, details=phone(), at=AT)
        with pytest.raises(NotPermitted):
            add_contact(actor=elsewhere, service_id=far.pk, details=phone(), at=AT)


@pytest.mark.django_db
class TestServices:
    def test_a_new_postcode_moves_the_point(self, covered, editor):
        AreaFactory(pc4=True, code="2513", lon=4.31, lat=52.07)
        service, _region = covered
        change_service(
            actor=editor,
            service_id=service.pk,
            version=None,
            details=ServiceDetails(name="Team", postcode="2513 ab"),
        )
        service.refresh_from_db()
        assert (service.postcode, service.lon, service.lat) == ("2513AB", 4.31, 52.07)

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"name": ""}, "name"),
            ({"tasks": ["juggling"]}, "tasks"),
            ({"care_laws": ["btw"]}, "care_laws"),
            ({"insurers": ["12"]}, "insurers"),
            ({"postcode": "nowhere"}, "postcode"),
            (
                {
                    "opening_hours": [
                        {"days": ["mon"], "from": "17:00", "until": "08:00"}
                    ]
                },
                "opening_hours",
            ),
        ],
    )
    def test_a_wrong_value_is_refused_at_its_field(
        self, covered, editor, values, field
    ):
        with pytest.raises(InvalidEntry) as refusal:
            change_service(
                actor=editor,
                service_id=covered[0].pk,
                version=None,
                details=ServiceDetails(**{"name": "Team", **values}),
            )
        assert field in refusal.value.fields

    def test_an_ended_service_is_kept_but_not_in_use(self, covered, editor):
        end_service(actor=editor, service_id=covered[0].pk, version=None)
        assert not HealthcareService.objects.get(pk=covered[0].pk).is_active


@pytest.mark.django_db
class TestTeamsAndContacts:
    def test_a_team_is_added_changed_and_removed(self, covered, editor):
        team = add_team(
            actor=editor,
            service_id=covered[0].pk,
            details=TeamDetails(name="Noord", composition={"carer": 4}),
        )
        change_team(
            actor=editor,
            team_id=team.pk,
            version=None,
            details=TeamDetails(name="Noord"),
        )
        team.refresh_from_db()
        assert team.composition == {}
        remove_team(actor=editor, team_id=team.pk, version=None)
        assert not CareTeam.objects.exists()

    def test_a_team_of_nobody_or_of_thousands_is_refused(self, covered, editor):
        team = CareTeamFactory(service=covered[0])
        for count in (0, -1, 1000):
            with pytest.raises(InvalidEntry):
                change_team(
                    actor=editor,
                    team_id=team.pk,
                    version=None,
                    details=TeamDetails(name="T", composition={"carer": count}),
                )

    def test_a_contact_ends_at_a_moment_and_is_kept(self, covered, editor):
        contact = ContactPointFactory(service=covered[0])
        end_contact(actor=editor, contact_id=contact.pk, version=None, at=AT)
        contact.refresh_from_db()
        assert contact.valid_until == AT

    def test_a_contact_that_never_held_is_withdrawn(self, covered, editor):
        contact = ContactPointFactory(service=covered[0], valid_from=AT)
        end_contact(actor=editor, contact_id=contact.pk, version=None, at=AT)
        assert not ContactPoint.objects.filter(pk=contact.pk).exists()

    @pytest.mark.parametrize(
        ("system", "value"),
        [
            ("phone", "call me"),
            ("phone", "12"),
            ("phone", "070 123 45 67 ext. 3"),
            ("email", "team at example"),
            ("web", "javascript:alert(1)"),
            ("web", "http://example.nl"),
            ("fhir", "ftp://example.nl"),
            ("phone", ""),
        ],
    )
    def test_a_contact_nobody_can_reach_is_refused(
        self, covered, editor, system, value
    ):
        contact = ContactPointFactory(service=covered[0])
        with pytest.raises(InvalidEntry) as refusal:
            change_contact(
                actor=editor,
                contact_id=contact.pk,
                version=None,
                details=phone(system=system, value=value),
            )
        assert "value" in refusal.value.fields


@pytest.mark.django_db
class TestTwoEditors:
    def test_the_second_one_is_told_who_was_first(self, covered, editor):
        service, region = covered
        organization = service.organization
        opened = get_version(EntryKind.ORGANIZATION, organization.pk)
        colleague = actor_of(Role.DIRECTORY_EDITOR, region_id=region.pk)
        change_organization(
            actor=colleague,
            organization_id=organization.pk,
            version=opened,
            details=details(name="Van de collega"),
        )
        with pytest.raises(AlreadyChanged, match=colleague.label):
            change_organization(
                actor=editor,
                organization_id=organization.pk,
                version=opened,
                details=details(name="Van mij"),
            )
        organization.refresh_from_db()
        assert organization.name == "Van de collega"


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_two_editors_at_once_one_wins_and_the_other_is_told(self):
        region = AreaFactory(region=True)
        service = CoverageFactory(area=AreaFactory(lies_in=[region])).service
        opened = get_version(EntryKind.ORGANIZATION, service.organization_id)
        editors = [
            actor_of(Role.DIRECTORY_EDITOR, region_id=region.pk) for _ in range(4)
        ]

        outcomes = at_once(
            *(
                lambda editor=editor: change_organization(
                    actor=editor,
                    organization_id=service.organization_id,
                    version=opened,
                    details=details(name=f"Van {editor.label}"),
                )
                for editor in editors
            )
        )

        assert outcomes.count(None) == 1
        assert sum(isinstance(o, AlreadyChanged) for o in outcomes) == 3
        winner = editors[outcomes.index(None)]
        service.organization.refresh_from_db()
        assert service.organization.name == f"Van {winner.label}"

    def test_two_editors_cannot_give_two_organizations_one_code(self):
        region = AreaFactory(region=True)
        editor = actor_of(Role.DIRECTORY_EDITOR, region_id=region.pk)

        outcomes = at_once(
            *(
                lambda name=name: add_organization(
                    actor=editor, details=details(name=name, agb_code="75999999")
                )
                for name in ("Een", "Twee")
            )
        )

        assert sum(isinstance(o, Organization) for o in outcomes) == 1
        assert sum(isinstance(o, InvalidEntry) for o in outcomes) == 1
