"""The guides in short: what somebody does with Wijkspil, step by step, by role.

The same steps, with pictures, are in ``docs/howto/nl``; whoever changes a button
changes both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from wijkspil.accounts.types import Actor, Role
from wijkspil.portal import tiles


@dataclass(frozen=True, slots=True)
class Guide:
    """What one kind of person does; all texts may be lazy translations.

    ``steps`` are (act, how). ``start`` is the page to begin at.
    """

    slug: str
    title: Any
    first: Any
    start: tiles.Page
    roles: frozenset[Role]
    steps: tuple[tuple[Any, Any], ...]
    by_itself: tuple[Any, ...]
    trouble: tuple[Any, ...]


_REPORT_HARM = _(
    "An agreement of the region works badly: “Does an agreement do harm? Report it”. "
    "A coordinator answers."
)

GUIDES = (
    Guide(
        slug="coordinator",
        title=_("Coordinator of the region"),
        first=_(
            "The desk shows every request without a team, the riskiest on top. Red "
            "needs you now."
        ),
        start=tiles.DESK,
        roles=frozenset({Role.COORDINATOR}),
        steps=(
            (
                _("Begin with what is too late"),
                _("Choose “Too late”, then “Nobody's”. Empty is good."),
            ),
            (
                _("Take a request in hand"),
                _("Press “Take over”. From then on it stands under your name."),
            ),
            (
                _("Ask the teams that fit"),
                _(
                    "Tick teams and press “Ask the ticked teams”. “Divide all” makes "
                    "a proposal for everything at once."
                ),
            ),
            (
                _("Write down what you heard by phone"),
                _("Choose the team and what came of it, and press “Write down”."),
            ),
            (
                _("No team? Choose what fits"),
                _(
                    "“Open the request”: bridge it, move the date, ask for a "
                    "temporary stay, or hand it to the insurer."
                ),
            ),
            (
                _("Look at tonight"),
                _("“Calls of the region” and, under “Duties”, the gaps ahead."),
            ),
            (
                _("Hand your shift over"),
                _("“End of your shift”, choose the colleague, and hand over."),
            ),
        ),
        by_itself=(
            _("A team that does not answer in time is skipped; the next is asked."),
            _("You get a message half an hour before a date passes."),
            _("What is still too late after an hour goes to all coordinators."),
            _("An unplanned call that no nurse takes comes to you, again and again."),
        ),
        trouble=(
            _("No connection: the desk says since when. Call the teams meanwhile."),
            _("Press ? at the desk for all keys."),
        ),
    ),
    Guide(
        slug="verpleegkundige",
        title=_("District nurse"),
        first=_("The inbox: each question to your team is one card, with a time."),
        start=tiles.INBOX,
        roles=frozenset(
            {Role.TEAM_MEMBER, Role.PROVIDER_MANAGER, Role.NURSE_REPRESENTATIVE}
        ),
        steps=(
            (
                _("Tell how much room there is"),
                _("“Capacity”: one press on “Still true”, or fill in what changed."),
            ),
            (
                _("Answer each question before its time"),
                _("“Accept” or “Decline”. The card says whether it fits your room."),
            ),
            (
                _("Accepted? Call the client"),
                _("You see at once who it is. Every look is written down."),
            ),
            (
                _("Declined? Press the reason"),
                _("Say right there what room is left; then nobody asks in vain."),
            ),
            (
                _("Fill in the hours after the intake"),
                _("“Clients”, the request, “Fill in the hours”, then start of care."),
            ),
            (
                _("Something changes for the client"),
                _("Admitted, another first day, other care: on the same page."),
            ),
            (
                _("Read the reports of the night"),
                _("“Night calls”, “Reports of the night for your own clients”."),
            ),
        ),
        by_itself=(
            _("Halfway through the time to answer you get a reminder."),
            _("After that time another team is asked."),
            _("Accepting reserves room; you do not have to lower it yourself."),
            _("A report of room that is too old is shown as possibly out of date."),
        ),
        trouble=(
            _("Just too late with your answer? The page says what happened."),
            _("It does not work out with a client: “Give the client back”."),
            _REPORT_HARM,
        ),
    ),
    Guide(
        slug="verwijzer",
        title=_("Referrer"),
        first=_("“Ask for care at home”: what and where first, a name only later."),
        start=tiles.ASK,
        roles=frozenset({Role.REFERRER, Role.REFERRER_REPRESENTATIVE}),
        steps=(
            (
                _("Say what and where"),
                _("Fill in one page and press “See who has room”."),
            ),
            (
                _("See which teams have room"),
                _("You read when an answer comes, and what happens without one."),
            ),
            (
                _("Say who it is about and send it"),
                _("First what the client said to sharing. Then “Send the request”."),
            ),
            (
                _("Give the client the link and the code"),
                _("So the client follows it without calling you."),
            ),
            (
                _("Follow it"),
                _("“My requests” says who has it now, and until when."),
            ),
            (
                _("Need a bed for a while?"),
                _("“Temporary stay”: what fits, who decides, and take a free bed."),
            ),
            (
                _("Cannot wait until tomorrow?"),
                _("“Unplanned calls”: see which nurse can come, and alert her."),
            ),
        ),
        by_itself=(
            _("If a team says no or nothing, the next one is asked."),
            _("If no team is left, the coordinator of the region has the request."),
            _("You get a message when a team takes the client."),
            _("A bed you do not confirm in time is free again."),
        ),
        trouble=(
            _("Called a team yourself? Tell it on the page of the request."),
            _("The client gets worse or is admitted: on the page of the request."),
            _("Danger to life: call 112. Wijkspil does not judge how urgent it is."),
            _REPORT_HARM,
        ),
    ),
    Guide(
        slug="nachtdienst",
        title=_("Night duty and triage"),
        first=_("Night calls: who needs you now, how fast, and two large buttons."),
        start=tiles.NIGHT,
        roles=frozenset({Role.TRIAGE, Role.TEAM_MEMBER}),
        steps=(
            (
                _("Answer the alert"),
                _("“I go” or “I cannot come”. You have 3 to 5 minutes."),
            ),
            (
                _("Read how to act safely"),
                _("Limits of treatment, allergies, address. Only once you go."),
            ),
            (
                _("Tell where you are"),
                _("“I leave now”, and “I am there”. Who called sees it too."),
            ),
            (
                _("Get in"),
                _("“Show how to get in” opens the key safe; each look is logged."),
            ),
            (
                _("Give a sign that you are safe"),
                _("“I am safe”, every half hour while you are inside."),
            ),
            (
                _("Close the call"),
                _("“Done”, how it ended, a line for the client's own team."),
            ),
            (
                _("At the triage desk"),
                _("“Unplanned calls”: first what and where, then press “Alert”."),
            ),
        ),
        by_itself=(
            _("Without an answer in time the next nurse is alerted as well."),
            _("No nurse left? Then the coordinator of the region has the call."),
            _("A missed sign: who called, the coordinators and your team hear it."),
            _("At 6.45 the client's own team reads your report. Minutes are counted."),
        ),
        trouble=(
            _("No address yet: call who entered the call; the number is there."),
            _("Cannot make it after all: “I cannot come any more”."),
            _(
                "Need the client's data after 48 hours: “Emergency access”, with a "
                "reason. The privacy officer hears it at once."
            ),
            _("Danger to life: call 112."),
        ),
    ),
    Guide(
        slug="huisarts-zoeken",
        title=_("Find a GP"),
        first=_("Your postcode: which practices near you take new patients."),
        start=tiles.FIND_GP,
        roles=frozenset({Role.RESIDENT}),
        steps=(
            (
                _("Look who has room"),
                _("“Find a GP”, fill in your postcode. You need no account."),
            ),
            (
                _("Room? Register there"),
                _("“Register here”. The practice answers within a week."),
            ),
            (
                _("Everything full? Make a wish"),
                _("Choose up to five practices, best first, with your household."),
            ),
            (
                _("Keep the link and the code"),
                _("The link comes by e-mail or text; the code is on the screen."),
            ),
            (
                _("Let everybody of 16 and over say yes"),
                _("Make a link for each person; they answer themselves."),
            ),
            (
                _("A place? Answer in time"),
                _("“Yes, we want this place”, or no, with a reason."),
            ),
        ),
        by_itself=(
            _("You keep your own GP, and your place in line, until you move."),
            _("You get a message when there is a place, or when something is asked."),
            _("Your old practice sends your file on; you need not sign out there."),
            _("After a year we ask whether you are still looking."),
        ),
        trouble=(
            _("Link lost: “Follow a wish that you made”, and ask for a new one."),
            _("Prefer help? A desk of a GP, social team or insurer does it with you."),
            _("Nothing found: your insurer must help you. Else report it to the NZa."),
            _("Danger to life: call 112."),
        ),
    ),
    Guide(
        slug="praktijk",
        title=_("GP practice"),
        first=_("“My practice” says first what waits for you: households, work, list."),
        start=tiles.PRACTICE,
        roles=frozenset({Role.PRACTICE_MANAGER}),
        steps=(
            (
                _("Say whether your list is open"),
                _("“Change the list”, or one press on “Still true”."),
            ),
            (
                _("Join a round"),
                _("Also when you are full: who comes, comes in the place of who goes."),
            ),
            (
                _("Answer households"),
                _("Tick them and press “Yes to the chosen households”."),
            ),
            (
                _("Say no only for a reason of the list"),
                _("Health is no reason. The household reads it and keeps its place."),
            ),
            (
                _("Enter the registrations"),
                _("“Work list”, day by day, or as a file. Tick what is done."),
            ),
            (
                _("Send records on"),
                _("They stand on the same list, with the new practice."),
            ),
        ),
        by_itself=(
            _("Places you give to a round are set apart; nobody else takes them."),
            _("Your list never grows by more than you promised, also in load."),
            _("Work is spread over days, never on the first day of a quarter."),
            _("You see names once the household said yes; each look is logged."),
        ),
        trouble=(
            _("Joined by mistake: “Take no part after all”, until wishes are fixed."),
            _("Ticked too early: “Not done after all”."),
            _("No time to answer: the household waits on, another gets the place."),
        ),
    ),
    Guide(
        slug="ruilronde",
        title=_("GP organization of the region (RHO)"),
        first=_("“Swap rounds” shows the round that runs, with one next step."),
        start=tiles.SWAP_ROUNDS,
        roles=frozenset({Role.GP_COORDINATOR}),
        steps=(
            (
                _("Open a round"),
                _("Everything is filled in; look at the days and open it."),
            ),
            (
                _("Get practices to join"),
                _("The page says who has not, the most wanted first, with phone."),
            ),
            (
                _("Fix the wishes and divide"),
                _("It is divided and checked in seconds; nothing is sent yet."),
            ),
            (
                _("Look at the report and send the proposals"),
                _("Households and practices have ten days to answer."),
            ),
            (
                _("Close, divide again, carry out"),
                _("What fell through goes to others; then all moves at once."),
            ),
            (
                _("A practice stops?"),
                _("“Re-housing”: its households as a file, who takes over, a plan."),
            ),
        ),
        by_itself=(
            _("Who has not answered is reminded three days before the end."),
            _("A step that is broken off goes on by itself; nothing happens twice."),
            _("After a “no” nobody loses a place: the old one stays."),
            _("The report is public and names nobody; anybody can check the receipt."),
        ),
        trouble=(
            _("A step did not succeed: the page says why. Press it again."),
            _("Opened wrongly: “Cancel this round”. Everybody keeps their place."),
            _("Too few places to re-house everybody: add a practice and plan again."),
        ),
    ),
    Guide(
        slug="analist",
        title=_("Analyst of the region (RESV)"),
        first=_(
            "The picture of the region says where care falls short now, where in ten "
            "years, and how sure that is."
        ),
        start=tiles.PICTURE,
        roles=frozenset({Role.ANALYST, Role.INSURER}),
        steps=(
            (
                _("Look where the gap is"),
                _("Choose a wijk on the map or in the table."),
            ),
            (
                _("Doubt a figure"),
                _("Open what stands below it: meaning, count, source and age."),
            ),
            (
                _("Suppose a future"),
                _("“Scenarios”: begin with one that is ready, or change values."),
            ),
            (
                _("Compute it and read the sentence on top"),
                _("Then the map, the causes, and which values matter most."),
            ),
            (
                _("Lay scenarios side by side"),
                _("What differs then comes from the scenario, not from chance."),
            ),
            (
                _("Make a measure of a gap"),
                _("Whose it is, by when, and what is expected of it."),
            ),
            (
                _("Hand over the report"),
                _("A PDF in which each sentence names its figures, with all data."),
            ),
        ),
        by_itself=(
            _("Each night the figures are counted and the base is computed anew."),
            _("A figure over too few people is withheld, and cannot be counted back."),
            _("A computation that stops halfway goes on by itself."),
        ),
        trouble=(
            _("No figures yet: “Count again”."),
            _("A wrong scenario: copy and change it, or delete it."),
            _(
                "A gap is less care than is usual elsewhere, or asked and not placed. "
                "It is no count of people without care."
            ),
        ),
    ),
)


def find_guide(slug: str) -> Guide | None:
    """Return the guide with this address, if there is one."""
    return next((guide for guide in GUIDES if guide.slug == slug), None)


def list_guides(actor: Actor) -> list[tuple[Guide, bool]]:
    """Return all guides and whether each is for this person; those come first."""
    return sorted(
        ((guide, is_for(guide, actor.roles)) for guide in GUIDES),
        key=lambda row: not row[1],
    )


def is_for(guide: Guide, roles: Iterable[Role]) -> bool:
    """Whether the guide is about the work of one of these roles."""
    return not guide.roles.isdisjoint(roles)
