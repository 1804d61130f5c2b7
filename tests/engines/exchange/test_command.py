"""``wijkspil exchange`` on files: alone, atomic, and the same each time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wijkspil.config.cli_exchange import exchange_app

DAY = ["--date", "2026-11-22"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    call(tmp_path, "generate", "P.csv", "W.csv", *DAY, "--wishes", "800",
         "--practices", "40", "--inflow-cap", "30")  # fmt: skip
    return tmp_path


def call(folder: Path, command: str, *arguments: str, code: int = 0) -> str:
    known = ("P.csv", "W.csv", "M.csv", "R.json", "M2.csv", "R2.json")
    placed = [str(folder / each) if each in known else each for each in arguments]
    said = CliRunner().invoke(exchange_app, [command, *placed])
    assert said.exit_code == code, (said.output, said.exception)
    return said.output


def solve(folder: Path, *more: str, code: int = 0) -> str:
    return call(
        folder, "solve", "P.csv", "W.csv", "--out", "M.csv", "--report", "R.json",
        *DAY, *more, code=code,
    )  # fmt: skip


def test_a_round_is_solved_and_verified(folder: Path) -> None:
    assert "optimal" in solve(folder)
    report = json.loads((folder / "R.json").read_text())
    moves = (folder / "M.csv").read_text().splitlines()
    assert len(moves) == report["moved_households"] + 1
    assert report["gap_people"] == 0
    assert [level["name"] for level in report["levels"]] == [
        "class0", "class1", "moved", "waiting", "rank",
    ]  # fmt: skip
    assert "proven to be the best" in call(
        folder, "verify", "P.csv", "W.csv", "M.csv", "R.json"
    )


@pytest.mark.parametrize("mechanism", ["ttc", "waitlist", "waitlist-without-refill"])
def test_each_mechanism_makes_a_report_that_holds(folder: Path, mechanism: str) -> None:
    solve(folder, "--mechanism", mechanism, "--seed", "3")
    assert "possible" in call(folder, "verify", "P.csv", "W.csv", "M.csv", "R.json")


def test_the_same_files_and_seed_give_the_same_moves(folder: Path) -> None:
    solve(folder)
    first = (folder / "M.csv").read_bytes()
    solve(folder)
    assert (folder / "M.csv").read_bytes() == first


def test_the_last_report_can_be_begun_from(folder: Path) -> None:
    solve(folder)
    cold = json.loads((folder / "R.json").read_text())
    call(
        folder, "solve", "P.csv", "W.csv", "--out", "M2.csv", "--report", "R2.json",
        *DAY, "--warm", str(folder / "R.json"),
    )  # fmt: skip
    warm = json.loads((folder / "R2.json").read_text())
    assert [x["value"] for x in warm["levels"]] == [x["value"] for x in cold["levels"]]
    call(folder, "verify", "P.csv", "W.csv", "M2.csv", "R2.json")


def test_a_guarded_round_serves_no_group_later_and_says_its_price(
    folder: Path,
) -> None:
    solve(folder, "--guard", "group")
    report = json.loads((folder / "R.json").read_text())
    assert report["guard_price_people"] >= 0
    for group in report["groups_beside_waiting_list"]:
        assert group["served"] >= group["served_by_list"], group
    call(folder, "verify", "P.csv", "W.csv", "M.csv", "R.json")


def test_a_changed_move_or_number_does_not_verify(folder: Path) -> None:
    solve(folder)
    moves = (folder / "M.csv").read_text().splitlines()
    (folder / "M.csv").write_text("\n".join(moves[:-1]) + "\n")
    said = call(folder, "verify", "P.csv", "W.csv", "M.csv", "R.json", code=1)
    assert "does not hold" in said
    (folder / "M.csv").write_text("\n".join(moves) + "\n")
    report = json.loads((folder / "R.json").read_text())
    for name in ("moved_people", "bound_people", "first_choices", "gap_people"):
        changed = report | {name: report[name] + 1}
        (folder / "R.json").write_text(json.dumps(changed))
        call(folder, "verify", "P.csv", "W.csv", "M.csv", "R.json", code=1)
    (folder / "R.json").write_text(json.dumps(report))
    with (folder / "W.csv").open("a") as stream:
        stream.write("late,1,,0,2026-01-01,p01,\n")
    said = call(folder, "verify", "P.csv", "W.csv", "M.csv", "R.json", code=1)
    assert "input" in said


def test_bad_input_ends_with_one_sentence_and_writes_nothing(folder: Path) -> None:
    good = (folder / "W.csv").read_text()
    for bad in ("", "\0\1\2", good.replace("2026", "2027")):
        (folder / "W.csv").write_text(bad)
        assert str(folder / "W.csv") in solve(folder, code=2)
        assert not (folder / "M.csv").exists()
        assert not (folder / "R.json").exists()
    (folder / "W.csv").write_text(good)
    for more in (
        ["--levels", "moved,moves"],
        ["--mechanism", "[b]best"],
        ["--guard", "person"],
        ["--guard", "group", "--mechanism", "ttc"],
        ["--warm", str(folder / "P.csv")],
    ):
        solve(folder, *more, code=2)
    solve(folder, "--report", str(folder / "M.csv"), code=2)
    solve(folder, "--out", str(folder / "W.csv"), code=2)
    assert (folder / "W.csv").read_text() == good
    assert not (folder / "M.csv").exists()


def test_the_command_runs_without_django_and_without_bars(folder: Path) -> None:
    program = (
        "import sys\n"
        "from wijkspil.config.cli_exchange import main\n"
        "try:\n"
        f"    main(['exchange', 'solve', {str(folder / 'P.csv')!r},"
        f" {str(folder / 'W.csv')!r}, '--out', {str(folder / 'M.csv')!r},"
        f" '--report', {str(folder / 'R.json')!r}, '--date', '2026-11-22'])\n"
        "finally:\n"
        "    wrong = {'django', 'psycopg', 'procrastinate'} & set(sys.modules)\n"
        "    assert not wrong, wrong\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "optimal" in done.stdout
