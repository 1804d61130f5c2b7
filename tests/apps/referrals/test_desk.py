"""A coordinator sees at one glance what is most at risk, and moves it on."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localdate

from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    PATIENT,
    ReferralsWijk,
    make_coordinator,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.directory.types import RegionPurpose
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.selectors.worklist import (
    Show,
    Wanted,
    count_worklist,
    list_worklist,
)
from wijkspil.referrals.services.offers import decline_offer, run_timers
from wijkspil.referrals.services.steering import bridge
from wijkspil.referrals.types import DeclineReason, RequestStatus
from wijkspil.referrals.views import desk
from wijkspil.referrals.views.division import group_left

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


def browser_of(wijk: ReferralsWijk) -> Client:
    assert wijk.coordinator is not None
    return wijk.coordinator.browser()


def read(browser: Client, address: str) -> str:
    answer = browser.get(address, headers=ENGLISH)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def decline_all(wijk: ReferralsWijk, request: ServiceRequest) -> ServiceRequest:
    """Let every team that is asked decline, until nobody is left."""
    while offers := open_offers(request):
        decline_offer(
            actor=wijk.nurse_of(offers[0].service_id).actor,
            offer_id=offers[0].pk,
            reason=DeclineReason.TRAVEL,
            at=wijk.at,
        )
    request.refresh_from_db()
    return request


def make_late(request: ServiceRequest, *, at: datetime) -> None:
    ServiceRequest.objects.filter(pk=request.pk).update(due_at=at - timedelta(hours=1))


def test_the_worklist_puts_what_is_late_before_what_is_due(
    wijk: ReferralsWijk,
) -> None:
    soon, late = send(wijk), send(wijk)
    make_late(late, at=wijk.at)
    found = list_worklist(Wanted([wijk.region.pk]), at=wijk.at)
    assert [item.number for item in found] == [late.number, soon.number]
    page = read(browser_of(wijk), "/regietafel/")
    assert page.index(late.number) < page.index(soon.number)
    assert "Too late" in page


def test_a_late_client_without_a_team_comes_before_a_late_placed_one(
    wijk: ReferralsWijk,
) -> None:
    placed, waiting = place(wijk), send(wijk)
    ServiceRequest.objects.filter(pk=placed.pk).update(
        due_at=wijk.at - timedelta(days=9)
    )
    make_late(waiting, at=wijk.at)
    found = list_worklist(Wanted([wijk.region.pk]), at=wijk.at)
    assert [item.number for item in found] == [waiting.number, placed.number]


def test_a_placed_request_is_on_the_list_only_when_it_is_late(
    wijk: ReferralsWijk,
) -> None:
    place(wijk)
    assert list_worklist(Wanted([wijk.region.pk]), at=wijk.at) == []


def test_no_page_of_the_desk_tells_who_the_client_is(wijk: ReferralsWijk) -> None:
    request = decline_all(wijk, send(wijk))
    browser = browser_of(wijk)
    for address in (
        "/regietafel/",
        f"/regietafel/{request.number}/",
        f"/regietafel/{request.number}/?deel=1",
        "/regietafel/kaart/",
        "/regietafel/verdelen/",
        "/regietafel/dienst/",
        f"/regietafel/{request.number}/gebeld",
        f"/regietafel/{request.number}/plaatsen",
        "/regiocijfers/",
    ):
        page = read(browser, address)
        for secret in (PATIENT.name, PATIENT.address, PATIENT.phone, request.postcode):
            assert secret not in page, (address, secret)


def test_filters_count_and_show_the_same(wijk: ReferralsWijk) -> None:
    send(wijk)
    request = decline_all(wijk, send(wijk, urgency="today"))
    counts = count_worklist(Wanted([wijk.region.pk]), at=wijk.at).shows
    assert counts[Show.ALL] == 2
    assert counts[Show.NO_TEAM] == counts[Show.URGENT] == 1
    assert counts[Show.OVERDUE] == counts[Show.BRIDGED] == 0
    page = read(browser_of(wijk), "/regietafel/?toon=geen-team")
    assert page.count("data-desk-row=") == 1
    assert f'data-desk-row="{request.number}"' in page
    late = read(browser_of(wijk), "/regietafel/?toon=te-laat")
    assert "The list of what is too late is empty" in late


def test_taking_over_twice_makes_one_owner_and_one_line(wijk: ReferralsWijk) -> None:
    assert wijk.coordinator is not None
    request = send(wijk)
    browser = browser_of(wijk)
    for _press in range(2):
        answer = browser.post(f"/regietafel/{request.number}/overnemen")
        assert answer.status_code == 302
    request.refresh_from_db()
    assert request.owner_id == wijk.coordinator.user.pk
    assert request.events.filter(kind="owner-changed").count() == 1


def test_the_filter_stays_after_taking_over(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    answer = browser_of(wijk).post(
        f"/regietafel/{request.number}/overnemen", {"toon": "spoed", "van": "mij"}
    )
    assert answer["Location"].startswith("/regietafel/?toon=spoed&van=mij")


def test_ticked_teams_are_asked_from_the_desk(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    asked = open_offers(request)[0].service_id
    other = next(team for team in wijk.teams if team.pk != asked)
    browser_of(wijk).post(
        f"/regietafel/{request.number}/vragen", {"service": [str(other.pk), "nonsense"]}
    )
    assert {offer.service_id for offer in open_offers(request)} == {asked, other.pk}


def test_a_shift_is_handed_over_in_one_press(wijk: ReferralsWijk) -> None:
    colleague = make_coordinator(wijk.region, at=wijk.at, name="C. Ollega-Coördinator")
    browser = browser_of(wijk)
    mine = [send(wijk), send(wijk)]
    for request in mine:
        browser.post(f"/regietafel/{request.number}/overnemen")
    others = send(wijk)
    browser.post("/regietafel/dienst/", {"colleague": str(colleague.user.pk)})
    for request in mine:
        request.refresh_from_db()
        assert request.owner_id == colleague.user.pk
    others.refresh_from_db()
    assert others.owner_id != colleague.user.pk
    again = browser.post(
        "/regietafel/dienst/", {"colleague": str(colleague.user.pk)}, follow=True
    )
    assert again.status_code == 200
    assert ServiceRequest.objects.filter(owner_id=colleague.user.pk).count() == 2


def test_a_shift_goes_to_nobody_who_does_not_coordinate_here(
    wijk: ReferralsWijk,
) -> None:
    request = send(wijk)
    browser = browser_of(wijk)
    browser.post(f"/regietafel/{request.number}/overnemen")
    browser.post("/regietafel/dienst/", {"colleague": str(wijk.referrer.user.pk)})
    request.refresh_from_db()
    assert wijk.coordinator is not None
    assert request.owner_id == wijk.coordinator.user.pk


def test_a_long_list_comes_in_pages_that_keep_the_filter(
    wijk: ReferralsWijk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "ROWS", 2)
    for _n in range(5):
        send(wijk, urgency="today")
    browser = browser_of(wijk)
    numbers = [
        item.number for item in list_worklist(Wanted([wijk.region.pk]), at=wijk.at)
    ]
    first = browser.get("/regietafel/?toon=spoed", headers=ENGLISH)
    assert [row["item"].number for row in first.context["rows"]] == numbers[:2]
    assert first.context["next_url"] == "?toon=spoed&pagina=2#lijst"
    assert "Show the next 2" in first.content.decode()
    assert [c.count for c in first.context["chips"] if c.active] == [5]
    last = browser.get("/regietafel/?toon=spoed&pagina=3", headers=ENGLISH)
    assert [row["item"].number for row in last.context["rows"]] == numbers[4:]
    assert last.context["next_url"] == ""
    for chip in [*last.context["chips"], *last.context["whose"]]:
        assert "pagina" not in chip.url


def test_the_list_opens_at_the_page_of_the_chosen_request(
    wijk: ReferralsWijk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "ROWS", 1)
    numbers = [send(wijk).number for _n in range(3)]
    answer = browser_of(wijk).get(f"/regietafel/?pagina=2&aanvraag={numbers[2]}")
    assert answer.context["chosen"] == numbers[2]
    taken = browser_of(wijk).post(
        f"/regietafel/{numbers[0]}/overnemen", {"pagina": "2"}
    )
    assert taken["Location"] == f"/regietafel/?pagina=2&aanvraag={numbers[0]}"


@pytest.mark.parametrize("page", ["0", "-1", "x", "2", "9" * 30])
def test_a_page_that_is_not_there_shows_requests_all_the_same(
    wijk: ReferralsWijk, page: str
) -> None:
    request = send(wijk)
    assert request.number in read(browser_of(wijk), f"/regietafel/?pagina={page}")


def test_a_bridge_that_has_ended_is_said_in_words(wijk: ReferralsWijk) -> None:
    request = decline_all(wijk, send(wijk))
    assert wijk.coordinator is not None
    bridge(
        actor=wijk.coordinator.actor,
        request_id=request.pk,
        helped_by="her daughter",
        until=localdate(wijk.at) + timedelta(days=2),
        at=wijk.at,
    )
    assert "The bridge has ended" not in read(browser_of(wijk), "/regietafel/")
    make_late(request, at=wijk.at)
    page = read(browser_of(wijk), f"/regietafel/?aanvraag={request.number}")
    assert page.count("The bridge has ended") == 2  # in its row, and in the detail


def test_a_coordinator_of_another_region_sees_nothing_of_it(
    wijk: ReferralsWijk,
) -> None:
    request = send(wijk)
    elsewhere = AreaFactory(region=True, purpose=RegionPurpose.ZORGKANTOOR)
    browser = make_coordinator(elsewhere, at=wijk.at, name="E. Lders").browser()
    assert request.number not in read(browser, "/regietafel/")
    assert browser.get(f"/regietafel/{request.number}/").status_code == 404
    taken = browser.post(f"/regietafel/{request.number}/overnemen")
    assert taken.status_code == 404
    assert (
        request.number
        not in browser.get(f"/regietafel/?regio={wijk.region.pk}").content.decode()
    )


@pytest.mark.parametrize(
    "address", ["/regietafel/", "/regietafel/kaart/", "/regietafel/verdelen/"]
)
def test_a_referrer_is_refused_the_desk(wijk: ReferralsWijk, address: str) -> None:
    assert wijk.referrer.browser().get(address).status_code == 403


def test_the_map_and_its_table_count_the_same(wijk: ReferralsWijk) -> None:
    make_late(send(wijk), at=wijk.at)
    send(wijk)
    answer = browser_of(wijk).get("/regietafel/kaart/", headers=ENGLISH)
    [row] = answer.context["rows"]
    assert (row["wijk"].name, row["n"], row["late"]) == ("Zuiderpark", 2, 1)
    state = answer.context["map_states"][wijk.wijk.code]
    assert state["category"] == "gap"
    assert state["text"] == "2 open requests, 1 too late"


def test_an_empty_desk_says_so(wijk: ReferralsWijk) -> None:
    assert "Every request is placed" in read(browser_of(wijk), "/regietafel/")


def test_what_the_timers_give_a_coordinator_shows_as_late(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    Offer.objects.filter(request=request).update(answer_by=wijk.at + timedelta(days=9))
    ServiceRequest.objects.filter(pk=request.pk).update(
        due_at=wijk.at + timedelta(minutes=1)
    )
    after = wijk.at + timedelta(minutes=2)
    run_timers(at=after)
    [item] = list_worklist(Wanted([wijk.region.pk]), at=after)
    assert item.late_since(after) == wijk.at + timedelta(minutes=1)


def test_the_division_is_proposed_and_sent_once(wijk: ReferralsWijk) -> None:
    browser = browser_of(wijk)
    request = decline_all(wijk, send(wijk))
    assert request.status == RequestStatus.OPEN
    Offer.objects.filter(request=request).delete()
    answer = browser.get("/regietafel/verdelen/", headers=ENGLISH)
    [row] = answer.context["placed"]
    assert row["number"] == request.number
    assert row["team"] == "Team Zuiderpark 1"
    assert answer.context["division"].is_best
    for _press in range(2):
        browser.post("/regietafel/verdelen/", {"pair": row["pair"]})
    assert [offer.service_id for offer in open_offers(request)] == [wijk.teams[0].pk]


@pytest.mark.parametrize(("days", "is_in_time"), [(0, True), (-1, False)])
def test_a_first_visit_that_has_passed_is_not_in_time_in_the_division(
    wijk: ReferralsWijk, days: int, is_in_time: bool
) -> None:
    request = decline_all(wijk, send(wijk))
    Offer.objects.filter(request=request).delete()
    ServiceRequest.objects.update(
        first_visit_on=localdate(wijk.at) + timedelta(days=days)
    )
    answer = browser_of(wijk).get("/regietafel/verdelen/", headers=ENGLISH)
    [row] = answer.context["division"].rows
    assert row.team is not None
    assert row.is_in_time == row.is_in_time_one_by_one == is_in_time
    assert ("in-time" in {reason["code"] for reason in row.team.reasons}) == is_in_time


def test_the_division_does_not_ask_again_who_declined(wijk: ReferralsWijk) -> None:
    decline_all(wijk, send(wijk))
    answer = browser_of(wijk).get("/regietafel/verdelen/", headers=ENGLISH)
    assert answer.context["placed"] == []
    assert len(answer.context["left"]) == 1
    [group] = answer.context["left_groups"]
    assert group["why"] == "No other team fits than those asked in the last days"
    assert "No team for 1 request" in answer.content.decode()


def test_what_gets_no_team_is_told_by_why() -> None:
    left = [
        {"number": "a", "others": 0, "was_asked": True},
        {"number": "b", "others": 0, "was_asked": False},
        {"number": "c", "others": 2, "was_asked": True},
    ]
    groups = [[row["number"] for row in g["rows"]] for g in group_left(left)]
    assert groups == [["c"], ["a"], ["b"]]


@pytest.mark.parametrize("sent", ["x", "1-", "999999999999999999-1", "1-1\0"])
def test_a_broken_division_changes_nothing(wijk: ReferralsWijk, sent: str) -> None:
    request = decline_all(wijk, send(wijk))
    answer = browser_of(wijk).post("/regietafel/verdelen/", {"pair": sent})
    assert answer.status_code == 302
    assert open_offers(request) == []
