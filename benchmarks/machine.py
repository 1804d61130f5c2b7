"""Say on what a benchmark ran, for its report."""

import os
import platform
from pathlib import Path


def describe_machine() -> str:
    """Return cores, memory and system of this machine, as in "2 cores, 23 GB"."""
    memory_kb = next(
        int(line.split()[1])
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemTotal")
    )
    return (
        f"{os.cpu_count()} cores, {memory_kb / 2**20:.0f} GB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )
