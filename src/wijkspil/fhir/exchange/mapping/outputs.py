"""What a Task brings along for an act: its outputs, reasons and notes, as values."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_noop

from wijkspil.fhir.exchange.mapping.asking import Faults, code_of
from wijkspil.fhir.exchange.mapping.codes import TASK_VALUE, TaskValue
from wijkspil.fhir.types import Resource


class Given:
    """The values in ``input`` and ``output`` of a Task, by the code of their type."""

    def __init__(self, task: Resource) -> None:
        self.faults = Faults()
        self._found: dict[str, list[Mapping[str, Any]]] = {}
        for one in [*(task.get("input") or []), *(task.get("output") or [])]:
            code = code_of(one.get("type"), TASK_VALUE)
            self._found.setdefault(code, []).append(one)

    def day(self, type_: TaskValue, *, is_needed: bool = False) -> date | None:
        """Return a day."""
        text = self._one(type_, ("valueDate", "valueDateTime"), is_needed=is_needed)
        if text is None:
            return None
        try:
            return date.fromisoformat(str(text)[:10])
        except ValueError:
            self._refuse(type_)
            return None

    def number(self, type_: TaskValue, *, is_needed: bool = False) -> Decimal | None:
        """Return a number, as such or as a quantity."""
        names = ("valueQuantity", "valueDecimal", "valueInteger", "valuePositiveInt")
        value = self._one(type_, names, is_needed=is_needed)
        if isinstance(value, dict):
            value = value.get("value")
        if value is None:
            return None
        try:
            return Decimal(str(value))
        except InvalidOperation:
            self._refuse(type_)
            return None

    def is_set(self, type_: TaskValue) -> bool:
        """Return whether a yes-or-no is yes."""
        return self._one(type_, ("valueBoolean",)) is True

    def code(self, type_: TaskValue, *, is_needed: bool = False) -> str:
        """Return a code."""
        names = ("valueCode", "valueString", "valueCodeableConcept")
        value = self._one(type_, names, is_needed=is_needed)
        if isinstance(value, dict):
            value = next((c.get("code") for c in value.get("coding") or []), "")
        return str(value or "")

    def codes(self, type_: TaskValue) -> Sequence[str]:
        """Return every code of a type that may come more than once."""
        return [
            str(one.get("valueCode") or one.get("valueString") or "")
            for one in self._found.get(type_, [])
        ]

    def _one(
        self, type_: TaskValue, names: Sequence[str], *, is_needed: bool = False
    ) -> Any:
        for one in self._found.get(type_, []):
            for name in names:
                if name in one:
                    return one[name]
        if is_needed:
            self._refuse(type_)
        return None

    def _refuse(self, type_: TaskValue) -> None:
        self.faults.add(
            f"Task.output.where(type.coding.code = '{type_.value}')",
            gettext_noop("Give an output of the type “%(type)s” of %(system)s."),
            type=type_.value,
            system=TASK_VALUE,
        )


def note_of(task: Resource) -> str:
    """Return the notes of a Task as one text."""
    return " ".join(str(one.get("text", "")) for one in task.get("note") or [])
