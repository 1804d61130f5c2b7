"""How long may one wish wait, and what would help?

From runs of the simulation (or rounds drawn again from the last ones) only the prices
of each round are kept. A wish is served in the first round in which its *surplus* is
positive: for one of its options, level after level, what moving counts plus the price
of the place it frees minus the price of the place it takes. So one question costs no
solving. The wish is taken as too small to change the prices; at a practice without a
price there must also be a place left.

What is told is a band over the runs and never a promise. It knows what the runs know:
the region as it is today, drawn forward under the assumptions of the configuration.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.exchange.problem import (
    LEVELS,
    MAX_WAITING_DAYS,
    NONE,
    InvalidProblem,
)
from wijkspil_engines.exchange.years_study import Study

#: A price in a smaller fraction is 0: prices are whole numbers over a scale.
_NOTHING = 1e-6


@dataclass(frozen=True, eq=False)
class Outlook:
    """Prices of rounds to come.

    Parameters
    ----------
    prices
        (S, T, L, P) price of a place: runs, rounds, levels, practices.
    costs
        (S, T, L, P) that with the price of coming in, where inflow is capped.
    left
        (S, T, P) places left after a round; -1 at a practice that takes nobody.
    levels
        Names of the levels, first one first.
    days_between
        Days between rounds; the first round is so many days from today.
    """

    prices: NDArray[np.float64]
    costs: NDArray[np.float64]
    left: NDArray[np.int64]
    levels: tuple[str, ...]
    days_between: int

    def __post_init__(self) -> None:
        runs, rounds, levels, practices = self.prices.shape
        if runs < 1 or rounds < 1 or levels != len(self.levels):
            raise InvalidProblem(
                f"has shape {self.prices.shape}, must be (runs, rounds, "
                f"{len(self.levels)}, practices)",
                field="outlook.prices",
            )
        if self.costs.shape != self.prices.shape:
            raise InvalidProblem(
                f"has shape {self.costs.shape}, must be {self.prices.shape}",
                field="outlook.costs",
            )
        if self.left.shape != (runs, rounds, practices):
            raise InvalidProblem(
                f"has shape {self.left.shape}, must be {(runs, rounds, practices)}",
                field="outlook.left",
            )
        for index, name in enumerate(self.levels):
            if name not in LEVELS:
                raise InvalidProblem(
                    f"{name[:40]!r} is not known; use {', '.join(LEVELS)}",
                    field=f"outlook.levels[{index}]",
                )

    @property
    def n_rounds(self) -> int:
        """T."""
        return int(self.prices.shape[1])

    @property
    def longest_weeks(self) -> float:
        """Nothing can be said about what lies further ahead than this."""
        return self.n_rounds * self.days_between / 7


@dataclass(frozen=True)
class Asked:
    """One wish: as a row of a problem.

    ``options`` best first; ``waiting_days`` today.
    """

    origin: int
    priority_class: int
    options: tuple[int, ...]
    waiting_days: int = 0
    size: int = 1


@dataclass(frozen=True)
class Band:
    """Weeks until a place, for the luckiest tenth, half and nine tenths of the runs.

    None is longer than ``longest_weeks``. ``chance``: share of runs with a place
    within that time.
    """

    p10_weeks: float | None
    p50_weeks: float | None
    p90_weeks: float | None
    chance: float
    longest_weeks: float


@dataclass(frozen=True)
class Extra:
    """What naming these practices as well, last on the list, would give."""

    practices: tuple[int, ...]
    chance: float
    p50_weeks: float | None


@dataclass(frozen=True)
class Help:
    """The chance of a place within ``within_weeks``: now, and with more choices.

    ``one`` and ``two``: the best extra choices, best first; only those that raise the
    chance.
    """

    within_weeks: float
    chance_now: float
    one: tuple[Extra, ...]
    two: tuple[Extra, ...]


def make_outlook(study: Study) -> Outlook:
    """Keep the prices of the runs by ``optimum`` of a study that kept them.

    Only practices that were there at the start: others have no name yet.

    Raises
    ------
    InvalidProblem
        If no run kept its prices.
    """
    runs = [run for run in study.runs if run.prices is not None]
    if not runs:
        raise InvalidProblem(
            "no run kept its prices; compare 'optimum' and keep the prices",
            field="study.runs",
        )
    n = study.config.region.practices
    return Outlook(
        np.stack([run.prices[:, :, :n] for run in runs if run.prices is not None]),
        np.stack([run.costs[:, :, :n] for run in runs if run.costs is not None]),
        np.stack([run.left[:, :n] for run in runs if run.left is not None]),
        runs[0].price_levels,
        study.config.rounds.days_between,
    )


def waiting_band(outlook: Outlook, asked: Asked) -> Band:
    """Return how long this wish may wait."""
    first = _first_rounds(outlook, asked, asked.options).min(axis=0)
    return Band(
        p10_weeks=_weeks_at(outlook, first, 0.1),
        p50_weeks=_weeks_at(outlook, first, 0.5),
        p90_weeks=_weeks_at(outlook, first, 0.9),
        chance=float((first < outlook.n_rounds).mean()),
        longest_weeks=outlook.longest_weeks,
    )


def what_would_help(
    outlook: Outlook,
    asked: Asked,
    nearby: Sequence[int],
    *,
    within_weeks: float = 26.0,
    most: int = 3,
) -> Help:
    """Return the best practices among ``nearby`` to name as well."""
    extra = [
        b for b in dict.fromkeys(nearby) if b not in asked.options and b != asked.origin
    ]
    first = _first_rounds(outlook, asked, (*asked.options, *extra))
    own = first[: len(asked.options)].min(axis=0, initial=outlook.n_rounds)
    rounds = min(int(within_weeks * 7 // outlook.days_between), outlook.n_rounds)
    now = float((own < rounds).mean())
    added = np.minimum(first[len(asked.options) :], own)
    singles = _best(outlook, added, [(i,) for i in range(len(extra))], rounds)
    pairs = [(i, j) for i in range(len(extra)) for j in range(i + 1, len(extra))]
    doubles = _best(outlook, added, pairs, rounds)
    return Help(
        within_weeks=rounds * outlook.days_between / 7,
        chance_now=now,
        one=_named(singles, extra, now, most),
        two=_named(doubles, extra, now, most),
    )


def _best(
    outlook: Outlook,
    added: NDArray[np.int64],
    combinations: Sequence[tuple[int, ...]],
    rounds: int,
) -> list[tuple[float, float, tuple[int, ...], float | None]]:
    """Return (minus chance, mean round, combination, median weeks), best first."""
    if not combinations:
        return []
    together = added[np.array(combinations)].min(axis=1)
    chance = (together < rounds).mean(axis=1)
    mean = together.mean(axis=1)
    return sorted(
        (
            -float(chance[row]),
            float(mean[row]),
            combination,
            _weeks_at(outlook, together[row], 0.5),
        )
        for row, combination in enumerate(combinations)
    )


def _named(
    found: list[tuple[float, float, tuple[int, ...], float | None]],
    extra: list[int],
    now: float,
    most: int,
) -> tuple[Extra, ...]:
    return tuple(
        Extra(tuple(extra[i] for i in combination), -minus, weeks)
        for minus, _mean, combination, weeks in found[:most]
        if -minus > now
    )


def _first_rounds(
    outlook: Outlook, asked: Asked, options: Sequence[int]
) -> NDArray[np.int64]:
    """Return (options, S) the first round with a place there; T for none."""
    runs, rounds = outlook.left.shape[:2]
    if not options:
        return np.full((1, runs), rounds, np.int64)
    listed = np.asarray(options)
    practices = outlook.prices.shape[3]
    if listed.min() < 0 or listed.max() >= practices or asked.origin >= practices:
        raise InvalidProblem(
            f"must be practices from 0 to {practices - 1}", field="asked.options"
        )
    days = asked.waiting_days + (np.arange(rounds) + 1) * outlook.days_between
    served = np.zeros((runs, rounds, listed.size), bool)
    undecided = np.ones_like(served)
    priced = np.zeros_like(served)
    for row, name in enumerate(outlook.levels):
        price = outlook.costs[:, :, row, listed]
        surplus = -price
        if asked.origin != NONE:
            surplus = surplus + outlook.prices[:, :, row, asked.origin, None]
        if name in ("class0", "class1"):
            surplus = surplus + (asked.priority_class == int(name[-1]))
        elif name == "moved":
            surplus = surplus + 1
        elif name == "waiting":
            surplus = surplus + np.minimum(days, MAX_WAITING_DAYS)[None, :, None]
        else:
            surplus = surplus - np.arange(listed.size)
        served |= undecided & (surplus > _NOTHING)
        undecided &= np.abs(surplus) <= _NOTHING
        priced |= np.abs(price) > _NOTHING
    left = outlook.left[:, :, listed]
    served &= (left >= asked.size) | (priced & (left >= 0))
    found = served.argmax(axis=1)
    return np.asarray(np.where(served.any(axis=1), found, rounds).T, np.int64)


def _weeks_at(outlook: Outlook, first: NDArray[np.int64], part: float) -> float | None:
    """Return the weeks within which this part of the runs has a place."""
    at = int(np.sort(first)[max(int(np.ceil(part * first.size)) - 1, 0)])
    if at >= outlook.n_rounds:
        return None
    return (at + 1) * outlook.days_between / 7


def outlook_bytes(outlook: Outlook) -> bytes:
    """Return it as the bytes of one compressed file (npz)."""
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        prices=outlook.prices,
        costs=outlook.costs,
        left=outlook.left,
        levels=np.array(outlook.levels),
        days_between=np.array(outlook.days_between),
    )
    return stream.getvalue()


def write_outlook(file: Path, outlook: Outlook) -> None:
    """Write it to a file."""
    file.write_bytes(outlook_bytes(outlook))


def read_outlook(file: Path) -> Outlook:
    """Read a file of the bytes of ``outlook_bytes``.

    Raises
    ------
    InvalidFile
        If it cannot be read or is something else.
    """
    try:
        with np.load(file, allow_pickle=False) as found:
            return Outlook(
                found["prices"],
                found["costs"],
                found["left"],
                tuple(found["levels"].tolist()),
                int(found["days_between"]),
            )
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise InvalidFile(f"{file}: is no outlook ({error})") from error
