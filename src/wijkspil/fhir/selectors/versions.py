"""Read versions: the newest, a given one, and how far history is complete."""

from wijkspil.core.prepared import fetch_row

_CURRENT = """
SELECT v.version, v.tick, v.body, v.public_body
  FROM fhir_resource r JOIN fhir_version v USING (type, fhir_id, version)
 WHERE r.type = %(type)s AND r.fhir_id = %(id)s
"""
_OF_VERSION = """
SELECT version, tick, body, public_body FROM fhir_version
 WHERE type = %(type)s AND fhir_id = %(id)s AND version = %(version)s
"""


class NotRendered(Exception):
    """The version is there, but nobody rendered it yet."""


def get_body(
    type_: str, fhir_id: str, *, is_public: bool, version: int | None = None
) -> tuple[int, int, str] | None:
    """Return (version, tick, JSON) of the newest or a given version, or None.

    One query. ``is_public``: as visitors see it.

    Raises
    ------
    NotRendered
        If it must be rendered first.
    """
    found = fetch_row(
        _CURRENT if version is None else _OF_VERSION,
        {"type": type_, "id": fhir_id, "version": version},
    )
    if found is None:
        return None
    number, tick, body, public_body = found
    if body is None:
        raise NotRendered
    return number, tick, public_body if is_public else body


def get_horizon() -> int:
    """Return the tick up to which history is complete: no version can still appear.

    Ask before reading versions, in a statement of its own (read committed).
    """
    row = fetch_row("SELECT fhir_horizon()", {})
    assert row is not None
    return int(row[0])


def has_resource(type_: str, fhir_id: str) -> bool:
    """Return whether there is such a resource. One query."""
    return (
        fetch_row(
            "SELECT 1 FROM fhir_resource WHERE type = %(type)s AND fhir_id = %(id)s",
            {"type": type_, "id": fhir_id},
        )
        is not None
    )
