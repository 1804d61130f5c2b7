"""Who is around each request: computed once, the same for both ways of working."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.desk.problem import DeskProblem
from wijkspil_engines.routing.problem import Request, Teams, Tier
from wijkspil_engines.routing.rank import distances_km


class Terrain:
    """Teams and providers that cover the place of each request."""

    def __init__(self, problem: DeskProblem) -> None:
        """Compute nothing yet; each place is looked up when first asked for."""
        self._problem = problem
        self._around: dict[int, Teams] = {}
        self._rows: dict[int, NDArray[np.intp]] = {}
        self._by_provider: dict[int, Mapping[int, Sequence[int]]] = {}
        self._able: dict[int, frozenset[int]] = {}
        self._km: dict[int, Mapping[int, float]] = {}
        self._alone: dict[int, Request] = {}

    @cached_property
    def _does(self) -> list[frozenset[str]]:
        teams = self._problem.teams
        return [
            frozenset(
                code for code, row in zip(teams.task_codes, column, strict=True) if row
            )
            for column in teams.tasks.T.tolist()
        ] or [frozenset()] * teams.n

    @cached_property
    def _laws(self) -> list[frozenset[str]]:
        teams = self._problem.teams
        return [
            frozenset(
                law
                for law, row in zip(teams.care_law_codes, column, strict=True)
                if row
            )
            for column in teams.care_laws.T.tolist()
        ] or [frozenset()] * teams.n

    def rows_of(self, area: int) -> NDArray[np.intp]:
        """Return the rows of the teams that cover an area, ascending."""
        if area not in self._rows:
            tier = self._problem.teams.tier[area]
            self._rows[area] = np.flatnonzero(tier != Tier.NONE)
        return self._rows[area]

    def around(self, area: int) -> Teams:
        """Return the teams that cover an area, as area 0 of their own."""
        if area not in self._around:
            self._around[area] = take_rows(
                self._problem.teams, self.rows_of(area), area=area
            )
        return self._around[area]

    def alone(self, request: int) -> Request:
        """Return the request for ``around`` of its area."""
        if request not in self._alone:
            need = self._problem.requests[request].need
            self._alone[request] = replace(need, area=0)
        return self._alone[request]

    def teams_of(self, request: int) -> Mapping[int, Sequence[int]]:
        """Return provider -> its teams there that may take it, best part first.

        Without providers the client objects to. A team that does not do the tasks is
        last and never says yes: a provider that has only such teams can be called in
        vain.
        """
        if request not in self._by_provider:
            need = self._problem.requests[request].need
            teams, provider_of = self._problem.teams, self._problem.provider_of
            tier = teams.tier[need.area]
            found: dict[int, list[int]] = {}
            for team in self.rows_of(need.area).tolist():
                if teams.providers[team] not in need.objected:
                    found.setdefault(provider_of[team], []).append(team)
            self._by_provider[request] = {
                provider: sorted(
                    (t for t in rows if self.can_do(request, t)),
                    key=lambda t: (-int(tier[t]), teams.keys[t]),
                )
                for provider, rows in found.items()
            }
        return self._by_provider[request]

    def can_do(self, request: int, team: int) -> bool:
        """Whether a team does the tasks and works under the care law."""
        need = self._problem.requests[request].need
        return need.tasks <= self._does[team] and need.care_law in self._laws[team]

    def able_of(self, request: int) -> frozenset[int]:
        """Return the providers with a team that does the tasks."""
        if request not in self._able:
            self._able[request] = frozenset(
                provider for provider, teams in self.teams_of(request).items() if teams
            )
        return self._able[request]

    def tier_of(self, request: int, provider: int) -> int:
        """Return the best part a provider plays there."""
        tier = self._problem.teams.tier[self._problem.requests[request].need.area]
        return max(
            (int(tier[team]) for team in self.teams_of(request)[provider]),
            default=int(Tier.NONE),
        )

    def km_of(self, request: int, provider: int) -> float:
        """Return the km to a provider's nearest team there; infinite if not known."""
        if request not in self._km:
            need = self._problem.requests[request].need
            rows = self.rows_of(need.area)
            km: dict[int, float] = {}
            distances = distances_km(need, self._problem.teams, rows)
            for team, distance in zip(rows.tolist(), distances.tolist(), strict=True):
                owner = self._problem.provider_of[team]
                # NaN compares false: stays infinite.
                if distance < km.get(owner, float("inf")):
                    km[owner] = distance
            self._km[request] = km
        return self._km[request].get(provider, float("inf"))


def take_rows(teams: Teams, rows: NDArray[np.intp], *, area: int) -> Teams:
    """Return some of the teams, with one area as the only one."""
    return Teams(
        keys=tuple(teams.keys[row] for row in rows),
        providers=tuple(teams.providers[row] for row in rows),
        tier=teams.tier[area : area + 1, rows],
        task_codes=teams.task_codes,
        tasks=teams.tasks[:, rows],
        care_law_codes=teams.care_law_codes,
        care_laws=teams.care_laws[:, rows],
        insurer_codes=teams.insurer_codes,
        insurers=teams.insurers[:, rows],
        contracts_known=teams.contracts_known[rows],
        language_codes=teams.language_codes,
        languages=teams.languages[:, rows],
        lon=teams.lon[rows],
        lat=teams.lat[rows],
        free_clients=teams.free_clients[rows],
        free_hours_by_part=teams.free_hours_by_part[rows],
        free_hours=teams.free_hours[rows],
        largest_hours=teams.largest_hours[rows],
        room_known=teams.room_known[rows],
        earliest_days=teams.earliest_days[rows],
        share=teams.share[rows],
    )
