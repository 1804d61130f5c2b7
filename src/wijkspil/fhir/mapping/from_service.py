"""From a HealthcareService that came in to what the directory keeps of one (pure).

What FHIR itself has an element for (comment, times, languages, specialty) is as it
was sent: left out is empty. What only our own code systems and extensions can say
(tasks, care laws, insurers, holidays, room) stays as it is when it is left out: a
system that does not know of them takes nothing away.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from wijkspil.directory.services.capacity import Capacity
from wijkspil.directory.services.organizations import ServiceDetails
from wijkspil.directory.types import WEEKDAYS, CareLaw, CareTask, NoRoomReason
from wijkspil.fhir.mapping.codes import (
    CAPACITY,
    CARE_LAW,
    CARE_TASK,
    CONTACT_AUDIENCE,
    COVERAGE,
    LANGUAGE,
    OPEN_ON_HOLIDAYS,
    SYNONYMS,
    UZOVI,
)
from wijkspil.fhir.types import Resource

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.[0-9]+)?")
_LANGUAGE = re.compile(r"[a-z]{2}")
_UZOVI = re.compile(r"[0-9]{4}")
_END_OF_DAY = "24:00"


def from_service(
    resource: Resource, known: ServiceDetails | None = None
) -> ServiceDetails:
    """Return the details of a service; ``known`` is what the directory has of it."""
    known = known or ServiceDetails(name="")
    holidays = _find_extension(resource, OPEN_ON_HOLIDAYS)
    return ServiceDetails(
        name=str(resource.get("name", "")),
        description=str(resource.get("comment") or ""),
        specialty=_to_specialty(resource),
        languages=[
            code
            for code in _codes(resource.get("communication"), LANGUAGE)
            if _LANGUAGE.fullmatch(code)
        ],
        opening_hours=_to_hours(resource.get("availableTime") or ()),
        tasks=_either(
            _codes(resource.get("characteristic"), CARE_TASK), CareTask, known.tasks
        ),
        care_laws=_either(
            _codes(resource.get("program"), CARE_LAW), CareLaw, known.care_laws
        ),
        insurers=_find_insurers(resource) or known.insurers,
        is_open_on_holidays=known.is_open_on_holidays
        if holidays is None
        else holidays.get("valueBoolean") is True,
        postcode=known.postcode,
    )


def drop_translated(kept: Resource) -> Resource:
    """Return what was kept of a service without what now lies in our own fields.

    Room, coverage and contacts of ours that were read and sent back are left out as
    well: they are not fed, so an old copy must not outlive a change on our pages.
    """
    made = dict(kept)
    for name in ("comment", "_comment"):
        made.pop(name, None)
    if all(_to_line(line) is not None for line in kept.get("availableTime") or ()):
        made.pop("availableTime", None)
    for name, is_ours in (
        ("characteristic", lambda item: _is_coded(item, CARE_TASK, CareTask)),
        ("program", lambda item: _is_coded(item, CARE_LAW, CareLaw)),
        ("communication", _is_language),
        ("eligibility", lambda item: _insurer_of(item) != ""),
        ("extension", lambda item: item.get("url") in {CAPACITY, OPEN_ON_HOLIDAYS}),
        ("coverageArea", lambda item: _has_extension(item, COVERAGE)),
        ("telecom", lambda item: _has_extension(item, CONTACT_AUDIENCE)),
    ):
        if name in made:
            made[name] = [item for item in made[name] if not is_ours(item)]
            if not made[name]:
                del made[name]
    return made


def _find_extension(holder: Mapping[str, Any], url: str) -> Mapping[str, Any] | None:
    return next(
        (item for item in holder.get("extension") or () if item.get("url") == url), None
    )


def _has_extension(holder: Mapping[str, Any], url: str) -> bool:
    return _find_extension(holder, url) is not None


def _codes(concepts: Iterable[Mapping[str, Any]] | None, system: str) -> list[str]:
    return [
        str(coding["code"])
        for concept in concepts or ()
        for coding in concept.get("coding") or ()
        if coding.get("system") == system and coding.get("code")
    ]


def _either(sent: list[str], words: Any, known: Any) -> Any:
    return [code for code in sent if code in words] or known


def _is_coded(concept: Mapping[str, Any], system: str, words: Any) -> bool:
    return any(code in words for code in _codes([concept], system))


def _is_language(concept: Mapping[str, Any]) -> bool:
    return any(_LANGUAGE.fullmatch(code) for code in _codes([concept], LANGUAGE))


def _insurer_of(eligibility: Mapping[str, Any]) -> str:
    for coding in (eligibility.get("code") or {}).get("coding") or ():
        system = str(coding.get("system", ""))
        code = str(coding.get("code", ""))
        if SYNONYMS.get(system, system) == UZOVI and _UZOVI.fullmatch(code):
            return code
    return ""


def _find_insurers(resource: Resource) -> list[str]:
    found = [_insurer_of(item) for item in resource.get("eligibility") or ()]
    return [code for code in found if code]


def _to_specialty(resource: Resource) -> str:
    for concept in resource.get("specialty") or ():
        texts = [
            concept.get("text"),
            *(coding.get("display") for coding in concept.get("coding") or ()),
        ]
        text = next((text for text in texts if text), "")
        if text and len(text) <= 60:
            return str(text)
    return ""


def _to_hours(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [made for line in lines if (made := _to_line(line)) is not None]


def _to_line(line: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a line of our opening hours, or None if ours cannot say it."""
    if set(line) - {"daysOfWeek", "allDay", "availableStartTime", "availableEndTime"}:
        return None
    days = [day for day in WEEKDAYS if day in (line.get("daysOfWeek") or ())]
    if not days:
        return None
    if line.get("allDay") is True:
        return {"days": days, "from": "00:00", "until": _END_OF_DAY}
    start = _TIME.fullmatch(str(line.get("availableStartTime", "")))
    end = _TIME.fullmatch(str(line.get("availableEndTime", "")))
    if not start or not end:
        return None
    opens = f"{start[1]}:{start[2]}"
    closes = f"{end[1]}:{end[2]}"
    if closes == "23:59":
        closes = _END_OF_DAY
    elif end[3] != "00":
        return None
    if start[3] != "00" or opens >= closes:
        return None
    return {"days": days, "from": opens, "until": closes}


# --- room


@dataclass(frozen=True)
class TheirRoom:
    """Room as it was sent: what the directory takes, and when it was so."""

    capacity: Capacity
    updated: datetime | None


class UnclearRoom(ValueError):
    """The extension of room cannot be read; the message is where."""


def from_capacity(
    resource: Resource, own: Mapping[str, Any] | None
) -> TheirRoom | None:
    """Return the room that a service was sent with, or None if it says nothing new.

    ``own`` is the extension as the directory shows it now: what is left out (largest
    care, parts of the day) stays as it was. The same figures are news only if they
    are said to be of a later moment.

    Raises
    ------
    UnclearRoom
        If a part is missing or is not what it should be.
    """
    sent = _find_extension(resource, CAPACITY)
    if sent is None:
        return None
    told, held = _parts(sent), _parts(own or {})
    room = _read_room(told, held)
    if own is not None:
        known = _read_room(held, held)
        is_later = room.updated is not None and (
            known.updated is None or room.updated > known.updated
        )
        if room.capacity == known.capacity and not is_later:
            return None
    return room


def find_capacity(resource: Resource) -> Mapping[str, Any] | None:
    """Return the extension that says how much room a service has, if it has one."""
    return _find_extension(resource, CAPACITY)


def _parts(extension: Mapping[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for part in extension.get("extension") or ():
        value = next((v for n, v in part.items() if n.startswith("value")), None)
        if value is not None:
            found.setdefault(str(part.get("url", "")), []).append(value)
    return found


def _read_room(told: dict[str, list[Any]], held: dict[str, list[Any]]) -> TheirRoom:
    status = told.get("status", [None])[0]
    number = told.get("number", [0 if status == "no-capacity" else None])[0]
    if not isinstance(number, int) or isinstance(number, bool):
        raise UnclearRoom("number")
    if status not in {None, "capacity", "no-capacity"}:
        raise UnclearRoom("status")
    if status == "no-capacity":
        number = 0
    excluded = told.get("task-excluded")
    try:
        hours = told.get("hours-per-week")
        hours_per_week = Decimal(str(hours[0]["value"])) if hours else None
        until = told.get("no-room-until")
        no_room_until = date.fromisoformat(until[0]) if until else None
        updated = told.get("updated")
        moment = datetime.fromisoformat(updated[0]) if updated else None
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise UnclearRoom("hours-per-week, no-room-until, updated") from error
    if number == 0:
        capacity = Capacity(
            new_clients=0,
            tasks_excluded=tuple(sorted(excluded or ())),
            hours_per_week=hours_per_week,
            no_room_reason=told.get("no-room-reason", [NoRoomReason.FULL.value])[0],
            no_room_until=no_room_until,
        )
    else:
        capacity = Capacity(
            new_clients=number,
            size_band=(told.get("size-band") or held.get("size-band") or [""])[0],
            parts_of_day=tuple(
                sorted(told.get("part-of-day") or held.get("part-of-day") or ())
            ),
            tasks_excluded=tuple(sorted(excluded or ())),
            hours_per_week=hours_per_week,
            no_room_reason=told.get("no-room-reason", [""])[0],
            no_room_until=no_room_until,
        )
    return TheirRoom(capacity, moment)
