"""The bridge to the routing engine: requests and teams in, candidates with names out.

Reads through the directory's selectors; knows nothing of identity.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import inf
from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.core.errors import WijkspilError
from wijkspil.directory.selectors.capacity import RoomLeft, get_room_left
from wijkspil.directory.selectors.care_teams import TeamAround, list_teams_around
from wijkspil.directory.types import Care, CoverageRole, SizeBand
from wijkspil.referrals.catalogue import complexity
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.selectors.fair_share import get_shares, relative_shares
from wijkspil.referrals.selectors.policy import Agreed
from wijkspil.referrals.selectors.requests import band_of, need_of
from wijkspil.referrals.types import HoursBand, Need, Urgency
from wijkspil_engines.routing.explain import explain
from wijkspil_engines.routing.problem import (
    PARTS_OF_DAY,
    AssignmentProblem,
    InvalidProblem,
    Policy,
    Request,
    Result,
    Team,
    Teams,
    Tier,
)
from wijkspil_engines.routing.rank import Ranking, rank
from wijkspil_engines.routing.solve import solve
from wijkspil_engines.routing.verify import verify

LARGEST_HOURS = {
    SizeBand.TO_2: 2.0,
    SizeBand.TO_5: 5.0,
    SizeBand.TO_10: 10.0,
    SizeBand.ANY: inf,
}
#: How heavily a request counts when there is not room for all.
URGENCY_WEIGHT = {
    Urgency.TODAY: 4.0,
    Urgency.TOMORROW: 3.0,
    Urgency.DAYS: 2.0,
    Urgency.WEEK: 1.5,
    Urgency.PLANNED: 1.0,
}
_TIER = {
    CoverageRole.FIRST_CONTACT: Tier.OWN,
    CoverageRole.REGULAR: Tier.REGULAR,
    CoverageRole.BACK_UP: Tier.BACK_UP,
}


@dataclass(frozen=True)
class CandidateTeam:
    """A team that can take the request, with the ingredients of why."""

    service_id: int
    organization_id: int
    name: str
    organization_name: str
    is_own: bool
    distance_km: float | None
    room: RoomLeft | None
    score: float
    terms: Mapping[str, float]
    warnings: Sequence[str]
    reasons: Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class ExcludedTeam:
    """A team that cannot take it, and every condition in the way."""

    service_id: int
    organization_id: int
    name: str
    organization_name: str
    conditions: Sequence[str]


@dataclass(frozen=True)
class RankedTeams:
    """Who can take a request, best first, and why the others cannot."""

    candidates: Sequence[CandidateTeam]
    excluded: Sequence[ExcludedTeam]

    @property
    def with_room(self) -> int:
        """How many candidates have room that is known and not stale."""
        return sum(
            1
            for team in self.candidates
            if team.room is not None and team.room.is_known
        )


def rank_teams(
    *,
    need: Need,
    band: HoursBand,
    place_id: int,
    lon: float | None,
    lat: float | None,
    agreed: Agreed,
    at: datetime,
    without: Iterable[int] = (),
) -> RankedTeams:
    """Rank the teams around an address for a need (seven queries).

    ``without`` are services that were asked before.
    """
    skipped = set(without)
    teams = [
        team
        for team in list_teams_around(place_id, care=Care.DISTRICT_NURSING, at=at)
        if team.service_id not in skipped
    ]
    rooms = get_room_left([team.service_id for team in teams], at=at)
    shares = relative_shares(
        get_shares({team.organization_id for team in teams}, at=at)
    )
    columns = Teams.from_teams(
        [
            as_team(team, rooms.get(team.service_id), shares[team.organization_id])
            for team in teams
        ],
        n_areas=1,
    )
    ranking = rank(
        as_request(need, band, lon=lon, lat=lat, today=localdate(at)),
        columns,
        Policy.from_mapping(agreed.ranking),
    )
    is_past = need.first_visit_on < localdate(at)
    return _named(ranking, teams, rooms, untold=_untold(is_past))


def _untold(is_past: bool) -> frozenset[str]:
    """Return the reasons to leave out, for a first visit before today or not.

    Nobody can make it in time then; the engine counts from today on.
    """
    return frozenset({"in-time"}) if is_past else frozenset()


@dataclass(frozen=True)
class TeamsThere:
    """The teams around one place, fetched once for many requests."""

    teams: Sequence[TeamAround]
    columns: Teams


def load_teams_there(
    place_ids: Iterable[int], *, at: datetime
) -> dict[int, TeamsThere]:
    """Return the teams around each place (one query per place, and five).

    The same teams, room and shares as ``rank_teams`` sees.
    """
    around = {
        place_id: list_teams_around(place_id, care=Care.DISTRICT_NURSING, at=at)
        for place_id in dict.fromkeys(place_ids)
    }
    everywhere = [team for teams in around.values() for team in teams]
    rooms = get_room_left(list({team.service_id for team in everywhere}), at=at)
    shares = get_shares({team.organization_id for team in everywhere}, at=at)
    found = {}
    for place_id, teams in around.items():
        # A provider is compared with who works there, as when somebody asks.
        relative = relative_shares(
            {team.organization_id: shares[team.organization_id] for team in teams}
        )
        found[place_id] = TeamsThere(
            teams,
            Teams.from_teams(
                [
                    as_team(
                        team,
                        rooms.get(team.service_id),
                        relative[team.organization_id],
                    )
                    for team in teams
                ],
                n_areas=1,
            ),
        )
    return found


def order_teams(
    need: Need,
    band: HoursBand,
    there: TeamsThere,
    *,
    lon: float | None,
    lat: float | None,
    agreed: Agreed,
    today: date,
) -> list[TeamAround]:
    """Return who can take it, best first, without a query and without reasons."""
    ranking = rank(
        as_request(need, band, lon=lon, lat=lat, today=today),
        there.columns,
        Policy.from_mapping(agreed.ranking),
    )
    return [there.teams[candidate.team] for candidate in ranking.candidates]


#: Seconds the search for the best division may take on a page.
BATCH_SECONDS = 4.0


class WrongProposal(WijkspilError):
    """The division did not stand up to its own check; nothing was sent."""

    code = "wrong-proposal"


@dataclass(frozen=True)
class Proposed:
    """The team the batch proposes for a request, with why, or None if there is none.

    ``one_by_one`` is the team that the request would get when the requests were placed
    one after the other; ``others`` counts teams that could take it, if alone.
    ``is_own`` is with the team of the neighborhood, ``is_in_time`` makes the first
    visit on the day that was asked; both False without a team.
    """

    request_id: int
    team: CandidateTeam | None
    one_by_one: int | None
    others: int
    is_own: bool
    is_in_time: bool
    is_own_one_by_one: bool
    is_in_time_one_by_one: bool


@dataclass(frozen=True)
class Division:
    """The best division of all unplaced requests that was found, with its proof.

    ``gap`` is the share of the bound that may be missing, 0 to 1; ``is_best`` when it
    is proven that no division is better. ``value`` is what the engine makes as large as
    it can: who is placed by urgency, then how well.
    """

    rows: Sequence[Proposed]
    placed: int
    placed_one_by_one: int
    score: float
    value: float
    value_one_by_one: float
    gap: float
    is_best: bool
    seconds: float


def load_assignment(
    requests: Sequence[ServiceRequest],
    *,
    asked: Iterable[tuple[int, int]],
    agreed: Agreed,
    at: datetime,
) -> Division:
    """Divide requests over the teams together, and check the result independently.

    ``asked`` are (request id, service id) that have the question or answered it; they
    are not proposed. Teams whose room is not known take no part. Six queries, and one
    per place.

    Raises
    ------
    WrongProposal
        If the second opinion finds a fault in the division.
    """
    places = list(dict.fromkeys(request.place_id for request in requests))
    around = {
        place_id: {
            team.service_id: team
            for team in list_teams_around(place_id, care=Care.DISTRICT_NURSING, at=at)
        }
        for place_id in places
    }
    teams = {pk: team for found in around.values() for pk, team in found.items()}
    rooms = get_room_left(list(teams), at=at)
    shares = relative_shares(
        get_shares({team.organization_id for team in teams.values()}, at=at)
    )
    rows = list(teams.values())
    columns = Teams.from_teams(
        [
            as_team(
                team,
                rooms.get(team.service_id),
                shares[team.organization_id],
                tiers={
                    area: tier_of(around[place_id][team.service_id])
                    for area, place_id in enumerate(places)
                    if team.service_id in around[place_id]
                },
            )
            for team in rows
        ],
        n_areas=len(places),
    )
    today = localdate(at)
    problem = AssignmentProblem(
        requests=tuple(
            as_request(
                need_of(request),
                band_of(request),
                lon=request.place.lon,
                lat=request.place.lat,
                today=today,
                key=str(request.pk),
                area=places.index(request.place_id),
            )
            for request in requests
        ),
        teams=columns,
        policy=Policy.from_mapping(agreed.ranking),
        forbidden=frozenset(
            (str(request_id), str(service_id))
            for request_id, service_id in asked
            if service_id in teams
        ),
    )
    result = solve(problem, time_limit_s=BATCH_SECONDS)
    wrong = verify(problem, result)
    if wrong:
        raise WrongProposal(
            _("The division failed its own check, so it is not shown: %(why)s")
            % {"why": " ".join(wrong)}
        )
    return Division(
        rows=[
            _proposed(
                problem,
                place,
                result,
                rows,
                rooms,
                is_past=request.first_visit_on < today,
            )
            for place, request in enumerate(requests)
        ],
        placed=int(result.terms["placed"]),
        placed_one_by_one=result.greedy_placed,
        score=result.terms["score"],
        value=result.value,
        value_one_by_one=result.greedy_value,
        gap=result.gap,
        is_best=result.status == "optimal",
        seconds=result.runtime_s,
    )


def _proposed(
    problem: AssignmentProblem,
    place: int,
    result: Result,
    rows: Sequence[TeamAround],
    rooms: Mapping[int, RoomLeft],
    *,
    is_past: bool,
) -> Proposed:
    request = problem.requests[place]
    chosen = int(result.assignment[place])
    before = int(result.greedy_assignment[place])
    ranking = rank(request, problem.teams, problem.policy)
    places = {one.team: i for i, one in enumerate(ranking.candidates)}
    position, single = places.get(chosen), places.get(before)

    def is_in_time(place: int | None) -> bool:
        return (
            not is_past
            and place is not None
            and "first-visit-late" not in ranking.candidates[place].warnings
        )

    def is_own(row: int) -> bool:
        return int(problem.teams.tier[request.area, row]) == Tier.OWN

    return Proposed(
        request_id=int(request.key),
        team=None
        if position is None
        else _candidate(ranking, rows[chosen], rooms, position, _untold(is_past)),
        one_by_one=None if before < 0 else rows[before].service_id,
        others=sum(
            1
            for one in ranking.candidates
            if (request.key, one.key) not in problem.forbidden
        ),
        is_own=position is not None and is_own(chosen),
        is_in_time=is_in_time(position),
        is_own_one_by_one=single is not None and is_own(before),
        is_in_time_one_by_one=is_in_time(single),
    )


def full_ranking(ranking: Mapping[str, Any]) -> dict[str, Any]:
    """Return a region's values of the ranking, national where it has none."""
    return Policy.from_mapping(ranking).to_mapping()


def check_ranking(ranking: Mapping[str, Any]) -> None:
    """Refuse weights, an order or values that the engine cannot rank with.

    Raises
    ------
    InvalidRequest
        If a value breaks a rule of the engine; the fields are those of its policy:
        ``weight_travel``, ``order_1``, ``travel_km``.
    """
    weights = ranking.get("weights", {})
    if weights and not any(weight > 0 for weight in weights.values()):
        raise InvalidRequest(
            {next(f"weight_{t}" for t in weights): [_("Give one of these a weight.")]}
        )
    order = list(ranking.get("order", ()))
    if len(set(order)) < len(order):
        raise InvalidRequest({"order_1": [_("Name each of these once.")]})
    try:
        Policy.from_mapping(ranking)
    except InvalidProblem as error:
        name = error.field.removeprefix("policy.").replace("weights.", "weight_")
        raise InvalidRequest({name.split(".")[0]: [str(error)]}) from error


def as_request(
    need: Need,
    band: HoursBand,
    *,
    lon: float | None,
    lat: float | None,
    today: date,
    key: str = "request",
    area: int = 0,
) -> Request:
    """Return what the engine needs to know of a request."""
    return Request(
        key=key,
        area=area,
        tasks=frozenset(need.tasks),
        hours_by_part=tuple(  # type: ignore[arg-type]
            float(band.by_part.get(part, 0)) for part in PARTS_OF_DAY
        ),
        care_law=need.care_law,
        insurer=need.insurer,
        language="" if need.language == "nl" else need.language,
        objected=_keys(need.refused_organization_ids),
        preferred=_keys([need.preferred_organization_id]),
        known_to=_keys([need.known_organization_id]),
        lon=lon,
        lat=lat,
        first_visit_days=max(0.0, float((need.first_visit_on - today).days)),
        complexity=complexity(need.tasks),
        urgency=URGENCY_WEIGHT[Urgency(need.urgency)],
    )


def as_team(
    team: TeamAround,
    room: RoomLeft | None,
    share: float,
    tiers: Mapping[int, Tier] | None = None,
) -> Team:
    """Return what the engine needs to know of a team."""
    known = room is not None and room.is_known
    excluded = set(room.tasks_excluded) if room is not None and known else set()
    return Team(
        key=str(team.service_id),
        provider=str(team.organization_id),
        tiers=tiers if tiers is not None else {0: tier_of(team)},
        tasks=frozenset(set(team.tasks) - excluded),
        care_laws=frozenset(team.care_laws),
        insurers=frozenset(team.insurers),
        languages=frozenset(team.languages) - {"nl"},
        lon=team.lon,
        lat=team.lat,
        free_clients=max(0, room.clients) if room is not None else 0,
        free_hours_by_part=_free_hours(room) if known else (inf,) * 4,
        free_hours=_free_in_all(room) if known else inf,
        largest_hours=_largest(room) if known else inf,
        room_known=known,
        share=share,
    )


def tier_of(team: TeamAround) -> Tier:
    """Return which part a team plays at the address, as the engine orders them."""
    if team.is_region_wide:
        return Tier.REGION
    if team.is_own:
        return Tier.OWN
    return _TIER[CoverageRole(team.role)]


def _free_hours(room: RoomLeft | None) -> tuple[float, float, float, float]:
    assert room is not None
    return tuple(  # type: ignore[return-value]
        inf if part in room.parts_of_day else 0.0 for part in PARTS_OF_DAY
    )


def _free_in_all(room: RoomLeft | None) -> float:
    # Hours are free somewhere in the week; per part of day a team reports no number.
    assert room is not None
    return inf if room.hours is None else max(0.0, room.hours)


def _largest(room: RoomLeft | None) -> float:
    assert room is not None
    return LARGEST_HOURS[SizeBand(room.size_band)] if room.size_band else inf


def _keys(organization_ids: Iterable[int | None]) -> frozenset[str]:
    return frozenset(str(pk) for pk in organization_ids if pk is not None)


def _named(
    ranking: Ranking,
    teams: Sequence[TeamAround],
    rooms: Mapping[int, RoomLeft],
    *,
    untold: frozenset[str] = frozenset(),
) -> RankedTeams:
    return RankedTeams(
        candidates=[
            _candidate(ranking, teams[candidate.team], rooms, place, untold)
            for place, candidate in enumerate(ranking.candidates)
        ],
        excluded=[
            ExcludedTeam(
                service_id=teams[row].service_id,
                organization_id=teams[row].organization_id,
                name=teams[row].name,
                organization_name=teams[row].organization_name,
                conditions=codes,
            )
            for row, codes in ranking.excluded.items()
        ],
    )


def _candidate(
    ranking: Ranking,
    team: TeamAround,
    rooms: Mapping[int, RoomLeft],
    place: int,
    untold: frozenset[str] = frozenset(),
) -> CandidateTeam:
    candidate = ranking.candidates[place]
    reasons = [
        reason
        for reason in explain(ranking, candidate.team).reasons
        if reason["code"] not in untold
    ]
    return CandidateTeam(
        service_id=team.service_id,
        organization_id=team.organization_id,
        name=team.name,
        organization_name=team.organization_name,
        is_own=team.is_own,
        distance_km=next(
            (float(r["km"]) for r in reasons if r["code"] == "distance"), None
        ),
        room=rooms.get(team.service_id),
        score=candidate.score,
        terms=candidate.terms,
        warnings=candidate.warnings,
        reasons=reasons,
    )


def prepare_engine() -> None:
    """Divide a few requests, so that the engine is compiled before it is needed.

    Compiling takes half a minute, once per machine; the result is kept on disk.
    """
    hours = (2.0, 1.5, 1.25, 1.0, 0.75, 0.5)
    problem = AssignmentProblem(
        tuple(
            Request(key=str(place), area=0, hours_by_part=(each, each / 2, 0.0, 0.0))
            for place, each in enumerate(hours)
        ),
        Teams.from_teams(
            [
                Team(
                    key=str(place),
                    provider=str(place),
                    tiers={0: Tier.REGULAR},
                    free_clients=2,
                    free_hours_by_part=(free, free / 2, 0.0, 0.0),
                    share=1.0 + place,
                )
                for place, free in enumerate((2.25, 1.75))
            ],
            n_areas=1,
        ),
    )
    solve(problem, time_limit_s=1.0)
