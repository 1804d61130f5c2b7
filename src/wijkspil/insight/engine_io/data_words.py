"""The words of shipped data: each an English message that pages translate.

Scenarios say title, description and why; the engine explains what it found of the
letters; national figures say what they are. A source is a message as a whole, as pages
show it: a name stays as published, our own words in it are translated.
"""

import tomllib
from collections.abc import Iterator
from importlib import resources

from wijkspil.insight.selectors.national import read_national
from wijkspil_engines.projection.apply import source_text
from wijkspil_engines.projection.digital import PUBLISHED, check_letter
from wijkspil_engines.projection.scenario import Reason, read_shipped, shipped

_SAID = frozenset({"title", "description", "why", "explanation"})


def list_words() -> Iterator[tuple[str, int, str]]:
    """Yield file, line (0: not one place) and message, also those said twice."""
    for name in shipped():
        yield from _words_of_scenario(name)
    for check in check_letter():
        yield "wijkspil_engines/projection/digital.py", 0, check.explanation
    for saving in PUBLISHED:
        yield "wijkspil_engines/projection/digital.py", 0, saving.claim
    for one in read_national().assumptions:
        for text in (one.text, one.source):
            yield "wijkspil/insight/data/national.toml", 0, text


def _words_of_scenario(name: str) -> Iterator[tuple[str, int, str]]:
    place = f"wijkspil_engines/projection/scenarios/{name}.toml"
    file = resources.files("wijkspil_engines.projection") / "scenarios" / f"{name}.toml"
    text = file.read_text("utf-8")
    values = tomllib.loads(text)
    sources = read_shipped(name).sources
    values.pop("sources", None)
    for said in _find_said(values):
        yield place, text.count("\n", 0, max(text.find(said), 0)) + 1, said
    for key, source in sources.items():
        line = text.count("\n", 0, max(text.find(f"[sources.{key}]"), 0)) + 1
        reason = Reason(status="", source=(key,), set_by="", why="")
        yield place, line, source_text(reason, {key: source})


def _find_said(values: object) -> Iterator[str]:
    """Yield texts for a reader, however deep."""
    if isinstance(values, list):
        for each in values:
            yield from _find_said(each)
    elif isinstance(values, dict):
        for key, value in values.items():
            if key in _SAID and isinstance(value, str):
                yield value
            else:
                yield from _find_said(value)
