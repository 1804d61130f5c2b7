"""Which options may a household use, given the conditions of each practice?

A condition is not a number of places: it says who may come at all. It is a filter on
the options of a wish before the round is solved, so that the mechanisms need not know
it. Everything is columnar; each option that goes has one code, that of the first
condition that excludes it.

A cap on an age band is looked at per household: a cap over all who come together is
not a filter, use ``max_inflow`` or ``free_load`` for that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.problem import NONE, ExchangeProblem, InvalidProblem

#: Why an option goes, in the order in which they are looked at; 0 stays.
REASONS = (
    "",
    "closed",
    "household-only",
    "postcode",
    "travel-time",
    "age-band",
)


@dataclass(frozen=True)
class Conditions:
    """Whom one practice takes.

    Parameters
    ----------
    is_closed
        Takes nobody (but see ``admits_household``).
    is_for_household_only
        Takes only households of which a member is registered there.
    postcodes
        PC4 areas it takes people from; None for all.
    most_travel_min
        Longest travel time; None for any.
    most_of_age_band
        Age band → most people of one household in it; a band not named has no cap.
    admits_household
        A household with a member there passes all conditions but the age bands.
    """

    is_closed: bool = False
    is_for_household_only: bool = False
    postcodes: frozenset[int] | None = None
    most_travel_min: float | None = None
    most_of_age_band: Mapping[str, int] | None = None
    admits_household: bool = True


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of the wishes.

    Parameters
    ----------
    postcode
        (W,) PC4 of the home, 0 if not known: then no practice with a list of postcodes.
    member_at
        (W,) a practice where a member of the household is registered already, or
        ``NONE``.
    travel_min
        (K,) travel time to each option, minutes; NaN if not known, which passes.
    age_bands
        Names of the age bands.
    people_of_age
        (W, number of bands) people of the household by age band.
    """

    postcode: NDArray[np.int64]
    member_at: NDArray[np.int64]
    travel_min: NDArray[np.float64]
    age_bands: tuple[str, ...] = ()
    people_of_age: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Screening:
    """Which options stay: ``reason`` (K,) is a row of ``REASONS``, 0 stays."""

    reason: NDArray[np.int8]

    @property
    def kept(self) -> NDArray[np.bool_]:
        """(K,) whether an option stays."""
        return np.asarray(self.reason == 0)

    def codes(self, problem: ExchangeProblem, wish: int) -> tuple[str, ...]:
        """Return the code of each option of a wish of the problem as it was."""
        begin, end = problem.first_option[wish], problem.first_option[wish + 1]
        return tuple(REASONS[code] for code in self.reason[begin:end])


def screen(
    problem: ExchangeProblem, conditions: Sequence[Conditions], facts: Facts
) -> Screening:
    """Look at every option; ``problem.with_options(screening.kept)`` is what is left.

    Raises
    ------
    InvalidProblem
        If a column has another length, or an age band is not known.
    """
    _check(problem, conditions, facts)
    wish, practice = problem.wish_of_option, problem.option
    is_member = (facts.member_at[wish] == practice) & (practice != NONE)
    closed = np.array([each.is_closed for each in conditions], bool)
    household = np.array([each.is_for_household_only for each in conditions], bool)
    admits = np.array([each.admits_household for each in conditions], bool)
    longest = np.array(
        [
            np.inf if each.most_travel_min is None else each.most_travel_min
            for each in conditions
        ]
    )
    passes = is_member & admits[practice]
    fails = (
        closed[practice] & ~passes,
        household[practice] & ~is_member,
        _wrong_postcode(problem, conditions, facts) & ~passes,
        (facts.travel_min > longest[practice]) & ~passes,
        _wrong_ages(problem, conditions, facts),
    )
    reason = np.zeros(practice.size, np.int8)
    for code in range(len(fails), 0, -1):
        reason[fails[code - 1]] = code
    reason.setflags(write=False)
    return Screening(reason)


def _check(
    problem: ExchangeProblem, conditions: Sequence[Conditions], facts: Facts
) -> None:
    for name, found, expected in (
        ("conditions", len(conditions), problem.n_practices),
        ("facts.postcode", facts.postcode.size, problem.n_wishes),
        ("facts.member_at", facts.member_at.size, problem.n_wishes),
        ("facts.travel_min", facts.travel_min.size, problem.option.size),
    ):
        if found != expected:
            raise InvalidProblem(f"has {found} rows, must have {expected}", field=name)
    shape = (problem.n_wishes, len(facts.age_bands))
    if facts.people_of_age is not None and facts.people_of_age.shape != shape:
        raise InvalidProblem(f"must have shape {shape}", field="facts.people_of_age")
    for index, each in enumerate(conditions):
        for band in each.most_of_age_band or ():
            if band not in facts.age_bands or facts.people_of_age is None:
                raise InvalidProblem(
                    f"the age band {band[:40]!r} is not known; use "
                    f"{', '.join(facts.age_bands) or 'none'}",
                    field=f"conditions[{index}].most_of_age_band",
                )


def _wrong_postcode(
    problem: ExchangeProblem, conditions: Sequence[Conditions], facts: Facts
) -> NDArray[np.bool_]:
    limited = np.array([each.postcodes is not None for each in conditions], bool)
    wrong = limited[problem.option]
    allowed = [
        (index, code)
        for index, each in enumerate(conditions)
        for code in each.postcodes or ()
    ]
    if not allowed or not wrong.any():
        return wrong
    table = np.array(allowed, np.int64)
    scale = int(max(table[:, 1].max(), facts.postcode.max(initial=0))) + 1
    keys = np.sort(table[:, 0] * scale + table[:, 1])
    asked = problem.option.astype(np.int64) * scale
    asked += facts.postcode[problem.wish_of_option]
    at = np.minimum(np.searchsorted(keys, asked), keys.size - 1)
    return np.asarray(wrong & (keys[at] != asked))


def _wrong_ages(
    problem: ExchangeProblem, conditions: Sequence[Conditions], facts: Facts
) -> NDArray[np.bool_]:
    wrong = np.zeros(problem.option.size, bool)
    if facts.people_of_age is None or not facts.age_bands:
        return wrong
    unlimited = np.iinfo(np.int64).max
    caps = np.full((problem.n_practices, len(facts.age_bands)), unlimited, np.int64)
    for index, each in enumerate(conditions):
        for name, cap in (each.most_of_age_band or {}).items():
            caps[index, facts.age_bands.index(name)] = cap
    for band in range(len(facts.age_bands)):
        people = facts.people_of_age[:, band]
        wrong |= people[problem.wish_of_option] > caps[problem.option, band]
    return wrong
