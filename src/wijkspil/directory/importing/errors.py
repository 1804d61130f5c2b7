"""What can be wrong with a publisher's file, in words that name the place.

InvalidValue
├── UnknownRegion       no such region among those of the file
├── UnreadableFile      missing, empty, cut off, not text, other columns
├── BadRows             rows with a value that breaks a rule
└── LoadFailed          everything that was wrong in one load
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from wijkspil.core.errors import InvalidValue
from wijkspil.directory.importing.report import LoadReport

#: Bad rows printed per file; the rest is counted.
PRINTED = 20


@dataclass(frozen=True)
class BadRow:
    """One value that breaks a rule. ``line`` counts features in a GeoJSON file."""

    file: str
    line: int
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        if ".geojson" in self.file:
            message = _(
                "%(file)s, feature %(line)d, %(column)s: “%(value)s”. "
                "Expected: %(expected)s."
            )
        else:
            message = _(
                "%(file)s, line %(line)d, column %(column)s: “%(value)s”. "
                "Expected: %(expected)s."
            )
        return message % {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "expected": self.expected,
        }


def printable(value: str, *, longest: int = 60) -> str:
    """Return a value fit for a message: short, and no codes that steer a terminal."""
    short = value if len(value) <= longest else f"{value[: longest - 3]}..."
    return "".join(c if c.isprintable() else "�" for c in short)


class BadValue(Exception):
    """A value in the row being read breaks a rule."""

    def __init__(self, column: str, value: str, expected: str) -> None:
        super().__init__(column, value, expected)
        self.column = column
        self.value = printable(value)
        self.expected = expected


class UnreadableFile(InvalidValue):
    """A file that cannot be read as what it should be."""

    code = "unreadable-file"


class BadRows(InvalidValue):
    """Rows of one file that break a rule; ``rows`` holds the first ones found."""

    code = "bad-rows"

    def __init__(self, file: str, rows: Sequence[BadRow], total: int) -> None:
        self.rows = tuple(rows)
        self.total = total
        lines = [str(row) for row in self.rows[:PRINTED]]
        if total > len(lines):
            lines.append(
                _("%(file)s: and %(count)d more bad rows.")
                % {"file": file, "count": total - len(lines)}
            )
        lines.append(
            _(
                "%(file)s: nothing of this file was loaded. Correct the rows, or use "
                "--skip-bad to load the others."
            )
            % {"file": file}
        )
        super().__init__("\n".join(lines))


class UnknownRegion(InvalidValue):
    """A region name that the regions file does not hold."""

    code = "unknown-region"


class LoadFailed(InvalidValue):
    """Some files were not loaded. ``report`` says what was, ``problems`` why not."""

    code = "load-failed"

    def __init__(
        self, problems: Sequence[InvalidValue], report: LoadReport | None = None
    ) -> None:
        self.problems = tuple(problems)
        self.report = report or LoadReport(region=None)
        super().__init__("\n".join(str(problem) for problem in self.problems))
