"""Write a resource so that it can be signed: FHIR's static canonical JSON (pure).

Version labels (``meta``) and narrative (``text``) of each resource are left out, the
rest is written by the JSON Canonicalization Scheme (RFC 8785). Source: hl7.fhir.nl.gf,
page "Mutation signing"; http://hl7.org/fhir/canonicalization/json#static.
"""

import json
from decimal import Decimal
from typing import Any

from wijkspil.fhir.types import Resource

CANONICALIZATION = "http://hl7.org/fhir/canonicalization/json#static"


def to_canonical_json(resource: Resource) -> bytes:
    """Return the bytes that are signed."""
    return _write(_without_labels(resource)).encode()


def _without_labels(value: Any) -> Any:
    if isinstance(value, dict):
        left_out = {"meta", "text"} if "resourceType" in value else set()
        return {
            name: _without_labels(item)
            for name, item in value.items()
            if name not in left_out
        }
    if isinstance(value, list):
        return [_without_labels(item) for item in value]
    return value


def _write(value: Any) -> str:
    if isinstance(value, dict):
        # RFC 8785 orders names by their UTF-16 code units.
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_text(n)}:{_write(value[n])}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_write, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value) if not isinstance(value, str) else _text(value)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    """Return a number as ECMAScript writes it."""
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    point = len(text) + exponent
    if len(text) <= point <= 21:
        made = text + "0" * (point - len(text))
    elif 0 < point <= 21:
        made = f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        made = f"0.{'0' * -point}{text}"
    else:
        power = point - 1
        mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
        made = f"{mantissa}e{'+' if power > 0 else ''}{power}"
    return f"-{made}" if sign else made
