"""A provider's beds: promise in ten seconds, receive who comes, or say why not."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.typed_values import read_id
from wijkspil.directory.selectors.listing import get_team
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.types import Care
from wijkspil.directory.views.pages import professional_page
from wijkspil.stays.errors import BedsChanged, InvalidStay, NotNow, UnknownBeds
from wijkspil.stays.forms.beds import (
    BedsForm,
    EndForm,
    NotDeliveredForm,
    PlannedEndForm,
    initial_of,
)
from wijkspil.stays.permissions import check_can_report_beds, check_can_see_stay
from wijkspil.stays.selectors.beds import (
    FreeBeds,
    get_newest_report,
    list_beds_of,
    list_live_claims,
)
from wijkspil.stays.selectors.stays import (
    find_seen_claim,
    find_stay,
    provider_target,
)
from wijkspil.stays.services.beds import confirm_beds, report_beds
from wijkspil.stays.services.course import (
    change_planned_end,
    end_stay,
    record_arrival,
    report_not_delivered,
)
from wijkspil.stays.types import ClaimStatus, StayKind
from wijkspil.stays.views.pages import list_own_places, make_chips
from wijkspil.stays.wording import CLAIM_TONES, say_features, say_kind


@require_safe
@professional_page
def list_places(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the places whose beds the reader reports; with one, go there at once."""
    check_can_report_beds(actor)
    now = timezone.now()
    places = list_own_places(actor, at=now)
    if len(places) == 1:
        return redirect("stays:beds-of", service_id=places[0].id)
    told = list_beds_of([place.id for place in places])
    return render(
        request,
        "stays/places.html",
        {
            "now": now,
            "chips": make_chips(actor, "stays:beds"),
            "rows": [
                (
                    place,
                    sum(
                        one.left
                        for one in told
                        if one.service_id == place.id and not one.is_stale(at=now)
                    ),
                    any(
                        one.is_stale(at=now)
                        for one in told
                        if one.service_id == place.id
                    ),
                )
                for place in places
            ],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def show_beds(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Show what is promised and taken; take a new promise."""
    now = timezone.now()
    check_can_report_beds(actor, get_service_target(service_id))
    told = {one.kind: one for one in list_beds_of([service_id])}
    if request.method == "POST":
        form = BedsForm(request.POST)
        if form.is_valid():
            try:
                report_beds(
                    actor=actor,
                    service_id=service_id,
                    kind=form.cleaned_data["kind"],
                    beds=form.beds(),
                    at=now,
                    **_seen(form, told),
                )
            except InvalidStay as error:
                form.refuse(error)
            except BedsChanged as error:
                _ask_again(form, service_id, str(error))
            else:
                messages.success(
                    request, _("Your beds are stored. What you promise, counts.")
                )
                return redirect("stays:beds-of", service_id=service_id)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        kind = request.GET.get("soort", "")
        if kind not in StayKind.values:
            kind = next(iter(told), "") if len(told) == 1 else ""
        today = timezone.localdate(now)
        form = BedsForm(initial=initial_of(told.get(kind), kind=kind, today=today))
        status = HTTPStatus.OK
    return _beds_page(request, actor, service_id, form, told, at=now, status=status)


@require_POST
@professional_page
def confirm_all(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Take "still true" for every kind that was shown: one tap."""
    now = timezone.now()
    check_can_report_beds(actor, get_service_target(service_id))
    count = 0
    for seen in request.POST.getlist("seen"):
        kind, _colon, report_id = seen.partition(":")
        seen_id = read_id(report_id)
        if seen_id is None:
            continue
        try:
            confirm_beds(
                actor=actor,
                service_id=service_id,
                kind=kind,
                at=now,
                seen_report_id=seen_id,
            )
        except (BedsChanged, UnknownBeds) as error:
            messages.warning(request, str(error))
        else:
            count += 1
    if count:
        messages.success(request, _("Thank you. Your beds count anew from now."))
    return redirect("stays:beds-of", service_id=service_id)


@require_POST
@professional_page
def arrive(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Take "the client is there": one tap."""
    stay_id = _own_stay_id(actor, number)
    try:
        record_arrival(actor=actor, stay_id=stay_id, at=timezone.now())
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Good. Who asked knows that the client is there."))
    return redirect("stays:stay", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def not_deliver(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Ask why a promised bed is not delivered, and say what follows."""
    claim = find_seen_claim(find_stay(number))
    service_id = claim.service_id if claim else None

    def do(data: dict[str, Any], at: datetime) -> None:
        report_not_delivered(
            actor=actor,
            stay_id=_own_stay_id(actor, number),
            ground=data["ground"],
            free_left=data["free_left"],
            at=at,
        )

    return _act_page(
        request,
        actor,
        number,
        NotDeliveredForm,
        do,
        title=_("A bed you promised cannot be delivered"),
        lead=_("You cannot decline a bed that you reported as free."),
        button_words=_("Send this to the coordinator"),
        consequences=[
            _("The coordinator of the region gets it now and looks for another bed."),
            _("It counts in the figures of the region as a promise not kept."),
            _("Your free beds are set to what you say below."),
        ],
        said=_("The coordinator has it. Your beds are corrected."),
        next_url=reverse("stays:beds-of", args=[service_id]) if service_id else "",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def end(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Record where the client goes."""

    def do(data: dict[str, Any], at: datetime) -> None:
        end_stay(
            actor=actor,
            stay_id=_own_stay_id(actor, number),
            reason=data["reason"],
            at=at,
        )

    return _act_page(
        request,
        actor,
        number,
        EndForm,
        do,
        title=_("The client leaves"),
        lead=_("Is the bed free again? Say so on the page of your beds."),
        button_words=_("The stay has ended"),
        said=_("Stored. Is the bed free again? Then report it."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def change_end(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Change until when the client stays."""

    def do(data: dict[str, Any], at: datetime) -> None:
        change_planned_end(
            actor=actor,
            stay_id=_own_stay_id(actor, number),
            planned_end=data["planned_end"],
            at=at,
        )

    return _act_page(
        request,
        actor,
        number,
        PlannedEndForm,
        do,
        title=_("Another last day"),
        lead=_("Who asked sees the new day. The reminder moves along."),
        button_words=_("Store the day"),
        said=_("The new last day is stored."),
    )


def _act_page(
    request: HttpRequest,
    actor: Actor,
    number: str,
    form_class: type[Any],
    do: Callable[[dict[str, Any], datetime], None],
    *,
    title: str,
    lead: str,
    button_words: str,
    said: str,
    consequences: list[str] | None = None,
    next_url: str = "",
) -> HttpResponse:
    now = timezone.now()
    stay = find_stay(number)
    target = provider_target(find_seen_claim(stay))
    check_can_see_stay(actor, stay, target)
    check_can_report_beds(actor, target or Target())
    form = form_class(request.POST or None, initial={"planned_end": stay.planned_end})
    if request.method == "POST" and form.is_valid():
        try:
            do(form.cleaned_data, now)
        except InvalidStay as error:
            form.refuse(error)
        except NotNow as error:
            messages.warning(request, str(error))
            return redirect("stays:stay", number=number)
        else:
            messages.success(request, said)
            return redirect(next_url or reverse("stays:stay", args=[number]))
    posted = request.method == "POST"
    return render(
        request,
        "stays/act.html",
        {
            "now": now,
            "stay": stay,
            "form": form,
            "title": title,
            "lead": lead,
            "button_words": button_words,
            "consequences": consequences or [],
        },
        status=HTTPStatus.UNPROCESSABLE_ENTITY if posted else HTTPStatus.OK,
    )


def _own_stay_id(actor: Actor, number: str) -> int:
    """Return the id of a stay the reader may know of."""
    stay = find_stay(number)
    check_can_see_stay(actor, stay, provider_target(find_seen_claim(stay)))
    return stay.pk


def _seen(form: BedsForm, told: dict[str, FreeBeds]) -> dict[str, Any]:
    """Return what the sender's page showed of this kind, if it showed that kind."""
    data = form.cleaned_data
    shown = told.get(data["kind"])
    report_id = data["seen_report_id"]
    if shown is None:
        return {"seen_report_id": None, "seen_left": None}
    return {"seen_report_id": report_id, "seen_left": data["seen_left"]}


def _ask_again(form: BedsForm, service_id: int, why: str) -> None:
    """Ask whether the figure still holds; sent again, it has seen what is new."""
    form.add_error("free", why)
    newest = get_newest_report(service_id, form.cleaned_data["kind"])
    if newest is not None:
        data = QueryDict(mutable=True)
        data.update(form.data)
        data["seen_report_id"] = str(newest.pk)
        data["seen_left"] = str(newest.left)
        form.data = data


def _beds_page(
    request: HttpRequest,
    actor: Actor,
    service_id: int,
    form: forms.Form,
    told: dict[str, FreeBeds],
    *,
    at: datetime,
    status: int,
) -> HttpResponse:
    place = get_team(service_id, at=at)
    if place.care != Care.TEMPORARY_STAY:
        return redirect("stays:beds")
    claims = [
        (
            one,
            say_kind(one.kind),
            str(ClaimStatus(one.status).label),
            CLAIM_TONES[ClaimStatus(one.status)],
        )
        for one in list_live_claims(service_ids=[service_id], at=at)
    ]
    shown = [one for one in told.values() if one.left or one.free or one.claimed]
    return render(
        request,
        "stays/beds.html",
        {
            "now": at,
            "chips": make_chips(actor, "stays:beds"),
            "place": place,
            "form": form,
            "cards": [
                (
                    one,
                    say_features(one.features, one.gender),
                    one.is_stale(at=at),
                    f"{reverse('stays:beds-of', args=[service_id])}?soort={one.kind}"
                    "#change",
                )
                for one in (shown or told.values())
            ],
            "coming": [row for row in claims if row[0].status != ClaimStatus.ARRIVED],
            "here": [row for row in claims if row[0].status == ClaimStatus.ARRIVED],
            "folded_open": bool(
                form["features"].errors
                or form["gender"].errors
                or form["from_on"].errors
            ),
        },
        status=status,
    )
