"""The command line on files: a good region, and every kind of bad file."""

import csv
import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wijkspil.config.cli_engines import routing_app
from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.routing import Tier
from wijkspil_engines.routing.csvio import read_region

REQUESTS = """key,area,tasks,hours_morning,hours_evening,objected,lon,lat
r1,Zuid,wound;insulin,3.5,1,,4.3,52.07
r2,Noord,,1.75,,p1,,
"""
TEAMS = """key,provider,tiers,tasks,free_clients,free_hours_morning,free_hours,insurers,room_known
t1,p1,Zuid=own;Noord=back-up,wound;insulin,2,8,9.5,?,yes
t2,p2,Noord=regular,wound,1,,,a;b,
"""  # noqa: E501


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    requests, teams = tmp_path / "requests.csv", tmp_path / "teams.csv"
    requests.write_text(REQUESTS, encoding="utf-8-sig")
    teams.write_text(TEAMS)
    return requests, teams


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(routing_app, [str(item) for item in arguments])
    return result.exit_code, result.output


def test_both_files_are_read_with_the_same_areas(files: tuple[Path, Path]) -> None:
    region = read_region(*files)
    assert [region.areas[r.area] for r in region.requests] == ["Zuid", "Noord"]
    assert region.requests[0].hours_by_part == (3.5, 0.0, 1.0, 0.0)
    assert region.teams.tier[region.areas.index("Noord")].tolist() == [
        Tier.BACK_UP,
        Tier.REGULAR,
    ]
    assert region.teams.contracts_known.tolist() == [False, True]
    assert region.teams.free_hours.tolist() == [9.5, math.inf]


def test_rank_writes_candidates_and_reasons(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    code, output = run("rank", *files, "--csv", tmp_path / "out.csv")
    assert code == 0, output
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    found = [(r["request"], r["team"], r["place"], r["excluded_by"]) for r in rows]
    assert found == [
        ("r1", "t1", "1", ""),
        ("r1", "t2", "", "not-covering;task"),
        ("r2", "t2", "1", ""),
        ("r2", "t1", "", "objected"),
    ]


def test_assign_writes_teams_and_figures(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    code, output = run(
        "assign", *files, "--csv", tmp_path / "a.csv", "--json", tmp_path / "a.json"
    )
    assert code == 0, output
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert [row["team"] for row in rows] == ["t1", "t2"]
    figures = json.loads((tmp_path / "a.json").read_text())
    assert figures["status"] == "optimal"
    assert figures["placed"] == 2


@pytest.mark.parametrize(
    ("which", "old", "new", "said"),
    [
        (0, "3.5", "much", ":2:hours_morning: 'much' is not a number"),
        (0, "3.5", "-1", ":2:"),
        (0, "3.5", "nan", ":2:hours_morning:"),
        (0, "r1,Zuid", "r1,", ":2:area:"),
        (0, "r2,", "r1,", "occurs twice"),
        (0, "key,area", "key,place", ":1:area: the column is missing"),
        (0, "tasks,", "taks,", ":1:taks: the column is not known"),
        (0, "4.3,52.07", "4.3,", "only one of lon and lat"),
        (0, "4.3,52.07", "4.3,52.07,9", "number of cells"),
        (1, "Zuid=own", "Zuid=boss", ":2:tiers:"),
        (1, "Zuid=own", "Zuid", ":2:tiers:"),
        (1, "insulin,2,", "insulin,2.5,", ":2:free_clients:"),
        (1, "insulin,2,", "insulin,-2,", "free_clients"),
        (1, "?,yes", "?,maybe", "yes or no"),
        (1, "t2,", "t1,", "occurs twice"),
        (1, "t2,", ",", ":3:key:"),
    ],
)
def test_a_bad_file_is_named_with_its_place(
    files: tuple[Path, Path], which: int, old: str, new: str, said: str
) -> None:
    text = files[which].read_text(encoding="utf-8-sig")
    assert old in text
    files[which].write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidFile) as caught:
        read_region(*files)
    assert said in str(caught.value)
    assert str(files[which]) in str(caught.value)
    code, output = run("assign", *files)
    assert code == 2
    assert "Traceback" not in output


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"key\n"])
def test_what_is_no_table_is_refused(files: tuple[Path, Path], content: bytes) -> None:
    files[0].write_bytes(content)
    with pytest.raises(InvalidFile):
        read_region(*files)


@pytest.mark.parametrize("text", ["{", "[]", '{"weights": {"luck": 1}}'])
def test_a_bad_policy_is_refused(
    files: tuple[Path, Path], tmp_path: Path, text: str
) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(text)
    assert run("rank", *files, "--policy", policy)[0] == 2
    assert run("rank", *files, "--policy", tmp_path / "none.json")[0] == 2


def test_a_file_or_request_that_is_not_there_is_said(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    assert run("rank", tmp_path / "none.csv", files[1])[0] == 2
    assert run("rank", *files, "--request", "r9")[0] == 2
    assert run("rank", *files, "--csv", tmp_path / "none" / "out.csv")[0] == 2
