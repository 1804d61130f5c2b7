"""A coordinator changes what the region agreed on, with a trail of who and when."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localdate

from tests.factories.directory import AreaFactory
from tests.factories.referrals import ReferralsWijk, make_coordinator, make_wijk
from wijkspil.directory.types import RegionPurpose
from wijkspil.referrals.models import AssignmentAgreement, RoutingPolicy
from wijkspil.referrals.selectors.agreements import (
    list_policy_changes,
    list_signed_organizations,
)
from wijkspil.referrals.selectors.policy import get_agreed

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
CHANGE = "/regietafel/afspraken/wijzigen"
ADD = "/regietafel/afspraken/toevoegen"


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


@pytest.fixture
def browser(wijk: ReferralsWijk) -> Client:
    assert wijk.coordinator is not None
    return wijk.coordinator.browser()


def filled_in(browser: Client, **changes: object) -> dict[str, object]:
    """Return the form as it stands, approved today, with changes."""
    form = browser.get(CHANGE).context["form"]
    values = {name: form.initial.get(name) or "" for name in form.fields}
    values |= {n: form.initial[n] for n in form.fields if n.startswith("weight_")}
    values |= {"approved_by": "Regio-overleg", "approved_on": localdate().isoformat()}
    return values | changes


def test_without_agreements_the_national_values_are_named_so(browser: Client) -> None:
    page = browser.get("/regietafel/afspraken/", headers=ENGLISH).content.decode()
    assert "These are the values of Wijkspil, not of the region" in page
    assert "45 minutes" in page


def test_a_change_holds_at_once_and_leaves_who_and_what(
    wijk: ReferralsWijk, browser: Client
) -> None:
    sent = filled_in(
        browser, weight_travel="9", order_1="own_team", answer_minutes_today="30"
    )
    assert browser.post(CHANGE, sent).status_code == 302
    agreed = get_agreed(wijk.region.pk)
    assert agreed.ranking["weights"]["travel"] == 9
    assert agreed.ranking["order"] == ["own_team"]
    assert agreed.time_to_answer("today") == timedelta(minutes=30)
    [change] = list_policy_changes(wijk.region.pk)
    assert change.by == wijk.coordinator.actor.label
    assert {"ranking", "answer_minutes", "approved_by"} <= set(change.fields)


def test_storing_the_same_again_leaves_no_trace(
    wijk: ReferralsWijk, browser: Client
) -> None:
    sent = filled_in(browser)
    for _press in range(2):
        assert browser.post(CHANGE, sent).status_code == 302
    assert len(list_policy_changes(wijk.region.pk)) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weight_travel", "11"),
        ("weight_travel", "-1"),
        ("weight_travel", "nan"),
        ("travel_km", "0"),
        ("teams_at_once", "0"),
        ("min_residents", ""),
        ("answer_minutes_today", "0"),
        ("retention_days", "1"),
        ("approved_by", ""),
        ("approved_on", "2999-01-01"),
        ("unknown_room", "guess"),
        ("order_1", "height"),
    ],
)
def test_a_value_out_of_range_is_refused_beside_its_field(
    browser: Client, field: str, value: str
) -> None:
    answer = browser.post(CHANGE, filled_in(browser, **{field: value}))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not RoutingPolicy.objects.exists()


def test_all_weights_zero_is_refused_by_the_engine(browser: Client) -> None:
    sent = filled_in(browser)
    sent |= {name: "0" for name in sent if name.startswith("weight_")}
    answer = browser.post(CHANGE, sent, headers=ENGLISH)
    assert answer.status_code == 422
    assert "Give one of these a weight." in answer.content.decode()


def test_a_term_named_twice_is_refused(browser: Client) -> None:
    sent = filled_in(browser, order_1="travel", order_2="travel")
    answer = browser.post(CHANGE, sent)
    assert "order_1" in answer.context["form"].errors


def test_values_the_form_does_not_ask_stay(
    wijk: ReferralsWijk, browser: Client
) -> None:
    RoutingPolicy.objects.create(
        region=wijk.region, ranking={"tier_values": [0, 0, 0.1, 0.2, 1]}
    )
    browser.post(CHANGE, filled_in(browser))
    assert get_agreed(wijk.region.pk).ranking["tier_values"] == [0, 0, 0.1, 0.2, 1]


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


def test_another_region_cannot_be_changed(wijk: ReferralsWijk) -> None:
    elsewhere = AreaFactory(region=True, purpose=RegionPurpose.ZORGKANTOOR)
    stranger = make_coordinator(elsewhere, at=wijk.at, name="E. Lders").browser()
    for address in (CHANGE, ADD, "/regietafel/afspraken/"):
        answer = stranger.get(f"{address}?regio={wijk.region.pk}")
        assert answer.status_code == 403


def test_a_referrer_does_not_see_the_agreements(wijk: ReferralsWijk) -> None:
    answer = wijk.referrer.browser().get("/regietafel/afspraken/")
    assert answer.status_code == 403
