"""Demand that was not met: per wijk, task, part of day and kind; never whose.

Shows only what ``selectors.unmet.tell`` lets out. Who may not compare providers gets no
declines and no silence: a competitor could subtract its own.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor
from wijkspil.directory.types import CareTask, PartOfDay
from wijkspil.directory.views.pages import professional_page
from wijkspil.directory.wording import say_number
from wijkspil.referrals.permissions import COORDINATE
from wijkspil.referrals.selectors.unmet import SMALL, Cell, Demand, Told
from wijkspil.referrals.services.figures import (
    UNMET_WEEKS,
    USUAL_WEEKS,
    UnmetQuestion,
    ask_unmet,
    find_demand,
    name_wijken,
)
from wijkspil.referrals.types import UnmetKind
from wijkspil.referrals.views.desk import desk_tabs, ticked_ids
from wijkspil.ui.navigation import Chip

#: Rows on the page; the file has all.
MOST_WIJKEN = 12
MOST_CELLS = 12


@dataclass(frozen=True)
class Bar:
    """A count in words, with its length in percents."""

    label: str
    value: str
    length: int
    is_few: bool
    url: str = ""


@dataclass(frozen=True)
class Column:
    """A week in the trend, in a picture of 10 a week by 100."""

    left: int
    top: int
    height: int
    title: str
    is_few: bool


@require_safe
@professional_page
def show_unmet(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the demand of a region that was not met, over whole weeks."""
    asked = _read_question(request, actor)
    at = timezone.now()
    demand = find_demand(asked, at=at)
    names = name_wijken(demand)
    cells = _sorted_cells(demand, asked.wijk_id)
    rows = _wijk_rows(demand, names, asked)
    return render(
        request,
        "referrals/unmet.html",
        {
            "now": at,
            "at": at,
            "asked": asked,
            "demand": demand,
            "small": SMALL,
            "period_words": _say_period(demand),
            "period_chips": [
                Chip(
                    _say_weeks(n), f"?{_query(asked, weeks=n)}", active=n == asked.weeks
                )
                for n in UNMET_WEEKS
            ],
            "region_chips": [
                Chip(r.name, f"?{_query(asked, region=r.id)}", active=r == asked.region)
                for r in asked.regions
            ]
            if len(asked.regions) > 1
            else [],
            "total": None
            if demand.kinds.total is None
            else say_number(demand.kinds.total),
            "kinds": _bars(demand.kinds, dict(UnmetKind.choices)),
            "tasks": _bars(demand.tasks, dict(CareTask.choices)),
            "parts": _bars(demand.parts, dict(PartOfDay.choices)),
            "trend": _trend(demand),
            "trend_rows": _week_rows(demand),
            "kind_heads": _kind_heads(demand),
            "wijk_rows": rows[:MOST_WIJKEN],
            "more_wijken": rows[MOST_WIJKEN:],
            "wijk_name": names.get(asked.wijk_id, "") if asked.wijk_id else "",
            "all_wijken_url": f"?{_query(asked, wijk=0)}",
            "cells": [_say_cell(c, n, names) for c, n in cells[:MOST_CELLS]],
            "n_cells": len(cells),
            "export_url": f"{reverse('referrals:unmet-export')}?{_query(asked)}",
            "is_without_teams": bool(asked.without),
            "tabs": desk_tabs("unmet") if actor.holds(COORDINATE) else [],
        },
    )


@require_safe
@professional_page
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send what may be told as CSV; what is left out there is left out here."""
    asked = _read_question(request, actor)
    at = timezone.now()
    demand = find_demand(asked, at=at)
    response = HttpResponse(
        _csv_lines(demand, asked, at=at), content_type="text/csv; charset=utf-8"
    )
    name = f"onvervulde-vraag-{asked.region.code}-{localdate(at).isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name.lower()}"'
    return response


def _read_question(request: HttpRequest, actor: Actor) -> UnmetQuestion:
    def number(name: str) -> int | None:
        return next(iter(ticked_ids([request.GET.get(name, "")])), None)

    return ask_unmet(
        actor,
        region_id=number("regio"),
        weeks=number("weken") or USUAL_WEEKS,
        wijk_id=number("wijk"),
    )


def _kind_heads(demand: Demand) -> list[str]:
    return [str(UnmetKind(kind).label) for kind in _kinds(demand)]


def _kinds(demand: Demand) -> list[str]:
    return [kind for kind in UnmetKind.values if kind in demand.wijken]


@dataclass(frozen=True)
class WijkRow:
    """A wijk with what may be told of it per kind; ``told`` is the sum of these."""

    name: str
    url: str
    values: Sequence[str]
    told: int


def _wijk_rows(
    demand: Demand, names: Mapping[int | None, str], asked: UnmetQuestion
) -> list[WijkRow]:
    rows = []
    for wijk_id, name in names.items():
        if asked.wijk_id is not None and wijk_id != asked.wijk_id:
            continue
        told = [demand.told(wijk_id, kind) for kind in _kinds(demand)]
        rows.append(
            WijkRow(
                name=name,
                url=f"?{_query(asked, wijk=wijk_id)}" if wijk_id else "",
                values=[
                    say_told(demand.wijken[kind], wijk_id) for kind in _kinds(demand)
                ],
                told=sum(n for n in told if n is not None),
            )
        )
    return sorted(rows, key=lambda row: (-row.told, row.name))


def say_told(line: Told[Any], key: Any) -> str:
    """Return a count in words; a line of which nothing is told says so."""
    if key in line.shown:
        return say_number(line.shown[key])
    if key in line.few:
        return _("fewer than %(n)s") % {"n": SMALL}
    if key in line.kept_back or line.total is None:
        return _("not told")
    return "0"


def _bars(line: Told[str], words: Mapping[Any, Any]) -> list[Bar]:
    most = max([*line.shown.values(), SMALL])
    keys = sorted(line.keys, key=lambda k: (-line.shown.get(k, 0), str(k)))
    return [
        Bar(
            label=str(words.get(key, key)),
            value=say_told(line, key),
            length=round(100 * line.shown.get(key, 0) / most),
            is_few=key not in line.shown,
        )
        for key in keys
    ]


def _trend(demand: Demand) -> list[Column]:
    most = max([*demand.weeks.shown.values(), SMALL])
    columns = []
    for n, (monday, value) in enumerate(_weeks(demand)):
        number = demand.weeks.shown.get(monday, 0)
        height = max(round(100 * number / most), 0 if value == "0" else 3)
        columns.append(
            Column(
                left=10 * n + 1,
                top=100 - height,
                height=height,
                title=f"{_say_monday(monday)}: {value}",
                is_few=monday not in demand.weeks.shown,
            )
        )
    return columns


def _week_rows(demand: Demand) -> list[tuple[str, str]]:
    return [(_say_monday(monday), value) for monday, value in _weeks(demand)]


def _weeks(demand: Demand) -> Iterator[tuple[Any, str]]:
    monday = localdate(demand.period.start)
    end = localdate(demand.period.end)
    while monday < end:
        yield monday, say_told(demand.weeks, monday)
        monday = monday.fromordinal(monday.toordinal() + 7)


def _sorted_cells(demand: Demand, wijk_id: int | None) -> list[tuple[Cell, int]]:
    return sorted(
        (
            (cell, number)
            for cell, number in demand.cells.items()
            if wijk_id is None or cell[0] == wijk_id
        ),
        key=lambda item: (-item[1], str(item[0])),
    )


def _say_cell(
    cell: Cell, number: int, names: Mapping[int | None, str]
) -> tuple[str, str, str, str, str]:
    wijk_id, kind, task, part = cell
    return (
        names.get(wijk_id, ""),
        str(dict(CareTask.choices).get(task, task)),
        str(dict(PartOfDay.choices).get(part, part)),
        str(UnmetKind(kind).label),
        say_number(number),
    )


def _say_weeks(weeks: int) -> str:
    return _("A year") if weeks == 52 else _("%(n)s weeks") % {"n": weeks}


def _say_monday(day: Any) -> str:
    return date_format(day, pgettext("format of a date", "j F"))


def _say_period(demand: Demand) -> str:
    words = pgettext("format of a date", "j F Y")
    last = localdate(demand.period.end)
    return _("from %(start)s until %(end)s") % {
        "start": date_format(localdate(demand.period.start), words),
        "end": date_format(last.fromordinal(last.toordinal() - 1), words),
    }


class _Line:
    """Hand back each written line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(demand: Demand, asked: UnmetQuestion, *, at: datetime) -> Iterator[str]:
    writer: Any = csv.writer(_Line(), delimiter=";")
    names = name_wijken(demand)
    start, end = localdate(demand.period.start), localdate(demand.period.end)
    rest = [
        _harmless(asked.region.name),
        f"{start.isoformat()}/{end.isoformat()}",
        timezone.localtime(at).isoformat(timespec="minutes"),
    ]
    yield "\ufeff"  # tells Excel that this is UTF-8
    yield writer.writerow(
        [
            _("what is counted"),
            _("wijk"),
            _("task"),
            _("part of the day"),
            _("kind"),
            _("week from"),
            _("number"),
            _("region"),
            _("period"),
            _("counted at"),
        ]
    )

    def line(what: str, number: str, **where: str) -> str:
        keys = ("wijk", "task", "part", "kind", "week")
        written: str = writer.writerow(
            [what, *(_harmless(where.get(key, "")) for key in keys), number, *rest]
        )
        return written

    if asked.wijk_id is None:
        if demand.kinds.total is not None:
            yield line(_("everything"), str(demand.kinds.total))
        for kind in sorted(demand.kinds.keys):
            yield line(_("by kind"), say_told(demand.kinds, kind), kind=kind)
        for task in sorted(demand.tasks.keys):
            yield line(_("by task"), say_told(demand.tasks, task), task=task)
        for part in sorted(demand.parts.keys):
            yield line(_("by part of the day"), say_told(demand.parts, part), part=part)
        for monday, value in _weeks(demand):
            yield line(_("by week"), value, week=monday.isoformat())
    for wijk_id, name in names.items():
        if asked.wijk_id is not None and wijk_id != asked.wijk_id:
            continue
        for kind in _kinds(demand):
            value = say_told(demand.wijken[kind], wijk_id)
            yield line(_("by wijk and kind"), value, wijk=name, kind=kind)
    for (wijk_id, kind, task, part), number in _sorted_cells(demand, asked.wijk_id):
        yield line(
            _("by wijk, task, part of the day and kind"),
            str(number),
            wijk=names.get(wijk_id, ""),
            task=task,
            part=part,
            kind=kind,
        )


def _harmless(text: str) -> str:
    """Keep a spreadsheet from reading a text as a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _query(
    asked: UnmetQuestion,
    *,
    region: int | None = None,
    weeks: int | None = None,
    wijk: int | None = None,
) -> str:
    values = {"regio": region or asked.region.id, "weken": weeks or asked.weeks}
    chosen = asked.wijk_id if wijk is None else wijk
    if chosen and region is None:
        values["wijk"] = chosen
    return urlencode(values)
