"""What the page of a wish reads: its choices, consents, proposal and history."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from wijkspil.core.spoken_numbers import read_number
from wijkspil.registrations.models import Move, Wish, WishChoice, WishEvent
from wijkspil.registrations.types import LIVE_MOVES, LIVE_WISHES, MoveStatus


def count_consents(wish: Wish) -> Counter[str]:
    """Return how many members per consent (one query)."""
    return Counter(wish.members.values_list("consent", flat=True))


def find_proposal(wish: Wish) -> Move | None:
    """Return the proposal that is open, else the one carried out (one query)."""
    return (
        Move.objects.filter(
            wish=wish, status__in=[*map(str, (*LIVE_MOVES, MoveStatus.EXECUTED))]
        )
        .select_related("round")
        .defer(
            "round__practices_csv",
            "round__wishes_csv",
            "round__moves_csv",
            "round__receipt",
            "round__fairness",
        )
        .order_by("-proposed_at")
        .first()
    )


def list_choices(wish: Wish) -> list[WishChoice]:
    """Return the practices of a wish, best first (one query)."""
    return list(wish.choices.order_by("rank"))


def list_wish_events(wish: Wish) -> list[WishEvent]:
    """Return what happened, newest first (one query)."""
    return list(wish.events.order_by("-at", "-pk"))


def list_bands(wish: Wish) -> list[str]:
    """Return the age band of each member (one query)."""
    return list(wish.members.values_list("age_band", flat=True))


@dataclass(frozen=True)
class HelpedWish:
    """A wish that a desk wrote down, without who it is about."""

    number: str
    status: str
    status_label: str
    postcode: str
    size: int
    helper_name: str
    reconfirm_until: date
    consent_missing: int
    answer_by: date | None


def list_helped(
    organization_ids: Collection[int],
    *,
    helper_id: int,
    everything: bool = False,
    limit: int = 200,
) -> list[HelpedWish]:
    """Return the wishes of desks, those with a proposal first (three queries)."""
    wishes = Wish.objects.filter(
        Q(helper_organization_id__in=organization_ids)
        | Q(helper_id=helper_id, helper_organization=None)
    )
    if not everything:
        wishes = wishes.filter(status__in=[*map(str, LIVE_WISHES)])
    rows = list(
        wishes.select_related("helper")
        .prefetch_related("members", "moves")
        .order_by("-waiting_since")[:limit]
    )
    found = []
    for wish in rows:
        asked = [
            move.answer_by.date()
            for move in wish.moves.all()
            if move.status == MoveStatus.PROPOSED and not move.household_answer
        ]
        found.append(
            HelpedWish(
                number=wish.number,
                status=wish.status,
                status_label=str(wish.get_status_display()),
                postcode=wish.postcode,
                size=wish.size,
                helper_name="" if wish.helper is None else wish.helper.name,
                reconfirm_until=wish.reconfirm_until,
                consent_missing=sum(
                    member.consent != "agreed" for member in wish.members.all()
                ),
                answer_by=min(asked, default=None),
            )
        )
    return sorted(found, key=lambda one: (one.answer_by is None, one.answer_by))


def find_helped(number: str) -> Wish | None:
    """Return a wish that a desk wrote down, by its number (one query)."""
    return (
        Wish.objects.filter(number=read_number(number))
        .filter(Q(helper__isnull=False) | Q(helper_organization__isnull=False))
        .first()
    )
