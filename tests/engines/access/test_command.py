"""``wijkspil access``: files in, a file out, and errors that say where."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.engines.access.cases import RECORDED, read_columns, recorded_problem
from wijkspil.config.cli import app
from wijkspil_engines.access import MEASURES, Steps, Travel, balanced, two_step

FILES = [str(RECORDED / f"{name}.csv") for name in ("demand", "supply", "costs")]


def run(*arguments):
    return CliRunner().invoke(app, ["access", *map(str, arguments)])


def values_of(file):
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["area_id", "value"]
    return np.array([float(row["value"] or "nan") for row in rows])


def test_the_command_writes_what_the_engine_computes(tmp_path):
    out, report = tmp_path / "out.csv", tmp_path / "report.json"
    result = run(*FILES, "--measure", "e2sfca", "--out", out, "--report", report)
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(values_of(out), two_step(recorded_problem(), Steps()))
    figures = json.loads(report.read_text())
    assert figures["input_hash"] == recorded_problem().input_hash
    assert figures["unit"] == "places for each unit of demand"


@pytest.mark.parametrize("measure", ["2sfca", "3sfca", "raam"])
def test_the_command_gives_the_numbers_of_access(measure, tmp_path):
    out = tmp_path / "out.csv"
    options = {
        "2sfca": ["--threshold", "15"],
        "3sfca": [
            "--steps", "10:0.962,20:0.704,30:0.377,60:0.042", "--threshold", "30",
        ],
        "raam": ["--cycles", "150"],
    }[measure]  # fmt: skip
    result = run(*FILES, "--measure", measure, *options, "--out", out)
    assert result.exit_code == 0, result.output
    name = "raam_150" if measure == "raam" else measure
    texts = read_columns("access_1_1_10.csv")[name]
    expected = [float(text or 0) for text in texts]
    np.testing.assert_allclose(values_of(out), expected, rtol=1e-12)


@pytest.fixture
def places(tmp_path):
    origins, supply = tmp_path / "origins.csv", tmp_path / "supply.csv"
    origins.write_text("area_id,demand,x,y\na,100,0,0\nb,50,4000,3000\nc,9,99000,0\n")
    supply.write_text("site_id,supply,x,y,open\ns,2,1000,0,yes\nt,1,4000,3000,no\n")
    return origins, supply


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_goes_from_places(measure, places, tmp_path):
    out = tmp_path / "out.csv"
    result = run(*places, "--measure", measure, "--out", out)
    assert result.exit_code == 0, result.output
    values = values_of(out)
    assert values.size == 3
    assert (values[:2] > 0).all()
    assert np.isnan(values[2]) or values[2] == 0


def test_nearest_is_in_minutes_or_in_straight_metres(places, tmp_path):
    out = tmp_path / "out.csv"
    minutes = Travel().minutes_per_metre
    assert run(*places, "--measure", "nearest", "--out", out).exit_code == 0
    expected = [1000 * minutes, np.hypot(3000, 3000) * minutes, np.nan]
    np.testing.assert_allclose(values_of(out), expected)
    metres = ["--unit", "metres", "--threshold", "2000"]
    assert run(*places, "--measure", "nearest", *metres, "--out", out).exit_code == 0
    np.testing.assert_allclose(values_of(out), [1000, np.nan, np.nan])


def test_the_threshold_ends_the_steps(tmp_path):
    out = tmp_path / "out.csv"
    result = run(*FILES, "--measure", "balanced", "--threshold", "15", "--out", out)
    assert result.exit_code == 0, result.output
    expected = balanced(recorded_problem(), Steps(((10, 1.0), (15, 0.68)))).values
    np.testing.assert_allclose(values_of(out), expected)


@pytest.mark.parametrize(
    ("which", "text", "words"),
    [
        (0, "area_id,demand\na,ten\n", ":2:demand: 'ten' is not a number"),
        (0, "area_id,demand\na,1\nb,-2\n", ":3:demand: '-2' is not a number, 0 or"),
        (0, "area_id,demand\na,1\na,2\n", ":3:area_id: 'a' is not new"),
        (0, "area_id,demand\n,1\n", ":2:area_id: '' is not an id"),
        (0, "area_id,people\na,1\n", ":1:demand: the column is missing"),
        (0, "area_id,demand,age\na,1,2\n", ":1:age: the column is not known"),
        (0, "area_id,demand,x,y\na,1,5,\n", ":2:y: '' is not a number of metres"),
        (0, "area_id,demand\n", ":2:area_id: there are no rows"),
        (1, "site_id,supply\ns,\n", ":2:supply: '' is not a number"),
        (1, "site_id,supply,open\ns,1,maybe\n", ":2:open: 'maybe' is not yes or no"),
        (2, "area_id,site_id,cost\na,s,1\na,z,1\n", ":3:site_id: 'z' is not in the"),
        (2, "area_id,site_id,cost\nq,s,1\n", ":2:area_id: 'q' is not in the file of"),
        (2, "area_id,site_id,cost\na,s,1\na,s,2\n", ":3:site_id: 's' is not new for"),
        (2, "area_id,site_id,cost\na,s,far\n", ":2:cost: 'far' is not a number"),
        (2, "area_id,site_id,cost\na,s,-1\n", ":2:cost: '-1' is not a number, 0 or"),
        (2, "area_id,site_id,cost\na,s,nan\n", ":2:cost: 'nan' is not a number"),
        (2, "area_id,site_id,cost\na,s\n", ":2:3: has another number of cells"),
        (2, "area_id,site_id\na,s\n", ":1:cost: the column is missing"),
        (2, "", ":1:area_id: the column is missing"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(which, text, words, tmp_path):
    texts = [
        "area_id,demand\na,1\n",
        "site_id,supply\ns,1\n",
        "area_id,site_id,cost\na,s,1\n",
    ]
    texts[which] = text
    files = [tmp_path / name for name in ("o.csv", "s.csv", "c.csv")]
    for file, content in zip(files, texts, strict=True):
        file.write_text(content)
    out = tmp_path / "out.csv"
    result = run(*files, "--out", out)
    assert result.exit_code == 2
    assert f"{files[which]}{words}" in " ".join(result.output.split())
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--measure", "4sfca"], "--measure: '4sfca' is not known"),
        (["--steps", "10-1"], "--steps: '10-1' is not steps"),
        (["--steps", "10:1,5:1"], "steps: 5.0 does not rise"),
        (["--unit", "feet"], "--unit: 'feet' is not known"),
        (["--gaussian", "5"], "--gaussian: asks --threshold"),
        (["--measure", "2sfca", "--unit", "metres"], "--threshold: is needed"),
        (["--measure", "raam", "--tau", "0"], "tau: 0.0 is not above 0"),
        (["--measure", "raam", "--nearest-sites", "0"], "--nearest-sites: 0 is not"),
        (["--out", FILES[0]], "is used twice"),
        (["--out", "/nowhere/out.csv"], "cannot be written"),
    ],
)
def test_a_wrong_option_is_named(options, words, tmp_path):
    result = run(*FILES, "--out", tmp_path / "out.csv", *options)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_costs_with_spaces_are_read_row_by_row(tmp_path):
    costs = tmp_path / "costs.csv"
    text = (RECORDED / "costs.csv").read_text()
    costs.write_text(text.replace(",", " , "))
    outs = [tmp_path / name for name in ("1.csv", "2.csv")]
    for file, out in zip((FILES[2], costs), outs, strict=True):
        result = run(*FILES[:2], file, "--out", out)
        assert result.exit_code == 0, result.output
    assert outs[0].read_text() == outs[1].read_text()


def test_places_are_needed_without_costs(tmp_path):
    result = run(*FILES[:2], "--out", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert "has no x and y in metres" in " ".join(result.output.split())


def test_the_command_runs_without_django(tmp_path):
    code = (
        "import sys; from wijkspil.config.cli_access import main\n"
        "try: main()\nfinally: assert 'django' not in sys.modules"
    )
    out = tmp_path / "out.csv"
    command = [sys.executable, "-c", code, *FILES, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert values_of(out).size == 60
