"""The server's configuration: who may connect, how careful, how much memory.

Written anew at every start, so that a later version of Wijkspil reaches existing data.
An owner's own settings go in ``local.conf`` beside these files, which is never written.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

import psutil

SUPERUSER = "postgres"
APP_ROLE = "wijkspil"
PORT = 5432
MIB = 1024 * 1024


def configuration_files(
    *,
    socket_dir: Path,
    log_dir: Path,
    os_users: Iterable[str],
    durable: bool,
) -> dict[str, str]:
    """Return the text of each configuration file by its name.

    Parameters
    ----------
    os_users
        Names of the accounts that may connect, as the application or to maintain it.
    durable
        False skips every wait for the disk. A power cut then destroys the data.
    """
    settings = {
        # No network at all: one private socket.
        "listen_addresses": "",
        "unix_socket_directories": str(socket_dir),
        "unix_socket_permissions": "0700",
        "port": PORT,
        "max_connections": 200,
        # The launcher still gets in when the application used up the rest.
        "superuser_reserved_connections": 5,
        **_memory(psutil.virtual_memory().total),
        "random_page_cost": 1.1,  # solid state
        "jit": "off",  # compiling costs more than our short queries take
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        # One file per day of the week, each overwritten a week later. Values of rows
        # and statements stay out of it: they may say something about a person.
        "logging_collector": "on",
        "log_directory": str(log_dir),
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_rotation_size": 0,
        "log_truncate_on_rotation": "on",
        "log_file_mode": "0600",
        "log_checkpoints": "off",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "lc_messages": "C",
        "cluster_name": "wijkspil",
    }
    if not durable:
        settings |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
    return {
        "postgresql.conf": "# Written by Wijkspil at every start. Your own settings go "
        "in local.conf here.\n"
        + "".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items())
        + "include_if_exists = 'local.conf'\n",
        # Peer authentication: the kernel says which account connects. Nobody else
        # gets in, not even the account that runs the server for root.
        "pg_hba.conf": "# Written by Wijkspil at every start.\n"
        "local all all peer map=wijkspil\n",
        "pg_ident.conf": "# Written by Wijkspil at every start.\n"
        + "".join(
            f'wijkspil "{user}" {role}\n'
            for user in sorted(set(os_users))
            for role in (APP_ROLE, SUPERUSER)
        ),
    }


def _memory(total_bytes: int) -> dict[str, str]:
    """Return settings for a machine that also runs the web server and a browser."""
    total_mib = total_bytes // MIB
    memory = {
        "shared_buffers": f"{max(32, min(256, total_mib // 8))}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(32, min(256, total_mib // 16))}MB",
        "effective_cache_size": f"{max(128, total_mib // 2)}MB",
    }
    shared = Path("/dev/shm")
    if shared.is_dir() and shutil.disk_usage(shared).total < 512 * MIB:
        # Containers commonly give 64 MB, on which parallel queries fail.
        memory["dynamic_shared_memory_type"] = "mmap"
    return memory


def _quoted(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace("'", "''")
    return f"'{text}'"
