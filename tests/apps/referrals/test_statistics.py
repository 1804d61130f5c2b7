"""The figures of a region count what happened, and never point at a person."""

import csv
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    PATIENT,
    ReferralsWijk,
    make_coordinator,
    make_person,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.accounts.types import Role
from wijkspil.core.periods import Period
from wijkspil.directory.types import RegionPurpose
from wijkspil.referrals.models import RoomCheck, ServiceRequest
from wijkspil.referrals.selectors.statistics import (
    count_declines,
    count_now,
    count_unmet,
    count_waits,
    count_weeks,
    list_loads,
)
from wijkspil.referrals.services.offers import accept_offer, decline_offer
from wijkspil.referrals.types import DeclineReason
from wijkspil.referrals.views import statistics

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now() - timedelta(hours=4), new_clients=50)


def period_around(wijk: ReferralsWijk) -> Period:
    return Period(wijk.at - timedelta(days=1), wijk.at + timedelta(days=1))


def check_room_in_vain(wijk: ReferralsWijk, n: int, *, at=None) -> None:
    for _n in range(n):
        RoomCheck.objects.create(
            at=at or wijk.at,
            region=wijk.region,
            wijk=wijk.wijk,
            tasks=["stockings"],
            parts_of_day=["morning", "evening"],
            days_until_first_visit=1,
            hours_high=2,
            candidates=3,
            with_room=0,
        )


def submit_at(request: ServiceRequest, at: datetime) -> None:
    ServiceRequest.objects.filter(pk=request.pk).update(submitted_at=at)


def test_waiting_runs_from_sending_to_the_first_acceptance(
    wijk: ReferralsWijk,
) -> None:
    for _n in range(3):
        place(wijk)  # accepted after ten minutes
    request = send(wijk)
    [offer] = open_offers(request)
    nurse = wijk.nurse_of(offer.service_id)
    decline_offer(
        actor=nurse.actor, offer_id=offer.pk, reason=DeclineReason.SKILLS, at=wijk.at
    )
    [second] = open_offers(request)
    accept_offer(
        actor=wijk.nurse_of(second.service_id).actor,
        offer_id=second.pk,
        at=wijk.at + timedelta(minutes=110),
    )
    send(wijk)
    waits = count_waits(wijk.region.pk, period_around(wijk))
    assert (waits.sent, waits.placed) == (5, 4)
    assert waits.minutes_median == 10
    assert waits.minutes_p90 == pytest.approx(80)
    assert waits.teams_median == 1
    assert waits.teams_p95 == pytest.approx(1.85)
    assert waits.own_team == 3


def test_a_request_outside_the_period_does_not_count(wijk: ReferralsWijk) -> None:
    place(wijk)
    later = Period(wijk.at + timedelta(hours=1), wijk.at + timedelta(days=1))
    waits = count_waits(wijk.region.pk, later)
    assert (waits.sent, waits.placed, waits.minutes_median) == (0, 0, None)
    assert count_weeks(wijk.region.pk, later) == []


def test_the_period_is_half_open(wijk: ReferralsWijk) -> None:
    send(wijk)
    until = Period(wijk.at - timedelta(days=1), wijk.at)
    since = Period(wijk.at, wijk.at + timedelta(days=1))
    assert count_waits(wijk.region.pk, until).sent == 0
    assert count_waits(wijk.region.pk, since).sent == 1


def test_declines_are_counted_by_reason(wijk: ReferralsWijk) -> None:
    for reason in (DeclineReason.TRAVEL, DeclineReason.TRAVEL, DeclineReason.SKILLS):
        offer = open_offers(send(wijk))[0]
        nurse = wijk.nurse_of(offer.service_id)
        decline_offer(actor=nurse.actor, offer_id=offer.pk, reason=reason, at=wijk.at)
    assert count_declines(wijk.region.pk, period_around(wijk)) == [
        ("travel", 2),
        ("skills", 1),
    ]


def test_unmet_demand_is_counted_by_wijk_and_part_of_day(wijk: ReferralsWijk) -> None:
    check_room_in_vain(wijk, 2)
    check_room_in_vain(wijk, 1, at=wijk.at - timedelta(days=30))
    unmet = count_unmet(wijk.region.pk, period_around(wijk))
    assert (unmet.checks, unmet.without_room) == (2, 2)
    assert unmet.by_wijk == [("Zuiderpark", 2)]
    assert unmet.by_part == {"morning": 2, "evening": 2}


def test_open_requests_are_counted_by_who_has_them(wijk: ReferralsWijk) -> None:
    send(wijk)
    place(wijk)
    now = count_now(wijk.region.pk, at=wijk.at)
    assert (now.open, now.late) == (1, 0)
    assert now.by_kind == {"requester": 1, "coordinator": 0, "team": 0}
    assert count_now(wijk.region.pk, at=wijk.at + timedelta(days=5)).late == 1


def test_load_is_told_against_capacity(wijk: ReferralsWijk) -> None:
    place(wijk)
    loads = list_loads(wijk.region.pk, at=wijk.at + timedelta(hours=1))
    assert sum(load.load_share for load in loads) == pytest.approx(1)
    assert sum(load.capacity_share for load in loads) == pytest.approx(1)
    first = loads[0]
    assert first.organization_id == wijk.teams[0].organization_id
    assert first.clients == 1


def test_small_numbers_are_told_as_fewer_than_five(wijk: ReferralsWijk) -> None:
    for _n in range(3):
        send(wijk)
    check_room_in_vain(wijk, 3)
    assert wijk.coordinator is not None
    page = wijk.coordinator.browser().get("/regiocijfers/", headers=ENGLISH)
    text = page.content.decode()
    assert "fewer than 5" in text
    report = page.context["report"]
    values = {figure.label: figure.value for figure in report.figures}
    assert values["requests sent"] == "fewer than 5"
    assert values["questions for room without any room"] == "too few"
    assert "Zuiderpark" not in [bar.label for bar in report.charts[2].bars]


def test_the_file_hides_the_same_small_numbers(wijk: ReferralsWijk) -> None:
    for _n in range(3):
        send(wijk)
    assert wijk.coordinator is not None
    answer = wijk.coordinator.browser().get("/regiocijfers/bestand", headers=ENGLISH)
    text = b"".join(answer).decode("utf-8-sig")
    rows = list(csv.reader(text.splitlines(), delimiter=";"))
    by_label = {row[0]: row[2] for row in rows if not row[1]}
    assert by_label["requests sent"] == "fewer than 5"
    assert PATIENT.name not in text


def test_every_figure_tells_what_it_is_and_when_it_was_counted(
    wijk: ReferralsWijk,
) -> None:
    assert wijk.coordinator is not None
    page = wijk.coordinator.browser().get("/regiocijfers/", headers=ENGLISH)
    report = page.context["report"]
    assert all(one.definition for one in [*report.figures, *report.charts])
    shown = page.content.decode().count("What is this?")
    assert shown == len(report.figures) + len(report.charts) + 1


def test_weeks_before_the_first_request_are_left_out(wijk: ReferralsWijk) -> None:
    now = timezone.localtime()
    submit_at(send(wijk), now - timedelta(weeks=2))
    submit_at(send(wijk), now)
    assert wijk.coordinator is not None
    page = wijk.coordinator.browser().get("/regiocijfers/?weken=52", headers=ENGLISH)
    [weeks, *_others] = page.context["report"].charts
    assert [bar.value for bar in weeks.bars] == ["fewer than 5", "0", "fewer than 5"]


def test_a_chart_has_no_row_without_anything(wijk: ReferralsWijk) -> None:
    send(wijk)
    check_room_in_vain(wijk, 6)
    assert wijk.coordinator is not None
    page = wijk.coordinator.browser().get("/regiocijfers/", headers=ENGLISH)
    charts = {chart.key: chart for chart in page.context["report"].charts}
    assert [bar.label for bar in charts["in-handen"].bars] == ["Referrer"]
    assert len(charts["geen-ruimte-dagdeel"].bars) == 2


def test_of_many_providers_the_first_are_drawn_and_all_are_in_the_table(
    wijk: ReferralsWijk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "MOST_BARS", 1)
    place(wijk)
    assert wijk.coordinator is not None
    page = wijk.coordinator.browser().get("/regiocijfers/", headers=ENGLISH)
    loads = page.context["report"].loads
    assert len(loads.bars) > 1
    assert [bar.label for bar in loads.drawn] == [wijk.teams[0].organization.name]
    text = page.content.decode()
    assert f"All {len(loads.bars)} as a table" in text
    for bar in loads.bars[1:]:
        assert text.count(bar.label) == 1  # in the table, not in the picture


def test_a_year_of_weeks_is_drawn_beside_each_other(wijk: ReferralsWijk) -> None:
    submit_at(send(wijk), timezone.localtime() - timedelta(weeks=30))
    assert wijk.coordinator is not None
    page = wijk.coordinator.browser().get("/regiocijfers/?weken=52", headers=ENGLISH)
    [weeks, *_others] = page.context["report"].charts
    assert weeks.has_columns
    assert len(weeks.columns_drawn) == len(weeks.bars) == 31


def test_a_provider_manager_sees_the_name_of_no_other_provider() -> None:
    wijk = make_wijk(at=timezone.now() - timedelta(hours=4), teams=5)
    organization = wijk.teams[0].organization
    manager = make_person(
        Role.PROVIDER_MANAGER,
        name="M. Elder",
        at=wijk.at,
        organization=organization,
        region=wijk.region,
    )
    page = manager.browser().get("/regiocijfers/").content.decode()
    assert organization.name in page
    assert wijk.teams[1].organization.name not in page


def test_figures_of_another_region_are_refused(wijk: ReferralsWijk) -> None:
    elsewhere = AreaFactory(region=True, purpose=RegionPurpose.ZORGKANTOOR)
    browser = make_coordinator(elsewhere, at=wijk.at, name="E. Lders").browser()
    answer = browser.get(f"/regiocijfers/?regio={wijk.region.pk}")
    assert answer.status_code == 403


@pytest.mark.parametrize("weeks", ["0", "-1", "x", "9999999999999999999999", "7"])
def test_another_period_than_offered_becomes_the_usual_one(
    wijk: ReferralsWijk, weeks: str
) -> None:
    assert wijk.coordinator is not None
    page = wijk.coordinator.browser().get(f"/regiocijfers/?weken={weeks}")
    assert page.context["report"].weeks == 13


def test_the_page_costs_the_same_queries_however_many_requests(
    wijk: ReferralsWijk, django_assert_max_num_queries
) -> None:
    for _n in range(6):
        place(wijk)
    assert wijk.coordinator is not None
    browser = wijk.coordinator.browser()
    with django_assert_max_num_queries(22):
        assert browser.get("/regiocijfers/").status_code == 200
