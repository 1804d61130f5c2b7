"""Bodies of the REST interface of requests and offers.

What a team sees of a request before it accepts is ``ProfileOut`` and nothing else: no
postcode, address, name or phone number. Who the client is (``PatientOut``) stands
apart, and every answer that holds it is in the audit trail.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field

from wijkspil.core.api import (
    CamelSchema,
    FilledText,
    Flag,
    HoursOfWeek,
    Id,
    Number,
    Postcode,
    Text,
    WholeNumber,
)
from wijkspil.directory.schemas import PageOut, PageQuery
from wijkspil.directory.selectors.capacity import RoomLeft
from wijkspil.directory.selectors.care_teams import CarePlace
from wijkspil.directory.types import CareLaw, CareTask, PartOfDay
from wijkspil.referrals.engine_io import CandidateTeam, ExcludedTeam, RankedTeams
from wijkspil.referrals.selectors.inbox import Profile, Question, RoomFit
from wijkspil.referrals.selectors.listing import Part
from wijkspil.referrals.services.correction import RoomCorrection
from wijkspil.referrals.types import (
    AdmissionPlace,
    ChangeReason,
    CloseReason,
    ConsentDecision,
    ConsentGiven,
    ConsentGiver,
    DeclineReason,
    HoursBand,
    Need,
    OfferStatus,
    PatientDetails,
    Presence,
    ReopenReason,
    RequesterKind,
    RequestStatus,
    SafetyGround,
    Submitted,
    Urgency,
    UrgencyReason,
)

if TYPE_CHECKING:
    from wijkspil.referrals.models import (
        Offer,
        Patient,
        RequestEvent,
        ServiceRequest,
    )


# --- asking


class NeedIn(CamelSchema):
    """What is asked, where and how soon; nothing that says who it is about."""

    postcode: Postcode = Field(
        description="PC6 where the care is given, as in 2512AB; PC4 if not known.",
        max_length=10,
    )
    tasks: list[CareTask] = Field(
        description="What has to be done; no hours.",
        max_length=50,
        json_schema_extra={"minItems": 1},
    )
    parts_of_day: list[PartOfDay] = Field(
        description="When on a day care is needed.",
        max_length=20,
        json_schema_extra={"minItems": 1},
    )
    first_visit_on: date = Field(description="Local day of the first visit.")
    urgency: Urgency = Field(description="How soon the first visit must be.")
    urgency_reason: UrgencyReason = Field(description="Why it is that urgent.")
    age: int | None = Field(
        None,
        ge=0,
        le=120,
        description="Years, for a check of room; a request takes the date of birth.",
    )
    language: Text = Field("nl", description="ISO 639-1, as in nl.", max_length=5)
    insurer: Text = Field("", description="UZOVI code, if known.", max_length=10)
    care_law: CareLaw = Field(CareLaw.ZVW, description="Law that pays for the care.")
    order_present: Presence = Field(
        Presence.NOT_NEEDED,
        description="Instruction for reserved acts (uitvoeringsverzoek).",
    )
    materials_present: Presence = Field(
        Presence.NOT_NEEDED, description="Whether materials and medicines are there."
    )
    preferred_organization_id: Id | None = Field(
        None, description="Provider that the client would like."
    )
    known_organization_id: Id | None = Field(
        None, description="Provider that already cares for the client."
    )
    refused_organization_ids: list[Id] = Field(
        [],
        description="Providers that the client objects to; they are never asked.",
        max_length=50,
    )
    note: Text = Field(
        "",
        description="For teams that are asked. No names: they see it before accepting.",
        max_length=500,
    )

    def as_need(self) -> Need:
        """Return the need as the services take it."""
        return Need(**dict(self))


class RequesterIn(CamelSchema):
    """Who can be called about the request, at the organization of the token."""

    name: FilledText = Field(description="Person or department.", max_length=120)
    phone: FilledText = Field(description="Number to call back.", max_length=30)
    kind: RequesterKind | None = Field(
        None,
        description="Follows from the type of your organization; give it only where "
        "it does not.",
    )


class PatientIn(CamelSchema):
    """Who it is about. Kept apart; only the team that accepts sees it."""

    name: FilledText = Field(max_length=120)
    birth_date: date
    address: FilledText = Field(
        description="Street, number and town where the care is given.", max_length=200
    )
    phone: Text = Field(
        "", description="Of the client, or give a representative's.", max_length=30
    )
    representative_name: Text = Field("", max_length=120)
    representative_phone: Text = Field("", max_length=30)
    gp_name: Text = Field("", description="The client's own GP.", max_length=120)

    def as_details(self) -> PatientDetails:
        """Return the details as the services take them."""
        return PatientDetails(**dict(self))


class ConsentIn(CamelSchema):
    """On which basis identity and health data may go to the team that accepts."""

    decision: ConsentDecision = Field(
        description="What was said to sharing; with “objected” nothing is stored."
    )
    given_by: ConsentGiver = Field(description="Who said it.")

    def as_given(self) -> ConsentGiven:
        """Return the consent as the services take it."""
        return ConsentGiven(decision=self.decision, given_by=self.given_by)


class PhoneAgreementIn(CamelSchema):
    """A team took the client on the phone."""

    service_id: Id = Field(description="Number of the team's service.")
    spoke_with: Text = Field("", description="Who said yes.", max_length=120)


class RequestIn(CamelSchema):
    """A request for district nursing: what, by whom, for whom, on which basis."""

    need: NeedIn
    requester: RequesterIn
    patient: PatientIn
    consent: ConsentIn
    phone_agreement: PhoneAgreementIn | None = Field(
        None,
        description="“I already phoned and they take it”: then no other team is asked.",
    )


class HoursBandOut(CamelSchema):
    """Hours a week as expected before the intake; provisional ("voorlopig")."""

    low: float
    high: float = Field(description="What a team reserves when it accepts.")
    by_part_of_day: dict[str, float] = Field(
        description="At the upper end, as in {“morning”: 3.5}."
    )

    @classmethod
    def of(cls, band: HoursBand) -> Self:
        """Return the body of a band."""
        return cls(
            low=float(band.low),
            high=float(band.high),
            by_part_of_day={part: float(h) for part, h in band.by_part.items()},
        )


class ReasonOut(CamelSchema):
    """One reason why a team was proposed; ``values`` are its figures and names."""

    code: str
    values: dict[str, Any]

    @classmethod
    def all_of(cls, reasons: Iterable[Mapping[str, Any]]) -> list[Self]:
        """Return the bodies of what the ranking explained."""
        return [
            cls(
                code=str(reason.get("code", "")),
                values={k: v for k, v in reason.items() if k != "code"},
            )
            for reason in reasons
        ]


class RoomLeftOut(CamelSchema):
    """What a team has left: what it reported, less what was reserved since."""

    is_known: bool = Field(description="False: not reported, or the report is stale.")
    clients: int
    hours_per_week: float | None
    size_band: str
    parts_of_day: list[str]
    tasks_excluded: list[str]
    reported_at: datetime | None
    valid_until: datetime | None

    @classmethod
    def of(cls, room: RoomLeft) -> Self:
        """Return the body of room that is left."""
        return cls(
            is_known=room.is_known,
            clients=room.clients,
            hours_per_week=room.hours,
            size_band=room.size_band,
            parts_of_day=list(room.parts_of_day),
            tasks_excluded=list(room.tasks_excluded),
            reported_at=room.reported_at,
            valid_until=room.valid_until,
        )


class CandidateOut(CamelSchema):
    """A team that can take it, with why and with what must be said."""

    service_id: int
    name: str
    organization_id: int
    organization_name: str
    is_own: bool = Field(description="The neighborhood's own team.")
    distance_km: float | None
    room: RoomLeftOut | None
    warnings: list[str] = Field(description="Codes, as in “no-contract”.")
    reasons: list[ReasonOut]

    @classmethod
    def of(cls, team: CandidateTeam) -> Self:
        """Return the body of a candidate."""
        return cls(
            service_id=team.service_id,
            name=team.name,
            organization_id=team.organization_id,
            organization_name=team.organization_name,
            is_own=team.is_own,
            distance_km=team.distance_km,
            room=None if team.room is None else RoomLeftOut.of(team.room),
            warnings=list(team.warnings),
            reasons=ReasonOut.all_of(team.reasons),
        )


class ExcludedOut(CamelSchema):
    """How many teams cannot take it, by the first condition in the way."""

    condition: str = Field(description="Code, as in “no-room”.")
    teams: int

    @classmethod
    def all_of(cls, teams: Sequence[ExcludedTeam]) -> list[Self]:
        """Return the counts, most teams first."""
        counts: dict[str, int] = {}
        for team in teams:
            first = team.conditions[0] if team.conditions else ""
            counts[first] = counts.get(first, 0) + 1
        return [
            cls(condition=condition, teams=count)
            for condition, count in sorted(
                counts.items(), key=lambda item: (-item[1], item[0])
            )
        ]


class RoomCheckOut(CamelSchema):
    """Who could take a client, best first; nobody was asked yet."""

    postcode: str = Field(description="As far as it is known: PC6, else PC4.")
    region_name: str
    hours: HoursBandOut
    with_room: int = Field(description="Candidates with room that is known.")
    candidates: list[CandidateOut]
    excluded: list[ExcludedOut]

    @classmethod
    def of(cls, place: CarePlace, band: HoursBand, found: RankedTeams) -> Self:
        """Return the body of a check."""
        return cls(
            postcode=place.postcode,
            region_name=place.region_name,
            hours=HoursBandOut.of(band),
            with_room=found.with_room,
            candidates=[CandidateOut.of(team) for team in found.candidates],
            excluded=ExcludedOut.all_of(found.excluded),
        )


# --- a request


class OwnerOut(CamelSchema):
    """Who has a request in hand."""

    kind: str = Field(description="requester, coordinator or team.")
    name: str


class HoursOut(CamelSchema):
    """Hours a week: provisional until the intake, then as the nurse set them."""

    low: float = Field(description="Provisional, from.")
    high: float = Field(description="Provisional, until; reserved on acceptance.")
    per_week: float | None = Field(description="Set by the nurse after the intake.")
    expected: float | None = Field(description="Expected at the review.")
    review_on: date | None


class RequestOut(CamelSchema):
    """Where a request stands, who has it in hand and until when; no identity."""

    number: str = Field(description="As people say it: A-7K3F9Q.")
    status: str
    tasks: list[str]
    parts_of_day: list[str]
    first_visit_on: date
    urgency: str
    hours: HoursOut
    owner: OwnerOut | None = Field(description="Null for a draft and when closed.")
    due_at: datetime | None = Field(description="Something must have happened before.")
    is_overdue: bool
    requester_organization_id: int | None
    service_id: int | None = Field(description="The team that has the client.")
    bridged_by: str
    room_kept_until: date | None = Field(
        description="While the client is admitted: the team keeps the place until then."
    )
    close_reason: str
    submitted_at: datetime | None
    placed_at: datetime | None
    closed_at: datetime | None

    @classmethod
    def of(cls, row: "ServiceRequest") -> Self:
        """Return the body of a request."""
        return cls(**_summary(row))


class RequesterOut(CamelSchema):
    """Who asked, and how to reach them."""

    kind: str
    name: str
    phone: str
    organization_id: int | None


class NeedOut(CamelSchema):
    """What was asked, besides what the request itself tells."""

    postcode: str
    urgency_reason: str
    age: int | None
    language: str
    insurer: str
    care_law: str
    order_present: str
    materials_present: str
    preferred_organization_id: int | None
    known_organization_id: int | None
    refused_organization_ids: list[int]
    note: str


class RequestDetailOut(RequestOut):
    """One request in full, for who sent it, its team and the region's coordinator."""

    region_name: str
    requester: RequesterOut
    need: NeedOut

    @classmethod
    def of(cls, row: "ServiceRequest") -> Self:
        """Return the body of a request with its region."""
        return cls(
            **_summary(row),
            region_name=row.region.name,
            requester=RequesterOut(
                kind=row.requester_kind,
                name=row.requester_name,
                phone=row.requester_phone,
                organization_id=row.requester_organization_id,
            ),
            need=NeedOut(
                postcode=row.postcode,
                urgency_reason=row.urgency_reason,
                age=row.age,
                language=row.language,
                insurer=row.insurer,
                care_law=row.care_law,
                order_present=row.order_present,
                materials_present=row.materials_present,
                preferred_organization_id=row.preferred_organization_id,
                known_organization_id=row.known_organization_id,
                refused_organization_ids=list(row.refused_organizations),
                note=row.note,
            ),
        )


def _summary(row: "ServiceRequest") -> dict[str, Any]:
    has_owner = bool(row.owner_name) and row.due_at is not None
    return {
        "number": row.number,
        "status": row.status,
        "tasks": list(row.tasks),
        "parts_of_day": list(row.parts_of_day),
        "first_visit_on": row.first_visit_on,
        "urgency": row.urgency,
        "hours": HoursOut(
            low=float(row.hours_low),
            high=float(row.hours_high),
            per_week=_number(row.hours_set),
            expected=_number(row.hours_expected),
            review_on=row.review_on,
        ),
        "owner": OwnerOut(kind=row.owner_kind, name=row.owner_name)
        if has_owner
        else None,
        "due_at": row.due_at,
        "is_overdue": row.overdue_since is not None,
        "requester_organization_id": row.requester_organization_id,
        "service_id": row.placed_service_id,
        "bridged_by": row.bridged_by,
        "room_kept_until": row.room_kept_until,
        "close_reason": row.close_reason,
        "submitted_at": row.submitted_at,
        "placed_at": row.placed_at,
        "closed_at": row.closed_at,
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


class ClientLinkOut(CamelSchema):
    """The client's private page; shown once, only digests are kept."""

    url: str = Field(description="Progress only; more about the care takes the code.")
    code: str = Field(description="Six digits. Give it apart from the link.")


class SentRequestOut(RequestDetailOut):
    """A request that was just sent, with what to hand to the client."""

    client_link: ClientLinkOut

    @classmethod
    def sent(cls, row: "ServiceRequest", submitted: Submitted, *, url: str) -> Self:
        """Return the body of a request with the client's link."""
        return cls(
            **dict(RequestDetailOut.of(row)),
            client_link=ClientLinkOut(url=url, code=submitted.link_code),
        )


class RequestQuery(PageQuery):
    """Which requests of your organization."""

    status: RequestStatus | None = Field(None, description="One state; empty is all.")
    part: Part | None = Field(
        None,
        description="“requester”: that you asked; “team”: whose client you have.",
    )


class RequestsOut(PageOut):
    """Requests of your organization, newest first."""

    items: list[RequestOut]


class EventOut(CamelSchema):
    """Something that happened to a request."""

    id: int
    at: datetime
    kind: str
    text: str = Field(description="In a sentence, in the language of the question.")
    actor_name: str
    service_id: int | None
    detail: dict[str, Any] = Field(description="Codes and figures of this kind.")

    @classmethod
    def of(cls, event: "RequestEvent", text: str) -> Self:
        """Return the body of an event with its sentence."""
        return cls(
            id=event.pk,
            at=event.at,
            kind=event.kind,
            text=text,
            actor_name=event.actor_name,
            service_id=event.service_id,
            detail=event.detail,
        )


class EventsOut(PageOut):
    """What happened to a request, newest first."""

    items: list[EventOut]


class AskedTeamOut(CamelSchema):
    """A team that was asked, and its answer."""

    service_id: int
    name: str
    organization_id: int
    organization_name: str
    status: str
    origin: str
    reasons: list[ReasonOut]
    offered_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answered_by: str
    decline_reason: str
    decline_note: str
    room_again_on: date | None

    @classmethod
    def of(cls, offer: "Offer") -> Self:
        """Return the body of a question to a team."""
        return cls(
            service_id=offer.service_id,
            name=offer.service.name,
            organization_id=offer.service.organization_id,
            organization_name=offer.service.organization.name,
            status=offer.status,
            origin=offer.origin,
            reasons=ReasonOut.all_of(offer.reasons),
            offered_at=offer.offered_at,
            answer_by=offer.answer_by,
            answered_at=offer.answered_at,
            answered_by=offer.answered_by_name,
            decline_reason=offer.decline_reason,
            decline_note=offer.decline_note,
            room_again_on=offer.room_again_on,
        )


class AskedTeamsOut(CamelSchema):
    """The teams that were asked, first one first."""

    items: list[AskedTeamOut]


class PatientOut(CamelSchema):
    """Who the client is. Every answer with this is in the audit trail."""

    name: str
    birth_date: date
    address: str
    phone: str
    representative_name: str
    representative_phone: str
    gp_name: str

    @classmethod
    def of(cls, patient: "Patient") -> Self:
        """Return the body of a client."""
        return cls(
            name=patient.name,
            birth_date=patient.birth_date,
            address=patient.address,
            phone=patient.phone,
            representative_name=patient.representative_name,
            representative_phone=patient.representative_phone,
            gp_name=patient.gp_name,
        )


class CloseIn(CamelSchema):
    """Why a request or its care stops."""

    reason: CloseReason


class ReopenIn(CamelSchema):
    """Why a request is looked at again."""

    reason: ReopenReason = Field(
        description="“objection” is for the client's own page and refused here."
    )


class SafetyStopIn(CamelSchema):
    """Why a team cannot carry out safely what was assigned to it."""

    ground: SafetyGround
    explanation: Text = Field(
        description="One sentence for the coordinator; no names.", max_length=300
    )


class ObjectionIn(CamelSchema):
    """The client does not want a provider."""

    organization_id: Id = Field(description="Number of the provider.")
    given_by: ConsentGiver = Field(ConsentGiver.CLIENT, description="Who said it.")


class DateIn(CamelSchema):
    """Another date before which something must happen."""

    due_at: AwareDatetime = Field(description="Ahead, at most a month.")
    why: Text = Field(description="In a few words.", max_length=200)


class NoteIn(CamelSchema):
    """A line for colleagues."""

    text: Text = Field(description="No names of clients.", max_length=300)


class FirstVisitIn(CamelSchema):
    """The first visit goes to another day, as when a discharge moves."""

    first_visit_on: date = Field(description="From today, at most half a year ahead.")
    reason: ChangeReason


class ChangedNeedIn(CamelSchema):
    """Other care is needed than was asked: all of it, not only what is new."""

    tasks: list[CareTask] = Field(min_length=1, max_length=len(CareTask))
    parts_of_day: list[PartOfDay] = Field(min_length=1, max_length=len(PartOfDay))
    reason: ChangeReason


class PauseIn(CamelSchema):
    """The client is admitted."""

    where: AdmissionPlace
    home_on: date | None = Field(
        None, description="Expected day of coming home; null when nobody knows."
    )


class ResumeIn(CamelSchema):
    """The client comes home."""

    first_visit_on: date = Field(description="First visit at home.")


class RoomCorrectionIn(CamelSchema):
    """What your team can still take, where its stated room was not right."""

    new_clients: int | None = Field(
        None,
        description="Places left; 0 is full. Null: as the reason says.",
        ge=0,
        le=99,
    )
    parts_of_day: list[PartOfDay] | None = Field(
        None, description="Null: as stated before.", min_length=1
    )
    tasks_excluded: list[CareTask] = Field(
        [], description="On top of what was excluded already."
    )

    def as_correction(self) -> RoomCorrection:
        """Return it for the service."""
        return RoomCorrection(
            new_clients=self.new_clients,
            parts_of_day=self.parts_of_day,
            tasks_excluded=tuple(self.tasks_excluded),
        )


class HoursIn(CamelSchema):
    """Hours as the nurse sets them after the intake, or at a review."""

    hours_per_week: Number = Field(
        description="The reserved room follows.", gt=0, le=168
    )
    hours_expected: HoursOfWeek | None = Field(
        None, description="Expected at the review, at most the hours of now."
    )
    review_on: date = Field(description="Day ahead on which you look again.")


# --- offers


class AgeBandOut(CamelSchema):
    """Ten years in which the client's age lies; half-open."""

    from_: int = Field(alias="from")
    until: int


class ProfileOut(CamelSchema):
    """What a team that was asked sees of a client: nothing that says who it is."""

    area_name: str = Field(
        description="Widened until enough residents match; empty: only the region."
    )
    area_is_postcode: bool = Field(description="The area is a PC4.")
    region_name: str
    ages: AgeBandOut | None
    tasks: list[str]
    parts_of_day: list[str]
    first_visit_on: date
    urgency: str
    urgency_reason: str
    language: str
    care_law: str
    order_present: str
    materials_present: str
    hours_low: float = Field(description="Hours a week, provisional.")
    hours_high: float = Field(description="This is reserved when you accept.")
    note: str

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """Return the body of a profile."""
        ages = profile.ages
        return cls(
            area_name=profile.area_name,
            area_is_postcode=profile.area_is_postcode,
            region_name=profile.region_name,
            ages=None
            if ages is None
            else AgeBandOut.model_validate({"from": ages[0], "until": ages[1]}),
            tasks=list(profile.tasks),
            parts_of_day=list(profile.parts_of_day),
            first_visit_on=profile.first_visit_on,
            urgency=profile.urgency,
            urgency_reason=profile.urgency_reason,
            language=profile.language,
            care_law=profile.care_law,
            order_present=profile.order_present,
            materials_present=profile.materials_present,
            hours_low=float(profile.hours_low),
            hours_high=float(profile.hours_high),
            note=profile.note,
        )


class FitOut(CamelSchema):
    """How a request fits in the room your team has left."""

    misfits: list[str] = Field(
        description="unknown, no-place, hours, size, part or task; empty: it fits."
    )
    parts_missing: list[str]
    tasks_excluded: list[str]
    room: RoomLeftOut

    @classmethod
    def of(cls, fit: RoomFit) -> Self:
        """Return the body of a fit."""
        return cls(
            misfits=list(fit.misfits),
            parts_missing=list(fit.parts_missing),
            tasks_excluded=list(fit.tasks_excluded),
            room=RoomLeftOut.of(fit.room),
        )


class OfferOut(CamelSchema):
    """The question to one of your teams, with a profile without identity."""

    id: int
    request_number: str
    service_id: int
    status: str
    origin: str
    profile: ProfileOut
    distance_km: int | None = Field(description="Whole kilometers, on purpose.")
    reasons: list[ReasonOut]
    offered_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answered_by: str
    decline_reason: str
    was_taken: bool = Field(description="Another team was first.")
    has_client: bool = Field(description="This team has the client now.")
    fit: FitOut | None = Field(description="Only while the question is open.")

    @classmethod
    def of(cls, question: Question) -> Self:
        """Return the body of a question."""
        return cls(
            id=question.id,
            request_number=question.number,
            service_id=question.service_id,
            status=question.status,
            origin=question.origin,
            profile=ProfileOut.of(question.profile),
            distance_km=question.km,
            reasons=ReasonOut.all_of(question.reasons),
            offered_at=question.offered_at,
            answer_by=question.answer_by,
            answered_at=question.answered_at,
            answered_by=question.answered_by_name,
            decline_reason=question.decline_reason,
            was_taken=question.was_taken,
            has_client=question.has_client,
            fit=None if question.fit is None else FitOut.of(question.fit),
        )


class OfferQuery(PageQuery):
    """Which questions to your teams; “open” unless you ask for another state."""

    status: OfferStatus = Field(OfferStatus.OPEN, description="One state.")
    service: Id | None = Field(None, description="Number of one of your services.")


class OffersOut(PageOut):
    """Questions to your teams: open ones by deadline, others newest first."""

    items: list[OfferOut]


class AcceptanceIn(CamelSchema):
    """Your team takes the client."""

    over_capacity: Flag = Field(
        False,
        description="Take it also without room left, or while your room is unknown.",
    )


class AcceptanceOut(CamelSchema):
    """Your team has the client: from now on you know who it is."""

    offer_id: int
    request: RequestDetailOut
    patient: PatientOut | None = Field(description="Null once it was removed.")


class DeclineIn(CamelSchema):
    """Your team cannot take the client; the next team is asked at once."""

    reason: DeclineReason = Field(
        description="“no-room” and “sickness” also correct the room others see."
    )
    note: Text = Field("", description="For who asks; no names.", max_length=300)
    room_again_on: date | None = Field(None, description="Day ahead, if known.")
    room: RoomCorrectionIn | None = Field(
        None,
        description="What is left, if the team had stated room. Left out: “no-room” "
        "and “sickness” say full, other reasons change nothing.",
    )


# --- figures of a region


class UnmetQuery(CamelSchema):
    """Over how many whole weeks."""

    weeks: Annotated[Literal[4, 13, 26, 52], WholeNumber] = 13


class ContributionQuery(CamelSchema):
    """Over how many weeks, and of which own organization."""

    weeks: Annotated[Literal[4, 13, 26], WholeNumber] = 13
    organization: int | None = Field(
        None, description="Number of an own organization; by itself the first."
    )


class OwnValueOut(CamelSchema):
    """A provider on one measure, among others without a name."""

    own: float | None = Field(description="None: too few answers or clients.")
    providers: int = Field(
        description="With enough answers, the own one included; 0 below 5."
    )
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    others: list[float] = Field(
        description="Rounded, in order of size; empty with fewer than 5 providers."
    )


class ContributionCountsOut(CamelSchema):
    """What a provider was asked and took."""

    questions: int
    accepted: int
    declined: int
    no_answer: int
    against_own_room: int
    decline_reasons: dict[str, int]
    clients: int
    places: int


class ProviderOut(ContributionCountsOut):
    """A provider by name, for who may compare them."""

    organization_id: int
    name: str
    relative_load: float | None = Field(description="1 is exactly a fair share.")
    values: dict[str, float | None] = Field(description="Measure to value.")


class ContributionOut(CamelSchema):
    """Either ``own`` with ``measures``, or all ``providers`` by name; never both."""

    region_id: int
    period: str = Field(description="Start and end, half-open (ISO 8601).")
    counted_at: datetime
    own: ContributionCountsOut | None
    measures: dict[str, OwnValueOut]
    providers: list[ProviderOut]


class UnmetLineOut(CamelSchema):
    """One count of demand that was not met; small numbers are left out."""

    wijk_id: int | None = None
    wijk: str = ""
    kind: str = ""
    task: str = ""
    part_of_day: str = ""
    week_from: date | None = None
    number: int | None = Field(
        description="None: fewer than 5, or it would give such a number away."
    )


class UnmetOut(CamelSchema):
    """Demand of whole weeks until last Monday; none of it leads to a person."""

    region_id: int
    period: str = Field(description="Start and end, half-open (ISO 8601).")
    counted_at: datetime
    total: int | None
    by_kind: list[UnmetLineOut]
    by_task: list[UnmetLineOut]
    by_part_of_day: list[UnmetLineOut]
    by_week: list[UnmetLineOut]
    by_wijk_and_kind: list[UnmetLineOut]
    cells: list[UnmetLineOut] = Field(
        description="Wijk, task, part of day and kind, from 5 on."
    )
