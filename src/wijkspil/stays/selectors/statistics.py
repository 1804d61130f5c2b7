"""Figures of a region: searches, promises of beds, and those not kept.

Counts only. A provider's promises are told by name to who may see the figures; how many
were broken in the region is public (``count_promises``).
"""

from collections import Counter
from datetime import datetime

from django.db.models import Count, Q

from wijkspil.stays.models import BedClaim, StayRequest, StaySearch
from wijkspil.stays.types import (
    Broken,
    ClaimStatus,
    ProviderFigures,
    RegionFigures,
    StayKind,
    StayStatus,
)

_DELIVERED = Q(status__in=[ClaimStatus.ARRIVED, ClaimStatus.ENDED])
_BROKEN = Q(status=ClaimStatus.NOT_DELIVERED)
_RETURNED = Q(status__in=[ClaimStatus.RELEASED, ClaimStatus.WITHDRAWN])


def count_promises(
    region_id: int, *, since: datetime, until: datetime
) -> tuple[int, int]:
    """Return (beds claimed, of these not delivered) of a region (one query)."""
    row = BedClaim.objects.filter(
        stay__region_id=region_id, held_at__gte=since, held_at__lt=until
    ).aggregate(promised=Count("pk"), broken=Count("pk", filter=_BROKEN))
    return row["promised"], row["broken"]


def count_region(region_id: int, *, since: datetime, until: datetime) -> RegionFigures:
    """Return the figures of a region over a period (seven queries)."""
    searches = StaySearch.objects.filter(
        region_id=region_id, at__gte=since, at__lt=until
    )
    beds = searches.filter(kind__in=StayKind.values)
    claims = BedClaim.objects.filter(
        stay__region_id=region_id, held_at__gte=since, held_at__lt=until
    )
    counts = claims.aggregate(
        promised=Count("pk"),
        delivered=Count("pk", filter=_DELIVERED),
        broken=Count("pk", filter=_BROKEN),
        returned=Count("pk", filter=_RETURNED),
    )
    asked = Counter(beds.values_list("kind", flat=True))
    without = Counter(beds.filter(fitting=0).values_list("kind", flat=True))
    providers = (
        claims.order_by()
        .values("service__organization_id", "service__organization__name")
        .annotate(
            promised=Count("pk"),
            delivered=Count("pk", filter=_DELIVERED),
            broken=Count("pk", filter=_BROKEN),
        )
    )
    return RegionFigures(
        searches=searches.count(),
        without_bed=sum(without.values()),
        **counts,
        open_now=StayRequest.objects.filter(
            region_id=region_id, status=StayStatus.OPEN
        ).count(),
        by_kind=[
            (kind, asked[kind], without[kind])
            for kind in StayKind.values
            if asked[kind]
        ],
        providers=sorted(
            (
                ProviderFigures(
                    organization_id=row["service__organization_id"],
                    name=row["service__organization__name"],
                    promised=row["promised"],
                    delivered=row["delivered"],
                    broken=row["broken"],
                )
                for row in providers
            ),
            key=lambda one: (-one.broken, -one.promised, one.name),
        ),
        broken_lately=[
            Broken(
                at=claim.closed_at or claim.held_at,
                service_name=claim.service.name,
                organization_name=claim.service.organization.name,
                kind=claim.kind,
                ground=claim.ground,
            )
            for claim in claims.filter(_BROKEN)
            .select_related("service__organization")
            .order_by("-closed_at")[:20]
        ],
    )
