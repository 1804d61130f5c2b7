"""The directory as files for a spreadsheet, and room taken back from one.

CSV as Dutch spreadsheets open it: UTF-8 with its mark, separated by ``;``. What each
column means is in ``docs/howto/files.md``. Contacts are those of the audiences asked
for; persons are in none of these files.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import InvalidValue, WijkspilError
from wijkspil.core.spreadsheets import guarded, unguarded
from wijkspil.directory.errors import InvalidCapacity
from wijkspil.directory.models import CapacityReport
from wijkspil.directory.room import derive_room
from wijkspil.directory.selectors.listing import (
    ListedOrganization,
    ListedService,
    list_covered_codes,
)
from wijkspil.directory.services.capacity import Capacity, report_capacity
from wijkspil.directory.services.duty_files import BadCell, printable
from wijkspil.directory.types import Audience, CapacitySource, ContactSystem

SERVICE_COLUMNS = (
    *("service_id", "service", "organization_id", "organization", "care"),
    *("specialty", "tasks", "languages", "insurers", "care_laws", "areas"),
    *("postcode", "lon", "lat"),
    *("phone_residents", "phone_referrers", "phone_professionals"),
    *("email", "website", "room", "reported_at", "room_age_hours", "is_fictional"),
)
ORGANIZATION_COLUMNS = (
    *("organization_id", "organization", "type", "agb_code", "ura", "kvk_number"),
    *("services", "is_fictional"),
)
#: What a capacity file that is sent in is read for; its other columns may be there.
TAKEN_COLUMNS = (
    *("service_id", "new_clients", "size_band", "parts_of_day", "tasks_excluded"),
    *("hours_per_week", "no_room_reason", "no_room_until"),
)
CAPACITY_COLUMNS = (
    *TAKEN_COLUMNS,
    *("service", "organization", "room", "reported_at", "valid_until"),
)
#: Largest capacity file that is taken at once.
MOST_BYTES = 1_000_000
MOST_ROWS = 2_000
#: Services of which the areas are read at a time.
_AT_ONCE = 1_000
_PHONES = (Audience.RESIDENT, Audience.REFERRER, Audience.PROFESSIONAL)


class RefusedCapacityFile(InvalidValue):
    """A file cannot be read, or lines of it not taken, so that nothing was stored."""

    code = "refused-capacity-file"

    def __init__(self, message: str, cells: Sequence[BadCell] = ()) -> None:
        super().__init__("\n".join([*map(str, cells[:20]), message]))
        self.cells = tuple(cells)


@dataclass(frozen=True)
class CapacityLine:
    """What a line of a file says of one service."""

    line: int
    service_id: int
    capacity: Capacity


# --- out


def service_rows(
    services: Iterable[ListedService], *, show_room: bool, at: datetime
) -> Iterator[Sequence[Any]]:
    """Yield the header and a row for each service (one query per thousand)."""
    yield SERVICE_COLUMNS
    for part in _in_parts(services):
        areas = list_covered_codes([service.id for service in part], at=at)
        for service in part:
            yield _service_row(
                service, areas.get(service.id, ()), show_room=show_room, at=at
            )


def organization_rows(
    organizations: Iterable[ListedOrganization],
) -> Iterator[Sequence[Any]]:
    """Yield the header and a row for each organization."""
    yield ORGANIZATION_COLUMNS
    for one in organizations:
        yield (
            one.id,
            guarded(one.name),
            one.type,
            guarded(one.agb_code),
            guarded(one.ura),
            guarded(one.kvk_number),
            len(one.services),
            _yes_no(one.is_fictional),
        )


def capacity_rows(
    services: Iterable[ListedService], *, at: datetime
) -> Iterator[Sequence[Any]]:
    """Yield the header and a row for each service: what is left of its last report.

    Only for who may see room.
    """
    yield CAPACITY_COLUMNS
    for service in services:
        report = service.room_report
        told: Sequence[Any] = ("", "", "", "", "", "", "")
        if report is not None:
            told = (
                report.new_clients,
                report.size_band,
                " ".join(report.parts_of_day),
                " ".join(report.tasks_excluded),
                "" if report.hours_per_week is None else report.hours_per_week,
                report.no_room_reason,
                report.no_room_until or "",
            )
        yield (
            service.id,
            *told,
            guarded(service.name),
            guarded(service.organization_name),
            derive_room(report, at=at).value,
            "" if report is None else _moment(report.reported_at),
            "" if report is None else _moment(report.valid_until),
        )


def _service_row(
    service: ListedService, areas: Sequence[str], *, show_room: bool, at: datetime
) -> Sequence[Any]:
    report = service.room_report if show_room else None
    return (
        service.id,
        guarded(service.name),
        service.organization_id,
        guarded(service.organization_name),
        service.care,
        guarded(service.specialty),
        " ".join(service.tasks),
        " ".join(service.languages),
        " ".join(service.insurers),
        " ".join(service.care_laws),
        " ".join(areas),
        service.postcode,
        "" if service.lon is None else service.lon,
        "" if service.lat is None else service.lat,
        *(_contacts(service, ContactSystem.PHONE, [one]) for one in _PHONES),
        _contacts(service, ContactSystem.EMAIL, _PHONES),
        _contacts(service, ContactSystem.WEB, _PHONES),
        derive_room(report, at=at).value if show_room else "",
        "" if report is None else _moment(report.reported_at),
        ""
        if report is None
        else round((at - report.reported_at).total_seconds() / 3600, 1),
        _yes_no(service.is_fictional),
    )


def _contacts(
    service: ListedService, system: ContactSystem, audiences: Sequence[Audience]
) -> str:
    found = dict.fromkeys(
        contact.value
        for contact in service.contacts
        if contact.system == system and contact.audience in audiences
    )
    return guarded(" ".join(found))


def _in_parts(services: Iterable[ListedService]) -> Iterator[list[ListedService]]:
    part: list[ListedService] = []
    for service in services:
        part.append(service)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _moment(moment: datetime) -> str:
    return localtime(moment).isoformat(timespec="minutes")


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


# --- in


def import_capacity(
    *, actor: Actor, content: bytes, at: datetime
) -> list[CapacityReport]:
    """Report the room of each service in a file, all or nothing.

    Raises
    ------
    RefusedCapacityFile
        If it cannot be read, or a line contradicts itself or is not the actor's to
        tell; names each value with its line.
    """
    lines, refused = read_capacity_file(content)
    made = []
    with transaction.atomic():
        for one in lines:
            try:
                with transaction.atomic():
                    made.append(
                        report_capacity(
                            actor=actor,
                            service_id=one.service_id,
                            capacity=one.capacity,
                            at=at,
                            source=CapacitySource.SYSTEM,
                        )
                    )
            except WijkspilError as error:
                column = (
                    error.field or "service_id"
                    if isinstance(error, InvalidCapacity)
                    else "service_id"
                )
                refused.append(
                    BadCell(_FILE, one.line, column, _value_of(one, column), str(error))
                )
        if refused:
            refused.sort(key=lambda cell: cell.line)
            raise RefusedCapacityFile(
                _("Nothing was stored. Correct these lines and send it again."), refused
            )
    return made


def read_capacity_file(content: bytes) -> tuple[list[CapacityLine], list[BadCell]]:
    """Return the lines of a capacity file, and what on others cannot be read.

    Raises
    ------
    RefusedCapacityFile
        If it is too large, no CSV in UTF-8, has no lines, or misses a column.
    """
    if len(content) > MOST_BYTES:
        raise RefusedCapacityFile(
            _("The file is larger than %(most)d kB. Send it in parts.")
            % {"most": MOST_BYTES // 1000}
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RefusedCapacityFile(
            _("The file is not UTF-8. Save it as “CSV UTF-8”.")
        ) from None
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(";,\t", key=head.count)
    reader = csv.DictReader(
        io.StringIO(text.replace("\0", ""), newline=""), delimiter=separator
    )
    try:
        known = {(name or "").strip().lower() for name in reader.fieldnames or ()}
        _check_columns(known)
        lines: list[CapacityLine] = []
        refused: list[BadCell] = []
        seen: dict[int, int] = {}
        for row in reader:
            cells = {
                (name or "").strip().lower(): unguarded((value or "").strip())
                for name, value in row.items()
                if name is not None and not isinstance(value, list)
            }
            if not any(cells.values()):
                continue
            if len(lines) + len(refused) >= MOST_ROWS:
                raise RefusedCapacityFile(
                    _("The file has more than %(most)d lines. Send it in parts.")
                    % {"most": MOST_ROWS}
                )
            one = _read_line(reader.line_num, cells, refused)
            if one is None:
                continue
            if one.service_id in seen:
                refused.append(
                    BadCell(
                        _FILE,
                        one.line,
                        "service_id",
                        cells["service_id"],
                        _("This service is on line %(line)d as well.")
                        % {"line": seen[one.service_id]},
                    )
                )
                continue
            seen[one.service_id] = one.line
            lines.append(one)
    except csv.Error as error:
        raise RefusedCapacityFile(
            _("Line %(line)d is not CSV (%(reason)s).")
            % {"line": reader.line_num, "reason": error}
        ) from None
    if not lines and not refused:
        raise RefusedCapacityFile(_("The file has a header and no lines."))
    return lines, refused


_FILE = "capacity"


def _check_columns(found: set[str]) -> None:
    missing = [name for name in TAKEN_COLUMNS[:2] if name not in found]
    if missing:
        raise RefusedCapacityFile(
            _("Line 1: the column %(missing)s is missing. Found: %(found)s.")
            % {
                "missing": ", ".join(missing),
                "found": printable(", ".join(sorted(found)), longest=200) or "-",
            }
        )
    unknown = sorted(found - set(CAPACITY_COLUMNS) - {""})
    if unknown:
        raise RefusedCapacityFile(
            _("Line 1: the column “%(column)s” is not known. Columns are: %(known)s.")
            % {"column": printable(unknown[0]), "known": ", ".join(CAPACITY_COLUMNS)}
        )


def _read_line(
    line: int, cells: Mapping[str, str], refused: list[BadCell]
) -> CapacityLine | None:
    def refuse(column: str, expected: str) -> None:
        refused.append(BadCell(_FILE, line, column, cells.get(column, ""), expected))

    before = len(refused)
    service_id, clients = cells.get("service_id", ""), cells.get("new_clients", "")
    if not (service_id.isascii() and service_id.isdecimal() and len(service_id) < 19):
        refuse("service_id", _("Give the number of a service."))
    if not (clients.isascii() and clients.isdecimal() and len(clients) < 6):
        refuse("new_clients", _("Give a whole number; 0 is full."))
    hours = until = None
    if cells.get("hours_per_week"):
        try:
            hours = Decimal(cells["hours_per_week"].replace(",", "."))
        except InvalidOperation:
            refuse("hours_per_week", _("Give a number, as in 12.5."))
    if cells.get("no_room_until"):
        try:
            until = date.fromisoformat(cells["no_room_until"])
        except ValueError:
            refuse("no_room_until", _("Give a day as 2026-11-30."))
    if len(refused) > before:
        return None
    return CapacityLine(
        line,
        int(service_id),
        Capacity(
            new_clients=int(clients),
            size_band=cells.get("size_band", ""),
            parts_of_day=tuple(cells.get("parts_of_day", "").split()),
            tasks_excluded=tuple(cells.get("tasks_excluded", "").split()),
            hours_per_week=hours,
            no_room_reason=cells.get("no_room_reason", ""),
            no_room_until=until,
        ),
    )


def _value_of(one: CapacityLine, column: str) -> str:
    if column == "service_id":
        return str(one.service_id)
    value = getattr(one.capacity, column, "")
    return " ".join(value) if isinstance(value, tuple) else str(value)
