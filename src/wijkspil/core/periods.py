"""Half-open periods: from a moment, until (not including) another.

Every period in Wijkspil has ``valid_from`` and ``valid_until``; an empty
``valid_until`` means "no end known". The database keeps the order of the two and,
where a table asks for it, that periods do not overlap (see ``no_overlap``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import Func, Q, Value

from wijkspil.core.errors import InvalidValue


@dataclass(frozen=True, order=True)
class Period:
    """A span of time from ``start`` until ``end`` (exclusive), both with zone.

    Raises
    ------
    InvalidValue
        If a moment has no time zone, or the end is not after the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for moment in (self.start, self.end):
            if moment.tzinfo is None:
                raise InvalidValue(f"{moment.isoformat()} has no time zone: add one.")
        if self.end <= self.start:
            raise InvalidValue(
                f"A period ends after it starts: {self.start.isoformat()} .. "
                f"{self.end.isoformat()}."
            )

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.end - self.start).total_seconds() / 3600


class PeriodQuerySet(models.QuerySet[Any]):
    """Questions about time for any model with ``valid_from``/``valid_until``."""

    def at(self, moment: datetime) -> Self:
        """Keep what is valid at ``moment``."""
        return self.filter(valid_from__lte=moment).filter(
            Q(valid_until=None) | Q(valid_until__gt=moment)
        )

    def within(self, period: Period) -> Self:
        """Keep what is valid at some moment of ``period``."""
        return self.filter(valid_from__lt=period.end).filter(
            Q(valid_until=None) | Q(valid_until__gt=period.start)
        )


class HalfOpenPeriod(models.Model):
    """The two columns and the rule that the second comes after the first."""

    valid_from = models.DateTimeField(help_text="First moment it holds.")
    valid_until = models.DateTimeField(
        null=True, blank=True, help_text="First moment it no longer holds; empty: open."
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None)
                | Q(valid_until__gt=models.F("valid_from")),
                name="%(app_label)s_%(class)s_period_order",
            )
        ]


class _Range(Func):
    def __init__(self, kind: str, *expressions: Any) -> None:
        super().__init__(*expressions, function=kind)


def no_overlap(*, name: str, same: dict[str, str]) -> ExclusionConstraint:
    """Refuse two rows with equal ``same`` columns in overlapping periods.

    ``same`` maps a column to ``"id"`` or ``"text"``. Equality is written as the
    overlap of one-value ranges, so that plain GiST serves without the btree_gist
    extension (``textrange`` is made in core's first migration).
    """
    kinds = {"id": "int8range", "text": "textrange"}
    return ExclusionConstraint(
        name=name,
        index_type="GIST",
        expressions=[
            (_Range(kinds[kind], column, column, Value("[]")), "&&")
            for column, kind in same.items()
        ]
        + [(_Range("tstzrange", "valid_from", "valid_until"), "&&")],
    )
