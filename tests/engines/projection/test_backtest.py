"""A projection of an earlier year is laid beside what was counted later."""

from pathlib import Path

import numpy as np
import pytest

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.projection.backtest import (
    EDITIONS,
    GP_FILE,
    UN_FILE,
    Case,
    GpEstimate,
    backtest_gps,
    backtest_people,
    backtest_un_medium,
    cohort_ratio,
    read_cbs_2021,
    read_gp_estimates,
    read_un_people,
    revisions,
    score,
    vintage_problem,
)
from wijkspil_engines.projection.scenario import load

AGES = [*(f"{age}-{age + 4}" for age in range(0, 100, 5)), "100+"]

GPS = """\
\ufeffVariabele;raming_2010;raming_2013
ramingsjaar;2010;2013
aanbod_personen;10000;10200
uitstroom_totaal_basis_vijf;0,1;0,1
uitstroom_totaal_basis_tien;0,2;0,2
uitstroom_totaal_basis_vijftien;0,3;0,3
uitstroom_totaal_basis_twintig;0,4;0,4
n_inopleiding_perjaar;300;300
n_inopleiding_perjaar2;400;400
opleidingsduur;2;2
intern_rendement;0,9;0,9
extern_rendement_totaal_1jaar;1;1
extern_rendement_totaal_5jaar;1;1
extern_rendement_totaal_10jaar;1;1
extern_rendement_totaal_15jaar;1;1
n_buitenland;10;0
rendement_buitenland;0,5;0
"""


def write_un(folder: Path, *, growth: float = 1.0) -> None:
    """Write a country in which each cohort keeps 90 % every five years."""
    rows = ["age,jaar,inwoners_x1000,geslacht,soort"]
    for year in range(2000, 2030, 5):
        kind = "schatting" if year <= 2020 else "projectie_medium"
        for row, age in enumerate(AGES):
            people = 100 * 0.9**row * (10 if age == "100+" else 1)
            rows += [f"{age},{year},{people * growth},{sex},{kind}" for sex in "mv"]
    (folder / UN_FILE).parent.mkdir(parents=True)
    (folder / UN_FILE).write_text("\n".join(rows), "utf-8")


class TestScores:
    def test_errors_and_coverage_are_counted_per_vintage(self) -> None:
        cases = (
            Case("a", 2010, 2015, "x", 110, 100, 90, 120),
            Case("a", 2010, 2020, "x", 80, 100, 70, 90),
            Case("a", 2015, 2020, "x", 100, 100),
        )

        by_vintage = {each.vintage: each for each in score(cases)}

        assert by_vintage[2010].coverage == 0.5
        assert by_vintage[2010].mean_error == pytest.approx(-0.05)
        assert by_vintage[2010].mean_absolute_error == pytest.approx(0.15)
        assert by_vintage[2015].coverage is None
        assert by_vintage[None].n == 3
        assert by_vintage[None].coverage == 0.5

    def test_editions_are_compared_the_same_years_ahead(self) -> None:
        (revision,) = revisions(EDITIONS)

        assert (revision.first.value, revision.second.value) == (135_000, 232_000)
        assert revision.change == pytest.approx(0.719, abs=0.001)


class TestPeople:
    def test_a_steady_country_is_projected_as_it_is(self, tmp_path: Path) -> None:
        write_un(tmp_path)
        people = read_un_people(tmp_path)

        plain = cohort_ratio(people.of(2005), people.of(2010), steps=2)

        assert plain == pytest.approx(people.of(2020))
        for years_per_band in (1, 5):
            problem = vintage_problem(
                people, 2010, load("base"), n_years=3, years_per_band=years_per_band
            )
            assert problem.population.sum() == pytest.approx(people.of(2010).sum())
            assert np.median(problem.mortality) == pytest.approx(1 - 0.9**0.2)

    def test_single_years_add_up_to_their_bands(self, tmp_path: Path) -> None:
        write_un(tmp_path)
        people = read_un_people(tmp_path)

        problem = vintage_problem(
            people, 2010, load("base"), n_years=3, years_per_band=1
        )

        singles = problem.population[0, :, :95].reshape(2, 19, 5).sum(axis=2)
        assert singles == pytest.approx(people.of(2010)[:, :19])
        assert (problem.population >= 0).all()

    def test_the_last_band_holds_all_of_95_and_over(self, tmp_path: Path) -> None:
        write_un(tmp_path)

        people = read_un_people(tmp_path)

        assert people.ages[-1] == "95+"
        assert people.of(2000)[0, -1] == pytest.approx(
            1000 * (100 * 0.9**19 + 1000 * 0.9**20)
        )

    def test_a_row_without_a_figure_is_named(self, tmp_path: Path) -> None:
        write_un(tmp_path)
        path = tmp_path / UN_FILE
        path.write_text(path.read_text("utf-8").replace("0-4,2000,", "0-4,,", 1))

        with pytest.raises(InvalidFile, match=r"leeftijd.csv:2: .* has no jaar"):
            read_un_people(tmp_path)

    def test_a_folder_without_the_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidFile, match="give the folder of open data"):
            read_un_people(tmp_path)


class TestGps:
    @pytest.fixture
    def estimates(self, tmp_path: Path) -> tuple[GpEstimate, ...]:
        (tmp_path / GP_FILE).parent.mkdir()
        (tmp_path / GP_FILE).write_text(GPS, "utf-8")
        return read_gp_estimates(tmp_path)

    def test_who_stays_and_who_finishes_are_added(
        self, estimates: tuple[GpEstimate, ...]
    ) -> None:
        # 6 % of 10,000 left; 2 x 300 and 1 x 400 trained, 90 % finish; 3 x 5 came.
        assert estimates[0].project(3) == pytest.approx(9_400 + 900 + 15)

    def test_draws_are_projected_at_once(
        self, estimates: tuple[GpEstimate, ...]
    ) -> None:
        runs = estimates[0].project(5, outflow=np.array([0.0, 1.0, 20.0]))

        assert runs.shape == (3,)
        assert runs[0] - runs[1] == pytest.approx(1_000)
        assert runs[0] - runs[2] == pytest.approx(10_000)

    def test_each_estimate_is_laid_beside_each_later_one(
        self, estimates: tuple[GpEstimate, ...]
    ) -> None:
        (case,) = backtest_gps(estimates, load("base"))

        assert (case.vintage, case.year, case.actual) == (2010, 2013, 10_200)
        assert case.projected == pytest.approx(10_315, rel=0.01)
        assert case.is_covered

    def test_a_row_that_is_absent_is_named(self, tmp_path: Path) -> None:
        (tmp_path / GP_FILE).parent.mkdir()
        text = GPS.replace("intern_rendement", "intern")
        (tmp_path / GP_FILE).write_text(text, "utf-8")

        with pytest.raises(InvalidFile, match="no row with Variabele intern_rendement"):
            read_gp_estimates(tmp_path)


class TestPublishedYears:
    """On the publishers' files, where they are."""

    def test_single_years_of_age_beat_cohort_ratios(self, open_data: Path) -> None:
        people = read_un_people(open_data)

        cases = backtest_people(
            people, load("base"), vintages=(2010,), years_per_band=1, n_runs=100
        )

        scores = {each.series: each for each in score(cases) if each.vintage == 2010}
        assert scores["people"].mean_absolute_error < 0.015
        assert (
            scores["people"].mean_absolute_error
            < scores["cohort-ratio"].mean_absolute_error
        )
        assert scores["people-75-plus"].coverage == 1.0
        assert scores["people-total"].coverage == 1.0

    def test_bands_of_five_years_are_less_exact(self, open_data: Path) -> None:
        people = read_un_people(open_data)

        cases = backtest_people(people, load("base"), vintages=(2010,), n_runs=50)

        scores = {each.series: each for each in score(cases) if each.vintage == 2010}
        assert 0.04 < scores["people"].mean_absolute_error < 0.09
        assert abs(scores["people-75-plus"].mean_error) < 0.05

    def test_the_united_nations_missed_migration(self, open_data: Path) -> None:
        cases = backtest_un_medium(read_un_people(open_data), open_data)

        totals = {case.year: case for case in cases if case.label == "all"}
        assert totals[2024].actual == 17_942_942
        assert totals[2024].error == pytest.approx(-0.038, abs=0.001)
        assert totals[2021].error == pytest.approx(-0.018, abs=0.001)
        assert all(case.is_covered is None for case in cases)

    def test_cbs_counts_of_2021_are_read(self, open_data: Path) -> None:
        counted = read_cbs_2021(open_data)

        assert sum(counted.values()) == 17_472_865
        assert list(counted)[-1] == "95+"

    def test_intervals_hold_most_later_counts_of_gps(self, open_data: Path) -> None:
        cases = backtest_gps(read_gp_estimates(open_data), load("base"))

        scores = {each.vintage: each for each in score(cases)}
        assert scores[None].n == 15
        assert scores[None].coverage == pytest.approx(0.8, abs=0.1)
        assert scores[None].mean_absolute_error < 0.06
        # Both later estimates lie below what was expected in 2019: it is not hidden.
        assert scores[2019].coverage == 0.0
