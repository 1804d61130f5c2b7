"""The words of GP lists: lists, wishes, rounds, moves, and why not.

A reason is always a code, and never about health: a practice that may refuse for a
person's health would choose its patients.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

#: Most practices on one wish (the issue of the ministry's letter asks a short list).
MOST_CHOICES = 5
#: From this age a person consents for themselves (WGBO, art. 7:447 BW).
CONSENT_AGE = 16
#: Loads are whole thousandths: 1.25 is 1250.
LOAD_UNIT = 1000


class AgeBand(models.TextChoices):
    """Age bands of the registration fee (NZa, huisartsenzorg)."""

    TO_64 = "0-64", _("up to 64")
    FROM_65 = "65-74", _("65 to 74")
    FROM_75 = "75-84", _("75 to 84")
    FROM_85 = "85+", _("85 and over")


#: Work of one person on a list, in thousandths of somebody under 65. The bands are
#: those of the registration fee; the weights are an assumption of Wijkspil.
LOAD_OF_BAND: dict[str, int] = {
    AgeBand.TO_64: 1000,
    AgeBand.FROM_65: 1300,
    AgeBand.FROM_75: 1700,
    AgeBand.FROM_85: 2300,
}


class ListStatus(models.TextChoices):
    """Whether a practice takes new patients."""

    OPEN = "open", _("Open")
    LIMITED = "limited", _("Open with conditions")
    CLOSED = "closed", _("Closed for now")


class ListReason(models.TextChoices):
    """Why a list is limited or closed."""

    FULL = "full", _("The list is full")
    STAFF = "staff", _("Too few staff")
    ILLNESS = "illness", _("A GP is absent")
    SUCCESSION = "succession", _("A GP stops and has no successor yet")
    BUILDING = "building", _("No room in the building")
    NEIGHBORS = "neighbors", _("Practices around are closed")
    STARTING = "starting", _("The practice is starting")


class Unmet(models.TextChoices):
    """A condition of a list that a household does not meet."""

    POSTCODE = "postcode", _("The address is outside the postcodes of the practice")
    MINUTES = "minutes", _("The practice is too far by car")
    MEMBER = "member", _("Only with somebody of the household on the list already")
    BAND = "band", _("This month has no place left for this age")


class LeftOut(models.TextChoices):
    """Why a choice took no part in a round, beside the conditions of the list."""

    NOT_JOINED = "not-joined", _("The practice did not join this round")
    OWN = "own", _("It is the practice where the household is now")


class RoundStep(models.TextChoices):
    """What a job does with a round; each can be done again."""

    DIVIDE = "divide", _("Fixing, dividing and checking")
    PUBLISH = "publish", _("Sending the proposals")
    CLOSE = "close", _("Closing the answers")
    AGAIN = "again", _("Dividing again what came free")
    EXECUTE = "execute", _("Carrying out")


class WishReason(models.TextChoices):
    """Why somebody wants another practice, or one at all."""

    NO_GP = "no-gp", _("I have no GP")
    MOVED = "moved", _("I have moved house")
    PRACTICE_STOPS = "practice-stops", _("My practice stops")
    NEARER = "nearer", _("I want a practice nearer by")
    HOUSEHOLD = "household", _("I want to be with my household")
    OTHER = "other", _("Another reason")


#: Class of a round: 0 goes before 1, 1 before 2.
CLASS_OF_REASON: dict[str, int] = {
    WishReason.NO_GP: 0,
    WishReason.MOVED: 1,
    WishReason.PRACTICE_STOPS: 1,
    WishReason.NEARER: 2,
    WishReason.HOUSEHOLD: 2,
    WishReason.OTHER: 2,
}


class ContactKind(models.TextChoices):
    """How a household is reached; a helper's desk counts as equal."""

    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Text message")
    DESK = "desk", _("Through the desk that helped")


class WishStatus(models.TextChoices):
    """Where a wish stands; what may follow what is in ``policies``."""

    DRAFT = "draft", _("Not confirmed yet")
    CONSENT = "consent", _("Waits for the consent of the household")
    WAITING = "waiting", _("Waits for a place")
    PROPOSED = "proposed", _("There is a proposal")
    PLACED = "placed", _("Has a place")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Not confirmed in time")


#: A household has at most one wish in these; its contact is kept.
LIVE_WISHES = (
    WishStatus.DRAFT,
    WishStatus.CONSENT,
    WishStatus.WAITING,
    WishStatus.PROPOSED,
)


class Consent(models.TextChoices):
    """What a member of the household said to moving along."""

    PENDING = "pending", _("Not answered yet")
    AGREED = "agreed", _("Agrees")
    OBJECTED = "objected", _("Does not want to move")


class RoundStatus(models.TextChoices):
    """Where a round stands; each step can be done again after a crash."""

    OPEN = "open", _("Practices can join")
    TAKEN = "taken", _("Wishes and places are fixed")
    SOLVED = "solved", _("Divided")
    VERIFIED = "verified", _("Checked")
    PUBLISHED = "published", _("Waits for answers")
    CLOSED = "closed", _("All answers are in")
    EXECUTED = "executed", _("Carried out")
    CANCELLED = "cancelled", _("Cancelled")


#: A region has at most one round in these.
LIVE_ROUNDS = (
    RoundStatus.OPEN,
    RoundStatus.TAKEN,
    RoundStatus.SOLVED,
    RoundStatus.VERIFIED,
    RoundStatus.PUBLISHED,
    RoundStatus.CLOSED,
)


class MoveStatus(models.TextChoices):
    """What becomes of a proposal to a household and a practice."""

    PROPOSED = "proposed", _("Waits for an answer")
    CONFIRMED = "confirmed", _("Both said yes")
    DECLINED = "declined", _("The household said no")
    REFUSED = "refused", _("The practice said no")
    EXPIRED = "expired", _("Not answered in time")
    FALLEN = "fallen", _("Fell through: a place before it in the chain did not open")
    EXECUTED = "executed", _("Registered")


#: These keep the place in the new practice.
LIVE_MOVES = (MoveStatus.PROPOSED, MoveStatus.CONFIRMED)


class Answer(models.TextChoices):
    """What one side said."""

    NONE = "", _("No answer yet")
    YES = "yes", _("Yes")
    NO = "no", _("No")


class RefusalReason(models.TextChoices):
    """Why a practice does not take a household: never for health."""

    OUTSIDE_AREA = "outside-area", _("The address is outside the published area")
    CONDITION = "condition", _("A published condition is not met")
    IDENTITY = "identity", _("It is not clear who they are")
    TRUST = "trust", _("A serious conflict earlier, on paper")
    ALREADY_HERE = "already-here", _("They are on our list already")
    EMERGENCY = "emergency", _("The practice cannot take anybody since yesterday")


#: What can be said only by who knows who they are.
REFUSALS_OF_WHO = (
    RefusalReason.IDENTITY,
    RefusalReason.TRUST,
    RefusalReason.ALREADY_HERE,
)


class DeclineReason(models.TextChoices):
    """Why a household does not take a place."""

    STAYS = "stays", _("We stay after all")
    TOO_FAR = "too-far", _("Too far")
    FOUND = "found", _("We found another practice")
    NOT_NOW = "not-now", _("Not now")
    OTHER = "other", _("Another reason")


class WithdrawReason(models.TextChoices):
    """Why a wish is withdrawn."""

    FOUND = "found", _("Found a practice in another way")
    STAYS = "stays", _("Stays at the practice after all")
    AWAY = "away", _("Moves out of the region")
    DIED = "died", _("Somebody has died")
    OTHER = "other", _("Another reason")


class RehousingStatus(models.TextChoices):
    """Where the re-housing of a practice stands."""

    PREPARED = "prepared", _("Being prepared")
    PLANNED = "planned", _("Planned")
    RUNNING = "running", _("Being carried out")
    DONE = "done", _("Everybody has a practice")


class Frailty(models.TextChoices):
    """Who goes first when a practice falls over."""

    HOUSE_BOUND = "house-bound", _("Cannot leave the house")
    ILL = "ill", _("Ill, in treatment now")
    NONE = "none", _("Neither")


@dataclass(frozen=True)
class Conditions:
    """Who a limited list is for. Empty means: everybody.

    ``postcodes`` are PC4 or PC6; ``most_minutes`` is by car from the practice;
    ``only_with_member`` asks that somebody of the household is on the list already;
    ``most_of_band`` caps people per age band in a month.
    """

    postcodes: tuple[str, ...] = ()
    most_minutes: int | None = None
    only_with_member: bool = False
    most_of_band: dict[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether everybody fits."""
        return self == Conditions()


@dataclass(frozen=True)
class ListGiven:
    """What a practice manager says of the list."""

    status: str
    reason: str = ""
    expected_until: date | None = None
    places_per_month: int | None = None
    load_per_month: int | None = None
    conditions: Conditions = field(default_factory=Conditions)
    people: int | None = None
    work_per_day: int | None = None


@dataclass(frozen=True)
class MemberGiven:
    """One member of a household, as typed."""

    name: str
    birth_date: date


@dataclass(frozen=True)
class WishGiven:
    """What a household wants; ``choices`` are service ids, best first.

    ``member_at`` are those of the choices where somebody of the household is on the
    list already. ``by_guardian`` says that who asks is parent or guardian and does
    not move along: needed where nobody of 16 or over does.
    """

    postcode: str
    reason: str
    members: Sequence[MemberGiven]
    choices: Sequence[int]
    current_practice_id: int | None = None
    member_at: Collection[int] = ()
    by_guardian: bool = False


@dataclass(frozen=True)
class ContactGiven:
    """How to reach who asks: an address for e-mail, or a phone number."""

    kind: str
    value: str
