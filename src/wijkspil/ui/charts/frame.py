"""Pen, scales and words of the charts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape

from django.utils.formats import number_format

WIDE = 720
NARROW = 360
#: Of the type, in units of the drawing.
SIZE = 14
#: Mean width of a letter as a part of the size; the type is proportional.
_LETTER = 0.54

#: Look of each part on paper; ``css/chart.css`` gives the tokens on a page.
_LOOK = {
    "text": 'fill="#12262b"',
    "soft": 'fill="#44575c"',
    "strong": 'fill="#12262b" font-weight="700"',
    "axis": 'stroke="#5f7378" stroke-width="1"',
    "grid": 'stroke="#cbd8da" stroke-width="1"',
    "link": 'stroke="#5f7378" stroke-width="1" stroke-dasharray="2 2"',
    "whisker": 'stroke="#12262b" stroke-width="1.5" fill="none"',
    "bar": 'fill="#86c8cc" stroke="#0b6570" stroke-width="1"',
    "bar-strong": 'fill="#0b6570" stroke="#0b6570" stroke-width="1"',
    "bar-soft": 'fill="#e2edee" stroke="#5f7378" stroke-width="1"',
    "ink": 'stroke="#12262b" stroke-width="1.2"',
    "dot-ink": 'fill="#12262b"',
    "line-0": 'stroke="#0b6570" stroke-width="3" fill="none"',
    "line-1": 'stroke="#a8530f" stroke-width="3" fill="none"',
    "line-2": 'stroke="#5b4bb3" stroke-width="3" fill="none"',
    "point-0": 'fill="#0b6570" stroke="#ffffff" stroke-width="1.5"',
    "point-1": 'fill="#a8530f" stroke="#ffffff" stroke-width="1.5"',
    "point-2": 'fill="#5b4bb3" stroke="#ffffff" stroke-width="1.5"',
    "band-0": 'fill="#0b6570" fill-opacity="0.16" stroke="#0b6570" '
    'stroke-width="0.75" stroke-dasharray="3 3"',
    "band-1": 'fill="#a8530f" fill-opacity="0.16" stroke="#a8530f" '
    'stroke-width="0.75" stroke-dasharray="1 3"',
    "band-2": 'fill="#5b4bb3" fill-opacity="0.16" stroke="#5b4bb3" '
    'stroke-width="0.75" stroke-dasharray="6 2"',
    "field": 'fill="none" stroke="none" pointer-events="all"',
    "limit": 'stroke="#44575c" stroke-width="1.25" fill="none"',
    "paper": 'fill="#ffffff" stroke="#5f7378" stroke-width="1"',
}
DASHES = {"solid": "", "dashed": "8 5", "dotted": "2 5"}
#: So many series a chart can tell apart.
SERIES = 3


def say_value(value: float, decimals: int = 0, unit: str = "") -> str:
    """Return "1.234,5 hours" in the active language; a real minus sign."""
    rounded = round(value, decimals) + 0.0
    said = number_format(abs(rounded), decimals, force_grouping=True)
    return f"{'−' if rounded < 0 else ''}{said}{f' {unit}' if unit else ''}"


def say_change(value: float, decimals: int = 0, unit: str = "") -> str:
    """Return a value with its sign: "+12", "−3", "0"."""
    said = say_value(value, decimals, unit)
    return f"+{said}" if round(value, decimals) > 0 else said


def say_interval(low: float | None, high: float | None, decimals: int = 0) -> str:
    """Return "10 – 14", empty without an interval."""
    if low is None or high is None:
        return ""
    return f"{say_value(low, decimals)} – {say_value(high, decimals)}"


def width_of(words: str, size: float = SIZE) -> float:
    """Return about how wide words are, in units of the drawing."""
    return len(words) * size * _LETTER


def wrap(words: str, width: float, *, lines: int = 2, size: float = SIZE) -> list[str]:
    """Break words over lines that fit; the last one is cut with an ellipsis."""
    most = max(4, int(width / (size * _LETTER)))
    found: list[str] = []
    rest = words.split()
    while rest and len(found) < lines:
        line = rest.pop(0)
        while rest and len(line) + 1 + len(rest[0]) <= most:
            line = f"{line} {rest.pop(0)}"
        found.append(line)
    if rest:
        found[-1] = f"{found[-1]} {' '.join(rest)}"
    return [
        line if len(line) <= most else f"{line[: most - 1].rstrip()}…" for line in found
    ]


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round values that span ``low``..``high``, about ``count`` of them."""
    if not math.isfinite(low) or not math.isfinite(high):
        raise ValueError(f"A scale needs finite bounds, not {low} and {high}.")
    if high <= low:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s for s in (1, 2, 2.5, 5, 10) if s * power >= rough * 0.999) * power
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def decimals_of(ticks: Sequence[float]) -> int:
    """Return how many decimals the marks of a scale need."""
    return max(
        (len(f"{tick:.6f}".rstrip("0").partition(".")[2]) for tick in ticks), default=0
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to units of the drawing, with its marks."""

    ticks: tuple[float, ...]
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value stands."""
        low, high = self.ticks[0], self.ticks[-1]
        share = (value - low) / (high - low)
        return round(self.start + share * (self.end - self.start), 1)

    def words(self) -> list[str]:
        """Return what stands at the marks."""
        decimals = decimals_of(self.ticks)
        return [say_value(tick, decimals) for tick in self.ticks]


def make_scale(
    values: Sequence[float],
    *,
    start: float,
    end: float,
    from_zero: bool = True,
    count: int = 5,
) -> Scale:
    """Return a scale over the values; with ``from_zero`` zero is always on it."""
    spread = [value for value in values if math.isfinite(value)]
    if from_zero or not spread:
        spread = [*spread, 0.0]
    return Scale(tuple(nice_ticks(min(spread), max(spread), count)), start, end)


@dataclass
class Pen:
    """Collects the parts of one drawing."""

    width: float
    title: str
    key: str
    parts: list[str] = field(default_factory=list)
    defs: list[str] = field(default_factory=list)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, look: str = "axis"
    ) -> None:
        """Draw a straight line."""
        self.parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" {look_of(look)}/>'
        )

    def rect(self, x: float, y: float, width: float, height: float, look: str) -> None:
        """Draw a bar; its width may be zero, not less."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{max(0.0, width):g}" '
            f'height="{height:g}" {look_of(look)}/>'
        )

    def hatch(self, x: float, y: float, width: float, height: float, name: str) -> None:
        """Lay a pattern over a place: ``lines`` or ``dots``."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{max(0.0, width):g}" '
            f'height="{height:g}" fill="url(#{self._pattern(name)})"/>'
        )

    def path(self, d: str, look: str, *, dash: str = "") -> None:
        """Draw a path."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<path d="{d}" {look_of(look)}{dashed}/>')

    def words(
        self,
        x: float,
        y: float,
        words: str,
        *,
        look: str = "text",
        anchor: str = "start",
        size: float = SIZE,
    ) -> None:
        """Write one line; ``y`` is its base."""
        if words:
            self.parts.append(
                f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" '
                f'font-size="{size:g}" {look_of(look)}>{escape(words)}</text>'
            )

    def shape(self, x: float, y: float, series: int, *, size: float = 6) -> None:
        """Draw the point of a series: disc, square or diamond."""
        look = look_of(f"point-{series}")
        s = size
        self.parts.append(
            (
                f'<circle cx="{x:g}" cy="{y:g}" r="{s:g}" {look}/>',
                f'<rect x="{x - s:g}" y="{y - s:g}" width="{2 * s:g}" '
                f'height="{2 * s:g}" {look}/>',
                f'<path d="M{x:g} {y - 1.3 * s:g}L{x + 1.3 * s:g} {y:g}'
                f'L{x:g} {y + 1.3 * s:g}L{x - 1.3 * s:g} {y:g}Z" {look}/>',
            )[series]
        )

    def whisker(self, low: float, high: float, y: float, *, half: float = 5) -> None:
        """Draw an interval lying down, from ``low`` to ``high`` (in units)."""
        self.path(
            f"M{low:g} {y - half:g}V{y + half:g}M{low:g} {y:g}H{high:g}"
            f"M{high:g} {y - half:g}V{y + half:g}",
            "whisker",
        )

    def open_mark(self, said: str, url: str = "") -> None:
        """Start a mark that the keyboard reaches and a screen reader says."""
        told = escape(said)
        if url:
            self.parts.append(
                # Named by the words it shows.
                f'<a class="wp-chart__mark" href="{escape(url)}"><title>{told}</title>'
            )
        else:
            self.parts.append(
                f'<g class="wp-chart__mark" tabindex="0" role="img" '
                f'aria-label="{told}"><title>{told}</title>'
            )

    def close_mark(self, url: str = "") -> None:
        """End the mark."""
        self.parts.append("</a>" if url else "</g>")

    def tip(self, x: float, y: float, said: str) -> None:
        """Write what is seen while a mark has the focus or the pointer."""
        size = SIZE - 1
        wide = min(self.width - 4, width_of(said, size) + 16)
        left = min(max(2.0, x - wide / 2), self.width - wide - 2)
        top = y - 34 if y > 40 else y + 12
        self.parts.append(
            f'<g class="wp-chart__tip" opacity="0"><rect x="{left:g}" y="{top:g}" '
            f'width="{wide:g}" height="24" rx="4" {look_of("paper")}/>'
            f'<text x="{left + wide / 2:g}" y="{top + 16:g}" text-anchor="middle" '
            f'font-size="{size}" {look_of("text")}>{escape(said)}</text></g>'
        )

    def done(self, height: float) -> str:
        """Return the drawing."""
        defs = f"<defs>{''.join(self.defs)}</defs>" if self.defs else ""
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" class="wp-chart__drawing" '
            f'viewBox="0 0 {self.width:g} {height:g}" role="group" '
            f'aria-label="{escape(self.title)}" '
            'font-family="Public Sans Variable, Public Sans, Liberation Sans, '
            f'DejaVu Sans, sans-serif">{defs}{"".join(self.parts)}</svg>'
        )

    def _pattern(self, name: str) -> str:
        identity = f"{self.key}-{name}"
        inside = {
            "lines": f'<path d="M0 6L6 0M-1 1L1 -1M5 7L7 5" {look_of("ink")}/>',
            "dots": f'<circle cx="3" cy="3" r="1.2" {look_of("dot-ink")}/>',
        }[name]
        found = (
            f'<pattern id="{identity}" width="6" height="6" '
            f'patternUnits="userSpaceOnUse">{inside}</pattern>'
        )
        if found not in self.defs:
            self.defs.append(found)
        return identity


def look_of(name: str) -> str:
    """Return the class of a part and its look on paper."""
    return f'class="wp-chart__{name}" {_LOOK[name]}'


def make_pen(title: str, width: float, contents: object) -> Pen:
    """Return a pen whose names stand once on a page: made of what is drawn."""
    digest = sha256(f"{title}|{width}|{contents!r}".encode()).hexdigest()[:10]
    return Pen(width=width, title=title, key=f"c{digest}")
