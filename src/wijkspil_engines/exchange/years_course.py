"""What happens in a region over years, whoever is helped?

Everything that does not depend on the mechanism is drawn before the first round:
where practices are, when they stop, open and grow, who gets a wish, when, and which
practices that household would name. So all mechanisms are compared on the same course
(common random numbers); what happens to a list depends on it through the same drawn
numbers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wijkspil_engines.exchange.problem import NONE
from wijkspil_engines.exchange.years_config import YearsConfig

#: Why somebody has a wish.
KINDS = ("without-practice", "moved", "other", "practice-stops")

#: Later than any day that is played.
NEVER = 2**30

_AROUND, _NEAREST, _OWN_NEAREST, _RANKED = 64, 25, 10, 12
_HOME_KM = 1.0
_CAPACITY_SPREAD = 0.25
_START_MEAN_DAYS, _START_MOST_DAYS = 300.0, 2000.0
_STOPPING_SPARE = 1.1


@dataclass(frozen=True, eq=False)
class Course:
    """The drawn course of one run; days count from the start.

    Parameters
    ----------
    place, popularity
        (P, 2) km and (P,) of all practices, those that open later included.
    capacity, registered
        (P,) people a practice can have and has at the start.
    open_day, notice_day, close_day
        (P,) ``NEVER`` where it does not happen.
    grown, leaving
        (R, P) places added before each round; standard normal numbers that say how
        many leave.
    day, withdraw_day
        (N,) when a wish is made and given up.
    kind
        (N,) row of ``KINDS``. Wishes because a practice stops are made as far as the
        people on its list go; before they are drawn in plenty.
    size, origin, priority_class
        (N,) as in a problem.
    income
        (N,) third of the income of the home, 0 the lowest.
    length
        (N,) how many practices are named.
    ranking
        (N, M) practices from best to worst, ``NONE`` beyond the last.
    """

    place: NDArray[np.float64]
    popularity: NDArray[np.float64]
    capacity: NDArray[np.int64]
    registered: NDArray[np.int64]
    open_day: NDArray[np.int64]
    notice_day: NDArray[np.int64]
    close_day: NDArray[np.int64]
    grown: NDArray[np.int64]
    leaving: NDArray[np.float64]
    day: NDArray[np.int64]
    withdraw_day: NDArray[np.int64]
    kind: NDArray[np.int64]
    size: NDArray[np.int64]
    origin: NDArray[np.int64]
    priority_class: NDArray[np.int64]
    income: NDArray[np.int64]
    length: NDArray[np.int64]
    ranking: NDArray[np.int32]


def draw_course(config: YearsConfig, seed: int) -> Course:
    """Draw the course of one run; the map is the same for all seeds."""
    fixed = np.random.default_rng([config.region.map_seed, 0])
    rng = np.random.default_rng([seed, 1])
    days = config.n_rounds * config.rounds.days_between
    first = config.region.practices
    n_new = int(rng.poisson(config.practices.open_rate * first * days / 365))
    town = fixed.random((config.region.towns, 2)) * config.region.width_km
    weight = _normalized(np.arange(1, config.region.towns + 1) ** -0.8)
    place = np.concatenate(
        (_settle(fixed, town, weight, first), _settle(rng, town, weight, n_new))
    )
    spread = config.region.popularity_spread
    popularity = np.concatenate(
        (fixed.lognormal(0.0, spread, first), rng.lognormal(0.0, spread, n_new))
    )
    n = first + n_new
    average = config.region.people_per_practice
    capacity = np.full(n, average, np.int64)
    capacity[:first] = average * fixed.lognormal(0.0, _CAPACITY_SPREAD, first)
    free = fixed.integers(0, config.region.most_free_places + 1, first)
    # Room is at practices that few name.
    least = np.argsort(np.log(popularity[:first]) + fixed.normal(0, 0.5, first))
    free[least[round(config.region.share_with_room * first) :]] = 0
    registered = np.zeros(n, np.int64)
    registered[:first] = np.maximum(capacity[:first] - free, 0)
    slope = fixed.normal(0, 1, 2)
    open_day = np.zeros(n, np.int64)
    open_day[first:] = rng.integers(1, max(days, 2), n_new)
    close_day = np.full(n, NEVER, np.int64)
    if config.practices.stop_rate > 0:
        close_day[:first] = np.minimum(
            rng.exponential(365 / config.practices.stop_rate, first), NEVER
        )
        close_day[close_day > days] = NEVER
    notice_day = np.where(
        close_day == NEVER,
        NEVER,
        np.maximum(close_day - config.practices.notice_days, 0),
    )
    shape = (config.n_rounds, n)
    per_round = config.rounds.days_between / 365
    grown = rng.poisson(config.practices.grow_rate * per_round, shape)
    if config.practices.most_grown > 0:
        grown *= rng.integers(1, config.practices.most_grown + 1, shape)
    else:
        grown[:] = 0
    people = int(registered.sum())
    kind, day, anchor = _draw_wishes(config, rng, people, days, first)
    kind, day, anchor = _add_stopping(config, kind, day, anchor, notice_day, capacity)
    n_wishes = kind.size
    home = place[anchor] + rng.normal(0, _HOME_KM, (n_wishes, 2))
    # The income of a wijk rises along one direction of the map.
    thirds = np.quantile(place[:first] @ slope, (1 / 3, 2 / 3))
    income = np.searchsorted(thirds, home @ slope)
    size = rng.choice(
        np.arange(1, len(config.wishes.size_chances) + 1),
        n_wishes,
        p=_normalized(config.wishes.size_chances),
    )
    length = rng.choice(
        np.arange(1, len(config.wishes.choice_chances) + 1),
        n_wishes,
        p=_normalized(config.wishes.choice_chances),
    )
    origin, ranking = _rank(
        config, rng, place, popularity, close_day, kind, day, anchor, home
    )
    stops = kind == KINDS.index("practice-stops")
    # Who was at a practice that has stopped has none.
    left_none = (origin == NONE) & (kind == KINDS.index("other"))
    kind = np.where(left_none, KINDS.index("without-practice"), kind)
    priority = np.array([0, 1, 2, 1])[kind]
    withdraw = np.full(n_wishes, NEVER, np.int64)
    if config.wishes.withdraw_rate > 0:
        lasts = rng.exponential(365 / config.wishes.withdraw_rate, n_wishes)
        withdraw = np.maximum(day, 0) + np.minimum(lasts, NEVER / 2).astype(np.int64)
        withdraw[stops] = NEVER
    return Course(
        place=place,
        popularity=popularity,
        capacity=capacity,
        registered=registered,
        open_day=open_day,
        notice_day=notice_day,
        close_day=close_day,
        grown=grown,
        leaving=rng.normal(0, 1, shape),
        day=day,
        withdraw_day=withdraw,
        kind=kind,
        size=size,
        origin=origin,
        priority_class=priority,
        income=income,
        length=length,
        ranking=ranking,
    )


def _normalized(chances: ArrayLike) -> NDArray[np.float64]:
    values = np.array(chances, np.float64)
    return np.asarray(values / values.sum(), np.float64)


def _settle(
    rng: np.random.Generator,
    town: NDArray[np.float64],
    weight: NDArray[np.float64],
    count: int,
) -> NDArray[np.float64]:
    of = rng.choice(weight.size, count, p=weight)
    spread = 0.6 * np.sqrt(np.bincount(of, minlength=weight.size))
    apart = rng.normal(0, 1, (count, 2)) * spread[of][:, None]
    return np.asarray(town[of] + apart, np.float64)


def _draw_wishes(
    config: YearsConfig, rng: np.random.Generator, people: int, days: int, first: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return kind, day and the practice near which each wish lives."""
    wishes = config.wishes
    sizes = _normalized(wishes.size_chances) @ np.arange(
        1, len(wishes.size_chances) + 1
    )
    rates = np.array(
        [wishes.without_practice_rate, wishes.moved_rate, wishes.other_rate]
    )
    expected = rates / 1000 * people * days / 365 / sizes
    counts = rng.poisson(expected)
    kind = np.repeat(np.arange(3), counts)
    day = rng.integers(0, days, kind.size)
    if wishes.open_at_start and rates.sum() > 0:
        start = rng.choice(3, wishes.open_at_start, p=rates / rates.sum())
        waited = rng.exponential(_START_MEAN_DAYS, start.size)
        kind = np.concatenate((start, kind))
        day = np.concatenate(
            (-np.minimum(waited, _START_MOST_DAYS).astype(np.int64) - 1, day)
        )
    return kind, day, rng.integers(0, first, kind.size)


def _add_stopping(
    config: YearsConfig,
    kind: NDArray[np.int64],
    day: NDArray[np.int64],
    anchor: NDArray[np.int64],
    notice_day: NDArray[np.int64],
    capacity: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Add households of each practice that stops, more than it can have."""
    sizes = _normalized(config.wishes.size_chances) @ np.arange(
        1, len(config.wishes.size_chances) + 1
    )
    stopping = np.flatnonzero(notice_day < NEVER)
    counts = (_STOPPING_SPARE * capacity[stopping] / sizes).astype(np.int64) + 50
    at = np.repeat(stopping, counts)
    made = np.full(at.size, KINDS.index("practice-stops"))
    return (
        np.concatenate((kind, made)),
        np.concatenate((day, notice_day[at])),
        np.concatenate((anchor, at)),
    )


def _rank(
    config: YearsConfig,
    rng: np.random.Generator,
    place: NDArray[np.float64],
    popularity: NDArray[np.float64],
    close_day: NDArray[np.int64],
    kind: NDArray[np.int64],
    day: NDArray[np.int64],
    anchor: NDArray[np.int64],
    home: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the current practice of each wish and which it would name, best first."""
    n, first = kind.size, config.region.practices
    around = _around(place)
    origin = np.full(n, NONE, np.int64)
    weight = popularity[:first] ** -config.wishes.leave_unpopular
    moved = kind == KINDS.index("moved")
    far = rng.choice(first, n, p=weight / weight.sum())
    inside = rng.random(n) >= config.wishes.from_outside_share
    origin[moved & inside] = far[moved & inside]
    stops = kind == KINDS.index("practice-stops")
    origin[stops] = anchor[stops]
    drawn = rng.random(n)
    ranking = np.full((n, _RANKED), NONE, np.int32)
    other = kind == KINDS.index("other")
    for begin in range(0, n, 20_000):
        part = slice(begin, begin + 20_000)
        near = around[anchor[part]]
        apart = place[near] - home[part][:, None, :]
        distance = np.sqrt((apart**2).sum(2))
        order = np.argsort(distance, axis=1, kind="stable")[:, :_NEAREST]
        near = np.take_along_axis(near, order, axis=1)
        distance = np.take_along_axis(distance, order, axis=1)
        own = np.where(
            near[:, :_OWN_NEAREST] < first,
            popularity[near[:, :_OWN_NEAREST]] ** -config.wishes.leave_unpopular,
            0.0,
        ).cumsum(1)
        chosen = (own < (drawn[part] * own[:, -1])[:, None]).sum(1)
        chosen = np.minimum(chosen, own.shape[1] - 1)
        at = np.where(own[:, -1] > 0, near[np.arange(near.shape[0]), chosen], NONE)
        origin[part] = np.where(other[part], at, origin[part])
        utility = (
            np.log(popularity)[near]
            - distance / config.wishes.km_per_utility
            + rng.gumbel(0, 1, near.shape)
        )
        utility[distance > config.wishes.most_km] = -np.inf
        utility[near == origin[part][:, None]] = -np.inf
        best = np.argsort(-utility, axis=1, kind="stable")[:, :_RANKED]
        named = np.take_along_axis(near, best, axis=1)
        named[~np.isfinite(np.take_along_axis(utility, best, axis=1))] = NONE
        ranking[part, : named.shape[1]] = named
    has_one = origin != NONE
    gone = np.zeros(n, bool)
    gone[has_one] = close_day[origin[has_one]] <= day[has_one]
    origin[gone & ~stops] = NONE
    return origin, ranking


def _around(place: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the nearest practices of each practice, (P, up to 64)."""
    count = min(_AROUND, place.shape[0])
    found = np.empty((place.shape[0], count), np.int64)
    for begin in range(0, place.shape[0], 500):
        apart = place[begin : begin + 500, None, :] - place[None]
        distance = (apart**2).sum(2)
        found[begin : begin + 500] = np.argsort(distance, axis=1, kind="stable")[
            :, :count
        ]
    return found
