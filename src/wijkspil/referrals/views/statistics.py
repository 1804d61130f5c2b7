"""Figures of the region: counts only, each with its definition, source and age."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import NotPermitted
from wijkspil.core.kept import Kept
from wijkspil.core.periods import Period
from wijkspil.core.spreadsheets import csv_lines, guarded
from wijkspil.directory.selectors.last_change import get_last_change
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.types import PartOfDay
from wijkspil.directory.views.pages import Reach, professional_page, reach_of
from wijkspil.directory.wording import say_number
from wijkspil.referrals.permissions import (
    COORDINATE,
    VIEW_STATISTICS,
    can_compare_providers,
    can_coordinate,
    check_can_view_statistics,
)
from wijkspil.referrals.selectors.contribution import LEAST_TO_SPREAD
from wijkspil.referrals.selectors.fair_share import WEEKS as SHARE_WEEKS
from wijkspil.referrals.selectors.statistics import (
    SMALL,
    Load,
    Now,
    Unmet,
    Waits,
    count_declines,
    count_now,
    count_unmet,
    count_waits,
    count_weeks,
    is_few,
    list_loads,
)
from wijkspil.referrals.types import DeclineReason, OwnerKind
from wijkspil.referrals.views.desk import desk_tabs, ticked_ids
from wijkspil.ui.navigation import Chip

#: Whole weeks back that can be chosen.
PERIODS = (4, 13, 52)
FIRST_CHOICE = 13
#: Rows of a chart that are drawn; the table beneath has them all.
MOST_BARS = 12
#: More weeks than this are drawn beside each other.
MOST_WEEKS = 13
_NARROW = 1


@dataclass(frozen=True)
class Bar:
    """One row of a chart: the words, the value as told, and the length in percents.

    ``mark`` is where a second value lies, None without one.
    """

    label: str
    value: str
    length: int
    is_few: bool = False
    mark: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A number with what it means."""

    label: str
    value: str
    note: str
    definition: str


@dataclass(frozen=True)
class Chart:
    """Bars with what they mean; ``columns`` head the table with the same contents."""

    key: str
    title: str
    columns: tuple[str, str]
    bars: Sequence[Bar]
    definition: str
    empty: str
    note: str = ""
    is_in_time: bool = False

    @property
    def has_columns(self) -> bool:
        """Whether the bars stand beside each other: too many weeks for rows."""
        return self.is_in_time and len(self.bars) > MOST_WEEKS

    @property
    def drawn(self) -> Sequence[Bar]:
        """The bars in the picture: of a long list the first, which are the largest."""
        return self.bars if self.is_in_time else self.bars[:MOST_BARS]

    @property
    def columns_drawn(self) -> Sequence[tuple[int, int, Bar]]:
        """Each bar with its left side and its top in a chart of 10 a bar by 100."""
        return [(10 * n + 1, 100 - b.length, b) for n, b in enumerate(self.bars)]

    @property
    def picture_width(self) -> int:
        """The width of the chart in the same measure."""
        return 10 * len(self.bars)


@dataclass(frozen=True)
class Report:
    """Everything of one region in one period, ready to be shown."""

    region: RegionChoice
    weeks: int
    period: Period
    at: datetime
    figures: Sequence[Figure]
    charts: Sequence[Chart]
    loads: Chart
    extremes: str = field(default="")


@require_safe
@professional_page
def show_statistics(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the figures of a region over a period."""
    region, regions, weeks = _read_question(request, actor)
    report = make_report(actor, region, weeks=weeks, at=timezone.now())
    return render(
        request,
        "referrals/statistics.html",
        {
            "now": report.at,
            "report": report,
            "period_words": _say_period(report.period),
            "period_chips": [
                Chip(_say_weeks(n), f"?{_query(region, n)}", active=n == weeks)
                for n in PERIODS
            ],
            "region_chips": [
                Chip(r.name, f"?{_query(r, weeks)}", active=r.id == region.id)
                for r in regions
            ]
            if len(regions) > 1
            else [],
            "export_url": f"{reverse('referrals:statistics-export')}"
            f"?{_query(region, weeks)}",
            "small": SMALL,
            "tabs": desk_tabs("statistics") if actor.holds(COORDINATE) else [],
        },
    )


@require_safe
@professional_page
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send the same figures as CSV; small numbers are left out there too."""
    region, _regions, weeks = _read_question(request, actor)
    report = make_report(actor, region, weeks=weeks, at=timezone.now())
    response = HttpResponse(
        csv_lines(_rows(report)), content_type="text/csv; charset=utf-8"
    )
    name = f"regiocijfers-{region.code}-{localdate(report.at).isoformat()}.csv".lower()
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def make_report(
    actor: Actor, region: RegionChoice, *, weeks: int, at: datetime
) -> Report:
    """Return the figures of a region over whole weeks until now (13 queries).

    A web worker keeps the counts for some seconds, so that ``at`` of the report may be
    a little earlier: the page says when was counted. What of them the actor may see is
    judged each time.

    Raises
    ------
    NotPermitted
        If the figures of this region are not open to the actor.
    """
    target = Target(region_ids=frozenset({region.id}))
    check_can_view_statistics(actor, target)
    last_change = get_last_change() if settings.KEPT_FOR_S else None
    found = _KEPT.get(
        (region.id, weeks, localdate(at), last_change),
        partial(_count, region.id, weeks=weeks, at=at),
    )
    has_names = can_compare_providers(actor, target)
    # Among few providers, each could subtract its own from the whole.
    hides_others = not has_names and _count_active(found.loads) < LEAST_TO_SPREAD
    return Report(
        region=region,
        weeks=weeks,
        period=found.period,
        at=found.period.end,
        figures=_figures(found.waits, found.now, found.unmet),
        charts=[
            _weeks_chart(found.per_week, localdate(found.period.start), weeks),
            _declines_chart(
                [] if hides_others else found.declines, hides_others=hides_others
            ),
            _wijk_chart(found.unmet),
            _part_chart(found.unmet),
            _owner_chart(found.now, has_names=can_coordinate(actor, target)),
        ],
        loads=_loads_chart(
            [] if hides_others else found.loads,
            hides_others=hides_others,
            has_names=has_names,
            own=reach_of(actor, VIEW_STATISTICS),
            actor=actor,
        ),
        extremes="" if hides_others else _say_extremes(found.loads),
    )


@dataclass(frozen=True)
class _Counts:
    """All that is counted of a region, whoever asks."""

    period: Period
    waits: Waits
    now: Now
    unmet: Unmet
    per_week: Sequence[tuple[date, int]]
    declines: Sequence[tuple[str, int]]
    loads: Sequence[Load]


_KEPT = Kept(most=64)


def _count(region_id: int, *, weeks: int, at: datetime) -> _Counts:
    monday = localdate(at) - timedelta(days=localdate(at).weekday())
    first = monday - timedelta(weeks=weeks - 1)
    period = Period(datetime.combine(first, time(), get_current_timezone()), at)
    return _Counts(
        period=period,
        waits=count_waits(region_id, period),
        now=count_now(region_id, at=at),
        unmet=count_unmet(region_id, period),
        per_week=count_weeks(region_id, period),
        declines=count_declines(region_id, period),
        loads=list_loads(region_id, at=at),
    )


def say_count(number: int) -> str:
    """Return a count, or "fewer than 5" where it could point at a person."""
    if is_few(number):
        return _("fewer than %(n)s") % {"n": SMALL}
    return say_number(number)


def _figures(waits: Waits, now: Now, unmet: Unmet) -> list[Figure]:
    enough = waits.placed >= SMALL
    too_few = _("too few")
    share_own = 100 * waits.own_team / waits.placed if enough else 0
    share_none = 100 * unmet.without_room / unmet.checks if unmet.checks else 0
    return [
        Figure(
            _("requests sent"),
            say_count(waits.sent),
            _("%(n)s of them were accepted by a team") % {"n": say_count(waits.placed)},
            _(
                "Requests that were sent in the period, also those that were withdrawn "
                "later. Drafts do not count."
            ),
        ),
        Figure(
            _("from sending to acceptance, the middle one"),
            _say_minutes(waits.minutes_median) if enough else too_few,
            _("nine in ten within %(span)s") % {"span": _say_minutes(waits.minutes_p90)}
            if enough
            else "",
            _(
                "Time by the clock from sending until the first team accepted, nights "
                "included. Requests that no team accepted yet do not count."
            ),
        ),
        Figure(
            _("teams asked per placed request, the middle one"),
            say_number(waits.teams_median or 0, 1) if enough else too_few,
            _("19 in 20 at most %(n)s") % {"n": say_number(waits.teams_p95 or 0, 1)}
            if enough
            else "",
            _(
                "Different teams that got the question, including the one that "
                "accepted."
            ),
        ),
        Figure(
            _("placed with the neighborhood's own team"),
            _("%(n)s %%") % {"n": say_number(share_own)} if enough else too_few,
            "",
            _(
                "Of the requests that a team accepted: those accepted by the team that "
                "is the fixed contact of the neighborhood."
            ),
        ),
        Figure(
            _("questions for room without any room"),
            _("%(n)s %%") % {"n": say_number(share_none)}
            if unmet.checks >= SMALL and not is_few(unmet.without_room)
            else too_few,
            _("of %(n)s questions") % {"n": say_count(unmet.checks)},
            _(
                "Before a request is sent, the room of teams is looked up. Counted are "
                "the times that no team was known to have room."
            ),
        ),
        Figure(
            _("requests that came to a coordinator"),
            say_count(waits.by_coordinator),
            "",
            _(
                "Requests sent in the period that a coordinator had in hand at some "
                "moment."
            ),
        ),
        Figure(
            _("open now"),
            say_count(now.open),
            _("%(n)s too late") % {"n": say_count(now.late)},
            _(
                "Requests that no team has accepted at this moment; too late are those "
                "whose date has passed."
            ),
        ),
    ]


def _weeks_chart(counted: Sequence[tuple[date, int]], first: date, weeks: int) -> Chart:
    by_monday = dict(counted)
    start = max(first, min(by_monday, default=first))
    days = [
        day
        for day in (first + timedelta(weeks=n) for n in range(weeks))
        if day >= start
    ]
    return Chart(
        "weken",
        _("Requests per week"),
        (_("Week from Monday"), _("Requests sent")),
        _bars([(_say_monday(day), by_monday.get(day, 0)) for day in days])
        if counted
        else [],
        _(
            "Requests by the local day on which they were sent, from the first week "
            "with a request. The last week is not complete."
        ),
        _("No request was sent in this period."),
        is_in_time=True,
    )


def _declines_chart(counted: Sequence[tuple[str, int]], *, hides_others: bool) -> Chart:
    words = dict(DeclineReason.choices)
    return Chart(
        "afwijzingen",
        _("Why teams decline"),
        (_("Reason"), _("How often")),
        _bars([(str(words.get(code, code)), number) for code, number in counted]),
        _(
            "Answers of teams in the period, by the reason they chose. A question that "
            "was not answered in time is no answer."
        ),
        _say_hidden() if hides_others else _("No team declined in this period."),
    )


def _wijk_chart(unmet: Unmet) -> Chart:
    told = [(n or _("wijk not known"), c) for n, c in unmet.by_wijk if c >= SMALL]
    rest = [count for _name, count in unmet.by_wijk if count < SMALL]
    return Chart(
        "geen-ruimte-wijk",
        _("No room, by wijk"),
        (_("Wijk"), _("Questions without room")),
        _bars(told),
        _(
            "Questions for room to which no team was known to have room, by the wijk "
            "of the address."
        ),
        _("Nowhere was there a lack of room so often that it can be told.")
        if unmet.checks
        else _("Nobody asked for room in this period."),
        note=ngettext(
            "In %(n)d other wijk it happened fewer than %(small)d times.",
            "In %(n)d other wijken it happened fewer than %(small)d times each.",
            len(rest),
        )
        % {"n": len(rest), "small": SMALL}
        if rest
        else "",
    )


def _part_chart(unmet: Unmet) -> Chart:
    return Chart(
        "geen-ruimte-dagdeel",
        _("No room, by part of the day"),
        (_("Part of the day"), _("Questions without room")),
        _bars(
            [
                (str(part.label), number)
                for part in PartOfDay
                if (number := unmet.by_part.get(part.value, 0))
            ]
        ),
        _(
            "The same questions by the part of the day that was asked; a question for "
            "two parts counts in both."
        ),
        _("There was room for every question in this period.")
        if unmet.checks
        else _("Nobody asked for room in this period."),
    )


def _owner_chart(now: Now, *, has_names: bool) -> Chart:
    rows = [
        (str(kind.label), number)
        for kind in OwnerKind
        if (number := now.by_kind.get(kind.value, 0))
    ]
    if has_names:
        rows += [
            (_("Coordinator: %(name)s") % {"name": name}, number)
            for name, number in now.by_coordinator.items()
        ]
    return Chart(
        "in-handen",
        _("In whose hands open requests are"),
        (_("Who"), _("Open now")),
        _bars(rows),
        _(
            "Requests that no team has accepted at this moment, by who has them in "
            "hand."
        ),
        _("No request is open now."),
    )


def _loads_chart(
    loads: Sequence[Load],
    *,
    hides_others: bool,
    has_names: bool,
    own: Reach,
    actor: Actor,
) -> Chart:
    own_ids = {grant.organization_id for grant in actor.grants} | set(
        own.organization_ids
    )
    allowed = [load for load in loads if has_names or load.organization_id in own_ids]
    shown = [load for load in allowed if load.load_share or load.capacity_share]
    n_idle = len(allowed) - len(shown)
    most = max((max(load.load_share, load.capacity_share) for load in shown), default=0)
    return Chart(
        "belasting",
        _("Work against capacity per provider"),
        (_("Provider"), _("Part of the work, part of the capacity")),
        [
            Bar(
                label=load.name,
                value=_("fewer than %(n)s") % {"n": SMALL}
                if is_few(load.clients)
                else _("%(load)s %% of %(capacity)s %%")
                % {
                    "load": say_number(100 * load.load_share, 1),
                    "capacity": say_number(100 * load.capacity_share, 1),
                },
                length=0
                if is_few(load.clients)
                else round(100 * load.load_share / most),
                is_few=is_few(load.clients),
                mark=min(99, round(100 * load.capacity_share / most)),
                note=""
                if load.ratio is None or is_few(load.clients)
                else _("%(n)s × its share") % {"n": say_number(load.ratio, 2)},
            )
            for load in shown
        ]
        if most
        else [],
        _(
            "Work accepted in the last %(weeks)s weeks, weighted by complexity, as "
            "part of that of all providers; against clients taken plus room reported "
            "now, as part of that of all. 1 × its share is exactly fair. Not bound to "
            "the period above."
        )
        % {"weeks": SHARE_WEEKS},
        _say_hidden()
        if hides_others
        else _("No provider took a request in these weeks, and none reported room."),
        note=_say_idle(n_idle)
        if has_names
        else _("Of other providers only the coordinator and the insurer see names."),
    )


def _count_active(loads: Sequence[Load]) -> int:
    return sum(1 for load in loads if load.load_share or load.capacity_share)


def _say_hidden() -> str:
    return _("Here are too few providers to tell this without telling on one of them.")


def _say_idle(number: int) -> str:
    if not number:
        return ""
    return ngettext(
        "%(n)d provider took no request in these weeks and reported no room.",
        "%(n)d providers took no request in these weeks and reported no room.",
        number,
    ) % {"n": number}


def _say_extremes(loads: Sequence[Load]) -> str:
    ratios = [
        load.ratio
        for load in loads
        if load.ratio is not None and not is_few(load.clients)
    ]
    if len(ratios) < 2:
        return ""
    return _("From %(least)s to %(most)s times a fair share.") % {
        "least": say_number(min(ratios), 2),
        "most": say_number(max(ratios), 2),
    }


def _bars(rows: Sequence[tuple[str, int]]) -> list[Bar]:
    most = max((number for _label, number in rows), default=0)
    return [
        Bar(
            label=label,
            value=say_count(number),
            # A small number has the length of all small numbers.
            length=0
            if not number
            else max(
                _NARROW,
                round(100 * (SMALL if is_few(number) else number) / max(most, SMALL)),
            ),
            is_few=is_few(number),
        )
        for label, number in rows
    ]


def _read_question(
    request: HttpRequest, actor: Actor
) -> tuple[RegionChoice, list[RegionChoice], int]:
    check_can_view_statistics(actor)
    reach = reach_of(actor, VIEW_STATISTICS)
    regions = list_coverage_regions(None if reach.is_everywhere else reach.region_ids)
    wanted = next(iter(ticked_ids([request.GET.get("regio", "")])), None)
    region = next((r for r in regions if wanted in (None, r.id)), None)
    if region is None:
        raise NotPermitted(_("The figures of this region are not open to your role."))
    [weeks] = ticked_ids([request.GET.get("weken", "")]) or [FIRST_CHOICE]
    return region, regions, weeks if weeks in PERIODS else FIRST_CHOICE


def _query(region: RegionChoice, weeks: int) -> str:
    return urlencode({"regio": region.id, "weken": weeks})


def _say_weeks(weeks: int) -> str:
    if weeks == 52:
        return _("A year")
    return _("%(n)s weeks") % {"n": weeks}


def _say_monday(day: date) -> str:
    return date_format(day, pgettext("format of a date", "j F"))


def _say_period(period: Period) -> str:
    return _("from %(start)s until today") % {
        "start": date_format(
            localdate(period.start), pgettext("format of a date", "j F Y")
        )
    }


def _say_minutes(minutes: float | None) -> str:
    if minutes is None:
        return ""
    if minutes < 120:
        return _("%(n)s minutes") % {"n": say_number(minutes)}
    if minutes < 48 * 60:
        return _("%(n)s hours") % {"n": say_number(minutes / 60, 1)}
    return _("%(n)s days") % {"n": say_number(minutes / 1440, 1)}


def _rows(report: Report) -> Iterator[list[Any]]:
    yield [_("figure"), _("row"), _("value"), _("note"), _("period"), _("counted at")]
    start, at = report.period.start, report.at
    period = f"{localdate(start).isoformat()}/{localdate(at).isoformat()}"
    counted = timezone.localtime(at).isoformat(timespec="minutes")
    for one in report.figures:
        yield [one.label, "", one.value, guarded(one.note), period, counted]
    for chart in [*report.charts, report.loads]:
        for bar in chart.bars:
            yield [
                chart.title,
                guarded(bar.label),
                guarded(bar.value),
                bar.note,
                period,
                counted,
            ]
