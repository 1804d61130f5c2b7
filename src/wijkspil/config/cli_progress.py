"""Draw long work as bars in the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)


class ProgressBars:
    """Shows each step of long work as one bar (a ``core.progress.Progress``)."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._step: TaskID | None = None

    def start(self, title: str, total: int) -> None:
        """Begin a step; the one before is drawn as done."""
        self._finish()
        self._step = self._bars.add_task(title, total=total)

    def advance(self, count: int = 1) -> None:
        """Move the current bar."""
        if self._step is not None:
            self._bars.advance(self._step, count)

    def _finish(self) -> None:
        if self._step is not None:
            task = self._bars.tasks[self._step]
            self._bars.update(self._step, completed=task.total)


@contextmanager
def show_progress(console: Console) -> Iterator[ProgressBars]:
    """Draw bars while the block runs."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        yield ProgressBars(bars)
