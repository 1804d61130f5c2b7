"""What the exchange passes around: who may see what, and the keys of what is seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Seen:
    """A Task or request that the actor may see, with the part it plays in it.

    ``offer_id`` is None for the coordination of a request. ``steers``: it sent the
    request or coordinates the region. ``answers``: the question was put to its team,
    or its team has the client. Neither: it may only look.
    """

    number: str
    request_id: int
    offer_id: int | None
    service_id: int | None
    steers: bool
    answers: bool


@dataclass(frozen=True)
class TaskVersion:
    """A version of a Task as JSON text."""

    fhir_id: str
    version: int
    tick: int
    body: str


@dataclass(frozen=True)
class FoundRequest:
    """A request in a search: its keys and when it changed last, for this reader."""

    number: str
    request_id: int
    offer_id: int | None
    changed_at: datetime
    submitted_at: datetime | None


@dataclass(frozen=True)
class Page:
    """Which part of the results: after which (moment, id), and how many."""

    count: int
    after: tuple[int, str] | None = None


@dataclass(frozen=True)
class Condition:
    """One search parameter as SQL with its values; several are joined by AND."""

    sql: str
    values: Mapping[str, object]


Conditions = Sequence[Condition]
