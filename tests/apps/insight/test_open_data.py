"""The ground of a real region, from self-made files in the publishers' formats."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from django.utils import translation

from tests.factories.open_care_data import write_open_data
from wijkspil.core.errors import InvalidValue
from wijkspil.directory.importing import UnreadableFile
from wijkspil.insight.data_wording import say_assumption
from wijkspil.insight.engine_io.need import estimate_need
from wijkspil.insight.errors import InvalidOpenData
from wijkspil.insight.services.open_data import (
    OpenData,
    narrow,
    read_open_data,
    read_open_ground,
)
from wijkspil.insight.services.open_data_regions import find_region
from wijkspil.insight.types import Ground

AGES = "pc4/pc4_leeftijd_geslacht_2021.csv"
USE = "zorgkosten/cbs_kosten_gebruik_zorg_naar_wet_gemeente_2014_2015.csv"
CURVES = "zorgkosten/cpb_uitgaven_per_leeftijd_2022.csv"
HEALTH = "rivm_health/rivm_gezondheid_65plus_buurt_2020.csv.gz"
GPS = "providers/huisartsenpraktijken_locaties_2026.csv"
CAPACITY = "gp_capacity/capaciteitsorgaan_parameterwaarden_huisartsen_2010_2025.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_open_data(tmp_path_factory.mktemp("country"), gemeenten=32)


@pytest.fixture(scope="module")
def country(folder: Path) -> OpenData:
    return read_open_data(data=folder, year=2021)


def text_of(ground: Ground, key: str) -> str:
    """Return an assumption in English words."""
    found = next(one for one in ground.assumptions if one.key == key)
    with translation.override("en"):
        return say_assumption(found)


def edit(path: Path, old: str, new: str) -> None:
    """Replace a piece of text that is there once."""
    content = path.read_text(encoding="utf-8")
    assert content.count(old) == 1
    path.write_text(content.replace(old, new), encoding="utf-8")


def test_people_are_those_of_the_file(country: OpenData) -> None:
    ground = country.ground
    assert len(ground.places) == 64
    assert ground.population.shape == (64, 2, 20)
    assert ground.population[0, 0, 0] == 200
    assert ground.population[0, 1, 19] == 25
    assert ground.places[0].gemeente == "GM9001"
    assert "zorgkantoor:westland" in ground.places[0].within


def test_a_postcode_without_a_point_is_left_out_and_named(country: OpenData) -> None:
    assert "9999" not in {place.code for place in country.ground.places}
    assert "9999" in text_of(country.ground, "unplaced-postcodes")


def test_a_postcode_without_a_count_stays_unknown(tmp_path: Path) -> None:
    data = write_open_data(tmp_path)
    path = data / AGES
    lines = path.read_text().splitlines()
    lines[1] = f"9110{',' * 40}"
    path.write_text("\n".join(lines) + "\n")
    edit(data / "pc4/pc4_2021.csv", "9110,6000.0,", "9110,,")
    ground = read_open_ground(data=data, region=None)
    assert np.isnan(ground.given["population"][0])
    assert ground.population[0].sum() == 0
    assert "9110" in text_of(ground, "unknown-postcodes")


def test_a_total_without_ages_is_divided_as_in_the_country(tmp_path: Path) -> None:
    data = write_open_data(tmp_path)
    path = data / AGES
    lines = path.read_text().splitlines()
    lines[1] = f"9110{',' * 40}"
    path.write_text("\n".join(lines) + "\n")
    ground = read_open_data(data=data, year=2021).ground
    assert ground.population[0].sum() == pytest.approx(6000)
    ratio = ground.population[0] / ground.population[1]
    assert np.ptp(ratio) == pytest.approx(0, abs=1e-9)
    assert "9110" in text_of(ground, "estimated-ages")


def test_out_of_hours_posts_are_no_practices(country: OpenData) -> None:
    assert len(country.ground.gp_sites) == 64
    assert "HAPPOST" not in {site.code for site in country.ground.gp_sites}


def test_a_practice_can_take_people_per_practice_less_unmet_need(
    country: OpenData,
) -> None:
    people = country.ground.population.sum()
    for site in country.ground.gp_sites:
        assert site.capacity == pytest.approx(people / 64 * (1 - 0.06))
    assert country.gp_interval is not None
    assert country.gp_interval.level_low == pytest.approx(0.91 / 0.94)
    assert country.gp_interval.level_high == pytest.approx(0.95 / 0.94)


def test_patient_stops_stay_unknown(country: OpenData) -> None:
    assert {site.takes_new for site in country.ground.gp_sites} == {None}
    assert "not known" in text_of(country.ground, "gp-stops")


def test_worse_health_is_more_need(country: OpenData) -> None:
    need = estimate_need(country.ground, country.care)
    # The two postcodes of a gemeente have the same people.
    assert need[0] > need[1]
    assert need[2] == pytest.approx(need[3])


def test_where_less_is_used_than_age_explains_there_is_a_gap(
    country: OpenData,
) -> None:
    gap = estimate_need(country.ground, country.care) - country.ground.capacity_hours
    assert gap[:2].sum() < 0 < gap[2:].sum()
    assert gap.sum() == pytest.approx(0, abs=1e-6)


def test_use_has_the_level_of_the_publisher(country: OpenData) -> None:
    people = country.ground.population.sum(axis=(0, 1))
    at_a_moment = float(people @ country.care.use)
    assert at_a_moment / people.sum() == pytest.approx(266_545 / 17_475_415, rel=1e-4)


def test_a_gemeente_that_was_divided_is_named(country: OpenData) -> None:
    assert "Verdeelde Gemeente" in text_of(country.ground, "use-unmatched")


def test_gemeenten_of_before_a_merger_are_added_up(tmp_path: Path) -> None:
    data = write_open_data(tmp_path)
    path = data / "regions/gemeente_regios_2022.csv"
    path.write_text(path.read_text().replace("Stad 2,", "Maashorst,"))
    edit(data / USE, "Stad 2,256,1537500", "Landerd,156,837500\nUden,100,700000")
    ground = read_open_ground(data=data, region=None)
    other = read_open_ground(data=write_open_data(tmp_path / "b"), region=None)
    assert "3 gemeenten of 2022 have a figure" in text_of(ground, "use-division")
    assert ground.capacity_hours == pytest.approx(other.capacity_hours)


def test_too_few_gemeenten_say_nothing_of_age_or_health(tmp_path: Path) -> None:
    ground = read_open_ground(data=write_open_data(tmp_path), region=None)
    assert "that of the product" in text_of(ground, "use-by-age")
    assert "between 0.5 and 1.5" in text_of(ground, "health")


def test_people_are_brought_to_today(folder: Path, country: OpenData) -> None:
    later = read_open_data(data=folder, year=2026)
    assert later.ground.year == 2026
    assert later.population_year == 2021
    total = later.ground.population.sum()
    assert total != country.ground.population.sum()
    said = "".join(c for c in text_of(later.ground, "today") if c.isdigit())
    assert said.endswith(f"{total:.0f}")


def test_wijken_keep_their_own_count(folder: Path) -> None:
    ground = read_open_data(data=folder, level="wijk", year=2022).ground
    assert len(ground.places) == 64
    assert ground.population[0].sum() == pytest.approx(7000)
    # 20 % of 7,000 are 65 and over, divided as in the postcode.
    assert ground.population[0, :, 13:].sum() == pytest.approx(1400)
    assert ground.population[0, 0, 13] > ground.population[0, 0, 19]
    assert ground.income_low_share[0] == pytest.approx(31.5)


def test_a_region_is_a_part_with_all_practices(country: OpenData) -> None:
    part = narrow(country.ground, find_region(country.areas, "westland"))
    assert len(part.places) == 32
    assert len(part.gp_sites) == 64
    assert part.capacity_hours.shape == (32,)
    # What lies only partly in it, as the country, is no area of it.
    assert {code for place in part.places for code in place.within} == {
        "zorgkantoor:westland",
        "corop:nergens-1",
        *(place.gemeente for place in part.places),
    }


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("WESTLAND", "zorgkantoor:westland"),
        ("gm9002", "GM9002"),
        ("Stad 2", "GM9002"),
        ("corop:nergens-1", "corop:nergens-1"),
        ("VR19", "veiligheidsregio:zeeland"),
        ("NL", "NL"),
    ],
)
def test_a_region_is_found_by_name_code_or_set(
    country: OpenData, wanted: str, code: str
) -> None:
    assert find_region(country.areas, wanted).code == code


def test_an_unknown_region_names_those_that_look_like_it(country: OpenData) -> None:
    with pytest.raises(InvalidOpenData, match="Westland"):
        find_region(country.areas, "Westlant")


def test_an_unknown_set_is_refused(country: OpenData) -> None:
    with pytest.raises(InvalidOpenData, match="zorgkantoor, gemeente"):
        find_region(country.areas, "x", kind="postcode")


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (AGES, "9110,200,", "9110,-5,", "line 2, column m_0_4: “-5”"),
        (GPS, "HAP00011,praktijk", "HAP00011,winkel", "line 2, column soort: “winkel”"),
        (USE, "Stad 1,453,", "Stad 1,veel,", r"line 2, column .*: “veel”"),
        (CURVES, "3,1300,", "3,x,", "line 5, column zvw: “x”"),
        (CURVES, "99,10900,9801,20,0\n", "", "age 99 is not there"),
        (
            "regions/gemeente_regios_2022.csv",
            "GM9001,Stad 1",
            "GM1,Stad 1",
            "line 2, column code: “GM1”",
        ),
        ("pc4/pc4_2021.csv", "9110,6000.0,", "9110,many,", "line 2, column inwoners"),
        (CAPACITY, "14347", "14.347,0", "line 3, column raming_2025: “14.347,0”"),
        (CAPACITY, "aanbod_personen", "aanbod", "no row aanbod_personen"),
    ],
)
def test_a_wrong_value_says_file_line_and_column(
    tmp_path: Path, name: str, old: str, new: str, expected: str
) -> None:
    data = write_open_data(tmp_path)
    edit(data / name, old, new)
    with pytest.raises(InvalidOpenData, match=expected) as error:
        read_open_data(data=data)
    assert Path(name).name in str(error.value)


def test_a_wrong_percentage_of_health_is_refused(tmp_path: Path) -> None:
    data = write_open_data(tmp_path)
    content = gzip.decompress((data / HEALTH).read_bytes()).decode()
    broken = content.replace("NL01,Nederland,48.0", "NL01,Nederland,480")
    (data / HEALTH).write_bytes(gzip.compress(broken.encode()))
    with pytest.raises(InvalidOpenData, match="line 2, column Beperkt"):
        read_open_data(data=data)


@pytest.mark.parametrize("name", [AGES, "pc4/pc4_2021.csv"])
def test_a_missing_file_that_is_needed_is_named(tmp_path: Path, name: str) -> None:
    data = write_open_data(tmp_path)
    (data / name).unlink()
    with pytest.raises(InvalidOpenData, match=Path(name).name):
        read_open_data(data=data)


@pytest.mark.parametrize("name", [USE, CURVES, HEALTH, GPS, CAPACITY])
def test_a_missing_file_that_can_be_missed_is_an_assumption(
    tmp_path: Path, name: str
) -> None:
    data = write_open_data(tmp_path)
    (data / name).unlink()
    ground = read_open_ground(data=data, region=None)
    assert any(Path(name).name in say_assumption(one) for one in ground.assumptions)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    data = write_open_data(tmp_path)
    (data / HEALTH).write_bytes(b"\x1f\x8b broken")
    with pytest.raises((UnreadableFile, InvalidOpenData)):
        read_open_data(data=data)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="is no folder"):
        read_open_data(data=tmp_path / "nowhere")


def test_each_file_that_was_read_has_a_hash(country: OpenData) -> None:
    assert len(country.input_hashes) == 10
    assert all(len(digest) == 64 for digest in country.input_hashes.values())


def test_the_real_country_is_read(open_data: Path) -> None:
    found = read_open_data(data=open_data)
    ground = found.ground
    assert len(ground.places) == 4065
    assert len(ground.gp_sites) == 4850
    assert 17_500_000 < ground.population.sum() < 18_500_000
    assert "345 gemeenten" in text_of(ground, "use-division")
    assert "Haaren, Littenseradiel" in text_of(ground, "use-unmatched")
    part = narrow(ground, find_region(found.areas, "HAAGLANDEN"))
    assert 800_000 < part.population.sum() < 950_000
    assert np.isfinite(part.capacity_hours).all()
