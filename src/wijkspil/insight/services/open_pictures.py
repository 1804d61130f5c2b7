"""Make pictures of regions from open data: figures of today, projections, comparisons.

The country is computed once; each region is a part of it, so that all regions of a set
take little more time than the country and use the same draws.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from wijkspil.core.progress import Progress, Silent
from wijkspil.insight.engine_io import access, need
from wijkspil.insight.engine_io.access import measure_gp_access
from wijkspil.insight.engine_io.need import NEED_FACTOR, estimate_clients
from wijkspil.insight.engine_io.projection import (
    LoadedScenario,
    compare,
    project_parts,
)
from wijkspil.insight.engine_io.results import Projection
from wijkspil.insight.scenario_wording import say_shipped
from wijkspil.insight.services.open_data import OpenData, narrow
from wijkspil.insight.services.open_data_regions import COUNTRY
from wijkspil.insight.services.picture import AreaLabel, Picture, gather_assumptions
from wijkspil.insight.types import FigureRow, Ground

Floats = NDArray[np.float64]

BASE = "base"
_SOURCE = gettext_noop("Open data; see the assumptions")
#: Figures are of so many people at least.
SMALLEST = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """How to compute: the same for every region."""

    seed: int
    draws: int
    horizon_year: int
    made_on: date
    workers: int = 1
    #: years in which places get projected figures, besides the first and the last
    place_years: tuple[int, ...] = (2030, 2035)


def make_pictures(
    data: OpenData,
    regions: Sequence[AreaLabel],
    scenarios: Mapping[str, LoadedScenario],
    asked: Asked,
    *,
    progress: Progress | None = None,
) -> Iterable[Picture]:
    """Yield the picture of each region, in the order given.

    ``scenarios`` by name, "base" among them. What all regions share is computed before
    the first is yielded.

    Raises
    ------
    InvalidValue
        If the years or draws do not fit, or a practice that closes is not known.
    """
    watch = progress or Silent()
    country = data.ground
    year = country.year
    period = (date(year, 1, 1), date(year + 1, 1, 1))
    watch.start("GP", 1)
    rows = [
        *count_today(data),
        *measure_gp_access(
            country,
            valid_from=period[0],
            valid_until=period[1],
            interval=data.gp_interval,
        ),
    ]
    watch.advance()
    is_whole = any(region.code == COUNTRY.code for region in regions)
    computed = country if is_whole or len(regions) > 1 else narrow(country, regions[0])
    codes = [region.code for region in regions]
    years = sorted({year, asked.horizon_year, *asked.place_years})
    found: dict[str, dict[str | None, Projection]] = {}
    for name, scenario in scenarios.items():
        title = say_shipped(scenario.key, scenario.title)[0]
        watch.start(title, asked.draws)
        parts = project_parts(
            computed,
            replace(scenario, title=title),
            codes,
            seed=asked.seed,
            draws=asked.draws,
            horizon_year=asked.horizon_year,
            progress=_Watched(watch),
            place_years=years,
            workers=asked.workers,
            care=data.care,
            around=country,
        )
        found[name] = parts
    for region in regions:
        ground = narrow(country, region)
        projections = {
            name: replace(parts[region.code], scenario=name)
            for name, parts in found.items()
        }
        yield _picture(data, region, ground, rows, projections, asked)


def _picture(
    data: OpenData,
    region: AreaLabel,
    ground: Ground,
    rows: Sequence[FigureRow],
    projections: Mapping[str, Projection],
    asked: Asked,
) -> Picture:
    inside = {region.code} | {
        code for place in ground.places for code in (place.code, *place.within)
    }
    base = projections.get(BASE)
    comparisons = {
        name: compare(base, projection)
        for name, projection in projections.items()
        if base is not None and name != BASE
    }
    assumptions = gather_assumptions(
        (
            *ground.assumptions,
            *(access.list_assumptions() if ground.gp_sites else ()),
        ),
        projections,
    )
    versions = {"access": access.VERSION}
    if base is not None:
        versions["projection"] = base.version
    return Picture(
        subject=region,
        ground=ground,
        areas={code: data.areas[code] for code in sorted(inside) if code in data.areas},
        figures=[row for row in rows if row.area_code in inside],
        projections=projections,
        comparisons=comparisons,
        assumptions=assumptions,
        seed=asked.seed,
        draws=asked.draws,
        horizon_year=asked.horizon_year,
        versions=versions,
        input_hashes={
            **data.input_hashes,
            **{
                f"projection {name}": each.input_hash
                for name, each in projections.items()
            },
        },
        made_on=asked.made_on,
    )


class _Watched:
    """Hands on how many draws are done."""

    def __init__(self, watch: Progress) -> None:
        self._watch = watch
        self._done = 0

    def __call__(self, done: int, _of: int) -> None:
        if done > self._done:
            self._watch.advance(done - self._done)
            self._done = done


def count_today(data: OpenData) -> list[FigureRow]:
    """Return figures of today of every place and area: people, need, gap.

    Of areas above places these are sums, or shares of sums. Intervals of need and gap
    are those of how much of a difference in use is need (``NEED_SHARE``).
    """
    ground = data.ground
    by_age = need.estimate_need(replace(ground, given={}), data.care)
    factors = {
        "value": need.factor_of(ground, data.care),
        "low": ground.given[f"{NEED_FACTOR}_low"],
        "high": ground.given[f"{NEED_FACTOR}_high"],
    }
    people = ground.population.sum(axis=(1, 2))
    is_known = np.isfinite(ground.given["population"])
    old = np.nan_to_num(ground.given["population_75plus_share"]) * people / 100
    poor = ground.income_low_share
    groups = _groups(ground)
    rows: list[FigureRow] = []
    hours = {name: by_age * factor for name, factor in factors.items()}
    clients = estimate_clients(ground, data.care)
    capacity = ground.capacity_hours
    period = (date(ground.year, 1, 1), date(ground.year + 1, 1, 1))

    def add(
        indicator: str,
        code: str,
        top: float,
        below: float,
        count: float,
        *,
        factor: float | None = None,
        bounds: tuple[float, float] | None = None,
    ) -> None:
        """Add a sum (no factor) or a ratio."""
        value = top if factor is None else factor * top / below if below else None
        is_shown = value is not None and np.isfinite(value)
        is_withheld = bool(is_shown and 0 < count < SMALLEST)
        is_shown = is_shown and not is_withheld
        rows.append(
            FigureRow(
                indicator=indicator,
                area_code=code,
                valid_from=period[0],
                valid_until=period[1],
                value=float(value) if is_shown and value is not None else None,
                numerator=float(top) if is_shown else None,
                denominator=float(below) if is_shown else None,
                low=float(bounds[0]) if is_shown and bounds else None,
                high=float(bounds[1]) if is_shown and bounds else None,
                source=_SOURCE,
                is_withheld=is_withheld,
            )
        )

    for code, members in groups.items():
        here = members[is_known[members]]
        count = float(people[here].sum())
        if not len(here):
            for indicator in ("population", "population_75plus_share"):
                add(indicator, code, np.nan, 0.0, 0.0)
            continue
        given = float(capacity[here].sum())
        needed, low, high = (
            float(hours[name][here].sum()) for name in ("value", "low", "high")
        )
        low, high = min(low, needed), max(high, needed)
        add("population", code, count, count, count)
        add(
            "population_75plus_share", code, float(old[here].sum()), count, count,
            factor=100.0,
        )  # fmt: skip
        known = here[np.isfinite(poor[here])]
        if len(known):
            below = float(people[known].sum())
            top = float((poor[known] * people[known]).sum()) / 100
            add("income_low_share", code, top, below, below, factor=100.0)
        add("need_hours", code, needed, count, count, bounds=(low, high))
        add("capacity_hours", code, given, count, count)
        gap = (low - given, high - given)
        add("gap_hours", code, needed - given, count, count, bounds=gap)
        if needed > 0:
            add(
                "gap_share", code, needed - given, needed, count, factor=100.0,
                bounds=(100 * (1 - given / low), 100 * (1 - given / high))
                if low > 0 else None,
            )  # fmt: skip
        add("clients", code, float(clients[here].sum()), count, count)
    return rows


def _groups(ground: Ground) -> dict[str, NDArray[np.int64]]:
    """Return rows of places by the code of each place and area above it."""
    found: dict[str, list[int]] = {
        place.code: [row] for row, place in enumerate(ground.places)
    }
    for row, place in enumerate(ground.places):
        for code in sorted(place.within):
            found.setdefault(code, []).append(row)
    return {code: np.array(rows, np.int64) for code, rows in found.items()}
