"""What is in the directory: search it, page through it, read one entry in full.

Answers the management pages and the REST lists. Nothing here decides who may see an
entry; contacts are read only for the audiences that are asked for.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import InvalidValue
from wijkspil.core.identifiers import clean_postcode
from wijkspil.core.periods import Period
from wijkspil.core.prepared import fetch_row, fetch_rows
from wijkspil.directory.errors import UnknownEntry, UnknownPostcode, UnknownService
from wijkspil.directory.models import (
    Area,
    ContactPoint,
    Coverage,
    DutyPeriod,
    HealthcareService,
    Organization,
)
from wijkspil.directory.room import RoomReport, derive_room
from wijkspil.directory.selectors.capacity import (
    as_room_report,
    get_newest_report,
    get_reserved,
    list_current_reports,
)
from wijkspil.directory.types import AreaKind, Audience, Care, ContactSystem, Room
from wijkspil.directory.wording import say_capacity


@dataclass(frozen=True)
class TeamRow:
    """A team that reports its room; ``report_id`` is 0 when it never did."""

    id: int
    name: str
    organization_name: str
    care: str
    care_label: str
    tasks: Sequence[str]
    room: Room
    report: RoomReport | None
    report_id: int
    source: str
    is_stale: bool

    @property
    def words(self) -> str:
        """Say what is left of what it reported last."""
        return "" if self.report is None else say_capacity(self.report)


def list_reporting_teams(
    *, service_ids: Iterable[int], organization_ids: Iterable[int], at: datetime
) -> list[TeamRow]:
    """Return active services with these ids or of these organizations (2 queries)."""
    wanted = {
        "services": list(service_ids),
        "organizations": list(organization_ids),
    }
    services = fetch_rows(_REPORTING, wanted)
    reports = list_current_reports([pk for pk, *_rest in services], at=at)
    return [_team_row(row, reports.get(row[0]), at=at) for row in services]


def get_team(service_id: int, *, at: datetime) -> TeamRow:
    """Return an active service with what is left of its newest report (3 queries).

    Raises
    ------
    UnknownService
        If there is no such service, or it has ended.
    """
    service = fetch_row(_ACTIVE_SERVICE, {"id": service_id})
    if service is None:
        raise UnknownService(
            _("The service with number %(id)s has ended.") % {"id": service_id}
        )
    newest = get_newest_report(service_id)
    return _team_row(
        service,
        as_room_report(newest, get_reserved(newest)) if newest else None,
        at=at,
        report_id=newest.pk if newest else 0,
        source=newest.get_source_display() if newest else "",
    )


_SERVICES = """
SELECT s.id, s.name, o.name, s.care, s.tasks
  FROM directory_healthcareservice s
  JOIN directory_organization o ON o.id = s.organization_id
 WHERE s.is_active AND o.is_active
"""
_REPORTING = f"""{_SERVICES}
   AND (s.id = ANY(%(services)s::bigint[])
        OR s.organization_id = ANY(%(organizations)s::bigint[]))
 ORDER BY o.name, s.name, s.id
"""
_ACTIVE_SERVICE = f"{_SERVICES} AND s.id = %(id)s"


def _team_row(
    service: tuple[Any, ...],
    report: RoomReport | None,
    *,
    at: datetime,
    report_id: int = 0,
    source: str = "",
) -> TeamRow:
    service_id, name, organization_name, care, tasks = service
    return TeamRow(
        id=service_id,
        name=name,
        organization_name=organization_name,
        care=care,
        care_label=str(Care(care).label),
        tasks=tasks,
        room=derive_room(report, at=at),
        report=report,
        report_id=report_id,
        source=source,
        is_stale=report is not None and report.is_stale(at=at),
    )


# --- services, for the REST lists


@dataclass(frozen=True)
class ServiceFilter:
    """What is asked of a list of services; empty means any."""

    care: str = ""
    organization_id: int | None = None
    postcode: str = ""
    area_code: str = ""
    task: str = ""
    language: str = ""
    text: str = ""
    room: Collection[str] = ()

    @property
    def has_place(self) -> bool:
        """Whether it asks for one place or one organization."""
        return bool(self.postcode or self.area_code or self.organization_id is not None)


@dataclass(frozen=True)
class ListedContact:
    """A contact of a service, with the audience it is meant for."""

    audience: str
    purpose: str
    system: str
    value: str
    person_name: str


@dataclass(frozen=True)
class ListedService:
    """A service in full, with the contacts that were asked for."""

    id: int
    name: str
    organization_id: int
    organization_name: str
    care: str
    description: str
    specialty: str
    tasks: Sequence[str]
    languages: Sequence[str]
    insurers: Sequence[str]
    care_laws: Sequence[str]
    opening_hours: Sequence[Mapping[str, Any]]
    is_open_on_holidays: bool
    postcode: str
    lon: float | None
    lat: float | None
    is_fictional: bool
    contacts: Sequence[ListedContact]
    room_report: RoomReport | None = None


def list_services(
    wanted: ServiceFilter,
    *,
    at: datetime,
    audiences: Sequence[str],
    page: int,
    page_size: int,
    with_room: bool = False,
) -> tuple[list[ListedService], int]:
    """Return one page of active services by name, and how many there are in all.

    At most five queries. ``postcode`` keeps who covers that address at ``at``,
    ``area_code`` who covers (a part of) that area, ``room`` whose room is one of these
    words at ``at``.

    Raises
    ------
    InvalidValue
        If the postcode has another form, or room is asked without a place.
    UnknownPostcode, UnknownEntry
        If the postcode or the area is not known.
    """
    services = _filter_services(wanted, at=at)
    start = (page - 1) * page_size
    rows = (
        services.select_related("organization")
        .prefetch_related(_contacts_for(audiences, at=at))
        .order_by("name", "pk")[start : start + page_size]
    )
    return _with_reports(rows, audiences, with_room=with_room, at=at), services.count()


def iterate_services(
    wanted: ServiceFilter, *, at: datetime, audiences: Sequence[str], with_room: bool
) -> Iterator[ListedService]:
    """Yield every active service that is asked for, oldest first (not by name).

    Three queries per thousand, so that a country fits in the memory.

    Raises
    ------
    InvalidValue, UnknownPostcode, UnknownEntry
        As for ``list_services``.
    """
    services = (
        _filter_services(wanted, at=at)
        .select_related("organization")
        .prefetch_related(_contacts_for(audiences, at=at))
        .order_by("pk")
    )
    last = 0
    while rows := list(services.filter(pk__gt=last)[:_AT_ONCE]):
        yield from _with_reports(rows, audiences, with_room=with_room, at=at)
        last = rows[-1].pk


#: Services read at a time.
_AT_ONCE = 1_000


def _with_reports(
    rows: Iterable[HealthcareService],
    audiences: Sequence[str],
    *,
    with_room: bool,
    at: datetime,
) -> list[ListedService]:
    found = list(rows)
    reports = (
        list_current_reports([row.pk for row in found], at=at) if with_room else {}
    )
    return [_listed_service(row, audiences, reports.get(row.pk)) for row in found]


def get_listed_service(
    service_id: int,
    *,
    at: datetime,
    audiences: Sequence[str],
    with_room: bool = False,
) -> ListedService:
    """Return one active service in full (at most three queries).

    Raises
    ------
    UnknownService
        If there is no such service, or it has ended.
    """
    row = (
        HealthcareService.objects.filter(
            pk=service_id, is_active=True, organization__is_active=True
        )
        .select_related("organization")
        .prefetch_related(_contacts_for(audiences, at=at))
        .first()
    )
    if row is None:
        raise UnknownService(
            _("There is no service with number %(id)s, or it has ended.")
            % {"id": service_id}
        )
    (service,) = _with_reports([row], audiences, with_room=with_room, at=at)
    return service


_SERVICE_PHONE = f"""
SELECT s.name, o.name, c.value
  FROM directory_healthcareservice s
  JOIN directory_organization o ON o.id = s.organization_id
  JOIN directory_contactpoint c ON c.service_id = s.id
 WHERE s.id = %(service)s AND s.is_active AND o.is_active
   AND c.system = '{ContactSystem.PHONE.value}'
   AND c.audience = ANY(%(audiences)s::text[])
   AND c.valid_from <= %(at)s AND (c.valid_until IS NULL OR c.valid_until > %(at)s)
 ORDER BY array_position(%(audiences)s::text[], c.audience::text), c.id
 LIMIT 1
"""


def find_service_phone(
    service_id: int, *, at: datetime, audiences: Sequence[str]
) -> tuple[str, str, str] | None:
    """Return an active service's name, its organization's and the number to call.

    The number for the audience that comes first (one query); None if there is none.
    """
    row = fetch_row(
        _SERVICE_PHONE,
        {"service": service_id, "at": at, "audiences": [*map(str, audiences)]},
    )
    return None if row is None else (row[0], row[1], row[2])


_PHONE_AT = f"""
SELECT s.name, o.name, c.value
  FROM directory_healthcareservice s
  JOIN directory_organization o ON o.id = s.organization_id
  JOIN directory_contactpoint c ON c.service_id = s.id
 WHERE s.id IN (
    SELECT v.service_id FROM directory_coverage v
     WHERE v.area_id = ANY(
        ARRAY(SELECT unnest(a.within) FROM (
            SELECT p.within FROM directory_area p
             WHERE p.code = ANY(%(codes)s::text[]) AND p.kind IN ('pc6', 'pc4')
             ORDER BY p.kind DESC, p.year DESC LIMIT 1) a))
       AND v.valid_from <= %(at)s AND (v.valid_until IS NULL OR v.valid_until > %(at)s))
   AND s.care = %(care)s AND s.is_active AND o.is_active
   AND c.system = '{ContactSystem.PHONE.value}'
   AND c.audience = ANY(%(audiences)s::text[])
   AND c.valid_from <= %(at)s AND (c.valid_until IS NULL OR c.valid_until > %(at)s)
 ORDER BY array_position(%(audiences)s::text[], c.audience::text), s.name, s.id, c.id
 LIMIT 1
"""


def find_phone_at(
    postcode: str, *, care: str, at: datetime, audiences: Sequence[str]
) -> tuple[str, str, str] | None:
    """Return who gives a care at a postcode, its organization and the number to call.

    The number for the audience that comes first (one query); None if there is none.
    """
    row = fetch_row(
        _PHONE_AT,
        {
            "codes": [postcode, postcode[:4]],
            "care": care,
            "at": at,
            "audiences": [*map(str, audiences)],
        },
    )
    return None if row is None else (row[0], row[1], row[2])


def _filter_services(
    wanted: ServiceFilter, *, at: datetime
) -> QuerySet[HealthcareService]:
    services = HealthcareService.objects.filter(
        is_active=True, organization__is_active=True
    )
    if wanted.care:
        services = services.filter(care=wanted.care)
    if wanted.organization_id is not None:
        services = services.filter(organization_id=wanted.organization_id)
    if wanted.task:
        services = services.filter(tasks__contains=[wanted.task])
    if wanted.language:
        services = services.filter(languages__contains=[wanted.language])
    if wanted.postcode:
        within = get_areas_around(wanted.postcode)
        services = services.filter(
            pk__in=Coverage.objects.at(at)
            .filter(area_id__in=within)
            .values("service_id")
        )
    if wanted.area_code:
        services = services.filter(
            pk__in=Coverage.objects.at(at)
            .filter(_touching(_areas_with_code(wanted.area_code)))
            .values("service_id")
        )
    services = services.filter(_service_matches(wanted.text))
    if not wanted.room:
        return services
    if not wanted.has_place:
        raise InvalidValue(
            _("Ask for room at a place: add a postcode, an area or an organization."),
            field="room",
        )
    ids = list(services.values_list("pk", flat=True))
    reports = list_current_reports(ids, at=at)
    return services.filter(
        pk__in=[pk for pk in ids if derive_room(reports.get(pk), at=at) in wanted.room]
    )


def _service_matches(text: str) -> Q:
    """Keep services by words of a name, or by a registered number."""
    matches = Q()
    for word in text.replace("\0", "").split():
        matches &= (
            Q(name__icontains=word)
            | Q(organization__name__icontains=word)
            | Q(organization__agb_code=word)
            | Q(organization__ura=word)
        )
    return matches


def _contacts_for(audiences: Sequence[str], *, at: datetime) -> Any:
    return Prefetch(
        "contacts",
        queryset=ContactPoint.objects.at(at)
        .filter(audience__in=list(audiences))
        .order_by("pk"),
        to_attr="shown_contacts",
    )


def _listed_service(
    row: HealthcareService,
    audiences: Sequence[str],
    room_report: RoomReport | None,
) -> ListedService:
    # Who holds the function is for professionals, also behind a public number.
    show_person = Audience.PROFESSIONAL in audiences
    return ListedService(
        id=row.pk,
        name=row.name,
        organization_id=row.organization_id,
        organization_name=row.organization.name,
        care=row.care,
        description=row.description,
        specialty=row.specialty,
        tasks=row.tasks,
        languages=row.languages,
        insurers=row.insurers,
        care_laws=row.care_laws,
        opening_hours=row.opening_hours,
        is_open_on_holidays=row.is_open_on_holidays,
        postcode=row.postcode,
        lon=row.lon,
        lat=row.lat,
        is_fictional=row.is_fictional,
        contacts=[
            ListedContact(
                audience=contact.audience,
                purpose=contact.purpose,
                system=contact.system,
                value=contact.value,
                person_name=contact.person_name if show_person else "",
            )
            for contact in getattr(row, "shown_contacts", ())
        ],
        room_report=room_report,
    )


# --- areas


def get_areas_around(postcode: str) -> list[int]:
    """Return the ids of all areas around a postcode: PC6, else its PC4 (one query).

    Raises
    ------
    InvalidValue
        If the postcode has another form.
    UnknownPostcode
        If neither the PC6 nor its PC4 is known.
    """
    asked = clean_postcode(postcode)
    within = (
        Area.objects.filter(
            code__in=[asked, asked[:4]], kind__in=[AreaKind.PC6, AreaKind.PC4]
        )
        .order_by("-kind", "-year")
        .values_list("within", flat=True)
        .first()
    )
    if within is None:
        raise UnknownPostcode(
            _("Postcode %(postcode)s is not known here. Check the digits.")
            % {"postcode": asked},
            field="postcode",
        )
    return list(within)


def _areas_with_code(code: str) -> list[tuple[int, list[int]]]:
    rows = list(
        Area.objects.filter(code=code.replace("\0", "")).values_list("pk", "within")
    )
    if not rows:
        raise UnknownEntry(
            _("There is no area with the code “%(code)s”. Give one as WK051801.")
            % {"code": code[:60]},
            field="area",
        )
    return rows


def _touching(areas: Sequence[tuple[int, list[int]]]) -> Q:
    """Keep what lies around one of these areas or inside it."""
    around: set[int] = set()
    inside = Q()
    for pk, within in areas:
        around |= set(within)
        inside |= Q(area__within__contains=[pk])
    return Q(area_id__in=around) | inside


# --- coverage and duties


@dataclass(frozen=True)
class ListedCoverage:
    """A service plays a part in an area during a period."""

    id: int
    service_id: int
    service_name: str
    area_kind: str
    area_code: str
    area_name: str
    care: str
    role: str
    rank: int
    valid_from: datetime
    valid_until: datetime | None


def list_coverages(
    *,
    at: datetime,
    page: int,
    page_size: int,
    service_id: int | None = None,
    area_code: str = "",
    care: str = "",
) -> tuple[list[ListedCoverage], int]:
    """Return one page of coverage that holds at ``at`` or later, and the total.

    By service, or by area: that area, what is around it and what is inside it. At
    most three queries.

    Raises
    ------
    UnknownEntry
        If the area is not known.
    """
    rows = Coverage.objects.filter(Q(valid_until=None) | Q(valid_until__gt=at)).filter(
        service__is_active=True, service__organization__is_active=True
    )
    if service_id is not None:
        rows = rows.filter(service_id=service_id)
    if area_code:
        rows = rows.filter(_touching(_areas_with_code(area_code)))
    if care:
        rows = rows.filter(care=care)
    start = (page - 1) * page_size
    shown = rows.select_related("service", "area").order_by(
        "area__kind", "area__code", "care", "role", "rank", "pk"
    )[start : start + page_size]
    return [_listed_coverage(row) for row in shown], rows.count()


def list_covered_codes(
    service_ids: Sequence[int], *, at: datetime
) -> dict[int, list[str]]:
    """Return service -> codes of the areas it covers at ``at`` (one query)."""
    found: dict[int, list[str]] = {}
    for service_id, code in (
        Coverage.objects.at(at)
        .filter(service_id__in=list(service_ids))
        .order_by("service_id", "area__code")
        .values_list("service_id", "area__code")
        .distinct()
    ):
        found.setdefault(service_id, []).append(code)
    return found


def _listed_coverage(row: Coverage) -> ListedCoverage:
    return ListedCoverage(
        id=row.pk,
        service_id=row.service_id,
        service_name=row.service.name,
        area_kind=row.area.kind,
        area_code=row.area.code,
        area_name=row.area.name,
        care=row.care,
        role=row.role,
        rank=row.rank,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


@dataclass(frozen=True)
class ListedDuty:
    """Who is on duty where. Person and phone are personal data: log the showing."""

    id: int
    service_id: int
    service_name: str
    area_kind: str
    area_code: str
    area_name: str
    care: str
    rank: int
    person_name: str
    phone: str
    valid_from: datetime
    valid_until: datetime


def list_duties(
    *,
    period: Period,
    page: int,
    page_size: int,
    service_id: int | None = None,
    postcode: str = "",
    care: str = "",
) -> tuple[list[ListedDuty], int]:
    """Return one page of duties in a period, by moment and order, and the total.

    At most three queries.

    Raises
    ------
    InvalidValue, UnknownPostcode
        As for ``get_areas_around``.
    """
    rows = DutyPeriod.objects.within(period).filter(
        service__is_active=True, service__organization__is_active=True
    )
    if service_id is not None:
        rows = rows.filter(service_id=service_id)
    if postcode:
        rows = rows.filter(area_id__in=get_areas_around(postcode))
    if care:
        rows = rows.filter(care=care)
    start = (page - 1) * page_size
    shown = rows.select_related("service", "area").order_by("valid_from", "rank", "pk")
    return [as_listed_duty(row) for row in shown[start : start + page_size]], (
        rows.count()
    )


def as_listed_duty(row: DutyPeriod) -> ListedDuty:
    """Return the plain value of a stored duty."""
    if row.valid_until is None:
        raise InvalidValue(f"Duty {row.pk} has no end.")
    return ListedDuty(
        id=row.pk,
        service_id=row.service_id,
        service_name=row.service.name,
        area_kind=row.area.kind,
        area_code=row.area.code,
        area_name=row.area.name,
        care=row.care,
        rank=row.rank,
        person_name=row.person_name,
        phone=row.phone,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


# --- organizations and areas in full


@dataclass(frozen=True)
class ListedOrganization:
    """An organization with the services it offers now."""

    id: int
    name: str
    type: str
    agb_code: str
    ura: str
    kvk_number: str
    is_active: bool
    is_fictional: bool
    services: Sequence[tuple[int, str, str]]


def get_organization(organization_id: int) -> ListedOrganization:
    """Return an organization with (id, name, care) of its services (two queries).

    Raises
    ------
    UnknownEntry
        If there is no such organization.
    """
    row = Organization.objects.filter(pk=organization_id).first()
    if row is None:
        raise _unknown_organization(organization_id)
    return _listed_organization(
        row,
        list(
            row.services.filter(is_active=True)
            .order_by("name", "pk")
            .values_list("pk", "name", "care")
        ),
    )


def iterate_organizations() -> Iterator[ListedOrganization]:
    """Yield every organization that still works, with its services, oldest first.

    Two queries per thousand.
    """
    rows = (
        Organization.objects.filter(is_active=True)
        .prefetch_related(
            Prefetch(
                "services",
                HealthcareService.objects.filter(is_active=True).order_by("name", "pk"),
                to_attr="shown_services",
            )
        )
        .order_by("pk")
    )
    last = 0
    while part := list(rows.filter(pk__gt=last)[:_AT_ONCE]):
        for row in part:
            yield _listed_organization(
                row, [(one.pk, one.name, one.care) for one in row.shown_services]
            )
        last = part[-1].pk


def _listed_organization(
    row: Organization, services: Sequence[tuple[int, str, str]]
) -> ListedOrganization:
    return ListedOrganization(
        id=row.pk,
        name=row.name,
        type=row.type,
        agb_code=row.agb_code,
        ura=row.ura,
        kvk_number=row.kvk_number,
        is_active=row.is_active,
        is_fictional=row.is_fictional,
        services=services,
    )


def get_organization_type(organization_id: int) -> str:
    """Return what kind of organization it is (one query).

    Raises
    ------
    UnknownEntry
        If there is no such organization.
    """
    row = fetch_row(_ORGANIZATION_TYPE, {"id": organization_id})
    if row is None:
        raise _unknown_organization(organization_id)
    return str(row[0])


_ORGANIZATION_TYPE = "SELECT type FROM directory_organization WHERE id = %(id)s"


def _unknown_organization(organization_id: int) -> UnknownEntry:
    return UnknownEntry(
        _("There is no organization with number %(id)s.") % {"id": organization_id}
    )


def get_own_organization(actor: Actor) -> ListedOrganization:
    """Return the organization that the actor works at, or whose system it is.

    Two queries. Of more than one the first.

    Raises
    ------
    UnknownEntry
        If there is none.
    """
    own = [grant.organization_id for grant in actor.grants if grant.organization_id]
    if not own:
        raise UnknownEntry(
            _("You act for no organization here: send a token of its system.")
        )
    return get_organization(own[0])


def find_fictional_organization(name: str) -> int | None:
    """Return the id of an invented organization that still works, or None."""
    return (
        Organization.objects.filter(name=name, is_fictional=True, is_active=True)
        .order_by("pk")
        .values_list("pk", flat=True)
        .first()
    )


@dataclass(frozen=True)
class ListedArea:
    """An area with its figures; ``within`` is (kind, purpose, code, name)."""

    kind: str
    purpose: str
    code: str
    name: str
    year: int
    lon: float | None
    lat: float | None
    population: int | None
    population_by_age: Mapping[str, float]
    source: str
    within: Sequence[tuple[str, str, str, str]]


def get_listed_area(kind: str, code: str) -> ListedArea:
    """Return the newest area of a kind by code (two queries).

    Raises
    ------
    UnknownEntry
        If there is none.
    """
    row = (
        Area.objects.filter(kind=kind, code=code.replace("\0", ""))
        .order_by("-year")
        .first()
    )
    if row is None:
        raise UnknownEntry(
            _("There is no %(kind)s with the code “%(code)s”.")
            % {"kind": AreaKind(kind).label.lower(), "code": code[:60]}
        )
    return _listed_area(
        row,
        within=list(
            Area.objects.filter(pk__in=row.within)
            .exclude(pk=row.pk)
            .order_by("kind", "code")
            .values_list("kind", "purpose", "code", "name")
        ),
    )


def _listed_area(
    row: Area, *, within: Sequence[tuple[str, str, str, str]]
) -> ListedArea:
    return ListedArea(
        kind=row.kind,
        purpose=row.purpose,
        code=row.code,
        name=row.name,
        year=row.year,
        lon=row.lon,
        lat=row.lat,
        population=row.population,
        population_by_age=row.population_by_age,
        source=row.source,
        within=within,
    )


def list_areas_around(postcode: str) -> list[ListedArea]:
    """Return the areas a postcode lies in, itself first (at most three queries).

    Figures of each; what it lies in is left out, since they are all here.

    Raises
    ------
    InvalidValue, UnknownPostcode
        As for ``get_areas_around``.
    """
    asked = clean_postcode(postcode)
    rows = Area.objects.filter(pk__in=get_areas_around(asked))
    order = {code: place for place, code in enumerate((asked, asked[:4]))}
    return [
        _listed_area(row, within=())
        for row in sorted(
            rows,
            key=lambda row: (
                order.get(row.code, len(order)),
                _KINDS.index(row.kind),
                row.purpose,
                row.code,
            ),
        )
    ]


#: From small to large.
_KINDS = (
    AreaKind.PC6,
    AreaKind.PC4,
    AreaKind.BUURT,
    AreaKind.WIJK,
    AreaKind.GEMEENTE,
    AreaKind.REGION,
)


def get_area_id(kind: str, code: str) -> int:
    """Return the id of the newest area of a kind by code (one query).

    Raises
    ------
    UnknownEntry
        If there is none.
    """
    pk = (
        Area.objects.filter(kind=kind, code=code.replace("\0", ""))
        .order_by("-year")
        .values_list("pk", flat=True)
        .first()
    )
    if pk is None:
        raise UnknownEntry(
            _("There is no %(kind)s with the code “%(code)s”.")
            % {"kind": AreaKind(kind).label.lower(), "code": code[:60]},
            field="area_code",
        )
    return pk
