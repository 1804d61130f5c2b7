"""What is assumed when years of wishes and rounds are played?

All of it is an assumption, to be replaced by figures of a region: a TOML file with a
table per class below, each key one of its fields. What is left out has the default.
Rates are per year; people are counted, households move together.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from wijkspil_engines.exchange.problem import LEVELS, MECHANISMS


class InvalidConfig(ValueError):
    """A value of the configuration cannot be used; says which and what is expected."""

    code = "invalid-config"


def _at(default: float, low: float, high: float) -> Any:
    """Return a field with a range."""
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True)
class RegionConfig:
    """The region: where practices are and how many people they have.

    ``practices``; ``people_per_practice`` on average; ``width_km`` of the square;
    ``towns`` in it; ``map_seed`` of what is the same in all runs; ``share_with_room``
    of practices with ``most_free_places`` at most at the start;
    ``popularity_spread``: sd of the logarithm.
    """

    practices: int = _at(200, 2, 5000)
    people_per_practice: int = _at(2350, 100, 20_000)
    width_km: float = _at(30.0, 1.0, 500.0)
    towns: int = _at(12, 1, 500)
    map_seed: int = _at(1, 0, 2**31)
    share_with_room: float = _at(0.4, 0.0, 1.0)
    most_free_places: int = _at(60, 0, 5000)
    popularity_spread: float = _at(0.8, 0.0, 3.0)


@dataclass(frozen=True)
class WishesConfig:
    """Who wishes to move, and what they ask for.

    ``open_at_start``: households with a wish on the first day. Per 1,000 people and
    year: ``without_practice_rate`` (people without a practice), ``moved_rate`` (moved
    house; ``from_outside_share`` of them from outside the region, freeing no place
    in it), ``other_rate``. ``withdraw_rate``: share that gives up in a year.
    ``leave_unpopular``: who wishes to leave is drawn by popularity to minus this power.
    ``choice_chances``: of lists of 1, 2, ... practices; ``size_chances``: of households
    of 1, 2, ... people; ``km_per_utility``: how far one unit of popularity weighs up;
    ``most_km`` to a practice that is named.
    """

    open_at_start: int = _at(5000, 0, 2_000_000)
    without_practice_rate: float = _at(12.0, 0.0, 500.0)
    moved_rate: float = _at(20.0, 0.0, 500.0)
    from_outside_share: float = _at(0.5, 0.0, 1.0)
    other_rate: float = _at(10.0, 0.0, 500.0)
    withdraw_rate: float = _at(0.1, 0.0, 5.0)
    leave_unpopular: float = _at(1.0, 0.0, 5.0)
    choice_chances: tuple[float, ...] = (0.35, 0.20, 0.20, 0.10, 0.15)
    size_chances: tuple[float, ...] = (0.40, 0.30, 0.15, 0.15)
    km_per_utility: float = _at(2.0, 0.1, 50.0)
    most_km: float = _at(15.0, 0.5, 500.0)


@dataclass(frozen=True)
class PracticesConfig:
    """How practices change.

    Share of people per year: ``leave_rate`` (die, or leave the region) and
    ``newborn_rate`` (come on the list of the household without a wish). Per practice
    and year: ``stop_rate`` (nobody takes it over; said ``notice_days`` before),
    ``open_rate`` (a new one, as large as the average), ``grow_rate`` (places are
    added, 1 up to ``most_grown``). ``cap_per_round``: most people in per practice and
    round, 0 for no cap.
    """

    leave_rate: float = _at(0.035, 0.0, 1.0)
    newborn_rate: float = _at(0.010, 0.0, 1.0)
    stop_rate: float = _at(0.01, 0.0, 1.0)
    notice_days: int = _at(180, 0, 3650)
    open_rate: float = _at(0.01, 0.0, 1.0)
    grow_rate: float = _at(0.10, 0.0, 12.0)
    most_grown: int = _at(100, 0, 5000)
    cap_per_round: int = _at(0, 0, 20_000)


@dataclass(frozen=True)
class RoundsConfig:
    """When rounds are held: ``days_between`` them, for ``years``.

    Wishes of the first ``warm_up_days`` (and those open at the start) are played but
    not counted. ``horizon_days``: waiting longer counts as this in mean waiting.
    """

    years: float = _at(3.0, 0.1, 30.0)
    days_between: int = _at(30, 1, 366)
    warm_up_days: int = _at(180, 0, 3650)
    horizon_days: int = _at(365, 7, 3650)


@dataclass(frozen=True)
class StudyConfig:
    """What is compared: ``mechanisms`` on the same seeds, against ``reference``.

    ``seeds`` runs of each, from ``first_seed``; ``levels`` of ``optimum``;
    ``class_first``: the waiting lists go by priority class.
    """

    mechanisms: tuple[str, ...] = ("waitlist", "ttc", "optimum")
    reference: str = "waitlist"
    levels: tuple[str, ...] = LEVELS
    class_first: bool = False
    seeds: int = _at(10, 1, 10_000)
    first_seed: int = _at(1, 0, 2**31)


@dataclass(frozen=True)
class YearsConfig:
    """All assumptions of a simulation."""

    region: RegionConfig = RegionConfig()
    wishes: WishesConfig = WishesConfig()
    practices: PracticesConfig = PracticesConfig()
    rounds: RoundsConfig = RoundsConfig()
    study: StudyConfig = StudyConfig()

    def __post_init__(self) -> None:
        """Check every value, also of a configuration made in code.

        Raises
        ------
        InvalidConfig
            Naming the key as in the file.
        """
        for part in fields(self):
            table = getattr(self, part.name)
            for each in fields(table):
                place = f"{part.name}.{each.name}"
                _check(place, getattr(table, each.name), each.metadata, each.default)
        for name in ("choice_chances", "size_chances"):
            _check_chances(f"wishes.{name}", getattr(self.wishes, name))
        _check_names("study.mechanisms", self.study.mechanisms, MECHANISMS)
        _check_names("study.levels", self.study.levels, LEVELS)
        if self.study.reference not in self.study.mechanisms:
            raise InvalidConfig(
                f"study.reference: {self.study.reference!r} is not one of the "
                f"mechanisms compared ({', '.join(self.study.mechanisms)})"
            )
        if len(self.wishes.choice_chances) > 10 or len(self.wishes.size_chances) > 20:
            raise InvalidConfig(
                "wishes: at most 10 choice_chances and 20 size_chances can be given"
            )
        if self.n_rounds < 1:
            raise InvalidConfig(
                f"rounds.days_between: {self.rounds.days_between} days is longer than "
                f"{self.rounds.years:g} years"
            )
        if self.rounds.warm_up_days >= 365 * self.rounds.years:
            raise InvalidConfig(
                f"rounds.warm_up_days: {self.rounds.warm_up_days} days leave nothing "
                f"of {self.rounds.years:g} years to count"
            )

    @property
    def n_rounds(self) -> int:
        """How many rounds are held."""
        return int(365 * self.rounds.years // self.rounds.days_between)

    @property
    def digest(self) -> str:
        """SHA-256 of all values."""
        return hashlib.sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()


def read_config(file: Path) -> YearsConfig:
    """Read a TOML file.

    Raises
    ------
    InvalidConfig
        With the file, the key, the value and what is expected.
    """
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InvalidConfig(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InvalidConfig(
            f"{file}: is not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfig(f"{file}: is no TOML ({error})") from error
    try:
        return from_mapping(values)
    except InvalidConfig as error:
        raise InvalidConfig(f"{file}: {error}") from error


def from_mapping(values: Mapping[str, Any]) -> YearsConfig:
    """Make a configuration of nested tables; what is absent has the default.

    Raises
    ------
    InvalidConfig
        If a table or key is not known, or a value is not of its kind.
    """
    tables: dict[str, Any] = {
        part.name: type(part.default) for part in fields(YearsConfig)
    }
    made: dict[str, Any] = {}
    for name, table in values.items():
        if name not in tables:
            raise InvalidConfig(
                f"{name[:40]}: the table is not known; use {', '.join(tables)}"
            )
        if not isinstance(table, Mapping):
            raise InvalidConfig(f"{name}: must be a table, as in [{name}]")
        known = {each.name: each for each in fields(tables[name])}
        for key in table:
            if key not in known:
                raise InvalidConfig(
                    f"{name}.{key[:40]}: the key is not known; use {', '.join(known)}"
                )
        made[name] = tables[name](
            **{
                key: tuple(value) if isinstance(value, list) else value
                for key, value in table.items()
            }
        )
    return YearsConfig(**made)


def _check(place: str, value: object, limits: Mapping[str, Any], default: Any) -> None:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise InvalidConfig(f"{place}: {value!r} is not true or false")
    elif isinstance(default, tuple):
        is_text = isinstance(default[0], str)
        kinds: tuple[type, ...] = (str,) if is_text else (int, float)
        if (
            not isinstance(value, tuple)
            or not value
            or any(isinstance(v, bool) or not isinstance(v, kinds) for v in value)
        ):
            kind = "names" if is_text else "numbers"
            raise InvalidConfig(f"{place}: {value!r} is not a list of {kind}")
    elif isinstance(default, str):
        if not isinstance(value, str):
            raise InvalidConfig(f"{place}: {value!r} is not a name")
    else:
        low, high = limits["low"], limits["high"]
        whole = isinstance(default, int)
        kinds = (int,) if whole else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise InvalidConfig(
                f"{place}: {value!r} is not {kind} from {low:g} to {high:g}"
            )


def _check_chances(place: str, chances: tuple[float, ...]) -> None:
    if min(chances) < 0 or not abs(sum(chances) - 1.0) < 1e-6:
        raise InvalidConfig(
            f"{place}: {list(chances)} are not chances of 0 or more that add up to 1"
        )


def _check_names(place: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    for index, name in enumerate(names):
        if name not in known:
            raise InvalidConfig(
                f"{place}: {name[:40]!r} is not known; use {', '.join(known)}"
            )
        if name in names[:index]:
            raise InvalidConfig(f"{place}: {name!r} is named twice")
