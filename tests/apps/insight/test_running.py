"""Computing a scenario: once, whole, the same again, whatever dies in between."""

from datetime import timedelta
from typing import Any

import pytest

from tests.apps.directory.at_once import at_once
from tests.apps.insight.workshop import (
    DRAWS,
    MINUTE,
    compute,
    compute_base,
    make_own,
    make_workshop,
)
from tests.factories.accounts import MembershipFactory
from tests.factories.directory import AreaFactory
from tests.factories.insight import AT, make_region
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.insight.errors import NotNow, UnknownScenario
from wijkspil.insight.models import Figure, Scenario, ScenarioRun
from wijkspil.insight.selectors.scenarios import get_base_run, list_base_runs
from wijkspil.insight.services import running
from wijkspil.insight.services.running import (
    MOST_TRIES,
    SILENT,
    ask_run,
    compare_runs,
    list_regions_to_compute,
    mend_runs,
    refresh_base_runs,
    run_scenario,
    start_run,
)
from wijkspil.insight.services.scenarios import Closing, delete_scenario
from wijkspil.insight.types import RunStatus

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The worker is gone between two steps."""


def jobs() -> int:
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.filter(
        task_name="wijkspil.insight.tasks.compute_scenario"
    ).count()


def test_a_run_keeps_figures_of_every_wijk_gemeente_and_the_region() -> None:
    workshop = make_workshop()
    made = workshop.made
    run = compute_base(made)
    assert (run.status, run.error, run.done) == (RunStatus.DONE, "", DRAWS)
    assert run.version
    assert len(run.input_hash) == 64
    figures = Figure.objects.filter(run=run, indicator="gap_hours")
    first, last = run.result["first_year"], run.result["horizon_year"]
    for area in made.areas:
        years = {row.valid_from.year for row in figures.filter(area=area)}
        assert years == set(range(first, last + 1)), area
    of_region = figures.get(area=made.region, valid_from__year=last)
    of_wijken = figures.filter(area__in=made.wijken, valid_from__year=last)
    total = sum(row.value or 0.0 for row in of_wijken)
    assert of_region.value == pytest.approx(total)
    assert of_region.low is not None
    assert of_region.high is not None
    assert of_region.low <= of_region.high
    assert get_base_run(made.region.pk) == run
    assert list_base_runs() == [run]


def test_an_area_that_is_only_partly_in_the_region_gets_no_figure() -> None:
    made = make_workshop().made
    AreaFactory(parent=made.gemeenten[1], name="Buiten").within = []
    outside = AreaFactory(name="Buiten", lon=4.4, lat=52.1)
    outside.within = sorted({outside.pk, made.gemeenten[1].pk})
    outside.save()
    run = compute_base(made)
    areas = set(Figure.objects.filter(run=run).values_list("area_id", flat=True))
    assert made.gemeenten[0].pk in areas
    assert made.gemeenten[1].pk not in areas
    assert made.region.pk in areas


def test_a_scenario_is_laid_beside_the_base_and_its_causes_add_up() -> None:
    made = make_workshop().made
    base = compute_base(made)
    run = compute(make_own(made))
    causes = run.result["against_base"]["waterfall"]
    parts = sum(row["value"] for row in causes if row["kind"] != "end")
    assert parts == pytest.approx(causes[-1]["value"], abs=1e-6)
    last = run.result["horizon_year"]
    difference = compare_runs(base, run).difference("gap_hours", last)
    assert difference.value < 0
    assert difference.low <= difference.value <= difference.high
    spread = next(
        row
        for row in run.result["totals"]
        if row["indicator"] == "gap_hours" and row["year"] == last
    )
    # Common chances: the difference is far surer than either of the two.
    assert difference.high - difference.low < (spread["high"] - spread["low"]) / 3


def test_the_same_scenario_computed_again_gives_the_same_numbers() -> None:
    made = make_workshop().made
    first = compute_base(made)
    values = list(
        Figure.objects.filter(run=first)
        .order_by("indicator", "area_id", "valid_from")
        .values_list("value", "low", "high")
    )
    again = compute_base(made, at=AT + MINUTE)
    assert again.pk != first.pk
    assert again.result["totals"] == first.result["totals"]
    assert again.input_hash == first.input_hash
    assert values == list(
        Figure.objects.filter(run=again)
        .order_by("indicator", "area_id", "valid_from")
        .values_list("value", "low", "high")
    )
    # Figures of the older run are gone, its result is kept.
    assert not Figure.objects.filter(run=first).exists()
    assert ScenarioRun.objects.filter(pk=first.pk).exists()


def test_a_practice_that_stops_makes_gp_places_fewer() -> None:
    workshop = make_workshop()
    made = workshop.made
    base = compute_base(made)
    row = make_own(
        made,
        base="base",
        overrides={},
        closing=[Closing(workshop.practices[0].pk, 2028)],
    )
    run = compute(row)
    assert run.status == RunStatus.DONE, run.error
    before, after = (
        Figure.objects.get(
            run=one,
            area=made.wijken[0],
            indicator="gp_places_per_1000",
            valid_from__year=2030,
        ).value
        or 0.0
        for one in (base, run)
    )
    assert after < before


def test_asking_twice_makes_one_run_and_one_job() -> None:
    made = make_region()
    row = make_own(made)
    first, is_new = ask_run(actor=made.analyst.actor, scenario_id=row.pk, at=AT)
    again, is_new_again = ask_run(actor=made.analyst.actor, scenario_id=row.pk, at=AT)
    assert (is_new, is_new_again) == (True, False)
    assert first.pk == again.pk
    assert jobs() == 1


def test_who_may_not_compute_is_refused() -> None:
    made = make_region()
    row = make_own(made)
    with pytest.raises(UnknownScenario):
        ask_run(actor=made.insurer.actor, scenario_id=row.pk, at=AT)
    row.is_shared = True
    row.save()
    reader = Actor(
        user_id=1, grants=(Grant(Role.GP_COORDINATOR, region_id=made.region.pk),)
    )
    with pytest.raises(NotPermitted):
        ask_run(actor=reader, scenario_id=row.pk, at=AT)
    with pytest.raises(NotNow, match="ask for 1 to"):
        ask_run(actor=made.insurer.actor, scenario_id=row.pk, at=AT, draws=1_000_000)


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_get_the_same_run() -> None:
    made = make_region()
    row = make_own(made)
    asked = at_once(
        *[
            lambda: ask_run(actor=made.analyst.actor, scenario_id=row.pk, at=AT)
            for _ in range(4)
        ]
    )
    assert len({run.pk for run, _is_new in asked}) == 1
    assert sum(is_new for _run, is_new in asked) == 1
    assert ScenarioRun.objects.count() == 1
    assert jobs() == 1


def test_two_workers_on_one_run_compute_it_once() -> None:
    made = make_workshop().made
    run, _is_new = start_run(scenario_id=make_own(made).pk, at=AT, draws=DRAWS)
    seen: list[bool] = []

    def clock() -> Any:
        if not seen:
            seen.append(True)
            # A second worker comes along in the middle.
            assert not run_scenario(run_id=run.pk, at=AT, clock=lambda: AT)
        return AT

    assert run_scenario(run_id=run.pk, at=AT, clock=clock)
    assert seen
    assert not run_scenario(run_id=run.pk, at=AT, clock=lambda: AT)


def kill(run: ScenarioRun, *, at: Any) -> None:
    """Let a worker begin, and die at its first word."""

    def clock() -> Any:
        raise Killed

    with pytest.raises(Killed):
        run_scenario(run_id=run.pk, at=at, clock=clock)
    run.refresh_from_db()


def test_a_run_whose_worker_died_is_taken_up_again() -> None:
    made = make_workshop().made
    run, _is_new = start_run(scenario_id=make_own(made).pk, at=AT, draws=DRAWS)
    kill(run, at=AT)
    assert run.status == RunStatus.RUNNING
    assert mend_runs(at=AT + SILENT / 2) == 0
    later = AT + SILENT + MINUTE
    assert mend_runs(at=later) == 1
    assert mend_runs(at=later) == 0
    run.refresh_from_db()
    assert run.status == RunStatus.QUEUED
    assert jobs() == 2
    assert run_scenario(run_id=run.pk, at=later, clock=lambda: later)
    run.refresh_from_db()
    assert run.status == RunStatus.DONE


def test_a_run_that_keeps_losing_its_worker_fails_with_words() -> None:
    made = make_workshop().made
    row = make_own(made)
    run, _is_new = start_run(scenario_id=row.pk, at=AT, draws=DRAWS)
    at = AT
    for _ in range(MOST_TRIES):
        kill(run, at=at)
        at += SILENT + timedelta(seconds=1)
        assert mend_runs(at=at) == 1
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "stopped 3 times" in run.error
    assert jobs() == MOST_TRIES
    # It can be asked again.
    assert start_run(scenario_id=row.pk, at=at, draws=DRAWS)[1]


def test_a_scenario_deleted_while_it_is_computed_leaves_nothing() -> None:
    made = make_workshop().made
    row = make_own(made)
    run, _is_new = start_run(scenario_id=row.pk, at=AT, draws=DRAWS)

    def clock() -> Any:
        if Scenario.objects.filter(pk=row.pk).exists():
            delete_scenario(actor=made.analyst.actor, scenario_id=row.pk)
        return AT

    assert not run_scenario(run_id=run.pk, at=AT, clock=clock)
    assert not Figure.objects.exclude(run=None).exists()


def test_a_region_without_wijken_fails_with_words() -> None:
    made = make_region()
    empty = AreaFactory(region=True, name="Leegland")
    row = make_own(made)
    Scenario.objects.filter(pk=row.pk).update(region=empty)
    run = compute(row)
    assert run.status == RunStatus.FAILED
    assert "Leegland has no wijken" in run.error


def test_a_fault_is_kept_in_words_and_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = make_region()
    run, _is_new = start_run(scenario_id=make_own(made).pk, at=AT, draws=DRAWS)

    def broken(*_args: object, **_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(running, "count_ground", broken)
    with pytest.raises(ZeroDivisionError):
        run_scenario(run_id=run.pk, at=AT, clock=lambda: AT)
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "Something went wrong" in run.error


def test_the_night_asks_one_run_of_the_reference_per_region() -> None:
    made = make_region()
    ids = [made.region.pk, made.zorgkantoor.pk]
    assert refresh_base_runs(region_ids=ids, at=AT) == 2
    assert refresh_base_runs(region_ids=ids, at=AT) == 0
    assert Scenario.objects.count() == 2
    assert jobs() == 2
    assert list_regions_to_compute(at=AT) == sorted(ids)


def test_a_care_office_region_in_use_is_kept_fresh() -> None:
    made = make_region()
    assert list_regions_to_compute(at=AT) == []
    MembershipFactory(role=Role.COORDINATOR, region=made.zorgkantoor)
    assert list_regions_to_compute(at=AT) == [made.zorgkantoor.pk]
