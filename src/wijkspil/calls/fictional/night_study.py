"""Nights measured on a fictional region: its areas and who has duty, invented calls.

Reads a region that ``generate`` or ``demo`` filled and builds what the engine
``wijkspil_engines.dispatch`` plays; nothing is stored. Told in
``docs/algorithms/dispatch.md``.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta
from math import floor, hypot, isfinite, isnan
from typing import Any, NamedTuple, Self

import numpy as np
from django.utils.translation import gettext as _

from wijkspil.core.errors import Conflict
from wijkspil.core.progress import Progress
from wijkspil.directory.fictional.ground import Ground, read_ground, to_km
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.care_teams import list_teams_around
from wijkspil.directory.selectors.duty import OnDuty, list_on_duty
from wijkspil.directory.selectors.maps import list_area_features
from wijkspil.directory.types import Care, CoverageRole
from wijkspil_engines.desk import Interval, NightArrival, NightSwing
from wijkspil_engines.dispatch import (
    InvalidProblem,
    ModeResult,
    NightParams,
    NightProblem,
    NightResult,
    NightTeam,
    Overhead,
    StraightLine,
    Wijk,
    simulate_night,
    verify_night,
)
from wijkspil_engines.dispatch.csvio import CALLS_PER_1000

FIRST_WORDS = (
    "An internal check of the design, not a promise to users. Teams, duties and calls "
    "are invented; how a night goes is assumed."
)
ASSUMED = "assumption"
#: Driving times between more wijken than this take too much memory: choose a region.
MOST_WIJKEN = 400
#: Nights for moving assumptions; the calls are shared, so fewer will do.
SWEEP_NIGHTS = 2_000
#: Who has duty at this hour of the night.
LOOKED_AT = time(3)
#: The speed of a night in the engine is at this hour.
_NIGHT_HOUR = 3
#: Of all residents (CBS 2022), as where the ages of a wijk are not known.
SHARE_FROM_65 = 0.2
_AS_IS, _ROADS = NightParams(), StraightLine()


class WrongNights(Conflict):
    """The nights did not stand up to a second opinion."""

    code = "wrong-nights"


# --- what is taken for granted


class NightAssumption(NamedTuple):
    """One figure; ``low`` and ``high`` are what we hold for possible, not measured."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    source: str


def _take(
    value: float, low: float, high: float, unit: str, source: str = ASSUMED
) -> Any:
    return field(
        default=value,
        metadata={"unit": unit, "low": low, "high": high, "source": source},
    )


@dataclass(frozen=True)
class NightAssumptions:
    """All figures; no numbers on unplanned calls at night are published that we know.

    Raises
    ------
    InvalidProblem
        If a figure is not a number of 0 or more, or a share is above 1.
    """

    calls_per_1000: float = _take(
        CALLS_PER_1000, 0.025, 0.1, "calls a night per 1,000 residents in the country"
    )
    times_65_to_74: float = _take(
        10.0, 5.0, 20.0, "times the calls of a person under 65, at 65 to 74"
    )
    times_from_75: float = _take(
        40.0, 20.0, 80.0, "times the calls of a person under 65, from 75"
    )
    share_from_75: float = _take(
        0.45,
        0.35,
        0.55,
        "share of people of 65 and older that is 75 or older, where not known",
        "between 0.43 (2020) and 0.47 (2025) for the Netherlands in UN World "
        "Population Prospects 2019; the range is an assumption",
    )
    share_own: float = _take(
        0.4, 0.2, 0.7, "share of the clients with the provider that is first contact"
    )
    seconds_drive: float = _take(
        0.0, 0.0, 1.0, "share of the second nurses of a route that goes to calls too"
    )
    visit_min: float = _take(_AS_IS.service_mean_min, 20.0, 60.0, "minutes of a visit")
    visit_spread: float = _take(
        _AS_IS.service_cv, 0.3, 1.0, "spread of a visit (sd / mean)"
    )
    preparation_min: float = _take(
        _AS_IS.overhead.preparation_min, 2.0, 10.0, "minutes from alert to driving off"
    )
    access_min: float = _take(
        _AS_IS.overhead.access_min, 1.0, 6.0, "minutes from parking to the client"
    )
    speed_kmh: float = _take(
        _ROADS.speeds_kmh[_NIGHT_HOUR],
        30.0,
        50.0,
        "km/h at night",
        "assumption: a third above the rush hours of the ten slowest Dutch cities in "
        "the TomTom Traffic Index 2025",
    )
    detour: float = _take(
        _ROADS.detour,
        1.2,
        1.5,
        "road over straight line",
        "mean of 300 European cities, doi:10.1177/23998083231168870",
    )
    drives_back: float = _take(
        0.0, 0.0, 1.0, "1: drives back to base after a visit; 0: waits where she is"
    )

    def __post_init__(self) -> None:
        """Check the ranges."""
        for row in self.as_rows():
            is_share = row.unit.startswith("share") or row.name == "drives_back"
            if not 0 <= row.value < 1e6 or (is_share and row.value > 1):
                until = " to 1" if is_share else ""
                raise InvalidProblem(
                    f"{row.value!r} is not a number from 0{until}",
                    field=f"assumptions.{row.name}",
                )

    def with_value(self, name: str, value: float) -> Self:
        """Return the same with one figure changed."""
        return replace(self, **{name: value})

    def as_rows(self) -> tuple[NightAssumption, ...]:
        """Return every figure with its unit, range and source."""
        return tuple(
            NightAssumption(
                name=row.name, value=getattr(self, row.name), **row.metadata
            )
            for row in fields(self)
        )

    def rates(self) -> tuple[float, float, float]:
        """Return calls a night per person: under 65, 65 to 74, from 75.

        So that residents of whom as many are old as in the country have
        ``calls_per_1000`` together: an old wijk has more, a young one fewer.
        """
        oldest = SHARE_FROM_65 * self.share_from_75
        mean = (
            (1 - SHARE_FROM_65)
            + self.times_65_to_74 * (SHARE_FROM_65 - oldest)
            + self.times_from_75 * oldest
        )
        under_65 = self.calls_per_1000 / 1000 / mean
        return (
            under_65,
            under_65 * self.times_65_to_74,
            under_65 * self.times_from_75,
        )

    def as_params(self) -> NightParams:
        """Return how a night goes, for the engine."""
        return NightParams(
            service_mean_min=self.visit_min,
            service_cv=self.visit_spread,
            after_visit="return" if self.drives_back >= 0.5 else "stay",
            overhead=Overhead(self.preparation_min, self.access_min),
        )

    def as_travel(self) -> StraightLine:
        """Return the driving times; a whole day keeps its shape."""
        times = self.speed_kmh / _ROADS.speeds_kmh[_NIGHT_HOUR]
        return StraightLine(
            self.detour, tuple(speed * times for speed in _ROADS.speeds_kmh)
        )


# --- the region


@dataclass(frozen=True)
class Route:
    """How many have duty for one service; ``seconds`` stand behind ``firsts``."""

    key: str
    provider: str
    lon: float | None
    lat: float | None
    firsts: int
    seconds: int


@dataclass(frozen=True)
class NightWijk:
    """A wijk with its people by age, and the providers that matter there.

    ``from_75`` is None where ages are not known so finely. ``own``: provider of first
    contact, empty if there is none. ``others``: provider -> weight. ``route``: the
    provider whose nurse has this wijk tonight, or else is nearest.
    """

    key: str
    lon: float
    lat: float
    area_km2: float
    people: float
    from_65: float
    from_75: float | None
    own: str
    others: Mapping[str, float]
    route: str

    def calls_a_night(self, taken: NightAssumptions) -> float:
        """Return the mean number of calls."""
        oldest = self.from_75
        if oldest is None:
            oldest = taken.share_from_75 * self.from_65
        of_young, of_old, of_oldest = taken.rates()
        return (
            of_young * max(0.0, self.people - self.from_65)
            + of_old * max(0.0, self.from_65 - oldest)
            + of_oldest * oldest
        )

    def shares(self, taken: NightAssumptions, drive: set[str]) -> dict[str, float]:
        """Return provider -> share of the calls.

        Only who drives (``drive``) has a share: who has no nurse at night buys it in
        with the provider of the route.
        """
        of_all: dict[str, float] = {}
        total = sum(self.others.values())
        own = taken.share_own if self.own else 0.0
        if total == 0:
            own = 1.0 if self.own else 0.0
        for provider, part in (
            (self.own, own),
            *((who, (1 - own) * w / total) for who, w in self.others.items()),
        ):
            seller = provider if provider in drive else self.route
            of_all[seller] = of_all.get(seller, 0.0) + part
        whole = sum(of_all.values())
        if whole == 0:
            return {self.route: 1.0}
        return {who: part / whole for who, part in sorted(of_all.items()) if part > 0}


@dataclass(frozen=True)
class NightRegion:
    """What was read: the wijken with people, and who has duty in one night."""

    evening: date
    wijken: tuple[NightWijk, ...]
    routes: tuple[Route, ...]
    #: Wijken with people in which nobody has duty that night.
    n_without_duty: int = 0

    def as_problem(self, taken: NightAssumptions) -> NightProblem:
        """Return the region at night for the engine."""
        drive = {route.provider for route in self.routes}
        seconds = _spread([route.seconds for route in self.routes], taken.seconds_drive)
        return NightProblem(
            wijken=tuple(
                Wijk(
                    key=wijk.key,
                    lon=wijk.lon,
                    lat=wijk.lat,
                    calls_per_night=wijk.calls_a_night(taken),
                    shares=wijk.shares(taken, drive),
                    area_km2=wijk.area_km2,
                )
                for wijk in self.wijken
            ),
            teams=tuple(
                NightTeam(
                    route.key, route.provider, route.lon, route.lat, route.firsts + more
                )
                for route, more in zip(self.routes, seconds, strict=True)
            ),
            travel=taken.as_travel(),
        )


def choose_evening(day: date) -> date:
    """Return the first evening of Monday to Thursday, from a day on."""
    while day.weekday() > 3:
        day += timedelta(days=1)
    return day


def read_night_region(*, evening: date) -> NightRegion:
    """Read wijken, providers and who has duty (ten queries and three per wijk).

    Raises
    ------
    Conflict
        If nobody has duty that night, or there are too many wijken.
    """
    ground = read_ground()
    inhabited = [int(n) for n in np.flatnonzero(ground.wijken.people > 0)]
    if len(inhabited) > MOST_WIJKEN:
        raise Conflict(
            _(
                "%(count)d wijken are too many for one simulation; choose a region "
                "with at most %(most)d."
            )
            % {"count": len(inhabited), "most": MOST_WIJKEN}
        )
    at = datetime.combine(evening + timedelta(days=1), LOOKED_AT, AMSTERDAM)
    duties: dict[tuple[int, str, str], OnDuty] = {}
    here: dict[int, OnDuty] = {}
    for wijk in inhabited:
        found = list_on_duty(at=at, place_id=int(ground.wijken.ids[wijk]))
        found = [duty for duty in found if duty.lon is not None]
        if found:
            here[wijk] = found[0]
        for duty in found:
            person = (duty.service_id, duty.person_name, duty.phone)
            known = duties.get(person)
            if known is None or duty.rank < known.rank:
                duties[person] = duty
    if not duties:
        raise Conflict(
            _(
                "Nobody has duty in the night of %(evening)s here. Choose another "
                "night with --evening, or make the region anew (`wijkspil demo "
                "--no-serve`)."
            )
            % {"evening": evening.isoformat()}
        )
    on_duty = list(duties.values())
    providers = _Providers(ground, inhabited, on_duty, at=at)
    keys = _name_wijken(ground)
    area_km2 = _measure_areas([int(ground.wijken.ids[wijk]) for wijk in inhabited])
    wijken = ground.wijken
    return NightRegion(
        evening=evening,
        wijken=tuple(
            NightWijk(
                key=keys[wijk],
                lon=float(wijken.lon[wijk]),
                lat=float(wijken.lat[wijk]),
                area_km2=area_km2.get(int(wijken.ids[wijk]), 0.0),
                people=float(wijken.people[wijk]),
                from_65=float(wijken.elderly[wijk]),
                from_75=_known(float(wijken.oldest[wijk])),
                own=providers.own_of(wijk),
                others=providers.others_of(wijk),
                route=providers.name(here.get(wijk) or _nearest(ground, wijk, on_duty)),
            )
            for wijk in inhabited
        ),
        routes=_as_routes(on_duty, providers),
        n_without_duty=len(inhabited) - len(here),
    )


class _Providers:
    """Who has clients where, by name; equal names get the id behind them."""

    def __init__(
        self,
        ground: Ground,
        wijken: Sequence[int],
        on_duty: Sequence[OnDuty],
        *,
        at: datetime,
    ) -> None:
        around = {
            wijk: [
                team
                for team in list_teams_around(
                    int(ground.wijken.ids[wijk]), care=Care.DISTRICT_NURSING, at=at
                )
                if not team.is_region_wide and team.role != CoverageRole.BACK_UP
            ]
            for wijk in wijken
        }
        self._around = around
        self._reach: dict[int, int] = {}
        names = {duty.organization_id: duty.organization_name for duty in on_duty}
        for teams in around.values():
            for team in teams:
                names[team.organization_id] = team.organization_name
                self._reach[team.service_id] = self._reach.get(team.service_id, 0) + 1
        count = Counter(names.values())
        self._names = {
            pk: name if count[name] == 1 else f"{name} ({pk})"
            for pk, name in names.items()
        }

    def name(self, duty: OnDuty) -> str:
        """Return the provider of a duty."""
        return self._names[duty.organization_id]

    def own_of(self, wijk: int) -> str:
        """Return the provider of first contact, or nothing."""
        for team in self._around[wijk]:
            if team.role == CoverageRole.FIRST_CONTACT:
                return self._names[team.organization_id]
        return ""

    def others_of(self, wijk: int) -> dict[str, float]:
        """Return the weight of the other providers: a team spreads over its wijken."""
        own, found = self.own_of(wijk), dict[str, float]()
        for team in self._around[wijk]:
            name = self._names[team.organization_id]
            if name != own:
                weight = 1 / self._reach[team.service_id]
                found[name] = found.get(name, 0.0) + weight
        return dict(sorted(found.items()))


def _as_routes(on_duty: Sequence[OnDuty], providers: _Providers) -> tuple[Route, ...]:
    by_service: dict[int, list[OnDuty]] = {}
    for duty in on_duty:
        by_service.setdefault(duty.service_id, []).append(duty)
    routes = []
    for service, duties in sorted(by_service.items()):
        first = min(duty.rank for duty in duties)
        firsts = sum(duty.rank == first for duty in duties)
        routes.append(
            Route(
                key=f"{duties[0].service_name} ({service})",
                provider=providers.name(duties[0]),
                lon=duties[0].lon,
                lat=duties[0].lat,
                firsts=firsts,
                seconds=len(duties) - firsts,
            )
        )
    return tuple(routes)


def _nearest(ground: Ground, wijk: int, on_duty: Sequence[OnDuty]) -> OnDuty:
    x, y = ground.wijken.km[wijk].tolist()

    def km(duty: OnDuty) -> tuple[float, int]:
        [[lon, lat]] = to_km(np.array([duty.lon]), np.array([duty.lat])).tolist()
        return hypot(lon - x, lat - y), duty.duty_id

    return min(on_duty, key=km)


def _name_wijken(ground: Ground) -> list[str]:
    """Return a name for each wijk; equal names get their gemeente or code behind."""
    wijken, gemeenten = ground.wijken, ground.gemeenten
    # CBS writes a number before some.
    names = [re.sub(r"^Wijk \d+ (?=\S)", "", name) for name in wijken.names]
    for behind in (
        [gemeenten.names[place] for place in ground.wijk_gemeente.tolist()],
        wijken.codes,
    ):
        count = Counter(names)
        names = [
            name if count[name] == 1 else f"{name}, {more}"
            for name, more in zip(names, behind, strict=True)
        ]
    return names


def _measure_areas(area_ids: Sequence[int]) -> dict[int, float]:
    """Return the km² of the areas that have a shape (one query)."""
    features = list_area_features(
        area_ids, properties={pk: {"id": pk} for pk in area_ids}
    )
    return {
        int(feature["properties"]["id"]): measure_km2(feature["geometry"])
        for feature in features
    }


def measure_km2(geometry: Mapping[str, Any]) -> float:
    """Return the area of a GeoJSON polygon, less its holes."""
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    total = 0.0
    for outside, *holes in polygons:
        total += _ring_km2(outside) - sum(_ring_km2(hole) for hole in holes)
    return total


def _ring_km2(ring: Sequence[Sequence[float]]) -> float:
    lon, lat = np.array(ring, float)[:, :2].T
    # From its own middle: large numbers would cost decimals.
    x, y = (to_km(lon, lat) - to_km(lon, lat).mean(axis=0)).T
    return float(abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2)


def _spread(counts: Sequence[int], share: float) -> list[int]:
    """Return how many of each are taken, evenly, for a share of all."""
    before, taken = 0, []
    for count in counts:
        # A hair up: 10 x 0.3 is 3 also where floats make it 2.9999.
        first, last = (floor(n * share + 1e-9) for n in (before, before + count))
        taken.append(last - first)
        before += count
    return taken


def _known(value: float) -> float | None:
    return value if isfinite(value) else None


# --- the study


class NightEnds(NamedTuple):
    """The chances of the region when one figure is moved."""

    assumption: NightAssumption
    pooled_at_low: float
    separate_at_low: float
    pooled_at_high: float
    separate_at_high: float


@dataclass(frozen=True, eq=False)
class NightStudy:
    """The nights of one region, and what moving one figure at a time does.

    ``ends`` are in order of what they move most, in either way of working.
    """

    region: NightRegion
    problem: NightProblem
    result: NightResult
    assumptions: NightAssumptions
    ends: tuple[NightEnds, ...] = ()
    sweep_nights: int = 0

    @property
    def n_nurses(self) -> int:
        """Nurses who go to calls."""
        return sum(team.n_nurses for team in self.problem.teams)

    @property
    def worst_first(self) -> list[int]:
        """Rows of the wijken with calls, by the pooled chance."""
        pooled = self.result.modes["pooled"]
        return sorted(
            (row for row in range(len(self.problem.wijken)) if pooled.calls[row]),
            key=lambda row: (float(pooled.chance[row]), self.problem.wijken[row].key),
        )

    @property
    def worse_when_pooled(self) -> list[int]:
        """Rows of the wijken whose pooled interval lies below the separate one."""
        pooled, separate = self.result.modes["pooled"], self.result.modes["separate"]
        return [
            row
            for row in self.worst_first
            if pooled.chance_high[row] < separate.chance_low[row]
        ]


def study_nights(
    *,
    evening: date,
    n_nights: int,
    seed: int,
    assumptions: NightAssumptions,
    progress: Progress,
    with_sweep: bool = True,
) -> NightStudy:
    """Simulate nights of the region in the database, pooled and separate; check them.

    Raises
    ------
    Conflict
        If nobody has duty that night, or the region is too large.
    WrongNights
        If the second opinion finds a fault.
    """
    progress.start(_("Reading who has duty"), 1)
    region = read_night_region(evening=evening)
    progress.advance()
    progress.start(_("Playing the nights"), 1)
    problem = region.as_problem(assumptions)
    result = simulate_night(
        problem, params=assumptions.as_params(), seed=seed, n_nights=n_nights
    )
    wrong = verify_night(problem, result)
    if wrong:
        raise WrongNights(
            _("The simulation failed its own check: %(why)s")
            % {"why": " ".join(wrong[:5])}
        )
    progress.advance()
    if not with_sweep:
        return NightStudy(region, problem, result, assumptions)
    few = min(n_nights, SWEEP_NIGHTS)
    rows = assumptions.as_rows()
    progress.start(_("Moving each assumption"), 2 * len(rows))

    def chances(taken: NightAssumptions) -> tuple[float, float]:
        found = simulate_night(
            region.as_problem(taken), params=taken.as_params(), seed=seed, n_nights=few
        )
        return found.terms["chance_pooled"], found.terms["chance_separate"]

    base = chances(assumptions)
    ends = []
    for row in rows:
        at_low = chances(assumptions.with_value(row.name, row.low))
        progress.advance()
        at_high = chances(assumptions.with_value(row.name, row.high))
        progress.advance()
        ends.append(NightEnds(row, *at_low, *at_high))

    def moved(end: NightEnds) -> float:
        changes = zip(end[1:], (*base, *base), strict=True)
        return max((abs(new - old) for new, old in changes), default=0.0)

    ends.sort(key=lambda end: (-moved(end), end.assumption.name))
    return NightStudy(region, problem, result, assumptions, tuple(ends), few)


# --- told


def as_night_arrival(study: NightStudy) -> NightArrival:
    """Return what the report of the desk says about nights."""
    pooled, separate = study.result.modes["pooled"], study.result.modes["separate"]
    assert study.result.gain is not None  # both modes were played
    return NightArrival(
        minutes=study.result.params.within_min,
        pooled=Interval(*pooled.region),
        separate=Interval(*separate.region),
        difference=Interval(*study.result.gain),
        n_nights=study.result.n_nights,
        n_nurses=study.n_nurses,
        calls_a_night=calls_a_night(study),
        setting=describe(study),
        less=tuple(study.problem.wijken[row].key for row in study.worse_when_pooled),
        worst=tuple(
            (
                study.problem.wijken[row].key,
                float(pooled.chance[row]),
                float(separate.chance[row]),
            )
            for row in study.worst_first[:3]
        ),
        swings=tuple(
            NightSwing(
                end.assumption.unit,
                end.assumption.value,
                end.assumption.low,
                end.assumption.high,
                *end[1:],
            )
            for end in study.ends
        ),
    )


def describe(study: NightStudy) -> str:
    """Say whose night it is, in one sentence."""
    region = study.region
    providers = {route.provider for route in region.routes}
    return (
        f"Who has duty in the night of {region.evening.isoformat()}: "
        f"{len(region.routes)} routes of {len(providers)} providers; in "
        f"{region.n_without_duty} of {len(region.wijken)} wijken nobody has."
    )


def calls_a_night(study: NightStudy) -> float:
    """Return the mean number of calls over the region that was asked for."""
    return sum(wijk.calls_per_night for wijk in study.problem.wijken)


def to_figures(study: NightStudy) -> dict[str, Any]:
    """Return everything as plain values; None where nothing is known."""
    result, modes = study.result, study.result.modes
    return {
        "note": FIRST_WORDS,
        "evening": study.region.evening.isoformat(),
        "algorithm": f"{result.algorithm} {result.version}",
        "input_hash": result.input_hash,
        "seed": result.seed,
        "nights": result.n_nights,
        "within_min": result.params.within_min,
        "calls_a_night": round(calls_a_night(study), 4),
        "nurses": study.n_nurses,
        "wijken_without_duty": study.region.n_without_duty,
        "calls_a_night_per_person": dict(
            zip(
                ("under_65", "65_to_74", "from_75"),
                study.assumptions.rates(),
                strict=True,
            )
        ),
        "region": {
            **{name: _plain(mode.region) for name, mode in modes.items()},
            "gain": _plain(result.gain or ()),
        },
        "wijken": [
            {
                "wijk": wijk.key,
                "people": round(wijk.people),
                "from_65": round(wijk.from_65),
                "from_75": None if wijk.from_75 is None else round(wijk.from_75),
                "calls_a_night": round(study.problem.wijken[row].calls_per_night, 4),
                "shares": {
                    who: round(part, 4)
                    for who, part in study.problem.wijken[row].shares.items()
                },
                **{name: _plain(chance_of(mode, row)) for name, mode in modes.items()},
            }
            for row, wijk in enumerate(study.region.wijken)
        ],
        "teams": [
            {
                "team": team.key,
                "provider": team.provider,
                "nurses": team.n_nurses,
                **{
                    f"busy_{name}": _or_none(float(mode.utilisation[row]))
                    for name, mode in modes.items()
                },
            }
            for row, team in enumerate(study.problem.teams)
        ],
        "sweep_nights": study.sweep_nights,
        "sweep": [
            {
                "assumption": end.assumption.name,
                "low": end.assumption.low,
                "high": end.assumption.high,
                "pooled_at_low": _or_none(end.pooled_at_low),
                "separate_at_low": _or_none(end.separate_at_low),
                "pooled_at_high": _or_none(end.pooled_at_high),
                "separate_at_high": _or_none(end.separate_at_high),
            }
            for end in study.ends
        ],
        "assumptions": [row._asdict() for row in study.assumptions.as_rows()],
    }


def chance_of(mode: ModeResult, row: int) -> tuple[float, float, float]:
    """Return the chance in time of a wijk, with its interval."""
    return (
        float(mode.chance[row]),
        float(mode.chance_low[row]),
        float(mode.chance_high[row]),
    )


def _plain(values: Sequence[float]) -> list[float | None]:
    return [_or_none(float(value)) for value in values]


def _or_none(value: float) -> float | None:
    return None if isnan(value) else round(value, 6)
