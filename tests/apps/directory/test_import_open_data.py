"""The real publishers' files, where they lie beside the project."""

from pathlib import Path

import pytest
from django.db.models import Sum

from wijkspil.core.progress import Silent
from wijkspil.directory import importing
from wijkspil.directory.models import Area, AreaOverlap, AreaShape

pytestmark = pytest.mark.django_db


def load(folder: Path, region: str | None) -> importing.LoadReport:
    return importing.load(folder, region=region, progress=Silent())


def inhabitants(kind: str, year: int) -> int:
    rows = Area.objects.filter(kind=kind, year=year)
    return int(rows.aggregate(total=Sum("population"))["total"])


def test_the_country_adds_up_and_a_second_load_changes_nothing(open_data, tmp_path):
    for folder in open_data.iterdir():
        if folder.is_dir() and not folder.name.startswith("pc6"):
            (tmp_path / folder.name).symlink_to(folder.resolve())
    report = load(tmp_path, None)
    assert inhabitants("gemeente", 2022) == 17_590_672
    assert inhabitants("wijk", 2022) == 17_588_925
    assert inhabitants("gemeente", 2024) == 17_942_942
    assert inhabitants("wijk", 2024) == 17_942_715
    assert inhabitants("pc4", 2021) == 17_472_870
    ages = Area.objects.filter(kind="pc4").values_list("population_by_age", flat=True)
    assert sum(sum(bands.values()) for bands in ages) == 17_472_865
    assert Area.objects.filter(kind="buurt", year=2020).count() == 13_808
    assert Area.objects.filter(kind="buurt", year=2014).count() == 12_005
    assert AreaShape.objects.filter(area__kind="wijk").count() == 3_340
    assert AreaOverlap.objects.count() == 7_757
    assert len(report.unplaced_pc4) == 9
    assert Area.objects.filter(purpose="zorgkantoor").count() == 31
    again = load(tmp_path, None)
    assert (again.new, again.changed, again.areas_refreshed) == (0, 0, 0)
    assert sum(file.rejected for file in again.files) == 0


def test_haaglanden_and_the_six_character_postcodes_of_zeeland(open_data):
    load(open_data, "Haaglanden")
    assert inhabitants("wijk", 2022) == 839_380
    assert Area.objects.filter(kind="pc4").count() == 104
    centre = Area.objects.get(kind="pc4", code="2512")
    names = set(
        Area.objects.filter(pk__in=centre.within).values_list("name", flat=True)
    )
    assert {"'s-Gravenhage", "Haaglanden", "Wijk 28 Centrum"} <= names
    load(open_data, "ZEELAND")
    pc6 = Area.objects.filter(kind="pc6")
    assert pc6.count() == 14_465
    assert not pc6.filter(parent=None).exists()
    assert not pc6.filter(within__len__lt=7).exists()
    assert Area.objects.filter(kind="pc4").count() == 104 + 153
