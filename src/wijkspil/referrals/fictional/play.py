"""Play the main job: requests come in, teams answer, coordinators find the rest.

Everything goes through the same services as the pages, at moments of an invented past
that ends now; only the decisions of teams and coordinators are drawn
(``profiles.yaml``). The same seed, areas and moment give the same course.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import count as numbers
from typing import Any

import numpy as np
from django.db import connection
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.services import create_user, grant_role
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.errors import Conflict
from wijkspil.core.progress import Progress
from wijkspil.directory.fictional.ground import read_ground
from wijkspil.directory.fictional.rounds import ROUND, RoomRounds
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.capacity import get_room_left
from wijkspil.directory.selectors.care_teams import (
    TeamAround,
    get_care_place,
    get_service_names,
    list_teams_around,
)
from wijkspil.directory.types import Care, CoverageRole, RegionPurpose
from wijkspil.referrals.fictional.draw import (
    Drawn,
    draw_requests,
    load_profiles,
    weeks_for,
)
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.requests import get_request
from wijkspil.referrals.services.course import set_hours, start_care
from wijkspil.referrals.services.offers import (
    accept_offer,
    decline_offer,
    rank_for,
    record_phone_agreement,
    run_timers,
)
from wijkspil.referrals.services.requests import (
    check_room,
    start_request,
    submit_request,
)
from wijkspil.referrals.services.steering import (
    bridge,
    hand_to_insurer,
    move_date,
    move_to_temporary_stay,
)
from wijkspil.referrals.types import (
    DeclineReason,
    OfferStatus,
    RequestStatus,
    Urgency,
)

#: Before this long ago the play begins at the latest: some life on the first screen.
SHORTEST = timedelta(days=5)
#: What a coordinator can still ask on the phone of a team that has no room as reported.
_CAN_BE_ASKED = {"part-of-day", "too-large", "no-room"}
#: Whom a coordinator calls first: teams with room at other hours, then full ones.
_CALLED = {
    "takes_at_other_hours": {"part-of-day", "too-large"},
    "takes_when_full": {"no-room"},
}
MOST_CALLS = 4
#: Requests a coordinator works on.
_IN_HAND = (RequestStatus.OPEN, RequestStatus.BRIDGED)
#: How long ago the questions came in that wait at the end.
WAITING_MINUTES = (26, 11, 4)
#: Coordinators per region that get an account, so that nobody's request is ownerless.
COORDINATORS = ("Lotte Brugwachter", "Samir Veldkamp-Spil")


@dataclass
class Play:
    """A region in play: moments still to come, and who answers how."""

    seed: int
    end: datetime
    rounds: RoomRounds
    progress: Progress
    rng: np.random.Generator
    profiles: Mapping[str, Any]
    _queue: list[tuple[datetime, int, Callable[[datetime], None]]] = field(
        default_factory=list
    )
    _order: Any = field(default_factory=numbers)
    _actors: dict[int, Actor] = field(default_factory=dict)

    def later(self, at: datetime, act: Callable[[datetime], None]) -> None:
        """Do ``act`` at a moment; what lies after the end is left undone."""
        if at < self.end:
            heapq.heappush(self._queue, (at, next(self._order), act))

    def run(self) -> None:
        """Go through all moments in order."""
        while self._queue:
            at, _number, act = heapq.heappop(self._queue)
            act(at)

    # --- what happens

    def come_in(self, drawn: Drawn, _at: datetime) -> None:
        """A request is sent; its teams will answer."""
        self._look_after(self.send(drawn), at=drawn.at)

    def send(self, drawn: Drawn) -> int:
        """Look where there is room, then send; return the id of the request."""
        actor = _asker(drawn)
        check_room(actor=actor, need=drawn.need, at=drawn.at)
        draft = start_request(
            actor=actor, need=drawn.need, requester=drawn.requester, at=drawn.at
        )
        sent = submit_request(
            actor=actor,
            request_id=draft.pk,
            patient=drawn.patient,
            consent=drawn.consent,
            at=drawn.at,
        )
        self.progress.advance()
        return sent.request_id

    def _look_after(self, request_id: int, *, at: datetime) -> None:
        """Plan the answer of every team asked now, or the act of the coordinator."""
        open_offers = list(
            Offer.objects.filter(
                request_id=request_id, status=OfferStatus.OPEN, offered_at=at
            )
        )
        for offer in open_offers:
            self._plan_answer(offer)
        if not open_offers:
            request = ServiceRequest.objects.get(pk=request_id)
            if request.status == RequestStatus.OPEN:
                self.later(
                    at + timedelta(minutes=float(self.rng.uniform(8, 90))),
                    partial(self._coordinate, request_id),
                )

    def _plan_answer(self, offer: Offer) -> None:
        given = (offer.answer_by - offer.offered_at).total_seconds()
        if self.rng.random() >= self.profiles["answers_in_time"]:
            self.later(offer.answer_by, partial(self._expire, offer.request_id))
            return
        delay = min(float(self.rng.lognormal(3.2, 0.9)) * 60, given * 0.98)
        self.later(
            offer.offered_at + timedelta(seconds=delay),
            partial(self._answer, offer.pk, offer.request_id, offer.service_id),
        )

    def _expire(self, request_id: int, at: datetime) -> None:
        run_timers(at=at)
        self._look_after(request_id, at=at)

    def _answer(
        self, offer_id: int, request_id: int, service_id: int, at: datetime
    ) -> None:
        if not Offer.objects.filter(pk=offer_id, status=OfferStatus.OPEN).exists():
            return
        room = get_room_left([service_id], at=at).get(service_id)
        is_known = room is not None and room.is_known
        hours = float(get_request(request_id).hours_high)
        has_room = (
            room is not None
            and is_known
            and room.clients > 0
            and (room.hours is None or room.hours >= hours)
        )
        willing = "accepts_when_it_fits" if has_room else "accepts_when_unknown"
        actor = self._team(service_id)
        if self.rng.random() < self.profiles[willing]:
            accept_offer(
                actor=actor, offer_id=offer_id, at=at, over_capacity=not has_room
            )
            self._plan_care(request_id, actor, at=at)
            return
        reason = (
            self._choose(self.profiles["declines"])
            if has_room
            else DeclineReason.NO_ROOM.value
        )
        decline_offer(actor=actor, offer_id=offer_id, reason=reason, at=at)
        self._look_after(request_id, at=at)

    def _plan_care(self, request_id: int, actor: Actor, *, at: datetime) -> None:
        intake = at + timedelta(hours=float(self.rng.uniform(5, 44)))
        self.later(intake, partial(self._intake, request_id, actor))

    def _intake(self, request_id: int, actor: Actor, at: datetime) -> None:
        request = get_request(request_id)
        if request.status != RequestStatus.ACCEPTED:
            return
        spread = float(request.hours_high - request.hours_low)
        hours = float(request.hours_low) + spread * float(self.rng.beta(2, 2))
        hours_set = max(Decimal("0.25"), Decimal(round(hours * 4)) / 4)
        set_hours(
            actor=actor,
            request_id=request_id,
            hours_per_week=hours_set,
            hours_expected=Decimal(int(hours_set * 3)) / 4,
            review_on=localdate(at) + timedelta(days=int(self.rng.integers(21, 57))),
            at=at,
        )
        self.later(
            at + timedelta(hours=float(self.rng.uniform(1, 30))),
            partial(self._start, request_id, actor),
        )

    def _start(self, request_id: int, actor: Actor, at: datetime) -> None:
        start_care(actor=actor, request_id=request_id, at=at)

    def _coordinate(self, request_id: int, at: datetime) -> None:
        """Call teams that do not fit on paper; if none takes it, bridge or hand on."""
        request = get_request(request_id)
        if request.status not in _IN_HAND or request.owner_id is None:
            return
        actor = _coordinator(request)
        found = rank_for(request, agreed=get_agreed(request.region_id, at=at), at=at)
        called = [
            (willing, service_id)
            for willing, conditions in _CALLED.items()
            for service_id in self.rng.permutation(
                [
                    team.service_id
                    for team in found.excluded
                    if set(team.conditions) & conditions
                    and set(team.conditions) <= _CAN_BE_ASKED
                    and (conditions & {"no-room"} or "no-room" not in team.conditions)
                ]
            ).tolist()
        ]
        for willing, service_id in called[:MOST_CALLS]:
            if self.rng.random() < self.profiles[willing]:
                record_phone_agreement(
                    actor=actor,
                    request_id=request_id,
                    service_id=service_id,
                    spoke_with="",
                    at=at,
                )
                self._plan_care(request_id, self._team(service_id), at=at)
                return
        self._keep_in_hand(request, actor, at=at)

    def _keep_in_hand(
        self, request: ServiceRequest, actor: Actor, *, at: datetime
    ) -> None:
        draw = float(self.rng.random())
        if draw < 0.5 or request.status == RequestStatus.BRIDGED:
            until = localdate(at) + timedelta(days=int(self.rng.integers(2, 6)))
            # She looks again on the day before the help ends.
            again = datetime.combine(until, time(9), AMSTERDAM) - timedelta(hours=18)
            self.later(again, partial(self._coordinate, request.pk))
            bridge(
                actor=actor,
                request_id=request.pk,
                helped_by=_("informal carer and the GP practice"),
                until=until,
                at=at,
            )
        elif draw < 0.62:
            move_to_temporary_stay(
                actor=actor,
                request_id=request.pk,
                where=_("temporary stay in the region"),
                at=at,
            )
        elif draw < 0.72:
            hand_to_insurer(actor=actor, request_id=request.pk, at=at)
        else:
            move_date(
                actor=actor,
                request_id=request.pk,
                due_at=at + timedelta(hours=24),
                why=_("a team calls back tomorrow"),
                at=at,
            )
            self.later(
                at + timedelta(hours=20),
                partial(self._coordinate, request.pk),
            )

    def tell_room(self, places: int, at: datetime) -> None:
        """Teams tell their room; what they had left they keep."""
        rooms = get_room_left(self.rounds.service_ids, at=at)
        self.rounds.tell(
            at=at,
            places=places,
            left={pk: max(0, room.clients) for pk, room in rooms.items()},
        )

    # --- who acts

    def _team(self, service_id: int) -> Actor:
        actor = self._actors.get(service_id)
        if actor is None:
            name, _organization, organization_id = get_service_names([service_id])[
                service_id
            ]
            actor = Actor(
                label=name[:120],
                grants=(
                    Grant(
                        Role.TEAM_MEMBER,
                        organization_id=organization_id,
                        service_id=service_id,
                    ),
                ),
            )
            self._actors[service_id] = actor
        return actor

    def _choose(self, weights: Mapping[str, float]) -> str:
        names = list(weights)
        share = np.array(list(weights.values()), dtype=np.float64)
        return names[int(self.rng.choice(len(names), p=share / share.sum()))]


def play_main_job(
    *,
    requests: int,
    supply: float,
    seed: int,
    at: datetime,
    progress: Progress,
    waiting_at: str = "",
) -> dict[int, int]:
    """Play ``requests`` requests that end now; return places told per service.

    ``supply`` is the places that teams tell over the requests. The course takes as
    long as so many new clients take in reality, at least five days. At the postcode
    ``waiting_at`` the last questions still wait for the fixed contact of the wijk, so
    that whoever signs in there has something to answer.

    Raises
    ------
    Conflict
        If there are requests already.
    """
    if ServiceRequest.objects.exists():
        raise Conflict(_("There are requests already. Use --fresh to begin anew."))
    with connection.cursor() as cursor:
        # An invented past may be lost when the power fails: do not wait for the disk.
        cursor.execute("SET synchronous_commit TO off")
    progress.start(_("Preparing the teams"), 1)
    start = at - max(SHORTEST, timedelta(weeks=weeks_for(requests)))
    drawn = draw_requests(
        count=requests, start=start, end=at - timedelta(minutes=2), seed=seed
    )
    _make_coordinators(at=start)
    play = Play(
        seed=seed,
        end=at,
        rounds=RoomRounds(seed=seed),
        progress=progress,
        rng=np.random.default_rng([seed, 61]),
        profiles=load_profiles(),
    )
    _plan_rounds(play, drawn, start=start, supply=supply)
    progress.start(_("Placing requests"), len(drawn))
    team = _first_contact(waiting_at, at=at) if waiting_at else None
    waiting = _choose_waiting(drawn, team, waiting_at, at=at) if team else []
    for each in drawn:
        play.later(each.at, partial(play.come_in, each))
    moment = start
    while moment < at:
        play.later(moment, _run_timers)
        moment += timedelta(hours=6)
    play.run()
    run_timers(at=at)
    if team is not None:
        asked_at = at - timedelta(minutes=WAITING_MINUTES[0] + 1)
        left = get_room_left([team.service_id], at=asked_at)[team.service_id].clients
        play.rounds.tell_open(team.service_id, at=asked_at, left=max(0, left))
    for each in waiting:
        play.send(each)
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")
    return play.rounds.told


def _run_timers(at: datetime) -> None:
    run_timers(at=at)


def _first_contact(postcode: str, *, at: datetime) -> TeamAround:
    place = get_care_place(postcode)
    teams = list_teams_around(place.id, care=Care.DISTRICT_NURSING, at=at)
    return next(team for team in teams if team.role == CoverageRole.FIRST_CONTACT)


def _choose_waiting(
    drawn: list[Drawn], team: TeamAround, postcode: str, *, at: datetime
) -> list[Drawn]:
    """Take a few plain requests out of ``drawn``, to come in last, for one team."""
    plain = [
        each
        for each in drawn
        if each.need.urgency in (Urgency.DAYS, Urgency.WEEK)
        and set(each.need.tasks) <= set(team.tasks)
        and each.need.language == "nl"
        and not each.need.refused_organization_ids
    ][: len(WAITING_MINUTES)]
    for each in plain:
        drawn.remove(each)
    return [
        replace(
            each,
            at=at - timedelta(minutes=minutes),
            need=replace(
                each.need,
                postcode=postcode,
                first_visit_on=localdate(at) + timedelta(days=2),
                preferred_organization_id=team.organization_id,
            ),
        )
        for each, minutes in zip(plain, WAITING_MINUTES, strict=False)
    ]


def _plan_rounds(
    play: Play, drawn: list[Drawn], *, start: datetime, supply: float
) -> None:
    """Plan rounds so that all places together are ``supply`` times the requests."""
    moments = []
    moment = start
    while moment < play.end:
        moments.append(moment)
        moment += ROUND
    told = 0
    for place, moment in enumerate(moments):
        until = moments[place + 1] if place + 1 < len(moments) else play.end
        came_in = sum(each.at < until for each in drawn)
        places = round(supply * came_in) - told
        told += places
        play.later(moment, partial(play.tell_room, places))


def _make_coordinators(*, at: datetime) -> None:
    """Give every region its coordinators, so that a request is never nobody's."""
    regions = read_ground().region_ids(RegionPurpose.ZORGKANTOOR)
    for region_id in regions:
        if list_role_holders(Role.COORDINATOR, region_id=region_id, at=at):
            continue
        for place, name in enumerate(COORDINATORS):
            user_id = create_user(
                email=f"coordinator-{region_id}-{place}@example.nl",
                name=name,
                password=None,
                is_fictional=True,
            )
            grant_role(
                user_id=user_id,
                role=Role.COORDINATOR,
                region_id=region_id,
                valid_from=at - timedelta(days=1),
            )


def _asker(drawn: Drawn) -> Actor:
    if drawn.requester.organization_id is None:
        return Actor(label=drawn.requester.name)
    return Actor(
        label=drawn.requester.name,
        grants=(Grant(Role.REFERRER, organization_id=drawn.requester.organization_id),),
    )


def _coordinator(request: ServiceRequest) -> Actor:
    return Actor(
        user_id=request.owner_id,
        label=request.owner_name,
        grants=(Grant(Role.COORDINATOR, region_id=request.region_id),),
    )
