"""Call the projection engine: what is needed and what can be given, years ahead."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wijkspil.insight.engine_io.results import Comparison, Projection
from wijkspil.insight.types import Ground

__all__ = ["Closing", "LoadedScenario", "ScenarioParameter"]


@dataclass(frozen=True, slots=True)
class ScenarioParameter:
    """One uncertain number of a scenario, for a slider.

    ``low`` and ``high`` are the 80 % interval; ``least`` and ``most`` what can exist.
    ``group`` is the part of the name before the first dot.
    """

    name: str
    unit: str
    low: float
    high: float
    least: float
    most: float
    source: str
    status: str
    group: str
    set_by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """A practice (``Site.code``) that is not there from ``year`` on."""

    site_code: str
    year: int


@dataclass(frozen=True, eq=False)
class LoadedScenario:
    """A shipped scenario with overrides: what ``project`` computes."""

    key: str
    title: str
    description: str
    parameters: tuple[ScenarioParameter, ...]
    closing: tuple[Closing, ...]
    #: the engine's own scenario
    engine: Any


#: Told how many of how many draws are done.
ProgressOf = Callable[[int, int], None]


def list_shipped() -> tuple[tuple[str, str, str], ...]:
    """Return key, title and description of the scenarios that are shipped."""
    raise NotImplementedError


def list_parameters(base: str) -> tuple[ScenarioParameter, ...]:
    """Return the parameters of a shipped scenario, grouped by name."""
    raise NotImplementedError


def load_scenario(
    base: str,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    closing: Sequence[Closing] = (),
) -> LoadedScenario:
    """Return a shipped scenario with intervals replaced.

    ``overrides`` as ``models.Scenario.overrides``: ``{name: {"low", "high", "why",
    "set_by"}}``.

    Raises
    ------
    InvalidValue
        If a name is not known or an interval is reversed or out of range.
    """
    raise NotImplementedError


def project(
    ground: Ground,
    scenario: LoadedScenario,
    *,
    seed: int,
    draws: int,
    horizon_year: int,
    progress: ProgressOf | None = None,
    place_years: Sequence[int] | None = None,
    workers: int = 1,
    base: LoadedScenario | None = None,
) -> Projection:
    """Project need and capacity of district nursing from the ground's year on.

    ``place_years`` limits the years of which places get figures (None: all); areas
    above them always get all years.
    """
    raise NotImplementedError


def compare(first: Projection, second: Projection) -> Comparison:
    """Lay the second beside the first, draw by draw (second minus first).

    Raises
    ------
    InvalidValue
        If seed, draws or years are not the same.
    """
    raise NotImplementedError
