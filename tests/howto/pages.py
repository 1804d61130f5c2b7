"""Read the commands and the answers that a page shows, and run them as they stand.

On a page a fence ``bash`` is run, all of one page in one shell, so that a later command
knows what an earlier one set. A fence ``text`` or ``json`` right after it is what the
command prints, where ``...`` stands for anything. Other fences are not run.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_MARK = "\x1e"
_CURL = Path(__file__).with_name("curl_in_python.py")


@dataclass(frozen=True)
class Step:
    """A command of a page, the line it begins at, and what it prints (None: open)."""

    line: int
    command: str
    shown: str | None


def read_steps(page: Path) -> list[Step]:
    """Return what a page lets its reader type, in order."""
    text = page.read_text()
    fences = list(_FENCE.finditer(text))
    steps = []
    for place, fence in enumerate(fences):
        if fence[1] != "bash":
            continue
        after = fences[place + 1] if place + 1 < len(fences) else None
        is_shown = (
            after is not None
            and after[1] in ("text", "json")
            and not text[fence.end() : after.start()].strip()
        )
        steps.append(
            Step(
                line=text[: fence.start()].count("\n") + 2,
                command=fence[2],
                shown=after[2] if after is not None and is_shown else None,
            )
        )
    return steps


def run_steps(
    steps: list[Step],
    *,
    folder: Path,
    instead: Mapping[str, str],
    curl_in_python: bool | None = None,
    database_url: str = "",
    timeout_s: float = 300,
) -> list[str]:
    """Run the steps in one bash in ``folder`` and return what each printed.

    Parameters
    ----------
    instead
        Text of the page -> text for this run, as the address of the server.
    curl_in_python
        Run ``curl`` by a small program that reads the same command line; by itself
        only where there is no curl.
    database_url
        Of the server, for the commands of who runs the installation.

    Raises
    ------
    AssertionError
        If a step ends with an error; says which, and all it told.
    """
    script = ["set -euo pipefail"]
    for number, step in enumerate(steps):
        command = step.command
        for text, other in instead.items():
            command = command.replace(text, other)
        script += [f"printf '{_MARK}{number}{_MARK}'", command]
    # What a page leaves running ends with it.
    script.insert(1, "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT")
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env={
            **os.environ,
            "PATH": _path(folder, curl_in_python),
            "LC_ALL": "C.UTF-8",
            **({"DATABASE_URL": database_url} if database_url else {}),
        },
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    parts = done.stdout.split(_MARK)[1:]
    printed = dict(zip(map(int, parts[::2]), parts[1::2], strict=True))
    last = steps[max(printed)]
    assert done.returncode == 0, (
        f"line {last.line} ended with {done.returncode}:\n{last.command}\n"
        f"{printed[max(printed)]}\n{done.stderr}"
    )
    return [printed.get(number, "") for number in range(len(steps))]


def is_as_shown(shown: str, printed: str) -> bool:
    """Whether a command printed what the page shows; white space may differ."""
    parts = [re.escape(" ".join(part.split())) for part in shown.split("...")]
    pattern = r"\s*.*?\s*".join(part.replace(r"\ ", r"\s*") for part in parts)
    return re.fullmatch(pattern, " ".join(printed.split()), re.DOTALL) is not None


def _path(folder: Path, curl_in_python: bool | None) -> str:
    if curl_in_python is None:
        curl_in_python = shutil.which("curl") is None
    own = folder / "commands"
    own.mkdir(exist_ok=True)
    commands = {
        "python3": sys.executable,
        "wijkspil": f"{Path(sys.executable).parent}/wijkspil",
    }
    if curl_in_python:
        commands["curl"] = f'{sys.executable}" "{_CURL}'
    for name, program in commands.items():
        command = own / name
        command.unlink(missing_ok=True)
        command.write_text(f'#!/bin/sh\nexec "{program}" "$@"\n')
        command.chmod(0o755)
    return f"{own}{os.pathsep}{os.environ['PATH']}"
