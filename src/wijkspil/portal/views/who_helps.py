"""The page "Who helps here now?", its map and its sheet for the fridge."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.types import VISITOR, Actor
from wijkspil.core.errors import InvalidValue, NotFound, WijkspilError
from wijkspil.directory.opening_hours import dutch_holidays
from wijkspil.directory.permissions import (
    can_view_duty_person,
    can_view_professional_contacts,
    visible_audiences,
)
from wijkspil.directory.selectors.alliances import list_alliances_of_areas
from wijkspil.directory.selectors.maps import (
    Feature,
    feature_collection,
    list_area_features,
    point_feature,
)
from wijkspil.directory.selectors.responsibility import Place, WhoHelps, get_who_helps
from wijkspil.directory.services.disclosure import record_duty_views
from wijkspil.directory.types import AreaKind, Care, RegionPurpose
from wijkspil.portal.forms import WhoHelpsForm
from wijkspil.portal.moments import (
    list_choices,
    next_night,
    next_working_day,
    read_moment,
    write_moment,
)
from wijkspil.portal.templatetags.portal import spaced_postcode
from wijkspil.portal.who_helps import (
    CARE_WORDS,
    PROFESSIONAL_CARES,
    REPORTS_ROOM,
    RESIDENT_CARES,
    WhoHelpsView,
    fridge_lines,
    view_of,
)
from wijkspil.referrals.permissions import can_create_request
from wijkspil.ui.moments import say_moment
from wijkspil.ui.navigation import Chip, Crumb, MapCategory

MAP_CATEGORIES = (
    MapCategory("covered", gettext_lazy("This wijk")),
    MapCategory("good", gettext_lazy("Can be reached")),
    MapCategory("unknown", gettext_lazy("Closed")),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that can be answered, as the address of the page holds it."""

    postcode: str
    care: Care
    moment: datetime
    is_now: bool

    def query(self, **changes: str) -> str:
        """Return the question as the query of an address; empty parts left out."""
        parts = {
            "postcode": self.postcode,
            "zorg": self.care.value,
            "moment": "" if self.is_now else write_moment(self.moment),
            **changes,
        }
        return urlencode({name: value for name, value in parts.items() if value})


@require_safe
def show_who_helps(request: HttpRequest) -> HttpResponse:
    """Show who helps at an address at a moment; only the form without a postcode."""
    actor = get_request_actor(request)
    now = timezone.now()
    cares = cares_for(actor)
    if "postcode" not in request.GET:
        form = WhoHelpsForm(initial=request.GET.dict(), cares=cares)
        return render(request, "portal/who_helps_ask.html", {"form": form})
    form = WhoHelpsForm(request.GET, cares=cares)
    try:
        asked = read_question(form, now=now)
        found = find_for(actor, asked.postcode, asked.moment, cares)
    except WijkspilError as error:
        return refuse(request, form, error)
    record_duty_views(actor=actor, found=found, purpose="page.who-helps", at=now)
    view = view_of(found, asked.care, is_now=asked.is_now)
    is_professional = can_view_professional_contacts(actor)
    return render(
        request,
        "portal/who_helps.html",
        {
            "form": form,
            "asked": asked,
            "found": found,
            "place": found.place,
            "wijk": found.place.area(AreaKind.WIJK),
            "where": say_where(found.place),
            "care_words": CARE_WORDS[asked.care],
            "view": view,
            "other_care": [
                (entry, asked.query(zorg=entry.care)) for entry in view.other_care
            ],
            "query": asked.query(),
            "ask_url": _ask_url(actor, asked),
            "fridge_query": urlencode({"postcode": asked.postcode}),
            "alliances": list_alliances_of_areas(
                [
                    area.id
                    for area in found.place.areas
                    if area.purpose == RegionPurpose.ALLIANCE
                ]
            ),
            "is_professional": is_professional,
            "shows_room": is_professional and asked.care in REPORTS_ROOM,
            "moments": moment_chips(asked, now=now),
            "map_categories": MAP_CATEGORIES,
            "crumbs": crumbs(),
        },
    )


def moment_chips(asked: Asked, *, now: datetime) -> list[Chip]:
    """Return the moments one tap away, with the chosen one marked."""
    chosen = "" if asked.is_now else write_moment(asked.moment)
    chips = [
        Chip(
            choice.label,
            f"?{asked.query(moment=choice.value)}",
            active=choice.value == chosen,
        )
        for choice in list_choices(now)
    ]
    if not any(chip.active for chip in chips):
        chips.append(
            Chip(say_moment(asked.moment, now), f"?{asked.query()}", active=True)
        )
    return chips


def cares_for(actor: Actor) -> tuple[Care, ...]:
    """Return the kinds of care this reader can ask for."""
    if can_view_professional_contacts(actor):
        return PROFESSIONAL_CARES
    return RESIDENT_CARES


def read_question(form: WhoHelpsForm, *, now: datetime) -> Asked:
    """Return the question in the form.

    Raises
    ------
    InvalidValue
        If a field cannot be read; the form then holds the message at that field.
    """
    if not form.is_valid():
        raise InvalidValue("")
    values = form.cleaned_data
    return Asked(
        postcode=values["postcode"],
        care=Care(values["zorg"] or Care.DISTRICT_NURSING),
        moment=read_moment(values["moment"], now=now),
        is_now=not values["moment"],
    )


def find_for(
    actor: Actor, postcode: str, moment: datetime, cares: tuple[Care, ...]
) -> WhoHelps:
    """Return who helps, as far as this reader may see it (one query).

    Raises
    ------
    InvalidValue, UnknownPostcode
        As ``get_who_helps``.
    """
    return get_who_helps(
        postcode=postcode,
        at=moment,
        cares=cares,
        audiences=visible_audiences(actor),
        show_room=can_view_professional_contacts(actor),
        show_duty_person=can_view_duty_person(actor),
    )


def refuse(
    request: HttpRequest, form: WhoHelpsForm, error: WijkspilError
) -> HttpResponse:
    """Show the form again with what is wrong; what was typed is kept."""
    if str(error):
        form.add_error(error.field if error.field in form.fields else None, str(error))
    return render(
        request,
        "portal/who_helps_ask.html",
        {"form": form},
        status=404 if isinstance(error, NotFound) else 400,
    )


def _ask_url(actor: Actor, asked: Asked) -> str:
    """Return where to ask for the care of the page, for who may; else nothing."""
    if asked.care != Care.DISTRICT_NURSING or not can_create_request(actor):
        return ""
    query = urlencode({"postcode": asked.postcode})
    return f"{reverse('referrals:ask')}?{query}"


def say_where(place: Place) -> str:
    """Return the place in words: "2512 AB, Zuiderpark, The Hague"."""
    areas = (place.area(AreaKind.WIJK), place.area(AreaKind.GEMEENTE))
    return ", ".join(
        [spaced_postcode(place.asked), *(area.name for area in areas if area)]
    )


def crumbs() -> list[Crumb]:
    """Return the trail of the page."""
    return [
        Crumb(gettext_lazy("Home"), reverse("portal:home")),
        Crumb(gettext_lazy("Who helps here now?")),
    ]


@require_safe
def send_map(request: HttpRequest) -> HttpResponse:
    """Send the wijk and the services of the page as GeoJSON.

    The same services as in the table of this reader, with what anybody may see of
    them; who is on duty is not even read.
    """
    actor = get_request_actor(request)
    cares = cares_for(actor)
    asked = read_question(WhoHelpsForm(request.GET, cares=cares), now=timezone.now())
    found = get_who_helps(
        postcode=asked.postcode,
        at=asked.moment,
        cares=cares,
        audiences=visible_audiences(actor),
        show_room=False,
        show_duty_person=False,
    )
    view = view_of(found, asked.care, is_now=asked.is_now)
    return JsonResponse(feature_collection([*_areas(found), *_points(view)]))


def _areas(found: WhoHelps) -> list[Feature]:
    wijk = found.place.area(AreaKind.WIJK)
    if wijk is None:
        return []
    return list_area_features([wijk.id], properties={wijk.id: {"category": "covered"}})


def _points(view: WhoHelpsView) -> list[Feature]:
    features = (
        point_feature(
            lon=entry.lon,
            lat=entry.lat,
            name=entry.name,
            code=f"service-{entry.id}",
            category="good" if entry.is_reachable else "unknown",
            text=" · ".join(
                part for part in (str(entry.care_words), entry.resident_phone) if part
            ),
        )
        for entry in view.on_map
    )
    return [feature for feature in features if feature is not None]


@require_safe
def show_fridge(request: HttpRequest) -> HttpResponse:
    """Show one A4 with the numbers for residents, whoever asks for it."""
    now = timezone.now()
    form = WhoHelpsForm(request.GET, cares=RESIDENT_CARES)
    try:
        asked = read_question(form, now=now)
        day = next_working_day(now, holidays=dutch_holidays([now.year, now.year + 1]))
        by_day = find_for(VISITOR, asked.postcode, day, RESIDENT_CARES)
        by_night = find_for(VISITOR, asked.postcode, next_night(now), RESIDENT_CARES)
    except WijkspilError as error:
        return refuse(request, form, error)
    return render(
        request,
        "portal/fridge.html",
        {
            "where": say_where(by_day.place),
            "query": urlencode({"postcode": asked.postcode}),
            "lines": fridge_lines(by_day, by_night),
            "crumbs": crumbs(),
        },
    )
