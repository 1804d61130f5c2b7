"""Half-open periods: from a moment, until (not including) another.

Every period in Wijkspil has ``valid_from`` and ``valid_until``; an empty
``valid_until`` means "no end known". How rows keep them: ``core.validity``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from wijkspil.core.errors import InvalidValue


@dataclass(frozen=True, order=True)
class Period:
    """A span of time from ``start`` until ``end`` (exclusive), kept in UTC.

    Raises
    ------
    InvalidValue
        If a moment has no time zone, or the end is not after the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            moment: datetime = getattr(self, name)
            if moment.tzinfo is UTC:
                continue
            if moment.tzinfo is None:
                raise InvalidValue(f"{moment.isoformat()} has no time zone: add one.")
            # In UTC, because two local moments subtract to what the clock shows,
            # an hour off around a change of the clock.
            object.__setattr__(self, name, moment.astimezone(UTC))
        if self.end <= self.start:
            raise InvalidValue(
                f"A period ends after it starts: {self.start.isoformat()} .. "
                f"{self.end.isoformat()}."
            )

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.end - self.start).total_seconds() / 3600
