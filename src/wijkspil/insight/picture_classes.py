"""Values of areas in at most five classes, for a map that is read without color.

Bounds are quantiles, rounded to what people can remember; zero is a bound of its own
where values lie on both sides, since "no shortage" is no small shortage. Pure.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from django.utils.translation import gettext as _

from wijkspil.ui.charts.frame import say_value

MOST_CLASSES = 5


@dataclass(frozen=True, slots=True)
class Classes:
    """Rising ``bounds`` between classes; a value on a bound lies above it."""

    bounds: tuple[float, ...]
    decimals: int
    lowest: float = 0.0
    highest: float = 0.0

    def key_of(self, value: float) -> str:
        """Return the category of the map."""
        return f"step-{self._shade(sum(value >= bound for bound in self.bounds))}"

    def labels(self) -> list[tuple[str, str]]:
        """Return (category, words) from little to much."""
        if not self.bounds:
            only = say_value(self.lowest, self.decimals)
            return [(f"step-{self._shade(0)}", only)]
        said = [say_value(bound, self.decimals) for bound in self.bounds]
        words = [
            _("less than %(bound)s") % {"bound": said[0]},
            *(
                _("%(low)s to %(high)s") % {"low": low, "high": high}
                for low, high in itertools.pairwise(said)
            ),
            _("%(bound)s or more") % {"bound": said[-1]},
        ]
        return [
            (f"step-{self._shade(number)}", one) for number, one in enumerate(words)
        ]

    def _shade(self, number: int) -> int:
        """Spread fewer classes over the five shades, so that they stay apart."""
        count = len(self.bounds) + 1
        if count == 1:
            return 3
        return 1 + round(number * (MOST_CLASSES - 1) / (count - 1))


def make_classes(values: Sequence[float], *, decimals: int = 0) -> Classes:
    """Return classes of about as many areas each; fewer where values are few."""
    if not values:
        return Classes((), decimals)
    ordered = sorted(values)
    lowest, highest = ordered[0], ordered[-1]
    wanted = [
        _quantile(ordered, part / MOST_CLASSES) for part in range(1, MOST_CLASSES)
    ]
    if lowest < 0 < highest:
        above = [value for value in ordered if value > 0]
        wanted = [0.0, *(_quantile(above, part / 4) for part in range(1, 4))]
    bounds: list[float] = []
    for value in wanted:
        rounded = _memorable(value, decimals, highest - lowest)
        inside = lowest < rounded <= highest or (rounded == 0 and lowest < 0)
        if inside and (not bounds or rounded > bounds[-1]):
            bounds.append(rounded)
    return Classes(tuple(bounds), decimals, lowest, highest)


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _memorable(value: float, decimals: int, spread: float) -> float:
    """Return a value rounded to a twentieth of the spread at most, as people say it."""
    if value == 0 or spread <= 0:
        return round(value, decimals)
    step = 10.0 ** floor(log10(spread / 10))
    step = max(step, 10.0**-decimals)
    return round(round(value / step) * step, max(decimals, 0))
