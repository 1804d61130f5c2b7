"""Which futures were supposed of a region, and what was computed of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Target
from wijkspil.insight.errors import UnknownScenario
from wijkspil.insight.models import Figure, Scenario, ScenarioRun
from wijkspil.insight.types import RunStatus

#: Key of the shipped scenario in which nothing special is done.
BASE = "base"
LIVE_RUNS = (RunStatus.QUEUED, RunStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class AreaFigure:
    """A projected number of an area in a calendar year, with its 80 % interval."""

    area_id: int
    year: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A projected number with the area it is about, for a file."""

    indicator: str
    area_kind: str
    area_code: str
    area_name: str
    year: int
    value: float | None
    low: float | None
    high: float | None
    is_withheld: bool


def region_target(region_id: int) -> Target:
    """Return where an act on a region lands."""
    return Target(region_ids=frozenset({region_id}))


def is_base(row: Scenario) -> bool:
    """Whether it is the region's own reference, which nobody owns or changes."""
    return row.owner_id is None and row.base == BASE and not row.overrides


def get_scenario(scenario_id: int, *, reader_id: int | None) -> Scenario:
    """Return a scenario that is the reader's own or shared (one query).

    Raises
    ------
    UnknownScenario
        If there is none, or somebody else's that is not shared.
    """
    row = (
        Scenario.objects.filter(pk=scenario_id)
        .filter(Q(is_shared=True) | Q(owner_id=reader_id, owner__isnull=False))
        .select_related("region", "owner")
        .first()
    )
    if row is None:
        raise unknown_scenario(scenario_id)
    return row


def lock_scenario(scenario_id: int) -> Scenario:
    """Return a scenario, locked until the transaction ends.

    Raises
    ------
    UnknownScenario
        If there is none with this number.
    """
    row = Scenario.objects.select_for_update().filter(pk=scenario_id).first()
    if row is None:
        raise unknown_scenario(scenario_id)
    return row


def unknown_scenario(scenario_id: int) -> UnknownScenario:
    """Return the error of a scenario that is not there for the reader."""
    return UnknownScenario(
        _("There is no scenario with number %(id)s, or it is not shared.")
        % {"id": scenario_id}
    )


def get_region_id(scenario_id: int) -> int:
    """Return the region of a scenario (one query).

    Raises
    ------
    UnknownScenario
        If there is none with this number.
    """
    found = (
        Scenario.objects.filter(pk=scenario_id)
        .values_list("region_id", flat=True)
        .first()
    )
    if found is None:
        raise unknown_scenario(scenario_id)
    return found


def find_base_scenario(region_id: int) -> Scenario | None:
    """Return the reference of a region, when it was made (one query)."""
    return (
        Scenario.objects.filter(
            region_id=region_id, base=BASE, owner=None, overrides={}, closing=[]
        )
        .order_by("pk")
        .first()
    )


def list_scenarios(
    region_ids: Iterable[int] | None, *, reader_id: int | None
) -> list[Scenario]:
    """Return own and shared scenarios of regions (None: of all), newest change first.

    Each carries ``newest_runs``, its runs from new to old without their results.
    Two queries.
    """
    rows = (
        Scenario.objects.filter(
            Q(is_shared=True) | Q(owner_id=reader_id, owner__isnull=False)
        )
        .select_related("region", "owner")
        .prefetch_related(
            Prefetch(
                "runs",
                queryset=ScenarioRun.objects.defer("result").order_by("-pk"),
                to_attr="newest_runs",
            )
        )
        .order_by("-changed_at", "-pk")
    )
    if region_ids is not None:
        rows = rows.filter(region_id__in=list(region_ids))
    return list(rows)


def find_newest_run(scenario_id: int) -> ScenarioRun | None:
    """Return the run that was asked for last (one query)."""
    return ScenarioRun.objects.filter(scenario_id=scenario_id).order_by("-pk").first()


def find_done_run(scenario_id: int) -> ScenarioRun | None:
    """Return the newest run that was computed to the end (one query)."""
    return (
        ScenarioRun.objects.filter(scenario_id=scenario_id, status=RunStatus.DONE)
        .order_by("-pk")
        .first()
    )


def get_base_run(region_id: int) -> ScenarioRun | None:
    """Return the newest complete run of a region's reference (two queries)."""
    base = find_base_scenario(region_id)
    return None if base is None else find_done_run(base.pk)


def list_base_runs() -> list[ScenarioRun]:
    """Return of each region the newest complete run of its reference (one query)."""
    return list(
        ScenarioRun.objects.filter(
            status=RunStatus.DONE,
            scenario__base=BASE,
            scenario__owner=None,
            scenario__overrides={},
            scenario__closing=[],
        )
        .select_related("scenario")
        .defer("result")
        .order_by("scenario__region_id", "-pk")
        .distinct("scenario__region_id")
    )


def list_figures_of_run(
    run_id: int, indicator: str, *, area_ids: Sequence[int] | None = None
) -> list[AreaFigure]:
    """Return an indicator of a run per area and year, in that order (one query)."""
    rows = Figure.objects.filter(run_id=run_id, indicator=indicator, part_of_day="")
    if area_ids is not None:
        rows = rows.filter(area_id__in=area_ids)
    return [
        AreaFigure(area_id, begin.year, value, low, high)
        for area_id, begin, value, low, high in rows.order_by(
            "area_id", "valid_from"
        ).values_list("area_id", "valid_from", "value", "low", "high")
    ]


def get_figures_in_year(
    run_id: int, indicator: str, year: int
) -> Mapping[int, AreaFigure]:
    """Return area id -> the number of one year (one query)."""
    return {
        area_id: AreaFigure(area_id, year, value, low, high)
        for area_id, value, low, high in Figure.objects.filter(
            run_id=run_id,
            indicator=indicator,
            part_of_day="",
            valid_from=date(year, 1, 1),
        ).values_list("area_id", "value", "low", "high")
    }


def list_run_rows(run_id: int) -> Iterator[RunRow]:
    """Yield every number of a run, by indicator, area and year (one query)."""
    rows = (
        Figure.objects.filter(run_id=run_id)
        .order_by("indicator", "area__kind", "area__code", "valid_from")
        .values_list(
            *("indicator", "area__kind", "area__code", "area__name", "valid_from"),
            *("value", "low", "high", "is_withheld"),
        )
    )
    for indicator, kind, code, name, begin, *numbers in rows.iterator():
        yield RunRow(indicator, kind, code, name, begin.year, *numbers)


def list_silent_runs(*, before: datetime) -> list[ScenarioRun]:
    """Return live runs of which nothing was heard since a moment (one query)."""
    return [
        row
        for row in ScenarioRun.objects.filter(status__in=LIVE_RUNS).order_by("pk")
        if heard_at(row) < before
    ]


def heard_at(row: ScenarioRun) -> datetime:
    """Return when the worker last told how far it is, or when it was asked."""
    beat = row.result.get("beat")
    return datetime.fromisoformat(beat) if beat else row.asked_at


def count_tries(row: ScenarioRun) -> int:
    """Return how often a live run was handed to a worker."""
    return int(row.result.get("tries", 1))
