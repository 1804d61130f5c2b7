"""The worklist stays right and cheap however long it is, and shows what is asked."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    OfferFactory,
    ReferralsWijk,
    ServiceRequestFactory,
    end_roles,
    make_coordinator,
    make_wijk,
    place,
    send,
)
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.selectors.worklist import (
    Show,
    Wanted,
    Whose,
    count_per_wijk,
    count_worklist,
    find_row,
    list_worklist,
)
from wijkspil.referrals.types import OfferStatus, OwnerKind, RequestStatus
from wijkspil.referrals.views import desk

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now(), teams=1)


def browser_of(wijk: ReferralsWijk) -> Client:
    assert wijk.coordinator is not None
    return wijk.coordinator.browser()


def add(wijk: ReferralsWijk, *, due_in: float = 24, **values: object) -> ServiceRequest:
    """Add a request of the region that is due in so many hours."""
    row: ServiceRequest = ServiceRequestFactory(
        **{
            "region": wijk.region,
            "place": wijk.pc6,
            "due_at": wijk.at + timedelta(hours=due_in),
            "created_at": wijk.at,
            "submitted_at": wijk.at,
            "urgency": "week",
            **values,
        },
    )
    return row


def numbers(wijk: ReferralsWijk, **wanted: object) -> list[str]:
    found = list_worklist(Wanted([wijk.region.pk], **wanted), at=wijk.at)  # type: ignore[arg-type]
    return [item.number for item in found]


def count_queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("address", ["/regietafel/?toon=alles", "/regietafel/?van=mij"])
def test_the_desk_costs_the_same_queries_with_20_and_with_400_requests(
    wijk: ReferralsWijk, address: str
) -> None:
    assert wijk.coordinator is not None
    mine = {"owner_id": wijk.coordinator.user.pk, "owner_kind": OwnerKind.COORDINATOR}
    browser = browser_of(wijk)
    for row in range(20):
        add(wijk, due_in=row - 5, **(mine if row % 2 else {}))
    count_queries(browser, address)  # the session keeps the filter
    few = count_queries(browser, address)
    for row in range(380):
        add(wijk, due_in=row - 50, **(mine if row % 2 else {}))
    assert count_queries(browser, address) == few
    assert count_queries(browser, f"{address}&pagina=3") == few


def test_no_team_left_goes_before_a_team_that_still_has_the_question(
    wijk: ReferralsWijk,
) -> None:
    asked = add(wijk, status=RequestStatus.OFFERED, due_in=24)
    nobody = add(wijk, status=RequestStatus.OPEN, due_in=30)
    bridged = add(wijk, status=RequestStatus.BRIDGED, due_in=25)
    assert numbers(wijk) == [bridged.number, nobody.number, asked.number]


def test_every_team_that_says_no_brings_a_request_nearer_the_top(
    wijk: ReferralsWijk,
) -> None:
    quiet = add(wijk, status=RequestStatus.OFFERED, due_in=24)
    refused = add(wijk, status=RequestStatus.OFFERED, due_in=25.5)
    assert numbers(wijk) == [quiet.number, refused.number]
    for _n in range(2):
        OfferFactory(request=refused, status=OfferStatus.EXPIRED, offered_at=wijk.at)
    assert numbers(wijk) == [refused.number, quiet.number]


def test_urgency_and_waiting_bring_a_request_nearer_the_top(
    wijk: ReferralsWijk,
) -> None:
    plain = add(wijk, due_in=24)
    waited = add(wijk, due_in=26, submitted_at=wijk.at - timedelta(days=5))
    urgent = add(wijk, due_in=27, urgency="today")
    assert numbers(wijk) == [urgent.number, waited.number, plain.number]


def test_what_is_late_goes_first_however_much_time_others_need(
    wijk: ReferralsWijk,
) -> None:
    add(wijk, due_in=0.5, urgency="today", status=RequestStatus.OPEN)
    late = add(wijk, due_in=-0.1, status=RequestStatus.OFFERED)
    assert numbers(wijk)[0] == late.number


def test_a_page_read_no_further_than_its_horizon_is_the_same_page(
    wijk: ReferralsWijk,
) -> None:
    kinds = [RequestStatus.OPEN, RequestStatus.OFFERED, RequestStatus.BRIDGED]
    for row in range(60):
        add(
            wijk,
            due_in=(row * 37) % 60 - 4,
            status=kinds[row % 3],
            urgency=["today", "tomorrow", "days", "planned"][row % 4],
            submitted_at=wijk.at - timedelta(hours=(row * 11) % 150),
        )
    wanted = Wanted([wijk.region.pk])
    counts = count_worklist(wanted, at=wijk.at)
    whole = [item.number for item in list_worklist(wanted, at=wijk.at)]
    for start in range(0, 60, 5):
        found = list_worklist(
            wanted,
            at=wijk.at,
            start=start,
            limit=5,
            horizon=counts.horizon_of(start + 5),
        )
        assert [item.number for item in found] == whole[start : start + 5]
    assert [find_row(wanted, number, at=wijk.at) for number in whole] == [*range(60)]


def test_a_request_that_is_not_on_the_list_has_no_row(wijk: ReferralsWijk) -> None:
    assert find_row(Wanted([wijk.region.pk]), "A-NOTHING", at=wijk.at) is None


def test_nobodys_are_those_no_coordinator_of_now_has_in_hand(
    wijk: ReferralsWijk,
) -> None:
    assert wijk.coordinator is not None
    left = make_coordinator(wijk.region, at=wijk.at, name="L. Eft")
    mine = add(
        wijk, owner_id=wijk.coordinator.user.pk, owner_kind=OwnerKind.COORDINATOR
    )
    of_left = add(wijk, owner_id=left.user.pk, owner_kind=OwnerKind.COORDINATOR)
    of_referrer = add(wijk, owner_id=wijk.referrer.user.pk)
    end_roles(left, at=wijk.at - timedelta(minutes=1))
    answer = browser_of(wijk).get("/regietafel/?van=niemand", headers=ENGLISH)
    shown = {row["item"].number for row in answer.context["rows"]}
    assert shown == {of_left.number, of_referrer.number}
    assert {c.label: c.count for c in answer.context["whose"]} == {
        "All": 3,
        "Mine": 1,
        "Nobody's": 2,
    }
    assert numbers(wijk, whose=Whose.MINE, user_id=wijk.coordinator.user.pk) == [
        mine.number
    ]


def test_every_chip_counts_what_it_shows(wijk: ReferralsWijk) -> None:
    add(wijk, due_in=-2)
    add(wijk, status=RequestStatus.OFFERED, urgency="tomorrow", due_in=60)
    add(wijk, status=RequestStatus.BRIDGED, due_in=80)
    add(
        wijk,
        status=RequestStatus.MEDIATION,
        due_in=0,
        closed_at=wijk.at - timedelta(days=2),
    )
    for more in ({}, {"urgency": "week"}, {"wijk_id": wijk.wijk.pk}, {"wijk_id": 1}):
        wanted = Wanted([wijk.region.pk], **more)
        counts = count_worklist(wanted, at=wijk.at).shows
        for show in Show:
            found = numbers(wijk, show=show, **more)
            assert len(found) == counts[show], (show, more)
    counts = count_worklist(Wanted([wijk.region.pk]), at=wijk.at).shows
    assert counts[Show.ALL] == 3
    assert counts[Show.INSURER] == counts[Show.OVERDUE] == counts[Show.URGENT] == 1


def test_a_wijk_is_chosen_and_stays_in_the_address(wijk: ReferralsWijk) -> None:
    here = add(wijk)
    elsewhere = AreaFactory(name="Noorderpark", parent=wijk.gemeente)
    there = AreaFactory(pc6=True, code="2599ZZ", lies_in=[elsewhere])
    add(wijk, place=there)
    answer = browser_of(wijk).get(
        f"/regietafel/?wijk={wijk.wijk.pk}&toon=geen-team", headers=ENGLISH
    )
    assert [row["item"].number for row in answer.context["rows"]] == [here.number]
    assert f"wijk={wijk.wijk.pk}" in answer.context["rows"][0]["url"]
    for chip in answer.context["whose"]:
        assert f"wijk={wijk.wijk.pk}" in chip.url


def test_the_last_filter_of_a_session_comes_back(wijk: ReferralsWijk) -> None:
    add(wijk)
    browser = browser_of(wijk)
    assert browser.get("/regietafel/").status_code == 200
    browser.get("/regietafel/?toon=geen-team&snel=week&pagina=1")
    again = browser.get("/regietafel/")
    assert again.status_code == 302
    assert again["Location"] == "/regietafel/?toon=geen-team&snel=week"
    browser.get("/regietafel/?toon=alles")
    assert browser.get("/regietafel/").status_code == 200


@pytest.mark.parametrize(
    "query",
    ["toon=x", "van=x", "wijk=x", "wijk=999999999", "snel=x", "regio=0", "gezien=x"],
)
def test_a_filter_that_is_not_there_breaks_nothing(
    wijk: ReferralsWijk, query: str
) -> None:
    add(wijk)
    assert browser_of(wijk).get(f"/regietafel/?{query}").status_code == 200
    assert browser_of(wijk).get(f"/regietafel/?{query}&deel=lijst").status_code == 200


@pytest.mark.parametrize("show", list(Show))
def test_an_empty_filter_says_why_it_is_empty(wijk: ReferralsWijk, show: Show) -> None:
    place(wijk)
    answer = browser_of(wijk).get(
        f"/regietafel/?toon={show.value or 'alles'}", headers=ENGLISH
    )
    page = answer.content.decode()
    title, why = answer.context["empty"]
    assert show is Show.ALL or (title in page and why in page)


def test_the_page_says_by_which_rule_it_is_ordered(wijk: ReferralsWijk) -> None:
    request = add(wijk, due_in=-3, submitted_at=wijk.at - timedelta(days=2, hours=1))
    page = browser_of(wijk).get(
        f"/regietafel/?aanvraag={request.number}", headers=ENGLISH
    )
    assert "less the time still needed" in page.content.decode()
    assert page.context["detail"]["number"] == request.number
    assert page.context["detail"]["why"][1:] == [
        "no team has the question",
        "waits 2 days",
    ]


def test_wijken_are_counted_without_reading_every_request(wijk: ReferralsWijk) -> None:
    for due_in in (-1, 5, 6):
        add(wijk, due_in=due_in, status=RequestStatus.OFFERED)
    with CaptureQueriesContext(connection) as captured:
        found = count_per_wijk([wijk.region.pk], at=wijk.at)
    assert len(captured) == 2
    [(name, counts)] = found.items()
    assert (name.name, counts.n, counts.late, counts.no_team) == ("Zuiderpark", 3, 1, 0)


def test_far_pages_are_named_without_a_list_of_all(
    wijk: ReferralsWijk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "ROWS", 1)
    for _n in range(30):
        add(wijk)
    answer = browser_of(wijk).get("/regietafel/?pagina=15", headers=ENGLISH)
    labels = [str(chip.label) for chip in answer.context["pages"]]
    assert labels == ["1", "…", "13", "14", "15", "16", "17", "…", "30"]


# --- live


def ask_again(
    browser: Client, mark: str, query: str = ""
) -> "tuple[int, str, dict[str, str]]":
    answer = browser.get(
        f"/regietafel/?deel=lijst{query}", headers={**ENGLISH, "If-None-Match": mark}
    )
    return answer.status_code, answer.content.decode(), dict(answer.headers)


def test_nothing_new_is_told_in_a_few_queries(wijk: ReferralsWijk) -> None:
    send(wijk)
    browser = browser_of(wijk)
    _status, page, headers = ask_again(browser, "")
    assert "data-desk-row" in page
    with CaptureQueriesContext(connection) as captured:
        status, page, headers = ask_again(browser, headers["ETag"])
    if status == 200:  # the minute passed in between
        status, page, headers = ask_again(browser, headers["ETag"])
    assert (status, page) == (304, "")
    assert "X-Desk-Updated" in headers
    assert len(captured) <= 6


def test_what_happened_since_is_sent_again(wijk: ReferralsWijk) -> None:
    send(wijk)
    browser = browser_of(wijk)
    _status, _page, headers = ask_again(browser, "")
    send(wijk)
    seen = int((wijk.at - timedelta(seconds=1)).timestamp() * 1000)
    status, page, _headers = ask_again(browser, headers["ETag"], f"&gezien={seen}")
    assert status == 200
    assert page.count("data-desk-row=") == 2
    assert 'data-new="2"' in page


def test_another_filter_or_person_is_never_told_nothing_changed(
    wijk: ReferralsWijk,
) -> None:
    send(wijk)
    _status, _page, headers = ask_again(browser_of(wijk), "")
    assert ask_again(browser_of(wijk), headers["ETag"], "&toon=spoed")[0] == 200
    colleague = make_coordinator(wijk.region, at=wijk.at, name="C. Ollega")
    assert ask_again(colleague.browser(), headers["ETag"])[0] == 200


def test_asking_again_does_not_change_the_kept_filter(wijk: ReferralsWijk) -> None:
    send(wijk)
    browser = browser_of(wijk)
    browser.get("/regietafel/?toon=spoed")
    ask_again(browser, "", "&toon=geen-team")
    assert browser.get("/regietafel/")["Location"] == "/regietafel/?toon=spoed"


def test_a_late_request_is_announced_above_the_list(wijk: ReferralsWijk) -> None:
    def page(at: datetime) -> str:
        return browser_of(wijk).get("/regietafel/", headers=ENGLISH).content.decode()

    row = add(wijk, due_in=10)
    assert "Nothing is too late" in page(wijk.at)
    ServiceRequest.objects.filter(pk=row.pk).update(due_at=wijk.at)
    assert "1 request is too late" in page(wijk.at)
