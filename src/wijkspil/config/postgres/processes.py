"""Which processes serve a cluster, judged by what they do and not by a number.

``postmaster.pid`` survives a kill, and its number may by then belong to any other
program: signalling it blindly would end a stranger, and PostgreSQL itself would refuse
to start beside it. Every process of PostgreSQL works inside its own data directory,
so that is what is looked at.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import psutil

#: psutil carries no types. It notices when a number was given to another process.
Process: TypeAlias = psutil.Process


def postgres_processes(cluster: Path) -> list[Process]:
    """Return the living PostgreSQL processes that work in ``cluster``."""
    try:
        here = cluster.stat()
    except (FileNotFoundError, PermissionError):
        return []
    return [
        process
        for process in psutil.process_iter(["name"])
        if (process.info["name"] or "").startswith("postgres")
        and _works_in(process, here)
    ]


def postmaster(cluster: Path) -> Process | None:
    """Return the living server of ``cluster``, or None.

    None too when ``postmaster.pid`` names a process that died, or that is alive but
    is not this server.
    """
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        here = cluster.stat()
        is_ours = process.name().startswith("postgres") and _works_in(process, here)
    except (OSError, ValueError, psutil.Error):
        return None
    return process if is_ours else None


def socket_dir_in_use(cluster: Path) -> Path | None:
    """Return the folder of the socket that the running server says it opened."""
    try:
        line = (cluster / "postmaster.pid").read_text().splitlines()[4]
    except (OSError, IndexError):
        return None
    return Path(line)


def is_alive(process: Process) -> bool:
    """Tell whether the process lives; one that ended but was not collected does not.

    In a container whose first process collects nobody's children, killed servers stay
    visible for ever.
    """
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def end(processes: list[Process], signals: Sequence[tuple[int, float]]) -> bool:
    """Send each signal in turn until all have ended; tell whether they have.

    Parameters
    ----------
    signals
        Pairs of a signal number (0 sends nothing) and the seconds to wait after it.
    """
    for signal_number, wait_s in signals:
        for process in processes:
            try:
                if signal_number and is_alive(process):
                    process.send_signal(signal_number)
            except psutil.NoSuchProcess:
                continue
        deadline = time.monotonic() + wait_s
        # Not psutil's own wait: that one takes an uncollected process for a living one.
        while processes := [process for process in processes if is_alive(process)]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        if not processes:
            return True
    return not processes


def _works_in(process: Process, folder: os.stat_result) -> bool:
    try:
        # The kernel's own link: right across bind mounts and renames.
        place = os.stat(f"/proc/{process.pid}/cwd")
    except FileNotFoundError:
        try:
            place = Path(process.cwd()).stat()  # a system without /proc
        except (psutil.Error, OSError):
            return False
    except OSError:
        return False
    return os.path.samestat(place, folder)
