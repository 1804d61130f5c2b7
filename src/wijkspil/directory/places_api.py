"""REST of places: the own organization, areas, alliances, and the coverage check.

Only translates; see ``directory.api``.
"""

from datetime import datetime, time, timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from ninja import Query, Router

from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.types import Target
from wijkspil.core.api import Problem, refuse_unknown_parameters
from wijkspil.core.errors import NotFound
from wijkspil.core.identifiers import clean_postcode
from wijkspil.core.periods import Period
from wijkspil.directory.permissions import (
    can_view_professional_contacts,
    check_can_view_coverage_gaps,
    visible_audiences,
)
from wijkspil.directory.schemas import (
    AllianceNameOut,
    AllianceOut,
    AllianceQuery,
    AlliancesOut,
    AreasAtOut,
    AreasQuery,
    CoverageCheckOut,
    CoverageCheckQuery,
    ListedAreaOut,
    OrganizationOut,
)
from wijkspil.directory.selectors.alliances import (
    get_alliance,
    list_alliances,
    list_alliances_of_areas,
)
from wijkspil.directory.selectors.coverage_check import check_coverage
from wijkspil.directory.selectors.listing import (
    get_areas_around,
    get_own_organization,
    list_areas_around,
)
from wijkspil.directory.selectors.management import list_coverage_regions

router = Router(by_alias=True)

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem}


@router.get(
    "/own-organization",
    response={200: OrganizationOut, **_REFUSALS},
    summary="The organization of your token, with its services",
    tags=["organizations"],
)
def read_own_organization(request: HttpRequest) -> OrganizationOut:
    """Answer with the numbers that other operations ask for: a first call to try."""
    return OrganizationOut.of(get_own_organization(get_request_actor(request)))


@router.get(
    "/areas",
    response={200: AreasAtOut, **_REFUSALS},
    summary="The areas around a postcode, with their figures",
    tags=["areas"],
)
def read_areas(request: HttpRequest, query: Query[AreasQuery]) -> AreasAtOut:
    """Answer from small to large: postcode, buurt, wijk, gemeente, regions."""
    refuse_unknown_parameters(request, query)
    get_request_actor(request)
    return AreasAtOut(
        postcode=clean_postcode(query.postcode),
        items=[ListedAreaOut.of(area) for area in list_areas_around(query.postcode)],
    )


@router.get(
    "/alliances",
    response={200: AlliancesOut, **_REFUSALS},
    summary="Neighborhood alliances, by postcode or words",
    tags=["alliances"],
)
def read_alliances(request: HttpRequest, query: Query[AllianceQuery]) -> AlliancesOut:
    """Answer by name, with wijken and gemeenten."""
    refuse_unknown_parameters(request, query)
    get_request_actor(request)
    found = list_alliances()
    if query.postcode:
        here = {
            pk
            for pk, _name in list_alliances_of_areas(get_areas_around(query.postcode))
        }
        found = [one for one in found if one.id in here]
    found = [one for one in found if one.matches(query.q)]
    start = (query.page - 1) * query.page_size
    return AlliancesOut(
        page=query.page,
        page_size=query.page_size,
        total=len(found),
        items=[
            AllianceNameOut(
                id=one.id,
                name=one.name,
                gemeenten=list(one.gemeenten),
                wijken=list(one.wijken),
            )
            for one in found[start : start + query.page_size]
        ],
    )


@router.get(
    "/alliances/{alliance_id}",
    response={200: AllianceOut, **_REFUSALS},
    summary="One neighborhood alliance: who takes part, and how to reach them",
    tags=["alliances"],
)
def read_alliance(request: HttpRequest, alliance_id: int) -> AllianceOut:
    """Answer for visitors with resident numbers, without the one for complex care."""
    actor = get_request_actor(request)
    return AllianceOut.of(
        get_alliance(
            alliance_id,
            at=timezone.now(),
            audiences=visible_audiences(actor),
            show_complex_care=can_view_professional_contacts(actor),
        )
    )


@router.get(
    "/regions/{region_id}/coverage-check",
    response={200: CoverageCheckOut, **_REFUSALS},
    summary="Which wijk-hours of a region have nobody responsible",
    tags=["coverage"],
)
def read_coverage_check(
    request: HttpRequest, region_id: int, query: Query[CoverageCheckQuery]
) -> CoverageCheckOut:
    """Answer who runs the region: every wijk with its gaps, to the second."""
    refuse_unknown_parameters(request, query)
    check_can_view_coverage_gaps(
        get_request_actor(request), Target(region_ids=frozenset({region_id}))
    )
    region = next(iter(list_coverage_regions([region_id])), None)
    if region is None:
        raise NotFound(_("There is no region with number %(id)s.") % {"id": region_id})
    first = query.from_ or localdate()
    zone = timezone.get_current_timezone()
    result = check_coverage(
        period=Period(
            datetime.combine(first, time(), zone),
            datetime.combine(first + timedelta(days=query.days), time(), zone),
        ),
        care=query.care,
        region_code=f"{region.purpose}/{region.code}",
    )
    return CoverageCheckOut.of(region_id, result)
