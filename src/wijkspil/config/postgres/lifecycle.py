"""Start, watch and stop the embedded PostgreSQL of one data folder.

The server outlives whoever started it. Whether it runs is never read from a file: it
runs when ``SELECT 1`` answers. Every step can be killed and is simply done again; what
PostgreSQL acknowledged is safe because only PostgreSQL touches its data.
"""

import contextlib
import re
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from wijkspil.config.postgres.account import Account, caller, is_root, run_as
from wijkspil.config.postgres.configuration import (
    APP_ROLE,
    MIB,
    PORT,
    SUPERUSER,
    configuration_files,
)
from wijkspil.config.postgres.errors import (
    DatabaseNameInvalid,
    FolderNotOurs,
    FolderUnusable,
    NotDurable,
    PostgresError,
    StartFailed,
    StartTimeout,
    StopFailed,
    VersionMismatch,
)
from wijkspil.config.postgres.folder import (
    SOCKET_NAME,
    DataFolder,
    disk_full,
    locked,
    make_folder,
    read_folder,
    remove_folder,
    write_config,
)
from wijkspil.config.postgres.installation import (
    Installation,
    find_installation,
    usable_by,
)
from wijkspil.config.postgres.processes import (
    Process,
    end,
    is_alive,
    postgres_processes,
    postmaster,
    socket_dir_in_use,
)

#: Crash recovery replays the log since the last checkpoint, which may take minutes.
START_TIMEOUT_S = 300
#: An empty cluster takes about 40 MB, its log 16 MB at once and more when used.
FREE_BYTES_MIN = 200 * MIB
START_ATTEMPTS = 3

#: PostgreSQL's own order: fast (rolls back, writes everything), immediate (recovers at
#: the next start), and the kernel's.
STOP_SIGNALS = [(signal.SIGINT, 60.0), (signal.SIGQUIT, 15.0), (signal.SIGKILL, 15.0)]


@dataclass(frozen=True)
class Server:
    """A running server and how to reach it."""

    data_dir: Path
    socket_dir: Path
    port: int = PORT
    app_role: str = APP_ROLE
    superuser: str = SUPERUSER

    def url(self, database: str) -> str:
        """Return the address of a database for the application's plain role."""
        return self._url(self.app_role, database)

    def superuser_url(self, database: str) -> str:
        """Return the address for maintenance: it bypasses row-level security."""
        return self._url(self.superuser, database)

    def _url(self, role: str, database: str) -> str:
        host = quote(str(self.socket_dir))
        name = quote(database, safe="")
        return f"postgresql://{role}@/{name}?host={host}&port={self.port}"


@dataclass(frozen=True)
class Status:
    """How a data folder is doing.

    ``state`` is ``absent`` (no data yet), ``stopped``, ``unresponsive`` (a server
    lives but does not answer, perhaps still recovering) or ``running``.
    """

    state: str
    data_dir: Path
    cluster: Path | None = None
    log_dir: Path | None = None
    version: str | None = None
    pid: int | None = None
    server: Server | None = None


def ensure_running(
    data_dir: Path, *, durable: bool = True, installation: Installation | None = None
) -> Server:
    """Return the server of ``data_dir``, made and started when it was not.

    Safe to call at any time by any number of processes at once, and after any of them
    was killed. Returns once the server answers the application's role.

    Parameters
    ----------
    durable
        False, for tests only, makes new data without crash safety. It never weakens
        data that were made with it.
    installation
        The binaries; found in the wheel when not given.

    Raises
    ------
    PostgresError
        One of its kinds, with the remedy.
    """
    data_dir = data_dir.expanduser().resolve()
    folder = read_folder(data_dir)
    if folder is not None:
        _check_durable(folder, durable=durable)
        server = _server(folder)
        if _answers(server, role_url=server.url("postgres")):
            return server
    with locked(data_dir) as lock:
        folder = make_folder(data_dir, durable=durable)
        _check_durable(folder, durable=durable)
        _start(folder, installation=installation, lock=lock)
        server = _server(folder)
        _ensure_app_role(server)
    return server


def ensure_database(server: Server, name: str) -> None:
    """Make the database ``name``, owned by the application's role, if it is missing.

    Raises
    ------
    DatabaseNameInvalid
        If PostgreSQL would cut the name short.
    """
    if not 0 < len(name.encode()) <= 63 or "\0" in name:
        raise DatabaseNameInvalid(
            f"The database name {name!r} is not 1 to 63 bytes long.",
            why="PostgreSQL cuts longer names short without a word.",
            remedy="Choose a shorter name.",
        )
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        if has_database(connection, name):
            return
        # Made at the same moment by another process: just as good. Both errors occur.
        with contextlib.suppress(
            psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation
        ):
            connection.execute(
                sql.SQL(
                    "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'"
                ).format(sql.Identifier(name), sql.Identifier(server.app_role))
            )


def has_database(connection: psycopg.Connection, name: str) -> bool:
    """Tell whether the server has a database of this name. One query."""
    query = "SELECT 1 FROM pg_database WHERE datname = %s"
    return connection.execute(query, [name]).fetchone() is not None


def list_databases(server: Server) -> list[str]:
    """Return the names of the databases made for the application, in order."""
    query = (
        "SELECT datname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba"
        " WHERE rolname = %s ORDER BY datname"
    )
    with psycopg.connect(server.superuser_url("postgres")) as connection:
        return [name for (name,) in connection.execute(query, [server.app_role])]


def stop(data_dir: Path) -> bool:
    """Stop the server and wait until it ended; tell whether one was running.

    Open transactions are rolled back, as PostgreSQL's fast shutdown does.

    Raises
    ------
    StopFailed
        If it does not end, even by force.
    """
    data_dir = data_dir.expanduser().resolve()
    if read_folder(data_dir) is None:
        return False
    with locked(data_dir):
        folder = read_folder(data_dir)
        return folder is not None and _stop(folder)


def discard(data_dir: Path) -> None:
    """Stop the server and remove everything the launcher made, data included."""
    data_dir = data_dir.expanduser().resolve()
    if read_folder(data_dir) is None:
        return
    with locked(data_dir):
        if (folder := read_folder(data_dir)) is not None:
            _stop(folder)
            remove_folder(folder)


def status(data_dir: Path) -> Status:
    """Return how the data folder is doing; starts and changes nothing.

    Raises
    ------
    FolderUnusable
        If the folder may not be read.
    """
    data_dir = data_dir.expanduser().resolve()
    folder = read_folder(data_dir)
    if folder is None:
        return Status("absent", data_dir)
    try:
        if not (folder.cluster / "PG_VERSION").exists():
            return Status("absent", data_dir)
        version = (folder.cluster / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise _unreadable(folder, error) from error
    process = postmaster(folder.cluster)
    server = _server(folder)
    runs = _answers(server)
    return Status(
        "running" if runs else "unresponsive" if process else "stopped",
        data_dir,
        cluster=folder.cluster,
        log_dir=folder.log,
        version=version,
        pid=process.pid if process else None,
        server=server if runs else None,
    )


def _server(folder: DataFolder) -> Server:
    return Server(data_dir=folder.data_dir, socket_dir=folder.socket_dir)


def _check_durable(folder: DataFolder, *, durable: bool) -> None:
    if durable and not folder.record.durable:
        raise NotDurable(
            f"The data in {folder.data_dir} were made for tests, without crash safety.",
            why="A crash may already have damaged them.",
            remedy="Use another folder for data that matter (WIJKSPIL_DATA_DIR).",
        )


def _answers(server: Server, *, role_url: str | None = None) -> bool:
    """Tell whether ``SELECT 1`` is answered, by default for the superuser."""
    if not (server.socket_dir / SOCKET_NAME).exists():
        return False
    url = role_url or server.superuser_url("postgres")
    try:
        with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.Error:
        return False


def _start(folder: DataFolder, *, installation: Installation | None, lock: int) -> None:
    """Bring the server up. Needs the lock, whose descriptor is given."""
    account = folder.account()
    process = postmaster(folder.cluster)
    if process and socket_dir_in_use(folder.cluster) != folder.socket_dir:
        # Its socket was swept away (a cleared temporary folder): unreachable for ever.
        _stop(folder)
        process = None
    programs: Installation | None = None
    for _attempt in range(START_ATTEMPTS):
        if process is None:
            if programs is None:
                programs = _prepare(folder, account, installation, lock=lock)
            _clear_remains(folder, account)
            _run_pg_ctl(folder, account, programs)
            process = postmaster(folder.cluster)
        if process and _wait_until_it_answers(folder, process):
            return
        process = postmaster(folder.cluster)
    raise StartFailed(
        f"PostgreSQL started {START_ATTEMPTS} times and ended each time.",
        why="The embedded database is not available.",
        remedy=f"Its log is in {folder.log}; the last lines:\n{_log_tail(folder)}",
    )


def _prepare(
    folder: DataFolder,
    account: Account,
    installation: Installation | None,
    *,
    lock: int,
) -> Installation:
    """Return binaries the account can run, with data and configuration in place."""
    programs = usable_by(
        account, installation or find_installation(), copy_to=folder.binaries
    )
    if not (folder.cluster / "PG_VERSION").exists():
        _initialize(folder, account, programs, lock=lock)
    _check_version(folder, programs)
    # An ordinary user's data stay reachable for root, who could read them anyway.
    os_users = {caller().name, "root"}
    if not _runs_for_root_only(folder, account):
        os_users.add(account.name)
    write_config(
        folder,
        configuration_files(
            socket_dir=folder.socket_dir,
            log_dir=folder.log,
            os_users=os_users,
            durable=folder.record.durable,
        ),
    )
    return programs


def _runs_for_root_only(folder: DataFolder, account: Account) -> bool:
    # Then the account is a borrowed one, and other programs may run under it.
    return is_root() and folder.data_dir.stat().st_uid != account.uid


def _initialize(
    folder: DataFolder, account: Account, programs: Installation, *, lock: int
) -> None:
    """Make the cluster beside its final place and move it there when it is whole."""
    if shutil.disk_usage(folder.server).free < FREE_BYTES_MIN:
        raise disk_full(folder.server)
    unfinished = folder.server / "data.unfinished"
    end(postgres_processes(unfinished), [(signal.SIGKILL, 10.0)])
    shutil.rmtree(unfinished, ignore_errors=True)
    command: list[str | Path] = [
        programs.program("initdb"),
        "--pgdata",
        unfinished,
        "--username",
        SUPERUSER,
        "--encoding=UTF8",
        # PostgreSQL's own C.UTF-8, the same on every system and after every upgrade
        # of the C library, which may silently reorder indexes.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--text-search-config=simple",
        "--auth=reject",  # ours replaces it before the first start
        "--no-instructions",
    ]
    if not folder.record.durable:
        command.append("--no-sync")
    # It inherits the lock: should we be killed, nobody else begins before it ended.
    answer = run_as(account, command, keep_open=[lock])
    if answer.returncode != 0:
        raise _explain(folder, "initdb", answer.stdout + answer.stderr)
    unfinished.rename(folder.cluster)


def _check_version(folder: DataFolder, programs: Installation) -> None:
    found = (folder.cluster / "PG_VERSION").read_text().strip()
    if found != str(programs.major):
        raise VersionMismatch(
            f"The data in {folder.cluster} were made by PostgreSQL {found}, and "
            f"PostgreSQL {programs.version} is installed.",
            why="Major versions cannot read each other's files.",
            remedy="Install the earlier requirements, write the data out with: "
            "wijkspil db dump FILE, then move the folder away, install these "
            "requirements, and read it in with: wijkspil db restore FILE.",
        )


def _clear_remains(folder: DataFolder, account: Account) -> None:
    """Clear what a killed server left. There is no living postmaster."""
    orphans = postgres_processes(folder.cluster)
    # They notice within moments that their server is gone; a long query may not.
    if not end(orphans, [(0, 1.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 10.0)]):
        raise StopFailed(
            f"Processes of an earlier server still use {folder.cluster}: "
            f"{', '.join(str(process.pid) for process in orphans)}.",
            why="A new server beside them would damage the data.",
            remedy="End them, or restart the machine.",
        )
    # Their numbers may meanwhile belong to a stranger, whom PostgreSQL would take for
    # a running server and refuse. Done as the account: these folders are its own.
    remains = [
        folder.cluster / "postmaster.pid",
        folder.socket_dir / SOCKET_NAME,
        folder.socket_dir / f"{SOCKET_NAME}.lock",
        folder.start_log,
    ]
    run_as(account, ["/bin/rm", "-f", "--", *remains])


def _run_pg_ctl(folder: DataFolder, account: Account, programs: Installation) -> None:
    options = " ".join(
        f'-c {name}="{folder.config / file}"'
        for name, file in (
            ("config_file", "postgresql.conf"),
            ("hba_file", "pg_hba.conf"),
            ("ident_file", "pg_ident.conf"),
        )
    )
    answer = run_as(
        account,
        [
            programs.program("pg_ctl"),
            "start",
            "--wait",
            f"--timeout={START_TIMEOUT_S}",
            "--silent",
            f"--pgdata={folder.cluster}",
            f"--log={folder.start_log}",
            f"--options={options}",
        ],
    )
    # Failed but alive: started by somebody else just now, or still recovering.
    if answer.returncode != 0 and postmaster(folder.cluster) is None:
        raise _explain(folder, "pg_ctl", answer.stdout + answer.stderr)


def _wait_until_it_answers(folder: DataFolder, process: Process) -> bool:
    """Wait for an answer; False when the server ended instead."""
    server = _server(folder)
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if _answers(server):
            return True
        if not is_alive(process):
            return False
        time.sleep(0.05)
    raise StartTimeout(
        f"PostgreSQL (process {process.pid}) did not answer in {START_TIMEOUT_S} "
        "seconds.",
        why="After a crash it first replays its log, which may take long.",
        remedy=f"Wait and try again, or read its log in {folder.log}.",
    )


def _stop(folder: DataFolder) -> bool:
    process = postmaster(folder.cluster)
    processes = postgres_processes(folder.cluster)
    try:
        if process:
            end([process], STOP_SIGNALS)
        ended = end(processes, [(0, 5.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 9.0)])
    except psutil.AccessDenied as error:
        raise StopFailed(
            f"You may not stop process {error.pid}, the database server.",
            why="It belongs to another account.",
            remedy="Stop it as the account that started it.",
        ) from error
    if not ended:
        raise StopFailed(
            f"The database server in {folder.cluster} does not end.",
            why="Its disk may be unreachable; the kernel then keeps it alive.",
            remedy="Check the disk, or restart the machine.",
        )
    return process is not None


def _ensure_app_role(server: Server) -> None:
    """Make the plain role, or take from it what it must not have."""
    wanted = "LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION"
    with psycopg.connect(server.superuser_url("postgres")) as connection:
        role = connection.execute(
            "SELECT rolcanlogin AND rolcreatedb AND NOT rolsuper AND NOT rolbypassrls"
            " AND NOT rolcreaterole AND NOT rolreplication"
            " FROM pg_roles WHERE rolname = %s",
            [server.app_role],
        ).fetchone()
        if role != (True,):
            verb = "CREATE" if role is None else "ALTER"
            connection.execute(
                sql.SQL(f"{verb} ROLE {{}} {wanted}").format(
                    sql.Identifier(server.app_role)
                )
            )


def _log_tail(folder: DataFolder, *, n_lines: int = 12) -> str:
    lines: list[str] = []
    with contextlib.suppress(OSError):
        written = sorted(folder.log.iterdir(), key=lambda file: file.stat().st_mtime)
        for file in written:
            lines += file.read_text(errors="replace").splitlines()[-n_lines:]
    return "\n".join(lines[-n_lines:])


def _explain(folder: DataFolder, program: str, said: str) -> PostgresError:
    """Turn what PostgreSQL said into what the reader can do."""
    text = f"{said}\n{_log_tail(folder)}"
    if re.search("No space left on device|Disk quota exceeded", text):
        return disk_full(folder.server)
    if match := re.search(r"FATAL:.*\n?.*(incompatible with server).*", text):
        return VersionMismatch(
            f"The data in {folder.cluster} are of another PostgreSQL ({match[0]}).",
            why="Major versions cannot read each other's files.",
            remedy="Install the requirements the data were made with.",
        )
    if re.search("Cannot allocate memory|could not (map|resize|create) .*memory", text):
        return StartFailed(
            "PostgreSQL did not get the memory it asked for.",
            why="It needs about 400 MB, most of it shared between its processes.",
            remedy=f"Close other programs, or lower shared_buffers in "
            f"{folder.config / 'local.conf'}.",
        )
    if match := re.search(r".*(Permission denied|Read-only file system).*", text):
        return FolderUnusable(
            f"PostgreSQL may not use its data folder: {match[0].strip()}",
            why="It keeps the data of the embedded database there.",
            remedy=f"Check the rights on {folder.server}, or set WIJKSPIL_DATA_DIR to "
            "another folder.",
        )
    return StartFailed(
        f"{program} failed on {folder.cluster}.",
        why="The embedded database is not available.",
        remedy=f"Its log is in {folder.log}; it said:\n{text.strip()[-2000:]}",
    )


def _unreadable(folder: DataFolder, error: OSError) -> FolderNotOurs:
    return FolderNotOurs(
        f"{folder.cluster} cannot be read: {error.strerror}.",
        why="PostgreSQL runs only as the account that owns its data.",
        remedy="Run the command as the account that made it.",
    )
