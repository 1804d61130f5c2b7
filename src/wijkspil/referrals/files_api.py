"""REST of files of requests: the worklist as CSV.

For who works with a spreadsheet; a signed-in person can open the address in a browser.
Only translates; see ``referrals.api``.
"""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.timezone import localdate
from ninja import Query, Router
from pydantic import Field

from wijkspil.accounts.requests import get_request_actor
from wijkspil.core.api import (
    API_VERSION,
    CamelSchema,
    Problem,
    refuse_unknown_parameters,
)
from wijkspil.core.spreadsheets import csv_lines
from wijkspil.directory.views.pages import reach_of
from wijkspil.referrals.permissions import (
    FOLLOW_REQUEST,
    GIVE_CARE,
    check_can_follow_request,
)
from wijkspil.referrals.selectors.listing import Part, list_requests_of
from wijkspil.referrals.services.request_files import request_rows
from wijkspil.referrals.types import RequestStatus

router = Router(by_alias=True, tags=["files"])

#: Newest requests in one file.
MOST_ROWS = 10_000


class RequestFileQuery(CamelSchema):
    """Which requests of your organization stand in the file."""

    status: RequestStatus | None = Field(None, description="One state; empty is all.")
    part: Part | None = Field(
        None,
        description="“requester”: that you asked; “team”: whose client you have.",
    )


@router.get(
    "/files/requests",
    response={200: None, 400: Problem, 401: Problem, 403: Problem},
    summary="Requests of your organization as CSV, without identity",
    openapi_extra={
        "responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
    },
)
def read_requests_file(
    request: HttpRequest, query: Query[RequestFileQuery]
) -> HttpResponse:
    """Answer the newest ten thousand, newest first."""
    refuse_unknown_parameters(request, query)
    actor = get_request_actor(request)
    check_can_follow_request(actor)
    care = reach_of(actor, GIVE_CARE)
    rows, _total = list_requests_of(
        user_id=actor.user_id,
        requester_ids=reach_of(actor, FOLLOW_REQUEST).organization_ids,
        provider_ids=care.organization_ids,
        service_ids=care.service_ids,
        part=query.part,
        status="" if query.status is None else query.status.value,
        page=1,
        page_size=MOST_ROWS,
    )
    name = f"requests-{localdate(timezone.now()).isoformat()}.csv"
    return HttpResponse(
        csv_lines(request_rows(rows)),
        content_type="text/csv; charset=utf-8",
        headers={
            "API-Version": API_VERSION,
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )
