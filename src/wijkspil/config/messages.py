"""The Dutch words: compile the catalogue, and find messages that lack one.

Pure Python (Babel), so that a fresh machine needs no gettext programs. Messages in
templates are found by Django's own translation of a template into marked source.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PACKAGE_DIR = Path(__file__).resolve().parent.parent
CATALOGUE = PACKAGE_DIR / "locale" / "nl" / "LC_MESSAGES" / "django.po"

_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def read_catalogue() -> Catalog:
    """Return the Dutch catalogue."""
    with CATALOGUE.open("rb") as stream:
        return read_po(stream, locale="nl")


def compile_catalogues() -> bool:
    """Write ``django.mo`` when the catalogue is newer; return whether it did."""
    target = CATALOGUE.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= CATALOGUE.stat().st_mtime:
        return False
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue())
    partial = target.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(compiled.getvalue())
    partial.replace(target)
    return True


def find_messages() -> Iterator[tuple[str, int, str | tuple[str, ...], str | None]]:
    """Yield (file, line, message or plural pair, context) used in the sources."""
    from django.utils.translation.template import templatize

    for file in sorted(PACKAGE_DIR.rglob("*")):
        if file.suffix not in {".py", ".html", ".txt"} or "frontend" in file.parts:
            continue
        if file.suffix == ".py":
            source = file.read_bytes()
        elif "templates" in file.parts:
            source = templatize(file.read_text(), origin=str(file)).encode()
        else:
            continue
        name = str(file.relative_to(PACKAGE_DIR))
        for line, message, _comments, context in extract(
            "python", io.BytesIO(source), keywords=_KEYWORDS
        ):
            yield name, line, message, context


def list_untranslated() -> list[str]:
    """Return ``file:line: message`` for every message without complete Dutch."""
    catalogue = read_catalogue()
    missing = []
    for name, line, message, context in find_messages():
        key = message[0] if isinstance(message, tuple) else message
        entry = catalogue.get(key, context)
        words = entry.string if entry else ""
        texts = words if isinstance(words, (tuple, list)) else (words,)
        if entry is None or entry.fuzzy or not all(texts):
            missing.append(f"{name}:{line}: {key}")
    return missing
