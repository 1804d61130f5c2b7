"""Bodies of the REST interface of temporary stay.

Beds and requests hold no identity. Who the client is goes in with a confirmation and
comes out only for the provider of that bed, logged.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from pydantic import AwareDatetime, Field

from wijkspil.core.api import CamelSchema, Flag, Text
from wijkspil.directory.schemas import PageOut, PageQuery
from wijkspil.stays.policies import Suggestion
from wijkspil.stays.selectors.beds import FreeBeds
from wijkspil.stays.types import (
    Beds,
    CancelReason,
    ClaimStatus,
    ConsentGiven,
    ConsentGiver,
    Decider,
    EndReason,
    Feature,
    Gender,
    Happened,
    NotDeliveredGround,
    PatientDetails,
    Requester,
    StayConsentDecision,
    StayKind,
    StayNeed,
    StayStatus,
)

if TYPE_CHECKING:
    from wijkspil.stays.models import (
        BedClaim,
        BedReport,
        StayPatient,
        StayRequest,
    )


class BedsQuery(PageQuery):
    """Where beds are looked for, and of which kind."""

    postcode: Text = Field(description="PC6 or PC4 to look around.", max_length=10)
    kind: list[StayKind] = Field(
        [], description="Kinds of bed; empty: all.", max_length=6
    )
    need: list[Feature] = Field(
        [], description="What the bed must have.", max_length=20
    )
    gender: Gender = Field(Gender.ANY, description="Which shared room fits.")


class BedsOut(CamelSchema):
    """What one provider promises of one kind; free can be claimed and binds."""

    service_id: int
    service_name: str
    organization_id: int
    organization_name: str
    kind: StayKind
    free: int = Field(description="Beds that can be claimed now.")
    from_on: date | None = Field(description="First local day; null: now.")
    features: list[Feature]
    gender: Gender
    fits: bool
    misfits: list[str] = Field(description="Needs it does not meet, by code.")
    distance_km: float | None
    reported_at: datetime
    valid_until: datetime

    @classmethod
    def of(cls, beds: FreeBeds) -> Self:
        """Return the body of what a provider promises."""
        return cls(
            service_id=beds.service_id,
            service_name=beds.service_name,
            organization_id=beds.organization_id,
            organization_name=beds.organization_name,
            kind=StayKind(beds.kind),
            free=beds.left,
            from_on=beds.from_on,
            features=[Feature(code) for code in beds.features],
            gender=Gender(beds.gender),
            fits=beds.fits,
            misfits=list(beds.misfits),
            distance_km=None if beds.km is None else round(beds.km, 1),
            reported_at=beds.reported_at,
            valid_until=beds.valid_until,
        )


class BedsListOut(PageOut):
    """Beds that are free, what fits and is near first."""

    items: list[BedsOut]


class BedReportIn(CamelSchema):
    """Free beds of one kind, beside the beds that are claimed already."""

    free: int = Field(ge=0, le=60)
    from_on: date | None = Field(None, description="First local day; null: now.")
    features: list[Feature] = Field([], max_length=20)
    gender: Gender = Gender.ANY
    valid_hours: int | None = Field(
        None, ge=1, le=168, description="How long it holds; null: as agreed."
    )

    def as_beds(self) -> Beds:
        """Return what is promised as the services take it."""
        return Beds(
            free=self.free,
            from_on=self.from_on,
            features=tuple(self.features),
            gender=self.gender,
            valid_hours=self.valid_hours,
        )


class BedReportOut(CamelSchema):
    """A promise as stored."""

    service_id: int
    kind: StayKind
    free: int
    claimed: int
    from_on: date | None
    features: list[Feature]
    gender: Gender
    reported_at: datetime
    valid_until: datetime

    @classmethod
    def of(cls, row: "BedReport") -> Self:
        """Return the body of a stored promise; ``free`` is what is left."""
        return cls(
            service_id=row.service_id,
            kind=StayKind(row.kind),
            free=row.left,
            claimed=row.claimed,
            from_on=row.from_on,
            features=[Feature(code) for code in row.features],
            gender=Gender(row.gender),
            reported_at=row.reported_at,
            valid_until=row.valid_until,
        )


class StayRequesterIn(CamelSchema):
    """Who can be called about it, at the organization of the token."""

    name: Text = Field(max_length=120)
    phone: Text = Field(max_length=30)

    def as_requester(self) -> Requester:
        """Return who asks as the services take it."""
        return Requester(self.name, self.phone)


class StayIn(CamelSchema):
    """What is asked; nothing that says who it is about."""

    postcode: Text = Field(max_length=10, description="PC6 or PC4 of the client.")
    age: int = Field(ge=0, le=120)
    happened: Happened
    needed_on: date
    answers: dict[Text, Text] = Field(
        {}, description="Question -> answer; see GET /stay-questions.", max_length=20
    )
    needs: list[Feature] = Field([], max_length=20)
    gender: Gender = Gender.ANY
    note: Text = Field("", max_length=300, description="Without names.")
    requester: StayRequesterIn
    despite_home: Flag = Field(
        False, description="Also when the rules say that it works at home."
    )

    def as_need(self) -> StayNeed:
        """Return what is asked as the services take it."""
        return StayNeed(
            postcode=self.postcode,
            age=self.age,
            happened=self.happened,
            needed_on=self.needed_on,
            answers=self.answers,
            needs=tuple(self.needs),
            gender=self.gender,
            note=self.note,
        )


class SourceOut(CamelSchema):
    """Where a rule comes from."""

    title: str
    status: str
    url: str
    retrieved_on: date


class SuggestionOut(CamelSchema):
    """What fits by the rules: a proposal, never a decision."""

    kind: str = Field(description="A kind of bed, or an advice.")
    rule: str
    decided_by: Decider
    what: str
    why: list[str]
    arrange: list[str]
    alternatives: list[StayKind]
    is_sure: bool
    sources: list[SourceOut]

    @classmethod
    def of(cls, found: Suggestion) -> Self:
        """Return the body of a suggestion, in the language of the request."""
        return cls(
            kind=found.kind,
            rule=found.rule,
            decided_by=found.decider,
            what=str(found.what),
            why=[str(line) for line in found.why],
            arrange=[str(line) for line in found.arrange],
            alternatives=[StayKind(kind) for kind in found.alternatives],
            is_sure=found.is_sure,
            sources=[
                SourceOut(
                    title=source.title,
                    status=source.status,
                    url=source.url,
                    retrieved_on=source.retrieved_on,
                )
                for source in found.sources
            ],
        )


class QuestionOut(CamelSchema):
    """One question, with its answers by code."""

    code: str
    text: str
    answers: dict[str, str]


class QuestionsOut(CamelSchema):
    """The questions that lead to a suggestion."""

    version: str
    items: list[QuestionOut]


class ClaimOut(CamelSchema):
    """The bed that is taken, or was last."""

    service_id: int
    kind: StayKind
    status: ClaimStatus
    held_at: datetime
    hold_until: datetime
    arrives_at: datetime | None
    arrived_at: datetime | None
    not_delivered_ground: NotDeliveredGround | None

    @classmethod
    def of(cls, claim: "BedClaim") -> Self:
        """Return the body of a claim."""
        return cls(
            service_id=claim.service_id,
            kind=StayKind(claim.kind),
            status=ClaimStatus(claim.status),
            held_at=claim.held_at,
            hold_until=claim.hold_until,
            arrives_at=claim.arrives_at,
            arrived_at=claim.arrived_at,
            not_delivered_ground=(
                NotDeliveredGround(claim.ground) if claim.ground else None
            ),
        )


class StayOut(CamelSchema):
    """A stay, without who it is about."""

    number: str
    status: StayStatus
    happened: Happened
    suggested: str
    decided_by: Decider
    needed_on: date
    owner: str
    due_at: datetime | None
    planned_end: date | None
    created_at: datetime
    claim: ClaimOut | None

    @classmethod
    def of(cls, stay: "StayRequest", claim: "BedClaim | None") -> Self:
        """Return the body of a stay with its bed."""
        return cls(
            number=stay.number,
            status=StayStatus(stay.status),
            happened=Happened(stay.happened),
            suggested=stay.suggested,
            decided_by=Decider(stay.decider),
            needed_on=stay.needed_on,
            owner=stay.owner_name,
            due_at=stay.due_at,
            planned_end=stay.planned_end,
            created_at=stay.created_at,
            claim=None if claim is None else ClaimOut.of(claim),
        )


class StartedStayOut(StayOut):
    """A stay that was asked for, with what fits and which beds are free."""

    suggestion: SuggestionOut
    beds: list[BedsOut]

    @classmethod
    def started(
        cls, stay: "StayRequest", found: Suggestion, beds: Sequence[FreeBeds]
    ) -> Self:
        """Return the answer to asking."""
        return cls(
            **StayOut.of(stay, None).model_dump(),
            suggestion=SuggestionOut.of(found),
            beds=[BedsOut.of(one) for one in beds],
        )


class ClaimIn(CamelSchema):
    """Which bed is taken."""

    service_id: int = Field(ge=1, le=2**63 - 1)
    kind: StayKind


class StayPatientIn(CamelSchema):
    """Who it is about: for the provider of this bed."""

    name: Text = Field(max_length=120)
    birth_date: date
    address: Text = Field(max_length=200)
    phone: Text = Field("", max_length=30)
    contact_name: Text = Field("", max_length=120)
    contact_phone: Text = Field("", max_length=30)
    gp_name: Text = Field("", max_length=120)

    def as_details(self) -> PatientDetails:
        """Return who it is as the services take it."""
        return PatientDetails(**dict(self))


class ConfirmIn(CamelSchema):
    """When the client comes, who it is, and on which ground it is shared."""

    arrives_at: AwareDatetime
    planned_end: date
    decision: StayConsentDecision
    given_by: ConsentGiver
    patient: StayPatientIn | None = Field(
        None, description="May be left out if it was given for an earlier bed."
    )

    def as_consent(self) -> ConsentGiven:
        """Return the ground as the services take it."""
        return ConsentGiven(self.decision, self.given_by)


class NotDeliveredIn(CamelSchema):
    """Why a promised bed is not delivered; counted in the figures of the region."""

    ground: NotDeliveredGround
    free_left: int = Field(0, ge=0, le=60, description="Beds still free, if any.")


class EndIn(CamelSchema):
    """Where the client goes."""

    reason: EndReason


class PlannedEndIn(CamelSchema):
    """Another day on which the client is expected to leave."""

    planned_end: date


class CancelStayIn(CamelSchema):
    """Why no bed is needed any more."""

    reason: CancelReason


class StayPatientOut(CamelSchema):
    """Who it is about; every answer that holds this is logged."""

    name: str
    birth_date: date
    address: str
    phone: str
    contact_name: str
    contact_phone: str
    gp_name: str

    @classmethod
    def of(cls, patient: "StayPatient") -> Self:
        """Return the body of who it is about."""
        return cls.model_validate(patient)
