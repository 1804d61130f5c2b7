"""What a coordinator does by hand from the desk: a note, a call, a team of choice.

Each comes back to the list as it was filtered; a mistake is shown on a page of its own.
"""

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import Conflict, InvalidValue
from wijkspil.directory.selectors.care_teams import (
    get_service_names,
    list_services_by_organization,
)
from wijkspil.directory.selectors.wijken import list_home_care_of_region
from wijkspil.directory.types import Care
from wijkspil.directory.views.pages import professional_page
from wijkspil.referrals.forms.desk import CallForm, PlacementForm
from wijkspil.referrals.selectors.worklist import list_offers
from wijkspil.referrals.services.desk import (
    PlacementWay,
    place_by_hand,
    record_call,
)
from wijkspil.referrals.services.steering import add_note
from wijkspil.referrals.types import CallOutcome, OfferStatus
from wijkspil.referrals.views.desk import (
    back_to_desk,
    describe_teams,
    find_own_request,
)
from wijkspil.referrals.wording import say_condition, say_tasks

if TYPE_CHECKING:
    from wijkspil.referrals.models import ServiceRequest

_OBJECTED = "objected"
#: What a page keeps of how the list was filtered, to go back to it.
KEPT = ("toon", "van", "regio", "wijk", "snel", "pagina", "terug")


@require_POST
@professional_page
def note(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Put a line for colleagues on the timeline."""
    found = find_own_request(actor, number)
    try:
        add_note(
            actor=actor,
            request_id=found.pk,
            text=request.POST.get("text", ""),
            at=timezone.now(),
        )
    except InvalidValue as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Your note is on the timeline."))
    return back_to_desk(request, found.number)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def call(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Keep what came of a call; a yes is asked once more, with what follows."""
    found = find_own_request(actor, number)
    at = timezone.now()
    sent = request.POST if request.method == "POST" else None
    teams = _region_teams(found, at=at)
    form = CallForm(sent, teams=[(pk, name) for pk, name, _why in teams])
    status = HTTPStatus.OK
    is_asking = False
    if sent is not None:
        is_yes = sent.get("outcome") == CallOutcome.SAYS_YES
        if form.is_valid() and is_yes and not form.cleaned_data["is_sure"]:
            is_asking = True
            data = sent.copy()
            data["is_sure"] = "on"
            form = CallForm(data, teams=[(pk, name) for pk, name, _why in teams])
        elif form.is_valid():
            done = _record(request, actor, found, form, at=at)
            if done:
                return back_to_desk(request, found.number)
        status = HTTPStatus.OK if is_asking else HTTPStatus.UNPROCESSABLE_ENTITY
    follows = [
        _("The team sees who the client is, and its room is reserved."),
        _("Other teams that have the question hear that it is no longer needed."),
    ]
    return render(
        request,
        "referrals/desk_call.html",
        {
            "form": form,
            "is_asking": is_asking,
            "follows": follows,
            **_page(request, found),
        },
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def place(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Choose any team of the region, with the reason that stays on the timeline."""
    found = find_own_request(actor, number)
    at = timezone.now()
    sent = request.POST if request.method == "POST" else None
    search = " ".join(request.GET.get("zoek", "").replace("\0", "").split())[:80]
    teams = _region_teams(found, at=at)
    shown = [
        team for team in teams if search.casefold() in f"{team[1]} {team[2]}".casefold()
    ]
    choices = [(pk, name) for pk, name, _why in (teams if sent else shown)]
    form = PlacementForm(sent, teams=choices)
    status = HTTPStatus.OK
    if sent is not None:
        if form.is_valid():
            data = form.cleaned_data
            try:
                place_by_hand(
                    actor=actor,
                    request_id=found.pk,
                    service_id=data["service_id"],
                    way=data["way"],
                    reason=data["reason"],
                    why=data["why"],
                    at=at,
                )
            except InvalidValue as error:
                form.refuse(error)
            except Conflict as error:
                messages.warning(request, str(error))
                return back_to_desk(request, found.number)
            else:
                messages.success(request, _say_placed(found.number, data["way"]))
                return back_to_desk(request, found.number)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "referrals/desk_place.html",
        {
            "form": form,
            "hints": {str(pk): why for pk, _name, why in teams},
            "search": search,
            "n_teams": len(teams),
            "objected": _objected(found),
            **_page(request, found),
        },
        status=status,
    )


def _record(
    request: HttpRequest,
    actor: Actor,
    found: "ServiceRequest",
    form: CallForm,
    *,
    at: datetime,
) -> bool:
    """Keep the call; return False when the form must be shown again."""
    data = form.cleaned_data
    try:
        record_call(
            actor=actor,
            request_id=found.pk,
            service_id=data["service_id"],
            outcome=data["outcome"],
            spoke_with=data["spoke_with"],
            reason=data["reason"],
            call_back_at=data["call_back_at"],
            at=at,
        )
    except InvalidValue as error:
        form.refuse(error)
        return False
    except Conflict as error:
        messages.warning(request, str(error))
        return True
    said = {
        CallOutcome.NO_ANSWER: _("The call is on the timeline: no answer."),
        CallOutcome.CALL_BACK: _(
            "The request has the moment to call back as its date."
        ),
        CallOutcome.SAYS_NO: _("The no is recorded; this team is not proposed again."),
        CallOutcome.SAYS_YES: _(
            "It is recorded: the team takes the client, and sees who it is."
        ),
    }
    messages.success(request, said[CallOutcome(data["outcome"])])
    return True


def _say_placed(number: str, way: str) -> str:
    if way == PlacementWay.ASK:
        return _("The team you chose has the question about %(number)s.") % {
            "number": number
        }
    return _("%(number)s is placed with the team you chose.") % {"number": number}


def _region_teams(
    found: "ServiceRequest", *, at: datetime
) -> list[tuple[int, str, str]]:
    """Return (service id, name, what must be known) of all who may be chosen.

    Best first, then who cannot by what is known, with why, then the other teams of the
    region; never who the client objects to.
    """
    described = describe_teams(found, at=at)
    teams = [(team["id"], team["name"], team["note"]) for team in described["teams"]]
    teams += [
        (
            team.service_id,
            team.name,
            _("By what is known it cannot: %(why)s.")
            % {"why": ", ".join(map(say_condition, team.conditions))},
        )
        for team in described["ranked"].excluded
        if _OBJECTED not in team.conditions
    ]
    offers = list_offers(found.pk)
    providers = set(list_home_care_of_region(found.region_id, at=at))
    providers -= set(found.refused_organizations)
    nursing = list_services_by_organization(providers, care=Care.DISTRICT_NURSING)
    names = get_service_names({*nursing, *(offer.service_id for offer in offers)})
    answered = {offer.service_id: OfferStatus(offer.status).label for offer in offers}
    teams += [
        (
            pk,
            name,
            _("Asked before: %(answer)s") % {"answer": str(answered[pk]).lower()}
            if pk in answered
            else _("%(provider)s; not a team of this neighborhood")
            % {"provider": provider},
        )
        for pk, (name, provider, provider_id) in sorted(
            names.items(), key=lambda one: one[1][0]
        )
        if provider_id not in found.refused_organizations
    ]
    unique: dict[int, tuple[int, str, str]] = {}
    for team in teams:
        unique.setdefault(team[0], team)
    return list(unique.values())


def _objected(found: "ServiceRequest") -> bool:
    return bool(found.refused_organizations)


def _page(request: HttpRequest, found: "ServiceRequest") -> dict[str, Any]:
    sent = request.POST if request.method == "POST" else request.GET
    return {
        "number": found.number,
        "tasks": say_tasks(found.tasks),
        "kept": [(name, sent[name]) for name in KEPT if sent.get(name)],
        "back_url": reverse("referrals:desk-request", args=[found.number]),
    }
