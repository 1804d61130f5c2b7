"""Read publishers' files from front to back, never whole in memory.

Answers: which rows (CSV) or features (GeoJSON) does this file hold, and if it
cannot be read at all, why. It does not know what the columns mean.
"""

import codecs
import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

from django.utils.translation import gettext as _

from wijkspil.core.progress import Progress
from wijkspil.directory.importing.errors import UnreadableFile, printable
from wijkspil.directory.importing.values import Row

#: A line longer than this (bytes) is no line of a table.
_LONGEST_LINE = 1_000_000
_CHUNK = 1 << 18
#: One feature larger than this (characters) is refused.
_LARGEST_FEATURE = 32_000_000
_ROWS_PER_TICK = 500


class Feature:
    """One feature of a GeoJSON FeatureCollection; ``line`` is its number."""

    __slots__ = ("content", "line")

    def __init__(self, line: int, content: Any) -> None:
        self.line = line
        self.content = content

    @property
    def cells(self) -> Sequence[str]:
        """What is kept of a rejected feature."""
        properties = (
            self.content.get("properties") if isinstance(self.content, dict) else None
        )
        return (json.dumps(properties),)


class PublisherFile:
    """A CSV or GeoJSON file, plain or gzip, by its place under the data folder."""

    def __init__(self, folder: Path, name: str, progress: Progress) -> None:
        self.name = name
        self.path = folder / name
        self.header: list[str] = []
        self._progress = progress

    @property
    def exists(self) -> bool:
        """Whether there is anything of that name (a folder counts)."""
        try:
            return self.path.exists()
        except OSError:  # in a folder that may not be entered
            return False

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the rows; ``columns`` must be there, in any order, among others.

        Raises
        ------
        UnreadableFile
            If the file is no UTF-8 CSV with these columns and at least one row.
        """
        reader = csv.reader(self._lines(), strict=True)
        try:
            self.header = [name.strip() for name in next(reader, [])]
            places = self._check_header(columns)
            line, count = reader.line_num + 1, 0
            for cells in reader:
                if cells:
                    count += 1
                    yield Row(line, cells, places)
                line = reader.line_num + 1
        except csv.Error as error:
            self._refuse(
                _(
                    "line %(line)d is not CSV (%(reason)s). Often a quotation mark "
                    "is missing there or before."
                )
                % {"line": reader.line_num, "reason": error}
            )
        if not count:
            self._refuse(_("it has a header and no rows. Download it again."))

    def features(self) -> Iterator[Feature]:
        """Yield the features of a FeatureCollection.

        Raises
        ------
        UnreadableFile
            If the file is no complete GeoJSON FeatureCollection in UTF-8.
        """
        self.header = ["properties"]
        chunks = self._text_chunks()
        head, buffer = self._find_features(chunks)
        decoder = json.JSONDecoder()
        count, place = 0, 0
        while True:
            while place < len(buffer) and buffer[place] in " \t\r\n,":
                place += 1
            if place < len(buffer) and buffer[place] == "]":
                break
            try:
                content, end = decoder.raw_decode(buffer, place)
            except (ValueError, RecursionError):
                chunk = next(chunks, "")
                if not chunk or len(buffer) - place > _LARGEST_FEATURE:
                    self._refuse(
                        _(
                            "feature %(number)d is not valid JSON, or the file is cut "
                            "off."
                        )
                        % {"number": count + 1}
                    )
                buffer, place = buffer[place:] + chunk, 0
                continue
            count += 1
            yield Feature(count, content)
            place = end
        self._check_frame(head + "[" + buffer[place:] + "".join(chunks))
        if not count:
            self._refuse(_("it holds no features. Download it again."))

    def _find_features(self, chunks: Iterator[str]) -> tuple[str, str]:
        buffer, found = "", None
        while not found:
            chunk = next(chunks, "")
            if not chunk or len(buffer) > _LONGEST_LINE:
                self._refuse(
                    _("it is not a GeoJSON FeatureCollection (no list of features).")
                )
            buffer += chunk
            found = re.search(r'"features"\s*:\s*\[', buffer)
        return buffer[: found.end() - 1], buffer[found.end() :]

    def _check_frame(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except (ValueError, RecursionError):
            self._refuse(_("what follows the features is not valid JSON."))
        if not isinstance(frame, dict) or frame.get("type") != "FeatureCollection":
            self._refuse(_("it is not a GeoJSON FeatureCollection."))

    def _check_header(self, columns: Sequence[str]) -> dict[str, int]:
        if not any(self.header):
            self._refuse(_("it is empty. Download it again."))
        places = {name: place for place, name in enumerate(self.header)}
        missing = [name for name in columns if name not in places]
        if missing:
            hint = ""
            if len(self.header) == 1 and ";" in self.header[0]:
                hint = " " + _("The values are separated by “;”: save it with commas.")
            self._refuse(
                _("the column %(missing)s is missing. Found: %(found)s.")
                % {
                    "missing": ", ".join(missing),
                    "found": printable(", ".join(self.header), longest=200),
                }
                + hint
            )
        twice = sorted({name for name in columns if self.header.count(name) > 1})
        if twice:
            self._refuse(
                _("the column %(name)s is there twice.") % {"name": ", ".join(twice)}
            )
        return places

    def _lines(self) -> Iterator[str]:
        with self._open() as (stream, raw):
            done = number = 0
            while line := stream.readline(_LONGEST_LINE):
                number += 1
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                if number % _ROWS_PER_TICK == 0:
                    self._progress.advance(raw.tell() - done)
                    done = raw.tell()
                if b"\0" in line or len(line) == _LONGEST_LINE:
                    self._refuse(
                        _("line %(line)d is not text: this is no CSV file in UTF-8.")
                        % {"line": number}
                    )
                try:
                    yield line.decode()
                except UnicodeDecodeError as error:
                    self._refuse(
                        _(
                            "line %(line)d is not UTF-8 (byte %(byte)s). Save the file "
                            "as UTF-8; it may be Windows-1252 or Latin-1 now."
                        )
                        % {"line": number, "byte": hex(line[error.start])}
                    )
            self._progress.advance(raw.tell() - done)

    def _text_chunks(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        with self._open() as (stream, raw):
            done = 0
            try:
                while chunk := stream.read(_CHUNK):
                    self._progress.advance(raw.tell() - done)
                    done = raw.tell()
                    yield decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                self._refuse(_("it is not text in UTF-8."))

    @contextmanager
    def _open(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Open for reading; yields the content and the file on disk (for progress)."""
        try:
            if self.path.is_dir():
                self._refuse(_("it is a folder; a file is expected."))
            with self.path.open("rb") as raw:
                self._progress.start(self.name, self.path.stat().st_size)
                if self.path.suffix != ".gz":
                    yield raw, raw
                    return
                with gzip.open(raw) as content:
                    yield cast("BinaryIO", content), raw
        except EOFError:
            self._refuse(_("it is cut off. Download it again."))
        except (gzip.BadGzipFile, zlib.error) as error:
            self._refuse(
                _("it is not a sound gzip file (%(reason)s).") % {"reason": error}
            )
        except OSError as error:
            self._refuse(
                _("it cannot be read (%(reason)s).") % {"reason": error.strerror}
            )

    def _refuse(self, reason: str) -> NoReturn:
        raise UnreadableFile(f"{self.name}: {reason}") from None
