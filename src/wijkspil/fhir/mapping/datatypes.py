"""Small data types that more than one resource uses: texts, references, periods."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wijkspil.fhir.mapping.codes import ACT_REASON
from wijkspil.fhir.types import Resource

#: Marks what is invented, for whoever copies us ("test health data").
_INVENTED = {"system": ACT_REASON, "code": "HTEST", "display": "test health data"}


def clean_text(value: object) -> str:
    """Return a text as a FHIR string may hold it: no control characters, not blank."""
    text = "".join(c for c in str(value or "") if c in "\n\r\t" or c >= " ")
    return text.strip()


def to_reference(type_: str, fhir_id: str) -> Resource:
    """Return a reference to a resource of this directory."""
    return {"reference": f"{type_}/{fhir_id}"}


def to_instant(value: str) -> str:
    """Return a moment as PostgreSQL writes it in JSON as a FHIR instant, in UTC."""
    moment = datetime.fromisoformat(value).astimezone(UTC)
    text = f"{moment:%Y-%m-%dT%H:%M:%S}"
    if moment.microsecond:
        text += f".{moment.microsecond:06d}"
    return f"{text}Z"


def to_period(row: Mapping[str, Any]) -> Resource:
    """Return the period of a row; our end is the first moment outside it."""
    period: Resource = {}
    if row.get("valid_from"):
        period["start"] = to_instant(row["valid_from"])
    if row.get("valid_until"):
        period["end"] = to_instant(row["valid_until"])
    return period


def to_meta(row: Mapping[str, Any], *profiles: str) -> Resource:
    """Return the labels of a resource: its profiles, and whether it is invented."""
    meta: Resource = {}
    if profiles:
        meta["profile"] = list(profiles)
    if row.get("is_fictional"):
        meta["tag"] = [dict(_INVENTED)]
    return meta


def is_live(source: Mapping[str, Any], *rows: Mapping[str, Any]) -> bool:
    """Whether a resource is still there and everything it stands on is active."""
    return not source.get("removed") and all(row.get("is_active", True) for row in rows)


def drop_empty(resource: Resource) -> Resource:
    """Return a resource without empty elements, which FHIR does not allow."""
    return {name: value for name, value in resource.items() if value not in EMPTY}


#: What counts as empty (False and 0 do not).
EMPTY: tuple[object, ...] = (None, "", [], {})
