"""Signals: somebody who works with the agreements says that they do harm."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from wijkspil.accounts.types import Actor, Target
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.forms.agreements import SignalAnswerForm, SignalForm
from wijkspil.referrals.permissions import (
    ANSWER_SIGNAL,
    can_answer_signal,
    check_can_file_signal,
)
from wijkspil.referrals.selectors.policy_history import (
    SignalRow,
    find_signal,
    list_signals,
)
from wijkspil.referrals.services.signals import (
    ANSWER_WITHIN,
    UnknownSignal,
    answer_signal,
    file_signal,
)
from wijkspil.referrals.types import SignalStatus
from wijkspil.referrals.views.agreements import (
    agreements_address,
    describe_signal,
    read_region,
)
from wijkspil.ui.navigation import Chip


@require_safe
@professional_page
def show_signals(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the signals of the coordinator's regions, and those somebody filed."""
    at = timezone.now()
    check_can_file_signal(actor)
    region_ids = reach_of(actor, ANSWER_SIGNAL).region_ids
    of_region = list_signals(region_ids=region_ids) if region_ids else []
    own = list_signals(filed_by_id=actor.user_id)
    seen = {signal.id for signal in of_region}
    rows = [describe_signal(signal, at=at) for signal in of_region]
    mine = [describe_signal(s, at=at) for s in own if s.id not in seen]
    return render(
        request,
        "referrals/signals.html",
        {
            "now": at,
            "is_coordinator": bool(region_ids),
            "waiting": [row for row in rows if row["signal"].is_open],
            "answered": [row for row in rows if not row["signal"].is_open],
            "n_late": sum(1 for row in rows if row["is_late"]),
            "own": mine,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Ask what goes wrong; it goes to a coordinator by name, with a day."""
    check_can_file_signal(actor)
    region, regions = read_region(request, actor)
    form, status = SignalForm(), HTTPStatus.OK
    if request.method == "POST":
        form = SignalForm(request.POST)
        if form.is_valid():
            try:
                row = file_signal(
                    actor=actor,
                    region_id=region.id,
                    topic=form.cleaned_data["topic"],
                    text=form.cleaned_data["text"],
                    at=timezone.now(),
                )
            except InvalidRequest as error:
                form.refuse(error)
            else:
                messages.success(
                    request,
                    _("Your signal is with %(name)s, who answers by %(day)s.")
                    % {
                        "name": row.owner_name,
                        "day": row.due_on.strftime("%d-%m-%Y"),
                    },
                )
                return redirect("referrals:signal", row.pk)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    address = reverse("referrals:signal-new")
    return render(
        request,
        "referrals/signal_new.html",
        {
            "form": form,
            "region": region,
            "region_chips": [
                Chip(r.name, f"{address}?regio={r.id}", active=r.id == region.id)
                for r in regions
            ]
            if len(regions) > 1
            else [],
            "answer_days": ANSWER_WITHIN.days,
            "back_url": reverse("referrals:signals"),
        },
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def show_signal(request: HttpRequest, actor: Actor, signal_id: int) -> HttpResponse:
    """Show a signal to who filed it and to the coordinators, who answer it here."""
    signal = _find(actor, signal_id)
    at = timezone.now()
    may_answer = can_answer_signal(actor, _target(signal))
    form, status = SignalAnswerForm(), HTTPStatus.OK
    if request.method == "POST":
        form = SignalAnswerForm(request.POST)
        if form.is_valid():
            try:
                answer_signal(
                    actor=actor,
                    signal_id=signal_id,
                    answer=form.cleaned_data["answer"],
                    is_changing=form.cleaned_data["is_changing"],
                    at=at,
                )
            except InvalidRequest as error:
                form.refuse(error)
            except NotNow as error:
                messages.warning(request, str(error))
                return redirect("referrals:signal", signal_id)
            else:
                messages.success(request, _("Your answer is stored and was sent."))
                return redirect("referrals:signal", signal_id)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "referrals/signal.html",
        {
            "now": at,
            "form": form if may_answer and signal.is_open else None,
            "word": SignalStatus(signal.status).label,
            "policy_url": reverse("referrals:policy", args=[signal.led_to_id])
            if signal.led_to_id
            else "",
            "agreements_url": agreements_address(signal.region_id),
            "back_url": reverse("referrals:signals"),
            "today": localdate(at),
            **describe_signal(signal, at=at),
        },
        status=status,
    )


def _find(actor: Actor, signal_id: int) -> SignalRow:
    """Return a signal for who filed it and for its coordinators; else it is unknown."""
    signal = find_signal(signal_id)
    if signal is None or not (
        (signal.filed_by_id is not None and signal.filed_by_id == actor.user_id)
        or can_answer_signal(actor, _target(signal))
    ):
        raise UnknownSignal(
            _("There is no signal with number %(id)s that you may see.")
            % {"id": signal_id}
        )
    return signal


def _target(signal: SignalRow) -> Target:
    return Target(region_ids=frozenset({signal.region_id}))
