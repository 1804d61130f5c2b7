"""The report of a region in the database: gather its picture, and write it.

What is on the pages stands in it, at the same moment: newest counted figures, the
newest complete run of the reference and of the shared scenarios, what was agreed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import NotFound
from wijkspil.directory.selectors.maps import list_area_geometries, list_areas_of_codes
from wijkspil.directory.selectors.room_overview import RegionName, get_region
from wijkspil.insight.engine_io.results import Comparison, Projection, from_result
from wijkspil.insight.models import Measure, ScenarioRun
from wijkspil.insight.permissions import check_can_view_insight
from wijkspil.insight.scenario_charts import read_comparison, say_figure
from wijkspil.insight.scenario_wording import say_shipped
from wijkspil.insight.selectors.figures import list_figures
from wijkspil.insight.selectors.ground import read_ground
from wijkspil.insight.selectors.plans import list_measures
from wijkspil.insight.selectors.scenarios import (
    find_base_scenario,
    find_done_run,
    is_base,
    list_scenarios,
)
from wijkspil.insight.services.picture import AreaLabel, Picture, gather_assumptions
from wijkspil.insight.services.reporting.contents import make_report
from wijkspil.insight.services.reporting.shape import PlanLine, Report
from wijkspil.insight.services.reporting.writing import write_html, write_pdf

#: Scenarios beside the reference that a report holds; more is no longer a choice.
MOST_SCENARIOS = 5


def make_region_report(*, actor: Actor, region_id: int, at: datetime) -> Report:
    """Return the report of a region, in the active language.

    Raises
    ------
    UnknownRegion
        If there is none with this number.
    NotPermitted
        If the actor does not see the picture of the region.
    NotFound
        If no wijk lies in it.
    """
    return _make(actor, region_id, at)[1]


def pack_region_report(*, actor: Actor, region_id: int, at: datetime) -> bytes:
    """Return a ZIP of the report, all its data, and the codebook.

    Raises
    ------
    UnknownRegion, NotPermitted, NotFound
        As ``make_region_report``.
    """
    from wijkspil.insight.services.dataset import write_dataset

    picture, report = _make(actor, region_id, at)
    packed = BytesIO()
    with TemporaryDirectory() as folder, ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for path in write_dataset(picture, Path(folder)):
            archive.write(path, path.name)
        archive.writestr("report.html", write_html(report))
        archive.writestr("report.pdf", write_pdf(report))
    return packed.getvalue()


def _make(actor: Actor, region_id: int, at: datetime) -> tuple[Picture, Report]:
    region = get_region(region_id)
    check_can_view_insight(actor, Target(region_ids=frozenset({region_id})))
    picture = read_picture(region=region, reader_id=actor.user_id, at=at)
    report = make_report(
        picture,
        shapes=list_area_geometries(picture.areas),
        plans=list_plan_lines(region_id),
        is_fictional=region.is_fictional,
    )
    return picture, report


def read_picture(*, region: RegionName, reader_id: int | None, at: datetime) -> Picture:
    """Return everything the report of a region is made of.

    Raises
    ------
    NotFound
        If no wijk lies in the region.
    """
    ground = read_ground(region_id=region.id, at=at)
    if not ground.places:
        raise NotFound(_("No wijk lies in %(region)s.") % {"region": region.name})
    subject = AreaLabel(region.code, region.name, "region")
    ids = list_areas_of_codes(place.code for place in ground.places)
    codes = {area_id: code for code, area_id in ids.items()}
    rows = list_figures(area_ids=[region.id, *ids.values()])
    runs = _list_runs(region.id, reader_id)
    projections, comparisons = _read_runs(runs, area_ids=list(codes))
    base = projections.get("base")
    return Picture(
        subject=subject,
        ground=ground,
        areas={
            subject.code: subject,
            **{p.code: AreaLabel(p.code, p.name, p.kind) for p in ground.places},
        },
        figures=rows,
        projections=projections,
        comparisons=comparisons,
        assumptions=gather_assumptions(ground.assumptions, projections),
        seed=base.seed if base else 0,
        draws=base.draws if base else 0,
        horizon_year=base.horizon_year if base else localdate(at).year,
        versions={f"{key}": one.version for key, one in projections.items()},
        input_hashes={key: one.input_hash for key, one in projections.items()},
        made_on=localdate(at),
    )


def list_plan_lines(region_id: int) -> list[PlanLine]:
    """Return what was agreed for a region, as a report tells it."""
    return [_plan_line(row) for row in list_measures([region_id])]


def _list_runs(
    region_id: int, reader_id: int | None
) -> list[tuple[str, str, ScenarioRun]]:
    """Return key, title and newest complete run: the reference first."""
    found: list[tuple[str, str, ScenarioRun]] = []
    base = find_base_scenario(region_id)
    if base is None or (run := find_done_run(base.pk)) is None:
        return []
    found.append(("base", say_shipped("base")[0], run))
    for row in list_scenarios([region_id], reader_id=reader_id):
        if not is_base(row) and row.is_shared and len(found) <= MOST_SCENARIOS:
            done = find_done_run(row.pk)
            if done is not None:
                found.append((str(row.pk), row.name, done))
    return found


def _read_runs(
    runs: Sequence[tuple[str, str, ScenarioRun]], *, area_ids: Sequence[int]
) -> tuple[dict[str, Projection], dict[str, Comparison]]:
    projections: dict[str, Projection] = {}
    comparisons: dict[str, Comparison] = {}
    for key, title, run in runs:
        figures = (
            tuple(list_figures(area_ids=area_ids, run_id=run.pk))
            if key == "base"
            else ()
        )
        projections[key] = replace(
            from_result(run.result), title=title, figures=figures
        )
        found = read_comparison(run.result)
        if key != "base" and found is not None:
            comparisons[key] = found
    return projections, comparisons


def _plan_line(row: Measure) -> PlanLine:
    owner = row.owner.name if row.owner else row.get_owner_kind_display()
    return PlanLine(
        title=row.title,
        area=row.area.name,
        owner=str(owner),
        due=date_format(row.due_on, "j-n-Y"),
        status=str(row.get_status_display()),
        expected=_effect(row.indicator, row.expected_effect),
        measured=_effect(row.indicator, row.measured_effect),
    )


def _effect(indicator: str, value: float | None) -> str:
    return "" if value is None else say_figure(indicator, value)
