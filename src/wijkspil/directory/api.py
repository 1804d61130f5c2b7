"""REST of the directory: who is responsible, and what a provider's system reports.

Only translates: every rule lives in selectors and services, so that a page and a
supplier's system get the same answer.

Reading also works with the session of a signed-in person. Writing takes a token of a
provider's own system and nothing else: a session cookie goes along with requests that
other sites make a browser send, a token does not, so no CSRF token is needed here.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from wijkspil.accounts.requests import get_request_actor, get_writing_actor
from wijkspil.accounts.types import Actor
from wijkspil.core.api import (
    API_VERSION,
    Problem,
    problem,
    refuse_fields,
    refuse_unknown_parameters,
)
from wijkspil.core.errors import InvalidValue
from wijkspil.core.identifiers import clean_postcode
from wijkspil.core.periods import Period
from wijkspil.directory.errors import InvalidEntry
from wijkspil.directory.permissions import (
    can_view_duty_person,
    can_view_professional_contacts,
    check_can_edit_duty,
    check_can_view_duty_person,
    check_can_view_duty_week,
    check_can_view_professional_contacts,
    visible_audiences,
)
from wijkspil.directory.schemas import (
    AreaKindCode,
    CapacityIn,
    CapacityOut,
    CoverageOut,
    CoverageQuery,
    CoveragesOut,
    DutiesOut,
    DutyIn,
    DutyOut,
    DutyPeriodQuery,
    DutyQuery,
    ListedAreaOut,
    ListedServiceOut,
    OrganizationOut,
    PageQuery,
    ResponsibleOut,
    ResponsibleQuery,
    RosterFileQuery,
    RosterOut,
    RosterQuery,
    ServiceQuery,
    ServicesOut,
    SignpostOut,
    SignpostsOut,
    WithdrawalOut,
    write_responsible,
)
from wijkspil.directory.selectors.capacity import get_current_report
from wijkspil.directory.selectors.duty import list_written_duties
from wijkspil.directory.selectors.listing import (
    ListedDuty,
    ServiceFilter,
    as_listed_duty,
    get_area_id,
    get_listed_area,
    get_listed_service,
    get_organization,
    list_coverages,
    list_duties,
    list_services,
)
from wijkspil.directory.selectors.responsibility import get_who_helps
from wijkspil.directory.selectors.signposts import list_signpost_hits
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.selectors.targets_of_entries import get_service_edit_target
from wijkspil.directory.services.capacity import (
    Capacity,
    confirm_capacity,
    report_capacity,
)
from wijkspil.directory.services.disclosure import record_duty_views
from wijkspil.directory.services.duty import (
    LONGEST,
    Duty,
    add_duty,
    record_duties_read,
    withdraw_duty,
)
from wijkspil.directory.services.duty_exchange import (
    RefusedRoster,
    import_duties,
    plan_import,
)
from wijkspil.directory.services.duty_files import write_csv, write_ics
from wijkspil.directory.types import AreaKind, CapacitySource, Care, CareTask

router = Router(by_alias=True)

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
#: A "+" that was not percent-encoded arrives as a space; the meaning is plain.
_SPACE_FOR_PLUS = re.compile(r"^(.*T.*\d) (\d{2}:?\d{2})$")


def read_moment(text: str, *, field: str) -> datetime:
    """Return a moment with zone from ISO 8601 text.

    Raises
    ------
    InvalidValue
        If it is not a moment, or has no zone.
    """
    try:
        moment = datetime.fromisoformat(_SPACE_FOR_PLUS.sub(r"\1+\2", text))
        if moment.tzinfo is not None and 1900 <= moment.year <= 2200:
            return moment
    except ValueError:
        pass
    raise InvalidValue(
        _(
            "“%(value)s” is not a moment with a time zone. Write it as "
            "2026-11-21T22:30:00+01:00 (with + as %%2B in an address)."
        )
        % {"value": text[:40]},
        field=field,
    )


def read_period(query: DutyPeriodQuery, *, now: datetime) -> Period:
    """Return the period asked for; by default the coming seven days.

    Raises
    ------
    InvalidValue
        If a moment cannot be read, or it is no period of at most 31 days.
    """
    start = read_moment(query.from_, field="from") if query.from_ else now
    end = (
        read_moment(query.until, field="until")
        if query.until
        else start + timedelta(days=7)
    )
    if not timedelta(0) < end - start <= LONGEST:
        raise InvalidValue(
            _("Ask for a period of at most 31 days that ends after it starts."),
            field="until",
        )
    return Period(start, end)


def read_care(text: str) -> Care:
    """Return a kind of care.

    Raises
    ------
    InvalidValue
        If it is not one of the known kinds; the message lists them.
    """
    try:
        return Care(text)
    except ValueError:
        raise InvalidValue(
            _("“%(value)s” is not a kind of care. Choose from: %(known)s.")
            % {"value": text[:40], "known": ", ".join(Care.values)},
            field="care",
        ) from None


@router.get(
    "/responsible",
    response={200: ResponsibleOut, **_REFUSALS},
    summary="Who is responsible at an address, at a moment, for a kind of care",
    tags=["responsible"],
)
def responsible(request: HttpRequest, query: Query[ResponsibleQuery]) -> HttpResponse:
    """Answer for visitors with resident numbers only; signed in with duty and room."""
    actor = get_request_actor(request)
    moment = read_moment(query.at, field="at") if query.at else timezone.now()
    wanted = read_care(query.care)
    show_room = can_view_professional_contacts(actor)
    found = get_who_helps(
        postcode=query.postcode,
        at=moment,
        cares=[wanted],
        audiences=visible_audiences(actor),
        show_room=show_room,
        show_duty_person=can_view_duty_person(actor),
    )
    record_duty_views(
        actor=actor, found=found, purpose="api.responsible", at=timezone.now()
    )
    return HttpResponse(
        write_responsible(found, found.by_care[wanted], show_room=show_room),
        content_type="application/json",
        headers={"API-Version": API_VERSION},
    )


@router.get(
    "/services/{service_id}/capacity",
    response={200: CapacityOut | None, **_REFUSALS},
    summary="Newest capacity report of a service",
    tags=["capacity"],
)
def read_capacity(request: HttpRequest, service_id: int) -> CapacityOut | None:
    """Answer null when the service never reported."""
    check_can_view_professional_contacts(get_request_actor(request))
    get_service_target(service_id)
    now = timezone.now()
    row = get_current_report(service_id, at=now)
    return None if row is None else CapacityOut.of_row(row, at=now)


@router.post(
    "/services/{service_id}/capacity",
    response={201: CapacityOut, **_REFUSALS},
    summary="Report the capacity of a service",
    tags=["capacity"],
)
def write_capacity(
    request: HttpRequest, service_id: int, body: CapacityIn
) -> Status[CapacityOut]:
    """Add a report from the provider's own planning system.

    The figure counts as told at the moment it arrives: places of requests that were
    accepted before it are taken to be in it, later ones are counted off.
    """
    now = timezone.now()
    row = report_capacity(
        actor=get_writing_actor(request),
        service_id=service_id,
        capacity=Capacity(
            new_clients=body.new_clients,
            size_band=body.size_band,
            parts_of_day=tuple(body.parts_of_day),
            tasks_excluded=tuple(body.tasks_excluded),
            hours_per_week=body.hours_per_week,
            no_room_reason=body.no_room_reason,
            no_room_until=body.no_room_until,
        ),
        at=now,
        source=CapacitySource.SYSTEM,
    )
    return Status(201, CapacityOut.of_row(row, at=now))


@router.post(
    "/services/{service_id}/capacity/confirmation",
    response={201: CapacityOut, **_REFUSALS},
    summary="Confirm that the last report still holds",
    tags=["capacity"],
)
def write_confirmation(request: HttpRequest, service_id: int) -> Status[CapacityOut]:
    """Say "still true": the report's age starts anew."""
    now = timezone.now()
    row = confirm_capacity(
        actor=get_writing_actor(request), service_id=service_id, at=now
    )
    return Status(201, CapacityOut.of_row(row, at=now))


# --- services


@router.get(
    "/services",
    response={200: ServicesOut, **_REFUSALS},
    summary="Services, by care, place, task, language, room or words",
    tags=["services"],
)
def read_services(request: HttpRequest, query: Query[ServiceQuery]) -> ServicesOut:
    """Answer by name; for visitors with resident numbers only and without room."""
    refuse_unknown_parameters(request, query)
    if query.task and query.task not in CareTask.values:
        raise InvalidValue(
            _("“%(value)s” is not a task. Choose from: %(known)s.")
            % {"value": query.task[:40], "known": ", ".join(CareTask.values)},
            field="task",
        )
    actor, now = get_request_actor(request), timezone.now()
    if query.room:
        check_can_view_professional_contacts(actor)
    show_room = can_view_professional_contacts(actor)
    services, total = list_services(
        ServiceFilter(
            care=read_care(query.care) if query.care else "",
            organization_id=query.organization,
            postcode=query.postcode,
            area_code=query.area,
            task=query.task,
            language=query.language,
            text=query.q,
            room=query.room,
        ),
        at=now,
        audiences=visible_audiences(actor),
        page=query.page,
        page_size=query.page_size,
        with_room=show_room,
    )
    return ServicesOut(
        page=query.page,
        page_size=query.page_size,
        total=total,
        items=[
            ListedServiceOut.of(service, show_room=show_room, at=now)
            for service in services
        ],
    )


@router.get(
    "/services/{service_id}",
    response={200: ListedServiceOut, **_REFUSALS},
    summary="One service in full",
    tags=["services"],
)
def read_service(request: HttpRequest, service_id: int) -> ListedServiceOut:
    """Answer for visitors with resident numbers only."""
    actor, now = get_request_actor(request), timezone.now()
    show_room = can_view_professional_contacts(actor)
    return ListedServiceOut.of(
        get_listed_service(
            service_id,
            at=now,
            audiences=visible_audiences(actor),
            with_room=show_room,
        ),
        show_room=show_room,
        at=now,
    )


@router.get(
    "/organizations/{organization_id}",
    response={200: OrganizationOut, **_REFUSALS},
    summary="One organization with its services",
    tags=["organizations"],
)
def read_organization(request: HttpRequest, organization_id: int) -> OrganizationOut:
    """Answer also for an organization that has ended."""
    get_request_actor(request)
    return OrganizationOut.of(get_organization(organization_id))


@router.get(
    "/areas/{kind}/{code}",
    response={200: ListedAreaOut, **_REFUSALS},
    summary="One area with its figures and everything it lies in",
    tags=["areas"],
)
def read_area(request: HttpRequest, kind: AreaKindCode, code: str) -> ListedAreaOut:
    """Answer with the newest division that has this code."""
    get_request_actor(request)
    return ListedAreaOut.of(get_listed_area(read_area_kind(kind), code))


def read_area_kind(text: str) -> AreaKind:
    """Return a kind of area.

    Raises
    ------
    InvalidValue
        If it is not one of the known kinds; the message lists them.
    """
    try:
        return AreaKind(text)
    except ValueError:
        raise InvalidValue(
            _("“%(value)s” is not a kind of area. Choose from: %(known)s.")
            % {"value": text[:40], "known": ", ".join(AreaKind.values)},
            field="area_kind",
        ) from None


# --- coverage: read only; who covers what is for the region to decide, on its page


@router.get(
    "/services/{service_id}/coverage",
    response={200: CoveragesOut, **_REFUSALS},
    summary="Which areas a service covers, now and later",
    tags=["coverage"],
)
def read_service_coverage(
    request: HttpRequest, service_id: int, query: Query[PageQuery]
) -> CoveragesOut:
    """Answer by area."""
    refuse_unknown_parameters(request, query)
    get_request_actor(request)
    get_service_target(service_id)
    rows, total = list_coverages(
        service_id=service_id,
        at=timezone.now(),
        page=query.page,
        page_size=query.page_size,
    )
    return CoveragesOut(
        page=query.page,
        page_size=query.page_size,
        total=total,
        items=[CoverageOut.of(row) for row in rows],
    )


@router.get(
    "/coverage",
    response={200: CoveragesOut, **_REFUSALS},
    summary="Who covers an area, what is around it and what is inside it",
    tags=["coverage"],
)
def read_coverage(request: HttpRequest, query: Query[CoverageQuery]) -> CoveragesOut:
    """Answer with what holds now or later."""
    refuse_unknown_parameters(request, query)
    get_request_actor(request)
    rows, total = list_coverages(
        area_code=query.area,
        care=read_care(query.care) if query.care else "",
        at=timezone.now(),
        page=query.page,
        page_size=query.page_size,
    )
    return CoveragesOut(
        page=query.page,
        page_size=query.page_size,
        total=total,
        items=[CoverageOut.of(row) for row in rows],
    )


# --- duty: persons, so for professionals only, and every view is in the audit trail


@router.get(
    "/services/{service_id}/duties",
    response={200: DutiesOut, **_REFUSALS},
    summary="Who is on duty for a service",
    tags=["duties"],
)
def read_service_duties(
    request: HttpRequest, service_id: int, query: Query[DutyPeriodQuery]
) -> DutiesOut:
    """Answer for professionals; every view of a person is logged."""
    refuse_unknown_parameters(request, query)
    actor, now = get_request_actor(request), timezone.now()
    check_can_view_duty_person(actor)
    get_service_target(service_id)
    duties, total = list_duties(
        service_id=service_id,
        period=read_period(query, now=now),
        page=query.page,
        page_size=query.page_size,
    )
    return _show_duties(actor, duties, total, query, purpose="api.service-duties")


@router.get(
    "/duties",
    response={200: DutiesOut, **_REFUSALS},
    summary="Who is on duty at a postcode",
    tags=["duties"],
)
def read_duties(request: HttpRequest, query: Query[DutyQuery]) -> DutiesOut:
    """Answer for professionals; every view of a person is logged."""
    refuse_unknown_parameters(request, query)
    actor, now = get_request_actor(request), timezone.now()
    check_can_view_duty_person(actor)
    duties, total = list_duties(
        # Empty would be everywhere.
        postcode=clean_postcode(query.postcode),
        care=read_care(query.care) if query.care else "",
        period=read_period(query, now=now),
        page=query.page,
        page_size=query.page_size,
    )
    return _show_duties(actor, duties, total, query, purpose="api.duties")


def _show_duties(
    actor: Actor,
    duties: Sequence[ListedDuty],
    total: int,
    query: DutyPeriodQuery,
    *,
    purpose: str,
) -> DutiesOut:
    record_duties_read(
        actor=actor,
        duty_ids=[duty.id for duty in duties],
        purpose=purpose,
        at=timezone.now(),
    )
    return DutiesOut(
        page=query.page,
        page_size=query.page_size,
        total=total,
        items=[DutyOut.of(duty) for duty in duties],
    )


@router.post(
    "/services/{service_id}/duties",
    response={201: DutyOut, **_REFUSALS},
    summary="Enter a duty",
    tags=["duties"],
)
def write_duty(
    request: HttpRequest, service_id: int, body: DutyIn
) -> Status[DutyOut] | HttpResponse:
    """Take a duty from a roster system; the same duty twice answers 409."""
    actor, now = get_writing_actor(request), timezone.now()
    service = get_listed_service(service_id, at=now, audiences=[])
    try:
        row = add_duty(
            actor=actor,
            service_id=service_id,
            duty=Duty(
                area_id=get_area_id(read_area_kind(body.area_kind), body.area_code),
                care=read_care(body.care) if body.care else service.care,
                rank=body.rank,
                person_name=body.person_name,
                phone=body.phone,
                valid_from=read_moment(body.valid_from, field="valid_from"),
                valid_until=read_moment(body.valid_until, field="valid_until"),
            ),
            at=now,
        )
    except InvalidEntry as error:
        return refuse_fields(request, error)
    return Status(201, DutyOut.of(as_listed_duty(row)))


@router.post(
    "/duties/{duty_id}/withdrawal",
    response={200: WithdrawalOut, **_REFUSALS},
    summary="Withdraw a duty",
    tags=["duties"],
)
def write_withdrawal(request: HttpRequest, duty_id: int) -> WithdrawalOut:
    """End a running duty now, or take back one to come; twice is harmless."""
    done = withdraw_duty(
        actor=get_writing_actor(request), duty_id=duty_id, at=timezone.now()
    )
    return WithdrawalOut(
        id=done.duty_id, service_id=done.service_id, ended_at=done.ended_at
    )


@router.put(
    "/services/{service_id}/roster",
    response={200: RosterOut, **_REFUSALS},
    summary="Take a roster of a service: CSV or iCalendar in the body, all or nothing",
    tags=["duties"],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "text/calendar": {"schema": {"type": "string"}},
            },
        }
    },
)
def write_roster(
    request: HttpRequest, service_id: int, query: Query[RosterQuery]
) -> RosterOut | HttpResponse:
    """Enter what is new and replace what changed; the same file again does nothing.

    A line that cannot be taken refuses the whole roster; each is named.
    """
    refuse_unknown_parameters(request, query)
    actor = get_writing_actor(request)
    check_can_edit_duty(actor, get_service_edit_target(service_id))
    kind, _slash, code = query.area.rpartition("/")
    what: dict[str, Any] = {
        "actor": actor,
        "name": "roster",
        "content": request.body,
        "at": timezone.now(),
        "service_id": service_id,
        "area_id": get_area_id(read_area_kind(kind or AreaKind.WIJK), code)
        if code
        else None,
    }
    if query.preview:
        return RosterOut.of(plan_import(**what))
    try:
        return RosterOut.of(import_duties(**what))
    except RefusedRoster as error:
        return problem(
            400,
            str(error),
            code=error.code,
            invalid_params=[
                {"name": f"{cell.line}/{cell.column}", "reason": str(cell)}
                for line in error.plan.refused
                for cell in line.reasons
            ],
        )


@router.get(
    "/services/{service_id}/roster",
    response={200: None, **_REFUSALS},
    summary="Eight weeks of duties of a service as CSV or iCalendar",
    tags=["duties"],
    openapi_extra={
        "responses": {
            200: {
                "content": {
                    "text/csv": {"schema": {"type": "string"}},
                    "text/calendar": {"schema": {"type": "string"}},
                }
            }
        }
    },
)
def read_roster(
    request: HttpRequest, service_id: int, query: Query[RosterFileQuery]
) -> HttpResponse:
    """Answer with a file that can be sent back; every view of a person is logged."""
    refuse_unknown_parameters(request, query)
    actor, now = get_request_actor(request), timezone.now()
    check_can_view_duty_person(actor)
    check_can_view_duty_week(actor, get_service_edit_target(service_id))
    start = read_moment(query.from_, field="from") if query.from_ else now
    duties = list_written_duties(
        service_ids=[service_id], period=Period(start, start + timedelta(days=56))
    )
    record_duties_read(
        actor=actor,
        duty_ids=[duty.id for duty in duties],
        purpose="api.service-duties",
        at=now,
    )
    if query.format == "ics":
        text = write_ics(duties, name="roster", with_names=True, with_phone=True)
        content_type = "text/calendar; charset=utf-8"
    else:
        text, content_type = write_csv(duties), "text/csv; charset=utf-8"
    return HttpResponse(
        text, content_type=content_type, headers={"API-Version": API_VERSION}
    )


# --- signposts


@router.get(
    "/signposts",
    response={200: SignpostsOut, **_REFUSALS},
    summary="Who can play a part in an everyday question: at most five answers",
    tags=["signposts"],
)
def read_signposts(request: HttpRequest, q: str) -> SignpostsOut:
    """Answer in the language of the request; no medical advice, no triage."""
    get_request_actor(request)
    language = (get_language() or "nl")[:2]
    return SignpostsOut(
        items=[
            SignpostOut.of(hit.signpost, language=language)
            for hit in list_signpost_hits(q)
        ]
    )
