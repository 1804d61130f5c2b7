"""The rows that are invented, before they have ids.

``organization`` and ``service`` are places in the lists of ``Invention``; ``area`` is
a pair of a level ("wijk", "gemeente", "pc4", "region", "alliance") and a place in
the ground. So an invention can be compared and hashed without any database.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

AreaPlace = tuple[str, int]


class OrganizationRow(NamedTuple):
    """A fictional organization."""

    name: str
    type: str
    agb_code: str
    ura: str
    kvk_number: str


class ServiceRow(NamedTuple):
    """A service of an organization."""

    organization: int
    care: str
    name: str
    description: str
    specialty: str
    tasks: list[str]
    languages: list[str]
    insurers: list[str]
    care_laws: list[str]
    opening_hours: str  # JSON
    is_open_on_holidays: bool
    postcode: str
    lon: float | None
    lat: float | None


class TeamRow(NamedTuple):
    """The team behind a service; composition is JSON."""

    service: int
    name: str
    composition: str


class ContactRow(NamedTuple):
    """A number or address of a service."""

    service: int
    area: AreaPlace | None
    audience: str
    purpose: str
    system: str
    value: str
    person_name: str


class CoverageRow(NamedTuple):
    """The part a service plays in an area."""

    service: int
    area: AreaPlace
    care: str
    role: str
    rank: int


class DutyRow(NamedTuple):
    """Somebody on duty."""

    service: int
    area: AreaPlace
    care: str
    rank: int
    person_name: str
    phone: str
    valid_from: datetime
    valid_until: datetime


class CapacityRow(NamedTuple):
    """What a team said of its room."""

    service: int
    new_clients: int
    size_band: str
    parts_of_day: list[str]
    tasks_excluded: list[str]
    hours_per_week: float | None
    no_room_reason: str
    no_room_until: date | None
    reported_at: datetime
    valid_until: datetime
    reporter_label: str


class AllianceRow(NamedTuple):
    """A neighbourhood alliance with the wijken it is for.

    ``known`` is its place in ``Ground.alliances``, if its region is there already.
    """

    name: str
    wijken: list[int]
    known: int | None
    complex_care_name: str
    complex_care_phone: str


class AllianceMemberRow(NamedTuple):
    """A service in an alliance."""

    alliance: int
    service: int
    role: str


@dataclass(frozen=True)
class Invention:
    """Everything that was invented for a ground."""

    valid_from: datetime
    organizations: list[OrganizationRow] = field(default_factory=list)
    services: list[ServiceRow] = field(default_factory=list)
    teams: list[TeamRow] = field(default_factory=list)
    contacts: list[ContactRow] = field(default_factory=list)
    coverages: list[CoverageRow] = field(default_factory=list)
    duties: list[DutyRow] = field(default_factory=list)
    capacity_reports: list[CapacityRow] = field(default_factory=list)
    alliances: list[AllianceRow] = field(default_factory=list)
    alliance_members: list[AllianceMemberRow] = field(default_factory=list)

    def tables(self) -> dict[str, list[Any]]:
        """Return the lists by name, in the order they are stored."""
        return {
            name: value for name, value in vars(self).items() if isinstance(value, list)
        }
