"""The pages of this site as tiles: what each is for, and for whom.

One table for the menu, the home page and "my page", so that they never disagree on
who may go where. A page that this site does not have is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.translation import gettext_lazy as _

from wijkspil.accounts.permissions import VIEW_AUDIT
from wijkspil.accounts.types import Actor, Role
from wijkspil.calls.permissions import (
    ANSWER_CALL,
    COORDINATE_CALLS,
    ENTER_CALL,
    REVIEW_BREAK_GLASS,
    SETTLE,
    VIEW_SETTLED_TOTALS,
)
from wijkspil.communications.permissions import READ_MESSAGES
from wijkspil.core.permissions import Permission
from wijkspil.directory.permissions import (
    EDIT_DIRECTORY,
    REPORT_CAPACITY,
    VIEW_COVERAGE_GAPS,
    VIEW_DUTY_WEEK,
    VIEW_PROFESSIONAL_CONTACTS,
)
from wijkspil.insight.permissions import UPLOAD_INDICATORS, VIEW_INSIGHT
from wijkspil.portal.permissions import VIEW_ROOM_OVERVIEW
from wijkspil.referrals.permissions import (
    ANSWER_OFFER,
    APPROVE_POLICY,
    COMPARE_PROVIDERS,
    COORDINATE,
    CREATE_REQUEST,
    FILE_SIGNAL,
    FOLLOW_MEDIATION,
    FOLLOW_REQUEST,
    GIVE_CARE,
    SEE_OWN_SHARE,
    VIEW_POLICY,
    VIEW_STATISTICS,
)
from wijkspil.registrations.permissions import (
    ASSIST_WISH,
    KEEP_LIST,
    REHOUSE,
    RUN_ROUNDS,
)
from wijkspil.stays.permissions import REPORT_BEDS, REQUEST_STAY


@dataclass(frozen=True, slots=True)
class Page:
    """A page with what it is for; without ``needs`` it is for everybody."""

    url_name: str
    label: Any
    note: Any
    needs: Permission | None = None

    def is_for(self, actor: Actor) -> bool:
        """Whether this actor can use the page."""
        return self.needs is None or actor.holds(self.needs)


@dataclass(frozen=True, slots=True)
class Tile:
    """A page as a tile: its name, a line about it, and where it is."""

    label: Any
    note: Any
    url: str


WHO_HELPS = Page(
    "portal:who-helps",
    _("Who helps here now?"),
    _("Everyone who can be reached at a postcode, now or at another moment."),
)
WHO_HELPS_AT_WORK = Page(
    "portal:who-helps",
    _("Who helps here now?"),
    _("All numbers of an address, who is on duty and who has room."),
    VIEW_PROFESSIONAL_CONTACTS,
)
ASK = Page(
    "referrals:ask",
    _("Ask for care at home"),
    _("District nursing: first see which teams have room, then send it once."),
    CREATE_REQUEST,
)
REQUESTS = Page(
    "referrals:requests",
    _("My requests"),
    _("Where each request stands, who has it now and until when."),
    FOLLOW_REQUEST,
)
INBOX = Page(
    "referrals:inbox",
    _("Inbox of the team"),
    _("New questions for your team: accept or decline in two taps."),
    ANSWER_OFFER,
)
CLIENTS = Page(
    "referrals:clients",
    _("Clients of the team"),
    _("Intakes to do, hours and review dates of who you took in care."),
    GIVE_CARE,
)
DESK = Page(
    "referrals:desk",
    _("Coordination desk"),
    _("Every open request of the region, the riskiest first."),
    COORDINATE,
)
STATISTICS = Page(
    "referrals:statistics",
    _("Figures of the region"),
    _("Waiting times, reasons to decline, demand without room, fair share."),
    VIEW_STATISTICS,
)
AGREEMENTS = Page(
    "referrals:agreements",
    _("Agreements of the region"),
    _("How teams are asked, what is proposed, and how it came so."),
    VIEW_POLICY,
)
APPROVE = Page(
    "referrals:agreements",
    _("Agreements that wait for your word"),
    _("Read what changes and what it would have done; say yes or no."),
    APPROVE_POLICY,
)
SIGNALS = Page(
    "referrals:signals",
    _("Signals"),
    _("Say that an agreement does harm; a coordinator answers."),
    FILE_SIGNAL,
)
CONTRIBUTION = Page(
    "referrals:contribution",
    _("Fair share"),
    _("Who carries which part of the work against its room, and what repeats."),
    COMPARE_PROVIDERS,
)
OWN_SHARE = Page(
    "referrals:contribution",
    _("Fair share"),
    _("What your organization was asked and took, against the region."),
    SEE_OWN_SHARE,
)
UNMET = Page(
    "referrals:unmet",
    _("Demand that was not met"),
    _("Where, for what and when there was no care, or not at once."),
    VIEW_STATISTICS,
)
MEDIATION = Page(
    "referrals:mediation",
    _("Mediation"),
    _("What was handed to the insurer, since when, and what came of it."),
    FOLLOW_MEDIATION,
)
SIGNPOSTS = Page(
    "portal:signposts",
    _("All questions"),
    _("Everyday questions about care and help, by theme."),
)
PROFESSIONS = Page(
    "portal:professions",
    _("Who does what"),
    _("What a district nurse does, what a GP assistant does, and who takes the lead."),
)
ALLIANCES = Page(
    "portal:alliances",
    _("Neighborhood alliances"),
    _("Who works together in your wijk, on one A4."),
)
STAY = Page(
    "stays:start",
    _("Temporary stay"),
    _("What fits, who decides and where a bed is free; take it in two taps."),
    REQUEST_STAY,
)
BEDS = Page(
    "stays:beds",
    _("Beds for temporary stay"),
    _("Which beds are free. Who says free, delivers."),
    REPORT_BEDS,
)
CAPACITY = Page(
    "directory:capacity-teams",
    _("Tell how much room there is"),
    _("How many new clients your team can take. Done in ten seconds."),
    REPORT_CAPACITY,
)
COVERAGE = Page(
    "directory:coverage",
    _("Coverage"),
    _("Which hours of which wijk have nobody responsible."),
    VIEW_COVERAGE_GAPS,
)
DUTIES = Page(
    "directory:duty-week",
    _("Duties"),
    _("Who is on duty this week, and where nobody is in the coming weeks."),
    VIEW_DUTY_WEEK,
)
ROOM = Page(
    "portal:room-overview",
    _("Room in the region"),
    _("How many teams have room, per wijk."),
    VIEW_ROOM_OVERVIEW,
)
DIRECTORY = Page(
    "directory:manage",
    _("Manage the directory"),
    _("Organizations, services, numbers and coverage, with history and undo."),
    EDIT_DIRECTORY,
)
AUDIT = Page(
    "accounts:audit-trail",
    _("Who saw what"),
    _("Every view of a name and every change with consequence."),
    VIEW_AUDIT,
)
MESSAGES = Page(
    "communications:inbox",
    _("Messages"),
    _("What happened, for you, your team and your organization."),
    READ_MESSAGES,
)
CALLS = Page(
    "calls:calls",
    _("Unplanned calls"),
    _("Enter a call, see at once which nurse can come, and follow it."),
    ENTER_CALL,
)
NIGHT = Page(
    "calls:night",
    _("Calls for your team"),
    _("Say with one thumb whether you go, and see how to act safely."),
    ANSWER_CALL,
)
CALLS_OF_REGION = Page(
    "calls:region",
    _("Calls of the region"),
    _("Every running call, and those that no nurse took."),
    COORDINATE_CALLS,
)
SETTLEMENT = Page(
    "calls:settlement",
    _("Minutes to settle"),
    _("What nurses of one provider did for clients of another, by month."),
    SETTLE,
)
SETTLED_TOTALS = Page(
    "calls:settlement",
    _("Minutes to settle"),
    _("Totals per provider and month, without single calls."),
    VIEW_SETTLED_TOTALS,
)
EMERGENCY_ACCESS = Page(
    "calls:glass-list",
    _("Emergency access"),
    _("Who opened a client's data after the access had ended, and why."),
    REVIEW_BREAK_GLASS,
)
FIND_GP = Page(
    "registrations:find",
    _("Find a GP"),
    _("Which practices near you have room; register, or write down your wish."),
)
GP_ACCESS = Page(
    "registrations:access",
    _("GP care within reach"),
    _("Which practices take new patients, per municipality and postcode."),
)
GP_WISHES = Page(
    "registrations:help",
    _("Wishes for a GP"),
    _("Help somebody at the desk or on the phone to find a GP."),
    ASSIST_WISH,
)
PRACTICE = Page(
    "registrations:practice-home",
    _("My practice"),
    _("Your list, the round, households to answer and registrations to enter."),
    KEEP_LIST,
)
SWAP_ROUNDS = Page(
    "registrations:rounds",
    _("Swap rounds"),
    _("Divide wishes and places of the region together, step by step."),
    RUN_ROUNDS,
)
REHOUSINGS = Page(
    "registrations:rehousings",
    _("Re-housing"),
    _("A practice stops: find another one for everybody."),
    REHOUSE,
)
PICTURE = Page(
    "insight:picture",
    _("Picture of the region"),
    _("Need, room and gap per wijk, now and in ten years, and how sure that is."),
    VIEW_INSIGHT,
)
SCENARIOS = Page(
    "insight:scenarios",
    _("Scenarios"),
    _("Suppose a future, see what it changes and why, and compare."),
    VIEW_INSIGHT,
)
PLANS = Page(
    "insight:plans",
    _("Plans for gaps"),
    _("What is agreed to do about a gap, whose it is, and what came of it."),
    VIEW_INSIGHT,
)
WARNINGS = Page(
    "insight:warnings",
    _("Early warning"),
    _("Where care will fall short, from which year on, and how likely."),
    VIEW_INSIGHT,
)
QUALITY_FIGURES = Page(
    "insight:uploads",
    _("Quality of care"),
    _("Bring in what clients say and other figures of quality; see where you stand."),
    UPLOAD_INDICATORS,
)
SIGN_IN = Page(
    "accounts:sign-in",
    _("Sign in"),
    _("For the numbers of colleagues, who is on duty and who has room."),
)

WORK_PAGES = (
    ASK,
    REQUESTS,
    INBOX,
    CLIENTS,
    DESK,
    STAY,
    BEDS,
    CALLS,
    NIGHT,
    CALLS_OF_REGION,
    CAPACITY,
    COVERAGE,
    DUTIES,
    ROOM,
    PRACTICE,
    SWAP_ROUNDS,
    REHOUSINGS,
    PICTURE,
    SCENARIOS,
    PLANS,
    WARNINGS,
    QUALITY_FIGURES,
    GP_WISHES,
    MEDIATION,
    CONTRIBUTION,
    OWN_SHARE,
    UNMET,
    STATISTICS,
    AGREEMENTS,
    SIGNALS,
    DIRECTORY,
    AUDIT,
    SETTLEMENT,
    SETTLED_TOTALS,
    EMERGENCY_ACCESS,
    MESSAGES,
)

#: Role -> the page that is the clear next step for who holds it. The first role in
#: this order that somebody holds decides.
NEXT_STEP = {
    Role.TEAM_MEMBER: INBOX,
    Role.COORDINATOR: DESK,
    Role.PROVIDER_MANAGER: INBOX,
    Role.DIRECTORY_EDITOR: DIRECTORY,
    Role.INSURER: MEDIATION,
    Role.AUDITOR: AUDIT,
    Role.ADMINISTRATOR: DIRECTORY,
    Role.REFERRER: ASK,
    Role.PRACTICE_MANAGER: PRACTICE,
    Role.GP_COORDINATOR: SWAP_ROUNDS,
    Role.ANALYST: PICTURE,
    Role.TRIAGE: CALLS,
    Role.PRIVACY_OFFICER: EMERGENCY_ACCESS,
    Role.NURSE_REPRESENTATIVE: APPROVE,
    Role.REFERRER_REPRESENTATIVE: APPROVE,
}

ROLE_WORDS = {
    Role.TEAM_MEMBER: _(
        "You answer questions to your team, set the hours after an intake and tell "
        "how much room there is."
    ),
    Role.COORDINATOR: _(
        "You have the requests that no team took, you see where your region has gaps "
        "and where there is room, and you change who covers which wijk."
    ),
    Role.PROVIDER_MANAGER: _(
        "You answer for your teams, and you keep the numbers, the duty periods and "
        "the room of your organization."
    ),
    Role.DIRECTORY_EDITOR: _("You keep the directory of your region right."),
    Role.INSURER: _(
        "You see counts per wijk: services, coverage and room. No people, no numbers "
        "of professionals."
    ),
    Role.AUDITOR: _("You see who looked at which name, and why."),
    Role.ADMINISTRATOR: _("You see and mend everything; every act is written down."),
    Role.REFERRER: _(
        "You see who helps at an address and who has room, you send a request once "
        "and follow it."
    ),
    Role.NURSE_REPRESENTATIVE: _(
        "You say yes or no to other agreements of the region, for the nurses."
    ),
    Role.REFERRER_REPRESENTATIVE: _(
        "You say yes or no to other agreements of the region, for the referrers."
    ),
    Role.TRIAGE: _(
        "You enter calls that cannot wait, you see which nurse can come, and you "
        "follow her until she is done."
    ),
    Role.PRACTICE_MANAGER: _(
        "You say whether the list of your practice is open and for whom, you join "
        "rounds, answer households and enter registrations."
    ),
    Role.GP_COORDINATOR: _(
        "You run rounds in which people swap places on GP lists, and you find a "
        "practice for everybody when one stops."
    ),
    Role.ANALYST: _(
        "You see where care falls short now and later, you compute what would help, "
        "and you follow what was agreed."
    ),
    Role.PRIVACY_OFFICER: _(
        "You judge every emergency access to a client's data: who, when and why."
    ),
}


def list_usable(pages: Iterable[Page], *, actor: Actor) -> list[Page]:
    """Return the pages this actor may use."""
    return [page for page in pages if page.is_for(actor)]


def make_tiles(pages: Iterable[Page]) -> list[Tile]:
    """Return the tiles of the pages this site has."""
    return [
        Tile(page.label, page.note, url)
        for page in pages
        if (url := find_url(page.url_name))
    ]


def find_url(name: str) -> str:
    """Return the address of a page, or nothing where this site does not have it."""
    return _find_url(name, get_script_prefix(), settings.ROOT_URLCONF)


# Each page asks it for its whole menu.
@lru_cache(maxsize=256)
def _find_url(name: str, *_holds_for: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
