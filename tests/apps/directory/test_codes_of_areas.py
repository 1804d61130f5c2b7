"""A code of an area means the division in use, and one region."""

import pytest

from tests.factories.directory import AreaFactory
from wijkspil.directory.selectors.maps import list_areas_of_codes
from wijkspil.directory.types import RegionPurpose

pytestmark = pytest.mark.django_db


def test_a_wijk_of_a_division_without_points_is_not_meant() -> None:
    in_use = AreaFactory(code="WK001400", year=2022)
    AreaFactory(code="WK001400", year=2024, lon=None, lat=None)

    assert list_areas_of_codes(["WK001400", "WK999999"]) == {"WK001400": in_use.pk}


def test_a_region_is_named_with_its_purpose_or_is_the_zorgkantoor() -> None:
    office = AreaFactory(
        region=True, purpose=RegionPurpose.ZORGKANTOOR, code="DUIN", year=2022
    )
    resv = AreaFactory(region=True, purpose=RegionPurpose.RESV, code="DUIN", year=2026)

    found = list_areas_of_codes(["DUIN", "resv/DUIN", "zorgkantoor/DUIN", "resv/ZEE"])

    assert found == {
        "DUIN": office.pk,
        "resv/DUIN": resv.pk,
        "zorgkantoor/DUIN": office.pk,
    }
