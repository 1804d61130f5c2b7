"""Find a GP practice near an address: who takes people, on which terms, what next.

Public, and asked most: few queries, and rows of plain words for the template.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from wijkspil.core.errors import WijkspilError
from wijkspil.directory.selectors.gp_practices import (
    GpPlace,
    get_gp_place,
    get_gp_practice,
)
from wijkspil.registrations.forms.wish import Asked, PostcodeForm
from wijkspil.registrations.nearby_markup import draw_rows
from wijkspil.registrations.nearby_wording import (
    say_conditions,
    say_distance,
    say_expected,
    say_places,
    say_published,
    say_way,
    say_why_not,
)
from wijkspil.registrations.selectors.lists import get_list
from wijkspil.registrations.selectors.nearby import (
    FAR_KM,
    FAR_LIMIT,
    NEAR_KM,
    NEAR_LIMIT,
    PracticeOption,
    Way,
    get_options,
    list_options,
)

#: Practices without room that are shown before somebody asks for more.
MOST_OTHERS = 10


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Show the practices around a postcode, those that take people first."""
    asked = Asked.read(request.GET)
    if not asked.postcode:
        return render(request, "registrations/find.html", {"form": PostcodeForm()})
    form = PostcodeForm(request.GET)
    try:
        place = get_gp_place(asked.postcode)
    except WijkspilError as error:
        if form.is_valid():
            form.add_error("postcode", str(error))
        return render(
            request,
            "registrations/find.html",
            {"form": form},
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    now = timezone.now()
    options = list_options(
        place,
        at=now,
        km=FAR_KM if asked.is_far else NEAR_KM,
        limit=FAR_LIMIT if asked.is_far else NEAR_LIMIT,
    )
    rows = make_rows(options, place.postcode)
    with_room = [row for row in rows if row["fits"]]
    of_household = [row for row in rows if row["takes"] and not row["fits"]]
    others = [row for row in rows if not row["takes"]]
    shown = others if asked.is_far else others[:MOST_OTHERS]
    return render(
        request,
        "registrations/found.html",
        {
            "place": place,
            "headline": _say_found(len(with_room), len(rows)),
            "tone": "good" if with_room else "full",
            "with_room": draw_rows(with_room) if with_room else "",
            "of_household": draw_rows(of_household) if of_household else "",
            "others": draw_rows(shown) if shown else "",
            "is_far": asked.is_far,
            "far_url": "" if asked.is_far else f"?{asked.query(is_far=True)}",
            "wish_url": f"{reverse('registrations:wish')}?"
            f"{Asked(postcode=place.postcode).query()}",
        },
    )


@require_safe
def show_practice(request: HttpRequest, service_id: int) -> HttpResponse:
    """Show what one practice says of its list, and the one next step there."""
    now = timezone.now()
    practice = get_gp_practice(service_id, at=now)
    asked = Asked.read(request.GET)
    place, problem = _read_place(asked.postcode)
    row = None
    if place is not None:
        found = get_options([service_id], place, at=now)
        row = next(iter(make_rows(found, place.postcode)), None)
    form = PostcodeForm(request.GET if problem else None)
    if problem and form.is_valid():
        form.add_error("postcode", problem)
    listed = get_list(service_id, now)
    return render(
        request,
        "registrations/practice.html",
        {
            "practice": practice,
            "place": place,
            "row": row,
            "form": form,
            "list": listed,
            "conditions": [] if listed is None else say_conditions(listed.conditions),
            "expected": "" if listed is None else say_expected(listed, localdate(now)),
            "published": "" if listed is None else say_published(listed),
        },
        status=HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
    )


def make_rows(options: Sequence[PracticeOption], postcode: str) -> list[dict[str, Any]]:
    """Return practices in the words of a page, in the order given.

    Addresses are made once and filled in: looking each up took a tenth of the page.
    """
    practice_url = reverse("registrations:practice", args=[0])
    register_url = reverse("registrations:register", args=[0])
    wish_url = reverse("registrations:wish")
    base = f"?postcode={postcode}"
    register_words, wish_words = _("Register here"), _("Put on your wish")
    rows = []
    for option in options:
        practice, now, way = option.practice, option.list_now, option.way
        words, tone = say_way(option)
        next_url = next_words = ""
        if way is Way.REGISTER:
            next_url = f"{register_url[:-2]}{practice.id}/{base}"
            next_words = register_words
        elif way is Way.WISH:
            next_url = f"{wish_url}{base}&keuze={practice.id}"
            next_words = wish_words
        rows.append(
            {
                "id": practice.id,
                "name": practice.name,
                "url": f"{practice_url[:-2]}{practice.id}/{base}",
                "distance": say_distance(option),
                "words": words,
                "tone": tone,
                "why_not": say_why_not(option),
                "conditions": ()
                if now is None or now.conditions.is_empty
                else say_conditions(now.conditions),
                "places": say_places(now)
                if now is not None and option.has_room
                else "",
                "phone": practice.phone,
                "next_url": next_url,
                "next_words": next_words,
                "takes": way is Way.REGISTER,
                "fits": way is Way.REGISTER and option.fits,
                "is_own": way is Way.OWN,
                "is_unknown": way is Way.ASK,
            }
        )
    return rows


def _read_place(postcode: str) -> tuple[GpPlace | None, str]:
    if not postcode:
        return None, ""
    try:
        return get_gp_place(postcode), ""
    except WijkspilError as error:
        return None, str(error)


def _say_found(taking: int, all_of_them: int) -> str:
    if taking:
        return ngettext(
            "%(n)s practice near you takes new patients",
            "%(n)s practices near you take new patients",
            taking,
        ) % {"n": taking}
    if all_of_them:
        return _("No practice near you takes new patients now")
    return _("We know no practice near this address")
