"""REST of GP lists for a practice's own system: its list, its proposals, its work.

Only translates: every rule lives in the services, so that a page and a supplier's
system get the same answer. What one may not know of answers 404.
"""

from datetime import date, datetime
from typing import Self

from django.http import HttpRequest
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from wijkspil.accounts.requests import get_request_actor, get_writing_actor
from wijkspil.accounts.types import Actor
from wijkspil.core.api import CamelSchema, Flag, Id, Problem, Text
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.registrations.errors import UnknownMove, UnknownPractice
from wijkspil.registrations.permissions import can_keep_list, check_can_keep_list
from wijkspil.registrations.selectors.desk_work import WorkRow, list_work
from wijkspil.registrations.selectors.lists import ListNow, get_list
from wijkspil.registrations.selectors.proposals import (
    Proposal,
    get_proposal,
    list_proposals,
)
from wijkspil.registrations.services.desk_work import tick_work
from wijkspil.registrations.services.lists import publish_list
from wijkspil.registrations.services.moves import answer_for_practice
from wijkspil.registrations.services.practice_disclosure import (
    SeenMember,
    show_to_practice,
)
from wijkspil.registrations.types import (
    AgeBand,
    Answer,
    Conditions,
    ListGiven,
    ListReason,
    ListStatus,
    MoveStatus,
    RefusalReason,
)

router = Router(by_alias=True, tags=["GP lists"])

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_THOUSANDTHS = "In thousandths of somebody under 65."


class ConditionsBody(CamelSchema):
    """Who a list is for; empty: everybody."""

    postcodes: list[Text] = Field([], max_length=200, description="PC4 or PC6.")
    most_minutes: int | None = Field(None, description="By car from the practice.")
    only_with_member: Flag = False
    most_of_band: dict[AgeBand, int] = Field(
        {}, description="People a month per age band."
    )


class OwnListIn(CamelSchema):
    """What holds for the list from now on."""

    status: ListStatus
    reason: ListReason | None = Field(None, description="Needed unless it is open.")
    expected_until: date | None = None
    places_per_month: int | None = Field(None, description="Null: not limited.")
    load_per_month: int | None = Field(None, description=_THOUSANDTHS)
    conditions: ConditionsBody | None = Field(None, description="Null: everybody.")
    people: int | None = Field(None, description="People on the list.")
    work_per_day: int | None = Field(
        None, description="Registrations the desk usually enters a day."
    )

    def as_given(self) -> ListGiven:
        """Return the list as the services take it."""
        asked = self.conditions
        return ListGiven(
            status=self.status,
            reason=self.reason or "",
            expected_until=self.expected_until,
            places_per_month=self.places_per_month,
            load_per_month=self.load_per_month,
            conditions=Conditions()
            if asked is None
            else Conditions(
                postcodes=tuple(asked.postcodes),
                most_minutes=asked.most_minutes,
                only_with_member=asked.only_with_member,
                most_of_band={
                    str(band): cap for band, cap in asked.most_of_band.items()
                },
            ),
            people=self.people,
            work_per_day=self.work_per_day,
        )


class OwnListOut(CamelSchema):
    """What a practice says of its list, and what is left of it this month."""

    status: ListStatus
    reason: ListReason | None
    expected_until: date | None
    places_per_month: int | None
    load_per_month: int | None = Field(description=_THOUSANDTHS)
    conditions: ConditionsBody
    people: int | None
    places_left_this_month: int | None = Field(description="Null: not limited.")
    load_left: int | None = Field(description=_THOUSANDTHS)
    set_apart: int = Field(description="Places given to a round that still runs.")
    published_at: datetime
    publisher: str

    @classmethod
    def of(cls, now: ListNow) -> Self:
        """Return the body of a list."""
        conditions = now.conditions
        return cls(
            status=now.status,
            reason=ListReason(now.reason) if now.reason else None,
            expected_until=now.expected_until,
            places_per_month=now.places_per_month,
            load_per_month=now.load_per_month,
            conditions=ConditionsBody(
                postcodes=list(conditions.postcodes),
                most_minutes=conditions.most_minutes,
                only_with_member=conditions.only_with_member,
                most_of_band={
                    AgeBand(band): cap for band, cap in conditions.most_of_band.items()
                },
            ),
            people=now.people,
            places_left_this_month=now.places_left_this_month,
            load_left=now.load_left,
            set_apart=now.set_apart,
            published_at=now.published_at,
            publisher=now.publisher,
        )


class ProposalOut(CamelSchema):
    """A household proposed to a practice, without who it is."""

    id: int
    number: str
    round_id: int | None = Field(description="Null: it registers directly.")
    from_practice_id: int | None
    to_practice_id: int
    people: int
    load: int = Field(description=_THOUSANDTHS)
    age_bands: list[AgeBand]
    pc4: str
    status: MoveStatus
    household_said_yes: bool
    practice_answer: Answer
    answer_by: datetime
    effective_on: date
    is_known: bool = Field(description="Whether who they are can be asked.")

    @classmethod
    def of(cls, one: Proposal) -> Self:
        """Return the body of a proposal."""
        return cls(
            id=one.move_id,
            number=one.number,
            round_id=one.round_id,
            from_practice_id=one.from_id,
            to_practice_id=one.to_id,
            people=one.size,
            load=one.load,
            age_bands=[AgeBand(band) for band in one.bands],
            pc4=one.pc4,
            status=one.status,
            household_said_yes=one.household_answer == Answer.YES,
            practice_answer=Answer(one.practice_answer),
            answer_by=one.answer_by,
            effective_on=one.effective_on,
            is_known=one.is_known,
        )


class ProposalsOut(CamelSchema):
    """Proposals that still run, soonest to answer first."""

    items: list[ProposalOut]


class AnswerIn(CamelSchema):
    """Yes, or no with a reason; health is never one."""

    answer: Answer
    reason: RefusalReason | None = Field(None, description="With a no.")


class MemberOut(CamelSchema):
    """One member of a household."""

    name: str
    birth_date: date

    @classmethod
    def of(cls, member: SeenMember) -> Self:
        """Return the body of a member."""
        return cls(name=member.name, birth_date=member.birth_date)


class HouseholdOut(CamelSchema):
    """Who comes; every answer that holds this is logged."""

    members: list[MemberOut]


class WorkRowOut(CamelSchema):
    """A registration to enter, or a record to send on, with who they are."""

    proposal_id: int
    number: str
    what: str = Field(description="enter or send-record.")
    people: int
    other_practice_id: int | None
    effective_on: date
    work_on: date
    members: list[MemberOut]

    @classmethod
    def of(cls, row: WorkRow, members: tuple[SeenMember, ...]) -> Self:
        """Return the body of a row."""
        return cls(
            proposal_id=row.move_id,
            number=row.number,
            what="enter" if row.is_in else "send-record",
            people=row.size,
            other_practice_id=row.other_id,
            effective_on=row.effective_on,
            work_on=row.work_on,
            members=[MemberOut.of(member) for member in members],
        )


class WorkOut(CamelSchema):
    """What waits at the desk, by working day."""

    items: list[WorkRowOut]


class WorkDoneIn(CamelSchema):
    """Which rows were done, or were not done after all."""

    proposal_ids: list[Id] = Field(max_length=1000)
    is_done: Flag = True


class WorkDoneOut(CamelSchema):
    """How many rows changed; what was so already does not count."""

    changed: int


@router.get(
    "/gp-practices/{service_id}/list",
    response={200: OwnListOut, **_REFUSALS},
    summary="What the own practice says of its list, with what is left of the month",
)
def read_own_list(request: HttpRequest, service_id: int) -> OwnListOut:
    """Answer the list of the own practice; 404 if it said nothing yet."""
    check_can_keep_list(get_request_actor(request), get_service_target(service_id))
    return OwnListOut.of(_own_list(service_id))


@router.put(
    "/gp-practices/{service_id}/list",
    response={200: OwnListOut, **_REFUSALS},
    summary="Publish what holds for the list of the own practice from now on",
)
def write_own_list(
    request: HttpRequest, service_id: int, body: OwnListIn
) -> OwnListOut:
    """Store it beside what held before."""
    publish_list(
        actor=get_writing_actor(request),
        service_id=service_id,
        given=body.as_given(),
        at=timezone.now(),
    )
    return OwnListOut.of(_own_list(service_id))


@router.get(
    "/gp-practices/{service_id}/proposals",
    response={200: ProposalsOut, **_REFUSALS},
    summary="Households proposed to the own practice, without who they are",
)
def read_proposals(request: HttpRequest, service_id: int) -> ProposalsOut:
    """Answer those that still run."""
    check_can_keep_list(get_request_actor(request), get_service_target(service_id))
    return ProposalsOut(
        items=[ProposalOut.of(one) for one in list_proposals(service_id)]
    )


@router.get(
    "/gp-proposals/{proposal_id}",
    response={200: ProposalOut, **_REFUSALS},
    summary="One household proposed to the own practice, without who it is",
)
def read_proposal(request: HttpRequest, proposal_id: int) -> ProposalOut:
    """Answer where it stands."""
    return ProposalOut.of(_find(get_request_actor(request), proposal_id))


@router.get(
    "/gp-proposals/{proposal_id}/household",
    response={200: HouseholdOut, **_REFUSALS},
    summary="Who comes to the own practice, once they said yes; logged",
)
def read_household(request: HttpRequest, proposal_id: int) -> HouseholdOut:
    """Answer names and dates of birth; 404 until the household said yes."""
    actor = get_request_actor(request)
    one = _find(actor, proposal_id)
    members = show_to_practice(
        actor=actor,
        service_id=one.to_id,
        move_ids=[proposal_id],
        purpose="api.household",
        at=timezone.now(),
    ).get(proposal_id)
    if members is None:
        raise UnknownMove(
            _("Who they are is known once they say yes, and is not kept for long.")
        )
    return HouseholdOut(members=[MemberOut.of(member) for member in members])


@router.post(
    "/gp-proposals/{proposal_id}/answer",
    response={200: ProposalOut, **_REFUSALS},
    summary="Answer a household that is proposed: yes, or no with a reason",
)
def write_answer(request: HttpRequest, proposal_id: int, body: AnswerIn) -> ProposalOut:
    """Take the answer; 409 once the proposal or its time is over."""
    actor = get_writing_actor(request)
    _find(actor, proposal_id)
    answer_for_practice(
        actor=actor,
        move_id=proposal_id,
        answer=body.answer,
        reason=body.reason or "",
        at=timezone.now(),
    )
    return ProposalOut.of(get_proposal(proposal_id))


@router.get(
    "/gp-practices/{service_id}/work",
    response={200: WorkOut, **_REFUSALS},
    summary="Registrations to enter and records to send on, by working day; logged",
)
def read_work(request: HttpRequest, service_id: int) -> WorkOut:
    """Answer what waits, with who they are."""
    actor, now = get_request_actor(request), timezone.now()
    check_can_keep_list(actor, get_service_target(service_id))
    rows = list_work(service_id, today=localdate(now), with_done=False)
    members = show_to_practice(
        actor=actor,
        service_id=service_id,
        move_ids=[row.move_id for row in rows],
        purpose="api.work",
        at=now,
    )
    return WorkOut(
        items=[WorkRowOut.of(row, members.get(row.move_id, ())) for row in rows]
    )


@router.post(
    "/gp-practices/{service_id}/work",
    response={200: WorkDoneOut, **_REFUSALS},
    summary="Tick off what the desk did, or take a tick back",
)
def write_work(request: HttpRequest, service_id: int, body: WorkDoneIn) -> WorkDoneOut:
    """Leave rows of another practice as they are."""
    return WorkDoneOut(
        changed=tick_work(
            actor=get_writing_actor(request),
            service_id=service_id,
            move_ids=body.proposal_ids,
            is_done=body.is_done,
            at=timezone.now(),
        )
    )


def _own_list(service_id: int) -> ListNow:
    now = get_list(service_id, timezone.now())
    if now is None:
        raise UnknownPractice(_("This practice has not said anything of its list yet."))
    return now


def _find(actor: Actor, proposal_id: int) -> Proposal:
    one = get_proposal(proposal_id)
    if not can_keep_list(actor, get_service_target(one.to_id)):
        raise UnknownMove(
            _("There is no proposal %(id)s that you may see.") % {"id": proposal_id}
        )
    return one
