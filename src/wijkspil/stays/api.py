"""REST of temporary stay: beds from providers' systems, stays from referrers'.

Only translates: every rule lives in the services, so that a page and a supplier's
system get the same answer. What one may not know of answers 404.
"""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from wijkspil.accounts.requests import get_request_actor, get_writing_actor
from wijkspil.accounts.types import Actor
from wijkspil.core.api import Problem, refuse_unknown_parameters
from wijkspil.core.errors import NotFound
from wijkspil.directory.selectors.care_teams import get_care_place
from wijkspil.stays.catalogue import load_catalogue
from wijkspil.stays.permissions import (
    check_can_request_stay,
    check_can_see_stay,
    check_can_view_beds,
)
from wijkspil.stays.policies import suggest
from wijkspil.stays.schemas import (
    BedReportIn,
    BedReportOut,
    BedsListOut,
    BedsOut,
    BedsQuery,
    CancelStayIn,
    ClaimIn,
    ConfirmIn,
    EndIn,
    NotDeliveredIn,
    PlannedEndIn,
    QuestionOut,
    QuestionsOut,
    StartedStayOut,
    StayIn,
    StayOut,
    StayPatientOut,
)
from wijkspil.stays.selectors.beds import list_beds_near
from wijkspil.stays.selectors.stays import (
    find_last_claim,
    find_seen_claim,
    find_stay,
    get_stay,
    provider_target,
)
from wijkspil.stays.services.asking import claim_bed, list_beds_for, start_stay
from wijkspil.stays.services.beds import report_beds
from wijkspil.stays.services.course import (
    cancel_stay,
    change_planned_end,
    confirm_claim,
    end_stay,
    give_back,
    record_arrival,
    report_not_delivered,
)
from wijkspil.stays.services.disclosure import show_stay_patient
from wijkspil.stays.types import BedSource, StayKind

if TYPE_CHECKING:
    from wijkspil.stays.models import StayRequest

router = Router(by_alias=True, tags=["temporary stay"])

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


# --- beds


@router.get(
    "/beds",
    response={200: BedsListOut, **_REFUSALS},
    summary="Free beds for a temporary stay around a postcode",
)
def read_beds(request: HttpRequest, query: Query[BedsQuery]) -> BedsListOut:
    """Answer what can be claimed now, what fits and is near first."""
    refuse_unknown_parameters(request, query)
    check_can_view_beds(get_request_actor(request))
    beds = list_beds_near(
        get_care_place(query.postcode),
        kinds=query.kind or StayKind.values,
        needs=query.need,
        gender=query.gender,
        at=timezone.now(),
    )
    start = (query.page - 1) * query.page_size
    return BedsListOut(
        page=query.page,
        page_size=query.page_size,
        total=len(beds),
        items=[BedsOut.of(one) for one in beds[start : start + query.page_size]],
    )


@router.put(
    "/services/{service_id}/beds/{kind}",
    response={200: BedReportOut, **_REFUSALS},
    summary="Promise free beds of one kind; what is free may be claimed",
)
def write_beds(
    request: HttpRequest, service_id: int, kind: StayKind, body: BedReportIn
) -> BedReportOut:
    """Store a promise; beds that are claimed already are not free."""
    return BedReportOut.of(
        report_beds(
            actor=get_writing_actor(request),
            service_id=service_id,
            kind=kind.value,
            beds=body.as_beds(),
            at=timezone.now(),
            source=BedSource.SYSTEM,
        )
    )


# --- stays


@router.get(
    "/stay-questions",
    response={200: QuestionsOut, **_REFUSALS},
    summary="The questions that lead to a suggestion",
)
def read_stay_questions(request: HttpRequest) -> QuestionsOut:
    """Answer the questions with their answers, in the language of the request."""
    check_can_view_beds(get_request_actor(request))
    catalogue = load_catalogue()
    return QuestionsOut(
        version=catalogue.version,
        items=[
            QuestionOut(
                code=question.code,
                text=str(question.text),
                answers={code: str(text) for code, text in question.answers.items()},
            )
            for question in catalogue.questions.values()
        ],
    )


@router.post(
    "/stays",
    response={201: StartedStayOut, **_REFUSALS},
    summary="Ask for a temporary stay",
)
def write_stay(request: HttpRequest, body: StayIn) -> Status[StartedStayOut]:
    """Answer what fits, who decides and which beds are free; 409 if no stay fits."""
    actor, now = get_writing_actor(request), timezone.now()
    check_can_request_stay(actor)
    stay = start_stay(
        actor=actor,
        need=body.as_need(),
        requester=body.requester.as_requester(),
        at=now,
        despite_home=body.despite_home,
    )
    beds = list_beds_for(stay, at=now)
    return Status(201, StartedStayOut.started(stay, suggest(stay.answers), beds))


@router.get(
    "/stays/{number}",
    response={200: StayOut, **_REFUSALS},
    summary="One stay: where it stands and who has it in hand",
)
def read_stay(request: HttpRequest, number: str) -> StayOut:
    """Answer who asked, the provider of the bed and the coordinator."""
    return _answer(_find(get_request_actor(request), number))


@router.get(
    "/stays/{number}/patient",
    response={200: StayPatientOut, **_REFUSALS},
    summary="Who comes to a confirmed bed; logged",
)
def read_stay_patient(request: HttpRequest, number: str) -> StayPatientOut:
    """Answer who asked and the provider of the confirmed bed."""
    actor = get_request_actor(request)
    stay = _find(actor, number)
    patient = show_stay_patient(
        actor=actor, stay_id=stay.pk, purpose="api.stay-patient", at=timezone.now()
    )
    if patient is None:
        raise NotFound(_("Who the client is, was not filled in yet or was removed."))
    return StayPatientOut.of(patient)


@router.post(
    "/stays/{number}/claim",
    response={201: StayOut, **_REFUSALS},
    summary="Take a free bed: binding, and to be confirmed in time",
)
def write_claim(request: HttpRequest, number: str, body: ClaimIn) -> Status[StayOut]:
    """Hold the bed until the moment in the answer; 409 if somebody was first."""
    actor = get_writing_actor(request)
    stay = _find(actor, number)
    claim_bed(
        actor=actor,
        stay_id=stay.pk,
        service_id=body.service_id,
        kind=body.kind.value,
        at=timezone.now(),
    )
    return Status(201, _answer(stay))


@router.post(
    "/stays/{number}/confirm",
    response={200: StayOut, **_REFUSALS},
    summary="Confirm when the client comes, and who it is",
)
def write_confirmation(request: HttpRequest, number: str, body: ConfirmIn) -> StayOut:
    """Give who it is to the provider of this bed only."""
    actor = get_writing_actor(request)
    stay = _find(actor, number)
    confirm_claim(
        actor=actor,
        stay_id=stay.pk,
        arrives_at=body.arrives_at,
        planned_end=body.planned_end,
        patient=None if body.patient is None else body.patient.as_details(),
        consent=body.as_consent(),
        at=timezone.now(),
    )
    return _answer(stay)


@router.post(
    "/stays/{number}/give-back",
    response={200: StayOut, **_REFUSALS},
    summary="Give a claimed bed back",
)
def write_give_back(request: HttpRequest, number: str) -> StayOut:
    """Free the bed at once; the stay is open again."""
    actor = get_writing_actor(request)
    stay = _find(actor, number)
    give_back(actor=actor, stay_id=stay.pk, at=timezone.now())
    return _answer(stay)


@router.post(
    "/stays/{number}/cannot-deliver",
    response={200: StayOut, **_REFUSALS},
    summary="A promised bed cannot be delivered; goes to the coordinator",
)
def write_not_delivered(
    request: HttpRequest, number: str, body: NotDeliveredIn
) -> StayOut:
    """Count a promise not kept and correct the beds. There is no way to decline."""
    actor = get_writing_actor(request)
    stay = _find(actor, number)
    report_not_delivered(
        actor=actor,
        stay_id=stay.pk,
        ground=body.ground.value,
        free_left=body.free_left,
        at=timezone.now(),
    )
    return _answer(stay)


@router.post(
    "/stays/{number}/arrival",
    response={200: StayOut, **_REFUSALS},
    summary="The client has arrived",
)
def write_arrival(request: HttpRequest, number: str) -> StayOut:
    """Give the stay in the hands of the provider until the planned end."""
    actor = get_writing_actor(request)
    stay = _find(actor, number)
    record_arrival(actor=actor, stay_id=stay.pk, at=timezone.now())
    return _answer(stay)


@router.post(
    "/stays/{number}/end",
    response={200: StayOut, **_REFUSALS},
    summary="The client left; report the bed again when it is free",
)
def write_end(request: HttpRequest, number: str, body: EndIn) -> StayOut:
    """Close the stay."""
    actor = get_writing_actor(request)
    stay = _find(actor, number)
    end_stay(actor=actor, stay_id=stay.pk, reason=body.reason.value, at=timezone.now())
    return _answer(stay)


@router.post(
    "/stays/{number}/planned-end",
    response={200: StayOut, **_REFUSALS},
    summary="Change the day on which the client is expected to leave",
)
def write_planned_end(request: HttpRequest, number: str, body: PlannedEndIn) -> StayOut:
    """Take another day, from today on; for the provider of the bed."""
    actor = get_writing_actor(request)
    stay = _find(actor, number)
    change_planned_end(
        actor=actor, stay_id=stay.pk, planned_end=body.planned_end, at=timezone.now()
    )
    return _answer(stay)


@router.post(
    "/stays/{number}/cancellation",
    response={200: StayOut, **_REFUSALS},
    summary="Cancel a stay: no bed is needed any more",
)
def write_stay_cancellation(
    request: HttpRequest, number: str, body: CancelStayIn
) -> StayOut:
    """Give a claimed bed back; not once the client is there."""
    actor = get_writing_actor(request)
    stay = _find(actor, number)
    cancel_stay(
        actor=actor, stay_id=stay.pk, reason=body.reason.value, at=timezone.now()
    )
    return _answer(stay)


def _find(actor: Actor, number: str) -> "StayRequest":
    stay = find_stay(number)
    check_can_see_stay(actor, stay, provider_target(find_seen_claim(stay)))
    return stay


def _answer(stay: "StayRequest") -> StayOut:
    fresh = get_stay(stay.pk)
    return StayOut.of(fresh, find_last_claim(fresh))
