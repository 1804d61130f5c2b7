"""Charts in a plane: lines with a band, the Lorenz curve, the funnel."""

import itertools
from collections.abc import Sequence

from django.utils.translation import gettext as _

from wijkspil.ui.charts.frame import (
    DASHES,
    NARROW,
    SERIES,
    SIZE,
    WIDE,
    Pen,
    Scale,
    make_pen,
    make_scale,
    nice_ticks,
    say_interval,
    say_value,
    width_of,
    wrap,
)
from wijkspil.ui.charts.types import (
    LINE_KINDS,
    Chart,
    Curve,
    FunnelLimit,
    FunnelPoint,
    Line,
    LinePoint,
)

_TOP = 16.0
_LINE = 17.0


def draw_line(
    lines: Sequence[Line],
    *,
    title: str,
    unit: str = "",
    decimals: int = 0,
    note: str = "",
    from_zero: bool = True,
    projected_from: float | None = None,
    projected_label: str = "",
    first: str = "",
) -> Chart:
    """Return series through time, each with its 80 % band where it has one.

    ``projected_from`` draws where measuring ends (in ``x``). Raises ``ValueError`` for
    more than three series or a kind of line that does not exist.
    """
    if not 0 < len(lines) <= SERIES:
        raise ValueError(f"Lines tell {SERIES} series apart, not {len(lines)}.")
    for line in lines:
        if line.kind not in LINE_KINDS:
            raise ValueError(f"A line is one of {LINE_KINDS}, not {line.kind!r}.")
    mark = None if projected_from is None else (projected_from, projected_label)
    drawings = [
        _draw_lines(
            make_pen(title, width, lines),
            lines,
            unit=unit,
            decimals=decimals,
            from_zero=from_zero,
            mark=mark,
        )
        for width in (WIDE, NARROW)
    ]
    places = sorted({(point.x, point.label) for line in lines for point in line.points})
    head = [first or _("Year")]
    for line in lines:
        head += [f"{line.label} ({unit})" if unit else line.label, _("80% interval")]
    rows = []
    for x, label in places:
        row = [label]
        for line in lines:
            found = next((point for point in line.points if point.x == x), None)
            row += _cells(found, decimals)
        rows.append(tuple(row))
    return Chart(title, drawings[0], drawings[1], tuple(head), tuple(rows), note)


def draw_lorenz(
    curves: Sequence[Curve],
    *,
    title: str,
    people: str,
    shared: str,
    note: str = "",
) -> Chart:
    """Return how evenly something is shared over people, with its Gini.

    ``people`` and ``shared`` name the two sides. Raises ``ValueError`` for more than
    three curves or a point outside 0..1.
    """
    if not 0 < len(curves) <= SERIES:
        raise ValueError(f"Curves are told apart up to {SERIES}, not {len(curves)}.")
    for curve in curves:
        if any(not (0 <= x <= 1 and 0 <= y <= 1) for x, y in curve.points):
            raise ValueError(f"{curve.label!r}: shares lie between 0 and 1.")
    drawings = [
        _draw_lorenz(make_pen(title, width, curves), curves, people, shared)
        for width in (WIDE, NARROW)
    ]
    tenths = [step / 10 for step in range(11)]
    return Chart(
        title,
        drawings[0],
        drawings[1],
        (f"{people} (%)", *(f"{curve.label} (%)" for curve in curves)),
        (
            *(
                (
                    say_value(100 * share),
                    *(
                        say_value(100 * _interpolate(c.points, share), 1)
                        for c in curves
                    ),
                )
                for share in tenths
            ),
            ("Gini", *(say_value(gini_of(c.points), 2) for c in curves)),
        ),
        note,
    )


def draw_funnel(
    points: Sequence[FunnelPoint],
    limits: Sequence[FunnelLimit],
    *,
    title: str,
    center: float,
    center_label: str,
    unit: str = "",
    decimals: int = 1,
    count_label: str = "",
    note: str = "",
) -> Chart:
    """Return values against how many they rest on, with what chance explains.

    Points outside the outer limits carry their name; the others say it on focus.
    """
    count_label = count_label or _("How many it rests on")
    drawings = [
        _draw_funnel(
            make_pen(title, width, (points, limits)),
            points,
            limits,
            center=(center, center_label),
            unit=unit,
            decimals=decimals,
            count_label=count_label,
        )
        for width in (WIDE, NARROW)
    ]
    return Chart(
        title,
        drawings[0],
        drawings[1],
        (
            _("Who"),
            count_label,
            _("Value") + (f" ({unit})" if unit else ""),
            _("Differs"),
        ),
        tuple(
            (
                point.label,
                say_value(point.count),
                say_value(point.value, decimals),
                _place_words(point, limits),
            )
            for point in sorted(points, key=lambda one: -one.value)
        ),
        note,
    )


def gini_of(points: Sequence[tuple[float, float]]) -> float:
    """Return the Gini coefficient of a Lorenz curve: twice the area to the diagonal."""
    area = sum(
        (x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in itertools.pairwise(points)
    )
    return 1 - 2 * area


# --- drawing ----------------------------------------------------------------------


def _draw_lines(
    pen: Pen,
    lines: Sequence[Line],
    *,
    unit: str,
    decimals: int,
    from_zero: bool,
    mark: tuple[float, str] | None,
) -> str:
    is_narrow = pen.width < WIDE
    values = [
        value
        for line in lines
        for point in line.points
        for value in (point.value, point.low, point.high)
        if value is not None
    ]
    height = 250.0 if is_narrow else 300.0
    top = _TOP + 22 + (_LINE * len(lines) + 6 if is_narrow else 0)
    scale = make_scale(
        values, start=top + height, end=top, from_zero=from_zero, count=4
    )
    left = max(width_of(words, SIZE - 1) for words in scale.words()) + 12
    room = 8.0 if is_narrow else 190.0
    xs = [point.x for line in lines for point in line.points] or [0.0]
    across = _span(min(xs), max(xs), left + 6, pen.width - room - 6)
    if is_narrow:
        for series, line in enumerate(lines):
            y = _TOP + _LINE * series
            _draw_sample(pen, 4, y - 5, series, line.kind)
            pen.words(44, y, wrap(line.label, pen.width - 50, lines=1)[0])
    _draw_marks(pen, scale, left, pen.width - room)
    if unit:
        pen.words(0, top - 12, unit, look="soft", size=SIZE - 1)
    _draw_years(pen, lines, across, top + height)
    if mark is not None:
        x = across.at(mark[0])
        pen.line(x, top, x, top + height, "link")
        pen.words(x + 4, top + 10, mark[1], look="soft", size=SIZE - 1)
    for series, line in enumerate(lines):
        _draw_band(pen, line, series, across, scale)
    for series, line in enumerate(lines):
        for run in _runs(line.points):
            path = "L".join(
                f"{across.at(point.x):g} {scale.at(point.value or 0.0):g}"
                for point in run
            )
            pen.path(f"M{path}", f"line-{series}", dash=DASHES[line.kind])
    for series, line in enumerate(lines):
        for point in line.points:
            if point.value is None:
                continue
            said = _point_words(line, point, unit, decimals)
            x, y = across.at(point.x), scale.at(point.value)
            pen.open_mark(said)
            pen.shape(x, y, series, size=4)
            pen.tip(x, y, said)
            pen.close_mark()
    if not is_narrow:
        _name_lines(pen, lines, scale, room)
    return pen.done(top + height + 30)


def _draw_sample(pen: Pen, x: float, y: float, series: int, kind: str) -> None:
    pen.path(f"M{x:g} {y:g}H{x + 32:g}", f"line-{series}", dash=DASHES[kind])
    pen.shape(x + 16, y, series, size=4)


def _name_lines(pen: Pen, lines: Sequence[Line], scale: Scale, room: float) -> None:
    """Write each name at the end of its line, moved apart where they meet."""
    ends = []
    for series, line in enumerate(lines):
        last = next(
            (point.value for point in reversed(line.points) if point.value is not None),
            None,
        )
        if last is not None:
            names = wrap(line.label, room - 30, lines=2)
            ends.append((scale.at(last), series, names))
    below = -100.0
    for y, series, names in sorted(ends):
        base = max(y + 5, below)
        pen.shape(pen.width - room + 12, base - 5, series, size=4)
        for name in names:
            pen.words(pen.width - room + 24, base, name)
            base += _LINE
        below = base + 2


def _draw_band(pen: Pen, line: Line, series: int, across: Scale, scale: Scale) -> None:
    known = [
        (across.at(point.x), scale.at(point.low), scale.at(point.high))
        for point in line.points
        if point.low is not None and point.high is not None
    ]
    if len(known) < 2:
        for x, low, high in known:
            pen.path(f"M{x:g} {low:g}V{high:g}", "whisker")
        return
    there = "L".join(f"{x:g} {high:g}" for x, _low, high in known)
    back = "L".join(f"{x:g} {low:g}" for x, low, _high in reversed(known))
    pen.path(f"M{there}L{back}Z", f"band-{series}")


def _draw_marks(pen: Pen, scale: Scale, left: float, right: float) -> None:
    for tick, words in zip(scale.ticks, scale.words(), strict=True):
        y = scale.at(tick)
        pen.line(left, y, right, y, "axis" if tick == 0 else "grid")
        pen.words(left - 8, y + 5, words, look="soft", anchor="end", size=SIZE - 1)


def _draw_years(pen: Pen, lines: Sequence[Line], across: Scale, bottom: float) -> None:
    labels = dict(
        sorted((point.x, point.label) for line in lines for point in line.points)
    )
    widest = max((width_of(label, SIZE - 1) for label in labels.values()), default=0)
    last = -1000.0
    for x, label in labels.items():
        place = across.at(x)
        if place - last < widest + 14:
            continue
        last = place
        pen.line(place, bottom, place, bottom + 5, "axis")
        half = width_of(label, SIZE - 1) / 2
        pen.words(
            min(place, pen.width - half),
            bottom + 21,
            label,
            look="soft",
            anchor="middle",
            size=SIZE - 1,
        )


def _draw_lorenz(pen: Pen, curves: Sequence[Curve], people: str, shared: str) -> str:
    is_narrow = pen.width < WIDE
    left, top = 52.0, 34.0 + (_LINE * (len(curves) + 1) if is_narrow else 0)
    side = (pen.width - left - 16) if is_narrow else 380.0
    ticks = tuple(nice_ticks(0, 100, 5))
    across = Scale(ticks, left, left + side)
    scale = Scale(ticks, top + side, top)
    _draw_marks(pen, scale, left, left + side)
    for tick, words in zip(across.ticks, across.words(), strict=True):
        pen.words(
            across.at(tick),
            top + side + 20,
            words,
            look="soft",
            anchor="middle",
            size=SIZE - 1,
        )
    if not is_narrow:
        pen.words(0, 16, f"{shared} (%)", look="soft", size=SIZE - 1)
    else:
        pen.words(0, top - 12, f"{shared} (%)", look="soft", size=SIZE - 1)
    pen.words(
        left + side,
        top + side + 40,
        f"{people} (%)",
        look="soft",
        anchor="end",
        size=SIZE - 1,
    )
    pen.path(
        f"M{across.at(0):g} {scale.at(0):g}L{across.at(100):g} {scale.at(100):g}",
        "axis",
        dash="6 4",
    )
    names: list[tuple[str, int | None]] = [(_("evenly shared"), None)]
    for series, curve in enumerate(curves):
        path = "L".join(
            f"{across.at(100 * x):g} {scale.at(100 * y):g}" for x, y in curve.points
        )
        gini = say_value(gini_of(curve.points), 2)
        said = f"{curve.label}: Gini {gini}"
        kind = LINE_KINDS[series]
        pen.open_mark(said)
        pen.path(f"M{path}", f"line-{series}", dash=DASHES[kind])
        pen.close_mark()
        names.append((said, series))
    x, y = (0.0, 14.0) if is_narrow else (left + side + 28, top + 60)
    for words, sample in names:
        if sample is None:
            pen.path(f"M{x + 4:g} {y - 5:g}h32", "axis", dash="6 4")
        else:
            _draw_sample_of(pen, x + 4, y - 5, sample)
        for line in wrap(words, pen.width - x - 46, lines=1 if is_narrow else 2):
            pen.words(x + 44, y, line)
            y += _LINE
        y += 0 if is_narrow else 8
    return pen.done(top + side + 48)


def _draw_sample_of(pen: Pen, x: float, y: float, series: int) -> None:
    pen.path(f"M{x:g} {y:g}h32", f"line-{series}", dash=DASHES[LINE_KINDS[series]])


def _draw_funnel(
    pen: Pen,
    points: Sequence[FunnelPoint],
    limits: Sequence[FunnelLimit],
    *,
    center: tuple[float, str],
    unit: str,
    decimals: int,
    count_label: str,
) -> str:
    is_narrow = pen.width < WIDE
    height = 260.0 if is_narrow else 320.0
    top = _TOP + 2 * _LINE + 20
    values = [
        *(point.value for point in points),
        *(value for one in limits for value in (one.far_low, one.far_high)),
        center[0],
    ]
    scale = make_scale(values, start=top + height, end=top, from_zero=False, count=4)
    left = max(width_of(words, SIZE - 1) for words in scale.words()) + 12
    counts = [*(p.count for p in points), *(one.count for one in limits)]
    across = make_scale(
        counts, start=left, end=pen.width - 12.0, count=3 if is_narrow else 6
    )
    _draw_marks(pen, scale, left, pen.width - 12)
    for tick, words in zip(across.ticks, across.words(), strict=True):
        pen.words(
            across.at(tick),
            top + height + 20,
            words,
            look="soft",
            anchor="middle",
            size=SIZE - 1,
        )
    pen.words(
        pen.width - 8,
        top + height + 40,
        count_label,
        look="soft",
        anchor="end",
        size=SIZE - 1,
    )
    pen.words(0, top - 10, unit, look="soft", size=SIZE - 1)
    _draw_limits(pen, limits, across, scale)
    y = scale.at(center[0])
    pen.line(left, y, pen.width - 12, y, "axis")
    pen.words(
        pen.width - 12,
        y - 6,
        f"{center[1]} {say_value(center[0], decimals)}",
        look="soft",
        anchor="end",
        size=SIZE - 1,
    )
    for point in sorted(points, key=lambda one: one.count):
        x, y = across.at(point.count), scale.at(point.value)
        said = (
            f"{point.label}: {say_value(point.value, decimals, unit)}, "
            f"n = {say_value(point.count)}"
        )
        is_outside = _place_of(point, limits) == 2
        pen.open_mark(said)
        pen.shape(x, y, 2 if is_outside else 0, size=6 if is_outside else 5)
        if is_outside:
            at_end = x + width_of(point.label) + 12 > pen.width
            pen.words(
                x - 10 if at_end else x + 10,
                y + 5,
                point.label,
                anchor="end" if at_end else "start",
            )
        pen.tip(x, y, said)
        pen.close_mark()
    return pen.done(top + height + 50)


def _draw_limits(
    pen: Pen, limits: Sequence[FunnelLimit], across: Scale, scale: Scale
) -> None:
    ordered = sorted(limits, key=lambda one: one.count)
    for names, dash, words, row in (
        (("low", "high"), "8 5", _("95 of 100 lie between these"), 0),
        (("far_low", "far_high"), "2 5", _("998 of 1,000 lie between these"), 1),
    ):
        y = _TOP + _LINE * row
        pen.path(f"M4 {y - 5:g}h32", "axis", dash=dash)
        pen.words(44, y, words, look="soft", size=SIZE - 1)
        for name in names:
            path = "L".join(
                f"{across.at(one.count):g} {scale.at(getattr(one, name)):g}"
                for one in ordered
            )
            if path:
                pen.path(f"M{path}", "limit", dash=dash)


# --- numbers and words ------------------------------------------------------------


def _span(low: float, high: float, start: float, end: float) -> Scale:
    return Scale((low, high if high > low else low + 1), start, end)


def _runs(points: Sequence[LinePoint]) -> list[list[LinePoint]]:
    """Return the stretches without a hole."""
    runs: list[list[LinePoint]] = [[]]
    for point in points:
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def _interpolate(points: Sequence[tuple[float, float]], x: float) -> float:
    before = (0.0, 0.0)
    for point in points:
        if point[0] >= x:
            width = point[0] - before[0]
            share = 1.0 if width == 0 else (x - before[0]) / width
            return before[1] + share * (point[1] - before[1])
        before = point
    return before[1]


def _limit_at(limits: Sequence[FunnelLimit], count: float) -> FunnelLimit | None:
    ordered = sorted(limits, key=lambda one: one.count)
    if not ordered:
        return None
    for before, after in itertools.pairwise(ordered):
        if before.count <= count <= after.count and after.count > before.count:
            share = (count - before.count) / (after.count - before.count)
            return FunnelLimit(
                count,
                before.low + share * (after.low - before.low),
                before.high + share * (after.high - before.high),
                before.far_low + share * (after.far_low - before.far_low),
                before.far_high + share * (after.far_high - before.far_high),
            )
    return ordered[0] if count < ordered[0].count else ordered[-1]


def _place_of(point: FunnelPoint, limits: Sequence[FunnelLimit]) -> int:
    """Return 0 within the limits, 1 outside the inner ones, 2 outside both."""
    limit = _limit_at(limits, point.count)
    if limit is None:
        return 0
    if not limit.far_low <= point.value <= limit.far_high:
        return 2
    return 0 if limit.low <= point.value <= limit.high else 1


def _place_words(point: FunnelPoint, limits: Sequence[FunnelLimit]) -> str:
    return (
        _("no more than chance explains"),
        _("more than chance explains in 95 of 100"),
        _("clearly more than chance explains"),
    )[_place_of(point, limits)]


def _point_words(line: Line, point: LinePoint, unit: str, decimals: int) -> str:
    value = 0.0 if point.value is None else point.value
    said = f"{line.label}, {point.label}: {say_value(value, decimals, unit)}"
    interval = say_interval(point.low, point.high, decimals)
    return f"{said} ({interval})" if interval else said


def _cells(point: LinePoint | None, decimals: int) -> list[str]:
    if point is None or point.value is None:
        return ["", ""]
    return [
        say_value(point.value, decimals),
        say_interval(point.low, point.high, decimals),
    ]
