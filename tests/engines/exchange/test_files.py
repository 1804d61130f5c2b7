"""Practices, wishes, moves and report as files: good ones back and forth, bad ones."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.exchange import NO_LIMIT, ExchangeProblem, solve, verify
from wijkspil_engines.exchange.csvio import (
    levels_of,
    moves_file,
    problem_files,
    read_moves,
    read_problem,
    read_report,
    report_file,
    report_of,
    result_of,
    write_together,
)
from wijkspil_engines.exchange.generate import Recipe, generate

DAY = date(2026, 11, 22)
PRACTICES = "practice_id,free_places,max_inflow,free_load\na,1,,\nb,0,2,1.25\n"
WISHES = (
    "wish_id,household_size,current_practice_id,priority_class,waiting_since,choices\n"
    "x,1,a,2,2026-01-01,b\ny,2,,0,2025-12-31,b|a\n"
)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    practices, wishes = tmp_path / "practices.csv", tmp_path / "wishes.csv"
    practices.write_text(PRACTICES)
    wishes.write_text(WISHES)
    return practices, wishes


def same(one: ExchangeProblem, other: ExchangeProblem) -> None:
    assert tuple(one.practice_ids) == tuple(other.practice_ids)
    assert tuple(one.wish_ids) == tuple(other.wish_ids)
    for name in (
        "free_places", "max_inflow", "free_load", "size", "origin", "priority_class",
        "waiting_days", "load", "first_option", "option",
    ):  # fmt: skip
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_files_are_read_with_their_defaults(files: tuple[Path, Path]) -> None:
    problem = read_problem(*files, date=DAY)
    assert problem.free_places.tolist() == [1, 0]
    assert problem.max_inflow.tolist() == [NO_LIMIT, 2]
    assert problem.free_load.tolist() == [NO_LIMIT, 1250]
    assert problem.load.tolist() == [1000, 2000]
    assert problem.origin.tolist() == [0, -1]
    assert problem.waiting_days.tolist() == [325, 326]
    assert problem.option.tolist() == [1, 1, 0]
    assert problem.input_hash == (
        "" if not problem.input_hash else problem.input_hash.lower()
    )
    assert len(problem.input_hash) == 64


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    recipe = Recipe(
        n_wishes=400, n_practices=30, size_chances=(0.5, 0.3, 0.2), with_load=True,
        inflow_cap=20,
    )  # fmt: skip
    problem = generate(recipe, date=DAY)
    paths = tmp_path / "p.csv", tmp_path / "w.csv"
    write_together(dict(zip(paths, problem_files(problem), strict=True)))
    same(read_problem(*paths, date=DAY), problem)


def test_the_same_recipe_gives_the_same_round() -> None:
    recipe = Recipe(n_wishes=300, n_practices=30, leaving_unpopular=2.0, seed=5)
    same(generate(recipe, date=DAY), generate(recipe, date=DAY))


def test_a_result_reads_back_from_its_files_and_verifies(tmp_path: Path) -> None:
    recipe = Recipe(n_wishes=500, n_practices=20, inflow_cap=15)
    paths = tmp_path / "p.csv", tmp_path / "w.csv"
    made = generate(recipe, date=DAY)
    write_together(dict(zip(paths, problem_files(made), strict=True)))
    problem = read_problem(*paths, date=DAY)
    result = solve(problem)
    moves, report = tmp_path / "m.csv", tmp_path / "r.json"
    write_together(
        {
            moves: moves_file(problem, result.choice),
            report: report_file(report_of(problem, result)),
        }
    )
    choice, wrong = read_moves(problem, moves)
    assert not wrong
    assert (choice == result.choice).all()
    back = result_of(problem, choice, report, read_report(report))
    assert back.levels[2].prices is not None
    assert not verify(problem, back)
    levels = levels_of(problem, report, read_report(report))
    warm = solve(problem, warm=levels)
    assert [x.value for x in warm.levels] == [x.value for x in result.levels]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("x,1,,2,2026-01-01,b", "4:wish_id: 'x' is not new here"),
        (",1,,2,2026-01-01,b", "4:wish_id: '' is not a name"),
        ("z,0,,2,2026-01-01,b", "4:household_size: '0' is not a whole number"),
        ("z,1.5,,2,2026-01-01,b", "4:household_size: '1.5' is not"),
        ("z,1_0,,2,2026-01-01,b", "4:household_size: '1_0' is not"),
        ("z,1,c,2,2026-01-01,b", "4:current_practice_id: 'c' is not a practice"),
        ("z,1,,3,2026-01-01,b", "4:priority_class: '3' is not 0"),
        ("z,1,,2,2026-02-30,b", "4:waiting_since: '2026-02-30' is not a date"),
        ("z,1,,2,1-2-2026,b", "4:waiting_since: '1-2-2026' is not a date"),
        ("z,1,,2,2026-11-23,b", "4:waiting_since: '2026-11-23' is not a day up to"),
        ("z,1,,2,2026-01-01,b|c", "4:choices: 'b|c' is not practices"),
        ("z,1,,2,2026-01-01,", "4:choices: '' is not practices"),
        ("z,1,,2,2026-01-01,b|b", "4:choices: 'b|b' is not a list that names each"),
        ("z,1,b,2,2026-01-01,a|b", "4:choices: 'a|b' is not a list without the"),
        ("z,1,,2,2026-01-01", "4:waiting_since: has 5 cells"),
        ("z,1,,2,2026-01-01,b,c", "4:choices: has 7 cells"),
    ],
)
def test_a_wrong_wish_is_refused_with_its_place(
    files: tuple[Path, Path], row: str, says: str
) -> None:
    files[1].write_text(f"{WISHES}{row}\n")
    with pytest.raises(InvalidFile) as caught:
        read_problem(*files, date=DAY)
    assert f"{files[1]}:{says}" in str(caught.value)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,1,,", "4:practice_id: 'a' is not new here"),
        ("c,-1,,", "4:free_places: '-1' is not a whole number"),
        ("c,,,", "4:free_places: '' is not a whole number"),
        ("c,1,x,", "4:max_inflow: 'x' is not a whole number"),
        ("c,1,,nan", "4:free_load: 'nan' is not a number"),
        ("c,1,,1.2345", "4:free_load: '1.2345' is not a number"),
        ("c|d,1,,", "4:practice_id: 'c|d' is not a name without |"),
        ("c,99999999999999999999,,", "4:free_places: '9999"),
    ],
)
def test_a_wrong_practice_is_refused_with_its_place(
    files: tuple[Path, Path], row: str, says: str
) -> None:
    files[0].write_text(f"{PRACTICES}{row}\n")
    with pytest.raises(InvalidFile) as caught:
        read_problem(*files, date=DAY)
    assert f"{files[0]}:{says}" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\x89PNG\r\n\x00\x01", "is no text"),
        (b"\xff\xfe\xfd", "is not UTF-8"),
        (WISHES.replace("choices", "choice").encode(), "1:choices: the column is"),
        (WISHES.replace("wish_id", "wish_id,name").encode(), "1:name: the column is"),
        (b'wish_id,"household', ""),
    ],
)
def test_a_file_that_is_no_such_file_is_refused(
    files: tuple[Path, Path], data: bytes, says: str
) -> None:
    files[1].write_bytes(data)
    with pytest.raises(InvalidFile) as caught:
        read_problem(*files, date=DAY)
    assert str(files[1]) in str(caught.value)
    assert says in str(caught.value)


def test_an_absent_file_is_named(files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="absent"):
        read_problem(files[0], tmp_path / "absent.csv", date=DAY)


def test_windows_lines_a_mark_and_quotes_are_read(files: tuple[Path, Path]) -> None:
    text = "\ufeff" + WISHES.replace("y,2", '"y, ""z""",2').replace("\n", "\r\n")
    files[1].write_bytes(text.encode())
    problem = read_problem(*files, date=DAY)
    assert problem.wish_ids == ("x", 'y, "z"')


def test_moves_that_do_not_belong_to_the_wishes_are_told(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    problem = read_problem(*files, date=DAY)
    moves = tmp_path / "moves.csv"
    moves.write_text(
        "wish_id,from_practice_id,to_practice_id,choice_rank\nq,,a,1\nx,,b,1\ny,,a,1\n"
    )
    _, wrong = read_moves(problem, moves)
    assert [failure.code for failure in wrong] == ["wish", "from", "option"]


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"levels": 3}', '{"levels": [{"name": "x"}]}',
        '{"levels": [{"name": "moved", "value": "1"}]}',
        '{"levels": [{"name": "moved", "value": 1, "bound": 1, "prices": [1]}]}',
        '{"levels": [{"name": "moved", "value": 1, "bound": 1, "prices": {"a": 0.5}}]}',
    ],
)  # fmt: skip
def test_a_report_that_is_none_is_refused(
    files: tuple[Path, Path], tmp_path: Path, text: str
) -> None:
    problem = read_problem(*files, date=DAY)
    file = tmp_path / "report.json"
    file.write_text(text)
    with pytest.raises(InvalidFile, match=r"report\.json"):
        levels_of(problem, file, read_report(file))


def test_nothing_is_left_when_one_of_two_files_cannot_be_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(InvalidFile, match="cannot be written"):
        write_together({tmp_path / "a": b"x", tmp_path / "no" / "b": b"y"})
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_plain_json_without_names_of_wishes(
    files: tuple[Path, Path],
) -> None:
    problem = read_problem(*files, date=DAY)
    result = solve(problem, mechanism="waitlist")
    report = json.loads(report_file(report_of(problem, result)))
    assert "required" not in report
    assert {"status", "levels", "moved_people", "seat_prices", "input_sha256"} <= set(
        report
    )
