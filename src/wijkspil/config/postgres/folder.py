"""Where everything of one embedded PostgreSQL lies, and who may use it at a time.

::

    <data_dir>/               what the caller names, normally .wijkspil/postgres
        lock                  held while anybody starts or stops the server
        record.json           durable or not, and what lies elsewhere
    <base>/                   the same folder, or one made for it elsewhere
        config/               written at every start by the caller
        binaries/             only when the account cannot read the wheel
        server/               0700, of the account that runs the server
            data/  log/  socket/

An ordinary user has everything in ``data_dir``. For root the server runs as another
account; when that account cannot enter ``data_dir`` (a checkout under a closed home
folder), ``base`` is a new folder elsewhere and the record names it. Folders that were
not made here keep their owner and permissions, whatever happens.
"""

import contextlib
import errno
import fcntl
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from wijkspil.config.postgres.account import (
    Account,
    account_of,
    caller,
    can_enter,
    is_root,
    unprivileged,
)
from wijkspil.config.postgres.errors import (
    AccountUnusable,
    DiskFull,
    FolderCopied,
    FolderNotOurs,
    FolderUnusable,
    LockTimeout,
    PostgresError,
)

SOCKET_NAME = ".s.PGSQL.5432"
#: sun_path holds 108 bytes with its end mark on Linux and 104 on macOS.
SOCKET_PATH_MAX_BYTES = 103
#: Where root keeps data the server's account could not reach in the checkout. Not the
#: temporary folder: systems clear that at boot or by age.
LASTING_PLACES = (Path("/var/lib"), Path("/srv"), Path("/opt"))
LOCK_TIMEOUT_S = 330.0
ELSEWHERE = "Set WIJKSPIL_DATA_DIR to another folder."


def default_data_dir() -> Path:
    """Return the product's data folder: ``<project>/.wijkspil/postgres``.

    ``WIJKSPIL_DATA_DIR`` names another ``.wijkspil``. The project is the nearest
    folder upwards from the working folder that holds ``.wijkspil`` or the
    ``pyproject.toml`` of Wijkspil; without one it is the working folder itself.
    """
    if chosen := os.environ.get("WIJKSPIL_DATA_DIR"):
        return Path(chosen).expanduser().absolute() / "postgres"
    here = Path.cwd()
    project = next((one for one in (here, *here.parents) if _is_project(one)), here)
    return project / ".wijkspil" / "postgres"


def _is_project(folder: Path) -> bool:
    if (folder / ".wijkspil").is_dir():
        return True
    try:
        text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return re.search(r'^name = "wijkspil"$', text, re.MULTILINE) is not None


@dataclass(frozen=True)
class Record:
    """What ``record.json`` remembers.

    ``token`` makes the names of folders elsewhere unpredictable and unique to this
    data folder. ``base`` and ``socket_dir`` are empty when they lie in the data
    folder, so that a project can be moved.
    """

    token: str
    durable: bool
    base: str = ""
    socket_dir: str = ""


@dataclass(frozen=True)
class DataFolder:
    """The folders of one embedded PostgreSQL; see the module's drawing."""

    data_dir: Path
    record: Record

    @property
    def base(self) -> Path:
        return Path(self.record.base) if self.record.base else self.data_dir

    @property
    def config(self) -> Path:
        return self.base / "config"

    @property
    def binaries(self) -> Path:
        return self.base / "binaries"

    @property
    def server(self) -> Path:
        return self.base / "server"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.server / "data"

    @property
    def log(self) -> Path:
        return self.server / "log"

    @property
    def start_log(self) -> Path:
        """What the server says before its own log is open."""
        return self.log / "start.log"

    @property
    def socket_dir(self) -> Path:
        if self.record.socket_dir:
            return Path(self.record.socket_dir)
        return self.server / "socket"

    def account(self) -> Account:
        """Return the account that runs the server: the owner of ``server``."""
        return account_of(self.server.stat().st_uid)


def read_folder(data_dir: Path) -> DataFolder | None:
    """Return what is known of ``data_dir``; None when nothing was made there yet.

    Raises
    ------
    FolderNotOurs
        If the record belongs to another account and this one may not read it.
    FolderUnusable
        If the record is not what this program wrote.
    FolderCopied
        If the data lie elsewhere and belong to the folder this one was copied from.
    """
    file = data_dir / "record.json"
    try:
        record = Record(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise _not_ours(data_dir) from error
    except NotADirectoryError as error:
        raise _cannot_make(data_dir, error) from error
    except (ValueError, TypeError) as error:
        raise FolderUnusable(
            f"{file} is damaged: {error}",
            why="It says where the data of the embedded database lie.",
            remedy="Put the file back from a backup, or move the folder away to "
            "begin anew.",
        ) from error
    if record.base and is_root() and file.stat().st_uid != 0:
        # Root acts on what the record names; only root's own word counts for that.
        raise FolderUnusable(
            f"{file} names {record.base} but does not belong to root.",
            why="Root would act on folders that another account chose.",
            remedy=f"Check both, then: chown root {file}",
        )
    folder = DataFolder(data_dir, record)
    _check_not_copied(folder)
    return folder


def make_folder(data_dir: Path, *, durable: bool) -> DataFolder:
    """Make what is missing of the folders and return them. Needs the lock.

    Raises
    ------
    FolderUnusable
        If a folder cannot be made or belongs to somebody else.
    """
    folder = read_folder(data_dir)
    if folder is None:
        folder = _choose_place(data_dir, durable=durable)
        # Remembered before it is made: a kill in between loses no folder.
        write_record(folder)
    account = _account_for(folder.server, data_dir)
    try:
        if folder.record.base:
            _make_private(folder.base, mode=0o711)
            _write(folder.base / "belongs-to", f"{data_dir}\n", mode=0o600)
        _make_private(folder.server, mode=0o700, owner=account)
        _make_private(folder.log, mode=0o700, owner=account)
        _make_private(folder.config, mode=0o755 if is_root() else 0o700)
        folder = _with_socket_dir(folder, account)
    except OSError as error:
        raise _cannot_make(folder.base, error) from error
    if not account.is_caller() and not can_enter(account, folder.server):
        raise FolderUnusable(
            f"The account {account.name} can no longer enter {folder.server}.",
            why="It runs the database server, and the data lie there.",
            remedy="A folder above it was closed since; let that account pass again.",
        )
    return folder


def write_record(folder: DataFolder) -> None:
    """Write the record, whole or not at all. Needs the lock."""
    text = json.dumps(asdict(folder.record), indent=1) + "\n"
    # Data elsewhere were chosen by root, and stay root's word: see read_folder.
    keep = bool(folder.record.base)
    try:
        _write(folder.data_dir / "record.json", text, mode=0o600, keep=keep)
    except OSError as error:
        raise _cannot_make(folder.data_dir, error) from error


def write_config(folder: DataFolder, files: dict[str, str]) -> None:
    """Write the configuration, readable by the account. Needs the lock."""
    mode = 0o644 if is_root() else 0o600
    try:
        for name, text in files.items():
            _write(folder.config / name, text, mode=mode)
    except OSError as error:
        raise _cannot_make(folder.config, error) from error


@contextlib.contextmanager
def locked(data_dir: Path, *, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[int]:
    """Hold the data folder's lock, making the folder when needed.

    The lock dies with the processes that hold it, so a kill leaves nothing behind.
    Yields its file descriptor: a child that inherits it keeps the lock as long as it
    lives, even when its parent is killed.

    Raises
    ------
    LockTimeout
        If another process keeps it longer than ``timeout_s`` seconds.
    FolderUnusable
        If the data folder cannot be made or written.
    """
    _make_data_dir(data_dir)
    file = data_dir / "lock"
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise _not_ours(data_dir) from error
    except OSError as error:
        raise _cannot_make(data_dir, error) from error
    try:
        _give_to_owner_of(data_dir, descriptor)
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LockTimeout(
                        f"{file} has been locked for {timeout_s:.0f} seconds.",
                        why="Another process is starting or stopping this database.",
                        remedy=f"See which one with: fuser -v {file}",
                    ) from None
                time.sleep(0.02)
        yield descriptor
    finally:
        os.close(descriptor)


def remove_folder(folder: DataFolder) -> None:
    """Remove everything the launcher made, data included. The server must be down."""
    if folder.record.socket_dir:
        shutil.rmtree(folder.socket_dir, ignore_errors=True)
    if folder.record.base:
        shutil.rmtree(folder.base, ignore_errors=True)
    for made in (folder.server, folder.config, folder.binaries):
        shutil.rmtree(made, ignore_errors=True)
    (folder.data_dir / "record.json").unlink(missing_ok=True)


def _choose_place(data_dir: Path, *, durable: bool) -> DataFolder:
    record = Record(token=secrets.token_hex(8), durable=durable)
    account = _account_for(data_dir / "server", data_dir)
    if account.is_caller() or can_enter(account, data_dir):
        return DataFolder(data_dir, record)
    places = LASTING_PLACES if durable else (Path(tempfile.gettempdir()),)
    for place in places:
        if os.access(place, os.W_OK) and can_enter(account, place):
            base = place / f"wijkspil-{record.token}"
            return DataFolder(data_dir, replace(record, base=str(base)))
    raise FolderUnusable(
        f"The account {account.name} cannot enter {data_dir}, and root cannot write "
        f"in {', '.join(map(str, places))}.",
        why="You are root; the database server then runs as that account and needs "
        "a folder it can reach.",
        remedy=f"{ELSEWHERE} Or run Wijkspil as an ordinary user.",
    )


def _account_for(server: Path, data_dir: Path) -> Account:
    """Return who runs the server: who owns its data, else who should own new data."""
    owner_uid = _owner(server)
    if not is_root():
        if owner_uid not in {0, os.geteuid()} or (server.exists() and not owner_uid):
            raise _not_ours(server)
        return caller()
    if owner_uid:
        return account_of(owner_uid)
    # Root in the project of an ordinary user: they can go on with it afterwards.
    with contextlib.suppress(AccountUnusable):
        if data_owner_uid := _owner(data_dir):
            return account_of(data_owner_uid)
    return unprivileged()


def _with_socket_dir(folder: DataFolder, account: Account) -> DataFolder:
    """Make a private folder for the socket, short enough for its address."""
    if folder.record.socket_dir:
        if _is_private(folder.socket_dir, account):
            return folder
    elif _fits_socket(folder.socket_dir):
        _make_private(folder.socket_dir, mode=0o700, owner=account)
        return folder
    # Also after a boot that cleared the temporary folder. mkdtemp makes it 0700 and
    # never reuses a folder somebody else prepared.
    made = tempfile.mkdtemp(prefix="wijkspil-", dir=_short_place())
    if not account.is_caller():
        os.chown(made, account.uid, account.gid)
    folder = replace(folder, record=replace(folder.record, socket_dir=made))
    write_record(folder)
    return folder


def _short_place() -> Path:
    chosen = Path(tempfile.gettempdir()).resolve()
    return chosen if _fits_socket(chosen / "wijkspil-12345678") else Path("/tmp")


def _fits_socket(folder: Path) -> bool:
    # libpq and PostgreSQL read commas in this path as a list; keep it plain.
    path = str(folder / SOCKET_NAME)
    plain = re.fullmatch(r"[A-Za-z0-9/._-]+", path) is not None
    return plain and len(os.fsencode(path)) <= SOCKET_PATH_MAX_BYTES


def _is_private(folder: Path, account: Account) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == account.uid
        and stat.S_IMODE(status.st_mode) == 0o700
    )


def _make_data_dir(data_dir: Path) -> None:
    if found := re.search(r'["$`\\\x00-\x1f\x7f]', str(data_dir)):
        raise FolderUnusable(
            f"The data folder {str(data_dir)!r} has the character {found[0]!r} in its "
            "name.",
            why="pg_ctl hands the name to a shell, which would read it otherwise.",
            remedy=ELSEWHERE,
        )
    try:
        if data_dir.is_dir():
            return
        above = data_dir.parent
        missing = [one for one in (above, *above.parents) if not one.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            _give_to_owner_of(folder.parent, folder)
        data_dir.mkdir(exist_ok=True)
        # For root the server's account must pass through to its own folder inside.
        data_dir.chmod(0o711 if is_root() else 0o700)
        _give_to_owner_of(above, data_dir)
    except OSError as error:
        raise _cannot_make(data_dir, error) from error


def _make_private(folder: Path, *, mode: int, owner: Account | None = None) -> None:
    """Make ``folder`` with this mode and owner, or check that it is already so."""
    owner_uid = owner.uid if owner else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        # Root's own 0700 folder is one we made just before a kill: finish it.
        half_made = status.st_uid == os.geteuid() == 0
        ours = status.st_uid == owner_uid or half_made or _is_owners(folder, status)
        if not stat.S_ISDIR(status.st_mode) or not ours:
            raise _not_ours(folder) from None
        if not half_made:
            return
    if owner and not owner.is_caller():
        os.chown(folder, owner.uid, owner.gid, follow_symlinks=False)
    else:
        _give_to_owner_of(folder.parent, folder)
    folder.chmod(mode)


def _is_owners(folder: Path, status: os.stat_result) -> bool:
    # Root works in the data folder of an ordinary user: what is in it stays theirs.
    return is_root() and status.st_uid == folder.parent.stat().st_uid


def _give_to_owner_of(folder: Path, made: Path | int) -> None:
    """As root in somebody's folder, leave what we make to them and not to root."""
    status = folder.stat()
    if is_root() and status.st_uid != 0:
        os.chown(made, status.st_uid, status.st_gid)


def _write(file: Path, text: str, *, mode: int, keep: bool = False) -> None:
    """Replace ``file`` by ``text``, whole or not at all, also across a power cut.

    It becomes the folder's owner's, or with ``keep`` stays ours.
    """
    descriptor, unfinished = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            if not keep:
                _give_to_owner_of(file.parent, stream.fileno())
            os.fsync(stream.fileno())
        Path(unfinished).replace(file)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _owner(path: Path) -> int:
    """Return the owner's number of ``path``; 0 when it is absent or root's."""
    try:
        return path.lstat().st_uid
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise _cannot_make(path, error) from error


def _check_not_copied(folder: DataFolder) -> None:
    if not folder.record.base:
        return
    try:
        original = Path((folder.base / "belongs-to").read_text().strip())
        token = json.loads((original / "record.json").read_text())["token"]
    except (OSError, ValueError, KeyError):
        return  # moved, or not yet made: the data are this folder's
    if token == folder.record.token and not original.samefile(folder.data_dir):
        raise FolderCopied(
            f"{folder.data_dir} is a copy of {original}; its data lie in "
            f"{folder.base} and belong to the original.",
            why="Two installations on the same data would overwrite each other.",
            remedy=f"Remove {folder.data_dir} to begin anew here, and bring data over "
            "with: wijkspil db dump and wijkspil db restore.",
        )


def _not_ours(place: Path) -> FolderNotOurs:
    try:
        owner = account_of(place.stat().st_uid).name
    except (OSError, PostgresError):
        owner = "another account"
    return FolderNotOurs(
        f"{place} belongs to {owner}, and you are {caller().name}.",
        why="PostgreSQL runs only as the account that owns its data.",
        remedy=f"Run the command as {owner}. Or: {ELSEWHERE}",
    )


def _cannot_make(place: Path, error: OSError) -> FolderUnusable:
    if error.errno in DISK_FULL:
        return disk_full(place)
    return FolderUnusable(
        f"The data folder {place} cannot be used: {error.strerror or error}.",
        why="The embedded database keeps its data there.",
        remedy=f"Give {caller().name} the right to write there. Or: {ELSEWHERE}",
    )


DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def disk_full(place: Path) -> DiskFull:
    """Return the error for a disk without room."""
    return DiskFull(
        f"The disk with {place} is full.",
        why="PostgreSQL stops rather than lose data it promised to keep.",
        remedy=f"Make room (1 GB is comfortable) and start again. Or: {ELSEWHERE}",
    )
