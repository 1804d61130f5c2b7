"""From acceptance to the end of care, and what always holds whatever people do."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils.timezone import localdate
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.apps.referrals.identity import everything_stored, tables_with_identity
from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    AT,
    FAMILY,
    AssignmentAgreementFactory,
    make_coordinator,
    make_person,
    make_team,
    make_wijk,
    place,
    send,
)
from wijkspil.accounts.types import Actor, Role
from wijkspil.core.errors import NotPermitted, WijkspilError
from wijkspil.directory.models import CapacityReservation
from wijkspil.directory.selectors.capacity import get_room_left
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.models import Offer, RequestEvent, ServiceRequest
from wijkspil.referrals.policies import TRANSITIONS, can
from wijkspil.referrals.services import consent, course, offers, steering
from wijkspil.referrals.services.retention import remove_old_patients
from wijkspil.referrals.types import (
    OWNED,
    PLACED,
    UNPLACED,
    CloseReason,
    DeclineReason,
    OfferStatus,
    ReopenReason,
    RequestStatus,
)

LATER = AT + timedelta(hours=1)
REVIEW = date(2026, 12, 15)


def set_hours(wijk, request, **changes):
    return course.set_hours(
        **{
            "actor": wijk.nurses[0].actor,
            "request_id": request.pk,
            "hours_per_week": Decimal("5.5"),
            "review_on": REVIEW,
            "at": LATER,
            **changes,
        }
    )


def reserved(request):
    return CapacityReservation.objects.get(
        reference=request.number, released_at=None
    ).hours_per_week


@pytest.mark.django_db
class TestCare:
    def test_the_reservation_follows_the_hours_the_nurse_sets(self):
        wijk = make_wijk()
        request = place(wijk)
        assert reserved(request) == request.hours_high == Decimal("3.25")
        set_hours(wijk, request, hours_expected=Decimal(2))
        assert reserved(request) == Decimal("5.50")
        request.refresh_from_db()
        assert (request.status, request.hours_expected) == ("intake-done", Decimal(2))
        set_hours(wijk, request, hours_per_week=Decimal("2.25"))
        assert reserved(request) == Decimal("2.25")
        assert list(request.events.order_by("pk").values_list("kind", flat=True))[
            -2:
        ] == ["intake", "hours-changed"]

    def test_care_starts_is_reviewed_and_ends_and_the_room_is_given_back(self):
        wijk = make_wijk()
        request = place(wijk)
        nurse = wijk.nurses[0].actor
        set_hours(wijk, request)
        course.start_care(actor=nurse, request_id=request.pk, at=LATER)
        set_hours(wijk, request, hours_per_week=Decimal(1))
        request.refresh_from_db()
        assert (request.status, reserved(request)) == ("in-care", Decimal(1))
        course.end_care(
            actor=nurse, request_id=request.pk, reason="goals-reached", at=LATER
        )
        request.refresh_from_db()
        assert (request.status, request.close_reason) == ("ended", "goals-reached")
        assert request.closed_at == LATER
        room = get_room_left([wijk.teams[0].pk], at=LATER)[wijk.teams[0].pk]
        assert (room.clients, room.reserved_clients) == (2, 0)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"hours_per_week": Decimal(0)}, "hours_per_week"),
            ({"hours_per_week": Decimal("0.001")}, "hours_per_week"),
            ({"hours_per_week": Decimal("168.01")}, "hours_per_week"),
            ({"hours_per_week": Decimal("NaN")}, "hours_per_week"),
            ({"hours_per_week": Decimal("Infinity")}, "hours_per_week"),
            ({"hours_expected": Decimal(6)}, "hours_expected"),
            ({"hours_expected": Decimal(-1)}, "hours_expected"),
            ({"review_on": date(2026, 11, 17)}, "review_on"),
        ],
    )
    def test_a_wrong_figure_is_refused_at_its_field(self, changes, field):
        wijk = make_wijk()
        request = place(wijk)
        with pytest.raises(InvalidRequest) as refusal:
            set_hours(wijk, request, **changes)
        assert list(refusal.value.fields) == [field]
        request.refresh_from_db()
        assert (request.status, reserved(request)) == ("accepted", Decimal("3.25"))

    def test_only_the_team_that_has_the_client_acts(self):
        wijk = make_wijk()
        request = place(wijk)
        others = [wijk.nurses[1], wijk.referrer, wijk.coordinator, wijk.managers[2]]
        for person in others:
            with pytest.raises(NotPermitted):
                set_hours(wijk, request, actor=person.actor)
            with pytest.raises(NotPermitted):
                course.start_care(actor=person.actor, request_id=request.pk, at=LATER)
            with pytest.raises(NotPermitted):
                course.end_care(
                    actor=person.actor, request_id=request.pk, reason="died", at=LATER
                )

    def test_an_unknown_reason_to_end_is_refused(self):
        wijk = make_wijk()
        request = place(wijk)
        set_hours(wijk, request)
        course.start_care(actor=wijk.nurses[0].actor, request_id=request.pk, at=LATER)
        with pytest.raises(InvalidRequest, match="Choose why"):
            course.end_care(
                actor=wijk.nurses[0].actor,
                request_id=request.pk,
                reason="tired",
                at=LATER,
            )


class Course(RuleBasedStateMachine):
    """People do what comes to their mind, in any order, on a few requests."""

    def __init__(self) -> None:
        super().__init__()
        # Each play is undone at its end.
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now = AT
        self.told: list[tuple[Any, ...]] = []

    def teardown(self) -> None:
        """Undo the play."""
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize(clients=st.integers(0, 2), coordinators=st.integers(0, 2))
    def begin(self, clients: int, coordinators: int) -> None:
        """Make a wijk with little room."""
        self.wijk = make_wijk(
            teams=2, new_clients=clients, with_coordinator=coordinators > 0
        )
        # Somebody of elsewhere coordinates too: it must never be theirs.
        make_coordinator(AreaFactory(region=True))
        self.coordinator = self.wijk.coordinator_if_any or make_coordinator(
            self.wijk.region
        )
        if coordinators == 0:
            self.coordinator.user.is_active = False
            self.coordinator.user.save()
        if coordinators == 2:
            make_coordinator(self.wijk.region, name="Tweede")
        far = make_team(AreaFactory(), name="Ver weg", new_clients=1)
        self.teams = [*self.wijk.teams, far]
        self.nurses = {
            team.pk: make_person(
                Role.TEAM_MEMBER,
                name=f"Nurse of {team.pk}",
                service=team,
                organization=team.organization,
            ).actor
            for team in self.teams
        }
        for team in self.teams[:2]:
            AssignmentAgreementFactory(
                organization=team.organization, region=self.wijk.region
            )
        send(self.wijk, insurer="3311")
        placed = send(self.wijk)
        offers.record_phone_agreement(
            actor=self.wijk.referrer.actor,
            request_id=placed.pk,
            service_id=far.pk,
            spoke_with="Ans",
            at=AT,
        )

    def attempt(self, act: Callable[..., Any], **values: Any) -> None:
        """Do an act; a refusal must leave everything as it was."""
        before = everything_stored()
        try:
            with transaction.atomic():
                act(at=self.now, **values)
        except WijkspilError:
            assert everything_stored() == before

    def pick(self, which: int, act: str) -> ServiceRequest | None:
        """Return one of the requests; three times of four one where ``act`` can be."""
        requests = list(ServiceRequest.objects.order_by("pk"))
        fitting = [r for r in requests if can(act, r.status)]
        if which % 4 and fitting:
            requests = fitting
        return requests[which % len(requests)] if requests else None

    @rule(
        urgency=st.sampled_from(["today", "days"]),
        task=st.sampled_from(["stockings", "infusion"]),
        by_family=st.booleans(),
    )
    def ask(self, urgency: str, task: str, by_family: bool) -> None:
        """Send a request."""
        who: dict[str, Any] = (
            {"actor": Actor(), "requester": FAMILY} if by_family else {}
        )

        def act(at: Any) -> None:
            send(
                self.wijk,
                at=at,
                urgency=urgency,
                tasks=[task],
                insurer="3311",
                first_visit_on=localdate(at) + timedelta(days=1),
                **who,
            )

        self.attempt(act)

    @rule(minutes=st.integers(1, 3000))
    def wait(self, minutes: int) -> None:
        """Let time pass and the timers run."""
        self.now += timedelta(minutes=minutes)
        self.attempt(offers.run_timers)

    @rule(
        which=st.integers(0, 39),
        answer=st.sampled_from(["accept", "accept over", *DeclineReason.values]),
    )
    def answer(self, which: int, answer: str) -> None:
        """Answer some question, also one that is closed."""
        asked = list(Offer.objects.order_by("-pk")[:10])
        if which % 4:
            asked = [o for o in asked if o.status == OfferStatus.OPEN] or asked
        if not asked:
            return
        offer = asked[which % len(asked)]
        values = {"actor": self.nurses[offer.service_id], "offer_id": offer.pk}
        if answer.startswith("accept"):
            self.attempt(
                offers.accept_offer, over_capacity=answer == "accept over", **values
            )
        else:
            self.attempt(offers.decline_offer, reason=answer, **values)

    @rule(
        which=st.integers(0, 39),
        team=st.integers(0, 2),
        how=st.sampled_from(["ask", "phone", "assign", "objection"]),
    )
    def choose_team(self, which: int, team: int, how: str) -> None:
        """Let the coordinator do something with one team."""
        request = self.pick(which, "ask teams")
        if request is None:
            return
        service = self.teams[team]
        values = {"actor": self.coordinator.actor, "request_id": request.pk}
        if how == "ask":
            self.attempt(offers.ask_teams, service_ids=[service.pk], **values)
        elif how == "phone":
            self.attempt(
                offers.record_phone_agreement,
                service_id=service.pk,
                spoke_with="Ans",
                **values,
            )
        elif how == "assign":
            self.attempt(offers.assign_by_agreement, service_id=service.pk, **values)
        else:
            self.attempt(
                consent.record_objection,
                organization_id=service.organization_id,
                given_by="client",
                **values,
            )

    @rule(
        which=st.integers(0, 39),
        act=st.sampled_from(
            ["set hours", "start care", "end care", "stop assignment", "re-open"]
        ),
        quarters=st.integers(1, 40),
    )
    def care(self, which: int, act: str, quarters: int) -> None:
        """Let the team that has a client go on with it."""
        request = self.pick(which, act)
        if request is None:
            return
        actor = self.nurses.get(request.placed_service_id or 0, self.coordinator.actor)
        values = {"actor": actor, "request_id": request.pk}
        if act == "set hours":
            self.attempt(
                course.set_hours,
                hours_per_week=Decimal(quarters) / 4,
                review_on=localdate(self.now) + timedelta(days=quarters),
                **values,
            )
        elif act == "start care":
            self.attempt(course.start_care, **values)
        elif act == "end care":
            self.attempt(course.end_care, reason="goals-reached", **values)
        elif act == "stop assignment":
            self.attempt(
                course.stop_assignment, ground="home", explanation="X", **values
            )
        else:
            self.attempt(course.reopen_request, reason="team-stops", **values)

    @rule(
        which=st.integers(0, 39),
        act=st.sampled_from(
            [
                "bridge",
                "move to temporary stay",
                "hand to the insurer",
                "take over",
                "move the date",
            ]
        ),
        days=st.integers(1, 40),
    )
    def steer(self, which: int, act: str, days: int) -> None:
        """Let the coordinator take one of the ways on."""
        request = self.pick(which, act if act in TRANSITIONS else "ask teams")
        if request is None:
            return
        values = {"actor": self.coordinator.actor, "request_id": request.pk}
        ahead = self.now + timedelta(days=days)
        if act == "bridge":
            self.attempt(
                steering.bridge, helped_by="Buur", until=localdate(ahead), **values
            )
        elif act == "move to temporary stay":
            self.attempt(steering.move_to_temporary_stay, where="Hotel", **values)
        elif act == "hand to the insurer":
            self.attempt(steering.hand_to_insurer, **values)
        elif act == "take over":
            self.attempt(steering.take_over, **values)
        else:
            self.attempt(steering.move_date, due_at=ahead, why="Overleg", **values)

    @rule(
        which=st.integers(0, 39),
        act=st.sampled_from(["withdraw", "cancel", "re-open"]),
        close=st.sampled_from(CloseReason.values),
        again=st.sampled_from(ReopenReason.values),
    )
    def stop_or_go_on(self, which: int, act: str, close: str, again: str) -> None:
        """Stop a request, or take it up again."""
        request = self.pick(which, act)
        if request is None:
            return
        values = {"actor": self.coordinator.actor, "request_id": request.pk}
        if act == "withdraw":
            self.attempt(steering.withdraw_request, reason=close, **values)
        elif act == "cancel":
            self.attempt(steering.cancel_request, reason=close, **values)
        else:
            self.attempt(course.reopen_request, reason=again, **values)

    @rule(days=st.integers(0, 500))
    def forget(self, days: int) -> None:
        """Remove whose time has passed."""
        self.attempt(
            lambda at: remove_old_patients(
                on=localdate(at) + timedelta(days=days), at=at
            )
        )

    # --- what always holds

    @invariant()
    def one_team_wins_and_its_room_is_taken(self) -> None:
        """Reservations are exactly those of the requests that a team has."""
        running = {
            row.reference: (row.service_id, row.hours_per_week)
            for row in CapacityReservation.objects.filter(released_at=None)
        }
        assert running == {
            r.number: (r.placed_service_id, r.hours_set or r.hours_high)
            for r in ServiceRequest.objects.filter(status__in=[*map(str, PLACED)])
        }
        for request in ServiceRequest.objects.filter(status__in=[*map(str, PLACED)]):
            [won] = request.offers.filter(status=OfferStatus.ACCEPTED)
            assert won.service_id == request.placed_service_id
        assert not Offer.objects.filter(
            status=OfferStatus.ACCEPTED, request__status__in=[*map(str, UNPLACED)]
        ).exists()

    @invariant()
    def nobody_waits_without_an_owner_and_a_date(self) -> None:
        """Somebody named has it in hand; of coordinators only the region's own."""
        for request in ServiceRequest.objects.filter(status__in=[*map(str, OWNED)]):
            assert request.owner_name
            assert request.due_at is not None
            if request.owner_kind == "coordinator":
                assert request.owner is not None
                assert request.owner.memberships.get().region == self.wijk.region

    @invariant()
    def teams_have_a_question_only_while_it_is_offered(self) -> None:
        """Open questions are those of offered requests, and each of these has one."""
        waiting = Offer.objects.filter(status=OfferStatus.OPEN)
        offered = ServiceRequest.objects.filter(status=RequestStatus.OFFERED)
        assert set(waiting.values_list("request_id", flat=True)) == set(
            offered.values_list("pk", flat=True)
        )
        for offer in waiting.select_related("request", "service"):
            refused = offer.request.refused_organizations
            assert offer.service.organization_id not in refused
        for request in offered.filter(one_at_a_time=True):
            assert waiting.filter(request=request).count() == 1

    @invariant()
    def what_happened_stays_told(self) -> None:
        """Events are only added."""
        told = list(
            RequestEvent.objects.order_by("pk").values_list("pk", "request", "kind")
        )
        assert told[: len(self.told)] == self.told
        self.told = told

    @invariant()
    def identity_is_in_one_place(self) -> None:
        """No word of who the client is outside the table of patients."""
        assert tables_with_identity() <= {"Patient"}


@pytest.mark.django_db
def test_whatever_people_do_one_wins_somebody_owns_it_and_nobody_leaks() -> None:
    run_state_machine_as_test(
        Course,
        settings=settings(max_examples=12, stateful_step_count=30, deadline=None),
    )
