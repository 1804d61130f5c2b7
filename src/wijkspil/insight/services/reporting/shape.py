"""What a report is: sections of claims, drawings and tables. No words, no drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from wijkspil.ui.charts.types import Chart


@dataclass(frozen=True, slots=True)
class Source:
    """The figure a claim was made from: indicator, area, year, value as told."""

    indicator: str
    area_code: str
    year: int
    said: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence and the figures in it; ``sources`` is never empty."""

    text: str
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError(f"A claim needs a figure: {self.text!r}")


@dataclass(frozen=True, slots=True)
class Table:
    """A small table; the first column names the row, the others are told figures."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    #: columns with figures, aligned to the right
    figures: frozenset[int] = frozenset()

    @property
    def labelled_rows(self) -> list[list[tuple[str, str]]]:
        """The cells of each row with the head of their column."""
        return [list(zip(self.head, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart or map with its numbers, and words for who does not see it."""

    chart: Chart
    told: str
    is_map: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report; ``note`` says what a reader must know, without figures."""

    key: str
    title: str
    claims: tuple[Claim, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    tables: tuple[Table, ...] = ()
    note: str = ""
    #: a part for who wants to check: smaller on paper
    is_appendix: bool = False


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A measure that was agreed, as the report tells it."""

    title: str
    area: str
    owner: str
    due: str
    status: str
    expected: str
    measured: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on paper, in order."""

    title: str
    subtitle: str
    language: str
    made_on: str
    sections: tuple[Section, ...]
    is_fictional: bool = False

    @property
    def claims(self) -> Sequence[Claim]:
        """Every claim in the report."""
        return [claim for section in self.sections for claim in section.claims]
