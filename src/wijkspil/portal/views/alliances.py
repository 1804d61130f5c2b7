"""The neighborhood alliances: the list, the card on one A4, and its map."""

from dataclasses import dataclass
from itertools import groupby

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from wijkspil.accounts.requests import get_request_actor
from wijkspil.directory.permissions import (
    can_view_professional_contacts,
    visible_audiences,
)
from wijkspil.directory.selectors.alliances import (
    AllianceCard,
    AllianceMemberCard,
    get_alliance,
    list_alliances,
)
from wijkspil.directory.selectors.maps import (
    feature_collection,
    list_area_features,
    point_feature,
)
from wijkspil.directory.types import AllianceRole, Audience, ContactSystem
from wijkspil.portal.opening_words import say_opening_hours
from wijkspil.ui.navigation import Crumb, MapCategory

MAP_CATEGORIES = (
    MapCategory("covered", gettext_lazy("Area of the alliance")),
    MapCategory("good", gettext_lazy("Member")),
)
_AUDIENCE_ORDER = (Audience.REFERRER, Audience.PROFESSIONAL, Audience.RESIDENT)


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member as its line on the card shows it."""

    member: AllianceMemberCard
    phone: str
    hours: str


@require_safe
def list_all(request: HttpRequest) -> HttpResponse:
    """Show the alliances per gemeente."""
    rows = sorted(
        (
            (gemeente, alliance)
            for alliance in list_alliances()
            for gemeente in (alliance.gemeenten or ("",))
        ),
        key=lambda row: row[0],
    )
    return render(
        request,
        "portal/alliances.html",
        {
            "gemeenten": [
                (gemeente, [alliance for _gemeente, alliance in group])
                for gemeente, group in groupby(rows, key=lambda row: row[0])
            ]
        },
    )


@require_safe
def show_alliance(request: HttpRequest, alliance_id: int) -> HttpResponse:
    """Show who takes part, by role, and how to reach them."""
    actor = get_request_actor(request)
    is_professional = can_view_professional_contacts(actor)
    alliance = get_alliance(
        alliance_id,
        at=timezone.now(),
        audiences=visible_audiences(actor),
        show_complex_care=is_professional,
    )
    return render(
        request,
        "portal/alliance.html",
        {
            "alliance": alliance,
            "is_professional": is_professional,
            "roles": [
                (AllianceRole(role).label, [line_of(member) for member in members])
                for role, members in groupby(
                    alliance.members, key=lambda member: member.role
                )
            ],
            "gemeenten": sorted({wijk.gemeente for wijk in alliance.wijken}),
            "map_categories": MAP_CATEGORIES,
            "crumbs": [
                Crumb(gettext_lazy("Home"), reverse("portal:home")),
                Crumb(
                    gettext_lazy("Neighborhood alliances"), reverse("portal:alliances")
                ),
                Crumb(alliance.name),
            ],
        },
    )


@require_safe
def send_map(request: HttpRequest, alliance_id: int) -> JsonResponse:
    """Send the area and the members as GeoJSON: what anybody may see."""
    alliance = get_alliance(
        alliance_id, at=timezone.now(), audiences=[], show_complex_care=False
    )
    ids = [wijk.id for wijk in alliance.wijken]
    return JsonResponse(
        feature_collection(
            [
                *list_area_features(
                    ids, properties={key: {"category": "covered"} for key in ids}
                ),
                *_points(alliance),
            ]
        )
    )


def _points(alliance: AllianceCard) -> list[dict[str, object]]:
    points = (
        point_feature(
            lon=member.lon,
            lat=member.lat,
            name=member.name,
            code=f"service-{member.service_id}",
            category="good",
            text=str(AllianceRole(member.role).label),
        )
        for member in alliance.members
    )
    return [point for point in points if point is not None]


def line_of(member: AllianceMemberCard) -> MemberLine:
    """Return a member with the number this reader needs first."""
    phones = sorted(
        (n for n in member.numbers if n.system == ContactSystem.PHONE),
        key=lambda number: _AUDIENCE_ORDER.index(Audience(number.audience)),
    )
    return MemberLine(
        member=member,
        phone=phones[0].value if phones else "",
        hours=say_opening_hours(member.opening_hours),
    )
