"""At the same moment, and halfway: one winner, one reservation, nothing half done."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from tests.apps.directory.at_once import at_once
from tests.factories.referrals import (
    AGREED,
    AT,
    PATIENT,
    OfferFactory,
    ReferralsWijk,
    ServiceRequestFactory,
    draft,
    make_wijk,
    open_offers,
    send,
)
from wijkspil.core.models import AuditEvent
from wijkspil.directory.models import CapacityReservation
from wijkspil.referrals.errors import AlreadyTaken, NotNow, OfferIsClosed
from wijkspil.referrals.models import Offer, Patient, RequestEvent, ServiceRequest
from wijkspil.referrals.services import offers as offer_services
from wijkspil.referrals.services.offers import (
    accept_offer,
    decline_offer,
    run_timers,
)
from wijkspil.referrals.services.requests import submit_request
from wijkspil.referrals.services.steering import withdraw_request
from wijkspil.referrals.types import Expired, OfferStatus, RequestStatus, Submitted

LATER = AT + timedelta(minutes=5)


def accept(wijk: ReferralsWijk, offer: Offer, **changes: Any) -> ServiceRequest:
    """Let the nurse of the asked team accept."""
    return accept_offer(
        actor=wijk.nurse_of(offer.service_id).actor,
        offer_id=offer.pk,
        **{"at": LATER, **changes},
    )


def decline(wijk: ReferralsWijk, offer: Offer) -> ServiceRequest:
    """Let the nurse of the asked team decline."""
    return decline_offer(
        actor=wijk.nurse_of(offer.service_id).actor,
        offer_id=offer.pk,
        reason="travel",
        at=LATER,
    )


def running() -> list[tuple[str, int]]:
    """Return (reference, service) of the reservations that run."""
    return list(
        CapacityReservation.objects.filter(released_at=None).values_list(
            "reference", "service_id"
        )
    )


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.mark.parametrize("_round", range(5))
    def test_of_teams_that_accept_at_once_one_wins(self, _round: int) -> None:
        wijk = make_wijk()
        request = send(wijk, urgency="today")
        asked = open_offers(request)
        assert len(asked) == 3

        outcomes = at_once(*(lambda o=offer: accept(wijk, o) for offer in asked))

        won = [o for o in outcomes if isinstance(o, ServiceRequest)]
        lost = [o for o in outcomes if isinstance(o, AlreadyTaken | OfferIsClosed)]
        assert (len(won), len(lost)) == (1, 2), outcomes
        request.refresh_from_db()
        assert request.status == RequestStatus.ACCEPTED
        assert running() == [(request.number, request.placed_service_id)]
        statuses = sorted(request.offers.values_list("status", flat=True))
        assert statuses == ["accepted", "withdrawn", "withdrawn"]
        released = AuditEvent.objects.filter(purpose__startswith="release-to-service")
        assert [r.purpose for r in released] == [
            f"release-to-service-{request.placed_service_id}"
        ]

    def test_one_team_that_accepts_in_two_browsers_accepts_once(self) -> None:
        wijk = make_wijk()
        request = send(wijk)
        [offer] = open_offers(request)

        outcomes = at_once(*[lambda: accept(wijk, offer)] * 4)

        assert all(isinstance(o, ServiceRequest) for o in outcomes), outcomes
        assert len(running()) == 1
        assert request.events.filter(kind="accepted").count() == 1

    def test_accepting_and_withdrawing_at_once_never_leaves_room_taken(self) -> None:
        wijk = make_wijk()
        request = send(wijk)
        [offer] = open_offers(request)

        outcomes = at_once(
            lambda: accept(wijk, offer),
            lambda: withdraw_request(
                actor=wijk.referrer.actor,
                request_id=request.pk,
                reason="own-network",
                at=LATER,
            ),
        )

        assert isinstance(outcomes[1], ServiceRequest)
        assert isinstance(outcomes[0], ServiceRequest | OfferIsClosed)
        request.refresh_from_db()
        assert request.status == RequestStatus.WITHDRAWN
        assert running() == []

    def test_accepting_and_expiring_at_once_has_one_outcome(self) -> None:
        wijk = make_wijk()
        request = send(wijk)
        [offer] = open_offers(request)
        late = offer.answer_by + timedelta(seconds=1)

        outcomes = at_once(
            lambda: accept(wijk, offer, at=late), lambda: run_timers(at=late)
        )

        request.refresh_from_db()
        offer.refresh_from_db()
        assert isinstance(outcomes[1], Expired)
        if isinstance(outcomes[0], ServiceRequest):
            assert (request.status, offer.status) == ("accepted", "accepted")
            assert len(running()) == 1
        else:
            assert isinstance(outcomes[0], OfferIsClosed)
            assert (request.status, offer.status) == ("offered", "expired")
            assert running() == []

    def test_declining_twice_at_once_asks_the_next_team_once(self) -> None:
        wijk = make_wijk()
        request = send(wijk)
        [offer] = open_offers(request)

        outcomes = at_once(*[lambda: decline(wijk, offer)] * 3)

        assert all(isinstance(o, ServiceRequest) for o in outcomes), outcomes
        [following] = open_offers(request)
        assert following.service_id != offer.service_id
        assert request.offers.count() == 2
        assert request.events.filter(kind="declined").count() == 1

    def test_teams_that_decline_at_once_leave_it_with_the_coordinator(self) -> None:
        wijk = make_wijk()
        request = send(wijk, urgency="today")
        at_once(*(lambda o=offer: decline(wijk, o) for offer in open_offers(request)))
        request.refresh_from_db()
        assert (request.status, request.owner_name) == ("open", "C. Oordinator")
        assert request.events.filter(kind="no-team").count() == 1

    def test_a_draft_that_is_sent_twice_is_one_request(self) -> None:
        wijk = make_wijk()
        request = draft(wijk)

        def submit() -> Submitted:
            return submit_request(
                actor=wijk.referrer.actor,
                request_id=request.pk,
                patient=PATIENT,
                consent=AGREED,
                at=LATER,
            )

        outcomes = at_once(submit, submit, submit)

        assert sum(isinstance(o, Submitted) for o in outcomes) == 1
        assert sum(isinstance(o, NotNow) for o in outcomes) == 2
        assert Patient.objects.count() == 1
        assert len(open_offers(request)) == 1

    def test_two_runs_of_the_timers_do_everything_once(self) -> None:
        wijk = make_wijk()
        requests = [send(wijk) for _number in range(3)]
        late = max(r.due_at for r in requests if r.due_at) + timedelta(hours=1)

        outcomes = at_once(*[lambda: run_timers(at=late)] * 3)

        assert all(isinstance(o, Expired) for o in outcomes), outcomes
        # What one run had in hand the others skipped.
        run_timers(at=late)
        for request in requests:
            first = request.offers.order_by("rank").first()
            assert first is not None
            assert first.status == OfferStatus.EXPIRED
            expired = request.events.filter(kind="expired")
            assert expired.filter(service=first.service).count() == 1


@pytest.mark.django_db(transaction=True)
def test_timers_skip_what_somebody_has_in_hand() -> None:
    wijk = make_wijk()
    in_hand, free = send(wijk), send(wijk)
    late = AT + timedelta(hours=5)

    def hold() -> Expired:
        with transaction.atomic():
            ServiceRequest.objects.select_for_update().get(pk=in_hand.pk)
            [outcome] = at_once(lambda: run_timers(at=late))
        assert isinstance(outcome, Expired), outcome
        return outcome

    done = hold()
    assert done.offers == 1
    assert open_offers(in_hand)[0].answer_by <= late
    assert free.events.filter(kind="expired").count() == 1
    assert run_timers(at=late).offers == 1


def everything() -> list[Any]:
    """Return what accepting writes."""
    return [
        list(ServiceRequest.objects.values_list()),
        list(Offer.objects.order_by("pk").values_list()),
        list(RequestEvent.objects.order_by("pk").values_list()),
        list(CapacityReservation.objects.values_list()),
        AuditEvent.objects.count(),
    ]


@pytest.mark.django_db(transaction=True)
class TestHalfway:
    @pytest.mark.parametrize("step", ["add_event", "record_patient_access"])
    def test_what_breaks_after_the_room_was_taken_leaves_nothing(
        self, step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wijk = make_wijk()
        [offer] = open_offers(send(wijk))
        before = everything()

        def break_off(*_args: object, **_values: object) -> None:
            assert running()
            raise RuntimeError(step)

        monkeypatch.setattr(offer_services, step, break_off)
        with pytest.raises(RuntimeError, match=step):
            accept(wijk, offer)
        assert everything() == before

    def test_a_worker_killed_between_two_steps_leaves_nothing(self) -> None:
        wijk = make_wijk()
        [offer] = open_offers(send(wijk))
        before = everything()
        nurse = wijk.nurse_of(offer.service_id)

        worker = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_WORKER)],
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "wijkspil.config.settings",
                "TEST_DATABASE": connection.settings_dict["NAME"],
                "NURSE": str(nurse.user.pk),
                "OFFER": str(offer.pk),
                "AT": LATER.isoformat(),
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        assert worker.stdout is not None
        with worker:
            assert worker.stdout.readline().strip() == "room is taken"
            worker.send_signal(signal.SIGKILL)
        assert worker.returncode == -signal.SIGKILL

        assert everything() == before
        # Nothing is locked by the dead either: the team can accept.
        assert accept(wijk, offer).status == RequestStatus.ACCEPTED


#: Accepts an offer, and waits for its death after the room was reserved.
_WORKER = """
    import os, sys, time
    from datetime import datetime
    import django
    from django.conf import settings
    settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
    django.setup()
    from wijkspil.accounts.selectors import get_actor
    from wijkspil.referrals.services import offers
    at = datetime.fromisoformat(os.environ["AT"])

    def wait(*args, **values):
        print("room is taken", flush=True)
        time.sleep(60)

    offers.record_patient_access = wait
    offers.accept_offer(
        actor=get_actor(user_id=int(os.environ["NURSE"]), label="N", at=at),
        offer_id=int(os.environ["OFFER"]),
        at=at,
    )
"""


@pytest.mark.django_db
class TestWhatTheDatabaseItselfKeeps:
    @pytest.mark.parametrize(
        "values",
        [
            {"due_at": None},
            {"owner_name": ""},
            {"status": "accepted"},
            {"status": "in-care", "placed_at": AT},
            {"hours_low": 3, "hours_high": 2},
        ],
    )
    def test_a_request_without_owner_date_or_team_is_refused(
        self, values: dict[str, Any]
    ) -> None:
        request = ServiceRequestFactory()
        with pytest.raises(IntegrityError, match="request_"), transaction.atomic():
            ServiceRequest.objects.filter(pk=request.pk).update(**values)

    def test_a_second_winner_is_refused(self) -> None:
        first = OfferFactory(status="accepted")
        with pytest.raises(IntegrityError, match="offer_one_winner"):
            OfferFactory(request=first.request, status="accepted")

    def test_a_team_has_a_question_once(self) -> None:
        first = OfferFactory()
        with pytest.raises(IntegrityError, match="offer_asked_once"):
            OfferFactory(request=first.request, service=first.service)

    def test_a_decline_without_a_reason_is_refused(self) -> None:
        with pytest.raises(IntegrityError, match="offer_decline_has_reason"):
            OfferFactory(status="declined")
