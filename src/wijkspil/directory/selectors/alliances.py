"""A tight neighborhood alliance: who takes part, where, and how to reach it.

Reads only; who may change an alliance is in ``permissions``. Numbers are read for
the audiences asked, as everywhere: what a visitor may not see is not fetched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from wijkspil.core.errors import NotFound
from wijkspil.core.prepared import fetch_rows
from wijkspil.directory.models import (
    Alliance,
    AllianceMember,
    Area,
    ContactPoint,
)
from wijkspil.directory.opening_hours import OpeningHours
from wijkspil.directory.types import AllianceRole, AreaKind, ContactPurpose


class UnknownAlliance(NotFound):
    """There is no such alliance, or it has ended."""

    code = "unknown-alliance"


@dataclass(frozen=True, slots=True)
class AllianceNumber:
    """A phone number or address of a member, for one audience."""

    audience: str
    system: str
    value: str


@dataclass(frozen=True, slots=True)
class AllianceMemberCard:
    """A service in an alliance; in more than one role it has more than one card."""

    service_id: int
    name: str
    organization_name: str
    role: str
    opening_hours: OpeningHours
    numbers: Sequence[AllianceNumber]
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class AllianceAreaName:
    """A wijk of an alliance, with its gemeente."""

    id: int
    code: str
    name: str
    gemeente: str


@dataclass(frozen=True, slots=True)
class AllianceCard:
    """An alliance with everything its card shows.

    The contact for complex care is empty unless it was asked for.
    """

    id: int
    name: str
    area_id: int
    wijken: Sequence[AllianceAreaName]
    members: Sequence[AllianceMemberCard]
    complex_care_name: str
    complex_care_phone: str
    is_fictional: bool


@dataclass(frozen=True, slots=True)
class AllianceName:
    """An alliance in a list."""

    id: int
    name: str
    gemeenten: Sequence[str]
    wijken: Sequence[str]

    def matches(self, text: str) -> bool:
        """Whether each word is in its name, or that of a wijk or gemeente."""
        names = " ".join([self.name, *self.gemeenten, *self.wijken]).casefold()
        return all(word in names for word in text.casefold().split())


def get_alliance(
    alliance_id: int,
    *,
    at: datetime,
    audiences: Sequence[str],
    show_complex_care: bool,
) -> AllianceCard:
    """Return an alliance (five queries).

    Raises
    ------
    UnknownAlliance
        If it does not exist or has ended.
    """
    alliance = Alliance.objects.filter(pk=alliance_id, is_active=True).first()
    if alliance is None:
        raise UnknownAlliance(
            _("There is no neighborhood alliance with number %(id)s.")
            % {"id": alliance_id}
        )
    contacts = (
        ContactPoint.objects.at(at)
        .filter(audience__in=audiences, purpose=ContactPurpose.GENERAL)
        .filter(Q(area=None) | Q(area__within__contains=[alliance.area_id]))
        .order_by("pk")
    )
    members = (
        AllianceMember.objects.filter(
            alliance=alliance,
            service__is_active=True,
            service__organization__is_active=True,
        )
        .select_related("service__organization")
        .prefetch_related(
            Prefetch("service__contacts", queryset=contacts, to_attr="shown_contacts")
        )
        .order_by("service__name", "pk")
    )
    order = list(AllianceRole.values)
    return AllianceCard(
        id=alliance.pk,
        name=alliance.name,
        area_id=alliance.area_id,
        wijken=_wijken_of([alliance.area_id]),
        members=sorted(
            (_member_card(member) for member in members),
            key=lambda card: order.index(card.role),
        ),
        complex_care_name=alliance.complex_care_name if show_complex_care else "",
        complex_care_phone=alliance.complex_care_phone if show_complex_care else "",
        is_fictional=alliance.is_fictional,
    )


def _member_card(member: AllianceMember) -> AllianceMemberCard:
    service = member.service
    return AllianceMemberCard(
        service_id=service.pk,
        name=service.name,
        organization_name=service.organization.name,
        role=member.role,
        opening_hours=service.opening_hours,
        numbers=[
            AllianceNumber(contact.audience, contact.system, contact.value)
            for contact in getattr(service, "shown_contacts", ())
        ],
        lon=service.lon,
        lat=service.lat,
    )


def list_alliances() -> list[AllianceName]:
    """Return every alliance with its wijken and gemeenten, by name (three queries)."""
    alliances = list(Alliance.objects.filter(is_active=True).order_by("name", "pk"))
    wijken = _wijken_of([alliance.area_id for alliance in alliances])
    within = dict(
        Area.objects.filter(pk__in=[wijk.id for wijk in wijken]).values_list(
            "pk", "within"
        )
    )
    names = []
    for alliance in alliances:
        mine = [wijk for wijk in wijken if alliance.area_id in within[wijk.id]]
        names.append(
            AllianceName(
                id=alliance.pk,
                name=alliance.name,
                gemeenten=sorted({wijk.gemeente for wijk in mine}),
                wijken=[wijk.name for wijk in mine],
            )
        )
    return names


def list_alliances_of_areas(area_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Return id and name of the alliances whose area is among these (one query)."""
    if not area_ids:
        return []
    rows = fetch_rows(_ALLIANCES_OF_AREAS, {"areas": list(area_ids)})
    return [(pk, name) for pk, name in rows]


_ALLIANCES_OF_AREAS = """
SELECT id, name FROM directory_alliance
WHERE is_active AND area_id = ANY(%(areas)s::bigint[]) ORDER BY name
"""


def _wijken_of(region_ids: Sequence[int]) -> list[AllianceAreaName]:
    if not region_ids:
        return []
    rows = (
        Area.objects.filter(kind=AreaKind.WIJK, within__overlap=list(region_ids))
        .select_related("parent")
        .order_by("name", "code")
    )
    return [
        AllianceAreaName(
            id=row.pk,
            code=row.code,
            name=row.name,
            gemeente=row.parent.name if row.parent else "",
        )
        for row in rows
    ]
