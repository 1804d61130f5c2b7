"""What teams say of their room, now and in the weeks before.

The rooms that count now add up to ``supply`` times the new clients of a week, so
that supply 1 is a week's balance, 0.5 a region in need and 2 a comfortable one.
Some teams have not said anything for too long, some never did, and a team without
room says why and until when.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np

from wijkspil.directory.fictional.calibration import figure, weekly_new_clients
from wijkspil.directory.fictional.hexmap import Ints
from wijkspil.directory.fictional.rows import CapacityRow
from wijkspil.directory.fictional.workshop import Workshop
from wijkspil.directory.types import CareTask, NoRoomReason, PartOfDay, SizeBand

Option = TypeVar("Option")

VALID_HOURS = 72
#: Reports per team: many in a small region, fewer in a whole country.
REPORTS_SMALL, REPORTS_LARGE, LARGE_REGION_TEAMS = 12, 4, 2_000

_REASONS = (
    (NoRoomReason.STAFF_SHORTAGE, 0.36),
    (NoRoomReason.FULL, 0.27),
    (NoRoomReason.SICKNESS, 0.20),
    (NoRoomReason.HOLIDAYS, 0.07),
    (NoRoomReason.BUDGET, 0.06),
    (NoRoomReason.SKILLS, 0.04),
)
_PARTS = (
    ([PartOfDay.MORNING, PartOfDay.AFTERNOON, PartOfDay.EVENING], 0.34),
    ([PartOfDay.AFTERNOON, PartOfDay.EVENING], 0.26),
    ([PartOfDay.AFTERNOON], 0.14),
    ([PartOfDay.MORNING], 0.12),
    ([PartOfDay.EVENING], 0.10),
    ([PartOfDay.MORNING, PartOfDay.EVENING, PartOfDay.NIGHT], 0.04),
)
_BANDS = (
    (SizeBand.TO_2, 0.18),
    (SizeBand.TO_5, 0.38),
    (SizeBand.TO_10, 0.22),
    (SizeBand.ANY, 0.22),
)
_EXCLUDED = (
    CareTask.INSULIN,
    CareTask.COMPLEX_WOUND,
    CareTask.INFUSION,
    CareTask.PALLIATIVE,
    CareTask.STOCKINGS,
)


def invent_capacity(shop: Workshop, services: list[int], *, supply: float) -> None:
    """Add the history of reports of the services, oldest first."""
    rng = shop.rng(31)
    count = len(services)
    state = rng.random(count)
    is_silent = state < figure("share_reports_none")
    is_stale = ~is_silent & (
        state < figure("share_reports_none") + figure("share_reports_stale")
    )
    is_current = ~is_silent & ~is_stale
    if not is_current.any():
        is_current[0], is_silent[0], is_stale[0] = True, False, False
    target = round(supply * weekly_new_clients(shop.ground.people))
    leaning = rng.gamma(0.9, 1.0, count)
    room = np.zeros(count, dtype=np.int64)
    room[is_current] = rng.multinomial(
        target, leaning[is_current] / leaning[is_current].sum()
    )
    mean = max(target / max(int(is_current.sum()), 1), 0.01)
    length = REPORTS_SMALL if count < LARGE_REGION_TEAMS else REPORTS_LARGE
    past = rng.poisson(mean * leaning[:, None], (count, length))
    past[is_current, -1] = room[is_current]
    moments = _moments(rng, is_stale, length)
    draws = rng.random((count, length, 6))
    labels = [f"{shop.person(rng)}, wijkverpleegkundige" for _ in range(200)]
    speaker = rng.integers(0, len(labels), count)
    for place, service in enumerate(services):
        if is_silent[place]:
            continue
        for turn in range(length):
            shop.made.capacity_reports.append(
                invent_report(
                    service,
                    int(past[place, turn]),
                    shop.at - timedelta(minutes=int(moments[place, turn])),
                    draws[place, turn].tolist(),
                    labels[int(speaker[place])],
                )
            )


def _moments(rng: np.random.Generator, is_stale: np.ndarray, length: int) -> Ints:
    """Return minutes before now per report, oldest first; the last decides."""
    count = len(is_stale)
    newest = np.where(
        is_stale,
        rng.uniform(VALID_HOURS * 60 + 30, 14 * 24 * 60, count),
        # Most teams said something today or yesterday.
        np.minimum(rng.exponential(16 * 60, count) + 3, VALID_HOURS * 60 - 30),
    )
    steps = rng.uniform(18 * 60, 84 * 60, (count, length))
    steps[:, -1] = newest
    return np.asarray(
        np.cumsum(steps[:, ::-1], axis=1)[:, ::-1].round(), dtype=np.int64
    )


def invent_report(
    service: int, room: int, at: datetime, draws: list[float], label: str
) -> CapacityRow:
    """Return what a team with so many places says; ``draws`` are six of 0..1."""
    reason, until, parts, band, excluded, hours = "", None, [], "", [], None
    if room == 0:
        reason = _choose(_REASONS, draws[0]).value
        if draws[1] < 0.75:
            until = (at + timedelta(days=3 + int(draws[2] * 40))).date()
    else:
        parts = [part.value for part in _choose(_PARTS, draws[0])]
        band = _choose(_BANDS, draws[1]).value
        if draws[2] < 0.3:
            excluded = [_EXCLUDED[int(draws[3] * len(_EXCLUDED))].value]
        if draws[4] < 0.2:
            hours = round(1.0 + room * (1.0 + 4.0 * draws[5]), 1)
    return CapacityRow(
        service=service,
        new_clients=room,
        size_band=band,
        parts_of_day=parts,
        tasks_excluded=excluded,
        hours_per_week=hours,
        no_room_reason=reason,
        no_room_until=until,
        reported_at=at,
        valid_until=at + timedelta(hours=VALID_HOURS),
        reporter_label=label,
    )


def _choose(options: Sequence[tuple[Option, float]], draw: float) -> Option:
    for option, share in options:
        draw -= share
        if draw < 0:
            return option
    return options[0][0]
