"""Read references, registered numbers and periods of a resource that came in (pure)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from wijkspil.fhir.mapping.codes import AGB, KVK, SYNONYMS, URA, URA_OID
from wijkspil.fhir.types import Resource

#: Logical ids (http://hl7.org/fhir/R4/datatypes.html#id).
FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_LOCAL = re.compile(r"([A-Z][A-Za-z]{1,40})/([A-Za-z0-9\-.]{1,64})(?:/_history/.*)?")
_NUMBERS = {URA: "ura", URA_OID: "ura", KVK: "kvk_number", AGB: "agb_code"}


def id_of(reference: Mapping[str, Any], type_: str) -> str:
    """Return the logical id of a local reference to this type, or ""."""
    found = _LOCAL.fullmatch(str(reference.get("reference", "")))
    return found[2] if found and found[1] == type_ else ""


def split_reference(text: str) -> tuple[str, str] | None:
    """Return (type, id) of a local reference ``Type/id``, or None."""
    found = _LOCAL.fullmatch(text)
    return (found[1], found[2]) if found else None


def register_of(system: str) -> str:
    """Return the field of a registered number: ura, kvk_number, agb_code, or ""."""
    return _NUMBERS.get(SYNONYMS.get(system, system), "")


def numbers_of(identifiers: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the registered numbers among identifiers, by name of our field."""
    found: dict[str, str] = {}
    for identifier in identifiers:
        field = register_of(str(identifier.get("system", "")))
        if field and identifier.get("value"):
            found.setdefault(field, str(identifier["value"]))
    return found


def walk_references(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each (FHIRPath, Reference) with a literal reference, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield place, value
        for name, item in value.items():
            yield from walk_references(item, f"{place}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from walk_references(item, f"{place}[{number}]")


def replace_references(resource: Resource, change: Callable[[str], str]) -> Resource:
    """Return a copy in which each literal reference is what ``change`` makes of it."""
    changed: Resource = _replace(resource, change)
    return changed


def _replace(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {
            name: change(item)
            if name == "reference" and isinstance(item, str)
            else _replace(item, change)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_replace(item, change) for item in value]
    return value


def is_in_force(resource: Resource, *, at: datetime) -> bool:
    """Whether a resource is active and ``at`` lies in its period.

    A FHIR period has both ends in it; a date is the whole day, in UTC.
    """
    period = resource.get("period") or {}
    start, end = period.get("start"), period.get("end")
    return (
        resource.get("active") is True
        and (not start or _first_moment(start) <= at)
        and (not end or at < _first_moment_after(end))
    )


def _first_moment(text: str) -> datetime:
    if "T" in text:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    year, month, day = (*text.split("-"), "01", "01")[:3]
    first = date(int(year), int(month), int(day))
    return datetime(first.year, first.month, first.day, tzinfo=UTC)


def _first_moment_after(text: str) -> datetime:
    first = _first_moment(text)
    if "T" in text:
        return first + timedelta(seconds=1)
    if text.count("-") == 2:
        return first + timedelta(days=1)
    if text.count("-") == 1:
        return (first + timedelta(days=32)).replace(day=1)
    return first.replace(year=first.year + 1)
