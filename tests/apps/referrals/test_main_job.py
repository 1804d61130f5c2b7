"""The main job, played on an invented region: every request ends up somewhere."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from wijkspil.core.errors import Conflict
from wijkspil.core.progress import Silent
from wijkspil.directory.fictional.generation import generate
from wijkspil.directory.models import CapacityReport, CapacityReservation
from wijkspil.directory.types import CapacitySource
from wijkspil.referrals.fictional.draw import draw_requests
from wijkspil.referrals.fictional.figures import count_main_job
from wijkspil.referrals.fictional.play import play_main_job
from wijkspil.referrals.models import Offer, Patient, ServiceRequest
from wijkspil.referrals.services.retention import delete_fictional_requests
from wijkspil.referrals.types import OWNED, PLACED

AT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def _region() -> None:
    generate(seed=3, at=AT, password="fictional", progress=Silent(), gemeenten=1)


def _play(requests: int = 40, supply: float = 1.0, seed: int = 3) -> dict[int, int]:
    return play_main_job(
        requests=requests, supply=supply, seed=seed, at=AT, progress=Silent()
    )


@pytest.mark.usefixtures("_region")
class TestPlay:
    def test_every_request_is_placed_or_has_an_owner_and_a_date(self) -> None:
        told = _play(requests=30)
        figures = count_main_job(told)

        assert figures.requests == 30
        assert figures.placed + figures.with_owner == figures.requests
        assert figures.unplaced == 0
        waiting = ServiceRequest.objects.filter(status__in=[*map(str, OWNED)])
        assert all(row.owner_name and row.due_at for row in waiting)
        assert _running() == {
            (row.number, row.placed_service_id, row.hours_set or row.hours_high)
            for row in ServiceRequest.objects.filter(status__in=[*map(str, PLACED)])
        }
        assert sum(told.values()) == 30
        told_by = CapacityReport.objects.filter(source=CapacitySource.GENERATED)
        assert set(told_by.values_list("service_id", flat=True)) <= set(told)
        people = list(Patient.objects.values_list("name", "phone"))
        assert len(people) == 30
        assert all("(verzonnen)" in name for name, _phone in people)
        assert all(phone.startswith("06-0") for _name, phone in people)
        with pytest.raises(Conflict, match="--fresh"):
            _play(requests=5)

    def test_more_room_places_more_requests(self) -> None:
        scarce = count_main_job(_play(requests=16, supply=0.25))
        _begin_anew()
        ample = count_main_job(_play(requests=16, supply=4.0))

        assert scarce.supply_demand == pytest.approx(0.25, abs=0.07)
        assert ample.supply_demand == pytest.approx(4.0, abs=0.07)
        assert ample.placed > scarce.placed

    def test_the_same_seed_gives_the_same_course(self) -> None:
        _play(requests=8)
        first = _course()
        _begin_anew()
        _play(requests=8)

        assert _course() == first


@pytest.mark.usefixtures("_region")
def test_requests_come_from_where_older_people_live() -> None:
    drawn = draw_requests(
        count=600, start=datetime(2026, 11, 1, tzinfo=UTC), end=AT, seed=1
    )

    old = sum((each.need.age or 0) >= 65 for each in drawn)
    assert 0.6 < old / len(drawn) < 0.95
    assert [each.at for each in drawn] == sorted(each.at for each in drawn)


def _running() -> set[tuple[object, ...]]:
    return {
        (row.reference, row.service_id, row.hours_per_week)
        for row in CapacityReservation.objects.filter(released_at=None)
    }


def _begin_anew() -> None:
    delete_fictional_requests()
    generate(
        seed=3,
        at=AT,
        password="fictional",
        progress=Silent(),
        gemeenten=1,
        replace=True,
    )


def _course() -> list[tuple[object, ...]]:
    statuses = Counter(Offer.objects.values_list("status", "origin", "decline_reason"))
    return [
        *sorted(statuses.items()),
        *ServiceRequest.objects.order_by("created_at", "pk").values_list(
            "postcode", "status", "created_at", "placed_at", "hours_set"
        ),
    ]
