"""Find a number of a picture by indicator, area and year. Says nothing."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.services.picture import Picture
from wijkspil.insight.services.reporting.shape import Source
from wijkspil.insight.types import FigureRow, Indicator
from wijkspil.ui.charts.frame import say_value


@dataclass(frozen=True, eq=False)
class Numbers:
    """The figures of a picture, by indicator; of projections those of the base."""

    picture: Picture
    now: dict[str, list[FigureRow]]
    later: dict[str, list[FigureRow]]

    def of_subject(self, indicator: str) -> FigureRow | None:
        """Return the newest figure of the region itself, for the whole day."""
        rows = [
            row
            for row in self.now.get(indicator, ())
            if row.area_code == self.picture.subject.code
            and not row.part_of_day
            and row.value is not None
        ]
        return max(rows, key=lambda row: row.valid_from, default=None)

    def of_places(self, indicator: str, year: int | None = None) -> list[FigureRow]:
        """Return the newest figure of each place; projected ones of a ``year``."""
        places = {place.code for place in self.picture.ground.places}
        found: dict[str, FigureRow] = {}
        rows = self.now if year is None else self.later
        for row in rows.get(indicator, ()):
            if (
                row.area_code in places
                and row.value is not None
                and not row.part_of_day
                and (year is None or row.valid_from.year == year)
                and (
                    row.area_code not in found
                    or found[row.area_code].valid_from < row.valid_from
                )
            ):
                found[row.area_code] = row
        return list(found.values())

    def name(self, area_code: str) -> str:
        """Return the name of an area; of a postcode area with its code."""
        label = self.picture.areas.get(area_code)
        if label is None:
            return area_code
        return f"{area_code} {label.name}" if label.kind == "pc4" else label.name


def read_numbers(picture: Picture) -> Numbers:
    """Return the figures of a picture, ready to look up."""
    base = picture.projections.get("base")
    return Numbers(
        picture=picture,
        now=_by_indicator(picture.figures),
        later=_by_indicator(base.figures if base else ()),
    )


def _by_indicator(rows: Iterable[FigureRow]) -> dict[str, list[FigureRow]]:
    found: dict[str, list[FigureRow]] = defaultdict(list)
    for row in rows:
        found[row.indicator].append(row)
    return dict(found)


def indicator_of(code: str) -> Indicator:
    """Return what an indicator means."""
    return INDICATORS[code]


def say(row: FigureRow) -> str:
    """Return the value of a figure with its unit, as people say it."""
    meaning = indicator_of(row.indicator)
    return say_number(row.value or 0.0, row.indicator, str(meaning.unit))


def say_number(value: float, indicator: str, unit: str | None = None) -> str:
    """Return a number in the decimals of its indicator; ``unit`` "" leaves it out."""
    meaning = indicator_of(indicator)
    unit = str(meaning.unit) if unit is None else unit
    said = say_value(value, meaning.decimals)
    if unit == "%":
        return f"{said}%"
    return f"{said} {unit}" if unit else said


def source_of(row: FigureRow) -> Source:
    """Return the figure as the source of a claim."""
    return Source(row.indicator, row.area_code, row.valid_from.year, say(row))
