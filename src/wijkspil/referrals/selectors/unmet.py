"""Demand that was not met: how often, where, for what and when; never whose.

Made from the region's ledger (``UnmetDemand``). ``Ledger`` holds true counts and is for
tests and sums; what leaves the system is ``Told``, from which no count below ``SMALL``
can be found, also not by subtracting what is told from its total:

- counts of one line with a known total (kinds; weeks; a kind over the wijken) are kept
  by ``protect``: a second count is left out where one would follow from the rest;
- a wijk has no total of its own, so that each count is part of one sum only;
- wijk x kind x task x part of day is told only from ``SMALL`` on; what is not listed is
  anything from nothing to just below it;
- periods are whole weeks until last Monday, so that two of them differ by weeks.

Method: cell suppression with complementary cells, Hundepool e.a., Statistical
Disclosure Control (Wiley, 2012), ch. 4, for one line at a time.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Generic, TypeVar

from django.db import connection
from django.db.models import Count, DateField, Func, QuerySet
from django.db.models.functions import TruncWeek
from django.utils.timezone import localdate

from wijkspil.core.periods import Period
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.referrals.models import UnmetDemand
from wijkspil.referrals.types import UnmetKind

#: Fewer than this could point at a person.
SMALL = 5
#: What says how single teams answered; competitors could subtract their own answers.
ABOUT_TEAMS = frozenset({UnmetKind.DECLINE.value, UnmetKind.NO_ANSWER.value})

Key = TypeVar("Key", bound=Hashable)
#: wijk id (None: not known), kind, task, part of day.
Cell = tuple[int | None, str, str, str]


@dataclass(frozen=True)
class Told(Generic[Key]):
    """Counts of one line as they may be told.

    ``few`` are those below ``SMALL``; ``kept_back`` would give one of these away.
    ``total`` is None when it is few itself, or would give one away: then nothing of
    the line is told, not even which counts are few.
    """

    shown: Mapping[Key, int]
    few: frozenset[Key]
    kept_back: frozenset[Key]
    total: int | None

    @property
    def keys(self) -> set[Key]:
        """What is in the line, told or not."""
        return {*self.shown, *self.few, *self.kept_back}


@dataclass(frozen=True)
class Ledger:
    """True counts of a region over whole weeks; not to be shown as they are.

    A row of the ledger has one wijk, one kind and one week, and counts for each of its
    tasks and parts of the day.
    """

    period: Period
    rows: int
    by_wijk_and_kind: Mapping[tuple[int | None, str], int]
    by_task: Mapping[str, int]
    by_part: Mapping[str, int]
    by_week: Mapping[date, int]
    cells: Mapping[Cell, int]

    @property
    def by_kind(self) -> dict[str, int]:
        """Rows per kind; together all rows."""
        counts: Counter[str] = Counter()
        for (_wijk, kind), number in self.by_wijk_and_kind.items():
            counts[kind] += number
        return dict(counts)

    @property
    def wijk_ids(self) -> list[int | None]:
        """The wijken with any row."""
        return list(dict.fromkeys(wijk for wijk, _kind in self.by_wijk_and_kind))


@dataclass(frozen=True)
class Demand:
    """What may be told of a region's ledger."""

    period: Period
    kinds: Told[str]
    tasks: Told[str]
    parts: Told[str]
    weeks: Told[date]
    wijken: Mapping[str, Told[int | None]]
    cells: Mapping[Cell, int]

    def told(self, wijk_id: int | None, kind: str) -> int | None:
        """Return the count of a kind in a wijk; None when it is not told."""
        line = self.wijken.get(kind)
        return None if line is None else line.shown.get(wijk_id)


# Every task with every part of the day: two arrays beside each other in one SELECT
# would be read in step.
_CELLS = """
SELECT u.wijk_id, u.kind, task, part, count(*)
  FROM referrals_unmetdemand u
 CROSS JOIN LATERAL unnest(u.tasks) AS task
 CROSS JOIN LATERAL unnest(u.parts_of_day) AS part
 WHERE u.region_id = %(region)s AND u.at >= %(start)s AND u.at < %(end)s
   AND u.kind <> ALL(%(without)s)
 GROUP BY 1, 2, 3, 4
"""


def whole_weeks(weeks: int, *, at: datetime) -> Period:
    """Return the last ``weeks`` whole local weeks before a moment."""
    today = localdate(at)
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=weeks)
    return Period(
        datetime.combine(first, time(), AMSTERDAM),
        datetime.combine(monday, time(), AMSTERDAM),
    )


def count_ledger(
    region_id: int, period: Period, *, without: Collection[str] = ()
) -> Ledger:
    """Return true counts of the ledger, without some kinds (five queries)."""
    rows = UnmetDemand.objects.filter(
        region_id=region_id, at__gte=period.start, at__lt=period.end
    ).exclude(kind__in=list(without))
    rows = rows.order_by()
    pairs = {
        (wijk, kind): number
        for wijk, kind, number in rows.values_list("wijk_id", "kind").annotate(
            n=Count("pk")
        )
    }
    weeks = rows.annotate(
        week=TruncWeek("at", tzinfo=AMSTERDAM, output_field=DateField())
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _CELLS,
            {
                "region": region_id,
                "start": period.start,
                "end": period.end,
                "without": list(without),
            },
        )
        cells = {row[:4]: row[4] for row in cursor.fetchall()}
    return Ledger(
        period=period,
        rows=sum(pairs.values()),
        by_wijk_and_kind=pairs,
        by_task=_count_each(rows, "tasks"),
        by_part=_count_each(rows, "parts_of_day"),
        by_week=dict(weeks.values_list("week").annotate(n=Count("pk"))),
        cells=cells,
    )


def tell(ledger: Ledger) -> Demand:
    """Return what may be told of true counts."""
    kinds = protect(ledger.by_kind)
    weeks = protect(ledger.by_week)
    if kinds.total is None or weeks.total is None:  # each would tell the other's total
        kinds, weeks = _nothing(), _nothing()
    wijken = {
        kind: protect(
            {
                wijk: number
                for (wijk, one), number in ledger.by_wijk_and_kind.items()
                if one == kind
            }
        )
        for kind in kinds.shown
    }
    tasks = protect(ledger.by_task, total=ledger.rows)
    parts = protect(ledger.by_part, total=ledger.rows)
    return Demand(
        period=ledger.period,
        kinds=kinds,
        tasks=tasks,
        parts=parts,
        weeks=weeks,
        wijken=wijken,
        cells={
            cell: number
            for cell, number in ledger.cells.items()
            if number >= SMALL
            and cell[1] in wijken
            and cell[0] in wijken[cell[1]].shown
            and cell[2] in tasks.shown
            and cell[3] in parts.shown
        },
    )


def protect(counts: Mapping[Key, int], *, total: int | None = None) -> Told[Key]:
    """Leave out small counts, and what would give one away by subtracting.

    ``total`` is told too, where it can be; by itself the sum. A reader knows that what
    is few is 1 to 4 and what is kept back at least 5. Counts are left out, the smallest
    first, until no few one has a single possible value; else nothing is told.
    """
    whole = sum(counts.values()) if total is None else total
    few = {key for key, number in counts.items() if 0 < number < SMALL}
    kept: set[Key] = set()
    can_go = sorted(
        (key for key, number in counts.items() if number >= SMALL),
        key=lambda key: (counts[key], str(key)),
    )
    if 0 < whole < SMALL:
        return _nothing()
    while few and _is_given_away(counts, few, kept):
        if not can_go:
            return _nothing()
        kept.add(can_go.pop(0))
    return Told(
        shown={k: n for k, n in counts.items() if k not in few and k not in kept},
        few=frozenset(few),
        kept_back=frozenset(kept),
        total=whole,
    )


def _nothing() -> Told[Key]:
    return Told(shown={}, few=frozenset(), kept_back=frozenset(), total=None)


def _is_given_away(counts: Mapping[Key, int], few: set[Key], kept: set[Key]) -> bool:
    """Whether the sum of what is left out allows one value only for a few one."""
    rest = sum(counts[key] for key in few) + sum(counts[key] for key in kept)
    others = len(few) - 1
    most = rest - others - SMALL * len(kept)
    least = 1 if kept else rest - (SMALL - 1) * others
    return min(SMALL - 1, most) <= max(1, least)


def _count_each(rows: QuerySet[UnmetDemand], field: str) -> dict[str, int]:
    return dict(
        rows.annotate(one=Func(field, function="unnest"))
        .values_list("one")
        .annotate(n=Count("pk"))
    )
