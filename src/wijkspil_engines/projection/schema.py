"""Which form has a scenario file: the published JSON schema, and a check against it.

``SCHEMA`` is the only definition: the reader checks files with it and the product can
serve it (``schema_json``), so that an editor or another program can use it too. A
TOML file is first read as plain tables, lists, text and numbers; dates become text.

Versions are ``major.minor``: a minor version only adds what may be left out, so each
file of ``1.0`` is also one of ``1.1``; a reader refuses a version it does not know.

The check below covers the words of JSON Schema (draft 2020-12, json-schema.org) that
``SCHEMA`` uses and no others; the tests hold it against a full implementation.
"""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Version of the form, as in ``schema = "1.0"`` at the top of a file.
SCHEMA_VERSION = "1.0"

#: How sure a value is, from most to least.
STATUSES = ("measured", "published", "expert", "assumed")

_NAME = r"^[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*$"
_CODE = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
_DATE = r"^(unknown|[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)$"

_TEXT = {"type": "string", "minLength": 1}
_YEAR = {"type": "integer", "minimum": 1900, "maximum": 2200}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_FACTOR = {"type": "number", "minimum": 0, "maximum": 10}


def _pair(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "type": "array",
        "items": {"type": "number"},
        "minItems": 2,
        "maxItems": 2,
    }


_INTERVAL = _pair("80 % interval [low, high], as in [0.4, 0.6]")
_WHY_KEYS = ("status", "source", "set_by", "why")
_WHY: dict[str, Any] = {
    "status": {
        "description": "How sure the value is.",
        "type": "string",
        "enum": list(STATUSES),
    },
    "source": {
        "description": 'Names of tables under [sources], as in ["W23"].',
        "type": "array",
        "items": {"type": "string", "pattern": _CODE},
        "minItems": 1,
    },
    "set_by": {"description": "Who chose the value.", **_TEXT},
    "why": {"description": "Why this value, in one or two sentences.", **_TEXT},
}


def _table(
    description: str, required: Sequence[str], properties: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "required": list(required),
        "properties": dict(properties),
        "additionalProperties": False,
    }


def _named(description: str, pattern: str, each: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"pattern": pattern},
        "additionalProperties": dict(each),
    }


_SOURCE = _table(
    "Where figures come from.",
    ("publisher", "title", "date"),
    {
        "publisher": _TEXT,
        "title": _TEXT,
        "date": {
            "description": 'Year, month or day, as in "2023-03-17", or "unknown".',
            "type": "string",
            "pattern": _DATE,
        },
        "url": {"description": "Address, or the name of a site.", **_TEXT},
        "letter": {"description": "Number of a letter to parliament.", **_TEXT},
        "document": {"description": "A file or data set at hand.", **_TEXT},
    },
)

_PARAMETER = _table(
    "One number of the model, as an interval. A scenario that extends another may "
    "leave out unit and range: they stay what they are.",
    ("interval", *_WHY_KEYS),
    {
        "interval": _INTERVAL,
        "unit": {"description": 'Of the interval, as in "share".', **_TEXT},
        "range": _pair("values that can exist [least, most], as in [0, 1]"),
        **_WHY,
    },
)

_PATH = _table(
    "A parameter that grows along an S-curve from its own value to a target.",
    ("start_year", "target_year", "target", *_WHY_KEYS),
    {
        "start_year": _YEAR,
        "target_year": _YEAR,
        "target": _INTERVAL,
        "ceiling": {"description": "Never above this share.", **_SHARE},
        **_WHY,
    },
)

_CLOSURE = _table(
    "A practice that stops.",
    ("practice", "year", *_WHY_KEYS),
    {
        "practice": {
            "description": 'Its key in the data of supply, or "chosen": who runs the '
            "scenario names it.",
            **_TEXT,
        },
        "year": {"description": "First year without it.", **_YEAR},
        "share": {"description": "Of what it would have done.", **_SHARE},
        "chance": {"description": "That it stops.", **_SHARE},
        **_WHY,
    },
)

_FUND = _table(
    "Money for training, in whole euro per calendar year, and who it is for.",
    ("euro", "professions", *_WHY_KEYS),
    {
        "euro": {
            "description": "Whole euro per year.",
            "type": "object",
            "propertyNames": {"pattern": "^[0-9]{4}$"},
            "additionalProperties": {"type": "integer", "minimum": 0},
            "minProperties": 1,
        },
        "assumed_years": {
            "description": "Years whose amount is not stated by the source.",
            "type": "array",
            "items": _YEAR,
        },
        "professions": _named(
            "Parts per profession: 2 gets twice what 1 gets.",
            _NAME,
            {"type": "number", "minimum": 0},
        ),
        **_WHY,
    },
)

_VARIANT = _table(
    "A demographic variant and the chance that it comes true.",
    ("chance", *_WHY_KEYS),
    {
        "chance": {"description": "Chance from 0 to 1.", **_SHARE},
        **{
            name: {"description": f"Times the level of {name}.", **_FACTOR}
            for name in ("mortality", "fertility", "arrivals", "departures")
        },
        **_WHY,
    },
)

#: The form of a scenario file.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": f"urn:wijkspil:projection:scenario:{SCHEMA_VERSION}",
    "title": "Scenario of need against capacity",
    **_table(
        "A set of parameters with intervals and sources, or changes to another set.",
        ("schema", "name", "title", "description"),
        {
            "schema": {
                "description": "Version of this form.",
                "type": "string",
                "enum": [SCHEMA_VERSION],
            },
            "name": {
                "description": "Lower case, as in digital-50-percent-adoption.",
                "type": "string",
                "pattern": _NAME,
            },
            "title": _TEXT,
            "description": _TEXT,
            "extends": {
                "description": "Name of the scenario this one changes.",
                "type": "string",
                "pattern": _NAME,
            },
            "first_year": {"description": "Year of the starting figures.", **_YEAR},
            "last_year": {"description": "Last year projected.", **_YEAR},
            "sources": _named("Sources by name.", _CODE, _SOURCE),
            "parameters": _named("Parameters by name.", _NAME, _PARAMETER),
            "paths": _named("Growth by name of the parameter.", _NAME, _PATH),
            "variants": _named("Variants by name.", _NAME, _VARIANT),
            "funds": _named("Training money by name.", _NAME, _FUND),
            "closures": {
                "description": "Practices that stop.",
                "type": "array",
                "items": _CLOSURE,
            },
        },
    ),
}

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Violation:
    """What in a file is not of the form.

    Attributes
    ----------
    path
        Keys from the top; numbers count places in a list from 0.
    message
        What is wrong and what to do, without the place.
    """

    path: Path
    message: str


def schema_json() -> str:
    """Return the schema as JSON, to publish or to save next to scenario files."""
    return json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n"


def first_violation(
    value: Any, schema: Mapping[str, Any] = SCHEMA, path: Path = ()
) -> Violation | None:
    """Return the first thing in a value that is not of a schema, or None.

    Order: what is unknown, what is absent, then each key as it stands.
    """
    kind = schema.get("type")
    if kind is not None and not _is(kind, value):
        what = schema.get("description", "")
        return Violation(
            path,
            f"{_shown(value)} is not {_ARTICLES[kind]}"
            + (f" ({what.rstrip('.')})" if what else ""),
        )
    if isinstance(value, Mapping):
        return _in_table(value, schema, path)
    if isinstance(value, list):
        return _in_list(value, schema, path)
    message = _of_value(value, schema)
    return Violation(path, message) if message else None


def nearest(name: str, known: Sequence[str]) -> str:
    """Return words that help who mistyped a name."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    return f"use {', '.join(known)}" if len(known) <= 12 else "see the base scenario"


_ARTICLES = {
    "object": "a table",
    "array": "a list",
    "string": "text in quotes",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}


def _is(kind: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "number":
        is_number = isinstance(value, int | float)
        return is_number and abs(value) < float("inf")
    kinds = {"object": Mapping, "array": list, "string": str, "integer": int}
    return isinstance(value, kinds[kind])


def _in_table(
    table: Mapping[str, Any], schema: Mapping[str, Any], path: Path
) -> Violation | None:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    names = schema.get("propertyNames", {}).get("pattern")
    for key in table:
        if others is False and key not in properties:
            hint = nearest(key, list(properties))
            return Violation((*path, key), f"the key is not known; {hint}")
        if names and not re.search(names, key):
            return Violation(
                (*path, key), f"the name {key[:60]!r} does not have the form {names}"
            )
    for key in schema.get("required", ()):
        if key not in table:
            what = properties[key].get("description", "").rstrip(".")
            return Violation(
                path, f"{key} is absent; add {key} = … ({what or 'text in quotes'})"
            )
    if len(table) < schema.get("minProperties", 0):
        return Violation(path, "the table is empty; add at least one key")
    for key, value in table.items():
        inner = properties.get(key, others)
        if isinstance(inner, Mapping):
            found = first_violation(value, inner, (*path, key))
            if found:
                return found
    return None


def _in_list(
    values: list[Any], schema: Mapping[str, Any], path: Path
) -> Violation | None:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if len(values) < least or (most is not None and len(values) > most):
        wanted = f"{least}" if least == most else f"at least {least}"
        return Violation(
            path,
            f"{_shown(values)} has {len(values)} items and needs {wanted} "
            f"({schema.get('description', '').rstrip('.')})",
        )
    for place, value in enumerate(values):
        found = first_violation(value, schema.get("items", {}), (*path, place))
        if found:
            return found
    return None


def _of_value(value: Any, schema: Mapping[str, Any]) -> str:
    what = schema.get("description", "").rstrip(".")
    if "enum" in schema and value not in schema["enum"]:
        return f"{_shown(value)} is not known; use {', '.join(schema['enum'])}"
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            return "is empty" + (f" ({what})" if what else "")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return f"{_shown(value)} does not have the form {schema['pattern']}" + (
                f" ({what})" if what else ""
            )
    elif not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            return f"{value!r} is below {schema['minimum']}"
        if "maximum" in schema and value > schema["maximum"]:
            return f"{value!r} is above {schema['maximum']}"
    return ""


def _shown(value: Any) -> str:
    return repr(value)[:60]
