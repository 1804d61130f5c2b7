"""Make a wish or register, in steps: where and why, which practices, then for whom.

The steps before the last go by GET and name nobody: going back keeps everything.
"""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import WijkspilError
from wijkspil.directory.selectors.gp_practices import (
    GpPlace,
    get_gp_place,
    get_gp_practice,
    list_gp_practices,
    list_gp_practices_near,
)
from wijkspil.directory.selectors.search_areas import search_practices
from wijkspil.registrations.errors import InvalidRegistration, NotNow
from wijkspil.registrations.forms.wish import Asked, HouseholdForm, SituationForm
from wijkspil.registrations.permissions import (
    can_assist_wish,
    check_can_assist_wish,
)
from wijkspil.registrations.selectors.lists import get_list
from wijkspil.registrations.selectors.nearby import (
    FAR_KM,
    FAR_LIMIT,
    NEAR_KM,
    NEAR_LIMIT,
    Way,
    get_options,
    list_options,
)
from wijkspil.registrations.services.household import MOST_MEMBERS
from wijkspil.registrations.services.notices import goes_nowhere
from wijkspil.registrations.services.wishes import start_wish
from wijkspil.registrations.types import (
    MOST_CHOICES,
    ContactKind,
    ListStatus,
    WishReason,
)
from wijkspil.registrations.views.finding import make_rows
from wijkspil.ui.navigation import Step
from wijkspil.ui.private_pages import (
    keep_told,
    private_page,
    take_told,
)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Ask where somebody lives and why they look for a GP."""
    return _situation(request, Asked.read(request.GET))


@require_safe
def register(request: HttpRequest, service_id: int) -> HttpResponse:
    """Ask the same of somebody who registers where there is room."""
    now = timezone.now()
    practice = get_gp_practice(service_id, at=now)
    listed = get_list(service_id, now)
    if listed is None or listed.status == ListStatus.CLOSED or not listed.has_room:
        return redirect(
            f"{reverse('registrations:practice', args=[practice.id])}?"
            f"{Asked.read(request.GET).query(direct_id=None)}"
        )
    asked = Asked.read(request.GET)
    return _situation(request, Asked(**{**vars(asked), "direct_id": practice.id}))


@require_safe
def current(request: HttpRequest) -> HttpResponse:
    """Ask which practice somebody is registered with now."""
    asked = Asked.read(request.GET)
    if not asked.postcode or not asked.reason:
        return redirect(f"{reverse('registrations:wish')}?{asked.query()}")
    sought = request.GET.get("q", "").strip()[:60]
    now = timezone.now()
    if sought:
        found = search_practices(sought, limit=20)
    else:
        place = get_gp_place(asked.postcode)
        found = [
            (one.id, f"{one.name}, {one.postcode}")
            for one in list_gp_practices_near(place.lon, place.lat, at=now, limit=8)
        ]
    found = [(pk, words) for pk, words in found if pk not in asked.wants()]
    then = reverse(_after_current(asked))
    return render(
        request,
        "registrations/wish_current.html",
        {
            "asked": asked,
            "sought": sought,
            "steps": _steps(asked, 0),
            "found": [
                (words, f"{then}?{asked.query(current_id=pk)}") for pk, words in found
            ],
            "other_url": f"{then}?{asked.query(current_id=0)}",
            "back_url": _situation_url(asked),
        },
    )


@require_safe
def choices(request: HttpRequest) -> HttpResponse:
    """Let somebody put up to five practices in order."""
    asked = Asked.read(request.GET)
    if not asked.postcode or not asked.reason:
        return redirect(f"{reverse('registrations:wish')}?{asked.query()}")
    now = timezone.now()
    place = get_gp_place(asked.postcode)
    here = reverse("registrations:wish-choices")
    context = choosing(asked, place, here=here, at=now)
    household = reverse("registrations:wish-household")
    return render(
        request,
        "registrations/wish_choices.html",
        context
        | {
            "asked": asked,
            "steps": _steps(asked, 1),
            "next_url": f"{household}?{asked.query()}" if asked.choices else "",
            "back_url": _back_of_choices(asked),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def household(request: HttpRequest) -> HttpResponse:
    """Ask who registers and how to reach them; then write the wish down."""
    asked = Asked.read(request.GET)
    now = timezone.now()
    if not asked.postcode or not asked.reason or not asked.wants():
        return redirect(f"{reverse('registrations:wish')}?{asked.query()}")
    is_helping = asked.is_helping
    helper_organization_id = (
        helper_organization(get_request_actor(request)) if is_helping else None
    )
    people = 1
    if request.method == "POST":
        people = _read_people(request.POST.get("aantal", "1"))
        more = request.POST.get("erbij"), request.POST.get("eraf")
        if any(more):
            people = max(1, min(MOST_MEMBERS, people + (1 if more[0] else -1)))
            kept = request.POST.copy()
            kept["aantal"] = str(people)
            form = HouseholdForm(
                initial=kept.dict(), people=people, is_helping=is_helping
            )
            return _household_page(request, asked, form, at=now)
        form = HouseholdForm(request.POST, people=people, is_helping=is_helping)
        if form.is_valid():
            try:
                wish, told = start_wish(
                    actor=get_request_actor(request),
                    given=form.wish(asked),
                    contact=form.contact(),
                    is_direct=asked.direct_id is not None,
                    is_helped=is_helping,
                    helper_organization_id=helper_organization_id,
                    at=now,
                )
            except InvalidRegistration as error:
                form.refuse(error)
            except NotNow as error:
                form.add_error(None, str(error))
            else:
                keep_told(
                    request,
                    number=wish.number,
                    code=told.code,
                    kind=wish.contact_kind,
                    token=told.token
                    if is_helping or goes_nowhere(wish.contact_kind)
                    else "",
                )
                if is_helping:
                    return redirect("registrations:help-wish", wish.number)
                return redirect("registrations:wish-made")
        return _household_page(
            request, asked, form, at=now, status=HTTPStatus.UNPROCESSABLE_ENTITY
        )
    form = HouseholdForm(
        initial={"aantal": 1, "kind": ContactKind.EMAIL},
        people=people,
        is_helping=is_helping,
    )
    return _household_page(request, asked, form, at=now)


@require_safe
@private_page
def made(request: HttpRequest) -> HttpResponse:
    """Say the number and the code, once; the link goes to the address."""
    told = take_told(request)
    if not told:
        return redirect("registrations:follow-start")
    return render(
        request,
        "registrations/wish_made.html",
        {
            "number": told["number"],
            "code": f"{told['code'][:3]} {told['code'][3:]}",
            "is_phone": told["kind"] == ContactKind.PHONE,
            "shown_url": reverse("registrations:follow", args=[told["token"]])
            if told["token"]
            else "",
        },
    )


def choosing(
    asked: Asked,
    place: GpPlace,
    *,
    here: str,
    at: datetime,
    bands: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the list somebody makes and the practices around, with a link per act."""
    chosen = asked.choices
    own_id = asked.current_id or None
    mine = get_options(
        chosen,
        place,
        bands=bands,
        member_at=asked.member_at,
        current_practice_id=own_id,
        at=at,
    )
    around = list_options(
        place,
        bands=bands,
        member_at=asked.member_at,
        current_practice_id=own_id,
        at=at,
        km=FAR_KM if asked.is_far else NEAR_KM,
        limit=FAR_LIMIT if asked.is_far else NEAR_LIMIT,
    )
    others = [
        option
        for option in around
        if option.practice.id not in chosen and option.way is not Way.OWN
    ]
    rows = make_rows(others, place.postcode)
    for option, row in zip(others, rows, strict=True):
        more = (*chosen, option.practice.id)
        row["add_url"] = (
            f"{here}?{asked.query(choices=more)}" if len(chosen) < MOST_CHOICES else ""
        )
        now = option.list_now
        row["add_member_url"] = (
            f"{here}?"
            + asked.query(
                choices=more, member_at=(*asked.member_at, option.practice.id)
            )
            if row["add_url"] and now is not None and now.conditions.only_with_member
            else ""
        )
    left = MOST_CHOICES - len(chosen)
    return {
        "chosen": [
            row
            | {
                "rank": rank,
                "up_url": f"{here}?{asked.query(choices=_moved(chosen, rank - 1, -1))}"
                if rank > 1
                else "",
                "down_url": f"{here}?{asked.query(choices=_moved(chosen, rank - 1, 1))}"
                if rank < len(chosen)
                else "",
                "remove_url": f"{here}?"
                + asked.query(
                    choices=tuple(pk for pk in chosen if pk != row["id"]),
                    member_at=tuple(pk for pk in asked.member_at if pk != row["id"]),
                ),
                "with_member": row["id"] in asked.member_at,
            }
            for rank, row in enumerate(make_rows(mine, place.postcode), start=1)
        ],
        "rows": rows,
        "left": left,
        "left_words": ngettext(
            "You can add %(n)s practice.", "You can add %(n)s practices.", left
        )
        % {"n": left}
        if left
        else _("Your list is full: five practices."),
        "far_url": "" if asked.is_far else f"{here}?{asked.query(is_far=True)}",
    }


def _moved(choices: tuple[int, ...], place: int, by: int) -> tuple[int, ...]:
    moved = list(choices)
    moved[place], moved[place + by] = moved[place + by], moved[place]
    return tuple(moved)


def _situation(request: HttpRequest, asked: Asked) -> HttpResponse:
    now = timezone.now()
    direct = (
        None if asked.direct_id is None else get_gp_practice(asked.direct_id, at=now)
    )
    listed = None if direct is None else get_list(direct.id, now)
    asks_member = listed is not None and listed.conditions.only_with_member
    is_sent = request.GET.get("stap") == "1"
    form = SituationForm(
        request.GET if is_sent else None,
        initial={"postcode": asked.postcode, "reden": asked.reason},
        asks_member=asks_member,
    )
    status: int = HTTPStatus.OK
    if is_sent:
        if form.is_valid():
            problem, field = _problem_of(asked, form, asks_member=asks_member, at=now)
            if not problem:
                return redirect(_after_situation(asked, form))
            form.add_error(field, problem)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "registrations/wish_situation.html",
        {
            "form": form,
            "asked": asked,
            "kept": [
                (name, value)
                for name, value in asked.pairs
                if name not in ("postcode", "reden", "lid")
            ],
            "direct": direct,
            "steps": _steps(asked, 0),
        },
        status=status,
    )


def _problem_of(
    asked: Asked, form: SituationForm, *, asks_member: bool, at: datetime
) -> tuple[str, str | None]:
    """Return what stands in the way, and beside which field; empty if nothing."""
    try:
        place = get_gp_place(form.cleaned_data["postcode"])
    except WijkspilError as error:
        return str(error), "postcode"
    if asked.direct_id is None:
        return "", None
    has_member = asks_member and form.cleaned_data.get("lid", False)
    (option,) = get_options(
        [asked.direct_id],
        place,
        member_at=(asked.direct_id,) if has_member else (),
        at=at,
    )
    if option.why_not:
        words = " ".join(f"{code.label}." for code in option.why_not)
        return (
            _("%(why)s You can put this practice on your wish instead.")
            % {"why": words},
            None,
        )
    return "", None


def _after_situation(asked: Asked, form: SituationForm) -> str:
    member_at = asked.member_at
    if form.cleaned_data.get("lid") and asked.direct_id is not None:
        member_at = (asked.direct_id,)
    reason = form.cleaned_data["reden"]
    has_none = reason == WishReason.NO_GP
    after = {
        "postcode": form.cleaned_data["postcode"].strip(),
        "reason": reason,
        "member_at": member_at,
        "current_id": 0 if has_none else asked.current_id,
    }
    name = _after_current(asked) if has_none else "registrations:wish-current"
    return f"{reverse(name)}?{asked.query(**after)}"


def _after_current(asked: Asked) -> str:
    if asked.direct_id is not None:
        return "registrations:wish-household"
    return "registrations:wish-choices"


def _situation_url(asked: Asked) -> str:
    if asked.direct_id is not None:
        url = reverse("registrations:register", args=[asked.direct_id])
    else:
        url = reverse("registrations:wish")
    return f"{url}?{asked.query()}"


def _back_of_choices(asked: Asked) -> str:
    if asked.reason == WishReason.NO_GP:
        return _situation_url(asked)
    return f"{reverse('registrations:wish-current')}?{asked.query()}"


def _back_of_household(asked: Asked) -> str:
    if asked.direct_id is None:
        return f"{reverse('registrations:wish-choices')}?{asked.query()}"
    return _back_of_choices(asked)


def _steps(asked: Asked, place: int) -> list[Step]:
    labels = (
        [_("Your situation"), _("Who registers"), _("Ready")]
        if asked.direct_id is not None
        else [_("Your situation"), _("Practices"), _("Who registers"), _("Ready")]
    )
    return [
        Step(label, "done" if at < place else "current" if at == place else "todo")
        for at, label in enumerate(labels)
    ]


def _household_page(
    request: HttpRequest,
    asked: Asked,
    form: HouseholdForm,
    *,
    at: datetime,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    practices = list_gp_practices(asked.wants(), at=at)
    wanted = asked.wants()
    return render(
        request,
        "registrations/wish_household.html",
        {
            "form": form,
            "asked": asked,
            "people": form.people,
            "may_add": form.people < MOST_MEMBERS,
            "practices": [practices[pk].name for pk in wanted if pk in practices],
            "is_direct": asked.direct_id is not None,
            "steps": _steps(asked, 1 if asked.direct_id is not None else 2),
            "back_url": _back_of_household(asked),
        },
        status=status,
    )


def helper_organization(actor: Actor) -> int | None:
    """Return whose desk helps; None for somebody who works for a region.

    Raises
    ------
    NotPermitted
        If the actor may not help anybody.
    """
    check_can_assist_wish(actor)
    return next(iter(helping_organizations(actor)), None)


def helping_organizations(actor: Actor) -> list[int]:
    """Return the desks of an actor: organizations for which wishes are written down."""
    return sorted(
        {
            grant.organization_id
            for grant in actor.grants
            if grant.organization_id is not None
            and can_assist_wish(actor, Target(organization_id=grant.organization_id))
        }
    )


def _read_people(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 1
