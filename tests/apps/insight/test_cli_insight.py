"""``wijkspil insight``: from files to figures and a report, without a database."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from django.utils import translation
from typer.testing import CliRunner

from tests.factories.open_care_data import write_open_data
from wijkspil.config.cli_insight import insight_app
from wijkspil.insight.services.open_data import read_open_data
from wijkspil.insight.services.open_pictures import count_today
from wijkspil.insight.services.picture import AreaLabel

FILES = {
    "figures.csv", "figures.parquet", "codebook.csv", "codebook.md",
    "assumptions.csv", "comparisons.csv", "causes.csv", "parameters.csv", "run.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_open_data(tmp_path_factory.mktemp("country"), gemeenten=4)


@pytest.fixture(autouse=True)
def _keep_language() -> Iterator[None]:
    with translation.override("en"):
        yield


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(insight_app, [str(each) for each in arguments])
    return result.exit_code, result.output


def report(data: Path, out: Path, *more: object) -> tuple[int, str]:
    return call(
        "report", "--data", data, "--out", out, "--draws", 20, "--horizon", 2031,
        "--data-only", "--date", "2026-11-22", *more,
    )  # fmt: skip


def test_a_region_gives_all_data_files(data: Path, tmp_path: Path) -> None:
    code, output = report(data, tmp_path, "--region", "WESTLAND")
    assert code == 0, output
    assert {path.name for path in tmp_path.iterdir()} == FILES
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["subject"]["name"] == "Westland"
    assert run["made_on"] == "2026-11-22"
    assert run["places"] == 4
    assert set(run["scenarios"]) == {
        "base", "digital-50-percent-adoption", "hybrid-70-percent", "training-money",
    }  # fmt: skip
    table = pl.read_parquet(tmp_path / "figures.parquet")
    inside = set(table["area_code"].to_list())
    assert "9110" in inside
    assert "9210" not in inside
    assert "zorgkantoor:oostland" not in inside


def test_the_same_seed_gives_the_same_bytes(data: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert report(data, tmp_path / name, "--region", "GM9002", "--seed", 5)[0] == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path


def test_all_regions_have_a_folder_and_agree_with_one_alone(
    data: Path, tmp_path: Path
) -> None:
    code, output = report(data, tmp_path / "all", "--all", "--scenario", "base")
    assert code == 0, output
    assert {path.name for path in (tmp_path / "all").iterdir()} == {
        "nl", "zorgkantoor-westland", "zorgkantoor-oostland",
    }  # fmt: skip
    report(data, tmp_path / "one", "--region", "WESTLAND", "--scenario", "base")
    frames = [
        pl.read_parquet(folder / "figures.parquet").sort(
            "indicator", "scenario", "area_code", "valid_from"
        )
        for folder in (tmp_path / "all/zorgkantoor-westland", tmp_path / "one")
    ]
    places = [
        frame.filter(
            pl.col("indicator").cast(pl.String).is_in(["need_hours", "capacity_hours"])
            & (pl.col("area_code") == "9110")
        )
        for frame in frames
    ]
    assert places[0].height > 4
    assert places[0]["value"].to_list() == pytest.approx(places[1]["value"].to_list())


def test_a_report_is_written_beside_the_data(data: Path, tmp_path: Path) -> None:
    code, output = call(
        "report", "--data", data, "--out", tmp_path, "--draws", 20, "--region",
        "WESTLAND", "--scenario", "training-money", "--level", "wijk",
    )  # fmt: skip
    assert code == 0, output
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "Westland" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("--region", "ATLANTIS"), "ATLANTIS"),
        ((), "--region"),
        (("--region", "NL", "--all"), "--region"),
        (("--region", "NL", "--level", "buurt"), "buurt"),
        (("--all", "--set", "moon"), "moon"),
        (("--region", "NL", "--scenario", "bass"), "bass"),
    ],
)
def test_what_cannot_be_ends_with_a_sentence_and_code_2(
    data: Path, tmp_path: Path, more: tuple[str, ...], expected: str
) -> None:
    code, output = report(data, tmp_path / "out", *more)
    assert code == 2
    assert expected in output
    assert "Traceback" not in output


def test_a_wrong_file_names_its_place(tmp_path: Path) -> None:
    data = write_open_data(tmp_path / "data")
    path = data / "pc4/pc4_2021.csv"
    path.write_text(path.read_text().replace("6000.0", "6.000", 1))
    code, output = report(data, tmp_path / "out", "--region", "NL")
    assert code == 2
    assert "pc4/pc4_2021.csv" in output
    assert "6.000" in output
    assert "inwoners" in output


def test_a_folder_that_cannot_be_made_is_told(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, output = report(data, tmp_path / "file/out", "--region", "NL")
    assert code == 2
    assert "file/out" in output.replace("\n", "")


def test_shipped_scenarios_are_listed() -> None:
    code, output = call("scenarios")
    assert code == 0
    assert "training-money" in output
    code, output = call("scenarios", "--schema")
    assert json.loads(output)["additionalProperties"] is False


def test_figures_of_today_add_up(data: Path) -> None:
    found = read_open_data(data=data)
    rows = {(row.indicator, row.area_code): row for row in count_today(found)}
    for indicator in ("population", "need_hours", "capacity_hours", "gap_hours"):
        parts = [
            row.value or 0.0
            for (name, code), row in rows.items()
            if name == indicator and code.startswith("GM")
        ]
        whole = rows[indicator, "NL"].value
        assert whole == pytest.approx(sum(parts), abs=1e-6)
    gap = rows["gap_hours", "GM9002"]
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low <= (gap.value or 0) <= gap.high
    share = rows["gap_share", "GM9002"]
    assert share.value == pytest.approx(
        100 * (gap.value or 0) / (rows["need_hours", "GM9002"].value or 1)
    )
    assert isinstance(found.areas["NL"], AreaLabel)
