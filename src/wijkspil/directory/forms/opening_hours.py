"""Opening hours as people type them: one line per weekday.

"8-17", "08.00 - 12.30, 13.00-17.00", "24 uur" and nothing (closed) are understood.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.directory.types import WEEKDAYS
from wijkspil.directory.wording import WEEKDAY_NAMES

_SPAN = re.compile(
    r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|–|tot|until|to)\s*(\d{1,2})(?:[:.](\d{2}))?",
    re.IGNORECASE,
)
_ALWAYS = frozenset({"24", "24 uur", "24 hours", "24u", "hele dag", "all day"})
_CLOSED = frozenset({"", "-", "–", "dicht", "gesloten", "closed"})


def hours_field(day: str) -> forms.CharField:
    """Return the field of one weekday."""
    return forms.CharField(
        label=capfirst(cast("str", WEEKDAY_NAMES[day])),
        max_length=80,
        required=False,
        widget=forms.TextInput(
            attrs={"placeholder": gettext_lazy("closed"), "autocomplete": "off"}
        ),
    )


def as_weekday_texts(opening_hours: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the text to edit per weekday."""
    return {
        day: ", ".join(
            f"{line['from']}-{line['until']}"
            for line in sorted(opening_hours, key=lambda line: line["from"])
            if day in line["days"]
        )
        for day in WEEKDAYS
    }


def read_weekday_texts(
    texts: Mapping[str, str],
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the opening hours, days with the same span together, and the mistakes.

    Mistakes are reasons per weekday; a weekday with a mistake has no hours.
    """
    days_of: dict[tuple[str, str], list[str]] = {}
    mistakes: dict[str, str] = {}
    for day in WEEKDAYS:
        spans = _read_spans(texts.get(day, ""))
        if spans is None:
            mistakes[day] = _(
                "“%(text)s” cannot be read. Write it as 8:00-17:00, with a comma "
                "between two spans, or leave it empty for closed."
            ) % {"text": texts[day]}
        elif any(left[1] > right[0] for left, right in zip(spans, spans[1:])):  # noqa: B905, RUF007
            mistakes[day] = _("Two spans of “%(text)s” overlap.") % {"text": texts[day]}
        else:
            for span in spans:
                days_of.setdefault(span, []).append(day)
    lines: list[dict[str, Any]] = [
        {"days": days, "from": start, "until": end}
        for (start, end), days in days_of.items()
    ]
    return lines, mistakes


def _read_spans(text: str) -> list[tuple[str, str]] | None:
    text = " ".join(text.lower().split())
    if text in _CLOSED:
        return []
    if text in _ALWAYS:
        return [("00:00", "24:00")]
    spans = []
    for piece in re.split(r"[,;/]|\ben\b|\band\b", text):
        found = _SPAN.fullmatch(piece.strip().removesuffix("uur").strip())
        if found is None:
            return None
        start, end = _clock(found[1], found[2]), _clock(found[3], found[4])
        # Midnight at the end of the day is written 24:00.
        end = "24:00" if end == "00:00" else end
        if start is None or end is None or start >= end:
            return None
        spans.append((start, end))
    return sorted(spans)


def _clock(hour: str, minute: str | None) -> str | None:
    clock = f"{int(hour):02}:{minute or '00'}"
    return clock if clock == "24:00" or (clock < "24:00" and clock[3:] < "60") else None
