"""How much time and money does digital care save, and what do the sources say?

A saving is a chain of shares, each a parameter of its own:

    clients x eligible x adopted x still in use x hours per client per week

and for a medicine dispenser the last one is *unique* visits x minutes: a visit in which
other care is given too is made anyway. Nothing here decides what the shares are: the
scenario does (``scenario.py``), each with its interval and source. All functions take
numbers or arrays of draws, shape ``(n_draws,)`` or ``(n_years,)``.

The published figures are kept as data with the letters' own words for them, so that
each can be computed again and it shows where they do not agree with each other.

Sources: letter W23 (Kamerstukken II 2022-2023, 23 235, nr. 221), letter E24 with the
agreement of IZA, Zorg voor Beter, Omring, Zuyderland, Vilans: see ``PUBLISHED`` and
``docs/algorithms/projection-scenarios.md``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

WEEKS_PER_YEAR = 52.0
MONTHS_PER_YEAR = 12.0
MINUTES_PER_HOUR = 60.0
DAYS_PER_WEEK = 7.0

#: Two published figures agree when their ratio differs less than this from one: the
#: letter rounds ("circa 10 uur"), and one figure in two digits may be 2 % off.
TOLERANCE = 0.02

Floats = NDArray[np.float64]


class InvalidSaving(ValueError):
    """A number of a saving cannot be used; says which, and what is expected."""

    code = "invalid-saving"


def _finite(name: str, values: ArrayLike) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if not np.all(np.isfinite(numbers)):
        raise InvalidSaving(f"{name}: {_worst(numbers)} is not a finite number")
    return numbers


def _at_least(name: str, values: ArrayLike) -> Floats:
    numbers = _finite(name, values)
    if np.any(numbers < 0):
        raise InvalidSaving(f"{name}: {numbers.min():g} is below 0; give 0 or more")
    return numbers


def _share(name: str, values: ArrayLike) -> Floats:
    numbers = _at_least(name, values)
    if np.any(numbers > 1):
        raise InvalidSaving(
            f"{name}: {numbers.max():g} is above 1; give a share, as in 0.5 for 50 %"
        )
    return numbers


def _worst(numbers: NDArray[Any]) -> str:
    return f"{numbers[~np.isfinite(numbers)].flat[0]:g}"


@dataclass(frozen=True)
class Saved:
    """What a technology saves in a year.

    Every field has the shape of what it was computed from: a number gives shape ``()``.

    Attributes
    ----------
    clients_in_use
        Clients who have it and still use it.
    hours
        Hours of staff with clients, per year.
    fte
        Full-time staff, ``hours`` divided by the hours with clients of one fte.
    euro
        Euro per year after the cost of the technology; may be negative.
    """

    clients_in_use: Floats
    hours: Floats
    fte: Floats
    euro: Floats


def clients_in_use(
    *,
    clients: ArrayLike,
    eligible: ArrayLike,
    adopted: ArrayLike,
    still_used: ArrayLike,
) -> Floats:
    """Count clients who use a technology: clients x three shares.

    Parameters
    ----------
    clients
        People with care in a month, 0 or more.
    eligible
        Share of them for whom it is suitable, 0 to 1.
    adopted
        Share of those who got it, 0 to 1.
    still_used
        Share of those who got it and use it now, 0 to 1.

    Raises
    ------
    InvalidSaving
        If a share lies outside 0 to 1, or clients are negative.
    """
    return (
        _at_least("clients", clients)
        * _share("eligible", eligible)
        * _share("adopted", adopted)
        * _share("still_used", still_used)
    )


def dispenser_hours_per_week(
    *,
    visits_per_week: ArrayLike,
    unique_share: ArrayLike,
    minutes_per_visit: ArrayLike,
    check_minutes_per_week: ArrayLike = 0.0,
) -> Floats:
    """Return hours a dispenser saves per client in use and week.

    Parameters
    ----------
    visits_per_week
        Visits in which medicines are given.
    unique_share
        Share of those made for the medicines alone, 0 to 1; only these are saved.
    minutes_per_visit
        Minutes of a visit, travel included.
    check_minutes_per_week
        Minutes the check at a distance and filling cost; taken off.

    Raises
    ------
    InvalidSaving
        If a number is negative or a share lies outside 0 to 1.
    """
    minutes = (
        _at_least("visits_per_week", visits_per_week)
        * _share("unique_share", unique_share)
        * _at_least("minutes_per_visit", minutes_per_visit)
    ) - _at_least("check_minutes_per_week", check_minutes_per_week)
    return minutes / MINUTES_PER_HOUR


def remote_guidance_hours_per_week(
    *,
    visits_per_week: ArrayLike,
    replaced_share: ArrayLike,
    minutes_per_visit: ArrayLike,
    travel_minutes_per_visit: ArrayLike,
    screen_minutes_per_contact: ArrayLike,
) -> Floats:
    """Return hours that guidance on a screen saves per client in use and week.

    A visit that is replaced saves its contact and travel time and costs time at the
    screen; the answer may be negative when the screen takes longer than the visit.

    Raises
    ------
    InvalidSaving
        If a number is negative or a share lies outside 0 to 1.
    """
    per_visit = (
        _at_least("minutes_per_visit", minutes_per_visit)
        + _at_least("travel_minutes_per_visit", travel_minutes_per_visit)
        - _at_least("screen_minutes_per_contact", screen_minutes_per_contact)
    )
    replaced = _at_least("visits_per_week", visits_per_week) * _share(
        "replaced_share", replaced_share
    )
    return replaced * per_visit / MINUTES_PER_HOUR


def saved_per_year(
    *,
    in_use: ArrayLike,
    hours_per_client_week: ArrayLike,
    euro_per_client_month: ArrayLike,
    client_hours_per_fte: ArrayLike,
) -> Saved:
    """Turn clients in use into hours, fte and euro per year.

    Parameters
    ----------
    in_use
        Clients, see `clients_in_use`.
    hours_per_client_week
        Hours saved per client in use and week.
    euro_per_client_month
        Euro saved per client in use and month, after the cost of the technology.
    client_hours_per_fte
        Hours with clients of one fte in a year, above 0.

    Raises
    ------
    InvalidSaving
        If clients are negative or the hours of an fte are not above 0.
    """
    per_fte = np.asarray(client_hours_per_fte, dtype=np.float64)
    if not np.all(np.isfinite(per_fte) & (per_fte > 0)):
        raise InvalidSaving(
            f"client_hours_per_fte: {client_hours_per_fte!r} must be above 0; a full "
            "job has about 1,150 hours with clients in a year"
        )
    count = _at_least("in_use", in_use)
    hours = count * _finite("hours_per_client_week", hours_per_client_week)
    euro = _finite("euro_per_client_month", euro_per_client_month)
    return Saved(
        clients_in_use=count,
        hours=hours * WEEKS_PER_YEAR,
        fte=hours * WEEKS_PER_YEAR / per_fte,
        euro=count * euro * MONTHS_PER_YEAR,
    )


def hours_per_week(hours_per_month: ArrayLike) -> Floats:
    """Turn hours per month into hours per week: 12 months and 52 weeks in a year."""
    monthly = np.asarray(hours_per_month, dtype=np.float64)
    return monthly * MONTHS_PER_YEAR / WEEKS_PER_YEAR


def logistic_path(
    years: ArrayLike,
    *,
    start_year: float,
    start_share: float,
    target_year: float,
    target_share: float,
    ceiling: float = 1.0,
    hold: bool = True,
) -> Floats:
    """Return the adopted share per year along an S-curve through two points.

    The curve is ``ceiling / (1 + exp(-(a + b year)))``, with a and b such that it is
    exactly ``start_share`` in ``start_year`` and ``target_share`` in ``target_year``.
    Before the start the share stays what it is; after the target it stays at the
    target (``hold``), or follows the curve towards the ceiling.

    Parameters
    ----------
    years
        Calendar years, shape ``(n_years,)``.
    start_share, target_share
        Above 0 and below ``ceiling``; a target below the start is a decline.
    ceiling
        Above 0, at most 1.

    Returns
    -------
    Floats
        Shape ``(n_years,)``.

    Raises
    ------
    InvalidSaving
        If the years are not in order or a share does not lie inside 0 to the ceiling.

    Notes
    -----
    The form is the logistic diffusion curve (Griliches 1957, doi:10.2307/1905380).
    """
    if not 0 < ceiling <= 1:
        raise InvalidSaving(f"ceiling: {ceiling:g} is not above 0 and at most 1")
    if not target_year > start_year:
        raise InvalidSaving(
            f"target_year: {target_year:g} is not later than the start year "
            f"{start_year:g}; give a later year"
        )
    for name, share in (("start_share", start_share), ("target_share", target_share)):
        if not 0 < share < ceiling:
            raise InvalidSaving(
                f"{name}: {share:g} does not lie between 0 and the ceiling "
                f"{ceiling:g}; an S-curve never reaches either end"
            )
    first = math.log(start_share / (ceiling - start_share))
    last = math.log(target_share / (ceiling - target_share))
    time = (np.asarray(years, dtype=np.float64) - start_year) / (
        target_year - start_year
    )
    time = np.clip(time, 0.0, 1.0) if hold else np.maximum(time, 0.0)
    path: Floats = ceiling / (1.0 + np.exp(-(first + (last - first) * time)))
    return path


def hybrid_share(*, available: ArrayLike, adopted: ArrayLike) -> Floats:
    """Return which share of suitable care is given hybrid: available x adopted.

    The agreement of IZA is 70 % of *suitable* care available and 50 % of the patients
    *of what is available*: 35 % of suitable care, not 50 % and not 70 % (letter E24,
    note 4).
    """
    return _share("available", available) * _share("adopted", adopted)


def widened_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return an 80 % interval for one more place, from what other places published.

    The prediction interval of a normal quantity with unknown mean and spread (Student,
    n - 1 degrees of freedom): ``mean +- t * s * sqrt(1 + 1/n)``. Published values are
    few and chosen, so the interval is never narrower than their lowest and highest.

    Raises
    ------
    InvalidSaving
        With fewer than two values.
    """
    if len(values) < 2:
        raise InvalidSaving(
            f"{len(values)} value: an interval needs at least two published values; "
            "state an interval yourself and call it assumed"
        )
    numbers = np.asarray(values, dtype=np.float64)
    mean, spread = float(numbers.mean()), float(numbers.std(ddof=1))
    half = float(stdtrit(len(values) - 1, 0.9)) * spread
    half *= math.sqrt(1 + 1 / len(values))
    return (
        min(mean - half, float(numbers.min())),
        max(mean + half, float(numbers.max())),
    )


# What is published -----------------------------------------------------------------


@dataclass(frozen=True)
class PublishedSaving:
    """A published saving of medicine dispensers, and the inputs it is computed from.

    Attributes
    ----------
    code, publisher, source, date
        Who says it and where; ``source`` is an address or the number of a letter.
    claim
        What is said, in plain English.
    hours_per_client_week
        Hours per client who has one and week, computed with ``how``.
    how
        The sum, in words and figures.
    """

    code: str
    publisher: str
    source: str
    date: str
    claim: str
    hours_per_client_week: float
    how: str


def _published() -> tuple[PublishedSaving, ...]:
    letter = float(hours_per_week(10.0))
    daily = float(
        dispenser_hours_per_week(
            visits_per_week=DAYS_PER_WEEK, unique_share=1.0, minutes_per_visit=10.0
        )
    )
    freed = 24.0 * 36.0
    return (
        PublishedSaving(
            code="zorg-voor-beter",
            publisher="Zorg voor Beter",
            source="innovatievegeneesmiddelen.nl",
            date="unknown",
            claim="About 10 minutes per client per day, EUR 55 per month net.",
            hours_per_client_week=daily,
            how="10 minutes x 7 days / 60",
        ),
        PublishedSaving(
            code="omring",
            publisher="Omring",
            source="skipr.nl",
            date="2023-11",
            claim="About 2.5 hours per client per week, with 200 clients.",
            hours_per_client_week=2.5,
            how="as published",
        ),
        PublishedSaving(
            code="w23",
            publisher="Ministerie van VWS",
            source="W23 (Kamerstukken II 2022-2023, 23 235, nr. 221)",
            date="2023",
            claim="About 10 hours per client per month, EUR 445 per month net.",
            hours_per_client_week=letter,
            how="10 hours x 12 months / 52 weeks",
        ),
        PublishedSaving(
            code="zuyderland-issued",
            publisher="Zuyderland",
            source="zonmw.nl; icthealth.nl",
            date="unknown",
            claim="24 fte freed; about 600 dispensers given out.",
            hours_per_client_week=freed / 600.0,
            how="24 fte x 36 hours / 600 clients who were given one",
        ),
        PublishedSaving(
            code="zuyderland-in-use",
            publisher="Zuyderland",
            source="zonmw.nl; icthealth.nl",
            date="unknown",
            claim="24 fte freed; about 240 dispensers in use.",
            hours_per_client_week=freed / 240.0,
            how="24 fte x 36 hours / 240 clients who use one",
        ),
    )


#: Savings of medicine dispensers as published. They differ by a factor of three.
PUBLISHED = _published()

#: Of the dispensers Zuyderland gave out, this share is in use (240 of 600).
ZUYDERLAND_STILL_USED = 240.0 / 600.0

#: Those per client *in use*, one per publisher: what an interval is made of.
PUBLISHED_IN_USE = tuple(p for p in PUBLISHED if p.code != "zuyderland-issued")


def dispenser_interval() -> tuple[float, float]:
    """Return the 80 % interval of hours per client in use and week, from `PUBLISHED`.

    About 0.57 to 4.22; it covers the published 1.2 to 3.6.
    """
    return widened_interval([p.hours_per_client_week for p in PUBLISHED_IN_USE])


#: The figures of letter W23, as they stand there ("circa" with all of them).
W23: dict[str, float] = {
    "dispenser.hours_per_client_month": 10.0,
    "dispenser.euro_per_client_month": 445.0,
    "dispenser.now.hours": 666_000.0,
    "dispenser.now.fte": 575.0,
    "dispenser.now.euro": 29_300_000.0,
    "dispenser.potential.hours": 2_800_000.0,
    "dispenser.potential.fte": 2_416.0,
    "dispenser.potential.euro": 123_000_000.0,
    "lifestyle.euro_per_client_month": 487.0,
    "lifestyle.now.clients": 1_000.0,
    "lifestyle.now.euro": 3_400_000.0,
    "lifestyle.potential.clients.low": 10_000.0,
    "lifestyle.potential.clients.high": 16_000.0,
    "lifestyle.potential.hours": 165_000.0,
    "lifestyle.potential.euro": 65_000_000.0,
}

#: Hours with clients of one fte in a year that the letter counts with: 666,000 / 575.
W23_CLIENT_HOURS_PER_FTE = W23["dispenser.now.hours"] / W23["dispenser.now.fte"]


def w23_dispenser(*, clients: float) -> Saved:
    """Return what the letter's 10 hours and EUR 445 per client-month give.

    With `w23_clients` of now and of the potential this is the letter's 666,000 hours /
    575 fte / EUR 29.3 m and 2.8 m hours / 2,416 fte / EUR 123 m, but for rounding.
    """
    return saved_per_year(
        in_use=clients,
        hours_per_client_week=hours_per_week(W23["dispenser.hours_per_client_month"]),
        euro_per_client_month=W23["dispenser.euro_per_client_month"],
        client_hours_per_fte=W23_CLIENT_HOURS_PER_FTE,
    )


def w23_clients(when: str) -> tuple[float, float]:
    """Return how many clients the letter means ``now`` or as ``potential``.

    The letter does not say. The first is what its hours imply, the second its euro.

    Raises
    ------
    InvalidSaving
        If ``when`` is neither.
    """
    if when not in ("now", "potential"):
        raise InvalidSaving(f"when: {when!r} is not now or potential")
    yearly_hours = W23["dispenser.hours_per_client_month"] * MONTHS_PER_YEAR
    yearly_euro = W23["dispenser.euro_per_client_month"] * MONTHS_PER_YEAR
    return (
        W23[f"dispenser.{when}.hours"] / yearly_hours,
        W23[f"dispenser.{when}.euro"] / yearly_euro,
    )


def w23_lifestyle_hours_per_week() -> tuple[float, float]:
    """Return hours lifestyle monitoring saves per client and week: 0.2 to 0.3.

    165,000 hours over 16,000 and over 10,000 users. A dispenser saves 2.3.
    """
    hours = W23["lifestyle.potential.hours"] / WEEKS_PER_YEAR
    return (
        hours / W23["lifestyle.potential.clients.high"],
        hours / W23["lifestyle.potential.clients.low"],
    )


@dataclass(frozen=True)
class FigureCheck:
    """One figure of the letter against what its other figures imply.

    Attributes
    ----------
    code
        Names the check; stable.
    stated
        What the letter says, lowest and highest (the same when it is one figure).
    implied
        What follows from its other figures, lowest and highest.
    unit
        Of both.
    how
        The sum.
    agrees
        Whether the two overlap, with `TOLERANCE`.
    explanation
        For a reader, in plain words; English, to be translated.
    """

    code: str
    stated: tuple[float, float]
    implied: tuple[float, float]
    unit: str
    how: str
    agrees: bool
    explanation: str

    @property
    def ratio(self) -> float:
        """Implied divided by stated, of the middles."""
        return sum(self.implied) / sum(self.stated)


def _check(
    code: str,
    stated: tuple[float, float],
    implied: tuple[float, float],
    *text: str,
) -> FigureCheck:
    unit, how, explanation = text
    agrees = implied[0] <= stated[1] * (1 + TOLERANCE) and implied[1] >= stated[0] * (
        1 - TOLERANCE
    )
    return FigureCheck(code, stated, implied, unit, how, agrees, explanation)


def check_letter() -> tuple[FigureCheck, ...]:
    """Compare the figures of letter W23 with each other, one row per comparison.

    Nothing is corrected: a scenario takes the figure of its choice and says which.
    """
    rows: list[FigureCheck] = []
    for when, name in (("now", "now"), ("potential", "at full use")):
        by_hours, by_euro = w23_clients(when)
        result = w23_dispenser(clients=by_hours)
        fte, euro = (W23[f"dispenser.{when}.{each}"] for each in ("fte", "euro"))
        rows += [
            _check(
                f"dispenser-{when}-euro",
                (euro, euro),
                (float(result.euro), float(result.euro)),
                "euro per year",
                "hours / (10 x 12) x EUR 445 x 12",
                f"The money and the hours of dispensers {name} fit together. "
                "The small difference is rounding.",
            ),
            _check(
                f"dispenser-{when}-clients",
                (by_hours, by_hours),
                (by_euro, by_euro),
                "clients",
                "hours / (10 x 12), and euro / (445 x 12)",
                f"The letter does not say how many clients have a dispenser {name}. "
                "Its hours and its money give nearly the same number.",
            ),
            _check(
                f"dispenser-{when}-fte",
                (fte, fte),
                (float(result.fte), float(result.fte)),
                "fte",
                "hours / (666,000 / 575)",
                "The letter counts about 1,158 hours with clients for a full job in a "
                "year. That is less than the hours in a contract: travel, leave and "
                "meetings are left out.",
            ),
        ]
    return (*rows, *_check_lifestyle())


def _check_lifestyle() -> tuple[FigureCheck, ...]:
    per_client = W23["lifestyle.euro_per_client_month"] * MONTHS_PER_YEAR
    now_clients, now_euro = W23["lifestyle.now.clients"], W23["lifestyle.now.euro"]
    low, high = (W23[f"lifestyle.potential.clients.{end}"] for end in ("low", "high"))
    hours, euro = W23["lifestyle.potential.hours"], W23["lifestyle.potential.euro"]
    by_hours = W23["dispenser.euro_per_client_month"] / 10.0
    return (
        _check(
            "lifestyle-now-euro",
            (now_euro, now_euro),
            (now_clients * per_client, now_clients * per_client),
            "euro per year",
            "1,000 systems x EUR 487 x 12",
            "1,000 systems that save EUR 487 a month each would save EUR 5.8 million a "
            "year. The letter says EUR 3.4 million. The letter does not say why.",
        ),
        _check(
            "lifestyle-now-clients",
            (now_clients, now_clients),
            (now_euro / per_client, now_euro / per_client),
            "clients",
            "EUR 3.4 million / (487 x 12)",
            "EUR 3.4 million a year is what 582 systems save, not 1,000.",
        ),
        _check(
            "lifestyle-potential-euro",
            (euro, euro),
            (low * per_client, high * per_client),
            "euro per year",
            "10,000 to 16,000 users x EUR 487 x 12",
            "EUR 65 million fits 11,100 users: near the low end of the 10,000 to "
            "16,000 that the letter names.",
        ),
        _check(
            "lifestyle-growth",
            (low / now_clients, high / now_clients),
            (euro / now_euro, euro / now_euro),
            "times as much as now",
            "EUR 65 million / EUR 3.4 million, and users / 1,000",
            "The money grows 19 times, the users 10 to 16 times. Each user would "
            "then save more than now. The letter does not say why.",
        ),
        _check(
            "lifestyle-euro-per-hour",
            (by_hours, by_hours),
            (euro / hours, euro / hours),
            "euro per hour saved",
            "EUR 65 million / 165,000 hours, against EUR 445 / 10 hours",
            "Lifestyle monitoring would save EUR 394 for each hour, a dispenser "
            "EUR 44.50. So most of the money is not time of district nurses. The "
            "letter does not say what it is.",
        ),
    )
