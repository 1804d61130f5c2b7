"""Tasks over time: each change a version, in order of commit; two who say yes at once.

Each act in a transaction of its own, as in use: a test's own would make one version.
"""

from typing import Any

import pytest
from django.utils import timezone

from tests.apps.directory.at_once import at_once
from tests.factories.referrals import ReferralsWijk, agree, make_wijk
from tests.fhir.exchanging import (
    System,
    concept,
    hours_outputs,
    outcome_of,
    request_resource,
)
from wijkspil.directory.models import CapacityReservation
from wijkspil.fhir.exchange.mapping import codes
from wijkspil.referrals.models import Offer, ServiceRequest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def wijk() -> ReferralsWijk:
    made = make_wijk(at=timezone.now())
    agree(made, teams_at_once={"days": 3})
    return made


@pytest.fixture
def hospital(wijk: ReferralsWijk) -> System:
    return System(wijk.hospital)


@pytest.fixture
def providers(wijk: ReferralsWijk) -> list[System]:
    return [System(team.organization) for team in wijk.teams]


def placed(hospital: System, wijk: ReferralsWijk) -> str:
    answer = hospital.post("ServiceRequest", request_resource(wijk))
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def accept(provider: System, task: dict[str, Any], **headers: str) -> Any:
    step = {"op": "replace", "path": "/status", "value": "accepted"}
    return provider.patch(f"Task/{task['id']}", step, **headers)


@pytest.mark.parametrize("with_version", [True, False])
def test_of_two_who_accept_at_once_one_wins_and_the_other_is_told(
    wijk: ReferralsWijk,
    hospital: System,
    providers: list[System],
    with_version: bool,
) -> None:
    placed(hospital, wijk)
    tasks = [provider.only("Task", status="requested") for provider in providers]
    headers = {"If_Match": 'W/"1"'} if with_version else {}

    def try_it(place: int) -> Any:
        return lambda: accept(providers[place], tasks[place], **headers)

    answers = at_once(*(try_it(place) for place in range(3)))
    codes_given = sorted(answer.status_code for answer in answers)
    assert codes_given[0] == 200, [answer.content for answer in answers]
    assert set(codes_given[1:]) <= {409, 412}
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
    assert ServiceRequest.objects.get().placed_service == wijk.teams[winner]
    assert CapacityReservation.objects.count() == 1
    assert Offer.objects.filter(status="accepted").count() == 1
    for place, provider in enumerate(providers):
        now = provider.only("Task", code="question")
        if place == winner:
            assert now["status"] == "accepted"
        else:
            assert now["status"] == "cancelled"
            assert now["statusReason"]["coding"][0]["code"] == "taken"


def test_a_stale_version_is_refused(
    wijk: ReferralsWijk, hospital: System, providers: list[System]
) -> None:
    placed(hospital, wijk)
    task = providers[0].only("Task", status="requested")
    assert accept(providers[0], task).status_code == 200
    outcome_of(accept(providers[0], task, If_Match='W/"1"'), 412)


def test_each_change_is_a_version_for_who_may_see_it(
    wijk: ReferralsWijk, hospital: System, providers: list[System]
) -> None:
    number = placed(hospital, wijk)
    start = hospital.get("Task/_history").json()["meta"]["lastUpdated"]
    task = providers[0].only("Task", status="requested")
    path = f"Task/{task['id']}"
    taken = accept(providers[0], task).json()
    providers[0].put(
        path, {**taken, "status": "in-progress", "output": hours_outputs(wijk)}
    )
    entries = providers[0].get(f"{path}/_history").json()["entry"]
    seen = [
        (e["resource"]["meta"]["versionId"], e["resource"]["status"]) for e in entries
    ]
    assert seen == [("3", "in-progress"), ("2", "accepted"), ("1", "requested")]
    assert [e["request"]["method"] for e in entries] == ["PUT", "PUT", "POST"]
    first = providers[0].get(f"{path}/_history/1").json()
    assert first["status"] == "requested"
    assert "requester" not in first
    outcome_of(providers[1].get(f"{path}/_history/1"), 404)
    outcome_of(providers[1].get(f"{path}/_history"), 404)
    outcome_of(System(None).get(f"{path}/_history"), 404)

    def changed(system: System, since: str) -> list[tuple[str, str]]:
        page = system.get("Task/_history", _since=since).json()
        return [
            (e["resource"]["id"], e["resource"]["status"])
            for e in page.get("entry", [])
        ]

    # Since: at that moment or after it.
    assert set(changed(hospital, start)) == {
        (number, "requested"),
        (number, "accepted"),
        (number, "in-progress"),
        *((one["id"], one["status"]) for one in hospital.all("Task", code="question")),
        (task["id"], "accepted"),
    }
    other = providers[1].only("Task")
    assert changed(providers[1], start) == [(other["id"], "cancelled")]
    assert changed(System(None), start) == []
    ticks = [
        e["resource"]["meta"]["lastUpdated"]
        for e in hospital.get("Task/_history").json()["entry"]
    ]
    assert ticks == sorted(ticks, reverse=True)


def test_what_is_closed_stays_as_it_was(
    wijk: ReferralsWijk, hospital: System, providers: list[System]
) -> None:
    placed(hospital, wijk)
    task = providers[0].only("Task", status="requested")
    path = f"Task/{task['id']}"
    taken = accept(providers[0], task).json()
    closed = {
        provider.only("Task")["id"]: provider.only("Task") for provider in providers[1:]
    }
    providers[0].put(
        path,
        {
            **taken,
            "status": "failed",
            "statusReason": concept(codes.REOPEN_REASON, "team-stops"),
        },
    )
    given_back = providers[0].only("Task")
    assert given_back["status"] == "failed"
    now = {
        provider.get(f"Task/{task_id}").json()["id"]: provider.get(
            f"Task/{task_id}"
        ).json()
        for provider, task_id in zip(providers[1:], closed, strict=True)
    }
    assert now == closed


def test_what_is_of_tasks_is_not_in_the_history_of_the_directory(
    wijk: ReferralsWijk, hospital: System
) -> None:
    placed(hospital, wijk)
    page = hospital.get("_history", _count="500").json()
    assert "Task" not in {e["resource"]["resourceType"] for e in page["entry"]}
    found = hospital.get("", _type="Task")
    assert found.status_code != 200 or not found.json().get("entry")
