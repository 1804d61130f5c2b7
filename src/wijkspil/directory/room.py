"""From what a team reported to the word everyone reads: room, limited, full.

The rule, in order: nothing reported or the report is stale: unknown; no new clients:
full; one client only, or up to two hours a week, or a single part of the day:
limited; otherwise room. The age of the report always travels with the word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from wijkspil.directory.types import Room, SizeBand


@dataclass(frozen=True)
class RoomReport:
    """The newest capacity report of a service, as told and when."""

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

    def is_stale(self, *, at: datetime) -> bool:
        """Whether the report has passed the region's limit at ``at``."""
        return at >= self.valid_until


def derive_room(report: RoomReport | None, *, at: datetime) -> Room:
    """Return the traffic light of a service at ``at`` (rule: module docstring)."""
    if report is None or report.is_stale(at=at):
        return Room.UNKNOWN
    if report.new_clients == 0:
        return Room.FULL
    if (
        report.new_clients == 1
        or report.size_band == SizeBand.TO_2
        or len(report.parts_of_day) == 1
    ):
        return Room.LIMITED
    return Room.ROOM
