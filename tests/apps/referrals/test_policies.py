"""Every act in every state: what the table allows happens, all else changes nothing."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.timezone import localdate

from tests.apps.referrals.identity import everything_stored
from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    AGREED,
    PATIENT,
    AssignmentAgreementFactory,
    Person,
    ReferralsWijk,
    draft,
    make_person,
    make_team,
    make_wijk,
)
from wijkspil.accounts.types import Actor, Role
from wijkspil.core.states import draw_states
from wijkspil.directory.models import CapacityReservation, HealthcareService
from wijkspil.referrals.errors import NotNow
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.policies import TRANSITIONS, can, next_status
from wijkspil.referrals.services import changes, course, offers, requests, steering
from wijkspil.referrals.types import OfferStatus, RequestStatus

S = RequestStatus


@dataclass
class Case:
    """A request in a wijk whose only team is asked by the coordinator alone."""

    wijk: ReferralsWijk
    team: HealthcareService
    nurse: Person
    request: ServiceRequest

    @property
    def who_gives_care(self) -> Actor:
        """Return the nurse when the team has the client, else the coordinator."""
        request = ServiceRequest.objects.get(pk=self.request.pk)
        person = self.nurse if request.placed_service_id else self.wijk.coordinator
        return person.actor

    def act(self, name: str, **other: Any) -> None:
        """Do an act of the table with values that are right."""
        wijk = self.wijk
        given = {"request_id": self.request.pk, "at": wijk.at + timedelta(hours=1)}
        day = localdate(wijk.at) + timedelta(days=14)
        acts: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
            "submit": (
                requests.submit_request,
                {
                    "actor": wijk.referrer.actor,
                    "patient": PATIENT,
                    "consent": AGREED,
                },
            ),
            "ask teams": (
                offers.ask_teams,
                {"actor": wijk.referrer.actor, "service_ids": [self._team().pk]},
            ),
            "accept": (
                offers.assign_by_agreement,
                {"actor": wijk.coordinator.actor, "service_id": self.team.pk},
            ),
            "set hours": (
                course.set_hours,
                {
                    "actor": self.who_gives_care,
                    "hours_per_week": Decimal("2.5"),
                    "review_on": day,
                },
            ),
            "start care": (course.start_care, {"actor": self.who_gives_care}),
            "end care": (
                course.end_care,
                {"actor": self.who_gives_care, "reason": "goals-reached"},
            ),
            "bridge": (
                steering.bridge,
                {
                    "actor": wijk.coordinator.actor,
                    "helped_by": "De huisarts",
                    "until": day,
                },
            ),
            "move to temporary stay": (
                steering.move_to_temporary_stay,
                {"actor": wijk.coordinator.actor, "where": "Zorghotel"},
            ),
            "hand to the insurer": (
                steering.hand_to_insurer,
                {"actor": wijk.coordinator.actor},
            ),
            "withdraw": (
                steering.withdraw_request,
                {"actor": wijk.referrer.actor, "reason": "own-network"},
            ),
            "cancel": (
                steering.cancel_request,
                {"actor": wijk.referrer.actor, "reason": "mistake"},
            ),
            "stop assignment": (
                course.stop_assignment,
                {
                    "actor": self.who_gives_care,
                    "ground": "skills",
                    "explanation": "Niemand kan dit nu veilig doen.",
                },
            ),
            "re-open": (
                course.reopen_request,
                {"actor": wijk.coordinator.actor, "reason": "changed-mind"},
            ),
            "pause": (
                changes.pause_request,
                {
                    "actor": wijk.referrer.actor,
                    "where": "hospital",
                    "home_on": day,
                },
            ),
            "resume with the team": (
                changes.resume_request,
                {"actor": wijk.referrer.actor, "first_visit_on": day},
            ),
            "resume the search": (
                self._resume_without_team,
                {"actor": wijk.referrer.actor, "first_visit_on": day},
            ),
            "report a death": (changes.report_death, {"actor": wijk.referrer.actor}),
            "move the first visit": (
                changes.move_first_visit,
                {
                    "actor": wijk.referrer.actor,
                    "day": day,
                    "reason": "discharge-later",
                },
            ),
            "change what is needed": (
                changes.change_asked_care,
                {
                    "actor": wijk.referrer.actor,
                    "tasks": ["wound", "stockings"],
                    "parts_of_day": ["morning", "evening"],
                    "reason": "worse",
                },
            ),
        }
        do, values = acts[name]
        do(**(given | values | other))

    def _resume_without_team(self, **values: Any) -> None:
        """Come home after the place was given to others."""
        changes.release_kept_rooms(at=self.wijk.at + timedelta(days=30))
        later = self.wijk.at + timedelta(days=30)
        changes.resume_request(
            **(values | {"at": later, "first_visit_on": localdate(later)})
        )

    def decline_all(self) -> None:
        """Let every team that has the question say no."""
        for pk in Offer.objects.filter(
            request=self.request, status=OfferStatus.OPEN
        ).values_list("pk", flat=True):
            offers.decline_offer(
                actor=self.nurse.actor,
                offer_id=pk,
                reason="travel",
                at=self.wijk.at + timedelta(minutes=30),
            )

    def _team(self) -> HealthcareService:
        """Return a team that does not have the question."""
        asked = Offer.objects.filter(request=self.request, status=OfferStatus.OPEN)
        if not asked.exists():
            return self.team
        return make_team(AreaFactory(), name="Nog een team")


#: How to come there from a draft.
WAYS: dict[RequestStatus, list[str]] = {
    S.DRAFT: [],
    S.OPEN: ["submit"],
    S.OFFERED: ["submit", "ask teams"],
    S.BRIDGED: ["submit", "bridge"],
    S.ACCEPTED: ["submit", "accept"],
    S.INTAKE_DONE: ["submit", "accept", "set hours"],
    S.IN_CARE: ["submit", "accept", "set hours", "start care"],
    S.PAUSED: ["submit", "accept", "pause"],
    S.ENDED: ["submit", "accept", "set hours", "start care", "end care"],
    S.TEMPORARY_STAY: ["submit", "move to temporary stay"],
    S.MEDIATION: ["submit", "hand to the insurer"],
    S.WITHDRAWN: ["submit", "ask teams", "withdraw"],
    S.CANCELLED: ["submit", "cancel"],
}


def make_case(status: RequestStatus) -> Case:
    """Make a request in a state, by the acts that lead there."""
    wijk = make_wijk(teams=0)
    team = make_team(AreaFactory(), name="Team van buiten", new_clients=9)
    nurse = make_person(
        Role.TEAM_MEMBER, name="N. Urse", service=team, organization=team.organization
    )
    AssignmentAgreementFactory(organization=team.organization, region=wijk.region)
    case = Case(wijk, team, nurse, draft(wijk, insurer="3311"))
    for act in WAYS[status]:
        case.act(act)
    case.request.refresh_from_db()
    assert case.request.status == status
    return case


ACTS = [act for act in TRANSITIONS if act != "all decline"]


@pytest.mark.django_db
@pytest.mark.parametrize(("act", "status"), list(itertools.product(ACTS, S)))
def test_an_act_does_what_the_table_says_and_nothing_else(
    act: str, status: RequestStatus
) -> None:
    case = make_case(status)
    after = TRANSITIONS[act].get(status)
    before = everything_stored()
    if after is None:
        with pytest.raises(NotNow, match=str(S(status).label)):
            case.act(act)
        assert everything_stored() == before
        return
    case.act(act)
    case.request.refresh_from_db()
    assert case.request.status == after
    added = len(everything_stored()["RequestEvent"]) - len(before["RequestEvent"])
    assert added >= 1


@pytest.mark.django_db
def test_when_all_decline_it_is_open_again() -> None:
    case = make_case(S.OFFERED)
    case.decline_all()
    case.request.refresh_from_db()
    assert case.request.status == TRANSITIONS["all decline"][S.OFFERED]


@pytest.mark.django_db
@pytest.mark.parametrize("status", [s for s in S if s != S.OFFERED])
def test_a_question_waits_only_while_it_is_offered(status: RequestStatus) -> None:
    case = make_case(status)
    assert not case.request.offers.filter(status=OfferStatus.OPEN).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("status", list(S))
def test_room_is_taken_while_a_team_has_the_client(status: RequestStatus) -> None:
    case = make_case(status)
    running = CapacityReservation.objects.filter(released_at=None)
    expected = (
        [case.request.number]
        if status in (S.ACCEPTED, S.INTAKE_DONE, S.IN_CARE, S.PAUSED)
        else []
    )
    assert list(running.values_list("reference", flat=True)) == expected


def test_the_table_reaches_every_state_from_a_draft() -> None:
    reached = {S.DRAFT}
    for _round in S:
        reached |= {
            after
            for moves in TRANSITIONS.values()
            for before, after in moves.items()
            if before in reached
        }
    assert reached == set(S)


def test_a_refusal_names_the_state_in_words() -> None:
    assert can("accept", "offered")
    assert not can("accept", "ended")
    with pytest.raises(NotNow, match="Care has ended"):
        next_status("accept", "ended")


def test_the_diagram_shows_every_transition_once() -> None:
    lines = draw_states(
        TRANSITIONS, RequestStatus.DRAFT, reopening=["re-open"]
    ).splitlines()
    arrows = sum(len(moves) for moves in TRANSITIONS.values())
    assert len([line for line in lines if ": " in line]) == arrows
    assert len(lines) == len(set(lines))
    assert "    withdrawn --> [*]" in lines
