"""The words of a request for district nursing: states, reasons, and what is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from wijkspil.directory.types import NoRoomReason


class RequestStatus(models.TextChoices):
    """Where a request stands; what may follow is in ``policies.TRANSITIONS``."""

    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Looking for a team")
    OFFERED = "offered", _("Waiting for an answer")
    BRIDGED = "bridged", _("Bridged for now")
    ACCEPTED = "accepted", _("A team takes it")
    INTAKE_DONE = "intake-done", _("Intake done")
    IN_CARE = "in-care", _("In care")
    PAUSED = "paused", _("On hold: the client is admitted")
    ENDED = "ended", _("Care has ended")
    TEMPORARY_STAY = "temporary-stay", _("Moved to temporary stay")
    MEDIATION = "mediation", _("With the insurer's mediation")
    WITHDRAWN = "withdrawn", _("Withdrawn by the client")
    CANCELLED = "cancelled", _("Cancelled by the referrer")


#: Nobody takes the client yet: somebody must have it in hand, with a date.
UNPLACED = (RequestStatus.OPEN, RequestStatus.OFFERED, RequestStatus.BRIDGED)
#: A team has it: identity is released to that team and its room is reserved.
PLACED = (RequestStatus.ACCEPTED, RequestStatus.INTAKE_DONE, RequestStatus.IN_CARE)
#: A request in one of these has a named owner and a date; the database keeps it so.
OWNED = (
    *UNPLACED,
    RequestStatus.ACCEPTED,
    RequestStatus.INTAKE_DONE,
    RequestStatus.PAUSED,
)


class OfferStatus(models.TextChoices):
    """What became of the question to one team (FHIR Task.status in our words)."""

    OPEN = "open", _("Waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("No answer in time")
    WITHDRAWN = "withdrawn", _("No longer needed")
    RETURNED = "returned", _("Given back")


#: A team with one of these answers is not asked the same again so soon.
RESTING = (OfferStatus.DECLINED, OfferStatus.EXPIRED, OfferStatus.RETURNED)


class OfferOrigin(models.TextChoices):
    """Who put the question to this team."""

    RANKING = "ranking", _("Proposed by the ranking")
    COORDINATOR = "coordinator", _("Chosen by the coordinator")
    PHONE = "phone", _("Agreed by phone")
    AGREEMENT = "agreement", _("Assigned by agreement")


class Urgency(models.TextChoices):
    """How soon the first visit must be."""

    TODAY = "today", _("Today")
    TOMORROW = "tomorrow", _("Within 24 hours")
    DAYS = "days", _("Within 3 days")
    WEEK = "week", _("Within a week")
    PLANNED = "planned", _("Later, on the day below")


class UrgencyReason(models.TextChoices):
    """Why it is that urgent."""

    DISCHARGE = "discharge", _("Going home from hospital")
    DECLINE = "decline", _("Getting worse at home")
    CARER = "carer", _("The informal carer cannot go on")
    END_OF_LIFE = "end-of-life", _("Last phase of life")
    TREATMENT = "treatment", _("A treatment starts or changes")
    TAKE_OVER = "take-over", _("Another provider stops")
    PLANNED = "planned", _("No urgency, care can be planned")


class RequesterKind(models.TextChoices):
    """Who asks."""

    GP = "gp", _("GP practice")
    HOSPITAL = "hospital", _("Hospital")
    MUNICIPALITY = "municipality", _("Municipality")
    NURSING = "nursing", _("District nursing")
    FAMILY = "family", _("Client or family")
    OTHER = "other", _("Another care provider")


class Presence(models.TextChoices):
    """Whether something the team needs is there."""

    YES = "yes", _("Yes")
    NO = "no", _("Not yet")
    NOT_NEEDED = "not-needed", _("Not needed")


class DeclineReason(models.TextChoices):
    """Why a team says no. The first ones mean that its room was not right."""

    NO_ROOM = "no-room", _("No room")
    SICKNESS = "sickness", _("Illness in the team")
    PART_OF_DAY = "part-of-day", _("No room at that part of the day")
    SKILLS = "skills", _("We cannot do this task")
    TRAVEL = "travel", _("Too far to travel")
    SAFETY = "safety", _("Not safe for client or staff")
    KNOWN_CONFLICT = "known-conflict", _("Earlier care ended badly")
    OTHER_BETTER = "other-better", _("Another team fits this client better")


#: Declining for one of these corrects the room that others see.
CORRECTS_ROOM = {
    DeclineReason.NO_ROOM: NoRoomReason.FULL,
    DeclineReason.SICKNESS: NoRoomReason.SICKNESS,
}


#: Declining for one of these may mean that the room others see is not right.
ROOM_REASONS = (
    DeclineReason.NO_ROOM,
    DeclineReason.SICKNESS,
    DeclineReason.PART_OF_DAY,
    DeclineReason.SKILLS,
)


class CloseReason(models.TextChoices):
    """Why a request stopped before or after care."""

    CLIENT_REFUSES = "client-refuses", _("The client does not want it any more")
    OBJECTION = "objection", _("The client objects to sharing")
    NOT_NEEDED = "not-needed", _("Care is no longer needed")
    OWN_NETWORK = "own-network", _("Family or neighbours help")
    ADMITTED = "admitted", _("Admitted to a hospital or home")
    DIED = "died", _("The client has died")
    MISTAKE = "mistake", _("Sent by mistake or twice")
    OTHER_LAW = "other-law", _("Care from another law has started")
    GOALS_REACHED = "goals-reached", _("The client manages again")


class ReopenReason(models.TextChoices):
    """Why a request is looked at again."""

    TEAM_STOPS = "team-stops", _("The team has to give it back")
    UNSAFE = "unsafe", _("Stopped by a nurse: not safe")
    CHANGED_NEED = "changed-need", _("The care that is needed has changed")
    CHANGED_MIND = "changed-mind", _("The client wants care after all")
    MISTAKE = "mistake", _("Closed by mistake")
    STAY_ENDS = "stay-ends", _("The temporary stay ends")
    NOT_MEDIATED = "not-mediated", _("The insurer found nobody")
    MEDIATED = "mediated", _("The insurer found a team")
    OBJECTION = "objection", _("The client does not want this provider")


#: What people choose from; an objection is kept with its basis (``services.consent``),
#: and that a team was found comes with the team (``services.mediation``).
REOPEN_BY_HAND = tuple(
    r for r in ReopenReason if r not in {ReopenReason.OBJECTION, ReopenReason.MEDIATED}
)


class SafetyGround(models.TextChoices):
    """On which ground a nurse stops an automatic assignment."""

    SKILLS = "skills", _("The team cannot do this safely")
    STAFFING = "staffing", _("Not enough staff to do this safely")
    HOME = "home", _("The situation at home is not safe")
    MATERIALS = "materials", _("Instruction or materials are missing")


class ChangeReason(models.TextChoices):
    """Why the day of the first visit, or what is needed, becomes another."""

    DISCHARGE_LATER = "discharge-later", _("The hospital discharges later")
    DISCHARGE_SOONER = "discharge-sooner", _("The hospital discharges sooner")
    CLIENT_ASKED = "client-asked", _("The client asked for it")
    BETTER = "better", _("The client gets better")
    WORSE = "worse", _("The client gets worse")
    MISTAKE = "mistake", _("It was written down wrong")


class AdmissionPlace(models.TextChoices):
    """Where an admitted client is."""

    HOSPITAL = "hospital", _("Hospital")
    REHABILITATION = "rehabilitation", _("Geriatric rehabilitation")
    SHORT_STAY = "short-stay", _("Short stay")
    OTHER = "other", _("Somewhere else")


class AnswerHours(models.TextChoices):
    """When the time to answer runs."""

    DAYTIME = "daytime", _("What is not urgent waits for the day")
    ALWAYS = "always", _("Day and night, for everything")


class PolicyStatus(models.TextChoices):
    """Where a version of a region's agreements stands."""

    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Party(models.TextChoices):
    """Who must approve before a version takes effect."""

    NURSES = "nurses", _("Nurses")
    REFERRERS = "referrers", _("Referrers")


class SignalTopic(models.TextChoices):
    """What a signal is about."""

    ORDER = "order", _("Who is asked, and in which order")
    TIMES = "times", _("Times to answer")
    ROOM = "room", _("How room is reported or counted")
    FAIRNESS = "fairness", _("How the work is divided")
    PRIVACY = "privacy", _("What others can see")
    NIGHT = "night", _("Evening, night and weekend")
    OTHER = "other", _("Something else")


class SignalStatus(models.TextChoices):
    """Whether a signal has its answer."""

    OPEN = "open", _("Waits for an answer")
    ANSWERED = "answered", _("Answered")
    CHANGED = "changed", _("Led to other agreements")


class UnmetKind(models.TextChoices):
    """In which way demand was not met, or not at once."""

    SEARCH = "search", _("Asked for room, found none")
    DECLINE = "decline", _("A team declined")
    NO_ANSWER = "no-answer", _("A team did not answer")
    WITHDRAWAL = "withdrawal", _("Withdrawn before care began")
    FALLBACK = "fallback", _("No team takes it; a coordinator looks further")
    BRIDGED = "bridged", _("Bridged for now")
    STAY = "stay", _("Temporary stay instead of care at home")
    MEDIATION = "mediation", _("Handed to the insurer")
    WAIT = "wait", _("Placed after a wait")


class CallOutcome(models.TextChoices):
    """What came of a call to a team."""

    NO_ANSWER = "no-answer", _("No answer")
    CALL_BACK = "call-back", _("Call back later")
    SAYS_NO = "says-no", _("Says no")
    SAYS_YES = "says-yes", _("Says yes: the team takes the client")


class ConsentDecision(models.TextChoices):
    """What the client or representative said to sharing."""

    AGREED = "agreed", _("Agreed")
    INFORMED = "informed", _("Informed, no objection")
    OBJECTED = "objected", _("Objected")


class ConsentGiver(models.TextChoices):
    """Who said it."""

    CLIENT = "client", _("The client")
    REPRESENTATIVE = "representative", _("The representative")


class OwnerKind(models.TextChoices):
    """In which part somebody has a request in hand."""

    REQUESTER = "requester", _("Referrer")
    COORDINATOR = "coordinator", _("Coordinator")
    TEAM = "team", _("Team")


class EventKind(models.TextChoices):
    """What happened to a request; ``wording`` says it in a sentence."""

    SUBMITTED = "submitted", _("Sent")
    OFFERED = "offered", _("Teams asked")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("No answer in time")
    NO_TEAM = "no-team", _("No team can take it")
    OWNER_CHANGED = "owner-changed", _("Handed over")
    DATE_MOVED = "date-moved", _("New date")
    INTAKE = "intake", _("Intake done")
    CARE_STARTED = "care-started", _("Care started")
    HOURS_CHANGED = "hours-changed", _("Hours changed")
    BRIDGED = "bridged", _("Bridged")
    TEMPORARY_STAY = "temporary-stay", _("Temporary stay")
    MEDIATION = "mediation", _("Handed to the insurer")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    CANCELLED = "cancelled", _("Cancelled")
    ENDED = "ended", _("Ended")
    REOPENED = "reopened", _("Looked at again")
    STOPPED = "stopped", _("Stopped by a nurse")
    OVERDUE = "overdue", _("The date has passed")
    NOTE = "note", _("Note")
    CALLED = "called", _("Phoned")
    VISIT_MOVED = "visit-moved", _("Another first day")
    NEED_CHANGED = "need-changed", _("Other care is needed")
    PAUSED = "paused", _("Client admitted")
    RESUMED = "resumed", _("Client is home again")
    ROOM_RELEASED = "room-released", _("The place is no longer kept")
    DIED = "died", _("The client has died")


@dataclass(frozen=True)
class Need:
    """What is asked, without anything that says who: the first half of the form.

    ``postcode`` PC4 or PC6; ``first_visit_on`` a local day; ``age`` in years, or None
    when not known yet; organizations by id.
    """

    postcode: str
    tasks: Sequence[str]
    parts_of_day: Sequence[str]
    first_visit_on: date
    urgency: str
    urgency_reason: str
    age: int | None = None
    language: str = "nl"
    insurer: str = ""
    care_law: str = "zvw"
    order_present: str = Presence.NOT_NEEDED
    materials_present: str = Presence.NOT_NEEDED
    preferred_organization_id: int | None = None
    known_organization_id: int | None = None
    refused_organization_ids: Sequence[int] = ()
    note: str = ""


@dataclass(frozen=True)
class Requester:
    """Who asks, and how to reach them."""

    kind: str
    name: str
    phone: str
    organization_id: int | None = None


@dataclass(frozen=True)
class PatientDetails:
    """Who it is about: identity, for the team that accepts and nobody before it."""

    name: str
    birth_date: date
    address: str
    phone: str = ""
    representative_name: str = ""
    representative_phone: str = ""
    gp_name: str = ""


@dataclass(frozen=True)
class ConsentGiven:
    """On which basis identity and health data may go to the team that accepts."""

    decision: str
    given_by: str


@dataclass(frozen=True)
class HoursBand:
    """A provisional band of hours a week ("voorlopig"), with hours per part of day.

    ``by_part`` maps a part of day to hours a week at the upper end of the band.
    """

    low: Decimal
    high: Decimal
    by_part: dict[str, Decimal]


@dataclass(frozen=True)
class Submitted:
    """What the referrer gets: the number, and the client's private link with a code.

    Link and code are shown once; only digests are kept.
    """

    request_id: int
    number: str
    link_token: str
    link_code: str


@dataclass(frozen=True)
class Expired:
    """What one run of the timers did."""

    offers: int
    overdue: int
    at: datetime
    reminded: int = 0
