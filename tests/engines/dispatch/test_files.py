"""Files in and out: good ones, and every kind of bad file."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.dispatch import Place
from wijkspil_engines.dispatch.csvio import (
    CALLS_PER_1000,
    read_night,
    run_choose,
    run_night,
)
from wijkspil_engines.dispatch.tables import parse_table, read_table

CALLS = """key,hour,lon,lat,tasks,allowed_min
c1,03:12,4.30,52.07,catheter,30
c2,23.5,4.35,52.07,,
"""
NURSES = """key,organization,lon,lat,tasks,free_from_min,answer
n1,Zon,4.30,52.08,catheter;fall,0,
n2,Maan,4.36,52.07,fall,5,
n3,Maan,4.36,52.07,catheter,,refused
"""
WIJKEN = """key,lon,lat,calls_per_night,residents,shares,area_km2
Zuid,4.30,52.05,4,,Zon=0.6;Maan=0.4,2.5
Noord,4.32,52.12,,20000,Zon=1,
"""
TEAMS = """key,provider,lon,lat,n_nurses,covers
t1,Zon,4.30,52.05,2,
t2,Maan,4.32,52.10,1,Zuid
"""
ORIGINS = (Place("n1", 4.30, 52.08), Place("n2", 4.36, 52.07))
TARGETS = (Place("c1", 4.30, 52.07),)
OSRM = {
    "code": "Ok",
    "durations": [[120.0], [None]],
    "sources": [{"location": [4.30, 52.08]}, {"location": [4.36, 52.07]}],
    "destinations": [{"location": [4.30, 52.07]}],
}
VALHALLA = {
    "sources": [{"lon": 4.30, "lat": 52.08}, {"lon": 4.36, "lat": 52.07}],
    "targets": [{"lon": 4.30, "lat": 52.07}],
    "sources_to_targets": [
        [{"from_index": 0, "to_index": 0, "time": 120, "distance": 1.1}],
        [{"from_index": 1, "to_index": 0, "time": None, "distance": None}],
    ],
    "units": "kilometers",
}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {}
    for name, text in (
        ("calls", CALLS),
        ("nurses", NURSES),
        ("wijken", WIJKEN),
        ("teams", TEAMS),
    ):
        made[name] = tmp_path / f"{name}.csv"
        made[name].write_text(text, encoding="utf-8-sig")
    return made


def test_a_choice_is_written_with_the_reasons(
    files: dict[str, Path], tmp_path: Path
) -> None:
    out, figures = tmp_path / "out.csv", tmp_path / "out.json"
    run_choose(files["calls"], files["nurses"], csv_file=out, json_file=figures)
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [(r["call"], r["nurse"], r["place"], r["excluded_by"]) for r in rows] == [
        ("c1", "n1", "1", ""),
        ("c1", "n2", "", "task"),
        ("c1", "n3", "", "refused"),
        ("c2", "n2", "1", ""),
        ("c2", "n1", "2", ""),
        ("c2", "n3", "", "refused"),
    ]
    assert rows[0]["in_time"] == "yes"
    assert [item["call"] for item in json.loads(figures.read_text())] == ["c1", "c2"]


def test_a_table_of_a_router_is_used(files: dict[str, Path], tmp_path: Path) -> None:
    table = tmp_path / "table.json"
    durations = [[600, 60], [60, 600], [60, None]]
    table.write_text(json.dumps({"code": "Ok", "durations": durations}))
    made = run_choose(files["calls"], files["nurses"], table_file=table)
    assert [choice.candidates[0].travel_min for _, choice in made] == [10.0, 1.0]
    assert made[1][1].excluded[2] == ("refused", "unreachable")


def test_a_night_is_read_and_written(files: dict[str, Path], tmp_path: Path) -> None:
    params = tmp_path / "params.json"
    params.write_text(json.dumps({"within_min": 25, "overhead": {"access_min": 2}}))
    out, figures = tmp_path / "out.csv", tmp_path / "out.json"
    problem, result = run_night(
        files["wijken"],
        files["teams"],
        params_file=params,
        n_nights=300,
        csv_file=out,
        json_file=figures,
    )
    assert problem.wijken[1].calls_per_night == 20 * CALLS_PER_1000
    assert problem.teams[1].covers == frozenset({"Zuid"})
    assert (result.params.within_min, result.params.overhead.access_min) == (25, 2)
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["wijk"] for row in rows] == ["Zuid", "Noord"]
    assert float(rows[0]["low_pooled"]) <= float(rows[0]["chance_pooled"])
    said = json.loads(figures.read_text())
    assert said["modes"]["separate"]["calls"] == int(result.modes["pooled"].calls.sum())
    assert set(said["modes"]["pooled"]["utilisation"]) == {"t1", "t2"}


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("wijken", "4,,Zon", "many,,Zon", "wijken.csv:2:calls_per_night: 'many' is"),
        ("wijken", "4,,Zon", "-4,,Zon", "wijken.csv:2:calls_per_night: wijk 'Zuid'"),
        ("wijken", "4,,Zon", ",,Zon", "wijken.csv:2:calls_per_night: '' is not"),
        ("wijken", "=0.4", "=0.5", "wijken.csv:2:shares: wijk 'Zuid'.shares: add up"),
        ("wijken", "Zon=1", "Zon", "wijken.csv:3:shares: 'Zon' is not provider=share"),
        ("wijken", "Noord", "Zuid", "wijken.csv: the key 'Zuid' occurs twice"),
        ("wijken", "Noord", "", "wijken.csv:3:key: '' is not filled in"),
        ("wijken", "area_km2", "area", "wijken.csv:1:area: the column is not known"),
        ("wijken", "20000,Zon=1,", "20000", "wijken.csv:3:7: has another number of"),
        ("teams", "provider", "owner", "teams.csv:1:provider: the column is missing"),
        ("teams", "52.05,2", "52.05,two", "teams.csv:2:n_nurses: 'two' is not a whole"),
        ("teams", ",Zuid", ",West", "teams.csv: team 't2'.covers: 'West' is no wijk"),
        ("teams", "52.10", "152.10", "teams.csv:3:lat: team 't2'.lat: 152.1 is not"),
    ],
)
def test_a_bad_file_is_named_with_line_and_column(
    files: dict[str, Path], name: str, old: str, new: str, said: str
) -> None:
    file = files[name]
    text = file.read_text("utf-8-sig")
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidFile) as caught:
        read_night(files["wijken"], files["teams"])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("calls", "03:12", "3h12", "calls.csv:2:hour: '3h12' is not"),
        ("calls", "03:12", "24:12", "calls.csv:2:hour: '24:12' is not an hour"),
        ("calls", "23.5", "33.5", "calls.csv:3:hour: call 'c2'.hour: 33.5 is not"),
        ("nurses", "refused", "no", "nurses.csv:4:answer: 'no' is not empty"),
        ("nurses", "52.08", "", "nurses.csv:2:lon: nurse 'n1'.lon: only one"),
    ],
)
def test_a_bad_call_is_named_with_line_and_column(
    files: dict[str, Path], name: str, old: str, new: str, said: str
) -> None:
    file = files[name]
    file.write_text(file.read_text("utf-8-sig").replace(old, new, 1))
    with pytest.raises(InvalidFile) as caught:
        run_choose(files["calls"], files["nurses"])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "params.json:1:2: is no JSON"),
        ("[]", "is no JSON object"),
        ('{"speed": 3}', "'speed' is not known; use start_hour"),
        ('{"within_min": -1}', "params.within_min: -1 is not a number"),
        ('{"overhead": {"walk": 1}}', "overhead has only preparation_min, access_min"),
        ('{"hour_weights": 3}', "hour_weights is no list"),
    ],
)
def test_bad_parameters_are_named(
    files: dict[str, Path], tmp_path: Path, text: str, said: str
) -> None:
    params = tmp_path / "params.json"
    params.write_text(text)
    with pytest.raises(InvalidFile) as caught:
        read_night(files["wijken"], files["teams"], params_file=params)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        OSRM,
        VALHALLA,
        {"sources_to_targets": {"durations": [[120], [None]], "distances": []}},
        VALHALLA | {"sources": [VALHALLA["sources"]]},
    ],
)
def test_both_routers_and_all_their_forms_are_read(answer: dict[str, Any]) -> None:
    table = parse_table(answer, ORIGINS, TARGETS)
    assert table.minutes(ORIGINS[0], TARGETS[0], 3.0) == 2.0
    assert table.minutes(ORIGINS[1], TARGETS[0], 3.0) == float("inf")
    assert table.minutes(Place("other"), TARGETS[0], 3.0) is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([], "is no JSON object"),
        ({"code": "InvalidQuery", "message": "bad"}, "code is 'InvalidQuery'"),
        ({"code": "Ok"}, "durations is missing; ask with annotations=duration"),
        ({"code": "Ok", "durations": [[1]]}, "has 1 rows for 2 origins"),
        ({"code": "Ok", "durations": [[1], [1, 2]]}, "row 1 has 2 values for 1 dest"),
        ({"code": "Ok", "durations": [[1], 2]}, "row 1 is no list"),
        ({"code": "Ok", "durations": [[1], ["2"]]}, "row 1, column 0: '2' is not"),
        ({"code": "Ok", "durations": [[1], [-2]]}, "row 1, column 0: -2 is not"),
        ({"code": "Ok", "durations": [[1], [True]]}, "row 1, column 0: True is not"),
        ({"error_code": 154, "error": "too far"}, "error 154 (too far)"),
        ({"sources_to_targets": {}}, "sources_to_targets.durations is missing"),
        ({"sources_to_targets": 3}, "sources_to_targets is missing"),
        ({"sources_to_targets": [[{"time": 1}], [{}]]}, "row 1, column 0: time is"),
        (
            {"sources_to_targets": [[{"time": 1, "from_index": 1, "to_index": 0}], []]},
            "row 0, column 0: says from 1 to 0",
        ),
        (
            OSRM | {"sources": OSRM["sources"][::-1]},
            None,
        ),
        (
            OSRM | {"sources": [{"location": [5.3, 52.1]}] * 2},
            "sources[0]: is 68 km from 'n1'; give the places in the order",
        ),
    ],
)
def test_a_bad_table_says_where(answer: Any, said: str | None) -> None:
    if said is None:  # 4 km apart: within what a router may move a place.
        parse_table(answer, ORIGINS, TARGETS)
        return
    with pytest.raises(InvalidFile) as caught:
        parse_table(answer, ORIGINS, TARGETS, name="t.json")
    assert str(caught.value).startswith("t.json: ")
    assert said in str(caught.value)


def test_a_table_file_that_is_no_json_says_where(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    file.write_text('{"code":\n oops}')
    with pytest.raises(InvalidFile, match=r"t\.json:2:2: is no JSON"):
        read_table(file, ORIGINS, TARGETS)
    with pytest.raises(InvalidFile, match="cannot be read"):
        read_table(tmp_path / "none.json", ORIGINS, TARGETS)
