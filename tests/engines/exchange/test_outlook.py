import time

import numpy as np
import pytest

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.exchange.outlook import (
    Asked,
    Outlook,
    make_outlook,
    read_outlook,
    waiting_band,
    what_would_help,
    write_outlook,
)
from wijkspil_engines.exchange.problem import NONE, ExchangeProblem, InvalidProblem
from wijkspil_engines.exchange.simulate import play, solve_round
from wijkspil_engines.exchange.years_config import YearsConfig, from_mapping
from wijkspil_engines.exchange.years_study import run_study

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def config() -> YearsConfig:
    """A region with little room, so that most have to wait."""
    return from_mapping(
        {
            "region": {"practices": 30, "towns": 4, "people_per_practice": 1000},
            "wishes": {
                "open_at_start": 600,
                "size_chances": [1.0],
                "without_practice_rate": 20.0,
                "leave_unpopular": 2.0,
            },
            "practices": {"open_rate": 0.0},
            "rounds": {"years": 1.0, "warm_up_days": 60},
            "study": {
                "mechanisms": ["optimum"],
                "reference": "optimum",
                "seeds": len(SEEDS),
            },
        }
    )


@pytest.fixture(scope="module")
def outlook(config: YearsConfig) -> Outlook:
    return make_outlook(run_study(config, keeps_prices=True))


def add_wish(problem: ExchangeProblem, asked: Asked, options, days: int):
    return ExchangeProblem(
        practice_ids=problem.practice_ids,
        free_places=problem.free_places,
        max_inflow=problem.max_inflow,
        free_load=problem.free_load,
        wish_ids=(*problem.wish_ids, "added"),
        size=np.append(problem.size, 1),
        origin=np.append(problem.origin, asked.origin),
        priority_class=np.append(problem.priority_class, asked.priority_class),
        waiting_days=np.append(problem.waiting_days, days),
        load=np.append(problem.load, 1000),
        first_option=np.append(
            problem.first_option, problem.option.size + len(options)
        ),
        option=np.append(problem.option, options).astype(np.int32),
    )


def test_the_chance_told_is_that_of_really_adding_the_wish(
    config: YearsConfig, outlook: Outlook
):
    rounds: dict[int, list[ExchangeProblem]] = {seed: [] for seed in SEEDS}
    for seed in SEEDS:

        def keep(_number, problem, _rows, _result, seed=seed):
            rounds[seed].append(problem)

        play(config, "optimum", seed, watch=keep)
    rng = np.random.default_rng(0)
    told: list[float] = []
    found: list[float] = []
    while len(told) < 40:
        like = rounds[SEEDS[rng.integers(len(SEEDS))]][rng.integers(outlook.n_rounds)]
        wish = int(rng.integers(like.n_wishes))
        begin, end = like.first_option[wish], like.first_option[wish + 1]
        asked = Asked(
            int(like.origin[wish]),
            int(like.priority_class[wish]),
            tuple(int(b) for b in like.option[begin:end]),
            int(rng.integers(0, 300)),
        )
        if not asked.options:
            continue
        served = 0
        for run, seed in enumerate(SEEDS):
            for number, problem in enumerate(rounds[seed]):
                takes = outlook.left[run, number] >= 0
                options = [b for b in asked.options if takes[b]]
                days = asked.waiting_days + (number + 1) * outlook.days_between
                added = add_wish(problem, asked, options, days)
                if solve_round(config, "optimum", added, seed=0).choice[-1] >= 0:
                    served += 1
                    break
        told.append(waiting_band(outlook, asked).chance)
        found.append(served / len(SEEDS))
    assert 0.2 < np.mean(found) < 0.95
    assert np.mean(told) == pytest.approx(np.mean(found), abs=0.06)
    assert np.mean(np.abs(np.array(told) - found) < 0.01) > 0.8


def make_prices(moved, left=None) -> Outlook:
    """One level, so that a person goes where the price is below 1."""
    prices = np.asarray(moved, float)[:, :, None, :]
    places = np.ones(prices[:, :, 0].shape, np.int64) if left is None else left
    return Outlook(prices, prices, np.asarray(places), ("moved",), 7)


def test_the_band_is_the_first_round_in_which_moving_pays():
    # Ten runs; in run s the place is affordable from round s on.
    runs = [[[0.0 if t >= s else 2.0] for t in range(8)] for s in range(10)]
    band = waiting_band(make_prices(runs), Asked(NONE, 2, (0,)))
    assert (band.p10_weeks, band.p50_weeks, band.p90_weeks) == (1.0, 5.0, None)
    assert band.chance == 0.8
    assert band.longest_weeks == 8.0


def test_who_frees_a_wanted_place_is_served_where_another_is_not():
    prices = make_prices([[[1.0, 1.0]]])
    assert waiting_band(prices, Asked(NONE, 2, (0,))).chance == 0.0
    assert waiting_band(prices, Asked(1, 2, (0,))).chance == 1.0


def test_a_price_of_coming_in_is_paid_and_not_got_back():
    zero, high = np.zeros((1, 1, 1, 2)), np.full((1, 1, 1, 2), 2.0)
    left = np.ones((1, 1, 2), np.int64)
    capped = Outlook(zero, high, left, ("moved",), 7)
    assert waiting_band(capped, Asked(1, 2, (0,))).chance == 0.0


def test_a_price_of_nothing_needs_a_place_left():
    full = make_prices([[[0.0]]], left=[[[0]]])
    assert waiting_band(full, Asked(NONE, 2, (0,))).chance == 0.0
    stopped = make_prices([[[-1.0]]], left=[[[-1]]])
    assert waiting_band(stopped, Asked(NONE, 2, (0,))).chance == 0.0


def test_a_first_level_goes_before_all_later_ones():
    prices = np.array([1.0, -100.0]).reshape(1, 1, 2, 1)
    left = np.zeros((1, 1, 1), np.int64)
    both = Outlook(prices, prices, left, ("class0", "waiting"), 7)
    assert waiting_band(both, Asked(NONE, 2, (0,), 900)).chance == 0.0
    assert waiting_band(both, Asked(NONE, 0, (0,), 0)).chance == 1.0


def test_the_best_extra_choices_come_first():
    # Practice 0 is never open; 1 in half of the runs, 2 in the other half, 3 in one.
    runs = [
        [[9.0, 0.0 if s % 2 else 9.0, 9.0 if s % 2 else 0.0, 0.0 if s == 0 else 9.0]]
        for s in range(10)
    ]
    found = what_would_help(make_prices(runs), Asked(NONE, 2, (0,)), [0, 1, 2, 3, 3])
    assert found.chance_now == 0.0
    assert [(each.practices, each.chance) for each in found.one] == [
        ((1,), 0.5),
        ((2,), 0.5),
        ((3,), 0.1),
    ]
    assert (found.two[0].practices, found.two[0].chance) == ((1, 2), 1.0)


def test_naming_more_never_lowers_the_chance(outlook: Outlook):
    rng = np.random.default_rng(4)
    for _ in range(20):
        drawn = [int(b) for b in rng.permutation(30)]
        asked = Asked(drawn[0], 2, tuple(drawn[1:3]), 50)
        found = what_would_help(outlook, asked, drawn[3:13])
        assert all(each.chance > found.chance_now for each in found.one)
        if found.one and found.two:
            assert found.two[0].chance >= found.one[0].chance


def test_a_question_takes_milliseconds():
    rng = np.random.default_rng(1)
    prices = rng.integers(0, 3, (20, 36, 5, 220)).astype(float)
    big = Outlook(
        prices,
        prices,
        rng.integers(-1, 3, (20, 36, 220)),
        ("class0", "class1", "moved", "waiting", "rank"),
        30,
    )
    asked = Asked(3, 2, (1, 2, 4), 100)
    started = time.process_time()
    for _ in range(20):
        waiting_band(big, asked)
    assert (time.process_time() - started) / 20 < 0.02
    started = time.process_time()
    what_would_help(big, asked, range(5, 25))
    assert time.process_time() - started < 0.1


def test_it_can_be_kept_in_a_file(outlook: Outlook, tmp_path):
    file = tmp_path / "outlook.npz"
    write_outlook(file, outlook)
    again = read_outlook(file)
    assert again.levels == outlook.levels
    assert (again.prices == outlook.prices).all()
    assert (again.costs == outlook.costs).all()
    assert (again.left == outlook.left).all()
    file.write_bytes(b"no outlook")
    with pytest.raises(InvalidFile, match="is no outlook"):
        read_outlook(file)
    with pytest.raises(InvalidFile, match="cannot be read"):
        read_outlook(tmp_path / "absent.npz")


def test_a_practice_that_is_not_in_it_is_refused(outlook: Outlook):
    with pytest.raises(InvalidProblem, match="must be practices from 0 to 29"):
        waiting_band(outlook, Asked(NONE, 0, (30,)))
