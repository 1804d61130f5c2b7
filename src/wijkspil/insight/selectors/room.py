"""What teams can still give in each wijk, and what was asked and not taken.

True numbers, not to be shown as they are: asked hours may be of one person.
``spread_small`` makes of them what can be shown in every wijk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wijkspil.directory.room import RoomReport
from wijkspil.directory.selectors.capacity import list_current_reports
from wijkspil.directory.selectors.insight import WijkGround, list_teams_of_wijken
from wijkspil.directory.selectors.wijken import list_wijk_names
from wijkspil.directory.types import PartOfDay
from wijkspil.insight.catalogue import SMALL
from wijkspil.insight.selectors.national import read_national
from wijkspil.insight.types import Floats
from wijkspil.referrals.selectors.insight import list_asked

PARTS = tuple(PartOfDay.values)
#: A team that names no part of the day means these.
_BY_DAY = (PartOfDay.MORNING, PartOfDay.AFTERNOON, PartOfDay.EVENING)
#: What no team took counts as asked for this long.
ASKED_FOR = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Team:
    """A team in its wijken (places in the list of wijken).

    ``has_room`` is None where it never told, or too long ago.
    """

    service_id: int
    wijken: tuple[int, ...]
    has_room: bool | None


@dataclass(frozen=True, eq=False)
class Room:
    """Per wijk, and (wijken, parts of day): hours a week that are free.

    ``telling`` counts the teams whose report counts.
    """

    free_hours: Floats
    free_by_part: Floats
    telling: NDArray[np.int64]
    teams: tuple[Team, ...]


@dataclass(frozen=True, eq=False)
class Demand:
    """Per wijk, and (wijken, parts of day): requests and hours that nobody took."""

    requests: NDArray[np.int64]
    open: NDArray[np.int64]
    hours: Floats
    requests_by_part: NDArray[np.int64]
    hours_by_part: Floats


def place_of_wijken(
    wijken: Sequence[WijkGround], ids: Sequence[int] | set[int]
) -> dict[int, int]:
    """Return wijk id -> place in the list, also of other years' wijken by their code.

    At most one query; a wijk that is not in the list is left out.
    """
    places = {wijk.id: place for place, wijk in enumerate(wijken)}
    strange = set(ids) - places.keys()
    if strange:
        by_code = {wijk.code: place for place, wijk in enumerate(wijken)}
        for pk, name in list_wijk_names(strange).items():
            if name.code in by_code:
                places[pk] = by_code[name.code]
    return places


def count_room(wijken: Sequence[WijkGround], *, at: datetime) -> Room:
    """Return what teams can still give; a team is spread by inhabitants (2 queries)."""
    teams_of = list_teams_of_wijken(wijken, at=at)
    reports = list_current_reports(sorted(teams_of), at=at)
    place = {wijk.id: number for number, wijk in enumerate(wijken)}
    people = np.array([wijk.population or 0 for wijk in wijken], dtype=np.float64)
    free = np.zeros((len(wijken), len(PARTS)))
    telling = np.zeros(len(wijken), dtype=np.int64)
    teams = []
    for service_id, wijk_ids in teams_of.items():
        where = np.array([place[pk] for pk in wijk_ids])
        report = reports.get(service_id)
        is_known = report is not None and not report.is_stale(at=at)
        if report is not None and is_known:
            telling[where] += 1
            weight = np.maximum(people[where], 1.0)
            free[where] += np.outer(weight / weight.sum(), _hours_by_part(report))
        teams.append(
            Team(
                service_id,
                tuple(where.tolist()),
                report.new_clients > 0 if report is not None and is_known else None,
            )
        )
    return Room(
        free_hours=free.sum(axis=1),
        free_by_part=free,
        telling=telling,
        teams=tuple(teams),
    )


def _hours_by_part(report: RoomReport) -> Floats:
    """Return the hours free in each part of the day; equal over those it names."""
    if report.new_clients == 0:
        hours = 0.0
    elif report.hours_per_week is not None:
        hours = report.hours_per_week
    else:
        of_place = read_national().hours_of_place
        hours = report.new_clients * of_place.get(report.size_band, of_place["any"])
    named = [part for part in PARTS if part in (report.parts_of_day or _BY_DAY)]
    return np.array([hours / len(named) if part in named else 0.0 for part in PARTS])


def count_demand(wijken: Sequence[WijkGround], *, at: datetime) -> Demand:
    """Return what nobody took yet, or nobody took in four weeks (at most 2 queries)."""
    asked = list_asked(at=at, since=at - ASKED_FOR)
    places = place_of_wijken(wijken, {one.wijk_id for one in asked})
    count, parts = len(wijken), len(PARTS)
    made = Demand(
        requests=np.zeros(count, dtype=np.int64),
        open=np.zeros(count, dtype=np.int64),
        hours=np.zeros(count),
        requests_by_part=np.zeros((count, parts), dtype=np.int64),
        hours_by_part=np.zeros((count, parts)),
    )
    for one in asked:
        row = places.get(one.wijk_id)
        if row is None:
            continue
        made.requests[row] += 1
        made.open[row] += one.is_open
        made.hours[row] += one.hours
        _add_parts(made, row, one.hours_by_part)
    return made


def _add_parts(made: Demand, row: int, hours_by_part: Mapping[str, float]) -> None:
    for column, part in enumerate(PARTS):
        hours = hours_by_part.get(part, 0.0)
        if hours > 0:
            made.requests_by_part[row, column] += 1
            made.hours_by_part[row, column] += hours


def spread_small(
    hours: Floats,
    requests: NDArray[np.int64],
    *,
    weight: Floats,
    groups: Sequence[Sequence[int]],
) -> Floats:
    """Return hours per wijk in which those of few requests cannot be seen.

    Hours of a wijk with fewer than ``SMALL`` requests are put together with those of
    its group (``groups``: group of each wijk, finest division first) and divided over
    the wijken that were put together, by ``weight``; where even the group has fewer,
    the next division is tried. What stays under ``SMALL`` in the coarsest division is
    left out. All shapes (wijken,).
    """
    made = np.array(hours, dtype=np.float64)
    left = requests < SMALL
    made[left] = 0.0
    for division in groups:
        names = np.array(division)
        for name in np.unique(names[left]):
            members = left & (names == name)
            if requests[members].sum() < SMALL:
                continue
            share = np.maximum(weight[members], 1e-9)
            made[members] = hours[members].sum() * share / share.sum()
            left &= ~members
    return made
