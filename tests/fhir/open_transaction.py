"""A transaction of someone else, open for as long as a block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def open_transaction(
    statement: str, *values: object, ends_well: bool = True
) -> Iterator["psycopg.Connection[Any]"]:
    """Do something on an own connection; commit (or roll back) after the block."""
    settings = connection.get_connection_params()
    known = {
        name: settings[name]
        for name in ("dbname", "user", "password", "host", "port", "options")
        if settings.get(name)
    }
    other = psycopg.connect(**known)
    try:
        other.execute(statement, values)
        yield other
        if ends_well:
            other.commit()
    finally:
        other.close()
