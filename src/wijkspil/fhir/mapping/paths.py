"""Find elements of a resource by a small part of FHIRPath.

Names with dots, ``extension('url')``, ``where(name='value')``, ``value`` of any type,
and ``|`` between two paths: what the table of search parameters needs.
"""

import re
from functools import lru_cache
from typing import Any

_STEP = re.compile(
    r"extension\('(?P<url>[^']*)'\)"
    r"|where\((?P<key>\w+)='(?P<wanted>[^']*)'\)"
    r"|(?P<name>\w+)"
)

#: (kind, name, wanted) of one step.
_Step = tuple[str, str, str]


def find_elements(resource: Any, path: str) -> list[Any]:
    """Return every element at the path, in order; lists are opened."""
    found: list[Any] = []
    for steps in _steps_of(path):
        nodes = [resource]
        for step in steps:
            nodes = [child for node in nodes for child in _children(node, step)]
            if not nodes:
                break
        found += nodes
    return found


@lru_cache(maxsize=512)
def _steps_of(path: str) -> tuple[tuple[_Step, ...], ...]:
    return tuple(
        tuple(_step_of(match) for match in _STEP.finditer(part))
        for part in path.split(" | ")
    )


def _step_of(match: re.Match[str]) -> _Step:
    if match["url"] is not None:
        return "extension", "url", match["url"]
    if match["key"] is not None:
        return "where", match["key"], match["wanted"]
    return (
        ("value", "", "") if match["name"] == "value" else ("name", match["name"], "")
    )


def _children(node: Any, step: _Step) -> list[Any]:
    kind, name, wanted = step
    if kind == "where":
        return [node] if isinstance(node, dict) and node.get(name) == wanted else []
    if not isinstance(node, dict):
        return []
    if kind == "extension":
        return [
            extension
            for extension in node.get("extension", ())
            if extension.get("url") == wanted
        ]
    if kind == "value":
        # ``value`` of an identifier or contact, ``value[x]`` of an extension.
        found = [
            value
            for key, value in node.items()
            if key.startswith("value") and (key == "value" or key[5].isupper())
        ]
    else:
        found = [node[name]] if name in node else []
    return [
        child
        for value in found
        for child in (value if isinstance(value, list) else (value,))
    ]
