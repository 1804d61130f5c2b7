"""What does a scenario assume, who set each value and why?

A scenario is a TOML file: a base names every parameter, another ``extends`` it and
changes some. Each parameter is an 80 % interval ``[low, high]`` with unit, status,
sources and who set it; a value without a source is refused. The form is ``schema.py``;
this module adds what a form cannot say: intervals in order and in range, sources that
exist, names and units of the scenario that is extended. An error says
``file:line: key what is wrong and what to do``.

Does not compute anything: ``digital.py``, ``training.py`` and the cohort model do, with
the values that stand here. The convention of intervals, variants with chances and a
versioned public schema is that of the New Hospital Programme's demand model
(github.com/The-Strategy-Unit/nhp_model).
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from importlib import resources
from pathlib import Path
from typing import Any

from wijkspil_engines.projection.schema import (
    SCHEMA_VERSION,
    first_violation,
    nearest,
)

_FOLDER = "scenarios"
_FACTORS = ("mortality", "fertility", "arrivals", "departures")
_CLOSING = ("practice", "year", "share", "chance")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class InvalidScenario(ValueError):
    """A scenario cannot be used; says file, line, key, value and what to do."""

    code = "invalid-scenario"


@dataclass(frozen=True)
class Source:
    """Where a figure comes from; ``date`` is ISO, a year or ``unknown``."""

    publisher: str
    title: str
    date: str
    url: str = ""
    letter: str = ""
    document: str = ""


@dataclass(frozen=True)
class Reason:
    """Who says a value and why.

    Attributes
    ----------
    status
        ``measured``, ``published``, ``expert`` or ``assumed``.
    source
        Names in `Scenario.sources`, at least one.
    set_by, why
        Text for a reader.
    scenario
        Name of the scenario that set it last.
    """

    status: str
    source: tuple[str, ...]
    set_by: str
    why: str
    scenario: str = ""


@dataclass(frozen=True)
class Assumption:
    """One number of the model as an 80 % interval.

    Attributes
    ----------
    low, high
        The interval; equal when the number is taken as certain.
    least, most
        Values that can exist; draws are clipped to them.
    """

    name: str
    low: float
    high: float
    least: float
    most: float
    unit: str
    reason: Reason

    @property
    def central(self) -> float:
        """The middle of the interval: the mean of the normal that is drawn from."""
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class AdoptionPath:
    """A parameter that grows along an S-curve to a target.

    It starts in ``start_year`` from the parameter's own value, reaches the target
    interval ``[low, high]`` in ``target_year`` and stays there; see
    `digital.logistic_path`.
    """

    parameter: str
    start_year: int
    target_year: int
    low: float
    high: float
    ceiling: float
    reason: Reason


@dataclass(frozen=True)
class Variant:
    """A demographic variant, its chance, and its factors on top of the parameters."""

    name: str
    chance: float
    reason: Reason
    mortality: float = 1.0
    fertility: float = 1.0
    arrivals: float = 1.0
    departures: float = 1.0


@dataclass(frozen=True)
class Fund:
    """Training money: eurocents by year, and parts per profession."""

    name: str
    cents_by_year: Mapping[int, int]
    assumed_years: tuple[int, ...]
    professions: Mapping[str, float]
    reason: Reason


@dataclass(frozen=True)
class Closure:
    """A practice that loses ``share`` of what it does from ``year`` on.

    ``practice`` is a key of the data, or ``chosen``: who runs the scenario names it.
    """

    practice: str
    year: int
    reason: Reason
    share: float = 1.0
    chance: float = 1.0


@dataclass(frozen=True)
class Scenario:
    """A scenario, complete or with changes only (``extends``).

    ``applied`` are the names of the scenarios it is made of, the base first; ``lines``
    are those of its keys in the file ``place``, for errors.
    """

    name: str
    title: str
    description: str
    extends: str = ""
    first_year: int | None = None
    last_year: int | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    parameters: Mapping[str, Assumption] = field(default_factory=dict)
    paths: Mapping[str, AdoptionPath] = field(default_factory=dict)
    variants: Mapping[str, Variant] = field(default_factory=dict)
    funds: Mapping[str, Fund] = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()
    applied: tuple[str, ...] = ()
    place: str = field(default="", compare=False)
    lines: Mapping[tuple[str | int, ...], int] = field(
        default_factory=dict, compare=False, repr=False
    )

    def wrong(self, path: Sequence[str | int], message: str) -> InvalidScenario:
        """Return the error about a key, with the line nearest to it."""
        known = (tuple(path[:end]) for end in range(len(path), -1, -1))
        line = next((self.lines[at] for at in known if at in self.lines), 1)
        where = f"{self.place}:{line}" if self.place else self.name
        key = ".".join(f"{part}" for part in path)
        return InvalidScenario(f"{where}: {key} {message}".rstrip())

    @property
    def digest(self) -> str:
        """SHA-256 of all values, sources and reasons."""
        return hashlib.sha256(dump(self).encode()).hexdigest()

    def central(self, name: str) -> float:
        """Return the middle of a parameter.

        Raises
        ------
        InvalidScenario
            If the scenario has no such parameter.
        """
        try:
            return self.parameters[name].central
        except KeyError:
            raise InvalidScenario(
                f"{self.name}: parameters.{name} is not known; "
                f"{nearest(name, list(self.parameters))}"
            ) from None


# Reading ---------------------------------------------------------------------------


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file; what it extends is not read (see `load`).

    Raises
    ------
    InvalidScenario
        ``file:line: key`` and what is wrong.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise InvalidScenario(
            f"{path}: cannot be read ({error.strerror}); give a TOML file"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidScenario(
            f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from error
    return parse_scenario(text, place=str(path))


def parse_scenario(text: str, *, place: str = "scenario") -> Scenario:
    """Read a scenario from text; ``place`` is what errors call it.

    Raises
    ------
    InvalidScenario
        See `read_scenario`.
    """
    try:
        values = _plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        at = f":{line.group(1)}" if line else ""
        raise InvalidScenario(f"{place}{at}: is no TOML ({error})") from error
    # What the errors below need of the scenario is where its keys stand.
    file = Scenario("", "", "", place=place, lines=key_lines(text))
    found = first_violation(values)
    if found:
        raise file.wrong(found.path, found.message)
    return _build(values, file)


def shipped() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the engine."""
    folder = resources.files("wijkspil_engines.projection") / _FOLDER
    return tuple(
        sorted(
            each.name.removesuffix(".toml")
            for each in folder.iterdir()
            if each.name.endswith(".toml")
        )
    )


def read_shipped(name: str) -> Scenario:
    """Read a scenario that comes with the engine, as it stands.

    Raises
    ------
    InvalidScenario
        If there is none of that name.
    """
    if name not in shipped():
        raise InvalidScenario(
            f"{name[:60]!r} is no scenario that comes with the engine; "
            f"{nearest(name, shipped())}"
        )
    file = resources.files("wijkspil_engines.projection") / _FOLDER / f"{name}.toml"
    return parse_scenario(file.read_text("utf-8"), place=f"{name}.toml")


def load(*wanted: str | Path) -> Scenario:
    """Read scenarios and what they extend, and resolve them into one.

    A name is one that comes with the engine; a path is a file. What a file extends is
    looked for in its own folder first.

    Raises
    ------
    InvalidScenario
        If one cannot be read, or they do not fit together.
    """
    if not wanted:
        raise InvalidScenario("no scenario is given; give a name, as in base")
    chain: dict[str, Scenario] = {}
    for each in wanted:
        for scenario in reversed(tuple(_ancestry(each))):
            chain.setdefault(scenario.name, scenario)
    first, *others = chain.values()
    return resolve(first, *others)


def _ancestry(wanted: str | Path) -> Iterator[Scenario]:
    folder = wanted.parent if isinstance(wanted, Path) else None
    current = (
        read_scenario(wanted) if isinstance(wanted, Path) else read_shipped(wanted)
    )
    seen = [current.name]
    yield current
    while current.extends:
        if current.extends in seen:
            raise InvalidScenario(
                f"{current.name}: extends goes round ({' > '.join(seen)} > "
                f"{current.extends}); one of them must not extend another"
            )
        beside = folder / f"{current.extends}.toml" if folder else None
        current = (
            read_scenario(beside)
            if beside is not None and beside.is_file()
            else read_shipped(current.extends)
        )
        seen.append(current.name)
        yield current


# Together --------------------------------------------------------------------------


def resolve(base: Scenario, *overrides: Scenario) -> Scenario:
    """Apply changes to a base, in the order given; a later one goes before an earlier.

    Raises
    ------
    InvalidScenario
        If the base is itself a change, a change extends something else, or it names a
        parameter, unit or value that the base does not have.
    """
    if base.extends:
        raise InvalidScenario(
            f"{base.name}: extends {base.extends}; give that scenario first"
        )
    result = base
    for override in overrides:
        result = _apply(result, override)
    _check_complete(result)
    return result


def with_values(
    scenario: Scenario,
    values: Mapping[str, tuple[float, float]],
    *,
    name: str,
    set_by: str,
    why: str,
    status: str = "expert",
) -> Scenario:
    """Return a scenario with other intervals, as someone sets them on a page.

    The source of a value stays the base's, which is what it was changed from; who set
    it, why and how sure it is are new.

    Raises
    ------
    InvalidScenario
        If a name is not known, or an interval is reversed or outside its range.
    """
    parameters = dict(scenario.parameters)
    for key, (low, high) in values.items():
        if key not in parameters:
            hint = nearest(key, list(parameters))
            raise InvalidScenario(f"{name}: parameters.{key} is not known; {hint}")
        old = parameters[key]
        if not old.least <= low <= high <= old.most:
            raise InvalidScenario(
                f"{name}: parameters.{key}.interval [{low:g}, {high:g}] must go up and "
                f"lie in [{old.least:g}, {old.most:g}] {old.unit}"
            )
        reason = Reason(status, old.reason.source, set_by, why, name)
        parameters[key] = replace(old, low=low, high=high, reason=reason)
    return replace(
        scenario,
        name="+".join((scenario.name, name)),
        parameters=parameters,
        applied=(*scenario.applied, name),
    )


def differences(first: Scenario, second: Scenario) -> tuple[str, ...]:
    """Return what two scenarios have differently, as ``kind.name``, sorted."""
    names: set[str] = set()
    for kind in ("parameters", "paths", "variants", "funds"):
        left, right = getattr(first, kind), getattr(second, kind)
        names |= {
            f"{kind}.{name}"
            for name in left.keys() | right.keys()
            if left.get(name) != right.get(name)
        }
    names |= {
        f"closures.{closure.practice}"
        for closure in set(first.closures) ^ set(second.closures)
    }
    return tuple(sorted(names))


def _apply(base: Scenario, change: Scenario) -> Scenario:
    if change.extends not in base.applied:
        raise change.wrong(
            ("extends",),
            f"{change.extends or 'nothing'} is not among {', '.join(base.applied)}; "
            "give what it extends first",
        )
    for name, source in change.sources.items():
        if name in base.sources and base.sources[name] != source:
            raise change.wrong(
                ("sources", name),
                f"is another source in {base.name}; give it another name",
            )
    sources = {**base.sources, **change.sources}
    for kind in ("parameters", "paths", "variants", "funds"):
        for name, each in getattr(change, kind).items():
            _check_sources(change, (kind, name), each.reason, sources)
    for place, closure in enumerate(change.closures):
        _check_sources(change, ("closures", place), closure.reason, sources)
    parameters = dict(base.parameters)
    for kind in ("parameters", "paths"):
        for name in getattr(change, kind):
            if name not in parameters:
                hint = nearest(name, list(parameters))
                raise change.wrong((kind, name), f"is not known in {base.name}; {hint}")
    for name, new in change.parameters.items():
        parameters[name] = _changed(change, parameters[name], new)
    return replace(
        base,
        name="+".join((base.name, change.name)),
        title=change.title,
        description=change.description,
        first_year=change.first_year or base.first_year,
        last_year=change.last_year or base.last_year,
        sources=sources,
        parameters=parameters,
        paths={**base.paths, **change.paths},
        variants=dict(change.variants) or dict(base.variants),
        funds={**base.funds, **change.funds},
        closures=base.closures + change.closures,
        applied=(*base.applied, change.name),
        place=change.place,
        lines=change.lines,
    )


def _changed(change: Scenario, old: Assumption, new: Assumption) -> Assumption:
    path = ("parameters", new.name)
    if new.unit and new.unit != old.unit:
        raise change.wrong(
            (*path, "unit"),
            f"is {new.unit!r} and was {old.unit!r}; convert the interval or leave the "
            "unit out",
        )
    limits = (old.least, old.most)
    if new.least != -_FAR:
        limits = (new.least, new.most)
    if not limits[0] <= new.low <= new.high <= limits[1]:
        raise change.wrong(
            (*path, "interval"),
            f"[{new.low:g}, {new.high:g}] does not lie in the range "
            f"[{limits[0]:g}, {limits[1]:g}] of {old.unit}",
        )
    return replace(new, unit=old.unit, least=limits[0], most=limits[1])


def _check_sources(
    change: Scenario,
    path: tuple[str | int, ...],
    reason: Reason,
    sources: Mapping[str, Source],
) -> None:
    for place, name in enumerate(reason.source):
        if name not in sources:
            hint = nearest(name, list(sources)) if sources else "add it there"
            raise change.wrong(
                (*path, "source", place), f"{name!r} is not in [sources]; {hint}"
            )


def _check_complete(scenario: Scenario) -> None:
    chances = [each.chance for each in scenario.variants.values()]
    if chances and abs(sum(chances) - 1) > 1e-9:
        raise scenario.wrong(
            ("variants",), f"have chances that add up to {sum(chances):g}, not to 1"
        )
    first, last = scenario.first_year, scenario.last_year
    if first is None or last is None or not first < last:
        raise scenario.wrong(
            ("last_year",),
            f"{last} and first_year {first} are not a period of a year or more; a base "
            "gives both",
        )


# A file and its lines --------------------------------------------------------------

_FAR = float("inf")


def key_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """Return the line, from 1, of each table and key of valid TOML.

    Tables in a list are numbered from 0. ``tomllib`` keeps no lines.
    """
    found: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    # Only these end a line of TOML; splitlines() knows more.
    lines = iter(enumerate(text.replace("\r\n", "\n").split("\n"), 1))
    for number, line in lines:
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        if bare.startswith("["):
            many = bare.startswith("[[")
            keys, _ = _split_key(bare[2 if many else 1 :])
            table = _in_lists(keys, counts)
            if many:
                place = counts.get(table, -1) + 1
                counts[table] = place
                found.setdefault(table, number)
                table = (*table, place)
            for end in range(1, len(table) + 1):
                found.setdefault(table[:end], number)
            continue
        keys, rest = _split_key(bare)
        found.setdefault((*table, *keys), number)
        _skip_value(rest.lstrip().removeprefix("="), lines)
    return found


def _in_lists(
    keys: Sequence[str], counts: Mapping[tuple[str | int, ...], int]
) -> tuple[str | int, ...]:
    table: tuple[str | int, ...] = ()
    for index, key in enumerate(keys):
        table = (*table, key)
        if table in counts and index < len(keys) - 1:
            table = (*table, counts[table])
    return table


def _split_key(text: str) -> tuple[list[str], str]:
    keys: list[str] = []
    rest = text.lstrip()
    while rest:
        if rest[0] in "\"'":
            end = rest.index(rest[0], 1)
            keys.append(rest[1:end])
            rest = rest[end + 1 :].lstrip()
        else:
            match = _BARE.match(rest)
            if match is None:
                break
            keys.append(match.group())
            rest = rest[match.end() :].lstrip()
        if not rest.startswith("."):
            break
        rest = rest[1:].lstrip()
    return keys, rest


def _skip_value(text: str, lines: Iterator[tuple[int, str]]) -> None:
    """Read on until the value that begins here has ended."""
    depth, quote, at = 0, "", 0
    while True:
        while at < len(text):
            rest = text[at:]
            if quote:
                if rest.startswith("\\") and quote[0] == '"':
                    at += 2
                    continue
                if rest.startswith(quote):
                    at += len(quote)
                    quote = ""
                    continue
            elif rest.startswith(('"""', "'''")):
                quote = rest[:3]
                at += 3
                continue
            elif rest[0] in "\"'":
                quote = rest[0]
            elif rest[0] == "#":
                break
            else:
                depth += (rest[0] in "[{") - (rest[0] in "]}")
            at += 1
        if not depth and len(quote) < 3:
            return
        try:
            text, at = next(lines)[1], 0
        except StopIteration:
            return


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return value


def _build(values: Mapping[str, Any], file: Scenario) -> Scenario:
    name, extends = values["name"], values.get("extends", "")
    sources = {key: Source(**each) for key, each in values.get("sources", {}).items()}
    for key, source in sources.items():
        if not (source.url or source.letter or source.document):
            raise file.wrong(
                ("sources", key), "says no place; add url, letter or document"
            )

    def reason(table: Mapping[str, Any], path: tuple[str | int, ...]) -> Reason:
        made = Reason(
            status=table["status"],
            source=tuple(table["source"]),
            set_by=table["set_by"],
            why=table["why"],
            scenario=name,
        )
        if not extends:
            _check_sources(file, path, made, sources)
        return made

    parameters = {
        key: _assumption(key, each, reason(each, ("parameters", key)), file, extends)
        for key, each in values.get("parameters", {}).items()
    }
    paths = {
        key: _adoption(key, each, reason(each, ("paths", key)), file)
        for key, each in values.get("paths", {}).items()
    }
    if not extends:
        for key in paths:
            if key not in parameters:
                hint = nearest(key, list(parameters))
                raise file.wrong(("paths", key), f"is no parameter; {hint}")
    scenario = Scenario(
        name=name,
        title=values["title"],
        description=values["description"],
        extends=extends,
        first_year=values.get("first_year"),
        last_year=values.get("last_year"),
        sources=sources,
        parameters=parameters,
        paths=paths,
        variants={
            key: Variant(
                key,
                float(each["chance"]),
                reason(each, ("variants", key)),
                **{name: float(each.get(name, 1.0)) for name in _FACTORS},
            )
            for key, each in values.get("variants", {}).items()
        },
        funds={
            key: _fund(key, each, reason(each, ("funds", key)), file)
            for key, each in values.get("funds", {}).items()
        },
        closures=tuple(
            Closure(
                each["practice"],
                each["year"],
                reason(each, ("closures", at)),
                share=float(each.get("share", 1.0)),
                chance=float(each.get("chance", 1.0)),
            )
            for at, each in enumerate(values.get("closures", ()))
        ),
        applied=(name,),
        place=file.place,
        lines=file.lines,
    )
    if not extends:
        _check_complete(scenario)
    return scenario


def _assumption(
    name: str, table: Mapping[str, Any], reason: Reason, file: Scenario, extends: str
) -> Assumption:
    path = ("parameters", name)
    low, high = _ordered(table["interval"], (*path, "interval"), file)
    if not extends:
        for key in ("unit", "range"):
            if key not in table:
                raise file.wrong(path, f"{key} is absent; a base gives it, add {key}")
    least, most = (
        _ordered(table["range"], (*path, "range"), file)
        if "range" in table
        else (-_FAR, _FAR)
    )
    if not least <= low <= high <= most:
        raise file.wrong(
            (*path, "interval"),
            f"[{low:g}, {high:g}] does not lie in the range [{least:g}, {most:g}]; "
            "change one of the two",
        )
    return Assumption(name, low, high, least, most, table.get("unit", ""), reason)


def _adoption(
    name: str, table: Mapping[str, Any], reason: Reason, file: Scenario
) -> AdoptionPath:
    path = ("paths", name)
    low, high = _ordered(table["target"], (*path, "target"), file)
    ceiling = float(table.get("ceiling", 1.0))
    if not 0 < low <= high < ceiling:
        raise file.wrong(
            (*path, "target"),
            f"[{low:g}, {high:g}] does not lie between 0 and the ceiling {ceiling:g}; "
            "an S-curve never reaches either end",
        )
    if not table["start_year"] < table["target_year"]:
        raise file.wrong(
            (*path, "target_year"),
            f"{table['target_year']} is not later than start_year "
            f"{table['start_year']}; give a later year",
        )
    return AdoptionPath(
        parameter=name,
        start_year=table["start_year"],
        target_year=table["target_year"],
        low=low,
        high=high,
        ceiling=ceiling,
        reason=reason,
    )


def _fund(name: str, table: Mapping[str, Any], reason: Reason, file: Scenario) -> Fund:
    path = ("funds", name)
    if not sum(table["professions"].values()) > 0:
        raise file.wrong(
            (*path, "professions"), "have no parts; give one of them more than 0"
        )
    cents = {int(year): euro * 100 for year, euro in sorted(table["euro"].items())}
    assumed = tuple(sorted(table.get("assumed_years", ())))
    for at, year in enumerate(assumed):
        if year not in cents:
            raise file.wrong(
                (*path, "assumed_years", at), f"{year} has no amount; add it to euro"
            )
    professions = {key: float(part) for key, part in table["professions"].items()}
    return Fund(name, cents, assumed, professions, reason)


def _ordered(
    pair: Sequence[float], path: tuple[str | int, ...], file: Scenario
) -> tuple[float, float]:
    low, high = float(pair[0]), float(pair[1])
    if low > high:
        raise file.wrong(
            path, f"[{low:g}, {high:g}] is reversed; write [{high:g}, {low:g}]"
        )
    return low, high


# Writing ---------------------------------------------------------------------------


def dump(scenario: Scenario) -> str:
    """Write a scenario as TOML; reading it back gives the same values.

    A resolved scenario is written as a base of its own. Which scenario set a value is
    not written: the file that is read back is then the one that sets it.
    """
    parts = [
        _lines(
            {
                "schema": SCHEMA_VERSION,
                "name": re.sub(r"\+", "-", scenario.name),
                "title": scenario.title,
                "description": scenario.description,
                **({"extends": scenario.extends} if scenario.extends else {}),
                **({"first_year": scenario.first_year} if scenario.first_year else {}),
                **({"last_year": scenario.last_year} if scenario.last_year else {}),
            }
        )
    ]
    for name, source in scenario.sources.items():
        filled = {key: value for key, value in vars(source).items() if value}
        parts.append(_table("sources", name, filled))
    for name, parameter in scenario.parameters.items():
        table: dict[str, Any] = {"interval": [parameter.low, parameter.high]}
        if parameter.least > -_FAR:
            table["range"] = [parameter.least, parameter.most]
        if parameter.unit:
            table["unit"] = parameter.unit
        parts.append(_table("parameters", name, table | _reason(parameter.reason)))
    for name, path in scenario.paths.items():
        table = {
            "start_year": path.start_year,
            "target_year": path.target_year,
            "target": [path.low, path.high],
            "ceiling": path.ceiling,
        }
        parts.append(_table("paths", name, table | _reason(path.reason)))
    for name, variant in scenario.variants.items():
        factors = {key: getattr(variant, key) for key in _FACTORS}
        table = {"chance": variant.chance} | factors | _reason(variant.reason)
        parts.append(_table("variants", name, table))
    for name, fund in scenario.funds.items():
        euro = {f"{year}": cents // 100 for year, cents in fund.cents_by_year.items()}
        table = {
            "euro": euro,
            "assumed_years": list(fund.assumed_years),
            "professions": dict(fund.professions),
        }
        parts.append(_table("funds", name, table | _reason(fund.reason)))
    for closure in scenario.closures:
        table = {key: getattr(closure, key) for key in _CLOSING}
        parts.append("[[closures]]\n" + _lines(table | _reason(closure.reason)))
    return "\n".join(parts)


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "status": reason.status,
        "source": list(reason.source),
        "set_by": reason.set_by,
        "why": reason.why,
    }


def _table(kind: str, name: str, table: Mapping[str, Any]) -> str:
    return f"[{kind}.{_toml(name)}]\n{_lines(table)}"


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_toml(value)}\n" for key, value in table.items())


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # TOML's basic strings take JSON's escapes; DEL must be escaped too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return repr(value)
