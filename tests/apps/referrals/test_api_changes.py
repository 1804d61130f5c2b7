"""What happens while a request runs, told by the systems of who asks and who cares."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.timezone import localdate

from tests.apps.referrals.rest import System, problem_of
from tests.factories.referrals import ReferralsWijk, make_wijk, open_offers, place, send
from wijkspil.directory.selectors.capacity import get_room_left
from wijkspil.referrals.models import ServiceRequest

pytestmark = pytest.mark.django_db


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


def systems(wijk: ReferralsWijk, request: ServiceRequest) -> list[System]:
    """Return the systems of who asked and of the team that has the client."""
    team = next(t for t in wijk.teams if t.pk == request.placed_service_id)
    return [System(wijk.practice), System(team.organization)]


def day(days: int) -> str:
    return (localdate() + timedelta(days=days)).isoformat()


def bodies() -> dict[str, Any]:
    return {
        "first-visit": {"firstVisitOn": day(6), "reason": "discharge-later"},
        "need": {"tasks": ["wound"], "partsOfDay": ["evening"], "reason": "worse"},
        "pause": {"where": "hospital", "homeOn": day(4)},
        "death": None,
    }


@pytest.mark.parametrize("act", list(bodies()))
@pytest.mark.parametrize("who", [0, 1])
def test_who_asked_and_who_cares_tell_it(
    wijk: ReferralsWijk, act: str, who: int
) -> None:
    request = place(wijk)
    path = f"/requests/{request.number}/{act}"
    answer = systems(wijk, request)[who].post(path, bodies()[act])
    assert answer.status_code == 200, answer.content
    body = answer.json()
    expected = {
        "first-visit": ("accepted", day(6)),
        "need": ("accepted", request.first_visit_on.isoformat()),
        "pause": ("paused", request.first_visit_on.isoformat()),
        "death": ("withdrawn", request.first_visit_on.isoformat()),
    }
    assert (body["status"], body["firstVisitOn"]) == expected[act]
    assert (body["roomKeptUntil"] is not None) is (act == "pause")


@pytest.mark.parametrize("act", [*bodies(), "resume"])
def test_a_team_that_was_only_asked_learns_nothing(
    wijk: ReferralsWijk, act: str
) -> None:
    request = send(wijk)
    [offer] = open_offers(request)
    team = next(t for t in wijk.teams if t.pk == offer.service_id)
    body = bodies().get(act, {"firstVisitOn": day(3)})
    answer = System(team.organization).post(f"/requests/{request.number}/{act}", body)
    problem_of(answer, 404)


def test_a_client_who_comes_home_goes_on(wijk: ReferralsWijk) -> None:
    request = place(wijk)
    hospital, provider = systems(wijk, request)
    path = f"/requests/{request.number}"
    resume = {"firstVisitOn": day(3)}
    assert problem_of(hospital.post(f"{path}/resume", resume), 409)["code"] == "not-now"
    provider.post(f"{path}/pause", {"where": "rehabilitation"})
    answer = hospital.post(f"{path}/resume", resume)
    assert (answer.json()["status"], answer.json()["serviceId"]) == (
        "accepted",
        request.placed_service_id,
    )
    kinds = {e["kind"] for e in hospital.get(f"{path}/events").json()["items"]}
    assert {"resumed", "paused"} <= kinds


def test_a_death_told_twice_is_told_once(wijk: ReferralsWijk) -> None:
    request = place(wijk)
    for system in systems(wijk, request):
        answer = system.post(f"/requests/{request.number}/death")
        assert answer.json()["closeReason"] == "died"
    assert request.events.filter(kind="died").count() == 1


def test_a_decline_says_what_is_left(wijk: ReferralsWijk) -> None:
    [offer] = open_offers(send(wijk))
    team = next(t for t in wijk.teams if t.pk == offer.service_id)
    body = {"reason": "no-room", "room": {"newClients": 1, "partsOfDay": ["evening"]}}
    answer = System(team.organization).post(f"/offers/{offer.pk}/decline", body)
    assert answer.status_code == 200, answer.content
    room = get_room_left([team.pk], at=timezone.now())[team.pk]
    assert (room.clients, list(room.parts_of_day)) == (1, ["evening"])


@pytest.mark.parametrize(
    ("room", "field"),
    [
        ({"newClients": -1}, "newClients"),
        ({"newClients": 100}, "newClients"),
        ({"partsOfDay": []}, "partsOfDay"),
        ({"partsOfDay": ["lunch"]}, "0"),
        ({"seats": 2}, "seats"),
    ],
)
def test_a_wrong_correction_is_refused_at_its_field(
    wijk: ReferralsWijk, room: dict[str, Any], field: str
) -> None:
    [offer] = open_offers(send(wijk))
    team = next(t for t in wijk.teams if t.pk == offer.service_id)
    body = {"reason": "no-room", "room": room}
    answer = System(team.organization).post(f"/offers/{offer.pk}/decline", body)
    params = problem_of(answer, 400)["invalidParams"]
    assert {param["name"].split(".")[-1] for param in params} == {field}
    offer.refresh_from_db()
    assert offer.status == "open"
