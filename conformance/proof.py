"""What a proof gets and what it gives back."""

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Stage:
    """A site that is being served, for the proofs of one run.

    ``tokens`` are bearer tokens by who sends them: ``hospital``, ``practice``,
    ``provider``, ``triage``, ``night`` and ``stay``. ``folder`` is thrown away
    afterwards. ``is_small`` asks for a form of less than a minute.
    """

    address: str
    tokens: Mapping[str, str]
    database_url: str
    folder: Path
    size: str
    is_small: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a tool found.

    ``command`` is what somebody would type, without paths of a machine; ``detail``
    are lines for the report (failures first).
    """

    name: str
    tool: str
    command: str
    passed: int
    failed: int
    seconds: float
    detail: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether something was checked and nothing failed."""
        return self.passed > 0 and self.failed == 0


Proof = Callable[[Stage], Outcome | list[Outcome]]


def list_groups() -> list[str]:
    """Return the names of the groups of proofs: the folders of this package."""
    return sorted(
        module.name
        for module in pkgutil.iter_modules([str(ROOT / "conformance")])
        if module.ispkg
    )


def list_proofs(group: str) -> Iterator[tuple[str, Proof]]:
    """Yield (name, function) of the proofs in a group, by name of module."""
    for module in pkgutil.iter_modules([str(ROOT / "conformance" / group)]):
        found = import_module(f"conformance.{group}.{module.name}")
        prove: Proof | None = getattr(found, "prove", None)
        if prove is not None:
            yield module.name, prove
