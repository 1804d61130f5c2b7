"""REST of the directory: who is responsible, and what a provider's system reports.

Only translates: every rule lives in selectors and services, so that a page and a
supplier's system get the same answer.
"""

import re
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router

from wijkspil.accounts.requests import get_request_actor
from wijkspil.core.api import Problem
from wijkspil.core.errors import InvalidValue
from wijkspil.directory.permissions import (
    can_view_duty_person,
    can_view_professional_contacts,
    check_can_view_professional_contacts,
    visible_audiences,
)
from wijkspil.directory.schemas import (
    CapacityIn,
    CapacityOut,
    ResponsibleOut,
    ResponsibleQuery,
    as_responsible,
)
from wijkspil.directory.selectors.capacity import get_current_report
from wijkspil.directory.selectors.responsibility import get_who_helps
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.services.capacity import (
    Capacity,
    confirm_capacity,
    report_capacity,
)
from wijkspil.directory.services.disclosure import record_duty_views
from wijkspil.directory.types import CapacitySource, Care

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
def responsible(request: HttpRequest, query: Query[ResponsibleQuery]) -> ResponsibleOut:
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
    return as_responsible(found, found.by_care[wanted], show_room=show_room)


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
) -> tuple[int, CapacityOut]:
    """Add a report from the provider's own planning system."""
    now = timezone.now()
    row = report_capacity(
        actor=get_request_actor(request),
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
    return 201, CapacityOut.of_row(row, at=now)


@router.post(
    "/services/{service_id}/capacity/confirmation",
    response={201: CapacityOut, **_REFUSALS},
    summary="Confirm that the last report still holds",
    tags=["capacity"],
)
def write_confirmation(
    request: HttpRequest, service_id: int
) -> tuple[int, CapacityOut]:
    """Say "still true": the report's age starts anew."""
    now = timezone.now()
    row = confirm_capacity(
        actor=get_request_actor(request), service_id=service_id, at=now
    )
    return 201, CapacityOut.of_row(row, at=now)
