"""REST of swap rounds: the public report with its proof, and a practice that joins.

Only translates: every rule lives in the services, so that a page and a supplier's
system get the same answer. Numbers of people below five are told to nobody in public.
"""

from datetime import date, datetime
from typing import Any, Self

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from wijkspil.accounts.requests import get_request_actor, get_writing_actor
from wijkspil.core.api import CamelSchema, Problem, refuse_unknown_parameters
from wijkspil.directory.selectors.gp_practices import get_gp_practice
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.registrations.errors import UnknownRound
from wijkspil.registrations.models import Round
from wijkspil.registrations.permissions import check_can_keep_list
from wijkspil.registrations.promise import Promise
from wijkspil.registrations.selectors.practice_rounds import (
    RoundOfPractice,
    list_rounds_of_practice,
)
from wijkspil.registrations.selectors.proposals import Balance, get_balance
from wijkspil.registrations.selectors.round_report import (
    LEAST_TOLD,
    GroupLine,
    PracticeLine,
    RoundReport,
    get_round_report,
    make_public_receipt,
)
from wijkspil.registrations.selectors.rounds import (
    count_answers,
    find_pass,
    get_executed_people,
    list_passes,
    list_published_rounds,
)
from wijkspil.registrations.services.joining import (
    find_region_id,
    join_round,
    leave_round,
    most_inflow,
)
from wijkspil.registrations.services.round_reading import (
    find_reported_round,
    get_round_of_practice,
    promise_of,
)
from wijkspil.registrations.types import RoundStatus

router = Router(by_alias=True, tags=["GP lists"])

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_THOUSANDTHS = "In thousandths of somebody under 65."
_FEW = f"Null: fewer than {LEAST_TOLD}, which is told to nobody."


class RoundsQuery(CamelSchema):
    """How many rounds."""

    limit: int = Field(25, ge=1, le=50)


class RoundOut(CamelSchema):
    """A round as it stands."""

    id: int
    name: str
    region: str = Field(description="Code of the GP region; empty: the country.")
    status: RoundStatus
    join_until: datetime
    answer_by: datetime | None
    effective_on: date
    published_at: datetime | None
    executed_at: datetime | None
    passes: int = Field(description="How often proposals were made.")

    @classmethod
    def of(cls, row: Round) -> Self:
        """Return the body of a round."""
        return cls(
            id=row.pk,
            name=row.name,
            region=row.region.code if row.region else "",
            status=RoundStatus(row.status),
            join_until=row.join_until,
            answer_by=row.answer_by,
            effective_on=row.effective_on,
            published_at=row.published_at,
            executed_at=row.executed_at,
            passes=row.passes,
        )


class RoundsOut(CamelSchema):
    """Rounds with a public report, newest first."""

    items: list[RoundOut]


class RoundPracticeOut(CamelSchema):
    """A practice that joined."""

    id: int
    name: str
    lon: float | None
    lat: float | None
    people_in: int | None = Field(description=_FEW)
    people_out: int | None = Field(description=_FEW)
    seat_price: int | None = Field(
        description="How many more people could move if it opens one place."
    )

    @classmethod
    def of(cls, line: PracticeLine) -> Self:
        """Return the body of a practice in a round."""
        practice, joined = line.practice, line.joined
        return cls(
            id=practice.id,
            name=practice.name,
            lon=practice.lon,
            lat=practice.lat,
            people_in=_told(joined.people_in),
            people_out=_told(joined.people_out),
            seat_price=joined.seat_price,
        )


class RoundFlowOut(CamelSchema):
    """People who go from one practice to another."""

    from_practice_id: int | None = Field(description="Null: they had no GP.")
    to_practice_id: int
    people: int | None = Field(description=_FEW)


class RoundGroupOut(CamelSchema):
    """A group of people, served by a waiting list and by the round."""

    grouping: str
    label: str
    people: int | None = Field(description=_FEW)
    by_list: int | None = Field(description=_FEW)
    by_round: int | None = Field(description=_FEW)
    better_off: int | None = Field(description=_FEW)
    later_than_by_list: int | None = Field(description=_FEW)

    @classmethod
    def of(cls, group: GroupLine) -> Self:
        """Return the body of a group."""
        return cls(
            grouping=group.grouping,
            label=group.label,
            people=_told(group.people),
            by_list=_told(group.by_list),
            by_round=_told(group.by_round),
            better_off=_told(group.earlier),
            later_than_by_list=_told(group.later),
        )


class RoundShortageOut(CamelSchema):
    """Practices that cannot take all who want only these, whatever the division."""

    practice_ids: list[int]
    missing: int | None = Field(description=_FEW)


class RoundReportOut(RoundOut):
    """What came of a round, without people, with what proves it."""

    moved_people: int | None = Field(description=f"By the division. {_FEW}")
    most_people: int | None = Field(description=f"By any division at all. {_FEW}")
    is_proven_best: bool
    list_people: int | None = Field(description=f"By a waiting list. {_FEW}")
    executed_people: int | None = Field(description=_FEW)
    proposals_open: int
    practices: list[RoundPracticeOut]
    flows: list[RoundFlowOut]
    groups: list[RoundGroupOut]
    shortages: list[RoundShortageOut]
    receipts: list[int] = Field(description="Numbers of divisions with a receipt.")

    @classmethod
    def told(cls, row: Round, report: RoundReport, *, receipts: list[int]) -> Self:
        """Return the body of a report (two queries)."""
        receipt: dict[str, Any] = row.receipt or {}
        moved = receipt.get("moved_people", 0)
        return cls(
            **dict(RoundOut.of(row)),
            moved_people=_told(moved),
            most_people=_told(receipt.get("bound_people", moved)),
            is_proven_best=receipt.get("status") == "optimal",
            list_people=_told((row.fairness or {}).get("list_people", 0)),
            executed_people=_told(get_executed_people(row.pk)),
            proposals_open=count_answers(row.pk).open,
            practices=[RoundPracticeOut.of(line) for line in report.lines],
            flows=[
                RoundFlowOut(
                    from_practice_id=flow.came_from.id if flow.came_from else None,
                    to_practice_id=flow.to.id,
                    people=_told(flow.people),
                )
                for flow in report.flows
            ],
            groups=[RoundGroupOut.of(group) for group in report.groups],
            shortages=[
                RoundShortageOut(
                    practice_ids=[practice.id for practice in one.practices],
                    missing=_told(one.missing),
                )
                for one in report.shortages
            ],
            receipts=receipts,
        )


class PromiseOut(CamelSchema):
    """What a round does to the list of a practice at most, whatever comes out of it."""

    free_places: int
    max_inflow: int
    free_load: int | None = Field(description=f"{_THOUSANDTHS} Null: not bound.")
    most_growth: int = Field(description="People by which the list grows at most.")
    most_people: int | None = Field(description="On the list afterwards, if known.")
    least_leaving: int = Field(
        description="Of a round in which as many come as may: so many leave at least."
    )
    costs_nothing: bool = Field(description="The list does not grow, in no case.")

    @classmethod
    def of(cls, promise: Promise) -> Self:
        """Return the body of a promise."""
        return cls(
            free_places=promise.free_places,
            max_inflow=promise.max_inflow,
            free_load=promise.free_load,
            most_growth=promise.most_growth,
            most_people=promise.most_people,
            least_leaving=promise.least_leaving,
            costs_nothing=promise.costs_nothing,
        )


class BalanceOut(CamelSchema):
    """What proposals and moves come to at the own practice."""

    people_in: int
    people_out: int
    load_in: int = Field(description=_THOUSANDTHS)
    load_out: int = Field(description=_THOUSANDTHS)
    confirmed_in: int
    confirmed_out: int

    @classmethod
    def of(cls, balance: Balance) -> Self:
        """Return the body of a balance."""
        return cls(
            people_in=balance.people_in,
            people_out=balance.people_out,
            load_in=balance.load_in,
            load_out=balance.load_out,
            confirmed_in=balance.confirmed_in,
            confirmed_out=balance.confirmed_out,
        )


class PracticeRoundOut(RoundOut):
    """A round as it is for the own practice."""

    can_join: bool = Field(description="Also: change, or leave.")
    has_joined: bool
    most_inflow: int = Field(
        description="People that the desk can enter in time; more is not taken."
    )
    promise: PromiseOut | None = Field(description="Null: it takes no part.")
    balance: BalanceOut | None = Field(description="Once there are proposals.")

    @classmethod
    def told(cls, one: RoundOfPractice, service_id: int, *, at: datetime) -> Self:
        """Return the body of a round for a practice (at most three queries)."""
        most = most_inflow(one.round, service_id, at=at)
        promise = promise_of(one, most_inflow=most)
        return cls(
            **dict(RoundOut.of(one.round)),
            can_join=one.can_join(at),
            has_joined=one.joined is not None,
            most_inflow=most,
            promise=None if promise is None else PromiseOut.of(promise),
            balance=BalanceOut.of(get_balance(one.round.pk, service_id))
            if one.has_proposals and one.joined is not None
            else None,
        )


class PracticeRoundsOut(CamelSchema):
    """Rounds that run around the own practice, and lately finished ones it joined."""

    items: list[PracticeRoundOut]


class ParticipationIn(CamelSchema):
    """What the own practice gives to a round."""

    free_places: int = Field(
        ge=0, le=2_000, description="Given for good; 0: it only swaps."
    )
    max_inflow: int | None = Field(
        None, ge=0, le=2_000, description="Null: what the desk can enter in time."
    )
    free_load: int | None = Field(
        None,
        ge=0,
        le=4_600_000,
        description=f"How much heavier the list may get. {_THOUSANDTHS} Null: any.",
    )


class RoundLeftOut(CamelSchema):
    """Whether the practice took part before."""

    took_part: bool


@router.get(
    "/gp-rounds",
    response={200: RoundsOut, 400: Problem},
    summary="Swap rounds with a public report",
)
def read_rounds(request: HttpRequest, query: Query[RoundsQuery]) -> RoundsOut:
    """Answer newest first. Public."""
    refuse_unknown_parameters(request, query)
    return RoundsOut(
        items=[RoundOut.of(row) for row in list_published_rounds(limit=query.limit)]
    )


@router.get(
    "/gp-rounds/{round_id}",
    response={200: RoundReportOut, 400: Problem, 401: Problem, 404: Problem},
    summary="The report of one swap round: who moves where, prices, fairness",
)
def read_round(request: HttpRequest, round_id: int) -> RoundReportOut:
    """Answer once proposals were sent; before that only who runs the round. Public."""
    row = find_reported_round(get_request_actor(request), round_id)
    return RoundReportOut.told(
        row,
        get_round_report(row, at=timezone.now()),
        receipts=[one.number for one in list_passes(row.pk)],
    )


@router.get(
    "/gp-rounds/{round_id}/receipts/{number}",
    response={200: dict[str, Any], 400: Problem, 401: Problem, 404: Problem},
    summary="What proves a division of a swap round",
)
def read_round_receipt(
    request: HttpRequest, round_id: int, number: int
) -> dict[str, Any]:
    """Answer aims with their bounds, and the hash of what was divided. Public."""
    row = find_reported_round(get_request_actor(request), round_id)
    found = find_pass(row.pk, number)
    if found is None:
        raise UnknownRound(
            _("Round %(name)s has no division %(number)s.")
            % {"name": row.name, "number": number}
        )
    return make_public_receipt(found.receipt, row=row, number=number)


@router.get(
    "/gp-practices/{service_id}/rounds",
    response={200: PracticeRoundsOut, **_REFUSALS},
    summary="Swap rounds that the own practice can join, or joined",
)
def read_practice_rounds(request: HttpRequest, service_id: int) -> PracticeRoundsOut:
    """Answer soonest first, with the promise of each that was joined."""
    check_can_keep_list(get_request_actor(request), get_service_target(service_id))
    now = timezone.now()
    region_id = find_region_id(get_gp_practice(service_id, at=now))
    return PracticeRoundsOut(
        items=[
            PracticeRoundOut.told(one, service_id, at=now)
            for one in list_rounds_of_practice(service_id, region_id=region_id, at=now)
        ]
    )


@router.get(
    "/gp-practices/{service_id}/rounds/{round_id}",
    response={200: PracticeRoundOut, **_REFUSALS},
    summary="What one swap round means for the own practice",
)
def read_practice_round(
    request: HttpRequest, service_id: int, round_id: int
) -> PracticeRoundOut:
    """Answer the promise, and what came of it once there are proposals."""
    check_can_keep_list(get_request_actor(request), get_service_target(service_id))
    return _practice_round(round_id, service_id)


@router.put(
    "/gp-practices/{service_id}/rounds/{round_id}/participation",
    response={200: PracticeRoundOut, **_REFUSALS},
    summary="Join a swap round, or change what the own practice gives to it",
)
def write_participation(
    request: HttpRequest, service_id: int, round_id: int, body: ParticipationIn
) -> PracticeRoundOut:
    """Take what it gives; 409 once practices can no longer join."""
    join_round(
        actor=get_writing_actor(request),
        round_id=round_id,
        service_id=service_id,
        free_places=body.free_places,
        max_inflow=body.max_inflow,
        free_load=body.free_load,
        at=timezone.now(),
    )
    return _practice_round(round_id, service_id)


@router.delete(
    "/gp-practices/{service_id}/rounds/{round_id}/participation",
    response={200: RoundLeftOut, **_REFUSALS},
    summary="Leave a swap round",
)
def write_leaving_round(
    request: HttpRequest, service_id: int, round_id: int
) -> RoundLeftOut:
    """Take part no longer; 409 once practices can no longer leave."""
    return RoundLeftOut(
        took_part=leave_round(
            actor=get_writing_actor(request),
            round_id=round_id,
            service_id=service_id,
            at=timezone.now(),
        )
    )


def _practice_round(round_id: int, service_id: int) -> PracticeRoundOut:
    now = timezone.now()
    return PracticeRoundOut.told(
        get_round_of_practice(round_id, service_id, at=now), service_id, at=now
    )


def _told(people: int) -> int | None:
    """Return a number of people as it may be told in public."""
    return None if 0 < people < LEAST_TOLD else people
