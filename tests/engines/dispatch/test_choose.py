"""Choosing a nurse for one call: against a plain search, and the promises it makes."""

import copy
import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.dispatch.cases import draw_call
from wijkspil_engines.dispatch import (
    Call,
    CallProblem,
    InvalidProblem,
    MatrixTable,
    Nurse,
    Overhead,
    Place,
    StraightLine,
    choose,
    explain,
    verify_choice,
)
from wijkspil_engines.dispatch.travel import distance_km
from wijkspil_engines.dispatch.verify import expect_plainly, find_conditions_plainly

SEEDS = st.integers(0, 10_000)
CALL = Call("call", 3.2, 4.3, 52.07, frozenset({"catheter"}))
NURSE = Nurse("n", "p", "", 4.3, 52.07, frozenset({"catheter"}))


def only(call: Call = CALL, **changes: object) -> CallProblem:
    return CallProblem(call, (replace(NURSE, **changes),))  # type: ignore[arg-type]


@given(seed=SEEDS)
def test_choose_is_the_best_of_all_orders(seed: int) -> None:
    problem = draw_call(seed, n_nurses=5)
    able = []
    for row, nurse in enumerate(problem.nurses):
        arrival = expect_plainly(problem, nurse)
        if not find_conditions_plainly(problem.call, nurse, arrival):
            at = math.inf if arrival is None else round(arrival, 9)
            able.append((at, nurse.free_from_min, nurse.key, row))
    best = min(itertools.permutations(able))
    choice = choose(problem)
    assert [candidate.nurse for candidate in choice.candidates] == [
        row for *_, row in best
    ]
    assert set(choice.excluded) == set(range(5)) - {row for *_, row in able}


@given(seed=SEEDS)
def test_every_choice_verifies_and_leaves_its_input_alone(seed: int) -> None:
    problem = draw_call(seed)
    before = copy.deepcopy((problem.call, problem.nurses))
    choice = choose(problem)
    assert verify_choice(problem, choice) == ()
    assert (problem.call, problem.nurses) == before
    again = choose(draw_call(seed))
    assert (again.candidates, again.input_hash) == (
        choice.candidates,
        choice.input_hash,
    )


@given(seed=SEEDS)
def test_the_order_of_the_nurses_does_not_matter(seed: int) -> None:
    problem = draw_call(seed)
    turned = replace(problem, nurses=problem.nurses[::-1])
    keys = [candidate.key for candidate in choose(problem).candidates]
    assert [candidate.key for candidate in choose(turned).candidates] == keys


@given(seed=SEEDS, part=st.floats(0, 1))
def test_a_nurse_who_is_nearer_never_delays_the_first_arrival(
    seed: int, part: float
) -> None:
    problem = draw_call(4 * seed + 1)
    call, first = problem.call, problem.nurses[0]
    if call.lon is None or call.lat is None or first.lon is None or first.lat is None:
        return
    nearer = replace(
        first,
        lon=first.lon + part * (call.lon - first.lon),
        lat=first.lat + part * (call.lat - first.lat),
    )
    before = choose(problem).terms.get("arrival_min", math.inf)
    after = choose(replace(problem, nurses=(nearer, *problem.nurses[1:])))
    assert after.terms.get("arrival_min", math.inf) <= before + 1e-6


@given(seed=SEEDS)
def test_one_nurse_more_never_delays_the_first_arrival(seed: int) -> None:
    problem = draw_call(seed)
    fewer = replace(problem, nurses=problem.nurses[1:])
    before = choose(fewer).terms.get("arrival_min", math.inf)
    assert choose(problem).terms.get("arrival_min", math.inf) <= before


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"on_duty": False}, ("off-duty",)),
        ({"covers": False}, ("not-covering",)),
        ({"organization": "no"}, ("objected",)),
        ({"tasks": frozenset()}, ("task",)),
        ({"answer": "refused"}, ("refused",)),
        ({"answer": "alerted"}, ("alerted",)),
        ({"duty_ends_min": 7.9}, ("duty-ends",)),
        ({"duty_ends_min": 8.0}, ()),
        ({"lon": None, "lat": None, "duty_ends_min": 0.0}, ()),
        ({"covers": False, "answer": "refused"}, ("not-covering", "refused")),
    ],
)
def test_each_condition_excludes_and_is_named(
    changes: dict[str, object], codes: tuple[str, ...]
) -> None:
    choice = choose(only(replace(CALL, objected=frozenset({"no"})), **changes))
    assert dict(choice.excluded) == ({0: codes} if codes else {})
    assert choice.status == ("infeasible" if codes else "optimal")


def test_a_nurse_without_a_place_comes_last_and_without_a_time() -> None:
    near = replace(NURSE, key="z", free_from_min=300.0)
    unknown = replace(NURSE, key="a", lon=None, lat=None)
    choice = choose(CallProblem(CALL, (unknown, near)))
    assert [candidate.key for candidate in choice.candidates] == ["z", "a"]
    assert choice.candidates[1].arrival_min is None
    assert choice.candidates[1].in_time is None


def test_where_there_is_no_way_a_nurse_is_excluded() -> None:
    table = MatrixTable(("n",), ("call",), [[math.inf]])  # type: ignore[arg-type]
    choice = choose(CallProblem(CALL, (NURSE,), table))
    assert dict(choice.excluded) == {0: ("unreachable",)}


def test_the_arrival_adds_up() -> None:
    # One degree of latitude is 111.195 km on a sphere of 6371 km.
    problem = only(lat=52.17, free_from_min=10.0)
    (found,) = choose(problem).candidates
    drive = 11.1195 * 1.34 / 40 * 60
    assert found.travel_min == pytest.approx(drive, abs=0.001)
    assert found.arrival_min == pytest.approx(10 + 5 + drive + 3, abs=0.001)
    assert found.in_time is False


def test_the_speed_is_that_of_the_hour_of_leaving() -> None:
    line = StraightLine(speeds_kmh=(60.0,) * 4 + (20.0,) * 20)
    nurse = replace(NURSE, lat=52.17)
    call = replace(CALL, hour=3.9)
    at_once = CallProblem(call, (nurse,), line, Overhead(5.0, 0.0))
    later = replace(at_once, overhead=Overhead(7.0, 0.0))
    minutes = [choose(p).candidates[0].travel_min for p in (at_once, later)]
    assert minutes[1] == pytest.approx(3 * (minutes[0] or 0))


def test_equal_arrivals_go_to_who_is_free_first_then_by_key() -> None:
    table = MatrixTable(
        ("b", "a", "c"),
        ("call",),
        [[10.0], [10.0], [0.0]],  # type: ignore[arg-type]
    )
    nurses = [replace(NURSE, key=key) for key in "bac"]
    nurses[2] = replace(nurses[2], free_from_min=10.0)
    choice = choose(CallProblem(CALL, tuple(nurses), table))
    assert [candidate.key for candidate in choice.candidates] == ["a", "b", "c"]


def test_a_changed_choice_does_not_verify() -> None:
    problem = CallProblem(
        CALL, (NURSE, replace(NURSE, key="m", lat=52.2), replace(NURSE, key="o"))
    )
    choice = choose(problem)
    turned = replace(choice, candidates=choice.candidates[::-1])
    assert verify_choice(problem, turned) == (
        "The candidates are not in order of arrival.",
    )
    lost = replace(choice, candidates=choice.candidates[1:])
    assert verify_choice(problem, lost) == ("Not every nurse is listed once.",)
    faster = replace(choice.candidates[2], arrival_min=9.0, in_time=True)
    told = replace(choice, candidates=(*choice.candidates[:2], faster))
    assert any("arrives after" in said for said in verify_choice(problem, told))


def test_explanations_say_what_the_arrival_is_made_of() -> None:
    problem = CallProblem(
        CALL,
        (
            NURSE,
            replace(NURSE, key="m", lat=52.3),
            replace(NURSE, key="x", tasks=frozenset()),
        ),
    )
    choice = choose(problem)
    first, second, out = (explain(problem, choice, row) for row in range(3))
    assert [item["code"] for item in first.reasons] == [
        "free",
        "ready",
        "drive",
        "distance",
        "access",
        "arrival",
    ]
    assert first.place == 1
    assert [item["code"] for item in second.warnings] == ["late", "later-than-first"]
    assert out.exclusions == ({"code": "task", "tasks": ["catheter"]},)
    told = explain(problem, choice, 1, audience="client")
    assert [item["code"] for item in told.reasons] == ["arrival"]
    with pytest.raises(IndexError):
        explain(problem, choice, 3)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: replace(CALL, hour=25.0), "call 'call'.hour"),
        (lambda: replace(CALL, lat=None), "call 'call'.lon"),
        (lambda: replace(CALL, allowed_min=0.0), "call 'call'.allowed_min"),
        (lambda: replace(NURSE, lat=99.0), "nurse 'n'.lat"),
        (lambda: replace(NURSE, free_from_min=-1.0), "nurse 'n'.free_from_min"),
        (lambda: replace(NURSE, free_from_min=math.nan), "nurse 'n'.free_from_min"),
        (lambda: replace(NURSE, answer="maybe"), "nurse 'n'.answer"),  # type: ignore[arg-type]
        (lambda: CallProblem(CALL, (NURSE, NURSE)), "nurses[1]"),
        (lambda: StraightLine(detour=0.9), "travel.detour"),
        (lambda: StraightLine(speeds_kmh=(30.0,)), "travel.speeds_kmh"),
        (lambda: MatrixTable(("a",), ("b",), [[-1.0]]), "table.values_min"),  # type: ignore[arg-type]
        (lambda: Overhead(preparation_min=-1.0), "overhead.preparation_min"),
    ],
)
def test_what_cannot_be_computed_with_is_refused(make: object, field: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        make()  # type: ignore[operator]
    assert caught.value.field == field


def test_distances_of_areas_are_those_of_their_addresses() -> None:
    amsterdam, utrecht = Place("a", 4.9, 52.37), Place("u", 5.12, 52.09)
    assert distance_km(amsterdam, utrecht) == pytest.approx(34.5, abs=0.5)
    # Two addresses in one disc: root mean square distance is the radius.
    disc = Place("d", 4.9, 52.37, spread_km=2.0)
    assert distance_km(disc, disc) == pytest.approx(2.0)
