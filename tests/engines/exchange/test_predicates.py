import numpy as np
import pytest

from wijkspil_engines.exchange.predicates import Conditions, Facts, screen
from wijkspil_engines.exchange.problem import NONE, ExchangeProblem, InvalidProblem

PROBLEM = ExchangeProblem.build(
    practice_ids=["open", "closed", "near", "family", "frail"],
    free_places=[9, 9, 9, 9, 9],
    wish_ids=["a", "b"],
    origin=[NONE, NONE],
    options=[[0, 1, 2, 3, 4], [2, 1, 3, 4, 0]],
    size=[2, 3],
)
CONDITIONS = (
    Conditions(),
    Conditions(is_closed=True),
    Conditions(postcodes=frozenset({3511, 3512}), most_travel_min=15.0),
    Conditions(is_for_household_only=True),
    Conditions(most_of_age_band={"80+": 0}),
)


def make_facts(**changed):
    given = {
        "postcode": np.array([3511, 3599]),
        "member_at": np.array([NONE, NONE]),
        "travel_min": np.array([50.0, 5, 10, 5, 5, 10, 5, 5, 5, 5]),
        "age_bands": ("0-79", "80+"),
        "people_of_age": np.array([[2, 0], [2, 1]]),
    }
    return Facts(**{**given, **changed})


def test_each_option_that_goes_has_its_first_reason():
    screening = screen(PROBLEM, CONDITIONS, make_facts())
    assert screening.codes(PROBLEM, 0) == ("", "closed", "", "household-only", "")
    assert screening.codes(PROBLEM, 1) == (
        "postcode",
        "closed",
        "household-only",
        "age-band",
        "",
    )
    rest = PROBLEM.with_options(screening.kept)
    assert rest.option.tolist() == [0, 2, 4, 0]
    assert rest.first_option.tolist() == [0, 3, 4]


def test_a_member_of_the_household_opens_a_closed_practice():
    facts = make_facts(member_at=np.array([1, 3]))
    screening = screen(PROBLEM, CONDITIONS, facts)
    assert screening.codes(PROBLEM, 0)[1] == ""
    assert screening.codes(PROBLEM, 1)[2] == ""
    shut = (CONDITIONS[0], Conditions(is_closed=True, admits_household=False))
    strict = screen(PROBLEM, (*shut, *CONDITIONS[2:]), facts)
    assert strict.codes(PROBLEM, 0)[1] == "closed"


def test_too_far_goes_and_an_unknown_time_stays():
    far = make_facts(travel_min=np.full(10, 15.1))
    assert screen(PROBLEM, CONDITIONS, far).codes(PROBLEM, 0)[2] == "travel-time"
    unknown = make_facts(travel_min=np.full(10, np.nan))
    assert screen(PROBLEM, CONDITIONS, unknown).codes(PROBLEM, 0)[2] == ""


def test_a_column_of_another_length_is_named():
    with pytest.raises(InvalidProblem, match=r"facts\.postcode: has 1 rows"):
        screen(PROBLEM, CONDITIONS, make_facts(postcode=np.array([1])))
    with pytest.raises(InvalidProblem, match="conditions: has 4 rows"):
        screen(PROBLEM, CONDITIONS[:4], make_facts())
    wrong = (*CONDITIONS[:4], Conditions(most_of_age_band={"90+": 1}))
    with pytest.raises(InvalidProblem, match=r"conditions\[4\].*'90\+'"):
        screen(PROBLEM, wrong, make_facts())
