"""From what a team reported to the word everyone reads: room, limited, full.

The rule, in order: nothing reported or the report is stale: unknown; no new clients
left, or no hours left after reservations: full; one client only, or up to two hours a
week, or a single part of the day: limited; otherwise room. The age of the report
always travels with the word.

What is left is what the team reported less what requests reserved since: everyone
reads that, never the reported figure alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from wijkspil.directory.types import Room, SizeBand


@dataclass(frozen=True)
class RoomReport:
    """The newest capacity report of a service: what is left of it, told when, by whom.

    ``new_clients`` and ``hours_per_week`` are what is left after the reservations
    since the report; without reservations that is what was reported.
    ``over_clients`` counts those a team took beyond what it reported.
    """

    new_clients: int
    size_band: str
    parts_of_day: Sequence[str]
    tasks_excluded: Sequence[str]
    hours_per_week: float | None
    no_room_reason: str
    no_room_until: date | None
    reported_at: datetime
    valid_until: datetime
    reporter_label: str
    reserved_clients: int = 0
    reserved_hours_per_week: float = 0.0
    over_clients: int = 0

    @property
    def reported_clients(self) -> int:
        """New clients as the team reported them."""
        return self.new_clients + self.reserved_clients - self.over_clients

    @property
    def is_taken(self) -> bool:
        """Whether there was room and requests reserved all of it since."""
        return (
            self.reserved_clients > 0
            and self.reported_clients > 0
            and (self.new_clients == 0 or self._has_no_hours_left)
        )

    @property
    def _has_no_hours_left(self) -> bool:
        return self.reserved_hours_per_week > 0 and self.hours_per_week == 0

    def less(self, *, clients: int, hours_per_week: float) -> "RoomReport":
        """Return what is left after reservations of so many clients and hours.

        Give it the sums of the reservations since the report, once.
        """
        if clients == 0:
            return self
        left = self.new_clients - clients
        return replace(
            self,
            new_clients=max(0, left),
            hours_per_week=None
            if self.hours_per_week is None
            else max(0.0, round(self.hours_per_week - hours_per_week, 2)),
            reserved_clients=clients,
            reserved_hours_per_week=hours_per_week,
            over_clients=max(0, -left),
        )

    def is_stale(self, *, at: datetime) -> bool:
        """Whether the report has passed the region's limit at ``at``."""
        return at >= self.valid_until


def derive_room(report: RoomReport | None, *, at: datetime) -> Room:
    """Return the traffic light of a service at ``at`` (rule: module docstring)."""
    if report is None or report.is_stale(at=at):
        return Room.UNKNOWN
    if report.new_clients == 0 or report.is_taken:
        return Room.FULL
    if (
        report.new_clients == 1
        or report.size_band == SizeBand.TO_2
        or len(report.parts_of_day) == 1
    ):
        return Room.LIMITED
    return Room.ROOM
