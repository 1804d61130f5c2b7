"""What who sent a request, the coordinators of its region and its team can do with it.

The panel on the page of the request leads here; each act has a page of its own that
says what follows and asks once. A second sending finds it done and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role
from wijkspil.core.errors import Conflict, InvalidValue, NotFound
from wijkspil.directory.selectors.care_teams import (
    get_service_names,
    list_services_by_organization,
    list_teams_around,
    search_home_care,
)
from wijkspil.directory.types import Care
from wijkspil.directory.views.pages import professional_page
from wijkspil.referrals.errors import unknown_request
from wijkspil.referrals.forms.steering import (
    AskForm,
    BridgeForm,
    CancelForm,
    ColleagueForm,
    DateForm,
    DeathForm,
    InsurerForm,
    NeedForm,
    NoteForm,
    ObjectionForm,
    PauseForm,
    PhoneForm,
    ReopenForm,
    ResumeForm,
    StayForm,
    SteeringForm,
    TeamForm,
    VisitForm,
    WithdrawForm,
)
from wijkspil.referrals.permissions import (
    can_coordinate,
    can_give_care,
    check_can_coordinate,
    is_requester,
    requester_target,
)
from wijkspil.referrals.policies import can
from wijkspil.referrals.selectors.agreements import list_signed_organizations
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.requests import find_request, team_target
from wijkspil.referrals.selectors.timeline import team_names
from wijkspil.referrals.selectors.worklist import (
    list_last_events,
    list_offers,
)
from wijkspil.referrals.services.changes import (
    change_asked_care,
    move_first_visit,
    pause_request,
    report_death,
    resume_request,
)
from wijkspil.referrals.services.consent import record_objection
from wijkspil.referrals.services.course import reopen_request
from wijkspil.referrals.services.disclosure import export_dossier
from wijkspil.referrals.services.offers import (
    ask_teams,
    assign_by_agreement,
    record_phone_agreement,
)
from wijkspil.referrals.services.steering import (
    add_note,
    bridge,
    cancel_request,
    hand_over,
    hand_to_insurer,
    move_date,
    move_to_temporary_stay,
    take_over,
    withdraw_request,
)
from wijkspil.referrals.types import (
    PLACED,
    RESTING,
    UNPLACED,
    CloseReason,
    DeclineReason,
    OfferStatus,
    RequestStatus,
)
from wijkspil.referrals.views.desk import describe_teams, say_asked
from wijkspil.referrals.wording import (
    say_band,
    say_condition,
    say_day,
    say_event,
    say_need,
    say_tasks,
)

if TYPE_CHECKING:
    from wijkspil.referrals.models import ServiceRequest

#: What is said once a death was recorded.
RECORDED = gettext_lazy(
    "It is recorded. Everything has stopped, and nobody is reminded."
)
#: The act that records a death.
DEATH = "overleden"
#: The act that lets a client come home.
HOME = "thuis"
#: What changes for the client; all else moves the search on.
CHANGES = ("eerste-dag", "andere-zorg", "opgenomen", HOME, DEATH)
#: Teams to tick on the page of the request; all of them are one press away.
IN_PANEL = 5
_OBJECTED = "objected"
_WHOLE_TIMELINE = 1000


@dataclass(frozen=True)
class Case:
    """A request with who acts on it, and when."""

    actor: Actor
    request: "ServiceRequest"
    at: datetime

    @property
    def is_coordinator(self) -> bool:
        """Whether the actor coordinates its region."""
        return can_coordinate(self.actor, requester_target(self.request))

    @property
    def is_requester(self) -> bool:
        """Whether the actor sent it, or works where it was sent from."""
        return is_requester(self.actor, self.request)

    @cached_property
    def is_team(self) -> bool:
        """Whether the actor is of the team that has the client."""
        team = team_target(self.request)
        return team is not None and can_give_care(self.actor, team)

    @property
    def is_unplaced(self) -> bool:
        """Whether nobody takes the client yet."""
        return self.request.status in UNPLACED


@dataclass(frozen=True)
class TeamChoice:
    """A team to choose, with what must be known of it."""

    id: int
    organization_id: int
    name: str
    note: str


@dataclass(frozen=True)
class Act:
    """One thing that can be done: its words, who may, when, and doing it.

    ``follows`` says what cannot be undone, or what others will notice.
    """

    key: str
    icon: str
    label: Callable[[], str]
    title: Callable[[], str]
    button: Callable[[], str]
    is_possible: Callable[[Case], bool]
    form: Callable[[Case, Any, dict[str, Any]], SteeringForm]
    do: Callable[[Case, dict[str, Any]], str]
    is_for_requester: bool = False
    is_for_team: bool = False
    is_calm: bool = False
    follows: Callable[[Case], list[str]] = lambda case: []
    has_teams: bool = False

    def is_open_to(self, case: Case) -> bool:
        """Whether the actor may do this now."""
        is_theirs = (
            case.is_coordinator
            or (self.is_for_requester and case.is_requester)
            or (self.is_for_team and case.is_team)
        )
        return is_theirs and self.is_possible(case)


def steering_panel(
    actor: Actor, request: "ServiceRequest", at: datetime
) -> dict[str, Any] | None:
    """Return what the actor can do to move a request on; None if nothing."""
    case = Case(actor, request, at)
    if not (case.is_coordinator or case.is_requester):
        return None
    acts = [act for act in ACTS if act.is_open_to(case)]
    if not acts:
        return None
    may_ask = any(act.key == "vragen" for act in acts)
    found = describe_teams(request, at=at, most=IN_PANEL) if may_ask else {}
    return {
        "number": request.number,
        "is_coordinator": case.is_coordinator,
        "may_take": case.is_coordinator
        and case.is_unplaced
        and request.owner_id != actor.user_id,
        "owner": request.owner_name,
        "may_ask": may_ask,
        "teams": found.get("teams", []),
        "n_teams": found.get("n_teams", 0),
        "ask_url": _address(request, "vragen"),
        "has_changes": any(act.key in CHANGES for act in acts),
        "acts": [
            {
                "label": act.label(),
                "icon": act.icon,
                "url": _address(request, act.key),
                "is_change": act.key in CHANGES,
            }
            for act in acts
            if act.key != "vragen"
        ],
    }


def team_acts(
    actor: Actor, request: "ServiceRequest", at: datetime
) -> list[dict[str, str]]:
    """Return what the team that has the client can tell of it, besides its care.

    Empty for who has the panel to steer it: there it is listed already.
    """
    case = Case(actor, request, at)
    if case.is_coordinator or case.is_requester:
        return []
    return [
        {"label": act.label(), "icon": act.icon, "url": _address(request, act.key)}
        for act in ACTS
        if act.key != HOME and act.is_open_to(case)
    ]


def home_address(actor: Actor, request: "ServiceRequest", at: datetime) -> str:
    """Return where the team tells that its client comes home; "" when not away."""
    case = Case(actor, request, at)
    is_away = case.is_team and request.status == RequestStatus.PAUSED
    return _address(request, HOME) if is_away else ""


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def steer(request: HttpRequest, actor: Actor, number: str, act: str) -> HttpResponse:
    """Show one act with what follows from it, and do it once it is sent."""
    case = _read_case(actor, number)
    chosen = next((known for known in ACTS if known.key == act), None)
    if chosen is None:
        raise NotFound(_("“%(act)s” is nothing you can do here.") % {"act": act[:40]})
    if not (
        (chosen.is_for_requester and case.is_requester)
        or (chosen.is_for_team and case.is_team)
    ):
        check_can_coordinate(actor, requester_target(case.request))
    if not chosen.is_open_to(case):
        if chosen.key == DEATH and case.request.close_reason == CloseReason.DIED:
            messages.info(request, _("It was recorded already. Nothing more is asked."))
            return _back(number)
        messages.warning(
            request,
            _("This cannot be done now: the request is at “%(status)s”.")
            % {"status": RequestStatus(case.request.status).label},
        )
        return _back(number)
    teams = _teams(case, request.GET.get("zoek", "")) if chosen.has_teams else {}
    status = HTTPStatus.OK
    form = chosen.form(case, None, teams)
    if request.method == "POST":
        form = chosen.form(case, request.POST, teams)
        if form.is_valid():
            try:
                said = chosen.do(case, form.cleaned_data)
            except InvalidValue as error:
                form.refuse(error)
            except Conflict as error:
                messages.warning(request, str(error))
                return _back(number)
            else:
                messages.success(request, said)
                return _back(number)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "referrals/desk_act.html",
        {
            "act": chosen,
            "title": chosen.title(),
            "button": chosen.button(),
            "follows": chosen.follows(case),
            "form": form,
            "hints": {str(t.id): t.note for t in teams.get("all", ())},
            "excluded": teams.get("excluded", ()),
            "search": teams.get("search", ""),
            "has_teams": chosen.has_teams,
            "no_teams": chosen.has_teams and not _has_choices(form),
            "draft": f"{chosen.key}-{case.request.number}",
            "number": case.request.number,
            "tasks": say_tasks(case.request.tasks),
            "is_insurer": chosen.key == "verzekeraar",
            "follows_kind": "info" if chosen.is_calm else "warning",
            "back_url": reverse("referrals:request", args=[case.request.number]),
        },
        status=status,
    )


@require_POST
@professional_page
def take(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Make the coordinator who acts the owner; pressing twice is harmless."""
    case = _read_case(actor, number)
    check_can_coordinate(actor, requester_target(case.request))
    try:
        take_over(actor=actor, request_id=case.request.pk, at=case.at)
    except Conflict as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("You have %(number)s in hand.") % {"number": number}
        )
    return _back(number)


@require_safe
@professional_page
def send_dossier(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Send everything the insurer needs as JSON; written down."""
    case = _read_case(actor, number)
    dossier = export_dossier(actor=actor, request_id=case.request.pk, at=case.at)
    response = JsonResponse(
        dossier, json_dumps_params={"indent": 2, "ensure_ascii": False}
    )
    name = f"dossier-{case.request.number}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@professional_page
def print_dossier(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show everything the insurer needs as a page to print; written down."""
    case = _read_case(actor, number)
    dossier = export_dossier(actor=actor, request_id=case.request.pk, at=case.at)
    events = list_last_events(case.request.pk, limit=_WHOLE_TIMELINE)[::-1]
    names = team_names(
        {
            *(event.service_id for event in events),
            *(pk for event in events for pk in event.detail.get("services", ())),
        }
    )
    return render(
        request,
        "referrals/desk_dossier.html",
        {
            "dossier": dossier,
            "need": say_need(case.request),
            "band": say_band(case.request.hours_low, case.request.hours_high),
            "events": [{"at": e.at, "words": say_event(e, names)} for e in events],
            "now": case.at,
            "back_url": _address(case.request, "verzekeraar"),
        },
    )


def _read_case(actor: Actor, number: str) -> Case:
    """Return the request, unless it is not the actor's to know of."""
    found = find_request(number)
    case = Case(actor, found, timezone.now())
    if not (case.is_requester or case.is_coordinator or case.is_team):
        raise unknown_request(number[:20])
    return case


def _back(number: str) -> HttpResponse:
    return redirect(reverse("referrals:request", args=[number.upper()]))


def _address(request: "ServiceRequest", act: str) -> str:
    return reverse("referrals:steer", args=[request.number, act])


def _has_choices(form: SteeringForm) -> bool:
    field = form.fields.get("service_ids") or form.fields["service_id"]
    return bool(list(getattr(field, "choices", ())))


def _teams(case: Case, text: str) -> dict[str, Any]:
    """Return the teams to choose from, and those that cannot, each with why.

    Best first, then who was asked before, then who cannot but can be called; with a
    search only names that match, and providers from elsewhere.
    """
    asked = [offer for offer in list_offers(case.request.pk) if offer.status in RESTING]
    waiting = {
        offer.service_id
        for offer in list_offers(case.request.pk)
        if offer.status == OfferStatus.OPEN
    }
    found = describe_teams(case.request, at=case.at)
    names = get_service_names(offer.service_id for offer in asked)
    choices = [
        TeamChoice(
            team["id"],
            team["organization_id"],
            team["name"],
            team["note"],
        )
        for team in found["teams"]
    ]
    choices += [
        TeamChoice(
            offer.service_id,
            names[offer.service_id][2],
            names[offer.service_id][0],
            _("Asked before: %(answer)s") % {"answer": _say_answer(offer)},
        )
        for offer in {offer.service_id: offer for offer in reversed(asked)}.values()
        if offer.service_id in names
    ]
    excluded = [
        {
            "id": team.service_id,
            "organization_id": team.organization_id,
            "name": team.name,
            "organization": team.organization_name,
            "why": ", ".join(map(say_condition, team.conditions)),
            "may_ask": _OBJECTED not in team.conditions,
        }
        for team in found["ranked"].excluded
    ]
    search = " ".join(text.replace("\0", "").split())[:80]
    if search:
        choices += [
            TeamChoice(team["id"], team["organization_id"], team["name"], team["why"])
            for team in excluded
            if team["may_ask"]
        ]
        choices += _elsewhere(search)
        choices = [
            choice for choice in choices if search.casefold() in _text_of(choice)
        ]
    refused = set(case.request.refused_organizations)
    unique = {
        choice.id: choice
        for choice in reversed(choices)
        if choice.id not in waiting and choice.organization_id not in refused
    }
    return {
        "all": list(reversed(unique.values())),
        "excluded": excluded,
        "search": search,
    }


def _elsewhere(search: str) -> list[TeamChoice]:
    organizations = dict(search_home_care(search))
    services = list_services_by_organization(organizations, care=Care.DISTRICT_NURSING)
    return [
        TeamChoice(pk, organization_id, name, organization)
        for pk, (name, organization, organization_id) in get_service_names(
            services
        ).items()
    ]


def _text_of(choice: TeamChoice) -> str:
    return f"{choice.name} {choice.note}".casefold()


def _say_answer(offer: Any) -> str:
    if offer.decline_reason:
        return DeclineReason(offer.decline_reason).label.lower()
    return OfferStatus(offer.status).label.lower()


def _pairs(teams: dict[str, Any]) -> list[tuple[int, str]]:
    return [(choice.id, choice.name) for choice in teams["all"]]


# --- doing it


def _ask(case: Case, data: dict[str, Any]) -> str:
    offers = ask_teams(
        actor=case.actor,
        request_id=case.request.pk,
        service_ids=data["service_ids"],
        at=case.at,
    )
    return say_asked(case.request.number, len(offers))


def _phone(case: Case, data: dict[str, Any]) -> str:
    record_phone_agreement(
        actor=case.actor,
        request_id=case.request.pk,
        service_id=data["service_id"],
        spoke_with=data["spoke_with"],
        at=case.at,
    )
    return _("It is recorded: the team takes the client, and sees who it is.")


def _assign(case: Case, data: dict[str, Any]) -> str:
    assign_by_agreement(
        actor=case.actor,
        request_id=case.request.pk,
        service_id=data["service_id"],
        at=case.at,
    )
    return _("The client is assigned. A nurse of the team can stop it if not safe.")


def _object(case: Case, data: dict[str, Any]) -> str:
    record_objection(
        actor=case.actor,
        request_id=case.request.pk,
        organization_id=data["organization"],
        given_by=data["given_by"],
        at=case.at,
    )
    return _("It is written down. This provider is not asked.")


def _providers(case: Case) -> list[tuple[int, str]]:
    """Return the providers around the address that the client may still object to."""
    around = list_teams_around(
        case.request.place_id, care=Care.DISTRICT_NURSING, at=case.at
    )
    names = {team.organization_id: team.organization_name for team in around}
    if case.request.placed_service_id is not None:
        placed = get_service_names([case.request.placed_service_id])
        names |= {pk: organization for _name, organization, pk in placed.values()}
    refused = set(case.request.refused_organizations)
    return sorted(
        ((pk, name) for pk, name in names.items() if pk not in refused),
        key=lambda pair: pair[1],
    )


def _date(case: Case, data: dict[str, Any]) -> str:
    move_date(
        actor=case.actor,
        request_id=case.request.pk,
        due_at=data["due_at"],
        why=data["why"],
        at=case.at,
    )
    return _("The new date is stored.")


def _bridge(case: Case, data: dict[str, Any]) -> str:
    bridge(
        actor=case.actor,
        request_id=case.request.pk,
        helped_by=data["helped_by"],
        until=data["until"],
        at=case.at,
    )
    return _("It is bridged for now. You keep looking for a team.")


def _stay(case: Case, data: dict[str, Any]) -> str:
    move_to_temporary_stay(
        actor=case.actor, request_id=case.request.pk, where=data["where"], at=case.at
    )
    return _("The client stays elsewhere for now; the request is closed.")


def _insurer(case: Case, data: dict[str, Any]) -> str:
    hand_to_insurer(actor=case.actor, request_id=case.request.pk, at=case.at)
    return _("The insurer looks further; the request is closed here.")


def _withdraw(case: Case, data: dict[str, Any]) -> str:
    withdraw_request(
        actor=case.actor, request_id=case.request.pk, reason=data["reason"], at=case.at
    )
    return _("The request is withdrawn; reserved room was given back.")


def _cancel(case: Case, data: dict[str, Any]) -> str:
    cancel_request(
        actor=case.actor, request_id=case.request.pk, reason=data["reason"], at=case.at
    )
    return _("The request is cancelled.")


def _reopen(case: Case, data: dict[str, Any]) -> str:
    reopen_request(
        actor=case.actor, request_id=case.request.pk, reason=data["reason"], at=case.at
    )
    return _("The request is open again, and a team is looked for.")


def _give(case: Case, data: dict[str, Any]) -> str:
    hand_over(
        actor=case.actor,
        request_ids=[case.request.pk],
        user_id=data["user_id"],
        at=case.at,
    )
    names = dict(_colleagues(case))
    return _("%(name)s has it in hand from now on.") % {
        "name": names.get(data["user_id"], "")
    }


def _note(case: Case, data: dict[str, Any]) -> str:
    add_note(
        actor=case.actor, request_id=case.request.pk, text=data["text"], at=case.at
    )
    return _("The note is on the timeline.")


def _move_visit(case: Case, data: dict[str, Any]) -> str:
    if not _is_done(case, data, _seen_visit(data["day"])):
        move_first_visit(
            actor=case.actor,
            request_id=case.request.pk,
            day=data["day"],
            reason=data["reason"],
            at=case.at,
        )
    return _("The first visit is on %(day)s. Everybody concerned hears it.") % {
        "day": say_day(data["day"], localdate(case.at))
    }


def _change_need(case: Case, data: dict[str, Any]) -> str:
    if not _is_done(case, data, _seen_need(data["tasks"], data["parts_of_day"])):
        change_asked_care(
            actor=case.actor,
            request_id=case.request.pk,
            tasks=data["tasks"],
            parts_of_day=data["parts_of_day"],
            reason=data["reason"],
            at=case.at,
        )
    if case.request.placed_service_id is None:
        return _("The request is changed. Teams that fit it now are asked.")
    return _("The request is changed. The team looks at the hours again.")


def _pause(case: Case, data: dict[str, Any]) -> str:
    paused = pause_request(
        actor=case.actor,
        request_id=case.request.pk,
        where=data["where"],
        home_on=data["home_on"],
        at=case.at,
    )
    if paused.room_kept_until is None:
        return _("The request is on hold. No team is asked for now.")
    return _("The request is on hold. The place is kept until %(day)s.") % {
        "day": say_day(paused.room_kept_until, localdate(case.at))
    }


def _resume(case: Case, data: dict[str, Any]) -> str:
    resume_request(
        actor=case.actor,
        request_id=case.request.pk,
        first_visit_on=data["first_visit_on"],
        at=case.at,
    )
    if case.request.placed_service_id is None:
        return _("It goes on: teams are asked now.")
    return _("It goes on. The team has the client again and does the intake.")


def _report_death(case: Case, data: dict[str, Any]) -> str:
    report_death(actor=case.actor, request_id=case.request.pk, at=case.at)
    return str(RECORDED)


def _is_done(case: Case, data: dict[str, Any], wanted: str) -> bool:
    """Whether the same page was sent before: it showed something else than now."""
    now = _seen_visit(case.request.first_visit_on), _seen_need_of(case)
    return wanted in now and data["seen"] not in ("", *now)


def _seen_visit(day: date) -> str:
    return day.isoformat()


def _seen_need(tasks: Sequence[str], parts: Sequence[str]) -> str:
    return ",".join(sorted(tasks)) + " " + ",".join(sorted(parts))


def _seen_need_of(case: Case) -> str:
    return _seen_need(case.request.tasks, case.request.parts_of_day)


def _say_who_keeps(case: Case) -> list[str]:
    if case.request.placed_service_id is None:
        return [_("The search for a team waits; nobody is asked meanwhile.")]
    agreed = get_agreed(case.request.region_id, at=case.at)
    days = agreed.room_kept_days
    return [
        ngettext(
            "The team keeps the place for %(n)d day, as the region agreed.",
            "The team keeps the place for %(n)d days, as the region agreed.",
            days,
        )
        % {"n": days},
        _("After that it goes to others, and a coordinator has the client in hand."),
    ]


def _colleagues(case: Case) -> Sequence[tuple[int, str]]:
    holders = list_role_holders(
        Role.COORDINATOR, region_id=case.request.region_id, at=case.at
    )
    return [holder for holder in holders if holder[0] != case.request.owner_id]


def _signed_teams(case: Case, teams: dict[str, Any]) -> list[tuple[int, str]]:
    signed = list_signed_organizations(case.request.region_id, on=localdate(case.at))
    return [
        (choice.id, choice.name)
        for choice in teams["all"]
        if choice.organization_id in signed
    ]


def _may_reopen(case: Case) -> bool:
    """A placed client is given back by the team, or re-opened by a coordinator."""
    if case.request.status in PLACED and not case.is_coordinator:
        return False
    return can("re-open", case.request.status)


ACTS: tuple[Act, ...] = (
    Act(
        key="vragen",
        icon="send",
        label=lambda: _("Ask teams"),
        title=lambda: _("Ask teams"),
        button=lambda: _("Ask the ticked teams"),
        is_possible=lambda case: can("ask teams", case.request.status),
        form=lambda case, data, teams: AskForm(data, teams=_pairs(teams)),
        do=_ask,
        is_for_requester=True,
        has_teams=True,
    ),
    Act(
        key="telefoon",
        icon="phone",
        label=lambda: _("I already phoned a team"),
        title=lambda: _("Which team took it on the phone?"),
        button=lambda: _("Record that this team takes it"),
        is_possible=lambda case: can("accept", case.request.status),
        form=lambda case, data, teams: PhoneForm(data, teams=_pairs(teams)),
        do=_phone,
        is_for_requester=True,
        follows=lambda case: [
            _("The team sees who the client is, and its room is reserved."),
            _("Other teams that have the question hear that it is no longer needed."),
        ],
        has_teams=True,
    ),
    Act(
        key="eerste-dag",
        icon="calendar",
        label=lambda: _("Another first day"),
        title=lambda: _("The first visit moves to another day"),
        button=lambda: _("Store the new day"),
        is_possible=lambda case: can("move the first visit", case.request.status),
        form=lambda case, data, teams: VisitForm(
            data,
            initial={
                "day": case.request.first_visit_on,
                "seen": _seen_visit(case.request.first_visit_on),
            },
        ),
        do=_move_visit,
        is_for_requester=True,
        is_for_team=True,
        is_calm=True,
        follows=lambda case: (
            [_("The team that has the client hears the new day.")]
            if case.request.placed_service_id
            else [_("Teams that have the question keep it and see the new day.")]
        ),
    ),
    Act(
        key="andere-zorg",
        icon="edit",
        label=lambda: _("Other care is needed"),
        title=lambda: _("Other care is needed"),
        button=lambda: _("Store what is needed now"),
        is_possible=lambda case: can("change what is needed", case.request.status),
        form=lambda case, data, teams: NeedForm(
            data,
            initial={
                "tasks": case.request.tasks,
                "parts_of_day": case.request.parts_of_day,
                "seen": _seen_need_of(case),
            },
        ),
        do=_change_need,
        is_for_requester=True,
        is_for_team=True,
        is_calm=True,
        follows=lambda case: (
            [
                _("The team that has the client looks at the hours again."),
                _("Until then the provisional hours of the new care are reserved."),
            ]
            if case.request.placed_service_id
            else [
                _("Teams that have the question hear that it is no longer asked."),
                _("The teams that fit the new care best are asked at once."),
            ]
        ),
    ),
    Act(
        key="opgenomen",
        icon="pause",
        label=lambda: _("The client is admitted"),
        title=lambda: _("The client is admitted"),
        button=lambda: _("Put the request on hold"),
        is_possible=lambda case: can("pause", case.request.status),
        form=lambda case, data, teams: PauseForm(data),
        do=_pause,
        is_for_requester=True,
        is_for_team=True,
        is_calm=True,
        follows=_say_who_keeps,
    ),
    Act(
        key=HOME,
        icon="home",
        label=lambda: _("The client comes home"),
        title=lambda: _("The client comes home"),
        button=lambda: _("Go on"),
        is_possible=lambda case: case.request.status == RequestStatus.PAUSED,
        form=lambda case, data, teams: ResumeForm(data),
        do=_resume,
        is_for_requester=True,
        is_for_team=True,
        is_calm=True,
        follows=lambda case: (
            [
                _("The team that kept the place has the client again."),
                _("It does the intake again, as the need may have changed."),
            ]
            if case.request.placed_service_id
            else [_("Teams are asked again; who cared for the client comes first.")]
        ),
    ),
    Act(
        key="overdragen",
        icon="people",
        label=lambda: _("Give to a colleague"),
        title=lambda: _("Who takes it over?"),
        button=lambda: _("Give to this colleague"),
        is_possible=lambda case: case.is_unplaced and bool(_colleagues(case)),
        form=lambda case, data, teams: ColleagueForm(
            data, colleagues=_colleagues(case)
        ),
        do=_give,
    ),
    Act(
        key="datum",
        icon="calendar",
        label=lambda: _("Move the date"),
        title=lambda: _("Until when can it wait?"),
        button=lambda: _("Store the new date"),
        is_possible=lambda case: case.is_unplaced,
        form=lambda case, data, teams: DateForm(
            data, initial={"due_at": case.request.due_at}
        ),
        do=_date,
    ),
    Act(
        key="overbruggen",
        icon="people",
        label=lambda: _("Bridge it for now"),
        title=lambda: _("Who helps for now?"),
        button=lambda: _("Store the bridge"),
        is_possible=lambda case: can("bridge", case.request.status),
        form=lambda case, data, teams: BridgeForm(data),
        do=_bridge,
        follows=lambda case: [
            _("The request stays yours; on the day you give, it must be moved on.")
        ],
    ),
    Act(
        key="toewijzen",
        icon="check",
        label=lambda: _("Assign by agreement"),
        title=lambda: _("To which team do you assign it?"),
        button=lambda: _("Assign to this team"),
        is_possible=lambda case: can("accept", case.request.status),
        form=lambda case, data, teams: TeamForm(data, teams=_signed_teams(case, teams)),
        do=_assign,
        follows=lambda case: [
            _("Only providers that signed for it in this region are listed."),
            _("The team gets the client without being asked, within its room."),
            _("A nurse of the team can stop it on a stated safety ground."),
        ],
        has_teams=True,
    ),
    Act(
        key="bezwaar",
        icon="person",
        label=lambda: _("The client objects to a provider"),
        title=lambda: _("The client objects to a provider"),
        button=lambda: _("Write down the objection"),
        is_possible=lambda case: case.is_unplaced or case.request.status in PLACED,
        form=lambda case, data, teams: ObjectionForm(data, providers=_providers(case)),
        do=_object,
        is_for_requester=True,
        follows=lambda case: [
            _("The provider is not asked, also when it has room."),
            _("If it has the client now, it loses the client at once."),
        ],
    ),
    Act(
        key="verblijf",
        icon="home",
        label=lambda: _("Move to temporary stay"),
        title=lambda: _("The client goes to a bed for a while"),
        button=lambda: _("Close it: the client stays elsewhere"),
        is_possible=lambda case: can("move to temporary stay", case.request.status),
        form=lambda case, data, teams: StayForm(data),
        do=_stay,
        follows=lambda case: [
            _("The search stops, and teams that have the question hear so."),
            _("When the stay ends, open the request again."),
        ],
    ),
    Act(
        key="verzekeraar",
        icon="external",
        label=lambda: _("Hand over to the insurer"),
        title=lambda: _("Hand over to the client's insurer"),
        button=lambda: _("Close it: the insurer looks further"),
        is_possible=lambda case: can("hand to the insurer", case.request.status),
        form=lambda case, data, teams: InsurerForm(data),
        do=_insurer,
        follows=lambda case: [
            _("The insurer owes the client care and must find a team."),
            _(
                "The dossier holds who the client is. It is written down that you took "
                "it out."
            ),
            _("The request is closed here; you can open it again."),
        ],
    ),
    Act(
        key="intrekken",
        icon="person",
        label=lambda: _("Withdraw for the client"),
        title=lambda: _("The client stops"),
        button=lambda: _("Withdraw the request"),
        is_possible=lambda case: (
            case.request.status != RequestStatus.DRAFT
            and can("withdraw", case.request.status)
        ),
        form=lambda case, data, teams: WithdrawForm(data),
        do=_withdraw,
        is_for_requester=True,
        follows=lambda case: [
            _("Teams that have the question, or the client, hear that it stops."),
            _("Reserved room is given back."),
        ],
    ),
    Act(
        key="annuleren",
        icon="close",
        label=lambda: _("Cancel the request"),
        title=lambda: _("Cancel this request"),
        button=lambda: _("Cancel the request"),
        is_possible=lambda case: can("cancel", case.request.status),
        form=lambda case, data, teams: CancelForm(data),
        do=_cancel,
        is_for_requester=True,
        follows=lambda case: [
            _("Teams that have the question hear that it is no longer needed.")
        ],
    ),
    Act(
        key="heropenen",
        icon="undo",
        label=lambda: _("Open it again"),
        title=lambda: _("Look for a team again"),
        button=lambda: _("Open it again"),
        is_possible=_may_reopen,
        form=lambda case, data, teams: ReopenForm(data),
        do=_reopen,
        is_for_requester=True,
        follows=lambda case: (
            (
                [_("The team that has the client loses it; its room is given back.")]
                if case.request.status in PLACED
                else []
            )
            + [_("A coordinator has it in hand at once, and the next team is asked.")]
        ),
    ),
    Act(
        key=DEATH,
        icon="person",
        label=lambda: _("The client has died"),
        title=lambda: _("The client has died"),
        button=lambda: _("Record it and stop everything"),
        is_possible=lambda case: can("report a death", case.request.status),
        form=lambda case, data, teams: DeathForm(data),
        do=_report_death,
        is_for_requester=True,
        is_for_team=True,
        is_calm=True,
        follows=lambda case: [
            _("The team, and who sent the request, are told."),
            _("Questions to teams and visits stop; reserved room is given back."),
            _("Nobody gets a reminder any more."),
        ],
    ),
    Act(
        key="notitie",
        icon="edit",
        label=lambda: _("Write a note"),
        title=lambda: _("A note for colleagues"),
        button=lambda: _("Put it on the timeline"),
        is_possible=lambda case: case.request.status != RequestStatus.DRAFT,
        form=lambda case, data, teams: NoteForm(data),
        do=_note,
        is_for_requester=True,
    ),
)
