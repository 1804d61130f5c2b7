"""The file of a practice that stops: its households, without names.

Columns ``key;postcode;size;frailty;ages`` or with ``load`` in the place of ``ages``. An
error says the line, the column, the value and what was expected; all of them at once.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from wijkspil.core.spreadsheets import unguarded
from wijkspil.registrations.errors import InvalidRegistration
from wijkspil.registrations.policies import band_of, load_of
from wijkspil.registrations.types import LOAD_UNIT, Frailty

MOST_BYTES = 5_000_000
MOST_ROWS = 50_000
MOST_ERRORS = 20
COLUMNS = ("key", "postcode", "size", "frailty", "ages", "load")
_POSTCODE = re.compile(r"[1-9][0-9]{3}([A-Z]{2})?", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9._/-]{1,40}", re.ASCII)
#: How a practice may write who goes first, in Dutch as well.
FRAILTIES: Mapping[str, Frailty] = {
    "house-bound": Frailty.HOUSE_BOUND,
    "thuis": Frailty.HOUSE_BOUND,
    "aan huis": Frailty.HOUSE_BOUND,
    "ill": Frailty.ILL,
    "ziek": Frailty.ILL,
    "none": Frailty.NONE,
    "geen": Frailty.NONE,
    "": Frailty.NONE,
}
_MOST_PEOPLE = 20
_OLDEST = 120


@dataclass(frozen=True)
class HouseholdRow:
    """A household of a practice that stops; ``load`` in thousandths."""

    line: int
    key: str
    postcode: str
    size: int
    load: int
    frailty: Frailty


def read_households(content: bytes) -> list[HouseholdRow]:
    """Read the file.

    Raises
    ------
    InvalidRegistration
        With the first errors, each with line, column, value and what is expected.
    """
    text = _text_of(content)
    first = text.split("\n", 1)[0]
    delimiter = ";" if ";" in first else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    missing = [name for name in ("key", "postcode") if name not in names]
    if missing or not {"size", "ages"} & set(names):
        raise _invalid(
            [
                _("Line 1: the first line must name the columns %(columns)s.")
                % {"columns": "; ".join(("key", "postcode", "size", "frailty", "ages"))}
            ]
        )
    errors: list[str] = []
    rows: list[HouseholdRow] = []
    seen: dict[str, int] = {}
    try:
        for cells in reader:
            line = reader.line_num
            values = {
                name: unguarded((cells.get(name) or "").strip()) for name in COLUMNS
            }
            if not any(values.values()):
                continue
            row = _read_row(line, values, seen, errors)
            if row is not None:
                rows.append(row)
                seen[row.key] = line
            if len(rows) > MOST_ROWS:
                errors.append(
                    _("Line %(line)s: more than %(n)s households. Split the file.")
                    % {"line": line, "n": MOST_ROWS}
                )
                break
            if len(errors) >= MOST_ERRORS:
                break
    except csv.Error as error:
        errors.append(
            _("Line %(line)s: this is not CSV (%(error)s).")
            % {"line": reader.line_num, "error": error}
        )
    if not errors and not rows:
        errors.append(_("Line 2: no household follows. Give one line for each."))
    if errors:
        raise _invalid(errors)
    return rows


def _text_of(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise _invalid([_("The file is larger than 5 MB. Split it.")])
    if not content.strip():
        raise _invalid([_("The file is empty.")])
    if b"\0" in content:
        raise _invalid([_("The file is no text. Save it as CSV UTF-8.")])
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid(
            [_("Line %(line)s: is not UTF-8. Save it as CSV UTF-8.") % {"line": line}]
        ) from error


def _read_row(
    line: int, values: Mapping[str, str], seen: Mapping[str, int], errors: list[str]
) -> HouseholdRow | None:
    before = len(errors)

    def wrong(column: str, expected: str) -> None:
        errors.append(
            _("Line %(line)s, %(column)s: “%(value)s” is not %(expected)s.")
            % {
                "line": line,
                "column": column,
                "value": values[column][:40],
                "expected": expected,
            }
        )

    key = values["key"]
    if not _KEY.fullmatch(key):
        wrong("key", _("a number of your own: letters and figures, at most 40"))
    elif key in seen:
        wrong(
            "key",
            _("new: it stands on line %(line)s as well") % {"line": seen[key]},
        )
    postcode = values["postcode"].replace(" ", "").upper()
    if not _POSTCODE.fullmatch(postcode):
        wrong("postcode", _("a postcode, as in 2512AB or 2512"))
    frailty = FRAILTIES.get(values["frailty"].lower())
    if frailty is None:
        wrong("frailty", _("house-bound, ill or empty"))
    ages = _ages_of(values["ages"])
    if ages is None:
        wrong("ages", _("ages in years with commas, as in 34,36,2"))
    size = _size_of(values["size"], ages)
    if size is None:
        wrong("size", _("a number of people from 1 to 20, as many as there are ages"))
    load = _load_of(values["load"], size or 1, ages or [])
    if load is None:
        wrong("load", _("a number such as 1.25, from 0.1 to 100"))
    if len(errors) > before:
        return None
    assert frailty is not None
    assert size is not None
    assert load is not None
    return HouseholdRow(line, key, postcode, size, load, frailty)


def _ages_of(text: str) -> list[int] | None:
    if not text:
        return []
    parts = [part.strip() for part in re.split(r"[, ]+", text) if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return None
    ages = [int(part) for part in parts]
    return ages if all(age <= _OLDEST for age in ages) else None


def _size_of(text: str, ages: list[int] | None) -> int | None:
    if not text:
        return len(ages) if ages else None
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        return None
    size = int(text)
    if not 1 <= size <= _MOST_PEOPLE or (ages and len(ages) != size):
        return None
    return size


def _load_of(text: str, size: int, ages: list[int]) -> int | None:
    if not text:
        if ages:
            return load_of(band_of(age) for age in ages)
        return size * LOAD_UNIT
    if not re.fullmatch(r"[0-9]{1,3}([.,][0-9]{1,3})?", text, re.ASCII):
        return None
    load = round(float(text.replace(",", ".")) * LOAD_UNIT)
    return load if 100 <= load <= 100 * LOAD_UNIT else None


def _invalid(errors: list[str]) -> InvalidRegistration:
    return InvalidRegistration({"file": errors})
