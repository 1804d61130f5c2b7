"""Locations of GP practices and hospitals: where care is, not who gives it.

The rights of the practice file are not cleared: it serves development and tests.
Nothing of it is stored; the generator of the fictional region puts its own,
fictional organizations at these places. Names and addresses are not passed on.
"""

from dataclasses import dataclass
from pathlib import Path

from wijkspil.core.progress import Progress, Silent
from wijkspil.directory.importing.checking import CheckedFile
from wijkspil.directory.importing.reading import PublisherFile
from wijkspil.directory.importing.report import FileReport
from wijkspil.directory.importing.scope import Scope, read_scope
from wijkspil.directory.importing.values import PC4, PC6, Row

GP_FILE = "providers/huisartsenpraktijken_locaties_2026.csv"
HOSPITAL_FILE = "providers/ziekenhuizen_acute_verloskunde_2019.csv"

_GP_COLUMNS = ("id", "soort", "pc6", "pc4", "gemeente", "lat", "lon", "coord")
_GP_KINDS = ("praktijk", "gezondheidscentrum", "mogelijk_huisartsenpost")
_HOSPITAL_COLUMNS = ("locatie", "plaats", "pc", "fullTimeSEH", "lon", "lat")


@dataclass(frozen=True)
class GpLocation:
    """A place with a GP practice. ``is_exact``: the point is that of its PC6.

    ``kind`` is the publisher's: praktijk, gezondheidscentrum (health centre) or
    mogelijk_huisartsenpost (perhaps an out-of-hours post, guessed from its name).
    """

    id: str
    kind: str
    pc6: str
    pc4: str
    gemeente: str
    lat: float
    lon: float
    is_exact: bool


@dataclass(frozen=True)
class HospitalLocation:
    """A place with a hospital. ``id`` is its line in the file."""

    id: str
    pc6: str
    pc4: str
    place: str
    lat: float
    lon: float
    has_emergency_room: bool


def read_gp_locations(
    folder: Path, region: str | None, progress: Progress | None = None
) -> list[GpLocation]:
    """Read the places of GP practices, of one care office region or all.

    Raises
    ------
    UnreadableFile
        If the file is absent or cannot be read.
    BadRows
        If a row breaks a rule; all of them are in the error.
    UnknownRegion
        If there is no such region.
    """
    scope = read_scope(folder, region)
    file = PublisherFile(folder, GP_FILE, progress or Silent())
    return check_gp_locations(CheckedFile(file, FileReport(GP_FILE)), scope)


def read_hospital_locations(
    folder: Path, region: str | None, progress: Progress | None = None
) -> list[HospitalLocation]:
    """Read the places of hospitals; raises as ``read_gp_locations`` does."""
    scope = read_scope(folder, region)
    file = PublisherFile(folder, HOSPITAL_FILE, progress or Silent())
    return check_hospital_locations(CheckedFile(file, FileReport(HOSPITAL_FILE)), scope)


def check_gp_locations(checked: CheckedFile, scope: Scope) -> list[GpLocation]:
    """Return the places in ``scope``; ``checked`` counts and refuses bad rows."""

    def parse(row: Row) -> GpLocation | None:
        lon, lat = row.point()
        location = GpLocation(
            id=row.text("id", longest=20),
            kind=row.one_of("soort", _GP_KINDS),
            pc6=row.code("pc6", PC6),
            pc4=row.code("pc4", PC4),
            gemeente=row.optional_text("gemeente", longest=120),
            lat=lat,
            lon=lon,
            is_exact=row.one_of("coord", ("pc6", "pc4")) == "pc6",
        )
        return location if scope.has_pc4(location.pc4) else None

    return list(checked.rows(_GP_COLUMNS, parse, key=("id",)))


def check_hospital_locations(
    checked: CheckedFile, scope: Scope
) -> list[HospitalLocation]:
    """Return the places in ``scope``; ``checked`` counts and refuses bad rows."""

    def parse(row: Row) -> HospitalLocation | None:
        lon, lat = row.point()
        pc6 = row.code("pc", PC6)
        location = HospitalLocation(
            id=f"ZH{row.line:04d}",
            pc6=pc6,
            pc4=pc6[:4],
            place=row.text("plaats", longest=120),
            lat=lat,
            lon=lon,
            has_emergency_room=row.one_of("fullTimeSEH", ("True", "False")) == "True",
        )
        return location if scope.has_pc4(location.pc4) else None

    return list(checked.rows(_HOSPITAL_COLUMNS, parse, key=("locatie",)))
