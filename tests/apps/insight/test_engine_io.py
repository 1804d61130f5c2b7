"""What the engines make of a ground: need against capacity, and who reaches a GP."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from wijkspil.core.errors import InvalidValue
from wijkspil.insight.engine_io.access import (
    INNER_KM,
    CapacityInterval,
    close_practice,
    mean_inner_km,
    measure_gp_access,
)
from wijkspil.insight.engine_io.geometry import metres_of
from wijkspil.insight.engine_io.need import (
    NEED_FACTOR,
    estimate_clients,
    estimate_need,
    national_use,
)
from wijkspil.insight.engine_io.problems import age_to, people_by_year
from wijkspil.insight.engine_io.projection import (
    Closing,
    compare,
    list_parameters,
    list_shipped,
    load_scenario,
    project,
    project_parts,
    schema_json,
)
from wijkspil.insight.engine_io.results import (
    PROJECTED,
    Projection,
    as_result,
    from_result,
)
from wijkspil.insight.types import FigureRow, Ground, Place, Site

YEAR = (date(2026, 1, 1), date(2027, 1, 1))
PLACES = 12


def make_ground(*, capacity: float = 0.95) -> Ground:
    """Return wijken of two gemeenten in one region; capacity as a part of need."""
    rng = np.random.default_rng(7)
    places = tuple(
        Place(
            code=f"WK{n:04d}",
            name=f"Wijk {n}",
            kind="wijk",
            gemeente=f"GM{n // 6}",
            lon=5.0 + 0.02 * n,
            lat=52.0,
            within=frozenset({f"GM{n // 6}", "zorgkantoor:x"}),
        )
        for n in range(PLACES)
    )
    population = rng.uniform(100, 200, (PLACES, 2, 20))
    population[:, :, 15:] *= np.array([0.7, 0.5, 0.3, 0.1, 0.02])
    sites = tuple(
        Site(f"P{n}", f"Praktijk {n}", 5.0 + 0.05 * n, 52.0, 8000.0, takes_new)
        for n, takes_new in enumerate((True, False, None, False, False))
    )
    unknown = np.full(PLACES, np.nan)
    ground = Ground(
        name="Ergens", year=2026, places=places, population=population,
        gp_sites=sites, capacity_hours=unknown, used_hours=unknown, assumptions=(),
        income_low_share=unknown, given={},
    )  # fmt: skip
    given = estimate_need(ground) * capacity
    return replace(ground, capacity_hours=given, used_hours=given)


GROUND = make_ground()


def run(
    ground: Ground = GROUND,
    scenario: str = "base",
    *,
    seed: int = 1,
    draws: int = 40,
    workers: int = 1,
) -> Projection:
    return project(
        ground,
        load_scenario(scenario),
        seed=seed,
        draws=draws,
        horizon_year=2032,
        workers=workers,
    )


@pytest.fixture(scope="module")
def base() -> Projection:
    return run()


def rows_of(rows: object, indicator: str, code: str | None = None) -> list[FigureRow]:
    return [
        row
        for row in rows  # type: ignore[attr-defined]
        if row.indicator == indicator and (code is None or row.area_code == code)
    ]


def test_need_follows_age_and_what_is_known_of_a_place() -> None:
    need = estimate_need(GROUND)
    twice = replace(GROUND, given={NEED_FACTOR: np.full(PLACES, 2.0)})
    counted = replace(GROUND, given={"need_hours": np.arange(1.0, PLACES + 1)})
    assert estimate_need(twice) == pytest.approx(2 * need)
    assert estimate_need(counted) == pytest.approx(np.arange(1.0, PLACES + 1))


def test_the_country_has_as_many_clients_as_published() -> None:
    from wijkspil.insight.selectors.national import read_national

    profile = read_national().profile
    people = profile * (17_475_415 / profile.sum())
    nation = replace(
        GROUND,
        places=GROUND.places[:1],
        population=people[None],
        given={},
    )
    assert estimate_clients(nation)[0] == pytest.approx(293_000, rel=0.005)


def test_each_projected_number_is_there_for_every_place_and_area(
    base: Projection,
) -> None:
    codes = {place.code for place in GROUND.places} | {"GM0", "GM1", "zorgkantoor:x"}
    for indicator in (*PROJECTED, "gp_places_per_1000"):
        found = rows_of(base.figures, indicator)
        assert {row.area_code for row in found} == codes
        assert {row.valid_from.year for row in found} == set(range(2026, 2033))


def test_areas_are_the_sum_of_their_places(base: Projection) -> None:
    for indicator in ("need_hours", "capacity_hours", "gap_hours", "clients"):
        places = sum(
            row.value or 0
            for row in rows_of(base.figures, indicator)
            if row.area_code.startswith("WK") and row.valid_from.year == 2030
        )
        whole = next(
            row
            for row in rows_of(base.figures, indicator, "zorgkantoor:x")
            if row.valid_from.year == 2030
        )
        assert whole.value == pytest.approx(places)
        assert whole.value == pytest.approx(base.total(indicator, 2030).value)


def test_today_is_what_the_ground_says(base: Projection) -> None:
    first = base.total("capacity_hours", 2026)
    assert first.value == pytest.approx(GROUND.capacity_hours.sum())
    # What a worker gives is known in hours, so it does not vary today.
    assert first.low == pytest.approx(first.high)
    assert base.waterfall[0].value == pytest.approx(
        float((estimate_need(GROUND) - GROUND.capacity_hours).sum()), rel=1e-6
    )


def test_the_interval_holds_the_mean_and_widens(base: Projection) -> None:
    widths = []
    for year in base.years:
        total = base.total("gap_hours", year)
        assert total.low is not None
        assert total.high is not None
        assert total.low <= total.value <= total.high
        widths.append(total.high - total.low)
    assert widths[-1] > widths[0]


def test_the_steps_of_the_waterfall_add_up(base: Projection) -> None:
    values = [row.value for row in base.waterfall]
    assert base.waterfall[0].kind == "start"
    assert base.waterfall[-1].kind == "end"
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=1e-6)


def test_the_tornado_begins_with_the_largest_swing(base: Projection) -> None:
    reach = [row.swing for row in base.tornado]
    assert reach
    assert reach[0] == max(reach)
    assert all(row.source and row.status for row in base.tornado)


def test_one_seed_gives_the_same_figures_on_more_cores(base: Projection) -> None:
    assert run(workers=2).totals == base.totals
    assert run(seed=2).totals != base.totals


def test_capacity_that_is_not_known_gives_need_and_no_gap() -> None:
    unknown = replace(GROUND, capacity_hours=np.full(PLACES, np.nan))
    found = run(unknown, draws=10)
    assert rows_of(found.figures, "need_hours")
    assert not rows_of(found.figures, "gap_hours")
    assert not rows_of(found.figures, "capacity_hours")


def test_few_people_are_withheld() -> None:
    people = GROUND.population.copy()
    people[0] = 0.1
    found = run(replace(GROUND, population=people), draws=10)
    rows = [row for row in found.figures if row.area_code == "WK0000"]
    small = [row for row in rows if row.indicator in PROJECTED]
    assert small
    assert all(row.is_withheld for row in small)
    assert {row.value for row in small} == {None}


def test_two_scenarios_differ_draw_by_draw(base: Projection) -> None:
    other = run(scenario="digital-50-percent-adoption")
    found = compare(base, other)
    change = found.difference("gap_hours", 2032)
    alone = base.total("gap_hours", 2032)
    assert alone.low is not None
    assert alone.high is not None
    assert change.value < 0
    assert change.high - change.low < (alone.high - alone.low) / 3
    assert change.share_lower > 0.9
    steps = [row.value for row in found.waterfall]
    assert sum(steps[:-1]) == pytest.approx(steps[-1], abs=1e-6)


def test_what_was_stored_can_be_compared(base: Projection) -> None:
    stored = from_result(json.loads(json.dumps(as_result(base))))
    assert stored.totals == base.totals
    assert compare(stored, base).difference("gap_hours", 2030).value == 0


def test_other_seeds_or_years_cannot_be_compared(base: Projection) -> None:
    with pytest.raises(InvalidValue, match="seed is 1 and 2"):
        compare(base, run(seed=2))


def test_a_part_is_the_part_of_the_whole(base: Projection) -> None:
    parts = project_parts(
        GROUND, load_scenario("base"), (None, "GM1"), seed=1, draws=40,
        horizon_year=2032,
    )  # fmt: skip
    assert parts[None].totals == base.totals
    part = parts["GM1"]
    row = rows_of(base.figures, "gap_hours", "GM1")[-1]
    assert part.total("gap_hours", 2032).value == pytest.approx(row.value)
    assert {row.area_code for row in part.figures} >= {"GM1", "WK0006"}
    assert "GM0" not in {row.area_code for row in part.figures}
    end = part.waterfall[-1].value
    alone = project(
        _half(GROUND), load_scenario("base"), seed=1, draws=40, horizon_year=2032
    )
    assert end == pytest.approx(alone.waterfall[-1].value, rel=1e-6)


def _half(ground: Ground) -> Ground:
    return replace(
        ground,
        places=ground.places[6:],
        population=ground.population[6:],
        capacity_hours=ground.capacity_hours[6:],
        used_hours=ground.used_hours[6:],
        income_low_share=ground.income_low_share[6:],
    )


@pytest.mark.parametrize("key", [key for key, _t, _d in list_shipped()])
def test_every_shipped_scenario_can_be_projected(key: str) -> None:
    closing = [Closing("P1", 2028)] if key == "practice-closes" else []
    found = project(
        GROUND, load_scenario(key, closing=closing), seed=1, draws=10,
        horizon_year=2030,
    )  # fmt: skip
    assert found.total("need_hours", 2030).value > 0


def test_the_base_is_listed_first_and_parameters_have_a_source() -> None:
    assert list_shipped()[0][0] == "base"
    for parameter in list_parameters("digital-50-percent-adoption"):
        assert parameter.least <= parameter.low <= parameter.high <= parameter.most
        assert parameter.source
    assert json.loads(schema_json())["title"]


def test_more_room_by_a_slider_makes_the_gap_smaller(base: Projection) -> None:
    less_ill = load_scenario(
        "base", {"absence": {"low": 0.08, "high": 0.1, "why": "x", "set_by": "me"}}
    )
    found = project(GROUND, less_ill, seed=1, draws=40, horizon_year=2032)
    assert found.total("gap_hours", 2032).value < base.total("gap_hours", 2032).value
    row = next(each for each in found.tornado if each.parameter == "absence")
    assert (row.set_by, row.why) == ("me", "x")


def test_a_target_can_be_supposed() -> None:
    name = "dispenser.adopted.target"
    changed = load_scenario(
        "digital-50-percent-adoption", {name: {"low": 0.7, "high": 0.8}}
    )
    row = next(each for each in changed.parameters if each.name == name)
    assert (row.low, row.high) == (0.7, 0.8)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("nothing", 0, 1), ("absence", 0.3, 0.1), ("absence", 0.1, 1.1)],
)
def test_an_impossible_supposition_is_refused(
    name: str, low: float, high: float
) -> None:
    with pytest.raises(InvalidValue, match=name):
        load_scenario("base", {name: {"low": low, "high": high}})


def test_unknown_names_are_refused_with_what_there_is() -> None:
    with pytest.raises(InvalidValue, match="base, digital"):
        load_scenario("bass")
    with pytest.raises(InvalidValue, match="There is no practice P9"):
        project(
            GROUND, load_scenario("base", closing=[Closing("P9", 2028)]), seed=1,
            draws=10, horizon_year=2030,
        )  # fmt: skip
    with pytest.raises(InvalidValue, match="choose a practice"):
        run(scenario="practice-closes")
    with pytest.raises(InvalidValue, match="must be later"):
        project(GROUND, load_scenario("base"), seed=1, draws=10, horizon_year=2026)


def test_people_are_brought_to_a_later_year() -> None:
    later = age_to(GROUND, 2031)
    assert later.year == 2031
    assert later.population.shape == GROUND.population.shape
    assert later.population[:, :, 15:].sum() > GROUND.population[:, :, 15:].sum()
    assert age_to(GROUND, 2026) is GROUND
    by_year = people_by_year(GROUND, first_year=2026, horizon_year=2031)
    assert by_year[:, 0] == pytest.approx(GROUND.population.sum(axis=(1, 2)))
    assert by_year[:, -1] == pytest.approx(later.population.sum(axis=(1, 2)))


def test_a_practice_that_closes_leaves_less_gp_room_from_its_year_on() -> None:
    closing = load_scenario("base", closing=[Closing("P1", 2030)])
    found = project(GROUND, closing, seed=1, draws=10, horizon_year=2032)
    usual = run(draws=10)

    def room(projection: Projection, year: int) -> float:
        rows = rows_of(projection.figures, "gp_places_per_1000", "zorgkantoor:x")
        return next(row.value or 0 for row in rows if row.valid_from.year == year)

    assert room(found, 2029) == pytest.approx(room(usual, 2029))
    assert room(found, 2030) == pytest.approx(room(usual, 2030) * 4 / 5, rel=0.05)


# --- access


def test_all_places_of_practices_are_shared_by_all_people() -> None:
    rows = measure_gp_access(GROUND, valid_from=YEAR[0], valid_until=YEAR[1])
    places = [
        row
        for row in rows_of(rows, "gp_places_per_1000")
        if row.area_code.startswith("WK")
    ]
    total = sum((row.value or 0) * (row.denominator or 0) / 1000 for row in places)
    assert total == pytest.approx(5 * 8000)
    whole = rows_of(rows, "gp_places_per_1000", "zorgkantoor:x")[0]
    people = GROUND.population.sum()
    assert whole.value == pytest.approx(1000 * 5 * 8000 / people)
    assert whole.low is None


def test_only_a_practice_that_says_so_is_open() -> None:
    rows = measure_gp_access(GROUND, valid_from=YEAR[0], valid_until=YEAR[1])
    share = {row.area_code: row.value for row in rows_of(rows, "gp_open_share")}
    assert share["WK0000"] == 100
    assert share["WK0011"] == 0
    unknown = replace(
        GROUND,
        gp_sites=tuple(replace(site, takes_new=None) for site in GROUND.gp_sites),
    )
    rows = measure_gp_access(unknown, valid_from=YEAR[0], valid_until=YEAR[1])
    assert not rows_of(rows, "gp_open_share")


def test_an_area_with_more_practices_is_surer() -> None:
    interval = CapacityInterval(low=0.7, high=1.3, level_low=0.95, level_high=1.05)
    rows = measure_gp_access(
        GROUND, valid_from=YEAR[0], valid_until=YEAR[1], interval=interval
    )
    widths = {
        row.area_code: ((row.high or 0) - (row.low or 0)) / (row.value or 1)
        for row in rows_of(rows, "gp_places_per_1000")
    }
    assert widths["zorgkantoor:x"] < widths["WK0000"]
    # Five equal practices: 30 % of one is 30 % / sqrt(5) of all, and 5 % of the level.
    whole = 2 * np.hypot(0.3 / np.sqrt(5), 0.05)
    assert widths["zorgkantoor:x"] == pytest.approx(whole)


def test_those_around_share_the_practices() -> None:
    part = _half(GROUND)
    alone = measure_gp_access(part, valid_from=YEAR[0], valid_until=YEAR[1])
    shared = measure_gp_access(
        part, valid_from=YEAR[0], valid_until=YEAR[1], around=GROUND
    )
    codes = {place.code for place in part.places} | {"GM1", "zorgkantoor:x"}
    assert {row.area_code for row in shared} == codes
    own = rows_of(alone, "gp_places_per_1000", "zorgkantoor:x")[0].value or 0
    with_others = rows_of(shared, "gp_places_per_1000", "zorgkantoor:x")[0].value or 0
    assert with_others < own


def test_nobody_lives_on_top_of_a_practice_when_the_size_is_known() -> None:
    km = mean_inner_km(np.full(PLACES, 4.0))
    assert km[0] == pytest.approx(0.9054 * np.sqrt(4 / np.pi), rel=1e-3)
    sized = replace(GROUND, given={INNER_KM: km})
    for ground, least in ((GROUND, 0.0), (sized, km[0] * 1.3 / 45 * 60)):
        rows = measure_gp_access(ground, valid_from=YEAR[0], valid_until=YEAR[1])
        nearest = rows_of(rows, "gp_nearest_min", "WK0000")[0].value
        assert nearest == pytest.approx(least, abs=0.01)


def test_without_practices_nothing_is_said() -> None:
    none = replace(GROUND, gp_sites=())
    assert measure_gp_access(none, valid_from=YEAR[0], valid_until=YEAR[1]) == []


def test_people_of_a_practice_that_closes_go_elsewhere() -> None:
    closed = close_practice(GROUND, ["P1"], valid_from=YEAR[0], valid_until=YEAR[1])
    moved = dict(closed.moved_people)
    assert "P1" not in moved
    assert sum(moved.values()) > 1000
    people = GROUND.population.sum(axis=(1, 2))
    before = float(people @ np.array(closed.before)) / 1000
    after = float(people @ np.array(closed.after)) / 1000
    assert before == pytest.approx(5 * 8000)
    assert after == pytest.approx(4 * 8000)
    assert rows_of(closed.figures, "gp_choice")


def test_metres_are_those_of_the_dutch_grid() -> None:
    # Amersfoort, the origin, and Westertoren Amsterdam (Kadaster, RDinfo).
    found = metres_of(
        np.array([5.38720621, 4.88352559]), np.array([52.15517440, 52.37453253])
    )
    assert found[0] == pytest.approx([155_000, 463_000], abs=1)
    assert found[1] == pytest.approx([120_700.7, 487_525.5], abs=1)


def test_use_by_age_rises_from_65_on() -> None:
    use = national_use()
    assert (np.diff(use.use[13:]) > 0).all()
    assert use.stay_years == pytest.approx(0.84, abs=0.01)
