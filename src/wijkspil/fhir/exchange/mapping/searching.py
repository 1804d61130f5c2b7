"""What a search asks, as conditions: tokens, references and moments."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_noop

from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.fhir.errors import refuse
from wijkspil.fhir.exchange.types import Condition, Page
from wijkspil.fhir.types import Call, tick_of

#: Resources on a page, unless asked otherwise; and at most.
DEFAULT_COUNT, MOST_COUNT = 50, 500
#: Of every search: not conditions.
_CONTROLS = frozenset({"_count", "_sort", "_cursor", "_total", "_format", "_pretty"})
#: Comparisons of FHIR that say something of a moment.
_PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb")

Maker = Callable[[str, str], Condition]


def read_conditions(call: Call, makers: Mapping[str, Maker]) -> list[Condition]:
    """Return the conditions of a search; an unknown parameter is refused.

    Ignoring one would give more than was asked for.

    Raises
    ------
    FhirError
        400 for a parameter or a value that cannot be read.
    """
    found = []
    for place, (name, value) in enumerate(call.params):
        if name in _CONTROLS:
            continue
        maker = makers.get(name)
        if maker is None:
            raise refuse(
                HTTPStatus.BAD_REQUEST,
                "not-supported",
                gettext_noop(
                    "%(type)s cannot be searched by “%(name)s”. Known are: %(known)s."
                ),
                type=call.type,
                name=name[:60],
                known=", ".join(makers),
            )
        if value:
            found.append(maker(f"p{place}", value))
    return found


def read_page(call: Call) -> Page:
    """Return which page is asked.

    Raises
    ------
    FhirError
        400 for a number or a cursor that cannot be read.
    """
    asked = dict(call.params)
    count = asked.get("_count", str(DEFAULT_COUNT))
    if not (count.isascii() and count.isdecimal()):
        raise _unreadable("_count", count)
    tick, dot, id_ = asked.get("_cursor", "").partition(".")
    if dot and not (tick.isascii() and tick.isdecimal() and len(tick) < 19):
        raise _unreadable("_cursor", tick)
    return Page(
        count=min(int(count[:9]), MOST_COUNT), after=(int(tick), id_) if dot else None
    )


def links_of(
    call: Call, page: Page, last: tuple[int, str] | None
) -> list[tuple[str, str]]:
    """Return the addresses of this page and of the next, if there may be one."""
    path = "/".join(
        part
        for part in (
            call.base_url,
            call.type,
            call.id,
            call.operation if call.operation == "_history" else "",
        )
        if part
    )
    params = [(name, value) for name, value in call.params if name != "_cursor"]
    links = [("self", f"{path}?{urlencode(call.params)}" if call.params else path)]
    if last is not None:
        after = [*params, ("_cursor", f"{last[0]}.{last[1]}")]
        links.append(("next", f"{path}?{urlencode(after)}"))
    return links


def is_falling(call: Call, *orders: str) -> bool:
    """Whether the order asked is newest first; ``orders`` are the known keys.

    Raises
    ------
    FhirError
        400 for an unknown order.
    """
    asked = dict(call.params).get("_sort", f"-{orders[0]}")
    if asked.removeprefix("-") not in orders:
        raise _unreadable("_sort", asked)
    return asked.startswith("-")


def ids(column: str) -> Maker:
    """Return the condition that a column is one of the ids."""
    return _any(column, lambda value: value)


def words(column: str) -> Maker:
    """Return the condition that a column is one of the codes, system or not."""
    return _any(column, lambda value: value.rpartition("|")[2])


def reference(column: str, *types: str) -> Maker:
    """Return the condition that a column holds a reference, as in Task/1 or 1."""

    def absolute(value: str) -> str:
        parts = value.rstrip("/").split("/")
        return "/".join(parts[-2:]) if len(parts) > 1 else f"{types[0]}/{value}"

    return _any(column, absolute)


def token(column: str) -> Maker:
    """Return the condition that a jsonb list of Codings holds one of the tokens."""

    def make(name: str, value: str) -> Condition:
        wanted = [_coding(one) for one in value.split(",")]
        tests = " OR ".join(
            f"{column} @> %({name}_{place})s::jsonb" for place in range(len(wanted))
        )
        return Condition(
            tests, {f"{name}_{place}": one for place, one in enumerate(wanted)}
        )

    return make


def identifier(system: str, value: str) -> Maker:
    """Return the condition that columns hold one of the identifiers."""

    def make(name: str, text: str) -> Condition:
        tests: list[str] = []
        values: dict[str, object] = {}
        for place, one in enumerate(text.split(",")):
            of_system, bar, of_value = one.rpartition("|")
            test = f"{value} = %({name}_{place})s"
            values[f"{name}_{place}"] = of_value
            if bar:
                test = f"({test} AND {system} = %({name}_{place}s)s)"
                values[f"{name}_{place}s"] = of_system
            tests.append(test)
        return Condition(" OR ".join(tests), values)

    return make


def moment(column: str, *, in_ticks: bool = False) -> Maker:
    """Return the condition that a moment lies where the value says."""

    def make(name: str, value: str) -> Condition:
        tests: list[str] = []
        values: dict[str, object] = {}
        for place, one in enumerate(value.split(",")):
            prefix, text = (one[:2], one[2:]) if one[:2] in _PREFIXES else ("eq", one)
            start, end = _bounds(text, value)
            low, high = f"{name}_{place}a", f"{name}_{place}b"
            values |= {
                low: tick_of(start) if in_ticks else start,
                high: tick_of(end) if in_ticks else end,
            }
            tests.append(_compare(column, prefix, f"%({low})s", f"%({high})s"))
        return Condition(" OR ".join(tests), values)

    return make


def _compare(column: str, prefix: str, low: str, high: str) -> str:
    within = f"({column} >= {low} AND {column} < {high})"
    return {
        "eq": within,
        "ne": f"NOT {within}",
        "gt": f"{column} >= {high}",
        "sa": f"{column} >= {high}",
        "ge": f"{column} >= {low}",
        "lt": f"{column} < {low}",
        "eb": f"{column} < {low}",
        "le": f"{column} < {high}",
    }[prefix]


def _bounds(text: str, shown: str) -> tuple[datetime, datetime]:
    """Return a moment as precise as it was written, half-open."""
    try:
        if len(text) <= len("2026-11-22"):
            parts = [int(part) for part in text.split("-")]
            start = date(*[*parts, 1, 1][:3])
            end = {
                1: lambda: date(start.year + 1, 1, 1),
                2: lambda: (start.replace(day=28) + timedelta(days=4)).replace(day=1),
                3: lambda: start + timedelta(days=1),
            }[len(parts)]()
            return _midnight(start), _midnight(end)
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except (ValueError, KeyError, OverflowError):
        raise _unreadable("date", shown) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=AMSTERDAM)
    found = found.astimezone(UTC)
    step = timedelta(microseconds=1)
    if "." not in text:
        step = timedelta(seconds=1 if text.count(":") > 1 else 60)
    return found, found + step


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM)


def _any(column: str, read: Callable[[str], str]) -> Maker:
    def make(name: str, value: str) -> Condition:
        wanted: Sequence[Any] = [read(one) for one in value.split(",")]
        return Condition(f"{column} = ANY(%({name})s)", {name: list(wanted)})

    return make


def _coding(value: str) -> str:
    system, bar, code = value.rpartition("|")
    wanted = {"code": code} if code else {}
    if bar and system:
        wanted["system"] = system
    return json.dumps([wanted])


def _unreadable(name: str, value: str) -> Exception:
    return refuse(
        HTTPStatus.BAD_REQUEST,
        "value",
        gettext_noop("“%(value)s” cannot be read as %(name)s."),
        value=value[:60],
        name=name,
    )
