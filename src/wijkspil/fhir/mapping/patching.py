"""Apply a JSON Patch (RFC 6902) to a resource (pure)."""

import copy
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_noop

from wijkspil.fhir.types import Resource

#: Operations of one patch; more is a new resource.
MOST_OPERATIONS = 1_000


class CannotPatch(Exception):
    """An operation that does not fit; ``message`` is an English msgid."""

    def __init__(self, message: str, *, number: int, path: str) -> None:
        super().__init__(message)
        self.message = message
        self.number = number
        self.path = path


def apply_patch(resource: Resource, operations: Sequence[Any]) -> Resource:
    """Return the resource as the operations make it; all of them or none.

    Raises
    ------
    CannotPatch
        If one cannot be done; says which.
    """
    made: Any = copy.deepcopy(resource)
    for number, operation in enumerate(operations[: MOST_OPERATIONS + 1], start=1):
        if number > MOST_OPERATIONS:
            raise CannotPatch(
                gettext_noop("A patch has at most %(number)s operations."),
                number=MOST_OPERATIONS,
                path="",
            )
        made = _apply(made, operation, number)
    if not isinstance(made, dict):
        raise CannotPatch(
            gettext_noop("The patch leaves no resource."), number=0, path=""
        )
    return made


def _apply(document: Any, operation: Any, number: int) -> Any:
    path = operation.get("path") if isinstance(operation, dict) else None
    if not isinstance(path, str):
        raise _Wrong.operation(number, "")
    name = operation.get("op")
    if name in {"add", "replace", "test"} and "value" not in operation:
        raise _Wrong.operation(number, path)
    steps = _split(path, number)
    if name == "add":
        return _add(document, steps, copy.deepcopy(operation["value"]), number, path)
    if name == "remove":
        return _remove(document, steps, number, path)[0]
    if name == "replace":
        _get(document, steps, number, path)
        if not steps:
            return copy.deepcopy(operation["value"])
        document, _old = _remove(document, steps, number, path)
        return _add(document, steps, copy.deepcopy(operation["value"]), number, path)
    if name == "test":
        if not _equal(_get(document, steps, number, path), operation["value"]):
            raise CannotPatch(
                gettext_noop("Operation %(number)s: %(path)s has another value."),
                number=number,
                path=path,
            )
        return document
    source = operation.get("from")
    if name in {"move", "copy"} and isinstance(source, str):
        from_steps = _split(source, number)
        if name == "copy":
            value = copy.deepcopy(_get(document, from_steps, number, source))
        else:
            if steps[: len(from_steps)] == from_steps and steps != from_steps:
                raise _Wrong.operation(number, path)
            document, value = _remove(document, from_steps, number, source)
        return _add(document, steps, value, number, path)
    raise _Wrong.operation(number, path)


class _Wrong:
    @staticmethod
    def operation(number: int, path: str) -> CannotPatch:
        return CannotPatch(
            gettext_noop("Operation %(number)s is not one of JSON Patch (RFC 6902)."),
            number=number,
            path=path[:100],
        )

    @staticmethod
    def place(number: int, path: str) -> CannotPatch:
        return CannotPatch(
            gettext_noop("Operation %(number)s: there is nothing at %(path)s."),
            number=number,
            path=path[:100],
        )


def _split(path: str, number: int) -> list[str]:
    if not path:
        return []
    if not path.startswith("/"):
        raise _Wrong.operation(number, path)
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(one == other)


def _index(items: list[Any], step: str, number: int, path: str, *, end: int) -> int:
    if not (step.isdecimal() and step.isascii() and (step == "0" or step[0] != "0")):
        raise _Wrong.place(number, path)
    if len(step) > 9 or int(step) >= end:
        raise _Wrong.place(number, path)
    return int(step)


def _get(document: Any, steps: Sequence[str], number: int, path: str) -> Any:
    for step in steps:
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list):
            document = document[_index(document, step, number, path, end=len(document))]
        else:
            raise _Wrong.place(number, path)
    return document


def _add(
    document: Any, steps: Sequence[str], value: Any, number: int, path: str
) -> Any:
    if not steps:
        return value
    holder = _get(document, steps[:-1], number, path)
    step = steps[-1]
    if isinstance(holder, dict):
        holder[step] = value
    elif isinstance(holder, list):
        end = len(holder) + 1
        holder.insert(
            len(holder) if step == "-" else _index(holder, step, number, path, end=end),
            value,
        )
    else:
        raise _Wrong.place(number, path)
    return document


def _remove(
    document: Any, steps: Sequence[str], number: int, path: str
) -> tuple[Any, Any]:
    if not steps:
        return None, document
    holder = _get(document, steps[:-1], number, path)
    step = steps[-1]
    if isinstance(holder, dict) and step in holder:
        return document, holder.pop(step)
    if isinstance(holder, list):
        return document, holder.pop(_index(holder, step, number, path, end=len(holder)))
    raise _Wrong.place(number, path)
