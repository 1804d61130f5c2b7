"""Swap rounds over REST: the public report, and a practice that joins and leaves."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.registrations.round_play import join, open_one, step
from tests.apps.registrations.test_practice_rest import System
from tests.factories.registrations import (
    GpRegion,
    make_gp_region,
    make_wish,
    publish,
)
from wijkspil.registrations.models import Round, RoundEvent, RoundPractice
from wijkspil.registrations.types import WishReason

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def region() -> GpRegion:
    return make_gp_region(practices=3, at=timezone.now() - timedelta(minutes=1))


@pytest.fixture
def system(region: GpRegion) -> System:
    return System(region.practices[0].organization)


@pytest.fixture
def round_(region: GpRegion) -> Round:
    row: Round = open_one(region)
    return row


def path_of(region: GpRegion, row: Round, place: int = 0) -> str:
    return f"/gp-practices/{region.practices[place].pk}/rounds/{row.pk}"


class TestThePractice:
    def test_joins_with_a_promise_changes_and_leaves(
        self, region: GpRegion, system: System, round_: Round
    ) -> None:
        publish(region.practices[0], at=region.at, people=2100)
        path = path_of(region, round_)
        before = system.call("GET", path).json()
        assert (before["hasJoined"], before["canJoin"]) == (False, True)
        assert before["promise"] is None
        most = before["mostInflow"]
        assert most > 10
        answer = system.call(
            "PUT", f"{path}/participation", {"freePlaces": 2, "maxInflow": 10}
        )
        assert answer.status_code == 200, answer.content
        promise = answer.json()["promise"]
        assert promise == {
            "freePlaces": 2,
            "maxInflow": 10,
            "freeLoad": None,
            "mostGrowth": 2,
            "mostPeople": 2102,
            "leastLeaving": 8,
            "costsNothing": False,
        }
        # More than the desk can enter is lowered, not refused.
        changed = system.call(
            "PUT", f"{path}/participation", {"freePlaces": 0, "maxInflow": 2_000}
        )
        assert changed.json()["promise"]["maxInflow"] == most
        assert changed.json()["promise"]["costsNothing"] is True
        assert RoundPractice.objects.get().joined_by is None
        left = system.call("DELETE", f"{path}/participation")
        assert left.json() == {"tookPart": True}
        assert system.call("DELETE", f"{path}/participation").json() == {
            "tookPart": False
        }
        assert system.call("GET", path).json()["hasJoined"] is False
        kinds = RoundEvent.objects.values_list("kind", flat=True)
        assert [kind for kind in kinds if kind in ("joined", "left")] == [
            "joined",
            "joined",
            "left",
        ]

    def test_sees_the_rounds_it_can_join(
        self, region: GpRegion, system: System, round_: Round
    ) -> None:
        path = f"/gp-practices/{region.practices[0].pk}/rounds"
        items = system.call("GET", path).json()["items"]
        assert [(one["id"], one["canJoin"]) for one in items] == [(round_.pk, True)]
        assert items[0]["region"] == region.region.code

    def test_joins_for_nobody_else(
        self, region: GpRegion, system: System, round_: Round
    ) -> None:
        path = path_of(region, round_, place=1)
        for method, what, body in (
            ("GET", path, None),
            ("GET", path.rpartition("/")[0], None),
            ("PUT", f"{path}/participation", {"freePlaces": 1}),
            ("DELETE", f"{path}/participation", None),
        ):
            assert system.call(method, what, body).status_code == 403, what
        assert not RoundPractice.objects.exists()

    def test_is_told_what_is_wrong(
        self, region: GpRegion, system: System, round_: Round
    ) -> None:
        path = f"{path_of(region, round_)}/participation"
        for body in ({}, {"freePlaces": -1}, {"freePlaces": 2_001}):
            answer = system.call("PUT", path, body)
            assert answer.status_code == 400
            assert "freePlaces" in answer.json()["invalidParams"][0]["name"]
        unknown = path.replace(f"/{round_.pk}/", "/999999/")
        assert system.call("PUT", unknown, {"freePlaces": 1}).status_code == 404

    def test_cannot_join_once_the_round_is_being_divided(
        self, region: GpRegion, system: System, round_: Round
    ) -> None:
        Round.objects.update(join_until=timezone.now())
        path = path_of(region, round_)
        answer = system.call("PUT", f"{path}/participation", {"freePlaces": 1})
        assert answer.status_code == 409
        assert answer.json()["code"] == "not-now"
        assert system.call("DELETE", f"{path}/participation").status_code == 409


class TestTheReport:
    @pytest.fixture
    def divided(self, region: GpRegion, round_: Round) -> Round:
        for service in region.practices:
            publish(service, at=region.at)
        for _number in range(6):
            make_wish(region, current=0, choices=[1])
        for _number in range(5):
            make_wish(region, current=1, choices=[0])
        make_wish(region, choices=[2], reason=WishReason.NO_GP)
        for place in range(3):
            join(round_, region, place)
        row: Round = step(round_, "divide", region.at)
        return row

    def test_is_public_once_proposals_were_sent(
        self, region: GpRegion, divided: Round
    ) -> None:
        visitor = Client()
        path = f"{API}/gp-rounds/{divided.pk}"
        assert visitor.get(path).status_code == 404
        assert visitor.get(f"{API}/gp-rounds").json() == {"items": []}
        assert region.coordinator.browser().get(path).status_code == 200
        step(divided, "publish", region.at)
        found = visitor.get(f"{API}/gp-rounds").json()["items"]
        assert [one["id"] for one in found] == [divided.pk]
        body: dict[str, Any] = visitor.get(path).json()
        assert body["status"] == "published"
        assert body["movedPeople"] == body["mostPeople"] == 10
        assert body["isProvenBest"] is True
        assert body["proposalsOpen"] == 10
        first, second = (practice.pk for practice in region.practices[:2])
        assert {
            (flow["fromPracticeId"], flow["toPracticeId"], flow["people"])
            for flow in body["flows"]
        } == {(first, second, 5), (second, first, 5)}
        assert len(body["practices"]) == 3

    def test_tells_no_small_number(self, region: GpRegion, divided: Round) -> None:
        step(divided, "publish", region.at)
        RoundPractice.objects.filter(service=region.practices[2]).update(people_in=3)
        body = Client().get(f"{API}/gp-rounds/{divided.pk}").json()
        third = next(
            one for one in body["practices"] if one["id"] == region.practices[2].pk
        )
        assert (third["peopleIn"], third["peopleOut"]) == (None, 0)
        assert all(
            number is None or number == 0 or number >= 5
            for group in body["groups"]
            for name, number in group.items()
            if name not in ("grouping", "label")
        )

    def test_comes_with_its_receipt_without_households(
        self, region: GpRegion, divided: Round
    ) -> None:
        step(divided, "publish", region.at)
        path = f"{API}/gp-rounds/{divided.pk}"
        assert Client().get(path).json()["receipts"] == [1]
        receipt = Client().get(f"{path}/receipts/1").json()
        assert receipt["status"] == "optimal"
        assert "lottery" not in receipt
        assert Client().get(f"{path}/receipts/2").status_code == 404
