"""The Dutch words: compile the catalogue, and find messages that lack one.

Pure Python (Babel), so that a fresh machine needs no gettext programs. Messages in
templates are found by Django's own translation of a template into marked source, those
of shipped data (scenarios, national figures) by the room that shows them.
"""

import ast
import io
import os
import re
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

_TEXT = re.compile(r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")""")
_CALL = re.compile(
    rf"\b(?P<name>n?p?gettext|_)\((?P<texts>\s*{_TEXT.pattern}"
    rf"(?:\s*,\s*{_TEXT.pattern})*)"
)


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


def find_messages() -> Iterator[tuple[str, int, str, str | None]]:
    """Yield (file, line, message, context) used in the sources, singular first."""
    for file in sorted(PACKAGE_DIR.rglob("*")):
        name = str(file.relative_to(PACKAGE_DIR))
        if "frontend" in file.parts:
            continue
        if file.suffix == ".py":
            for line, message, _comments, context in extract(
                "python", io.BytesIO(file.read_bytes()), keywords=_KEYWORDS
            ):
                text = message[0] if isinstance(message, tuple) else message
                yield name, line, text, context
        elif "templates" in file.parts and file.suffix in {".html", ".txt"}:
            for line, text, template_context in _messages_of_template(file):
                yield name, line, text, template_context
    yield from _messages_of_data()


def _messages_of_data() -> Iterator[tuple[str, int, str, str | None]]:
    """Find what shipped data says in words: scenarios, national figures."""
    from wijkspil.insight.engine_io.data_words import list_words

    for name, line, text in list_words():
        yield name, line, text, None


def _messages_of_template(file: Path) -> Iterator[tuple[int, str, str | None]]:
    """Find calls in the text that Django makes of a template for xgettext."""
    from django.utils.translation.template import templatize

    source = templatize(file.read_text(), origin=str(file))
    for call in _CALL.finditer(source):
        texts = [ast.literal_eval(found) for found in _TEXT.findall(call["texts"])]
        line = source.count("\n", 0, call.start()) + 1
        if "p" in call["name"]:
            yield line, texts[1], texts[0]
        else:
            yield line, texts[0], None


def list_untranslated() -> list[str]:
    """Return ``file:line: message`` for every message without complete Dutch."""
    catalogue = read_catalogue()
    missing = []
    for name, line, message, context in find_messages():
        entry = catalogue.get(message, context)
        words = entry.string if entry else ""
        texts = words if isinstance(words, (tuple, list)) else (words,)
        if entry is None or entry.fuzzy or not all(texts):
            missing.append(f"{name}:{line}: {message}")
    return missing
