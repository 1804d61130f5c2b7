"""Send rows as a file that a spreadsheet opens, and that runs nothing there."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

#: A spreadsheet reads a text that begins so as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Keep a spreadsheet from reading a text as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def unguarded(text: str) -> str:
    """Take off what ``guarded`` put before a text."""
    is_guarded = text[:1] == "'" and text[1:].startswith(FORMULA_STARTS)
    return text[1:] if is_guarded else text


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV as Dutch spreadsheets open it, while they are made.

    Separated by ``;``, with the mark that tells UTF-8. Texts that people typed go
    through ``guarded`` first: this does not know a figure from a text.
    """
    writer: Any = csv.writer(_Line(), delimiter=";")
    yield "\ufeff"
    for row in rows:
        yield writer.writerow(row)


class _Line:
    """Hand back each written line instead of keeping it."""

    def write(self, line: str) -> str:
        return line
