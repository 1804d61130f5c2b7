"""Bodies of the REST interface: the shape suppliers build on."""

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field

from wijkspil.core.api import (
    CamelSchema,
    FilledText,
    Id,
    MomentOrEmpty,
    MomentText,
    Number,
    Postcode,
    PostcodeOrEmpty,
    one_of,
)
from wijkspil.directory.room import RoomReport, derive_room
from wijkspil.directory.selectors.alliances import AllianceCard
from wijkspil.directory.selectors.capacity import as_room_report, get_reserved
from wijkspil.directory.selectors.coverage_check import CoverageResult, Hours
from wijkspil.directory.selectors.listing import (
    ListedArea,
    ListedCoverage,
    ListedDuty,
    ListedOrganization,
    ListedService,
)
from wijkspil.directory.selectors.responsibility import (
    AreaName,
    DutyCard,
    Responsibility,
    ServiceCard,
    WhoHelps,
)
from wijkspil.directory.services.duty_exchange import DutyPlan, PlanKind
from wijkspil.directory.signposts.types import LocalizedText, Signpost
from wijkspil.directory.types import (
    AreaKind,
    Care,
    CareTask,
    NoRoomReason,
    PartOfDay,
    RegionPurpose,
    Room,
    SizeBand,
)

if TYPE_CHECKING:
    from wijkspil.directory.models import CapacityReport


#: Codes that the services look up, so that a refusal names those there are.
CareCode = Annotated[str, one_of(Care.values)]
CareCodeOrEmpty = Annotated[str, one_of(Care.values, or_empty=True)]
AreaKindCode = Annotated[str, one_of(AreaKind.values)]


class ResponsibleQuery(CamelSchema):
    """Where, when and for what."""

    postcode: Postcode = Field(description="PC4 or PC6, as in 2512 or 2512AB.")
    care: CareCode = Field(Care.DISTRICT_NURSING.value, description="Kind of care.")
    at: MomentOrEmpty = Field(
        "", description="Moment with zone (ISO 8601); empty is now."
    )


class AreaOut(CamelSchema):
    """An area by code and name."""

    code: str
    name: str


class AreasOut(CamelSchema):
    """The areas around an address."""

    gemeente: AreaOut | None
    wijk: AreaOut | None
    buurt: AreaOut | None
    buurt_is_estimate: bool
    other_wijken: list[AreaOut]
    zorgkantoor: AreaOut | None


class ContactOut(CamelSchema):
    """A number or address with the audience it is meant for."""

    audience: str
    purpose: str
    system: str
    value: str
    person_name: str


class RoomOut(CamelSchema):
    """How much room a team has, how it was told and how old that is."""

    status: str
    new_clients: int | None = None
    size_band: Annotated[str, one_of(SizeBand.values, or_empty=True)] = ""
    parts_of_day: list[Annotated[str, one_of(PartOfDay.values)]] = []
    tasks_excluded: list[Annotated[str, one_of(CareTask.values)]] = []
    hours_per_week: float | None = None
    no_room_reason: Annotated[str, one_of(NoRoomReason.values, or_empty=True)] = ""
    no_room_until: date | None = None
    reported_at: datetime | None = None
    valid_until: datetime | None = None
    is_stale: bool = False

    @classmethod
    def of(cls, report: RoomReport | None, *, at: datetime) -> Self:
        """Return the body for a report (or none) as it stands at ``at``."""
        status = derive_room(report, at=at)
        if report is None:
            return cls(status=status)
        return cls(
            status=status,
            new_clients=report.new_clients,
            size_band=report.size_band,
            parts_of_day=list(report.parts_of_day),
            tasks_excluded=list(report.tasks_excluded),
            hours_per_week=report.hours_per_week,
            no_room_reason=report.no_room_reason,
            no_room_until=report.no_room_until,
            reported_at=report.reported_at,
            valid_until=report.valid_until,
            is_stale=report.is_stale(at=at),
        )


class ServiceOut(CamelSchema):
    """A service with the part it plays at an address."""

    id: int
    name: str
    organization_id: int
    organization_name: str
    team_name: str
    care: str
    specialty: str
    role: str
    rank: int
    is_region_wide: bool
    is_open: bool
    opens_at: datetime | None
    contacts: list[ContactOut]
    room: RoomOut | None
    is_fictional: bool


class OnDutyOut(CamelSchema):
    """A service on duty; person and phone for professionals only."""

    service: ServiceOut
    rank: int
    until: datetime
    person_name: str
    phone: str


class ResponsibleOut(CamelSchema):
    """Who is responsible at an address, at a moment, for one kind of care."""

    postcode: str
    asked_postcode: str
    precision: str
    at: datetime
    care: str
    areas: AreasOut
    answer: str
    explanation: str
    now: ServiceOut | OnDutyOut | None
    first_contact: ServiceOut | None
    team: ServiceOut | None
    others: list[ServiceOut]
    back_ups: list[ServiceOut]
    on_duty: OnDutyOut | None
    next_in_line: ServiceOut | OnDutyOut | None
    region_coordinator: ServiceOut | None


def write_responsible(
    found: WhoHelps, answer: Responsibility, *, show_room: bool
) -> str:
    """Return an answer as the JSON text of ``ResponsibleOut``; room for who may see it.

    Written from plain dicts: checking our own answer against its schema took a third
    of the time of this route. A test checks instead that the two are the same.
    """
    place, at = found.place, found.at
    made: dict[int, dict[str, Any]] = {}  # one card plays several parts

    def service(card: ServiceCard | None) -> dict[str, Any] | None:
        if card is None:
            return None
        body = made.get(id(card))
        if body is None:
            body = made[id(card)] = _service_body(card, at=at, show_room=show_room)
        return body

    def either(card: DutyCard | ServiceCard | None) -> dict[str, Any] | None:
        if not isinstance(card, DutyCard):
            return service(card)
        return {
            "service": service(card.service),
            "rank": card.rank,
            "until": _moment(card.until),
            "personName": card.person_name,
            "phone": card.phone,
        }

    return _write_json(
        {
            "postcode": place.postcode,
            "askedPostcode": place.asked,
            "precision": place.precision,
            "at": _moment(at),
            "care": answer.care,
            "areas": {
                "gemeente": _area_body(place.area(AreaKind.GEMEENTE)),
                "wijk": _area_body(place.area(AreaKind.WIJK)),
                "buurt": _area_body(place.area(AreaKind.BUURT)),
                "buurtIsEstimate": place.buurt_is_estimate,
                "otherWijken": [_area_body(area) for area in place.other_wijken],
                "zorgkantoor": _area_body(
                    place.area(AreaKind.REGION, RegionPurpose.ZORGKANTOOR)
                ),
            },
            "answer": answer.answer,
            "explanation": answer.why(),
            "now": either(answer.now),
            "firstContact": service(answer.first_contact),
            "team": service(answer.team),
            "others": [service(card) for card in answer.others],
            "backUps": [service(card) for card in answer.back_ups],
            "onDuty": either(answer.on_duty),
            "nextInLine": either(answer.next_in_line),
            "regionCoordinator": service(answer.coordinator),
        }
    )


_write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _service_body(
    card: ServiceCard, *, at: datetime, show_room: bool
) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "organizationId": card.organization_id,
        "organizationName": card.organization_name,
        "teamName": card.team_name,
        "care": card.care,
        "specialty": card.specialty,
        "role": card.role,
        "rank": card.rank,
        "isRegionWide": card.is_region_wide,
        "isOpen": card.is_open,
        "opensAt": None if card.opens_at is None else _moment(card.opens_at),
        "contacts": [
            {
                "audience": contact.audience,
                "purpose": contact.purpose,
                "system": contact.system,
                "value": contact.value,
                "personName": contact.person_name,
            }
            for contact in card.contacts
        ],
        "room": RoomOut.of(card.room_report, at=at).model_dump(
            mode="json", by_alias=True
        )
        if show_room
        else None,
        "isFictional": card.is_fictional,
    }


def _area_body(area: AreaName | None) -> dict[str, str] | None:
    return None if area is None else {"code": area.code, "name": area.name}


def _moment(moment: datetime) -> str:
    """Return ISO 8601 text as the other bodies write it: UTC is Z."""
    return moment.isoformat().replace("+00:00", "Z")


class CapacityIn(CamelSchema):
    """What a provider's planning system reports of a team."""

    new_clients: int
    size_band: Annotated[str, one_of(SizeBand.values, or_empty=True)] = ""
    parts_of_day: list[Annotated[str, one_of(PartOfDay.values)]] = []
    tasks_excluded: list[Annotated[str, one_of(CareTask.values)]] = []
    hours_per_week: Number | None = None
    no_room_reason: Annotated[str, one_of(NoRoomReason.values, or_empty=True)] = ""
    no_room_until: date | None = None


class CapacityOut(RoomOut):
    """The newest capacity report of a service, less what was reserved since."""

    service_id: int
    reported_clients: int
    reserved_clients: int
    source: str
    reporter: str

    @classmethod
    def of_row(cls, row: "CapacityReport", *, at: datetime) -> Self:
        """Return the body of what is left of a stored report (one query)."""
        left = as_room_report(row, get_reserved(row))
        room = RoomOut.of(left, at=at)
        return cls(
            **room.model_dump(),
            service_id=row.service_id,
            reported_clients=left.reported_clients,
            reserved_clients=left.reserved_clients,
            source=row.source,
            reporter=row.reporter_label,
        )


# --- lists


class PageQuery(CamelSchema):
    """Which page of a list."""

    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(25, ge=1, le=100)


class PageOut(CamelSchema):
    """One page of a list, and how much there is in all."""

    page: int
    page_size: int
    total: int


class ServiceQuery(PageQuery):
    """Which services."""

    care: CareCodeOrEmpty = Field("", description="Kind of care.")
    organization: int | None = Field(None, description="Number of the organization.")
    postcode: PostcodeOrEmpty = Field("", description="Who covers this PC4 or PC6 now.")
    area: str = Field("", description="Who covers (a part of) the area with this code.")
    task: Annotated[str, one_of(CareTask.values, or_empty=True)] = Field(
        "", description="What the service must do, as in insulin."
    )
    language: str = Field("", description="ISO 639-1, as in nl.", max_length=5)
    room: list[Room] = Field(
        [],
        max_length=len(Room),
        description="Whose room is one of these; for professionals, together with "
        "a postcode, an area or an organization. Repeat it for more than one.",
    )
    q: str = Field(
        "", description="Words of a name, an AGB code or URA.", max_length=200
    )


class OpeningLineOut(CamelSchema):
    """Local clock times on some weekdays."""

    days: list[str]
    from_: str = Field(alias="from")
    until: str


class ListedServiceOut(CamelSchema):
    """A service in full."""

    id: int
    name: str
    organization_id: int
    organization_name: str
    care: str
    description: str
    specialty: str
    tasks: list[str]
    languages: list[str]
    insurers: list[str]
    care_laws: list[str]
    opening_hours: list[OpeningLineOut]
    is_open_on_holidays: bool
    postcode: str
    lon: float | None
    lat: float | None
    contacts: list[ContactOut]
    room: RoomOut | None = Field(
        description="How much room it has, and of when that is; for professionals."
    )
    is_fictional: bool

    @classmethod
    def of(cls, service: ListedService, *, show_room: bool, at: datetime) -> Self:
        """Return the body of a service, with room for who may see it."""
        body = {
            name: getattr(service, name) for name in cls.model_fields.keys() - {"room"}
        }
        return cls.model_validate(
            body
            | {"room": RoomOut.of(service.room_report, at=at) if show_room else None}
        )


class ServicesOut(PageOut):
    """Services by name."""

    items: list[ListedServiceOut]


class CoverageQuery(PageQuery):
    """Which coverage: of an area, with what lies around and inside it."""

    area: str = Field(description="Code of the area, as in WK051801 or 2512.")
    care: CareCodeOrEmpty = ""


class CoverageOut(CamelSchema):
    """A service plays a part in an area during a half-open period."""

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

    @classmethod
    def of(cls, coverage: ListedCoverage) -> Self:
        """Return the body of a coverage."""
        return cls.model_validate(coverage)


class CoveragesOut(PageOut):
    """Coverage that holds now or later, by area."""

    items: list[CoverageOut]


class DutyPeriodQuery(PageQuery):
    """Which period: half-open, at most 31 days; empty is the coming seven days."""

    from_: MomentOrEmpty = Field(
        "", alias="from", description="Moment with zone (ISO 8601)."
    )
    until: MomentOrEmpty = Field("", description="Moment with zone (ISO 8601).")


class DutyQuery(DutyPeriodQuery):
    """Which duties."""

    postcode: Postcode = Field(description="PC4 or PC6.")
    care: CareCodeOrEmpty = ""


class DutyOut(CamelSchema):
    """Who is on duty where, in a half-open period; rank 1 is called first."""

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

    @classmethod
    def of(cls, duty: ListedDuty) -> Self:
        """Return the body of a duty."""
        return cls.model_validate(duty)


class DutiesOut(PageOut):
    """Duties by moment and order."""

    items: list[DutyOut]


class DutyIn(CamelSchema):
    """A duty as a roster system enters it."""

    area_kind: AreaKindCode = Field(
        description="wijk, buurt, pc4, pc6, gemeente or region."
    )
    area_code: str
    person_name: FilledText
    phone: FilledText
    valid_from: MomentText = Field(description="Moment with zone (ISO 8601).")
    valid_until: MomentText = Field(
        description="Moment with zone (ISO 8601), exclusive."
    )
    care: CareCodeOrEmpty = Field("", description="Empty: the care of the service.")
    rank: int = Field(1, ge=1, le=99)


class WithdrawalOut(CamelSchema):
    """A duty that was withdrawn; ``endedAt`` is null when it had not begun."""

    id: int
    service_id: int
    ended_at: datetime | None


class RosterQuery(CamelSchema):
    """Whether a roster is only looked at, and the area where the file names none."""

    preview: bool = Field(False, description="True: say what would happen, no more.")
    area: str = Field("", description="For a calendar, as wijk/WK051801.")


class RosterLineOut(CamelSchema):
    """What happens with one line: new, changed, same, past or refused, and why."""

    line: int
    kind: str
    reasons: list[str]


class RosterOut(CamelSchema):
    """What a roster did, or would do: counts, and every line."""

    new: int
    changed: int
    same: int
    past: int
    refused: int
    lines: list[RosterLineOut]

    @classmethod
    def of(cls, plan: DutyPlan) -> Self:
        """Return the body of a plan."""
        return cls(
            **{kind.value: plan.count(kind) for kind in PlanKind},
            lines=[
                RosterLineOut(
                    line=line.line,
                    kind=line.kind.value,
                    reasons=[str(cell) for cell in line.reasons],
                )
                for line in plan.lines
            ],
        )


class RosterFileQuery(CamelSchema):
    """As which file, and from when: eight weeks of duties."""

    format: Literal["csv", "ics"] = "csv"
    from_: MomentOrEmpty = Field(
        "", alias="from", description="Moment with zone (ISO 8601)."
    )


# --- organizations, areas, signposts


class OrganizationServiceOut(CamelSchema):
    """A service of an organization."""

    id: int
    name: str
    care: str


class OrganizationOut(CamelSchema):
    """An organization with its services."""

    id: int
    name: str
    type: str
    agb_code: str
    ura: str
    kvk_number: str
    is_active: bool
    is_fictional: bool
    services: list[OrganizationServiceOut]

    @classmethod
    def of(cls, organization: ListedOrganization) -> Self:
        """Return the body of an organization."""
        return cls(
            id=organization.id,
            name=organization.name,
            type=organization.type,
            agb_code=organization.agb_code,
            ura=organization.ura,
            kvk_number=organization.kvk_number,
            is_active=organization.is_active,
            is_fictional=organization.is_fictional,
            services=[
                OrganizationServiceOut(id=pk, name=name, care=care)
                for pk, name, care in organization.services
            ],
        )


class AreaAroundOut(AreaOut):
    """An area that another lies in; ``purpose`` only for regions."""

    kind: str
    purpose: str


class ListedAreaOut(CamelSchema):
    """An area with its figures and everything it lies in."""

    kind: str
    purpose: str
    code: str
    name: str
    year: int
    lon: float | None
    lat: float | None
    population: int | None
    population_by_age: dict[str, float]
    source: str
    within: list[AreaAroundOut]

    @classmethod
    def of(cls, area: ListedArea) -> Self:
        """Return the body of an area."""
        return cls(
            kind=area.kind,
            purpose=area.purpose,
            code=area.code,
            name=area.name,
            year=area.year,
            lon=area.lon,
            lat=area.lat,
            population=area.population,
            population_by_age=dict(area.population_by_age),
            source=area.source,
            within=[
                AreaAroundOut(kind=kind, purpose=purpose, code=code, name=name)
                for kind, purpose, code, name in area.within
            ],
        )


class FileQuery(CamelSchema):
    """Which services stand in a file; empty means all."""

    care: Care | None = Field(None, description="Kind of care.")
    organization: Id | None = Field(None, description="Number of the organization.")
    postcode: PostcodeOrEmpty = Field("", description="Who covers this PC4 or PC6 now.")
    area: str = Field("", description="Who covers (a part of) the area with this code.")


class CapacityFileOut(CamelSchema):
    """The reports that a file added, in its order."""

    items: list[CapacityOut]


class AreasAtOut(CamelSchema):
    """The areas a postcode lies in, from small to large."""

    postcode: str
    items: list[ListedAreaOut]


class AreasQuery(CamelSchema):
    """Around which postcode."""

    postcode: Postcode = Field(description="PC4 or PC6, as in 2512 or 2512AB.")


class AllianceNameOut(CamelSchema):
    """A neighborhood alliance in a list."""

    id: int
    name: str
    gemeenten: list[str]
    wijken: list[str]


class AllianceQuery(PageQuery):
    """Which alliances."""

    postcode: PostcodeOrEmpty = Field("", description="Those around this PC4 or PC6.")
    q: str = Field(
        "", description="Words of its name, a wijk or a gemeente.", max_length=200
    )


class AlliancesOut(PageOut):
    """Alliances by name."""

    items: list[AllianceNameOut]


class AllianceWijkOut(CamelSchema):
    """A wijk of an alliance."""

    code: str
    name: str
    gemeente: str


class AllianceNumberOut(CamelSchema):
    """A number or address of a member, with the audience it is meant for."""

    audience: str
    system: str
    value: str


class AllianceMemberOut(CamelSchema):
    """A service in an alliance; in more than one role it is there more than once."""

    service_id: int
    name: str
    organization_name: str
    role: str
    contacts: list[AllianceNumberOut]


class AllianceOut(CamelSchema):
    """A neighborhood alliance: who works together where."""

    id: int
    name: str
    wijken: list[AllianceWijkOut]
    members: list[AllianceMemberOut]
    complex_care_name: str = Field(description="For professionals; else empty.")
    complex_care_phone: str = Field(description="For professionals; else empty.")
    is_fictional: bool

    @classmethod
    def of(cls, alliance: AllianceCard) -> Self:
        """Return the body of an alliance."""
        return cls(
            id=alliance.id,
            name=alliance.name,
            wijken=[
                AllianceWijkOut(code=one.code, name=one.name, gemeente=one.gemeente)
                for one in alliance.wijken
            ],
            members=[
                AllianceMemberOut(
                    service_id=one.service_id,
                    name=one.name,
                    organization_name=one.organization_name,
                    role=one.role,
                    contacts=[
                        AllianceNumberOut(
                            audience=number.audience,
                            system=number.system,
                            value=number.value,
                        )
                        for number in one.numbers
                    ],
                )
                for one in alliance.members
            ],
            complex_care_name=alliance.complex_care_name,
            complex_care_phone=alliance.complex_care_phone,
            is_fictional=alliance.is_fictional,
        )


class CoverageCheckQuery(CamelSchema):
    """Over which days, for which care."""

    care: str = Field(Care.DISTRICT_NURSING.value, description="Kind of care.")
    from_: date | None = Field(
        None, alias="from", description="First local day; empty is today."
    )
    days: int = Field(7, ge=1, le=31, description="How many local days.")


class CoverageHoursOut(CamelSchema):
    """Hours in which all, a part or nothing of the ground has somebody responsible."""

    covered: float
    partial: float
    gap: float

    @classmethod
    def of(cls, hours: Hours) -> Self:
        """Return the body of hours."""
        return cls(
            covered=round(hours.covered, 4),
            partial=round(hours.partial, 4),
            gap=round(hours.gap, 4),
        )


class GapOut(CamelSchema):
    """A half-open stretch of time in which a wijk is not covered."""

    from_: datetime = Field(alias="from")
    until: datetime
    covered_share: float = Field(description="Of the ground; 0 is nobody anywhere.")
    covered_share_with_fallback: float = Field(
        description="With services for the whole region; 1 is somebody everywhere."
    )


class WijkCoverageOut(CamelSchema):
    """The proof for one wijk."""

    code: str
    name: str
    gemeente: str
    population: int | None
    hours: CoverageHoursOut
    hours_with_fallback: CoverageHoursOut
    gaps: list[GapOut]


class CoverageCheckOut(CamelSchema):
    """Which wijk-hours of a region have somebody responsible: proof, not a sample."""

    region_id: int
    region: str
    care: str
    from_: datetime = Field(alias="from")
    until: datetime
    wijken_checked: int
    wijken_with_gap: int
    wijken_with_gap_despite_fallback: int
    wijk_hours: CoverageHoursOut
    wijk_hours_with_fallback: CoverageHoursOut
    wijken: list[WijkCoverageOut]

    @classmethod
    def of(cls, region_id: int, result: CoverageResult) -> Self:
        """Return the body of a check."""
        totals = result.totals
        return cls.model_validate(
            {
                "region_id": region_id,
                "region": result.region_name,
                "care": result.care,
                "from": result.period.start,
                "until": result.period.end,
                "wijken_checked": totals.n_wijken,
                "wijken_with_gap": totals.n_wijken_with_gap,
                "wijken_with_gap_despite_fallback": (
                    totals.n_wijken_with_gap_despite_fallback
                ),
                "wijk_hours": CoverageHoursOut.of(totals.wijk_hours),
                "wijk_hours_with_fallback": CoverageHoursOut.of(
                    totals.wijk_hours_with_fallback
                ),
                "wijken": [
                    WijkCoverageOut(
                        code=wijk.code,
                        name=wijk.name,
                        gemeente=wijk.gemeente_name,
                        population=wijk.population,
                        hours=CoverageHoursOut.of(wijk.hours),
                        hours_with_fallback=CoverageHoursOut.of(
                            wijk.hours_with_fallback
                        ),
                        gaps=[
                            GapOut.model_validate(
                                {
                                    "from": gap.period.start,
                                    "until": gap.period.end,
                                    "covered_share": round(gap.covered_share, 4),
                                    "covered_share_with_fallback": round(
                                        gap.covered_share_with_fallback, 4
                                    ),
                                }
                            )
                            for gap in wijk.gaps
                        ],
                    )
                    for wijk in result.wijken
                ],
            }
        )


class ProfessionOut(CamelSchema):
    """A kind of professional."""

    code: str
    name: str


class UrgentOut(CamelSchema):
    """When to call whom first, in one fixed sentence."""

    kind: str
    sentence: str
    phone: str | None


class ThuisartsOut(CamelSchema):
    """Where to read on, with the words to search for."""

    url: str
    topics: list[str]


class SignpostOut(CamelSchema):
    """An everyday question and who can play a part; no medical advice."""

    id: str
    question: str
    professions: list[ProfessionOut]
    leads: ProfessionOut
    urgent_first: list[UrgentOut]
    services: list[str]
    thuisarts: ThuisartsOut | None

    @classmethod
    def of(cls, signpost: Signpost, *, language: str) -> Self:
        """Return the body of a signpost in Dutch or English."""

        def say(text: LocalizedText) -> str:
            return text.in_language("en" if language == "en" else "nl")

        url = signpost.thuisarts.url
        return cls(
            id=signpost.id,
            question=say(signpost.question),
            professions=[
                ProfessionOut(code=each.code, name=say(each.name))
                for each in signpost.professions
            ],
            leads=ProfessionOut(
                code=signpost.leads.code, name=say(signpost.leads.name)
            ),
            urgent_first=[
                UrgentOut(
                    kind=each.contact.kind,
                    sentence=say(each.when),
                    phone=each.contact.phone,
                )
                for each in signpost.urgent_first
            ],
            services=list(signpost.services),
            thuisarts=ThuisartsOut(url=url, topics=list(signpost.thuisarts.topics))
            if url
            else None,
        )


class SignpostsOut(CamelSchema):
    """At most five signposts, best first."""

    items: list[SignpostOut]
