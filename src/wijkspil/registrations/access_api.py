"""REST of how GPs can be reached: the figures of the public page, in the same words."""

from datetime import datetime
from typing import Self

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from wijkspil.core.api import CamelSchema, Problem, refuse_unknown_parameters
from wijkspil.core.errors import NotFound
from wijkspil.directory.selectors.gp_areas import list_gp_regions
from wijkspil.registrations.access import (
    Access,
    AreaAccess,
    Level,
    count_access,
    round_people,
)

router = Router(by_alias=True, tags=["GP lists"])

_REFUSALS = {400: Problem, 404: Problem}


class GpAccessQuery(CamelSchema):
    """Which areas: of one region or of the country."""

    region: str = Field(
        "", description="Code of a region of a GP organization; empty: the country."
    )
    level: Level = Field(Level.GEMEENTE, description="What each item is.")


class GpAreaAccessOut(CamelSchema):
    """How GPs can be reached from one area."""

    code: str
    name: str
    population: int | None
    practices: int
    open: int
    limited: int
    closed: int
    not_told: int
    places_left_this_month: int | None = Field(
        description="Of the lists that say how many."
    )
    people_per_practice: int | None
    people_per_place: int | None
    minutes_to_room: float | None = Field(
        description="By car, estimated; mean over inhabitants."
    )
    share_within_15_minutes: float | None
    reach: str = Field(description="open, limited, none or unknown.")
    people_waiting: int | None = Field(
        description="Rounded to five; none below five and per postcode."
    )

    @classmethod
    def of(cls, row: AreaAccess) -> Self:
        """Return the body of an area."""
        return cls(
            code=row.code,
            name=row.name,
            population=row.population,
            practices=row.practices,
            open=row.open,
            limited=row.limited,
            closed=row.closed,
            not_told=row.untold,
            places_left_this_month=row.places,
            people_per_practice=row.people_per_practice,
            people_per_place=row.people_per_place,
            minutes_to_room=None if row.minutes is None else round(row.minutes, 1),
            share_within_15_minutes=(
                None if row.share_near is None else round(row.share_near, 3)
            ),
            reach=row.reach.name.lower(),
            people_waiting=(row.waiting and round_people(row.waiting)),
        )


class GpReasonOut(CamelSchema):
    """Why lists are closed or have conditions, and of how many practices."""

    reason: str
    practices: int


class GpAccessOut(CamelSchema):
    """The areas of a level with all of them together."""

    at: datetime
    level: str
    total: GpAreaAccessOut
    reasons: list[GpReasonOut]
    sources: list[str]
    items: list[GpAreaAccessOut]

    @classmethod
    def of(cls, access: Access, *, at: datetime) -> Self:
        """Return the body of the figures."""
        return cls(
            at=at,
            level=access.level.value,
            total=GpAreaAccessOut.of(access.total),
            reasons=[
                GpReasonOut(reason=reason.value, practices=count)
                for reason, count in access.reasons
            ],
            sources=list(access.sources),
            items=[GpAreaAccessOut.of(row) for row in access.rows],
        )


@router.get(
    "/gp-access",
    response={200: GpAccessOut, **_REFUSALS},
    summary="How GPs can be reached, per region, gemeente or postcode",
)
def read_gp_access(request: HttpRequest, query: Query[GpAccessQuery]) -> GpAccessOut:
    """Answer practices, their lists, inhabitants and minutes to a practice with room.

    Public; nobody is named and small numbers of people are left out.
    """
    refuse_unknown_parameters(request, query)
    regions = list_gp_regions()
    region = None
    if query.region:
        region = next((one for one in regions if one.code == query.region), None)
        if region is None:
            raise NotFound(
                _("There is no region with the code “%(code)s”.")
                % {"code": query.region}
            )
    now = timezone.now()
    return GpAccessOut.of(
        count_access(level=query.level, region=region, regions=regions, at=now), at=now
    )
