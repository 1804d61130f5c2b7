"""What a task usually takes: the provisional band of hours, and the weight of a case.

The figures are data (``tasks.yaml``). The referrer never types hours: the band is
derived here, shown as provisional, and replaced by the nurse's hours after the intake.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

import yaml

from wijkspil.referrals.types import HoursBand

_QUARTER = Decimal("0.25")


@dataclass(frozen=True)
class TaskFigures:
    """Minutes of a visit and visits a week (low, high), and how the task counts."""

    minutes: tuple[int, int]
    visits: tuple[int, int]
    daily: bool
    complexity: float
    rare: bool = False
    order: bool = False


@lru_cache(maxsize=1)
def task_figures() -> dict[str, TaskFigures]:
    """Return the figures per task code (``directory.types.CareTask``)."""
    text = files("wijkspil.referrals").joinpath("tasks.yaml").read_text("utf-8")
    return {
        code: TaskFigures(
            minutes=tuple(row["minutes"]),
            visits=tuple(row["visits"]),
            daily=row["daily"],
            complexity=row["complexity"],
            rare=row.get("rare", False),
            order=row.get("order", False),
        )
        for code, row in yaml.safe_load(text).items()
    }


def hours_band(tasks: Sequence[str], parts_of_day: Sequence[str]) -> HoursBand:
    """Return the provisional band for tasks in the asked parts of the day.

    Daily tasks come back in every part; each other task is done in the first part.
    Rounded up to quarters of an hour a week.
    """
    figures = task_figures()
    parts = list(parts_of_day) or ["morning"]
    # Whole minutes until the end: a third of an hour has no exact decimal.
    low_minutes = 0
    minutes_by_part = dict.fromkeys(parts, 0)
    for task in tasks:
        row = figures[task]
        for part in parts if row.daily else parts[:1]:
            low_minutes += row.minutes[0] * row.visits[0]
            minutes_by_part[part] += row.minutes[1] * row.visits[1]
    by_part = {part: _quarters(minutes) for part, minutes in minutes_by_part.items()}
    return HoursBand(
        low=max(_QUARTER, _quarters(low_minutes)),
        high=max(_QUARTER, sum(by_part.values(), Decimal(0))),
        by_part=by_part,
    )


def complexity(tasks: Sequence[str]) -> float:
    """Return the weight of a case: that of its heaviest task."""
    figures = task_figures()
    return max((figures[task].complexity for task in tasks), default=1.0)


def needs_order(tasks: Iterable[str]) -> bool:
    """Whether one of the tasks needs an instruction of a doctor and materials."""
    figures = task_figures()
    return any(figures[task].order for task in tasks)


def is_rare(tasks: Sequence[str], language: str) -> bool:
    """Whether the combination itself could give a person away.

    A rare task, or a language other than Dutch: how many residents speak it is not
    in any open figure, so it is treated as rare.
    """
    figures = task_figures()
    return language not in ("", "nl") or any(figures[task].rare for task in tasks)


def _quarters(minutes: int) -> Decimal:
    """Return hours, rounded up to quarters."""
    return -(-minutes // 15) * _QUARTER
