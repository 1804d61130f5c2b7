"""Which households are proposed to a practice, and what may it know of them?

Nothing here says who they are: that is ``services.practice_disclosure``, and logged.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Min, Q, Sum
from django.utils.translation import gettext as _

from wijkspil.directory.selectors.search_areas import distance_km
from wijkspil.registrations.errors import UnknownMove
from wijkspil.registrations.models import Move, WishChoice, WishMember
from wijkspil.registrations.types import (
    LIVE_MOVES,
    Answer,
    Consent,
    MoveStatus,
)

#: Large, and nobody reads them here.
_FILES = (
    "round__practices_csv",
    "round__wishes_csv",
    "round__moves_csv",
    "round__receipt",
    "round__fairness",
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A household proposed to a practice: what it may know before it answers."""

    move_id: int
    wish_id: int
    number: str
    round_id: int | None
    round_name: str
    from_id: int | None
    to_id: int
    size: int
    load: int
    bands: tuple[str, ...]
    postcode: str
    has_member: bool
    km: float | None
    status: MoveStatus
    household_answer: str
    practice_answer: str
    practice_reason: str
    proposed_at: datetime
    answer_by: datetime
    effective_on: date

    @property
    def pc4(self) -> str:
        """The neighborhood of the household."""
        return self.postcode[:4]

    @property
    def is_known(self) -> bool:
        """Whether the practice may see who they are."""
        return is_known_to_new(self.status, self.household_answer)

    @property
    def waits_for_practice(self) -> bool:
        """Whether the practice has to answer."""
        return self.status == MoveStatus.PROPOSED and not self.practice_answer


@dataclass(frozen=True, slots=True)
class ProposalCounts:
    """How much a practice has to answer, and until when at the earliest."""

    households: int = 0
    people: int = 0
    answer_by: datetime | None = None


def is_known_to_new(status: str, household_answer: str) -> bool:
    """Whether the new practice may see who a household is: from its yes on."""
    return household_answer == Answer.YES and status in (
        *LIVE_MOVES,
        MoveStatus.EXECUTED,
    )


def get_move(move_id: int) -> Move:
    """Return a proposal with its wish and round, files left out (one query).

    Raises
    ------
    UnknownMove
        If there is none.
    """
    move = (
        Move.objects.select_related("wish__place", "round", "to_service")
        .defer("wish__contact", *_FILES)
        .filter(pk=move_id)
        .first()
    )
    if move is None:
        raise UnknownMove(
            _("There is no proposal %(id)s that you may see.") % {"id": move_id}
        )
    return move


def get_proposal(move_id: int) -> Proposal:
    """Return what a practice may know of one proposal (three queries).

    Raises
    ------
    UnknownMove
        If there is none.
    """
    return _as_proposals([get_move(move_id)])[0]


def list_proposals(
    service_id: int, *, statuses: Iterable[MoveStatus] = LIVE_MOVES
) -> list[Proposal]:
    """Return the proposals to a practice, soonest to answer first (three queries)."""
    return _as_proposals(
        Move.objects.select_related("wish__place", "round", "to_service")
        .defer("wish__contact", *_FILES)
        .filter(to_service_id=service_id, status__in=[*map(str, statuses)])
        .order_by("answer_by", "proposed_at", "pk")
    )


def count_proposals(service_ids: Collection[int]) -> dict[int, ProposalCounts]:
    """Return practice -> what it has to answer (one query)."""
    return {
        pk: ProposalCounts(households, people, answer_by)
        for pk, households, people, answer_by in Move.objects.filter(
            to_service_id__in=list(service_ids),
            status=MoveStatus.PROPOSED,
            practice_answer=Answer.NONE,
        )
        .values_list("to_service_id")
        .annotate(Count("pk"), Sum("size"), Min("answer_by"))
        .order_by()
    }


@dataclass(frozen=True, slots=True)
class Balance:
    """What a round does to one practice; loads in thousandths."""

    people_in: int = 0
    people_out: int = 0
    load_in: int = 0
    load_out: int = 0
    confirmed_in: int = 0
    confirmed_out: int = 0

    @property
    def people(self) -> int:
        """Growth of the list in people; below zero it shrinks."""
        return self.people_in - self.people_out

    @property
    def load(self) -> int:
        """Growth of the load, thousandths."""
        return self.load_in - self.load_out


def get_balance(round_id: int, service_id: int) -> Balance:
    """Return what proposals and moves of a round come to at a practice (one query).

    Of those that may still be carried out, or were.
    """
    counted: defaultdict[str, int] = defaultdict(int)
    for to_id, status, people, load in (
        Move.objects.filter(
            Q(to_service_id=service_id) | Q(from_service_id=service_id),
            round_id=round_id,
            status__in=[*map(str, LIVE_MOVES), str(MoveStatus.EXECUTED)],
        )
        .values_list("to_service_id", "status")
        .annotate(Sum("size"), Sum("load"))
        .order_by()
    ):
        side = "in" if to_id == service_id else "out"
        counted[f"people_{side}"] += people
        counted[f"load_{side}"] += load
        if status != MoveStatus.PROPOSED:
            counted[f"confirmed_{side}"] += people
    return Balance(**counted)


def _km_of(move: Move) -> float | None:
    home, practice = move.wish.place, move.to_service
    if None in (home.lon, home.lat, practice.lon, practice.lat):
        return None
    assert home.lon is not None
    assert home.lat is not None
    assert practice.lon is not None
    assert practice.lat is not None
    return distance_km(home.lon, home.lat, practice.lon, practice.lat)


def _as_proposals(moves: Iterable[Move]) -> list[Proposal]:
    rows = list(moves)
    with_member = set(
        WishChoice.objects.filter(
            wish_id__in=[row.wish_id for row in rows], has_member=True
        ).values_list("wish_id", "service_id")
    )
    bands = _bands_of([row.wish_id for row in rows])
    return [
        Proposal(
            move_id=row.pk,
            wish_id=row.wish_id,
            number=row.wish.number,
            round_id=row.round_id,
            round_name="" if row.round is None else row.round.name,
            from_id=row.from_service_id,
            to_id=row.to_service_id,
            size=row.size,
            load=row.load,
            bands=tuple(bands.get(row.wish_id, ())),
            postcode=row.wish.postcode,
            has_member=(row.wish_id, row.to_service_id) in with_member,
            km=_km_of(row),
            status=MoveStatus(row.status),
            household_answer=row.household_answer,
            practice_answer=row.practice_answer,
            practice_reason=row.practice_reason,
            proposed_at=row.proposed_at,
            answer_by=row.answer_by,
            effective_on=row.effective_on,
        )
        for row in rows
    ]


def _bands_of(wish_ids: Iterable[int]) -> dict[int, list[str]]:
    bands: dict[int, list[str]] = {}
    for wish_id, band in (
        WishMember.objects.filter(wish_id__in=list(wish_ids))
        .exclude(consent=Consent.OBJECTED)
        .order_by("wish_id", "row")
        .values_list("wish_id", "age_band")
    ):
        bands.setdefault(wish_id, []).append(band)
    return bands
