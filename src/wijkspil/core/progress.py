"""Tell how far long work is, without knowing who shows it."""

from typing import Protocol


class Progress(Protocol):
    """Long work reports through this; the command line draws bars from it."""

    def start(self, title: str, total: int) -> None:
        """Begin a step of ``total`` units (ends the step before)."""

    def advance(self, count: int = 1) -> None:
        """Say that ``count`` more units of the current step are done."""


class Silent:
    """Progress that nobody watches, for tests and web requests."""

    def start(self, title: str, total: int) -> None:
        """Do nothing."""

    def advance(self, count: int = 1) -> None:
        """Do nothing."""
