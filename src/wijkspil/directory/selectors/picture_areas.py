"""Areas of which a picture is drawn: found by their code, with what they lie in."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Max, QuerySet

from wijkspil.directory.models import Area
from wijkspil.directory.types import AreaKind

_PICTURED = (AreaKind.REGION, AreaKind.GEMEENTE, AreaKind.WIJK)


@dataclass(frozen=True, slots=True)
class PictureArea:
    """A region, gemeente or wijk.

    ``code`` is unique here: that of CBS, or for a region "purpose/code". ``within``
    has its own id and those of what it lies in.
    """

    id: int
    code: str
    name: str
    kind: str
    purpose: str
    year: int
    within: frozenset[int]
    population: int | None


def list_pictured_areas(code: str) -> list[PictureArea]:
    """Return what carries a code, the newest division first (one query)."""
    purpose, _slash, bare = code.rpartition("/")
    return _areas(
        Area.objects.filter(kind__in=_PICTURED, code=bare, purpose=purpose).order_by(
            "-year"
        )
    )


def list_areas_around(ids: Collection[int]) -> list[PictureArea]:
    """Return the regions and gemeenten of these ids, by name (one query)."""
    return _areas(
        Area.objects.filter(
            pk__in=list(ids), kind__in=(AreaKind.REGION, AreaKind.GEMEENTE)
        ).order_by("name", "pk")
    )


def list_regions_of_set(purpose: str) -> list[PictureArea]:
    """Return the regions of one purpose, by name (one query)."""
    return _areas(
        Area.objects.filter(kind=AreaKind.REGION, purpose=purpose).order_by(
            "name", "pk"
        )
    )


def get_year_of_shapes(kind: str, *, within: int | None) -> int | None:
    """Return the newest division in use of a kind of area (one query)."""
    areas = Area.objects.filter(kind=kind, lon__isnull=False)
    if within is not None:
        areas = areas.filter(within__contains=[within])
    year: int | None = areas.aggregate(newest=Max("year"))["newest"]
    return year


def _areas(rows: QuerySet[Area]) -> list[PictureArea]:
    return [
        PictureArea(
            id=pk,
            code=f"{purpose}/{code}" if purpose else code,
            name=name,
            kind=kind,
            purpose=purpose,
            year=year,
            within=frozenset({pk, *within}),
            population=population,
        )
        for pk, code, name, kind, purpose, year, within, population in rows.values_list(
            "pk", "code", "name", "kind", "purpose", "year", "within", "population"
        )
    ]
