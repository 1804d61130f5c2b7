"""How long does the picture of the country from open data take, and how much memory?

Reads the publishers' files (4,074 postcodes, 4,866 practice entries), projects 200
futures to 2040 for the usual scenarios and writes data and report. Limit: 3 minutes on
the clock with 2 cores and 3 GB.

    python -m benchmarks.insight_country --data FOLDER [--json FILE] [--data-only]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import describe_machine

LIMIT_S, LIMIT_MB = 180.0, 3 * 1024.0
DRAWS, HORIZON, CORES = 200, 2040, 2
_RUN = "from wijkspil.config.cli import main; main()"


def main() -> int:
    """Measure one run in a process of its own; return 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("WIJKSPIL_OPEN_DATA")
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--data-only", action="store_true", help="no HTML and PDF")
    asked = parser.parse_args()
    if asked.data is None or not Path(asked.data).is_dir():
        print("No open data: give --data FOLDER. Not measured.")
        return 0
    with tempfile.TemporaryDirectory() as out:
        command = [
            sys.executable, "-c", _RUN, "insight", "report",
            "--data", f"{asked.data}", "--region", "NL", "--out", out,
            "--draws", f"{DRAWS}", "--horizon", f"{HORIZON}", "--seed", "1",
            "--workers", f"{CORES}", *(["--data-only"] if asked.data_only else []),
        ]  # fmt: skip
        started = time.monotonic()
        process = subprocess.Popen(command)
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        run = json.loads((Path(out) / "run.json").read_text()) if not status else {}
        size_mb = sum(each.stat().st_size for each in Path(out).iterdir()) / 2**20
    found = {
        "machine": describe_machine(),
        "wall_s": round(seconds, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss / 1024, 1),
        "written_mb": round(size_mb, 1),
        "places": run.get("places"),
        "gp_practices": run.get("gp_practices"),
        "scenarios": sorted(run.get("scenarios", ())),
        "is_data_only": asked.data_only,
    }
    for name, value in found.items():
        print(f"{name}: {value}")
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    is_within = seconds <= LIMIT_S and found["peak_mb"] <= LIMIT_MB
    return 0 if status == 0 and is_within else 1


if __name__ == "__main__":
    sys.exit(main())
