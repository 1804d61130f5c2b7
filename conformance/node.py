"""The tools that come from npm: locked here, and no part of the site."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from conformance.proof import ROOT
from wijkspil.ui.build_frontend import NodeTools, find_node, install_packages

FOLDER = ROOT / "conformance"


def ensure_tools() -> NodeTools:
    """Install the locked packages where that is needed and return Node.js.

    Raises
    ------
    FrontendBuildError
        If there is no usable Node.js, or npm failed.
    """
    tools = find_node()
    install_packages(tools, FOLDER, print)
    return tools


def run_node(
    arguments: Sequence[str | Path], *, timeout_s: float = 600
) -> "subprocess.CompletedProcess[str]":
    """Run a script with Node.js in this folder and return what it said."""
    tools = ensure_tools()
    return subprocess.run(
        [*tools.node, *map(str, arguments)],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def version_of(package: str) -> str:
    """Return the locked version of a package."""
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    version: str = lock["packages"][f"node_modules/{package}"]["version"]
    return version


if __name__ == "__main__":
    ensure_tools()
