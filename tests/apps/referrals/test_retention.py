"""Identity goes when its time has passed; what is needed and what was counted stays."""

from datetime import date, timedelta

import pytest

from tests.apps.referrals.identity import tables_with_identity
from tests.factories.referrals import (
    AT,
    FAMILY,
    AssignmentAgreementFactory,
    agree,
    draft,
    make_wijk,
    open_offers,
    place,
    send,
    submit,
)
from wijkspil.accounts.types import Actor
from wijkspil.core.models import AuditEvent
from wijkspil.core.progress import Silent
from wijkspil.directory.fictional.removal import remove_fictional
from wijkspil.directory.models import HealthcareService
from wijkspil.referrals.errors import NotNow, UnknownRequest
from wijkspil.referrals.models import (
    AssignmentAgreement,
    ClientLink,
    Consent,
    Offer,
    Patient,
    PolicyVersion,
    RoomCheck,
    ServiceRequest,
)
from wijkspil.referrals.services.course import reopen_request
from wijkspil.referrals.services.disclosure import show_patient
from wijkspil.referrals.services.links import find_by_link
from wijkspil.referrals.services.offers import decline_offer
from wijkspil.referrals.services.requests import check_room
from wijkspil.referrals.services.retention import (
    DRAFT_DAYS,
    delete_fictional_requests,
    remove_old_drafts,
    remove_old_patients,
)
from wijkspil.referrals.services.steering import add_note, withdraw_request

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)
#: A year after the withdrawal of an hour later.
LAST_DAY = date(2027, 11, 17)


def closed(wijk, **changes):
    """Return a request that was declined in words, noted on, and withdrawn."""
    request = send(wijk, note="Hond in huis", **changes)
    decline_offer(
        actor=wijk.nurse_of(open_offers(request)[0].service_id).actor,
        offer_id=open_offers(request)[0].pk,
        reason="travel",
        note="Te ver voor mevrouw",
        at=LATER,
    )
    coordinator = wijk.coordinator.actor
    add_note(
        actor=coordinator, request_id=request.pk, text="Zoon belt vrijdag", at=LATER
    )
    withdraw_request(
        actor=coordinator, request_id=request.pk, reason="own-network", at=LATER
    )
    request.refresh_from_db()
    return request


def remove(on=LAST_DAY):
    return remove_old_patients(on=on, at=AT + timedelta(days=366))


class TestRemoving:
    def test_identity_goes_on_the_last_day_and_not_before(self):
        wijk = make_wijk()
        request = closed(wijk)
        assert remove(LAST_DAY - timedelta(days=1)) == 0
        assert show_patient(
            actor=wijk.referrer.actor, request_id=request.pk, purpose="", at=LATER
        )
        assert remove() == 1
        assert tables_with_identity() == set()
        assert not Patient.objects.exists()
        assert not Consent.objects.exists()
        assert remove() == 0

    def test_what_was_asked_and_what_happened_stays_without_anybody_in_it(self):
        wijk = make_wijk()
        request = closed(wijk)
        kinds = list(request.events.order_by("pk").values_list("kind", flat=True))
        remove()
        request.refresh_from_db()
        assert request.tasks == ["stockings", "medication"]
        assert (request.age, request.note) == (None, "")
        assert (request.place, request.postcode) == (wijk.pc4, "2512")
        assert list(request.events.order_by("pk").values_list("kind", flat=True)) == (
            kinds
        )
        assert request.events.get(kind="note").detail == {}
        declined = Offer.objects.get(status="declined")
        assert (declined.decline_reason, declined.decline_note) == ("travel", "")
        assert request.requester_name == wijk.practice.name

    def test_the_family_that_asked_goes_as_well(self):
        wijk = make_wijk()
        request = closed(wijk, actor=Actor(), requester=FAMILY)
        remove()
        request.refresh_from_db()
        assert (request.requester_name, request.requester_phone) == ("", "")
        rows = [*ServiceRequest.objects.values(), *request.events.values()]
        assert "Dochter" not in repr(rows)

    def test_the_removal_is_in_the_trail(self):
        wijk = make_wijk()
        request = closed(wijk)
        remove()
        event = AuditEvent.objects.get(entity_type="patient", action="delete")
        assert (event.entity_id, event.purpose) == (str(request.pk), "retention")
        assert event.actor_label == "Wijkspil"

    def test_the_link_of_the_client_ends(self):
        wijk = make_wijk()
        sent = submit(wijk)
        withdraw_request(
            actor=wijk.referrer.actor,
            request_id=sent.request_id,
            reason="died",
            at=LATER,
        )
        remove()
        assert not ClientLink.objects.exists()
        with pytest.raises(UnknownRequest):
            find_by_link(sent.link_token, at=LATER)

    @pytest.mark.parametrize("at_work", ["searching", "placed"])
    def test_while_somebody_looks_for_care_or_gives_it_identity_stays(self, at_work):
        wijk = make_wijk()
        request = send(wijk) if at_work == "searching" else place(wijk)
        assert remove(date(2036, 1, 1)) == 0
        assert Patient.objects.get().pk == request.pk

    def test_opening_again_counts_the_term_anew(self):
        wijk = make_wijk()
        request = closed(wijk)
        reopen_request(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            reason="changed-mind",
            at=AT + timedelta(days=100),
        )
        assert Patient.objects.get().retain_until == date(2028, 2, 25)
        assert remove() == 0

    def test_what_was_removed_cannot_be_opened_again(self):
        wijk = make_wijk()
        request = closed(wijk)
        remove()
        with pytest.raises(NotNow, match="Nobody knows"):
            reopen_request(
                actor=wijk.coordinator.actor,
                request_id=request.pk,
                reason="changed-mind",
                at=AT + timedelta(days=400),
            )
        assert not open_offers(request)

    def test_the_region_decides_how_long(self):
        wijk = make_wijk()
        agree(wijk, retention_days=30)
        closed(wijk)
        assert remove(date(2026, 12, 16)) == 0
        assert remove(date(2026, 12, 17)) == 1


class TestDrafts:
    def test_a_draft_that_is_never_sent_goes_after_a_month(self):
        wijk = make_wijk()
        draft(wijk, actor=Actor(), requester=FAMILY)
        sent = send(wijk)
        day = AT.date() + timedelta(days=DRAFT_DAYS)
        assert remove_old_drafts(on=day - timedelta(days=1)) == 0
        assert remove_old_drafts(on=day) == 1
        assert list(ServiceRequest.objects.all()) == [sent]

    def test_one_that_was_cancelled_before_it_was_sent_goes_as_well(self):
        wijk = make_wijk()
        request = draft(wijk)
        withdraw_request(
            actor=wijk.referrer.actor,
            request_id=request.pk,
            reason="mistake",
            at=LATER,
        )
        remove(AT.date() + timedelta(days=DRAFT_DAYS))
        assert not ServiceRequest.objects.exists()


class TestReplacingWhatWasInvented:
    def test_requests_go_before_what_they_hang_on(self):
        wijk = make_wijk()
        place(wijk)
        send(wijk)
        draft(wijk)
        check_room(actor=wijk.referrer.actor, need=wijk.need(), at=AT)
        agree(wijk)
        AssignmentAgreementFactory(
            organization=wijk.teams[0].organization, region=wijk.region
        )
        assert delete_fictional_requests() == 3
        remove_fictional(Silent())
        assert not HealthcareService.objects.exists()
        for model in (
            ServiceRequest,
            Offer,
            Patient,
            RoomCheck,
            PolicyVersion,
            AssignmentAgreement,
        ):
            assert not model.objects.exists(), model

    def test_a_request_among_real_rows_stays(self):
        wijk = make_wijk()
        place(wijk)
        for row in (wijk.region, wijk.gemeente, wijk.wijk, wijk.pc4, wijk.pc6):
            row.is_fictional = False
            row.save()
        for team in wijk.teams:
            team.is_fictional = False
            team.save()
            team.organization.is_fictional = False
            team.organization.save()
        wijk.practice.is_fictional = False
        wijk.practice.save()
        for person in (wijk.referrer, *wijk.nurses):
            person.user.is_fictional = False
            person.user.save()
        assert delete_fictional_requests() == 0
