from dataclasses import replace

import numpy as np
import pytest

from tests.engines.projection.regions import make_parameter, make_problem
from wijkspil_engines.projection import Closure, Variant
from wijkspil_engines.projection.compare import compare
from wijkspil_engines.projection.draws import Draws, draw_parameter, draw_uniform
from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.solve import solve

RUNS = Params(n_runs=400, measures=())


def test_a_draw_hangs_on_seed_name_and_run_only():
    few = draw_uniform("use", seed=1, n_runs=5)
    many = draw_uniform("use", seed=1, n_runs=5000)
    assert few.tolist() == many[:6].tolist()
    assert draw_uniform("hours", seed=1, n_runs=5).tolist() != few.tolist()
    assert draw_uniform("use", seed=2, n_runs=5).tolist() != few.tolist()
    assert 0 < many.min() < many.max() < 1
    assert many.mean() == pytest.approx(0.5, abs=0.02)


def test_a_published_draw_stays_what_it_was():
    # Another value here means that every published figure changes: raise the version.
    found = draw_uniform("use_trend.wijkverpleging", seed=7, n_runs=3)
    published = [0.6186879595419, 0.9213751652432, 0.2821827724456, 0.5017672759254]
    assert found.tolist() == pytest.approx(published, abs=1e-12)


def test_eight_in_ten_draws_lie_in_the_interval():
    value = draw_parameter(make_parameter("use", 0.9, 1.3), seed=1, n_runs=20_000)
    assert value[0] == pytest.approx(1.1)
    inside = ((value[1:] >= 0.9) & (value[1:] <= 1.3)).mean()
    assert inside == pytest.approx(0.8, abs=0.01)


def test_a_draw_does_not_leave_its_valid_range():
    parameter = make_parameter("use", 0.1, 1.9, valid_low=0.1, valid_high=2.0)
    value = draw_parameter(parameter, seed=1, n_runs=5000)
    assert value.min() == 0.1
    assert value.max() == 2.0
    lever = draw_parameter(make_parameter("absence", 0.0, 0.2), seed=1, n_runs=5000)
    assert lever.min() == 0.0


def test_a_figure_for_one_kind_goes_before_that_for_all():
    problem = make_problem(
        parameters=(
            make_parameter("use", 2, 2),
            make_parameter("use.gp", 3, 3),
            make_parameter("saved hours", 1, 1),
            make_parameter("adoption in the end", 0.3, 0.3),
        )
    )
    draws = Draws(problem, 1, 2)
    assert draws.lever("use", problem.kinds[0]).tolist() == [2, 2, 2]
    assert draws.lever("use", problem.kinds[1]).tolist() == [3, 3, 3]
    assert draws.lever("absence", problem.skills[0]).tolist() == [0.08] * 3


def test_variants_come_with_their_probability_and_run_0_takes_the_likeliest():
    variants = (Variant("low", 0.2), Variant("middle", 0.5), Variant("high", 0.3))
    taken = Draws(make_problem(variants=variants), 1, 20_000).variants
    assert taken[0] == 1
    shares = np.bincount(taken[1:]) / 20_000
    assert shares == pytest.approx([0.2, 0.5, 0.3], abs=0.02)


def test_a_practice_closes_with_its_chance():
    closure = Closure("x", "u0", 2027, chance=0.3)
    closes = Draws(make_problem(closures=(closure,)), 1, 20_000).closes(closure)
    assert not closes[0]
    assert closes[1:].mean() == pytest.approx(0.3, abs=0.02)


def test_a_difference_of_scenarios_is_at_most_a_third_as_wide_with_shared_draws():
    base = make_problem()
    other = base.with_parameters(make_parameter("adoption in the end", 0.4, 0.8))
    one = solve(base, params=RUNS, seed=1)
    paired = compare(one, solve(other, params=RUNS, seed=1))
    apart = solve(other, params=RUNS, seed=2).totals["gap"] - one.totals["gap"]
    low, high = np.quantile(apart[0, 0, -1, 1:], [0.1, 0.9])
    narrow = paired.quantiles[2, 0, 0, -1] - paired.quantiles[0, 0, 0, -1]
    assert narrow <= (high - low) / 3
    assert paired.mean[0, 0, -1] < 0
    assert paired.chance_lower[0, 0, -1] > 0.9


def test_results_of_other_seeds_or_runs_are_no_pairs():
    base = solve(make_problem(), params=Params(n_runs=3), seed=1)
    with pytest.raises(ValueError, match="seed"):
        compare(base, solve(make_problem(), params=Params(n_runs=3), seed=2))
    with pytest.raises(ValueError, match="totals"):
        compare(base, solve(make_problem(), params=Params(n_runs=4), seed=1))
    with pytest.raises(ValueError, match="n_runs"):
        compare(*[solve(make_problem(), params=Params(n_runs=0))] * 2)


def test_who_changes_nothing_differs_by_nothing():
    problem = make_problem()
    one = solve(problem, params=Params(n_runs=20))
    two = solve(replace(problem), params=Params(n_runs=20))
    assert np.abs(compare(one, two).runs).max() == 0
