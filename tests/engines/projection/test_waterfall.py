from dataclasses import replace

import numpy as np
import pytest

from tests.engines.projection.by_hand import make_by_hand
from tests.engines.projection.regions import make_parameter, make_problem
from wijkspil_engines.projection import CAUSES, Closure, Saving
from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.explain import explain_area
from wijkspil_engines.projection.solve import solve
from wijkspil_engines.projection.waterfall import (
    Waterfall,
    explain_scenarios,
    explain_years,
)


def adds_up(found: Waterfall) -> bool:
    end = found.start + found.parts.sum(axis=0) + found.interaction
    return bool((end == found.end).all())


def test_the_worked_example_falls_apart_as_by_hand():
    found = explain_years(make_by_hand(), year=2026)
    assert found.hours(0, 0) == {
        "start": 7.332,
        "population": 19.05,
        "use": 0,
        "hours": 0,
        "digital": 0,
        "workers": 2.58336,
        "productivity": 0,
        "closures": 0,
        "interaction": 0,
        "end": 28.96536,
    }


@pytest.mark.parametrize("level", ["areas", "regions"])
@pytest.mark.parametrize("n_runs", [0, 15])
def test_parts_and_interaction_between_years_are_the_total_to_the_last_unit(
    level, n_runs
):
    problem = make_problem(closures=(Closure("x", "u0", 2028, 0.4),))
    found = explain_years(problem, year=2032, level=level, n_runs=n_runs)
    assert found.causes == CAUSES
    assert adds_up(found)
    assert adds_up(found.total())
    assert found.parts[CAUSES.index("closures"), :, 0].any()
    assert found.interaction[:, 0].any()


def test_two_periods_after_each_other_add_up_to_the_whole():
    problem = make_problem()
    whole = explain_years(problem, year=2032)
    first = explain_years(problem, year=2028)
    then = explain_years(problem, since=2028, year=2032)
    assert adds_up(then)
    assert (first.parts + then.parts == whole.parts).all()
    assert (first.interaction + then.interaction == whole.interaction).all()


def test_the_end_is_that_of_the_projection():
    problem = make_problem()
    result = solve(problem, params=Params(n_runs=0))
    found = explain_years(problem, year=2030, measure="need")
    expected = result.totals["need"][..., 5, 0]
    assert found.end / 1e6 == pytest.approx(expected, abs=1e-6)


def test_each_difference_of_scenarios_is_a_cause():
    base = make_problem()
    dispensers = base.savings[0]
    changed = base.with_parameters(
        make_parameter("adoption in the end", 0.5, 0.9),
        make_parameter("use_trend.nursing", 0.0, 0.03),
        make_parameter("retirement", 1.0, 1.4),
    )
    other = replace(
        changed,
        parameters=(*changed.parameters, make_parameter("screens", 0.1, 0.2)),
        closures=(Closure("x", "u0", 2027, 0.5),),
        savings=(
            dispensers,
            Saving(
                "screen care", "nursing", ("screens", "saved hours"),
                0.0, 0.5, dispensers.progress, unit="share",
            ),
        ),
        population=base.population * 1.01,
        inflows=base.inflows[:1],
    )  # fmt: skip
    found = explain_scenarios(base, other, year=2032)
    assert set(found.causes) == {
        "savings.dispensers", "savings.screen care", "closures.x", "population",
        "use_trend.nursing", "retirement", "inflows.school level-5",
    }  # fmt: skip
    assert adds_up(found)
    back = explain_scenarios(other, base, year=2032)
    assert set(back.causes) == set(found.causes)
    assert (back.start == found.end).all()
    named = found.hours(0, 0)
    assert named["savings.dispensers"] < 0 < named["closures.x"]


def test_a_scenario_does_not_differ_from_itself():
    found = explain_scenarios(make_problem(), make_problem(), year=2032)
    assert found.causes == ()
    assert (found.start == found.end).all()
    assert not found.interaction.any()


def test_scenarios_of_other_areas_cannot_be_compared():
    with pytest.raises(ValueError, match="areas"):
        explain_scenarios(make_problem(), make_problem(n_areas=7), year=2032)


def test_a_year_or_measure_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="2040"):
        explain_years(make_problem(), year=2040)
    with pytest.raises(ValueError, match="measure"):
        explain_years(make_problem(), year=2032, measure="joy")


def test_an_area_is_explained_in_figures():
    problem = make_problem()
    result = solve(problem, params=Params(n_runs=40), seed=1)
    causes = explain_years(problem, year=2032, level="areas", n_runs=40, seed=1)
    told = explain_area(problem, result, area=2, kind=0, year=2032, causes=causes)
    assert told.gap == pytest.approx(told.need - told.capacity)
    assert told.low <= told.gap <= told.high
    begin = told.need_now - told.capacity_now
    assert begin + sum(value for _, value in told.causes) == pytest.approx(
        told.gap, abs=1e-5
    )
    unknown = explain_area(problem, result, area=2, kind=1, year=2032)
    assert np.isnan(unknown.gap)
    with pytest.raises(ValueError, match="2099"):
        explain_area(problem, result, area=2, kind=0, year=2099)
