"""Sentences of the report, each made of figures that it names."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wijkspil.insight.engine_io.results import Difference, Projection, YearTotal
from wijkspil.insight.services.reporting.numbers import (
    Numbers,
    say,
    say_number,
    source_of,
)
from wijkspil.insight.services.reporting.shape import Claim, Source
from wijkspil.insight.types import FigureRow
from wijkspil.ui.charts.frame import say_value

#: So many areas a sentence names.
_NAMED = 3
#: Smaller gaps than this are not called a gap (hours a week).
_NO_GAP = 0.5


def say_people(numbers: Numbers) -> Claim | None:
    """Say how many people live here, and how many are old."""
    people = numbers.of_subject("population")
    old = numbers.of_subject("population_75plus_share")
    if people is None:
        return None
    if old is None:
        return Claim(
            _("%(people)s live here.") % {"people": say(people)}, (source_of(people),)
        )
    return Claim(
        _("%(people)s live here; %(old)s of them are 75 or older.")
        % {"people": say(people), "old": say(old)},
        (source_of(people), source_of(old)),
    )


def say_need_now(numbers: Numbers) -> Claim | None:
    """Say how much care is needed now."""
    need, clients = numbers.of_subject("need_hours"), numbers.of_subject("clients")
    if need is None:
        return None
    if clients is None:
        return Claim(
            _("Together they need about %(need)s of district nursing.")
            % {"need": say(need)},
            (source_of(need),),
        )
    return Claim(
        _(
            "About %(clients)s have district nursing in a month; together they need "
            "about %(need)s."
        )
        % {"clients": say(clients), "need": say(need)},
        (source_of(clients), source_of(need)),
    )


def say_gap_now(numbers: Numbers) -> Claim | None:
    """Say whether care falls short in the region now, and by how much."""
    need, capacity = (
        numbers.of_subject("need_hours"),
        numbers.of_subject("capacity_hours"),
    )
    gap = numbers.of_subject("gap_hours")
    if need is None or capacity is None or gap is None:
        return None
    values = {
        "need": say(need),
        "capacity": say_number(capacity.value or 0.0, "capacity_hours", ""),
        "gap": say_number(abs(gap.value or 0.0), "gap_hours", ""),
    }
    sources = (source_of(need), source_of(capacity), source_of(gap))
    if (gap.value or 0.0) > _NO_GAP:
        return Claim(
            _(
                "People here need %(need)s of district nursing; teams can give "
                "%(capacity)s. So %(gap)s hours a week fall short."
            )
            % values,
            sources,
        )
    return Claim(
        _(
            "People here need %(need)s of district nursing; teams can give "
            "%(capacity)s. In the region as a whole that is enough: %(gap)s hours a "
            "week are left."
        )
        % values,
        sources,
    )


def say_largest_now(numbers: Numbers) -> Claim | None:
    """Say where the gap is largest now; without capacity, where need is highest."""
    for indicator, text in (
        ("gap_share", _("Now the gap is largest in %(places)s.")),
        ("need_hours", _("Now most care is needed in %(places)s.")),
    ):
        rows = _highest(numbers.of_places(indicator))
        if indicator == "gap_share":
            rows = [row for row in rows if (row.value or 0.0) > 0]
        if rows:
            return Claim(text % {"places": _list_places(numbers, rows)}, _sources(rows))
    return None


def say_gap_later(numbers: Numbers, year: int) -> Claim | None:
    """Say how large the gap of the region is in a year, and how sure that is."""
    base = numbers.picture.projections.get("base")
    gap = _total(base, "gap_hours", year)
    if base is None or gap is None:
        return None
    return Claim(
        _(
            "In %(year)s the gap is %(gap)s hours a week; in 8 of 10 futures it lies "
            "between %(low)s and %(high)s."
        )
        % {
            "year": year,
            "gap": say_number(gap.value, "gap_hours", ""),
            "low": say_number(_or(gap.low, gap), "gap_hours", ""),
            "high": say_number(_or(gap.high, gap), "gap_hours", ""),
        },
        (_source(numbers, gap),),
    )


def say_largest_later(numbers: Numbers, year: int) -> Claim | None:
    """Say where the gap is largest in a year."""
    rows = [
        row
        for row in _highest(numbers.of_places("gap_share", year))
        if (row.value or 0.0) > 0
    ]
    if not rows:
        return None
    return Claim(
        _("In %(year)s it is largest in %(places)s.")
        % {"year": year, "places": _list_places(numbers, rows)},
        _sources(rows),
    )


def say_need_later(numbers: Numbers, year: int) -> Claim | None:
    """Say how need and capacity change until a year."""
    base = numbers.picture.projections.get("base")
    if base is None:
        return None
    start, end = (
        _total(base, "need_hours", base.first_year),
        _total(base, "need_hours", year),
    )
    room, later = (
        _total(base, "capacity_hours", base.first_year),
        _total(base, "capacity_hours", year),
    )
    if start is None or end is None or start.value <= 0:
        return None
    growth = 100 * (end.value / start.value - 1)
    sources = [_source(numbers, start), _source(numbers, end)]
    text = (
        _(
            "The need goes from %(first)s to %(last)s hours a week in %(year)s: "
            "%(part)s."
        )
        if room is None or later is None
        else _(
            "The need goes from %(first)s to %(last)s hours a week in %(year)s: "
            "%(part)s. What teams can give goes from %(room)s to %(later)s."
        )
    )
    values = {
        "first": say_number(start.value, "need_hours", ""),
        "last": say_number(end.value, "need_hours", ""),
        "year": year,
        "part": _more_or_less(growth),
    }
    if room is not None and later is not None:
        sources += [_source(numbers, room), _source(numbers, later)]
        values["room"] = say_number(room.value, "capacity_hours", "")
        values["later"] = say_number(later.value, "capacity_hours", "")
    return Claim(text % values, tuple(sources))


def say_crossing(numbers: Numbers) -> Claim | None:
    """Say from which year on care falls short in the middle future."""
    base = numbers.picture.projections.get("base")
    if base is None:
        return None
    gaps = [
        gap
        for year in base.years
        if (gap := _total(base, "gap_hours", year)) is not None
    ]
    first = next((gap for gap in gaps if gap.value > _NO_GAP), None)
    if not gaps:
        return None
    if first is None:
        return Claim(
            _("Until %(year)s there is enough on average.") % {"year": gaps[-1].year},
            (_source(numbers, gaps[-1]),),
        )
    return Claim(
        _("On average care falls short from %(year)s on.") % {"year": first.year},
        (_source(numbers, first),),
    )


def say_chance(numbers: Numbers, year: int) -> Claim | None:
    """Say the chance that care falls short in a year."""
    base = numbers.picture.projections.get("base")
    chance = _total(base, "gap_chance", year)
    if chance is None:
        return None
    return Claim(
        _("The chance that care falls short in %(year)s is %(chance)s%%.")
        % {"year": year, "chance": say_value(chance.value)},
        (_source(numbers, chance),),
    )


def say_help(numbers: Numbers, name: str, year: int) -> Claim | None:
    """Say what one measure changes in the gap of a year, and how sure that is."""
    picture = numbers.picture
    projection = picture.projections.get(name)
    found = _difference(picture.comparisons[name].differences, year)
    if projection is None or found is None:
        return None
    source = Source(
        "gap_hours", picture.subject.code, year, say_number(found.value, "gap_hours")
    )
    text = (
        _(
            "%(title)s: %(gap)s hours a week less gap in %(year)s (8 of 10 futures: "
            "%(low)s to %(high)s)."
        )
        if found.value <= 0
        else _(
            "%(title)s: %(gap)s hours a week more gap in %(year)s (8 of 10 futures: "
            "%(low)s to %(high)s)."
        )
    )
    bounds = sorted((abs(found.low), abs(found.high)))
    if found.low < 0 < found.high:
        return Claim(
            _(
                "%(title)s: no clear effect on the gap in %(year)s (8 of 10 futures: "
                "%(low)s to %(high)s hours a week)."
            )
            % {
                "title": projection.title,
                "year": year,
                "low": say_number(found.low, "gap_hours", ""),
                "high": say_number(found.high, "gap_hours", ""),
            },
            (source,),
        )
    return Claim(
        text
        % {
            "title": projection.title,
            "gap": say_number(abs(found.value), "gap_hours", ""),
            "year": year,
            "low": say_number(bounds[0], "gap_hours", ""),
            "high": say_number(bounds[1], "gap_hours", ""),
        },
        (source,),
    )


def say_best_help(numbers: Numbers, year: int) -> Claim | None:
    """Say which measure helps most."""
    picture = numbers.picture
    effects = [
        (found.value, name)
        for name, comparison in picture.comparisons.items()
        if name in picture.projections
        and (found := _difference(comparison.differences, year)) is not None
        and found.high < 0
    ]
    if not effects:
        return None
    value, name = min(effects)
    return Claim(
        ngettext(
            "Of the %(n)s measure computed, “%(title)s” helps: %(gap)s hours a week "
            "less gap in %(year)s.",
            "Of the %(n)s measures computed, “%(title)s” helps most: %(gap)s hours a "
            "week less gap in %(year)s.",
            len(picture.comparisons),
        )
        % {
            "n": len(picture.comparisons),
            "title": picture.projections[name].title,
            "gap": say_number(abs(value), "gap_hours", ""),
            "year": year,
        },
        (
            Source(
                *("gap_hours", picture.subject.code, year),
                say_number(value, "gap_hours"),
            ),
        ),
    )


def say_gp_reach(numbers: Numbers) -> Claim | None:
    """Say how near a GP practice is for the people of the region."""
    nearest, choice = (
        numbers.of_subject("gp_nearest_min"),
        numbers.of_subject("gp_choice"),
    )
    if nearest is None or choice is None:
        return None
    return Claim(
        _(
            "On average the nearest GP practice is %(minutes)s away by car, and "
            "%(choice)s can be reached within 15 minutes."
        )
        % {"minutes": say(nearest), "choice": say(choice)},
        (source_of(nearest), source_of(choice)),
    )


def say_gp_lowest(numbers: Numbers) -> Claim | None:
    """Say where the fewest GP places are within reach."""
    rows = sorted(
        numbers.of_places("gp_places_per_1000"),
        key=lambda row: (row.value or 0.0, row.area_code),
    )[:_NAMED]
    if not rows:
        return None
    return Claim(
        _("The fewest GP places are within reach in %(places)s.")
        % {"places": _list_places(numbers, rows)},
        _sources(rows),
    )


def say_gp_shared(numbers: Numbers) -> Claim | None:
    """Say how the worst-off tenth of the people compares with the region."""
    whole = numbers.of_subject("gp_places_per_1000")
    rows = [row for row in numbers.of_places("gp_places_per_1000") if row.denominator]
    people = sum(row.denominator or 0.0 for row in rows)
    if whole is None or not people:
        return None
    left, places = people / 10, 0.0
    for row in sorted(rows, key=lambda row: row.value or 0.0):
        part = min(left, row.denominator or 0.0)
        places += part * (row.value or 0.0)
        left -= part
        if left <= 0:
            break
    worst = places / (people / 10)
    said = say_number(worst, "gp_places_per_1000")
    return Claim(
        _(
            "The tenth of the people with the fewest have %(worst)s; on average it is "
            "%(mean)s."
        )
        % {
            "worst": said,
            "mean": say_number(whole.value or 0.0, "gp_places_per_1000", ""),
        },
        (
            source_of(whole),
            Source("gp_places_per_1000", "worst-tenth", whole.valid_from.year, said),
        ),
    )


def _highest(rows: Sequence[FigureRow]) -> list[FigureRow]:
    return sorted(rows, key=lambda row: (-(row.value or 0.0), row.area_code))[:_NAMED]


def _list_places(numbers: Numbers, rows: Sequence[FigureRow]) -> str:
    """Return "Duinwijk (12%), Havenkwartier (9%) and Zeezicht (8%)"."""
    named = [f"{numbers.name(row.area_code)} ({say(row)})" for row in rows]
    if len(named) == 1:
        return named[0]
    return _("%(first)s and %(last)s") % {
        "first": ", ".join(named[:-1]),
        "last": named[-1],
    }


def _sources(rows: Sequence[FigureRow]) -> tuple[Source, ...]:
    return tuple(source_of(row) for row in rows)


def _source(numbers: Numbers, total: YearTotal) -> Source:
    return Source(
        total.indicator,
        numbers.picture.subject.code,
        total.year,
        say_number(total.value, total.indicator),
    )


def _total(
    projection: Projection | None, indicator: str, year: int
) -> YearTotal | None:
    if projection is None:
        return None
    try:
        return projection.total(indicator, year)
    except KeyError:
        return None


def _difference(rows: Sequence[Difference], year: int) -> Difference | None:
    return next(
        (row for row in rows if row.indicator == "gap_hours" and row.year == year), None
    )


def _or(bound: float | None, total: YearTotal) -> float:
    return total.value if bound is None else bound


def _more_or_less(percent: float) -> str:
    said = say_value(abs(percent))
    return (
        _("%(part)s%% more") % {"part": said}
        if percent >= 0
        else _("%(part)s%% less") % {"part": said}
    )
