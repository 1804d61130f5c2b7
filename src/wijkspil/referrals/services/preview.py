"""What would other agreements have done with the questions of last month?

Each request that was sent in the last 30 days is ranked twice, by what holds and by the
draft, on the teams and the room of today. What happens then is expected from how each
team answered in the last 13 weeks; nothing is drawn by chance, so the same data give
the same figures. The model, all of it an assumption of Wijkspil:

- a team says yes, says no or stays silent by its own shares; a team with few answers
  leans on those of the region (``selectors.answers``);
- it takes as long as an exponential waiting time with its own median, and an answer
  after the time to answer is silence;
- the first yes takes the client; a wave that got none ends with its last no, or with
  the time to answer when a team stays silent, and the next wave starts at the mean
  moment of that;
- requests do not take each other's room.

It runs in the worker: ``start_preview`` asks for it, ``run_preview`` does it and tells
how far it is, and a run that stopped can be asked for again.
"""

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from wijkspil.accounts.types import Actor, Target
from wijkspil.directory.selectors.care_teams import TeamAround
from wijkspil.referrals.engine_io import TeamsThere, load_teams_there, order_teams
from wijkspil.referrals.errors import NotNow
from wijkspil.referrals.models import PolicyVersion, ServiceRequest
from wijkspil.referrals.permissions import check_can_edit_policy
from wijkspil.referrals.selectors.answers import Answering, get_answering
from wijkspil.referrals.selectors.fair_share import get_shares
from wijkspil.referrals.selectors.policy import Agreed, as_agreed, get_base
from wijkspil.referrals.selectors.requests import band_of, need_of
from wijkspil.referrals.services.offers import next_wave
from wijkspil.referrals.services.ownership import answer_by, end_of_first_day
from wijkspil.referrals.services.policy import IN_THE_MAKING, keep_preview, lock_policy

DAYS = 30
MOST_REQUESTS = 500
#: Requests of which the first team changes that are kept by number.
MOST_CHANGED = 50
#: A run that told nothing for so long has stopped.
SILENT = timedelta(seconds=90)
#: Requests between two words on how far it is.
STEP = 20
#: The job that does it; by name, since tasks lie above services.
PREVIEW = "wijkspil.referrals.tasks.preview_agreements"


@dataclass(frozen=True)
class Course:
    """What is expected of one request.

    ``teams_asked``: how many see the question; ``yes``, ``in_time``: chance that a team
    takes it, and that it does before the end of the day of the first visit;
    ``hours``: until that yes, if it comes; ``by_provider``: chance per organization.
    """

    answer_minutes: float
    teams_asked: float
    yes: float
    in_time: float
    hours: float
    own_first: bool
    first_service_id: int | None
    by_provider: Mapping[int, float]


@dataclass(frozen=True)
class _Wave:
    yes: Mapping[int, float]  # place in the wave -> chance of taking it
    minutes_to_yes: float
    minutes_to_end: float  # without a yes

    @property
    def any_yes(self) -> float:
        return sum(self.yes.values())


# --- asking for it


@transaction.atomic
def start_preview(*, actor: Actor, policy_id: int, at: datetime) -> bool:
    """Let the worker look what a version would have done; False while it runs already.

    A run that told nothing for ``SILENT`` is taken for dead, and another starts.

    Raises
    ------
    UnknownPolicy
        If there is no such version.
    NotPermitted
        If the actor does not coordinate the region.
    NotNow
        If the version was decided already.
    """
    row = lock_policy(policy_id)
    check_can_edit_policy(actor, Target(region_ids=frozenset({row.region_id})))
    if row.status not in IN_THE_MAKING:
        raise NotNow(_("This version was decided already."))
    if is_running(row.preview, row.previewed_at, at=at):
        return False
    run = uuid.uuid4().hex
    row.preview = {"run": run, "done": 0, "of": 0, "beat": at.isoformat()}
    row.previewed_at = None
    row.save(update_fields=["preview", "previewed_at"])
    app.configure_task(PREVIEW).defer(policy_id=row.pk, run=run)
    return True


def is_running(
    preview: Mapping[str, Any] | None, previewed_at: datetime | None, *, at: datetime
) -> bool:
    """Whether a run is under way that told something lately."""
    if preview is None or previewed_at is not None or "beat" not in preview:
        return False
    return at - datetime.fromisoformat(preview["beat"]) < SILENT


def run_preview(
    *, policy_id: int, run: str, at: datetime, clock: Callable[[], datetime]
) -> bool:
    """Do what ``start_preview`` asked for; False if it is no longer asked.

    ``clock`` says when it tells how far it is. Reads outside a transaction and writes
    at the end in one; a run that was replaced, or of which the terms changed, stops.
    """
    row = PolicyVersion.objects.filter(pk=policy_id, preview__run=run).first()
    if row is None or row.previewed_at is not None:
        return False

    def tell(done: int, of: int) -> bool:
        told = {"run": run, "done": done, "of": of, "beat": clock().isoformat()}
        return bool(
            PolicyVersion.objects.filter(
                pk=policy_id, preview__run=run, previewed_at=None
            ).update(preview=told)
        )

    found = compare(
        row.region_id, before=get_base(row), after=as_agreed(row), at=at, tell=tell
    )
    if found is None:
        return False
    return keep_preview(
        policy_id=policy_id, terms=row.terms, preview=found, at=at, run=run
    )


# --- comparing


def compare(
    region_id: int,
    *,
    before: Agreed,
    after: Agreed,
    at: datetime,
    tell: Callable[[int, int], bool] = lambda done, of: True,
) -> dict[str, Any] | None:
    """Return what two agreements do with the requests of the last 30 days.

    ``tell`` hears how far it is and says whether to go on; None if it says no. One
    query per place and eight.
    """
    rows, total = _draw_requests(region_id, at=at)
    if not tell(0, len(rows)):
        return None
    places = load_teams_there((row.place_id for row in rows), at=at)
    services = {team.service_id for there in places.values() for team in there.teams}
    answering = get_answering(services, at=at)
    courses: list[tuple[ServiceRequest, Course, Course]] = []
    for done, row in enumerate(rows, start=1):
        there = places[row.place_id]
        courses.append(
            (
                row,
                expect_course(row, there, agreed=before, answering=answering),
                expect_course(row, there, agreed=after, answering=answering),
            )
        )
        if done % STEP == 0 and not tell(done, len(rows)):
            return None
    organizations = {
        team.organization_id for there in places.values() for team in there.teams
    }
    capacity = {
        pk: share.capacity for pk, share in get_shares(organizations, at=at).items()
    }
    changed = [
        (row, old, new)
        for row, old, new in courses
        if old.first_service_id != new.first_service_id
    ]
    return {
        "requests": len(rows),
        "total": total,
        "from": (at - timedelta(days=DAYS)).isoformat(),
        "against": before.version,
        "teams": len(services),
        "few_answers": sum(1 for pk in services if answering.is_few(pk)),
        "region_answers": answering.region_answers,
        "before": _summarize([(r, old) for r, old, _new in courses], capacity),
        "after": _summarize([(r, new) for r, _old, new in courses], capacity),
        "first_changes": len(changed),
        "changed": [
            [row.number, old.first_service_id, new.first_service_id]
            for row, old, new in changed[:MOST_CHANGED]
        ],
    }


def _draw_requests(region_id: int, *, at: datetime) -> tuple[list[ServiceRequest], int]:
    """Return at most ``MOST_REQUESTS`` of last month, drawn by seed, and how many.

    Two queries.
    """
    ids = list(
        ServiceRequest.objects.filter(
            region_id=region_id,
            submitted_at__gt=at - timedelta(days=DAYS),
            submitted_at__lte=at,
        )
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    drawn = ids
    if len(ids) > MOST_REQUESTS:
        seeded = np.random.default_rng(region_id)
        places = seeded.choice(len(ids), MOST_REQUESTS, replace=False)
        drawn = [ids[place] for place in sorted(places.tolist())]
    rows = ServiceRequest.objects.filter(pk__in=drawn).select_related("place")
    return list(rows.order_by("pk")), len(ids)


def expect_course(
    request: ServiceRequest,
    there: TeamsThere,
    *,
    agreed: Agreed,
    answering: Answering,
) -> Course:
    """Return what is expected of a request, asked when it was sent (no query)."""
    asked_at = request.submitted_at or request.created_at
    left: list[TeamAround] = order_teams(
        need_of(request),
        band_of(request),
        there,
        lon=request.place.lon,
        lat=request.place.lat,
        agreed=agreed,
        # As far ahead as it was then.
        today=localdate(asked_at),
    )
    first = next_wave(
        left,
        urgency=request.urgency,
        one_at_a_time=request.one_at_a_time,
        agreed=agreed,
    )
    end = end_of_first_day(request, at=asked_at)
    reach, moment = 1.0, asked_at
    asked = yes = in_time = minutes = 0.0
    by_provider: dict[int, float] = {}
    while left:
        teams = next_wave(
            left,
            urgency=request.urgency,
            one_at_a_time=request.one_at_a_time,
            agreed=agreed,
        )
        until = answer_by(request.urgency, agreed=agreed, at=moment)
        wave = expect_wave(
            [answering.of(team.service_id) for team in teams],
            (until - moment) / timedelta(minutes=1),
        )
        asked += reach * len(teams)
        for place, chance in wave.yes.items():
            pk = teams[place].organization_id
            by_provider[pk] = by_provider.get(pk, 0.0) + reach * chance
        since = (moment - asked_at) / timedelta(minutes=1)
        yes += reach * wave.any_yes
        minutes += reach * wave.any_yes * (since + wave.minutes_to_yes)
        if moment + timedelta(minutes=wave.minutes_to_yes) <= end:
            in_time += reach * wave.any_yes
        reach *= 1.0 - wave.any_yes
        moment += timedelta(minutes=wave.minutes_to_end)
        chosen = {team.service_id for team in teams}
        left = [team for team in left if team.service_id not in chosen]
    until = answer_by(request.urgency, agreed=agreed, at=asked_at)
    return Course(
        answer_minutes=(until - asked_at) / timedelta(minutes=1),
        teams_asked=asked,
        yes=yes,
        in_time=in_time,
        hours=minutes / yes / 60 if yes else 0.0,
        own_first=bool(first) and first[0].is_own,
        first_service_id=first[0].service_id if first else None,
        by_provider=by_provider,
    )


def expect_wave(
    teams: Sequence[tuple[float, float, float]], window_minutes: float
) -> _Wave:
    """Return what is expected of teams that are asked at the same time.

    Each team is (share of yes, share of no, median minutes); the rest is silence. Time
    is that of an exponential waiting time that ends within the window.
    """
    says = []
    for place, (yes, no, median) in enumerate(teams):
        rate = math.log(2) / median
        within = -math.expm1(-rate * window_minutes)
        # Mean of an exponential time, given that it ends within the window.
        mean = (
            1 / rate - window_minutes * (1 - within) / within
            if within > 0
            else window_minutes
        )
        says.append((mean, place, yes * within, no * within))
    says.sort()
    nobody = 1.0
    taken: dict[int, float] = {}
    minutes = 0.0
    for mean, place, yes, _no in says:
        taken[place] = nobody * yes
        minutes += nobody * yes * mean
        nobody *= 1.0 - yes
    any_yes = 1.0 - nobody
    # Without a yes: did all say no, or does a silent team keep the others waiting?
    all_said_no = math.prod(
        no / (1.0 - yes) if yes < 1 else 0.0 for _mean, _place, yes, no in says
    )
    last_no = max((mean for mean, _place, _yes, _no in says), default=0.0)
    return _Wave(
        yes=taken,
        minutes_to_yes=minutes / any_yes if any_yes else window_minutes,
        minutes_to_end=all_said_no * last_no + (1.0 - all_said_no) * window_minutes,
    )


def _summarize(
    courses: Sequence[tuple[ServiceRequest, Course]], capacity: Mapping[int, float]
) -> dict[str, Any]:
    """Return the means over the requests, and how the work is spread."""
    found = [course for _request, course in courses]
    taken = sum(course.yes for course in found)
    load: dict[int, float] = {}
    for request, course in courses:
        for pk, chance in course.by_provider.items():
            load[pk] = load.get(pk, 0.0) + chance * request.complexity
    return {
        "answer_minutes": _mean([course.answer_minutes for course in found]),
        "teams_asked": _mean([course.teams_asked for course in found]),
        "hours": sum(course.hours * course.yes for course in found) / taken
        if taken
        else 0.0,
        "in_time": _mean([course.in_time for course in found]),
        "own_first": _mean([float(course.own_first) for course in found]),
        "coordinator": _mean([1.0 - course.yes for course in found]),
        "misplaced": _misplaced(load, capacity),
    }


def _misplaced(load: Mapping[int, float], capacity: Mapping[int, float]) -> float:
    """Return which share of the work would have to move to be exactly fair, 0 to 1.

    The mean distance of the providers' relative shares from 1, weighted by capacity and
    halved (index of Hoover). Who has no capacity takes no part.
    """
    able = {pk: clients for pk, clients in capacity.items() if clients > 0}
    total, room = sum(load.get(pk, 0.0) for pk in able), sum(able.values())
    if not total:
        return 0.0
    return sum(abs(load.get(pk, 0.0) / total - able[pk] / room) for pk in able) / 2


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
