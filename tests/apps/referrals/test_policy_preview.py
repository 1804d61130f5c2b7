"""The preview of other agreements equals a slow and obvious recomputation."""

import itertools
import math
from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from procrastinate.contrib.django import app

from tests.apps.referrals.test_policy_versions import Table, make_table
from tests.factories.directory import OrganizationFactory
from tests.factories.referrals import (
    AT,
    OfferFactory,
    ReferralsWijk,
    ServiceRequestFactory,
    make_team,
    make_wijk,
    send,
)
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.types import CoverageRole
from wijkspil.referrals.engine_io import CandidateTeam, rank_teams
from wijkspil.referrals.errors import NotNow
from wijkspil.referrals.models import Offer, PolicyVersion, ServiceRequest
from wijkspil.referrals.selectors.policy import DEFAULT, Agreed
from wijkspil.referrals.selectors.requests import band_of, need_of
from wijkspil.referrals.services import preview as preview_service
from wijkspil.referrals.services.ownership import answer_by, end_of_first_day
from wijkspil.referrals.services.preview import (
    SILENT,
    compare,
    run_preview,
    start_preview,
)
from wijkspil.referrals.types import DeclineReason, OfferStatus

pytestmark = pytest.mark.django_db

BEFORE = Agreed()
AFTER = Agreed(
    own_team_first=True,
    answer_minutes={"today": 60, "days": 120},
    teams_at_once={"days": 2, "today": 1},
    ranking={"weights": {"travel": 1, "fair_share": 9}},
)


def history(wijk: ReferralsWijk) -> None:
    """Let the teams have answered: one mostly yes, one mostly no, one hardly ever."""
    plans = {
        0: [("accepted", 10)] * 5 + [("declined", 20)] + [("expired", 240)],
        1: [("declined", 30)] * 6 + [("accepted", 90)] * 2,
        2: [("accepted", 5)] * 2,
    }
    for team, answers in plans.items():
        for status, minutes in answers:
            asked = AT - timedelta(days=40)
            OfferFactory(
                request=ServiceRequestFactory(
                    region=wijk.region, submitted_at=AT - timedelta(days=60)
                ),
                service=wijk.teams[team],
                status=status,
                decline_reason=DeclineReason.NO_ROOM if status == "declined" else "",
                offered_at=asked,
                answered_at=asked + timedelta(minutes=minutes),
            )


@pytest.fixture
def wijk() -> ReferralsWijk:
    wijk = make_wijk(teams=3)
    make_team(
        wijk.wijk,
        name="Tweede team van de eigen aanbieder",
        role=CoverageRole.REGULAR,
        organization=wijk.teams[0].organization,
    )
    history(wijk)
    for days, urgency, hour in (
        (1, "days", 0),
        (3, "today", 0),
        (5, "planned", 12),  # at night
        (9, "tomorrow", 0),
    ):
        at = AT - timedelta(days=days) + timedelta(hours=hour)
        send(
            wijk,
            at=at,
            urgency=urgency,
            first_visit_on=at.date() + timedelta(days=2),
        )
    ServiceRequest.objects.filter(urgency="tomorrow").update(one_at_a_time=True)
    send(wijk, at=AT - timedelta(days=31))  # too long ago
    return wijk


# --- the slow way


def answers_of(service_ids: set[int]) -> dict[int | None, tuple[float, float, float]]:
    """Return (yes, no, median minutes) per team, leaning on all where there are few."""
    rows = list(
        Offer.objects.filter(
            service_id__in=service_ids,
            status__in=["accepted", "declined", "expired"],
            answered_at__gt=AT - timedelta(weeks=13),
        )
    )

    def count(which: list[Offer]) -> tuple[int, int, int, list[float]]:
        spans = [
            (one.answered_at - one.offered_at) / timedelta(minutes=1)  # type: ignore[operator]
            for one in which
            if one.status != OfferStatus.EXPIRED
        ]
        yes = sum(one.status == OfferStatus.ACCEPTED for one in which)
        no = sum(one.status == OfferStatus.DECLINED for one in which)
        return yes, no, len(which), spans

    yes, no, n, spans = count(rows)
    region = (yes / n, no / n, median(spans))
    found: dict[int | None, tuple[float, float, float]] = {}
    for pk in service_ids:
        yes, no, n, spans = count([one for one in rows if one.service_id == pk])
        found[pk] = (
            (yes + 5 * region[0]) / (n + 5),
            (no + 5 * region[1]) / (n + 5),
            median(spans) if n >= 5 else region[2],
        )
    return found


def play(
    request: ServiceRequest, agreed: Agreed, answers: dict[Any, Any]
) -> dict[str, Any]:
    """Ask team after team, going through every outcome of every wave."""
    sent = request.submitted_at
    assert sent is not None
    need = need_of(request)
    ahead = need.first_visit_on - sent.date()
    left = list(
        rank_teams(
            need=replace(need, first_visit_on=AT.date() + ahead),
            band=band_of(request),
            place_id=request.place_id,
            lon=request.place.lon,
            lat=request.place.lat,
            agreed=agreed,
            at=AT,
        ).candidates
    )
    first, reach, clock = left[0], 1.0, sent
    asked = yes = in_time = minutes = 0.0
    load: dict[int, float] = {}
    while left:
        wave = waves(left, request, agreed)
        until = answer_by(request.urgency, agreed=agreed, at=clock)
        window = (until - clock) / timedelta(minutes=1)
        outcomes = []
        for team in wave:
            said_yes, said_no, middle = answers[team.service_id]
            rate = math.log(2) / middle
            within = 1 - math.exp(-rate * window)
            # The mean by adding small slices.
            slices = 20_000
            step = window / slices
            mean = (
                sum(
                    (i + 0.5) * step * rate * math.exp(-rate * (i + 0.5) * step) * step
                    for i in range(slices)
                )
                / within
            )
            outcomes.append(
                [
                    ("yes", said_yes * within, mean, team),
                    ("no", said_no * within, mean, team),
                    ("silent", 1 - (said_yes + said_no) * within, window, team),
                ]
            )
        any_yes = when = without = end = 0.0
        for outcome in itertools.product(*outcomes):
            chance = math.prod(one[1] for one in outcome)
            takers = sorted(
                (one[2], wave.index(one[3])) for one in outcome if one[0] == "yes"
            )
            if takers:
                any_yes += chance
                when += chance * takers[0][0]
                taker = wave[takers[0][1]].organization_id
                load[taker] = load.get(taker, 0.0) + reach * chance
            else:
                without += chance
                end += chance * max(one[2] for one in outcome)
        since = (clock - sent) / timedelta(minutes=1)
        asked += reach * len(wave)
        yes += reach * any_yes
        minutes += reach * (any_yes * since + when)
        if clock + timedelta(minutes=when / any_yes) <= end_of_first_day(
            request, at=sent
        ):
            in_time += reach * any_yes
        reach *= without
        clock += timedelta(minutes=end / without)
        left = [team for team in left if team not in wave]
    return {
        "first": first,
        "asked": asked,
        "yes": yes,
        "in_time": in_time,
        "minutes": minutes,
        "load": load,
        "window": (answer_by(request.urgency, agreed=agreed, at=sent) - sent)
        / timedelta(minutes=1),
    }


def waves(
    left: list[CandidateTeam], request: ServiceRequest, agreed: Agreed
) -> list[CandidateTeam]:
    own = [team for team in left if team.is_own]
    if agreed.own_team_first and own:
        return own[:1]
    return left[: 1 if request.one_at_a_time else agreed.wave_of(request.urgency)]


@pytest.mark.parametrize("side", ["before", "after"])
def test_the_preview_equals_a_recomputation_request_by_request(
    wijk: ReferralsWijk, side: str
) -> None:
    found = compare(wijk.region.pk, before=BEFORE, after=AFTER, at=AT)
    assert found is not None
    assert (found["requests"], found["total"]) == (4, 4)
    rows = ServiceRequest.objects.filter(submitted_at__gt=AT - timedelta(days=30))
    rows = rows.select_related("place").order_by("pk")
    answers = answers_of(
        set(Offer.objects.values_list("service_id", flat=True))
        | {team.pk for team in wijk.teams}
        | set(found_services())
    )
    played = {
        name: [play(row, agreed, answers) for row in rows]
        for name, agreed in (("before", BEFORE), ("after", AFTER))
    }
    mine, n = played[side], len(played[side])
    yes = sum(one["yes"] for one in mine)
    expected = {
        "answer_minutes": sum(one["window"] for one in mine) / n,
        "teams_asked": sum(one["asked"] for one in mine) / n,
        "hours": sum(one["minutes"] for one in mine) / 60 / yes,
        "in_time": sum(one["in_time"] for one in mine) / n,
        "own_first": sum(one["first"].is_own for one in mine) / n,
        "coordinator": 1 - yes / n,
    }
    for name, value in expected.items():
        assert found[side][name] == pytest.approx(value, rel=1e-5), name
    changed = sum(
        old["first"].service_id != new["first"].service_id
        for old, new in zip(played["before"], played["after"], strict=True)
    )
    assert found["first_changes"] == len(found["changed"]) == changed


def found_services() -> list[int]:
    from wijkspil.directory.models import HealthcareService

    return list(HealthcareService.objects.values_list("pk", flat=True))


def test_the_same_agreements_change_nothing(wijk: ReferralsWijk) -> None:
    found = compare(wijk.region.pk, before=DEFAULT, after=DEFAULT, at=AT)
    assert found is not None
    assert found["before"] == found["after"]
    assert found["changed"] == []


def test_a_sample_is_drawn_by_seed(
    wijk: ReferralsWijk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_service, "MOST_REQUESTS", 2)
    one, two = (
        compare(wijk.region.pk, before=BEFORE, after=AFTER, at=AT) for _ in range(2)
    )
    assert one == two
    assert one is not None
    assert (one["requests"], one["total"]) == (2, 4)


def test_queries_grow_with_places_and_not_with_requests(
    wijk: ReferralsWijk, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        compare(wijk.region.pk, before=BEFORE, after=AFTER, at=AT)


def test_a_month_without_requests_is_said_so(wijk: ReferralsWijk) -> None:
    ServiceRequest.objects.update(submitted_at=AT - timedelta(days=90))
    found = compare(wijk.region.pk, before=BEFORE, after=AFTER, at=AT)
    assert found is not None
    assert found["requests"] == 0


# --- the job


@pytest.fixture
def table() -> Table:
    table = make_table()
    send(table.wijk, at=AT - timedelta(days=1))
    return table


def asked(table: Table, policy_id: int, *, after: timedelta = timedelta(0)) -> bool:
    return start_preview(
        actor=table.wijk.coordinator.actor, policy_id=policy_id, at=AT + after
    )


def run(policy_id: int, token: str | None = None) -> bool:
    if token is None:
        token = PolicyVersion.objects.get(pk=policy_id).preview["run"]  # type: ignore[index]
    return run_preview(
        policy_id=policy_id,
        run=token,
        at=AT,
        clock=lambda: AT,
    )


def test_a_second_press_starts_nothing_and_the_result_is_kept(table: Table) -> None:
    policy_id = table.draft(answer_minutes={"today": 60})
    assert asked(table, policy_id)
    assert not asked(table, policy_id)
    assert run(policy_id)
    row = PolicyVersion.objects.get()
    assert row.previewed_at == AT
    assert row.preview is not None
    assert row.preview["requests"] == 1


def test_a_run_that_was_killed_can_be_started_again(table: Table) -> None:
    policy_id = table.draft(answer_minutes={"today": 60})
    asked(table, policy_id)
    dead = PolicyVersion.objects.get().preview["run"]  # type: ignore[index]
    assert asked(table, policy_id, after=SILENT)
    assert not run(policy_id, dead)  # it wakes up, and stops
    assert PolicyVersion.objects.get().previewed_at is None
    assert run(policy_id)
    assert not run(policy_id, dead)


def test_the_job_that_is_asked_for_is_one_the_worker_knows() -> None:
    assert preview_service.PREVIEW in app.tasks


def test_a_draft_that_changes_meanwhile_gets_no_old_preview(table: Table) -> None:
    policy_id = table.draft(answer_minutes={"today": 60})
    asked(table, policy_id)
    token = PolicyVersion.objects.get().preview["run"]  # type: ignore[index]
    table.draft(answer_minutes={"today": 55})
    assert not run(policy_id, token)
    assert PolicyVersion.objects.get().preview is None


def test_only_the_coordinator_asks_for_it_and_only_before_it_is_decided(
    table: Table,
) -> None:
    policy_id = table.draft(answer_minutes={"today": 60})
    with pytest.raises(NotPermitted):
        start_preview(actor=table.nurses.actor, policy_id=policy_id, at=AT)
    table.propose(policy_id)
    assert asked(table, policy_id)
    table.agree(policy_id)
    with pytest.raises(NotNow):
        asked(table, policy_id)


def test_numbers_of_requests_are_for_the_coordinator_alone(table: Table) -> None:
    wijk = table.wijk
    make_team(wijk.wijk, name="Ver", organization=OrganizationFactory())
    policy_id = table.draft(
        ranking={"weights": {"own_team": 0, "fair_share": 1}, "order": []},
        answer_minutes={"today": 60},
    )
    asked(table, policy_id)
    assert run(policy_id)
    row = PolicyVersion.objects.get()
    assert row.preview is not None
    number = ServiceRequest.objects.get().number
    row.preview["changed"] = [[number, wijk.teams[0].pk, wijk.teams[1].pk]]
    row.save()
    page = f"/regietafel/afspraken/versies/{policy_id}/"
    part = f"{page}proef/stand"
    for address in (page, part):
        seen = wijk.coordinator.browser().get(address).content.decode()
        assert number in seen
        for person in (table.nurses, wijk.nurses[0]):
            assert number not in person.browser().get(address).content.decode()


def test_the_page_shows_how_far_it_is_and_that_it_stopped(table: Table) -> None:
    from django.utils import timezone

    policy_id = table.draft(answer_minutes={"today": 60})
    desk = table.wijk.coordinator.browser()
    page = f"/regietafel/afspraken/versies/{policy_id}/"
    english = {"Accept-Language": "en"}
    for _press in range(2):
        assert desk.post(f"{page}proef").status_code == 302
    assert "waits for its turn" in desk.get(page, headers=english).content.decode()
    row = PolicyVersion.objects.get()
    assert row.preview is not None
    row.preview |= {"done": 20, "of": 40}
    row.save()
    part = desk.get(f"{page}proef/stand", headers=english).content.decode()
    assert "20 of 40 requests" in part
    assert "every 2s" in part
    row.preview["beat"] = (timezone.now() - SILENT).isoformat()
    row.save()
    stopped = desk.get(f"{page}proef/stand", headers=english).content.decode()
    assert "It stopped before it was done" in stopped
    assert "every 2s" not in stopped
