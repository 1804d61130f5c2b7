"""Read a file row by row, keep the good rows apart from the bad, and count both."""

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TypeVar

from django.utils.translation import gettext as _

from wijkspil.core.errors import InvalidValue
from wijkspil.directory.importing.errors import BadRow, BadRows, BadValue
from wijkspil.directory.importing.reading import Feature, PublisherFile
from wijkspil.directory.importing.report import FileReport
from wijkspil.directory.importing.values import Row

Record = TypeVar("Record")

#: Bad rows remembered per file; a file with more is rotten, and memory is not endless.
_KEPT = 1000


class CheckedFile:
    """One reading of a file; bad rows end it, or go to ``skip_bad`` (a folder)."""

    def __init__(
        self, file: PublisherFile, report: FileReport, skip_bad: Path | None = None
    ) -> None:
        self.file = file
        self.report = report
        self._skip_bad = skip_bad
        self._bad: list[BadRow] = []
        self._first_lines: dict[str, int] = {}
        self._rejects: IO[str] | None = None

    def rows(
        self,
        columns: Sequence[str],
        parse: Callable[[Row], Record | None],
        *,
        key: Sequence[str],
    ) -> Iterator[Record]:
        """Yield what ``parse`` makes of each row; None is "outside the region".

        ``key`` names the columns that no two rows may share.

        Raises
        ------
        UnreadableFile
            If the file cannot be read.
        BadRows
            At the end, if a row broke a rule and no folder takes rejected rows.
        """

        def check(row: Row) -> Record | None:
            row.check_width(len(self.file.header))
            self._check_first(row.line, ", ".join(key), [row.raw(c) for c in key])
            return parse(row)

        yield from self._each(self.file.rows(columns), check)

    def features(
        self, parse: Callable[[Feature], tuple[str, Record] | None]
    ) -> Iterator[Record]:
        """Yield what ``parse`` makes of each feature; it returns a key with it."""

        def check(feature: Feature) -> Record | None:
            found = parse(feature)
            if found is None:
                return None
            self._check_first(feature.line, "properties", [found[0]])
            return found[1]

        yield from self._each(self.file.features(), check)

    def _each(
        self,
        places: Iterator[Row] | Iterator[Feature],
        check: Callable[..., Record | None],
    ) -> Iterator[Record]:
        try:
            for place in places:
                self.report.rows_read += 1
                try:
                    record = check(place)
                except BadValue as problem:
                    self._reject(place, problem)
                    continue
                if record is None:
                    self.report.outside_region += 1
                    continue
                yield record
        finally:
            if self._rejects is not None:
                self._rejects.close()
        if self._bad and self._skip_bad is None:
            raise BadRows(self.file.name, self._bad, self.report.rejected)

    def _check_first(self, line: int, columns: str, values: Sequence[str]) -> None:
        first = self._first_lines.setdefault("\t".join(values), line)
        if first != line:
            raise BadValue(
                columns,
                ", ".join(values),
                _("each of them once; the first is at %(line)d") % {"line": first},
            )

    def _reject(self, place: Row | Feature, problem: BadValue) -> None:
        self.report.rejected += 1
        row = BadRow(
            self.file.name, place.line, problem.column, problem.value, problem.expected
        )
        if len(self._bad) < _KEPT:
            self._bad.append(row)
        if self._skip_bad is not None:
            if self._rejects is None:
                self._rejects = rejected_path(self._skip_bad, self.file.name).open(
                    "w", encoding="utf-8", newline=""
                )
                csv.writer(self._rejects).writerow(
                    ["line", "reason", *self.file.header]
                )
            csv.writer(self._rejects).writerow([row.line, str(row), *place.cells])


def prepare_skip_bad(folder: Path) -> None:
    """Make the folder for rejected rows.

    Raises
    ------
    InvalidValue
        If the folder cannot be made or is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder):
            pass  # only to see that files can be made
    except OSError as error:
        raise InvalidValue(
            _("%(folder)s cannot take rejected rows (%(reason)s). Name another folder.")
            % {"folder": folder, "reason": error.strerror}
        ) from error


def rejected_path(skip_bad: Path, name: str) -> Path:
    """Return where the rejected rows of a file go."""
    return skip_bad / f"{Path(name).name}.rejected.csv"
