"""Teams are asked and answer: who may, what it takes, and who is asked next."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.timezone import localdate

from tests.factories.directory import (
    AreaFactory,
    CapacityReportFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from tests.factories.referrals import (
    AT,
    AssignmentAgreementFactory,
    agree,
    make_team,
    make_wijk,
    open_offers,
    place,
    report_room,
    send,
    submit,
)
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import NoRoomLeft
from wijkspil.directory.models import CapacityReport, CapacityReservation
from wijkspil.directory.selectors.capacity import get_room_left
from wijkspil.directory.types import CapacitySource, NoRoomReason
from wijkspil.referrals.errors import (
    AlreadyTaken,
    InvalidRequest,
    NotNow,
    OfferIsClosed,
    UnknownOffer,
)
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.services.consent import record_objection
from wijkspil.referrals.services.offers import (
    accept_offer,
    ask_teams,
    assign_by_agreement,
    decline_offer,
    rank_for,
    record_phone_agreement,
)
from wijkspil.referrals.types import OfferOrigin, OfferStatus, RequestStatus

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(minutes=5)


def asked_names(request: ServiceRequest) -> list[str]:
    """Return the teams that have the question now, best first."""
    return [offer.service.name for offer in open_offers(request)]


def decline(wijk: Any, offer: Offer, **changes: Any) -> ServiceRequest:
    """Let the nurse of the asked team say no."""
    return decline_offer(
        **{
            "actor": wijk.nurse_of(offer.service_id).actor,
            "offer_id": offer.pk,
            "reason": "travel",
            "at": LATER,
            **changes,
        }
    )


class TestAsking:
    def test_the_neighborhoods_own_team_is_asked_first_and_alone(self):
        assert asked_names(send(make_wijk())) == ["Team Zuiderpark 1"]

    @pytest.mark.parametrize("urgency", ["today", "tomorrow"])
    def test_what_is_urgent_goes_to_several_teams_at_once(self, urgency):
        assert len(open_offers(send(make_wijk(), urgency=urgency))) == 3

    def test_the_region_says_how_many_at_once(self):
        wijk = make_wijk()
        agree(wijk, teams_at_once={"today": 2})
        assert len(open_offers(send(wijk, urgency="today"))) == 2

    def test_the_own_team_is_asked_alone_first_where_that_was_agreed(self):
        wijk = make_wijk()
        agree(wijk, own_team_first=True, teams_at_once={"today": 3})
        request = send(wijk, urgency="today")
        [offer] = open_offers(request)
        assert offer.service == wijk.teams[0]
        decline(wijk, offer)
        assert {o.service for o in open_offers(request)} == set(wijk.teams[1:])

    def test_a_team_that_reports_new_room_can_be_asked_again(self):
        wijk = make_wijk(teams=1)
        request = send(wijk)
        [offer] = open_offers(request)
        decline(wijk, offer, reason="no-room")
        agreed = get_agreed(request.region_id, at=AT)
        later = AT + timedelta(hours=2)
        request.refresh_from_db()
        assert not rank_for(request, agreed=agreed, at=later).candidates
        report_room(wijk.teams[0], new_clients=2, at=later, reported_at=later)
        found = rank_for(request, agreed=agreed, at=later + timedelta(minutes=1))
        assert [team.service_id for team in found.candidates] == [wijk.teams[0].pk]

    def test_a_team_too_far_away_is_not_asked_again_although_it_has_room(self):
        wijk = make_wijk(teams=1)
        request = send(wijk)
        [offer] = open_offers(request)
        decline(wijk, offer, reason="travel")
        told = AT + timedelta(hours=2)
        report_room(wijk.teams[0], new_clients=2, at=told, reported_at=told)
        agreed = get_agreed(request.region_id, at=AT)
        later = AT + timedelta(hours=3)
        assert not rank_for(request, agreed=agreed, at=later).candidates

    def test_no_team_is_in_time_for_a_first_visit_that_has_passed(self):
        wijk = make_wijk(teams=1)
        request = send(wijk)
        agreed = get_agreed(request.region_id, at=AT)
        request.offers.all().delete()

        def reasons(first_visit_on):
            request.first_visit_on = first_visit_on
            [team] = rank_for(request, agreed=agreed, at=LATER).candidates
            return {reason["code"] for reason in team.reasons}

        assert "in-time" in reasons(localdate(LATER))
        assert "in-time" not in reasons(localdate(LATER) - timedelta(days=1))

    def test_a_rare_profile_goes_to_one_team_although_urgent(self):
        request = send(make_wijk(), urgency="today", tasks=["infusion"])
        assert request.one_at_a_time
        assert len(open_offers(request)) == 1

    def test_a_coordinator_shows_a_rare_profile_to_one_team_at_a_time(self):
        wijk = make_wijk()
        request = send(wijk, tasks=["infusion"])
        [offer] = open_offers(request)
        second, third = wijk.teams[1:]

        def ask(*service_ids):
            return ask_teams(
                actor=wijk.coordinator.actor,
                request_id=request.pk,
                service_ids=service_ids,
                at=LATER,
            )

        with pytest.raises(InvalidRequest, match="one team sees it at a time"):
            ask(second.pk)
        far = [make_team(AreaFactory()), make_team(AreaFactory())]
        decline(wijk, offer)
        decline(wijk, open_offers(request)[0])
        decline(wijk, open_offers(request)[0])
        with pytest.raises(InvalidRequest, match="one team sees it at a time"):
            ask(*(team.pk for team in far))
        assert [o.service for o in ask(far[0].pk)] == [far[0]]
        assert third.pk in request.offers.values_list("service_id", flat=True)

    def test_who_chooses_cannot_choose_a_refused_provider(self):
        wijk = make_wijk()
        refused = wijk.teams[1]
        request = send(wijk, refused_organization_ids=[refused.organization_id])
        with pytest.raises(InvalidRequest, match="objects"):
            ask_teams(
                actor=wijk.referrer.actor,
                request_id=request.pk,
                service_ids=[refused.pk],
                at=LATER,
            )

    @pytest.mark.parametrize("chosen", ["pharmacy", "ended", "nothing", "asked"])
    def test_only_a_working_nursing_team_that_is_not_asked_can_be_chosen(self, chosen):
        wijk = make_wijk()
        request = send(wijk)
        ids = {
            "pharmacy": lambda: [HealthcareServiceFactory(care="pharmacy").pk],
            "ended": lambda: [HealthcareServiceFactory(is_active=False).pk],
            "nothing": list,
            "asked": lambda: [wijk.teams[0].pk],
        }[chosen]()
        with pytest.raises(InvalidRequest):
            ask_teams(
                actor=wijk.referrer.actor,
                request_id=request.pk,
                service_ids=ids,
                at=LATER,
            )
        assert asked_names(request) == ["Team Zuiderpark 1"]

    def test_another_practice_cannot_choose(self):
        wijk = make_wijk()
        request = send(wijk)
        with pytest.raises(NotPermitted):
            ask_teams(
                actor=wijk.transfer_nurse.actor,
                request_id=request.pk,
                service_ids=[wijk.teams[1].pk],
                at=LATER,
            )

    def test_the_owner_hears_from_the_teams_before_the_own_date(self):
        request = send(make_wijk())
        [offer] = open_offers(request)
        assert request.due_at is not None
        assert request.due_at > offer.answer_by


class TestAccepting:
    def test_accepting_takes_the_upper_end_of_the_band(self):
        wijk = make_wijk()
        request = place(wijk)
        reservation = CapacityReservation.objects.get(reference=request.number)
        assert reservation.service == wijk.teams[0]
        assert reservation.hours_per_week == request.hours_high
        assert reservation.parts_of_day == request.parts_of_day
        room = get_room_left([wijk.teams[0].pk], at=AT + timedelta(hours=1))
        assert room[wijk.teams[0].pk].clients == 1

    def test_the_nurse_who_accepts_has_it_in_hand_until_the_first_visit(self):
        wijk = make_wijk()
        request = place(wijk)
        assert request.owner == wijk.nurses[0].user
        assert request.owner_kind == "team"
        assert request.due_at is not None
        assert request.due_at.date() == request.first_visit_on

    def test_the_release_of_identity_is_in_the_trail(self):
        wijk = make_wijk()
        request = place(wijk)
        event = AuditEvent.objects.filter(
            entity_type="patient", entity_id=str(request.pk)
        ).latest("pk")
        assert event.actor == wijk.nurses[0].user
        assert event.purpose == f"release-to-service-{wijk.teams[0].pk}"

    def test_another_team_cannot_answer(self):
        wijk = make_wijk()
        [offer] = open_offers(send(wijk))
        for person in (wijk.nurses[1], wijk.referrer, wijk.coordinator):
            with pytest.raises(NotPermitted, match="another team"):
                accept_offer(actor=person.actor, offer_id=offer.pk, at=LATER)
            with pytest.raises(NotPermitted, match="another team"):
                decline(wijk, offer, actor=person.actor)
        offer.refresh_from_db()
        assert offer.status == OfferStatus.OPEN

    def test_the_manager_of_the_provider_may_answer(self):
        wijk = make_wijk()
        [offer] = open_offers(send(wijk))
        request = accept_offer(
            actor=wijk.managers[0].actor, offer_id=offer.pk, at=LATER
        )
        assert request.status == RequestStatus.ACCEPTED

    def test_who_is_second_hears_that_it_is_taken(self):
        wijk = make_wijk()
        first, second, _third = open_offers(send(wijk, urgency="today"))
        accept_offer(
            actor=wijk.nurse_of(first.service_id).actor, offer_id=first.pk, at=LATER
        )
        with pytest.raises(AlreadyTaken):
            accept_offer(
                actor=wijk.nurse_of(second.service_id).actor,
                offer_id=second.pk,
                at=LATER,
            )

    @pytest.mark.parametrize("room", ["full", "stale"])
    def test_a_team_without_known_room_takes_it_only_knowingly(self, room):
        wijk = make_wijk(teams=1)
        request = send(wijk)
        [offer] = open_offers(request)
        if room == "full":
            CapacityReportFactory(
                service=wijk.teams[0], no_room=True, reported_at=AT, valid_until=LATER
            )
        else:
            CapacityReport.objects.update(valid_until=AT)
        nurse = wijk.nurses[0].actor
        at = AT + timedelta(minutes=1)
        with pytest.raises(NoRoomLeft):
            accept_offer(actor=nurse, offer_id=offer.pk, at=at)
        request.refresh_from_db()
        assert request.status == RequestStatus.OFFERED
        accept_offer(actor=nurse, offer_id=offer.pk, at=at, over_capacity=True)
        request.refresh_from_db()
        assert request.status == RequestStatus.ACCEPTED

    def test_an_unknown_question_is_said_to_be_unknown(self):
        wijk = make_wijk()
        with pytest.raises(UnknownOffer):
            accept_offer(actor=wijk.nurses[0].actor, offer_id=0, at=LATER)

    def test_a_late_answer_counts_while_nobody_else_was_asked(self):
        wijk = make_wijk()
        [offer] = open_offers(send(wijk))
        late = offer.answer_by + timedelta(minutes=3)
        request = accept_offer(actor=wijk.nurses[0].actor, offer_id=offer.pk, at=late)
        assert request.status == RequestStatus.ACCEPTED


class TestDeclining:
    def test_the_next_best_team_is_asked_at_once(self):
        wijk = make_wijk()
        request = send(wijk)
        decline(wijk, open_offers(request)[0])
        assert asked_names(request) == ["Team Zuiderpark 2"]
        assert [o.rank for o in request.offers.order_by("rank")] == [1, 2]

    @pytest.mark.parametrize(
        ("reason", "said"),
        [("no-room", NoRoomReason.FULL), ("sickness", NoRoomReason.SICKNESS)],
    )
    def test_want_of_room_corrects_the_room_that_others_see(self, reason, said):
        wijk = make_wijk()
        request = send(wijk)
        decline(
            wijk,
            open_offers(request)[0],
            reason=reason,
            room_again_on=date(2026, 11, 24),
        )
        newest = CapacityReport.objects.filter(service=wijk.teams[0]).latest("pk")
        assert (newest.new_clients, newest.no_room_reason) == (0, said)
        assert newest.source == CapacitySource.DECLINE
        assert newest.no_room_until == date(2026, 11, 24)
        # The next request goes past it.
        assert asked_names(send(wijk, at=LATER)) == ["Team Zuiderpark 2"]

    def test_another_reason_leaves_the_room_as_told(self):
        wijk = make_wijk()
        decline(wijk, open_offers(send(wijk))[0], reason="skills")
        assert CapacityReport.objects.filter(service=wijk.teams[0]).count() == 1

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"reason": "no-fun"}, "reason"),
            ({"reason": ""}, "reason"),
            ({"reason": "no-room", "room_again_on": AT.date()}, "room_again_on"),
            ({"reason": "travel", "room_again_on": date(2026, 1, 1)}, "room_again_on"),
        ],
    )
    def test_a_wrong_answer_is_refused_at_its_field(self, changes, field):
        wijk = make_wijk()
        request = send(wijk)
        with pytest.raises(InvalidRequest) as refusal:
            decline(wijk, open_offers(request)[0], **changes)
        assert list(refusal.value.fields) == [field]
        assert asked_names(request) == ["Team Zuiderpark 1"]

    def test_declining_after_accepting_is_refused(self):
        wijk = make_wijk()
        offer = place(wijk).offers.get()
        with pytest.raises(OfferIsClosed, match="Accepted"):
            decline(wijk, offer)

    def test_who_declined_is_not_asked_again_this_week(self):
        wijk = make_wijk(teams=1)
        request = send(wijk, urgency="planned", first_visit_on=date(2026, 12, 20))
        decline(wijk, open_offers(request)[0])
        assert asked_names(request) == []


class TestByPhoneAndByAgreement:
    def phone(self, wijk, request, team, **changes):
        return record_phone_agreement(
            **{
                "actor": wijk.referrer.actor,
                "request_id": request.pk,
                "service_id": team.pk,
                "spoke_with": "Ans van het team",
                "at": LATER,
                **changes,
            }
        )

    def test_one_tap_places_it_with_the_team_that_said_yes(self):
        wijk = make_wijk()
        request = send(wijk)
        self.phone(wijk, request, wijk.teams[2])
        request.refresh_from_db()
        assert request.placed_service == wijk.teams[2]
        assert (request.owner_kind, request.owner_name) == ("team", "Team Zuiderpark 3")
        accepted = request.offers.get(status=OfferStatus.ACCEPTED)
        assert (accepted.origin, accepted.answered_by_name) == (
            OfferOrigin.PHONE,
            "Ans van het team",
        )
        assert open_offers(request) == []

    def test_the_team_that_was_asked_may_also_say_yes_by_phone(self):
        wijk = make_wijk()
        request = send(wijk)
        self.phone(wijk, request, wijk.teams[0])
        assert sorted(request.offers.values_list("status", flat=True)) == [
            "accepted",
            "withdrawn",
        ]

    def test_only_who_sent_it_or_a_coordinator_records_it(self):
        wijk = make_wijk()
        request = send(wijk)
        for person in (wijk.transfer_nurse, wijk.nurses[0]):
            with pytest.raises(NotPermitted):
                self.phone(wijk, request, wijk.teams[0], actor=person.actor)
        self.phone(wijk, request, wijk.teams[0], actor=wijk.coordinator.actor)

    def test_a_pharmacy_cannot_take_a_client(self):
        wijk = make_wijk()
        request = send(wijk)
        with pytest.raises(InvalidRequest):
            self.phone(wijk, request, HealthcareServiceFactory(care="pharmacy"))

    def assign(self, wijk, request, team, **changes):
        return assign_by_agreement(
            **{
                "actor": wijk.coordinator.actor,
                "request_id": request.pk,
                "service_id": team.pk,
                "at": LATER,
                **changes,
            }
        )

    def test_without_a_signature_nobody_is_assigned_a_client(self):
        wijk = make_wijk()
        request = send(wijk)
        with pytest.raises(InvalidRequest, match="has not signed"):
            self.assign(wijk, request, wijk.teams[0])

    @pytest.mark.parametrize(
        "values",
        [
            {"signed_on": date(2026, 11, 18)},
            {"valid_from": date(2026, 11, 18)},
            {"valid_until": date(2026, 11, 17)},
            {"region": "another"},
            {"organization": "another"},
        ],
    )
    def test_an_agreement_that_does_not_hold_here_today_is_none(self, values):
        wijk = make_wijk()
        given = {
            "organization": wijk.teams[0].organization,
            "region": wijk.region,
            **values,
        }
        if given["region"] == "another":
            given["region"] = AreaFactory(region=True)
        if given["organization"] == "another":
            given["organization"] = OrganizationFactory()
        AssignmentAgreementFactory(**given)
        with pytest.raises(InvalidRequest, match="has not signed"):
            self.assign(wijk, send(wijk), wijk.teams[0])

    def test_an_agreement_is_no_duty_to_take_more_than_there_is_room(self):
        wijk = make_wijk(new_clients=0, teams=1)
        AssignmentAgreementFactory(
            organization=wijk.teams[0].organization, region=wijk.region
        )
        with pytest.raises(NoRoomLeft):
            self.assign(wijk, send(wijk), wijk.teams[0])

    def test_only_a_coordinator_assigns(self):
        wijk = make_wijk()
        AssignmentAgreementFactory(
            organization=wijk.teams[0].organization, region=wijk.region
        )
        request = send(wijk)
        with pytest.raises(NotPermitted):
            self.assign(wijk, request, wijk.teams[0], actor=wijk.referrer.actor)
        self.assign(wijk, request, wijk.teams[0])
        request.refresh_from_db()
        assert request.owner_name == "Team Zuiderpark 1"
        assert request.owner is None


class TestObjectingLater:
    def object_to(self, wijk, request, team, **changes):
        return record_objection(
            **{
                "actor": wijk.referrer.actor,
                "request_id": request.pk,
                "organization_id": team.organization_id,
                "given_by": "client",
                "at": LATER,
                **changes,
            }
        )

    def test_the_team_no_longer_has_the_question_and_the_next_is_asked(self):
        wijk = make_wijk()
        request = send(wijk)
        [offer] = open_offers(request)
        self.object_to(wijk, request, wijk.teams[0])
        assert asked_names(request) == ["Team Zuiderpark 2"]
        with pytest.raises(OfferIsClosed):
            accept_offer(actor=wijk.nurses[0].actor, offer_id=offer.pk, at=LATER)
        consent = request.consents.get(decision="objected")
        assert consent.organization == wijk.teams[0].organization

    def test_saying_it_twice_is_saying_it_once(self):
        wijk = make_wijk()
        request = send(wijk)
        for _time in range(2):
            self.object_to(wijk, request, wijk.teams[1])
        request.refresh_from_db()
        assert request.refused_organizations == [wijk.teams[1].organization_id]
        assert request.consents.filter(decision="objected").count() == 1
        assert asked_names(request) == ["Team Zuiderpark 1"]

    def test_when_everybody_is_refused_a_coordinator_has_it(self):
        wijk = make_wijk()
        request = send(wijk)
        for team in wijk.teams:
            self.object_to(wijk, request, team)
        request.refresh_from_db()
        assert (request.status, request.owner_name) == ("open", "C. Oordinator")

    def test_the_team_that_has_the_client_loses_it(self):
        wijk = make_wijk()
        request = place(wijk)
        placed = request.placed_service
        assert placed is not None
        self.object_to(wijk, request, placed)
        request.refresh_from_db()
        assert request.placed_service is None
        assert placed.organization_id in request.refused_organizations

    def test_another_team_than_the_one_that_has_the_client_is_refused(self):
        wijk = make_wijk()
        request = place(wijk)
        assert request.placed_service is not None
        had_it = request.placed_service.organization_id
        other = next(team for team in wijk.teams if team.organization_id != had_it)
        with pytest.raises(NotNow):
            self.object_to(wijk, request, other)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"organization_id": 0}, "organization"), ({"given_by": "me"}, "given_by")],
    )
    def test_a_wrong_value_is_refused_at_its_field(self, changes, field):
        wijk = make_wijk()
        with pytest.raises(InvalidRequest) as refusal:
            self.object_to(wijk, send(wijk), wijk.teams[0], **changes)
        assert list(refusal.value.fields) == [field]


def test_the_link_and_the_code_are_told_once_to_who_sends():
    submitted = submit(make_wijk())
    assert len(submitted.link_code) == 6
    assert len(submitted.link_token) >= 32
