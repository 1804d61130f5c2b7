"""Figures of the picture as lines of a file."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from wijkspil.core.spreadsheets import guarded
from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.data_wording import say_source
from wijkspil.insight.selectors.picture import Shown


def write_rows(rows: Iterable[Shown]) -> Iterator[Sequence[Any]]:
    """Yield the lines of the file: head, then a figure each."""
    yield (
        *("indicator", "area", "name", "valid_from", "valid_until", "part_of_day"),
        *("value", "low", "high", "numerator", "denominator", "unit"),
        *("is_withheld", "source", "computed_at"),
    )
    for row in rows:
        yield (
            row.indicator,
            row.area_code,
            guarded(row.area_name),
            row.valid_from.isoformat(),
            row.valid_until.isoformat(),
            row.part_of_day,
            *(
                "" if number is None else round(number, 4)
                for number in (
                    *(row.value, row.low, row.high),
                    *(row.numerator, row.denominator),
                )
            ),
            guarded(str(INDICATORS[row.indicator].unit)),
            "yes" if row.is_withheld else "no",
            guarded(say_source(row.source)),
            row.computed_at.isoformat(timespec="seconds"),
        )
