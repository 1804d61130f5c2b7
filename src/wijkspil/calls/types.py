"""The words of an unplanned call: states, reasons, urgency, and what is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from wijkspil.directory.types import CareTask


class CallStatus(models.TextChoices):
    """Where a call stands; what may follow is in ``policies.TRANSITIONS``."""

    NEW = "new", _("Being entered")
    ALERTED = "alerted", _("Waiting for a nurse")
    ACCEPTED = "accepted", _("A nurse is coming")
    ON_THE_WAY = "on-the-way", _("On the way")
    ARRIVED = "arrived", _("With the client")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("No longer needed")
    HANDED_ON = "handed-on", _("No nurse found: handed on")


#: A nurse has it: the client's data are open to the nurse's team, and to nobody else.
WITH_NURSE = (CallStatus.ACCEPTED, CallStatus.ON_THE_WAY, CallStatus.ARRIVED)
#: Somebody must still find a nurse, or another way.
WITHOUT_NURSE = (CallStatus.NEW, CallStatus.ALERTED, CallStatus.HANDED_ON)
#: A call in one of these has a named owner and a date; the database keeps it so.
RUNNING = (*WITHOUT_NURSE, *WITH_NURSE)


class AlertStatus(models.TextChoices):
    """What became of the alert to one nurse."""

    OPEN = "open", _("Waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Cannot come")
    NO_ANSWER = "no-answer", _("No answer in time")
    WITHDRAWN = "withdrawn", _("No longer needed")
    RETURNED = "returned", _("Given back")


#: Who was late may still accept, as long as nobody else did.
MAY_ACCEPT = (AlertStatus.OPEN, AlertStatus.NO_ANSWER)


class CallerKind(models.TextChoices):
    """Who calls for a nurse."""

    ALARM_CENTER = "alarm-center", _("Alarm center")
    OUT_OF_HOURS = "out-of-hours-post", _("GP out-of-hours post")
    TRIAGE = "triage-nurse", _("Triage nurse")
    HOSPITAL = "hospital", _("Hospital")
    OWN_TEAM = "own-team", _("The client's own team")


class CallReason(models.TextChoices):
    """What is the matter, coded."""

    FALL = "fall", _("Has fallen")
    CATHETER = "catheter", _("Catheter blocked or out")
    INSULIN = "insulin", _("Insulin missed")
    PALLIATIVE = "palliative", _("Complaint in the last phase of life")
    PUMP = "pump", _("Pump or drip gives an alarm")
    WOUND = "wound", _("Wound bleeds or leaks")
    STOMA = "stoma", _("Stoma leaks")
    TUBE = "tube", _("Feeding tube blocked or out")
    MEDICATION = "medication", _("Medication missed or in doubt")
    PERSONAL_CARE = "personal-care", _("Help with toilet or bed")
    CONFUSED = "confused", _("Confused or restless")
    KEY = "key", _("Nobody opens the door")
    OTHER = "other", _("Something else")


#: What a nurse must be able to do; who enters the call may change it.
TASKS_OF: Mapping[CallReason, tuple[CareTask, ...]] = {
    CallReason.FALL: (CareTask.PERSONAL_CARE,),
    CallReason.CATHETER: (CareTask.CATHETER,),
    CallReason.INSULIN: (CareTask.INSULIN,),
    CallReason.PALLIATIVE: (CareTask.PALLIATIVE,),
    CallReason.PUMP: (CareTask.INFUSION,),
    CallReason.WOUND: (CareTask.WOUND,),
    CallReason.STOMA: (CareTask.STOMA,),
    CallReason.TUBE: (CareTask.TUBE_FEEDING,),
    CallReason.MEDICATION: (CareTask.MEDICATION,),
    CallReason.PERSONAL_CARE: (CareTask.PERSONAL_CARE,),
    CallReason.CONFUSED: (CareTask.GUIDANCE,),
    CallReason.KEY: (),
    CallReason.OTHER: (),
}


class CallUrgency(models.TextChoices):
    """Within how long a nurse must be there."""

    WITHIN_15 = "15", _("Within 15 minutes")
    WITHIN_30 = "30", _("Within 30 minutes")
    WITHIN_60 = "60", _("Within an hour")
    MORNING = "morning", _("Before the morning")


class AlertDeclineReason(models.TextChoices):
    """Why a nurse cannot come."""

    BUSY = "busy", _("With another client")
    TOO_FAR = "too-far", _("Too far away")
    SKILLS = "skills", _("I cannot do this task")
    UNSAFE = "unsafe", _("Not safe to go alone")
    ILL = "ill", _("Ill or no transport")
    NOT_ON_DUTY = "not-on-duty", _("Not on duty")


class CallCloseReason(models.TextChoices):
    """Why a call stopped without a visit."""

    NOT_NEEDED = "not-needed", _("Help is no longer needed")
    EMERGENCY = "emergency", _("112 was called")
    GP = "gp", _("The out-of-hours post goes")
    HELPED_OTHERWISE = "helped-otherwise", _("Somebody else helped")
    ADMITTED = "admitted", _("Taken to hospital")
    DIED = "died", _("The client has died")
    MISTAKE = "mistake", _("Entered by mistake or twice")


class CallOutcome(models.TextChoices):
    """How the visit ended."""

    HELPED = "helped", _("Helped, nothing more to do")
    FOLLOW_UP = "follow-up", _("Helped, the own team must follow up")
    GP_CALLED = "gp-called", _("The GP or out-of-hours post took over")
    EMERGENCY = "emergency", _("112 was called")
    NOT_HOME = "not-home", _("Nobody home or no way in")
    REFUSED = "refused", _("The client did not want help")


class Known(models.TextChoices):
    """Whether something is there, as far as is known."""

    # First, so that a list that nobody touched says nothing.
    UNKNOWN = "unknown", _("Not known")
    YES = "yes", _("Yes")
    NO = "no", _("No")


class TreatmentLimit(models.TextChoices):
    """What was agreed on limits of treatment."""

    UNKNOWN = "unknown", _("Not known: ask")
    NONE = "none", _("No limits")
    NO_RESUSCITATION = "no-resuscitation", _("Do not resuscitate")
    NO_HOSPITAL = "no-hospital", _("Do not resuscitate, not to hospital")
    COMFORT = "comfort", _("Comfort only")


class AccessBasis(models.TextChoices):
    """On which ground the client's data go to the nurse."""

    AGREED = "agreed", _("The client agrees")
    INFORMED = "informed", _("The client was told, and did not object")
    VITAL = "vital-interest", _("The client cannot answer and needs help now")


class CallOwnerKind(models.TextChoices):
    """In which part somebody has a call in hand."""

    CALLER = "caller", _("Who entered the call")
    NURSE = "nurse", _("Nurse")
    COORDINATOR = "coordinator", _("Coordinator")


class CallEventKind(models.TextChoices):
    """What happened to a call."""

    STARTED = "started", _("Call entered")
    ALERTED = "alerted", _("Nurse alerted")
    NO_ANSWER = "no-answer", _("No answer in time")
    DECLINED = "declined", _("Nurse cannot come")
    ACCEPTED = "accepted", _("Nurse is coming")
    GIVEN_BACK = "given-back", _("Nurse gave it back")
    LEFT = "left", _("Nurse is on the way")
    ARRIVED = "arrived", _("Nurse has arrived")
    CHECKED_IN = "checked-in", _("Nurse is safe")
    CHECK_IN_MISSED = "check-in-missed", _("Nurse gave no sign of being safe")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("No longer needed")
    HANDED_ON = "handed-on", _("No nurse found: handed on")
    OVERDUE = "overdue", _("The time has passed")
    PATIENT_ADDED = "patient-added", _("Client's data added")
    GLASS_BROKEN = "glass-broken", _("Emergency access")


@dataclass(frozen=True)
class Caller:
    """Who calls, and the number on which the nurse can call back."""

    kind: str
    name: str
    phone: str
    organization_id: int | None = None


@dataclass(frozen=True)
class NewCall:
    """What, where and how urgent; nothing in it says who it is about.

    ``tasks`` empty: those of the reason. ``own_organization_id`` empty: the provider
    of the neighborhood.
    """

    postcode: str
    reason: str
    urgency: str
    caller: Caller
    tasks: Sequence[str] | None = None
    note: str = ""
    own_organization_id: int | None = None


@dataclass(frozen=True)
class CallPatientDetails:
    """Who it is about, and what a nurse must know to act safely.

    ``key_safe`` is stored encrypted, and shown only during the call.
    """

    name: str
    address: str
    phone: str = ""
    birth_date: date | None = None
    alarm_number: str = ""
    treatment_limit: str = TreatmentLimit.UNKNOWN
    medication_list_present: str = Known.UNKNOWN
    order_present: str = Known.UNKNOWN
    allergies: str = ""
    key_safe: str = ""
    basis: str = AccessBasis.INFORMED


@dataclass(frozen=True)
class Finish:
    """How a visit ended. Minutes empty: as the moments of the call say."""

    outcome: str
    report: str = ""
    travel_minutes: int | None = None
    care_minutes: int | None = None


@dataclass(frozen=True)
class CallTimers:
    """What one run of the timers did."""

    unanswered: int
    overdue: int
    check_ins_missed: int
    at: datetime
