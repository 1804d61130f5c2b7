"""Reading requests: one, for whoever may see it, and what is known of it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from wijkspil.accounts.types import Target
from wijkspil.core.prepared import (
    check_in_transaction,
    columns_of,
    fetch_instances,
    fetch_rows,
)
from wijkspil.core.spoken_numbers import read_number
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.referrals.errors import unknown_request
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.types import HoursBand, Need

_AREA: Any = ServiceRequest._meta.get_field("region").related_model  # noqa: SLF001
_MODELS = (ServiceRequest, _AREA, _AREA, _AREA)
_REQUESTS = f"""
SELECT {columns_of(ServiceRequest, "r")}, {columns_of(_AREA, "place")},
       {columns_of(_AREA, "region")}, {columns_of(_AREA, "profile")}
  FROM referrals_servicerequest r
  JOIN directory_area place ON place.id = r.place_id
  JOIN directory_area region ON region.id = r.region_id
  LEFT JOIN directory_area profile ON profile.id = r.profile_area_id
"""
_BY_ID = f"{_REQUESTS} WHERE r.id = %(id)s"
_BY_NUMBER = f"{_REQUESTS} WHERE r.number = %(number)s"


def _with_areas(rows: Iterable[tuple[Any, ...]]) -> list[ServiceRequest]:
    found = []
    for request, place, region, profile_area in rows:
        request.place = place
        request.region = region
        request.profile_area = profile_area
        found.append(request)
    return found


def get_request(request_id: int) -> ServiceRequest:
    """Return a request (one query).

    Raises
    ------
    UnknownRequest
        If there is none with this id.
    """
    rows = _with_areas(fetch_instances(_BY_ID, {"id": request_id}, *_MODELS))
    if not rows:
        raise unknown_request(request_id)
    return rows[0]


def find_request(number: str) -> ServiceRequest:
    """Return a request by the number people say, as in A-7K3F9Q (one query).

    Raises
    ------
    UnknownRequest
        If there is none with this number.
    """
    wanted = {"number": read_number(number)}
    rows = _with_areas(fetch_instances(_BY_NUMBER, wanted, *_MODELS))
    if not rows:
        raise unknown_request(number[:20])
    return rows[0]


def list_answers(request_id: int) -> list[tuple[int, str, str, datetime | None]]:
    """Return (service id, status, reason, answered at) of each question (one query)."""
    rows = fetch_rows(_ANSWERS, {"request": request_id})
    return [(service, status, why, at) for service, status, why, at in rows]


_ANSWERS = """
SELECT service_id, status, decline_reason, answered_at
  FROM referrals_offer WHERE request_id = %(request)s
"""


def lock_request(request_id: int) -> ServiceRequest:
    """Return a request with its row locked until the transaction ends.

    Every act on a request starts here, so two people never act on the same state.
    Lock order: the request, then its offers, then the service.

    Raises
    ------
    UnknownRequest
        If there is none with this id.
    """
    check_in_transaction()
    rows = fetch_instances(_LOCKED, {"id": request_id}, ServiceRequest)
    if not rows:
        raise unknown_request(request_id)
    request: ServiceRequest = rows[0][0]
    return request


_LOCKED = f"""
SELECT {columns_of(ServiceRequest, "r")} FROM referrals_servicerequest r
 WHERE r.id = %(id)s FOR UPDATE
"""


def team_target(request: ServiceRequest) -> Target | None:
    """Return the target of the team that has the client, or None (two queries)."""
    if request.placed_service_id is None:
        return None
    return get_service_target(request.placed_service_id)


def need_of(
    request: ServiceRequest,
    *,
    tasks: Sequence[str] | None = None,
    parts_of_day: Sequence[str] | None = None,
) -> Need:
    """Return what a stored request asks, or would ask with other tasks or parts."""
    return Need(
        postcode=request.postcode,
        tasks=tuple(request.tasks if tasks is None else tasks),
        parts_of_day=tuple(
            request.parts_of_day if parts_of_day is None else parts_of_day
        ),
        first_visit_on=request.first_visit_on,
        urgency=request.urgency,
        urgency_reason=request.urgency_reason,
        age=request.age,
        language=request.language,
        insurer=request.insurer,
        care_law=request.care_law,
        order_present=request.order_present,
        materials_present=request.materials_present,
        preferred_organization_id=request.preferred_organization_id,
        known_organization_id=request.known_organization_id,
        refused_organization_ids=tuple(request.refused_organizations),
        note=request.note,
    )


def band_of(request: ServiceRequest) -> HoursBand:
    """Return the provisional band of a stored request."""
    return HoursBand(
        low=request.hours_low,
        high=request.hours_high,
        by_part={
            part: Decimal(str(hours)) for part, hours in request.hours_by_part.items()
        },
    )


def age_band(age: int | None) -> tuple[int, int] | None:
    """Return the half-open ten years a team sees, or None when not known."""
    if age is None:
        return None
    start = min(age, 99) // 10 * 10
    return start, start + 10


def age_on(birth_date: date, day: date) -> int:
    """Return somebody's age in whole years on a day."""
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return day.year - birth_date.year - (not had_birthday)
