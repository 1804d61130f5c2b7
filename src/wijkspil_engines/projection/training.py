"""Who gets which part of the training money, and how many workers come of it?

The letters give amounts and no division (W26: EUR 53 million of AZWA in 2026, rising to
185 million in 2029 to 2035; EUR 60 million a year for district nursing; a motion asks
for a fair division over professions). So the key is data: parts of the money, each
divided by something that can be counted, and each share says how it came about. Cents
add up exactly, in every part and in the whole, by largest remainders (Hamilton; ties
by name).

Money pays whole trainings when they start; who finishes and comes to work here counts
after the years of training. What a training costs is not in the letters: see the
parameters ``training.*`` of a scenario.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.projection.problem import Inflow
from wijkspil_engines.projection.scenario import Fund, Scenario

CENTS_PER_MILLION_EURO = 100_000_000

#: Parameters that turn money into workers, multiplied in every run.
FACTORS = (
    "training.trainees_per_million_euro",
    "training.finishes",
    "training.works_here",
)
YEARS_OF_TRAINING = "training.years"

Floats = NDArray[np.float64]


class InvalidKey(ValueError):
    """Money cannot be divided by this key; says what is wrong and what to do."""

    code = "invalid-key"


@dataclass(frozen=True)
class KeyPart:
    """A part of the money and what it is divided by.

    Attributes
    ----------
    name
        As ``people`` or ``equal``.
    weight
        Part of the whole that this is, relative to the other parts; 0 or more.
    values
        Recipient -> what is counted (people, vacancies, 1); 0 or more.
    source, why
        Where the values come from, and why they are fair.
    """

    name: str
    weight: float
    values: Mapping[str, float]
    source: str = ""
    why: str = ""


@dataclass(frozen=True)
class Share:
    """What one recipient gets, and from which parts.

    ``cents`` is the sum of ``cents_by_part``, exactly.
    """

    recipient: str
    cents: int
    cents_by_part: Mapping[str, int]


@dataclass(frozen=True)
class Grant:
    """Money of one fund in one year for one profession in one region."""

    fund: str
    year: int
    profession: str
    region: str
    cents: int
    cents_by_part: Mapping[str, int]


def largest_remainder(cents: int, values: Mapping[str, float]) -> dict[str, int]:
    """Divide cents in proportion; they add up exactly.

    Each gets the whole cents of its exact quota; what is left goes, a cent each, to
    the largest remainders, equal ones in the order of their names.

    Raises
    ------
    InvalidKey
        If cents or a value are negative, or no value is above 0.
    """
    if cents < 0:
        raise InvalidKey(f"{cents} cents is below 0; money to divide is 0 or more")
    exact: dict[str, Fraction] = {}
    for name, value in values.items():
        if not (0 <= value < float("inf")):
            raise InvalidKey(f"{name}: {value} is not a number of 0 or more")
        exact[name] = Fraction(value)
    total = sum(exact.values())
    if not total:
        raise InvalidKey("nobody has a value above 0; give at least one")
    quotas = {name: cents * value / total for name, value in exact.items()}
    divided = {name: int(quota) for name, quota in quotas.items()}
    left = cents - sum(divided.values())
    by_remainder = sorted(quotas, key=lambda name: (divided[name] - quotas[name], name))
    for name in by_remainder[:left]:
        divided[name] += 1
    return divided


def divide(cents: int, key: Sequence[KeyPart]) -> tuple[Share, ...]:
    """Divide money over recipients by a key, first over its parts.

    Returns
    -------
    tuple of Share
        One per recipient of any part, by name; cents add up to ``cents``.

    Raises
    ------
    InvalidKey
        If a part cannot be divided, or two parts have the same name.
    """
    names = [part.name for part in key]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InvalidKey(f"two parts are called {min(twice)}; give each its own name")
    by_part = largest_remainder(cents, {part.name: part.weight for part in key})
    divided = {
        part.name: largest_remainder(by_part[part.name], part.values)
        for part in key
        if by_part[part.name]
    }
    recipients = sorted({name for part in key for name in part.values})
    shares = []
    for recipient in recipients:
        parts = {
            name: values[recipient]
            for name, values in divided.items()
            if recipient in values
        }
        shares.append(Share(recipient, sum(parts.values()), parts))
    return tuple(shares)


def divide_fund(fund: Fund, regions: Sequence[KeyPart]) -> tuple[Grant, ...]:
    """Divide a fund per year over its professions, and each over regions.

    ``regions`` is a key over regions, as people of 75 and over per region. The cents
    of a year add up to the fund's, per profession too.

    Raises
    ------
    InvalidKey
        If a key cannot be used.
    """
    grants = []
    for year, cents in fund.cents_by_year.items():
        for profession, part in largest_remainder(cents, fund.professions).items():
            grants += [
                Grant(
                    fund=fund.name,
                    year=year,
                    profession=profession,
                    region=share.recipient,
                    cents=share.cents,
                    cents_by_part=share.cents_by_part,
                )
                for share in divide(part, regions)
            ]
    return tuple(grants)


@dataclass(frozen=True)
class Step:
    """Why a recipient gets what it gets from one part of the key."""

    part: str
    part_cents: int
    value: float
    total_value: float
    cents: int
    source: str
    why: str

    @property
    def text(self) -> str:
        """In plain words; English, to be translated."""
        return (
            f"EUR {self.part_cents / 100:,.2f} is divided by {self.part}. You have "
            f"{self.value:,g} of {self.total_value:,g}: that gives "
            f"EUR {self.cents / 100:,.2f}."
        )


def explain_share(
    recipient: str, cents: int, key: Sequence[KeyPart]
) -> tuple[Step, ...]:
    """Say step by step how a recipient's share of money came about.

    Raises
    ------
    InvalidKey
        If the key cannot be used or the recipient is in none of its parts.
    """
    shares = {share.recipient: share for share in divide(cents, key)}
    if recipient not in shares:
        raise InvalidKey(
            f"{recipient!r} is in no part of the key; use {', '.join(shares)}"
        )
    by_part = largest_remainder(cents, {part.name: part.weight for part in key})
    return tuple(
        Step(
            part=part.name,
            part_cents=by_part[part.name],
            value=float(part.values.get(recipient, 0.0)),
            total_value=float(sum(part.values.values())),
            cents=shares[recipient].cents_by_part.get(part.name, 0),
            source=part.source,
            why=part.why,
        )
        for part in key
    )


@dataclass(frozen=True)
class Trained:
    """What money gives, each of shape ``(n_years,)``, persons per calendar year."""

    years: tuple[int, ...]
    starting: Floats
    finishing: Floats
    working: Floats


def train(
    cents_by_year: Mapping[int, int],
    years: Sequence[int],
    *,
    trainees_per_million_euro: float,
    training_years: int,
    finishes: float,
    works_here: float,
) -> Trained:
    """Turn money into trainees and, years later, into workers.

    Parameters
    ----------
    cents_by_year
        Money per calendar year; years before ``years`` count for who finishes in them.
    years
        Years of the answer.
    trainees_per_million_euro
        Whole trainings a million euro pays, 0 or more.
    training_years
        Whole years from start to finish, 0 or more.
    finishes, works_here
        Shares, 0 to 1: of who starts; of who finishes.

    Raises
    ------
    InvalidKey
        If a number is out of range.
    """
    for name, share in (("finishes", finishes), ("works_here", works_here)):
        if not 0 <= share <= 1:
            raise InvalidKey(f"{name}: {share} is not a share from 0 to 1")
    if not 0 <= trainees_per_million_euro < float("inf"):
        raise InvalidKey(
            f"trainees_per_million_euro: {trainees_per_million_euro} is not 0 or more"
        )
    if training_years < 0:
        raise InvalidKey(f"training_years: {training_years} is below 0")
    starting = _by_year(cents_by_year, years) * trainees_per_million_euro
    paid = _by_year(cents_by_year, [year - training_years for year in years])
    finishing = paid * trainees_per_million_euro * finishes
    return Trained(tuple(years), starting, finishing, finishing * works_here)


def _by_year(cents_by_year: Mapping[int, int], years: Iterable[int]) -> Floats:
    """Return million euro per year."""
    return np.array(
        [cents_by_year.get(year, 0) / CENTS_PER_MILLION_EURO for year in years]
    )


def training_inflows(
    scenario: Scenario,
    *,
    years: Sequence[int],
    skills: Iterable[str],
    region_shares: Mapping[str, float] | None = None,
) -> tuple[Inflow, ...]:
    """Return what the funds of a scenario add to the inflow of skills.

    A profession that is no skill of the model gets its part and adds nothing.

    Parameters
    ----------
    years
        The years of the projection.
    skills
        Names of the skills of the model.
    region_shares
        Share of the country's money per unit of supply, in the order of the problem's
        units; None: the problem is the whole country and divides as its workers.

    Notes
    -----
    An `Inflow` holds million euro per year of arrival, to be multiplied by `FACTORS`:
    so the cost of a training and who finishes differ per run.
    """
    if not scenario.funds:
        return ()
    delay = round(scenario.central(YEARS_OF_TRAINING))
    known = set(skills)
    shares = None if region_shares is None else np.array([*region_shares.values()])
    part = 1.0 if shares is None else float(shares.sum())
    inflows = []
    for fund in scenario.funds.values():
        by_profession: dict[str, dict[int, int]] = {}
        for year, cents in fund.cents_by_year.items():
            for profession, mine in largest_remainder(cents, fund.professions).items():
                by_profession.setdefault(profession, {})[year] = mine
        for profession, cents_by_year in by_profession.items():
            if profession not in known or not part:
                continue
            money = _by_year(cents_by_year, [year - delay for year in years])
            inflows.append(
                Inflow(
                    name=f"{fund.name}.{profession}",
                    skill=profession,
                    workers_by_year=money * part,
                    share_of_unit=None if shares is None else shares / part,
                    factors=FACTORS,
                )
            )
    return tuple(inflows)
