"""Bodies of the REST interface of figures."""

from datetime import date, datetime
from typing import Self

from pydantic import Field

from wijkspil.core.api import CamelSchema
from wijkspil.directory.types import AreaKind
from wijkspil.insight.data_wording import say_source
from wijkspil.insight.selectors.picture import Shown
from wijkspil.insight.types import Indicator, Theme

_LEVELS = (AreaKind.WIJK.value, AreaKind.GEMEENTE.value)


class IndicatorsQuery(CamelSchema):
    """Which indicators."""

    theme: str = Field(
        "", description="Only of this theme.", json_schema_extra={"enum": ["", *Theme]}
    )


class IndicatorOut(CamelSchema):
    """What a figure means."""

    code: str
    theme: str
    name: str
    definition: str
    numerator: str
    denominator: str
    unit: str
    source: str
    reference: str = Field(description="Of the definition or of a norm; may be empty.")
    scale: str = Field(description="sum, ratio or own: how it adds up over areas.")
    better: str = Field(description="higher, lower or neither.")
    decimals: int
    smallest: int = Field(description="Over fewer than this a figure is withheld.")

    @classmethod
    def of(cls, one: Indicator) -> Self:
        """Return the body of an indicator, in the language of the question."""
        return cls(
            code=one.code,
            theme=str(one.theme),
            name=str(one.name),
            definition=str(one.definition),
            numerator=str(one.numerator),
            denominator=str(one.denominator),
            unit=str(one.unit),
            source=str(one.source),
            reference=one.reference,
            scale=str(one.scale),
            better=str(one.better),
            decimals=one.decimals,
            smallest=one.smallest,
        )


class IndicatorsOut(CamelSchema):
    """Every indicator, in the order of the pages."""

    items: list[IndicatorOut]


class FiguresQuery(CamelSchema):
    """Which figures."""

    area: str = Field(
        description="Code of CBS (GM0518, WK051801), or purpose/code of a region.",
        min_length=3,
        max_length=90,
    )
    indicator: list[str] = Field([], description="Codes; none: all.", max_length=60)
    period: date | None = Field(
        None, description="First day of the period; none: of each the newest."
    )
    within: str = Field(
        "",
        description="Of what lies in the area: wijk or gemeente. Empty: of the area.",
        json_schema_extra={"enum": ["", *_LEVELS]},
    )
    expected: bool = Field(
        False, description="What the reference scenario expects, by year."
    )


class FigureOut(CamelSchema):
    """One number of one area and one period."""

    indicator: str
    area: str
    area_name: str
    valid_from: date
    valid_until: date = Field(description="Not included.")
    part_of_day: str = Field(description="Empty: the whole day.")
    value: float | None = Field(description="Null: withheld or not known.")
    low: float | None = Field(description="Lower bound of the 80% interval.")
    high: float | None = Field(description="Upper bound of the 80% interval.")
    numerator: float | None
    denominator: float | None
    is_withheld: bool = Field(description="Counted over too few people to tell.")
    source: str
    measured_at: datetime | None
    computed_at: datetime

    @classmethod
    def of(cls, row: Shown) -> Self:
        """Return the body of a figure."""
        return cls(
            indicator=row.indicator,
            area=row.area_code,
            area_name=row.area_name,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            part_of_day=row.part_of_day,
            value=row.value,
            low=row.low,
            high=row.high,
            numerator=row.numerator,
            denominator=row.denominator,
            is_withheld=row.is_withheld,
            source=say_source(row.source),
            measured_at=row.measured_at,
            computed_at=row.computed_at,
        )


class FiguresOut(CamelSchema):
    """Figures of an area, or of what lies in it."""

    area: str
    area_name: str
    items: list[FigureOut]
