"""The embedded PostgreSQL: one command, no set-up, nothing acknowledged ever lost.

Answers how to get a running PostgreSQL for a data folder, also as root, also after any
process was killed. It knows nothing of the application's tables and imports no Django.
Decisions: ``docs/adr/0002-embedded-postgresql.md``; use: ``docs/howto/database.md``.
"""

from wijkspil.config.postgres.archive import dump, restore
from wijkspil.config.postgres.errors import PostgresError
from wijkspil.config.postgres.folder import default_data_dir
from wijkspil.config.postgres.lifecycle import (
    Server,
    Status,
    discard,
    ensure_database,
    ensure_running,
    list_databases,
    status,
    stop,
)

__all__ = [
    "PostgresError",
    "Server",
    "Status",
    "default_data_dir",
    "discard",
    "dump",
    "ensure_database",
    "ensure_running",
    "list_databases",
    "restore",
    "status",
    "stop",
]
