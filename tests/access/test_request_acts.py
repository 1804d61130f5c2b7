"""Every act on a request x every role x every state: who the table names, and no other.

The table is ``referrals.policies.WHO``. Who is not named is refused before anything
changes, and before the state is looked at, so a refusal tells nothing.
"""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.apps.referrals.identity import everything_stored
from tests.apps.referrals.test_policies import Case, make_case
from tests.factories.directory import AreaFactory, OrganizationFactory
from tests.factories.referrals import make_coordinator, make_person
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.errors import NotPermitted, WijkspilError
from wijkspil.referrals import permissions
from wijkspil.referrals.errors import NotNow
from wijkspil.referrals.permissions import can_see_patient, can_see_request
from wijkspil.referrals.policies import TRANSITIONS, WHO
from wijkspil.referrals.selectors.requests import get_request, team_target
from wijkspil.referrals.services.changes import release_kept_rooms
from wijkspil.referrals.services.course import reopen_request
from wijkspil.referrals.services.disclosure import show_patient
from wijkspil.referrals.services.offers import (
    accept_offer,
    assign_by_agreement,
    decline_offer,
    record_phone_agreement,
)
from wijkspil.referrals.types import PLACED, RequestStatus

S = RequestStatus
#: Acts that the walk through the states knows how to do.
ACTS = [act for act in TRANSITIONS if act not in ("all decline", "accept")]
#: Whom each stands for in the table; None: somebody without a part in the request.
PEOPLE: dict[str, str | None] = {
    "visitor": None,
    "who asked": "requester",
    "colleague": "requester",
    "system of who asked": "requester",
    "coordinator": "coordinator",
    "nurse": "team",
    "manager": "team",
    "system of the team": "team",
    "nurse of another team": None,
    "manager of another provider": None,
    "system of another provider": None,
    "referrer of another practice": None,
    "coordinator elsewhere": None,
    "insurer of the region": None,
    "auditor": None,
    "administrator": None,
    "directory editor": None,
    "resident with an account": None,
}


@dataclass(frozen=True)
class Stage:
    """A request in a state, and everybody around it."""

    case: Case
    people: dict[str, Actor]


def make_stage(status: RequestStatus) -> Stage:
    """Make a request in a state with everybody around it."""
    case = make_case(status)
    wijk = case.wijk
    other = OrganizationFactory()

    def person(role: Role, **bound_to: Any) -> Actor:
        return make_person(role, name=str(role.label), **bound_to).actor

    def system(organization_id: int) -> Actor:
        grant = Grant(Role.PROVIDER_SYSTEM, organization_id=organization_id)
        return Actor(label="system:planning", grants=(grant,))

    people = {
        "visitor": Actor(),
        "who asked": wijk.referrer.actor,
        "colleague": wijk.colleague.actor,
        "system of who asked": system(wijk.practice.pk),
        "coordinator": wijk.coordinator.actor,
        "nurse": case.nurse.actor,
        "manager": person(Role.PROVIDER_MANAGER, organization=case.team.organization),
        "system of the team": system(case.team.organization_id),
        "nurse of another team": person(Role.TEAM_MEMBER, organization=other),
        "manager of another provider": person(
            Role.PROVIDER_MANAGER, organization=other
        ),
        "system of another provider": system(other.pk),
        "referrer of another practice": wijk.transfer_nurse.actor,
        "coordinator elsewhere": make_coordinator(AreaFactory(region=True)).actor,
        "insurer of the region": person(Role.INSURER, region=wijk.region),
        "auditor": person(Role.AUDITOR),
        "administrator": person(Role.ADMINISTRATOR, region=wijk.region),
        "directory editor": person(Role.DIRECTORY_EDITOR, region=wijk.region),
        "resident with an account": person(Role.RESIDENT),
    }
    assert set(people) == set(PEOPLE)
    return Stage(case, people)


def may(act: str, who: str, status: RequestStatus) -> bool:
    """Whether the table lets somebody do an act in a state."""
    part = PEOPLE[who]
    if part == "team":
        # Without a client the team has no part; of a closed one it has none either.
        if act == "re-open":
            return status in PLACED
        if WHO[act] != ("team",) and status not in (*PLACED, S.PAUSED):
            return False
        return part in WHO[act]
    return part in WHO[act]


@pytest.mark.django_db
@pytest.mark.parametrize("status", list(S))
def test_who_is_not_named_is_refused_and_changes_nothing(
    status: RequestStatus,
) -> None:
    stage = make_stage(status)
    before = everything_stored()
    for act, (who, actor) in itertools.product(ACTS, stage.people.items()):
        if may(act, who, status) or (act, status) == RELEASES_FIRST:
            continue
        # Where nobody has the client, who steers hears that rather than a refusal; and
        # the team whose care has ended may still know of it.
        has_part = (PEOPLE[who] is not None and WHO[act] == ("team",)) or (
            PEOPLE[who] == "team"
            and (status == S.ENDED or (act == "resume the search" and status in PLACED))
        )
        with pytest.raises((NotPermitted, NotNow) if has_part else NotPermitted):
            stage.case.act(act, actor=actor)
    assert everything_stored() == before


#: The walk gives the place to others before the search goes on.
RELEASES_FIRST = ("resume the search", S.PAUSED)


@pytest.mark.django_db
def test_when_the_place_is_no_longer_kept_the_team_has_no_part_any_more() -> None:
    stage = make_stage(S.PAUSED)
    case = stage.case
    later = case.wijk.at + timedelta(days=30)
    assert release_kept_rooms(at=later) == 1
    before = everything_stored()
    for who, actor in stage.people.items():
        if may("resume the search", who, S.PAUSED):
            continue
        with pytest.raises(NotPermitted):
            case.act("resume the search", actor=actor)
        for act in ("pause", "report a death", "resume with the team"):
            with pytest.raises(NotPermitted):
                case.act(act, actor=actor)
        assert not can_see_request(actor, get_request(case.request.pk), None)
    assert everything_stored() == before


NAMED = [
    (act, who)
    for act, who in itertools.product(ACTS, PEOPLE)
    if any(may(act, who, status) for status in TRANSITIONS[act])
]


@pytest.mark.django_db
@pytest.mark.parametrize(("act", "who"), NAMED)
def test_who_is_named_can_do_it(act: str, who: str) -> None:
    status = next(s for s in TRANSITIONS[act] if may(act, who, s))
    stage = make_stage(status)
    stage.case.act(act, actor=stage.people[who])
    assert stage.case.request.events.latest("pk").actor_name


@pytest.mark.django_db
class TestAnswering:
    def test_only_the_team_that_was_asked_answers(self) -> None:
        stage = make_stage(S.OFFERED)
        offer = stage.case.request.offers.get()
        at = stage.case.wijk.at + timedelta(minutes=5)
        before = everything_stored()
        for who, actor in stage.people.items():
            if PEOPLE[who] == "team":
                continue
            with pytest.raises(NotPermitted):
                accept_offer(actor=actor, offer_id=offer.pk, at=at)
            with pytest.raises(NotPermitted):
                decline_offer(actor=actor, offer_id=offer.pk, reason="travel", at=at)
            assert everything_stored() == before, who

    @pytest.mark.parametrize("who", [w for w, part in PEOPLE.items() if part == "team"])
    def test_everybody_of_that_team_may(self, who: str) -> None:
        stage = make_stage(S.OFFERED)
        offer = stage.case.request.offers.get()
        at = stage.case.wijk.at + timedelta(minutes=5)
        request = accept_offer(actor=stage.people[who], offer_id=offer.pk, at=at)
        assert request.status == S.ACCEPTED

    def test_who_steers_records_a_phone_call_and_a_coordinator_assigns(self) -> None:
        stage = make_stage(S.OPEN)
        at = stage.case.wijk.at + timedelta(minutes=5)
        values: dict[str, Any] = {
            "request_id": stage.case.request.pk,
            "service_id": stage.case.team.pk,
            "at": at,
        }
        before = everything_stored()
        for who, actor in stage.people.items():
            if PEOPLE[who] not in ("requester", "coordinator"):
                with pytest.raises(NotPermitted):
                    record_phone_agreement(actor=actor, spoke_with="", **values)
            if PEOPLE[who] != "coordinator":
                with pytest.raises(NotPermitted):
                    assign_by_agreement(actor=actor, **values)
            assert everything_stored() == before, who


@pytest.mark.django_db
@pytest.mark.parametrize("status", list(S))
def test_a_request_and_its_client_are_seen_by_who_has_a_part_in_it(
    status: RequestStatus,
) -> None:
    stage = make_stage(status)
    request = get_request(stage.case.request.pk)
    team = team_target(request)
    for who, actor in stage.people.items():
        has_part = PEOPLE[who] in ("requester", "coordinator") or (
            PEOPLE[who] == "team" and status in (*PLACED, S.PAUSED, S.ENDED)
        )
        assert can_see_request(actor, request, team) is has_part, who
        assert can_see_patient(actor, request, team) is has_part, who
        if not has_part:
            with pytest.raises(NotPermitted):
                show_patient(
                    actor=actor,
                    request_id=request.pk,
                    purpose="look",
                    at=stage.case.wijk.at,
                )


@pytest.mark.django_db
def test_a_refusal_comes_before_the_state_is_told() -> None:
    stage = make_stage(S.ENDED)
    with pytest.raises(WijkspilError) as refusal:
        reopen_request(
            actor=stage.people["referrer of another practice"],
            request_id=stage.case.request.pk,
            reason="mistake",
            at=stage.case.wijk.at,
        )
    assert isinstance(refusal.value, NotPermitted)


def test_the_table_names_somebody_for_every_act() -> None:
    assert set(WHO) == set(TRANSITIONS)
    assert all(WHO.values())


def test_checks_of_requests_come_in_pairs() -> None:
    names = vars(permissions)
    checks = {n.removeprefix("check_") for n in names if n.startswith("check_can_")}
    answers = {n for n in names if n.startswith("can_")}
    assert checks - {"can_steer_request"} == answers - {"can_see_patient"}
