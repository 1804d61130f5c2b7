"""The work list of a practice: whom to enter, whose record to send on, by day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from wijkspil.accounts.types import Actor
from wijkspil.core.models import AuditEvent
from wijkspil.core.spreadsheets import csv_lines, guarded
from wijkspil.directory.selectors.gp_practices import (
    GpPractice,
    get_gp_practice,
    list_gp_practices,
)
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.views.pages import professional_page
from wijkspil.registrations.permissions import check_can_keep_list
from wijkspil.registrations.selectors.desk_work import WorkRow, list_work
from wijkspil.registrations.services.desk_work import tick_work
from wijkspil.registrations.services.practice_disclosure import (
    SeenMember,
    show_to_practice,
)
from wijkspil.registrations.views.practice import make_chips, ticked_ids

#: A page with more days than this is read by nobody; the file has all of them.
_MOST_ROWS = 300


@dataclass(frozen=True)
class Line:
    """One household on the work list, with who they are."""

    row: WorkRow
    what: str
    other: str
    members: Sequence[SeenMember]


@dataclass(frozen=True)
class Day:
    """The work of one day."""

    on: date
    lines: Sequence[Line]
    people: int
    is_late: bool
    is_today: bool


@require_safe
@professional_page
def show_work(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Show the work by day, soonest first, and what was done lately."""
    check_can_keep_list(actor, get_service_target(service_id))
    now = timezone.now()
    today = localdate(now)
    rows = list_work(service_id, today=today)
    waiting = [row for row in rows if row.done_at is None]
    shown = waiting[:_MOST_ROWS]
    members = show_to_practice(
        actor=actor,
        service_id=service_id,
        move_ids=[row.move_id for row in shown],
        purpose="page.work-list",
        at=now,
    )
    lines = _lines(shown, members, at=now)
    return render(
        request,
        "registrations/work_list.html",
        {
            "now": now,
            "practice": get_gp_practice(service_id, at=now),
            "chips": make_chips(service_id, "registrations:work-list"),
            "days": _by_day(lines, today),
            "more": len(waiting) - len(shown),
            "done": _lines(
                [row for row in rows if row.done_at is not None], {}, at=now
            ),
            "people": sum(row.size for row in waiting),
        },
    )


@require_safe
@professional_page
def export(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Send what waits as a file for the desk: one row for each person. Logged."""
    check_can_keep_list(actor, get_service_target(service_id))
    now = timezone.now()
    rows = list_work(service_id, today=localdate(now), with_done=False)
    members = show_to_practice(
        actor=actor,
        service_id=service_id,
        move_ids=[row.move_id for row in rows],
        purpose="work-list.export",
        action=AuditEvent.Action.EXPORT,
        at=now,
    )
    response = HttpResponse(
        csv_lines(_file_rows(_lines(rows, members, at=now))),
        content_type="text/csv; charset=utf-8",
    )
    name = f"werklijst-{service_id}-{localdate(now).isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@professional_page
def tick(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Take that work was done, or was not done after all."""
    is_done = request.POST.get("act") != "undo"
    chosen = ticked_ids(request.POST.getlist("move"))
    count = tick_work(
        actor=actor,
        service_id=service_id,
        move_ids=chosen,
        is_done=is_done,
        at=timezone.now(),
    )
    if count:
        said = (
            ngettext("%(n)s household is done.", "%(n)s households are done.", count)
            if is_done
            else ngettext(
                "%(n)s household is back on the list.",
                "%(n)s households are back on the list.",
                count,
            )
        )
        messages.success(request, said % {"n": count})
    elif not chosen:
        messages.warning(request, _("Choose at least one household first."))
    return redirect("registrations:work-list", service_id=service_id)


def _lines(
    rows: Sequence[WorkRow],
    members: Mapping[int, Sequence[SeenMember]],
    *,
    at: datetime,
) -> list[Line]:
    names = list_gp_practices(
        [row.other_id for row in rows if row.other_id is not None], at=at
    )
    return [
        Line(
            row=row,
            what=_("Enter the registration") if row.is_in else _("Send the record on"),
            other=_say_other(row, names),
            members=members.get(row.move_id, ()),
        )
        for row in rows
    ]


def _say_other(row: WorkRow, names: Mapping[int, GpPractice]) -> str:
    if row.other_id is None:
        return _("no GP in this system")
    other = names.get(row.other_id)
    return "" if other is None else other.name


def _by_day(lines: Sequence[Line], today: date) -> list[Day]:
    days: dict[date, list[Line]] = {}
    for line in lines:
        days.setdefault(line.row.work_on, []).append(line)
    return [
        Day(
            on=on,
            lines=of_day,
            people=sum(line.row.size for line in of_day),
            is_late=on < today,
            is_today=on == today,
        )
        for on, of_day in sorted(days.items())
    ]


def _file_rows(lines: Sequence[Line]) -> Iterator[list[str]]:
    yield [
        _("Working day"),
        _("What"),
        _("Household"),
        _("Name"),
        _("Date of birth"),
        _("Other practice"),
        _("Changes on"),
    ]
    for line in lines:
        for member in line.members or (None,):
            yield [
                line.row.work_on.isoformat(),
                line.what,
                line.row.number,
                "" if member is None else guarded(member.name),
                "" if member is None else member.birth_date.isoformat(),
                guarded(line.other),
                line.row.effective_on.isoformat(),
            ]
