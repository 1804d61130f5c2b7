"""The duties of a region in a week, and where in the coming weeks nobody is reachable.

What a gap is, ``coverage_check`` decides: no service of the area is open, and nobody
is on duty for it. Where only a service for the whole region answers it is a gap with
fallback, told apart. This lays those gaps and the duties on local days, and adds the
gaps up per area and week. It never leaves a gap out, however short.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby, zip_longest
from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from wijkspil.core.errors import InvalidValue
from wijkspil.core.periods import Period
from wijkspil.directory.models import (
    Area,
    AreaOverlap,
    Coverage,
    DutyPeriod,
    HealthcareService,
)
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.coverage_check import WijkCoverage, check_coverage
from wijkspil.directory.selectors.management import RegionChoice
from wijkspil.directory.selectors.targets import list_service_region_ids
from wijkspil.directory.types import AreaKind, RegionPurpose

#: Weeks that are searched for gaps.
WEEKS_AHEAD = 8
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the calendar (ISO 8601): Monday to Sunday, local days."""

    monday: date

    @classmethod
    def of(cls, day: date) -> "Week":
        """Return the week a day is in."""
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def read(cls, text: str) -> "Week":
        """Return the week of "2026-W48".

        Raises
        ------
        InvalidValue
            If it is no week, or not between 2000 and 2200.
        """
        year, dash, number = text.strip().upper().partition("-W")
        try:
            if dash and len(year) == 4 and 2000 <= int(year) <= 2200:
                return cls(date.fromisocalendar(int(year), int(number), 1))
        except ValueError:
            pass
        raise InvalidValue(
            _("“%(value)s” is not a week. Write it as 2026-W48.")
            % {"value": text[:20]},
            field="week",
        )

    @property
    def code(self) -> str:
        """Return "2026-W48"."""
        year, week, _weekday = self.monday.isocalendar()
        return f"{year}-W{week:02d}"

    @property
    def days(self) -> tuple[date, ...]:
        """The seven days."""
        return tuple(self.monday + n * _DAY for n in range(7))

    @property
    def period(self) -> Period:
        """From Monday 0:00 until the next, local: 167 to 169 hours."""
        return Period(_midnight(self.monday), _midnight(self.monday + 7 * _DAY))

    def later(self, weeks: int) -> "Week":
        """Return the week so many weeks later."""
        return Week(self.monday + weeks * 7 * _DAY)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), AMSTERDAM)


# --- gaps


@dataclass(frozen=True, slots=True)
class Nobody:
    """A stretch in which nobody of an area is reachable.

    ``has_fallback``: a service for the whole region answers, at every moment of it.
    ``is_partly``: it is about part of the ground only, at every moment of it.
    """

    period: Period
    has_fallback: bool
    is_partly: bool


@dataclass(frozen=True)
class AreaGaps:
    """All stretches without anybody in one area, in order of time."""

    area_id: int
    code: str
    name: str
    gemeente_name: str
    gaps: tuple[Nobody, ...]

    @property
    def hours(self) -> float:
        """Sum of the stretches, with and without fallback."""
        return sum(gap.period.hours for gap in self.gaps)

    @property
    def hours_nobody(self) -> float:
        """Sum of the stretches in which not even the region answers."""
        return sum(gap.period.hours for gap in self.gaps if not gap.has_fallback)

    def count_by_week(self, weeks: Sequence[Period]) -> list[int]:
        """Return per week how many stretches touch it; the weeks in order of time."""
        starts = [week.start for week in weeks]
        ends = [week.end for week in weeks]
        counts = [0] * len(weeks)
        for gap in self.gaps:
            first = bisect_right(ends, gap.period.start)
            for number in range(first, bisect_left(starts, gap.period.end)):
                counts[number] += 1
        return counts


def list_area_gaps(
    *,
    region: RegionChoice,
    period: Period,
    care: str,
    only_ids: Collection[int] | None = None,
) -> list[AreaGaps]:
    """Return every area of the region with the stretches in which nobody answers.

    Areas without a gap come with none. ``only_ids``: only these areas. The queries of
    ``check_coverage``, at most nine.
    """
    result = check_coverage(period=period, care=care, region_code=region.address)
    return [
        AreaGaps(
            area_id=wijk.area_id,
            code=wijk.code,
            name=wijk.name,
            gemeente_name=wijk.gemeente_name,
            gaps=tuple(_join(wijk)),
        )
        for wijk in result.wijken
        if only_ids is None or wijk.area_id in only_ids
    ]


def _join(wijk: WijkCoverage) -> Iterable[Nobody]:
    """Join touching gaps: coverage_check cuts them where the covered share changes."""
    start: datetime | None = None
    is_partly = True
    for gap, following in zip_longest(wijk.gaps, wijk.gaps[1:]):
        start = start or gap.period.start
        share = (
            gap.covered_share if gap.has_fallback else gap.covered_share_with_fallback
        )
        is_partly = is_partly and share > 0
        if (
            following is None
            or following.period.start != gap.period.end
            or following.has_fallback != gap.has_fallback
        ):
            yield Nobody(Period(start, gap.period.end), gap.has_fallback, is_partly)
            start, is_partly = None, True


def _overlap(one: Period, other: Period) -> bool:
    return one.start < other.end and other.start < one.end


def clip(gaps: Iterable[Nobody], period: Period) -> list[Nobody]:
    """Return what of the stretches lies in a period."""
    return [
        # Most lie in it whole.
        gap
        if period.start <= gap.period.start and gap.period.end <= period.end
        else Nobody(
            Period(
                max(gap.period.start, period.start), min(gap.period.end, period.end)
            ),
            gap.has_fallback,
            gap.is_partly,
        )
        for gap in gaps
        if _overlap(gap.period, period)
    ]


# --- the week


@dataclass(frozen=True, slots=True)
class Shift:
    """A duty as it stands on one day; ``is_continued``: it began the day before."""

    duty_id: int
    person_name: str
    phone: str
    valid_from: datetime
    valid_until: datetime
    is_continued: bool


@dataclass(frozen=True, slots=True)
class DayCell:
    """What happens in one line of the grid on one day."""

    day: date
    shifts: tuple[Shift, ...] = ()
    gaps: tuple[Nobody, ...] = ()


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One place in the line of one service in one area, seven days."""

    service_id: int
    service_name: str
    rank: int
    cells: tuple[DayCell, ...]


@dataclass(frozen=True)
class AreaWeek:
    """An area in the week: who is on duty, and when nobody is."""

    area_id: int
    code: str
    name: str
    is_region_wide: bool
    lines: tuple[DutyLine, ...]
    gap_cells: tuple[DayCell, ...]

    @property
    def has_nobody(self) -> bool:
        """Whether at some moment of the week not even the region answers here."""
        return any(not gap.has_fallback for c in self.gap_cells for gap in c.gaps)


@dataclass(frozen=True)
class DutyWeek:
    """The grid of a week, areas with a gap first, and the gaps of the coming weeks.

    ``duty_ids`` are those of which the person is in it: log the showing.
    ``n_areas`` counts all areas, also those without duties of their own and gaps.
    """

    week: Week
    areas: tuple[AreaWeek, ...]
    n_areas: int
    duty_ids: tuple[int, ...]
    weeks_ahead: tuple[Week, ...]
    gaps_ahead: tuple[AreaGaps, ...]


def get_duty_week(
    *,
    region: RegionChoice,
    week: Week,
    care: str,
    now: datetime,
    service_ids: Collection[int] | None = None,
) -> DutyWeek:
    """Return the week of a region, and the gaps from ``now`` for eight weeks.

    ``service_ids``: only their duties, and only areas they cover (two queries more).
    The queries of one ``check_coverage`` and two, whatever the size; of two when the
    week lies outside the eight.
    """
    first = Week.of(now.astimezone(AMSTERDAM).date())
    weeks = tuple(first.later(n) for n in range(WEEKS_AHEAD))
    horizon = Period(now, weeks[-1].period.end)
    only_ids = None if service_ids is None else list_covered_wijk_ids(service_ids)
    is_near = week in weeks
    # The week of now is looked at as a whole, what is over of it included.
    asked = Period(first.period.start, horizon.end) if is_near else horizon
    found = list_area_gaps(region=region, period=asked, care=care, only_ids=only_ids)
    ahead = tuple(
        AreaGaps(g.area_id, g.code, g.name, g.gemeente_name, tuple(rest))
        for g in found
        if (rest := clip(g.gaps, horizon))
    )
    in_week = (
        found
        if is_near
        else list_area_gaps(
            region=region, period=week.period, care=care, only_ids=only_ids
        )
    )
    rows = DutyPeriod.objects.within(week.period).filter(
        area__within__contains=[region.id],
        care=care,
        service__is_active=True,
        service__organization__is_active=True,
    )
    if service_ids is not None:
        rows = rows.filter(service_id__in=service_ids)
    # Plain values: rows of the models cost three times as much here.
    duties = [
        _DutyRow(*row)
        for row in rows.order_by(
            "area_id", "rank", "service__name", "service_id", "valid_from", "pk"
        ).values_list(
            *("area_id", "rank", "service_id", "service__name", "pk"),
            *("person_name", "phone", "valid_from", "valid_until"),
        )
    ]
    places = {
        pk: (code, name, kind == AreaKind.REGION and purpose != RegionPurpose.ALLIANCE)
        for pk, code, name, kind, purpose in Area.objects.filter(
            pk__in={row.area_id for row in duties}
        ).values_list("pk", "code", "name", "kind", "purpose")
    }
    return DutyWeek(
        week=week,
        areas=tuple(_areas(week, duties, places, in_week)),
        n_areas=len(in_week),
        duty_ids=tuple(row.duty_id for row in duties),
        weeks_ahead=weeks,
        gaps_ahead=tuple(
            sorted(
                ahead,
                key=lambda area: (
                    -area.hours_nobody,
                    -area.hours,
                    area.name,
                    area.code,
                ),
            )
        ),
    )


class _DutyRow(NamedTuple):
    area_id: int
    rank: int
    service_id: int
    service_name: str
    duty_id: int
    person_name: str
    phone: str
    valid_from: datetime
    valid_until: datetime


def _areas(
    week: Week,
    duties: Sequence[_DutyRow],
    places: Mapping[int, tuple[str, str, bool]],
    gaps: Sequence[AreaGaps],
) -> list[AreaWeek]:
    bounds = [Period(_midnight(day), _midnight(day + _DAY)) for day in week.days]
    gaps_of = {area.area_id: area for area in gaps if clip(area.gaps, week.period)}
    lines = {
        area_id: tuple(_lines(week, bounds, list(rows)))
        for area_id, rows in groupby(duties, key=lambda row: row.area_id)
    }
    names = {a.area_id: (a.code, a.name, False) for a in gaps_of.values()}
    names |= places
    areas = [
        AreaWeek(
            area_id=pk,
            code=code,
            name=name,
            is_region_wide=is_wide,
            lines=lines.get(pk, ()),
            gap_cells=_gap_cells(week, bounds, gaps_of.get(pk)),
        )
        for pk, (code, name, is_wide) in names.items()
    ]
    areas.sort(
        key=lambda area: (
            not area.has_nobody,
            not area.gap_cells,
            area.is_region_wide,
            area.name,
            area.code,
        )
    )
    return areas


def _gap_cells(
    week: Week, bounds: Sequence[Period], area: AreaGaps | None
) -> tuple[DayCell, ...]:
    if area is None:
        return ()
    return tuple(
        DayCell(day, gaps=tuple(clip(area.gaps, bound)))
        for day, bound in zip(week.days, bounds, strict=True)
    )


def _lines(
    week: Week, bounds: Sequence[Period], rows: Sequence[_DutyRow]
) -> Iterable[DutyLine]:
    for (rank, service_id), group in groupby(
        rows, key=lambda row: (row.rank, row.service_id)
    ):
        shifts = list(group)
        yield DutyLine(
            service_id=service_id,
            service_name=shifts[0].service_name,
            rank=rank,
            cells=tuple(
                DayCell(day, shifts=tuple(_shifts_on(bound, shifts)))
                for day, bound in zip(week.days, bounds, strict=True)
            ),
        )


def _shifts_on(bound: Period, rows: Iterable[_DutyRow]) -> Iterable[Shift]:
    for row in rows:
        if row.valid_from < bound.end and row.valid_until > bound.start:
            yield Shift(
                duty_id=row.duty_id,
                person_name=row.person_name,
                phone=row.phone,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
                is_continued=row.valid_from < bound.start,
            )


# --- which services and areas are somebody's own


def list_covered_wijk_ids(service_ids: Collection[int]) -> frozenset[int]:
    """Return the wijken in which services cover anything (two queries)."""
    covered = list(
        Coverage.objects.filter(service_id__in=service_ids)
        .values_list("area_id", flat=True)
        .distinct()
    )
    rows = Area.objects.filter(kind=AreaKind.WIJK).filter(
        Q(within__overlap=covered)
        | Q(children__in=covered)
        | Q(pk__in=AreaOverlap.objects.filter(part_id__in=covered).values("whole_id"))
    )
    return frozenset(rows.values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class OwnService:
    """A service of which somebody may see the duties."""

    id: int
    name: str
    organization_name: str
    care: str


def list_own_services(
    *, service_ids: Collection[int], organization_ids: Collection[int]
) -> list[OwnService]:
    """Return the active services of a person's roles, by name (one query)."""
    rows = (
        HealthcareService.objects.filter(
            Q(pk__in=service_ids) | Q(organization_id__in=organization_ids),
            is_active=True,
        )
        .order_by("name", "pk")
        .values_list("pk", "name", "organization__name", "care")
    )
    return [OwnService(*row) for row in rows]


def list_region_services(region_id: int, *, care: str) -> list[OwnService]:
    """Return the active services that cover anything in a region (one query)."""
    rows = (
        HealthcareService.objects.filter(
            is_active=True,
            organization__is_active=True,
            care=care,
            pk__in=Coverage.objects.filter(area__within__contains=[region_id]).values(
                "service_id"
            ),
        )
        .order_by("name", "pk")
        .values_list("pk", "name", "organization__name", "care")
    )
    return [OwnService(*row) for row in rows]


def list_regions_of_services(service_ids: Collection[int]) -> Mapping[int, None]:
    """Return the care office regions around services, as an ordered set of ids."""
    regions = list_service_region_ids(list(service_ids))
    rows = Area.objects.filter(pk__in=regions, purpose=RegionPurpose.ZORGKANTOOR)
    return dict.fromkeys(rows.order_by("name", "pk").values_list("pk", flat=True))


def list_services_of_area(area_id: int, *, care: str) -> list[OwnService]:
    """Return the active services of an area, by name (two queries).

    Those that cover it, a part of it or the region around it, and those that have
    had duties there: a night team may have nothing but duties.
    """
    around = Area.objects.filter(pk=area_id).values_list("within", flat=True).first()
    parts = AreaOverlap.objects.filter(whole_id=area_id).values("part_id")
    is_there = (
        Q(area_id__in=around or ())
        | Q(area_id__in=parts)
        | Q(area__within__contains=[area_id])
    )
    covering = Coverage.objects.filter(is_there).values("service_id")
    on_duty = DutyPeriod.objects.filter(is_there).values("service_id")
    rows = HealthcareService.objects.filter(
        Q(pk__in=covering) | Q(pk__in=on_duty),
        is_active=True,
        organization__is_active=True,
    )
    if care:
        rows = rows.filter(care=care)
    return [
        OwnService(*row)
        for row in rows.order_by("name", "pk").values_list(
            "pk", "name", "organization__name", "care"
        )
    ]
