"""``wijkspil coverage-check``: what the person at the terminal sees and gets."""

import csv
import json
from datetime import UTC, date, datetime

import pytest
import typer
from django.utils import translation
from typer.testing import CliRunner

from tests.factories.directory import (
    AreaFactory,
    AreaOverlapFactory,
    CoverageFactory,
    DutyPeriodFactory,
)
from wijkspil.config.cli_coverage import coverage_check, read_period
from wijkspil.core.errors import Conflict, InvalidValue, NotFound
from wijkspil.core.periods import Period

app = typer.Typer()
app.command()(coverage_check)


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def run(*arguments):
    return CliRunner().invoke(app, ["--from", "2026-11-20", *map(str, arguments)])


@pytest.fixture
def wijken(db):
    """Dorp: a team by day and a duty at night; Veld: half of it, and a fallback."""
    region = AreaFactory(region=True, code="delta", name="Delta")
    gemeente = AreaFactory(gemeente=True, name="Heideland", lies_in=[region])
    dorp = AreaFactory(code="WK01", name="Dorp", parent=gemeente)
    veld = AreaFactory(code="WK02", name="Veld", parent=gemeente)
    CoverageFactory(area=dorp)
    DutyPeriodFactory(area=dorp)
    half = AreaOverlapFactory(whole=veld).part
    AreaOverlapFactory(whole=veld)
    CoverageFactory(area=half)
    CoverageFactory(area=region, service__always_open=True)
    return dorp, veld


def test_it_shows_the_totals_and_the_wijken_with_gaps(wijken):
    result = run("--days", "1")
    assert result.exit_code == 0, result.output
    assert "District nursing, everything loaded" in result.output
    assert "Fri 20 Nov 0:00 until Sat 21 Nov 0:00" in result.output
    for words in ("16.0", "33.3 %", "9.0", "23.0", "48.0", "100.0 %", "2 wijken"):
        assert words in result.output
    assert "Dorp, Heideland" in result.output
    assert "Fri 20 Nov 0:00 – 8:00 (8.0 hours)" in result.output


def test_every_gap_is_listed_with_its_share_and_fallback(wijken):
    result = run("--days", "1", "--gaps")
    assert "Fri 20 Nov 8:00 – 17:00 (9.0 hours)" in result.output
    assert "50.0 %" in result.output
    assert "yes" in result.output


def test_a_fully_covered_period_lists_nothing_and_passes(db):
    CoverageFactory(service__always_open=True)
    result = run("--fail-on-gap", "--gaps")
    assert result.exit_code == 0, result.output
    assert "1 wijken, of which 0 with a gap." in result.output
    assert "longest" not in result.output


def test_it_fails_on_a_gap_only_when_asked(wijken):
    assert run().exit_code == 0
    assert run("--fail-on-gap").exit_code == 1


def test_the_csv_has_a_row_per_wijk_or_per_gap(wijken, tmp_path):
    file = tmp_path / "coverage.csv"
    run("--days", "1", "--csv", file)
    with file.open(encoding="utf-8") as stream:
        dorp, veld = csv.DictReader(stream)
    assert (dorp["wijk"], dorp["covered_hours"], dorp["gap_hours"]) == (
        "WK01",
        "16.0",
        "8.0",
    )
    assert (veld["partial_hours"], veld["gap_hours_with_fallback"]) == ("9.0", "0.0")
    run("--days", "1", "--csv", file, "--gaps")
    with file.open(encoding="utf-8") as stream:
        gaps = [row for row in csv.DictReader(stream) if row["wijk"] == "WK02"]
    assert [(row["from"], row["covered_share"]) for row in gaps] == [
        ("2026-11-20T00:00:00+01:00", "0.0"),
        ("2026-11-20T08:00:00+01:00", "0.5"),
        ("2026-11-20T17:00:00+01:00", "0.0"),
    ]


def test_the_json_holds_the_whole_proof(wijken, tmp_path):
    file = tmp_path / "coverage.json"
    run("--days", "1", "--json", file, "--region", "Delta")
    proof = json.loads(file.read_text(encoding="utf-8"))
    assert proof["region_code"] == "delta"
    assert proof["period"]["start"] == "2026-11-20T00:00:00+01:00"
    assert proof["wijken"][0]["hours"] == {"covered": 16.0, "partial": 0.0, "gap": 8.0}
    assert proof["wijken"][1]["gaps"][1]["covered_share"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["--care", "nursing"], InvalidValue, r"“nursing”.*district-nursing"),
        (["--region", "nergens"], NotFound, "“nergens”"),
        (["--days", "0"], InvalidValue, "--days 0: .*1 to 366"),
        (["--days", "1000000000"], InvalidValue, "1 to 366"),
        (["--csv", "/no/such/folder/x.csv"], InvalidValue, "/no/such/folder/x.csv"),
        (["--json", "."], InvalidValue, "“.” cannot be written"),
        ([], Conflict, "Load areas first"),
    ],
)
def test_bad_input_is_told_with_the_value_and_the_remedy(db, arguments, error, words):
    with pytest.raises(error, match=words):
        raise run(*arguments).exception


class TestReadPeriod:
    TODAY = date(2026, 11, 20)

    def test_empty_is_the_start_of_today(self):
        assert read_period("", days=1, today=self.TODAY) == Period(
            datetime(2026, 11, 19, 23, tzinfo=UTC),
            datetime(2026, 11, 20, 23, tzinfo=UTC),
        )

    def test_days_are_counted_on_the_clock(self):
        period = read_period("2026-10-24", days=2, today=self.TODAY)
        assert period.hours == 49.0

    def test_a_moment_keeps_its_zone(self):
        period = read_period("2026-11-23T22:30:00+00:00", days=1, today=self.TODAY)
        assert period.start == datetime(2026, 11, 23, 22, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        ["tomorrow", "2026-13-01", "2026-11-23T22:30", "9999-12-31", "0001-01-01"],
    )
    def test_anything_else_is_refused_with_the_two_forms(self, text):
        with pytest.raises(InvalidValue, match=rf"“{text}”.*2026-11-23T22:30:00"):
            read_period(text, days=7, today=self.TODAY)
