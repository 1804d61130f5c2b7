"""REST of GP lists: which practices are near an address and do they take people?

Public: what a practice publishes of its list. Who is on it is in no answer.
"""

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router
from pydantic import Field

from wijkspil.core.api import (
    API_VERSION,
    CamelSchema,
    Postcode,
    Problem,
    refuse_unknown_parameters,
)
from wijkspil.directory.selectors.gp_practices import GpPlace, get_gp_place
from wijkspil.registrations.selectors.nearby import (
    FAR_KM,
    FAR_LIMIT,
    NEAR_KM,
    NEAR_LIMIT,
    PracticeOption,
    list_options,
)

_write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
router = Router(by_alias=True, tags=["GP lists"])


class GpPracticesQuery(CamelSchema):
    """Where somebody lives."""

    postcode: Postcode = Field(
        description="Four digits, or four digits and two letters."
    )
    far: bool = Field(False, description="Up to 25 km and 75 practices.")


class GpListOut(CamelSchema):
    """What a practice says of its list."""

    status: str = Field(description="open, limited or closed.")
    reason: str = Field(description="Code; empty for an open list.")
    expected_until: str | None
    places_left_this_month: int | None = Field(description="Null: not limited.")
    postcodes: list[str]
    most_minutes: int | None
    only_with_member: bool
    most_of_band: dict[str, int]
    published_at: datetime


class GpPracticeOut(CamelSchema):
    """A practice for somebody at this address."""

    id: int
    name: str
    postcode: str
    lon: float | None
    lat: float | None
    phone: str
    km: float
    minutes: float = Field(description="By car, estimated from the distance.")
    gp_list: GpListOut | None = Field(description="Null: the practice said nothing.")
    fits: bool
    why_not: list[str]
    next_step: str = Field(description="register, wish, ask.")


class GpPracticesOut(CamelSchema):
    """Practices around an address, nearest first."""

    at: datetime
    postcode: str
    gemeente: str
    region: str
    items: list[GpPracticeOut]


@router.get(
    "/gp-practices",
    response={200: GpPracticesOut, 400: Problem, 404: Problem},
    summary="GP practices near an address, with what they say of their lists",
)
def read_gp_practices(
    request: HttpRequest, query: Query[GpPracticesQuery]
) -> HttpResponse:
    """Answer practices within 10 km (25 with ``far``), nearest first. Public."""
    refuse_unknown_parameters(request, query)
    now = timezone.now()
    place = get_gp_place(query.postcode)
    options = list_options(
        place,
        at=now,
        km=FAR_KM if query.far else NEAR_KM,
        limit=FAR_LIMIT if query.far else NEAR_LIMIT,
    )
    return HttpResponse(
        _write_json(write_options(place, options, at=now)),
        content_type="application/json",
        headers={"API-Version": API_VERSION},
    )


def write_options(
    place: GpPlace, options: list[PracticeOption], *, at: datetime
) -> dict[str, Any]:
    """Return the body of ``GpPracticesOut``; plain, since this is asked most."""
    return {
        "at": at.isoformat(),
        "postcode": place.postcode,
        "gemeente": place.gemeente,
        "region": place.region_name,
        "items": [_item(option) for option in options],
    }


def _item(option: PracticeOption) -> dict[str, Any]:
    practice, now = option.practice, option.list_now
    return {
        "id": practice.id,
        "name": practice.name,
        "postcode": practice.postcode,
        "lon": practice.lon,
        "lat": practice.lat,
        "phone": practice.phone,
        "km": round(option.km, 2),
        "minutes": round(option.minutes, 1),
        "gpList": None
        if now is None
        else {
            "status": now.status.value,
            "reason": now.reason,
            "expectedUntil": None
            if now.expected_until is None
            else now.expected_until.isoformat(),
            "placesLeftThisMonth": now.places_left_this_month,
            "postcodes": now.conditions.postcodes,
            "mostMinutes": now.conditions.most_minutes,
            "onlyWithMember": now.conditions.only_with_member,
            "mostOfBand": now.conditions.most_of_band,
            "publishedAt": now.published_at.isoformat(),
        },
        "fits": option.fits,
        "whyNot": [code.value for code in option.why_not],
        "nextStep": option.way.value,
    }
