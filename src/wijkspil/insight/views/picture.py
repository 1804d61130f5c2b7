"""The regional picture: the answer first, then each figure with where it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import NotFound
from wijkspil.core.spreadsheets import csv_lines
from wijkspil.directory.selectors.picture_areas import (
    PictureArea,
    get_year_of_shapes,
    list_areas_around,
    list_regions_of_set,
)
from wijkspil.directory.types import AreaKind, PartOfDay, RegionPurpose
from wijkspil.directory.views.pages import Reach, professional_page, reach_of
from wijkspil.insight.catalogue import (
    INDICATORS,
    PROJECTED,
    list_headlines,
    list_of_theme,
)
from wijkspil.insight.data_wording import say_source
from wijkspil.insight.forms.picture import PictureForm
from wijkspil.insight.permissions import (
    VIEW_INSIGHT,
    can_plan,
    can_view_insight,
    check_can_view_insight,
)
from wijkspil.insight.picture_charts import (
    draw_areas,
    draw_beside,
    draw_parts,
    draw_years,
    make_choropleth,
)
from wijkspil.insight.picture_rows import write_rows
from wijkspil.insight.picture_wording import (
    Answer,
    make_answer,
    say_bounds,
    say_difference,
    say_figure,
    say_period,
    say_why_missing,
)
from wijkspil.insight.selectors.picture import (
    Shown,
    by_indicator,
    get_age,
    get_picture_area,
    list_expected,
    list_expected_within,
    list_newest,
    list_periods,
    list_within,
)
from wijkspil.insight.selectors.plans import list_measures
from wijkspil.insight.services.refreshing import refresh_now
from wijkspil.insight.types import Indicator, Theme
from wijkspil.ui.charts.frame import say_value
from wijkspil.ui.navigation import Chip, Crumb

#: So many figures a page opens with.
HEADLINES = 5
#: So many wijken stand on the page of a region; the others are one press away.
FIRST_ROWS = 8
#: The year ahead that pages open with.
LATER_YEAR = 2035
PAGE_SIZE = 100
_GAP = ("gap_hours", "gap_share")
_LATER = (*_GAP, "gap_chance", "need_hours", "capacity_hours")
#: Sets of regions, in the order in which they are offered.
SETS = (
    RegionPurpose.RESV,
    RegionPurpose.ZORGKANTOOR,
    RegionPurpose.GP_OUT_OF_HOURS,
    RegionPurpose.NIGHT_CARE,
)


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A figure as a page shows it, with everything behind it."""

    indicator: Indicator
    row: Shown | None
    said: str
    bare: str  # without the unit, for a column that names it
    bounds: str
    period: str
    why: str
    source: str
    beside: str = ""
    change: str = ""


# --- pages ------------------------------------------------------------------------


@require_safe
@professional_page
def show_picture(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the country, or the regions of the reader; one region opens at once."""
    check_can_view_insight(actor)
    reach = reach_of(actor, VIEW_INSIGHT)
    own = list_areas_around(reach.region_ids)
    if not reach.is_everywhere and len(own) == 1:
        return redirect(address_of(own[0].code))
    sets = [kind for kind in SETS if reach.is_everywhere or _has(own, kind)]
    wanted = request.GET.get("set", "")
    chosen = next((kind for kind in sets if kind.value == wanted), None)
    if chosen is None and sets:
        chosen = sets[0]
    regions = _regions_of(chosen, reach, own)
    ids = [area.id for area in regions]
    now = list_newest(ids, indicators=_GAP)
    later = [
        row
        for row in list_expected(ids, indicators=(*_GAP, "gap_chance"))
        if row.valid_from.year == LATER_YEAR
    ]
    country = _country_map(request) if reach.is_everywhere else {}
    return render(
        request,
        "insight/picture.html",
        {
            "sets": [
                Chip(kind.label, f"?set={kind.value}", active=kind is chosen)
                for kind in sets
            ],
            "set": chosen,
            "answer": _answer_of_regions(regions, now, later),
            "lines": _region_lines(regions, now, later),
            "later_year": str(LATER_YEAR),
            "has_figures": bool(now),
            "hours_unit": INDICATORS["gap_hours"].unit,
            **country,
        },
    )


@require_safe
@professional_page
def show_area(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Show one region, gemeente or wijk on a page that takes five minutes."""
    area = _open(actor, code)
    rows = list_newest([area.id])
    now = by_indicator(rows)
    expected = list_expected([area.id], indicators=_LATER)
    later = {
        row.indicator: row for row in expected if row.valid_from.year == LATER_YEAR
    }
    has_parts = area.kind != AreaKind.WIJK
    within = _within(area, _GAP) if has_parts else []
    later_within = _later_within(area) if has_parts else []
    is_later = request.GET.get("wanneer") == str(LATER_YEAR) and bool(later_within)
    mapped = later_within if is_later else within
    shares = [row for row in mapped if row.indicator == "gap_share"]
    lines = _gap_lines(within, later_within)
    return render(
        request,
        "insight/picture_area.html",
        {
            "area": area,
            "crumbs": _crumbs(actor, area),
            "kind": _kind_words(area),
            "answer": make_answer(
                area.name,
                now=now,
                within=within,
                later=later,
                later_within=later_within,
                year=LATER_YEAR,
            ),
            "headlines": _headlines(now),
            "themes": _theme_chips(area, None) if has_parts else [],
            "years": draw_years(expected),
            "has_figures": bool(rows),
            "age": get_age([area.id]),
            "whens": _when_chips(area, is_later) if later_within else [],
            "is_later": is_later,
            "later_year": str(LATER_YEAR),
            **_map_of(area, INDICATORS["gap_share"], shares),
            "lines": lines[:FIRST_ROWS],
            "more_lines": lines[FIRST_ROWS:],
            "all_count": len(lines),
            "hours_unit": INDICATORS["gap_hours"].unit,
            "groups": [] if has_parts else _groups(now),
            "parts": _part_charts(rows) if not has_parts else [],
            "measures": _measures_of(area)[:5],
            "may_plan": can_plan(actor, _target(area)),
            "plan_area": area.id,
            "can_refresh": area.kind != AreaKind.WIJK,
            "export_url": reverse("insight:picture-csv", args=[area.code]),
        },
    )


@require_safe
@professional_page
def show_theme(
    request: HttpRequest, actor: Actor, code: str, theme: str
) -> HttpResponse:
    """Show the figures of one theme: map, table and chart, and what to compare."""
    area = _open(actor, code)
    subject = _theme(theme)
    asked = _ask(request, actor, area, subject)
    indicator = asked.indicator
    here = list_newest(
        [area.id],
        indicators=[one.code for one in asked.indicators],
        month=asked.month,
    )
    beside = _beside(asked, area)
    rows = asked.rows(asked.month)
    others = asked.rows(asked.other_month) if asked.other_month else []
    whole = next(
        (
            row
            for row in here
            if row.indicator == indicator.code and row.part_of_day == asked.part
        ),
        None,
    )
    urls = {row.area_code: address_of(row.area_code) for row in rows}
    period = say_period(rows[0].valid_from, rows[0].valid_until) if rows else ""
    page = Paginator(_sorted(rows, request.GET.get("sort", "")), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        "insight/picture_theme.html",
        {
            "area": area,
            "crumbs": [*_crumbs(actor, area, with_link=True), Crumb(subject.label)],
            "subject": subject,
            "themes": _theme_chips(area, subject),
            "figures": [
                Chip(one.name, f"?{asked.query(cijfer=one.code)}", one is indicator)
                for one in asked.indicators
            ],
            "form": asked.form,
            "indicator": indicator,
            "period": period,
            "lines": [
                _line(one, _whole(here, one.code), _whole(beside, one.code))
                for one in asked.indicators
            ],
            "beside_name": asked.beside_name,
            "line": _line(indicator, whole),
            "extremes": _say_extremes(indicator, rows),
            "rows": [
                {
                    "row": row,
                    "url": urls[row.area_code],
                    "line": _line(
                        indicator,
                        row,
                        next(
                            (one for one in others if one.area_id == row.area_id), None
                        ),
                    ),
                }
                for row in page
            ],
            "page_of_rows": page,
            "has_other": bool(others),
            "other_name": asked.other_name,
            "chart": draw_beside(
                indicator,
                rows,
                others,
                series=(period, asked.other_name),
                urls=urls,
                first=str(asked.level_label),
            )
            if others
            else draw_areas(
                indicator,
                rows,
                urls=urls,
                reference=None
                if whole is None or whole.value is None or not _is_like(indicator)
                else (area.name, whole.value),
                first=str(asked.level_label),
            ),
            "part_chart": draw_parts(indicator, here, _part_names()),
            "level_label": asked.level_label,
            **_map_of(area, indicator, rows, kind=asked.level),
            "may_plan": can_plan(actor, _target(area)),
            "has_figures": bool(here),
            "can_refresh": True,
            "age": get_age([area.id]),
            "export_url": f"{reverse('insight:picture-csv', args=[area.code])}"
            f"?{urlencode({'thema': subject.value, 'niveau': asked.level})}",
        },
    )


@require_POST
@professional_page
def refresh(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Count the figures of an area anew, now."""
    area = _open(actor, code)
    count = refresh_now(region_id=area.id, actor=actor, at=timezone.now())
    messages.success(
        request,
        ngettext(
            "%(count)s figure is counted anew.",
            "%(count)s figures are counted anew.",
            count,
        )
        % {"count": count},
    )
    return redirect(address_of(area.code))


@require_safe
@professional_page
def export(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Send the figures of an area, and of what lies in it, as CSV."""
    area = _open(actor, code)
    wanted = request.GET.get("thema", "")
    indicators = [
        one for one in INDICATORS.values() if not wanted or one.theme == wanted
    ]
    codes = [one.code for one in indicators]
    level = request.GET.get("niveau", "") or AreaKind.WIJK.value
    rows = [
        *list_newest([area.id], indicators=codes),
        *(
            row
            for part in ("", *PartOfDay.values)
            for row in (
                _within(area, codes, kind=level, part=part)
                if area.kind != AreaKind.WIJK
                else []
            )
        ),
    ]
    response = HttpResponse(
        csv_lines(write_rows(rows)), content_type="text/csv; charset=utf-8"
    )
    name = f"regiobeeld-{area.code.replace('/', '-')}.csv".lower()
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def address_of(code: str) -> str:
    """Return the page of an area."""
    return reverse("insight:picture-area", args=[code])


# --- what is asked ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """The question of a theme page, checked."""

    area: PictureArea
    indicator: Indicator
    indicators: Sequence[Indicator]
    form: PictureForm
    month: date | None
    other_month: date | None
    other_name: str
    beside: PictureArea | None
    part: str
    level: str
    level_label: Any

    @property
    def beside_name(self) -> str:
        """Return what stands beside the figures of the area, if anything."""
        return self.beside.name if self.beside else self.other_name

    def rows(self, month: date | None) -> list[Shown]:
        """Return the chosen figure of what lies in the area."""
        return _within(
            self.area,
            [self.indicator.code],
            kind=self.level,
            month=month,
            part=self.part,
        )

    def query(self, **change: str) -> str:
        """Return the question as the query of an address."""
        kept = {
            name: value
            for name, value in self.form.data.items()
            if name in self.form.fields and value
        }
        return urlencode({**kept, **change})


def _ask(request: HttpRequest, actor: Actor, area: PictureArea, theme: Theme) -> _Asked:
    indicators = [
        one for one in list_of_theme(theme) if one.code not in ("gap_chance", "gap_fte")
    ]
    months = [
        (start.isoformat(), say_period(start, until))
        for start, until in list_periods([area.id])
    ]
    wanted = request.GET.get("cijfer", "")
    indicator = next((one for one in indicators if one.code == wanted), None)
    indicator = indicator or next(
        (one for one in indicators if one.is_headline), indicators[0]
    )
    beside = _comparable(actor, area)
    levels = [(AreaKind.WIJK.value, AreaKind.WIJK.label)]
    if area.kind == AreaKind.REGION:
        levels.append((AreaKind.GEMEENTE.value, AreaKind.GEMEENTE.label))
    form = PictureForm(
        request.GET,
        indicators=[(one.code, one.name) for one in indicators],
        months=months,
        parts=[(p.value, p.label) for p in PartOfDay]
        if indicator.code in ("asked_hours", "free_hours", "gap_hours")
        else [],
        regions=[(one.code, one.name) for one in beside],
        levels=levels,
    )
    if not form.is_valid():
        raise NotFound(
            _("This question about figures cannot be answered. Choose again.")
        )
    month, other = form.chosen("maand"), form.chosen("naast")
    level = form.chosen("niveau", AreaKind.WIJK.value)
    return _Asked(
        area=area,
        indicator=indicator,
        indicators=indicators,
        form=form,
        month=date.fromisoformat(month) if month else None,
        other_month=date.fromisoformat(other) if other else None,
        other_name=dict(months).get(other, ""),
        beside=next((one for one in beside if one.code == form.chosen("met")), None),
        part=form.chosen("deel"),
        level=level,
        level_label=dict(levels)[level],
    )


def _open(actor: Actor, code: str) -> PictureArea:
    area = get_picture_area(code)
    if area is None:
        raise NotFound(
            _("There is no region, gemeente or wijk with the code “%(code)s”.")
            % {"code": code}
        )
    check_can_view_insight(actor, _target(area))
    return area


def _target(area: PictureArea) -> Target:
    return Target(region_ids=area.within)


def _theme(value: str) -> Theme:
    if value not in Theme.values:
        raise NotFound(_("There is no theme “%(theme)s”.") % {"theme": value})
    return Theme(value)


def _comparable(actor: Actor, area: PictureArea) -> list[PictureArea]:
    """Return what an area may be put beside: of the same kind, and visible."""
    if area.kind == AreaKind.REGION:
        others = list_regions_of_set(area.purpose)
    else:
        around = [one for one in area.within if one != area.id]
        others = list_areas_around(around)
    return [
        one
        for one in others
        if one.id != area.id and can_view_insight(actor, _target(one))
    ]


def _has(own: Sequence[PictureArea], kind: RegionPurpose) -> bool:
    return any(area.purpose == kind for area in own)


def _regions_of(
    chosen: RegionPurpose | None, reach: Reach, own: Sequence[PictureArea]
) -> list[PictureArea]:
    if chosen is None:
        return []
    if reach.is_everywhere:
        return list_regions_of_set(chosen.value)
    return [area for area in own if area.purpose == chosen]


# --- what is shown ----------------------------------------------------------------


def _within(
    area: PictureArea,
    indicators: Sequence[str],
    *,
    kind: str = AreaKind.WIJK.value,
    month: date | None = None,
    part: str = "",
) -> list[Shown]:
    return list_within(
        indicators, kind=kind, within=area.id, month=month, part_of_day=part
    )


def _later_within(area: PictureArea) -> list[Shown]:
    return list_expected_within(
        (*_GAP, "gap_chance"),
        year=LATER_YEAR,
        kind=AreaKind.WIJK.value,
        within=area.id,
    )


def _beside(asked: _Asked, area: PictureArea) -> list[Shown]:
    """Return the figures of the other region, or of the other month."""
    if asked.beside is None and asked.other_month is None:
        return []
    return list_newest(
        [(asked.beside or area).id],
        indicators=[one.code for one in asked.indicators],
        month=asked.month if asked.beside else asked.other_month,
    )


def _whole(rows: Sequence[Shown], code: str) -> Shown | None:
    return next(
        (row for row in rows if row.indicator == code and not row.part_of_day), None
    )


def _line(
    indicator: Indicator, row: Shown | None, beside: Shown | None = None
) -> FigureLine:
    known = row is not None and row.value is not None
    change = ""
    if (
        row is not None
        and row.value is not None
        and beside is not None
        and beside.value is not None
    ):
        change = say_difference(indicator, row.value - beside.value)
    return FigureLine(
        indicator=indicator,
        row=row,
        said=say_figure(indicator, row.value) if row is not None else "",
        bare=say_value(row.value, indicator.decimals)
        if row is not None and row.value is not None
        else "",
        bounds=say_bounds(indicator, row) if row is not None else "",
        period="" if row is None else say_period(row.valid_from, row.valid_until),
        why="" if known else say_why_missing(indicator, row),
        source=(row and say_source(row.source)) or str(indicator.source),
        beside=""
        if beside is None
        else say_figure(indicator, beside.value) or say_why_missing(indicator, beside),
        change=change,
    )


def _headlines(now: Mapping[str, Shown]) -> list[FigureLine]:
    """Return what the page opens with; what is not known comes last."""
    lines = [_line(one, now.get(one.code)) for one in list_headlines()]
    return sorted(lines, key=lambda line: not line.said)[:HEADLINES]


def _groups(now: Mapping[str, Shown]) -> list[dict[str, Any]]:
    """Return every counted figure of an area, by theme."""
    return [
        {
            "theme": theme,
            "lines": [
                _line(one, now.get(one.code))
                for one in list_of_theme(theme)
                if one.code in now or one.code not in PROJECTED
            ],
        }
        for theme in Theme
    ]


def _part_names() -> dict[str, str]:
    return {part.value: str(part.label) for part in PartOfDay}


def _part_charts(rows: Sequence[Shown]) -> list[Any]:
    charts = (
        draw_parts(INDICATORS[code], rows, _part_names())
        for code in ("free_hours", "gap_hours")
    )
    return [chart for chart in charts if chart is not None]


def _map_of(
    area: PictureArea,
    indicator: Indicator,
    rows: Sequence[Shown],
    *,
    kind: str = AreaKind.WIJK.value,
) -> dict[str, Any]:
    year = get_year_of_shapes(kind, within=area.id) if rows else None
    if year is None:
        return {"has_map": False}
    drawn = make_choropleth(indicator, rows)
    return {
        "has_map": True,
        "map_url": reverse("insight:picture-shapes", args=[kind, year, area.id]),
        "map_states": drawn.states,
        "categories": drawn.categories,
        "area_address": _address_pattern(),
    }


def _address_pattern() -> str:
    return address_of("WK0").replace("WK0", "{code}")


def _country_map(request: HttpRequest) -> dict[str, Any]:
    """Return the wijken of the country, on a map and in pages of a table."""
    rows = list_within(_GAP, kind=AreaKind.WIJK.value, within=None, month=None)
    shares = [row for row in rows if row.indicator == "gap_share"]
    year = get_year_of_shapes(AreaKind.WIJK, within=None)
    if not shares or year is None:
        return {"has_map": False}
    hours = {row.area_id: row for row in rows if row.indicator == "gap_hours"}
    drawn = make_choropleth(INDICATORS["gap_share"], shares)
    ordered = sorted(shares, key=lambda row: (row.value is None, -(row.value or 0.0)))
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    return {
        "has_map": True,
        "map_url": reverse("insight:picture-shapes", args=[AreaKind.WIJK, year, 0]),
        "map_states": drawn.states,
        "categories": drawn.categories,
        "area_address": _address_pattern(),
        "page_of_wijken": page,
        "wijken": [
            {
                "row": row,
                "url": address_of(row.area_code),
                "share": _line(INDICATORS["gap_share"], row),
                "hours": _line(INDICATORS["gap_hours"], hours.get(row.area_id)),
            }
            for row in page
        ],
    }


def _answer_of_regions(
    regions: Sequence[PictureArea], now: Sequence[Shown], later: Sequence[Shown]
) -> Answer | None:
    """Return where the gap is largest now and later, of a set of regions."""
    worst = _largest(now)
    if not now:
        return None
    indicator = INDICATORS["gap_hours"]
    later_worst = _largest(later)
    sentences = []
    if later_worst is not None and later_worst.value is not None:
        sentences.append(
            _("In %(year)s it is expected to be largest in %(name)s: %(hours)s.")
            % {
                "year": LATER_YEAR,
                "name": later_worst.area_name,
                "hours": say_figure(indicator, later_worst.value),
            }
        )
        bounds = say_bounds(indicator, later_worst)
        if bounds:
            sentences.append(
                _("In 8 of 10 computed futures that is %(bounds)s.")
                % {"bounds": bounds}
            )
    missing = len({area.id for area in regions} - {row.area_id for row in later})
    if missing:
        sentences.append(
            ngettext(
                "Of %(count)s region the future was not computed yet.",
                "Of %(count)s regions the future was not computed yet.",
                missing,
            )
            % {"count": missing}
        )
    if worst is None or worst.value is None or worst.value <= 0:
        return Answer(_("No region is short of care now"), "good", tuple(sentences))
    title = _("The gap is largest in %(name)s now: %(hours)s") % {
        "name": worst.area_name,
        "hours": say_figure(indicator, worst.value),
    }
    return Answer(title, "limited", tuple(sentences))


def _largest(rows: Sequence[Shown]) -> Shown | None:
    gaps = [
        row
        for row in rows
        if row.indicator == "gap_hours"
        and row.value is not None
        and not row.part_of_day
    ]
    return max(gaps, key=lambda row: row.value or 0.0, default=None)


def _region_lines(
    regions: Sequence[PictureArea], now: Sequence[Shown], later: Sequence[Shown]
) -> list[dict[str, Any]]:
    def found(rows: Sequence[Shown], area: PictureArea, code: str) -> Shown | None:
        return next(
            (
                row
                for row in rows
                if row.area_id == area.id
                and row.indicator == code
                and not row.part_of_day
            ),
            None,
        )

    lines = [
        {
            "area": area,
            "url": address_of(area.code),
            "hours": _line(INDICATORS["gap_hours"], found(now, area, "gap_hours")),
            "share": _line(INDICATORS["gap_share"], found(now, area, "gap_share")),
            "later": _line(INDICATORS["gap_share"], found(later, area, "gap_share")),
            "chance": _line(INDICATORS["gap_chance"], found(later, area, "gap_chance")),
        }
        for area in regions
    ]
    return sorted(lines, key=lambda line: -_value_of(line["share"]))


def _value_of(line: Any) -> float:
    if line.row is None or line.row.value is None:
        return float("-inf")
    return float(line.row.value)


def _gap_lines(within: Sequence[Shown], later: Sequence[Shown]) -> list[dict[str, Any]]:
    """Return the wijken of an area, the largest gap first."""
    ahead = {(row.area_id, row.indicator): row for row in later}
    hours = {row.area_id: row for row in within if row.indicator == "gap_hours"}
    lines = [
        {
            "row": row,
            "url": address_of(row.area_code),
            "share": _line(INDICATORS["gap_share"], row),
            "hours": _line(INDICATORS["gap_hours"], hours.get(row.area_id)),
            "later": _line(
                INDICATORS["gap_share"], ahead.get((row.area_id, "gap_share"))
            ),
            "chance": _line(
                INDICATORS["gap_chance"], ahead.get((row.area_id, "gap_chance"))
            ),
        }
        for row in within
        if row.indicator == "gap_share"
    ]
    return sorted(lines, key=lambda line: -_value_of(line["share"]))


def _sorted(rows: Sequence[Shown], wanted: str) -> list[Shown]:
    """Return rows by the column in the address; without, the highest first."""
    if wanted.removeprefix("-") == "gebied":
        return sorted(
            rows, key=lambda row: row.area_name, reverse=wanted.startswith("-")
        )
    sign = 1 if wanted == "waarde" else -1
    return sorted(
        rows,
        key=lambda row: (row.value is None, sign * (row.value or 0.0), row.area_name),
    )


def _say_extremes(indicator: Indicator, rows: Sequence[Shown]) -> str:
    known = [row for row in rows if row.value is not None]
    if len(known) < 2:
        return ""
    highest = max(known, key=lambda row: row.value or 0.0)
    lowest = min(known, key=lambda row: row.value or 0.0)
    if highest.value == lowest.value:
        return _("It is the same everywhere: %(value)s.") % {
            "value": say_figure(indicator, highest.value)
        }
    words = _("Highest in %(high)s (%(most)s), lowest in %(low)s (%(least)s).") % {
        "high": highest.area_name,
        "most": say_figure(indicator, highest.value),
        "low": lowest.area_name,
        "least": say_figure(indicator, lowest.value),
    }
    hidden = len(rows) - len(known)
    if not hidden:
        return words
    return f"{words} " + ngettext(
        "Of %(count)s area it is withheld or not known.",
        "Of %(count)s areas it is withheld or not known.",
        hidden,
    ) % {"count": hidden}


def _is_like(indicator: Indicator) -> bool:
    """Whether the value of the whole can stand beside those of its parts."""
    return indicator.scale != "sum"


def _measures_of(area: PictureArea) -> list[Any]:
    if area.kind == AreaKind.REGION:
        return list_measures([area.id])
    return list_measures(None, area_id=area.id)


def _kind_words(area: PictureArea) -> Any:
    if area.purpose:
        return RegionPurpose(area.purpose).label
    return AreaKind(area.kind).label


def _crumbs(actor: Actor, area: PictureArea, *, with_link: bool = False) -> list[Crumb]:
    """Return the trail: the picture, the region and gemeente it lies in, itself."""
    trail = [Crumb(_("Regional picture"), reverse("insight:picture"))]
    if area.kind != AreaKind.REGION:
        around = [
            one
            for one in list_areas_around(area.within - {area.id})
            if can_view_insight(actor, _target(one))
        ]
        region = next(
            (one for kind in SETS for one in around if one.purpose == kind), None
        )
        gemeente = next((one for one in around if one.kind == AreaKind.GEMEENTE), None)
        trail += [
            Crumb(one.name, address_of(one.code)) for one in (region, gemeente) if one
        ]
    trail.append(Crumb(area.name, address_of(area.code) if with_link else ""))
    return trail


def _theme_chips(area: PictureArea, active: Theme | None) -> list[Chip]:
    return [
        Chip(_("In short"), address_of(area.code), active=active is None),
        *(
            Chip(
                theme.label,
                reverse("insight:picture-theme", args=[area.code, theme.value]),
                active=theme is active,
            )
            for theme in Theme
        ),
    ]


def _when_chips(area: PictureArea, is_later: bool) -> list[Chip]:
    address = address_of(area.code)
    return [
        Chip(_("Now"), f"{address}#kaart", active=not is_later),
        Chip(
            _("In %(year)s") % {"year": LATER_YEAR},
            f"{address}?wanneer={LATER_YEAR}#kaart",
            active=is_later,
        ),
    ]
