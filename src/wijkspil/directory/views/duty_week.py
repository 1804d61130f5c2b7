"""The duties of a week in a grid, with every gap of the coming weeks above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotFound, NotPermitted
from wijkspil.core.periods import Period
from wijkspil.core.typed_values import read_id
from wijkspil.directory.forms.duty import DutyWeekForm
from wijkspil.directory.permissions import (
    VIEW_DUTY_WEEK,
    can_edit_duty,
    can_view_duty_person,
    check_can_view_duty_week,
)
from wijkspil.directory.selectors.duty_week import (
    DutyWeek,
    OwnService,
    Week,
    get_duty_week,
    list_own_services,
    list_region_services,
    list_regions_of_services,
    list_services_of_area,
)
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.services.duty import record_week_read
from wijkspil.directory.types import Care
from wijkspil.directory.views.duty_grid import DutyGrid
from wijkspil.directory.views.pages import Reach, professional_page, reach_of
from wijkspil.directory.wording import say_short_moment
from wijkspil.ui.navigation import Chip, Crumb

#: Areas with gaps that are shown before "all others" is folded open.
MOST_AREAS = 6


@dataclass(frozen=True)
class Scope:
    """Which regions and services an actor may look at; None is every service."""

    regions: Sequence[RegionChoice]
    services: Sequence[OwnService] | None

    @property
    def service_ids(self) -> frozenset[int] | None:
        """The ids of the services, or None for every one."""
        if self.services is None:
            return None
        return frozenset(service.id for service in self.services)


@dataclass(frozen=True)
class Question:
    """What was asked: a region, a week, a kind of care and whose duties."""

    region: RegionChoice
    care: str
    week: Week
    scope: Scope

    def query(self, **change: str) -> str:
        """Return the question as the query of an address."""
        return urlencode(
            {
                "regio": str(self.region.id),
                "zorg": self.care,
                "week": self.week.code,
                **change,
            }
        )

    @property
    def url(self) -> str:
        """The address of the week page."""
        return f"{reverse('directory:duty-week')}?{self.query()}"

    def services(self) -> list[OwnService]:
        """Return the services of this question (at most one query)."""
        if self.scope.services is None:
            return list_region_services(self.region.id, care=self.care)
        return [s for s in self.scope.services if s.care == self.care]


def scope_of(actor: Actor) -> Scope:
    """Return what the actor may look at: own regions, else own services.

    Raises
    ------
    NotPermitted
        If that is nothing.
    """
    check_can_view_duty_week(actor)
    reach: Reach = reach_of(actor, VIEW_DUTY_WEEK)
    if reach.is_everywhere:
        return Scope(list_coverage_regions(), None)
    if reach.region_ids:
        return Scope(list_coverage_regions(reach.region_ids), None)
    services = list_own_services(
        service_ids=reach.service_ids, organization_ids=reach.organization_ids
    )
    regions = list_regions_of_services([service.id for service in services])
    return Scope(list_coverage_regions(regions), services)


def read_question(request: HttpRequest, actor: Actor) -> Question:
    """Return the question of an address that the week page made.

    Raises
    ------
    NotFound
        If it cannot be answered.
    """
    scope = scope_of(actor)
    form = _form(request, scope)
    if not scope.regions or not form.is_valid():
        raise NotFound(_("There is no such week to show. Go to the week again."))
    return _question(form, scope)


def _form(request: HttpRequest, scope: Scope) -> DutyWeekForm:
    return DutyWeekForm(
        request.GET, regions=[(r.id, r.name) for r in scope.regions], today=localdate()
    )


def _question(form: DutyWeekForm, scope: Scope) -> Question:
    data = form.cleaned_data
    return Question(
        region=next(r for r in scope.regions if r.id == data["regio"]),
        care=data["zorg"],
        week=data["week"],
        scope=scope,
    )


@require_safe
@professional_page
def show_week(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show who is on duty in a week, and where nobody is in the coming weeks."""
    scope = scope_of(actor)
    form = _form(request, scope)
    if not scope.regions or not form.is_valid():
        return render(
            request,
            "directory/duty_week.html",
            {"form": form, "regions": scope.regions},
            status=HTTPStatus.BAD_REQUEST if scope.regions else HTTPStatus.OK,
        )
    asked = _question(form, scope)
    now = timezone.now()
    found = get_duty_week(
        region=asked.region,
        week=asked.week,
        care=asked.care,
        now=now,
        service_ids=scope.service_ids,
    )
    show_person = can_view_duty_person(actor)
    if found.duty_ids and show_person:
        record_week_read(
            actor=actor, region_id=asked.region.id, week=asked.week.code, at=now
        )
    may_edit = can_edit_duty(actor)
    grid = DutyGrid(care=asked.care, may_edit=may_edit, show_person=show_person)
    day = _chosen_day(request, asked.week)
    only_gaps = request.GET.get("toon") == "gaten"
    areas = [a for a in found.areas if a.gap_cells] if only_gaps else found.areas
    return render(
        request,
        "directory/duty_week.html",
        {
            "form": form,
            "regions": scope.regions,
            "asked": asked,
            "care_label": Care(asked.care).label,
            "is_region": scope.services is None,
            "may_edit": may_edit,
            "query": asked.query(),
            "day_number": day.isoweekday(),
            "days": [
                {
                    "number": d.isoweekday(),
                    "words": _say_day(d),
                    "is_today": d == localdate(),
                }
                for d in asked.week.days
            ],
            "day_chips": [
                Chip(_say_day(d), f"?{asked.query(dag=d.isoformat())}", active=d == day)
                for d in asked.week.days
            ],
            "weeks": _week_chips(asked),
            "shown": [
                Chip(
                    _("All"),
                    f"?{asked.query()}",
                    active=not only_gaps,
                    count=len(found.areas),
                ),
                Chip(
                    _("Only with gaps"),
                    f"?{asked.query(toon='gaten')}",
                    active=only_gaps,
                    count=sum(bool(a.gap_cells) for a in found.areas),
                ),
            ],
            "has_areas": bool(areas),
            "grid": grid.draw_areas(areas),
            "n_quiet": found.n_areas - sum(not a.is_region_wide for a in found.areas),
            **_ahead(found, asked, grid),
        },
    )


def _chosen_day(request: HttpRequest, week: Week) -> date:
    """Return the day a phone shows: the one asked for, else today or Monday."""
    for text in (request.GET.get("dag", ""), localdate().isoformat()):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            continue
        if day in week.days:
            return day
    return week.monday


def _say_day(day: date) -> str:
    return date_format(day, pgettext("format of a short date", "D j M"))


def _week_chips(asked: Question) -> list[Chip]:
    now = Week.of(localdate())
    weeks = dict.fromkeys([asked.week.later(-1), now, asked.week, asked.week.later(1)])
    words = {
        asked.week.later(-1): _("A week earlier"),
        asked.week.later(1): _("A week later"),
        asked.week: asked.week.code,
        now: _("This week"),
    }
    return [
        Chip(words[week], f"?{asked.query(week=week.code)}", active=week == asked.week)
        for week in sorted(weeks, key=lambda week: week.monday)
    ]


def _ahead(found: DutyWeek, asked: Question, grid: DutyGrid) -> dict[str, Any]:
    """Return the gaps of the coming weeks: per area, with a count per week."""
    weeks = found.weeks_ahead
    periods = [week.period for week in weeks]
    counts = [area.count_by_week(periods) for area in found.gaps_ahead]
    urls = {week: f"?{asked.query(week=week.code, toon='gaten')}" for week in weeks}

    def draw(part: slice) -> SafeString:
        return grid.draw_ahead(
            found.gaps_ahead[part],
            weeks=weeks,
            counts=counts[part],
            url_of=urls.__getitem__,
        )

    nobody = [area for area in found.gaps_ahead if area.hours_nobody > 0]
    return {
        "ahead": draw(slice(MOST_AREAS)),
        "ahead_rest": draw(slice(MOST_AREAS, None)),
        "n_ahead_rest": len(found.gaps_ahead[MOST_AREAS:]),
        "ahead_weeks": [
            {
                "code": week.code,
                "n": sum(per_area[place] for per_area in counts),
                "url": f"?{asked.query(week=week.code)}",
            }
            for place, week in enumerate(weeks)
        ],
        "n_areas_nobody": len(nobody),
        "n_areas_gap": len(found.gaps_ahead),
        "n_areas": found.n_areas,
        "first_nobody": say_short_moment(
            min(
                gap.period.start
                for area in nobody
                for gap in area.gaps
                if not gap.has_fallback
            )
        )
        if nobody
        else "",
    }


@require_safe
@professional_page
def fill_gap(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Go from a gap to the form of a new duty; ask which service, if there are more."""
    scope = scope_of(actor)
    if not can_edit_duty(actor):
        raise NotPermitted(_("You cannot enter duties. The planner of a team can."))
    area_id = read_id(request.GET.get("gebied", ""))
    if area_id is None:
        raise NotFound(_("There is no such area. Go to the week again."))
    services = list_services_of_area(area_id, care=request.GET.get("zorg", ""))
    if (own := scope.service_ids) is not None:
        services = [service for service in services if service.id in own]
    query = urlencode(
        {
            "areas": str(area_id),
            "valid_from": request.GET.get("valid_from", "")[:16],
            "valid_until": request.GET.get("valid_until", "")[:16],
        }
    )
    choices = [
        (service, f"{reverse('directory:duty-new', args=[service.id])}?{query}")
        for service in services
    ]
    if len(choices) == 1:
        return redirect(choices[0][1])
    return render(
        request,
        "directory/duty_fill.html",
        {
            "choices": choices,
            "crumbs": [
                Crumb(_("Duties"), reverse("directory:duty-week")),
                Crumb(_("Fill a gap")),
            ],
        },
    )


def end_of_export(week: Week) -> Period:
    """Return the period of a file: from this week on, eight weeks."""
    return Period(week.period.start, week.period.start + timedelta(days=56))
