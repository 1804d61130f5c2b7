"""How unequal is access between people, and is it worse where people have less?

Of values per area and the people who live there; a value is one of which more is better
and that can be shared, as hours per person. Every person counts once: an area with
twice the people weighs twice. Formulas are exact, not of a grid.

Sources: Lorenz 1905 (doi:10.2307/2276207); Gini as half the relative mean difference,
and the concentration index as in Kakwani, Wagstaff and van Doorslaer 1997
(doi:10.1016/S0304-4076(96)01807-6).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class InvalidDistribution(ValueError):
    """A value, a number of people or a share cannot be; says which and where."""

    code = "invalid-distribution"


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of equally many people, from least to most of a second variable.

    Parameters
    ----------
    people
        (k,) people in each group; the same number in all.
    mean_value, mean_by
        (k,) means per person of the value and of what the groups were made by.
    """

    people: Floats
    mean_value: Floats
    mean_by: Floats


def lorenz_curve(value: Any, people: Any) -> tuple[Floats, Floats]:
    """Return shares of the people, worst off first, and their shares of the whole.

    Both (k + 1,), from 0 to 1; one point per different value. When all values are 0
    everybody has the same: the curve is the diagonal.

    Raises
    ------
    InvalidDistribution
        If a value or a number of people is negative or not finite, shapes differ, or
        nobody lives anywhere.
    """
    values, counts = _check(value, people)
    levels, counts = _merge(values, counts)
    share_people = _running_share(counts)
    total = float(levels @ counts)
    if total == 0.0:
        return share_people, share_people.copy()
    return share_people, _running_share(levels * counts)


def gini(value: Any, people: Any) -> float:
    """Return the Gini coefficient: 0 is the same for all, 1 is all for one.

    Half the mean absolute difference between two people drawn with replacement, over
    the mean. 0 when all values are 0.

    Raises
    ------
    InvalidDistribution
        See ``lorenz_curve``.
    """
    values, counts = _check(value, people)
    return _concentration(*_merge(values, counts))


def concentration_index(value: Any, people: Any, by: Any) -> float:
    """Return how far the value goes to people with more of ``by``, -1 to 1.

    Below 0: those with least of ``by`` (income) have more of the value. People with
    the same ``by`` share one rank.

    Raises
    ------
    InvalidDistribution
        See ``lorenz_curve``; ``by`` may be negative.
    """
    values, counts = _check(value, people)
    ranks = _check_by(by, values)
    level, place = np.unique(ranks, return_inverse=True)
    total = _sum_by(place, values * counts, level.size)
    persons = _sum_by(place, counts, level.size)
    lived = persons > 0
    return _concentration(total[lived] / persons[lived], persons[lived])


def share_of_worst(value: Any, people: Any, share: float = 0.1) -> float:
    """Return which share of the whole the worst-off share of the people has.

    Of an area on the edge so many people count as are needed.

    Raises
    ------
    InvalidDistribution
        See ``lorenz_curve``; or if ``share`` is not between 0 and 1.
    """
    _check_share(share)
    share_people, share_value = lorenz_curve(value, people)
    return float(np.interp(share, share_people, share_value))


def mean_of_worst(value: Any, people: Any, share: float = 0.1) -> float:
    """Return the mean per person among the worst-off share of the people.

    Raises
    ------
    InvalidDistribution
        See ``share_of_worst``.
    """
    _check_share(share)
    values, counts = _check(value, people)
    levels, counts = _merge(values, counts)
    wanted = share * counts.sum()
    before = np.concatenate([[0.0], np.cumsum(counts)[:-1]])
    taken = np.clip(wanted - before, 0.0, counts)
    return float(levels @ taken / taken.sum())


def group_by(value: Any, people: Any, by: Any, n_groups: int = 10) -> Groups:
    """Return the value per group of people, from least to most of ``by``: deciles.

    An area on an edge is split over both groups. Areas with the same ``by`` are one,
    so that the order of rows changes nothing.

    Raises
    ------
    InvalidDistribution
        See ``lorenz_curve``; ``by`` may be negative. Or if ``n_groups`` is below 1.
    """
    if n_groups < 1:
        raise InvalidDistribution(f"n_groups is {n_groups}; give 1 or more")
    values, counts = _check(value, people)
    ranks = _check_by(by, values)
    level, place = np.unique(ranks, return_inverse=True)
    persons = _sum_by(place, counts, level.size)
    total = _sum_by(place, values * counts, level.size)
    edges = np.linspace(0.0, persons.sum(), n_groups + 1)
    upto = np.concatenate([[0.0], np.cumsum(persons)])
    # Within a level value and people grow together, so interpolation is exact.
    sums = [
        np.diff(np.interp(edges, upto, np.concatenate([[0.0], np.cumsum(each)])))
        for each in (total, level * persons)
    ]
    size = np.diff(edges)
    return Groups(size, sums[0] / size, sums[1] / size)


def _check(value: Any, people: Any) -> tuple[Floats, Floats]:
    """Return values and people of the areas where somebody lives or a value is."""
    values = np.asarray(value, dtype=np.float64)
    counts = np.asarray(people, dtype=np.float64)
    if values.shape != counts.shape or values.ndim != 1:
        raise InvalidDistribution(
            f"value has shape {values.shape} and people {counts.shape}; give one "
            "number of each per area"
        )
    for name, each in (("value", values), ("people", counts)):
        wrong = np.flatnonzero(~((each >= 0) & (each < np.inf)))
        if wrong.size:
            raise InvalidDistribution(
                f"{name}[{wrong[0]}] is {each[wrong[0]]}; give a finite number, 0 or "
                "more"
            )
    if not counts.sum() > 0:
        raise InvalidDistribution("people: nobody lives in any area")
    return values, counts


def _check_by(by: Any, values: Floats) -> Floats:
    ranks = np.asarray(by, dtype=np.float64)
    if ranks.shape != values.shape:
        raise InvalidDistribution(
            f"by has shape {ranks.shape}, but there are {values.size} areas"
        )
    wrong = np.flatnonzero(~np.isfinite(ranks))
    if wrong.size:
        raise InvalidDistribution(
            f"by[{wrong[0]}] is {ranks[wrong[0]]}; give a finite number"
        )
    return ranks


def _check_share(share: float) -> None:
    if not 0 < share <= 1:
        raise InvalidDistribution(f"share is {share}; give above 0, up to 1")


def _merge(values: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Return the different values where people live, ascending, and their people."""
    lived = counts > 0
    levels, place = np.unique(values[lived], return_inverse=True)
    return levels, _sum_by(place, counts[lived], levels.size)


def _sum_by(place: NDArray[np.intp], amounts: Floats, size: int) -> Floats:
    return np.bincount(place, weights=amounts, minlength=size).astype(np.float64)


def _running_share(amounts: Floats) -> Floats:
    running = np.concatenate([[0.0], np.cumsum(amounts)])
    share: Floats = running / running[-1]
    return share


def _concentration(levels: Floats, counts: Floats) -> float:
    """Return twice the area between the diagonal and the curve, in this order."""
    total = float(levels @ counts)
    if total == 0.0:
        return 0.0
    everybody = counts.sum()
    # People below minus people above, halves cancel: no difference of large sums.
    before = np.cumsum(counts) - counts
    after = everybody - before - counts
    return float((levels * counts) @ (before - after) / (everybody * total))
