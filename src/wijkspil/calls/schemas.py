"""Bodies of the REST interface of unplanned calls.

Who it is about (``CallPatientOut``) and how to get in (``KeySafeOut``) stand apart, and
every answer that holds them is in the audit trail.
"""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from wijkspil.calls.engine_io import NurseCandidate
from wijkspil.calls.types import (
    AccessBasis,
    AlertDeclineReason,
    AlertStatus,
    CallCloseReason,
    Caller,
    CallerKind,
    CallOutcome,
    CallPatientDetails,
    CallReason,
    CallStatus,
    CallUrgency,
    Finish,
    Known,
    NewCall,
    TreatmentLimit,
)
from wijkspil.core.api import CamelSchema, FilledText, Id, Postcode, Text
from wijkspil.directory.types import CareTask

if TYPE_CHECKING:
    from wijkspil.calls.models import Call, CallAlert
    from wijkspil.calls.services.disclosure import ShownPatient

Minutes = Annotated[int, Field(ge=0, le=720)]


class CallPatientIn(CamelSchema):
    """Who it is about, and what a nurse must know to act safely."""

    name: FilledText = Field(max_length=120)
    address: FilledText = Field(description="Street and house number.", max_length=200)
    phone: Text = Field("", max_length=30)
    birth_date: date | None = None
    alarm_number: Text = Field(
        "", description="By which the alarm center knows the client.", max_length=30
    )
    treatment_limit: TreatmentLimit = Field(TreatmentLimit.UNKNOWN)
    medication_list_present: Known = Field(Known.UNKNOWN)
    order_present: Known = Field(
        Known.UNKNOWN, description="Instruction for reserved acts (uitvoeringsverzoek)."
    )
    allergies: Text = Field("", max_length=200)
    key_safe: Text = Field(
        "", description="How to get in; kept encrypted.", max_length=300
    )
    basis: AccessBasis = Field(AccessBasis.INFORMED)

    def as_details(self) -> CallPatientDetails:
        """Return the details as the services take them."""
        return CallPatientDetails(**dict(self))


class CallIn(CamelSchema):
    """What, where and how urgent; who it is about may follow."""

    caller_kind: CallerKind
    caller_name: FilledText = Field(max_length=120)
    caller_phone: FilledText = Field(
        description="Number on which the nurse can call back.", max_length=30
    )
    postcode: Postcode = Field(description="PC6, as in 2512AB; or PC4.", max_length=10)
    reason: CallReason
    urgency: CallUrgency = Field(description="Minutes, or before the morning.")
    tasks: list[CareTask] | None = Field(
        None,
        description="What the nurse must be able to do; absent: as the reason says.",
        max_length=50,
    )
    note: Text = Field(
        "", description="No names: nurses see it before accepting.", max_length=300
    )
    own_organization_id: Id | None = Field(
        None, description="The client's own provider; absent: of the neighborhood."
    )
    duty_id: Id | None = Field(
        None, description="Nurse to alert first; absent: who can be there first."
    )
    patient: CallPatientIn | None = None

    def as_call(self, *, organization_id: int | None) -> NewCall:
        """Return the call as the services take it."""
        return NewCall(
            postcode=self.postcode,
            reason=self.reason,
            urgency=self.urgency,
            caller=Caller(
                kind=self.caller_kind,
                name=self.caller_name,
                phone=self.caller_phone,
                organization_id=organization_id,
            ),
            tasks=self.tasks,
            note=self.note,
            own_organization_id=self.own_organization_id,
        )


class AcceptIn(CamelSchema):
    """The nurse comes; which alert, if there are several of the organization."""

    alert_id: Id | None = None
    expected_minutes: Annotated[int, Field(ge=0, le=600)] | None = None


class DeclineCallIn(CamelSchema):
    """The nurse cannot come."""

    reason: AlertDeclineReason
    alert_id: Id | None = None


class GiveBackCallIn(CamelSchema):
    """The nurse who would come cannot after all."""

    reason: AlertDeclineReason


class LeaveIn(CamelSchema):
    """The nurse is on the way."""

    expected_minutes: Annotated[int, Field(ge=0, le=600)] | None = None


class FinishIn(CamelSchema):
    """How the visit ended; minutes absent: as the moments say."""

    outcome: CallOutcome
    report: Text = Field("", max_length=2000)
    travel_minutes: Minutes | None = None
    care_minutes: Minutes | None = None

    def as_finish(self) -> Finish:
        """Return it as the services take it."""
        return Finish(**dict(self))


class CancelCallIn(CamelSchema):
    """Why a call stops."""

    reason: CallCloseReason


class NurseOut(CamelSchema):
    """A nurse on duty who can come; best first."""

    duty_id: int
    service_id: int
    service_name: str
    organization_name: str
    person_name: str
    phone: str
    expected_minutes: int | None = Field(
        description="Until at the client; null: place not known."
    )
    is_in_time: bool | None
    is_elsewhere: bool = Field(description="On duty elsewhere in the region.")

    @classmethod
    def of(cls, nurse: NurseCandidate) -> "NurseOut":
        """Return a candidate as an answer."""
        return cls(
            duty_id=nurse.duty_id,
            service_id=nurse.service_id,
            service_name=nurse.service_name,
            organization_name=nurse.organization_name,
            person_name=nurse.person_name,
            phone=nurse.phone,
            expected_minutes=nurse.expected_min,
            is_in_time=nurse.is_in_time,
            is_elsewhere=nurse.is_elsewhere,
        )


class NursesOut(CamelSchema):
    """Who can come now."""

    items: list[NurseOut]


class AlertOut(CamelSchema):
    """A nurse who was alerted."""

    id: int
    service_id: int
    person_name: str
    phone: str
    rank: int
    status: AlertStatus
    alerted_at: datetime
    answer_by: datetime
    expected_minutes: int | None

    @classmethod
    def of(cls, alert: "CallAlert") -> "AlertOut":
        """Return an alert as an answer."""
        return cls(
            id=alert.pk,
            service_id=alert.service_id,
            person_name=alert.person_name,
            phone=alert.phone,
            rank=alert.rank,
            status=AlertStatus(alert.status),
            alerted_at=alert.alerted_at,
            answer_by=alert.answer_by,
            expected_minutes=alert.expected_minutes,
        )


class CallOut(CamelSchema):
    """Where a call stands; nothing in it says who it is about.

    ``alerts`` are all to who entered it, and the reader's own to a provider; who goes
    is empty to a provider that was alerted and does not go.
    """

    number: str
    status: CallStatus
    postcode: str = Field(description="PC4 to who was alerted and does not go.")
    reason: CallReason
    tasks: list[CareTask]
    urgency: CallUrgency
    note: str
    arrive_by: datetime
    owner_name: str
    due_at: datetime | None
    nurse_name: str
    nurse_phone: str
    nurse_service_id: int | None
    expected_arrival_at: datetime | None
    started_at: datetime
    accepted_at: datetime | None
    left_at: datetime | None
    arrived_at: datetime | None
    done_at: datetime | None
    check_in_due_at: datetime | None
    travel_minutes: int | None
    care_minutes: int | None
    alerts: list[AlertOut]

    @classmethod
    def of(
        cls,
        call: "Call",
        alerts: list["CallAlert"],
        *,
        with_pc6: bool,
        with_nurse: bool,
    ) -> "CallOut":
        """Return a call as an answer."""
        names = (
            "number note arrive_by due_at expected_arrival_at started_at accepted_at "
            "left_at arrived_at done_at check_in_due_at travel_minutes care_minutes"
        )
        hides = not with_nurse and call.nurse_service_id is not None
        return cls(
            **{name: getattr(call, name) for name in names.split()},
            owner_name="" if hides else call.owner_name,
            nurse_name="" if hides else call.nurse_name,
            nurse_phone="" if hides else call.nurse_phone,
            nurse_service_id=None if hides else call.nurse_service_id,
            status=CallStatus(call.status),
            postcode=call.postcode if with_pc6 else call.postcode[:4],
            reason=CallReason(call.reason),
            tasks=[CareTask(task) for task in call.tasks],
            urgency=CallUrgency(call.urgency),
            alerts=[AlertOut.of(alert) for alert in alerts],
        )


class CallPatientOut(CamelSchema):
    """Who it is about and how to act safely; each answer is logged."""

    name: str
    address: str
    phone: str
    birth_date: date | None
    alarm_number: str
    treatment_limit: TreatmentLimit
    medication_list_present: Known
    order_present: Known
    allergies: str
    basis: AccessBasis
    has_key_safe: bool

    @classmethod
    def of(cls, shown: "ShownPatient") -> "CallPatientOut":
        """Return a client as an answer."""
        return cls.model_validate(
            {name: getattr(shown, name) for name in cls.model_fields}
        )


class KeySafeOut(CamelSchema):
    """How to get in; each answer is logged by itself."""

    key_safe: str
