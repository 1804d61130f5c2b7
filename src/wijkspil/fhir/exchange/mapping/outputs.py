"""Values that come along with an act: in a Task, or as Parameters of an operation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from django.utils.translation import gettext_noop

from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.fhir.exchange.mapping.asking import Faults, code_of
from wijkspil.fhir.exchange.mapping.codes import TASK_VALUE
from wijkspil.fhir.types import Resource

_DAYS = ("valueDate", "valueDateTime", "valueString")
_NUMBERS = ("valueQuantity", "valueDecimal", "valueInteger", "valuePositiveInt")
_CODES = ("valueCode", "valueString", "valueCodeableConcept", "valueCoding")


class Given:
    """Values by name; what is needed and not there, or no such value, is a fault."""

    def __init__(
        self,
        found: Iterable[tuple[str, Mapping[str, Any]]],
        *,
        place_of: Callable[[str], str],
    ) -> None:
        self.faults = Faults()
        self._place_of = place_of
        self._found: dict[str, list[Mapping[str, Any]]] = {}
        for name, value in found:
            self._found.setdefault(name, []).append(value)

    @classmethod
    def of_task(cls, task: Resource) -> Self:
        """Return what stands in ``input`` and ``output``, by the code of its type."""
        return cls(
            (
                (code_of(one.get("type"), TASK_VALUE), one)
                for one in [*(task.get("input") or []), *(task.get("output") or [])]
            ),
            place_of=lambda name: f"Task.output.where(type.coding.code = '{name}')",
        )

    @classmethod
    def of_parameters(cls, parameters: Resource) -> Self:
        """Return what stands in a Parameters resource, by name."""
        return cls(
            (
                (str(one.get("name", "")), one)
                for one in parameters.get("parameter") or []
            ),
            place_of=lambda name: f"Parameters.parameter.where(name = '{name}')",
        )

    def refuse_others(self, known: Iterable[str]) -> None:
        """Add a fault for each value that is not known here."""
        for name in self._found:
            if name not in known:
                self.faults.add(
                    self._place_of(name),
                    gettext_noop("“%(name)s” is not known here, only: %(known)s."),
                    name=name[:60],
                    known=", ".join(known) or "-",
                )

    def day(self, name: str, *, is_needed: bool = False) -> date | None:
        """Return a day."""
        text = self._one(name, _DAYS, is_needed=is_needed)
        if text is None:
            return None
        try:
            return date.fromisoformat(str(text)[:10])
        except ValueError:
            self._refuse(name)
            return None

    def needed_day(self, name: str) -> date:
        """Return a day that must be there; refuses all faults if it is not.

        Raises
        ------
        FhirError
            422 with every fault so far.
        """
        found = self.day(name, is_needed=True)
        self.faults.check()
        assert found is not None
        return found

    def needed_moment(self, name: str) -> datetime:
        """Return a moment that must be there; without a zone it is Dutch time.

        Raises
        ------
        FhirError
            422 with every fault so far.
        """
        keys = ("valueDateTime", "valueInstant", "valueString")
        text = self._one(name, keys, is_needed=True)
        found = None
        try:
            found = datetime.fromisoformat(str(text)) if text else None
        except ValueError:
            self._refuse(name)
        self.faults.check()
        assert found is not None
        return found if found.tzinfo else found.replace(tzinfo=AMSTERDAM)

    def number(self, name: str, *, is_needed: bool = False) -> Decimal | None:
        """Return a number, as such or as a quantity."""
        value = self._one(name, _NUMBERS, is_needed=is_needed)
        if isinstance(value, dict):
            value = value.get("value")
        if value is None:
            return None
        try:
            return Decimal(str(value))
        except InvalidOperation:
            self._refuse(name)
            return None

    def is_set(self, name: str) -> bool:
        """Return whether a yes-or-no is yes."""
        return self._one(name, ("valueBoolean",)) is True

    def code(self, name: str, *, is_needed: bool = False) -> str:
        """Return a code or a text."""
        return _code(self._one(name, _CODES, is_needed=is_needed))

    def codes(self, name: str) -> list[str]:
        """Return every code of a value that may come more than once."""
        return [
            _code(one[key])
            for one in self._found.get(name, [])
            for key in _CODES
            if key in one
        ]

    def references(self, name: str) -> list[Mapping[str, Any]]:
        """Return every reference of a name."""
        return [
            one["valueReference"]
            for one in self._found.get(name, [])
            if "valueReference" in one
        ]

    def resolved(
        self,
        name: str,
        resolve: Callable[[Mapping[str, Any]], int | None],
        *,
        is_needed: bool = False,
    ) -> list[int]:
        """Return our numbers of what is referred to; what is unknown is a fault."""
        found = []
        for reference in self.references(name):
            pk = resolve(reference)
            if pk is None:
                self.faults.add(
                    self._place_of(name),
                    gettext_noop("“%(reference)s” is not in the directory."),
                    reference=str(reference.get("reference", "identifier"))[:80],
                )
            else:
                found.append(pk)
        if is_needed and not found and not self.faults.issues:
            self._refuse(name)
        return found

    def _one(self, name: str, keys: Sequence[str], *, is_needed: bool = False) -> Any:
        for one in self._found.get(name, []):
            for key in keys:
                if key in one:
                    return one[key]
        if is_needed:
            self._refuse(name)
        return None

    def _refuse(self, name: str) -> None:
        self.faults.add(
            self._place_of(name),
            gettext_noop("Give a value for “%(name)s”."),
            name=name,
        )


def note_of(task: Resource) -> str:
    """Return the notes of a Task as one text."""
    return " ".join(str(one.get("text", "")) for one in task.get("note") or [])


def _code(value: Any) -> str:
    if isinstance(value, dict):
        codings = value.get("coding") or [value]
        value = next((coding.get("code") for coding in codings), "")
    return str(value or "")
