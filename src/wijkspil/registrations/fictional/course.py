"""Play the GP lists of a region before a moment: lists, wishes, two rounds.

Lists and wishes are written to the tables at once; rounds go through the same services
as the pages, so that proposals, receipts and reports are what the program itself makes.
One round has been carried out; another waits for answers, with proposals for the people
who sign in to a demo. Shares and days are in ``figures.yaml``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import models, transaction
from django.utils.timezone import localdate

from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.private_links import LinkSecrets
from wijkspil.directory.selectors.gp_practices import (
    GpPractice,
    list_gp_practices_of,
)
from wijkspil.registrations.fictional.figures import figure
from wijkspil.registrations.fictional.households import (
    Ground,
    count_wishes,
    make_wishes,
    reach_by_mail,
    read_ground,
)
from wijkspil.registrations.fictional.lists import make_lists
from wijkspil.registrations.fictional.stopping import play_stopping_practice
from wijkspil.registrations.models import Move, Round, Wish, WishEvent, WishLink
from wijkspil.registrations.policies import next_move_status
from wijkspil.registrations.selectors.lists import list_lists
from wijkspil.registrations.services.household import resident_of
from wijkspil.registrations.services.joining import join_round
from wijkspil.registrations.services.moves import (
    answer_for_household,
    answer_for_practice,
)
from wijkspil.registrations.services.rounds import (
    RoundGiven,
    close_answers,
    execute_round,
    first_day_after,
    open_round,
    publish_round,
    resolve_round,
    solve_round,
    take_snapshot,
    verify_round,
)
from wijkspil.registrations.types import (
    Answer,
    DeclineReason,
    ListReason,
    ListStatus,
    MoveStatus,
    RefusalReason,
    WishStatus,
)
from wijkspil.registrations.work_days import list_work_days

#: Days before the moment of the demo.
FIRST_WISH, PAST_OPENED, PAST_JOINED, LIVE_OPENED, LIVE_JOINED = 320, 62, 52, 13, 2
#: Of all wishes: written down before the round that was carried out.
_SHARE_BEFORE = 0.3
#: Wishes that go back and forth between the two practices of the demo.
_SWAPS = 8
_MONTHS = (
    *("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus"),
    *("september", "oktober", "november", "december"),
)
#: What the practices of the demo say: a full one, and one with conditions; and what
#: the practice says that stops.
_OWN_LISTS: tuple[dict[str, Any], ...] = (
    {"status": ListStatus.CLOSED, "reason": ListReason.FULL},
    {
        "status": ListStatus.LIMITED,
        "reason": ListReason.STAFF,
        "places_per_month": 6,
        "most_minutes": 20,
    },
)
_STOPPING_LIST = {"status": ListStatus.CLOSED, "reason": ListReason.SUCCESSION}
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_LINK_HOLDS = timedelta(days=365)


@dataclass(frozen=True)
class RegistrationsMade:
    """What was made; ``link`` is of a wish with a proposal that nobody answered."""

    lists: int = 0
    wishes: int = 0
    moved: int = 0
    proposals: int = 0
    number: str = ""
    link: LinkSecrets | None = None


@dataclass(frozen=True)
class _Stage:
    """Who plays: the GP organization and the managers, by practice."""

    region_id: int
    coordinator: Actor
    managers: Mapping[int, Actor]
    practices: Sequence[GpPractice]
    own: tuple[int, ...]
    seed: int


def make_lists_wishes_rounds(
    *,
    region_id: int,
    at: datetime,
    seed: int,
    coordinator: Actor,
    managers: Sequence[Actor] = (),
) -> RegistrationsMade:
    """Fill a region; lists are published in every region.

    ``managers`` are who signs in for a practice: between the first two people swap,
    so that each has households to answer. A region without practices or inhabitants
    has lists only. The same seed, services and moment give the same lists and wishes,
    numbers aside; what comes of a round hangs on those numbers as well.
    """
    own = _practices_of(managers, at=at)
    ground = read_ground(region_id, at=at, seed=seed)
    stops = None if ground is None else _choose_stopping(ground, own)
    fixed = dict(zip(own, _OWN_LISTS, strict=False))
    if stops is not None:
        fixed[stops.id] = _STOPPING_LIST
    lists = make_lists(at=at, seed=seed, fixed=fixed)
    if ground is None:
        return RegistrationsMade(lists=lists)
    stage = _Stage(
        region_id=region_id,
        coordinator=coordinator,
        managers=_cast(ground.practices, own, managers),
        practices=ground.practices,
        own=tuple(own),
        seed=seed,
    )
    count = count_wishes(ground)
    before = round(count * _SHARE_BEFORE)
    wishes = _draw(ground, stage, before, at, from_day=FIRST_WISH, to_day=PAST_OPENED)
    past = _play_past(stage, at=at)
    wishes += _draw(
        ground, stage, count - before, at, from_day=PAST_OPENED, to_day=LIVE_JOINED + 1
    )
    live = _play_live(stage, at=at)
    _finish_work(past, own, at=at)
    if stops is not None:
        play_stopping_practice(ground, stops, coordinator=coordinator, at=at, seed=seed)
    reach_by_mail([wish for wish in wishes if wish.contact_kind == "email"])
    Round.objects.filter(pk__in=[past.pk, live.pk]).update(is_fictional=True)
    number, link = _link_of_open_proposal(live, own, at=at)
    return RegistrationsMade(
        lists=lists,
        wishes=len(wishes),
        moved=past.moves.filter(status=MoveStatus.EXECUTED).count(),
        proposals=live.moves.filter(status=MoveStatus.PROPOSED).count(),
        number=number,
        link=link,
    )


def _practices_of(managers: Sequence[Actor], *, at: datetime) -> list[int]:
    """Return the first practice of each manager."""
    found = []
    for manager in managers:
        ids = [
            grant.organization_id
            for grant in manager.grants
            if grant.role is Role.PRACTICE_MANAGER and grant.organization_id
        ]
        found += [one.id for one in list_gp_practices_of(ids, at=at)[:1]]
    return found


def _choose_stopping(ground: Ground, own: Sequence[int]) -> GpPractice | None:
    """Return the least liked practice that is nobody's of the demo."""
    order = np.argsort(ground.liked, kind="stable").tolist()
    others = (ground.practices[n] for n in order if ground.practices[n].id not in own)
    return next(others, None) if len(ground.practices) > len(own) + 3 else None


def _cast(
    practices: Sequence[GpPractice], own: Sequence[int], managers: Sequence[Actor]
) -> dict[int, Actor]:
    """Return service id -> who answers for it."""
    cast = {
        one.id: Actor(
            label=f"Praktijkmanager van {one.name}",
            grants=(Grant(Role.PRACTICE_MANAGER, organization_id=one.organization_id),),
        )
        for one in practices
    }
    return cast | dict(zip(own, managers, strict=False))


def _draw(
    ground: Ground,
    stage: _Stage,
    count: int,
    at: datetime,
    *,
    from_day: int,
    to_day: int,
) -> list[Wish]:
    return make_wishes(
        ground,
        count=count,
        since=at - from_day * _DAY,
        until=at - to_day * _DAY,
        seed=stage.seed,
        swap_between=(stage.own[0], stage.own[1]) if len(stage.own) > 1 else None,
        swaps=_SWAPS,
    )


def _play_past(stage: _Stage, *, at: datetime) -> Round:
    """Play a round to its end: two passes, then it is carried out."""
    rng = np.random.default_rng([stage.seed, 4804])
    row = _open_and_divide(stage, rng, at=at, opened=PAST_OPENED, joined=PAST_JOINED)
    moment = at - (PAST_JOINED - 1) * _DAY
    for number in (1, 2):
        publish_round(round_id=row.pk, actor=stage.coordinator, at=moment)
        row.refresh_from_db()
        assert row.answer_by is not None
        _answer(stage, rng, row, row.moves.all(), at=moment + 30 * _HOUR)
        moment = row.answer_by + _HOUR
        close_answers(round_id=row.pk, at=moment)
        if number == 1:
            resolve_round(round_id=row.pk, at=moment)
            verify_round(round_id=row.pk, at=moment)
    execute_round(round_id=row.pk, actor=stage.coordinator, at=moment + _HOUR)
    row.refresh_from_db()
    return row


def _play_live(stage: _Stage, *, at: datetime) -> Round:
    """Play a round until its proposals wait; about half have been answered in part."""
    rng = np.random.default_rng([stage.seed, 4805])
    row = _open_and_divide(stage, rng, at=at, opened=LIVE_OPENED, joined=LIVE_JOINED)
    moment = at - 26 * _HOUR
    publish_round(round_id=row.pk, actor=stage.coordinator, at=moment)
    row.refresh_from_db()
    others = row.moves.exclude(to_service_id__in=stage.own).exclude(
        from_service_id__in=stage.own
    )
    ids = list(others.order_by("pk").values_list("pk", flat=True))
    _answer(stage, rng, row, row.moves.filter(pk__in=ids[::2]), at=moment + 20 * _HOUR)
    return row


def _open_and_divide(
    stage: _Stage,
    rng: np.random.Generator,
    *,
    at: datetime,
    opened: int,
    joined: int,
) -> Round:
    moment = at - opened * _DAY
    join_until = localdate(at - joined * _DAY)
    row = open_round(
        actor=stage.coordinator,
        given=RoundGiven(
            name=f"Ruilronde {_MONTHS[join_until.month - 1]} {join_until.year}",
            region_id=stage.region_id,
            join_until=join_until,
            effective_on=first_day_after(join_until, 10),
        ),
        at=moment,
    )
    # The lottery of an invented round is the same each time.
    Round.objects.filter(pk=row.pk).update(seed=stage.seed)
    _join(stage, rng, row, at=moment + 2 * _DAY)
    divided = at - (joined - 1) * _DAY - 3 * _HOUR
    take_snapshot(round_id=row.pk, actor=stage.coordinator, at=divided)
    solve_round(round_id=row.pk, at=divided)
    verify_round(round_id=row.pk, at=divided)
    row.refresh_from_db()
    return row


def _join(stage: _Stage, rng: np.random.Generator, row: Round, *, at: datetime) -> None:
    lists = list_lists([one.id for one in stage.practices], at)
    for practice in stage.practices:
        now = lists.get(practice.id)
        wants = rng.random() < figure("share_joins") or practice.id in stage.own
        share = float(rng.uniform(0.2, 1.0))
        if now is None or not wants:
            continue
        left = now.places_left_this_month
        join_round(
            actor=stage.managers[practice.id],
            round_id=row.pk,
            service_id=practice.id,
            free_places=round(share * (10 if left is None else left)),
            max_inflow=None,
            free_load=None,
            at=at,
        )


def _answer(
    stage: _Stage,
    rng: np.random.Generator,
    row: Round,
    moves: "models.QuerySet[Move]",
    *,
    at: datetime,
    slow: float = 0.0,
) -> None:
    """Let both sides answer, most of them with yes; some let the time pass.

    A yes changes nothing but its own row, so those are written at once; a no goes
    through the services. ``slow`` is the share of practices that answer later.
    """
    declines = [DeclineReason.STAYS, DeclineReason.TOO_FAR, DeclineReason.NOT_NOW]
    agreed: list[Move] = []
    open_ones = moves.filter(number_of_pass=row.passes, status=MoveStatus.PROPOSED)
    for move in open_ones.select_related("wish").order_by("pk"):
        drawn, of_practice, wait = rng.random(3)
        reason = declines[int(rng.integers(len(declines)))]
        if drawn > 0.5 + figure("share_household_yes") / 2:
            continue  # says nothing in time
        if drawn > figure("share_household_yes"):
            answer_for_household(
                actor=resident_of(move.wish),
                move_id=move.pk,
                answer=Answer.NO,
                reason=reason,
                at=at,
            )
            continue
        move.household_answer, move.household_at = Answer.YES, at
        if wait >= slow and of_practice < figure("share_practice_yes"):
            move.practice_answer, move.practice_at = Answer.YES, at + _HOUR
            move.practice_by_name = stage.managers[move.to_service_id].label[:120]
            move.status = next_move_status("confirm", move.status)
        agreed.append(move)
        if wait >= slow and move.practice_answer != Answer.YES:
            answer_for_practice(
                actor=stage.managers[move.to_service_id],
                move_id=move.pk,
                answer=Answer.NO,
                reason=RefusalReason.EMERGENCY,
                at=at + _HOUR,
            )
            agreed.pop()
    Move.objects.bulk_update(
        agreed,
        [
            *("household_answer", "household_at", "practice_answer", "practice_at"),
            *("practice_by_name", "status"),
        ],
    )
    WishEvent.objects.bulk_create(
        WishEvent(
            wish=move.wish,
            at=moment,
            kind=kind,
            actor_name=name,
            detail={"move_id": move.pk},
        )
        for move in agreed
        for kind, moment, name in (
            ("household-yes", move.household_at, f"bewoner {move.wish.number}"),
            ("practice-yes", move.practice_at, move.practice_by_name),
            ("both-yes", move.practice_at, move.practice_by_name),
        )
        if moment is not None
    )


def _finish_work(past: Round, own: Sequence[int], *, at: datetime) -> None:
    """Tick off the work of the round that is over; the practices of a demo keep some.

    Of theirs the last few records are still to be sent, in the coming days. All
    registrations are entered: they may not be after the day on which they change.
    """
    done = past.moves.filter(status=MoveStatus.EXECUTED)
    left = list(
        done.filter(from_service_id__in=own)
        .order_by("-pk")
        .values_list("pk", flat=True)
    )[:4]
    today = localdate(at)
    soon = list_work_days(after=today, before=today + 14 * _DAY)[0]
    done.update(worked_at=at - 3 * _DAY)
    done.exclude(pk__in=left).update(record_sent_at=at - 2 * _DAY)
    Move.objects.filter(pk__in=left).update(record_on=soon)


@transaction.atomic
def _link_of_open_proposal(
    live: Round, own: Sequence[int], *, at: datetime
) -> tuple[str, LinkSecrets | None]:
    """Make the private link of a wish with a proposal, of a practice of the demo."""
    moves = live.moves.filter(
        status=MoveStatus.PROPOSED,
        household_answer=Answer.NONE,
        wish__status=WishStatus.PROPOSED,
    ).select_related("wish")
    move = (
        moves.filter(to_service_id__in=own[:1]).order_by("-size", "pk").first()
        or moves.filter(to_service_id__in=own).order_by("-size", "pk").first()
        or moves.order_by("pk").first()
    )
    if move is None:
        return "", None
    told = WishLink.make(valid_until=at + _LINK_HOLDS, wish=move.wish)
    return move.wish.number, told
