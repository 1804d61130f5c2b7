"""Where a change of an entry lands, also for entries that cover nothing yet.

``targets`` weighs a service by the areas it covers. An editor must be able to finish
what is new: a service without coverage belongs to the regions around its postcode,
and what has neither belongs to every region.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from wijkspil.accounts.types import Target
from wijkspil.directory.errors import UnknownEntry
from wijkspil.directory.models import (
    Alliance,
    Area,
    HealthcareService,
    Organization,
    RegionMember,
)
from wijkspil.directory.selectors.targets import (
    get_organization_target,
    get_service_target,
)
from wijkspil.directory.types import AreaKind


def get_service_edit_target(service_id: int) -> Target:
    """Return where a change of a service lands (two to four queries).

    Raises
    ------
    UnknownService
        If there is no such service.
    """
    target = get_service_target(service_id)
    if target.region_ids:
        return target
    postcode = HealthcareService.objects.values_list("postcode", flat=True).get(
        pk=service_id
    )
    return Target(
        service_id=service_id,
        organization_id=target.organization_id,
        region_ids=_regions_around(postcode) or list_region_ids(),
    )


def get_organization_edit_target(organization_id: int) -> Target:
    """Return where a change of an organization lands (two to four queries).

    Raises
    ------
    UnknownEntry
        If there is no such organization.
    """
    if not Organization.objects.filter(pk=organization_id).exists():
        raise UnknownEntry(
            _("There is no organization with number %(id)s.") % {"id": organization_id}
        )
    target = get_organization_target(organization_id)
    if target.region_ids:
        return target
    postcodes = HealthcareService.objects.filter(
        organization_id=organization_id
    ).values_list("postcode", flat=True)
    around: frozenset[int] = frozenset().union(
        *(_regions_around(postcode) for postcode in postcodes)
    )
    return Target(
        organization_id=organization_id, region_ids=around or list_region_ids()
    )


def get_new_organization_target() -> Target:
    """Return where a new organization lands: it belongs to every region yet."""
    return Target(region_ids=list_region_ids())


def list_area_targets(area_ids: Iterable[int]) -> dict[int, Target]:
    """Return per area the regions around it (one query); unknown ids are left out."""
    rows = Area.objects.filter(pk__in=list(area_ids)).values_list("pk", "within")
    return {pk: Target(region_ids=frozenset(within)) for pk, within in rows}


def get_alliance_target(alliance_id: int) -> Target:
    """Return the regions around the wijken of an alliance (two queries).

    Raises
    ------
    UnknownEntry
        If there is no such alliance.
    """
    area_id = (
        Alliance.objects.filter(pk=alliance_id).values_list("area_id", flat=True)
    ).first()
    if area_id is None:
        raise UnknownEntry(
            _("There is no alliance with number %(id)s.") % {"id": alliance_id}
        )
    rows = RegionMember.objects.filter(region_id=area_id).values_list(
        "area__within", flat=True
    )
    return Target(region_ids=frozenset({area_id}.union(*rows)))


def list_region_ids() -> frozenset[int]:
    """Return the ids of all regions (one query)."""
    return frozenset(
        Area.objects.filter(kind=AreaKind.REGION).values_list("pk", flat=True)
    )


def _regions_around(postcode: str) -> frozenset[int]:
    """Return the regions around a postcode, PC6 or else its PC4."""
    if not postcode:
        return frozenset()
    around = (
        Area.objects.filter(
            code__in=[postcode, postcode[:4]], kind__in=[AreaKind.PC6, AreaKind.PC4]
        )
        .order_by("-kind", "-year")
        .values_list("within", flat=True)
        .first()
    )
    return list_region_ids() & frozenset(around or ())
