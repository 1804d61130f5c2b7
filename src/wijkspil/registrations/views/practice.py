"""A practice: what is next, and its list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.types import Actor
from wijkspil.core.typed_values import read_id
from wijkspil.directory.selectors.gp_practices import (
    GpPractice,
    get_gp_practice,
    list_gp_practices_of,
)
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.registrations.errors import InvalidRegistration
from wijkspil.registrations.forms.practice import ListForm, initial_of
from wijkspil.registrations.models import PracticeList
from wijkspil.registrations.permissions import KEEP_LIST, check_can_keep_list
from wijkspil.registrations.selectors.desk_work import (
    WorkCounts,
    count_people_since,
    count_work,
)
from wijkspil.registrations.selectors.lists import (
    ListNow,
    get_list,
    list_history,
    list_lists,
)
from wijkspil.registrations.selectors.practice_rounds import (
    RoundOfPractice,
    list_rounds_of_practice,
)
from wijkspil.registrations.selectors.proposals import (
    ProposalCounts,
    count_proposals,
)
from wijkspil.registrations.services.joining import find_region_id
from wijkspil.registrations.services.lists import given_of, publish_list
from wijkspil.registrations.wording import (
    LIST_TONES,
    say_list,
    say_people,
    say_published_row,
)
from wijkspil.ui.moments import say_deadline
from wijkspil.ui.navigation import Chip

#: After so long it is asked whether a list is still as it was said.
STILL_TRUE = timedelta(days=92)


@dataclass(frozen=True)
class NextStep:
    """What a practice best does now."""

    title: str
    why: str
    button: str
    url: str
    is_now: bool = False


@dataclass(frozen=True)
class Home:
    """All that the page says of one practice."""

    practice: GpPractice
    now: ListNow | None
    tone: str
    words: Sequence[str]
    is_old: bool
    proposals: ProposalCounts
    rounds: Sequence[RoundOfPractice]
    work: WorkCounts
    next: NextStep | None


@require_safe
@professional_page
def show_home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show each practice of the reader: what is next, its list, rounds and work."""
    check_can_keep_list(actor)
    now = timezone.now()
    practices = list_own_practices(actor, at=now)
    ids = [practice.id for practice in practices]
    lists = list_lists(ids, now)
    proposals = count_proposals(ids)
    work = count_work(ids, today=localdate(now))
    homes = [
        _home(
            practice,
            lists.get(practice.id),
            proposals.get(practice.id, ProposalCounts()),
            work[practice.id],
            at=now,
        )
        for practice in practices
    ]
    return render(
        request,
        "registrations/practice_home.html",
        {
            "now": now,
            "homes": homes,
            "one": homes[0] if len(homes) == 1 else None,
            # Of the headings under the name of a practice.
            "level": 2 if len(homes) == 1 else 3,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def show_list(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Show what the list says, how it is read, and take what holds from now on."""
    check_can_keep_list(actor, get_service_target(service_id))
    now = timezone.now()
    practice = get_gp_practice(service_id, at=now)
    history = list_history(service_id)
    last = history[0] if history else None
    status = HTTPStatus.OK
    if request.method == "POST":
        form = ListForm(request.POST)
        if form.is_valid():
            try:
                publish_list(
                    actor=actor, service_id=service_id, given=form.given(), at=now
                )
            except InvalidRegistration as error:
                form.refuse(error)
            else:
                messages.success(request, _("Published. Everybody sees it from now."))
                return redirect("registrations:practice-list", service_id=service_id)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        form = ListForm(
            initial=initial_of(
                None if last is None else given_of(last),
                people=_people_now(service_id, last, at=now),
                today=localdate(now),
            )
        )
    list_now = get_list(service_id, now)
    return render(
        request,
        "registrations/practice_list.html",
        {
            "now": now,
            "practice": practice,
            "chips": make_chips(service_id, "registrations:practice-list"),
            "form": form,
            "list_now": list_now,
            "tone": _tone(list_now),
            "words": say_list(list_now),
            "history": [(row, say_published_row(row)) for row in history],
        },
        status=status,
    )


@require_POST
@professional_page
def confirm_list(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Take "still true" in one press: what was said last is said anew."""
    check_can_keep_list(actor, get_service_target(service_id))
    now = timezone.now()
    history = list_history(service_id, limit=1)
    if not history:
        return redirect("registrations:practice-list", service_id=service_id)
    try:
        publish_list(
            actor=actor,
            service_id=service_id,
            # What was registered since is known: nobody has to count it.
            given=replace(
                given_of(history[0]),
                people=_people_now(service_id, history[0], at=now),
            ),
            at=now,
        )
    except InvalidRegistration:
        # The expected day has passed: only the practice knows what holds now.
        messages.warning(
            request, _("The day you expected has passed. Say what holds from now on.")
        )
        return redirect("registrations:practice-list", service_id=service_id)
    messages.success(request, _("Thank you. People see that it was said today."))
    return redirect("registrations:practice-home")


def list_own_practices(actor: Actor, *, at: datetime) -> list[GpPractice]:
    """Return the practices whose list the actor keeps, by name (two queries)."""
    return list_gp_practices_of(reach_of(actor, KEEP_LIST).organization_ids, at=at)


def ticked_ids(values: Iterable[str]) -> list[int]:
    """Return the ids that were ticked; what is no id is left out."""
    return [one for one in map(read_id, values) if one is not None]


def make_chips(service_id: int, current: str) -> list[Chip]:
    """Return the pages of one practice."""
    pages: tuple[tuple[str, str, list[int]], ...] = (
        ("registrations:practice-home", _("My practice"), []),
        ("registrations:practice-list", _("List"), [service_id]),
        ("registrations:proposals", _("Households"), [service_id]),
        ("registrations:work-list", _("Work list"), [service_id]),
    )
    return [
        Chip(label, reverse(name, args=args), active=name == current)
        for name, label, args in pages
    ]


def _home(
    practice: GpPractice,
    now: ListNow | None,
    proposals: ProposalCounts,
    work: WorkCounts,
    *,
    at: datetime,
) -> Home:
    rounds = list_rounds_of_practice(
        practice.id, region_id=find_region_id(practice), at=at
    )
    return Home(
        practice=practice,
        now=now,
        tone=_tone(now),
        words=say_list(now),
        is_old=now is not None and at - now.published_at > STILL_TRUE,
        proposals=proposals,
        rounds=rounds,
        work=work,
        next=_next_step(practice, now, proposals, rounds, work, at=at),
    )


def _next_step(
    practice: GpPractice,
    now: ListNow | None,
    proposals: ProposalCounts,
    rounds: Sequence[RoundOfPractice],
    work: WorkCounts,
    *,
    at: datetime,
) -> NextStep | None:
    """Return what comes first: people who wait, work of today, a round, the list."""
    list_url = reverse("registrations:practice-list", args=[practice.id])
    if proposals.answer_by is not None:
        return NextStep(
            title=ngettext(
                "%(n)s household waits for your answer",
                "%(n)s households wait for your answer",
                proposals.households,
            )
            % {"n": proposals.households},
            why=_("Together %(people)s. Answer %(deadline)s.")
            % {
                "people": say_people(proposals.people),
                "deadline": say_deadline(proposals.answer_by, at),
            },
            button=_("Give your answer"),
            url=reverse("registrations:proposals", args=[practice.id]),
            is_now=proposals.answer_by - at < timedelta(days=2),
        )
    if work.due:
        return NextStep(
            title=_("Work of today: %(people)s") % {"people": say_people(work.due)},
            why=_("Registrations to enter and records to send on, ready to work off."),
            button=_("To the work list"),
            url=reverse("registrations:work-list", args=[practice.id]),
        )
    for row in rounds:
        if row.joined is None and row.can_join(at):
            return NextStep(
                title=_("Does your practice join %(name)s?") % {"name": row.round.name},
                why=_("Swapping costs you no place. Join %(deadline)s.")
                % {"deadline": say_deadline(row.round.join_until, at)},
                button=_("See what it means for you"),
                url=reverse(
                    "registrations:practice-round", args=[practice.id, row.round.pk]
                ),
            )
    if now is None:
        return NextStep(
            title=_("Say whether your list is open"),
            why=_("It takes two minutes. People no longer have to call to ask."),
            button=_("Fill in"),
            url=list_url,
        )
    if now.expected_until is not None and now.expected_until <= localdate(at):
        return NextStep(
            title=_("The day you expected has passed"),
            why=_("What holds for your list from now on?"),
            button=_("Say what holds now"),
            url=list_url,
        )
    if at - now.published_at > STILL_TRUE:
        return NextStep(
            title=_("Is this still true?"),
            why=_("It was said more than three months ago. People count on it."),
            button=_("Look at the list"),
            url=list_url,
        )
    return None


def _tone(now: ListNow | None) -> str:
    return "unknown" if now is None else LIST_TONES[now.status]


def _people_now(
    service_id: int, last: PracticeList | None, *, at: datetime
) -> int | None:
    """Return the people on a list: as it was said, and what was registered since."""
    if last is None or last.people is None:
        return None
    return max(
        0, last.people + count_people_since(service_id, since=last.valid_from, at=at)
    )
