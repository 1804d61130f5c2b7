"""Rounds for the GP organization: open one, see where it stands, set the next step."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.gp_practices import (
    GpPractice,
    list_gp_practices_of_region,
)
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.registrations.errors import InvalidRegistration, NotNow
from wijkspil.registrations.forms.rounds import RoundForm
from wijkspil.registrations.models import Round
from wijkspil.registrations.permissions import (
    RUN_ROUNDS,
    check_can_run_rounds,
    round_target,
)
from wijkspil.registrations.round_wording import say_day, say_event, say_result
from wijkspil.registrations.selectors.round_report import get_round_report
from wijkspil.registrations.selectors.rounds import (
    Answers,
    count_answers,
    count_waiting,
    count_waiting_for,
    find_last_event,
    get_executed_people,
    get_round,
    list_passes,
    list_practices_who_owe_answers,
    list_round_events,
    list_rounds,
)
from wijkspil.registrations.services.round_solving import MOST_PASSES
from wijkspil.registrations.services.rounds import (
    RoundGiven,
    ask_step,
    cancel_round,
    is_running,
    open_round,
    suggest_round,
)
from wijkspil.registrations.types import RoundStatus, RoundStep
from wijkspil.registrations.views.round_report import FILE_NAMES, send_file
from wijkspil.ui.navigation import Step

TONES = {
    RoundStatus.OPEN: "info",
    RoundStatus.TAKEN: "limited",
    RoundStatus.SOLVED: "limited",
    RoundStatus.VERIFIED: "limited",
    RoundStatus.PUBLISHED: "info",
    RoundStatus.CLOSED: "limited",
    RoundStatus.EXECUTED: "good",
    RoundStatus.CANCELLED: "unknown",
}
#: Status -> how many of the steps on the page are done.
_PLACE = {
    RoundStatus.OPEN: 0,
    RoundStatus.TAKEN: 1,
    RoundStatus.SOLVED: 1,
    RoundStatus.VERIFIED: 2,
    RoundStatus.PUBLISHED: 3,
    RoundStatus.CLOSED: 4,
    RoundStatus.EXECUTED: 5,
    RoundStatus.CANCELLED: 0,
}
_CAN_CANCEL = (
    RoundStatus.OPEN,
    RoundStatus.TAKEN,
    RoundStatus.SOLVED,
    RoundStatus.VERIFIED,
)


@require_safe
@professional_page
def show_rounds(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the rounds of the reader's regions; the one that runs stands first."""
    check_can_run_rounds(actor)
    regions = list_own_regions(actor)
    ids = None if reach_of(actor, RUN_ROUNDS).is_everywhere else [r.id for r in regions]
    rows = list_rounds(ids)
    live = [row for row in rows if _is_live(row)]
    busy = {row.region_id for row in live}
    return render(
        request,
        "registrations/rounds.html",
        {
            "live": [(row, TONES[RoundStatus(row.status)]) for row in live],
            "past": [
                (row, TONES[RoundStatus(row.status)])
                for row in rows
                if not _is_live(row)
            ],
            "can_open": any(region.id not in busy for region in regions),
            "waiting": [(region.name, *count_waiting(region.id)) for region in regions],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def start_round(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the form with everything filled in; open the round."""
    check_can_run_rounds(actor)
    now = timezone.now()
    regions = list_own_regions(actor)
    choices = [(region.id, region.name) for region in regions]
    if not choices:
        raise NotNow(_("There is no region in which you run rounds."))
    usual = suggest_round(choices[0][0], _usual_name(now), at=now)
    form = RoundForm(
        request.POST or None,
        regions=choices,
        initial={**vars(usual), "region": choices[0][0]},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row = open_round(
                actor=actor,
                given=RoundGiven(
                    name=data["name"],
                    region_id=data["region"],
                    join_until=data["join_until"],
                    answer_days=data["answer_days"],
                    effective_on=data["effective_on"],
                    is_guarded=data["is_guarded"],
                ),
                at=now,
            )
        except InvalidRegistration as error:
            form.refuse(error)
        except NotNow as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("The round is open. The practices of the region are told.")
            )
            return redirect("registrations:round", round_id=row.pk)
    posted = request.method == "POST"
    return render(
        request,
        "registrations/round_open.html",
        {"form": form, "one_region": choices[0][1] if len(choices) == 1 else ""},
        status=HTTPStatus.UNPROCESSABLE_ENTITY if posted else HTTPStatus.OK,
    )


@require_safe
@professional_page
def show_round(request: HttpRequest, actor: Actor, round_id: int) -> HttpResponse:
    """Show where a round stands and its one next step."""
    now = timezone.now()
    row = get_round(round_id)
    check_can_run_rounds(actor, round_target(row))
    answers = count_answers(row.pk)
    report = get_round_report(row, at=now)
    joined_ids = {line.practice.id for line in report.lines}
    missing: Sequence[GpPractice] = ()
    if row.region_id is not None and row.status == RoundStatus.OPEN:
        missing = [
            practice
            for practice in list_gp_practices_of_region(row.region_id, at=now)
            if practice.id not in joined_ids
        ]
    wanted = count_waiting_for([practice.id for practice in missing])
    owed = list_practices_who_owe_answers(row.pk)
    running = is_running(row, at=now)
    progress = row.progress or {}
    households, people = count_waiting(row.region_id)
    return render(
        request,
        "registrations/round.html",
        {
            "row": row,
            "tone": TONES[RoundStatus(row.status)],
            "steps": _steps_of(row),
            "next": _next_step(row, answers, joined=len(report.lines), at=now),
            "running": running,
            "progress": progress,
            "progress_words": str(RoundStep(progress["step"]).label)
            if progress
            else "",
            "failed": progress.get("message") or _("Something went wrong.")
            if progress.get("error")
            else "",
            "stopped": bool(progress) and not running and not progress.get("error"),
            "answers": answers,
            "lines": report.lines,
            "owed": [
                (line, owed[line.practice.id])
                for line in report.lines
                if line.practice.id in owed
            ],
            "missing": sorted(
                ((practice, wanted.get(practice.id, 0)) for practice in missing),
                key=lambda pair: (-pair[1], pair[0].name),
            ),
            "join_day": say_day(row.join_until),
            "answer_day": say_day(row.answer_by) if row.answer_by else "",
            "households": households,
            "people": people,
            "places": sum(line.joined.free_places for line in report.lines),
            "result": say_result(row, executed_people=get_executed_people(row.pk))
            if row.receipt
            else "",
            "passes": list_passes(row.pk),
            "events": [
                (event, say_event(event)) for event in list_round_events(row.pk)
            ],
            "file_names": FILE_NAMES,
            "can_cancel": row.status in _CAN_CANCEL and not running,
            "has_report": row.receipt is not None,
            "is_public": row.passes > 0 and row.status != RoundStatus.CANCELLED,
        },
    )


@require_POST
@professional_page
def set_step(
    request: HttpRequest, actor: Actor, round_id: int, step: str
) -> HttpResponse:
    """Ask the worker for a step of a round."""
    if step not in RoundStep.values:
        raise Http404
    try:
        is_new = ask_step(actor=actor, round_id=round_id, step=step, at=timezone.now())
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        if not is_new:
            messages.info(request, _("A step of this round is being done already."))
    return redirect("registrations:round", round_id=round_id)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def stop_round(request: HttpRequest, actor: Actor, round_id: int) -> HttpResponse:
    """Ask once whether a round must be cancelled, and do it."""
    row = get_round(round_id)
    check_can_run_rounds(actor, round_target(row))
    if request.method == "POST":
        try:
            cancel_round(actor=actor, round_id=round_id, at=timezone.now())
        except NotNow as error:
            messages.warning(request, str(error))
        else:
            messages.success(
                request, _("The round is cancelled. Everybody keeps the place in line.")
            )
        return redirect("registrations:round", round_id=round_id)
    return render(
        request,
        "registrations/round_stop.html",
        {"row": row, "answers": count_answers(row.pk)},
    )


@require_safe
@professional_page
def download(
    request: HttpRequest, actor: Actor, round_id: int, number: int, name: str
) -> HttpResponse:
    """Send a file of a round to who runs it: names of the round, no people."""
    row = get_round(round_id)
    check_can_run_rounds(actor, round_target(row))
    return send_file(row, number, name)


def list_own_regions(actor: Actor) -> list[RegionChoice]:
    """Return the regions in which the actor runs rounds."""
    return list_coverage_regions(reach_of(actor, RUN_ROUNDS).region_ids)


def _is_live(row: Round) -> bool:
    return row.status not in (RoundStatus.EXECUTED, RoundStatus.CANCELLED)


def _usual_name(now: datetime) -> str:
    return _("Round of swaps %(month)s") % {"month": date_format(now, "F Y")}


def _steps_of(row: Round) -> list[Step]:
    labels = (
        _("Practices join"),
        _("Divide and check"),
        _("Send proposals"),
        _("Answers"),
        _("Carry out"),
    )
    place = _PLACE[RoundStatus(row.status)]
    return [
        Step(
            label,
            "done" if k < place else "current" if k == place else "todo",
        )
        for k, label in enumerate(labels)
    ]


class _Next:
    """The one next step: what it is, what it does, and what it leads to."""

    def __init__(
        self,
        title: str,
        why: str,
        *,
        step: str = "",
        button: str = "",
        other_step: str = "",
        other_button: str = "",
        warning: str = "",
    ) -> None:
        self.title = title
        self.why = why
        self.step = step
        self.button = button
        self.other_step = other_step
        self.other_button = other_button
        self.warning = warning


def _next_step(row: Round, answers: Answers, *, joined: int, at: datetime) -> _Next:
    match RoundStatus(row.status):
        case RoundStatus.OPEN:
            return _next_of_open(row, joined=joined, at=at)
        case RoundStatus.TAKEN | RoundStatus.SOLVED:
            return _Next(
                _("Divide and check"),
                _("Wishes and places are fixed. Dividing them takes some seconds."),
                step="divide" if row.passes == 0 else "again",
                button=_("Go on dividing"),
            )
        case RoundStatus.VERIFIED:
            return _Next(
                _("Send the proposals"),
                _(
                    "Look at the report first. Then every household and practice gets "
                    "its proposal, and %(days)s days to answer."
                )
                % {"days": row.answer_days},
                step="publish",
                button=_("Send the proposals"),
            )
        case RoundStatus.PUBLISHED:
            return _next_of_published(row, answers, at=at)
        case RoundStatus.CLOSED:
            return _next_of_closed(row, answers)
        case RoundStatus.EXECUTED:
            return _Next(
                _("The round is done"),
                _("Practices enter the registrations from their work lists."),
            )
        case _:
            return _Next(
                _("This round was cancelled"),
                _("Everybody kept the place in line. You can open another round."),
            )


def _next_of_open(row: Round, *, joined: int, at: datetime) -> _Next:
    if joined == 0:
        return _Next(
            _("Wait for practices to join"),
            _(
                "No practice joined yet. They were told, and who has not joined is "
                "told again three days before the end. A call often helps: the list "
                "is below."
            ),
        )
    is_early = at < row.join_until
    return _Next(
        _("Wait for practices, or divide now")
        if is_early
        else _("Fix the wishes and divide"),
        _(
            "Who joins may give places, or only swap. Fixing, dividing and checking "
            "takes some seconds; nothing is sent yet."
        ),
        step="divide",
        button=_("Fix the wishes and divide"),
        warning=_(
            "Practices may still join up to and including %(day)s. After this they "
            "no longer can."
        )
        % {"day": say_day(row.join_until)}
        if is_early
        else "",
    )


def _next_of_published(row: Round, answers: Answers, *, at: datetime) -> _Next:
    assert row.answer_by is not None
    if answers.open == 0:
        return _Next(
            _("Everybody has answered"),
            _("Close the answers to go on."),
            step="close",
            button=_("Close the answers"),
        )
    left = ngettext(
        "%(n)s proposal waits for an answer.",
        "%(n)s proposals wait for an answer.",
        answers.open,
    ) % {"n": answers.open}
    days = (localdate(row.answer_by - timedelta(seconds=1)) - localdate(at)).days
    closes = _(
        "The answers close by themselves after %(day)s. Who has not answered is "
        "reminded three days before."
    ) % {"day": say_day(row.answer_by)}
    if days < 0:
        return _Next(
            _("The time to answer is over"),
            left,
            step="close",
            button=_("Close the answers"),
        )
    return _Next(_("Wait for the answers"), f"{left} {closes}")


def _next_of_closed(row: Round, answers: Answers) -> _Next:
    tried = find_last_event(row.pk, "nothing-left") is not None
    last_closed = find_last_event(row.pk, "closed")
    broken = int(last_closed.detail.get("broken", 0)) if last_closed else 0
    can_again = broken > 0 and row.passes < MOST_PASSES and not tried
    if answers.confirmed == 0 and not can_again:
        return _Next(
            _("Nobody moves in this round"),
            _("No proposal was confirmed by both sides. End the round."),
            step="execute",
            button=_("End the round"),
        )
    day = date_format(row.effective_on, "j F Y")
    if can_again:
        return _Next(
            _("Divide again what fell through"),
            _(
                "Some said no. Their places go to others, among the moves that are "
                "confirmed; nobody loses a place by it. Or carry out now what is "
                "confirmed and in balance."
            ),
            step="again",
            button=_("Divide again"),
            other_step="execute",
            other_button=_("Carry out what is confirmed"),
        )
    return _Next(
        _("Carry out the round"),
        _(
            "What both sides confirmed is carried out at once. Registrations change "
            "on %(day)s, or on the first allowed Monday after today."
        )
        % {"day": day},
        step="execute",
        button=_("Carry out the round"),
    )
