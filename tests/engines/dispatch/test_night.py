"""Nights: against a plain replay, exact chains and published formulas."""

import copy
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tests.engines.dispatch.cases import STEADY, draw_night
from wijkspil_engines.dispatch import (
    InvalidProblem,
    MatrixTable,
    NightParams,
    NightProblem,
    NightTeam,
    Overhead,
    Wijk,
    simulate_night,
    verify_night,
)
from wijkspil_engines.dispatch.draw import draw_calls
from wijkspil_engines.dispatch.exact import erlang_c, solve_exactly
from wijkspil_engines.dispatch.intervals import chance_interval, paired_interval
from wijkspil_engines.dispatch.loop import residual_min
from wijkspil_engines.dispatch.night import MODES
from wijkspil_engines.dispatch.simulate import Region, play
from wijkspil_engines.dispatch.verify import play_plainly

SEEDS = st.integers(0, 10_000)
PARAMS = (
    NightParams(),
    NightParams(after_visit="return", warm_up_min=45.0, start_hour=5.5),
    NightParams(service_covers="round-trip", service_shape="exponential"),
    NightParams(when_busy="queue", hour_weights=(1.0, 0.0, 3.0)),
    NightParams(when_busy="queue", after_visit="return", service_cv=2.0),
    NightParams(when_busy="lost", warm_up_min=120.0),
)
MARKOV = NightParams(
    service_shape="exponential",
    service_covers="round-trip",
    hour_weights=(1.0, 2.0, 3.0, 1.0, 1.0, 1.0, 1.0, 2.0),
    warm_up_min=90.0,
)


def small_region(n_teams: int = 2) -> NightProblem:
    wijken = (
        Wijk("a", 4.30, 52.05, 6.0, {"x": 0.7, "y": 0.3}),
        Wijk("b", 4.45, 52.05, 4.0, {"x": 0.2, "y": 0.8}),
        Wijk("c", 4.38, 52.09, 3.0, {"x": 0.5, "y": 0.5}),
    )
    teams = (
        NightTeam("t1", "x", 4.30, 52.05),
        NightTeam("t2", "y", 4.45, 52.05),
        NightTeam("t3", "x", 4.38, 52.09),
    )
    return NightProblem(wijken, teams[:n_teams], STEADY)


def spread(mode: Any) -> float:
    """Half the 95 % interval of the region, as one standard deviation."""
    _, low, high = mode.region
    return float(high - low) / 3.92


@pytest.mark.parametrize("params", PARAMS)
@settings(max_examples=12, deadline=None)
@given(seed=SEEDS)
def test_the_fast_loop_is_the_plain_replay(params: NightParams, seed: int) -> None:
    problem = draw_night(seed, calls=25.0)
    (calls,) = draw_calls(problem, params, seed=seed, n_nights=3)
    region = Region.of(problem, params)
    for mode in MODES:
        played = play(region, params, calls, mode)
        plain = [
            arrival
            for night in range(3)
            for arrival in play_plainly(problem, params, calls, night, mode)
        ]
        assert_allclose(played.arrival_min, plain, atol=1e-6)


@pytest.mark.parametrize("params", PARAMS)
def test_every_result_verifies_and_leaves_its_input_alone(params: NightParams) -> None:
    problem = draw_night(7, calls=20.0)
    before = copy.deepcopy((problem.teams, [w.calls_per_night for w in problem.wijken]))
    result = simulate_night(problem, params=params, seed=1, n_nights=200)
    assert verify_night(problem, result) == ()
    assert before == (problem.teams, [w.calls_per_night for w in problem.wijken])
    assert 0 <= result.gap <= 0.5


def test_a_changed_result_does_not_verify() -> None:
    problem = draw_night(7, calls=20.0)
    result = simulate_night(problem, seed=1, n_nights=50)
    mode = result.modes["pooled"]
    hits = mode.in_time_by_night.copy()
    hits[0] += 1
    hits[1] -= 1
    told = replace(result, modes={"pooled": replace(mode, in_time_by_night=hits)})
    assert any("night 0" in said for said in verify_night(problem, told))
    other = draw_night(8, calls=20.0)
    assert verify_night(other, result) == ("The result belongs to other input.",)


def test_the_same_seed_gives_the_same_result_and_more_nights_keep_the_first() -> None:
    problem = draw_night(3)
    first, again, more, other = (
        simulate_night(problem, seed=seed, n_nights=n)
        for seed, n in ((5, 700), (5, 700), (5, 1500), (6, 700))
    )
    for name in MODES:
        assert_array_equal(first.modes[name].chance, again.modes[name].chance)
        hits = first.modes[name].in_time_by_night
        assert_array_equal(hits, more.modes[name].in_time_by_night[:700])
        assert (hits != other.modes[name].in_time_by_night).any()


def test_both_modes_and_every_plan_get_the_same_calls() -> None:
    problem = draw_night(3)
    fewer = replace(problem, teams=problem.teams[:1])
    many, few = (simulate_night(p, seed=1, n_nights=100) for p in (problem, fewer))
    calls = [r.modes[m].calls_by_night for r in (many, few) for m in MODES]
    for other in calls[1:]:
        assert_array_equal(calls[0], other)


def test_calls_come_at_the_rates_of_wijk_hour_and_provider() -> None:
    problem = small_region()
    drawn = list(draw_calls(problem, MARKOV, seed=2, n_nights=4000))
    time = np.concatenate([calls.time_min for calls in drawn])
    wijk = np.concatenate([calls.wijk for calls in drawn])
    provider = np.concatenate([calls.provider for calls in drawn])
    service = np.concatenate([calls.service_min for calls in drawn])
    night = time >= 0
    assert_allclose(np.bincount(wijk[night]) / 4000, [6, 4, 3], rtol=0.03)
    hours = np.bincount((time[night] // 60).astype(int)) / 4000
    assert_allclose(hours, 13 * np.array(MARKOV.hour_weights) / 12, rtol=0.06)
    # The warm-up of 1.5 hours comes at the rate of the first hour.
    assert (~night).sum() / 4000 == pytest.approx(1.5 * 13 / 12, rel=0.03)
    assert (provider[wijk == 0] == 0).mean() == pytest.approx(0.7, abs=0.02)
    assert service.mean() == pytest.approx(35.0, rel=0.02)
    lognormal = replace(MARKOV, service_shape="lognormal")
    (calls,) = draw_calls(problem, lognormal, seed=2, n_nights=1000)
    assert calls.service_min.mean() == pytest.approx(35.0, rel=0.02)
    assert calls.service_min.std() == pytest.approx(21.0, rel=0.06)


@pytest.mark.parametrize(
    ("when_busy", "mode", "n_teams"),
    [
        ("lost", "pooled", 1),
        ("lost", "pooled", 2),
        ("lost", "pooled", 3),
        ("lost", "separate", 3),
        ("queue", "pooled", 1),
        ("queue", "pooled", 2),
        ("queue", "pooled", 3),
    ],
)
def test_the_simulation_agrees_with_the_exact_chain(
    when_busy: Any, mode: Any, n_teams: int
) -> None:
    problem = small_region(n_teams)
    params = replace(MARKOV, when_busy=when_busy)
    exact = solve_exactly(problem, params=params, mode=mode)
    result = simulate_night(
        problem, params=params, seed=11, n_nights=20_000, modes=[mode]
    )
    found = result.modes[mode]
    # Twice the 95 % interval: nearly four standard deviations, for 21 comparisons.
    low = 2 * found.chance_low - found.chance
    high = 2 * found.chance_high - found.chance
    assert ((low <= exact.chance) & (exact.chance <= high)).all(), (exact, found)
    assert (found.chance_high - found.chance_low < 0.012).all()
    assert_allclose(found.utilisation, exact.utilisation, rtol=0.02)
    if when_busy == "queue":
        assert found.wait_mean_min == pytest.approx(exact.wait_mean_min, rel=0.05)
        assert found.waited_share == pytest.approx(exact.all_busy, rel=0.03)
    elif mode == "pooled":
        lost = found.unserved.sum() / found.calls.sum()
        assert lost == pytest.approx(exact.all_busy, rel=0.03)


def test_the_chain_alone_keeps_to_two_servers_worked_by_hand() -> None:
    # Larson's two servers without a queue, both wijken alike, long after the start:
    # by symmetry p(0) = 1 / (1 + a + a²/2), both busy a²/2 x p(0), a = calls x visit.
    wijken = (Wijk("a", 4.30, 52.05, 12.0), Wijk("b", 4.45, 52.05, 12.0))
    teams = (
        NightTeam("t1", "x", 4.30, 52.05),
        NightTeam("t2", "y", 4.45, 52.05),
    )
    params = NightParams(
        service_shape="exponential",
        service_covers="round-trip",
        when_busy="lost",
        service_mean_min=30.0,
        warm_up_min=3000.0,
        within_min=10.0,
    )
    exact = solve_exactly(NightProblem(wijken, teams, STEADY), params=params)
    a = 24 / 480 * 30
    empty = 1 / (1 + a + a * a / 2)
    assert exact.all_busy == pytest.approx(a * a / 2 * empty)
    # Only one's own nurse is in time: free when nobody or only the other is busy.
    assert_allclose(exact.chance, empty + a * empty / 2)
    assert_allclose(exact.utilisation, a * empty / 2 + a * a / 2 * empty)


@pytest.mark.parametrize(
    ("n_servers", "offered", "chance"),
    [(1, 0.6, 0.6), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9), (5, 0.0, 0.0)],
)
def test_erlang_c_gives_the_known_values(
    n_servers: int, offered: float, chance: float
) -> None:
    assert erlang_c(n_servers, offered) == pytest.approx(chance)


@pytest.mark.parametrize("n_nurses", [1, 2, 4])
def test_waiting_in_a_long_night_is_that_of_erlang(n_nurses: int) -> None:
    offered, hours, visit = 0.6 * n_nurses, 200, 30.0
    problem = NightProblem(
        (Wijk("a", 4.3, 52.05, offered / visit * 60 * hours),),
        (NightTeam("t", "x", 4.3, 52.05, n_nurses),),
        STEADY,
    )
    params = NightParams(
        hour_weights=(1.0,) * hours,
        warm_up_min=1500.0,
        service_mean_min=visit,
        service_shape="exponential",
        service_covers="round-trip",
        when_busy="queue",
    )
    result = simulate_night(
        problem, params=params, seed=4, n_nights=300, modes=["pooled"]
    )
    found = result.modes["pooled"]
    chance = erlang_c(n_nurses, offered)
    assert found.waited_share == pytest.approx(chance, rel=0.03)
    wait = chance * visit / (n_nurses - offered)
    assert found.wait_mean_min == pytest.approx(wait, rel=0.05)
    assert_allclose(found.utilisation, 0.6, rtol=0.02)
    # Long after the start the chain is in its stationary state, too.
    exact = solve_exactly(problem, params=params)
    assert exact.all_busy == pytest.approx(chance, abs=1e-4)
    assert exact.wait_mean_min == pytest.approx(wait, rel=1e-3)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_one_nurse_more_does_not_lower_the_chance_beyond_noise(seed: int) -> None:
    problem = draw_night(seed, calls=25.0)
    first = replace(problem.teams[0], n_nurses=problem.teams[0].n_nurses + 1)
    more = replace(problem, teams=(first, *problem.teams[1:]))
    few, many = (
        simulate_night(p, seed=seed, n_nights=1000, modes=["pooled"]).modes["pooled"]
        for p in (problem, more)
    )
    # Sending who is there first is not the best plan, so it may cost a little.
    assert many.region[0] >= few.region[0] - 0.005 - 3 * spread(many)


def test_chances_rise_with_the_number_of_nurses() -> None:
    base = draw_night(12, calls=30.0)
    chances = []
    for n in (1, 2, 3, 5):
        teams = tuple(replace(team, n_nurses=n) for team in base.teams)
        problem = replace(base, teams=teams)
        result = simulate_night(problem, seed=1, n_nights=2000)
        chances.append([result.modes[mode].region[0] for mode in MODES])
    assert (np.diff(chances, axis=0) > 0).all()


def test_with_a_nurse_free_in_each_wijk_only_distance_counts() -> None:
    problem = replace(small_region(3))
    teams = tuple(replace(team, n_nurses=60) for team in problem.teams)
    params = NightParams(within_min=8.0)
    result = simulate_night(
        replace(problem, teams=teams), params=params, seed=1, n_nights=200
    )
    assert_array_equal(result.modes["pooled"].chance, [1.0, 1.0, 1.0])
    assert result.modes["pooled"].waited_share == 0.0
    # Overhead alone is 8 minutes: who must drive is late.
    assert (result.modes["separate"].chance < 1.0).all()
    assert result.gain is not None
    assert result.gain[1] > 0


def test_separate_only_sends_the_provider_of_the_call_where_it_goes() -> None:
    wijken = (
        Wijk("a", 4.3, 52.05, 5.0, {"x": 1.0}),
        Wijk("b", 4.3, 52.05, 5.0, {"x": 1.0}),
        Wijk("c", 4.3, 52.05, 5.0, {"nobody": 1.0}),
        Wijk("d", 4.3, 52.05, 5.0),
    )
    teams = (NightTeam("t", "x", 4.3, 52.05, 50, frozenset({"a"})),)
    result = simulate_night(NightProblem(wijken, teams), seed=1, n_nights=100)
    assert_array_equal(result.modes["pooled"].chance, [1.0, 1.0, 1.0, 1.0])
    separate = result.modes["separate"]
    assert_array_equal(separate.chance, [1.0, 0.0, 0.0, 0.0])
    assert_array_equal(separate.unserved[1:], separate.calls[1:])


def test_the_arrival_of_a_lone_call_adds_up() -> None:
    table = MatrixTable(
        ("t", "a"),
        ("t", "a"),
        [[0.0, 12.0], [12.0, 4.0]],  # type: ignore[arg-type]
    )
    problem = NightProblem(
        (Wijk("a", None, None, 0.001),), (NightTeam("t", "x", None, None),), table
    )
    result = simulate_night(problem, seed=1, n_nights=200_000, modes=["pooled"])
    mode = result.modes["pooled"]
    assert mode.arrival_quantiles_min[0] == pytest.approx(5 + 12 + 3)
    assert mode.histogram[4] == mode.calls.sum()


def test_nights_without_calls_or_nurses_have_a_result() -> None:
    quiet = NightProblem(
        (Wijk("a", 4.3, 52.0, 0.0),), (NightTeam("t", "x", 4.3, 52.0),)
    )
    result = simulate_night(quiet, n_nights=10)
    assert math.isnan(result.modes["pooled"].region[0])
    assert math.isnan(result.modes["pooled"].chance[0])
    assert verify_night(quiet, result) == ()
    alone = NightProblem((Wijk("a", 4.3, 52.0, 9.0),), ())
    result = simulate_night(alone, n_nights=10)
    assert result.modes["pooled"].region[0] == 0.0
    assert result.modes["pooled"].arrival_quantiles_min[0] == math.inf
    assert verify_night(alone, result) == ()


def test_what_is_left_of_a_visit_is_its_mean_residual() -> None:
    params = NightParams()
    rng = np.random.default_rng(1)
    visits = rng.lognormal(params.log_mean, params.log_sd, 2_000_000)
    for elapsed in (0.0, 10.0, 40.0, 90.0):
        left = (visits[visits > elapsed] - elapsed).mean()
        found = residual_min(elapsed, 35.0, params.log_mean, params.log_sd)
        assert found == pytest.approx(left, rel=0.02)
    # Far in the tail the formula and its limit meet.
    at = math.exp(params.log_mean + 8.0 * params.log_sd)
    near, far = (
        residual_min(at * f, 35.0, params.log_mean, params.log_sd)
        for f in (0.999, 1.001)
    )
    assert far == pytest.approx(near, rel=0.2)
    assert residual_min(50.0, 35.0, 0.0, 0.0) == 35.0


def test_intervals_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(2000):
        # Nights that are good or bad as a whole, 0.7 on average.
        chance = rng.choice([0.5, 0.9], 200)
        calls = rng.poisson(6.0, 200)
        hits = rng.binomial(calls, chance)
        found = hits.sum() / calls.sum()
        squares = float(((hits - found * calls) ** 2).sum())
        _, low, high = chance_interval(hits.sum(), calls.sum(), squares, 200)
        covered += low <= 0.7 <= high
    assert 0.93 <= covered / 2000 <= 0.97


def test_a_chance_of_0_or_1_still_has_an_interval() -> None:
    assert chance_interval(50, 50, 0.0, 10)[1:] == pytest.approx(
        (0.9287, 1.0), abs=1e-3
    )
    assert chance_interval(0, 50, 0.0, 10)[1:] == pytest.approx((0.0, 0.0713), abs=1e-3)
    gain, low, high = paired_interval(np.array([1, 0, 2]), np.array([4, 4, 4]))
    assert low < gain == 0.25 < high


def test_the_chain_refuses_what_it_cannot_do_exactly() -> None:
    problem = small_region()
    lost = replace(MARKOV, when_busy="lost")
    for params, mode in (
        (replace(lost, service_shape="lognormal"), "pooled"),
        (replace(lost, service_covers="visit"), "pooled"),
        (MARKOV, "pooled"),
        (replace(lost, when_busy="queue"), "separate"),
    ):
        with pytest.raises(InvalidProblem, match="simulate it instead"):
            solve_exactly(problem, params=params, mode=mode)  # type: ignore[arg-type]
    faster = NightProblem(problem.wijken, problem.teams)
    with pytest.raises(InvalidProblem, match="change over the night"):
        solve_exactly(faster, params=lost)
    with pytest.raises(InvalidProblem, match="nobody would catch up"):
        erlang_c(2, 2.0)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Wijk("a", 4.0, 52.0, -1.0), "wijk 'a'.calls_per_night"),
        (lambda: Wijk("a", 4.0, 52.0, 1.0, {"x": 0.4}), "wijk 'a'.shares"),
        (lambda: NightTeam("t", "", 4.0, 52.0), "team 't'.provider"),
        (lambda: NightTeam("t", "x", 4.0, None), "team 't'.lon"),
        (lambda: NightTeam("t", "x", 4.0, 52.0, 1.5), "team 't'.n_nurses"),  # type: ignore[arg-type]
        (
            lambda: NightProblem(
                (Wijk("a", 4.0, 52.0, 1.0),), (NightTeam("a", "x", 4.0, 52.0),)
            ),
            "team 'a'.key",
        ),
        (
            lambda: NightProblem(
                (), (NightTeam("t", "x", 4.0, 52.0, 1, frozenset({"z"})),)
            ),
            "team 't'.covers",
        ),
        (lambda: NightParams(hour_weights=()), "params.hour_weights"),
        (lambda: NightParams(when_busy="wait"), "params.when_busy"),  # type: ignore[arg-type]
        (lambda: NightParams(service_mean_min=0.0), "params.service_mean_min"),
        (lambda: simulate_night(NightProblem((), ()), n_nights=1), "wijken"),
        (lambda: simulate_night(small_region(), n_nights=0), "n_nights"),
        (lambda: simulate_night(small_region(), modes=()), "modes"),
        (
            lambda: simulate_night(
                NightProblem(
                    (Wijk("a", None, None, 1.0),), (NightTeam("t", "x", 4.0, 52.0),)
                ),
                n_nights=1,
            ),
            "travel",
        ),
    ],
)
def test_what_cannot_be_computed_with_is_refused(make: Any, field: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        make()
    assert caught.value.field == field


def test_overhead_is_data() -> None:
    problem = small_region()
    slow = NightParams(overhead=Overhead(preparation_min=30.0))
    result = simulate_night(problem, params=slow, n_nights=50)
    assert result.modes["pooled"].region[0] == 0.0
