"""Bundles of texts: a resource that is text already is not read again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wijkspil.fhir.types import Resource, instant_of


@dataclass(frozen=True)
class EntryText:
    """One entry: the address of the resource, its text, and what else is said of it."""

    full_url: str
    text: str
    more: Mapping[str, object] = field(default_factory=dict)


def to_bundle(
    kind: str,
    entries: Iterable[EntryText],
    *,
    links: Sequence[tuple[str, str]] = (),
    total: int | None = None,
    tick: int | None = None,
) -> str:
    """Return the JSON of a Bundle. ``tick``: the moment up to which it is complete."""
    head: Resource = {"resourceType": "Bundle", "type": kind}
    if tick is not None:
        head["meta"] = {"lastUpdated": instant_of(tick)}
    if total is not None:
        head["total"] = total
    if links:
        head["link"] = [{"relation": name, "url": url} for name, url in links]
    listed = ",".join(_entry(entry) for entry in entries)
    text = _dump(head)
    return f'{text[:-1]},"entry":[{listed}]}}' if listed else text


def _entry(entry: EntryText) -> str:
    parts = [f'"fullUrl":{_dump(entry.full_url)}', f'"resource":{entry.text}']
    parts += [f'"{name}":{_dump(value)}' for name, value in entry.more.items()]
    return "{" + ",".join(parts) + "}"


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
