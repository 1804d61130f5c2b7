"""Load a folder of publishers' files into the directory, file by file.

Each file is one transaction: all of its good rows, or nothing. A file that fails
does not stop files that do not need it; at the end every problem is reported.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.core.errors import InvalidValue
from wijkspil.core.progress import Progress, Silent
from wijkspil.directory.importing import files, locations, scope
from wijkspil.directory.importing.checking import (
    CheckedFile,
    prepare_skip_bad,
    rejected_path,
)
from wijkspil.directory.importing.errors import LoadFailed, UnreadableFile
from wijkspil.directory.importing.files import Known
from wijkspil.directory.importing.reading import PublisherFile
from wijkspil.directory.importing.report import FileReport, LoadReport
from wijkspil.directory.importing.staging import Merged, lock_import
from wijkspil.directory.services.areas import list_unplaced_postcodes, refresh_within

GEMEENTEN = "cbs_areas/gemeenten_2022.csv"
WIJKEN = "cbs_areas/wijken_2022.csv"


@dataclass(frozen=True)
class Step:
    """One file: how it is loaded, what it needs, what its absence means."""

    file: str
    load: Callable[[Known, CheckedFile], Merged]
    without: str | Promise
    needs: tuple[str, ...] = ()
    is_required: bool = False


STEPS = (
    Step(
        GEMEENTEN,
        files.load_gemeenten,
        gettext_lazy("there are no gemeenten to load anything into"),
        is_required=True,
    ),
    Step(
        WIJKEN,
        files.load_wijken,
        gettext_lazy("there are no wijken to load postcodes into"),
        needs=(GEMEENTEN,),
        is_required=True,
    ),
    Step(
        "cbs_areas/gemeenten_2022.geojson.gz",
        files.load_gemeente_shapes,
        gettext_lazy("the map shows no borders of gemeenten"),
        needs=(GEMEENTEN,),
    ),
    Step(
        "cbs_areas/wijken_2022.geojson.gz",
        files.load_wijk_shapes,
        gettext_lazy("the map shows no borders of wijken"),
        needs=(WIJKEN,),
    ),
    Step(
        "cbs_areas/gemeenten_wijken_2024.csv",
        files.load_counts_2024,
        gettext_lazy("there are no counts of 2024"),
        needs=(WIJKEN,),
    ),
    Step(
        scope.REGIONS_FILE,
        files.load_regions,
        gettext_lazy("there are no regions, and no regional coordinators"),
        needs=(GEMEENTEN,),
    ),
    Step(
        "cbs_buurten/buurten_2020_lijst.csv",
        files.load_buurten_2020,
        gettext_lazy("addresses are placed in a wijk, not in a buurt"),
        needs=(WIJKEN,),
    ),
    Step(
        "cbs_buurten/buurten_2014_centroiden.csv",
        files.load_buurten_2014,
        gettext_lazy("the buurten of 2014 are not known"),
        needs=(GEMEENTEN,),
    ),
    Step(
        scope.PC4_FILE,
        files.load_pc4,
        gettext_lazy("no postcode can be found"),
        needs=(GEMEENTEN,),
        is_required=True,
    ),
    Step(
        "pc4/pc4_leeftijd_geslacht_2021.csv",
        files.load_pc4_ages,
        gettext_lazy("postcodes have no inhabitants per age"),
        needs=(scope.PC4_FILE,),
    ),
    Step(
        "pc4/pc4_2020.geojson.gz",
        files.load_pc4_shapes,
        gettext_lazy("the map shows no borders of postcodes"),
        needs=(scope.PC4_FILE,),
    ),
    Step(
        scope.OVERLAY_FILE,
        files.load_pc4_overlay,
        gettext_lazy("a postcode is placed in its gemeente, not in a wijk"),
        needs=(scope.PC4_FILE, WIJKEN),
    ),
    Step(
        "pc6_5provincies/pc6_5provincies_2026.csv.gz",
        files.load_pc6,
        gettext_lazy("addresses are answered on their 4 digits only"),
        needs=(scope.PC4_FILE, WIJKEN),
    ),
    Step(
        locations.GP_FILE,
        files.check_gp_file,
        gettext_lazy("fictional GP practices get invented places"),
    ),
    Step(
        locations.HOSPITAL_FILE,
        files.check_hospital_file,
        gettext_lazy("fictional hospitals get invented places"),
    ),
)


def load(
    folder: Path,
    *,
    region: str | None,
    progress: Progress,
    skip_bad: Path | None = None,
) -> LoadReport:
    """Load the open data under ``folder``; the same files twice change nothing.

    ``region`` limits everything to the gemeenten of one care office (zorgkantoor).
    With ``skip_bad`` good rows are loaded and bad ones written to that folder. Areas
    that are no longer in a file stay: services may still refer to them.

    Raises
    ------
    LoadFailed
        If a file is missing, unreadable or holds bad rows. Files without problems are
        loaded; ``report`` of the error says which.
    UnknownRegion
        If there is no such region; nothing is loaded.
    """
    _check_folder(folder)
    if skip_bad is not None:
        prepare_skip_bad(skip_bad)
    try:
        limits = scope.read_scope(folder, region)
    except UnreadableFile as problem:
        raise LoadFailed([problem]) from problem
    known = Known(
        scope=limits,
        accented=scope.read_accented_names(folder),
    )
    report = LoadReport(region=known.scope.region)
    problems: list[InvalidValue] = []
    failed: set[str] = set()
    for step in STEPS:
        file_report = FileReport(step.file)
        report.files.append(file_report)
        started = perf_counter()
        try:
            if not PublisherFile(folder, step.file, progress).exists:
                file_report.note = _("absent: %(meaning)s") % {"meaning": step.without}
            elif blocked := failed.intersection(step.needs):
                failed.add(step.file)
                file_report.note = _("not loaded: it needs %(file)s") % {
                    "file": ", ".join(sorted(blocked))
                }
            else:
                _load_file(step, known, folder, progress, skip_bad, file_report)
        except InvalidValue as problem:
            failed.add(step.file)
            problems.append(problem)
            file_report.note = _("not loaded")
        file_report.seconds = perf_counter() - started
    _refresh(report, progress)
    if problems:
        raise LoadFailed(problems, report)
    return report


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise LoadFailed(
            [
                UnreadableFile(
                    _("%(folder)s is no folder. Name the folder that holds cbs_areas.")
                    % {"folder": folder}
                )
            ]
        )
    missing = [
        UnreadableFile(
            _("%(file)s is missing in %(folder)s: without it %(meaning)s.")
            % {"file": step.file, "folder": folder, "meaning": step.without}
        )
        for step in STEPS
        if step.is_required and not PublisherFile(folder, step.file, Silent()).exists
    ]
    if missing:
        raise LoadFailed(missing)


def _load_file(
    step: Step,
    known: Known,
    folder: Path,
    progress: Progress,
    skip_bad: Path | None,
    report: FileReport,
) -> None:
    if skip_bad is not None:
        rejected_path(skip_bad, step.file).unlink(missing_ok=True)
    checked = CheckedFile(PublisherFile(folder, step.file, progress), report, skip_bad)
    with transaction.atomic():
        lock_import()
        merged = step.load(known, checked)
    if report.rows_read == report.outside_region:
        report.note = _("nothing of this region in it: %(meaning)s") % {
            "meaning": step.without
        }
    report.new = merged.new
    report.changed = merged.changed
    report.unchanged = max(0, merged.total - merged.new - merged.changed)


def _refresh(report: LoadReport, progress: Progress) -> None:
    progress.start(_("What lies in what"), 1)
    started = perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        lock_import()
        cursor.execute("ANALYZE directory_area, directory_areaoverlap")
        report.areas_refreshed = refresh_within()
        report.unplaced_pc4 = list_unplaced_postcodes()
    report.refresh_seconds = perf_counter() - started
    progress.advance()
