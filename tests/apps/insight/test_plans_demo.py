"""A demo opens with scenarios and plans, made once, and can be thrown away."""

from datetime import timedelta

import pytest

from tests.apps.insight.workshop import make_workshop
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.directory import AreaFactory, CoverageFactory, OrganizationFactory
from tests.factories.insight import AT, FigureFactory
from wijkspil.accounts.types import Role
from wijkspil.insight.fictional import (
    ANALYST,
    MadeInsight,
    delete_fictional_insight,
    make_scenarios_and_plans,
)
from wijkspil.insight.models import (
    Figure,
    IndicatorUpload,
    Measure,
    Scenario,
    ScenarioRun,
    UploadedFigure,
)
from wijkspil.insight.selectors.plans import is_overdue
from wijkspil.insight.types import RunStatus

pytestmark = pytest.mark.django_db


def test_a_demo_has_a_base_three_scenarios_and_three_measures_once() -> None:
    made = make_workshop().made
    CoverageFactory(area=made.wijken[0])
    MembershipFactory(
        user=UserFactory(email=ANALYST), role=Role.ANALYST, region=made.region
    )
    first = make_scenarios_and_plans(AT)
    assert first == MadeInsight(made.region.pk, scenarios=3, runs=4, measures=3)
    assert ScenarioRun.objects.filter(status=RunStatus.DONE).count() == 4
    assert all(row.is_shared for row in Scenario.objects.all())
    measures = list(Measure.objects.order_by("pk"))
    assert [row.status for row in measures] == ["running", "proposed", "agreed"]
    assert [is_overdue(row, on=AT.date()) for row in measures] == [False, False, True]
    assert measures[0].expected_low is not None
    assert measures[1].owner is not None
    again = make_scenarios_and_plans(AT)
    assert (again.runs, again.measures) == (0, 0)
    assert Scenario.objects.count() == 4
    delete_fictional_insight()
    assert not Scenario.objects.exists()
    assert not Measure.objects.exists()


def test_figures_of_invented_providers_go_and_those_of_others_stay() -> None:
    for is_fictional in (True, False):
        owner = OrganizationFactory(is_fictional=is_fictional)
        upload = IndicatorUpload.objects.create(
            indicator="prem",
            file_name=f"{is_fictional}.csv",
            rows=1,
            uploaded_at=AT,
            uploaded_by=UserFactory(is_fictional=is_fictional),
        )
        UploadedFigure.objects.create(
            upload=upload,
            organization=owner,
            indicator="prem",
            valid_from=AT.date(),
            valid_until=AT.date() + timedelta(days=9),
            count=20,
        )
    delete_fictional_insight()
    assert [row.file_name for row in IndicatorUpload.objects.all()] == ["False.csv"]
    [figure] = UploadedFigure.objects.all()
    assert not figure.organization.is_fictional


def test_figures_of_invented_areas_go_and_those_of_others_stay() -> None:
    for is_fictional in (True, False):
        FigureFactory(area=AreaFactory(is_fictional=is_fictional))
    delete_fictional_insight()
    [figure] = Figure.objects.all()
    assert not figure.area.is_fictional


def test_without_an_analyst_nothing_is_made() -> None:
    assert make_scenarios_and_plans(AT) == MadeInsight(None, 0, 0, 0)
