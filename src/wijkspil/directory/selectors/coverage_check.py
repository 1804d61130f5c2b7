"""Which wijk-hours of a period have a responsible service, and where are the gaps?

For one kind of care and every wijk (or those of one region) this proves, to the
microsecond and without sampling, when somebody is responsible: a service that covers
the wijk and is open, or a duty period. What only a service for the whole region would
answer is counted apart ("with fallback"). The rules, with worked tables, are in
``docs/algorithms/coverage-check.md``; the computation is in ``interval_cover``.

It does not say who is responsible (see ``responsibility``), nor whether they have
room: a responsible service without room is still responsible.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any, NamedTuple, Self

import numpy as np
from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    Func,
    Max,
    Min,
    Q,
    TextField,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Greatest, Least
from django.utils.translation import gettext as _

from wijkspil.core.errors import InvalidValue, NotFound
from wijkspil.core.kept import Kept
from wijkspil.core.periods import Period
from wijkspil.core.validity import PeriodQuerySet
from wijkspil.directory.interval_cover import (
    Division,
    Floats,
    Integers,
    Segments,
    Spans,
    Timeline,
    cover,
    covered_spans,
    merge,
    no_spans,
    overlay,
    spread,
)
from wijkspil.directory.models import (
    Area,
    AreaOverlap,
    Coverage,
    DutyPeriod,
    RegionMember,
)
from wijkspil.directory.opening_hours import (
    AMSTERDAM,
    dutch_holidays,
    local_years,
    open_spans,
)
from wijkspil.directory.selectors.last_change import get_last_change
from wijkspil.directory.types import AreaKind, Care, RegionPurpose

#: A postcode area with less of the wijk's ground than this is no piece of it: such
#: slivers come from borders that were drawn at different scales.
MIN_SHARE_OF_WHOLE = 0.01
#: Longest period at once, so that a typing error does not fill the memory.
MAX_DAYS = 366

_MICROSECOND = timedelta(microseconds=1)
_HOUR = timedelta(hours=1) // _MICROSECOND
#: Wijken computed at a time; bounds the memory, not the answer.
_CHUNK = 500


@dataclass(frozen=True)
class Hours:
    """Hours of a period, by how much of the ground has a responsible service.

    ``covered``: all of it; ``partial``: some of it; ``gap``: none of it. Weighted by
    inhabitants in ``CoverageTotals.person_hours``.
    """

    covered: float
    partial: float
    gap: float

    @property
    def total(self) -> float:
        """All hours of the period."""
        return self.covered + self.partial + self.gap

    @property
    def uncovered(self) -> float:
        """Hours in which not all of the ground has a responsible service."""
        return self.partial + self.gap

    @property
    def covered_share(self) -> float:
        """Share of the hours that is covered, 0..1; 1 when there are no hours."""
        return self.covered / self.total if self.total else 1.0

    @classmethod
    def sum_of(cls, hours: Iterable[tuple[Self, float]]) -> Self:
        """Return the sum of hours, each times a weight."""
        rows = [
            (weight * h.covered, weight * h.partial, weight * h.gap)
            for h, weight in hours
        ]
        covered, partial, gap = np.array(rows).reshape(-1, 3).sum(axis=0).tolist()
        return cls(covered=covered, partial=partial, gap=gap)


@dataclass(frozen=True)
class Gap:
    """A stretch of time in which a wijk is not covered, and nothing changes.

    ``covered_share`` (0 to below 1) is the share of the ground that has a responsible
    service; ``covered_share_with_fallback`` is 1.0 where a service for the whole
    region answers.
    """

    period: Period
    covered_share: float
    covered_share_with_fallback: float

    @property
    def has_fallback(self) -> bool:
        """Whether somebody is responsible everywhere, if only region-wide."""
        return self.covered_share_with_fallback == 1.0


@dataclass(frozen=True)
class WijkCoverage:
    """What was found for one wijk. ``gaps`` are in order of time."""

    area_id: int
    code: str
    name: str
    gemeente_name: str
    population: int | None
    hours: Hours
    hours_with_fallback: Hours
    gaps: tuple[Gap, ...]
    longest_gap: Period | None


@dataclass(frozen=True)
class CoverageTotals:
    """Sums over all wijken checked.

    ``person_hours`` weighs each wijk by its inhabitants; the
    ``n_wijken_without_population`` are left out of it.
    """

    n_wijken: int
    n_wijken_with_gap: int
    n_wijken_with_gap_despite_fallback: int
    n_wijken_without_population: int
    wijk_hours: Hours
    wijk_hours_with_fallback: Hours
    person_hours: Hours
    person_hours_with_fallback: Hours


@dataclass(frozen=True)
class CoverageResult:
    """The proof for a period: every wijk of the region, by code.

    ``year`` is that of the division in wijken that was used (0 when none is loaded).
    """

    period: Period
    care: str
    region_code: str
    region_name: str
    year: int
    wijken: tuple[WijkCoverage, ...]
    totals: CoverageTotals


def check_coverage(
    *, period: Period, care: str = Care.DISTRICT_NURSING, region_code: str | None = None
) -> CoverageResult:
    """Prove which wijk-hours of ``period`` have a responsible service.

    ``region_code`` is the code or name, in any case, of a region or a gemeente; None
    is the whole country. Of regions with the same code the one of the zorgkantoor is
    meant, unless it is written as ``purpose/code``. At most nine queries, whatever
    the size.

    Raises
    ------
    InvalidValue
        If the care is unknown, the period is longer than 366 days, or the region's
        code needs a purpose to be clear.
    NotFound
        If there is no such region.
    """
    period = Period(period.start.astimezone(UTC), period.end.astimezone(UTC))
    _check_question(period, care)
    if not settings.KEPT_FOR_S:
        return _check(period, care, region_code)
    return _KEPT.get(
        (period, str(care), region_code, get_last_change()),
        lambda: _check(period, care, region_code),
    )


# A result of a region of a million inhabitants takes about a megabyte.
_KEPT = Kept(most=32)


def _check(period: Period, care: str, region_code: str | None) -> CoverageResult:
    region = None if region_code is None else _find_region(region_code)
    wijken, year = _read_wijken(period, region)
    ground = _read_ground(wijken, is_country=region is None)
    source_rows = _read_sources(
        period, care, [Q()] if region is None else ground.filters_of_sources()
    )
    postcodes = _read_postcodes(ground, source_rows)
    length = (period.end - period.start) // _MICROSECOND
    local = _Sources.of(
        [row for row in source_rows if not row.where.is_region_wide], length
    )
    everyone = _Sources.of(source_rows, length)
    results: list[WijkCoverage] = []
    for first in range(0, len(wijken), _CHUNK):
        part = _Part.of(ground, postcodes, range(first, first + _CHUNK))
        segments = overlay(part.timeline(local), part.timeline(everyone))
        results += _results(wijken[first : first + _CHUNK], segments, period)
    return CoverageResult(
        period=period,
        care=str(care),
        region_code=region.code if region else "",
        region_name=region.name if region else "",
        year=year,
        wijken=tuple(results),
        totals=_totals(results),
    )


def list_gaps(result: CoverageResult) -> list[tuple[WijkCoverage, Gap]]:
    """Return every gap with its wijk: without fallback first, then the longest."""
    return sorted(
        ((wijk, gap) for wijk in result.wijken for gap in wijk.gaps),
        key=lambda pair: (
            pair[1].has_fallback,
            pair[1].period.start - pair[1].period.end,
            pair[0].code,
            pair[1].period.start,
        ),
    )


# --- The question


def _check_question(period: Period, care: str) -> None:
    if care not in Care.values:
        raise InvalidValue(
            _("“%(value)s” is not a kind of care. Choose from: %(known)s.")
            % {"value": care, "known": ", ".join(Care.values)},
            field="care",
        )
    if period.end - period.start > timedelta(days=MAX_DAYS):
        raise InvalidValue(
            _("The period has %(days)d days. Check at most %(most)d days at a time.")
            % {"days": (period.end - period.start).days, "most": MAX_DAYS},
            field="period",
        )


@dataclass(frozen=True)
class _Region:
    ids: tuple[int, ...]
    code: str
    name: str


def _find_region(asked: str) -> _Region:
    """Find a region or gemeente, in every year it is known (one query)."""
    purpose, _slash, name = asked.strip().rpartition("/")
    places = Area.objects.filter(kind__in=[AreaKind.REGION, AreaKind.GEMEENTE])
    if purpose:
        places = places.filter(purpose=purpose)
    rows = list(
        places.filter(Q(code__iexact=name) | Q(name__iexact=name))
        .order_by("year")
        .values_list("id", "purpose", "code", "name")
    )
    purposes = {row[1] for row in rows}
    if RegionPurpose.ZORGKANTOOR in purposes:
        purposes = {str(RegionPurpose.ZORGKANTOOR)}
        rows = [row for row in rows if row[1] in purposes]
    if not rows:
        known = Area.objects.filter(purpose=RegionPurpose.ZORGKANTOOR).order_by("code")
        codes = dict.fromkeys(known.values_list("code", flat=True))
        raise NotFound(
            _(
                "There is no region or municipality “%(asked)s”. Care office regions "
                "here: %(known)s."
            )
            % {"asked": asked[:60], "known": ", ".join(codes) or "-"},
            field="region",
        )
    if len(purposes) > 1:
        raise InvalidValue(
            _("More than one region is called “%(asked)s”. Choose from: %(known)s.")
            % {
                "asked": asked[:60],
                "known": ", ".join(f"{one}/{name}" for one in sorted(purposes)),
            },
            field="region",
        )
    return _Region(tuple(row[0] for row in rows), rows[-1][2], rows[-1][3])


# --- The ground: wijken and their pieces


class _Wijk(NamedTuple):
    area_id: int
    code: str
    name: str
    gemeente_name: str | None
    population: int | None
    within: list[int]


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Pieces of wijken: (n_pieces,) area, number of the wijk, share of its ground."""

    area_id: Integers
    wijk: Integers
    share: Floats

    def of_wijken(self, numbers: range) -> Self:
        chosen = (self.wijk >= numbers.start) & (self.wijk < numbers.stop)
        return type(self)(
            self.area_id[chosen], self.wijk[chosen] - numbers.start, self.share[chosen]
        )


@dataclass(frozen=True, eq=False)
class _Ground:
    """Wijken, their two divisions, and the regions that name a piece as a member."""

    wijken: Sequence[_Wijk]
    postcode_pieces: _Pieces
    buurten: _Pieces
    regions_of: Mapping[int, Sequence[int]]
    pc4_of_member_pc6: Mapping[int, int]

    def filters_of_sources(self) -> list[Q]:
        """Return filters, no two with a row in common, of what can cover any of it.

        Not one filter with "or": the database would then read every coverage.
        """
        pc4_ids = set(self.postcode_pieces.area_id.tolist())
        areas = {area_id for wijk in self.wijken for area_id in wijk.within}
        areas |= pc4_ids | set(self.buurten.area_id.tolist())
        areas |= {region for regions in self.regions_of.values() for region in regions}
        return [
            Q(area_id__in=_any_of(areas)),
            Q(area__kind=AreaKind.PC6, area__parent_id__in=_any_of(pc4_ids)),
        ]


def _read_wijken(period: Period, region: _Region | None) -> tuple[list[_Wijk], int]:
    """Read the wijken of the newest division not after the period (two queries).

    A year of which only figures were loaded, without a point, is no division in use.
    """
    found = Area.objects.filter(kind=AreaKind.WIJK)
    if region is not None:
        found = found.filter(within__overlap=list(region.ids))
    period_year = period.start.astimezone(AMSTERDAM).year
    years = found.filter(lon__isnull=False).aggregate(
        past=Max("year", filter=Q(year__lte=period_year)), first=Min("year")
    )
    year = years["past"] or years["first"] or 0
    rows = (
        found.filter(year=year)
        .order_by("code")
        .values_list("id", "code", "name", "parent__name", "population", "within")
    )
    return [_Wijk(*row) for row in rows], year


def _read_ground(wijken: Sequence[_Wijk], *, is_country: bool) -> _Ground:
    """Read what the wijken are made of (three queries)."""
    number = {wijk.area_id: place for place, wijk in enumerate(wijken)}
    in_wijken = Q() if is_country else Q(parent_id__in=_any_of(number))
    buurten = _pieces(
        (
            (buurt, parent, 1.0)
            for buurt, parent in Area.objects.filter(in_wijken, kind=AreaKind.BUURT)
            .exclude(parent=None)
            .values_list("id", "parent_id")
        ),
        number,
    )
    in_wijken = Q() if is_country else Q(whole_id__in=_any_of(number))
    postcode_pieces = _pieces(
        AreaOverlap.objects.filter(
            in_wijken,
            part__kind=AreaKind.PC4,
            whole__kind=AreaKind.WIJK,
            share_of_whole__gte=MIN_SHARE_OF_WHOLE,
        ).values_list("part_id", "whole_id", "share_of_whole"),
        number,
    )
    pc4_ids = set(postcode_pieces.area_id.tolist())
    is_piece = Q(area__kind__in=[AreaKind.PC4, AreaKind.PC6, AreaKind.BUURT])
    if not is_country:
        is_piece &= Q(area_id__in=_any_of(pc4_ids | set(buurten.area_id.tolist()))) | Q(
            area__kind=AreaKind.PC6, area__parent_id__in=_any_of(pc4_ids)
        )
    regions_of: dict[int, list[int]] = {}
    pc4_of_member_pc6: dict[int, int] = {}
    for region, area, kind, parent in RegionMember.objects.filter(is_piece).values_list(
        "region_id", "area_id", "area__kind", "area__parent_id"
    ):
        regions_of.setdefault(area, []).append(region)
        if kind == AreaKind.PC6 and parent is not None:
            pc4_of_member_pc6[area] = parent
    return _Ground(wijken, postcode_pieces, buurten, regions_of, pc4_of_member_pc6)


def _any_of(ids: Iterable[int]) -> RawSQL:
    """Return ids to filter on as one parameter: a list of thousands costs more."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])


def _pieces(
    rows: Iterable[tuple[int, int, float]], number: Mapping[int, int]
) -> _Pieces:
    """Make pieces of (area, wijk, share), leaving out other years' wijken."""
    kept = [(area, number[wijk], share) for area, wijk, share in rows if wijk in number]
    return _Pieces(
        area_id=np.array([row[0] for row in kept], dtype=np.int64),
        wijk=np.array([row[1] for row in kept], dtype=np.int64),
        share=np.array([row[2] for row in kept], dtype=np.float64),
    )


# --- The sources: who is responsible where and when


class _Where(NamedTuple):
    area_id: int
    kind: str
    purpose: str
    parent_id: int | None

    @property
    def is_region_wide(self) -> bool:
        return self.kind == AreaKind.REGION and self.purpose != RegionPurpose.ALLIANCE


class _SourceRow(NamedTuple):
    """One coverage or duty: an area, and when it is answered for.

    ``start`` and ``end`` (n_spans,) in microseconds since the start of the period.
    """

    where: _Where
    start: Integers
    end: Integers


@dataclass(frozen=True, eq=False)
class _Sources:
    """When each area is answered for: ``spans`` are keyed by place in ``area_id``."""

    area_id: Integers
    spans: Spans
    length: int

    @classmethod
    def of(cls, rows: Sequence[_SourceRow], length: int) -> Self:
        """Join the spans of all rows per area."""
        if not rows:
            return cls(np.empty(0, dtype=np.int64), no_spans(), length)
        counts = [len(row.start) for row in rows]
        area_id, key = np.unique(
            np.array([row.where.area_id for row in rows], dtype=np.int64),
            return_inverse=True,
        )
        spans = Spans(
            np.repeat(key, counts),
            np.concatenate([row.start for row in rows]),
            np.concatenate([row.end for row in rows]),
        )
        return cls(area_id, merge(spans, length=length), length)

    def spans_of(self, area_id: Integers, target: Integers) -> Spans:
        """Return the spans of targets, of which ``area_id[i]`` answers ``target[i]``.

        Both (n_pairs,); areas that nobody answers for may be among them.
        """
        place = np.searchsorted(self.area_id, area_id)
        is_source = np.zeros(len(area_id), dtype=bool)
        inside = place < len(self.area_id)
        is_source[inside] = self.area_id[place[inside]] == area_id[inside]
        return merge(
            spread(self.spans, source=place[is_source], target=target[is_source]),
            length=self.length,
        )


def _read_sources(period: Period, care: str, only: Sequence[Q]) -> list[_SourceRow]:
    """Read who covers and who is on duty in the period (two queries).

    Each row of interest passes exactly one of the filters ``only``. The database clips
    moments to the period and gives them as microseconds since its start; duties come
    per area, service and place in the line, in which they never overlap.
    """
    active = Q(care=care, service__is_active=True)
    active &= Q(service__organization__is_active=True)
    where = ("area_id", "area__kind", "area__purpose", "area__parent_id")
    # Few services have hours of their own kind: as text they are worked out once.
    hours = (
        Cast("service__opening_hours", TextField()),
        "service__is_open_on_holidays",
    )
    begin = _since(period.start, Greatest("valid_from", _moment(period.start)))
    # A row without an end counts until the end: the least of what is there.
    finish = _since(period.start, Least("valid_until", _moment(period.end)))

    def read(rows: PeriodQuerySet, take: Callable[[Any], Any]) -> Any:
        valid = rows.within(period).filter(active)
        first, *others = (take(valid.filter(one)) for one in only)
        return first.union(*others, all=True) if others else first

    found = _Clipper(period)
    for *place, hours_text, on_holidays, start, end in read(
        Coverage.objects.all(),
        lambda rows: rows.values_list(*where, *hours, begin, finish),
    ):
        found.add_hours(_Where(*place), (hours_text, on_holidays), start, end)
    for *place, _service, _rank, starts, ends in read(
        DutyPeriod.objects.all(),
        lambda rows: (
            rows.order_by()
            .values(*where, "service_id", "rank")
            .annotate(
                starts=ArrayAgg(begin, order_by="valid_from"),
                ends=ArrayAgg(finish, order_by="valid_from"),
            )
            .values_list(*where, "service_id", "rank", "starts", "ends")
        ),
    ):
        found.add_duties(_Where(*place), starts, ends)
    return found.rows


def _moment(moment: datetime) -> Value:
    return Value(moment, output_field=DateTimeField())


def _since(start: datetime, moment: Func) -> Func:
    return Func(
        ExpressionWrapper(moment - _moment(start), output_field=DurationField()),
        template="(EXTRACT(EPOCH FROM %(expressions)s) * 1000000)::bigint",
        output_field=BigIntegerField(),
    )


class _Clipper:
    """Collects when each coverage and duty answers, within one period."""

    def __init__(self, period: Period) -> None:
        self.rows: list[_SourceRow] = []
        self._period = period
        self._holidays = dutch_holidays(local_years(period))
        self._spans: dict[tuple[str, bool], tuple[Integers, Integers]] = {}

    def add_hours(
        self, where: _Where, hours: tuple[str, bool], begin: int, finish: int
    ) -> None:
        """Add a row that is open at ``hours`` (as text, on holidays) in between."""
        if hours not in self._spans:
            self._spans[hours] = self._open(*hours)
        start, end = self._spans[hours]
        start, end = np.maximum(start, begin), np.minimum(end, finish)
        self.rows.append(_SourceRow(where, start[start < end], end[start < end]))

    def add_duties(
        self, where: _Where, starts: Sequence[int], ends: Sequence[int]
    ) -> None:
        """Add somebody's place in the line, filled from begin to end of each duty."""
        self.rows.append(
            _SourceRow(
                where,
                np.array(starts, dtype=np.int64),
                np.array(ends, dtype=np.int64),
            )
        )

    def _open(self, hours_text: str, on_holidays: bool) -> tuple[Integers, Integers]:
        spans = open_spans(
            json.loads(hours_text), on_holidays, self._period, self._holidays
        )
        return (
            np.array([self._since_start(span.start) for span in spans], dtype=np.int64),
            np.array([self._since_start(span.end) for span in spans], dtype=np.int64),
        )

    def _since_start(self, moment: datetime) -> int:
        return (moment - self._period.start) // _MICROSECOND


#: Per PC4 its PC6, each with the areas it lies in.
_Postcodes = Mapping[int, Sequence[tuple[int, frozenset[int]]]]


def _read_postcodes(ground: _Ground, sources: Sequence[_SourceRow]) -> _Postcodes:
    """Read the PC6 of every PC4 of which some PC6 is answered for (one query)."""
    answered = {row.where.area_id for row in sources}
    wanted = {
        row.where.parent_id
        for row in sources
        if row.where.kind == AreaKind.PC6 and row.where.parent_id is not None
    } | {
        pc4
        for pc6, pc4 in ground.pc4_of_member_pc6.items()
        if answered.intersection(ground.regions_of[pc6])
    }
    postcodes: dict[int, list[tuple[int, frozenset[int]]]] = {}
    if not wanted:
        return postcodes
    for pc6, pc4, within in Area.objects.filter(
        kind=AreaKind.PC6, parent_id__in=_any_of(wanted)
    ).values_list("id", "parent_id", "within"):
        postcodes.setdefault(pc4, []).append((pc6, frozenset(within)))
    return postcodes


# --- The proof, for a number of wijken at a time


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Which area answers for which target: (n_pairs,) each."""

    area_id: Integers
    target: Integers

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Self:
        table = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])


@dataclass(frozen=True, eq=False)
class _Part:
    """Some wijken with all that can cover them; targets are numbered from 0."""

    n_wijken: int
    direct: _Pairs
    buurten: _Pieces
    of_buurt: _Pairs
    postcode_pieces: _Pieces
    of_postcode_piece: _Pairs
    pc6_piece: Integers
    of_pc6: _Pairs

    @classmethod
    def of(cls, ground: _Ground, postcodes: _Postcodes, numbers: range) -> Self:
        """Cut the wijken with these numbers out of the ground."""
        wijken = ground.wijken[numbers.start : numbers.stop]
        buurten = ground.buurten.of_wijken(numbers)
        pieces = ground.postcode_pieces.of_wijken(numbers)
        pc6_of_piece = [
            (piece, pc6)
            for piece, (pc4, wijk) in enumerate(
                zip(pieces.area_id.tolist(), pieces.wijk.tolist(), strict=True)
            )
            for pc6 in _pc6_of_piece(postcodes.get(pc4, ()), wijken[wijk].area_id)
        ]

        def answering(areas: Iterable[int]) -> _Pairs:
            return _Pairs.of(
                (source, target)
                for target, area in enumerate(areas)
                for source in (area, *ground.regions_of.get(area, ()))
            )

        return cls(
            n_wijken=len(wijken),
            direct=_Pairs.of(
                (area, number)
                for number, wijk in enumerate(wijken)
                for area in wijk.within
            ),
            buurten=buurten,
            of_buurt=answering(buurten.area_id.tolist()),
            postcode_pieces=pieces,
            of_postcode_piece=answering(pieces.area_id.tolist()),
            pc6_piece=np.array([piece for piece, _pc6 in pc6_of_piece], dtype=np.int64),
            of_pc6=answering(pc6 for _piece, pc6 in pc6_of_piece),
        )

    def timeline(self, sources: _Sources) -> Timeline:
        """Work out what ``sources`` cover of these wijken."""
        return cover(
            n_targets=self.n_wijken,
            length=sources.length,
            direct=_spans(sources, self.direct),
            divisions=[
                Division(
                    self.postcode_pieces.wijk,
                    self.postcode_pieces.share,
                    self._covered_postcode_pieces(sources),
                ),
                Division(
                    self.buurten.wijk,
                    self.buurten.share,
                    _spans(sources, self.of_buurt),
                ),
            ],
        )

    def _covered_postcode_pieces(self, sources: _Sources) -> Spans:
        direct = _spans(sources, self.of_postcode_piece)
        if not len(self.pc6_piece):
            return direct
        by_pc6 = Division(
            self.pc6_piece,
            np.ones(len(self.pc6_piece)),
            _spans(sources, self.of_pc6),
        )
        return covered_spans(
            cover(
                n_targets=len(self.postcode_pieces.area_id),
                length=sources.length,
                direct=direct,
                divisions=[by_pc6],
            )
        )


def _spans(sources: _Sources, pairs: _Pairs) -> Spans:
    return sources.spans_of(pairs.area_id, pairs.target)


def _pc6_of_piece(
    pc6_of_pc4: Sequence[tuple[int, frozenset[int]]], wijk_id: int
) -> list[int]:
    """Return the PC6 in the wijk, or all of the PC4 where none is placed in it."""
    inside = [pc6 for pc6, within in pc6_of_pc4 if wijk_id in within]
    return inside or [pc6 for pc6, _within in pc6_of_pc4]


# --- The result


def _results(
    wijken: Sequence[_Wijk], segments: Segments, period: Period
) -> list[WijkCoverage]:
    hours = _hours_per_wijk(segments, segments.share, len(wijken))
    with_fallback = _hours_per_wijk(segments, segments.other_share, len(wijken))
    gaps: list[list[Gap]] = [[] for _wijk in wijken]
    chosen = segments.share < 1.0
    for wijk, start, end, share, other_share in zip(
        segments.target[chosen].tolist(),
        segments.start[chosen].tolist(),
        segments.end[chosen].tolist(),
        segments.share[chosen].tolist(),
        segments.other_share[chosen].tolist(),
        strict=True,
    ):
        stretch = Period(
            period.start + timedelta(microseconds=start),
            period.start + timedelta(microseconds=end),
        )
        gaps[wijk].append(Gap(stretch, share, other_share))
    return [
        WijkCoverage(
            area_id=wijk.area_id,
            code=wijk.code,
            name=wijk.name,
            gemeente_name=wijk.gemeente_name or "",
            population=wijk.population,
            hours=hours[number],
            hours_with_fallback=with_fallback[number],
            gaps=tuple(gaps[number]),
            longest_gap=_longest(gaps[number]),
        )
        for number, wijk in enumerate(wijken)
    ]


def _hours_per_wijk(segments: Segments, share: Floats, n_wijken: int) -> list[Hours]:
    # Whole microseconds: these sums are exact, and split periods add up.
    lasts = (segments.end - segments.start).astype(np.float64)
    covered, partial, gap = (
        np.bincount(segments.target, lasts * chosen, n_wijken) / _HOUR
        for chosen in (share == 1.0, (share > 0.0) & (share < 1.0), share == 0.0)
    )
    return [
        Hours(*row)
        for row in zip(covered.tolist(), partial.tolist(), gap.tolist(), strict=True)
    ]


def _longest(gaps: Sequence[Gap]) -> Period | None:
    """Return the longest stretch without full cover, the first of equals."""
    longest: Period | None = None
    start: datetime | None = None
    for gap, following in zip_longest(gaps, gaps[1:]):
        start = start or gap.period.start
        if following is not None and following.period.start == gap.period.end:
            continue
        stretch = Period(start, gap.period.end)
        if longest is None or stretch.hours > longest.hours:
            longest = stretch
        start = None
    return longest


def _totals(wijken: Sequence[WijkCoverage]) -> CoverageTotals:
    return CoverageTotals(
        n_wijken=len(wijken),
        n_wijken_with_gap=sum(bool(wijk.gaps) for wijk in wijken),
        n_wijken_with_gap_despite_fallback=sum(
            wijk.hours_with_fallback.uncovered > 0 for wijk in wijken
        ),
        n_wijken_without_population=sum(wijk.population is None for wijk in wijken),
        wijk_hours=Hours.sum_of((wijk.hours, 1) for wijk in wijken),
        wijk_hours_with_fallback=Hours.sum_of(
            (wijk.hours_with_fallback, 1) for wijk in wijken
        ),
        person_hours=Hours.sum_of(
            (wijk.hours, wijk.population or 0) for wijk in wijken
        ),
        person_hours_with_fallback=Hours.sum_of(
            (wijk.hours_with_fallback, wijk.population or 0) for wijk in wijken
        ),
    )
