"""A picture of an invented region: four wijken, two futures. No database."""

from datetime import date

import numpy as np

from wijkspil.insight.engine_io import access
from wijkspil.insight.engine_io.results import (
    Comparison,
    Difference,
    Projection,
    TornadoRow,
    WaterfallRow,
    YearTotal,
)
from wijkspil.insight.scenario_wording import say_shipped
from wijkspil.insight.services.picture import AreaLabel, Picture
from wijkspil.insight.types import Assumption, FigureRow, Ground, Place, Site

REGION = "R-DUIN"
#: code -> name, need, capacity, places, people
WIJKEN = {
    "W1": ("Duinwijk", 120.0, 90.0, 710.0, 4000.0),
    "W2": ("Havenkwartier", 80.0, 78.0, 930.0, 3000.0),
    "W3": ("Zeezicht & Bos", 60.0, 66.0, 1120.0, 2500.0),
    "W4": ("Polderhof", 40.0, 30.0, 520.0, 500.0),
}
FIRST, HORIZON = 2026, 2040


def make_picture(*, with_futures: bool = True, with_capacity: bool = True) -> Picture:
    """Return a picture whose figures are easy to check by hand."""
    places = tuple(
        Place(code, name, "wijk", "GM1", 4.3 + 0.01 * n, 52.0, frozenset({REGION}))
        for n, (code, (name, *_rest)) in enumerate(WIJKEN.items())
    )
    ground = Ground(
        name="Duinrade",
        year=2026,
        places=places,
        population=np.full((4, 2, 20), 25.0),
        gp_sites=(Site("P1", "Praktijk 1", 4.3, 52.0, 2000.0, True),),
        capacity_hours=np.array([row[2] for row in WIJKEN.values()]),
        used_hours=np.array([row[1] for row in WIJKEN.values()]),
        assumptions=(),
        income_low_share=np.full(4, np.nan),
        given={},
    )
    return Picture(
        subject=AreaLabel(REGION, "Duinrade", "region"),
        ground=ground,
        areas={
            REGION: AreaLabel(REGION, "Duinrade", "region"),
            **{code: AreaLabel(code, row[0], "wijk") for code, row in WIJKEN.items()},
        },
        figures=_figures(with_capacity=with_capacity),
        projections=(
            {
                "base": _projection("base", 0.0),
                "digital-50-percent-adoption": _projection(
                    "digital-50-percent-adoption", -20.0
                ),
            }
            if with_futures
            else {}
        ),
        comparisons=(
            {
                "digital-50-percent-adoption": Comparison(
                    "base",
                    "digital-50-percent-adoption",
                    tuple(
                        Difference("gap_hours", year, -20.0, -28.0, -12.0, 0.99)
                        for year in range(FIRST, HORIZON + 1)
                    ),
                )
            }
            if with_futures
            else {}
        ),
        assumptions=(
            *access.list_assumptions(),
            Assumption(
                key="absence",
                text="Leave and illness together.",
                source="None found",
                status="assumed",
                low=0.14,
                high=0.22,
                unit="share",
            ),
        ),
        seed=7,
        draws=50,
        horizon_year=HORIZON,
        versions={"wijkspil": "0.1"},
        input_hashes={"people.csv": "ab" * 32},
        made_on=date(2026, 11, 22),
    )


def make_shapes() -> dict[str, dict[str, object]]:
    """Return a square for each wijk."""
    return {
        code: {
            "type": "Polygon",
            "coordinates": [
                [
                    [4.3 + n, 52.0],
                    [4.3 + n + 1, 52.0],
                    [4.3 + n + 1, 53.0],
                    [4.3 + n, 53.0],
                    [4.3 + n, 52.0],
                ]
            ],
        }
        for n, code in enumerate(WIJKEN)
    }


def _row(code: str, area: str, value: float, over: float = 1.0) -> FigureRow:
    return FigureRow(
        indicator=code,
        area_code=area,
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 1, 1),
        value=value,
        numerator=value * over,
        denominator=over,
    )


def _figures(*, with_capacity: bool) -> list[FigureRow]:
    rows = []
    for code, (_name, need, capacity, places, people) in WIJKEN.items():
        rows += [
            _row("population", code, people),
            _row("need_hours", code, need),
            _row("gp_places_per_1000", code, places, people),
        ]
        if with_capacity:
            rows += [
                _row("capacity_hours", code, capacity),
                _row("gap_hours", code, need - capacity),
                _row("gap_share", code, 100 * (need - capacity) / need),
            ]
    rows += [
        _row("population", REGION, 10_000.0),
        _row("population_75plus_share", REGION, 11.0),
        _row("need_hours", REGION, 300.0),
        _row("clients", REGION, 55.0),
        _row("gp_nearest_min", REGION, 6.5),
        _row("gp_choice", REGION, 9.4),
        _row("gp_places_per_1000", REGION, 870.0, 10_000.0),
        _row("placed_share", REGION, 81.0),
    ]
    if with_capacity:
        rows += [
            _row("capacity_hours", REGION, 264.0),
            _row("gap_hours", REGION, 36.0),
            _row("gap_share", REGION, 12.0),
        ]
    return rows


def _projection(name: str, shift: float) -> Projection:
    years = range(FIRST, HORIZON + 1)
    totals, figures = [], []
    for n, year in enumerate(years):
        need, capacity = 300.0 + 10 * n + shift, 264.0 + n
        gap = need - capacity
        totals += [
            YearTotal("need_hours", year, need, need - 15, need + 15),
            YearTotal("capacity_hours", year, capacity, capacity - 9, capacity + 9),
            YearTotal("gap_hours", year, gap, gap - 18, gap + 18),
            YearTotal("gap_share", year, 100 * gap / need, None, None),
            YearTotal("gap_chance", year, 88.0),
        ]
        figures += [
            FigureRow(
                indicator="gap_share",
                area_code=code,
                valid_from=date(year, 1, 1),
                valid_until=date(year + 1, 1, 1),
                value=10.0 + place + n,
                low=5.0,
                high=40.0,
            )
            for place, code in enumerate(WIJKEN)
        ]
    end = 440.0 + shift - 278.0
    return Projection(
        scenario=name,
        title=say_shipped(name)[0],
        first_year=FIRST,
        horizon_year=HORIZON,
        draws=50,
        seed=7,
        figures=tuple(figures),
        totals=tuple(totals),
        waterfall=(
            WaterfallRow("start", "start", 36.0 + shift),
            WaterfallRow("population", "cause", 140.0),
            WaterfallRow("workers", "cause", -14.0),
            WaterfallRow("interaction", "interaction", end - 36.0 - shift - 126.0),
            WaterfallRow("end", "end", end),
        ),
        tornado=(
            TornadoRow("outflow", "share", 0.05, 0.09, 140.0, 190.0, "expert", "AZW"),
        ),
        assumptions=(),
        draws_by_indicator={"gap_hours": np.full((len(years), 50), end)},
        version="1",
        input_hash="0" * 64,
    )
