"""Compute a scenario: asked by a person or the night, done once by the worker.

A run is asked in one transaction with its job; the table allows one live run of a
scenario. The worker claims it, computes outside any lock and tells now and then how far
it is, and writes all figures and the result in one transaction that looks again whether
the run is still asked. So two who press at once get one run, and a worker that dies
between two steps leaves a run that ``mend_runs`` hands out again, or marks as failed
with words after ``MOST_TRIES``.

All runs of a horizon use the same seed, so that two scenarios can be laid side by side
draw by draw (common random numbers).
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role
from wijkspil.core.errors import WijkspilError
from wijkspil.directory.selectors.insight import list_wijken_per_holder
from wijkspil.directory.selectors.management import list_coverage_regions
from wijkspil.insight.engine_io.projection import (
    Closing,
    LoadedScenario,
    compare,
    load_scenario,
    project,
)
from wijkspil.insight.engine_io.results import (
    Comparison,
    Projection,
    as_result,
    from_result,
)
from wijkspil.insight.errors import NotNow
from wijkspil.insight.models import Figure, Scenario, ScenarioRun
from wijkspil.insight.permissions import MAKE_SCENARIO, check_can_make_scenario
from wijkspil.insight.selectors.ground import (
    CountedGround,
    count_ground,
    read_wide_ground,
)
from wijkspil.insight.selectors.scenarios import (
    LIVE_RUNS,
    count_tries,
    find_base_scenario,
    find_done_run,
    get_scenario,
    heard_at,
    list_silent_runs,
    lock_scenario,
    region_target,
)
from wijkspil.insight.services.scenarios import ensure_base_scenario
from wijkspil.insight.types import FigureRow, Ground, RunStatus

#: One for all, so that scenarios share what chance brings.
SEED = 20_260_101
#: Enough for an interval of 80 %, and an answer in seconds for a region.
DRAWS = 200
MOST_DRAWS = 2_000
YEARS_AHEAD = 15
#: A run of which nothing was heard for so long has lost its worker.
SILENT = timedelta(seconds=120)
MOST_TRIES = 3
#: Runs of a scenario that are kept; figures only of the newest.
KEPT_RUNS = 5
BATCH = 2_000
#: How often the worker tells how far it is.
TELL_EVERY = timedelta(seconds=1)
#: The job; by name, since tasks lie above services.
RUN_JOB = "wijkspil.insight.tasks.compute_scenario"

Clock = Callable[[], datetime]


def ask_run(
    *, actor: Actor, scenario_id: int, at: datetime, draws: int = DRAWS
) -> tuple[ScenarioRun, bool]:
    """Ask the worker to compute a scenario; the live run when there is one.

    Returns
    -------
    run, is_new

    Raises
    ------
    UnknownScenario
        If there is none that the actor sees.
    NotPermitted
        If the actor computes no scenarios there.
    NotNow
        If more draws are asked than the site computes for a page.
    """
    row = get_scenario(scenario_id, reader_id=actor.user_id)
    check_can_make_scenario(actor, region_target(row.region_id))
    if not 1 <= draws <= MOST_DRAWS:
        raise NotNow(
            _("%(draws)s futures: ask for 1 to %(most)s.")
            % {"draws": draws, "most": MOST_DRAWS}
        )
    return start_run(scenario_id=scenario_id, at=at, draws=draws)


def start_run(
    *, scenario_id: int, at: datetime, draws: int = DRAWS, is_deferred: bool = True
) -> tuple[ScenarioRun, bool]:
    """Make a run and its job in one transaction, or return the live one.

    Raises
    ------
    UnknownScenario
        If the scenario is gone.
    """
    try:
        with transaction.atomic():
            lock_scenario(scenario_id)
            live = _find_live(scenario_id)
            if live is not None:
                return live, False
            run = ScenarioRun.objects.create(
                scenario_id=scenario_id,
                seed=SEED,
                draws=draws,
                horizon_year=localdate(at).year + YEARS_AHEAD,
                asked_at=at,
                result={"tries": 1},
            )
            if is_deferred:
                app.configure_task(RUN_JOB).defer(run_id=run.pk)
    except IntegrityError as error:
        if "one_live_run" not in str(error):
            raise
        live = _find_live(scenario_id)
        if live is None:
            raise
        return live, False
    return run, True


def run_scenario(*, run_id: int, at: datetime, clock: Clock) -> bool:
    """Compute a run and keep what came of it; False when it was not to be done.

    ``clock`` says when it tells how far it is. Safe to do twice and to be killed
    between any two steps.
    """
    run = _claim(run_id, at=at)
    if run is None:
        return False
    try:
        counted = _read(run, at=at)
        projection, comparison = _compute(
            run,
            counted,
            around=read_wide_ground(counted, at=at),
            tell=_teller(run, clock),
        )
        return _keep(run, counted, projection, comparison, at=clock())
    except Exception as error:
        _fail(run_id, error, at=clock())
        if isinstance(error, WijkspilError):
            return False
        raise


def mend_runs(*, at: datetime) -> int:
    """Hand out again what lost its worker, or mark it as failed; return how many.

    Every minute; done twice it happens once.
    """
    count = 0
    for silent in list_silent_runs(before=at - SILENT):
        with transaction.atomic():
            run = (
                ScenarioRun.objects.select_for_update(skip_locked=True)
                .filter(pk=silent.pk, status__in=LIVE_RUNS)
                .first()
            )
            if run is None or heard_at(run) >= at - SILENT:
                continue
            count += 1
            tries = count_tries(run)
            if tries >= MOST_TRIES:
                run.status = RunStatus.FAILED
                run.finished_at = at
                run.error = _(
                    "The computation stopped %(n)s times before it was done. Try it "
                    "again later; if it stays like this, tell who manages the site."
                ) % {"n": tries}
                run.result = {}
                run.save()
                continue
            run.status = RunStatus.QUEUED
            run.done = 0
            run.result = {"tries": tries + 1, "beat": at.isoformat()}
            run.save()
            app.configure_task(RUN_JOB).defer(run_id=run.pk)
    return count


def refresh_base_runs(*, region_ids: Iterable[int], at: datetime) -> int:
    """Compute the reference of each region anew; return how many were asked."""
    count = 0
    for region_id in region_ids:
        base = ensure_base_scenario(region_id=region_id, at=at)
        count += start_run(scenario_id=base.pk, at=at)[1]
    return count


def list_regions_to_compute(*, at: datetime) -> list[int]:
    """Return the regions whose reference is kept fresh.

    Those of which somebody made a scenario, and care office regions in which somebody
    may make one.
    """
    ids = set(Scenario.objects.values_list("region_id", flat=True).distinct())
    for region in list_coverage_regions():
        if region.id not in ids and any(
            list_role_holders(Role(role), region_id=region.id, at=at)
            for role in MAKE_SCENARIO.grants
        ):
            ids.add(region.id)
    return sorted(ids)


def compare_runs(first: ScenarioRun, second: ScenarioRun) -> Comparison:
    """Lay the second beside the first, draw by draw.

    Raises
    ------
    InvalidValue
        If seed, draws or years are not the same: one of them is older.
    """
    return compare(from_result(first.result), from_result(second.result))


# --- parts


def _find_live(scenario_id: int) -> ScenarioRun | None:
    return ScenarioRun.objects.filter(
        scenario_id=scenario_id, status__in=LIVE_RUNS
    ).first()


@transaction.atomic
def _claim(run_id: int, *, at: datetime) -> ScenarioRun | None:
    """Take a run, unless it is over or another worker told of it lately."""
    run = (
        ScenarioRun.objects.select_for_update(of=("self",))
        .filter(pk=run_id)
        .select_related("scenario__region")
        .first()
    )
    if run is None or run.status not in LIVE_RUNS:
        return None
    if run.status == RunStatus.RUNNING and heard_at(run) >= at - SILENT:
        return None
    run.status = RunStatus.RUNNING
    run.started_at = at
    run.done = 0
    run.result = {"tries": count_tries(run), "beat": at.isoformat()}
    run.save()
    return run


def _read(run: ScenarioRun, *, at: datetime) -> CountedGround:
    """Return who lives in the region and what is given there.

    Raises
    ------
    NotNow
        If the region has no wijken.
    """
    region = run.scenario.region
    empty = _(
        "%(region)s has no wijken with inhabitants. Ask who manages the site to load "
        "the areas."
    ) % {"region": region.name}
    counted = count_ground(region_id=region.pk, at=at)
    if not counted.wijken or counted.ground.population.sum() <= 0:
        raise NotNow(empty)
    return counted


def _compute(
    run: ScenarioRun,
    counted: CountedGround,
    *,
    around: Ground,
    tell: Callable[[int, int], None],
) -> tuple[Projection, Comparison | None]:
    """Project the scenario, and lay it beside the reference where that is computed."""
    scenario = run.scenario
    projection = project(
        counted.ground,
        load(scenario),
        seed=run.seed,
        draws=run.draws,
        horizon_year=run.horizon_year,
        progress=tell,
        around=around,
    )
    base = find_base_scenario(scenario.region_id)
    done = None if base is None or base.pk == scenario.pk else find_done_run(base.pk)
    if done is None or not _are_paired(done, run):
        return projection, None
    return projection, compare(from_result(done.result), projection)


def load(scenario: Scenario) -> LoadedScenario:
    """Return a stored scenario as the engine reads it.

    Raises
    ------
    InvalidValue
        If what was stored no longer fits the shipped base.
    """
    return load_scenario(
        scenario.base,
        scenario.overrides,
        tuple(
            Closing(site_code=str(each["service"]), year=each["year"])
            for each in scenario.closing
        ),
    )


def _are_paired(one: ScenarioRun, other: ScenarioRun) -> bool:
    return (one.seed, one.draws, one.horizon_year) == (
        other.seed,
        other.draws,
        other.horizon_year,
    )


def _teller(run: ScenarioRun, clock: Clock) -> Callable[[int, int], None]:
    last: list[datetime] = []
    tries = count_tries(run)

    def tell(done: int, of: int) -> None:
        now = clock()
        if last and now - last[0] < TELL_EVERY and done < of:
            return
        last[:] = [now]
        ScenarioRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING).update(
            done=done, result={"tries": tries, "beat": now.isoformat()}
        )

    return tell


def _keep(
    run: ScenarioRun,
    counted: CountedGround,
    projection: Projection,
    comparison: Comparison | None,
    *,
    at: datetime,
) -> bool:
    """Write figures and result at once; False when the run is no longer asked."""
    ids = _ids_of(counted)
    result = as_result(projection)
    result["draws_by_indicator"] = {
        name: [[_short(one) for one in year] for year in years]
        for name, years in result["draws_by_indicator"].items()
    }
    if comparison is not None:
        result["against_base"] = comparison_as_result(comparison)
    with transaction.atomic():
        row = (
            ScenarioRun.objects.select_for_update(of=("self",))
            .filter(pk=run.pk, status=RunStatus.RUNNING)
            .select_related("scenario")
            .first()
        )
        if row is None:
            return False
        Figure.objects.filter(run=row).delete()
        Figure.objects.bulk_create(
            (
                _figure_of(each, ids[each.area_code], row.pk, at)
                for each in projection.figures
                if each.area_code in ids
            ),
            batch_size=BATCH,
        )
        row.status = RunStatus.DONE
        row.done = row.draws
        row.finished_at = at
        row.error = ""
        row.result = result
        row.version = projection.version[:60]
        row.input_hash = projection.input_hash[:64]
        row.save()
        _drop_old(row)
    return True


def _short(value: float) -> float:
    """Return a number in nine digits: more says nothing, and takes twice the room."""
    return float(f"{value:.9g}")


def _ids_of(counted: CountedGround) -> dict[str, int]:
    """Return code -> id of the wijken and of every area that is whole in the ground.

    Of a gemeente or region that lies partly outside, the sum of a part says nothing.
    """
    wijken = counted.wijken
    there = list_wijken_per_holder(list(counted.holders), year=wijken[0].year)
    here = dict.fromkeys(counted.holders, 0)
    for wijk in wijken:
        for area_id in wijk.within:
            if area_id in here:
                here[area_id] += 1
    ids = {wijk.code: wijk.id for wijk in wijken}
    for area_id, holder in counted.holders.items():
        if here[area_id] == there[area_id]:
            ids[holder.code] = area_id
    return ids


def comparison_as_result(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as values that JSON holds."""
    return {
        "first": comparison.first,
        "second": comparison.second,
        "differences": [
            {
                "indicator": each.indicator,
                "year": each.year,
                "value": each.value,
                "low": each.low,
                "high": each.high,
                "share_lower": each.share_lower,
            }
            for each in comparison.differences
        ],
        "waterfall": [
            {"key": each.key, "kind": each.kind, "value": each.value}
            for each in comparison.waterfall
        ],
    }


def _figure_of(row: FigureRow, area_id: int, run_id: int, at: datetime) -> Figure:
    return Figure(
        indicator=row.indicator,
        area_id=area_id,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        part_of_day=row.part_of_day,
        value=row.value,
        numerator=row.numerator,
        denominator=row.denominator,
        low=row.low,
        high=row.high,
        is_withheld=row.is_withheld,
        source=row.source[:300],
        measured_at=row.measured_at,
        computed_at=at,
        run_id=run_id,
    )


def _drop_old(newest: ScenarioRun) -> None:
    """Keep figures of the newest run only, and the last few runs."""
    older = ScenarioRun.objects.filter(
        scenario_id=newest.scenario_id, pk__lt=newest.pk
    ).order_by("-pk")
    Figure.objects.filter(run__in=list(older.values_list("pk", flat=True))).delete()
    too_old = list(older.values_list("pk", flat=True)[KEPT_RUNS - 1 :])
    ScenarioRun.objects.filter(pk__in=too_old).delete()


def _fail(run_id: int, error: Exception, *, at: datetime) -> None:
    """Keep that it failed, in words for who asked."""
    words = (
        str(error)
        if isinstance(error, WijkspilError)
        else _(
            "Something went wrong in the computation. Nothing was changed; try it "
            "again. If it stays like this, tell who manages the site."
        )
    )
    ScenarioRun.objects.filter(pk=run_id, status__in=LIVE_RUNS).update(
        status=RunStatus.FAILED, finished_at=at, error=words[:2000], result={}
    )
