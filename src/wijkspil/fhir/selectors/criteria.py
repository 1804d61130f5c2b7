"""Compile search parameters to one condition in SQL.

Knows the table of parameters and how terms are written; nothing of paging or bundles.
Every word asked comes as a parameter of the statement, never in its text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from math import cos, radians
from typing import Any

from django.utils.translation import gettext_noop

from wijkspil.fhir.errors import FhirError, refuse
from wijkspil.fhir.mapping.codes import SYNONYMS
from wijkspil.fhir.mapping.moments import period_of_date
from wijkspil.fhir.mapping.parameters import (
    MODIFIERS,
    PARAMETERS,
    PREFIXES,
    Kind,
    Parameter,
)
from wijkspil.fhir.mapping.terms import Terms, normalize

EARTH_RADIUS_M = 6_371_008.8
_METERS_PER_DEGREE = 111_195.0
_METERS = {
    "m": 1.0,
    "km": 1_000.0,
    "[mi_us]": 1_609.347_2,
    "mi": 1_609.344,
    "": 1_000.0,
}
#: Distance of ``near`` without one.
NEAR_M = 25_000.0
#: Values of one parameter, and parameters of one search.
MOST_VALUES = 2_000
MOST_PARAMETERS = 60

_DOUBLE = re.compile(r"[+-]?\d+(\.\d+)?")


@dataclass(frozen=True)
class Viewer:
    """Who asks, as far as search differs; ``base_url`` to know our own addresses."""

    is_known: bool
    base_url: str

    @property
    def terms(self) -> str:
        """The column of terms to look in."""
        return "terms" if self.is_known else "public_terms"


@dataclass(frozen=True)
class Near:
    """A place and the distance around it."""

    lat: float
    lon: float
    distance_m: float


@dataclass
class Condition:
    """A condition on one row of ``fhir_searchentry``, with its parameters."""

    sql: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    #: Parts of one text search query; all must hold.
    words: list[str] = field(default_factory=list)
    near: Near | None = None

    def add(self, sql: str, *values: Any) -> None:
        """Add a part that must hold."""
        self.sql.append(sql)
        self.values += values

    def finish(self, alias: str, viewer: Viewer) -> tuple[str, list[Any]]:
        """Return the condition as SQL, true if there is none."""
        sql, values = list(self.sql), list(self.values)
        if self.words:
            sql.append(f"{alias}.{viewer.terms} @@ %s::tsquery")
            values.append(" & ".join(f"({word})" for word in self.words))
        return " AND ".join(sql) or "true", values


class UnknownParameter(Exception):
    """A parameter that a type does not have: lenient callers have it ignored."""


def add_criterion(
    condition: Condition,
    type_: str,
    name: str,
    value: str,
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    """Add one parameter of a search of a type, as it stands in the address.

    Raises
    ------
    UnknownParameter
        If the type has no such parameter.
    FhirError
        400 for a modifier or value that cannot be; 403 for what is for those known.
    """
    if "\0" in value or "\0" in name:
        raise _bad(name.replace("\0", ""), value.replace("\0", ""))
    if name.startswith("_has:"):
        _add_reverse_chain(condition, type_, name, value, viewer=viewer, alias=alias)
        return
    head, dot, rest = name.partition(".")
    base, _, modifier = head.partition(":")
    parameter = PARAMETERS[type_].get(base)
    if parameter is None:
        raise UnknownParameter(name)
    if parameter.for_known and not viewer.is_known:
        raise refuse(
            HTTPStatus.FORBIDDEN,
            "forbidden",
            gettext_noop("“%(name)s” is for who is signed in as a professional."),
            expression=name,
            name=base,
        )
    if dot:
        _add_chain(
            condition, parameter, modifier, rest, value, viewer=viewer, alias=alias
        )
        return
    values = _split(value)
    if len(values) > MOST_VALUES:
        raise _bad(name, value[:40])
    if modifier == "missing":
        _add_missing(condition, type_, parameter, values, viewer=viewer, alias=alias)
        return
    types_allowed = parameter.targets if parameter.kind is Kind.REFERENCE else ()
    if modifier and modifier not in (*MODIFIERS[parameter.kind], *types_allowed):
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "not-supported",
            gettext_noop("“%(name)s” cannot have the modifier “%(modifier)s” here."),
            expression=name,
            name=base,
            modifier=modifier[:40],
        )
    _ADDERS[parameter.kind](
        condition, type_, parameter, modifier, values, viewer=viewer, alias=alias
    )


def _bad(name: str, value: str) -> FhirError:
    return refuse(
        HTTPStatus.BAD_REQUEST,
        "value",
        gettext_noop("“%(value)s” is no value that “%(name)s” can be searched by."),
        expression=name,
        name=name,
        value=value[:100],
    )


def _split(value: str) -> list[str]:
    r"""Split at commas that are not escaped; what is escaped stays so."""
    parts = re.split(r"(?<!\\)((?:\\\\)*),", value)
    # Backslashes before a comma are captured; they belong to the part before.
    joined = ["".join(parts[n : n + 2]) for n in range(0, len(parts), 2)]
    return [part for part in joined if part != ""] or [""]


def _unescape(value: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", value)


def _split_bars(value: str) -> list[str]:
    parts = re.split(r"(?<!\\)((?:\\\\)*)\|", value)
    joined = ["".join(parts[n : n + 2]) for n in range(0, len(parts), 2)]
    return [_unescape(part) for part in joined]


def word(term: str) -> str:
    """Return a term as a text search query holds it."""
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def _any_of(words: Sequence[str]) -> str:
    return " | ".join(words)


def _add_missing(
    condition: Condition,
    type_: str,
    parameter: Parameter,
    values: list[str],
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    if values not in (["true"], ["false"]) or parameter.name in {"_id", "_lastUpdated"}:
        raise _bad(f"{parameter.name}:missing", values[0])
    present = word(Terms(type_, parameter.name).present())
    if values == ["false"]:
        condition.words.append(present)
    else:
        condition.add(f"NOT {alias}.{viewer.terms} @@ %s::tsquery", present)


def _add_token(
    condition: Condition,
    type_: str,
    parameter: Parameter,
    modifier: str,
    values: list[str],
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    if parameter.name == "_id":
        ids = [value.partition("|")[2] or value for value in values]
        sql = f"{alias}.fhir_id = ANY(%s)"
        condition.add(f"NOT {sql}" if modifier == "not" else sql, ids)
        return
    terms = Terms(type_, parameter.name)
    words = [_token_word(terms, value) for value in values]
    if modifier == "not":
        condition.add(f"NOT {alias}.{viewer.terms} @@ %s::tsquery", _any_of(words))
    else:
        condition.words.append(_any_of(words))


def _token_word(terms: Terms, value: str) -> str:
    parts = _split_bars(value)
    if len(parts) == 1:
        return word(terms.code(parts[0]))
    system, code = parts[0], "|".join(parts[1:])
    systems = {system, SYNONYMS.get(system, system)}
    if not code and system:
        return _any_of([word(terms.system(each)) for each in sorted(systems)])
    return _any_of([word(terms.of_system(each, code)) for each in sorted(systems)])


def _starts(terms: Terms, values: list[str]) -> list[str]:
    return [word(terms.start(normalize(_unescape(value)))) + ":*" for value in values]


def _add_string(
    condition: Condition,
    type_: str,
    parameter: Parameter,
    modifier: str,
    values: list[str],
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    terms = Terms(type_, parameter.name)
    if modifier == "exact":
        condition.words.append(
            _any_of([word(terms.exact(_unescape(value))) for value in values])
        )
    elif modifier == "contains":
        normalized = [normalize(_unescape(value)) for value in values]
        # A line each; the key keeps other texts out, the cheap LIKE comes first.
        plus = r"\+?" if viewer.is_known else ""
        patterns = "|".join(re.escape(text) for text in normalized)
        condition.add(
            f"{alias}.strings LIKE ANY(%s)", [f"%{_like(text)}%" for text in normalized]
        )
        condition.add(
            f"{alias}.strings ~ %s",
            rf"(?n)^{plus}{re.escape(terms.key)}\|.*({patterns})",
        )
    else:
        condition.words.append(_any_of(_starts(terms, values)))


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _add_reference(
    condition: Condition,
    type_: str,
    parameter: Parameter,
    modifier: str,
    values: list[str],
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    terms = Terms(type_, parameter.name)
    if modifier == "identifier":
        words = [_token_word(terms.identifier(), value) for value in values]
    else:
        words = [
            word(terms.uri(reference))
            for value in values
            for reference in _references(parameter, modifier, value, viewer)
        ]
    condition.words.append(_any_of(words))


def _references(
    parameter: Parameter, modifier: str, value: str, viewer: Viewer
) -> list[str]:
    """Return how a reference may be written in a resource, for a value searched."""
    text = _unescape(value).removeprefix(f"{viewer.base_url}/")
    text = text.partition("/_history/")[0]
    if "/" in text:
        return [text]
    types = (modifier,) if modifier else parameter.targets
    return [f"{type_}/{text}" for type_ in types]


def _add_uri(
    condition: Condition,
    type_: str,
    parameter: Parameter,
    modifier: str,
    values: list[str],
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    terms = Terms(type_, parameter.name)
    condition.words.append(
        _any_of([word(terms.uri(_unescape(value))) for value in values])
    )


def _split_prefix(value: str) -> tuple[str, str]:
    prefix = value[:2]
    return (prefix, value[2:]) if prefix in PREFIXES else ("eq", value)


#: prefix -> condition on a period [from, until) for an asked one [%(lo)s, %(hi)s).
_ON_PERIOD = {
    "eq": "{f} >= %s AND {u} <= %s",
    "ne": "NOT ({f} >= %s AND {u} <= %s)",
    "gt": "{u} > %s",
    "ge": "{u} > %s",
    "lt": "{f} < %s",
    "le": "{f} < %s",
    "sa": "{f} >= %s",
    "eb": "{u} <= %s",
}


def _on_period(
    prefix: str, start: str, end: str, low: int, high: int
) -> tuple[str, list[int]]:
    values = {
        "eq": [low, high],
        "ne": [low, high],
        "gt": [high],
        "ge": [low],
        "lt": [low],
        "le": [high],
        "sa": [high],
        "eb": [low],
    }[prefix]
    return f"({_ON_PERIOD[prefix].format(f=start, u=end)})", values


def _add_date(
    condition: Condition,
    type_: str,
    parameter: Parameter,
    modifier: str,
    values: list[str],
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    start, end = (
        (f"{alias}.tick", f"({alias}.tick + 1)")
        if parameter.name == "_lastUpdated"
        else (f"{alias}.starts", f"{alias}.ends")
    )
    parts: list[str] = []
    numbers: list[int] = []
    for value in values:
        prefix, text = _split_prefix(value)
        period = period_of_date(text)
        if period is None:
            raise _bad(parameter.name, value)
        sql, asked = _on_period(prefix, start, end, *period)
        if parameter.name == "_lastUpdated":
            # Written for the index: a moment is later than x exactly if it is >= x + 1.
            sql = sql.replace(f"{end} > %s", f"{start} >= %s")
            sql = sql.replace(f"{end} <= %s", f"{start} < %s")
        parts.append(sql)
        numbers += asked
    condition.add(f"({' OR '.join(parts)})", *numbers)


def _add_number(
    condition: Condition,
    type_: str,
    parameter: Parameter,
    modifier: str,
    values: list[str],
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    parts: list[str] = []
    numbers: list[float] = []
    for value in values:
        prefix, text = _split_prefix(value)
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise _bad(parameter.name, value) from None
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or abs(number) > 10**15 or exponent > 15:
            raise _bad(parameter.name, value)
        column, asked = f"{alias}.number", float(number)
        # As exact as it was written: 2 is 1.5 up to 2.5.
        half = 0.5 * 10.0 ** min(exponent, 0)
        if prefix in {"eq", "ne"}:
            sql = f"({column} >= %s AND {column} < %s)"
            parts.append(f"NOT {sql}" if prefix == "ne" else sql)
            numbers += [asked - half, asked + half]
        else:
            sign = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "sa": ">", "eb": "<"}
            parts.append(f"{column} {sign[prefix]} %s")
            numbers.append(asked)
    condition.add(f"({' OR '.join(parts)})", *numbers)


def _add_near(
    condition: Condition,
    type_: str,
    parameter: Parameter,
    modifier: str,
    values: list[str],
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    parts: list[str] = []
    numbers: list[float] = []
    for value in values:
        near = _read_near(parameter.name, value)
        high = near.distance_m / _METERS_PER_DEGREE * 1.01
        cosine = max(0.01, cos(radians(min(89.0, abs(near.lat) + high))))
        wide = high / cosine
        parts.append(
            f"({alias}.lat BETWEEN %s AND %s AND {alias}.lon BETWEEN %s AND %s"
            f" AND {distance_sql(f'{alias}.lat', f'{alias}.lon')} <= %s)"
        )
        numbers += [
            near.lat - high,
            near.lat + high,
            near.lon - wide,
            near.lon + wide,
            *distance_values(near),
            near.distance_m,
        ]
        condition.near = condition.near or near
    condition.add(f"({' OR '.join(parts)})", *numbers)


def _read_near(name: str, value: str) -> Near:
    parts = _split_bars(value)
    numbers = parts[:3] if len(parts) > 2 and parts[2] else parts[:2]
    unit = parts[3] if len(parts) > 3 else ""
    if (
        not 2 <= len(parts) <= 4
        or not all(_DOUBLE.fullmatch(number) for number in numbers)
        or unit not in _METERS
    ):
        raise _bad(name, value)
    lat, lon = float(parts[0]), float(parts[1])
    distance = float(numbers[2]) * _METERS[unit] if len(numbers) > 2 else NEAR_M
    if abs(lat) > 90 or abs(lon) > 180 or not 0 <= distance <= 20_100_000:
        raise _bad(name, value)
    return Near(lat, lon, distance)


def distance_sql(lat: str, lon: str) -> str:
    """Return the great-circle distance in meters; ``distance_values`` fills it in."""
    return (
        f"(2 * {EARTH_RADIUS_M} * asin(least(1, sqrt("
        f"power(sin(radians({lat} - %s) / 2), 2)"
        f" + cos(radians(%s)) * cos(radians({lat}))"
        f" * power(sin(radians({lon} - %s) / 2), 2)))))"
    )


def distance_values(near: Near) -> list[float]:
    """Return the parameters of ``distance_sql``."""
    return [near.lat, near.lat, near.lon]


def _add_chain(
    condition: Condition,
    parameter: Parameter,
    modifier: str,
    rest: str,
    value: str,
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    """Add ``organization.name=`` or ``organization:Organization.name=``."""
    if parameter.kind is not Kind.REFERENCE:
        raise UnknownParameter(f"{parameter.name}.{rest}")
    if "." in rest or rest.startswith("_has:"):
        raise _too_deep(f"{parameter.name}.{rest}")
    if modifier and modifier not in parameter.targets:
        raise _bad(f"{parameter.name}:{modifier}.{rest}", modifier)
    name = rest.partition(":")[0]
    types = [
        type_
        for type_ in ((modifier,) if modifier else parameter.targets)
        if name in PARAMETERS.get(type_, {})
    ]
    if not types:
        raise UnknownParameter(f"{parameter.name}.{rest}")
    parts = []
    values: list[Any] = []
    for type_ in types:
        inner = Condition()
        add_criterion(inner, type_, rest, value, viewer=viewer, alias="t")
        sql, inner_values = inner.finish("t", viewer)
        parts.append(
            f"EXISTS (SELECT 1 FROM fhir_searchlink l JOIN fhir_searchentry t"
            f" ON t.type = l.target_type AND t.fhir_id = l.target_id"
            f" WHERE l.entry_id = {alias}.id AND l.parameter = %s"
            f" AND l.target_type = %s AND t.type = %s{_visible(viewer)} AND {sql})"
        )
        values += [parameter.name, type_, type_, *inner_values]
    condition.add(f"({' OR '.join(parts)})", *values)


def _add_reverse_chain(
    condition: Condition,
    type_: str,
    name: str,
    value: str,
    *,
    viewer: Viewer,
    alias: str,
) -> None:
    """Add ``_has:HealthcareService:organization:service-type=``."""
    parts = name.split(":", 3)
    if len(parts) != 4 or parts[3].startswith("_has") or "." in parts[3]:
        raise _too_deep(name)
    _, source, by, rest = parts
    parameter = PARAMETERS.get(source, {}).get(by)
    if (
        parameter is None
        or parameter.kind is not Kind.REFERENCE
        or type_ not in parameter.targets
    ):
        raise UnknownParameter(name)
    inner = Condition()
    add_criterion(inner, source, rest, value, viewer=viewer, alias="s")
    sql, values = inner.finish("s", viewer)
    condition.add(
        f"EXISTS (SELECT 1 FROM fhir_searchlink l JOIN fhir_searchentry s"
        f" ON s.id = l.entry_id"
        f" WHERE l.target_type = {alias}.type AND l.target_id = {alias}.fhir_id"
        f" AND l.parameter = %s AND s.type = %s{_visible(viewer)} AND {sql})",
        by,
        source,
        *values,
    )


def _visible(viewer: Viewer) -> str:
    return "" if viewer.is_known else " AND l.is_public"


def _too_deep(name: str) -> FhirError:
    return refuse(
        HTTPStatus.BAD_REQUEST,
        "not-supported",
        gettext_noop("“%(name)s” goes more than one step: search twice instead."),
        expression=name,
        name=name[:100],
    )


_ADDERS = {
    Kind.TOKEN: _add_token,
    Kind.STRING: _add_string,
    Kind.REFERENCE: _add_reference,
    Kind.URI: _add_uri,
    Kind.DATE: _add_date,
    Kind.NUMBER: _add_number,
    Kind.SPECIAL: _add_near,
}
