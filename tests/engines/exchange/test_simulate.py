import json
import math
from typing import Any

import distributed
import numpy as np
import pytest
from typer.testing import CliRunner

from tests.engines.exchange.rounds import balance_breaks
from wijkspil.config.cli_exchange import exchange_app
from wijkspil_engines.exchange.outlook import read_outlook
from wijkspil_engines.exchange.simulate import GROUPS, group_codes, play, waiting_curve
from wijkspil_engines.exchange.years_config import (
    InvalidConfig,
    YearsConfig,
    from_mapping,
    read_config,
)
from wijkspil_engines.exchange.years_course import NEVER, draw_course
from wijkspil_engines.exchange.years_study import (
    estimate,
    run_study,
    student_975,
    to_json,
)

SMALL = {
    "region": {"practices": 12, "people_per_practice": 500, "towns": 3},
    "wishes": {"open_at_start": 80},
    "practices": {"stop_rate": 0.1, "notice_days": 90, "open_rate": 0.2},
    "rounds": {"years": 1.5, "days_between": 30, "warm_up_days": 60},
    "study": {"mechanisms": ["waitlist", "ttc"], "seeds": 3},
}


@pytest.fixture(scope="module")
def small() -> YearsConfig:
    return from_mapping(SMALL)


def test_the_same_seeds_give_the_same_bytes_for_one_and_two_workers(small):
    alone = to_json(run_study(small, workers=1))
    assert to_json(run_study(small, workers=2)) == alone


def test_a_scheduler_elsewhere_gives_the_same_bytes(small):
    dask: Any = distributed  # Its functions have no types.
    with dask.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
    ) as cluster:
        spread = run_study(small, scheduler=cluster.scheduler_address)
    assert to_json(spread) == to_json(run_study(small))


def test_a_run_does_not_depend_on_the_others(small):
    both = run_study(small)
    fewer = from_mapping(
        {
            **SMALL,
            "study": {
                "mechanisms": ["ttc"],
                "reference": "ttc",
                "seeds": 1,
                "first_seed": 2,
            },
        }
    )
    run = run_study(fewer).runs[0]
    same = next(r for r in both.runs if (r.mechanism, r.seed) == ("ttc", 2))
    assert run.waiting == same.waiting
    assert repr(run.figures) == repr(same.figures)


@pytest.mark.parametrize("mechanism", ["waitlist", "ttc", "waitlist-without-refill"])
def test_every_round_keeps_the_rules(small, mechanism: str):
    rounds = []

    def watch(number, problem, rows, result):
        rounds.append(number)
        assert balance_breaks(problem, result) == []
        assert (problem.waiting_days >= 0).all()
        course = draw_course(small, 4)
        now = (number + 1) * small.rounds.days_between
        stopped = np.flatnonzero(course.notice_day <= now)
        assert not np.isin(problem.option, stopped).any()
        unopened = np.flatnonzero(course.open_day > now)
        assert not np.isin(problem.option, unopened).any()
        closed = np.flatnonzero(course.close_day <= now)
        assert not np.isin(problem.origin, closed).any()

    played = play(small, mechanism, 4, watch=watch)
    assert rounds == list(range(small.n_rounds))
    served = played.served_day[played.served_day < NEVER]
    assert served.size == 0 or served.min() >= small.rounds.days_between
    assert (played.served_day >= played.course.day).all()


def test_people_of_a_practice_that_stops_get_a_wish(small):
    course = draw_course(small, 1)
    stopping = np.flatnonzero(course.notice_day < NEVER)
    assert stopping.size > 0
    played = play(small, "ttc", 1, course=course)
    made = played.made & (course.kind == 3)
    last = small.n_rounds * small.rounds.days_between
    for b in stopping[course.notice_day[stopping] < last]:
        people = course.size[made & (course.origin == b)].sum()
        assert 0 < people <= course.capacity[b] * 1.2


@pytest.mark.parametrize("mechanism", ["waitlist", "ttc", "optimum"])
def test_a_region_without_wishes_can_be_played(mechanism: str):
    rates = ("without_practice_rate", "moved_rate", "other_rate")
    config = from_mapping(
        {
            "region": {"practices": 5},
            "wishes": {"open_at_start": 0, **dict.fromkeys(rates, 0.0)},
            "practices": {"stop_rate": 0.0},
            "rounds": {"years": 0.6, "warm_up_days": 0},
            "study": {"mechanisms": [mechanism], "reference": mechanism, "seeds": 2},
        }
    )
    study = run_study(config)
    assert json.loads(to_json(study))["means"][mechanism]["all/all/mean_days"] == [
        None,
        None,
        None,
    ]
    assert study.means[mechanism]["rounds/moved_people"].mean == 0


def test_groups_cover_everybody_once(small):
    course = draw_course(small, 1)
    for name, code in group_codes(course).items():
        assert code.min() >= 0
        assert code.max() < len(GROUPS[name])


def test_without_censoring_the_curve_is_the_share_still_waiting():
    waited = np.array([0, 30, 30, 90])
    days, share = waiting_curve(waited, np.ones(4, bool), np.array([1, 1, 1, 2]))
    assert days.tolist() == [0, 30, 90]
    assert share.tolist() == pytest.approx([0.8, 0.4, 0.0])


def test_who_gives_up_counts_as_long_as_watched():
    # Of four, one is helped at 10 and one gives up at 20; of two left one at 30.
    waited, served = np.array([10, 20, 30, 40]), np.array([True, False, True, False])
    days, share = waiting_curve(waited, served, np.ones(4, np.int64))
    assert days.tolist() == [0, 10, 20, 30, 40]
    assert share.tolist() == pytest.approx([1, 0.75, 0.75, 0.375, 0.375])


def test_intervals_are_those_of_student():
    table = {1: 12.706, 2: 4.303, 3: 3.182, 5: 2.571, 9: 2.262, 30: 2.042, 120: 1.980}
    for freedom, expected in table.items():
        assert student_975(freedom) == pytest.approx(expected, abs=6e-4)
    found = estimate([1.0, 2.0, 3.0, math.nan])
    assert found.mean == 2.0
    assert found.high - found.mean == pytest.approx(4.303 / math.sqrt(3), abs=1e-3)
    assert not found.is_decided
    assert math.isnan(estimate([1.0]).low)


def test_differences_are_taken_seed_by_seed(small):
    study = run_study(small)
    name = "all/all/mean_days"
    values = {(r.mechanism, r.seed): r.figures[name] for r in study.runs}
    expected = [values["ttc", s] - values["waitlist", s] for s in (1, 2, 3)]
    assert study.differences["ttc"][name].mean == pytest.approx(np.mean(expected))
    assert list(study.differences) == ["ttc"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"region": {"practices": 1}}, "region.practices: 1 is not a whole number"),
        ({"region": {"practices": 2.5}}, "region.practices: 2.5 is not a whole"),
        ({"region": {"hills": 3}}, "region.hills: the key is not known"),
        ({"regions": {}}, "regions: the table is not known"),
        ({"region": 3}, "region: must be a table"),
        ({"wishes": {"withdraw_rate": -1}}, "wishes.withdraw_rate: -1 is not a number"),
        ({"wishes": {"withdraw_rate": True}}, "wishes.withdraw_rate: True"),
        ({"wishes": {"withdraw_rate": math.nan}}, "wishes.withdraw_rate: nan"),
        ({"wishes": {"size_chances": [0.5, 0.4]}}, "wishes.size_chances"),
        ({"wishes": {"size_chances": []}}, "wishes.size_chances"),
        ({"wishes": {"size_chances": ["a"]}}, "wishes.size_chances"),
        ({"study": {"mechanisms": ["best"]}}, "study.mechanisms: 'best' is not known"),
        ({"study": {"mechanisms": ["ttc"]}}, "study.reference: 'waitlist'"),
        ({"study": {"class_first": 1}}, "study.class_first: 1 is not true or false"),
        ({"study": {"levels": ["moved", "moved"]}}, "study.levels: 'moved'"),
        ({"rounds": {"years": 0.1, "days_between": 37}}, "rounds.days_between: 37"),
        ({"rounds": {"years": 0.3, "warm_up_days": 180}}, "rounds.warm_up_days"),
    ],
)
def test_a_wrong_value_is_named(change, says: str):
    with pytest.raises(InvalidConfig, match=says.replace(".", r"\.")):
        from_mapping(change)


def test_a_file_that_cannot_be_used_is_named(tmp_path):
    file = tmp_path / "years.toml"
    with pytest.raises(InvalidConfig, match="cannot be read"):
        read_config(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidConfig, match="is not UTF-8"):
        read_config(file)
    file.write_text("region = [")
    with pytest.raises(InvalidConfig, match="is no TOML"):
        read_config(file)
    file.write_text("[region]\npractices = 0\n")
    with pytest.raises(InvalidConfig, match=r"years\.toml: region\.practices: 0"):
        read_config(file)
    file.write_text("[region]\npractices = 7\n")
    assert read_config(file).region.practices == 7


def test_the_command_writes_the_same_bytes_each_time(tmp_path):
    config = tmp_path / "years.toml"
    config.write_text(
        "[region]\npractices = 12\npeople_per_practice = 500\n"
        "[wishes]\nopen_at_start = 80\nsize_chances = [1.0]\n"
        "[rounds]\nyears = 1.0\nwarm_up_days = 60\n[study]\nseeds = 2\n"
    )
    made = []
    for name in ("one", "two"):
        out, prices = tmp_path / f"{name}.json", tmp_path / f"{name}.npz"
        arguments = ["simulate", config, "--out", out, "--outlook", prices]
        result = CliRunner().invoke(exchange_app, list(map(str, arguments)))
        assert result.exit_code == 0, result.output
        made.append((out.read_bytes(), prices.read_bytes()))
    assert made[0] == made[1]
    figures = json.loads(made[0][0])
    assert set(figures["means"]) == {"waitlist", "ttc", "optimum"}
    assert len(figures["runs"]) == 6
    assert read_outlook(tmp_path / "one.npz").prices.shape == (2, 12, 5, 12)


@pytest.mark.parametrize(
    ("text", "more", "says"),
    [
        ("[region]\npractices = 0\n", [], "region.practices: 0 is not a whole"),
        ("[region", [], "is no TOML"),
        (
            '[study]\nmechanisms = ["waitlist"]\n',
            ["--outlook", "prices.npz"],
            "--outlook: needs optimum",
        ),
        ("", ["--outlook", "out.json"], "is used twice"),
        ("", ["--scheduler", "nowhere"], "no Dask scheduler answers"),
    ],
)
def test_the_command_says_what_is_wrong_and_writes_nothing(
    tmp_path, monkeypatch, text: str, more, says: str
):
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "years.toml"
    config.write_text(text)
    arguments = ["simulate", "years.toml", "--out", "out.json", *more]
    result = CliRunner().invoke(exchange_app, arguments)
    assert result.exit_code == 2
    assert says in result.output
    assert [each.name for each in tmp_path.iterdir()] == ["years.toml"]
