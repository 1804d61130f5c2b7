"""A scenario changes what it names in a projection, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from wijkspil_engines.projection.apply import (
    TECHNOLOGIES,
    apply_scenario,
    as_parameter,
    digital_savings,
)
from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.problem import (
    InvalidProblem,
    Kind,
    ProjectionProblem,
    Skill,
)
from wijkspil_engines.projection.scenario import (
    InvalidScenario,
    Scenario,
    load,
    shipped,
    with_values,
)
from wijkspil_engines.projection.solve import Result, solve
from wijkspil_engines.projection.tornado import problem_tornado

AGES = 20


def small_problem() -> ProjectionProblem:
    """Two areas with their own team, mostly old people."""
    fertile = (np.arange(AGES) > 3) & (np.arange(AGES) < 8)
    return ProjectionProblem(
        first_year=2026,
        n_years=15,
        areas=("a", "b"),
        regions=("r",),
        region_of_area=np.zeros(2, np.int32),
        population=np.full((2, 2, AGES), 100.0),
        mortality=np.tile(np.linspace(0.001, 0.3, AGES), (1, 2, 1)),
        fertility=np.where(fertile, 0.07, 0.0)[None, :],
        kinds=(
            Kind(
                "wijkverpleging",
                "zvw",
                use=np.tile(np.linspace(0, 0.2, AGES), (2, 1)),
                hours=np.full((2, AGES), 6.0),
                stay_years=0.9,
            ),
        ),
        skills=tuple(
            Skill(
                name,
                "wijkverpleging",
                leave=np.full(5, 0.05),
                retire=np.array([0, 0, 0, 0, 0.2]),
                entry=np.full(5, 0.2),
                part_time=0.6,
            )
            for name in ("niveau-3", "niveau-5")
        ),
        units=("a", "b"),
        workers=np.full((2, 2, 5), 4.0),
        unit_of_area=np.array([[0], [1]], np.int32),
    )


SHARES = {"a": 1e-4, "b": 1e-4}


def run(scenario: Scenario, n_runs: int = 0) -> Result:
    problem = apply_scenario(
        small_problem(), scenario, chosen=("b",), unit_shares=SHARES
    )
    return solve(problem, params=Params(n_runs=n_runs), seed=1)


def total(result: Result, measure: str, year: int = -1) -> float:
    return float(result.totals[measure][0, 0, year, 0])


class TestShippedScenarios:
    @pytest.mark.parametrize("name", shipped())
    def test_each_starts_from_the_same_first_year(self, name: str) -> None:
        base, other = run(load("base")), run(load(name))

        for measure in ("need", "capacity"):
            assert total(other, measure, 0) == pytest.approx(total(base, measure, 0))

    @pytest.mark.parametrize(
        ("name", "measure", "sign"),
        [
            ("digital-50-percent-adoption", "need", -1),
            ("hybrid-70-percent", "need", -1),
            ("training-money", "capacity", 1),
            ("retirement-early", "capacity", -1),
            ("practice-closes", "capacity", -1),
        ],
    )
    def test_each_changes_what_it_is_about(
        self, name: str, measure: str, sign: int
    ) -> None:
        base, other = run(load("base")), run(load(name))

        assert sign * (total(other, measure) - total(base, measure)) > 0
        same = "need" if measure == "capacity" else "capacity"
        assert total(other, same) == pytest.approx(total(base, same))

    def test_half_of_clients_with_a_dispenser_saves_what_the_chain_says(self) -> None:
        scenario = replace(
            load("digital-50-percent-adoption"),
            paths={
                "dispenser.adopted": load("digital-50-percent-adoption").paths[
                    "dispenser.adopted"
                ]
            },
        )
        base, other = run(load("base")), run(scenario)

        chain = next(each for each in TECHNOLOGIES if each.name == "dispenser")
        per_client = np.prod([scenario.central(name) for name in chain.factors]) / 60
        growth = 0.5 - scenario.central("dispenser.adopted")
        for year in (4, 14):
            saved = total(base, "need", year) - total(other, "need", year)
            clients = total(base, "clients", year)
            assert saved == pytest.approx(per_client * growth * clients)

    def test_what_is_drawn_says_who_set_it(self) -> None:
        problem = apply_scenario(small_problem(), load("retirement-early"))

        retirement = next(p for p in problem.parameters if p.name == "retirement")
        assert retirement.set_by == "Wijkspil"
        assert "Capaciteitsorgaan" in retirement.source
        assert retirement.why


class TestWhatDoesNotFit:
    def test_a_practice_that_is_to_be_chosen_must_be(self) -> None:
        with pytest.raises(InvalidScenario, match="to be chosen; name a practice"):
            apply_scenario(small_problem(), load("practice-closes"))

    def test_a_practice_that_is_no_unit_is_refused(self) -> None:
        with pytest.raises(InvalidProblem, match="'c' is no unit"):
            apply_scenario(small_problem(), load("practice-closes"), chosen=("c",))

    def test_a_path_that_should_have_arrived_is_refused(self) -> None:
        with pytest.raises(InvalidScenario, match="not later than the first year 2030"):
            digital_savings(
                load("hybrid-70-percent"),
                years=range(2030, 2041),
                kinds=("wijkverpleging",),
            )

    def test_a_path_starts_with_the_projection_when_that_is_later(self) -> None:
        (saving,) = digital_savings(
            load("hybrid-70-percent"),
            years=range(2028, 2041),
            kinds=("wijkverpleging",),
        )

        assert saving.progress[0] == 0
        assert 0 < saving.progress[1] < 1
        assert saving.progress[2:] == pytest.approx(1.0)

    def test_another_kind_of_care_gets_no_saving(self) -> None:
        savings = digital_savings(
            load("hybrid-70-percent"),
            years=range(2026, 2041),
            kinds=("huisartsenzorg",),
        )

        assert savings == ()


class TestValuesOfAPage:
    def test_a_value_set_on_a_page_says_by_whom(self) -> None:
        scenario = with_values(
            load("base"),
            {"outflow": (1.1, 1.3)},
            name="workshop",
            set_by="RESV Haaglanden",
            why="Seen in 2025",
        )

        outflow = scenario.parameters["outflow"]
        assert (outflow.low, outflow.high) == (1.1, 1.3)
        assert outflow.reason.set_by == "RESV Haaglanden"
        assert outflow.reason.status == "expert"
        assert as_parameter(outflow, scenario.sources).why == "Seen in 2025"
        assert load("base").parameters["outflow"].low == 0.6

    @pytest.mark.parametrize(
        ("values", "says"),
        [
            ({"outflw": (1, 2)}, "did you mean outflow"),
            ({"outflow": (2, 1)}, "must go up"),
            ({"outflow": (1, 11)}, r"lie in \[0, 10\] factor"),
        ],
    )
    def test_a_wrong_value_is_named(
        self, values: dict[str, tuple[float, float]], says: str
    ) -> None:
        with pytest.raises(InvalidScenario, match=says):
            with_values(load("base"), values, name="w", set_by="a", why="b")


def test_a_tornado_of_a_projection_names_every_parameter() -> None:
    problem = apply_scenario(small_problem(), load("base"))

    def gap(each: ProjectionProblem) -> float:
        return total(solve(each, params=Params(n_runs=0), seed=1), "gap")

    swings = problem_tornado(problem, gap)

    assert {swing.name for swing in swings} == {p.name for p in problem.parameters}
    assert swings[0].reach >= swings[-1].reach
    by_name = {swing.name: swing for swing in swings}
    assert by_name["use_trend.wijkverpleging"].swing > 0
    assert by_name["mortality"].swing < 0
