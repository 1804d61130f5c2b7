"""How much district nursing do people here need, by their number and ages?

National use and hours by age, times what is known of the place: ``need_factor`` of the
ground (health, use of the gemeente), or its own ``need_hours`` where it was counted.
Hours a week.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wijkspil.insight.selectors.national import read_national
from wijkspil.insight.types import AGE_BANDS, Ground
from wijkspil_engines.projection.problem import turnover
from wijkspil_engines.projection.scenario import Scenario, read_shipped

Floats = NDArray[np.float64]

#: The kind of care and the key of the given figure of a place.
KIND = "wijkverpleging"
NEED_FACTOR = "need_factor"
BASE = "base"
#: Of the country, in the year of the clients above.
INHABITANTS = 17_475_415.0
#: Parameters of the hours of a client by age: name, first band, band after the last.
_HOURS = (
    ("under_65", 0, 13),
    ("65_74", 13, 15),
    ("75_84", 15, 17),
    ("85_plus", 17, len(AGE_BANDS)),
)


@dataclass(frozen=True, eq=False)
class CareUse:
    """Use of district nursing: clients at a moment, hours, time in care.

    ``use`` is (20,) clients per inhabitant by age; ``hours`` (20,) hours a week of a
    client; ``stay_years`` the mean time in care.
    """

    use: Floats
    hours: Floats
    stay_years: float
    source: str = ""


@lru_cache(maxsize=1)
def base_scenario() -> Scenario:
    """Return the shipped base: what everything is compared with."""
    return read_shipped(BASE)


def clients_at_a_moment() -> tuple[float, float]:
    """Return national clients at a moment, and their mean years in care."""
    base = base_scenario()
    flow = turnover(
        in_a_year=base.central(f"{KIND}.clients_in_a_year"),
        in_a_month=base.central(f"{KIND}.clients_in_a_month"),
    )
    return flow.stock, flow.stay_years


def hours_by_age() -> Floats:
    """Return (20,) hours a week of a client by age, in the shipped base."""
    base = base_scenario()
    hours = np.empty(len(AGE_BANDS))
    for name, first, after in _HOURS:
        hours[first:after] = base.central(f"{KIND}.hours.{name}")
    return hours


@lru_cache(maxsize=1)
def national_use() -> CareUse:
    """Return the use of a ground that brings none of its own."""
    national = read_national()
    stock, stay_years = clients_at_a_moment()
    people = national.profile.sum(axis=0)
    share = national.clients_per_head
    at_a_moment = stock / float(share @ people) * people.sum() / INHABITANTS
    hours = hours_by_age()
    return CareUse(
        use=share * at_a_moment,
        hours=hours,
        stay_years=stay_years,
        source=national.assumption("use-by-age").source,
    )


def estimate_clients(ground: Ground, care: CareUse | None = None) -> Floats:
    """Return (places,) people here who have care at some time of a month."""
    care = care or national_use()
    people = np.nan_to_num(ground.population).sum(axis=1)
    in_a_month = 1 + 1 / (12 * care.stay_years) if care.stay_years else 1.0
    made: Floats = (people @ care.use) * factor_of(ground, care) * in_a_month
    return made


def estimate_need(ground: Ground, care: CareUse | None = None) -> Floats:
    """Return (places,) hours a week that people here need."""
    care = care or national_use()
    made: Floats = _by_age(ground, care) * factor_of(ground, care)
    return made


def factor_of(ground: Ground, care: CareUse) -> Floats:
    """Return (places,) how much more or less is needed than by age alone."""
    factor = np.ones(len(ground.places))
    given = ground.given.get(NEED_FACTOR)
    if given is None and "need_hours" in ground.given:
        by_age = _by_age(ground, care)
        given = np.divide(
            ground.given["need_hours"], by_age, out=factor.copy(), where=by_age > 0
        )
    if given is None:
        return factor
    return np.where(np.isfinite(given), given, 1.0)


def _by_age(ground: Ground, care: CareUse) -> Floats:
    people = np.nan_to_num(ground.population).sum(axis=1)
    made: Floats = people @ (care.use * care.hours)
    return made
