"""What a wish may expect: rounds played ahead, the band, the advice, the reasons."""

import time
from datetime import timedelta

import pytest

from tests.apps.registrations.round_play import DAY, join, open_one, step
from tests.factories.registrations import GpRegion, make_gp_region, make_wish, publish
from wijkspil.registrations.engine_io import WaitingBand
from wijkspil.registrations.models import Outlook
from wijkspil.registrations.services import outlook
from wijkspil.registrations.services.outlook import (
    get_advice,
    get_band,
    refresh_all_outlooks,
    refresh_outlook,
)
from wijkspil.registrations.services.what_next import say_band, what_next
from wijkspil.registrations.types import ListStatus, WishReason, WishStatus

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play few rounds: what is asked here does not need more."""
    monkeypatch.setattr(outlook, "RUNS", 4)
    monkeypatch.setattr(outlook, "ROUNDS", 6)


def crowded() -> GpRegion:
    """Make a region: 1 is full and wanted, 2 and 3 take people, 3 from one wijk."""
    region = make_gp_region(practices=4)
    publish(region.practices[0], status=ListStatus.CLOSED)
    publish(region.practices[1], status=ListStatus.CLOSED)
    publish(region.practices[2], places_per_month=20)
    publish(
        region.practices[3],
        status=ListStatus.LIMITED,
        postcodes=["3011"],
        places_per_month=20,
    )
    for n in range(6):
        make_wish(region, choices=[1], waiting_since=region.at - n * DAY)
    return region


def test_who_wants_only_a_full_practice_is_told_so() -> None:
    region = crowded()
    wish = make_wish(region, choices=[1])
    assert refresh_outlook(region_id=region.region.pk, at=region.at)
    band = get_band(wish, region.at)
    assert band is not None
    assert band.chance == 0
    assert "hardly ever" in say_band(band)


def test_advice_names_only_practices_that_fit() -> None:
    region = crowded()
    wish = make_wish(region, choices=[1])
    refresh_outlook(region_id=region.region.pk, at=region.at)
    advice = get_advice(wish, region.at)
    assert advice is not None
    assert advice.chance_now == 0
    names = {practice.id for practice, _chance in advice.one}
    assert names == {region.practices[2].pk}
    told = what_next(wish, region.at)
    assert told.helps == ["With Huisartsen Nummer 3 on your list as well: 10 of 10."]


def test_a_practice_with_room_gives_a_short_band() -> None:
    region = crowded()
    wish = make_wish(region, choices=[2])
    refresh_outlook(region_id=region.region.pk, at=region.at)
    band = get_band(wish, region.at)
    assert band is not None
    assert (band.chance, band.p10_weeks) == (1.0, band.p90_weeks)


def test_the_same_day_gives_the_same_prices() -> None:
    region = crowded()
    refresh_outlook(region_id=region.region.pk, at=region.at)
    wish = make_wish(region, choices=[1, 2], status=WishStatus.DRAFT)
    first = get_band(wish, region.at)
    refresh_outlook(region_id=region.region.pk, at=region.at)
    assert get_band(wish, region.at) == first
    assert Outlook.objects.count() == 1


def test_old_outlooks_are_not_told() -> None:
    region = crowded()
    wish = make_wish(region, choices=[1])
    refresh_outlook(region_id=region.region.pk, at=region.at)
    later = region.at + outlook.LONGEST_KEPT + timedelta(seconds=1)
    assert get_band(wish, later) is None
    assert get_advice(wish, later) is None


def test_a_region_without_wishes_has_no_outlook() -> None:
    region = make_gp_region()
    assert not refresh_outlook(region_id=region.region.pk, at=region.at)
    assert refresh_all_outlooks(at=region.at) == 0


def test_one_question_takes_little() -> None:
    region = crowded()
    wish = make_wish(region, choices=[1])
    refresh_outlook(region_id=region.region.pk, at=region.at)
    get_advice(wish, region.at)
    started = time.process_time()
    for _turn in range(10):
        get_advice(wish, region.at)
    assert (time.process_time() - started) / 10 < 0.1


def test_why_there_was_no_place_is_said() -> None:
    region = make_gp_region(practices=4)
    for service in region.practices:
        publish(service)
    first = make_wish(region, choices=[1], reason=WishReason.NO_GP)
    other = make_wish(region, current=0, choices=[1, 3])
    row = open_one(region)
    join(row, region, 0)
    join(row, region, 1, free=1)
    step(row, "divide", region.at)
    step(row, "publish", region.at)
    told = what_next(other, region.at)
    assert told.round_name == row.name
    assert told.reasons == [
        "You came just too late in line: one more place at Huisartsen Nummer 2 could "
        "have been yours.",
        "Huisartsen Nummer 4 did not join this round.",
    ]
    first.refresh_from_db()
    assert what_next(first, region.at).is_empty


@pytest.mark.parametrize(
    ("band", "said"),
    [
        ((9.0, 9.0, 9.0, 1.0), "Usually within 9 weeks (8 of 10 times)."),
        (
            (9.0, 20.0, 52.0, 1.0),
            "Usually between 9 weeks and 1 year (8 of 10 times).",
        ),
        (
            (4.0, None, None, 0.4),
            "It differs much: from 4 weeks to longer than 2 years. Within 2 years "
            "there was a place in 4 of 10 calculations.",
        ),
    ],
)
def test_a_band_is_said_as_people_do(
    band: tuple[float, float | None, float | None, float], said: str
) -> None:
    assert say_band(WaitingBand(*band, longest_weeks=104.3)) == said
