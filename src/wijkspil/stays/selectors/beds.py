"""Which beds are free: near an address, of a provider, in a region.

The newest report of a service and kind counts, until its time has passed; then what is
free is unknown and cannot be claimed. Nothing here decides who may see it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import cos, radians

from django.db.models import Q, QuerySet

from wijkspil.directory.selectors.care_teams import CarePlace
from wijkspil.directory.selectors.search_areas import distance_km
from wijkspil.directory.types import Care
from wijkspil.stays.models import BedClaim, BedReport
from wijkspil.stays.types import LIVE, Gender, StayKind

#: A bed further away is not proposed; assumption, about an hour by car.
FARTHEST_KM = 60.0


@dataclass(frozen=True)
class FreeBeds:
    """What a provider reports of one kind, and how it fits what is asked.

    ``misfits`` are the needs it does not meet: codes of ``Feature``, "gender" or
    "later" (free after the day it is needed). ``km`` is a straight line, None where a
    point is not known.
    """

    report_id: int
    service_id: int
    service_name: str
    organization_id: int
    organization_name: str
    kind: str
    left: int
    free: int
    claimed: int
    from_on: date | None
    features: tuple[str, ...]
    gender: str
    reported_at: datetime
    reporter: str
    valid_until: datetime
    source: str
    km: float | None = None
    misfits: tuple[str, ...] = ()

    def is_stale(self, *, at: datetime) -> bool:
        """Whether the report no longer counts."""
        return self.valid_until <= at

    @property
    def fits(self) -> bool:
        """Whether it meets everything that is asked."""
        return not self.misfits

    @property
    def kind_label(self) -> str:
        """The kind in words."""
        return str(StayKind(self.kind).label)


def newest_reports(reports: QuerySet[BedReport]) -> QuerySet[BedReport]:
    """Keep the newest report of each service and kind."""
    return reports.order_by("service_id", "kind", "-reported_at", "-pk").distinct(
        "service_id", "kind"
    )


def get_newest_report(service_id: int, kind: str) -> BedReport | None:
    """Return the newest report of a service and kind, or None (one query)."""
    return (
        BedReport.objects.filter(service_id=service_id, kind=kind)
        .order_by("-reported_at", "-pk")
        .first()
    )


def list_beds_of(service_ids: Iterable[int]) -> list[FreeBeds]:
    """Return the newest report of each kind of some services (one query)."""
    rows = newest_reports(
        BedReport.objects.filter(service_id__in=list(service_ids))
    ).select_related("service__organization")
    return [_as_beds(row) for row in rows]


def list_beds_near(
    place: CarePlace,
    *,
    kinds: Sequence[str],
    needs: Sequence[str] = (),
    gender: str = Gender.ANY,
    needed_on: date | None = None,
    at: datetime,
) -> list[FreeBeds]:
    """Return beds that are free now, what fits and is near first (one query).

    Only of active services within ``FARTHEST_KM`` (or in the region of the place,
    where a point is not known).
    """
    around = Q(service__coverages__area__within__contains=[place.region_id])
    if place.lon is not None and place.lat is not None:
        around = _box(place.lon, place.lat)
    rows = newest_reports(
        BedReport.objects.filter(
            around,
            kind__in=list(kinds),
            service__care=Care.TEMPORARY_STAY,
            service__is_active=True,
            service__organization__is_active=True,
        )
    ).select_related("service__organization")
    found = [
        _as_beds(
            row,
            km=_km(row, place),
            misfits=list_misfits(row, needs=needs, gender=gender, needed_on=needed_on),
        )
        for row in rows
        if row.left > 0 and row.valid_until > at
    ]
    order = {kind: number for number, kind in enumerate(kinds)}
    return sorted(
        (beds for beds in found if beds.km is None or beds.km <= FARTHEST_KM),
        key=lambda beds: (
            not beds.fits,
            order[beds.kind],
            FARTHEST_KM if beds.km is None else beds.km,
            beds.service_id,
        ),
    )


def list_misfits(
    report: BedReport,
    *,
    needs: Sequence[str],
    gender: str,
    needed_on: date | None,
) -> tuple[str, ...]:
    """Return what is asked and not met; see ``FreeBeds.misfits``."""
    missing = [need for need in needs if need not in report.features]
    is_shared = "single-room" not in report.features
    if is_shared and report.gender != Gender.ANY and gender != report.gender:
        missing.append("gender")
    if needed_on and report.from_on and report.from_on > needed_on:
        missing.append("later")
    return tuple(missing)


@dataclass(frozen=True)
class LiveClaim:
    """A bed that is taken, for the provider and the coordinator; without identity."""

    claim_id: int
    number: str
    service_id: int
    kind: str
    status: str
    held_at: datetime
    hold_until: datetime
    arrives_at: datetime | None
    planned_end: date | None
    claimed_by: str
    is_overdue: bool


def list_live_claims(
    *,
    service_ids: Iterable[int] | None = None,
    region_id: int | None = None,
    at: datetime,
) -> list[LiveClaim]:
    """Return beds that are taken, of services or of a region's requests (one query)."""
    claims = BedClaim.objects.filter(status__in=[*map(str, LIVE)])
    if service_ids is not None:
        claims = claims.filter(service_id__in=list(service_ids))
    if region_id is not None:
        claims = claims.filter(stay__region_id=region_id)
    return [
        LiveClaim(
            claim_id=claim.pk,
            number=claim.stay.number,
            service_id=claim.service_id,
            kind=claim.kind,
            status=claim.status,
            held_at=claim.held_at,
            hold_until=claim.hold_until,
            arrives_at=claim.arrives_at,
            planned_end=claim.stay.planned_end,
            claimed_by=claim.claimed_by_name,
            is_overdue=claim.stay.due_at is not None and claim.stay.due_at <= at,
        )
        for claim in claims.select_related("stay").order_by("held_at", "pk")
    ]


def _box(lon: float, lat: float) -> Q:
    lat_margin = FARTHEST_KM / 110.0
    lon_margin = lat_margin / max(0.1, cos(radians(lat)))
    return Q(
        service__lat__range=(lat - lat_margin, lat + lat_margin),
        service__lon__range=(lon - lon_margin, lon + lon_margin),
    )


def _km(row: BedReport, place: CarePlace) -> float | None:
    lon, lat = row.service.lon, row.service.lat
    if lon is None or lat is None or place.lon is None or place.lat is None:
        return None
    return distance_km(lon, lat, place.lon, place.lat)


def _as_beds(
    row: BedReport, *, km: float | None = None, misfits: tuple[str, ...] = ()
) -> FreeBeds:
    return FreeBeds(
        report_id=row.pk,
        service_id=row.service_id,
        service_name=row.service.name,
        organization_id=row.service.organization_id,
        organization_name=row.service.organization.name,
        kind=row.kind,
        left=row.left,
        free=row.free,
        claimed=row.claimed,
        from_on=row.from_on,
        features=tuple(row.features),
        gender=row.gender,
        reported_at=row.reported_at,
        reporter=row.reporter_label,
        valid_until=row.valid_until,
        source=row.source,
        km=km,
        misfits=misfits,
    )
