"""Fill a demo: the base computed, three shared scenarios, three measures. All invented.

The analyst of the demo makes them, through the same services as a person would. Safe to
do twice: what is there is not made again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.timezone import localdate

from wijkspil.accounts.selectors import find_fictional_actor
from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.gp_practices import list_gp_practices_of_region
from wijkspil.directory.selectors.wijken import (
    list_home_care_of_region,
    list_wijken_of_region,
)
from wijkspil.insight.models import (
    Figure,
    IndicatorUpload,
    Measure,
    Scenario,
    UploadedFigure,
)
from wijkspil.insight.permissions import MAKE_SCENARIO
from wijkspil.insight.selectors.scenarios import (
    find_done_run,
    get_base_run,
    get_figures_in_year,
)
from wijkspil.insight.services.plans import (
    MeasureGiven,
    make_measure,
    set_measure_status,
)
from wijkspil.insight.services.running import run_scenario, start_run
from wijkspil.insight.services.scenarios import (
    Closing,
    ScenarioGiven,
    Supposed,
    ensure_base_scenario,
    make_scenario,
)
from wijkspil.insight.types import OwnerKind

ANALYST = "analist@example.nl"
#: Whose regions get the base computed too, so that no page of theirs is empty.
READERS = ("coordinator@example.nl", "verzekeraar@example.nl")


@dataclass(frozen=True, slots=True)
class MadeInsight:
    """What was made for a demo."""

    region_id: int | None
    scenarios: int
    runs: int
    measures: int


def make_scenarios_and_plans(at: datetime) -> MadeInsight:
    """Make and compute scenarios, and measures that lean on them.

    Figures are refreshed before this, so that measures know where they start.
    """
    analyst = find_fictional_actor(ANALYST, at=at)
    region_id = None if analyst is None else _region_of(analyst)
    if analyst is None or region_id is None:
        return MadeInsight(None, 0, 0, 0)
    runs = 0
    readers = (find_fictional_actor(email, at=at) for email in READERS)
    others = {_region_of(one) for one in readers if one is not None}
    for one in (region_id, *sorted(others - {region_id, None}, key=str)):
        assert one is not None
        runs += _compute(ensure_base_scenario(region_id=one, at=at), at=at)
    given = _scenarios(region_id, at=at)
    known = {
        row.name: row
        for row in Scenario.objects.filter(region_id=region_id, is_fictional=True)
    }
    rows = [
        known.get(each.name)
        or make_scenario(
            actor=analyst,
            region_id=region_id,
            given=each,
            at=at,
            is_shared=True,
            is_fictional=True,
        )
        for each in given
    ]
    runs += sum(_compute(row, at=at) for row in rows)
    measures = 0
    if not Measure.objects.filter(region_id=region_id, is_fictional=True).exists():
        measures = _make_measures(analyst, region_id, rows, at=at)
    return MadeInsight(region_id, len(rows), runs, measures)


def delete_fictional_insight() -> int:
    """Remove what was invented, and all of invented areas and providers."""
    rows = (
        Measure.objects.filter(Q(is_fictional=True) | Q(owner__is_fictional=True)),
        Scenario.objects.filter(
            Q(is_fictional=True)
            | Q(owner__is_fictional=True)
            | Q(owner=None, region__is_fictional=True)
        ),
        Figure.objects.filter(area__is_fictional=True),
        UploadedFigure.objects.filter(organization__is_fictional=True),
        # After its figures: an upload of somebody invented may be of several providers.
        IndicatorUpload.objects.filter(
            Q(organization__is_fictional=True)
            | Q(uploaded_by__is_fictional=True, figures=None)
        ),
    )
    return sum(each.delete()[0] for each in rows)


def _region_of(actor: Actor) -> int | None:
    return next(
        (
            grant.region_id
            for grant in actor.grants
            if grant.role in MAKE_SCENARIO.grants and grant.region_id is not None
        ),
        None,
    )


def _compute(row: Scenario, *, at: datetime) -> int:
    if find_done_run(row.pk) is not None:
        return 0
    run, _is_new = start_run(scenario_id=row.pk, at=at, is_deferred=False)
    return int(run_scenario(run_id=run.pk, at=at, clock=lambda: at))


def _scenarios(region_id: int, *, at: datetime) -> list[ScenarioGiven]:
    practices = list_gp_practices_of_region(region_id, at=at)
    closing = [
        Closing(one.id, localdate(at).year + 2)
        for one in practices[: min(2, len(practices) - 1)]
    ]
    return [
        ScenarioGiven(
            name="Helft digitaal in 2030",
            base="digital-50-percent-adoption",
            note="Wat als we de afspraak uit het akkoord halen, en iets meer?",
            overrides={
                "dispenser.adopted.target": Supposed(
                    0.55,
                    0.7,
                    "Drie aanbieders willen de dispenser standaard aanbieden.",
                ),
                "dispenser.still_used": Supposed(
                    0.6, 0.9, "Na een jaar gebruikt ongeveer driekwart hem nog."
                ),
            },
        ),
        ScenarioGiven(
            name="Opleiden met het akkoordgeld",
            base="training-money",
            note="Het opleidingsgeld komt op tijd en de plekken worden gevuld.",
        ),
        ScenarioGiven(
            name="Eerder met pensioen en twee praktijken dicht",
            base="retirement-early",
            note="Tegenwind: medewerkers stoppen eerder en er sluiten twee praktijken.",
            closing=closing,
        ),
    ]


def _make_measures(
    analyst: Actor, region_id: int, rows: Sequence[Scenario], *, at: datetime
) -> int:
    """Propose three measures: one runs, one waits, one is past its date."""
    today = localdate(at)
    wijk_id = _widest_gap(region_id, rows, year=today.year + 5)
    providers = sorted(list_home_care_of_region(region_id, at=at).items())
    digital = rows[0].pk
    plans: list[tuple[MeasureGiven, tuple[str, ...]]] = [
        (
            MeasureGiven(
                region_id=region_id,
                area_id=region_id,
                indicator="gap_hours",
                title="Medicijndispensers standaard aanbieden",
                owner_kind=OwnerKind.RESV,
                due_on=today + timedelta(days=400),
                note="Iedere nieuwe cliënt voor wie het past krijgt het aanbod.",
                scenario_id=digital,
            ),
            ("agree", "start"),
        ),
        (
            MeasureGiven(
                region_id=region_id,
                area_id=wijk_id,
                indicator="gap_hours",
                title="Avondteam erbij in de wijk met het grootste tekort",
                owner_kind=OwnerKind.PROVIDER if providers else OwnerKind.RESV,
                owner_id=providers[0][0] if providers else None,
                due_on=today + timedelta(days=120),
                note="Twee verpleegkundigen en een verzorgende, samen 60 uur per week.",
                expected_effect=-60.0,
                expected_low=-75.0,
                expected_high=-30.0,
            ),
            (),
        ),
        (
            MeasureGiven(
                region_id=region_id,
                area_id=region_id,
                indicator="night_covered_share",
                title="Eén nachtrooster met de buurregio",
                owner_kind=OwnerKind.INSURER,
                due_on=today - timedelta(days=12),
                note="Samen inkopen, zodat er elke nacht iemand dienst heeft.",
                expected_effect=4.0,
                expected_low=1.0,
                expected_high=6.0,
            ),
            ("agree",),
        ),
    ]
    for given, acts in plans:
        row = make_measure(actor=analyst, given=given, at=at, is_fictional=True)
        for act in acts:
            set_measure_status(actor=analyst, measure_id=row.pk, act=act, at=at)
    return len(plans)


def _widest_gap(region_id: int, rows: Sequence[Scenario], *, year: int) -> int:
    """Return the wijk whose gap is the widest in a year; the region without one."""
    run = get_base_run(region_id) or (find_done_run(rows[0].pk) if rows else None)
    wijken = {wijk.id for wijk in list_wijken_of_region(region_id)}
    if run is None or not wijken:
        return region_id
    gaps = {
        pk: one.value
        for pk, one in get_figures_in_year(run.pk, "gap_hours", year).items()
        if pk in wijken and one.value is not None
    }
    return max(gaps, key=lambda pk: (gaps[pk], pk), default=region_id)
