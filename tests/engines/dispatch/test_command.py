"""The command on files: figures on the screen, one sentence for a bad file."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wijkspil.config.cli_simulate_night import night
from wijkspil.core.errors import InvalidValue


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(night)
    return made


def test_the_command_shows_the_worst_wijken_first(
    app: typer.Typer, tmp_path: Path
) -> None:
    wijken, teams = tmp_path / "wijken.csv", tmp_path / "teams.csv"
    wijken.write_text(
        "key,lon,lat,calls_per_night\nNear,4.3,52.05,3\nFar,4.8,52.3,3\nNone,4.3,52,0\n"
    )
    teams.write_text("key,provider,lon,lat\nt1,Zon,4.3,52.05\n")
    out = tmp_path / "out.csv"
    said = CliRunner().invoke(
        app, ["--files", str(wijken), str(teams), "--nights", "200", "--csv", str(out)]
    )
    assert said.exit_code == 0, said.output
    assert said.output.index("Far") < said.output.index("Near")
    assert "t1: busy" in said.output
    assert len(out.read_text().splitlines()) == 4


def test_a_bad_file_ends_with_one_sentence(app: typer.Typer, tmp_path: Path) -> None:
    wijken, teams = tmp_path / "wijken.csv", tmp_path / "teams.csv"
    wijken.write_text("key,lon,lat,calls_per_night\nNear,4.3,52.05,[b]x\n")
    teams.write_text("key,provider,lon,lat\nt1,Zon,4.3,52.05\n")
    said = CliRunner().invoke(app, ["--files", str(wijken), str(teams)])
    assert said.exit_code == 2
    assert "wijken.csv:2:calls_per_night: '[b]x' is not a number" in said.output


def test_files_and_a_region_do_not_go_together(
    app: typer.Typer, tmp_path: Path
) -> None:
    said = CliRunner().invoke(app, ["--files", "a.csv", "b.csv", "--region", "X"])
    assert isinstance(said.exception, InvalidValue)
    said = CliRunner().invoke(app, ["--params", "p.json"])
    assert isinstance(said.exception, InvalidValue)
