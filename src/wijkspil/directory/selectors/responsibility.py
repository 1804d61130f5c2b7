"""Who is responsible at an address, at a moment, for a kind of care?

Answers with the neighborhood's first contact, the regular team, its back-ups, who
is on duty, who is next in line and the region's coordinator, and says which of them
to call now and why. It does not decide who takes a request.

One SQL statement reads everything (see ``_QUERY``): an address is an area whose
``within`` lists every area around it, so coverage is one index lookup. What is open
at the moment is worked out here, by the local clock and Dutch holidays.

This is what systems ask most. Hence the single JSON value (one thing to decode), each
table read once for all services together, and cards as named tuples: a frozen
dataclass takes four times as long to make.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from wijkspil.core.identifiers import clean_postcode
from wijkspil.core.prepared import fetch_row
from wijkspil.directory.errors import UnknownPostcode
from wijkspil.directory.opening_hours import (
    OpeningHours,
    dutch_holidays,
    next_opening,
)
from wijkspil.directory.room import RoomReport, derive_room
from wijkspil.directory.selectors.search_areas import get_example_postcode
from wijkspil.directory.types import (
    AreaKind,
    Care,
    CoverageRole,
    RegionPurpose,
    Room,
)


class Answer(StrEnum):
    """Which card is on top now, and why."""

    FIRST_CONTACT = "first-contact"
    TEAM = "team"
    ON_DUTY = "on-duty"
    BACK_UP = "back-up"
    REGION_FALLBACK = "region-fallback"
    COORDINATOR = "coordinator"
    NOBODY = "nobody"


class AreaName(NamedTuple):
    """An area as the answer names it."""

    id: int
    kind: str
    purpose: str
    code: str
    name: str


class Contact(NamedTuple):
    """A number or address, with the audience it is meant for."""

    audience: str
    purpose: str
    system: str
    value: str
    person_name: str
    area_id: int | None


class ServiceCard(NamedTuple):
    """A service with the part it plays at this address, open or not, room or not."""

    id: int
    name: str
    organization_id: int
    organization_name: str
    team_name: str
    care: str
    specialty: str
    role: str
    rank: int
    is_region_wide: bool
    is_open: bool
    opens_at: datetime | None
    opening_hours: OpeningHours
    lon: float | None
    lat: float | None
    contacts: Sequence[Contact]
    room: Room
    room_report: RoomReport | None
    is_fictional: bool

    def phone(self) -> str:
        """Return the first phone number shown, or an empty text."""
        return next((c.value for c in self.contacts if c.system == "phone"), "")


@dataclass(frozen=True)
class DutyCard:
    """A service on duty; person and phone only for who may see them."""

    id: int
    service: ServiceCard
    rank: int
    is_region_wide: bool
    until: datetime
    person_name: str
    phone: str


@dataclass(frozen=True)
class Place:
    """An address as far as it is known: PC6, else the PC4 around it."""

    postcode: str
    asked: str
    precision: str
    lon: float | None
    lat: float | None
    areas: Sequence[AreaName]
    other_wijken: Sequence[AreaName]
    buurt_is_estimate: bool

    def area(self, kind: str, purpose: str = "") -> AreaName | None:
        """Return the area of a kind (and purpose) around this address."""
        return next(
            (a for a in self.areas if a.kind == kind and a.purpose == purpose), None
        )


@dataclass(frozen=True)
class Responsibility:
    """The answer for one kind of care."""

    care: str
    answer: Answer
    first_contact: ServiceCard | None
    team: ServiceCard | None
    others: Sequence[ServiceCard]
    back_ups: Sequence[ServiceCard]
    on_duty: DutyCard | None
    next_in_line: DutyCard | ServiceCard | None
    coordinator: ServiceCard | None
    now: DutyCard | ServiceCard | None

    def why(self) -> str:
        """Say in one sentence why this card is on top."""
        return _WHY[self.answer]()


@dataclass(frozen=True)
class WhoHelps:
    """Everything known about one address at one moment."""

    place: Place
    at: datetime
    by_care: dict[str, Responsibility] = field(default_factory=dict)


_WHY = {
    Answer.FIRST_CONTACT: lambda: _("This is the fixed contact here, open now."),
    Answer.TEAM: lambda: _("This is the regular team here, open now."),
    Answer.ON_DUTY: lambda: _("The regular team is closed now. This team is on duty."),
    Answer.BACK_UP: lambda: _("The regular team is closed now. This is its back-up."),
    Answer.REGION_FALLBACK: lambda: _(
        "Nobody of this neighborhood is open now. This team helps the whole region."
    ),
    Answer.COORDINATOR: lambda: _(
        "No team is open here now. The coordinator of the region finds help."
    ),
    Answer.NOBODY: lambda: _("Nobody is known to be reachable here at this moment."),
}

#: On one line: psycopg keeps what it read of a statement up to 4,096 characters.
_QUERY = re.sub(
    r"\s+",
    " ",
    """
WITH place AS MATERIALIZED (
    SELECT id, kind, code, lon, lat, within, within_is_estimate
      FROM directory_area
     WHERE code IN (%(pc6)s, %(pc4)s) AND kind IN ('pc6', 'pc4')
     ORDER BY kind DESC, year DESC
     LIMIT 1
), covered AS (
    SELECT c.service_id, c.care, c.role, c.rank, c.area_id
      FROM place
      JOIN directory_coverage c ON c.area_id = ANY (place.within)
     WHERE c.care = ANY (string_to_array(%(cares)s, ','))
       AND c.valid_from <= %(at)s
       AND (c.valid_until IS NULL OR c.valid_until > %(at)s)
), on_duty AS (
    SELECT d.id, d.service_id, d.care, d.rank, d.valid_until, d.person_name, d.phone,
           d.area_id
      FROM place
      JOIN directory_dutyperiod d ON d.area_id = ANY (place.within)
     WHERE d.care = ANY (string_to_array(%(cares)s, ','))
       AND d.valid_from <= %(at)s AND d.valid_until > %(at)s
), known AS MATERIALIZED (
    SELECT place.*,
           ARRAY(SELECT service_id FROM covered
                 UNION SELECT service_id FROM on_duty) AS service_ids
      FROM place
)
SELECT json_build_array(
       known.kind, known.code, known.lon, known.lat, known.within_is_estimate,
       (SELECT json_agg(json_build_array(a.id, a.kind, a.purpose, a.code, a.name))
          FROM directory_area a WHERE a.id = ANY (known.within)),
       (SELECT json_agg(json_build_array(w.id, w.kind, w.purpose, w.code, w.name)
                        ORDER BY x.share_of_part DESC)
          FROM directory_areaoverlap x JOIN directory_area w ON w.id = x.whole_id
         WHERE known.kind = 'pc4' AND x.part_id = known.id
           AND w.kind = 'wijk' AND NOT w.id = ANY (known.within)),
       (SELECT json_agg(json_build_array(
                   c.service_id, c.care, c.role, c.rank, c.area_id))
          FROM covered c),
       (SELECT json_agg(json_build_array(
                   d.id, d.service_id, d.care, d.rank, d.valid_until, d.person_name,
                   d.phone, d.area_id))
          FROM on_duty d),
       (SELECT json_agg(json_build_array(
                   s.id, s.name, s.organization_id, o.name, s.specialty,
                   s.opening_hours::text, s.is_open_on_holidays, s.lon, s.lat,
                   s.is_fictional))
          FROM directory_healthcareservice s
          JOIN directory_organization o ON o.id = s.organization_id
         WHERE s.id = ANY (known.service_ids) AND s.is_active AND o.is_active),
       (SELECT json_agg(json_build_array(t.id, t.service_id, t.name))
          FROM directory_careteam t WHERE t.service_id = ANY (known.service_ids)),
       (SELECT json_agg(json_build_array(
                   p.id, p.service_id, p.audience, p.purpose, p.system, p.value,
                   p.person_name, p.area_id))
          FROM directory_contactpoint p
         WHERE p.service_id = ANY (known.service_ids)
           AND p.audience = ANY (string_to_array(%(audiences)s, ','))
           AND p.valid_from <= %(at)s
           AND (p.valid_until IS NULL OR p.valid_until > %(at)s)
           AND (p.area_id IS NULL OR p.area_id = ANY (known.within))),
       CASE WHEN %(with_room)s THEN (
           SELECT json_agg(json_build_array(s.id, (
                   SELECT json_build_array(
                              r.new_clients, r.size_band, r.parts_of_day,
                              r.tasks_excluded, r.hours_per_week, r.no_room_reason,
                              r.no_room_until, r.reported_at, r.valid_until,
                              r.reporter_label,
                              (SELECT json_build_array(
                                          sum(x.clients), sum(x.hours_per_week))
                                 FROM directory_capacityreservation x
                                WHERE x.service_id = s.id AND x.released_at IS NULL
                                  AND x.reserved_at >= r.reported_at
                                  AND x.reserved_at <= %(at)s))
                     FROM directory_capacityreport r
                    WHERE r.service_id = s.id AND r.reported_at <= %(at)s
                    ORDER BY r.reported_at DESC, r.id DESC LIMIT 1)))
             FROM unnest(known.service_ids) AS s (id)) END
       )
  FROM known
""",
)

_ROLE_ORDER: dict[str, int] = {
    CoverageRole.FIRST_CONTACT: 0,
    CoverageRole.REGULAR: 1,
    CoverageRole.BACK_UP: 2,
}


@lru_cache(maxsize=64)
def _holidays_around(year: int) -> frozenset[date]:
    return dutch_holidays((year, year + 1))


def get_who_helps(
    *,
    postcode: str,
    at: datetime,
    cares: Iterable[str],
    audiences: Sequence[str],
    show_room: bool,
    show_duty_person: bool,
) -> WhoHelps:
    """Return who is responsible at a postcode, per kind of care (one query).

    ``postcode`` is PC4 or PC6; an unknown PC6 falls back to its PC4, and
    ``place.precision`` says so. Only contacts for ``audiences`` are read; room and
    the person on duty only when asked, so what a visitor may not see is not fetched.

    Raises
    ------
    InvalidValue
        If the postcode has another form.
    UnknownPostcode
        If neither the PC6 nor its PC4 is known.
    """
    asked = clean_postcode(postcode)
    wanted = list(cares)
    row = fetch_row(
        _QUERY,
        {
            "pc6": asked,
            "pc4": asked[:4],
            # Both are lists of our own codes; a text is bound faster than an array.
            "cares": ",".join((*wanted, Care.COORDINATION.value)),
            "at": at,
            "audiences": ",".join(audiences),
            "with_room": show_room,
        },
    )
    if row is None:
        raise unknown_postcode(asked)
    kind, code, lon, lat, is_estimate, areas, others, covered, duties, *about = row[0]
    place = Place(
        postcode=code,
        asked=asked,
        precision=kind,
        lon=lon,
        lat=lat,
        areas=[AreaName._make(area) for area in areas or ()],
        other_wijken=[AreaName._make(area) for area in others or ()],
        buurt_is_estimate=is_estimate,
    )
    #: Areas of which a service is called region-wide, and comes after the local ones.
    wide = {
        area.id
        for area in place.areas
        if area.kind == AreaKind.REGION and area.purpose != RegionPurpose.ALLIANCE
    }
    details = _details(*about, at=at)
    cards = [
        _service_card(detail, care, role, rank, area_id in wide)
        for service_id, care, role, rank, area_id in covered or ()
        if (detail := details.get(service_id))
    ]
    duty_cards = [
        _duty_card(duty, detail, duty[7] in wide, show_duty_person)
        for duty in duties or ()
        if (detail := details.get(duty[1]))
    ]
    return WhoHelps(
        place=place,
        at=at,
        by_care={care: _weigh(care, cards, duty_cards, place) for care in wanted},
    )


class _Detail(NamedTuple):
    """What a service is at the moment asked for, whatever part it plays."""

    id: int
    name: str
    organization_id: int
    organization_name: str
    team_name: str
    specialty: str
    is_open: bool
    opens_at: datetime | None
    opening_hours: OpeningHours
    lon: float | None
    lat: float | None
    contacts: Sequence[Contact]
    room: Room
    room_report: RoomReport | None
    is_fictional: bool


def _details(
    services: Sequence[Sequence[Any]] | None,
    teams: Sequence[Sequence[Any]] | None,
    contacts: Sequence[Sequence[Any]] | None,
    reports: Sequence[Sequence[Any]] | None,
    *,
    at: datetime,
) -> Mapping[int, _Detail]:
    """Return every service by id; each row of ``_QUERY`` begins with its own id."""
    team_names: dict[int, str] = {}
    for _team_id, service_id, team_name in sorted(teams or (), key=_BY_ID):
        team_names.setdefault(service_id, team_name)
    contacts_of: dict[int, list[Contact]] = {}
    for _contact_id, service_id, *contact in sorted(contacts or (), key=_BY_ID):
        contacts_of.setdefault(service_id, []).append(Contact._make(contact))
    report_of = {
        service_id: _room_report(raw) for service_id, raw in reports or () if raw
    }
    holidays = _holidays_around(at.year)
    # Many services keep the same hours.
    openings: dict[tuple[str, bool], datetime | None] = {}
    details = {}
    for (
        service_id,
        name,
        organization_id,
        organization_name,
        specialty,
        hours_text,
        open_on_holidays,
        lon,
        lat,
        is_fictional,
    ) in services or ():
        hours = _read_hours(hours_text)
        key = (hours_text, open_on_holidays)
        if key not in openings:
            openings[key] = next_opening(hours, open_on_holidays, at, holidays=holidays)
        opens_at = openings[key]
        is_open = opens_at == at
        report = report_of.get(service_id)
        details[service_id] = _Detail(
            service_id,
            name,
            organization_id,
            organization_name,
            team_names.get(service_id, ""),
            specialty,
            is_open,
            None if is_open else opens_at,
            hours,
            lon,
            lat,
            contacts_of.get(service_id, []),
            derive_room(report, at=at),
            report,
            is_fictional,
        )
    return details


_BY_ID = itemgetter(0)


@lru_cache(maxsize=4096)
def _read_hours(text: str) -> OpeningHours:
    """Return opening hours from JSON; shared, so never changed."""
    hours: OpeningHours = json.loads(text)
    return hours


def _service_card(
    detail: _Detail, care: str, role: str, rank: int, region_wide: bool
) -> ServiceCard:
    return ServiceCard(
        id=detail.id,
        name=detail.name,
        organization_id=detail.organization_id,
        organization_name=detail.organization_name,
        team_name=detail.team_name,
        care=care,
        specialty=detail.specialty,
        role=role,
        rank=rank,
        is_region_wide=region_wide,
        is_open=detail.is_open,
        opens_at=detail.opens_at,
        opening_hours=detail.opening_hours,
        lon=detail.lon,
        lat=detail.lat,
        contacts=detail.contacts,
        room=detail.room,
        room_report=detail.room_report,
        is_fictional=detail.is_fictional,
    )


def _room_report(raw: Sequence[Any]) -> RoomReport:
    """Return what is left of a report after the reservations since."""
    reserved_clients, reserved_hours_per_week = raw[10]
    return RoomReport(
        new_clients=raw[0],
        size_band=raw[1],
        parts_of_day=raw[2],
        tasks_excluded=raw[3],
        hours_per_week=raw[4],
        no_room_reason=raw[5],
        no_room_until=date.fromisoformat(raw[6]) if raw[6] else None,
        reported_at=datetime.fromisoformat(raw[7]),
        valid_until=datetime.fromisoformat(raw[8]),
        reporter_label=raw[9],
    ).less(clients=reserved_clients or 0, hours_per_week=reserved_hours_per_week or 0.0)


def _duty_card(
    duty: Sequence[Any], detail: _Detail, region_wide: bool, show_person: bool
) -> DutyCard:
    duty_id, _service_id, care, rank, until, person_name, phone, _area_id = duty
    return DutyCard(
        id=duty_id,
        service=_service_card(detail, care, CoverageRole.REGULAR, rank, region_wide),
        rank=rank,
        is_region_wide=region_wide,
        until=datetime.fromisoformat(until),
        person_name=person_name if show_person else "",
        phone=phone if show_person else "",
    )


def _weigh(
    care: str,
    cards: Sequence[ServiceCard],
    duties: Sequence[DutyCard],
    place: Place,
) -> Responsibility:
    """Order the cards of one kind of care and choose the one on top."""
    mine = sorted(
        (card for card in cards if card.care == care),
        key=lambda card: (
            card.is_region_wide,
            _ROLE_ORDER[card.role],
            card.rank,
            _squared_distance(card, place),
            card.id,
        ),
    )
    coordinator = next((c for c in cards if c.care == Care.COORDINATION), None)
    my_duties = sorted(
        (duty for duty in duties if duty.service.care == care),
        key=lambda duty: (duty.is_region_wide, duty.rank, duty.id),
    )
    local = [card for card in mine if not card.is_region_wide]
    first_contact = _first(local, CoverageRole.FIRST_CONTACT)
    regular = [card for card in local if card.role == CoverageRole.REGULAR]
    back_ups = [card for card in mine if card.role == CoverageRole.BACK_UP]
    local_duties = [duty for duty in my_duties if not duty.is_region_wide]
    region_wide: list[DutyCard | ServiceCard] = [
        *(duty for duty in my_duties if duty.is_region_wide),
        *(card for card in mine if card.is_region_wide and card.is_open),
    ]
    #: Everyone reachable now, in the order in which to call them.
    line: list[tuple[Answer, DutyCard | ServiceCard]] = [
        *((Answer.TEAM, card) for card in regular if card.is_open),
        *(
            (Answer.FIRST_CONTACT, card)
            for card in local
            if card.role == CoverageRole.FIRST_CONTACT and card.is_open
        ),
        *((Answer.ON_DUTY, duty) for duty in local_duties),
        *(
            (Answer.BACK_UP, card)
            for card in back_ups
            if card.is_open and not card.is_region_wide
        ),
        *((Answer.REGION_FALLBACK, card) for card in region_wide),
    ]
    if coordinator is not None and coordinator.is_open:
        line.append((Answer.COORDINATOR, coordinator))
    answer, now = line[0] if line else (Answer.NOBODY, None)
    return Responsibility(
        care=care,
        answer=answer,
        first_contact=first_contact,
        team=regular[0] if regular else None,
        others=regular[1:],
        back_ups=back_ups,
        on_duty=my_duties[0] if my_duties else None,
        next_in_line=_next_in_line(line),
        coordinator=coordinator,
        now=now,
    )


def _first(cards: Sequence[ServiceCard], role: str) -> ServiceCard | None:
    return next((card for card in cards if card.role == role), None)


def _next_in_line(
    line: Sequence[tuple[Answer, DutyCard | ServiceCard]],
) -> DutyCard | ServiceCard | None:
    """Return who to call when the top card does not answer.

    That is another service, or the next person of the same service on duty.
    """
    if not line:
        return None
    top = line[0][1]
    top_service = top.service.id if isinstance(top, DutyCard) else top.id
    for _answer, card in line[1:]:
        if isinstance(card, DutyCard) or card.id != top_service:
            return card
    return None


def _squared_distance(card: ServiceCard, place: Place) -> float:
    if card.lon is None or card.lat is None:
        return 0.0
    if place.lon is None or place.lat is None:
        return 0.0
    # 0.61 = cos(52.2 degrees): a degree of longitude is that much shorter here.
    return (0.61 * (card.lon - place.lon)) ** 2 + (card.lat - place.lat) ** 2


def unknown_postcode(asked: str) -> UnknownPostcode:
    """Return the error for a postcode that is not known, with one that is."""
    example = get_example_postcode()
    words = (
        _("Postcode %(postcode)s is not known here. Try for example %(example)s.")
        if example
        else _("Postcode %(postcode)s is not known here. Check the digits.")
    )
    return UnknownPostcode(
        words % {"postcode": asked, "example": f"{example[:4]} {example[4:]}".strip()},
        field="postcode",
    )
