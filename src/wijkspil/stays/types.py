"""The words of a temporary stay: kinds of bed, who decides, states, and why not.

For who asks there is one label, "temporary stay". The kinds below are for who pays and
decides; what is suggested for whom is data (``suggestion.yaml``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class StayKind(models.TextChoices):
    """How a bed is paid for; also what a provider reports its free beds by."""

    ELV_LOW = "elv-low", _("Short medical stay, plain")
    ELV_HIGH = "elv-high", _("Short medical stay, complex")
    ELV_PALLIATIVE = "elv-palliative", _("Stay in the last phase of life")
    GRZ = "grz", _("Geriatric rehabilitation")
    WMO = "wmo", _("Respite stay of the municipality")
    WLZ_CRISIS = "wlz-crisis", _("Crisis stay under the Wlz")


class Advice(models.TextChoices):
    """What may be suggested besides a kind of bed."""

    CALL_112 = "call-112", _("Call 112")
    HOSPITAL = "hospital", _("To the hospital, not a stay")
    HOME = "home", _("At home with more care")
    ASSESSMENT = "needs-assessment", _("First an assessment")


class Decider(models.TextChoices):
    """Who decides whether somebody may have that kind of stay."""

    GP = "gp", _("The GP, or the doctor of the hospital at discharge")
    GERIATRIC_TEAM = "geriatric-team", _("The doctor of the geriatric assessment")
    MUNICIPALITY = "municipality", _("The municipality")
    CIZ = "ciz", _("The CIZ; the care office arranges the crisis bed")
    CARE_OFFICE = "care-office", _("The care office (zorgkantoor)")
    EMERGENCY = "emergency", _("Emergency care")


class Feature(models.TextChoices):
    """What a bed can do, and what somebody may need of it."""

    SINGLE_ROOM = "single-room", _("A room of one's own")
    ISOLATION = "isolation", _("Isolation for an infection")
    DEMENTIA = "dementia", _("Protected ward for dementia")
    BARIATRIC = "bariatric", _("Heavier than 150 kg")
    HOIST = "hoist", _("Ceiling hoist")
    OXYGEN = "oxygen", _("Oxygen")
    IV = "iv", _("Infusion or pump")
    EVENING = "evening", _("Arrival in the evening or weekend")


class Gender(models.TextChoices):
    """For whom a shared room is; of a person: which shared room fits."""

    ANY = "any", _("Everybody")
    WOMEN = "women", _("Women")
    MEN = "men", _("Men")


class BedSource(models.TextChoices):
    """How a report of beds came in."""

    PAGE = "page", _("Entered on the page")
    CONFIRMED = "confirmed", _("Confirmed as still true")
    SYSTEM = "system", _("From the provider's own system")
    CORRECTED = "corrected", _("Corrected after a bed was not delivered")
    GENERATED = "generated", _("Generated (fictional)")


class Happened(models.TextChoices):
    """What happened, in the words of who asks."""

    ILLNESS = "illness", _("Ill or weakened at home")
    FALL = "fall", _("A fall, nothing to operate on")
    DISCHARGE = "discharge", _("Leaves the hospital, cannot go home yet")
    CARER = "carer", _("The informal carer drops out")
    LAST_PHASE = "last-phase", _("Last phase of life")
    CONFUSION = "confusion", _("Confused, or wandering")
    OTHER = "other", _("Something else")


class StayStatus(models.TextChoices):
    """Where the request for a stay stands."""

    OPEN = "open", _("Looking for a bed")
    PLACED = "placed", _("A bed is taken")
    ENDED = "ended", _("The stay has ended")
    CANCELLED = "cancelled", _("No bed needed any more")


#: In these somebody has it in hand, before a date; the database keeps it so.
OWNED = (StayStatus.OPEN, StayStatus.PLACED)


class ClaimStatus(models.TextChoices):
    """What becomes of a claim on a bed; what may follow is in ``policies``."""

    HELD = "held", _("Held for you")
    CONFIRMED = "confirmed", _("Confirmed: the client comes")
    ARRIVED = "arrived", _("The client has arrived")
    ENDED = "ended", _("The stay has ended")
    RELEASED = "released", _("Time to confirm has passed")
    NOT_DELIVERED = "not-delivered", _("The provider could not deliver")
    WITHDRAWN = "withdrawn", _("Given back by who asked")


#: The bed is taken by these.
LIVE = (ClaimStatus.HELD, ClaimStatus.CONFIRMED, ClaimStatus.ARRIVED)
#: Who the client is, is for the provider from confirming on.
RELEASED_TO_PROVIDER = (
    ClaimStatus.CONFIRMED,
    ClaimStatus.ARRIVED,
    ClaimStatus.ENDED,
)


class NotDeliveredGround(models.TextChoices):
    """Why a provider cannot keep its word; each is counted as a broken promise."""

    OUTBREAK = "outbreak", _("Infection outbreak on the ward")
    SAFETY = "safety", _("Not safe for this client or for others")
    DOUBLE_BOOKED = "double-booked", _("The bed was given away twice")
    OCCUPIED = "occupied", _("Who lies in the bed cannot leave yet")
    STAFF = "staff", _("Not enough staff")
    BUILDING = "building", _("Something is broken in the building")
    NO_DOCTOR = "no-doctor", _("No doctor to take over the treatment")


class OwnerKind(models.TextChoices):
    """Which side has it in hand."""

    REQUESTER = "requester", _("Who asked")
    PROVIDER = "provider", _("The provider of the bed")
    COORDINATOR = "coordinator", _("Coordinator of the region")


class StayConsentDecision(models.TextChoices):
    """What was said to sharing with the provider of the bed."""

    AGREED = "agreed", _("Agrees to sharing with the provider of this bed")
    NOT_ABLE = "not-able", _("Cannot answer now; sharing is needed for the treatment")
    OBJECTED = "objected", _("Objects")


class ConsentGiver(models.TextChoices):
    """Who said it."""

    CLIENT = "client", _("The client")
    REPRESENTATIVE = "representative", _("The representative")


class EndReason(models.TextChoices):
    """How a stay ended."""

    HOME = "home", _("Home again")
    LONG_TERM = "long-term", _("To a permanent place")
    OTHER_STAY = "other-stay", _("To another temporary stay")
    HOSPITAL = "hospital", _("To the hospital")
    DIED = "died", _("The client has died")


class CancelReason(models.TextChoices):
    """Why no bed is needed any more."""

    HOME = "home", _("It works at home after all")
    HOSPITAL = "hospital", _("Admitted to the hospital")
    ELSEWHERE = "elsewhere", _("A bed was found in another way")
    REFUSES = "refuses", _("The client does not want it")
    DIED = "died", _("The client has died")
    MISTAKE = "mistake", _("Sent by mistake or twice")


class EventKind(models.TextChoices):
    """What a line of the timeline is about."""

    STARTED = "started", _("Asked")
    CLAIMED = "claimed", _("Bed claimed")
    CONFIRMED = "confirmed", _("Confirmed")
    ARRIVED = "arrived", _("Arrived")
    PLANNED = "planned", _("Planned end changed")
    REMINDED = "reminded", _("Going home must be planned")
    ENDED = "ended", _("Stay ended")
    RELEASED = "released", _("Time to confirm has passed")
    NOT_DELIVERED = "not-delivered", _("Not delivered")
    WITHDRAWN = "withdrawn", _("Bed given back")
    CANCELLED = "cancelled", _("Closed")
    OVERDUE = "overdue", _("Date passed")
    OWNER = "owner", _("In other hands")
    NOTE = "note", _("Note")
    FORGOTTEN = "forgotten", _("Who the client is was removed")


@dataclass(frozen=True)
class StayNeed:
    """What is asked, without who it is about. ``answers`` is question -> answer."""

    postcode: str
    age: int
    happened: str
    needed_on: date
    answers: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    gender: str = Gender.ANY.value
    note: str = ""


@dataclass(frozen=True)
class Requester:
    """Who asks and can be called back; the organization decides who may follow."""

    name: str
    phone: str
    organization_id: int | None = None


@dataclass(frozen=True)
class PatientDetails:
    """Who it is about: for the provider of the bed, on confirming."""

    name: str
    birth_date: date
    address: str
    phone: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    gp_name: str = ""


@dataclass(frozen=True)
class ConsentGiven:
    """On which ground it is shared."""

    decision: str
    given_by: str


@dataclass(frozen=True)
class Beds:
    """What a provider reports for one kind of bed.

    ``free`` does not count beds that are claimed: those are not free any more.
    ``valid_hours`` None takes what the region agreed on.
    """

    free: int
    from_on: date | None = None
    features: tuple[str, ...] = ()
    gender: str = Gender.ANY.value
    valid_hours: int | None = None


@dataclass(frozen=True)
class Agreed:
    """What a region agreed on. All values are assumptions of Wijkspil until then."""

    hold_hours: int = 4
    bed_valid_hours: int = 24
    search_hours: int = 2
    coordinator_hours: int = 4
    arrival_grace_hours: int = 3
    remind_days: int = 5
    retention_days: int = 365


@dataclass(frozen=True)
class TimersRun:
    """How much the timers did in one run."""

    released: int
    escalated: int
    reminded: int


@dataclass(frozen=True)
class Broken:
    """One promise that was not kept, for the figures; nobody is in it."""

    at: datetime
    service_name: str
    organization_name: str
    kind: str
    ground: str


@dataclass(frozen=True)
class ProviderFigures:
    """Promises of one provider in a period."""

    organization_id: int
    name: str
    promised: int
    delivered: int
    broken: int


@dataclass(frozen=True)
class RegionFigures:
    """Counts of a region over a period; never of people."""

    searches: int
    without_bed: int
    promised: int
    delivered: int
    broken: int
    returned: int
    open_now: int
    by_kind: Sequence[tuple[str, int, int]]
    providers: Sequence[ProviderFigures]
    broken_lately: Sequence[Broken]
