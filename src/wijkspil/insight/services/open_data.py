"""Make the ground of a real region from publishers' open data, without a database.

What the publishers do not say stays unknown: patient stops, home-care organizations,
waiting. What has to be supposed to compute at all is an ``Assumption`` with its source
and status, and where it can be, it is measured in the same files (which curve of
spending explains use, how use goes with health).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from wijkspil.core.progress import Progress, Silent
from wijkspil.directory.importing.locations import GP_FILE
from wijkspil.directory.importing.scope import fold, gemeente_of
from wijkspil.insight.engine_io.access import INNER_KM, CapacityInterval, mean_inner_km
from wijkspil.insight.engine_io.need import NEED_FACTOR, CareUse, estimate_need
from wijkspil.insight.engine_io.problems import age_to
from wijkspil.insight.errors import InvalidOpenData
from wijkspil.insight.services import open_data_files as files
from wijkspil.insight.services.open_data_care import PlaceCare, measure_care
from wijkspil.insight.services.open_data_files import Folder, WijkRow
from wijkspil.insight.services.open_data_regions import (
    COUNTRY,
    find_region,
    label_regions,
    region_code,
)
from wijkspil.insight.services.picture import AreaLabel
from wijkspil.insight.types import AGE_BANDS, Assumption, Ground, Place, Site

Floats = NDArray[np.float64]
Level = Literal["pc4", "wijk"]

PC4_YEAR = 2021
WIJK_YEAR = 2022
#: The year that stands for today, unless the caller says otherwise.
TODAY_YEAR = 2026
_FROM_75 = 15
#: An entry of this sort is no practice with a list.
_NO_LIST = "mogelijk_huisartsenpost"
#: A spread over fewer gemeenten says little.
_FEW_GEMEENTEN = 30


@dataclass(frozen=True, eq=False)
class OpenData:
    """What a folder of open data holds of the whole country.

    ``population_year`` is that of the count; ``ground`` is brought to today. ``care``
    is the use of district nursing by age; ``gp_interval`` how sure the size of a
    practice is (None: there are no practices).
    """

    ground: Ground
    care: CareUse
    gp_interval: CapacityInterval | None
    areas: Mapping[str, AreaLabel]
    population_year: int
    input_hashes: Mapping[str, str]


def read_open_ground(*, data: Path, region: str | None, level: Level = "pc4") -> Ground:
    """Return the ground of a region (None: the country) from a folder of open data.

    Raises
    ------
    InvalidOpenData
        If a file is missing or wrong (file, line, column, value, what to do), or there
        is no such region.
    """
    found = read_open_data(data=data, level=level)
    if region is None:
        return found.ground
    return narrow(found.ground, find_region(found.areas, region))


def read_open_data(
    *,
    data: Path,
    level: Level = "pc4",
    year: int = TODAY_YEAR,
    progress: Progress | None = None,
) -> OpenData:
    """Read the folder and make the ground of the country in ``year``.

    Raises
    ------
    InvalidOpenData, UnreadableFile
        If a file is missing or wrong; says file, line, column, value, what to do.
    """
    folder = Folder(data, progress or Silent())
    folder.check()
    if level == "wijk":
        _need(folder, (files.WIJKEN_FILE, files.OVERLAY_FILE))
    gemeenten = files.read_gemeenten(folder)
    labels = label_regions(gemeenten.values())
    wijken = files.read_wijken(folder) if folder.has(files.WIJKEN_FILE) else {}
    base = _read_pc4_ground(folder, gemeenten, wijken)
    people = _people_of_gemeenten(base.ground)
    gemeente_of_pc4 = {place.code: place.gemeente for place in base.ground.places}
    if level == "wijk":
        base = _as_wijken(base, wijken, gemeenten)
    ground = base.ground
    care = measure_care(folder, gemeenten, people, ground.places, base.health_codes)
    sites, interval, gp_assumptions = _read_practices(folder, people, gemeente_of_pc4)
    counted_year = ground.year
    ground = replace(
        ground,
        gp_sites=sites,
        assumptions=(
            *ground.assumptions,
            *care.assumptions,
            *gp_assumptions,
            *_absent(folder),
        ),
    )
    ground = _with_capacity(ground, care, year=max(year, counted_year))
    for place in ground.places:
        labels[place.code] = AreaLabel(place.code, place.name, place.kind)
    return OpenData(
        ground=ground,
        care=care.use,
        gp_interval=interval,
        areas=labels,
        population_year=counted_year,
        input_hashes=dict(sorted(folder.hashes.items())),
    )


def narrow(ground: Ground, region: AreaLabel) -> Ground:
    """Return the part of a ground that lies in a region; all practices stay.

    Its places keep only the areas that lie wholly in it: a sum over the part must not
    pass for one over the country.

    Raises
    ------
    InvalidOpenData
        If no place lies in it.
    """
    if region.code == COUNTRY.code:
        return replace(ground, name=region.name)
    rows = np.array(
        [row for row, place in enumerate(ground.places) if region.code in place.within],
        np.int64,
    )
    if not len(rows):
        raise InvalidOpenData(
            _("No place of the data lies in %(region)s.") % {"region": region.name}
        )
    everywhere = Counter(code for place in ground.places for code in place.within)
    here = Counter(code for row in rows for code in ground.places[row].within)
    whole = {code for code, count in here.items() if count == everywhere[code]}
    return replace(
        ground,
        name=region.name,
        places=tuple(
            replace(ground.places[row], within=ground.places[row].within & whole)
            for row in rows
        ),
        population=ground.population[rows],
        capacity_hours=ground.capacity_hours[rows],
        used_hours=ground.used_hours[rows],
        income_low_share=ground.income_low_share[rows],
        given={name: values[rows] for name, values in ground.given.items()},
    )


# --- people


@dataclass(frozen=True, eq=False)
class _Base:
    """People and places; ``health_codes`` are areas whose health counts, per place.

    ``overlay`` is (pc4 row, wijk code, share of the pc4's ground).
    """

    ground: Ground
    health_codes: tuple[tuple[tuple[str, float], ...], ...]
    overlay: tuple[tuple[int, str, float], ...] = ()


def _read_pc4_ground(
    folder: Folder,
    gemeenten: Mapping[str, files.GemeenteRow],
    wijken: Mapping[str, WijkRow],
) -> _Base:
    rows = files.read_pc4(folder)
    ages = files.read_ages(folder)
    overlay = files.read_overlay(folder) if folder.has(files.OVERLAY_FILE) else []
    _check_ages(ages, rows)
    parts: dict[str, list[tuple[str, float]]] = {}
    for link in overlay:
        parts.setdefault(link.pc4, []).append((link.wijk, link.share_of_pc4))
    code_of = {fold(row.name): row.code for row in gemeenten.values()}
    places, population = [], []
    unplaced: list[str] = []
    unknown: list[str] = []
    estimated: list[str] = []
    sizes: list[float] = []
    health: list[tuple[tuple[str, float], ...]] = []
    for code, row in rows.items():
        shares = sorted(parts.get(code, []), key=lambda part: (-part[1], part[0]))
        gemeente = gemeente_of(shares[0][0]) if shares else ""
        if gemeente not in gemeenten:
            gemeente = code_of.get(fold(row.gemeente), "")
        if row.point is None or not gemeente:
            unplaced.append(code)
            continue
        people = ages.get(code, np.full((2, len(AGE_BANDS)), np.nan))
        if not np.isfinite(people).all():
            (unknown if row.inhabitants is None else estimated).append(code)
        regions = gemeenten[gemeente].regions
        places.append(
            Place(
                code=code,
                name=row.name,
                kind="pc4",
                gemeente=gemeente,
                lon=row.point[0],
                lat=row.point[1],
                within=frozenset(
                    {
                        COUNTRY.code,
                        gemeente,
                        *(region_code(kind, name) for kind, name in regions.items()),
                    }
                ),
            )
        )
        population.append(_filled(people, row.inhabitants))
        sizes.append(row.km2)
        health.append(tuple(shares) or ((gemeente, 1.0),))
    if not places:
        raise InvalidOpenData(
            _("%(file)s: no postcode has both a point and a gemeente of %(other)s.")
            % {"file": files.PC4_FILE, "other": files.REGIONS_FILE}
        )
    made = np.array(population)
    made = _spread_unknown_ages(made, places, rows, estimated)
    is_known = np.asarray(np.isfinite(made).all(axis=(1, 2)))
    ground = _ground(
        "Nederland", PC4_YEAR, places, made, is_known,
        income=_income(places, health, wijken), km2=sizes,
        assumptions=_people_assumptions(unplaced, unknown, estimated),
    )  # fmt: skip
    row_of = {place.code: row for row, place in enumerate(places)}
    return _Base(
        ground,
        tuple(health),
        tuple(
            (row_of[link.pc4], link.wijk, link.share_of_pc4)
            for link in overlay
            if link.pc4 in row_of
        ),
    )


def _check_ages(ages: Mapping[str, Floats], rows: Mapping[str, object]) -> None:
    for code in ages:
        if code not in rows:
            raise InvalidOpenData(
                _("%(file)s, column pc4: “%(code)s” is not in %(other)s.")
                % {"file": files.AGES_FILE, "code": code, "other": files.PC4_FILE}
            )


def _filled(people: Floats, inhabitants: int | None) -> Floats:
    """Return people by age; where that is not known but the total is, the total.

    The total then stands in the first band, until ``_spread_unknown_ages``.
    """
    if np.isfinite(people).all() or inhabitants is None:
        return people
    made = np.zeros_like(people)
    made[0, 0] = inhabitants
    return made


def _spread_unknown_ages(
    population: Floats,
    places: Sequence[Place],
    rows: Mapping[str, object],
    estimated: Sequence[str],
) -> Floats:
    if not estimated:
        return population
    wanted = set(estimated)
    counted = np.array([place.code not in wanted for place in places])
    profile = np.nansum(population[counted], axis=0)
    profile = (
        profile / profile.sum() if profile.sum() else np.full_like(profile, 1 / 40)
    )
    made = population.copy()
    for row in np.flatnonzero(~counted):
        made[row] = profile * made[row, 0, 0]
    return made


def _people_assumptions(
    unplaced: Sequence[str], unknown: Sequence[str], estimated: Sequence[str]
) -> tuple[Assumption, ...]:
    found = [
        Assumption(
            key="population",
            text=gettext_noop(
                "Inhabitants per postcode by sex and five years of age are counts of "
                "1 January 2021, rounded to 5 by CBS."
            ),
            source=gettext_noop("CBS StatLine 83502NED (CC BY 4.0)"),
            status="measured",
        )
    ]
    for key, codes, text in (
        (
            "unplaced-postcodes",
            unplaced,
            gettext_noop(
                "%(count)s postcodes have no point or no gemeente; left out: %(codes)s."
            ),
        ),
        (
            "unknown-postcodes",
            unknown,
            gettext_noop(
                "%(count)s postcodes have no count of inhabitants; unknown: %(codes)s."
            ),
        ),
        (
            "estimated-ages",
            estimated,
            gettext_noop(
                "%(count)s postcodes have no count by age; their total is divided as "
                "in the country: %(codes)s."
            ),
        ),
    ):
        if codes:
            shown = ", ".join(sorted(codes)[:12])
            more = f" (+{len(codes) - 12})" if len(codes) > 12 else ""
            found.append(
                Assumption(
                    key=key,
                    text=text,
                    values={"count": len(codes), "codes": shown + more},
                    source=gettext_noop("CBS StatLine 83503NED and 83502NED"),
                    status="published" if key != "estimated-ages" else "assumed",
                )
            )
    return tuple(found)


def _ground(
    name: str,
    year: int,
    places: Sequence[Place],
    population: Floats,
    is_known: NDArray[np.bool_],
    *,
    income: Floats,
    km2: Sequence[float],
    assumptions: tuple[Assumption, ...],
) -> Ground:
    people = np.where(is_known[:, None, None], population, 0.0)
    total = people.sum(axis=(1, 2))
    old = people[:, :, _FROM_75:].sum(axis=(1, 2))
    share = 100 * np.divide(
        old, total, out=np.full(len(places), np.nan), where=total > 0
    )
    unknown = np.full(len(places), np.nan)
    return Ground(
        name=name,
        year=year,
        places=tuple(places),
        population=people,
        gp_sites=(),
        capacity_hours=unknown,
        used_hours=unknown,
        assumptions=assumptions,
        income_low_share=income,
        given={
            "population": np.where(is_known, total, np.nan),
            "population_75plus_share": np.where(is_known, share, np.nan),
            INNER_KM: mean_inner_km(np.array(km2, np.float64)),
        },
    )


def _income(
    places: Sequence[Place],
    parts: Sequence[Sequence[tuple[str, float]]],
    wijken: Mapping[str, WijkRow],
) -> Floats:
    """Return % of people with a low income, by the wijken that a place lies in."""
    made = np.full(len(places), np.nan)
    for row, shares in enumerate(parts):
        known = [
            (wijken[code].income_low_share, share)
            for code, share in shares
            if code in wijken and np.isfinite(wijken[code].income_low_share)
        ]
        weight = sum(share for _value, share in known)
        if weight > 0:
            made[row] = sum(value * share for value, share in known) / weight
    return made


def _as_wijken(
    base: _Base,
    wijken: Mapping[str, WijkRow],
    gemeenten: Mapping[str, files.GemeenteRow],
) -> _Base:
    """Return the ground with wijken as places.

    The count of a wijk is CBS's; within its broad bands people are divided over sex
    and five years as in the postcodes it shares ground with.
    """
    mixed: dict[str, Floats] = {}
    for row, code, share in base.overlay:
        people = base.ground.population[row] * share
        mixed[code] = mixed.get(code, 0.0) + people
    national = base.ground.population.sum(axis=0)
    places, population = [], []
    for wijk in wijken.values():
        if wijk.gemeente not in gemeenten:
            continue
        regions = gemeenten[wijk.gemeente].regions
        places.append(
            Place(
                code=wijk.code,
                name=wijk.name,
                kind="wijk",
                gemeente=wijk.gemeente,
                lon=wijk.lon,
                lat=wijk.lat,
                within=frozenset(
                    {
                        COUNTRY.code,
                        wijk.gemeente,
                        *(region_code(kind, name) for kind, name in regions.items()),
                    }
                ),
            )
        )
        shape = mixed.get(wijk.code)
        population.append(_divide(wijk, national if shape is None else shape, national))
    made = np.array(population)
    parts = tuple(((place.code, 1.0),) for place in places)
    assumptions = (
        *(each for each in base.ground.assumptions if each.key == "population"),
        Assumption(
            key="wijk-ages",
            text=gettext_noop(
                "Of a wijk its inhabitants and broad bands of age of 2022 are counts; "
                "sex and five years of age are divided as in the postcodes of 2021 it "
                "shares ground with, by area."
            ),
            source=gettext_noop(
                "CBS KWB 2022; overlay of postcodes and wijken by area"
            ),
            status="assumed",
        ),
    )
    ground = _ground(
        base.ground.name, WIJK_YEAR, places, made, np.ones(len(places), bool),
        income=_income(places, parts, wijken),
        km2=[wijken[place.code].km2 for place in places], assumptions=assumptions,
    )  # fmt: skip
    return _Base(ground, parts)


def _divide(wijk: WijkRow, shape: Floats, national: Floats) -> Floats:
    if wijk.bands is None:
        if not shape.sum():
            shape = national
        whole: Floats = shape * (wijk.inhabitants / shape.sum())
        return whole
    made = np.zeros_like(national)
    for share, (_name, first, after) in zip(
        wijk.bands, files.COARSE_BANDS, strict=True
    ):
        part = shape[:, first:after]
        if not part.sum():
            part = national[:, first:after]
        made[:, first:after] = part / part.sum() * (share * wijk.inhabitants)
    return made


def _people_of_gemeenten(ground: Ground) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for place, people in zip(ground.places, ground.population, strict=True):
        found[place.gemeente] = found.get(place.gemeente, 0.0) + people
    return found


# --- GP practices


def _read_practices(
    folder: Folder,
    people: Mapping[str, Floats],
    gemeente_of_pc4: Mapping[str, str],
) -> tuple[tuple[Site, ...], CapacityInterval | None, list[Assumption]]:
    """Return the practices, how sure their size is, and what was supposed."""
    if not folder.has(GP_FILE):
        return (), None, []
    locations = [each for each in folder.gp_locations() if each.kind != _NO_LIST]
    total = float(sum(each.sum() for each in people.values()))
    unmet = (0.0, 0.0, 0.0)
    source = gettext_noop("CBS, inhabitants; practice locations")
    if folder.has(files.GP_CAPACITY_FILE):
        national = files.read_gp_capacity(folder)
        unmet = national.unmet
        source += f"; Capaciteitsorgaan, ramingen 2010-{national.year}"
    size = total * (1 - unmet[1]) / max(len(locations), 1)
    interval = _size_interval(
        people, [gemeente_of_pc4.get(each.pc4, "") for each in locations]
    )
    level = (
        (1 - unmet[2]) / (1 - unmet[1]),
        (1 - unmet[0]) / (1 - unmet[1]),
    )
    interval = replace(interval, level_low=level[0], level_high=level[1])
    sites = tuple(
        Site(
            code=each.id,
            name=f"{each.id} ({each.pc4})",
            lon=each.lon,
            lat=each.lat,
            capacity=size,
            takes_new=None,
        )
        for each in locations
    )
    assumptions = [
        Assumption(
            key="gp-list-size",
            text=gettext_noop(
                "The size of a practice is not published. Each of %(count)s practices "
                "can take %(size)s people: inhabitants per practice in the country, "
                "less need that is not met (%(unmet)s %%, from %(least)s to %(most)s "
                "%%). One practice: %(low)s to %(high)s, as inhabitants per practice "
                "differ between gemeenten."
            ),
            values={
                "count": len(sites),
                "size": round(size),
                "unmet": round(100 * unmet[1], 1),
                "least": round(100 * unmet[0]),
                "most": round(100 * unmet[2]),
                "low": round(size * interval.low),
                "high": round(size * interval.high),
            },
            source=source,
            status="assumed",
        ),
        Assumption(
            key="gp-places",
            text=gettext_noop(
                "A practice lies at its postcode; of most only the four digits are "
                "known. A health centre counts as one practice; out-of-hours posts "
                "are left out. Practices abroad do not count."
            ),
            source=gettext_noop(
                "Locations of March 2026; rights not cleared, for tests only"
            ),
            status="assumed",
        ),
        Assumption(
            key="gp-stops",
            text=gettext_noop(
                "Which practices take no new people is not published: not known."
            ),
            source=gettext_noop("None found"),
            status="published",
        ),
    ]
    return sites, interval, assumptions


def _size_interval(
    people: Mapping[str, Floats], gemeenten: Sequence[str]
) -> CapacityInterval:
    """Return the spread of inhabitants per practice over gemeenten, 10 to 90 %."""
    counts: dict[str, int] = {}
    for code in gemeenten:
        counts[code] = counts.get(code, 0) + 1
    ratios = np.array(
        [people[code].sum() / counts[code] for code in people if code in counts]
    )
    if len(ratios) < _FEW_GEMEENTEN:
        return CapacityInterval(low=0.7, high=1.3)
    low, middle, high = np.quantile(ratios, (0.1, 0.5, 0.9))
    return CapacityInterval(low=float(low / middle), high=float(high / middle))


# --- district nursing


def _with_capacity(ground: Ground, care: PlaceCare, *, year: int) -> Ground:
    """Bring the people to today and say what is needed and what is given.

    Nobody publishes hours of care per place. What is given today follows cost per
    gemeente of 2015; what is needed follows age and health, and for a part
    (``PlaceCare.need_share``) the same cost. In the country both are equal, since no
    national shortage in hours is published: a gap says how much less care there is
    than elsewhere for people of the same age and health.
    """
    aged = age_to(ground, year)
    by_age = estimate_need(replace(aged, given={}), care.use)
    total = by_age.sum()

    def factor(share: float) -> Floats:
        made = care.health * care.ratio**share
        level = float((by_age * made).sum())
        return made * (total / level) if level > 0 else made

    used = by_age * factor(1.0)
    low, high = factor(care.need_share[0]), factor(care.need_share[1])
    return replace(
        aged,
        capacity_hours=used,
        used_hours=used,
        assumptions=(
            *aged.assumptions,
            Assumption(
                key="today",
                text=gettext_noop(
                    "Inhabitants of %(year)s are projected from %(counted)s: "
                    "%(people)s people."
                ),
                values={
                    "year": str(year),
                    "counted": str(ground.year),
                    "people": round(float(aged.population.sum())),
                },
                source=gettext_noop("CBS; UN World Population Prospects 2019"),
                status="assumed",
            ),
            Assumption(
                key="capacity-today",
                text=gettext_noop(
                    "What teams can give is not published. Capacity is what is given "
                    "now, and in the country as much as is needed; a gap of today says "
                    "how much less care a place has than others for people of the "
                    "same age and health."
                ),
                source=gettext_noop(
                    "CBS, use and cost of district nursing 2015; Vektis 2021"
                ),
                status="assumed",
            ),
        ),
        given={
            **_recount(ground, aged),
            NEED_FACTOR: factor(sum(care.need_share) / 2),
            f"{NEED_FACTOR}_low": np.minimum(low, high),
            f"{NEED_FACTOR}_high": np.maximum(low, high),
        },
    )


def _recount(ground: Ground, aged: Ground) -> dict[str, Floats]:
    """Return the given figures of the counted year; unknown stays unknown."""
    if aged.year == ground.year:
        return dict(ground.given)
    is_known = np.isfinite(ground.given["population"])
    total = aged.population.sum(axis=(1, 2))
    old = aged.population[:, :, _FROM_75:].sum(axis=(1, 2))
    share = np.full(len(total), np.nan)
    np.divide(100 * old, total, out=share, where=total > 0)
    return {
        **ground.given,
        "population": np.where(is_known, total, np.nan),
        "population_75plus_share": np.where(is_known, share, np.nan),
    }


def _need(folder: Folder, names: Sequence[str]) -> None:
    for name in names:
        if not folder.has(name):
            raise InvalidOpenData(
                _("%(file)s is missing in %(folder)s: without it there are no wijken.")
                % {"file": name, "folder": folder.path}
            )


def _absent(folder: Folder) -> list[Assumption]:
    return [
        Assumption(
            key=f"absent-{name.rpartition('/')[2]}",
            text=gettext_noop(
                "%(file)s is not in the folder: what it holds is not known."
            ),
            values={"file": name},
            source=gettext_noop("The folder with data"),
            status="measured",
        )
        for name in folder.absent
    ]
