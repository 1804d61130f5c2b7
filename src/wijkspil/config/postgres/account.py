"""Which operating system account runs the server, and running programs as it.

PostgreSQL refuses to run as root and wants to own its data. An ordinary user simply
runs it as themselves. As root the server runs as the account that owns the data, or
for new data as ``wijkspil`` where an administrator made that account, else as
``nobody``. No account is created and no permission of a folder is changed here.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wijkspil.config.postgres.errors import AccountUnusable

#: Accounts root may use for a new data folder, the first that exists.
UNPRIVILEGED_NAMES = ("wijkspil", "nobody")


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    uid: int
    gid: int
    name: str

    def is_caller(self) -> bool:
        """Tell whether this process already runs as the account."""
        return self.uid == os.geteuid()


def account_of(uid: int) -> Account:
    """Return the account with number ``uid``.

    Raises
    ------
    AccountUnusable
        If the system knows no name for it: initdb and peer authentication need one.
    """
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise AccountUnusable(
            f"The account with number {uid} has no name on this system.",
            why="PostgreSQL looks that name up to know who connects.",
            remedy="Add the account to /etc/passwd, or set DATABASE_URL to a "
            "PostgreSQL server.",
        ) from None
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name)


def caller() -> Account:
    """Return the account this process runs as."""
    return account_of(os.geteuid())


def is_root() -> bool:
    """Tell whether this process runs as root."""
    return os.geteuid() == 0


def unprivileged() -> Account:
    """Return the account root uses for new data.

    Raises
    ------
    AccountUnusable
        If none of ``UNPRIVILEGED_NAMES`` exists.
    """
    for name in UNPRIVILEGED_NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name)
    raise AccountUnusable(
        f"None of the accounts {', '.join(UNPRIVILEGED_NAMES)} exists.",
        why="You are root, and PostgreSQL refuses to run as root.",
        remedy="Run Wijkspil as an ordinary user, or add one: useradd --system "
        "wijkspil.",
    )


def run_as(
    account: Account, command: Sequence[str | Path], *, keep_open: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` as ``account`` and wait for it to end.

    The program gets a small environment of its own (no ``PG*`` variable of the caller
    leads it elsewhere, no secret of the application ends up in a long-lived server)
    and ``/`` as working folder, since the account may not enter the caller's.

    Parameters
    ----------
    keep_open
        File descriptors the program inherits, so that a lock lives as long as it.

    Raises
    ------
    AccountUnusable
        If root may not change to the account, as in some containers.
    OSError
        If the program cannot be started.
    """
    if account.is_caller():
        uid, gid, groups = None, None, None
    else:
        uid, gid, groups = account.uid, account.gid, [account.gid]
    try:
        # A file rather than a pipe is not needed: pg_ctl points the server's own
        # streams at its log, so nothing keeps these pipes open after it.
        return subprocess.run(
            [os.fspath(part) for part in command],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            pass_fds=keep_open,
            user=uid,
            group=gid,
            extra_groups=groups,
            umask=0o077,
        )
    except subprocess.SubprocessError as error:
        raise AccountUnusable(
            f"Root may not run programs as {account.name} here ({error}).",
            why="PostgreSQL refuses to run as root itself.",
            remedy="Run Wijkspil as an ordinary user, or give the container the "
            "capabilities SETUID and SETGID.",
        ) from error


def can_enter(account: Account, folder: Path) -> bool:
    """Tell whether ``account`` may step into the existing ``folder``.

    Asked of the system instead of computed from permission bits, so that access
    lists and mandatory access control count.
    """
    return (
        run_as(
            account, ["/bin/sh", "-c", 'cd -P -- "$1"', "can_enter", folder]
        ).returncode
        == 0
    )
