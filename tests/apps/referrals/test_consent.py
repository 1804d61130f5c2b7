"""Nothing about a person without a basis; identity for one team, every look logged."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.apps.referrals.identity import everything_stored, tables_with_identity
from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    AGREED,
    AT,
    FAMILY,
    PATIENT,
    draft,
    make_coordinator,
    make_wijk,
    open_offers,
    place,
    requester_of,
    send,
    submit,
)
from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.referrals.errors import InvalidRequest, NoBasis, NotNow
from wijkspil.referrals.models import Patient, RoomCheck, ServiceRequest
from wijkspil.referrals.services.course import reopen_request
from wijkspil.referrals.services.disclosure import show_patient
from wijkspil.referrals.services.offers import accept_offer, decline_offer
from wijkspil.referrals.services.requests import (
    change_need,
    check_room,
    start_request,
    submit_request,
)
from wijkspil.referrals.types import ConsentGiven, Requester

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


def show(wijk, request, person, at=LATER):
    return show_patient(
        actor=person.actor, request_id=request.pk, purpose="visit", at=at
    )


class TestTheBasis:
    def submit(self, wijk, request, **changes):
        return submit_request(
            **{
                "actor": wijk.referrer.actor,
                "request_id": request.pk,
                "patient": PATIENT,
                "consent": AGREED,
                "at": LATER,
                **changes,
            }
        )

    def test_an_objection_stores_and_sends_nothing(self):
        wijk = make_wijk()
        request = draft(wijk)
        before = everything_stored()
        with pytest.raises(NoBasis):
            self.submit(wijk, request, consent=ConsentGiven("objected", "client"))
        assert everything_stored() == before

    @pytest.mark.parametrize(
        ("consent", "field"),
        [
            (ConsentGiven("", "client"), "consent"),
            (ConsentGiven("agreed", ""), "given_by"),
            (ConsentGiven("agreed", "neighbor"), "given_by"),
        ],
    )
    def test_without_a_word_of_the_client_nothing_is_sent(self, consent, field):
        wijk = make_wijk()
        with pytest.raises(InvalidRequest) as refusal:
            self.submit(wijk, draft(wijk), consent=consent)
        assert list(refusal.value.fields) == [field]
        assert not Patient.objects.exists()

    def test_the_basis_is_kept_with_purpose_and_term(self):
        wijk = make_wijk()
        refused = wijk.teams[1].organization
        request = send(wijk, refused_organization_ids=[refused.pk])
        general = request.consents.get(organization=None)
        assert (general.decision, general.given_by) == ("agreed", "client")
        assert (general.purpose, general.recorded_by) == ("placement", "R. Eferrer")
        assert general.retain_until == date(2027, 11, 19)
        assert request.consents.get(organization=refused).decision == "objected"

    def test_a_refused_provider_is_never_asked(self):
        wijk = make_wijk()
        refused = wijk.teams[0].organization_id
        request = send(wijk, urgency="today", refused_organization_ids=[refused])
        assert {o.service.organization_id for o in open_offers(request)} == {
            team.organization_id for team in wijk.teams[1:]
        }

    def test_sending_twice_is_refused_and_changes_nothing(self):
        wijk = make_wijk()
        request = send(wijk)
        before = everything_stored()
        with pytest.raises(NotNow):
            self.submit(wijk, request, patient=replace(PATIENT, name="Iemand anders"))
        assert everything_stored() == before

    def test_a_draft_whose_day_has_passed_is_not_sent(self):
        wijk = make_wijk()
        request = draft(wijk)
        with pytest.raises(InvalidRequest, match="has passed") as refusal:
            self.submit(wijk, request, at=AT + timedelta(days=5))
        assert list(refusal.value.fields) == ["first_visit_on"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "\0"}, "name"),
            ({"address": ""}, "address"),
            ({"birth_date": date(2026, 11, 18)}, "birth_date"),
            ({"birth_date": date(1850, 1, 1)}, "birth_date"),
            ({"phone": "", "representative_phone": " "}, "phone"),
        ],
    )
    def test_a_wrong_field_is_refused_without_repeating_it(self, changes, field):
        wijk = make_wijk()
        with pytest.raises(InvalidRequest) as refusal:
            self.submit(wijk, draft(wijk), patient=replace(PATIENT, **changes))
        assert list(refusal.value.fields) == [field]
        assert "1850" not in str(refusal.value)

    def test_zero_bytes_are_left_out(self):
        wijk = make_wijk()
        send(wijk, patient=replace(PATIENT, name="Jan\0 Jansen"), note="a\0b")
        assert Patient.objects.get().name == "Jan Jansen"
        assert ServiceRequest.objects.get().note == "ab"

    def test_only_who_started_a_draft_sends_it(self):
        wijk = make_wijk()
        request = draft(wijk)
        for person in (wijk.transfer_nurse, wijk.nurses[0]):
            with pytest.raises(NotPermitted):
                self.submit(wijk, request, actor=person.actor)
        self.submit(wijk, request, actor=wijk.colleague.actor)

    def test_nobody_asks_in_the_name_of_another_organization(self):
        wijk = make_wijk()
        for actor in (wijk.referrer.actor, wijk.system, Actor()):
            with pytest.raises(NotPermitted, match="own organization"):
                start_request(
                    actor=actor,
                    need=wijk.need(),
                    requester=requester_of(wijk.teams[0].organization),
                    at=AT,
                )
        request = draft(wijk)
        with pytest.raises(NotPermitted, match="own organization"):
            change_need(
                actor=wijk.referrer.actor,
                request_id=request.pk,
                need=wijk.need(),
                requester=requester_of(wijk.hospital),
                at=AT,
            )

    def test_the_system_of_a_hospital_asks_for_the_hospital(self):
        wijk = make_wijk()
        by_phone = Requester("hospital", "Transferpunt", "070 000 0002")
        request = send(wijk, actor=wijk.system, requester=by_phone)
        assert request.requester_organization == wijk.hospital
        assert (request.owner, request.owner_name) == (None, "Transferpunt")
        assert request.due_at is not None
        # Its people follow it.
        assert show(wijk, request, wijk.transfer_nurse).name == PATIENT.name


class TestIdentity:
    def test_checking_room_stores_nobody(self):
        wijk = make_wijk()
        check_room(actor=Actor(), need=wijk.need(), at=AT)
        check = RoomCheck.objects.get()
        assert (check.candidates, check.with_room) == (3, 3)
        assert check.wijk == wijk.wijk

    def test_a_draft_says_nothing_of_who_it_is(self):
        wijk = make_wijk()
        draft(wijk)
        assert tables_with_identity() == set()

    def test_identity_is_in_one_table_the_whole_way(self):
        wijk = make_wijk()
        request = send(wijk)
        [first] = open_offers(request)
        decline_offer(
            actor=wijk.nurses[0].actor, offer_id=first.pk, reason="no-room", at=LATER
        )
        [second] = open_offers(request)
        accept_offer(actor=wijk.nurses[1].actor, offer_id=second.pk, at=LATER)
        show(wijk, request, wijk.nurses[1])
        reopen_request(
            actor=wijk.nurses[1].actor,
            request_id=request.pk,
            reason="team-stops",
            at=LATER,
        )
        assert tables_with_identity() == {"Patient"}

    def test_a_team_that_was_asked_does_not_see_who_it_is(self):
        wijk = make_wijk()
        request = send(wijk, urgency="today")
        for nurse in wijk.nurses:
            with pytest.raises(NotPermitted):
                show(wijk, request, nurse)

    def test_of_the_teams_only_the_winner_sees_it(self):
        wijk = make_wijk()
        request = place(wijk, urgency="today")
        assert show(wijk, request, wijk.nurses[0]).name == PATIENT.name
        assert show(wijk, request, wijk.managers[0]).name == PATIENT.name
        for person in (*wijk.nurses[1:], *wijk.managers[1:], wijk.transfer_nurse):
            with pytest.raises(NotPermitted):
                show(wijk, request, person)

    def test_a_team_that_gave_it_back_sees_it_no_more(self):
        wijk = make_wijk()
        request = place(wijk)
        reopen_request(
            actor=wijk.nurses[0].actor,
            request_id=request.pk,
            reason="team-stops",
            at=LATER,
        )
        with pytest.raises(NotPermitted):
            show(wijk, request, wijk.nurses[0])

    def test_who_sent_it_and_the_regions_coordinator_see_it(self):
        wijk = make_wijk()
        request = send(wijk)
        for person in (wijk.referrer, wijk.colleague, wijk.coordinator):
            assert show(wijk, request, person).name == PATIENT.name
        with pytest.raises(NotPermitted):
            show(wijk, request, make_coordinator(AreaFactory(region=True)))
        visitor = send(wijk, actor=Actor(), requester=FAMILY)
        with pytest.raises(NotPermitted):
            show_patient(actor=Actor(), request_id=visitor.pk, purpose="", at=LATER)

    def test_every_showing_is_in_the_trail_and_a_refusal_is_not(self):
        wijk = make_wijk()
        request = send(wijk)
        trail = AuditEvent.objects.filter(
            entity_type="patient", entity_id=str(request.pk)
        )
        assert [e.action for e in trail] == ["create"]
        for _time in range(2):
            show(wijk, request, wijk.coordinator)
        with pytest.raises(NotPermitted):
            show(wijk, request, wijk.nurses[2])
        reads = trail.filter(action="read")
        assert {(e.actor, e.purpose) for e in reads} == {
            (wijk.coordinator.user, "visit")
        }
        assert reads.count() == 2

    def test_of_a_draft_there_is_nobody_to_show(self):
        wijk = make_wijk()
        assert show(wijk, draft(wijk), wijk.referrer) is None
        assert not AuditEvent.objects.exists()


def test_what_the_sender_gets_leads_to_this_request_only():
    wijk = make_wijk()
    first, second = submit(wijk), submit(wijk)
    assert first.number != second.number
    assert first.link_token != second.link_token
