"""The data files of a picture: everything in it, the same bytes each time."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from tests.factories.pictures import REGION, make_picture
from wijkspil.insight.services.dataset import COLUMNS, figure_frame, write_dataset
from wijkspil.insight.services.picture import AreaLabel, Picture


@pytest.fixture
def picture() -> Picture:
    return make_picture()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_figure_of_the_picture_is_a_row(picture: Picture, tmp_path: Path) -> None:
    write_dataset(picture, tmp_path)
    rows = rows_of(tmp_path / "figures.csv")
    expected = len(picture.figures) + sum(
        len(each.figures) for each in picture.projections.values()
    )
    assert len(rows) == expected
    assert list(rows[0]) == [name for name, _meaning, _form in COLUMNS]
    assert {row["scenario"] for row in rows} == {"", *picture.projections}


def test_csv_and_parquet_hold_the_same(picture: Picture, tmp_path: Path) -> None:
    write_dataset(picture, tmp_path)
    table = pl.read_parquet(tmp_path / "figures.parquet")
    rows = rows_of(tmp_path / "figures.csv")
    assert table.height == len(rows)
    values = table["value"].to_list()
    assert [float(row["value"]) if row["value"] else None for row in rows] == values
    assert table.schema["valid_from"] == pl.Date
    assert str(table["valid_from"][0]) == rows[0]["valid_from"]


def test_a_withheld_figure_has_no_number(picture: Picture) -> None:
    hidden = replace(
        picture.figures[0], value=None, numerator=None, low=None, high=None,
        is_withheld=True,
    )  # fmt: skip
    table = figure_frame(replace(picture, figures=[hidden], projections={}))
    assert table["is_withheld"].to_list() == [True]
    assert table["value"].to_list() == [None]
    assert table["numerator"].to_list() == [None]


def test_the_codebook_says_every_column_and_figure(
    picture: Picture, tmp_path: Path
) -> None:
    write_dataset(picture, tmp_path)
    rows = rows_of(tmp_path / "codebook.csv")
    columns = {row["name"] for row in rows if row["kind"] == "column"}
    assert columns == {name for name, _meaning, _form in COLUMNS}
    indicators = {row["name"]: row for row in rows if row["kind"] == "indicator"}
    assert indicators.keys() == set(figure_frame(picture)["indicator"].to_list())
    assert indicators["need_hours"]["unit"]
    text = (tmp_path / "codebook.md").read_text()
    assert all(f"`{name}`" in text for name in (*columns, *indicators))


def test_every_assumption_is_there_with_its_status(
    picture: Picture, tmp_path: Path
) -> None:
    write_dataset(picture, tmp_path)
    rows = rows_of(tmp_path / "assumptions.csv")
    assert [row["key"] for row in rows] == [one.key for one in picture.assumptions]
    assert all(row["status"] and row["source"] for row in rows)


def test_what_is_needed_to_do_it_again_is_kept(
    picture: Picture, tmp_path: Path
) -> None:
    write_dataset(picture, tmp_path)
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["subject"]["code"] == REGION
    assert run["seed"] == picture.seed
    assert run["draws"] == picture.draws
    assert run["versions"] == dict(picture.versions)
    assert run["input_hashes"] == dict(picture.input_hashes)
    assert run["scenarios"].keys() == picture.projections.keys()


def test_the_same_picture_gives_the_same_bytes(
    picture: Picture, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_dataset(picture, tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_name_is_no_formula_in_a_spreadsheet(
    picture: Picture, tmp_path: Path
) -> None:
    code = picture.figures[0].area_code
    areas = {**picture.areas, code: AreaLabel(code, "=HYPERLINK(1)", "wijk")}
    write_dataset(replace(picture, areas=areas), tmp_path)
    names = {row["area_name"] for row in rows_of(tmp_path / "figures.csv")}
    assert "'=HYPERLINK(1)" in names
    table = pl.read_parquet(tmp_path / "figures.parquet")
    assert "=HYPERLINK(1)" in table["area_name"].to_list()


def test_a_picture_without_futures_has_empty_tables(tmp_path: Path) -> None:
    write_dataset(make_picture(with_futures=False), tmp_path)
    assert rows_of(tmp_path / "comparisons.csv") == []
    assert rows_of(tmp_path / "figures.csv")
