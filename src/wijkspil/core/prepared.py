"""Run a hot statement that the server prepares once per connection.

Django binds parameters on the client, so the server plans each statement anew; for
the few statements behind the busiest pages that plan costs more than the work, and
building the statement from a queryset costs more still. This goes around Django's
cursor on purpose, for reading and for the trail of access; where queries are logged
these are as well.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import JSONField, Model
from django.db.transaction import TransactionManagementError

#: No row has a larger id; the server refuses one as a parameter.
LARGEST_ID = 2**63 - 1


def fetch_row(statement: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return the first row of a prepared statement, or None.

    Uses the connection and the transaction that Django holds now.
    """
    with _executed(statement, parameters) as cursor:
        return cursor.fetchone()


def fetch_rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a prepared statement; otherwise as ``fetch_row``."""
    with _executed(statement, parameters) as cursor:
        return cursor.fetchall()


def run(statement: str, parameters: Mapping[str, Any]) -> None:
    """Run a prepared statement that gives nothing back, such as one row to add."""
    with _executed(statement, parameters):
        pass


def check_in_transaction() -> None:
    """Refuse to lock rows where the lock would be gone at once.

    Before a statement that ends with FOR UPDATE.

    Raises
    ------
    TransactionManagementError
        If there is no transaction.
    """
    if not connections[DEFAULT_DB_ALIAS].in_atomic_block:
        raise TransactionManagementError("Rows are locked in a transaction only.")


def columns_of(model: type[Model], alias: str) -> str:
    """Return the columns of a model for a SELECT, as ``fetch_instances`` takes them."""
    return ", ".join(
        # Django's connection leaves jsonb a text; json comes as what it holds.
        f"{alias}.{field.column}::json"
        if isinstance(field, JSONField)
        else f"{alias}.{field.column}"
        for field in model._meta.concrete_fields  # noqa: SLF001 - as documented
    )


def fetch_instances(
    statement: str, parameters: Mapping[str, Any], *models: type[Model]
) -> list[tuple[Any, ...]]:
    """Return per row one instance of each model, None where an outer join found none.

    The statement selects ``columns_of`` each model, in their order; what it selects
    after those comes as it is.
    """
    parts = [(model, *_fields_of(model)) for model in models]
    found = []
    for row in fetch_rows(statement, parameters):
        instances: list[Model | None] = []
        start = 0
        for model, names, key in parts:
            end = start + len(names)
            values = row[start:end]
            instances.append(
                None
                if values[key] is None
                else model.from_db(DEFAULT_DB_ALIAS, names, values)
            )
            start = end
        found.append((*instances, *row[start:]))
    return found


@lru_cache(maxsize=256)
def _fields_of(model: type[Model]) -> tuple[list[str], int]:
    """Return the names of a model's values, and the place of its key among them."""
    fields = model._meta.concrete_fields  # noqa: SLF001 - as documented by Django
    return [f.attname for f in fields], [f.primary_key for f in fields].index(True)


def _executed(
    statement: str, parameters: Mapping[str, Any]
) -> "psycopg.Cursor[tuple[Any, ...]]":
    connection = connections[DEFAULT_DB_ALIAS]  # looked up once: it takes time
    connection.ensure_connection()
    if connection.queries_logged:
        connection.queries_log.append({"sql": statement, "time": "prepared"})
    made = cast("psycopg.Connection[tuple[Any, ...]]", connection.connection)
    return psycopg.Cursor(made).execute(statement, parameters, prepare=True)
