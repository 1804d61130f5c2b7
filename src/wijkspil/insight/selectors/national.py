"""National figures that fill in what an area does not know: data with a source."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from wijkspil.insight.types import AGE_BANDS, Assumption, Floats


@dataclass(frozen=True, eq=False)
class National:
    """Read-only figures of the country, by age band of ``AGE_BANDS``.

    ``profile`` (2, 20) people by sex and age; ``clients_per_head`` (20,) people in
    care in a month per inhabitant; ``hours_per_head`` (20,) hours a week of district
    nursing per inhabitant;
    ``hours_of_place`` by size band of a capacity report; ``people_of_practice`` on the
    list of a GP practice that does not tell.
    """

    profile: Floats
    clients_per_head: Floats
    hours_per_head: Floats
    hours_of_place: dict[str, float]
    people_of_practice: float
    assumptions: tuple[Assumption, ...]

    def assumption(self, key: str) -> Assumption:
        """Return an assumption by its key."""
        return next(one for one in self.assumptions if one.key == key)


@cache
def read_national() -> National:
    """Return the shipped national figures; read once."""
    text = resources.files("wijkspil.insight").joinpath("data/national.toml")
    data = tomllib.loads(text.read_text(encoding="utf-8"))
    profile = _fixed([data["profile"]["men"], data["profile"]["women"]])
    rate = np.array(data["use"]["rate"], dtype=np.float64)
    mean_rate = float(rate @ profile.sum(axis=0) / profile.sum())
    wanted = data["clients"]["clients"] / data["clients"]["inhabitants"]
    per_month = rate * (wanted / mean_rate)
    size = data["size"]
    return National(
        profile=profile,
        clients_per_head=_fixed(per_month),
        hours_per_head=_fixed(
            per_month
            * (data["moment"]["clients"] / data["clients"]["clients"])
            * np.array(data["hours"]["per_client"])
        ),
        hours_of_place={band: size[band] for band in ("to-2", "to-5", "to-10", "any")},
        people_of_practice=float(data["practice"]["people"]),
        assumptions=tuple(
            Assumption(one["key"], one["text"], one["source"], one["status"])
            for one in data.values()
        ),
    )


def spread_ages(by_age: dict[str, float], population: float | None) -> Floats:
    """Return people by sex and five-year band, (2, 20), from whatever bands are known.

    Bands read as ``0-14``, ``65+`` or ``95+``; within a band people are divided as in
    the country, and so is everybody where no band is known. The sum is ``population``
    where that is known, else that of the bands.

    Raises
    ------
    ValueError
        If a band does not read as above.
    """
    profile = read_national().profile
    made = np.zeros_like(profile)
    for band, people in by_age.items():
        first, last = _rows_of(band)
        part = profile[:, first:last]
        made[:, first:last] += people * part / part.sum()
    if not made.any() and population:
        made = profile.copy()
    total = made.sum()
    if population is not None and total > 0:
        made *= population / total
    return made


def _rows_of(band: str) -> tuple[int, int]:
    """Return the rows of AGE_BANDS that a band holds, half-open."""
    low, dash, high = band.partition("-")
    try:
        if not dash:
            return int(low.removesuffix("+")) // 5, len(AGE_BANDS)
        return int(low) // 5, min(len(AGE_BANDS), (int(high) + 1) // 5)
    except ValueError:
        raise ValueError(f"{band!r} is no age band such as 0-14 or 65+.") from None


def _fixed(values: object) -> Floats:
    made = np.array(values, dtype=np.float64)
    made.flags.writeable = False
    return made
