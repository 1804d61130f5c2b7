"""All requests without a team are divided together, and sent when somebody says so."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.referrals import (
    AssignmentAgreementFactory,
    ReferralsWijk,
    ServiceRequestFactory,
    make_wijk,
    open_offers,
)
from wijkspil.directory.models import CapacityReport
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.selectors.requests import band_of
from wijkspil.referrals.types import OfferOrigin, RequestStatus
from wijkspil.referrals.views import division

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
ADDRESS = "/regietafel/verdelen/"


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now(), teams=2, new_clients=2)


def browser_of(wijk: ReferralsWijk) -> Client:
    assert wijk.coordinator is not None
    return wijk.coordinator.browser()


def add(wijk: ReferralsWijk, n: int) -> list[ServiceRequest]:
    return [
        ServiceRequestFactory(
            region=wijk.region,
            place=wijk.pc6,
            due_at=wijk.at + timedelta(hours=row + 1),
            first_visit_on=timezone.localdate(wijk.at) + timedelta(days=3),
            submitted_at=wijk.at,
        )
        for row in range(n)
    ]


def test_the_gain_over_one_by_one_is_said_in_words_and_figures(
    wijk: ReferralsWijk,
) -> None:
    add(wijk, 5)
    answer = browser_of(wijk).get(ADDRESS, headers=ENGLISH)
    page = answer.content.decode()
    assert len(answer.context["placed"]) == 4
    gains = answer.context["gains"]
    assert gains[0] == "With a team: 4; one by one 4."
    assert gains[1].startswith("With the team of the own neighborhood: 2;")
    assert gains[2].startswith("First visit in time: 4;")
    for line in gains:
        assert line in page
    assert "It is proven that no division places more, or better." in page


def test_with_many_requests_the_page_comes_first_and_says_how_long_it_takes(
    wijk: ReferralsWijk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(division, "AT_ONCE", 2)
    add(wijk, 3)
    browser = browser_of(wijk)
    waiting = browser.get(ADDRESS, headers=ENGLISH).content.decode()
    assert "3 requests are being divided together." in waiting
    assert "You can leave this page" in waiting
    assert 'name="pair"' not in waiting
    part = browser.get(f"{ADDRESS}?deel=voorstel", headers=ENGLISH).content.decode()
    assert part.count('name="pair"') == 3
    assert "<html" not in part
    whole = browser.get(f"{ADDRESS}?nu=1", headers=ENGLISH).content.decode()
    assert whole.count('name="pair"') == 3
    assert "<html" in whole


def test_rows_that_are_not_ticked_are_not_sent(wijk: ReferralsWijk) -> None:
    add(wijk, 3)
    browser = browser_of(wijk)
    placed = browser.get(ADDRESS).context["placed"]
    browser.post(ADDRESS, {"pair": [placed[0]["pair"], placed[2]["pair"]]})
    assert Offer.objects.count() == 2
    assert not Offer.objects.filter(request__number=placed[1]["number"]).exists()


def test_only_who_signed_is_assigned_and_only_when_asked(wijk: ReferralsWijk) -> None:
    requests = add(wijk, 4)
    AssignmentAgreementFactory(
        organization=wijk.teams[0].organization, region=wijk.region
    )
    browser = browser_of(wijk)
    answer = browser.get(ADDRESS, headers=ENGLISH)
    assert answer.context["n_signed"] == 2
    pairs = [row["pair"] for row in answer.context["placed"]]
    browser.post(ADDRESS, {"pair": pairs[:1]})
    assert Offer.objects.get().origin == OfferOrigin.COORDINATOR
    browser.post(ADDRESS, {"pair": pairs, "assign": "1"})
    assigned = ServiceRequest.objects.filter(status=RequestStatus.ACCEPTED)
    assert {row.placed_service_id for row in assigned} == {wijk.teams[0].pk}
    assert sum(len(open_offers(request)) for request in requests) + len(assigned) == 4


def test_sending_stops_in_time_and_what_is_left_can_be_sent_again(
    wijk: ReferralsWijk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(division, "SEND_FOR", timedelta(seconds=-1))
    add(wijk, 2)
    browser = browser_of(wijk)
    pairs = [row["pair"] for row in browser.get(ADDRESS).context["placed"]]
    answer = browser.post(ADDRESS, {"pair": pairs}, headers=ENGLISH, follow=True)
    assert "2 requests are not sent yet." in answer.content.decode()
    assert not Offer.objects.exists()
    assert [row["pair"] for row in answer.context["placed"]] == pairs


def test_a_team_gets_no_more_than_the_hours_it_has_in_all(wijk: ReferralsWijk) -> None:
    requests = add(wijk, 4)
    hours = sum(band_of(requests[0]).by_part.values())
    assert hours > 0
    CapacityReport.objects.filter(service=wijk.teams[0]).update(
        hours_per_week=hours * Decimal("1.9")
    )
    placed = browser_of(wijk).get(ADDRESS).context["placed"]
    by_team = Counter(row["pair"].partition("-")[2] for row in placed)
    assert sorted(by_team.values()) == [1, 2]  # each has two places


def test_a_region_with_nothing_to_divide_says_so(wijk: ReferralsWijk) -> None:
    page = browser_of(wijk).get(ADDRESS, headers=ENGLISH).content.decode()
    assert "There is nothing to divide" in page
