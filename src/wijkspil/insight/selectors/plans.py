"""What was agreed to do about a gap: by state and date, with what changed when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pghistory.models
from django.apps import apps
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Target
from wijkspil.insight.errors import UnknownMeasure
from wijkspil.insight.models import Figure, Measure
from wijkspil.insight.types import MeasureStatus

#: States in which somebody still has something to do.
LIVE = (MeasureStatus.PROPOSED, MeasureStatus.AGREED, MeasureStatus.RUNNING)
#: Fields whose change is told, in this order.
_TOLD = (
    "status",
    "title",
    "due_on",
    "owner_kind",
    "owner_id",
    "expected_effect",
    "expected_low",
    "expected_high",
    "start_value",
    "measured_effect",
    "outcome",
    "note",
)


@dataclass(frozen=True, slots=True)
class NewestFigure:
    """The newest counted number of an indicator in an area.

    ``value`` is empty when it is withheld or not known.
    """

    value: float | None
    valid_from: date
    valid_until: date
    computed_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """One act on a measure: who, when, and each field before and after."""

    at: datetime
    by: str
    is_first: bool
    fields: tuple[tuple[str, Any, Any], ...]


def measure_target(row: Measure) -> Target:
    """Return where an act on a measure lands."""
    return Target(region_ids=frozenset({row.region_id}))


def get_measure(measure_id: int) -> Measure:
    """Return a measure with its area, region, owner and scenario (one query).

    Raises
    ------
    UnknownMeasure
        If there is none with this number.
    """
    row = (
        Measure.objects.filter(pk=measure_id)
        .select_related("area", "region", "owner", "scenario")
        .first()
    )
    if row is None:
        raise _unknown(measure_id)
    return row


def lock_measure(measure_id: int) -> Measure:
    """Return a measure, locked until the transaction ends.

    Raises
    ------
    UnknownMeasure
        If there is none with this number.
    """
    row = (
        Measure.objects.select_for_update(of=("self",))
        .filter(pk=measure_id)
        .select_related("area", "region", "owner", "scenario")
        .first()
    )
    if row is None:
        raise _unknown(measure_id)
    return row


def _unknown(measure_id: int) -> UnknownMeasure:
    return UnknownMeasure(
        _("There is no measure with number %(id)s.") % {"id": measure_id}
    )


def list_measures(
    region_ids: Iterable[int] | None,
    *,
    status: str = "",
    area_id: int | None = None,
    indicator: str = "",
) -> list[Measure]:
    """Return measures of regions (None: of all), live ones first, then by date.

    One query.
    """
    rows = Measure.objects.select_related("area", "region", "owner", "scenario")
    if region_ids is not None:
        rows = rows.filter(region_id__in=list(region_ids))
    if status:
        rows = rows.filter(status=status)
    if area_id is not None:
        rows = rows.filter(area_id=area_id)
    if indicator:
        rows = rows.filter(indicator=indicator)
    return sorted(
        rows, key=lambda row: (row.status not in LIVE, row.due_on, row.title, row.pk)
    )


def is_overdue(row: Measure, *, on: date) -> bool:
    """Whether its date has passed while there is still something to do."""
    return row.status in LIVE and row.due_on < on


def count_by_status(rows: Sequence[Measure]) -> dict[str, int]:
    """Return how many measures are in each state, all states named."""
    counts = dict.fromkeys(MeasureStatus.values, 0)
    for row in rows:
        counts[row.status] += 1
    return counts


def find_newest_figure(
    area_id: int, indicator: str, *, after: date | None = None
) -> NewestFigure | None:
    """Return the newest counted figure over all parts of the day (one query).

    ``after``: only of a period that began later.
    """
    rows = Figure.objects.filter(
        area_id=area_id, indicator=indicator, part_of_day="", run=None
    )
    if after is not None:
        rows = rows.filter(valid_from__gt=after)
    row = rows.order_by("-valid_from").first()
    if row is None:
        return None
    return NewestFigure(
        row.value, row.valid_from, row.valid_until, row.computed_at, row.source
    )


def list_changes(measure_id: int) -> list[MeasureChange]:
    """Return what happened to a measure, the newest first (two queries)."""
    events: Any = apps.get_model("insight", "MeasureEvent")
    rows = list(
        events.objects.filter(pgh_obj_id=measure_id)
        .order_by("pgh_id")
        .values("pgh_created_at", "pgh_context_id", *_TOLD)
    )
    authors = dict(
        pghistory.models.Context.objects.filter(
            pk__in={row["pgh_context_id"] for row in rows if row["pgh_context_id"]}
        ).values_list("pk", "metadata")
    )
    changes: list[MeasureChange] = []
    before: dict[str, Any] = {}
    for row in rows:
        fields = tuple(
            (name, before.get(name), row[name])
            for name in _TOLD
            if before and before[name] != row[name]
        )
        if fields or not before:
            author = authors.get(row["pgh_context_id"]) or {}
            changes.append(
                MeasureChange(
                    at=row["pgh_created_at"],
                    by=str(author.get("actor", "")),
                    is_first=not before,
                    fields=fields,
                )
            )
        before = row
    return changes[::-1]
