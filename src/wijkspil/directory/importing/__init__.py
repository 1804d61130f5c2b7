"""Bring publishers' open data into the directory.

Answers: what do these files hold, which rows are wrong and why, and what changed.
Formats are those of ``docs/howto/load-open-data.md``. It makes areas and regions only:
organizations and services come from editors, systems or the fictional region.
"""

from wijkspil.directory.importing.errors import (
    BadRow,
    BadRows,
    LoadFailed,
    UnknownRegion,
    UnreadableFile,
)
from wijkspil.directory.importing.loading import load
from wijkspil.directory.importing.locations import (
    GpLocation,
    HospitalLocation,
    read_gp_locations,
    read_hospital_locations,
)
from wijkspil.directory.importing.report import FileReport, LoadReport

__all__ = [
    "BadRow",
    "BadRows",
    "FileReport",
    "GpLocation",
    "HospitalLocation",
    "LoadFailed",
    "LoadReport",
    "UnknownRegion",
    "UnreadableFile",
    "load",
    "read_gp_locations",
    "read_hospital_locations",
]
