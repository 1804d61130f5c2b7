"""REST of referrals: a hospital's system asks and follows, a provider's answers.

Only translates: every rule lives in the services, so that a page and a supplier's
system get the same answer. Reading also works with the session of a signed-in person;
writing takes a token (see ``directory.api``). What one may not know of answers 404;
403 is only for what one may know of and not do.

A refusal undoes the whole write (``core.idempotency``), so sending a request is all or
nothing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Body, Query, Router, Status
from pydantic.alias_generators import to_camel

from wijkspil.accounts.requests import get_request_actor, get_writing_actor
from wijkspil.accounts.types import Actor
from wijkspil.core.api import (
    Problem,
    refuse_fields,
    refuse_unknown_parameters,
)
from wijkspil.core.errors import NotFound
from wijkspil.directory.schemas import PageQuery
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.views.pages import reach_of
from wijkspil.referrals.permissions import (
    ANSWER_OFFER,
    FOLLOW_REQUEST,
    GIVE_CARE,
    can_answer_offer,
    check_can_answer_offer,
    check_can_follow_request,
    check_can_see_request,
)
from wijkspil.referrals.schemas import (
    AcceptanceIn,
    AcceptanceOut,
    AskedTeamOut,
    AskedTeamsOut,
    ChangedNeedIn,
    ClientLinkOut,
    CloseIn,
    ContributionCountsOut,
    ContributionOut,
    ContributionQuery,
    DateIn,
    DeclineIn,
    EventOut,
    EventsOut,
    FirstVisitIn,
    HoursIn,
    NeedIn,
    NoteIn,
    ObjectionIn,
    OfferOut,
    OfferQuery,
    OffersOut,
    OwnValueOut,
    PatientOut,
    PauseIn,
    PhoneAgreementIn,
    ProviderOut,
    ReopenIn,
    RequestDetailOut,
    RequestIn,
    RequestOut,
    RequestQuery,
    RequestsOut,
    ResumeIn,
    RoomCheckOut,
    SafetyStopIn,
    SentRequestOut,
    UnmetLineOut,
    UnmetOut,
    UnmetQuery,
)
from wijkspil.referrals.selectors.contribution import (
    MEASURES,
    Contribution,
    compare_own,
    list_contributions,
    relative_loads,
)
from wijkspil.referrals.selectors.inbox import (
    get_question,
    list_questions,
    unknown_offer,
)
from wijkspil.referrals.selectors.listing import (
    get_offer_service_id,
    list_requests_of,
)
from wijkspil.referrals.selectors.requests import (
    find_request,
    get_request,
    team_target,
)
from wijkspil.referrals.selectors.timeline import list_events, list_offers, names_in
from wijkspil.referrals.services.changes import (
    change_asked_care,
    move_first_visit,
    pause_request,
    report_death,
    resume_request,
)
from wijkspil.referrals.services.consent import record_objection
from wijkspil.referrals.services.course import (
    end_care,
    reopen_request,
    set_hours,
    start_care,
    stop_assignment,
)
from wijkspil.referrals.services.disclosure import show_patient
from wijkspil.referrals.services.figures import (
    ask_contribution,
    ask_unmet,
    find_demand,
    name_wijken,
    own_of,
    weeks_until,
)
from wijkspil.referrals.services.links import renew_client_link
from wijkspil.referrals.services.offers import (
    accept_offer,
    decline_offer,
    record_phone_agreement,
)
from wijkspil.referrals.services.requests import check_room
from wijkspil.referrals.services.sending import PhoneAgreement, send_request
from wijkspil.referrals.services.steering import (
    add_note,
    cancel_request,
    move_date,
    withdraw_request,
)
from wijkspil.referrals.types import Requester
from wijkspil.referrals.wording import say_event

if TYPE_CHECKING:
    from wijkspil.referrals.models import ServiceRequest

router = Router(by_alias=True)

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
#: Fields of the services that have another name in a body.
_NAMES = {
    "refused_organizations": "refused_organization_ids",
    "preferred_organization": "preferred_organization_id",
    "requester_kind": "kind",
    "requester_name": "name",
    "requester_phone": "phone",
    "consent": "decision",
    "service_ids": "service_id",
    "organization": "organization_id",
}


def refuse_request(_request: HttpRequest, error: Any) -> HttpResponse:
    """Answer an ``InvalidRequest`` with every field that was refused."""
    return refuse_fields(_request, error, name_of=_name_in_body)


def _name_in_body(name: str) -> str:
    return ".".join(to_camel(_NAMES.get(part, part)) for part in name.split("."))


# --- asking


@router.post(
    "/room-checks",
    response={200: RoomCheckOut, **_REFUSALS},
    summary="Who could take a client: before anything personal is sent",
    tags=["requests"],
)
def write_room_check(request: HttpRequest, body: NeedIn) -> RoomCheckOut:
    """Rank the teams for a need; the check is counted, nobody is asked."""
    return RoomCheckOut.of(
        *check_room(
            actor=get_writing_actor(request), need=body.as_need(), at=timezone.now()
        )
    )


@router.post(
    "/requests",
    response={201: SentRequestOut, **_REFUSALS},
    summary="Send a request for district nursing",
    tags=["requests"],
)
def write_request(request: HttpRequest, body: RequestIn) -> Status[SentRequestOut]:
    """Store need, client and consent, and ask the first team; all or nothing.

    The client's link and code are in this answer only.
    """
    kind = body.requester.kind
    submitted = send_request(
        actor=get_writing_actor(request),
        need=body.need.as_need(),
        requester=Requester(
            kind="" if kind is None else kind.value,
            name=body.requester.name,
            phone=body.requester.phone,
        ),
        patient=body.patient.as_details(),
        consent=body.consent.as_given(),
        at=timezone.now(),
        phone_agreement=None
        if body.phone_agreement is None
        else PhoneAgreement(
            service_id=body.phone_agreement.service_id,
            spoke_with=body.phone_agreement.spoke_with,
        ),
    )
    path = reverse("referrals:client", args=[submitted.link_token])
    return Status(
        201,
        SentRequestOut.sent(
            get_request(submitted.request_id),
            submitted,
            url=request.build_absolute_uri(path),
        ),
    )


# --- following


@router.get(
    "/requests",
    response={200: RequestsOut, **_REFUSALS},
    summary="Requests of your organization: that it sent, or whose client it has",
    tags=["requests"],
)
def read_requests(request: HttpRequest, query: Query[RequestQuery]) -> RequestsOut:
    """Answer newest first, without identity."""
    refuse_unknown_parameters(request, query)
    actor = get_request_actor(request)
    check_can_follow_request(actor)
    care = reach_of(actor, GIVE_CARE)
    rows, total = list_requests_of(
        user_id=actor.user_id,
        requester_ids=reach_of(actor, FOLLOW_REQUEST).organization_ids,
        provider_ids=care.organization_ids,
        service_ids=care.service_ids,
        part=query.part,
        status="" if query.status is None else query.status.value,
        page=query.page,
        page_size=query.page_size,
    )
    return RequestsOut(
        page=query.page,
        page_size=query.page_size,
        total=total,
        items=[RequestOut.of(row) for row in rows],
    )


@router.get(
    "/requests/{number}",
    response={200: RequestDetailOut, **_REFUSALS},
    summary="One request: where it stands and what was asked",
    tags=["requests"],
)
def read_request(request: HttpRequest, number: str) -> RequestDetailOut:
    """Answer who sent it, the team that has the client and the coordinator."""
    return RequestDetailOut.of(_find(get_request_actor(request), number))


@router.get(
    "/requests/{number}/events",
    response={200: EventsOut, **_REFUSALS},
    summary="What happened to a request, newest first",
    tags=["requests"],
)
def read_request_events(
    request: HttpRequest, number: str, query: Query[PageQuery]
) -> EventsOut:
    """Answer with codes and with a sentence in the language of the request."""
    refuse_unknown_parameters(request, query)
    row = _find(get_request_actor(request), number)
    events = list_events(row.pk)
    start = (query.page - 1) * query.page_size
    shown = events[start : start + query.page_size]
    names = names_in(shown)
    return EventsOut(
        page=query.page,
        page_size=query.page_size,
        total=len(events),
        items=[EventOut.of(event, say_event(event, names)) for event in shown],
    )


@router.get(
    "/requests/{number}/offers",
    response={200: AskedTeamsOut, **_REFUSALS},
    summary="Which teams were asked, why, and what they answered",
    tags=["requests"],
)
def read_request_offers(request: HttpRequest, number: str) -> AskedTeamsOut:
    """Answer in the order in which they were asked."""
    row = _find(get_request_actor(request), number)
    return AskedTeamsOut(
        items=[AskedTeamOut.of(offer) for offer in list_offers(row.pk)]
    )


@router.get(
    "/requests/{number}/patient",
    response={200: PatientOut, **_REFUSALS},
    summary="Who the client is; every reading is logged",
    tags=["requests"],
)
def read_patient(
    request: HttpRequest, response: HttpResponse, number: str
) -> PatientOut:
    """Answer the team that accepted, who sent it and the coordinator."""
    actor = get_request_actor(request)
    row = _find(actor, number)
    patient = show_patient(
        actor=actor, request_id=row.pk, purpose="api.patient", at=timezone.now()
    )
    if patient is None:
        raise NotFound(
            _(
                "Nobody is known (any more) for request %(number)s: it was not sent "
                "yet, or its retention period has passed."
            )
            % {"number": row.number}
        )
    response["Cache-Control"] = "no-store"
    return PatientOut.of(patient)


# --- acts on a request


@router.post(
    "/requests/{number}/withdrawal",
    response={200: RequestOut, **_REFUSALS},
    summary="Withdraw a request at the client's wish",
    tags=["requests"],
)
def write_request_withdrawal(
    request: HttpRequest, number: str, body: CloseIn
) -> RequestOut:
    """Stop asking teams, and give reserved room back."""
    return _act(request, number, withdraw_request, reason=body.reason.value)


@router.post(
    "/requests/{number}/cancellation",
    response={200: RequestOut, **_REFUSALS},
    summary="Cancel a request that was sent by mistake or is no longer needed",
    tags=["requests"],
)
def write_request_cancellation(
    request: HttpRequest, number: str, body: CloseIn
) -> RequestOut:
    """Stop asking teams; not once a team has the client."""
    return _act(request, number, cancel_request, reason=body.reason.value)


@router.post(
    "/requests/{number}/reopening",
    response={200: RequestOut, **_REFUSALS},
    summary="Look for a team again; a team that has the client gives it back so",
    tags=["requests"],
)
def write_request_reopening(
    request: HttpRequest, number: str, body: ReopenIn
) -> RequestOut:
    """Hand it to a coordinator and ask the next team at once."""
    return _act(request, number, reopen_request, reason=body.reason.value)


@router.post(
    "/requests/{number}/phone-agreement",
    response={200: RequestOut, **_REFUSALS},
    summary="Record that a team took the client on the phone",
    tags=["requests"],
)
def write_phone_agreement(
    request: HttpRequest, number: str, body: PhoneAgreementIn
) -> RequestOut:
    """Place the client with that team; other teams hear that it is taken."""
    return _act(
        request,
        number,
        record_phone_agreement,
        service_id=body.service_id,
        spoke_with=body.spoke_with,
    )


@router.post(
    "/requests/{number}/first-visit",
    response={200: RequestOut, **_REFUSALS},
    summary="Move the first visit to another day",
    tags=["requests"],
)
def write_first_visit(
    request: HttpRequest, number: str, body: FirstVisitIn
) -> RequestOut:
    """Tell the team, or the teams that have the question; 409 once care has started.

    For who sent it, the coordinator and the team that has the client.
    """
    return _act(
        request,
        number,
        move_first_visit,
        day=body.first_visit_on,
        reason=body.reason.value,
    )


@router.post(
    "/requests/{number}/need",
    response={200: RequestOut, **_REFUSALS},
    summary="Change which care is asked",
    tags=["requests"],
)
def write_changed_need(
    request: HttpRequest, number: str, body: ChangedNeedIn
) -> RequestOut:
    """Ask the teams that fit it now; a team that has the client sets the hours anew.

    For who sent it, the coordinator and the team that has the client.
    """
    return _act(
        request,
        number,
        change_asked_care,
        tasks=[task.value for task in body.tasks],
        parts_of_day=[part.value for part in body.parts_of_day],
        reason=body.reason.value,
    )


@router.post(
    "/requests/{number}/pause",
    response={200: RequestOut, **_REFUSALS},
    summary="Put a request on hold: the client is admitted",
    tags=["requests"],
)
def write_pause(request: HttpRequest, number: str, body: PauseIn) -> RequestOut:
    """Keep the place as long as the region agreed (``roomKeptUntil``), and ask nobody.

    For who sent it, the coordinator and the team that has the client.
    """
    return _act(
        request, number, pause_request, where=body.where.value, home_on=body.home_on
    )


@router.post(
    "/requests/{number}/resume",
    response={200: RequestOut, **_REFUSALS},
    summary="Go on with a request: the client comes home",
    tags=["requests"],
)
def write_resume(request: HttpRequest, number: str, body: ResumeIn) -> RequestOut:
    """Go on with the team that kept the place; without one teams are asked again.

    For who sent it, the coordinator and the team that has the client.
    """
    return _act(request, number, resume_request, first_visit_on=body.first_visit_on)


@router.post(
    "/requests/{number}/death",
    response={200: RequestOut, **_REFUSALS},
    summary="Record that the client has died",
    tags=["requests"],
)
def write_death(request: HttpRequest, number: str) -> RequestOut:
    """Stop everything and remind nobody; recording it twice is harmless.

    For who sent it, the coordinator and the team that has the client.
    """
    return _act(request, number, report_death)


@router.post(
    "/requests/{number}/hours",
    response={200: RequestOut, **_REFUSALS},
    summary="Set the hours after the intake, or at a review",
    tags=["care"],
)
def write_hours(request: HttpRequest, number: str, body: HoursIn) -> RequestOut:
    """Take the nurse's hours and review date; the reserved room follows."""
    return _act(
        request,
        number,
        set_hours,
        hours_per_week=body.hours_per_week,
        hours_expected=body.hours_expected,
        review_on=body.review_on,
    )


@router.post(
    "/requests/{number}/care-start",
    response={200: RequestOut, **_REFUSALS},
    summary="Say that care has started",
    tags=["care"],
)
def write_care_start(request: HttpRequest, number: str) -> RequestOut:
    """Start care after the intake."""
    return _act(request, number, start_care)


@router.post(
    "/requests/{number}/care-end",
    response={200: RequestOut, **_REFUSALS},
    summary="End care, with a reason",
    tags=["care"],
)
def write_care_end(request: HttpRequest, number: str, body: CloseIn) -> RequestOut:
    """End care; the room is given back."""
    return _act(request, number, end_care, reason=body.reason.value)


@router.post(
    "/requests/{number}/safety-stop",
    response={200: RequestOut, **_REFUSALS},
    summary="Stop an assignment that your team cannot carry out safely",
    tags=["care"],
)
def write_safety_stop(
    request: HttpRequest, number: str, body: SafetyStopIn
) -> RequestOut:
    """Give a client that was assigned by agreement back, before care has started."""
    return _act(
        request,
        number,
        stop_assignment,
        ground=body.ground.value,
        explanation=body.explanation,
    )


@router.post(
    "/requests/{number}/objection",
    response={200: RequestOut, **_REFUSALS},
    summary="Record that the client objects to a provider",
    tags=["requests"],
)
def write_objection(request: HttpRequest, number: str, body: ObjectionIn) -> RequestOut:
    """Ask that provider no more; a team of it that has the client loses it at once.

    For who sent it and the coordinator; objecting twice is harmless.
    """
    return _act(
        request,
        number,
        record_objection,
        organization_id=body.organization_id,
        given_by=body.given_by.value,
    )


@router.post(
    "/requests/{number}/date",
    response={200: RequestOut, **_REFUSALS},
    summary="Move the date before which something must happen, with a reason",
    tags=["requests"],
)
def write_date(request: HttpRequest, number: str, body: DateIn) -> RequestOut:
    """Take another date, at most a month ahead, while no team has the client.

    For who sent it and the coordinator.
    """
    return _act(request, number, move_date, due_at=body.due_at, why=body.why)


@router.post(
    "/requests/{number}/notes",
    response={200: RequestOut, **_REFUSALS},
    summary="Add a line to what happened, for colleagues",
    tags=["requests"],
)
def write_note(request: HttpRequest, number: str, body: NoteIn) -> RequestOut:
    """Keep it among the events; for who sent it and the coordinator."""
    actor = get_writing_actor(request)
    row = _find(actor, number)
    add_note(actor=actor, request_id=row.pk, text=body.text, at=timezone.now())
    return RequestOut.of(row)


@router.post(
    "/requests/{number}/client-link",
    response={201: ClientLinkOut, **_REFUSALS},
    summary="Make a new link and code for the client; the old one ends",
    tags=["requests"],
)
def write_client_link(request: HttpRequest, number: str) -> Status[ClientLinkOut]:
    """Answer both, once; for who sent it, the team and the coordinator. Logged."""
    actor = get_writing_actor(request)
    row = _find(actor, number)
    token, code = renew_client_link(actor=actor, request_id=row.pk, at=timezone.now())
    path = reverse("referrals:client", args=[token])
    return Status(201, ClientLinkOut(url=request.build_absolute_uri(path), code=code))


def _find(actor: Actor, number: str) -> "ServiceRequest":
    row = find_request(number)
    check_can_see_request(actor, row, team_target(row))
    return row


def _act(
    request: HttpRequest,
    number: str,
    service: Callable[..., "ServiceRequest"],
    **values: Any,
) -> RequestOut:
    """Let a service act on a request that the actor may know of."""
    actor = get_writing_actor(request)
    row = _find(actor, number)
    done = service(actor=actor, request_id=row.pk, at=timezone.now(), **values)
    return RequestOut.of(done)


# --- offers


@router.get(
    "/offers",
    response={200: OffersOut, **_REFUSALS},
    summary="Questions put to your teams",
    tags=["offers"],
)
def read_offers(request: HttpRequest, query: Query[OfferQuery]) -> OffersOut:
    """Answer with profiles without identity; open questions by deadline."""
    refuse_unknown_parameters(request, query)
    actor = get_request_actor(request)
    check_can_answer_offer(actor)
    reach = reach_of(actor, ANSWER_OFFER)
    if query.service is not None:
        check_can_answer_offer(actor, get_service_target(query.service))
    questions, total = list_questions(
        service_ids=reach.service_ids if query.service is None else [query.service],
        organization_ids=reach.organization_ids if query.service is None else [],
        status=query.status.value,
        at=timezone.now(),
        page=query.page,
        page_size=query.page_size,
    )
    return OffersOut(
        page=query.page,
        page_size=query.page_size,
        total=total,
        items=[OfferOut.of(question) for question in questions],
    )


@router.get(
    "/offers/{offer_id}",
    response={200: OfferOut, **_REFUSALS},
    summary="One question to one of your teams",
    tags=["offers"],
)
def read_offer(request: HttpRequest, offer_id: int) -> OfferOut:
    """Answer with a profile without identity, also after accepting."""
    _check_own_offer(get_request_actor(request), offer_id)
    return _offer(offer_id, at=timezone.now())


@router.post(
    "/offers/{offer_id}/acceptance",
    response={201: AcceptanceOut, **_REFUSALS},
    summary="Take the client; the first team to say yes has it",
    tags=["offers"],
)
def write_acceptance(
    request: HttpRequest,
    offer_id: int,
    body: Body[AcceptanceIn | None] = None,
) -> Status[AcceptanceOut]:
    """Reserve room and answer who the client is, which is logged.

    409 ``already-taken``: another team was first. 409 ``no-room-left``: send
    ``overCapacity`` to take the client all the same.
    """
    actor, now = get_writing_actor(request), timezone.now()
    _check_own_offer(actor, offer_id)
    done = accept_offer(
        actor=actor,
        offer_id=offer_id,
        at=now,
        over_capacity=body is not None and body.over_capacity,
    )
    patient = show_patient(
        actor=actor, request_id=done.pk, purpose="api.acceptance", at=now
    )
    return Status(
        201,
        AcceptanceOut(
            offer_id=offer_id,
            request=RequestDetailOut.of(get_request(done.pk)),
            patient=None if patient is None else PatientOut.of(patient),
        ),
    )


@router.post(
    "/offers/{offer_id}/decline",
    response={200: OfferOut, **_REFUSALS},
    summary="Say no, with a reason; the next team is asked",
    tags=["offers"],
)
def write_decline(request: HttpRequest, offer_id: int, body: DeclineIn) -> OfferOut:
    """Answer with the question as it stands; declining twice is harmless."""
    actor, now = get_writing_actor(request), timezone.now()
    _check_own_offer(actor, offer_id)
    decline_offer(
        actor=actor,
        offer_id=offer_id,
        reason=body.reason.value,
        note=body.note,
        room_again_on=body.room_again_on,
        correction=None if body.room is None else body.room.as_correction(),
        at=now,
    )
    return _offer(offer_id, at=now)


def _check_own_offer(actor: Actor, offer_id: int) -> None:
    """Raise UnknownOffer unless it was put to a team of the actor."""
    target = get_service_target(get_offer_service_id(offer_id))
    if not can_answer_offer(actor, target):
        raise unknown_offer(offer_id)


def _offer(offer_id: int, *, at: datetime) -> OfferOut:
    return OfferOut.of(get_question(offer_id, at=at))


# --- figures of a region


@router.get(
    "/regions/{region_id}/contribution",
    response={200: ContributionOut, **_REFUSALS},
    summary="The own share of the work; all providers for who may compare them",
    tags=["figures"],
)
def read_contribution(
    request: HttpRequest, region_id: int, query: Query[ContributionQuery]
) -> ContributionOut:
    """Answer the same as the page Fair share: never another provider by name."""
    refuse_unknown_parameters(request, query)
    asked = ask_contribution(
        get_request_actor(request),
        region_id=region_id,
        weeks=query.weeks,
        organization_id=query.organization,
    )
    at = timezone.now()
    period = weeks_until(at, asked.weeks)
    everyone = list_contributions(region_id, period)
    own = own_of(asked, everyone)
    relative = relative_loads(everyone)
    return ContributionOut(
        region_id=region_id,
        period=f"{period.start.isoformat()}/{period.end.isoformat()}",
        counted_at=at,
        own=None if own is None else ContributionCountsOut(**_counts(own)),
        measures={}
        if own is None
        else {
            measure: OwnValueOut(
                own=MEASURES[measure](own),
                providers=spread.n,
                median=spread.median,
                lower_quartile=spread.quartiles[0] if spread.quartiles else None,
                upper_quartile=spread.quartiles[1] if spread.quartiles else None,
                others=list(spread.others),
            )
            for measure, spread in compare_own(own, everyone).items()
        },
        providers=[
            ProviderOut(
                organization_id=one.organization_id,
                name=one.name,
                relative_load=relative.get(one.organization_id),
                values={measure: value(one) for measure, value in MEASURES.items()},
                **_counts(one),
            )
            for one in everyone
        ]
        if own is None
        else [],
    )


@router.get(
    "/regions/{region_id}/unmet-demand",
    response={200: UnmetOut, **_REFUSALS},
    summary="Demand that was not met, per wijk, task, part of day and kind",
    tags=["figures"],
)
def read_unmet_demand(
    request: HttpRequest, region_id: int, query: Query[UnmetQuery]
) -> UnmetOut:
    """Answer what may be told; fewer than 5 is not, nor what gives that away."""
    refuse_unknown_parameters(request, query)
    asked = ask_unmet(
        get_request_actor(request), region_id=region_id, weeks=query.weeks
    )
    at = timezone.now()
    demand = find_demand(asked, at=at)
    names = name_wijken(demand)
    start, end = demand.period.start, demand.period.end
    return UnmetOut(
        region_id=region_id,
        period=f"{start.isoformat()}/{end.isoformat()}",
        counted_at=at,
        total=demand.kinds.total,
        by_kind=[
            UnmetLineOut(kind=key, number=demand.kinds.shown.get(key))
            for key in sorted(demand.kinds.keys)
        ],
        by_task=[
            UnmetLineOut(task=key, number=demand.tasks.shown.get(key))
            for key in sorted(demand.tasks.keys)
        ],
        by_part_of_day=[
            UnmetLineOut(part_of_day=key, number=demand.parts.shown.get(key))
            for key in sorted(demand.parts.keys)
        ],
        by_week=[
            UnmetLineOut(week_from=key, number=demand.weeks.shown.get(key))
            for key in sorted(demand.weeks.keys)
        ],
        by_wijk_and_kind=[
            UnmetLineOut(
                wijk_id=wijk_id,
                wijk=names.get(wijk_id, ""),
                kind=kind,
                number=line.shown.get(wijk_id),
            )
            for kind, line in demand.wijken.items()
            for wijk_id in names
            if wijk_id in line.keys
        ],
        cells=[
            UnmetLineOut(
                wijk_id=wijk_id,
                wijk=names.get(wijk_id, ""),
                kind=kind,
                task=task,
                part_of_day=part,
                number=number,
            )
            for (wijk_id, kind, task, part), number in demand.cells.items()
        ],
    )


def _counts(one: Contribution) -> dict[str, Any]:
    return {
        "questions": one.asked,
        "accepted": one.accepted,
        "declined": one.declined,
        "no_answer": one.expired,
        "against_own_room": one.against_own_room,
        "decline_reasons": dict(one.reasons or {}),
        "clients": one.clients,
        "places": one.free_places,
    }
