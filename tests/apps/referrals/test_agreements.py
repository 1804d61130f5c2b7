"""What holds in a region, for every professional; and who signed for being assigned."""

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localdate

from tests.factories.accounts import MembershipFactory
from tests.factories.directory import AreaFactory
from tests.factories.referrals import ReferralsWijk, agree, make_coordinator, make_wijk
from wijkspil.accounts.types import Role
from wijkspil.directory.types import RegionPurpose
from wijkspil.referrals.models import AssignmentAgreement
from wijkspil.referrals.selectors.agreements import list_signed_organizations

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
PAGE = "/regietafel/afspraken/"
CHANGE = "/regietafel/afspraken/wijzigen"
ADD = "/regietafel/afspraken/toevoegen"


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


@pytest.fixture
def browser(wijk: ReferralsWijk) -> Client:
    return wijk.coordinator.browser()


def test_without_agreements_the_national_values_are_named_so(browser: Client) -> None:
    page = browser.get(PAGE, headers=ENGLISH).content.decode()
    assert "These are the values of Wijkspil, not of the region" in page
    assert "45 minutes" in page


def test_every_term_that_holds_is_said(wijk: ReferralsWijk, browser: Client) -> None:
    agree(
        wijk,
        own_team_first=True,
        teams_at_once={"planned": 7},
        answer_minutes={"today": 37},
        coordinator_minutes={"week": 1200},
        answer_hours="always",
        day_from="07:15",
        day_until="21:45",
        room_kept_days=13,
        retention_days=444,
        min_residents=77,
        fallback_user_id=wijk.coordinator.user.pk,
        reach_name="Meldpunt Duin",
        reach_phone="070 123 4567",
        ranking={"order": ["travel"], "travel_km": 9.0, "unknown_room": "exclude"},
    )
    page = browser.get(PAGE, headers=ENGLISH).content.decode()
    for words in (
        "is asked first, alone",
        ">7<",
        "37 minutes",
        "20 hours",
        "day and night, for everything",
        "from 07:15 to 21:45",
        "13 days",
        "444 days",
        "77 or more",
        "C. Oordinator",
        "Meldpunt Duin 070 123 4567",
        "little travel",
        "9 km",
        "are not asked",
    ):
        assert words in page, words


@pytest.mark.parametrize("role", [role for role in Role if role != Role.RESIDENT])
def test_every_professional_reads_it_and_only_some_change_it(
    wijk: ReferralsWijk, role: Role
) -> None:
    if role == Role.PROVIDER_SYSTEM:
        pytest.skip("a system has no pages")
    agree(wijk)
    member = MembershipFactory(
        role=role,
        region=wijk.region,
        organization=wijk.practice,
        service=wijk.teams[0],
    )
    client = Client()
    client.force_login(member.user)
    page = client.get(PAGE, headers=ENGLISH)
    assert page.status_code == 200
    edits = role in {Role.COORDINATOR, Role.ADMINISTRATOR}
    assert ("Write a draft" in page.content.decode()) is edits
    assert client.get(CHANGE).status_code == (200 if edits else 403)
    assert client.get(ADD).status_code == (200 if edits else 403)


def test_a_team_sees_no_names_of_who_signed(wijk: ReferralsWijk) -> None:
    AssignmentAgreement.objects.create(
        organization=wijk.teams[1].organization,
        region=wijk.region,
        signed_by="B. Estuurder",
        signed_on=localdate(),
        valid_from=localdate(),
        document="Archief",
    )
    assert "B. Estuurder" not in wijk.nurses[0].browser().get(PAGE).content.decode()
    assert "B. Estuurder" in wijk.coordinator.browser().get(PAGE).content.decode()


def signed(wijk: ReferralsWijk, **changes: object) -> dict[str, object]:
    today = localdate()
    return {
        "organization_id": wijk.teams[0].organization_id,
        "signed_by": "B. Estuurder, directeur",
        "signed_on": today.isoformat(),
        "valid_from": today.isoformat(),
        "valid_until": "",
        "document": "Archief 2026-14",
    } | changes


def test_an_agreement_is_entered_once_and_ended_after_asking(
    wijk: ReferralsWijk, browser: Client
) -> None:
    for _press in range(2):
        assert browser.post(ADD, signed(wijk)).status_code == 302
    [row] = AssignmentAgreement.objects.all()
    today = localdate()
    assert list_signed_organizations(wijk.region.pk, on=today) == {row.organization_id}
    end = f"/regietafel/afspraken/{row.pk}/einde"
    assert browser.get(end).status_code == 200
    assert list_signed_organizations(wijk.region.pk, on=today)
    for _press in range(2):
        assert browser.post(end).status_code == 302
    assert list_signed_organizations(wijk.region.pk, on=today) == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("organization_id", "0"),
        ("signed_by", ""),
        ("signed_on", "2999-01-01"),
        ("valid_until", "2020-01-01"),
        ("document", ""),
    ],
)
def test_an_agreement_that_is_not_complete_is_refused(
    wijk: ReferralsWijk, browser: Client, field: str, value: str
) -> None:
    answer = browser.post(ADD, signed(wijk, **{field: value}))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not AssignmentAgreement.objects.exists()


def test_another_region_can_be_read_and_not_changed(wijk: ReferralsWijk) -> None:
    elsewhere = AreaFactory(region=True, purpose=RegionPurpose.ZORGKANTOOR)
    stranger = make_coordinator(elsewhere, at=wijk.at, name="E. Lders").browser()
    for address in (CHANGE, ADD):
        answer = stranger.get(f"{address}?regio={wijk.region.pk}")
        assert answer.status_code == 403
    page = stranger.get(f"{PAGE}?regio={wijk.region.pk}", headers=ENGLISH)
    assert page.status_code == 200
    assert "Write a draft" not in page.content.decode()
