"""Which calls come in these nights?

Poisson by wijk and hour. A block of nights has its own random numbers, so that more
nights leave the first ones as they are; and nothing depends on the nurses, so that
every plan and every mode gets the same calls with the same visits.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.dispatch.night import NightParams, NightProblem

BLOCK_NIGHTS = 1000


@dataclass(frozen=True, eq=False)
class Calls:
    """The calls of a number of nights, in order of night and time.

    Parameters
    ----------
    offsets
        (n_nights + 1,) first call of each night.
    time_min
        (n_calls,) minutes from the start of the night; below 0 is warm-up.
    wijk, provider
        (n_calls,) rows of ``problem.wijken`` and ``problem.providers``; provider -1
        is nobody's.
    service_min
        (n_calls,) what the visit takes.
    """

    offsets: NDArray[np.int64]
    time_min: NDArray[np.float64]
    wijk: NDArray[np.int64]
    provider: NDArray[np.int64]
    service_min: NDArray[np.float64]


def draw_calls(
    problem: NightProblem, params: NightParams, *, seed: int, n_nights: int
) -> Iterator[Calls]:
    """Yield the calls of all nights, ``BLOCK_NIGHTS`` at a time."""
    for block, first in enumerate(range(0, n_nights, BLOCK_NIGHTS)):
        rng = np.random.default_rng([seed, block])
        calls = _draw_block(problem, params, rng)
        kept = min(BLOCK_NIGHTS, n_nights - first)
        end = calls.offsets[kept]
        yield Calls(
            calls.offsets[: kept + 1],
            calls.time_min[:end],
            calls.wijk[:end],
            calls.provider[:end],
            calls.service_min[:end],
        )


def call_rates(params: NightParams) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return when each stretch starts, and its part of the calls of a night.

    The first stretch is the warm-up. Shapes (n_hours + 1,), minutes and parts; the
    parts of the hours add up to 1.
    """
    weights = np.array(params.hour_weights, np.float64)
    parts = weights / weights.sum()
    warm_up = parts[0] * params.warm_up_min / 60.0
    starts = np.concatenate(([-params.warm_up_min], 60.0 * np.arange(weights.size)))
    return starts, np.concatenate(([warm_up], parts))


def _draw_block(
    problem: NightProblem, params: NightParams, rng: np.random.Generator
) -> Calls:
    rates = np.array([wijk.calls_per_night for wijk in problem.wijken], np.float64)
    starts, parts = call_rates(params)
    lengths = np.full(parts.size, 60.0)
    lengths[0] = params.warm_up_min
    counts = rng.poisson(rates.sum() * parts, (BLOCK_NIGHTS, parts.size))
    n = int(counts.sum())
    night = np.repeat(np.arange(BLOCK_NIGHTS), counts.sum(1))
    stretch = np.repeat(np.tile(np.arange(parts.size), BLOCK_NIGHTS), counts.ravel())
    time_min = starts[stretch] + lengths[stretch] * rng.random(n)
    # ``right``: a wijk without calls is never drawn.
    total = np.cumsum(rates)
    wijk = np.searchsorted(total, rng.random(n) * rates.sum(), side="right")
    wijk = np.minimum(wijk, len(rates) - 1).astype(np.int64)
    provider = _draw_providers(problem, wijk, rng.random(n))
    if params.service_shape == "exponential":
        service_min = rng.exponential(params.service_mean_min, n)
    else:
        service_min = rng.lognormal(params.log_mean, params.log_sd, n)
    order = np.lexsort((time_min, night))
    offsets = np.concatenate(([0], np.cumsum(counts.sum(1))))
    return Calls(
        offsets.astype(np.int64),
        time_min[order],
        wijk[order],
        provider[order],
        service_min[order],
    )


def _draw_providers(
    problem: NightProblem, wijk: NDArray[np.int64], at: NDArray[np.float64]
) -> NDArray[np.int64]:
    providers = problem.providers
    shares = np.array(
        [[w.shares.get(name, 0.0) for name in providers] for w in problem.wijken],
        np.float64,
    ).reshape(len(problem.wijken), len(providers))
    drawn = np.full(wijk.size, -1, np.int64)
    for row in np.unique(wijk):
        total = np.cumsum(shares[row])
        if total.size and total[-1] > 0:
            where = wijk == row
            drawn[where] = np.searchsorted(total, at[where] * total[-1], side="right")
    return np.minimum(drawn, max(len(providers) - 1, 0)) if providers else drawn
