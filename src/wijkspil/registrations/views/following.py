"""A household follows its wish by a private link; a desk follows what it wrote down.

Both see the same pages and do the same acts: through a door that is a link with a code,
or a desk that is signed in. The link alone says where a wish stands and names nobody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.audit_trail import list_events_of
from wijkspil.accounts.types import Actor
from wijkspil.communications.selectors.outside import list_undelivered
from wijkspil.core.private_links import WrongCode
from wijkspil.directory.selectors.gp_practices import (
    get_gp_place,
    get_gp_practice,
    list_gp_practices,
)
from wijkspil.directory.views.pages import professional_page
from wijkspil.directory.wording import say_date
from wijkspil.registrations.errors import (
    InvalidRegistration,
    ListFull,
    NotNow,
    UnknownWish,
)
from wijkspil.registrations.forms.wish import (
    Asked,
    ConsentForm,
    DeclineForm,
    LostLinkForm,
    MemberForm,
    WishCodeForm,
    WithdrawForm,
)
from wijkspil.registrations.permissions import (
    check_can_assist_wish,
    is_helper_of,
)
from wijkspil.registrations.selectors.nearby import get_options
from wijkspil.registrations.selectors.rounds import find_live_round
from wijkspil.registrations.selectors.wishes import (
    count_consents,
    find_helped,
    find_proposal,
    list_bands,
    list_choices,
    list_helped,
    list_wish_events,
)
from wijkspil.registrations.services.consent import (
    answer_consent,
    answer_consent_at_desk,
    check_member_code,
    find_member,
    leave_out_member,
    make_member_link,
)
from wijkspil.registrations.services.direct import register_directly
from wijkspil.registrations.services.disclosure import show_household
from wijkspil.registrations.services.household import resident_of
from wijkspil.registrations.services.moves import answer_for_household
from wijkspil.registrations.services.notices import about
from wijkspil.registrations.services.what_next import what_next
from wijkspil.registrations.services.wishes import (
    add_member,
    check_wish_code,
    confirm_contact,
    edit_wish,
    find_wish_by_link,
    reconfirm_wish,
    renew_link,
    renew_link_at_desk,
    withdraw_wish,
)
from wijkspil.registrations.types import (
    LIVE_WISHES,
    Answer,
    Consent,
    MoveStatus,
    WishStatus,
)
from wijkspil.registrations.views.finding import make_rows
from wijkspil.registrations.views.wishing import choosing, helping_organizations
from wijkspil.registrations.wish_wording import (
    practices_of,
    say_standing,
    say_steps,
    say_wish_event,
)
from wijkspil.ui.private_pages import (
    OPEN_FOR,
    close_link,
    is_link_open,
    keep_told,
    open_link,
    private_page,
    take_told,
)

if TYPE_CHECKING:
    from wijkspil.registrations.models import Move, Wish

Params = ParamSpec("Params")
#: A wish may be renewed from so many days before it ends.
_RENEW_DAYS: dict[str, int] = {WishStatus.CONSENT: 14, WishStatus.WAITING: 60}


@dataclass(frozen=True)
class Door:
    """How somebody came to a wish: by the private link with its code, or as a desk."""

    wish: Wish
    actor: Actor
    is_desk: bool
    key: str

    def url(self, name: str = "", *more: int) -> str:
        """Return the address of a page of this wish, through this door."""
        base = "help" if self.is_desk else "follow"
        page = f"{base}-{name}" if name else ("help-wish" if self.is_desk else "follow")
        return reverse(f"registrations:{page}", args=[self.key, *more])


Act = Callable[Concatenate[HttpRequest, Door, Params], HttpResponse]


def by_link(view: Act[Params]) -> Callable[..., HttpResponse]:
    """Give the view the wish of a private link that was opened with its code."""

    @wraps(view)
    @private_page
    def page(
        request: HttpRequest, token: str, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        now = timezone.now()
        wish = find_wish_by_link(token, at=now)
        if not is_link_open(request, token, at=now):
            messages.warning(
                request, _("Half an hour has passed. Fill in the code again to go on.")
            )
            return redirect("registrations:follow", token)
        door = Door(wish, resident_of(wish), is_desk=False, key=token)
        return view(request, door, *args, **kwargs)

    return page


def by_desk(view: Act[Params]) -> Callable[..., HttpResponse]:
    """Give the view a wish that the reader's desk wrote down."""

    @wraps(view)
    @private_page
    @professional_page
    def page(
        request: HttpRequest,
        actor: Actor,
        /,
        number: str,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> HttpResponse:
        check_can_assist_wish(actor)
        wish = find_helped(number)
        if wish is None or not is_helper_of(actor, wish):
            raise UnknownWish(_("There is no such wish (any more)."))
        door = Door(wish, actor, is_desk=True, key=number)
        return view(request, door, *args, **kwargs)

    return page


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def find_back(request: HttpRequest) -> HttpResponse:
    """Lead to the private link, or make a new one for who lost it.

    Whether number and date of birth belong together is not told: the link goes to the
    address that we know, and the code that is shown opens nothing without it.
    """
    if request.method != "POST":
        form = LostLinkForm(initial={"number": request.GET.get("nummer", "")[:20]})
        return render(request, "registrations/follow_start.html", {"form": form})
    form = LostLinkForm(request.POST)
    if not form.is_valid():
        return render(
            request,
            "registrations/follow_start.html",
            {"form": form},
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    number, birth_date = form.asked()
    told = renew_link(number=number, birth_date=birth_date, at=timezone.now())
    # Who guesses sees a code as well; without the link it opens nothing.
    code = f"{secrets.randbelow(1_000_000):06d}" if told is None else told.code
    return render(
        request,
        "registrations/follow_sent.html",
        {"code": f"{code[:3]} {code[3:]}"},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show where a wish stands; with the code all of it, and what can be done."""
    now = timezone.now()
    wish = find_wish_by_link(token, at=now)
    form, status = WishCodeForm(), HTTPStatus.OK
    if request.method == "POST":
        form = WishCodeForm(request.POST)
        if form.is_valid():
            try:
                _take_code(token, form.cleaned_data["code"], wish, at=now)
            except (WrongCode, NotNow) as error:
                form.add_error("code", str(error))
            else:
                open_link(request, token, at=now)
                return redirect("registrations:follow", token)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    elif is_link_open(request, token, at=now):
        door = Door(wish, resident_of(wish), is_desk=False, key=token)
        return _wish_page(request, door, at=now)
    return render(
        request,
        "registrations/follow_closed.html",
        {"form": form, "token": token} | _standing(wish, find_proposal(wish)),
        status=status,
    )


@require_POST
@private_page
def close(request: HttpRequest, token: str) -> HttpResponse:
    """Close the rest of the page on this device."""
    find_wish_by_link(token, at=timezone.now())
    close_link(request, token)
    messages.success(request, _("The details are closed on this device."))
    return redirect("registrations:follow", token)


def _take_code(token: str, code: str, wish: Wish, *, at: datetime) -> None:
    if wish.status == WishStatus.DRAFT:
        confirm_contact(token=token, code=code, at=at)
    else:
        check_wish_code(token, code, at=at)


@require_safe
@professional_page
def list_of_desk(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List what the reader's desk wrote down, without names."""
    check_can_assist_wish(actor)
    assert actor.user_id is not None
    everything = request.GET.get("alles") == "ja"
    rows = list_helped(
        helping_organizations(actor), helper_id=actor.user_id, everything=everything
    )
    undelivered = list_undelivered([f"wish:{row.number}" for row in rows])
    return render(
        request,
        "registrations/desk.html",
        {
            "rows": [(row, f"wish:{row.number}" in undelivered) for row in rows],
            "everything": everything,
        },
    )


@require_safe
def show_to_desk(request: HttpRequest, door: Door) -> HttpResponse:
    """Show a wish to the desk that wrote it down."""
    return _wish_page(request, door, at=timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
def edit_choices(request: HttpRequest, door: Door) -> HttpResponse:
    """Change the practices; the place in line is kept."""
    now = timezone.now()
    wish = door.wish
    if wish.status not in (
        WishStatus.DRAFT,
        WishStatus.CONSENT,
        WishStatus.WAITING,
    ):
        messages.warning(request, _("The practices cannot be changed now."))
        return redirect(door.url())
    rows = list_choices(wish)
    asked = Asked.read(request.GET)
    if not request.GET:
        asked = Asked(
            choices=tuple(row.service_id for row in rows),
            member_at=tuple(row.service_id for row in rows if row.has_member),
        )
    asked = Asked(
        **{
            **vars(asked),
            "postcode": wish.postcode,
            "current_id": wish.current_practice_id,
        }
    )
    if request.method == "POST":
        try:
            after = edit_wish(
                actor=door.actor,
                wish_id=wish.pk,
                choices=asked.choices,
                member_at=asked.member_at,
                at=now,
            )
        except (InvalidRegistration, NotNow) as error:
            messages.warning(request, str(error))
            return redirect(f"{door.url('choices')}?{asked.query()}")
        messages.success(
            request, _("Your practices are kept. Your place in line is the same.")
        )
        if after.status == WishStatus.CONSENT:
            messages.warning(
                request,
                _("You added a practice: the others of your household say yes again."),
            )
        return redirect(door.url())
    place = get_gp_place(wish.postcode)
    here = door.url("choices")
    others = sum(
        count
        for consent, count in count_consents(wish).items()
        if consent == Consent.AGREED
    )
    return render(
        request,
        "registrations/follow_choices.html",
        choosing(asked, place, here=here, at=now, bands=list_bands(wish))
        | {
            "asked": asked,
            "save_url": f"{here}?{asked.query()}",
            "back_url": door.url(),
            "asks_again": others > 1,
            "is_changed": list(asked.choices) != [row.service_id for row in rows],
        },
    )


@require_POST
def reconfirm(request: HttpRequest, door: Door) -> HttpResponse:
    """Say that the household is still looking."""
    try:
        wish = reconfirm_wish(actor=door.actor, wish_id=door.wish.pk, at=timezone.now())
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request,
            _("Thank you. Your wish holds until %(day)s.")
            % {"day": say_date(wish.reconfirm_until)},
        )
    return redirect(door.url())


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, door: Door) -> HttpResponse:
    """Take or decline a place that was proposed."""
    now = timezone.now()
    move = find_proposal(door.wish)
    if move is None or move.status not in (MoveStatus.PROPOSED, MoveStatus.CONFIRMED):
        messages.warning(request, _("There is no proposal to answer (any more)."))
        return redirect(door.url())
    says_no = (request.POST or request.GET).get("antwoord") == "nee"
    form = DeclineForm(request.POST if request.method == "POST" and says_no else None)
    status: int = HTTPStatus.OK
    if request.method == "POST":
        # What is answered is what was shown: another proposal may have come since.
        if request.POST.get("voorstel") != str(move.pk):
            messages.warning(request, _("The proposal has changed. Look again."))
            return redirect(door.url())
        if not says_no or form.is_valid():
            reason = form.cleaned_data["reason"] if says_no else ""
            try:
                answer_for_household(
                    actor=door.actor,
                    wish_id=door.wish.pk,
                    move_id=move.pk,
                    answer=Answer.NO if says_no else Answer.YES,
                    reason=reason,
                    at=now,
                )
            except NotNow as error:
                messages.warning(request, str(error))
            else:
                messages.success(
                    request,
                    _("You said no. Somebody else gets the place.")
                    if says_no
                    else _("You said yes. The practice now sees who you are."),
                )
            return redirect(door.url())
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "registrations/follow_answer.html",
        {
            "form": form,
            "says_no": says_no,
            "move": move,
            "practice": get_gp_practice(move.to_service_id, at=now),
            "was_yes": move.household_answer == Answer.YES,
            "back_url": door.url(),
        },
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, door: Door) -> HttpResponse:
    """Stop a wish, with a reason; asked once."""
    if door.wish.status not in LIVE_WISHES:
        return redirect(door.url())
    form = WithdrawForm(request.POST or None)
    status: int = HTTPStatus.OK
    if request.method == "POST":
        if form.is_valid():
            try:
                withdraw_wish(
                    actor=door.actor,
                    wish_id=door.wish.pk,
                    reason=form.cleaned_data["reason"],
                    at=timezone.now(),
                )
            except NotNow as error:
                messages.warning(request, str(error))
            else:
                messages.success(request, _("Your wish has ended."))
            return redirect(door.url())
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "registrations/follow_withdraw.html",
        {
            "form": form,
            "has_proposal": door.wish.status == WishStatus.PROPOSED,
            "back_url": door.url(),
        },
        status=status,
    )


@require_POST
def register(request: HttpRequest, door: Door, service_id: int) -> HttpResponse:
    """Take a place that came free at a practice of the wish, without a round."""
    try:
        register_directly(
            actor=door.actor,
            wish_id=door.wish.pk,
            service_id=service_id,
            at=timezone.now(),
        )
    except (ListFull, NotNow, InvalidRegistration) as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("You asked to register. The practice answers within a week.")
        )
    return redirect(door.url())


@require_http_methods(["GET", "HEAD", "POST"])
def member_new(request: HttpRequest, door: Door) -> HttpResponse:
    """Add somebody to the household."""
    form = MemberForm(request.POST or None)
    status: int = HTTPStatus.OK
    if request.method == "POST":
        if form.is_valid():
            try:
                add_member(
                    actor=door.actor,
                    wish_id=door.wish.pk,
                    member=form.member(),
                    at=timezone.now(),
                )
            except InvalidRegistration as error:
                form.refuse(error)
            except NotNow as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Added. Your place in line is the same."))
                return redirect(door.url())
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "registrations/follow_member.html",
        {"form": form, "back_url": door.url()},
        status=status,
    )


@require_POST
def member_link(request: HttpRequest, door: Door, row: int) -> HttpResponse:
    """Make the link by which one member says yes or no; shown once."""
    try:
        told = make_member_link(
            actor=door.actor, wish_id=door.wish.pk, row=row, at=timezone.now()
        )
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        keep_told(
            request, member=str(row), member_token=told.token, member_code=told.code
        )
    return redirect(door.url())


@require_POST
def member_out(request: HttpRequest, door: Door, row: int) -> HttpResponse:
    """Go on without one member."""
    try:
        leave_out_member(
            actor=door.actor, wish_id=door.wish.pk, row=row, at=timezone.now()
        )
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Your household goes on without this person."))
    return redirect(door.url())


@require_POST
def member_says(request: HttpRequest, door: Door, row: int) -> HttpResponse:
    """Write down at the desk what a member said there."""
    try:
        answer_consent_at_desk(
            actor=door.actor,
            wish_id=door.wish.pk,
            row=row,
            agrees=request.POST.get("agrees") == "yes",
            at=timezone.now(),
        )
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Written down."))
    return redirect(door.url())


@require_POST
def new_link(request: HttpRequest, door: Door) -> HttpResponse:
    """Make a new link and code at the desk, to hand over."""
    try:
        told = renew_link_at_desk(
            actor=door.actor, wish_id=door.wish.pk, at=timezone.now()
        )
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        keep_told(request, number=door.wish.number, token=told.token, code=told.code)
    return redirect(door.url())


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def consent(request: HttpRequest, token: str) -> HttpResponse:
    """Let one member say, with the code, whether they move along."""
    now = timezone.now()
    member = find_member(token, at=now)
    is_open = is_link_open(request, token, at=now)
    code_form, form = WishCodeForm(), ConsentForm.of(member.consent)
    status: int = HTTPStatus.OK
    if request.method == "POST" and not is_open:
        code_form = WishCodeForm(request.POST)
        if code_form.is_valid():
            try:
                check_member_code(token, code_form.cleaned_data["code"], at=now)
            except WrongCode as error:
                code_form.add_error("code", str(error))
            else:
                open_link(request, token, at=now)
                return redirect("registrations:consent", token)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    elif request.method == "POST":
        form = ConsentForm(request.POST)
        if form.is_valid():
            try:
                answer_consent(
                    token=token, agrees=form.cleaned_data["agrees"] == "yes", at=now
                )
            except NotNow as error:
                messages.warning(request, str(error))
            else:
                messages.success(request, _("Your answer is kept. Thank you."))
            return redirect("registrations:consent", token)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context: dict[str, Any] = {
        "is_open": is_open,
        "code_form": code_form,
        "form": form,
        "number": member.wish.number,
        "runs": member.wish.status in LIVE_WISHES,
        "consent": member.consent,
    }
    if is_open:
        wish = member.wish
        actor = Actor(label=f"bewoner {wish.number}/{member.row}")
        shown = show_household(actor=actor, wish=wish, purpose="page.consent", at=now)
        practices = list_gp_practices(
            [row.service_id for row in list_choices(wish)], at=now
        )
        context |= {
            "name": next(
                (one.name for one in shown.members if one.row == member.row), ""
            ),
            "asker": shown.members[0].name if shown.members else "",
            "together": [one.name for one in shown.members if one.row != member.row],
            "practices": [
                practices[row.service_id].name
                for row in list_choices(wish)
                if row.service_id in practices
            ],
        }
    return render(request, "registrations/consent.html", context, status=status)


# --- what is shown


def _standing(
    wish: Wish, move: Move | None, *, is_open: bool = False
) -> dict[str, Any]:
    """Return what the link alone shows: where it stands, and nobody's name."""
    round_ = None
    if wish.status == WishStatus.WAITING:
        round_ = find_live_round(wish.region_id) or find_live_round(None)
    return {
        "wish": wish,
        "number": wish.number,
        "standing": say_standing(
            wish,
            consents=count_consents(wish),
            move=move,
            round_=round_,
            is_open=is_open,
        ),
        "steps": say_steps(wish),
        "is_draft": wish.status == WishStatus.DRAFT,
        "has_ended": wish.status
        in (WishStatus.WITHDRAWN, WishStatus.LAPSED, WishStatus.PLACED),
        "is_placed": wish.status == WishStatus.PLACED,
        "find_url": f"{reverse('registrations:find')}?"
        f"{Asked(postcode=wish.postcode[:4]).query()}",
    }


def _wish_page(request: HttpRequest, door: Door, *, at: datetime) -> HttpResponse:
    wish = door.wish
    move = find_proposal(wish)
    shown = show_household(
        actor=door.actor,
        wish=wish,
        purpose="page.wish-desk" if door.is_desk else "page.wish",
        at=at,
    )
    chosen = list_choices(wish)
    events = list_wish_events(wish)
    names = list_gp_practices(
        {
            *practices_of(events),
            *(one for one in [wish.current_practice_id] if one),
            *((move.to_service_id,) if move is not None else ()),
        },
        at=at,
    )
    place = get_gp_place(wish.postcode)
    options = get_options(
        [row.service_id for row in chosen],
        place,
        bands=list_bands(wish),
        member_at=[row.service_id for row in chosen if row.has_member],
        current_practice_id=wish.current_practice_id,
        at=at,
    )
    told = take_told(request)
    is_waiting = wish.status == WishStatus.WAITING
    may_change = wish.status in (
        WishStatus.DRAFT,
        WishStatus.CONSENT,
        WishStatus.WAITING,
    )
    seen = list_events_of("household", wish.number)
    days_left = (wish.reconfirm_until - localdate(at)).days
    context = {
        "door": door,
        "is_desk": door.is_desk,
        "token": "" if door.is_desk else door.key,
        "members": [
            {
                "row": one.row,
                "name": one.name or _("Removed"),
                "birth_date": one.birth_date,
                "is_first": one.row == 1,
                "is_child": not one.consents_self,
                "consent": one.consent,
                "is_pending": one.consent == Consent.PENDING,
                "objects": one.consent == Consent.OBJECTED,
                "may_link": one.row != 1
                and one.consents_self
                and wish.status
                in (WishStatus.CONSENT, WishStatus.WAITING, WishStatus.PROPOSED),
                "may_leave": one.row != 1
                and wish.status in (WishStatus.CONSENT, WishStatus.WAITING),
                "link_url": door.url("member-link", one.row),
                "out_url": door.url("member-out", one.row),
                "says_url": door.url("member-says", one.row) if door.is_desk else "",
            }
            for one in shown.members
        ],
        "contact": shown.contact,
        "choices": [
            row
            | {
                "rank": rank,
                "register_url": door.url("register", option.practice.id)
                if is_waiting
                and option.has_room
                and option.fits
                and option.list_now is not None
                and option.list_now.can_take(people=wish.size, load=wish.load)
                else "",
            }
            for rank, (option, row) in enumerate(
                zip(options, make_rows(options, wish.postcode), strict=True), start=1
            )
        ],
        "current_name": names[wish.current_practice_id].name
        if wish.current_practice_id in names
        else "",
        "move": move,
        "move_practice": names.get(move.to_service_id) if move is not None else None,
        "asks_answer": move is not None
        and move.status == MoveStatus.PROPOSED
        and not move.household_answer,
        "may_decline": move is not None
        and move.status in (MoveStatus.PROPOSED, MoveStatus.CONFIRMED)
        and move.household_answer == Answer.YES,
        "events": [(event, say_wish_event(event, names_of(names))) for event in events],
        "seen": [
            (_say_who_saw(event.actor_label), event.at)
            for event in seen
            if event.actor_label != resident_of(wish).label
        ][:20],
        "outlook": what_next(wish, at) if is_waiting else None,
        "may_change": may_change,
        "may_withdraw": wish.status in LIVE_WISHES,
        "asks_reconfirm": days_left <= _RENEW_DAYS.get(wish.status, -1),
        "is_undelivered": about(wish) in list_undelivered([about(wish)]),
        "told": told if told.get("number") == wish.number or "member" in told else {},
        "told_url": _absolute(request, "registrations:follow", told.get("token")),
        "member_url": _absolute(
            request, "registrations:consent", told.get("member_token")
        ),
        "opened_minutes": int(OPEN_FOR.total_seconds() // 60),
        "urls": {
            "choices": door.url("choices"),
            "reconfirm": door.url("reconfirm"),
            "answer": door.url("answer"),
            "withdraw": door.url("withdraw"),
            "member": door.url("member"),
            "link": door.url("link") if door.is_desk else "",
        },
    }
    return render(
        request,
        "registrations/follow.html",
        context | _standing(wish, move, is_open=True),
    )


def _say_who_saw(label: str) -> str:
    """Say who saw a household; who used a member's link is of the household."""
    return _("Somebody of your household") if label.startswith("bewoner ") else label


def names_of(practices: dict[int, Any]) -> dict[int, str]:
    """Return practice -> name."""
    return {pk: practice.name for pk, practice in practices.items()}


def _absolute(request: HttpRequest, name: str, token: str | None) -> str:
    return request.build_absolute_uri(reverse(name, args=[token])) if token else ""
