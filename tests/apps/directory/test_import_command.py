"""``wijkspil load``: what the person at the terminal sees, and the exit code."""

from pathlib import Path

import pytest
import typer
from django.utils import translation
from typer.testing import CliRunner, Result

from tests.apps.directory.open_data import copy_open_data, edit
from wijkspil.config import cli_load
from wijkspil.directory.models import Area

pytestmark = pytest.mark.django_db

app = typer.Typer()
app.command()(cli_load.load)


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_open_data(tmp_path / "data")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_load_ends_with_a_table_and_code_0(folder):
    result = run(folder, "--region", "heideland")
    assert result.exit_code == 0, result.output
    assert "wijken_2022.csv" in result.output
    assert "Region: HEIDELAND." in result.output
    assert Area.objects.filter(code="9903AA").exists()


def test_bad_rows_end_with_code_2_and_all_errors(folder):
    edit(folder / "regions/gemeente_regios_2022.csv", "VR25", "VR99")
    edit(folder / "cbs_areas/wijken_2022.csv", "5.60,52.10", "52.10,5.60")
    result = run(folder)
    assert result.exit_code == 2
    assert "gemeente_regios_2022.csv, line 4, column vr_code: “VR99”" in result.stderr
    assert "wijken_2022.csv, line 7, column lon, lat" in result.stderr
    assert "Traceback" not in result.output


def test_skip_bad_tells_where_the_rejected_rows_are(folder, tmp_path):
    edit(folder / "regions/gemeente_regios_2022.csv", "VR25", "VR99")
    result = run(folder, "--skip-bad", tmp_path / "bad")
    assert result.exit_code == 0, result.output
    assert "The rejected rows are in" in result.output
    assert (tmp_path / "bad/gemeente_regios_2022.csv.rejected.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--region", "Haideland"], "HEIDELAND"),
        (["--region", "HEIDELAND", "--all"], "not both"),
    ],
)
def test_a_choice_that_cannot_be_made_ends_with_code_2(folder, arguments, words):
    result = run(folder, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert not Area.objects.exists()


def test_a_folder_that_is_absent_ends_with_code_2(tmp_path):
    result = run(tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "is no folder" in result.stderr
