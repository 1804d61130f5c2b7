"""A practice joins a round: the promise of the swap in its own numbers, then facts."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.gp_practices import get_gp_practice
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.views.pages import professional_page
from wijkspil.registrations.errors import InvalidRegistration, NotNow
from wijkspil.registrations.forms.practice import JoinForm, shown_load
from wijkspil.registrations.models import Round, RoundPractice
from wijkspil.registrations.permissions import check_can_keep_list
from wijkspil.registrations.promise import Promise, usual_free_load
from wijkspil.registrations.selectors.lists import ListNow, get_list
from wijkspil.registrations.selectors.practice_rounds import (
    count_wanting,
    find_last_joined,
)
from wijkspil.registrations.selectors.proposals import Balance, get_balance
from wijkspil.registrations.services.joining import (
    join_round,
    leave_round,
    most_inflow,
)
from wijkspil.registrations.services.round_reading import get_round_of_practice
from wijkspil.registrations.types import LOAD_UNIT, ListStatus, RoundStatus
from wijkspil.registrations.views.practice import make_chips
from wijkspil.registrations.wording import (
    say_change,
    say_few,
    say_load,
    say_load_change,
    say_people,
)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def show_round(
    request: HttpRequest, actor: Actor, service_id: int, round_id: int
) -> HttpResponse:
    """Show what a round means for a practice; take that it joins."""
    check_can_keep_list(actor, get_service_target(service_id))
    now = timezone.now()
    practice = get_gp_practice(service_id, at=now)
    of_practice = get_round_of_practice(round_id, service_id, at=now)
    row, joined = of_practice.round, of_practice.joined
    list_now = get_list(service_id, now)
    most = most_inflow(row, service_id, at=now)
    form = JoinForm(
        request.POST or None,
        initial=_initial(joined, service_id, row, list_now, most),
    )
    status = HTTPStatus.OK
    if request.method == "POST":
        if form.is_valid():
            try:
                join_round(
                    actor=actor,
                    round_id=round_id,
                    service_id=service_id,
                    free_places=form.cleaned_data["free_places"],
                    max_inflow=form.cleaned_data["max_inflow"],
                    free_load=form.thousandths(),
                    at=now,
                )
            except InvalidRegistration as error:
                form.refuse(error)
            except NotNow as error:
                messages.warning(request, str(error))
                return _again(service_id, round_id)
            else:
                messages.success(
                    request, _("Your practice joins. Thank you for the people waiting.")
                )
                return _again(service_id, round_id)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "registrations/practice_round.html",
        {
            "now": now,
            "practice": practice,
            "chips": make_chips(service_id, ""),
            "row": row,
            "joined": joined,
            "can_join": of_practice.can_join(now),
            "form": form,
            "most": most,
            "promise": _promise(joined, form, list_now, most),
            "wanting": _say_wanting(service_id),
            "balance": _say_balance(row, joined, service_id)
            if of_practice.has_proposals and joined is not None
            else None,
            "join_day": _last_day(row.join_until),
            "answer_day": _last_day(
                row.answer_by or row.join_until + timedelta(days=row.answer_days)
            ),
            "is_executed": row.status == RoundStatus.EXECUTED,
        },
        status=status,
    )


@require_POST
@professional_page
def leave(
    request: HttpRequest, actor: Actor, service_id: int, round_id: int
) -> HttpResponse:
    """Take that a practice no longer takes part."""
    try:
        leave_round(
            actor=actor, round_id=round_id, service_id=service_id, at=timezone.now()
        )
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("Your practice takes no part. You can still join until the end.")
        )
    return _again(service_id, round_id)


def _again(service_id: int, round_id: int) -> HttpResponse:
    return redirect(
        "registrations:practice-round", service_id=service_id, round_id=round_id
    )


def _last_day(end: datetime) -> date:
    """Return the last day before a moment: "up to and including"."""
    return localdate(end - timedelta(microseconds=1))


def _initial(
    joined: RoundPractice | None,
    service_id: int,
    row: Round,
    list_now: ListNow | None,
    most: int,
) -> dict[str, Any]:
    """Return what the form is filled in with: this round, the last one, the list."""
    if joined is not None:
        return {
            "free_places": joined.free_places,
            "max_inflow": joined.max_inflow,
            "free_load": shown_load(joined.free_load),
        }
    last = find_last_joined(service_id, besides=row.pk)
    left = None if list_now is None else list_now.places_left_this_month
    is_open = list_now is not None and list_now.status != ListStatus.CLOSED
    free = min(left, most) if is_open and left is not None else 0
    return {
        "free_places": free,
        "max_inflow": most
        if last is None or last.max_inflow is None
        else min(last.max_inflow, most),
        "free_load": shown_load(
            usual_free_load(
                free_places=free, people=None if list_now is None else list_now.people
            )
        ),
    }


def _promise(
    joined: RoundPractice | None, form: JoinForm, list_now: ListNow | None, most: int
) -> dict[str, Any]:
    """Return the promise in words: as joined, else as the form is filled in now."""
    people = None if list_now is None else list_now.people
    if joined is not None:
        promise = Promise(
            free_places=joined.free_places,
            max_inflow=most if joined.max_inflow is None else joined.max_inflow,
            free_load=joined.free_load,
            people_before=joined.people_before,
        )
    else:
        filled = form.initial
        load: Decimal | None = filled["free_load"]
        promise = Promise(
            free_places=filled["free_places"],
            max_inflow=filled["max_inflow"],
            free_load=None if load is None else round(load * LOAD_UNIT),
            people_before=people,
        )
    return {
        "numbers": promise,
        "growth": say_people(promise.most_growth),
        "before": None
        if promise.people_before is None
        else say_people(promise.people_before),
        "after": None
        if promise.most_people is None
        else say_people(promise.most_people),
        "most_in": say_people(promise.max_inflow),
        "leaving": say_people(promise.least_leaving),
        "load": None if promise.free_load is None else say_load(promise.free_load),
    }


def _say_wanting(service_id: int) -> dict[str, str]:
    wanting = count_wanting([service_id])[service_id]
    return {"leaving": say_few(wanting.leaving), "coming": say_few(wanting.coming)}


def _say_balance(
    row: Round, joined: RoundPractice | None, service_id: int
) -> dict[str, Any]:
    balance: Balance = get_balance(row.pk, service_id)
    before = None if joined is None else joined.people_before
    return {
        "before": None if before is None else say_people(before),
        "coming": say_people(balance.people_in),
        "going": say_people(balance.people_out),
        "change": say_change(balance.people),
        "after": None if before is None else say_people(before + balance.people),
        "load_in": say_load(balance.load_in),
        "load_out": say_load(balance.load_out),
        "load_change": say_load_change(balance.load),
        "confirmed_in": say_people(balance.confirmed_in),
        "confirmed_out": say_people(balance.confirmed_out),
        "is_nothing": balance == Balance(),
    }
