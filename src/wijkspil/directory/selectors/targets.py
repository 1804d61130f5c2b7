"""Where an act on the directory lands: the ids that permissions are weighed by."""

from django.db.models import F, Func
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Target
from wijkspil.core.prepared import fetch_row
from wijkspil.directory.errors import UnknownService
from wijkspil.directory.models import Area, Coverage, HealthcareService
from wijkspil.directory.types import AreaKind


def get_service_target(service_id: int) -> Target:
    """Return the target of a service: itself, its organization, its regions.

    A service belongs to every region that holds an area it covers (one query).

    Raises
    ------
    UnknownService
        If there is no such service.
    """
    row = fetch_row(_SERVICE_TARGET, {"service": service_id})
    if row is None:
        raise UnknownService(
            _("There is no service with number %(id)s.") % {"id": service_id}
        )
    return Target(
        service_id=service_id,
        organization_id=row[0],
        region_ids=frozenset(row[1]),
    )


#: Of each act on a service, and of each page about one.
_SERVICE_TARGET = f"""
SELECT s.organization_id, ARRAY(
  SELECT r.id FROM directory_area r
  WHERE r.kind = '{AreaKind.REGION.value}' AND r.id IN (
    SELECT unnest(a.within) FROM directory_coverage c
    JOIN directory_area a ON a.id = c.area_id WHERE c.service_id = s.id))
FROM directory_healthcareservice s WHERE s.id = %(service)s
"""


def list_service_region_ids(service_ids: list[int]) -> frozenset[int]:
    """Return the regions that hold an area covered by any of the services."""
    around = (
        Coverage.objects.filter(service_id__in=service_ids)
        .annotate(around=Func(F("area__within"), function="unnest"))
        .values_list("around", flat=True)
    )
    return frozenset(
        Area.objects.filter(kind=AreaKind.REGION, pk__in=around).values_list(
            "pk", flat=True
        )
    )


def get_organization_target(organization_id: int) -> Target:
    """Return the target of an organization: itself and its services' regions."""
    service_ids = list(
        HealthcareService.objects.filter(organization_id=organization_id).values_list(
            "pk", flat=True
        )
    )
    return Target(
        organization_id=organization_id,
        region_ids=list_service_region_ids(service_ids),
    )


def get_area_target(area_id: int) -> Target:
    """Return the target of an area: the regions around it (one query)."""
    within = Area.objects.filter(pk=area_id).values_list("within", flat=True).first()
    return Target(region_ids=frozenset(within or ()))
