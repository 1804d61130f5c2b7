"""Who looks for a bed: one label, a few questions, what fits, and two taps.

The first page is public: somebody of the family reads there whom to call. Nothing that
says who the client is, is asked before a bed is held.
"""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.types import Actor
from wijkspil.core.errors import WijkspilError
from wijkspil.directory.errors import UnknownPostcode
from wijkspil.directory.selectors.listing import get_listed_service
from wijkspil.directory.types import Audience, ContactSystem
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.stays.catalogue import load_catalogue
from wijkspil.stays.errors import BedTaken, InvalidStay, NoBasis, NotNow
from wijkspil.stays.forms.asking import (
    AskForm,
    CancelForm,
    ConfirmForm,
    NoteForm,
    initial_arrival,
)
from wijkspil.stays.permissions import (
    FOLLOW_STAY,
    can_coordinate_stays,
    can_report_beds,
    can_request_stay,
    can_see_stay_patient,
    can_steer_stay,
    check_can_request_stay,
    check_can_see_stay,
    check_can_steer_stay,
    region_target,
)
from wijkspil.stays.policies import can, suggest
from wijkspil.stays.selectors.beds import FreeBeds
from wijkspil.stays.selectors.stays import (
    find_live_claim,
    find_seen_claim,
    find_stay,
    has_patient,
    list_consents,
    list_events,
    list_stays_of,
    provider_target,
)
from wijkspil.stays.services.asking import (
    NO_BED,
    ask_coordinator,
    claim_bed,
    list_beds_for,
    look_for_beds,
    start_stay,
)
from wijkspil.stays.services.course import (
    add_note,
    cancel_stay,
    confirm_claim,
    give_back,
    take_over,
)
from wijkspil.stays.services.disclosure import show_stay_patient
from wijkspil.stays.types import Advice, ClaimStatus, OwnerKind, StayKind, StayStatus
from wijkspil.stays.views.pages import make_chips, say_promises
from wijkspil.stays.wording import (
    CLAIM_TONES,
    say_close_reason,
    say_event,
    say_features,
    say_km,
    say_misfit_list,
    say_standing,
)

#: Beds shown at once; the rest is behind "more".
MOST_SHOWN = 8
_FOR_COLLEAGUES = (Audience.PROFESSIONAL, Audience.REFERRER, Audience.RESIDENT)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Explain a temporary stay; who may ask for one gets the questions as well."""
    actor = get_request_actor(request)
    may_ask = actor.user_id is not None and can_request_stay(actor)
    if not may_ask:
        if request.method == "POST":
            check_can_request_stay(actor)
        return _explain(request, actor)
    now = timezone.now()
    if request.method != "POST":
        form = AskForm(
            initial={
                "needed_on": timezone.localdate(now),
                "requester_name": actor.label,
                "gender": "any",
                "postcode": request.GET.get("postcode", "")[:10],
            }
        )
        return _ask_page(request, actor, form, status=HTTPStatus.OK)
    form = AskForm(request.POST)
    if form.is_valid():
        try:
            answer = _start_or_advise(request, actor, form, at=now)
        except InvalidStay as error:
            form.refuse(error)
        except UnknownPostcode as error:
            form.add_error("postcode", str(error))
        except WijkspilError as error:
            field = error.field if error.field in form.fields else None
            form.add_error(field, str(error))
        else:
            return answer
    return _ask_page(request, actor, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _start_or_advise(
    request: HttpRequest, actor: Actor, form: AskForm, *, at: datetime
) -> HttpResponse:
    need = form.need()
    suggestion = suggest(need.answers)
    despite_home = request.POST.get("despite_home") == "yes"
    is_advice = suggestion.kind in NO_BED or (
        suggestion.kind == Advice.HOME and not despite_home
    )
    if is_advice:
        look_for_beds(actor=actor, need=need, at=at)
        return render(
            request,
            "stays/advice.html",
            {
                "now": at,
                "suggestion": suggestion,
                "is_emergency": suggestion.kind == Advice.CALL_112,
                "can_go_on": suggestion.kind == Advice.HOME,
                "kept": [
                    (name, value)
                    for name, values in request.POST.lists()
                    if name in form.fields
                    for value in values
                ],
            },
        )
    stay = start_stay(
        actor=actor,
        need=need,
        requester=form.requester(),
        at=at,
        despite_home=despite_home,
    )
    return redirect("stays:stay", number=stay.number)


@require_safe
@professional_page
def list_own(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List what the reader's organization asked for, with who has it now."""
    check_can_request_stay(actor)
    rows = list_stays_of(
        user_id=actor.user_id,
        organization_ids=reach_of(actor, FOLLOW_STAY).organization_ids,
    )
    return render(
        request,
        "stays/own.html",
        {"now": timezone.now(), "chips": make_chips(actor, "stays:own"), "rows": rows},
    )


@require_safe
@never_cache
@professional_page
def show_stay(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show one stay: what fits, who decides, which beds, and what happened."""
    return _stay_page(request, actor, number)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def claim(
    request: HttpRequest, actor: Actor, number: str, service_id: int, kind: str
) -> HttpResponse:
    """Ask once whether this bed is to be taken; then take it."""
    now = timezone.now()
    stay = find_stay(number)
    check_can_see_stay(actor, stay, None)
    check_can_steer_stay(actor, stay)
    if request.method == "POST":
        try:
            claim_bed(
                actor=actor, stay_id=stay.pk, service_id=service_id, kind=kind, at=now
            )
        except (BedTaken, NotNow, InvalidStay) as error:
            messages.warning(request, str(error))
            return redirect("stays:stay", number=stay.number)
        return redirect("stays:confirm", number=stay.number)
    beds = [
        one
        for one in list_beds_for(stay, at=now)
        if (one.service_id, one.kind) == (service_id, kind)
    ]
    if not beds:
        messages.warning(request, _("This bed is no longer free. Choose another one."))
        return redirect("stays:stay", number=stay.number)
    return render(
        request,
        "stays/claim.html",
        {"now": now, "stay": stay, "card": _card(beds[0], stay, at=now)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@professional_page
def confirm(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Say when the client comes and who it is, on a recorded ground."""
    now = timezone.now()
    stay = find_stay(number)
    check_can_see_stay(actor, stay, None)
    check_can_steer_stay(actor, stay)
    held = find_live_claim(stay)
    if held is None or held.status != ClaimStatus.HELD:
        return redirect("stays:stay", number=stay.number)
    is_known = has_patient(stay)
    if request.method == "POST":
        form = ConfirmForm(request.POST, is_known=is_known)
        if form.is_valid():
            try:
                confirm_claim(
                    actor=actor,
                    stay_id=stay.pk,
                    arrives_at=form.arrives_at,
                    planned_end=form.cleaned_data["planned_end"],
                    patient=form.patient(),
                    consent=form.consent(),
                    at=now,
                )
            except InvalidStay as error:
                form.refuse(error)
            except NoBasis as error:
                form.add_error("decision", str(error))
            except NotNow as error:
                messages.warning(request, str(error))
                return redirect("stays:stay", number=stay.number)
            else:
                messages.success(
                    request, _("Confirmed. The provider knows that the client comes.")
                )
                return redirect("stays:stay", number=stay.number)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        form = ConfirmForm(
            initial=initial_arrival(now, stay.needed_on), is_known=is_known
        )
        status = HTTPStatus.OK
    return render(
        request,
        "stays/confirm.html",
        {"now": now, "stay": stay, "claim": held, "form": form, "is_known": is_known},
        status=status,
    )


@require_POST
@professional_page
def act(request: HttpRequest, actor: Actor, number: str, act: str) -> HttpResponse:
    """Give a bed back, hand to the coordinator, or take over: one press."""
    now = timezone.now()
    stay = find_stay(number)
    check_can_see_stay(actor, stay, None)
    acts = {
        "give-back": (give_back, _("The bed is given back. You can take another.")),
        "coordinator": (
            ask_coordinator,
            _("The coordinator of the region looks along and has it in hand."),
        ),
        "take-over": (take_over, _("You have this stay in hand now.")),
    }
    do, said = acts[act]
    try:
        do(actor=actor, stay_id=stay.pk, at=now)
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, said)
    return redirect("stays:stay", number=stay.number)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def cancel(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Close a stay with a reason; a bed that was taken goes back."""
    now = timezone.now()
    stay = find_stay(number)
    check_can_see_stay(actor, stay, None)
    check_can_steer_stay(actor, stay)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cancel_stay(
                actor=actor,
                stay_id=stay.pk,
                reason=form.cleaned_data["reason"],
                at=now,
            )
        except NotNow as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("Closed. A bed that was taken is free again."))
        return redirect("stays:stay", number=stay.number)
    return render(
        request,
        "stays/act.html",
        {
            "now": now,
            "stay": stay,
            "form": form,
            "title": _("No bed needed any more"),
            "lead": _("A bed that was taken is free again at once."),
            "button_words": _("Close this stay"),
        },
        status=_status_of(request),
    )


@require_POST
@professional_page
def note(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Write down what was said, for who has it next."""
    stay = find_stay(number)
    check_can_see_stay(actor, stay, None)
    form = NoteForm(request.POST)
    if form.is_valid():
        add_note(
            actor=actor,
            stay_id=stay.pk,
            text=form.cleaned_data["text"],
            at=timezone.now(),
        )
        messages.success(request, _("Written down."))
    else:
        messages.warning(request, _("Write 1 to 300 characters."))
    return redirect("stays:stay", number=stay.number)


@require_POST
@never_cache
@professional_page
def show_patient(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show who the client is, once, and write down who looked."""
    return _stay_page(request, actor, number, shows_patient=True)


def _status_of(request: HttpRequest) -> int:
    if request.method == "POST":
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.OK


def _explain(request: HttpRequest, actor: Actor) -> HttpResponse:
    catalogue = load_catalogue()
    return render(
        request,
        "stays/explain.html",
        {
            "now": timezone.now(),
            "chips": make_chips(actor, "stays:start"),
            "kinds": [
                (StayKind(code).label, outcome.what, outcome.decider.label)
                for code, outcome in catalogue.outcomes.items()
                if code in StayKind.values
            ],
        },
    )


def _ask_page(
    request: HttpRequest, actor: Actor, form: AskForm, *, status: int
) -> HttpResponse:
    now = timezone.now()
    return render(
        request,
        "stays/ask.html",
        {
            "now": now,
            "form": form,
            "chips": make_chips(actor, "stays:start"),
            "folded_open": bool(
                form["needs"].errors or form["gender"].errors or form["note"].errors
            ),
        },
        status=status,
    )


def _stay_page(
    request: HttpRequest, actor: Actor, number: str, *, shows_patient: bool = False
) -> HttpResponse:
    now = timezone.now()
    stay = find_stay(number)
    seen = find_seen_claim(stay)
    target = provider_target(seen)
    check_can_see_stay(actor, stay, target)
    may_steer = can_steer_stay(actor, stay)
    is_provider = target is not None and can_report_beds(actor, target)
    may_see = can_see_stay_patient(actor, stay, seen, target)
    patient = None
    if shows_patient:
        patient = show_stay_patient(
            actor=actor, stay_id=stay.pk, purpose="page.stay", at=now
        )
    cards: Sequence[dict[str, Any]] = ()
    if stay.status == StayStatus.OPEN and may_steer:
        cards = [_card(one, stay, at=now) for one in list_beds_for(stay, at=now)]
    live = seen if stay.status == StayStatus.PLACED else None
    return render(
        request,
        "stays/stay.html",
        {
            "now": now,
            "stay": stay,
            "suggestion": suggest(stay.answers) if stay.answers else None,
            "alternatives": _alternatives(stay.answers),
            "standing": say_standing(stay, live),
            "tone": CLAIM_TONES[ClaimStatus(live.status)] if live else "limited",
            "claim": seen,
            "claim_phone": _phone_of(seen.service_id, at=now) if seen else "",
            "is_late": stay.due_at is not None and stay.due_at <= now,
            "closed_because": say_close_reason(stay),
            "needs": say_features(stay.needs, stay.gender) if stay.needs else "",
            "fitting": [card for card in cards if card["beds"].fits][:MOST_SHOWN],
            "not_fitting": [c for c in cards if not c["beds"].fits][:MOST_SHOWN],
            "promises": say_promises(stay.region_id, at=now) if may_steer else "",
            "events": [(one, say_event(one)) for one in list_events(stay)],
            "consents": list_consents(stay) if may_steer else (),
            "patient": patient,
            "shows_patient": shows_patient,
            "may_see_patient": may_see and has_patient(stay),
            "may_steer": may_steer,
            "may_take_over": can_coordinate_stays(actor, region_target(stay))
            and not (
                stay.owner_kind == OwnerKind.COORDINATOR
                and stay.owner_id == actor.user_id
            )
            and stay.due_at is not None,
            "is_provider": is_provider and live is not None,
            "can_confirm": may_steer and live and can("confirm", live.status),
            "can_give_back": may_steer and live and can("give back", live.status),
            "can_arrive": is_provider and live and can("arrive", live.status),
            "can_break": is_provider and live and can("cannot deliver", live.status),
            "can_end": is_provider and live and can("end", live.status),
            "is_open": stay.status == StayStatus.OPEN,
            "is_held": bool(live and live.status == ClaimStatus.HELD),
            "is_there": bool(live and live.status == ClaimStatus.ARRIVED),
            "is_closed": stay.due_at is None,
            "is_with_coordinator": stay.owner_kind == OwnerKind.COORDINATOR,
            "note_form": NoteForm(),
            "back_url": reverse("stays:own" if may_steer else "stays:beds"),
        },
    )


def _alternatives(answers: dict[str, str]) -> list[str]:
    if not answers:
        return []
    return [str(StayKind(kind).label) for kind in suggest(answers).alternatives]


def _card(beds: FreeBeds, stay: Any, *, at: datetime) -> dict[str, Any]:
    return {
        "beds": beds,
        "distance": say_km(beds.km),
        "features": say_features(beds.features, beds.gender),
        "lacks": say_misfit_list(beds.misfits),
        "url": reverse("stays:claim", args=[stay.number, beds.service_id, beds.kind]),
        "phone": "",
    }


def _phone_of(service_id: int, *, at: datetime) -> str:
    try:
        service = get_listed_service(service_id, at=at, audiences=_FOR_COLLEAGUES)
    except WijkspilError:
        return ""
    phones = [c for c in service.contacts if c.system == ContactSystem.PHONE]
    phones.sort(key=lambda c: _FOR_COLLEAGUES.index(Audience(c.audience)))
    return phones[0].value if phones else ""
