"""Who is on duty now for a place, and who else in the region can be called?

For the night desk: one row per person on duty, with what is needed to choose and to
call. Names and phone numbers are personal data: whoever shows them writes the showing
down with ``services.duty.record_duties_read``, and asks ``can_view_duty_person``.

It does not choose (that is the desk's engine), and opening hours play no part: a
service that is merely open is in ``responsibility``.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.apps import apps
from django.db.models import OuterRef, Q, Subquery

from wijkspil.core.periods import Period
from wijkspil.directory.models import Area, DutyPeriod
from wijkspil.directory.types import AreaKind, Care, RegionPurpose


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A person on duty, with the service and where it starts from (WGS84 degrees).

    ``is_for_place``: the duty is for an area around the place that was asked for;
    ``is_region_wide``: it is for a whole region, so it comes after the local ones.
    ``tasks`` are those the service does. ``valid_until`` is the first moment at which
    the person no longer is on duty.
    """

    duty_id: int
    service_id: int
    organization_id: int
    service_name: str
    organization_name: str
    area_id: int
    area_name: str
    rank: int
    is_for_place: bool
    is_region_wide: bool
    person_name: str
    phone: str
    lon: float | None
    lat: float | None
    tasks: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime


def list_on_duty(
    *,
    at: datetime,
    care: str = Care.DISTRICT_NURSING,
    place_id: int | None = None,
    area_ids: Collection[int] = (),
    region_id: int | None = None,
) -> list[OnDuty]:
    """Return who is on duty at a moment, in the order in which to call them.

    ``place_id`` is the area of an address (PC6 or PC4): duties for any area it lies
    in count, as in ``responsibility``. ``area_ids`` are areas themselves.
    ``region_id`` adds everybody on duty anywhere in that region, after those for the
    place: the pool. Local duties come before region-wide ones, then by rank. A person
    with duties of one service in several areas comes once, with the first of them.

    One query, two with ``place_id``. Nothing asked, nobody answered.
    """
    around = set(area_ids)
    if place_id is not None:
        row = Area.objects.filter(pk=place_id).values_list("within", flat=True).first()
        around |= {place_id, *(row or ())}
    wanted = Q(area_id__in=around)
    if region_id is not None:
        wanted |= Q(area__within__contains=[region_id])
    rows = (
        DutyPeriod.objects.at(at)
        .filter(
            wanted,
            care=care,
            service__is_active=True,
            service__organization__is_active=True,
        )
        .select_related("service__organization", "area")
    )
    found = [_as_on_duty(row, around) for row in rows]
    found.sort(
        key=lambda duty: (
            not duty.is_for_place,
            duty.is_region_wide,
            duty.rank,
            duty.duty_id,
        )
    )
    return list(_once_per_person(found))


def _as_on_duty(row: DutyPeriod, around: Collection[int]) -> OnDuty:
    assert row.valid_until is not None  # constraint duty_has_an_end
    service, area = row.service, row.area
    return OnDuty(
        duty_id=row.pk,
        service_id=service.pk,
        organization_id=service.organization_id,
        service_name=service.name,
        organization_name=service.organization.name,
        area_id=area.pk,
        area_name=area.name,
        rank=row.rank,
        is_for_place=area.pk in around,
        is_region_wide=area.kind == AreaKind.REGION
        and area.purpose != RegionPurpose.ALLIANCE,
        person_name=row.person_name,
        phone=row.phone,
        lon=service.lon,
        lat=service.lat,
        tasks=tuple(service.tasks),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def _once_per_person(duties: list[OnDuty]) -> Iterator[OnDuty]:
    seen: set[tuple[int, str, str]] = set()
    for duty in duties:
        person = (duty.service_id, duty.person_name, duty.phone)
        if person not in seen:
            seen.add(person)
            yield duty


# --- duties to take along, as a file or a calendar


class WrittenDuty(NamedTuple):
    """A stored duty with its stable UID and version, ready to be written to a file.

    ``version`` grows with every change, ``changed_at`` is the moment of the last.
    """

    id: int
    uid: str
    service_id: int
    service_name: str
    area_kind: str
    area_code: str
    area_name: str
    care: str
    rank: int
    person_name: str
    phone: str
    start: datetime
    end: datetime
    version: int
    changed_at: datetime


def stable_uid(external_uid: str, duty_id: int) -> str:
    """Return the UID by which calendars know a duty, through every change."""
    return external_uid or f"duty-{duty_id}@wijkspil"


def list_written_duties(
    *,
    service_ids: Collection[int],
    period: Period | None = None,
    person_name: str = "",
) -> list[WrittenDuty]:
    """Return the duties of services (in a period, of one person), by moment.

    One query. Names and phone numbers are in it: log the showing.
    """
    rows = DutyPeriod.objects.filter(service_id__in=service_ids)
    if period is not None:
        rows = rows.within(period)
    if person_name:
        rows = rows.filter(person_name__iexact=person_name)
    events = (
        apps.get_model("directory", "DutyPeriodEvent")
        .objects.filter(pgh_obj_id=OuterRef("pk"))
        .order_by("-pgh_id")
    )
    rows = rows.annotate(
        version=Subquery(events.values("pgh_id")[:1]),
        changed_at=Subquery(events.values("pgh_created_at")[:1]),
    )
    return [
        WrittenDuty(
            id=row.pk,
            uid=stable_uid(row.external_uid, row.pk),
            service_id=row.service_id,
            service_name=row.service.name,
            area_kind=row.area.kind,
            area_code=row.area.code,
            area_name=row.area.name,
            care=row.care,
            rank=row.rank,
            person_name=row.person_name,
            phone=row.phone,
            start=row.valid_from,
            end=row.valid_until,
            version=row.version or 0,
            changed_at=row.changed_at or row.valid_from,
        )
        for row in rows.select_related("service", "area").order_by(
            "valid_from", "rank", "pk"
        )
    ]
