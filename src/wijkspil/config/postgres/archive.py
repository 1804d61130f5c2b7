"""Write a database out to one file, and read it back whole or not at all.

The file is PostgreSQL's custom format: compressed, and readable by any later version.
A seal behind it (its SHA-256) tells a file that was damaged since; pg_restore, which
ignores the seal, can read such a file without a word or read it for ever. A file of
pg_dump itself has no seal and is taken as it is.
"""

import hashlib
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from wijkspil.config.postgres.errors import (
    ArchiveUnusable,
    DatabaseInUse,
    DatabaseMissing,
)
from wijkspil.config.postgres.installation import find_installation
from wijkspil.config.postgres.lifecycle import Server, ensure_database, has_database

SEAL_START = b"\nwijkspil sha256 "
SEAL_BYTES = len(SEAL_START) + 64 + 1


def dump(server: Server, database: str, file: Path) -> None:
    """Write ``database`` to ``file``, which only its owner may read.

    An existing file is replaced at the very end, when the new one is whole and on disk.

    Raises
    ------
    DatabaseMissing
        If there is no such database.
    ArchiveUnusable
        If the file cannot be written.
    """
    with psycopg.connect(server.superuser_url("postgres")) as connection:
        if not has_database(connection, database):
            raise _missing(database)
    try:
        descriptor, unfinished = tempfile.mkstemp(
            dir=file.absolute().parent, prefix=f".{file.name}-"
        )
    except OSError as error:
        raise _unwritable(file, error.strerror or str(error)) from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            # As the superuser: it sees every row whatever the row-level policies say.
            answer = _run(
                ["pg_dump", "--format=custom", server.superuser_url(database)],
                stdout=stream,
            )
            if answer.returncode != 0:
                raise _unwritable(file, answer.stderr.decode(errors="replace").strip())
            stream.seek(0, os.SEEK_END)
            stream.write(_seal(Path(unfinished)))
            stream.flush()
            os.fsync(stream.fileno())
        Path(unfinished).replace(file)
    except OSError as error:
        raise _unwritable(file, error.strerror or str(error)) from error
    finally:
        Path(unfinished).unlink(missing_ok=True)


def restore(server: Server, database: str, file: Path) -> None:
    """Replace ``database`` by what ``file`` holds, or make it.

    It is read into a database of its own first and takes the other's place at the very
    end: a damaged file, a full disk or a kill leaves what there was. What is in the
    file runs with the rights of the application's role only.

    Raises
    ------
    ArchiveUnusable
        If the file is not a whole dump.
    DatabaseInUse
        If sessions are open on the database that is to be replaced.
    """
    _check_archive(file)
    incoming, outgoing = f"{database}_incoming", f"{database}_outgoing"
    with psycopg.connect(server.superuser_url("postgres"), autocommit=True) as admin:
        _check_unused(admin, database)
        for left_by_a_kill in (incoming, outgoing):
            _drop(admin, left_by_a_kill)
        ensure_database(server, incoming)
        try:
            with file.open("rb") as stream:
                answer = _run(
                    [
                        "pg_restore",
                        "--exit-on-error",
                        "--single-transaction",
                        "--no-owner",
                        f"--dbname={server.url(incoming)}",
                    ],
                    stdin=stream,
                )
            if answer.returncode != 0:
                raise _not_whole(file, answer.stderr.decode(errors="replace").strip())
            with admin.transaction():
                if has_database(admin, database):
                    _rename(admin, database, outgoing)
                _rename(admin, incoming, database)
        except psycopg.errors.ObjectInUse as error:
            raise _in_use(database, 1) from error
        finally:
            _drop(admin, incoming)
        _drop(admin, outgoing)


def _run(
    command: list[str],
    *,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.DEVNULL,
) -> subprocess.CompletedProcess[bytes]:
    # Client programs run as the caller, who owns the file; root may run these, and
    # from the wheel itself, never from a copy the server's account can reach.
    program, *arguments = command
    return subprocess.run(
        [find_installation().program(program), *arguments],
        check=False,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={"PATH": os.defpath, "LC_ALL": "C"},
    )


def _seal(file: Path, n_bytes: int | None = None) -> bytes:
    """Return the line that seals the first ``n_bytes`` of ``file``, or all of it."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(
            2**20 if n_bytes is None else min(2**20, n_bytes - stream.tell())
        ):
            digest.update(block)
    return SEAL_START + digest.hexdigest().encode() + b"\n"


def _has_broken_seal(file: Path) -> bool:
    n_bytes = max(0, file.stat().st_size - SEAL_BYTES)
    with file.open("rb") as stream:
        stream.seek(n_bytes)
        found = stream.read()
    return found.startswith(SEAL_START) and found != _seal(file, n_bytes)


def _check_archive(file: Path) -> None:
    try:
        if _has_broken_seal(file):
            raise _not_whole(file, "it was damaged since it was written.")
        with file.open("rb") as stream:
            answer = _run(["pg_restore", "--list"], stdin=stream)
    except OSError as error:
        raise ArchiveUnusable(
            f"{file} cannot be read: {error.strerror}.",
            why="There is nothing to restore from.",
            remedy="Check the name and the rights of the file.",
        ) from error
    if answer.returncode != 0:
        raise _not_whole(file, answer.stderr.decode(errors="replace").strip())


def _check_unused(admin: psycopg.Connection, database: str) -> None:
    for attempts_left in range(20, -1, -1):
        row = admin.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = %s AND backend_type = 'client backend'",
            [database],
        ).fetchone()
        n_sessions = row[0] if row else 0
        if not n_sessions:
            return
        if not attempts_left:
            raise _in_use(database, n_sessions)
        time.sleep(0.05)  # a session that was just closed lingers for a moment


def _rename(admin: psycopg.Connection, old: str, new: str) -> None:
    admin.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(old), sql.Identifier(new)
        )
    )


def _drop(admin: psycopg.Connection, database: str) -> None:
    admin.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
            sql.Identifier(database)
        )
    )


def _missing(database: str) -> DatabaseMissing:
    return DatabaseMissing(
        f"There is no database {database!r} on the embedded server.",
        why="There is nothing to write out.",
        remedy="Fill one first: make demo. Or name another with --database.",
    )


def _in_use(database: str, n_sessions: int) -> DatabaseInUse:
    return DatabaseInUse(
        f"{n_sessions} sessions are open on the database {database!r}.",
        why="It would be replaced under them and their work would be lost.",
        remedy="Stop the web server and other programs that use it, then try again.",
    )


def _unwritable(file: Path, reason: str) -> ArchiveUnusable:
    return ArchiveUnusable(
        f"The dump {file} could not be written: {reason}",
        why="There is no new copy of the data.",
        remedy="Check that the folder exists, may be written and has room.",
    )


def _not_whole(file: Path, reason: str) -> ArchiveUnusable:
    return ArchiveUnusable(
        f"{file} could not be restored: {reason}",
        why="Nothing was changed; the database is as it was.",
        remedy="Use a file that `wijkspil db dump` wrote, from start to end.",
    )
