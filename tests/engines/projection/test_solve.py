import math
from dataclasses import replace

import numpy as np
import pytest

from tests.engines.projection.by_hand import make_by_hand
from tests.engines.projection.regions import make_parameter, make_problem
from wijkspil_engines.projection import Closure, Variant, turnover
from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.quantiles import take_quantiles
from wijkspil_engines.projection.solve import Result, solve
from wijkspil_engines.projection.verify import verify

CENTRAL = Params(n_runs=0)


def same_bits(one: Result, two: Result) -> bool:
    return (
        all(
            getattr(one, table)[name].tobytes() == value.tobytes()
            for table in ("means", "baselines", "quantiles", "totals", "parameters")
            for name, value in getattr(two, table).items()
        )
        and one.chance_short.tobytes() == two.chance_short.tobytes()
        and one.hours_of_fte.tobytes() == two.hours_of_fte.tobytes()
    )


def test_the_worked_example_comes_out_as_by_hand():
    result = solve(make_by_hand(), params=CENTRAL)
    assert result.means["need"][0, 0] == pytest.approx([136.5, 155.55])
    assert result.means["clients"][0, 0] == pytest.approx([18.5, 20.51])
    assert result.means["capacity"][0, 0] == pytest.approx([129.168, 126.58464])
    assert result.means["gap"][0, 0] == pytest.approx([7.332, 28.96536])
    assert result.means["gap_fte"][0, 0, 1] == pytest.approx(28.96536 / 19.872)
    assert result.means["people_75"][0, 0].tolist() == [0, 0]


def test_clients_that_stay_follow_slowly():
    result = solve(make_by_hand(stay_years=0.84), params=CENTRAL)
    still = math.exp(-1 / 0.84)
    expected = still * 136.5 + (1 - still) * 155.55
    assert result.means["need"][0, 0, 1] == pytest.approx(expected)


def test_a_year_and_a_month_of_vektis_give_one_flow():
    flow = turnover(in_a_year=584_000, in_a_month=293_000)
    assert flow.stock == pytest.approx(266_545, abs=1)
    assert flow.inflow == pytest.approx(317_455, abs=1)
    assert flow.stay_years * 12 == pytest.approx(10.08, abs=0.01)
    # One inhabitant stands for the country: the projection gives both figures back.
    base = make_by_hand()
    use = np.full((2, 3), flow.stock / 17_500_000)
    kind = replace(base.kinds[0], use=use, stay_years=flow.stay_years)
    people = np.zeros((1, 2, 3))
    people[0, 1, 0] = 17_500_000
    result = solve(replace(base, kinds=(kind,), population=people), params=CENTRAL)
    in_a_month = result.persons_in_care(years=1 / 12)[0, 0, 0, 0]
    assert in_a_month == pytest.approx(293_000)
    assert result.persons_in_care(years=1)[0, 0, 0, 0] == pytest.approx(584_000)


@pytest.mark.parametrize("in_a_year", [200_000, 293_000, 293_000 * 12])
def test_counts_that_cannot_be_one_flow_are_refused(in_a_year):
    with pytest.raises(ValueError, match="in_a_year"):
        turnover(in_a_year=in_a_year, in_a_month=293_000)


CHANGES = {
    "closures": (
        Closure("maybe", "u0", 2027, 0.5, (("u1", 0.6),), 0.7),
        Closure("surely", "u0", 2028, 0.5, (("u1", 0.1),)),
    ),
    "variants": (
        Variant("older", 0.3, mortality=0.9),
        Variant("busier", 0.5, arrivals=(1.0, 1.1, 1.2, 1.3, 1.3, 1.3, 1.3, 1.3)),
        Variant("fewer children", 0.2, fertility=0.5, departures=1.2),
    ),
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"arrivals": False, "supply": "areas", "area_factor": None},
        CHANGES,
        {"frozen": frozenset({"use", "digital", "productivity"})},
        {"frozen": frozenset({"population", "workers", "hours", "closures"})},
        {"n_ages": 20, "n_classes": 1, "n_years": 4},
        {"n_years": 1},
    ],
)
def test_a_projection_holds_against_plain_loops(changes):
    problem = make_problem(**changes)
    result = solve(
        problem, params=Params(n_runs=12, measures=("need", "capacity", "gap")), seed=3
    )
    assert verify(problem, result) == []


def test_a_changed_figure_does_not_pass_for_right():
    problem = make_problem()
    result = solve(problem, params=Params(n_runs=5))
    result.means["gap"][0, 0, 3] += 0.001
    (failure,) = verify(problem, result)
    assert failure.what == "mean gap"
    assert failure.where == "a0 nursing 2028"


def test_a_result_of_another_problem_does_not_pass():
    result = solve(make_problem(), params=CENTRAL)
    assert verify(make_problem(seed=2), result)[0].what == "input"


def test_workers_in_threads_change_no_bit():
    problem = make_problem(n_areas=40, n_classes=5)
    params = Params(n_runs=60)
    steps: list[tuple[int, int]] = []
    alone = solve(problem, params=params, seed=5)
    more = solve(
        problem,
        params=params,
        seed=5,
        workers=3,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert same_bits(alone, more)
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1] == len(steps) - 1


def test_processes_and_a_cluster_change_no_bit():
    problem = make_problem(n_areas=30, n_classes=3)
    params = Params(n_runs=30)
    alone = solve(problem, params=params, seed=5)
    assert same_bits(
        alone, solve(problem, params=params, seed=5, workers=2, pool="processes")
    )
    assert same_bits(
        alone, solve(problem, params=params, seed=5, workers=2, scheduler="local")
    )


def test_a_scheduler_that_is_not_there_is_said():
    with pytest.raises(ValueError, match="no Dask scheduler"):
        solve(make_problem(), params=CENTRAL, scheduler="nonsense://nowhere:1")


def test_another_seed_gives_other_draws():
    problem, params = make_problem(), Params(n_runs=5)
    assert not same_bits(
        solve(problem, params=params, seed=1), solve(problem, params=params, seed=2)
    )


def test_run_0_does_not_depend_on_the_seed_or_the_number_of_runs():
    problem = make_problem()
    one = solve(problem, params=Params(n_runs=3), seed=1)
    two = solve(problem, params=Params(n_runs=20), seed=2)
    for name, value in one.baselines.items():
        assert np.array_equal(value, two.baselines[name], equal_nan=True)


def test_more_runs_leave_the_first_ones_as_they_are():
    problem = make_problem()
    few = solve(problem, params=Params(n_runs=7), seed=1).totals["gap"]
    many = solve(problem, params=Params(n_runs=30), seed=1).totals["gap"]
    assert few == pytest.approx(many[..., :8], rel=1e-12)


def test_where_supply_is_not_known_nothing_is_said_of_a_gap():
    result = solve(make_problem(), params=Params(n_runs=5))
    assert np.isnan(result.means["gap"][:, 1]).all()
    assert np.isnan(result.chance_short[:, 1]).all()
    assert np.isnan(result.quantiles["gap"][:, :, 1]).all()
    assert (result.totals["capacity"][:, 1] == 0).all()
    assert (result.first_short_year()[:, 1] == 0).all()
    assert np.isfinite(result.means["need"]).all()


def test_regions_are_the_sum_of_their_areas():
    problem = make_problem(n_areas=12)
    result = solve(problem, params=Params(n_runs=9))
    for name in ("need", "clients", "starts", "capacity", "gap", "people"):
        areas = result.means[name][:, 0]
        summed = np.zeros((2, problem.n_years))
        np.add.at(summed, problem.region_of_area, areas)
        found = result.totals[name][:, 0, :, 1:].mean(axis=-1)
        assert found == pytest.approx(summed, rel=1e-9)
    assert result.total_fte("need")[0, 0] == pytest.approx(
        result.totals["need"][0, 0] / result.hours_of_fte[0]
    )


def test_the_warning_names_the_first_year_that_is_likely_short():
    result = solve(make_by_hand(), params=Params(n_runs=1))
    assert result.chance_short[0, 0].tolist() == [1, 1]
    assert result.first_short_year().tolist() == [[2025]]
    roomy = solve(
        make_by_hand(), params=Params(n_runs=1, short_ratio=1.1)
    )  # 136.5 < 1.1 x 129.2, 155.6 > 1.1 x 126.6
    assert roomy.first_short_year().tolist() == [[2026]]


def test_quantiles_are_those_of_numpy():
    values = np.random.default_rng(1).normal(size=(4, 3, 37))
    shares = (0.1, 0.5, 0.9, 0, 1)
    expected = np.quantile(values, shares, axis=-1)
    assert take_quantiles(values.copy(), shares) == pytest.approx(expected, abs=1e-12)


def test_an_interval_of_a_parameter_is_that_of_the_result():
    parameter = make_parameter("hours", 0.8, 1.2)
    problem = make_by_hand(parameters=(parameter,))
    result = solve(problem, params=Params(n_runs=4000), seed=1)
    low, middle, high = result.quantiles["need"][:, 0, 0, 0] / 136.5
    assert (low, middle, high) == pytest.approx((0.8, 1.0, 1.2), abs=0.02)
    assert result.baselines["need"][0, 0, 0] == pytest.approx(136.5)
