"""REST of files: the directory and its room as CSV, and room taken back from CSV.

For who works with a spreadsheet; a signed-in person can open these addresses in a
browser. Only translates; see ``directory.api``.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.timezone import localdate
from ninja import Query, Router

from wijkspil.accounts.requests import get_request_actor, get_writing_actor
from wijkspil.core.api import (
    API_VERSION,
    Problem,
    problem,
    refuse_unknown_parameters,
)
from wijkspil.core.spreadsheets import csv_lines
from wijkspil.directory.permissions import (
    can_view_professional_contacts,
    check_can_report_capacity,
    check_can_view_professional_contacts,
    visible_audiences,
)
from wijkspil.directory.schemas import (
    CapacityFileOut,
    CapacityOut,
    FileQuery,
)
from wijkspil.directory.selectors.listing import (
    ServiceFilter,
    iterate_organizations,
    iterate_services,
)
from wijkspil.directory.services.directory_files import (
    RefusedCapacityFile,
    capacity_rows,
    import_capacity,
    organization_rows,
    service_rows,
)

router = Router(by_alias=True, tags=["files"])

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem}
_CSV: dict[str, Any] = {
    "responses": {
        200: {
            "description": "OK",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        }
    }
}


@router.get(
    "/files/services",
    response={200: None, **_REFUSALS},
    summary="Services as CSV: organization, areas, contacts, room and its age",
    openapi_extra=_CSV,
)
def read_services_file(request: HttpRequest, query: Query[FileQuery]) -> HttpResponse:
    """Answer for visitors with resident numbers only and without room."""
    refuse_unknown_parameters(request, query)
    actor, now = get_request_actor(request), timezone.now()
    show_room = can_view_professional_contacts(actor)
    services = iterate_services(
        _filter(query),
        at=now,
        audiences=visible_audiences(actor),
        with_room=show_room,
    )
    return _file("services", service_rows(services, show_room=show_room, at=now), now)


@router.get(
    "/files/organizations",
    response={200: None, **_REFUSALS},
    summary="Organizations as CSV",
    openapi_extra=_CSV,
)
def read_organizations_file(request: HttpRequest) -> HttpResponse:
    """Answer those that still work, with how many services they have."""
    get_request_actor(request)
    return _file(
        "organizations", organization_rows(iterate_organizations()), timezone.now()
    )


@router.get(
    "/files/capacity",
    response={200: None, **_REFUSALS},
    summary="What is left of the room of services, as CSV",
    openapi_extra=_CSV,
)
def read_capacity_file(request: HttpRequest, query: Query[FileQuery]) -> HttpResponse:
    """Answer for professionals; a line that was changed can be sent back."""
    refuse_unknown_parameters(request, query)
    actor, now = get_request_actor(request), timezone.now()
    check_can_view_professional_contacts(actor)
    services = iterate_services(_filter(query), at=now, audiences=[], with_room=True)
    return _file("capacity", capacity_rows(services, at=now), now)


@router.put(
    "/files/capacity",
    response={200: CapacityFileOut, **_REFUSALS},
    summary="Report the room of many services: CSV in the body, all or nothing",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"text/csv": {"schema": {"type": "string"}}},
        }
    },
)
def write_capacity_file(request: HttpRequest) -> CapacityFileOut | HttpResponse:
    """Add a report for each line; each value that cannot be taken is named."""
    actor, now = get_writing_actor(request), timezone.now()
    check_can_report_capacity(actor)
    try:
        reports = import_capacity(actor=actor, content=request.body, at=now)
    except RefusedCapacityFile as error:
        return problem(
            400,
            str(error),
            code=error.code,
            invalid_params=[
                {"name": f"{cell.line}/{cell.column}", "reason": str(cell)}
                for cell in error.cells
            ],
        )
    return CapacityFileOut(
        items=[CapacityOut.of_row(report, at=report.reported_at) for report in reports]
    )


def _filter(query: FileQuery) -> ServiceFilter:
    return ServiceFilter(
        care="" if query.care is None else query.care.value,
        organization_id=query.organization,
        postcode=query.postcode,
        area_code=query.area,
    )


def _file(name: str, rows: Iterable[Sequence[Any]], at: datetime) -> HttpResponse:
    return HttpResponse(
        csv_lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={
            "API-Version": API_VERSION,
            "Content-Disposition": (
                f'attachment; filename="{name}-{localdate(at).isoformat()}.csv"'
            ),
        },
    )
