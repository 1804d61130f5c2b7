"""Nights of a region: what is read, what is reckoned by hand, and what is told."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from math import inf, isnan

import pytest
from django.db import connection, transaction

from tests.engines.desk.cases import PERFECT, make_problem, make_request, make_team
from wijkspil.calls.fictional.night_study import (
    FIRST_WORDS,
    NightAssumptions,
    NightRegion,
    NightStudy,
    NightWijk,
    Route,
    as_night_arrival,
    choose_evening,
    measure_km2,
    read_night_region,
    study_nights,
    to_figures,
)
from wijkspil.calls.models import Call
from wijkspil.core.errors import Conflict
from wijkspil.core.progress import Silent
from wijkspil.directory.fictional.generation import generate
from wijkspil.directory.models import Area, DutyPeriod
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.types import Care
from wijkspil_engines.desk import solve
from wijkspil_engines.desk import to_figures as desk_figures
from wijkspil_engines.desk import to_markdown as desk_report
from wijkspil_engines.dispatch import (
    InvalidProblem,
    NightParams,
    StraightLine,
    simulate_night,
)

AT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
EVENING = date(2026, 11, 18)


def _wijk(key: str = "w", **changes: object) -> NightWijk:
    made = NightWijk(
        key=key,
        lon=4.3,
        lat=52.05,
        area_km2=0.0,
        people=10_000.0,
        from_65=2_000.0,
        from_75=None,
        own="Zon",
        others={"Maan": 3.0, "Ster": 1.0},
        route="Zon",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _route(key: str, provider: str, **changes: object) -> Route:
    made = Route(key=key, provider=provider, lon=4.3, lat=52.05, firsts=1, seconds=1)
    return replace(made, **changes)  # type: ignore[arg-type]


class TestByHand:
    def test_a_wijk_as_old_as_the_country_has_the_calls_of_the_country(self) -> None:
        assert _wijk().calls_a_night(NightAssumptions()) == pytest.approx(0.5)

    def test_the_old_call_more_and_the_figures_are_those_of_the_pencil(self) -> None:
        taken = NightAssumptions(share_from_75=0.5)
        # 0.8 + 10 x 0.1 + 40 x 0.1 = 5.8 times a person under 65.
        under_65 = 0.05 / 1000 / 5.8
        assert taken.rates() == pytest.approx((under_65, 10 * under_65, 40 * under_65))
        old = _wijk(from_65=10_000.0, from_75=4_000.0)
        assert old.calls_a_night(taken) == pytest.approx(
            under_65 * (6_000 * 10 + 4_000 * 40)
        )
        assert _wijk(from_65=0.0).calls_a_night(taken) == pytest.approx(
            10_000 * under_65
        )

    def test_clients_are_shared_by_who_covers_the_wijk(self) -> None:
        shares = _wijk().shares(NightAssumptions(), {"Zon", "Maan", "Ster"})

        assert shares == pytest.approx({"Zon": 0.4, "Maan": 0.45, "Ster": 0.15})

    def test_who_has_no_nurse_at_night_buys_it_in_with_the_route(self) -> None:
        taken = NightAssumptions()

        assert _wijk(route="Maan").shares(taken, {"Maan"}) == {"Maan": 1.0}
        assert _wijk(route="Ster").shares(taken, {"Zon", "Ster"}) == pytest.approx(
            {"Zon": 0.4, "Ster": 0.6}
        )
        assert _wijk(own="", others={}).shares(taken, {"Zon"}) == {"Zon": 1.0}
        assert _wijk(others={}).shares(taken, {"Zon"}) == {"Zon": 1.0}

    @pytest.mark.parametrize(("share", "nurses"), [(0, 4), (0.5, 6), (1, 8)])
    def test_seconds_go_to_calls_by_their_share(
        self, share: float, nurses: int
    ) -> None:
        region = NightRegion(
            EVENING, (_wijk(),), tuple(_route(f"r{n}", "Zon") for n in range(4))
        )
        problem = region.as_problem(NightAssumptions(seconds_drive=share))

        assert sum(team.n_nurses for team in problem.teams) == nurses

    def test_one_nurse_next_door_is_in_time_and_one_far_away_is_not(self) -> None:
        # Hardly any calls: nobody is ever busy. 100 km is more than an hour.
        region = NightRegion(
            EVENING,
            (
                _wijk("near", own="Zon", others={}),
                _wijk("far", lat=53.0, own="Zon", others={}),
            ),
            (_route("r", "Zon"),),
        )
        taken = NightAssumptions(calls_per_1000=0.0025)
        result = simulate_night(
            region.as_problem(taken), params=taken.as_params(), n_nights=500
        )

        for mode in result.modes.values():
            near, far = mode.chance.tolist()
            assert near > 0.95
            assert far == 0

    def test_separate_only_the_own_nurse_comes(self) -> None:
        region = NightRegion(
            EVENING,
            (_wijk("w", own="Maan", others={}, route="Zon"),),
            (_route("here", "Zon"), _route("away", "Maan", lat=53.0)),
        )
        taken = NightAssumptions(calls_per_1000=0.0025)
        result = simulate_night(
            region.as_problem(taken), params=taken.as_params(), n_nights=500
        )

        assert result.modes["pooled"].chance[0] > 0.95
        assert result.modes["separate"].chance[0] == 0

    def test_the_square_kilometers_of_a_ring_with_a_hole(self) -> None:
        km = 1 / 111.2

        def ring(size: float) -> list[list[float]]:
            x = size / (111.32 * 0.6115)
            y = size * km
            return [[0, 52], [x, 52], [x, 52 + y], [0, 52 + y], [0, 52]]

        polygon = {"type": "Polygon", "coordinates": [ring(3), ring(1)]}
        both = {"type": "MultiPolygon", "coordinates": [[ring(3)], [ring(2)]]}

        assert measure_km2(polygon) == pytest.approx(8, rel=0.001)
        assert measure_km2(both) == pytest.approx(13, rel=0.001)

    def test_a_night_begins_on_a_weekday(self) -> None:
        assert choose_evening(date(2026, 11, 19)) == date(2026, 11, 19)
        for day in (20, 21, 22, 23):
            assert choose_evening(date(2026, 11, day)) == date(2026, 11, 23)


class TestAssumptions:
    def test_those_of_the_engine_are_taken_over(self) -> None:
        taken = NightAssumptions()

        assert taken.as_params() == NightParams()
        assert taken.as_travel() == StraightLine()

    def test_each_names_its_unit_range_and_source(self) -> None:
        for row in NightAssumptions().as_rows():
            assert row.unit
            assert row.source
            assert row.low <= row.value <= row.high
            assert row.low < row.high

    @pytest.mark.parametrize(
        ("name", "value"),
        [("share_own", 1.1), ("visit_min", -1), ("detour", inf), ("drives_back", 2)],
    )
    def test_what_is_no_number_of_that_kind_is_refused(
        self, name: str, value: float
    ) -> None:
        with pytest.raises(InvalidProblem) as refused:
            NightAssumptions().with_value(name, value)
        assert name in refused.value.field


@pytest.fixture
def _region(db: None) -> None:
    generate(seed=3, at=AT, password="fictional", progress=Silent(), gemeenten=1)


def _study(**options: object) -> NightStudy:
    given: dict[str, object] = {
        "evening": EVENING,
        "n_nights": 300,
        "seed": 0,
        "assumptions": NightAssumptions(),
        "progress": Silent(),
        "with_sweep": False,
    }
    return study_nights(**(given | options))  # type: ignore[arg-type]


@pytest.mark.usefixtures("_region")
class TestRegion:
    def test_it_reads_who_has_duty_and_who_lives_where(self) -> None:
        study = _study()
        region = study.region
        at = datetime(2026, 11, 19, 3, tzinfo=AMSTERDAM)
        duties = DutyPeriod.objects.at(at).filter(care=Care.DISTRICT_NURSING)
        people = set(duties.values_list("service_id", "person_name", "phone"))

        assert people
        assert sum(r.firsts + r.seconds for r in region.routes) == len(people)
        assert {r.provider for r in region.routes} == set(
            duties.values_list("service__organization__name", flat=True)
        )
        without = {wijk.key for wijk in region.wijken}
        without -= set(duties.values_list("area__name", flat=True))
        assert region.n_without_duty == len(without)

        drive = {route.provider for route in study.region.routes}
        for wijk, told in zip(study.problem.wijken, study.region.wijken, strict=True):
            assert 0 < told.from_65 < told.people
            assert 0.05 < wijk.area_km2 < 500
            assert wijk.calls_per_night > 0
            assert sum(wijk.shares.values()) == pytest.approx(1)
            assert wijk.shares.keys() <= drive

    def test_people_from_75_are_known_where_a_band_begins_there(self) -> None:
        fine, coarse = Area.objects.filter(kind="wijk", population__gt=0)[:2]
        fine.population_by_age = {"0-64": 700, "65-74": 9, "75-84": 60, "85+": 40}
        coarse.population_by_age = {"0-64": 700, "65-79": 9, "80+": 40}
        fine.save()
        coarse.save()
        wijken = {w.key: w for w in read_night_region(evening=EVENING).wijken}

        assert wijken[fine.name].from_65 == 109
        assert wijken[fine.name].from_75 == 100
        assert wijken[coarse.name].from_65 == 49
        assert wijken[coarse.name].from_75 is None

    def test_figures_say_first_that_they_promise_nothing_and_repeat(self) -> None:
        figures, again, other = (to_figures(_study(seed=seed)) for seed in (0, 0, 1))
        text = json.dumps(figures, allow_nan=False)

        assert figures == again
        assert figures["region"] != other["region"]
        assert next(iter(figures)) == "note"
        assert figures["note"] == FIRST_WORDS
        assert "not a promise" in FIRST_WORDS
        for name, phone in DutyPeriod.objects.values_list("person_name", "phone"):
            assert name not in text
            assert phone not in text

    def test_it_needs_no_right_to_write_but_somebody_on_duty(self) -> None:
        before = transaction.savepoint()
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        _study()
        # Else the test's own rows cannot be checked at its end.
        transaction.savepoint_rollback(before)
        assert not Call.objects.exists()

        # Nobody has duty then: it says what to do.
        with pytest.raises(Conflict, match="--evening"):
            _study(evening=date(2028, 1, 3))

    def test_every_figure_is_moved_and_the_largest_is_told_first(self) -> None:
        study = _study(with_sweep=True)
        base = study.result.terms

        assert {end.assumption.name for end in study.ends} == {
            row.name for row in NightAssumptions().as_rows()
        }
        moved = [
            max(
                abs(end.pooled_at_low - base["chance_pooled"]),
                abs(end.pooled_at_high - base["chance_pooled"]),
                abs(end.separate_at_low - base["chance_separate"]),
                abs(end.separate_at_high - base["chance_separate"]),
            )
            for end in study.ends
        ]
        assert moved == sorted(moved, reverse=True)
        calls = next(e for e in study.ends if e.assumption.name == "calls_per_1000")
        assert calls.pooled_at_high <= calls.pooled_at_low
        self._check_report(study)

    def _check_report(self, study: NightStudy) -> None:
        result = solve(
            {1: make_problem([make_team("a")], [make_request("r")])},
            assumptions=PERFECT,
        )
        assert "Not simulated in this run." in desk_report(
            result, region="R", day=EVENING
        )
        result = replace(result, night=as_night_arrival(study))
        report = desk_report(result, region="R", day=EVENING)
        pooled = study.result.modes["pooled"].region[0]

        assert report.index("not a promise to users") < report.index("Night arrival")
        assert f"| {100 * pooled:.1f} (" in report
        assert study.ends[0].assumption.unit in report
        assert study.problem.wijken[study.worst_first[0]].key in report
        night = desk_figures(result)["night"]
        assert night["pooled"][0] == pytest.approx(pooled, abs=1e-6)
        assert night["nurses"] == study.n_nurses
        assert not isnan(night["calls_a_night"])
