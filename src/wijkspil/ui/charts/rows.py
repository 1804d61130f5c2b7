"""Charts of rows: bars with intervals, waterfall, tornado, dots of areas compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from wijkspil.ui.charts.frame import (
    NARROW,
    SERIES,
    SIZE,
    WIDE,
    Pen,
    Scale,
    make_pen,
    make_scale,
    say_change,
    say_interval,
    say_value,
    width_of,
    wrap,
)
from wijkspil.ui.charts.types import (
    BAR_KINDS,
    Bar,
    Chart,
    DotRow,
    Effect,
    Part,
)

_LINE = 18  # between two lines of words
#: Parts and total may differ so much by rounding of floats.
_EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of any of these charts: its words, and how its shapes are drawn."""

    label: str
    said: str  # on the right, beside the shapes
    told: str  # all of it, for who hears it
    draw: Callable[[Pen, Scale, float], None]
    url: str = ""
    is_total: bool = False


def draw_bars(
    bars: Sequence[Bar],
    *,
    title: str,
    unit: str = "",
    decimals: int = 0,
    note: str = "",
    first: str = "",
    reference: float | None = None,
    reference_label: str = "",
) -> Chart:
    """Return bars from zero, with intervals and their values beside them.

    ``first`` heads the column of labels in the table; ``reference`` draws a line with
    ``reference_label``, as of the whole region. Raises ``ValueError`` for a kind that
    does not exist.
    """
    for bar in bars:
        if bar.kind not in BAR_KINDS:
            raise ValueError(f"A bar is one of {BAR_KINDS}, not {bar.kind!r}.")
    rows = [
        _Row(
            bar.label,
            _said(bar, decimals),
            _told(bar, unit, decimals),
            _bar_drawer(bar),
            bar.url,
            bar.kind == "strong",
        )
        for bar in bars
    ]
    values = [
        value
        for bar in bars
        for value in (bar.value, bar.low, bar.high)
        if value is not None
    ]
    if reference is not None:
        values.append(reference)
    mark = (
        None
        if reference is None
        else (reference, f"{reference_label} {say_value(reference, decimals)}".strip())
    )
    wide, narrow = _draw_both(
        rows, values, title=title, unit=unit, mark=mark, contents=(bars, unit)
    )
    return Chart(
        title=title,
        svg=wide,
        narrow_svg=narrow,
        head=(first or _("Area"), _with_unit(_("Value"), unit), _("80% interval")),
        rows=tuple(
            (
                bar.label,
                bar.why if bar.value is None else say_value(bar.value, decimals),
                say_interval(bar.low, bar.high, decimals),
            )
            for bar in bars
        ),
        note=note,
    )


def draw_waterfall(
    parts: Sequence[Part],
    *,
    title: str,
    start: tuple[str, float],
    end: tuple[str, float],
    unit: str = "",
    decimals: int = 0,
    note: str = "",
) -> Chart:
    """Return how causes lead from one total to another.

    Raises ``ValueError`` when start and parts do not add up to the end: give the
    interaction of the causes as a part of its own.
    """
    total = start[1] + sum(part.value for part in parts)
    if abs(total - end[1]) > _EXACT * max(1.0, abs(end[1])):
        raise ValueError(
            f"{title!r}: start and parts make {total}, the end says {end[1]}. "
            "Add the part that is missing (interaction)."
        )
    rows = [_total_row(start, unit, decimals)]
    levels = [start[1]]
    for part in parts:
        rows.append(_part_row(part, levels[-1], unit, decimals))
        levels.append(levels[-1] + part.value)
    rows.append(_total_row(end, unit, decimals))
    wide, narrow = _draw_both(
        rows,
        [*levels, end[1]],
        title=title,
        unit=unit,
        contents=(parts, start, end),
        levels=[*levels, end[1]],
    )
    return Chart(
        title=title,
        svg=wide,
        narrow_svg=narrow,
        head=(_("Cause"), _with_unit(_("Change"), unit), _("80% interval")),
        rows=(
            (start[0], say_value(start[1], decimals), ""),
            *(
                (
                    part.label,
                    say_change(part.value, decimals),
                    say_interval(part.low, part.high, decimals),
                )
                for part in parts
            ),
            (end[0], say_value(end[1], decimals), ""),
        ),
        note=note,
    )


def draw_tornado(
    effects: Sequence[Effect],
    *,
    title: str,
    unit: str = "",
    decimals: int = 0,
    note: str = "",
) -> Chart:
    """Return which supposition moves the outcome most: the widest on top."""
    ordered = sorted(effects, key=lambda one: -abs(one.high - one.low))
    rows = [
        _Row(
            effect.label,
            f"{say_change(effect.low, decimals)} / {say_change(effect.high, decimals)}",
            _("%(what)s: %(low)s when low, %(high)s when high")
            % {
                "what": effect.label,
                "low": say_change(effect.low, decimals, unit),
                "high": say_change(effect.high, decimals, unit),
            },
            _effect_drawer(effect),
        )
        for effect in ordered
    ]
    values = [value for one in ordered for value in (one.low, one.high)]
    wide, narrow = _draw_both(
        rows,
        values,
        title=title,
        unit=unit,
        contents=effects,
        legend=((_("when low"), "bar-soft", "lines"), (_("when high"), "bar", "")),
    )
    return Chart(
        title=title,
        svg=wide,
        narrow_svg=narrow,
        head=(
            _("Supposition"),
            _with_unit(_("When low"), unit),
            _with_unit(_("When high"), unit),
            _("Note"),
        ),
        rows=tuple(
            (
                one.label,
                say_change(one.low, decimals),
                say_change(one.high, decimals),
                one.note,
            )
            for one in ordered
        ),
        note=note,
    )


def draw_dots(
    rows: Sequence[DotRow],
    *,
    series: Sequence[str],
    title: str,
    unit: str = "",
    decimals: int = 0,
    note: str = "",
    first: str = "",
    from_zero: bool = False,
) -> Chart:
    """Return areas compared on one or more series: periods, regions or scenarios.

    Raises ``ValueError`` for more than three series.
    """
    if not 0 < len(series) <= SERIES:
        raise ValueError(f"Dots tell {SERIES} series apart, not {len(series)}.")
    drawn = [
        _Row(
            row.label,
            " · ".join(
                "–" if dot.value is None else say_value(dot.value, decimals)
                for dot in row.dots
            ),
            f"{row.label}: "
            + "; ".join(
                f"{name} {_dot_words(dot.value, dot.low, dot.high, unit, decimals)}"
                for name, dot in zip(series, row.dots, strict=True)
            ),
            _dots_drawer(row),
            row.url,
        )
        for row in rows
    ]
    values = [
        value
        for row in rows
        for dot in row.dots
        for value in (dot.value, dot.low, dot.high)
        if value is not None
    ]
    wide, narrow = _draw_both(
        drawn,
        values,
        title=title,
        unit=unit,
        contents=(rows, series),
        from_zero=from_zero,
        points=series,
    )
    head: list[str] = [first or _("Area")]
    for name in series:
        head += [_with_unit(name, unit), _("80% interval")]
    return Chart(
        title=title,
        svg=wide,
        narrow_svg=narrow,
        head=tuple(head),
        rows=tuple(
            (
                row.label,
                *(
                    words
                    for dot in row.dots
                    for words in (
                        "" if dot.value is None else say_value(dot.value, decimals),
                        say_interval(dot.low, dot.high, decimals),
                    )
                ),
            )
            for row in rows
        ),
        note=note,
    )


# --- rows on paper ----------------------------------------------------------------


def _draw_both(
    rows: Sequence[_Row],
    values: Sequence[float],
    *,
    title: str,
    unit: str,
    contents: object,
    mark: tuple[float, str] | None = None,
    levels: Sequence[float] = (),
    from_zero: bool = True,
    points: Sequence[str] = (),
    legend: Sequence[tuple[str, str, str]] = (),
) -> tuple[str, str]:
    drawings = []
    for width in (WIDE, NARROW):
        pen = make_pen(title, width, contents)
        drawings.append(
            _draw_rows(
                pen,
                rows,
                values,
                unit=unit,
                mark=mark,
                levels=levels,
                from_zero=from_zero,
                points=points,
                legend=legend,
            )
        )
    return drawings[0], drawings[1]


def _draw_rows(
    pen: Pen,
    rows: Sequence[_Row],
    values: Sequence[float],
    *,
    unit: str,
    mark: tuple[float, str] | None,
    levels: Sequence[float],
    from_zero: bool,
    points: Sequence[str],
    legend: Sequence[tuple[str, str, str]],
) -> str:
    """Draw labels on the left (above, when narrow), shapes, values on the right."""
    is_narrow = pen.width < WIDE
    said_width = max((width_of(row.said) for row in rows), default=0) + 12
    if is_narrow:
        left, right = 8.0, pen.width - 8.0
    else:
        widest = max((width_of(row.label) for row in rows), default=0)
        left = min(250.0, widest + 12)
        right = pen.width - said_width - 8
    scale = make_scale(
        values, start=left, end=right, from_zero=from_zero, count=3 if is_narrow else 5
    )
    top = _draw_legend(pen, points, legend)
    if mark is not None:
        top += _LINE
    labels = [
        wrap(row.label, pen.width - said_width if is_narrow else left - 12, lines=2)
        for row in rows
    ]
    heights = [
        (_LINE * len(lines) + 28) if is_narrow else max(34, _LINE * len(lines) + 10)
        for lines in labels
    ]
    bottom = top + sum(heights)
    for tick, words in zip(scale.ticks, scale.words(), strict=True):
        x = scale.at(tick)
        pen.line(x, top, x, bottom, "axis" if tick == 0 else "grid")
        half = width_of(words, SIZE - 1) / 2
        pen.words(
            min(max(x, half), pen.width - half),
            bottom + 18,
            words,
            look="soft",
            anchor="middle",
            size=SIZE - 1,
        )
    if mark is not None:
        x = scale.at(mark[0])
        pen.line(x, top - 4, x, bottom, "link")
        half = width_of(mark[1], SIZE - 1) / 2
        pen.words(
            min(max(x, half), pen.width - half),
            top - 8,
            mark[1],
            look="soft",
            anchor="middle",
            size=SIZE - 1,
        )
    y = top
    for number, (row, lines, height) in enumerate(
        zip(rows, labels, heights, strict=True)
    ):
        look = "strong" if row.is_total else "text"
        pen.open_mark(row.told, row.url)
        pen.rect(0, y, pen.width, height, "field")
        if is_narrow:
            base = y + 14
            middle = y + _LINE * len(lines) + 12
            pen.words(pen.width - 8, base, row.said, look=look, anchor="end")
        else:
            middle = y + height / 2
            base = middle + 5 - _LINE * (len(lines) - 1) / 2
            pen.words(pen.width - 4, middle + 5, row.said, look=look, anchor="end")
        for line in lines:
            pen.words(left if is_narrow else 0, base, line, look=look)
            base += _LINE
        row.draw(pen, scale, middle)
        pen.close_mark(row.url)
        if levels and number < len(levels) - 1:
            x = scale.at(levels[number])
            pen.line(x, middle + 9, x, y + height + 6, "link")
        y += height
    if unit:
        pen.words(pen.width - 4, bottom + 38, unit, look="soft", anchor="end", size=13)
    return pen.done(bottom + (46 if unit else 26))


def _draw_legend(
    pen: Pen, points: Sequence[str], legend: Sequence[tuple[str, str, str]]
) -> float:
    x, y = 8.0, 16.0
    for series, name in enumerate(points):
        if x > 8 and x + width_of(name) + 24 > pen.width:
            x, y = 8.0, y + 22
        pen.shape(x + 6, y - 5, series)
        pen.words(x + 18, y, name)
        x += width_of(name) + 40
    for name, look, hatch in legend:
        pen.rect(x, y - 12, 22, 14, look)
        if hatch:
            pen.hatch(x, y - 12, 22, 14, hatch)
        pen.words(x + 28, y, name)
        x += width_of(name) + 52
    return y + 12 if points or legend else 4.0


def _bar_drawer(bar: Bar) -> Callable[[Pen, Scale, float], None]:
    def draw(pen: Pen, scale: Scale, middle: float) -> None:
        if bar.value is None:
            left = scale.start if pen.width == WIDE else 8.0
            pen.words(left + 4, middle + 5, bar.why, look="soft", size=SIZE - 1)
            return
        x1, x2 = sorted((scale.at(0), scale.at(bar.value)))
        look = "bar" if bar.kind == "plain" else f"bar-{bar.kind}"
        pen.rect(x1, middle - 8, x2 - x1, 16, look)
        if bar.kind == "soft":
            pen.hatch(x1, middle - 8, x2 - x1, 16, "dots")
        if bar.low is not None and bar.high is not None:
            pen.whisker(scale.at(bar.low), scale.at(bar.high), middle)

    return draw


def _part_row(part: Part, before: float, unit: str, decimals: int) -> _Row:
    def draw(pen: Pen, scale: Scale, middle: float) -> None:
        x1, x2 = sorted((scale.at(before), scale.at(before + part.value)))
        is_less = part.value < 0
        pen.rect(x1, middle - 8, x2 - x1, 16, "bar-soft" if is_less else "bar")
        if is_less:
            pen.hatch(x1, middle - 8, x2 - x1, 16, "lines")

    told = f"{part.label}: {say_change(part.value, decimals, unit)}"
    interval = say_interval(part.low, part.high, decimals)
    if interval:
        told = f"{told} ({interval})"
    return _Row(part.label, say_change(part.value, decimals), told, draw)


def _total_row(total: tuple[str, float], unit: str, decimals: int) -> _Row:
    label, value = total

    def draw(pen: Pen, scale: Scale, middle: float) -> None:
        x1, x2 = sorted((scale.at(0), scale.at(value)))
        pen.rect(x1, middle - 8, x2 - x1, 16, "bar-strong")

    return _Row(
        label,
        say_value(value, decimals),
        f"{label}: {say_value(value, decimals, unit)}",
        draw,
        is_total=True,
    )


def _effect_drawer(effect: Effect) -> Callable[[Pen, Scale, float], None]:
    def draw(pen: Pen, scale: Scale, middle: float) -> None:
        zero = scale.at(0)
        for value, look, hatch in (
            (effect.low, "bar-soft", "lines"),
            (effect.high, "bar", ""),
        ):
            x1, x2 = sorted((zero, scale.at(value)))
            pen.rect(x1, middle - 8, x2 - x1, 16, look)
            if hatch:
                pen.hatch(x1, middle - 8, x2 - x1, 16, hatch)

    return draw


def _dots_drawer(row: DotRow) -> Callable[[Pen, Scale, float], None]:
    def draw(pen: Pen, scale: Scale, middle: float) -> None:
        known = [scale.at(dot.value) for dot in row.dots if dot.value is not None]
        if len(known) > 1:
            pen.line(min(known), middle, max(known), middle, "axis")
        for dot in row.dots:
            if dot.low is not None and dot.high is not None:
                pen.whisker(scale.at(dot.low), scale.at(dot.high), middle)
        for series, dot in enumerate(row.dots):
            if dot.value is not None:
                pen.shape(scale.at(dot.value), middle, series)

    return draw


# --- words ------------------------------------------------------------------------


def _with_unit(words: str, unit: str) -> str:
    return f"{words} ({unit})" if unit else words


def _said(bar: Bar, decimals: int) -> str:
    if bar.value is None:
        return "–"
    interval = say_interval(bar.low, bar.high, decimals)
    said = say_value(bar.value, decimals)
    return f"{said} ({interval})" if interval else said


def _told(bar: Bar, unit: str, decimals: int) -> str:
    if bar.value is None:
        return f"{bar.label}: {bar.why or _('not known')}"
    words = _dot_words(bar.value, bar.low, bar.high, unit, decimals)
    return f"{bar.label}: {words}"


def _dot_words(
    value: float | None,
    low: float | None,
    high: float | None,
    unit: str,
    decimals: int,
) -> str:
    if value is None:
        return _("not known")
    said = say_value(value, decimals, unit)
    interval = say_interval(low, high, decimals)
    return f"{said} ({interval})" if interval else said
