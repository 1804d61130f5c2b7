"""Run every benchmark, one after the other: ``make bench``.

On the database of DATABASE_URL, else on the country in the embedded server (fill it
with ``wijkspil demo --data FOLDER --all --no-serve``). Ends with 1 when a limit is
missed.
"""

import os
import subprocess
import sys

from wijkspil.config import postgres

if not os.environ.get("DATABASE_URL"):
    server = postgres.ensure_running(postgres.default_data_dir())
    os.environ["DATABASE_URL"] = server.url("wijkspil_nederland")

missed = []
for name in (
    "responsible",
    "find_practices",
    "coverage_check",
    "signposts",
    "ask",
    "division",
    "offer_race",
    "exchange",
    "exchange_households",
    "access",
    "location",
    "projection",
    "insight_country",
    "country_map",
):
    print(f"== {name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    if subprocess.run(command, check=False).returncode != 0:
        missed.append(name)
sys.exit(f"Above a limit: {', '.join(missed)}." if missed else 0)
