"""What a team sees before it accepts: a wide area, ten years, never a rare person."""

from datetime import date

import pytest

from tests.factories.referrals import (
    PATIENT,
    RESIDENTS,
    agree,
    make_wijk,
    send,
)
from wijkspil.referrals.selectors.requests import age_band, age_on

pytestmark = pytest.mark.django_db


class TestTheArea:
    def test_a_pc4_with_enough_residents_of_the_ten_years_is_shown(self):
        wijk = make_wijk()
        request = send(wijk)
        assert request.profile_area == wijk.pc4
        # 80-84: half of 300 people spread over 75-84; 85-89: a third of 150; halved.
        assert request.profile_residents == 100
        assert not request.one_at_a_time

    @pytest.mark.parametrize(
        ("least", "area"),
        [(100, "pc4"), (101, "wijk"), (200, "wijk"), (201, "gemeente"), (10_000, None)],
    )
    def test_it_widens_until_enough_residents_match(self, least, area):
        wijk = make_wijk()
        agree(wijk, min_residents=least)
        request = send(wijk)
        assert request.profile_area == (getattr(wijk, area) if area else None)
        assert request.one_at_a_time is (area is None)
        if area:
            assert request.profile_residents >= least

    def test_it_widens_to_the_gemeente_and_the_region(self):
        wijk = make_wijk()
        agree(wijk, min_residents=500)
        for area, factor in ((wijk.gemeente, 8), (wijk.region, 100)):
            area.population_by_age = {b: n * factor for b, n in RESIDENTS.items()}
            area.save()
        assert send(wijk).profile_area == wijk.gemeente
        wijk.gemeente.population_by_age = {}
        wijk.gemeente.save()
        assert send(wijk).profile_area == wijk.region

    def test_an_area_finer_than_a_pc4_is_never_shown(self):
        wijk = make_wijk()
        wijk.pc6.population_by_age = {"75-84": 10_000.0}
        wijk.pc6.save()
        assert send(wijk).profile_area == wijk.pc4

    def test_the_age_of_the_birth_date_counts_not_the_one_typed(self):
        request = send(make_wijk(), age=20)
        assert request.age == 83

    @pytest.mark.parametrize("values", [{"tasks": ["infusion"]}, {"language": "ti"}])
    def test_what_few_people_have_goes_to_one_team_whatever_the_area(self, values):
        assert send(make_wijk(), **values).one_at_a_time

    def test_the_oldest_share_a_band(self):
        wijk = make_wijk()
        born = {"birth_date": date(1915, 1, 1)}
        patient = PATIENT.__class__(**(vars(PATIENT) | born))
        request = send(wijk, patient=patient)
        assert age_band(request.age) == (90, 100)


@pytest.mark.parametrize(
    ("age", "band"),
    [(0, (0, 10)), (9, (0, 10)), (10, (10, 20)), (99, (90, 100)), (112, (90, 100))],
)
def test_a_team_sees_ten_years(age, band):
    assert age_band(age) == band


def test_an_unknown_age_has_no_band():
    assert age_band(None) is None


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(1943, 2, 3), date(2026, 2, 2), 82),
        (date(1943, 2, 3), date(2026, 2, 3), 83),
        (date(2024, 2, 29), date(2025, 2, 28), 0),
        (date(2024, 2, 29), date(2025, 3, 1), 1),
        (date(2026, 11, 17), date(2026, 11, 17), 0),
    ],
)
def test_a_year_is_added_on_the_birthday(born, on, years):
    assert age_on(born, on) == years
