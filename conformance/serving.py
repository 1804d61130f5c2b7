"""Serve the product as it is, on a database and an invented region of its own."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from conformance.proof import ROOT, Stage

#: What a size makes: ``small`` a gemeente without requests, ``region`` what
#: ``make demo`` shows, ``country`` that, in a directory of the national size.
SIZES = ("small", "region", "country")
_START_WITHIN_S = 120.0

#: Also systems that the sandbox has none of; asks for nothing but the accounts that
#: every invented region has.
_ISSUE_TOKENS = """
import json, sys
from datetime import timedelta
from wijkspil.config.runtime import start_application
start_application()
from django.utils import timezone
from wijkspil.accounts.selectors import find_fictional_actor
from wijkspil.accounts.services import issue_token
from wijkspil.directory.selectors.targets import get_service_target
at = timezone.now()
tokens = {}
for name, email in json.loads(sys.argv[1]).items():
    actor = find_fictional_actor(email, at=at)
    for grant in actor.grants if actor else ():
        organization_id = grant.organization_id
        if organization_id is None and grant.service_id is not None:
            organization_id = get_service_target(grant.service_id).organization_id
        if organization_id is not None:
            tokens[name] = issue_token(
                organization_id=organization_id, name=name, at=at,
                valid_until=at + timedelta(days=2),
            )[1]
print(json.dumps(tokens))
"""
#: The directory that ``benchmarks/fhir.py`` measures.
_FILL_COUNTRY = """
from wijkspil.config.runtime import start_application
start_application()
from benchmarks.fhir import fill
fill()
"""
_OTHER_SYSTEMS = {
    "triage": "triage@example.nl",
    "night": "nachtdienst@example.nl",
    "stay": "verblijf@example.nl",
}


@contextmanager
def serve_region(
    folder: Path,
    *,
    size: str = "region",
    database_url: str | None = None,
    is_small: bool = False,
) -> Iterator[Stage]:
    """Fill a database, serve it, and stop everything afterwards.

    Parameters
    ----------
    folder
        An empty folder; holds the embedded PostgreSQL and what proofs write.
    size
        One of ``SIZES``.
    database_url
        A database to fill in place of an embedded one.
    """
    environment = {
        **os.environ,
        "WIJKSPIL_DATA_DIR": str(folder / "site"),
        "WIJKSPIL_EMAIL_URL": "console:",  # messages go to the log, not to files
        "WIJKSPIL_WEBHOOK_PRIVATE": "yes",  # tools listen on this machine
    }
    environment.pop("DATABASE_URL", None)
    if database_url is not None:
        environment["DATABASE_URL"] = database_url
    try:
        tokens = _fill(size, environment)
        port = find_free_port()
        with (folder / "serve.log").open("wb") as log:
            process = subprocess.Popen(
                [*_WIJKSPIL, "serve", "--port", str(port)],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )
            try:
                _await_site(process, port, folder / "serve.log")
                yield Stage(
                    address=f"http://127.0.0.1:{port}",
                    tokens=tokens,
                    database_url=database_url or "",
                    folder=folder,
                    size=size,
                    is_small=is_small,
                )
            finally:
                process.terminate()
                process.wait(60)
    finally:
        if database_url is None:
            _run([*_WIJKSPIL, "db", "stop"], environment)


_WIJKSPIL = (
    sys.executable,
    "-c",
    "from wijkspil.config.cli import main; main()",
)


def _fill(size: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Make an invented region and return the tokens of systems in it."""
    if size == "small":
        _run([*_WIJKSPIL, "generate", "--gemeenten", "1"], environment)
        _run([*_WIJKSPIL, "sandbox-tokens"], environment)
    else:
        _run([*_WIJKSPIL, "demo", "--no-serve"], environment)
    if size == "country":
        _run([sys.executable, "-c", _FILL_COUNTRY], environment)
    issue = [sys.executable, "-c", _ISSUE_TOKENS, json.dumps(_OTHER_SYSTEMS)]
    said = _run(issue, environment)
    from wijkspil.config import sandbox

    return {
        "hospital": sandbox.HOSPITAL_TOKEN,
        "practice": sandbox.PRACTICE_TOKEN,
        "provider": sandbox.PROVIDER_TOKEN,
        **json.loads(said.splitlines()[-1]),
    }


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        env=dict(environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-2000:]
        raise SystemExit(f"{' '.join(command)} failed.\n{said}")
    return done.stdout


def find_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def _await_site(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until_s = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < until_s and process.poll() is None:
        try:
            with closing(
                http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            ) as line:
                line.request("GET", "/healthz")
                if line.getresponse().status == 200 and process.poll() is None:
                    return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"The site did not start.\n{log.read_text()[-2000:]}")
