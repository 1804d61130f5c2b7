"""Damaged files: told where and why, nothing of them loaded, the others loaded."""

import csv
import gzip
from pathlib import Path

import pytest
from django.utils import translation

from tests.apps.directory.open_data import copy_open_data, edit, pack
from wijkspil.core.errors import InvalidValue
from wijkspil.core.progress import Silent
from wijkspil.directory import importing
from wijkspil.directory.importing import BadRows, LoadFailed, LoadReport
from wijkspil.directory.models import Area, AreaShape

pytestmark = pytest.mark.django_db

GEMEENTEN = "cbs_areas/gemeenten_2022.csv"
GEMEENTE_SHAPES = "cbs_areas/gemeenten_2022.geojson.gz"
WIJKEN = "cbs_areas/wijken_2022.csv"
SHAPES = "cbs_areas/wijken_2022.geojson.gz"
COUNTS = "cbs_areas/gemeenten_wijken_2024.csv"
REGIONS = "regions/gemeente_regios_2022.csv"
BUURTEN_2020 = "cbs_buurten/buurten_2020_lijst.csv"
BUURTEN_2014 = "cbs_buurten/buurten_2014_centroiden.csv"
PC4 = "pc4/pc4_2021.csv"
AGES = "pc4/pc4_leeftijd_geslacht_2021.csv"
PC4_SHAPES = "pc4/pc4_2020.geojson.gz"
OVERLAY = "pc4/pc4_wijk_overlay_2020_2022.csv"
PC6 = "pc6_5provincies/pc6_5provincies_2026.csv.gz"
GPS = "providers/huisartsenpraktijken_locaties_2026.csv"
HOSPITALS = "providers/ziekenhuizen_acute_verloskunde_2019.csv"


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_open_data(tmp_path / "data")


def load(folder: Path, skip_bad: Path | None = None) -> LoadReport:
    return importing.load(folder, region=None, progress=Silent(), skip_bad=skip_bad)


def failure(folder: Path) -> LoadFailed:
    with pytest.raises(LoadFailed) as failed:
        load(folder)
    return failed.value


def bad_rows(failed: LoadFailed) -> list[BadRows]:
    """Return the problems; each of them is about rows."""
    found = [problem for problem in failed.problems if isinstance(problem, BadRows)]
    assert len(found) == len(failed.problems)
    return found


#: file, text, its damaged form, then place (line, column) and words of the message
BAD_ROWS = [
    (WIJKEN, "WK900101,", "WK9001,", 3, "code", "a wijk code such as"),
    (WIJKEN, "WK900101,", ",", 3, "code", "a wijk code such as"),
    (WIJKEN, "WK900101,", "WK900100,", 3, "code", "the first is at 2"),
    (WIJKEN, "Duinen,GM9002", "Duinen,GM7777", 5, "gm_code", "gemeenten_2022.csv"),
    (WIJKEN, "Centrum,GM9001", ",GM9001", 2, "name", "not empty"),
    (WIJKEN, "Centrum,", "C\tm,", 2, "name", "printable"),
    (WIJKEN, "Centrum,", "C" * 200 + ",", 2, "name", "at most 120"),
    (WIJKEN, "urbanised,6000", "urbanised,-6000", 2, "population", "0 to 20 million"),
    (WIJKEN, "urbanised,6000", "urbanised,6.000", 2, "population", "no thousands dot"),
    (WIJKEN, "urbanised,6000", "urbanised,", 2, "population", "whole number"),
    (WIJKEN, "urbanised,6000", "urbanised,1e99", 2, "population", "whole number"),
    (WIJKEN, "urbanised,6000", "urbanised,99999999", 2, "population", "20 million"),
    (WIJKEN, "6000,15.0", "6000,150.0", 2, "pop_0_14", "0 to 100"),
    (WIJKEN, "6000,15.0", "6000,-1", 2, "pop_0_14", "0 to 100"),
    (WIJKEN, "6000,15.0", "6000,", 2, "pop_0_14", "0 to 100"),
    (WIJKEN, "6000,15.0", '6000,"15,0"', 2, "pop_0_14", "decimal point"),
    (WIJKEN, "6000,15.0", "6000,nan", 2, "pop_0_14", "0 to 100"),
    (WIJKEN, "5.60,52.10", "52.10,5.60", 7, "lon, lat", "look swapped"),
    (WIJKEN, "5.60,52.10", "155000,463000", 7, "lon, lat", "RD coordinates"),
    (WIJKEN, "5.60,52.10", "13.4,52.5", 7, "lon, lat", "in the Netherlands"),
    (WIJKEN, "5.60,52.10", "5.60,", 7, "lat", "a number"),
    (WIJKEN, ",5.60,52.10", ",5.60", 7, "*", "14 values, as the header"),
    (WIJKEN, "5.60,52.10", "5.60,52.10,9", 7, "*", "found 15"),
    (GEMEENTEN, "GM9003", "GM903", 4, "code", "a gemeente code such as"),
    (GEMEENTEN, "urbanised,10000", "urbanised,x", 2, "population", "whole number"),
    (COUNTS, "GM9009,4100", "GM9010,4100", 6, "code", "no row above is GM9009"),
    (COUNTS, "WK900100,6050", "XX,6050", 3, "code", "a wijk code"),
    (COUNTS, "WK900100,6050", "WK900100,-1", 3, "inwoners", "whole number"),
    (REGIONS, "VR25", "VR26", 4, "vr_code", "VR01, VR02"),
    (REGIONS, "GM9003", "GM9004", 4, "code", "gemeenten_2022.csv"),
    (REGIONS, "HEIDELAND", "", 4, "zorgkantoor", "not empty"),
    (BUURTEN_2020, "BU90010100", "BU9001010", 4, "bu_code", "a buurt code"),
    (BUURTEN_2020, "5.12,52.1", "5.12,", 4, "lat", "a number"),
    (BUURTEN_2014, "Heide,5.6", "Heide,", 3, "lon", "a number"),
    (PC4, "9902,4000.0", "0902,4000.0", 3, "pc4", "4 digits"),
    (PC4, "9902,4000.0", "9902,4000.5", 3, "inwoners", "whole number"),
    (AGES, "25.0,25.0\n", "25.0,minus\n", 4, "v_95plus", "whole number"),
    (AGES, "9905", "9999", 6, "pc4", "pc4_2021.csv"),
    (OVERLAY, "9902,WK900200,1.0", "9902,WK900200,1.1", 4, "aandeel_van_pc4", "0 to 1"),
    (OVERLAY, "9902,WK900200", "9902,WK900299", 4, "wk_code_2022", "wijken_2022.csv"),
    (
        OVERLAY,
        "9901,WK900100",
        "9901,WK900101",
        3,
        "pc4, wk_code_2022",
        "first is at 2",
    ),
    (OVERLAY, "9902,WK900200", "9999,WK900200", 4, "pc4", "pc4_2021.csv"),
    (PC6, "9903AA", "9903SS", 4, "pc6", "such as 2512AB"),
    (PC6, "9903AA", "9903aa", 4, "pc6", "such as 2512AB"),
    (PC6, "9901AB", "9901AA", 3, "pc6", "the first is at 2"),
    (PC6, "WK900300,0", "WK900399,0", 4, "wk_code_2022", "wijken_2022.csv"),
    (PC6, "52.1,5.601", "0,0", 4, "lon, lat", "in the Netherlands"),
    (GPS, "praktijk", "apotheek", 2, "soort", "one of praktijk"),
    (GPS, "HAP00002", "HAP00001", 3, "id", "first is at 2"),
    (HOSPITALS, "9901AB,True", "9901AB,ja", 2, "fullTimeSEH", "True, False"),
    (HOSPITALS, "9901AB,", "9901,", 2, "pc", "such as 2512AB"),
    # line = number of the feature
    (SHAPES, '"WK900200"', '"WK900299"', 3, "code", "wijken_2022.csv"),
    (SHAPES, '"WK900200"', '"WK900101"', 3, "properties", "first is at 2"),
    (SHAPES, '"WK900200"', "[]", 3, "code", "wijken_2022.csv"),
    (GEMEENTE_SHAPES, "MultiPolygon", "Point", 2, "geometry", "a Polygon or"),
    (GEMEENTE_SHAPES, "MultiPolygon", "Polygon", 2, "geometry", "rings"),
    (SHAPES, "[[[5.18,52.08],", "[[[52.08,5.18],", 3, "geometry", "rings that close"),
    (SHAPES, "[5.21,52.11]", "[52.11,5.21]", 3, "geometry", "look swapped"),
    (SHAPES, "[5.21,52.11]", "[5.21]", 3, "geometry", "rings of positions"),
    (SHAPES, "[5.21,52.11]", '["a","b"]', 3, "geometry", "rings of positions"),
    (SHAPES, "[5.21,52.11]", "[NaN,52.11]", 3, "geometry", "in the Netherlands"),
    (SHAPES, '"WK900200"', '"\\u001b[2J\\ud800"', 3, "code", "wijken_2022.csv"),
    (SHAPES, "[5.21,52.11]", "[1" + "0" * 400 + ",2]", 3, "geometry", "Netherlands"),
    (GEMEENTE_SHAPES, "[5.18,52.08],[5.22", "{},[5.22", 2, "geometry", "rings"),
    (PC4_SHAPES, '"pc4":9902', '"pc4":99', 2, "pc4", "4 digits"),
    (PC4_SHAPES, '{"pc4":9902,"inw2020":4000}', "null", 2, "feature", "properties"),
]


@pytest.mark.parametrize(("file", "old", "new", "line", "column", "words"), BAD_ROWS)
def test_a_bad_value_is_told_with_its_place_and_nothing_of_its_file_is_loaded(
    folder, file, old, new, line, column, words
):
    edit(folder / file, old, new)
    failed = failure(folder)
    (problem,) = bad_rows(failed)
    assert [(row.line, row.column) for row in problem.rows] == [(line, column)]
    assert problem.rows[0].file == file
    assert words in problem.rows[0].expected
    place = f"feature {line}, " if "geojson" in file else f"line {line}, column "
    assert f"{file}, {place}{column}: “" in str(failed)
    (report,) = [found for found in failed.report.files if found.file == file]
    assert (report.new, report.changed, report.note) == (0, 0, "not loaded")


def test_every_bad_row_of_a_file_is_told(folder):
    edit(folder / WIJKEN, "urbanised,6000", "urbanised,six")
    edit(folder / WIJKEN, "WK900300", "WK9003")
    (problem,) = bad_rows(failure(folder))
    assert [row.line for row in problem.rows] == [2, 7]
    assert problem.total == 2


def test_files_that_need_a_failed_file_wait_and_the_others_are_loaded(folder):
    edit(folder / WIJKEN, "WK900300", "WK9003")
    failed = failure(folder)
    assert len(failed.problems) == 1
    notes = {Path(found.file).name: found.note for found in failed.report.files}
    assert "needs cbs_areas/wijken_2022.csv" in notes["wijken_2022.geojson.gz"]
    assert "needs cbs_areas/wijken_2022.csv" in notes["pc6_5provincies_2026.csv.gz"]
    assert notes["pc4_2021.csv"] == ""
    kinds = set(Area.objects.values_list("kind", flat=True))
    assert kinds == {"gemeente", "region", "pc4", "buurt"}
    assert set(Area.objects.filter(kind="buurt").values_list("year", flat=True)) == {
        2014
    }


def test_mistakes_in_two_files_are_told_at_once(folder):
    edit(folder / REGIONS, "VR25", "VR99")
    edit(folder / PC6, "9903AA", "9903")
    assert [problem.rows[0].file for problem in bad_rows(failure(folder))] == [
        REGIONS,
        PC6,
    ]


def test_a_load_that_failed_leaves_what_was_there(folder):
    load(folder)
    before = list(Area.objects.order_by("pk").values())
    edit(folder / WIJKEN, "Centrum,GM9001", "Binnenstad,GM9001")
    edit(folder / WIJKEN, "WK900300", "WK9003")
    failure(folder)
    assert list(Area.objects.order_by("pk").values()) == before


def test_a_corrected_file_loads_after_the_failure(folder):
    edit(folder / WIJKEN, "WK900300", "WK9003")
    failure(folder)
    edit(folder / WIJKEN, "WK9003", "WK900300")
    load(folder)
    assert Area.objects.filter(kind="wijk", year=2022).count() == 6


def test_of_many_bad_rows_twenty_are_printed_and_the_rest_counted(folder):
    path = folder / BUURTEN_2014
    with path.open("a") as stream:
        for number in range(1500):
            stream.write(f"BU{number},x,5.1,52.1\n")
    failed = failure(folder)
    (problem,) = bad_rows(failed)
    assert problem.total == 1500
    assert len(problem.rows) == 1000
    lines = str(failed).splitlines()
    assert len(lines) == 22
    assert "and 1480 more bad rows" in lines[20]


def text(folder: Path, name: str) -> str:
    content = (folder / name).read_bytes()
    return (gzip.decompress(content) if name.endswith(".gz") else content).decode()


def make_empty(folder):
    (folder / WIJKEN).write_text("")


def make_header_only(folder):
    (folder / WIJKEN).write_text(text(folder, WIJKEN).splitlines()[0] + "\n")


def make_folder(folder):
    (folder / WIJKEN).unlink()
    (folder / WIJKEN).mkdir()


def make_binary(folder):
    (folder / WIJKEN).write_bytes(bytes(range(256)) * 40)


def make_image(folder):
    (folder / WIJKEN).write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")


def make_endless_line(folder):
    (folder / WIJKEN).write_bytes(b"a" * 1_000_001)


def make_latin1(folder):
    content = text(folder, WIJKEN).replace("Strandhuis", "Strandhuís")
    (folder / WIJKEN).write_bytes(content.encode("latin-1"))


def make_utf16(folder):
    (folder / WIJKEN).write_bytes(text(folder, WIJKEN).encode("utf-16"))


def make_semicolons(folder):
    (folder / WIJKEN).write_text(text(folder, WIJKEN).replace(",", ";"))


def make_other_header(folder):
    edit(folder / WIJKEN, "gm_code", "gemeentecode")


def make_double_column(folder):
    edit(folder / WIJKEN, "province", "name")


def make_open_quote(folder):
    edit(folder / WIJKEN, '"Haven, oud"', '"Haven, oud')


def make_cut_off(folder):
    content = (folder / PC6).read_bytes()
    (folder / PC6).write_bytes(content[: len(content) // 2])


def make_plain(folder):
    (folder / PC6).write_text(text(folder, PC6))


def make_corrupt(folder):
    content = bytearray((folder / PC6).read_bytes())
    content[-6] ^= 0xFF  # the checksum
    (folder / PC6).write_bytes(bytes(content))


def make_empty_gz(folder):
    (folder / PC6).write_bytes(b"")


def make_shapes_cut_off(folder):
    pack(folder / SHAPES, text(folder, SHAPES)[:-40].encode())


def make_shapes_without_end(folder):
    pack(folder / SHAPES, text(folder, SHAPES)[:-1].encode())


def make_shapes_broken(folder):
    pack(
        folder / SHAPES,
        text(folder, SHAPES).replace('"geometry"', "geometry", 1).encode(),
    )


def make_shapes_single_feature(folder):
    pack(folder / SHAPES, b'{"type":"Feature","properties":{},"geometry":null}')


def make_shapes_empty(folder):
    pack(folder / SHAPES, b'{"type":"FeatureCollection","features":[]}')


def make_shapes_other_type(folder):
    pack(folder / SHAPES, text(folder, SHAPES).replace("FeatureC", "C").encode())


def make_shapes_deep(folder):
    deep = b"[" * 200_000
    pack(folder / SHAPES, b'{"type":"FeatureCollection","features":[' + deep)


def make_shapes_latin1(folder):
    content = text(folder, SHAPES).replace("Heide", "Heidé")
    pack(folder / SHAPES, content.encode("latin-1"))


UNREADABLE = [
    (make_empty, WIJKEN, "it is empty"),
    (make_header_only, WIJKEN, "a header and no rows"),
    (make_folder, WIJKEN, "it is a folder"),
    (make_binary, WIJKEN, "line 1 is not text"),
    (make_image, WIJKEN, "line 1 is not UTF-8"),
    (make_endless_line, WIJKEN, "line 1 is not text"),
    (make_latin1, WIJKEN, "line 6 is not UTF-8 (byte 0xed)"),
    (make_utf16, WIJKEN, "line 1 is not text"),
    (make_semicolons, WIJKEN, "separated by “;”"),
    (make_other_header, WIJKEN, "the column gm_code is missing. Found: code, name"),
    (make_double_column, WIJKEN, "the column name is there twice"),
    (make_open_quote, WIJKEN, "a quotation mark is missing"),
    (make_cut_off, PC6, "it is cut off"),
    (make_plain, PC6, "not a sound gzip file"),
    (make_corrupt, PC6, "not a sound gzip file"),
    (make_empty_gz, PC6, "it is empty"),
    (make_shapes_cut_off, SHAPES, "feature 4 is not valid JSON"),
    (make_shapes_without_end, SHAPES, "what follows the features"),
    (make_shapes_broken, SHAPES, "feature 1 is not valid JSON"),
    (make_shapes_single_feature, SHAPES, "no list of features"),
    (make_shapes_empty, SHAPES, "it holds no features"),
    (make_shapes_other_type, SHAPES, "not a GeoJSON FeatureCollection"),
    (make_shapes_deep, SHAPES, "feature 1 is not valid JSON"),
    (make_shapes_latin1, SHAPES, "not text in UTF-8"),
]


@pytest.mark.parametrize(
    ("damage", "file", "words"),
    UNREADABLE,
    ids=lambda value: getattr(value, "__name__", None),
)
def test_an_unreadable_file_is_told_why_and_loads_nothing(folder, damage, file, words):
    damage(folder)
    failed = failure(folder)
    (problem,) = failed.problems
    assert isinstance(problem, importing.UnreadableFile)
    assert str(problem).startswith(f"{file}: ")
    assert words in str(problem)
    assert not Area.objects.filter(
        kind="wijk" if file == WIJKEN else "pc6"
    ).exists() or (
        file == SHAPES and not AreaShape.objects.filter(area__kind="wijk").exists()
    )


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(LoadFailed, match="is no folder"):
        load(tmp_path / "nowhere")


def test_a_region_cannot_be_chosen_without_the_file_of_regions(folder):
    (folder / REGIONS).unlink()
    with pytest.raises(LoadFailed, match=f"{REGIONS}: it cannot be read"):
        importing.load(folder, region="HEIDELAND", progress=Silent())


class TestSkipBad:
    def test_good_rows_are_loaded_and_bad_rows_kept_with_their_reason(
        self, folder, tmp_path
    ):
        edit(folder / WIJKEN, '"Haven, oud",GM9001', '"Haven, oud",GM9999')
        edit(folder / WIJKEN, "WK900300,", "WK900300,extra,")
        report = load(folder, skip_bad=tmp_path / "bad" / "rows")
        assert Area.objects.filter(kind="wijk", year=2022).count() == 4
        with (tmp_path / "bad/rows/wijken_2022.csv.rejected.csv").open() as stream:
            header, first, second = csv.reader(stream)
        assert header[:4] == ["line", "reason", "code", "name"]
        assert first[0] == "3"
        assert "gm_code: “GM9999”" in first[1]
        assert first[2:5] == ["WK900101", "Haven, oud", "GM9999"]
        assert second[0] == "7"
        assert len(second) == len(header) + 1
        rejected = {Path(file.file).name: file.rejected for file in report.files}
        assert rejected["wijken_2022.csv"] == 2
        # what needs a rejected wijk is rejected in turn, and said so
        assert rejected["pc4_wijk_overlay_2020_2022.csv"] == 3

    def test_rejected_features_are_kept_by_their_properties(self, folder, tmp_path):
        edit(folder / SHAPES, '"WK900200"', '"WK900299"')
        load(folder, skip_bad=tmp_path)
        assert AreaShape.objects.filter(area__kind="wijk").count() == 3
        with (tmp_path / "wijken_2022.geojson.gz.rejected.csv").open() as stream:
            assert '"WK900299"' in list(csv.reader(stream))[1][2]

    def test_a_rejected_row_that_was_corrected_leaves_no_file(self, folder, tmp_path):
        edit(folder / WIJKEN, "WK900300", "WK9003")
        load(folder, skip_bad=tmp_path)
        edit(folder / WIJKEN, "WK9003", "WK900300")
        report = load(folder, skip_bad=tmp_path)
        assert not list(tmp_path.glob("*.rejected.csv"))
        assert sum(file.rejected for file in report.files) == 0

    def test_an_unreadable_file_still_fails(self, folder, tmp_path):
        make_cut_off(folder)
        with pytest.raises(LoadFailed, match="cut off"):
            load(folder, skip_bad=tmp_path)

    def test_a_folder_that_is_a_file_is_refused(self, folder, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(InvalidValue, match="cannot take rejected rows"):
            load(folder, skip_bad=tmp_path / "file")


def test_reading_gp_locations_refuses_bad_rows(folder):
    edit(folder / GPS, "HAP00001,praktijk,9901AA", "HAP00001,praktijk,9901")
    with pytest.raises(importing.BadRows, match="line 2, column pc6"):
        importing.read_gp_locations(folder, None)


def test_reading_absent_gp_locations_is_told(folder):
    (folder / GPS).unlink()
    with pytest.raises(importing.UnreadableFile, match="cannot be read"):
        importing.read_gp_locations(folder, None)
