"""What can go wrong with the embedded PostgreSQL, in words a newcomer can act on.

Every error says what is wrong (with the value), why it matters and what to do::

    PostgresError
    ├── BinariesMissing         the wheel is absent or does not run here
    ├── AccountUnusable         no operating system account may run the server
    ├── FolderUnusable          the data folder cannot be made, entered or written
    │   ├── FolderNotOurs       it belongs to another account
    │   ├── FolderCopied        it is a copy of another installation's folder
    │   └── DiskFull
    ├── VersionMismatch         the data were made by another PostgreSQL
    ├── NotDurable              the data were made without crash safety, for tests
    ├── LockTimeout             another process keeps the data folder locked
    ├── StartFailed             the server ended while starting
    │   └── StartTimeout        it is still busy, for instance with crash recovery
    ├── StopFailed
    ├── NotRunning
    ├── EmbeddedUnused          DATABASE_URL names another server
    ├── DatabaseNameInvalid
    ├── DatabaseMissing
    ├── DatabaseInUse
    └── ArchiveUnusable         a dump could not be written, or is not a dump
"""


class PostgresError(Exception):
    """An anticipated failure of the embedded PostgreSQL.

    Parameters
    ----------
    what
        What is wrong, with the value and the place.
    why
        Why it matters.
    remedy
        What the reader can do about it.
    """

    def __init__(self, what: str, *, why: str, remedy: str) -> None:
        super().__init__(f"{what} {why} {remedy}")
        self.what = what
        self.why = why
        self.remedy = remedy


class BinariesMissing(PostgresError):
    """The wheel with the PostgreSQL binaries is absent or does not run here."""


class AccountUnusable(PostgresError):
    """No account of the operating system may run the server."""


class FolderUnusable(PostgresError):
    """The data folder cannot be made, entered or written."""


class FolderNotOurs(FolderUnusable):
    """The data folder belongs to another account."""


class FolderCopied(FolderUnusable):
    """The data folder is a copy; its data lie elsewhere and belong to the original."""


class DiskFull(FolderUnusable):
    """The disk with the data folder has no room left."""


class VersionMismatch(PostgresError):
    """The data were made by another major version of PostgreSQL."""


class NotDurable(PostgresError):
    """The data were made without crash safety and may not serve as real data."""


class LockTimeout(PostgresError):
    """Another process keeps the data folder locked."""


class StartFailed(PostgresError):
    """The server ended while it was starting."""


class StartTimeout(StartFailed):
    """The server is alive but does not answer yet."""


class StopFailed(PostgresError):
    """The server did not end."""


class NotRunning(PostgresError):
    """The server does not run, so there is nothing to talk to."""


class EmbeddedUnused(PostgresError):
    """Wijkspil runs on another server, so the embedded one is beside the point."""


class DatabaseNameInvalid(PostgresError):
    """A name that PostgreSQL would cut short or that the launcher needs itself."""


class DatabaseMissing(PostgresError):
    """The named database does not exist."""


class DatabaseInUse(PostgresError):
    """Sessions are open on a database that is to be replaced."""


class ArchiveUnusable(PostgresError):
    """A dump could not be written, or the given file is not a whole dump."""
