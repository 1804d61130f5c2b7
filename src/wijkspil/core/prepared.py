"""Run a hot, read-only statement that the server prepares once per connection.

Django binds parameters on the client, so the server plans each statement anew; for
the few statements behind the busiest pages that plan costs more than the work. This
goes around Django's cursor (and its query log) on purpose, and only for reading.
"""

from collections.abc import Mapping
from typing import Any, cast

import psycopg
from django.db import connection


def fetch_row(statement: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return the first row of a prepared statement, or None.

    Uses the connection and the transaction that Django holds now.
    """
    connection.ensure_connection()
    raw = cast("psycopg.Connection[tuple[Any, ...]]", connection.connection)
    with psycopg.Cursor(raw) as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return cursor.fetchone()


def fetch_rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a prepared statement; otherwise as ``fetch_row``."""
    connection.ensure_connection()
    raw = cast("psycopg.Connection[tuple[Any, ...]]", connection.connection)
    with psycopg.Cursor(raw) as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return cursor.fetchall()
