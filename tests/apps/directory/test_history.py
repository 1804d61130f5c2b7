"""Who changed what, when: every act on an entry, field by field in words."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from tests.apps.directory.signing_in import actor_of
from tests.factories.directory import (
    AreaFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.directory.errors import UnknownEntry
from wijkspil.directory.selectors.history import (
    Act,
    EntryKind,
    get_version,
    list_changes,
)
from wijkspil.directory.services.coverage import end_coverage
from wijkspil.directory.services.organizations import (
    OrganizationDetails,
    ServiceDetails,
    change_organization,
    change_service,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def region():
    return AreaFactory(region=True)


@pytest.fixture
def editor(region):
    return actor_of(Role.DIRECTORY_EDITOR, region_id=region.pk)


def changes(kind, entry_id, *, show_persons=False):
    return list_changes(kind, entry_id, show_persons=show_persons)


def test_a_change_says_who_when_and_what_it_was_before(editor):
    organization = OrganizationFactory(name="Oud", agb_code="")
    change_organization(
        actor=editor,
        organization_id=organization.pk,
        version=None,
        details=OrganizationDetails(name="Nieuw", type="pharmacy", agb_code="75000001"),
    )
    newest, created = changes(EntryKind.ORGANIZATION, organization.pk)
    assert (newest.act, newest.by) == (Act.CHANGED, editor.label)
    assert {(f.label, f.before, f.after) for f in newest.fields} == {
        ("Name", "Oud", "Nieuw"),
        ("Kind of organization", "home care provider", "pharmacy"),
        ("AGB code", "–", "75000001"),
    }
    assert (created.act, created.by) == (Act.CREATED, "")
    assert ("Name", "", "Oud") in {(f.label, f.before, f.after) for f in created.fields}


def test_values_read_as_on_the_page(editor, region):
    service = HealthcareServiceFactory()
    CoverageFactory(service=service, area=AreaFactory(lies_in=[region]))
    change_service(
        actor=editor,
        service_id=service.pk,
        version=None,
        details=ServiceDetails(
            name=service.name,
            tasks=["wound", "insulin"],
            languages=["nl"],
            care_laws=["zvw"],
            opening_hours=[
                {"days": ["mon", "tue"], "from": "08:00", "until": "12:00"},
                {"days": ["mon"], "from": "13:00", "until": "17:00"},
            ],
            is_open_on_holidays=True,
            postcode=service.postcode,
        ),
    )
    told = {f.label: f.after for f in changes(EntryKind.SERVICE, service.pk)[0].fields}
    assert told["What the service does"] == "insulin and wound care"
    assert (
        "Monday 08:00–12:00, 13:00–17:00; Tuesday 08:00–12:00"
        in (told["Opening hours"])
    )
    assert told["Open on public holidays"] == "yes"


def test_what_is_linked_is_named(editor, region):
    coverage = CoverageFactory(area=AreaFactory(name="Laak", lies_in=[region]))
    end_coverage(actor=editor, coverage_id=coverage.pk, version=None, at=AT)
    ended, created = changes(EntryKind.COVERAGE, coverage.pk)
    assert [(f.label, f.before) for f in ended.fields] == [("Until", "no end known")]
    assert "2026 at 10:00" in ended.fields[0].after
    assert "Laak" in {f.after for f in created.fields if f.label == "Area"}.pop()


def test_a_removal_is_the_last_act(editor, region):
    coverage = CoverageFactory(area=AreaFactory(lies_in=[region]), valid_from=AT)
    end_coverage(actor=editor, coverage_id=coverage.pk, version=None, at=AT)
    assert changes(EntryKind.COVERAGE, coverage.pk)[0].act == Act.REMOVED


def test_the_person_on_duty_is_shown_only_when_asked():
    duty = DutyPeriodFactory()
    hidden = str(changes(EntryKind.DUTY, duty.pk))
    assert duty.person_name not in hidden
    assert duty.phone not in hidden
    assert duty.person_name in str(changes(EntryKind.DUTY, duty.pk, show_persons=True))


def test_an_entry_that_never_was_has_no_history():
    with pytest.raises(UnknownEntry):
        changes(EntryKind.CONTACT, 999999)


def test_the_version_moves_with_every_act():
    organization = OrganizationFactory()
    before = get_version(EntryKind.ORGANIZATION, organization.pk)
    organization.name = "Anders"
    organization.save()
    assert get_version(EntryKind.ORGANIZATION, organization.pk) > before
    assert get_version(EntryKind.ORGANIZATION, 999999) == 0


def test_a_long_history_costs_no_more_queries(
    django_assert_max_num_queries, editor, region
):
    coverage = CoverageFactory(area=AreaFactory(lies_in=[region]))
    for hour in range(10):
        coverage.rank = hour + 2
        coverage.save()
    with django_assert_max_num_queries(4):
        assert len(changes(EntryKind.COVERAGE, coverage.pk)) == 11
