"""Read the publishers' files that a picture of a real region is made of.

One function per file; formats are those of ``docs/howto/load-open-data.md`` and
``docs/howto/insight-open-data.md``. Codes and points are checked as the import of the
directory does; an empty cell is not known, never 0.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from wijkspil.core.progress import Progress, Silent
from wijkspil.directory.importing.checking import CheckedFile
from wijkspil.directory.importing.errors import (
    PRINTED,
    BadRow,
    BadRows,
    BadValue,
)
from wijkspil.directory.importing.locations import GP_FILE, GpLocation
from wijkspil.directory.importing.locations import check_gp_locations as _gp_rows
from wijkspil.directory.importing.reading import PublisherFile
from wijkspil.directory.importing.regions import SAFETY_REGIONS
from wijkspil.directory.importing.report import FileReport
from wijkspil.directory.importing.scope import Scope
from wijkspil.directory.importing.values import GEMEENTE, PC4, WIJK, Row
from wijkspil.insight.errors import InvalidOpenData

Floats = NDArray[np.float64]
Record = TypeVar("Record")

REGIONS_FILE = "regions/gemeente_regios_2022.csv"
PC4_FILE = "pc4/pc4_2021.csv"
AGES_FILE = "pc4/pc4_leeftijd_geslacht_2021.csv"
OVERLAY_FILE = "pc4/pc4_wijk_overlay_2020_2022.csv"
WIJKEN_FILE = "cbs_areas/wijken_2022.csv"
USE_FILE = "zorgkosten/cbs_kosten_gebruik_zorg_naar_wet_gemeente_2014_2015.csv"
COST_BY_AGE_FILE = "zorgkosten/cpb_uitgaven_per_leeftijd_2022.csv"
HEALTH_FILE = "rivm_health/rivm_gezondheid_65plus_buurt_2020.csv.gz"
GP_CAPACITY_FILE = (
    "gp_capacity/capaciteitsorgaan_parameterwaarden_huisartsen_2010_2025.csv"
)
#: Without one of these there is no picture.
REQUIRED = (REGIONS_FILE, PC4_FILE, AGES_FILE)

#: Columns of the age file per sex, in the order of ``types.AGE_BANDS``.
AGE_COLUMNS = (*(f"{low}_{low + 4}" for low in range(0, 95, 5)), "95plus")
#: Coarse bands of the wijken: column, first and last five-year band (open end).
COARSE_BANDS = (
    ("pop_0_14", 0, 3),
    ("pop_15_24", 3, 5),
    ("pop_25_44", 5, 9),
    ("pop_45_64", 9, 13),
    ("pop_65plus", 13, 20),
)
_USERS = "Zvw - Wijkverpleging - Zorggebruikers [aantal] [2015]"
_COST = "Zvw - Wijkverpleging - Kosten totaal [euro] [2015]"
_LIMITED = "BeperktVanwegeGezondheid_17"
#: Spending by law that may have the shape of the use of district nursing.
LAWS = ("zvw", "wlz", "wmo")
_LAST_AGE = 99
_HEALTH_CODE = re.compile(r"NL01|GM[0-9]{4}|WK[0-9]{4}[0-9A-Z]{2}|BU[0-9]{4}.{4}")
_MOST_EURO = 999_999_999
#: More than any gemeente.
_MOST_KM2 = 2_000


@dataclass
class Folder:
    """The folder with data; remembers which files were read, with their SHA-256."""

    path: Path
    progress: Progress = field(default_factory=Silent)
    hashes: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Return whether a file is there; remembers it when not."""
        if (self.path / name).is_file():
            return True
        if name not in self.absent:
            self.absent.append(name)
        return False

    def has_column(self, name: str, column: str) -> bool:
        """Return whether the first line of a file names a column."""
        with (self.path / name).open("rb") as stream:
            header = stream.readline(1_000_000).decode("utf-8-sig", "replace")
        is_there = column in [each.strip() for each in header.split(",")]
        if not is_there:
            self.absent.append(f"{name}: {column}")
        return is_there

    def check(self) -> None:
        """Refuse a folder without what every picture needs.

        Raises
        ------
        InvalidOpenData
            Naming each file that is missing and what to do.
        """
        if not self.path.is_dir():
            raise InvalidOpenData(
                _("%(folder)s is no folder. Name the one that holds pc4 and regions.")
                % {"folder": self.path}
            )
        missing = [name for name in REQUIRED if not (self.path / name).exists()]
        if missing:
            raise InvalidOpenData(
                "\n".join(
                    _(
                        "%(file)s is missing in %(folder)s. Put the publisher's file "
                        "there; docs/howto/insight-open-data.md says which."
                    )
                    % {"file": name, "folder": self.path}
                    for name in missing
                )
            )

    def rows(
        self,
        name: str,
        columns: Sequence[str],
        parse: Callable[[Row], Record | None],
        key: Sequence[str],
    ) -> Iterator[Record]:
        """Yield what ``parse`` makes of each row.

        Raises
        ------
        InvalidOpenData
            If rows break a rule; names file, line, column, value, what was expected.
        UnreadableFile
            If the file cannot be read as what it should be.
        """
        checked = self._checked(name)
        try:
            yield from checked.rows(columns, parse, key=key)
        except BadRows as problem:
            raise _bad_rows(problem) from problem

    def gp_locations(self) -> list[GpLocation]:
        """Return the places of GP practices; raises as ``rows`` does."""
        try:
            return _gp_rows(self._checked(GP_FILE), Scope())
        except BadRows as problem:
            raise _bad_rows(problem) from problem

    def _checked(self, name: str) -> CheckedFile:
        file = PublisherFile(self.path, name, self.progress)
        if file.path.is_file():
            self.hashes[name] = hash_file(file.path)
        return CheckedFile(file, FileReport(name))


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class GemeenteRow:
    """A gemeente of 2022 with the name of its region in each set."""

    code: str
    name: str
    regions: dict[str, str]


def read_gemeenten(folder: Folder) -> dict[str, GemeenteRow]:
    """Return the gemeenten of 2022 by code."""

    def parse(row: Row) -> GemeenteRow:
        safety = row.one_of("vr_code", tuple(SAFETY_REGIONS))
        return GemeenteRow(
            code=row.code("code", GEMEENTE),
            name=row.text("gemeente", longest=120),
            regions={
                "zorgkantoor": row.text("zorgkantoor", longest=60),
                "corop": row.text("corop", longest=60),
                "ggd": row.text("ggdregio", longest=60),
                "veiligheidsregio": SAFETY_REGIONS[safety],
                "provincie": row.text("provincie", longest=60),
            },
        )

    columns = (
        "code", "gemeente", "provincie", "corop", "ggdregio", "zorgkantoor", "vr_code",
    )  # fmt: skip
    return {
        row.code: row for row in folder.rows(REGIONS_FILE, columns, parse, ("code",))
    }


@dataclass(frozen=True, slots=True)
class Pc4Row:
    """A postcode area; inhabitants and point are None where the publisher is silent."""

    code: str
    name: str
    gemeente: str
    inhabitants: int | None
    point: tuple[float, float] | None
    km2: float = np.nan


def read_pc4(folder: Folder) -> dict[str, Pc4Row]:
    """Return the postcode areas of 2021 by code."""
    has_size = folder.has_column(PC4_FILE, "opp_km2")

    def parse(row: Row) -> Pc4Row:
        lon, lat = row.optional_point()
        code = row.code("pc4", PC4)
        return Pc4Row(
            code=code,
            name=row.optional_text("plaats", longest=120) or code,
            gemeente=row.optional_text("gemeente", longest=120),
            inhabitants=row.optional_inhabitants("inwoners"),
            point=None if lon is None or lat is None else (lon, lat),
            km2=_size(row, "opp_km2") if has_size else np.nan,
        )

    columns = ("pc4", "inwoners", "plaats", "gemeente", "lon", "lat")
    return {row.code: row for row in folder.rows(PC4_FILE, columns, parse, ("pc4",))}


def read_ages(folder: Folder) -> dict[str, Floats]:
    """Return people by sex and age, (2, 20), by PC4; NaN where suppressed."""
    names = [[f"{sex}_{column}" for column in AGE_COLUMNS] for sex in "mv"]

    def parse(row: Row) -> tuple[str, Floats]:
        cells = [[row.optional_inhabitants(name) for name in sex] for sex in names]
        return row.code("pc4", PC4), np.array(
            [[np.nan if cell is None else cell for cell in sex] for sex in cells],
            dtype=np.float64,
        )

    columns = ("pc4", *names[0], *names[1])
    return dict(folder.rows(AGES_FILE, columns, parse, ("pc4",)))


@dataclass(frozen=True, slots=True)
class OverlayRow:
    """How much ground a PC4 and a wijk share."""

    pc4: str
    wijk: str
    share_of_pc4: float


def read_overlay(folder: Folder) -> list[OverlayRow]:
    """Return which PC4 and wijken share ground."""

    def parse(row: Row) -> OverlayRow:
        return OverlayRow(
            pc4=row.code("pc4", PC4),
            wijk=row.code("wk_code_2022", WIJK),
            share_of_pc4=row.number("aandeel_van_pc4", least=0, most=1),
        )

    columns = ("pc4", "wk_code_2022", "aandeel_van_pc4")
    key = ("pc4", "wk_code_2022")
    return list(folder.rows(OVERLAY_FILE, columns, parse, key))


@dataclass(frozen=True, slots=True)
class WijkRow:
    """A wijk of 2022. ``bands`` are shares of the people (0..1), or None."""

    code: str
    name: str
    gemeente: str
    inhabitants: int
    bands: tuple[float, ...] | None
    income_low_share: float
    lon: float
    lat: float
    km2: float = np.nan


def read_wijken(folder: Folder) -> dict[str, WijkRow]:
    """Return the wijken of 2022 by code."""
    bands = [name for name, _first, _last in COARSE_BANDS]
    has_income = folder.has_column(WIJKEN_FILE, "income_low")
    has_size = folder.has_column(WIJKEN_FILE, "area")

    def parse(row: Row) -> WijkRow:
        lon, lat = row.point()
        percentages = row.percentages(bands)
        total = sum(percentages)
        low = row.raw("income_low") if has_income else ""
        return WijkRow(
            code=row.code("code", WIJK),
            name=row.text("name", longest=120),
            gemeente=row.code("gm_code", GEMEENTE),
            inhabitants=row.inhabitants("population"),
            # Rounded by the publisher: 98 to 102 in all, and useless in tiny wijken.
            bands=tuple(each / total for each in percentages)
            if 90 <= total <= 110
            else None,
            income_low_share=row.number("income_low", least=0, most=100)
            if low
            else np.nan,
            lon=lon,
            lat=lat,
            km2=_size(row, "area") if has_size else np.nan,
        )

    columns = ("code", "name", "gm_code", "population", *bands, "lon", "lat")
    return {
        row.code: row for row in folder.rows(WIJKEN_FILE, columns, parse, ("code",))
    }


@dataclass(frozen=True, slots=True)
class UseRow:
    """Use of district nursing (Zvw) in a gemeente of 2015: people in the year, euro."""

    gemeente: str
    users: float
    euro: float


def read_use(folder: Folder) -> list[UseRow]:
    """Return use and cost per gemeente of the division of 2015; NaN not known."""

    def parse(row: Row) -> UseRow:
        return UseRow(
            gemeente=row.text("Gemeente", longest=120),
            users=_amount(row, _USERS),
            euro=_amount(row, _COST),
        )

    columns = ("Gemeente", _USERS, _COST)
    return list(folder.rows(USE_FILE, columns, parse, ("Gemeente",)))


def read_cost_by_age(folder: Folder) -> Floats:
    """Return euro an inhabitant a year by age 0..99 and law, (100, 3).

    Raises
    ------
    InvalidOpenData
        If an age is missing.
    """
    found: dict[int, list[float]] = {}

    def parse(row: Row) -> tuple[int, list[float]]:
        age = row.number("leeftijd", least=0, most=_LAST_AGE)
        return int(age), [row.number(law, least=0, most=_MOST_EURO) for law in LAWS]

    columns = ("leeftijd", *LAWS)
    found = dict(folder.rows(COST_BY_AGE_FILE, columns, parse, ("leeftijd",)))
    missing = [age for age in range(_LAST_AGE + 1) if age not in found]
    if missing:
        raise InvalidOpenData(
            _(
                "%(file)s, column leeftijd: age %(age)d is not there. Expected: each "
                "of 0 to %(last)d once."
            )
            % {"file": COST_BY_AGE_FILE, "age": missing[0], "last": _LAST_AGE}
        )
    return np.array([found[age] for age in range(_LAST_AGE + 1)])


def read_health(folder: Folder) -> dict[str, float]:
    """Return % of people of 65 and over limited by their health, by area code."""

    def parse(row: Row) -> tuple[str, float] | None:
        code = row.raw("code")
        if not _HEALTH_CODE.fullmatch(code):
            raise BadValue(
                "code", code, _("NL01 or a code of a gemeente, wijk or buurt")
            )
        if code.startswith("BU") or not row.raw(_LIMITED):
            return None
        return code, row.number(_LIMITED, least=0, most=100)

    return dict(folder.rows(HEALTH_FILE, ("code", _LIMITED), parse, ("code",)))


@dataclass(frozen=True, slots=True)
class GpCapacity:
    """National figures of the GP workforce of the newest estimate.

    ``unmet`` are shares of the need that are not met: lowest of all estimates, the
    newest, and the highest.
    """

    year: int
    workers: float
    fte_per_worker: float
    unmet: tuple[float, float, float]


def read_gp_capacity(folder: Folder) -> GpCapacity:
    """Return what the Capaciteitsorgaan published of GPs.

    Raises
    ------
    InvalidOpenData
        If the file has no such columns or rows, or a value is no number.
    """
    path = folder.path / GP_CAPACITY_FILE
    folder.hashes[GP_CAPACITY_FILE] = hash_file(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream, delimiter=";", strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidOpenData(
            _(
                "%(file)s: it cannot be read (%(reason)s). Expected: a CSV in UTF-8 "
                "separated by “;”."
            )
            % {"file": GP_CAPACITY_FILE, "reason": error}
        ) from error
    header = lines[0] if lines else []
    columns = [n for n, name in enumerate(header) if name.startswith("raming_")]
    if "Variabele" not in header or not columns:
        raise InvalidOpenData(
            _(
                "%(file)s, line 1: the columns Variabele and raming_… are not there. "
                "Download it again, separated by “;”."
            )
            % {"file": GP_CAPACITY_FILE}
        )
    name_at = header.index("Variabele")
    rows = {
        line[name_at]: (number, line)
        for number, line in enumerate(lines[1:], 2)
        if len(line) == len(header)
    }

    def numbers(name: str) -> list[float]:
        if name not in rows:
            raise InvalidOpenData(
                _("%(file)s, column Variabele: there is no row %(name)s.")
                % {"file": GP_CAPACITY_FILE, "name": name}
            )
        number, line = rows[name]
        made = []
        for at in columns:
            try:
                made.append(float(line[at].replace(",", ".")))
            except ValueError:
                raise InvalidOpenData(
                    str(
                        BadRow(
                            GP_CAPACITY_FILE,
                            number,
                            header[at],
                            line[at][:60],
                            _("a number with a decimal comma"),
                        )
                    )
                ) from None
        return made

    low, middle, high = (
        numbers(f"onv_vraag_{each}") for each in ("laag", "midden", "hoog")
    )
    return GpCapacity(
        year=int(numbers("basisjaar")[-1]),
        workers=numbers("aanbod_personen")[-1],
        fte_per_worker=numbers("fte_totaal_basis")[-1],
        unmet=(min(low), middle[-1], max(high)),
    )


def _size(row: Row, column: str) -> float:
    """Return square kilometres; NaN not known. Some files have 18 decimals."""
    text = row.raw(column)
    if not text:
        return np.nan
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 <= value <= _MOST_KM2:
        raise BadValue(
            column,
            text,
            _("a number from %(least)g to %(most)g with a decimal point")
            % {"least": 0, "most": _MOST_KM2},
        )
    return value


def _amount(row: Row, column: str) -> float:
    if not row.raw(column):
        return np.nan
    return row.number(column, least=0, most=_MOST_EURO)


def _bad_rows(problem: BadRows) -> InvalidOpenData:
    lines = [str(row) for row in problem.rows[:PRINTED]]
    if problem.total > len(lines):
        lines.append(
            _("%(file)s: and %(count)d more bad rows.")
            % {"file": problem.rows[0].file, "count": problem.total - len(lines)}
        )
    lines.append(_("Nothing was computed. Correct the file, or download it again."))
    return InvalidOpenData("\n".join(lines))
