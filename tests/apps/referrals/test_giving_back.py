"""A team gives a client back: it has not declined, and another may win after it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.apps.referrals.rest import System
from tests.factories.referrals import (
    AT,
    AssignmentAgreementFactory,
    OfferFactory,
    ReferralsWijk,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.core.errors import NotPermitted
from wijkspil.core.periods import Period
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.models import AssignmentStop, Offer, ServiceRequest
from wijkspil.referrals.selectors.inbox import get_question
from wijkspil.referrals.selectors.statistics import count_declines
from wijkspil.referrals.services.course import (
    end_care,
    reopen_request,
    set_hours,
    start_care,
    stop_assignment,
)
from wijkspil.referrals.services.offers import (
    accept_offer,
    ask_teams,
    assign_by_agreement,
)
from wijkspil.referrals.services.steering import withdraw_request
from wijkspil.referrals.types import CloseReason, OfferStatus, ReopenReason
from wijkspil.referrals.wording_inbox import say_outcome

LATER = AT + timedelta(hours=2)
pytestmark = pytest.mark.django_db


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk()


def given_back(wijk: ReferralsWijk) -> ServiceRequest:
    """Return a request that the first team accepted and gave back."""
    request = place(wijk)
    return reopen_request(
        actor=wijk.nurses[0].actor,
        request_id=request.pk,
        reason=ReopenReason.TEAM_STOPS,
        at=LATER,
    )


def test_what_was_given_back_is_no_decline(wijk: ReferralsWijk) -> None:
    request = given_back(wijk)
    former = Offer.objects.get(request=request, service=wijk.teams[0])
    assert (former.status, former.decline_reason) == (OfferStatus.RETURNED, "")
    assert count_declines(wijk.region.pk, Period(AT, LATER + timedelta(days=1))) == []
    event = request.events.get(kind="reopened")
    assert event.service_id == wijk.teams[0].pk
    assert event.detail["reason"] == "team-stops"


def test_a_stopped_assignment_is_given_back_too(wijk: ReferralsWijk) -> None:
    request = assigned(wijk)
    stop_assignment(
        actor=wijk.nurses[1].actor,
        request_id=request.pk,
        ground="staffing",
        explanation="Niemand in de avond",
        at=LATER,
    )
    former = Offer.objects.get(request=request, origin="agreement")
    assert (former.status, former.decline_reason) == (OfferStatus.RETURNED, "")


def test_the_team_that_gave_it_back_is_not_the_next(wijk: ReferralsWijk) -> None:
    request = given_back(wijk)
    assert [offer.service_id for offer in open_offers(request)] == [wijk.teams[1].pk]


def test_another_team_or_the_same_wins_after_it(wijk: ReferralsWijk) -> None:
    request = given_back(wijk)
    [next_offer] = open_offers(request)
    accept_offer(actor=wijk.nurses[1].actor, offer_id=next_offer.pk, at=LATER)
    reopen_request(
        actor=wijk.nurses[1].actor,
        request_id=request.pk,
        reason=ReopenReason.TEAM_STOPS,
        at=LATER,
    )
    [again] = ask_teams(
        actor=wijk.coordinator.actor,
        request_id=request.pk,
        service_ids=[wijk.teams[0].pk],
        at=LATER,
    )
    placed = accept_offer(actor=wijk.nurses[0].actor, offer_id=again.pk, at=LATER)
    assert placed.placed_service_id == wijk.teams[0].pk
    counts = [offer.status for offer in Offer.objects.filter(request=request)]
    assert counts.count(OfferStatus.ACCEPTED) == 1
    assert counts.count(OfferStatus.RETURNED) == 2
    with pytest.raises(IntegrityError, match="offer_one_winner"), transaction.atomic():
        OfferFactory(
            request=request, service=wijk.teams[2], status=OfferStatus.ACCEPTED
        )


def test_the_team_reads_that_it_no_longer_has_the_client(wijk: ReferralsWijk) -> None:
    request = given_back(wijk)
    former = Offer.objects.get(request=request, service=wijk.teams[0])
    question = get_question(former.pk, at=LATER)
    assert say_outcome(question) == "Your team had this client and no longer has it."


def assigned(wijk: ReferralsWijk) -> ServiceRequest:
    """Return a request that was assigned to the second team by agreement."""
    AssignmentAgreementFactory(
        organization=wijk.teams[1].organization, region=wijk.region
    )
    request = send(wijk)
    return assign_by_agreement(
        actor=wijk.coordinator.actor,
        request_id=request.pk,
        service_id=wijk.teams[1].pk,
        at=LATER,
    )


def test_an_assignment_is_not_stopped_once_care_has_started(
    wijk: ReferralsWijk,
) -> None:
    request = assigned(wijk)
    nurse = wijk.nurses[1].actor
    set_hours(
        actor=nurse,
        request_id=request.pk,
        hours_per_week=Decimal(3),
        review_on=AT.date() + timedelta(days=30),
        at=LATER,
    )
    start_care(actor=nurse, request_id=request.pk, at=LATER)
    with pytest.raises(NotNow):
        stop_assignment(
            actor=nurse,
            request_id=request.pk,
            ground="staffing",
            explanation="Niemand in de avond",
            at=LATER,
        )
    assert not AssignmentStop.objects.exists()


@pytest.mark.parametrize("way", ["ended", "withdrawn"])
def test_the_team_does_not_reopen_what_it_no_longer_has(
    wijk: ReferralsWijk, way: str
) -> None:
    request = close(place(wijk), wijk, way)
    with pytest.raises(NotPermitted):
        reopen_request(
            actor=wijk.nurses[0].actor,
            request_id=request.pk,
            reason=ReopenReason.TEAM_STOPS,
            at=LATER,
        )
    request.refresh_from_db()
    assert request.status == way


@pytest.mark.parametrize("way", ["ended", "withdrawn"])
def test_nor_does_its_system(way: str) -> None:
    wijk = make_wijk(at=timezone.now())
    request = close(place(wijk), wijk, way)
    answer = System(wijk.teams[0].organization).post(
        f"/requests/{request.number}/reopening", {"reason": "team-stops"}
    )
    assert answer.status_code == 403
    request.refresh_from_db()
    assert request.status == way


def test_an_objection_is_no_reason_to_choose_from(wijk: ReferralsWijk) -> None:
    request = place(wijk)
    with pytest.raises(InvalidRequest):
        reopen_request(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            reason=ReopenReason.OBJECTION,
            at=LATER,
        )


def close(request: ServiceRequest, wijk: ReferralsWijk, way: str) -> ServiceRequest:
    """End the care of a placed request, or withdraw it."""
    at = wijk.at + timedelta(hours=1)
    if way == "withdrawn":
        return withdraw_request(
            actor=wijk.referrer.actor,
            request_id=request.pk,
            reason=CloseReason.NOT_NEEDED,
            at=at,
        )
    nurse = wijk.nurses[0].actor
    set_hours(
        actor=nurse,
        request_id=request.pk,
        hours_per_week=Decimal(3),
        review_on=at.date() + timedelta(days=30),
        at=at,
    )
    start_care(actor=nurse, request_id=request.pk, at=at)
    return end_care(
        actor=nurse, request_id=request.pk, reason=CloseReason.GOALS_REACHED, at=at
    )
