"""The ledger of unmet demand is told in full and gives nobody away."""

import csv
import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.timezone import localdate
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories.answers import Providers, make_providers
from tests.factories.directory import AreaFactory
from wijkspil.accounts.types import Role
from wijkspil.core.periods import Period
from wijkspil.directory.models import Area
from wijkspil.referrals.models import UnmetDemand
from wijkspil.referrals.selectors.unmet import (
    SMALL,
    Cell,
    Ledger,
    Told,
    count_ledger,
    protect,
    tell,
    whole_weeks,
)
from wijkspil.referrals.types import UnmetKind

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
PAGE, FILE = "/onvervulde-vraag/", "/onvervulde-vraag/bestand"


def write(
    providers: Providers,
    n: int = 1,
    *,
    kind: str = "search",
    tasks: tuple[str, ...] = ("stockings",),
    parts: tuple[str, ...] = ("morning",),
    wijk: Area | str | None = "own",
    at: datetime | None = None,
) -> None:
    UnmetDemand.objects.bulk_create(
        UnmetDemand(
            at=at or providers.at - timedelta(days=8),
            region=providers.region,
            wijk=providers.wijk if isinstance(wijk, str) else wijk,
            kind=kind,
            tasks=list(tasks),
            parts_of_day=list(parts),
            urgency="days",
            hours_high=2,
        )
        for _n in range(n)
    )


def a_full_ledger(providers: Providers) -> None:
    other = AreaFactory(name="Duinzicht", parent=providers.wijk.parent)
    write(providers, 12, tasks=("stockings", "medication"))
    write(providers, 7, parts=("morning", "evening"))
    write(providers, 9, kind="decline")
    write(providers, 3, kind="bridged")
    write(providers, 6, kind="bridged", wijk=other)
    write(providers, 8, kind="wait", wijk=other, at=providers.at - timedelta(days=20))
    write(providers, 2, kind="no-answer", wijk=None)


def outside_count(query: str, period: Period) -> dict[object, int]:
    """Count by plain SQL, without our own code."""
    with connection.cursor() as cursor:
        cursor.execute(query, {"start": period.start, "end": period.end})
        return {tuple(row[:-1]): row[-1] for row in cursor.fetchall()}


# --- the sums are those of the ledger


def test_the_counts_are_those_of_the_ledger() -> None:
    providers = make_providers(1, at=timezone.now())
    a_full_ledger(providers)
    period = whole_weeks(13, at=providers.at)
    ledger = count_ledger(providers.region.pk, period)
    span = "at >= %(start)s AND at < %(end)s"
    assert {(): ledger.rows} == outside_count(
        f"SELECT count(*) FROM referrals_unmetdemand WHERE {span}", period
    )
    assert ledger.rows == 47
    assert ledger.by_wijk_and_kind == outside_count(
        "SELECT wijk_id, kind, count(*) FROM referrals_unmetdemand"
        f" WHERE {span} GROUP BY 1, 2",
        period,
    )
    assert ledger.cells == outside_count(
        "SELECT wijk_id, kind, t, p, count(*) FROM referrals_unmetdemand,"
        " unnest(tasks) AS t, unnest(parts_of_day) AS p"
        f" WHERE {span} GROUP BY 1, 2, 3, 4",
        period,
    )
    assert ledger.by_task == {"stockings": 47, "medication": 12}
    assert ledger.by_part == {"morning": 47, "evening": 7}
    assert sum(ledger.by_kind.values()) == sum(ledger.by_week.values()) == 47


def test_what_is_told_adds_up_to_the_ledger_where_nothing_is_small() -> None:
    providers = make_providers(1, at=timezone.now())
    for kind in UnmetKind.values:
        write(providers, 6, kind=kind)
    ledger = count_ledger(providers.region.pk, whole_weeks(4, at=providers.at))
    demand = tell(ledger)
    assert demand.kinds.total == 6 * len(UnmetKind.values)
    assert sum(demand.kinds.shown.values()) == demand.kinds.total
    assert sum(demand.cells.values()) == demand.kinds.total
    assert demand.kinds.few == demand.kinds.kept_back == frozenset()


def test_a_week_runs_from_monday_and_the_running_week_waits() -> None:
    at = datetime(2026, 11, 18, 9, tzinfo=UTC)  # a Wednesday
    providers = make_providers(1, at=at)
    for moment in (
        datetime(2026, 11, 15, 22, 59, tzinfo=UTC),  # Sunday 23.59 local
        datetime(2026, 11, 15, 23, tzinfo=UTC),  # Monday 0.00 local: this week
        datetime(2026, 11, 8, 23, tzinfo=UTC),  # Monday 0.00 local: last week
        datetime(2026, 11, 8, 22, 59, tzinfo=UTC),
    ):
        write(providers, at=moment)
    period = whole_weeks(4, at=at)
    assert (localdate(period.start), localdate(period.end)) == (
        date(2026, 10, 19),
        date(2026, 11, 16),
    )
    assert count_ledger(providers.region.pk, period).by_week == {
        date(2026, 11, 9): 2,
        date(2026, 11, 2): 1,
    }


# --- nobody can be found


def possible_values(counts: dict[int, int], told: Told[int], key: int) -> set[int]:
    """Return what a reader of ``told`` could still think of one small count.

    Independent of ``protect``: every way to fill in what is left out is tried.
    """
    if told.total is None:
        return set(range(1, SMALL))
    rest = told.total - sum(told.shown.values())
    others = [range(1, SMALL)] * (len(told.few) - 1)
    least_kept = SMALL * len(told.kept_back)
    return {
        value
        for value in range(1, SMALL)
        for filled in itertools.product(*others)
        if _fits(rest - value - sum(filled), least_kept)
    }


def _fits(left: int, least_kept: int) -> bool:
    """Whether what is kept back (at least so much) can be what is left."""
    return left >= least_kept if least_kept else left == 0


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(st.integers(0, 6), st.integers(0, 60)), min_size=1, max_size=8
    ).map(lambda numbers: dict(enumerate(numbers)))
)
def test_no_small_count_follows_from_what_is_told(counts: dict[int, int]) -> None:
    told = protect(counts)
    for key, number in counts.items():
        if not 0 < number < SMALL:
            continue
        assert key not in told.shown
        possible = possible_values(counts, told, key)
        assert number in possible
        assert len(possible) > 1, (counts, told)


def test_a_single_small_count_takes_a_second_one_along() -> None:
    told = protect({"a": 3, "b": 9, "c": 40})
    assert told.shown == {"c": 40}
    assert (set(told.few), set(told.kept_back)) == ({"a"}, {"b"})
    assert told.total == 52


def test_of_so_little_nothing_is_told() -> None:
    for counts in ({"a": 3}, {"a": 4, "b": 4}, {"a": 1, "b": 1, "c": 1, "d": 1}):
        told = protect(counts)
        assert (len(told.shown), len(told.few), told.total) == (0, 0, None)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_cell_is_told_of_which_the_wijk_and_kind_are_not(
    data: st.DataObject,
) -> None:
    number = st.integers(0, 12)
    cells: dict[Cell, int] = {
        (wijk, kind, task, "morning"): data.draw(number)
        for wijk in (1, 2, 3)
        for kind in ("search", "wait")
        for task in ("stockings", "wounds")
    }
    pairs: Counter[tuple[int | None, str]] = Counter()
    by_task: Counter[str] = Counter()
    for (where, kind, task, _part), n in cells.items():
        pairs[where, kind] += n
        by_task[task] += n
    rows = sum(pairs.values())
    week = date(2026, 11, 9)
    demand = tell(
        Ledger(
            period=whole_weeks(4, at=datetime(2026, 11, 18, tzinfo=UTC)),
            rows=rows,
            by_wijk_and_kind=pairs,
            by_task=by_task,
            by_part={"morning": rows},
            by_week={week: rows},
            cells=cells,
        )
    )
    for (place, kind, task, _part), n in demand.cells.items():
        assert n >= SMALL
        assert demand.told(place, kind) is not None
        assert task in demand.tasks.shown


def test_small_numbers_are_in_no_page_file_or_interface() -> None:
    providers = make_providers(1, at=timezone.now())
    a_full_ledger(providers)
    browser = providers.person(Role.COORDINATOR).browser()
    page = browser.get(PAGE, headers=ENGLISH)
    values = {bar.label: bar.value for bar in page.context["kinds"]}
    assert values["A team did not answer"] == "fewer than 5"
    assert values["Bridged for now"] == "9"
    rows = csv.DictReader(
        b"".join(browser.get(FILE, headers=ENGLISH)).decode("utf-8-sig").splitlines(),
        delimiter=";",
    )
    numbers = [row["number"] for row in rows]
    told = browser.get(f"/api/v1/regions/{providers.region.pk}/unmet-demand").json()
    numbers += [
        str(line["number"])
        for name in told
        if name.startswith("by") or name == "cells"
        for line in told[name]
        if line["number"] is not None
    ]
    assert numbers
    assert not {"1", "2", "3", "4"} & set(numbers)
    # 9 times bridged, of which 6 in the one wijk and 3 in the other.
    assert "not told" in [v for row in page.context["wijk_rows"] for v in row.values]


def test_the_choice_of_a_wijk_tells_nothing_new() -> None:
    providers = make_providers(1, at=timezone.now())
    a_full_ledger(providers)
    browser = providers.person(Role.COORDINATOR).browser()
    whole = browser.get(PAGE, headers=ENGLISH).context
    one = browser.get(f"{PAGE}?wijk={providers.wijk.pk}", headers=ENGLISH).context
    assert [row.values for row in one["wijk_rows"]] == [
        row.values for row in whole["wijk_rows"] if row.name.startswith("Zuiderpark")
    ]
    assert set(one["cells"]) <= set(whole["cells"])


# --- who may see what


def test_a_provider_does_not_see_how_other_teams_answered() -> None:
    providers = make_providers(2, at=timezone.now())
    a_full_ledger(providers)
    browser = providers.manager(0).browser()
    page = browser.get(PAGE, headers=ENGLISH)
    assert "A team declined" not in [bar.label for bar in page.context["kinds"]]
    assert page.context["total"] == str(47 - 9 - 2)
    lines = b"".join(browser.get(FILE, headers=ENGLISH)).decode()
    told = browser.get(f"/api/v1/regions/{providers.region.pk}/unmet-demand")
    for text in (lines, told.content.decode()):
        assert "decline" not in text
        assert "no-answer" not in text


@pytest.mark.parametrize("path", [PAGE, FILE])
def test_who_may_not_see_figures_is_refused(path: str) -> None:
    providers = make_providers(1, at=timezone.now())
    for role in (Role.REFERRER, Role.TEAM_MEMBER, Role.TRIAGE, Role.PRIVACY_OFFICER):
        answered = providers.person(role).browser().get(path)
        assert answered.status_code == 403
    for role in (Role.COORDINATOR, Role.INSURER, Role.AUDITOR, Role.ADMINISTRATOR):
        assert providers.person(role).browser().get(path).status_code == 200


def test_another_region_is_refused() -> None:
    providers, elsewhere = (make_providers(1, at=timezone.now()) for _n in range(2))
    browser = providers.person(Role.INSURER).browser()
    region = elsewhere.region.pk
    assert browser.get(f"{PAGE}?regio={region}").status_code == 403
    api = f"/api/v1/regions/{region}/unmet-demand"
    assert browser.get(api).status_code == 403


@pytest.mark.parametrize(
    ("weeks", "status"), [(4, 200), (52, 200), (5, 400), ("", 400)]
)
def test_a_system_chooses_over_how_many_weeks(weeks: int | str, status: int) -> None:
    providers = make_providers(1, at=timezone.now())
    browser = providers.person(Role.INSURER).browser()
    api = f"/api/v1/regions/{providers.region.pk}/unmet-demand?weeks={weeks}"
    assert browser.get(api).status_code == status


def test_an_empty_ledger_says_why_there_is_nothing() -> None:
    providers = make_providers(1, at=timezone.now())
    page = providers.person(Role.INSURER).browser().get(PAGE, headers=ENGLISH)
    text = page.content.decode()
    assert "No wijk to show" in text
    assert "No combination happened often enough" in text


def test_the_page_costs_the_same_queries_however_long_the_ledger(
    django_assert_max_num_queries,
) -> None:
    providers = make_providers(1, at=timezone.now())
    a_full_ledger(providers)
    for n in range(6):
        write(providers, 6, wijk=AreaFactory(name=f"Wijk {n}"))
    browser = providers.person(Role.COORDINATOR).browser()
    with django_assert_max_num_queries(15):
        browser.get(PAGE)
