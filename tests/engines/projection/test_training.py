"""Training money is divided to the cent, and each share says why."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkspil_engines.projection.scenario import load
from wijkspil_engines.projection.training import (
    InvalidKey,
    KeyPart,
    divide,
    divide_fund,
    explain_share,
    largest_remainder,
    train,
    training_inflows,
)

REGIONS = (
    KeyPart("people of 75 and over", 2, {"north": 30_000, "south": 10_000}, "CBS"),
    KeyPart("equal", 1, {"north": 1, "south": 1, "west": 1}),
)

values = st.dictionaries(
    st.text("abc", min_size=1, max_size=3), st.floats(0, 1e6), min_size=1, max_size=9
)


class TestDivision:
    @given(st.integers(0, 10**12), values)
    def test_cents_add_up_and_stay_within_one_of_the_quota(
        self, cents: int, values: dict[str, float]
    ) -> None:
        if not sum(values.values()):
            return
        divided = largest_remainder(cents, values)

        assert sum(divided.values()) == cents
        total = sum(values.values())
        for name, value in values.items():
            assert abs(divided[name] - cents * value / total) < 1 + 1e-3

    def test_equal_remainders_go_by_name(self) -> None:
        assert largest_remainder(100, {"c": 1, "a": 1, "b": 1}) == {
            "a": 34,
            "b": 33,
            "c": 33,
        }

    def test_parts_and_whole_add_up(self) -> None:
        shares = divide(1_000_001, REGIONS)

        assert sum(share.cents for share in shares) == 1_000_001
        for share in shares:
            assert share.cents == sum(share.cents_by_part.values())
        assert [share.recipient for share in shares] == ["north", "south", "west"]

    def test_a_fund_adds_up_per_year_and_profession(self) -> None:
        fund = load("training-money").funds["azwa"]

        grants = divide_fund(fund, REGIONS)

        for year, cents in fund.cents_by_year.items():
            mine = [grant for grant in grants if grant.year == year]
            assert sum(grant.cents for grant in mine) == cents
            by_profession = largest_remainder(cents, fund.professions)
            for profession, part in by_profession.items():
                assert part == sum(g.cents for g in mine if g.profession == profession)

    def test_a_share_says_how_it_came_about(self) -> None:
        steps = explain_share("north", 300_000, REGIONS)

        assert [step.cents for step in steps] == [150_000, 33_334]
        assert sum(step.cents for step in steps) == divide(300_000, REGIONS)[0].cents
        assert "30,000 of 40,000: that gives EUR 1,500.00" in steps[0].text

    @pytest.mark.parametrize(
        ("cents", "given", "says"),
        [
            (-1, {"a": 1}, "below 0"),
            (1, {"a": -1}, "a: -1 is not a number of 0 or more"),
            (1, {"a": float("nan")}, "a: nan"),
            (1, {"a": 0}, "nobody has a value above 0"),
            (1, {}, "nobody has a value above 0"),
        ],
    )
    def test_what_cannot_be_divided_is_named(
        self, cents: int, given: dict[str, float], says: str
    ) -> None:
        with pytest.raises(InvalidKey, match=says):
            largest_remainder(cents, given)

    def test_two_parts_of_one_name_are_refused(self) -> None:
        with pytest.raises(InvalidKey, match="two parts are called equal"):
            divide(1, (REGIONS[1], REGIONS[1]))

    def test_who_is_in_no_part_is_named(self) -> None:
        with pytest.raises(InvalidKey, match="'east' is in no part"):
            explain_share("east", 1, REGIONS)


class TestTheLettersMoney:
    def test_the_amounts_are_those_of_the_letter(self) -> None:
        funds = load("training-money").funds

        azwa = funds["azwa"].cents_by_year
        assert azwa[2026] == 53_000_000_00
        assert {azwa[year] for year in range(2029, 2036)} == {185_000_000_00}
        assert funds["azwa"].assumed_years == (2027, 2028)
        assert set(funds["district-nursing"].cents_by_year.values()) == {60_000_000_00}


class TestTrainees:
    def test_who_starts_now_works_years_later(self) -> None:
        trained = train(
            {2026: 100_000_000_00},
            range(2026, 2031),
            trainees_per_million_euro=30,
            training_years=3,
            finishes=0.8,
            works_here=0.5,
        )

        assert trained.starting.tolist() == [3000, 0, 0, 0, 0]
        assert trained.finishing == pytest.approx([0, 0, 0, 2400, 0])
        assert trained.working == pytest.approx([0, 0, 0, 1200, 0])

    def test_money_before_the_first_year_counts(self) -> None:
        trained = train(
            {2024: 1_000_000_00},
            [2026],
            trainees_per_million_euro=10,
            training_years=2,
            finishes=1.0,
            works_here=1.0,
        )

        assert trained.working == pytest.approx([10])

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"finishes": 1.2}, "finishes: 1.2 is not a share"),
            ({"trainees_per_million_euro": -1}, "is not 0 or more"),
            ({"training_years": -1}, "training_years: -1 is below 0"),
        ],
    )
    def test_a_wrong_number_is_named(self, change: dict[str, float], says: str) -> None:
        given: dict[str, Any] = {
            "trainees_per_million_euro": 1,
            "training_years": 1,
            "finishes": 1,
            "works_here": 1,
        }

        with pytest.raises(InvalidKey, match=says):
            train({2026: 1}, [2026], **(given | change))

    def test_inflow_times_its_factors_is_what_train_says(self) -> None:
        scenario = load("training-money")
        years = range(2026, 2041)

        inflows = training_inflows(scenario, years=years, skills=("niveau-3",))

        assert [inflow.name for inflow in inflows] == [
            "azwa.niveau-3",
            "district-nursing.niveau-3",
        ]
        fund = scenario.funds["azwa"]
        mine = {
            year: largest_remainder(cents, fund.professions)["niveau-3"]
            for year, cents in fund.cents_by_year.items()
        }
        factors = [scenario.central(name) for name in inflows[0].factors]
        expected = train(
            mine,
            years,
            trainees_per_million_euro=factors[0],
            training_years=3,
            finishes=factors[1],
            works_here=factors[2],
        )
        assert inflows[0].workers_by_year * np.prod(factors) == pytest.approx(
            expected.working
        )

    def test_a_region_gets_its_part_of_the_country(self) -> None:
        scenario = load("training-money")
        whole = training_inflows(
            scenario, years=range(2026, 2041), skills=("niveau-3",)
        )

        part = training_inflows(
            scenario,
            years=range(2026, 2041),
            skills=("niveau-3",),
            region_shares={"a": 0.03, "b": 0.01},
        )

        assert part[0].workers_by_year == pytest.approx(whole[0].workers_by_year * 0.04)
        assert part[0].share_of_unit == pytest.approx([0.75, 0.25])

    def test_without_funds_nothing_is_added(self) -> None:
        assert training_inflows(load("base"), years=[2026], skills=("niveau-3",)) == ()
