"""A map on paper: areas in five classes, each with a color and a hatching of its own.

Which value falls in which class is decided by ``classes_of``: five classes with about
as many areas each (quantiles, rounded outward to a readable number). Longitude is
shrunk by the cosine of the middle latitude: good enough for a country this small.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from wijkspil.ui.charts.frame import WIDE, say_value

#: Light to dark; a reader tells them apart by the hatching without color.
_FILLS = ("#f2f7f7", "#c9e4e6", "#86c8cc", "#3d98a1", "#0b6570")
_HATCHES = ("", "M0 6L6 0", "M0 3H6", "M3 0V6", "M0 0L6 6M0 6L6 0")
_UNKNOWN = "#ffffff"
_MOST_HIGH = 620.0
#: Points closer than this on paper (units of the drawing) are left out.
_NEAR = 0.6
_LEGEND = 26.0

Geometry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClassBreak:
    """A class: from ``low`` up to ``high`` (the last one included), and its words."""

    low: float
    high: float
    label: str


def classes_of(
    values: Sequence[float], *, decimals: int = 0, unit: str = "", most: int = 5
) -> list[ClassBreak]:
    """Return at most ``most`` classes that hold about as many areas each.

    Equal values never fall in two classes, so there may be fewer.
    """
    if not values:
        return []
    ordered = sorted(values)
    step = 10.0**-decimals
    edges = [math.floor(ordered[0] / step) * step]
    for part in range(1, most):
        place = min(len(ordered) - 1, round(part * len(ordered) / most))
        edge = round(ordered[place] / step) * step
        if edge > edges[-1] + step / 2:
            edges.append(edge)
    top = math.ceil(ordered[-1] / step) * step
    if top > edges[-1] + step / 2 or len(edges) == 1:
        edges.append(top)
    return [
        ClassBreak(low, high, _say(low, high, decimals, unit))
        for low, high in pairwise(edges)
    ]


def class_at(breaks: Sequence[ClassBreak], value: float) -> int:
    """Return the place of a value among the classes."""
    for place, one in enumerate(breaks):
        if value < one.high:
            return place
    return len(breaks) - 1


def draw_map(
    shapes: Mapping[str, Geometry],
    values: Mapping[str, float | None],
    *,
    title: str,
    decimals: int = 0,
    unit: str = "",
    marked: Sequence[str] = (),
    key: str = "map",
) -> str:
    """Return an SVG of the areas in ``shapes``, in classes of ``values``.

    Areas without a value stay white with a dotted edge. ``marked`` get a heavy edge,
    as those the text names. Empty without shapes.
    """
    if not shapes:
        return ""
    known = {code: value for code, value in values.items() if value is not None}
    breaks = classes_of(
        [known[code] for code in shapes if code in known], decimals=decimals, unit=unit
    )
    project, width, height = _projection(shapes.values())
    paths = []
    for code in sorted(shapes, key=lambda c: c in marked):
        outline = _outline(shapes[code], project)
        if outline:
            paths.append(_path(outline, known.get(code), breaks, key, code in marked))
    legend = _legend(breaks, key, height, any(code not in known for code in shapes))
    total = height + legend.count("<g") * _LEGEND + 8
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="wp-chart__drawing" '
        f'role="img" viewBox="0 0 {WIDE} {total:.0f}" aria-label="{escape(title)}" '
        'font-family="Public Sans Variable, Public Sans, Liberation Sans, '
        'DejaVu Sans, sans-serif">'
        f"<defs>{_patterns(key)}</defs>"
        f'<g transform="translate({(WIDE - width) / 2:.1f} 0)">{"".join(paths)}</g>'
        f"{legend}</svg>"
    )


def _say(low: float, high: float, decimals: int, unit: str) -> str:
    words = _("%(low)s to %(high)s") % {
        "low": say_value(low, decimals),
        "high": say_value(high, decimals),
    }
    return f"{words}%" if unit == "%" else f"{words} {unit}".strip()


def _rings(geometry: Geometry) -> list[list[list[float]]]:
    coordinates = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        return list(coordinates)
    if geometry["type"] == "MultiPolygon":
        return [ring for polygon in coordinates for ring in polygon]
    return []


def _projection(shapes: Any) -> tuple[Any, float, float]:
    points = [p for shape in shapes for ring in _rings(shape) for p in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    shrink = math.cos(math.radians((south + north) / 2))
    scale = min(
        WIDE / max(1e-9, (east - west) * shrink), _MOST_HIGH / max(1e-9, north - south)
    )

    def project(point: Sequence[float]) -> tuple[float, float]:
        return (point[0] - west) * shrink * scale, (north - point[1]) * scale

    return project, (east - west) * shrink * scale, (north - south) * scale


def _outline(geometry: Geometry, project: Any) -> str:
    parts = []
    for ring in _rings(geometry):
        kept: list[tuple[float, float]] = []
        for point in map(project, ring):
            if not kept or math.dist(point, kept[-1]) >= _NEAR:
                kept.append(point)
        if len(kept) >= 3:
            parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in kept) + "Z")
    return "".join(parts)


def _path(
    outline: str,
    value: float | None,
    breaks: Sequence[ClassBreak],
    key: str,
    is_marked: bool,
) -> str:
    edge = (
        'stroke="#12262b" stroke-width="1.8"'
        if is_marked
        else 'stroke="#5f7378" stroke-width="0.4"'
    )
    if value is None:
        return (
            f'<path d="{outline}" fill="{_UNKNOWN}" stroke="#5f7378" '
            'stroke-width="0.4" stroke-dasharray="1 2"/>'
        )
    place = _look_at(class_at(breaks, value), len(breaks))
    drawn = f'<path d="{outline}" fill="{_FILLS[place]}" {edge}/>'
    if _HATCHES[place]:
        drawn += f'<path d="{outline}" fill="url(#{key}-{place})"/>'
    return drawn


def _look_at(place: int, count: int) -> int:
    """Spread fewer classes over the looks, so that the highest is always darkest."""
    return len(_FILLS) - 1 if count == 1 else round(place * 4 / (count - 1))


def _patterns(key: str) -> str:
    """Return hatchings without a ground: one that is laid in tiles would show seams."""
    return "".join(
        f'<pattern id="{key}-{place}" width="6" height="6" '
        f'patternUnits="userSpaceOnUse"><path d="{hatch}" '
        f'stroke="{"#ffffff" if place > 3 else "#12262b"}" stroke-width="0.9" '
        'stroke-opacity="0.5" fill="none"/></pattern>'
        for place, hatch in enumerate(_HATCHES)
        if hatch
    )


def _legend(
    breaks: Sequence[ClassBreak], key: str, top: float, with_unknown: bool
) -> str:
    lines: list[tuple[int | None, str]] = [
        (_look_at(place, len(breaks)), one.label) for place, one in enumerate(breaks)
    ]
    if with_unknown:
        lines.append((None, _("not known")))
    return "".join(
        f'<g transform="translate(0 {top + 12 + place * _LEGEND:.0f})">'
        f"{_sample(look, key)}"
        f'<text x="38" y="14" font-size="18" fill="#12262b">{escape(label)}</text></g>'
        for place, (look, label) in enumerate(lines)
    )


def _sample(place: int | None, key: str) -> str:
    box = '<rect width="28" height="18" '
    if place is None:
        return f'{box}fill="{_UNKNOWN}" stroke="#5f7378" stroke-dasharray="1 2"/>'
    drawn = f'{box}fill="{_FILLS[place]}" stroke="#5f7378"/>'
    return f'{drawn}{box}fill="url(#{key}-{place})"/>' if _HATCHES[place] else drawn
