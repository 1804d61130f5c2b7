"""Which rounds are there, who joined, and what came of the wishes in them?"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from wijkspil.registrations.errors import UnknownRound
from wijkspil.registrations.models import (
    Move,
    Round,
    RoundEvent,
    RoundPass,
    RoundPractice,
    RoundWish,
    Wish,
)
from wijkspil.registrations.types import (
    LIVE_ROUNDS,
    Answer,
    MoveStatus,
    RoundStatus,
    WishStatus,
)


@dataclass(frozen=True, slots=True)
class Answers:
    """How far the answers to the proposals of a round are, in households."""

    proposed: int = 0
    confirmed: int = 0
    waits_for_household: int = 0
    waits_for_practice: int = 0
    declined: int = 0
    refused: int = 0
    expired: int = 0
    fallen: int = 0
    executed: int = 0

    @property
    def open(self) -> int:
        """Proposals nobody closed yet."""
        return self.proposed

    @property
    def broken(self) -> int:
        """Proposals that somebody or the clock ended."""
        return self.declined + self.refused + self.expired + self.fallen


def get_round(round_id: int) -> Round:
    """Return a round, files left out (one query).

    Raises
    ------
    UnknownRound
        If there is none.
    """
    found = _without_files().filter(pk=round_id).first()
    if found is None:
        raise UnknownRound(
            _("There is no round with number %(id)s.") % {"id": round_id}
        )
    return found


def lock_round(round_id: int) -> Round:
    """Return a round, locked until the end of the transaction.

    Raises
    ------
    UnknownRound
        If there is none.
    """
    found = Round.objects.select_for_update().filter(pk=round_id).first()
    if found is None:
        raise UnknownRound(
            _("There is no round with number %(id)s.") % {"id": round_id}
        )
    return found


def list_rounds(region_ids: Iterable[int] | None, *, limit: int = 50) -> list[Round]:
    """Return rounds of regions, or all, newest first (one query)."""
    rows = _without_files().select_related("region")
    if region_ids is not None:
        rows = rows.filter(region_id__in=list(region_ids))
    return list(rows.order_by("-opened_at", "-pk")[:limit])


def list_published_rounds(*, limit: int = 50) -> list[Round]:
    """Return rounds that have a public report, newest first (one query)."""
    rows = (
        _without_files()
        .select_related("region")
        .filter(passes__gte=1)
        .exclude(status=RoundStatus.CANCELLED)
    )
    return list(rows.order_by("-published_at", "-pk")[:limit])


def find_live_round(region_id: int | None) -> Round | None:
    """Return the round of a region that is not over, if there is one (one query)."""
    return (
        _without_files()
        .filter(region_id=region_id, status__in=[*map(str, LIVE_ROUNDS)])
        .first()
    )


def list_joined(round_id: int) -> list[RoundPractice]:
    """Return the practices that joined, by name (one query)."""
    return list(
        RoundPractice.objects.filter(round_id=round_id)
        .select_related("service")
        .order_by("service__name", "pk")
    )


def list_passes(round_id: int) -> list[RoundPass]:
    """Return the passes of a round, first first, files left out (one query)."""
    return list(
        RoundPass.objects.filter(round_id=round_id)
        .defer("wishes_csv", "moves_csv")
        .order_by("number")
    )


def find_pass(round_id: int, number: int) -> RoundPass | None:
    """Return one pass of a round with its files, or None (one query)."""
    return RoundPass.objects.filter(round_id=round_id, number=number).first()


def find_last_event(round_id: int, kind: str) -> RoundEvent | None:
    """Return the last time something happened to a round, or None (one query)."""
    return (
        RoundEvent.objects.filter(round_id=round_id, kind=kind)
        .order_by("-at", "-pk")
        .first()
    )


def get_executed_people(round_id: int) -> int:
    """Return how many people moved by a round; 0 before (one query)."""
    executed = find_last_event(round_id, "executed")
    return int(executed.detail.get("people", 0)) if executed else 0


def get_files(round_id: int) -> Round:
    """Return a round with its files (one query)."""
    return Round.objects.get(pk=round_id)


def list_round_events(round_id: int) -> list[RoundEvent]:
    """Return what happened to a round, oldest first (one query)."""
    return list(RoundEvent.objects.filter(round_id=round_id).order_by("at", "pk"))


def count_answers(round_id: int) -> Answers:
    """Return how far the answers are, over all passes (one query)."""
    counts = {
        (status, household, practice): n
        for status, household, practice, n in Move.objects.filter(round_id=round_id)
        .values_list("status", "household_answer", "practice_answer")
        .annotate(Count("pk"))
        .order_by()
    }
    by_status: Counter[str] = Counter()
    for (status, _household, _practice), n in counts.items():
        by_status[status] += n
    is_open = [
        (household, practice, n)
        for (status, household, practice), n in counts.items()
        if status == MoveStatus.PROPOSED
    ]
    return Answers(
        proposed=by_status[MoveStatus.PROPOSED],
        confirmed=by_status[MoveStatus.CONFIRMED],
        waits_for_household=sum(n for h, _p, n in is_open if h == Answer.NONE),
        waits_for_practice=sum(n for _h, p, n in is_open if p == Answer.NONE),
        declined=by_status[MoveStatus.DECLINED],
        refused=by_status[MoveStatus.REFUSED],
        expired=by_status[MoveStatus.EXPIRED],
        fallen=by_status[MoveStatus.FALLEN],
        executed=by_status[MoveStatus.EXECUTED],
    )


def count_waiting(region_id: int | None) -> tuple[int, int]:
    """Return (households, people) that wait for a place now (one query)."""
    rows = Wish.objects.filter(status=WishStatus.WAITING)
    if region_id is not None:
        rows = rows.filter(region_id=region_id)
    found = rows.aggregate(n=Count("pk"), people=Sum("size"))
    return found["n"], found["people"] or 0


def count_waiting_for(service_ids: Iterable[int]) -> dict[int, int]:
    """Return practice -> households that wait and named it (one query)."""
    return dict(
        Wish.objects.filter(
            status=WishStatus.WAITING, choices__service_id__in=list(service_ids)
        )
        .values_list("choices__service_id")
        .annotate(Count("pk", distinct=True))
        .order_by()
    )


def list_flows(round_id: int) -> dict[tuple[int | None, int], tuple[int, int]]:
    """Return (from, to) -> (people, households) of live and executed moves.

    One query.
    """
    return {
        (from_id, to_id): (people, households)
        for from_id, to_id, people, households in Move.objects.filter(
            round_id=round_id,
            status__in=[
                MoveStatus.PROPOSED,
                MoveStatus.CONFIRMED,
                MoveStatus.EXECUTED,
            ],
        )
        .values_list("from_service_id", "to_service_id")
        .annotate(Sum("size"), Count("pk"))
        .order_by()
    }


def list_practices_who_owe_answers(round_id: int) -> dict[int, int]:
    """Return practice -> households that wait for its answer (one query)."""
    return dict(
        Move.objects.filter(
            round_id=round_id,
            status=MoveStatus.PROPOSED,
            practice_answer=Answer.NONE,
        )
        .values_list("to_service_id")
        .annotate(Count("pk"))
        .order_by()
    )


def get_latest_round_wish(wish: Wish) -> RoundWish | None:
    """Return the wish in the newest round that was divided (one query)."""
    return (
        RoundWish.objects.filter(wish=wish)
        .exclude(round__status=RoundStatus.CANCELLED)
        .select_related("round")
        .defer(
            "round__practices_csv",
            "round__wishes_csv",
            "round__moves_csv",
            "round__receipt",
            "round__fairness",
        )
        .order_by("-round__opened_at", "-round_id")
        .first()
    )


def list_due_rounds(*, at: datetime) -> list[Round]:
    """Return rounds of which the answers must be closed (one query)."""
    return list(
        _without_files().filter(status=RoundStatus.PUBLISHED, answer_by__lte=at)
    )


def list_stopped_rounds(*, before: datetime) -> list[Round]:
    """Return rounds of which a job said nothing since ``before`` (one query)."""
    return list(
        _without_files()
        .filter(progress__beat__lt=before.isoformat())
        .exclude(progress=None)
    )


def name_practices(joined: Iterable[RoundPractice]) -> Mapping[int, str]:
    """Return service id -> name."""
    return {row.service_id: row.service.name for row in joined}


def _without_files() -> QuerySet[Round]:
    return Round.objects.defer("practices_csv", "wishes_csv", "moves_csv")
