"""Loading publishers' files: what becomes of them, twice, and per region."""

import gzip
import shutil
from pathlib import Path

import pytest
from django.utils import translation

from tests.apps.directory.open_data import copy_open_data, edit
from wijkspil.core.progress import Silent
from wijkspil.directory import importing
from wijkspil.directory.importing import LoadReport
from wijkspil.directory.models import (
    Area,
    AreaOverlap,
    AreaShape,
    Organization,
    RegionMember,
)
from wijkspil.directory.services.areas import refresh_within

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_open_data(tmp_path / "data")


def load(folder: Path, region: str | None = None) -> LoadReport:
    return importing.load(folder, region=region, progress=Silent())


def area(code: str, year: int | None = None, purpose: str = "") -> Area:
    found = Area.objects.filter(code=code, purpose=purpose)
    return (found.filter(year=year) if year else found).get()


def around(code: str, year: int | None = None) -> set[str]:
    """Codes of what an area lies in, without itself; regions as purpose:code."""
    start = area(code, year)
    return {
        f"{found.purpose}:{found.code}" if found.purpose else found.code
        for found in Area.objects.filter(pk__in=start.within).exclude(pk=start.pk)
    }


POLDER = {
    "zorgkantoor:t-polder-ijssel-e-o",
    "resv:t-polder-ijssel-e-o",
    "gp-out-of-hours:nergens-west",
    "night-care:vr19",
}


def test_a_first_load_makes_every_area(folder):
    report = load(folder)
    kinds = {
        (kind, year): Area.objects.filter(kind=kind, year=year).count()
        for kind, year in Area.objects.values_list("kind", "year").distinct()
    }
    assert kinds == {
        ("gemeente", 2022): 3,
        ("wijk", 2022): 6,
        ("gemeente", 2024): 2,
        ("wijk", 2024): 3,
        ("buurt", 2020): 6,
        ("buurt", 2014): 2,
        ("pc4", 2021): 6,
        ("pc4", 2026): 1,
        ("pc6", 2026): 5,
        ("region", 2022): 8,
    }
    assert AreaShape.objects.count() == 3 + 4 + 3
    assert RegionMember.objects.count() == 3 * 4
    assert not any(file.note for file in report.files)
    assert sum(file.rejected for file in report.files) == 0


def test_no_organization_comes_out_of_the_import(folder):
    load(folder)
    assert not Organization.objects.exists()


def test_a_second_load_changes_nothing(folder):
    load(folder)
    kept = list(Area.objects.order_by("pk").values())
    report = load(folder)
    assert (report.new, report.changed, report.areas_refreshed) == (0, 0, 0)
    assert list(Area.objects.order_by("pk").values()) == kept
    unchanged = {Path(file.file).name: file.unchanged for file in report.files}
    assert unchanged["wijken_2022.csv"] == 6


def test_a_changed_row_updates_its_area(folder):
    load(folder)
    key = area("WK900100", 2022).pk
    edit(folder / "cbs_areas/wijken_2022.csv", "Centrum,GM9001", "Binnenstad,GM9001")
    report = load(folder)
    assert (report.new, report.changed) == (0, 2)  # the wijk of 2024 takes its name
    assert Area.objects.get(pk=key).name == "Binnenstad"


def test_a_gemeente_that_moves_leaves_its_old_region(folder):
    load(folder)
    regions = folder / "regions/gemeente_regios_2022.csv"
    edit(
        regions,
        "GM9003,Heidedorp,Ergens,Ergens,",
        "GM9003,Heidedorp,Ergens,Nergens-West,",
    )
    load(folder)
    assert "gp-out-of-hours:nergens-west" in around("9903")
    assert "gp-out-of-hours:ergens" not in around("9903")


def test_a_region_that_an_editor_made_keeps_its_members(folder):
    load(folder)
    alliance = Area.objects.create(
        kind="region",
        purpose="alliance",
        code="verband",
        name="Verband",
        year=2026,
        source="Redactie",
    )
    RegionMember.objects.create(region=alliance, area=area("GM9001", 2022))
    load(folder)
    assert "alliance:verband" in around("9901")


def test_inhabitants_per_age_follow_the_percentages(folder):
    load(folder)
    assert area("WK900100", 2022).population_by_age == {
        "0-14": 900.0,
        "15-24": 720.0,
        "25-44": 1500.0,
        "45-64": 1680.0,
        "65+": 1200.0,
    }


@pytest.mark.parametrize("wijk", ["WK900102", "WK900201"])
def test_suppressed_ages_of_a_small_wijk_stay_unknown(folder, wijk):
    load(folder)
    assert area(wijk, 2022).population_by_age == {}


def test_percentages_that_add_up_to_150_are_loaded(folder):
    load(folder)
    assert sum(area("WK900300", 2022).population_by_age.values()) == 30


def test_pc4_ages_add_up_men_and_women(folder):
    load(folder)
    bands = area("9901").population_by_age
    assert len(bands) == 20
    assert bands["0-4"] == bands["95+"] == 200
    assert area("9904").population_by_age == {}


def test_a_lost_accent_comes_back_from_the_postcode_file(folder):
    load(folder)
    assert area("GM9002", 2022).name == "Súdwest-Duinen"


def test_the_counts_of_2024_take_the_names_of_2022(folder):
    load(folder)
    known, letters = area("WK900100", 2024), area("WK9001AB", 2024)
    assert (known.name, known.population) == ("Centrum", 6050)
    assert letters.name == "WK9001AB"
    assert letters.parent == area("GM9001", 2024)


def test_regions_read_as_people_write_them_and_say_what_is_assumed(folder):
    load(folder)
    office = area("t-polder-ijssel-e-o", purpose="zorgkantoor")
    assert office.name == "'t Polder-IJssel e.o."
    assert "aanname" not in office.source
    for purpose in ("resv", "gp-out-of-hours", "night-care"):
        sources = Area.objects.filter(purpose=purpose).values_list("source", flat=True)
        assert all("aanname" in source for source in sources)


def test_a_pc4_lies_in_the_wijk_with_most_of_its_ground(folder):
    load(folder)
    assert around("9901") == {"WK900100", "GM9001"} | POLDER
    assert AreaOverlap.objects.filter(part=area("9901")).count() == 2


def test_a_pc4_without_overlay_lies_in_the_gemeente_it_names(folder):
    load(folder)
    assert around("9904") == {"GM9002"} | POLDER


def test_a_pc4_without_any_place_is_reported(folder):
    assert load(folder).unplaced_pc4 == ["9905"]


def test_a_pc4_that_only_the_map_knows_is_an_area(folder):
    load(folder)
    found = area("9906")
    assert around("9906") == {"WK900101", "GM9001"} | POLDER
    assert found.lon == pytest.approx(5.14)
    assert found.lat == pytest.approx(52.09)
    assert found.population is None


def test_a_pc4_that_only_its_pc6_know_is_an_area(folder):
    load(folder)
    assert area("9907").name == "Duinen"
    assert around("9907") == {"WK900200", "GM9002"} | POLDER
    assert around("9907AB") == {"9907", "WK900200", "GM9002"} | POLDER


def test_a_pc6_takes_the_nearest_buurt_of_its_wijk(folder):
    load(folder)
    assert around("9901AA") == {"9901", "BU90010000", "WK900100", "GM9001"} | POLDER
    assert area("9901AA").within_is_estimate
    assert area("9901AA").name == "Markt, Polderstad"


def test_no_buurt_is_guessed_where_a_centre_is_missing(folder):
    load(folder)
    assert around("9901AB") == {"9901", "WK900101", "GM9001"} | POLDER
    assert not area("9901AB").within_is_estimate


def test_a_buurt_whose_wijk_is_gone_lies_in_its_gemeente(folder):
    load(folder)
    assert around("BU90020500", 2020) == {"GM9002"} | POLDER
    assert around("BU90010000", 2020) == {"WK900100", "GM9001"} | POLDER
    assert around("BU90080000", 2020) == set()
    assert around("BU90010000", 2014) == set()


def test_a_pc6_without_a_wijk_lies_where_its_pc4_lies(folder):
    load(folder)
    AreaOverlap.objects.filter(part=area("9901AB")).delete()
    refresh_within()
    assert around("9901AB") == {"9901", "WK900100", "GM9001"} | POLDER


def test_a_refresh_of_one_area_reaches_all_that_lies_in_it(folder):
    load(folder)
    region = Area.objects.create(
        kind="region", purpose="alliance", code="v", name="V", year=2026, source="x"
    )
    wijk = area("WK900200", 2022)
    RegionMember.objects.create(region=region, area=wijk)
    assert refresh_within(area_ids=[wijk.pk]) == 5  # wijk, 9902, 9907 and its two PC6
    assert "alliance:v" in around("9907AA")
    assert "alliance:v" not in around("9904")
    assert refresh_within() == 1  # the new region itself


def test_a_region_limits_everything_to_its_gemeenten(folder):
    report = load(folder, region="heideland")
    assert report.region == "HEIDELAND"
    codes = set(Area.objects.exclude(kind="region").values_list("code", flat=True))
    assert codes == {"GM9003", "WK900300", "BU90030000", "9903", "9903AA"}
    assert around("9903AA") >= {"9903", "WK900300", "GM9003", "zorgkantoor:heideland"}


def test_a_gemeente_merged_later_belongs_to_the_region_of_its_parts(folder):
    load(folder, region="'t Polder-IJssel e.o.")
    assert area("GM9009", 2024).population == 4100


def test_loading_one_region_leaves_the_rest_of_the_country(folder):
    load(folder)
    report = load(folder, region="HEIDELAND")
    assert (report.new, report.changed, report.areas_refreshed) == (0, 0, 0)
    assert Area.objects.filter(code="9901AA").exists()


def test_an_unknown_region_lists_what_looks_like_it(folder):
    with pytest.raises(importing.UnknownRegion, match="Choose from: HEIDELAND"):
        load(folder, region="Heidelant")
    assert not Area.objects.exists()


def test_absent_files_are_named_with_what_their_absence_means(folder):
    for name in ("pc6_5provincies", "cbs_buurten", "providers", "regions"):
        shutil.rmtree(folder / name)
    notes = {file.file: file.note for file in load(folder).files if file.note}
    assert len(notes) == 6
    assert "4 digits" in notes["pc6_5provincies/pc6_5provincies_2026.csv.gz"]
    assert around("9901") == {"WK900100", "GM9001"}


@pytest.mark.parametrize(
    "name",
    ["cbs_areas/gemeenten_2022.csv", "cbs_areas/wijken_2022.csv", "pc4/pc4_2021.csv"],
)
def test_a_missing_required_file_stops_the_load(folder, name):
    (folder / name).unlink()
    with pytest.raises(importing.LoadFailed, match=f"{name} is missing"):
        load(folder)
    assert not Area.objects.exists()


def test_every_required_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(importing.LoadFailed) as failed:
        load(tmp_path)
    assert len(failed.value.problems) == 3


def test_a_byte_order_mark_and_windows_lines_are_accepted(folder):
    path = folder / "cbs_areas/wijken_2022.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    load(folder)
    assert Area.objects.filter(kind="wijk", year=2022).count() == 6


def test_columns_may_stand_in_another_order(folder):
    path = folder / "cbs_buurten/buurten_2014_centroiden.csv"
    path.write_text("lat,extra,lon,bu_naam,bu_code\n52.1,,5.1,Markt,BU90010000\n")
    load(folder)
    assert area("BU90010000", 2014).lon == 5.1


def test_a_map_in_many_lines_is_read_as_well(folder):
    path = folder / "cbs_areas/wijken_2022.geojson.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    text = text.replace("{", "{\n  ").replace("[", "[ ").replace("},{", "}\r\n,\t{")
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + text.encode()))
    load(folder)
    assert AreaShape.objects.filter(area__kind="wijk").count() == 4


class Steps:
    """Progress that remembers."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.totals: dict[str, int] = {}
        self._title = ""

    def start(self, title: str, total: int) -> None:
        self._title = title
        self.totals[title] = total
        self.done[title] = 0

    def advance(self, count: int = 1) -> None:
        self.done[self._title] += count


def test_progress_reaches_the_end_of_every_file(folder):
    steps = Steps()
    importing.load(folder, region=None, progress=steps)
    assert steps.done == steps.totals
    assert len(steps.totals) == 16


def test_gp_locations_are_read_and_not_stored(folder):
    everywhere = importing.read_gp_locations(folder, None)
    assert [found.id for found in everywhere] == ["HAP00001", "HAP00002"]
    (one,) = importing.read_gp_locations(folder, "heideland")
    assert (one.pc4, one.kind, one.is_exact) == ("9903", "gezondheidscentrum", False)


def test_hospital_locations_come_without_names(folder):
    (one,) = importing.read_hospital_locations(folder, None)
    assert (one.pc6, one.place, one.has_emergency_room) == (
        "9901AB",
        "Polderstad",
        True,
    )
    assert "Verzonnen" not in repr(one)
