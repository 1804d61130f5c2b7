"""When nobody takes it: a named coordinator with a date, and the ways on from there."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.apps.referrals.identity import everything_stored
from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    AGREED,
    AT,
    FAMILY,
    PATIENT,
    AssignmentAgreementFactory,
    draft,
    end_roles,
    make_coordinator,
    make_person,
    make_team,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.accounts.types import Actor, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.directory.models import CapacityReservation
from wijkspil.referrals.errors import InvalidRequest, NoBasis, NotNow
from wijkspil.referrals.models import AssignmentStop, ServiceRequest
from wijkspil.referrals.services.course import reopen_request, stop_assignment
from wijkspil.referrals.services.disclosure import export_dossier
from wijkspil.referrals.services.offers import (
    assign_by_agreement,
    decline_offer,
    record_phone_agreement,
)
from wijkspil.referrals.services.requests import submit_request
from wijkspil.referrals.services.steering import (
    add_note,
    bridge,
    cancel_request,
    hand_over,
    hand_to_insurer,
    move_date,
    move_to_temporary_stay,
    take_over,
    withdraw_request,
)
from wijkspil.referrals.types import Requester

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


def stranded(**changes):
    """Return a wijk without teams and a request that nobody can take."""
    wijk = make_wijk(teams=0)
    return wijk, send(wijk, **changes)


class TestWhoHasIt:
    def test_without_any_team_a_coordinator_has_it_with_a_date(self):
        wijk, request = stranded()
        assert request.status == "open"
        assert request.owner == wijk.coordinator.user
        assert request.due_at == AT + timedelta(hours=8)
        kinds = list(request.events.order_by("pk").values_list("kind", flat=True))
        assert kinds == ["submitted", "no-team", "owner-changed"]

    def test_when_the_last_team_declines_a_coordinator_has_it(self):
        wijk = make_wijk(teams=1)
        request = send(wijk)
        decline_offer(
            actor=wijk.nurses[0].actor,
            offer_id=open_offers(request)[0].pk,
            reason="no-room",
            at=LATER,
        )
        request.refresh_from_db()
        assert (request.status, request.owner) == ("open", wijk.coordinator.user)

    def test_it_goes_to_who_has_the_fewest_in_hand(self):
        wijk, first = stranded()
        second = make_coordinator(wijk.region, name="Tweede")
        assert first.owner == wijk.coordinator.user
        assert send(wijk).owner == second.user

    def test_without_a_coordinator_who_asked_keeps_it_with_a_date(self):
        wijk = make_wijk(teams=0, with_coordinator=False)
        request = send(wijk)
        assert (request.owner, request.owner_kind) == (wijk.referrer.user, "requester")
        assert request.due_at is not None

    def test_a_coordinator_of_another_region_gets_nothing(self):
        wijk = make_wijk(teams=0, with_coordinator=False)
        make_coordinator(AreaFactory(region=True))
        assert send(wijk).owner == wijk.referrer.user

    def test_a_region_that_agreed_on_nothing_works_by_the_national_times(self):
        _wijk, request = stranded(urgency="today")
        assert request.due_at == AT + timedelta(hours=1)


class TestWaysOn:
    def test_a_client_can_be_bridged_until_a_day(self):
        wijk, request = stranded()
        bridge(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            helped_by="De praktijkverpleegkundige",
            until=date(2026, 11, 24),
            at=LATER,
        )
        request.refresh_from_db()
        assert request.status == "bridged"
        assert request.owner == wijk.coordinator.user
        assert request.due_at.isoformat() == "2026-11-24T08:00:00+00:00"

    def test_a_bridged_client_can_still_be_taken(self):
        wijk, request = stranded()
        bridge(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            helped_by="Dochter",
            until=date(2026, 11, 24),
            at=LATER,
        )
        record_phone_agreement(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            service_id=make_team(wijk.wijk).pk,
            spoke_with="Ans",
            at=LATER,
        )
        request.refresh_from_db()
        assert (request.status, request.bridged_by) == ("accepted", "")

    def test_a_bed_for_a_while_ends_the_search_and_can_be_taken_up_again(self):
        wijk, request = stranded()
        move_to_temporary_stay(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            where="Zorghotel",
            at=LATER,
        )
        request.refresh_from_db()
        assert (request.status, request.due_at) == ("temporary-stay", None)
        reopen_request(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            reason="stay-ends",
            at=LATER + timedelta(days=20),
        )
        request.refresh_from_db()
        assert (request.status, request.owner) == ("open", wijk.coordinator.user)
        # A first visit in the past is no longer asked for.
        assert request.first_visit_on == date(2026, 12, 7)

    def test_the_insurer_gets_the_dossier_and_it_is_logged(self):
        wijk, request = stranded(insurer="3311")
        hand_to_insurer(actor=wijk.coordinator.actor, request_id=request.pk, at=LATER)
        dossier = export_dossier(
            actor=wijk.coordinator.actor, request_id=request.pk, at=LATER
        )
        assert dossier["client"]["name"] == PATIENT.name
        assert dossier["insurer"] == "3311"
        assert [e["kind"] for e in dossier["timeline"]][-1] == "mediation"
        exports = AuditEvent.objects.filter(
            entity_type="patient", entity_id=str(request.pk), action="export"
        )
        assert [e.purpose for e in exports.order_by("pk")] == [
            "mediation",
            "mediation-dossier",
        ]

    def test_an_unknown_insurer_cannot_mediate(self):
        wijk, request = stranded()
        with pytest.raises(InvalidRequest, match="insurer"):
            hand_to_insurer(
                actor=wijk.coordinator.actor, request_id=request.pk, at=LATER
            )

    @pytest.mark.parametrize("act", ["bridge", "stay", "insurer", "export"])
    def test_only_a_coordinator_of_the_region_takes_these_ways(self, act):
        wijk, request = stranded(insurer="3311")
        other = make_coordinator(AreaFactory(region=True))
        acts = {
            "bridge": lambda actor: bridge(
                actor=actor,
                request_id=request.pk,
                helped_by="X",
                until=date(2026, 11, 24),
                at=LATER,
            ),
            "stay": lambda actor: move_to_temporary_stay(
                actor=actor, request_id=request.pk, where="X", at=LATER
            ),
            "insurer": lambda actor: hand_to_insurer(
                actor=actor, request_id=request.pk, at=LATER
            ),
            "export": lambda actor: export_dossier(
                actor=actor, request_id=request.pk, at=LATER
            ),
        }
        for person in (wijk.referrer, other):
            with pytest.raises(NotPermitted):
                acts[act](person.actor)
        request.refresh_from_db()
        assert request.status == "open"

    @pytest.mark.parametrize(
        ("helped_by", "until", "field"),
        [
            (" ", date(2026, 11, 24), "helped_by"),
            ("Buur", date(2026, 11, 17), "until"),
            ("Buur", date(2026, 12, 19), "until"),
        ],
    )
    def test_a_bridge_has_somebody_and_an_end_within_a_month(
        self, helped_by, until, field
    ):
        wijk, request = stranded()
        with pytest.raises(InvalidRequest) as refusal:
            bridge(
                actor=wijk.coordinator.actor,
                request_id=request.pk,
                helped_by=helped_by,
                until=until,
                at=LATER,
            )
        assert list(refusal.value.fields) == [field]

    def test_a_date_moves_with_a_word_why_and_within_a_month(self):
        wijk, request = stranded()

        def move(due_at, why="Team belt morgen terug"):
            return move_date(
                actor=wijk.coordinator.actor,
                request_id=request.pk,
                due_at=due_at,
                why=why,
                at=LATER,
            )

        for wrong in (LATER, LATER + timedelta(days=32)):
            with pytest.raises(InvalidRequest):
                move(wrong)
        with pytest.raises(InvalidRequest, match="why"):
            move(LATER + timedelta(days=1), " ")
        assert move(LATER + timedelta(days=1)).due_at == LATER + timedelta(days=1)

    def test_a_note_is_a_line_for_colleagues(self):
        wijk, request = stranded()
        add_note(
            actor=wijk.referrer.actor,
            request_id=request.pk,
            text="Sleutelkluis hangt.",
            at=LATER,
        )
        with pytest.raises(InvalidRequest):
            add_note(
                actor=wijk.referrer.actor, request_id=request.pk, text=" ", at=LATER
            )
        assert request.events.get(kind="note").detail == {"text": "Sleutelkluis hangt."}


class TestHandingOver:
    def test_taking_over_twice_is_taking_over_once(self):
        wijk = make_wijk()
        request = send(wijk)
        for _time in range(2):
            take_over(actor=wijk.coordinator.actor, request_id=request.pk, at=LATER)
        request.refresh_from_db()
        assert request.owner == wijk.coordinator.user
        assert request.events.filter(kind="owner-changed").count() == 1

    def test_a_coordinator_who_asked_takes_it_over_as_coordinator(self):
        wijk = make_wijk()
        request = send(
            wijk,
            actor=wijk.coordinator.actor,
            requester=Requester("other", "Regiotafel", "070 000 0009"),
        )
        assert request.owner_kind == "requester"
        take_over(actor=wijk.coordinator.actor, request_id=request.pk, at=LATER)
        request.refresh_from_db()
        assert request.owner_kind == "coordinator"

    def test_a_shift_hands_over_all_or_nothing(self):
        wijk, first = stranded()
        second = send(wijk)
        colleague = make_coordinator(wijk.region, name="Avond")
        placed = ServiceRequest.objects.create(
            **{
                f.name: getattr(second, f.name)
                for f in ServiceRequest._meta.fields
                if f.name not in {"id", "number", "status"}
            },
            number="A-DICHT9",
            status="cancelled",
        )
        ids = [first.pk, second.pk]

        def give(request_ids, user_id):
            return hand_over(
                actor=wijk.coordinator.actor,
                request_ids=request_ids,
                user_id=user_id,
                at=LATER,
            )

        with pytest.raises(NotNow):
            give([*ids, placed.pk], colleague.user.pk)
        with pytest.raises(InvalidRequest):
            give(ids, wijk.referrer.user.pk)
        assert set(
            ServiceRequest.objects.filter(pk__in=ids).values_list("owner", flat=True)
        ) == {wijk.coordinator.user.pk}
        assert give([*ids, *ids], colleague.user.pk) == 2
        assert set(
            ServiceRequest.objects.filter(pk__in=ids).values_list("owner_name")
        ) == {("Avond",)}

    def test_what_a_team_has_cannot_be_taken_over(self):
        wijk = make_wijk()
        with pytest.raises(NotNow):
            take_over(actor=wijk.coordinator.actor, request_id=place(wijk).pk, at=LATER)


class TestComingBack:
    def reopen(self, wijk, request, actor, reason="team-stops", at=LATER):
        return reopen_request(actor=actor, request_id=request.pk, reason=reason, at=at)

    def test_a_team_that_gives_it_back_is_not_asked_again_and_its_room_is_free(self):
        wijk = make_wijk()
        request = place(wijk)
        self.reopen(wijk, request, wijk.nurses[0].actor)
        request.refresh_from_db()
        assert (request.status, request.placed_service) == ("offered", None)
        assert request.owner == wijk.coordinator.user
        assert [o.service for o in open_offers(request)] == [wijk.teams[1]]
        assert not CapacityReservation.objects.filter(released_at=None).exists()

    def test_without_a_coordinator_it_goes_back_to_who_asked(self):
        wijk = make_wijk(with_coordinator=False)
        request = place(wijk)
        self.reopen(wijk, request, wijk.nurses[0].actor)
        request.refresh_from_db()
        assert request.owner == wijk.referrer.user
        assert request.owner_name
        assert request.due_at is not None

    def test_a_team_cannot_open_again_what_the_client_withdrew(self):
        wijk = make_wijk()
        request = place(wijk)
        withdraw_request(
            actor=wijk.referrer.actor,
            request_id=request.pk,
            reason="own-network",
            at=LATER,
        )
        with pytest.raises(NotPermitted):
            self.reopen(wijk, request, wijk.nurses[0].actor, "changed-mind")
        self.reopen(wijk, request, wijk.referrer.actor, "changed-mind")
        # The team that knew the client may be asked first.
        assert [o.service for o in open_offers(request)] == [wijk.teams[0]]

    def test_what_was_never_sent_cannot_be_opened(self):
        wijk = make_wijk()
        request = draft(wijk)
        cancel_request(
            actor=wijk.referrer.actor, request_id=request.pk, reason="mistake", at=LATER
        )
        with pytest.raises(NotNow, match="never sent"):
            self.reopen(wijk, request, wijk.referrer.actor, "mistake")
        assert not request.offers.exists()

    def test_after_an_objection_the_client_is_asked_again_first(self):
        wijk = make_wijk()
        request = send(wijk)
        withdraw_request(
            actor=wijk.referrer.actor,
            request_id=request.pk,
            reason="objection",
            at=LATER,
        )
        with pytest.raises(NoBasis):
            self.reopen(wijk, request, wijk.referrer.actor, "changed-mind")

    def test_teams_that_declined_weeks_ago_may_be_asked_again(self):
        wijk = make_wijk(teams=1)
        request = send(wijk)
        decline_offer(
            actor=wijk.nurses[0].actor,
            offer_id=open_offers(request)[0].pk,
            reason="travel",
            at=LATER,
        )
        cancel_request(
            actor=wijk.referrer.actor,
            request_id=request.pk,
            reason="admitted",
            at=LATER,
        )
        at = LATER + timedelta(days=14)
        self.reopen(wijk, request, wijk.referrer.actor, "changed-need", at)
        assert [o.service for o in open_offers(request)] == [wijk.teams[0]]

    def test_an_unknown_reason_is_refused(self):
        wijk = make_wijk()
        with pytest.raises(InvalidRequest, match="Choose why"):
            self.reopen(wijk, place(wijk), wijk.nurses[0].actor, "bored")


class TestStoppingAnAssignment:
    def assigned(self):
        wijk = make_wijk(teams=1)
        AssignmentAgreementFactory(
            organization=wijk.teams[0].organization, region=wijk.region
        )
        request = send(wijk)
        assign_by_agreement(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            service_id=wijk.teams[0].pk,
            at=LATER,
        )
        return wijk, request

    def stop(self, request, actor, **changes):
        return stop_assignment(
            **{
                "actor": actor,
                "request_id": request.pk,
                "ground": "staffing",
                "explanation": "Niemand voor insuline in het weekend.",
                "at": LATER,
                **changes,
            }
        )

    def test_it_goes_back_to_the_coordinator_and_nobody_is_asked(self):
        wijk, request = self.assigned()
        self.stop(request, wijk.nurses[0].actor)
        request.refresh_from_db()
        assert (request.status, request.owner) == ("open", wijk.coordinator.user)
        assert open_offers(request) == []
        assert AssignmentStop.objects.get().ground == "staffing"
        assert not CapacityReservation.objects.filter(released_at=None).exists()

    def test_only_a_nurse_of_that_team_stops_it(self):
        wijk, request = self.assigned()
        other = make_person(Role.TEAM_MEMBER, name="Ander")
        for person in (other, wijk.referrer, wijk.coordinator):
            with pytest.raises(NotPermitted):
                self.stop(request, person.actor)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"ground": "mood"}, "ground"), ({"explanation": " "}, "explanation")],
    )
    def test_a_ground_and_a_sentence_are_needed(self, changes, field):
        wijk, request = self.assigned()
        with pytest.raises(InvalidRequest) as refusal:
            self.stop(request, wijk.nurses[0].actor, **changes)
        assert list(refusal.value.fields) == [field]
        request.refresh_from_db()
        assert request.status == "accepted"

    def test_what_a_team_accepted_itself_is_given_back_in_another_way(self):
        wijk = make_wijk()
        with pytest.raises(InvalidRequest, match="accepted it yourself"):
            self.stop(place(wijk), wijk.nurses[0].actor)


class TestFamilies:
    def test_a_family_without_a_coordinator_is_refused_and_nothing_is_stored(self):
        wijk = make_wijk(with_coordinator=False)
        request = draft(wijk, actor=Actor(), requester=FAMILY)
        before = everything_stored()
        with pytest.raises(InvalidRequest, match="Nobody coordinates"):
            submit_request(
                actor=Actor(),
                request_id=request.pk,
                patient=PATIENT,
                consent=AGREED,
                at=LATER,
            )
        assert everything_stored() == before

    def test_a_family_gets_a_coordinator_at_once(self):
        wijk = make_wijk()
        request = send(wijk, actor=Actor(), requester=FAMILY)
        assert request.owner == wijk.coordinator.user
        assert request.status == "offered"

    def test_an_account_without_a_role_is_family_too(self):
        wijk = make_wijk()
        person = make_person(Role.RESIDENT, name="Buurvrouw")
        request = send(wijk, actor=person.actor, requester=FAMILY)
        assert request.owner == wijk.coordinator.user
        assert request.requester == person.user

    def test_a_coordinator_whose_role_ended_gets_nothing(self):
        wijk = make_wijk()
        end_roles(wijk.coordinator, at=AT - timedelta(days=1))
        with pytest.raises(InvalidRequest, match="Nobody coordinates"):
            send(wijk, actor=Actor(), requester=FAMILY)


def test_hours_are_not_taken_while_nobody_has_it():
    _wijk, _request = stranded()
    assert sum(
        CapacityReservation.objects.values_list("hours_per_week", flat=True), Decimal(0)
    ) == Decimal(0)
