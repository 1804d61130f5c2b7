"""Read the values of one row, with the rule each must obey.

Every method raises ``BadValue`` (column, value, what was expected) when the value
breaks its rule. An empty cell is a value of its own: publishers leave figures of
small areas out, and those rows are good.
"""

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from wijkspil.directory.importing.errors import BadValue

GEMEENTE = re.compile(r"GM[0-9]{4}")
#: Letters occur from 2023 on, as in WK0363AB.
WIJK = re.compile(r"WK[0-9]{4}[0-9A-Z]{2}")
BUURT = re.compile(r"BU[0-9]{4}[0-9A-Z]{2}[0-9]{2}")
PC4 = re.compile(r"[1-9][0-9]{3}")
PC6 = re.compile(r"[1-9][0-9]{3}(?!SA|SD|SS)[A-Z]{2}")
_WHOLE = re.compile(r"[0-9]{1,9}(\.0)?")
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,20})?")

#: Bounds of the European Netherlands in WGS84 degrees, with a little room.
LON_RANGE = (3.3, 7.3)
LAT_RANGE = (50.7, 53.7)
#: More inhabitants than this in one area is a typing error.
MOST_INHABITANTS = 20_000_000


def examples() -> dict[re.Pattern[str], str]:
    """Return what to write for each kind of code, in the reader's language."""
    return {
        GEMEENTE: _("a gemeente code such as GM0518"),
        WIJK: _("a wijk code such as WK051801"),
        BUURT: _("a buurt code such as BU05180101"),
        PC4: _("a postcode of 4 digits such as 2512"),
        PC6: _("a postcode such as 2512AB"),
    }


def point_problem(lon: float, lat: float) -> str:
    """Say why a point is not in the Netherlands; empty when it is."""
    if in_netherlands(lon, lat):
        return ""
    if in_netherlands(lat, lon):
        return _("lon first, then lat: the two look swapped")
    if 0 < lon < 300_000 and 300_000 < lat < 630_000:
        return _("degrees (WGS84): these look like RD coordinates in metres")
    return _("a point in the Netherlands, lon 3.3 to 7.3 and lat 50.7 to 53.7")


def in_netherlands(lon: float, lat: float) -> bool:
    """Return whether the point lies in the box around the Netherlands."""
    return LON_RANGE[0] <= lon <= LON_RANGE[1] and LAT_RANGE[0] <= lat <= LAT_RANGE[1]


class Row:
    """One line of a CSV file."""

    __slots__ = ("_header", "cells", "line")

    def __init__(
        self, line: int, cells: Sequence[str], header: Mapping[str, int]
    ) -> None:
        self.line = line
        self.cells = cells
        self._header = header

    def check_width(self, width: int) -> None:
        """Refuse a line with more or fewer values than the header."""
        if len(self.cells) != width:
            raise BadValue(
                "*",
                ",".join(self.cells),
                _("%(expected)d values, as the header has; found %(found)d")
                % {"expected": width, "found": len(self.cells)},
            )

    def raw(self, column: str) -> str:
        """Return the cell without surrounding space; nothing is checked."""
        return self.cells[self._header[column]].strip()

    def text(self, column: str, *, longest: int) -> str:
        """Return a text that is not empty."""
        if not self.raw(column):
            raise BadValue(column, "", _("a text that is not empty"))
        return self.optional_text(column, longest=longest)

    def optional_text(self, column: str, *, longest: int) -> str:
        """Return a text of at most ``longest`` characters."""
        value = self.raw(column)
        if len(value) > longest or not value.isprintable():
            raise BadValue(
                column,
                value,
                _("at most %(count)d printable characters") % {"count": longest},
            )
        return value

    def code(self, column: str, pattern: re.Pattern[str]) -> str:
        """Return a code in the form of ``pattern`` (one of this module's)."""
        value = self.raw(column)
        if not pattern.fullmatch(value):
            raise BadValue(column, value, examples()[pattern])
        return value

    def one_of(self, column: str, allowed: Sequence[str]) -> str:
        """Return a value from a list."""
        value = self.raw(column)
        if value not in allowed:
            raise BadValue(
                column, value, _("one of %(list)s") % {"list": ", ".join(allowed)}
            )
        return value

    def inhabitants(self, column: str) -> int:
        """Return a whole number, 0 or more; ``9630.0`` is read as 9630."""
        value = self.raw(column)
        if not _WHOLE.fullmatch(value) or float(value) > MOST_INHABITANTS:
            raise BadValue(
                column,
                value,
                _("a whole number from 0 to 20 million, no thousands dot"),
            )
        return int(float(value))

    def optional_inhabitants(self, column: str) -> int | None:
        """Return a whole number, or nothing for an empty cell."""
        return self.inhabitants(column) if self.raw(column) else None

    def number(self, column: str, *, least: float, most: float) -> float:
        """Return a number with a decimal point, between two bounds."""
        value = self.raw(column)
        if not _NUMBER.fullmatch(value) or not least <= float(value) <= most:
            raise BadValue(
                column,
                value,
                _("a number from %(least)g to %(most)g with a decimal point")
                % {"least": least, "most": most},
            )
        return float(value)

    def percentages(self, columns: Sequence[str]) -> list[float]:
        """Return percentages (0..100 each), or an empty list where suppressed.

        Their sum is not checked: rounding takes it from 0 to 200 in small wijken.
        """
        if not any(self.raw(column) for column in columns):
            return []
        return [self.number(column, least=0, most=100) for column in columns]

    def point(self) -> tuple[float, float]:
        """Return ``lon`` and ``lat`` in degrees, in the Netherlands."""
        lon = self.number("lon", least=-1e6, most=1e6)
        lat = self.number("lat", least=-1e6, most=1e6)
        if problem := point_problem(lon, lat):
            raise BadValue("lon, lat", f"{lon}, {lat}", problem)
        return lon, lat

    def optional_point(self) -> tuple[float, float] | tuple[None, None]:
        """Return the point, or nothing where both cells are empty."""
        if not self.raw("lon") and not self.raw("lat"):
            return None, None
        return self.point()
