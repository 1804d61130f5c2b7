"""Read figures: everything that pages, reports and exports show comes from here."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from wijkspil.directory.selectors.insight import AreaPart, list_parts
from wijkspil.insight.models import Figure
from wijkspil.insight.types import FigureRow

#: Of a figure, in the order of ``FigureRow``.
_FIELDS: tuple[str, ...] = (
    "indicator",
    "area__code",
    "valid_from",
    "valid_until",
    "value",
    "numerator",
    "denominator",
    "low",
    "high",
    "part_of_day",
    "source",
    "measured_at",
    "is_withheld",
)


@dataclass(frozen=True, slots=True)
class AreaFigure:
    """A figure with the id of its area, and when it was computed."""

    area_id: int
    row: FigureRow
    computed_at: datetime


def list_figures(
    *,
    area_ids: Collection[int],
    indicators: Collection[str] | None = None,
    run_id: int | None = None,
    period: tuple[date, date] | None = None,
) -> list[FigureRow]:
    """Return figures of areas (one query), by area, indicator, period and part of day.

    ``run_id`` None: what was counted; else what a run projected. ``period`` is
    half-open: figures whose period begins in it. Without it: of what was counted the
    newest of each, of a run every year.
    """
    return [
        one.row
        for one in list_area_figures(
            area_ids=area_ids, indicators=indicators, run_id=run_id, period=period
        )
    ]


def list_area_figures(
    *,
    area_ids: Collection[int],
    indicators: Collection[str] | None = None,
    run_id: int | None = None,
    period: tuple[date, date] | None = None,
) -> list[AreaFigure]:
    """Return the same with the ids of the areas: codes of regions are not unique."""
    rows = Figure.objects.filter(run_id=run_id, area_id__in=list(area_ids))
    if indicators is not None:
        rows = rows.filter(indicator__in=list(indicators))
    if period is not None:
        rows = rows.filter(valid_from__gte=period[0], valid_from__lt=period[1])
    if period is None and run_id is None:
        rows = rows.order_by(
            "area_id", "indicator", "part_of_day", "-valid_from"
        ).distinct("area_id", "indicator", "part_of_day")
    else:
        rows = rows.order_by("area_id", "indicator", "valid_from", "part_of_day")
    return list(_read(rows))


def list_months(area_ids: Collection[int]) -> list[tuple[date, date]]:
    """Return the periods of which areas have counted figures, newest first."""
    return list(
        Figure.objects.filter(run=None, area_id__in=list(area_ids))
        .order_by("-valid_from")
        .values_list("valid_from", "valid_until")
        .distinct()
    )


def list_children(area_id: int | None, kind: str) -> list[AreaPart]:
    """Return the areas one level down; None: of the country (at most four queries).

    ``kind`` is wijk, gemeente, or the purpose of a set of regions.
    """
    return list_parts(area_id, kind)


def _read(rows: "QuerySet[Figure]") -> Iterable[AreaFigure]:
    for values in rows.values_list(
        "area_id",
        "computed_at",
        *_FIELDS,
    ):
        area_id, computed_at, *row = values
        yield AreaFigure(area_id, FigureRow(*row), computed_at)
