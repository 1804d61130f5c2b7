"""A practice stops: its people get another practice, day by day. For the RHO."""

from collections.abc import Iterator
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.spreadsheets import csv_lines, guarded
from wijkspil.core.typed_values import read_id
from wijkspil.directory.selectors.gp_practices import (
    GpPractice,
    list_gp_practices_of_region,
)
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.selectors.search_areas import distance_km
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.registrations.errors import InvalidRegistration, NotNow
from wijkspil.registrations.forms.rehousing import (
    HouseholdsForm,
    RehousingForm,
    TakersForm,
)
from wijkspil.registrations.models import Rehousing
from wijkspil.registrations.permissions import REHOUSE, check_can_rehouse
from wijkspil.registrations.selectors.lists import list_lists
from wijkspil.registrations.selectors.rehousing import (
    Counts,
    count_of_failing,
    count_of_takers,
    count_people,
    get_rehousing,
    list_days,
    list_failing,
    list_households_of_day,
    list_households_of_failing,
    list_households_of_taker,
    list_rehousings,
    list_takers,
    list_without,
)
from wijkspil.registrations.services.rehousing import (
    NO_ROOM,
    TOO_FAR,
    RehousingGiven,
    ask_plan,
    is_planning,
    load_households,
    mark_moved,
    record_view,
    set_takers,
    start_rehousing,
    undo_moved,
)
from wijkspil.registrations.types import Frailty, ListStatus, RehousingStatus
from wijkspil.ui.navigation import Step

TONES = {
    RehousingStatus.PREPARED: "limited",
    RehousingStatus.PLANNED: "info",
    RehousingStatus.RUNNING: "info",
    RehousingStatus.DONE: "good",
}


@require_safe
@professional_page
def show_rehousings(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the re-housings of the reader's regions."""
    check_can_rehouse(actor)
    rows = list_rehousings([region.id for region in _regions(actor)])
    return render(
        request,
        "registrations/rehousings.html",
        {
            "rows": [
                (row, TONES[RehousingStatus(row.status)], count_people(row.pk))
                for row in rows
            ]
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def start(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Ask which practice stops and from which day people can move."""
    check_can_rehouse(actor)
    now = timezone.now()
    regions = _regions(actor)
    practices: dict[int, tuple[GpPractice, int]] = {
        one.id: (one, region.id)
        for region in regions
        for one in list_gp_practices_of_region(region.id, at=now)
    }
    form = RehousingForm(
        request.POST or None,
        practices=[
            (pk, f"{one.name}, {one.postcode}")
            for pk, (one, _region) in practices.items()
        ],
        initial={"starts_on": localdate(now), "most_minutes": 15},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        first, region_id = practices[data["failing"]]
        try:
            row = start_rehousing(
                actor=actor,
                given=RehousingGiven(
                    name=_("%(name)s stops") % {"name": first.name[:60]},
                    region_id=region_id,
                    failing=[data["failing"], *data["also_failing"]],
                    starts_on=data["starts_on"],
                    most_minutes=data["most_minutes"],
                ),
                at=now,
            )
        except InvalidRegistration as error:
            form.refuse(error)
        else:
            return redirect("registrations:rehousing", rehousing_id=row.pk)
    posted = request.method == "POST"
    return render(
        request,
        "registrations/rehousing_start.html",
        {"form": form},
        status=HTTPStatus.UNPROCESSABLE_ENTITY if posted else HTTPStatus.OK,
    )


@require_safe
@professional_page
def show_rehousing(
    request: HttpRequest, actor: Actor, rehousing_id: int
) -> HttpResponse:
    """Show where it stands, the one next step, and the days."""
    row = _own(actor, rehousing_id)
    now = timezone.now()
    counts = count_people(row.pk)
    read = count_of_failing(row.pk)
    failing = [(one, *read.get(one.service_id, (0, 0))) for one in list_failing(row.pk)]
    planned = count_of_takers(row.pk)
    takers = [
        (one, *planned.get(one.service_id, (0, 0))) for one in list_takers(row.pk)
    ]
    planning = is_planning(row, at=now)
    without = list_without(row.pk) if counts.without and row.planned_at else []
    words = {
        TOO_FAR: _("no practice within the travel time"),
        NO_ROOM: _("no place left within the travel time"),
    }
    return render(
        request,
        "registrations/rehousing.html",
        {
            "row": row,
            "tone": TONES[RehousingStatus(row.status)],
            "counts": counts,
            "failing": failing,
            "takers": takers,
            "places": sum(one.places for one, _planned, _moved in takers),
            "planning": planning,
            "progress": row.progress or {},
            "steps": _steps(row, counts, has_takers=bool(takers)),
            "next": _next(row, counts, failing, has_takers=bool(takers)),
            "needs_plan": row.planned_at is None or counts.without > 0,
            "can_plan": bool(takers)
            and counts.people > counts.moved
            and row.status != RehousingStatus.DONE,
            "days": list_days(row.pk),
            "today": localdate(now),
            "without": [
                (one, words.get(one.why_not, ""), Frailty(one.frailty).label)
                for one in without
            ],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def upload(
    request: HttpRequest, actor: Actor, rehousing_id: int, service_id: int
) -> HttpResponse:
    """Take the file with the households of a practice that stops."""
    row = _own(actor, rehousing_id)
    practice = next(
        (one for one in list_failing(row.pk) if one.service_id == service_id), None
    )
    if practice is None:
        raise Http404
    form = HouseholdsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            count = load_households(
                actor=actor,
                rehousing_id=row.pk,
                service_id=service_id,
                content=form.cleaned_data["file"].read(),
                at=timezone.now(),
            )
        except InvalidRegistration as error:
            form.refuse(error)
        except NotNow as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                ngettext(
                    "%(n)s household was read.", "%(n)s households were read.", count
                )
                % {"n": count},
            )
            return redirect("registrations:rehousing", rehousing_id=row.pk)
    posted = request.method == "POST"
    return render(
        request,
        "registrations/rehousing_upload.html",
        {"row": row, "practice": practice.service, "form": form},
        status=HTTPStatus.UNPROCESSABLE_ENTITY if posted else HTTPStatus.OK,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def choose_takers(
    request: HttpRequest, actor: Actor, rehousing_id: int
) -> HttpResponse:
    """Ask which practices take people over, nearest to who stops first."""
    row = _own(actor, rehousing_id)
    now = timezone.now()
    near = _near_practices(row, at=now)
    known = {one.service_id: one for one in list_takers(row.pk)}
    form = TakersForm(
        request.POST or None,
        practices=[
            (
                one.id,
                one.name,
                known[one.id].places if one.id in known else 0,
                known[one.id].per_day if one.id in known else 50,
                one.id in known and known[one.id].is_temporary,
            )
            for one, _km in near
        ],
    )
    if request.method == "POST" and form.is_valid():
        try:
            count = set_takers(
                actor=actor, rehousing_id=row.pk, given=form.takers(), at=now
            )
        except InvalidRegistration as error:
            form.refuse(error)
        except NotNow as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                ngettext(
                    "%(n)s practice takes people over.",
                    "%(n)s practices take people over.",
                    count,
                )
                % {"n": count},
            )
            return redirect("registrations:rehousing", rehousing_id=row.pk)
    lists = list_lists([one.id for one, _km in near], now)
    posted = request.method == "POST"
    return render(
        request,
        "registrations/rehousing_takers.html",
        {
            "row": row,
            "form": form,
            "counts": count_people(row.pk),
            "rows": [
                (
                    one,
                    km,
                    _say_list(lists.get(one.id)),
                    form[f"places_{one.id}"],
                    form[f"per_day_{one.id}"],
                    form[f"temporary_{one.id}"],
                )
                for one, km in near
            ],
        },
        status=HTTPStatus.UNPROCESSABLE_ENTITY if posted else HTTPStatus.OK,
    )


@require_POST
@professional_page
def make_plan(request: HttpRequest, actor: Actor, rehousing_id: int) -> HttpResponse:
    """Ask the worker for a plan."""
    row = _own(actor, rehousing_id)
    try:
        is_new = ask_plan(actor=actor, rehousing_id=row.pk, at=timezone.now())
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        if not is_new:
            messages.info(request, _("The plan is being made already."))
    return redirect("registrations:rehousing", rehousing_id=row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def show_day(
    request: HttpRequest, actor: Actor, rehousing_id: int, day: str
) -> HttpResponse:
    """Show who goes where on a day; take who was entered."""
    row = _own(actor, rehousing_id)
    now = timezone.now()
    the_day = _read_day(day)
    rows = list_households_of_day(row.pk, the_day)
    if not rows:
        raise Http404
    if request.method == "POST":
        undone = read_id(request.POST.get("undo", ""))
        if undone is not None:
            undo_moved(actor=actor, rehousing_id=row.pk, household_id=undone, at=now)
        else:
            ids = (
                [one.pk for one in rows]
                if "all" in request.POST
                else [
                    pk
                    for text in request.POST.getlist("moved")
                    if (pk := read_id(text)) is not None
                ]
            )
            count = mark_moved(
                actor=actor,
                rehousing_id=row.pk,
                household_ids=ids,
                at=now,
            )
            messages.success(
                request,
                ngettext(
                    "%(n)s household is entered.",
                    "%(n)s households are entered.",
                    count,
                )
                % {"n": count},
            )
        return redirect("registrations:rehousing-day", rehousing_id=row.pk, day=day)
    record_view(row, actor=actor, purpose="page.rehousing-day", at=now)
    practices: dict[str, list[Any]] = {}
    for one in rows:
        assert one.to_service is not None
        practices.setdefault(one.to_service.name, []).append(
            (one, Frailty(one.frailty).label if one.frailty != Frailty.NONE else "")
        )
    return render(
        request,
        "registrations/rehousing_day.html",
        {
            "row": row,
            "day": the_day,
            "practices": practices,
            "left": sum(1 for one in rows if one.moved_at is None),
            "people": sum(one.size for one in rows),
        },
    )


@require_safe
@professional_page
def export(
    request: HttpRequest, actor: Actor, rehousing_id: int, service_id: int
) -> HttpResponse:
    """Send one practice its list as CSV: who comes, or where its people go."""
    row = _own(actor, rehousing_id)
    record_view(row, actor=actor, purpose="rehousing.export", at=timezone.now())
    failing = {one.service_id for one in list_failing(row.pk)}
    lines = (
        _lines_of_failing(row, service_id)
        if service_id in failing
        else _lines_of_taker(row, service_id)
    )
    response = HttpResponse(
        "".join(csv_lines(lines)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = (
        f'attachment; filename="herplaatsing-{row.pk}-{service_id}.csv"'
    )
    return response


def _lines_of_taker(row: Rehousing, service_id: int) -> Iterator[list[Any]]:
    yield [
        "key", "postcode", "size", "load", "frailty", "from_practice", "day", "moved",
    ]  # fmt: skip
    for one in list_households_of_taker(row.pk, service_id):
        yield [
            guarded(one.key),
            one.postcode,
            one.size,
            one.load / 1000,
            one.frailty,
            guarded(one.from_service.name),
            one.move_on.isoformat() if one.move_on else "",
            "yes" if one.moved_at else "",
        ]


def _lines_of_failing(row: Rehousing, service_id: int) -> Iterator[list[Any]]:
    yield ["key", "size", "to_practice", "minutes", "day", "moved", "why_not"]
    for one in list_households_of_failing(row.pk, service_id):
        yield [
            guarded(one.key),
            one.size,
            guarded(one.to_service.name) if one.to_service else "",
            "" if one.minutes is None else one.minutes,
            one.move_on.isoformat() if one.move_on else "",
            "yes" if one.moved_at else "",
            one.why_not,
        ]


def _own(actor: Actor, rehousing_id: int) -> Rehousing:
    row = get_rehousing(rehousing_id)
    check_can_rehouse(actor, Target(region_ids=frozenset({row.region_id})))
    return row


def _regions(actor: Actor) -> list[RegionChoice]:
    return list_coverage_regions(reach_of(actor, REHOUSE).region_ids)


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404 from None


def _near_practices(
    row: Rehousing, *, at: datetime
) -> list[tuple[GpPractice, float | None]]:
    """Return practices of the region that do not stop, nearest to who stops first."""
    failing = list_failing(row.pk)
    stopping = {one.service_id for one in failing}
    points = [
        (one.service.lon, one.service.lat)
        for one in failing
        if one.service.lon is not None and one.service.lat is not None
    ]

    def km(practice: GpPractice) -> float | None:
        if practice.lon is None or practice.lat is None or not points:
            return None
        return min(
            distance_km(lon, lat, practice.lon, practice.lat) for lon, lat in points
        )

    found = [
        (one, km(one))
        for one in list_gp_practices_of_region(row.region_id, at=at)
        if one.id not in stopping
    ]
    return sorted(
        found, key=lambda pair: (pair[1] is None, pair[1] or 0.0, pair[0].name)
    )


def _say_list(now: Any) -> str:
    if now is None:
        return _("says nothing of its list")
    if now.status == ListStatus.CLOSED:
        return _("closed")
    left = now.places_left_this_month
    if left is None:
        return _("open")
    return ngettext("%(n)s place this month", "%(n)s places this month", left) % {
        "n": left
    }


def _steps(row: Rehousing, counts: Counts, *, has_takers: bool) -> list[Step]:
    labels = (
        _("Households"),
        _("Who takes people over"),
        _("Plan"),
        _("Day by day"),
    )
    done = [
        counts.people > 0,
        has_takers,
        row.planned_at is not None and counts.placed > 0,
        row.status == RehousingStatus.DONE,
    ]
    place = done.index(False) if False in done else len(done)
    return [
        Step(label, "done" if k < place else "current" if k == place else "todo")
        for k, label in enumerate(labels)
    ]


def _next(
    row: Rehousing, counts: Counts, failing: list[Any], *, has_takers: bool
) -> dict[str, Any]:
    empty = next((one for one, households, _n in failing if not households), None)
    if empty is not None:
        return {
            "kind": "upload",
            "service_id": empty.service_id,
            "title": _("Give the households of %(name)s")
            % {"name": empty.service.name},
            "why": _("A file from the practice, with its own numbers and no names."),
        }
    if not has_takers:
        return {
            "kind": "takers",
            "title": _("Say which practices take people over"),
            "why": _("Call the practices around; fill in how many people they take."),
        }
    if row.planned_at is None:
        return {
            "kind": "plan",
            "title": _("Make the plan"),
            "why": _(
                "Everybody at once: who is house-bound or ill first, households "
                "together, near by."
            ),
        }
    if row.status == RehousingStatus.DONE:
        return {
            "kind": "done",
            "title": _("Everybody has a practice"),
            "why": _("The last household was entered on %(day)s.")
            % {"day": date_format(row.done_at or row.planned_at, "j F Y")},
        }
    if counts.without:
        return {
            "kind": "takers",
            "title": ngettext(
                "%(n)s person has no practice yet",
                "%(n)s people have no practice yet",
                counts.without,
            )
            % {"n": counts.without},
            "why": _(
                "Ask for more places or another practice, and plan again. Who has a "
                "day keeps going meanwhile."
            ),
        }
    return {
        "kind": "days",
        "title": _("Carry out the plan, day by day"),
        "why": _("Tick who was entered; the list below says how far each day is."),
    }
