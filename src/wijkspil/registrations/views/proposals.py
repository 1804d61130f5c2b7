"""Households proposed to a practice: all of them, one of them, yes or no."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.gp_practices import (
    GpPractice,
    get_gp_practice,
    list_gp_practices,
)
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.views.pages import professional_page
from wijkspil.registrations.errors import InvalidRegistration, NotNow, UnknownMove
from wijkspil.registrations.forms.practice import RefuseForm
from wijkspil.registrations.nearby_wording import say_minutes
from wijkspil.registrations.permissions import can_keep_list, check_can_keep_list
from wijkspil.registrations.selectors.lists import get_list
from wijkspil.registrations.selectors.proposals import (
    Proposal,
    get_proposal,
    list_proposals,
)
from wijkspil.registrations.services.fitting import check_fit
from wijkspil.registrations.services.moves import answer_for_practice, take_several
from wijkspil.registrations.services.practice_disclosure import show_to_practice
from wijkspil.registrations.travel import drive_minutes
from wijkspil.registrations.types import (
    Answer,
    MoveStatus,
    RefusalReason,
    Unmet,
)
from wijkspil.registrations.views.practice import make_chips, ticked_ids
from wijkspil.registrations.wording import MOVE_TONES, say_household, say_load


@dataclass(frozen=True)
class Card:
    """A household as a practice reads of it, without who it is."""

    one: Proposal
    title: str
    comes_from: str
    minutes: str
    load: str
    unmet: Sequence[str]
    state: str
    tone: str


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def show_proposals(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """List the households that are proposed; take a yes to several at once."""
    check_can_keep_list(actor, get_service_target(service_id))
    now = timezone.now()
    if request.method == "POST":
        _take(request, actor, service_id, at=now)
        return redirect("registrations:proposals", service_id=service_id)
    practice = get_gp_practice(service_id, at=now)
    cards = _cards(list_proposals(service_id), at=now)
    return render(
        request,
        "registrations/proposals.html",
        {
            "now": now,
            "practice": practice,
            "chips": make_chips(service_id, "registrations:proposals"),
            "waiting": [card for card in cards if card.one.waits_for_practice],
            "asked": [
                card
                for card in cards
                if card.one.status == MoveStatus.PROPOSED
                and not card.one.waits_for_practice
            ],
            "coming": [
                card for card in cards if card.one.status == MoveStatus.CONFIRMED
            ],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def show_proposal(request: HttpRequest, actor: Actor, move_id: int) -> HttpResponse:
    """Show one household; take yes, or no with a reason."""
    now = timezone.now()
    one = get_proposal(move_id)
    if not can_keep_list(actor, get_service_target(one.to_id)):
        raise UnknownMove(
            _("There is no proposal %(id)s that you may see.") % {"id": move_id}
        )
    answer = request.POST.get("answer", "")
    is_refusing = request.method == "POST" and answer != Answer.YES
    form = RefuseForm(request.POST if is_refusing else None, is_known=one.is_known)
    if request.method == "POST" and (not is_refusing or form.is_valid()):
        try:
            answer_for_practice(
                actor=actor,
                move_id=move_id,
                answer=answer or Answer.NO,
                reason=form.cleaned_data["reason"] if is_refusing else "",
                at=now,
            )
        except InvalidRegistration as error:
            form.refuse(error)
        except NotNow as error:
            messages.warning(request, str(error))
            return redirect("registrations:answer", move_id=move_id)
        else:
            messages.success(request, _say_answered(is_refusing, move_id))
            return redirect("registrations:proposals", service_id=one.to_id)
    members = (
        show_to_practice(
            actor=actor,
            service_id=one.to_id,
            move_ids=[move_id],
            purpose="page.move",
            at=now,
        ).get(move_id, ())
        if one.is_known
        else ()
    )
    return render(
        request,
        "registrations/proposal.html",
        {
            "now": now,
            "practice": get_gp_practice(one.to_id, at=now),
            "card": _cards([one], at=now)[0],
            "members": members,
            "form": form,
            "is_open": one.status == MoveStatus.PROPOSED and now < one.answer_by,
            "is_over": one.status == MoveStatus.PROPOSED and now >= one.answer_by,
            "reason": RefusalReason(one.practice_reason).label
            if one.practice_reason
            else "",
        },
        status=HTTPStatus.UNPROCESSABLE_ENTITY
        if request.method == "POST"
        else HTTPStatus.OK,
    )


def _take(request: HttpRequest, actor: Actor, service_id: int, *, at: datetime) -> None:
    chosen = ticked_ids(request.POST.getlist("move"))
    if not chosen:
        messages.warning(request, _("Choose at least one household first."))
        return
    done = take_several(actor=actor, service_id=service_id, move_ids=chosen, at=at)
    if done.taken:
        messages.success(
            request,
            ngettext(
                "You said yes to %(n)s household. They hear it at once.",
                "You said yes to %(n)s households. They hear it at once.",
                done.taken,
            )
            % {"n": done.taken},
        )
    for why in dict.fromkeys(done.not_taken):
        messages.warning(request, why)


def _say_answered(is_refusing: bool, move_id: int) -> str:
    if is_refusing:
        return _("The household hears your reason, and keeps its place in line.")
    if get_proposal(move_id).status == MoveStatus.EXECUTED:
        return _("They have a place with you. It is on your work list.")
    return _("Thank you. Your yes is kept; the work follows when the round is done.")


def _cards(proposals: Sequence[Proposal], *, at: datetime) -> list[Card]:
    if not proposals:
        return []
    to_id = proposals[0].to_id
    list_now = get_list(to_id, at)
    names = list_gp_practices(
        [one.from_id for one in proposals if one.from_id is not None], at=at
    )
    return [_card(one, names, check_fit(one, list_now)) for one in proposals]


def _card(one: Proposal, names: dict[int, GpPractice], unmet: Sequence[Unmet]) -> Card:
    return Card(
        one=one,
        title=say_household(one.size, one.bands),
        comes_from=names[one.from_id].name
        if one.from_id in names
        else _("no GP in this system"),
        minutes="" if one.km is None else say_minutes(drive_minutes(one.km)),
        load=say_load(one.load),
        unmet=[str(code.label) for code in unmet],
        state=str(one.status.label),
        tone=MOVE_TONES[one.status],
    )
