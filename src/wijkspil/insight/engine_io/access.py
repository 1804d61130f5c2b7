"""Call the access engine: how well people reach a GP practice."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from wijkspil.insight.types import FigureRow, Ground


@dataclass(frozen=True, slots=True)
class CapacityInterval:
    """How sure the list size of a practice is: shares of its capacity.

    ``low`` and ``high`` bound one practice (independent of each other);
    ``level_low`` and ``level_high`` all practices together.
    """

    low: float = 1.0
    high: float = 1.0
    level_low: float = 1.0
    level_high: float = 1.0


@dataclass(frozen=True, eq=False)
class Closed:
    """What the closing of practices does: figures after it, and who loses most.

    ``before`` and ``after`` are ``gp_places_per_1000`` by the balanced measure per
    place, in the order of the ground; ``moved_people`` by code of the practice that
    takes them.
    """

    figures: tuple[FigureRow, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    moved_people: tuple[tuple[str, float], ...]


def measure_gp_access(
    ground: Ground,
    *,
    valid_from: date,
    valid_until: date,
    interval: CapacityInterval | None = None,
) -> list[FigureRow]:
    """Measure gp_places_per_1000, gp_nearest_min, gp_choice, gp_open_share.

    Per place and per area that places lie in.
    """
    raise NotImplementedError


def close_practice(
    ground: Ground,
    site_codes: Collection[str] | Sequence[str],
    *,
    valid_from: date,
    valid_until: date,
) -> Closed:
    """Measure what is left when practices close and their people move on."""
    raise NotImplementedError
