"""Rows that hold for a period: the two columns, their rules and their questions.

``valid_from`` and ``valid_until`` are half-open (see ``core.periods``). The database
keeps their order and, where a table asks for it, that periods do not overlap.
"""

from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import Func, Q, Value

from wijkspil.core.periods import Period


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
