"""Turn the result of a projection into figures: per place, per area, of the whole."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from wijkspil.insight.engine_io.results import YearTotal
from wijkspil.insight.types import FigureRow, Ground
from wijkspil_engines.projection.problem import ProjectionProblem
from wijkspil_engines.projection.solve import Result

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]

#: Fewer people than this: a figure is not shown.
SMALLEST = 10
_LOW, _HIGH = 0.1, 0.9
#: Clients are counted in a month: who is there at its start, and who comes in it.
_MONTH = 1 / 12


class FigureTable:
    """Figures of a result of district nursing.

    ``atoms`` says of each region of the problem in which areas it lies: every area
    above places is a sum of some of them.
    """

    def __init__(
        self,
        ground: Ground,
        problem: ProjectionProblem,
        result: Result,
        atoms: Sequence[frozenset[str]],
        *,
        source: str,
    ) -> None:
        self.ground = ground
        self.result = result
        self.atoms = atoms
        self.years = problem.years
        self.source = source
        assert problem.unit_of_area is not None
        is_known = problem.unit_of_area[:, 0] >= 0
        # Without known supply an atom has no capacity, which is not the same as 0.
        self.has_supply = np.zeros(len(atoms), bool)
        self.has_supply[problem.region_of_area[is_known]] = True

    def atoms_in(self, code: str | None) -> Rows:
        """Return which atoms lie in an area; None: all."""
        return np.array([code is None or code in atom for atom in self.atoms])

    def figures(self, place_years: Sequence[int] | None) -> list[FigureRow]:
        """Return the rows of places (in some years) and of the areas they lie in."""
        rows: list[FigureRow] = []
        wanted = set(self.years if place_years is None else place_years)
        for at, year in enumerate(self.years):
            if year in wanted:
                rows += self._of_places(at, year)
        for code in sorted({code for atom in self.atoms for code in atom}):
            rows += self._of_area(code, self.atoms_in(code))
        return rows

    def totals(self, inside: Rows) -> tuple[YearTotal, ...]:
        """Return each projected number of some atoms together in each year."""
        return tuple(
            row
            for indicator, values in self._draws(inside).items()
            for row in self._totals_of(indicator, values)
        )

    def draws_of(self, inside: Rows) -> dict[str, Floats]:
        """Return (years, draws) of each indicator of some atoms together."""
        return {
            name: values
            for name, values in self._draws(inside).items()
            if name != "gap_chance"
        }

    def _totals_of(self, indicator: str, values: Floats) -> list[YearTotal]:
        mean = values.mean(axis=1).tolist()
        if indicator == "gap_chance":
            return [
                YearTotal(indicator, year, mean[at])
                for at, year in enumerate(self.years)
            ]
        low, high = np.quantile(values, (_LOW, _HIGH), axis=1).tolist()
        return [
            YearTotal(indicator, year, mean[at], low[at], high[at])
            for at, year in enumerate(self.years)
        ]

    def _draws(self, inside: Rows) -> dict[str, Floats]:
        """Return (years, draws) of each indicator over some atoms."""
        totals = self.result.totals

        def sum_of(name: str, rows: Rows) -> Floats:
            made: Floats = totals[name][rows, 0, :, 1:].sum(axis=0)
            return made

        need = sum_of("need", inside)
        clients: Floats = sum_of("clients", inside) + _MONTH * sum_of("starts", inside)
        made: dict[str, Floats] = {"need_hours": need, "clients": clients}
        supplied = inside & self.has_supply
        if supplied.any():
            capacity, gap = sum_of("capacity", supplied), sum_of("gap", supplied)
            known_need = capacity + gap
            made["capacity_hours"] = capacity
            made["gap_hours"] = gap
            made["gap_share"] = np.zeros_like(gap)
            np.divide(
                100 * gap, known_need, out=made["gap_share"], where=known_need > 0
            )
            hours_of_fte = self.result.hours_of_fte[0, :, 1:]
            made["gap_fte"] = np.asarray(gap / hours_of_fte, np.float64)
            made["gap_chance"] = np.where(gap > 0, 100.0, 0.0)
        return made

    def _of_area(self, code: str, inside: Rows) -> list[FigureRow]:
        people = self.result.totals["people"][inside, 0, :, 1:].sum(axis=0)
        count = people.mean(axis=1).tolist()
        totals: Mapping[str, list[YearTotal]] = {
            indicator: self._totals_of(indicator, values)
            for indicator, values in self._draws(inside).items()
        }
        rows = []
        for indicator, found in totals.items():
            for at, total in enumerate(found):
                top, below = total.value, count[at]
                if indicator == "gap_share":
                    top = totals["gap_hours"][at].value
                    below = totals["need_hours"][at].value
                rows.append(self._row(code, total, top, below, count[at]))
        return rows

    def _of_places(self, at: int, year: int) -> list[FigureRow]:
        means, quantiles = self.result.means, self.result.quantiles
        need, capacity = means["need"][:, 0, at], means["capacity"][:, 0, at]
        gap, people = means["gap"][:, 0, at], means["people"][:, 0, at]
        hours = float(self.result.hours_of_fte[0, at, 1:].mean())
        clients = means["clients"][:, 0, at] + _MONTH * means["starts"][:, 0, at]
        chance = 100 * self.result.chance_short[:, 0, at]
        bounds = {
            f"{name}_hours": quantiles[name][:, :, 0, at]
            for name in ("need", "capacity", "gap")
        }
        share = 100 * np.divide(gap, need, out=np.zeros_like(gap), where=need > 0)
        values = {
            "need_hours": need, "capacity_hours": capacity, "gap_hours": gap,
            "gap_share": share, "gap_fte": gap / hours, "clients": clients,
            "gap_chance": chance,
        }  # fmt: skip
        rows = []
        for row, place in enumerate(self.ground.places):
            count = float(people[row])
            for indicator, value in values.items():
                if not np.isfinite(value[row]):
                    continue
                low, high = (
                    bounds[indicator][:, row] if indicator in bounds else (None, None)
                )
                total = YearTotal(
                    indicator,
                    year,
                    float(value[row]),
                    None if low is None else float(low),
                    None if high is None else float(high),
                )
                top, below = total.value, count
                if indicator == "gap_share":
                    top, below = float(gap[row]), float(need[row])
                rows.append(self._row(place.code, total, top, below, count))
        return rows

    def _row(
        self,
        code: str,
        total: YearTotal,
        numerator: float,
        denominator: float,
        people: float,
    ) -> FigureRow:
        is_withheld = people < SMALLEST
        return FigureRow(
            indicator=total.indicator,
            area_code=code,
            valid_from=date(total.year, 1, 1),
            valid_until=date(total.year + 1, 1, 1),
            value=None if is_withheld else total.value,
            numerator=None if is_withheld else numerator,
            denominator=None if is_withheld else denominator,
            low=None if is_withheld else total.low,
            high=None if is_withheld else total.high,
            source=self.source,
            is_withheld=is_withheld,
        )
