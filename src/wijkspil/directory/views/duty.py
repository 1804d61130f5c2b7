"""Duties of a service on a page: enter one, withdraw one."""

from datetime import datetime, time, timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.timezone import get_current_timezone, localdate, localtime
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.periods import Period
from wijkspil.core.typed_values import read_id
from wijkspil.directory.errors import (
    AlreadyChanged,
    CannotSwap,
    InvalidEntry,
    OverlapsAnother,
)
from wijkspil.directory.forms.areas import AreaSearch, DutyForm, typed_values
from wijkspil.directory.forms.duty import SwapForm
from wijkspil.directory.permissions import can_view_duty_person, check_can_edit_duty
from wijkspil.directory.selectors.duty import list_written_duties
from wijkspil.directory.selectors.duty_week import Week
from wijkspil.directory.selectors.history import EntryKind, get_version
from wijkspil.directory.selectors.management import get_duty, get_service_entry
from wijkspil.directory.selectors.search_areas import (
    list_areas,
    list_areas_of_service,
)
from wijkspil.directory.selectors.targets_of_entries import get_service_edit_target
from wijkspil.directory.services.duty import (
    add_duty,
    change_duty,
    record_duties_read,
    swap_duties,
    withdraw_duty,
)
from wijkspil.directory.views.editing import EndPage, show_end_page
from wijkspil.directory.views.manage import both_methods, service_crumbs
from wijkspil.directory.views.pages import professional_page
from wijkspil.directory.wording import say_period, say_span
from wijkspil.ui.navigation import Crumb

#: A night on duty begins and ends at these local clock times, as a first proposal.
NIGHT_FROM, NIGHT_UNTIL = time(23), time(7)
#: How far ahead another duty to swap with may lie.
SWAP_WITHIN = timedelta(days=56)


@both_methods
@professional_page
def new_duty(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Enter who is on duty."""
    check_can_edit_duty(actor, get_service_edit_target(service_id))
    service = get_service_entry(service_id)
    address = reverse("directory:service", args=[service_id])
    sent = request.POST if request.method == "POST" else request.GET
    search = AreaSearch(sent)
    covered = list_areas_of_service(service_id)
    hits = list({hit.id: hit for hit in [*search.hits, *covered]}.values())
    status = HTTPStatus.OK
    if request.method == "POST" and "find" not in request.POST:
        form = DutyForm(request.POST, hits=hits)
        if form.is_valid():
            try:
                add_duty(
                    actor=actor,
                    service_id=service_id,
                    duty=form.duty(care=service.care),
                    at=timezone.now(),
                )
            except InvalidEntry as error:
                form.refuse(error.fields)
            except OverlapsAnother as error:
                form.add_error("valid_from", str(error))
            except NotPermitted as error:
                if error.field != "area":
                    raise
                form.add_error("areas", str(error))
            else:
                messages.success(request, _("The duty is stored."))
                return redirect(address + "#duties")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        night = datetime.combine(localdate(), NIGHT_FROM, get_current_timezone())
        form = DutyForm(
            hits=hits,
            initial={
                "valid_from": night,
                "valid_until": datetime.combine(
                    localdate() + timedelta(days=1), NIGHT_UNTIL, get_current_timezone()
                ),
                **{k: v for k, v in typed_values(sent).items() if v},
                "areas": sent.get("areas") or (hits[0].id if hits else None),
            },
        )
    return render(
        request,
        "directory/new_duty.html",
        {
            "title": _("Enter a duty"),
            "save": _("Enter this duty"),
            "service": service,
            "form": form,
            "search": search,
            "back_url": address,
            "crumbs": service_crumbs(service, Crumb(_("Enter a duty"))),
        },
        status=status,
    )


@both_methods
@professional_page
def change(request: HttpRequest, actor: Actor, duty_id: int) -> HttpResponse:
    """Change a duty: who, when, where or in which order; swap and withdraw are here."""
    row = get_duty(duty_id)
    check_can_edit_duty(actor, get_service_edit_target(row.service_id))
    now = timezone.now()
    if request.method == "GET":
        record_duties_read(
            actor=actor, duty_ids=[duty_id], purpose="page.change-duty", at=now
        )
    address = _week_url(row)
    sent = request.POST if request.method == "POST" else request.GET
    search = AreaSearch(sent)
    covered = list_areas_of_service(row.service_id)
    own = list_areas([row.area_id])
    hits = list({hit.id: hit for hit in [*own, *search.hits, *covered]}.values())
    status = HTTPStatus.OK
    if request.method == "POST" and "find" not in request.POST:
        form = DutyForm(request.POST, hits=hits)
        if form.is_valid():
            try:
                change_duty(
                    actor=actor,
                    duty_id=duty_id,
                    duty=form.duty(care=row.care),
                    at=now,
                    version=read_version(request),
                )
            except InvalidEntry as error:
                form.refuse(error.fields)
            except OverlapsAnother as error:
                form.add_error("valid_from", str(error))
            except AlreadyChanged as error:
                form.add_error(None, str(error))
            except NotPermitted as error:
                if error.field != "area":
                    raise
                form.add_error("areas", str(error))
            else:
                messages.success(request, _("The duty is changed."))
                return redirect(address)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        form = DutyForm(
            hits=hits,
            initial={
                "person_name": row.person_name,
                "phone": row.phone,
                "valid_from": row.valid_from,
                "valid_until": row.valid_until,
                "rank": row.rank,
                "areas": row.area_id,
                **{k: v for k, v in typed_values(sent).items() if v},
            },
        )
    return render(
        request,
        "directory/new_duty.html",
        {
            "title": _("Change a duty"),
            "save": _("Keep this change"),
            "service": row.service,
            "form": form,
            "search": search,
            "back_url": address,
            "duty": row,
            "version": get_version(EntryKind.DUTY, duty_id),
            "can_swap": row.valid_from > now,
            "crumbs": [
                Crumb(_("Duties"), address),
                Crumb(_("Change a duty")),
            ],
        },
        status=status,
    )


@both_methods
@professional_page
def swap(request: HttpRequest, actor: Actor, duty_id: int) -> HttpResponse:
    """Swap a duty with another of the same service in the coming weeks."""
    row = get_duty(duty_id)
    check_can_edit_duty(actor, get_service_edit_target(row.service_id))
    now = timezone.now()
    others = [
        duty
        for duty in list_written_duties(
            service_ids=[row.service_id], period=Period(now, now + SWAP_WITHIN)
        )
        if duty.id != duty_id and duty.start > now and duty.care == row.care
    ]
    form = SwapForm(
        request.POST if request.method == "POST" else None,
        offered=[
            (
                duty.id,
                f"{duty.person_name}, {duty.area_name}, "
                f"{say_span(Period(duty.start, duty.end))}",
            )
            for duty in others
            if (duty.person_name, duty.phone) != (row.person_name, row.phone)
        ],
    )
    status = HTTPStatus.OK
    if request.method == "POST":
        if form.is_valid():
            try:
                swap_duties(
                    actor=actor,
                    duty_id=duty_id,
                    other_id=form.cleaned_data["other"],
                    at=now,
                    versions=(read_version(request), None),
                )
            except (CannotSwap, AlreadyChanged) as error:
                form.add_error("other", str(error))
            else:
                messages.success(request, _("The two duties are swapped."))
                return redirect(_week_url(row))
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        record_duties_read(
            actor=actor,
            duty_ids=[duty_id, *(duty.id for duty in others)],
            purpose="page.swap-duty",
            at=now,
        )
    return render(
        request,
        "directory/duty_swap.html",
        {
            "form": form,
            "duty": row,
            "period": say_period(row.valid_from, row.valid_until),
            "n_offered": len(others),
            "version": get_version(EntryKind.DUTY, duty_id),
            "back_url": reverse("directory:duty-change", args=[duty_id]),
            "crumbs": [Crumb(_("Duties"), _week_url(row)), Crumb(_("Swap a duty"))],
        },
        status=status,
    )


def read_version(request: HttpRequest) -> int | None:
    """Return the version that was on the screen, if it came along."""
    return read_id(request.POST.get("version", ""))


def _week_url(row: Any) -> str:
    query = urlencode(
        {"zorg": row.care, "week": Week.of(localtime(row.valid_from).date()).code}
    )
    return f"{reverse('directory:duty-week')}?{query}"


@both_methods
@professional_page
def withdraw(request: HttpRequest, actor: Actor, duty_id: int) -> HttpResponse:
    """Ask once, then withdraw a duty."""
    row = get_duty(duty_id)
    check_can_edit_duty(actor, get_service_edit_target(row.service_id))
    now = timezone.now()
    address = reverse("directory:service", args=[row.service_id])
    show_person = can_view_duty_person(actor)
    if show_person and request.method == "GET":
        record_duties_read(
            actor=actor, duty_ids=[duty_id], purpose="page.withdraw-duty", at=now
        )

    def end(version: int | None) -> str:
        withdraw_duty(actor=actor, duty_id=duty_id, at=timezone.now(), version=version)
        return address + "#duties"

    return show_end_page(
        request,
        EndPage(
            title=_("Withdraw this duty?"),
            lead=_("It ends now.") if row.valid_from < now else _("It will not begin."),
            consequences=[
                *([row.person_name] if show_person else []),
                _("%(area)s, number %(rank)s in the line")
                % {"area": row.area.name, "rank": row.rank},
                say_period(row.valid_from, row.valid_until),
            ],
            crumbs=service_crumbs(row.service, Crumb(_("Withdraw a duty"))),
            back_url=address,
            end_label=_("Withdraw this duty"),
            done=_(
                "The duty is withdrawn. Take it back in the history of the service."
            ),
            version=get_version(EntryKind.DUTY, duty_id),
            end=end,
        ),
    )
