"""The desk measured on an invented region: read, played and checked."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from wijkspil.core.errors import Conflict
from wijkspil.core.progress import Silent
from wijkspil.directory.fictional.generation import generate
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.care_teams import get_care_place, list_teams_around
from wijkspil.directory.types import Care
from wijkspil.referrals.fictional.desk_study import (
    DeskRegion,
    as_desk_policy,
    study_desk,
)
from wijkspil.referrals.fictional.draw import draw_requests
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.selectors.policy import ANSWER_MINUTES, Agreed
from wijkspil.referrals.types import Urgency
from wijkspil_engines.desk import (
    URGENCIES,
    URGENT,
    Assumptions,
    DeskPolicy,
    Result,
)
from wijkspil_engines.routing import Tier

AT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 16, tzinfo=AMSTERDAM)

pytestmark = pytest.mark.django_db


@pytest.fixture
def _region() -> None:
    generate(seed=3, at=AT, password="fictional", progress=Silent(), gemeenten=1)


def _study(**options: object) -> Result:
    given: dict[str, object] = {
        "seeds": [1, 2],
        "days": 7,
        "assumptions": Assumptions(),
        "at": AT,
        "progress": Silent(),
        "with_sweep": False,
    }
    return study_desk(**(given | options))  # type: ignore[arg-type]


@pytest.mark.usefixtures("_region")
class TestStudy:
    def test_it_places_requests_both_ways_and_stores_nothing(self) -> None:
        result = _study()

        assert result.status == "complete"
        assert result.means["today"]["placed"].mean > 0
        assert result.means["wijkspil"]["placed"].mean > 0
        assert not ServiceRequest.objects.exists()
        assert not Offer.objects.exists()

    def test_it_needs_no_right_to_write(self) -> None:
        before = transaction.savepoint()
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        _study(seeds=[1])
        # Else the test's own rows cannot be checked at its end.
        transaction.savepoint_rollback(before)

    def test_the_same_seed_gives_the_same_figures(self) -> None:
        one, two = _study(), _study()

        assert one.input_hash == two.input_hash
        assert [r.figures for r in one.runs] == [r.figures for r in two.runs]

    def test_the_sweep_is_added_when_asked(self) -> None:
        result = _study(seeds=[1], days=2, with_sweep=True)

        assert result.sweep_seeds == (1,)
        assert {s.assumption.name for s in result.swings} == set(
            Assumptions().as_mapping()
        )

    def test_teams_play_the_part_they_have_at_the_address(self) -> None:
        region = DeskRegion(at=AT)
        problem = region.draw_problem(days=14, seed=1)
        drawn = draw_requests(
            count=len(problem.requests),
            start=MONDAY,
            end=MONDAY + timedelta(days=14),
            seed=1,
        )

        assert len(problem.requests) > 10
        for request, each in zip(problem.requests, drawn, strict=True):
            assert request.at_h == pytest.approx(
                (each.at - MONDAY).total_seconds() / 3600
            )
            place = get_care_place(each.need.postcode)
            around = list_teams_around(place.id, care=Care.DISTRICT_NURSING, at=AT)
            tier = problem.teams.tier[request.need.area]
            covering = {
                problem.teams.keys[row] for row in (tier != Tier.NONE).nonzero()[0]
            }
            own = {problem.teams.keys[row] for row in (tier == Tier.OWN).nonzero()[0]}
            assert covering == {str(team.service_id) for team in around}
            assert own == {str(team.service_id) for team in around if team.is_own}


def test_a_region_without_teams_says_what_to_do() -> None:
    with pytest.raises(Conflict, match="wijkspil"):
        _study()


def test_the_policy_of_the_desk_is_that_of_the_region() -> None:
    agreed = Agreed(
        own_team_first=True,
        teams_at_once={"days": 2},
        answer_minutes={"today": 20},
        day_from="07:30",
    )
    policy = as_desk_policy(agreed)

    assert policy.own_team_first
    assert policy.teams_at_once == {
        "today": 3,
        "tomorrow": 3,
        "days": 2,
        "week": 1,
        "planned": 1,
    }
    assert policy.answer_minutes["today"] == 20
    assert policy.answer_minutes["week"] == ANSWER_MINUTES[Urgency.WEEK]
    assert (policy.hours, policy.day_from_h, policy.day_until_h) == ("daytime", 7.5, 20)
    assert as_desk_policy(Agreed(answer_hours="always")).hours == "always"


def test_what_is_national_is_the_same_in_product_and_engine() -> None:
    assert as_desk_policy(Agreed()) == DeskPolicy()


def test_the_engine_knows_the_urgencies_of_the_product() -> None:
    assert set(URGENCIES) == set(Urgency.values)
    assert {Urgency.TODAY, Urgency.TOMORROW} == URGENT
