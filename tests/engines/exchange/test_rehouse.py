import json
from datetime import date as Date

import numpy as np
import pytest
from typer.testing import CliRunner

from wijkspil.config.cli_exchange import exchange_app
from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.exchange.problem import NONE, InvalidProblem, Params
from wijkspil_engines.exchange.rehouse import (
    LEVELS,
    MovingHousehold,
    RehouseParams,
    TakingPractice,
    rehouse,
    working_days,
)
from wijkspil_engines.exchange.rehouse_files import (
    plan_file,
    read_households,
    read_postcodes,
    read_practices,
    report_of,
)
from wijkspil_engines.exchange.verify import verify

MONDAY = Date(2026, 3, 2)
AT_A, AT_B, FAR = (5.10, 52.10), (5.14, 52.10), (6.50, 52.10)


def taking(name, place, places, per_day=10, **more) -> TakingPractice:
    return TakingPractice(name, place[0], place[1], places, per_day, **more)


def moving(name, place=AT_A, size=1, **more) -> MovingHousehold:
    return MovingHousehold(name, place[0], place[1], size, **more)


def test_the_ill_and_house_bound_go_first_when_places_are_short():
    households = [moving(f"h{i}") for i in range(4)]
    households += [moving("ill", is_ill=True), moving("bound", is_house_bound=True)]
    found = rehouse([taking("a", AT_A, 2)], households, RehouseParams(MONDAY))
    assert found.practice.tolist() == [NONE] * 4 + [0, 0]
    assert found.result.bound_people >= 2


def test_each_goes_to_the_nearest_with_room():
    practices = [taking("a", AT_A, 1), taking("b", AT_B, 5)]
    households = [moving("1", AT_A), moving("2", AT_A), moving("3", AT_B)]
    found = rehouse(practices, households, RehouseParams(MONDAY))
    assert sorted(found.practice.tolist()[:2]) == [0, 1]
    assert found.practice[2] == 1
    assert found.km[2] == pytest.approx(0.0)
    assert np.nanmax(found.km) == pytest.approx(2.73, abs=0.02)


def test_nobody_goes_further_than_the_limit():
    found = rehouse([taking("far", FAR, 9)], [moving("h")], RehouseParams(MONDAY))
    assert found.practice.tolist() == [NONE]
    assert found.day == (None,)
    wide = RehouseParams(MONDAY, most_km=120.0)
    assert rehouse([taking("far", FAR, 9)], [moving("h")], wide).practice[0] == 0


def test_the_house_bound_stay_within_a_home_visit():
    # a, 2.7 km away, has no room any more for the one who cannot go to c, 5.5 km.
    practices = [taking("a", AT_A, 1), taking("c", (5.06, 52.10), 9)]
    households = [moving("1", AT_B), moving("bound", AT_B, is_house_bound=True)]
    found = rehouse(practices, households, RehouseParams(MONDAY))
    assert found.practice.tolist() == [1, 0]


def test_temporary_practices_come_after_the_others():
    practices = [taking("t", AT_A, 9, is_temporary=True), taking("b", AT_B, 1)]
    found = rehouse(practices, [moving("1"), moving("2")], RehouseParams(MONDAY))
    assert sorted(found.practice.tolist()) == [0, 1]


def test_temporary_practices_are_in_sight_where_all_near_ones_are_full():
    practices = [taking(f"a{b}", AT_A, 0) for b in range(20)]
    practices.append(taking("t", AT_B, 9, is_temporary=True))
    practices.append(taking("b", AT_B, 1))
    households = [moving("1"), moving("2")]
    found = rehouse(practices, households, RehouseParams(MONDAY, most_options=1))
    assert sorted(found.practice.tolist()) == [20, 21]


def test_a_household_stays_together():
    practices = [taking("a", AT_A, 3), taking("b", AT_B, 4)]
    households = [moving("four", size=4), moving("one"), moving("two", size=2)]
    found = rehouse(practices, households, RehouseParams(MONDAY))
    assert found.practice.tolist() == [1, 0, 0]
    assert found.result.status == "optimal"


def test_a_practice_takes_no_more_than_its_turns_a_day():
    households = [moving(f"h{i}") for i in range(7)]
    households.append(moving("ill", is_ill=True))
    found = rehouse([taking("a", AT_A, 20, 3)], households, RehouseParams(MONDAY))
    assert [(each.day.day, each.people) for each in found.progress] == [
        (2, 3),
        (3, 3),
        (4, 2),
    ]
    assert found.day[7] == MONDAY
    assert found.progress[-1].people_done == 8
    assert found.progress[0].first_people_done == 1


def test_a_household_larger_than_a_day_has_a_day_of_its_own():
    households = [moving("one"), moving("five", size=5), moving("two")]
    found = rehouse([taking("a", AT_A, 20, 3)], households, RehouseParams(MONDAY))
    by_day: dict[Date | None, list[str]] = {}
    for household, day in zip(households, found.day, strict=True):
        by_day.setdefault(day, []).append(household.household_id)
    assert sorted(by_day.values()) == [["five"], ["one", "two"]]


def test_a_region_has_turns_too():
    practices = [taking("a", AT_A, 20, 5), taking("b", AT_B, 20, 5)]
    households = [moving(f"h{i}", AT_A if i % 2 else AT_B) for i in range(12)]
    found = rehouse(practices, households, RehouseParams(MONDAY, most_per_day=4))
    assert [each.people for each in found.progress] == [4, 4, 4]


def test_no_day_is_a_weekend_a_holiday_or_the_first_of_a_quarter():
    params = RehouseParams(Date(2026, 3, 30), holidays=frozenset({Date(2026, 4, 3)}))
    days = working_days(params, until=Date(2026, 4, 7))
    assert [(day.month, day.day) for day in days] == [
        (3, 30),
        (3, 31),
        (4, 2),
        (4, 6),
        (4, 7),
    ]


def test_who_cannot_be_taken_before_the_last_day_is_not_placed():
    households = [moving(f"h{i}") for i in range(9)]
    params = RehouseParams(MONDAY, last_day=Date(2026, 3, 3))
    found = rehouse([taking("a", AT_A, 20, 3)], households, params)
    assert (found.practice != NONE).sum() == 6
    assert found.late_people == 0
    assert max(day for day in found.day if day) == Date(2026, 3, 3)


def draw(seed: int, households: int = 400):
    rng = np.random.default_rng(seed)
    practices = [
        TakingPractice(
            f"p{b}",
            5.0 + 0.2 * rng.random(),
            52.0 + 0.1 * rng.random(),
            int(rng.integers(20, 120)),
            int(rng.integers(5, 30)),
            is_temporary=bool(rng.random() < 0.2),
        )
        for b in range(12)
    ]
    moved = [
        MovingHousehold(
            f"h{i}",
            5.0 + 0.2 * rng.random(),
            52.0 + 0.1 * rng.random(),
            int(rng.integers(1, 5)),
            is_ill=bool(rng.random() < 0.1),
            is_house_bound=bool(rng.random() < 0.05),
        )
        for i in range(households)
    ]
    return practices, moved


@pytest.mark.parametrize("seed", range(3))
def test_a_large_plan_keeps_every_rule(seed: int):
    practices, households = draw(seed)
    params = RehouseParams(MONDAY)
    found = rehouse(practices, households, params)
    assert not verify(found.problem, found.result, params=Params(levels=LEVELS))
    size = np.array([each.size for each in households])
    for b, practice in enumerate(practices):
        here = np.flatnonzero(found.practice == b)
        assert size[here].sum() <= practice.places
        by_day: dict[Date, list[int]] = {}
        for row in here:
            day = found.day[row]
            assert day is not None
            by_day.setdefault(day, []).append(int(size[row]))
        for day, sizes in by_day.items():
            assert sum(sizes) <= practice.most_per_day or len(sizes) == 1
            assert day.weekday() < 5
            assert (day.day, day.month) != (1, 4)
    assert all(
        (day is None) == (to == NONE)
        for day, to in zip(found.day, found.practice, strict=True)
    )
    assert np.nanmax(found.km) <= params.most_km
    assert found.progress[-1].people_done == size[found.practice != NONE].sum()
    again = rehouse(practices, households, params)
    assert plan_file(practices, households, again) == plan_file(
        practices, households, found
    )
    report = report_of(practices, households, found)
    assert report["placed_people"] <= report["bound_people"]
    assert json.loads(json.dumps(report)) == report


def test_wrong_values_are_named():
    lost = moving("h", (5.0, float("nan")))
    with pytest.raises(InvalidProblem, match="last_day: 2026-03-01 is before"):
        RehouseParams(MONDAY, last_day=Date(2026, 3, 1))
    with pytest.raises(InvalidProblem, match="most_km: nan"):
        RehouseParams(MONDAY, most_km=float("nan"))
    with pytest.raises(InvalidProblem, match=r"practices: is empty"):
        rehouse([], [moving("h")], RehouseParams(MONDAY))
    with pytest.raises(InvalidProblem, match=r"practices\[0\]\.most_per_day: 0"):
        rehouse([taking("a", AT_A, 1, 0)], [moving("h")], RehouseParams(MONDAY))
    with pytest.raises(InvalidProblem, match=r"households\[0\]\.lat: nan"):
        rehouse([taking("a", AT_A, 1)], [lost], RehouseParams(MONDAY))


PRACTICES = "practice_id,lon,lat,pc4,places,most_per_day,temporary\n"
HOUSEHOLDS = "household_id,size,lon,lat,pc4,load,ill,house_bound\n"


def test_files_are_read(tmp_path):
    file = tmp_path / "p.csv"
    file.write_text(PRACTICES + "a,5.1,52.1,,10,3,\nb,,,3511,10,3,yes\n")
    places = tmp_path / "pc4.csv"
    places.write_text("pc4,name,lon,lat\n3511,Utrecht,5.12,52.09\n")
    first, second = read_practices(file, read_postcodes(places))
    assert (first.is_temporary, second.is_temporary) == (False, True)
    assert (second.lon, second.lat) == (5.12, 52.09)
    rows = tmp_path / "h.csv"
    rows.write_text(HOUSEHOLDS + "1,2,5.1,52.1,,2.5,yes,\n2,1,5.1,52.1,,,,yes\n")
    one, two = read_households(rows)
    assert (one.load, one.is_ill, one.is_house_bound) == (2500, True, False)
    assert (two.load, two.goes_first) == (None, True)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,5.1,52.1,,ten,3,", "2:places: 'ten' is not a whole number"),
        ("a,5.1,52.1,,-1,3,", "2:places: '-1' is not a whole number from 0"),
        ("a,5.1,52.1,,9,0,", "2:most_per_day: '0' is not a whole number from 1"),
        ("a,5.1,,,9,3,", "2:lat: '' is not degrees"),
        ("a,5.1,99,,9,3,", "2:lat: '99' is not degrees"),
        ("a,,,,9,3,", "2:lon: '' is not a place"),
        ("a,,,3511,9,3,", "2:pc4: '3511' is not known without"),
        ("a,5.1,52.1,,9,3,maybe", "2:temporary: 'maybe' is not yes or no"),
        (",5.1,52.1,,9,3,", "2:practice_id: '' is not a name"),
        ("a,5.1,52.1,,9,3,\na,5.1,52.1,,9,3,", "the key 'a' occurs twice"),
        ("a,5.1", "2:7: has another number of cells"),
        ("", "no practice follows"),
    ],
)
def test_a_wrong_row_of_practices_is_named(tmp_path, row: str, says: str):
    file = tmp_path / "p.csv"
    file.write_text(PRACTICES + (row + "\n" if row else ""))
    with pytest.raises(InvalidFile, match=says):
        read_practices(file)


def test_a_wrong_row_of_households_is_named(tmp_path):
    file = tmp_path / "h.csv"
    file.write_text(HOUSEHOLDS + "1,0,5.1,52.1,,,,\n")
    with pytest.raises(InvalidFile, match=r"h\.csv:2:size: '0' is not a whole number"):
        read_households(file)
    file.write_text(HOUSEHOLDS + "1,1,5.1,52.1,,-2,,\n")
    with pytest.raises(InvalidFile, match=r"h\.csv:2:load: '-2' is not a number"):
        read_households(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidFile, match="is not UTF-8"):
        read_households(file)


def test_the_command_writes_plan_and_report(tmp_path):
    practices, households = tmp_path / "p.csv", tmp_path / "h.csv"
    practices.write_text(PRACTICES + "a,5.1,52.1,,2,1,\n")
    households.write_text(
        HOUSEHOLDS + "1,1,5.1,52.1,,,,\n2,1,5.1,52.1,,,yes,\n3,1,5.1,52.1,,,,yes\n"
    )
    plan, report = tmp_path / "plan.csv", tmp_path / "report.json"
    arguments = ["rehouse", practices, households, "--out", plan, "--report", report]
    arguments += ["--from", "2026-03-31"]
    result = CliRunner().invoke(exchange_app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    assert plan.read_text().splitlines() == [
        "household_id,practice_id,day,km,choice_rank",
        "1,,,,",
        "2,a,2026-03-31,0.00,1",
        "3,a,2026-04-02,0.00,1",
    ]
    figures = json.loads(report.read_text())
    assert (figures["placed_people"], figures["bound_people"]) == (2, 2)
    assert figures["last_day"] == "2026-04-02"


def test_the_command_names_a_wrong_row_and_writes_nothing(tmp_path):
    practices, households = tmp_path / "p.csv", tmp_path / "h.csv"
    practices.write_text(PRACTICES + "a,5.1,52.1,,2,1,\n")
    households.write_text(HOUSEHOLDS + "1,1,5.1,x,,,,\n")
    arguments = ["rehouse", practices, households, "--from", "2026-03-31"]
    arguments += ["--out", tmp_path / "plan.csv", "--report", tmp_path / "r.json"]
    result = CliRunner().invoke(exchange_app, list(map(str, arguments)))
    assert result.exit_code == 2
    assert "h.csv:2:lat: 'x' is not a number" in result.output.replace("\n", "")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["h.csv", "p.csv"]
