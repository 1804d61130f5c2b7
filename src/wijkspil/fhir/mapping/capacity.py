"""Capacity: room of a service as an extension, for the Dutch guide has no element.

Modelled on supported-capacity of the French ROR (number, unit, part of the day, moment)
and capacityStatus of FHIR SDOH Clinical Care. The number is what the team reported
less what requests reserved since, never below nought. A reader derives "unknown" from
``valid-until``: a resource knows no clock.
"""

from collections.abc import Mapping
from typing import Any

from wijkspil.fhir.mapping.codes import CAPACITY, UCUM
from wijkspil.fhir.mapping.datatypes import to_instant
from wijkspil.fhir.types import Resource

#: Of the number: people who can start.
UNIT = "clients"


def to_capacity(report: Mapping[str, Any]) -> Resource:
    """Return the extension for the newest report with the reservations since."""
    left = max(0, report["new_clients"] - int(report.get("reserved_clients") or 0))
    hours = report.get("hours_per_week")
    reserved_hours = float(report.get("reserved_hours_per_week") or 0)
    if hours is not None:
        hours = max(0.0, round(float(hours) - reserved_hours, 2))
    # As directory.room: no hours counts as full only once reservations took them.
    has_room = left > 0 and not (reserved_hours > 0 and hours == 0)
    parts: list[Resource] = [
        {"url": "status", "valueCode": "capacity" if has_room else "no-capacity"},
        {"url": "number", "valueUnsignedInt": left},
        {"url": "unit", "valueCode": UNIT},
    ]
    parts += [
        {"url": "part-of-day", "valueCode": part}
        for part in report.get("parts_of_day") or ()
    ]
    if report.get("size_band"):
        parts.append({"url": "size-band", "valueCode": report["size_band"]})
    if hours is not None:
        parts.append(
            {
                "url": "hours-per-week",
                "valueQuantity": {
                    "value": hours,
                    "unit": "h/week",
                    "system": UCUM,
                    "code": "h/wk",
                },
            }
        )
    parts += [
        {"url": "task-excluded", "valueCode": task}
        for task in report.get("tasks_excluded") or ()
    ]
    if report.get("no_room_reason"):
        parts.append({"url": "no-room-reason", "valueCode": report["no_room_reason"]})
    if report.get("no_room_until"):
        parts.append({"url": "no-room-until", "valueDate": report["no_room_until"]})
    parts += [
        {"url": "updated", "valueInstant": to_instant(report["reported_at"])},
        {"url": "valid-until", "valueInstant": to_instant(report["valid_until"])},
    ]
    return {"url": CAPACITY, "extension": parts}
