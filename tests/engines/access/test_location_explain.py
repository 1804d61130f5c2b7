"""Who is served from where, and what for: against the totals of the result."""

import numpy as np
import pytest

from tests.engines.access.test_location import draw
from tests.engines.access.test_location_equity import draw as draw_equity
from wijkspil_engines.access.location.equity import EquityParams, solve_equity
from wijkspil_engines.access.location.explain import (
    explain_access,
    explain_client,
    explain_sites,
)
from wijkspil_engines.access.location.p_median import nearest_open, solve_p_median


@pytest.mark.parametrize("seed", range(3))
def test_clients_and_sites_add_up_to_the_result(seed):
    problem = draw(50, 12, 5, seed=seed, reach=40.0, unreached=60.0, fixed=(0, 3))
    result = solve_p_median(problem)
    served = [explain_client(problem, result, i) for i in range(50)]
    assert [each.site for each in served] == result.serving.tolist()
    total = sum(each.people * each.cost for each in served)
    assert total == pytest.approx(result.objective)
    sites = explain_sites(problem, result)
    assert sorted(each.site for each in sites) == result.opened.tolist()
    reached = result.terms["people"] - result.terms["people_unreached"]
    assert sum(each.people for each in sites) == pytest.approx(reached)
    for each in sites:
        assert each.is_fixed == (each.site in (0, 3))
        assert {served[i].site for i in each.clients} <= {each.site}
        gaining = sum(s.people for s in served if s.site == each.site and s.gain > 0)
        assert each.people_gaining == pytest.approx(gaining)


def test_what_a_site_saves_is_what_it_costs_without_it():
    problem = draw(60, 10, 4, seed=6)
    result = solve_p_median(problem)
    for each in explain_sites(problem, result):
        is_open = np.isin(np.arange(10), result.opened)
        is_open[each.site] = False
        _, cost = nearest_open(problem, is_open)
        assert each.saved_cost == pytest.approx(
            problem.weight @ cost - result.objective
        )


def test_the_gain_is_over_the_fixed_sites_alone():
    problem = draw(40, 8, 3, seed=2, fixed=(1,))
    result = solve_p_median(problem)
    is_open = np.arange(8) == 1
    _, before = nearest_open(problem, is_open)
    _, after = nearest_open(problem, np.isin(np.arange(8), result.opened))
    for i in range(40):
        each = explain_client(problem, result, i)
        assert (each.before_site, each.before_cost) == (1, before[i])
        assert each.gain == pytest.approx(before[i] - after[i])
        assert each.next_cost >= each.cost


@pytest.mark.parametrize("measure", ["catchment", "balanced"])
def test_what_sites_bring_a_client_sums_to_its_access(measure):
    problem = draw_equity(40, 10, 4, seed=3, measure=measure, fixed=(2,))
    params = EquityParams(max_shakes=2, searched_pairs=0)
    result = solve_equity(problem, params=params)
    worst = 0.0
    for i in range(40):
        each = explain_access(problem, result, i)
        assert sum(amount for _, amount in each.parts) == pytest.approx(each.access)
        assert {site for site, _ in each.parts} <= set(result.opened.tolist())
        if measure == "catchment":
            assert each.before <= each.access + 1e-15
        worst += each.people * each.is_worst_off
    # Clients on the edge count whole.
    assert worst >= 0.1 * problem.people.sum()
