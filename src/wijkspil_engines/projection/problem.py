"""What is projected: people, care, workers, and how sure each figure is.

Only descriptions and their checks; nothing is computed here. Hours are hours a week,
rates are a year, money does not occur. Arrays are read-only. In shapes: a = areas,
s = 2 sexes (men, women), g = age bands, c = classes of areas, k = kinds of care,
j = skills, b = age bands of workers, u = units of supply, y = years.

What is uncertain is a *lever*: one of ``LEVERS``, for all kinds or skills (``use``) or
for one (``use.wijkverpleging``; it goes before the general one). A ``Parameter`` of
that name gives its interval; a lever without a parameter stays at its usual value.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Self, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

SEXES = ("men", "women")

#: Half the width of an 80 % interval of a normal draw, in standard deviations.
NORMAL_90 = 1.2815515655446004

Status = Literal["measured", "published", "expert", "assumed"]
STATUSES: tuple[Status, ...] = get_args(Status)

#: What changes between two years, each of which can be held at its first value.
CAUSES = (
    "population",
    "use",
    "hours",
    "digital",
    "workers",
    "productivity",
    "closures",
)


class InvalidProblem(ValueError):
    """A value cannot be projected with; says which, where and what to do.

    ``field`` names the place, as in ``parameters[3].low``.
    """

    code = "invalid-problem"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class Lever(NamedTuple):
    """What a parameter may move.

    Parameters
    ----------
    usual
        Value without a parameter; None: what ``Skill`` says.
    low, high
        Values allowed; draws are clipped to them too.
    per
        For what it can be said apart: ``kind``, ``skill`` or nothing (empty).
    """

    usual: float | None
    low: float
    high: float
    unit: str
    per: Literal["", "kind", "skill"]
    meaning: str


LEVERS: Mapping[str, Lever] = MappingProxyType(
    {
        "mortality": Lever(1, 0, 10, "factor", "", "level of mortality"),
        "mortality_improvement": Lever(
            0, -0.1, 0.1, "share a year", "", "fall of mortality each year"
        ),
        "fertility": Lever(1, 0, 10, "factor", "", "level of births"),
        "arrivals": Lever(1, 0, 10, "factor", "", "people who come to live"),
        "departures": Lever(1, 0, 10, "factor", "", "chance to move away"),
        "use": Lever(1, 0, 10, "factor", "kind", "people who start with care"),
        "use_trend": Lever(
            0, -0.2, 0.2, "share a year", "kind", "growth of starts, same age"
        ),
        "stay": Lever(1, 0, 10, "factor", "kind", "mean time in care"),
        "hours": Lever(1, 0, 10, "factor", "kind", "hours of a client"),
        "hours_trend": Lever(
            0, -0.2, 0.2, "share a year", "kind", "growth of the hours of a client"
        ),
        "outflow": Lever(1, 0, 10, "factor", "skill", "chance to leave the work"),
        "retirement": Lever(1, 0, 10, "factor", "skill", "chance to retire"),
        "training": Lever(1, 0, 10, "factor", "skill", "new workers"),
        "part_time": Lever(None, 0, 2, "fte a worker", "skill", "size of a contract"),
        "hours_per_fte": Lever(
            None, 0, 60, "hours a week", "skill", "contract hours of one fte"
        ),
        "absence": Lever(None, 0, 1, "share", "skill", "contract hours not worked"),
        "client_facing": Lever(
            None, 0, 1, "share", "skill", "hours worked that reach clients"
        ),
        "productivity": Lever(
            0, -0.2, 0.2, "share a year", "kind", "growth of care in an hour"
        ),
    }
)


@dataclass(frozen=True)
class Parameter:
    """A figure that is not known exactly: an 80 % interval and where it comes from.

    A run draws it from the normal distribution whose 10 % and 90 % points are ``low``
    and ``high``, clipped to ``valid_low`` and ``valid_high`` (as the NHP demand model
    does). Equal ends: it is known.

    Parameters
    ----------
    name
        A lever, as ``use_trend.wijkverpleging``, or a name that ``Saving`` or
        ``Inflow`` uses. The same name draws the same chance in every scenario.
    source
        Publisher, title, place and date, in words; not empty.
    set_by, why
        Who chose the interval, and why; may be empty.
    """

    name: str
    low: float
    high: float
    unit: str
    source: str
    status: Status = "assumed"
    valid_low: float = -math.inf
    valid_high: float = math.inf
    set_by: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        where = f"parameters[{self.name}]"
        if not self.name:
            raise InvalidProblem("a parameter needs a name", field="parameters")
        if self.status not in STATUSES:
            raise InvalidProblem(
                f"{self.status!r} is not one of {', '.join(STATUSES)}",
                field=f"{where}.status",
            )
        if not self.source:
            raise InvalidProblem("say where it comes from", field=f"{where}.source")
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise InvalidProblem(
                f"[{self.low}, {self.high}] is not finite", field=f"{where}.low"
            )
        if self.low > self.high:
            raise InvalidProblem(
                f"[{self.low}, {self.high}]: the low end lies above the high one",
                field=f"{where}.low",
            )
        if not self.valid_low <= self.low <= self.high <= self.valid_high:
            raise InvalidProblem(
                f"[{self.low}, {self.high}] goes beyond what is valid, "
                f"{self.valid_low} to {self.valid_high}",
                field=f"{where}.low",
            )

    @property
    def central(self) -> float:
        """The middle, which run 0 takes."""
        return (self.low + self.high) / 2

    @property
    def standard_deviation(self) -> float:
        """Of the normal draw, before clipping."""
        return (self.high - self.low) / (2 * NORMAL_90)


@dataclass(frozen=True)
class Variant:
    """A course the population may take, with its probability.

    Factors are on top of the levers: one for all years, or one for each (y,).
    Probabilities of all variants sum to 1. Run 0 takes the most likely, the first
    among equals.
    """

    name: str
    probability: float
    mortality: float | tuple[float, ...] = 1.0
    fertility: float | tuple[float, ...] = 1.0
    arrivals: float | tuple[float, ...] = 1.0
    departures: float | tuple[float, ...] = 1.0
    source: str = ""


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of care under one law: who uses it, how long, for how many hours.

    Parameters
    ----------
    name, care_law
        As ``wijkverpleging``, ``zvw``.
    use
        (s, g) clients at a moment per inhabitant, 0 to 1.
    hours
        (s, g) hours a week per client.
    stay_years
        Mean time a client stays, in years; 0: clients follow the population at once
        and are not counted in and out (list patients of a GP).
    """

    name: str
    care_law: str
    use: NDArray[np.float64]
    hours: NDArray[np.float64]
    stay_years: float = 0.0


@dataclass(frozen=True, eq=False)
class Skill:
    """Workers of one level, who all do one kind of care.

    Parameters
    ----------
    kind
        Name of the kind of care.
    leave, retire
        (b,) chance a year to leave the work, and (apart) to retire.
    entry
        (b,) shares of new workers by age, sum 1.
    part_time
        Fte per worker.
    hours_per_fte
        Contract hours a week of one fte.
    absence, client_facing
        Shares: of contract hours not worked (sick, leave); of hours worked that
        reach clients.
    """

    name: str
    kind: str
    leave: NDArray[np.float64]
    retire: NDArray[np.float64]
    entry: NDArray[np.float64]
    part_time: float = 1.0
    hours_per_fte: float = 36.0
    absence: float = 0.0
    client_facing: float = 1.0


@dataclass(frozen=True, eq=False)
class Inflow:
    """New workers of one skill: those who come anyway, or what a measure adds.

    Who comes in a year counts from the next one. The lever ``training`` of the skill
    and every parameter of ``factors`` multiply.

    Parameters
    ----------
    workers_by_year
        (y,) persons in all units together, per year; 0 or more.
    share_of_unit
        (u,) where they go, sum 1; None: as the first workers of the skill.
    """

    name: str
    skill: str
    workers_by_year: NDArray[np.float64]
    share_of_unit: NDArray[np.float64] | None = None
    factors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Closure:
    """A practice that stops: its unit loses a share of what it can do from a year on.

    Parameters
    ----------
    share
        Of what the unit would have had, 0 to 1.
    moves_to
        Unit and share of what is lost that goes on there; shares sum to at most 1.
    chance
        Probability that it stops; run 0 takes it from 0.5 on.
    """

    name: str
    unit: str
    year: int
    share: float = 1.0
    moves_to: tuple[tuple[str, float], ...] = ()
    chance: float = 1.0


@dataclass(frozen=True, eq=False)
class Saving:
    """What digital care saves on the hours of a client, as adoption grows.

    In year y: scale x product of ``factors`` x (target - now) x progress[y]. What is
    in use today is in the hours of today, so only growth counts.

    Parameters
    ----------
    factors
        Names of parameters (eligible, still in use, unique visits, hours ...).
    now, target
        Adoption in the first year and where ``progress`` is 1: a share, or the name
        of a parameter.
    progress
        (y,) share of the way, 0 in the first year.
    unit
        ``hours``: hours a week of a mean client; ``share``: share of the hours.
        Hours never fall below 0.
    by_age
        (g,) times the saving at each age; None: 1.
    """

    name: str
    kind: str
    factors: tuple[str, ...]
    now: float | str
    target: float | str
    progress: NDArray[np.float64]
    scale: float = 1.0
    unit: Literal["hours", "share"] = "hours"
    by_age: NDArray[np.float64] | None = None


def _read_only(value: ArrayLike, dtype: type = np.float64) -> NDArray[Any]:
    made: NDArray[Any] = np.array(value, dtype=dtype, order="C")
    made.flags.writeable = False
    return made


def _checked(
    value: ArrayLike,
    shape: tuple[int, ...],
    field: str,
    *,
    low: float = 0.0,
    high: float = math.inf,
) -> NDArray[np.float64]:
    """Return it read-only, or say the first place that is wrong."""
    made = _read_only(value)
    if made.shape != shape:
        raise InvalidProblem(f"shape {made.shape}, needed is {shape}", field=field)
    wrong = ~((made >= low) & (made <= high) & np.isfinite(made))
    if wrong.any():
        place = tuple(int(each) for each in np.argwhere(wrong)[0])
        at = ", ".join(map(str, place))
        where = f"{field}[{at}]" if place else field
        raise InvalidProblem(
            f"{float(made[place])} is not a number from {low:g} to {high:g}",
            field=where,
        )
    return made


def _sums_to_one(value: NDArray[np.float64], field: str) -> None:
    total = float(value.sum())
    if abs(total - 1) > 1e-6:
        raise InvalidProblem(f"sums to {total:g}, must be 1", field=field)


@dataclass(frozen=True, eq=False)
class ProjectionProblem:
    """Everything a projection needs.

    Parameters
    ----------
    first_year, n_years
        The first year is today and counts as one of ``n_years``.
    areas, regions, region_of_area
        Keys; (a,) row of ``regions``.
    population
        (a, s, g) people at the start; the last age band is open.
    mortality, departures
        (c, s, g) chance a year to die, and to move away from the area.
    fertility
        (c, g) children a year per woman who live at its end.
    arrivals
        (a, s, g) people a year who come to live; None: nobody. See ``split_net``.
    class_of_area
        (a,) row of the rates above; None: all 0. Few classes: memory grows with them.
    kinds, skills
        Kinds of care and who does them; a kind may have no skill (need only).
    area_factor
        (a, k) use of an area relative to its ages (health); None: 1.
    units
        Keys of supply: areas, practices, regions.
    workers
        (u, j, b) persons at the start.
    unit_of_area, share_of_unit
        (a, k) which unit serves an area, -1 where nothing is known of supply; and
        which share of the unit the area gets. None for shares: by the need of the
        first year.
    years_per_band, worker_years_per_band
        Years in a band of age.
    share_girls
        Of births.
    key_of_share
        In words: how ``share_of_unit`` was made.
    frozen
        Which of ``CAUSES`` stay at their value of the first year.

    Raises
    ------
    InvalidProblem
        If a value is outside what is said here.
    """

    first_year: int
    n_years: int
    areas: tuple[str, ...]
    regions: tuple[str, ...]
    region_of_area: NDArray[np.int32]
    population: NDArray[np.float64]
    mortality: NDArray[np.float64]
    fertility: NDArray[np.float64]
    kinds: tuple[Kind, ...]
    departures: NDArray[np.float64] | None = None
    arrivals: NDArray[np.float64] | None = None
    class_of_area: NDArray[np.int32] | None = None
    area_factor: NDArray[np.float64] | None = None
    skills: tuple[Skill, ...] = ()
    units: tuple[str, ...] = ()
    workers: NDArray[np.float64] | None = None
    unit_of_area: NDArray[np.int32] | None = None
    share_of_unit: NDArray[np.float64] | None = None
    inflows: tuple[Inflow, ...] = ()
    closures: tuple[Closure, ...] = ()
    savings: tuple[Saving, ...] = ()
    variants: tuple[Variant, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    years_per_band: int = 5
    worker_years_per_band: int = 5
    share_girls: float = 0.488
    key_of_share: str = "need of the first year"
    frozen: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.n_years < 1:
            raise InvalidProblem(f"{self.n_years} is less than 1 year", field="n_years")
        if not self.areas or not self.kinds:
            raise InvalidProblem("at least one is needed", field="areas or kinds")
        for name in ("areas", "regions", "units"):
            self._check_names(getattr(self, name), name)
        for name in (
            "kinds", "skills", "inflows", "closures", "savings", "variants",
            "parameters",
        ):  # fmt: skip
            self._check_names([each.name for each in getattr(self, name)], name)
        unknown = self.frozen - set(CAUSES)
        if unknown:
            raise InvalidProblem(
                f"{sorted(unknown)[0]!r} is not one of {', '.join(CAUSES)}",
                field="frozen",
            )
        for name in ("years_per_band", "worker_years_per_band"):
            if getattr(self, name) < 1:
                raise InvalidProblem("is less than 1 year", field=name)
        self._check_people()
        self._check_care()
        self._check_supply()
        self._check_changes()
        self._check_parameters()

    @staticmethod
    def _check_names(names: Sequence[str], field: str) -> None:
        seen: set[str] = set()
        for name in names:
            if not name or name in seen:
                raise InvalidProblem(f"{name!r} is empty or there twice", field=field)
            seen.add(name)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _rows(self, name: str, value: ArrayLike, n: int, low: int = 0) -> None:
        made = _read_only(value, np.int32)
        wrong = (made < low) | (made >= n)
        if wrong.any():
            raise InvalidProblem(
                f"{int(made[wrong][0])} is no row ({low} to {n - 1})", field=name
            )
        self._set(name, made)

    def _check_people(self) -> None:
        a = len(self.areas)
        shape = np.shape(self.population)
        g = shape[2] if len(shape) == 3 else 0
        if g < 1:
            raise InvalidProblem(
                f"shape {shape}, needed is ({a}, 2, ages)", field="population"
            )
        c = np.shape(self.mortality)[0] if np.ndim(self.mortality) == 3 else 1
        for name, needed, high in (
            ("population", (a, 2, g), math.inf),
            ("arrivals", (a, 2, g), math.inf),
            ("mortality", (c, 2, g), 1.0),
            ("departures", (c, 2, g), 1.0),
            ("fertility", (c, g), 2.0),
        ):
            value = getattr(self, name)
            if value is None:
                value = np.zeros(needed)
            self._set(name, _checked(value, needed, name, high=high))
        if np.shape(self.region_of_area) != (a,):
            raise InvalidProblem(
                f"needed is one of each of {a}", field="region_of_area"
            )
        self._rows("region_of_area", self.region_of_area, len(self.regions))
        classes = np.zeros(a) if self.class_of_area is None else self.class_of_area
        if np.shape(classes) != (a,):
            raise InvalidProblem(f"needed is one of each of {a}", field="class_of_area")
        self._rows("class_of_area", classes, c)
        if not 0 <= self.share_girls <= 1:
            raise InvalidProblem("is not a share", field="share_girls")
        for variant in self.variants:
            where = f"variants[{variant.name}]"
            _checked(variant.probability, (), f"{where}.probability", high=1.0)
            for name in ("mortality", "fertility", "arrivals", "departures"):
                value = getattr(variant, name)
                size: tuple[int, ...] = (
                    (self.n_years,) if isinstance(value, tuple) else ()
                )
                _checked(value, size, f"{where}.{name}")
        if self.variants:
            _sums_to_one(
                np.array([each.probability for each in self.variants]),
                "variants.probability",
            )

    def _check_care(self) -> None:
        g = self.n_ages
        made = []
        for kind in self.kinds:
            where = f"kinds[{kind.name}]"
            if "." in kind.name:
                raise InvalidProblem("has a dot", field=where)
            made.append(
                replace(
                    kind,
                    use=_checked(kind.use, (2, g), f"{where}.use", high=1.0),
                    hours=_checked(kind.hours, (2, g), f"{where}.hours", high=168.0),
                    stay_years=float(
                        _checked(kind.stay_years, (), f"{where}.stay_years", high=100)
                    ),
                )
            )
        self._set("kinds", tuple(made))
        needed = (len(self.areas), len(self.kinds))
        factor = np.ones(needed) if self.area_factor is None else self.area_factor
        self._set("area_factor", _checked(factor, needed, "area_factor"))

    def _check_supply(self) -> None:
        a, k = len(self.areas), len(self.kinds)
        u, j = len(self.units), len(self.skills)
        if self.workers is None:
            b = 1 if not self.skills else np.size(self.skills[0].leave)
            self._set("workers", np.zeros((u, j, b)))
        b = np.shape(self.workers)[2] if np.ndim(self.workers) == 3 else 1  # type: ignore[arg-type]
        assert self.workers is not None
        self._set("workers", _checked(self.workers, (u, j, b), "workers"))
        made = []
        for skill in self.skills:
            where = f"skills[{skill.name}]"
            if "." in skill.name:
                raise InvalidProblem("has a dot", field=where)
            self._kind_row(skill.kind, f"{where}.kind")
            arrays = {
                name: _checked(getattr(skill, name), (b,), f"{where}.{name}", high=1.0)
                for name in ("leave", "retire", "entry")
            }
            _sums_to_one(arrays["entry"], f"{where}.entry")
            for name in ("part_time", "hours_per_fte", "absence", "client_facing"):
                _checked(
                    getattr(skill, name),
                    (),
                    f"{where}.{name}",
                    low=LEVERS[name].low,
                    high=LEVERS[name].high,
                )
            made.append(replace(skill, **arrays))  # type: ignore[arg-type]
        self._set("skills", tuple(made))
        units = self.unit_of_area
        if units is None:
            units = np.full((a, k), -1, np.int32)
        if np.shape(units) != (a, k):
            raise InvalidProblem(
                f"shape {np.shape(units)}, needed is ({a}, {k})", field="unit_of_area"
            )
        self._rows("unit_of_area", units, u, low=-1)
        if self.share_of_unit is not None:
            self._set(
                "share_of_unit",
                _checked(self.share_of_unit, (a, k), "share_of_unit", high=1.0),
            )
            assert self.unit_of_area is not None
            for row, kind in enumerate(self.kinds):
                known = self.unit_of_area[:, row] >= 0
                total = np.bincount(
                    self.unit_of_area[known, row],
                    self.share_of_unit[known, row],
                    minlength=u,
                )
                if (total > 1 + 1e-6).any():
                    unit = int(np.argmax(total))
                    raise InvalidProblem(
                        f"shares of {self.units[unit]} in {kind.name} sum to "
                        f"{total[unit]:g}, at most is 1",
                        field="share_of_unit",
                    )

    def _check_changes(self) -> None:
        y, u = self.n_years, len(self.units)
        inflows = []
        for inflow in self.inflows:
            where = f"inflows[{inflow.name}]"
            self._skill_row(inflow.skill, f"{where}.skill")
            by_year = _checked(inflow.workers_by_year, (y,), f"{where}.workers_by_year")
            share = inflow.share_of_unit
            if share is not None:
                share = _checked(share, (u,), f"{where}.share_of_unit", high=1.0)
                _sums_to_one(share, f"{where}.share_of_unit")
            inflows.append(
                replace(inflow, workers_by_year=by_year, share_of_unit=share)
            )
        self._set("inflows", tuple(inflows))
        for closure in self.closures:
            where = f"closures[{closure.name}]"
            for unit in (closure.unit, *(to for to, _ in closure.moves_to)):
                if unit not in self.unit_rows:
                    raise InvalidProblem(f"{unit!r} is no unit", field=f"{where}.unit")
            for name, value in (
                ("share", closure.share),
                ("chance", closure.chance),
                ("moves_to", sum(each for _, each in closure.moves_to)),
                *(("moves_to", each) for _, each in closure.moves_to),
            ):
                _checked(value, (), f"{where}.{name}", high=1.0 + 1e-9)
        savings = []
        for saving in self.savings:
            where = f"savings[{saving.name}]"
            self._kind_row(saving.kind, f"{where}.kind")
            progress = _checked(
                saving.progress, (y,), f"{where}.progress", high=1.0 + 1e-9
            )
            by_age = saving.by_age
            if by_age is not None:
                by_age = _checked(by_age, (self.n_ages,), f"{where}.by_age")
            if saving.unit not in ("hours", "share"):
                raise InvalidProblem("is not hours or share", field=f"{where}.unit")
            if not math.isfinite(saving.scale):
                raise InvalidProblem("is not finite", field=f"{where}.scale")
            savings.append(replace(saving, progress=progress, by_age=by_age))
        self._set("savings", tuple(savings))

    def _check_parameters(self) -> None:
        named = {name for name, _ in self.used_names()}
        per = {
            "": (),
            "kind": tuple(each.name for each in self.kinds),
            "skill": tuple(each.name for each in self.skills),
        }
        levers = {
            name: lever
            for base, lever in LEVERS.items()
            for name in (base, *(f"{base}.{each}" for each in per[lever.per]))
        }
        for parameter in self.parameters:
            lever = levers.get(parameter.name)
            where = f"parameters[{parameter.name}]"
            if lever is None and parameter.name not in named:
                raise InvalidProblem(
                    "moves nothing: it is no lever, and no saving or inflow uses it",
                    field=where,
                )
            if lever and not lever.low <= parameter.low <= parameter.high <= lever.high:
                raise InvalidProblem(
                    f"[{parameter.low}, {parameter.high}] goes beyond "
                    f"{lever.low:g} to {lever.high:g} ({lever.meaning})",
                    field=f"{where}.low",
                )
        known = {each.name for each in self.parameters}
        for name, where in self.used_names():
            if name not in known:
                raise InvalidProblem(f"there is no parameter {name!r}", field=where)

    def used_names(self) -> Iterable[tuple[str, str]]:
        """Yield the parameters that savings and inflows name, and where."""
        for saving in self.savings:
            for name in (*saving.factors, saving.now, saving.target):
                if isinstance(name, str):
                    yield name, f"savings[{saving.name}]"
        for inflow in self.inflows:
            for name in inflow.factors:
                yield name, f"inflows[{inflow.name}]"

    def _kind_row(self, name: str, field: str) -> int:
        for row, kind in enumerate(self.kinds):
            if kind.name == name:
                return row
        raise InvalidProblem(f"{name!r} is no kind of care", field=field)

    def _skill_row(self, name: str, field: str) -> int:
        for row, skill in enumerate(self.skills):
            if skill.name == name:
                return row
        raise InvalidProblem(f"{name!r} is no skill", field=field)

    @cached_property
    def unit_rows(self) -> Mapping[str, int]:
        """Row of each unit."""
        return MappingProxyType({name: row for row, name in enumerate(self.units)})

    @property
    def years(self) -> tuple[int, ...]:
        """The years of a result, the first one included."""
        return tuple(range(self.first_year, self.first_year + self.n_years))

    @property
    def n_ages(self) -> int:
        """Bands of age."""
        return int(self.population.shape[2])

    def lever(self, name: str, of: str = "") -> Parameter | None:
        """Return what moves a lever, for one kind or skill; None: nothing does."""
        found = {each.name: each for each in self.parameters}
        return found.get(f"{name}.{of}") or found.get(name)

    def with_parameters(self, *changed: Parameter) -> Self:
        """Return the same with these in the place of those with the same name."""
        made = {each.name: each for each in (*self.parameters, *changed)}
        return replace(self, parameters=tuple(made.values()))

    def without(self, *causes: str) -> Self:
        """Return the same with more of ``CAUSES`` held at their first value."""
        return replace(self, frozen=self.frozen | set(causes))

    @cached_property
    def input_hash(self) -> str:
        """SHA-256 of all input."""
        digest = hashlib.sha256()
        for each in fields(self):
            digest.update(f"\n{each.name}=".encode())
            _feed(digest, getattr(self, each.name))
        return digest.hexdigest()


def _feed(digest: Any, value: object) -> None:
    """Add a value to a hash, apart from every other."""
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype.str}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Kind | Skill | Inflow | Saving):
        for each in fields(value):
            digest.update(f"\n{each.name}=".encode())
            _feed(digest, getattr(value, each.name))
    elif isinstance(value, tuple):
        digest.update(f"({len(value)}".encode())
        for item in value:
            _feed(digest, item)
    elif isinstance(value, Parameter | Variant | Closure):
        digest.update(repr(value).encode())
    elif isinstance(value, frozenset):
        digest.update(json.dumps(sorted(value)).encode())
    else:
        digest.update(json.dumps(value).encode())


class Turnover(NamedTuple):
    """Clients as a flow: at a moment, new ones a year, and years in care."""

    stock: float
    inflow: float
    stay_years: float


def turnover(*, in_a_year: float, in_a_month: float) -> Turnover:
    """Return the flow behind two counts of persons.

    Who is in care at some time of a period are those there at its start and all who
    come: month = stock + inflow / 12, year = stock + inflow, when nothing grows.
    Persons who come back within the year count once, so the inflow is of persons.

    Raises
    ------
    InvalidProblem
        If not month < year < 12 x month.
    """
    if not 0 < in_a_month < in_a_year < 12 * in_a_month:
        raise InvalidProblem(
            f"{in_a_year:g} in a year and {in_a_month:g} in a month: the year must "
            "be more than the month and less than twelve of them",
            field="in_a_year",
        )
    inflow = (in_a_year - in_a_month) * 12 / 11
    stock = in_a_year - inflow
    return Turnover(stock, inflow, stock / inflow)


def split_net(
    net: ArrayLike,
    population: ArrayLike,
    class_of_area: ArrayLike | None = None,
    *,
    most: float = 0.25,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split net migration in chances to leave and people who arrive.

    Nobody can leave an empty area, so what leaves is a chance: for each class, sex and
    age the highest that an area needs, at most ``most``. Arrivals fill up to the net
    figure of the first year.

    Parameters
    ----------
    net, population
        (a, s, g) people a year; people.

    Returns
    -------
    departures
        (c, s, g) for ``ProjectionProblem.departures``.
    arrivals
        (a, s, g); where more leave than ``most`` they are 0 and the loss is smaller
        than asked.
    """
    wanted, people = np.asarray(net, float), np.asarray(population, float)
    row = (
        np.zeros(len(people), np.int64)
        if class_of_area is None
        else np.asarray(class_of_area, np.int64)
    )
    rate = np.divide(-wanted, people, out=np.zeros_like(people), where=people > 0)
    departures = np.zeros((int(row.max()) + 1, *people.shape[1:]))
    np.maximum.at(departures, row, np.clip(rate, 0, most))
    return departures, np.maximum(wanted + departures[row] * people, 0)
