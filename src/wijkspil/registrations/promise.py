"""The promise of a swap to one practice: what a round can do to its list at most.

Before a round these are bounds that hold whatever comes out of it; they follow from the
one rule every round keeps: at each practice who comes in is at most who leaves and what
the practice gave as free, in people and, where the practice bound it, in load.
"""

from dataclasses import dataclass

from wijkspil.registrations.types import LOAD_UNIT

#: A swap moves people of any age. So much a list may get heavier where a practice does
#: not say, in thousandths of its people; assumption.
SLACK_PER_MILLE = 5
LEAST_SLACK = 3


@dataclass(frozen=True, slots=True)
class Promise:
    """Bounds on what a round does to a list; loads in thousandths."""

    free_places: int
    max_inflow: int
    free_load: int | None
    people_before: int | None = None

    @property
    def most_growth(self) -> int:
        """People by which the list grows at most."""
        return min(self.free_places, self.max_inflow)

    @property
    def most_people(self) -> int | None:
        """People on the list after the round, at most; None where it is not known."""
        if self.people_before is None:
            return None
        return self.people_before + self.most_growth

    @property
    def least_leaving(self) -> int:
        """Of a round in which as many come as may: so many leave at least."""
        return max(0, self.max_inflow - self.free_places)

    @property
    def costs_nothing(self) -> bool:
        """Whether the list does not grow, whatever comes out."""
        return self.most_growth == 0

    @property
    def most_load(self) -> float | None:
        """Load by which it grows at most, in people under 65; None: not bound."""
        return None if self.free_load is None else self.free_load / LOAD_UNIT


def usual_free_load(*, free_places: int, people: int | None) -> int:
    """Return a bound on load that lets people of different ages swap, thousandths.

    The places that are given, and a little: half a percent of the list. Without any
    slack nobody over 65 could ever take the place of somebody younger.
    """
    slack = max(LEAST_SLACK, (people or 0) * SLACK_PER_MILLE // 1000)
    return (free_places + slack) * LOAD_UNIT
