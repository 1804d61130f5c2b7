"""``wijkspil doctor``: what is wrong with this installation, and how to mend it?

Looks only: starts no database, builds nothing, changes nothing. Each check is a small
function on plain values and answers with findings in words. Django is loaded by one
check alone, and a failure to load it is itself a finding.
"""

import importlib.metadata
import json
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import psycopg
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wijkspil.config import postgres
from wijkspil.ui import build_frontend

Level = Literal["ok", "warning", "problem"]

OLDEST_PYTHON = (3, 11)
OLDEST_POSTGRES = 15
PORT = 8000
GB = 10**9
FREE_BYTES_MIN = 1 * GB
FREE_BYTES_COMFORTABLE = 5 * GB  # the whole country loaded, and its dump
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """What one check found: one sentence, and one on how to mend it unless it is ok."""

    check: str
    level: Level
    message: str
    remedy: str = ""


def run_checks() -> list[Finding]:
    """Run every check on this machine and return the findings in a fixed order."""
    data_dir = postgres.default_data_dir()
    found = [
        check_python(sys.version_info[:3]),
        check_packages(build_frontend.PROJECT_DIR / "requirements" / "main.txt"),
        check_mode(os.environ.get("WIJKSPIL_MODE", "fictional")),
        check_writable(data_dir.parent),
        check_free_disk(data_dir),
    ]
    findings, urls = check_database(os.environ.get("DATABASE_URL", ""), data_dir)
    found += findings
    found += check_migrations(urls)
    found += [
        check_frontend(build_frontend.BUILD_DIR),
        check_node(),
        check_port(PORT),
        check_chromium(),
    ]
    return found


def check_python(version: tuple[int, ...]) -> Finding:
    """Check that Python is new enough."""
    shown = ".".join(map(str, version))
    if version[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return Finding(
            "python",
            "problem",
            f"Python {shown} is older than {oldest}.",
            f"Install Python {oldest} or newer, remove .venv and run: make setup.",
        )
    return Finding("python", "ok", f"Python {shown}.")


def check_packages(lock_file: Path) -> Finding:
    """Check that the installed packages are those of the lock file."""
    try:
        lines = lock_file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return Finding(
            "packages",
            "warning",
            f"There is no lock file {lock_file.name} to compare the packages with.",
            "Work from a clone of the project to have tested versions.",
        )
    pinned: dict[str, set[str]] = {}
    optional: set[str] = set()
    for line in lines:
        if match := re.match(r"([\w.-]+)(?:\[[^]]*\])?==([^\s;\\]+)\s*(;)?", line):
            name, version, marker = match.groups()
            pinned.setdefault(name, set()).add(version)
            if marker:  # meant for some systems only
                optional.add(name)
    wrong = []
    for name, versions in sorted(pinned.items()):
        wanted = " or ".join(sorted(versions))
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if name not in optional:
                wrong.append(f"{name} {wanted} is missing")
            continue
        if installed not in versions:
            wrong.append(f"{name} is {installed} and should be {wanted}")
    if wrong:
        more = f" and {len(wrong) - 4} more" if len(wrong) > 4 else ""
        return Finding(
            "packages",
            "problem",
            f"Packages differ from the lock file: {'; '.join(wrong[:4])}{more}.",
            "Install them again: make setup.",
        )
    return Finding("packages", "ok", f"{len(pinned)} packages as in the lock file.")


def check_mode(mode: str) -> Finding:
    """Check that no real persons can be entered."""
    if mode != "fictional":
        return Finding(
            "mode",
            "problem",
            f"WIJKSPIL_MODE is {mode!r}; this version accepts only 'fictional'.",
            "Remove the setting; data of real persons may not be entered yet.",
        )
    return Finding("mode", "ok", "Fictional mode: no data of real persons.")


def check_writable(folder: Path) -> Finding:
    """Check that files can be made in the data folder, or the folder itself."""
    place = _nearest_existing(folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Finding(
            "data folder",
            "problem",
            f"Nothing can be written in {place}: {error.strerror}.",
            "Get the right to write there, or set WIJKSPIL_DATA_DIR to another folder.",
        )
    return Finding("data folder", "ok", f"{folder} can be written.")


def check_free_disk(folder: Path, *, free_bytes: int | None = None) -> Finding:
    """Check that the disk with the data has room, in bytes when given."""
    if free_bytes is None:
        free_bytes = shutil.disk_usage(_nearest_existing(folder)).free
    said = f"{free_bytes / GB:.1f} GB free for the data"
    if free_bytes >= FREE_BYTES_COMFORTABLE:
        return Finding("disk", "ok", f"{said}.")
    level: Level = "problem" if free_bytes < FREE_BYTES_MIN else "warning"
    return Finding(
        "disk",
        level,
        f"Only {said}; a region needs 1 GB, the whole country 5 GB.",
        "Make room, or set WIJKSPIL_DATA_DIR to a folder on another disk.",
    )


def check_database(url: str, data_dir: Path) -> tuple[list[Finding], list[str]]:
    """Check the database server; return its databases' addresses too.

    Parameters
    ----------
    url
        ``DATABASE_URL``; empty for the embedded server of ``data_dir``.
    """
    if url:
        finding = check_server(url)
        return [finding], [url] if finding.level != "problem" else []
    try:
        status = postgres.status(data_dir)
    except postgres.PostgresError as error:
        return [Finding("database", "problem", error.what, error.remedy)], []
    if status.server is None:
        message, remedy, level = EMBEDDED[status.state]
        return [Finding("database", level, message, remedy)], []
    names = postgres.list_databases(status.server)
    findings = [check_server(status.server.url("postgres"))]
    return findings, [status.server.url(name) for name in names]


EMBEDDED: Mapping[str, tuple[str, str, Level]] = {
    "absent": ("There is no database yet.", "Make one: make demo.", "warning"),
    "stopped": (
        "The embedded database does not run.",
        "Start it: wijkspil db start; make demo and make serve do so themselves.",
        "warning",
    ),
    "unresponsive": (
        "The embedded database lives but does not answer; it may be recovering.",
        "Wait a minute; then stop and start it: wijkspil db stop, wijkspil db start.",
        "problem",
    ),
}


def check_server(url: str) -> Finding:
    """Check that a server answers, is new enough, and our role is a plain one."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT current_setting('server_version_num')::int / 10000,"
                " rolname, rolsuper OR rolbypassrls"
                " FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error as error:
        reason = str(error).strip().rsplit("\n", 1)[-1]
        return Finding(
            "database",
            "problem",
            f"The database does not answer: {reason}",
            "Check DATABASE_URL and that the server runs; without DATABASE_URL "
            "Wijkspil brings its own.",
        )
    major, role, sees_everything = row or (0, "", False)
    if major < OLDEST_POSTGRES:
        return Finding(
            "database",
            "problem",
            f"The server is PostgreSQL {major}; {OLDEST_POSTGRES} or newer is needed.",
            "Upgrade the server, or unset DATABASE_URL to use the embedded one.",
        )
    if sees_everything:
        return Finding(
            "database",
            "problem",
            f"The role {role!r} bypasses row-level security, so every row is open "
            "to it.",
            "Connect as a plain role that owns the database (LOGIN, not SUPERUSER, "
            "not BYPASSRLS).",
        )
    return Finding("database", "ok", f"PostgreSQL {major}, as the plain role {role!r}.")


def check_migrations(urls: Iterable[str]) -> list[Finding]:
    """Check of each database that its tables are those of this version."""
    urls = list(urls)
    if not urls:
        return []
    try:
        wanted = _migrations_of_this_version()
    except Exception as error:  # noqa: BLE001 - whatever keeps Django from loading
        return [
            Finding(
                "tables",
                "problem",
                f"The application does not load: {type(error).__name__}: {error}",
                "Mend that first; after an update run: make setup.",
            )
        ]
    return [compare_migrations(url, wanted) for url in urls]


def compare_migrations(url: str, wanted: set[tuple[str, str]]) -> Finding:
    """Compare the migrations a database had with those that are ``wanted``."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            name = connection.info.dbname
            table = connection.execute("SELECT to_regclass('django_migrations')")
            applied: set[tuple[str, str]] = set()
            if table.fetchone() != (None,):
                rows = connection.execute("SELECT app, name FROM django_migrations")
                applied = {(app, migration) for app, migration in rows}
    except psycopg.Error as error:
        return Finding(
            "tables",
            "problem",
            f"A database cannot be read: {error}",
            "Check DATABASE_URL and the rights of its role.",
        )
    apps = {app for app, _migration in wanted}
    if missing := wanted - applied:
        return Finding(
            "tables",
            "problem",
            f"Database {name}: {len(missing)} changes to the tables are not made yet.",
            "Run the command you use it with (make demo, make serve) or: wijkspil "
            "migrate.",
        )
    if newer := {one for one in applied - wanted if one[0] in apps}:
        app, migration = min(newer)
        return Finding(
            "tables",
            "problem",
            f"Database {name} was made by a newer version: it has {app} {migration}.",
            "Update this installation to that version.",
        )
    return Finding("tables", "ok", f"Database {name} has the tables of this version.")


def _migrations_of_this_version() -> set[tuple[str, str]]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    import django
    from django.db.migrations.loader import MigrationLoader

    django.setup()
    return set(MigrationLoader(None).disk_migrations)


def check_frontend(build_dir: Path) -> Finding:
    """Check that the pages' styles and scripts were built."""
    manifest = build_dir / "manifest.json"
    try:
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"].values()
        missing = [name for name in files if not (build_dir / name).is_file()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        missing = [manifest.name]
    if missing:
        return Finding(
            "front end",
            "problem",
            f"The pages' styles and scripts are not built ({missing[0]} is missing).",
            "Build them: make frontend.",
        )
    return Finding("front end", "ok", "The pages' styles and scripts are built.")


def check_node() -> Finding:
    """Check that there is a Node.js to build the front end with."""
    try:
        tools = build_frontend.find_node()
    except build_frontend.NodeNotFound as error:
        return Finding(
            "node",
            "warning",
            "There is no Node.js, so the front end cannot be built anew.",
            str(error),
        )
    return Finding("node", "ok", f"Node.js {tools.version} ({tools.origin}).")


def check_port(port: int) -> Finding:
    """Check that nothing listens where the site will."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        # As the web server does: a connection that just ended is no hindrance.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            return Finding(
                "port",
                "warning",
                f"Port {port} cannot be opened ({error.strerror}); perhaps Wijkspil "
                "is being served already.",
                f"Stop what listens there, or serve elsewhere: --port {port + 1}.",
            )
    return Finding("port", "ok", f"Port {port} is free.")


def check_chromium() -> Finding:
    """Check that the browser tests can run."""
    for name in CHROMIUMS:
        if path := shutil.which(name):
            return Finding("chromium", "ok", f"{path}, for the browser tests.")
    return Finding(
        "chromium",
        "warning",
        "There is no Chromium; only the browser tests need it.",
        "On Debian: apt-get install chromium.",
    )


def _nearest_existing(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.is_dir())


SIGNS: Mapping[Level, str] = {
    "ok": "[green]ok[/green]",
    "warning": "[yellow]warning[/yellow]",
    "problem": "[bold red]problem[/bold red]",
}


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Findings as JSON, for a program.")
    ] = False,
) -> None:
    """Check this installation, say what is wrong and how to mend it.

    Ends with code 1 when there is a problem; a warning is no problem.
    """
    findings = run_checks()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in findings], indent=1))
    else:
        _show(findings)
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(1)


def _show(findings: list[Finding]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("", "check", "found, and how to mend it"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        text = finding.message
        if finding.remedy:
            text += f"\n→ {finding.remedy}"
        # Not markup: a message may hold brackets.
        table.add_row(SIGNS[finding.level], finding.check, Text(text))
    console = Console()
    console.print(table)
    counts = {
        level: sum(one.level == level for one in findings)
        for level in ("problem", "warning")
    }
    console.print(
        "\nEverything is in order."
        if not any(counts.values())
        else f"\n{counts['problem']} problems, {counts['warning']} warnings."
    )
