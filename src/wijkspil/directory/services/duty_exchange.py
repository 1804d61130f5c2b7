"""Take a roster in, or repeat a week of it: first see what would happen.

A plan says of every duty whether it is new, the same, changed, past or refused, and
why. Applying makes the plan anew under a lock, and enters all or nothing. Sending the
same roster again does nothing: a duty is known again by its UID, or by service, area,
care, order and period.
"""

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import InvalidValue, NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import AlreadyChanged, InvalidEntry, OverlapsAnother
from wijkspil.directory.models import Area, DutyPeriod, HealthcareService
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.permissions import can_edit_duty
from wijkspil.directory.selectors.duty import stable_uid
from wijkspil.directory.selectors.targets_of_entries import get_service_edit_target
from wijkspil.directory.services.duty import (
    Duty,
    as_row,
    check_area,
    check_duty,
    record_duties,
    starting_at_the_earliest,
)
from wijkspil.directory.services.duty_files import (
    BadCell,
    FileDuty,
    ReadFile,
    read_duty_file,
)
from wijkspil.directory.services.editing import recorded
from wijkspil.directory.types import Care
from wijkspil.directory.wording import say_period

#: A week is repeated at most this far.
MOST_WEEKS = 26
#: Refusals that stand in the message of a refused roster; the rest is counted.
PRINTED = 20

_WEEK = timedelta(days=7)
#: Field of a duty -> column of the file it came from.
_COLUMN = {
    "area": "area_code",
    "area_id": "area_code",
    "valid_from": "start",
    "valid_until": "end",
}


class PlanKind(StrEnum):
    """What would happen with a duty of the roster."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    PAST = "past"
    REFUSED = "refused"


class _Wanted(NamedTuple):
    """A duty that somebody wants to be there, with the line it came from."""

    line: int
    service_id: int
    duty: Duty
    uid: str


@dataclass(frozen=True)
class PlannedDuty:
    """One line of the roster and what would happen; ``reasons`` when refused."""

    line: int
    kind: PlanKind
    service_id: int | None = None
    duty: Duty | None = None
    uid: str = ""
    replaces_id: int | None = None
    reasons: tuple[BadCell, ...] = ()


@dataclass(frozen=True)
class DutyPlan:
    """What would happen with a roster, line by line."""

    name: str
    lines: tuple[PlannedDuty, ...]

    def count(self, kind: PlanKind | str) -> int:
        """Return how many lines are of a kind."""
        return Counter(line.kind for line in self.lines)[PlanKind(kind)]

    @property
    def refused(self) -> tuple[PlannedDuty, ...]:
        """The lines that cannot be taken."""
        return tuple(x for x in self.lines if x.kind is PlanKind.REFUSED)

    @property
    def signature(self) -> str:
        """A text that is the same as long as the same would happen."""
        text = ";".join(
            f"{line.line},{line.kind},{line.replaces_id}" for line in self.lines
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class RefusedRoster(InvalidValue):
    """Lines of a roster cannot be taken, so nothing was entered."""

    code = "refused-roster"

    def __init__(self, plan: DutyPlan) -> None:
        self.plan = plan
        cells = [cell for line in plan.refused for cell in line.reasons]
        lines = [str(cell) for cell in cells[:PRINTED]]
        if len(cells) > PRINTED:
            lines.append(_("And %(n)d more.") % {"n": len(cells) - PRINTED})
        lines.append(
            _("%(file)s: nothing was entered. Correct these lines and send it again.")
            % {"file": plan.name}
        )
        super().__init__("\n".join(lines))


def plan_import(
    *,
    actor: Actor,
    name: str,
    content: bytes,
    at: datetime,
    service_id: int | None = None,
    area_id: int | None = None,
) -> DutyPlan:
    """Return what taking this CSV or ICS file would do; changes nothing.

    ``service_id``: all duties are of this service; ``area_id``: of this area where
    the file names none. The number of queries grows with the number of services and
    of areas, not of duties.

    Raises
    ------
    UnreadableDutyFile
        If the file as a whole cannot be read.
    """
    read = read_duty_file(name, content)
    return _plan_file(actor, read, at, service_id, area_id, is_locking=False)


def import_duties(
    *,
    actor: Actor,
    name: str,
    content: bytes,
    at: datetime,
    service_id: int | None = None,
    area_id: int | None = None,
    expected: str | None = None,
) -> DutyPlan:
    """Take a roster: all of it, or nothing. Locks the services it names.

    ``expected`` is the signature of the plan that was on the screen.

    Raises
    ------
    UnreadableDutyFile
        If the file as a whole cannot be read.
    RefusedRoster
        If a line cannot be taken; holds the plan.
    AlreadyChanged
        If something else would happen now than was on the screen.
    """
    read = read_duty_file(name, content)
    with recorded(actor):
        plan = _plan_file(actor, read, at, service_id, area_id, is_locking=True)
        if expected is not None and expected != plan.signature:
            raise AlreadyChanged(
                _("Somebody changed the duties since. Look at what would happen now.")
            )
        if plan.refused:
            raise RefusedRoster(plan)
        _apply(actor, plan, at=at, purpose="duty.import")
    return plan


def plan_repeat(
    *,
    actor: Actor,
    service_ids: Iterable[int],
    monday: date,
    until: date,
    at: datetime,
) -> DutyPlan:
    """Return what repeating a week would do; ``line`` numbers its duties.

    Every duty of the services that begins in the week of ``monday`` comes again at
    the same local clock times, each week up to and including the day ``until``. Where
    somebody else already has that place in the line, the line is refused.

    Raises
    ------
    InvalidValue
        If ``monday`` is no Monday, or ``until`` not after the week, or over 26 weeks.
    """
    _check_weeks(monday, until)
    wanted = _repeated(sorted(set(service_ids)), monday, until)
    return DutyPlan(_say_week(monday), tuple(_weigh(actor, wanted, at, "")))


def repeat_week(
    *,
    actor: Actor,
    service_ids: Iterable[int],
    monday: date,
    until: date,
    at: datetime,
    expected: str | None = None,
) -> DutyPlan:
    """Repeat a week of duties; where somebody is on duty already, that one stays.

    Raises
    ------
    InvalidValue
        As for ``plan_repeat``.
    AlreadyChanged
        If something else would happen now than was on the screen.
    """
    ids = sorted(set(service_ids))
    _check_weeks(monday, until)
    with recorded(actor):
        _lock(ids)
        plan = plan_repeat(
            actor=actor, service_ids=ids, monday=monday, until=until, at=at
        )
        if expected is not None and expected != plan.signature:
            raise AlreadyChanged(
                _("Somebody changed the duties since. Look at what would happen now.")
            )
        _apply(actor, plan, at=at, purpose="duty.repeat")
    return plan


# --- from a file


def _plan_file(
    actor: Actor,
    read: ReadFile,
    at: datetime,
    service_id: int | None,
    area_id: int | None,
    *,
    is_locking: bool,
) -> DutyPlan:
    services = _Services(actor, read.duties, only=service_id)
    if is_locking:
        _lock(services.ids)
    areas = _newest_areas(read.duties)
    refused: dict[int, list[BadCell]] = {}
    for cell in read.refused:
        refused.setdefault(cell.line, []).append(cell)
    wanted: list[_Wanted] = []
    for row in read.duties:
        cells = refused.setdefault(row.line, [])
        found, care, problem = services.find(row)
        if problem:
            cells.append(
                BadCell(read.name, row.line, "service_code", row.service, problem)
            )
        area = areas.get((row.area_kind, row.area_code)) if row.area_code else area_id
        if area is None:
            cells.append(_no_area(read.name, row))
        if not cells and area is not None and found is not None:
            wanted.append(_Wanted(row.line, found, _as_duty(row, area, care), row.uid))
    lines = _weigh(actor, wanted, at, read.name)
    lines += [
        PlannedDuty(line, PlanKind.REFUSED, reasons=tuple(cells))
        for line, cells in refused.items()
        if cells
    ]
    return DutyPlan(read.name, tuple(sorted(lines, key=lambda line: line.line)))


def _as_duty(row: FileDuty, area_id: int, care: str) -> Duty:
    return Duty(
        area_id=area_id,
        care=row.care or care,
        person_name=row.person_name,
        phone=row.phone,
        valid_from=row.start,
        valid_until=row.end,
        rank=row.rank,
    )


def _no_area(file: str, row: FileDuty) -> BadCell:
    if not row.area_code:
        return BadCell(
            file, row.line, "X-WIJKSPIL-AREA", "", _("Choose the area on the form.")
        )
    return BadCell(
        file,
        row.line,
        "area_code",
        f"{row.area_kind}/{row.area_code}",
        _("There is no such area. Write the code as in the export of this page."),
    )


def _newest_areas(rows: Iterable[FileDuty]) -> dict[tuple[str, str], int]:
    """Return the newest area per kind and code (one query)."""
    wanted = {(row.area_kind, row.area_code) for row in rows if row.area_code}
    found = Area.objects.filter(code__in={code for _kind, code in wanted}).order_by(
        "year"
    )
    return {
        (kind, code): pk
        for pk, kind, code in found.values_list("pk", "kind", "code")
        if (kind, code) in wanted
    }


class _Services:
    """Which service a line of the file is about, and whether the actor may."""

    def __init__(
        self, actor: Actor, rows: Sequence[FileDuty], *, only: int | None
    ) -> None:
        self._only = only
        codes = {row.service for row in rows if row.service}
        numbers = {int(code) for code in codes if _is_number(code)} | {
            number for number in (only,) if number is not None
        }
        agb_codes = {code for code in codes if len(code) == 8 and code.isdigit()}
        found = HealthcareService.objects.filter(
            Q(pk__in=numbers) | Q(organization__agb_code__in=agb_codes),
            is_active=True,
            organization__is_active=True,
        ).values_list("pk", "care", "organization__agb_code")
        self._care: dict[int, str] = {}
        self._of_agb: dict[str, list[int]] = {}
        for pk, care, agb_code in found.order_by("pk"):
            self._care[pk] = care
            if agb_code in agb_codes:
                self._of_agb.setdefault(agb_code, []).append(pk)
        self._may = {
            pk: can_edit_duty(actor, get_service_edit_target(pk))
            for pk in self._care
            if pk in numbers or any(pk in ids for ids in self._of_agb.values())
        }

    @property
    def ids(self) -> list[int]:
        """The services that may be changed, in order."""
        return sorted(pk for pk, may in self._may.items() if may)

    def find(self, row: FileDuty) -> tuple[int | None, str, str]:
        """Return the service of a line, its care, and what is wrong ("" if nothing)."""
        pk, problem = self._resolve(row)
        if pk is None or pk not in self._care:
            return None, "", problem or _("There is no such service, or it has ended.")
        if self._only is not None and pk != self._only:
            return None, "", _("Leave this empty: the file is for one service.")
        if not self._may[pk]:
            return None, "", _("You cannot enter duties of this service.")
        return pk, self._care[pk], ""

    def _resolve(self, row: FileDuty) -> tuple[int | None, str]:
        if not row.service:
            if self._only is None:
                return None, _(
                    "Give the number of the service, or the AGB code of the provider."
                )
            return self._only, ""
        if not (len(row.service) == 8 and row.service in self._of_agb):
            return (int(row.service) if _is_number(row.service) else None), ""
        care = row.care or Care.DISTRICT_NURSING
        fits = [pk for pk in self._of_agb[row.service] if self._care[pk] == care]
        if len(fits) == 1:
            return fits[0], ""
        if self._only in fits:
            return self._only, ""
        return None, _(
            "This provider has %(n)d services for this care: give the number of the "
            "service."
        ) % {"n": len(fits)}


def _is_number(code: str) -> bool:
    return code.isascii() and code.isdigit() and len(code) <= 9


def _lock(service_ids: Sequence[int]) -> None:
    """Lock services in order, so that entries of duties come one by one."""
    list(
        HealthcareService.objects.select_for_update(of=("self",))
        .filter(pk__in=service_ids)
        .order_by("pk")
        .values_list("pk")
    )


# --- repeating a week


def _check_weeks(monday: date, until: date) -> None:
    if monday.weekday() != 0:
        raise InvalidValue(_("A week begins on Monday."), field="week")
    if until < monday + _WEEK:
        raise InvalidValue(
            _("Choose a day after this week, up to which it is repeated."),
            field="until",
        )
    if until >= monday + (MOST_WEEKS + 1) * _WEEK:
        raise InvalidValue(
            _("A week is repeated for at most %(n)d weeks.") % {"n": MOST_WEEKS},
            field="until",
        )


def _repeated(service_ids: Sequence[int], monday: date, until: date) -> list[_Wanted]:
    begin = datetime.combine(monday, time(), AMSTERDAM)
    end = datetime.combine(monday + _WEEK, time(), AMSTERDAM)
    rows = DutyPeriod.objects.filter(
        service_id__in=service_ids, valid_from__gte=begin, valid_from__lt=end
    ).order_by("valid_from", "pk")
    repeated = [
        (row.service_id, _shift(row, week))
        for row in rows
        for week in range(1, MOST_WEEKS + 1)
    ]
    return [
        _Wanted(number, service_id, duty, "")
        for number, (service_id, duty) in enumerate(
            (pair for pair in repeated if pair[1].valid_from.date() <= until), start=1
        )
    ]


def _shift(row: DutyPeriod, weeks: int) -> Duty:
    """Return the duty so many weeks later, at the same times of the local clock."""
    assert row.valid_until is not None  # constraint duty_has_an_end
    begin, end = (
        # Adding days to a local moment keeps what the clock shows.
        moment.astimezone(AMSTERDAM) + weeks * _WEEK
        for moment in (row.valid_from, row.valid_until)
    )
    return Duty(
        area_id=row.area_id,
        care=row.care,
        person_name=row.person_name,
        phone=row.phone,
        valid_from=begin,
        valid_until=end,
        rank=row.rank,
    )


def _say_week(monday: date) -> str:
    year, week, _day = monday.isocalendar()
    return f"{year}-W{week:02d}"


# --- weighing


class _Taken:
    """Who has a place in the line when: periods of one place never overlap."""

    def __init__(self) -> None:
        self._starts: list[datetime] = []
        self._spans: list[tuple[datetime, datetime, str]] = []

    def add(self, start: datetime, end: datetime, words: str) -> None:
        place = bisect_left(self._starts, start)
        self._starts.insert(place, start)
        self._spans.insert(place, (start, end, words))

    def find(self, start: datetime, end: datetime) -> str:
        """Return the words of what overlaps, or nothing."""
        place = bisect_left(self._starts, start)
        for near in (place - 1, place):
            if 0 <= near < len(self._spans):
                other_start, other_end, words = self._spans[near]
                if other_start < end and start < other_end:
                    return words
        return ""


_Place = tuple[int, int, str, int]


def _place_of(service_id: int, duty: Duty | DutyPeriod) -> _Place:
    return service_id, duty.area_id, duty.care, duty.rank


def _weigh(
    actor: Actor, wanted: Sequence[_Wanted], at: datetime, file: str
) -> list[PlannedDuty]:
    """Say of each wanted duty what would happen."""
    if not wanted:
        return []
    stored = _read_stored(wanted)
    matches, twice = _match(wanted, stored)
    kinds = {item.line: _kind_of(item, matches.get(item.line), at) for item in wanted}
    replaced = {
        matches[item.line].pk for item in wanted if kinds[item.line] is PlanKind.CHANGED
    }
    taken: dict[_Place, _Taken] = {}
    for row in stored:
        if row.pk not in replaced and row.valid_until is not None:
            words = _("Somebody has this place in the line already, %(period)s.") % {
                "period": say_period(row.valid_from, row.valid_until)
            }
            place = _place_of(row.service_id, row)
            taken.setdefault(place, _Taken()).add(
                row.valid_from, row.valid_until, words
            )
    areas = _AreaChecks(actor)
    lines = []
    for item in wanted:
        kind = kinds[item.line]
        reasons: Mapping[str, str]
        if item.line in twice:
            reasons = {
                "uid": _("This UID stands on line %(n)d already.")
                % {"n": twice[item.line]}
            }
        elif kind in (PlanKind.SAME, PlanKind.PAST):
            reasons = {}
        else:
            is_running = item.line in matches and matches[item.line].valid_from < at
            # What has begun is not rewritten: the new one takes over from now.
            duty = (
                starting_at_the_earliest(item.duty, at)
                if is_running and kind is PlanKind.CHANGED
                else item.duty
            )
            reasons = _reasons(item, duty, areas, taken, at)
        match = matches.get(item.line)
        if reasons:
            kind = PlanKind.REFUSED
        lines.append(
            PlannedDuty(
                line=item.line,
                kind=kind,
                service_id=item.service_id,
                duty=item.duty,
                uid=item.uid,
                replaces_id=match.pk if match and kind is PlanKind.CHANGED else None,
                reasons=tuple(
                    BadCell(
                        file,
                        item.line,
                        _COLUMN.get(column, column),
                        _value_of(item, column),
                        words,
                    )
                    for column, words in reasons.items()
                ),
            )
        )
    return lines


def _read_stored(wanted: Sequence[_Wanted]) -> list[DutyPeriod]:
    """Return the stored duties that any of the wanted could touch (one query)."""
    uids = {item.uid for item in wanted if item.uid}
    return list(
        DutyPeriod.objects.filter(service_id__in={item.service_id for item in wanted})
        .filter(
            Q(
                valid_from__lt=max(item.duty.valid_until for item in wanted),
                valid_until__gt=min(item.duty.valid_from for item in wanted),
            )
            | Q(external_uid__in=uids)
            | Q(pk__in=[pk for uid in uids if (pk := _own_number(uid))])
        )
        .order_by("valid_from", "pk")
    )


def _own_number(uid: str) -> int | None:
    head, _at, tail = uid.partition("@")
    number = head.removeprefix("duty-")
    own = tail == "wijkspil" and head != number and _is_number(number)
    return int(number) if own else None


def _match(
    wanted: Sequence[_Wanted], stored: Sequence[DutyPeriod]
) -> tuple[dict[int, DutyPeriod], dict[int, int]]:
    """Return per line the stored duty it is, and the earlier line it repeats."""
    by_uid = {
        (row.service_id, stable_uid(row.external_uid, row.pk)): row for row in stored
    }
    by_place = {
        (*_place_of(row.service_id, row), row.valid_from, row.valid_until): row
        for row in stored
    }
    matches: dict[int, DutyPeriod] = {}
    twice: dict[int, int] = {}
    first_line: dict[tuple[int, str], int] = {}
    claimed: set[int] = set()
    for item in wanted:
        key = (item.service_id, item.uid)
        if item.uid and first_line.setdefault(key, item.line) != item.line:
            twice[item.line] = first_line[key]
        elif item.uid and key in by_uid:
            matches[item.line] = by_uid[key]
            claimed.add(by_uid[key].pk)
    for item in wanted:
        place = _place_of(item.service_id, item.duty)
        row = by_place.get((*place, item.duty.valid_from, item.duty.valid_until))
        if row is None or row.pk in claimed or item.line in matches:
            continue
        if item.line not in twice:
            matches[item.line] = row
            claimed.add(row.pk)
    return matches, twice


def _kind_of(item: _Wanted, row: DutyPeriod | None, at: datetime) -> PlanKind:
    duty = item.duty
    if row is not None and (
        row.area_id,
        row.care,
        row.rank,
        row.person_name,
        row.phone,
        row.valid_until,
    ) == (
        duty.area_id,
        duty.care,
        duty.rank,
        duty.person_name.strip(),
        duty.phone.strip(),
        duty.valid_until,
    ):
        begun = max(row.valid_from, duty.valid_from) <= at
        # The part of a running duty before a change is not rewritten.
        if row.valid_from == duty.valid_from or begun:
            return PlanKind.SAME
    if duty.valid_until <= at and duty.valid_from < duty.valid_until:
        return PlanKind.PAST
    if row is not None and row.valid_until is not None and row.valid_until > at:
        return PlanKind.CHANGED
    return PlanKind.NEW


def _reasons(
    item: _Wanted,
    duty: Duty,
    areas: "_AreaChecks",
    taken: dict[_Place, _Taken],
    at: datetime,
) -> Mapping[str, str]:
    """Return per field why this duty cannot be entered; takes its place if it can."""
    try:
        check_duty(duty, at=at)
    except InvalidEntry as error:
        return {name: " ".join(map(str, words)) for name, words in error.fields.items()}
    if problem := areas.problem(item.service_id, duty.area_id):
        return {"area": problem}
    place = taken.setdefault(_place_of(item.service_id, duty), _Taken())
    if words := place.find(duty.valid_from, duty.valid_until):
        return {"valid_from": words}
    place.add(
        duty.valid_from,
        duty.valid_until,
        _("Line %(n)d gives this place in the line to somebody already, %(period)s.")
        % {"n": item.line, "period": say_period(duty.valid_from, duty.valid_until)},
    )
    return {}


class _AreaChecks:
    """Whether the actor may enter duties of a service in an area; asked once each."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._known: dict[tuple[int, int], str] = {}

    def problem(self, service_id: int, area_id: int) -> str:
        key = (service_id, area_id)
        if key not in self._known:
            self._known[key] = ""
            try:
                if not can_edit_duty(self._actor, get_service_edit_target(service_id)):
                    self._known[key] = _("You cannot enter duties of this service.")
                check_area(self._actor, service_id, area_id)
            except (NotPermitted, InvalidEntry) as error:
                self._known[key] = str(error)
        return self._known[key]


def _value_of(item: _Wanted, field: str) -> str:
    if field == "uid":
        return item.uid
    name = {"area": "area_id"}.get(field, field)
    value = getattr(item.duty, name, "")
    if isinstance(value, datetime):
        return value.astimezone(AMSTERDAM).isoformat(timespec="minutes")
    return str(value)


# --- applying


def _apply(actor: Actor, plan: DutyPlan, *, at: datetime, purpose: str) -> None:
    """Enter what is new, replace what changed; six queries at most, in the audit."""
    changed = [x for x in plan.lines if x.kind is PlanKind.CHANGED]
    new = [x for x in plan.lines if x.kind is PlanKind.NEW]
    replaced = {
        row.pk: row
        for row in DutyPeriod.objects.select_for_update(of=("self",))
        .filter(pk__in=[line.replaces_id for line in changed])
        .order_by("pk")
    }
    running = [pk for pk, row in replaced.items() if row.valid_from < at]
    to_come = [pk for pk in replaced if pk not in set(running)]
    DutyPeriod.objects.filter(pk__in=to_come).delete()
    DutyPeriod.objects.filter(pk__in=running).update(valid_until=at)
    rows = []
    for line in (*new, *changed):
        assert line.duty is not None
        assert line.service_id is not None
        duty, uid = line.duty, line.uid
        old = replaced.get(line.replaces_id or 0)
        if old is not None:
            uid = uid or stable_uid(old.external_uid, old.pk)
            if old.pk in running:
                duty = starting_at_the_earliest(duty, at)
        rows.append(as_row(line.service_id, duty, uid=uid))
    try:
        with transaction.atomic():
            stored = DutyPeriod.objects.bulk_create(rows)
    except IntegrityError as error:
        # Only what does not wait for the lock of the service can come between: undo.
        raise OverlapsAnother(
            _("Somebody changed the duties since. Look at what would happen now.")
        ) from error
    for action, ids in (
        (AuditEvent.Action.DELETE, to_come),
        (AuditEvent.Action.UPDATE, running),
        (AuditEvent.Action.CREATE, [row.pk for row in stored]),
    ):
        record_duties(actor, action, ids, purpose, at=at)
