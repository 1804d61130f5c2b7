"""Taking a change back: what was comes again as a new change, or a reason why not."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.apps.directory.at_once import at_once
from tests.apps.directory.signing_in import actor_of
from tests.factories.directory import (
    AllianceFactory,
    AllianceMemberFactory,
    AreaFactory,
    ContactPointFactory,
    CoverageFactory,
    DutyPeriodFactory,
    OrganizationFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import CannotUndo, OverlapsAnother, UnknownEntry
from wijkspil.directory.models import AllianceMember, Coverage, DutyPeriod
from wijkspil.directory.selectors.history import EntryKind, get_version, list_changes
from wijkspil.directory.services.alliances import remove_member
from wijkspil.directory.services.coverage import (
    CoverageDetails,
    change_coverage,
    end_coverage,
)
from wijkspil.directory.services.duty import withdraw_duty
from wijkspil.directory.services.organizations import (
    OrganizationDetails,
    change_organization,
    end_organization,
)
from wijkspil.directory.services.undo import undo_change

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def region():
    return AreaFactory(region=True)


@pytest.fixture
def editor(region):
    return actor_of(Role.DIRECTORY_EDITOR, region_id=region.pk)


@pytest.fixture
def coordinator(region):
    return actor_of(Role.COORDINATOR, region_id=region.pk)


@pytest.fixture
def coverage(region):
    return CoverageFactory(area=AreaFactory(lies_in=[region]))


def undo(actor, kind, entry, *, event_id=None):
    return undo_change(
        actor=actor,
        kind=kind,
        event_id=event_id or get_version(kind, entry.pk),
        at=AT,
    )


def rename(editor, organization, name, **values):
    change_organization(
        actor=editor,
        organization_id=organization.pk,
        version=None,
        details=OrganizationDetails(
            **{
                "name": name,
                "type": organization.type,
                "agb_code": organization.agb_code,
                **values,
            }
        ),
    )


@pytest.mark.django_db
class TestChanges:
    def test_only_the_fields_of_that_change_are_restored(self, editor):
        organization = OrganizationFactory(name="Oud", ura="")
        rename(editor, organization, "Nieuw")
        first = get_version(EntryKind.ORGANIZATION, organization.pk)
        rename(editor, organization, "Nieuw", ura="12345678")

        undo(editor, EntryKind.ORGANIZATION, organization, event_id=first)

        organization.refresh_from_db()
        assert (organization.name, organization.ura) == ("Oud", "12345678")
        newest = list_changes(
            EntryKind.ORGANIZATION, organization.pk, show_persons=False
        )[0]
        assert newest.undo_of == first
        assert newest.by == editor.label

    def test_a_later_change_of_the_same_field_is_named_and_kept(self, editor):
        organization = OrganizationFactory(name="Oud")
        rename(editor, organization, "Nieuw")
        first = get_version(EntryKind.ORGANIZATION, organization.pk)
        rename(editor, organization, "Nieuwer")
        with pytest.raises(CannotUndo, match=editor.label):
            undo(editor, EntryKind.ORGANIZATION, organization, event_id=first)
        organization.refresh_from_db()
        assert organization.name == "Nieuwer"

    def test_undo_twice_is_refused_and_the_undo_itself_can_be_taken_back(self, editor):
        organization = OrganizationFactory(name="Oud")
        rename(editor, organization, "Nieuw")
        first = get_version(EntryKind.ORGANIZATION, organization.pk)
        undo(editor, EntryKind.ORGANIZATION, organization)
        with pytest.raises(CannotUndo):
            undo(editor, EntryKind.ORGANIZATION, organization, event_id=first)
        undo(editor, EntryKind.ORGANIZATION, organization)
        organization.refresh_from_db()
        assert organization.name == "Nieuw"

    def test_what_no_longer_fits_is_refused_by_the_same_rules(
        self, coordinator, coverage
    ):
        change_coverage(
            actor=coordinator,
            coverage_id=coverage.pk,
            version=None,
            details=CoverageDetails(role="back-up", valid_from=coverage.valid_from),
        )
        CoverageFactory(service=coverage.service, area=coverage.area)
        with pytest.raises(OverlapsAnother):
            undo(coordinator, EntryKind.COVERAGE, coverage)
        coverage.refresh_from_db()
        assert coverage.role == "back-up"


@pytest.mark.django_db
class TestEnds:
    def test_an_ended_organization_comes_back(self, editor):
        organization = OrganizationFactory()
        end_organization(actor=editor, organization_id=organization.pk, version=None)
        undo(editor, EntryKind.ORGANIZATION, organization)
        organization.refresh_from_db()
        assert organization.is_active

    def test_an_ended_coverage_is_open_again(self, coordinator, coverage):
        end_coverage(actor=coordinator, coverage_id=coverage.pk, version=None, at=AT)
        undo(coordinator, EntryKind.COVERAGE, coverage)
        coverage.refresh_from_db()
        assert coverage.valid_until is None

    def test_a_withdrawn_coverage_comes_back_under_its_own_number(
        self, coordinator, region
    ):
        later = CoverageFactory(
            area=AreaFactory(lies_in=[region]), valid_from=AT + timedelta(days=1)
        )
        end_coverage(actor=coordinator, coverage_id=later.pk, version=None, at=AT)
        undo(coordinator, EntryKind.COVERAGE, later)
        assert Coverage.objects.get(pk=later.pk).valid_from == later.valid_from
        removal = list_changes(EntryKind.COVERAGE, later.pk, show_persons=False)[1]
        with pytest.raises(CannotUndo):
            undo(coordinator, EntryKind.COVERAGE, later, event_id=removal.event_id)

    def test_a_removed_member_comes_back(self, coordinator, region):
        alliance = AllianceFactory()
        AreaFactory(lies_in=[region, alliance.area])
        member = AllianceMemberFactory(alliance=alliance)
        remove_member(actor=coordinator, member_id=member.pk, version=None)
        undo(coordinator, EntryKind.ALLIANCE_MEMBER, member)
        assert AllianceMember.objects.get(pk=member.pk).role == member.role

    def test_a_withdrawn_duty_comes_back_and_that_is_in_the_trail(self, coverage):
        manager = actor_of(
            Role.PROVIDER_MANAGER, organization_id=coverage.service.organization_id
        )
        duty = DutyPeriodFactory(service=coverage.service, area=coverage.area)
        withdraw_duty(actor=manager, duty_id=duty.pk, at=AT)
        undo(manager, EntryKind.DUTY, duty)
        assert DutyPeriod.objects.get(pk=duty.pk).person_name == duty.person_name
        assert AuditEvent.objects.filter(purpose="duty.undo").count() == 1


@pytest.mark.django_db
class TestCreations:
    def test_taking_a_creation_back_ends_the_entry(self, editor, region):
        organization = OrganizationFactory()
        undo(editor, EntryKind.ORGANIZATION, organization)
        organization.refresh_from_db()
        assert not organization.is_active

    def test_a_contact_in_use_ends_and_one_to_come_is_withdrawn(self, editor, coverage):
        running = ContactPointFactory(service=coverage.service)
        to_come = ContactPointFactory(
            service=coverage.service, valid_from=AT + timedelta(days=1)
        )
        undo(editor, EntryKind.CONTACT, running)
        undo(editor, EntryKind.CONTACT, to_come)
        running.refresh_from_db()
        assert running.valid_until == AT
        assert type(to_come).objects.filter(pk=to_come.pk).exists() is False

    def test_a_creation_with_later_changes_is_not_taken_back(self, editor):
        organization = OrganizationFactory()
        created = get_version(EntryKind.ORGANIZATION, organization.pk)
        rename(editor, organization, "Nieuw")
        with pytest.raises(CannotUndo, match=editor.label):
            undo(editor, EntryKind.ORGANIZATION, organization, event_id=created)


@pytest.mark.django_db
class TestWhoMay:
    def test_undo_asks_the_right_to_change_the_entry_now(self, coverage):
        stranger = actor_of(Role.COORDINATOR, region_id=AreaFactory(region=True).pk)
        auditor = actor_of(Role.AUDITOR)
        for actor in (stranger, auditor):
            with pytest.raises(NotPermitted):
                undo(actor, EntryKind.COVERAGE, coverage)

    def test_an_act_that_never_was_is_not_found(self, editor):
        with pytest.raises(UnknownEntry):
            undo_change(actor=editor, kind=EntryKind.CONTACT, event_id=999999999, at=AT)


@pytest.mark.django_db(transaction=True)
def test_two_who_undo_at_once_restore_it_once():
    region = AreaFactory(region=True)
    editor = actor_of(Role.DIRECTORY_EDITOR, region_id=region.pk)
    organization = OrganizationFactory(name="Oud")
    rename(editor, organization, "Nieuw")
    event_id = get_version(EntryKind.ORGANIZATION, organization.pk)

    outcomes = at_once(
        *[
            lambda: undo_change(
                actor=editor,
                kind=EntryKind.ORGANIZATION,
                event_id=event_id,
                at=AT,
            )
        ]
        * 3
    )

    assert outcomes.count(organization.pk) == 1
    assert sum(isinstance(o, CannotUndo) for o in outcomes) == 2
    organization.refresh_from_db()
    assert organization.name == "Oud"
