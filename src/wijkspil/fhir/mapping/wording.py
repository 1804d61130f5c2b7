"""Words in two languages in a resource: English, with the Dutch as FHIR translates."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from babel.messages.mofile import read_mo
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from wijkspil.fhir.types import Resource

_TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"


@cache
def to_dutch(msgid: str) -> str:
    """Return the Dutch of an English msgid."""
    with translation.override("nl"):
        return gettext(msgid)


def to_translated(name: str, msgid: str) -> Resource:
    """Return an element in English with its Dutch translation beside it."""
    return {
        name: msgid,
        f"_{name}": {
            "extension": [
                {
                    "url": _TRANSLATION,
                    "extension": [
                        {"url": "lang", "valueCode": "nl"},
                        {"url": "content", "valueString": to_dutch(msgid)},
                    ],
                }
            ]
        },
    }


_PLACE = re.compile(r"%\((?P<name>\w+)\)(?:\.\d)?[sdf]")


def find_dutch(english: str) -> str:
    """Return the Dutch of a sentence that already holds its values.

    Rooms raise their refusals as one sentence in the reader's language. Here it is the
    English one, and the message it was made of is found in the catalogue: the one with
    most words of its own that fits. A value that is a message itself is translated as
    well. What fits no message stays as it is.
    """
    if (exact := _exact().get(english)) is not None:
        return exact
    for words, message, dutch in _with_values():
        if all(word in english for word in words) and (
            found := _pattern(message).fullmatch(english)
        ):
            values = {
                name: _exact().get(value, value)
                for name, value in found.groupdict().items()
            }
            return _fill(dutch, values)
    return english


def _fill(message: str, values: Mapping[str, str]) -> str:
    filled = _PLACE.sub(lambda place: values[place["name"]], message)
    return filled.replace("%%", "%")


@cache
def _exact() -> dict[str, str]:
    return {m: dutch for m, dutch in _messages() if not _PLACE.search(m)}


@cache
def _with_values() -> list[tuple[list[str], str, str]]:
    """Return words that must occur, message and Dutch; most words of its own first."""
    rows = []
    for message, dutch in _messages():
        if _PLACE.search(message):
            words = [w.replace("%%", "%") for w in _PLACE.split(message)[::2]]
            if any(character.isalpha() for word in words for character in word):
                rows.append(([word for word in words if word], message, dutch))
    return sorted(rows, key=lambda row: -sum(map(len, row[0])))


@cache
def _pattern(message: str) -> re.Pattern[str]:
    parts: list[str] = []
    seen: set[str] = set()
    for index, part in enumerate(_PLACE.split(message)):
        if index % 2 == 0:
            parts.append(re.escape(part.replace("%%", "%")))
        else:
            parts.append(f"(?P={part})" if part in seen else f"(?P<{part}>.+?)")
            seen.add(part)
    return re.compile("".join(parts), re.DOTALL)


def _messages() -> Iterator[tuple[str, str]]:
    """Yield each message of the catalogue, one and many, with its Dutch."""
    for folder in map(Path, settings.LOCALE_PATHS):
        with (folder / "nl" / "LC_MESSAGES" / "django.mo").open("rb") as stream:
            for found in read_mo(stream):
                pairs = zip(_forms(found.id), _forms(found.string), strict=False)
                yield from (pair for pair in pairs if all(pair))


def _forms(text: str | list[str] | tuple[str, ...] | None) -> Sequence[str]:
    """Return one and many, or the one form there is."""
    return (text,) if isinstance(text, str) else text or ()
