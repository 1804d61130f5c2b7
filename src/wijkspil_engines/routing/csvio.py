"""Requests, teams and assignments as CSV files: the format of the command line.

Told in ``docs/algorithms/routing.md``. UTF-8, a header, one row each; a list in one
cell is separated by ``;``. An area is a name that both files use; the rows of
``Teams.tier`` are made of these names here.
"""

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar

from wijkspil_engines.csvfile import InvalidFile, Row, check_unique, read_rows
from wijkspil_engines.routing.problem import (
    PARTS_OF_DAY,
    AssignmentProblem,
    InvalidProblem,
    Request,
    Result,
    Team,
    Teams,
    Tier,
)
from wijkspil_engines.routing.rank import Ranking

_Made = TypeVar("_Made")

_HOURS = tuple(f"hours_{part}" for part in PARTS_OF_DAY)
_FREE_HOURS = tuple(f"free_hours_{part}" for part in PARTS_OF_DAY)
REQUEST_COLUMNS = (
    "key", "area", "tasks", *_HOURS, "care_law", "insurer", "language", "objected",
    "preferred", "known_to", "lon", "lat", "first_visit_days", "complexity", "urgency",
)  # fmt: skip
TEAM_COLUMNS = (
    "key", "provider", "tiers", "tasks", "care_laws", "insurers", "languages", "lon",
    "lat", "free_clients", *_FREE_HOURS, "free_hours", "largest_hours", "room_known",
    "earliest_days", "share",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Region:
    """What the two files describe together; ``areas`` names the rows of the tiers."""

    requests: tuple[Request, ...]
    teams: Teams
    areas: tuple[str, ...]


def read_region(requests_file: Path, teams_file: Path) -> Region:
    """Read both files.

    Raises
    ------
    InvalidFile
        If a file, a column, a value or a key is missing or wrong.
    """
    areas: dict[str, int] = {}
    teams = _read(
        teams_file, ("key", "provider", "tiers"), TEAM_COLUMNS, _Row.team, areas
    )
    requests = _read(
        requests_file, ("key", "area"), REQUEST_COLUMNS, _Row.request, areas
    )
    for file, keys in (
        (teams_file, [team.key for team in teams]),
        (requests_file, [request.key for request in requests]),
    ):
        check_unique(file, keys)
    try:
        columns = Teams.from_teams(teams, n_areas=max(len(areas), 1))
    except InvalidProblem as error:
        raise InvalidFile(f"{teams_file}: {error}") from error
    return Region(tuple(requests), columns, tuple(areas))


def write_ranking(stream: TextIO, rankings: Sequence[Ranking]) -> None:
    """Write one row for each team of each ranking: candidates first, best first."""
    writer = csv.writer(stream)
    writer.writerow(
        ("request", "place", "team", "provider", "score", "warnings", "excluded_by")
    )
    for ranking in rankings:
        key = ranking.request.key
        for place, candidate in enumerate(ranking.candidates, 1):
            writer.writerow(
                (
                    key,
                    place,
                    candidate.key,
                    candidate.provider,
                    candidate.score,
                    ";".join(candidate.warnings),
                    "",
                )
            )
        for team, codes in ranking.excluded.items():
            writer.writerow(
                (
                    key,
                    "",
                    ranking.teams.keys[team],
                    ranking.teams.providers[team],
                    "",
                    "",
                    ";".join(codes),
                )
            )


def write_assignment(
    stream: TextIO, problem: AssignmentProblem, result: Result
) -> None:
    """Write one row for each request: its team, or nothing."""
    writer = csv.writer(stream)
    writer.writerow(("request", "team", "provider"))
    for request, team in zip(problem.requests, result.assignment.tolist(), strict=True):
        if team < 0:
            writer.writerow((request.key, "", ""))
        else:
            teams = problem.teams
            writer.writerow((request.key, teams.keys[team], teams.providers[team]))


class _Row(Row):
    """One row of a file, as what it stands for."""

    def request(self, areas: dict[str, int]) -> Request:
        area = self.text("area")
        if not area:
            raise self.wrong("area", "the name of an area")
        # An area that no team covers is a row too: nobody covers it.
        return Request(
            key=self.text("key"),
            area=areas.setdefault(area, len(areas)),
            tasks=self.codes("tasks"),
            hours_by_part=tuple(  # type: ignore[arg-type]
                self.number(column, 0.0) for column in _HOURS
            ),
            care_law=self.text("care_law", "zvw"),
            insurer=self.text("insurer"),
            language=self.text("language"),
            objected=self.codes("objected"),
            preferred=self.codes("preferred"),
            known_to=self.codes("known_to"),
            lon=self.number_or_none("lon"),
            lat=self.number_or_none("lat"),
            first_visit_days=self.number("first_visit_days", 7.0),
            complexity=self.number("complexity", 1.0),
            urgency=self.number("urgency", 1.0),
        )

    def team(self, areas: dict[str, int]) -> Team:
        if not self.text("key") or not self.text("provider"):
            raise self.wrong("key", "a key with a provider")
        tiers: dict[int, Tier] = {}
        names = {tier.name.lower().replace("_", "-"): tier for tier in Tier if tier}
        for item in sorted(self.codes("tiers")):
            area, _, part = item.rpartition("=")
            if not area or part not in names:
                raise self.wrong("tiers", f"area=part, with as part {', '.join(names)}")
            tiers[areas.setdefault(area, len(areas))] = names[part]
        contracts = self.text("insurers")
        return Team(
            key=self.text("key"),
            provider=self.text("provider"),
            tiers=tiers,
            tasks=self.codes("tasks"),
            care_laws=self.codes("care_laws", "zvw"),
            insurers=None if contracts == "?" else self.codes("insurers"),
            languages=self.codes("languages"),
            lon=self.number_or_none("lon"),
            lat=self.number_or_none("lat"),
            free_clients=self.whole("free_clients", 0),
            free_hours_by_part=tuple(  # type: ignore[arg-type]
                self.number(column, math.inf) for column in _FREE_HOURS
            ),
            free_hours=self.number("free_hours", math.inf),
            largest_hours=self.number("largest_hours", math.inf),
            room_known=self.yes("room_known"),
            earliest_days=self.number("earliest_days", 0.0),
            share=self.number("share", 1.0),
        )


def _read(
    file: Path,
    needed: Sequence[str],
    known: Sequence[str],
    make: Callable[[_Row, dict[str, int]], _Made],
    areas: dict[str, int],
) -> list[_Made]:
    made = []
    for row in read_rows(file, needed, known, _Row):
        try:
            made.append(make(row, areas))
        except InvalidProblem as error:
            raise InvalidFile(f"{row.place}: {error}") from error
    return made
