"""The published savings of digital care come out of their own inputs, or do not."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkspil_engines.projection.digital import (
    PUBLISHED,
    W23,
    ZUYDERLAND_STILL_USED,
    InvalidSaving,
    check_letter,
    clients_in_use,
    dispenser_hours_per_week,
    dispenser_interval,
    hybrid_share,
    logistic_path,
    remote_guidance_hours_per_week,
    saved_per_year,
    w23_clients,
    w23_dispenser,
    w23_lifestyle_hours_per_week,
    widened_interval,
)
from wijkspil_engines.projection.problem import NORMAL_90
from wijkspil_engines.projection.scenario import load

shares = st.floats(0.01, 0.99)


class TestTheLetter:
    def test_current_use_gives_its_hours_fte_and_euro(self) -> None:
        clients, _ = w23_clients("now")

        result = w23_dispenser(clients=clients)

        assert clients == pytest.approx(5_550)
        assert result.hours == pytest.approx(666_000)
        assert result.fte == pytest.approx(575)
        assert result.euro == pytest.approx(29.3e6, rel=0.02)

    def test_full_use_gives_its_hours_fte_and_euro(self) -> None:
        clients, _ = w23_clients("potential")

        result = w23_dispenser(clients=clients)

        assert clients == pytest.approx(23_333, rel=1e-4)
        assert result.hours == pytest.approx(2.8e6)
        assert result.fte == pytest.approx(2_416, rel=0.001)
        assert result.euro == pytest.approx(123e6, rel=0.02)

    def test_the_chain_of_shares_gives_the_same_as_the_letter(self) -> None:
        potential, _ = w23_clients("potential")
        in_use = clients_in_use(
            clients=293_000,
            eligible=potential / 293_000,
            adopted=W23["dispenser.now.hours"] / W23["dispenser.potential.hours"],
            still_used=1.0,
        )
        # 138 minutes a week: as two visits a day of just under ten minutes.
        hours = dispenser_hours_per_week(
            visits_per_week=14, unique_share=1.0, minutes_per_visit=120 / 52 * 60 / 14
        )

        result = saved_per_year(
            in_use=in_use,
            hours_per_client_week=hours,
            euro_per_client_month=445,
            client_hours_per_fte=666_000 / 575,
        )

        assert result.hours == pytest.approx(666_000)
        assert result.fte == pytest.approx(575)

    def test_it_says_where_its_figures_do_not_agree(self) -> None:
        rows = {row.code: row for row in check_letter()}

        assert {code for code, row in rows.items() if not row.agrees} == {
            "lifestyle-now-euro",
            "lifestyle-now-clients",
            "lifestyle-growth",
            "lifestyle-euro-per-hour",
        }
        assert rows["lifestyle-now-euro"].implied[0] == pytest.approx(5.844e6)
        assert rows["lifestyle-now-clients"].implied[0] == pytest.approx(581.8, abs=0.1)
        assert rows["lifestyle-potential-euro"].implied == pytest.approx(
            (58.44e6, 93.504e6)
        )
        assert rows["lifestyle-growth"].implied[0] == pytest.approx(19.1, abs=0.05)
        assert rows["lifestyle-euro-per-hour"].implied[0] == pytest.approx(394, abs=0.1)
        assert rows["dispenser-now-euro"].ratio == pytest.approx(1.0115, abs=1e-4)

    def test_each_check_explains_itself_in_short_sentences(self) -> None:
        for row in check_letter():
            for sentence in row.explanation.split(". "):
                assert len(sentence.split()) <= 25, sentence

    def test_lifestyle_monitoring_saves_a_tenth_of_a_dispenser(self) -> None:
        assert w23_lifestyle_hours_per_week() == pytest.approx((0.198, 0.317), abs=1e-3)

    def test_another_moment_is_refused(self) -> None:
        with pytest.raises(InvalidSaving, match="'later' is not now or potential"):
            w23_clients("later")


class TestPublishedSavings:
    @pytest.mark.parametrize(
        ("code", "hours"),
        [
            ("zorg-voor-beter", 1.17),
            ("omring", 2.5),
            ("w23", 2.31),
            ("zuyderland-issued", 1.44),
            ("zuyderland-in-use", 3.6),
        ],
    )
    def test_each_comes_out_of_its_inputs(self, code: str, hours: float) -> None:
        found = {each.code: each.hours_per_client_week for each in PUBLISHED}

        assert found[code] == pytest.approx(hours, abs=0.005)

    def test_what_zuyderland_gave_out_and_uses_differs_by_its_retention(self) -> None:
        found = {each.code: each.hours_per_client_week for each in PUBLISHED}

        assert found["zuyderland-in-use"] * ZUYDERLAND_STILL_USED == pytest.approx(
            found["zuyderland-issued"]
        )

    def test_the_widened_interval_covers_what_is_published(self) -> None:
        low, high = dispenser_interval()

        assert low < 1.2
        assert high > 3.6
        assert (low, high) == pytest.approx((0.57, 4.22), abs=0.005)

    def test_the_scenario_holds_the_widened_interval(self) -> None:
        parameter = load("base").parameters["dispenser.hours_per_client_week"]

        assert (parameter.low, parameter.high) == pytest.approx(
            dispenser_interval(), abs=0.005
        )

    def test_visits_times_minutes_of_the_scenario_cover_it_too(self) -> None:
        generator = np.random.default_rng(1)
        product = np.ones(20_000)
        for name in ("unique_visits_per_week", "minutes_per_visit"):
            each = load("base").parameters[f"dispenser.{name}"]
            deviation = (each.high - each.low) / (2 * NORMAL_90)
            drawn = generator.normal(each.central, deviation, len(product))
            product *= np.clip(drawn, each.least, each.most)

        low, middle, high = np.quantile(product / 60, [0.1, 0.5, 0.9])

        assert low <= 1.2
        assert high >= 3.6
        assert 2.0 < middle < 2.6

    def test_an_interval_needs_two_values(self) -> None:
        with pytest.raises(InvalidSaving, match="at least two"):
            widened_interval([2.5])

    @given(st.lists(st.floats(0, 100), min_size=2, max_size=9))
    def test_an_interval_holds_all_it_was_made_of(self, values: list[float]) -> None:
        low, high = widened_interval(values)

        assert low <= min(values)
        assert high >= max(values)


class TestChain:
    def test_only_unique_visits_save_time(self) -> None:
        def hours(unique: float) -> float:
            return float(
                dispenser_hours_per_week(
                    visits_per_week=7, unique_share=unique, minutes_per_visit=15
                )
            )

        assert hours(0.0) == 0
        assert hours(0.5) == pytest.approx(hours(1.0) / 2)

    def test_a_check_that_takes_longer_than_the_visits_costs_time(self) -> None:
        hours = dispenser_hours_per_week(
            visits_per_week=7,
            unique_share=0.1,
            minutes_per_visit=10,
            check_minutes_per_week=15,
        )

        assert hours == pytest.approx(-8 / 60)

    def test_guidance_on_a_screen_saves_travel_and_costs_screen_time(self) -> None:
        hours = remote_guidance_hours_per_week(
            visits_per_week=3,
            replaced_share=0.5,
            minutes_per_visit=20,
            travel_minutes_per_visit=8,
            screen_minutes_per_contact=12,
        )

        assert hours == pytest.approx(1.5 * 16 / 60)

    def test_draws_go_through_at_once(self) -> None:
        shares = np.array([0.1, 0.2, 0.3])

        counts = clients_in_use(
            clients=1_000, eligible=shares, adopted=0.5, still_used=0.4
        )

        assert counts == pytest.approx([20, 40, 60])

    @given(shares, shares, shares)
    def test_more_of_any_share_is_never_less_in_use(
        self, eligible: float, adopted: float, still_used: float
    ) -> None:
        def count(factor: float) -> float:
            return float(
                clients_in_use(
                    clients=1_000,
                    eligible=eligible,
                    adopted=adopted,
                    still_used=min(1.0, still_used * factor),
                )
            )

        assert 0 <= count(1.0) <= count(1.1) <= 1_000

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"eligible": 8}, "eligible: 8 is above 1; give a share"),
            ({"adopted": -0.1}, "adopted: -0.1 is below 0"),
            ({"clients": float("nan")}, "clients: nan is not a finite number"),
        ],
    )
    def test_a_wrong_number_is_named(self, change: dict[str, float], says: str) -> None:
        values = {"clients": 10, "eligible": 0.5, "adopted": 0.5, "still_used": 0.5}

        with pytest.raises(InvalidSaving, match=says):
            clients_in_use(**(values | change))

    def test_an_fte_without_hours_is_refused(self) -> None:
        with pytest.raises(InvalidSaving, match="must be above 0"):
            saved_per_year(
                in_use=1,
                hours_per_client_week=1,
                euro_per_client_month=1,
                client_hours_per_fte=0,
            )


class TestPaths:
    def test_the_target_of_half_is_reached_in_its_year(self) -> None:
        years = np.arange(2024, 2041)

        path = logistic_path(
            years,
            start_year=2026,
            start_share=0.24,
            target_year=2030,
            target_share=0.5,
        )

        assert path[years <= 2026] == pytest.approx(0.24)
        assert path[years == 2030] == pytest.approx(0.5)
        assert path[years > 2030] == pytest.approx(0.5)

    def test_without_holding_it_grows_on_to_its_ceiling(self) -> None:
        path = logistic_path(
            [2030, 2040, 2100],
            start_year=2026,
            start_share=0.2,
            target_year=2030,
            target_share=0.5,
            ceiling=0.6,
            hold=False,
        )

        assert path[0] == pytest.approx(0.5)
        assert path[1] > 0.5
        assert path[2] == pytest.approx(0.6)

    def test_seventy_percent_hybrid_used_by_half_is_thirty_five_percent(self) -> None:
        assert hybrid_share(available=0.7, adopted=0.5) == pytest.approx(0.35)

    @given(shares, shares, st.integers(1, 30))
    def test_a_path_goes_one_way_and_stays_a_share(
        self, start: float, target: float, length: int
    ) -> None:
        path = logistic_path(
            np.arange(2020, 2060),
            start_year=2025,
            start_share=start,
            target_year=2025 + length,
            target_share=target,
        )

        steps = np.diff(path) * np.sign(target - start)
        assert np.all(steps >= -1e-12)
        assert np.all((path > 0) & (path < 1))

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"target_year": 2026}, "not later than the start year"),
            ({"target_share": 1.0}, "never reaches either end"),
            ({"start_share": 0.0}, "never reaches either end"),
            ({"ceiling": 1.2}, "not above 0 and at most 1"),
        ],
    )
    def test_a_path_no_curve_takes_is_refused(
        self, change: dict[str, float], says: str
    ) -> None:
        values: dict[str, Any] = {
            "start_year": 2026,
            "start_share": 0.2,
            "target_year": 2030,
            "target_share": 0.5,
        }

        with pytest.raises(InvalidSaving, match=says):
            logistic_path([2026], **(values | change))
