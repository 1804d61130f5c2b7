"""Shapes of the wijken, gemeenten or postcodes of an area, as they were imported."""

from typing import Any

from wijkspil.directory.models import Area, AreaShape


def list_area_shapes(
    *, kind: str, year: int, within: int | None = None
) -> list[tuple[str, str, Any]]:
    """Return code, name and GeoJSON geometry of areas of a year, by code (two queries).

    An area without a shape of its own year has the newest one of its code; without
    any it is left out. ``within`` keeps to what lies in an area.
    """
    areas = Area.objects.filter(kind=kind, year=year)
    if within is not None:
        areas = areas.filter(within__contains=[within])
    names = dict(areas.order_by("code").values_list("code", "name"))
    rows = AreaShape.objects.filter(area__kind=kind)
    rows = (
        rows.filter(area__code__in=list(names))
        if within is not None
        else rows.filter(area__year__lte=year)
    )
    # Of the same code the newest comes last, and stays.
    shapes = dict(rows.order_by("area__year").values_list("area__code", "geometry"))
    return [(code, names[code], shapes[code]) for code in names if code in shapes]
