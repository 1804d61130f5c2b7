"""What came of a round, without people: flows, prices of a place, fairness, proof."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wijkspil.directory.selectors.gp_practices import GpPractice, list_gp_practices
from wijkspil.registrations.models import Round, RoundPractice
from wijkspil.registrations.selectors.rounds import list_flows, list_joined

#: In public no smaller number of people is told.
LEAST_TOLD = 5
#: Of the receipt these stay inside: they are about single households.
_NOT_PUBLIC = ("required", "lottery")


@dataclass(frozen=True, slots=True)
class Flow:
    """People who move from one practice to another; from nowhere: without a GP."""

    came_from: GpPractice | None
    to: GpPractice
    people: int

    @property
    def is_few(self) -> bool:
        """Whether the number is not told in public."""
        return self.people < LEAST_TOLD


@dataclass(frozen=True, slots=True)
class PracticeLine:
    """A practice that joined, with what the round means for it."""

    practice: GpPractice
    joined: RoundPractice

    @property
    def balance(self) -> int:
        """People more on the list than before."""
        return self.joined.people_in - self.joined.people_out

    @property
    def price(self) -> int:
        """How many more people move if it opens one place."""
        return self.joined.seat_price or 0


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group, served by the waiting list and by the round, in people."""

    grouping: str
    label: str
    people: int
    by_list: int
    by_round: int
    earlier: int
    later: int
    is_served_later: bool


@dataclass(frozen=True, slots=True)
class ShortageLine:
    """Practices that cannot take all who want only these, whatever the division."""

    practices: Sequence[GpPractice]
    missing: int


@dataclass(frozen=True, slots=True)
class RoundReport:
    """What the page and the map of a round tell."""

    lines: Sequence[PracticeLine]
    flows: Sequence[Flow]
    groups: Sequence[GroupLine]
    shortages: Sequence[ShortageLine] = ()

    @property
    def helping(self) -> list[PracticeLine]:
        """Practices where one more place helps, where it helps most first."""
        found = [line for line in self.lines if line.price > 0]
        return sorted(found, key=lambda line: (-line.price, line.practice.name))

    @property
    def with_room_left(self) -> list[PracticeLine]:
        """Practices that still had a place after everybody was divided."""
        return [
            line
            for line in self.lines
            if line.joined.free_places - line.balance > 0 and line.price == 0
        ]


def get_round_report(row: Round, *, at: datetime) -> RoundReport:
    """Return what came of a round (at most five queries)."""
    joined = list_joined(row.pk)
    flows = list_flows(row.pk)
    ids = {one.service_id for one in joined}
    ids |= {pk for pair in flows for pk in pair if pk is not None}
    practices = list_gp_practices(ids, at=at)
    return RoundReport(
        lines=[
            PracticeLine(practices[one.service_id], one)
            for one in joined
            if one.service_id in practices
        ],
        flows=sorted(
            (
                Flow(practices.get(from_id) if from_id else None, practices[to], people)
                for (from_id, to), (people, _households) in flows.items()
                if to in practices
            ),
            key=lambda flow: (-flow.people, flow.to.name),
        ),
        groups=_groups_of(row.fairness),
        shortages=[
            ShortageLine(
                [practices[pk] for pk in one["practices"] if pk in practices],
                one["missing"],
            )
            for one in (row.fairness or {}).get("shortages", ())
        ],
    )


def make_public_receipt(
    receipt: Mapping[str, Any], *, row: Round, number: int
) -> dict[str, Any]:
    """Return a receipt as anybody may read it: nothing of single households."""
    return {
        "round": row.name,
        "division": number,
        "practices_are": "numbers of services in this directory",
        **{name: value for name, value in receipt.items() if name not in _NOT_PUBLIC},
        "required_households": len(receipt.get("required") or ()),
    }


def _groups_of(fairness: Mapping[str, Any] | None) -> list[GroupLine]:
    return [
        GroupLine(
            grouping=one["grouping"],
            label=one["label"],
            people=one["people"],
            by_list=one["served_by_list"],
            by_round=one["served"],
            earlier=one["gained"],
            later=one["lost"],
            is_served_later=one["served"] < one["served_by_list"],
        )
        for one in (fairness or {}).get("groups", ())
    ]
