"""The nearest nurse is alerted, then the next; who accepts first goes."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apps.directory.at_once import at_once
from tests.factories.calls import (
    AT,
    MINUTE,
    CallAlertFactory,
    CallFactory,
    Night,
    bring_to,
    make_night,
    open_alerts,
    start,
)
from tests.factories.directory import DutyPeriodFactory
from wijkspil.calls.errors import (
    AlertIsClosed,
    AnotherNurseGoes,
    CallNotNow,
    InvalidCall,
    UnknownCall,
)
from wijkspil.calls.models import Call, CallAlert, CallEvent
from wijkspil.calls.services.alerts import (
    accept_call,
    alert_nurse,
    decline_call,
    find_nurses_for,
    give_back_call,
    run_timers,
)
from wijkspil.calls.services.calls import cancel_call, look_for_nurses
from wijkspil.calls.services.course import arrive, check_in, leave
from wijkspil.calls.types import RUNNING, CallStatus, CallTimers
from wijkspil.communications.models import Communication
from wijkspil.core.models import AuditEvent
from wijkspil.directory.models import DutyPeriod, HealthcareService
from wijkspil.directory.types import CareTask


def alerted(call: Call) -> list[tuple[str, str]]:
    """Return (nurse, status) in the order of alerting."""
    return list(call.alerts.order_by("rank").values_list("person_name", "status"))


def messages(topic: str) -> list[Communication]:
    """Return the messages of one topic."""
    return list(Communication.objects.filter(topic=topic).order_by("created_at"))


@pytest.mark.django_db
class TestChoosing:
    def test_who_can_come_is_shown_before_anything_personal_is_typed(self) -> None:
        night = make_night()
        _place, found = look_for_nurses(
            actor=night.triage.actor, call=night.call(), at=AT
        )
        assert [n.person_name for n in found.candidates] == [
            "N. Acht 1",
            "N. Acht 2",
            "N. Acht 3",
            "N. Acht 4",
        ]
        arrivals = [n.expected_min for n in found.candidates]
        assert all(minutes is not None and minutes > 0 for minutes in arrivals)
        assert arrivals == sorted(arrivals, key=float)  # type: ignore[arg-type]
        assert [n.is_elsewhere for n in found.candidates] == [False] * 3 + [True]
        assert not Call.objects.exists()
        assert set(
            AuditEvent.objects.filter(purpose="call.nurses").values_list(
                "entity_id", flat=True
            )
        ) == {str(duty.pk) for duty in night.duties}

    def test_the_nearest_is_alerted_with_the_time_to_answer(self) -> None:
        night = make_night()
        call = start(night)
        [alert] = open_alerts(call)
        assert alert.person_name == "N. Acht 1"
        assert alert.answer_by == AT + 4 * MINUTE
        assert (call.status, call.owner_name, call.due_at) == (
            CallStatus.ALERTED,
            "T. Riage",
            alert.answer_by,
        )
        [message] = messages("calls.alert")
        assert message.to_service_id == night.teams[0].pk
        assert message.params == {"number": call.number, "minutes": 4}

    def test_a_nurse_who_cannot_do_the_task_is_not_asked(self) -> None:
        night = make_night()
        HealthcareService.objects.filter(pk=night.teams[0].pk).update(
            tasks=[CareTask.WOUND]
        )
        call = start(night)
        assert alerted(call) == [("N. Acht 2", "open")]

    def test_a_nurse_with_another_client_comes_later_in_line(self) -> None:
        night = make_night()
        bring_to(night, CallStatus.ARRIVED)
        call = start(night, at=AT + 8 * MINUTE)
        assert alerted(call) == [("N. Acht 2", "open")]
        busy = {
            nurse.person_name: nurse
            for nurse in find_nurses_for(call, at=AT + 8 * MINUTE).candidates
        }["N. Acht 1"]
        assert busy.is_busy
        assert busy.expected_min is not None
        # 30 minutes at the client, of which 2 have passed; then 8 to get going and in.
        assert busy.expected_min == 36

    def test_another_nurse_than_the_first_can_be_chosen(self) -> None:
        night = make_night()
        call = start(night)
        alert_nurse(
            actor=night.triage.actor,
            number=call.number,
            duty_id=night.duties[2].pk,
            at=AT + MINUTE,
        )
        alert_nurse(
            actor=night.triage.actor,
            number=call.number,
            duty_id=night.duties[2].pk,
            at=AT + 2 * MINUTE,
        )
        assert alerted(call) == [("N. Acht 1", "open"), ("N. Acht 3", "open")]

    def test_a_nurse_who_is_not_on_duty_cannot_be_chosen(self) -> None:
        night = make_night()
        call = start(night)
        past = DutyPeriodFactory(
            service=night.teams[0],
            area=night.wijk,
            rank=2,
            valid_from=AT - timedelta(days=2),
            valid_until=AT - timedelta(days=1),
        )
        with pytest.raises(InvalidCall):
            alert_nurse(
                actor=night.triage.actor, number=call.number, duty_id=past.pk, at=AT
            )

    def test_the_morning_is_the_next_seven_o_clock(self) -> None:
        night = make_night()
        call = start(night, urgency="morning")
        assert call.arrive_by.isoformat() == "2026-11-21T07:00:00+01:00"
        evening = start(night, urgency="morning", at=AT - timedelta(hours=5))
        assert evening.arrive_by.isoformat() == "2026-11-21T07:00:00+01:00"


@pytest.mark.django_db
class TestAnswering:
    def test_escalation_goes_in_the_order_of_the_engine(self) -> None:
        night = make_night()
        call = start(night)
        wanted = [n.person_name for n in find_nurses_for(call, at=AT).candidates]
        for step in range(1, 6):
            run_timers(at=AT + 4 * step * MINUTE)
        assert [name for name, _status in alerted(call)] == wanted
        call.refresh_from_db()
        assert call.status == CallStatus.HANDED_ON

    def test_who_did_not_answer_in_time_may_still_be_the_first(self) -> None:
        night = make_night()
        call = start(night)
        run_timers(at=AT + 4 * MINUTE)
        assert alerted(call) == [("N. Acht 1", "no-answer"), ("N. Acht 2", "open")]
        call = accept_call(
            actor=night.nurses[0].actor, number=call.number, at=AT + 5 * MINUTE
        )
        assert call.nurse_name == "N. Acht 1"
        assert alerted(call) == [("N. Acht 1", "accepted"), ("N. Acht 2", "withdrawn")]
        told = [m.to_service_id for m in messages("calls.no-longer-needed")]
        assert told == [night.teams[1].pk]

    def test_before_the_time_has_passed_nothing_happens(self) -> None:
        night = make_night()
        call = start(night)
        assert run_timers(at=AT + 3 * MINUTE) == CallTimers(0, 0, 0, AT + 3 * MINUTE)
        assert alerted(call) == [("N. Acht 1", "open")]

    def test_declining_alerts_the_next_at_once(self) -> None:
        night = make_night()
        call = start(night)
        decline_call(
            actor=night.nurses[0].actor, number=call.number, reason="busy", at=AT
        )
        assert alerted(call) == [("N. Acht 1", "declined"), ("N. Acht 2", "open")]
        with pytest.raises(AlertIsClosed):
            accept_call(actor=night.nurses[0].actor, number=call.number, at=AT)

    def test_a_reason_that_is_not_in_the_list_is_refused(self) -> None:
        night = make_night()
        call = start(night)
        with pytest.raises(InvalidCall, match="no-idea"):
            decline_call(
                actor=night.nurses[0].actor,
                number=call.number,
                reason="no-idea",
                at=AT,
            )

    def test_nobody_left_makes_the_coordinator_the_owner_loudly(self) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.HANDED_ON)
        assert call.owner_id == night.coordinator.user.pk
        assert call.due_at == AT + 10 * MINUTE
        told = messages("calls.handed-on")
        assert {(m.to_region_id, m.to_user_id) for m in told} == {
            (night.region.pk, None),
            (None, night.triage.user.pk),
        }
        run_timers(at=AT + 10 * MINUTE)
        assert len(messages("calls.handed-on")) == 4
        call.refresh_from_db()
        assert call.due_at == AT + 20 * MINUTE
        assert call.overdue_since is not None

    def test_without_a_coordinator_the_caller_keeps_it(self) -> None:
        night = make_night(with_coordinator=False)
        call = bring_to(night, CallStatus.HANDED_ON)
        assert (call.status, call.owner_name) == (CallStatus.HANDED_ON, "T. Riage")
        assert call.due_at is not None

    def test_after_handing_on_a_late_nurse_is_still_welcome(self) -> None:
        night = make_night()
        call = start(night)
        for step in range(1, 6):
            run_timers(at=AT + 4 * step * MINUTE)
        call = accept_call(
            actor=night.nurses[1].actor, number=call.number, at=AT + 25 * MINUTE
        )
        assert call.status == CallStatus.ACCEPTED
        assert call.nurse_service_id == night.teams[1].pk

    def test_who_becomes_free_later_is_alerted_after_handing_on(self) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.HANDED_ON)
        HealthcareService.objects.filter(pk=night.teams[2].pk).update(
            tasks=[CareTask.STOMA]
        )
        run_timers(at=AT + 10 * MINUTE)
        call.refresh_from_db()
        assert (call.status, call.owner_name) == (CallStatus.ALERTED, "C. Oordinator")
        assert alerted(call) == [("N. Acht 3", "open")]
        assert len(messages("calls.handed-on")) == 2

    def test_a_late_no_after_handing_on_makes_no_new_noise(self) -> None:
        night = make_night()
        call = start(night)
        for step in range(1, 6):
            run_timers(at=AT + 4 * step * MINUTE)
        told = len(messages("calls.handed-on"))
        decline_call(
            actor=night.nurses[0].actor, number=call.number, reason="busy", at=AT
        )
        assert len(messages("calls.handed-on")) == told

    def test_accepting_twice_is_harmless(self) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.ACCEPTED)
        again = accept_call(
            actor=night.nurses[0].actor, number=call.number, at=AT + 9 * MINUTE
        )
        assert again.accepted_at == call.accepted_at
        assert call.events.filter(kind="accepted").count() == 1

    def test_the_caller_writes_down_what_the_nurse_says_by_phone(self) -> None:
        night = make_night()
        call = start(night)
        [alert] = open_alerts(call)
        call = accept_call(
            actor=night.triage.actor, number=call.number, alert_id=alert.pk, at=AT
        )
        assert (call.owner_name, call.owner_id) == ("N. Acht 1", None)
        event = call.events.get(kind="accepted")
        assert event.detail["by_phone"] is True

    def test_giving_back_closes_the_client_and_alerts_the_next(self) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.ON_THE_WAY)
        call = give_back_call(
            actor=night.nurses[0].actor, number=call.number, reason="ill", at=AT
        )
        assert (call.status, call.nurse_service_id) == (CallStatus.ALERTED, None)
        assert alerted(call) == [("N. Acht 1", "returned"), ("N. Acht 2", "open")]

    def test_a_nurse_sent_home_is_asked_again_when_the_other_gives_back(self) -> None:
        night = make_night()
        call = start(night)
        run_timers(at=AT + 4 * MINUTE)
        accept_call(actor=night.nurses[0].actor, number=call.number, at=AT + 5 * MINUTE)
        give_back_call(
            actor=night.nurses[0].actor,
            number=call.number,
            reason="ill",
            at=AT + 6 * MINUTE,
        )
        assert alerted(call)[-1] == ("N. Acht 2", "open")

    def test_cancelling_tells_everybody_who_was_asked(self) -> None:
        night = make_night()
        call = start(night)
        run_timers(at=AT + 4 * MINUTE)
        call = cancel_call(
            actor=night.triage.actor,
            number=call.number,
            reason="emergency",
            at=AT + 5 * MINUTE,
        )
        assert alerted(call) == [("N. Acht 1", "withdrawn"), ("N. Acht 2", "withdrawn")]
        assert {m.to_service_id for m in messages("calls.no-longer-needed")} == {
            night.teams[0].pk,
            night.teams[1].pk,
        }
        with pytest.raises((AlertIsClosed, CallNotNow)):
            accept_call(actor=night.nurses[0].actor, number=call.number, at=AT)

    def test_a_team_that_was_not_alerted_does_not_know_of_it(self) -> None:
        night = make_night()
        call = start(night)
        with pytest.raises(UnknownCall):
            accept_call(actor=night.nurses[2].actor, number=call.number, at=AT)

    def test_a_nurse_who_came_second_hears_that_another_goes(self) -> None:
        night = make_night()
        call = start(night)
        run_timers(at=AT + 4 * MINUTE)
        accept_call(actor=night.nurses[1].actor, number=call.number, at=AT + 5 * MINUTE)
        for act in (accept_call, leave, arrive):
            with pytest.raises(AnotherNurseGoes):
                act(actor=night.nurses[0].actor, number=call.number, at=AT + 6 * MINUTE)


@pytest.mark.django_db
class TestLoneWorker:
    def test_a_missed_sign_is_told_once_to_caller_coordinator_and_team(self) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.ARRIVED)
        assert call.check_in_due_at == AT + 36 * MINUTE
        assert run_timers(at=AT + 35 * MINUTE).check_ins_missed == 0
        assert run_timers(at=AT + 36 * MINUTE).check_ins_missed == 1
        assert run_timers(at=AT + 37 * MINUTE).check_ins_missed == 0
        told = messages("calls.check-in-missed")
        assert {(m.to_service_id, m.to_region_id, m.to_user_id) for m in told} == {
            (night.teams[0].pk, None, None),
            (None, night.region.pk, None),
            (None, None, night.triage.user.pk),
        }
        call.refresh_from_db()
        assert call.check_in_missed_at == AT + 36 * MINUTE

    def test_a_sign_moves_the_next_one(self) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.ARRIVED)
        call = check_in(
            actor=night.nurses[0].actor, number=call.number, at=AT + 30 * MINUTE
        )
        assert call.due_at == call.check_in_due_at == AT + 60 * MINUTE
        assert run_timers(at=AT + 59 * MINUTE).check_ins_missed == 0

    def test_a_nurse_who_does_not_arrive_is_missed_too(self) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.ON_THE_WAY)
        assert call.check_in_due_at is not None
        assert call.expected_arrival_at is not None
        late = call.expected_arrival_at + 15 * MINUTE
        assert call.check_in_due_at == late
        assert run_timers(at=late).check_ins_missed == 1


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.mark.parametrize("_round", range(5))
    def test_of_nurses_who_accept_at_once_one_goes(self, _round: int) -> None:
        night = make_night()
        call = start(night)
        run_timers(at=AT + 4 * MINUTE)
        run_timers(at=AT + 8 * MINUTE)
        outcomes = at_once(
            *(
                lambda n=nurse: accept_call(
                    actor=n.actor, number=call.number, at=AT + 9 * MINUTE
                )
                for nurse in night.nurses[:3]
            )
        )
        won = [o for o in outcomes if isinstance(o, Call)]
        lost = [o for o in outcomes if isinstance(o, AnotherNurseGoes | AlertIsClosed)]
        assert (len(won), len(lost)) == (1, 2), outcomes
        statuses = [status for _name, status in alerted(call)]
        assert statuses.count("accepted") == 1
        released = AuditEvent.objects.filter(purpose__startswith="call-release")
        assert released.count() == 1

    def test_two_timers_alert_the_next_nurse_once(self) -> None:
        night = make_night()
        call = start(night)
        at_once(*[lambda: run_timers(at=AT + 4 * MINUTE)] * 4)
        assert alerted(call) == [("N. Acht 1", "no-answer"), ("N. Acht 2", "open")]

    def test_a_timer_killed_halfway_alerts_each_nurse_once(self) -> None:
        night = make_night()
        call = start(night)
        killed = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(_DIE_BEFORE_COMMIT)],
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "wijkspil.config.settings",
                "TEST_DATABASE": connection.settings_dict["NAME"],
                "AT": (AT + 4 * MINUTE).isoformat(),
            },
            capture_output=True,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
        assert alerted(call) == [("N. Acht 1", "open")]
        for _run in range(2):
            run_timers(at=AT + 4 * MINUTE)
        assert alerted(call) == [("N. Acht 1", "no-answer"), ("N. Acht 2", "open")]
        assert len(messages("calls.alert")) == 2


_DIE_BEFORE_COMMIT = """
    import os, signal
    from datetime import datetime
    import django
    from django.conf import settings
    settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
    django.setup()
    from wijkspil.calls.services import alerts
    told = alerts.tell_alert
    def tell_and_die(*args, **kwargs):
        told(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
    alerts.tell_alert = tell_and_die
    alerts.run_timers(at=datetime.fromisoformat(os.environ["AT"]))
"""


@pytest.mark.django_db
class TestTheDatabaseItself:
    def test_two_winners_are_refused(self) -> None:
        call = CallFactory()
        CallAlertFactory(call=call, status="accepted")
        with pytest.raises(IntegrityError, match="alert_one_winner"):
            CallAlertFactory(call=call, status="accepted")

    def test_a_nurse_has_one_open_alert_per_call(self) -> None:
        alert = CallAlertFactory()
        with pytest.raises(IntegrityError, match="alert_sent_once"):
            CallAlertFactory(call=alert.call, service=alert.service)

    @pytest.mark.parametrize("status", RUNNING)
    @pytest.mark.parametrize("lacking", [{"owner_name": ""}, {"due_at": None}])
    def test_a_running_call_without_owner_or_date_is_refused(
        self, status: str, lacking: dict[str, object]
    ) -> None:
        call = CallFactory(done=True)
        with pytest.raises(IntegrityError, match="owner_and_date"):
            Call.objects.filter(pk=call.pk).update(
                **{"status": status, "due_at": AT, **lacking}
            )

    def test_an_ended_duty_leaves_the_alert(self) -> None:
        night = make_night()
        call = start(night)
        DutyPeriod.objects.filter(pk=night.duties[0].pk).delete()
        [alert] = open_alerts(call)
        assert (alert.duty_id, alert.person_name) == (None, "N. Acht 1")


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "timers",
                "accept",
                "decline",
                "leave",
                "arrive",
                "check_in",
                "give_back",
                "cancel",
                "alert",
            ]
        ),
        st.integers(0, 3),
        st.integers(0, 12),
    ),
    max_size=14,
)


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_whatever_happens_a_running_call_has_an_owner_and_a_date(
    acts: list[tuple[str, int, int]],
) -> None:
    with transaction.atomic():
        night = make_night()
        call = start(night)
        at = AT
        for name, nurse, minutes in acts:
            at += minutes * MINUTE
            _try(night, call, name, night.nurses[nurse].actor, at)
            call.refresh_from_db()
            if call.status in RUNNING:
                assert call.owner_name
                assert call.due_at is not None
            accepted = CallAlert.objects.filter(call=call, status="accepted").count()
            assert accepted <= 1
            assert (call.nurse_service_id is not None) == (accepted == 1)
            times = list(
                CallEvent.objects.filter(call=call).order_by("pk").values_list("at")
            )
            assert times == sorted(times)
        transaction.set_rollback(True)


def _try(night: Night, call: Call, name: str, actor: object, at: object) -> None:
    given: dict[str, object] = {"actor": actor, "number": call.number, "at": at}
    try:
        with transaction.atomic():
            if name == "timers":
                run_timers(at=at)  # type: ignore[arg-type]
            elif name in ("decline", "give_back"):
                act = decline_call if name == "decline" else give_back_call
                act(**given, reason="busy")  # type: ignore[arg-type]
            elif name in ("cancel", "alert"):
                given["actor"] = night.triage.actor
                if name == "cancel":
                    cancel_call(**given, reason="mistake")  # type: ignore[arg-type]
                else:
                    alert_nurse(**given)  # type: ignore[arg-type]
            else:
                {
                    "accept": accept_call,
                    "leave": leave,
                    "arrive": arrive,
                    "check_in": check_in,
                }[name](**given)  # type: ignore[operator]
    except (CallNotNow, UnknownCall, AnotherNurseGoes, AlertIsClosed):
        pass
