"""The desk measured on a fictional region: its areas, teams and invented requests.

Reads a region that ``generate`` or ``demo`` filled and builds what the engine
``wijkspil_engines.desk`` plays; places nothing and writes nothing. Where requests come
from is as in ``draw``; what room looks like is as the fictional reports.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from math import ceil, inf

import numpy as np
from django.utils.translation import gettext as _

from wijkspil.core.errors import Conflict
from wijkspil.core.progress import Progress
from wijkspil.directory.fictional.calibration import weekly_new_clients
from wijkspil.directory.fictional.capacity import invent_report
from wijkspil.directory.fictional.ground import Ground, read_ground
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.care_teams import TeamAround, list_teams_around
from wijkspil.directory.types import Care, RegionPurpose, SizeBand
from wijkspil.referrals.catalogue import hours_band, is_rare
from wijkspil.referrals.engine_io import LARGEST_HOURS, as_request, as_team, tier_of
from wijkspil.referrals.fictional.draw import Drawn, draw_requests
from wijkspil.referrals.selectors.policy import Agreed, get_agreed
from wijkspil.referrals.types import AnswerHours, Urgency
from wijkspil_engines.desk import (
    Assumptions,
    DeskPolicy,
    DeskProblem,
    DeskRequest,
    Result,
    join_worst,
    solve,
    sweep,
    verify,
)
from wijkspil_engines.routing.problem import PARTS_OF_DAY, Policy, Teams, Tier

#: Teams keep what their room looks like for a week.
PERIOD_H = 168.0
#: More teams than this take too much memory at once: choose a region.
MOST_TEAMS = 3_000
#: Seeds and days for moving assumptions; the draws are shared, so few will do.
SWEEP_SEEDS, SWEEP_DAYS = 2, 14


class WrongStudy(Conflict):
    """The course of a study did not stand up to its own check."""

    code = "wrong-study"


def study_desk(
    *,
    seeds: Sequence[int],
    days: int,
    assumptions: Assumptions,
    at: datetime,
    progress: Progress,
    with_sweep: bool = True,
) -> Result:
    """Play both ways of working on the region in the database, and check the log.

    ``at`` decides which teams there are and the week that is played: from the Monday
    before. The queries are those of one region and one per wijk; nothing is written.

    Raises
    ------
    Conflict
        If there are no teams, or more than fit in memory.
    WrongStudy
        If the second opinion finds a fault.
    """
    progress.start(_("Reading the region"), len(seeds) + 1)
    region = DeskRegion(at=at)
    progress.advance()
    problems = {}
    for seed in seeds:
        problems[seed] = region.draw_problem(days=days, seed=seed)
        progress.advance()
    progress.start(_("Placing the same requests in two ways"), len(seeds))
    result = solve(problems, assumptions=assumptions, tick=progress.advance)
    progress.start(_("Checking every log"), 1)
    wrong = verify(result)
    if wrong:
        raise WrongStudy(
            _("The simulation failed its own check: %(why)s")
            % {"why": " ".join(wrong[:5])}
        )
    progress.advance()
    if not with_sweep:
        return result
    few = list(seeds)[:SWEEP_SEEDS]
    shorter = {
        seed: region.draw_problem(days=min(days, SWEEP_DAYS), seed=seed) for seed in few
    }
    count = 2 * len(assumptions.as_mapping())
    progress.start(_("Moving each assumption"), count)
    swings = sweep(shorter, assumptions=assumptions, tick=progress.advance)
    return replace(
        result,
        swings=swings,
        together=join_worst(shorter, swings, assumptions=assumptions),
        sweep_seeds=tuple(few),
    )


class DeskRegion:
    """The teams and areas of the region in the database, read once."""

    def __init__(self, *, at: datetime) -> None:
        """Read the teams around every wijk (one query per wijk).

        Raises
        ------
        Conflict
            If no team covers a wijk, or there are more than ``MOST_TEAMS``.
        """
        self._ground: Ground = read_ground()
        self._start = _monday(at)
        around = [
            list_teams_around(int(wijk), care=Care.DISTRICT_NURSING, at=at)
            for wijk in self._ground.wijken.ids
        ]
        rows = {team.service_id: team for teams in around for team in teams}
        if not rows:
            raise Conflict(
                _(
                    "No team covers a wijk here. Make a fictional region first "
                    "(`wijkspil demo --no-serve`, or `wijkspil generate`)."
                )
            )
        if len(rows) > MOST_TEAMS:
            raise Conflict(
                _(
                    "%(count)d teams are too many for one simulation; choose a region "
                    "with at most %(most)d."
                )
                % {"count": len(rows), "most": MOST_TEAMS}
            )
        self.teams = _as_teams(rows, around)
        self.agreed = self._read_agreed(at)
        self._wijk_of = self._postcodes()

    @property
    def people(self) -> float:
        """Inhabitants of the region."""
        return self._ground.people

    def draw_problem(self, *, days: int, seed: int) -> DeskProblem:
        """Draw the requests and the shape of the room of one seed."""
        count = max(1, round(weekly_new_clients(self.people) * days / 7))
        drawn = draw_requests(
            count=count,
            start=self._start,
            end=self._start + timedelta(days=days),
            seed=seed,
        )
        parts, largest, excluded = self._draw_shapes(days=days, seed=seed)
        return DeskProblem(
            requests=tuple(
                self._as_desk_request(place, each) for place, each in enumerate(drawn)
            ),
            teams=self.teams,
            days=days,
            parts=parts,
            largest_hours=largest,
            excluded=excluded,
            period_h=PERIOD_H,
            first_weekday=0,
            policy=as_desk_policy(self.agreed),
        )

    def _as_desk_request(self, place: int, drawn: Drawn) -> DeskRequest:
        need, requester = drawn.need, drawn.requester
        wijk, lon, lat = self._wijk_of[need.postcode]
        return DeskRequest(
            need=as_request(
                need,
                hours_band(need.tasks, need.parts_of_day),
                lon=lon,
                lat=lat,
                today=drawn.at.astimezone(AMSTERDAM).date(),
                key=f"{place:06d}",
                area=wijk,
            ),
            at_h=(drawn.at - self._start).total_seconds() / 3600,
            urgency=str(need.urgency),
            asker=str(requester.kind),
            referrer=""
            if requester.organization_id is None
            else str(requester.organization_id),
            one_at_a_time=is_rare(need.tasks, need.language),
        )

    def _draw_shapes(
        self, *, days: int, seed: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw hours, size and tasks per week and team, as fictional reports say."""
        rng = np.random.default_rng([seed, 71])
        n, periods = self.teams.n, max(1, ceil(days * 24 / PERIOD_H))
        parts = np.zeros((periods, n, len(PARTS_OF_DAY)), bool)
        largest = np.zeros((periods, n))
        excluded = np.zeros((periods, len(self.teams.task_codes), n), bool)
        draws = rng.random((periods, n, 6)).tolist()
        for period in range(periods):
            for team in range(n):
                said = invent_report(team, 1, self._start, draws[period][team], "")
                for place, part in enumerate(PARTS_OF_DAY):
                    parts[period, team, place] = part in said.parts_of_day
                size = LARGEST_HOURS[SizeBand(said.size_band)]
                hours = said.hours_per_week
                largest[period, team] = min(size, inf if hours is None else hours)
                for task in said.tasks_excluded:
                    row = self.teams.task_row.get(task)
                    if row is not None:
                        excluded[period, row, team] = True
        return parts, largest, excluded

    def _postcodes(self) -> dict[str, tuple[int, float, float]]:
        ground = self._ground
        found = {}
        for places, wijk_of in (
            (ground.pc4, ground.pc4_wijk),
            (ground.pc6, ground.pc6_wijk),
        ):
            for place, code in enumerate(places.codes):
                wijk = int(wijk_of[place])
                lon, lat = float(places.lon[place]), float(places.lat[place])
                if not (np.isfinite(lon) and np.isfinite(lat)):
                    lon = float(ground.wijken.lon[wijk])
                    lat = float(ground.wijken.lat[wijk])
                found[code] = (wijk, lon, lat)
        return found

    def _read_agreed(self, at: datetime) -> Agreed:
        """Return what the region agreed on; of several, the first."""
        regions = self._ground.region_ids(RegionPurpose.ZORGKANTOOR)
        return get_agreed(regions[0], at=at) if regions else Agreed()


def as_desk_policy(agreed: Agreed) -> DeskPolicy:
    """Return what the engine needs to know of a region's agreements."""
    first, last = agreed.daytime
    return DeskPolicy(
        ranking=Policy.from_mapping(agreed.ranking),
        own_team_first=agreed.own_team_first,
        teams_at_once={str(urgency): agreed.wave_of(urgency) for urgency in Urgency},
        answer_minutes={
            str(urgency): agreed.time_to_answer(urgency).total_seconds() / 60
            for urgency in Urgency
        },
        hours="always" if agreed.answer_hours == AnswerHours.ALWAYS else "daytime",
        day_from_h=_hour(first),
        day_until_h=_hour(last),
    )


def _hour(moment: time) -> float:
    return moment.hour + moment.minute / 60


def _as_teams(
    rows: dict[int, TeamAround], around: Sequence[Sequence[TeamAround]]
) -> Teams:
    tiers: dict[int, dict[int, Tier]] = {pk: {} for pk in rows}
    for wijk, teams in enumerate(around):
        for team in teams:
            tiers[team.service_id][wijk] = tier_of(team)
    return Teams.from_teams(
        [as_team(rows[pk], None, 1.0, tiers=tiers[pk]) for pk in sorted(rows)],
        n_areas=len(around),
    )


def _monday(at: datetime) -> datetime:
    day = at.astimezone(AMSTERDAM).date()
    return datetime.combine(day - timedelta(days=day.weekday()), time(), AMSTERDAM)
